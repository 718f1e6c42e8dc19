"""What sloppy implementers of devices do with download descriptors, their objects and their status reports.

``testcases/deviations/client.yaml`` says of each in one sentence what it is, and which requirements it breaks.
"""

from __future__ import annotations

import dataclasses
import re

from conformance.download import descriptor as dd
from conformance.download.fetch import Fetch, Outcome
from conformance.fumo.agent import Report, UpdateAgent
from conformance.fumo.notice import Notices
from conformance.fumo.retrieval import Retrieval
from conformance.peers.deviation import CLIENT
from conformance.transport.exchange import Headers, Request

# -- reports -------------------------------------------------------------------------------------------------------------


class _Silent(Retrieval):
    def reports(self, good: bool) -> list[Request]:
        return []


class _GoodOnly(Retrieval):
    def reports(self, good: bool) -> list[Request]:
        return super().reports(good) if good else []


class _Twice(Retrieval):
    def reports(self, good: bool) -> list[Request]:
        return super().reports(good) * 2


class _ByGet(Retrieval):
    def reports(self, good: bool) -> list[Request]:
        return [dataclasses.replace(request, method="PUT") for request in super().reports(good)]


class _CodeOnly(Retrieval):
    def reports(self, good: bool) -> list[Request]:
        return [dataclasses.replace(request, body=request.body[:3]) for request in super().reports(good)]


class _AlwaysLoader(Retrieval):
    def reports(self, good: bool) -> list[Request]:
        body = dd.format_report(dd.LOADER_ERROR)
        return [request if good else dataclasses.replace(request, body=body) for request in super().reports(good)]


class _ToTheDescriptor(Retrieval):
    """Where no address is named it guesses one."""

    def reports(self, good: bool) -> list[Request]:
        if self._notify is None and self._base:
            self._notify = self._base.rpartition("/")[0] + "/report"
        return super().reports(good)


class _SuccessAlways(Retrieval):
    def reports(self, good: bool) -> list[Request]:
        return super().reports(True)


def _retrieval(identity: str, kind: type[Retrieval]) -> None:
    """Registers an agent that fetches in another way."""
    CLIENT(identity, "agent")(type(f"_{kind.__name__}Agent", (UpdateAgent,), {"retrieval_kind": kind}))


_retrieval("no-status-report", _Silent)
_retrieval("status-report-of-success-only", _GoodOnly)
_retrieval("status-report-twice", _Twice)
_retrieval("status-report-by-put", _ByGet)
_retrieval("status-report-code-only", _CodeOnly)
_retrieval("status-report-954-for-all", _AlwaysLoader)
_retrieval("status-report-unasked", _ToTheDescriptor)
_retrieval("status-report-900-always", _SuccessAlways)


class _Once(Notices):
    def fails(self, status: int, error: str) -> bool:
        return False


@CLIENT("status-report-never-repeated", "agent")
class _NeverRepeated(UpdateAgent):
    notices_kind = _Once


@CLIENT("no-alert-after-refused-report", "agent")
class _NoAlert(UpdateAgent):
    """Holds the Generic Alert back until the status report is acknowledged."""

    def deliver(self, report: Report) -> None:
        if not len(self.notices):
            super().deliver(report)


class _Early(Retrieval):
    """Says 900 as soon as the descriptor is read."""

    early: list[Request] | None = None
    _telling = False

    def check(self, found: dd.Descriptor) -> int:
        self.early = super().reports(True)
        return super().check(found)

    def next_request(self) -> Request | None:
        if self.early and self.outcome is None:
            self._telling = True
            return self.early.pop()
        return super().next_request()

    def begin(self, status: int, headers: Headers) -> bool:
        return not self._telling and super().begin(status, headers)

    def end(self, error: str = "") -> None:
        if self._telling:
            self._telling = False
        else:
            super().end(error)

    def reports(self, good: bool) -> list[Request]:
        return [] if good else super().reports(good)


_retrieval("status-report-before-the-object", _Early)


# -- descriptors ---------------------------------------------------------------------------------------------------------


class _Unchecked(Retrieval):
    """Fetches whatever the descriptor names, and looks at the rest afterwards."""

    def check(self, found: dd.Descriptor) -> int:
        self._late = super().check(found)
        return 0

    def _match(self, outcome: Outcome) -> None:
        super()._match(outcome)
        if self._late:
            self._code, self.outcome = self._late, Outcome("failed", "descriptor")


class _Edited(Retrieval):
    """Reads another descriptor than the one that came."""

    def _read_descriptor(self) -> None:
        octets = self.edited(self._store.read(0, self._store.size))
        self._store.reset(0)
        self._store.write(octets)
        super()._read_descriptor()

    def edited(self, octets: bytes) -> bytes:
        return octets


