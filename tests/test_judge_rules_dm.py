"""Each standing rule of DM: an obeying transcript passes, one that differs in one thing breaks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from judge_builder import (
    DEVICE_ID,
    TEXT,
    URL,
    Script,
    Step,
    aborted,
    alerted,
    answers,
    basic,
    challenged,
    commanded,
    dev_info,
    header_status,
    item,
    large,
    md5,
    md5_chal,
    number,
    report,
    update,
    upload,
    with_mac,
)

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.syncml.codec import encode
from conformance.syncml.model import (
    Add,
    Alert,
    Atomic,
    Chal,
    Copy,
    Cred,
    Delete,
    Exec,
    Get,
    Item,
    Meta,
    Replace,
    Results,
    Sequence,
    Status,
)

Break = Callable[[Script], Any]


@dataclass
class Row:
    """One requirement, the side that is judged, a script that obeys and how to break it."""

    requirement: str
    side: str
    base: Callable[[], Script]
    spoil: Break
    outcome: str = FAIL

    @property
    def name(self) -> str:
        """For the name of the test."""
        return f"{self.requirement}-{self.side}"


def at(script: Script, n: int) -> Step:
    """A message of the script."""
    step = script.steps[n]
    assert isinstance(step, Step)
    return step


def header(n: int, **values: Any) -> Break:
    """Changes fields of a SyncHdr."""

    def spoil(script: Script) -> None:
        for name, value in values.items():
            setattr(at(script, n).message.header, name, value)

    return spoil


def data(n: int, **values: Any) -> Break:
    """Changes what the recorder says about a message."""
    return lambda script: at(script, n).data.update(values)


def drop(n: int, name: str) -> Break:
    """Leaves out the Status for a command."""
    return lambda script: at(script, n).drop(at(script, n).status(name))


def code(n: int, name: str, value: str) -> Break:
    """Changes the code of a Status."""
    return lambda script: setattr(at(script, n).status(name), "data", value)


def change(n: int, kind: type[Any], **values: Any) -> Break:
    """Changes fields of the first command of a kind."""

    def spoil(script: Script) -> None:
        for name, value in values.items():
            setattr(at(script, n).one(kind), name, value)

    return spoil


def final(n: int, value: bool) -> Break:
    """Sets or takes away Final."""
    return lambda script: setattr(at(script, n).message, "final", value)


def extra(n: int, command: Any, place: int | None = None) -> Break:
    """Adds a command to a body."""

    def spoil(script: Script) -> None:
        commands = at(script, n).message.commands
        number([command], 80)
        commands.insert(len(commands) if place is None else place, command)

    return spoil


def first_item(n: int, kind: type[Any], **values: Any) -> Break:
    """Changes fields of the first Item of the first command of a kind."""

    def spoil(script: Script) -> None:
        for name, value in values.items():
            setattr(at(script, n).one(kind).items[0], name, value)

    return spoil


def first_meta(n: int, kind: type[Any], **values: Any) -> Break:
    """Changes fields of the Meta of the first Item of the first command of a kind."""

    def spoil(script: Script) -> None:
        for name, value in values.items():
            setattr(at(script, n).one(kind).items[0].meta, name, value)

    return spoil


def raw(n: int, old: bytes, new: bytes) -> Break:
    """Changes octets of a message."""

    def spoil(script: Script) -> None:
        octets = encode(at(script, n).message, script.encoding)
        assert old in octets
        at(script, n).raw = octets.replace(old, new, 1)

    return spoil


def both(*spoils: Break) -> Break:
    """One after the other."""

    def spoil(script: Script) -> None:
        for each in spoils:
            each(script)

    return spoil


def wbxml() -> Script:
    return update("wbxml")


def swap_statuses(n: int) -> Break:
    """Swaps the first and the last Status after that for SyncHdr."""

    def spoil(script: Script) -> None:
        commands = at(script, n).message.commands
        places = [place for place, c in enumerate(commands) if isinstance(c, Status)][1:]
        commands[places[0]], commands[places[-1]] = commands[places[-1]], commands[places[0]]

    return spoil


def last_first(n: int) -> Break:
    return lambda script: at(script, n).message.commands.insert(0, at(script, n).message.commands.pop())


def header_last(n: int) -> Break:
    return lambda script: at(script, n).message.commands.append(at(script, n).message.commands.pop(0))


def two_gets() -> Script:
    """A Get with two Items, answered Item by Item. Steps as in commanded."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    get = Get(items=[item("./DevInfo/Man"), item("./DevInfo/Nope")])
    two = script.server(*answers(one, "212"), get)
    told = Results(msg_ref="1", cmd_ref=get.cmd_id, items=[item("./DevInfo/Man", "Acme", source=True)])
    kinds = [
        Status(msg_ref="1", cmd_ref=get.cmd_id, cmd="Get", target_refs=[uri], data=value)
        for uri, value in (("./DevInfo/Man", "200"), ("./DevInfo/Nope", "404"))
    ]
    three = script.client(header_status(two), *kinds, told)
    script.server(*answers(three))
    return script


