"""Rules at edges that only show where several things come together: several sessions, long values, what was made wrong."""

from __future__ import annotations

from typing import Any

import pytest
from judge_builder import (
    OBJECT,
    Script,
    alerted,
    answers,
    basic,
    challenged,
    dev_info,
    header_status,
    item,
    large,
    md5,
    md5_chal,
    report,
    results,
    update,
    upload,
)
from judge_scripts import _open_server, right_mac, right_md5
from judge_seen import FIELDS, ONCE, TWICE, Row, each_row, in_wbxml, marked, said, said_of, two_triggers
from judge_spoils import at, both, change, code, data, drop, extra, final, header, raw, seen
from test_judge_parts import executed, run, told
from test_judge_variations_tree import pieces
from transcripts import Script as Hand
from transcripts import report as told_back
from transcripts import short, status

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.judge.session import number as session_number
from conformance.judge.session import sessions
from conformance.syncml.model import Add, Alert, Exec, Get, Item, Replace, Sequence, Status


def times(n: int) -> list[Any]:
    return [(PASS, None, f"{n} times")]


def nothing(script: Script) -> None:
    """The script as it is."""


def made(place: int) -> Any:
    return data(place, made=True)


def lost(place: int) -> Any:
    return data(place, error="reset")


def vendor_first() -> Script:
    """Execs beside the operations before one that is none."""
    script = Script()
    several = run("Ext/Own", "a")
    several.items += [item("./Vendor/Update"), item(f"{OBJECT}/Nothing")]
    executed(script, several, run("Update", "b", "./Vendor"))
    return script


def refused_twice() -> Script:
    """An Exec that nobody reports, then one that is refused and reported all the same."""
    script = Script()
    executed(script, run("Download", "a"), Exec="401")
    executed(script, run("Update", "b"), Exec="406")
    told(script, report("update", "400", "b"))
    return script


