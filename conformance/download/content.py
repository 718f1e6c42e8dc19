"""The content server: packages, descriptors and the addresses for status reports, each with faults on request.

No sockets here: :meth:`ContentServer.handle` turns a Request into a Reply, for the HTTP server and for peers in the
suite's own process alike.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from conformance.download import descriptor
from conformance.download.authentication import Guard, masked
from conformance.download.source import BytesSource, FileSource, PatternSource, SliceSource, digest_of
from conformance.download.summary import SUMMARIZED, summary
from conformance.transport.exchange import Fault, Headers, Reply, Request, Source, header

__all__ = [
    "BytesSource",
    "ContentFault",
    "ContentServer",
    "FileSource",
    "Guard",
    "PatternSource",
    "Received",
    "SliceSource",
]

_TEXT = 4096
_MAX_REPORTS = 10000
_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)

_BREAKS = {"cut": "cut", "reset": "reset", "stall": "stall", "surplus": "surplus", "drip": "drip"}
_NO_REPLY = {"garbage": "garbage", "silent": "silent", "close": "close", "refuse": "close"}
_ANSWERS = ("status", "redirect", "loop", "length", "type", "no-range")
KINDS = (*_ANSWERS, *_BREAKS, *_NO_REPLY)
"""Kinds of faults, see :class:`ContentFault`."""


@dataclass(frozen=True, slots=True)
class ContentFault:
    """How the content server misbehaves at one path.

    ``status`` answers ``status`` instead (401 with a challenge); ``redirect`` sends to ``url`` with ``status`` (302);
    ``loop`` redirects to the path itself for ever; ``cut``, ``reset`` and ``stall`` break the transfer off after
    ``after`` octets of the reply's body or that ``fraction`` of it; ``surplus`` sends more than announced; ``length``
    announces ``length`` octets more (or fewer, negative) than are sent; ``type`` says ``media_type`` ("" for none);
    ``no-range`` ignores Range; ``drip`` is slow, ``seconds`` between tenths; ``garbage`` is no HTTP, ``silent`` never
    answers, ``close`` and ``refuse`` close without an answer (a port that refuses connections is for the caller to
    find: this server listens). ``headers`` are added to the reply. Raises ``ValueError`` for another kind.
    """

    kind: str
    status: int = 0
    url: str = ""
    after: int = 0
    fraction: float | None = None
    seconds: float = 0.0
    media_type: str = ""
    length: int = 0
    headers: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no fault of the content server; there are {', '.join(KINDS)}")
        if self.kind == "status" and not 200 <= self.status <= 599:
            raise ValueError(f"{self.status} is no status to answer with")

    def position(self, size: int) -> int:
        """After how many octets of a body of that size the transfer breaks."""
        return int(size * self.fraction) if self.fraction is not None else self.after


@dataclass(frozen=True, slots=True)
class Received:
    """A status report that reached an address of :meth:`ContentServer.expect_report`.

    ``body`` holds up to 4 KiB, ``report`` is ``None`` where it begins with no code, ``status`` is what was answered (0:
    nothing).
    """

    path: str
    body: bytes
    media_type: str | None
    report: descriptor.Report | None
    status: int


@dataclass(slots=True)
class _Place:
    """What stands at one path."""

    url: str
    source: Source | None = None
    media_type: str = ""
    number: int = 0
    report_status: int = 200
    guard: Guard | None = None
    faults: list[tuple[ContentFault, int | None]] = field(default_factory=list)
    hits: int = 0
    digest: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def etag(self) -> str:
        """Says which content it is: how many there were before, and its size."""
        return f'"{self.number:x}-{self.source.size:x}"' if self.source is not None else ""

    def sha256(self) -> str:
        """Digest of the whole content, computed once."""
        with self.lock:
            if self.digest is None:
                self.digest = "" if self.source is None else digest_of(self.source)
            return self.digest


class ContentServer:
    """Content by path. Safe for the threads of a server.

    ``root_url`` is the address of the root as the implementation sees it. ``observe`` is called with a dictionary once
    a reply is done; its keys are those of an ``http`` event of the transcript. Credentials are masked in it.
    """

    def __init__(self, root_url: str, observe: Callable[[dict[str, Any]], None]) -> None:
        self.root_url = urljoin(root_url if root_url.endswith("/") else root_url + "/", "./")
        self._root_path = unquote(urlsplit(self.root_url).path)
        self._observe = observe
        self._lock = threading.Lock()
        self._places: dict[str, _Place] = {}
        self._reports: list[Received] = []
        self._published = 0

    def url(self, path: str) -> str:
        """The address of a path."""
        return self.root_url + quote(path.lstrip("/"))

    def publish(self, path: str, source: Source | bytes, media_type: str) -> str:
        """Puts content at a path, in place of what was there (faults included), and gives its address."""
        content = BytesSource(source) if isinstance(source, bytes) else source
        url = self.url(path)
        with self._lock:
            self._published += 1
            self._places[_key(path)] = _Place(url, content, media_type, self._published)
        return url

    def expect_report(self, path: str, status: int = 200) -> str:
        """Takes status reports by POST at a path, answers them with that status, and gives the address."""
        with self._lock:
            self._places[_key(path)] = _Place(self.url(path), report_status=status)
        return self.url(path)

    def fault(self, path: str, fault: ContentFault, count: int | None = None) -> None:
        """Lets the next ``count`` requests for a path go wrong (``None``: all that follow).

        Faults queue up: the first is used until its count is reached, then the next. A HEAD sees the answer that a
        fault gives but uses nothing up. Raises ``KeyError`` where nothing is published at the path.
        """
        with self._lock:
            self._places[_key(path)].faults.append((fault, count))

    def require(self, path: str, guard: Guard) -> None:
        """Demands credentials for a path. Raises ``KeyError`` where nothing is published there."""
        with self._lock:
            self._places[_key(path)].guard = guard

    def mend(self, path: str) -> None:
        """Takes all faults of a path away."""
        with self._lock:
            self._places[_key(path)].faults.clear()

    def clear(self) -> None:
        """Forgets everything: content, faults and reports."""
        with self._lock:
            self._places.clear()
            self._reports.clear()

    def knows(self, path: str) -> bool:
        """Whether something stands at a path."""
        with self._lock:
            return _key(path) in self._places

    def hits(self, path: str) -> int:
        """How many GETs and POSTs a path has seen."""
        with self._lock:
            place = self._places.get(_key(path))
            return place.hits if place else 0

    def reports(self, path: str | None = None) -> list[Received]:
        """Status reports in the order in which they came, of one path or of all."""
        with self._lock:
            return [report for report in self._reports if path is None or report.path == _key(path)]

    def handle(self, request: Request) -> Reply:
        """Answers one request. ``observe`` hears of it when the reply is done."""
        key = self._path_of(request)
        with self._lock:
            place = self._places.get(key)
            fault = _next_fault(place, request.method) if place else None
        if place is None:
            reply = Reply(404, [("Content-Type", "text/plain")], b"nothing here\n")
        elif place.source is None:
            reply = self._take_report(key, place, request, fault)
        else:
            reply = _serve(place, place.source, request, fault)
        if header(reply.headers, "content-length") is None and reply.status != 204:
            reply.headers.append(("Content-Length", str(_size(reply))))
        reply.done = self._done(request, place, reply, fault)
        return reply

    def _take_report(self, key: str, place: _Place, request: Request, fault: ContentFault | None) -> Reply:
        if request.method != "POST":
            return Reply(405, [("Allow", "POST")])
        reply = Reply(place.report_status)
        if place.guard is not None and not place.guard.admits(request):
            reply = Reply(401, [place.guard.challenge()])
        elif fault is not None:
            reply = _spoilt(place, reply, fault)
        answered = 0 if fault is not None and fault.kind in _NO_REPLY else reply.status
        body = request.body[:_TEXT]
        media_type = header(request.headers, "content-type")
        received = Received(key, body, media_type, descriptor.parse_report(body), answered)
        with self._lock:
            if len(self._reports) < _MAX_REPORTS:
                self._reports.append(received)
        return reply

    def _done(
        self, request: Request, place: _Place | None, reply: Reply, fault: ContentFault | None
    ) -> Callable[[int, str], None]:
        length = 0 if request.method == "HEAD" else _size(reply)
        silent = reply.fault is not None and reply.fault.kind in _NO_REPLY.values()
        found = _descriptor(request, place, reply)

        def done(sent: int, error: str) -> None:
            self._observe(
                {
                    **found,
                    "method": request.method,
                    "url": request.url,
                    "headers": [list(pair) for pair in masked(request.headers)],
                    "status": 0 if silent else reply.status,
                    "reply_headers": [] if silent else [list(pair) for pair in reply.headers],
                    "sent": sent,
                    "length": length,
                    "fault": fault.kind if fault else "",
                    "error": error,
                    "digest": place.sha256() if place else "",
                    "body": request.body[:_TEXT].decode("utf-8", "backslashreplace")[:_TEXT],
                }
            )

        return done

    def _path_of(self, request: Request) -> str:
        try:
            path = unquote(urlsplit(request.url).path)
        except ValueError:
            return ""
        if path.startswith(self._root_path):
            path = path[len(self._root_path) :]
        return _key(path)


def _key(path: str) -> str:
    return path.lstrip("/")


def _size(reply: Reply) -> int:
    return len(reply.body) if isinstance(reply.body, bytes) else reply.body.size


def _next_fault(place: _Place, method: str) -> ContentFault | None:
    """The fault in force for this request; counts it."""
    counts = method in ("GET", "POST")
    place.hits += counts
    if not place.faults:
        return None
    fault, left = place.faults[0]
    if counts and left is not None:
        place.faults[0] = (fault, left - 1)
        if left <= 1:
            del place.faults[0]
    return fault


def _serve(place: _Place, source: Source, request: Request, fault: ContentFault | None) -> Reply:
    if request.method not in ("GET", "HEAD"):
        return Reply(405, [("Allow", "GET, HEAD")])
    if place.guard is not None and not place.guard.admits(request):
        return Reply(401, [place.guard.challenge()])
    headers = [("Content-Type", place.media_type), ("ETag", place.etag), ("Accept-Ranges", "bytes")]
    reply = Reply(200, headers, source)
    wanted = header(request.headers, "range")
    if fault is not None and fault.kind == "no-range":
        reply.headers = headers[:2]
    elif wanted is not None and request.method == "GET" and _fresh(place, request):
        reply = _part(source, headers, wanted)
    return reply if fault is None else _spoilt(place, reply, fault, head=request.method == "HEAD")


def _descriptor(request: Request, place: _Place | None, reply: Reply) -> dict[str, Any]:
    """What a descriptor that is being fetched says, for the transcript; {} where none is."""
    source = place.source if place is not None else None
    if place is None or source is None or request.method != "GET" or reply.status != 200:
        return {}
    if descriptor.bare(place.media_type) != descriptor.DESCRIPTOR_TYPE or source.size > SUMMARIZED:
        return {}
    return {"descriptor": summary(source.read(0, source.size), place.url)}


def _fresh(place: _Place, request: Request) -> bool:
    """If-Range: only the very entity tag counts, there are no dates here (RFC 9110 13.1.5)."""
    condition = header(request.headers, "if-range")
    return condition is None or condition.strip() == place.etag


def _part(source: Source, headers: Headers, wanted: str) -> Reply:
    """206 or 416 for a single range; anything else is as if there were no Range (RFC 9110 14.2)."""
    match = _RANGE.fullmatch(wanted)
    if match is None or not (match[1] or match[2]):
        return Reply(200, headers, source)
    if match[1]:
        first = int(match[1])
        last = min(int(match[2]), source.size - 1) if match[2] else source.size - 1
        if match[2] and int(match[2]) < first:
            return Reply(200, headers, source)
    else:
        first, last = max(0, source.size - int(match[2])), source.size - 1
    if first > last:
        return Reply(416, [("Content-Range", f"bytes */{source.size}")])
    part = SliceSource(source, first, last - first + 1)
    return Reply(206, [*headers, ("Content-Range", f"bytes {first}-{last}/{source.size}")], part)


def _spoilt(place: _Place, reply: Reply, fault: ContentFault, *, head: bool = False) -> Reply:
    """The reply with the fault worked in."""
    added = list(fault.headers)
    if fault.kind == "status":
        if fault.status == 401 and header(added, "www-authenticate") is None:
            added.append(("WWW-Authenticate", 'Basic realm="content"'))
        return Reply(fault.status, added)
    if fault.kind in ("redirect", "loop"):
        location = fault.url if fault.kind == "redirect" else place.url
        return Reply(fault.status or 302, [("Location", location), *added] if location else added)
    reply.headers = [*reply.headers, *added]
    if fault.kind == "type":
        reply.headers = [pair for pair in reply.headers if pair[0].lower() != "content-type"]
        if fault.media_type:
            reply.headers.append(("Content-Type", fault.media_type))
    elif fault.kind == "length":
        reply.headers.append(("Content-Length", str(max(0, _size(reply) + fault.length))))
    elif fault.kind in _NO_REPLY:
        reply.fault = Fault(_NO_REPLY[fault.kind])
    elif fault.kind in _BREAKS and not head:
        reply.fault = Fault(_BREAKS[fault.kind], fault.position(_size(reply)), fault.seconds)
    return reply