def only_status_after_end(script: Script) -> None:
    """The client answers a package that holds nothing but Statuses."""
    last = [step for step in script.steps if isinstance(step, Step)][-1]
    more = script.client(header_status(last))
    script.server(header_status(more))


def quiet_end() -> Script:
    return alerted()


def with_sizes() -> Script:
    """The peers announce what they take; messages stay within."""
    script = update()
    for n in (0, 1):
        at(script, n).message.header.meta = Meta(max_msg_size="60000", max_obj_size="1000")
    return script


def with_limit(limit: str) -> Callable[[], Script]:
    """A large object after the client said what size it takes."""

    def made() -> Script:
        script = large()
        at(script, 0).message.header.meta = Meta(max_obj_size=limit)
        return script

    return made


def interrupted(alert: bool) -> Callable[[], Script]:
    """The suite breaks a large object off with another command on purpose."""

    def made() -> Script:
        script = large()
        del script.steps[3:]
        script.exchange = 2
        script._ids = {"client": 2, "server": 1}
        last = at(script, 2)
        new = script.server(*answers(last), Replace(items=[item("./Other", "1", format="chr")]))
        new.data["made"] = True
        said = [Alert(data="1225", items=[item("./Some/Node", source=True)])] if alert else []
        script.client(*answers(new, "200", Replace="412"), *said)
        return script

    return made


def retried_md5(nonce: str) -> Script:
    """Credentials are refused twice. Steps: 0 package 1, 1 challenge, 2 again, 3 challenge, 4 again, 5 good."""
    script = Script()
    said = script.client(Alert(data="1201"), dev_info())
    for chal in (md5_chal(), md5_chal(nonce)):
        refusal = script.server(*answers(said, "401", chal, Alert="401", Replace="401"))
        said = script.client(header_status(refusal), Alert(data="1201"), dev_info(), cred=md5(), source_name="dev")
    script.server(*answers(said, "212", md5_chal("ZmVkY2JhOTg3NjU0MzIxMA==")))
    return script


def stubborn(tries: int) -> Callable[[], Script]:
    """A client that tries again and again."""

    def made() -> Script:
        script = Script()
        said = script.client(Alert(data="1201"), dev_info())
        for n in range(tries):
            refusal = script.server(*answers(said, "401", Chal("syncml:auth-basic", "b64"), Alert="401", Replace="401"))
            said = script.client(header_status(refusal), Alert(data="1201"), dev_info(), cred=basic(), source_name=str(n))
        script.server(*answers(said, "212"))
        return script

    return made


