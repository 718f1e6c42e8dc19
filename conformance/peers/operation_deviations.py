"""What sloppy implementers of devices do when an operation runs: addresses, packages, and where one activity ends."""

from __future__ import annotations

import dataclasses
from urllib.parse import unquote

from conformance.dm.clientsession import ClientSession
from conformance.dm.executor import Executor
from conformance.dm.largeobject import Octets, Value
from conformance.fumo.agent import Job, Report, UpdateAgent
from conformance.fumo.object import ALERT_OF, DOWNLOAD, DOWNLOAD_AND_UPDATE, UPDATE, ResultCode, State
from conformance.fumo.package import manifest_of
from conformance.peers.deviation import CLIENT
from conformance.peers.updateobject import UpdateObject
from conformance.syncml.model import Command, Exec, Item, Replace
from conformance.syncml.model import Sequence as SequenceCommand
from conformance.transport.exchange import Source

_PKG_DATA = "/Update/PkgData"

# -- addresses -----------------------------------------------------------------------------------------------------------


class _FirstAddress(UpdateObject):
    """Goes on with the first address that it was ever given."""

    operation: str
    first = ""

    def url(self, operation: str) -> str:
        url = super().url(operation)
        if operation != self.operation:
            return url
        self.first = self.first or url
        return self.first


@CLIENT("download-first-address", "object")
class _DownloadFirst(_FirstAddress):
    operation = DOWNLOAD


@CLIENT("combined-first-address", "object")
class _CombinedFirst(_FirstAddress):
    operation = DOWNLOAD_AND_UPDATE


@CLIENT("combined-uses-download-address", "object")
class _OtherAddress(UpdateObject):
    def url(self, operation: str) -> str:
        other = super().url(DOWNLOAD) if operation == DOWNLOAD_AND_UPDATE else ""
        return other or super().url(operation)


class _FetchedFrom(UpdateAgent):
    """Fetches from an address that it changed."""

    def exec(self, operation: str, correlator: str | None, url: str, at: float) -> int:
        return super().exec(operation, correlator, self.fetched(url), at)

    def fetched(self, url: str) -> str:
        raise NotImplementedError


@CLIENT("address-in-lower-case", "agent")
class _LowerCase(_FetchedFrom):
    def fetched(self, url: str) -> str:
        return url.lower()


@CLIENT("query-not-sent", "agent")
class _NoQuery(_FetchedFrom):
    def fetched(self, url: str) -> str:
        return url.partition("?")[0]


@CLIENT("fetches-unescaped-address", "agent")
class _FetchesUnescaped(_FetchedFrom):
    def fetched(self, url: str) -> str:
        return unquote(url)


@CLIENT("exec-before-writes", "executor")
class _ExecFirst(Executor):
    """Starts operations before it writes values, and answers in the order of the Sequence all the same."""

    def sequence(self, command: SequenceCommand) -> int:
        first = len(self._out.statuses) + 1
        asked = list(command.commands)
        command.commands = sorted(asked, key=lambda each: not isinstance(each, Exec))
        code = super().sequence(command)
        command.commands = asked
        order = {each.cmd_id: place for place, each in enumerate(asked)}
        self._out.statuses[first:] = sorted(self._out.statuses[first:], key=lambda status: order.get(status.cmd_ref, 0))
        return code


# -- DownloadAndUpdate ---------------------------------------------------------------------------------------------------


class _OnlyDownloads(UpdateAgent):
    """Does not install what DownloadAndUpdate fetched."""

    def received(self, package: Source, at: float) -> None:
        if self.job is None or self.job.operation != DOWNLOAD_AND_UPDATE:
            super().received(package, at)
            return
        self.keep(package)
        self.state = State.READY_TO_UPDATE
        self.fetched()

    def fetched(self) -> None:
        raise NotImplementedError


@CLIENT("combined-waits-for-update", "agent")
class _Waits(_OnlyDownloads):
    def fetched(self) -> None:
        self.job = None


@CLIENT("combined-ends-with-download", "agent")
class _EndsEarly(_OnlyDownloads):
    def fetched(self) -> None:
        self.report(self.success())


