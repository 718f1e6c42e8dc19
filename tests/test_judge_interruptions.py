"""What the judge makes of messages around a session or a power supply that broke off."""

from __future__ import annotations

import pytest
from judge_builder import Script, answers, basic, dev_info, installing, report, update

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.syncml.model import Alert


def outcomes(script: Script, requirement: str) -> set[str]:
    return {finding.outcome for finding in script.judge("client") if finding.requirement == requirement}


def again(script: Script) -> None:
    """The report comes once more, in a session of its own."""
    script.open("3")
    script.server(*answers(script.client(Alert(data="1201"), dev_info(), report("downloadandupdate"), cred=basic()), "212"))


def test_a_report_that_came_again_for_no_reason_is_one_too_many() -> None:
    script = update()
    again(script)
    assert outcomes(script, "FUMO-ALERT-016") == {FAIL}


def test_a_report_whose_answer_a_power_cut_may_have_swallowed_may_come_again() -> None:
    script = update()
    script.mark("hook", verb="power_cycle", given={"at": "now"})
    again(script)
    assert outcomes(script, "FUMO-ALERT-016") == {PASS}


def test_a_report_that_came_while_the_power_was_cut_may_come_again() -> None:
    script = update()
    off, on = (script.mark("value", name="power", value=value) for value in ("off", "on"))
    script.steps.remove(off)
    script.steps.remove(on)
    script.steps[5:5] = [off]
    script.steps[8:8] = [on]
    again(script)
    assert outcomes(script, "FUMO-ALERT-016") == {PASS}


def test_a_report_before_a_session_without_trouble_is_known_to_be_answered() -> None:
    script = update()
    script.open("9")
    script.server(*answers(script.client(Alert(data="1201"), dev_info(), cred=basic()), "212"))
    script.mark("hook", verb="power_cycle", given={"at": "now"})
    again(script)
    assert outcomes(script, "FUMO-ALERT-016") == {FAIL}


def test_a_report_answered_by_the_end_of_the_session_may_come_again() -> None:
    script = update()
    script.steps[6].message.commands.append(Alert(cmd_id="99", data="1223"))  # type: ignore[union-attr]
    again(script)
    assert outcomes(script, "FUMO-ALERT-016") == {PASS}


@pytest.mark.parametrize(("lost", "outcome"), [(True, set()), (False, {WARN})])
def test_the_message_of_a_session_that_got_no_answer_begins_no_other_one(lost: bool, outcome: set[str]) -> None:
    script = Script()
    for label in ("a", "b"):
        script.open("1")
        first = script.client(Alert(data="1201"), dev_info(), cred=basic())
        answer = script.server(*answers(first, "212"))
        for number, step in enumerate((first, answer)):
            step.data["session"], step.data["exchange"] = label, label
            if lost and label == "a" and number:
                step.data["error"] = "closed"
    assert outcomes(script, "DM-HDR-005") == outcome


@pytest.mark.parametrize(
    ("state", "outcome"), [("60", {PASS}), ("10", {WARN}), ("30", {WARN}), ("50", set()), ("90", set())]
)
def test_state_while_an_installation_goes_on(state: str, outcome: set[str]) -> None:
    script = installing(state)
    assert outcomes(script, "FUMO-STATE-009") == outcome