def server_challenged() -> Script:
    """The client wants credentials of the server. Steps: 0 package 1, 1 Get, 2 challenge, 3 Get again, 4 answers, 5 end."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    two = script.server(*answers(one, "212"), Get(items=[item("./DevInfo/Man")]))
    three = script.client(*answers(two, "407", md5_chal(), Get="407"))
    get = Get(items=[item("./DevInfo/Man")])
    four = script.server(*answers(three), get, cred=md5(), source_name="srv")
    told = Results(msg_ref="2", cmd_ref=get.cmd_id, items=[item("./DevInfo/Man", "Acme", source=True)])
    five = script.client(*answers(four, "212", md5_chal("c2VydmVybm9uY2UwMDAwMA==")), told)
    script.server(*answers(five))
    return script


def repeating() -> Script:
    """Basic credentials that get 200, so that they come with every message."""
    script = commanded(Get(items=[item("./DevInfo/Nope")]), Get="404")
    at(script, 1).status("SyncHdr").data = "200"
    at(script, 2).message.header.cred = basic()
    return script


def seen(n: int, **facts: Any) -> Break:
    """Sets the facts of a message."""
    return data(n, facts=facts)


def right_md5() -> Script:
    script = challenged()
    at(script, 2).data["facts"] = {"credentials": {"type": "md5", "result": "right", "nonce": "current", "user": "right"}}
    at(script, 3).data["facts"] = at(script, 2).data["facts"]
    return script


def right_mac() -> Script:
    script = with_mac()
    for n in (2, 3, 4, 5):
        at(script, n).data["facts"] = {"integrity": {"type": "hmac", "result": "right", "nonce": "current"}}
    return script


def dialogue(code_: str, kind: str, items: list[Item], reply: list[Item]) -> Script:
    script = commanded(Alert(data=kind, items=items), Alert=code_)
    at(script, 2).status("Alert").items = reply
    return script


TEXTS = [Item(data="MINDT=1&MAXDT=9"), Item(data="Which one?"), Item(data="one"), Item(data="two")]


def choice() -> Script:
    return dialogue("200", "1103", TEXTS, [Item(data="2")])


def typed() -> Script:
    return dialogue("200", "1102", TEXTS[:2], [Item(data="a text")])


def atomic(parent: str, child: str) -> Callable[[], Script]:
    def made() -> Script:
        script = commanded(Atomic(commands=[Add(items=[item("./A/B", "x", format="chr")])]), Atomic=parent, Add=child)
        return script

    return made


def sequence() -> Script:
    return commanded(Sequence(commands=[Replace(items=[item("./A/B", "x", format="chr")])]))


def no_response(script: Script, n: int = 1, **values: Any) -> None:
    """The server gives no message."""
    at(script, n).raw = values.pop("raw", b"")
    at(script, n).data.update({"size": 0, **values})


def generic(**fields: Any) -> Callable[[], Script]:
    """A Generic Alert that has nothing to do with firmware."""
    values = {"type": "org.example.alert", "format": "chr", "mark": "minor", **fields}
    return lambda: alerted(Alert(data="1226", items=[item("./Some/Thing", "x", source=True, **values)]))


def event() -> Script:
    return alerted(Alert(data="1224", items=[item("./Some/Thing", "x", source=True, type=TEXT, format="chr")]))


def old(side: str) -> Callable[[], Script]:
    """DM 1.1 on both sides."""

    def made() -> Script:
        script = Script(version="1.1")
        one = script.client(Alert(data="1201"), dev_info(), cred=basic())
        two = script.server(*answers(one, "212"), Exec(items=[item("./Vendor/Go")]))
        three = script.client(*answers(two))
        script.server(*answers(three))
        script.version = "1.2"  # the encoder leaves out what 1.1 does not have
        return script

    return made


def late_alert() -> Script:
    """An alert in package 3. Steps: 0 package 1, 1 Delete, 2 answers and an alert, 3 end."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    two = script.server(*answers(one, "212"), Delete(items=[item("./A/B")]))
    event_ = Alert(data="1224", items=[item("./Some/Thing", "x", source=True, type=TEXT, format="chr")])
    three = script.client(*answers(two), event_)
    script.server(*answers(three))
    return script


