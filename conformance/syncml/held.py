"""Long values kept by their beginning and their size: a package of many MiB must not stay in memory to be judged."""

from __future__ import annotations

from conformance.syncml.codec import Decoded
from conformance.syncml.model import b64

LONGEST = 4096
"""Octets up to which a value is kept whole."""
_SHOWN = 64


class HeldText(str):
    """The beginning of a long text. ``size``: octets of all of it as UTF-8. ``unencoded``: as Base64 undone, or None."""

    size: int
    unencoded: int | None

    @classmethod
    def of(cls, text: str) -> HeldText:
        """Keeps the beginning of a text."""
        held = cls(text[:_SHOWN])
        held.size = len(text.encode("utf-8", "surrogatepass"))
        octets = b64(text)
        held.unencoded = None if octets is None else len(octets)
        return held


class HeldOctets(bytes):
    """The beginning of long octets. ``size``: how many they all are."""

    size: int

    @classmethod
    def of(cls, octets: bytes) -> HeldOctets:
        """Keeps the beginning of octets."""
        held = cls(octets[:_SHOWN])
        held.size = len(octets)
        return held


def size_of(data: str | bytes | None) -> int:
    """Octets of a value as transferred, held or whole; text counts as UTF-8."""
    if data is None:
        return 0
    if isinstance(data, HeldText | HeldOctets):
        return data.size
    return len(data) if isinstance(data, bytes) else len(data.encode("utf-8", "surrogatepass"))


def is_held(data: str | bytes | None) -> bool:
    """Whether only the beginning of a value is there."""
    return isinstance(data, HeldText | HeldOctets)


def unencoded_size(data: str | bytes | None) -> int | None:
    """Octets of a Base64 text once undone; ``None`` where it is none."""
    if isinstance(data, HeldText):
        return data.unencoded
    octets = b64(data) if isinstance(data, str) else None
    return None if octets is None else len(octets)


def shorten(decoded: Decoded) -> Decoded:
    """The same message with its long values held. Changes ``decoded`` itself."""
    for element in decoded.root.walk():
        if len(element.text) > LONGEST:
            element.text = HeldText.of(element.text)
        if element.octets is not None and len(element.octets) > LONGEST:
            element.octets = HeldOctets.of(element.octets)
    for command in decoded.message.walk():
        for item in command.items:
            if isinstance(item.data, str) and len(item.data) > LONGEST:
                item.data = HeldText.of(item.data)
            elif isinstance(item.data, bytes) and len(item.data) > LONGEST:
                item.data = HeldOctets.of(item.data)
    return decoded