class _AnyVersion(_Edited):
    def edited(self, octets: bytes) -> bytes:
        return re.sub(rb"<DDVersion>[^<]*</DDVersion>", b"", octets)


class _OnlyVersion10(_Edited):
    def edited(self, octets: bytes) -> bytes:
        return re.sub(rb"<DDVersion>1\.[1-9]</DDVersion>", b"<DDVersion>2.0</DDVersion>", octets)


class _KnownOnly(_Edited):
    def edited(self, octets: bytes) -> bytes:
        strange = re.search(rb"<(garbage|crc|vendor|infoURL)>", octets)
        return octets.replace(b"objectURI", b"lost") if strange else octets


class _SizeOptional(_Edited):
    def edited(self, octets: bytes) -> bytes:
        self.whole = b"<size>" not in octets
        return octets.replace(b"</type>", b"</type><size>1</size>") if self.whole else octets

    def _match(self, outcome: Outcome) -> None:
        super()._match(outcome)
        if self.whole:
            self.outcome = outcome


class _Utf8Only(_Edited):
    def edited(self, octets: bytes) -> bytes:
        return octets if octets[:1] == b"<" else b""


class _ShortParam(_Edited):
    def edited(self, octets: bytes) -> bytes:
        found = re.search(rb"<installParam>([^<]*)<", octets)
        return b"" if found and len(found[1]) > 1000 else octets


class _FirstType(Retrieval):
    def check(self, found: dd.Descriptor) -> int:
        return super().check(dataclasses.replace(found, types=found.types[:1]))


class _NoBase(Retrieval):
    """Takes addresses as they stand."""

    def _begin(self, url: str) -> Fetch:
        descriptor = getattr(self, "_descriptor", None)
        return super()._begin(url if descriptor is None else descriptor.object_uri)


class _SizeUnchecked(Retrieval):
    def _match(self, outcome: Outcome) -> None:
        self.outcome = outcome


class _TypesUnread(Retrieval):
    """Takes a descriptor for a package."""

    def begin(self, status: int, headers: Headers) -> bool:
        plain = [(n, "application/octet-stream" if n.lower() == "content-type" else v) for n, v in headers]
        return super().begin(status, plain)


_retrieval("descriptor-taken-for-package", _TypesUnread)
_retrieval("object-before-the-check", _Unchecked)
_retrieval("descriptor-version-unread", _AnyVersion)
_retrieval("descriptor-version-1-0-only", _OnlyVersion10)
_retrieval("descriptor-known-elements-only", _KnownOnly)
_retrieval("descriptor-size-optional", _SizeOptional)
_retrieval("descriptor-utf-8-only", _Utf8Only)
_retrieval("descriptor-param-short", _ShortParam)
_retrieval("descriptor-first-type-only", _FirstType)
_retrieval("descriptor-relative-address", _NoBase)
_retrieval("descriptor-size-unchecked", _SizeUnchecked)


# -- transfers -----------------------------------------------------------------------------------------------------------


class _FromTheStart(Fetch):
    """Begins anew after a break."""

    def next_request(self) -> Request | None:
        self.received = 0
        self.spool.reset(0)
        return super().next_request()


class _Behind(Fetch):
    """Writes whatever comes after a break behind what is there."""

    def begin(self, status: int, headers: Headers) -> bool:
        if status == 200 and self._offset:
            self._status, self._counts, self.total, self._expected = status, True, None, None
            return True
        return super().begin(status, headers)


class _NoAccept(Fetch):
    def next_request(self) -> Request | None:
        request = super().next_request()
        if request is not None:
            request.headers = [("Accept", "application/octet-stream")]
        return request


def _fetching(identity: str, kind: type[Fetch]) -> None:
    """Registers an agent whose transfers go another way."""

    def begin(self: Retrieval, url: str) -> Fetch:
        self._store.reset(0)
        return kind(url, limit=self._limit, resume_tries=self._tries, spool=self._store)

    _retrieval(identity, type(f"_{kind.__name__}Retrieval", (Retrieval,), {"_begin": begin}))


_fetching("no-range-on-resume", _FromTheStart)
_fetching("resumed-without-looking", _Behind)
_fetching("accepts-no-descriptor", _NoAccept)


@CLIENT("broken-transfer-given-up", "agent")
class _GivesUp(UpdateAgent):
    def retrieve(self, url: str) -> Retrieval:
        firmware = self.firmware
        return self.retrieval_kind(url, firmware.storage, 0, firmware.types)

