"""The reference device over sockets: two connections, the port for triggers, the hook, and its memory on disk."""

from __future__ import annotations

import json
import secrets
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.peers.device import CONTENT, DM, Device
from conformance.peers.hookweb import hook_server
from conformance.peers.profile import DeviceProfile
from conformance.peers.security import DeviceTransport, TlsFiles
from conformance.peers.statefile import StateFile
from conformance.transport.client import HttpClient
from conformance.transport.exchange import Request
from conformance.transport.server import HttpServer

LANES = (DM, CONTENT)
LONGEST = 1.0
"""Seconds after which a lane looks whether there is something to do although nothing happened."""
SHORTEST = 0.01
MAX_WAIT = 3600.0
"""Seconds that the verb ``idle`` waits at most."""
MAX_DATAGRAM = 65535
_DM_PATIENCE = 30.0
"""Seconds that it waits for octets of the DM server: a busy one is not yet a lost one."""
_JOIN = 5.0


class DeviceProcess:
    """One device. All use of the engine is under one lock; requests are sent outside it, one at a time on each lane.

    Ports: 0 for any free one, ``None`` for none. ``patience``: seconds for which it waits for octets of a download. ``files``: for TLS.
    ``seed``: see :class:`~conformance.peers.device.Device`. Raises ``OSError`` where a port is taken or a file cannot be
    used, ``ValueError`` for a damaged memory or a deviation that there is not.
    """

    def __init__(
        self, profile: DeviceProfile, folder: Path, deviations: Sequence[str] = (), seed: int | None = None, *,
        host: str = "127.0.0.1", hook_port: int | None = 0, notify_port: int | None = 0,
        patience: float = 30.0, clock: Callable[[], float] = time.time, files: TlsFiles | None = None,
    ) -> None:
        self.clock, self.patience, self.files = clock, patience, files or TlsFiles()
        self.memory = StateFile(folder)
        kept = self.memory.read()
        self.device = Device(
            profile, deviations, secrets.randbits(64) if seed is None else seed, kept, self.memory.packages()
        )
        lock = threading.Lock()
        self._news, self._rest = threading.Condition(lock), threading.Condition(lock)
        self._closing = False
        self._transport: DeviceTransport = self.device.parts.transport()
        self._trust()
        self._clients = self._made_clients()
        self._threads: list[threading.Thread] = []
        self._socket = _bound(host, notify_port)
        try:
            self.hook: HttpServer | None = None if hook_port is None else hook_server(self.call, host, hook_port)
        except OSError:
            if self._socket is not None:
                self._socket.close()
            raise

    @property
    def notify_port(self) -> int | None:
        """The port at which triggers are taken."""
        return None if self._socket is None else int(self._socket.getsockname()[1])

    def start(self) -> str:
        """Begins to work; gives a line that says where it can be reached."""
        for lane in LANES:
            self._threads.append(threading.Thread(target=self._work, args=(lane,), name=f"lane:{lane}", daemon=True))
        if self._socket is not None:
            self._threads.append(threading.Thread(target=self._listen, name="triggers", daemon=True))
        self._save()
        for thread in self._threads:
            thread.start()
        where = ["device ready"]
        if self.hook is not None:
            self.hook.start()
            where.append(f"hook {self.hook.url}")
        if self.notify_port is not None:
            where.append(f"triggers at port {self.notify_port}")
        return ", ".join(where)

    def close(self) -> None:
        """Stops in good order: what is under way is broken off, what must last is written."""
        with self._news:
            self._closing = True
            self._rest.notify_all()
            self._news.notify_all()
        for client in self._clients.values():
            client.close()
        if self._socket is not None:
            _wake(self._socket)
        if self.hook is not None:
            self.hook.close()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(_JOIN)
        if self._socket is not None:
            self._socket.close()

    # -- requests ----------------------------------------------------------------------------------------------------

    def _work(self, lane: str) -> None:
        while True:
            with self._news:
                if self._closing:
                    return
                request = self.device.poll(self.clock(), lane)
                self._save()
                self._rest.notify_all()
                if request is None:
                    self._news.wait(self._patience())
                    continue
                client = self._clients[lane]
            self._send(lane, client, request)

    def _patience(self) -> float:
        wake = self.device.wake_at
        return LONGEST if wake is None else min(LONGEST, max(SHORTEST, wake - self.clock()))

    def _send(self, lane: str, client: HttpClient, request: Request) -> None:
        def begin(status: int, headers: list[tuple[str, str]]) -> bool:
            with self._news:
                return self._current(lane, client) and self.device.receive_begin(status, headers, lane)

        def sink(piece: bytes) -> bool:
            with self._news:
                return self._current(lane, client) and self.device.receive_data(piece, lane)

        if lane == DM:
            response = self._transport.fetch(client, request, sink, begin)
        else:
            response = client.fetch(request, sink, begin)
        with self._news:
            if self._current(lane, client):
                self.device.receive_end(response.error, self.clock(), lane)
                self._save()
            self._rest.notify_all()
            self._news.notify_all()

    def _current(self, lane: str, client: HttpClient) -> bool:
        """Whether a request still counts: a reset and a power cut leave those before them without a reader."""
        return self._clients[lane] is client and not self._closing

    def _trust(self) -> None:
        """Takes the files for TLS. Raises ``OSError`` where they cannot be used."""
        transport = self._transport
        self._contexts = {DM: transport.context(self.files), CONTENT: transport.content_context(self.files)}

    def _made_clients(self) -> dict[str, HttpClient]:
        patience = {DM: _DM_PATIENCE, CONTENT: self.patience}
        return {lane: HttpClient(read=patience[lane], tls=self._contexts[lane]) for lane in LANES}

    def _break_off(self) -> None:
        old, self._clients = self._clients, self._made_clients()
        for client in old.values():
            client.close()

    def _save(self) -> None:
        """Writes what must last. A package is there before anything names it, and goes after nothing does."""
        packages = self.device.packages
        self.memory.keep(packages)
        self.memory.write(json.dumps(self.device.kept))
        self.memory.drop(packages)

    # -- triggers and verbs ------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        assert self._socket is not None
        while True:
            try:
                datagram = self._socket.recv(MAX_DATAGRAM)
            except OSError:
                return
            with self._news:
                if self._closing:
                    return
                self.device.trigger(datagram, self.clock())
                self._save()
                self._news.notify_all()

    def call(self, verb: str, given: dict[str, Any]) -> dict[str, Any] | None:
        """Does what a verb of the attach contract asks for. Raises ``NotSupported``."""
        if verb == "idle":
            return {"idle": self._idle(given.get("wait"))}
        with self._news:
            answer = self.device.verb(verb, given, self.clock())
            if verb == "prepare" and given.get("ca") and self.files.ca is None:
                self.files = replace(self.files, ca=Path(str(given["ca"])))
                self._trust()
            if verb in ("reset", "prepare") or (verb == "power_cycle" and given.get("at", "now") == "now"):
                self._break_off()
            self._save()
            self._news.notify_all()
        return answer

    def _idle(self, wait: Any) -> bool:
        seconds = float(wait) if isinstance(wait, int | float) else 0.0
        with self._news:
            self._rest.wait_for(lambda: self.device.idle or self._closing, max(0.0, min(seconds, MAX_WAIT)))
            return self.device.idle


def _bound(host: str, port: int | None) -> socket.socket | None:
    if port is None:
        return None
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def _wake(listener: socket.socket) -> None:
    """Ends a wait for a datagram."""
    with socket.socket(listener.family, socket.SOCK_DGRAM) as waker:
        waker.sendto(b"", listener.getsockname()[:2])
