"""``fumo-conformance list``: what would run for an implementation, and why or why not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from conformance.harness.cases import load_cases
from conformance.harness.embedded import write_embedded
from conformance.harness.iut import Iut, load_iut
from conformance.harness.places import testcases
from conformance.harness.run import in_order
from conformance.harness.selection import Chosen, Selector, load_claims


def listing(paths: Sequence[Path], role: str | None, select: Sequence[str], mode: str) -> list[dict[str, Any]]:
    """One row for each permutation that the patterns name."""
    if paths:
        iuts = [load_iut(path) for path in paths]
    else:
        with TemporaryDirectory() as folder:
            iuts = [load_iut(path) for path in write_embedded(Path(folder))]
    return [row for iut in iuts if role in (None, iut.role) for row in _rows(iut, select, mode)]


def _rows(iut: Iut, select: Sequence[str], mode: str) -> list[dict[str, Any]]:
    selector = Selector(iut, load_claims(testcases()), select, mode)
    return [_row(chosen) for chosen in in_order(selector.choose(load_cases(testcases())))]


def _row(chosen: Chosen) -> dict[str, Any]:
    case = chosen.permutation.case
    return {
        "case": case.id,
        "permutation": dict(chosen.permutation.values),
        "id": chosen.permutation.id,
        "role": case.role,
        "title": case.title,
        "purpose": case.purpose,
        "requirements": list(case.requirements),
        "kind": case.kind,
        "level": case.level,
        "needs": {
            "claims": list(case.needs.claims),
            "verbs": list(case.needs.verbs),
            "packages": list(case.needs.packages),
        },
        "risks": list(case.risks),
        "twin": case.twin,
        "selected": chosen.selected,
        "reason": chosen.reason or "it applies to this implementation",
        "cause": chosen.cause or None,
    }


def listing_text(rows: list[dict[str, Any]]) -> str:
    """The rows for a reader: what runs, then what does not with its reason, then the sums."""
    lines = [f"{row['id']}\n    {row['title']}" for row in rows if row["selected"]]
    left = [f"{row['id']}\n    not applicable ({row['cause']}): {row['reason']}" for row in rows if not row["selected"]]
    cases = len({row["case"] for row in rows})
    total = f"{cases} cases, {len(rows)} permutations: {len(lines)} would run, {len(left)} would not"
    return "\n".join([*lines, *left, "", total])
