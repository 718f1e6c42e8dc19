"""Each deviation of the reference server is caught by the case that is named for it, and for the right reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.harness.cases import load_cases, permutations
from conformance.harness.deviations import DeviationRow, load_deviations
from conformance.harness.places import testcases as data
from conformance.harness.proof import kills

ROWS = load_deviations(data(), "server")
CASES = {case.id: case for case in load_cases(data()) if case.role == "server"}
SEEN = [row for row in ROWS if row.seen_by]


def test_every_deviation_has_a_case_or_a_reason_why_not() -> None:
    assert [row.id for row in ROWS if bool(row.seen_by) == bool(row.pending)] == []
    assert [row.id for row in SEEN if row.seen_by not in CASES] == []


@pytest.mark.parametrize("row", SEEN, ids=lambda row: row.id)
def test_the_case_catches_the_deviation(row: DeviationRow, tmp_path: Path) -> None:
    case = CASES[row.seen_by]
    enough = min(2, len(permutations(case)))
    caught, others = kills(row, [case], tmp_path, enough=enough)
    assert len(caught) == enough, others
    assert {kill.requirement for kill in caught} <= set(row.breaks)
