"""Deviations of the reference server in how its messages are written: elements, versions, numbers, tokens, labels."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from conformance.dm.serversession import Outgoing
from conformance.fumo.campaign import Campaign
from conformance.fumo.plan import Batch
from conformance.peers.serverparts import deviation
from conformance.peers.spoiltheader import SpoiltHeader
from conformance.peers.talk import Session
from conformance.syncml.codec import decode, encode_tree
from conformance.syncml.element import SYNCML, Element
from conformance.syncml.model import Alert, Command, Exec, Header, Item, Message, Meta, Replace, Status
from conformance.syncml.tokens import CONTENT, DS_WBXML, DS_XML, OPAQUE, STR_I, TOKENS
from conformance.syncml.wbxml import WbxmlStyle, mb_u_int32
from conformance.syncml.write import write_message
from conformance.syncml.xmlcodec import XmlStyle

_CORRELATOR = TOKENS[0]["Correlator"] | CONTENT
_BEHIND_OLDER_TABLE = (TOKENS[0]["MoreData"] + 1) | CONTENT
"""The token that comes next where the table of SyncML 1.1 ends."""
_RESERVED = 0x30
"""The token between TargetRef and VerDTD."""

# ---- elements --------------------------------------------------------------------------------------------------------


class Spelt(Session):
    """Base of what is wrong in the elements of a message."""

    def encode(self, message: Message) -> bytes:
        root = write_message(message, self.version)
        for element in root.walk():
            self.spoil(element)
        return encode_tree(root, self.encoding, self.version, xml=self.xml, wbxml=self.wbxml)

    def spoil(self, element: Element) -> None:
        """Makes an element wrong."""
        raise NotImplementedError


_BEHIND = {
    "chal-behind-data": ("Status", "Chal", "Data"),
    "meta-behind-data": ("Item", "Meta", "Data"),
    "session-id-behind-message-id": ("SyncHdr", "SessionID", "MsgID"),
}
"""By deviation: an element, and which child of it stands behind which other."""


def _misplacing(identity: str, parent: str, child: str, other: str) -> None:
    @deviation(identity, "session")
    class _Misplaced(Spelt):
        def spoil(self, element: Element) -> None:
            found, before = element.child(child), element.child(other)
            if element.name == parent and found is not None and before is not None:
                element.children.remove(found)
                element.children.insert(element.children.index(before) + 1, found)


for _identity, _places in _BEHIND.items():
    _misplacing(_identity, *_places)


@deviation("lang-in-get", "session")
class LangInGet(Spelt):
    """Says in each Get in which language it wants the answer."""

    def spoil(self, element: Element) -> None:
        if element.name == "Get":
            element.children.insert(1, Element("Lang", text="en"))


@deviation("no-response-to-exec", "campaign")
class NoResponseToExec(Campaign):
    """Wants no Status for its Execs."""

    def execute(self, operation: str) -> Exec:
        command = super().execute(operation)
        command.no_resp = True
        return command


@deviation("name-without-data", "campaign")
class NameWithoutData(Campaign):
    """Empties a text by an Item that has a Format and no Data."""

    def start(self, operation: str) -> Batch:
        batch = super().start(operation)
        meta = Meta(format="chr", type="text/plain")
        batch.commands.insert(0, Replace(items=[Item(target=f"{self.plan.root}/PkgName", meta=meta)]))
        return batch


@deviation("alert-of-its-own", "campaign")
class AlertOfItsOwn(Campaign):
    """Announces an update by an alert code that nobody defined."""

    def start(self, operation: str) -> Batch:
        batch = super().start(operation)
        batch.commands.insert(0, Alert(data="1227"))
        return batch


# ---- binary values ---------------------------------------------------------------------------------------------------


class _Packed(Session):
    """Base of what is wrong in how packages are coded."""

    def fill_chunk(self, message: Message, command: Command) -> bool:
        self.prepare()
        last = super().fill_chunk(message, command)
        for item in command.items:
            self.label(item, item.meta or Meta())
        return last

    def prepare(self) -> None:
        """Looks at the object before the next piece is cut."""

    def label(self, item: Item, meta: Meta) -> None:
        """Changes what the piece says of itself."""
        raise NotImplementedError


@deviation("base64-as-bin", "session")
class Base64AsBin(_Packed):
    """Calls Base64 raw octets in XML."""

    def label(self, item: Item, meta: Meta) -> None:
        if isinstance(item.data, str):
            meta.format = "bin"


@deviation("raw-as-base64", "session")
class RawAsBase64(_Packed):
    """Calls raw octets Base64."""

    def label(self, item: Item, meta: Meta) -> None:
        if isinstance(item.data, bytes):
            meta.format = "b64"


@deviation("base64-as-bin-in-wbxml", "session")
class Base64AsBinInWbxml(_Packed):
    """Writes Base64 into WBXML as if it had no other way, and calls it raw octets."""

    def prepare(self) -> None:
        if self._splitter is not None and self.encoding == "wbxml":
            self._splitter.format = "b64"

    def label(self, item: Item, meta: Meta) -> None:
        if self.encoding == "wbxml":
            meta.format = "bin"


# ---- octets of WBXML -------------------------------------------------------------------------------------------------


@deviation("wbxml-1-0-written", "session")
class Wbxml10(Session):
    """Writes WBXML 1.0."""

    def encode(self, message: Message) -> bytes:
        self.wbxml = WbxmlStyle(version="1.0")
        return super().encode(message)


class _Octets(Session):
    """Base of what is wrong in the octets of WBXML."""

    def encode(self, message: Message) -> bytes:
        octets = super().encode(message)
        return self.spoil(octets, message) if self.encoding == "wbxml" else octets

    def spoil(self, octets: bytes, message: Message) -> bytes:
        """The octets made wrong."""
        raise NotImplementedError


@deviation("wbxml-1-4-written", "session")
class Wbxml14(_Octets):
    """Names a version of WBXML that there is not."""

    def spoil(self, octets: bytes, message: Message) -> bytes:
        return b"\x04" + octets[1:]


@deviation("reserved-token-forgotten", "session")
class ReservedTokenForgotten(_Octets):
    """Counts the tokens of its table through, as if none of them were reserved."""

    def spoil(self, octets: bytes, message: Message) -> bytes:
        made = bytearray(octets)
        for element in decode(octets).root.walk():
            if element.offset is not None and element.vocabulary == SYNCML and TOKENS[0][element.name] > _RESERVED:
                made[element.offset] -= 1
        return bytes(made)


@deviation("correlator-by-older-table", "session")
class CorrelatorByOlderTable(_Octets):
    """Has put Correlator behind the last token of the older version."""

    def spoil(self, octets: bytes, message: Message) -> bytes:
        return octets.replace(bytes((_CORRELATOR, STR_I)), bytes((_BEHIND_OLDER_TABLE, STR_I)))


_LENGTHS: dict[str, Callable[[int], bytes]] = {
    "opaque-length-in-one-octet": lambda length: bytes((length & 0xFF,)),
    "opaque-length-in-two-octets": lambda length: length.to_bytes(2, "big"),
}
"""By deviation: how the length of opaque data is written that has more than one group of seven bits."""


def _lengthy(identity: str, written: Callable[[int], bytes]) -> None:
    @deviation(identity, "session")
    class _Length(_Octets):
        def spoil(self, octets: bytes, message: Message) -> bytes:
            for item in (item for command in message.walk() for item in command.items):
                if isinstance(item.data, bytes) and 0x7F < len(item.data) < 0x10000:
                    head = bytes((OPAQUE,))
                    right = head + mb_u_int32(len(item.data)) + item.data
                    octets = octets.replace(right, head + written(len(item.data)) + item.data)
            return octets


for _identity, _written in _LENGTHS.items():
    _lengthy(_identity, _written)


# ---- labels ----------------------------------------------------------------------------------------------------------


@deviation("wbxml-labelled-xml", "session")
class WbxmlLabelledXml(Session):
    """Has one label for both encodings."""

    def send(self, message: Message) -> Outgoing:
        out = super().send(message)
        out.media = out.media.replace("+wbxml", "+xml")
        return out


@deviation("labelled-as-synchronisation", "session")
class LabelledAsSynchronisation(Session):
    """Labels its messages as those of data synchronisation."""

    def send(self, message: Message) -> Outgoing:
        out = super().send(message)
        out.media = DS_WBXML if self.encoding == "wbxml" else DS_XML
        return out


# ---- header and numbers ----------------------------------------------------------------------------------------------


@deviation("ver-dtd-of-the-enabler", "session")
class VerDtdOfTheEnabler(SpoiltHeader, Session):
    """Says the version of the enabler's release where that of the DTD stands."""

    def spoil(self, header: Header) -> None:
        header.ver_dtd = "1.2.1" if header.ver_dtd == "1.2" else header.ver_dtd


