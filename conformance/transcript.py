"""The transcript: the ordered list of everything that crossed a boundary while a case was played.

Events are plain data. Octets of messages lie beside them (in memory while a case is played, in files of the evidence
folder afterwards) with secrets masked by as many ``*``. The judge sees the same thing live and years later.

Evidence folder of one permutation::

    case.json            the resolved case
    transcript.ndjson    one event per line
    messages/0007-device.wbxml    octets of event 7, masked
    process.log          what the implementation printed

Kinds of events and the keys of their ``data``:

``message``  a DM message. ``direction`` (request or response), ``exchange`` (number shared by a request and its
             response), ``session`` (label of the session, "" where unknown), ``url``, ``status`` (HTTP, of a response),
             ``media`` (Content-Type), ``headers`` (list of pairs), ``size`` and ``sha256`` of the original octets,
             ``masked`` (list of [offset, length]), ``facts`` (see :mod:`conformance.dm.credentials`), ``fault`` (why the
             body is no message: {"reason", "offset"}), ``error`` (how the exchange broke off, see transport.exchange),
             ``made`` (true where the suite built this message wrong on purpose: rules do not judge it), ``recorded``
             (true in sessions between strangers, of which something from before may be unknown), ``headless`` (true where
             nobody recorded the HTTP headers of such a message).
``http``     an exchange of the content server. ``method``, ``url``, ``headers``, ``status``, ``reply_headers``,
             ``sent`` (octets of the body that left), ``length`` (octets it would have), ``fault``, ``error``,
             ``digest`` (sha256 of the full content), ``body`` (text of a small request body, e.g. a status report),
             ``descriptor`` (what a download descriptor in the reply says, see :mod:`conformance.download.summary`).
``tls``      a TLS handshake of the suite with the IUT. ``version``, ``cipher``, ``names`` (of the peer's verified certificate),
             ``asked`` (whether a server asked for a certificate, where that is known), ``fault`` (why no connection came
             about), ``flaw`` (what was wrong with the certificate, or what came instead of a handshake).
``trigger``  a trigger datagram. ``octets`` (hex, digest masked), ``fields``, ``facts``.
``hook``     a call of a verb. ``verb``, ``given``, ``outcome`` (done, cannot, error), ``answer``, ``seconds``, ``note``.
``step``     the player began or ended a step. ``index`` (path of numbers, "2" or "2.1"), ``phase`` (begin or end),
             ``step`` (its data), and what the step sends: ``sent`` (list of {"command", "cmd_id", "event"}).
``process``  the process of the implementation: ``what`` (started, ended, killed, ready), ``code``, ``expected``.
``value``    something the suite measured: ``name``, ``value``.
``note``     a remark: ``text``, ``requirement`` where it has one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.syncml.codec import Decoded, decode
from conformance.syncml.element import SyntaxFault
from conformance.syncml.held import shorten

DEVICE, SERVER, CONTENT, OPERATOR, SUITE = "device", "server", "content", "operator", "suite"
"""Who sends and receives."""

TRANSCRIPT = "transcript.ndjson"
CASE = "case.json"
MESSAGES = "messages"

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_OWN = re.compile(rf"{MESSAGES}/[\w-]+(?:\.[\w-]+)*")
_WHOLE = 16384
"""Octets of a message up to which its values are kept whole; of larger ones long values are held by their beginning."""


@dataclass(slots=True)
class Event:
    """One thing that crossed a boundary. ``at`` is in seconds since the case began, ``n`` counts from 1."""

    n: int
    at: float
    kind: str
    sender: str
    receiver: str
    data: dict[str, Any] = field(default_factory=dict)
    load: Callable[[], bytes] | None = None
    """Gives the masked octets of a message."""
    file: str = ""
    _decoded: Decoded | SyntaxFault | None = None

    @property
    def octets(self) -> bytes:
        """Octets of the message with secrets masked; b"" where the event has none."""
        return self.load() if self.load else b""

    def decoded(self) -> Decoded | None:
        """The message, decoded; ``None`` where the event carries none or its octets are no message.

        Of a large message the long values are held by their beginning (:mod:`conformance.syncml.held`).
        """
        if self._decoded is None:
            if self.kind != "message" or self.load is None:
                return None
            self._decoded = self._read()
            if isinstance(self._decoded, Decoded) and int(self.data.get("size", 0)) > _WHOLE:
                shorten(self._decoded)
        return self._decoded if isinstance(self._decoded, Decoded) else None

    def whole(self) -> Decoded | None:
        """The message with all of its values, decoded anew."""
        found = self._read() if self.kind == "message" and self.load is not None else None
        return found if isinstance(found, Decoded) else None

    def _read(self) -> Decoded | SyntaxFault:
        try:
            return decode(self.octets, str(self.data.get("media", "")))
        except SyntaxFault as fault:
            return fault

    def line(self) -> str:
        """The event as one line of JSON."""
        shown: dict[str, Any] = {
            "n": self.n,
            "at": round(self.at, 6),
            "kind": self.kind,
            "from": self.sender,
            "to": self.receiver,
        }
        if self.file:
            shown["file"] = self.file
        for key, value in self.data.items():
            shown.setdefault(key, value)
        return _JSON.encode(shown)


class Transcript:
    """Events in order. Reading only; :class:`conformance.harness.recorder.Recorder` writes."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.events: list[Event] = list(events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    def of(self, kind: str) -> list[Event]:
        """All events of that kind, in order."""
        return [event for event in self.events if event.kind == kind]

    def event(self, n: int) -> Event | None:
        """The event with number ``n``."""
        if 0 < n <= len(self.events) and self.events[n - 1].n == n:
            return self.events[n - 1]
        return next((event for event in self.events if event.n == n), None)


def load(folder: Path) -> Transcript:
    """Reads the transcript of an evidence folder. Raises ``ValueError`` that names file and line where it is damaged."""
    events = []
    path, root = folder / TRANSCRIPT, folder.resolve()
    for number, line in enumerate(path.read_bytes().rstrip(b"\n").split(b"\n"), 1):
        try:
            raw = json.loads(line.decode("utf-8"))
            event = Event(raw.pop("n"), raw.pop("at"), raw.pop("kind"), raw.pop("from"), raw.pop("to"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path}:{number}: not an event of a transcript ({error})") from error
        event.file = raw.pop("file", "")
        event.data = raw
        if event.file:
            event.load = _reader(root, event.file)
        events.append(event)
    return Transcript(events)


def _reader(folder: Path, name: str) -> Callable[[], bytes]:
    """Reads a file of the evidence when it is asked for; ``folder`` is resolved."""
    path = folder / name
    # A link could lead anywhere; looking at the last two parts is enough, and is not a walk from the root each time.
    if not _OWN.fullmatch(name) or path.is_symlink() or path.parent.is_symlink():
        raise ValueError(f"{folder}: {name!r} lies outside the evidence folder")
    return path.read_bytes
