"""Deviations of the reference server in large objects, Statuses of several Items, and sessions that break off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance.dm.largeobject import Splitter
from conformance.dm.serversession import Outgoing, Received
from conformance.fumo.campaign import Campaign
from conformance.fumo.plan import FIRMWARE, Batch
from conformance.peers.pieces import Pieces
from conformance.peers.serverparts import deviation
from conformance.peers.talk import Session, Talk
from conformance.syncml.codes import SESSION_ABORT
from conformance.syncml.model import Alert, Command, Get, Header, Item, Message, Meta, Status, text_of
from conformance.syncml.model import Sequence as Ordered
from conformance.transport.exchange import Reply, Request

# ---- sending large objects -------------------------------------------------------------------------------------------


@deviation("more-data-for-whole-object", "session")
class MoreDataForWholeObject(Session):
    """Ends each object by an empty piece, even where all of it came with the first."""

    def fill_chunk(self, message: Message, command: Command) -> bool:
        splitter = self._splitter
        last = super().fill_chunk(message, command)
        item = command.items[0]
        if not (last and item.data and splitter is not None):
            return last
        item.more, self._splitter = True, splitter
        if len(item.data) == splitter.size(self.encoding):
            item.meta = item.meta or Meta()
            item.meta.size = str(len(item.data))
        return False


@deviation("large-object-in-sequence", "session")
class LargeObjectInSequence(Session):
    """Puts the first piece of a large object into a Sequence with what is to be done before."""

    def _add_commands(self, message: Message, got: Received, commands: list[Command], large: Splitter | None) -> bool:
        ends = super()._add_commands(message, got, commands, large)
        last = message.commands[-1] if message.commands else None
        if large is not None and last is not None and any(item.more for item in last.items):
            message.commands[-1] = self.numbered(Ordered(commands=[Get(items=[Item(target=FIRMWARE)]), last]))
        return ends


@deviation("no-large-objects-sent", "campaign")
class NoLargeObjectsSent(Campaign):
    """Sends a package where one message has room for it, and never otherwise."""

    def fits(self) -> bool:
        return super().fits() and (self.plan.size + 2) // 3 * 4 <= self.facts.room


@deviation("large-object-resumed", "talk")
class LargeObjectResumed(Talk):
    """Goes on in the next session where a large object broke off in the last."""

    def _large(self, batch: Batch) -> Splitter | None:
        begun = super()._large(batch)
        if begun is None:
            return None
        kept: dict[str, Splitter] = vars(self.planner).setdefault("half_sent", {})
        before = kept.get(batch.large)
        kept[batch.large] = begun if before is None or before.finished else before
        return kept[batch.large]


@deviation("goes-on-after-refusal", "session")
class GoesOnAfterRefusal(Session):
    """Sends all pieces of an object whose first one was refused."""

    def _take_chunk_status(self, message: Message) -> None:
        """What the device says to a piece is for the operator to read."""


# ---- receiving large objects -----------------------------------------------------------------------------------------


@deviation("no-large-objects-taken", "talk")
class NoLargeObjectsTaken(Talk):
    """Takes nothing that comes in pieces."""

    def take(self, received: Received, message: Message, at: float) -> None:
        self.pieces.assembler.supported = False
        super().take(received, message, at)


@deviation("final-while-receiving", "session")
class FinalWhileReceiving(Session):
    """Ends its package while it waits for the next piece."""

    def ends(self, message: Message, ends: bool) -> bool:
        return ends or "213" in self.codes.values()


@deviation("refused-object-kept", "talk")
class RefusedObjectKept(Talk):
    """Says that the size of an object was wrong, and uses it all the same."""

    _heard = ""

    def take(self, received: Received, message: Message, at: float) -> None:
        for command in message.commands:
            for item in command.items if isinstance(command, Alert) else ():
                self._heard = (self._heard if self.pieces.assembler.open else "") + text_of(item)
        super().take(received, message, at)
        for command in message.commands:
            if isinstance(command, Alert) and self.pieces.codes.get(id(command)) == "424" and self.device is not None:
                items = [replace(item, data=self._heard, more=False) for item in command.items]
                self.generic(self.device, replace(command, items=items), at)


@deviation("interrupted-object-unmentioned", "session")
class InterruptedObjectUnmentioned(Session):
    """Does not say that the rest of an object is missing."""

    def _add_commands(self, message: Message, got: Received, commands: list[Command], large: Splitter | None) -> bool:
        self.broken = []
        return super()._add_commands(message, got, commands, large)


@deviation("interrupted-object-believed", "talk")
class InterruptedObjectBelieved(Talk):
    """Takes what came of an object whose rest is missing for all of it."""

    _half: tuple[Alert, str] | None = None

    def take(self, received: Received, message: Message, at: float) -> None:
        half = self._half
        super().take(received, message, at)
        if self.session.broken and half is not None and self.device is not None:
            items = [replace(item, data=half[1], more=False) for item in half[0].items]
            self.generic(self.device, replace(half[0], items=items), at)
        self._half = None
        for command in message.commands:
            if isinstance(command, Alert) and command.items and command.items[-1].more:
                self._half = command, (half[1] if half and not self.session.broken else "") + text_of(command.items[-1])


# ---- Statuses of several Items ---------------------------------------------------------------------------------------


@deviation("unlike-items-without-names", "session")
class UnlikeItemsWithoutNames(Session):
    """Gives each Item a Status, and does not say which is whose."""

    def statuses_of(self, message: Message, command: Command) -> list[Status]:
        statuses = super().statuses_of(message, command)
        for status in statuses if len(statuses) > 1 else ():
            status.source_refs = []
        return statuses


# ---- sessions that break off -----------------------------------------------------------------------------------------


@deviation("ends-by-abort-without-final", "session")
class EndsByAbortWithoutFinal(Session):
    """Ends each session by an Alert 1223 in a message without Final."""

    def _add_commands(self, message: Message, got: Received, commands: list[Command], large: Splitter | None) -> bool:
        ends = super()._add_commands(message, got, commands, large)
        if not (ends and self.authenticated) or self.expects_answer(message):
            return ends
        message.commands.append(self.numbered(Alert(data=SESSION_ABORT)))
        return False

    def ends(self, message: Message, ends: bool) -> bool:
        return ends and not any(isinstance(c, Alert) and c.data == SESSION_ABORT for c in message.commands)

    def respond(self, *given: Any, **more: Any) -> Outgoing:
        out = super().respond(*given, **more)
        self.over = self.over or any(isinstance(c, Alert) and c.data == SESSION_ABORT for c in out.message.commands)
        return out


class _Patient(Pieces):
    """Waits for the rest of an object whatever comes."""

    def _break_off(self) -> None:
        """Nothing is given up."""


@deviation("half-object-kept-for-ever", "talk")
class HalfObjectKeptForEver(Talk):
    """Waits in each later session for the rest of an object that broke off in an earlier one."""

    def answer(self, request: Request, at: float) -> Reply:
        self.pieces = vars(self.planner).setdefault("pieces_of_all", _Patient())
        return super().answer(request, at)


@deviation("answers-in-lost-session", "session")
class SessionOfOld(Session):
    """Uses the SessionID under which its device came first until a session of it ends well."""

    old = ""

    def header(self) -> Header:
        header = super().header()
        header.session_id = self.old or header.session_id
        return header


@deviation("answers-in-lost-session", "talk")
class AnswersInLostSession(Talk):
    """Knows its sessions by the device alone: one that broke off goes on."""

    def answer(self, request: Request, at: float) -> Reply:
        lost: Mapping[str, str] = vars(self.planner).setdefault("lost_sessions", {})
        name = self.device.device_id if self.device is not None else ""
        vars(self.session)["old"] = lost.get(name, "")
        reply = super().answer(request, at)
        if self.session.over:
            vars(self.planner)["lost_sessions"] = {key: value for key, value in lost.items() if key != name}
        elif name not in lost:
            vars(self.planner)["lost_sessions"] = {**lost, name: self.session.session_id or ""}
        return reply
