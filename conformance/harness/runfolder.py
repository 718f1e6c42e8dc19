"""Run folders."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path


def new_folder(base: Path | None = None) -> Path:
    """A run folder that does not exist yet, named by the time: ``reports/run-20260131-120000``. It is not made."""
    base = base or Path("reports")
    stem = f"run-{datetime.now():%Y%m%d-%H%M%S}"
    folder, count = base / stem, 1
    while folder.exists():
        count += 1
        folder = base / f"{stem}-{count}"
    return folder.resolve()
