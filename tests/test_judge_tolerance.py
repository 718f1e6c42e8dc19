"""What a server need not do, and what it may not let pass: nonces of strangers, forms nobody has to read, credentials left out."""

from __future__ import annotations

import pytest
from judge_builder import Script, Step, answers, basic, dev_info, md5, md5_chal
from judge_scripts import forgetful

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.syncml.model import Alert, Command, Get, Item, Status
from conformance.transcript import DEVICE, SERVER


def outcome(script: Script, requirement: str) -> list[str]:
    """Outcomes of a requirement for the server."""
    return sorted({finding.outcome for finding in script.judge("server") if finding.requirement == requirement})


def stale(*, refused: bool) -> Script:
    """The device gives the server a nonce, in a message that the server refuses or takes; the server uses another one."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info())
    two = script.server(*answers(one, "407", md5_chal()), cred=md5())
    three = script.client(*answers(two, "401", md5_chal("QUJDREVGR0hJSktMTU5PUA==")), Alert(data="1201"), dev_info(), cred=md5())
    code = "401" if refused else "200"
    four = script.server(*answers(three, code, md5_chal("cXJzdHV2d3h5ejAxMjM0NQ==")), cred=md5())
    four.data["facts"] = {"credentials": {"type": "md5", "result": "stale", "nonce": "initial"}}
    return script


@pytest.mark.parametrize(("refused", "expected"), [(True, WARN), (False, FAIL)])
def test_the_nonce_of_a_device_that_was_refused_need_not_be_used(refused: bool, expected: str) -> None:
    assert outcome(stale(refused=refused), "DM-AUTH-010") == [expected]


@pytest.mark.parametrize(("first", "then", "expected"), [("200", "200", [WARN]), ("200", "407", [PASS]), ("212", "200", [])])
def test_what_200_asks_for_again_is_missed(first: str, then: str, expected: list[str]) -> None:
    assert outcome(forgetful(first, then), "DM-AUTH-023") == expected


@pytest.mark.parametrize(("form", "status", "expected"), [(True, 400, []), (False, 400, [FAIL]), (True, 200, [FAIL])])
def test_a_form_that_nobody_has_to_read_may_be_refused_by_http(form: bool, status: int, expected: list[str]) -> None:
    script = Script()
    asked = script.client(Alert(data="1201"), dev_info())
    asked.data |= {"refusable": True} if form else {}
    empty = {"exchange": asked.data["exchange"], "direction": "response", "status": status, "media": "text/plain", "size": 0}
    script.mark("message", SERVER, DEVICE, **empty)
    assert outcome(script, "DM-HTTP-004") == expected


@pytest.mark.parametrize(("digest", "expected"), [("same", [PASS]), ("other", [WARN])])
def test_an_answer_that_is_sent_again_gives_no_new_nonce(digest: str, expected: list[str]) -> None:
    """The device begins anew with the octets of its first message; the server takes it for that one, come again."""
    script = Script()
    for label in ("s1", "s2"):
        script.open("7")
        script.label = label
        asked = script.client(Alert(data="1201"), dev_info())
        asked.data["sha256"] = "asked"
        script.server(*answers(asked, "407", md5_chal())).data["sha256"] = "given" if digest == "same" else f"given {label}"
    assert outcome(script, "DM-AUTH-012") == expected


@pytest.mark.parametrize(("named", "expected"), [(5, [PASS]), (2, [FAIL])])
def test_a_message_that_comes_again_may_be_answered_item_by_item_again(named: int, expected: list[str]) -> None:
    """The answer is made anew, so that its octets are other ones."""
    script = Script()
    asked = script.client(Alert(data="1201"), dev_info())
    for turn in ("first", "again"):
        head, alert, _ = answers(asked, "200")
        device = asked.message.commands[1]
        each = [
            Status(msg_ref="1", cmd_ref=device.cmd_id, cmd="Replace", source_refs=[item.source or ""], data="200")
            for item in device.items[: 5 if turn == "first" else named]
        ]
        script.server(head, alert, *each, **({} if turn == "first" else {"resp_uri": "http://dm.example.test/dm?again"}))
        if turn == "first":
            script.steps[-1].data["error"] = "reset"
            script.steps.append(Step(asked.side, asked.message, {**asked.data, "exchange": 2}))
            script.exchange, script._ids["server"] = 2, 0
    assert outcome(script, "DM-STA-005") == expected


@pytest.mark.parametrize(
    ("shown", "codes", "expected"),
    [
        ((True, True, False), ("200", "200", "200"), [WARN]), ((True, True, False), ("212", "200", "200"), []),
        ((False, False, False), ("200", "200", "200"), []), ((True, True, True), ("200", "200", "200"), []),
        ((True, False, False), ("212", "200", "200"), []), ((True, True, False), ("200", "200", "401"), [PASS]),
    ],
)  # fmt: skip
def test_dm_auth_023_who_said_212_or_saw_nobody_misses_nothing(
    shown: tuple[bool, ...], codes: tuple[str, ...], expected: list[str]
) -> None:
    script = Script()
    said: list[Command] = [Alert(data="1201"), dev_info()]
    for there, code in zip(shown, codes, strict=True):
        asked = script.client(*said, cred=basic() if there else None)
        said = answers(script.server(*answers(asked, code), Get(items=[Item(target="./DevInfo/Man")])))
    assert outcome(script, "DM-AUTH-023") == expected
    for finding in script.judge("server"):
        if finding.requirement == "DM-AUTH-023" and finding.outcome == WARN:
            assert "without the credentials that 200 asked for" in finding.message
