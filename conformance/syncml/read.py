"""From the tree of elements to the typed message; what departs from the DTD is observed and read all the same."""

from __future__ import annotations

import base64
from collections.abc import Callable

from conformance.syncml.element import Element, Observation, SyntaxFault
from conformance.syncml.grammar import ELEMENTS, MODELS, NOT_USED
from conformance.syncml.model import (
    Add,
    Alert,
    Atomic,
    Block,
    Chal,
    Command,
    Copy,
    Cred,
    Delete,
    Exec,
    Get,
    Header,
    Item,
    Message,
    Meta,
    Other,
    Replace,
    Results,
    Sequence,
    Status,
)
from conformance.syncml.raw import Notes

_MAX_NESTING = 32
"""Blocks within blocks that are read."""
_META = {
    "Format": "format", "Type": "type", "Mark": "mark", "Size": "size", "NextNonce": "next_nonce",
    "MaxMsgSize": "max_msg_size", "MaxObjSize": "max_obj_size",
}
_CLASSES: dict[str, type[Command]] = {
    each.__name__: each for each in (Add, Alert, Atomic, Copy, Delete, Exec, Get, Replace, Results, Sequence, Status)
}


def read_message(root: Element) -> tuple[Message, list[Observation]]:
    """The message that a tree says, and where the tree departs from the DTD.

    Order does not matter; of an element that may stand once the first counts. White space around ids, codes, URIs,
    Format and Type is taken off and observed, all other values stay exactly as they are. Raises :class:`SyntaxFault`
    for a root that is not ``SyncML`` and for blocks nested deeper than anyone needs.
    """
    if root.name != "SyncML":
        raise SyntaxFault(f"the root element is {root.name[:80]}, not SyncML", root.offset)
    reader = _Reader()
    return reader.message(root), reader.notes


