"""What sloppy implementers of devices do with large objects, alerts, and what is left of a session (DM Protocol 7, 8)."""

from __future__ import annotations

import copy
from typing import Any

from conformance.dm.answers import Encode, Number, Packer
from conformance.dm.clientsession import ClientSession
from conformance.dm.executor import Executed, Executor, LargeItem, transferred
from conformance.dm.largeobject import Octets
from conformance.dm.tree import Answer, Tree
from conformance.fumo.agent import Report, UpdateAgent
from conformance.peers.deviation import CLIENT
from conformance.peers.outbox import Outbox
from conformance.syncml import codes
from conformance.syncml.model import Alert, Command, Item, Message, Meta, Results

# -- large objects -------------------------------------------------------------------------------------------------------


class _Halving(Packer):
    """Sends every value of some length in two pieces."""

    longest = 48

    def _fits(self, *given: Any) -> bool:
        return False  # nothing goes by one look: each value is looked at

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
    """Fetches once more what it has reported on, for the next Exec."""

    again: tuple[float, str] | None = None
    began = 0.0

    def download(self, at: float) -> None:
        self.began, self.again = at, None
        super().download(at)

    def report(self, code: int) -> None:
        url = self.job.url if self.job is not None else ""
        super().report(code)
        self.again = (self.began + 0.5, url) if url else None

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
