"""What may stand in a case file: the keys of a table, of a row and of every kind of step.

One place that the loader, ``lint``, the published JSON Schema and the documentation are made from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.harness import owndescriptor, ownpush

KINDS = ("valid", "invalid", "inopportune")
LEVELS = ("must", "should", "may")
ROLES = ("client", "server")
RISKS = ("power-cut", "bad-image", "downgrade")
WIRE_AXES = {
    "encoding": ("xml", "wbxml"),
    "authentication": ("none", "basic", "md5", "hmac"),
    "version": ("1.1.2", "1.2"),
}
"""Axes that say how the sessions are spoken; other axes are the table's own."""

TABLE_KEYS = {
    "suite": "the path of the file below testcases, without .yaml",
    "purpose": "one sentence: what the table is about",
    "role": "client or server: what the implementation under test is",
    "needs": "claims, verbs and packages that the cases need",
    "axes": "axis to list of values; each multiplies every row",
    "kind": "valid, invalid or inopportune; default of the rows",
    "level": "must, should or may; default of the rows",
    "ensures": "requirement ids; default of the rows",
    "twin": "default of the rows",
    "risk": "what may happen to the device: power-cut, bad-image, downgrade",
    "steps": "the steps shared by all rows",
    "defaults": "values of ${...} that a row need not give",
    "cases": "the rows",
}
ROW_KEYS = {
    "id": "name of the row in lower-kebab",
    "title": "what happens, in at most 60 characters",
    "purpose": "one sentence, where the table's does not fit",
    "ensures": "requirement ids",
    "needs": "what the row needs beside the table's needs",
    "axes": "axes of this row only",
    "kind": "valid, invalid or inopportune",
    "level": "must, should or may",
    "twin": "id of the valid case that differs in one thing",
    "differs": "the one thing in which the case and its twin differ",
    "risk": "beside the table's",
    "because": "why the case stands although no deviation is caught by it alone",
    "steps": "steps of this row instead of the table's",
}
SHAPES = {
    "suite": "a text",
    "purpose": "a text",
    "title": "a text",
    "twin": "a text",
    "differs": "a text",
    "because": "a text",
    "needs": "a list of claims or a mapping",
    "axes": "a mapping",
    "defaults": "a mapping",
    "ensures": "a list of texts",
    "risk": "a list of texts",
    "steps": "a list",
    "cases": "a list",
}
"""What the value of a key of a table or a row is."""
NEED_KEYS = ("claims", "verbs", "packages")
MATCHER_KEYS = {
    "expect": "the value that passes, or a list of them",
    "accept": "other values that are tolerated with a warning",
    "because": "id of the ambiguity that allows them",
    "not": "values that fail",
    "matches": "a regular expression that the whole value must match",
    "class": "success (2xx) or error (4xx, 5xx)",
    "ensures": "the requirement that this value proves",
}


@dataclass(frozen=True, slots=True)
class StepKind:
    """One kind of step: who may use it, keys inside its value, keys beside it, keys of its ``expect``."""

    name: str
    says: str
    roles: tuple[str, ...]
    inside: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    expects: tuple[str, ...] = ()
    scalar: bool = False
    nested: bool = False


_ANSWER = ("status", "data", "format", "type", "children", "nodes", "final", "reply", "failing")
_CLIENT, _SERVER, _BOTH = ("client",), ("server",), ("client", "server")

