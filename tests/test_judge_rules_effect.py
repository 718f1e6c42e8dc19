"""What a Get reads back is held against the Statuses, where nobody can doubt what it must be (DM-CMD-001, 018, 019, 021)."""

from __future__ import annotations

import pytest
from judge_builder import OBJECT, Script, answers, basic, dev_info, item, results
from test_dm_commands import calls

from conformance.judge.finding import FAIL
from conformance.judge.rule import View
from conformance.judge.rules_command import atomic_status, sequence_status
from conformance.judge.rules_effect import read_back
from conformance.judge.rules_status import client_completeness
from conformance.syncml.model import Alert, Atomic, Command, Copy, Exec, Get, Item, Replace, Sequence

A, B = "./V/A", "./V/B"
URL = f"./{OBJECT.removeprefix('./')}/Download/PkgURL"
OTHER = f"./{OBJECT.removeprefix('./')}/DownloadAndUpdate/PkgURL"


def put(node: str, value: str) -> Replace:
    return Replace(items=[item(node, value, format="chr")])


def session(*turns: tuple[list[Command], dict[str, str], list[str]]) -> Script:
    """A session: for each turn the commands, the codes by name (where not 200), and the values of its Gets."""
    script = Script()
    step = script.client(Alert(data="1201"), dev_info(), cred=basic())
    for number, (commands, codes, values) in enumerate(turns):
        asked = script.server(*answers(step, "200" if number else "212"), *commands)
        said = answers(asked, "200", **codes)
        for get, value in zip(asked.all(Get), values, strict=True):
            said.append(results(asked, get, item(get.items[0].target, value, source=True)))
        step = script.client(*said)
    script.server(*answers(step))
    return script


def broken(script: Script) -> list[str]:
    wanted = ("DM-CMD-001", "DM-CMD-018", "DM-CMD-019", "DM-CMD-021")
    return [f.requirement for f in script.judge("client") if f.outcome == FAIL and f.requirement in wanted]


def get(node: str = A) -> Get:
    return Get(items=[item(node)])


FAILED = {"Atomic": "507", "Replace": "404"}
SAME = Copy(items=[Item(target=B, source=A)])


@pytest.mark.parametrize(
    ("turns", "wanted"),
    [
        ([([put(A, "1")], {}, []), ([get()], {}, ["1"])], []),
        ([([put(A, "1")], {}, []), ([get()], {}, ["2"])], ["DM-CMD-001"]),
        ([([put(A, "1")], {}, []), ([put(A, "2")], {"Replace": "405"}, []), ([get()], {}, ["1"])], []),
        ([([put(A, "1")], {}, []), ([put(A, "2")], {"Replace": "405"}, []), ([get()], {}, ["2"])], ["DM-CMD-001"]),
        ([([put(A, "1")], {}, []), ([Atomic(commands=[put(A, "2")])], {}, []), ([get()], {}, ["1"])], ["DM-CMD-019"]),
        ([([put(A, "1")], {}, []), ([Atomic(commands=[put(A, "2")])], FAILED, []), ([get()], {}, ["1"])], []),
        ([([put(A, "1")], {}, []), ([Atomic(commands=[put(A, "2")])], FAILED, []), ([get()], {}, ["2"])], ["DM-CMD-019"]),
        ([([put(A, "1")], {}, []), ([Atomic(commands=[put(A, "2")])], {"Atomic": "517", "Replace": "216"}, []),
          ([get()], {}, ["2"])], ["DM-CMD-021"]),
        ([([put(A, "1")], {}, []), ([SAME], {}, []), ([get(B)], {}, ["1"])], []),
        ([([put(A, "1")], {}, []), ([SAME], {}, []), ([get(B)], {}, ["0"])], ["DM-CMD-018"]),
        ([([put(A, "1")], {}, []), ([SAME], {"Copy": "403"}, []), ([get(B)], {}, ["0"])], []),
        ([([Sequence(commands=[put(A, "1"), get()])], {}, ["2"])], ["DM-CMD-001"]),
        ([([Sequence(commands=[put(A, "1"), get()])], {}, ["1"])], []),
    ],
)  # fmt: skip
def test_what_must_be_read(turns: list[tuple[list[Command], dict[str, str], list[str]]], wanted: list[str]) -> None:
    assert broken(session(*turns)) == wanted


@pytest.mark.parametrize(
    "turns",
    [
        # commands of one package outside containers may be carried out in any order
        [([put(A, "1"), get()], {}, ["0"])],
        [([put(A, "1"), put(A, "2")], {}, []), ([get()], {}, ["1"])],
        # a Replace that takes effect later, a chunk, one without answer
        [([put(A, "1")], {"Replace": "202"}, []), ([get()], {}, ["0"])],
        [([put(A, "1")], {"Replace": "213"}, []), ([get()], {}, ["0"])],
        # octets, other types, properties
        [([Replace(items=[item(A, "MQ==", format="b64")])], {}, []), ([get()], {}, ["1"])],
        [([Replace(items=[item(A, "<a/>", type="text/xml")])], {}, []), ([get()], {}, ["0"])],
        [([put(f"{A}?prop=ACL", "Get=*")], {}, []), ([get(f"{A}?prop=ACL")], {}, ["Get=*&Replace=x"])],
        # an operation of the device, and the other nodes of an update object
        [([put(A, "1")], {}, []), ([Exec(items=[item("./V/Go")])], {}, []), ([get()], {}, [""])],
        [([put(URL, "1")], {}, []), ([put(OTHER, "2")], {}, []), ([get(URL)], {}, [""])],
    ],
)
def test_what_may_be_read(turns: list[tuple[list[Command], dict[str, str], list[str]]]) -> None:
    assert broken(session(*turns)) == []


def test_two_atomics_that_look_alike_are_two() -> None:
    """DM-CMD-019: the one that succeeded is not judged by the one that failed."""
    first, second = Atomic(commands=[put(A, "1")]), Atomic(commands=[put(A, "1")])
    script = session(([get()], {}, ["0"]), ([first], {}, []), ([second], FAILED, []))
    assert first == second
    assert broken(script) == []


def test_a_thousand_blocks_are_judged_in_time_of_their_number() -> None:
    """DM-CMD-019, DM-CMD-022, DM-STA-003: each block is looked at with what stands in it, not with everything."""

    def cost(count: int) -> int:
        blocks: list[Command] = [Atomic(commands=[put(f"./V/{n}", "1")]) for n in range(count)]
        view = View(session((blocks, {}, [])).transcript(), "client", (OBJECT,))
        assert view.books
        return calls(lambda: [list(check(view)) for check in (atomic_status, sequence_status, client_completeness)])

    assert cost(400) <= 6 * cost(100)


def test_a_long_session_is_judged_in_time_of_its_length() -> None:
    def cost(count: int) -> int:
        script = session(*(([put(f"./V/{n}", "1")], {}, []) for n in range(count)))
        view = View(script.transcript(), "client", (OBJECT,))
        assert view.books
        return calls(lambda: list(read_back(view)))

    assert cost(400) <= 6 * cost(100)
