"""Small things that expectations look up: in what is wanted, and in what came."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from conformance.judge.lookup import full
from conformance.judge.step import Played
from conformance.syncml.model import Alert, Item, Message, text_of
from conformance.transcript import DEVICE, Event

POLLED = "polled"
"""Why of a step ``await`` where State was read instead, because DM 1.1.2 has no Generic Alert."""
_VERSION = re.compile(r"\{(from|to):[a-z-]+\}")


def generic_alerts(message: Message) -> Iterator[Alert]:
    """The Generic Alerts (1226) of a message."""
    for command in message.commands:
        if isinstance(command, Alert) and command.data == "1226":
            yield command


def type_of(alert: Alert) -> str:
    """The type of a Generic Alert without the namespace identifier that some put before it (DM Protocol 8.7.1.6)."""
    item = alert.items[0] if alert.items else Item()
    return (alert.meta_of(item).type or "").strip().removeprefix("Reversed-Domain-Name:").lstrip()


def ensured(played: Played, wanted: Any, default: str) -> str:
    """The requirement that a value proves: its own, that of its step, or the usual one."""
    inner = wanted.get("ensures", "") if isinstance(wanted, dict) else ""
    return str(inner or played.step.get("ensures", "") or default)


def as_text(value: Any) -> str:
    """A value as a case file writes it."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def codes_of(given: Any) -> list[str]:
    """Codes that a step names, one or a list of them; none where it names none."""
    return [str(each) for each in (given if isinstance(given, list) else [given] if given else [])]


def address_of(given: Any) -> str:
    """The address that a step names, as its value or by the key ``at``."""
    return str(given.get("at", "") if isinstance(given, dict) else given or "")


def in_full(wanted: Any) -> Any:
    """An expectation of nodes with their addresses in full."""
    if isinstance(wanted, dict):
        return {key: in_full(value) if key in ("expect", "not") else value for key, value in wanted.items()}
    return [full(str(each)) for each in wanted] if isinstance(wanted, list) else full(str(wanted))


def untold(wanted: Any) -> bool:
    """Whether an expected value is a version of firmware that the IUT file does not tell."""
    if isinstance(wanted, dict):
        return any(untold(value) for key, value in wanted.items() if key in ("expect", "accept", "not"))
    if isinstance(wanted, list):
        return any(untold(value) for value in wanted)
    return isinstance(wanted, str) and _VERSION.fullmatch(wanted) is not None


def value_of(item: Item | None) -> str | None:
    """The value of a node; white space around a number says nothing."""
    if item is None or item.data is None:
        return None
    text = text_of(item)
    return text.strip() if item.meta is not None and item.meta.format in ("int", "float", "bool") else text


def meta_of_item(item: Item | None, name: str) -> str | None:
    """One element of the Meta of an Item."""
    return None if item is None or item.meta is None else getattr(item.meta, name)


def began(messages: Iterable[Event], among: Iterable[Event]) -> set[Any]:
    """The sessions of which the first message of the device is among some of all messages."""
    first: dict[Any, Event] = {}
    for event in messages:
        if event.sender == DEVICE:
            first.setdefault(event.data.get("session"), event)
    numbers = {event.n for event in among}
    return {label for label, event in first.items() if event.n in numbers}
