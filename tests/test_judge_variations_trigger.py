"""Rules of triggers, WBXML, versions and connections, at their edges: what is held against a side, and what is not."""

from __future__ import annotations

from typing import Any

import pytest
from judge_builder import CATALOGUE, Script, answers, basic, commanded, dev_info, item, update
from judge_scripts import old
from judge_seen import (
    FIELDS,
    ONCE,
    TWICE,
    Row,
    after_trigger,
    begun,
    each_row,
    in_wbxml,
    in_xml,
    marked,
    said_of,
    spoilt,
    triggered,
    two_triggers,
    wbxml,
)
from judge_spoils import at, both, change, code, data, header, raw
from test_judge_rules_trigger import two_sessions

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.judge.rule import standing
from conformance.judge.rules_trigger import _headers
from conformance.syncml.model import Alert, Get, Replace
from conformance.transcript import DEVICE, SERVER, Event, Transcript


def times(n: int) -> list[Any]:
    return [(PASS, None, f"{n} times")]


def nothing(script: Script) -> None:
    """The script as it is."""


def told(n: int, **fields: Any) -> Any:
    """A trigger with other fields."""
    return marked(n, fields={**FIELDS, **fields})


def push(head: str) -> Any:
    return marked(0, octets=head + "*" * 32)


def wish(verb: str) -> Any:
    return lambda script: script.steps.insert(1, script.mark("hook", verb=verb))


def third(script: Script) -> None:
    """One more trigger after two of the first id."""
    triggered(script, 0x1A)
    script.steps.insert(2, script.steps.pop())


def stranger(script: Script) -> None:
    """A session of another device."""
    begun(script, "77", "1201")
    at(script, len(script.steps) - 2).message.header.source = "imei:2"


