"""Credentials of DM peers: basic, MD5 digest and message authentication (DM Security 5.3, 5.4). No I/O, no clock.

Each direction (client to server, server to client) has its own account and its own nonces. What is found out about
credentials is said as facts without any secret in them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from conformance.syncml.model import Cred, b64

BASIC, MD5, HMAC, NONE = "basic", "md5", "hmac", "none"
AUTH_TYPES = {BASIC: "syncml:auth-basic", MD5: "syncml:auth-md5", HMAC: "syncml:auth-MAC"}
"""Authentication types as they stand in Meta Type."""
MAC_HEADER = "x-syncml-hmac"
"""HTTP header that carries the message authentication code (DM Security 5.4.3)."""

NONCE_OCTETS = 16
"""Octets of an issued nonce; at least 16 random ones are recommended (DM Security 5.3.3)."""
DEFAULT_NONCES = (b"\0\0\0\0", b"0x00000000")
"""Readings of the nonce 0x00000000 of a resynchronisation, whose octets no text defines (DM Notification 5.1)."""

_PREVIOUS = 8
"""Superseded nonces that are remembered, so that a stale one is told from a wrong password."""
_MAC_PART = re.compile(r'\s*([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]*))\s*(?:[,;]|$)')
_LONGEST_MAC = 1024


@dataclass(frozen=True, slots=True)
class Account:
    """Name and password with which one side shows itself to the other."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MacHeader:
    """The parts of an ``x-syncml-hmac`` header. ``algorithm`` is ``MD5`` where the sender left it out."""

    username: str
    mac: str
    algorithm: str = "MD5"


def account_digest(account: Account) -> str:
    """``B64(MD5(username ":" password))``: all that a side needs to keep of an account (DM Security 5.3.2)."""
    return _b64_md5(f"{account.username}:{account.password}".encode())


def basic_data(account: Account) -> str:
    """Data of a basic Cred: ``B64(username ":" password)``."""
    return base64.b64encode(f"{account.username}:{account.password}".encode()).decode()


def md5_data(account: Account, nonce: bytes) -> str:
    """Data of an MD5 Cred (DM Security 5.3.2). ``nonce`` is the raw octets, NextNonce decoded once."""
    return _b64_md5(account_digest(account).encode() + b":" + nonce)


def mac_data(account: Account, nonce: bytes, body: bytes) -> str:
    """Authentication code of a message (DM Security 5.4.2). ``body`` is exactly the octets of the HTTP body."""
    return base64.b64encode(trigger_digest(account, nonce, body)).decode()


def trigger_digest(account: Account, nonce: bytes, trigger: bytes) -> bytes:
    """The 16 octets before a trigger (DM Notification 6.2.2): the formula of :func:`mac_data` before Base64."""
    return _md5(b":".join((account_digest(account).encode(), nonce, _b64_md5(trigger).encode())))


def make_cred(kind: str, account: Account, nonce: bytes = b"") -> Cred:
    """The Cred of a SyncHdr. ``kind`` is basic or md5; raises ``ValueError`` for anything else, which has no Cred."""
    if kind == BASIC:
        return Cred(AUTH_TYPES[BASIC], "b64", basic_data(account))
    if kind == MD5:
        return Cred(AUTH_TYPES[MD5], "b64", md5_data(account, nonce))
    raise ValueError(f"authentication type {kind!r} has no Cred")


def mac_header(account: Account, nonce: bytes, body: bytes) -> str:
    """Value of the ``x-syncml-hmac`` header for a message (DM Security 5.4.3)."""
    name = re.sub(r'(["\\])', r"\\\1", account.username)
    return f'algorithm=MD5, username="{name}", mac={mac_data(account, nonce, body)}'


