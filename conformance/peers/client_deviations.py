"""What sloppy implementers of devices do, as far as it concerns firmware update (FUMO TS).

``testcases/deviations/client.yaml`` says of each in one sentence what it is, and which requirements it breaks. Those
that concern device management are in :mod:`conformance.peers.client_session_deviations`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import conformance.peers.client_session_deviations
import conformance.peers.command_deviations  # noqa: F401  both register their own
from conformance.dm.clientsession import Delivery
from conformance.download.fetch import Outcome
from conformance.fumo.agent import Job, Report, UpdateAgent
from conformance.fumo.object import (
    ALERT_OF,
    DOWNLOAD,
    DOWNLOAD_AND_UPDATE,
    OPERATIONS,
    UPDATE,
    ResultCode,
    State,
    is_success,
)
from conformance.peers.deviation import CLIENT, deviant
from conformance.peers.deviceparts import DeviceParts
from conformance.peers.outbox import Outbox
from conformance.peers.updateobject import UpdateObject
from conformance.syncml.model import Alert
from conformance.transport.exchange import Source


def parts_for(names: Iterable[str]) -> DeviceParts:
    """The classes of a device with these deviations. Raises ``ValueError`` for a name that is none."""
    return deviant(DeviceParts(), CLIENT.rows(names))


# -- Exec ----------------------------------------------------------------------------------------------------------------


@CLIENT("exec-answered-200", "object")
class _ExecAnswered200(UpdateObject):
    def exec(self, path: str, correlator: str | None, at: float) -> int:
        code = super().exec(path, correlator, at)
        return 200 if code == 202 else code


@CLIENT("exec-without-url-accepted", "object")
class _ExecWithoutUrl(UpdateObject):
    def exec(self, path: str, correlator: str | None, at: float) -> int:
        code = super().exec(path, correlator, at)
        return 202 if code == 403 and not self.url(path) and path != UPDATE else code


@CLIENT("download-at-replace", "object")
class _DownloadAtReplace(UpdateObject):
    def replaced(self, path: str, at: float) -> None:
        super().replaced(path, at)
        operation = path.removesuffix("/PkgURL")
        if operation in OPERATIONS:
            self.exec(operation, None, at)


@CLIENT("one-url-for-both", "object")
class _OneUrl(UpdateObject):
    def replaced(self, path: str, at: float) -> None:
        super().replaced(path, at)
        if path.endswith("/PkgURL"):
            written = self.tree.find(f"{self.uri}/{path}")
            for operation in (DOWNLOAD, DOWNLOAD_AND_UPDATE):
                node = self.tree.find(f"{self.uri}/{operation}/PkgURL")
                if node is not None and written is not None:
                    node.value = written.value


@CLIENT("install-after-download", "agent")
class _InstallAfterDownload(UpdateAgent):
    def received(self, package: Source, at: float) -> None:
        super().received(package, at)
        if self.job is None:
            self.job = Job(UPDATE)
            self.install(at)


# -- nodes and State -----------------------------------------------------------------------------------------------------


@CLIENT("draft-object-type", "object")
class _DraftType(UpdateObject):
    mo_id = "org.openmobilealliance/1.0/FirmwareUpdateManagementObject"


@CLIENT("package-readable", "object")
class _PackageReadable(UpdateObject):
    def access(self, path: str) -> frozenset[str]:
        return super().access(path) | {"Get"}


@CLIENT("state-writable", "object")
class _StateWritable(UpdateObject):
    def access(self, path: str) -> frozenset[str]:
        return super().access(path) | ({"Replace"} if path == "State" else set())


@CLIENT("state-of-its-own", "object")
class _State45(UpdateObject):
    def state(self) -> str:
        return "45" if self.agent.state == State.READY_TO_UPDATE else super().state()


@CLIENT("state-as-text", "object")
class _StateText(UpdateObject):
    def state(self) -> str:
        return "idle" if self.agent.state == State.IDLE else super().state()


@CLIENT("state-stuck", "agent")
class _StateStuck(UpdateAgent):
    def report(self, code: int) -> None:
        if self.state in (State.UPDATE_SUCCESSFUL_HAVE_DATA, State.UPDATE_FAILED_HAVE_DATA):
            self.state = State.UPDATE_PROGRESSING
        super().report(code)


# -- reports -------------------------------------------------------------------------------------------------------------


@CLIENT("no-alert-after-failure", "agent")
class _NoAlert(UpdateAgent):
    def deliver(self, report: Report) -> None:
        if is_success(int(report.code)):
            super().deliver(report)


@CLIENT("update-type-after-combined", "agent")
class _UpdateType(UpdateAgent):
    def deliver(self, report: Report) -> None:
        if report.type == ALERT_OF[DOWNLOAD_AND_UPDATE]:
            report.type = ALERT_OF[UPDATE]
        super().deliver(report)


@CLIENT("extra-download-alert", "agent")
class _ExtraAlert(UpdateAgent):
    def received(self, package: Source, at: float) -> None:
        job = self.job
        if job is not None and job.operation == DOWNLOAD_AND_UPDATE:
            self.deliver(Report(ALERT_OF[DOWNLOAD], str(int(ResultCode.SUCCESS)), job.correlator))
        super().received(package, at)


@CLIENT("correlator-dropped", "agent")
class _CorrelatorDropped(UpdateAgent):
    def deliver(self, report: Report) -> None:
        super().deliver(dataclasses.replace(report, correlator=None))


@CLIENT("correlator-upper-cased", "agent")
class _CorrelatorUpper(UpdateAgent):
    def deliver(self, report: Report) -> None:
        super().deliver(dataclasses.replace(report, correlator=report.correlator and report.correlator.upper()))


@CLIENT("correlator-truncated", "agent")
class _CorrelatorShort(UpdateAgent):
    def deliver(self, report: Report) -> None:
        super().deliver(dataclasses.replace(report, correlator=report.correlator and report.correlator[:4]))


@CLIENT("correlator-stale", "agent")
class _CorrelatorStale(UpdateAgent):
    last: str | None = None

    def deliver(self, report: Report) -> None:
        self.last = report.correlator or self.last
        super().deliver(dataclasses.replace(report, correlator=self.last))


@CLIENT("correlator-empty", "agent")
class _CorrelatorEmpty(UpdateAgent):
    def deliver(self, report: Report) -> None:
        super().deliver(dataclasses.replace(report, correlator=report.correlator or ""))


@CLIENT("http-status-as-result", "agent")
class _HttpStatus(UpdateAgent):
    def result_of(self, outcome: Outcome) -> int:
        return outcome.http_status if outcome.http_status >= 400 else super().result_of(outcome)


@CLIENT("result-600", "agent")
class _Result600(UpdateAgent):
    def deliver(self, report: Report) -> None:
        super().deliver(report if is_success(int(report.code)) else dataclasses.replace(report, code="600"))


@CLIENT("state-as-result", "agent")
class _StateAsResult(UpdateAgent):
    def deliver(self, report: Report) -> None:
        super().deliver(dataclasses.replace(report, code=str(int(self.state))))


@CLIENT("result-as-alert-code", "agent")
class _ResultAsCode(UpdateAgent):
    def alert(self, report: Report) -> Alert:
        alert = super().alert(report)
        alert.data = report.code
        return alert


@CLIENT("source-missing", "agent")
class _SourceMissing(UpdateAgent):
    def alert(self, report: Report) -> Alert:
        alert = super().alert(report)
        alert.items[0].source = None
        return alert


@CLIENT("source-of-another-object", "agent")
class _SourceOther(UpdateAgent):
    def alert(self, report: Report) -> Alert:
        alert = super().alert(report)
        alert.items[0].source = f"{self.root()}2"
        return alert


@CLIENT("mark-informational", "agent")
class _MarkInformational(UpdateAgent):
    def alert(self, report: Report) -> Alert:
        alert = super().alert(report)
        if alert.items[0].meta is not None:
            alert.items[0].meta.mark = "informational"
        return alert


@CLIENT("format-missing", "agent")
class _FormatMissing(UpdateAgent):
    def alert(self, report: Report) -> Alert:
        alert = super().alert(report)
        if alert.items[0].meta is not None:
            alert.items[0].meta.format = None
        return alert


@CLIENT("alert-twice", "outbox")
class _AlertTwice(Outbox):
    sent: tuple[int, ...] = ()

    def take(self, delivery: Delivery) -> None:
        super().take(delivery)
        if id(delivery.alert) not in self.sent:
            self.sent = (*self.sent, id(delivery.alert))
            self.put(delivery.alert)


@CLIENT("alert-lost-over-restart", "outbox")
class _AlertLost(Outbox):
    def restarted(self, at: float) -> None:
        self.letters.clear()
        super().restarted(at)


@CLIENT("alert-lost-over-restart", "agent")
class _JobLost(UpdateAgent):
    def resume(self, at: float) -> None:
        self.job = None
        if self.state in (State.DOWNLOAD_PROGRESSING, State.UPDATE_PROGRESSING):
            self.state = State.IDLE
        super().resume(at)


@CLIENT("retry-after-report", "agent")
class _RetryAfterReport(UpdateAgent):
    again = False

    def download_failed(self, code: int) -> None:
        job, self.again = self.job, not self.again
        super().download_failed(code)
        if self.again and job is not None:
            self.job = Job(job.operation, job.correlator, job.url)
            self.download(0.0)


# -- packages ------------------------------------------------------------------------------------------------------------


class _Unchecked(UpdateAgent):
    overlooked: ResultCode

    def inspect(self) -> int:
        code = super().inspect()
        return int(ResultCode.SUCCESS) if code == self.overlooked else code


@CLIENT("corrupt-package-installed", "agent")
class _CorruptInstalled(_Unchecked):
    overlooked = ResultCode.CORRUPTED_PACKAGE


@CLIENT("signature-unchecked", "agent")
class _SignatureUnchecked(_Unchecked):
    overlooked = ResultCode.VALIDATION_FAILED


@CLIENT("foreign-package-installed", "agent")
class _ForeignInstalled(_Unchecked):
    overlooked = ResultCode.DEVICE_MISMATCH


# -- requests of the device ----------------------------------------------------------------------------------------------


@CLIENT("request-without-data", "outbox")
class _RequestWithoutData(Outbox):
    def put(self, alert: Alert, once: bool = False) -> None:
        if once:
            alert.items[0].data = None
        super().put(alert, once)


@CLIENT("request-with-correlator", "outbox")
class _RequestWithCorrelator(Outbox):
    def put(self, alert: Alert, once: bool = False) -> None:
        if once:
            alert.correlator = "request-1"
        super().put(alert, once)


@CLIENT("request-repeated", "outbox")
class _RequestRepeated(Outbox):
    left = 2

    def take(self, delivery: Delivery) -> None:
        was_request = any(letter.once and letter.alert is delivery.alert for letter in self.letters)
        super().take(delivery)
        if was_request and self.left:
            self.left -= 1
            self.put(delivery.alert)
