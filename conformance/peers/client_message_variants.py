"""Tolerated variants of the reference device: other forms of messages, answers and sessions that are as right.

``testcases/variants/client.yaml`` says of each in one sentence what it is, and what leaves the freedom.
"""

from __future__ import annotations

import dataclasses

from conformance.dm.authentication import Authentication
from conformance.dm.clientsession import ClientSession
from conformance.dm.credentials import BASIC, MD5
from conformance.dm.executor import Executor, Situation
from conformance.dm.tree import Answer
from conformance.peers.deviation import CLIENT_VARIANTS as VARIANT
from conformance.syncml.codec import encode_tree
from conformance.syncml.element import Element
from conformance.syncml.model import (
    Alert,
    Command,
    Cred,
    Header,
    Item,
    Message,
    Meta,
    Replace,
    Results,
    Status,
)
from conformance.syncml.wbxml import WbxmlStyle
from conformance.syncml.write import write_message
from conformance.syncml.xmlcodec import XmlStyle

# -- how messages are written ----------------------------------------------------------------------------------------------

XML_STYLES = {
    "xml-prefixed": XmlStyle(prefix="s", metinf="prefix"),
    "xml-metinf-on-meta": XmlStyle(metinf="meta"),
    "xml-laid-out": XmlStyle(indent=True, comment=" a device ", empty_tags=False),
    "xml-cdata": XmlStyle(cdata_all=True),
    "xml-doctype": XmlStyle(doctype=True),
    "xml-bare": XmlStyle(declaration=False),
    "xml-marked": XmlStyle(bom=True, instruction="device made-by=hand"),
    "xml-meta-order": XmlStyle(meta_reversed=True),
}
"""Forms of XML by variant; those of the server are the same."""
WBXML_STYLES = {
    "wbxml-textual-id": WbxmlStyle(public_id="textual"),
    "wbxml-bare-id": WbxmlStyle(public_id="textual-bare"),
    "wbxml-string-table": WbxmlStyle(version="1.3", text="table-all"),
    "wbxml-opaque": WbxmlStyle(text="opaque", version="1.1"),
    "wbxml-mixed": WbxmlStyle(text="mixed", empty="end"),
    "wbxml-pages": WbxmlStyle(pages="redundant", empty="string"),
    "wbxml-eager-pages": WbxmlStyle(pages="eager", padding=2),
}
"""Forms of WBXML by variant; those of the server are the same."""


class Styled(ClientSession):
    """A session whose messages are written in another form, or with elements of their own."""

    xml: XmlStyle | None = None
    wbxml: WbxmlStyle | None = None

    def reshape(self, root: Element) -> None:
        """Changes the tree of a message before it is written."""

    def encode(self, message: Message) -> bytes:
        root = write_message(message, self.settings.version)
        self.reshape(root)
        return encode_tree(root, self.settings.encoding, self.settings.version, xml=self.xml, wbxml=self.wbxml)


def _styles() -> None:
    for identity, xml in XML_STYLES.items():
        VARIANT(identity, "session")(type("_Xml", (Styled,), {"xml": xml}))
    for identity, wbxml in WBXML_STYLES.items():
        VARIANT(identity, "session")(type("_Wbxml", (Styled,), {"wbxml": wbxml}))


_styles()


@VARIANT("correlator-before-data", "session")
class _CorrelatorFirst(Styled):
    def reshape(self, root: Element) -> None:
        for alert in (each for each in root.walk() if each.name == "Alert"):
            alert.children.sort(key=lambda child: ("CmdID", "Correlator").index(child.name) if child.name in ("CmdID", "Correlator") else 2)


@VARIANT("meta-on-command", "session")
class _MetaOnCommand(ClientSession):
    """The Meta of a lone Item stands on its Results."""

    def arrange(self, message: Message) -> None:
        super().arrange(message)
        for command in message.commands:
            if isinstance(command, Results) and len(command.items) == 1 and not command.items[0].more:
                command.meta, command.items[0].meta = command.items[0].meta, None


@VARIANT("defaults-stated", "session")
class _DefaultsStated(ClientSession):
    """Format and Type are said of every value, also where they are those that hold anyway."""

    def dev_info(self) -> list[Item]:
        return [dataclasses.replace(item, meta=Meta(format="chr", type="text/plain")) for item in super().dev_info()]


