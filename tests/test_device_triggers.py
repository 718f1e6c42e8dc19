"""The reference device: which trigger messages bring a session, and how lost nonces are made anew."""

from __future__ import annotations

from typing import Any

import pytest
from devicebench import Bench, get

from conformance.dm.trigger import Notification, Push, build_push
from conformance.dm.trigger import build as build_trigger


@pytest.fixture
def bench() -> Bench:
    return Bench()


def trigger(bench: Bench, session: int = 0xAB, *, nonce: bytes | None = None, password: str = "", **fields: Any) -> bytes:
    given = {"session_id": session, "server_id": bench.profile.server_id} | fields
    used = bench.keys.nonce if nonce is None else nonce
    return build_push(Push(build_trigger(Notification(**given), password or bench.profile.server.password, used)))


def test_a_trigger_starts_one_session(bench: Bench) -> None:
    datagram = trigger(bench)
    for _ in range(3):
        bench.device.trigger(datagram, bench.at)
    bench.settle()
    assert [e.message.header.session_id for e in bench.log] == ["AB"]
    assert bench.log[0].message.commands[0].data == "1200"  # type: ignore[attr-defined]
    bench.device.trigger(datagram, bench.at)
    bench.device.trigger(trigger(bench, 0x1234), bench.at)
    bench.settle()
    assert [e.message.header.session_id for e in bench.log] == ["AB", "1234"]


def test_triggers_that_are_ignored(bench: Bench) -> None:
    good = trigger(bench)
    wrong_application = build_push(Push(b"x" * 40, headers=()))
    for datagram in (
        trigger(bench, password="wrong"), trigger(bench, nonce=b"other"), trigger(bench, server_id="stranger"),
        trigger(bench, version=12), trigger(bench, 0), good[:-1], good[:10], b"", b"\0" * 100, wrong_application,
        bytes([*good[:-1], good[-1] ^ 1]),
    ):
        bench.device.trigger(datagram, bench.at)
        bench.settle()
    assert bench.log == []
    deaf = Bench(notification=False)
    deaf.device.trigger(trigger(deaf), 0.0)
    deaf.settle()
    assert deaf.log == []


@pytest.mark.parametrize("nonce", [b"\0\0\0\0", b"0x00000000"])
def test_lost_nonces_are_made_anew(bench: Bench, nonce: bytes) -> None:
    bench.keys.nonce = nonce
    bench.keys.verifier.current = nonce
    bench.device.trigger(trigger(bench), bench.at)
    bench.script = [[get("./DevInfo/Man")]]
    bench.settle()
    assert [e.facts["credentials"]["result"] for e in bench.log] == ["right", "absent"]
    assert bench.codes(bench.log[1]) == ["200"]
    assert bench.play([get(".")])[0].facts["credentials"] == {
        "type": "md5", "result": "right", "nonce": "current", "user": "right",
    }
    assert bench.device.keys.verifier.allowed == {"current"}
