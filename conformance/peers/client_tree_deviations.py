"""What sloppy implementers of devices do with commands on the tree, large objects and alerts (DM RepPro 6.6, DM Protocol 7, 8)."""

from __future__ import annotations

import copy
from typing import Any

from conformance.dm.answers import Encode, Number, Packer
from conformance.dm.clientsession import ClientSession
from conformance.dm.executor import Executed, Executor, LargeItem, transferred
from conformance.dm.largeobject import Octets
from conformance.dm.node import NODE, Node
from conformance.dm.tree import Answer, Tree, Written
from conformance.fumo.agent import Report, UpdateAgent
from conformance.peers.deviation import CLIENT
from conformance.peers.outbox import Outbox
from conformance.syncml import codes
from conformance.syncml.model import Add, Alert, Atomic, Command, Exec, Item, Message, Meta, Results, Status
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


# -- large objects -------------------------------------------------------------------------------------------------------


class _Halving(Packer):
    """Sends every value of some length in two pieces."""

    longest = 48

    def _whole(self, results: Results, room: int, encode: Encode) -> bool:
        items = [item for item in results.items if isinstance(item, LargeItem)]
        if len(items) == 1 and transferred(items[0].value, self.encoding) > self.longest:
            return False
        return super()._whole(results, room, encode)

    def _next_chunk(self, message: Message, room: int, encode: Encode, number: Number) -> int | None:
        assert self._large is not None
        results, splitter = copy.copy(self._large[0]), self._large[1]
        results.items = [Item(source=results.items[0].source)]
        return super()._next_chunk(message, min(room, self._cost(results, encode) + splitter.source.size // 2 + 192), encode, number)


@CLIENT("short-values-in-pieces", "session")
class _ShortInPieces(ClientSession):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.packer = _Halving(self.settings.encoding, self.settings.large_objects)


@CLIENT("results-between-pieces", "session")
class _ResultsBetween(ClientSession):
    """Fills the room behind a piece of one value with another value."""

    def arrange(self, message: Message) -> None:
        waiting = self.packer.commands
        pieces = any(item.more for command in message.commands for item in command.items)
        if pieces and waiting and isinstance(waiting[0], Results) and self.packer._whole(waiting[0], 1 << 20, self.encode):
            message.commands.append(self.numbered(waiting.popleft()))


@CLIENT("last-piece-answered-213", "executor")
class _Last213(Executor):
    """Answers the last piece of a large object like the others."""

    large = False

    def write(self, command: Command, item: Item) -> int:
        last = self.assembler.open and not item.more
        code = super().write(command, item)
        return 213 if last and code == 200 else code


@CLIENT("last-piece-always-200", "executor")
class _Last200(Executor):
    """Says that a large object is complete, whatever came of it."""

    def write(self, command: Command, item: Item) -> int:
        last = self.assembler.open and not item.more
        code = super().write(command, item)
        return 200 if last else code


@CLIENT("report-in-pieces-without-large-objects", "tree")
class _NoLargeObjects(Tree):
    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        code, answer = super().get(uri, server)
        if answer is not None and uri == "./DevDetail/LrgObj":
            answer = Answer(Octets(b"false"), answer.format, answer.type)
        return code, answer


@CLIENT("report-in-pieces-without-large-objects", "session")
class _ReportInPieces(ClientSession):
    """Has no large objects, and sends the ResultCode of a report in two pieces."""

    rest: Alert | None = None

    def silent(self) -> bool:
        return self.rest is None and super().silent()

    def arrange(self, message: Message) -> None:
        if self.rest is not None:
            message.commands.append(self.numbered(self.rest))
            self.rest = None
            return
        for command in message.commands:
            text = command.items[0].data if isinstance(command, Alert) and command.data == codes.GENERIC_ALERT else None
            if isinstance(text, str) and len(text) > 1:
                first = command.items[0]
                self.rest = copy.deepcopy(command)  # type: ignore[assignment]
                first.data, first.more = text[:1], True
                first.meta = copy.copy(first.meta) or Meta()
                first.meta.size = str(len(text))
                self.rest.items[0].data = text[1:]  # type: ignore[union-attr]
                message.final = False


# -- sessions that break off ---------------------------------------------------------------------------------------------


@CLIENT("tree-locked-by-lost-session", "session")
class _TreeLocked(ClientSession):
    """Locks its tree for a session, and unlocks it at the end that the protocol has."""

    locked = False

    def end(self, why: str) -> bytes | None:
        if why and not self.authentication.failed and self.msg_id > 1:
            type(self).locked = True
        return super().end(why)

    def _execute(self, message: Message, wanted: Any) -> Executed:
        if self.locked:
            return self.executor.refuse(wanted, message.header.msg_id, 500)
        return super()._execute(message, wanted)


@CLIENT("abort-without-final", "session")
class _AbortWithoutFinal(ClientSession):
    """Breaks a session off in the middle of its package."""

    def arrange(self, message: Message) -> None:
        if self._aborting:
            message.final = False


# -- alerts --------------------------------------------------------------------------------------------------------------


@CLIENT("mark-of-its-own", "agent")
class _MarkOfItsOwn(UpdateAgent):
    """Marks its reports by words of its own."""

    def alert(self, report: Report) -> Alert:
        alert = super().alert(report)
        meta = alert.items[0].meta
        if meta is not None:
            meta.mark = "error" if meta.mark else "info"
        return alert


@CLIENT("event-marked-error", "session")
class _EventMarkedError(ClientSession):
    """Tells of its own matters by Generic Alerts with a Mark that there is not."""

    def package_1(self) -> list[Command]:
        meta = Meta(format="chr", type="Reversed-Domain-Name: com.example.battery", mark="error")
        return [*super().package_1(), Alert(data=codes.GENERIC_ALERT, items=[Item(meta=meta, data="low")])]


@CLIENT("device-as-source", "agent")
class _DeviceAsSource(UpdateAgent):
    """Names itself as the source of a report."""

    def alert(self, report: Report) -> Alert:
        alert = super().alert(report)
        alert.items[0].source = "urn:imei:490154203237518"
        return alert


@CLIENT("request-of-nothing", "outbox")
class _RequestOfNothing(Outbox):
    """Names a node that is not there as the object of a request."""

    def put(self, alert: Alert, once: bool = False) -> None:
        if once:
            alert.items[0].source = "./FirmwareUpdate"
        super().put(alert, once)


# -- questions -----------------------------------------------------------------------------------------------------------


@CLIENT("asks-nobody", "executor")
class _AsksNobody(Executor):
    """Has no display, and takes every question for answered."""

    def ask(self, command: Alert) -> int:
        self.answer(command, 200)
        return 200


# -- after the report ----------------------------------------------------------------------------------------------------


@CLIENT("fetches-after-its-report", "agent")
class _FetchesAfter(UpdateAgent):
    """Tries a download that failed once more an hour after its report, and keeps what comes for the next Exec."""

    again: tuple[float, str] | None = None
    began = 0.0

    def download(self, at: float) -> None:
        self.began, self.again = at, None
        super().download(at)

    def download_failed(self, code: int) -> None:
        url = self.job.url if self.job is not None else ""
        super().download_failed(code)
        self.again = self.began + 60.0, url

    @property
    def wake_at(self) -> float | None:
        due = super().wake_at
        return self.again[0] if due is None and self.again is not None else due

    def tick(self, at: float) -> None:
        super().tick(at)
        if self.again is not None and self.job is None and at >= self.again[0]:
            self.retrieval, self.again = self.retrieve(self.again[1]), None

    def follow(self, at: float) -> None:
        if self.job is None and self.retrieval is not None and self.retrieval.outcome is not None:
            self.retrieval = None
            return
        super().follow(at)