@CLIENT("old-package-instead", "agent")
class _OldPackage(UpdateAgent):
    """Installs the package that was there before where the download fails."""

    old: Source | None = None

    def clean_up(self, everything: bool = False) -> None:
        self.old = self.package or self.old
        super().clean_up(everything)

    def download_failed(self, code: int) -> None:
        old, self.old = self.old, None
        if self.job is None or self.job.operation != DOWNLOAD_AND_UPDATE or old is None:
            super().download_failed(code)
            return
        self.retrieval = None
        self.keep(old)
        self.install(0.0)


@CLIENT("combined-failure-silent", "agent")
class _FailureSilent(UpdateAgent):
    def download_failed(self, code: int) -> None:
        if self.job is not None and self.job.operation == DOWNLOAD_AND_UPDATE:
            self.job, self.retrieval, self.state = None, None, State.IDLE
        else:
            super().download_failed(code)


@CLIENT("combined-failure-as-success", "agent")
class _FailureAsSuccess(UpdateAgent):
    """Reports that it could begin."""

    def download_failed(self, code: int) -> None:
        combined = self.job is not None and self.job.operation == DOWNLOAD_AND_UPDATE
        super().download_failed(ResultCode.SUCCESS if combined else code)


# -- packages by DM ------------------------------------------------------------------------------------------------------


class _AtOnce(UpdateObject):
    def replaced(self, path: str, at: float) -> None:
        super().replaced(path, at)
        if path == f"{UPDATE}/PkgData" and self.agent.package is not None:
            self.agent.job = self.job()
            self.agent.install(at)

    def job(self) -> Job:
        return Job(UPDATE)


@CLIENT("package-by-dm-installed-at-once", "object")
class _InstalledAtOnce(_AtOnce):
    """Installs a package when it is complete, and reports that."""


class _Unasked(Job):
    """An operation that no Exec began."""


@CLIENT("package-by-dm-installed-silently", "object")
class _InstalledSilently(_AtOnce):
    """Installs a package when it is complete, and says nothing."""

    def job(self) -> Job:
        return _Unasked(UPDATE)


@CLIENT("package-by-dm-installed-silently", "agent")
class _Silently(UpdateAgent):
    def report(self, code: int) -> None:
        if isinstance(self.job, _Unasked):
            self.job = None
        else:
            super().report(code)


@CLIENT("package-by-dm-reported", "agent")
class _ReportedTransfer(UpdateAgent):
    def data_replaced(self, package: Source) -> None:
        super().data_replaced(package)
        if package.size:
            self.deliver(Report(ALERT_OF[DOWNLOAD], str(int(ResultCode.SUCCESS))))


class _ShownState(UpdateAgent):
    """Shows another State while a package waits that came by DM."""

    shown: State

    def data_replaced(self, package: Source) -> None:
        super().data_replaced(package)
        if package.size:
            self.state = self.shown

    def exec(self, operation: str, correlator: str | None, url: str, at: float) -> int:
        if operation == UPDATE and self.state == self.shown and self.package is not None:
            self.state = State.READY_TO_UPDATE
        return super().exec(operation, correlator, url, at)


@CLIENT("package-by-dm-state-10", "agent")
class _StateIdle(_ShownState):
    shown = State.IDLE


@CLIENT("package-by-dm-state-30", "agent")
class _StateDownloading(_ShownState):
    shown = State.DOWNLOAD_PROGRESSING


@CLIENT("package-by-dm-cut-at-nul", "agent")
class _CutAtNul(UpdateAgent):
    """Handles a package as a string."""

    def data_replaced(self, package: Source) -> None:
        super().data_replaced(Octets(package.read(0, package.size).split(b"\0")[0]))


@CLIENT("package-by-dm-kept-encoded", "executor")
class _KeptEncoded(Executor):
    """Stores the Base64 of a package, where it comes so."""

    def store(self, command: Command, target: str, value: Value) -> int:
        if target.endswith(_PKG_DATA) and (value.meta.format or "").strip() == "b64":
            value = Value(value.raw, dataclasses.replace(value.meta, format="bin"))
        return super().store(command, target, value)


