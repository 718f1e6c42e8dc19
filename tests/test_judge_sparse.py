"""What a stranger leaves out never stops the judge: every field of a message is missing everywhere once (invariant 13)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from judge_builder import Script, commanded, item, large, report, update
from judge_scripts import right_mac, two_gets
from judge_seen import after_trigger, long_alert, property_got
from judge_spoils import extra

from conformance.judge.finding import FAIL
from conformance.judge.rule import JudgeError
from conformance.syncml.model import Alert, Chal, Command, Copy, Cred, Delete, Item, Message, Meta, Replace, Status


def failed() -> Script:
    """Commands that were refused, with what the Statuses say of it."""
    script = commanded(Copy(items=[Item(target="./A", source="./B")]), Replace(items=[item("./C", "1", format="chr")]), Copy="404")
    extra(1, Delete(items=[item("./A"), item("./B?prop=Name")]))(script)
    extra(2, Status(msg_ref="1", cmd_ref="4", cmd="Copy", data="200", items=[Item(target="./A")], target_refs=["./A"]))(script)
    return script


BASES: dict[str, Callable[[], Script]] = {
    "update": update, "in WBXML": lambda: update("wbxml"), "MAC": right_mac, "large object": large, "long alert": long_alert,
    "two Gets": two_gets, "property": lambda: property_got("Size", "4"), "trigger": after_trigger, "refused": failed,
}  # fmt: skip
FIELDS: dict[str, tuple[type[Any], str, Any]] = {
    "version": (Message, "ver_dtd", None), "protocol": (Message, "ver_proto", None), "session": (Message, "session_id", None),
    "number": (Message, "msg_id", None), "target": (Message, "target", None), "source": (Message, "source", None),
    "CmdID": (Command, "cmd_id", None), "Items": (Command, "items", list), "Data of Alerts": (Alert, "data", None),
    "MsgRef": (Status, "msg_ref", None), "CmdRef": (Status, "cmd_ref", None), "Cmd": (Status, "cmd", None),
    "code": (Status, "data", None), "Target": (Item, "target", None), "Source": (Item, "source", None), "Data": (Item, "data", None),
    "no text": (Item, "data", str), "Meta": (Item, "meta", None), "Format": (Meta, "format", None), "Type": (Meta, "type", None),
    "Size": (Meta, "size", None), "challenge": (Status, "chal", None), "its Type": (Chal, "type", None),
    "its nonce": (Chal, "next_nonce", None), "the Type of Cred": (Cred, "type", None), "the Format of Cred": (Cred, "format", None),
}  # fmt: skip


def parts(value: Any) -> Iterator[Any]:
    """Everything that a message is made of, itself too."""
    yield value
    if dataclasses.is_dataclass(value):
        for each in dataclasses.fields(value):
            yield from parts(getattr(value, each.name))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from parts(each)


def without(script: Script, name: str, sides: tuple[str, ...]) -> Script:
    """Takes a field out of all that has it, in what some sides said."""
    kind, attribute, nothing = FIELDS[name]
    for step in script.steps:
        if getattr(step, "side", None) in sides:
            for part in list(parts(step.message)):
                owner = part.header if kind is Message and isinstance(part, Message) else part
                if isinstance(part, kind) and not (name == "Items" and isinstance(part, Status)):
                    setattr(owner, attribute, nothing() if nothing else None)
    return script


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("base", BASES)
def test_a_field_that_a_side_never_sends_is_judged(base: str, name: str) -> None:
    for side in ("client", "server"):
        script = without(BASES[base](), name, (side,))
        for judged in ("client", "server"):
            try:
                found = script.judge(judged)
            except JudgeError as error:
                pytest.fail(f"without {name} of the {side}, judging the {judged}: {error}")
            assert found and all(f.expected for f in found if f.outcome == FAIL)


@pytest.mark.parametrize("name", FIELDS)
def test_each_field_is_in_some_message(name: str) -> None:
    whole = [repr(getattr(step, "message", "")) for made in BASES.values() for step in made().steps]
    less = [repr(getattr(step, "message", "")) for made in BASES.values() for step in without(made(), name, ("client", "server")).steps]
    assert len(less) == len(whole) and less != whole


def test_a_report_without_anything_is_no_report() -> None:
    script = update()
    extra(0, report("update"))(script)
    for name in ("Type", "Data", "Source"):
        without(script, name, ("client",))
    assert script.judge("client")
