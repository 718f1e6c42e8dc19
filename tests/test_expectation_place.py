"""Where a finding of a case points: the event that proves or breaks it, the requirement it cites, and how far a step looks."""

from __future__ import annotations

from typing import Any

import pytest
from transcripts import CATALOGUE, Script, awaited, case, findings, get, replace, report, results, short, status, told

from conformance.judge.expectation import Expectations
from conformance.judge.finding import Finding
from conformance.syncml.model import Alert, Exec, Get, Item, Meta, Results

EXEC = Exec(items=[Item(target="./F/X")])


def places(script: Script, *requirements: str, role: str = "client") -> list[tuple[str, str, int | None, str]]:
    """Of each finding the requirement, the outcome, the event and the message."""
    return [(f.requirement, f.outcome, f.event, f.message) for f in findings(script, *requirements, role=role)]


# -- answers to a command -------------------------------------------------------------------------------


def two_items() -> Results:
    return Results(msg_ref="1", cmd_ref="1", items=[
        Item(source="./Z", data="9", meta=Meta(format="chr", type="a/b")), Item(source="A", data="1", meta=Meta(format="int", type="c/d")),
    ])  # fmt: skip


def test_values_are_those_of_the_node_that_was_asked_for() -> None:
    script = get({"data": "1", "format": "int", "type": "c/d"}, status(200), two_items())
    assert places(script) == [
        ("CASE-1", "pass", 3, "data of ./A in the Results"), ("CASE-1", "pass", 3, "format of ./A in the Results"),
        ("CASE-1", "pass", 3, "type of ./A in the Results"),
    ]  # fmt: skip


def test_where_no_item_names_the_node_the_first_one_is_meant() -> None:
    assert short(get({"data": "x"}, status(200), results("x", source="./Other"))) == [("CASE-1", "pass", "x")]


def test_each_finding_about_an_answer_names_its_event_and_its_requirement() -> None:
    wanted = {
        "status": 404, "data": {"expect": "y", "ensures": "R-2"}, "reply": "1", "failing": "./A", "final": False,
        "children": {"expect": ["a"], "not": ["b"], "ensures": "R-3"}, "nodes": ["A"],
    }  # fmt: skip
    script = get(wanted, status(200, items=[Item(target="./B", data="2")]), results("x"), ensures="R-1")
    assert places(script) == [
        ("R-1", "fail", 3, "Status of Get on ./A"), ("R-2", "fail", 3, "data of ./A in the Results"),
        ("R-1", "fail", 3, "reply in the Status of Get on ./A"), ("R-1", "fail", 3, "failing in the Status of Get on ./A"),
        ("R-1", "fail", 3, "Final in the message with the last of the answer to Get"),
        ("R-3", "fail", 3, "a among the children of ./A"), ("R-3", "pass", 3, "b among the children of ./A"),
        ("R-1", "pass", 3, "./A among the nodes of ./A"),
    ]  # fmt: skip


def test_what_a_status_tells_is_not_asked_where_none_came() -> None:
    assert places(get({"reply": "1", "final": True})) == []
    assert places(get({"status": 200})) == [("CASE-1", "fail", None, "Status of Get on ./A: none came")]


def test_a_command_without_a_node_is_named_alone() -> None:
    script = Script()
    script.command({"alert": "1100", "expect": {"status": 200}}, Alert(data="1100"), status(200, "Alert"))
    assert places(script) == [("CASE-1", "pass", 3, "Status of Alert")]


@pytest.mark.parametrize(("final", "outcome"), [(True, "pass"), (False, "fail")])
def test_final_of_the_last_message_with_an_answer(final: bool, outcome: str) -> None:
    assert [f[:3] for f in places(get({"final": final}, status(200)))] == [("CASE-1", outcome, 3)]


def test_the_nodes_of_an_answer_may_be_named_without_the_root() -> None:
    script = get({"nodes": {"expect": ["./A", "B"], "not": ["C"]}}, status(200), results("1"), results("2", source="B"))
    assert [(f.outcome, f.actual) for f in findings(script)] == [("pass", "./A"), ("pass", "./B"), ("pass", "./A, ./B")]


