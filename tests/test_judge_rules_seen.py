"""Rules of what is seen on any message, fetch or trigger: each over a transcript that obeys and one that breaks it."""

from __future__ import annotations

import pytest
from judge_builder import (
    Mark,
    Script,
    basic,
    commanded,
    item,
    large,
    md5_chal,
    update,
    with_mac,
)
from judge_scripts import generic, retried_md5, right_md5, with_sizes
from judge_seen import (
    DATA,
    FIELDS,
    Base,
    Spoil,
    after_trigger,
    again,
    bad_descriptor,
    begun,
    by_client,
    by_server,
    fetched,
    given_up,
    gone,
    in_wbxml,
    in_xml,
    large_told,
    listed,
    long_alert,
    long_data,
    marked,
    property_got,
    property_of_node,
    sequence,
    spoilt,
    told,
    triggered,
    two_alerts,
    two_triggers,
    wbxml,
)
from judge_spoils import at, both, change, code, data, first_item, header, raw, seen

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.syncml.model import Add, Alert, Get, Replace, Results
from conformance.transcript import CONTENT, DEVICE

ROWS: list[tuple[str, str, Base, Spoil, str]] = [
    # -- WBXML
    ("WBXML-001", "client", update, data(0, media="application/vnd.syncml+xml"), FAIL),
    ("WBXML-001", "server", wbxml, data(1, media="application/vnd.syncml.dm+xml"), FAIL),
    ("WBXML-002", "client", wbxml, raw(0, b"\x02\xa4\x01\x6a", b"\x00\xa4\x01"), FAIL),
    ("WBXML-009", "client", wbxml, spoilt(0, b"\x02\xa4\x01\x6a\x00\x70", "token 0x30 is not defined on the page of syncml"), FAIL),
    ("WBXML-009", "server", wbxml, raw(1, b"\x00\x00" + DATA, DATA + b"\x00\x00"), FAIL),
    ("WBXML-010", "client", wbxml, raw(0, b"\x5a\x00\x01\x47\x03b64\x00\x01", b"\x5a\x47\x03b64\x00\x01\x00\x01"), WARN),
    ("WBXML-016", "server", wbxml, first_item(1, Replace, data=b"\xff\xfe\x00"), FAIL),
    ("WBXML-018", "server", long_data, spoilt(1, b"\x02\xa4\x01\x6a\x00\x6d", "OPAQUE of 9000 octets, only 3 are left"), FAIL),
    ("WBXML-020", "client", wbxml, raw(0, b"\x00\x6d", b"\x00\xed\x04\x00\x03SYNCML:SYNCML1.2\x00\x01"), WARN),
    ("WBXML-031", "server", wbxml, in_xml(3), WARN),
    ("WBXML-032", "client", in_wbxml(with_mac), seen(2, integrity={"type": "hmac", "result": "wrong", "nonce": ""}), FAIL),
    ("WBXML-033", "client", in_wbxml(right_md5), seen(2, credentials={"type": "md5", "result": "wrong", "nonce": ""}), WARN),
    ("WBXML-034", "server", in_wbxml(with_sizes), lambda s: setattr(at(s, 0).message.header.meta, "max_msg_size", "100"), WARN),
    # -- triggers
    ("NOTI-001", "server", after_trigger, marked(0, fault="at octet 3: cut", fields={}), FAIL),
    ("NOTI-002", "server", after_trigger, marked(0, fields={**FIELDS, "version": 12}), FAIL),
    ("NOTI-003", "server", after_trigger, marked(0, fields={**FIELDS, "future": 1}), FAIL),
    ("NOTI-004", "server", after_trigger, marked(0, facts={"digest": "wrong"}), FAIL),
    ("NOTI-008", "server", after_trigger, marked(0, fields={**FIELDS, "session_id": 0}), FAIL),
    ("PUSH-001", "server", after_trigger, marked(0, octets="01060d" + b"text/plain\0".hex() + "af87" + "*" * 32), FAIL),
    ("PUSH-002", "server", after_trigger, marked(0, octets="010603c4af85" + "*" * 32), FAIL),
    ("PUSH-003", "server", after_trigger, marked(0, octets="010631c4af87" + "00" * 46 + "*" * 32), FAIL),
    ("DM-NOTI-015", "server", two_triggers, marked(1, fields={**FIELDS, "session_id": 0x1B}), WARN),
    ("NOTI-011", "client", after_trigger, header(1, session_id="A1"), FAIL),
    ("DM-SES-002", "client", after_trigger, change(1, Alert, data="1201"), WARN),
    # -- values
    ("DM-ACL-008", "client", lambda: property_got("ACL", "Get=*&Replace=a.b+c"), first_item(2, Results, data="Get=*;Add=*"), FAIL),
    ("DM-ACL-008", "server", lambda: commanded(Replace(items=[item("./A?prop=ACL", "Get=*")])),
     first_item(1, Replace, data="Copy=*"), FAIL),
    ("DM-TND-016", "client", lambda: property_got("Size", "12"), first_item(2, Results, data="0x0C"), FAIL),
    ("DM-TND-016", "client", lambda: property_got("Name", "x", "wbxml"),
     first_item(2, Results, data=b"\xff\x00", meta=item("x", format="bin").meta), FAIL),
    ("DM-MSG-007", "server", sequence, lambda s: setattr(s, "steps", sequence(more=True).steps), WARN),
    ("DM-CMD-016", "client", update, lambda s: setattr(at(s, 5).one(Alert, 1), "correlator", "JOB"), FAIL),
    ("DM-ALERT-012", "client", update, lambda s: setattr(at(s, 5).one(Alert, 1), "correlator", "of nobody"), WARN),
    ("DM-ALERT-010", "client", update, lambda s: setattr(at(s, 5).one(Alert, 1).items[0], "source", "./Other"), FAIL),
    ("NOTI-007", "client", after_trigger, header(1, session_id="01a"), FAIL),
    ("DM-HDR-004", "client", after_trigger, header(1, session_id="01A"), FAIL),
    ("DM-NOTI-007", "client", after_trigger, header(1, session_id="26"), FAIL),
    ("DM-ACL-004", "client", lambda: property_of_node(".", "ACL", "Add=*"), first_item(2, Results, data=""), FAIL),
    ("DM-TND-010", "client", lambda: property_got("TStamp", "20010711T163817Z"),
     first_item(2, Results, data="2001-07-11T16:38:17Z"), FAIL),
    ("DM-TND-010", "client", lambda: property_got("VerNo", "65535"), first_item(2, Results, data="65536"), FAIL),
    ("DM-TND-012", "client", lambda: property_got("Name", "Node"), first_item(2, Results, data="Some"), FAIL),
    ("DM-TND-012", "client", lambda: property_got("Name", "Node"), first_item(2, Results, data="N%6Fde"), WARN),
    ("DM-STD-010", "client", lambda: property_of_node("./DevInfo", "Type", "urn:oma:mo:oma-dm-devinfo:1.0"),
     first_item(2, Results, data="text/plain"), FAIL),
    ("DM-TND-015", "client", lambda: property_of_node("./DevDetail", "Format", "node"), first_item(2, Results, data="chr"), FAIL),
    ("DM-TND-005", "client", lambda: commanded(Get(items=[item(".?prop=Size")]), Get="406"), code(2, "Get", "200"), FAIL),
    ("DM-LIST-002", "client", listed, lambda s: setattr(at(s, 2).one(Results).items[1], "source", None), FAIL),
    ("DM-STD-002", "client", update, lambda s: at(s, 0).one(Replace).items.pop(), FAIL),
    ("DM-TND-017", "client", lambda: commanded(Add(items=[item("./A?prop=Title", "x")]), Add="405"), code(2, "Add", "200"), FAIL),
    ("DM-TND-007", "client", lambda: commanded(Replace(items=[item("./A?prop=Type", "x")]), Replace="405"),
     code(2, "Replace", "200"), FAIL),
    ("DM-STD-007", "client", lambda: commanded(Get(items=[item("./Inbox")]), Get="405"), code(2, "Get", "406"), WARN),
    ("DM-STD-007", "client", lambda: commanded(Get(items=[item("./Inbox")]), Get="404"), code(2, "Get", "200"), FAIL),
    ("DM-STD-005", "client", large_told, first_item(8, Results, data="false"), FAIL),
    ("DM-LOB-002", "client", large_told, first_item(8, Results, data="false"), FAIL),
    ("DM-LOB-018", "client", long_alert, first_item(2, Results, data="false"), FAIL),
    ("DM-ABT-001", "client", given_up, lambda s: s.steps.__delitem__(slice(2, 4)), WARN),
    ("DM-LOB-021", "client", large, code(2, "Replace", "406"), WARN),
    ("DM-ALERT-014", "server", two_alerts, lambda s: at(s, 1).drop(at(s, 1).status("Alert", 2)), FAIL),
    # -- the device that fetches
    ("DL-004", "client", by_client(), marked(4, headers=[["Accept", "application/octet-stream"]]), WARN),
    ("DL-005", "client", bad_descriptor(906, "size is missing"),
     lambda s: s.steps.insert(5, Mark("http", DEVICE, CONTENT, {"method": "GET", "url": "http://dl.example.test/fw.bin?a=1"})), WARN),
    ("DL-006", "client", by_client(), gone(6), WARN),
    ("DL-007", "client", by_client(notify=""), lambda s: None, WARN),
    ("DL-008", "client", by_client(), marked(6, body="Success"), WARN),
    ("DL-008", "client", by_client(), marked(6, method="PUT"), WARN),
    ("DL-010", "client", by_client(), marked(5, status=404, sent=0), WARN),
    ("DL-011", "client", bad_descriptor(951, "DDVersion '2.0'"), marked(5, body="906 Invalid descriptor"), WARN),
    ("DL-011", "client", by_client(), marked(6, body="951 Invalid DDVersion"), WARN),
    ("DL-012", "client", bad_descriptor(906, "size is missing"), marked(5, body="952 Device Aborted"), WARN),
    ("DL-025", "client", by_client(), again(6), WARN),
    ("DL-025", "client", by_client(), both(marked(6, status=500), again(6, status=200, body="952 Device Aborted")), WARN),
    ("DL-029", "client", update, lambda s: s.steps.append(s.steps[4]), FAIL),
    # -- the server that publishes
    ("DL-001", "server", by_server(), marked(4, reply_headers=[["Content-Type", "text/xml"]]), WARN),
    ("DL-001", "server", by_server(), told(4, namespace=False), WARN),
    ("DL-002", "server", by_server(), told(4, size=999), WARN),
    ("DL-002", "server", by_server(), told(4, fault="size is missing or empty", code=906, size=0), WARN),
    ("DL-009", "server", by_server(), marked(6, status=415), WARN),
    ("DL-033", "server", by_server(), again(4, url="http://dl.example.test/other.dd"), WARN),
    ("DL-034", "server", by_server(), told(4, escaped=False), WARN),
    ("DL-035", "server", by_server(), marked(5, reply_headers=[]), WARN),
    ("DL-035", "server", by_server(), marked(5, headers=[["Range", "bytes=500-"]]), WARN),
]  # fmt: skip


