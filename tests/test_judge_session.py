"""Sessions in transcripts of strangers: reused ids, repetitions, answers that never came."""

from __future__ import annotations

from typing import Any

import pytest
from judge_builder import (
    Script,
    Step,
    alerted,
    answers,
    basic,
    challenged,
    commanded,
    dev_info,
    header_status,
    item,
    results,
    update,
)

from conformance.judge.finding import FAIL, PASS
from conformance.judge.session import Session, interruptions, number, outages, sessions
from conformance.syncml.model import Alert, Get, Replace, Sequence
from conformance.transcript import CONTENT, DEVICE, SERVER, Event, Transcript


def at(script: Script, n: int) -> Step:
    """A message of the script."""
    step = script.steps[n]
    assert isinstance(step, Step)
    return step


def fails(script: Script, side: str = "client") -> list[str]:
    """Requirements that are broken."""
    return [finding.requirement for finding in script.judge(side) if finding.outcome == FAIL]


def test_messages_are_paired_and_linked() -> None:
    made = sessions(update().transcript())
    assert [len(session.exchanges) for session in made] == [2, 1]
    first, answer, second, end = made[0].said
    assert first.answers is None and answer.answers is first and second.answers is answer and end.answers is second
    assert [said.side for said in made[0].said] == ["client", "server"] * 2
    assert made[0].whole and made[0].over and made[1].over


def test_without_exchange_numbers_messages_are_paired_in_turn() -> None:
    script = update()
    for step in script.steps:
        if isinstance(step, Step):
            del step.data["exchange"], step.data["direction"]
    made = sessions(script.transcript())
    assert [len(session.said) for session in made] == [4, 2]
    assert made[1].said[1].answers is made[1].said[0]


def test_a_session_id_used_again_begins_another_session() -> None:
    script = alerted()
    script.open("1")
    more = script.client(Alert(data="1201"), dev_info(), cred=basic())
    script.server(*answers(more, "212"))
    made = sessions(script.transcript())
    assert [len(session.said) for session in made] == [2, 2]
    assert not fails(script) and not fails(script, "server")


def test_numbering_from_two_begins_another_session_when_the_one_before_is_over() -> None:
    script = alerted()
    script.open("1")
    script._ids["client"] = 1
    more = script.client(Alert(data="1201"), dev_info(), cred=basic())
    script.server(*answers(more, "212"))
    assert len(sessions(script.transcript())) == 2
    assert fails(script) == ["DM-HDR-007"]


def test_a_challenged_client_goes_on_with_its_session() -> None:
    assert len(sessions(challenged().transcript())) == 1


def test_a_label_of_the_recorder_wins() -> None:
    script = update()
    for step in script.steps:
        if isinstance(step, Step):
            step.data["session"] = "all"
    assert [session.label for session in sessions(script.transcript())] == ["all"]


@pytest.mark.parametrize("status", [500, 0])
def test_a_message_said_again_after_an_error_is_no_breach(status: int) -> None:
    script = commanded(Get(items=[item("./DevInfo/Nope")]), Get="404")
    again = at(script, 2)
    lost = Step("server", again.message, {"exchange": 2, "direction": "response", "status": status}, b"<html/>")
    script.steps.insert(3, lost)
    script.steps.insert(4, Step("client", again.message, {**again.data, "exchange": 9}))
    at(script, 5).data["exchange"] = 9
    made = sessions(script.transcript())
    assert len(made) == 1
    assert [said.repeated for said in made[0].said] == [False, False, False, True, False]
    assert not fails(script)
    assert fails(script, "server") == ["DM-HTTP-004"]


def test_an_answer_that_never_came_excuses_what_is_missing() -> None:
    script = update()
    at(script, 1).data["error"] = "reset"
    del script.steps[2:5]
    script.steps.insert(2, script.steps.pop())
    assert not fails(script)


def test_the_device_dies_in_the_middle() -> None:
    script = update()
    del script.steps[2:4]
    script.steps.insert(2, script.mark("process", what="killed"))
    script.steps.pop()
    assert not fails(script)


def test_what_the_suite_built_wrong_is_not_judged_but_answered() -> None:
    script = update()
    at(script, 1).message.header.target = "somebody"
    assert "DM-HDR-008" in fails(script, "server")
    at(script, 1).data["made"] = "server"
    assert not fails(script, "server")
    assert not fails(script)


def test_a_client_may_drop_statuses_for_what_was_built_wrong() -> None:
    script = update()
    at(script, 2).drop(at(script, 2).status("Exec"))
    assert "DM-STA-003" in fails(script)
    at(script, 1).data["made"] = True
    assert not fails(script)


def test_octets_that_are_no_message_are_survived() -> None:
    script = update()
    at(script, 0).raw = b"\x03\x01\x6a\x00\xff\xff"
    at(script, 3).raw = b""
    for side in ("client", "server"):
        script.judge(side)
    assert sessions(Transcript()) == []
    assert sessions(Transcript([Event(1, 0.0, "http", DEVICE, CONTENT), Event(2, 0.0, "message", SERVER, DEVICE)]))


