"""Rules of what is seen on any message, fetch or trigger: each over a transcript that obeys and one that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from judge_builder import (
    Mark,
    Script,
    aborted,
    answers,
    basic,
    commanded,
    dev_info,
    item,
    large,
    md5_chal,
    results,
    update,
    with_mac,
)
from judge_scripts import at, both, change, code, data, first_item, generic, header, raw, retried_md5, right_md5, seen, with_sizes

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.syncml.codec import encode
from conformance.syncml.model import Add, Alert, Get, Replace, Results, Sequence, Status
from conformance.transcript import CONTENT, DEVICE, SERVER

Base = Callable[[], Script]
Spoil = Callable[[Script], Any]
DD = "application/vnd.oma.dd+xml"
DATA = b"\x4f\x03http://dl.example.test/fw.bin\x00\x01"
"""The address of the package as Data in WBXML."""
FIELDS = {"version": 11, "future": 0, "ui_mode": 0, "initiator": 1, "session_id": 0x1A, "server_id": "com.example.dm"}
PUSH = "010603c4af87" + "*" * 32 + "02d80000000012"


# -- scripts -------------------------------------------------------------------------------------------------------------


def property_of_node(node: str, name: str, value: str) -> Script:
    """As :func:`property_got`, of any node."""
    script = property_got(name, value)
    at(script, 1).one(Get).items[0].target = at(script, 2).one(Results).items[0].source = f"{node}?prop={name}"
    return script


def listed() -> Script:
    """A Get of a StructData. Steps as in :func:`property_got`."""
    script = property_got("Name", "x")
    at(script, 1).one(Get).items[0].target = "./Some?list=StructData"
    at(script, 2).one(Results).items = [
        item("./Some", source=True, format="node"), item("./Some/Leaf", "1", source=True, format="int"),
    ]
    return script


def large_told() -> Script:
    """A large object, and LrgObj read at the end. Steps: those of large, but 7 is the Get, 8 its answer, 9 the end."""
    script = large()
    script.steps.pop()
    last = at(script, 6)
    get = Get(items=[item("./DevDetail/LrgObj")])
    script._ids["server"] -= 1
    asked = script.server(*answers(last), get)
    told_ = script.client(*answers(asked), results(asked, get, item("./DevDetail/LrgObj", "true", source=True, format="bool")))
    script.server(*answers(told_))
    return script


def long_alert() -> Script:
    """LrgObj is read; then an alert comes in two pieces. Steps: 0 package 1, 1 Get, 2 answer and first piece, 3 next
    message, 4 last piece, 5 end."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    get = Get(items=[item("./DevDetail/LrgObj")])
    two = script.server(*answers(one, "212"), get)
    kind = {"format": "chr", "type": "x-test:thing"}
    first = Alert(data="1226", items=[item("./A", "x" * 10, source=True, more=True, size="20", **kind)])
    told_ = results(two, get, item("./DevDetail/LrgObj", "true", source=True, format="bool"))
    three = script.client(*answers(two), told_, first, final=False)
    four = script.server(*answers(three), Alert(data="1222"), final=False)
    five = script.client(*answers(four), Alert(data="1226", items=[item("./A", "y" * 10, source=True, **kind)]))
    script.server(*answers(five))
    return script


def given_up() -> Script:
    """A session that the client aborts in words, then another. Steps as in aborted, then 4 and 5."""
    script = aborted("client")
    script.open("2")
    script.server(*answers(script.client(Alert(data="1201"), dev_info(), cred=basic()), "212"))
    return script


def two_alerts() -> Script:
    """A Generic Alert of two Items, each with a Status of its own."""
    script = Script()
    kind = {"format": "chr", "type": "x-test:thing"}
    alert = Alert(data="1226", items=[item("./A", "1", source=True, **kind), item("./B", "2", source=True, **kind)])
    one = script.client(Alert(data="1201"), dev_info(), alert, cred=basic())
    head, session, info, first = answers(one, "212")
    assert isinstance(first, Status)
    first.source_refs = ["./A"]
    second = Status(msg_ref="1", cmd_ref=first.cmd_ref, cmd="Alert", source_refs=["./B"], data="415")
    script.server(head, session, info, first, second)
    return script


def wbxml() -> Script:
    return update("wbxml")


def property_got(name: str, value: str | bytes, encoding: str = "xml") -> Script:
    """A Get of a property. Steps: 0 package 1, 1 Get, 2 its answer, 3 end."""
    script = Script(encoding)
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    get = Get(items=[item(f"./Some/Node?prop={name}")])
    two = script.server(*answers(one, "212"), get)
    meta = {"format": "bin"} if isinstance(value, bytes) else {}
    three = script.client(*answers(two), results(two, get, item(f"./Some/Node?prop={name}", value, source=True, **meta)))
    script.server(*answers(three))
    return script


