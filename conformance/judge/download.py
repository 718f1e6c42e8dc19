"""What steps look up about downloads and their status reports (OMA Download 1.0). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.judge.observed import media_of
from conformance.transcript import Event, Transcript
from conformance.transport.exchange import header

_REPORT = re.compile(r"[ \t\r\n\0]*(\d{3})(?!\d)")
_FORM = re.compile(r"[ \t]*9\d\d[ \t]+[^\r\n\0]*?[ \t\r\n\0]*")
"""Code, blanks, text; what implementations put behind it is as good as nothing."""
_LATER = re.compile(r"\s*bytes\s*=\s*0*[1-9]", re.IGNORECASE)
_ACCEPTS = ("application/vnd.oma.dd+xml", "application/*", "*/*")
_BEGIN = re.compile(r"\s*bytes\s+(\d{1,18})-", re.IGNORECASE)
_SPAN = re.compile(r"-(\d{1,18})/(\d{1,18})\s*$")


@dataclass(frozen=True, slots=True)
class Notice:
    """One status report: its event, its code ("" for none), and whether it was acknowledged."""

    event: Event
    code: str

    @property
    def good(self) -> bool:
        """Whether it tells a success."""
        return self.code == "900"


def notices(transcript: Transcript, address: str, before: int) -> list[Notice]:
    """The requests to an address for status reports that came before an event, whatever their method."""
    found = []
    for event in transcript.of("http"):
        if event.n < before and event.data.get("url") == address and event.data.get("method") not in ("HEAD", "OPTIONS"):
            match = _REPORT.match(str(event.data.get("body") or ""))
            found.append(Notice(event, match[1] if match else ""))
    return found


def facts(transcript: Transcript, address: str, objects: str, before: int) -> Mapping[str, Any]:
    """What may be expected of the reports at an address: values by the keys of the step ``reported``.

    ``count``: how many different outcomes were told, a repetition after an answer that was no 2xx not counted.
    ``after``: whether a success was told only when the object at ``objects`` had been fetched completely.
    """
    told = notices(transcript, address, before)
    good = next((notice for notice in told if notice.good), None)
    last = told[-1] if told else None
    return {
        "count": len(_finals(told)),
        "codes": len({notice.code for notice in told}) if told else None,
        "code": last.code or None if last else None,
        "tries": len(told),
        "first": told[0].code or None if told else None,
        "method": str(last.event.data.get("method")) if last else None,
        "form": _FORM.fullmatch(str(last.event.data.get("body") or "")) is not None if last else None,
        "after": any(e.n < good.event.n for e in _complete(transcript, objects)) if good else None,
    }


def fetched(transcript: Transcript, address: str, before: int) -> tuple[Mapping[str, Any], int | None]:
    """What may be expected of an address of the content server: values by the keys of the step ``fetched``.

    Without an address any counts. ``resumed``: whether a request
    after the first one asked for a later part. With the number of the last event.
    """
    events = [e for e in transcript.of("http") if e.n < before and (not address or e.data.get("url") == address)]
    gets = [e for e in events if e.data.get("method") == "GET"]
    whole = [e for e in gets if e.data.get("length") and e.data.get("sent") == e.data.get("length")]
    accept = _header(gets[0], "headers", "accept") if gets else ""
    values = {
        "count": len(gets),
        "complete": bool(whole),
        "method": gets[0].data["method"] if gets else None,
        "digest": whole[-1].data.get("digest") if whole else None,
        "first": events[0].data["method"] if events else None,
        "status": gets[-1].data.get("status") if gets else None,
        "type": media_of(gets[-1]) if gets else None,
        "resumed": any(_LATER.match(_header(e, "headers", "range")) for e in gets[1:]),
        "descriptors": any(kind in accept.lower() for kind in _ACCEPTS) if gets else None,
    }
    return values, gets[-1].n if gets else None


def _header(event: Event, which: str, name: str) -> str:
    return header([(str(key), str(value)) for key, value in event.data.get(which) or ()], name) or ""


def _finals(told: list[Notice]) -> list[Notice]:
    """The reports without those that repeat one which was not acknowledged."""
    found: list[Notice] = []
    for place, notice in enumerate(told):
        before = told[place - 1] if place else None
        if before is None or before.code != notice.code or 200 <= int(before.event.data.get("status") or 0) < 300:
            found.append(notice)
    return found


def delivered(transcript: Transcript, address: str) -> list[tuple[int, int]]:
    """The parts of an object that went out from an address: first octet, and the one behind the last."""
    spans = []
    for event in transcript.of("http"):
        data = event.data
        if data.get("url") != address or data.get("method") != "GET" or data.get("status") not in (200, 206):
            continue
        begin = _BEGIN.match(_header(event, "reply_headers", "content-range")) if data["status"] == 206 else None
        first = int(begin[1]) if begin else 0
        spans.append((first, first + int(data.get("sent") or 0)))
    return spans


def _complete(transcript: Transcript, address: str) -> Iterator[Event]:
    """Requests with which the last octet of the object was delivered."""
    for event in transcript.of("http"):
        data = event.data
        if data.get("url") != address or data.get("method") != "GET" or not data.get("sent"):
            continue
        span = _SPAN.search(_header(event, "reply_headers", "content-range"))
        to_the_end = data.get("status") == 200 or (span is not None and int(span[1]) + 1 == int(span[2]))
        if to_the_end and data["sent"] == data.get("length"):
            yield event
