"""No secret is kept: credentials, passwords and what is as good as one become as many ``*`` in everything that is stored.

Nothing is lost by that: what credentials were worth was found on receipt and stands beside as facts.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

from conformance.syncml.codec import Decoded, encode_tree
from conformance.syncml.element import Element

SHORTEST = 4
"""Secrets shorter than this many characters are not looked for in texts: they would blot out innocent words."""
_SECRET_HEADERS = ("authorization", "proxy-authorization", "cookie", "set-cookie")
_MAC = re.compile(r"(mac\s*=\s*)([^\s,;]+)", re.IGNORECASE)


class Masker:
    """Masks the given secrets, in all spellings in which they travel."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings: set[str] = set()
        for secret in secrets:
            if len(secret) >= SHORTEST:
                spellings |= {
                    secret,
                    quote(secret, safe=""),
                    quote_plus(secret),
                    base64.b64encode(secret.encode()).decode(),
                }
        self._words = sorted(spellings, key=len, reverse=True)
        self._octets = [word.encode() for word in self._words]
        self._pattern = re.compile("|".join(re.escape(word) for word in self._words)) if self._words else None

    def text(self, text: str) -> str:
        """The text with every secret masked."""
        return self._pattern.sub(lambda m: "*" * len(m[0]), text) if self._pattern else text

    def value(self, value: Any) -> Any:
        """A JSON value with every secret masked, in keys too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        return value

    def headers(self, headers: Iterable[tuple[str, str]]) -> list[list[str]]:
        """HTTP headers as lists of pairs, secrets masked."""
        shown = []
        for name, value in headers:
            lower = name.lower()
            if lower in _SECRET_HEADERS:
                scheme, _, rest = value.partition(" ")
                value = f"{scheme} {'*' * len(rest)}" if rest else "*" * len(value)
            elif lower == "x-syncml-hmac":
                value = _MAC.sub(lambda m: m[1] + "*" * len(m[2]), value)
            shown.append([name, self.text(value)])
        return shown

    def octets(self, octets: bytes, more: Iterable[bytes] = ()) -> tuple[bytes, list[list[int]]]:
        """Octets with every secret, and every one of ``more``, masked by as many ``*``; and where: [offset, length]."""
        spans: list[list[int]] = []
        masked: bytearray | None = None
        for word in (*more, *self._octets):
            at = octets.find(word) if word else -1
            while at >= 0:
                masked = masked if masked is not None else bytearray(octets)
                masked[at : at + len(word)] = b"*" * len(word)
                spans.append([at, len(word)])
                at = octets.find(word, at + len(word))
        return (octets if masked is None else bytes(masked)), sorted(spans)

    def message(self, octets: bytes, decoded: Decoded | None) -> tuple[bytes, list[list[int]]]:
        """Octets of a message with its credentials masked as well.

        Credentials that do not stand in the octets as they were read (character references, another charset) are masked
        by encoding the message anew; then the one span is [0, 0].
        """
        secrets = [data for data in _credentials(decoded) if data]
        found = [data.encode() for data in secrets]
        if decoded is not None and any(word not in octets for word in found):
            return _anew(decoded), [[0, 0]]
        return self.octets(octets, found)


def _credentials(decoded: Decoded | None) -> list[str]:
    if decoded is None:
        return []
    return [
        (data.text or (data.octets or b"").decode("latin-1")).strip()
        for element in decoded.root.walk()
        if element.name == "Cred"
        for data in element.all("Data")
    ]


def _anew(decoded: Decoded) -> bytes:
    def copy(element: Element, secret: bool) -> Element:
        hidden = secret and element.name == "Data"
        text = "*" * len(element.text) if hidden else element.text
        below = [copy(child, secret or element.name == "Cred") for child in element.children]
        return Element(element.name, element.vocabulary, below, text, None if hidden else element.octets)

    return encode_tree(copy(decoded.root, False), decoded.encoding)