ROWS: list[tuple[str, str, Any, Any, list[Any]]] = [
    # -- form of a trigger
    ("DM-NOTI-001", "server", after_trigger, marked(0, made=True, fault="x"), []),
    ("DM-NOTI-001", "server", after_trigger, lambda s: setattr(s.steps[0], "sender", DEVICE), []),
    ("DM-NOTI-002", "server", after_trigger, nothing, ONCE),
    ("DM-NOTI-002", "server", after_trigger, marked(0, fields={}), []),
    ("DM-NOTI-003", "server", after_trigger, told(0, future=None), [(FAIL, 1, "None")]),
    ("DM-NOTI-004", "server", after_trigger, nothing, ONCE),
    ("DM-NOTI-004", "server", after_trigger, marked(0, facts="x"), []),
    ("DM-NOTI-004", "server", after_trigger, marked(0, facts={"digest": "healing"}), [(WARN, 1, "one with the nonce 0x00000000")]),
    ("DM-NOTI-004", "server", two_triggers, marked(1, facts={"digest": "healing"}), TWICE),
    ("DM-NOTI-004", "server", two_triggers, both(marked(0, facts={"digest": "wrong"}), marked(1, facts={"digest": "healing"})),
     [(FAIL, 1, "another value"), (WARN, 2, "one with the nonce 0x00000000")]),
    # -- the push
    ("DM-NOTI-010", "server", after_trigger, push("010603c4af87"), ONCE),
    ("DM-NOTI-010", "server", after_trigger, push("01060401c4af87"), [(WARN, 1, "01 c4 af 87")]),
    ("DM-NOTI-010", "server", after_trigger, push("010605c48181af87"), [(WARN, 1, "c4 81 81 af 87")]),
    ("DM-NOTI-010", "server", after_trigger, push("010603af87c4"), [(FAIL, 1, "af 87 c4")]),
    ("DM-NOTI-010", "server", after_trigger, push("0106"), []),
    ("DM-NOTI-010", "server", after_trigger, push("01068003c4af87"), ONCE),
    ("DM-NOTI-011", "server", after_trigger, push("010630c4af87" + "00" * 45), ONCE),
    ("DM-NOTI-011", "server", after_trigger, push("010631c4af87" + "00" * 46), [(FAIL, 1, "49")]),
    ("DM-NOTI-011", "server", after_trigger, push("01068131c4af87"), [(FAIL, 1, "177")]),
    ("PUSH-001", "server", after_trigger, push("01060401c4af87"), ONCE),
    ("PUSH-002", "server", after_trigger, push("01060401c4af87"), ONCE),
    ("PUSH-002", "server", after_trigger, push("010605c48181af87"), ONCE),
    ("PUSH-002", "server", after_trigger, push("010603af87c4"), []),
    ("PUSH-003", "server", after_trigger, nothing, ONCE),
    # -- ids of triggers
    ("DM-NOTI-013", "server", two_sessions, nothing, TWICE),
    ("DM-NOTI-013", "server", after_trigger, told(0, session_id="1A"), []),
    ("DM-NOTI-013", "server", two_triggers, nothing, TWICE),
    ("NOTI-008", "server", two_sessions, told(3, session_id=0x1A), [(FAIL, 4, "1A")]),
    ("DM-NOTI-015", "server", two_triggers, nothing, ONCE),
    ("DM-NOTI-015", "server", two_triggers, told(1, session_id=0x1B), [(WARN, 2, "1B")]),
    *(("DM-NOTI-015", "server", two_triggers, both(told(1, session_id=0x1B), wish(verb)), [])
      for verb in ("campaign", "update", "enrol", "reset", "up_to_date")),
    ("DM-NOTI-015", "server", two_triggers, both(told(1, session_id=0x1B), wish("battery")), [(WARN, 3, "1B")]),
    ("DM-NOTI-015", "server", two_triggers, both(told(1, session_id=0x1B), marked(1, made=True)), []),
    ("DM-NOTI-015", "server", two_triggers, both(told(1, session_id=0x1B), lambda s: setattr(s.steps[1], "sender", DEVICE)), []),
    ("DM-NOTI-015", "server", two_triggers, told(1, session_id=None), []),
    ("DM-NOTI-015", "server", two_triggers, both(told(1, session_id=0x1B), stranger), []),
    ("DM-NOTI-015", "server", two_triggers, both(third, told(1, session_id=0x1B)), [(WARN, 2, "1B"), (WARN, 3, "1A")]),
    ("DM-NOTI-015", "server", two_sessions, nothing, []),
    # -- sessions after triggers
    *((name, "client", after_trigger, nothing, ONCE) for name in ("NOTI-011", "NOTI-007", "DM-NOTI-007", "DM-HDR-004")),
    ("NOTI-011", "client", after_trigger, told(0, session_id=0), []),
    ("NOTI-011", "client", after_trigger, told(0, session_id=0x10000), []),
    ("NOTI-011", "client", after_trigger, told(0, session_id=0xFFFF), [(FAIL, 2, "1A")]),
    ("NOTI-011", "client", after_trigger, marked(0, made=True), []),
    ("NOTI-011", "client", lambda: after_trigger("1201"), nothing, []),
    ("NOTI-011", "client", lambda: two_triggers(0x1B), nothing, ONCE),
    ("NOTI-011", "client", lambda: two_triggers(0x1B), header(2, session_id="1C"), [(FAIL, 3, "1C")]),
    ("DM-SES-002", "client", after_trigger, nothing, ONCE),
    ("DM-SES-002", "client", lambda: after_trigger("1201"), told(0, initiator=0), ONCE),
    ("DM-SES-002", "client", lambda: after_trigger("1201"), nothing, [(WARN, 2, "Alert 1201")]),
    ("DM-SES-002", "client", lambda: after_trigger("1201"), header(1, session_id="7"), []),
    ("DM-SES-002", "client", update, change(0, Alert, data="1200"), [(WARN, 1, "Alert 1200")]),
    ("DM-SES-002", "client", update, nothing, TWICE),
    # -- WBXML
    ("WBXML-001", "client", wbxml, data(0, media="Application/Vnd.Syncml.DM+WBXML ; q=1"), times(3)),
    ("WBXML-001", "client", update, data(0, media=None), TWICE),
    ("WBXML-002", "client", wbxml, raw(0, b"\x02\xa4\x01\x6a", b"\x01\xa4\x01\x6a"), times(3)),
    ("WBXML-002", "client", wbxml, raw(0, b"\x02\xa4\x01\x6a", b"\x03\xa4\x01\x6a"), times(3)),
    ("WBXML-002", "client", update, nothing, []),
    ("WBXML-009", "client", wbxml, nothing, times(3)),
    ("WBXML-009", "client", wbxml, spoilt(0, b"\x02\xa4\x01\x6a\x00\x70", "cut"), TWICE),
    ("WBXML-009", "client", wbxml, both(spoilt(0, b"\x02\x70", "token 0x30 is not defined on the page of x"), data(0, made=True)), TWICE),
    ("WBXML-009", "client", wbxml, spoilt(0, b"\x04\x70", "token 0x30 is not defined on the page of x"), TWICE),
    ("WBXML-009", "server", wbxml, spoilt(1, b"\x01\x70", "token 0x30 is not defined on the page of x"),
     [(FAIL, 2, "token 0x30 is not defined on the page of x")]),
    ("WBXML-009", "server", wbxml, spoilt(0, b"\x01\x70", "token 0x30 is not defined on the page of x"), times(3)),
    ("WBXML-018", "server", wbxml, nothing, []),
    ("WBXML-018", "server", in_wbxml(lambda: commanded(Replace(items=[item("./A", b"\1" * 128, format="bin")]))), nothing, ONCE),
    ("WBXML-018", "server", in_wbxml(lambda: commanded(Replace(items=[item("./A", b"\1" * 127, format="bin")]))), nothing, []),
    ("WBXML-018", "client", wbxml, spoilt(0, b"\x02\x70", "OPAQUE of 9 octets"), [(FAIL, 1, "OPAQUE of 9 octets")]),
    ("WBXML-031", "server", wbxml, in_xml(3), [(WARN, 4, "xml")]),
    ("WBXML-031", "server", wbxml, both(in_xml(3), in_xml(2)), ONCE),
    ("WBXML-031", "server", wbxml, both(in_xml(3), data(0, headers=[["accept", "*/*"]])), ONCE),
    ("WBXML-031", "server", wbxml, both(in_xml(3), data(0, headers=[["Accept", "text/html"]])), [(WARN, 4, "xml")]),
    ("WBXML-031", "server", wbxml, in_xml(1), ONCE),
]  # fmt: skip


