"""Sessions seen in a transcript: which message answers which, and what was said again.

A transcript may come from strangers: SessionIDs are used twice, numbering starts anywhere, a message is repeated after an
HTTP error, an answer never came. Grouping follows the label of the recorder where there is one, else it is inferred.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from conformance.syncml.codec import Decoded
from conformance.syncml.model import Alert, Block, Command, Header, Message, Results, Status
from conformance.transcript import DEVICE, SERVER, Event, Transcript

CLIENT = "client"
"""The side of the device; the other one is ``server``. Both are roles, as in the catalogue."""

SESSION_ALERTS = ("1200", "1201")
NEXT_MESSAGE, SESSION_ABORT, CLIENT_EVENT, NO_END_OF_DATA, GENERIC_ALERT = "1222", "1223", "1224", "1225", "1226"
REFUSALS = ("401", "407")
"""Codes of a SyncHdr Status that say that the sender is not authenticated."""

POWER = "power"
"""Name of the value that is written down before the power of the device is cut (off) and when it is back (on)."""
_DIGITS = 9
_T = TypeVar("_T")
_BREAKS = frozenset(("power_cycle", "restart", "stop", "kill"))


def number(text: str | None) -> int | None:
    """A decimal number without sign; ``None`` where the text is none, or longer than any number of the protocol."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > _DIGITS:
        return None
    return int(text)


@dataclass(slots=True, eq=False)
class Placed:
    """A command with the Sequences and Atomics around it, the outermost first. ``order`` counts in document order."""

    command: Command
    around: tuple[Block, ...]
    order: int


@dataclass(slots=True, eq=False)
class Said:
    """One message that could be decoded. ``side`` is the role of its sender.

    ``answers`` is the message of the other side that came before it in the session, ``None`` where there is none or it is
    unknown whether it arrived (``excused``). ``repeated``: said again after an exchange that failed; ``copy``: with the
    very same octets. ``made``: built wrong on purpose by the suite. ``lost``: it may not have arrived.
    """

    event: Event
    decoded: Decoded
    side: str
    session: Session
    index: int = 0
    made: bool = False
    repeated: bool = False
    copy: bool = False
    lost: bool = False
    excused: bool = False
    answers: Said | None = None
    before: Said | None = None
    """The message of the same side before it in the session."""
    statuses: list[Status] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    """Commands directly in the body that are neither Status nor Results."""
    results: list[Results] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    """Alerts directly in the body."""
    walked: list[Placed] = field(default_factory=list)
    header_status: Status | None = None
    digest: bytes | str = b""
    package_one: bool | None = None
    """Whether it belongs to package #1, ``None`` until somebody asked (:func:`conformance.judge.answer.package_one`)."""

    @property
    def message(self) -> Message:
        """The message."""
        return self.decoded.message

    @property
    def header(self) -> Header:
        """Its SyncHdr."""
        return self.decoded.message.header

    @property
    def final(self) -> bool:
        """Whether it ends its package."""
        return self.decoded.message.final

    @property
    def code(self) -> str | None:
        """Code of its Status for SyncHdr, ``None`` where there is none."""
        return self.header_status.data if self.header_status else None

    @property
    def refuses(self) -> bool:
        """Whether it says that the other side is not authenticated."""
        return self.code in REFUSALS

    @property
    def media(self) -> str:
        """Content-Type, "" where unknown."""
        return str(self.event.data.get("media") or "")

    @property
    def size(self) -> int:
        """Octets of the body as it was sent."""
        size = self.event.data.get("size")
        return size if isinstance(size, int) else len(self.event.octets)

    def has_alert(self, *codes: str) -> bool:
        """Whether an Alert with one of these codes stands directly in the body."""
        return any(alert.data in codes for alert in self.alerts)

    @property
    def opens(self) -> bool:
        """Whether it is the beginning of package #1: it has Alert 1200 or 1201."""
        return self.has_alert(*SESSION_ALERTS)

    @property
    def more(self) -> bool:
        """Whether it holds a chunk of a large object that is not the last."""
        return any(item.more for placed in self.walked for item in placed.command.items)


