"""Ways to spoil a transcript in one thing, for the tests of the rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from judge_builder import (
    Script,
    Step,
    answers,
    header_status,
    item,
    md5_chal,
    number,
)

from conformance.syncml.codec import encode
from conformance.syncml.model import (
    Alert,
    Get,
    Item,
    Results,
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


def cut_off(first: int, last: int | None = None) -> Break:
    """Takes messages out, to the end where ``last`` is not given."""
    return lambda script: script.steps.__delitem__(slice(first, last))


def both(*spoils: Break) -> Break:
    """One after the other."""

    def spoil(script: Script) -> None:
        for each in spoils:
            each(script)

    return spoil


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


def seen(n: int, **facts: Any) -> Break:
    """Sets the facts of a message."""
    return data(n, facts=facts)


def only_status_after_end(script: Script) -> None:
    """The client answers a package that holds nothing but Statuses."""
    last = [step for step in script.steps if isinstance(step, Step)][-1]
    more = script.client(header_status(last))
    script.server(header_status(more))


def no_response(script: Script, n: int = 1, **values: Any) -> None:
    """The server gives no message."""
    at(script, n).raw = values.pop("raw", b"")
    at(script, n).data.update({"size": 0, **values})


def labelled(script: Script) -> Script:
    """As the suite records: each message with the label of its session."""
    for n, step in enumerate(script.steps):
        if isinstance(step, Step):
            step.data["session"] = "s1" if n < 5 else "s2"
    return script


def _twin(status: Status) -> Status:
    return Status(msg_ref=status.msg_ref, cmd_ref=status.cmd_ref, cmd=status.cmd, data=status.data)


def _for_results(script: Script) -> Status:
    results = at(script, 2).one(Results)
    return Status(msg_ref="2", cmd_ref=results.cmd_id, cmd="Results", data="200")


def only_refusal_after_end(script: Script) -> None:
    """The client challenges a server that wants nothing of it."""
    more = script.client(header_status(at(script, 1), "407", md5_chal()))
    script.server(header_status(more))


def _owing(script: Script) -> None:
    """The server goes on commanding although the Status for its Get is still to come."""
    at(script, 2).drop(at(script, 2).status("Get"))
    extra(3, Get(items=[item("./B")]))(script)


def _padded(script: Script) -> None:
    """The server sends a message in which the whole object would have found room twice."""
    extra(7, Status(msg_ref="4", cmd_ref="1", cmd="Status", data="200", items=[Item(data="z" * 6000)]))(script)


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
