"""No false alarms: what is legal, though different, neither fails nor warns, nor is it inconclusive.

Each tolerated variant of a reference peer meets the cases of the themes where it shows, one permutation of each; in the
long tier all cases of its role. CI runs a seeded sample.
"""

from __future__ import annotations

import os
import random
import zlib
from functools import cache
from pathlib import Path

import pytest
import yaml

from conformance.harness.cases import Case, load_cases
from conformance.harness.catalogue import load_catalogue
from conformance.harness.places import testcases as own_cases
from conformance.harness.tolerance import VariantRow, alarms, load_variants
from conformance.peers.deviation import CLIENT, CLIENT_VARIANTS
from conformance.peers.serverparts import VARIANTS, deviation

ROWS = [row for role in ("client", "server") for row in load_variants(own_cases(), role)]
SEED = int(os.environ.get("FUMO_SEED", "20261121"))
LONG = os.environ.get("FUMO_LONG", "") not in ("", "0")
QUICK = 6
"""Variants, of each role, whose themes the quick tier plays."""
ALWAYS = ("xml-prefixed", "statuses-without-refs", "answers-one-by-one", "source-without-dot", "url-read-back", "triggers-once",
          "reinstalls-same-version", "offers-once", "asks-until-answered", "nonce-of-strangers-unused", "wbxml-attribute-refused",
          "goes-by-the-first-digit", "targets-without-root",
          "clears-packages-away")
"""Those that found a false alarm when they were new, and are quick."""


@cache
def cases(role: str) -> tuple[Case, ...]:
    return tuple(case for case in load_cases(own_cases()) if case.role == role)


def chance(name: str) -> random.Random:
    return random.Random(SEED ^ zlib.crc32(name.encode()))


def sample() -> list[VariantRow]:
    found = []
    for role in ("client", "server"):
        mine = [row for row in ROWS if row.role == role]
        drawn = chance(role).sample(mine, QUICK)
        found += [row for row in mine if row in drawn or row.id in ALWAYS]
    return found


def drawn() -> list[VariantRow]:
    return ROWS if LONG else chance("long").sample(ROWS, 2)


def name(row: VariantRow) -> str:
    return f"{row.role}-{row.id}"


def test_every_variant_has_a_row_and_every_row_a_variant() -> None:
    for role, register, wrong in (("client", CLIENT_VARIANTS, CLIENT), ("server", VARIANTS, deviation)):
        ids = [row.id for row in ROWS if row.role == role]
        assert sorted(ids) == sorted(register.ids)
        assert not set(ids) & set(wrong.ids), "a variant has the name of a deviation"


def test_every_row_names_what_leaves_the_freedom_and_themes_that_there_are() -> None:
    catalogue = load_catalogue(own_cases())
    ambiguities = {row["id"] for row in yaml.safe_load((own_cases() / "ambiguities.yaml").read_text("utf-8"))["ambiguities"]}
    for row in ROWS:
        assert row.says.endswith("."), row.id
        assert row.leaves, row.id
        assert [each for each in row.leaves if each not in catalogue and each not in ambiguities] == [], row.id
        assert [each for each in row.warns if each not in catalogue] == [], row.id
        assert set(row.themes) <= {case.theme for case in cases(row.role)}, row.id


@pytest.mark.parametrize("row", sample(), ids=name)
def test_the_cases_of_its_themes_raise_no_alarm_about_a_variant(row: VariantRow, tmp_path: Path) -> None:
    concerned = [case for case in cases(row.role) if case.theme in row.themes]
    assert alarms(row, concerned, tmp_path, chance(row.id)) == []


@pytest.mark.long
@pytest.mark.parametrize("row", drawn(), ids=name)
def test_no_case_raises_an_alarm_about_a_variant(row: VariantRow, tmp_path: Path) -> None:
    assert alarms(row, cases(row.role), tmp_path, chance(row.id)) == []


def test_results_behind_many_statuses_stay_within_the_limit(tmp_path: Path) -> None:
    (row,) = (row for row in ROWS if name(row) == "client-status-per-item")
    case = [case for case in cases("client") if case.id == "client/sessions/aborts/inside-package"]
    assert [alarms(row, case, tmp_path / str(seed), random.Random(seed)) for seed in (0, 1)] == [[], []]


def test_an_alarm_is_seen(tmp_path: Path) -> None:
    """A variant that is none: the same machinery has to tell it."""
    row = VariantRow("result-600", "client", "Reports failures by a code of its own.", (), (), ("result-codes",))
    few = [case for case in cases("client") if case.suite == "client/result-codes/download"]
    assert any("FUMO-RC-BAD" in line for line in alarms(row, few, tmp_path, chance("600")))
    allowed = VariantRow("no-mark", "client", "Marks no failure.", (), (), ("result-codes",))
    found = alarms(allowed, few, tmp_path / "again", chance("mark"))
    assert found
    assert {line.split(": ")[1:3][1] for line in found} == {"FUMO-ALERT-011"}