@dataclass(slots=True, eq=False)
class Exchange:
    """A request and its response. ``asked`` and ``given`` are the events, also where they hold no message."""

    asked: Event | None = None
    given: Event | None = None
    request: Said | None = None
    response: Said | None = None

    @property
    def complete(self) -> bool:
        """Whether the response is a message that arrived."""
        return self.response is not None and not self.response.lost


@dataclass(slots=True, eq=False)
class Session:
    """One session. ``whole``: its beginning is in the transcript."""

    label: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    _sides: dict[str, list[Said]] = field(default_factory=dict)
    _digests: dict[tuple[str, bytes | str], Said] = field(default_factory=dict)
    _ids: set[tuple[str, str | None]] = field(default_factory=set)
    _kept: dict[Callable[[Session], Any], Any] = field(default_factory=dict)

    def by(self, side: str) -> list[Said]:
        """The messages of one side, in order: for reading only."""
        return self._sides.get(side, [])

    def kept(self, make: Callable[[Session], _T]) -> _T:
        """What a function finds in the whole session, found out once; to be asked when the session is complete."""
        if make not in self._kept:
            self._kept[make] = make(self)
        found: _T = self._kept[make]
        return found

    def add(self, said: Said) -> tuple[Said | None, bool]:
        """Adds a message. Returns the newest of its side with the very same octets, and whether one had its MsgID."""
        mine = self._sides.setdefault(said.side, [])
        said.before = mine[-1] if mine else None
        octets, identity = (said.side, said.digest), (said.side, said.header.msg_id)
        twin, known = self._digests.get(octets), identity in self._ids
        self._digests[octets] = said
        self._ids.add(identity)
        mine.append(said)
        self.said.append(said)
        return twin, known

    @property
    def first(self) -> Said | None:
        """The first message of the client."""
        return next((said for said in self.said if said.side == CLIENT), None)

    @property
    def whole(self) -> bool:
        """Whether the session was seen from its beginning."""
        return self.first is not None and self.first.opens

    @property
    def over(self) -> bool:
        """Whether the last message needs no answer: the server said Final without a command or challenge, or 1223."""
        if not self.exchanges or self.exchanges[-1].response is None:
            return False
        last = self.exchanges[-1].response
        if last.has_alert(SESSION_ABORT):
            return True
        return last.final and not last.refuses and not last.commands


def sessions(transcript: Transcript) -> list[Session]:
    """All sessions of a transcript, in the order in which they began."""
    made: list[Session] = []
    labelled: dict[str, Session] = {}
    inferred: dict[tuple[str | None, str | None], Session] = {}
    for exchange in _exchanges(transcript):
        label = _label(exchange)
        decoded = exchange.asked.decoded() if exchange.asked is not None else None
        if label:
            session = labelled.get(label)
            if session is None:
                session = labelled[label] = Session(label)
                made.append(session)
        elif decoded is None:
            session = made[-1] if made else Session()
            if not made:
                made.append(session)
        else:
            session = _infer(made, inferred, decoded.message)
        _join(session, exchange)
    return made


def interruptions(transcript: Transcript) -> list[int]:
    """Numbers of the events after which an implementation cannot be held to what it was saying."""
    found = []
    for event in transcript.events:
        data = event.data
        if (event.kind == "process" and data.get("what") in ("ended", "killed")) or (
            event.kind == "hook" and data.get("verb") in _BREAKS
        ):
            found.append(event.n)
    return found


def outages(transcript: Transcript) -> list[tuple[int, int]]:
    """Events between which the power of the device was cut at some moment: what came meanwhile may have come before it."""
    found, begun = [], 0
    for event in transcript.events:
        if event.kind == "value" and event.data.get("name") == POWER:
            if event.data.get("value") == "off":
                begun = event.n
            elif begun:
                found.append((begun, event.n))
                begun = 0
    return found


