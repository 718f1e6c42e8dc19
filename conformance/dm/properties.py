"""Properties of a node: which there are, what they say, and what a server may change (DM TND 7). No clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from conformance.dm import acl
from conformance.dm.address import is_name
from conformance.dm.node import Node
from conformance.transport.exchange import Source

if TYPE_CHECKING:
    from conformance.dm.tree import Tree

REQUIRED = frozenset(("ACL", "Format", "Name", "Type"))
"""Properties that every device has (DM TND 7.2)."""
OPTIONAL = frozenset(("Size", "Title", "TStamp", "VerNo"))
WRITABLE = frozenset(("ACL", "Name", "Title"))
"""Properties that allow Replace; all allow Get (DM TND 7.5)."""
TITLE_LIMIT = 255
"""Octets of a Title (DM TND 7.7.5)."""
_VERSIONS = 1 << 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Features:
    """What a tree can do beyond what every device must. The default is everything."""

    properties: frozenset[str] = OPTIONAL
    lists: bool = True
    tnds: bool = True
    copy: bool = True

    @property
    def known(self) -> frozenset[str]:
        """All properties that the tree supports."""
        return REQUIRED | self.properties


def stamp_of(seconds: float) -> str:
    """A time, in seconds since 1970 in UTC, as TStamp writes it (DM TND 7.7.6): ``20010711T163817Z``."""
    return (_EPOCH + timedelta(seconds=int(seconds))).strftime("%Y%m%dT%H%M%SZ")


def touch(node: Node, stamp: str) -> None:
    """A value or a property changed: VerNo counts on, from FFFF to 0000 (DM TND 7.7.6, 7.7.8)."""
    node.stamp, node.version = stamp, (node.version + 1) % _VERSIONS


def read(node: Node, name: str) -> str | None:
    """The value of a property; ``None`` where the node has none of that name: an interior one has no Size."""
    if name == "Size":
        return None if node.interior else str(node.read().size)
    texts = {
        "ACL": node.acl, "Format": node.format, "Name": node.name, "Type": node.type, "Title": node.title,
        "TStamp": node.stamp or stamp_of(0), "VerNo": str(node.version),
    }
    return texts.get(name)


def replaceable(tree: Tree, node: Node, name: str, server: str | None) -> int:
    """200, or why a server may not replace a property: 406 unsupported, 405 not allowed, 425 no right (DM TND 7.5)."""
    if name not in tree.features.known:
        return 406
    if name == "ACL":
        above = node.parent is not None and tree.grants(node.parent, "Replace", server)
        return 200 if above or (node.interior and tree.grants(node, "Replace", server)) else 425
    if name not in WRITABLE or (name == "Name" and node.permanent):
        return 405
    if not tree.grants(node, "Replace", server):
        return 425
    return node.refuses(name) or 200


def replace(tree: Tree, node: Node, name: str, value: Source) -> int:
    """Replaces a property for which :func:`replaceable` said 200."""
    if name == "ACL":
        return _replace_acl(tree, node, value)
    if name == "Title":
        return _entitle(tree, node, value)
    return _rename(tree, node, value)


def _replace_acl(tree: Tree, node: Node, value: Source) -> int:
    if value.size > acl.LONGEST:
        return 420
    text = value.read(0, value.size).decode("utf-8", "replace")
    rights = acl.parse(text)
    if rights is None:
        return 400
    if node.parent is None and "*" not in rights.get("Add", ()):
        return 405
    tree.set_acl(node, text)
    tree.touch(node)
    return 200


def _entitle(tree: Tree, node: Node, value: Source) -> int:
    if value.size > TITLE_LIMIT:
        return 413
    before = node.title
    tree.note(lambda: setattr(node, "title", before))
    node.title = value.read(0, TITLE_LIMIT).decode("utf-8", "replace")
    tree.touch(node)
    return 200


def _rename(tree: Tree, node: Node, value: Source) -> int:
    name = value.read(0, 1024).decode("utf-8", "replace")
    if value.size > 1024 or (tree.limits.segment and len(name) > tree.limits.segment):
        return 414
    if not is_name(name) or node.parent is None:
        return 400
    if tree.limits.length and len(node.uri) - len(node.name) + len(name) > tree.limits.length:
        return 414
    if name == node.name:
        return 200
    if name in (node.parent.children or {}):
        return 418
    before, where = node.name, node.uri
    tree.note(lambda: call_it(node, before))
    call_it(node, name)
    tree.touch(node)
    tree.changed("Name", where)
    return 200


def call_it(node: Node, name: str) -> None:
    """Gives a node another name among its siblings."""
    siblings = node.parent.children if node.parent is not None else None
    if siblings is not None:
        del siblings[node.name]
        node.name = name
        siblings[name] = node


def forget(tree: Tree, server: str) -> None:
    """A server is no more: its identifier goes from all lists (DM TND 7.7.1.4). The root keeps its rights for all."""
    stack = [tree.root]
    while stack:
        node = stack.pop()
        if node.acl and acl.names(node.acl, server):
            left = acl.without(node.acl, server)
            tree.set_acl(node, left if node.parent is not None else acl.of_root(left, node.acl))
            tree.touch(node)
        stack.extend((node.children or {}).values())
