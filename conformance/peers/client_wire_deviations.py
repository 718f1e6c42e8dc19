"""What sloppy implementers of devices write: the form of messages and the facts in their headers (DM RepPro 5, 6, WBXML)."""

from __future__ import annotations

from conformance.dm.authentication import Authentication
from conformance.dm.clientsession import ClientSession
from conformance.dm.executor import Executor
from conformance.dm.node import Node
from conformance.dm.tree import Answer, Tree, Written
from conformance.peers.client_message_variants import Styled
from conformance.peers.deviation import CLIENT
from conformance.peers.spoiltheader import SpoiltHeader
from conformance.syncml import codes
from conformance.syncml.codec import decode, encode_tree
from conformance.syncml.element import Element
from conformance.syncml.model import Alert, Command, Get, Header, Item, Message, Meta, Other, Replace, Results, Status
from conformance.syncml.wbxml import WbxmlStyle, mb_u_int32

# -- WBXML ---------------------------------------------------------------------------------------------------------------


@CLIENT("wbxml-1-0-written", "session")
class _Wbxml10(Styled):
    wbxml = WbxmlStyle(version="1.0")


_CORRELATOR = b"\x7c\x03", b"\x7d\x03"
"""The token of Correlator with content, and STR_I; and a token that nobody has."""


@CLIENT("correlator-token-of-its-own", "session")
class _CorrelatorToken(ClientSession):
    """Has the tokens of SyncML 1.1, and gives what is newer the next but one."""

    def encode(self, message: Message) -> bytes:
        octets = super().encode(message)
        return octets if octets[:1] == b"<" else octets.replace(*_CORRELATOR)


@CLIENT("wbxml-names-confused", "session")
class _NamesConfused(Styled):
    """One line of its table of tokens is off by one: LocName goes out as LocURI."""

    def reshape(self, root: Element) -> None:
        for element in root.walk() if self.settings.encoding == "wbxml" else ():
            if element.name == "LocName":
                element.name = "LocURI"


@CLIENT("opaque-length-in-one-octet", "session")
class _OpaqueShort(ClientSession):
    def encode(self, message: Message) -> bytes:
        octets = super().encode(message)
        for item in (item for command in message.commands for item in command.items):
            if isinstance(item.data, bytes) and len(item.data) > 127:
                length = bytes((len(item.data) & 0xFF,))
                octets = octets.replace(b"\xc3" + mb_u_int32(len(item.data)) + item.data, b"\xc3" + length + item.data)
        return octets


@CLIENT("mac-over-xml", "authentication")
class _MacOverXml(Authentication):
    """Signs a message before it is made WBXML."""

    def headers(self, octets: bytes) -> list[tuple[str, str]]:
        if octets[:1] == b"<":
            return super().headers(octets)
        try:
            return super().headers(encode_tree(decode(octets).root, "xml", "1.2"))
        except ValueError:  # raw octets, which XML does not take
            return super().headers(octets)


# -- order, names and values of elements ---------------------------------------------------------------------------------


def _last(parent: Element, name: str) -> None:
    """Moves a child to the end."""
    parent.children.sort(key=lambda child: child.name == name)


@CLIENT("source-behind-data", "session")
class _SourceBehindData(Styled):
    """Writes the Items of Results as value and name."""

    def reshape(self, root: Element) -> None:
        for results in (each for each in root.walk() if each.name == "Results"):
            for item in (each for each in results.children if each.name == "Item"):
                _last(item, "Source")


@CLIENT("cmd-behind-data", "session")
class _CmdBehindData(Styled):
    """Writes the name of the command at the end of a Status."""

    def reshape(self, root: Element) -> None:
        for status in (each for each in root.walk() if each.name == "Status"):
            _last(status, "Cmd")


@CLIENT("device-information-by-put", "session")
class _InformationByPut(Styled):
    """Tells its device information as a client of data synchronization does."""

    def reshape(self, root: Element) -> None:
        for element in root.walk():
            if element.name == "Replace":
                element.name = "Put"


@CLIENT("no-answer-wanted", "session")
class _NoAnswerWanted(ClientSession):
    """Asks that its device information be not answered."""

    def package_1(self) -> list[Command]:
        commands = super().package_1()
        commands[-1].no_resp = True
        return commands


@CLIENT("base64-labelled-bin", "session")
class _LabelledBinResults(Styled):
    """Writes Base64 in XML and says Format bin, as the node has it."""

    def reshape(self, root: Element) -> None:
        for results in (each for each in root.walk() if each.name == "Results" and self.settings.encoding == "xml"):
            for element in results.walk():
                if element.name == "Format" and element.text == "b64":
                    element.text = "bin"


@CLIENT("format-as-transferred", "tree")
class _FormatAsTransferred(Tree):
    """Keeps the Format of the message as that of the node."""

    base64: frozenset[str] = frozenset()

    def _note(self, uri: str, written: Written, code: int) -> int:
        node = self.find(uri)
        if code == 200 and node is not None and written.format:
            self.base64 = self.base64 | {node.uri} if written.format == "b64" else self.base64 - {node.uri}
        return code

    def add(self, uri: str, written: Written, server: str | None = None) -> int:
        return self._note(uri, written, super().add(uri, written, server))

    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        return self._note(uri, written, super().replace(uri, written, server))

    def property_of(self, node: Node, name: str) -> str | None:
        return "b64" if name == "Format" and node.uri in self.base64 else super().property_of(node, name)


