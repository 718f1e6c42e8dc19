"""The management tree of a device and the operations of a server on it (DM TND, DM RepPro 6.6). No I/O, no clock.

Every operation returns a DM status. It is checked in this order: the address (404, 414), what the node can be asked at
all (405, 406), the right of the server (425), the moment (403), the value (413, 415, 418, 420). ``server`` is the
identifier of the authenticated server; ``None`` is the device itself, which needs no right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.dm import acl, properties, tnds
from conformance.dm.address import Address, Limits, parse
from conformance.dm.journal import Journal
from conformance.dm.largeobject import Octets
from conformance.dm.node import DYNAMIC, FORMATS, NODE, TEXT_PLAIN, Node
from conformance.dm.properties import Features
from conformance.transport.exchange import Source

_UNLIMITED = Limits(0, 0, 0)
ROOT_ACL = "Add=*&Get=*"
"""Factory value of the root (DM TND 7.7.1.2)."""
TNDS = tuple(tnds.TYPES.values())
"""Types of a value that is a sub-tree; :mod:`conformance.dm.transplant` puts one into the tree."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a Get found. ``format`` and ``type`` are "" for properties, which have no Meta."""

    value: Source
    format: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A value to be stored. ``format`` and ``type`` are ``None`` where the Meta did not say them."""

    value: Source
    format: str | None = None
    type: str | None = None


class Tree(Journal):
    """A management tree. ``observer`` is told ("Add", "Replace", "Delete", "Name") and the address of what changed.

    ``templates`` builds what belongs below a new interior node, by its Type. ``time``, in seconds since 1970, is for
    whoever has a clock to keep right.
    """

    def __init__(
        self, limits: Limits | None = None, max_nodes: int = 16384, features: Features | None = None
    ) -> None:
        super().__init__()
        self.limits = limits or Limits()
        self.max_nodes = max_nodes
        self.features = features or Features()
        self.time = 0.0
        self.root = Node("", NODE, access=frozenset(("Add", "Get")), permanent=True, acl=ROOT_ACL, children={})
        self.templates: dict[str, Callable[[Node, str | None], None]] = {}
        self.nodes = 1
        self.failed_at = ""
        """Address of the interior node that an Add could not make by itself; "" after any other Add."""

    # -- building, for the device itself -----------------------------------------------------------------------------

    def place(self, uri: str, **fields: object) -> Node:
        """Puts a permanent node at an address, with interior parents as needed. Replaces what is there.

        ``fields`` are those of :class:`Node`. Raises ``ValueError`` for an address that is none.
        """
        address = parse(uri, _UNLIMITED)
        if isinstance(address, int) or not address.plain or not address.segments:
            raise ValueError(f"{uri!r} is no address of a node")
        node = self.root
        for name in address.segments[:-1]:
            if node.children is None:
                break
            if name not in node.children:
                self._attach(node, Node(name, NODE, access=frozenset(("Get",)), permanent=True, children={}))
            node = node.children[name]
        if node.children is None:
            raise ValueError(f"{uri!r} lies below a leaf")
        fields.setdefault("permanent", True)
        made = Node(address.segments[-1], **fields)  # type: ignore[arg-type]
        self._attach(node, made)
        return made

    def move(self, node: Node, parent: str | None) -> bool:
        """Puts a node below another one, under its name or one that is free. Without a place for it, it goes away."""
        above = self.find(parent) if parent is not None else None
        self._detach(node)
        if above is None or above.children is None:
            return False
        name, number = node.name, len(above.children)
        while node.name in above.children:
            node.name, number = f"{name}-{number}", number + 1
        self._attach(above, node)
        return True

    def find(self, uri: str) -> Node | None:
        """The node at an address, ``None`` where there is none."""
        address = parse(uri, _UNLIMITED)
        return None if isinstance(address, int) else self._at(address.segments)

    # -- operations --------------------------------------------------------------------------------------------------

    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        """Get (DM RepPro 6.6.7): a value, a child list, or a property."""
        node, address = self._resolve(uri)
        if isinstance(node, int):
            # What lies below a node that shows nothing of itself is not shown either (DM StdObj 5.3.4).
            above = self._nearest(address.segments)[0]
            return 405 if node == 404 and above.interior and "Get" not in above.access else node, None
        if address.listed is not None:
            return 406, None
        if address.prop is not None:
            return self._get_property(node, address.prop, server)
        if "Get" not in node.access:
            return 405, None
        if not self.grants(node, "Get", server):
            return 425, None
        return 200, Answer(node.read(), node.format, node.type if not node.interior else "")

    def readable(self, node: Node, server: str | None) -> Iterator[tuple[str, Node]]:
        """What ``?list=`` shows of a node: it and all below it that the server may Get (DM TND 8.1)."""
        return node.readable(server)

    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        """Replace (DM RepPro 6.6.11): the value of a leaf, or the property ACL or Name."""
        status, node, address = self._may_replace(uri, server)
        if node is None:
            return status
        if address.prop is not None:
            return properties.replace(self, node, address.prop, written.value)
        return self._store(node, written)

    def may_replace(self, uri: str, size: int, server: str | None = None) -> int:
        """The status that a Replace of a value of that many octets would get, as far as it can be told before it."""
        status, node, address = self._may_replace(uri, server)
        if node is None:
            return status
        return 413 if address.plain and size > node.limit else 200

    def add(self, uri: str, written: Written, server: str | None = None) -> int:
        """Add (DM RepPro 6.6.1). Missing interior parents are made; they inherit their ACL."""
        self.failed_at = ""
        address = parse(uri, self.limits)
        if isinstance(address, int):
            return address
        if not address.plain:
            return 405 if address.prop in self.features.known else 406
        format_ = written.format or "chr"
        if written.type in TNDS or format_ not in FORMATS:
            return 415
        parent, missing = self._nearest(address.segments)
        if not missing:
            return 418
        status = self._may_add(parent, missing, written, server)
        if status:
            return status
        for name in missing[:-1]:
            parent = self._grow(parent, Node(name, NODE, children={}), server)
        made = Node(missing[-1], "bin" if format_ == "b64" else format_, written.type or "")
        if format_ == NODE:
            made.children = {}
        else:
            made.value = written.value
        made = self._grow(parent, made, server)
        if made.interior and made.type in self.templates:
            self.templates[made.type](made, server)
        self.changed("Add", made.uri)
        return 200

    def delete(self, uri: str, server: str | None = None) -> int:
        """Delete (DM RepPro 6.6.5): a node and all below it, whatever the access of those is."""
        node, address = self._resolve(uri)
        if isinstance(node, int):
            return node
        if not address.plain or node.permanent or node.parent is None or "Delete" not in node.access:
            return 405
        if not self.grants(node, "Delete", server):
            return 425
        status = node.refuses("Delete")
        if status:
            return status
        where = node.uri
        self._detach(node)
        self.changed("Delete", where)
        return 200

    def copy(self, source: str, target: str, server: str | None = None) -> int:
        """Copy (DM RepPro 6.6.4): the value of a leaf over that of another leaf."""
        if not self.features.copy:
            return 406
        status, answer = self.get(source, server)
        origin, _ = self._resolve(source)
        if answer is None or isinstance(origin, int):
            return status
        if origin.interior or not answer.format:
            return 405
        status, node, address = self._may_replace(target, server)
        if node is None:
            return 403 if status == 405 else status
        if not address.plain:
            return 405
        fits = node.format == origin.format or not node.permanent
        if not fits or answer.value.size > node.limit:
            return 403
        return self._store(node, Written(answer.value, origin.format, origin.type))

    def executable(self, uri: str, server: str | None = None) -> int:
        """Whether Exec may be sent to a node: 200, or the status that refuses it (DM RepPro 6.6.6)."""
        node, address = self._resolve(uri)
        if isinstance(node, int):
            return node
        if not address.plain or "Exec" not in node.access:
            return 405
        return 200 if self.grants(node, "Exec", server) else 425

    # -- details -----------------------------------------------------------------------------------------------------

    def _at(self, segments: tuple[str, ...]) -> Node | None:
        node: Node | None = self.root
        for name in segments:
            node = node.children.get(name) if node is not None and node.children is not None else None
        return node

    def _nearest(self, segments: tuple[str, ...]) -> tuple[Node, tuple[str, ...]]:
        """The deepest node on the way, and the names that are missing below it."""
        node = self.root
        for place, name in enumerate(segments):
            if node.children is None or name not in node.children:
                return node, segments[place:]
            node = node.children[name]
        return node, ()

    def _resolve(self, uri: str) -> tuple[Node | int, Address]:
        address = parse(uri, self.limits)
        if isinstance(address, int):
            return address, Address(())
        node = self._at(address.segments)
        return (404 if node is None else node), address

    def _get_property(self, node: Node, name: str, server: str | None) -> tuple[int, Answer | None]:
        text = self.property_of(node, name) if name in self.features.known else None
        if text is None:
            return 406, None
        if not self.grants(node, "Get", server):
            return 425, None
        return 200, Answer(Octets(text.encode()))

    def property_of(self, node: Node, name: str) -> str | None:
        """The value of a property; ``None`` where the node has none of that name."""
        return properties.read(node, name)

    def _may_replace(self, uri: str, server: str | None) -> tuple[int, Node | None, Address]:
        node, address = self._resolve(uri)
        if isinstance(node, int):
            return node, None, address
        status = self._replaceable(node, address, server)
        return status, (node if status == 200 else None), address

    def _replaceable(self, node: Node, address: Address, server: str | None) -> int:
        if address.listed is not None:
            return 406
        if address.prop is not None:
            return properties.replaceable(self, node, address.prop, server)
        if node.interior or "Replace" not in node.access:
            return 405
        if not self.grants(node, "Replace", server):
            return 425
        return node.refuses("Replace") or 200

    def _store(self, node: Node, written: Written) -> int:
        if written.type in TNDS:
            return 415
        format_ = "bin" if written.format == "b64" else written.format or node.format
        if format_ not in FORMATS or format_ == NODE or (node.permanent and format_ != node.format):
            return 415
        if written.value.size > node.limit:
            return 413
        before = (node.value, node.format, node.type)
        self.note(lambda: self._set(node, *before))
        self._set(node, written.value, format_, node.type if node.permanent or written.type is None else written.type)
        self.touch(node)
        self.changed("Replace", node.uri)
        return 200

    @staticmethod
    def _set(node: Node, value: Source, format_: str, type_: str) -> None:
        node.value, node.format, node.type = value, format_, type_

    def _may_add(self, parent: Node, missing: tuple[str, ...], written: Written, server: str | None) -> int:
        """0, or why a node cannot be added below a parent. Tells where, if that is at an interior node in between."""
        status = 0
        if not parent.interior or "Add" not in parent.access:
            status = 405
        elif not self.grants(parent, "Add", server):
            status = 425
        elif self.nodes + len(missing) > self.max_nodes:
            status = 420
        if status and len(missing) > 1:
            self.failed_at = f"{parent.uri}/{missing[0]}"
        if not status and written.value.size > Node("").limit:
            status = 413
        return status

    def _grow(self, parent: Node, node: Node, server: str | None) -> Node:
        """Adds a dynamic node; its creator gets rights of its own where it could not give them to itself."""
        if node.interior and server is not None and not self.grants(parent, "Replace", server):
            node.set_acl(acl.write({"Add": server, "Delete": server, "Get": "*", "Replace": server}))
        node.access = DYNAMIC if node.interior else DYNAMIC - {"Add"}
        if not node.interior and not node.type:
            node.type = TEXT_PLAIN if node.format in ("chr", "int", "bool", "date", "time", "float") else ""
        self.note(lambda: self._detach(node))
        self._attach(parent, node)
        node.stamp = properties.stamp_of(self.time)
        return node

    def _attach(self, parent: Node, node: Node) -> None:
        assert parent.children is not None
        old = parent.children.get(node.name)
        self.nodes += node.count() - (old.count() if old is not None else 0)
        node.parent = parent
        parent.children[node.name] = node

    def _detach(self, node: Node) -> None:
        parent = node.parent
        if parent is None or parent.children is None or parent.children.get(node.name) is not node:
            return
        self.note(lambda: self._attach(parent, node))
        del parent.children[node.name]
        self.nodes -= node.count()

    def grants(self, node: Node, command: str, server: str | None) -> bool:
        """Whether a server has the right to a command on a node (DM TND 7.7.1)."""
        return node.grants(command, server)

    def set_acl(self, node: Node, text: str) -> None:
        """Gives a node a list that :func:`conformance.dm.acl.parse` understands."""
        before = node.acl
        self.note(lambda: node.set_acl(before))
        node.set_acl(text)

    def set_type(self, node: Node, type_: str) -> None:
        """Gives a node another Type."""
        before = node.type
        self.note(lambda: setattr(node, "type", before))
        node.type = type_

    def touch(self, node: Node) -> None:
        """The value or a property of a node changed."""
        before = (node.stamp, node.version)
        self.note(lambda: _stamp(node, *before))
        properties.touch(node, properties.stamp_of(self.time))


def _stamp(node: Node, stamp: str, version: int) -> None:
    node.stamp, node.version = stamp, version
