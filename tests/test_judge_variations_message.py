"""Rules of the head, the form and the way of messages, at their edges: what is held against a side, and what is not."""

from __future__ import annotations

from typing import Any

from judge_builder import (
    DEVICE_ID,
    URL,
    Script,
    aborted,
    challenged,
    commanded,
    item,
    large,
    update,
    with_mac,
)
from judge_scripts import quiet_end, with_sizes
from judge_seen import ONCE, TWICE, Row, each_row, said_of
from judge_spoils import at, both, change, data, first_item, header, labelled, no_response, seen

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.syncml.model import Add, Alert, Copy, Exec, Get, Item, Meta, Replace, Results, Sequence


def times(n: int) -> list[Any]:
    return [(PASS, None, f"{n} times")]


def nothing(script: Script) -> None:
    """The script as it is."""


def by(values: dict[str, Any], *places: int) -> Any:
    return both(*(data(n, **values) for n in places))


MAX = [(FAIL, 2, "1228"), (FAIL, 4, "435")]
ROWS: list[tuple[str, str, Any, Any, list[Any]]] = [
    # -- HTTP
    ("DM-HTTP-001", "client", update, data(0, method=None), TWICE),
    ("DM-HTTP-003", "client", update, data(0, headers=[["ACCEPT", "text/html"], ["accept", "Application/vnd.syncml.DM+wbxml"]]), ONCE),
    ("DM-HTTP-003", "client", update, data(0, headers=[["Accept", "*/*"]]), ONCE),
    ("DM-HTTP-003", "client", update, data(0, headers=[["Accept", "application/*"]]), ONCE),
    ("DM-HTTP-003", "client", update, data(0, headers=[["Host", "x"]]), [(WARN, 1, "nothing")]),
    ("DM-HTTP-003", "client", update, data(0, headers=[]), []),
    ("DM-ENC-005", "client", update, data(0, fault={"reason": "cut", "offset": 7}), [(FAIL, 1, "cut at octet 7")]),
    ("DM-ENC-005", "client", update, data(0, fault={"reason": "cut", "offset": None}), [(FAIL, 1, "cut")]),
    ("DM-ENC-005", "client", update, data(1, fault={"reason": "cut", "offset": None}), times(3)),
    ("DM-ENC-005", "client", update, data(0, fault={"reason": "cut", "offset": 1}, made=True), TWICE),
    ("DM-HTTP-004", "server", quiet_end, nothing, ONCE),
    ("DM-HTTP-004", "server", quiet_end, lambda s: no_response(s, error="closed"), []),
    ("DM-HTTP-004", "server", quiet_end, data(1, made=True), []),
    ("DM-HTTP-004", "server", quiet_end, data(0, made=True), []),
    ("DM-HTTP-004", "server", lambda: aborted("client"), lambda s: no_response(s, n=3), ONCE),
    ("DM-HTTP-004", "server", quiet_end, lambda s: no_response(s, status=None, media=None, size=5),
     [(FAIL, 2, "HTTP None, no Content-Type, 5 octets")]),
    ("DM-ABT-003", "server", lambda: aborted("client"), nothing, ONCE),
    ("DM-ABT-003", "server", update, nothing, []),
    *(("DM-SES-008", "server", quiet_end, lambda s, e=error: no_response(s, error=e), [(FAIL, 2, f"none ({error})")])
      for error in ("closed", "reset", "timeout", "malformed")),
    ("DM-SES-008", "server", quiet_end, lambda s: no_response(s, error="refused"), []),
    ("DM-SES-008", "server", quiet_end, lambda s: no_response(s, error="closed", size=3), []),
    ("DM-SES-008", "server", quiet_end, lambda s: no_response(s), []),
    ("DM-SES-008", "server", lambda: aborted("client"), lambda s: no_response(s, n=3, error="closed"), ONCE),
    ("DM-SES-008", "server", quiet_end, both(lambda s: no_response(s, error="closed"),
                                             lambda s: s.steps.insert(1, s.mark("process", what="killed")) or s.steps.pop()), []),
    ("DM-HTTP-006", "server", update, data(1, status=299), times(3)),
    ("DM-HTTP-006", "server", update, data(1, status=300), [(WARN, 2, "HTTP 300")]),
    ("DM-HTTP-006", "server", update, data(1, status=199), [(WARN, 2, "HTTP 199")]),
    ("DM-HTTP-006", "server", update, data(1, status=0), TWICE),
    ("DM-HTTP-006", "server", update, data(1, status=None), TWICE),
    ("DM-HTTP-005", "client", challenged, nothing, ONCE),
    ("DM-HTTP-005", "client", challenged, data(2, url="https://other.host/%64m?s=1"), ONCE),
    ("DM-HTTP-005", "client", challenged, data(2, url="http://dm.example.test/dm?s=2"), [(FAIL, 3, "http://dm.example.test/dm?s=2")]),
    ("DM-HTTP-005", "client", challenged, data(2, url="http://dm.example.test/other?s=1"), [(FAIL, 3, "http://dm.example.test/other?s=1")]),
    ("DM-HTTP-005", "client", challenged, data(2, url=None), []),
    ("DM-HTTP-005", "client", challenged, data(1, made=True), []),
    ("DM-HTTP-005", "client", challenged, both(header(1, resp_uri="http://dm.example.test"), data(2, url="http://x/")), ONCE),
    ("DM-HTTP-005", "client", challenged, both(header(1, resp_uri="http://[bad"), data(2, url="http://x/")), [(FAIL, 3, "http://x/")]),
    ("DM-MSG-008", "server", with_sizes, nothing, TWICE),
    ("DM-MSG-008", "server", with_sizes, lambda s: setattr(at(s, 0).message.header.meta, "max_msg_size", " 100 "), MAX),
    ("DM-MSG-008", "server", with_sizes, lambda s: setattr(at(s, 0).message.header.meta, "max_msg_size", "1228"), TWICE),
    ("DM-MSG-008", "server", with_sizes, lambda s: setattr(at(s, 0).message.header.meta, "max_msg_size", "1227"), [(FAIL, 2, "1228")]),
    ("DM-MSG-008", "server", with_sizes, lambda s: setattr(at(s, 0).message.header.meta, "max_msg_size", "0"), []),
    ("DM-MSG-008", "server", with_sizes, lambda s: setattr(at(s, 0).message.header.meta, "max_msg_size", "many"), []),
    ("DM-MSG-008", "server", with_sizes, header(2, meta=Meta(max_msg_size="100")), [(FAIL, 4, "435")]),
    ("DM-HMAC-001", "client", with_mac, data(2, headers=[["X-Syncml-HMAC", 'algorithm=MD5, username="dev", mac=abc']]), TWICE),
    ("DM-HMAC-001", "client", with_mac, data(2, headers=[["x-syncml-hmac", 'username="dev"']]), [(FAIL, 3, "neither of them, or one")]),
    ("DM-HMAC-007", "client", with_mac, header(2, source_name=None), ONCE),
    ("DM-HMAC-007", "client", with_mac, header(2, source_name="****"), ONCE),
    ("DM-HMAC-007", "client", with_mac, data(2, headers=[["x-syncml-hmac", 'algorithm=MD5, username="***", mac=abc']]), ONCE),
    # -- the head
    ("DM-HDR-003", "client", update, header(0, session_id=None), [(FAIL, 1, "nothing")]),
    ("DM-HDR-003", "server", update, header(1, session_id=""), [(FAIL, 2, "an empty value")]),
    ("DM-HDR-005", "client", update, both(header(5, session_id="1"), change(5, Alert, data="1200")), []),
    ("DM-HDR-006", "client", update, both(*(header(n, session_id="1234") for n in (0, 1, 2, 3))), times(3)),
    ("DM-HDR-006", "client", update, both(*(header(n, session_id="\u20ac12") for n in (0, 1, 2, 3))),
     [(FAIL, 1, "\u20ac12"), (FAIL, 3, "\u20ac12")]),
    ("DM-HDR-007", "client", update, header(2, msg_id="1x"), [(FAIL, 3, "1x")]),
    ("DM-HDR-007", "client", update, header(2, msg_id="7"), times(3)),
    ("DM-HDR-007", "server", update, header(1, msg_id="2"), [(FAIL, 2, "2"), (FAIL, 4, "2")]),
    ("DM-HDR-007", "client", update, both(header(0, msg_id="5"), data(0, made=True)), [(FAIL, 3, "2")]),
    ("DM-HDR-008", "server", update, header(1, target=None), [(FAIL, 2, "no Target")]),
    ("DM-HDR-008", "client", update, header(0, source=""), [(FAIL, 1, "no Source")]),
    ("DM-HDR-008", "client", lambda: labelled(update()), header(2, source="imei:2"), [(FAIL, 3, f"Target {URL}, Source imei:2")]),
    ("DM-HDR-008", "client", update, both(*(header(n, target="dm", source="dm") for n in (0, 2))),
     [(FAIL, 1, "Target dm, Source dm"), (FAIL, 3, "Target dm, Source dm")]),
    ("DM-HDR-008", "client", update, both(*(header(n, target="dm", source="HTTPS://dev") for n in (0, 2))),
     [(FAIL, 1, "Target dm, Source HTTPS://dev"), (FAIL, 3, "Target dm, Source HTTPS://dev")]),
    ("DM-HDR-008", "client", update, both(*(header(n, source="http://dev") for n in (0, 2))), times(3)),
    ("DM-HDR-008", "server", update, both(header(0, source="imei:2"), data(0, made=True)), times(3)),
    ("DM-HDR-008", "server", update, header(1, target="imei:2"), [(FAIL, 2, f"Target imei:2, Source {URL}")]),
    ("DM-HDR-009", "client", update, lambda s: setattr(at(s, 0).one(Alert), "cmd_id", None), [(FAIL, 1, "nothing")]),
    ("DM-HDR-009", "client", update, lambda s: setattr(at(s, 0).one(Alert), "cmd_id", ""), [(FAIL, 1, "an empty value")]),
    ("DM-HDR-010", "client", update, lambda s: setattr(at(s, 2).one(Results), "msg_ref", None), times(6 - 1)),
    ("DM-HDR-010", "client", update, lambda s: setattr(at(s, 2).one(Results), "msg_ref", "9"), [(FAIL, 3, "9")]),
    ("DM-HDR-011", "client", update, lambda s: setattr(at(s, 2).status("SyncHdr"), "cmd_ref", None), times(6)),
    ("DM-HDR-011", "client", update, lambda s: setattr(at(s, 2).status("SyncHdr"), "cmd", None), [(FAIL, 3, "CmdRef 0, Cmd None")]),
    ("DM-HDR-011", "client", update, lambda s: setattr(at(s, 2).status("Exec"), "cmd", None), times(6)),
    ("DM-HDR-011", "client", update, lambda s: setattr(at(s, 2).one(Results), "cmd_ref", at(s, 2).status("Exec").cmd_ref),
     [(FAIL, 3, "Exec")]),
    ("DM-HDR-011", "client", update, both(lambda s: setattr(at(s, 2).status("Exec"), "cmd_ref", "77"), data(1, made=True)), times(5)),
    ("DM-HDR-012", "client", challenged, seen(2, credentials={"user": "wrong"}), [(WARN, 3, "dev")]),
    ("DM-HDR-012", "client", challenged, seen(2, credentials={"user": "absent"}), [(WARN, 3, "dev")]),
    ("DM-HDR-012", "client", challenged, seen(2, credentials={"user": "right"}), ONCE),
    ("DM-HDR-012", "client", update, nothing, []),
    ("DM-HDR-014", "client", update, first_item(0, Replace, source="DevInfo/DevId"), TWICE),
    ("DM-HDR-014", "client", update, first_item(0, Replace, data=f" {DEVICE_ID} "), TWICE),
    ("DM-HDR-014", "client", update, first_item(0, Replace, data=None), ONCE),
    ("DM-STD-003", "client", update, both(first_item(0, Replace, data="URN:x:"), header(0, source="URN:x:")), [(WARN, 1, "URN:x:")]),
    ("DM-STD-003", "client", update, both(first_item(0, Replace, data="URN:x:1"), header(0, source="URN:x:1")), TWICE),
    # -- form
    ("DM-ENC-001", "client", update, data(0, media=None), TWICE),
    ("DM-ENC-008", "server", update, nothing, times(3)),
    ("DM-ENC-010", "server", lambda: commanded(Replace(items=[item("./A", "Q?", format="b64")])), nothing, [(FAIL, 2, "Q?")]),
    ("DM-ENC-010", "server", lambda: commanded(Replace(items=[item("./A", "****", format="b64")])), nothing, ONCE),
    ("DM-ENC-010", "server", lambda: commanded(Replace(items=[item("./A", "", format="b64")])), nothing, []),
    ("DM-ENC-010", "server", lambda: commanded(Replace(items=[item("./A", "x", format="chr")])), nothing, []),
    ("DM-ENC-010", "server", lambda: commanded(Add(items=[item("./A", "QUJD", format="bin")])), nothing, [(FAIL, 2, "Format bin")]),
    ("DM-ENC-010", "server", lambda: commanded(Replace(items=[item("./A", "QU", format="b64", more=True, size="9")])), nothing, []),
    ("DM-ENC-012", "server", lambda: commanded(Add(items=[item("./A", format="node")])), nothing, []),
    ("DM-ENC-012", "server", lambda: commanded(Add(items=[item("./A", format="null")])), nothing, []),
    ("DM-ENC-012", "server", lambda: commanded(Add(items=[item("./A")])), nothing, []),
    ("DM-ENC-012", "server", lambda: commanded(Add(items=[item("./A", format="chr")])), nothing, [(FAIL, 2, "none")]),
    ("DM-ENC-012", "server", lambda: commanded(Replace(items=[item("./A")])), nothing, [(FAIL, 2, "none")]),
    ("DM-ENC-012", "server", lambda: commanded(Replace(items=[item("./A", "")])), nothing, ONCE),
    ("DM-ENC-012", "server", lambda: commanded(Get(items=[item("./A")])), nothing, []),
    ("DM-ENC-012", "client", update, first_item(0, Replace, data=None), ONCE),
    ("DM-ENC-012", "client", update, both(first_item(1, Get, target="./FUMO?list=Struct"), first_item(2, Results, data=None)), []),
    ("DM-ENC-012", "client", update, first_item(2, Results, data=None, source="./FUMO?list=Struct"), []),
    # -- commands of a server
    ("DM-CMD-024", "server", lambda: commanded(Get(items=[item("http://x/")])), nothing, [(FAIL, 2, "http://x/")]),
    ("DM-CMD-024", "server", lambda: commanded(Get(items=[item("./A?prop=x://y")])), nothing, ONCE),
    ("DM-CMD-024", "server", lambda: commanded(Copy(items=[Item(target="./A", source="./B")])), nothing, ONCE),
    ("DM-CMD-024", "server", lambda: commanded(Alert(data="1100", items=[Item(data="a"), Item(data="b")])), nothing, []),
    ("DM-CMD-024", "server", large, first_item(3, Replace, target=None), []),
    ("DM-TND-003", "server", lambda: commanded(Get(items=[item(".")])), nothing, []),
    ("DM-TND-003", "server", lambda: commanded(Get(items=[item("./")])), nothing, []),
    ("DM-TND-003", "server", lambda: commanded(Get(items=[item("./A/./B")])), nothing, [(FAIL, 2, "./A/./B")]),
    ("DM-TND-003", "server", lambda: commanded(Get(items=[item("A//B")])), nothing, [(FAIL, 2, "A//B")]),
    ("DM-TND-003", "server", lambda: commanded(Get(items=[item("./A/B?list=Struct/")])), nothing, ONCE),
    ("DM-TND-003", "server", lambda: commanded(Get(items=[item("/A")])), nothing, ONCE),
    ("DM-CMD-023", "server", lambda: commanded(Exec(items=[item("./A")])), nothing, ONCE),
    ("FUMO-EXEC-024", "server", lambda: commanded(Exec(items=[item("./A")])), nothing, []),
    ("DM-CMD-023", "server", lambda: commanded(Sequence(commands=[Get(items=[item("./B")]), Exec(items=[item("./A")])])), nothing, ONCE),
    ("DM-CMD-017", "server", lambda: commanded(Exec(items=[item("./A")]), Exec="200"), nothing, []),
    ("DM-CMD-017", "server", lambda: commanded(Exec(correlator="", items=[item("./A")]), Exec="202"), nothing,
     [(WARN, 2, "an empty value")]),
    ("DM-CMD-017", "server", update, change(1, Exec, correlator=None), []),
    ("DM-CMD-030", "server", lambda: commanded(Add(items=[item("./A", format="null")])), nothing, []),
    ("DM-CMD-030", "server", lambda: commanded(Add(items=[item("./A", "x")])), nothing, []),
    ("DM-CMD-030", "server", lambda: commanded(Replace(items=[item("./A")])), nothing, []),
    ("DM-CMD-031", "server", lambda: commanded(Replace(items=[item("./FUMO/Fw1/Update/PkgData", "", format="chr")])), nothing, []),
    ("DM-CMD-031", "server", lambda: commanded(Add(items=[item("./FUMO/Fw1/Update/PkgData", "x", format="chr")])), nothing,
     [(FAIL, 2, "chr")]),
    ("DM-CMD-031", "server", lambda: commanded(Add(items=[item("./FUMO/Fw1/Update/PkgData", "x", format="bin")])), nothing, ONCE),
    ("DM-CMD-031", "server", lambda: commanded(Add(items=[item("./FUMO/Fw1/PkgData", "x", format="chr")])), nothing, []),
    ("DM-UI-015", "server", lambda: commanded(Alert(data="1100", items=[Item(data=""), Item(data="b")])), nothing, TWICE),
    ("DM-UI-015", "server", lambda: commanded(Alert(data="1100", items=[Item(data="MINDT=30&MAXDT=60"), Item(data="b")])), nothing, TWICE),
    ("DM-UI-015", "server", lambda: commanded(Alert(data="1100", items=[Item(data="MINDT=30&x"), Item(data="b")])), nothing,
     [(FAIL, 2, "MINDT=30&x")]),
    ("DM-UI-015", "server", lambda: commanded(Alert(data="1100", items=[])), nothing, [(FAIL, 2, "0")]),
    ("DM-UI-015", "server", lambda: commanded(Alert(data="1222", items=[])), nothing, []),
]  # fmt: skip


@each_row(ROWS)
def test_what_is_said_of_a_message(row: Row) -> None:
    assert said_of(*row[:4]) == row[4]
