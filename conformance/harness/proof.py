"""Shows for a deviation that the suite catches it, and for the right reason: a finding names a requirement it breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.harness.cases import Case
from conformance.harness.embedded import embedded_iut
from conformance.harness.iut import load_iut
from conformance.harness.run import Options, Run, in_order
from conformance.harness.yamlfile import load
from conformance.judge.finding import FAIL, WARN
from conformance.peers.deviants import name_of


@dataclass(frozen=True, slots=True)
class DeviationRow:
    """One row of ``testcases/deviations``: what a sloppy implementer does, and which requirements that breaks.

    ``seen_by`` is the id of a case that catches it; where there is none for now ``pending`` says why. ``profile``: the
    dialect in which it is wrong, "" for that of the enabler.
    """

    id: str
    role: str
    says: str
    breaks: tuple[str, ...]
    level: str
    area: str
    seen_by: str = ""
    pending: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True)
class Kill:
    """A permutation that caught a deviation for the right reason. ``outcome``: fail or warn."""

    permutation: str
    requirement: str
    outcome: str


def load_deviations(root: Path, role: str) -> list[DeviationRow]:
    """The deviations of a role, as the data files have them."""
    raw = load(root / "deviations" / f"{role}.yaml").value
    rows = raw["deviations"] if isinstance(raw, dict) else raw
    return [
        DeviationRow(
            row["id"], role, row["says"], tuple(row["breaks"]), row.get("level", ""), row.get("area", ""),
            row.get("seen_by", ""), row.get("pending", ""), row.get("profile", ""),
        )
        for row in rows
    ]


def kills(row: DeviationRow, cases: Sequence[Case], folder: Path, *, enough: int = 1) -> tuple[list[Kill], list[str]]:
    """Plays cases against a peer with the deviation until it was caught ``enough`` times.

    Returns the catches for the right reason, and one line for each catch for another reason.
    """
    adapter = f"conformance.peers.deviants:{name_of(row.role, row.id)}"
    iut = load_iut(embedded_iut(folder / "iut", row.role, adapter, row.profile))
    run = Run([iut], Options(folder))
    caught: list[Kill] = []
    others: list[str] = []
    try:
        for chosen in in_order(run.selector(iut).choose(cases)):
            if chosen.selected and len(caught) < enough:
                line = run.do(chosen)
                right, wrong = _sorted(line, row)
                caught += right[:1]
                others += wrong
    finally:
        run.close()
    return caught, others


def _sorted(line: dict[str, Any], row: DeviationRow) -> tuple[list[Kill], list[str]]:
    right, wrong = [], []
    for finding in line["findings"]:
        if finding["outcome"] in (FAIL, WARN) and finding["requirement"] in row.breaks:
            right.append(Kill(line["id"], finding["requirement"], finding["outcome"]))
        elif finding["outcome"] == FAIL:
            wrong.append(f"{line['id']}: {finding['requirement']}: {finding['message']}")
    right.sort(key=lambda kill: kill.outcome != FAIL)
    return right, wrong
