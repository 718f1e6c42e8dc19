"""One DM session of the reference server: takes what comes apart, asks the campaigns what goes out. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from conformance.dm.largeobject import Splitter
from conformance.dm.serversession import PeerKeys, Received, ServerSession, ServerSettings
from conformance.fumo import question
from conformance.fumo.campaign import PLANNED, RUNNING, Campaign
from conformance.fumo.plan import FIRMWARE, Answer, Batch, Facts
from conformance.fumo.report import Report, item_codes, read_alert
from conformance.peers.enrolment import Enrolment
from conformance.peers.pieces import Pieces
from conformance.peers.planner import Planner
from conformance.syncml.codec import Decoded, decode
from conformance.syncml.codes import (
    CLIENT_EVENT,
    CLIENT_INITIATED,
    GENERIC_ALERT,
    NEXT_MESSAGE,
    NO_END_OF_DATA,
    SERVER_INITIATED,
    SESSION_ABORT,
)
from conformance.syncml.element import SyntaxFault
from conformance.syncml.model import Alert, Chal, Command, Cred, Get, Item, Message, Results, Status, text_of
from conformance.transport.exchange import Reply, Request, Source, header

SMALL = 2600
"""MaxMsgSize in octets below which commands go out one by one: header, credentials and Statuses take up to 1800."""

VAIN = 20
"""Messages in a row that add nothing to the package of a device, after which its session is ended."""

Sources = Callable[[str], Source]
Key = tuple[str, str]


class Session(ServerSession):
    """The session engine with what the server knows about alerts and versions."""

    def __init__(self, settings: ServerSettings, keys: PeerKeys) -> None:
        super().__init__(settings, keys)
        self.codes: dict[int, str] = {}
        """Statuses for Generic Alerts of the message at hand, by identity of the Alert."""
        self.mismatch: str | None = None
        self.broken: list[str] = []
        """Addresses of large objects of the device whose rest did not come; it has not been told so yet."""
        self._vain = 0

    def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> Received:
        """As the base, and looks whether the message is of a version that this server speaks."""
        received = super().receive(octets, media, headers)
        if received.message is not None:
            self.mismatch = _mismatch(received.message)
        return received

    @property
    def may_command(self) -> bool:
        """Whether the next answer may hold commands."""
        return super().may_command and self.mismatch is None

    def alert_code(self, alert: Alert) -> str:
        """Status for an Alert; that for a Generic Alert was found when it was read."""
        if alert.data == CLIENT_EVENT:
            return "200" if alert.items and all(self.readable(alert, item) for item in alert.items) else "406"
        return self.codes.get(id(alert)) or super().alert_code(alert)

    def results_code(self, results: Results) -> str:
        """Status for Results whose pieces could not be put together."""
        code = self.codes.get(id(results), "")
        return code if code[:1] in ("4", "5") else ""

    def _add_commands(self, message: Message, got: Received, commands: list[Command], large: Splitter | None) -> bool:
        """Tells the device first what it did not send to the end (DM Protocol 7)."""
        if self.authenticated and not got.aborted:
            for uri in self.broken:
                message.commands.append(self.numbered(Alert(data=NO_END_OF_DATA, items=[Item(source=uri)])))
            self.broken = []
        return super()._add_commands(message, got, commands, large)

    def ask_on(self, message: Message) -> None:
        """Asks for the rest of the device's package; one that never brings any of it is sent away (DM Protocol 8.1)."""
        got = self._received
        self._vain = self._vain + 1 if got is not None and got.message is not None and _empty(got.message) else 0
        if self._vain < VAIN:
            super().ask_on(message)
        else:
            message.commands.append(self.numbered(Alert(data=SESSION_ABORT)))

    def ends(self, message: Message, ends: bool) -> bool:
        """Whether a message ends its package; the end of a session does."""
        aborts = any(isinstance(command, Alert) and command.data == SESSION_ABORT for command in message.commands)
        return super().ends(message, ends or aborts)

    def readable(self, alert: Alert, item: Item) -> bool:
        """Whether the data of a client event can be processed: text and XML can (DM RepPro 6.6.2)."""
        meta = alert.meta_of(item)
        type_ = (meta.type or "").strip().lower()
        return item.data is not None and bool(meta.format) and (type_.startswith("text/") or type_.endswith("xml"))

    def statuses_of(self, message: Message, command: Command) -> list[Status]:
        """A Generic Alert of whose Items some can be read and some cannot gets a Status for each (DM Protocol 8.7)."""
        statuses = super().statuses_of(message, command)
        code = statuses[0].data
        if not isinstance(command, Alert) or command.data != GENERIC_ALERT or code not in ("412", "415"):
            return statuses
        codes = item_codes(command)
        if len(set(codes)) < 2 or code not in codes or not all(item.source for item in command.items):
            return statuses
        found = []
        for item, each in zip(command.items, codes, strict=True):
            status = self.status(message, command, each)
            status.source_refs = [item.source or ""]
            found.append(status)
        return found

    def header_code(self, message: Message) -> tuple[str, Chal | None]:
        """Status for the SyncHdr; versions that nobody knows are refused."""
        return super().header_code(message) if self.mismatch is None else (self.mismatch, None)

    def credentials(self) -> Cred | None:
        """The server's credentials; a client that has not shown itself does not get to see them."""
        return super().credentials() if self.authenticated else None


