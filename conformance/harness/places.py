"""Where the suite's own files are: in a checkout beside the package, in an installation inside it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


@cache
def testcases() -> Path:
    """The folder ``testcases``."""
    return _folder("testcases")


@cache
def fixtures() -> Path:
    """The folder ``fixtures``."""
    return _folder("fixtures")


def _folder(name: str) -> Path:
    inside = _PACKAGE / "data" / name
    beside = _PACKAGE.parent / name
    return beside if (_PACKAGE.parent / "pyproject.toml").is_file() and beside.is_dir() else inside
