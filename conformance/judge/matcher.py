"""Compares a value that came with what a case expects of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

ABSENT = "absent"
"""What a case writes where it expects that there is no value at all."""


@dataclass(frozen=True, slots=True)
class Match:
    """How a value compares. ``outcome``: pass, tolerated or broken. ``expected`` is for readers."""

    outcome: str
    expected: str
    ambiguity: str = ""
    requirement: str = ""


def match(wanted: Any, came: str | None) -> Match:
    """Compares ``came`` (``None``: nothing came) with ``wanted``: a value, a list of values or a mapping (see the
    vocabulary of case files: expect, accept, because, not, matches, class, ensures)."""
    if not isinstance(wanted, dict):
        wanted = {"expect": wanted}
    expected = describe(wanted)
    requirement = str(wanted.get("ensures", ""))
    if _fits(wanted, came):
        return Match("pass", expected, "", requirement)
    ambiguity = str(wanted.get("because", ""))
    if "accept" in wanted and any(_equal(value, came) for value in _listed(wanted["accept"])):
        return Match("tolerated", expected, ambiguity, requirement)
    return Match("broken", expected, ambiguity, requirement)


def describe(wanted: dict[str, Any]) -> str:
    """The expectation in words."""
    parts = []
    if "expect" in wanted:
        parts.append(" or ".join(_shown(value) for value in _listed(wanted["expect"])))
    if "class" in wanted:
        parts.append({"success": "a success (2xx)", "error": "an error (4xx or 5xx)"}[wanted["class"]])
    if "matches" in wanted:
        parts.append(f"text that matches {wanted['matches']}")
    if "not" in wanted:
        parts.append("not " + " nor ".join(_shown(value) for value in _listed(wanted["not"])))
    return ", ".join(parts) or "anything"


def _fits(wanted: dict[str, Any], came: str | None) -> bool:
    fits = []
    if "expect" in wanted:
        fits.append(any(_equal(value, came) for value in _listed(wanted["expect"])))
    if "class" in wanted:
        digits = came is not None and _number(came) is not None and len(came) == 3
        fits.append(digits and came is not None and came[0] in ("2" if wanted["class"] == "success" else "45"))
    if "matches" in wanted:
        fits.append(came is not None and re.fullmatch(str(wanted["matches"]), came) is not None)
    if "not" in wanted:
        fits.append(not any(_equal(value, came) for value in _listed(wanted["not"])))
    return all(fits) if fits else came is not None


_DIGITS = 18
"""Digits of a number that came; what is longer is no number that anybody expects."""
_RANGE = re.compile(r"(\d+)\.\.(\d+)")


def _equal(wanted: Any, came: str | None) -> bool:
    if wanted == ABSENT:
        return came is None
    if came is None:
        return False
    span = _RANGE.fullmatch(str(wanted))
    number = _number(came.strip()) if span else None
    if span and number is not None:
        return int(span[1]) <= number <= int(span[2])
    return _plain(wanted) == came


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _shown(value: Any) -> str:
    if value == ABSENT:
        return "nothing"
    if value == "":
        return "an empty value"
    return _plain(value)
