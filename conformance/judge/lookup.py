"""Counts and values that steps look up in the transcript: what was fetched, what a server commanded and answered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Sequence_
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.dm import tnds
from conformance.judge.operation import plain
from conformance.syncml.model import (
    Alert,
    Atomic,
    Block,
    Command,
    Exec,
    Item,
    Message,
    Meta,
    Results,
    Sequence,
    Status,
    payload,
    text_of,
)
from conformance.transcript import DEVICE, SERVER, Event, Transcript


@dataclass(frozen=True, slots=True)
class Commanded:
    """A command of a server: where it stands, what it aims at, and the Sequence or Atomic around it ("" where none)."""

    event: Event
    command: Command
    item: Item
    inside: str

    @property
    def node(self) -> str:
        """The target of the item with the root before it, which may be left out; "" where there is none."""
        return full(self.item.target) if self.item.target else ""

    @property
    def data(self) -> str:
        """The value that goes with it, as text."""
        return text_of(self.item, self.command.meta_of(self.item))

    @property
    def correlator(self) -> str | None:
        """The Correlator of an Exec."""
        return self.command.correlator if isinstance(self.command, Exec) else None


def commanded(transcript: Transcript, *, whole: bool = False) -> Iterator[Commanded]:
    """Every command, item by item, that the server sent to the device, in order; with ``whole`` long values complete."""
    for event in transcript.of("message"):
        decoded = (event.whole() if whole else event.decoded()) if event.sender == SERVER else None
        if decoded is not None:
            yield from _inside(event, decoded.message.commands, "")


def sent_back(transcript: Transcript, event: Event, until: int | None = None) -> bool:
    """Whether a message was challenged, before the event ``until``: what it held is said again with credentials (DM
    Protocol 9.1)."""
    answer = next((each for each in transcript.of("message") if each.n > event.n and each.sender != event.sender), None)
    in_time = answer is not None and (until is None or answer.n < until)
    decoded = answer.decoded() if answer is not None and in_time else None
    status = decoded.message.header_status() if decoded is not None else None
    return status is not None and status.data in ("401", "407")


def said_once(transcript: Transcript) -> list[Commanded]:
    """As :func:`commanded`, without what was challenged and came again afterwards."""
    every = list(commanded(transcript))
    refused = {c.event.n for c in every if sent_back(transcript, c.event)} if every else set()
    return [
        c
        for c in every
        if c.event.n not in refused
        or not any((d.command.name, d.node) == (c.command.name, c.node) and d.event.n > c.event.n for d in every)
    ]


def _inside(event: Event, commands: list[Command], around: str) -> Iterator[Commanded]:
    for command in commands:
        if isinstance(command, Status):
            continue
        for item in command.items or [Item()]:
            yield Commanded(event, command, item, around)
        if isinstance(command, Block):
            around_them = (
                "atomic" if isinstance(command, Atomic) else "sequence" if isinstance(command, Sequence) else around
            )
            yield from _inside(event, command.commands, around_them)


_NOTHING = hashlib.sha256().hexdigest()


def received_object(transcript: Transcript, node: str, *, mistaken: bool = False) -> str:
    """sha256 of what the server sent to a node by Replace or Add, chunks put together; "" where nothing came whole. That it
    empties the node afterwards changes nothing: so a package may be cleared away (FUMO TS, recommendations).
    ``mistaken``: of what it would be as Base64, where its Format says otherwise."""
    summary = hashlib.sha256()
    encoded = b""
    whole = ""
    for found in commanded(transcript, whole=True):
        if found.node != node or found.command.name not in ("Replace", "Add"):
            continue
        meta = found.command.meta_of(found.item)
        data = found.item.data
        if mistaken and (meta.format or "") == "b64":
            continue
        if mistaken and isinstance(data, bytes):
            data = data.decode("latin-1")
        if (mistaken or (meta.format or "") == "b64") and isinstance(data, str):
            meta = replace(meta, format="b64")
            encoded += "".join(data.split()).encode("utf-8", "replace")
            keep = len(encoded) % 4 if found.item.more else 0
            ready, encoded = encoded[: len(encoded) - keep], encoded[len(encoded) - keep :]
            summary.update(payload(Item(data=ready), meta))
        else:
            summary.update(payload(found.item, meta))
        if not found.item.more:
            came = summary.hexdigest()
            whole, summary, encoded = whole if whole and came == _NOTHING else came, hashlib.sha256(), b""
    return whole


@dataclass(slots=True)
class Answers:
    """What the device said to one command of the suite: Statuses, Items of Results with their Meta, the number of the
    first event with any of it (``None`` where nothing came), and whether the message with the last of it had Final."""

    statuses: list[Status] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    event: int | None = None
    final: bool | None = None

    @property
    def code(self) -> str | None:
        """The first code, ``None`` where none came."""
        return self.statuses[0].data if self.statuses else None


def said_by_device(transcript: Transcript, session: str, since: int) -> Iterator[Event]:
    """The messages of the device in a session behind the event ``since``. One that comes once more as its answer was lost says
    nothing new, and is left out."""
    known: set[str] = set()
    for event in transcript.of("message"):
        if event.sender != DEVICE or event.data.get("session") != session:
            continue
        octets = str(event.data.get("sha256") or event.n)
        if event.n > since and octets not in known:
            yield event
        known.add(octets)


def answers_of(transcript: Transcript, sent: Mapping[str, Any], *, whole: bool = False) -> Answers:
    """What came for a command: ``sent`` is the entry that the player wrote down when it went out. ``whole``: long values
    are complete."""
    found = Answers()
    for event in said_by_device(transcript, sent["session"], sent["event"]):
        decoded = event.whole() if whole else event.decoded()
        for command in decoded.message.commands if decoded else ():
            if not isinstance(command, Status | Results) or command.cmd_ref != sent["cmd_id"]:
                continue
            if (command.msg_ref or "1") != sent["msg_id"]:
                continue
            found.event = found.event or event.n
            found.final = decoded.message.final if decoded else None
            if isinstance(command, Status):
                found.statuses.append(command)
            else:
                found.items.extend(_with_meta(command))
    return found


EARLY = "AMB-exec-early-200"
"""The ambiguity that tolerates Status 200 for an Exec whose report is still to come."""


def status_wanted(wanted: Any, transcript: Transcript, sent: Mapping[str, Any], at: int | None) -> Any:
    """What is wanted of a Status. 200 is as right as 202 for an Exec whose report came with the Status (event ``at``), or
    in the device's next message of the session: it was over (AMB-exec-finished-status)."""
    if not isinstance(wanted, dict) or wanted.get("because") != EARLY or at is None:
        return wanted
    later = [e for e in transcript.of("message") if e.n >= at and e.sender == DEVICE and e.data.get("session") == sent["session"]]
    for event in later[:2]:
        decoded = event.decoded()
        if decoded is not None and any(isinstance(c, Alert) and c.data == "1226" for c in decoded.message.commands):
            return {**wanted, "expect": [200, 202]}
    return wanted


