"""Plays one permutation, judges it, keeps the evidence, and gives the line of the record."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from conformance.harness import outcome
from conformance.harness.cases import Permutation, place
from conformance.harness.recorder import Recorder
from conformance.judge.finding import ERROR, Catalogue
from conformance.judge.verdict import Judgement, judge
from conformance.transcript import CASE, SUITE, load


class Bench(Protocol):
    """What lasts while cases run against one implementation."""

    untrusted: frozenset[str]
    """Verbs of the hook that it takes nonsense values of."""

    def begin(self, folder: Path, permutation: Permutation) -> Recorder:
        """Takes up a permutation; what comes from now on belongs to it."""
        ...

    def places(self) -> dict[str, str]:
        """Values of ``{name}`` in the steps."""
        ...

    def ready(self, permutation: Permutation) -> None:
        """Brings the implementation to the known start. Raises :class:`outcome.Stop`."""
        ...

    def play(self, steps: list[dict[str, Any]], recorder: Recorder) -> None:
        """Plays the steps."""
        ...

    def end(self) -> None:
        """Lets go of the permutation: conditions, answers and consents end with it."""
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for a whole run."""

    folder: Path
    catalogue: Catalogue
    strict: bool = False
    seed: int = 0


def evidence_folder(permutation_id: str) -> str:
    """The evidence folder of a permutation, relative to the run folder."""
    return f"evidence/{permutation_id}"


def play(
    permutation: Permutation, bench: Bench, terms: Terms, iut_name: str, objects: tuple[str, ...], attempt: int = 1,
    version: str = "1.2",
) -> dict[str, Any]:
    """Plays and judges a permutation; returns its line of the record. Never raises for what the implementation does.

    ``version`` is that of DM which the client side speaks.
    """
    started = time.monotonic()
    began = datetime.now(UTC)
    relative = evidence_folder(permutation.id) + ("" if attempt == 1 else f"~{attempt}")
    recorder = bench.begin(terms.folder / relative, permutation)
    steps = permutation.steps()
    ended: dict[str, Any] | None = None
    setup = False
    try:
        bench.ready(permutation)
        steps = place(steps, bench.places())
        bench.play(steps, recorder)
    except outcome.Stop as stop:
        ended, setup = stop.as_dict(), stop.setup
    except Exception as bug:
        recorder.add("note", SUITE, SUITE, text=traceback.format_exc())
        ended = {"verdict": ERROR, "reason": f"the suite failed: {type(bug).__name__}: {bug}", "cause": None}
    _let_go(bench, recorder)
    # Masked before it is judged, so that judging again sees the same.
    case = recorder.masker.value(resolved(permutation, steps, objects, ended))
    case["untrusted"] = sorted(bench.untrusted)
    case["version"] = version
    judgement = _judged(case, recorder, terms)
    recorder.write(case)
    line = result_line(permutation, judgement, relative)
    line |= {
        "seconds": round(time.monotonic() - started, 4),
        "attempt": attempt,
        "iut": iut_name,
        "at": began.isoformat(timespec="seconds"),
    }
    if setup:
        line["setup"] = True
    if case["untrusted"]:
        line["untrusted"] = case["untrusted"]
    return line


def _let_go(bench: Bench, recorder: Recorder) -> None:
    try:
        bench.end()
    except Exception:
        recorder.add("note", SUITE, SUITE, text=traceback.format_exc())


def _judged(case: dict[str, Any], recorder: Recorder, terms: Terms) -> Judgement:
    try:
        return judge(case, recorder.transcript, terms.catalogue, terms.strict)
    except Exception as bug:
        recorder.add("note", SUITE, SUITE, text=traceback.format_exc())
        return Judgement(ERROR, f"judging failed: {type(bug).__name__}: {bug}")


def resolved(
    permutation: Permutation, steps: list[dict[str, Any]], objects: tuple[str, ...], ended: dict[str, Any] | None
) -> dict[str, Any]:
    """The case as it was played, complete: ``case.json`` of the evidence, from which it can be judged again."""
    case = permutation.case
    return {
        "id": permutation.id,
        "case": case.id,
        "permutation": dict(permutation.values),
        "role": case.role,
        "title": case.title,
        "purpose": case.purpose,
        "kind": case.kind,
        "level": case.level,
        "requirements": list(case.requirements),
        "twin": case.twin,
        "objects": list(objects),
        "steps": steps,
        "outcome": ended,
    }


def result_line(permutation: Permutation, judgement: Judgement, relative: str) -> dict[str, Any]:
    """The line of the record for a judgement."""
    case = permutation.case
    return {
        "type": "result",
        "case": case.id,
        "permutation": dict(permutation.values),
        "id": permutation.id,
        "role": case.role,
        "verdict": judgement.verdict,
        "reason": judgement.reason,
        "cause": judgement.cause,
        "title": case.title,
        "theme": case.theme,
        "kind": case.kind,
        "level": case.level,
        "requirements": list(case.requirements),
        "evidence": relative,
        "findings": [finding.as_dict() for finding in judgement.findings],
        "readings": judgement.readings,
    }


def not_played(permutation: Permutation, reason: str, cause: str, iut_name: str) -> dict[str, Any]:
    """The line of the record for a permutation that does not apply."""
    line = result_line(permutation, Judgement("not-applicable", reason, cause), "")
    return line | {"seconds": 0.0, "attempt": 1, "iut": iut_name, "at": datetime.now(UTC).isoformat(timespec="seconds")}


def judge_again(folder: Path, terms: Terms) -> tuple[Mapping[str, Any], Judgement]:
    """Judges the evidence of an earlier permutation. Returns the case as it was played, and the judgement."""
    case = json.loads((folder / CASE).read_text(encoding="utf-8"))
    return case, judge(case, load(folder), terms.catalogue, terms.strict)
