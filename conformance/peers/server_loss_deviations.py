"""What sloppy implementers of servers lose: jobs of earlier sessions, devices that were in trouble, answers of users.

``testcases/deviations/server.yaml`` says of each in one sentence what it is, and which requirements it breaks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.dm.serversession import PeerKeys, Received, ServerSettings
from conformance.fumo.campaign import AWAIT, ENDED, INSTALL, Campaign
from conformance.fumo.object import UPDATE
from conformance.fumo.plan import BY_REPLACE, Answer, Batch, Facts
from conformance.fumo.report import Report
from conformance.peers.enrolment import Enrolment
from conformance.peers.planner import Planner
from conformance.peers.publisher import Publisher
from conformance.peers.server_content_deviations import WithoutRanges
from conformance.peers.serverparts import deviation
from conformance.peers.talk import Session, Talk
from conformance.syncml.codes import CLIENT_EVENT, GENERIC_ALERT, NO_END_OF_DATA, UI_ALERTS
from conformance.syncml.model import Alert, Chal, Command, Item, Message, Status
from conformance.transport.exchange import Reply, Request

# -- jobs ----------------------------------------------------------------------------------------------------------------


@deviation("job-forgotten-with-session", "campaign")
class _JobForgotten(Campaign):
    """Knows a job in the session alone in which it commanded it."""

    _forgotten = False

    def open(self, facts: Facts) -> None:
        super().open(facts)
        self._forgotten = self.phase == AWAIT

    def report(self, report: Report) -> None:
        if not self._forgotten:
            super().report(report)


@deviation("job-forgotten-by-restart", "planner")
class _JobsInMemory(Planner):
    """Keeps its jobs in memory only, and the devices on its disk."""

    def dump(self) -> dict[str, Any]:
        return {**super().dump(), "campaigns": []}


@deviation("second-report-is-failure", "campaign")
class _SecondIsFailure(Campaign):
    """Takes a report on a job that is over for a sign that it failed."""

    def report(self, report: Report) -> None:
        if self.phase == ENDED:
            self.result = None
            self._fail(None)
        super().report(report)


@deviation("yes-not-understood", "campaign")
class _YesNotUnderstood(Campaign):
    """Takes every answer to a confirmation for a no."""

    def _took_ask(self, answers: Sequence[Answer], at: float) -> None:
        self.denied(None)


@deviation("installs-what-it-cannot-send", "campaign")
class _InstallsUnsent(Campaign):
    """Commands the installation of a package that it could not send."""

    def _deliver(self) -> Batch | None:
        if self.plan.way == BY_REPLACE and not self.possible(BY_REPLACE):
            self.phase = INSTALL
            return Batch([self.execute(UPDATE)])
        return super()._deliver()


# -- alerts --------------------------------------------------------------------------------------------------------------


class _Refusing(Talk):
    """Base of servers that refuse some Generic Alerts: ``unread`` says which."""

    def generic(self, device: Enrolment, alert: Alert, at: float) -> str:
        return "415" if self.unread(alert.items) else super().generic(device, alert, at)

    def unread(self, items: Sequence[Item]) -> bool:
        raise NotImplementedError


@deviation("several-items-refused", "talk")
class _SeveralRefused(_Refusing):
    def unread(self, items: Sequence[Item]) -> bool:
        return len(items) > 1


@deviation("empty-data-refused", "talk")
class _EmptyRefused(_Refusing):
    def unread(self, items: Sequence[Item]) -> bool:
        return any(not item.data for item in items)


@deviation("source-expected", "talk")
class _SourceExpected(_Refusing):
    def unread(self, items: Sequence[Item]) -> bool:
        return any(not item.source for item in items)


@deviation("event-hides-reports", "talk")
class _EventHides(Talk):
    """Reads nothing else of a message that tells an event."""

    def take(self, received: Received, message: Message, at: float) -> None:
        whole = message.commands
        if any(isinstance(each, Alert) and each.data == CLIENT_EVENT for each in whole):
            message.commands = [each for each in whole if not isinstance(each, Alert) or each.data != GENERIC_ALERT]
        super().take(received, message, at)
        message.commands = whole


@deviation("question-of-device-ends-plan", "talk")
class _QuestionEndsPlan(Talk):
    """Takes an alert for users, from a device, for the word of its user that nothing is to be done."""

    def take(self, received: Received, message: Message, at: float) -> None:
        super().take(received, message, at)
        if self.device is not None and any(isinstance(each, Alert) and each.data in UI_ALERTS for each in message.commands):
            for campaign in self.planner.of(self.device):
                campaign.denied(None)


# -- devices that were in trouble ----------------------------------------------------------------------------------------


class _SentAway(Session):
    """Base of servers that have no time for anybody once something odd happened, until they are started anew."""

    _shut = False

    def __init__(self, settings: ServerSettings, keys: PeerKeys) -> None:
        super().__init__(settings, keys)
        self._away = type(self)._shut

    def header_code(self, message: Message) -> tuple[str, Chal | None]:
        return ("503", None) if self._away else super().header_code(message)

    def code(self, command: Command) -> str:
        return "503" if self._away else super().code(command)

    @property
    def may_command(self) -> bool:
        return super().may_command and not self._away

    def shut(self) -> None:
        """Something odd happened: the next sessions are sent away."""
        type(self)._shut = True


@deviation("sent-away-after-broken-object", "session")
class _AfterBrokenObject(_SentAway):
    """A device that found the size wrong, or the end missing, is not talked to any more."""

    def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> Received:
        received = super().receive(octets, media, headers)
        said = received.message.commands if received.message is not None else []
        if any(isinstance(each, Status | Alert) and each.data in ("424", NO_END_OF_DATA) for each in said):
            self.shut()
        return received


@deviation("sent-away-after-abort", "session")
class _AfterAbort(_SentAway):
    def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> Received:
        received = super().receive(octets, media, headers)
        if received.aborted:
            self.shut()
        return received


@deviation("sent-away-after-repetition", "session")
class _AfterRepetition(_SentAway):
    def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> Received:
        received = super().receive(octets, media, headers)
        if received.repeated:
            self.shut()
        return received


# -- content -------------------------------------------------------------------------------------------------------------


@deviation("status-reports-not-taken", "publisher")
class _ReportsNotTaken(Publisher):
    """Has no use for status reports, and answers them 405."""

    def handle(self, request: Request) -> Reply:
        return Reply(405, [("Allow", "GET, HEAD")]) if request.method == "POST" else super().handle(request)


@deviation("mobile-content-without-ranges", "publisher")
class _MobileWithoutRanges(WithoutRanges):
    """Sends a device of the dialect all of a package, whatever part of it is asked for."""
