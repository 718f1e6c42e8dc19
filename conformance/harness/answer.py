"""What comes of calling a verb: done, cannot or error, with an answer that is safe to keep (attach contract 2)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

DONE, CANNOT, ERROR = "done", "cannot", "error"
MAX_ANSWER = 1 << 20
"""Octets that the answer of a hook may have."""
_MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Outcome:
    """``kind``: done, cannot or error. ``answer``: the object that came, or {}. ``note``: what there is to say.

    ``seconds``: how long it took. ``operator``: where a person was asked, what they said, their initials and the time.
    """

    kind: str
    answer: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    seconds: float = 0.0
    operator: dict[str, str] = field(default_factory=dict)


def parsed(octets: bytes, who: str) -> Outcome:
    """The outcome of a hook that was done and printed or sent these octets: an object in JSON, or nothing."""
    if not octets.strip():
        return Outcome(DONE)
    try:
        answer = json.loads(octets.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        shown = octets[:80].decode("utf-8", "replace")
        return Outcome(ERROR, {}, f"{who}: the answer is no JSON object: {shown!r}")
    return checked(answer, who)


def checked(answer: Any, who: str) -> Outcome:
    """The same for a value: an object that JSON and UTF-8 can hold, not too deep and not too long."""
    if not isinstance(answer, dict):
        return Outcome(ERROR, {}, f"{who}: the answer is no JSON object: {str(answer)[:80]!r}")
    if _too_deep(answer):
        return Outcome(ERROR, {}, f"{who}: the answer is nested deeper than {_MAX_DEPTH}")
    try:
        octets = json.dumps(answer, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (TypeError, ValueError) as error:
        return Outcome(ERROR, {}, f"{who}: the answer cannot be kept: {error}"[:300])
    if len(octets) > MAX_ANSWER:
        return Outcome(ERROR, {}, f"{who}: the answer is longer than {MAX_ANSWER} octets")
    copy: dict[str, Any] = json.loads(octets)
    return Outcome(DONE, copy)


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list | tuple)
        ]
        if not level:
            return False
    return True
