"""The first line of a proof: what was tried, by what, as it stood then."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from conformance import __version__
from conformance.harness.cases import case_files, digest_of, load_cases
from conformance.harness.catalogue import load_catalogue
from conformance.harness.places import testcases
from conformance.harness.prove import pieces, rows_of
from conformance.judge.finding import FAIL


def header(roles: Sequence[str], names: Sequence[str], full: bool, workers: int) -> dict[str, Any]:
    """The header of a proof of some deviations; without ``names`` of all those of the roles.

    Raises ``ValueError`` for a name that is no deviation of them.
    """
    root = testcases()
    every = rows_of(roles)
    known = {row.id for row in every}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise ValueError(f"{name}: no such deviation" + (f"; did you mean {near[0]}?" if near else ""))
    catalogue = load_catalogue(root)
    rows = [row for row in every if not names or row.id in names]
    count: dict[str, int] = {}
    for piece in pieces(rows, full):
        count[f"{piece.role}/{piece.deviation}"] = piece.of
    return {
        "type": "header", "schema": 1, "suite": __version__, "testcases": digest_of(case_files(root), root), "full": full,
        "workers": workers, "chosen": sorted(names), "pieces": count,
        "deviations": [
            {
                "id": row.id, "role": row.role, "says": row.says, "breaks": list(row.breaks), "area": row.area,
                "seen_by": row.seen_by, "pending": row.pending,
                "firm": [name for name in row.breaks if catalogue[name].verdict == FAIL],
            }
            for row in rows
        ],
        "cases": [
            {"id": case.id, "role": case.role, "title": case.title, "because": case.because}
            for case in load_cases(root) if case.role in roles
        ],
    }  # fmt: skip
