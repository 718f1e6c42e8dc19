"""Transcripts for the tests of the rules of DM, and ways to spoil one in one thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from judge_builder import (
    TEXT,
    Script,
    Step,
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
    update,
    with_mac,
)

from conformance.syncml.codec import encode
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

Break = Callable[[Script], Any]


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
