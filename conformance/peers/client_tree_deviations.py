"""What sloppy implementers of devices do with commands on the tree and with containers (DM RepPro 6.6, DM TND)."""

from __future__ import annotations

from conformance.dm.executor import Executor, LargeItem
from conformance.dm.largeobject import Octets
from conformance.dm.node import NODE, Node
from conformance.dm.tree import Answer, Tree, Written
from conformance.peers.deviation import CLIENT
from conformance.syncml.model import Add, Atomic, Command, Exec, Item, Status
from conformance.syncml.model import Sequence as SequenceCommand

# -- Add and Delete ------------------------------------------------------------------------------------------------------


@CLIENT("add-overwrites", "tree")
class _AddOverwrites(Tree):
    """Adds over what is there."""

    def add(self, uri: str, written: Written, server: str | None = None) -> int:
        code = super().add(uri, written, server)
        return self.replace(uri, written, server) if code == 418 else code


@CLIENT("leaf-becomes-parent", "tree")
class _LeafParent(Tree):
    """Makes an interior node of a leaf below which something is added."""

    def add(self, uri: str, written: Written, server: str | None = None) -> int:
        code = super().add(uri, written, server)
        parent = self.find(uri.rpartition("/")[0])
        if code != 405 or parent is None or parent.interior or parent.permanent:
            return code
        parent.children, parent.format = {}, NODE
        return super().add(uri, written, server)


@CLIENT("add-below-leaf-200", "tree")
class _BelowLeaf(Tree):
    """Says that it added something below a leaf."""

    def add(self, uri: str, written: Written, server: str | None = None) -> int:
        code = super().add(uri, written, server)
        parent = self.find(uri.rpartition("/")[0])
        return 200 if code == 405 and parent is not None and not parent.interior else code


@CLIENT("delete-of-nothing-200", "tree")
class _DeleteNothing(Tree):
    """Finds it well that a node to be deleted is not there."""

    def delete(self, uri: str, server: str | None = None) -> int:
        code = super().delete(uri, server)
        return 200 if code == 404 else code


@CLIENT("delete-of-empty-nodes-only", "tree")
class _DeleteEmpty(Tree):
    """Deletes leaves and interior nodes without children, as a file system does with folders."""

    def delete(self, uri: str, server: str | None = None) -> int:
        node = self.find(uri)
        return 500 if node is not None and node.children and not node.permanent else super().delete(uri, server)


@CLIENT("deleted-children-come-back", "tree")
class _ChildrenComeBack(Tree):
    """Takes an interior node out of its parent and leaves what is below it in its store."""

    def delete(self, uri: str, server: str | None = None) -> int:
        node = self.find(uri)
        code = super().delete(uri, server)
        if code == 200 and node is not None and node.children:
            self._lost = {**getattr(self, "_lost", {}), node.uri if node.parent is None else uri: node}
        return code

    def add(self, uri: str, written: Written, server: str | None = None) -> int:
        code = super().add(uri, written, server)
        made, lost = self.find(uri), getattr(self, "_lost", {}).pop(uri, None)
        if code == 200 and made is not None and made.interior and lost is not None:
            for child in lost.children.values():
                self._attach(made, child)
        return code


@CLIENT("failed-add-in-source", "executor")
class _FailedAddInSource(Executor):
    """Names the node at which an Add failed as the source of the trouble."""

    def answer(self, command: Command, code: int, item: Item | None = None) -> Status:
        status = super().answer(command, code, item)
        if isinstance(command, Add) and status.items:
            status.items = [Item(source=status.items[0].target)]
        return status


@CLIENT("failed-add-by-last-name", "executor")
class _FailedAddByName(Executor):
    """Says the name of the node at which an Add failed, and not where it is."""

    def answer(self, command: Command, code: int, item: Item | None = None) -> Status:
        status = super().answer(command, code, item)
        if isinstance(command, Add) and status.items:
            status.items = [Item(target=(status.items[0].target or "").rpartition("/")[2])]
        return status


