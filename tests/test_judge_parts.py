"""What rules look at: packages of several messages, and operations with their reports."""

from __future__ import annotations

from typing import Any

import pytest
from judge_builder import (
    OBJECT,
    TYPE,
    Script,
    alerted,
    answers,
    basic,
    challenged,
    dev_info,
    header_status,
    item,
    large,
    report,
    update,
    upload,
)

from conformance.judge.operation import Activity, correlators, of_another_case, plain
from conformance.judge.package import turns
from conformance.judge.session import sessions
from conformance.syncml.model import Alert, Exec, Get, Item, Meta, Sequence, Status

# -- packages -------------------------------------------------------------------------------------------


def states(script: Script) -> list[str]:
    """Of each message: whose it is, and what was open before it: s the server's package, c the client's, a asks."""
    return [
        turn.said.side[0] + "s" * turn.server_open + "c" * turn.client_open + "a" * turn.asks
        for session in sessions(script.transcript())
        for turn in turns(session)
    ]


def in_pieces(*finals: bool) -> Script:
    script = Script()
    for place, final in enumerate(finals):
        script.say("server" if place % 2 else "client", Alert(data="1222"), final=final)
    return script


@pytest.mark.parametrize(
    ("script", "found"),
    [
        (update(), ["c", "s", "c", "s", "c", "s"]),
        (upload(), ["c", "s", "c", "sca", "cc", "s"]),
        (large(), ["c", "s", "cs", "ssc", "csc", "ssc", "cc", "s"]),
        (in_pieces(False, False, False, False), ["c", "sca", "cc", "sca"]),
        (in_pieces(True, False, True, True), ["c", "s", "cs", "ss"]),
        (challenged(), ["c", "s", "c", "s", "c", "s"]),
    ],
)
def test_dm_msg_001_whose_package_is_open(script: Script, found: list[str]) -> None:
    assert states(script) == found


def test_an_abort_or_a_refusal_closes_packages() -> None:
    script = Script()
    script.label = "one"
    script.client(Alert(data="1222"), final=False)
    script.server(Status(msg_ref="1", cmd_ref="0", cmd="SyncHdr", data="401"), final=False)
    script.client(Alert(data="1223"), final=False)
    script.server(Alert(data="1222"), final=False)
    script.client(Alert(data="1222"), final=False)
    script.server(Alert(data="1223"), final=False)
    script.client(Alert(data="1201"))
    assert states(script) == ["c", "sc", "c", "s", "cs", "ssc", "c"]


def test_a_message_that_was_sent_again_changes_nothing() -> None:
    script = in_pieces(True, True, False, False, True, True)
    script.steps.insert(3, script.steps[2])
    assert states(script) == ["c", "s", "c", "cc", "sca", "cc", "s"]


# -- operations and reports -----------------------------------------------------------------------------


def activity(script: Script, *objects: str) -> Activity:
    transcript = script.transcript()
    return Activity(transcript, sessions(transcript), objects or (OBJECT,))


def executed(script: Script, *commands: Any, **codes: str) -> None:
    """A session with commands."""
    script.open(str(int(script.session) + 1))
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    two = script.server(*answers(one, "212"), *commands)
    script.server(*answers(script.client(*answers(two, "200", **{"Exec": "202", **codes}))))


def told(script: Script, *alerts: Alert, code: str = "200") -> None:
    """A session with reports."""
    script.open(str(int(script.session) + 1))
    one = script.client(Alert(data="1201"), dev_info(), *alerts, cred=basic())
    script.server(*answers(one, "212", Alert=code))


def run(name: str, correlator: str | None = None, root: str = OBJECT) -> Exec:
    return Exec(correlator=correlator, items=[item(f"{root}/{name}")])


def matched(found: Activity) -> list[tuple[str, str | None, str | None]]:
    """Of each operation its name, its Correlator and what its report said."""
    return [(op.name, op.correlator, op.report.value if op.report else None) for op in found.operations]


def test_an_operation_has_its_status_its_root_and_its_report() -> None:
    found = activity(update())
    (operation,) = found.operations
    assert (operation.root, operation.name, operation.status, operation.correlator) == ("FUMO/Fw1", "DownloadAndUpdate", "202", "job")
    assert operation.answered is not None and operation.answered.event.n == 3
    assert operation.expected == TYPE + "downloadandupdate"
    (told_,) = found.reports
    assert (told_.code, told_.value, told_.name, told_.request, told_.answered) == (200, "200", "DownloadAndUpdate", False, True)
    assert operation.report is told_ and told_.operation is operation and told_.again is None and operation.others == []
    assert found.known and found.requests == [] and found.misfits == []


