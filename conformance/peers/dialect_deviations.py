"""What goes wrong between versions of DM, and in the dialect of Windows Mobile: deviations of the device and of the server."""

from __future__ import annotations

import dataclasses

from conformance.dm.clientsession import ClientSession
from conformance.dm.serversession import Outgoing
from conformance.dm.tree import Tree
from conformance.fumo.agent import Report, UpdateAgent
from conformance.fumo.campaign import AWAIT, Campaign
from conformance.fumo.plan import Batch
from conformance.fumo.retrieval import Retrieval
from conformance.peers.deviation import CLIENT
from conformance.peers.outbox import Outbox
from conformance.peers.serverparts import deviation as server
from conformance.peers.talk import Session
from conformance.peers.updateobject import UpdateObject
from conformance.syncml.codec import encode, encode_tree
from conformance.syncml.codes import GENERIC_ALERT
from conformance.syncml.model import Add, Alert, Command, Exec, Header, Item, Message, Meta, Replace
from conformance.syncml.model import Sequence as Ordered
from conformance.syncml.wbxml import WbxmlStyle
from conformance.syncml.write import write_message
from conformance.syncml.xmlcodec import XmlStyle

NEWER, OLDER = "1.2", "1.1"

# -- a device of DM 1.1.2 -------------------------------------------------------------------------------------------------


@CLIENT("mobile-tells-in-older", "session")
@CLIENT("older-device-sends-alert", "session")
class _AlertInOlder(ClientSession):
    """Tells its state by a Generic Alert, whatever version it speaks."""

    def package_1(self) -> list[Command]:
        commands = super().package_1()
        if self.settings.version.startswith(OLDER):
            item = Item(meta=Meta(format="chr", type="com.example.state"), data="ready")
            commands.append(Alert(data=GENERIC_ALERT, items=[item]))
        return commands


@CLIENT("older-device-sends-correlator", "session")
class _CorrelatorInOlder(ClientSession):
    """Writes an element that DM 1.1.2 does not have."""

    def package_1(self) -> list[Command]:
        commands = super().package_1()
        for command in commands:
            if isinstance(command, Alert) and self.settings.version.startswith(OLDER):
                command.correlator = "session-1"
        return commands

    def encode(self, message: Message) -> bytes:
        return encode_tree(write_message(message, NEWER), self.settings.encoding, self.settings.version)


@CLIENT("older-device-says-newer", "session")
class _SaysNewer(ClientSession):
    """Says VerDTD 1.2 although it was set to DM 1.1.2."""

    def header(self) -> Header:
        header = super().header()
        header.ver_dtd, header.ver_proto = NEWER, f"DM/{NEWER}"
        return header


@CLIENT("older-device-newer-namespace", "session")
class _NewerNamespace(ClientSession):
    """Names SyncML 1.2 by namespace and public id, whatever VerDTD says."""

    def encode(self, message: Message) -> bytes:
        return encode(message, self.settings.encoding, NEWER)


# -- a device of Windows Mobile -------------------------------------------------------------------------------------------


@CLIENT("mobile-without-report", "outbox")
class _Silent(Outbox):
    """Installs, and never says how it went."""

    def put(self, alert: Alert, once: bool = False) -> None:
        """Nothing is kept."""


@CLIENT("mobile-source-is-root", "agent")
class _SourceIsRoot(UpdateAgent):
    """Names the object where the dialect names the node that was executed."""

    def alert(self, report: Report) -> Alert:
        alert = super().alert(report)
        for item in alert.items:
            item.source = self.root()
        return alert


@CLIENT("mobile-unused-result", "agent")
class _UnusedResult(UpdateAgent):
    """Reports codes of the enabler that the dialect does not have."""

    def report(self, code: int) -> None:
        UpdateAgent.report(self, code)


@CLIENT("mobile-without-head", "agent")
class _WithoutHead(UpdateAgent):
    """Fetches without asking for the length first."""

    def retrieve(self, url: str) -> Retrieval:
        return UpdateAgent.retrieve(self, url)


