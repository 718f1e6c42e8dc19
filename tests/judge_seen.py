"""Transcripts for the rules of what is seen on any message, fetch or trigger, and ways to spoil them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from judge_builder import (
    Mark,
    Script,
    aborted,
    answers,
    basic,
    commanded,
    dev_info,
    item,
    large,
    results,
    update,
)
from judge_spoils import at, first_item

from conformance.judge.finding import PASS
from conformance.syncml.codec import encode
from conformance.syncml.model import Alert, Get, Replace, Results, Sequence, Status
from conformance.transcript import CONTENT, DEVICE, SERVER

Base = Callable[[], Script]
Spoil = Callable[[Script], Any]
DD = "application/vnd.oma.dd+xml"
DATA = b"\x4f\x03http://dl.example.test/fw.bin\x00\x01"
"""The address of the package as Data in WBXML."""
FIELDS = {"version": 11, "future": 0, "ui_mode": 0, "initiator": 1, "session_id": 0x1A, "server_id": "com.example.dm"}
PUSH = "010603c4af87" + "*" * 32 + "02d80000000012"


def property_of_node(node: str, name: str, value: str) -> Script:
    """As :func:`property_got`, of any node."""
    script = property_got(name, value)
    at(script, 1).one(Get).items[0].target = at(script, 2).one(Results).items[0].source = f"{node}?prop={name}"
    return script


def listed() -> Script:
    """A Get of a StructData. Steps as in :func:`property_got`."""
    script = property_got("Name", "x")
    at(script, 1).one(Get).items[0].target = "./Some?list=StructData"
    at(script, 2).one(Results).items = [
        item("./Some", source=True, format="node"), item("./Some/Leaf", "1", source=True, format="int"),
    ]
    return script


def large_told() -> Script:
    """A large object, and LrgObj read at the end. Steps: those of large, but 7 is the Get, 8 its answer, 9 the end."""
    script = large()
    script.steps.pop()
    last = at(script, 6)
    get = Get(items=[item("./DevDetail/LrgObj")])
    script._ids["server"] -= 1
    asked = script.server(*answers(last), get)
    told_ = script.client(*answers(asked), results(asked, get, item("./DevDetail/LrgObj", "true", source=True, format="bool")))
    script.server(*answers(told_))
    return script


def long_alert() -> Script:
    """LrgObj is read; then an alert comes in two pieces. Steps: 0 package 1, 1 Get, 2 answer and first piece, 3 next
    message, 4 last piece, 5 end."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    get = Get(items=[item("./DevDetail/LrgObj")])
    two = script.server(*answers(one, "212"), get)
    kind = {"format": "chr", "type": "x-test:thing"}
    first = Alert(data="1226", items=[item("./A", "x" * 10, source=True, more=True, size="20", **kind)])
    told_ = results(two, get, item("./DevDetail/LrgObj", "true", source=True, format="bool"))
    three = script.client(*answers(two), told_, first, final=False)
    four = script.server(*answers(three), Alert(data="1222"), final=False)
    five = script.client(*answers(four), Alert(data="1226", items=[item("./A", "y" * 10, source=True, **kind)]))
    script.server(*answers(five))
    return script


def given_up() -> Script:
    """A session that the client aborts in words, then another. Steps as in aborted, then 4 and 5."""
    script = aborted("client")
    script.open("2")
    script.server(*answers(script.client(Alert(data="1201"), dev_info(), cred=basic()), "212"))
    return script


def two_alerts() -> Script:
    """A Generic Alert of two Items, each with a Status of its own."""
    script = Script()
    kind = {"format": "chr", "type": "x-test:thing"}
    alert = Alert(data="1226", items=[item("./A", "1", source=True, **kind), item("./B", "2", source=True, **kind)])
    one = script.client(Alert(data="1201"), dev_info(), alert, cred=basic())
    head, session, info, first = answers(one, "212")
    assert isinstance(first, Status)
    first.source_refs = ["./A"]
    second = Status(msg_ref="1", cmd_ref=first.cmd_ref, cmd="Alert", source_refs=["./B"], data="415")
    script.server(head, session, info, first, second)
    return script


def wbxml() -> Script:
    return update("wbxml")


def property_got(name: str, value: str | bytes, encoding: str = "xml") -> Script:
    """A Get of a property. Steps: 0 package 1, 1 Get, 2 its answer, 3 end."""
    script = Script(encoding)
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    get = Get(items=[item(f"./Some/Node?prop={name}")])
    two = script.server(*answers(one, "212"), get)
    meta = {"format": "bin"} if isinstance(value, bytes) else {}
    three = script.client(*answers(two), results(two, get, item(f"./Some/Node?prop={name}", value, source=True, **meta)))
    script.server(*answers(three))
    return script


def triggered(script: Script, session_id: int = 0x1A, **fields: Any) -> Mark:
    told = {"octets": PUSH, "fields": {**FIELDS, "session_id": session_id, **fields}, "facts": {"digest": "right"}}
    return script.mark("trigger", SERVER, DEVICE, **told)


def begun(script: Script, session_id: str, code: str = "1200") -> None:
    script.open(session_id)
    script.label = f"s{script.exchange + 1}"
    script.server(*answers(script.client(Alert(data=code), dev_info())))


def after_trigger(code: str = "1200") -> Script:
    """Steps: 0 trigger, 1 and 2 its session."""
    script = Script()
    triggered(script)
    begun(script, "1A", code)
    return script


