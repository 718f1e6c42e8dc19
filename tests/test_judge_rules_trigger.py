"""Rules of trigger messages and of versions, each over a transcript that obeys and one that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from judge_builder import Mark, Script, Step, answers, dev_info, header_status, item, md5_chal, results

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.syncml.model import Alert, Get, Item
from conformance.transcript import DEVICE, SERVER

Spoil = Callable[[Script], Any]
FIELDS = {"version": 11, "future": 0, "ui_mode": 0, "initiator": 1, "session_id": 0x1A, "server_id": "com.example.dm"}
GOOD = "010603c4af87" + "*" * 32 + "02d80000000012"


def triggered(script: Script, **changed: Any) -> Mark:
    data = {"octets": GOOD, "fields": {**FIELDS, **changed}, "facts": {"digest": "right"}}
    return script.mark("trigger", SERVER, DEVICE, **data)


def session(script: Script, session_id: str, code: str = "1200") -> None:
    script.open(session_id)
    script.label = f"s{script.exchange + 1}"
    script.server(*answers(script.client(Alert(data=code), dev_info())))


def two_sessions() -> Script:
    script = Script()
    triggered(script)
    session(script, "1A")
    triggered(script, session_id=0x1B)
    session(script, "1B")
    return script


def old_client() -> Script:
    script = Script(version="1.1")
    session(script, "1", "1201")
    return script


def first(**data: Any) -> Spoil:
    """Changes what the transcript has about the first trigger."""

    def spoil(script: Script) -> None:
        mark = script.steps[0]
        assert isinstance(mark, Mark)
        mark.data.update(data)

    return spoil


def field(step: int, **values: Any) -> Spoil:
    """Changes fields of a trigger."""

    def spoil(script: Script) -> None:
        mark = script.steps[step]
        assert isinstance(mark, Mark)
        mark.data["fields"] = {**mark.data["fields"], **values}

    return spoil


def newer(script: Script) -> None:
    answer = script.steps[1]
    assert isinstance(answer, Step)
    answer.message.header.ver_dtd, answer.message.header.ver_proto = "1.2", "DM/1.2"


ROWS: list[tuple[str, Callable[[], Script], Spoil, str]] = [
    ("DM-NOTI-001", two_sessions, first(fault="at octet 3: cut", fields={}), FAIL),
    ("DM-NOTI-002", two_sessions, field(0, version=10), FAIL),
    ("DM-NOTI-003", two_sessions, field(0, future=1), FAIL),
    ("DM-NOTI-004", two_sessions, first(facts={"digest": "wrong"}), FAIL),
    ("DM-NOTI-004", two_sessions, first(facts={"digest": "healing"}), WARN),
    ("DM-NOTI-010", two_sessions, first(octets="010601c4" + "*" * 32), FAIL),
    ("DM-NOTI-010", two_sessions, first(octets="010603af87c4" + "*" * 32), FAIL),
    ("DM-NOTI-011", two_sessions, first(octets="010631c4af87" + "00" * 46 + "*" * 32), FAIL),
    ("DM-NOTI-013", two_sessions, field(0, session_id=0), FAIL),
    ("DM-NOTI-013", two_sessions, field(3, session_id=0x1A), FAIL),
    ("DM-V11-001", old_client, newer, WARN),
]


def outcomes(script: Script, requirement: str) -> set[str]:
    return {finding.outcome for finding in script.judge("server") if finding.requirement == requirement}


@pytest.mark.parametrize(("requirement", "made", "spoil", "outcome"), ROWS)
def test_a_breach_is_found(requirement: str, made: Callable[[], Script], spoil: Spoil, outcome: str) -> None:
    script = made()
    assert outcomes(script, requirement) == {PASS}
    spoil(script)
    assert outcomes(script, requirement) == {outcome}


def test_the_same_trigger_once_more_is_no_breach() -> None:
    script = Script()
    triggered(script)
    triggered(script)
    session(script, "1A")
    assert outcomes(script, "DM-NOTI-013") == {PASS}


@pytest.mark.parametrize("octets", ["", "01", "0106", "01068080808080", "zz", "0106ff" + "*" * 4, None, 7])
def test_a_strange_push_is_not_judged_by_its_head(octets: Any) -> None:
    script = two_sessions()
    first(octets=octets)(script)
    assert outcomes(script, "DM-NOTI-001") == {PASS}
    assert outcomes(script, "DM-NOTI-010") == {PASS}


def test_a_version_may_be_refused() -> None:
    script = old_client()
    newer(script)
    answer = script.steps[1]
    assert isinstance(answer, Step)
    answer.status("SyncHdr").data = "505"
    assert outcomes(script, "DM-V11-001") == {PASS}


def test_dm_noti_015_repeated_trigger_has_the_id_of_the_first() -> None:
    script = Script()
    triggered(script)
    triggered(script)
    assert outcomes(script, "DM-NOTI-015") == {PASS}
    triggered(script, session_id=0x1B)
    assert outcomes(script, "DM-NOTI-015") == {WARN}


@pytest.mark.parametrize("verb", ["campaign", "update"])
def test_dm_noti_015_a_wish_of_the_operator_is_another_session(verb: str) -> None:
    script = Script()
    triggered(script)
    script.mark("hook", SERVER, DEVICE, verb=verb)
    triggered(script, session_id=0x1B)
    session(script, "1B")
    triggered(script, session_id=0x1C)
    assert outcomes(script, "DM-NOTI-015") == set()


def healed(chal: Any, code: str = "212", digest: str = "resync") -> set[str]:
    """What is said of a device whose package 3 follows a trigger made with that digest."""
    script = Script()
    triggered(script, digest=digest)
    script.open("1A")
    script.label = "s1"
    get = Get(items=[Item(target="./DevInfo/Man")])
    asked = script.server(*answers(script.client(Alert(data="1200"), dev_info())), get)
    script.client(header_status(asked, code, chal), results(asked, get, item("./DevInfo/Man", "x", source=True)))
    script.server()
    return {finding.outcome for finding in script.judge("client") if finding.requirement == "NOTI-018"}


def test_noti_018_device_gives_a_nonce_after_a_resync() -> None:
    assert healed(md5_chal()) == {PASS}
    assert healed(None) == {WARN}
    assert healed(None, digest="right") == set()
    assert healed(md5_chal(), "401") == set()
