"""The message exchange of one permutation, from its evidence folder, as rows for the report."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from conformance.report.blocks import Texts
from conformance.report.text import plural, shorten
from conformance.syncml.codec import Decoded, decode, pretty
from conformance.syncml.element import SyntaxFault
from conformance.syncml.model import Alert, Command, Message, Other, Status
from conformance.transcript import CASE, Event, load

SHOWN = 20_000
"""Characters of a text that the report shows."""
_DECODED = 1 << 20
"""Octets up to which a message is decoded for the report."""
_TOLD = ("verb", "outcome", "what", "name", "value")
"""Keys of an event that its label says already."""
_DUMPED = 12_000
"""Octets of a message up to which they are shown in hexadecimal."""
_ROWS, _LABEL, _COMMANDS, _CASE = 400, 160, 8, 1 << 22

Row = dict[str, Any]
"""One row: ``n`` number, ``t`` seconds, ``k`` kind, ``f`` from, ``o`` to, ``l`` label, ``z`` octets, ``h`` and ``x`` the
numbers of the texts with headers and body, ``b`` that of its octets in Base64 (-1: left out), ``w`` what went wrong, ``m``
made wrong on purpose."""


class Ladders:
    """Reads evidence folders. Texts of messages go into ``texts``, each distinct one is decoded once."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self._known: dict[tuple[bytes, str], tuple[str, int]] = {}
        self._octets = False

    def read(self, run_dir: Path, evidence: str, octets: bool = False) -> dict[str, Any]:
        """Facts of the case and the rows of its exchange; ``note`` says what is missing. Whatever lies there, it never
        raises. ``octets``: the octets of messages are shown as well, which most readers need for failures only."""
        self._octets = octets
        folder = (run_dir / evidence).resolve()
        if not evidence:
            return {"note": "Nothing was played.", "rows": []}
        if run_dir.resolve() not in folder.parents:
            return {"note": "The evidence lies outside the run folder.", "rows": []}
        found: dict[str, Any] = {**_case(folder), "rows": [], "note": ""}
        try:
            events = load(folder).events
            rows = [self._row(folder, event) for event in events[:_ROWS]]
        except (OSError, ValueError, TypeError, RecursionError) as trouble:
            found["note"] = f"The evidence cannot be read ({shorten(type(trouble).__name__, 40)})."
            return found
        found["rows"] = [row for row in rows if row is not None]
        if len(events) > _ROWS:
            found["note"] = f"The first {_ROWS} of {len(events)} events; the rest is in the evidence folder."
        return found

    def _row(self, folder: Path, event: Event) -> Row | None:
        data = event.data
        at = float(event.at)
        if not math.isfinite(at):
            raise ValueError("a time that is no number")
        row: Row = {
            "n": int(event.n), "t": round(at, 4), "k": str(event.kind), "f": str(event.sender),
            "o": str(event.receiver),
        }
        if event.kind == "message":
            self._message(folder, event, row)
        elif event.kind == "http":
            self._http(data, row)
        elif event.kind == "step":
            if data.get("phase") != "begin":
                return None
            row["l"] = _step(data)
            row["x"] = self._json(data.get("step"))
        else:
            row["l"] = _label(event)
            rest = {key: value for key, value in data.items() if key not in _TOLD}
            if rest:
                row["x"] = self._json(rest)
        row["l"] = shorten(row["l"], _LABEL)
        return row

    def _message(self, folder: Path, event: Event, row: Row) -> None:
        data = event.data
        label, body = self._body(folder, event)
        if body is not None:
            row["x"] = body
            if self._octets and len(event.octets) <= _DUMPED:
                row["b"] = self._text(base64.b64encode(event.octets).decode())
        status = data.get("status")
        answer = data.get("direction") == "response"
        row["l"] = f"HTTP {status}: {label}" if answer and status not in (None, 200) else label
        row["z"] = data["size"] if isinstance(data.get("size"), int) else 0
        first = f"HTTP {status}" if answer else f"POST {data.get('url', '')}"
        row["h"] = self._text("\n".join([first, *_headers(data.get("headers"))]))
        if data.get("error"):
            row["w"] = f"the exchange broke off: {data['error']}"
        elif isinstance(data.get("fault"), dict):
            row["w"] = shorten(f"no message: {data['fault'].get('reason', '')}", _LABEL)
        if data.get("made"):
            row["m"] = True

    def _body(self, folder: Path, event: Event) -> tuple[str, int | None]:
        """Label of a message and number of its text; ``None`` where there is nothing to show."""
        try:
            size = (folder / event.file).stat().st_size if event.load else 0
        except OSError:
            return "a message whose octets are not in the evidence folder", None
        if size == 0 or size > _DECODED:
            return "a message too large to show here" if size else "no body", None
        octets, media = event.octets, str(event.data.get("media", ""))
        key = (hashlib.sha256(octets).digest(), media)
        if key not in self._known:
            decoded = _decoded(octets, media)
            label = describe(decoded.message) if decoded else "no message"
            self._known[key] = (label, -1 if self.texts.full else self._text(pretty(octets, media, decoded)))
        return self._known[key]

    def _http(self, data: dict[str, Any], row: Row) -> None:
        path = "/" + str(data.get("url", "")).partition("://")[2].partition("/")[2]
        row["l"] = f"{data.get('method', '')} {shorten(path, 60)} -> {data.get('status') or 'no reply'}"
        if data.get("length"):
            row["l"] += f", {data.get('sent')} of {data.get('length')} octets"
        lines = [f"{data.get('method', '')} {data.get('url', '')}", *_headers(data.get("headers")), ""]
        if data.get("body"):
            lines += [str(data["body"]), ""]
        lines += [f"HTTP {data.get('status')}", *_headers(data.get("reply_headers"))]
        row["h"] = self._text("\n".join(lines))
        wrong = data.get("error") or data.get("fault")
        if wrong:
            row["w"] = shorten(str(wrong), _LABEL)

    def _json(self, value: Any) -> int:
        return self._text(json.dumps(value, ensure_ascii=False, indent=1))

    def _text(self, text: str) -> int:
        if len(text) > SHOWN:
            text = f"{text[:SHOWN]}\n[{len(text) - SHOWN} more characters; all of it is in the evidence folder]\n"
        return self.texts.add(text)


