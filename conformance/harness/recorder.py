"""Writes the transcript of one permutation: every event in order, secrets masked before anything is kept."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from conformance.harness.clock import Clock
from conformance.harness.masking import Masker
from conformance.syncml.codec import Decoded
from conformance.transcript import CASE, MESSAGES, TRANSCRIPT, Event, Transcript

IN_MEMORY = 16384
"""Octets up to which a message stays in memory while its case is played; larger ones go to their file at once."""
_JSON = json.JSONEncoder(ensure_ascii=False)


class Recorder:
    """The transcript while it grows. Thread-safe: content server, hooks and process report from threads of their own."""

    def __init__(self, folder: Path, clock: Clock, masker: Masker) -> None:
        self.folder, self.clock, self.masker = folder, clock, masker
        self.transcript = Transcript()
        self._lock = threading.Lock()
        self._start = clock.now()
        self._small: list[tuple[str, bytes]] = []
        self._exchange = 0

    def next_exchange(self) -> int:
        """A number for a request and its response."""
        with self._lock:
            self._exchange += 1
            return self._exchange

    def add(self, kind: str, sender: str, receiver: str, **data: Any) -> Event:
        """Adds an event. Values are masked."""
        return self._append(kind, sender, receiver, self.masker.value(data))

    def message(
        self,
        sender: str,
        receiver: str,
        octets: bytes,
        decoded: Decoded | None,
        headers: Iterable[tuple[str, str]],
        **data: Any,
    ) -> Event:
        """Adds a DM message with its octets; size and digest are those of the original."""
        masked, spans, after = self.masker.masked(octets, decoded, str(data.get("media", "")))
        facts = data.pop("facts", None)
        values = self.masker.value(data)
        values |= {
            "size": len(octets),
            "sha256": hashlib.sha256(octets).hexdigest(),
            "headers": self.masker.headers(headers),
        }
        if spans:
            values["masked"] = spans
        if facts:
            values["facts"] = facts
        wbxml = decoded.encoding == "wbxml" if decoded else masked.lstrip()[:1] != b"<"
        event = self._append("message", sender, receiver, values)
        event.file = f"{MESSAGES}/{event.n:04d}-{sender}.{'wbxml' if wbxml else 'xml'}"
        self._keep(event, masked)
        if len(octets) <= IN_MEMORY:
            event._decoded = after if spans else decoded
        return event

    def _keep(self, event: Event, masked: bytes) -> None:
        if len(masked) <= IN_MEMORY:
            event.load = lambda: masked
            self._small.append((event.file, masked))
            return
        path = self.folder / event.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(masked)
        event.load = path.read_bytes

    def _append(self, kind: str, sender: str, receiver: str, data: dict[str, Any]) -> Event:
        with self._lock:
            at = self.clock.now() - self._start
            event = Event(len(self.transcript.events) + 1, at, kind, sender, receiver, data)
            self.transcript.events.append(event)
            return event

    def fill(self, event: Event, data: dict[str, Any]) -> None:
        """Completes an event with what came out of it later."""
        event.data.update(self.masker.value(self._without_secrets(data)))

    def _without_secrets(self, data: dict[str, Any]) -> dict[str, Any]:
        """HTTP headers of an event, secrets masked."""
        names = [name for name in ("headers", "reply_headers") if name in data]
        return {**data, **{name: self.masker.headers(data[name]) for name in names}}

    def observer(self, kind: str, sender: str, receiver: str) -> Callable[[dict[str, Any]], None]:
        """A function that adds an event of that kind for each mapping it is given."""

        def observe(data: dict[str, Any]) -> None:
            self.add(kind, sender, receiver, **self._without_secrets(data))

        return observe

    def write(self, case: dict[str, Any]) -> None:
        """Writes the evidence folder: the resolved case, the transcript and the messages."""
        (self.folder / MESSAGES if self._small else self.folder).mkdir(parents=True, exist_ok=True)
        for name, octets in self._small:
            self._put(name, octets)
        shown = _by_lines(self.masker.value(case))
        # What came may hold half a surrogate pair; replaced so, it is the escape that JSON has for it.
        self._put(CASE, (shown + "\n").encode("utf-8", "backslashreplace"))
        lines = "".join(event.line() + "\n" for event in self.transcript.events)
        self._put(TRANSCRIPT, lines.encode("utf-8", "backslashreplace"))

    def _put(self, name: str, octets: bytes) -> None:
        """Writes a file of the evidence: there are many small ones, so that each call counts."""
        with open(f"{self.folder}/{name}", "wb", buffering=0) as file:  # noqa: PTH123  (a path for each of them is dear)
            rest = memoryview(octets)
            while rest:
                rest = rest[file.write(rest) :]


def _by_lines(case: dict[str, Any]) -> str:
    """JSON with a line for each key and each step: readable, and written by the quick encoder."""
    lines = []
    for key, value in case.items():
        if isinstance(value, list) and value:
            shown = "[\n  " + ",\n  ".join(_JSON.encode(item) for item in value) + "\n ]"
        else:
            shown = _JSON.encode(value)
        lines.append(f" {_JSON.encode(key)}: {shown}")
    return "{\n" + ",\n".join(lines) + "\n}"
