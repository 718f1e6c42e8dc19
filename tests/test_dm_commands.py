"""Commands of a device: every Status that its situation brings about, Atomic with 517, and what long blocks cost."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from devicebench import ROOT, Bench, add, ask, atomic, delete, get, run, sequence, set_

from conformance.dm.address import Limits
from conformance.dm.executor import Executor
from conformance.dm.interaction import Reaction, ScriptedUser
from conformance.dm.largeobject import Assembler, Octets
from conformance.dm.tree import Tree
from conformance.syncml.model import Add, Alert, Atomic, Command, Copy, Exec, Get, Item, Meta, Other, Replace

URL = f"{ROOT}/Download/PkgURL"
OTHER = f"{ROOT}/DownloadAndUpdate/PkgURL"
LONG = "x" * 9000


def codes(bench: Bench, *commands: Command) -> list[str]:
    return [code for exchange in bench.play(list(commands))[1:] for code in bench.codes(exchange)]


# -- every Status --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (set_(URL, "x"), "200"), (set_(f"{ROOT}/No", "x"), "404"), (set_(f"{ROOT}/State", "10"), "405"),
        (set_(ROOT, "x"), "405"), (set_(URL, LONG), "413"), (set_(URL, "x", "thing"), "415"), (set_(URL, "x", "int"), "415"),
        (set_(f"{ROOT}?prop=Name", "DevInfo"), "405"), (set_(f"{URL}?prop=Colour", "x"), "406"),
        (set_(f"./{'y' * 300}", "x"), "414"), (set_(f"./{'a/' * 60}b", "x"), "414"),
        (add(f"{ROOT}/State", "x"), "418"), (add(f"{ROOT}/State/Below", "x"), "405"), (add("./DevInfo/New", "x"), "405"),
        (add("./FwUpdate/New", "x", "thing"), "415"), (delete("."), "405"), (delete("./DevInfo"), "405"),
        (delete(f"{ROOT}/No"), "404"), (get(f"{ROOT}/No"), "404"), (get(f"{ROOT}?list=Struct+Nothing"), "406"),
        (run("./DevInfo/Man"), "405"), (run(f"{ROOT}/No"), "404"), (run(f"{ROOT}/Download"), "403"),
        (Copy(items=[Item(target=OTHER, source=f"{ROOT}/No")]), "404"), (Copy(items=[Item(target=ROOT, source=URL)]), "403"),
        (Copy(items=[Item(target=URL)]), "412"), (Get(), "412"), (Get(items=[Item()]), "412"), (Exec(), "412"),
        (Exec(items=[Item(target=ROOT), Item(target=ROOT)]), "406"),
        (Alert(data="1199"), "406"), (Alert(data="1226"), "406"), (ask("1101", "MAXDT=1"), "412"),
        (ask("1103", "", "Which?", *map(str, range(40))), "416"), (Other(element_name="Foo"), "400"),
        (Other(element_name="Put"), "406"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)  # fmt: skip
def test_what_is_answered(command: Command, wanted: str) -> None:
    """DM-CMD-003, 004, 007, 008, 010, 011, 014, 015, 018, 025, 026, 028, DM-ALERT-002, DM-UI-016."""
    assert codes(Bench(), command) == [wanted]


def test_rights_that_are_missing() -> None:
    """DM-CMD-015, DM RepPro 6.6: 425 for each command without its right."""
    bench = Bench()
    assert codes(bench, set_(f"{ROOT}/Download?prop=ACL", "Get=*")) == ["200"]
    assert codes(bench, set_(URL, "x"), run(f"{ROOT}/Download")) == ["425", "425"]


def test_a_full_tree() -> None:
    """DM RepPro 6.6.1: 420, with the node on the way."""
    bench = Bench()
    bench.device.tree.max_nodes = bench.device.tree.nodes + 1
    (exchange,) = bench.play([add("./FwUpdate/One/Two", None, "node")])[1:]
    status = exchange.message.statuses()[1]
    assert (status.data, [item.target for item in status.items]) == ("420", ["./FwUpdate/One"])


def test_the_node_at_which_an_add_failed_is_named() -> None:
    """DM-CMD-027, DM-CMD-029."""
    bench = Bench()
    (exchange,) = bench.play([add("./DevInfo/One/Two/Three", "x")])[1:]
    status = exchange.message.statuses()[1]
    assert (status.data, [item.target for item in status.items]) == ("405", ["./DevInfo/One"])


def test_a_command_without_cmd_id() -> None:
    """DM-CMD-026: what cannot be named is not carried out."""
    tree, executor = device(3)
    out = executor.execute([setting(0, "new", None)], "1", "s")
    assert [status.data for status in out.statuses] == ["400"]
    assert value(tree, 0) == "old"


def test_several_items_with_one_and_with_several_statuses() -> None:
    """DM-STA-005, DM-STA-006."""
    bench = Bench()
    both = Replace(items=[Item(target=URL, data="one"), Item(target=OTHER, data="two")])
    (exchange,) = bench.play([both])[1:]
    (status,) = exchange.message.statuses()[1:]
    assert (status.data, status.target_refs) == ("200", [])
    mixed = Replace(items=[Item(target=URL, data="three"), Item(target=f"{ROOT}/No", data="x")])
    (exchange,) = bench.play([mixed])[1:]
    assert [(s.data, s.target_refs) for s in exchange.message.statuses()[1:]] == [("200", [URL]), ("404", [f"{ROOT}/No"])]
    assert bench.value(URL) == "three"


# -- Atomic that does not fit --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("whole", "own", "inner", "held"), [(True, "517", "216", "before"), (False, "200", "200", "11")])
def test_an_atomic_whose_answers_do_not_fit_one_message(whole: bool, own: str, inner: str, held: str) -> None:
    """DM-CMD-021: 517 and nothing done; a client that can split its answers does it all."""
    bench = Bench(whole_atomics=whole)
    bench.settings.max_msg_size = 2500
    assert codes(bench, set_(URL, "before")) == ["200"]
    assert codes(bench, atomic(*(set_(URL, str(n)) for n in range(12))))[:13] == [own, *[inner] * 12]
    assert bench.value(URL) == held


def test_an_atomic_whose_answers_fit_is_done() -> None:
    """DM-CMD-021: 517 is for what does not fit."""
    bench = Bench(whole_atomics=True)
    assert codes(bench, atomic(set_(URL, "1"), set_(URL, "2"))) == ["200", "200", "200"]
    assert bench.value(URL) == "2"


@pytest.mark.parametrize(
    ("reaction", "in_atomic", "in_sequence", "in_body"),
    [
        ("accept", ["200", "200", "200", "200"], ["200", "200", "200", "200"], ["200", "200", "200"]),
        ("reject", ["507", "216", "304", "215"], ["200", "200", "304", "215"], ["200", "304", "200"]),
        ("cancel", ["507", "216", "214", "215"], ["200", "200", "214", "215"], ["200", "214", "215"]),
        ("timeout", ["507", "216", "408", "215"], ["200", "200", "408", "215"], ["200", "408", "215"]),
    ],
)
def test_what_the_user_decides(reaction: str, in_atomic: list[str], in_sequence: list[str], in_body: list[str]) -> None:
    """DM-UI-003 to DM-UI-007, DM-UI-012."""
    commands = [set_(URL, "within"), ask("1101", "", "Sure?"), set_(URL, "after")]
    for wanted, make in ((in_atomic, atomic), (in_sequence, sequence), (in_body, None)):
        bench = Bench()
        codes(bench, set_(URL, "before"))
        bench.device.user.queue("1101", Reaction(reaction))
        assert codes(bench, *([make(*commands)] if make else commands)) == wanted
        done = "after" if wanted[-1] == "200" else "within" if make is not atomic else "before"
        assert bench.value(URL) == done


# -- what it costs -------------------------------------------------------------------------------------------------------


def device(count: int) -> tuple[Tree, Executor]:
    """A tree of so many leaves, and what carries out commands on it."""
    tree = Tree(Limits(0, 0, 0))
    tree.root.set_acl("Get=*&Replace=*")
    for number in range(count):
        tree.place(f"./V/{number}", format="chr", access=frozenset(("Get", "Replace")), value=Octets(b"old"))
    return tree, Executor(tree, Assembler(1 << 20, True), lambda *_: 202, ScriptedUser(), "xml")


def setting(number: int, text: str, cmd_id: str | None = "9") -> Replace:
    return Replace(cmd_id=cmd_id, items=[Item(target=f"./V/{number}", data=text, meta=Meta(format="chr"))])


def value(tree: Tree, number: int) -> str:
    node = tree.find(f"./V/{number}")
    assert node is not None
    return node.text()


def calls(work: Callable[[], object]) -> int:
    """How many functions are called while something is done."""
    count = 0

    def seen(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def test_a_sequence_of_a_thousand_costs_a_thousand_times_one() -> None:
    """DM-CMD-022: work grows with the length of a Sequence, not with its square."""

    def cost(count: int) -> int:
        tree, executor = device(count)
        block = sequence(*(setting(n, "new") for n in range(count)))
        block.cmd_id = "1"
        found = calls(lambda: executor.execute([block], "1", "s"))
        assert value(tree, count - 1) == "new"
        return found

    assert cost(1000) <= 5 * cost(250)


def test_an_atomic_of_a_thousand_is_undone_at_the_cost_of_a_thousand() -> None:
    """DM-CMD-019: the same holds for what is undone."""

    def cost(count: int) -> int:
        tree, executor = device(count)
        block = Atomic(cmd_id="1", commands=[*(setting(n, "new") for n in range(count)), setting(count, "missing")])
        found = calls(lambda: executor.execute([block], "1", "s"))
        assert {value(tree, n) for n in (0, count // 2, count - 1)} == {"old"}
        return found

    assert cost(1000) <= 5 * cost(250)


def test_the_answers_to_a_thousand_commands_are_dealt_out_in_one_go() -> None:
    """DM-MSG-008: what waits is looked at once, however many messages it takes."""

    def cost(count: int) -> int:
        bench = Bench()
        bench.settings.max_msg_size = 16000
        block = sequence(*(set_(URL, str(n)) for n in range(count)))
        found = 0

        def play() -> None:
            nonlocal found
            found = len(codes(bench, block))

        spent = calls(play)
        assert found > count
        return spent

    assert cost(800) <= 6 * cost(200)


def test_a_value_that_is_written_and_undone_leaves_no_trace() -> None:
    """DM-CMD-019: the Format goes back as well as the value."""
    bench = Bench()
    codes(bench, add("./FwUpdate/Own", None, "node", "urn:oma:mo:oma-fumo:1.0"))
    before = bench.device.tree.nodes
    block = atomic(Add(items=[Item(target="./FwUpdate/Two", meta=Meta(format="node"))]), delete("./FwUpdate/Own"), set_("./No", "x"))
    assert codes(bench, block) == ["507", "216", "216", "404"]
    assert bench.device.tree.nodes == before
    assert bench.device.tree.find("./FwUpdate/Own/State") is not None
    assert bench.device.tree.find("./FwUpdate/Two") is None
