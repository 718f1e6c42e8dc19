"""The HTTP server as raw sockets see it: framing, keep-alive, bounds and hostile clients."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from conformance.transport import server as server_module
from conformance.transport.exchange import Reply, Request, header
from conformance.transport.server import HttpServer


class Desk:
    """A handler that remembers what it was asked and what the server complained of."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.faults: queue.Queue[tuple[str, str]] = queue.Queue()
        self.reply = Reply(200, [("Content-Type", "text/plain")], b"hello")

    def __call__(self, request: Request) -> Reply:
        self.requests.append(request)
        return self.reply

    def fault(self) -> str:
        return self.faults.get(timeout=5)[1]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def server(desk: Desk) -> Iterator[HttpServer]:
    with HttpServer(desk, max_body=1000, idle=5.0, on_fault=lambda *fault: desk.faults.put(fault)) as running:
        yield running


def connect(server: HttpServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=5)


def read_reply(sock: socket.socket, body: int | None = None) -> bytes:
    """One reply with a Content-Length (or ``body`` octets), never a single octet more."""
    octets = b""
    while b"\r\n\r\n" not in octets:
        piece = sock.recv(1)
        assert piece, octets
        octets += piece
    if body is None:
        length = [line for line in octets.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        body = int(length[0].split(b":")[1])
    while body:
        piece = sock.recv(body)
        assert piece
        octets += piece
        body -= len(piece)
    return octets


def read_all(sock: socket.socket) -> bytes:
    octets = b""
    while piece := sock.recv(65536):
        octets += piece
    return octets


def ask(server: HttpServer, octets: bytes) -> bytes:
    with connect(server) as sock:
        sock.sendall(octets)
        return read_all(sock)


def test_request_reaches_the_handler_as_it_stood(server: HttpServer, desk: Desk) -> None:
    with connect(server) as sock:
        sock.sendall(b"POST /dm?a=1&b HTTP/1.1\r\nhOsT: dm.example:99\r\nX-SyncML-HMAC: q\r\n")
        sock.sendall(b"Content-Length: 3\r\n\r\nabc")
        reply = read_reply(sock)
    assert reply.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n")
    assert reply.endswith(b"\r\n\r\nhello")
    request = desk.requests[0]
    assert (request.method, request.url, request.body) == ("POST", "http://dm.example:99/dm?a=1&b", b"abc")
    assert request.headers == [("hOsT", "dm.example:99"), ("X-SyncML-HMAC", "q"), ("Content-Length", "3")]
    assert request.peer.startswith("127.0.0.1:")


def test_keep_alive_and_pipelined_requests_share_a_connection(server: HttpServer, desk: Desk) -> None:
    with connect(server) as sock:
        for number in range(3):
            sock.sendall(f"GET /{number} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert read_reply(sock).endswith(b"hello")
        sock.sendall(b"GET /3 HTTP/1.1\r\nHost: x\r\n\r\nGET /4 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert read_all(sock).count(b"hello") == 2
    assert [request.url for request in desk.requests] == [f"http://x/{n}" for n in range(5)]
    assert len({request.peer for request in desk.requests}) == 1


def test_a_small_reply_leaves_in_one_write(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[int] = []
    original = server_module.Wire.send

    def send(self: server_module.Wire, octets: bytes, seconds: float) -> None:
        writes.append(len(octets))
        original(self, octets, seconds)

    monkeypatch.setattr(server_module.Wire, "send", send)
    ask(server, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert len(writes) == 1


def test_http_1_0_gets_a_length_and_an_end(server: HttpServer, desk: Desk) -> None:
    reply = ask(server, b"GET /old HTTP/1.0\r\n\r\n")
    assert b"Content-Length: 5\r\n" in reply and reply.endswith(b"hello")
    assert desk.requests[0].url == server.url + "old"
    assert desk.requests[0].http_version == "1.0"


def test_chunked_request(server: HttpServer, desk: Desk) -> None:
    ask(
        server,
        b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: 1\r\n\r\n",
    )
    assert desk.requests[0].body == b"abcde"


def test_expect_100_continue(server: HttpServer, desk: Desk) -> None:
    with connect(server) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert read_reply(sock, 0) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert desk.requests == []
        sock.sendall(b"ok")
        assert read_reply(sock).endswith(b"hello")
    assert desk.requests[0].body == b"ok"


def test_head_has_the_length_and_no_body(server: HttpServer) -> None:
    reply = ask(server, b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"Content-Length: 5\r\n" in reply and reply.endswith(b"\r\n\r\n")


def test_204_has_no_length(server: HttpServer, desk: Desk) -> None:
    desk.reply = Reply(204)
    reply = ask(server, b"POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 204 ") and b"ontent-" not in reply


def test_chunked_reply_where_the_handler_wants_it(server: HttpServer, desk: Desk) -> None:
    desk.reply = Reply(200, [("Transfer-Encoding", "chunked")], b"hello")
    reply = ask(server, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert reply.endswith(b"5\r\nhello\r\n0\r\n\r\n") and b"Content-Length" not in reply


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nBad Name: 1\r\n\r\n", b"400"),
        (b"GET http://[zz/ HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200000, b"431"),
        (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", b"405"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"a" * 1001, b"413"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    ],
    ids=[
        "tls",
        "no-host",
        "two-lengths",
        "bad-name",
        "bad-url",
        "long-head",
        "connect",
        "too-long",
        "far-too-long",
        "chunks-too-long",
        "bad-chunk",
    ],
)
def test_bad_requests_are_refused_and_reported(server: HttpServer, desk: Desk, octets: bytes, status: bytes) -> None:
    assert ask(server, octets).startswith(b"HTTP/1.1 " + status + b" ")
    assert desk.fault()
    assert desk.requests == []
    assert ask(server, b"GET / HTTP/1.0\r\n\r\n").endswith(b"hello")


def test_host_that_is_none_is_replaced_by_the_own_address(server: HttpServer, desk: Desk) -> None:
    ask(server, b"GET /p HTTP/1.0\r\nHost: <script>@[\r\n\r\n")
    assert desk.requests[0].url == server.url + "p"


def test_tolerated_slips_of_the_head_are_reported(server: HttpServer, desk: Desk) -> None:
    assert ask(server, b"GET / HTTP/1.0\nX: 1\n\t2\n\n").endswith(b"hello")
    faults = {desk.fault(), desk.fault()}
    assert faults == {
        "a line of the request head ends with LF without CR",
        "a field of the request head is folded over lines",
    }


def test_end_inside_a_request_is_reported(server: HttpServer, desk: Desk) -> None:
    with connect(server) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock).startswith(b"HTTP/1.1 400 ")
    assert "not HTTP" in desk.fault()


def test_slow_and_silent_clients(desk: Desk) -> None:
    with HttpServer(desk, idle=0.2, on_fault=lambda *fault: desk.faults.put(fault)) as server:
        with connect(server) as silent:
            assert read_all(silent) == b""
        assert desk.faults.empty()
        assert ask(server, b"GET / HT").startswith(b"HTTP/1.1 408 ")
        assert "not complete" in desk.fault()
        with connect(server) as dripping:  # each octet comes in time, the request does not
            begun = time.monotonic()
            dripping.settimeout(0.05)
            reply = b""
            dripping.sendall(b"GET / HTTP/1.1\r\n")
            while not reply and time.monotonic() < begun + 5:
                try:
                    dripping.sendall(b"X")
                    reply = dripping.recv(100)
                except TimeoutError:
                    continue
            assert reply.startswith(b"HTTP/1.1 408 ")
            assert time.monotonic() - begun < 2


def test_tiny_chunks_are_bounded(desk: Desk) -> None:
    with HttpServer(desk, on_fault=lambda *fault: desk.faults.put(fault)) as server, connect(server) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 11000)
        assert read_reply(sock).startswith(b"HTTP/1.1 413 ")
    assert "pieces" in desk.fault()


def test_a_handler_that_raises_costs_one_500(server: HttpServer, desk: Desk) -> None:
    faults: queue.Queue[str] = queue.Queue()

    def bad(request: Request) -> Reply:
        raise RuntimeError("boom")

    with HttpServer(bad, on_fault=lambda peer, what: faults.put(what)) as broken, connect(broken) as sock:
        for _ in range(2):
            sock.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
            assert read_reply(sock).startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
            assert "RuntimeError: boom" in faults.get(timeout=5)


class ShortSource:
    size = 200000

    def read(self, offset: int, count: int) -> bytes:
        return b"x" * count if offset < 65536 else b""


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, [("X", "a\r\nInjected: 1")]),
        Reply(200, [("X", "\u20ac")]),
        Reply(42),
        None,
    ],
)
def test_replies_that_can_not_be_sent(server: HttpServer, desk: Desk, reply: Reply) -> None:
    desk.reply = reply
    answer = ask(server, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 500 ") and b"Injected" not in answer
    assert desk.fault()


def test_a_source_that_ends_early_is_our_fault(server: HttpServer, desk: Desk) -> None:
    done: queue.Queue[tuple[int, str]] = queue.Queue()
    desk.reply = Reply(200, [], ShortSource(), done=lambda sent, error: done.put((sent, error)))
    octets = ask(server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert len(octets.partition(b"\r\n\r\n")[2]) == 65536
    assert done.get(timeout=5) == (65536, "the content ended at octet 65536 of 200000")
    assert "can not be sent" in desk.fault()


def test_done_is_called_once_for_every_request(server: HttpServer, desk: Desk) -> None:
    done: list[tuple[int, str]] = []
    desk.reply = Reply(200, [], b"hello", done=lambda sent, error: done.append((sent, error)))
    with connect(server) as sock:
        for _ in range(3):  # the same Reply object may serve many requests
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            read_reply(sock)
        sock.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        read_all(sock)
    assert done == [(5, "")] * 3 + [(0, "")]


def test_a_blocked_handler_holds_only_its_own_connection() -> None:
    release, held = threading.Event(), threading.Event()

    def handler(request: Request) -> Reply:
        if request.url.endswith("/held"):
            held.set()
            assert release.wait(5)
        return Reply(200, [], request.url.encode())

    with HttpServer(handler) as server, connect(server) as slow:
        slow.sendall(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n")
        assert held.wait(5)
        assert ask(server, b"GET /other HTTP/1.0\r\n\r\n").endswith(b"/other")
        release.set()
        assert read_reply(slow).endswith(b"/held")


def test_close_ends_idle_connections_and_their_threads(desk: Desk) -> None:
    server = HttpServer(desk)
    server.start()
    with connect(server) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        read_reply(sock)
        begun = time.monotonic()
        server.close()
        server.close()
        assert time.monotonic() - begun < 2
        assert sock.recv(1) == b""
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(f"http:{server.port}:")]
    with pytest.raises(OSError):
        connect(server)


def test_close_of_a_server_that_never_started(desk: Desk) -> None:
    server = HttpServer(desk, advertise_path="dm")
    assert server.url == f"http://127.0.0.1:{server.port}/dm"
    server.close()


def test_a_taken_port_is_told(server: HttpServer, desk: Desk) -> None:
    with pytest.raises(OSError):
        HttpServer(desk, port=server.port)


def test_too_many_connections_are_turned_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "MAX_CONNECTIONS", 2)
    with HttpServer(desk, on_fault=lambda *fault: desk.faults.put(fault)) as server:
        kept = [connect(server) for _ in range(2)]
        for sock in kept:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            read_reply(sock)
        with connect(server) as extra:
            assert read_all(extra).startswith(b"HTTP/1.1 503 ")
        assert "more than 2" in desk.fault()
        for sock in kept:
            sock.close()


def test_one_reply_header_is_kept_as_spelled(server: HttpServer, desk: Desk) -> None:
    desk.reply = Reply(200, [("x-syncml-HMAC", "v"), ("Content-Length", "0")])
    reply = ask(server, b"GET / HTTP/1.0\r\n\r\n")
    assert b"x-syncml-HMAC: v\r\n" in reply
    assert header([("A", "1")], "a") == "1"
