"""Which files of a run folder are its result, and their digests.

IUT files, set-up scratch and Allure's raw results stay out: the first may hold secrets, the others say nothing that the
record does not say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from conformance.report.record import RECORD

EVIDENCE = "evidence"
_FILES = (
    RECORD, "summary.md", "report.html", "junit.xml", "conformance.json", "conformance.yaml", "conformance.md",
    "badge.svg", "badge.json",
)
_CHUNK = 1 << 20


def result_files(run_dir: Path) -> list[str]:
    """The files of a run that make up its result, as POSIX paths below the folder, sorted.

    A symbolic link is not followed and does not count. Raises ``OSError`` where the folder cannot be read.
    """
    return sorted(_found(run_dir))


def _found(run_dir: Path) -> Iterator[str]:
    for name in _FILES:
        path = run_dir / name
        if path.is_file() and not path.is_symlink():
            yield name
    for path in (run_dir / EVIDENCE).rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(run_dir).as_posix()


def digest(path: Path) -> tuple[str, int]:
    """SHA-256 in hexadecimal and octets of a file."""
    made, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while octets := file.read(_CHUNK):
            made.update(octets)
            size += len(octets)
    return made.hexdigest(), size


def digest_of_evidence(run_dir: Path) -> str:
    """One SHA-256 for the record and the whole evidence: that of the sorted list of names and digests."""
    made = hashlib.sha256()
    for name in result_files(run_dir):
        if name == RECORD or name.startswith(f"{EVIDENCE}/"):
            made.update(f"{digest(run_dir / name)[0]}  {name}\n".encode())
    return made.hexdigest()
