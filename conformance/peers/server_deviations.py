"""Servers that are wrong in one thing each: what a hasty implementer does (``testcases/deviations/server.yaml``).

Each deviation puts a subclass in the place of one part of the server. Those of the planning are here, those of what
single messages look like in :mod:`conformance.peers.session_deviations`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import conformance.peers.alert_deviations
import conformance.peers.session_deviations  # noqa: F401  both register their deviations
from conformance.dm.trigger import Notification, Push, build, build_push
from conformance.fumo.campaign import AWAIT, DELIVER, ENDED, INSTALL, SUCCEEDED, Campaign
from conformance.fumo.object import DOWNLOAD, DOWNLOAD_AND_UPDATE, UPDATE, VENDOR_CLIENT_ERROR, VENDOR_SERVER_ERROR
from conformance.fumo.plan import Batch
from conformance.fumo.report import PREFIX, Report
from conformance.peers.deviation import deviant
from conformance.peers.enrolment import Enrolment
from conformance.peers.planner import Planner
from conformance.peers.serverparts import Parts, deviation
from conformance.peers.talk import Talk
from conformance.syncml.model import Alert, Atomic, Exec, Item, Meta, Replace
from conformance.syncml.model import Sequence as Ordered

__all__ = ["DEVIATIONS", "parts_for"]

DEVIATIONS = deviation
"""All deviations of the server."""


def parts_for(deviations: Iterable[str]) -> Parts:
    """The parts of a server with these deviations. Raises ``ValueError`` for one that does not exist."""
    return deviant(Parts(), DEVIATIONS.rows(deviations))


# ---- what is commanded -----------------------------------------------------------------------------------------------


@deviation("exec-before-url", "campaign")
class ExecBeforeUrl(Campaign):
    """Starts the operation first, then sets the address."""

    def start(self, operation: str) -> Batch:
        batch = super().start(operation)
        for command in batch.commands:
            if isinstance(command, Ordered):
                command.commands.reverse()
        return batch


@deviation("exec-in-atomic", "campaign")
class ExecInAtomic(Campaign):
    """Uses Atomic where Sequence is meant."""

    def start(self, operation: str) -> Batch:
        batch = super().start(operation)
        batch.commands = [Atomic(commands=c.commands) if isinstance(c, Ordered) else c for c in batch.commands]
        return batch


@deviation("both-urls", "campaign")
class BothUrls(Campaign):
    """Sets the address of the other operation as well."""

    def start(self, operation: str) -> Batch:
        batch = super().start(operation)
        other = DOWNLOAD if operation == DOWNLOAD_AND_UPDATE else DOWNLOAD_AND_UPDATE
        target = f"{self.plan.root}/{other}/PkgURL"
        item = Item(target=target, meta=Meta(format="chr", type="text/plain"), data=self.plan.url)
        batch.commands.insert(0, Replace(items=[item]))
        return batch


@deviation("exec-on-url-node", "campaign")
class ExecOnUrlNode(Campaign):
    """Executes the leaf with the address, not the operation above it."""

    def execute(self, operation: str) -> Exec:
        command = super().execute(operation)
        if operation != UPDATE:
            command.items[0].target = f"{self.plan.root}/{operation}/PkgURL"
        return command


@deviation("relative-target", "campaign")
class RelativeTarget(Campaign):
    """Names the operation without the path to it."""

    def execute(self, operation: str) -> Exec:
        command = super().execute(operation)
        command.items[0].target = operation
        return command


@deviation("no-correlator", "campaign")
class NoCorrelator(Campaign):
    """Gives no Correlator."""

    def execute(self, operation: str) -> Exec:
        command = super().execute(operation)
        self.correlators.pop(command.correlator or "", None)
        command.correlator = None
        return command


@deviation("exec-on-absent-node", "campaign")
class ExecOnAbsentNode(Campaign):
    """Does what was planned, whatever the device has."""

    def possible(self, way: str) -> bool:
        return way == self.plan.way


@deviation("ignores-max-obj-size", "campaign")
class IgnoresMaxObjSize(Campaign):
    """Sends objects of any size."""

    def fits(self) -> bool:
        return True


@deviation("endless-exec", "campaign")
class EndlessExec(Campaign):
    """Tries again at once after an error Status."""

    def refused(self, code: int) -> None:
        self.unsure = False


@deviation("goes-on-without-consent", "campaign")
class GoesOnWithoutConsent(Campaign):
    """Asks the user and does not listen."""

    def denied(self, code: int | None) -> None:
        self.consented, self.phase = True, DELIVER


@deviation("question-without-options", "campaign")
class QuestionWithoutOptions(Campaign):
    """Leaves the Item with the options out of questions."""

    def _ask(self) -> Batch | None:
        batch = super()._ask()
        for command in batch.commands if batch else []:
            del command.items[0]
        return batch


@deviation("server-sends-generic-alert", "campaign")
class ServerSendsGenericAlert(Campaign):
    """Announces the update by a Generic Alert of its own."""

    def start(self, operation: str) -> Batch:
        batch = super().start(operation)
        meta = Meta(type="org.openmobilealliance.dm.firmwareupdate.update", format="chr")
        batch.commands.insert(0, Alert(data="1226", items=[Item(source=self.plan.root, meta=meta, data="")]))
        return batch


# ---- what is believed ------------------------------------------------------------------------------------------------


@deviation("accepted-is-done", "campaign")
class AcceptedIsDone(Campaign):
    """Takes 202 for the end of the operation."""

    def accepted(self) -> None:
        if self.operation == DOWNLOAD:
            self.phase = INSTALL
        else:
            self.status, self.phase = SUCCEEDED, ENDED


@deviation("updates-after-failed-download", "campaign")
class UpdatesAfterFailedDownload(Campaign):
    """Starts the installation after any report of a download."""

    def report(self, report: Report) -> None:
        waited = self.awaits(DOWNLOAD)
        super().report(report)
        if waited and not self.awaits(DOWNLOAD):
            self.phase = INSTALL


@deviation("vendor-success-as-failure", "campaign")
class VendorSuccessAsFailure(Campaign):
    """Knows 200 only."""

    def good(self, result: int) -> bool:
        return result == 200


@deviation("vendor-failure-as-success", "campaign")
class VendorFailureAsSuccess(Campaign):
    """Takes every vendor code for a kind of success."""

    def good(self, result: int) -> bool:
        return super().good(result) or result in VENDOR_CLIENT_ERROR or result in VENDOR_SERVER_ERROR


@deviation("duplicate-starts-again", "campaign")
class DuplicateStartsAgain(Campaign):
    """Takes a report that comes twice for two reports."""

    def awaits(self, operation: str) -> bool:
        return bool(self.operation)

    def downloaded(self) -> None:
        super().downloaded()
        self._stopped = False


@deviation("forgets-timer", "campaign")
class ForgetsTimer(Campaign):
    """Keeps the time that the user chose in memory only."""

    def dump(self) -> dict[str, Any]:
        return {**super().dump(), "due": 0.0}


@deviation("job-by-session-only", "planner")
class JobBySessionOnly(Planner):
    """Gives a report to whatever was last commanded, not to what it names."""

    def report(self, device: Enrolment, report: Report) -> Campaign | None:
        waiting = [campaign for campaign in self.of(device) if campaign.phase == AWAIT]
        if waiting:
            waiting[-1].report(replace(report, correlator="", operation=waiting[-1].operation))
        return waiting[-1] if waiting else None


@deviation("source-root-only", "planner")
class SourceRootOnly(Planner):
    """Knows reports by the root of the object only, not by the executed node."""

    def report(self, device: Enrolment, report: Report) -> Campaign | None:
        return super().report(device, report) if report.source == report.root else None


@deviation("request-always-200", "planner")
class RequestAlways200(Planner):
    """Answers every request as if an update followed."""

    def request(self, device: Enrolment, report: Report, at: float) -> bool:
        return True


# ---- how alerts are taken --------------------------------------------------------------------------------------------


@deviation("unknown-type-200", "talk")
class UnknownType200(Talk):
    """Is content with any Type."""

    def generic(self, device: Enrolment, alert: Alert, at: float) -> str:
        code = super().generic(device, alert, at)
        return "200" if code == "415" else code


@deviation("prefix-refused", "talk")
class PrefixRefused(Talk):
    """Does not know the identifier that DM puts before types."""

    def generic(self, device: Enrolment, alert: Alert, at: float) -> str:
        if any((alert.meta_of(item).type or "").startswith(PREFIX) for item in alert.items):
            return "415"
        return super().generic(device, alert, at)


@deviation("report-in-package-1-only", "talk")
class ReportInPackage1Only(Talk):
    """Takes Generic Alerts at the beginning of a session only."""

    def generic(self, device: Enrolment, alert: Alert, at: float) -> str:
        return "500" if self.campaign is not None else super().generic(device, alert, at)


@deviation("first-item-only", "talk")
class FirstItemOnly(Talk):
    """Reads one Item of each Generic Alert."""

    def generic(self, device: Enrolment, alert: Alert, at: float) -> str:
        return super().generic(device, replace(alert, items=alert.items[:1]), at)


# ---- triggers --------------------------------------------------------------------------------------------------------


@deviation("timer-without-trigger", "planner")
class TimerWithoutTrigger(Planner):
    """Waits for the device to come when the chosen time has come."""

    def timer_ended(self, campaign: Campaign, at: float) -> None:
        campaign.due = 0.0


@deviation("trigger-session-id-repeated", "planner")
class TriggerSessionIdRepeated(Planner):
    """Asks for session 1 each time."""

    def session_id(self) -> int:
        return 1


class _WrongTrigger(Planner):
    """Base of what is wrong in the fields of a trigger."""

    FIELDS: dict[str, Any] = {}  # noqa: RUF012  read only

    def trigger(self, device: Enrolment, session_id: int) -> bytes:
        notification = Notification(session_id=session_id, server_id=device.server_id, **self.FIELDS)
        return build_push(Push(build(notification, device.keys.account.password, device.keys.nonce)))


@deviation("trigger-old-version", "planner")
class TriggerOldVersion(_WrongTrigger):
    """Writes version 1.0."""

    FIELDS = {"version": 10}  # noqa: RUF012  read only


@deviation("trigger-future-bits", "planner")
class TriggerFutureBits(_WrongTrigger):
    """Leaves rubbish in the bits kept for the future."""

    FIELDS = {"future": 0x155}  # noqa: RUF012  read only


@deviation("trigger-wrong-digest", "planner")
class TriggerWrongDigest(Planner):
    """Makes the digest without the nonce."""

    def trigger(self, device: Enrolment, session_id: int) -> bytes:
        notification = Notification(session_id=session_id, server_id=device.server_id)
        return build_push(Push(build(notification, device.keys.account.password, b"")))


@deviation("trigger-without-application", "planner")
class TriggerWithoutApplication(Planner):
    """Leaves the application id out of the push."""

    def trigger(self, device: Enrolment, session_id: int) -> bytes:
        notification = Notification(session_id=session_id, server_id=device.server_id)
        package = build(notification, device.keys.account.password, device.keys.nonce)
        return build_push(Push(package, headers=()))