def two_triggers(second: int = 0x1A) -> Script:
    """Two triggers before any session."""
    script = Script()
    triggered(script)
    triggered(script, second)
    begun(script, "1A")
    return script


def sequence(more: bool = False) -> Script:
    piece = item("./A", "x" * 9, format="chr", **({"size": "20"} if more else {}), more=more)
    return commanded(Sequence(commands=[Replace(items=[piece])]))


def fetched(side: str, **told: Any) -> Script:
    """A download by descriptor. Steps: 0-3 the session with Exec, 4 descriptor, 5 object, 6 status report, then 7, 8 the
    session that reports."""
    script = update()
    del script.steps[4]
    later = script.steps[4:]
    script.steps = script.steps[:4]
    summary = {
        "object": "http://dl.example.test/fw.bin?a=1", "notify": "http://dl.example.test/n/1", "size": 1000,
        "types": ["application/octet-stream"], "version": "1.0", "code": 0, "fault": "", "namespace": True, "escaped": True,
    }
    plain = {"fault": "", "error": "", "body": "", "sent": 1000, "length": 1000}
    other = CONTENT if side == "client" else SERVER
    script.mark(
        "http", DEVICE, other, method="GET", url="http://dl.example.test/fw.dd", status=200, descriptor=summary | told,
        headers=[["Accept", f"{DD}, */*;q=0.1"]], reply_headers=[["Content-Type", DD]], **plain,
    )
    script.mark(
        "http", DEVICE, other, method="GET", url="http://dl.example.test/fw.bin?a=1", status=200, headers=[],
        reply_headers=[["Content-Type", "application/octet-stream"], ["Content-Length", "1000"]], **plain,
    )
    script.mark(
        "http", DEVICE, other, method="POST", url="http://dl.example.test/n/1", status=200, headers=[], reply_headers=[],
        **plain | {"body": "900 Success\r\n"},
    )
    script.steps += later
    return script


def by_client(**told: Any) -> Base:
    return lambda: fetched("client", **told)


def by_server(**told: Any) -> Base:
    return lambda: fetched("server", **told)


def bad_descriptor(code: int, fault: str) -> Base:
    """One that is refused: no fetch of the object, and the report with its code."""

    def base() -> Script:
        script = fetched("client", code=code, fault=fault, version="")
        del script.steps[5]
        mark(script, 5, body=f"{code} because")
        return script

    return base


def mark(script: Script, n: int, **values: Any) -> None:
    step = script.steps[n]
    assert isinstance(step, Mark)
    step.data.update(values)


def marked(n: int, **values: Any) -> Spoil:
    """Changes what the transcript says of an event that is no message."""
    return lambda script: mark(script, n, **values)


def told(n: int, **values: Any) -> Spoil:
    """Changes the summary of a descriptor."""

    def spoil(script: Script) -> None:
        step = script.steps[n]
        assert isinstance(step, Mark)
        step.data["descriptor"] = step.data["descriptor"] | values

    return spoil


def again(n: int, **values: Any) -> Spoil:
    """Lets an event happen once more, a little different."""

    def spoil(script: Script) -> None:
        step = script.steps[n]
        assert isinstance(step, Mark)
        script.steps.insert(n + 1, Mark(step.kind, step.sender, step.receiver, step.data | values))

    return spoil


def gone(n: int) -> Spoil:
    return lambda script: script.steps.pop(n)


def in_xml(n: int) -> Spoil:
    """Sends a message as XML in a session of WBXML."""

    def spoil(script: Script) -> None:
        step = at(script, n)
        step.raw = encode(step.message, "xml")
        step.data["media"] = "application/vnd.syncml.dm+xml"

    return spoil


def spoilt(n: int, octets: bytes, reason: str) -> Spoil:
    """A body that begins as WBXML and cannot be read."""

    def spoil(script: Script) -> None:
        at(script, n).raw = octets
        at(script, n).data["fault"] = {"reason": reason, "offset": 7}

    return spoil


def long_data() -> Script:
    script = wbxml()
    change_item = first_item(1, Replace, data=bytes(range(1, 255)) + b"\xff", meta=None)
    change_item(script)
    at(script, 1).one(Replace).items[0].meta = item("x", format="bin").meta
    return script


def in_wbxml(base: Base) -> Base:
    def made() -> Script:
        script = base()
        script.encoding = "wbxml"
        return script

    return made


def said(script: Script, requirement: str, side: str) -> list[tuple[str, int | None, str]]:
    """What is said about a requirement: outcome, event, what came; of a pass only how often."""
    return [
        (f.outcome, f.event, f.actual) if f.outcome != PASS else (PASS, None, f.message.removeprefix("obeyed "))
        for f in script.judge(side)
        if f.requirement == requirement
    ]


Row = tuple[str, str, Callable[[], Script], Callable[[Script], Any], list[Any]]
"""A row of a table: requirement, side, what makes a transcript, what is changed in it, and what :func:`said` then gives."""


def each_row(rows: list[Row]) -> pytest.MarkDecorator:
    """A test for each row of a table; its name says requirement and side."""
    return pytest.mark.parametrize("row", rows, ids=[f"{row[0]}-{row[1]}-{n}" for n, row in enumerate(rows)])


def said_of(requirement: str, side: str, base: Callable[[], Script], spoil: Callable[[Script], Any]) -> list[Any]:
    """What is said about a requirement once a transcript was changed."""
    script = base()
    spoil(script)
    return said(script, requirement, side)


ONCE, TWICE = [(PASS, None, "once")], [(PASS, None, "2 times")]
"""What :func:`said` gives where a requirement was obeyed and never broken."""
