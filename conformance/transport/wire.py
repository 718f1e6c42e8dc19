"""A connected socket with bounded waits: what client and server share below HTTP."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import time

from conformance.transport.tls import await_hello

PIECE = 65536
"""Octets read or written at once."""

_GRACE = 2.0
_DRAIN = 1 << 22


class Wire:
    """One connected stream socket, plain or TLS. All waits in seconds; one thread reads and writes.

    ``sent`` and ``received`` count octets of the application (inside TLS). Trouble comes as ``OSError``; see
    :func:`error_of`.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.sent = 0
        self.received = 0
        self.interrupted = False
        """Whether this side ended it from outside."""

    @property
    def tls(self) -> bool:
        """Whether the octets travel inside TLS."""
        return isinstance(self.sock, ssl.SSLSocket)

    def handshake(self, seconds: float) -> None:
        """Does the TLS handshake where the socket is a TLS one.

        A server sees first that it is one that begins (:class:`~conformance.transport.tls.NotTls`).
        """
        if isinstance(self.sock, ssl.SSLSocket):
            deadline = time.monotonic() + seconds
            if self.sock.server_side:
                await_hello(self.sock, seconds)
            self.sock.settimeout(max(0.001, deadline - time.monotonic()))
            self.sock.do_handshake()

    def receive(self, seconds: float) -> bytes:
        """What came next, ``b""`` at the end. Raises ``TimeoutError`` where nothing came in time."""
        self.sock.settimeout(max(seconds, 0.001))
        octets = self.sock.recv(PIECE)
        self.received += len(octets)
        return octets

    def send(self, octets: bytes | memoryview, seconds: float) -> None:
        """Sends everything within that time, or raises; ``sent`` then says how much left."""
        view, deadline = memoryview(octets), time.monotonic() + seconds
        while view:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the peer does not read")
            self.sock.settimeout(left)
            count = self.sock.send(view)
            self.sent += count
            view = view[count:]

    def is_stale(self) -> bool:
        """Whether an idle connection can not be used again: closed by the peer, or something stands in it unasked."""
        try:
            self.sock.setblocking(False)
            # past the TLS layer: a peek must not touch its state
            seen = socket.socket.recv(self.sock, 1, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            return True
        return not (seen and self.tls)  # session tickets of TLS 1.3 may be waiting

    def interrupt(self) -> None:
        """Wakes whoever reads or writes here. The only method for other threads."""
        self.interrupted = True
        with contextlib.suppress(OSError):
            # of the plain socket: that of a TLS socket takes the cipher away from the thread that uses it
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def reset(self) -> None:
        """Closes so that the peer gets RST."""
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def cut(self) -> None:
        """Sends FIN without a word of TLS, lets the peer read what it has, closes."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_WR)
        self._drain()
        self.sock.close()

    def finish(self) -> None:
        """Closes in good order. What still comes in is read for a moment, so that no RST destroys what was sent."""
        with contextlib.suppress(OSError, ValueError):
            if isinstance(self.sock, ssl.SSLSocket):
                self.sock.settimeout(_GRACE / 2)
                self.sock.unwrap()
        self.cut()

    def close(self) -> None:
        """Closes at once."""
        self.sock.close()

    def _drain(self) -> None:
        deadline, count = time.monotonic() + _GRACE, 0
        with contextlib.suppress(OSError):
            while count < _DRAIN and (left := deadline - time.monotonic()) > 0:
                self.sock.settimeout(left)
                octets = socket.socket.recv(self.sock, PIECE)
                if not octets:
                    return
                count += len(octets)


def error_of(error: BaseException) -> str:
    """The word of :data:`conformance.transport.exchange.ERRORS` for trouble with a socket."""
    if isinstance(error, socket.gaierror | UnicodeError):
        return "unresolved"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return "closed"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, ConnectionResetError | ConnectionAbortedError | BrokenPipeError):
        return "reset"
    return "closed"