@each_row(ROWS)
def test_what_is_said_of_a_trigger(row: Row) -> None:
    assert said_of(*row[:4]) == row[4]


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("010603", (3, 3)), ("01067f", (3, 127)), ("01068100", (4, 128)), ("0106818000", (5, 16384)), ("0106", (0, 0)), ("01", (0, 0)),
        ("", (0, 0)), ("010680", (0, 0)), ("01068080808000", (7, 0)), ("0106808080808000", (0, 0)),
    ],
)  # fmt: skip
def test_push_003_the_length_of_headers_is_a_number_of_seven_bits_each(head: str, found: tuple[int, int]) -> None:
    assert _headers(bytes.fromhex(head)) == found


@pytest.mark.parametrize(
    ("version", "outcome"), [("SSLv1", FAIL), ("SSLv2", FAIL), ("SSLv3", PASS), ("TLSv1.2", PASS), (None, None), ("", None)]
)
def test_dm_tls_003_old_connections(version: str | None, outcome: str | None) -> None:
    events = [Event(4, 0.0, "tls", DEVICE, SERVER, {"version": version})]
    for side in ("client", "server"):
        found = [f for f in standing(Transcript(events), side, CATALOGUE) if f.requirement == "DM-TLS-003"]
        assert [f.outcome for f in found] == ([outcome] if outcome else [])
        for each in found:
            assert outcome == PASS or (each.actual, each.event) == (version, 4)


