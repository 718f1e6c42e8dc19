"""How the suite's device comes to a server under test: connections, TLS, certificates, the coding of bodies."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from conformance.harness import outcome
from conformance.harness.certificates import RIGHT, Certificates, Unusable
from conformance.harness.settings import Timeouts
from conformance.transport.client import HttpClient
from conformance.transport.exchange import Request, Response
from conformance.transport.tls import EXPIRED, GARBAGE, INVALID, MISNAMED, PLAIN, UNTRUSTED, Handshake, OnHandshake, answers_ssl2

PLAINLY, SSL2 = "none", "ssl2"
"""Ways to an https address that hold no TLS: plain HTTP, and a hello of SSL 2.0 alone."""
_CERTIFICATE = (EXPIRED, MISNAMED, UNTRUSTED, INVALID)
_REMEDIES = {
    UNTRUSTED: "name its authority in attach.tls.trust",
    EXPIRED: "give the server one whose time has come and is not over",
    MISNAMED: "let attach.server_url have a name that stands in it",
}


@dataclass(slots=True)
class Approach:
    """Keys of the step ``device``. ``certificate``: right, stranger, or none; ``tls``: "" for TLS where the address says
    so, none or ssl2 instead; ``chunked``: bodies go in chunked transfer coding."""

    certificate: str = RIGHT
    tls: str = ""
    chunked: bool = False

    @property
    def wrong(self) -> bool:
        """Whether the device does what no rule is for: how the server answers is looked at by the case alone."""
        return bool(self.tls) or self.certificate != RIGHT or self.chunked


class Way:
    """The way to one server over sockets. Connections are kept; :attr:`newest` is the newest handshake."""

    def __init__(self, times: Timeouts, certificates: Certificates | None, heard: OnHandshake) -> None:
        self._times, self._certificates, self._heard = times, certificates, heard
        self._clients: dict[str, HttpClient] = {}
        self.newest: Handshake | None = None
        self.ssl2: bool | None = None
        """Whether the server answered in SSL 2.0; ``None`` where it was not asked."""

    def renew(self) -> None:
        """Ends all connections: a case sees handshakes of its own."""
        self.close()
        self._clients, self.newest, self.ssl2 = {}, None, None

    def close(self) -> None:
        """Lets go of everything."""
        for client in self._clients.values():
            client.close()

    def _note(self, handshake: Handshake) -> None:
        self.newest = handshake
        self._heard(handshake)

    def send(self, request: Request, approach: Approach) -> Response:
        """Sends a request. Raises :class:`outcome.Stop` where the files of ``attach.tls`` cannot be used."""
        parts = urlsplit(request.url)
        if approach.tls == SSL2:
            return self._offer_ssl2(parts.hostname or "", parts.port or 443)
        if approach.tls == PLAINLY:
            request.url = parts._replace(scheme="http", netloc=parts.netloc if parts.port else f"{parts.netloc}:443").geturl()
        if approach.chunked:
            request.headers = [*request.headers, ("Transfer-Encoding", "chunked")]
        return self._client(approach.certificate).send(request)

    def _offer_ssl2(self, host: str, port: int) -> Response:
        try:
            self.ssl2 = answers_ssl2(host, port, min(self._times.connect, self._times.message))
        except OSError:
            return Response(error="refused")
        return Response(error="closed")

    def _client(self, shows: str) -> HttpClient:
        if shows not in self._clients:
            try:
                context = self._certificates.client(shows) if self._certificates is not None else None
            except Unusable as trouble:
                raise outcome.error(str(trouble), setup=True) from trouble
            times = self._times
            self._clients[shows] = HttpClient(
                connect=times.connect, read=times.message, total=times.operation, tls=context, on_handshake=self._note
            )
        return self._clients[shows]

    def facts(self, wanted: Collection[str]) -> dict[str, object]:
        """What a ``session`` step may expect of the way: ``tls``, ``certificate`` and ``requests_certificate``.

        Raises :class:`outcome.Stop` where the handshake failed for a reason that says nothing about the server.
        """
        if self.ssl2 is not None:
            return {"tls": "SSLv2" if self.ssl2 else "refused"}
        newest = self.newest
        if newest is None:
            return {}
        if newest.good and newest.asked is None and "requests_certificate" in wanted:
            raise outcome.inconclusive("this Python does not show whether the server asked for a certificate")
        if newest.good:
            return {"tls": newest.version, "certificate": "good", "requests_certificate": newest.asked}
        if newest.flaw in (PLAIN, GARBAGE):
            return {"tls": "none"}
        if newest.flaw in _CERTIFICATE:
            return {"certificate": newest.flaw}
        raise outcome.error(self.trouble(), setup=True)

    def trouble(self) -> str:
        """What a person has to know where TLS failed in a case that is not about it."""
        newest = self.newest
        if newest is None or newest.good:
            return "the server broke off TLS: perhaps it does not take the certificate of the suite's device (attach.tls.certificate, {ca})"
        if newest.flaw in _CERTIFICATE:
            return f"the certificate of the server is {newest.flaw} ({newest.fault}): {_REMEDIES.get(newest.flaw, _REMEDIES[UNTRUSTED])}"
        if newest.flaw:
            return f"the server does not speak TLS at its https address ({newest.fault})"
        return f"no TLS handshake with the server: {newest.fault}; the suite speaks TLS 1.2 and newer"