def _exchanges(transcript: Transcript) -> Iterator[Exchange]:
    """Requests with their responses, by number where there is one, else in turn; in the order of the requests."""
    made: list[Exchange] = []
    numbered: dict[object, Exchange] = {}
    waiting: Exchange | None = None
    for event in transcript.events:
        if event.kind != "message" or event.sender not in (DEVICE, SERVER):
            continue
        identity = event.data.get("exchange")
        asks = event.data.get("direction", "request" if event.sender == DEVICE else "response") == "request"
        known = numbered.get(identity) if identity is not None else waiting
        if asks or known is None or known.given is not None:
            known = Exchange()
            made.append(known)
            if identity is not None:
                numbered[identity] = known
            waiting = known
        if asks:
            known.asked = event
        else:
            known.given = event
    yield from made


def _label(exchange: Exchange) -> str:
    for event in (exchange.asked, exchange.given):
        if event is not None and event.data.get("session"):
            return str(event.data["session"])
    return ""


def _infer(
    made: list[Session], inferred: dict[tuple[str | None, str | None], Session], message: Message
) -> Session:
    key = (message.header.source, message.header.session_id)
    session = inferred.get(key)
    if session is None or _begins(session, message):
        session = inferred[key] = Session()
        made.append(session)
    return session


def _begins(session: Session, message: Message) -> bool:
    """Whether a message with the ids of a session begins another one: ids of sessions are used again."""
    if not any(isinstance(command, Alert) and command.data in SESSION_ALERTS for command in message.commands):
        return False
    last = session.exchanges[-1]
    if not last.complete and last.request is not None and last.request.header.msg_id == message.header.msg_id:
        return False
    if session.over:
        return True
    first = session.first
    before, now = number(first.header.msg_id) if first else None, number(message.header.msg_id)
    return before is not None and now is not None and now <= before


def _join(session: Session, exchange: Exchange) -> None:
    """Adds an exchange to its session and finds out what its messages answer."""
    before = session.exchanges[-1] if session.exchanges else None
    session.exchanges.append(exchange)
    if exchange.asked is not None:
        said = exchange.request = _said(exchange.asked, session)
        if said is not None:
            twin, _ = session.add(said)
            _place_request(before, said, twin)
    if exchange.given is not None:
        said = exchange.response = _said(exchange.given, session)
        if said is not None:
            twin, known = session.add(said)
            said.answers = exchange.request
            said.excused = exchange.request is None
            said.lost = bool(exchange.given.data.get("error"))
            said.copy = twin is not None
            asked_again = exchange.request is not None and exchange.request.repeated
            said.repeated = said.copy or (asked_again and known)


def _place_request(before: Exchange | None, said: Said, twin: Said | None) -> None:
    if twin is not None:
        said.repeated = said.copy = True
        said.answers, said.excused = twin.answers, twin.excused
        return
    if before is None:
        return
    if before.complete:
        said.answers = before.response
        return
    said.excused = True
    if before.request is not None and before.request.header.msg_id == said.header.msg_id:
        said.repeated = True
        said.answers = before.request.answers
    elif before.response is not None and any(
        status.msg_ref == before.response.header.msg_id for status in said.statuses
    ):
        said.answers = before.response


def _said(event: Event, session: Session) -> Said | None:
    decoded = event.decoded()
    if decoded is None:
        return None
    side = CLIENT if event.sender == DEVICE else "server"
    said = Said(event, decoded, side, session, len(session.said), bool(event.data.get("made")))
    said.digest = event.data.get("sha256") or hashlib.sha256(event.octets).digest()
    for command in decoded.message.commands:
        if isinstance(command, Status):
            said.statuses.append(command)
        elif isinstance(command, Results):
            said.results.append(command)
        else:
            said.commands.append(command)
            if isinstance(command, Alert):
                said.alerts.append(command)
    said.walked = [
        Placed(command, around, order) for order, (command, around) in enumerate(_walk(decoded.message.commands, ()))
    ]
    said.header_status = decoded.message.header_status()
    return said


def _walk(commands: list[Command], around: tuple[Block, ...]) -> Iterator[tuple[Command, tuple[Block, ...]]]:
    for command in commands:
        yield command, around
        if isinstance(command, Block):
            yield from _walk(command.commands, (*around, command))
