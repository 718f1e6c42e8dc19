"""What became of a session between strangers, and who departed first before it went wrong."""

from __future__ import annotations

from typing import Any

import pytest
from judge_builder import (
    DEVICE_ID,
    Script,
    aborted,
    alerted,
    answers,
    basic,
    challenged,
    dev_info,
    item,
    md5_chal,
    update,
)
from judge_scripts import server_challenged
from judge_spoils import at, both, code, cut_off, data, extra, header, no_response

from conformance.judge.finding import Finding
from conformance.judge.session import sessions
from conformance.judge.story import BROKEN, COMPLETE, OPEN, REFUSED, Departure, Story, stories
from conformance.syncml.model import Alert, Get


def told(script: Script, *findings: tuple[str, str, int | None]) -> Story:
    """The story of the first session; findings are (side, requirement, event), failed where not "pass" is appended."""
    found: dict[str, list[Finding]] = {"client": [], "server": []}
    for side, requirement, event in findings:
        name, _, outcome = requirement.partition(" ")
        found[side].append(Finding(name, outcome or "fail", "a", "b", event, "why"))
    return stories(sessions(script.transcript()), found)[0]


def blamed(story: Story) -> list[tuple[str, str, int | None]]:
    return [(each.side, each.finding.requirement, each.finding.event) for each in story.blame]


def refused_then_gave_up() -> Script:
    """The server refuses the credentials; nothing more comes."""
    script = challenged()
    cut_off(2)(script)
    return script


@pytest.mark.parametrize(
    ("script", "spoil", "end", "at_", "words"),
    [
        (update(), [], COMPLETE, None, "the session came to its end"),
        (update(), [cut_off(1)], OPEN, 1, "the recording ends with a request whose response is not there"),
        (update(), [cut_off(2)], OPEN, 2, "the recording ends where an answer of the client was due"),
        (update(), [code(1, "SyncHdr", "500")], BROKEN, 2, "the server refused the message before: Status 500"),
        (update(), [code(1, "SyncHdr", "301")], BROKEN, 2, "the server refused the message before: Status 301"),
        (update(), [code(2, "SyncHdr", "400")], BROKEN, 3, "the client refused the message before: Status 400"),
        (aborted("client"), [], BROKEN, 3, "the client aborted the session (Alert 1223)"),
        (aborted("server"), [], BROKEN, 2, "the server aborted the session (Alert 1223)"),
        (update(), [lambda s: no_response(s, 1, raw=b"<html>", media="text/html; x=y", status=404, size=6)], BROKEN, 2,
         "the server answered with what is no message (HTTP 404, text/html, 6 octets)"),
        (update(), [lambda s: no_response(s, 1, raw=b"", media=None, status=None, size=0)], BROKEN, 2,
         "the server answered with what is no message (0 octets)"),
        (refused_then_gave_up(), [], REFUSED, 2, "the server refused the credentials (Status 407), and the client gave up"),
    ],
)  # fmt: skip
def test_how_a_session_ends(script: Script, spoil: list[Any], end: str, at_: int | None, words: str) -> None:
    both(*spoil)(script)
    story = told(script)
    assert (story.end, story.at, story.what) == (end, at_, words)
    assert story.by == "" and story.blame == []


def test_a_request_that_is_no_message_breaks_its_session() -> None:
    script = update()
    script.label = "x"
    for n in (0, 1, 2, 3):
        data(n, session="x")(script)
    at(script, 2).raw = b"?"
    data(2, size=1, media="a/b")(script)
    story = told(script, ("client", "DM-ENC-005", 3), ("server", "DM-HDR-001", 2))
    assert (story.end, story.at, story.what) == (BROKEN, 3, "the client sent what is no message (a/b, 1 octets)")
    assert blamed(story) == [("server", "DM-HDR-001", 2)] and story.by == "server", "what stood right before it"


def test_who_the_session_was_with() -> None:
    story = told(update())
    assert (story.session_id, story.device, story.exchanges) == ("1", DEVICE_ID, 2)


@pytest.mark.parametrize(
    ("findings", "blame", "by"),
    [
        ([], [], ""),
        ([("client", "A-1", 1)], [("client", "A-1", 1)], "client"),
        ([("client", "A-1", 1), ("client", "A-2", 1)], [("client", "A-1", 1), ("client", "A-2", 1)], "client"),
        ([("server", "B-1", 2)], [("server", "B-1", 2)], "server"),
        ([("client", "A-1", 1), ("server", "B-1", 2)], [("client", "A-1", 1)], "client"),
        ([("client", "A-1 pass", 1), ("server", "B-1", 2)], [("server", "B-1", 2)], "server"),
        ([("client", "A-1 warn", 1)], [], ""),
        ([("client", "A-1", 9)], [], ""),
        ([("client", "A-1", None)], [], ""),
    ],
)  # fmt: skip
def test_to_blame_is_who_broke_something_right_before(findings: Any, blame: Any, by: str) -> None:
    """The server refuses the first message: the client's breach in it, else the server's own."""
    script = update()
    code(1, "SyncHdr", "500")(script)
    story = told(script, *findings)
    assert (blamed(story), story.by) == (blame, by)


