"""What sloppy implementers do about HTTP and TLS (``testcases/deviations``), both peers; much of it shows over sockets alone."""

from __future__ import annotations

import dataclasses
import socket
import ssl

from conformance.peers.deviation import CLIENT
from conformance.peers.security import DeviceTransport, ServerTransport, TlsFiles
from conformance.peers.serverparts import deviation
from conformance.transport.client import Begin, HttpClient, Sink
from conformance.transport.exchange import Reply, Request, Response, header
from conformance.transport.server import Guise

_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL."""


# ---- the device ------------------------------------------------------------------------------------------------------


@CLIENT("any-certificate", "transport")
class _AnyCertificate(DeviceTransport):
    def context(self, files: TlsFiles) -> ssl.SSLContext:
        context = super().context(files)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context


@CLIENT("certificate-name-unchecked", "transport")
class _NameUnchecked(DeviceTransport):
    def context(self, files: TlsFiles) -> ssl.SSLContext:
        context = super().context(files)
        context.check_hostname = False
        return context


@CLIENT("certificate-time-unchecked", "transport")
class _TimeUnchecked(DeviceTransport):
    def context(self, files: TlsFiles) -> ssl.SSLContext:
        context = super().context(files)
        context.verify_flags = ssl.VerifyFlags(context.verify_flags | _NO_CHECK_TIME)
        return context


@CLIENT("content-certificate-unchecked", "transport")
class _ContentUnchecked(DeviceTransport):
    def content_context(self, files: TlsFiles) -> ssl.SSLContext:
        context = super().content_context(files)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context


def _plainly(request: Request, url: str) -> Request:
    return dataclasses.replace(request, url=url)


@CLIENT("plain-when-tls-fails", "transport")
class _PlainWhenTlsFails(DeviceTransport):
    def fetch(self, client: HttpClient, request: Request, sink: Sink, begin: Begin) -> Response:
        response = super().fetch(client, request, sink, begin)
        if response.error != "tls":
            return response
        return client.fetch(_plainly(request, request.url.replace("https:", "http:", 1)), sink, begin)


@CLIENT("plain-after-redirect", "transport")
class _PlainAfterRedirect(DeviceTransport):
    def fetch(self, client: HttpClient, request: Request, sink: Sink, begin: Begin) -> Response:
        moved: list[str] = []

        def look(status: int, headers: list[tuple[str, str]]) -> bool | None:
            if status in (301, 302, 307, 308):
                moved.append(header(headers, "location") or "")
                return False
            return begin(status, headers)

        response = super().fetch(client, request, sink, look)
        return client.fetch(_plainly(request, moved[0]), sink, begin) if moved and moved[0] else response


@CLIENT("first-chunk-only", "transport")
class _FirstChunkOnly(DeviceTransport):
    def fetch(self, client: HttpClient, request: Request, sink: Sink, begin: Begin) -> Response:
        coded: list[bool] = []

        def look(status: int, headers: list[tuple[str, str]]) -> bool | None:
            coded.append(header(headers, "transfer-encoding") is not None)
            return begin(status, headers)

        def first(piece: bytes) -> bool | None:
            wanted = sink(piece[:256] if coded and coded[0] else piece)
            return False if coded and coded[0] else wanted

        return super().fetch(client, request, first, look)


@CLIENT("messages-by-put", "transport")
class _MessagesByPut(DeviceTransport):
    def sent(self, request: Request) -> Request:
        return dataclasses.replace(request, method="PUT")


@CLIENT("accept-missing", "transport")
class _AcceptMissing(DeviceTransport):
    def sent(self, request: Request) -> Request:
        kept = [(name, value) for name, value in request.headers if name.lower() != "accept"]
        return dataclasses.replace(request, headers=kept)


# ---- the server ------------------------------------------------------------------------------------------------------


@deviation("no-client-certificate-asked", "transport")
class _NobodyAsked(ServerTransport):
    def asks(self) -> bool:
        return False


@deviation("anonymous-over-tls", "transport")
class _Anonymous(ServerTransport):
    def knows(self, request: Request, source: str, authentication: str) -> bool:
        return True


@deviation("any-device-certificate", "transport")
class _AnyDevice(ServerTransport):
    def knows(self, request: Request, source: str, authentication: str) -> bool:
        return super().knows(request, source, authentication) or bool(request.certificate)


@deviation("tls-not-offered", "transport")
class _NotOffered(ServerTransport):
    def guise(self, files: TlsFiles) -> ssl.SSLContext | Guise | None:
        super().guise(files)
        return lambda: None



@deviation("chunked-refused", "transport")
class _ChunkedRefused(ServerTransport):
    def understands(self, request: Request) -> bool:
        return header(request.headers, "transfer-encoding") is None


@deviation("http-401-for-refusal", "transport")
class _Http401(ServerTransport):
    def answered(self, reply: Reply, authenticated: bool) -> Reply:
        if not authenticated:
            reply.status = 401
        return reply


class _OldSocket(ssl.SSLSocket):
    """A connection on which a CLIENT-HELLO of SSL 2.0 is answered in kind."""

    def do_handshake(self, block: bool = False) -> None:
        hello = socket.socket.recv(self, 3, socket.MSG_PEEK)
        if len(hello) == 3 and hello[0] & 0x80 and hello[2] == 1:
            # SERVER-HELLO: no session known, X.509, SSL 2.0, no certificate, one cipher, a connection id of 16 octets
            answer = bytes.fromhex("04 00 01 0002 0000 0003 0010 010080") + bytes(16)
            socket.socket.send(self, (0x8000 | len(answer)).to_bytes(2, "big") + answer)
        super().do_handshake(block)


@deviation("ssl2-spoken", "transport")
class _Ssl2Spoken(ServerTransport):
    def guise(self, files: TlsFiles) -> ssl.SSLContext | Guise | None:
        guise = super().guise(files)
        if isinstance(guise, ssl.SSLContext):
            guise.sslsocket_class = _OldSocket
        return guise
