"""The verdict: a pure function of the case as it was played, its transcript and the catalogue.

It runs when the case ends and again from the evidence folder years later, with the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.judge.expectation import Expectations
from conformance.judge.finding import ERROR, FAIL, INCONCLUSIVE, NOT_APPLICABLE, PASS, Catalogue, Finding, verdict_of
from conformance.judge.rule import standing
from conformance.judge.step import played_steps
from conformance.transcript import Transcript


@dataclass(slots=True)
class Judgement:
    """What judging a case gave. ``reason`` is one line for a reader, "" where the findings say it all."""

    verdict: str
    reason: str = ""
    cause: str | None = None
    findings: list[Finding] = field(default_factory=list)
    readings: list[dict[str, str]] = field(default_factory=list)


def judge(case: Mapping[str, Any], transcript: Transcript, catalogue: Catalogue, strict: bool = False) -> Judgement:
    """Judges one case.

    ``case`` is the resolved case (``case.json``): ``role`` of the implementation, ``requirements``, ``objects`` and
    ``outcome``, what playing itself found: {"verdict", "reason", "cause"} or ``None`` where it was played to its end.
    """
    outcome = case.get("outcome") or {}
    if outcome.get("verdict") == NOT_APPLICABLE:
        return Judgement(NOT_APPLICABLE, outcome.get("reason", ""), outcome.get("cause"))
    findings = list(
        standing(
            transcript, case["role"], catalogue, strict=strict, objects=tuple(case.get("objects") or ()),
            version=str(case.get("version") or "1.2"),
        )
    )
    findings += _alive(transcript, catalogue)
    rules_failed = any(finding.outcome == FAIL for finding in findings)
    expectations = Expectations(case, transcript, catalogue, strict)
    findings += expectations.findings()
    verdict, reason = verdict_of(findings), ""
    if outcome.get("verdict") == ERROR:
        verdict, reason = ERROR, outcome.get("reason", "")
    elif outcome.get("verdict") == INCONCLUSIVE and not rules_failed:
        verdict, reason = INCONCLUSIVE, outcome.get("reason", "")
    elif verdict == FAIL and not rules_failed and (doubtful := _doubtful(case)):
        verdict, reason = INCONCLUSIVE, f"the hook takes nonsense for {doubtful}: what it arms cannot be trusted"
    elif verdict == FAIL:
        first = next(finding for finding in findings if finding.outcome == FAIL)
        reason = f"{first.requirement}: {first.message}"
    elif verdict == ERROR:
        reason = "nothing was asserted"
    elif unplayed := _unplayed(case, transcript):
        verdict, reason = INCONCLUSIVE, unplayed
    return Judgement(verdict, reason, None, findings, expectations.readings)


def _doubtful(case: Mapping[str, Any]) -> str:
    """The verb that the case leans on although the hook takes nonsense values of it, "" where there is none."""
    used = {step["hook"]["verb"] for step in case.get("steps") or () if "hook" in step}
    used |= {name for step in case.get("steps") or () for name in ("campaign",) if name in step}
    return ", ".join(sorted(used & set(case.get("untrusted") or ())))


def _unplayed(case: Mapping[str, Any], transcript: Transcript) -> str:
    """Why a case was not played to its end, "" where it was: what is left out must not pass unseen."""
    steps = [step for step in played_steps(transcript) if "." not in step.index]
    # That no report came is a finding of its step.
    said = [step.why for step in steps if step.why and ("await" not in step.step or step.why == "unfinished")]
    why = said[-1] if said else ""
    if why == "unfinished":
        return "the time for an operation passed while something was still being fetched"
    return why or ("the case was not played to its end" if len(steps) < len(case.get("steps") or ()) else "")


def _alive(transcript: Transcript, catalogue: Catalogue) -> list[Finding]:
    """SUITE-ALIVE: the process must not end by itself while it works on what the suite sent (attach contract 1)."""
    found = []
    for event in transcript.of("process"):
        if event.data.get("what") == "ended" and not event.data.get("expected") and event.data.get("working"):
            found.append(
                Finding(
                    "SUITE-ALIVE",
                    FAIL,
                    "the implementation goes on running",
                    f"its process ended (exit status {event.data.get('code')})",
                    event.n,
                    "the process ended while it worked on what the suite sent",
                    None,
                    catalogue["SUITE-ALIVE"].level,
                )
            )
    return found


__all__ = ["PASS", "Judgement", "judge"]
