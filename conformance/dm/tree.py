"""The management tree of a device and the operations of a server on it (DM TND, DM RepPro 6.6). No I/O, no clock.

Every operation returns a DM status. It is checked in this order: the address (404, 414), what the node can be asked at
all (405, 406), the right of the server (425), the moment (403), the value (413, 415, 418, 420). ``server`` is the
identifier of the authenticated server; ``None`` is the device itself, which needs no right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.dm import acl
from conformance.dm.address import Address, Limits, is_name, parse
from conformance.dm.largeobject import Octets
from conformance.dm.node import DYNAMIC, FORMATS, NODE, TEXT_PLAIN, Node
from conformance.transport.exchange import Source

PROPERTIES = ("ACL", "Format", "Name", "Size", "Type")
"""Properties that this tree supports; others are answered 406 (DM TND 7.3)."""
ROOT_ACL = "Add=*&Get=*"
"""Factory value of the root (DM TND 7.7.1.2)."""
TNDS = ("application/vnd.syncml.dmtnds+xml", "application/vnd.syncml.dmtnds+wbxml")


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


class Tree:
    """A management tree. ``observer`` is told ("Add", "Replace", "Delete", "Name") and the address of what changed.

    Inside :meth:`begin` and :meth:`commit` it is told at the end only, and :meth:`rollback` undoes everything.
    ``templates`` builds what belongs below a new interior node, by its Type.
    """

    def __init__(self, limits: Limits | None = None, max_nodes: int = 4096) -> None:
        self.limits = limits or Limits()
        self.max_nodes = max_nodes
        self.root = Node("", NODE, access=frozenset(("Add", "Get")), permanent=True, acl=ROOT_ACL, children={})
        self.observer: Callable[[str, str], None] | None = None
        self.templates: dict[str, Callable[[Node, str | None], None]] = {}
        self.nodes = 1
        self.failed_at = ""
        """Address of the interior node that an Add could not make by itself; "" after any other Add."""
        self._undo: list[Callable[[], None]] | None = None
        self._told: list[tuple[str, str]] = []

    # -- building, for the device itself -----------------------------------------------------------------------------

    def place(self, uri: str, **fields: object) -> Node:
        """Puts a permanent node at an address, with interior parents as needed. Replaces what is there.

        ``fields`` are those of :class:`Node`. Raises ``ValueError`` for an address that is none.
        """
        address = parse(uri, Limits(0, 0, 0))
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

    def find(self, uri: str) -> Node | None:
        """The node at an address, ``None`` where there is none."""
        address = parse(uri, Limits(0, 0, 0))
        return None if isinstance(address, int) else self._at(address.segments)

    # -- several operations as one -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """From now on everything can be undone (DM RepPro 6.6.3)."""
        self._undo = []

    def commit(self) -> None:
        """Makes what was done since :meth:`begin` permanent."""
        self._undo = None
        told, self._told = self._told, []
        for command, uri in told:
            self._tell(command, uri)

    def rollback(self) -> None:
        """Undoes everything since :meth:`begin`, the last thing first."""
        undo, self._undo = self._undo or [], None
        self._told = []
        for step in reversed(undo):
            step()

    # -- operations --------------------------------------------------------------------------------------------------

    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        """Get (DM RepPro 6.6.7): a value, a child list, or a property."""
        node, address = self._resolve(uri)
        if isinstance(node, int):
            return node, None
        if address.listed is not None:
            return 406, None
        if address.prop is not None:
            return self._get_property(node, address.prop, server)
        if "Get" not in node.access:
            return 405, None
        if not node.grants("Get", server):
            return 425, None
        return 200, Answer(node.read(), node.format, node.type if not node.interior else "")

    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        """Replace (DM RepPro 6.6.11): the value of a leaf, or the property ACL or Name."""
        status, node, address = self._may_replace(uri, server)
        if node is None:
            return status
        if address.prop == "ACL":
            return self._replace_acl(node, written.value)
        if address.prop == "Name":
            return self._rename(node, written.value)
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
            return 405 if address.prop in PROPERTIES else 406
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
        self._changed("Add", made.uri)
        return 200

    def delete(self, uri: str, server: str | None = None) -> int:
        """Delete (DM RepPro 6.6.5): a node and all below it, whatever the access of those is."""
        node, address = self._resolve(uri)
        if isinstance(node, int):
            return node
        if not address.plain or node.permanent or node.parent is None or "Delete" not in node.access:
            return 405
        if not node.grants("Delete", server):
            return 425
        status = node.refuses("Delete")
        if status:
            return status
        where = node.uri
        self._detach(node)
        self._changed("Delete", where)
        return 200

    def copy(self, source: str, target: str, server: str | None = None) -> int:
        """Copy (DM RepPro 6.6.4): the value of a leaf over that of another leaf."""
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
        return 200 if node.grants("Exec", server) else 425

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
        if name not in PROPERTIES or (name == "Size" and node.interior):
            return 406, None
        if not node.grants("Get", server):
            return 425, None
        if name == "Size":
            return 200, Answer(Octets(str(node.read().size).encode()))
        text = {"ACL": node.acl, "Format": node.format, "Name": node.name, "Type": node.type}[name]
        return 200, Answer(Octets(text.encode()))

    def _may_replace(self, uri: str, server: str | None) -> tuple[int, Node | None, Address]:
        node, address = self._resolve(uri)
        if isinstance(node, int):
            return node, None, address
        status = self._replaceable(node, address, server)
        return status, (node if status == 200 else None), address

    def _replaceable(self, node: Node, address: Address, server: str | None) -> int:
        if address.listed is not None or (address.prop is not None and address.prop not in PROPERTIES):
            return 406
        if address.prop == "ACL":
            above = node.parent is not None and node.parent.grants("Replace", server)
            return 200 if above or (node.interior and node.grants("Replace", server)) else 425
        if address.prop is not None and (address.prop != "Name" or node.permanent):
            return 405
        if address.plain and (node.interior or "Replace" not in node.access):
            return 405
        if not node.grants("Replace", server):
            return 425
        return node.refuses("Name" if address.prop else "Replace") or 200

    def _replace_acl(self, node: Node, value: Source) -> int:
        if value.size > acl.LONGEST:
            return 420
        text = value.read(0, value.size).decode("utf-8", "replace")
        rights = acl.parse(text)
        if rights is None:
            return 400
        if node.parent is None and "*" not in rights.get("Add", ()):
            return 405
        before = node.acl
        self._note(lambda: node.set_acl(before))
        node.set_acl(text)
        return 200

    def _rename(self, node: Node, value: Source) -> int:
        name = value.read(0, 1024).decode("utf-8", "replace")
        if value.size > 1024 or (self.limits.segment and len(name) > self.limits.segment):
            return 414
        if not is_name(name) or node.parent is None:
            return 400
        siblings = node.parent.children or {}
        if name == node.name:
            return 200
        if name in siblings:
            return 418
        before = node.name
        self._note(lambda: self._call_it(node, before))
        where = node.uri
        self._call_it(node, name)
        self._changed("Name", where)
        return 200

    def _call_it(self, node: Node, name: str) -> None:
        siblings = node.parent.children if node.parent is not None else None
        if siblings is not None:
            del siblings[node.name]
            node.name = name
            siblings[name] = node

    def _store(self, node: Node, written: Written) -> int:
        if written.type in TNDS:
            return 415
        format_ = "bin" if written.format == "b64" else written.format or node.format
        if format_ not in FORMATS or format_ == NODE or (node.permanent and format_ != node.format):
            return 415
        if written.value.size > node.limit:
            return 413
        before = (node.value, node.format, node.type)
        self._note(lambda: self._set(node, *before))
        self._set(node, written.value, format_, node.type if node.permanent or written.type is None else written.type)
        self._changed("Replace", node.uri)
        return 200

    @staticmethod
    def _set(node: Node, value: Source, format_: str, type_: str) -> None:
        node.value, node.format, node.type = value, format_, type_

    def _may_add(self, parent: Node, missing: tuple[str, ...], written: Written, server: str | None) -> int:
        """0, or why a node cannot be added below a parent. Tells where, if that is at an interior node in between."""
        status = 0
        if not parent.interior or "Add" not in parent.access:
            status = 405
        elif not parent.grants("Add", server):
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
        if node.interior and server is not None and not parent.grants("Replace", server):
            node.set_acl(acl.write({"Add": server, "Delete": server, "Get": "*", "Replace": server}))
        node.access = DYNAMIC if node.interior else DYNAMIC - {"Add"}
        if not node.interior and not node.type:
            node.type = TEXT_PLAIN if node.format in ("chr", "int", "bool", "date", "time", "float") else ""
        self._note(lambda: self._detach(node))
        self._attach(parent, node)
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
        self._note(lambda: self._attach(parent, node))
        del parent.children[node.name]
        self.nodes -= node.count()

    def _note(self, step: Callable[[], None]) -> None:
        if self._undo is not None:
            self._undo.append(step)

    def _changed(self, command: str, uri: str) -> None:
        if self._undo is not None:
            self._told.append((command, uri))
        else:
            self._tell(command, uri)

    def _tell(self, command: str, uri: str) -> None:
        if self.observer is not None:
            self.observer(command, uri)