STEPS: dict[str, StepKind] = {
    kind.name: kind
    for kind in (
        StepKind(
            "session",
            "opens a session: server-initiated, client, user-request or device-request",
            _BOTH,
            ("kind", "with"),
            ("expect",),
            ("comes", "type", "session_id", "credentials", "tls", "certificate", "requests_certificate", "ends"),
            scalar=True,
        ),
        StepKind("get", "sends Get", _CLIENT, ("node", "nodes", "items"), (), _ANSWER, scalar=True),
        StepKind(
            "replace",
            "sends Replace",
            _CLIENT,
            ("node", "data", "format", "type", "tnds", "package", "size", "chunk", "interrupt", "items"),
            (),
            _ANSWER,
        ),
        StepKind(
            "add",
            "sends Add",
            _CLIENT,
            ("node", "data", "format", "type", "tnds", "package", "size", "chunk", "interrupt", "items"),
            (),
            _ANSWER,
        ),
        StepKind("delete", "sends Delete", _CLIENT, ("node", "items"), (), _ANSWER, scalar=True),
        StepKind("copy", "sends Copy", _CLIENT, ("node", "from", "items"), (), _ANSWER),
        StepKind("exec", "sends Exec", _CLIENT, ("node", "correlator", "data", "items"), (), _ANSWER, scalar=True),
        StepKind("alert", "sends Alert", _CLIENT, ("code", "options", "text", "choices", "items"), (), _ANSWER),
        StepKind("element", "sends an element that no specification has", _CLIENT, (), (), _ANSWER, scalar=True),
        StepKind("sequence", "sends a Sequence of the commands inside", _CLIENT, (), (), _ANSWER, nested=True),
        StepKind("atomic", "sends an Atomic of the commands inside", _CLIENT, (), (), _ANSWER, nested=True),
        StepKind("together", "sends the commands inside in one package", _CLIENT, (), (), (), nested=True),
        StepKind(
            "malformed",
            "sends a message that is malformed, which ends the session",
            _BOTH,
            ("form", "node", "data"),
            (),
            ("refused", "accepted"),
            scalar=True,
        ),
        StepKind("form", "writes messages in another valid form from now on", _CLIENT, ("xml", "wbxml")),
        StepKind("close", "ends the session", _BOTH, (), (), (), scalar=True),
        StepKind(
            "reply",
            "answers the device otherwise than a good server would",
            _CLIENT,
            ("how", "times", "command"),
            (),
            ("comes", "header", "status", "alert", "final"),
            scalar=True,
        ),
        StepKind(
            "interrupt",
            "breaks the session off here, where the case wants it at this boundary",
            _CLIENT,
            ("here", "at", "how"),
        ),
        StepKind(
            "settled",
            "sees what an interrupted update left behind",
            _CLIENT,
            expects=("state", "told", "reports", "delivered", "version", "whole"),
            scalar=True,
        ),
        StepKind("next-update", "updates once more, by the same way", _CLIENT, scalar=True),
        StepKind(
            "content",
            "tells the content server how to behave from now on",
            _BOTH,
            ("at", "fault", "status", "url", "after", "fraction", "seconds", "media_type", "length", "times", "challenge", "power"),
            (),
            (),
        ),
        StepKind(
            "await",
            "waits for the report of an operation",
            _CLIENT,
            ("alert", "within", "object", "due"),
            (),
            ("result", "correlator", "source", "format", "mark", "count", "type", "place", "items"),
        ),
        StepKind(
            "quiet",
            "sees that nothing more comes",
            _BOTH,
            ("for",),
            (),
            ("alerts", "fetches", "sessions", "commands"),
            scalar=True,
        ),
        StepKind("state", "reads State", _CLIENT, ("object", "found"), (), ("data",), scalar=True),
        StepKind("firmware", "asks which firmware runs", _CLIENT, (), (), ("version",), scalar=True),
        StepKind(
            "fetched",
            "looks at what was fetched from the content server",
            _BOTH,
            ("at",),
            (),
            ("count", "complete", "digest", "method", "first", "status", "type", "resumed", "descriptors"),
            scalar=True,
        ),
        StepKind(
            "notify",
            "sends a trigger message, right or wrong in one thing",
            _CLIENT,
            tuple(ownpush.KEYS),
            (),
            ("comes", "session_id", "alert", "nonce"),
        ),
        StepKind(
            "descriptor",
            "publishes a download descriptor, right or wrong in one thing",
            _CLIENT,
            tuple(owndescriptor.KEYS),
            (),
            (),
        ),
        StepKind(
            "reported",
            "looks at the status reports of a download",
            _CLIENT,
            ("at", "object"),
            (),
            ("code", "first", "count", "codes", "method", "form", "after", "tries"),
        ),
        StepKind(
            "fetch",
            "the suite's device asks the server's content server for something",
            _SERVER,
            ("what", "method", "range", "body", "media_type"),
            (),
            (
                "status", "media_type", "length", "whole", "range", "resumes", "root", "elements", "size", "type",
                "escaped", "own",
            ),
        ),
        StepKind("hook", "calls a verb", _BOTH, ("verb", "given"), (), ()),
        StepKind(
            "campaign",
            "asks the server to plan an update",
            _SERVER,
            ("way", "package", "host", "notify", "consent", "defer_minutes", "descriptor", "object", "device", "query"),
            (),
            (),
        ),
        StepKind(
            "plan-update",
            "asks the server to plan Exec on Update alone",
            _SERVER,
            ("object", "notify"),
            (),
            (),
            scalar=True,
        ),
        StepKind("up-to-date", "tells the server that nothing newer is to be had", _SERVER, (), (), (), scalar=True),
        StepKind(
            "device",
            "says how the suite's device behaves from now on",
            _SERVER,
            (
                "result",
                "operations",
                "statuses",
                "lacks",
                "large_objects",
                "max_msg_size",
                "max_obj_size",
                "ui",
                "answer",
                "state",
                "report",
                "package",
                "firmware",
                "object",
                "version",
                "credentials",
                "nonce",
                "instant",
                "late_alerts",
                "commands_per_message",
                "certificate",
                "tls",
                "chunked",
                "trouble",
                "session_id",
                "ver_dtd",
                "ver_proto",
                "dialect",
                "wbxml",
                "xml",
                "send",
                "devinfo",
                "order",
                "resp_uri",
            ),
            (),
            (),
        ),
        StepKind(
            "trigger",
            "waits for a trigger message of the server",
            _SERVER,
            ("within",),
            (),
            (
                "comes",
                "version",
                "future",
                "ui_mode",
                "initiator",
                "session_id",
                "server_id",
                "content_type",
                "application",
                "coded",
                "headers",
                "digest",
            ),
            scalar=True,
        ),
        StepKind(
            "operate", "lets the device do what was accepted and report it", _SERVER, ("result",), (), (), scalar=True
        ),
        StepKind(
            "commanded",
            "looks at what the server commanded so far",
            _SERVER,
            ("command", "node", "alert", "before", "since"),
            (),
            ("count", "data", "correlator", "digest", "mistaken", "inside"),
        ),
        StepKind(
            "answered",
            "looks at how the server answered what the device sent",
            _SERVER,
            ("command", "alert", "since", "first", "nth"),
            (),
            ("status", "codes", "final"),
        ),
        StepKind(
            "outcome",
            "asks the server what it believes",
            _SERVER,
            ("object",),
            (),
            ("status", "result", "status_code", "operation"),
            scalar=True,
        ),
        StepKind(
            "crowd",
            "lets further devices come at the same time, each with a campaign of its own",
            _SERVER,
            ("devices", "way", "package", "result", "session_id"),
            (),
            ("right", "wrong"),
        ),
    )
}
COMMANDS = ("get", "replace", "add", "delete", "copy", "exec", "alert", "element", "sequence", "atomic")
"""Steps that send a command to a device."""
MODIFIERS = ("expect", "ensures", "note", "optional")
"""Keys that may stand beside the kind in any step. Where a device refuses an ``optional`` command with 404, 405, 406 or 501,
the case does not apply; a list names other codes."""