class Talk:
    """A session with one device; ``device`` is ``None`` for a stranger, who gets Statuses and nothing else."""

    def __init__(self, session: Session, device: Enrolment | None, planner: Planner, sources: Sources) -> None:
        self.session, self.device, self.planner, self.sources = session, device, planner, sources
        self.at = 0.0
        """When the last message came."""
        self.first_id: str | None = None
        self.opened = False
        """Whether Alert 1200 or 1201 came: without it nothing is commanded."""
        self.pieces = Pieces()
        self.left = False
        """Whether the device has begun another session since."""
        self.told = ""
        """How far the user has been told that there is nothing newer: "", look, show or done."""
        self.campaign: Campaign | None = None
        self._begun = False
        self._facts = Facts()
        self._batch = Batch()
        self._keys: dict[Key, Command] = {}
        self._statuses: dict[int, Status] = {}
        self._values: dict[int, str] = {}

    @property
    def open(self) -> bool:
        """Whether the device owes a message."""
        return not (self.session.over or self.left)

    # -- messages ----------------------------------------------------------------------------------------------------

    @classmethod
    def read(cls, octets: bytes, media: str) -> Decoded:
        """A message, of which it is not known yet to which session it belongs. Raises :class:`SyntaxFault`."""
        return decode(octets, media)

    @classmethod
    def unreadable(cls, fault: SyntaxFault) -> Reply:
        """The reply to octets that are no message."""
        text = f"This is no SyncML message: {fault}\n"
        return Reply(400, [("Content-Type", "text/plain; charset=utf-8")], text.encode())

    def answer(self, request: Request, at: float) -> Reply:
        """Takes one request of the device and gives the reply to it."""
        self.at = at
        media = header(request.headers, "content-type") or ""
        received = self.session.receive(request.body, media, {name.lower(): value for name, value in request.headers})
        message = received.message
        if message is None:
            return Reply(400, [("Content-Type", "text/plain")], b"This is no SyncML message.\n")
        if not received.repeated:
            self.take(received, message, at)
        batch = self._commands(at) if self.session.may_command else Batch()
        out = self.session.respond(batch.commands, large=self._large(batch))
        self._note(out.message)
        return Reply(200, [("Content-Type", out.media), ("Cache-Control", "no-store"), *out.headers], out.octets)

    def _large(self, batch: Batch) -> Splitter | None:
        """The package that a batch carries. One that is gone ends the campaign."""
        if not batch.large:
            return None
        try:
            return Splitter(self.sources(batch.large), "bin")
        except OSError:
            batch.commands, batch.large = [], ""
            if self.campaign is not None:
                self.campaign.denied(None)
            return None

    def take(self, received: Received, message: Message, at: float) -> None:
        """Takes in what a message says, as far as its sender has shown who he is."""
        self.session.codes = {}
        self.first_id = self.first_id or message.header.msg_id
        if not received.authenticated or self.device is None or self.session.mismatch:
            return
        self.opened = self.opened or opens(message)
        self._facts.max_obj_size = self.session.peer_max_obj
        self.pieces.take(message)
        self.session.codes, self.session.broken = self.pieces.codes, self.pieces.broken
        if not self._begun:
            self._begun, self._facts = True, self.facts()
            self.planner.opened(self.device, self._facts)
        if received.refused:
            self._statuses.clear()  # the commands go out once more
        else:
            self._collect(message)
        if self.session.may_command or received.aborted:
            self._hand_over(at)
        for alert in message.commands:
            if isinstance(alert, Alert) and alert.data == GENERIC_ALERT and id(alert) not in self.pieces.codes:
                self.session.codes[id(alert)] = self.generic(self.device, alert, at)

    def facts(self) -> Facts:
        """What this session says of the device."""
        limit = self.session.peer_max_msg
        return Facts(
            version=self.session.version, small=limit is not None and limit < SMALL,
            max_obj_size=self.session.peer_max_obj, room=max(0, min(limit or 16384, 65536) - SMALL),
        )  # fmt: skip

    def generic(self, device: Enrolment, alert: Alert, at: float) -> str:
        """Takes a Generic Alert; its Status (DM Protocol 8.7, FUMO TS 7.1)."""
        code, reports = read_alert(alert)
        for report in reports:
            if report.operation:
                self.planner.report(device, report)
            elif not self.planner.request(device, report, at):
                code = "202" if code == "200" else code
                if report.by_user and not self._under_way(device, report):
                    self.told = self.told or "look"
        return code

    def _under_way(self, device: Enrolment, report: Report) -> bool:
        return any(campaign.status in (PLANNED, RUNNING) for campaign in self.planner.of(device, report.root))

    # -- answers to commands -----------------------------------------------------------------------------------------

    def _note(self, message: Message) -> None:
        """Remembers under which ids commands went out; each piece of a large object has ids of its own."""
        mine = {id(command): command for command in _flat(self._batch.commands)}
        for command in message.walk():
            original = mine.get(id(command))
            if original is None and self._batch.large and command is self.session.large_command:
                original = self._batch.commands[-1]
            if original is not None:
                self._keys[message.header.msg_id or "", command.cmd_id or ""] = original

    def _collect(self, message: Message) -> None:
        for command in message.commands:
            if not isinstance(command, Status | Results):
                continue
            original = self._keys.get((command.msg_ref or "", command.cmd_ref or ""))
            if original is None:
                continue
            if isinstance(command, Status):
                self._statuses[id(original)] = command
            elif command.items and id(command) not in self.pieces.codes:
                value = text_of(command.items[0], command.meta_of(command.items[0]))
                self._values[id(original)] = (self._values.get(id(original), "") + value)[:MAX_VALUE]

    def _hand_over(self, at: float) -> None:
        """Gives the answers to the campaign that asked."""
        batch, self._batch = self._batch, Batch()
        if not batch.commands:
            return
        answers = [self._answer(command) for command in _flat(batch.commands)]
        self._keys, self._statuses, self._values = {}, {}, {}
        if self.campaign is not None:
            self.campaign.take(answers, at)
        elif self.device is not None and any(isinstance(answer.command, Alert) for answer in answers):
            self.device.lacks_display = any(answer.code == 406 for answer in answers)

    def _answer(self, command: Command) -> Answer:
        status = self._statuses.get(id(command))
        if status is None:
            return Answer(command)
        text = (status.data or "").strip()
        code = int(text) if text.isascii() and text.isdigit() and len(text) == 3 else 0
        data = tuple(text_of(item) for item in status.items[:64])
        return Answer(command, 0 if code == 213 else code, data, self._values.get(id(command)))

    # -- commands ----------------------------------------------------------------------------------------------------

    def _commands(self, at: float) -> Batch:
        """What the device is told next; an empty batch ends the session."""
        if self.device is None or self.left or not self.opened:
            return Batch()
        self._batch = self._next(self.device, at)
        return self._batch

    def _next(self, device: Enrolment, at: float) -> Batch:
        if self.campaign is not None:
            batch = self.campaign.next(at)
            if batch is not None:
                return batch
        self.campaign = None
        for campaign in self.planner.wanting(device, at):
            batch = campaign.next(at)
            if batch is not None:
                self.campaign = campaign
                return batch
        return self._tell(device)

    def _tell(self, device: Enrolment) -> Batch:
        """Tells a user who asked that there is nothing newer, after a look at what runs."""
        if self.told == "look":
            self.told = "show"
            return Batch([Get(items=[Item(target=FIRMWARE)])])
        if self.told == "show" and not device.lacks_display:
            self.told = "done"
            return Batch([question.display("Your firmware is up to date.")])
        return Batch()


MAX_VALUE = 65536
"""Characters of a value that are kept."""


def opens(message: Message) -> bool:
    """Whether a message looks like the beginning of package #1: it holds Alert 1200 or 1201."""
    return any(isinstance(c, Alert) and c.data in (SERVER_INITIATED, CLIENT_INITIATED) for c in message.commands)


def _empty(message: Message) -> bool:
    """Whether a message holds nothing but the request for more and the Statuses for what asked for it."""
    alerts = [command for command in message.commands if not isinstance(command, Status)]
    answers = all(status.cmd in ("SyncHdr", "Alert") for status in message.statuses())
    return answers and all(isinstance(each, Alert) and each.data == NEXT_MESSAGE for each in alerts)


def _mismatch(message: Message) -> str | None:
    """Status for a version that this server does not speak: 505 (VerDTD), 513 (VerProto); else ``None``."""
    if (message.header.ver_dtd or "").strip() not in ("1.1", "1.2"):
        return "505"
    return None if (message.header.ver_proto or "").strip() in ("DM/1.1", "DM/1.2") else "513"


def _flat(commands: Sequence[Command]) -> list[Command]:
    return list(Message(commands=list(commands)).walk())