def test_what_had_done_no_harm_before_is_not_to_blame() -> None:
    script = update()
    code(3, "SyncHdr", "500")(script)
    story = told(script, ("client", "A-1", 3), ("client", "A-1", 1), ("client", "A-2", 3))
    assert blamed(story) == [("client", "A-2", 3)]
    assert story.first is not None and story.first.finding.event == 1
    story = told(script, ("client", "A-1", 3), ("client", "A-1", 1), ("server", "B-1", 4))
    assert blamed(story) == [("server", "B-1", 4)]


def test_the_first_bad_challenge_or_answer_is_to_blame_for_a_refusal() -> None:
    script = refused_then_gave_up()
    story = told(script, ("client", "DM-HDR-001", 1), ("server", "DM-AUTH-022", 2), ("client", "DM-AUTH-001", 1))
    assert (story.end, blamed(story), story.by) == (REFUSED, [("client", "DM-AUTH-001", 1)], "client")
    assert blamed(told(script, ("server", "DM-STA-008", 2))) == [("server", "DM-STA-008", 2)]
    assert blamed(told(script, ("server", "DM-HMAC-003", 2))) == [("server", "DM-HMAC-003", 2)]
    nobody = told(script, ("client", "DM-HDR-001", 1), ("server", "DM-HDR-001", 2))
    assert (blamed(nobody), nobody.by) == ([], "")
    assert nobody.first is not None and nobody.first.side == "client"


def test_a_server_that_gives_up_after_a_refusal_of_the_client() -> None:
    script = server_challenged()
    code(3, "SyncHdr", "500")(script)
    story = told(script, ("server", "DM-AUTH-021", 2))
    assert (story.end, story.at) == (REFUSED, 3)
    assert story.what == "the client had refused the credentials of the server (Status 407); it gave up (Status 500)"
    assert blamed(story) == [("server", "DM-AUTH-021", 2)]


def test_a_client_that_refuses_the_server_to_the_end() -> None:
    script = server_challenged()
    cut_off(4)(script)
    at(script, 3).message.final = False
    story = told(script)
    assert (story.end, story.at) == (REFUSED, 3)
    assert story.what == "the client refused the credentials of the server (Status 407), and no good ones came"


def test_where_nothing_is_known_of_the_recording_nobody_is_blamed() -> None:
    script = update()
    cut_off(2)(script)
    story = told(script, ("client", "A-1", 1), ("server", "B-1", 2))
    assert (story.end, story.blame, story.by) == (OPEN, [], "")
    assert story.first is not None and story.first.finding.requirement == "A-1"


def test_a_story_as_data() -> None:
    script = update()
    code(1, "SyncHdr", "500")(script)
    story = told(script, ("client", "A-1", 1))
    names = {1: "one.xml", 2: "two.xml"}
    departure = {"side": "client", "file": "one.xml", "requirement": "A-1", "level": "must", "outcome": "fail", "cause": None,
                 "expected": "a", "actual": "b", "event": 1, "message": "why"}  # fmt: skip
    assert story.as_dict(names) == {
        "session_id": "1", "device": DEVICE_ID, "exchanges": 2, "end": BROKEN,
        "what": "the server refused the message before: Status 500", "file": "two.xml", "departed_first": "client",
        "because": [departure], "first_departure": departure,
    }  # fmt: skip
    good = told(update()).as_dict(names)
    assert (good["file"], good["departed_first"], good["because"], good["first_departure"]) == (None, "", [], None)
    assert Departure("server", Finding("A", "fail")).as_dict(names)["file"] is None


def test_a_challenge_is_no_trouble_while_the_session_goes_on() -> None:
    assert told(challenged()).end == COMPLETE
    assert told(alerted()).end == COMPLETE
    script = challenged()
    extra(5, Get(items=[item("./A")]))(script)
    assert told(script).end == OPEN


def test_a_session_of_which_only_answers_came() -> None:
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    script.server(*answers(one, "407", md5_chal()))
    header(0, source=None)(script)
    story = told(script)
    assert (story.device, story.end) == ("nothing", REFUSED)


