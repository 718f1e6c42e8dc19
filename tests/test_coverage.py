"""The page that says what is covered is as new as the cases, and it leaves no cell without a word."""

from __future__ import annotations

import pytest
from coveragedoc import PAGE, page
from coveragetables import CASES, ROLES, Table, must_reasons, musts, reason, reasons, tables

from conformance.harness.cases import Case, load_cases

GOAL = 95.0
REACHED = {"client": 95.0, "server": 95.0}
"""Percent of the testable MUSTs below which no change may bring them; to be raised, never lowered."""


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return load_cases(CASES)


def test_the_page_is_of_today() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it: python3 tests/coveragedoc.py"


def test_every_empty_cell_has_a_reason_and_every_reason_a_cell(cases: list[Case]) -> None:
    given = reasons()
    found = {(t.role, t.name, *place): reason(t, *place, given) for t in tables(cases) for place in t.empty()}
    assert not [place for place, number in found.items() if number is None]
    assert set(found.values()) == set(range(len(given))), "a reason that no cell needs any more"


def test_every_table_is_filled(cases: list[Case]) -> None:
    assert not [(t.role, t.name) for t in tables(cases) if not t.cells]


def test_a_cell_without_case_and_reason_is_found() -> None:
    made = Table("code-cause", "client", "", ["200"], ["loop"])
    assert [reason(made, *place, reasons()) for place in made.empty()] == [None]


@pytest.mark.parametrize("role", ROLES)
def test_musts_keep_what_is_reached(role: str, cases: list[Case]) -> None:
    must = musts(role, cases)
    assert must.share >= REACHED[role], [row.id for row in must.lacking]


@pytest.mark.parametrize("role", ROLES)
def test_musts_have_a_valid_and_another_case_or_a_rule(role: str, cases: list[Case]) -> None:
    must = musts(role, cases)
    print(f"{role}: {must.share:.1f} %, strict {must.strict:.1f} %; without: {', '.join(row.id for row in must.lacking)}")
    assert must.share >= GOAL


def test_the_measure_is_no_stricter_and_no_laxer_than_it_says(cases: list[Case]) -> None:
    for role in ROLES:
        must = musts(role, cases)
        assert must.strict < must.share < 100
        assert {row.id for row in must.both} < {row.id for row in must.twinned} <= {row.id for row in must.seen}


@pytest.mark.parametrize("role", sorted({row["role"] for row in must_reasons()}))
def test_every_must_that_lacks_a_case_has_a_reason_and_every_reason_is_needed(role: str, cases: list[Case]) -> None:
    given = [row["id"] for row in must_reasons() if row["role"] == role]
    assert sorted(given) == sorted(row.id for row in musts(role, cases).lacking)


def test_the_reasons_of_devices_are_looked_at() -> None:
    assert "client" in {row["role"] for row in must_reasons()}
