"""What sloppy implementers of devices put into their reports and requests: ResultCodes, types, Correlators, Marks.

``testcases/deviations/client.yaml`` says of each in one sentence what it is, and which requirements it breaks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from html import escape

from conformance.download.fetch import Fetch, Outcome
from conformance.fumo.agent import Report, UpdateAgent
from conformance.fumo.object import (
    ALERT_OF,
    ALERT_PREFIX,
    DOWNLOAD,
    DOWNLOAD_AND_UPDATE,
    OPERATIONS,
    UPDATE,
    VENDOR_CLIENT_ERROR,
    VENDOR_SUCCESS,
    ResultCode,
    State,
    is_success,
    is_vendor,
)
from conformance.fumo.retrieval import Retrieval
from conformance.peers.deviation import CLIENT
from conformance.peers.updateobject import UpdateObject
from conformance.syncml.model import Alert
from conformance.transport.exchange import Headers

# -- types ---------------------------------------------------------------------------------------------------------------


class _OtherType(UpdateAgent):
    """Reports with another type. ``types`` by the right one."""

    types: Mapping[str, str]

    def deliver(self, report: Report) -> None:
        super().deliver(dataclasses.replace(report, type=self.types.get(report.type, report.type)))


def _typed(identity: str, types: Mapping[str, str]) -> None:
    CLIENT(identity, "agent")(type("_Typed", (_OtherType,), {"types": types}))


_typed("download-reported-as-combined", {ALERT_OF[DOWNLOAD]: ALERT_OF[DOWNLOAD_AND_UPDATE]})
_typed("update-reported-as-combined", {ALERT_OF[UPDATE]: ALERT_OF[DOWNLOAD_AND_UPDATE]})
_typed("report-types-of-draft", {each: each.replace(".dm.", ".") for each in ALERT_OF.values()})
_typed("report-types-as-nodes", {each: ALERT_PREFIX + name for name, each in ALERT_OF.items()})

# -- the form of a result ------------------------------------------------------------------------------------------------


class _Worded(UpdateAgent):
    """Writes its results in another way."""

    def alert(self, report: Report) -> Alert:
        alert = super().alert(report)
        for item in alert.items:
            item.data = self.worded(report.code)
        return alert

    def worded(self, code: str) -> str | None:
        raise NotImplementedError


@CLIENT("result-with-words", "agent")
class _WithWords(_Worded):
    def worded(self, code: str) -> str | None:
        return f"{code} {'Successful' if code == '200' else 'Failed'}"


@CLIENT("result-as-word", "agent")
class _AsWord(_Worded):
    def worded(self, code: str) -> str | None:
        return "SUCCESS" if is_success(int(code)) else "FAILURE"


@CLIENT("result-in-hexadecimal", "agent")
class _Hexadecimal(_Worded):
    def worded(self, code: str) -> str | None:
        return f"0x{int(code):04X}"


@CLIENT("result-missing", "agent")
class _Missing(_Worded):
    def worded(self, code: str) -> str | None:
        return None


# -- Correlators ---------------------------------------------------------------------------------------------------------


@CLIENT("correlator-of-first", "agent")
class _FirstCorrelator(UpdateAgent):
    """Keeps the first Correlator for all that follows."""

    first: str | None = None

    def deliver(self, report: Report) -> None:
        self.first = self.first or report.correlator
        super().deliver(dataclasses.replace(report, correlator=report.correlator and self.first))


@CLIENT("correlator-escaped-twice", "agent")
class _EscapedCorrelator(UpdateAgent):
    def deliver(self, report: Report) -> None:
        super().deliver(dataclasses.replace(report, correlator=report.correlator and escape(report.correlator)))


@CLIENT("correlator-shared-by-objects", "agent")
class _SharedCorrelator(UpdateAgent):
    """Has one place for the Correlator of what runs, whatever the object."""

    def exec(self, operation: str, correlator: str | None, url: str, at: float) -> int:
        code = super().exec(operation, correlator, url, at)
        if code == 202:
            vars(self.conditions)["correlator"] = correlator  # what all objects of a device share
        return code

    def deliver(self, report: Report) -> None:
        latest = getattr(self.conditions, "correlator", None)
        super().deliver(dataclasses.replace(report, correlator=report.correlator and (latest or report.correlator)))


# -- by cause ------------------------------------------------------------------------------------------------------------


class _Coded(UpdateAgent):
    """Reports another code. ``codes`` by the right one."""

    codes: Mapping[int, int]

    def report(self, code: int) -> None:
        super().report(self.codes.get(int(code), code))


def _coded(identity: str, codes: Mapping[int, int]) -> None:
    CLIENT(identity, "agent")(type("_Codes", (_Coded,), {"codes": codes}))


_coded("errno-as-result", {ResultCode.DOWNLOAD_OUT_OF_MEMORY: 28, ResultCode.UPDATE_OUT_OF_MEMORY: 12})
_coded("full-storage-unnoticed", {ResultCode.DOWNLOAD_OUT_OF_MEMORY: 200})
_coded("full-memory-unnoticed", {ResultCode.UPDATE_OUT_OF_MEMORY: 200})
_coded("success-of-draft", {ResultCode.SUCCESS: 202})


@CLIENT("library-error-as-result", "agent")
class _LibraryError(UpdateAgent):
    """Hands the error of its HTTP library on."""

    numbers: Mapping[str, int] = {"refused": 7, "unresolved": 6, "timeout": 28, "network": 56, "length": 18}

    def result_of(self, outcome: Outcome) -> int:
        return self.numbers.get(outcome.cause) or super().result_of(outcome)


class _AnyAnswer(Fetch):
    def begin(self, status: int, headers: Headers) -> bool:
        return super().begin(200 if status >= 400 else status, headers)


class _AnyPage(Retrieval):
    def _begin(self, url: str) -> Fetch:
        self._store.reset(0)
        return _AnyAnswer(url, limit=self._limit, resume_tries=self._tries, spool=self._store)


@CLIENT("error-page-as-package", "agent")
class _ErrorPage(UpdateAgent):
    """Takes what comes for the package, whatever HTTP says."""

    retrieval_kind = _AnyPage


class _BrokenOff(Retrieval):
    """Is content with what came."""

    errors: tuple[str, ...]

    def end(self, error: str = "") -> None:
        if error in self.errors and self.received:
            self.outcome = Outcome("complete")
        else:
            super().end(error)


class _Stalled(_BrokenOff):
    errors = ("timeout",)


class _Lost(_BrokenOff):
    errors = ("reset", "closed", "malformed")


@CLIENT("stalled-download-as-complete", "agent")
class _StalledComplete(UpdateAgent):
    retrieval_kind = _Stalled


@CLIENT("lost-download-as-complete", "agent")
class _LostComplete(UpdateAgent):
    retrieval_kind = _Lost


@CLIENT("unreachable-waited-for", "agent")
class _Unreachable(UpdateAgent):
    """Waits for ever for a content server that it cannot reach."""

    def download_failed(self, code: int) -> None:
        if code == ResultCode.SERVER_UNAVAILABLE:
            self.retrieval = None
        else:
            super().download_failed(code)


class _Resumed(Retrieval):
    """Remembers that a transfer broke."""

    broke = False

    def end(self, error: str = "") -> None:
        self.broke = self.broke or bool(error)
        super().end(error)


@CLIENT("error-of-first-try-reported", "agent")
class _FirstError(UpdateAgent):
    """Does not forget an error that it got over."""

    retrieval_kind = _Resumed
    broke = False

    def follow(self, at: float) -> None:
        self.broke = isinstance(self.retrieval, _Resumed) and self.retrieval.broke
        super().follow(at)

    def success(self) -> int:
        return ResultCode.NETWORK if self.broke else super().success()


@CLIENT("refused-download-as-success", "agent")
class _RefusedDownload(UpdateAgent):
    def download_failed(self, code: int) -> None:
        super().download_failed(ResultCode.SUCCESS if code == ResultCode.USER_CANCELLED else code)


@CLIENT("refused-installation-as-success", "agent")
class _RefusedInstallation(UpdateAgent):
    def install_failed(self, code: int) -> None:
        super().install_failed(ResultCode.SUCCESS if code == ResultCode.USER_CANCELLED else code)


@CLIENT("refusal-of-download-ignored", "agent")
class _DownloadsAllTheSame(UpdateAgent):
    def download(self, at: float) -> None:
        self.prompt.queued.pop("download", None)
        super().download(at)


@CLIENT("refusal-of-installation-ignored", "agent")
class _InstallsAllTheSame(UpdateAgent):
    def install(self, at: float) -> None:
        self.prompt.queued.pop("update", None)
        super().install(at)


@CLIENT("refusal-not-reported", "agent")
class _RefusalSilent(UpdateAgent):
    def report(self, code: int) -> None:
        if code == ResultCode.USER_CANCELLED:
            self.job, self.state = None, State.IDLE
        else:
            super().report(code)


@CLIENT("failed-installation-as-success", "agent")
class _FailedInstallation(UpdateAgent):
    """Does not look whether its installer succeeded."""

    def install_failed(self, code: int) -> None:
        if code != ResultCode.UPDATE_FAILED:
            super().install_failed(code)
            return
        self.state = State.UPDATE_SUCCESSFUL_HAVE_DATA
        self.report(self.success())


@CLIENT("missing-operation-as-done", "object")
class MissingOperation(UpdateObject):
    """Has the nodes of all operations; those that it cannot do are over at once, and well."""

    def paths(self) -> list[str]:
        has = super().paths()
        stubs = (*OPERATIONS, f"{DOWNLOAD}/PkgURL", f"{DOWNLOAD_AND_UPDATE}/PkgURL")
        return [*has, *(path for path in stubs if path not in has)]

    def exec(self, path: str, correlator: str | None, at: float) -> int:
        if path not in OPERATIONS or path in self.profile.operations:
            return super().exec(path, correlator, at)
        self.agent.deliver(Report(ALERT_OF[path], str(int(ResultCode.SUCCESS)), correlator))
        return 202


class _VendorCodes(UpdateAgent):
    """Codes of its own that lie elsewhere."""

    def report(self, code: int) -> None:
        super().report(self.moved(int(code)) if is_vendor(int(code)) else code)

    def moved(self, code: int) -> int:
        raise NotImplementedError


@CLIENT("own-failure-as-success", "agent")
class _VendorClass(_VendorCodes):
    """One range for all that its makers thought of, as one of the field does."""

    def moved(self, code: int) -> int:
        return VENDOR_SUCCESS.start + code % len(VENDOR_SUCCESS)


@CLIENT("own-success-as-failure", "agent")
class _VendorFailure(_VendorCodes):
    def moved(self, code: int) -> int:
        return VENDOR_CLIENT_ERROR.start + code % len(VENDOR_CLIENT_ERROR)


@CLIENT("own-codes-below-ranges", "agent")
class _VendorBelow(_VendorCodes):
    def moved(self, code: int) -> int:
        return code - len(VENDOR_SUCCESS)