TNDS_KEYS = ("at", "data", "format", "type", "acl")
"""Keys of a node of ``tnds``; ``at`` is its path below the node of the command, "" for that node itself."""


ITEM_KEYS = ("node", "data", "format", "type", "from")
"""Keys of one of the ``items`` of a command."""
SENT = ("alert", "status", "results", "element")
"""What the suite's device may send beside (key ``send`` of the step ``device``), and the keys that go with it."""
SENT_WITH = ("late", "correlator", "items", "data")


NEEDED = {
    "session": ("kind",),
    "get": ("node|nodes|items",),
    "replace": ("node|items",),
    "add": ("node|items",),
    "delete": ("node|items",),
    "copy": ("node|items", "from|items"),
    "exec": ("node|items",),
    "alert": ("code",),
    "content": ("at", "fault"),
    "fetch": ("what",),
    "reported": ("at",),
    "hook": ("verb",),
    "reply": ("how",),
    "interrupt": ("here", "at", "how"),
    "commanded": ("command",),
    "answered": ("command",),
    "malformed": ("form",),
    "crowd": ("devices",),
}
"""Keys without which a step says nothing; ``a|b`` is one of the two."""

PLACES = (
    "object", "object2", "parent", "device_id", "server_id", "server", "correlator", "content", "content_host", "firmware",
    "trigger_id", "place", "account", "credentials",
)
"""What ``{name}`` may stand for in a step."""
PLACE_CLAIMS = {"place": "dynamic-nodes", "account": "account", "credentials": "credentials"}
"""Those that stand for the address that a claim has."""
PACKAGE_PLACES = ("url", "descriptor", "digest", "from", "to", "size", "type")
"""What ``{name:purpose}`` may stand for: facts about the package for a purpose."""


def kind_of(step: dict[str, Any]) -> str:
    """The kind of a step: its one key that is no modifier; "" where there is not exactly one."""
    kinds = [key for key in step if key not in MODIFIERS]
    return kinds[0] if len(kinds) == 1 else ""
