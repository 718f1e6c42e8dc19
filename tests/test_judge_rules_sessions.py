"""Rules of sessions as a whole, each over a transcript that obeys and one that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from judge_builder import Script, Step, answers, dev_info, item, md5, md5_chal, results
from test_judge_rules_trigger import triggered

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.syncml.model import Alert, Get, Item

Spoil = Callable[[Script], Any]


def began(code: str, session_id: str = "1A") -> Script:
    """A session: steps 0 package 1, 1 end, or one later with a trigger before."""
    script = Script()
    script.open(session_id)
    script.server(*answers(script.client(Alert(data=code), dev_info())))
    return script


def after_trigger(**fields: Any) -> Script:
    script = Script()
    triggered(script, **fields)
    script.open("1A")
    script.server(*answers(script.client(Alert(data="1200"), dev_info())))
    return script


def given_up() -> Script:
    """The device ends a session by Alert 1223 where commands wait, and begins another. Step 2 is the abort."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info())
    two = script.server(*answers(one), Get(items=[item("./DevInfo/Man")]))
    script.server(*answers(script.client(*answers(two)[:1], Alert(data="1223"))))
    script.open("2")
    script.label = "s2"
    script.server(*answers(script.client(Alert(data="1201"), dev_info())))
    return script


def small_device() -> Script:
    """A device that says that it has no large objects, and then reports. Step 4 holds the report."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info())
    get = Get(items=[item("./DevDetail/LrgObj")])
    two = script.server(*answers(one), get)
    told = results(two, get, item("./DevDetail/LrgObj", "false", source=True, format="bool"))
    three = script.client(*answers(two), told)
    four = script.server(*answers(three), Get(items=[item("./DevInfo/Man")]))
    five = script.client(*answers(four), Alert(data="1224", items=[Item(data="x")]))
    script.server(*answers(five))
    return script


def message(script: Script, n: int) -> Step:
    step = script.steps[n]
    assert isinstance(step, Step)
    return step


def code(n: int, value: str) -> Spoil:
    """Changes the code of the first Alert of a message."""
    return lambda script: setattr(message(script, n).one(Alert), "data", value)


def silent(script: Script) -> None:
    """Takes the abort out, and what answered it."""
    del script.steps[2:4]


def cut(script: Script) -> None:
    """Cuts the Alert at the end of the device's last message in pieces."""
    message(script, 4).one(Alert).items[0].more = True


ROWS: list[tuple[str, str, Callable[[], Script], Spoil, str]] = [
    ("DM-SES-002", "client", lambda: began("1201"), code(0, "1200"), WARN),
    ("DM-SES-002", "client", after_trigger, code(1, "1201"), WARN),
    ("DM-ABT-001", "client", given_up, silent, WARN),
    ("DM-LOB-018", "client", small_device, cut, FAIL),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[0]))
def test_rule(row: tuple[str, str, Callable[[], Script], Spoil, str]) -> None:
    requirement, side, base, spoil, outcome = row
    script = base()
    assert {f.outcome for f in script.judge(side) if f.requirement == requirement} == {PASS}
    spoil(script)
    assert {f.outcome for f in script.judge(side) if f.requirement == requirement} == {outcome}


def test_a_trigger_of_the_client_leaves_the_code_open() -> None:
    script = after_trigger(initiator=0)
    code(1, "1201")(script)
    assert {f.outcome for f in script.judge("client") if f.requirement == "DM-SES-002"} == {PASS}


@pytest.mark.parametrize("session_id", ["zz", "123456789", "1B", ""])
def test_a_session_beside_the_trigger_is_not_judged_by_it(session_id: str) -> None:
    script = after_trigger()
    for step in script.steps:
        if isinstance(step, Step):
            step.message.header.session_id = session_id
    code(1, "1201")(script)
    assert [f for f in script.judge("client") if f.requirement == "DM-SES-002"] == []


def test_giving_up_after_a_challenge_or_a_lost_answer_is_no_silence() -> None:
    refused = given_up()
    silent(refused)
    message(refused, 1).message.commands[0].data = "401"  # type: ignore[attr-defined]
    lost = given_up()
    silent(lost)
    message(lost, 1).data["error"] = "closed"
    for script in (refused, lost):
        assert [f for f in script.judge("client") if f.requirement == "DM-ABT-001"] == []


def nonce_of_a_stranger(code: str) -> Script:
    """The next nonce for the device comes with credentials that it answers by ``code``; another session follows, step 6."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=md5())
    two = script.server(*answers(one, "212", md5_chal()), Get(items=[item("./DevInfo/Man")]), cred=md5())
    chal = md5_chal("c2VydmVybm9uY2UwMDAwMA==")
    three = script.client(*answers(two, code, chal, Get="200" if code == "212" else code))
    four = script.server(*answers(three), Get(items=[item("./DevInfo/Man")]), cred=md5())
    script.server(*answers(script.client(*answers(four, "212", chal))))
    script.open("2")
    script.label = "s2"
    script.server(*answers(script.client(Alert(data="1201"), dev_info(), cred=md5())))
    message(script, 6).data["facts"] = {"credentials": {"type": "md5", "result": "stale", "nonce": "previous", "user": "right"}}
    return script


@pytest.mark.parametrize(("code", "found"), [("401", set()), ("407", set()), ("505", set()), ("212", {WARN})])
def test_a_nonce_that_came_in_a_refused_message_need_not_be_kept(code: str, found: set[str]) -> None:
    findings = [f for f in nonce_of_a_stranger(code).judge("client") if f.requirement == "DM-AUTH-010"]
    assert {f.outcome for f in findings} == found


def test_who_cannot_read_a_message_need_not_know_its_nonce() -> None:
    script = nonce_of_a_stranger("505")
    message(script, 2).data["facts"] = message(script, 6).data["facts"]
    assert [f for f in script.judge("client") if f.requirement == "DM-AUTH-010"] == []
    readable = nonce_of_a_stranger("401")
    message(readable, 2).data["facts"] = message(script, 6).data["facts"]
    assert {f.outcome for f in readable.judge("client") if f.requirement == "DM-AUTH-010"} == {WARN}
