"""What expectations look up in a transcript: commands and answers of either side, nodes, values, reports, fetches."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from transcripts import PREFIX, Script, report, results, status

from conformance.judge.download import delivered, facts, fetched, notices
from conformance.judge.lookup import (
    EARLY,
    answers_of,
    answers_to,
    commanded,
    dotted,
    full,
    lacked,
    nodes_of,
    received_object,
    refuses,
    said_once,
    sent_back,
    status_wanted,
    told_by,
)
from conformance.judge.observed import media_of, place_of
from conformance.judge.wanted import address_of, began, generic_alerts, in_full, meta_of_item, type_of, untold, value_of
from conformance.syncml.model import Add, Alert, Atomic, Exec, Get, Item, Message, Meta, Replace, Sequence
from conformance.transcript import DEVICE, SERVER, Event, Transcript

SENT = {"event": 1, "session": "s1", "cmd_id": "1", "msg_id": "1"}


def write(node: str, data: str | bytes, *, more: bool = False, form: str = "chr") -> Replace:
    return Replace(items=[Item(target=node, data=data, more=more, meta=Meta(format=form))])


# -- commands of a server -------------------------------------------------------------------------------


def test_commands_are_told_with_what_is_around_them() -> None:
    script = Script()
    script.device(Get(items=[Item(target="./Mine")]))
    inner = Sequence(commands=[Get(items=[Item(target="./S")])])
    script.server(
        status(200), write("./A", "x"), Atomic(commands=[write("./B", "y"), inner]), Alert(data="1100"),
        Sequence(commands=[Exec(correlator="c", items=[Item(target="./F/X")])]), Get(items=[Item(target="./G1"), Item(target="./G2")]),
    )  # fmt: skip
    found = [(c.command.name, c.node, c.data, c.correlator, c.inside) for c in commanded(script.transcript)]
    assert found == [
        ("Replace", "./A", "x", None, ""), ("Atomic", "", "", None, ""), ("Replace", "./B", "y", None, "atomic"),
        ("Sequence", "", "", None, "atomic"), ("Get", "./S", "", None, "sequence"), ("Alert", "", "", None, ""),
        ("Sequence", "", "", None, ""), ("Exec", "./F/X", "", "c", "sequence"), ("Get", "./G1", "", None, ""),
        ("Get", "./G2", "", None, ""),
    ]  # fmt: skip
    assert {c.event.n for c in commanded(script.transcript)} == {2}


@pytest.mark.parametrize(("code", "back"), [("401", True), ("407", True), ("200", False), ("404", False)])
def test_dm_auth_002_what_was_challenged_is_said_again(code: str, back: bool) -> None:
    script = Script()
    first = script.server(write("./A", "x"), write("./B", "y"))
    script.device(status(code, "SyncHdr", "0"))
    again = script.server(write("./A", "x"))
    assert sent_back(script.transcript, first) is back
    assert sent_back(script.transcript, again) is False, "nothing answers it"
    events = [(c.node, c.event.n) for c in said_once(script.transcript)]
    assert events == ([("./B", 1), ("./A", 3)] if back else [("./A", 1), ("./B", 1), ("./A", 3)])


def test_only_what_the_other_side_says_next_sends_a_message_back() -> None:
    script = Script()
    first = script.server(write("./A", "x"))
    script.server(status("401", "SyncHdr", "0"))
    script.device(status("200", "SyncHdr", "0"))
    script.device(status("401", "SyncHdr", "0"))
    assert sent_back(script.transcript, first) is False


def digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def test_the_digest_of_what_was_sent_to_a_node() -> None:
    script = Script()
    script.server(write("./A", "abc"), write("./B", "other"), Get(items=[Item(target="./A")]))
    assert received_object(script.transcript, "./A") == digest(b"abc")
    assert received_object(script.transcript, "./B") == digest(b"other")
    assert received_object(script.transcript, "./C") == ""
    script.server(Add(items=[Item(target="./A", data="new", meta=Meta(format="chr"))]))
    assert received_object(script.transcript, "./A") == digest(b"new"), "the newest"


def test_dm_lob_003_pieces_are_put_together_wherever_base64_is_cut() -> None:
    script = Script()
    script.server(write("./A", "YWJ", more=True, form="b64"))
    assert received_object(script.transcript, "./A") == "", "nothing came whole yet"
    script.server(write("./A", "jZ\nGVm", more=True, form="b64"))
    script.server(write("./A", "Z2g=", form="b64"))
    assert received_object(script.transcript, "./A") == digest(b"abcdefgh")
    script.server(write("./A", "12", more=True))
    script.server(write("./A", "34"))
    assert received_object(script.transcript, "./A") == digest(b"1234")


# -- answers of a device --------------------------------------------------------------------------------


def test_the_answer_to_a_command_is_that_of_its_numbers_and_session() -> None:
    script = Script()
    script.server(Get(items=[Item(target="./A")]))
    script.server(status("999"))
    script.device(status("400", cmd_ref="2"), status("401", msg_ref="2"), Alert(data="1222"))
    script.device(status("402"), session="other")
    answered = script.device(status("200", msg_ref=None), results("x"))
    last = script.device(results("y", source="./B"), status("202"))
    found = answers_of(script.transcript, SENT)
    assert [s.data for s in found.statuses] == ["200", "202"]
    assert [(i.source, i.data, i.meta.format if i.meta else None) for i in found.items] == [("./A", "x", "chr"), ("./B", "y", "chr")]
    assert (found.event, found.code, found.final) == (answered.n, "200", True)
    assert answers_of(script.transcript, {**SENT, "event": last.n}).code is None
    early = answers_of(script.transcript, {**SENT, "event": answered.n})
    assert (early.event, early.code) == (last.n, "202")


def test_dm_hdr_007_a_message_that_comes_once_more_says_nothing_new() -> None:
    script = Script()
    script.server(Get(items=[Item(target="./A")]))
    said = [script.device(status("200"), results("x"), msg_id=number).n for number in ("2", "2", "3")]
    found = answers_of(script.transcript, SENT)
    assert (len(found.statuses), len(found.items), found.event) == (2, 2, said[0])


ASKED = {"expect": 202, "accept": [200], "because": EARLY}


@pytest.mark.parametrize(
    ("messages", "expect"),
    [
        ([[status(200, "Exec"), report()]], [200, 202]),
        ([[status(200, "Exec")], [report()]], [200, 202]),
        ([[status(200, "Exec")], [Alert(data="1222")], [report()]], 202),
        ([[status(200, "Exec"), Alert(data="1224")]], 202),
    ],
)
def test_fumo_exec_002_a_report_beside_the_status_makes_200_as_right_as_202(messages: list[list[Any]], expect: Any) -> None:
    script = Script()
    script.server(Exec(items=[Item(target="./F/X")]))
    for commands in messages:
        script.device(*commands)
        script.device(report(), session="other")
    wanted = status_wanted(ASKED, script.transcript, SENT, 2)
    assert wanted == {**ASKED, "expect": expect}
    assert status_wanted(ASKED, script.transcript, SENT, None) == ASKED
    other = {"expect": 202, "because": "AMB-1"}
    assert status_wanted(other, script.transcript, SENT, 2) == other
    assert status_wanted(202, script.transcript, SENT, 2) == 202


def test_a_report_from_before_the_status_does_not_count() -> None:
    script = Script()
    script.device(report())
    script.server(Exec(items=[Item(target="./F/X")]), report())
    script.device(status(200, "Exec"))
    assert status_wanted(ASKED, script.transcript, SENT, 3) == ASKED


@pytest.mark.parametrize(
    ("items", "reply", "failing"),
    [
        ([], None, None),
        ([Item(data="2")], "2", None),
        ([Item(data="10"), Item(data="9"), Item(data=" 1 ")], "1,9,10", None),
        ([Item(data="b"), Item(data="a"), Item(data="3")], "a,b,3", None),
        ([Item(data="1000000"), Item(data="3")], "1000000,3", None),
        ([Item(target="./A"), Item(target="./B")], None, "./A"),
        ([Item(target="./A", data="text")], "text", "./A"),
    ],
)
def test_what_items_of_a_status_tell(items: list[Item], reply: str | None, failing: str | None) -> None:
    """DM-UI-009: picks in ascending order; DM-CMD-029: the node that failed."""
    assert told_by([status(200, items=items), status(200)]) == {"reply": reply, "failing": failing}


@pytest.mark.parametrize(
    ("code", "says"), [(None, False), ("200", False), ("202", False), ("214", False), ("304", True), ("404", True), ("500", True)]
)
def test_what_a_refusal_is(code: str | None, says: bool) -> None:
    assert refuses(code) is says


@pytest.mark.parametrize(
    ("optional", "code", "says"),
    [
        (True, "404", True), (True, "405", True), (True, "406", True), (True, "501", True), (True, "500", False), (True, None, False),
        (None, "404", False), (False, "404", False), ([500], "500", True), ([500], "404", False), (["425"], "425", True),
    ],
)  # fmt: skip
def test_what_a_device_may_lack(optional: Any, code: str | None, says: bool) -> None:
    assert lacked({"optional": optional} if optional is not None else {}, code) is says


# -- nodes and values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "whole", "with_dot"),
    [("./A", "./A", "./A"), ("A/B", "./A/B", "./A/B"), (".", ".", "."), ("", ".", ""), (None, ".", None), ("./", ".", "./")],
)
def test_dm_tnd_004_the_root_may_be_left_out(uri: str | None, whole: str, with_dot: str | None) -> None:
    assert (full(uri), dotted(uri)) == (whole, with_dot)


def node(name: str, kind: str, inside: str) -> str:
    return f"<Node><NodeName>{name}</NodeName><RTProperties><Format><{kind}/></Format></RTProperties>{inside}</Node>"


INNER = node("Vendor", "node", node("X", "chr", "<Value>1</Value>"))
TNDS = f"<MgmtTree xmlns='syncml:dmddf1.2'><VerDTD>1.2</VerDTD>{INNER}</MgmtTree>"


def test_dm_list_001_nodes_of_items_and_of_a_document() -> None:
    plain_ = [Item(source="A"), Item(source="./A/B", data="1")]
    assert nodes_of(plain_) == ["./A", "./A/B"]
    tree = Item(source="./Vendor", data=TNDS, meta=Meta(type="application/vnd.syncml.dmtnds+xml", format="xml"))
    assert nodes_of([tree]) == ["./Vendor", "./Vendor/X"]
    assert nodes_of([Item(source="./Root", data=TNDS, meta=Meta(type="text/plain"))]) == ["./Root"]
    assert nodes_of([Item(source="./Root", data="<no", meta=Meta(type="application/vnd.syncml.dmtnds+xml"))]) == ["./Root"]


@pytest.mark.parametrize(
    ("item", "value"),
    [
        (None, None), (Item(), None), (Item(data=" 1 "), " 1 "), (Item(data=" 1 ", meta=Meta(format="int")), "1"),
        (Item(data=" true\n", meta=Meta(format="bool")), "true"), (Item(data=" 1.5", meta=Meta(format="float")), "1.5"),
        (Item(data=" x ", meta=Meta(format="chr")), " x "), (Item(data="", meta=Meta(format="int")), ""),
    ],
)  # fmt: skip
def test_white_space_around_a_number_says_nothing(item: Item | None, value: str | None) -> None:
    assert value_of(item) == value


def test_the_meta_of_what_is_not_there_is_none() -> None:
    assert (meta_of_item(None, "format"), meta_of_item(Item(), "format")) == (None, None)
    assert meta_of_item(Item(meta=Meta(format="int")), "format") == "int"


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ("{from:good}", True), ("{to:good-two}", True), ("{at:good}", False), ("1.0", False), ("x{from:good}", False), (5, False),
        (["1.0", "{to:good}"], True), ([], False), ({"expect": "{from:good}"}, True), ({"accept": ["{to:good}"]}, True),
        ({"not": "{to:good}"}, True), ({"matches": "{to:good}"}, False), ({"expect": "1"}, False),
    ],
)  # fmt: skip
def test_versions_that_nobody_told_are_not_expected(wanted: Any, says: bool) -> None:
    assert untold(wanted) is says


def test_addresses_in_expectations() -> None:
    assert in_full({"expect": ["A", "./B"], "not": "C", "ensures": "R-1"}) == {"expect": ["./A", "./B"], "not": "./C", "ensures": "R-1"}
    assert (in_full(["A"]), in_full("A")) == (["./A"], "./A")
    assert [address_of(each) for each in ("http://a", {"at": "http://b"}, {}, None)] == ["http://a", "http://b", "", ""]


# -- answers of a server --------------------------------------------------------------------------------


def exchange(*sent: Any, answered: tuple[Any, ...] = ()) -> Script:
    script = Script()
    script.server(status(299, "Alert", "1"))
    script.device(*sent)
    if answered:
        script.server(*answered)
    return script


def codes(script: Script, command: str, alert: str = "") -> list[list[str]]:
    return [found for _, found in answers_to(script.transcript, command, alert)]


def test_how_a_server_answers_is_looked_up_by_name_kind_and_number() -> None:
    kind = "Reversed-Domain-Name: " + PREFIX + "update"
    alerts = (Alert(data="1201"), report("200", "download"), report(type=kind), Replace())
    script = exchange(*alerts, answered=(
        status(200, "SyncHdr", None), status(201, "Alert", "1"), status(202, "Alert", "2"), status(203, "Alert", "3"),
        status(204, "Alert", "3"), status(205, "Replace", "4"), status(206, "Alert", "1", msg_ref="9"), status(207, "Alert", None),
    ))  # fmt: skip
    assert codes(script, "SyncHdr") == [["200"]]
    assert codes(script, "Alert") == [["201"], ["202"], ["203", "204"]]
    assert codes(script, "Alert", "1201") == [["201"]]
    assert codes(script, "Alert", PREFIX + "update") == [["203", "204"]]
    assert codes(script, "Alert", "1226") == [["202"], ["203", "204"]]
    assert codes(script, "Replace") == [["205"]]
    assert codes(script, "Get") == []
    assert [event.n for event, _ in answers_to(script.transcript, "SyncHdr")] == [3]


def test_where_no_answer_came_the_event_is_that_of_the_question() -> None:
    script = exchange(Alert(data="1201"))
    script.device(Alert(data="1201"), session="s2")
    assert [(event.n, found) for event, found in answers_to(script.transcript, "Alert")] == [(2, []), (3, [])]


# -- reports and their place ----------------------------------------------------------------------------


def test_the_place_of_a_report() -> None:
    script = Script()
    one = script.device(Alert(data="1201"), report())
    two = script.device(Alert(data="1200"), session="s2")
    three = script.device(report(), session="s2")
    sent = [{"command": "Exec", "session": "s1"}, {"command": "Get", "session": "s2"}]
    assert [place_of(event, sent) for event in (one, two, three)] == ["same session", "package 1", "later"]
    assert place_of(one, []) == "package 1"
    assert place_of(Event(9, 0.0, "message", DEVICE, SERVER, {}, lambda: b"no message"), sent) == "later"


def test_a_report_is_a_generic_alert_and_its_type_may_have_a_prefix() -> None:
    message = Message(commands=[Alert(data="1226"), Alert(data="1224"), Get(), report()])
    assert [len(alert.items) for alert in generic_alerts(message)] == [0, 1]
    assert type_of(Alert(data="1226")) == ""
    assert type_of(Alert(items=[Item(meta=Meta(type=" Reversed-Domain-Name: a.b "))])) == "a.b"
    assert type_of(Alert(items=[Item(), Item(meta=Meta(type="a.b"))])) == "", "the first Item tells it"


def test_sessions_that_began_among_some_events() -> None:
    script = Script()
    script.server(Get())
    events = [script.device(Get(), session=name) for name in ("a", "b", "a", "c")]
    assert began(script.events, events[1:3]) == {"b"}
    assert began(script.events, script.events) == {"a", "b", "c"}


# -- downloads ------------------------------------------------------------------------------------------

REPORT, OBJECT = "http://c.example/report", "http://c.example/good.bin"


def http(**data: Any) -> dict[str, Any]:
    return {"url": OBJECT, "method": "GET", "status": 200, "sent": 10, "length": 10} | data


def told(*data: dict[str, Any], kind: str = "http") -> Transcript:
    return Transcript(Event(n, 0.0, kind, DEVICE, SERVER, each) for n, each in enumerate(data, 1))


@pytest.mark.parametrize(
    ("headers", "media"),
    [
        ([], None), (None, None), ([["Content-Type", "Text/Plain; charset=utf-8"]], "text/plain"),
        ([["Content-Length", "1"], ["CONTENT-TYPE", " a/b "]], "a/b"),
    ],
)  # fmt: skip
def test_the_media_type_of_a_response(headers: Any, media: str | None) -> None:
    assert media_of(told(http(reply_headers=headers)).events[0]) == media


def test_reports_are_requests_to_their_address_but_questions() -> None:
    transcript = told(
        http(), http(url=REPORT, method="POST", body="900 Success"), http(url=REPORT, method="HEAD", body="901 x"),
        http(url=REPORT, method="OPTIONS"), http(url=REPORT, method="PUT", body=" 952 x"), http(url=REPORT, method="POST", body=None),
        http(url=REPORT, method="POST", body="953 late"),
    )  # fmt: skip
    found = notices(transcript, REPORT, 7)
    assert [(each.event.n, each.code, each.good) for each in found] == [(2, "900", True), (5, "952", False), (6, "", False)]


def test_dl_019_parts_that_went_out() -> None:
    part = [["Content-Range", "bytes 5-9/10"]]
    transcript = told(
        http(sent=4), http(status=206, sent=5, reply_headers=part), http(status=404), http(method="POST"), http(url="http://x"),
        http(status=206, sent=2), http(status=200, sent=None, reply_headers=part),
    )  # fmt: skip
    assert delivered(transcript, OBJECT) == [(0, 4), (5, 10), (0, 2), (0, 0)]


def test_what_was_fetched_from_an_address() -> None:
    head = http(method="HEAD", digest="no")
    first = http(sent=4, status=500, digest="d0", headers=[["Accept", "application/*"]], reply_headers=[["Content-Type", "a/b"]])
    whole = http(digest="d1", headers=[["Range", "bytes=004-"]], reply_headers=[["Content-Type", "c/d;x"]])
    empty = http(sent=0, length=0, status=204)
    other = http(url="http://x/", digest="d2")
    transcript = told(head, first, whole, empty, other)
    values, at = fetched(transcript, OBJECT, 9)
    assert at == 4
    assert values == {
        "count": 3, "complete": True, "method": "GET", "digest": "d1", "first": "HEAD", "status": 204, "type": None,
        "resumed": True, "descriptors": True,
    }  # fmt: skip
    values, at = fetched(transcript, OBJECT, 3)
    assert (values["complete"], values["digest"], values["type"], values["status"], at) == (False, None, "a/b", 500, 2)
    assert fetched(transcript, "", 9)[0]["count"] == 4
    values, at = fetched(transcript, "http://nobody/", 9)
    assert at is None and set(values.values()) == {0, None}


@pytest.mark.parametrize(
    ("reply", "after"),
    [
        ({}, True), ({"sent": 9}, False), ({"status": 404}, False), ({"method": "POST"}, False), ({"sent": 0, "length": 0}, False),
        ({"url": "http://x/"}, False), ({"status": 206, "reply_headers": [["Content-Range", "bytes 5-9/10"]]}, True),
        ({"status": 206, "reply_headers": [["Content-Range", "bytes 5-8/10"]]}, False), ({"status": 206}, False),
    ],
)  # fmt: skip
def test_dl_010_the_object_must_be_there_to_its_last_octet(reply: dict[str, Any], after: bool) -> None:
    transcript = told(http(**reply), http(url=REPORT, method="POST", body="900 Success"), http())
    assert facts(transcript, REPORT, OBJECT, 9)["after"] is after


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [(200, "900", 2), (299, "900", 2), (300, "900", 1), (199, "900", 1), (None, "900", 1), (500, "901", 2)],
)
def test_dl_025_a_repetition_after_an_answer_that_was_no_success(first: int | None, second: str, count: int) -> None:
    sent = [http(url=REPORT, method="POST", body="900 x", status=first), http(url=REPORT, method="POST", body=f"{second} x")]
    assert facts(told(*sent), REPORT, OBJECT, 9)["count"] == count
