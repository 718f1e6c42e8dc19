"""Rules of the tree, of properties and of large objects told about, at their edges; and of streams and listed breaches."""

from __future__ import annotations

from typing import Any

import pytest
from judge_builder import OBJECT, Script, answers, basic, commanded, dev_info, item, large, update, upload
from judge_seen import ONCE, TWICE, given_up, large_told, long_alert, property_got, said
from judge_spoils import both, change, code, data, extra, first_item, first_meta, header
from test_judge_rules_tree import DOCUMENT, TNDS, asked, shown

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.judge.session import sessions
from conformance.judge.stream import place, streams
from conformance.syncml.model import Add, Alert, Get, Item, Replace, Results

MAN = "./DevInfo/Man"
L = "./DevInfo?list=StructData"


def nothing(script: Script) -> None:
    """The script as it is."""


def times(n: int) -> list[Any]:
    return [(PASS, None, f"{n} times")]


def bad(value: str) -> list[Any]:
    return [(FAIL, 3, value)]


def prop(name: str, value: Any, node: str = MAN, **meta: Any) -> Script:
    return shown(f"{node}?prop={name}", value, **meta)


def told(command: Any, code_: str) -> Script:
    """One command with its code."""
    return commanded(command, **{command.name: code_})


def got(uri: str, code_: str) -> Script:
    return told(Get(items=[item(uri)]), code_)


def wrote(name: str, code_: str, kind: type[Any] = Replace) -> Script:
    return told(kind(items=[item(f"./A?prop={name}", "x")]), code_)


