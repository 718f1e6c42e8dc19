"""One DM session seen from the client: packages 1 and 3 (DM Protocol 5 to 9). No I/O, no clock.

The session shows who the device is and checks who the server is, carries out commands by its executor, splits what is
too long for one message and keeps silent where there is nothing to say. Small methods are there to be overridden by a
deviation.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from conformance.dm.answers import Packer
from conformance.dm.authentication import Authentication
from conformance.dm.credentials import BASIC, HMAC, MD5
from conformance.dm.executor import Executed, Executor, clean
from conformance.syncml import codes
from conformance.syncml.codec import Decoded, decode, encode, media_type
from conformance.syncml.element import SyntaxFault
from conformance.syncml.model import Alert, Chal, Command, Cred, Header, Item, Message, Meta, Replace, Results, Status

MAX_MESSAGES = 10_000
"""Messages of one session after which the device gives up: no server needs more."""
MAX_FRUITLESS = 8
"""Messages in a row without Final and without a command after which the device asks for no more."""
HEAD_ROOM = 1024
"""Octets of a message that its header and Statuses take: what a value must leave where it cannot be cut."""
VERSIONS = {"1.2": "1.2", "1.1.2": "1.1", "1.1": "1.1"}
"""VerDTD by version of DM."""


@dataclass(slots=True)
class ClientSettings:
    """Facts of a client. Sizes in octets, ``None`` announces nothing. ``known`` are the authentication types it has."""

    device_id: str
    server_id: str
    url: str
    dev_info: Sequence[tuple[str, str]]
    encoding: str = "xml"
    version: str = "1.2"
    authentication: str = MD5
    known: Sequence[str] = (MD5, BASIC, HMAC)
    max_msg_size: int | None = 65536
    max_obj_size: int | None = None
    large_objects: bool = True
    tries: int = 3
    whole_atomics: bool = False
    """Whether the answers to an Atomic go in one message or the Atomic is undone (DM RepPro 6.6.3)."""


@dataclass(slots=True)
class Delivery:
    """What a server said to an Alert of the device: the alert as it was handed in, and the status."""

    alert: Alert
    code: str


class ClientSession:
    """One session. :meth:`start` gives package #1, :meth:`receive` takes each answer and gives the next message.

    After each message that is to be sent, ``url``, ``media`` and ``headers`` say where and how. ``alerts`` is asked for
    the alerts that wait to be delivered; what became of them is in :attr:`deliveries`.
    """

    def __init__(
        self, settings: ClientSettings, authentication: Authentication, executor: Executor,
        alerts: Callable[[], Sequence[Alert]],
    ) -> None:
        self.settings, self.authentication, self.executor, self.alerts = settings, authentication, executor, alerts
        self.url = settings.url
        self.media = media_type(settings.encoding)
        self.headers: list[tuple[str, str]] = []
        self.deliveries: list[Delivery] = []
        self.over = False
        self.failed = ""
        """Why the session ended before its time; "" where it did not."""
        self.session_id = ""
        self.alert_code = codes.CLIENT_INITIATED
        self.packer = Packer(settings.encoding, settings.large_objects)
        self.max_msg_size: int | None = None
        """What the server takes at most, ``None`` where it has not said."""
        self.server_open = False
        """Whether the server is in the middle of a package."""
        self.refused = 0
        """Messages of the server that were refused for its credentials."""
        self.msg_id = 0
        self._cmd_id = 0
        self._fruitless = 0
        self._offered: dict[int, tuple[Alert, Alert]] = {}
        self._sent: dict[tuple[str, str], Alert] = {}
        self._aborting = False
        self.read: tuple[bytes, Decoded] | None = None
        """The octets that were read last, and what they say."""

    @property
    def unanswered(self) -> bool:
        """Whether alerts were sent that the server has not given a Status."""
        return bool(self._sent)

    # -- package 1 ---------------------------------------------------------------------------------------------------

    def start(self, alert_code: str, session_id: str, nonce: bytes | None = None) -> bytes:
        """Package #1. ``nonce`` takes the place of the stored one where a trigger asks for it (DM Notification 5.1)."""
        self.alert_code, self.session_id = alert_code, session_id
        if nonce is not None:
            self.authentication.nonce = nonce
        self._add_package_1()
        return self._send(None)

    def _add_package_1(self) -> None:
        self._offered.clear()
        self.packer.clear()
        self.packer.commands.extend(self.package_1())
        self._offer_alerts()

    def package_1(self) -> list[Command]:
        """What package #1 holds beside Statuses and Generic Alerts: the session alert and DevInfo (DM Protocol 8.3)."""
        return [Alert(data=self.alert_code), Replace(items=self.dev_info())]

    def dev_info(self) -> list[Item]:
        """The Items of the device information."""
        return [Item(source=uri, data=value) for uri, value in self.settings.dev_info]

    def _offer_alerts(self) -> None:
        if VERSIONS[self.settings.version] == "1.1":
            return  # DM 1.1.2 has no Generic Alert
        offered = {id(origin) for origin, _ in self._offered.values()}
        for alert in self.alerts():
            if id(alert) not in offered:
                sent = copy.deepcopy(alert)
                self._offered[id(sent)] = alert, sent
                self.packer.commands.append(sent)

    # -- receiving ---------------------------------------------------------------------------------------------------

    def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> bytes | None:
        """Takes a message of the server. The next message, or ``None`` where the session is over.

        ``headers`` are those of the response, names in lower case. Never raises for what the server sent.
        """
        try:
            found = decode(octets, media)
        except SyntaxFault as fault:
            return self.end(f"the server's answer is no message: {fault.reason}")
        self.read, message = (octets, found), found.message
        if self._aborting:
            return self.end("")
        self._take_header(message)
        self.authentication.check_server(message, octets, headers)
        self._take_statuses(message)
        challenged = self.authentication.take(message.header_status())
        if self.authentication.failed:
            return self.end(self.authentication.failed)
        self.authentication.remember()
        alerts = [c.data for c in message.commands if isinstance(c, Alert)]
        if codes.SESSION_ABORT in alerts:
            return self.end("the server aborted the session")
        if codes.NO_END_OF_DATA in alerts:
            self.packer.drop_large()
        return self._answer(message, challenged)

    def end(self, why: str) -> bytes | None:
        """The session is over; ``why`` is "" where that is as it should be."""
        self.over, self.failed = True, why
        self.executor.assembler.drop()
        return None

    def _take_header(self, message: Message) -> None:
        header = message.header
        if header.resp_uri:
            self.url = _joined(self.url, header.resp_uri) or self.url
        meta = header.meta or Meta()
        self.max_msg_size = _number(meta.max_msg_size) or self.max_msg_size
        if meta.max_obj_size is not None:
            self.executor.max_obj_size = _number(meta.max_obj_size) or None
        if not self.settings.large_objects and self.max_msg_size:
            self.executor.max_obj_size = max(0, self.max_msg_size - HEAD_ROOM)

    def _take_statuses(self, message: Message) -> None:
        """Notes what became of the alerts and of large Results that were sent."""
        for status in message.statuses():
            if status.cmd == "Results" and (status.data or "")[:1] in ("4", "5"):
                self.packer.drop_large()
            alert = self._sent.pop((status.msg_ref or "", status.cmd_ref or ""), None)
            if alert is not None and status.data not in ("401", "407", None):
                self.deliveries.append(Delivery(alert, status.data or ""))

    # -- answering ---------------------------------------------------------------------------------------------------

    def _answer(self, message: Message, challenged: bool) -> bytes | None:
        wanted = [c for c in message.commands if not isinstance(c, Status | Results)]
        if not wanted:
            self.authentication.spare(challenged)
        idle = not self.packer.waiting
        if idle or message.final:
            self.server_open = not message.final
        asks = all(isinstance(c, Alert) and c.data == codes.NEXT_MESSAGE for c in wanted)
        self._fruitless = self._fruitless + 1 if idle and self.server_open and asks else 0
        if self._fruitless > MAX_FRUITLESS:
            return self.end("the server does not end its package")
        executed = self._execute(message, wanted)
        if challenged:
            self._add_package_1()
        self.packer.statuses.extend(executed.statuses)
        self.packer.commands.extend(executed.results)
        self.packer.commands.extend(self.no_end_of_data(uri) for uri in executed.broken)
        if self.silent():
            return self.end("")
        if self.trusts_server():
            self._offer_alerts()
        if self.refused >= self.settings.tries or self.msg_id + 1 >= MAX_MESSAGES:
            self._abort()
        return self._send(message)

    def silent(self) -> bool:
        """Whether the message would hold nothing but the Status for the SyncHdr (DM Protocol 8)."""
        return not self.packer.waiting and not self.server_open

    def _execute(self, message: Message, wanted: Sequence[Command]) -> Executed:
        """Carries out the commands of a server that is authenticated, and refuses those of any other."""
        code = self.version_code(message.header)
        if code != 200:
            self.authentication.code, self.authentication.challenging = code, False
        elif not self.trusts_server():
            self.refused += bool(wanted)
            code = self.authentication.code
        if code != 200:
            return self.executor.refuse(wanted, message.header.msg_id, code)
        if self.settings.whole_atomics and self.max_msg_size:
            self.executor.room = max(0, self.max_msg_size - HEAD_ROOM)
        return self.executor.execute(wanted, message.header.msg_id, self.settings.server_id)

    def trusts_server(self) -> bool:
        """Whether commands of the server are carried out (DM Protocol 9)."""
        return self.authentication.server_known

    def version_code(self, header: Header) -> int:
        """200, or the status for a version of DTD or protocol that is not spoken here."""
        if header.ver_dtd is not None and header.ver_dtd not in VERSIONS.values():
            return 505
        if header.ver_proto is not None and header.ver_proto not in ("DM/1.2", "DM/1.1"):
            return 513
        return 200

    def no_end_of_data(self, uri: str) -> Alert:
        """The Alert that says that a large object was broken off (DM Protocol 7)."""
        return Alert(data=codes.NO_END_OF_DATA, items=[Item(target=uri)])

    def _abort(self) -> None:
        """Has the next message end the session by Alert 1223 (DM Protocol 8.1)."""
        self._aborting, self.server_open = True, False
        self.packer.drop_large()
        self.packer.commands = deque([Alert(data=codes.SESSION_ABORT)])

    # -- messages ----------------------------------------------------------------------------------------------------

    def _send(self, answered: Message | None) -> bytes:
        """The next message: SyncHdr, its Status, and as much of what waits as fits (DM Protocol 6)."""
        self.msg_id += 1
        self._cmd_id = 0
        message = Message(header=self.header())
        if answered is not None:
            message.commands.append(self.numbered(self.header_status(answered.header)))
        more = self.next_message() if self.server_open else None
        self.packer.fill(message, self.max_msg_size, self.encode, self.numbered, more)
        message.final = not self.packer.waiting and not self.server_open
        for command in message.commands:
            if id(command) in self._offered:
                self._sent[str(self.msg_id), command.cmd_id or ""] = self._offered[id(command)][0]
        self.arrange(message)
        octets = self.encode(message)
        self.headers = self.authentication.headers(octets)
        return octets

    def arrange(self, message: Message) -> None:
        """Last look at a message before it is encoded. A device that keeps to the rules has nothing to do here."""

    def next_message(self) -> Alert:
        """The Alert that asks for the rest of the server's package."""
        return Alert(data=codes.NEXT_MESSAGE)

    def header(self) -> Header:
        """SyncHdr of the next message."""
        settings = self.settings
        meta = Meta(
            max_msg_size=None if settings.max_msg_size is None else str(settings.max_msg_size),
            max_obj_size=None if settings.max_obj_size is None else str(settings.max_obj_size),
        )
        version = VERSIONS[settings.version]
        return Header(
            ver_dtd=version, ver_proto=f"DM/{version}", session_id=self.session_id, msg_id=str(self.msg_id),
            target=settings.url, source=settings.device_id, source_name=self.authentication.name,
            cred=self.credentials(), meta=meta if meta != Meta() else None,
        )

    def credentials(self) -> Cred | None:
        """The device's own credentials for this message, or ``None`` where none are due (DM Protocol 9.1)."""
        return self.authentication.credentials()

    def header_status(self, header: Header) -> Status:
        """Status for the SyncHdr of the server, with a challenge or the next nonce (DM Protocol 9.1)."""
        return Status(
            msg_ref=clean(header.msg_id or "1"), cmd_ref="0", cmd="SyncHdr", data=str(self.authentication.code),
            target_refs=[clean(header.target)] if header.target else [],
            source_refs=[clean(header.source)] if header.source else [],
            chal=self.challenge() if self.authentication.challenging else None,
        )

    def challenge(self) -> Chal:
        """The challenge of a SyncHdr Status."""
        return self.authentication.challenge()

    def numbered(self, command: Command) -> Command:
        """Gives a command the next CmdID of the message."""
        self._cmd_id += 1
        command.cmd_id = str(self._cmd_id)
        return command

    def encode(self, message: Message) -> bytes:
        """The octets of a message."""
        return encode(message, self.settings.encoding, self.settings.version)


def _joined(base: str, uri: str) -> str:
    """An address taken against another; "" where no request could go there."""
    try:
        url = urljoin(base, uri.strip())
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname and port != 0 else ""


def _number(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
