"""Servers that are wrong in how they take what a device says by itself: reports, events, and what nobody asked for."""

from __future__ import annotations

from conformance.dm.serversession import Received
from conformance.fumo.campaign import ENDED, SUCCEEDED, Campaign
from conformance.fumo.object import UPDATE
from conformance.fumo.report import Report
from conformance.peers.enrolment import Enrolment
from conformance.peers.planner import Planner
from conformance.peers.serverparts import deviation
from conformance.peers.talk import Session, Talk
from conformance.syncml.codes import ALERTS, CLIENT_EVENT, GENERIC_ALERT
from conformance.syncml.model import Alert, Command, Message, Other, Results, Status, text_of

# ---- events and strange alerts ---------------------------------------------------------------------------------------


@deviation("event-404", "session")
class Event404(Session):
    """Looks for the event in its tree."""

    def alert_code(self, alert: Alert) -> str:
        return "404" if alert.data == CLIENT_EVENT else super().alert_code(alert)


@deviation("event-unanswered", "session")
class EventUnanswered(Session):
    """Takes events without a word."""

    def statuses_of(self, message: Message, command: Command) -> list[Status]:
        silent = isinstance(command, Alert) and command.data == CLIENT_EVENT
        return [] if silent else super().statuses_of(message, command)


@deviation("strange-alert-unanswered", "session")
class StrangeAlertUnanswered(Session):
    """Answers the alerts that it knows only."""

    def statuses_of(self, message: Message, command: Command) -> list[Status]:
        silent = isinstance(command, Alert) and command.data not in ALERTS
        return [] if silent else super().statuses_of(message, command)


@deviation("unknown-element-as-done", "session")
class UnknownElementDone(Session):
    """Says 200 to elements that it does not know."""

    def code(self, command: Command) -> str:
        return "200" if isinstance(command, Other) else super().code(command)


# ---- Items of Generic Alerts -----------------------------------------------------------------------------------------


@deviation("unknown-item-swallowed", "session")
class UnknownItemSwallowed(Session):
    """Answers 200 where one of several Items is of a known type."""

    def statuses_of(self, message: Message, command: Command) -> list[Status]:
        statuses = super().statuses_of(message, command)
        if isinstance(command, Alert) and command.data == GENERIC_ALERT and any(s.data == "200" for s in statuses):
            return [self.status(message, command, "200")]
        return statuses


@deviation("vendor-data-refused", "talk")
class VendorDataRefused(Talk):
    """Wants requests to be empty."""

    def generic(self, device: Enrolment, alert: Alert, at: float) -> str:
        kinds = [(alert.meta_of(item).type or "") for item in alert.items]
        filled = any(text_of(item) for item in alert.items)
        if filled and any(kind.endswith("request") for kind in kinds):
            return "415"
        return super().generic(device, alert, at)


@deviation("mark-required", "talk")
class MarkRequired(Talk):
    """Finds a report without Mark incomplete."""

    def generic(self, device: Enrolment, alert: Alert, at: float) -> str:
        if any(alert.meta_of(item).mark is None for item in alert.items):
            return "412"
        return super().generic(device, alert, at)


@deviation("second-alert-lost", "talk")
class SecondAlertLost(Talk):
    """Takes one alert of a message beside that of the session."""

    def generic(self, device: Enrolment, alert: Alert, at: float) -> str:
        return "500" if self.session.codes else super().generic(device, alert, at)


# ---- what is believed ------------------------------------------------------------------------------------------------


@deviation("server-error-as-success", "campaign")
class ServerErrorSuccess(Campaign):
    """Takes codes from 500 on for trouble of somebody else, not of the update."""

    def good(self, result: int) -> bool:
        return super().good(result) or result in range(500, 600)


@deviation("undefined-as-success", "campaign")
class UndefinedSuccess(Campaign):
    """Takes whatever is no failure of the table for a success."""

    def good(self, result: int) -> bool:
        return result not in range(400, 600)


@deviation("update-report-always-good", "campaign")
class UpdateAlwaysGood(Campaign):
    """Does not look at the ResultCode of an installation."""

    def report(self, report: Report) -> None:
        if report.operation == UPDATE and self.awaits(UPDATE):
            self.status, self.phase, self.result = SUCCEEDED, ENDED, report.result
        else:
            super().report(report)


@deviation("failed-report-ignored", "planner")
class FailedReportIgnored(Planner):
    """Waits on after a report of a failure."""

    def report(self, device: Enrolment, report: Report) -> Campaign | None:
        return super().report(device, report) if report.result < 400 else None


class _Believing(Talk):
    """Base of what takes an answer to nothing for the end of the update."""

    def believes(self, message: Message) -> bool:
        """Whether a message says that all is done."""
        return False

    def take(self, received: Received, message: Message, at: float) -> None:
        super().take(received, message, at)
        if self.device is not None and self.believes(message):
            for campaign in self.planner.of(self.device):
                campaign.status, campaign.phase = SUCCEEDED, ENDED


@deviation("any-status-believed", "talk")
class AnyStatusBelieved(_Believing):
    """Takes any Status for Exec for that of its own, whatever it refers to."""

    def believes(self, message: Message) -> bool:
        return any(status.cmd == "Exec" and status.data == "200" for status in message.statuses())


@deviation("any-results-believed", "talk")
class AnyResultsBelieved(_Believing):
    """Takes State from Results that it never asked for."""

    def believes(self, message: Message) -> bool:
        items = [item for results in message.commands if isinstance(results, Results) for item in results.items]
        return any((item.source or "").endswith("/State") and text_of(item) == "100" for item in items)
