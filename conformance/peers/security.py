"""How the reference peers use HTTP and TLS: what they show, what they trust, whom they take for authenticated by it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from conformance.transport.client import Begin, HttpClient, Sink
from conformance.transport.exchange import Reply, Request, Response
from conformance.transport.server import Guise
from conformance.transport.tls import client_context, server_context


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Files in PEM form; ``None`` for none. ``ca``: whom the peer trusts; ``certificate`` and ``key``: what it shows."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def check(self) -> None:
        """Raises ``ValueError`` where a certificate has no key or a key no certificate."""
        if (self.certificate is None) != (self.key is None):
            raise ValueError("--certificate and --certificate-key go together")


class DeviceTransport:
    """The device as a client of HTTP and TLS. A deviation puts another class in its place."""

    def context(self, files: TlsFiles) -> ssl.SSLContext:
        """For connections to the DM server."""
        return client_context(files.ca, files.certificate, files.key)

    def content_context(self, files: TlsFiles) -> ssl.SSLContext:
        """For connections to content servers."""
        return self.context(files)

    def sent(self, request: Request) -> Request:
        """A DM request as it is sent."""
        return request

    def fetch(self, client: HttpClient, request: Request, sink: Sink, begin: Begin) -> Response:
        """Sends a DM request."""
        return client.fetch(request, sink, begin)


class ServerTransport:
    """The server of HTTP and TLS. A deviation puts another class in its place."""

    def guise(self, files: TlsFiles) -> ssl.SSLContext | Guise | None:
        """What the server shows; ``None`` without a certificate: plain HTTP."""
        if files.certificate is None or files.key is None:
            return None
        return server_context(files.certificate, files.key, files.ca, ask=self.asks())

    def asks(self) -> bool:
        """Whether clients are asked for a certificate (DM Security 5.3)."""
        return True

    def understands(self, request: Request) -> bool:
        """Whether a DM request is one that can be read."""
        return True

    def answered(self, reply: Reply, authenticated: bool) -> Reply:
        """A reply with a DM message as it is sent."""
        return reply

    def knows(self, request: Request, source: str, authentication: str) -> bool:
        """Whether a device may be who it says it is, as far as the transport is to tell (DM Security 5.3).

        Where the DM layer authenticates nobody the certificate must be that of the device: its identity among the names.
        """
        return authentication != "none" or not request.url.startswith("https:") or source in request.certificate


