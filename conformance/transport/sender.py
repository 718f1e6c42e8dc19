"""Sends replies over a connection, in good order or wrong on purpose with control over every octet."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus

import h11

from conformance.transport.exchange import Fault, Headers, Reply, Source, header
from conformance.transport.wire import PIECE, Wire

GARBAGE = b"\x00\xff\xfe this is not HTTP at all\r\n\r\n\x80\x81\r\n"
"""What the fault ``garbage`` sends."""
SURPLUS = b"surplus."
"""What the fault ``surplus`` repeats behind the body."""

_CHUNK = 256
"""Octets of a chunk in chunked transfer coding: a message takes several."""
_STALL = 3600.0
"""Seconds after which even a stalled connection is closed."""

Body = bytes | Source
Left = Callable[[], None]


class ReplyError(Exception):
    """The reply itself is at fault (header with control characters, a source that ends early): ours, not the peer's."""


class Sender:
    """Writes replies to one connection.

    ``body_sent`` counts the octets of bodies that left, over all replies. ``closing`` ends waits of faults.
    """

    def __init__(self, wire: Wire, http: h11.Connection, patience: float, closing: threading.Event) -> None:
        self.body_sent = 0
        self._wire = wire
        self._http = http
        self._patience = patience
        self._closing = closing

    def send(self, method: str, reply: Reply, left: Left) -> bool:
        """Sends a reply to a request of that method. True: the connection can be used again; else it is closed.

        ``left`` is called when the last octet left, which may be long before the end of a stall. Raises ``OSError``
        where the peer is gone and :class:`ReplyError`.
        """
        if reply.fault is not None and reply.fault.kind in _WITHOUT_HEAD:
            self._send_nothing(reply.fault, left)
            return False
        bodiless = method == "HEAD" or reply.status in (204, 304)
        head = self._head(reply)
        body: Body = b"" if bodiless else reply.body
        declared = header(reply.headers, "content-length")
        chunked = header(reply.headers, "transfer-encoding") is not None
        lying = not (bodiless or chunked) and declared is not None and declared.strip() != str(size_of(body))
        if reply.fault is not None and reply.fault.kind != "drip":
            self._send_broken(head, body, reply.fault, left)
            return False
        if lying:
            self._raw(head, body, size_of(body))
            left()
            self._wire.cut()
            return False
        if reply.fault is not None:
            self._send_slowly(head, body, reply.fault.seconds, left)
        else:
            self._send_whole(head, body, left, chunked)
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            return True
        self._wire.finish()
        return False

    def apologize(self) -> None:
        """Says 500 by hand, where the reply could not even be begun, and closes."""
        if self._http.our_state is h11.ERROR or self._http.our_state is h11.SEND_RESPONSE:
            self._wire.send(
                b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", self._patience
            )
        self._wire.finish()

    def _head(self, reply: Reply) -> bytes:
        if reply.fault is not None and reply.fault.kind not in KINDS:
            raise ReplyError(f"no such fault: {reply.fault.kind}")
        headers: Headers = list(reply.headers)
        framed = header(headers, "content-length") is not None or header(headers, "transfer-encoding") is not None
        if not framed and reply.status != 204:
            headers.append(("Content-Length", str(size_of(reply.body))))
        try:
            reason = HTTPStatus(reply.status).phrase.encode("ascii")
        except ValueError:
            reason = b"Unknown"
        try:
            pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            return self._http.send(h11.Response(status_code=reply.status, headers=pairs, reason=reason)) or b""
        except (h11.LocalProtocolError, UnicodeEncodeError) as error:
            raise ReplyError(str(error)) from error

    def _send_whole(self, head: bytes, body: Body, left: Left, chunked: bool) -> None:
        size, waiting, held = size_of(body), head, 0
        for piece in pieces(body, size, _CHUNK if chunked else PIECE):
            waiting += self._http.send(h11.Data(data=piece)) or b""
            held += len(piece)
            if size > PIECE:
                self._write(waiting, held)
                waiting, held = b"", 0
        waiting += self._http.send(h11.EndOfMessage()) or b""
        self._write(waiting, held)  # a small response leaves in one write
        left()

    def _send_slowly(self, head: bytes, body: Body, seconds: float, left: Left) -> None:
        self._write(head, 0)
        size = size_of(body)
        tenth = max(1, -(-size // 10))
        offset, due = 0, tenth
        for piece in pieces(body, size, min(tenth, PIECE)):
            if offset >= due:
                due += tenth
                if self._closing.wait(seconds):
                    raise ConnectionAbortedError("the server closes")
            self._write(self._http.send(h11.Data(data=piece)) or b"", len(piece))
            offset += len(piece)
        self._write(self._http.send(h11.EndOfMessage()) or b"", 0)
        left()

    def _send_broken(self, head: bytes, body: Body, fault: Fault, left: Left) -> None:
        size = size_of(body)
        if fault.kind == "surplus":
            extra = fault.after or 64
            self._raw(head, body, size, (SURPLUS * (extra // len(SURPLUS) + 1))[:extra])
            left()
            self._wire.cut()
            return
        self._raw(head, body, max(0, min(fault.after, size)))
        left()
        if fault.kind == "reset":
            self._wire.reset()
        elif fault.kind == "cut":
            self._wire.cut()
        else:
            self._hold()

    def _send_nothing(self, fault: Fault, left: Left) -> None:
        if fault.kind == "garbage":
            self._write(GARBAGE, 0)
        left()
        if fault.kind == "silent":
            self._hold()
        else:
            self._wire.cut()

    def _raw(self, head: bytes, body: Body, count: int, tail: bytes = b"") -> None:
        """Sends octets without framing. The tail goes with the end of the body, lest the peer take it for news."""
        waiting, held = head, 0
        for piece in pieces(body, count, PIECE):
            if held:
                self._write(waiting, held)
                waiting = b""
            waiting, held = waiting + piece, len(piece)
        self._write(waiting + tail, held + len(tail))

    def _write(self, octets: bytes, body: int) -> None:
        """Sends octets of which the last ``body`` ones belong to a body."""
        before = self._wire.sent
        try:
            self._wire.send(octets, self._patience)
        finally:
            self.body_sent += max(0, self._wire.sent - before - (len(octets) - body))

    def _hold(self) -> None:
        """Keeps the connection open until the peer closes it, the server closes, or far too much time went by."""
        deadline = time.monotonic() + _STALL
        while not self._closing.is_set() and (seconds := deadline - time.monotonic()) > 0:
            if not self._wire.receive(seconds):
                return


_WITHOUT_HEAD = ("garbage", "silent", "close")
KINDS = ("cut", "reset", "stall", "garbage", "surplus", "silent", "close", "drip")
"""The faults that can be sent."""


def size_of(body: Body) -> int:
    """Octets of a body."""
    return len(body) if isinstance(body, bytes) else body.size


def pieces(body: Body, count: int, size: int) -> Iterator[bytes]:
    """The first ``count`` octets of a body in pieces of ``size``, never more than 64 KiB at once.

    Raises :class:`ReplyError` where a source gives less than it promised.
    """
    offset = 0
    while offset < count:
        want = min(count - offset, max(size, 1))
        if isinstance(body, bytes):
            piece = body[offset : offset + want]
        else:
            piece = _read(body, offset, want)
        yield piece
        offset += len(piece)


def _read(source: Source, offset: int, count: int) -> bytes:
    try:
        piece = source.read(offset, min(count, PIECE))
    except (OSError, ValueError) as error:
        raise ReplyError(f"the content can not be read: {error}") from error
    if not piece:
        raise ReplyError(f"the content ended at octet {offset} of {source.size}")
    return piece[:count]