# -- Get -----------------------------------------------------------------------------------------------------------------


class _Listing(Tree):
    """Base of what is wrong in the answer to a Get of an interior node."""

    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        code, answer = super().get(uri, server)
        if answer is not None and answer.format == NODE:
            names = answer.value.read(0, answer.value.size)
            return self.tell(names)
        return code, answer

    def tell(self, names: bytes) -> tuple[int, Answer | None]:
        """Code and value for the names of the children."""
        raise NotImplementedError


@CLIENT("children-in-lines", "tree")
class _ChildrenInLines(_Listing):
    def tell(self, names: bytes) -> tuple[int, Answer | None]:
        return 200, Answer(Octets(names.replace(b"/", b"\n")), NODE)


@CLIENT("children-as-text", "tree")
class _ChildrenAsText(_Listing):
    def tell(self, names: bytes) -> tuple[int, Answer | None]:
        return 200, Answer(Octets(names), "chr")


@CLIENT("slash-behind-last-child", "tree")
class _SlashBehindChildren(_Listing):
    def tell(self, names: bytes) -> tuple[int, Answer | None]:
        return 200, Answer(Octets(names + b"/" if names else names), NODE)


@CLIENT("childless-not-found", "tree")
class _ChildlessNotFound(_Listing):
    """Finds nothing where an interior node has no children."""

    def tell(self, names: bytes) -> tuple[int, Answer | None]:
        return (200, Answer(Octets(names), NODE)) if names else (404, None)


@CLIENT("childless-without-results", "executor")
class _ChildlessWithoutResults(Executor):
    """Says 200 to the Get of an interior node without children, and nothing more."""

    def get(self, item: Item, found: list[Item]) -> int:
        code = super().get(item, found)
        shown = found[-1] if code == 200 and found else None
        if isinstance(shown, LargeItem) and shown.value.format == NODE and not shown.value.value.size:
            found.pop()
        return code


@CLIENT("type-of-objects-only", "tree")
class _TypeOfObjects(Tree):
    """Knows the Type of management objects, and of no other node."""

    def property_of(self, node: Node, name: str) -> str | None:
        right = super().property_of(node, name)
        return None if name == "Type" and not node.interior else right


@CLIENT("list-of-interior-nodes-only", "tree")
class _ListOfInterior(Tree):
    """Keeps access control lists for interior nodes only."""

    def property_of(self, node: Node, name: str) -> str | None:
        right = super().property_of(node, name)
        return None if name == "ACL" and not node.interior else right


# -- containers ----------------------------------------------------------------------------------------------------------


class _Answers(Executor):
    """Base of what is wrong with the Statuses of a container: ``keep`` changes those from its own on."""

    def sequence(self, command: SequenceCommand) -> int:
        first = len(self._out.statuses)
        code = super().sequence(command)
        self._out.statuses[first:] = self.keep(self._out.statuses[first:])
        return code

    def atomic(self, command: Atomic) -> int:
        first = len(self._out.statuses)
        code = super().atomic(command)
        self._out.statuses[first:] = self.keep(self._out.statuses[first:])
        return code

    def keep(self, statuses: list[Status]) -> list[Status]:
        """Those that are sent."""
        raise NotImplementedError


@CLIENT("container-speaks-for-all", "executor")
class _ContainerForAll(_Answers):
    """Answers a container, and not what stands in it."""

    def keep(self, statuses: list[Status]) -> list[Status]:
        return statuses[:1]


@CLIENT("container-unanswered", "executor")
class _ContainerUnanswered(_Answers):
    """Answers what stands in a container, and not the container."""

    def keep(self, statuses: list[Status]) -> list[Status]:
        return statuses[1:]


@CLIENT("exec-answered-twice", "executor")
class _ExecTwice(Executor):
    """Says that it took an Exec and, in the next breath, that it is done."""

    def answer(self, command: Command, code: int, item: Item | None = None) -> Status:
        status = super().answer(command, code, item)
        if isinstance(command, Exec) and code == 202:
            super().answer(command, 200, item)
        return status
