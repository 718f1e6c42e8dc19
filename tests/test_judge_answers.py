"""Who owed which answer in a session, and what came for it."""

from __future__ import annotations

from typing import Any

import pytest
from judge_builder import (
    Script,
    Step,
    aborted,
    answers,
    basic,
    challenged,
    commanded,
    dev_info,
    item,
    update,
)
from test_judge_parts import in_pieces

from conformance.judge.answer import Book, package_one, refers, successful
from conformance.judge.session import sessions
from conformance.syncml.model import Alert, Atomic, Get, Replace, Status


def book(script: Script, side: str, n: int = 0) -> Book:
    return Book(sessions(script.transcript())[n], side)


def test_dm_sta_003_what_a_side_owes_and_what_it_answered() -> None:
    found = book(update(), "client")
    assert [(o.command.name, o.codes, len(o.results), o.inner, o.container) for o in found.owed] == [
        ("Get", ["200"], 1, False, False), ("Sequence", ["200"], 0, False, True), ("Replace", ["200"], 0, True, False),
        ("Exec", ["202"], 0, True, False),
    ]  # fmt: skip
    sequence = found.owed[1]
    assert found.inside(sequence) == found.owed[2:] and found.inside(found.owed[0]) == []
    assert [ref.heading for ref in found.references] == [True, False, False, False, False, False]
    assert [found.judged(owed) for owed in found.owed] == [True] * 4
    assert {o.closing.event.n for o in found.owed if o.closing} == {3}


@pytest.mark.parametrize(
    ("command", "owed"),
    [
        (Get(items=[item("./A")]), True), (Get(items=[item("./A")], no_resp=True), False), (Get(cmd_id="0", items=[item("./A")]), False),
        (Alert(data="1223"), False), (Alert(data="1100"), True), (Status(msg_ref="1", cmd_ref="1", cmd="Alert", data="200"), False),
    ],
)  # fmt: skip
def test_dm_cmd_001_which_commands_want_a_status(command: Any, owed: bool) -> None:
    script = commanded(command)
    assert bool(book(script, "client").owed) is owed


def test_dm_hdr_009_two_commands_with_one_number_cannot_be_told_apart() -> None:
    script = commanded(Get(cmd_id="7", items=[item("./A")]), Get(cmd_id="7", items=[item("./B")]), Get(cmd_id="8", items=[item("./C")]))
    assert [owed.command.cmd_id for owed in book(script, "client").owed] == ["8"]


@pytest.mark.parametrize(
    ("code", "refused", "failed"),
    [("401", True, False), ("407", True, False), ("200", False, False), ("212", False, False), ("400", False, True), ("513", False, True),
     ("301", False, True)],
)  # fmt: skip
def test_dm_auth_004_a_refused_message_and_one_that_failed(code: str, refused: bool, failed: bool) -> None:
    script = commanded(Get(items=[item("./A")]))
    step = script.steps[2]
    assert isinstance(step, Step)
    step.status("SyncHdr").data = code
    found = book(script, "client")
    asked = found.owed[0].said
    assert (found.refused(asked), found.failed(asked), found.judged(found.owed[0])) == (refused, failed, not failed)


def test_a_status_that_names_its_command_wrongly_is_not_missing() -> None:
    for spoilt in ({"cmd_ref": "77"}, {"msg_ref": "9"}):
        script = commanded(Get(items=[item("./A")]))
        step = script.steps[2]
        assert isinstance(step, Step)
        status = step.status("Get")
        for name, value in spoilt.items():
            setattr(status, name, value)
        found = book(script, "client")
        assert found.misreferred(found.owed[0]) and not found.judged(found.owed[0])
    found = book(commanded(Get(items=[item("./A")])), "client")
    assert not found.misreferred(found.owed[0])


@pytest.mark.parametrize("what", ["lost", "made", "abort", "open", "again"])
def test_where_nothing_can_be_said_of_what_is_missing(what: str) -> None:
    script = commanded(Get(items=[item("./A")]))
    asked, answer = script.steps[1], script.steps[2]
    assert isinstance(asked, Step) and isinstance(answer, Step)
    if what == "lost":
        asked.data["error"] = "reset"
    elif what == "made":
        asked.data["made"] = True
    elif what == "abort":
        answer.message.commands.append(Alert(cmd_id="90", data="1223"))
    elif what == "open":
        answer.message.final = False
    else:
        answer.data["made"] = True
    found = book(script, "client")
    assert not found.judged(found.owed[0])