ROWS = [
    # -- form
    Row("DM-ENC-001", "client", update, data(0, media="application/vnd.syncml+xml")),
    Row("DM-ENC-001", "server", update, data(1, media="application/vnd.syncml.dm+wbxml")),
    Row("DM-ENC-003", "client", wbxml, raw(0, b"\x02\xa4\x01\x6a", b"\x00\xa4\x01")),
    Row("DM-ENC-004", "server", update, raw(1, b' xmlns="SYNCML:SYNCML1.2"', b"")),
    Row("DM-ENC-005", "client", update, raw(0, b"<VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>",
                                            b"<VerProto>DM/1.2</VerProto><VerDTD>1.2</VerDTD>")),
    Row("DM-ENC-007", "server", update, change(1, Get, no_resp=True)),
    Row("DM-ENC-008", "server", update, lambda s: setattr(at(s, 1), "raw", encode(at(s, 1).message, "wbxml")), WARN),
    Row("DM-ENC-010", "server", lambda: commanded(Replace(items=[item("./A", "QUJD", format="b64")])),
        first_meta(1, Replace, format="bin")),
    Row("DM-ENC-011", "server", wbxml, first_item(1, Replace, data=b"\xff\xfe\x00")),
    Row("DM-ENC-012", "server", update, first_item(1, Replace, data=None)),
    Row("DM-ENC-012", "client", update, first_item(2, Results, data=None)),
    Row("WBXML-007", "client", wbxml, raw(0, b"\xa4\x01", b"\x9f\x53"), WARN),
    Row("WBXML-008", "client", wbxml, raw(0, b"\x6a", b"\x04"), WARN),
    Row("WBXML-020", "client", wbxml, raw(0, b"\x00\x6d", b"\x00\xed\x04\x00\x03SYNCML:SYNCML1.2\x00\x01"), WARN),
    # -- transport
    Row("DM-HTTP-001", "client", update, data(0, method="PUT"), WARN),
    Row("DM-HTTP-003", "client", lambda: _with_accept("application/vnd.syncml.dm+xml"),
        data(0, headers=[["Accept", "text/html"]]), WARN),
    Row("DM-HTTP-004", "server", quiet_end, no_response),
    Row("DM-HTTP-004", "server", quiet_end, lambda s: no_response(s, raw=b"<html>busy</html>", media="text/html")),
    Row("DM-HTTP-005", "client", challenged, data(2, url=URL)),
    Row("DM-HTTP-006", "server", update, data(1, status=401), WARN),
    Row("DM-SES-008", "server", quiet_end, lambda s: no_response(s, error="closed", status=0)),
    Row("DM-MSG-008", "server", with_sizes, lambda s: setattr(at(s, 0).message.header.meta, "max_msg_size", "100")),
    Row("DM-MSG-008", "client", with_sizes, lambda s: setattr(at(s, 1).message.header.meta, "max_msg_size", "100")),
    # -- header
    Row("DM-HDR-001", "client", update, header(0, ver_dtd="1.1")),
    Row("DM-HDR-001", "server", update, header(1, ver_dtd="1.1")),
    Row("DM-HDR-002", "server", update, header(1, ver_proto="SyncML/1.2")),
    Row("DM-HDR-003", "server", update, header(1, session_id="9")),
    Row("DM-HDR-003", "client", lambda: labelled(update()), header(2, session_id="9")),
    Row("DM-HDR-005", "client", update, both(header(5, session_id="1"), header(6, session_id="1")), WARN),
    Row("DM-HDR-006", "client", update, both(*(header(n, session_id="12345") for n in (0, 1, 2, 3)))),
    Row("DM-HDR-007", "client", update, header(0, msg_id="2")),
    Row("DM-HDR-007", "client", update, header(2, msg_id="1")),
    Row("DM-HDR-007", "server", update, header(3, msg_id="1")),
    Row("DM-HDR-007", "server", update, header(1, msg_id="one")),
    Row("DM-HDR-008", "server", update, header(1, target=URL, source=DEVICE_ID)),
    Row("DM-HDR-008", "client", update, both(*(header(n, target=DEVICE_ID, source=URL) for n in (0, 2)))),
    Row("DM-HDR-009", "client", update, lambda s: setattr(at(s, 0).one(Alert), "cmd_id", "0")),
    Row("DM-HDR-009", "server", update, lambda s: setattr(at(s, 1).one(Get), "cmd_id", "1")),
    Row("DM-HDR-009", "client", update, lambda s: setattr(at(s, 2).status("Exec"), "cmd_id", None)),
    Row("DM-HDR-010", "client", update, lambda s: setattr(at(s, 2).status("Exec"), "msg_ref", "7")),
    Row("DM-HDR-010", "server", update, lambda s: setattr(at(s, 1).status("Alert"), "msg_ref", None)),
    Row("DM-HDR-011", "client", update, lambda s: setattr(at(s, 2).status("Exec"), "cmd_ref", "77")),
    Row("DM-HDR-011", "client", update, lambda s: setattr(at(s, 2).status("Exec"), "cmd", "Get")),
    Row("DM-HDR-011", "server", update, lambda s: setattr(at(s, 1).status("SyncHdr"), "cmd_ref", "5")),
    Row("DM-HDR-012", "client", challenged, header(2, source_name=None), WARN),
    Row("DM-HDR-014", "client", update, both(*(header(n, source="imei:1") for n in (0, 2))), WARN),
    Row("DM-STD-003", "client", update, first_item(0, Replace, data="490154203237518"), WARN),
    Row("DM-V11-002", "server", old("server"), change(1, Exec, correlator="job"), WARN),
    Row("DM-V11-003", "client", old("client"), extra(0, report("update")), WARN),
    # -- packages
    Row("DM-SES-001", "client", update, lambda s: at(s, 0).drop(at(s, 0).one(Alert))),
    Row("DM-SES-003", "client", update, lambda s: at(s, 0).drop(at(s, 0).one(Replace))),
    Row("DM-SES-004", "client", update, lambda s: at(s, 0).one(Replace).items.pop()),
    Row("DM-SES-004", "client", update, first_item(0, Replace, source=None, target="./DevInfo/DevId")),
    Row("DM-SES-005", "client", update, lambda s: _unfinished(s)),
    Row("DM-SES-006", "client", update, extra(2, Get(items=[item("./A")]))),
    Row("DM-SES-007", "client", quiet_end, only_status_after_end),
    Row("DM-AUTH-015", "client", lambda: _silent_server(False), lambda s: only_refusal_after_end(s)),
    Row("DM-SES-015", "server", upload, lambda s: _owing(s)),
    Row("DM-MSG-001", "client", upload, final(2, True)),
    Row("DM-MSG-002", "client", large, final(2, True)),
    Row("DM-MSG-003", "client", lambda: _open_server(True), lambda s: at(s, 2).drop(at(s, 2).one(Alert)), WARN),
    Row("DM-MSG-004", "server", upload, extra(3, Get(items=[item("./A")]))),
    Row("DM-MSG-004", "server", upload, final(3, True)),
    Row("DM-MSG-004", "server", upload, lambda s: at(s, 3).drop(at(s, 3).one(Alert)), WARN),
    Row("DM-MSG-005", "server", update, final(1, False)),
    Row("DM-ABT-002", "client", lambda: aborted("client"), final(2, False)),
    Row("DM-ABT-002", "server", lambda: aborted("server"), final(1, False)),
    Row("DM-ABT-003", "server", lambda: aborted("client"), lambda s: no_response(s, n=3), WARN),
    Row("DM-ABT-004", "server", lambda: aborted("client"), extra(3, Get(items=[item("./A")]))),
    Row("DM-ABT-004", "server", lambda: aborted("client"), drop(3, "Alert")),
    Row("DM-ABT-005", "client", lambda: aborted("server"), only_status_after_end, WARN),
    # -- Status and Results
    Row("DM-STA-001", "client", update, header_last(2)),
    Row("DM-STA-001", "server", update, header_last(1)),
    Row("DM-STA-002", "client", update, swap_statuses(2)),
    Row("DM-STA-002", "server", update, swap_statuses(1)),
    Row("DM-STA-003", "client", update, drop(2, "Exec")),
    Row("DM-STA-003", "client", update, drop(2, "Sequence")),
    Row("DM-STA-003", "server", update, drop(3, "SyncHdr")),
    Row("DM-STA-004", "server", update, lambda s: extra(3, _for_results(s))(s)),
    Row("DM-STA-005", "client", two_gets, lambda s: setattr(at(s, 2).status("Get", 1), "target_refs", [])),
    Row("DM-STA-006", "client", lambda: commanded(Delete(items=[item("./A"), item("./B")])),
        lambda s: setattr(at(s, 2).status("Delete"), "target_refs", ["./A"])),
    Row("DM-STA-007", "client", update, lambda s: at(s, 2).message.commands.insert(1, at(s, 2).message.commands.pop())),
    Row("DM-STA-008", "server", challenged, lambda s: setattr(at(s, 1).status("SyncHdr"), "chal", None)),
    Row("DM-STA-009", "client", update, lambda s: extra(2, _twin(at(s, 2).status("Exec")))(s)),
    Row("DM-SES-009", "server", update, drop(1, "Alert")),
    Row("DM-SES-009", "server", update, drop(1, "SyncHdr")),
    Row("DM-SES-010", "client", update, drop(2, "Get")),
    Row("DM-SES-010", "client", update, drop(2, "SyncHdr")),
    Row("DM-SES-011", "client", update, lambda s: at(s, 2).drop(at(s, 2).one(Results))),
    Row("DM-SES-011", "client", update, first_item(2, Results, source=None)),
    Row("DM-SES-011", "client", update, first_item(2, Results, meta=None)),
    Row("DM-SES-012", "server", late_alert, drop(3, "Alert")),
    Row("DM-SES-018", "server", update, drop(1, "Replace")),
    Row("DM-MSG-006", "server", large, drop(3, "Alert")),
    Row("DM-MSG-006", "client", upload, drop(4, "Alert")),
    # -- authentication
    Row("DM-AUTH-001", "client", challenged, header(2, cred=basic())),
    Row("DM-AUTH-001", "client", challenged, header(2, cred=None)),
    Row("DM-AUTH-002", "client", challenged, lambda s: at(s, 2).drop(at(s, 2).one(Replace))),
    Row("DM-AUTH-003", "client", challenged, drop(2, "SyncHdr")),
    Row("DM-AUTH-003", "server", server_challenged, drop(3, "SyncHdr")),
    Row("DM-AUTH-004", "server", challenged, drop(1, "Replace")),
    Row("DM-AUTH-004", "server", challenged, extra(1, Get(items=[item("./A")]))),
    Row("DM-AUTH-004", "client", server_challenged, drop(2, "Get")),
    Row("DM-AUTH-005", "server", update, change(1, Get, cred=basic())),
    Row("DM-AUTH-006", "server", challenged, lambda s: setattr(at(s, 1).status("SyncHdr").chal, "format", None)),
    Row("DM-AUTH-006", "client", challenged, header(2, cred=Cred("syncml:auth-md5", None, "****"))),
    Row("DM-AUTH-007", "client", right_md5, seen(2, credentials={"type": "md5", "result": "wrong", "nonce": ""})),
    Row("DM-AUTH-010", "client", right_md5, seen(2, credentials={"type": "md5", "result": "stale", "nonce": "previous"})),
    Row("DM-AUTH-010", "server", right_md5, seen(3, credentials={"type": "md5", "result": "stale", "nonce": "initial"}), WARN),
    Row("DM-AUTH-010", "client", repeating, header(2, cred=None)),
    Row("DM-AUTH-011", "client", repeating, header(2, cred=md5())),
    Row("DM-AUTH-012", "server", challenged, lambda s: setattr(at(s, 1).status("SyncHdr").chal, "next_nonce", "QUJD"), WARN),
    Row("DM-AUTH-013", "server", lambda: retried_md5("ZmVkY2JhOTg3NjU0MzIxMQ=="),
        lambda s: setattr(at(s, 3).status("SyncHdr").chal, "next_nonce", md5_chal().next_nonce)),
    Row("DM-AUTH-016", "client", server_challenged, code(2, "Get", "200"), WARN),
    Row("DM-AUTH-018", "server", challenged, header(2, cred=basic())),
    Row("DM-AUTH-019", "client", stubborn(2), lambda s: setattr(s, "steps", stubborn(7)().steps), WARN),
    Row("DM-AUTH-020", "server", update, header(0, cred=None), WARN),
    Row("DM-AUTH-021", "server", server_challenged, header(3, cred=None)),
    Row("DM-AUTH-022", "server", challenged, lambda s: setattr(at(s, 1).status("SyncHdr").chal, "next_nonce", None)),
    Row("DM-AUTH-022", "client", challenged, lambda s: setattr(at(s, 4).status("SyncHdr").chal, "next_nonce", ""), WARN),
    Row("DM-HMAC-001", "client", with_mac, data(2, headers=[["x-syncml-hmac", "algorithm=MD5, mac=****"]])),
    Row("DM-HMAC-002", "client", right_mac, seen(2, integrity={"type": "hmac", "result": "wrong", "nonce": ""})),
    Row("DM-HMAC-003", "server", with_mac, code(3, "SyncHdr", "212")),
    Row("DM-HMAC-003", "client", with_mac, lambda s: setattr(at(s, 4).status("SyncHdr"), "chal", None)),
    Row("DM-HMAC-004", "client", with_mac, data(4, headers=[])),
    Row("DM-HMAC-005", "server", with_mac,
        lambda s: setattr(at(s, 5).status("SyncHdr").chal, "next_nonce", at(s, 3).status("SyncHdr").chal.next_nonce)),
    Row("DM-HMAC-005", "client", right_mac, seen(2, integrity={"type": "hmac", "result": "stale", "nonce": "previous"})),
    Row("DM-HMAC-006", "client", update, header(0, cred=Cred("syncml:auth-MAC", "b64", "****"))),
    Row("DM-HMAC-007", "client", with_mac, header(2, source_name="somebody")),
    # -- large objects
    Row("DM-LOB-003", "server", large, both(first_item(3, Replace, more=False), final(3, True))),
    Row("DM-LOB-004", "server", large, lambda s: _padded(s)),
    Row("DM-LOB-005", "server", large, first_meta(1, Replace, size=None)),
    Row("DM-LOB-005", "server", large, first_meta(3, Replace, size="30")),
    Row("DM-LOB-005", "server", large, first_meta(1, Replace, size="31")),
    Row("DM-LOB-006", "client", large, code(2, "Replace", "200")),
    Row("DM-LOB-007", "client", large, lambda s: at(s, 2).drop(at(s, 2).one(Alert)), WARN),
    Row("DM-LOB-008", "server", large, extra(3, Delete(items=[item("./A")]))),
    Row("DM-LOB-008", "server", large, lambda s: setattr(at(s, 3).one(Replace).items[0], "target", "./Other")),
    Row("DM-LOB-008", "client", upload, extra(4, Results(msg_ref="1", cmd_ref="4", items=[item("./Q", "1", source=True)]), 0)),
    Row("DM-LOB-009", "client", large, lambda s: (data(5, made=True)(s), first_meta(1, Replace, size="31")(s))),
    Row("DM-LOB-011", "client", interrupted(True), lambda s: at(s, 4).drop(at(s, 4).one(Alert))),
    Row("DM-LOB-012", "client", interrupted(True), change(4, Alert, items=[]), WARN),
    Row("DM-LOB-013", "server", with_limit("1000"), lambda s: setattr(at(s, 0).message.header.meta, "max_obj_size", "20")),
    Row("DM-LOB-014", "server", large, first_meta(3, Replace, type=None), WARN),
    Row("DM-LOB-019", "client", large, code(6, "Replace", "213")),
    Row("DM-LOB-020", "server", large, final(3, True)),
    Row("DM-LOB-022", "server", lambda: _encoded("40"), lambda s: first_meta(1, Replace, size="30")(s), WARN),
    # -- commands
    Row("DM-CMD-015", "client", lambda: commanded(Exec(items=[item("./V/Go")])), code(2, "Exec", "213")),
    Row("DM-CMD-017", "server", lambda: commanded(Exec(correlator="x", items=[item("./V/Go")]), Exec="202"),
        change(1, Exec, correlator=None), WARN),
    Row("DM-CMD-019", "client", atomic("507", "405"), code(2, "Atomic", "200")),
    Row("DM-CMD-022", "client", sequence, code(2, "Sequence", "202")),
    Row("DM-CMD-023", "server", lambda: commanded(Exec(items=[item("./V/Go")])),
        lambda s: setattr(s, "steps", commanded(Atomic(commands=[Exec(items=[item("./V/Go")])]), Atomic="500").steps)),
    Row("DM-CMD-024", "server", update, first_item(1, Get, target=None)),
    Row("DM-CMD-024", "server", lambda: commanded(Copy(items=[Item(target="./A", source="./B")])),
        first_item(1, Copy, source=None)),
    Row("DM-CMD-029", "client", lambda: _failed_add("./A"), lambda s: setattr(at(s, 2).status("Add").items[0], "target", None)),
    Row("DM-CMD-030", "server", lambda: commanded(Add(items=[item("./A", format="node")])), first_meta(1, Add, format=None)),
    Row("DM-CMD-031", "server", lambda: commanded(Replace(items=[item("./FUMO/Fw1/Update/PkgData", "QUJD", format="b64")])),
        first_meta(1, Replace, format=None)),
    Row("DM-TND-003", "server", update, first_item(1, Get, target="./FUMO/Fw1/")),
    Row("DM-TND-003", "client", update, first_item(2, Results, source="./FUMO/../State")),
    Row("DM-UI-008", "client", typed, lambda s: at(s, 2).status("Alert").items.clear()),
    Row("DM-UI-009", "client", choice, lambda s: setattr(at(s, 2).status("Alert").items[0], "data", "3")),
    Row("DM-UI-015", "server", choice, lambda s: setattr(at(s, 1).one(Alert), "items", TEXTS[:1])),
    Row("DM-UI-015", "server", choice, first_item(1, Alert, data="wait 5 seconds")),
    # -- alerts
    Row("DM-ALERT-001", "client", update, change(0, Alert, data="1299")),
    Row("DM-ALERT-003", "client", event, lambda s: setattr(at(s, 0).one(Alert, 1).items[0].meta, "type", None)),
    Row("DM-ALERT-004", "server", event, lambda s: setattr(at(s, 1).status("Alert", 1), "data", "500"), WARN),
    Row("DM-ALERT-005", "client", generic(), lambda s: setattr(at(s, 0).one(Alert, 1).items[0], "data", None)),
    Row("DM-ALERT-005", "client", generic(), lambda s: setattr(at(s, 0).one(Alert, 1), "items", [])),
    Row("DM-ALERT-006", "server", update, extra(1, report("update"))),
    Row("DM-ALERT-006", "client", generic(), last_first(0), WARN),
    Row("DM-ALERT-007", "server", generic(), lambda s: setattr(at(s, 1).status("Alert", 1), "data", "404")),
    Row("DM-ALERT-007", "server", generic(), lambda s: setattr(at(s, 1).status("Alert", 1), "data", "406"), WARN),
    Row("DM-ALERT-009", "client", generic(), lambda s: setattr(at(s, 0).one(Alert, 1).items[0].meta, "mark", "urgent")),
]  # fmt: skip


