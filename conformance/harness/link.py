"""How a device under test reaches the suite: over sockets, or by a function call in the suite's own process.

Both give the player the same thing: DM requests, one at a time, each of which waits for its reply. Requests for content
are served on the side.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

from conformance.harness.certificates import Certificates, hosts_of
from conformance.harness.clock import Clock, VirtualClock
from conformance.harness.secured import Secured
from conformance.transport.exchange import Fault, Headers, Reply, Request, Source
from conformance.transport.server import HttpServer
from conformance.transport.tls import Handshake

TURNS = 10_000
"""Polls of an in-process peer without any progress of its clock, after which it counts as spinning."""

_PARTING = 1.0
"""Seconds that the last replies get to leave before connections are ended."""


class Spinning(RuntimeError):
    """An in-process peer asks to be polled again and again without time passing."""


class Incoming:
    """A DM request that waits for its reply. :meth:`reply` is called exactly once."""

    def __init__(self, request: Request, send: Callable[[Reply], None]) -> None:
        self.request = request
        self._send = send
        self.answered = False

    def reply(self, reply: Reply) -> None:
        """Sends the reply. A second call does nothing."""
        if not self.answered:
            self.answered = True
            self._send(reply)


class Link(Protocol):
    """What the player asks of a link. Addresses are those that the device is told."""

    dm_url: str
    content_url: str
    refused_url: str

    def next(self, seconds: float, until: Callable[[], bool] | None = None) -> Incoming | None:
        """The next DM request; ``None`` after ``seconds`` or as soon as ``until()`` is true."""
        ...

    def touch(self) -> None:
        """Wakes a waiting :meth:`next` so that it looks at ``until`` again."""
        ...

    def forget(self) -> None:
        """The power of the device was cut: what it was about to send is lost."""
        ...

    def close(self) -> None:
        """Lets go of everything."""
        ...


class InProcessDevice:
    """A device that runs in the suite's own process and clock, by ``exchange`` of its adapter (attach contract 2)."""

    def __init__(self, adapter: Any, clock: VirtualClock, content: Callable[[Request], Reply]) -> None:
        self.adapter, self.clock, self.content = adapter, clock, content
        self.dm_url = "http://suite.example/dm"
        self.content_url = "http://content.example/"
        self.refused_url = "http://refused.example/"
        self._queued: tuple[bytes | None, dict[str, str]] | None = None
        self._wake: float | None = None

    def next(self, seconds: float, until: Callable[[], bool] | None = None) -> Incoming | None:
        """See :class:`Link`. The clock is moved instead of waiting."""
        deadline = self.clock.now() + seconds
        for _ in range(TURNS):
            request = self._request()
            if request is None:
                if until is not None and until():
                    return None
                wake = self._wake
                if wake is None or wake > deadline:
                    self.clock.move_to(deadline)
                    return None
                self.clock.move_to(wake)
                continue
            if request.url.startswith(self.dm_url):
                return Incoming(request, self._feed)
            self._serve(request)
            if until is not None and until():
                return None
        raise Spinning("the device asked to be polled 10,000 times without time passing")

    def _request(self) -> Request | None:
        if self._queued is None:
            octets, headers, self._wake = self.adapter.exchange(None, {}, self.clock.now())
        else:
            (octets, headers), self._queued = self._queued, None
        if ":url" not in headers:
            return None
        plain = [(name, value) for name, value in headers.items() if not name.startswith(":")]
        return Request(headers.get(":method", "POST"), headers[":url"], plain, octets or b"")

    def _feed(self, reply: Reply, error: str = "") -> None:
        octets, headers = response_of(reply, error)
        out, out_headers, self._wake = self.adapter.exchange(octets, headers, self.clock.now())
        if ":url" in out_headers:
            self._queued = (out, out_headers)

    def _serve(self, request: Request) -> None:
        if request.url.startswith(self.content_url):
            self._feed(self.content(request))
        else:
            refused = request.url.startswith(self.refused_url)
            self._feed(Reply(0), "refused" if refused else "unresolved")

    def trigger(self, octets: bytes) -> None:
        """Delivers a trigger datagram."""
        out, headers, self._wake = self.adapter.exchange(octets, {":trigger": "udp"}, self.clock.now())
        if ":url" in headers:
            self._queued = (out, headers)

    def forget(self) -> None:
        """See :class:`Link`."""
        self._queued = None

    def touch(self) -> None:
        """Nothing waits in the suite's own process."""

    def close(self) -> None:
        """Nothing to let go of."""


