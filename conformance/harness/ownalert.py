"""Generic Alerts of the suite's own device in the forms that a case wants (FUMO TS 6.2, 7.1; DM Protocol 8.7)."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from conformance.fumo.object import ALERT_OF, DEVICE_REQUEST
from conformance.syncml.codes import GENERIC_ALERT
from conformance.syncml.model import Alert, Item, Meta

OPERATIONS = {"download": "Download", "update": "Update", "download-and-update": "DownloadAndUpdate"}
"""Operations by their names in case files."""


def request(root: str) -> Alert:
    """A request of the device for an update of the object at ``root``."""
    meta = Meta(format="chr", type=DEVICE_REQUEST)
    return Alert(data=GENERIC_ALERT, items=[Item(source=root, meta=meta, data="")])


def alone(wanted: dict[str, Any], root: str, sent: Sequence[Alert]) -> Alert | None:
    """An alert that is no report of what runs: that of an operation once more, or one as ``wanted`` says.

    ``sent`` are the reports of the device so far; ``None`` where the one wanted again was never sent.
    """
    if "again" in wanted:
        kind = ALERT_OF[OPERATIONS[wanted["again"]]]
        found = next((alert for alert in sent if (alert.meta_of(alert.items[0]).type or "").endswith(kind)), None)
        return copy.deepcopy(found)
    kind = ALERT_OF[OPERATIONS[wanted.get("operation", "download")]]
    meta = Meta(format="int", type=kind)
    item = Item(source=root, meta=meta, data=str(wanted.get("result", 200)))
    if "octets" in wanted:
        item.data = "0123456789" * (int(wanted["octets"]) // 10)
    return formed(Alert(data=GENERIC_ALERT, correlator=wanted.get("correlator"), items=[item]), wanted)


def is_wrong(wanted: dict[str, Any]) -> bool:
    """Whether an alert of that form breaks a rule for devices; an unknown type, say, breaks none."""
    source = wanted.get("source", "node")
    return "again" in wanted or "correlator" in wanted or wanted.get("data") is False or source != "node"


def formed(alert: Alert, wanted: dict[str, Any]) -> Alert:
    """A Generic Alert in another form.

    ``source`` (root, node: the executed one; else a URI), ``prefix`` (true or false, or bare), ``mark`` (absent, or a
    word), ``type``, ``data``, ``format``, ``before``: a request as the first Item of the same alert, and ``stranger``: an
    Item of an unknown type behind the others.
    """
    item = alert.items[0]
    meta = item.meta
    assert meta is not None
    if wanted.get("source") == "node":
        child = (meta.type or "").rsplit(".", 1)[1]
        item.source = f"{item.source}/{next((name for name in OPERATIONS.values() if name.lower() == child), child)}"
    elif wanted.get("source", "root") != "root":
        item.source = str(wanted["source"])
    if "type" in wanted:
        meta.type = str(wanted["type"])
    if wanted.get("prefix") not in (None, False, "bare"):
        meta.type = f"Reversed-Domain-Name:{meta.type}"
    if wanted.get("mark") in (False, "absent"):
        meta.mark = None
    elif isinstance(wanted.get("mark"), str):
        meta.mark = wanted["mark"]
    if "format" in wanted:
        meta.format = wanted["format"] or None
    if wanted.get("data") is False:
        item.data = None
    if wanted.get("before"):
        alert.items.insert(0, request(item.source or "").items[0])
    if wanted.get("stranger"):
        unknown = Meta(format="chr", type="org.example.nobody-knows-this")
        alert.items.append(Item(source=item.source, meta=unknown, data="x"))
    return alert
