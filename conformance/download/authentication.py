"""HTTP authentication as the content server demands it: Basic and Digest (RFC 7617, RFC 7616)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from conformance.transport.exchange import Headers, Request, header

_PARAMETER = re.compile(r'\s*([A-Za-z][\w-]{0,40})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*(?:,|$)')
_MAX = 8192


@dataclass(frozen=True, slots=True)
class Guard:
    """What somebody has to know to get content. ``scheme`` is basic or digest, ``nonce`` is for digest."""

    username: str
    password: str
    scheme: str = "basic"
    realm: str = "content"
    nonce: str = "6f6e6365"

    def challenge(self) -> tuple[str, str]:
        """The header that asks for credentials."""
        if self.scheme == "digest":
            return ("WWW-Authenticate", f'Digest realm="{self.realm}", qop="auth", nonce="{self.nonce}", algorithm=MD5')
        return ("WWW-Authenticate", f'Basic realm="{self.realm}", charset="UTF-8"')

    def admits(self, request: Request) -> bool:
        """Whether the request carries the right credentials."""
        scheme, _, rest = (header(request.headers, "authorization") or "").strip().partition(" ")
        if scheme.lower() != self.scheme or len(rest) > _MAX:
            return False
        return self._admits_digest(request, rest) if self.scheme == "digest" else self._admits_basic(rest)

    def _admits_basic(self, text: str) -> bool:
        try:
            given = base64.b64decode(text.strip().encode("latin-1"), validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, f"{self.username}:{self.password}".encode())

    def _admits_digest(self, request: Request, text: str) -> bool:
        given = _parameters(text)
        parts = urlsplit(request.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        stated = given.get("uri", "")
        if given.get("username") != self.username or given.get("realm") != self.realm:
            return False
        if given.get("nonce") != self.nonce or stated not in (target, request.url):
            return False
        if given.get("algorithm", "MD5").upper() != "MD5" or given.get("qop", "auth") != "auth":
            return False
        first = _md5(f"{self.username}:{self.realm}:{self.password}")
        second = _md5(f"{request.method}:{stated}")
        middle = self.nonce
        if "qop" in given:
            middle = f"{self.nonce}:{given.get('nc', '')}:{given.get('cnonce', '')}:auth"
        wanted = _md5(f"{first}:{middle}:{second}")
        return hmac.compare_digest(wanted.encode(), given.get("response", "").lower().encode("utf-8", "replace"))


def answer(challenge: str, request: Request, username: str, password: str, cnonce: str = "0a4f113b") -> str | None:
    """The value of Authorization that answers a challenge, Basic or Digest with MD5; ``None`` for any other one.

    ``cnonce`` is the client's own nonce, used for one request only.
    """
    scheme, _, rest = challenge.strip()[:_MAX].partition(" ")
    if scheme.lower() == "basic":
        return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
    asked = _parameters(rest)
    if scheme.lower() != "digest" or "nonce" not in asked or asked.get("algorithm", "MD5").upper() != "MD5":
        return None
    parts = urlsplit(request.url)
    uri = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    offered = [each.strip() for each in asked.get("qop", "").split(",")]
    if offered != [""] and "auth" not in offered:
        return None
    first = _md5(f"{username}:{asked.get('realm', '')}:{password}")
    middle, more = asked["nonce"], ""
    if "auth" in offered:
        middle = f"{middle}:00000001:{cnonce}:auth"
        more = f', qop=auth, nc=00000001, cnonce="{cnonce}"'
    response = _md5(f"{first}:{middle}:{_md5(f'{request.method}:{uri}')}")
    shown = "".join(f', {key}="{_quoted(asked[key])}"' for key in ("realm", "nonce", "opaque") if key in asked)
    return f'Digest username="{_quoted(username)}"{shown}, uri="{uri}", response="{response}"{more}'


def _quoted(text: str) -> str:
    return re.sub(r'(["\\])', r"\\\1", re.sub(r"[\r\n]", "", text))


def masked(headers: Headers) -> Headers:
    """The headers with credentials replaced by as many ``*``: no secret is kept."""
    shown: Headers = []
    for name, value in headers:
        if name.lower() in ("authorization", "proxy-authorization"):
            scheme, blank, rest = value.partition(" ")
            value = scheme + blank + "*" * len(rest) if blank else "*" * len(value)
        shown.append((name, value))
    return shown


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _parameters(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _PARAMETER.finditer(text):
        quoted = match[2]
        found.setdefault(match[1].lower(), re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else match[3])
    return found
