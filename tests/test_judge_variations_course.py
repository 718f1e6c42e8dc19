"""Rules of the course of an operation, branch by branch: which address counts, when State may move, what a report ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from judge_builder import OBJECT, Mark, Script, answers, basic, dev_info, item, number, report, results
from judge_spoils import at, data
from test_judge_parts import executed, run, told

from conformance.judge.rules_course import same_place
from conformance.syncml.model import Add, Alert, Atomic, Command, Copy, Delete, Exec, Get, Item, Meta, Replace, Sequence, Status

Move = Callable[[Script], Any]
NODE, ADDRESS, OLDER = f"{OBJECT}/Download/PkgURL", "http://dl.example.test/fw.bin", "http://dl.example.test/older.bin"
FETCHED = "FUMO-EXEC-004"


def story(*moves: Move) -> Script:
    """A transcript: one thing after the other, each exchange of commands or report in a session of its own."""
    script = Script()
    script.session = "0"
    for move in moves:
        move(script)
    return script


def do(*commands: Command, **codes: str) -> Move:
    """A session with commands of the server."""
    return lambda script: executed(script, *commands, **codes)


def put(value: str | bytes | None = ADDRESS, node: str = NODE, **more: Any) -> Replace:
    return Replace(items=[item(node, value, **{"format": "chr", **more})])


def start(name: str = "Download", correlator: str = "job", root: str = OBJECT) -> Exec:
    return run(name, correlator, root)


def get(url: str = ADDRESS, **more: Any) -> Move:
    """A GET of the device at the content server."""
    return lambda script: script.fetch(url, **more)


def end(kind: str = "download", code: str = "200", correlator: str = "job") -> Move:
    """A session with a report."""
    return lambda script: told(script, report(kind, code, correlator))


def mark(kind: str, **values: Any) -> Move:
    return lambda script: script.mark(kind, **values)


def state(value: str | None, *beside: Command, root: str = OBJECT, node: str = "State") -> Move:
    """A session in which a node is read, with commands beside the Get in the same message."""

    def move(script: Script) -> None:
        script.open(str(int(script.session) + 1))
        one = script.client(Alert(data="1201"), dev_info(), cred=basic())
        asked = Get(items=[item(f"{root}/{node}")])
        two = script.server(*answers(one, "212"), asked, *beside)
        found = results(two, asked, item(f"{root}/{node}", value, source=True, format="int"))
        script.server(*answers(script.client(*answers(two), found)))

    return move


def made(n: int, **values: Any) -> Move:
    """What the recorder says of a message that is there already, counted from the end."""
    return lambda script: data(len(script.steps) + n, **(values or {"made": True}))(script)


def outcomes(script: Script, requirement: str, objects: tuple[str, ...] = (OBJECT,)) -> list[str]:
    return [f.outcome for f in script.judge("client", objects=objects) if f.requirement == requirement]


GOOD, BAD, OPEN = ["pass"], ["fail"], list[str]()
FETCHES: list[tuple[str, list[Move], list[str]]] = [
    # -- which fetch is the operation's own
    ("as written", [do(put()), do(start()), get()], GOOD),
    ("another", [do(put()), do(start()), get(OLDER)], BAD),
    ("the first one counts", [do(put()), do(start()), get(), get(OLDER)], GOOD),
    ("one before the Exec does not", [do(put()), get(OLDER), do(start()), get()], GOOD),
    ("nor one after the report", [do(put()), do(start()), end(), get(OLDER)], OPEN),
    ("nor one after another Exec", [do(put()), do(start()), do(start("Update", "two")), get(OLDER)], OPEN),
    ("none at all", [do(put()), do(start())], OPEN),
    ("something else than GET", [do(put()), do(start()), get(OLDER, method="POST"), get()], GOOD),
    ("an Exec that is refused", [do(put()), do(start(), Exec="406"), get(OLDER)], OPEN),
    ("an Exec without an answer", [do(put()), do(start()), lambda s: at(s, 6).drop(at(s, 6).status("Exec")), get(OLDER)], OPEN),
    ("an Exec that was made wrong", [do(put()), do(start()), made(-3), get(OLDER)], OPEN),
    ("an answer that was made wrong", [do(put()), do(start()), made(-2), get(OLDER)], OPEN),
    ("no operation that downloads", [do(put()), do(start("Update")), get(OLDER)], OPEN),
    # -- others that download
    ("another that downloads", [do(put(), start("DownloadAndUpdate", "one")), do(start()), get(OLDER)], OPEN),
    ("another in the same message", [do(put()), do(start("DownloadAndUpdate", "one"), start()), get(OLDER)], OPEN),
    ("another that was refused", [do(start("DownloadAndUpdate", "one"), Exec="406"), do(put()), do(start()), get(OLDER)], BAD),
    ("another that downloads nothing", [do(start("Update", "one")), do(put()), do(start()), get(OLDER)], BAD),
    ("another that was over",
     [do(start("DownloadAndUpdate", "one")), end("downloadandupdate", "200", "one"), do(put()), do(start()), get(OLDER)], BAD),
    ("another that is over later",
     [do(start("DownloadAndUpdate", "one")), do(put()), do(start()), end("downloadandupdate", "200", "one"), get(OLDER)], OPEN),
    # -- what was written
    ("nothing", [do(start()), get(OLDER)], OPEN),
    ("the newer of two", [do(put(OLDER)), do(put()), do(start()), get(OLDER)], BAD),
    ("afterwards", [do(put()), do(start()), do(put(OLDER)), get(OLDER)], BAD),
    ("by Add", [do(Add(items=[item(NODE, ADDRESS, format="chr")])), do(start()), get(OLDER)], BAD),
    ("without ./ before it", [do(put(node=NODE.removeprefix("./"))), do(start()), get(OLDER)], BAD),
    ("with a blank around it", [do(put(f" {ADDRESS} ")), do(start()), get()], GOOD),
    ("in Base64", [do(put("aHR0cDovL2RsLmV4YW1wbGUudGVzdC9mdy5iaW4=", format="b64")), do(start()), get()], GOOD),
    ("in capitals", [do(put("HTTP://dl.example.test/fw.bin")), do(start()), get(OLDER)], BAD),
    ("by https", [do(put("https://dl.example.test/fw.bin")), do(start()), get(OLDER)], BAD),
    ("no address of HTTP", [do(put("ftp://dl.example.test/fw.bin")), do(start()), get(OLDER)], OPEN),
    ("no address at all", [do(put("fw.bin")), do(start()), get(OLDER)], OPEN),
    ("with the Meta of the command",
     [do(Replace(meta=Meta(format="b64"), items=[item(NODE, "aHR0cDovL2RsLmV4YW1wbGUudGVzdC9mdy5iaW4=")])), do(start()), get()], GOOD),
    ("nothing in it", [do(put(None)), do(start()), get(OLDER)], OPEN),
    ("to the address of the other operation", [do(put(node=f"{OBJECT}/DownloadAndUpdate/PkgURL")), do(start()), get(OLDER)], OPEN),
    ("to a node of like name", [do(put()), do(put(OLDER, f"{NODE}2")), do(start()), get(OLDER)], BAD),
    # -- what was refused, and what is not sure
    *((f"refused with {code}", [do(put()), do(put(OLDER), Replace=code), do(start()), get(url)], found)
      for code in ("404", "500") for url, found in ((ADDRESS, GOOD), (OLDER, BAD))),
    *((f"answered with {code}", [do(put()), do(put(OLDER), Replace=code), do(start()), get(ADDRESS)], OPEN)
      for code in ("202", "304", "213", "")),
    ("deleted", [do(put()), do(Delete(items=[item(f"{OBJECT}/Download")])), do(start()), get(OLDER)], OPEN),
    ("copied over", [do(put()), do(Copy(items=[Item(target=NODE, source="./V/A")])), do(start()), get(OLDER)], OPEN),
    ("deleted elsewhere", [do(put()), do(Delete(items=[item(f"{OBJECT}/Ext")])), do(start()), get(OLDER)], BAD),
    ("with its parent", [do(put()), do(put(OLDER, f"{OBJECT}/Download")), do(start()), get(OLDER)], OPEN),
    ("with others in one command",
     [do(put()), do(Replace(items=[item(NODE, OLDER, format="chr"), item("./V/A", "1", format="chr")])), do(start()), get()], OPEN),
    ("behind others in one command",
     [do(put()), do(Replace(items=[item("./V/A", "1", format="chr"), item(NODE, OLDER, format="chr")])), do(start()), get()], OPEN),
    ("a first piece",
     [do(put()), do(Replace(items=[item(NODE, "htt", more=True, format="chr", size="30")])), do(start()), get(OLDER)], OPEN),
    ("in an Atomic", [do(Atomic(commands=[put()])), do(start()), get(OLDER)], OPEN),
    ("in a Sequence", [do(Sequence(commands=[put()])), do(start()), get(OLDER)], BAD),
    ("made wrong", [do(put()), do(put(OLDER)), made(-3), do(start()), get()], OPEN),
    ("on its way when the line broke", [do(put()), do(put(OLDER)), made(-3, error="reset"), do(start()), get()], OPEN),
    # -- in the message of the Exec
    ("in its Sequence before it", [do(Sequence(commands=[put(), start()])), get(OLDER)], BAD),
    ("in its Sequence behind it", [do(put()), do(Sequence(commands=[start(), put(OLDER)])), get(OLDER)], OPEN),
    ("in another Sequence", [do(put()), do(Sequence(commands=[put(OLDER)]), Sequence(commands=[start()])), get()], OPEN),
    ("beside it", [do(put()), do(put(OLDER), start()), get()], OPEN),
]  # fmt: skip


@pytest.mark.parametrize(("moves", "found"), [row[1:] for row in FETCHES], ids=[f"{FETCHED}-{row[0]}" for row in FETCHES])
def test_fumo_exec_004_the_address_that_was_written(moves: list[Move], found: list[str]) -> None:
    assert outcomes(story(*moves), FETCHED) == found


def answered_twice(script: Script) -> None:
    """A second Status for the write: nobody knows which one is true."""
    step = at(script, len(script.steps) - 2)
    first = step.status("Replace")
    more: list[Command] = [Status(msg_ref=first.msg_ref, cmd_ref=first.cmd_ref, cmd="Replace", data="404")]
    number(more, 70)
    step.message.commands += more


def test_fumo_exec_004_a_write_with_two_statuses_or_a_twin_is_not_sure() -> None:
    assert outcomes(story(do(put()), answered_twice, do(start()), get(OLDER)), FETCHED) == OPEN
    script = story(do(put()), do(start()), get(OLDER))
    at(script, 5).one(Exec).cmd_id = at(script, 6).one(Status, 1).cmd_ref = "7"
    at(script, 5).message.commands.append(Get(cmd_id="7", items=[item("./A")]))
    assert outcomes(script, FETCHED) == OPEN, "two commands with one CmdID"


def test_fumo_exec_004_the_address_of_another_object_is_another() -> None:
    other = "./FUMO/Fw2"
    script = story(do(put(OLDER)), do(put(node=f"{other}/Download/PkgURL")), do(start(root=other)), get())
    assert outcomes(script, FETCHED, (OBJECT, other)) == GOOD


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://[x", "http://[x", True), ("http://[x", "http://[y", False), ("http://a.test/%41%2d%7e", "http://a.test/A-~", True),
        ("http://a.test/x?%61=1", "http://a.test/x?a=1", True), ("http://a.test/x?a=1", "http://a.test/x?a=2", False),
        ("http://a.test/%c3%a4", "http://a.test/\u00e4", True), ("http://a.test/a%3Fb", "http://a.test/a?b", False),
        ("http://a.test/%zz", "http://a.test/%ZZ", False),
    ],
)  # fmt: skip
def test_which_addresses_are_one(one: str, other: str, same: bool) -> None:
    assert same_place(one, other) is same is same_place(other, one)


def beside(*commands: Command) -> list[Move]:
    return [state("60"), do(*commands), state("30")]


DOWN = "FUMO-STATE-014"
READINGS: list[tuple[str, list[Move], list[str]]] = [
    ("on", [state("30"), state("40")], GOOD), ("the same", [state("60"), state("60")], GOOD), ("back", [state("60"), state("30")], BAD),
    ("to the start", [state("60"), state("10")], GOOD), ("once", [state("60")], OPEN), ("none", [state(None), state("30")], OPEN),
    ("with a blank", [state(" 60 "), state("30 ")], BAD),
    ("another node", [state("60"), state("30", node="Ext/State")], OPEN),
    ("made wrong", [state("60"), state("30"), made(-2)], OPEN),
    ("after a command for the object", beside(put(node=f"{OBJECT}/Ext/Way", value="1")), OPEN),
    ("after one for what is above it", beside(Delete(items=[item("./FUMO")])), OPEN),
    ("after Exec", beside(start("Update")), OPEN), ("after Exec on the object", beside(Exec(items=[item(OBJECT)])), OPEN),
    ("after Add", beside(Add(items=[item(f"{OBJECT}/Ext/New", "1", format="chr")])), OPEN),
    ("after Copy", beside(Copy(items=[Item(target=f"{OBJECT}/Ext/New", source="./V/A")])), OPEN),
    ("after Get", beside(Get(items=[item(f"{OBJECT}/Ext")])), BAD),
    ("after a command elsewhere", beside(put(node="./V/A", value="1")), BAD),
    ("after one for a like name", beside(Delete(items=[item(f"{OBJECT}0")])), BAD),
    ("after one for the beginning of its name", beside(Delete(items=[item("./FUMO/Fw")])), BAD),
    ("after one of two Items", beside(Delete(items=[item("./V/A"), item(f"{OBJECT}/Ext/Old")])), OPEN),
    ("after one of two Items, the first", beside(Delete(items=[item(f"{OBJECT}/Ext/Old"), item("./V/A")])), OPEN),
    ("with a command in the message that asks", [state("60", put(value="1")), state("30")], OPEN),
    ("with one in the message that asks again", [state("60"), state("30", put(value="1"))], OPEN),
    ("with a command before both", [do(put()), state("60"), state("30")], BAD),
    ("with a command after both", [state("60"), state("30"), do(put())], BAD),
    ("three times", [state("30"), state("60"), state("50")], BAD),
    *((f"after {verb}", [state("60"), mark("hook", verb=verb), state("30")], found) for verb, found in (
        ("power_cycle", OPEN), ("clean_up", OPEN), ("idle", BAD), ("advance", BAD), ("firmware", BAD), ("start_session", BAD),
        ("notify", BAD))),
    ("after its process ended", [state("60"), mark("process", what="ended"), state("30")], OPEN),
    ("after its power was cut", [state("60"), mark("value", name="power", value="off"), state("30")], OPEN),
    ("after another value", [state("60"), mark("value", name="other", value="off"), state("30")], BAD),
    ("after a fetch", [state("60"), get(), state("30")], BAD),
]  # fmt: skip


@pytest.mark.parametrize(("moves", "found"), [row[1:] for row in READINGS], ids=[f"{DOWN}-{row[0]}" for row in READINGS])
def test_fumo_state_014_state_goes_on(moves: list[Move], found: list[str]) -> None:
    assert outcomes(story(*moves), DOWN) == found


def test_fumo_state_014_sessions_may_run_side_by_side() -> None:
    """What one session told an object does not hide what another one told it, whichever began first."""
    script = story(do(put(value="1")), state("60"), state("30", put(value="2")), do(put(value="3")))
    for place, step in enumerate(script.steps):
        step.data["session"] = "long" if place < 4 or place >= 12 else "short"
    assert outcomes(script, DOWN) == OPEN


def test_fumo_state_014_each_object_has_a_state_of_its_own() -> None:
    other = "./FUMO/Fw2"
    script = story(state("60"), state("30", root=other), do(put(node=f"{other}/Download/PkgURL")), state("60"))
    assert outcomes(script, DOWN, (OBJECT, other)) == GOOD
    script = story(state("60"), state("60", root=other), do(put(node=f"{other}/Download/PkgURL")), state("30"))
    assert outcomes(script, DOWN, (OBJECT, other)) == BAD


LOST, SOON, NONE = "FUMO-STATE-008", "FUMO-ALERT-015", "FUMO-STATE-016"
ENDS: list[tuple[str, str, list[Move], list[str]]] = [
    # -- a download that failed
    *((LOST, f"State {value}", [do(start()), end(code="412"), state(value)], found)
      for value, found in (("20", GOOD), ("10", GOOD), ("30", BAD), ("40", BAD))),
    (LOST, "no failure", [do(start()), end(), state("40")], OPEN),
    (LOST, "no code", [do(start()), end(code="x"), state("40")], OPEN),
    (LOST, "another operation", [do(start("DownloadAndUpdate")), end("downloadandupdate", "412"), state("40")], OPEN),
    (LOST, "before the report", [do(start()), state("30"), end(code="412")], OPEN),
    (LOST, "after another command", [do(start()), end(code="412"), do(start("Update", "two")), state("60")], OPEN),
    (LOST, "the State of another object", [do(start()), end(code="412"), state("40", root="./FUMO/Fw2")], OPEN),
    (LOST, "a report that was made wrong", [do(start()), end(code="412"), made(-2), state("40")], OPEN),
    (LOST, "no report", [do(start()), state("40")], OPEN),
    # -- a success that was no end; another rule says that a report came
    (SOON, "State moves on", [do(start("Update")), end("update"), state("60"), state("100")], BAD),
    (SOON, "State stays", [do(start("Update")), end("update"), state("60"), state("60")], OPEN),
    (SOON, "a download moves on", [do(start()), end(), state("30"), state("40")], BAD),
    (SOON, "it is over", [do(start("Update")), end("update"), state("100"), state("10")], OPEN),
    (SOON, "a failure", [do(start("Update")), end("update", "410"), state("60"), state("70")], OPEN),
    (SOON, "no number", [do(start("Update")), end("update", "x"), state("60"), state("100")], OPEN),
    (SOON, "something was told", [do(start("Update")), end("update"), state("60"), do(put(value="1")), state("100")], OPEN),
    (SOON, "read before the report", [do(start("Update")), state("60"), end("update"), state("100")], OPEN),
    (SOON, "fetched late", [do(put()), do(start()), end(), get()], BAD),
    (SOON, "fetched late by the other operation",
     [do(put(node=f"{OBJECT}/DownloadAndUpdate/PkgURL")), do(start("DownloadAndUpdate")), end("downloadandupdate"), get()], BAD),
    (SOON, "another address", [do(put()), do(start()), end(), get(OLDER)], OPEN),
    (SOON, "fetched in time and again", [do(put()), do(start()), get(), end(), get()], OPEN),
    (SOON, "only the first counts", [do(put()), do(start()), end(), get(OLDER), get()], OPEN),
    (SOON, "after the next Exec", [do(put()), do(start()), end(), do(start(correlator="two")), get()], OPEN),
    (SOON, "before the next Exec", [do(put()), do(start()), end(), get(), do(start(correlator="two"))], BAD),
    (SOON, "nothing was written", [do(start()), end(), get()], OPEN),
    (SOON, "others download", [do(put()), do(start("DownloadAndUpdate", "one")), do(start()), end(), get()], OPEN),
    (SOON, "an installation fetches nothing", [do(put(node=f"{OBJECT}/Update/PkgURL")), do(start("Update")), end("update"), get()], OPEN),
    # -- an installation of nothing
    *((NONE, f"State {value}", [state(value), do(start("Update")), end("update")], found)
      for value, found in (("50", GOOD), ("70", GOOD), ("90", GOOD), ("80", BAD), ("100", BAD), ("10", OPEN), ("60", OPEN))),
    (NONE, "a failure", [state("100"), do(start("Update")), end("update", "411")], OPEN),
    (NONE, "no number", [state("100"), do(start("Update")), end("update", "x")], OPEN),
    (NONE, "no report", [state("100"), do(start("Update"))], OPEN),
    (NONE, "another operation", [state("100"), do(start()), end()], OPEN),
    (NONE, "State of another object", [state("100", root="./FUMO/Fw2"), do(start("Update")), end("update")], OPEN),
    (NONE, "another that failed before it",
     [do(start("Update", "one")), end("update", "411", "one"), state("100"), do(start("Update")), end("update")], BAD),
    (NONE, "another without a State before it",
     [do(start("Update", "one")), end("update", "200", "one"), state("100"), do(start("Update")), end("update")], BAD),
    (NONE, "the newest State", [state("50"), state("100"), do(start("Update")), end("update")], BAD),
    (NONE, "State in the message of the Exec", [state("100", start("Update")), end("update")], OPEN),
    (NONE, "State afterwards", [do(start("Update")), end("update"), state("100")], OPEN),
    (NONE, "something was told", [state("100"), do(put(value="1")), do(start("Update")), end("update")], OPEN),
    (NONE, "an Exec that was made wrong", [state("100"), do(start("Update")), made(-3), end("update")], OPEN),
]  # fmt: skip


@pytest.mark.parametrize(("requirement", "moves", "found"), [(r[0], *r[2:]) for r in ENDS], ids=[f"{r[0]}-{r[1]}" for r in ENDS])
def test_what_a_report_ends(requirement: str, moves: list[Move], found: list[str]) -> None:
    told_ = outcomes(story(*moves), requirement, (OBJECT, "./FUMO/Fw2"))
    assert [each for each in told_ if requirement != SOON or each != "pass"] == found


def alert(type_: str, correlator: str | None = None, code: str = "1226") -> Move:
    """A session with an alert of a type that the enabler does not have."""
    made_ = Alert(data=code, correlator=correlator, items=[item(OBJECT, "200", source=True, format="int", type=type_)])
    return lambda script: told(script, made_)


waited = mark("value", name="operation-awaited", value=True)
TYPES: list[tuple[str, list[Move], list[str]]] = [
    ("the Correlator", [do(start("Update")), alert("com.example.done", "job"), waited], BAD),
    ("the name", [do(start("Update")), alert("com.example.UPDATE"), waited], BAD),
    ("the name of an operation in capitals", [do(start("DownloadAndUpdate")), alert("com.example.downloadandupdate"), waited], OPEN),
    ("the name with a blank", [do(start("Update")), alert(" com.example.update "), waited], BAD),
    ("neither", [do(start("Update")), alert("com.example.done"), waited], OPEN),
    ("another Correlator", [do(start("Update")), alert("com.example.done", "other"), waited], OPEN),
    ("no Correlator of either", [do(start("Update", "")), alert("com.example.done", ""), waited], OPEN),
    ("another code", [do(start("Update")), alert("com.example.update", "job", "1224"), waited], OPEN),
    ("a Correlator of another case", [do(start("Update")), alert("com.example.update", "corr-12345"), waited], OPEN),
    ("reported as well", [do(start("Update")), alert("com.example.update"), end("update"), waited], OPEN),
    ("reported with another type of the enabler",
     [do(start("Update")), alert("com.example.update"), end("download"), end("update", "200", "x"), waited], OPEN),
    ("too late", [do(start("Update")), waited, alert("com.example.update")], OPEN),
    ("before the Exec", [alert("com.example.update"), do(start("Update")), waited], OPEN),
    ("nobody waited", [do(start("Update")), alert("com.example.update")], OPEN),
    ("executed again", [do(start("Update")), alert("com.example.update"), do(start("Update", "two")), waited], OPEN),
    ("refused", [do(start("Update"), Exec="406"), alert("com.example.update"), waited], OPEN),
    ("answered 200", [do(start("Update"), Exec="200"), alert("com.example.update"), waited], BAD),
    ("made wrong", [do(start("Update")), alert("com.example.update"), made(-2), waited], OPEN),
    ("one that was reported before it",
     [do(start("Update", "one")), end("update", "200", "one"), do(start("Update")), alert("com.example.done", "job"), waited], BAD),
    ("one that was executed again before it",
     [do(start("Download", "one")), do(start("Download", "two")), do(start("Update")), alert("com.example.done", "job"), waited], BAD),
]  # fmt: skip


@pytest.mark.parametrize(("moves", "found"), [row[1:] for row in TYPES], ids=[f"FUMO-ALERT-005-{row[0]}" for row in TYPES])
def test_fumo_alert_005_a_report_has_a_type_of_the_enabler(moves: list[Move], found: list[str]) -> None:
    assert [each for each in outcomes(story(*moves), "FUMO-ALERT-005") if each != "pass"] == found


def test_fumo_alert_005_an_alert_may_stand_beside_the_status_of_the_exec() -> None:
    script = story(do(start("Update")), waited)
    made_ = [Alert(data="1226", items=[item(OBJECT, "200", source=True, format="int", type="com.example.update")])]
    number(made_, 70)
    at(script, 2).message.commands += made_
    assert [each for each in outcomes(script, "FUMO-ALERT-005") if each != "pass"] == BAD


def test_fumo_alert_005_one_that_was_reported_in_other_words_is_not_judged_by_a_strange_type() -> None:
    """A report of another type came for it, and the one of its own type belongs to another object."""
    other = "./FUMO/Fw2"
    moves = [do(start("Update", "b", other)), do(start("Update")), end(), end("update", "200", "b"), alert("com.example.update"), waited]
    assert [f for f in outcomes(story(*moves), "FUMO-ALERT-005", (OBJECT, other)) if f != "pass"] == OPEN
    del moves[2]
    assert [f for f in outcomes(story(*moves), "FUMO-ALERT-005", (OBJECT, other)) if f != "pass"] == BAD


ROOT = OBJECT.removeprefix("./")
SAID: list[tuple[str, list[Move], tuple[int, str, str, str]]] = [
    (FETCHED, [do(put()), do(start()), get(OLDER)], (9, ADDRESS, OLDER, f"first GET after Exec on {ROOT}/Download")),
    (DOWN, [state("60"), state("30")], (7, "60, or a State that follows it", "30", f"State of {ROOT} after 60, with no command between")),
    (LOST, [do(start()), end(code="412"), state("40")],
     (9, "20 or 10", "40", f"State of {ROOT} after Download was reported with 412")),
    (SOON, [do(start("Update")), end("update"), state("60"), state("100")],
     (5, "the report at the end", "State 60, then 100", f"the report of {ROOT}/Update with 200")),
    (SOON, [do(put()), do(start()), end(), get()],
     (9, "the package first", "a report, then the first GET", f"the report of {ROOT}/Download with 200")),
    (NONE, [state("100"), do(start("Update")), end("update")],
     (9, "50, 70 or 90", "100", f"Exec on {ROOT}/Update was reported with 200; State before it")),
    ("FUMO-ALERT-005", [do(start("Update")), alert("com.example.done", "job"), waited],
     (5, "org.openmobilealliance.dm.firmwareupdate.update", "com.example.done", f"type of an alert 1226 after Exec on {ROOT}/Update")),
]  # fmt: skip


@pytest.mark.parametrize(("requirement", "moves", "found"), SAID, ids=[f"{row[0]}-{n}" for n, row in enumerate(SAID)])
def test_what_a_reader_is_told(requirement: str, moves: list[Move], found: tuple[int, str, str, str]) -> None:
    told_ = [f for f in story(*moves).judge("client") if f.requirement == requirement and f.outcome == "fail"]
    assert [(f.event, f.expected, f.actual, f.message) for f in told_] == [found]


def test_a_story_is_told_in_order() -> None:
    script = story(do(put()), get(), state("10"))
    assert [isinstance(step, Mark) for step in script.steps] == [False] * 4 + [True] + [False] * 4
