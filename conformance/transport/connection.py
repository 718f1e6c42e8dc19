"""One connection to the HTTP server: reads requests, asks the handler, sends its replies, until either side ends."""

from __future__ import annotations

import contextlib
import re
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import h11

from conformance.transport.exchange import Headers, Reply, Request, header
from conformance.transport.sender import ReplyError, Sender
from conformance.transport.tls import Handshake, OnHandshake, broke_off, came_to
from conformance.transport.wire import Wire, error_of

Handler = Callable[[Request], Reply]
OnFault = Callable[[str, str], None]

_SLOWEST = 1024
"""Octets per second below which a request is taken for an attack."""
_SMALLEST, _MANY = 64, 10000
"""Octets that a piece of a body must have on average once it came in that many pieces."""

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_BARE_LF = re.compile(rb"(?<!\r)\n")
_FOLDED = re.compile(rb"\n[ \t]+[^\s]")
_HOST = re.compile(r"[A-Za-z0-9._~%:\[\]-]{1,255}")


@dataclass(frozen=True, slots=True)
class Settings:
    """What all connections of a server share. ``base`` is scheme and authority of the server's own address."""

    handler: Handler
    on_fault: OnFault
    base: str
    max_body: int
    idle: float
    closing: threading.Event
    on_handshake: OnHandshake


class _Once:
    """Tells the maker of a reply, once, how many octets of its body left and what went wrong."""

    def __init__(self, sender: Sender, reply: Reply, fault: Callable[[str], None]) -> None:
        self._sender = sender
        self._before = sender.body_sent
        self._done = reply.done
        self._fault = fault

    def __call__(self, error: str = "") -> None:
        done, self._done = self._done, None
        if done is None:
            return
        try:
            done(self._sender.body_sent - self._before, error)
        except Exception as trouble:  # a fault of the suite must not end the connection of a device
            self._fault(f"taking note of a reply raised {type(trouble).__name__}: {trouble}")


class _RefusalError(Exception):
    def __init__(self, status: int, what: str) -> None:
        self.status = status
        super().__init__(what)


