"""What servers were first seen to do wrong when the rules let it pass: each rule passes a transcript that obeys, and fails this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from judge_builder import OBJECT, TYPE, Script, answers, basic, dev_info, item, large, md5_chal, update, with_mac
from judge_scripts import repeating, sequence, wbxml
from judge_spoils import Break, at, both, code, data, extra, final, raw

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.syncml.model import Alert, Exec, Get, Item, Replace, Status
from conformance.syncml.model import Sequence as Ordered


def pieces(then: str = "the rest") -> Callable[[], Script]:
    """A report of the device in two pieces. Steps: 0 package 1, 1 Exec, 2 its Status, 3 end, 4 first piece, 5 next message,
    6 the other piece, or the device information instead, 7 end."""

    def piece(text: str, **more: Any) -> Alert:
        size = {"size": "3"} if more else {}
        meta = {"format": "int", "type": f"{TYPE}update", **size}
        return Alert(data="1226", correlator="job", items=[item(OBJECT, text, source=True, **meta, **more)])

    def made() -> Script:
        script = Script()
        one = script.client(Alert(data="1201"), dev_info(), cred=basic())
        two = script.server(*answers(one, "212"), Exec(correlator="job", items=[item(f"{OBJECT}/Update")]))
        script.server(*answers(script.client(*answers(two, "200", Exec="202"))))
        script.open("2")
        one = script.client(Alert(data="1201"), dev_info(), piece("20", more=True), cred=basic(), final=False)
        told = answers(one, "212")
        next(s for s in told if isinstance(s, Status) and s.cmd_ref == one.one(Alert, 1).cmd_id).data = "213"
        two = script.server(*told, Alert(data="1222"), final=False)
        three = script.client(*answers(two), piece("0") if then == "the rest" else dev_info())
        broken = [] if then == "the rest" else [Alert(data="1225", items=[item(OBJECT, source=True)])]
        script.server(*answers(three), *broken)
        return script

    return made


def unreadable(n: int) -> Break:
    """A message begins with the octet of a version that there is not, so that nobody can read it."""
    return both(raw(n, b"\x02\xa4\x01", b"\x04\xa4\x01"), data(n, fault={"reason": "no such version", "offset": 0}))


def needless(script: Script) -> None:
    """All of an object stands in its first message."""
    for n, text in ((1, "a" * 30), (3, ""), (5, "")):
        at(script, n).one(Replace).items[0].data = text


def in_sequence(*before: Get) -> Break:
    """A Sequence holds a piece of an object that is not the last, behind other commands."""

    def spoil(script: Script) -> None:
        block = at(script, 1).one(Ordered)
        block.commands[0].items[0].more = True
        for command in before:
            extra(1, command)(script)
            at(script, 1).drop(command)
            block.commands.insert(0, command)

    return spoil


def again(script: Script) -> None:
    """The device information gets its Status twice."""
    first = at(script, 1).status("Replace")
    extra(1, Status(msg_ref=first.msg_ref, cmd_ref=first.cmd_ref, cmd=first.cmd, data=first.data), 3)(script)


def other_challenge(script: Script) -> None:
    """The server took a password, and then wants a digest."""
    status = at(script, 3).status("SyncHdr")
    status.data, status.chal = "401", md5_chal()


ABSENT = {"integrity": {"type": "none", "result": "absent", "nonce": "", "user": ""}}
ROWS: list[tuple[str, str, Callable[[], Script], Break, str]] = [
    ("DM-ENC-003", "server", wbxml, unreadable(1), FAIL),
    ("WBXML-002", "server", wbxml, unreadable(1), FAIL),
    ("DM-ENC-005", "server", update, raw(1, b"<Correlator>job</Correlator>", b"<Field>job</Field>"), FAIL),
    ("DM-STA-009", "server", update, again, FAIL),
    ("DM-AUTH-011", "server", repeating, other_challenge, FAIL),
    ("DM-HMAC-004", "client", with_mac, data(4, headers=[], facts=ABSENT), FAIL),
    ("DM-LOB-004", "server", large, needless, FAIL),
    ("DM-LOB-007", "server", pieces(), final(5, True), FAIL),
    ("DM-LOB-011", "server", pieces("another"), lambda s: at(s, 7).drop(at(s, 7).one(Alert)), FAIL),
    ("DM-LOB-012", "server", pieces("another"), lambda s: setattr(at(s, 7).one(Alert), "items", [Item()]), WARN),
    ("DM-MSG-007", "server", sequence, in_sequence(Get(items=[item("./A")])), FAIL),
    ("DM-MSG-007", "server", sequence, in_sequence(), WARN),
    ("FUMO-ALERT-024", "server", pieces(), code(7, "Alert", "404"), FAIL),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}-{row[4]}")
def test_rule(row: tuple[str, str, Callable[[], Script], Break, str]) -> None:
    requirement, side, base, spoil, outcome = row
    good = {f.outcome for f in base().judge(side) if f.requirement == requirement}
    assert good <= {PASS}, good
    script = base()
    spoil(script)
    found = {f.outcome for f in script.judge(side) if f.requirement == requirement}
    assert outcome in found, [(f.requirement, f.outcome, f.message) for f in script.judge(side) if f.outcome != PASS]


def test_the_pieces_of_a_report_are_no_reports() -> None:
    script = pieces()()
    alerts = [f for f in script.judge("server") if f.requirement.startswith("FUMO-ALERT") and f.outcome != PASS]
    assert alerts == []
    assert any(f.requirement == "FUMO-ALERT-024" for f in script.judge("server"))


def test_a_page_that_is_no_message_is_no_wbxml_of_a_strange_version() -> None:
    script = wbxml()
    data(1, media="text/plain", fault={"reason": "no message", "offset": 0})(script)
    at(script, 1).raw = b"Error"
    assert not [f for f in script.judge("server") if f.requirement in ("DM-ENC-003", "WBXML-002") and f.outcome == FAIL]