@deviation("ver-proto-of-synchronisation", "session")
class VerProtoOfSynchronisation(SpoiltHeader, Session):
    """Says the protocol of data synchronisation."""

    def spoil(self, header: Header) -> None:
        header.ver_proto = (header.ver_proto or "").replace("DM/", "SyncML/")


@deviation("versions-said-once", "session")
class VersionsSaidOnce(SpoiltHeader, Session):
    """Says the versions in its first message of a session only."""

    def spoil(self, header: Header) -> None:
        if header.msg_id != "1":
            header.ver_dtd = header.ver_proto = None


@deviation("session-id-padded", "session")
class SessionIdPadded(SpoiltHeader, Session):
    """Writes the SessionID with eight digits."""

    def spoil(self, header: Header) -> None:
        header.session_id = (header.session_id or "").zfill(8)


@deviation("session-id-as-number", "session")
class SessionIdAsNumber(SpoiltHeader, Session):
    """Reads the SessionID as a hexadecimal number and writes it in small letters."""

    def spoil(self, header: Header) -> None:
        with contextlib.suppress(ValueError):
            header.session_id = f"{int(header.session_id or '', 16):x}"


@deviation("message-ids-from-zero", "session")
class MessageIdsFromZero(SpoiltHeader, Session):
    """Counts its messages from 0."""

    def spoil(self, header: Header) -> None:
        header.msg_id = str(int(header.msg_id or "1") - 1)


