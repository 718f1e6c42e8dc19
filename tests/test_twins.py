"""A negative case shows something only beside its twin: what the suite sends differs in the one thing, and in no more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from twins import HEAD, LIST, LOOKING, ROOT, acting, apart, lines, more_needed, pairs, sent

from conformance.harness.cases import Case, load_cases
from conformance.harness.vocabulary import STEPS

CASES = load_cases(ROOT / "testcases")
PAIRS = pairs(CASES)


def test_there_is_something_to_compare() -> None:
    assert len(PAIRS) > 400
    assert set(STEPS) > LOOKING


def test_the_same_side_is_tried_and_something_else_is_sent() -> None:
    wrong = [case.id for case, twin in PAIRS if twin.role != case.role or twin.kind != "valid" or sent(case) == sent(twin)]
    assert wrong == []


def test_a_pair_differs_in_one_place_and_needs_the_same_or_is_listed() -> None:
    """The list is looked at when it changes: python3 -m tests.twins writes it."""
    listed = LIST.read_text(encoding="utf-8").removeprefix(HEAD).splitlines()
    now = lines(CASES)
    assert sorted(set(now) - set(listed)) == [], "these pairs differ in more than one place, or their twin needs more"
    assert sorted(set(listed) - set(now)) == [], "these pairs are as they should be by now"


def test_most_pairs_are_not_listed() -> None:
    apart_ = [case for case, twin in PAIRS if apart(case, twin)]
    needing = [case for case, twin in PAIRS if more_needed(case, twin)]
    assert len(apart_) < len(PAIRS) / 5 and len(needing) < len(PAIRS) / 5


@pytest.fixture
def twin() -> Case:
    """A case of three acting steps and some that look."""
    found = next(case for case in CASES if case.id == "client/flows/download-and-update/plain")
    steps = ({"session": "any"}, {"replace": "./A"}, {"get": "./B"}, {"exec": "./C"}, {"await": "report"})
    return replace(found, id="client/x/y/twin", steps=steps, file=found.file.with_name("y.yaml"))


def test_what_counts_as_one_place(twin: Case) -> None:
    """The measure itself, on made-up steps: what is looked at does not count, two changes do."""
    session, put, look, run, wait = twin.steps
    elsewhere = replace(twin, id="client/x/z/case", file=twin.file.with_name("z.yaml"))
    assert acting(twin) == ['{"session": "any"}', '{"replace": "./A"}', '{"exec": "./C"}']
    assert apart(replace(elsewhere, steps=(session, put, run)), twin) == ""
    assert apart(replace(elsewhere, steps=(session, put | {"expect": {"status": 404}}, look, run)), twin) == ""
    assert apart(replace(elsewhere, steps=(session, {"replace": "./Z"}, run, wait)), twin) == ""
    assert apart(replace(elsewhere, steps=(session, put, {"hook": {"verb": "reset"}}, {"delete": "./A"}, run)), twin) == ""
    assert apart(replace(elsewhere, steps=({"session": "client"}, put, {"exec": "./D"})), twin) == "session; exec"
    assert apart(replace(elsewhere, steps=(session, {"hook": {"verb": "reset"}}, put, {"exec": "./D"})), twin) == "hook; exec"
