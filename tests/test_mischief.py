"""What the suite does to its partner in a session on purpose: it does that, says so in the transcript, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from casetables import faults_of

from conformance.harness import choices, mischief, trouble
from conformance.harness.cases import load_cases
from conformance.harness.embedded import embedded_iut
from conformance.harness.iut import load_iut
from conformance.harness.places import testcases as own_cases
from conformance.harness.run import Options, Run
from conformance.peers.pieces import LARGEST, Pieces
from conformance.syncml.model import Alert, Item, Message, Meta, Replace, Results
from conformance.transcript import DEVICE, SERVER, Event, load

CASES = {case.id: case for case in load_cases(own_cases())}
ADAPTERS = {"client": "conformance.peers.adapters:DeviceAdapter", "server": "conformance.peers.adapters:ServerAdapter"}


def played(folder: Path, name: str) -> list[Event]:
    """The messages of the first permutation of a case, with a reference peer."""
    case = CASES[name]
    run = Run([load_iut(embedded_iut(folder / "iut", case.role, ADAPTERS[case.role]))], Options(folder))
    try:
        chosen = next(each for each in run.selector(run.iuts[0]).choose([case]) if each.selected)
        line = run.do(chosen)
    finally:
        run.close()
    assert line["verdict"] == "pass", line["findings"]
    return load(folder / line["evidence"]).of("message")


def alerts(event: Event) -> list[str | None]:
    decoded = event.decoded()
    return [c.data for c in decoded.message.commands if isinstance(c, Alert)] if decoded else []


def test_the_words_of_case_files_are_those_that_are_understood() -> None:
    assert tuple(mischief.HOW) == choices.REPLIES and set(mischief.WRONG) < set(mischief.HOW)
    assert choices.CHOICES["trouble", "when"] == tuple(trouble.WHEN)
    codes = [each for each in choices.CHOICES["trouble", "does"] if each.isdigit()]
    assert [*trouble.DOES, *codes] == list(choices.CHOICES["trouble", "does"])


TABLE = "suite: {suite}\npurpose: P.\nrole: {role}\nensures: [DM-ABT-005]\nsteps:\n  - {step}\ncases:\n  - {{id: a, title: t}}\n"


@pytest.mark.parametrize(
    ("role", "step", "what"),
    [
        ("client", "reply: politely", "'politely' is none of"),
        ("client", "reply: {how: politely}", "'politely' is none of"),
        ("client", "reply: {times: 2}", "how is missing"),
        ("client", "session: {kind: any, with: {inside: out}}", "'out' is none of"),
        ("server", "device: {trouble: {when: never, does: abort}}", "'never' is none of"),
        ("server", "device: {trouble: {when: chunk, does: 299}}", "'299' is none of"),
        ("server", "device: {trouble: {when: chunk}}", "does is missing"),
        ("server", "device: {trouble: {when: chunk, does: abort, why: fun}}", "unknown key 'why'"),
    ],
)
def test_words_that_are_not_understood_are_said(role: str, step: str, what: str, tmp_path: Path) -> None:
    suite = f"{role}/demo/table"
    assert any(what in line for line in faults_of(tmp_path, TABLE.format(suite=suite, role=role, step=step), suite))


def test_an_abort_of_the_server_is_a_message_like_others(tmp_path: Path) -> None:
    events = played(tmp_path, "client/sessions/aborts/after-answers")
    place = next(n for n, event in enumerate(events) if event.sender == SERVER and "1223" in alerts(event))
    assert "made" not in events[place].data
    assert events[place + 1].data["session"] != events[place].data["session"], "the device keeps silent"


def test_a_lost_answer_is_no_message(tmp_path: Path) -> None:
    events = played(tmp_path, "client/sessions/aborts/connection-cut")
    lost = [event for event in events if event.data.get("error") == "closed"]
    assert len(lost) == 1 and lost[0].sender == SERVER and lost[0].octets == b"" and lost[0].data["made"]


@pytest.mark.parametrize("name", ["wrong", "missing", "nonce-used"])
def test_a_wrong_code_is_marked_and_not_sent_again(name: str, tmp_path: Path) -> None:
    events = played(tmp_path, f"client/authentication/integrity/{name}")
    made = [event for event in events if event.data.get("made")]
    headers = [key.lower() for key, _ in made[0].data["headers"]]
    assert len(made) == 1 and ("x-syncml-hmac" in headers) == (name != "missing")
    spoilt = made[0].decoded()
    assert spoilt is not None
    later = [e.decoded() for e in events if e.n > made[0].n and e.data["session"] == made[0].data["session"]]
    assert all(not each.message.header.cred and "Replace" not in {c.name for c in each.message.commands}
               for each in later if each is not None)  # fmt: skip


def test_a_device_that_vanishes_says_nothing_more_in_its_session(tmp_path: Path) -> None:
    events = played(tmp_path, "server/sessions/losses/vanished")
    first = [event for event in events if event.data["session"] == "s1"]
    assert first[-1].sender == SERVER and {event.data["session"] for event in events} == {"s1", "s2"}


def test_a_repeated_message_has_the_same_octets(tmp_path: Path) -> None:
    events = played(tmp_path, "server/sessions/losses/answer-lost")
    sent = [event.octets for event in events if event.sender == DEVICE]
    assert len(set(sent)) == len(sent) - 1
    assert [event.data.get("error") for event in events if event.data.get("error")] == ["closed"]


def test_trouble_is_counted() -> None:
    order = trouble.Trouble.of({"when": "chunk", "does": "424", "times": 2})
    assert [order.due(moment, 9) for moment in ("begin", "chunk", "", "chunk", "chunk")] == ["", "424", "", "424", ""]
    for_ever = trouble.Trouble.of({"when": "begin", "does": "abort", "times": 0})
    assert [for_ever.due("begin", 1) for _ in range(3)] == ["abort"] * 3
    assert trouble.Trouble.of("none").due("begin", 1) == ""
    later = trouble.Trouble.of({"when": "later", "does": "ask-on", "times": 0})
    assert [later.due(moment, number) for number, moment in enumerate(("begin", "", "commands"), 1)] == ["", "ask-on", "ask-on"]
    always = trouble.Trouble.of({"when": "always", "does": "no-final", "times": 2})
    assert [always.due("", number) for number in (1, 2, 3)] == ["no-final", "no-final", ""]


# -- pieces of a device, taken by the reference server -------------------------------------------------------------------


def piece(data: str, more: bool, size: str | None = None, source: str = "./A") -> Alert:
    meta = Meta(format="chr", type="org.example.x", size=size)
    return Alert(cmd_id="1", data="1226", items=[Item(source=source, meta=meta, data=data, more=more)])


def fed(pieces: Pieces, *commands: Alert | Results) -> list[str]:
    pieces.take(Message(commands=list(commands)))
    return [pieces.codes.get(id(command), "") for command in commands]


def test_pieces_are_put_together() -> None:
    pieces = Pieces()
    last = piece("c", False)
    assert [fed(pieces, piece("a", True, "3")), fed(pieces, piece("b", True)), fed(pieces, last)] == [["213"], ["213"], [""]]
    assert (last.items[0].data, last.items[0].more, pieces.broken) == ("abc", False, [])


@pytest.mark.parametrize(("size", "code"), [("2", "424"), ("4", "424"), (None, "411"), ("x", "400"), (str(LARGEST + 1), "413")])
def test_pieces_that_do_not_fit_are_refused(size: str | None, code: str) -> None:
    pieces = Pieces()
    codes = fed(pieces, piece("a", True, size))
    if codes == ["213"]:
        codes = [*fed(pieces, piece("bb", False))]
    assert codes == [code] and not pieces.assembler.open


def test_an_object_that_is_broken_off_is_named_and_the_other_taken() -> None:
    pieces = Pieces()
    fed(pieces, piece("a", True, "3"))
    other = piece("whole", False, source="./B")
    assert fed(pieces, other) == [""] and pieces.broken == ["./A"] and other.items[0].data == "whole"
    assert fed(pieces, piece("b", False)) == [""], "what comes now is an object of its own"


def test_a_request_for_more_is_no_break() -> None:
    pieces = Pieces()
    fed(pieces, piece("a", True, "3"))
    assert fed(pieces, Alert(cmd_id="2", data="1222"), piece("bc", False)) == ["", ""] and pieces.broken == []


def test_the_device_information_breaks_an_object_off() -> None:
    pieces = Pieces()
    fed(pieces, piece("a", True, "3"))
    pieces.take(Message(commands=[Replace(cmd_id="2")]))
    assert pieces.broken == ["./A"] and not pieces.assembler.open
