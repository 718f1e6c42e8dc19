"""Many small values in few compressed blocks, which a browser opens one at a time."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from typing import Any

_BLOCK = 196608
"""Characters of JSON after which a block is closed: opened in a few milliseconds, and well compressed, since messages
of neighbouring cases differ in little."""


def deflate(value: Any) -> str:
    """A value as JSON, compressed (RFC 1950, which browsers call ``deflate``) and in Base64."""
    return base64.b64encode(zlib.compress(json.dumps(value, separators=(",", ":")).encode("ascii"), 9)).decode("ascii")


class Blocks:
    """Values that are added one after the other and found again by their number."""

    def __init__(self) -> None:
        self.size = 0
        """Octets that the closed blocks take in the page."""
        self._count = self._pending_size = 0
        self._pending: list[Any] = []
        self._starts: list[int] = []
        self._blocks: list[str] = []

    def add(self, value: Any) -> int:
        """Adds a value of JSON; returns its number."""
        self._pending.append(value)
        self._pending_size += len(json.dumps(value))
        self._count += 1
        if self._pending_size >= _BLOCK:
            self._close()
        return self._count - 1

    def _close(self) -> None:
        if self._pending:
            self._starts.append(self._count - len(self._pending))
            self._blocks.append(deflate(self._pending))
            self.size += len(self._blocks[-1])
            self._pending, self._pending_size = [], 0

    def data(self) -> dict[str, Any]:
        """All of it for the page: the blocks, and the number of the first value in each."""
        self._close()
        return {"starts": self._starts, "blocks": self._blocks}


class Texts:
    """Texts for the page, each kept once however often it occurs, up to a total of ``budget`` octets in the page."""

    def __init__(self, budget: int) -> None:
        self.blocks = Blocks()
        self.left_out = 0
        """How many texts did not fit any more."""
        self._budget = budget
        self._numbers: dict[bytes, int] = {}

    def add(self, text: str) -> int:
        """The number of the text; -1 where the budget is used up."""
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        number = self._numbers.get(key)
        if number is None:
            if self.full:
                self.left_out += 1
                return -1
            number = self._numbers[key] = self.blocks.add(text)
        return number

    @property
    def full(self) -> bool:
        """Whether nothing new is taken any more."""
        return self.blocks.size >= self._budget
