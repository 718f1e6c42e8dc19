"""Hooks at a web address."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from iutfiles import HANGS, iut

from conformance.harness.hooks import Outcome, Steering
from conformance.harness.placeholders import Ports

Talk = Callable[[socket.socket], None]


class Server:
    """A socket that answers each connection as it is told, and keeps what it was sent."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}/hook/"
        self.received = b""
        self.over = threading.Event()
        self.threads: list[threading.Thread] = []

    def serve(self, talk: Talk) -> None:
        def run() -> None:
            connection, _ = self.listener.accept()
            with connection:
                connection.settimeout(2)
                while b"\r\n\r\n" not in self.received:
                    self.received += connection.recv(65536)
                head, _, body = self.received.partition(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                while len(body) < length:
                    body += connection.recv(65536)
                self.received = head + b"\r\n\r\n" + body
                with contextlib.suppress(OSError):
                    talk(connection)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.threads.append(thread)

    def close(self) -> None:
        self.over.set()
        self.listener.close()
        for thread in self.threads:
            thread.join(2)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def say(text: str, status: str = "200 OK", body: bool = True) -> Talk:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(text)}\r\n\r\n" if body else ""
    return lambda connection: connection.sendall((head + text).encode())


def call(folder: Path, server: Server, talk: Talk, seconds: float = 2, **given: Any) -> Outcome:
    server.serve(talk)
    steering = Steering.of(iut(folder, attach__hook=server.address))
    try:
        return steering.call("condition", given, seconds)
    finally:
        steering.close()


def test_the_verb_is_posted_to_the_address(tmp_path: Path, server: Server) -> None:
    outcome = call(tmp_path, server, say('{"code": 410}'), name="install-fails", on=True)
    assert (outcome.kind, outcome.answer) == ("done", {"code": 410})
    head, _, body = server.received.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /hook/condition HTTP/1.1\r\n")
    assert b"Content-Type: application/json" in head
    assert json.loads(body) == {"name": "install-fails", "on": True}


def test_the_address_may_hold_placeholders(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ports, "port", lambda self, name: server.listener.getsockname()[1])
    server.serve(say(""))
    steering = Steering.of(iut(tmp_path, attach__hook="http://127.0.0.1:{port:hook}/{encoding}"))
    assert steering.call("idle", {}).kind == "done"
    assert server.received.startswith(b"POST /xml/idle ")
    steering.close()


@pytest.mark.parametrize(
    ("talk", "kind", "note"),
    [
        (say(""), "done", ""),
        (say("no such thing", "501 Not Implemented"), "cannot", "no such thing"),
        (say("", "500 Oops"), "error", "HTTP status 500"),
        (say("because", "404 Not Found"), "error", "HTTP status 404: because"),
        (say("", "204 No Content"), "error", "HTTP status 204"),
        (say("", "302 Found\r\nLocation: http://127.0.0.1:1/"), "error", "HTTP status 302"),
        (say("[]"), "error", "no JSON object"),
        (say("x" * 100), "error", "no JSON object"),
        (say("SSH-2.0-OpenSSH\r\n", body=False), "error", "BadStatusLine"),
        (say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", body=False), "error", "98 octets of the answer"),
        (say("", body=False), "error", "RemoteDisconnected"),
        (say("HTTP/1.1 200 OK\r\n" + "X: y\r\n" * 200 + "\r\n", body=False), "error", "headers"),
    ],
)
def test_what_an_answer_means(tmp_path: Path, server: Server, talk: Talk, kind: str, note: str) -> None:
    outcome = call(tmp_path, server, talk)
    assert (outcome.kind, outcome.answer) == (kind, {})
    assert note in outcome.note


def test_a_too_long_answer_is_an_error(tmp_path: Path, server: Server) -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b" " * 65536)

    assert "longer than 1048576 octets" in call(tmp_path, server, endless).note


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"])
def test_a_slow_answer_is_broken_off(tmp_path: Path, server: Server, head: bytes) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(head)
        while not server.over.wait(0.02):
            connection.sendall(b"x")

    began = time.monotonic()
    outcome = call(tmp_path, server, drip, seconds=0.3)
    assert (outcome.kind, "no complete answer after 0.3 s" in outcome.note) == ("error", True)
    assert time.monotonic() - began < HANGS / 2


def test_a_silent_address_is_given_up(tmp_path: Path, server: Server) -> None:
    began = time.monotonic()
    outcome = call(tmp_path, server, lambda connection: server.over.wait(HANGS) and None, seconds=0.3)
    assert "no complete answer after 0.3 s" in outcome.note
    assert time.monotonic() - began < HANGS / 2


def test_nobody_at_the_address_is_an_error(tmp_path: Path, server: Server) -> None:
    server.close()
    steering = Steering.of(iut(tmp_path, attach__hook=server.address))
    outcome = steering.call("idle", {})
    steering.close()
    assert (outcome.kind, "ConnectionRefusedError" in outcome.note) == ("error", True)


def test_closing_breaks_off_what_runs(tmp_path: Path, server: Server) -> None:
    reached = threading.Event()

    def hang(connection: socket.socket) -> None:
        reached.set()
        server.over.wait(HANGS)

    server.serve(hang)
    steering = Steering.of(iut(tmp_path, attach__hook=server.address))
    pending = steering.call_async("reset", {})
    assert reached.wait(2)
    began = time.monotonic()
    steering.close()
    assert time.monotonic() - began < HANGS / 2
    assert pending.outcome(1).kind == "error"