def same_id_again(over: bool) -> Script:
    """A session whose id and whose first MsgID come again."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    two = script.server(*answers(one, "212"), *([] if over else [Get(items=[item("./A")])]))
    if not over:
        three = script.client(*answers(two))
        script.server(*answers(three), Get(items=[item("./A")]))
    script.open("1")
    script.server(*answers(script.client(Alert(data="1201"), dev_info(), cred=basic()), "212"))
    return script


def raw_nonce() -> Script:
    """A challenge in WBXML whose nonce stands there as raw octets."""
    script = challenged()
    script.encoding = "wbxml"
    raw(1, b"\x03MDEyMzQ1Njc4OWFiY2RlZg==\x00", b"\xc3\x03\xff\xfe\xfd")(script)
    return script


ROWS: list[tuple[str, str, Any, Any, list[Any]]] = [
    ("FUMO-EXEC-022", "server", vendor_first, nothing, [(FAIL, 2, f"{OBJECT}/Nothing")]),
    ("FUMO-EXEC-012", "client", refused_twice, nothing, [(WARN, 9, "a report")]),
    *((name, "server", update, made(1), []) for name in ("FUMO-EXEC-021", "FUMO-EXEC-022", "FUMO-EXEC-023", "FUMO-DL-014", "DM-CMD-023")),
    # -- nonces
    ("DM-AUTH-022", "server", challenged, both(lambda s: setattr(at(s, 1).status("SyncHdr"), "cmd_ref", None),
                                               lambda s: setattr(at(s, 1).status("SyncHdr").chal, "next_nonce", "")),
     [(FAIL, 2, "an empty value")]),
    ("DM-AUTH-022", "server", challenged, both(lambda s: setattr(at(s, 1).status("SyncHdr").chal, "next_nonce", ""),
                                               lambda s: setattr(at(s, 1).status("SyncHdr"), "cmd", None)),
     [(FAIL, 2, "an empty value")]),
    ("DM-HMAC-005", "client", right_mac,
     both(seen(2, integrity={"type": "hmac", "result": "stale", "nonce": "old"}),
          lambda s: setattr(at(s, 1).status("SyncHdr"), "chal", None)),
     [(WARN, 3, "the old one")]),
    ("WBXML-033", "server", raw_nonce, nothing, [(WARN, 2, "raw octets")]),
    ("WBXML-033", "client", in_wbxml(right_md5), nothing, ONCE),
    ("WBXML-033", "client", right_md5, nothing, []),
    # -- the rest of a package
    ("DM-MSG-001", "client", upload, both(final(4, False), drop(4, "Alert")), []),
    ("DM-SES-011", "client", upload, nothing, TWICE),
    ("DM-LOB-007", "client", large, both(lost(1), lambda s: at(s, 2).drop(at(s, 2).one(Alert))), ONCE),
    ("DM-MSG-003", "client", lambda: _open_server(True), both(made(1), lambda s: at(s, 2).drop(at(s, 2).one(Alert))), []),
    ("DM-SES-010", "client", update, both(drop(2, "SyncHdr"), made(1)), ONCE),
    ("DM-STA-003", "server", update, both(drop(3, "SyncHdr"), made(2)), []),
    ("DM-STA-003", "server", update, both(drop(3, "SyncHdr"), extra(3, Alert(data="1223"))), []),
    # -- Statuses for Items of a report
    ("DM-ALERT-014", "server", lambda: alerted(report("update")), nothing, []),
    # -- data that is held
    ("DM-LOB-013", "server", lambda: large("30000", ("a" * 20000, "b" * 10000)), nothing, []),
]  # fmt: skip


@each_row(ROWS)
def test_what_is_said(row: Row) -> None:
    assert said_of(*row[:4]) == row[4]


def held(text: str, form: str | None = None) -> Script:
    """An object of which one piece is too long to be kept."""
    script = large("9", (text, text[:8]))
    if form:
        for n in (1, 3):
            at(script, n).one(Replace).items[0].meta.format = form
    return script


@pytest.mark.parametrize(
    ("script", "total", "decoded"),
    [
        (held("a" * 20000), 20008, 20008), (held("QUJD" * 5000, "b64"), 20008, 15006), (held("QUJD" * 4999 + "QUI=", "b64"), 20008, 15005),
        (held("QUJD" * 5000 + "QU", "b64"), 20010, 15007), (held("?" * 20000, "b64"), 20008, 15006),
    ],
)  # fmt: skip
def test_dm_lob_005_an_object_that_is_not_kept_whole_has_its_size(script: Script, total: int, decoded: int) -> None:
    ((_, count, octets, plain, *_rest),) = pieces(script)
    assert (count, octets, plain) == (2, total, decoded)


@pytest.mark.parametrize(
    ("spoil", "goes_on"),
    [
        (nothing, True), (code(2, "Replace", "404"), False), (code(2, "Replace", "214"), False), (code(2, "Replace", "215"), False),
        (code(2, "Replace", "216"), False), (code(2, "Replace", "304"), False), (code(2, "Replace", "202"), True),
        (code(2, "SyncHdr", "500"), True), (code(2, "SyncHdr", "401"), False), (extra(2, Alert(data="1223")), False),
        (extra(2, Status(msg_ref="1", cmd_ref="77", cmd="Get", data="500")), True), (lambda s: s.steps.pop(2) and s.steps.pop(2), True),
        (lost(1), True),
    ],
)  # fmt: skip
def test_dm_lob_011_what_breaks_an_object_off(spoil: Any, goes_on: bool) -> None:
    script = large()
    spoil(script)
    assert (len(pieces(script)) == 1) is goes_on


@pytest.mark.parametrize("over", [True, False])
def test_ids_of_sessions_are_used_again(over: bool) -> None:
    assert len(sessions(same_id_again(over).transcript())) == 2


def test_fumo_exec_002_an_early_200_is_right_where_the_report_came_with_it() -> None:
    wanted = {"expect": 202, "accept": [200], "because": "AMB-exec-early-200"}
    for alerts, outcome in (([told_back()], "pass"), ([], "warn")):
        script = Hand()
        script.command({"exec": "./F/X", "expect": {"status": wanted}}, Exec(items=[Item(target="./F/X")]), status(200, "Exec"), *alerts)
        assert [each[1] for each in short(script)] == [outcome]


def test_a_report_is_answered_by_the_status_that_names_its_message() -> None:
    from conformance.judge.operation import Activity

    script = Script()
    told(script, report("update"))
    at(script, 1).status("Alert", 1).msg_ref = "9"
    transcript = script.transcript()
    assert [each.answered for each in Activity(transcript, sessions(transcript), (OBJECT,)).reports] == [False]


# -- what is read back ----------------------------------------------------------------------------------


def write(node: str, value: str, **meta: Any) -> Replace:
    return Replace(items=[item(node, value, **(meta or {"format": "chr"}))])


def dialogue(*turns: tuple[Any, dict[str, str], str | None]) -> Script:
    """Commands one message after another; a Get of ./A shows the value beside it."""
    script = Script()
    last = script.client(Alert(data="1201"), dev_info(), cred=basic())
    for n, (command, codes, value) in enumerate(turns):
        sent = script.server(*answers(last, "200" if n else "212"), command)
        shown = [results(sent, command, item("./A", value, source=True))] if value is not None else []
        last = script.client(*answers(sent, "200", **codes), *shown)
    script.server(*answers(last))
    return script


def get() -> Get:
    return Get(items=[item("./A")])


READ: list[tuple[list[Any], list[Any]]] = [
    ([(write("./A", "1"), {}, None), (get(), {}, "1")], ONCE),
    ([(write("./A", "1"), {}, None), (get(), {}, "2")], [(FAIL, 5, "2")]),
    ([(write("./A", "1"), {}, None), (get(), {"Get": "404"}, None)], []),
    ([(write("./A", "1"), {"Replace": "202"}, None), (get(), {}, "2")], []),
    ([(write("./A", "1"), {}, None), (write("./A", "2"), {"Replace": "500"}, None), (get(), {}, "1")], ONCE),
    ([(write("./A", "1"), {}, None), (write("./A", "2"), {"Replace": "215"}, None), (get(), {}, "2")], [(FAIL, 7, "2")]),
    ([(write("./A", "1"), {}, None), (Add(items=[item("./B", "x", format="chr")]), {}, None), (get(), {}, "2")], []),
    ([(write("./A", "1"), {}, None), (write("./A", "2"), {}, None), (get(), {}, "2")], ONCE),
    ([(write("./A", "1"), {}, None), (write(".", "2"), {}, None), (get(), {}, "2")], []),
    ([(write("./A", "1"), {}, None), (write("./B", "2"), {}, None), (get(), {}, "1")], ONCE),
    ([(write("A", " 1 "), {}, None), (get(), {}, " 1 ")], ONCE),
    ([(write("./A", "MQ==", format="b64"), {}, None), (get(), {}, "2")], []),
    ([(write("./A", "1", format="chr", type="text/plain"), {}, None), (get(), {}, "2")], [(FAIL, 5, "2")]),
    ([(write("./A", "1", format="chr", type="a/b"), {}, None), (get(), {}, "2")], []),
    ([(Sequence(commands=[write("./A", "1")]), {}, None), (get(), {}, "2")], [(FAIL, 5, "2")]),
]  # fmt: skip


@pytest.mark.parametrize(("turns", "found"), READ, ids=[str(n) for n in range(len(READ))])
def test_dm_cmd_001_what_was_written_is_read_back(turns: list[Any], found: list[Any]) -> None:
    assert said(dialogue(*turns), "DM-CMD-001", "client") == found
    for finding in dialogue(*turns).judge("client"):
        assert finding.message not in ("", "nothing"), finding


# -- over several sessions ------------------------------------------------------------------------------


def two_challenges(*prints: str) -> Script:
    """Sessions with masked nonces, of which the recorder tells something that tells them apart."""
    script = Script()
    for number, mark in enumerate(prints, 1):
        script.open(str(number))
        one = script.client(Alert(data="1201"), dev_info())
        two = script.server(*answers(one, "407", md5_chal("****"), Alert="407", Replace="407"))
        two.data["facts"] = {"next_nonce": {"length": 16, "print": mark}}
        script.server(*answers(script.client(header_status(two), Alert(data="1201"), dev_info(), cred=md5(), source_name="dev"), "212"))
    return script


@pytest.mark.parametrize(("prints", "outcome"), [(("a", "b"), PASS), (("a", "a"), WARN), (("a", "b", "a"), WARN)])
def test_dm_auth_012_nonces_are_told_apart_though_they_are_masked(prints: tuple[str, ...], outcome: str) -> None:
    found = said(two_challenges(*prints), "DM-AUTH-012", "server")
    assert {each[0] for each in found} == {outcome}


@pytest.mark.parametrize(("code_", "outcomes"), [("401", set()), ("212", {WARN})])
def test_dm_auth_010_after_a_refusal_which_nonce_counts_is_open(code_: str, outcomes: set[str]) -> None:
    script = Script()
    for number in (1, 2):
        script.open(str(number))
        one = script.client(Alert(data="1201"), dev_info(), cred=md5(), source_name="dev")
        if number == 2:
            one.data["facts"] = {"credentials": {"type": "md5", "result": "stale", "nonce": "initial"}}
        script.server(*answers(one, code_ if number == 1 else "212", md5_chal() if number == 1 and code_ == "401" else None))
    assert {each[0] for each in said(script, "DM-AUTH-010", "client")} == outcomes


def resynced(nonce: str | None, mark: str = "resync") -> Script:
    """A session after a trigger with the nonce that heals a lost one."""
    script = Script()
    script.mark("trigger", "server", "device", fields={"session_id": 0x1A, "digest": mark})
    script.open("1A")
    one = script.client(Alert(data="1200"), dev_info(), cred=basic())
    two = script.server(*answers(one, "212"), Get(items=[item("./A")]))
    script.server(*answers(script.client(*answers(two, "200", md5_chal(nonce) if nonce is not None else None))))
    return script


@pytest.mark.parametrize(
    ("script", "outcomes"),
    [
        (resynced("QUJD"), [PASS]), (resynced(None), ["breach"]), (resynced(""), ["breach"]), (resynced(None, "right"), []),
        (resynced(None, "resync-late"), ["breach"]), (resynced(None, "no-resync"), []),
    ],
)  # fmt: skip
def test_noti_018_after_a_resync_there_is_a_new_nonce(script: Script, outcomes: list[str]) -> None:
    found = said(script, "NOTI-018", "client")
    assert ["breach" if each[0] != PASS else PASS for each in found] == outcomes
    assert all(each[1] == 4 for each in found if each[0] != PASS)


def test_fumo_ci_005_a_request_without_a_source_is_not_judged_by_it() -> None:
    script = alerted(report("userrequest", "", None, format="chr"))
    at(script, 0).one(Alert, 1).items[0].source = None
    assert said(script, "FUMO-CI-005", "client") == []


def test_dm_ses_005_no_final_stands_beside_a_piece_that_is_not_the_last() -> None:
    script = update()
    at(script, 0).one(Replace).items.append(item("./DevInfo/Ext", "x", source=True, more=True, size="9"))
    assert said(script, "DM-SES-005", "client") == [(FAIL, 1, "Final")]


def test_a_step_names_the_requirement_of_what_is_expected_of_its_report() -> None:
    script = Hand()
    script.begin({"await": {"alert": "download-and-update"}, "expect": {"result": "200"}, "ensures": "R-7"})
    script.device(Alert(data="1201"), told_back())
    script.end()
    assert {each[0] for each in short(script)} == {"R-7"}


def test_dm_ses_002_the_trigger_that_names_the_session_tells_who_began_it() -> None:
    script = two_triggers(0x1B)
    marked(0, fields={**FIELDS, "initiator": 0})(script)
    change(2, Alert, data="1201")(script)
    assert said(script, "DM-SES-002", "client") == ONCE
    script = two_triggers(0x1B)
    marked(1, fields={**FIELDS, "session_id": 0x1B, "initiator": 0})(script)
    change(2, Alert, data="1201")(script)
    assert said(script, "DM-SES-002", "client") == [(WARN, 3, "Alert 1201")]


@pytest.mark.parametrize("name", ["ver_dtd", "ver_proto"])
def test_dm_hdr_001_a_message_may_lack_its_version(name: str) -> None:
    requirement = "DM-HDR-001" if name == "ver_dtd" else "DM-HDR-002"
    for n, side in ((0, "client"), (1, "server")):
        script = update()
        header(n, **{name: None})(script)
        assert said(script, requirement, side) == [(FAIL, n + 1, "nothing")]


def test_dm_list_002_a_list_of_what_was_never_told_is_not_compared() -> None:
    script = update()
    script.open("3")
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    get_ = Get(items=[item("./Some?list=StructData")])
    two = script.server(*answers(one, "212"), get_)
    shown = results(two, get_, item("./Some/Leaf", "1", source=True), item("./Some/Other", "2", source=True))
    script.server(*answers(script.client(*answers(two), shown)))
    assert said(script, "DM-LIST-002", "client") == TWICE


@pytest.mark.parametrize(("kind", "digits", "number"), [("9" * 9, 9, 999999999), ("1" * 10, 10, None)])
def test_a_number_has_at_most_nine_digits(kind: str, digits: int, number: int | None) -> None:
    assert len(kind) == digits and session_number(kind) == number
