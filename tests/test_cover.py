"""The catalogue says of each requirement how it is covered, and it is so."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from conformance.harness.cases import load_cases
from conformance.harness.catalogue import COVERED, REQUIREMENTS, UNCOVERED, load_catalogue
from conformance.harness.cover import coverage, faults, required_by, write_cover
from conformance.harness.places import testcases as own_cases
from conformance.judge.rule import registered

CASES = load_cases(own_cases())
CATALOGUE = load_catalogue(own_cases())
SEEN, BY_CASE, LEFT = "DM-HDR-007", "DL-013", "DM-BOOT-001"


def test_every_row_is_covered_or_says_why_not() -> None:
    assert list(faults(CATALOGUE, CASES)) == []


def test_what_cites_a_requirement_cites_one_of_the_catalogue() -> None:
    cited = {identity for case in CASES for identity in required_by(case)}
    cited |= {identity for rule in registered() for identity in rule.requirements}
    assert cited <= set(CATALOGUE)


def test_reasons_are_few() -> None:
    left = [row for row in CATALOGUE.values() if row.cover in UNCOVERED]
    assert len(left) < len(CATALOGUE) / 10


@pytest.mark.parametrize(
    ("identity", "cover", "told"),
    [
        (SEEN, "", "cover is missing"),
        (SEEN, "implicit", "but is covered by"),
        (BY_CASE, "rule", "but is covered by case"),
        (LEFT, "", "nothing covers it"),
        (LEFT, "case", "but nothing covers it"),
    ],
)
def test_what_is_not_so_is_told(identity: str, cover: str, told: str) -> None:
    changed = {**CATALOGUE, identity: dataclasses.replace(CATALOGUE[identity], cover=cover)}
    ((name, what),) = faults(changed, CASES)
    assert name == identity and told in what


def test_a_case_that_goes_uncovers_its_requirement() -> None:
    kept = [case for case in CASES if BY_CASE not in required_by(case)]
    assert (BY_CASE, "says 'case', but nothing covers it") in list(faults(CATALOGUE, kept))


def test_the_writer_keeps_reasons_and_puts_right_what_is_wrong(tmp_path: Path) -> None:
    shutil.copytree(own_cases() / REQUIREMENTS, tmp_path / REQUIREMENTS)
    assert write_cover(tmp_path, CASES) == 0
    path = tmp_path / REQUIREMENTS / "wire.yaml"
    before = path.read_text(encoding="utf-8")
    i = before.index(f"- id: {BY_CASE}")
    path.write_text(before[:i] + before[i:].replace("  cover: case", "  cover: implicit", 1), encoding="utf-8")
    assert write_cover(tmp_path, CASES) == 1
    assert path.read_text(encoding="utf-8") == before
    assert set(coverage(CASES).values()) == set(COVERED)