def _with_accept(value: str) -> Script:
    script = update()
    for n in (0, 2, 5):
        at(script, n).data["headers"] = [["Accept", value]]
    return script


def labelled(script: Script) -> Script:
    """As the suite records: each message with the label of its session."""
    for n, step in enumerate(script.steps):
        if isinstance(step, Step):
            step.data["session"] = "s1" if n < 5 else "s2"
    return script


def _unfinished(script: Script) -> None:
    """Package 1 without Final; the server asks for the rest, and nothing comes but an answer to that."""
    del script.steps[1:]
    script.open("1")
    script.exchange = script._ids["client"] = 1
    one = at(script, 0)
    one.message.final = False
    two = script.server(*answers(one, "212"), Alert(data="1222"), final=False)
    two.message.header.msg_id = "1"
    three = script.client(*answers(two), final=False)
    script.server(*answers(three), Alert(data="1222"), final=False)


def _silent_server(cred: bool) -> Script:
    script = alerted()
    at(script, 1).message.header.cred = md5() if cred else None
    return script


def only_refusal_after_end(script: Script) -> None:
    """The client challenges a server that wants nothing of it."""
    more = script.client(header_status(at(script, 1), "407", md5_chal()))
    script.server(header_status(more))


def _owing(script: Script) -> None:
    """The server goes on commanding although the Status for its Get is still to come."""
    at(script, 2).drop(at(script, 2).status("Get"))
    extra(3, Get(items=[item("./B")]))(script)


