"""Turns the command steps of a case into typed commands."""

from __future__ import annotations

import base64
from collections.abc import Sequence as Sequence_
from dataclasses import dataclass, field
from typing import Any, Protocol

from conformance.dm.largeobject import Octets, Splitter
from conformance.dm.serversession import ServerSession
from conformance.harness import outcome
from conformance.harness.document import document
from conformance.harness.pieces import Pieces
from conformance.harness.vocabulary import kind_of
from conformance.syncml.model import (
    Add,
    Alert,
    Atomic,
    Block,
    Command,
    Copy,
    Delete,
    Exec,
    Get,
    Item,
    Message,
    Meta,
    Other,
    Replace,
    Sequence,
)
from conformance.transport.exchange import Source

PIECES = ("size", "chunk", "interrupt")
"""Keys that make a value a large object, however small it is."""
LEFT_OUT = "none"
"""Format or type of a step that is not sent."""
OBJECT_LIMIT = 40_000
"""Octets of a value up to which it goes out in one message; larger ones are cut in chunks."""


class Shelf(Protocol):
    """Where the packages are."""

    def source(self, purpose: str) -> Source:
        """The octets of the package for that purpose."""
        ...


@dataclass(slots=True)
class Prepared:
    """Commands ready to be sent. ``flat`` holds those that ``steps`` speak of, in document order."""

    commands: list[Command] = field(default_factory=list)
    flat: list[Command] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    large: Pieces | None = None


def prepare(step: dict[str, Any], shelf: Shelf, session: ServerSession) -> Prepared:
    """The commands of one step."""
    prepared = Prepared()
    if kind_of(step) == "together":
        for inner in step["together"]:
            prepared.commands.append(_command(inner, prepared, shelf, session))
    else:
        prepared.commands.append(_command(step, prepared, shelf, session))
    return prepared


def ill_formed(commands: Sequence_[Command]) -> bool:
    """Whether a case wants a command that no server may send: an unknown element, or one without Items or Target."""
    for command in Message(commands=list(commands)).walk():
        if isinstance(command, Other):
            return True
        named = all(item.target for item in command.items) and command.items
        if not isinstance(command, Alert | Block) and not named:
            return True
    return False


def _command(step: dict[str, Any], prepared: Prepared, shelf: Shelf, session: ServerSession) -> Command:
    kind = kind_of(step)
    given = step[kind]
    if kind in ("sequence", "atomic"):
        block: Block = Sequence() if kind == "sequence" else Atomic()
        prepared.flat.append(block)
        prepared.steps.append(step)
        block.commands = [_command(inner, prepared, shelf, session) for inner in given]
        return block
    command: Command = _BUILDERS[kind](given if isinstance(given, dict) else {"node": given})
    if isinstance(command, Exec) and session.version == "1.1":
        command.correlator = None  # DM 1.1.2 has no such element
    prepared.flat.append(command)
    prepared.steps.append(step)
    if kind in ("replace", "add") and isinstance(given, dict) and "items" not in given:
        _put_data(command, given, prepared, shelf, session)
    return command


def _put_data(
    command: Command, given: dict[str, Any], prepared: Prepared, shelf: Shelf, session: ServerSession
) -> None:
    """Gives a Replace or Add its value: text at once, a package in one message or as a large object."""
    item = command.items[0]
    if "tnds" in given:
        command.meta, item.data = document(given["tnds"], session.encoding)
        return
    if "package" not in given:
        text = _said(given.get("data", ""))
        room = session.peer_max_msg or 2 * OBJECT_LIMIT
        if text and (2 * len(text.encode()) > room or any(key in given for key in PIECES)):
            prepared.large = Pieces.of(Octets(text.encode()), given.get("format", "chr"), given)
        else:
            item.data = text
        return
    source = shelf.source(given["package"])
    # Raw octets travel in WBXML alone; a step may want Base64 there as well (DM TND 7.7.2).
    wbxml = session.encoding == "wbxml" and given.get("format") != "b64"
    command.meta = Meta(format="bin" if wbxml else "b64", type=given.get("type", "application/octet-stream"))
    limit, size = session.peer_max_obj, Splitter(source, command.meta.format or "b64").size(session.encoding)
    if limit is not None and size > limit:
        what = f"the package takes {size} octets, the device takes objects up to {limit} (MaxObjSize)"
        raise outcome.not_applicable(what, outcome.PACKAGE)
    if (
        source.size <= OBJECT_LIMIT
        and source.size * 2 < (session.peer_max_msg or OBJECT_LIMIT * 2)
        and not any(key in given for key in PIECES)
    ):
        octets = source.read(0, source.size)
        item.data = octets if wbxml else base64.b64encode(octets).decode()
        return
    prepared.large = Pieces.of(source, command.meta.format or "b64", given)


def _meta(given: dict[str, Any], default: str | None = None) -> Meta | None:
    format_ = _said(given.get("format", default))
    type_ = _said(given.get("type"))
    return None if format_ is None and type_ is None else Meta(format=format_, type=type_)


def _default(given: dict[str, Any]) -> str | None:
    """The Format of a command that names none: several Items have theirs."""
    return None if "items" in given else "chr"


def _said(text: Any) -> str | None:
    return None if text in (None, LEFT_OUT) else str(text)


def _target(given: dict[str, Any]) -> list[Item]:
    if "items" in given:
        return [_item(each) for each in given["items"]]
    return [Item(target=str(node)) for node in given.get("nodes", [given.get("node")])]


def _item(given: Any) -> Item:
    """One of several Items, with a Meta of its own where it says so."""
    if not isinstance(given, dict):
        return Item(target=str(given))
    item = Item(target=_said(given.get("node")), source=_said(given.get("from")), meta=_meta(given))
    if "data" in given:
        item.data = str(given["data"])
    return item


def _exec(given: dict[str, Any]) -> Command:
    command = Exec(items=_target(given), correlator=given.get("correlator"))
    if "data" in given and command.items:
        command.items[0].data = str(given["data"])
    return command


def _alert(given: dict[str, Any]) -> Command:
    options, text = str(given.get("options", "")), str(given.get("text", ""))
    parts = given.get("items", (options, text, *given.get("choices", ())))
    return Alert(data=str(given["code"]), items=[Item(data=str(part)) for part in parts])


def _unknown(given: dict[str, Any]) -> Command:
    return Other(element_name=str(given["node"]))


def _copy(given: dict[str, Any]) -> Command:
    if "items" in given:
        return Copy(items=_target(given))
    return Copy(items=[Item(target=str(given["node"]), source=str(given["from"]))])


_BUILDERS: dict[str, Any] = {
    "get": lambda given: Get(items=_target(given)),
    "replace": lambda given: Replace(items=_target(given), meta=_meta(given, _default(given))),
    "add": lambda given: Add(items=_target(given), meta=_meta(given, _default(given))),
    "delete": lambda given: Delete(items=_target(given)),
    "copy": _copy,
    "exec": _exec,
    "alert": _alert,
    "element": _unknown,
}
