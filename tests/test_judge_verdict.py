"""The verdict: what findings, the playing of the case and the state of the process add up to."""

from __future__ import annotations

from typing import Any

import pytest
from transcripts import CATALOGUE, Script, awaited, case, get, status

from conformance.judge import verdict
from conformance.judge.finding import Finding, Requirement, broken, verdict_of
from conformance.judge.step import begin_of, played_steps
from conformance.judge.verdict import judge


@pytest.fixture
def no_rules(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """Standing rules that find what the test says."""
    found: list[Finding] = []
    monkeypatch.setattr(verdict, "standing", lambda *args, **more: list(found))
    return found


STOP = {"verdict": "inconclusive", "reason": "no session came", "cause": None}
ERROR = {"verdict": "error", "reason": "the hook failed", "cause": None}
NOT_APPLICABLE = {"verdict": "not-applicable", "reason": "the hook cannot", "cause": "steering"}
FAILED = Finding("R-9", "fail", "a", "b", 1, "rule broken")


@pytest.mark.parametrize(
    ("code", "rule", "outcome", "expected", "reason"),
    [
        (200, None, None, "pass", ""),
        (500, None, None, "fail", "CASE-1: Status of Get on ./A"),
        (200, FAILED, None, "fail", "R-9: rule broken"),
        (500, None, STOP, "inconclusive", "no session came"),
        (200, FAILED, STOP, "fail", "R-9: rule broken"),
        (200, None, ERROR, "error", "the hook failed"),
        (200, FAILED, ERROR, "error", "the hook failed"),
        (500, FAILED, NOT_APPLICABLE, "not-applicable", "the hook cannot"),
    ],
)
def test_the_verdict(
    no_rules: list[Finding], code: int, rule: Finding | None, outcome: Any, expected: str, reason: str
) -> None:
    no_rules += [rule] if rule else []
    judged = judge(case(outcome=outcome), get({"status": 200}, status(code)).transcript, CATALOGUE)
    assert (judged.verdict, judged.reason) == (expected, reason)
    assert judged.cause == ("steering" if expected == "not-applicable" else None)
    if expected == "not-applicable":
        assert judged.findings == []


@pytest.mark.usefixtures("no_rules")
def test_a_case_in_which_nothing_was_asserted_is_an_error() -> None:
    judged = judge(case(), get({}, status(200)).transcript, CATALOGUE)
    assert (judged.verdict, judged.reason) == ("error", "nothing was asserted")


@pytest.mark.usefixtures("no_rules")
def test_a_case_that_was_not_played_to_its_end_does_not_pass() -> None:
    script = get({"status": 200}, status(200))
    judged = judge(case(steps=2), script.transcript, CATALOGUE)
    assert (judged.verdict, judged.reason) == ("inconclusive", "the case was not played to its end")
    script.step({"exec": "./F/X"}, "2", why="the device did not answer within 5 s")
    judged = judge(case(steps=3), script.transcript, CATALOGUE)
    assert (judged.verdict, judged.reason) == ("inconclusive", "the device did not answer within 5 s")


@pytest.mark.usefixtures("no_rules")
def test_an_operation_still_under_way_is_inconclusive_and_a_missing_report_fails() -> None:
    script = awaited({}, why="unfinished")
    script.begin({"firmware": None, "expect": {"version": "1.0"}}, "3")
    script.value("version", "1.0")
    script.end("3")
    judged = judge(case(steps=3), script.transcript, CATALOGUE)
    assert (judged.verdict, judged.reason.split(" while ")[0]) == ("inconclusive", "the time for an operation passed")
    judged = judge(case(steps=2), awaited({}, why="none came").transcript, CATALOGUE)
    assert (judged.verdict, judged.reason[:14]) == ("fail", "FUMO-ALERT-001")


@pytest.mark.usefixtures("no_rules")
def test_a_process_that_ends_by_itself_fails_the_case_it_worked_on() -> None:
    script = get({"status": 200}, status(200))
    script.ended(working=False)
    assert judge(case(), script.transcript, CATALOGUE).verdict == "pass"
    script.ended(working=True)
    judged = judge(case(steps=5), script.transcript, CATALOGUE)
    assert (judged.verdict, judged.reason) == (
        "fail", "SUITE-ALIVE: the process ended while it worked on what the suite sent",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("level", "basis", "says", "strict", "tolerated", "found"),
    [
        ("must", "text", "fail", False, False, ("fail", None)),
        ("must", "text", "fail", False, True, ("warn", "tolerated")),
        ("should", "text", "warn", False, False, ("warn", "should")),
        ("should", "text", "warn", True, False, ("fail", None)),
        ("must", "memory", "fail", True, False, ("warn", "unconfirmed")),
        ("must", "dialect", "warn", True, False, ("warn", "unconfirmed")),
        ("must", "text", "note", False, False, None),
        ("must", "text", "note", False, True, ("warn", "tolerated")),
    ],
)
def test_what_a_broken_requirement_leads_to(
    level: str, basis: str, says: str, strict: bool, tolerated: bool, found: tuple[str, str | None] | None
) -> None:
    row = Requirement("X-1", "client", "1", "Text.", level, basis, says)
    finding = broken(row, "a", "b", 7, "why", strict=strict, tolerated=tolerated)
    assert (finding and (finding.outcome, finding.cause)) == found
    if finding is not None:
        assert (finding.requirement, finding.expected, finding.actual, finding.event) == ("X-1", "a", "b", 7)
        assert (finding.message, finding.level) == ("why", level)


def test_the_verdict_of_findings() -> None:
    passed, warned = Finding("A", "pass"), Finding("A", "warn")
    assert verdict_of([]) == "error"
    assert verdict_of([passed, warned]) == "pass"
    assert verdict_of([warned]) == "pass"
    assert verdict_of([passed, FAILED, warned]) == "fail"


def test_a_finding_as_it_stands_in_the_record() -> None:
    made = Finding("R-1", "warn", "a", "b", 3, "why", "should", "should")
    assert made.as_dict() == {
        "requirement": "R-1", "level": "should", "outcome": "warn", "cause": "should", "expected": "a", "actual": "b",
        "event": 3, "message": "why",
    }  # fmt: skip


# -- what the verdict is made from ----------------------------------------------------------------------


def test_rules_are_asked_about_the_case_as_it_was_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(verdict, "standing", lambda *args, **more: asked.append((args, more)) or [])
    transcript = get({"status": 200}, status(200)).transcript
    judge(case(role="server") | {"objects": ["./A", "./B"], "version": "1.1.2"}, transcript, CATALOGUE, strict=True)
    judge({"role": "client", "requirements": ["CASE-1"]}, transcript, CATALOGUE)
    assert asked == [
        ((transcript, "server", CATALOGUE), {"strict": True, "objects": ("./A", "./B"), "version": "1.1.2"}),
        ((transcript, "client", CATALOGUE), {"strict": False, "objects": (), "version": "1.2"}),
    ]


@pytest.mark.usefixtures("no_rules")
@pytest.mark.parametrize(("strict", "outcome"), [(False, "pass"), (True, "fail")])
def test_strict_reaches_the_expectations(strict: bool, outcome: str) -> None:
    script = get({"status": {"expect": 200, "ensures": "SHOULD-1"}}, status(500))
    assert judge(case(), script.transcript, CATALOGUE, strict=strict).verdict == outcome


@pytest.mark.usefixtures("no_rules")
def test_readings_of_ambiguities_are_told() -> None:
    script = get({"status": {"expect": 200, "accept": [202], "because": "AMB-1"}}, status(202))
    assert judge(case(), script.transcript, CATALOGUE).readings == [{"ambiguity": "AMB-1", "reading": "202"}]


def test_the_reason_is_the_first_failure_and_not_the_first_finding(no_rules: list[Finding]) -> None:
    no_rules += [Finding("R-1", "pass"), Finding("R-2", "warn", message="so so"), FAILED]
    judged = judge(case(), get({"status": 200}, status(200)).transcript, CATALOGUE)
    assert judged.reason == "R-9: rule broken"
    assert [finding.requirement for finding in judged.findings] == ["R-1", "R-2", "R-9", "CASE-1"]


def test_an_outcome_without_a_reason_gives_none(no_rules: list[Finding]) -> None:
    script = get({"status": 200}, status(200))
    for said in ("not-applicable", "inconclusive", "error"):
        judged = judge(case(outcome={"verdict": said}), script.transcript, CATALOGUE)
        assert (judged.verdict, judged.reason, judged.cause) == (said, "", None)


# -- a hook that takes nonsense -------------------------------------------------------------------------

HOOKED = {"hook": {"verb": "battery"}}
CAMPAIGN = {"campaign": {"package": "good"}}


@pytest.mark.parametrize(
    ("code", "steps", "untrusted", "rule", "outcome", "reason"),
    [
        (500, [HOOKED], ["battery"], None, "inconclusive", "the hook takes nonsense for battery: what it arms cannot be trusted"),
        (500, [CAMPAIGN], ["campaign"], None, "inconclusive", "the hook takes nonsense for campaign: what it arms cannot be trusted"),
        (500, [HOOKED, CAMPAIGN], ["campaign", "battery"], None, "inconclusive",
         "the hook takes nonsense for battery, campaign: what it arms cannot be trusted"),
        (500, [HOOKED], ["campaign"], None, "fail", "CASE-1: Status of Get on ./A"),
        (500, [], ["campaign", "battery"], None, "fail", "CASE-1: Status of Get on ./A"),
        (500, [HOOKED], None, None, "fail", "CASE-1: Status of Get on ./A"),
        (200, [HOOKED], ["battery"], None, "pass", ""),
        (200, [HOOKED], ["battery"], FAILED, "fail", "R-9: rule broken"),
    ],
)  # fmt: skip
def test_what_a_hook_armed_that_takes_nonsense_accuses_nobody(
    no_rules: list[Finding], code: int, steps: list[Any], untrusted: list[str] | None, rule: Finding | None, outcome: str, reason: str
) -> None:
    no_rules += [rule] if rule else []
    script = get({"status": 200}, status(code))
    for place in range(len(steps)):
        script.step({"wait": 1}, str(place + 2))
    told = case() | {"steps": [{"get": "./A"}, *steps]} | ({"untrusted": untrusted} if untrusted else {})
    judged = judge(told, script.transcript, CATALOGUE)
    assert (judged.verdict, judged.reason) == (outcome, reason)


# -- steps as they were played --------------------------------------------------------------------------


@pytest.mark.usefixtures("no_rules")
def test_steps_inside_of_others_are_not_counted() -> None:
    script = get({"status": 200}, status(200))
    script.step({"wait": 1}, "1.1", why="skipped")
    judged = judge(case(steps=2), script.transcript, CATALOGUE)
    assert (judged.verdict, judged.reason) == ("inconclusive", "the case was not played to its end")
    assert judge(case(), script.transcript, CATALOGUE).verdict == "pass"


@pytest.mark.usefixtures("no_rules")
def test_why_the_last_step_stopped_is_told_and_that_no_report_came_is_not() -> None:
    script = get({"status": 200}, status(200))
    script.step({"exec": "./F/X"}, "2", why="first")
    script.step({"exec": "./F/X"}, "3", why="second")
    assert judge(case(steps=3), script.transcript, CATALOGUE).reason == "second"
    late = get({"status": 200}, status(200))
    late.step({"await": {"alert": "update"}}, "2", why="polled")
    judged = judge(case(steps=2), late.transcript, CATALOGUE)
    assert (judged.verdict, judged.reason) == ("pass", "")


@pytest.mark.usefixtures("no_rules")
def test_the_steps_of_a_case_without_any_need_not_be_played() -> None:
    told = case()
    del told["steps"]
    assert judge(told, get({"status": 200}, status(200)).transcript, CATALOGUE).verdict == "pass"


def test_an_end_belongs_to_the_newest_step_of_its_number() -> None:
    script = Script()
    script.begin({"note": "a"}, "1")
    script.begin({"note": "b"}, "1")
    script.begin({"note": "c"}, "2")
    script.end("1", why="over", sent=[{"event": 1}])
    script.add("step", index="2", phase="end")
    first, second, third = played_steps(script.transcript)
    assert (first.begin, first.end, first.why, first.sent) == (1, None, "", [])
    assert (second.begin, second.end, second.why, second.sent) == (2, 4, "over", [{"event": 1}])
    assert (third.begin, third.end, third.why, third.sent) == (3, 5, "", [])
    assert begin_of(script.transcript, "1") == 2
    assert begin_of(script.transcript, "9") == 0


# -- the process ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_rules")
def test_only_an_end_by_itself_at_work_is_held_against_the_process() -> None:
    script = get({"status": 200}, status(200))
    for told in ({"what": "started", "working": True}, {"what": "ended", "working": True, "expected": True},
                 {"what": "ended", "expected": False}):  # fmt: skip
        script.add("process", **told)
    assert judge(case(), script.transcript, CATALOGUE).verdict == "pass"
    event = script.ended()
    (found,) = [each for each in judge(case(), script.transcript, CATALOGUE).findings if each.requirement == "SUITE-ALIVE"]
    assert (found.outcome, found.event, found.level, found.cause) == ("fail", event.n, "must", None)
    assert "exit status 1" in found.actual and found.expected
