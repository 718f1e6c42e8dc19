"""Tolerated variants of the reference device: other reports, downloads and abilities that are as right.

``testcases/variants/client.yaml`` says of each in one sentence what it is, and what leaves the freedom.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from conformance.dm.executor import Executor
from conformance.download.fetch import Fetch
from conformance.fumo.agent import Report, UpdateAgent
from conformance.fumo.object import DOWNLOAD_AND_UPDATE, UPDATE, is_success
from conformance.fumo.retrieval import Retrieval
from conformance.peers.deviation import CLIENT_VARIANTS as VARIANT
from conformance.peers.outbox import Outbox
from conformance.syncml.model import Alert
from conformance.transport.exchange import Headers, Request

# -- reports -------------------------------------------------------------------------------------------------------------


class _Alerting(UpdateAgent):
    """Reports of another form."""

    def alert(self, report: Report) -> Alert:
        alert = super().alert(report)
        self.reshape(alert, report)
        return alert

    def reshape(self, alert: Alert, report: Report) -> None:
        """Changes the alert."""


@VARIANT("source-is-operation", "agent")
class _SourceNode(_Alerting):
    def reshape(self, alert: Alert, report: Report) -> None:
        operation = next(each for each in (DOWNLOAD_AND_UPDATE, "Download", UPDATE) if report.type.endswith(each.lower()))
        alert.items[0].source = f"{self.root()}/{operation}"


@VARIANT("type-with-prefix", "agent")
class _Prefix(_Alerting):
    def reshape(self, alert: Alert, report: Report) -> None:
        assert alert.items[0].meta is not None
        alert.items[0].meta.type = f"Reversed-Domain-Name: {report.type}"


@VARIANT("type-with-white-space", "agent")
class _WhiteType(_Alerting):
    def reshape(self, alert: Alert, report: Report) -> None:
        assert alert.items[0].meta is not None
        alert.items[0].meta.type = f" {report.type}\n"


@VARIANT("no-mark", "agent")
class _NoMark(_Alerting):
    def reshape(self, alert: Alert, report: Report) -> None:
        assert alert.items[0].meta is not None
        alert.items[0].meta.mark = None


@VARIANT("always-marked", "agent")
class _Marked(_Alerting):
    """Success is informational, failure fatal."""

    def reshape(self, alert: Alert, report: Report) -> None:
        assert alert.items[0].meta is not None
        alert.items[0].meta.mark = "informational" if is_success(int(report.code)) else "fatal"


@VARIANT("report-format-chr", "agent")
class _FormatChr(_Alerting):
    def reshape(self, alert: Alert, report: Report) -> None:
        assert alert.items[0].meta is not None
        alert.items[0].meta.format = "chr"


@VARIANT("result-with-white-space", "agent")
class _WhiteResult(_Alerting):
    def reshape(self, alert: Alert, report: Report) -> None:
        alert.items[0].data = f" {report.code}\n"


@VARIANT("source-without-dot", "agent")
class _SourceWithoutDot(_Alerting):
    """./A and A are the same address (DM TND 5)."""

    def reshape(self, alert: Alert, report: Report) -> None:
        alert.items[0].source = self.root().removeprefix("./")


@VARIANT("own-success-codes", "agent")
class _OwnSuccess(UpdateAgent):
    def success(self) -> int:
        code = super().success()
        return 250 if code == 200 else code


_GENERAL = {411: 412, 407: 412, 503: 412, 406: 412}


@VARIANT("one-code-for-downloads", "agent")
class _OneCode(UpdateAgent):
    """Says of most downloads that failed that the server could not be reached (AMB-cause-to-code)."""

    def result_of(self, outcome: Any) -> int:
        code = int(super().result_of(outcome))
        return _GENERAL.get(code, code)


@VARIANT("404-is-server-error", "agent")
class _NotFound(UpdateAgent):
    def result_of(self, outcome: Any) -> int:
        return 500 if outcome.http_status in (404, 410) else int(super().result_of(outcome))


@VARIANT("reports-later", "outbox")
class _Later(Outbox):
    """Reports in a session of its own, never in one that is under way (AMB-same-session-alert)."""

    def alerts(self) -> Sequence[Alert]:
        return [] if self.holding else super().alerts()


@VARIANT("extra-sessions", "outbox")
class _ExtraSessions(Outbox):
    """Opens a session with nothing to report after each report that was taken."""

    extra = 0

    def take(self, delivery: Any) -> None:
        super().take(delivery)
        if delivery.alert.items and str(delivery.alert.items[0].data).strip().isdigit():
            self.extra += 1

    def session_ended(self, tried: bool, at: float) -> None:
        super().session_ended(tried, at)
        if self.extra and not self.letters:
            self.retry_at = at + 1.0

    @property
    def wants_session(self) -> bool:
        return bool(self.letters or self.extra)

    def alerts(self) -> Sequence[Alert]:
        found = super().alerts()
        if not found and self.extra and not self.holding:
            self.extra -= 1
        return found


# -- downloads -------------------------------------------------------------------------------------------------------------


class _HeadFirst(Retrieval):
    """Asks for the headers of a package before it fetches it."""

    asked = False

    def next_request(self) -> Request | None:
        request = super().next_request()
        if request is None or self.asked:
            return request
        self._fetch.requests -= 1
        return dataclasses.replace(request, method="HEAD")

    def begin(self, status: int, headers: Headers) -> bool:
        return False if not self.asked else super().begin(status, headers)

    def data(self, chunk: bytes) -> bool:
        return False if not self.asked else super().data(chunk)

    def end(self, error: str = "") -> None:
        if self.asked:
            super().end(error)
        self.asked = True


@VARIANT("head-first", "agent")
class _AsksHead(UpdateAgent):
    retrieval_kind = _HeadFirst


class _Restarting(Retrieval):
    """Takes nothing up where it broke off: fetches all of it again."""

    def _begin(self, url: str) -> Fetch:
        fetch = super()._begin(url)
        fetch._whole = True
        return fetch

    def next_request(self) -> Request | None:
        self._fetch._whole = True
        return super().next_request()


@VARIANT("downloads-anew", "agent")
class _Anew(UpdateAgent):
    retrieval_kind = _Restarting


@VARIANT("never-tries-again", "agent")
class _Once(UpdateAgent):
    """A download that broke off has failed."""

    def retrieve(self, url: str) -> Retrieval:
        return self.retrieval_kind(url, self.firmware.storage, 0, self.firmware.types)


class _Twice(Retrieval):
    """Fetches a descriptor a second time before it uses it."""

    second = False

    def _read_descriptor(self) -> None:
        if not self.second:
            self.second = True
            self._fetch = self._begin(self._fetch.url)
            return
        super()._read_descriptor()


@VARIANT("descriptor-fetched-twice", "agent")
class _DescriptorTwice(UpdateAgent):
    retrieval_kind = _Twice


class _Ranges(Retrieval):
    """Asks for a package by its range from the first octet on."""

    def next_request(self) -> Request | None:
        request = super().next_request()
        if request is None or any(name == "Range" for name, _ in request.headers):
            return request
        headers = [*request.headers, ("Range", "bytes=0-"), ("User-Agent", "device/1"), ("Connection", "close")]
        return dataclasses.replace(request, headers=headers)


@VARIANT("downloads-by-range", "agent")
class _ByRange(UpdateAgent):
    retrieval_kind = _Ranges


# -- triggers and the user -------------------------------------------------------------------------------------------------


@VARIANT("no-answer-214", "executor")
class _NoAnswer214(Executor):
    """A question that nobody answers counts as cancelled (AMB-interaction-time-out)."""

    def ask(self, command: Alert) -> int:
        code = super().ask(command)
        if code == 408:
            self._out.statuses[-1].data = "214"
        return 214 if code == 408 else code


@VARIANT("no-stops-the-package", "executor")
class _NoStops(Executor):
    """After a no to a question nothing of the package is carried out (AMB-no-outside-containers)."""

    def ask(self, command: Alert) -> int:
        code = super().ask(command)
        if code == 304 and command.data == "1101":
            self._stopped = True
        return code


# -- abilities -------------------------------------------------------------------------------------------------------------


def _abilities() -> None:
    """What a device lacks follows from the claims of its statement: nothing in it is different."""
    for identity in ("no-display", "no-large-objects", "no-triggers", "no-package-by-dm", "fixed-objects",
                     "combined-operation-only", "two-steps-only"):  # fmt: skip
        VARIANT(identity, "outbox")(type("_Lacking", (Outbox,), {}))


_abilities()