def test_children_that_are_tolerated_are_readings() -> None:
    script = get({"children": {"expect": ["X"], "accept": ["Y"], "because": "AMB-1"}}, status(200), results("Y", form="node"))
    judged = Expectations(case(), script.transcript, CATALOGUE)
    assert [(f.outcome, f.cause, f.actual) for f in judged.findings()] == [("warn", "tolerated", "Y")]
    assert judged.readings == [{"ambiguity": "AMB-1", "reading": "Y"}]


def test_a_passing_value_beside_an_ambiguity_is_a_reading_of_none() -> None:
    for code, noted in (("200", []), ("202", [{"ambiguity": "AMB-1", "reading": "202"}]), (None, [])):
        wanted = {"status": {"expect": 200, "accept": [202], "because": "AMB-1"}}
        judged = Expectations(case(), get(wanted, *([status(code)] if code else [])).transcript, CATALOGUE)
        judged.findings()
        assert judged.readings == noted


def test_levels_are_those_of_the_catalogue() -> None:
    script = get({"status": {"expect": 200, "ensures": "SHOULD-1"}, "data": "x"}, status(200), results("x"))
    assert [(f.requirement, f.level) for f in findings(script)] == [("SHOULD-1", "should"), ("CASE-1", "must")]
    (found,) = findings(awaited({}, report(), ensures="SHOULD-2"))
    assert (found.requirement, found.level, found.expected, found.actual) == ("SHOULD-2", "should", "a report", "a report")


def test_the_first_requirement_of_the_case_is_cited_where_nothing_else_is() -> None:
    script = get({"status": 200}, status(200))
    assert [f.requirement for f in findings(script, "R-8", "R-9")] == ["R-8"]


def test_versions_that_the_iut_file_does_not_tell_are_not_judged() -> None:
    assert findings(get({"data": "{to:good}"}, status(200), results("1"))) == []


# -- reports --------------------------------------------------------------------------------------------


def test_what_is_read_of_a_report() -> None:
    expect = {"result": "200", "correlator": "c1", "source": "./F", "format": "int", "mark": "absent", "type": "x", "count": 1,
              "items": 1, "place": "package 1"}  # fmt: skip
    found = places(awaited(expect, report()), "R-1")
    assert [each[3].removesuffix(" of the report") for each in found[1:]] == list(expect)
    assert {each[2] for each in found} == {6}, "the message of the device"
    assert [each[1] for each in found] == ["pass"] * 6 + ["fail", "pass", "pass", "pass"]
    assert {each[0] for each in found[1:]} == {"R-1"} and found[0][0] == "FUMO-ALERT-001"


def test_the_result_code_is_read_without_white_space_and_its_source_with_the_root() -> None:
    assert short(awaited({"result": "200"}, report(" 200\n")))[1:] == [("CASE-1", "pass", "200")]
    assert short(awaited({"source": "./F"}, report(source="F")))[1:] == [("CASE-1", "pass", "./F")]
    assert short(awaited({"result": "absent"}, report(None)))[1:] == [("CASE-1", "pass", "nothing")]


@pytest.mark.parametrize(
    ("name", "kind", "requirement"),
    [
        ("download", "download", "FUMO-ALERT-001"), ("update", "update", "FUMO-ALERT-001"),
        ("download-and-update", "downloadandupdate", "FUMO-ALERT-001"), ("user-request", "userrequest", "FUMO-CI-002"),
        ("device-request", "devicerequest", "FUMO-CI-002"),
    ],
)  # fmt: skip
def test_which_alert_is_waited_for(name: str, kind: str, requirement: str) -> None:
    script = Script()
    script.begin({"await": {"alert": name}})
    script.device(Alert(data="1201"), report(operation=kind))
    script.end()
    assert places(script) == [(requirement, "pass", 2, f"Generic Alert of type {name}")]


def test_without_a_name_the_whole_operation_is_waited_for() -> None:
    script = Script()
    script.begin({"await": {}})
    script.device(Alert(data="1201"), report())
    script.end()
    assert places(script) == [("FUMO-ALERT-001", "pass", 2, "Generic Alert of type download-and-update")]


