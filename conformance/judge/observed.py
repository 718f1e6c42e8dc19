"""Single facts that an expectation of a case may name, read out of one event."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from conformance.syncml.model import Alert
from conformance.transcript import Event

_BEGINNINGS = {"1200", "1201"}


def place_of(event: Event, sent: Iterable[dict[str, Any]]) -> str:
    """Where a report stands: ``package 1`` of a session that is none of those in which an Exec of ``sent`` went out,
    ``same session`` for package 1 of one of them, ``later`` for any other message."""
    decoded = event.decoded()
    codes = {c.data for c in decoded.message.commands if isinstance(c, Alert)} if decoded else set()
    if not _BEGINNINGS & codes:
        return "later"
    sessions = {each.get("session") for each in sent if each["command"] == "Exec"}
    return "same session" if event.data.get("session") in sessions else "package 1"


def media_of(event: Event) -> str | None:
    """The media type of the response of a content server, without parameters; ``None`` where it has none."""
    headers = event.data.get("reply_headers") or ()
    found = next((value for name, value in headers if str(name).lower() == "content-type"), None)
    return None if found is None else str(found).partition(";")[0].strip().lower()