def _open_server(asks: bool) -> Script:
    """A server that leaves its package open without a large object. Steps: 0, 1 open, 2 answers, 3 end."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    two = script.server(*answers(one, "212"), Delete(items=[item("./A")]), final=False)
    said = [Alert(data="1222")] if asks else []
    three = script.client(*answers(two), *said, final=False)
    four = script.server(*answers(three), Delete(items=[item("./B")]))
    five = script.client(*answers(four))
    script.server(*answers(five))
    return script


def _for_results(script: Script) -> Status:
    results = at(script, 2).one(Results)
    return Status(msg_ref="2", cmd_ref=results.cmd_id, cmd="Results", data="200")


def _twin(status: Status) -> Status:
    return Status(msg_ref=status.msg_ref, cmd_ref=status.cmd_ref, cmd=status.cmd, data=status.data)


def _padded(script: Script) -> None:
    """The server sends a message in which the whole object would have found room twice."""
    extra(7, Status(msg_ref="4", cmd_ref="1", cmd="Status", data="200", items=[Item(data="z" * 6000)]))(script)


def _encoded(size: str) -> Script:
    text = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk"
    script = large(size, (text[:20], text[20:]))
    for n in (1, 3):
        at(script, n).one(Replace).items[0].meta.format = "b64"
    return script


def _failed_add(target: str) -> Script:
    script = commanded(Add(items=[item("./A/B/C", "x", format="chr")]), Add="405")
    at(script, 2).status("Add").items = [Item(target=target)]
    return script


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_rule(row: Row) -> None:
    script = row.base()
    outcomes = [f.outcome for f in script.judge(row.side) if f.requirement == row.requirement]
    assert outcomes == [PASS], "the obeying transcript"
    row.spoil(script)
    found = [f for f in script.judge(row.side) if f.requirement == row.requirement]
    assert {f.outcome for f in found} == {row.outcome}, "the transcript that differs in one thing"
    for finding in found:
        assert finding.expected and finding.message
        assert finding.event is None or 0 < finding.event <= len(script.steps)
