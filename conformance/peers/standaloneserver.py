"""The reference server over sockets: DM and content on one port, the hook on another, triggers, and its memory on disk."""

from __future__ import annotations

import hashlib
import secrets
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from conformance.attach import NotSupported
from conformance.peers.hookweb import hook_server
from conformance.peers.security import TlsFiles
from conformance.peers.server import Server, ServerProfile
from conformance.peers.server_deviations import parts_for
from conformance.peers.statefile import StateFile
from conformance.transport.client import HttpClient
from conformance.transport.exchange import Reply, Request
from conformance.transport.server import HttpServer
from conformance.transport.tls import client_context

LONGEST = 1.0
"""Seconds after which triggers are looked for although nothing happened."""
SHORTEST = 0.01
MAX_WAIT = 3600.0
"""Seconds that the verb ``idle`` waits at most."""
MAX_PACKAGE = 1 << 30
MAX_REQUEST = 4 << 20
_JOIN = 5.0


class ServerProcess:
    """One server. All use of the engine is under one lock; packages are sent and fetched outside it.

    Port 0: any free one; ``hook_port`` ``None``: no hook. A profile without ``url`` gets that of the listening socket.
    Raises ``OSError`` where a port is taken, ``ValueError`` for a damaged memory or a deviation that there is not.
    """

    def __init__(
        self, profile: ServerProfile, folder: Path, deviations: Sequence[str] = (), seed: int | None = None, *,
        host: str = "127.0.0.1", port: int = 0, hook_port: int | None = 0, clock: Callable[[], float] = time.time,
        files: TlsFiles | None = None,
    ) -> None:
        self.clock = clock
        self.folder = folder
        self.memory = StateFile(folder)
        self._news = threading.Condition()
        self._closing = False
        files = files or TlsFiles()
        # what it shows is known before there is an address, and the engine needs an address
        guise = parts_for(deviations).transport().guise(files)
        self._client = HttpClient(max_body=MAX_PACKAGE, tls=client_context(files.ca, files.certificate, files.key))
        self.http = HttpServer(self._handle, host, port, max_body=MAX_REQUEST, advertise_path="/dm", tls=guise)
        try:
            url = profile.url or self.http.url
            self.profile = replace(profile, url=url, content_url=urljoin(url, "content/"))
            number = secrets.randbits(64) if seed is None else seed
            self.server = Server(self.profile, deviations, number, kept=self.memory.read())
            self.hook: HttpServer | None = None if hook_port is None else hook_server(self.call, host, hook_port)
        except (OSError, ValueError):
            self.http.close()
            raise
        self._thread = threading.Thread(target=self._notify, name="triggers", daemon=True)

    def start(self) -> str:
        """Begins to work; gives a line that says where it can be reached."""
        self._save()
        self.http.start()
        self._thread.start()
        if self.hook is None:
            return f"server ready, {self.profile.url}"
        self.hook.start()
        return f"server ready, {self.profile.url}, hook {self.hook.url}"

    def close(self) -> None:
        """Stops in good order."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        self._client.close()
        if self.hook is not None:
            self.hook.close()
        self.http.close()
        if self._thread.is_alive():
            self._thread.join(_JOIN)

    def _save(self) -> None:
        self.memory.write(self.server.kept)

    # -- the wire ----------------------------------------------------------------------------------------------------

    def _handle(self, request: Request) -> Reply:
        with self._news:
            reply = self.server.handle(request, self.clock())
            self._save()
            self._news.notify_all()
            return reply

    def _notify(self) -> None:
        """Sends triggers when they are due."""
        while True:
            with self._news:
                if self._closing:
                    return
                due = self.server.outgoing(self.clock())
                self._save()
                if not due:
                    wake = self.server.wake_at()
                    self._news.wait(LONGEST if wake is None else min(LONGEST, max(SHORTEST, wake - self.clock())))
                    continue
                self._news.notify_all()
            for url, octets in due:
                self._send(url, octets)

    def _send(self, url: str, octets: bytes) -> None:
        """Sends one trigger. Nobody is told where that fails: triggers can be lost, and are repeated."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return
        if parts.scheme == "http":
            self._client.send(Request("POST", url, [("Content-Type", "application/octet-stream")], octets))
        elif parts.scheme == "udp" and port:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            with socket.socket(family, socket.SOCK_DGRAM) as sender:
                try:
                    sender.sendto(octets, (host, port))
                except OSError:
                    return

    # -- verbs -------------------------------------------------------------------------------------------------------

    def call(self, verb: str, given: dict[str, Any]) -> dict[str, Any] | None:
        """Does what a verb of the attach contract asks for. Raises ``NotSupported``."""
        if verb == "idle":
            return {"idle": self._idle(given.get("wait"))}
        if verb == "campaign":
            given = self._with_package(given)
        with self._news:
            answer = self.server.verb(verb, given, self.clock())
            self._save()
            self._news.notify_all()
        return answer

    def _idle(self, wait: Any) -> bool:
        seconds = float(wait) if isinstance(wait, int | float) else 0.0
        deadline = self.clock() + max(0.0, min(seconds, MAX_WAIT))
        with self._news:
            while not self.server.idle(self.clock()):
                left = deadline - self.clock()
                if left <= 0 or self._closing:
                    return False
                self._news.wait(min(left, LONGEST))
            return True

    def _with_package(self, given: dict[str, Any]) -> dict[str, Any]:
        """The package itself is fetched where it is needed and only its address was given."""
        package = given.get("package")
        if not isinstance(package, dict) or package.get("path") or not isinstance(package.get("url"), str):
            return given
        if given.get("way") != "replace" and given.get("host") != "server":
            return given
        folder = self.folder / "fetched"
        folder.mkdir(exist_ok=True)
        path = folder / hashlib.sha256(package["url"].encode()).hexdigest()[:32]
        with path.open("wb") as file:
            response = self._client.fetch(Request("GET", package["url"]), lambda piece: file.write(piece) > 0)
        if response.error or response.status != 200:
            raise NotSupported(f"the package cannot be fetched: {response.error or response.status}")
        return {**given, "package": {**package, "path": str(path)}}
