"""Reads the Generic Alerts of firmware update: results of operations and requests of the client (FUMO TS 6.2, 7.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from conformance.fumo.object import ALERT_TYPES, OPERATION_OF, USER_REQUEST
from conformance.syncml.model import Alert, Item, text_of

PREFIX = "Reversed-Domain-Name:"
"""Stands before reverse domain types by DM Protocol 8.7.1.6; the enabler itself does not write it. Both are read."""

INCOMPLETE, UNSUPPORTED = "412", "415"
"""How an alert is refused: an Item lacks what it must have; its Type or Format is not known here (DM Protocol 8.7)."""

RESULT_FORMATS = ("", "int", "chr", "text/plain")
"""Formats in which a result is read; implementations leave it out or write a media type there."""
FORMATS = (*RESULT_FORMATS, "b64", "bin", "bool", "node", "null", "xml", "date", "time", "float")
"""Formats in which vendor data of a request is taken: it is not looked at."""

_RESULT = re.compile(r"\s*([0-9]{1,9})\s*")


@dataclass(frozen=True, slots=True)
class Report:
    """One Item of a Generic Alert.

    ``operation`` is Download, Update or DownloadAndUpdate, "" for a request of the client; then ``by_user`` says whose.
    ``source`` is the LocURI as it came ("" where absent), ``result`` the ResultCode, 0 for a request.
    """

    operation: str
    source: str = ""
    correlator: str = ""
    result: int = 0
    by_user: bool = False

    @property
    def root(self) -> str:
        """Root of the update object: the Source without the node of an operation at its end (both are in use)."""
        parent, _, last = self.source.rstrip("/").rpartition("/")
        return parent if last in OPERATION_OF.values() else self.source.rstrip("/")


def read_alert(alert: Alert) -> tuple[str, list[Report]]:
    """What a Generic Alert (code 1226) says: the Status that it deserves so far, and its readable Items.

    The Status is "200" where every Item can be read, else the code of the first that cannot: 412 without Type or Data or
    with a result that is no number, 415 for a Type or Format that is not one of firmware update.
    """
    found = [_read_item(alert, item) for item in alert.items]
    codes = [each for each in found if isinstance(each, str)]
    code = codes[0] if codes else "200" if found else INCOMPLETE
    return code, [each for each in found if isinstance(each, Report)]


def item_codes(alert: Alert) -> list[str]:
    """What each Item of a Generic Alert deserves: "200", or why it cannot be read."""
    found = [_read_item(alert, item) for item in alert.items]
    return [each if isinstance(each, str) else "200" for each in found]


def _read_item(alert: Alert, item: Item) -> Report | str:
    meta = alert.meta_of(item)
    kind = (meta.type or "").strip().removeprefix(PREFIX).strip()
    if not kind or item.data is None:
        return INCOMPLETE
    operation = OPERATION_OF.get(kind, "")
    formats = RESULT_FORMATS if operation else FORMATS
    if kind not in ALERT_TYPES or (meta.format or "").strip() not in formats:
        return UNSUPPORTED
    source, correlator = (item.source or "").strip(), alert.correlator or ""
    if not operation:
        return Report("", source, correlator, by_user=kind == USER_REQUEST)
    number = _RESULT.fullmatch(text_of(item, meta))
    return Report(operation, source, correlator, int(number[1])) if number else INCOMPLETE
