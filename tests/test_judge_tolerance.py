"""What a conforming implementation may do that looks like a fault from afar: the standing rules do not fail it."""

from __future__ import annotations

import pytest
from judge_builder import OBJECT, Script, answers, basic, commanded, dev_info, item, md5, report, results, update

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.syncml.model import Alert, Atomic, Exec, Get, Replace

URL = f"{OBJECT}/DownloadAndUpdate/PkgURL"


def outcomes(script: Script, requirement: str, side: str = "client") -> set[str]:
    """Outcomes of the findings about a requirement."""
    return {finding.outcome for finding in script.judge(side) if finding.requirement == requirement}


@pytest.mark.parametrize(
    ("whole", "inside", "outcome"),
    [("215", "215", PASS), ("214", "214", PASS), ("507", "405", PASS), ("215", "405", FAIL), ("200", "215", FAIL), ("216", "216", FAIL)],
)
def test_an_atomic_that_was_passed_over_has_not_failed(whole: str, inside: str, outcome: str) -> None:
    """DM-CMD-019: 215 is among the codes of an Atomic, for one that was not begun."""
    script = commanded(Atomic(commands=[Replace(items=[item(URL, "x")])]), Atomic=whole, Replace=inside)
    assert outcomes(script, "DM-CMD-019") == {outcome}


@pytest.mark.parametrize(("value", "outcome"), [("", set()), ("x", {FAIL}), ("7", {PASS})])
def test_a_version_number_that_was_never_set_is_empty(value: str, outcome: set[str]) -> None:
    """DM-TND-010: properties that are missing are empty."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    get = Get(items=[item(f"{URL}?prop=VerNo")])
    two = script.server(*answers(one, "212"), get)
    three = script.client(*answers(two), results(two, get, item(f"{URL}?prop=VerNo", value, source=True)))
    script.server(*answers(three))
    assert outcomes(script, "DM-TND-010") == outcome


def queued(awaited: int, *, reported: bool = False) -> Script:
    """Two Execs on one object, both answered 202; the case waited so often for a report."""
    script = Script()
    node = f"{OBJECT}/DownloadAndUpdate"
    last, code = script.client(Alert(data="1201"), dev_info(), cred=basic()), "212"
    for correlator in ("job", "two"):
        sent = script.server(*answers(last, code), Exec(correlator=correlator, items=[item(node)]))
        last, code = script.client(*answers(sent, "200", Exec="202")), "200"
    script.server(*answers(last))
    for number, correlator in enumerate(("job", "two") if reported else ("job",), 2):
        script.open(str(number))
        told = script.client(Alert(data="1201"), dev_info(), report("downloadandupdate", "200", correlator), cred=basic())
        script.server(*answers(told, "212"))
    for _ in range(awaited):
        script.mark("value", name="operation-awaited", value=True)
    return script


@pytest.mark.parametrize(("awaited", "reported", "outcome"), [(1, False, PASS), (2, False, FAIL), (2, True, PASS)])
def test_the_report_of_a_queued_exec_is_due_after_that_of_the_first(awaited: int, reported: bool, outcome: str) -> None:
    """FUMO-ALERT-001."""
    assert outcomes(queued(awaited, reported=reported), "FUMO-ALERT-001") == {outcome}


@pytest.mark.parametrize(("cut", "outcomes_"), [(False, {FAIL}), (True, set())])
def test_a_report_may_come_again_when_the_power_failed(cut: bool, outcomes_: set[str]) -> None:
    """FUMO-ALERT-016: whether the answer to the first was written down is not known."""
    script = update()
    if cut:
        script.mark("hook", verb="power_cycle")
    script.open("3")
    again = script.client(Alert(data="1201"), dev_info(), report("downloadandupdate", "200"), cred=basic())
    script.server(*answers(again, "212"))
    assert outcomes(script, "FUMO-ALERT-016") - {PASS} == outcomes_


def test_a_report_of_an_earlier_case_is_none_of_this_one() -> None:
    """Attach contract 3.2: one of the suite's own Correlators that was not given here."""
    script = update()
    script.open("3")
    late = report("downloadandupdate", "410", "corr-00041")
    told = script.client(Alert(data="1201"), dev_info(), late, cred=basic())
    script.server(*answers(told, "212"))
    assert outcomes(script, "FUMO-ALERT-016") == {PASS}
    late.correlator = "of-nobody"
    assert outcomes(script, "FUMO-ALERT-016") == {FAIL}


@pytest.mark.parametrize(("code", "outcome"), [("404", PASS), ("200", WARN)])
def test_a_package_that_was_refused_is_not_set_beside_an_address(code: str, outcome: str) -> None:
    """FUMO-DL-014: a server whose first way was refused tries another one."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    package = Replace(items=[item(f"{OBJECT}/Update/PkgData", "QUJD", format="b64")])
    two = script.server(*answers(one, "212"), package)
    three = script.client(*answers(two, Replace=code))
    start = Exec(correlator="job", items=[item(f"{OBJECT}/DownloadAndUpdate")])
    four = script.server(*answers(three), Replace(items=[item(URL, "http://dl.example.test/fw.bin")]), start)
    script.server(*answers(script.client(*answers(four, Exec="202"))))
    assert outcomes(script, "FUMO-DL-014", "server") == {outcome}


@pytest.mark.parametrize(("node", "outcome"), [("./Other/Fw/DownloadAndUpdate", PASS), ("./Third/Fw/Download", WARN)])
def test_a_request_may_name_an_object_that_nobody_spoke_of(node: str, outcome: str) -> None:
    """FUMO-CI-013: commands for that object follow where it is answered 200."""
    script = Script()
    asks = report("userrequest", "", None, format="chr", mark=None)
    asks.items[0].source = "./Other/Fw"
    one = script.client(Alert(data="1201"), dev_info(), asks, cred=basic())
    two = script.server(*answers(one, "212", Alert="200"), Exec(items=[item(node)]))
    script.server(*answers(script.client(*answers(two, Exec="202"))))
    assert outcomes(script, "FUMO-CI-013", "server") == {outcome}


@pytest.mark.parametrize(("nonce", "trigger", "outcome"), [("default", True, set()), ("default", False, {WARN}), ("initial", True, {WARN})])
def test_a_server_that_had_no_answer_to_triggers_may_go_back_to_the_nonce_that_heals(
    nonce: str, trigger: bool, outcome: set[str]
) -> None:
    """DM-AUTH-010, DM Notification 5.1: whether each trigger was answered is not known."""
    script = Script()
    if trigger:
        script.mark("trigger", "server", "device", octets="", fields={})
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    two = script.server(*answers(one, "212"), cred=md5())
    two.data["facts"] = {"credentials": {"type": "md5", "result": "stale", "nonce": nonce}}
    assert outcomes(script, "DM-AUTH-010", "server") == outcome


@pytest.mark.parametrize(("cut", "outcome"), [(False, {WARN}), (True, set())])
def test_a_nonce_may_be_lost_with_the_power(cut: bool, outcome: set[str]) -> None:
    """DM-AUTH-010: the newest one may not have been written down."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=md5())
    script.server(*answers(one, "212"))
    if cut:
        script.mark("hook", verb="power_cycle")
    script.open("2")
    two = script.client(Alert(data="1201"), dev_info(), cred=md5())
    two.data["facts"] = {"credentials": {"type": "md5", "result": "stale", "nonce": "previous"}}
    script.server(*answers(two, "212"))
    assert outcomes(script, "DM-AUTH-010") == outcome