@pytest.mark.parametrize(
    ("status", "accepted", "refused"),
    [("200", True, False), ("202", True, False), ("213", False, False), ("304", False, True), ("406", False, True), ("500", False, True)],
)
def test_fumo_exec_012_what_was_refused_has_no_report(status: str, accepted: bool, refused: bool) -> None:
    script = Script()
    executed(script, run("Update"), Exec=status)
    told(script, report("update", correlator=None))
    (operation,) = activity(script).operations
    assert (operation.accepted, operation.refused, operation.report is not None) == (accepted, refused, accepted)


def test_an_exec_without_a_status_may_have_been_taken() -> None:
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    two = script.server(*answers(one, "212"), run("Update"), Get(items=[item("./A")]))
    script.server(header_status(script.client(*answers(two)[:1], Status(msg_ref="9", cmd_ref="4", cmd="Exec", data="500"))))
    (operation,) = activity(script).operations
    assert (operation.status, operation.answered, operation.accepted, operation.refused) == (None, None, True, False)


def test_fumo_alert_019_reports_go_to_the_operation_whose_correlator_they_have() -> None:
    script = Script()
    executed(script, run("Update", "a"))
    executed(script, run("Update", "b"))
    told(script, report("update", "400", "b"))
    told(script, report("update", "200", "a"))
    assert matched(activity(script)) == [("Update", "a", "200"), ("Update", "b", "400")]


@pytest.mark.parametrize(
    ("alerts", "found"),
    [
        ([report("update", "1", None), report("download", "2", None)], ["2", "1"]),
        ([report("update", "1", "x"), report("update", "2", "d")], ["2", "1"]),
        ([report("update", "1", "d"), report("update", "2", "u")], ["2", "1"]),
        ([report("UPDATE", "1", None), report("Download", "2", None)], ["2", "1"]),
    ],
)
def test_the_type_of_a_report_weighs_more_than_its_correlator(alerts: list[Alert], found: list[str | None]) -> None:
    script = Script()
    executed(script, run("Download", "d"))
    executed(script, run("Update", "u"))
    for alert in alerts:
        told(script, alert)
    assert [op.report.value if op.report else None for op in activity(script).operations] == found


def test_of_two_that_fit_as_well_the_earlier_one_is_reported() -> None:
    script = Script()
    executed(script, run("Update"))
    executed(script, run("Update"))
    told(script, report("update", "200", None))
    assert matched(activity(script)) == [("Update", None, "200"), ("Update", None, None)]


def test_the_object_that_a_report_names_decides_between_two() -> None:
    script = Script()
    executed(script, run("Update"))
    executed(script, run("Update", root="./FUMO/Fw2"))
    told(script, Alert(data="1226", items=[item("./FUMO/Fw2", "250", source=True, type=TYPE + "update", format="int")]))
    found = activity(script, OBJECT, "./FUMO/Fw2")
    assert [(op.root, op.report is not None) for op in found.operations] == [("FUMO/Fw1", False), ("FUMO/Fw2", True)]


def test_a_report_from_before_its_exec_is_of_none() -> None:
    script = Script()
    told(script, report("update", "200", "a"))
    executed(script, run("Update", "a"))
    found = activity(script)
    assert found.operations[0].report is None and found.reports[0].operation is None


def test_fumo_alert_016_the_same_words_again_repeat_a_report() -> None:
    script = Script()
    executed(script, run("Update", "a"))
    for value in ("200", "200", "400"):
        told(script, report("update", value, "a"))
    found = activity(script)
    first, second, third = found.reports
    assert second.again is first and second.operation is found.operations[0] and third.again is None
    assert found.operations[0].report is first and third.operation is None


def test_the_same_words_for_the_next_run_of_an_operation_are_its_own_report() -> None:
    script = Script()
    for _ in range(2):
        executed(script, run("Update"))
        told(script, report("update", "200", None))
    found = activity(script)
    assert [each.again for each in found.reports] == [None, None]
    assert [op.report for op in found.operations] == found.reports


def test_fumo_alert_023_a_report_of_another_type_before_the_right_one_is_beside_it() -> None:
    script = Script()
    executed(script, run("DownloadAndUpdate", "a"))
    told(script, report("download", "200", "a"))
    told(script, report("downloadandupdate", "200", "a"))
    (operation,) = activity(script).operations
    assert [each.name for each in operation.others] == ["Download"]
    assert operation.report is not None and operation.report.name == "DownloadAndUpdate"


def test_a_report_of_the_right_type_after_another_exec_is_not_that_of_the_first() -> None:
    script = Script()
    executed(script, run("DownloadAndUpdate", "a"))
    told(script, report("download", "400", "a"))
    executed(script, run("DownloadAndUpdate", "b"))
    told(script, report("downloadandupdate", "200", "b"))
    first, second = activity(script).operations
    assert first.report is not None and first.report.value == "400" and first.others == []
    assert second.report is not None and second.report.value == "200"


