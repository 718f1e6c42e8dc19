"""HTTP/1.1 client on blocking sockets: one kept connection for each origin, every wait and size bounded."""

from __future__ import annotations

import socket
import ssl
import string
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import h11

from conformance.transport.exchange import Headers, Request, Response, header
from conformance.transport.tls import Handshake, OnHandshake, broke_off, came_to
from conformance.transport.wire import Wire, error_of

MAX_BODY = 96 << 20
"""Octets of a response body that are taken by default."""

Sink = Callable[[bytes], bool | None]
"""Takes a piece of a body. ``False``: no more is wanted."""
Begin = Callable[[int, Headers], bool | None]
"""Hears status and headers before the body. ``False``: the body is not wanted."""

_TARGET = "".join(set(string.punctuation) - set("\"<>\\^`{|}#")) + string.ascii_letters + string.digits
_MAX_HEAD = 65536
_INFORMATIONAL = 32
_CHUNK = 256
"""Octets of a chunk in chunked transfer coding: a message takes several."""

Origin = tuple[str, str, int]


@dataclass(slots=True)
class _Link:
    """A connection with the HTTP state of its newest exchange."""

    wire: Wire
    http: h11.Connection


@dataclass(frozen=True, slots=True)
class _Call:
    """What is to be sent where."""

    origin: Origin
    head: h11.Request
    body: bytes

    def start(self, link: _Link) -> bytes:
        """The octets of the request; the link then awaits its response."""
        link.http = http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD)
        try:
            octets = http.send(self.head) or b""
            chunked = any(name == b"transfer-encoding" for name, _ in self.head.headers)
            size = _CHUNK if chunked else len(self.body) or 1
            for at in range(0, len(self.body), size):
                octets += http.send(h11.Data(data=self.body[at : at + size])) or b""
            return octets + (http.send(h11.EndOfMessage()) or b"")
        except h11.LocalProtocolError as error:
            raise _ExchangeError("malformed") from error


def _unheard(handshake: Handshake) -> None:
    """Where nobody wants to know of handshakes."""


class _ExchangeError(Exception):
    """An exchange that broke off; the argument is one of ERRORS."""


class _UnwantedError(Exception):
    """The caller wants no more of the body."""


class HttpClient:
    """Sends requests. Safe for several threads; at most one idle connection is kept for each origin.

    ``connect`` and ``read`` in seconds (TCP and TLS set-up; waiting for the next octets), ``total`` bounds a whole
    exchange, ``max_body`` in octets. ``tls`` verifies servers; without it the system's authorities count.
    ``on_handshake`` hears what handshakes came to.
    """

    def __init__(
        self,
        *,
        connect: float = 10.0,
        read: float = 30.0,
        max_body: int = MAX_BODY,
        tls: ssl.SSLContext | None = None,
        total: float = 3600.0,
        on_handshake: OnHandshake = _unheard,
    ) -> None:
        self._on_handshake = on_handshake
        self._connect = connect
        self._read = read
        self._total = total
        self._max_body = max_body
        self._tls = tls
        self._lock = threading.Lock()
        self._idle: dict[Origin, _Link] = {}
        self._busy: set[Wire] = set()
        self._closed = False

    def send(self, request: Request) -> Response:
        """Sends a request and reads the response whole. Trouble is told by ``Response.error``, never raised."""
        body = bytearray()
        response = self.fetch(request, body.extend)
        response.body = bytes(body)
        return response

    def fetch(self, request: Request, sink: Sink, begin: Begin | None = None) -> Response:
        """Sends a request and hands the body to ``sink`` piece by piece; ``Response.body`` stays empty.

        ``begin`` is called once before the first piece. Where either answers ``False`` the connection is closed and
        the response has no error. What ``sink`` and ``begin`` raise comes through. An address that can not be used
        counts as unresolved, a request that HTTP can not carry as malformed.
        """
        response = Response()
        try:
            call = _prepare(request)
            link = self._kept(call.origin)
            if link is not None:
                before = link.wire.received
                response.error = self._exchange(link, call, response, sink, begin)
                if response.error not in ("closed", "reset") or link.wire.received > before:
                    return response
            response.error = self._exchange(self._open(call.origin), call, response, sink, begin)
        except _ExchangeError as failed:
            response.error = str(failed)
        return response

    def close(self) -> None:
        """Closes kept connections and breaks off what is under way in other threads."""
        with self._lock:
            self._closed = True
            idle, self._idle = list(self._idle.values()), {}
            for wire in self._busy:
                wire.interrupt()
        for link in idle:
            link.wire.close()

    def _kept(self, origin: Origin) -> _Link | None:
        with self._lock:
            link = self._idle.pop(origin, None)
            if link is None:
                return None
            self._busy.add(link.wire)
        if link.wire.is_stale():
            self._drop(link)
            return None
        return link

    def _open(self, origin: Origin) -> _Link:
        scheme, host, port = origin
        deadline = time.monotonic() + self._connect
        try:
            sock = socket.create_connection((host, port), self._connect)
        except (OSError, UnicodeError) as error:
            raise _ExchangeError(_connect_error(error)) from error
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if scheme == "https":
                context = self._tls or ssl.create_default_context()
                sock = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
            wire = Wire(sock)
            with self._lock:
                if self._closed:
                    raise ConnectionAbortedError("the client is closed")
                self._busy.add(wire)
            wire.handshake(max(0.001, deadline - time.monotonic()))
            if isinstance(sock, ssl.SSLSocket):
                self._on_handshake(came_to(sock))
        except (OSError, ValueError) as error:
            sock.close()
            with self._lock:
                self._busy = {busy for busy in self._busy if busy.sock is not sock}
            if scheme == "https":
                self._on_handshake(broke_off(error))
            raise _ExchangeError(_handshake_error(error, scheme)) from error
        return _Link(wire, h11.Connection(h11.CLIENT))

    def _exchange(self, link: _Link, call: _Call, response: Response, sink: Sink, begin: Begin | None) -> str:
        """Sends and reads over an open connection; what went wrong, or ""."""
        again = False
        try:
            unsent = self._write(link.wire, call.start(link))
            try:
                _Reader(link, self._read, self._total, self._max_body).read(response, sink, begin)
            except _ExchangeError as failed:
                return unsent if unsent and not response.status else str(failed)
            except _UnwantedError:
                return ""
            done = link.http.our_state is h11.DONE and link.http.their_state is h11.DONE
            again = done and not unsent and not link.http.trailing_data[0]
            return ""
        finally:
            if again:
                self._keep(link, call.origin)
            else:
                self._drop(link)

    def _write(self, wire: Wire, octets: bytes) -> str:
        try:
            wire.send(octets, max(self._read, len(octets) / 4096))
        except OSError as error:
            return error_of(error)  # not the end: the server may have answered before it read everything
        return ""

    def _keep(self, link: _Link, origin: Origin) -> None:
        with self._lock:
            self._busy.discard(link.wire)
            if not self._closed and origin not in self._idle:
                self._idle[origin] = link
                return
        link.wire.close()

    def _drop(self, link: _Link) -> None:
        with self._lock:
            self._busy.discard(link.wire)
        link.wire.close()


