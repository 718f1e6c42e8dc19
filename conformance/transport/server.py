"""HTTP/1.1 server on blocking sockets, one thread for each connection.

A DM session has a handful of messages, so speed decides nothing here; control over every octet does. The handler may
block as long as it likes: a case holds the request of a device open while it decides what to answer.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable
from types import TracebackType

from conformance.transport.connection import Connection, Handler, OnFault, Settings
from conformance.transport.tls import Handshake, OnHandshake
from conformance.transport.wire import Wire

Guise = Callable[[], ssl.SSLContext | None]
"""What a TLS server shows on the next connection; ``None``: it does no TLS there, whatever its address says."""

MAX_BODY = 96 << 20
"""Octets of a request body that are taken by default."""
MAX_CONNECTIONS = 256
"""Connections served at the same time; more are answered 503."""

_JOIN = 5.0
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def _ignore(peer: str, what: str) -> None:
    """Where nobody wants to know of faults."""


def _unheard(handshake: Handshake) -> None:
    """Where nobody wants to know of handshakes."""


class HttpServer:
    """Listens from construction on, serves from :meth:`start` on.

    ``handler`` turns a :class:`~conformance.transport.exchange.Request` into a Reply; many threads call it.
    ``on_fault(peer, what)`` hears of malformed, oversized and slow requests and of faults of the handler. ``max_body``
    in octets, ``idle`` in seconds: how long a connection may be silent, and how long a request may take (more only
    while octets keep coming). ``advertise_path`` is the path of :attr:`url`. ``tls``: a context, or what gives one for
    each connection; ``on_handshake`` hears what handshakes came to. Raises ``OSError`` where the address is taken.
    """

    def __init__(
        self,
        handler: Handler,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        tls: ssl.SSLContext | Guise | None = None,
        max_body: int = MAX_BODY,
        idle: float = 60.0,
        advertise_path: str = "/",
        on_fault: OnFault = _ignore,
        on_handshake: OnHandshake = _unheard,
    ) -> None:
        self._tls: Guise = (lambda: tls) if tls is None or isinstance(tls, ssl.SSLContext) else tls
        self._listener = _listen(host, port)
        self.port: int = self._listener.getsockname()[1]
        authority = f"[{host}]" if ":" in host else host
        base = f"{'https' if tls else 'http'}://{authority}:{self.port}"
        self.url = base + ("" if advertise_path.startswith("/") else "/") + advertise_path
        self._closing = threading.Event()
        self._on_fault = on_fault
        self._settings = Settings(handler, self._report, base, max_body, idle, self._closing, on_handshake)
        self._waker, self._wakened = socket.socketpair()
        self._lock = threading.Lock()
        self._connections: dict[threading.Thread, Wire] = {}
        self._acceptor: threading.Thread | None = None

    def __enter__(self) -> HttpServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Begins to serve."""
        if self._acceptor is None and not self._closing.is_set():
            self._acceptor = threading.Thread(target=self._accept_all, name=f"accept:{self.port}", daemon=True)
            self._acceptor.start()

    def close(self) -> None:
        """Ends all connections and waits for their threads, at most 5 s. Can be called twice and from a handler."""
        self._closing.set()
        with contextlib.suppress(OSError):
            self._waker.send(b"x")
        deadline = time.monotonic() + _JOIN
        if self._acceptor is not None and self._acceptor is not threading.current_thread():
            self._acceptor.join(_JOIN)
        for closable in (self._listener, self._waker, self._wakened):
            closable.close()
        with self._lock:
            connections = dict(self._connections)
        for wire in connections.values():
            wire.interrupt()
        for thread in connections:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def hang_up(self) -> None:
        """Ends all connections that there are; new ones are welcome."""
        with self._lock:
            connections = list(self._connections.values())
        for wire in connections:
            wire.interrupt()

    def _report(self, peer: str, what: str) -> None:
        with contextlib.suppress(Exception):  # reporting must not do harm
            self._on_fault(peer, what)

    def _accept_all(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._wakened, selectors.EVENT_READ)
            while not self._closing.is_set():
                selector.select()
                if self._closing.is_set():
                    return
                try:
                    sock, address = self._listener.accept()
                except BlockingIOError:
                    continue
                except OSError as error:
                    self._report("", f"no connection can be accepted: {error}")
                    self._closing.wait(0.1)  # out of descriptors: do not spin
                    continue
                self._take(sock, f"{address[0]}:{address[1]}")

    def _take(self, sock: socket.socket, peer: str) -> None:
        try:
            sock.setblocking(True)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                crowded = len(self._connections) >= MAX_CONNECTIONS
            context = self._tls()
            if crowded:
                if context is None:
                    sock.send(_BUSY)
                sock.close()
                self._report(peer, f"more than {MAX_CONNECTIONS} connections")
                return
            if context is not None:
                sock = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        except OSError as error:
            sock.close()
            self._report(peer, f"connection lost at once: {error}")
            return
        wire = Wire(sock)
        thread = threading.Thread(target=self._serve, args=(wire, peer), name=f"http:{self.port}:{peer}", daemon=True)
        with self._lock:
            self._connections[thread] = wire
        try:
            thread.start()
        except RuntimeError as error:
            with self._lock:
                del self._connections[thread]
            wire.close()
            self._report(peer, f"no thread for a connection: {error}")

    def _serve(self, wire: Wire, peer: str) -> None:
        try:
            Connection(wire, peer, self._settings).serve()
        finally:
            with self._lock:
                self._connections.pop(threading.current_thread(), None)


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