def outcomes(script: Script, requirement: str, side: str) -> set[str]:
    return {finding.outcome for finding in script.judge(side) if finding.requirement == requirement}


def obeying(requirement: str, base: Base) -> Script:
    script = base()
    if requirement == "WBXML-032":
        seen(2, integrity={"type": "hmac", "result": "right", "nonce": "current"})(script)
    if requirement == "DL-007":
        del script.steps[6]
    return script


@pytest.mark.parametrize(("requirement", "side", "base", "spoil", "outcome"), ROWS, ids=[f"{r[0]}-{r[1]}" for r in ROWS])
def test_rule(requirement: str, side: str, base: Base, spoil: Spoil, outcome: str) -> None:
    assert outcomes(obeying(requirement, base), requirement, side) == {PASS}, "the obeying transcript"
    script = base()
    if requirement == "WBXML-018":
        assert outcomes(script, requirement, side) == {PASS}
    spoil(script)
    assert outcomes(script, requirement, side) == {outcome}, "the transcript that differs in one thing"


# -- what conforms, however odd ------------------------------------------------------------------------------------------


def test_a_size_of_32_bits_is_a_number() -> None:
    assert outcomes(property_got("Size", "4294967295"), "DM-TND-016", "client") == {PASS}


@pytest.mark.parametrize("value", ["", "Get=*", "Add=a+b&Delete=*", "Get=A&Replace=A&Get=B", "Exec=com.example:8080/x"])
def test_any_acl_of_the_grammar_is_right(value: str) -> None:
    assert outcomes(property_got("ACL", value), "DM-ACL-008", "client") == {PASS}


