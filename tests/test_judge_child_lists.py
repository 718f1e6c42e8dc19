"""Child lists of update objects (FUMO TS 5.1, DM RepPro 6.6.7): what is held against them, and what they are not judged by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from judge_builder import OBJECT, Script, answers, basic, dev_info, item, results
from judge_scripts import at

from conformance.judge.finding import FAIL, PASS
from conformance.syncml.model import Add, Alert, Copy, Delete, Get, Item, Replace, Results

LIST, STATE = (OBJECT, "Ext", "node"), (f"{OBJECT}/State", "10", "int")
Spoil = Callable[[Script], Any]


def got(node: str, value: str, form: str, **more: Any) -> tuple[Any, Any]:
    """A Get and what comes of it; ``source``: another address in the Results."""
    get = Get(items=[item(node)])
    return get, lambda asked: results(asked, get, item(more.pop("source", node), value, source=True, format=form, **more))


def session(*pairs: tuple[Any, Any], codes: dict[int, str] | None = None) -> Script:
    """One session with a command after the other; each with what answers it beside its Status, or ``None``."""
    script = Script()
    step = script.client(Alert(data="1201"), dev_info(), cred=basic())
    for number, (command, answer) in enumerate(pairs):
        asked = script.server(*answers(step, "200" if number else "212"), command)
        status = {type(command).__name__: (codes or {}).get(number, "200")}
        found = [] if answer is None else [answer(asked)]
        step = script.client(*answers(asked, "200", **status), *found)
    script.server(*answers(step))
    return script


def said(script: Script, requirement: str = "FUMO-NODE-006") -> list[str]:
    """What is said of a requirement: outcomes, each once."""
    return sorted({f.outcome for f in script.judge("client") if f.requirement == requirement})


def test_a_list_without_a_child_that_is_there_is_wrong() -> None:
    script = session(got(*LIST), got(*STATE))
    (found,) = [f for f in script.judge("client") if f.requirement == "FUMO-NODE-006" and f.outcome == FAIL]
    assert found.expected == "State among them" and found.actual == "Ext" and OBJECT.removeprefix("./") in found.message
    assert said(session(got(OBJECT, "Ext/State", "node"), got(*STATE))) == [PASS]


@pytest.mark.parametrize("first", [0, 1])
def test_it_does_not_matter_which_is_read_first(first: int) -> None:
    pairs = [got(*LIST), got(*STATE)]
    assert FAIL in said(session(*(pairs if first else reversed(pairs))))


@pytest.mark.parametrize(
    "command",
    [
        Add(items=[item(f"{OBJECT}/Ext/New", "x", format="chr")]),
        Delete(items=[item(f"{OBJECT}/Ext/Old")]),
        Copy(items=[Item(target=f"{OBJECT}/Ext/New", source=f"{OBJECT}/Ext/Old")]),
        Replace(items=[item(f"{OBJECT}/Ext?prop=Name", "Other", format="chr")]),
    ],
)
def test_nothing_is_held_against_a_list_where_nodes_come_and_go(command: Any) -> None:
    assert said(session(got(*LIST), (command, None), got(*STATE))) == []


@pytest.mark.parametrize(
    "command",
    [
        Replace(items=[item(f"{OBJECT}/Download/PkgURL", "http://x.test/1", format="chr")]),
        Replace(items=[Item(data="x")]),
        Get(items=[item(f"{OBJECT}/Download?prop=ACL")]),
    ],
)
def test_other_commands_change_no_list(command: Any) -> None:
    assert FAIL in said(session(got(*LIST), (command, None), got(*STATE)))


@pytest.mark.parametrize(
    "made",
    [
        lambda: session(got(OBJECT, "Ext/state", "node"), got(*STATE)),
        lambda: session(got(*LIST), got(f"{OBJECT}/State?prop=Type", "text/plain", "chr")),
        lambda: session(got(*LIST), got(f"{OBJECT}/Ext", "x", "chr", source=f"{OBJECT}/State")),
        lambda: session(got(*LIST), got(*STATE), codes={1: "404"}),
        lambda: session(got(OBJECT, "Ext", "chr"), got(*STATE)),
        lambda: session(got("./DevInfo", "Ext", "node"), got(*STATE)),
    ],
    ids=["small letters", "a property", "another node than the one that was asked for", "refused", "a value", "elsewhere"],
)
def test_what_says_nothing_of_a_child_is_not_held_against_the_list(made: Callable[[], Script]) -> None:
    assert FAIL not in said(made())


def test_a_list_in_pieces_is_not_judged_by_a_piece() -> None:
    script = session(got(OBJECT, "Ext", "node", more=True), got(*STATE))
    assert said(script) == []


def test_what_the_suite_spoilt_is_not_held_against_the_device() -> None:
    script = session(got(*LIST), got(*STATE))
    at(script, 1).data["made"] = True
    assert FAIL not in said(script)


def test_a_get_that_found_nothing_does_not_hide_the_next() -> None:
    nothing = (Get(items=[item(f"{OBJECT}/Vendor")]), None)
    assert FAIL in said(session(nothing, got(*LIST), got(*STATE), codes={0: "404"}))
    assert at(session(got(*LIST)), 2).one(Results).items


@pytest.mark.parametrize(
    ("node", "names", "requirement"),
    [(OBJECT, "State/Ext/State", "FUMO-NODE-017"), (f"{OBJECT}/Download", "PkgURL/PkgURL", "FUMO-NODE-010"),
     (f"{OBJECT}/DownloadAndUpdate", "PkgURL/Ext/PkgURL", "FUMO-NODE-016")],
)  # fmt: skip
def test_a_child_of_which_there_is_one_is_listed_once(node: str, names: str, requirement: str) -> None:
    assert FAIL in said(session(got(node, names, "node")), requirement)
    once = "/".join(dict.fromkeys(names.split("/")))
    assert said(session(got(node, once, "node")), requirement) == [PASS]
    assert said(session(got(f"{node}/Ext", names, "node")), requirement) == []


def findings(script: Script, requirement: str) -> list[tuple[int | None, str, str, str]]:
    return [
        (f.event, f.expected, f.actual, f.message) for f in script.judge("client") if f.requirement == requirement and f.outcome == FAIL
    ]


def test_fumo_node_006_a_list_names_what_stands_below_as_well() -> None:
    inner = (f"{OBJECT}/Download/PkgURL", "http://x.test/1", "chr")
    script = session(got(OBJECT, "Ext/State", "node"), got(*STATE), got(*inner))
    root = OBJECT.removeprefix("./")
    assert findings(script, "FUMO-NODE-006") == [(3, "Download among them", "Ext/State", f"children of {root}")]
    script = session(got(OBJECT, " Ext ", " node "), got(*STATE), got(*inner))
    assert findings(script, "FUMO-NODE-006") == [(3, "Download, State among them", "Ext", f"children of {root}")]


@pytest.mark.parametrize(
    ("node", "names", "requirement", "child"),
    [(OBJECT, "State/State", "FUMO-NODE-017", "State"), (f"{OBJECT}/Download", "PkgURL/PkgURL", "FUMO-NODE-010", "PkgURL")],
)
def test_a_child_that_is_listed_twice_is_told(node: str, names: str, requirement: str, child: str) -> None:
    script = session(got(node, names, "node"))
    assert findings(script, requirement) == [(3, f"{child} once", names, f"children of {node.removeprefix('./')}")]


@pytest.mark.parametrize("requirement", ["FUMO-NODE-006", "FUMO-NODE-010", "FUMO-NODE-016", "FUMO-NODE-017"])
@pytest.mark.parametrize(
    "made",
    [
        lambda: session(got(f"{OBJECT}/Ext", "", "node")), lambda: session(got(f"{OBJECT}/Download", "", "node")),
        lambda: session(got(f"{OBJECT}/Download/Ext", "PkgURL", "node"), got(f"{OBJECT}/Download/PkgURL", "x", "chr")),
        lambda: session(got(OBJECT, "Ext/State", None)),
    ],
    ids=["an empty list", "an empty list of an operation", "a list of another node", "no Format"],
)  # fmt: skip
def test_a_list_in_which_nothing_can_be_wrong_is_not_judged(made: Callable[[], Script], requirement: str) -> None:
    assert said(made(), requirement) == []


@pytest.mark.parametrize(
    "command",
    [
        Replace(items=[item(f"{OBJECT}/Ext?prop=Name", "Other", format="chr"), item("./V/A", "1", format="chr")]),
        Replace(items=[item("./V/A", "1", format="chr"), item(f"{OBJECT}/Ext?prop=Name", "Other", format="chr")]),
    ],
)
def test_fumo_node_006_one_of_two_items_may_rename_a_node(command: Any) -> None:
    assert said(session(got(*LIST), (command, None), got(*STATE))) == []


def test_fumo_node_006_what_answers_no_get_is_no_list() -> None:
    command = Replace(items=[item(OBJECT, "x", format="chr")])
    script = session((command, lambda asked: results(asked, command, item(OBJECT, "Ext", source=True, format="node"))), got(*STATE))
    assert said(script) == []


def test_fumo_node_006_an_answer_that_the_suite_spoilt_says_nothing() -> None:
    script = session(got(*LIST), got(*STATE))
    assert said(script) == [FAIL]
    at(script, 4).data["made"] = True
    assert said(script) == [PASS]


def test_fumo_node_006_the_last_piece_of_a_list_is_no_list() -> None:
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    get = Get(items=[item(OBJECT)])
    two = script.server(*answers(one, "212"), get)
    first = item(OBJECT, "Ext/", source=True, more=True, format="node", size="9")
    three = script.client(*answers(two), results(two, get, first), final=False)
    four = script.server(*answers(three), Alert(data="1222"), final=False)
    five = script.client(*answers(four), results(two, get, item(OBJECT, "State", source=True, format="node")))
    again = Get(items=[item(f"{OBJECT}/Ext")])
    six = script.server(*answers(five), again)
    script.server(*answers(script.client(*answers(six), results(six, again, item(f"{OBJECT}/Ext", "1", source=True, format="chr")))))
    assert said(script) == said(script, "FUMO-NODE-017") == []


def test_fumo_node_006_where_no_object_is_known_no_list_is_judged() -> None:
    script = session(got(*LIST), got(*STATE))
    assert [f for f in script.judge("client", objects=()) if f.requirement == "FUMO-NODE-006"] == []