def test_two_sessions_at_the_same_time_are_kept_apart() -> None:
    left, right = commanded(Get(items=[item("./A")]), Get="404"), commanded(Get(items=[item("./B")]), Get="404")
    for step in right.steps:
        assert isinstance(step, Step)
        step.message.header.session_id = "2"
        step.data["exchange"] += 10
    left.steps = [step for pair in zip(left.steps, right.steps, strict=True) for step in pair]
    assert [len(session.said) for session in sessions(left.transcript())] == [4, 4]
    assert not fails(left) and not fails(left, "server")


def test_statuses_may_be_spread_over_a_package() -> None:
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    two = script.server(*answers(one, "212"), Get(items=[item("./A")]), Get(items=[item("./B")]))
    header, first, second = answers(two, Get="404")
    three = script.client(header, first, final=False)
    four = script.server(*answers(three), Alert(data="1222"), final=False)
    five = script.client(*answers(four)[:1], second, *answers(four)[1:])
    script.server(*answers(five))
    assert not fails(script) and not fails(script, "server")
    five.drop(second)
    assert fails(script) == ["DM-SES-010"]


def test_results_in_a_later_message() -> None:
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    get = Get(items=[item("./DevInfo/Man")])
    two = script.server(*answers(one, "212"), get)
    three = script.client(*answers(two), final=False)
    four = script.server(*answers(three), Alert(data="1222"), final=False)
    told = results(two, get, item("./DevInfo/Man", "Acme", source=True))
    five = script.client(*answers(four), told)
    script.server(*answers(five))
    assert not fails(script)


def test_a_server_that_refuses_the_version_owes_nothing_more() -> None:
    script = alerted()
    two = at(script, 1)
    two.message.commands = [header_status(at(script, 0), "513")]
    two.message.commands[0].cmd_id = "1"
    assert not fails(script, "server")


def test_abort_of_the_server_inside_the_package_of_the_client() -> None:
    for final in (True, False):
        script = Script()
        one = script.client(Alert(data="1201"), dev_info(), cred=basic(), final=False)
        script.server(*answers(one, "212"), Alert(data="1223"), final=final)
        assert not fails(script, "server") and not fails(script)


def test_a_refused_large_object_need_not_go_on() -> None:
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    big = Replace(items=[item("./Some/Node", "a" * 10, more=True, format="chr", size="999999")])
    two = script.server(*answers(one, "212"), big, final=False)
    three = script.client(*answers(two, "200", Replace="413"), Alert(data="1222"), final=False)
    four = script.server(*answers(three), Get(items=[item("./DevInfo/Nope")]))
    five = script.client(*answers(four, "200", Get="404"))
    script.server(*answers(five))
    assert not fails(script, "server") and not fails(script)


def test_number_is_strict_and_bounded() -> None:
    assert number("01") == 1
    assert [number(text) for text in (None, "", "-1", "1.0", "٣", "9" * 10)] == [None] * 6


def test_a_capture_that_begins_in_the_middle_is_not_blamed() -> None:
    script = update()
    del script.steps[:2]
    broken = [f.requirement for f in script.judge("client") if f.outcome == FAIL]
    assert broken == []
    assert [f.outcome for f in script.judge("client") if f.requirement == "DM-SES-001"] == [PASS]


# -- what is said of messages and sessions --------------------------------------------------------------


def marks(script: Script) -> list[str]:
    """Of each message: whose it is, r where it is repeated, c where with the same octets, l lost, e excused, and the
    number of the event that it answers."""
    return [
        said.side[0] + "r" * said.repeated + "c" * said.copy + "l" * said.lost + "e" * said.excused
        + (str(said.answers.event.n) if said.answers else "")
        for session in sessions(script.transcript())
        for said in session.said
    ]  # fmt: skip


def twice(place: int, **data: object) -> Script:
    """An update in which a message comes once more."""
    script = update()
    step = at(script, place)
    more = Step(step.side, step.message, step.data | {"exchange": 90 + place} | data)
    script.steps.insert(place + 1, more)
    return script


@pytest.mark.parametrize(
    ("script", "found"),
    [
        (update(), ["c", "s1", "c2", "s3", "c", "s6"]),
        (twice(2), ["c", "s1", "c2", "s3", "crc2", "c", "s7"]),
    ],
)
def test_which_messages_were_said_again(script: Script, found: list[str]) -> None:
    assert marks(script) == found


def test_an_answer_that_got_lost_excuses_the_next_message() -> None:
    script = update()
    at(script, 1).data["error"] = "reset"
    assert marks(script) == ["c", "sl1", "ce2", "s3", "c", "s6"], "its Statuses show that it arrived"
    at(script, 2).message.commands = []
    assert marks(script) == ["c", "sl1", "ce", "s3", "c", "s6"]
    at(script, 2).message.header.msg_id = "1"
    assert marks(script) == ["c", "sl1", "cre", "s3", "c", "s6"], "the first message in other words"