def test_labels_may_have_parameters_and_capitals() -> None:
    script = update()
    at(script, 0).data["media"] = "Application/vnd.syncml.DM+xml; charset=utf-8"
    assert outcomes(script, "WBXML-001", "client") == {PASS}


def test_1201_after_a_trigger_that_the_client_began_is_right() -> None:
    script = after_trigger("1201")
    marked(0, fields={**FIELDS, "initiator": 0})(script)
    assert outcomes(script, "DM-SES-002", "client") == {PASS}


def test_a_session_of_its_own_after_a_trigger_that_it_ignored_is_not_judged() -> None:
    script = Script()
    triggered(script)
    begun(script, "7", "1201")
    assert outcomes(script, "DM-SES-002", "client") == outcomes(script, "NOTI-011", "client") == set()


def test_an_encoding_that_the_client_offers_in_accept_may_come() -> None:
    script = wbxml()
    data(0, headers=[["Accept", "application/vnd.syncml.dm+xml, application/vnd.syncml.dm+wbxml"]])(script)
    in_xml(3)(script)
    assert outcomes(script, "WBXML-031", "server") == {PASS}


def test_a_correlator_is_not_judged_where_no_exec_was_seen() -> None:
    script = generic()()
    at(script, 0).one(Alert, 1).correlator = "from before"
    assert outcomes(script, "DM-ALERT-012", "client") == set()


