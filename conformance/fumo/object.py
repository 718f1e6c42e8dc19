"""The firmware update management object as tables: nodes, states, result codes, alert types (FUMO TS 5, 6, 7)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

MO_ID = "urn:oma:mo:oma-fumo:1.0"
"""Type property of the root of every firmware update object (FUMO TS 5.1.1)."""

DOWNLOAD, UPDATE, DOWNLOAD_AND_UPDATE = "Download", "Update", "DownloadAndUpdate"
OPERATIONS = (DOWNLOAD, UPDATE, DOWNLOAD_AND_UPDATE)
"""Interior nodes on which Exec starts an operation (FUMO TS 6.1)."""

ALERT_PREFIX = "org.openmobilealliance.dm.firmwareupdate."
ALERT_OF = {operation: ALERT_PREFIX + operation.lower() for operation in OPERATIONS}
"""Alert type that reports the end of each operation (FUMO TS 6.2.2)."""
DEVICE_REQUEST = ALERT_PREFIX + "devicerequest"
USER_REQUEST = ALERT_PREFIX + "userrequest"
ALERT_TYPES = (*ALERT_OF.values(), DEVICE_REQUEST, USER_REQUEST)
"""All alert types of the enabler, the two client initiated ones last (FUMO TS 7.1.2)."""
ALERT_NAMED = {
    "download": ALERT_OF["Download"],
    "update": ALERT_OF["Update"],
    "download-and-update": ALERT_OF["DownloadAndUpdate"],
    "device-request": DEVICE_REQUEST,
    "user-request": USER_REQUEST,
}
"""The types of Generic Alerts by the names that case files use."""
OPERATION_OF = {alert: operation for operation, alert in ALERT_OF.items()}


@dataclass(frozen=True, slots=True)
class NodeRule:
    """One row of FUMO TS 5.1. ``path`` is relative to the root of the object, "" for the root itself.

    ``access`` holds the commands that the standard object grants, ``occurrence`` how often the node is in its parent.
    """

    path: str
    format: str
    access: frozenset[str]
    occurrence: str

    @property
    def optional(self) -> bool:
        """Whether a conforming object may do without this node."""
        return self.occurrence != "One"

    @property
    def interior(self) -> bool:
        """Whether the node has children instead of a value."""
        return self.format == "node"


def _rule(path: str, format_: str, access: str, occurrence: str) -> NodeRule:
    return NodeRule(path, format_, frozenset(access.split()), occurrence)


NODES = {
    rule.path: rule
    for rule in (
        _rule("", "node", "Get", "ZeroOrMore"),
        _rule("PkgName", "chr", "Get", "ZeroOrOne"),
        _rule("PkgVersion", "chr", "Get", "ZeroOrOne"),
        _rule("Download", "node", "Exec Get", "ZeroOrOne"),
        _rule("Download/PkgURL", "chr", "Replace Get", "One"),
        _rule("Update", "node", "Exec Get", "ZeroOrOne"),
        _rule("Update/PkgData", "bin", "Replace", "ZeroOrOne"),
        _rule("DownloadAndUpdate", "node", "Exec Get", "ZeroOrOne"),
        _rule("DownloadAndUpdate/PkgURL", "chr", "Replace Get", "One"),
        _rule("State", "int", "Get", "One"),
        _rule("Ext", "node", "Get", "ZeroOrOne"),
    )
}
"""The eleven nodes of the object by relative path (FUMO TS 5.1.1 to 5.1.11)."""


class State(IntEnum):
    """Values of the State node (FUMO TS 5.1.10)."""

    IDLE = 10
    DOWNLOAD_FAILED = 20
    DOWNLOAD_PROGRESSING = 30
    DOWNLOAD_COMPLETE = 40
    READY_TO_UPDATE = 50
    UPDATE_PROGRESSING = 60
    UPDATE_FAILED_HAVE_DATA = 70
    UPDATE_FAILED_NO_DATA = 80
    UPDATE_SUCCESSFUL_HAVE_DATA = 90
    UPDATE_SUCCESSFUL_NO_DATA = 100


STATES = frozenset(int(state) for state in State)
TERMINAL = frozenset({20, 70, 80, 90, 100})
"""States in which an operation typically ends (FUMO TS 6)."""
HAVE_PACKAGE = frozenset({40, 50, 70, 90})
"""States that say that a package is held."""

TRANSITIONS = frozenset(
    {
        (10, 30), (10, 50), (30, 40), (30, 20), (40, 50), (50, 60), (50, 10), (60, 70), (60, 90), (70, 80), (90, 100),
        (80, 10), (90, 10), (100, 10), (20, 10),
    }
)
"""Arrows of the state figure (FUMO TS 6)."""


class ResultCode(IntEnum):
    """Result codes of a Generic Alert that have a meaning of their own (FUMO TS 6.2.4). Not DM, not HTTP codes."""

    SUCCESS = 200
    CLIENT_ERROR = 400
    USER_CANCELLED = 401
    CORRUPTED_PACKAGE = 402
    DEVICE_MISMATCH = 403
    VALIDATION_FAILED = 404
    NOT_ACCEPTABLE = 405
    DOWNLOAD_AUTHENTICATION = 406
    DOWNLOAD_TIMEOUT = 407
    NOT_IMPLEMENTED = 408
    UNDEFINED = 409
    UPDATE_FAILED = 410
    BAD_URL = 411
    SERVER_UNAVAILABLE = 412
    SERVER_ERROR = 500
    DOWNLOAD_OUT_OF_MEMORY = 501
    UPDATE_OUT_OF_MEMORY = 502
    NETWORK = 503


VENDOR_SUCCESS = range(250, 300)
VENDOR_CLIENT_ERROR = range(450, 500)
VENDOR_SERVER_ERROR = range(550, 600)
RESULT_CODES = frozenset(int(code) for code in ResultCode)


def is_defined(code: int) -> bool:
    """Whether the code stands in the table or in one of the three vendor ranges (FUMO TS 6.2.4)."""
    return code in RESULT_CODES or is_vendor(code)


def is_vendor(code: int) -> bool:
    """Whether the code lies in a vendor range: 250-299, 450-499, 550-599."""
    return code in VENDOR_SUCCESS or code in VENDOR_CLIENT_ERROR or code in VENDOR_SERVER_ERROR


def is_success(code: int) -> bool:
    """Whether a defined code means success: 200 and 250-299. Codes outside the table are no success."""
    return is_defined(code) and 200 <= code < 300


def is_failure(code: int) -> bool:
    """Whether a defined code means that the update activity ended in failure: any defined 4xx or 5xx."""
    return is_defined(code) and code >= 400