@pytest.mark.parametrize(
    ("code", "due", "says"),
    [("406", "if-accepted", False), ("406", "", True), ("202", "if-accepted", True), (None, "if-accepted", True)],
)
def test_fumo_exec_012_a_report_is_due_where_the_exec_was_taken(code: str | None, due: str, says: bool) -> None:
    script = Script()
    script.command({"exec": "./F/X"}, EXEC, status("500", "Exec"), index="0")
    answers = [status(code, "Exec", msg_ref="2")] if code else []
    script.command({"exec": "./F/X"}, Exec(items=[Item(target="./F/X")]), *answers)
    script.command({"get": "./A"}, Get(items=[Item(target="./A")]), status("404", msg_ref="3"), index="3")
    script.step({"await": {"alert": "update", "due": due}}, "2", why="none came")
    assert [f[:2] for f in places(script)] == ([("FUMO-ALERT-001", "fail")] if says else [])


def test_where_the_process_died_no_report_is_missed() -> None:
    script = awaited({}, why="none came")
    script.ended()
    assert findings(script) == []
    script = awaited({}, why="none came")
    script.ended(working=False)
    assert [f.outcome for f in findings(script)] == ["fail"]


def test_fumo_alert_001_a_report_that_was_challenged_does_not_count() -> None:
    script = Script()
    script.begin({"await": {"alert": "download-and-update"}})
    script.device(Alert(data="1201"), report())
    script.server(status("401", "SyncHdr", "0"))
    script.end()
    assert [f.outcome for f in findings(script)] == ["fail"]


# -- silence, values, fetches ---------------------------------------------------------------------------


def test_only_what_comes_while_the_step_lasts_disturbs_its_silence() -> None:
    script = Script()
    noise = [
        lambda: script.device(Alert(data="1201"), report()), lambda: script.fetch("http://c/a"),
        lambda: script.server(EXEC, session="s9"),
    ]  # fmt: skip
    for make in noise:
        make()
    script.begin({"quiet": 5, "expect": {"alerts": 0, "fetches": 0, "sessions": 0, "commands": 0}}, "1")
    script.fetch("http://c/a", method="HEAD")
    script.server(status(200))
    end = script.end("1")
    for make in noise:
        make()
    found = places(script, "R-1")
    assert [(each[1], each[2]) for each in found] == [("pass", end.n)] * 4
    assert found[0][3] == "alerts while nothing more was due"


def test_a_value_is_judged_where_it_was_measured_and_only_by_its_own_step() -> None:
    script = Script()
    script.value("version", "0.9")
    script.begin({"firmware": None, "expect": {"version": "1.0", "state": "x"}})
    measured = script.value("version", "1.0", says="of the firmware")
    script.value("other", "x")
    end = script.end()
    script.value("version", "2.0")
    assert places(script) == [
        ("CASE-1", "pass", measured.n, "version of the firmware"), ("CASE-1", "fail", end.n, "state was not seen"),
    ]  # fmt: skip


@pytest.mark.parametrize(("why", "died", "open_"), [("it hung", False, False), ("", True, False), ("", False, True)])
def test_a_value_that_was_not_measured_for_another_reason_is_no_finding(why: str, died: bool, open_: bool) -> None:
    script = Script()
    script.begin({"firmware": None, "expect": {"version": "1.0"}})
    if not open_:
        script.end(why=why)
    if died:
        script.ended()
    assert findings(script) == []


def test_that_nothing_was_seen_at_all_proves_no_absence() -> None:
    script = Script()
    script.begin({"firmware": None, "expect": {"version": "absent", "state": "absent"}})
    script.end()
    assert findings(script) == []
    script = Script()
    script.begin({"firmware": None, "expect": {"version": "absent", "state": 1}})
    script.value("state", 1)
    script.end()
    assert [f.outcome for f in findings(script)] == ["pass", "pass"]


def test_booleans_and_nothing_as_values() -> None:
    script = Script()
    script.begin({"firmware": None, "expect": {"a": True, "b": "absent", "c": 3}})
    for name, value in (("a", True), ("b", None), ("c", 3)):
        script.value(name, value)
    script.end()
    assert [(f.outcome, f.actual) for f in findings(script)] == [("pass", "true"), ("pass", "nothing"), ("pass", "3")]