def test_a_report_that_was_not_taken_may_come_again() -> None:
    script = fetched("client")
    both(marked(6, status=503), again(6, status=200))(script)
    assert outcomes(script, "DL-025", "client") == {PASS}


def test_an_object_in_two_pieces_has_the_size_of_the_whole() -> None:
    script = fetched("server")
    part = {"status": 206, "length": 500, "reply_headers": [["Content-Range", "bytes 500-999/1000"], ["Content-Length", "500"]]}
    again(5, **part, headers=[["Range", "bytes=500-"]])(script)
    marked(5, error="cut", sent=500)(script)
    assert outcomes(script, "DL-002", "server") == outcomes(script, "DL-035", "server") == {PASS}


def test_a_further_challenge_with_the_same_nonce_is_tolerated() -> None:
    script = retried_md5("ZmVkY2JhOTg3NjU0MzIxMQ==")
    at(script, 0).message.header.cred = basic()
    same = at(script, 1).status("SyncHdr").chal
    at(script, 3).status("SyncHdr").chal = same
    assert outcomes(script, "DM-AUTH-013", "server") == {WARN}


def test_an_empty_nonce_for_credentials_that_are_asked_for_again_fails() -> None:
    from judge_builder import challenged

    script = challenged()
    status = at(script, 4).status("SyncHdr")
    status.data, status.chal = "200", md5_chal("")
    assert outcomes(script, "DM-AUTH-022", "client") == {FAIL}
    status.chal = None
    assert outcomes(script, "DM-AUTH-022", "client") == set()