def told_by(statuses: Sequence_[Status]) -> dict[str, str | None]:
    """What Items of Statuses tell: ``reply``, the answers of a user in ascending order, joined by commas, and ``failing``,
    the first node that is named; ``None`` where nothing is."""
    items = [item for status in statuses for item in status.items]
    answers = sorted((text_of(item).strip() for item in items if item.data is not None), key=_numbered)
    targets = [item.target for item in items if item.target]
    return {"reply": ",".join(answers) if answers else None, "failing": targets[0] if targets else None}


def _numbered(text: str) -> tuple[int, str]:
    return (int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0, text)


def refuses(code: str | None) -> bool:
    """Whether a Status says that a command was not carried out and will not be."""
    return code is not None and (code[:1] in ("3", "4", "5") or code == NOT_EXECUTED)


NOT_EXECUTED = "215"
"""Status of a command that was passed over because of one before it (DM RepPro 6.6.14)."""
LACKED = ("404", "405", "406", "501")
"""Codes with which a device refuses what it does not have."""


def lacked(step: Mapping[str, Any], code: str | None) -> bool:
    """Whether a Status says that a device does not have what a step tries, where the step allows that."""
    optional = step.get("optional")
    return bool(optional) and code in (map(str, optional) if isinstance(optional, list) else LACKED)


