"""Tolerated variants of the reference server: other orders of commands and other triggers that are as right.

``testcases/variants/server.yaml`` says of each in one sentence what it is, and what leaves the freedom.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.dm.trigger import Notification, Push, build, build_push
from conformance.fumo.campaign import DELIVER, SUCCEEDED, Campaign
from conformance.fumo.plan import BY_REPLACE, FIRMWARE, Answer, Batch
from conformance.peers.enrolment import Enrolment
from conformance.peers.planner import Planner
from conformance.peers.serverparts import VARIANTS as VARIANT
from conformance.syncml.model import Alert, Atomic, Exec, Get, Item, Meta, Replace
from conformance.syncml.model import Sequence as Ordered

# -- campaigns -------------------------------------------------------------------------------------------------------------


@VARIANT("no-look", "campaign")
class NoLook(Campaign):
    """Commands the update without reading anything before, where it knows all it needs."""

    def _begin_look(self) -> None:
        if self.unsure or self.plan.path:
            super()._begin_look()
            return
        super()._begin_look()
        self.phase = "ask" if not self.consented else DELIVER


@VARIANT("looks-one-by-one", "campaign")
class OneByOne(Campaign):
    """Reads one node in each message."""

    def _look(self) -> Batch | None:
        nodes, self._looking = self._looking[:1], self._looking[1:]
        return Batch([Get(items=[Item(target=node)]) for node in nodes])


@VARIANT("looks-in-one-get", "campaign")
class LooksAround(Campaign):
    """Reads device details and properties as well."""

    def interesting(self) -> list[str]:
        more = ["./DevDetail/SwV", "./DevDetail/HwV", "./DevInfo/Mod", f"{self.plan.root}?prop=Type", "./DevDetail"]
        return [*super().interesting(), *more]


@VARIANT("looks-in-sequence", "campaign")
class LooksInSequence(Campaign):
    """Reads in a Sequence."""

    def _look(self) -> Batch | None:
        batch = super()._look()
        return batch if batch is None or self.facts.small else Batch([Ordered(commands=batch.commands)])


@VARIANT("url-and-exec-in-two-messages", "campaign")
class TwoMessages(Campaign):
    """Sets the address in one message and executes in the next."""

    def start(self, operation: str) -> Batch:
        self.facts.small = True
        return super().start(operation)


@VARIANT("url-and-exec-without-sequence", "campaign")
class WithoutSequence(Campaign):
    """Sets the address and executes in one message, one after the other."""

    def start(self, operation: str) -> Batch:
        batch = super().start(operation)
        if batch.commands and isinstance(batch.commands[0], Ordered):
            batch.commands = batch.commands[0].commands
        return batch


@VARIANT("url-in-atomic", "campaign")
class UrlInAtomic(Campaign):
    """Sets the address in an Atomic, and executes in the next message."""

    def start(self, operation: str) -> Batch:
        self.facts.small = True
        batch = super().start(operation)
        if batch.commands and isinstance(batch.commands[0], Replace):
            batch.commands = [Atomic(commands=batch.commands)]
        return batch


@VARIANT("url-read-back", "campaign")
class ReadsBack(Campaign):
    """Reads the address back between setting it and the Exec, in one Sequence."""

    def start(self, operation: str) -> Batch:
        batch = super().start(operation)
        if batch.commands and isinstance(batch.commands[0], Ordered):
            target = f"{self.plan.root}/{operation}/PkgURL"
            batch.commands[0].commands.insert(1, Get(items=[Item(target=target)]))
        return batch


@VARIANT("without-correlator", "campaign")
class NoCorrelator(Campaign):
    """Sends no Correlator, which is optional."""

    def execute(self, operation: str) -> Exec:
        command = super().execute(operation)
        command.correlator = None
        self.correlators.clear()
        return command


@VARIANT("long-correlator", "campaign")
class LongCorrelator(Campaign):
    """Has Correlators of many characters of any kind."""

    def execute(self, operation: str) -> Exec:
        command = super().execute(operation)
        if command.correlator:
            old, new = command.correlator, f"Job {command.correlator} / <a&b> é {'x' * 40}"
            self.correlators[new] = self.correlators.pop(old)
            command.correlator = new
        return command


@VARIANT("looks-after-exec", "campaign")
class EndsLate(Campaign):
    """Reads State once more after the Exec, before it lets the session end."""

    late = False

    def open(self, facts: Any) -> None:
        super().open(facts)
        self.late = False

    def execute(self, operation: str) -> Exec:
        self.late = True
        return super().execute(operation)

    def next(self, at: float) -> Batch | None:
        batch = super().next(at)
        if batch is None and self.late and self.phase not in ("ended",):
            self.late = False
            return Batch([Get(items=[Item(target=f"{self.plan.root}/State")]), Get(items=[Item(target=FIRMWARE)])])
        return batch

    def take(self, answers: Any, at: float) -> None:
        if any(isinstance(answer.command, Get) for answer in answers) and self.phase == "await" and self.facts.reports:
            return
        super().take(answers, at)


@VARIANT("tells-the-user", "campaign")
class TellsUser(Campaign):
    """Shows a text before it commands an update."""

    def start(self, operation: str) -> Batch:
        batch = super().start(operation)
        if not self.facts.small and batch.commands:
            text = Item(data="MINDT=5"), Item(data="Your firmware is being updated.")
            batch.commands.insert(0, Alert(data="1100", items=list(text)))
        return batch


@VARIANT("looks-at-properties", "campaign")
class Properties(Campaign):
    """Reads name and rights of the object, and the root of the tree."""

    def interesting(self) -> list[str]:
        return [*super().interesting(), f"{self.plan.root}?prop=Name", f"{self.plan.root}?prop=ACL", "."]


# -- triggers --------------------------------------------------------------------------------------------------------------


@VARIANT("offers-once", "campaign")
class OffersOnce(Campaign):
    """At the time that the user chose the update is commanded; it is not put off again."""

    def _took_times(self, answers: Sequence[Answer], at: float) -> None:
        super()._took_times(answers, at)
        self.consented = self.consented or self.due is not None


@VARIANT("asks-until-answered", "campaign")
class AsksUntilAnswered(Campaign):
    """A question that nobody answers, or that is cancelled, is asked again in the next session."""

    def denied(self, code: int | None) -> None:
        if code in (214, 408):
            self._stopped = True
        else:
            super().denied(code)


@VARIANT("clears-packages-away", "campaign")
class ClearsAway(Campaign):
    """Empties PkgData in the session of the report, where the package came by DM."""

    _cleared = False

    def wants(self, at: float) -> bool:
        return super().wants(at) or (self.status == SUCCEEDED and self.plan.way == BY_REPLACE and not self._cleared)

    def next(self, at: float) -> Batch | None:
        if self.status != SUCCEEDED:
            return super().next(at)
        if not self.wants(at):
            return None
        self._cleared = True
        return Batch([Replace(items=[Item(target=f"{self.plan.root}/Update/PkgData", meta=Meta(format="b64"), data="")])])


@VARIANT("goes-by-the-first-digit", "campaign")
class FirstDigit(Campaign):
    """Every report of the class 2xx tells success."""

    def good(self, result: int) -> bool:
        return 200 <= result <= 299


class _Trigger(Planner):
    FIELDS: dict[str, Any] = {}  # noqa: RUF012  read only

    def trigger(self, device: Enrolment, session_id: int) -> bytes:
        notification = Notification(session_id=session_id, server_id=device.server_id, **self.FIELDS)
        return build_push(Push(build(notification, device.keys.account.password, device.keys.nonce)))


@VARIANT("trigger-in-background", "planner")
class InBackground(_Trigger):
    """Asks for a session in the background, on behalf of the server."""

    FIELDS = {"ui_mode": 1, "initiator": 1}  # noqa: RUF012  read only


@VARIANT("trigger-with-vendor-data", "planner")
class VendorData(_Trigger):
    """Has data of the vendor at the end of the trigger."""

    FIELDS = {"vendor": b"anything"}  # noqa: RUF012  read only


@VARIANT("triggers-often", "planner")
class Often(Planner):
    """Sends each trigger three times within a second."""

    def notify(self, device: Enrolment, at: float) -> None:
        super().notify(device, at)
        if device.trigger is not None:
            device.trigger.times = sorted([at, at + 0.2, at + 0.4, *device.trigger.times[1:]])


@VARIANT("triggers-once", "planner")
class Once(Planner):
    """Sends each trigger once, and waits."""

    def notify(self, device: Enrolment, at: float) -> None:
        super().notify(device, at)
        if device.trigger is not None:
            device.trigger.times = device.trigger.times[:1]
