"""The registry of standing rules, and how hits become findings."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
import test_judge_rules_course
import test_judge_rules_dm
import test_judge_rules_fumo
import test_judge_rules_seen
import test_judge_rules_sessions
import test_judge_rules_tree
import test_judge_rules_trigger
from hypothesis import given, settings
from hypothesis import strategies as st
from judge_builder import CATALOGUE, OBJECT, Script, Step, challenged, large, update, with_mac

from conformance.judge import rule as rule_module
from conformance.judge.finding import FAIL, PASS, WARN
from conformance.judge.rule import MOST, Hit, JudgeError, Rule, View, registered, shown, standing
from conformance.transcript import SUITE, Event, Transcript

BOTH = ("client", "server")


def test_every_rule_cites_the_catalogue_and_agrees_with_its_roles() -> None:
    for each in registered():
        assert each.requirements and each.title and set(each.sides) <= set(BOTH)
        for identity in each.requirements:
            role = CATALOGUE[identity].role
            assert role == "both" or each.sides == (role,), f"{each.name} {identity}"


def test_there_are_many_rules_and_none_twice() -> None:
    names = [each.name for each in registered()]
    assert len(names) >= 60 and len(set(names)) == len(names)
    cited = {identity for each in registered() for identity in each.requirements}
    assert len(cited) >= 60


def test_every_requirement_has_an_obeying_and_a_breaking_transcript() -> None:
    cited = {identity for each in registered() for identity in each.requirements}
    tried = {row.requirement for row in test_judge_rules_dm.ROWS} | {row[0] for row in test_judge_rules_fumo.ROWS}
    others = (test_judge_rules_course, test_judge_rules_trigger, test_judge_rules_sessions, test_judge_rules_seen, test_judge_rules_tree)
    tried |= {row[0] for module in others for row in module.ROWS}
    tried |= {row[0] for row in test_judge_rules_tree.VALUES}
    alone = {"FUMO-MULTI-002", "DM-TLS-003", "NOTI-018", "DM-CMD-001", "DM-CMD-018", "DM-CMD-021"}
    assert cited - tried == alone, "tested for themselves"


@pytest.mark.parametrize("side", BOTH)
@pytest.mark.parametrize("made", [update, challenged, with_mac, large])
def test_nothing_is_cited_that_does_not_bind_the_side(made: object, side: str) -> None:
    assert callable(made)
    for finding in made().judge(side):
        assert CATALOGUE[finding.requirement].role in (side, "both")


def with_rules(monkeypatch: pytest.MonkeyPatch, *rules: Rule) -> None:
    monkeypatch.setattr(rule_module, "registered", lambda: list(rules))


def many(view: View) -> Iterator[Hit]:
    for _ in range(9):
        yield view.broken(view.mine[0], "a", "b", "c")


def crash(view: View) -> Iterator[Hit]:
    yield view.ok(view.mine[1])
    raise ValueError("no")


def test_breaches_are_listed_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    with_rules(monkeypatch, Rule(("DM-HDR-001",), BOTH, "x", many))
    found = update().judge("client")
    assert [finding.outcome for finding in found] == [FAIL] * (MOST + 1)
    assert found[-1].message == "and 4 more"


def test_a_rule_that_crashes_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    with_rules(monkeypatch, Rule(("DM-HDR-001",), BOTH, "x", crash))
    with pytest.raises(JudgeError, match=r"test_judge_rule\.crash .*event 3: ValueError"):
        update().judge("client")


def test_a_requirement_that_is_not_in_the_catalogue_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    with_rules(monkeypatch, Rule(("DM-NONE-001",), BOTH, "x", many))
    with pytest.raises(JudgeError, match="DM-NONE-001"):
        update().judge("client")


def test_strict_fails_what_should_be(monkeypatch: pytest.MonkeyPatch) -> None:
    with_rules(monkeypatch, Rule(("DM-HDR-012",), BOTH, "x", many))
    assert {f.outcome for f in update().judge("client")} == {WARN}
    assert {f.outcome for f in update().judge("client", strict=True)} == {FAIL}


def test_what_is_only_noted_gives_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    with_rules(monkeypatch, Rule(("DM-SES-013",), BOTH, "x", many))
    assert update().judge("server") == []


def test_a_pass_says_how_often() -> None:
    found = {finding.requirement: finding for finding in update().judge("client")}
    assert found["DM-HDR-001"].message == "obeyed 3 times"
    assert found["DM-HDR-001"].outcome == PASS and found["DM-HDR-001"].event is None


def test_what_came_is_bounded_and_printable() -> None:
    assert shown("a\x00\n\x1b[1mb") == "a\\x00\\x0a\\x1b[1mb"
    assert len(shown("x" * 10_000)) < 200
    assert shown(b"\x00\x01") == "2 octets" and shown(None) == "nothing" and shown("") == "an empty value"


def spoilt(n: int) -> Script:
    rows = test_judge_rules_dm.ROWS
    row = rows[n % len(rows)]
    script = row.base()
    row.spoil(script)
    return script


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_remarks_never_change_findings(n: int, chance: random.Random) -> None:
    transcript = spoilt(n).transcript()
    events = [replace(event) for event in transcript.events]
    for _ in range(chance.randint(1, 5)):
        kind = chance.choice(["note", "step", "value", "trigger"])
        remark = Event(0, 0.0, kind, SUITE, SUITE, {"text": "x", "name": "seconds", "value": 1})
        events.insert(chance.randint(0, len(events)), remark)
    numbers = {}
    for place, event in enumerate(events, 1):
        numbers[place], event.n = event.n, place
    for side in BOTH:
        before = standing(transcript, side, CATALOGUE, objects=(OBJECT,))
        after = standing(Transcript(events), side, CATALOGUE, objects=(OBJECT,))
        assert before == [f if f.event is None else replace(f, event=numbers[f.event]) for f in after]


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_no_mixture_of_messages_crashes_a_rule(chance: random.Random) -> None:
    script = spoilt(chance.randint(0, 10_000))
    script.encoding = "wbxml"
    for _ in range(2):
        script.steps += spoilt(chance.randint(0, 10_000)).steps
    for _ in range(chance.randint(1, 6)):
        step = chance.choice(script.steps)
        if isinstance(step, Step) and step.message.commands:
            command = chance.choice(step.message.commands)
            action = chance.randint(0, 3)
            if action == 0:
                step.message.commands.remove(command)
            elif action == 1:
                command.items = []
            elif action == 2:
                command.cmd_id = chance.choice([None, "", "x", "1"])
            else:
                step.message.commands.append(command)
    chance.shuffle(script.steps)
    for side in BOTH:
        standing(script.transcript(), side, CATALOGUE)


def test_judging_is_quick() -> None:
    transcript = update().transcript()
    for event in transcript.events:
        event.decoded()
    best = min(_timed(transcript) for _ in range(20))
    assert best < 0.02, "seconds for a case of six messages"


def _timed(transcript: Transcript) -> float:
    start = time.perf_counter()
    standing(transcript, "client", CATALOGUE, objects=(OBJECT,))
    return time.perf_counter() - start
