"""The update agent of one firmware update object: operations, states, reports (FUMO TS 6). No sockets, no clock.

The agent fetches by :class:`conformance.download.fetch.Fetch`: whoever drives it sends what :meth:`UpdateAgent.request`
gives. Times are seconds on the caller's clock. Small methods are there to be overridden by a deviation.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from conformance.download.fetch import Outcome
from conformance.fumo import condition
from conformance.fumo.condition import Conditions
from conformance.fumo.notice import Notices
from conformance.fumo.object import (
    ALERT_OF,
    DOWNLOAD_AND_UPDATE,
    UPDATE,
    ResultCode,
    State,
    is_success,
)
from conformance.fumo.package import Target, inspect, manifest_of
from conformance.fumo.retrieval import Retrieval
from conformance.syncml.codes import GENERIC_ALERT
from conformance.syncml.model import Alert, Item, Meta
from conformance.transport.exchange import Request, Source

RESULT_OF = {
    "url": ResultCode.BAD_URL,
    "refused": ResultCode.SERVER_UNAVAILABLE,
    "unresolved": ResultCode.SERVER_UNAVAILABLE,
    "auth": ResultCode.DOWNLOAD_AUTHENTICATION,
    "not-found": ResultCode.BAD_URL,
    "client-error": ResultCode.BAD_URL,
    "server-error": ResultCode.SERVER_ERROR,
    "timeout": ResultCode.DOWNLOAD_TIMEOUT,
    "network": ResultCode.NETWORK,
    "too-big": ResultCode.DOWNLOAD_OUT_OF_MEMORY,
    "redirects": ResultCode.BAD_URL,
    "length": ResultCode.NETWORK,
    "descriptor": ResultCode.NOT_ACCEPTABLE,
}
"""ResultCode by cause of a failed download (FUMO TS 6.2.4)."""
_DATA = {State.DOWNLOAD_COMPLETE, State.READY_TO_UPDATE, State.UPDATE_FAILED_HAVE_DATA}
_BUSY = {State.DOWNLOAD_PROGRESSING, State.UPDATE_PROGRESSING}


@dataclass(slots=True)
class Firmware:
    """What runs on the device, shared by its agents, and what it needs to judge a package."""

    version: str
    model: str
    key: bytes
    storage: int = 32 << 20
    """Octets there is room for to keep a package."""
    memory: int = 64 << 20
    """Octets there is room for to install one."""
    install_seconds: float = 2.0
    resume_tries: int = 3
    types: tuple[str, ...] = ()
    """Media types of packages that it can use, where a descriptor names one; none: any."""


@dataclass(slots=True)
class Report:
    """The outcome of an operation, to be told to the server. ``correlator`` is ``None`` where the Exec had none."""

    type: str
    code: str
    correlator: str | None = None


@dataclass(slots=True)
class Job:
    """An operation that was accepted. ``until`` is the end of the installation, ``None`` while none is under way."""

    operation: str
    correlator: str | None = None
    url: str = ""
    until: float | None = None


@dataclass(slots=True)
class Prompt:
    """The device's own questions to its user: queued replies by phase (download, update); none queued: accept."""

    queued: dict[str, deque[str]] = field(default_factory=dict)

    def queue(self, phase: str, reply: str) -> None:
        """The next question of that phase is answered so."""
        self.queued.setdefault(phase, deque()).append(reply)

    def accepts(self, phase: str) -> bool:
        """Asks; True where the user agrees."""
        waiting = self.queued.get(phase)
        return not waiting or waiting.popleft() == "accept"


