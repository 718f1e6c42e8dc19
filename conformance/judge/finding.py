"""What judging says: findings about requirements, and the verdict they add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PASS, FAIL, WARN = "pass", "fail", "warn"
INCONCLUSIVE, NOT_APPLICABLE, ERROR = "inconclusive", "not-applicable", "error"
VERDICTS = (PASS, FAIL, INCONCLUSIVE, NOT_APPLICABLE, ERROR)

SHOULD, UNCONFIRMED, TOLERATED = "should", "unconfirmed", "tolerated"
CAUSES = (SHOULD, UNCONFIRMED, TOLERATED)
"""Causes of a warning: a broken SHOULD; a rule that the sheets know from memory or implementations only; another reading
that is known and accepted."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row of the catalogue.

    ``role``: client, server or both (who must obey). ``level``: must, should or may. ``basis``: text, derived, dialect or
    memory. ``verdict``: what a broken requirement leads to (fail, warn or note). ``cover``: rule, case or both, or why
    nothing covers it.
    """

    id: str
    role: str
    section: str
    text: str
    level: str
    basis: str
    verdict: str
    cover: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked. ``event`` is the number of the event in the transcript, ``message`` one line."""

    requirement: str
    outcome: str
    expected: str = ""
    actual: str = ""
    event: int | None = None
    message: str = ""
    cause: str | None = None
    level: str = "must"

    def as_dict(self) -> dict[str, Any]:
        """The finding as it stands in the record."""
        return {
            "requirement": self.requirement,
            "level": self.level,
            "outcome": self.outcome,
            "cause": self.cause,
            "expected": self.expected,
            "actual": self.actual,
            "event": self.event,
            "message": self.message,
        }


Catalogue = Mapping[str, Requirement]


def broken(
    requirement: Requirement,
    expected: str,
    actual: str,
    event: int | None,
    message: str,
    *,
    strict: bool = False,
    tolerated: bool = False,
) -> Finding | None:
    """The finding for a broken requirement; ``None`` where the catalogue only takes note of it.

    A MUST of the text fails; a SHOULD warns, and fails in strict mode; what rests on memory or implementations warns as
    unconfirmed and never fails. ``tolerated`` makes it a warning for a known other reading, whatever the level.
    """
    cause: str | None = None
    if requirement.verdict == "note" and not tolerated:
        return None
    outcome = FAIL
    if tolerated:
        outcome, cause = WARN, TOLERATED
    elif requirement.basis == "memory":
        outcome, cause = WARN, UNCONFIRMED
    elif requirement.verdict == "warn":
        if requirement.level == "should":
            outcome, cause = (FAIL, None) if strict else (WARN, SHOULD)
        else:
            outcome, cause = WARN, UNCONFIRMED
    return Finding(requirement.id, outcome, expected, actual, event, message, cause, requirement.level)


def verdict_of(findings: Iterable[Finding]) -> str:
    """pass or fail from findings; error where nothing was asserted."""
    outcomes = {finding.outcome for finding in findings}
    if FAIL in outcomes:
        return FAIL
    return PASS if outcomes & {PASS, WARN} else ERROR