@pytest.mark.parametrize(
    ("target", "kind", "outcome"),
    [
        ("./A", None, PASS), ("./A?list=Struct", None, PASS), ("./A?list=TNDS", None, WARN), ("./A?LIST=tnds+X", None, WARN),
        ("./A", "application/vnd.syncml.DMTNDS+xml", WARN), (None, "application/vnd.syncml.dmtnds+wbxml", WARN),
    ],
)  # fmt: skip
def test_dm_v11_002_no_serialised_tree_goes_to_an_old_client(target: str | None, kind: str | None, outcome: str) -> None:
    script = Script(version="1.1")
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    asked = Replace(items=[item(target or "", "x", format="chr", type=kind)])
    two = script.server(*answers(one, "212"), asked)
    script.server(*answers(script.client(*answers(two))))
    found = [f for f in script.judge("server", version="1.1.2") if f.requirement == "DM-V11-002"]
    assert {f.outcome for f in found} == {outcome}
    assert outcome == PASS or [(f.event, f.actual) for f in found] == [(2, target or "Replace")]


@pytest.mark.parametrize(
    ("dtd", "proto", "code_", "outcome"),
    [
        ("1.1", "DM/1.1", "212", PASS), ("1.2", "DM/1.1", "212", WARN), ("1.1", "DM/1.2", "212", WARN), ("1.2", "DM/1.2", "505", PASS),
        ("1.2", "DM/1.2", "513", PASS), ("1.2", "DM/1.2", "500", WARN), (" 1.1 ", " DM/1.1\n", "212", PASS),
        (None, "DM/1.1", "212", WARN), ("1.1", None, "212", WARN),
    ],
)  # fmt: skip
def test_dm_v11_001_an_old_client_is_answered_in_kind_or_refused(dtd: str | None, proto: str | None, code_: str, outcome: str) -> None:
    script = old("server")()
    both(*(header(n, ver_dtd=dtd, ver_proto=proto) for n in (1, 3)), *(code(n, "SyncHdr", code_) for n in (1, 3)))(script)
    assert {f.outcome for f in script.judge("server", version="1.1.2") if f.requirement == "DM-V11-001"} == {outcome}


def of_both_versions() -> Script:
    """A session in DM 1.2, then one of a client of DM 1.1 that is answered in DM 1.2 and asked for a serialised tree."""
    script = Script()
    for session, spoken in (("1", "1.2"), ("2", "1.1")):
        script.open(session)
        one = script.client(Alert(data="1201"), dev_info(), cred=basic())
        one.message.header.ver_dtd, one.message.header.ver_proto = spoken, f"DM/{spoken}"
        script.server(*answers(one, "212"), Get(items=[item("./A?list=TNDS")]))
    return script


@pytest.mark.parametrize("requirement", ["DM-V11-001", "DM-V11-002"])
def test_each_session_is_judged_by_the_version_of_its_client(requirement: str) -> None:
    script = of_both_versions()
    found = [f for f in script.judge("server", version="") if f.requirement == requirement]
    wanted, came = ("1.1 and DM/1.1", "1.2 and DM/1.2") if requirement == "DM-V11-001" else ("no TNDS", "./A?list=TNDS")
    assert [(f.outcome, f.event, f.expected, f.actual) for f in found] == [(WARN, 4, wanted, came)]
    header(2, ver_dtd="1.2", ver_proto="DM/1.2")(script)
    assert [f for f in script.judge("server", version="") if f.requirement == requirement] == []


@pytest.mark.parametrize(("dtd", "old_"), [("1.1", True), ("1.1.2", True), ("1.2", False), ("2.1.1", False), (None, False)])
def test_dm_v11_002_what_is_old_is_told_by_the_version_of_the_client(dtd: str | None, old_: bool) -> None:
    script = of_both_versions()
    header(2, ver_dtd=dtd)(script)
    assert bool([f for f in script.judge("server", version="") if f.requirement == "DM-V11-002" and f.outcome == WARN]) is old_


def test_a_server_whose_client_was_not_heard_is_not_judged_by_its_version() -> None:
    script = of_both_versions()
    for step in script.steps:
        step.data["session"] = step.message.header.session_id
    del script.steps[2]
    assert {f.requirement for f in script.judge("server", version="")}.isdisjoint({"DM-V11-001", "DM-V11-002"})
