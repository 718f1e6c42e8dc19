"""Where fetched octets go."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Spool(Protocol):
    """Takes octets in order and can go back. Errors of the storage are raised as ``OSError``."""

    def write(self, octets: bytes) -> None:
        """Appends octets."""
        ...

    def reset(self, offset: int) -> None:
        """Forgets everything from ``offset`` on; the next octets go there."""
        ...


class MemorySpool:
    """Keeps the octets in memory."""

    def __init__(self) -> None:
        self._octets = bytearray()

    @property
    def octets(self) -> bytes:
        """What was taken so far."""
        return bytes(self._octets)

    def write(self, octets: bytes) -> None:
        """Appends octets."""
        self._octets += octets

    def reset(self, offset: int) -> None:
        """Forgets everything from ``offset`` on."""
        del self._octets[offset:]


class FileSpool:
    """Keeps the octets in a file, which is made empty at first. To be closed; a context manager."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._file = self.path.open("wb")

    def __enter__(self) -> FileSpool:
        return self

    def __exit__(self, *rest: object) -> None:
        self.close()

    def write(self, octets: bytes) -> None:
        """Appends octets."""
        self._file.write(octets)

    def reset(self, offset: int) -> None:
        """Forgets everything from ``offset`` on."""
        self._file.seek(offset)
        self._file.truncate()

    def close(self) -> None:
        """Writes what is still held back and closes the file."""
        self._file.close()
