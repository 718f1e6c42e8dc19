"""Fetching: redirects, resuming, verification and bounds, first without sockets, then over loopback."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.download.content import ContentFault, ContentServer, PatternSource
from conformance.download.descriptor import DESCRIPTOR_TYPE
from conformance.download.fetch import ACCEPT, MAX_REDIRECTS, Fetch, Outcome
from conformance.download.spool import FileSpool, MemorySpool
from conformance.transport.client import HttpClient
from conformance.transport.exchange import Headers, header
from conformance.transport.server import HttpServer

URL = "http://h/p.bin"


def start(limit: int | None = None, tries: int = 3) -> tuple[Fetch, MemorySpool]:
    spool = MemorySpool()
    return Fetch(URL, limit=limit, resume_tries=tries, spool=spool), spool


def step(fetch: Fetch, status: int, headers: Headers, body: bytes = b"", error: str = "") -> Headers:
    """One exchange; gives the headers of the request."""
    request = fetch.next_request()
    assert request is not None
    if status and fetch.begin(status, headers) and body:
        fetch.data(body)
    fetch.end(error)
    return request.headers


def test_plain_fetch() -> None:
    fetch, spool = start()
    sent = step(fetch, 200, [("Content-Length", "4"), ("Content-Type", f"{DESCRIPTOR_TYPE}; charset=x")], b"abcd")
    assert header(sent, "accept") == ACCEPT and DESCRIPTOR_TYPE in ACCEPT
    assert header(sent, "range") is None
    assert fetch.outcome == Outcome("complete", "", 200)
    assert (spool.octets, fetch.received, fetch.total, fetch.is_descriptor) == (b"abcd", 4, 4, True)
    assert fetch.next_request() is None


def test_without_length_the_end_is_the_end() -> None:
    fetch, spool = start()
    step(fetch, 200, [], b"abcd")
    assert fetch.outcome == Outcome("complete", "", 200) and spool.octets == b"abcd" and not fetch.is_descriptor


def test_resume_asks_for_the_rest_of_the_same_object() -> None:
    fetch, spool = start()
    step(fetch, 200, [("Content-Length", "6"), ("ETag", '"1"')], b"abcd", "closed")
    sent = step(fetch, 206, [("Content-Range", "bytes 4-5/6"), ("ETag", '"1"')], b"ef")
    assert (header(sent, "range"), header(sent, "if-range")) == ("bytes=4-", '"1"')
    assert fetch.outcome == Outcome("complete", "", 206) and spool.octets == b"abcdef"


def test_weak_tags_are_no_validators() -> None:
    fetch, _ = start()
    step(fetch, 200, [("Content-Length", "6"), ("ETag", 'W/"1"')], b"abcd", "reset")
    request = fetch.next_request()
    assert request is not None
    assert (header(request.headers, "range"), header(request.headers, "if-range")) == ("bytes=4-", None)


def test_a_whole_answer_restarts() -> None:
    fetch, spool = start()
    step(fetch, 200, [("Content-Length", "6")], b"abcd", "timeout")
    step(fetch, 200, [("Content-Length", "3")], b"xyz")
    assert fetch.outcome == Outcome("complete", "", 200) and spool.octets == b"xyz" and fetch.received == 3


def test_no_range_where_the_server_takes_none() -> None:
    fetch, spool = start()
    step(fetch, 200, [("Content-Length", "6"), ("Accept-Ranges", "none")], b"abcd", "closed")
    assert header(step(fetch, 200, [("Content-Length", "6")], b"abcdef"), "range") is None
    assert spool.octets == b"abcdef"


@pytest.mark.parametrize(
    "headers",
    [
        [("Content-Range", "bytes 3-5/6")],
        [("Content-Range", "bytes 4-5/7")],
        [("Content-Range", "bytes 4-6/6")],
        [("Content-Range", "bytes 4-3/6")],
        [("Content-Range", "bytes */6")],
        [("Content-Range", "nonsense")],
        [("Content-Range", "bytes 4-5/6"), ("ETag", '"2"')],
        [],
    ],
)
def test_parts_that_do_not_fit_are_not_taken(headers: Headers) -> None:
    fetch, spool = start()
    step(fetch, 200, [("Content-Length", "6"), ("ETag", '"1"')], b"abcd", "closed")
    step(fetch, 206, headers, b"EF")
    assert header(step(fetch, 200, [("Content-Length", "6")], b"abcdef"), "range") is None
    assert fetch.outcome == Outcome("complete", "", 200) and spool.octets == b"abcdef"


def test_a_part_unasked_for_counts_from_the_beginning() -> None:
    fetch, spool = start()
    step(fetch, 206, [("Content-Range", "bytes 0-2/6"), ("Content-Type", "a/b")], b"abc")
    assert header(step(fetch, 206, [("Content-Range", "bytes 3-5/6")], b"def"), "range") == "bytes=3-"
    assert (fetch.outcome, spool.octets, fetch.content_type) == (Outcome("complete", "", 206), b"abcdef", "a/b")


def test_part_of_an_object_of_unknown_size_ends_with_416() -> None:
    fetch, spool = start()
    step(fetch, 200, [], b"abc", "closed")
    step(fetch, 206, [("Content-Range", "bytes 3-5/*")], b"def")
    step(fetch, 416, [("Content-Range", "bytes */6")])
    assert fetch.outcome == Outcome("complete", "", 416) and spool.octets == b"abcdef"


def test_a_416_that_contradicts_restarts() -> None:
    fetch, spool = start()
    step(fetch, 200, [("Content-Length", "6")], b"abcd", "closed")
    step(fetch, 416, [("Content-Range", "bytes */3")])
    step(fetch, 200, [("Content-Length", "3")], b"xyz")
    assert fetch.outcome == Outcome("complete", "", 200) and spool.octets == b"xyz"


def test_tries_are_bounded() -> None:
    fetch, _ = start(tries=2)
    for _ in range(3):
        step(fetch, 200, [("Content-Length", "6")], b"ab", "closed")
    assert fetch.outcome == Outcome("failed", "network", 200)
    assert fetch.requests == 3
    fetch, _ = start(tries=2)
    step(fetch, 206, [("Content-Range", "bytes 0-0/9")], b"a")  # one octet at a time is no way to go on
    step(fetch, 206, [("Content-Range", "bytes 1-1/9")], b"b")
    step(fetch, 206, [("Content-Range", "bytes 2-2/9")], b"c")
    assert fetch.outcome == Outcome("failed", "length", 206)


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (401, "auth"),
        (407, "auth"),
        (403, "client-error"),
        (404, "not-found"),
        (410, "not-found"),
        (400, "client-error"),
        (408, "timeout"),
        (416, "client-error"),
        (500, "server-error"),
        (503, "server-error"),
        (204, "client-error"),
    ],
)
def test_statuses(status: int, cause: str) -> None:
    fetch, spool = start()
    step(fetch, status, [("Content-Length", "4")], b"page")
    assert fetch.outcome == Outcome("failed", cause, status) and spool.octets == b""


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("refused", "refused"),
        ("unresolved", "unresolved"),
        ("timeout", "timeout"),
        ("reset", "network"),
        ("closed", "network"),
        ("tls", "network"),
        ("malformed", "network"),
        ("", "network"),
    ],
)
def test_errors_before_anything_came(error: str, cause: str) -> None:
    fetch, _ = start()
    step(fetch, 0, [], b"", error)
    assert fetch.outcome == Outcome("failed", cause, 0)


def test_refusal_after_a_break_is_loss_of_the_network() -> None:
    fetch, _ = start(tries=1)
    step(fetch, 200, [("Content-Length", "6")], b"abcd", "reset")
    step(fetch, 0, [], b"", "refused")
    assert fetch.outcome == Outcome("failed", "network", 0)


def test_limits() -> None:
    fetch, spool = start(limit=5)
    step(fetch, 200, [("Content-Length", "6")], b"abcdef")
    assert fetch.outcome == Outcome("failed", "too-big", 200) and spool.octets == b""
    fetch, spool = start(limit=5)
    request = fetch.next_request()
    assert request is not None and fetch.begin(200, [])
    assert fetch.data(b"abc") and not fetch.data(b"def") and not fetch.data(b"ghi")
    assert fetch.outcome == Outcome("failed", "too-big", 200) and spool.octets == b"abc"
    fetch, spool = start(limit=6)
    step(fetch, 200, [("Content-Length", "6")], b"abcdef")
    assert fetch.outcome == Outcome("complete", "", 200)


def test_more_than_announced() -> None:
    fetch, _ = start()
    step(fetch, 200, [("Content-Length", "2")], b"abc")
    assert fetch.outcome == Outcome("failed", "length", 200)
    fetch, _ = start()
    step(fetch, 206, [("Content-Range", "bytes 0-1/9")], b"abcdefghi")
    assert fetch.outcome == Outcome("failed", "length", 206)


def test_less_than_announced() -> None:
    fetch, _ = start(tries=0)
    step(fetch, 200, [("Content-Length", "4")], b"abc")
    assert fetch.outcome == Outcome("failed", "length", 200)


def test_redirects() -> None:
    fetch, spool = start()
    step(fetch, 302, [("Location", "/q.bin")])
    step(fetch, 307, [("Location", "https://other/r.bin")])
    assert fetch.url == "https://other/r.bin"
    step(fetch, 200, [("Content-Length", "1")], b"x")
    assert spool.octets == b"x"
    fetch, _ = start()
    for _ in range(MAX_REDIRECTS + 1):
        step(fetch, 301, [("Location", URL)])
    assert fetch.outcome == Outcome("failed", "redirects", 301)


@pytest.mark.parametrize(
    ("location", "cause"),
    [(None, "redirects"), ("", "redirects"), ("ftp://h/x", "url"), ("file:///etc/passwd", "url"), ("http://[/", "url")],
)
def test_redirects_to_nowhere(location: str | None, cause: str) -> None:
    fetch, _ = start()
    step(fetch, 302, [] if location is None else [("Location", location)])
    assert fetch.outcome == Outcome("failed", cause, 302)


@pytest.mark.parametrize("url", ["", "xyz", "http:///x", "ftp://h/x", "http://h:x/", "http://[/", "http://h:0/"])
def test_addresses_of_no_use(url: str) -> None:
    fetch = Fetch(url, limit=None)
    assert fetch.next_request() is None
    assert fetch.outcome == Outcome("failed", "url", 0)


def test_file_spool(tmp_path: Path) -> None:
    with FileSpool(tmp_path / "s") as spool:
        spool.write(b"abcdef")
        spool.reset(2)
        spool.write(b"XY")
    assert (tmp_path / "s").read_bytes() == b"abXY"


class Bench:
    """Content server, HTTP server and client joined together."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.server = HttpServer(lambda request: self.content.handle(request))
        self.content = ContentServer(self.server.url, self.seen.append)
        self.client = HttpClient(read=0.5)
        self.source = PatternSource(300000)
        self.url = self.content.publish("p.bin", self.source, "application/octet-stream")

    def fetch(self, fault: ContentFault | None = None, count: int | None = None, tries: int = 3) -> tuple[Fetch, bytes]:
        if fault is not None:
            self.content.fault("p.bin", fault, count)
        spool = MemorySpool()
        fetch = Fetch(self.url, limit=1 << 20, resume_tries=tries, spool=spool)
        while (request := fetch.next_request()) is not None:
            fetch.end(self.client.fetch(request, fetch.data, fetch.begin).error)
        return fetch, spool.octets


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    with bench.server:
        yield bench
        bench.client.close()


