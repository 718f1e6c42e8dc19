"""Addresses of nodes and of their properties (DM TND 5, 7.3, 8.1), and the limits a device sets for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_BAD = re.compile(r"[\x00-\x20\x7f]")
_HARD_LENGTH, _HARD_DEPTH = 2048, 64
"""Bounds that hold even where a device announces none."""


@dataclass(frozen=True, slots=True)
class Limits:
    """DevDetail/URI: segments of an address, characters of an address, characters of a segment. 0: unlimited."""

    depth: int = 16
    length: int = 255
    segment: int = 64


@dataclass(frozen=True, slots=True)
class Address:
    """A node and what of it is meant: ``prop`` and ``listed`` are the values of ``?prop=`` and ``?list=``."""

    segments: tuple[str, ...]
    prop: str | None = None
    listed: str | None = None

    @property
    def uri(self) -> str:
        """The address of the node in its full form: ``.`` for the root, else ``./A/B``."""
        return "/".join((".", *self.segments))

    @property
    def plain(self) -> bool:
        """Whether the node itself is meant."""
        return self.prop is None and self.listed is None


def parse(text: str, limits: Limits) -> Address | int:
    """Reads a LocURI. Returns a DM status where it is none: 404 cannot be resolved, 414 beyond a limit.

    ``./A`` and ``A`` are the same. No slash at either end, no ``..``, and ``.`` only in front.
    """
    if len(text) > (min(limits.length, _HARD_LENGTH) if limits.length else _HARD_LENGTH):
        return 414
    return _parsed(text, limits)


@lru_cache(maxsize=2048)
def _parsed(text: str, limits: Limits) -> Address | int:
    """The same of a text that is not too long. Few addresses come again and again."""
    path, mark, query = text.partition("?")
    segments = () if path == "." else tuple(path.removeprefix("./").split("/"))
    if any(segment in ("", ".", "..") or _BAD.search(segment) for segment in segments):
        return 404
    measured = [*map(len, segments[:-1]), len(segments[-1]) + len(mark) + len(query)] if segments else []
    if limits.segment and any(size > limits.segment for size in measured):
        return 414
    if len(segments) > (min(limits.depth, _HARD_DEPTH) if limits.depth else _HARD_DEPTH):
        return 414
    if not mark:
        return Address(segments)
    name, equals, value = query.partition("=")
    if name not in ("prop", "list") or not equals or not value:
        return 404
    return Address(segments, prop=value) if name == "prop" else Address(segments, listed=value)


def is_name(text: str) -> bool:
    """Whether a text can be the name of a node."""
    return bool(text) and text not in (".", "..") and not _BAD.search(text) and "/" not in text and "?" not in text
