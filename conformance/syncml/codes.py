"""Alert codes and status codes, by name."""

from __future__ import annotations

DISPLAY, CONFIRM, TEXT_INPUT, SINGLE_CHOICE, MULTIPLE_CHOICE = "1100", "1101", "1102", "1103", "1104"
SERVER_INITIATED, CLIENT_INITIATED = "1200", "1201"
NEXT_MESSAGE, SESSION_ABORT, CLIENT_EVENT, NO_END_OF_DATA, GENERIC_ALERT = "1222", "1223", "1224", "1225", "1226"

ALERTS = {
    DISPLAY: "show a text",
    CONFIRM: "ask yes or no",
    TEXT_INPUT: "ask for a text",
    SINGLE_CHOICE: "pick one",
    MULTIPLE_CHOICE: "pick one or more",
    SERVER_INITIATED: "session started by the server",
    CLIENT_INITIATED: "session started by the client",
    NEXT_MESSAGE: "next message wanted",
    SESSION_ABORT: "session aborted",
    CLIENT_EVENT: "event at the client",
    NO_END_OF_DATA: "end of a large object missing",
    GENERIC_ALERT: "generic alert",
}
"""Alert codes of DM (DM RepPro 7) with a short name."""
DM_ALERTS = frozenset(ALERTS)
"""All alert codes that are valid in DM."""
UI_ALERTS = frozenset((DISPLAY, CONFIRM, TEXT_INPUT, SINGLE_CHOICE, MULTIPLE_CHOICE))
"""Alerts that ask the user (DM Protocol 10); only a server sends them."""

STATUSES = {
    "101": "in progress",
    "200": "done",
    "201": "item added",
    "202": "accepted, result follows",
    "203": "answer is not authoritative",
    "204": "nothing there",
    "205": "reset content",
    "206": "part of the content",
    "207": "conflict merged",
    "208": "conflict, client won",
    "209": "conflict, duplicated",
    "210": "deleted without archive",
    "211": "not deleted, was not there",
    "212": "authenticated for the session",
    "213": "chunk accepted and buffered",
    "214": "operation cancelled",
    "215": "not executed",
    "216": "rolled back after Atomic failed",
    "300": "several choices",
    "301": "moved for good",
    "302": "found elsewhere",
    "303": "see another URI",
    "304": "not modified",
    "305": "use a proxy",
    "400": "malformed command",
    "401": "invalid credentials",
    "402": "payment needed",
    "403": "forbidden",
    "404": "not found",
    "405": "command not allowed on target",
    "406": "optional feature not supported",
    "407": "credentials missing",
    "408": "answer did not come in time",
    "409": "conflict",
    "410": "gone",
    "411": "size required",
    "412": "incomplete command",
    "413": "too large",
    "414": "URI too long",
    "415": "unsupported type or format",
    "416": "requested size or range too big",
    "417": "try again later",
    "418": "already exists",
    "419": "conflict, server won",
    "420": "device full",
    "421": "unknown search grammar",
    "422": "bad CGI script",
    "423": "conflict with a soft delete",
    "424": "size mismatch",
    "425": "permission denied",
    "426": "partial item not accepted",
    "427": "parent not empty",
    "428": "move failed",
    "500": "command failed",
    "501": "command not implemented",
    "502": "bad gateway",
    "503": "service unavailable",
    "504": "gateway did not answer in time",
    "505": "version of the DTD not supported",
    "506": "processing error",
    "507": "Atomic failed",
    "508": "refresh required",
    "510": "data store failure",
    "511": "server failure",
    "512": "synchronization failed",
    "513": "version of the protocol not supported",
    "514": "operation cancelled before it began",
    "516": "roll back failed",
    "517": "answer of Atomic does not fit one message",
}
"""Status codes (RepPro 10) with a short name."""


def status_name(code: str | None) -> str:
    """The code with its name, for messages: ``"404 (not found)"``; ``"none"`` where there is no code."""
    if code is None:
        return "none"
    name = STATUSES.get(code)
    return f"{code} ({name})" if name else code


def alert_name(code: str | None) -> str:
    """The alert code with its name; ``"none"`` where there is no code."""
    if code is None:
        return "none"
    name = ALERTS.get(code)
    return f"{code} ({name})" if name else code
