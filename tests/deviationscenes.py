"""Scenes in which deviations about triggers and about download descriptors show: many small things one after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from devicebench import ROOT, Bench, run, sequence, set_

from conformance.harness.owndescriptor import document
from conformance.harness.ownpush import Secret, make
from conformance.transport.exchange import Request, Response

PUSHES: tuple[dict[str, Any], ...] = (
    {}, {"session_id": "1234"}, {"digest": "wrong"}, {"digest": "without-vendor", "vendor": "0102"},
    {"server_id": "org.stranger.dm"}, {"length": 9}, {"future": 1}, {"digest": "resync"}, {"content_type": "0x4E"},
    {"application": "0x02"}, {"headers": ["b483"]}, {"general": True}, {"vendor": 150, "sms": [2, 1]},
    {"vendor": 150, "sms": [1, 1, 2]}, {"vendor": 150, "sms": [1, 2], "wide": True},
)  # fmt: skip
DESCRIPTORS: tuple[dict[str, Any], ...] = (
    {}, {"without": ["size"]}, {"notify": ""}, {"size": "-1"}, {"size": 1 << 40}, {"version": "2.0"}, {"version": "1.1"},
    {"more": {"garbage": "x"}}, {"form": "mark"}, {"param": 8192}, {"types": ["x/y", "application/octet-stream"]},
    {"form": "relative"},
)  # fmt: skip
DESCRIPTOR, OBJECT, REPORT = "http://content.example/d.dd", "http://content.example/p", "http://content.example/r"
OCTETS = b"0123456789" * 20


def pushes(bench: Bench, tmp: Path) -> None:
    """Triggers in every form; the user wants none where the trigger asks."""
    for number, given in enumerate(PUSHES, 1):
        push(bench, given, number)
    bench.device.prompt.queue("session", "reject")
    push(bench, {"ui_mode": 3}, len(PUSHES) + 1)


def push(bench: Bench, given: dict[str, Any], number: int) -> None:
    made = make(given, Secret(bench.profile.server_id, "srv-secret-1", bench.keys.nonce), number, number)
    for part in made.sms:
        bench.device.short_message(part, bench.at)
    if not made.sms:
        bench.device.trigger(made.datagram, bench.at)
    bench.settle()


def downloads(bench: Bench, tmp: Path) -> None:
    """Descriptors in every form, and one whose object breaks off and whose report is refused."""
    kind = "application/octet-stream"
    bench.types[DESCRIPTOR] = "application/vnd.oma.dd+xml"
    bench.contents[OBJECT] = OCTETS
    bench.contents[REPORT] = Response(200)
    for given in DESCRIPTORS:
        report = str(given.get("notify", REPORT))
        bench.contents[DESCRIPTOR] = document(given, OBJECT, len(OCTETS), kind, report, "")
        _download(bench)
    bench.contents[DESCRIPTOR] = document({}, OBJECT, len(OCTETS), kind, REPORT, "")
    length = ("Content-Length", str(len(OCTETS)))
    troubles = {
        OBJECT: Response(200, [("Content-Type", kind), length], OCTETS[:50], "closed"), REPORT: Response(500),
    }  # fmt: skip

    def once(request: Request) -> Response | None:
        return troubles.pop(request.url, None)

    bench.respond = once
    _download(bench)


def _download(bench: Bench) -> None:
    node = f"{ROOT}/Download"
    bench.play([sequence(set_(f"{node}/PkgURL", DESCRIPTOR), run(node, "j"))], seconds=20)
