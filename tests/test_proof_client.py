"""Every deviation of the reference device is caught by the case that says so, and for the right reason."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from conformance.harness.cases import Case, load_cases, permutations
from conformance.harness.deviations import DeviationRow, load_deviations
from conformance.harness.places import testcases as own_cases
from conformance.harness.proof import kills
from conformance.peers.deviation import CLIENT

ROWS = load_deviations(own_cases(), "client")


@cache
def cases() -> dict[str, Case]:
    return {case.id: case for case in load_cases(own_cases())}


def test_every_deviation_of_the_device_has_a_row_that_says_who_sees_it() -> None:
    assert sorted(row.id for row in ROWS) == sorted(CLIENT.ids)
    for row in ROWS:
        assert bool(row.seen_by) != bool(row.pending), row.id
        assert not row.seen_by or row.seen_by in cases(), row.id
        assert not row.pending or row.pending.endswith("."), row.id


@pytest.mark.parametrize("row", [row for row in ROWS if row.seen_by], ids=lambda row: row.id)
def test_the_case_catches_the_deviation_for_the_right_reason(row: DeviationRow, tmp_path: Path) -> None:
    case = cases()[row.seen_by]
    wanted = min(2, len(permutations(case)))
    caught, others = kills(row, [case], tmp_path, enough=wanted)
    assert len({kill.permutation for kill in caught}) == wanted, others
    assert {kill.requirement for kill in caught} <= set(row.breaks)


def test_a_case_that_has_nothing_to_do_with_a_deviation_does_not_catch_it(tmp_path: Path) -> None:
    row = next(row for row in ROWS if row.id == "size-mismatch-committed")
    caught, others = kills(row, [cases()["client/large-objects/chunks/in-pieces"]], tmp_path)
    assert (caught, others) == ([], [])