_ERROR_OF_FAULT = {
    "cut": "closed",
    "reset": "reset",
    "stall": "timeout",
    "silent": "timeout",
    "close": "closed",
    "garbage": "malformed",
    "surplus": "",
    "drip": "",
}


def response_of(reply: Reply, error: str = "") -> tuple[bytes, dict[str, str]]:
    """A reply as octets and headers of ``exchange``; what a fault leaves of it."""
    body = reply.body if isinstance(reply.body, bytes) else reply.body.read(0, reply.body.size)
    headers = {name.lower(): value for name, value in reply.headers}
    headers.setdefault("content-length", str(len(body)))
    fault = reply.fault
    if fault is not None:
        error = error or _ERROR_OF_FAULT[fault.kind]
        if fault.kind in ("cut", "reset", "stall"):
            body = body[: fault.after]
        elif fault.kind in ("silent", "close", "garbage"):
            body, headers = b"", {}
        elif fault.kind == "surplus":
            body += b"\0" * 16
    headers[":status"] = str(reply.status)
    if error:
        headers[":error"] = error
    if reply.done is not None:
        reply.done(len(body), error)
    return body, headers


class SocketDevice:
    """A device out there: the suite's DM server and content server listen on sockets."""

    def __init__(
        self, dm: tuple[str, str], content: tuple[str, str], serve: Callable[[Request], Reply], *, held: float,
        certificates: Certificates | None = None, heard: Callable[[str, Handshake], None] = lambda place, handshake: None,
    ) -> None:  # fmt: skip
        """``dm`` and ``content``: address to listen at, and as the device sees it ("" for the same). ``held``: seconds for
        which a request may wait for its reply before it is closed without one. ``certificates``: what https addresses
        show; ``heard`` is told which of the two saw a handshake, and what it came to."""
        self._queue: deque[Incoming] = deque()
        self._news = threading.Condition()
        self._held = held
        self._closed = False
        self.redirects = ""
        """Where requests that come over TLS are sent on to, "" for nowhere."""
        self._faults = 0
        self._address, self._path = dm[0], urlsplit(dm[0]).path or "/"
        self.faults: list[str] = []
        self._open = 0
        self.dm_tls = _secured(dm, certificates, lambda handshake: self._shook("dm", handshake, heard))
        self.content_tls = _secured(content, certificates, lambda handshake: self._shook("content", handshake, heard))
        self._dm = _listen(dm[0], self._taking, self._fault, self.dm_tls)
        self._content = _listen(content[0], self._serving(serve), self._fault, self.content_tls)
        self._plain: HttpServer | None = None
        self.dm_url = _advertised(dm, self._dm.port)
        self.content_url = _advertised(content, self._content.port)
        self._refusing = _Refusing(urlsplit(content[0]).hostname or "127.0.0.1")
        self.refused_url = f"http://{urlsplit(self.content_url).hostname}:{self._refusing.port}/"

    def _shook(self, place: str, handshake: Handshake, heard: Callable[[str, Handshake], None]) -> None:
        heard(place, handshake)
        self.touch()

    def show(self, dm: str = "", content: str | None = None) -> None:
        """What the servers show from now on (:meth:`Secured.show`); ``content`` ``None``: as before."""
        self._faults = len(self.faults)
        if self.dm_tls is not None:
            if dm != self.dm_tls.shows:
                with self._news:
                    self._news.wait_for(lambda: self._open <= 0, _PARTING)
            self.dm_tls.show(dm, self._dm)
        if self.content_tls is not None and content is not None:
            self.content_tls.show(content, self._content)

    @property
    def met(self) -> bool:
        """Whether the device met what is shown, or a redirection, since :meth:`show`."""
        secured = self.dm_tls
        return len(self.faults) > self._faults or (secured is not None and bool(secured.broken))

    def plain_url(self) -> str:
        """The address of the same DM server without TLS, opened when asked for first."""
        if self._plain is None:
            self._plain = HttpServer(self._taking, host=urlsplit(self._address).hostname or "127.0.0.1", on_fault=self._fault)
            self._plain.start()
        parts = urlsplit(self.dm_url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"http://{host}:{self._plain.port}{parts.path}"

    def _taking(self, request: Request) -> Reply:
        """Counts requests whose reply is not out yet."""
        with self._news:
            self._open += 1
        reply = self._take(request)
        before = reply.done

        def done(sent: int, error: str) -> None:
            with self._news:
                self._open -= 1
                self._news.notify_all()
            if before is not None:
                before(sent, error)

        reply.done = done
        return reply

    def _take(self, request: Request) -> Reply:
        if urlsplit(request.url).path.rstrip("/") != self._path.rstrip("/"):
            return Reply(404, [("Content-Type", "text/plain")], b"No DM server at this address.\n")
        if self.redirects and request.url.startswith("https:"):
            self._fault(request.peer, f"a message was answered by HTTP 307 to {self.redirects}")
            return Reply(307, [("Location", self.redirects)])
        ready = threading.Event()
        box: list[Reply] = []

        def send(reply: Reply) -> None:
            box.append(reply)
            ready.set()

        incoming = Incoming(request, send)
        with self._news:
            if self._closed:
                return Reply(503, [], b"")
            self._queue.append(incoming)
            self._news.notify_all()
        ready.wait(self._held)
        return box[0] if box else Reply(503, [], b"", Fault("close"))

    def _serving(self, serve: Callable[[Request], Reply]) -> Callable[[Request], Reply]:
        def handle(request: Request) -> Reply:
            reply = serve(request)
            before = reply.done

            def done(sent: int, error: str) -> None:
                if before is not None:
                    before(sent, error)
                self.touch()

            reply.done = done
            return reply

        return handle

    def _fault(self, peer: str, what: str) -> None:
        with self._news:
            if len(self.faults) < 1000:
                self.faults.append(f"{peer}: {what}")
            self._news.notify_all()

    def next(self, seconds: float, until: Callable[[], bool] | None = None) -> Incoming | None:
        """See :class:`Link`."""
        deadline = time.monotonic() + seconds
        with self._news:
            while not self._queue:
                left = deadline - time.monotonic()
                if left <= 0 or (until is not None and until()):
                    return None
                self._news.wait(left)
            return self._queue.popleft()

    def forget(self) -> None:
        """See :class:`Link`; requests that nobody took yet are closed without an answer."""
        with self._news:
            waiting = list(self._queue)
            self._queue.clear()
        for incoming in waiting:
            incoming.reply(Reply(503, [], b"", Fault("close")))

    def touch(self) -> None:
        """Wakes whoever waits."""
        with self._news:
            self._news.notify_all()

    def close(self) -> None:
        """Closes both servers and every waiting request."""
        with self._news:
            self._closed = True
            waiting = list(self._queue)
            self._queue.clear()
        for incoming in waiting:
            incoming.reply(Reply(503, [], b"", Fault("close")))
        self._dm.close()
        self._content.close()
        if self._plain is not None:
            self._plain.close()
        self._refusing.close()


class _Refusing:
    """An address at which every connection is refused: a bound port on which nobody listens."""

    def __init__(self, host: str) -> None:
        import socket

        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        self._socket.bind((host, 0))
        self.port = int(self._socket.getsockname()[1])

    def close(self) -> None:
        self._socket.close()


def listen(
    addresses: tuple[str, str], serve: Callable[[Request], Reply], certificates: Certificates | None,
    heard: Callable[[Handshake], None],
) -> tuple[HttpServer, str]:  # fmt: skip
    """A server at the first address; the second is how others see it ("" for the same). Returns it and its address."""
    server = _listen(addresses[0], serve, lambda peer, what: None, _secured(addresses, certificates, heard))
    return server, _advertised(addresses, server.port)


def _secured(
    addresses: tuple[str, str], certificates: Certificates | None, heard: Callable[[Handshake], None]
) -> Secured | None:
    """TLS for a server whose address to listen at is an https one."""
    if certificates is None or urlsplit(addresses[0]).scheme != "https":
        return None
    return Secured(certificates, hosts_of(addresses[1], addresses[0]), heard)


def _listen(
    url: str, handler: Callable[[Request], Reply], fault: Callable[[str, str], None], secured: Secured | None
) -> HttpServer:
    parts = urlsplit(url)
    host = parts.hostname or "127.0.0.1"
    if secured is None:
        server = HttpServer(handler, host=host, port=parts.port or 0, on_fault=fault)
    else:
        server = HttpServer(handler, host=host, port=443 if parts.port is None else parts.port, on_fault=fault,
                            tls=secured.context, on_handshake=secured.heard)  # fmt: skip
    server.start()
    return server


def _advertised(addresses: tuple[str, str], port: int) -> str:
    parts = urlsplit(addresses[1] or addresses[0])
    host = parts.hostname or "127.0.0.1"
    host = f"[{host}]" if ":" in host else host
    number = parts.port if addresses[1] and parts.port else port
    return f"{parts.scheme}://{host}:{number}{parts.path}"


__all__ = [
    "Clock",
    "Headers",
    "InProcessDevice",
    "Incoming",
    "Link",
    "SocketDevice",
    "Source",
    "Spinning",
    "response_of",
]
