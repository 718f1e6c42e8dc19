"""Octets of content that need not be in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conformance.transport.exchange import Source

_BLOCK = 65536
_LABEL = 8


class BytesSource:
    """Content that is in memory."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self.size = len(octets)

    def read(self, offset: int, count: int) -> bytes:
        """Up to ``count`` octets from ``offset``."""
        return self._octets[offset : offset + count]


class LateSource:
    """Content that is made when it is asked for, which most of what is published never is."""

    size: int
    _octets: bytes

    def __init__(self, make: Callable[[], bytes]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Any:
        """Makes the content at the first look at it or at its size."""
        if name not in ("size", "_octets"):
            raise AttributeError(name)
        self._octets = self._make()
        self.size = len(self._octets)
        return getattr(self, name)

    def read(self, offset: int, count: int) -> bytes:
        """Up to ``count`` octets from ``offset``."""
        return self._octets[offset : offset + count]


class FileSource:
    """Content of a file, opened anew for each read, so that any number of threads can use it.

    The size is that of the moment of construction. Raises ``OSError`` where the file can not be read.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        with self._path.open("rb") as file:
            self.size = file.seek(0, 2)

    def read(self, offset: int, count: int) -> bytes:
        """Up to ``count`` octets from ``offset``."""
        with self._path.open("rb") as file:
            file.seek(offset)
            return file.read(max(0, min(count, self.size - offset)))


class PatternSource:
    """Big content out of nothing: the same octets for the same seed, and no block of 64 KiB like another."""

    def __init__(self, size: int, seed: int = 0) -> None:
        self.size = size
        self._rest = hashlib.shake_256(f"pattern {seed}".encode()).digest(_BLOCK - _LABEL)

    def read(self, offset: int, count: int) -> bytes:
        """Up to ``count`` octets from ``offset``."""
        end = min(offset + count, self.size)
        if offset >= end:
            return b""
        first, last = offset // _BLOCK, (end - 1) // _BLOCK
        blocks = b"".join(number.to_bytes(_LABEL, "big") + self._rest for number in range(first, last + 1))
        return blocks[offset - first * _BLOCK : end - first * _BLOCK]


class SliceSource:
    """A part of other content: ``size`` octets from ``start``."""

    def __init__(self, source: Source, start: int, size: int) -> None:
        self._source = source
        self._start = start
        self.size = size

    def read(self, offset: int, count: int) -> bytes:
        """Up to ``count`` octets from ``offset``, counted from the beginning of the part."""
        count = min(count, self.size - offset)
        return self._source.read(self._start + offset, count) if count > 0 else b""


def digest_of(source: Source) -> str:
    """SHA-256 of content as hex text, read in pieces. What a source leaves out at its end does not count."""
    digest = hashlib.sha256()
    offset = 0
    while offset < source.size:
        piece = source.read(offset, min(1 << 18, source.size - offset))
        if not piece:
            break
        digest.update(piece)
        offset += len(piece)
    return digest.hexdigest()