class _Reader:
    """Reads one response."""

    def __init__(self, link: _Link, read: float, total: float, max_body: int) -> None:
        self._link = link
        self._read = read
        self._deadline = time.monotonic() + total
        self._max_body = max_body
        self._start = b""
        self._ended = False

    def read(self, response: Response, sink: Sink, begin: Begin | None) -> None:
        """Until the response is complete. Raises :class:`_ExchangeError` and :class:`_UnwantedError`."""
        count, informational = 0, 0
        while True:
            event = self._event()
            if isinstance(event, h11.InformationalResponse):
                informational += 1
                if informational > _INFORMATIONAL:
                    raise _ExchangeError("malformed")
            elif isinstance(event, h11.Response):
                response.status = event.status_code
                response.headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in event.headers.raw_items()]
                if begin is not None and begin(response.status, response.headers) is False:
                    raise _UnwantedError
            elif isinstance(event, h11.Data):
                count += len(event.data)
                if count > self._max_body:
                    raise _ExchangeError("too-big")
                if sink(bytes(event.data)) is False:
                    raise _UnwantedError
            elif isinstance(event, h11.EndOfMessage):
                return
            else:
                raise _ExchangeError("closed" if self._ended else "malformed")

    def _event(self) -> object:
        http, wire = self._link.http, self._link.wire
        try:
            while (event := http.next_event()) is h11.NEED_DATA:
                left = self._deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                octets = wire.receive(min(self._read, left))
                if len(self._start) < 5:
                    self._start += octets[:5]
                    # an end without line end would look like a connection closed early
                    if not b"HTTP/".startswith(self._start[:5]):
                        raise _ExchangeError("malformed")
                self._ended = not octets
                http.receive_data(octets)
        except h11.RemoteProtocolError as error:
            if self._ended:
                raise _ExchangeError("closed") from error
            raise _ExchangeError("too-big" if error.error_status_hint == 431 else "malformed") from error
        except OSError as error:
            raise _ExchangeError(error_of(error)) from error
        return event


def _prepare(request: Request) -> _Call:
    try:
        parts = urlsplit(request.url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _ExchangeError("unresolved") from error
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise _ExchangeError("unresolved")
    default = 443 if parts.scheme == "https" else 80
    target = quote(parts.path or "/", safe=_TARGET) + (f"?{quote(parts.query, safe=_TARGET)}" if parts.query else "")
    try:
        headers = _headers(request, host, "" if port in (None, default) else f":{port}")
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        head = h11.Request(method=request.method, target=target, headers=pairs)
    except UnicodeError as error:
        raise _ExchangeError("malformed" if host.isascii() else "unresolved") from error
    except h11.LocalProtocolError as error:
        raise _ExchangeError("malformed") from error
    return _Call((parts.scheme, host, port or default), head, request.body)


def _headers(request: Request, host: str, port: str) -> Headers:
    headers = list(request.headers)
    if header(headers, "host") is None:
        shown = f"[{host}]" if ":" in host else host if host.isascii() else host.encode("idna").decode()
        headers.insert(0, ("Host", shown + port))
    framed = header(headers, "content-length") is not None or header(headers, "transfer-encoding") is not None
    if not framed and (request.body or request.method in ("POST", "PUT")):
        headers.append(("Content-Length", str(len(request.body))))
    return headers


def _connect_error(error: BaseException) -> str:
    word = error_of(error)
    return word if word in ("unresolved", "timeout") else "refused"


def _handshake_error(error: BaseException, scheme: str) -> str:
    word = error_of(error)
    if isinstance(error, TimeoutError) or scheme == "http":
        return word
    return "tls"
