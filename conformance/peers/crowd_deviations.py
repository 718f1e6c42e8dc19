"""Deviations of the reference server towards odd devices, lost sessions, and many devices at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from conformance.dm.serversession import Received
from conformance.fumo.campaign import AWAIT, DELIVER, ENDED, FAILED, LOOK, RUNNING, SUCCEEDED, Campaign
from conformance.fumo.object import UPDATE, is_success
from conformance.fumo.plan import BY_REPLACE, Answer, Batch, Facts, Plan
from conformance.fumo.report import Report
from conformance.peers.enrolment import Enrolment
from conformance.peers.planner import Planner
from conformance.peers.serverparts import deviation
from conformance.peers.talk import Session, Talk
from conformance.syncml.model import Alert
from conformance.transport.exchange import Reply, Request

_OF_DOWNLOADS = (406, 407, 411, 412, 501, 503)
_ROOT = "./FwUpdate/Main"


class _Endless(Campaign):
    """Base of what knows no end in a session."""

    def next(self, at: float) -> Batch | None:
        self._turns = 0
        return super().next(at)


@deviation("get-for-ever", "campaign")
class GetForEver(_Endless):
    """Reads again what the device would not show."""

    def _took_look(self, answers: Sequence[Answer], at: float) -> None:
        if any(answer.code >= 400 for answer in answers):
            self.phase, self._looking = LOOK, self.interesting()
            return
        super()._took_look(answers, at)


@deviation("package-for-ever", "campaign")
class PackageForEver(_Endless):
    """Sends a package again and again that the device does not take."""

    def _took_delivery(self, answers: Sequence[Answer], at: float) -> None:
        code = answers[-1].code if answers else 0
        if self.way == BY_REPLACE and code != 200:
            self.phase = DELIVER
            return
        super()._took_delivery(answers, at)


@deviation("odd-status-is-done", "campaign")
class OddStatusIsDone(Campaign):
    """Takes everything that is no error for the end of an operation."""

    def refused(self, code: int) -> None:
        super().refused(code)
        if code < 400:
            self.status = SUCCEEDED


@deviation("refusal-never-told", "campaign")
class RefusalNeverTold(Campaign):
    """Waits for the report of an operation that was refused."""

    def refused(self, code: int) -> None:
        if self.operation:
            self.phase = AWAIT
        else:
            super().refused(code)


@deviation("refused-once-refused-always", "planner")
class RefusedOnceRefusedAlways(Planner):
    """Commands a device nothing more that refused something once."""

    def wanting(self, device: Enrolment, at: float, root: str = "") -> list[Campaign]:
        refused = any(c.status == FAILED and c.status_code for c in self.of(device))
        return [] if refused else super().wanting(device, at, root)


@deviation("objects-share-fate", "planner")
class ObjectsShareFate(Planner):
    """Keeps one outcome for all objects of a device."""

    def report(self, device: Enrolment, report: Report) -> Campaign | None:
        found = super().report(device, report)
        if found is not None:
            for campaign in self.of(device):
                campaign.status, campaign.result = found.status, found.result
        return found


@deviation("report-for-anybody", "planner")
class ReportForAnybody(Planner):
    """Gives a report to whichever device waits for one."""

    def report(self, device: Enrolment, report: Report) -> Campaign | None:
        waiting = [c for c in self.campaigns if c.phase == AWAIT and c.operation.lower() == report.operation.lower()]
        for campaign in waiting[-1:]:
            campaign.report(replace(report, correlator="", operation=campaign.operation))
        return waiting[-1] if waiting else None


@deviation("one-device-at-a-time", "talk")
class OneDeviceAtATime(Talk):
    """Sends devices away while it talks to another."""

    def answer(self, request: Request, at: float) -> Reply:
        holder = getattr(self.planner, "holder", None)
        if holder is not None and holder is not self and holder.open:
            return Reply(503, [("Content-Type", "text/plain")], b"Busy.\n")
        vars(self.planner)["holder"] = self
        return super().answer(request, at)


@deviation("session-by-id-alone", "talk")
class SessionByIdAlone(Talk):
    """Finds a session by its SessionID, whoever chose it: the device that came with it last has it."""

    def answer(self, request: Request, at: float) -> Reply:
        latest: dict[str | None, Talk] = vars(self.planner).setdefault("latest", {})
        held = latest.get(self.session.session_id)
        if held is not None and held is not self and held.open:
            return Talk.answer(held, request, at)
        reply = super().answer(request, at)
        latest[self.session.session_id] = self
        return reply


@deviation("lost-exec-is-done", "campaign")
class LostExecIsDone(Campaign):
    """Takes an Exec whose Status never came for one that did its work."""

    def open(self, facts: Facts) -> None:
        done = self.unsure
        super().open(facts)
        if done:
            self.status, self.phase, self.unsure = SUCCEEDED, ENDED, False


@deviation("stuck-after-loss", "campaign")
class StuckAfterLoss(Campaign):
    """Never goes on with an update whose session broke off."""

    def open(self, facts: Facts) -> None:
        stuck = self.status == RUNNING and self.phase not in (AWAIT, ENDED) and self.operation != "Download"
        super().open(facts)
        self._stopped = self._stopped or stuck

    def report(self, report: Report) -> None:
        if not (self.unsure and self._stopped):
            super().report(report)


@deviation("codes-by-operation", "campaign")
class CodesByOperation(Campaign):
    """Goes on waiting where an installation is reported with a code that it expects of downloads alone."""

    def report(self, report: Report) -> None:
        if not (self.operation == UPDATE and report.result in _OF_DOWNLOADS):
            super().report(report)


@deviation("late-failure-is-success", "talk")
class LateFailureIsSuccess(Talk):
    """Reads a report that comes in the session of its Exec as a receipt, whatever it says."""

    def generic(self, device: Enrolment, alert: Alert, at: float) -> str:
        items = alert.items
        if self.campaign is not None and items and (items[0].data or "").isdigit():
            alert = replace(alert, items=[replace(items[0], data="200"), *items[1:]])
        return super().generic(device, alert, at)


@deviation("no-number-is-success", "talk")
class NoNumberIsSuccess(Talk):
    """Takes for a success what holds no number."""

    def generic(self, device: Enrolment, alert: Alert, at: float) -> str:
        items = alert.items
        if items and isinstance(items[0].data, str) and items[0].data and not items[0].data.isdigit():
            alert = replace(alert, items=[replace(items[0], data="200"), *items[1:]])
        return super().generic(device, alert, at)


@deviation("last-report-counts", "planner")
class LastReportCounts(Planner):
    """Lets every further report change what was believed."""

    def report(self, device: Enrolment, report: Report) -> Campaign | None:
        found = super().report(device, report)
        for campaign in self.of(device, report.root) if found is None else ():
            if campaign.phase == ENDED and campaign.operation == report.operation:
                campaign.result = report.result
                campaign.status = SUCCEEDED if is_success(report.result) else FAILED
        return found


@deviation("one-root-for-all", "planner")
class OneRootForAll(Planner):
    """Has one address for the update objects of all devices."""

    def plan(self, plan: Plan, at: float) -> Campaign:
        return super().plan(replace(plan, root=_ROOT), at)


@deviation("newer-version-served", "session")
class NewerVersionServed(Session):
    """Serves devices of every version that begins with 1."""

    def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> Received:
        received = super().receive(octets, media, headers)
        message: Any = received.message
        if message is not None and (message.header.ver_dtd or "").startswith("1."):
            self.mismatch = None
        return received
