"""Faults of replies arrive as meant, seen by a raw socket and by the suite's own client."""

from __future__ import annotations

import queue
import socket
import time
from collections.abc import Iterator

import pytest

from conformance.transport.client import HttpClient
from conformance.transport.exchange import Fault, Reply, Request, Response
from conformance.transport.sender import GARBAGE, SURPLUS
from conformance.transport.server import HttpServer

BODY = bytes(range(256)) * 400  # 102400 octets


class Bench:
    def __init__(self) -> None:
        self.reply = Reply()
        self.done: queue.Queue[tuple[int, str]] = queue.Queue()
        self.server = HttpServer(self._handle)
        self.client = HttpClient(read=2.0)

    def _handle(self, request: Request) -> Reply:
        self.reply.done = lambda sent, error: self.done.put((sent, error))
        return self.reply

    def raw(self) -> bytes:
        """All octets until the end; raises ConnectionResetError after RST."""
        self.octets = b""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=5) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            while piece := sock.recv(65536):
                self.octets += piece
        return self.octets

    def fetch(self) -> Response:
        return self.client.send(Request("GET", self.server.url))


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    with bench.server:
        yield bench
        bench.client.close()


def body_of(octets: bytes) -> bytes:
    head, _, body = octets.partition(b"\r\n\r\n")
    assert b"Content-Length: 102400" in head
    return body


@pytest.mark.parametrize("after", [0, 1, 70000, 102400])
def test_cut(bench: Bench, after: int) -> None:
    bench.reply = Reply(200, [], BODY, Fault("cut", after))
    assert body_of(bench.raw()) == BODY[:after]
    assert bench.done.get(timeout=5) == (after, "")
    response = bench.fetch()
    assert (response.status, response.body) == (200, BODY[:after])
    assert response.error == ("closed" if after < len(BODY) else "")


@pytest.mark.parametrize("after", [0, 70000])
def test_reset(bench: Bench, after: int) -> None:
    bench.reply = Reply(200, [], BODY, Fault("reset", after))
    with pytest.raises(ConnectionResetError):
        bench.raw()
    assert bench.done.get(timeout=5) == (after, "")
    assert bench.fetch().error == "reset"


def test_stall_until_the_peer_goes(bench: Bench) -> None:
    bench.reply = Reply(200, [], BODY, Fault("stall", 1000))
    with socket.create_connection(("127.0.0.1", bench.server.port), timeout=0.2) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        octets = b""
        with pytest.raises(TimeoutError):
            while True:
                piece = sock.recv(65536)
                assert piece
                octets += piece
        assert body_of(octets) == BODY[:1000]
        assert bench.done.get(timeout=5) == (1000, "")


def test_stall_ends_with_the_server(bench: Bench) -> None:
    bench.reply = Reply(200, [], BODY, Fault("stall", 10))
    with socket.create_connection(("127.0.0.1", bench.server.port), timeout=5) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        bench.done.get(timeout=5)
        begun = time.monotonic()
        bench.server.close()
        while sock.recv(65536):
            pass
        assert time.monotonic() - begun < 2


def test_stall_is_a_timeout_for_the_client(bench: Bench) -> None:
    client = HttpClient(read=0.2)
    bench.reply = Reply(200, [], BODY, Fault("stall", 10))
    response = client.send(Request("GET", bench.server.url))
    assert (response.error, response.body) == ("timeout", BODY[:10])
    client.close()


def test_garbage(bench: Bench) -> None:
    bench.reply = Reply(200, [], BODY, Fault("garbage"))
    assert bench.raw() == GARBAGE
    assert bench.fetch() == Response(error="malformed")


def test_close_without_reply(bench: Bench) -> None:
    bench.reply = Reply(200, [], BODY, Fault("close"))
    assert bench.raw() == b""
    assert bench.done.get(timeout=5) == (0, "")
    assert bench.fetch() == Response(error="closed")


def test_silence(bench: Bench) -> None:
    client = HttpClient(read=0.2)
    bench.reply = Reply(200, [], BODY, Fault("silent"))
    assert client.send(Request("GET", bench.server.url)) == Response(error="timeout")
    client.close()


def test_surplus(bench: Bench) -> None:
    bench.reply = Reply(200, [], BODY, Fault("surplus", 10))
    assert body_of(bench.raw()) == BODY + (SURPLUS * 2)[:10]
    assert bench.done.get(timeout=5) == (len(BODY) + 10, "")
    response = bench.fetch()
    assert (response.error, response.body) == ("", BODY)
    bench.done.get(timeout=5)
    bench.reply = Reply(200, [], b"next")
    assert bench.fetch().body == b"next"  # what was left over is not taken for the next response


def test_drip(bench: Bench) -> None:
    bench.reply = Reply(200, [], BODY, Fault("drip", seconds=0.02))
    begun = time.monotonic()
    assert bench.fetch() == Response(200, [("Content-Length", "102400")], BODY)
    assert 0.18 <= time.monotonic() - begun < 2
    assert bench.done.get(timeout=5) == (len(BODY), "")


def test_length_that_is_too_short_or_too_long(bench: Bench) -> None:
    bench.reply = Reply(200, [("Content-Length", "4")], b"abcdefgh")
    assert bench.raw().endswith(b"\r\n\r\nabcdefgh")
    assert bench.fetch().body == b"abcd"
    bench.reply = Reply(200, [("Content-Length", "9")], b"abcdefgh")
    assert bench.raw().endswith(b"\r\n\r\nabcdefgh")
    assert (bench.fetch().error, bench.fetch().body) == ("closed", b"abcdefgh")


def test_unknown_fault_is_ours(bench: Bench) -> None:
    bench.reply = Reply(200, [], BODY, Fault("gremlin"))
    assert bench.fetch().status == 500
    assert bench.done.get(timeout=5) == (0, "no such fault: gremlin")


def test_peer_that_leaves_is_told(bench: Bench) -> None:
    class Endless:
        size = 1 << 40

        def read(self, offset: int, count: int) -> bytes:
            return b"x" * count

    bench.reply = Reply(200, [], Endless())
    with socket.create_connection(("127.0.0.1", bench.server.port), timeout=5) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        sock.recv(100)
    sent, error = bench.done.get(timeout=5)
    assert 0 < sent < 1 << 30
    assert error == "reset"