@VARIANT("defaults-stated", "executor")
class _ResultsStated(Executor):
    def shown(self, answer: Answer, uri: str) -> Item:
        item = super().shown(answer, uri)
        type_ = answer.type or ("text/plain" if answer.format != "node" else None)
        item.meta = Meta(format=answer.format or "chr", type=type_)
        return item


# -- Statuses ------------------------------------------------------------------------------------------------------------


@VARIANT("statuses-without-refs", "session")
class _WithoutRefs(ClientSession):
    """TargetRef and SourceRef only stand where a command has a Status for each of several Items."""

    def arrange(self, message: Message) -> None:
        super().arrange(message)
        statuses = message.statuses()
        keys = [(status.msg_ref, status.cmd_ref) for status in statuses]
        for status, key in zip(statuses, keys, strict=True):
            if keys.count(key) == 1:
                status.target_refs, status.source_refs = [], []


@VARIANT("status-per-item", "executor")
class _StatusPerItem(Executor):
    """Every Item has a Status of its own, however they went."""

    def items(self, command: Command, where: Situation) -> int:
        found: list[Item] = []
        outcomes = [self._item(command, item, where, found) for item in command.items]
        for item, code in zip(command.items, outcomes, strict=True):
            self.answer(command, code, item)
        if found:
            self._out.results.append(self.results(command, found))
        return next((code for code in outcomes if not 200 <= code < 300), outcomes[0])


@VARIANT("results-per-item", "executor")
class _ResultsPerItem(Executor):
    """What one Get found in several nodes goes in Results of its own for each."""

    def execute(self, *given):  # type: ignore[no-untyped-def]
        executed = super().execute(*given)
        executed.results = [dataclasses.replace(results, items=[item]) for results in executed.results for item in results.items]
        return executed


@VARIANT("results-beside-status", "session")
class _ResultsBesideStatus(ClientSession):
    """Results stand right behind the Status of their Get, and before the next Status."""

    def arrange(self, message: Message) -> None:
        super().arrange(message)
        results = [c for c in message.commands if isinstance(c, Results)]
        if any(item.more for each in results for item in each.items):
            return
        kept = [c for c in message.commands if not isinstance(c, Results)]
        for each in results:
            ref = each.cmd_ref, each.msg_ref
            mine = [n for n, c in enumerate(kept) if isinstance(c, Status | Results) and (c.cmd_ref, c.msg_ref) == ref]
            if not mine:
                return
            kept.insert(mine[-1] + 1, each)
        message.commands = kept


@VARIANT("results-with-refs", "executor")
class _ResultsWithRefs(Executor):
    """Results of one node name it once more as what was asked for."""

    def results(self, command: Command, found: list[Item]) -> Results:
        results = super().results(command, found)
        if len(found) == 1 and found[0].source:
            results.target_refs = [found[0].source]
        return results


@VARIANT("header-status-without-cmdref", "session")
class _HeaderWithoutCmdRef(ClientSession):
    def header_status(self, header: Header) -> Status:
        status = super().header_status(header)
        status.cmd_ref = None
        return status


@VARIANT("command-ids-count-by-tens", "session")
class _CmdIdsByTens(ClientSession):
    def numbered(self, command: Command) -> Command:
        self._cmd_id += 9
        return super().numbered(command)


# -- authentication ------------------------------------------------------------------------------------------------------


@VARIANT("200-for-credentials", "authentication")
class _For200(Authentication):
    """Credentials of the server hold for the message they came with; the next message shows them again."""

    def check_server(self, *given) -> None:  # type: ignore[no-untyped-def]
        super().check_server(*given)
        if self.code == 212:
            self.code = 200


@VARIANT("credentials-on-demand", "authentication")
class _CredentialsOnDemand(Authentication):
    """Shows its credentials when it was challenged, and not before."""

    def credentials(self) -> Cred | None:
        cred = super().credentials()
        if cred is not None and not self._challenges and self.kind in (MD5, BASIC):
            self._shown = False
            return None
        return cred


# -- package 1 and identifiers -------------------------------------------------------------------------------------------


@VARIANT("devinfo-first", "session")
class _DevInfoFirst(ClientSession):
    def package_1(self) -> list[Command]:
        return super().package_1()[::-1]