class _Reader:
    """One message being read."""

    def __init__(self) -> None:
        self.notes = Notes()
        self.depth = 0

    # -- form --------------------------------------------------------------------------------------------------------

    def index(self, element: Element, path: str) -> dict[str, Element]:
        """The first child of each name; the children are compared with the content model of the element."""
        model = MODELS.get(element.name)
        found: dict[str, Element] = {}
        if model is None:
            for child in element.children:
                found.setdefault(child.name, child)
            return found
        rank, last, before = model.rank, -1, ""
        for child in element.children:
            name = child.name
            place = rank.get(name)
            if place is None:
                self.stranger(element, child, path)
            elif place < last:
                self.order(element, child, before, path)
            else:
                last, before = place, name
            if name not in found:
                found[name] = child
            elif place is not None and name not in model.many:
                self.note("element-repeated", f"{path}: {name} stands more than once", "DM-ENC-005", child)
            if name in NOT_USED:
                self.note("element-not-used", f"{path}: {name} is not used in DM", "DM-ENC-007", child)
        for name in model.required:
            if name not in found:
                self.missing(element, name, path, found)
        return found

    def note(self, code: str, detail: str, requirement: str, element: Element) -> None:
        """Keeps one observation about an element."""
        self.notes.add(code, detail, requirement, element.offset)

    def order(self, element: Element, child: Element, before: str, path: str) -> None:
        """Notes a child that stands behind one it should precede; some orders are known and mean nothing."""
        detail = f"{path}: {child.name} stands after {before}"
        if element.name == "Meta":
            self.notes.once("meta-order", detail, "", child.offset)
        elif element.name == "Alert" and child.name == "Data" and before == "Correlator":
            self.note("correlator-before-data", f"{path}: Correlator stands before Data", "", child)
        elif element.name == "Exec" and "Correlator" in (child.name, before):
            self.note("correlator-position", detail, "", child)
        else:
            self.note("element-order", detail, "DM-ENC-005", child)

    def missing(self, element: Element, name: str, path: str, found: dict[str, Element]) -> None:
        """Notes a child that is required and not there."""
        cmd = found.get("Cmd")
        if name == "CmdRef" and element.name == "Status" and cmd is not None and cmd.text.strip() == "SyncHdr":
            self.note("cmdref-missing", f"{path}: the Status for SyncHdr has no CmdRef", "", element)
        else:
            self.note("element-missing", f"{path}: {name} is missing", "DM-ENC-005", element)

    def stranger(self, element: Element, child: Element, path: str) -> None:
        """Notes a child that the content model does not have."""
        if element.name == "Results" and child.name == "Cmd":
            self.note("cmd-in-results", f"{path}: Cmd in Results", "", child)
        elif element.name == "Meta" and child.name == "MetInf":
            self.notes.once("metinf-wrapper", f"{path}: the children of Meta stand in MetInf", "", child.offset)
        elif child.name not in NOT_USED:
            known = child.name in ELEMENTS
            what = "does not belong there" if known else "is unknown"
            self.note("unknown-element", f"{path}: {child.name[:80]} {what}", "DM-ENC-005" if known else "", child)

    # -- values ------------------------------------------------------------------------------------------------------

    def exact(self, element: Element | None) -> str | None:
        """The characters of an element as they are."""
        if element is None:
            return None
        return element.text if element.octets is None else element.octets.decode("utf-8", "backslashreplace")

    def value(self, element: Element | None, path: str) -> str | None:
        """The characters of an element without white space around them, which is observed."""
        text = self.exact(element)
        if text is None or element is None or not text or (text[0] > " " and text[-1] > " "):
            return text
        stripped = text.strip()
        if stripped != text:
            self.note("padded-value", f"{path}/{element.name}: white space around {stripped[:80]!r}", "", element)
        return stripped

    def place(self, element: Element | None, path: str) -> tuple[str | None, str | None]:
        """LocURI and LocName of a Target or Source."""
        if element is None:
            return None, None
        path = f"{path}/{element.name}"
        found = self.index(element, path)
        return self.value(found.get("LocURI"), path), self.exact(found.get("LocName"))

    def meta(self, element: Element | None, path: str) -> Meta | None:
        """Meta, with or without MetInf around its children."""
        if element is None:
            return None
        path += "/Meta"
        found = self.index(element, path)
        if "MetInf" in found:
            for child in found["MetInf"].children:
                found.setdefault(child.name, child)
        meta = Meta()
        extra = []
        for name, child in found.items():
            attribute = _META.get(name)
            if attribute is None:
                if name != "MetInf":
                    extra.append(name)
            else:
                text = self.value(child, path) if name in ("Format", "Type") else self.exact(child)
                setattr(meta, attribute, text)
        if extra:
            meta.extra = tuple(extra)
        return meta

    def cred(self, element: Element | None, path: str) -> Cred | None:
        """Credentials; raw octets are given as Base64."""
        if element is None:
            return None
        path += "/Cred"
        found = self.index(element, path)
        meta = self.meta(found.get("Meta"), path) or Meta()
        data = found.get("Data")
        if data is not None and data.octets is not None:
            return Cred(meta.type, meta.format, base64.b64encode(data.octets).decode())
        return Cred(meta.type, meta.format, self.exact(data) or "")

    def chal(self, element: Element | None, path: str) -> Chal | None:
        """A challenge."""
        if element is None:
            return None
        path += "/Chal"
        meta = self.meta(self.index(element, path).get("Meta"), path) or Meta()
        return Chal(meta.type, meta.format, meta.next_nonce)

    def item(self, element: Element, path: str) -> Item:
        """One Item."""
        path += "/Item"
        found = self.index(element, path)
        item = Item()
        if "Target" in found:
            item.target, item.target_name = self.place(found["Target"], path)
        if "Source" in found:
            item.source, item.source_name = self.place(found["Source"], path)
        item.meta = self.meta(found.get("Meta"), path)
        item.more = "MoreData" in found
        data = found.get("Data")
        if data is not None:
            item.data = data.text if data.octets is None else data.octets
            if data.children:
                item.data_elements = tuple(data.children)
        return item

    # -- structure ---------------------------------------------------------------------------------------------------

    def message(self, root: Element) -> Message:
        """The whole message."""
        found = self.index(root, "SyncML")
        header = self.header(found.get("SyncHdr"))
        body = found.get("SyncBody")
        if body is None:
            return Message(header)
        final = "Final" in self.index(body, "SyncBody")
        return Message(header, self.commands(body, "SyncBody", ("Final",)), final)

    def header(self, element: Element | None) -> Header:
        """SyncHdr; all values are ``None`` where it is missing."""
        header = Header(ver_dtd=None, ver_proto=None)
        if element is None:
            return header
        path = "SyncHdr"
        found = self.index(element, path)
        get = found.get
        header.ver_dtd = self.value(get("VerDTD"), path)
        header.ver_proto = self.value(get("VerProto"), path)
        header.session_id = self.value(get("SessionID"), path)
        header.msg_id = self.value(get("MsgID"), path)
        header.target, header.target_name = self.place(get("Target"), path)
        header.source, header.source_name = self.place(get("Source"), path)
        header.resp_uri = self.value(get("RespURI"), path)
        header.no_resp = "NoResp" in found
        header.cred = self.cred(get("Cred"), path)
        header.meta = self.meta(get("Meta"), path)
        return header

    def commands(self, element: Element, path: str, skip: tuple[str, ...]) -> list[Command]:
        """The commands among the children of SyncBody or of a block."""
        return [self.command(child, path) for child in element.children if child.name not in skip]

    def command(self, element: Element, path: str) -> Command:
        """One command, of DM or not."""
        path = f"{path}/{element.name[:80]}"
        found = self.index(element, path)
        make = _CLASSES.get(element.name)
        command = Other(element_name=element.name) if make is None else make()
        command.cmd_id = self.value(found.get("CmdID"), path)
        if len(found) > ("CmdID" in found):
            command.meta = self.meta(found.get("Meta"), path)
            command.cred = self.cred(found.get("Cred"), path)
            command.no_resp = "NoResp" in found
            if "Item" in found:
                command.items = [self.item(child, path) for child in element.children if child.name == "Item"]
            special = _SPECIAL.get(element.name)
            if special is not None:
                special(self, command, element, found, path)
        return command

    def references(self, element: Element, name: str, path: str) -> list[str]:
        """All TargetRef or SourceRef."""
        return [self.value(child, path) or "" for child in element.children if child.name == name]

    def status(self, command: Command, element: Element, found: dict[str, Element], path: str) -> None:
        """What only a Status has."""
        assert isinstance(command, Status)
        command.msg_ref = self.value(found.get("MsgRef"), path)
        command.cmd_ref = self.value(found.get("CmdRef"), path)
        command.cmd = self.value(found.get("Cmd"), path)
        if "TargetRef" in found:
            command.target_refs = self.references(element, "TargetRef", path)
        if "SourceRef" in found:
            command.source_refs = self.references(element, "SourceRef", path)
        command.chal = self.chal(found.get("Chal"), path)
        command.data = self.value(found.get("Data"), path)

    def results(self, command: Command, element: Element, found: dict[str, Element], path: str) -> None:
        """What only Results has."""
        assert isinstance(command, Results)
        command.msg_ref = self.value(found.get("MsgRef"), path)
        command.cmd_ref = self.value(found.get("CmdRef"), path)
        command.target_refs = self.references(element, "TargetRef", path)
        command.source_refs = self.references(element, "SourceRef", path)

    def alert(self, command: Command, element: Element, found: dict[str, Element], path: str) -> None:
        """What only an Alert has."""
        assert isinstance(command, Alert)
        command.data = self.value(found.get("Data"), path)
        command.correlator = self.exact(found.get("Correlator"))

    def exec(self, command: Command, element: Element, found: dict[str, Element], path: str) -> None:
        """What only an Exec has."""
        assert isinstance(command, Exec)
        command.correlator = self.exact(found.get("Correlator"))

    def block(self, command: Command, element: Element, found: dict[str, Element], path: str) -> None:
        """The commands inside a Sequence or an Atomic."""
        assert isinstance(command, Block)
        self.depth += 1
        if self.depth > _MAX_NESTING:
            raise SyntaxFault(f"more than {_MAX_NESTING} blocks within blocks", element.offset)
        command.commands = self.commands(element, path, ("CmdID", "NoResp", "Meta", "Cred"))
        self.depth -= 1


_Special = Callable[[_Reader, Command, Element, dict[str, Element], str], None]
_SPECIAL: dict[str, _Special] = {
    "Status": _Reader.status, "Results": _Reader.results, "Alert": _Reader.alert, "Exec": _Reader.exec,
    "Sequence": _Reader.block, "Atomic": _Reader.block,
}
