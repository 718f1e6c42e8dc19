"""What crosses HTTP, as data: the same for sockets and for a function call in the suite's own process.

In-process peers speak by ``exchange(octets, headers, at)`` (docs/attach-your-device.md): the pseudo headers ``:method``
and ``:url`` make the headers those of a request, ``:status`` those of a response, and ``:error`` says how a response
broke off (one of :data:`ERRORS`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

ERRORS = ("refused", "unresolved", "reset", "closed", "timeout", "tls", "malformed", "too-big")
"""How an exchange fails without a complete response: connection refused, name not resolved, connection reset, connection
closed early, nothing came in time, TLS handshake failed, what came is not HTTP, more came than the bound allows."""

Headers = list[tuple[str, str]]


def header(headers: Headers, name: str) -> str | None:
    """The value of the first header of that name (case-insensitive), or ``None``."""
    wanted = name.lower()
    for key, value in headers:
        if key.lower() == wanted:
            return value
    return None


@dataclass(slots=True)
class Request:
    """One HTTP request. ``url`` is absolute as the sender wrote it; ``body`` is complete (bounded by the reader)."""

    method: str
    url: str
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    http_version: str = "1.1"
    peer: str = ""
    """Address of the sender, for the record."""
    certificate: tuple[str, ...] = ()
    """Names of the certificate that the sender proved to have in the transport."""


@dataclass(slots=True)
class Response:
    """One HTTP response as received. ``error`` is "" or one of :data:`ERRORS`; then ``body`` is what came before it."""

    status: int = 0
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    error: str = ""


class Source(Protocol):
    """Octets that need not be in memory. Sizes and offsets in octets."""

    size: int

    def read(self, offset: int, count: int) -> bytes:
        """Up to ``count`` octets from ``offset``; b"" at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Fault:
    """How the sending of a reply goes wrong on purpose.

    ``kind``: ``cut`` (stop after ``after`` octets of the body, then FIN), ``reset`` (the same, then RST), ``stall`` (stop
    and keep the connection open), ``garbage`` (something that is not HTTP), ``surplus`` (more octets than announced),
    ``silent`` (no reply at all, connection kept), ``close`` (no reply at all, connection closed), ``drip`` (slowly:
    ``seconds`` between pieces of 1/10).
    """

    kind: str
    after: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Reply:
    """One HTTP response to be sent. ``body`` is octets or a source that is streamed."""

    status: int = 200
    headers: Headers = field(default_factory=list)
    body: bytes | Source = b""
    fault: Fault | None = None
    done: Callable[[int, str], None] | None = None
    """Called once when sending ended, with the number of body octets that left and "" or what went wrong."""