@CLIENT("too-large-package-accepted", "executor")
class _TooLargeAccepted(Executor):
    """Takes a package to its end for which it has no room, and says that all is well."""

    passing = False

    def write(self, command: Command, item: Item) -> int:
        package = (item.target or "").endswith(_PKG_DATA)
        if not (package and self.passing):
            code = super().write(command, item)
            if code not in (413, 420) or not package:
                return code
        self.passing = item.more
        return 213 if item.more else 200


@CLIENT("broken-off-package-kept", "session")
class _BrokenOffKept(ClientSession):
    """Takes what came of a package for the package when its session ends."""

    def end(self, why: str) -> bytes | None:
        assembler = self.executor.assembler
        if assembler.open and assembler._spool is not None and assembler.target.endswith(_PKG_DATA):
            came = Octets(assembler._spool.read(0, 1 << 20))
            self.executor.store(Replace(cmd_id="1"), assembler.target, Value(came, assembler._meta))
        return super().end(why)


# -- where an operation ends ---------------------------------------------------------------------------------------------


class _Early(UpdateAgent):
    """Reports success before the end, and nothing at the end."""

    told = False

    def early(self) -> None:
        assert self.job is not None
        self.told = True
        self.deliver(Report(ALERT_OF[self.job.operation], str(int(ResultCode.SUCCESS)), self.job.correlator))

    def report(self, code: int) -> None:
        if self.told:
            self.told, self.job = False, None
        else:
            super().report(code)


@CLIENT("report-before-fetch", "agent")
class _BeforeFetch(_Early):
    def download(self, at: float) -> None:
        self.early()
        super().download(at)


@CLIENT("report-before-installation", "agent")
class _BeforeInstallation(_Early):
    def install(self, at: float) -> None:
        self.early()
        super().install(at)


class _FailedState(UpdateAgent):
    """Shows another State after a failed download."""

    after: State

    def download_failed(self, code: int) -> None:
        super().download_failed(code)
        self.state = self.after


@CLIENT("failed-download-state-30", "agent")
class _Failed30(_FailedState):
    after = State.DOWNLOAD_PROGRESSING


@CLIENT("failed-download-state-80", "agent")
class _Failed80(_FailedState):
    after = State.UPDATE_FAILED_NO_DATA


@CLIENT("failed-update-state-50", "agent")
class _FailedWaits(UpdateAgent):
    """Waits for the next Exec with the package that it could not install."""

    def install_failed(self, code: int) -> None:
        super().install_failed(code)
        self.state = State.READY_TO_UPDATE


@CLIENT("no-data-although-held", "agent")
class _NoDataSaid(UpdateAgent):
    """Says that a package is gone which it installs when it is told to."""

    def install_failed(self, code: int) -> None:
        super().install_failed(code)
        self.state = State.UPDATE_FAILED_NO_DATA

    def exec(self, operation: str, correlator: str | None, url: str, at: float) -> int:
        if operation == UPDATE and self.state == State.UPDATE_FAILED_NO_DATA and self.package is not None:
            self.state = State.UPDATE_FAILED_HAVE_DATA
        return super().exec(operation, correlator, url, at)


@CLIENT("package-lost-over-restart", "agent")
class _PackageLost(UpdateAgent):
    """Keeps State over a restart, and the package in memory that does not last."""

    def resume(self, at: float) -> None:
        super().resume(at)
        if self.state == State.READY_TO_UPDATE:
            self.package = None


@CLIENT("refuses-after-failure", "agent")
class _RefusesAfterFailure(UpdateAgent):
    """Wants to be cleaned up after a failure before it does anything again."""

    def exec(self, operation: str, correlator: str | None, url: str, at: float) -> int:
        failed = self.state in (State.DOWNLOAD_FAILED, State.UPDATE_FAILED_HAVE_DATA)
        return 403 if failed and operation != UPDATE else super().exec(operation, correlator, url, at)

    def url_replaced(self) -> None:
        if self.state not in (State.DOWNLOAD_FAILED, State.UPDATE_FAILED_HAVE_DATA):
            super().url_replaced()


@CLIENT("version-of-the-package-shown", "agent")
class _VersionShown(UpdateAgent):
    """Takes the new version for its own when the package is there, before it is installed."""

    def received(self, package: Source, at: float) -> None:
        manifest = manifest_of(package)
        super().received(package, at)
        if manifest is not None and self.job is None:
            self.firmware.version = manifest.to
