"""Rules of the tree: what comes in Results is right, or breaks the requirement that it should, and nothing alarms falsely."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from judge_builder import OBJECT, Script, Step, answers, basic, dev_info, item, results

from conformance.dm import tnds
from conformance.judge.finding import FAIL, PASS, WARN
from conformance.syncml.model import Alert, Command, Copy, Delete, Get, Item, Meta, Replace, Results, Status

URL = f"{OBJECT}/Download/PkgURL"
TNDS = tnds.TYPES["xml"]
DOCUMENT = tnds.write([tnds.Branch("DevInfo", "node", "", children=[tnds.Branch("Man", "chr", "", b"Acme")])], "xml").decode()


def asked(uri: str, *items: Item, code: str = "200", version: str = "1.2") -> Script:
    """One Get and what came for it."""
    script = Script(version=version)
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    get = Get(items=[item(uri)])
    two = script.server(*answers(one, "212"), get)
    told = [results(two, get, *items)] if items else []
    three = script.client(*answers(two, "200", Get=code), *told)
    script.server(*answers(three))
    return script


def shown(uri: str, value: str | bytes | None, **meta: Any) -> Script:
    """A Get of one address with one value."""
    return asked(uri, item(uri, value, source=True, **meta))


def outcomes(script: Script, requirement: str, side: str = "client") -> set[str]:
    return {finding.outcome for finding in script.judge(side) if finding.requirement == requirement}


P, L = "./DevInfo/Man?prop=", "./DevInfo?list=TNDS"


VALUES: list[tuple[str, Script, Script, str]] = [
    ("DM-CMD-012", shown("./DevInfo", "Man/Mod", format="node"), shown("./DevInfo", "Man\nMod", format="node"), FAIL),
    ("DM-CMD-012", shown("./A", "", format="node"), shown("./A", "One/", format="node"), FAIL),
    ("DM-CMD-012", shown(".", "DevInfo/A", format="node"), shown(".", "DevInfo/A", format="chr"), FAIL),
    ("DM-CMD-012", shown(OBJECT, "\n One/Two ", format="node"), shown(OBJECT, "One/Two"), FAIL),
    ("DM-TND-016", shown(P + "Size", "4"), shown(P + "Size", "0x4"), FAIL),
    ("DM-TND-016", shown(P + "VerNo", "65535"), shown(P + "VerNo", "-1"), FAIL),
    ("DM-TND-010", shown(P + "TStamp", "20010711T163817Z"), shown(P + "TStamp", "2001-07-11T16:38:17Z"), FAIL),
    ("DM-TND-010", shown(P + "TStamp", ""), shown(P + "TStamp", "20011311T163817Z"), FAIL),
    ("DM-TND-010", shown(P + "VerNo", "0"), shown(P + "VerNo", "65536"), FAIL),
    ("DM-TND-012", shown(P + "Name", "Man"), shown(P + "Name", "DevInfo/Man"), FAIL),
    ("DM-TND-012", shown(P + "Name", "man"), shown(P + "Name", ""), FAIL),
    ("DM-TND-015", shown("DevInfo?prop=Format", "node"), shown("DevInfo?prop=Format", "chr"), FAIL),
    ("DM-TND-015", shown(f"{OBJECT}?prop=Format", "node"), shown(f"{OBJECT}?prop=Format", ""), FAIL),
    ("DM-ACL-008", shown(P + "ACL", "Get=*&Replace=a+b"), shown(P + "ACL", "Get=*;Replace=a"), FAIL),
    ("DM-ACL-008", shown(P + "ACL", ""), shown(P + "ACL", "Copy=*"), FAIL),
    ("DM-ACL-004", shown(".?prop=ACL", "Add=*&Get=*"), shown(".?prop=ACL", ""), FAIL),
    ("DM-LIST-002", shown(L, DOCUMENT, format="xml", type=TNDS), shown(L, "<x/>", format="xml", type=TNDS), FAIL),
    ("DM-LIST-002", shown(L, DOCUMENT, format="xml", type=TNDS), shown(L, DOCUMENT), FAIL),
    ("DM-LIST-002", asked("./DevInfo?list=StructData", item("DevInfo/Man", "Acme", source=True)),
     asked("./DevInfo?list=StructData", item("./DevInfo/Man", source=True)), FAIL),
    ("DM-LIST-002", asked("./V?list=Struct", item("./V", source=True, format="node"), item("./V/L", source=True)),
     asked("./V?list=Struct", Item(meta=Meta(format="node"))), FAIL),
    ("DM-STD-006", asked("./DMAcc/x/AppAuth/1/AAuthSecret", code="405"), shown("./DMAcc/x/AppAuth/1/AAuthSecret", "pw"), WARN),
    ("DM-STD-006", asked("./DMAcc?list=StructData", item("./DMAcc/x/AAuthData", source=True)),
     asked("./DMAcc?list=StructData", item("./DMAcc/x/AAuthData", "pw", source=True)), WARN),
    ("DM-STD-010", shown("./DevInfo?prop=Type", "urn:oma:mo:oma-dm-devinfo:1.0"), shown("./DevInfo?prop=Type", "org.oma"), FAIL),
    ("DM-STD-010", shown("./DevDetail?prop=Type", ""), shown("./DevDetail?prop=Type", "urn:oma:mo:oma-dm-devinfo:1.0"), FAIL),
    ("DM-TND-005", asked("./DevInfo?prop=Size", code="406"), shown("./DevInfo?prop=Size", "5"), FAIL),
    ("DM-TND-006", asked(P + "Colour", code="406"), shown(P + "Colour", ""), FAIL),
]  # fmt: skip
"""A requirement, an obeying transcript, one that breaks it, and what comes of that."""


@pytest.mark.parametrize(("requirement", "good", "bad", "outcome"), VALUES)
def test_a_value_obeys_or_breaks(requirement: str, good: Script, bad: Script, outcome: str) -> None:
    assert outcomes(good, requirement) <= {PASS}
    assert outcomes(bad, requirement) == {outcome}


@pytest.mark.parametrize(
    ("requirement", "script"),
    [
        # An edition of the tables prints chr for the operations; before DM 1.2 the identifiers were others.
        ("DM-STD-010", asked("./DevInfo?prop=Type", item("./DevInfo?prop=Type", "org.oma/DevInfo", source=True), version="1.1")),
        ("DM-TND-015", shown("./Vendor/Leaf?prop=Format", "chr")), ("DM-TND-012", shown(".?prop=Name", "")),
        ("DM-ACL-004", shown("./DevInfo?prop=ACL", "")), ("DM-STD-006", shown("./Vendor/AAuthSecret", "x")),
        ("DM-LIST-002", asked("./V?list=StructData", item("./V/Empty", source=True))),
        ("DM-TND-003", shown(".?prop=ACL", "Get=*")),
    ],
)
def test_what_is_no_fault_raises_no_alarm(requirement: str, script: Script) -> None:
    assert outcomes(script, requirement) <= {PASS}


def test_the_slip_of_a_table_warns() -> None:
    assert outcomes(shown(f"{OBJECT}/Download?prop=Format", "chr"), "DM-TND-015") == {WARN}
    script = asked(f"{OBJECT}/Download", item(f"{OBJECT}/Download", "", source=True, format="node"))
    last = script.steps[-1]
    get = Get(items=[item(f"{OBJECT}/Download?prop=Format")])
    last.message.commands.append(get)  # type: ignore[union-attr]
    get.cmd_id = "9"
    told = results(last, get, item(f"{OBJECT}/Download?prop=Format", "chr", source=True))  # type: ignore[arg-type]
    more = script.client(*answers(last), told)  # type: ignore[arg-type]
    script.server(*answers(more))
    assert outcomes(script, "DM-TND-015") == {WARN}


def story(*parts: str | Command, code: str = "200") -> Script:
    """Commands one after the other; a text is the VerNo that a Get of PkgURL showed."""
    script = Script()
    last = script.client(Alert(data="1201"), dev_info(), cred=basic())
    for place, part in enumerate(parts):
        get = Get(items=[item(f"{URL}?prop=VerNo")])
        sent = script.server(*answers(last, "212" if not place else "200"), get if isinstance(part, str) else part)
        told = [results(sent, get, item(f"{URL}?prop=VerNo", part, source=True))] if isinstance(part, str) else []
        last = script.client(*answers(sent, "200", Replace=code), *told)
    script.server(*answers(last))
    return script


def write(value: str, uri: str = URL) -> Replace:
    return Replace(items=[item(uri, value)])


@pytest.mark.parametrize(
    ("parts", "outcome"),
    [
        ((write("a"), "1", write("b"), "2"), PASS), ((write("a"), "65535", write("b"), "0"), PASS),
        ((write("a"), "1", write("b"), "1"), FAIL), ((write("a"), "7", write("b"), "6"), FAIL),
        ((write("a"), "1", write("b"), write("c"), "2"), FAIL), ((write("a"), "1", write("b"), "3"), PASS),
        # No change that is known to be one, so that nothing is said.
        ((write("a"), "1", write("a"), "1"), None), (("1", write("b"), "1"), None), (("1", "2"), None),
        ((write("a"), "1", write("b", f"{URL}?prop=ACL"), "9"), None),
        ((write("a"), "5", Delete(items=[item(f"{OBJECT}/Download")]), write("b"), "0"), None),
        ((write("a"), "5", Copy(items=[Item(target=URL, source="./B")]), write("b"), write("c"), "0"), None),
        # What is known to be a change of it, whatever became of other nodes.
        ((write("a"), "1", Delete(items=[item("./X")]), write("b"), "1"), FAIL),
        ((write("a"), "1", Delete(items=[item(URL[:-1])]), write("b"), "1"), FAIL),
    ],
)  # fmt: skip
def test_version_numbers_over_time(parts: tuple[Any, ...], outcome: str | None) -> None:
    """DM-TND-010."""
    # The form of each value is right; nothing else is said where no outcome is named.
    assert outcomes(story(*parts), "DM-TND-010") == {outcome or PASS}


def test_a_refused_replace_changes_no_version() -> None:
    assert outcomes(story(write("a"), "1", write("b"), "1", code="425"), "DM-TND-010") == {PASS}


@pytest.mark.parametrize(("value", "outcome"), [("Get=*&Exec=a", PASS), ("", PASS), ("Get=", FAIL), ("Exec a", FAIL)])
def test_a_server_writes_lists_by_the_grammar(value: str, outcome: str) -> None:
    """DM-ACL-008."""
    assert outcomes(story(write(value, f"{OBJECT}?prop=ACL")), "DM-ACL-008", "server") == {outcome}


Base = Callable[[], Script]
Spoil = Callable[[Script], object]


def got(uri: str, code: str) -> Script:
    """A Get that is answered with a code, and with Results where that is 200. Step 2 is the answer."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    get = Get(items=[item(uri)])
    two = script.server(*answers(one, "212"), get)
    told = [results(two, get, item(uri, "", source=True))] if code == "200" else []
    statuses = answers(two)
    statuses[1].data = code
    script.server(*answers(script.client(*statuses, *told)))
    return script


def shows(script: Script) -> None:
    step = script.steps[2]
    assert isinstance(step, Step)
    step.one(Results).items[0].data = "s3cret"


def succeeds(script: Script) -> None:
    step = script.steps[2]
    assert isinstance(step, Step)
    [command for command in step.message.commands if isinstance(command, Status)][1].data = "200"


ROWS: list[tuple[str, str, Base, Spoil, str]] = [
    ("DM-STD-006", "client", lambda: got("./DMAcc/Server/AppAuth/1/AAuthSecret", "200"), shows, WARN),
    ("DM-TND-006", "client", lambda: got("./DevInfo/DevId?prop=Colour", "406"), succeeds, FAIL),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[0]))
def test_rule(row: tuple[str, str, Base, Spoil, str]) -> None:
    requirement, side, base, spoil, outcome = row
    script = base()
    assert {f.outcome for f in script.judge(side) if f.requirement == requirement} == {PASS}
    spoil(script)
    assert {f.outcome for f in script.judge(side) if f.requirement == requirement} == {outcome}