@VARIANT("devinfo-in-pieces", "session")
class _DevInfoInPieces(ClientSession):
    """One Replace for each node of the device information."""

    def package_1(self) -> list[Command]:
        commands = [c for c in super().package_1() if not isinstance(c, Replace)]
        return [*commands, *(Replace(items=[item]) for item in self.dev_info())]


@VARIANT("devinfo-with-more", "session")
class _DevInfoWithMore(ClientSession):
    """Shows an interior node and a node of its own below Ext."""

    def dev_info(self) -> list[Item]:
        more = [
            Item(source="./DevInfo/Ext", meta=Meta(format="node")),
            Item(source="./DevInfo/Ext/Colour", data="blue", meta=Meta(format="chr")),
        ]
        return [*super().dev_info(), *more]


@VARIANT("devinfo-other-order", "session")
class _DevInfoOrder(ClientSession):
    def dev_info(self) -> list[Item]:
        return super().dev_info()[::-1]


@VARIANT("devinfo-with-meta-on-command", "session")
class _DevInfoMeta(ClientSession):
    def package_1(self) -> list[Command]:
        commands = super().package_1()
        for command in commands:
            if isinstance(command, Replace):
                command.meta = Meta(format="chr", type="text/plain")
        return commands


@VARIANT("decimal-session-ids", "session")
class _DecimalIds(ClientSession):
    """Session ids of four decimal digits, where no trigger says another one."""

    def start(self, alert_code: str, session_id: str, nonce: bytes | None = None) -> bytes:
        if alert_code == "1201":
            session_id = f"{int(session_id, 16) % 9000 + 1000}"
        return super().start(alert_code, session_id, nonce)


@VARIANT("lower-case-session-ids", "session")
class _LowerCaseIds(ClientSession):
    def start(self, alert_code: str, session_id: str, nonce: bytes | None = None) -> bytes:
        if alert_code == "1201":
            session_id = f"{int(session_id, 16) | 0xA000:x}"
        return super().start(alert_code, session_id, nonce)


@VARIANT("local-names", "session")
class _LocalNames(ClientSession):
    """Says a name beside the addresses of the SyncHdr."""

    def header(self) -> Header:
        header = super().header()
        header.target_name = "DM server"
        header.source_name = header.source_name or "dev-0001"
        return header


@VARIANT("response-uri", "session")
class _RespUri(ClientSession):
    """Says where answers could go, which HTTP has no use for."""

    def header(self) -> Header:
        header = super().header()
        header.resp_uri = "http://device.example/dm"
        return header


@VARIANT("limits-said-once", "session")
class _LimitsOnce(ClientSession):
    """Says how much it takes in the first message of a session only."""

    def header(self) -> Header:
        header = super().header()
        if self.msg_id > 1:
            header.meta = None
        return header


@VARIANT("no-object-limit", "session")
class _NoObjectLimit(ClientSession):
    """Does not say how big objects may be: MaxObjSize is a SHOULD."""

    def header(self) -> Header:
        header = super().header()
        if header.meta is not None:
            header.meta.max_obj_size = None
        return header


@VARIANT("small-messages", "session")
class _SmallMessages(ClientSession):
    """Takes messages of 4096 octets at most."""

    def header(self) -> Header:
        header = super().header()
        if header.meta is not None and header.meta.max_msg_size:
            header.meta.max_msg_size = "4096"
        return header


@VARIANT("white-space-in-sizes", "session")
class _WhiteSpace(ClientSession):
    """Has white space around the number of MaxMsgSize."""

    def header(self) -> Header:
        header = super().header()
        if header.meta is not None and header.meta.max_msg_size:
            header.meta.max_msg_size = f" {header.meta.max_msg_size}\n"
        return header


@VARIANT("reports-first", "session")
class _ReportsBeforeAlert(ClientSession):
    """A report stands before the session alert, as one fielded client does it."""

    def arrange(self, message: Message) -> None:
        super().arrange(message)
        alerts = [c for c in message.commands if isinstance(c, Alert) and c.data == "1226"]
        if self.msg_id == 1 and alerts:
            message.commands = [*alerts, *(c for c in message.commands if c not in alerts)]
