"""Rules of the course of an operation and of the nodes of an object: each breaks over one thing, and over nothing less."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from judge_builder import OBJECT, TYPE, Mark, Script, answers, basic, dev_info, item, report, results, update
from judge_scripts import at

from conformance.judge.finding import FAIL, PASS
from conformance.judge.rules_course import same_place
from conformance.syncml.model import Alert, Exec, Get, Replace, Results, Sequence

Spoil = Callable[[Script], Any]
STATE = f"{OBJECT}/State"


def course(*moves: tuple[str, str], operation: str = "Update", code: str = "200") -> Script:
    """An Exec, then in one session after the other what ``moves`` say: ("State", value read), ("told", code reported),
    ("Replace", an address) or ("hook", a verb)."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    two = script.server(*answers(one, "212"), Exec(correlator="job", items=[item(f"{OBJECT}/{operation}")]))
    script.server(*answers(script.client(*answers(two, "200", Exec="202"))))
    for number, (kind, value) in enumerate(moves, 2):
        if kind == "hook":
            script.mark("hook", verb=value)
            continue
        script.open(str(number))
        alerts = [report(operation.lower(), value)] if kind == "told" else []
        step = script.client(Alert(data="1201"), dev_info(), *alerts, cred=basic())
        if kind == "Exec":
            asked = script.server(*answers(step, "212"), Exec(correlator="two", items=[item(f"{OBJECT}/{value}")]))
            step = script.client(*answers(asked, "200", Exec="202"))
        elif kind == "Replace":
            asked = script.server(*answers(step, "212"), Replace(items=[item(f"{OBJECT}/{value}", "x", format="chr")]))
            step = script.client(*answers(asked))
        elif kind == "State":
            get = Get(items=[item(STATE)])
            asked = script.server(*answers(step, "212"), get)
            step = script.client(*answers(asked), results(asked, get, item(STATE, value, source=True, format="int")))
        script.server(*answers(step, "200" if kind != "told" else "212"))
    return script


def again() -> Script:
    """Exec on Update, its failure, State, and Exec on Update once more with success."""
    script = course(("told", "410"), ("State", "70"), ("Exec", "Update"))
    script.open("9")
    script.server(*answers(script.client(Alert(data="1201"), dev_info(), report("update", "200", "two"), cred=basic()), "212"))
    return script


def reread(value: str) -> Spoil:
    """Another value of State where it was read last."""

    def spoil(script: Script) -> None:
        found = [step.one(Results) for step in script.steps if not isinstance(step, Mark) and step.all(Results)]
        found[-1].items[0].data = value

    return spoil


def fetched(url: str) -> Spoil:
    """Another address of the first GET."""

    def spoil(script: Script) -> None:
        next(step for step in script.steps if isinstance(step, Mark) and step.kind == "http").data["url"] = url

    return spoil


def fetched_late(script: Script) -> None:
    """The GET comes after the report."""
    script.steps.append(script.steps.pop(4))


def typed(kind: str) -> Spoil:
    """Another type of the report."""
    return lambda script: setattr(at(script, 5).one(Alert, 1).items[0].meta, "type", kind)


def only_update() -> Script:
    """An installation that is reported and waited for. Steps as in :func:`judge_builder.update`."""
    script = update(operation="Update")
    sequence = at(script, 1).one(Sequence)
    sequence.commands = [command for command in sequence.commands if isinstance(command, Exec)]
    at(script, 2).drop(at(script, 2).status("Replace"))
    script.steps[4] = script.mark("note", text="nothing is fetched")
    script.steps.pop()
    return script


def download() -> Script:
    return update(operation="Download")