@pytest.mark.parametrize(
    ("kind", "told_as"),
    [
        (TYPE + "update", "reports"), (f" {TYPE}update ", "reports"), (f"Reversed-Domain-Name: {TYPE}update", "reports"),
        (f"REVERSED-DOMAIN-NAME:{TYPE}update ", "reports"), (TYPE.upper() + "UPDATE", "reports"), (TYPE + "userrequest", "requests"),
        (TYPE + "devicerequest", "requests"), (TYPE + "other", "reports"), ("com.example.update", ""), (None, ""),
    ],
)  # fmt: skip
def test_dm_alert_003_what_kind_of_alert_it_is(kind: str | None, told_as: str) -> None:
    alert = Alert(data="1226", items=[item(OBJECT, "200", source=True, format="int", type=kind)])
    found = activity(alerted(alert))
    assert [name for name in ("reports", "requests") if getattr(found, name)] == ([told_as] if told_as else [])


def test_fumo_alert_002_another_code_than_1226_is_no_report() -> None:
    alert = report("update")
    alert.data = "1224"
    found = activity(alerted(alert))
    assert found.reports == [] and [(a.data, kind) for _, a, kind in found.misfits] == [("1224", TYPE + "update")]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("200", 200), (" 200\n", 200), ("", None), ("-1", None), ("\u0662", None), ("999999999", 999999999), ("1234567890", None),
        (None, None),
    ],
)
def test_fumo_alert_009_the_result_code_is_a_number(value: str | None, code: int | None) -> None:
    alert = Alert(data="1226", items=[Item(source=OBJECT, data=value, meta=Meta(format="int", type=TYPE + "update"))])
    (found,) = activity(alerted(alert)).reports
    assert (found.code, found.value) == (code, value)


@pytest.mark.parametrize(("code", "answered"), [("200", True), ("500", True), ("401", False), ("407", False)])
def test_a_challenged_report_was_not_answered(code: str, answered: bool) -> None:
    script = Script()
    told(script, report("update"), code=code)
    assert [each.answered for each in activity(script).reports] == [answered]


def test_what_stands_beside_the_end_of_a_session_may_be_passed_over() -> None:
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), report("update"), cred=basic())
    script.server(*answers(one, "212"), Alert(data="1223"))
    assert [each.answered for each in activity(script).reports] == [False]


@pytest.mark.parametrize(
    ("uri", "root"),
    [
        (OBJECT, "FUMO/Fw1"), ("FUMO/Fw1/State", "FUMO/Fw1"), ("./FUMO/Fw10", None), ("./FUMO", None), (None, None), ("./Fw2/X", "Fw2"),
    ],
)  # fmt: skip
def test_fumo_multi_002_the_object_of_a_node(uri: str | None, root: str | None) -> None:
    assert activity(Script(), OBJECT, "Fw2").object_of(uri) == root


def test_only_operations_of_an_object_are_operations() -> None:
    script = Script()
    executed(script, run("State"), run("Update", root="./Other"), run("Download"), Get(items=[item(f"{OBJECT}/Update")]))
    assert [op.name for op in activity(script).operations] == ["Download"]
    strangers = Activity(script.transcript(), sessions(script.transcript()), ())
    assert strangers.objects == ["Other", "FUMO/Fw1"] and not strangers.known
    assert [op.root for op in strangers.operations] == ["Other", "FUMO/Fw1"]


def test_the_roots_of_objects_are_inferred_once_and_have_a_name() -> None:
    script = Script()
    executed(script, run("Update"), run("Download"), Exec(items=[item("./Update")]), Exec(items=[item("Update")]))
    assert Activity(script.transcript(), sessions(script.transcript()), ()).objects == ["FUMO/Fw1"]


def test_correlators_and_reports_of_other_cases() -> None:
    script = Script()
    executed(script, Sequence(commands=[run("Update", "corr-00001-x")]), run("Download", ""), run("Download", "mine"))
    assert correlators(script.transcript()) == {"corr-00001-x", "mine"}
    for correlator in ("corr-00002", "corr-00002-ab"):
        assert of_another_case(Alert(correlator=correlator), {"corr-00001-x"}), correlator
    for correlator in ("corr-00001-x", "corr-2", "mine", None, "xcorr-00002"):
        assert not of_another_case(Alert(correlator=correlator), {"corr-00001-x"}), correlator
    told(script, report("update", "200", "corr-00009"))
    assert activity(script).reports == []


@pytest.mark.parametrize(("uri", "path"), [("./A/B", "A/B"), ("A", "A"), (".", "."), ("", ""), (None, ""), ("../A", "../A")])
def test_dm_tnd_004_one_node_has_two_names(uri: str | None, path: str) -> None:
    assert plain(uri) == path
