"""Tolerated variants of the reference server: other forms of messages and answers that are as right.

``testcases/variants/server.yaml`` says of each in one sentence what it is, and what leaves the freedom.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from conformance.dm.credentials import BASIC, MD5
from conformance.dm.serversession import Outgoing, PeerKeys, Received, ServerSettings
from conformance.peers.client_message_variants import WBXML_STYLES, XML_STYLES
from conformance.peers.security import ServerTransport
from conformance.peers.serverparts import VARIANTS as VARIANT
from conformance.peers.talk import Session
from conformance.syncml.codec import Decoded
from conformance.syncml.element import SyntaxFault
from conformance.syncml.model import Alert, Command, Cred, Header, Item, Message, Meta, Replace, Results, Status
from conformance.syncml.wbxml import WbxmlStyle
from conformance.syncml.xmlcodec import XmlStyle
from conformance.transport.exchange import Reply

# -- how messages are written ----------------------------------------------------------------------------------------------


class _Styled(Session):
    form: XmlStyle | WbxmlStyle

    def __init__(self, settings: ServerSettings, keys: PeerKeys) -> None:
        super().__init__(settings, keys)
        if isinstance(self.form, XmlStyle):
            self.xml = self.form
        else:
            self.wbxml = self.form


def _styles() -> None:
    for identity, form in {**XML_STYLES, **WBXML_STYLES}.items():
        VARIANT(identity, "session")(type("_Form", (_Styled,), {"form": form}))


_styles()


class _Arranged(Session):
    """A session that changes a message before it is written."""

    def arrange(self, message: Message) -> None:
        """Changes the message."""

    def send(self, message: Message) -> Outgoing:
        self.arrange(message)
        return super().send(message)


def _items(message: Message) -> list[tuple[Command, Item]]:
    return [(c, item) for c in message.walk() if not isinstance(c, Status | Results) for item in c.items]


@VARIANT("targets-without-root", "session")
class WithoutRoot(Session):
    """Names nodes without the ``./`` in front; the campaign knows them by their whole name."""

    def send(self, message: Message) -> Outgoing:
        aimed = [(item, item.target) for command, item in _items(message) if not isinstance(command, Alert) and item.target]
        for item, target in aimed:
            item.target = target.removeprefix("./")
        outgoing = super().send(message)
        for item, target in aimed:
            item.target = target
        return outgoing


@VARIANT("meta-on-command", "session")
class MetaOnCommand(_Arranged):
    """Puts the Meta of a lone Item on its command."""

    def arrange(self, message: Message) -> None:
        for command, item in _items(message):
            if isinstance(command, Replace) and len(command.items) == 1 and item.meta is not None:
                command.meta, item.meta = item.meta, None


@VARIANT("defaults-unsaid", "session")
class DefaultsUnsaid(_Arranged):
    """Says neither Format nor Type where the defaults hold (AMB-default-meta)."""

    def arrange(self, message: Message) -> None:
        for _command, item in _items(message):
            if item.meta == Meta(format="chr", type="text/plain"):
                item.meta = None


@VARIANT("names-beside-addresses", "session")
class Names(_Arranged):
    """Gives every target a name beside its address."""

    def arrange(self, message: Message) -> None:
        for _command, item in _items(message):
            if item.target:
                item.target_name = "a node"


@VARIANT("command-ids-count-by-tens", "session")
class CommandIds(_Arranged):
    """Numbers commands by tens."""

    def numbered(self, command: Any) -> Any:
        self._cmd_id += 9
        return super().numbered(command)


# -- Statuses ------------------------------------------------------------------------------------------------------------


@VARIANT("header-status-without-refs", "session")
class WithoutRefs(Session):
    """Says in the Status for SyncHdr neither Target nor Source."""

    def header_status(self, message: Message) -> Status:
        status = super().header_status(message)
        status.target_refs, status.source_refs = [], []
        return status


@VARIANT("header-status-without-cmdref", "session")
class WithoutCmdRef(Session):
    """Leaves CmdRef out of the Status for SyncHdr (AMB-missing-cmdref)."""

    def header_status(self, message: Message) -> Status:
        status = super().header_status(message)
        status.cmd_ref = None
        return status


@VARIANT("status-per-item", "session")
class StatusPerItem(Session):
    """Gives every Item of the device information a Status of its own."""

    def statuses_of(self, message: Message, command: Command) -> list[Status]:
        statuses = super().statuses_of(message, command)
        if len(statuses) > 1 or not isinstance(command, Replace) or len(command.items) < 2:
            return statuses
        found = []
        for item in command.items:
            status = self.status(message, command, statuses[0].data or "200")
            status.source_refs = [item.source or ""]
            found.append(status)
        return found


@VARIANT("statuses-with-text", "session")
class StatusText(Session):
    """Adds a word for the reader to Statuses of Alerts."""

    def status(self, message: Message, command: Command, code: str) -> Status:
        status = super().status(message, command, code)
        if isinstance(command, Alert):
            status.items = [Item(data="Thank you.")]
        return status


@VARIANT("statuses-with-source", "session")
class StatusSource(Session):
    """Repeats the Source of a lone Item in its Status."""

    def status(self, message: Message, command: Command, code: str) -> Status:
        status = super().status(message, command, code)
        if len(command.items) == 1 and command.items[0].source:
            status.source_refs = [command.items[0].source]
        return status


@VARIANT("reports-answered-202", "session")
class Reports202(Session):
    """Takes reports for later processing."""

    def alert_code(self, alert: Alert) -> str:
        code = super().alert_code(alert)
        return "202" if code == "200" and alert.data == "1226" else code


@VARIANT("chunks-answered-213", "session")
class Chunks213(Session):
    """Gives pieces of Results Status 213 (AMB-results-chunk-status)."""

    def results_code(self, results: Results) -> str:
        code = super().results_code(results)
        return code or ("213" if any(item.more for item in results.items) else "")


# -- authentication ------------------------------------------------------------------------------------------------------


@VARIANT("200-for-credentials", "session")
class For200(Session):
    """Wants the credentials with every message: 200 instead of 212 (AMB-auth-success-status)."""

    def __init__(self, settings: ServerSettings, keys: PeerKeys) -> None:
        super().__init__(dataclasses.replace(settings, each_message=True), keys)


@VARIANT("credentials-on-demand", "session")
class OnDemand(Session):
    """Shows its credentials when the device asks for them."""

    def credentials(self) -> Cred | None:
        cred = super().credentials()
        return cred if self.refusals or self.keys.kind not in (MD5, BASIC) else None


@VARIANT("challenges-first", "session")
class ChallengesFirst(Session):
    """Challenges the first message of a session, whatever credentials it has: a new nonce for each session."""

    asked = False

    def check(self, message: Message, octets: bytes, headers: Any) -> dict[str, Any]:
        facts = super().check(message, octets, headers)
        if not self.asked and self.keys.kind == MD5:
            self.asked, self.authenticated = True, False
            facts["credentials"] = {**facts["credentials"], "result": "stale"}
        return facts


# -- headers ---------------------------------------------------------------------------------------------------------------


@VARIANT("no-response-uri", "session")
class NoRespUri(Session):
    """Takes all messages at one address."""

    def header(self) -> Header:
        header = super().header()
        header.resp_uri = None
        return header


@VARIANT("response-uri-once", "session")
class RespUriOnce(Session):
    """Says in its first message only where the session goes on."""

    def header(self) -> Header:
        header = super().header()
        if self._msg_id > 1:
            header.resp_uri = None
        return header


@VARIANT("response-uri-changes", "session")
class RespUriChanges(Session):
    """Has another address for every message."""

    def header(self) -> Header:
        header = super().header()
        if header.resp_uri:
            header.resp_uri = f"{header.resp_uri}&turn={self._msg_id}"
        return header


@VARIANT("no-message-limit", "session")
class NoLimit(Session):
    """Says MaxObjSize and no MaxMsgSize."""

    def header(self) -> Header:
        header = super().header()
        if header.meta is not None:
            header.meta.max_msg_size = None
        return header


@VARIANT("limits-said-once", "session")
class LimitsOnce(Session):
    """Says in the first message of a session only how much it takes."""

    def header(self) -> Header:
        header = super().header()
        if self._msg_id > 1:
            header.meta = None
        return header


@VARIANT("server-name", "session")
class ServerName(Session):
    """Says the name of the device, and its own where no credentials need that place."""

    def header(self) -> Header:
        header = super().header()
        header.target_name = self.device_name
        return header


@VARIANT("small-pieces", "session")
class SmallPieces(Session):
    """Sends large objects in pieces of at most 900 octets."""

    def room(self, message: Message) -> int:
        return min(900, super().room(message))


# -- HTTP ----------------------------------------------------------------------------------------------------------------


@VARIANT("http-more-headers", "transport")
class MoreHeaders(ServerTransport):
    """Sends headers that common web servers add."""

    def answered(self, reply: Reply, authenticated: bool) -> Reply:
        reply = super().answered(reply, authenticated)
        reply.headers.extend([("Server", "any/1"), ("Set-Cookie", "JSESSIONID=1; Path=/"), ("Vary", "*"), ("Connection", "close")])
        return reply


@VARIANT("http-few-headers", "transport")
class FewHeaders(ServerTransport):
    """Says nothing but what the body is, with its charset."""

    def answered(self, reply: Reply, authenticated: bool) -> Reply:
        reply = super().answered(reply, authenticated)
        kept = [(name, value) for name, value in reply.headers if name.lower() == "x-syncml-hmac"]
        media = [(name, f"{value}; charset=UTF-8") for name, value in reply.headers if name.lower() == "content-type"]
        reply.headers[:] = [*media, *kept]
        return reply


# -- what it passes over ---------------------------------------------------------------------------------------------------


@VARIANT("nonce-of-strangers-unused", "session")
class Unimpressed(Session):
    """Keeps to the nonces that it got from a device that had shown itself."""

    def take_header_status(self, message: Message) -> bool:
        status = message.header_status()
        if status is not None and status.chal is not None and not self.authenticated:
            return False
        return super().take_header_status(message)


@VARIANT("wbxml-attribute-refused", "session")
class Plain(Session):
    """Reads no attribute in WBXML: nobody has to."""

    def receive_decoded(self, found: Decoded | SyntaxFault, octets: bytes, headers: Mapping[str, str]) -> Received:
        if isinstance(found, Decoded) and any(note.code == "xmlns-attribute" for note in found.observations):
            found = SyntaxFault("an attribute")
        return super().receive_decoded(found, octets, headers)