def _decoded(octets: bytes, media: str) -> Decoded | None:
    try:
        return decode(octets, media)
    except SyntaxFault:
        return None


def _case(folder: Path) -> dict[str, str]:
    """What the report shows of ``case.json``; nothing where it cannot be read."""
    try:
        path = folder / CASE
        case = json.loads(path.read_text(encoding="utf-8")) if path.stat().st_size <= _CASE else {}
    except (OSError, ValueError, RecursionError):
        case = {}
    keys = ("purpose", "twin", "differs", "because")
    return {key: shorten(str(case[key]), 4000) for key in keys if case.get(key)} if isinstance(case, dict) else {}


def describe(message: Message) -> str:
    """A message in a few words: ``MsgID 2: Status x3, Alert 1201, Replace, Final``."""
    words: list[list[Any]] = []
    for command in message.commands:
        word = _command(command)
        if words and words[-1][0] == word:
            words[-1][1] += 1
        else:
            words.append([word, 1])
    shown = [word if count == 1 else f"{word} \u00d7{count}" for word, count in words[:_COMMANDS]]
    if len(words) > _COMMANDS:
        shown.append(f"{len(words) - _COMMANDS} more")
    if message.final:
        shown.append("Final")
    return f"MsgID {shorten(message.header.msg_id or '?', 12)}: {', '.join(shown) or 'empty'}"


def _command(command: Command) -> str:
    if isinstance(command, Alert):
        return f"Alert {shorten(command.data or '', 12)}".strip()
    if isinstance(command, Status):
        return f"Status {shorten(command.data or '', 12)}".strip()
    if isinstance(command, Other):
        return shorten(command.name, 24)
    target = command.items[0].target if command.items else None
    if not target:
        return command.name
    return f"{command.name} {shorten('/'.join(target.split('?')[0].split('/')[-2:]), 32)}"


def _headers(listed: Any) -> list[str]:
    pairs: Iterable[Any] = listed if isinstance(listed, list) else ()
    return [f"{pair[0]}: {pair[1]}" for pair in pairs if isinstance(pair, list) and len(pair) == 2]


def _step(data: dict[str, Any]) -> str:
    step = data.get("step")
    name = next(iter(step), "") if isinstance(step, dict) else ""
    value = step[name] if isinstance(step, dict) and name else ""
    told = value if isinstance(value, str) else next((v for v in value.values() if isinstance(v, str)), "") \
        if isinstance(value, dict) else ""
    return f"step {data.get('index', '')}: {name} {shorten(told, 60)}".strip()


def _label(event: Event) -> str:
    data = event.data
    if event.kind == "trigger":
        return f"trigger, {plural(len(str(data.get('octets', ''))) // 2, 'octet')}"
    if event.kind == "hook":
        return f"{data.get('verb', '')} -> {data.get('outcome', '')}"
    if event.kind == "process":
        code = data.get("code")
        return f"process {data.get('what', '')}" + ("" if code is None else f" (exit status {code})")
    if event.kind == "tls":
        came = f"{data.get('version', '')} {data.get('cipher', '')}" if data.get("version") else f"broken off: {data.get('fault', '')}"
        return f"TLS {came}"
    if event.kind == "value":
        return f"{data.get('name', '')} = {data.get('value', '')}"
    return str(data.get("text", event.kind)).strip().partition("\n")[0]