def tight(size: str) -> Script:
    """A report in the middle of a session in which the server takes so many octets."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    two = script.server(*answers(one, "212"), Exec(correlator="job", items=[item(f"{OBJECT}/Update")]))
    two.message.header.meta = item("x", max_msg_size=size).meta
    three = script.client(*answers(two, "200", Exec="202"))
    four = script.server(*answers(three), Get(items=[item("./DevInfo/Man")]))
    five = script.client(*answers(four), report("update", "402"))
    script.server(*answers(five))
    return script


def shown(**found: str) -> Script:
    """One session with a Get for each: ``root``, ``Download``, ``DownloadAndUpdate`` give child lists, else a value."""
    script = Script()
    step = script.client(Alert(data="1201"), dev_info(), cred=basic())
    for number, (name, value) in enumerate(found.items()):
        node = OBJECT if name == "root" else f"{OBJECT}/{name}"
        get = Get(items=[item(node)])
        asked = script.server(*answers(step, "200" if number else "212"), get)
        form = "int" if name == "State" else "node"
        step = script.client(*answers(asked), results(asked, get, item(node, value, source=True, format=form)))
    script.server(*answers(step))
    return script


def address(code: str, value: str) -> Script:
    """Two addresses are written one after the other, the second with a Status, and one is read."""
    script = Script()
    node = f"{OBJECT}/Download/PkgURL"
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    two = script.server(*answers(one, "212"), Replace(items=[item(node, "http://x.test/1", format="chr")]))
    three = script.client(*answers(two))
    four = script.server(*answers(three), Replace(items=[item(node, "odd", format="chr")]))
    five = script.client(*answers(four, "200", Replace=code))
    get = Get(items=[item(node)])
    six = script.server(*answers(five), get)
    script.server(*answers(script.client(*answers(six), results(six, get, item(node, value, source=True, format="chr")))))
    return script


def become(made: Callable[[], Script]) -> Spoil:
    """Takes another script instead."""
    return lambda script: setattr(script, "steps", made().steps)


ROWS: list[tuple[str, str, Callable[[], Script], Spoil, str]] = [
    ("FUMO-EXEC-004", "client", download, fetched("http://dl.example.test/FW.bin"), FAIL),
    ("FUMO-EXEC-004", "client", download, fetched("http://dl.example.test/fw.bin?x"), FAIL),
    ("FUMO-EXEC-007", "client", update, fetched("http://dl.example.test/other.bin"), FAIL),
    ("FUMO-STATE-014", "client", lambda: course(("State", "60"), ("State", "70")), reread("30"), FAIL),
    ("FUMO-STATE-014", "client", lambda: course(("State", "50"), ("State", "60")), reread("40"), FAIL),
    ("FUMO-STATE-008", "client", lambda: course(("told", "412"), ("State", "20"), operation="Download"), reread("50"), FAIL),
    ("FUMO-STATE-016", "client", again, reread("80"), FAIL),
    ("FUMO-ALERT-015", "client", lambda: course(("told", "200"), ("State", "60"), ("State", "60")), reread("90"), FAIL),
    ("FUMO-ALERT-015", "client", update, fetched_late, FAIL),
    ("FUMO-ALERT-017", "client", lambda: tight("5000"), become(lambda: tight("500")), FAIL),
    ("FUMO-ALERT-004", "client", download, typed(TYPE.replace(".dm.", ".") + "download"), FAIL),
    ("FUMO-ALERT-005", "client", only_update, typed("com.example.update"), FAIL),
    ("FUMO-ALERT-006", "client", update, typed("com.example.done"), FAIL),
    ("FUMO-NODE-006", "client", lambda: shown(root="Ext/State", State="10"), become(lambda: shown(root="Ext,State", State="10")), FAIL),
    ("FUMO-NODE-017", "client", lambda: shown(root="State/Ext"), become(lambda: shown(root="State/Ext/State")), FAIL),
    ("FUMO-NODE-010", "client", lambda: shown(Download="PkgURL"), become(lambda: shown(Download="PkgURL/PkgURL")), FAIL),
    ("FUMO-NODE-016", "client", lambda: shown(DownloadAndUpdate="PkgURL/Ext"),
     become(lambda: shown(DownloadAndUpdate="PkgURL/Ext/PkgURL")), FAIL),
    ("FUMO-NODE-021", "client", lambda: address("200", "odd"), become(lambda: address("200", "http://x.test/1")), FAIL),
    ("FUMO-NODE-021", "client", lambda: address("406", "http://x.test/1"), become(lambda: address("406", "odd")), FAIL),
]  # fmt: skip


@pytest.mark.parametrize(
    ("requirement", "side", "base", "spoil", "outcome"), ROWS, ids=[f"{row[0]}-{n}" for n, row in enumerate(ROWS)]
)
def test_rule(requirement: str, side: str, base: Callable[[], Script], spoil: Spoil, outcome: str) -> None:
    script = base()
    found = [f for f in script.judge(side) if f.requirement == requirement]
    assert [f.outcome for f in found] == [PASS], "the obeying transcript"
    spoil(script)
    found = [f for f in script.judge(side) if f.requirement == requirement]
    assert outcome in {f.outcome for f in found}, "the transcript that differs in one thing"
    assert all(f.expected and f.message for f in found if f.outcome == FAIL)


WATCHED = ("FUMO-EXEC-004", "FUMO-EXEC-007", "FUMO-STATE-014", "FUMO-STATE-008", "FUMO-STATE-016", "FUMO-ALERT-015",
           "FUMO-ALERT-006", "FUMO-NODE-006", "FUMO-NODE-021")  # fmt: skip


def unordered() -> Script:
    """The address is written in the message of the Exec, outside a Sequence: either may be carried out first."""
    script = update()
    sequence = at(script, 1).one(Sequence)
    commands = at(script, 1).message.commands
    commands[commands.index(sequence) : commands.index(sequence) + 1] = sequence.commands
    at(script, 2).drop(at(script, 2).status("Sequence"))
    fetched("http://dl.example.test/older.bin")(script)
    return script


def later(made: Script) -> Script:
    """The Status of the address says that it is written later."""
    at(made, 2).status("Replace").data = "202"
    fetched("http://dl.example.test/older.bin")(made)
    return made


def two_at_once() -> Script:
    """Another download of the device had not been reported when this one began."""
    script = course(("Exec", "Download"), operation="DownloadAndUpdate")
    script.fetch("http://dl.example.test/any.bin")
    return script


@pytest.mark.parametrize(
    "made",
    [
        unordered, lambda: later(update()), two_at_once,
        lambda: course(("State", "60"), ("Replace", "Download/PkgURL"), ("State", "30")),
        lambda: course(("State", "60"), ("hook", "power_cycle"), ("State", "30")),
        lambda: course(("told", "200"), ("State", "90"), ("State", "100"), ("State", "10")),
        lambda: course(("told", "410"), ("State", "70"), ("State", "80"), ("State", "10")),
        lambda: course(("told", "412"), ("Exec", "Download"), ("State", "30"), operation="Download"),
        lambda: course(("told", "200"), ("State", "60"), ("hook", "clean_up"), ("State", "90")),
        lambda: shown(State="10"), lambda: shown(root="Download/State/Vendor", State="10"),
        lambda: address("202", "http://x.test/1"),
    ],
)  # fmt: skip
def test_what_nobody_can_be_sure_of_is_not_held_against_a_device(made: Callable[[], Script]) -> None:
    assert [f.requirement for f in made().judge("client") if f.outcome == FAIL and f.requirement in WATCHED] == []


def test_addresses_are_the_same_however_they_are_escaped() -> None:
    assert same_place("http://a.test/%7Ex/%e4", "http://b.test:8080/~x/%E4")
    assert same_place("http://a.test/two%20words", "http://a.test/two words")
    assert same_place("http://a.test", "http://a.test/")
    assert not same_place("http://a.test/a%2Fb", "http://a.test/a/b")
    assert not same_place("http://a.test/A", "http://a.test/a")
