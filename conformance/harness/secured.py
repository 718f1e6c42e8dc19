"""A server of the suite that speaks TLS to a device under test and shows what a case wants it to show."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from pathlib import Path

from conformance.harness.certificates import Certificates
from conformance.transport.server import HttpServer
from conformance.transport.tls import EXPIRED, INVALID, MISNAMED, PLAIN, UNTRUSTED, Handshake

WITHOUT = "none"
"""The server does no TLS although its address says so."""
_MOST = 100


class Secured:
    """What one server shows, and what came of the handshakes since :meth:`show`."""

    def __init__(self, certificates: Certificates, hosts: tuple[str, ...], heard: Callable[[Handshake], None]) -> None:
        """``heard`` is told of every handshake. Raises :class:`~conformance.harness.certificates.Unusable`."""
        self._certificates, self._hosts, self._heard = certificates, hosts, heard
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = certificates.server(hosts)
        self.shows = ""
        self.broken: list[Handshake] = []
        """Handshakes that the device broke off, and connections that it closed without a word."""
        self.version = ""
        """TLS of the newest connection."""
        self.works = False
        """Whether a connection came about since :meth:`show`."""

    def context(self) -> ssl.SSLContext | None:
        """For the next connection."""
        return self._context

    def show(self, what: str, server: HttpServer) -> None:
        """From now on: a certificate with a flaw, :data:`WITHOUT`, or "" for the right one.

        Connections that there are end where that changes anything: they were made with what was shown before.
        """
        if what != self.shows:
            self._context = None if what == WITHOUT else self._certificates.server(self._hosts, what)
            self.shows = what
            server.hang_up()
        with self._lock:
            self.broken.clear()
            self.works = False

    def heard(self, handshake: Handshake) -> None:
        """Takes note of a handshake."""
        with self._lock:
            if handshake.good:
                self.version, self.works = handshake.version, True
            elif len(self.broken) < _MOST:
                self.broken.append(handshake)
        self._heard(handshake)

    def trouble(self, ca: Path) -> str:
        """What a person has to know where a case that is not about TLS has no session for it; "" where TLS works."""
        with self._lock:
            last = self.broken[-1] if self.broken else None
        return "" if last is None else _told(last, ca)


def _told(last: Handshake, ca: Path) -> str:
    if last.flaw == PLAIN:
        return "the device speaks plain HTTP to the https address of the suite"
    if last.flaw in (EXPIRED, MISNAMED, UNTRUSTED, INVALID):
        return f"the certificate that the device shows is {last.flaw} ({last.fault}): name its authority in attach.tls.trust"
    why = last.fault
    return (
        f"the device broke off the TLS handshake ({why}): let it trust {ca}, or name in attach.tls a certificate that it trusts"
    )
