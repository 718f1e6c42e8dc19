"""Transcripts for the tests of the rules of DM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from judge_builder import (
    TEXT,
    Script,
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
    update,
    with_mac,
)
from judge_spoils import at

from conformance.syncml.model import (
    Add,
    Alert,
    Atomic,
    Chal,
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


def wbxml() -> Script:
    return update("wbxml")


def forgetful(first: str = "200", then: str = "407") -> Script:
    """The server answers right credentials with one code, and the next message, which has none, with another. Step 3 is that."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    two = script.server(*answers(one, first), Get(items=[item("./DevInfo/Man")]))
    script.server(*answers(script.client(*answers(two)), then))
    return script


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


def stale_md5(nonce: str) -> Script:
    """Credentials of a second session are refused. Steps: 0 package 1, 1 the nonce for later; 2 package 1, 3 challenge, 4, 5."""
    script = Script()
    script.server(*answers(script.client(Alert(data="1201"), dev_info(), cred=md5(), source_name="dev"), "212", md5_chal()))
    script.open("2")
    said = script.client(Alert(data="1201"), dev_info(), cred=md5(), source_name="dev")
    refusal = script.server(*answers(said, "401", md5_chal(nonce), Alert="401", Replace="401"))
    script.server(*answers(script.client(header_status(refusal), Alert(data="1201"), dev_info(), cred=md5(), source_name="dev"), "212"))
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


def texts(count: int = 4) -> list[Item]:
    """Items of a user interaction alert: options, the question, the choices."""
    return [Item(data=text) for text in ("MINDT=1&MAXDT=9", "Which one?", "one", "two")[:count]]


def choice() -> Script:
    return dialogue("200", "1103", texts(), [Item(data="2")])


def typed() -> Script:
    return dialogue("200", "1102", texts(2), [Item(data="a text")])


def atomic(parent: str, child: str) -> Callable[[], Script]:
    def made() -> Script:
        script = commanded(Atomic(commands=[Add(items=[item("./A/B", "x", format="chr")])]), Atomic=parent, Add=child)
        return script

    return made


def sequence() -> Script:
    return commanded(Sequence(commands=[Replace(items=[item("./A/B", "x", format="chr")])]))


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


def _with_accept(value: str) -> Script:
    script = update()
    for n in (0, 2, 5):
        at(script, n).data["headers"] = [["Accept", value]]
    return script


def _silent_server(cred: bool) -> Script:
    script = alerted()
    at(script, 1).message.header.cred = md5() if cred else None
    return script


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