ROWS: list[tuple[str, Script, list[Any]]] = [
    # -- properties
    ("DM-TND-016", prop("Size", ""), TWICE), ("DM-TND-016", prop("Size", "1234567890"), TWICE),
    ("DM-TND-016", prop("Size", "12345678901"), bad("12345678901")), ("DM-TND-016", prop("VerNo", " 7 "), TWICE),
    ("DM-TND-016", prop("Name", "0x"), ONCE), ("DM-TND-016", prop("Size", None), []),
    ("DM-TND-016", prop("Size", "\u0661"), bad("\u0661")), ("DM-TND-016", shown(MAN, "x"), []),
    ("DM-ACL-008", prop("ACL", " Get=* "), ONCE), ("DM-ACL-008", prop("Title", "x=y"), []),
    ("DM-ACL-004", prop("ACL", "Get=*", "."), ONCE), ("DM-ACL-004", prop("ACL", "", "./A"), []),
    ("DM-ACL-004", prop("ACL", " ", "./"), bad("an empty value")),
    ("DM-TND-010", prop("TStamp", "20011231T235960Z"), ONCE), ("DM-TND-010", prop("TStamp", "20010011T163817Z"), bad("20010011T163817Z")),
    ("DM-TND-010", prop("TStamp", "20010732T163817Z"), bad("20010732T163817Z")),
    ("DM-TND-010", prop("TStamp", "20010711T243817Z"), bad("20010711T243817Z")), ("DM-TND-010", prop("TStamp", ""), []),
    ("DM-TND-010", prop("VerNo", ""), []), ("DM-TND-010", prop("VerNo", "65535"), ONCE),
    ("DM-TND-012", prop("Name", "MAN"), ONCE), ("DM-TND-012", prop("Name", "x", "."), []),
    ("DM-TND-012", prop("Name", "Ma%6E"), [(WARN, 3, "Ma%6E")]), ("DM-TND-012", prop("Name", "Menu"), bad("Menu")),
    ("DM-STD-010", prop("Type", "URN:oma:mo:oma-dm-devinfo:2.0", "./DevInfo"), ONCE), ("DM-STD-010", prop("Type", "", "DevInfo"), []),
    ("DM-STD-010", prop("Type", "urn:oma:mo:oma-dm-devdetail:1.0", "./DevDetail"), ONCE),
    ("DM-STD-010", prop("Type", "urn:oma:mo:oma-dm-devinfo:1.0", "./DevDetail"), bad("urn:oma:mo:oma-dm-devinfo:1.0")),
    ("DM-STD-010", prop("Type", "x", "./Vendor"), []),
    ("DM-TND-015", prop("Format", "chr", f"{OBJECT}/Update"), [(WARN, 3, "chr")]),
    ("DM-TND-015", prop("Format", "bin", f"{OBJECT}/Update"), bad("bin")), ("DM-TND-015", prop("Format", "chr", "./DevInfo"), bad("chr")),
    ("DM-TND-015", prop("Format", "node", "."), ONCE), ("DM-TND-015", prop("Format", "chr", MAN), []),
    *(("DM-TND-015", prop("Format", "node", node), ONCE)
      for node in ("./DevDetail", "./DevDetail/URI", OBJECT, f"{OBJECT}/Download", f"{OBJECT}/DownloadAndUpdate")),
    # -- commands on properties
    ("DM-TND-017", wrote("Title", "405", Add), ONCE), ("DM-TND-017", wrote("Title", "200", Add), bad("200")),
    ("DM-TND-017", wrote("Title", "200"), []), ("DM-TND-007", wrote("Title", "200"), []),
    *(("DM-TND-007", wrote(name, "200"), bad("200")) for name in ("Format", "Size", "TStamp", "Type", "VerNo")),
    ("DM-TND-007", wrote("Size", "405"), ONCE), ("DM-TND-007", wrote("Size", "500"), ONCE),
    ("DM-TND-007", wrote("Size", "213"), bad("213")),
    ("DM-TND-005", got("./DevInfo?prop=Size", "406"), TWICE), ("DM-TND-005", got(f"{MAN}?prop=Size", "200"), []),
    ("DM-TND-006", got(f"{MAN}?prop=Colour", "406"), ONCE), ("DM-TND-006", got(f"{MAN}?prop=Colour", "200"), bad("200")),
    *(("DM-TND-006", got(f"{MAN}?prop={name}", "200"), [])
      for name in ("ACL", "Format", "Name", "Size", "Title", "TStamp", "Type", "VerNo")),
    ("DM-TND-006", got(MAN, "200"), []),
    # -- Inbox
    ("DM-STD-007", got("./Inbox", "405"), ONCE), ("DM-STD-007", got("Inbox/X", "404"), ONCE),
    ("DM-STD-007", got("./Inbox", "500"), [(WARN, 3, "500")]),
    ("DM-STD-007", got("./Inbox", "200"), bad("200")), ("DM-STD-007", got("./Inbox?list=Struct", "200"), []),
    ("DM-STD-007", got("./InboxX", "200"), []), ("DM-STD-007", told(Replace(items=[item("./Inbox", "x")]), "200"), []),
    # -- lists
    ("DM-LIST-002", asked(L, item(MAN, "Acme", source=True), item("./DevInfo", source=True)), times(3)),
    ("DM-LIST-002", asked(L, item(MAN, "Other", source=True)), bad("Other")),
    ("DM-LIST-002", asked(L, item("./DevInfo/Ext", "x", source=True)), ONCE),
    ("DM-LIST-002", asked("./DevInfo?list=Struct", item(MAN, source=True)), ONCE),
    ("DM-LIST-002", asked(L, Item(data="Acme")), bad("nothing")),
    ("DM-LIST-002", shown("./DevInfo?list=TNDS", DOCUMENT, format="xml", type=TNDS), ONCE),
    ("DM-LIST-002", shown(f"{MAN}?prop=Name", "x"), []),
    # -- secrets
    ("DM-STD-006", shown("./DMAcc/S/AppAuth/1/AAuthSecret", "x"), [(WARN, 3, "a value")]),
    ("DM-STD-006", shown("./DMAcc/S/AppAuth/1/AAuthSecret", ""), ONCE), ("DM-STD-006", shown("./DMAcc/S/AppAuth/1/AAuthName", "x"), []),
    ("DM-STD-006", shown("./Other/AAuthSecret", "x"), []), ("DM-STD-006", shown("./DMAcc/S/AAuthSecret?prop=Name", "AAuthSecret"), []),
    ("DM-STD-006", asked("./DMAcc/S?list=StructData", item("./DMAcc/S/ClientNonce", "x", source=True)), [(WARN, 3, "a value")]),
]  # fmt: skip


