"""Rules of form: media types, document types, element order and content (DM RepPro 5, 6; WBXML)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.judge.rule import Hit, View, rule
from conformance.judge.session import CLIENT, Said, Session
from conformance.syncml.element import Observation
from conformance.syncml.held import is_held
from conformance.syncml.model import Add, Get, Item, Meta, Replace, Results, b64
from conformance.syncml.tokens import DM_WBXML
from conformance.transcript import DEVICE, SERVER, Event

WBXML_VERSIONS = (1, 2, 3)
"""First octets of WBXML that is sent in DM."""

_ELSEWHERE = frozenset((
    "CmdID", "VerDTD", "VerProto", "SessionID", "MsgID", "MsgRef", "CmdRef", "Source", "Target",
))
"""Elements whose absence is the matter of a rule of its own."""

_EXPECTED = {
    "DM-ENC-001": "application/vnd.syncml.dm+xml or application/vnd.syncml.dm+wbxml, as the body is",
    "DM-ENC-003": "WBXML 1.1, 1.2 or 1.3",
    "DM-ENC-004": "namespace SYNCML:SYNCML1.2, or its public identifier in WBXML",
    "DM-ENC-005": "children in the order of the DTD, all that are required",
    "DM-ENC-007": "no element that DM does not use",
    "DM-ENC-011": "Format bin for raw octets",
    "WBXML-007": "a public identifier that agrees with VerDTD",
    "WBXML-008": "UTF-8",
    "WBXML-020": "no attributes",
}


def _any(said: Said) -> bool:
    return True


def _wbxml(said: Said) -> bool:
    return said.decoded.encoding == "wbxml"


def _labelled(said: Said) -> bool:
    return bool(said.media)


def _left_to_others(note: Observation) -> bool:
    """Whether an observation is judged by another rule."""
    if note.code != "element-missing":
        return False
    name = note.detail.rpartition(": ")[2].removesuffix(" is missing")
    if name in ("Source", "Target", "LocURI"):
        return note.detail.startswith(("SyncHdr:", "SyncHdr/"))
    return name in _ELSEWHERE


def _observed(view: View, requirement: str, applies: Callable[[Said], bool]) -> Iterator[Hit]:
    """Turns what the codec observed about a requirement into hits."""
    for said in view.mine:
        if not applies(said):
            continue
        notes = [n for n in said.decoded.observations if n.requirement == requirement and not _left_to_others(n)]
        if not notes:
            yield view.ok(said, requirement)
        for note in notes:
            yield view.broken(said, _EXPECTED[requirement], note.detail, f"{note.code}: {note.detail}", requirement)


@rule("DM-ENC-001", title="messages carry a DM media type")
def media_type(view: View) -> Iterator[Hit]:
    """DM RepPro 5.1."""
    for said in view.mine:
        if not _labelled(said):
            continue
        notes = [n for n in said.decoded.observations if n.requirement == "DM-ENC-001"]
        if not notes:
            yield view.ok(said)
        else:
            yield view.broken(said, _EXPECTED["DM-ENC-001"], said.media, "; ".join(note.detail for note in notes))


@rule("DM-ENC-003", title="WBXML 1.1, 1.2 or 1.3 is sent")
def wbxml_version(view: View) -> Iterator[Hit]:
    """DM RepPro 5.2."""
    yield from _observed(view, "DM-ENC-003", _wbxml)
    yield from unknown_versions(view)


def unread(view: View) -> Iterator[tuple[Event, str]]:
    """Bodies of the side that are no message, with the reason."""
    sender = DEVICE if view.side == CLIENT else SERVER
    for event in view.transcript.of("message"):
        fault = event.data.get("fault")
        if event.sender == sender and isinstance(fault, dict) and not event.data.get("made"):
            yield event, str(fault.get("reason", ""))


def unknown_versions(view: View) -> Iterator[Hit]:
    """Bodies that are labelled WBXML and begin with the octet of no version that may be sent, so that nobody reads them."""
    for event, reason in unread(view):
        label = str(event.data.get("media") or "").partition(";")[0].strip().lower()
        if label == DM_WBXML and event.octets and event.octets[0] not in WBXML_VERSIONS:
            yield view.broken(event, _EXPECTED["DM-ENC-003"], reason, "version of a document that cannot be read")


@rule("DM-ENC-004", title="the root names SyncML 1.2")
def document_type(view: View) -> Iterator[Hit]:
    """MS-MDM 2.2.4.1. A message of DM 1.1 names its own version; that it does is the matter of VerDTD."""
    return _observed(view, "DM-ENC-004", _any)


@rule("DM-ENC-005", title="elements stand in the order of the DTD")
def element_order(view: View) -> Iterator[Hit]:
    """MS-MDM 2.2.2."""
    return _observed(view, "DM-ENC-005", _any)


@rule("DM-ENC-007", title="elements that DM does not use are not sent")
def unused_elements(view: View) -> Iterator[Hit]:
    """DM RepPro 6."""
    return _observed(view, "DM-ENC-007", _any)


@rule("WBXML-007", title="the public identifier agrees with VerDTD")
def public_id(view: View) -> Iterator[Hit]:
    """Suite policy."""
    return _observed(view, "WBXML-007", _wbxml)


@rule("WBXML-008", title="text is UTF-8")
def charset(view: View) -> Iterator[Hit]:
    """MIBenum 106."""
    return _observed(view, "WBXML-008", _wbxml)


@rule("WBXML-020", title="elements have no attributes")
def attributes(view: View) -> Iterator[Hit]:
    """SyncML defines no attribute tokens."""
    return _observed(view, "WBXML-020", _wbxml)


@rule("DM-ENC-008", sides=("server",), title="the answer is in the encoding of the request")
def same_encoding(view: View) -> Iterator[Hit]:
    """Field practice."""
    for said in view.mine:
        if said.answers is not None:
            asked, given = said.answers.decoded.encoding, said.decoded.encoding
            yield view.check(asked == given, said, asked, given, f"a request in {asked} was answered in {given}")


def _carried(said: Said) -> Iterator[tuple[Add | Replace | Results, Item, Meta]]:
    for placed in said.walked:
        command = placed.command
        if isinstance(command, Add | Replace | Results):
            for item in command.items:
                yield command, item, command.meta_of(item)


@rule("DM-ENC-010", title="binary data in XML has Format b64")
def binary_in_xml(view: View) -> Iterator[Hit]:
    """DM TND 7.7.2."""
    for said in view.mine:
        if _wbxml(said):
            continue
        for _, item, meta in _carried(said):
            if meta.format == "bin" and item.data:
                yield view.broken(said, "Format b64", "Format bin", f"Data of {item.target or item.source} in XML")
            elif meta.format == "b64" and item.data and _whole(said, item):
                good = isinstance(item.data, str) and ("*" in item.data or b64(item.data) is not None)
                yield view.check(good, said, "Base64 text", item.data, "Data with Format b64 is no Base64")


@rule("DM-ENC-011", title="Format in WBXML tells raw octets from Base64")
def binary_in_wbxml(view: View) -> Iterator[Hit]:
    """DM TND 7.7.2."""
    yield from _observed(view, "DM-ENC-011", _wbxml)
    for said in view.mine:
        if not _wbxml(said):
            continue
        for _, item, meta in _carried(said):
            if meta.format == "b64" and item.data and _whole(said, item):
                text = item.data if isinstance(item.data, str) else item.data.decode("latin-1")
                good = "*" in text or b64(text) is not None
                yield view.check(good, said, "Base64 text", item.data, "Data with Format b64 is no Base64")


def _whole(said: Said, item: Item) -> bool:
    """Whether an Item is no piece of a large object: pieces need not end where Base64 groups do."""
    if is_held(item.data) or item.more:
        return False
    return said.session.kept(_in_pieces).get(said.side, said.index) >= said.index


def _in_pieces(session: Session) -> dict[str, int]:
    """Side to the place of its first message with a piece of a large object that is not the last."""
    return {said.side: said.index for said in reversed(session.said) if said.more}


@rule("DM-ENC-012", title="an Item for a node has Data")
def data_present(view: View) -> Iterator[Hit]:
    """DM RepPro 6.3.2. Interior nodes have none, nor have the leaves of a structure list."""
    for said in view.mine:
        for command, item, meta in _carried(said):
            if meta.format in ("node", "null") or (isinstance(command, Replace) and said.side == "client"):
                continue
            if isinstance(command, Add) and meta.format is None:
                continue
            if isinstance(command, Results) and _listing(said, command, item):
                continue
            there = item.data is not None
            where = item.target or item.source
            yield view.check(there, said, "a Data element", "none", f"{command.name} for {where} has no Data")


def _listing(said: Said, command: Results, item: Item) -> bool:
    """Whether Results answer a Get with ``?list=``."""
    names = [item.source or "", *command.target_refs, *command.source_refs]
    if any("?list=" in name for name in names):
        return True
    listed = said.session.kept(_listings)
    return any((side, command.cmd_ref) in listed for side in ("client", "server") if side != said.side)


def _listings(session: Session) -> set[tuple[str, str | None]]:
    """Side and CmdID of each Get with ``?list=``."""
    return {
        (said.side, placed.command.cmd_id)
        for said in session.said
        for placed in said.walked
        if isinstance(placed.command, Get) and any("?list=" in (asked.target or "") for asked in placed.command.items)
    }
