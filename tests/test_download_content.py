"""The content server without sockets: content, ranges, faults, reports, credentials, observations."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from conformance.download.content import ContentFault, ContentServer, FileSource, Guard, PatternSource, SliceSource
from conformance.download.source import digest_of
from conformance.transport.exchange import Fault, Headers, Reply, Request, header

DATA = bytes(range(200))


class Bench:
    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.server = ContentServer("http://10.0.2.2:8082/pub", self.seen.append)

    def ask(self, url: str, method: str = "GET", headers: Headers | None = None, body: bytes = b"") -> Reply:
        reply = self.server.handle(Request(method, url, headers or [], body))
        assert reply.done is not None
        reply.done(len(octets(reply)), "")
        return reply

    def get(self, path: str, value: str | None = None, *more: tuple[str, str]) -> Reply:
        return self.ask(self.server.url(path), "GET", [*([("Range", value)] if value else []), *more])


def octets(reply: Reply) -> bytes:
    return reply.body if isinstance(reply.body, bytes) else reply.body.read(0, reply.body.size)


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.server.publish("fw/a b.bin", DATA, "application/octet-stream")
    return bench


PATH = "fw/a b.bin"


def test_content_by_its_address_and_through_other_hosts(bench: Bench) -> None:
    url = bench.server.url(PATH)
    assert url == "http://10.0.2.2:8082/pub/fw/a%20b.bin"
    for address in (url, "http://127.0.0.1:1/pub/fw/a%20b.bin?x=1", "http://127.0.0.1:1/fw/a%20b.bin"):
        reply = bench.ask(address)
        assert (reply.status, octets(reply)) == (200, DATA)
        assert header(reply.headers, "content-type") == "application/octet-stream"
        assert header(reply.headers, "content-length") == "200"
        assert header(reply.headers, "accept-ranges") == "bytes"
    assert bench.server.hits(PATH) == 3


@pytest.mark.parametrize("url", ["http://h/none", "http://h/../../etc/passwd", "http://h/%2e%2e/x", "http://[/", "http://h"])
def test_other_paths_are_not_found(bench: Bench, url: str) -> None:
    assert bench.ask(url).status == 404


def test_other_methods_are_not_allowed(bench: Bench) -> None:
    reply = bench.ask(bench.server.url(PATH), "PUT", [], b"x")
    assert (reply.status, header(reply.headers, "allow")) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("value", "status", "content_range", "body"),
    [
        ("bytes=0-0", 206, "bytes 0-0/200", DATA[:1]),
        ("bytes=10-19", 206, "bytes 10-19/200", DATA[10:20]),
        ("bytes=150-", 206, "bytes 150-199/200", DATA[150:]),
        ("bytes=150-999", 206, "bytes 150-199/200", DATA[150:]),
        ("bytes=-5", 206, "bytes 195-199/200", DATA[195:]),
        ("bytes=-500", 206, "bytes 0-199/200", DATA),
        ("BYTES = 1 - 2", 206, "bytes 1-2/200", DATA[1:3]),
        ("bytes=200-", 416, "bytes */200", b""),
        ("bytes=-0", 416, "bytes */200", b""),
        ("bytes=5-3", 200, None, DATA),
        ("bytes=0-1,3-4", 200, None, DATA),
        ("bytes=-", 200, None, DATA),
        ("octets=1-2", 200, None, DATA),
        ("bytes=" + "9" * 5000 + "-", 200, None, DATA),
    ],
)
def test_ranges(bench: Bench, value: str, status: int, content_range: str | None, body: bytes) -> None:
    reply = bench.get(PATH, value)
    assert (reply.status, header(reply.headers, "content-range"), octets(reply)) == (status, content_range, body)


def test_if_range_needs_the_very_tag(bench: Bench) -> None:
    tag = header(bench.get(PATH).headers, "etag") or ""
    assert bench.get(PATH, "bytes=1-", ("If-Range", tag)).status == 206
    assert bench.get(PATH, "bytes=1-", ("If-Range", '"other"')).status == 200
    assert bench.get(PATH, "bytes=1-", ("If-Range", "Sat, 21 Nov 2026 10:00:00 GMT")).status == 200
    bench.server.publish(PATH, DATA, "x/y")
    assert header(bench.get(PATH).headers, "etag") != tag


def test_observation_of_a_download(bench: Bench) -> None:
    bench.get(PATH, "bytes=10-")
    (seen,) = bench.seen
    assert seen["method"] == "GET" and seen["url"] == bench.server.url(PATH)
    assert seen["headers"] == [["Range", "bytes=10-"]]
    assert (seen["status"], seen["sent"], seen["length"], seen["fault"], seen["error"]) == (206, 190, 190, "", "")
    assert seen["digest"] == hashlib.sha256(DATA).hexdigest()
    assert ["Content-Range", "bytes 10-199/200"] in seen["reply_headers"]
    assert seen["body"] == ""


def test_head_is_answered_without_using_up_a_fault(bench: Bench) -> None:
    bench.server.fault(PATH, ContentFault("status", status=503), count=1)
    assert bench.ask(bench.server.url(PATH), "HEAD").status == 503
    assert bench.get(PATH).status == 503
    reply = bench.ask(bench.server.url(PATH), "HEAD")
    assert (reply.status, header(reply.headers, "content-length"), bench.seen[-1]["length"]) == (200, "200", 0)
    bench.server.fault(PATH, ContentFault("cut", fraction=0.5))
    assert bench.ask(bench.server.url(PATH), "HEAD").fault is None


def test_faults_queue_up_by_count(bench: Bench) -> None:
    bench.server.fault(PATH, ContentFault("status", status=500), count=2)
    bench.server.fault(PATH, ContentFault("status", status=404), count=1)
    assert [bench.get(PATH).status for _ in range(5)] == [500, 500, 404, 200, 200]
    bench.server.fault(PATH, ContentFault("status", status=410))
    assert [bench.get(PATH).status for _ in range(3)] == [410] * 3
    bench.server.mend(PATH)
    assert bench.get(PATH).status == 200
    with pytest.raises(KeyError):
        bench.server.fault("nowhere", ContentFault("cut"))


@pytest.mark.parametrize(
    ("fault", "sent"),
    [
        (ContentFault("cut", fraction=0.5), Fault("cut", 100)),
        (ContentFault("cut", after=7), Fault("cut", 7)),
        (ContentFault("reset", after=7), Fault("reset", 7)),
        (ContentFault("stall", fraction=0.25), Fault("stall", 50)),
        (ContentFault("surplus", after=9), Fault("surplus", 9)),
        (ContentFault("drip", seconds=0.5), Fault("drip", 0, 0.5)),
        (ContentFault("garbage"), Fault("garbage")),
        (ContentFault("silent"), Fault("silent")),
        (ContentFault("close"), Fault("close")),
        (ContentFault("refuse"), Fault("close")),
    ],
)
def test_faults_of_the_transfer(bench: Bench, fault: ContentFault, sent: Fault) -> None:
    bench.server.fault(PATH, fault)
    reply = bench.get(PATH)
    assert reply.fault == sent
    assert bench.seen[-1]["fault"] == fault.kind
    assert bench.seen[-1]["status"] == (0 if fault.kind in ("garbage", "silent", "close", "refuse") else 200)


def test_faults_of_the_answer(bench: Bench) -> None:
    def answer(fault: ContentFault, value: str | None = None) -> Reply:
        bench.server.mend(PATH)
        bench.server.fault(PATH, fault)
        return bench.get(PATH, value)

    reply = answer(ContentFault("status", status=401))
    assert reply.status == 401 and (header(reply.headers, "www-authenticate") or "").startswith("Basic ")
    reply = answer(ContentFault("status", status=503, headers=(("Retry-After", "1"),)))
    assert (header(reply.headers, "retry-after"), octets(reply)) == ("1", b"")
    reply = answer(ContentFault("redirect", url="http://other/x", status=307))
    assert (reply.status, header(reply.headers, "location")) == (307, "http://other/x")
    reply = answer(ContentFault("loop"))
    assert (reply.status, header(reply.headers, "location")) == (302, bench.server.url(PATH))
    assert header(answer(ContentFault("redirect")).headers, "location") is None
    reply = answer(ContentFault("length", length=-50))
    assert (header(reply.headers, "content-length"), octets(reply)) == ("150", DATA)
    assert header(answer(ContentFault("length", length=50)).headers, "content-length") == "250"
    assert header(answer(ContentFault("type", media_type="text/html")).headers, "content-type") == "text/html"
    assert header(answer(ContentFault("type")).headers, "content-type") is None
    reply = answer(ContentFault("no-range"), "bytes=10-")
    assert (reply.status, header(reply.headers, "accept-ranges"), octets(reply)) == (200, None, DATA)


def test_faults_that_do_not_exist() -> None:
    with pytest.raises(ValueError, match="no fault of the content server"):
        ContentFault("gremlin")
    with pytest.raises(ValueError, match="no status"):
        ContentFault("status")


def test_reports_are_taken_and_kept(bench: Bench) -> None:
    url = bench.server.expect_report("notify/1", 204)
    bench.server.fault("notify/1", ContentFault("status", status=500), count=1)
    bench.server.fault("notify/1", ContentFault("close"), count=1)
    body = b"900 Success\0" + b"x" * 9000
    statuses = [bench.ask(url, "POST", [("Content-Type", "text/plain")], body).status for _ in range(3)]
    assert statuses == [500, 204, 204]
    assert [report.status for report in bench.server.reports("notify/1")] == [500, 0, 204]
    report = bench.server.reports()[0]
    assert report.report is not None and report.report.code == 900
    assert (report.path, report.media_type, len(report.body)) == ("notify/1", "text/plain", 4096)
    assert bench.seen[-1]["body"].startswith("900 Success\0x") and len(bench.seen[-1]["body"]) == 4096
    assert bench.ask(url, "GET").status == 405
    assert bench.server.reports("other") == []
    bench.server.clear()
    assert bench.ask(url, "POST").status == 404 and bench.server.reports() == []


def test_basic_credentials(bench: Bench) -> None:
    bench.server.require(PATH, Guard("user", "pässword"))
    reply = bench.get(PATH)
    assert reply.status == 401 and (header(reply.headers, "www-authenticate") or "").startswith('Basic realm="content"')
    good = base64.b64encode("user:pässword".encode()).decode()
    for value in (f"Basic {good}x", "Basic ", "Basic !!!", f"Bearer {good}", f"Basic {good[4:]}", "Basic \u20ac"):
        assert bench.get(PATH, None, ("Authorization", value)).status == 401
    assert bench.get(PATH, None, ("authorization", f"basic {good}")).status == 200
    assert bench.seen[-1]["headers"] == [["authorization", "basic " + "*" * len(good)]]


def digest_value(method: str, uri: str, guard: Guard, qop: bool = True, password: str = "secret") -> str:
    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    first, second = md5(f"user:{guard.realm}:{password}"), md5(f"{method}:{uri}")
    middle = f"{guard.nonce}:00000001:0a4f113b:auth" if qop else guard.nonce
    extra = ', qop=auth, nc=00000001, cnonce="0a4f113b"' if qop else ""
    response = md5(f"{first}:{middle}:{second}")
    start = f'Digest username="user", realm="{guard.realm}", nonce="{guard.nonce}"'
    return f'{start}, uri="{uri}", response="{response}"{extra}'


def test_digest_credentials(bench: Bench) -> None:
    guard = Guard("user", "secret", "digest")
    bench.server.require(PATH, guard)
    challenge = header(bench.get(PATH).headers, "www-authenticate") or ""
    assert challenge.startswith("Digest ") and f'nonce="{guard.nonce}"' in challenge
    target = "/pub/fw/a%20b.bin"

    def status(value: str) -> int:
        return bench.get(PATH, None, ("Authorization", value)).status

    assert status(digest_value("GET", target, guard)) == 200
    assert status(digest_value("GET", target, guard, qop=False)) == 200
    assert "*" * 20 in bench.seen[-1]["headers"][0][1] and "user" not in bench.seen[-1]["headers"][0][1]
    assert status(digest_value("POST", target, guard)) == 401
    assert status(digest_value("GET", "/other", guard)) == 401
    assert status(digest_value("GET", target, guard, password="other")) == 401
    assert status(digest_value("GET", target, Guard("user", "secret", "digest", nonce="old"))) == 401
    assert status("Digest " + 'a="' * 3000) == 401
    assert status("Digest") == 401


def test_rfc_2617_example_of_digest() -> None:
    guard = Guard("Mufasa", "Circle Of Life", "digest", "testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093")
    value = (
        'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", '
        'response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    assert guard.admits(Request("GET", "http://h/dir/index.html", [("Authorization", value)]))


def test_pattern_source_is_the_same_whichever_way_it_is_read() -> None:
    source = PatternSource(200001, seed=7)
    whole = source.read(0, 1 << 20)
    assert len(whole) == 200001
    assert b"".join(source.read(offset, 999) for offset in range(0, 200001, 999)) == whole
    assert source.read(65530, 20) == whole[65530:65550]
    assert source.read(200001, 5) == b"" == source.read(10**9, 5)
    assert PatternSource(200001, seed=7).read(5, 50) == whole[5:55] != PatternSource(200001, seed=8).read(5, 50)
    assert whole[:65536] != whole[65536:131072]
    assert digest_of(source) == hashlib.sha256(whole).hexdigest()


def test_file_source(tmp_path: Path) -> None:
    path = tmp_path / "p.bin"
    path.write_bytes(DATA)
    source = FileSource(path)
    assert (source.size, source.read(10, 5), source.read(198, 10)) == (200, DATA[10:15], DATA[198:])
    part = SliceSource(source, 50, 10)
    assert (part.read(0, 99), part.read(8, 99), part.read(10, 1)) == (DATA[50:60], DATA[58:60], b"")
    path.write_bytes(DATA + DATA)
    assert source.read(190, 100) == DATA[190:]
    with pytest.raises(OSError):
        FileSource(tmp_path / "none")