class UpdateAgent:
    """One firmware update object. ``root`` gives its address; ``finished`` is called when a report is due."""

    def __init__(
        self, root: Callable[[], str], firmware: Firmware, conditions: Conditions, prompt: Prompt,
        finished: Callable[[Alert], None],
    ) -> None:
        self.root, self.firmware, self.conditions = root, firmware, conditions
        self.prompt, self.finished = prompt, finished
        self.state: int = State.IDLE
        self.package: Source | None = None
        self.package_url = ""
        self.name = self.version = ""
        self.job: Job | None = None
        self.retrieval: Retrieval | None = None
        self.notices = self.notices_kind()
        """Status reports of OMA Download that are to be sent."""

    notices_kind: type[Notices] = Notices
    retrieval_kind: type[Retrieval] = Retrieval

    # -- what a server does ------------------------------------------------------------------------------------------

    def exec(self, operation: str, correlator: str | None, url: str, at: float) -> int:
        """Exec of an operation (FUMO TS 6.1). ``url`` is the value of its PkgURL. Gives the DM status: 202, 403."""
        if self.job is not None:
            return 403
        if operation == UPDATE:
            if self.package is None or self.state not in _DATA:
                return 403
            self.job = Job(operation, correlator)
            self.install(at)
            return 202
        if not url.strip():
            return 403
        self.clean_up(True)
        self.job = Job(operation, correlator, url)
        self.download(at)
        return 202

    def url_replaced(self) -> None:
        """A PkgURL has a new value: what waited for its installation is no longer wanted (FUMO TS 6, figure)."""
        if self.job is None:
            self.clean_up(True)

    def data_replaced(self, package: Source) -> None:
        """PkgData has a new value. An empty one removes the package."""
        self.clean_up(True)
        if package.size:
            self.keep(package)
            self.state = State.READY_TO_UPDATE

    def clean_up(self, everything: bool = False) -> None:
        """Removes what an ended operation left behind; with ``everything`` a package that waits, too (FUMO TS 6)."""
        if self.job is not None or (self.state == State.READY_TO_UPDATE and not everything):
            return
        self.package = None
        self.state = State.IDLE

    @property
    def busy(self) -> bool:
        """Whether an operation is under way."""
        return self.job is not None

    # -- download ----------------------------------------------------------------------------------------------------

    def download(self, at: float) -> None:
        """Begins to fetch what the job's address names."""
        assert self.job is not None
        self.state = State.DOWNLOAD_PROGRESSING
        if not self.prompt.accepts("download"):
            self.download_failed(ResultCode.USER_CANCELLED)
            return
        code = self.conditions.strike(condition.DOWNLOADING)
        if code:
            self.download_failed(code)
            return
        self.retrieval = self.retrieve(self.job.url)
        self.follow(at)

    def retrieve(self, url: str) -> Retrieval:
        """The way to what an address names."""
        firmware = self.firmware
        return self.retrieval_kind(url, firmware.storage, firmware.resume_tries, firmware.types)

    def request(self, at: float = 0.0) -> Request | None:
        """The next request to a content server, or ``None``: of the download first, then of status reports."""
        if self.retrieval is not None:
            return self.retrieval.next_request()
        return self.notices.next(at)

    def follow(self, at: float) -> None:
        """Looks whether the download came to its end."""
        retrieval = self.retrieval
        if retrieval is None or retrieval.outcome is None:
            return
        self.retrieval = None
        if retrieval.outcome.kind == "complete" and not self.conditions.armed.get("storage-corrupts"):
            self.notices.put(retrieval.reports(True), at)
            self.received(retrieval.source(), at)
            return
        self.notices.put(retrieval.reports(False), at)
        code = self.conditions.strike(condition.RECEIVED) if retrieval.outcome.kind == "complete" else 0
        self.download_failed(code or self.result_of(retrieval.outcome))

    def result_of(self, outcome: Outcome) -> int:
        """The ResultCode for the cause of a failed download."""
        if outcome.cause == "client-error" and outcome.http_status == 403:
            return ResultCode.DOWNLOAD_AUTHENTICATION
        return RESULT_OF.get(outcome.cause, ResultCode.UNDEFINED)

    def download_failed(self, code: int) -> None:
        """The download is over without a package."""
        self.state = State.DOWNLOAD_FAILED
        self.retrieval = None
        self.report(code)

    def received(self, package: Source, at: float) -> None:
        """The package is complete: it waits, or is installed at once (FUMO TS 6.1.1, 6.1.3)."""
        assert self.job is not None
        self.state = State.DOWNLOAD_COMPLETE
        self.keep(package)
        self.state = State.READY_TO_UPDATE
        if self.job.operation == DOWNLOAD_AND_UPDATE:
            self.install(at)
        else:
            self.report(self.success())

    def keep(self, package: Source) -> None:
        """Stores a package."""
        manifest = manifest_of(package)
        self.package = package
        self.name, self.version = (manifest.name, manifest.to) if manifest is not None else ("", "")

    # -- installation ------------------------------------------------------------------------------------------------

    def install(self, at: float) -> None:
        """Begins the installation: checks the package first."""
        assert self.job is not None
        self.state = State.UPDATE_PROGRESSING
        code = 0 if self.prompt.accepts("update") else int(ResultCode.USER_CANCELLED)
        code = code or self.conditions.strike(condition.INSTALLING) or self.inspect()
        if is_success(code):
            self.job.until = at + self.firmware.install_seconds
        else:
            self.install_failed(code)

    def inspect(self) -> int:
        """Whether the package may be installed: 200, or the ResultCode that tells why not."""
        assert self.package is not None
        firmware = self.firmware
        return inspect(self.package, Target(firmware.model, firmware.version, firmware.memory, firmware.key)).code

    @property
    def wake_at(self) -> float | None:
        """When :meth:`tick` has something to do."""
        return self.job.until if self.job is not None else None

    def tick(self, at: float) -> None:
        """Lets an installation end whose time has come."""
        if self.job is None or self.job.until is None or at < self.job.until:
            return
        self.job.until = None
        manifest = manifest_of(self.package) if self.package is not None else None
        code = self.conditions.strike(condition.INSTALLED)
        if not code and (manifest is None or manifest.fails):
            code = ResultCode.UPDATE_FAILED
        if code or manifest is None:
            self.install_failed(code)
            return
        self.firmware.version = manifest.to
        self.state = State.UPDATE_SUCCESSFUL_HAVE_DATA
        self.report(self.success())

    def install_failed(self, code: int) -> None:
        """The installation is over without success; the package is still held."""
        self.state = State.UPDATE_FAILED_HAVE_DATA
        self.report(code)

    # -- reports -----------------------------------------------------------------------------------------------------

    def success(self) -> int:
        """The ResultCode of an operation that succeeded."""
        return self.conditions.strike(condition.ENDING) or ResultCode.SUCCESS

    def report(self, code: int) -> None:
        """Ends the job with its report: exactly one for each accepted Exec (FUMO TS 6.2)."""
        job, self.job = self.job, None
        assert job is not None
        self.deliver(Report(ALERT_OF[job.operation], str(int(code)), job.correlator))

    def deliver(self, report: Report) -> None:
        """Hands a report over."""
        self.finished(self.alert(report))

    def alert(self, report: Report) -> Alert:
        """The Generic Alert for a report (FUMO TS 6.2, DM Protocol 8.7). A failure is marked as critical."""
        code = int(report.code) if report.code.isdigit() else 0
        meta = Meta(format="int", type=report.type, mark=None if is_success(code) else "critical")
        item = Item(source=self.root(), meta=meta, data=report.code)
        return Alert(data=GENERIC_ALERT, correlator=report.correlator, items=[item])

    # -- restart -----------------------------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """What must last over a restart, as JSON; the package is kept apart."""
        job = self.job
        kept = None if job is None else {"operation": job.operation, "correlator": job.correlator, "url": job.url}
        return {"state": int(self.state), "name": self.name, "version": self.version, "job": kept}

    def load(self, dumped: dict[str, Any], package: Source | None) -> None:
        """Takes over what :meth:`dump` gave. What was interrupted goes on with :meth:`resume`."""
        self.state, self.package = State(dumped["state"]), package
        self.name, self.version = dumped["name"], dumped["version"]
        job = dumped["job"]
        self.job = None if job is None else Job(job["operation"], job["correlator"], job["url"])

    def resume(self, at: float) -> None:
        """After a restart: a download begins anew, an installation begins anew, everything else stays as it was."""
        self.notices.clear()
        self.retrieval = None
        if self.job is None:
            return
        if self.state == State.UPDATE_PROGRESSING and self.package is not None:
            self.job.until = at + self.firmware.install_seconds
        elif self.job.operation == UPDATE:
            self.install_failed(ResultCode.CORRUPTED_PACKAGE)
        else:
            self.state = State.DOWNLOAD_PROGRESSING
            self.retrieval = self.retrieve(self.job.url)
            self.follow(at)