class Connection:
    """Serves one connection in the thread that calls :meth:`serve`."""

    def __init__(self, wire: Wire, peer: str, settings: Settings) -> None:
        self._wire = wire
        self._peer = peer
        self._settings = settings
        self._names: tuple[str, ...] = ()
        self._http = h11.Connection(h11.SERVER)
        self._sender = Sender(wire, self._http, settings.idle, settings.closing)

    def serve(self) -> None:
        """Until the connection ends. Never raises for what the peer does."""
        if not self._secure():
            self._wire.close()
            return
        try:
            while not self._settings.closing.is_set() and self._exchange():
                pass
        except OSError as error:
            self._fault(f"connection {error_of(error)}: {error}")
        finally:
            self._unused()
            self._wire.close()

    def _secure(self) -> bool:
        """Does the handshake, where there is one to do; false where it failed."""
        sock = self._wire.sock
        if not isinstance(sock, ssl.SSLSocket):
            return True
        try:
            self._wire.handshake(min(self._settings.idle, 30.0))
            done = came_to(sock, self._peer)
        except (OSError, ValueError) as error:
            done = broke_off(error, self._peer)
            if not self._settings.closing.is_set():
                self._fault(f"TLS handshake failed: {done.fault}")
        self._names = done.names
        with contextlib.suppress(Exception):  # reporting must not do harm
            self._settings.on_handshake(done)
        return done.good

    def _unused(self) -> None:
        """A peer that closes without a request may have looked at the certificate after the handshake, and refused it."""
        if self._wire.tls and not self._wire.received and not self._wire.interrupted and not self._settings.closing.is_set():
            with contextlib.suppress(Exception):
                self._settings.on_handshake(Handshake(self._peer, fault="the connection was closed without a request"))

    def _exchange(self) -> bool:
        try:
            request = self._read()
        except _RefusalError as refused:
            self._refuse(refused.status, str(refused))
            return False
        except h11.RemoteProtocolError as error:
            self._refuse(error.error_status_hint, f"not HTTP: {error}")
            return False
        if request is None:
            self._wire.finish()
            return False
        return self._answer(request)

    def _answer(self, request: Request) -> bool:
        try:
            reply = self._settings.handler(request)
            if not isinstance(reply, Reply):
                raise TypeError(f"{type(reply).__name__} is no Reply")
        except Exception as error:  # whatever it is, the peer gets an answer and the suite goes on
            self._fault(f"the handler of {request.method} {request.url} raised {type(error).__name__}: {error}")
            reply = Reply(500)
        report = _Once(self._sender, reply, self._fault)
        try:
            return self._sender.send(request.method, reply, report)
        except (ReplyError, h11.LocalProtocolError) as error:
            self._fault(f"the reply to {request.method} {request.url} can not be sent: {error}")
            report(str(error))
            with contextlib.suppress(OSError):
                self._sender.apologize()
        except OSError as error:
            report(error_of(error))
        return False

    def _read(self) -> Request | None:
        """The next request; ``None`` where the peer ended the connection or stayed silent between two."""
        head: h11.Request | None = None
        raw = bytearray(self._http.trailing_data[0])
        body, pieces, begun = bytearray(), 0, time.monotonic() if raw else None
        start = self._wire.received
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                octets = self._receive(begun, self._wire.received - start)
                if octets is None:
                    return None
                begun = begun or time.monotonic()
                if head is None:
                    raw += octets
                self._http.receive_data(octets)
            elif isinstance(event, h11.Request):
                head = event
                self._check_head(bytes(raw), event)
            elif isinstance(event, h11.Data):
                body += event.data
                pieces += 1
                self._check_body(len(body), pieces)
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return self._request(head, bytes(body))
            else:
                return None

    def _receive(self, begun: float | None, count: int) -> bytes | None:
        idle = self._settings.idle
        if self._http.they_are_waiting_for_100_continue:
            go_on = self._http.send(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))
            self._wire.send(go_on or b"", idle)
        # the whole request has `idle` seconds, and more only as far as octets keep coming
        seconds = idle if begun is None else begun + idle + count / _SLOWEST - time.monotonic()
        try:
            if seconds <= 0:
                raise TimeoutError
            return self._wire.receive(min(seconds, idle))
        except TimeoutError:
            if begun is None:
                return None
            raise _RefusalError(408, f"the request was not complete after {time.monotonic() - begun:.1f} s") from None
        except OSError:
            if begun is None:
                return None
            raise

    def _check_head(self, raw: bytes, head: h11.Request) -> None:
        end = _HEAD_END.search(raw)
        octets = raw[: end.end()] if end else raw
        if _BARE_LF.search(octets):
            self._fault("a line of the request head ends with LF without CR")
        if _FOLDED.search(octets):
            self._fault("a field of the request head is folded over lines")
        if head.method == b"CONNECT":
            raise _RefusalError(405, "CONNECT to a server that is no proxy")
        length = header(_pairs(head), "content-length")
        if length is not None and int(length) > self._settings.max_body:
            raise _RefusalError(413, f"a body of {length} octets was announced, {self._settings.max_body} are taken")

    def _check_body(self, size: int, pieces: int) -> None:
        if size > self._settings.max_body:
            raise _RefusalError(413, f"more than {self._settings.max_body} octets of body came")
        if pieces > _MANY and size < pieces * _SMALLEST:
            raise _RefusalError(413, "the body comes in too many small pieces")

    def _request(self, head: h11.Request, body: bytes) -> Request:
        headers = _pairs(head)
        target = head.target.decode("latin-1")
        if not re.match(r"https?://", target, re.IGNORECASE):
            host = header(headers, "host") or ""
            scheme, _, own = self._settings.base.partition("://")
            authority = host if _HOST.fullmatch(host) else own
            target = f"{scheme}://{authority}{'' if target.startswith('/') else '/'}{target}"
        try:
            urlsplit(target).port  # noqa: B018  (it checks)
        except ValueError as error:
            raise _RefusalError(400, f"the address asked for is none: {error}") from error
        method = head.method.decode("latin-1")
        return Request(method, target, headers, body, head.http_version.decode("latin-1"), self._peer, self._names)

    def _refuse(self, status: int, what: str) -> None:
        self._fault(what)
        with contextlib.suppress(OSError, ReplyError):
            if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                self._sender.send("GET", Reply(status, [("Connection", "close")]), lambda: None)

    def _fault(self, what: str) -> None:
        self._settings.on_fault(self._peer, what)


def _pairs(head: h11.Request) -> Headers:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers.raw_items()]
