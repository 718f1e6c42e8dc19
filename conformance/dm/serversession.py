"""One DM session seen from the server: packages 2 and 4 (DM Protocol 5 to 9). No I/O, no clock.

The session checks credentials, keeps the books of what must be answered, asks for the rest of a package, splits large
objects and repeats its commands where the client wants other credentials first. What to command is the caller's.
Small methods are there to be overridden by a deviation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from conformance.dm.credentials import mac_header
from conformance.dm.largeobject import Splitter
from conformance.dm.serverauthentication import PeerKeys, ServerAuthentication, ServerSettings
from conformance.syncml.codec import Decoded, decode, encode, media_type
from conformance.syncml.element import SyntaxFault
from conformance.syncml.model import (
    Alert,
    Block,
    Command,
    Header,
    Item,
    Message,
    Meta,
    Other,
    Results,
    Status,
)
from conformance.syncml.wbxml import WbxmlStyle
from conformance.syncml.xmlcodec import XmlStyle

__all__ = ["Outgoing", "PeerKeys", "Received", "ServerSession", "ServerSettings"]
C = TypeVar("C", bound=Command)

NEXT_MESSAGE, SESSION_ABORT, GENERIC_ALERT = "1222", "1223", "1226"


@dataclass(slots=True)
class Received:
    """What became of one message of the client."""

    decoded: Decoded | None = None
    fault: SyntaxFault | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    authenticated: bool = False
    complete: bool = False
    aborted: bool = False
    repeated: bool = False
    refused: bool = False

    @property
    def message(self) -> Message | None:
        """The message, where the octets were one."""
        return self.decoded.message if self.decoded else None


@dataclass(slots=True)
class Outgoing:
    """A message ready to be sent."""

    message: Message
    octets: bytes
    media: str
    headers: list[tuple[str, str]] = field(default_factory=list)


class ServerSession(ServerAuthentication):
    """One session. Call :meth:`receive` with each request and :meth:`respond` once for each."""

    def __init__(
        self, settings: ServerSettings, keys: PeerKeys, *, xml: XmlStyle | None = None, wbxml: WbxmlStyle | None = None
    ) -> None:
        super().__init__(settings, keys)
        self.xml, self.wbxml = xml, wbxml
        self.session_id: str | None = None
        self.device = ""
        self.device_name: str | None = None
        self.version = "1.2"
        self.encoding = "xml"
        self.peer_max_msg: int | None = None
        self.peer_max_obj: int | None = None
        self.over = False
        self._msg_id = 0
        self._cmd_id = 0
        self._received: Received | None = None
        self.read: tuple[bytes, Decoded] | None = None
        """Octets that were decoded already on their way here, and what they say."""
        self._print = self._incoming = b""
        """Digest of the message that was answered last, and of the one at hand."""
        self._answer: Outgoing | None = None
        self._commands: list[Command] = []
        self._splitter: Splitter | None = None
        self._large: Command | None = None
        self._first: Splitter | None = None
        self._unfinished = False

    # -- receiving ---------------------------------------------------------------------------------------------------

    def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> Received:
        """Takes a message of the client. ``headers`` with lower-case names. Never raises for what the client sent."""
        read, self.read = self.read, None
        try:
            found: Decoded | SyntaxFault = read[1] if read is not None and read[0] is octets else decode(octets, media)
        except SyntaxFault as fault:
            found = fault
        return self.receive_decoded(found, octets, headers)

    def receive_decoded(self, found: Decoded | SyntaxFault, octets: bytes, headers: Mapping[str, str]) -> Received:
        """The same for octets that were decoded already, or found to be no message."""
        self._received = received = Received()
        if isinstance(found, SyntaxFault):
            received.fault = found
            return received
        received.decoded = found
        message = found.message
        if self.repeats(octets):
            received.repeated = True
            received.authenticated = self.authenticated
            return received
        self._incoming = hashlib.sha256(octets).digest()
        self.encoding = received.decoded.encoding
        self._take_header(message)
        self.facts = received.facts = self.check(message, octets, headers)
        received.authenticated = self.authenticated
        received.complete = message.final
        received.aborted = any(isinstance(c, Alert) and c.data == SESSION_ABORT for c in message.commands)
        received.refused = self.take_header_status(message)
        self._take_chunk_status(message)
        return received

    def repeats(self, octets: bytes) -> bool:
        """Whether these are the octets of the message that was answered last: its answer was lost."""
        return self._answer is not None and hashlib.sha256(octets).digest() == self._print

    def _take_header(self, message: Message) -> None:
        header = message.header
        if self.session_id is None:
            self.session_id = header.session_id
            self.version = "1.1" if (header.ver_dtd or "").startswith("1.1") else "1.2"
        self.device = header.source or self.device
        self.device_name = header.source_name or self.device_name
        if header.meta is not None:
            self.peer_max_msg = _number(header.meta.max_msg_size) or self.peer_max_msg
            if header.meta.max_obj_size is not None:
                self.peer_max_obj = _number(header.meta.max_obj_size)

    def _take_chunk_status(self, message: Message) -> None:
        if self._splitter is None or self._large is None:
            return
        codes = [s.data for s in message.statuses() if s.cmd_ref == self._large.cmd_id and s.cmd != "SyncHdr"]
        ended = any(isinstance(c, Alert) and c.data in ("1225", SESSION_ABORT) for c in message.commands)
        if ended or (codes and codes[0] != "213"):
            self.break_off()

    # -- answering ---------------------------------------------------------------------------------------------------

    @property
    def sending_large(self) -> bool:
        """Whether chunks of a large object are still to be sent."""
        return self._splitter is not None

    def break_off(self) -> None:
        """Sends no more of the large object that is half sent, whatever the client makes of that."""
        self._splitter = self._large = None

    @property
    def large_command(self) -> Command | None:
        """The command that carried the newest piece of a large object; each piece goes in a command of its own."""
        return self._large

    @property
    def complete(self) -> bool:
        """Whether the client has said all it may: its Final is there, or the server's own package is still open."""
        got = self._received
        return bool(got and (got.complete or (self._unfinished and not self.sending_large)))

    @property
    def may_command(self) -> bool:
        """Whether the next answer may hold commands: client authenticated, its package complete, no object half sent."""
        got = self._received
        return bool(
            got
            and got.message
            and self.authenticated
            and self.complete
            and not got.aborted
            and not got.repeated
            and not self.sending_large
            and not (got.refused and self._commands)
        )

    def respond(
        self, commands: Sequence[Command] = (), *, large: Splitter | None = None, final: bool | None = None
    ) -> Outgoing:
        """The answer to the message last received.

        ``commands`` go out only where :attr:`may_command` holds, ``large`` is sent in as many messages as it takes (the
        command it belongs to is the last of ``commands``, with an Item without Data). ``final`` overrules Final.
        """
        got = self._received
        if got is None or got.message is None:
            raise ValueError("nothing was received that could be answered")
        if got.repeated and self._answer is not None:
            return self._answer
        self._msg_id += 1
        self._cmd_id = 0
        message = Message(header=self.header())
        message.commands = list(self.statuses(got.message))
        ends = self._add_commands(message, got, list(commands), large)
        message.final = self.ends(message, ends) if final is None else final
        self._unfinished = self.sending_large or final is False
        self.over = message.final and not self.expects_answer(message)
        self._answer, self._print = self.send(message), self._incoming
        return self._answer

    def _add_commands(self, message: Message, got: Received, commands: list[Command], large: Splitter | None) -> bool:
        """Appends what may be sent now; returns whether the package ends with it (DM Protocol 6.2)."""
        if got.aborted or not self.authenticated:
            return True
        if not self.complete and not self.sending_large:
            self.ask_on(message)
            return False
        if self.sending_large and self._large is not None:
            return self.add_chunk(message)
        if got.refused and self._commands:
            commands = self._commands
            large = None if self._first is None else Splitter(self._first.source, self._first.format)
        self._commands, self._first = commands, large
        for command in commands:
            message.commands.append(self.numbered(command))
        if large is not None and commands:
            self._splitter, self._large = large, commands[-1]
            return self.fill_chunk(message, commands[-1])
        return True

    def ends(self, message: Message, ends: bool) -> bool:
        """Whether a message ends its package; ``ends`` is what the rules say (DM Protocol 6.2)."""
        return ends

    def ask_on(self, message: Message) -> None:
        """Asks for the rest of the client's package (DM Protocol 6.2)."""
        message.commands.append(self.numbered(Alert(data=NEXT_MESSAGE)))

    def add_chunk(self, message: Message) -> bool:
        """Adds the next piece of the large object; true where it is the last."""
        assert self._large is not None
        self._large = self.numbered(self.next_chunk(self._large))
        message.commands.append(self._large)
        return self.fill_chunk(message, self._large)

    def next_chunk(self, before: Command) -> Command:
        """The command for the next piece, as the one before but for Size, which only the first has (DM Protocol 7)."""
        item = Item(target=before.items[0].target, meta=_without_size(before.items[0].meta))
        return type(before)(items=[item], meta=_without_size(before.meta))

    def fill_chunk(self, message: Message, command: Command) -> bool:
        """Puts the next piece of the large object into the command; true where it is the last."""
        assert self._splitter is not None
        room = self.room(message)
        last = self._splitter.fill(command.items[0], room, self.encoding)
        if last:
            self._splitter = None
        return last

    def room(self, message: Message) -> int:
        """Octets left for data in a message before the client's MaxMsgSize is reached."""
        limit = self.peer_max_msg or self.settings.max_msg_size or 65536
        return max(64, min(limit, 65536) - len(self.send(message).octets) - 160)

    def header(self) -> Header:
        """SyncHdr of the next message, with credentials while the client wants them (DM Protocol 9.1)."""
        settings = self.settings
        meta = None
        if settings.max_msg_size is not None or settings.max_obj_size is not None:
            meta = Meta(
                max_msg_size=None if settings.max_msg_size is None else str(settings.max_msg_size),
                max_obj_size=None if settings.max_obj_size is None else str(settings.max_obj_size),
            )
        header = Header(
            ver_dtd=self.version,
            ver_proto=f"DM/{self.version}",
            session_id=self.session_id,
            msg_id=str(self._msg_id),
            target=self.device,
            source=settings.server_id,
            resp_uri=settings.resp_uri,
            meta=meta,
        )
        header.cred = self.credentials()
        if self.own_kind in ("md5", "hmac"):
            header.source_name = self.keys.account.username
        return header

    def statuses(self, message: Message) -> list[Status]:
        """One Status for the SyncHdr and one for each command that wants one, in order (DM Protocol 8.4, 8.6)."""
        answers = [self.header_status(message)]
        for command in message.commands:
            if isinstance(command, Status):
                continue
            if isinstance(command, Results):
                code = self.results_code(command)
                answers += [self.numbered(self.status(message, command, code))] if code else []
            else:
                answers += [self.numbered(status) for status in self.statuses_of(message, command)]
        return answers

    def results_code(self, results: Results) -> str:
        """Status code for Results that could not be taken; "" for all others, which get no Status (DM RepPro 6.5.1)."""
        return ""

    def statuses_of(self, message: Message, command: Command) -> list[Status]:
        """The Statuses for one command: one, or one for each of its Items where they did not go alike."""
        return [self.status(message, command, self.code(command))]

    def header_status(self, message: Message) -> Status:
        """Status for the SyncHdr with the challenge where one is due."""
        code, chal = self.header_code(message)
        return self.numbered(
            Status(
                msg_ref=message.header.msg_id,
                cmd_ref="0",
                cmd="SyncHdr",
                data=code,
                chal=chal,
                target_refs=[message.header.target or ""],
                source_refs=[message.header.source or ""],
            )
        )

    def code(self, command: Command) -> str:
        """Status code for a command of the client."""
        if not self.authenticated:
            return self.refusal()
        if isinstance(command, Alert):
            return self.alert_code(command)
        if isinstance(command, Other):
            return "400"
        return "200" if command.name == "Replace" else "406"

    def alert_code(self, alert: Alert) -> str:
        """Status code for an Alert of the client."""
        if alert.data == GENERIC_ALERT:
            return self.settings.generic_alerts
        known = ("1200", "1201", NEXT_MESSAGE, SESSION_ABORT, "1224", "1225")
        return "200" if alert.data in known else "406"

    def status(self, message: Message, command: Command, code: str) -> Status:
        """A Status for one command."""
        return Status(msg_ref=message.header.msg_id, cmd_ref=command.cmd_id, cmd=command.name, data=code)

    def numbered(self, command: C) -> C:
        """Gives the command, and those inside it, the next CmdIDs of the message."""
        self._cmd_id += 1
        command.cmd_id = str(self._cmd_id)
        if isinstance(command, Block):
            for inner in command.commands:
                self.numbered(inner)
        return command

    def expects_answer(self, message: Message) -> bool:
        """Whether the client owes an answer to this message (DM Protocol 8)."""
        status = message.header_status()
        if status is not None and status.data in ("401", "407"):
            return True
        return any(
            not isinstance(c, Status) and not (isinstance(c, Alert) and c.data == SESSION_ABORT)
            for c in message.commands
        )

    def send(self, message: Message) -> Outgoing:
        """Encodes a message in the client's encoding and adds the integrity header where the session uses it."""
        octets = self.encode(message)
        out = Outgoing(message, octets, media_type(self.encoding))
        if self.own_kind == "hmac" and self.settings.send_credentials:
            out.headers.append(("x-syncml-hmac", mac_header(self.keys.account, self.nonce, octets)))
        return out

    def encode(self, message: Message) -> bytes:
        """The octets of a message in the client's encoding and version."""
        return encode(message, self.encoding, self.version, xml=self.xml, wbxml=self.wbxml)


def _without_size(meta: Meta | None) -> Meta | None:
    return None if meta is None else Meta(format=meta.format, type=meta.type, mark=meta.mark)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.strip().isdigit() and len(text) < 12 else None
