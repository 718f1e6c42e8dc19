"""One session of the suite's own DM server with a device under test, written down as it goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.dm.serversession import Outgoing, PeerKeys, Received, ServerSettings
from conformance.harness.commands import ill_formed
from conformance.harness.forms import malformed
from conformance.harness.link import Incoming
from conformance.harness.manner import Manner
from conformance.harness.mischief import CrookedSession
from conformance.harness.pieces import Pieces
from conformance.harness.recorder import Recorder
from conformance.syncml.codec import Decoded, decode
from conformance.syncml.element import SyntaxFault
from conformance.syncml.model import Alert, Command, Message, Status
from conformance.transcript import DEVICE, SERVER, Event
from conformance.transport.exchange import Fault, Reply, header

ENDLESS = 64
"""Messages of one session that the suite answers by itself before it takes the session for endless."""


class Conversation:
    """A session: takes requests, answers them, keeps the one that waits for the player's word."""

    def __init__(
        self, label: str, settings: ServerSettings, keys: PeerKeys, recorder: Recorder, manner: Manner | None = None
    ) -> None:
        self.label, self.recorder, self.keys = label, recorder, keys
        self.manner = manner or Manner()
        self.session = CrookedSession(settings, self.manner.keys(keys), self.manner.inside)
        self.session.own_kind, self.session.shows = keys.kind, self.manner.credentials
        self.write_as(self.manner)
        self.spoilt = False
        """Whether a malformed message went out: what the device still says in this session is not judged."""
        self._large: Pieces | None = None
        self._broken_off = False
        """Whether the next message comes where the next piece of a large object is due."""
        self.pending: Incoming | None = None
        self.received: Received | None = None
        self.last_event: Event | None = None
        self.answered_alone = 0
        self.first: Message | None = None
        self.shown = ""
        """What the credentials of the first message were: right, wrong, stale or absent."""
        self.nonce_shown = ""
        """Which nonce they were made with: current, previous, initial, default; "" for none that is known."""
        self._exchange = 0

    def write_as(self, manner: Manner) -> None:
        """Messages are written in the form of that manner from now on."""
        self.manner = manner
        self.session.xml, self.session.wbxml = manner.styles()

    @property
    def open(self) -> bool:
        """Whether a request waits for an answer."""
        return self.pending is not None

    @property
    def may_command(self) -> bool:
        """Whether the waiting request may be answered with commands."""
        return self.pending is not None and self.session.may_command

    def take(self, incoming: Incoming, read: Decoded | SyntaxFault) -> Received:
        """Takes a request of the device, as it was decoded, and writes it down."""
        request = incoming.request
        self._exchange = self.recorder.next_exchange()
        headers = {name.lower(): value for name, value in request.headers}
        media = header(request.headers, "content-type") or ""
        before = self.session.keys.nonce
        received = self.session.receive_decoded(read, request.body, headers)
        if self.session.keys.nonce != before:
            self.keys.nonce = self.session.keys.nonce
        data: dict[str, Any] = {
            "direction": "request",
            "exchange": self._exchange,
            "session": self.label,
            "url": request.url,
            "media": media,
            "method": request.method,
            "facts": received.facts,
        }
        if received.fault is not None:
            data["fault"] = {"reason": received.fault.reason, "offset": received.fault.offset}
        if received.repeated:
            data["repeated"] = True
        if self.spoilt:
            data["made"] = True
        self.last_event = self.recorder.message(DEVICE, SERVER, request.body, received.decoded, request.headers, **data)
        self.pending, self.received = incoming, received
        if self.first is None and received.message is not None:
            self.first = received.message
            found = received.facts.get("integrity") or received.facts.get("credentials") or {}
            self.shown = str(found.get("result", ""))
            self.nonce_shown = str(found.get("nonce", ""))
        return received

    def answer(
        self, commands: Sequence[Command] = (), *, large: Pieces | None = None, final: bool | None = None, made: bool = False
    ) -> tuple[Outgoing, Event]:
        """Answers the waiting request and writes the answer down. ``made``: it is wrong on purpose."""
        self._large = large or self._large
        out = self.session.respond(commands, large=large, final=final)
        self.session.spent()
        broken_off = self._broken_off or (self._large is not None and self._large.made)
        made = made or self._strange(out) or broken_off or ill_formed(commands)
        self._broken_off = False
        if self._large is not None:
            self._large.made = False
            if self._large.ends_early and self.session.sending_large:
                self.session.break_off()
                self._broken_off = True
            if not self.session.sending_large:
                self._large = None
        coding = [("Transfer-Encoding", "chunked")] if self.manner.chunked else []
        reply = Reply(200, [("Content-Type", out.media), ("Cache-Control", "no-store"), *coding, *out.headers], out.octets)
        return out, self.send(reply, out, made=made)

    def _strange(self, out: Outgoing) -> bool:
        """Whether a message is wrong for who sends it. Without credentials nothing may be asked for, but the end may be said."""
        asks = any(not isinstance(command, Status) for command in out.message.commands)
        return self.manner.stranger and (asks or self.manner.credentials != "none")

    def send(self, reply: Reply, out: Outgoing, *, made: bool = False) -> Event:
        """Sends a reply that holds a message. ``made``: it is wrong on purpose."""
        shown = {"media": out.media, **({"made": True} if made else {})}
        return self._send(reply, out.octets, decode(out.octets, out.media), shown)

    def _send(self, reply: Reply, octets: bytes, decoded: Decoded | None, data: dict[str, Any]) -> Event:
        common = {"direction": "response", "exchange": self._exchange, "session": self.label, "status": reply.status}
        event = self.recorder.message(SERVER, DEVICE, octets, decoded, reply.headers, **common, **data)
        incoming, self.pending = self.pending, None
        if incoming is not None:
            incoming.reply(reply)
        return event

    def drop(self) -> None:
        """Closes the connection of the waiting request without an answer."""
        incoming = self.lose()
        if incoming is not None:
            incoming.reply(Reply(503, [], b"", Fault("close")))

    def lose(self) -> Incoming | None:
        """Writes down that the waiting request gets no answer, and gives it: its connection is still to be closed."""
        incoming, self.pending = self.pending, None
        self.recorder.message(
            SERVER, DEVICE, b"", None, [], direction="response", exchange=self._exchange, session=self.label, status=0,
            media="", error="closed", made=True,
        )  # fmt: skip
        return incoming

    def spoil(self, commands: Sequence[Command], form: str) -> None:
        """Answers the waiting request with a message that is malformed. No nonce of it counts as given."""
        verifier = self.session.keys.verifier
        before = verifier.current, list(verifier.previous)
        out = self.session.respond(commands)
        verifier.current, verifier.previous = before
        octets = malformed(out.octets, self.session.encoding, form)
        self.spoilt = True
        reply = Reply(200, [("Content-Type", out.media), ("Cache-Control", "no-store"), *out.headers], octets)
        self._send(reply, octets, None, {"media": out.media, "made": True})

    def refuse(self) -> None:
        """Answers octets that are no message: HTTP 400."""
        reply = Reply(400, [("Content-Type", "text/plain")], b"This is no SyncML message.\n")
        self._send(reply, b"", None, {"media": "text/plain", "made": True})

    def belongs(self, message: Message, octets: bytes) -> bool:
        """Whether a message goes on with this session rather than begins another one; so does the last one of a session that
        is over where it comes once more, as its answer was lost."""
        header_ = message.header
        if header_.session_id != self.session.session_id:
            return False
        if self.session.repeats(octets) and self.first is not None and header_.msg_id != self.first.header.msg_id:
            return True
        if header_.source != self.session.device:  # who names itself otherwise in the middle does not begin anything
            return not _opens(message)
        if self.session.over and _opens(message):
            return False
        return not (
            _opens(message)
            and header_.msg_id == (self.first.header.msg_id if self.first else "1")
            and self.session.authenticated
        )


def _opens(message: Message) -> bool:
    """Whether a message looks like the beginning of package #1: it holds Alert 1200 or 1201."""
    return any(isinstance(c, Alert) and c.data in ("1200", "1201") for c in message.commands)
