"""What the suite's own device says beside what a device has to say: alerts of any kind, answers to nothing, unknown elements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.syncml.codes import CLIENT_EVENT, GENERIC_ALERT
from conformance.syncml.model import Alert, Command, Item, Meta, Other, Results, Status

NOBODY = "99"
"""MsgRef and CmdRef of an answer to a command that was never sent."""


def thing(wanted: Mapping[str, Any]) -> Command:
    """One command from what a case says; see ``send`` in docs/write-a-case.md. Raises ``ValueError`` where it names none."""
    if "alert" in wanted:
        items = [_item(item) for item in wanted.get("items", ())]
        return Alert(data=str(wanted["alert"]), correlator=wanted.get("correlator"), items=items)
    if "status" in wanted:
        return Status(msg_ref=NOBODY, cmd_ref=NOBODY, cmd="Exec", data=str(wanted["status"]))
    if "results" in wanted:
        item = Item(source=str(wanted["results"]), data=str(wanted.get("data", "")))
        return Results(msg_ref=NOBODY, cmd_ref=NOBODY, items=[item])
    if "element" in wanted:
        return Other(element_name=str(wanted["element"]))
    raise ValueError(f"nothing to send: {', '.join(map(str, wanted))}")


def is_wrong(wanted: Mapping[str, Any]) -> bool:
    """Whether a device breaks a rule that says this: everything but complete client events and Generic Alerts does."""
    if str(wanted.get("alert")) not in (CLIENT_EVENT, GENERIC_ALERT):
        return True
    items = wanted.get("items", ())
    return not items or not all({"type", "format", "data"} <= set(item) for item in items)


def _item(given: Mapping[str, Any]) -> Item:
    meta = Meta(format=given.get("format"), type=given.get("type"), mark=given.get("mark"))
    data = None if given.get("data") is None else str(given["data"])
    return Item(source=given.get("source"), meta=None if meta == Meta() else meta, data=data)
