"""TLS for both roles: contexts of :mod:`ssl`, what a handshake came to, and a server that may change what it shows.

TLS 1.2 and newer. The suites that DM 1.2 names are gone from OpenSSL as systems ship it today.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakSet

GOOD, EXPIRED, MISNAMED, UNTRUSTED, INVALID = "good", "expired", "misnamed", "untrusted", "invalid"
"""What a certificate is worth to who looks at it."""
PLAIN, GARBAGE = "plain", "garbage"
"""What came instead of a handshake: the beginning of an HTTP request, or nothing that is known."""

_FLAWS = {9: EXPIRED, 10: EXPIRED, 62: MISNAMED, 64: MISNAMED, 2: UNTRUSTED, 18: UNTRUSTED, 19: UNTRUSTED, 20: UNTRUSTED, 21: UNTRUSTED}
"""Codes of X509_V_ERR_... by what they mean to a reader."""
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL")
"""Reasons of OpenSSL for octets that are no record of SSL 3.0 or TLS."""
_CERTIFICATE_REQUEST = 13
_HANDSHAKE, _OLD_HELLO = 0x16, 0x80
_SSL2_HELLO = bytes.fromhex("802e0100020015000000100100800700c0030080060040020080040080050080") + bytes(range(16))
"""CLIENT-HELLO of SSL 2.0 and nothing newer, with every cipher that it had."""
_SSL2_SERVER_HELLO = 4
_MAX_NAMES = 32

_asked: WeakSet[Any] = WeakSet()
"""Connections of clients on which the server asked for a certificate."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a handshake came to, as one side saw it.

    ``version`` and ``cipher`` are "" where none came about; then ``fault`` says why, and ``flaw`` what was wrong with the
    certificate of the peer where this side broke it off for that, or ``plain`` or ``garbage`` where no handshake came.
    ``names`` are those of the peer's certificate, as far as it was verified. ``asked``: the server asked the client for
    a certificate (client side only; ``None`` where that cannot be told).
    """

    peer: str = ""
    version: str = ""
    cipher: str = ""
    names: tuple[str, ...] = ()
    asked: bool | None = None
    fault: str = ""
    flaw: str = ""

    @property
    def good(self) -> bool:
        """Whether a connection came about."""
        return bool(self.version)

    def as_dict(self) -> dict[str, Any]:
        """For a transcript."""
        shown = {"version": self.version, "cipher": self.cipher, "names": list(self.names), "fault": self.fault, "flaw": self.flaw}
        return shown if self.asked is None else shown | {"asked": self.asked}


OnHandshake = Callable[[Handshake], None]
"""Is told of every handshake when it is over, on the thread of its connection."""


class NotTls(ssl.SSLError):
    """What came is no handshake of TLS. ``kind`` is :data:`PLAIN` or :data:`GARBAGE`."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(ssl.SSL_ERROR_SSL, "plain HTTP came" if kind == PLAIN else "what came is no TLS handshake")


def server_context(certificate: Path, key: Path, trust: Path | None = None, *, ask: bool = True) -> ssl.SSLContext:
    """For a server that shows ``certificate`` (PEM, with its chain) and asks clients for theirs (DM Security 5.3).

    A client may have none; one that it has must come from ``trust``. Raises ``OSError`` (``ssl.SSLError`` among them)
    where files cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.load_cert_chain(certificate, key, password=_no_password)
    if ask:
        context.verify_mode = ssl.CERT_OPTIONAL
        if trust is not None:
            context.load_verify_locations(trust)
    return context


def client_context(
    trust: Path | None = None, certificate: Path | None = None, key: Path | None = None
) -> ssl.SSLContext:
    """For a client that trusts the authorities in ``trust`` (those of the system where there is none).

    It shows ``certificate`` where it is asked for one. Raises ``OSError`` where files cannot be used.
    """
    context = ssl.create_default_context(cafile=None if trust is None else str(trust))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    # certificates of laboratories are seldom in perfect form, and Python 3.13 began to mind
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if certificate is not None:
        context.load_cert_chain(certificate, key, password=_no_password)
    watch(context)
    return context


def _no_password() -> str:
    """Keys with a password are refused: OpenSSL would ask for it on the terminal."""
    raise ssl.SSLError("the private key has a password; give one without")


def watch(context: ssl.SSLContext) -> None:
    """Notes on which connections of a client context the server asks for a certificate."""

    def seen(connection: Any, direction: str, version: Any, content: Any, message: Any, data: Any) -> None:
        if direction == "read" and message == _CERTIFICATE_REQUEST:
            _asked.add(connection)

    # The module has no public way to see a CertificateRequest, in TLS 1.3 nobody else can; without it "asked" is unknown.
    if hasattr(context, "_msg_callback"):
        context._msg_callback = seen


def came_to(sock: ssl.SSLSocket, peer: str = "") -> Handshake:
    """A handshake that succeeded."""
    cipher = sock.cipher()
    asked = None if sock.server_side or not hasattr(sock.context, "_msg_callback") else sock in _asked
    return Handshake(peer, sock.version() or "", cipher[0] if cipher else "", tuple(_names(sock)), asked)


def broke_off(error: BaseException, peer: str = "") -> Handshake:
    """A handshake that failed. What is said of it is one bounded line."""
    if isinstance(error, NotTls):
        return Handshake(peer, fault=error.args[1], flaw=error.kind)
    if isinstance(error, ssl.SSLCertVerificationError):
        return Handshake(peer, fault=_line(error.verify_message), flaw=_FLAWS.get(error.verify_code, INVALID))
    if isinstance(error, TimeoutError):
        return Handshake(peer, fault="it was not over in time")
    reason = str(getattr(error, "reason", "") or "")
    shown = _line(reason.replace("_", " ").lower() or str(error) or type(error).__name__)
    return Handshake(peer, fault=shown, flaw=GARBAGE if reason in _NO_TLS else "")


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]


def _names(sock: ssl.SSLSocket) -> Iterator[str]:
    """Common name and alternative names of the verified certificate of the peer."""
    shown: Any = sock.getpeercert() or {}
    found = [value for part in shown.get("subject", ()) for key, value in part if key == "commonName"]
    found += [str(value) for _, value in shown.get("subjectAltName", ())]
    yield from dict.fromkeys(name[:256] for name in found[:_MAX_NAMES])


def await_hello(sock: socket.socket, seconds: float) -> None:
    """Waits for the first octet of a client and leaves it there. Raises :class:`NotTls`, ``TimeoutError``."""
    sock.settimeout(max(seconds, 0.001))
    first = socket.socket.recv(sock, 1, socket.MSG_PEEK)
    if first and first[0] != _HANDSHAKE and not first[0] & _OLD_HELLO:
        raise NotTls(PLAIN if first.isalpha() else GARBAGE)


def answers_ssl2(host: str, port: int, seconds: float) -> bool:
    """Whether a server answers a client that has SSL 2.0 alone with a SERVER-HELLO. Raises ``OSError`` without connection."""
    with socket.create_connection((host, port), seconds) as sock:
        came = b""
        with contextlib.suppress(OSError):
            sock.settimeout(seconds)
            sock.sendall(_SSL2_HELLO)
            while len(came) < 3 and (piece := sock.recv(3 - len(came))):
                came += piece
    return len(came) == 3 and bool(came[0] & _OLD_HELLO) and came[2] == _SSL2_SERVER_HELLO
