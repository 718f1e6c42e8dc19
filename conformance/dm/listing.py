"""Get of more than one node at once: ``?list=Struct``, ``?list=StructData``, ``?list=TNDS`` (DM TND 8)."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.dm import properties, tnds
from conformance.dm.largeobject import Octets
from conformance.dm.node import Node
from conformance.dm.tree import Answer, Tree

STRUCT, STRUCT_DATA, TNDS = "Struct", "StructData", "TNDS"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: one of the three words, and for TNDS what of each node (:data:`tnds.PROPERTIES`)."""

    kind: str
    fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Listed:
    """One Item of an answer: the address, and its value; ``None`` for an Item without Data."""

    uri: str
    answer: Answer
    data: bool = True


def parse(text: str, tree: Tree) -> Wanted | None:
    """Reads the value of ``?list=``; ``None`` for what the tree does not support. ``+`` and ``-`` cannot be mixed."""
    features = tree.features
    if text in (STRUCT, STRUCT_DATA):
        return Wanted(text) if features.lists else None
    if not text.startswith(TNDS) or not features.tnds:
        return None
    supported = frozenset(each for each in tnds.PROPERTIES if each == "Value" or each in features.known)
    rest = text.removeprefix(TNDS)
    if not rest:
        return Wanted(TNDS, supported)
    named = frozenset(rest[1:].split(rest[0]))
    if rest[0] not in "+-" or not named <= supported:
        return None
    return Wanted(TNDS, named if rest[0] == "+" else supported - named)


def get(tree: Tree, uri: str, listed: str, server: str | None, encoding: str) -> tuple[int, list[Listed]]:
    """What a Get with ``?list=`` finds at a node: a DM status and the Items. ``uri`` is the address without the query."""
    wanted = parse(listed, tree)
    if wanted is None:
        return 406, []
    code, _ = tree.get(uri, server)
    node = tree.find(uri)
    if code != 200 or node is None:
        return code, []
    if wanted.kind == TNDS:
        return 200, [Listed(node.uri, _document(tree, node, wanted.fields, server, encoding))]
    found = []
    for address, each in tree.readable(node, server):
        data = wanted.kind == STRUCT_DATA and not each.interior
        found.append(Listed(address, Answer(each.read() if data else Octets(), each.format, each.type), data))
    return 200, found


def _document(tree: Tree, node: Node, fields: frozenset[str], server: str | None, encoding: str) -> Answer:
    branches: dict[int, tnds.Branch] = {}
    for _, each in tree.readable(node, server):
        branch = branches[id(each)] = _branch(tree, each, fields)
        above = branches.get(id(each.parent))
        if above is not None:
            above.children.append(branch)
    octets = tnds.write([branches[id(node)]], encoding)
    return Answer(Octets(octets), "xml" if encoding == "xml" else "bin", tnds.TYPES[encoding])


def _branch(tree: Tree, node: Node, fields: frozenset[str]) -> tnds.Branch:
    branch = tnds.Branch(node.name or ".")
    if "Format" in fields:
        branch.format = node.format
    for name, attribute in (("ACL", "acl"), ("Title", "title"), ("TStamp", "stamp"), ("VerNo", "version")):
        if name in fields:
            said = properties.read(node, name)
            setattr(branch, attribute, said if said or name != "ACL" else None)
    if "Type" in fields:
        branch.type = node.type
    if "Value" in fields and not node.interior:
        source = node.read()
        branch.value = source.read(0, source.size)
    return branch