@CLIENT("mobile-root-deletable", "tree")
class _RootDeletable(Tree):
    """Lets the server delete the root of all objects."""

    def delete(self, uri: str, server: str | None = None) -> int:
        node = self.find(uri)
        if node is not None and node.uri == "./FwUpdate":
            self._detach(node)
            return 200
        return super().delete(uri, server)


@CLIENT("mobile-object-stays", "object")
class _ObjectStays(UpdateObject):
    """Keeps an object that the server deletes."""

    def build(self, creator: str | None = None) -> None:
        super().build(creator)
        self.node.access -= {"Delete"}


@CLIENT("mobile-items-in-one-alert", "agent")
class _ItemsInOneAlert(UpdateAgent):
    """Tells the result of the package and that of the whole as two Items of one Alert."""

    def alert(self, report: Report) -> Alert:
        alert = super().alert(report)
        alert.items.append(dataclasses.replace(alert.items[0]))
        return alert


@CLIENT("mobile-combined-refused", "object")
class _CombinedRefused(UpdateObject):
    """Has DownloadAndUpdate in its tree and nothing behind it."""

    def exec(self, path: str, correlator: str | None, at: float) -> int:
        return 406


@CLIENT("mobile-report-in-package-3", "session")
class _ReportInPackage3(ClientSession):
    """Lets the server speak first."""

    def _add_package_1(self) -> None:
        alerts, self.alerts = self.alerts, lambda: ()
        super()._add_package_1()
        self.alerts = alerts

    def silent(self) -> bool:
        return super().silent() and not self.alerts()

    def _offer_alerts(self) -> None:
        ClientSession._offer_alerts(self)


# -- a server of devices of DM 1.1.2 --------------------------------------------------------------------------------------


@server("correlator-for-older-device", "campaign")
class CorrelatorForOlder(Campaign):
    """Sends Correlators to everybody."""

    def execute(self, operation: str) -> Exec:
        command = super().execute(operation)
        command.correlator = command.correlator or f"{self.name}.{self.tries}"
        return command


@server("correlator-for-older-device", "session")
class WritesCorrelator(Session):
    """Writes an element that DM 1.1.2 does not have."""

    def send(self, message: Message) -> Outgoing:
        out = super().send(message)
        out.octets = encode_tree(write_message(message, NEWER), self.encoding, self.version)
        return out


@server("never-reads-state", "campaign")
class NeverReadsState(Campaign):
    """Waits for the report of a device that cannot send one."""

    def wants(self, at: float) -> bool:
        return self.phase != AWAIT and super().wants(at)


@server("newer-namespace-for-older-device", "session")
class NewerNamespace(Session):
    """Names SyncML 1.2 by namespace and public id, whatever VerDTD says."""

    def send(self, message: Message) -> Outgoing:
        self.xml, self.wbxml = XmlStyle(dtd=NEWER), WbxmlStyle(dtd=NEWER)
        return super().send(message)


# -- a server of devices of Windows Mobile --------------------------------------------------------------------------------


@server("mobile-without-correlator", "campaign")
class WithoutCorrelator(Campaign):
    """Executes without a Correlator, so that nothing is updated."""

    def execute(self, operation: str) -> Exec:
        command = super().execute(operation)
        command.correlator = None
        return command


@server("mobile-replaces-what-is-not-there", "campaign")
class ReplacesNothing(Campaign):
    """Sets the address of an object that it never added."""

    def start(self, operation: str) -> Batch:
        batch = super().start(operation)
        for command in batch.commands:
            if isinstance(command, Ordered):
                command.commands = [Replace(items=c.items) if isinstance(c, Add) else c for c in command.commands]
        return batch


@server("mobile-never-asked", "campaign")
class NeverAsked(NeverReadsState):
    """Waits for the report of a device that has none to send, and never asks how far it is."""