def nodes_of(items: list[Item]) -> list[str]:
    """The addresses of the nodes that an answer to ``?list=`` shows: those of its Items, or of its TNDS document."""
    found: list[str] = []
    for item in items:
        source, document = full(item.source), item_document(item)
        found.extend([source] if document is None else _below(source, document))
    return found


def full(uri: str | None) -> str:
    """An address with the root before it, which may be left out (DM TND 5)."""
    path = plain(uri)
    return "." if path in ("", ".") else f"./{path}"


def item_document(item: Item) -> list[tnds.Branch] | None:
    """The TNDS document that an Item holds, in its value or in the open; ``None`` where it holds none."""
    meta = item.meta
    if not item.data_elements and (meta is None or (meta.type or "") not in tnds.TYPES.values()):
        return None
    try:
        return tnds.read_tree(item.data_elements[0]) if item.data_elements else tnds.read(payload(item, meta or Meta()))
    except tnds.Fault:
        return None


def _below(source: str, document: list[tnds.Branch]) -> Iterator[str]:
    for top in document:
        for names, _ in top.walk():
            yield "/".join((source, *names))


def _with_meta(results: Results) -> Iterator[Item]:
    for item in results.items:
        yield Item(
            target=item.target, source=item.source, data=item.data, meta=results.meta_of(item), more=item.more,
            data_elements=item.data_elements,
        )


def answers_to(transcript: Transcript, command: str, alert: str = "") -> list[tuple[Event, list[str]]]:
    """How the server answered commands of the device: (event of the answer, its codes in order), none where none came.

    ``command`` is a command's name ("Alert", "Replace", "SyncHdr"); ``alert`` narrows Alerts to a code or a Generic Alert
    type.
    """
    found: list[tuple[Event, list[str]]] = []
    messages = transcript.of("message")
    for position, event in enumerate(messages):
        decoded = event.decoded() if event.sender == DEVICE else None
        if decoded is None:
            continue
        reply = next(
            (e for e in messages[position + 1 :] if e.data.get("exchange") == event.data.get("exchange")), None
        )
        answer = reply.decoded() if reply else None
        for wanted in _wanted(decoded.message, command, alert):
            codes = _codes(answer.message, decoded.message.header.msg_id, wanted) if answer else []
            found.append((reply or event, codes))
    return found


def _wanted(message: Message, command: str, alert: str) -> Iterator[str]:
    if command == "SyncHdr":
        yield "0"
        return
    for candidate in message.commands:
        if candidate.name != command:
            continue
        if alert and isinstance(candidate, Alert):
            types = {(candidate.meta_of(item).type or "").strip() for item in candidate.items}
            if alert != candidate.data and not any(kind.endswith(alert) for kind in types):
                continue
        yield candidate.cmd_id or ""


def _codes(answer: Message, msg_id: str | None, cmd_id: str) -> list[str]:
    found = []
    for status in answer.statuses():
        # Samples of the text leave CmdRef out of a Status for the SyncHdr (DM Protocol 11).
        cmd_ref = "0" if status.cmd == "SyncHdr" and status.cmd_ref is None else status.cmd_ref
        if cmd_ref == cmd_id and status.msg_ref == msg_id:
            found.append(status.data or "")
    return found


def dotted(uri: str | None) -> str | None:
    """A URI of the tree with "./" in front, where it has none: "./X" and "X" name one node (DM TND 4)."""
    return uri if not uri or uri.startswith(".") else f"./{uri}"
