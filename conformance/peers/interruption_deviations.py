"""What sloppy implementers of devices do when a session, a download or the power breaks off, and when somebody is at it."""

from __future__ import annotations

from conformance.dm.clientsession import ClientSession, Delivery
from conformance.dm.credentials import Verifier
from conformance.download.fetch import Outcome
from conformance.fumo.agent import Job, UpdateAgent
from conformance.fumo.object import UPDATE, ResultCode, State
from conformance.fumo.retrieval import Retrieval
from conformance.peers.deviation import CLIENT
from conformance.peers.outbox import Outbox
from conformance.peers.trigger import TriggerReader, Wanted
from conformance.peers.updateobject import UpdateObject
from conformance.syncml.model import Message
from conformance.transport.exchange import Headers, Source, header

# -- power ---------------------------------------------------------------------------------------------------------------


@CLIENT("installs-twice-after-power-cut", "agent")
class _InstallsTwice(UpdateAgent):
    done: Job | None = None

    def report(self, code: int) -> None:
        self.done = self.job
        super().report(code)

    def resume(self, at: float) -> None:
        super().resume(at)
        if self.job is None and self.done is not None and self.state == State.UPDATE_SUCCESSFUL_HAVE_DATA:
            self.job, self.done = self.done, None
            self.install(at)


@CLIENT("success-without-new-firmware", "agent")
class _SuccessUnseen(UpdateAgent):
    def resume(self, at: float) -> None:
        if self.job is not None and self.state == State.UPDATE_PROGRESSING:
            self.job.until = None
            self.state = State.UPDATE_SUCCESSFUL_HAVE_DATA
            self.report(ResultCode.SUCCESS)
        super().resume(at)


class _Stuck(UpdateAgent):
    at: State

    def resume(self, at: float) -> None:
        if self.state == self.at:
            self.job = None
        super().resume(at)


@CLIENT("stuck-in-download-after-power-cut", "agent")
class _StuckDownloading(_Stuck):
    at = State.DOWNLOAD_PROGRESSING


@CLIENT("stuck-in-update-after-power-cut", "agent")
class _StuckInstalling(_Stuck):
    at = State.UPDATE_PROGRESSING


@CLIENT("busy-after-power-cut", "agent")
class _BusyForEver(UpdateAgent):
    was_cut = False

    def resume(self, at: float) -> None:
        self.was_cut = True
        super().resume(at)

    def exec(self, operation: str, correlator: str | None, url: str, at: float) -> int:
        return 403 if self.was_cut else super().exec(operation, correlator, url, at)


@CLIENT("correlator-lost-over-restart", "agent")
class _CorrelatorLost(UpdateAgent):
    def resume(self, at: float) -> None:
        if self.job is not None:
            self.job.correlator = None
        super().resume(at)


@CLIENT("installs-unasked-after-power-cut", "agent")
class _InstallsUnasked(UpdateAgent):
    def resume(self, at: float) -> None:
        super().resume(at)
        if self.job is None and self.state == State.READY_TO_UPDATE:
            self.job = Job(UPDATE)
            self.install(at)


@CLIENT("downloads-again-after-power-cut", "agent")
class _DownloadsAgain(UpdateAgent):
    url = ""

    def download(self, at: float) -> None:
        self.url = self.job.url if self.job is not None else ""
        super().download(at)

    def resume(self, at: float) -> None:
        super().resume(at)
        if self.job is None and self.url and self.retrieval is None:
            self.retrieval = self.retrieve(self.url)

    def follow(self, at: float) -> None:
        if self.job is None and self.retrieval is not None and self.retrieval.outcome is not None:
            self.retrieval = None
        super().follow(at)


# -- sessions and downloads ----------------------------------------------------------------------------------------------


@CLIENT("report-lost-with-session", "outbox")
class _ReportLost(Outbox):
    def session_ended(self, tried: bool, at: float) -> None:
        if tried:
            self.letters = [letter for letter in self.letters if letter.held]
        super().session_ended(tried, at)


@CLIENT("refused-report-forgotten", "session")
class _RefusedReportForgotten(ClientSession):
    def _take_statuses(self, message: Message) -> None:
        for status in message.statuses():
            alert = self._sent.pop((status.msg_ref or "", status.cmd_ref or ""), None) if status.data in ("401", "407") else None
            if alert is not None:
                self.deliveries.append(Delivery(alert, status.data or ""))
        super()._take_statuses(message)

    def _offer_alerts(self) -> None:
        waiting, gone = self.alerts, [each.alert for each in self.deliveries]
        self.alerts = lambda: [alert for alert in waiting() if all(alert is not other for other in gone)]
        super()._offer_alerts()
        self.alerts = waiting


class _WhatCame(Retrieval):
    def end(self, error: str = "") -> None:
        if error and self.received:
            self.outcome = Outcome("complete")
            return
        super().end(error)


@CLIENT("truncated-package-installed", "agent")
class _TruncatedInstalled(UpdateAgent):
    retrieval_kind = _WhatCame

    def inspect(self) -> int:
        code = super().inspect()
        return int(ResultCode.SUCCESS) if code == ResultCode.CORRUPTED_PACKAGE else code


@CLIENT("state-idle-while-installing", "object")
class _IdleWhileInstalling(UpdateObject):
    def state(self) -> str:
        return "10" if self.agent.state == State.UPDATE_PROGRESSING else super().state()


# -- somebody is at it ---------------------------------------------------------------------------------------------------


class _AnyScheme(Retrieval):
    def begin(self, status: int, headers: Headers) -> bool:
        target = header(headers, "location") or ""
        if status // 100 == 3 and "://" in target:
            headers = [(n, f"http://{target.split('://', 1)[1]}" if n.lower() == "location" else v) for n, v in headers]
        return super().begin(status, headers)


@CLIENT("redirect-to-other-scheme-followed", "agent")
class _SchemeIgnored(UpdateAgent):
    retrieval_kind = _AnyScheme


@CLIENT("package-fetched-twice", "agent")
class _FetchedTwice(UpdateAgent):
    checked = False

    def received(self, package: Source, at: float) -> None:
        if self.job is not None and not self.checked:
            self.keep(package)
            self.checked = self.inspect() == ResultCode.SUCCESS
            if self.checked:
                self.retrieval = self.retrieve(self.job.url)
                return
        super().received(package, at)

    def inspect(self) -> int:
        checked, self.checked = self.checked, False
        return int(ResultCode.SUCCESS) if checked else super().inspect()


@CLIENT("downgrade-accepted", "agent")
class _DowngradeAccepted(UpdateAgent):
    def inspect(self) -> int:
        code = super().inspect()
        return int(ResultCode.SUCCESS) if code == ResultCode.NOT_ACCEPTABLE else code


class _Unseen(bytes):
    """Octets that are like none before."""

    __hash__ = bytes.__hash__

    def __eq__(self, other: object) -> bool:
        return False


@CLIENT("replayed-trigger-obeyed", "triggers")
class _ReplayObeyed(TriggerReader):
    def __init__(self) -> None:
        super().__init__()
        self.good: set[bytes] = set()

    def unpack(self, datagram: bytes) -> bytes | None:
        octets = super().unpack(datagram)
        return None if octets is None else _Unseen(octets)

    def understand(self, octets: bytes, server_id: str, verifier: Verifier) -> Wanted | None:
        wanted = super().understand(octets, server_id, verifier)
        if wanted is not None:
            self.good.add(bytes(octets))
        elif bytes(octets) in self.good:
            wanted = self.wanted(self.parse(octets))
        return wanted
