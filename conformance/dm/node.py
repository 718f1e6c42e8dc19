"""One node of the management tree with its properties (DM TND 6, 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from conformance.dm.acl import Acl, grants, parse
from conformance.dm.largeobject import Octets
from conformance.transport.exchange import Source

NODE = "node"
FORMATS = frozenset(("b64", "bin", "bool", "chr", "int", "node", "null", "xml", "date", "float", "time"))
"""Values of the Format property (DM TND 9, DM 1.2)."""
TEXT_PLAIN = "text/plain"

DYNAMIC = frozenset(("Add", "Delete", "Get", "Replace"))
"""AccessType of a node that a server made: the ACL alone decides."""


@dataclass(slots=True, eq=False)
class Node:
    """A node. ``children`` is ``None`` for a leaf. ``access`` is the AccessType, apart from the ACL.

    ``provider`` gives the value of a leaf whose value lives elsewhere. ``guard`` is asked before a command changes the
    node (Replace, Delete, Exec, Name): 0, or the DM status with which it is refused now. ``limit`` bounds the octets of
    the value.
    """

    name: str
    format: str = "chr"
    type: str = ""
    access: frozenset[str] = DYNAMIC
    permanent: bool = False
    acl: str = ""
    value: Source = field(default_factory=Octets)
    children: dict[str, Node] | None = None
    parent: Node | None = None
    limit: int = 65536
    provider: Callable[[], str] | None = None
    guard: Callable[[str], int] | None = None
    rights: Acl | None = None
    title: str = ""
    stamp: str = ""
    """TStamp: when the value or a property last changed, "" where that is not known."""
    version: int = 0
    """VerNo."""

    @property
    def interior(self) -> bool:
        """Whether the node has children instead of a value."""
        return self.children is not None

    @property
    def uri(self) -> str:
        """The address of the node in its full form."""
        names = []
        node: Node | None = self
        while node is not None and node.parent is not None:
            names.append(node.name)
            node = node.parent
        return "/".join((".", *reversed(names)))

    def read(self) -> Source:
        """The value of a leaf; of an interior node the names of its children, joined by slashes (DM TND 6.2.2)."""
        if self.children is not None:
            return Octets("/".join(self.children).encode())
        return self.value if self.provider is None else Octets(self.provider().encode())

    def text(self) -> str:
        """The value of a leaf as text. For values that are short."""
        source = self.read()
        return source.read(0, source.size).decode("utf-8", "replace")

    def set_acl(self, text: str) -> None:
        """Takes over a list that :func:`conformance.dm.acl.parse` understood."""
        self.acl, self.rights = text, parse(text)

    def effective(self) -> Acl:
        """The list in force: the node's own, or that of the nearest ancestor that has one (DM TND 7.7.1.1)."""
        node: Node | None = self
        while node is not None:
            if node.acl:
                if node.rights is None:
                    node.rights = parse(node.acl)
                return node.rights or {}
            node = node.parent
        return {}

    def grants(self, command: str, server: str | None) -> bool:
        """Whether a server has the right to a command here. ``None`` is the device itself, which may do everything."""
        return server is None or grants(self.effective(), command, server)

    def refuses(self, command: str) -> int:
        """What the guard says: 0, or a DM status."""
        return self.guard(command) if self.guard is not None else 0

    def count(self) -> int:
        """Number of nodes here and below."""
        total, stack = 0, [self]
        while stack:
            node = stack.pop()
            total += 1
            if node.children:
                stack.extend(node.children.values())
        return total

    def readable(self, server: str | None) -> Iterator[tuple[str, Node]]:
        """This node and all below it that a server may Get, with their addresses, parents first (DM TND 8.1).

        The rights in force are carried along, so that this takes no longer per node in a deep tree.
        """
        stack: list[tuple[str, Node, Acl]] = [(self.uri, self, self.effective())]
        while stack:
            uri, each, rights = stack.pop()
            if "Get" not in each.access or (server is not None and not grants(rights, "Get", server)):
                continue
            yield uri, each
            for child in reversed((each.children or {}).values()):
                stack.append((f"{uri}/{child.name}", child, child.effective() if child.acl else rights))