def test_dm_ses_015_how_many_commands_were_owed_before_a_message() -> None:
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    two = script.server(*answers(one, "212"), Get(items=[item("./A")]), Get(items=[item("./B")]))
    three = script.client(*answers(two)[:2], final=False)
    four = script.server(*answers(three), Alert(data="1222"))
    script.server(*answers(script.client(answers(two)[2], *answers(four))))
    session = sessions(script.transcript())[0]
    found = Book(session, "client")
    assert [found.owing(said) for said in session.said] == [0, 0, 2, 1, 2, 0]


def test_dm_ses_011_how_many_items_were_read() -> None:
    script = commanded(Get(items=[item("./A"), item("./B"), item("./C")]))
    (owed,) = book(script, "client").owed
    assert successful(owed) == 3, "one good Status is for all of them"
    step = script.steps[2]
    assert isinstance(step, Step)
    status = step.status("Get")
    step.message.commands.append(Status(msg_ref="1", cmd_ref=status.cmd_ref, cmd="Get", data="404", cmd_id="9"))
    (owed,) = book(script, "client").owed
    assert (successful(owed), owed.code, owed.codes) == (1, "200", ["200", "404"])
    status.data = "404"
    (owed,) = book(script, "client").owed
    assert successful(owed) == 0


def test_dm_hdr_007_a_message_that_comes_once_more_says_nothing_new() -> None:
    script = commanded(Get(items=[item("./A")]))
    step = script.steps[2]
    assert isinstance(step, Step)
    script.steps.insert(3, Step(step.side, step.message, step.data | {"exchange": 90}))
    found = book(script, "client")
    (owed,) = found.owed
    assert (successful(owed), owed.codes) == (1, ["200"])
    assert len(found.references) == 4, "what it refers to is looked at all the same"


def test_dm_abt_005_what_is_asked_once_more_is_answered_once_more() -> None:
    script = update()
    asked, answer = script.steps[2:4]
    assert isinstance(asked, Step) and isinstance(answer, Step)
    answer.data["error"] = "reset"
    again = [Step(each.side, each.message, {**each.data, "exchange": 90}) for each in (asked, answer)]
    del again[1].data["error"]
    script.steps[4:4] = again
    asked.message.commands.append(Alert(cmd_id="77", data="1222"))
    answer.message.commands.append(Status(cmd_id="78", msg_ref="2", cmd_ref="77", cmd="Alert", data="200"))
    owed = [each for each in book(script, "server").owed if each.command.cmd_id == "77"]
    assert [each.codes for each in owed] == [["200"], ["200"]]


def test_dm_sta_005_how_many_items_a_status_names() -> None:
    named: list[tuple[list[str], list[str], int]] = [([], [], 0), (["x"], [], 1), ([], ["x", "y"], 2), (["x"], ["y"], 1)]
    for targets, sources, number in named:
        assert refers(Status(target_refs=targets, source_refs=sources)) == number


@pytest.mark.parametrize(
    ("script", "found"),
    [
        (update(), [True, False, True]), (challenged(), [True, True, False]), (aborted("client"), [True, False]),
        (in_pieces(False, False, True, True, True, True), [True, True, False]),
    ],
)  # fmt: skip
def test_dm_ses_001_which_messages_are_package_1(script: Script, found: list[bool]) -> None:
    said = [each for session in sessions(script.transcript()) for each in session.said if each.side == "client"]
    assert [package_one(each) for each in said] == found
    assert [package_one(each) for each in reversed(said)] == found[::-1]


def test_blocks_that_look_alike_have_contents_of_their_own() -> None:
    blocks = [Atomic(commands=[Replace(items=[item("./A", "1", format="chr")])]) for _ in range(2)]
    found = book(commanded(*blocks), "client")
    outer = [owed for owed in found.owed if owed.container]
    assert [len(found.inside(owed)) for owed in outer] == [1, 1]
    assert found.inside(outer[0]) != found.inside(outer[1])
