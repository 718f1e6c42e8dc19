"""Rules of downloads by descriptor: fetches and status reports of the client, descriptors of the server (OMA Download 1.0)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any
from urllib.parse import unquote, urlsplit

from conformance.judge.rule import Hit, View, rule
from conformance.judge.rules_operation import no_retry
from conformance.transcript import CONTENT, DEVICE, SERVER, Event
from conformance.transport.exchange import header

CLIENT, PUBLISHER = ("client",), ("server",)
DESCRIPTOR = "application/vnd.oma.dd+xml"
_REPORT = re.compile(r"[ \t]*(9\d\d)(?:[ \t]+[^\r\n\0]*?)?[ \t\r\n\0]*")
"""What a receiver of status reports must make out (wire facts 2.4): the code, blanks, a text, line ends or NUL."""
_CODE = re.compile(r"[ \t\r\n\0]*(\d{3})(?!\d)")
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")


@dataclass(slots=True, eq=False)
class Transfer:
    """One descriptor that was fetched whole, with what the device did about it afterwards."""

    event: Event
    told: dict[str, Any]
    objects: list[Event] = field(default_factory=list)
    """Requests for its object until the next descriptor."""
    reports: list[Event] = field(default_factory=list)
    """Requests at its address for reports until it is fetched again."""


def place(url: object) -> tuple[str, str]:
    """Path and query of an address: the name of a host may be mapped on the way."""
    try:
        parts = urlsplit(str(url or ""))
    except ValueError:
        return str(url), ""
    return unquote(parts.path), parts.query


def _http(view: View) -> list[Event]:
    """Requests of the device at a server of content: the suite's where a client is judged, else the stranger's."""
    other = CONTENT if view.side == "client" else SERVER
    return [e for e in view.transcript.of("http") if e.sender == DEVICE and e.receiver == other]


def _transfers(view: View) -> list[Transfer]:
    found: list[Transfer] = []
    for event in _http(view):
        told = event.data.get("descriptor")
        if isinstance(told, dict) and not event.data.get("error"):
            found.append(Transfer(event, told))
            continue
        here = place(event.data.get("url"))
        for transfer in reversed(found):
            if transfer.told.get("notify") and here == place(transfer.told["notify"]):
                transfer.reports.append(event)
                break
        for transfer in found[-1:]:
            if transfer.told.get("object") and here == place(transfer.told["object"]):
                transfer.objects.append(event)
    return found


def _code(event: Event) -> str:
    match = _CODE.match(str(event.data.get("body") or ""))
    return match[1] if match else ""


def _fine(event: Event) -> bool:
    """Whether a reply came out whole and well."""
    status = event.data.get("status")
    return isinstance(status, int) and 200 <= status < 300 and not event.data.get("error") and not event.data.get("fault")


def _brought(event: Event) -> bool:
    """Whether a reply had octets of the object, however the transfer ended."""
    status = event.data.get("status")
    return isinstance(status, int) and 200 <= status < 300 and bool(event.data.get("sent"))


# -- the device that fetches ---------------------------------------------------------------------------------------------


@rule("DL-004", sides=CLIENT, title="Accept lists the media type of descriptors")
def accept(view: View) -> Iterator[Hit]:
    """Field practice. Judged where a descriptor was there to be had."""
    for transfer in _transfers(view):
        value = header(transfer.event.data.get("headers") or [], "accept")
        good = value is not None and any(kind in value.lower() for kind in (DESCRIPTOR, "*/*", "application/*"))
        yield view.check(good, transfer.event, DESCRIPTOR, value, "Accept of the GET for a descriptor")


@rule("DL-005", sides=CLIENT, title="the object of a bad descriptor is not fetched")
def no_object(view: View) -> Iterator[Hit]:
    """Field practice: a check that failed ends the download. After another Exec the address may be one to fetch."""
    executed = [operation.said.event.n for operation in view.activity.operations]
    for transfer in _transfers(view):
        if transfer.told.get("code") and transfer.told.get("object"):
            begun = transfer.event.n
            came = next((e for e in transfer.objects if not any(begun < n < e.n for n in executed)), None)
            actual = str(came.data.get("url")) if came is not None else None
            what = f"after a descriptor that is wrong: {transfer.told.get('fault')}"
            yield view.check(came is None, came or transfer.event, "no GET of the object", actual, what)


@rule("DL-006", sides=CLIENT, title="a descriptor with an address for reports gets its status report")
def report_sent(view: View) -> Iterator[Hit]:
    """Field practice. Due when the operation was reported to the DM server, at the latest with the end of the case."""
    ends = [r.said.event.n for r in view.activity.reports]
    transfers = _transfers(view)
    for transfer in transfers:
        end = next((n for n in ends if n > transfer.event.n), None)
        if not transfer.told.get("notify") or end is None or view.cut(transfer.event.n):
            continue
        if _host(transfer.told["notify"]) != _host(transfer.event.data.get("url")):
            continue
        same = [t for t in transfers if t.told.get("notify") == transfer.told["notify"]]
        there = any(report.data.get("method") == "POST" for t in same for report in t.reports)
        yield view.check(there, transfer.event, "a status report", None, "the download that was reported as over")


def _host(url: object) -> str:
    try:
        return urlsplit(str(url)).netloc.lower()
    except ValueError:
        return ""


@rule("DL-007", sides=CLIENT, title="without an address for reports there is none")
def no_report(view: View) -> Iterator[Hit]:
    """Field practice. A POST of a code of status reports to another address than any descriptor names is one."""
    transfers = _transfers(view)
    known = {place(t.told["notify"]) for t in transfers if t.told.get("notify")}
    silent = [t for t in transfers if not t.told.get("notify")]
    posts = [
        e for e in _http(view)
        if e.data.get("method") == "POST" and place(e.data.get("url")) not in known and _code(e).startswith("9")
    ]
    for transfer in silent:
        after = next((e for e in posts if e.n > transfer.event.n), None)
        actual = f"POST {after.data.get('url')}" if after is not None else None
        yield view.check(after is None, after or transfer.event, "no status report", actual, "a descriptor without installNotifyURI")


@rule("DL-008", sides=CLIENT, title="a status report is a POST of a code and a text")
def report_form(view: View) -> Iterator[Hit]:
    """OMA Download 1.0 by its implementations; what follows the code is free."""
    for transfer in _transfers(view):
        for report in transfer.reports:
            method, body = str(report.data.get("method")), str(report.data.get("body") or "")
            yield view.check(method == "POST", report, "POST", method, "method of a status report")
            if method == "POST":
                good = bool(_REPORT.fullmatch(body))
                yield view.check(good, report, "9xx, a blank and a text", body, "body of a status report")


@rule("DL-010", sides=CLIENT, title="900 is reported after the object is there")
def success(view: View) -> Iterator[Hit]:
    """Field practice. An object that came in pieces counts by its last piece."""
    for transfer in _transfers(view):
        for report in transfer.reports:
            if _code(report) == "900":
                there = any(event.n < report.n and _brought(event) for event in transfer.objects)
                yield view.check(there, report, "another code, or the object first", "900", "no object came before the report")


@rule("DL-011", "DL-012", sides=CLIENT, title="a bad descriptor is reported with its code")
def bad_descriptor(view: View) -> Iterator[Hit]:
    """Field practice: 951 for an unknown major version, which is never said of 1.x; 906 for what cannot be acted upon."""
    for transfer in _transfers(view):
        wanted = str(transfer.told.get("code") or "")
        for report in transfer.reports[:1]:
            came = _code(report)
            if wanted:
                requirement = "DL-011" if wanted == "951" else "DL-012"
                what = f"status report for a descriptor: {transfer.told.get('fault')}"
                yield view.check(came == wanted, report, wanted, came, what, requirement)
            elif str(transfer.told.get("version") or "1.0").startswith("1"):
                yield view.check(came != "951", report, "another code", came, "status report for DDVersion 1.x")


@rule("DL-025", sides=CLIENT, title="a download has one status report; repetitions say the same")
def one_report(view: View) -> Iterator[Hit]:
    """Field practice. One that was answered 2xx is not repeated."""
    for transfer in _transfers(view):
        posts = [report for report in transfer.reports if report.data.get("method") == "POST"]
        for before, now in pairwise(posts):
            good = _code(now) == _code(before) and not _fine(before)
            expected = f"{_code(before)} again" if not _fine(before) else "no second report"
            yield view.check(good, now, expected, _code(now), "a further status report of one download")
        if len(posts) == 1:
            yield view.ok(posts[0])


@rule("DL-029", sides=CLIENT, title="after the final alert nothing is downloaded")
def nothing_later(view: View) -> Iterator[Hit]:
    """FUMO TS 6.2."""
    for hit in no_retry(view):
        yield replace(hit, requirement="DL-029")


# -- the server that publishes -------------------------------------------------------------------------------------------


@rule("DL-001", sides=PUBLISHER, title="a descriptor has its media type and namespace")
def descriptor_form(view: View) -> Iterator[Hit]:
    """OMA Download 1.0 by its implementations."""
    for transfer in _transfers(view):
        media = (header(transfer.event.data.get("reply_headers") or [], "content-type") or "").partition(";")[0]
        good = media.strip().lower() == DESCRIPTOR
        yield view.check(good, transfer.event, DESCRIPTOR, media or None, "Content-Type of a descriptor")
        there = bool(transfer.told.get("namespace"))
        yield view.check(there, transfer.event, "the namespace of descriptors", None, "root of a descriptor")


@rule("DL-002", sides=PUBLISHER, title="a descriptor can be used, and its size is that of the object")
def descriptor_content(view: View) -> Iterator[Hit]:
    """OMA Download 1.0 by its implementations."""
    for transfer in _transfers(view):
        fault = str(transfer.told.get("fault") or "")
        yield view.check(not fault, transfer.event, "type, size and objectURI", fault, "a descriptor")
        for event in transfer.objects:
            whole = _whole(event)
            if whole is not None and transfer.told.get("size"):
                size = transfer.told["size"]
                yield view.check(whole == size, event, f"{size} octets", f"{whole}", "size of the object of a descriptor")


def _whole(event: Event) -> int | None:
    """Octets of the whole object, as a reply tells; ``None`` where it does not."""
    if event.data.get("method") != "GET" or not _fine(event):
        return None
    if event.data.get("status") == 206:
        match = _RANGE.match(header(event.data.get("reply_headers") or [], "content-range") or "")
        return int(match[3]) if match else None
    length = event.data.get("length")
    return length if isinstance(length, int) and event.data.get("status") == 200 else None


@rule("DL-009", sides=PUBLISHER, title="a status report is answered 2xx")
def report_taken(view: View) -> Iterator[Hit]:
    """OMA Download 1.0 by its implementations."""
    for transfer in _transfers(view):
        for event in transfer.reports:
            if event.data.get("method") == "POST" and not event.data.get("error"):
                status = event.data.get("status")
                good = isinstance(status, int) and 200 <= status < 300
                yield view.check(good, event, "HTTP 2xx", f"HTTP {status}", "the answer to a status report")


@rule("DL-033", sides=PUBLISHER, title="each download has its own address for reports")
def unique_notify(view: View) -> Iterator[Hit]:
    """Suite policy. The same descriptor fetched twice is one download."""
    seen: dict[str, Any] = {}
    for transfer in _transfers(view):
        notify, url = str(transfer.told.get("notify") or ""), transfer.event.data.get("url")
        if notify:
            good = seen.setdefault(notify, url) == url
            yield view.check(good, transfer.event, "an address of its own", notify, "installNotifyURI of another descriptor")


@rule("DL-034", sides=PUBLISHER, title="addresses in a descriptor are escaped")
def escaped(view: View) -> Iterator[Hit]:
    """XML 1.0, RFC 3986."""
    for transfer in _transfers(view):
        formed = not str(transfer.told.get("fault") or "").startswith("not well-formed")
        good = bool(transfer.told.get("escaped")) and formed
        yield view.check(good, transfer.event, "characters of URIs, escaped for XML", None, "addresses in a descriptor")


@rule("DL-035", sides=PUBLISHER, title="the object comes with its length and by ranges")
def ranges(view: View) -> Iterator[Hit]:
    """Suite policy."""
    for transfer in _transfers(view):
        for event in transfer.objects:
            status, headers = event.data.get("status"), event.data.get("reply_headers") or []
            if event.data.get("method") != "GET" or event.data.get("error") or status not in (200, 206):
                continue
            length = header(headers, "content-length")
            yield view.check(length is not None, event, "a Content-Length", length, "GET of the object")
            if header(event.data.get("headers") or [], "range") is not None:
                yield view.check(status == 206, event, "HTTP 206", f"HTTP {status}", "GET of the object with Range")
