"""Deviations of the reference server towards devices that break packages off, say odd things or lack something.

``testcases/deviations/server.yaml`` says of each in one sentence what it is, and which requirements it breaks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from conformance.dm.largeobject import Splitter
from conformance.dm.serversession import Received, ServerSession
from conformance.fumo.campaign import ENDED, SUCCEEDED, Campaign
from conformance.fumo.object import State
from conformance.fumo.plan import Answer, Batch
from conformance.fumo.report import Report
from conformance.peers.enrolment import Enrolment
from conformance.peers.planner import Planner
from conformance.peers.publisher import Publisher
from conformance.peers.serverparts import deviation
from conformance.peers.talk import Session, Talk
from conformance.syncml.codes import CLIENT_EVENT, GENERIC_ALERT
from conformance.syncml.model import Alert, Command, Message
from conformance.transport.exchange import Reply, Request, header

# ---- packages and addresses ------------------------------------------------------------------------------------------


@deviation("asks-for-ever", "session")
class AsksForEver(Session):
    """Asks for the rest of a package without end."""

    def ask_on(self, message: Message) -> None:
        ServerSession.ask_on(self, message)


@deviation("final-forgiven", "session")
class FinalForgiven(Session):
    """Takes every message of a device for the end of its package."""

    @property
    def complete(self) -> bool:
        return True


@deviation("resp-uri-of-device-obeyed", "talk")
class ObeysAddress(Talk):
    """Leaves the response empty where the device names another address for answers."""

    def answer(self, request: Request, at: float) -> Reply:
        reply = super().answer(request, at)
        got = self.session._received
        elsewhere = got is not None and got.message is not None and got.message.header.resp_uri
        return Reply(200, [], b"") if elsewhere else reply


# ---- large objects ---------------------------------------------------------------------------------------------------


@deviation("break-untold", "session")
class BreakUntold(Session):
    """Does not tell a device that the rest of its object never came."""

    def _add_commands(self, message: Message, got: Received, commands: list[Command], large: Splitter | None) -> bool:
        self.broken = []
        return super()._add_commands(message, got, commands, large)


@deviation("half-report-counts", "talk")
class HalfCounts(Talk):
    """Takes what came of a report for all of it as soon as it knows a number."""

    def take(self, received: Received, message: Message, at: float) -> None:
        for command in message.commands:
            if isinstance(command, Alert) and command.data == GENERIC_ALERT and any(item.more for item in command.items):
                whole = dataclasses.replace(command, items=[dataclasses.replace(item, more=False) for item in command.items])
                if self.device is not None and received.authenticated:
                    self.generic(self.device, whole, at)
        super().take(received, message, at)


@deviation("event-stops-object", "session")
class EventStops(Session):
    """Sends no more of an object after a device told something else."""

    def _take_chunk_status(self, message: Message) -> None:
        super()._take_chunk_status(message)
        if any(isinstance(command, Alert) and command.data == CLIENT_EVENT for command in message.commands):
            self.break_off()


# ---- alerts ----------------------------------------------------------------------------------------------------------


@deviation("bad-alert-spoils-all", "talk")
class SpoilsAll(Talk):
    """Refuses all Generic Alerts of a message where one cannot be read."""

    def take(self, received: Received, message: Message, at: float) -> None:
        super().take(received, message, at)
        codes = self.session.codes
        bad = [code for code in codes.values() if code in ("412", "415")]
        if bad:
            codes.update(dict.fromkeys(codes, bad[0]))


@deviation("any-name-space", "talk")
class AnyNameSpace(Talk):
    """Reads types without what stands before their colon."""

    def generic(self, device: Enrolment, alert: Alert, at: float) -> str:
        for item in alert.items:
            if item.meta is not None and item.meta.type:
                item.meta.type = item.meta.type.rpartition(":")[2]
        return super().generic(device, alert, at)


@deviation("request-without-data-404", "talk")
class WithoutData(Talk):
    """Does not find what a request without Data asks for."""

    def generic(self, device: Enrolment, alert: Alert, at: float) -> str:
        code = super().generic(device, alert, at)
        types = [alert.meta_of(item).type or "" for item in alert.items if item.data is None]
        return "404" if any(kind.endswith("request") for kind in types) else code


@deviation("source-unread", "planner")
class SourceUnread(Planner):
    """Gives a report without Correlator to the job that waits, whatever its Source names."""

    def report(self, device: Enrolment, report: Report) -> Campaign | None:
        return super().report(device, dataclasses.replace(report, source=""))


@deviation("aims-where-asked", "talk")
class AimsWhereAsked(Talk):
    """Commands the planned update for whichever object a request names."""

    def generic(self, device: Enrolment, alert: Alert, at: float) -> str:
        root = alert.items[0].source if alert.items else None
        meta = alert.meta_of(alert.items[0]) if alert.items else None
        if root and meta is not None and (meta.type or "").endswith("request"):
            for campaign in self.planner.wanting(device, at):
                campaign.plan = dataclasses.replace(campaign.plan, root=root)
        return super().generic(device, alert, at)


# ---- what a device shows ---------------------------------------------------------------------------------------------


@deviation("waits-for-idle", "campaign")
class WaitsForIdle(Campaign):
    """Commands nothing where State is not that of a fresh object."""

    def _deliver(self) -> Batch | None:
        if self.tree.state not in (None, State.IDLE):
            self._stopped = True
            return None
        return super()._deliver()


@deviation("any-state-is-success", "campaign")
class AnyStateIsSuccess(Campaign):
    """Takes any State but that of a fresh object for the good end of an update."""

    def _took_poll(self, answers: Sequence[Answer], at: float) -> None:
        super()._took_poll(answers, at)
        if self.phase != ENDED and self.tree.state not in (None, State.IDLE):
            self.status, self.phase = SUCCEEDED, ENDED


@deviation("content-beyond-its-end", "publisher")
class BeyondItsEnd(Publisher):
    """Answers a range behind the end of a package with an empty part."""

    def handle(self, request: Request) -> Reply:
        reply = super().handle(request)
        if reply.status == 416 and header(request.headers, "range"):
            return Reply(206, reply.headers, b"")
        return reply
