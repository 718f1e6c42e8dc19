"""How playing a case may end before its last step."""

from __future__ import annotations

from conformance.judge.finding import ERROR, INCONCLUSIVE, NOT_APPLICABLE

CLAIMS, STEERING, RISK, PACKAGE = "claims", "steering", "risk", "package"
"""Causes for which a case is not applicable (attach contract 2 and 3)."""


class Stop(Exception):
    """Ends the playing of a case. ``setup`` marks trouble before the first step."""

    def __init__(self, verdict: str, reason: str, cause: str | None = None, *, setup: bool = False) -> None:
        self.verdict, self.reason, self.cause, self.setup = verdict, reason, cause, setup
        super().__init__(reason)

    def as_dict(self) -> dict[str, str | None]:
        """For ``case.json``."""
        return {"verdict": self.verdict, "reason": self.reason, "cause": self.cause}


def not_applicable(reason: str, cause: str) -> Stop:
    """The case does not apply to this implementation."""
    return Stop(NOT_APPLICABLE, reason, cause)


def inconclusive(reason: str, *, setup: bool = False) -> Stop:
    """The case could not be decided, and nobody is to blame."""
    return Stop(INCONCLUSIVE, reason, setup=setup)


def error(reason: str, *, setup: bool = False) -> Stop:
    """The suite, its set-up or a hook failed; never counts against the implementation."""
    return Stop(ERROR, reason, setup=setup)
