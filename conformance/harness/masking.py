"""No secret is kept: credentials, passwords and what is as good as one become as many ``*`` in everything that is stored.

Nothing is lost by that: what credentials were worth was found on receipt and stands beside as facts.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from conformance.dm.credentials import Account, account_digest, basic_data
from conformance.syncml.codec import Decoded, decode, encode_tree
from conformance.syncml.element import Element, SyntaxFault
from conformance.syncml.model import Message, b64

if TYPE_CHECKING:
    from conformance.harness.iut import Iut

SHORTEST = 4
"""Secrets shorter than this many characters are not looked for in texts: they would blot out innocent words."""
_SECRET_HEADERS = ("authorization", "proxy-authorization", "cookie", "set-cookie")
_TELLING = 12
"""Characters from which on Base64 sent as credentials is looked for in all of the message, and not in the Cred alone."""
_LONG_KEY, _MOST_KEYS = 64, 1024
_WITHOUT_TABLE = (b"\xa4\x01\x6a\0", b"\x9f\x53\x6a\0")
"""The beginning of WBXML behind its version: the numbers of the document types, UTF-8, and no string table."""
_CHARSETS = ("utf-8", "utf-16-be", "utf-16-le")
_MAC = re.compile(r"(mac\s*=\s*)([^\s,;]+)", re.IGNORECASE)


def secrets_of(iut: Iut) -> list[str]:
    """The passwords of an IUT file and what is as good as one: basic credentials, and the digest that MD5 begins with."""
    dm = iut.dm
    owners = [dm.client_credentials, dm.server_credentials]
    for device in dm.devices:
        owners += [device.client_credentials, device.server_credentials]
    accounts = [Account(owner.username, owner.password) for owner in owners if owner.password]
    return [*iut.secrets(), *map(basic_data, accounts), *map(account_digest, accounts)]


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
                    escape(secret),
                    json.dumps(secret)[1:-1],
                    json.dumps(secret, ensure_ascii=False)[1:-1],
                    base64.b64encode(secret.encode()).decode(),
                }
        self._words = sorted(spellings, key=len, reverse=True)
        self._pattern = re.compile("|".join(re.escape(word) for word in self._words)) if self._words else None
        self._least = min(map(len, self._words), default=0)
        self._keys: dict[str, str] = {}
        """Keys as they are kept: few, and the same in nearly all values."""

    def text(self, text: str) -> str:
        """The text with every secret masked."""
        if self._pattern is None or len(text) < self._least:
            return text
        return self._pattern.sub(lambda m: "*" * len(m[0]), text)

    def value(self, value: Any) -> Any:
        """A JSON value with every secret masked, in keys too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return self._mapping(value) if isinstance(value, dict) else value

    def _mapping(self, value: dict[Any, Any]) -> dict[str, Any]:
        known, least, shown = self._keys, self._least, {}
        for key, item in value.items():
            if type(item) is str:
                item = item if len(item) < least else self.text(item)
            elif item is not None and type(item) is not int:
                item = self.value(item)
            shown[known.get(key) or self._key(key)] = item
        return shown

    def _key(self, key: Any) -> str:
        shown = self.text(str(key))
        if isinstance(key, str) and len(key) < _LONG_KEY and len(self._keys) < _MOST_KEYS:
            self._keys[key] = shown
        return shown

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

    def octets(self, octets: bytes) -> tuple[bytes, list[list[int]]]:
        """Octets with every secret masked by as many ``*``; and where: [offset, length]."""
        return self._within(octets, (), "utf-8")

    def message(self, octets: bytes, decoded: Decoded | None) -> tuple[bytes, list[list[int]]]:
        """Octets of a message with its credentials masked as well, and where."""
        return self.masked(octets, decoded)[:2]

    def masked(
        self, octets: bytes, decoded: Decoded | None, media: str = ""
    ) -> tuple[bytes, list[list[int]], Decoded | None]:
        """The same, and the masked message where it had to be decoded on the way (``media``: its label).

        Credentials that do not stand in the octets as they were read (character references), or that stand in other
        places as well, are masked by encoding the message anew; then the one span is [0, 0].
        """
        found = _credentials(decoded)
        hidden = sorted({data for data in found if data}, key=len, reverse=True)
        if decoded is None or not hidden:
            return *self.octets(octets), None
        if len(found) == 1 and (simple := self._at_its_place(octets, decoded, found[0])) is not None:
            return simple
        charset = next((c for c in _CHARSETS if all(data.encode(c) in octets for data in hidden)), None)
        masked, spans = self._within(octets, hidden, charset) if charset else (b"*" * len(octets), [[0, len(octets)]])
        known = [data for data in hidden if len(data) >= _TELLING and b64(data) is not None]
        after = _read(masked, media) if charset else None
        if after is not None and self._is_masked(decoded, after, known):
            return masked, spans, after
        try:
            return self._within(_anew(decoded), known, "utf-8")[0], [[0, 0]], None
        except ValueError:
            return masked, spans, None  # what cannot be written again is better lost than kept

    def _at_its_place(self, octets: bytes, decoded: Decoded, data: str) -> tuple[bytes, list[list[int]], Decoded] | None:
        """Masks the only credentials of a message where they stand in its header, once and literally, as most do.

        ``None`` where that is not sure: then the masked octets have to be read again.
        """
        if decoded.observations or not (_is_literal if decoded.encoding == "xml" else _is_inline)(octets, decoded, data):
            return None
        masked, spans = self._within(octets, (data,), "utf-8")
        stars = "*" * len(data.encode())
        root = _starred(decoded.root, ("SyncHdr", "Cred", "Data"), data, stars)
        if len(spans) != 1 or spans[0][1] != len(stars) or root is None:
            return None
        message, header = decoded.message, decoded.message.header
        if header.cred is not None:
            header = replace(header, cred=replace(header.cred, data=stars))
        after = replace(decoded, root=root, message=Message(header, message.commands, message.final), observations=[])
        return masked, spans, after

    def _within(self, octets: bytes, more: Iterable[str], charset: str) -> tuple[bytes, list[list[int]]]:
        masked, spans = octets, []
        for word in (*more, *self._words):
            wanted = word.encode(charset)
            at = masked.find(wanted)
            while at >= 0:
                stars = ("*" * (len(wanted) // len("*".encode(charset)))).encode(charset)
                masked = masked[:at] + stars + masked[at + len(wanted) :]
                spans.append([at, len(wanted)])
                at = masked.find(wanted, at + len(wanted))
        return masked, sorted(spans)

    def _is_masked(self, before: Decoded, after: Decoded, known: list[str]) -> bool:
        """Whether a masked message is what it was, but for its secrets and ``known`` ones."""
        kept = []
        stack = [(before.root, after.root, False)]
        while stack:
            old, new, inside = stack.pop()
            was, now = _text(old), _text(new)
            if old.name != new.name or len(old.children) != len(new.children):
                return False
            if inside and old.name == "Data":
                if now.strip().strip("*"):
                    return False
            elif was == now:
                kept.append(was)
            elif self._within(was.encode(), known, "utf-8")[0] != now.encode():
                return False
            if old.children:
                within = old.name == "Cred"
                stack += [(child, other, within) for child, other in zip(old.children, new.children, strict=True)]
        everything = "\0".join(kept)  # one search in all that did not change, instead of many in little
        return not any(word in everything for word in (*known, *self._words))


def _read(octets: bytes, media: str) -> Decoded | None:
    try:
        return decode(octets, media)
    except SyntaxFault:
        return None


def _is_literal(octets: bytes, decoded: Decoded, data: str) -> bool:
    """Whether all texts of an XML document of which nothing was observed stand in its octets as they were read."""
    return b"&" not in octets and b"<!" not in octets and b"<?" not in octets[1:] and data.isascii()


def _is_inline(octets: bytes, decoded: Decoded, data: str) -> bool:
    """Whether a text of a WBXML document stands in its octets as one inline string, and in one element."""
    string = b"\3" + data.encode() + b"\0\1"
    return octets[1:5] in _WITHOUT_TABLE and octets.count(string) == 1 and sum(data in _text(e) for e in decoded.root.walk()) == 1


def _starred(element: Element, path: tuple[str, ...], text: str, stars: str) -> Element | None:
    """A copy of an element with another text at the end of the path; ``None`` where the text is not there."""
    if not path:
        same = element.text == text and element.octets is None and not element.children
        return Element(element.name, element.vocabulary, [], stars, None, element.offset) if same else None
    below = element.child(path[0])
    made = _starred(below, path[1:], text, stars) if below is not None else None
    if made is None:
        return None
    children = [made if child is below else child for child in element.children]
    return Element(element.name, element.vocabulary, children, element.text, element.octets, element.offset)


def _text(element: Element) -> str:
    return element.text if element.octets is None else element.octets.decode("latin-1")


def _credentials(decoded: Decoded | None) -> list[str]:
    found = []
    stack = [] if decoded is None else [decoded.root]
    while stack:
        element = stack.pop()
        stack += element.children
        if element.name == "Cred":
            found += [_text(child).strip() for child in element.children if child.name == "Data"]
    return found


def _anew(decoded: Decoded) -> bytes:
    def copy(element: Element, secret: bool) -> Element:
        hidden = secret and element.name == "Data"
        text = "*" * len(element.text) if hidden else element.text
        below = [copy(child, element.name == "Cred") for child in element.children]
        return Element(element.name, element.vocabulary, below, text, None if hidden else element.octets)

    return encode_tree(copy(decoded.root, False), decoded.encoding, decoded.version or "1.2")
