"""A negative case shows something only beside its twin: what the suite sends differs in the one thing, and in no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from twins import HEAD, LIST, LOOKING, REASONS, ROOT, acting, apart, differing, lines, more_needed, pairs, places, reasons, sent

from conformance.harness.cases import Case, load_cases
from conformance.harness.vocabulary import STEPS, kind_of
from conformance.harness.yamlfile import load

CASES = load_cases(ROOT / "testcases")
PAIRS = pairs(CASES)


def test_there_is_something_to_compare() -> None:
    assert len(PAIRS) > 400
    assert set(STEPS) > LOOKING


def test_the_same_side_is_tried_and_something_else_is_sent() -> None:
    wrong = [case.id for case, twin in PAIRS if twin.role != case.role or twin.kind != "valid" or sent(case) == sent(twin)]
    assert wrong == []


def test_a_pair_that_acts_alike_reads_something_else() -> None:
    read = {case.id: [step for step in sent(case) if kind_of(step) == "get"] for case in CASES}
    alike = [(case.id, twin.id) for case, twin in PAIRS if not places(case, twin)]
    assert [pair for pair in alike if read[pair[0]] == read[pair[1]]] == []
    assert len(alike) < len(PAIRS) / 20


def test_a_pair_differs_in_one_place_and_needs_the_same_or_is_listed() -> None:
    """The list is looked at when it changes: python3 -m tests.twins writes it."""
    listed = LIST.read_text(encoding="utf-8").removeprefix(HEAD).splitlines()
    now = lines(CASES)
    assert sorted(set(now) - set(listed)) == [], "these pairs differ in more than one place, or their twin needs more"
    assert sorted(set(listed) - set(now)) == [], "these pairs are as they should be by now"


def test_each_line_of_the_list_has_a_reason_and_each_reason_a_line() -> None:
    explained = reasons()
    needed = [tuple(line.split()[:2]) for line in lines(CASES)]
    assert sorted(set(needed) - set(explained)) == [], f"no reason in {REASONS.name}"
    assert sorted(set(explained) - set(needed)) == [], f"{REASONS.name} explains what is as it should be"
    assert len(set(explained)) == len(explained)
    told = [row["because"] for row in load(REASONS).value["reasons"]]
    assert all(len(text) > 20 for text in told) and len(set(told)) == len(told)


def test_few_pairs_are_listed() -> None:
    apart_ = [case for case, twin in PAIRS if apart(case, twin)]
    needing = [case for case, twin in PAIRS if more_needed(case, twin)]
    assert len(apart_) < len(PAIRS) / 40 and len(needing) < len(PAIRS) / 20


@pytest.fixture
def twin() -> Case:
    """A case of three acting steps and some that look."""
    found = next(case for case in CASES if case.id == "client/flows/download-and-update/plain")
    steps = ({"session": "any"}, {"replace": "./A"}, {"get": "./B"}, {"exec": "./C"}, {"await": "report"})
    return replace(found, id="client/x/y/twin", steps=steps, axes={}, file=found.file.with_name("y.yaml"))


def beside(twin: Case, *steps: dict[str, Any], **axes: tuple[str, ...]) -> str:
    """In what a case with these steps differs from the twin."""
    return apart(replace(twin, id="client/x/z/case", steps=steps, axes=axes), twin)


SESSION: dict[str, Any] = {"session": "any"}
PUT: dict[str, Any] = {"replace": "./A"}
RUN: dict[str, Any] = {"exec": "./C"}
RESET: dict[str, Any] = {"hook": {"verb": "reset"}}


def test_what_counts_as_one_place(twin: Case) -> None:
    """The measure itself, on made-up steps: what is looked at does not count, two changes do."""
    assert acting(twin) == ['{"session": "any"}', '{"replace": "./A"}', '{"exec": "./C"}']
    assert beside(twin, SESSION, PUT, RUN) == ""
    assert beside(twin, SESSION, PUT | {"expect": {"status": 404}}, {"get": "./B"}, RUN) == ""
    assert beside(twin, SESSION, {"replace": "./Z"}, RUN, {"await": "report"}) == ""
    assert beside(twin, SESSION, PUT, RESET, {"delete": "./A"}, RUN) == ""
    assert beside(twin, SESSION) == ""
    assert beside(twin, {"session": "client"}, PUT, {"exec": "./D"}) == "session; exec"
    assert beside(twin, SESSION, RESET, PUT, {"exec": "./D"}) == "hook; exec"


def test_steps_beside_each_other_that_all_differ_are_no_single_place(twin: Case) -> None:
    assert beside(twin, SESSION, {"replace": "./Z"}, {"exec": "./D"}) == "replace; exec"
    assert beside(twin, SESSION, {"exec": "./D"}) == "exec, replace; exec"
    assert beside(twin, SESSION, {"replace": "./Z"}, RESET, RUN) == "replace; hook"


def test_what_is_expected_inside_of_a_block_is_not_sent(twin: Case) -> None:
    block = replace(twin, steps=({"sequence": [{"exec": "./C", "expect": {"status": 202}}]},))
    assert beside(block, {"sequence": [{"exec": "./C", "expect": {"status": 215}}]}, RUN) == ""
    assert beside(block, {"sequence": [{"exec": "./D", "expect": {"status": 202}}]}, RUN) == "sequence; exec"


def test_later_sessions_for_looking_do_not_count(twin: Case) -> None:
    look = [SESSION, {"get": "./B"}]
    assert beside(twin, SESSION, {"replace": "./Z"}, RUN, *look) == ""
    stranger = {"session": {"kind": "any", "with": {"credentials": "wrong"}}}
    assert beside(twin, SESSION, {"replace": "./Z"}, RUN, stranger) == "replace; session"
    assert beside(twin, SESSION, {"replace": "./Z"}, RUN, *look, {"delete": "./A"}) == "replace; delete, session"
    assert beside(twin, {"session": "client"}, {"get": "./B"}, PUT, {"exec": "./D"}) == "session; exec"


def test_that_things_go_on_afterwards_does_not_count(twin: Case) -> None:
    device = replace(twin, role="server", steps=({"campaign": {"way": "download"}}, SESSION))
    wrong = {"device": {"statuses": {"Exec": 500}}}
    right: dict[str, Any] = {"device": {"statuses": {}}}
    plan = {"campaign": {"way": "download"}}
    assert beside(device, wrong, plan, SESSION, right, SESSION, {"crowd": {"devices": 1}}) == ""
    assert beside(device, wrong, plan, SESSION, wrong, SESSION) == "device; device"
    assert beside(device, wrong, plan, SESSION, right, {"plan-update": None}, SESSION) == "device; device, plan-update"


def test_a_fault_that_is_none_does_not_count_but_the_end_of_one_does(twin: Case) -> None:
    none, cut = ({"content": {"at": "{url:good}", "fault": fault}} for fault in ("none", "cut"))
    assert beside(twin, SESSION, none, {"replace": "./Z"}, RUN) == ""
    assert beside(twin, SESSION, cut, {"replace": "./Z"}, RUN) == "content, replace; replace"
    assert beside(twin, cut, SESSION, PUT, none, RUN) == "content; content"


def test_where_a_case_breaks_off(twin: Case) -> None:
    first, second = ({"interrupt": {"here": here, "at": "${at}", "how": "cut"}} for here in ("one", "two"))
    certain, never = ({"interrupt": {"here": "one", "at": at, "how": "cut"}} for at in ("one", "never"))
    assert beside(twin, SESSION, first, PUT, second, RUN, at=("one", "two")) == ""
    assert beside(twin, SESSION, first, {"replace": "./Z"}, second, RUN, at=("one", "two")) == "interrupt; replace"
    assert beside(twin, SESSION, PUT, certain, RUN) == ""
    assert beside(twin, SESSION, {"replace": "./Z"}, never, RUN) == ""
    assert beside(twin, SESSION, {"replace": "./Z"}, RUN, certain) == "replace; exec"


def test_what_comes_in_the_place_of_a_piece_belongs_to_the_object(twin: Case) -> None:
    piece = {"replace": {"node": "./A", "interrupt": True}}
    assert beside(twin, SESSION, piece, {"reply": "abort"}, RUN) == ""
    assert beside(twin, SESSION, piece, {"get": "./B"}, {"exec": "./D"}) == "replace; exec"


def test_the_form_of_messages_is_a_thing_of_its_own(twin: Case) -> None:
    form = {"wbxml": {"version": "1.1"}}
    told = replace(twin, steps=({"session": {"kind": "any", "with": form}}, PUT))
    assert beside(told, SESSION, {"form": form}, PUT) == ""
    assert beside(told, SESSION, {"form": form}, {"replace": "./Z"}, {"form": {}}) == "replace; form"
    assert beside(twin, {"session": {"kind": "any", "with": form | {"credentials": "wrong"}}}, PUT, RUN) == "session; form"


def test_an_axis_stands_for_rows(twin: Case) -> None:
    assert beside(twin, SESSION, PUT, {"exec": "./D"}, {"delete": "${node}"}, node=("./A", "./B")) == "exec; delete"
    assert beside(twin, SESSION, {"replace": "${node}"}, {"exec": "./D"}, node=("./B", "./A")) == ""
    assert beside(twin, SESSION, {"replace": "${node}"}, {"exec": "./D"}, node=("./B", "./Z")) == "replace; exec"


def test_a_twin_that_is_not_played_where_the_case_is_needs_more(twin: Case) -> None:
    needing = replace(twin, needs=replace(twin.needs, claims=("http", "ui"), verbs=("answer",)))
    assert more_needed(needing, needing) == ""
    assert more_needed(replace(twin, needs=replace(twin.needs, claims=("http",), verbs=())), needing) == "answer, ui"
    coded, plain, both = (replace(twin, axes={"authentication": values}) for values in (("hmac",), ("md5",), ("md5", "hmac")))
    assert more_needed(coded, plain) == "authentication"
    assert more_needed(coded, both) == more_needed(coded, twin) == ""


def test_lists_are_laid_beside_each_other_so_that_most_is_the_same_in_the_fewest_runs() -> None:
    assert differing("ab", "ab") == []
    assert differing("ab", "xbab") == [([], ["x", "b", "a"])] or differing("ab", "xbab") == [([], ["x", "b"])]
    assert differing("cd", "cxcd") == [([], ["c", "x"])] or differing("cd", "cxcd") == [([], ["x", "c"])]
    assert differing("abc", "axc") == [(["b"], ["x"])]
    assert differing("abcd", "xbyd") == [(["a"], ["x"]), (["c"], ["y"])]