@CLIENT("empty-value-without-data", "session")
class _EmptyWithoutData(ClientSession):
    """Leaves Data out where a value is empty."""

    def arrange(self, message: Message) -> None:
        for item in (item for command in message.commands if isinstance(command, Results) for item in command.items):
            item.data = item.data or None


# -- SyncHdr -------------------------------------------------------------------------------------------------------------


@CLIENT("session-id-counts-on", "session")
class _SessionIdCounts(SpoiltHeader, ClientSession):
    """Counts the SessionID with its messages."""

    def spoil(self, header: Header) -> None:
        header.session_id = f"{(int(self.session_id, 16) + self.msg_id - 1) & 0xFFFF:X}"


@CLIENT("session-id-by-the-clock", "session")
class _SessionIdLong(ClientSession):
    """Makes the SessionID of the time in seconds."""

    def start(self, alert_code: str, session_id: str, nonce: bytes | None = None) -> bytes:
        if alert_code == codes.CLIENT_INITIATED:
            session_id = str(1_200_000_000 + int(session_id, 16))
        return super().start(alert_code, session_id, nonce)


@CLIENT("addresses-copied", "session")
class _AddressesCopied(SpoiltHeader, ClientSession):
    """Answers with Target and Source as the server wrote them."""

    def spoil(self, header: Header) -> None:
        if self.msg_id > 1:
            header.target, header.source = header.source, header.target


@CLIENT("header-cmdref-one", "session")
class _HeaderCmdRefOne(ClientSession):
    """Takes the SyncHdr for the first command."""

    def header_status(self, header: Header) -> Status:
        status = super().header_status(header)
        status.cmd_ref = "1"
        return status


@CLIENT("commands-counted", "session")
class _CommandsCounted(ClientSession):
    """Counts the commands that it answers, and does not look at their CmdID."""

    def arrange(self, message: Message) -> None:
        order = list(dict.fromkeys((status.msg_ref, status.cmd_ref) for status in message.statuses()[1:]))
        for command in message.commands:
            if isinstance(command, Status | Results) and (command.msg_ref, command.cmd_ref) in order:
                command.cmd_ref = str(order.index((command.msg_ref, command.cmd_ref)) + 1)


# -- package 1 -----------------------------------------------------------------------------------------------------------


@CLIENT("report-instead-of-session-alert", "session")
class _ReportAlone(ClientSession):
    """Opens a session for a report with the report alone."""

    def arrange(self, message: Message) -> None:
        alerts = [command for command in message.commands if isinstance(command, Alert)]
        if self.msg_id == 1 and any(alert.data == codes.GENERIC_ALERT for alert in alerts):
            message.commands = [c for c in message.commands if not (isinstance(c, Alert) and c.data == self.alert_code)]


@CLIENT("device-information-once", "session")
class _InformationOnce(ClientSession):
    """Tells who it is in its first session, and not again while nothing changes."""

    told = False

    def package_1(self) -> list[Command]:
        commands = super().package_1()
        if not self.told:
            type(self).told = True
            return commands
        return [command for command in commands if not isinstance(command, Replace)]


@CLIENT("package-1-never-ends", "session")
class _Package1Open(ClientSession):
    """Waits for commands of the server before it ends its first package."""

    def arrange(self, message: Message) -> None:
        if not any(isinstance(command, Status) and command.cmd not in ("SyncHdr", "Alert") for command in message.commands):
            message.final = False


@CLIENT("asks-the-server", "session")
class _AsksTheServer(ClientSession):
    """Reads the device information of its server, as a client of data synchronization does."""

    def package_1(self) -> list[Command]:
        return [*super().package_1(), Get(meta=Meta(type="application/vnd.syncml-devinf+xml"), items=[Item(target="./devinf12")])]


@CLIENT("event-without-meta", "session")
class _EventWithoutMeta(ClientSession):
    """Tells of an event without saying of what kind."""

    def package_1(self) -> list[Command]:
        return [*super().package_1(), Alert(data=codes.CLIENT_EVENT, items=[Item(data="started")])]


# -- Statuses and Results ------------------------------------------------------------------------------------------------


@CLIENT("first-item-named-for-all", "executor")
class _FirstItemNamed(Executor):
    """Names the first Item in a Status for all of them."""

    def answer(self, command: Command, code: int, item: Item | None = None) -> Status:
        status = super().answer(command, code, item)
        if item is None and len(command.items) > 1 and not isinstance(command, Alert | Other):
            status.target_refs = [command.items[0].target or ""]
        return status


@CLIENT("results-before-statuses", "session")
class _ResultsFirst(ClientSession):
    """Says what it found before it says that it found it."""

    def arrange(self, message: Message) -> None:
        message.commands[1:] = sorted(message.commands[1:], key=lambda command: not isinstance(command, Results))


@CLIENT("interior-source-with-slash", "executor")
class _SlashBehind(Executor):
    """Writes the address of an interior node with a slash at its end."""

    def shown(self, answer: Answer, uri: str) -> Item:
        item = super().shown(answer, uri)
        if answer.format == "node" and item.source and "?" not in item.source:
            item.source += "/"
        return item