def test_loopback_fetch(bench: Bench) -> None:
    fetch, octets = bench.fetch()
    assert fetch.outcome == Outcome("complete", "", 200)
    assert octets == bench.source.read(0, 300000)
    bench.client.close()
    bench.server.close()
    (seen,) = bench.seen
    assert (seen["sent"], seen["length"], seen["digest"]) == (300000, 300000, hashlib.sha256(octets).hexdigest())


@pytest.mark.parametrize("kind", ["cut", "reset", "stall"])
def test_loopback_resume(bench: Bench, kind: str) -> None:
    fetch, octets = bench.fetch(ContentFault(kind, fraction=0.5), count=2)
    assert fetch.outcome == Outcome("complete", "", 206) and fetch.requests == 3
    assert octets == bench.source.read(0, 300000)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (ContentFault("cut", after=1000), Outcome("failed", "network", 206)),
        (ContentFault("reset", after=1000), Outcome("failed", "network", 206)),
        (ContentFault("stall", after=1000), Outcome("failed", "timeout", 206)),
        (ContentFault("silent"), Outcome("failed", "timeout", 0)),
        (ContentFault("garbage"), Outcome("failed", "network", 0)),
        (ContentFault("refuse"), Outcome("failed", "network", 0)),
        (ContentFault("loop"), Outcome("failed", "redirects", 302)),
        (ContentFault("length", length=9), Outcome("failed", "length", 416)),
        (ContentFault("status", status=404), Outcome("failed", "not-found", 404)),
        (ContentFault("status", status=401), Outcome("failed", "auth", 401)),
        (ContentFault("status", status=500), Outcome("failed", "server-error", 500)),
        (ContentFault("redirect", url="http://127.0.0.1:1/"), Outcome("failed", "refused", 0)),
    ],
)
def test_loopback_failures(bench: Bench, fault: ContentFault, outcome: Outcome) -> None:
    fetch, _ = bench.fetch(fault, tries=1)
    assert fetch.outcome == outcome


@pytest.mark.parametrize("fault", [ContentFault("surplus", after=99), ContentFault("drip", seconds=0.01)])
def test_loopback_faults_that_do_no_harm(bench: Bench, fault: ContentFault) -> None:
    fetch, octets = bench.fetch(fault)
    assert fetch.outcome == Outcome("complete", "", 200) and octets == bench.source.read(0, 300000)


def test_loopback_short_length_gives_a_short_object(bench: Bench) -> None:
    fetch, octets = bench.fetch(ContentFault("length", length=-1))
    assert fetch.outcome == Outcome("complete", "", 200) and len(octets) == 299999


def test_loopback_connection_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    client = HttpClient()
    fetch = Fetch(f"http://127.0.0.1:{port}/", limit=None)
    request = fetch.next_request()
    assert request is not None
    fetch.end(client.fetch(request, fetch.data, fetch.begin).error)
    assert fetch.outcome == Outcome("failed", "refused", 0)