@deviation("older-document-type", "session")
class OlderDocumentType(Session):
    """Has gone from DM 1.1 to 1.2 and forgotten namespace and public identifier."""

    def encode(self, message: Message) -> bytes:
        self.xml, self.wbxml = XmlStyle(dtd="1.1"), WbxmlStyle(dtd="1.1")
        return super().encode(message)


@deviation("root-without-namespace", "session")
class RootWithoutNamespace(Session):
    """Leaves the namespace of SyncML out."""

    def encode(self, message: Message) -> bytes:
        self.xml = XmlStyle(root_namespace=False)
        return super().encode(message)


@deviation("status-without-msg-ref", "session")
class StatusWithoutMsgRef(Session):
    """Does not say to which message its Statuses belong."""

    def statuses(self, message: Message) -> list[Status]:
        answers = super().statuses(message)
        for status in answers:
            status.msg_ref = None
        return answers


@deviation("status-without-cmd", "session")
class StatusWithoutCmd(Session):
    """Does not say what command a Status answers, but where it answers the SyncHdr."""

    def status(self, message: Message, command: Command, code: str) -> Status:
        status = super().status(message, command, code)
        status.cmd = None
        return status


@deviation("cmd-ref-by-order", "session")
class CmdRefByOrder(Session):
    """Counts what it answers instead of reading CmdID."""

    def statuses(self, message: Message) -> list[Status]:
        answers = super().statuses(message)
        for number, status in enumerate(answers):
            status.cmd_ref = str(number)
        return answers


@deviation("header-status-for-command-1", "session")
class HeaderStatusForCommand1(Session):
    """Refers to the first command where it answers the SyncHdr."""

    def header_status(self, message: Message) -> Status:
        status = super().header_status(message)
        status.cmd_ref = "1"
        return status


@deviation("status-twice", "session")
class StatusTwice(Session):
    """Answers the device information once when it comes and once when it is stored."""

    def statuses_of(self, message: Message, command: Command) -> list[Status]:
        again = [self.status(message, command, self.code(command))] if isinstance(command, Replace) else []
        return super().statuses_of(message, command) + again


@deviation("first-item-named-for-all", "session")
class FirstItemNamedForAll(Session):
    """Names the first Item in a Status that speaks for all of them."""

    def status(self, message: Message, command: Command, code: str) -> Status:
        status = super().status(message, command, code)
        if len(command.items) > 1 and command.items[0].source:
            status.source_refs = [command.items[0].source]
        return status