AROUND: list[tuple[Script, Any, int, str]] = [
    (update(), code(1, "SyncHdr", "500"), 2, "server"),
    (update(), code(2, "SyncHdr", "400"), 3, "client"),
    (aborted("client"), lambda s: None, 3, "client"),
    (aborted("server"), lambda s: None, 2, "server"),
    (update(), lambda s: no_response(s, 1, raw=b"?"), 2, "server"),
    (update(), both(*(data(n, session="x") for n in range(4)), lambda s: setattr(at(s, 2), "raw", b"?")), 3, "client"),
]


@pytest.mark.parametrize(("script", "spoil", "where", "side"), AROUND)
def test_what_stood_right_before_is_to_blame_or_what_went_wrong(script: Script, spoil: Any, where: int, side: str) -> None:
    """Both sides broke something at both places: what the other one said right before counts, then the place itself."""
    spoil(script)
    other = "server" if side == "client" else "client"
    before, here = where - 1, where
    story = told(script, (side, "A-1", before), (other, "A-2", before), (side, "A-3", here), (other, "A-4", here))
    assert (story.at, story.end, blamed(story), story.by) == (where, BROKEN, [(other, "A-2", before)], other)
    story = told(script, (side, "A-1", before), (side, "A-3", here), (other, "A-4", here), (side, "A-5", 1), (side, "A-6", 9))
    assert (blamed(story), story.by) == ([(side, "A-3", here)], side)


def test_a_refusal_blames_nobody_for_what_stood_right_before() -> None:
    script = server_challenged()
    code(3, "SyncHdr", "500")(script)
    story = told(script, ("server", "A-1", 2), ("client", "A-2", 3), ("server", "A-3", 4))
    assert (story.end, story.at, blamed(story), story.by) == (REFUSED, 3, [], "")
    cut_off(4)(script)
    code(3, "SyncHdr", "200")(script)
    at(script, 3).message.final = False
    story = told(script, ("server", "A-1", 2), ("client", "A-2", 3), ("server", "DM-AUTH-021", 4), ("client", "DM-AUTH-005", 3))
    assert (story.end, blamed(story)) == (REFUSED, [("client", "DM-AUTH-005", 3)])


def test_names_of_a_session_are_bounded() -> None:
    script = update()
    cut_off(2)(script)
    both(header(0, session_id="7" * 17, source="d" * 81), header(1, session_id="7" * 17))(script)
    assert (told(script).session_id, told(script).device) == ("7" * 16 + "...", "d" * 80 + "...")
    both(header(0, session_id="7" * 16, source="d" * 80), header(1, session_id="7" * 16))(script)
    assert (told(script).session_id, told(script).device) == ("7" * 16, "d" * 80)


def test_a_session_of_which_the_server_alone_was_heard() -> None:
    script = update()
    for n in range(4):
        data(n, session="x")(script)
    at(script, 0).raw = at(script, 2).raw = b"?"
    story = told(script)
    assert (story.session_id, story.device, story.exchanges) == ("1", DEVICE_ID, 2)
    at(script, 1).raw = at(script, 3).raw = b"?"
    story = told(script)
    assert (story.session_id, story.device, story.end, story.at) == ("", "", BROKEN, 1)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"status": 500, "media": " Text/HTML ; charset=x", "size": 3}, "HTTP 500,  Text/HTML , 3 octets"),
        ({"status": None, "media": "x" * 61, "size": 0}, f"{'x' * 60}..., 0 octets"),
        ({"status": 200, "media": "", "size": 7}, "HTTP 200, 7 octets"),
    ],
)
def test_what_is_said_of_a_body_that_is_no_message(values: dict[str, Any], words: str) -> None:
    script = update()
    no_response(script, 1, raw=b"?", **values)
    assert told(script).what == f"the server answered with what is no message ({words})"


@pytest.mark.parametrize(("value", "end"), [("399", BROKEN), ("499", BROKEN), ("500", BROKEN), ("200", COMPLETE), ("", COMPLETE)])
def test_which_codes_refuse_a_message(value: str, end: str) -> None:
    script = update()
    code(3, "SyncHdr", value)(script)
    assert told(script).end == end


@pytest.mark.parametrize("value", ["401", "407"])
def test_a_challenge_that_is_taken_up_refuses_no_message(value: str) -> None:
    script = challenged()
    code(1, "SyncHdr", value)(script)
    assert told(script).end == COMPLETE


def test_a_warning_and_a_pass_are_no_departure() -> None:
    script = update()
    findings: list[tuple[str, str, int | None]] = [
        ("client", "A-1 pass", 1), ("client", "A-2 warn", 1), ("client", "A-6", None), ("server", "A-3", 2),
        ("client", "A-4", 3), ("client", "A-5", 99),
    ]  # fmt: skip
    story = told(script, *findings)
    assert story.first is not None and (story.first.side, story.first.finding.requirement) == ("server", "A-3")
