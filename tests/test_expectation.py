"""What the judge makes of each kind of step: it passes and fails for the right reason, and never without a proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from transcripts import CATALOGUE, PREFIX, Found, Script, answered, awaited, case, findings, get, report, results, short, status, told

from conformance.harness.vocabulary import STEPS
from conformance.judge.expectation import Expectations
from conformance.judge.step import played_steps
from conformance.judge.wanted import type_of
from conformance.syncml.model import Alert, Exec, Get, Item, Meta
from conformance.transcript import Transcript

# -- commands -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expect", "answers", "found"),
    [
        ({"status": 200}, [status(200)], [("CASE-1", "pass", "200")]),
        ({"status": 200}, [status(404)], [("CASE-1", "fail", "404")]),
        ({"status": 200}, [], [("CASE-1", "fail", "nothing")]),
        ({"status": 200}, [status(200, cmd_ref="2")], [("CASE-1", "fail", "nothing")]),
        ({"status": 200}, [status(200, msg_ref="9")], [("CASE-1", "fail", "nothing")]),
        ({"status": {"expect": 200, "ensures": "R-2"}}, [status(200)], [("R-2", "pass", "200")]),
        ({"status": {"expect": 200, "accept": [202], "because": "AMB-1"}}, [status(202)], [("CASE-1", "warn", "202")]),
        ({"status": {"expect": 200, "ensures": "SHOULD-1"}}, [status(500)], [("SHOULD-1", "warn", "500")]),
        ({"status": {"expect": 200, "ensures": "MEM-1"}}, [status(500)], [("MEM-1", "warn", "500")]),
        ({"status": 200}, [status(200), status(404)], [("CASE-1", "pass", "200"), ("CASE-1", "fail", "404")]),
        ({"status": 200}, [status(200), status(200)], [("CASE-1", "pass", "200")]),
        ({"data": "x"}, [status(200), results("x")], [("CASE-1", "pass", "x")]),
        ({"data": "x"}, [status(200), results("y")], [("CASE-1", "fail", "y")]),
        ({"data": "x"}, [status(200)], [("CASE-1", "fail", "nothing")]),
        ({"data": "absent"}, [status(404)], [("CASE-1", "pass", "nothing")]),
        ({"data": ""}, [status(200), results("")], [("CASE-1", "pass", "")]),
        ({"data": "x"}, [status(200), results("eA==", form="b64")], [("CASE-1", "pass", "x")]),
        ({"format": "int"}, [status(200), results("1", form="int")], [("CASE-1", "pass", "int")]),
        ({"format": "int"}, [status(200), results("1")], [("CASE-1", "fail", "chr")]),
        ({"type": "text/plain"}, [status(200), results("1", kind=None)], [("CASE-1", "fail", "nothing")]),
        ({"children": ["X", "Y"]}, [status(200), results("Y/X/Z", form="node")],
         [("CASE-1", "pass", "X"), ("CASE-1", "pass", "Y")]),
        ({"children": ["X", "Y"]}, [status(200), results("XX/Y", form="node")],
         [("CASE-1", "fail", "XX/Y"), ("CASE-1", "pass", "Y")]),
        ({"children": "X"}, [status(200)], [("CASE-1", "fail", "nothing")]),
        ({"children": {"expect": "X", "ensures": "R-3"}}, [results("X", form="node")], [("R-3", "pass", "X")]),
        ({"children": {"not": ["B"]}}, [results("A/B", form="node")], [("CASE-1", "fail", "B")]),
        ({"children": {"not": ["B"]}}, [results("A/C", form="node")], [("CASE-1", "pass", "A/C")]),
    ],
)  # fmt: skip
def test_the_answer_to_a_command(expect: dict[str, Any], answers: list[Any], found: Found) -> None:
    assert short(get(expect, *answers)) == found


def test_a_step_names_the_requirement_where_its_values_do_not() -> None:
    assert short(get({"status": 200}, status(200), ensures="R-5")) == [("R-5", "pass", "200")]


def test_a_command_of_which_nothing_is_expected_says_nothing() -> None:
    assert findings(get({}, status(500))) == []


@pytest.mark.parametrize("code", ["404", "405", "406"])
def test_an_optional_node_may_be_missing(code: str) -> None:
    assert findings(get({"status": 200}, status(code), optional=True)) == []
    assert short(get({"status": 200}, status("500"), optional=True)) == [("CASE-1", "fail", "500")]


def test_strict_makes_a_broken_should_fail() -> None:
    script = get({"status": {"expect": 200, "ensures": "SHOULD-1"}}, status(500))
    assert short(script, strict=True) == [("SHOULD-1", "fail", "500")]


def test_answers_of_another_session_do_not_count() -> None:
    script = Script()
    script.begin({"get": "./A", "expect": {"status": 200}})
    event = script.server(Get(items=[Item(target="./A")]))
    script.device(status(200), session="s2")
    entry = {"step": {"get": "./A", "expect": {"status": 200}}, "command": "Get", "cmd_id": "1", "msg_id": "1",
             "event": event.n, "session": "s1", "node": "./A"}  # fmt: skip
    script.end(sent=[entry])
    assert short(script) == [("CASE-1", "fail", "nothing")]


def test_of_answers_that_never_came_because_the_process_ended_nothing_is_said() -> None:
    script = get({"status": 200})
    script.ended()
    assert findings(script) == []


def test_a_reading_of_an_ambiguity_is_noted() -> None:
    wanted = {"status": {"expect": 200, "accept": [202], "because": "AMB-1"}}
    for code, readings in (("200", []), ("202", [{"ambiguity": "AMB-1", "reading": "202"}]), ("500", [])):
        judged = Expectations(case(), get(wanted, status(code)).transcript, CATALOGUE)
        judged.findings()
        assert judged.readings == readings


# -- await ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expect", "alert", "found"),
    [
        ({}, report(), []),
        ({"result": ["200", "250..299"]}, report("200"), [("CASE-1", "pass", "200")]),
        ({"result": ["200", "250..299"]}, report(" 260 "), [("CASE-1", "pass", "260")]),
        ({"result": ["200", "250..299"]}, report("400"), [("CASE-1", "fail", "400")]),
        ({"result": "200"}, report(None), [("CASE-1", "fail", "nothing")]),
        ({"result": "200"}, Alert(data="1226", meta=Meta(type=PREFIX + "downloadandupdate")),
         [("CASE-1", "fail", "nothing")]),
        ({"correlator": {"expect": "c1", "ensures": "R-7"}}, report(), [("R-7", "pass", "c1")]),
        ({"correlator": "c1"}, report(correlator="C1"), [("CASE-1", "fail", "C1")]),
        ({"correlator": "absent"}, report(correlator=None), [("CASE-1", "pass", "nothing")]),
        ({"source": "./F"}, report(source="./F"), [("CASE-1", "pass", "./F")]),
        ({"source": "./F"}, report(source="./F/X"), [("CASE-1", "fail", "./F/X")]),
        ({"format": "int"}, report(form="chr"), [("CASE-1", "fail", "chr")]),
        ({"mark": "absent"}, report(mark="critical"), [("CASE-1", "fail", "critical")]),
        ({"type": PREFIX + "downloadandupdate"}, report(), [("CASE-1", "pass", PREFIX + "downloadandupdate")]),
        ({"count": 1}, report(), [("CASE-1", "pass", "1")]),
    ],
)  # fmt: skip
def test_a_report(expect: dict[str, Any], alert: Alert, found: Found) -> None:
    assert short(awaited(expect, alert)) == [("FUMO-ALERT-001", "pass", "a report"), *found]


def test_a_report_that_does_not_come() -> None:
    assert short(awaited({"result": "200"}, why="none came in time")) == [("FUMO-ALERT-001", "fail", "nothing")]
    assert short(awaited({"result": "200"}, why="none came", ensures="R-1")) == [("R-1", "fail", "nothing")]


def test_a_report_of_another_kind_or_code_is_none() -> None:
    for alert in (report(operation="download"), report(type="com.example"), Alert(data="1224", items=report().items)):
        assert short(awaited({}, alert, why="none came")) == [("FUMO-ALERT-001", "fail", "nothing")]


def test_a_report_from_before_the_exec_or_after_the_step_does_not_count() -> None:
    script = Script()
    script.device(Alert(data="1201"), report("400"))
    early = len(script.events)
    script.events += awaited({}, why="none came").events
    for n, event in enumerate(script.events, 1):
        event.n = n
    for event in script.transcript.of("step"):
        for sent in event.data.get("sent", ()):
            sent["event"] += early
    script.device(Alert(data="1201"), report("200"), session="s3")
    assert short(script) == [("FUMO-ALERT-001", "fail", "nothing")]


def test_reports_are_counted_and_the_first_is_judged() -> None:
    script = awaited({"count": 1, "result": "200"}, report("200"), report("400"))
    assert short(script)[1:] == [("CASE-1", "pass", "200"), ("CASE-1", "fail", "2")]


def test_a_report_still_under_way_when_time_is_up_is_no_finding() -> None:
    assert findings(awaited({"result": "200"}, why="unfinished")) == []


@pytest.mark.parametrize("spelling", ["{}", " {} ", "Reversed-Domain-Name: {}", "Reversed-Domain-Name:{}"])
def test_the_type_of_a_report_with_and_without_its_namespace(spelling: str) -> None:
    """DM Protocol 8.7.1.6 has a namespace identifier before it, which implementations leave out."""
    assert type_of(report(type=spelling.format(PREFIX + "update"))) == PREFIX + "update"


# -- quiet, values, fetched -----------------------------------------------------------------------------


def quiet(expect: dict[str, Any], *events: Callable[[Script], Any]) -> Script:
    script = Script()
    script.fetch("http://c/early")
    script.device(Alert(data="1201"), report(), session="s0")
    script.begin({"quiet": "silence", "expect": expect, "ensures": "R-1"})
    for event in events:
        event(script)
    script.end()
    script.fetch("http://c/late")
    script.device(Alert(data="1201"), report(), session="s9")
    return script


@pytest.mark.parametrize(
    ("key", "events", "count"),
    [
        ("alerts", [lambda s: s.device(Alert(data="1201"), report(), report("400"))], "2"),
        ("alerts", [lambda s: s.server(report())], "0"),
        ("fetches", [lambda s: s.fetch("http://c/x"), lambda s: s.fetch("http://c/x", method="POST")], "1"),
        ("fetches", [lambda s: s.fetch("http://c/x"), lambda s: s.fetch("http://c/x")], "2"),
        ("commands", [lambda s: s.server(Get(items=[]), Get(items=[])), lambda s: s.server(Get(items=[]))], "2"),
        ("sessions", [lambda s: s.device(Alert(data="1201")), lambda s: s.device(Alert(data="1201"), session="s2")], "2"),
        ("commands", [lambda s: s.server(status(212, "SyncHdr", "0")), lambda s: s.server(Get(items=[]))], "1"),
        ("alerts", [], "0"),
    ],
)  # fmt: skip
def test_what_comes_while_nothing_is_due(key: str, events: list[Any], count: str) -> None:
    outcome = "pass" if count == "0" else "fail"
    assert short(quiet({key: 0}, *events)) == [("R-1", outcome, count)]
    assert short(quiet({key: {"expect": int(count), "ensures": "R-2"}}, *events)) == [("R-2", "pass", count)]


@pytest.mark.parametrize(
    ("step", "name"),
    [({"firmware": None}, "version"), ({"session": "client"}, "comes"), ({"session": "user-request"}, "type"),
     ({"trigger": None}, "session_id"), ({"outcome": None}, "status")],
)  # fmt: skip
def test_values_that_the_suite_measured(step: dict[str, Any], name: str) -> None:
    for value, outcome in (("2.0", "pass"), ("1.0", "fail"), (None, "fail")):
        script = Script()
        script.begin({**step, "expect": {name: {"expect": "2.0", "ensures": "R-1"}}})
        script.value(name, value)
        script.value("other", "x")
        script.end()
        assert short(script) == [("R-1", outcome, value or "nothing")]


def test_what_came_last_counts_while_a_step_has_no_end() -> None:
    """A judge that looks while the step goes on, or whose transcript was cut off, sees all that is there."""
    script = Script()
    script.begin({"firmware": None, "expect": {"version": "2.0"}})
    script.value("version", "2.0")
    assert short(script) == [("CASE-1", "pass", "2.0")]
    script = awaited({"count": 1})
    del script.events[-1]
    script.device(Alert(data="1201"), report(), session="s2")
    assert [found for found in short(script) if found[2] == "1"] == [("CASE-1", "pass", "1")]
    script = quiet({"fetches": 0})
    del script.events[3:]
    script.fetch("http://c/x")
    assert short(script) == [("R-1", "fail", "1")]


def test_a_value_of_another_step_proves_nothing() -> None:
    script = Script()
    script.value("version", "2.0")
    script.step({"firmware": None, "expect": {"version": "2.0"}})
    script.value("version", "2.0")
    assert short(script) == [("CASE-1", "fail", "nothing")]


def fetched(expect: dict[str, Any], *fetches: dict[str, Any]) -> Script:
    script = Script()
    for given in fetches:
        script.fetch(**{"url": "http://c/a", **given})
    script.step({"fetched": "http://c/a", "expect": expect, "ensures": "R-1"})
    script.fetch("http://c/a", digest="late")
    return script


@pytest.mark.parametrize(
    ("expect", "fetches", "outcome", "actual"),
    [
        ({"count": 1}, [{}], "pass", "1"),
        ({"count": 1}, [{}, {}], "fail", "2"),
        ({"count": 0}, [{"url": "http://c/b"}], "pass", "0"),
        ({"complete": True}, [{}], "pass", "true"),
        ({"complete": True}, [{"sent": 9}], "fail", "false"),
        ({"complete": True}, [{"sent": 0, "length": 0}], "fail", "false"),
        ({"complete": True}, [], "fail", "false"),
        ({"complete": True}, [{"method": "HEAD"}], "fail", "false"),
        ({"digest": "d1"}, [{"sent": 3}, {}], "pass", "d1"),
        ({"digest": "d1"}, [{"digest": "d2"}], "fail", "d2"),
        ({"digest": "d1"}, [{"sent": 3}], "fail", "nothing"),
        ({"method": "GET"}, [{}], "pass", "GET"),
        ({"method": "GET"}, [], "fail", "nothing"),
    ],
)
def test_what_was_fetched(expect: dict[str, Any], fetches: list[Any], outcome: str, actual: str) -> None:
    assert short(fetched(expect, *fetches)) == [("R-1", outcome, actual)]


# -- all kinds ------------------------------------------------------------------------------------------


def proven() -> Iterator[tuple[str, Script, str]]:
    """For each kind of step: a transcript that proves R-1, and nothing else does."""
    wanted = {"expect": 200, "ensures": "R-1"}
    yield "command", get({"status": wanted}, status(200)), "client"
    script = awaited({}, report(), ensures="R-1")
    yield "await", script, "client"
    script = Script()
    script.begin({"firmware": None, "expect": {"version": {"expect": "2.0", "ensures": "R-1"}}})
    script.value("version", "2.0")
    script.end()
    yield "values", script, "client"
    yield "fetched", fetched({"digest": "d1"}, {}), "client"
    yield "commanded", told({"correlator": "c9"}, Exec(items=[Item(target="./F/X")], correlator="c9")), "server"
    yield "answered", answered(200, "Alert", status(200, "Alert", "2"), alert="1226"), "server"


@pytest.mark.parametrize(("script", "role"), [pytest.param(s, role, id=name) for name, s, role in proven()])
def test_without_the_event_that_proves_it_a_requirement_never_passes(script: Script, role: str) -> None:
    def outcomes(transcript: Transcript) -> set[str]:
        return {finding.outcome for finding in findings(transcript, role=role) if finding.requirement == "R-1"}

    assert outcomes(script.transcript) == {"pass"}
    proofs = [
        event.n
        for event in script.events
        if event.kind != "step" and "pass" not in outcomes(script.without(event.n))
    ]
    assert proofs, "no event of the transcript proves it"
    assert all(outcomes(script.without(n)) == {"fail"} for n in proofs)
    bare = Transcript([event for event in script.events if event.kind == "step"])
    assert "pass" not in outcomes(bare)
    assert outcomes(Transcript([])) == set()


def test_a_step_that_ended_without_having_begun_is_none() -> None:
    script = Script()
    script.end("7")
    script.step({"firmware": None}, "1")
    script.end("8")
    assert [step.index for step in played_steps(script.transcript)] == ["1"]


KINDS = [kind.name for kind in STEPS.values() if kind.expects and not kind.nested and kind.name != "state"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_that_may_be_expected_is_looked_at(kind: str) -> None:
    """What nothing can fulfil fails for every key that the vocabulary allows."""
    given: dict[str, Any] = {"commanded": {"command": "Exec"}, "answered": {"command": "Alert"}, "fetched": "http://c/a",
                             "reported": {"at": "http://c/r"}}  # fmt: skip
    for key in STEPS[kind].expects:
        if (kind, key) == ("settled", "state"):
            continue  # State is read by a step of its own, which has that expectation.
        script = awaited({}, report()) if kind == "await" else Script()
        step = {kind: given.get(kind, {} if kind == "await" else {"node": "./A"}), "expect": {key: "impossible"}}
        if kind in ("get", "replace", "add", "delete", "copy", "exec", "alert", "element"):
            script.command(step, Get(items=[Item(target="./A")]), status(200), index="3")
        else:
            script.step(step, "3")
        assert "fail" in {finding.outcome for finding in findings(script)}, key
