"""The flash memory of a stand-alone peer: one JSON document and the packages it names, safe against a cut at any moment."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.download.source import FileSource
from conformance.transport.exchange import Source

_BLOCK = 1 << 18
MAX_STATE = 64 << 20
"""Octets of a state that are read."""


class StateFile:
    """``folder`` is made where it is missing. Raises ``OSError`` where nothing can be written there."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "state.json"
        self._packages = folder / "packages"
        self._packages.mkdir(parents=True, exist_ok=True)
        self._last = ""

    def read(self) -> dict[str, Any] | None:
        """What was written last; ``None`` where nothing was. Raises ``ValueError`` where the file is damaged."""
        try:
            if self.path.stat().st_size > MAX_STATE:
                raise ValueError(f"{self.path}: too long for a state")
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        kept = json.loads(text)
        if not isinstance(kept, dict):
            raise ValueError(f"{self.path}: not a state")
        self._last = text
        return kept

    def write(self, text: str) -> None:
        """Takes the place of what was written before, all or nothing. Does nothing where nothing changed."""
        if text == self._last:
            return
        _replace(self.path, [text.encode()])
        self._last = text

    def packages(self) -> dict[str, Source]:
        """The packages that are kept, by the names they were kept under."""
        found: dict[str, Source] = {}
        for path in self._packages.glob("*.name"):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                found[path.read_text(encoding="utf-8")] = FileSource(path.with_suffix(".bin"))
        return found

    def keep(self, packages: Mapping[str, Source]) -> None:
        """Keeps these packages. One name never stands for two contents, so what is there already is not written anew."""
        for name, source in packages.items():
            path = self._place(name)
            if not path.with_suffix(".name").exists():
                _replace(path.with_suffix(".bin"), _blocks(source))
                _replace(path.with_suffix(".name"), [name.encode()])

    def drop(self, packages: Mapping[str, Source]) -> None:
        """Forgets all packages but these."""
        wanted = {self._place(name).stem for name in packages}
        for path in self._packages.iterdir():
            if path.stem not in wanted:
                path.unlink(missing_ok=True)

    def _place(self, name: str) -> Path:
        return self._packages / hashlib.sha256(name.encode()).hexdigest()[:32]


def _blocks(source: Source) -> Any:
    offset = 0
    while offset < source.size:
        block = source.read(offset, min(_BLOCK, source.size - offset))
        if not block:
            return
        offset += len(block)
        yield block


def _replace(path: Path, blocks: Any) -> None:
    """Writes a file beside the old one, then puts it in its place."""
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        for block in blocks:
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