def triggered(script: Script, session_id: int = 0x1A, **fields: Any) -> Mark:
    told = {"octets": PUSH, "fields": {**FIELDS, "session_id": session_id, **fields}, "facts": {"digest": "right"}}
    return script.mark("trigger", SERVER, DEVICE, **told)


def begun(script: Script, session_id: str, code: str = "1200") -> None:
    script.open(session_id)
    script.label = f"s{script.exchange + 1}"
    script.server(*answers(script.client(Alert(data=code), dev_info())))


def after_trigger(code: str = "1200") -> Script:
    """Steps: 0 trigger, 1 and 2 its session."""
    script = Script()
    triggered(script)
    begun(script, "1A", code)
    return script


def two_triggers(second: int = 0x1A) -> Script:
    """Two triggers before any session."""
    script = Script()
    triggered(script)
    triggered(script, second)
    begun(script, "1A")
    return script


def sequence(more: bool = False) -> Script:
    piece = item("./A", "x" * 9, format="chr", **({"size": "20"} if more else {}), more=more)
    return commanded(Sequence(commands=[Replace(items=[piece])]))


def fetched(side: str, **told: Any) -> Script:
    """A download by descriptor. Steps: 0-3 the session with Exec, 4 descriptor, 5 object, 6 status report, then 7, 8 the
    session that reports."""
    script = update()
    del script.steps[4]
    later = script.steps[4:]
    script.steps = script.steps[:4]
    summary = {
        "object": "http://dl.example.test/fw.bin?a=1", "notify": "http://dl.example.test/n/1", "size": 1000,
        "types": ["application/octet-stream"], "version": "1.0", "code": 0, "fault": "", "namespace": True, "escaped": True,
    }
    plain = {"fault": "", "error": "", "body": "", "sent": 1000, "length": 1000}
    other = CONTENT if side == "client" else SERVER
    script.mark(
        "http", DEVICE, other, method="GET", url="http://dl.example.test/fw.dd", status=200, descriptor=summary | told,
        headers=[["Accept", f"{DD}, */*;q=0.1"]], reply_headers=[["Content-Type", DD]], **plain,
    )
    script.mark(
        "http", DEVICE, other, method="GET", url="http://dl.example.test/fw.bin?a=1", status=200, headers=[],
        reply_headers=[["Content-Type", "application/octet-stream"], ["Content-Length", "1000"]], **plain,
    )
    script.mark(
        "http", DEVICE, other, method="POST", url="http://dl.example.test/n/1", status=200, headers=[], reply_headers=[],
        **plain | {"body": "900 Success\r\n"},
    )
    script.steps += later
    return script


def by_client(**told: Any) -> Base:
    return lambda: fetched("client", **told)


def by_server(**told: Any) -> Base:
    return lambda: fetched("server", **told)


def bad_descriptor(code: int, fault: str) -> Base:
    """One that is refused: no fetch of the object, and the report with its code."""

    def base() -> Script:
        script = fetched("client", code=code, fault=fault, version="")
        del script.steps[5]
        mark(script, 5, body=f"{code} because")
        return script

    return base


def mark(script: Script, n: int, **values: Any) -> None:
    step = script.steps[n]
    assert isinstance(step, Mark)
    step.data.update(values)


def marked(n: int, **values: Any) -> Spoil:
    """Changes what the transcript says of an event that is no message."""
    return lambda script: mark(script, n, **values)


def told(n: int, **values: Any) -> Spoil:
    """Changes the summary of a descriptor."""

    def spoil(script: Script) -> None:
        step = script.steps[n]
        assert isinstance(step, Mark)
        step.data["descriptor"] = step.data["descriptor"] | values

    return spoil


def again(n: int, **values: Any) -> Spoil:
    """Lets an event happen once more, a little different."""

    def spoil(script: Script) -> None:
        step = script.steps[n]
        assert isinstance(step, Mark)
        script.steps.insert(n + 1, Mark(step.kind, step.sender, step.receiver, step.data | values))

    return spoil


def gone(n: int) -> Spoil:
    return lambda script: script.steps.pop(n)


def in_xml(n: int) -> Spoil:
    """Sends a message as XML in a session of WBXML."""

    def spoil(script: Script) -> None:
        step = at(script, n)
        step.raw = encode(step.message, "xml")
        step.data["media"] = "application/vnd.syncml.dm+xml"

    return spoil


def spoilt(n: int, octets: bytes, reason: str) -> Spoil:
    """A body that begins as WBXML and cannot be read."""

    def spoil(script: Script) -> None:
        at(script, n).raw = octets
        at(script, n).data["fault"] = {"reason": reason, "offset": 7}

    return spoil


def long_data() -> Script:
    script = wbxml()
    change_item = first_item(1, Replace, data=bytes(range(1, 255)) + b"\xff", meta=None)
    change_item(script)
    at(script, 1).one(Replace).items[0].meta = item("x", format="bin").meta
    return script


def in_wbxml(base: Base) -> Base:
    def made() -> Script:
        script = base()
        script.encoding = "wbxml"
        return script

    return made


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


