"""Text that came from outside, made fit for a terminal or a page of Markdown."""

from __future__ import annotations

import re
import unicodedata

_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Categories of characters that steer a terminal, turn the direction of writing or cannot be encoded."""

_MARKS = re.compile(r"([\\`*_\[\]|~>$])")

_LINK = re.compile(r"(?i)\b(https?|ftp|www)(?=[:.])")
"""What GitHub makes a link of without being asked."""


def visible(text: str, keep: str = "") -> str:
    """The text with every character that is not seen written as an escape, apart from those in ``keep``."""
    if text.isprintable():
        return text
    return "".join(c if c in keep or unicodedata.category(c) not in _UNSEEN else _escape(c) for c in text)


def _escape(character: str) -> str:
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def shorten(text: str, limit: int) -> str:
    """The text, or as much of its beginning as fits ``limit`` characters, with three dots at its end."""
    return text if len(text) <= limit else text[: max(limit - 3, 0)] + "..."


def middle(text: str, limit: int) -> str:
    """The text, or its beginning and its end with three dots between, in ``limit`` characters."""
    if len(text) <= limit:
        return text
    head = (limit - 3) // 2
    return text[:head] + "..." + text[len(text) - (limit - 3 - head) :]


def markdown(text: str) -> str:
    """The text as it must be written in Markdown to be read as it is: one line, no markup, no HTML, no link."""
    escaped = _MARKS.sub(r"\\\1", visible(text)).replace("&", "&amp;").replace("<", "&lt;")
    return _LINK.sub(r"\1&#8203;", escaped)


def plural(count: int, noun: str) -> str:
    """``1 case``, ``2 cases``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
