"""A DM server and a content server in the hand of a test, and the loop that drives the reference device against them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.dm.credentials import Verifier
from conformance.dm.largeobject import Splitter
from conformance.dm.serversession import PeerKeys, ServerSession, ServerSettings
from conformance.peers.device import Device
from conformance.peers.profile import DeviceProfile
from conformance.syncml.codec import decode
from conformance.syncml.model import (
    Add,
    Alert,
    Atomic,
    Command,
    Delete,
    Exec,
    Get,
    Item,
    Message,
    Meta,
    Replace,
    Results,
)
from conformance.syncml.model import (
    Sequence as SequenceCommand,
)
from conformance.transport.exchange import Request, Response, header

Batch = list[Command] | tuple[list[Command], Splitter]
ROOT = "./FwUpdate/Main"


def get(uri: str) -> Get:
    return Get(items=[Item(target=uri)])


def set_(uri: str, data: str, format_: str | None = None) -> Replace:
    return Replace(items=[Item(target=uri, data=data, meta=Meta(format=format_) if format_ else None)])


def add(uri: str, data: str | None = None, format_: str = "chr", type_: str | None = None) -> Add:
    return Add(items=[Item(target=uri, data=data, meta=Meta(format=format_, type=type_))])


def delete(uri: str) -> Delete:
    return Delete(items=[Item(target=uri)])


def run(uri: str, correlator: str | None = None) -> Exec:
    return Exec(items=[Item(target=uri)], correlator=correlator)


def sequence(*commands: Command) -> SequenceCommand:
    return SequenceCommand(commands=list(commands))


def atomic(*commands: Command) -> Atomic:
    return Atomic(commands=list(commands))


def ask(code: str, *data: str) -> Alert:
    return Alert(data=code, items=[Item(data=each) for each in data])


@dataclass
class Exchange:
    """One message of the device and the answer it got."""

    request: Request
    message: Message
    answer: Message | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    at: float = 0.0


class Octets:
    def __init__(self, octets: bytes) -> None:
        self.octets, self.size = octets, len(octets)

    def read(self, offset: int, count: int) -> bytes:
        return self.octets[offset : offset + count]


class Bench:
    """Drives one device. ``script`` is what the server commands next, one batch for each package of the device."""

    def __init__(self, profile: DeviceProfile | None = None, deviations: Sequence[str] = (), **changes: Any) -> None:
        base = profile or DeviceProfile()
        self.device = Device(replace(base, **changes), deviations, seed=7)
        self.profile = self.device.profile
        self.at = 0.0
        self.script: list[Batch] = []
        self.contents: dict[str, bytes | Response] = {}
        self.types: dict[str, str] = {}
        self.log: list[Exchange] = []
        self.fetches: list[Request] = []
        self.settings = ServerSettings(self.profile.server_id, self.profile.server_url)
        self.keys = PeerKeys(
            self.profile.authentication, Verifier(self.profile.client, self.profile.client_nonce, random.Random(1).randbytes),
            self.profile.server, self.profile.server_nonce,
        )
        self.session: ServerSession | None = None
        self.respond: Callable[[Request], Response | None] = lambda request: None

    # -- driving -----------------------------------------------------------------------------------------------------

    def settle(self, seconds: float = 0.0) -> None:
        """Lets everything happen that needs no time, then what happens within so many seconds."""
        end = self.at + seconds
        for _ in range(4000):
            request = self.device.poll(self.at)
            if request is not None:
                self.device.receive(self.answer(request), self.at)
                continue
            wake = self.device.wake_at
            if wake is None or wake > end:
                self.at = end
                return
            self.at = max(self.at, wake)
        raise AssertionError("the device does not come to rest")

    def play(self, *batches: Batch, seconds: float = 0.0, kind: str = "client") -> list[Exchange]:
        """One session in which the server sends these batches; gives what was exchanged."""
        self.script = list(batches)
        first = len(self.log)
        self.device.verb("start_session", {"kind": kind}, self.at)
        self.settle(seconds)
        return self.log[first:]

    def answer(self, request: Request) -> Response:
        """What the servers answer to a request."""
        given = self.respond(request)
        if given is not None:
            return given
        if request.url.startswith(self.profile.server_url):
            return self._dm(request)
        self.fetches.append(request)
        content = self.contents.get(request.url, Response(404))
        if isinstance(content, Response):
            return content
        kind = self.types.get(request.url, "application/octet-stream")
        return Response(200, [("Content-Type", kind), ("Content-Length", str(len(content)))], content)

    def _dm(self, request: Request) -> Response:
        media = header(request.headers, "content-type") or ""
        message = decode(request.body, media).message
        exchange = Exchange(request, message, at=self.at)
        self.log.append(exchange)
        if self.session is None or message.header.msg_id == "1":
            self.session = ServerSession(self.settings, self.keys)
        session = self.session
        got = session.receive(request.body, media, {k.lower(): v for k, v in request.headers})
        exchange.facts = got.facts
        commands: list[Command] = []
        large = None
        if session.may_command and self.script:
            batch = self.script.pop(0)
            commands, large = batch if isinstance(batch, tuple) else (batch, None)
        out = session.respond(commands, large=large)
        exchange.answer = out.message
        return Response(200, [("Content-Type", out.media), *out.headers], out.octets)

    # -- looking -----------------------------------------------------------------------------------------------------

    def codes(self, exchange: Exchange) -> list[str]:
        """Codes of the Statuses of a message of the device, without that of the SyncHdr."""
        return [status.data or "" for status in exchange.message.statuses()[1:]]

    def found(self, exchanges: Sequence[Exchange]) -> dict[str, str | bytes | None]:
        """Values of all Results, by address."""
        values: dict[str, str | bytes | None] = {}
        for exchange in exchanges:
            for command in exchange.message.commands:
                if isinstance(command, Results):
                    values.update({item.source or "": item.data for item in command.items})
        return values

    def value(self, uri: str) -> str | bytes | None:
        """The value that a Get of the server finds now."""
        return self.found(self.play([get(uri)])).get(uri)

    def state(self) -> str | bytes | None:
        return self.value(f"{ROOT}/State")

    def reports(self) -> list[Alert]:
        """All Generic Alerts that the device sent."""
        return [
            command for exchange in self.log for command in exchange.message.commands
            if isinstance(command, Alert) and command.data == "1226"
        ]
