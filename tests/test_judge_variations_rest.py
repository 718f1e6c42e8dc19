"""Rules of several kinds at one edge each: the second of two, what is not there, what looks like something else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from judge_builder import (
    OBJECT,
    Mark,
    Script,
    Step,
    aborted,
    alerted,
    answers,
    basic,
    challenged,
    commanded,
    dev_info,
    header_status,
    item,
    report,
    update,
    upload,
    with_mac,
)
from judge_scripts import _encoded, generic, right_md5, server_challenged
from judge_seen import ONCE, TWICE, Row, each_row, in_wbxml, large_told, said_of, triggered, two_alerts
from judge_spoils import at, both, change, code, cut_off, data, drop, extra, first_item, header, no_response, seen
from test_judge_parts import activity, executed, matched, run, told
from test_judge_rules_tree import asked, shown
from test_judge_variations_course import do, end, put, start, state, story
from test_judge_variations_objects import objects
from test_judge_variations_package import nothing
from test_judge_variations_session import then, unfinished

from conformance.judge.answer import Book
from conformance.judge.finding import FAIL, TOLERATED, WARN
from conformance.judge.observed import place_of
from conformance.judge.rules_command import _on_one_line
from conformance.judge.rules_wbxml import _misplaced
from conformance.judge.session import sessions
from conformance.judge.wanted import ensured, type_of, value_of
from conformance.syncml.codec import encode
from conformance.syncml.element import METINF, SYNCML, Element
from conformance.syncml.model import Add, Alert, Get, Item, Meta, Replace, Results, Sequence, Status

MAN = "./DevInfo/Man"


def twice(script: Script) -> Script:
    """Another session behind the first."""
    then(script, "2")
    return script


def two_reports(first: str, second: str) -> Script:
    """Two installations; what the report of each says stands in events 5 and 11."""
    script = Script()
    for correlator, value in (("a", first), ("b", second)):
        executed(script, run("Update", correlator))
        told(script, report("update", value, correlator))
    return script


def again(script: Script) -> None:
    """The server says the very same octets to the next message."""
    script.client(header_status(at(script, 1)))
    script.steps.append(Step("server", at(script, 1).message, {**at(script, 1).data, "exchange": script.exchange}))


def asked_alike(script: Script) -> None:
    """The server uses a MsgID once more, so that what it asked first need not be answered."""
    header(3, msg_id="1")(script)


def by_meta(value: str) -> Script:
    """State while an installation goes on, its Format in the Meta of the Results."""
    script = story(do(start("Update")), state(value), end("update"))
    found = at(script, 6).one(Results)
    found.meta, found.items[0].meta = Meta(format="b64"), None
    return script


def property_without(source: bool, gets: int = 1, items: int = 1) -> Script:
    """Results of a Size that does not tell its property, by their Source or without one."""
    name = f"{MAN}?prop=Size"
    script = asked(name, *(item(MAN if source else "", "0x4", source=True) for _ in range(items)))
    for found in at(script, 2).one(Results).items:
        found.source = found.source or None
    at(script, 1).one(Get).items += [item("./DevInfo/Mod") for _ in range(gets - 1)]
    return script


def one_way(*writes: Any, **codes: str) -> Script:
    script = Script()
    executed(script, *writes, **codes)
    executed(script, run("Download", "a"))
    return script


def challenging(script: Script) -> None:
    """The server asks for more beside its challenge."""
    extra(1, Alert(data="1222"))(script)


def silent_device(script: Script) -> None:
    """Package 1 of the first session names neither Target nor Source, that of the second no Source."""
    both(header(0, target=None), header(2, source=None))(script)


def unlisted(node: str, answer: str) -> Script:
    return commanded(Get(items=[item(node)]), Get=answer)


def later_session(code_: str, first: Any = None) -> Script:
    """A session without a trigger, then a trigger and its session."""
    script = Script()
    script.server(*answers(script.client(first or Alert(data="1201"), dev_info()), "200"))
    triggered(script, 0x1A)
    script.open("1A")
    script.server(*answers(script.client(Alert(data=code_), dev_info())))
    return script


def requested(target: str, *, source: str | None = "./Vendor/Fw") -> Script:
    """A request for an object that nobody knows, answered 200, and a command."""
    script = Script()
    alert = report("userrequest", "", None, format="chr")
    alert.items[0].source = source
    one = script.client(Alert(data="1201"), dev_info(), alert, cred=basic())
    two = script.server(*answers(one, "212"), Replace(items=[item(target, "1", format="chr")]))
    script.server(*answers(script.client(*answers(two))))
    return script


def refused_block(value: str, *inner: str) -> Any:
    """A Sequence that is refused as a whole: its command has no Status, or some."""

    def made() -> Script:
        script = commanded(Sequence(commands=[put(node="./A", value="1")]), Sequence=value)
        if not inner:
            drop(2, "Replace")(script)
        return script

    return made


def package_in_pieces(form: str | None) -> Script:
    """A package as a large object whose Format stands in its first piece only."""
    script = objects(("6", ("abc", "def"), "200"), format=form)()
    for n in (1, 3):
        at(script, n).one(Replace).items[0].target = f"{OBJECT}/Update/PkgData"
    at(script, 3).one(Replace).items[0].meta = None
    return script


def in_other(n: int) -> Any:
    """A message in WBXML."""

    def spoil(script: Script) -> None:
        at(script, n).raw = encode(at(script, n).message, "wbxml")
        at(script, n).data["media"] = "application/vnd.syncml.dm+wbxml"

    return spoil


def twice_in_one() -> Script:
    """One message holds a report twice: nobody had answered it when it came again."""
    script = Script()
    executed(script, run("Update", "a"))
    told(script, report("update", "200", "a"), report("update", "200", "a"))
    return script


def reported_again(killed: bool) -> Script:
    """A report is answered, and the device says more in that session; later it comes again, after a break or without one."""
    script = Script()
    executed(script, run("Update", "a"))
    script.open("3")
    one = script.client(Alert(data="1201"), dev_info(), report("update", "200", "a"), cred=basic())
    two = script.server(*answers(one, "212"), Get(items=[item(MAN)]))
    script.server(*answers(script.client(*answers(two))))
    if killed:
        script.mark("process", what="killed")
    told(script, report("update", "200", "a"))
    return script


def literal_final(script: Script) -> None:
    """The name of the last element of a message stands in its table of strings."""
    octets = encode(at(script, 1).message, "wbxml")
    assert octets.startswith(b"\x02\xa4\x01\x6a\x00") and octets.endswith(b"\x12\x01\x01")
    at(script, 1).raw = octets[:4] + b"\x06Final\x00" + octets[5:-3] + b"\x04\x00\x01\x01"


def silent(script: Script) -> None:
    """The server answers the second message with what is none."""
    no_response(script, 3, media="a/b", status=200)


PAIR = [Replace(items=[item(f"{OBJECT}/Download/PkgURL", "http://x/", format="chr"), item("./V/A", "1", format="chr")])]
ROWS: list[tuple[str, str, Any, Any, list[Any]]] = [
    # -- the second of two
    ("DM-SES-008", "server", lambda: twice(aborted("client")), lambda s: no_response(s, 5, error="closed"), [(FAIL, 6, "none (closed)")]),
    ("DM-HTTP-004", "server", lambda: commanded(Get(items=[item("./A")])), both(data(0, made=True), silent),
     [(FAIL, 4, "HTTP 200, a/b, 0 octets")]),
    ("DM-HTTP-004", "server", lambda: commanded(Get(items=[item("./A")])),
     both(lambda s: setattr(at(s, 0), "raw", b"?"), *(data(n, session="x") for n in range(4)), silent),
     [(FAIL, 4, "HTTP 200, a/b, 0 octets")]),
    ("FUMO-ALERT-010", "client", lambda: two_reports("x", "199"), nothing, [(FAIL, 11, "199")]),
    ("FUMO-ALERT-009", "client", lambda: two_reports("x", "y"), nothing, [(FAIL, 5, "x"), (FAIL, 11, "y")]),
    ("DM-HDR-008", "client", lambda: twice(alerted()), silent_device, [(FAIL, 1, "no Target"), (FAIL, 3, "no Source")]),
    ("DM-SES-002", "client", lambda: later_session("1201"), nothing, [(WARN, 4, "Alert 1201")]),
    ("DM-SES-002", "client", lambda: later_session("1201", Alert(data="1222")), nothing, [(WARN, 4, "Alert 1201")]),
    ("DM-CMD-029", "client", lambda: commanded(Add(items=[item("./A", "x")])), code(2, "Add", None), []),
    ("NOTI-007", "client", lambda: later_session("1200"), nothing, ONCE),
    ("FUMO-STATE-009", "client", lambda: story(do(start("Download", "one")), do(start("Update")), state("10"), end("update")), nothing,
     [(WARN, 11, "10")]),
    # -- State in whatever form
    ("FUMO-STATE-009", "client", lambda: by_meta("NjA="), nothing, ONCE),
    ("FUMO-STATE-009", "client", lambda: by_meta("MzA="), nothing, [(WARN, 7, "30")]),
    ("FUMO-STATE-009", "client", lambda: story(do(start("Update")), state(None), end("update")), nothing, []),
    # -- what happened before
    ("DM-SES-005", "client", lambda: unfinished("session"),
     lambda s: s.steps.insert(0, Mark("hook", "suite", "suite", {"verb": "restart"})), [(FAIL, 4, "no Final")]),
    ("FUMO-EXEC-015", "client", update, lambda s: s.steps.insert(2, Mark("note", "device", "content", {
        "method": "GET", "url": "http://dl.example.test/fw.bin"})), ONCE),
    # -- what was made wrong, said again, or asked again
    ("DM-AUTH-016", "client", server_challenged, code(2, "Get", "200"), [(WARN, 3, "200")]),
    ("DM-AUTH-016", "client", server_challenged, both(code(2, "Get", "200"), data(2, made=True)), []),
    ("DM-ALERT-014", "server", two_alerts, lambda s: at(s, 1).message.commands.pop(), [(FAIL, 2, "1")]),
    ("DM-ALERT-014", "server", two_alerts, both(lambda s: at(s, 1).message.commands.pop(), again), [(FAIL, 2, "1")]),
    ("DM-SES-010", "client", lambda: commanded(Get(items=[item("./A")])), drop(2, "Get"), [(FAIL, 3, "nothing")]),
    ("DM-SES-010", "client", lambda: commanded(Get(items=[item("./A")])), both(drop(2, "Get"), asked_alike), ONCE),
    # -- authentication
    ("DM-AUTH-004", "server", challenged, challenging, [(FAIL, 2, "Alert")]),
    ("DM-AUTH-004", "client", server_challenged, extra(2, Alert(data="1222")), TWICE),
    ("DM-AUTH-004", "client", server_challenged, extra(2, Alert(data="1224")), [(FAIL, 3, "Alert")]),
    ("DM-HMAC-004", "client", with_mac, data(4, headers=[]), [(FAIL, 5, "nothing")]),
    ("DM-HMAC-004", "client", with_mac, data(4, headers=[], facts={"integrity": {"result": "right"}}), ONCE),
    # -- properties
    ("DM-TND-016", "client", lambda: property_without(False), nothing, [(FAIL, 3, "0x4")]),
    ("DM-TND-016", "client", lambda: property_without(True), nothing, []),
    ("DM-TND-016", "client", lambda: property_without(False, gets=2), nothing, []),
    ("DM-TND-016", "client", lambda: property_without(False, items=2), nothing, []),
    ("DM-TND-016", "client", lambda: shown(f"{MAN}?prop=Size", "4", more=True, size="9"), nothing, []),
    ("DM-STD-007", "client", lambda: unlisted("./Inbox/A", "200"), nothing, [(FAIL, 3, "200")]),
    ("DM-STD-007", "client", lambda: unlisted("./Inbox?list=Struct", "200"), nothing, []),
    ("DM-STD-007", "client", lambda: unlisted("./Inbox/A?prop=ACL", "200"), nothing, []),
    ("DM-STD-007", "client", lambda: unlisted("./Inbox", "500"), nothing, [(WARN, 3, "500")]),
    ("DM-STD-007", "client", lambda: unlisted("./Inbox", "404"), nothing, ONCE),
    ("DM-STD-007", "client", lambda: commanded(Add(items=[item("./Inbox/A", "x")])), nothing, []),
    # -- large objects that are refused
    ("DM-STD-005", "client", large_told, both(code(2, "Replace", "406"), first_item(8, Results, data="false"), cut_off(3, 7)), ONCE),
    ("DM-STD-005", "client", large_told, both(code(2, "Replace", "406"), cut_off(3, 7)), [(FAIL, 3, "true")]),
    ("DM-STD-005", "client", large_told, both(code(2, "Replace", "500"), first_item(8, Results, data="false"), cut_off(3, 7)), []),
    # -- nonces
    ("WBXML-033", "client", in_wbxml(right_md5), seen(2, credentials={"type": "md5", "result": "wrong"}), [(WARN, 3, "another value")]),
    ("WBXML-033", "client", in_wbxml(right_md5), seen(2, credentials={"type": "basic", "result": "wrong"}), []),
    ("WBXML-033", "client", in_wbxml(right_md5), seen(2, credentials={"type": "md5", "result": "stale"}), []),
    ("WBXML-033", "client", in_wbxml(right_md5), lambda s: setattr(at(s, 1).status("SyncHdr"), "chal", None), []),
    ("WBXML-033", "client", in_wbxml(right_md5), lambda s: setattr(at(s, 1).status("SyncHdr").chal, "next_nonce", ""), []),
    # -- Mark
    *(("DM-ALERT-009", "client", generic(mark=value), nothing, [(WARN, 1, value)]) for value in (" minor", "minor ", "MINOR")),
    # -- Statuses of a block that was refused
    *(("DM-STA-003", "client", refused_block(value), nothing, ONCE) for value in ("404", "500")),
    ("DM-STA-003", "client", refused_block("200"), nothing, [(FAIL, 3, "nothing")]),
    ("DM-STA-003", "client", refused_block("304"), nothing, [(FAIL, 3, "nothing")]),
    # -- the server's side of an update
    ("FUMO-CI-013", "server", lambda: requested("./Vendor/Fw/X"), nothing, ONCE),
    ("FUMO-CI-013", "server", lambda: requested("./Vendor/Fwx"), nothing, [(WARN, 2, "200 and no commands")]),
    ("FUMO-CI-013", "server", lambda: requested(f"{OBJECT}/X", source=None), nothing, ONCE),
    ("FUMO-CI-013", "server", lambda: requested("./Vendor/Fw/X", source=None), nothing, [(WARN, 2, "200 and no commands")]),
    ("FUMO-EXEC-021", "server", lambda: one_way(*PAIR, Replace="404"), nothing, ONCE),
    ("FUMO-EXEC-021", "server", lambda: story(do(start("Download")), state("x", node="Download/PkgURL")), nothing,
     [(FAIL, 2, "it was never set")]),
    ("FUMO-EXEC-021", "server", lambda: story(state("x", node="Download/PkgURL"), do(start("Download"))), nothing, ONCE),
    ("DM-CMD-031", "server", lambda: package_in_pieces("bin"), nothing, ONCE),
    ("DM-CMD-031", "server", lambda: package_in_pieces(None), nothing, [(FAIL, 2, "nothing")]),
    # -- the encoding of a session
    ("WBXML-031", "server", lambda: commanded(Get(items=[item("./A")])), both(in_other(1), in_other(3)), ONCE),
    ("WBXML-031", "server", lambda: commanded(Get(items=[item("./A")])), in_other(1), ONCE),
    ("WBXML-031", "server", lambda: commanded(Get(items=[item("./A")])), in_other(3), [(WARN, 4, "wbxml")]),
    ("WBXML-031", "server", lambda: commanded(Get(items=[item("./A")])), both(in_other(3), data(0, headers=[["Accept", "*/*"]])), ONCE),
    # -- reports that come again
    ("FUMO-ALERT-016", "client", twice_in_one, nothing, TWICE),
    ("FUMO-ALERT-016", "client", lambda: reported_again(False), nothing, [(FAIL, 9, "it was answered and came again")]),
    ("FUMO-ALERT-016", "client", lambda: reported_again(True), nothing, [(WARN, 10, "it was answered and came again")]),
    # -- Statuses that nobody needs
    ("DM-STA-004", "server", upload, nothing, TWICE),
    ("DM-STA-004", "server", upload, data(3, made=True), ONCE),
    ("DM-STA-009", "client", update, extra(2, Status(msg_ref="1", cmd_ref="1", cmd="Status", data="200")), [(WARN, 3, "200")]),
    ("DM-STA-009", "client", update, both(extra(2, Status(msg_ref="1", cmd_ref="1", cmd="Status", data="200")), data(2, made=True)), []),
    # -- data that is too long to be kept whole
    ("DM-ENC-010", "server", lambda: commanded(Replace(items=[item("./A", "Q?" * 20000, format="b64")])), nothing, []),
    ("WBXML-009", "server", lambda: update("wbxml"), literal_final, [(WARN, 2, "a literal Final")]),
    # -- what a request holds
    ("FUMO-CI-006", "client", lambda: alerted(report("userrequest", "", None, format="xml")),
     lambda s: at(s, 0).one(Alert, 1).items.__setitem__(0, Item(source=OBJECT, data_elements=(Element("Meta"),),
                                                               meta=at(s, 0).one(Alert, 1).items[0].meta)), ONCE),
    ("FUMO-CI-006", "client", lambda: alerted(report("userrequest", "", None, format="xml")),
     lambda s: setattr(at(s, 0).one(Alert, 1).items[0], "data", None), [(FAIL, 1, "nothing")]),
]  # fmt: skip


@each_row(ROWS)
def test_what_is_said_there(row: Row) -> None:
    assert said_of(*row[:4]) == row[4]


# -- small things --------------------------------------------------------------------------------------------------------


def test_dm_lob_022_the_other_way_to_count_is_tolerated_in_strict_mode_too() -> None:
    found = [f for f in _encoded("30").judge("server", strict=True) if f.requirement == "DM-LOB-022"]
    assert [(f.outcome, f.cause) for f in found] == [(WARN, TOLERATED)]


def test_dm_hdr_001_a_client_whose_version_nobody_knows_may_leave_out_the_namespace() -> None:
    script = Script(version="1.1")
    script.server(*answers(script.client(Alert(data="1201"), dev_info(), cred=basic()), "212"))
    for old, outcome in ((b' xmlns="SYNCML:SYNCML1.1"', WARN), (b"<VerProto>DM/1.1</VerProto>", FAIL)):
        octets = script.transcript().events[0].octets
        assert old in octets
        at(script, 0).raw = octets.replace(old, b"<VerProto>DM/1.2</VerProto>" if outcome == FAIL else b"")
        found = [f.outcome for f in script.judge("client", version="") if f.requirement == "DM-HDR-001"]
        assert found == [outcome]
        at(script, 0).raw = None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("A/B", "A/B/C", True), ("A/B/C", "A/B", True), ("A", "A", True), ("A/B", "A/BC", False), ("A/B", "A/C", False)],
)
def test_dm_cmd_029_nodes_on_one_line(one: str, other: str, same: bool) -> None:
    assert _on_one_line(one, other) is same


def test_wbxml_010_children_that_stand_on_the_wrong_page() -> None:
    def strangers(parent: str, child: str, page: str, inside: str = SYNCML) -> tuple[list[str], list[str]]:
        found: tuple[list[str], list[str]] = ([], [])
        _misplaced(Element(parent, inside, [Element(child, page)]), *found)
        return found

    assert strangers("Meta", "Item", SYNCML) == ([], ["Item"])
    assert strangers("Meta", "Format", METINF) == strangers("Meta", "Vendor", SYNCML) == ([], [])
    assert strangers("Item", "Format", METINF) == (["Format"], [])
    assert strangers("Data", "Format", METINF) == strangers("Item", "Data", SYNCML) == ([], [])
    assert strangers("Anchor", "Next", METINF, METINF) == strangers("Meta", "Item", SYNCML, METINF) == ([], [])


def test_fumo_alert_002_reports_of_nothing_do_not_hide_the_next() -> None:
    script = Script()
    told(script, report("update", "200", "x"))
    told(script, report("update", "200", "x"))
    executed(script, run("Update", "a"))
    told(script, report("update", "400", "a"))
    assert matched(activity(script)) == [("Update", "a", "400")]


def test_fumo_alert_001_an_operation_in_the_message_of_another_does_not_wait_for_it() -> None:
    script = Script()
    executed(script, run("Update", "a"), run("Download", "b"))
    script.mark("value", name="operation-awaited", value=True)
    told(script, report("update", "200", "a"))
    found = [f for f in script.judge("client") if f.requirement == "FUMO-ALERT-001" and f.outcome == FAIL]
    assert len(found) == 1 and found[0].event == 5


@pytest.mark.parametrize(("again_", "superseded"), [("1", True), ("2", False)])
def test_dm_sta_003_a_message_whose_number_came_again_is_superseded(again_: str, superseded: bool) -> None:
    script = commanded(Get(items=[item("./A")]))
    header(3, msg_id=again_)(script)
    (session,) = sessions(script.transcript())
    book = Book(session, "client")
    assert [book.superseded(each) for each in session.by("server")] == [superseded, False]
    for step in (1, 3):
        header(step, msg_id=None)(script)
    (session,) = sessions(script.transcript())
    assert [Book(session, "client").superseded(each) for each in session.by("server")] == [True, False]


def test_fumo_multi_002_the_object_of_the_exec_is_expected() -> None:
    script = story(do(start("Update")), end("update"))
    at(script, 4).one(Alert, 1).items[0].source = "./FUMO/Fw2"
    (found,) = [f for f in script.judge("client", objects=(OBJECT, "./FUMO/Fw2")) if f.requirement == "FUMO-MULTI-002"]
    assert (found.expected, found.actual) == ("FUMO/Fw1", "FUMO/Fw2")


def test_a_report_stands_in_package_1_beside_the_device_information() -> None:
    script = story(do(start("Update")), end("update"))
    events = script.transcript().events
    assert place_of(events[4], []) == "package 1"
    change(4, Alert, data="1222")(script)
    assert place_of(script.transcript().events[4], []) == "later"


def test_what_a_value_proves_and_what_it_is() -> None:
    played: Any = SimpleNamespace(step={"ensures": "R-1"})
    assert ensured(played, {"ensures": "R-2"}, "R-3") == "R-2" and ensured(played, {}, "R-3") == ensured(played, "x", "R-3") == "R-1"
    played.step = {}
    assert ensured(played, {}, "R-3") == "R-3"
    assert value_of(Item(data="NQ==", meta=Meta(format="b64"))) == "5" and value_of(Item(data=" 5 ", meta=Meta(format="int"))) == "5"
    assert value_of(Item(data=" 5 ")) == " 5 " and value_of(Item()) is None
    for kind in ("a.b", " a.b ", "Reversed-Domain-Name: a.b ", " Reversed-Domain-Name:a.b"):
        assert type_of(Alert(items=[Item(meta=Meta(type=kind))])) == "a.b"
    assert type_of(Alert()) == ""
