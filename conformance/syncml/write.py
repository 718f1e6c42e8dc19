"""From the typed message to the tree of elements, in the order of the DTD."""

from __future__ import annotations

from conformance.syncml.element import METINF, SYNCML, Element
from conformance.syncml.model import (
    Alert,
    Block,
    Chal,
    Command,
    Cred,
    Exec,
    Header,
    Item,
    Message,
    Meta,
    Results,
    Status,
)
from conformance.syncml.tokens import dtd_version

_META = (
    ("Format", "format"), ("Type", "type"), ("Mark", "mark"), ("Size", "size"), ("NextNonce", "next_nonce"),
    ("MaxMsgSize", "max_msg_size"), ("MaxObjSize", "max_obj_size"),
)


def write_message(message: Message, version: str = "1.2") -> Element:
    """The tree of a message. Values are written as they are, ``None`` leaves the element out.

    ``version`` of DM: what its DTD does not know is left out, which is Correlator before 1.2. A Meta without any value
    is written as an empty element. Raises ``ValueError`` for a version that does not exist.
    """
    writer = _Writer(correlators=dtd_version(version) == "1.2")
    body = Element("SyncBody", children=[writer.command(command) for command in message.commands])
    if message.final:
        body.children.append(Element("Final"))
    return Element("SyncML", children=[writer.header(message.header), body])


class _Writer:
    """Writes the parts of one message."""

    def __init__(self, correlators: bool) -> None:
        self.correlators = correlators

    def header(self, header: Header) -> Element:
        """SyncHdr."""
        element = Element("SyncHdr")
        out = element.children
        _put(out, "VerDTD", header.ver_dtd)
        _put(out, "VerProto", header.ver_proto)
        _put(out, "SessionID", header.session_id)
        _put(out, "MsgID", header.msg_id)
        _place(out, "Target", header.target, header.target_name)
        _place(out, "Source", header.source, header.source_name)
        _put(out, "RespURI", header.resp_uri)
        if header.no_resp:
            out.append(Element("NoResp"))
        _cred(out, header.cred)
        _meta(out, header.meta)
        return element

    def command(self, command: Command) -> Element:
        """One command with its items."""
        element = Element(command.name)
        out = element.children
        _put(out, "CmdID", command.cmd_id)
        if command.no_resp:
            out.append(Element("NoResp"))
        if isinstance(command, Status):
            _status(out, command)
        elif isinstance(command, Results):
            _results(out, command)
        elif isinstance(command, Block):
            _meta(out, command.meta)
            out.extend([self.command(inner) for inner in command.commands])
        else:
            _cred(out, command.cred)
            if isinstance(command, Alert):
                _put(out, "Data", command.data)
            _meta(out, command.meta)
            if self.correlators and isinstance(command, Alert | Exec):
                _put(out, "Correlator", command.correlator)
        for item in command.items:
            _item(out, item)
        return element


def _status(out: list[Element], status: Status) -> None:
    _put(out, "MsgRef", status.msg_ref)
    _put(out, "CmdRef", status.cmd_ref)
    _put(out, "Cmd", status.cmd)
    for uri in status.target_refs:
        out.append(Element("TargetRef", text=uri))
    for uri in status.source_refs:
        out.append(Element("SourceRef", text=uri))
    _cred(out, status.cred)
    _chal(out, status.chal)
    _put(out, "Data", status.data)


def _results(out: list[Element], results: Results) -> None:
    _put(out, "MsgRef", results.msg_ref)
    _put(out, "CmdRef", results.cmd_ref)
    _meta(out, results.meta)
    for uri in results.target_refs:
        out.append(Element("TargetRef", text=uri))
    for uri in results.source_refs:
        out.append(Element("SourceRef", text=uri))


def _put(out: list[Element], name: str, text: str | None) -> None:
    if text is not None:
        out.append(Element(name, SYNCML, [], text))


def _place(out: list[Element], name: str, uri: str | None, loc_name: str | None) -> None:
    if uri is None and loc_name is None:
        return
    element = Element(name)
    _put(element.children, "LocURI", uri)
    _put(element.children, "LocName", loc_name)
    out.append(element)


def _meta(out: list[Element], meta: Meta | None) -> None:
    if meta is None:
        return
    children = []
    for name, attribute in _META:
        text = getattr(meta, attribute)
        if text is not None:
            children.append(Element(name, METINF, [], text))
    out.append(Element("Meta", children=children))


def _cred(out: list[Element], cred: Cred | None) -> None:
    if cred is None:
        return
    element = Element("Cred")
    if cred.type is not None or cred.format is not None:
        _meta(element.children, Meta(format=cred.format, type=cred.type))
    element.children.append(Element("Data", text=cred.data))
    out.append(element)


def _chal(out: list[Element], chal: Chal | None) -> None:
    if chal is not None:
        element = Element("Chal")
        _meta(element.children, Meta(format=chal.format, type=chal.type, next_nonce=chal.next_nonce))
        out.append(element)


def _item(out: list[Element], item: Item) -> None:
    element = Element("Item")
    _place(element.children, "Target", item.target, item.target_name)
    _place(element.children, "Source", item.source, item.source_name)
    _meta(element.children, item.meta)
    if item.data is not None or item.data_elements:
        data = Element("Data", children=list(item.data_elements))
        if isinstance(item.data, bytes):
            data.octets = item.data
        else:
            data.text = item.data or ""
        element.children.append(data)
    if item.more:
        element.children.append(Element("MoreData"))
    out.append(element)