def parse_mac_header(value: str) -> MacHeader | None:
    """Reads an ``x-syncml-hmac`` header; ``None`` where username or mac is missing or the value is no such list."""
    parts: dict[str, str] = {}
    at = 0
    while at < len(value[:_LONGEST_MAC]):
        match = _MAC_PART.match(value, at)
        if match is None:
            return None
        name, quoted, plain = match.groups()
        parts.setdefault(name.lower(), plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        at = match.end()
    if "username" not in parts or "mac" not in parts:
        return None
    return MacHeader(parts["username"], parts["mac"], parts.get("algorithm", "MD5"))


class Verifier:
    """Checks what one side shows, and issues the nonces for it. One for each direction.

    ``nonce`` is the one agreed on beforehand; ``octets`` gives random octets (``random.Random(n).randbytes`` where a
    run shall repeat itself). Only the nonces of the roles in :attr:`allowed` make credentials right; all others make
    them stale.
    """

    def __init__(
        self, account: Account, nonce: bytes = b"", octets: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self.account = account
        self.initial = nonce
        self.current = nonce
        self.previous: list[bytes] = []
        self.allowed = {"current"}
        """``default`` belongs here as well while a trigger with the default nonce is being answered."""
        self._octets = octets

    def issue(self) -> bytes:
        """A new nonce for the other side's next credentials; the one before becomes a previous one."""
        self.previous = [self.current, *self.previous][:_PREVIOUS]
        self.current = self._octets(NONCE_OCTETS)
        return self.current

    def check(self, cred: Cred | None, loc_name: str | None = None) -> dict[str, str]:
        """Facts about a Cred and the LocName beside it: type, result, nonce and user, each one word, no secret.

        ``type``: none, basic, md5, hmac, other. ``result``: right, wrong, stale, absent. ``nonce``: current, previous,
        initial, default, empty, "" where none of these fits or the type has none. ``user``: right, wrong, absent, "".
        """
        if cred is None:
            return _facts(NONE, "absent")
        kind = next((kind for kind, name in AUTH_TYPES.items() if name == (cred.type or "").strip()), "other")
        if kind == BASIC:
            return self._check_basic(cred)
        if kind == MD5:
            shown = b64(cred.data)
            role = self._role(shown, lambda nonce: b64(md5_data(self.account, nonce)))
            return _facts(kind, self._result(role), role, self._user(loc_name))
        return _facts(kind, "wrong", "", self._user(loc_name))

    def check_mac(self, value: str | None, body: bytes, loc_name: str | None = None) -> dict[str, str]:
        """Facts about the ``x-syncml-hmac`` header of a message, as :meth:`check` gives them.

        A header that cannot be read or names another algorithm is wrong; so is one whose username is not the account's.
        """
        if value is None:
            return _facts(NONE, "absent")
        header = parse_mac_header(value)
        if header is None or header.algorithm.upper() != "MD5":
            return _facts(HMAC, "wrong", "", self._user(header.username if header else None))
        role = self._role(b64(header.mac), lambda nonce: trigger_digest(self.account, nonce, body))
        user = self._user(header.username)
        if loc_name is not None and loc_name != header.username:
            user = "wrong"
        return _facts(HMAC, self._result(role) if user == "right" else "wrong", role, user)

    def _check_basic(self, cred: Cred) -> dict[str, str]:
        shown = b64(cred.data)
        if shown is None:
            return _facts(BASIC, "wrong", "", "absent")
        wanted = f"{self.account.username}:{self.account.password}".encode()
        user = "right" if shown.startswith(self.account.username.encode() + b":") else "wrong"
        return _facts(BASIC, "right" if hmac.compare_digest(shown, wanted) else "wrong", "", user)

    def _role(self, shown: bytes | None, made: Callable[[bytes], bytes | None]) -> str:
        """The role of the nonce with which ``made`` gives what was shown; "" where none does."""
        if shown is None:
            return ""
        for role, nonce in self._nonces():
            if hmac.compare_digest(made(nonce) or b"", shown):
                return role
        return ""

    def _nonces(self) -> Iterator[tuple[str, bytes]]:
        yield "current", self.current
        if "default" in self.allowed:
            yield from _each("default", DEFAULT_NONCES)
        yield from _each("previous", [nonce for nonce in self.previous if nonce != self.initial])
        yield "initial", self.initial
        yield from _each("default", DEFAULT_NONCES)
        yield "empty", b""

    def _result(self, role: str) -> str:
        if not role:
            return "wrong"
        return "right" if role in self.allowed else "stale"

    def _user(self, name: str | None) -> str:
        if name is None:
            return "absent"
        return "right" if name == self.account.username else "wrong"


def _facts(kind: str, result: str, nonce: str = "", user: str = "") -> dict[str, str]:
    return {"type": kind, "result": result, "nonce": nonce, "user": user}


def _each(role: str, nonces: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    return ((role, nonce) for nonce in nonces)


def _md5(octets: bytes) -> bytes:
    return hashlib.md5(octets, usedforsecurity=False).digest()


def _b64_md5(octets: bytes) -> str:
    return base64.b64encode(_md5(octets)).decode()