def test_the_same_request_again_after_a_lost_answer_is_a_copy_of_it() -> None:
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    two = script.server(*answers(one, "212"))
    two.data["error"] = "reset"
    for place in (0, 1):
        step = at(script, place)
        script.steps.append(Step(step.side, step.message, step.data | {"exchange": 2} | ({} if place == 0 else {"error": ""})))
    assert marks(script) == ["c", "sl1", "crc", "src3"]


@pytest.mark.parametrize(
    ("commands", "final", "code", "over"),
    [
        ([], True, "212", True), ([], False, "212", False), ([Get(items=[item("./A")])], True, "212", False),
        ([Alert(data="1223")], False, "212", True), ([], True, "401", False), ([], True, "407", False), ([], True, "500", True),
    ],
)  # fmt: skip
def test_dm_ses_007_when_a_session_is_over(commands: list[Any], final: bool, code: str, over: bool) -> None:
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    script.server(*answers(one, code), *commands, final=final)
    (session,) = sessions(script.transcript())
    assert session.over is over
    script.client(header_status(at(script, 1)))
    (session,) = sessions(script.transcript())
    assert not session.over, "the last request has no answer yet"


def test_a_session_is_whole_where_its_first_message_opens_it() -> None:
    for commands, whole in (([Alert(data="1200")], True), ([Alert(data="1201")], True), ([Alert(data="1222")], False), ([], False)):
        script = Script()
        script.client(*commands)
        (session,) = sessions(script.transcript())
        assert session.whole is whole
        assert session.first is session.said[0]
    assert not sessions(Script().transcript())


def test_what_is_known_of_a_message() -> None:
    script = update()
    at(script, 0).data |= {"size": 77}
    del at(script, 1).data["exchange"]
    first, second, third, *_ = sessions(script.transcript())[0].said
    assert (first.size, first.media, first.before) == (77, "application/vnd.syncml.dm+xml", None)
    at(script, 0).data |= {"size": "77", "media": None}
    again = sessions(script.transcript())[0].said[0]
    assert (again.size, again.media) == (len(again.event.octets), "")
    assert third.before is first and [said.index for said in (first, second, third)] == [0, 1, 2]
    assert [type(c).__name__ for c in second.commands] == ["Get", "Sequence"] and len(second.statuses) == 3
    assert [(type(p.command).__name__, len(p.around), p.order) for p in second.walked[3:]] == [
        ("Get", 0, 3), ("Sequence", 0, 4), ("Replace", 1, 5), ("Exec", 1, 6),
    ]  # fmt: skip
    assert len(third.results) == 1 and third.code == "200" and first.code is None and not first.refuses
    assert first.opens and not second.opens and first.has_alert("1", "1201") and not first.has_alert("1200")


def test_what_was_found_in_a_session_once_is_kept() -> None:
    (session, *_) = sessions(update().transcript())
    assert session.kept(make_list) is session.kept(make_list)


def make_list(session: Session) -> list[int]:
    return [said.event.n for said in session.said]


def test_a_message_with_more_of_an_object_to_come() -> None:
    script = commanded(Sequence(commands=[Replace(items=[item("./A", "x", more=True)])]))
    assert [said.more for said in sessions(script.transcript())[0].said] == [False, True, False, False]


@pytest.mark.parametrize(
    ("kind", "data", "cuts"),
    [
        ("process", {"what": "ended"}, True), ("process", {"what": "killed"}, True), ("process", {"what": "started"}, False),
        ("process", {}, False), ("hook", {"verb": "power_cycle"}, True), ("hook", {"verb": "restart"}, True),
        ("hook", {"verb": "stop"}, True), ("hook", {"verb": "kill"}, True), ("hook", {"verb": "battery"}, False),
        ("value", {"what": "ended", "verb": "kill"}, False),
    ],
)  # fmt: skip
def test_what_cuts_an_implementation_off(kind: str, data: dict[str, str], cuts: bool) -> None:
    events = [Event(1, 0.0, "note", "suite", "suite", {}), Event(2, 0.0, kind, "suite", "suite", dict(data))]
    assert interruptions(Transcript(events)) == ([2] if cuts else [])


def test_while_the_power_was_off() -> None:
    said = [("power", "on"), ("power", "off"), ("other", "on"), ("power", "on"), ("power", "on"), ("power", "off")]
    events = [Event(n, 0.0, "value", "suite", "suite", {"name": name, "value": value}) for n, (name, value) in enumerate(said, 1)]
    events.append(Event(7, 0.0, "note", "suite", "suite", {"name": "power", "value": "on"}))
    assert outages(Transcript(events)) == [(2, 4)]
