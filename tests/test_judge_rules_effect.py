"""What a Get reads back is held against the Statuses, where nobody can doubt what it must be (DM-CMD-001, 018, 019, 021)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from judge_builder import OBJECT, Script, answers, basic, dev_info, item, results
from judge_spoils import at, code, data, drop, extra
from test_dm_commands import calls

from conformance.judge.finding import FAIL
from conformance.judge.rule import View
from conformance.judge.rules_command import atomic_status, sequence_status
from conformance.judge.rules_effect import read_back
from conformance.judge.rules_status import client_completeness
from conformance.syncml.element import Element
from conformance.syncml.model import Add, Alert, Atomic, Command, Copy, Delete, Exec, Get, Item, Replace, Results, Sequence, Status

A, B = "./V/A", "./V/B"
URL = f"./{OBJECT.removeprefix('./')}/Download/PkgURL"
OTHER = f"./{OBJECT.removeprefix('./')}/DownloadAndUpdate/PkgURL"


def put(node: str, value: str) -> Replace:
    return Replace(items=[item(node, value, format="chr")])


Turns = list[tuple[list[Command], dict[str, str], list[Any]]]


def session(*turns: tuple[list[Command], dict[str, str], list[Any]]) -> Script:
    """A session: for each turn the commands, the codes by name (where not 200), and the values of its Gets, or their Items.

    The commands of turn n stand in step 2n + 1, what is said to them in the next."""
    script = Script()
    step = script.client(Alert(data="1201"), dev_info(), cred=basic())
    for number, (commands, codes, values) in enumerate(turns):
        asked = script.server(*answers(step, "200" if number else "212"), *commands)
        said = answers(asked, "200", **codes)
        for get, value in zip(asked.all(Get), values, strict=True):
            said.append(results(asked, get, value if isinstance(value, Item) else item(get.items[0].target, value, source=True)))
        step = script.client(*said)
    script.server(*answers(step))
    return script


def broken(script: Script, objects: tuple[str, ...] = (OBJECT,)) -> list[str]:
    wanted = ("DM-CMD-001", "DM-CMD-018", "DM-CMD-019", "DM-CMD-021")
    return [f.requirement for f in script.judge("client", objects=objects) if f.outcome == FAIL and f.requirement in wanted]


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


def both(first: Command, *between: Command, value: Any = "0", **codes: str) -> Turns:
    """A command, what comes after it, and a Get of the leaf in messages of their own."""
    return [([first], {}, []), *(([each], codes, []) for each in between), ([get()], {}, [value])]


def ordered(*commands: Command) -> Sequence:
    return Sequence(commands=list(commands))


def copy(target: str = B, source: str = A) -> Copy:
    return Copy(items=[Item(target=target, source=source)])


TWO = Replace(items=[item(A, "1", format="chr"), item(B, "1", format="chr")])
MUST: list[tuple[str, Turns, list[str]]] = [
    ("without a Format", both(Replace(items=[item(A, "1")])), ["DM-CMD-001"]),
    ("with blanks about its Format", both(Replace(items=[item(A, "1", format=" chr ", type=" text/plain ")])), ["DM-CMD-001"]),
    ("nothing is there", both(put(A, "1"), value=item(A, source=True)), ["DM-CMD-001"]),
    ("nothing was written, and nothing is there", both(put(A, ""), value=item(A, source=True)), []),
    ("nothing was written, and something is there", both(put(A, "")), ["DM-CMD-001"]),
    ("in the form of text", both(put(A, "1"), value=item(A, "0", source=True, format=" chr ")), ["DM-CMD-001"]),
    ("without ./ before it", both(put(A.removeprefix("./"), "1")), ["DM-CMD-001"]),
    ("with an alert between", both(put(A, "1"), Alert(data="1100", items=[Item(data="x"), Item(data="y")])), ["DM-CMD-001"]),
    ("with another leaf written between", both(put(A, "1"), put(B, "2")), ["DM-CMD-001"]),
    ("with a leaf of like name written between", both(put(f"{A}B", "1"), put(A, "2"), value="2"), []),
    ("with a leaf of shorter name written between",
     [([put(f"{A}B", "1")], {}, []), ([put(A, "2")], {}, []), ([get(f"{A}B")], {}, ["2"])], ["DM-CMD-001"]),
    ("with a Get between", [([put(A, "1")], {}, []), ([get(B)], {}, ["x"]), ([get()], {}, ["0"])], ["DM-CMD-001"]),
    *((f"with one that got {code}", both(put(A, "1"), put(A, "2"), value=value, Replace=code), found)
      for code in ("304", "404", "500", "215", "216") for value, found in (("1", []), ("2", ["DM-CMD-001"]))),
    ("twice in a Sequence", both(Sequence(commands=[put(A, "1"), put(A, "2")]), value="1"), ["DM-CMD-001"]),
    ("in a Sequence that got an error of its own",
     [([ordered(put(A, "1"))], {"Sequence": "500"}, []), ([get()], {}, ["0"])], ["DM-CMD-001"]),
    ("in an Atomic in a Sequence", both(ordered(Atomic(commands=[put(A, "1")]))), ["DM-CMD-019"]),
    ("in a Sequence in an Atomic", both(Atomic(commands=[Sequence(commands=[put(A, "1")])])), ["DM-CMD-019"]),
    ("copied in an Atomic", [([put(A, "1")], {}, []), ([Atomic(commands=[copy()])], {}, []), ([get(B)], {}, ["0"])], ["DM-CMD-019"]),
    ("an Atomic that failed left all as it was", [([put(A, "1")], {}, []), ([put(B, "1")], {}, []),
      ([Atomic(commands=[put(A, "2"), put(B, "2")])], FAILED, []), ([get(), get(B)], {}, ["1", "2"])], ["DM-CMD-019"]),
    *((f"an Atomic that failed, though its write was told good, and {value} is read",
       [([put(A, "1")], {}, []), ([Atomic(commands=[put(A, "2")])], {"Atomic": "507"}, []), ([get()], {}, [value])], found)
      for value, found in (("1", []), ("2", ["DM-CMD-019"]))),
    ("behind the Get of an Atomic", [([put(A, "1")], {}, []), ([Atomic(commands=[get(B), put(A, "2")])], FAILED, ["x"]),
                                     ([get()], {}, ["2"])], ["DM-CMD-019"]),
    ("sixty-four leaves are kept in mind", [([put(f"{A}{n}", "1")], {}, []) for n in range(63)] + both(put(A, "1")) +
     [([get(f"{A}0")], {}, ["0"])], ["DM-CMD-001", "DM-CMD-001"]),
]  # fmt: skip


@pytest.mark.parametrize(("turns", "wanted"), [row[1:] for row in MUST], ids=[f"DM-CMD-001-{row[0]}" for row in MUST])
def test_dm_cmd_001_what_was_written_stands_there(turns: Turns, wanted: list[str]) -> None:
    assert broken(session(*turns)) == wanted


MAY: list[tuple[str, Turns]] = [
    ("a number may lose zeros", both(Replace(items=[item(A, "07", format="int")]), value="7")),
    ("a number that is shown", both(put(A, "07"), value=item(A, "7", source=True, format="int"))),
    ("a type that is no text", both(Replace(items=[item(A, "1", type="text/html")]))),
    ("no Data", both(Replace(items=[item(A)]), value="1")),
    ("elements for a value", both(Replace(items=[Item(target=A, data_elements=(Element("Meta"),))]))),
    ("elements that are shown", both(put(A, "1"), value=Item(source=A, data_elements=(Element("Meta"),)))),
    ("two leaves in one command", both(TWO)),
    ("added", both(put(A, "1"), Add(items=[item(f"{A}/x", "1", format="chr")]))),
    ("deleted", both(put(A, "1"), Delete(items=[item(A)]))),
    ("copied over", both(put(A, "1"), copy(A, B))),
    ("copied from what nobody knows", [([put(B, "1")], {}, []), ([copy()], {}, []), ([get(B)], {}, ["0"])]),
    ("written above it", both(put(A, "1"), put("./V", "x"))),
    ("written at the root", both(put(A, "1"), put(".", "x"))),
    ("written without an address", both(put(A, "1"), Replace(items=[Item(data="x")]))),
    ("a property that names it", both(put(A, "1"), put("./Z?prop=Name", "V"))),
    ("written for later", both(put(A, "1"), put(A, "2"), Replace="202")),
    ("in another Sequence of the message", [([ordered(put(A, "1")), ordered(get())], {}, ["0"])]),
    ("before it in the Sequence", [([Sequence(commands=[get(), put(A, "1")])], {}, ["0"])]),
    ("of another message",  [([get()], {}, ["0"]), ([put(A, "1")], {}, [])]),
    ("a piece of a longer value", both(put(A, "1"), value=item(A, "0", source=True, more=True, size="9"))),
    ("two pieces in one message",
     [([Replace(items=[item(n, "1", more=True, format="chr", size="9")]) for n in (B, A)], {}, []), ([get()], {}, ["0"])]),
    ("the sixty-fifth leaf", [([put(f"{A}{n}", "1")], {}, []) for n in range(64)] + [([put(A, "1")], {}, []), ([get(f"{A}0")], {}, ["0"])]),
]  # fmt: skip


@pytest.mark.parametrize("turns", [row[1] for row in MAY], ids=[f"DM-CMD-001-{row[0]}" for row in MAY])
def test_dm_cmd_001_what_nobody_can_be_sure_of_is_not_compared(turns: Turns) -> None:
    assert broken(session(*turns)) == []


@pytest.mark.parametrize(
    "spoil",
    [
        data(1, made=True), data(1, error="reset"), data(6, made=True), drop(2, "Replace"), code(2, "Replace", "404"),
        extra(2, Status(msg_ref="1", cmd_ref="4", cmd="Replace", data="404")),
        lambda s: s.steps.__setitem__(slice(3, 3), s.steps[1:3]),
    ],
    ids=["made wrong", "lost", "an answer that was made wrong", "no Status", "refused", "two Statuses", "said again"],
)
def test_dm_cmd_001_a_write_that_is_not_sure_proves_nothing(spoil: Any) -> None:
    script = session(([put(A, "1")], {}, []), ([get(B)], {}, ["x"]), ([get()], {}, ["0"]))
    assert broken(script) == ["DM-CMD-001"]
    spoil(script)
    assert broken(script) == []


def chunk(pieces: tuple[str, ...], place: int, **more: Any) -> Item:
    """One piece of a value of the leaf."""
    return item(A, pieces[place], more=place < len(pieces) - 1, format="chr", **more, **({} if place else {"size": "9"}))


def written_in_pieces(*pieces: str) -> Script:
    """The leaf is written in pieces, and read as a whole."""
    script = Script()
    last = script.client(Alert(data="1201"), dev_info(), cred=basic())
    for place in range(len(pieces)):
        more = place < len(pieces) - 1
        sent = script.server(*answers(last), Replace(items=[chunk(pieces, place)]), final=not more)
        last = script.client(*answers(sent, "200", Replace="213" if more else "200"), final=not more)
    asked = get()
    sent = script.server(*answers(last), asked)
    script.server(*answers(script.client(*answers(sent), results(sent, asked, item(A, "".join(pieces), source=True)))))
    return script


def shown_in_pieces(*pieces: str) -> Script:
    """The leaf is written as a whole, and read in pieces."""
    script = Script()
    sent = script.server(*answers(script.client(Alert(data="1201"), dev_info(), cred=basic()), "212"), put(A, "".join(pieces)))
    asked = get()
    first = sent = script.server(*answers(script.client(*answers(sent))), asked)
    for place in range(len(pieces)):
        more = place < len(pieces) - 1
        told = script.client(*answers(sent), results(first, asked, chunk(pieces, place, source=True)), final=not more)
        sent = script.server(*answers(told), *([Alert(data="1222")] if more else []), final=not more)
    return script


@pytest.mark.parametrize("made", [written_in_pieces, shown_in_pieces])
def test_dm_cmd_001_a_piece_is_not_taken_for_the_value(made: Callable[..., Script]) -> None:
    assert broken(made("ab", "cd")) == broken(made("abcd")) == []
    script = made("abcd")
    at(script, 4).one(Results).items[0].data = "abxd"
    assert broken(script) == ["DM-CMD-001"]


def test_dm_cmd_001_what_a_reader_is_told() -> None:
    script = session(([put(A, "1")], {}, []), ([get()], {}, ["0"]))
    (found,) = [f for f in script.judge("client") if f.requirement == "DM-CMD-001" and f.outcome == FAIL]
    assert (found.event, found.expected, found.actual) == (5, "1", "0")
    assert found.message == f"{A} after Replace with CmdID 4 of message 1 was answered 200"


@pytest.mark.parametrize("kind", [Add, Delete])
def test_dm_cmd_019_an_atomic_that_failed_proves_no_more_than_its_writes(kind: type[Command]) -> None:
    """What it added or deleted is as unsure as what it wrote where nobody knew the value before."""
    inner = kind(items=[item(A, "2", format="chr") if kind is Add else item(A)])
    failed = {"Atomic": "507", kind.__name__: "404"}
    script = session(([put(A, "1")], {}, []), ([Atomic(commands=[inner])], failed, []), ([get()], {}, ["2"]))
    assert broken(script) == []
    script = session(([Atomic(commands=[put(A, "2")])], FAILED, []), ([get()], {}, ["2"]))
    assert broken(script) == []


def test_dm_cmd_019_an_atomic_without_a_status_proves_nothing() -> None:
    script = session(([put(A, "1")], {}, []), ([Atomic(commands=[put(A, "2")])], {}, []), ([get()], {}, ["0"]))
    assert broken(script) == ["DM-CMD-019"]
    drop(4, "Atomic")(script)
    assert broken(script) == []


def test_dm_cmd_001_where_the_objects_are_not_known_any_leaf_may_belong_to_one() -> None:
    script = session(([put(A, "1")], {}, []), ([put(B, "2")], {}, []), ([get()], {}, ["0"]))
    assert (broken(script), broken(script, ())) == (["DM-CMD-001"], [])
    script = session(([put(A, "1")], {}, []), ([put(URL, "2")], {}, []), ([get()], {}, ["0"]))
    assert broken(script) == ["DM-CMD-001"], "a leaf of an object is no kin of what is in none"


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