def test_an_interrupted_update_is_judged_without_its_state() -> None:
    script = Script()
    script.begin({"settled": None, "expect": {"state": 1, "version": "1.0"}})
    script.value("version", "1.0")
    script.value("state", 2)
    script.end()
    assert [(f.outcome, f.message) for f in findings(script)] == [("pass", "version")]


def test_what_was_fetched_names_the_last_fetch_before_the_step() -> None:
    script = Script()
    script.fetch("http://c/a")
    last = script.fetch("http://c/a")
    script.step({"fetched": {"at": "http://c/a"}, "expect": {"count": 2}})
    script.fetch("http://c/a")
    assert places(script) == [("CASE-1", "pass", last.n, "count of what was fetched from http://c/a")]


@pytest.mark.parametrize("given", ["http://c/r", {"at": "http://c/r", "object": "http://c/a"}])
def test_status_reports_count_until_the_step_ends(given: Any) -> None:
    script = Script()
    script.fetch("http://c/a")
    script.begin({"reported": given, "expect": {"tries": 1, "after": True}})
    script.add("http", method="POST", url="http://c/r", body="900 Success", status=200)
    end = script.end()
    script.add("http", method="POST", url="http://c/r", body="900 Success", status=200)
    after = "pass" if isinstance(given, dict) else "fail"
    assert places(script) == [
        ("CASE-1", "pass", end.n, "tries of the status reports"), ("CASE-1", after, end.n, "after of the status reports"),
    ]  # fmt: skip


# -- servers --------------------------------------------------------------------------------------------


def server(script: Script) -> list[Finding]:
    return findings(script, "R-1", role="server")


def test_what_was_commanded_names_the_last_command_of_its_kind() -> None:
    script = told({"count": 2, "data": "2", "inside": "absent"}, replace("./A", "1"), replace("./B", "x"), replace("./A", "2"),
                  given={"command": "Replace", "node": "./A"})  # fmt: skip
    found = server(script)
    assert [(f.outcome, f.message.split(" of ")[0]) for f in found] == [("pass", "count"), ("pass", "data"), ("pass", "inside")]
    assert len({f.event for f in found}) == 1 and None not in {f.event for f in found}


def test_a_command_that_never_came_is_missed_by_each_value_but_its_number() -> None:
    script = told({"count": 0, "data": "2", "digest": "absent"}, replace("./B", "x"), given={"command": "Replace", "node": "./A"})
    assert [(f.outcome, f.actual, f.message) for f in server(script)] == [
        ("fail", "nothing", "data of Replace on ./A: none came"), ("pass", "0", "count of Replace on ./A"),
        ("pass", "nothing", "digest of Replace on ./A"),
    ]  # fmt: skip


def test_the_answer_of_a_server_is_the_newest_or_the_first_by_wish() -> None:
    script = Script()
    for code in ("200", "500"):
        script.device(Alert(data="1201"))
        script.server(status(code, "Alert", msg_ref=str(script.numbers["device"])))
    for first in (False, True):
        given = {"command": "Alert", **({"first": True} if first else {})}
        script.step({"answered": given, "expect": {"status": 200, "codes": "200"}}, str(first))
    found = server(script)
    assert [(f.outcome, f.event, f.message) for f in found] == [
        ("fail", 4, "status of the answer to Alert"), ("fail", 4, "codes of the answer to Alert"),
        ("pass", 2, "status of the answer to Alert"), ("pass", 2, "codes of the answer to Alert"),
    ]  # fmt: skip


def test_all_codes_of_an_answer_in_ascending_order() -> None:
    for statuses, codes in (([500, 200, 500], "200,500"), ([200], "200")):
        script = Script()
        script.device(Alert(cmd_id="1", data="1201"))
        script.server(*(status(code, "Alert", "1") for code in statuses))
        script.step({"answered": {"command": "Alert"}, "expect": {"codes": codes}})
        assert [(f.outcome, f.actual) for f in server(script)] == [("pass", codes)]
    script.step({"answered": {"command": "Get"}, "expect": {"codes": "absent", "status": "absent"}}, "2")
    assert [f.actual for f in server(script)[1:]] == ["nothing", "nothing"]
