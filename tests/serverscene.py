"""A reference server with an enrolled device, and what a test asks of the two."""

from __future__ import annotations

import random
from typing import Any

from scripteddevice import DEVICE, ROOT, ScriptedDevice, enrolment

from conformance.peers.server import Server, ServerProfile
from conformance.syncml.model import Exec, Message

PACKAGE = random.Random(1).randbytes(20_000)
OTHER = "./FwUpdate/Other"
URL = "http://c.example/p.bin?a=1&b=<2>"


class Memory:
    """A package that is in memory."""

    def __init__(self, octets: bytes = PACKAGE) -> None:
        self.octets, self.size = octets, len(octets)

    def read(self, offset: int, count: int) -> bytes:
        return self.octets[offset : offset + count]


def server(profile: ServerProfile | None = None, **given: Any) -> Server:
    made = Server(profile or ServerProfile(), seed=3, sources=lambda path: Memory())
    made.verb("enrol", enrolment(**given), 0)
    return made


def plan(made: Server, way: str = "download", **more: Any) -> str:
    given = {"device_id": DEVICE, "object": ROOT, "way": way, "package": {"url": URL, "path": "p.bin"}, "notify": False}
    answer = made.verb("campaign", {**given, **more}, 0)
    assert answer is not None
    return str(answer["id"])


def outcome(made: Server, **more: Any) -> dict[str, Any]:
    answer = made.verb("outcome", {"device_id": DEVICE, **more}, 0)
    assert answer is not None
    return answer


def began(made: Server, way: str = "download-and-update", **more: Any) -> tuple[ScriptedDevice, Exec]:
    """A campaign whose Exec was accepted."""
    plan(made, way)
    device = ScriptedDevice(made, **more)
    device.session()
    return device, device.execs[-1]


def codes(message: Message, name: str = "Alert") -> list[str | None]:
    return [status.data for status in message.statuses() if status.cmd == name]


def targets(message: Message, kind: type = Exec) -> list[str]:
    return [(c.items[0].target or "").removeprefix(ROOT) for c in message.walk() if isinstance(c, kind)]