@pytest.mark.parametrize(("requirement", "script", "found"), ROWS, ids=[f"{row[0]}-{n}" for n, row in enumerate(ROWS)])
def test_what_is_said_of_the_tree(requirement: str, script: Script, found: list[Any]) -> None:
    assert said(script, requirement, "client") == found


SPOILT: list[tuple[str, str, Any, Any, list[Any]]] = [
    ("DM-STD-005", "client", large_told, nothing, TWICE),
    ("DM-LOB-002", "client", large_told, nothing, TWICE),
    ("DM-STD-005", "client", large_told, first_item(8, Results, data=" TRUE "), TWICE),
    ("DM-STD-005", "client", large_told, first_item(8, Results, data="yes"), []),
    ("DM-STD-005", "client", large_told, first_item(8, Results, source="./DevDetail/Other"), []),
    ("DM-STD-005", "client", large_told, code(2, "Replace", "406"), [(FAIL, 3, "true")]),
    ("DM-LOB-018", "client", long_alert, nothing, ONCE),
    ("DM-LOB-018", "client", long_alert, first_item(2, Results, data="false"), [(FAIL, 3, "false")]),
    ("DM-LOB-021", "client", large, nothing, ONCE),
    ("DM-LOB-021", "client", large, code(2, "Replace", "406"), [(WARN, 3, "406")]),
    ("DM-LOB-021", "client", large, code(2, "Replace", "500"), ONCE),
    ("DM-LOB-021", "client", large, code(4, "Replace", "406"), ONCE),
    # -- sessions that are given up
    ("DM-ABT-001", "client", given_up, nothing, ONCE),
    ("DM-ABT-001", "client", given_up, lambda s: s.steps.__delitem__(slice(2, 4)), [(WARN, 3, "another session")]),
    ("DM-ABT-001", "client", given_up, both(lambda s: s.steps.__delitem__(slice(2, 4)), data(1, made=True)), []),
    ("DM-ABT-001", "client", given_up, both(lambda s: s.steps.__delitem__(slice(2, 4)), data(1, error="reset")), []),
    ("DM-ABT-001", "client", given_up, both(lambda s: s.steps.__delitem__(slice(2, 4)), code(1, "SyncHdr", "401")), []),
    ("DM-ABT-001", "client", given_up, both(lambda s: s.steps.__delitem__(slice(2, 4)), header(0, source="imei:2")), []),
    ("DM-ABT-001", "client", given_up, both(lambda s: s.steps.__delitem__(slice(2, 4)),
                                            lambda s: s.steps.insert(2, s.mark("process", what="killed")) or s.steps.pop()), []),
    # -- servers
    ("DM-ACL-008", "server", lambda: commanded(Replace(items=[item("./A?prop=ACL", "Get=*")])), nothing, ONCE),
    ("DM-ACL-008", "server", lambda: commanded(Add(items=[item("./A?prop=ACL", "x")])), nothing, []),
    ("DM-ACL-008", "client", lambda: property_got("ACL", "Get=*"), first_item(2, Results, source=None), ONCE),
    ("DM-ACL-008", "client", lambda: property_got("ACL", "Get=*"), both(first_item(2, Results, source=None, data="x")), [(FAIL, 3, "x")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("requirement", "side", "base", "spoil", "found"), SPOILT, ids=[f"{row[0]}-{n}" for n, row in enumerate(SPOILT)]
)
def test_what_is_said_of_a_device(requirement: str, side: str, base: Any, spoil: Any, found: list[Any]) -> None:
    script = base()
    spoil(script)
    assert said(script, requirement, side) == found


# -- streams --------------------------------------------------------------------------------------------


def pieces(script: Script, side: str = "server") -> list[tuple[Any, ...]]:
    """Of each object: node, pieces, octets, decoded, Size, whether it ended, and the event of what followed instead."""
    return [
        (s.node, len(s.chunks), s.total, s.decoded, s.size, s.ended, s.follower.event.n if s.follower else None, s.made)
        for session in sessions(script.transcript())
        for s in streams(session, side)
    ]


def encoded(*chunks: str) -> Script:
    script = large("6", chunks)
    for n in range(1, 2 * len(chunks), 2):
        first_meta(n, Replace, format="b64")(script)
    return script


@pytest.mark.parametrize(
    ("script", "spoil", "found"),
    [
        (large(), nothing, [("./Some/Node", 3, 30, 30, 30, True, None, False)]),
        (large("30", ("\u20ac", "b")), nothing, [("./Some/Node", 2, 4, 4, 30, True, None, False)]),
        (large(None), nothing, [("./Some/Node", 3, 30, 30, None, True, None, False)]),
        (encoded("QUJ", "DRE", "VG"), nothing, [("./Some/Node", 3, 8, 6, 6, True, None, False)]),
        (encoded("QU", "?"), nothing, [("./Some/Node", 2, 3, 3, 6, True, None, False)]),
        (large(), data(3, made=True), [("./Some/Node", 3, 30, 30, 30, True, None, True)]),
        (large(), first_item(3, Replace, target=None), [("./Some/Node", 3, 30, 30, 30, True, None, False)]),
        (large(), first_item(3, Replace, target="./Other"),
         [("./Some/Node", 1, 10, 10, 30, False, 4, False), ("./Other", 1, 10, 10, None, False, 6, False)]),
        (large(), code(2, "Replace", "500"),
         [("./Some/Node", 1, 10, 10, 30, False, 4, False), ("./Some/Node", 2, 20, 20, None, True, None, False)]),
        (large(), extra(2, Alert(data="1225")),
         [("./Some/Node", 1, 10, 10, 30, False, 4, False), ("./Some/Node", 2, 20, 20, None, True, None, False)]),
        (large(), code(2, "Replace", "200"), [("./Some/Node", 3, 30, 30, 30, True, None, False)]),
        (large(), lambda s: s.steps.__delitem__(slice(4, None)), [("./Some/Node", 2, 20, 20, 30, False, None, False)]),
        (update(), nothing, []),
    ],
)  # fmt: skip
def test_dm_lob_003_the_pieces_of_an_object(script: Script, spoil: Any, found: list[Any]) -> None:
    spoil(script)
    assert pieces(script) == found


def test_dm_lob_008_pieces_of_results_belong_to_one_command() -> None:
    assert pieces(upload(), "client") == [("./Some/Node", 2, 20, 20, 20, True, None, False)]
    script = upload()
    change(4, Results, cmd_ref="99")(script)
    assert pieces(script, "client") == [("./Some/Node", 1, 10, 10, 20, False, 5, False)]


def test_the_place_of_an_item() -> None:
    assert [place(each) for each in (Item(target="a", source="b"), Item(source="b"), Item())] == ["a", "b", ""]


# -- breaches that are listed ---------------------------------------------------------------------------


def test_of_many_breaches_the_first_are_listed_and_the_worst_of_the_rest_is_said() -> None:
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), *[Alert(data=f"13{n:02d}") for n in range(9)], cred=basic())
    script.server(*answers(one, "212"))
    found = [f for f in script.judge("client") if f.requirement == "DM-ALERT-001"]
    assert [f.actual for f in found] == ["1300", "1301", "1302", "1303", "1304", ""]
    last = found[-1]
    assert (last.outcome, last.message, last.event, last.cause, last.level) == (FAIL, "and 4 more", 1, None, "must")
    assert last.expected == found[0].expected
