"""``fumo-conformance pcap``: the evidence of a case as a packet capture that Wireshark opens and decodes down to SyncML.

Made on demand from the evidence: HTTP over TCP and triggers over UDP, put together again with right checksums between
addresses of the documentation range. Secrets are masked as in the evidence. A packet carries a comment: the number of the
event, the step that was played, and the findings that name it. What the evidence does not hold (the octets of packages)
is not made up: its length is said in a comment.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw
from scapy.utils import PcapNgWriter

from conformance.judge.finding import PASS
from conformance.report.record import Line
from conformance.report.text import shorten, visible
from conformance.transcript import Event, load

HOSTS = {"device": 1, "server": 2, "content": 3, "operator": 4, "suite": 5}
"""Last octets of the addresses 192.0.2.n (RFC 5737); a party that is not named has 9."""
HTTP_PORT, PUSH_PORT = 80, 2948
_SEGMENT = 1400
"""Octets of data in a TCP segment."""
_STEP = 0.000001
_COMMENT = 2000
_REASONS = {200: "OK", 206: "Partial Content", 301: "Moved Permanently", 302: "Found", 404: "Not Found"}


@dataclass(slots=True)
class _Talk:
    """One TCP connection: where it stands on both sides."""

    client: str
    server: str
    port: int
    sent: int = 1000
    received: int = 2000
    open: bool = True


@dataclass(slots=True)
class _Wire:
    """The packets so far, in the order of time."""

    start: float
    packets: list[Packet] = field(default_factory=list)
    at: float = 0.0
    port: int = 40000

    def put(self, at: float, packet: Packet, comment: str = "") -> None:
        """Adds a packet; times never go backwards."""
        self.at = max(self.at + _STEP, self.start + at)
        packet.time = self.at
        if comment:
            packet.comment = shorten(comment, _COMMENT).encode()
        self.packets.append(packet)

    def next_port(self) -> int:
        self.port += 1
        return self.port


def capture(run_dir: Path, line: Line) -> list[Packet]:
    """The packets of one result of the record. Raises ``ValueError`` or ``OSError`` where the evidence is damaged."""
    folder = (run_dir / line["evidence"]).resolve()
    if not line["evidence"] or run_dir.resolve() not in folder.parents:
        raise ValueError(f"{line['id']}: nothing was played, so there is nothing to show")
    wire = _Wire(_time(line))
    comments = _comments(line)
    step = ""
    talks: dict[Any, _Talk] = {}
    for event in load(folder):
        if event.kind == "step" and event.data.get("phase") == "begin":
            step = f"step {event.data.get('index')}: {shorten(json.dumps(event.data.get('step'), ensure_ascii=False), 300)}"
        told = "\n".join(visible(part) for part in (f"event {event.n}", step, *comments.get(event.n, ())) if part)
        if event.kind == "message":
            _message(wire, event, told, talks)
        elif event.kind == "http":
            _http(wire, event, told)
        elif event.kind == "trigger":
            _trigger(wire, event, told)
    for talk in talks.values():
        _close(wire, talk)
    return wire.packets


def write_capture(run_dir: Path, line: Line, path: Path) -> int:
    """Writes the capture of one result as pcapng; returns the number of packets. Replaces a file that is there."""
    packets = capture(run_dir, line)
    writer = PcapNgWriter(str(path))
    try:
        for packet in packets:
            writer.write(packet)
    finally:
        writer.close()
    return len(packets)


def _time(line: Line) -> float:
    """Seconds since 1970 at which the case began, as far as the record says."""
    try:
        return datetime.fromisoformat(str(line.get("at", ""))).timestamp()
    except ValueError:
        return 0.0


def _comments(line: Line) -> dict[int, list[str]]:
    """What findings say, by the event that they name."""
    found: dict[int, list[str]] = {}
    for finding in line["findings"]:
        if finding["event"] is not None and finding["outcome"] != PASS:
            told = f"{finding['outcome'].upper()} {finding['requirement']}: {finding['message']}"
            told += f"; expected {finding['expected']}; got {finding['actual']}"
            found.setdefault(finding["event"], []).append(shorten(told, 500))
    return found


# -- HTTP ------------------------------------------------------------------------------------------------------------


def _message(wire: _Wire, event: Event, told: str, talks: dict[Any, _Talk]) -> None:
    data = event.data
    exchange = data.get("exchange")
    if data.get("direction") == "request":
        talk = talks[exchange] = _open(wire, event.at, event.sender, event.receiver)
        first = f"{data.get('method') or 'POST'} {_path(data.get('url'))} HTTP/1.1"
        fixed = [("Host", urlsplit(str(data.get("url", ""))).netloc or "server.example")]
        _say(wire, event.at, talk, True, _head(first, data, fixed, len(event.octets)) + event.octets, told)
        return
    talk = talks.pop(exchange) if exchange in talks else _open(wire, event.at, event.receiver, event.sender)
    _say(wire, event.at, talk, False, _head(_status(data.get("status")), data, [], len(event.octets)) + event.octets, told)
    _close(wire, talk)


def _http(wire: _Wire, event: Event, told: str) -> None:
    data = event.data
    talk = _open(wire, event.at, event.sender, event.receiver)
    body = str(data.get("body") or "").encode("utf-8", "replace")
    fixed = [("Host", urlsplit(str(data.get("url", ""))).netloc or "content.example")]
    first = f"{data.get('method') or 'GET'} {_path(data.get('url'))} HTTP/1.1"
    _say(wire, event.at, talk, True, _head(first, data, fixed, len(body) if body else None) + body, told)
    if data.get("status"):
        sent = data.get("sent") or 0
        left_out = f"{told}\n{sent} octets of content are not kept in the evidence" if sent else told
        reply = _head(_status(data["status"]), {"headers": data.get("reply_headers")}, [], None)
        _say(wire, event.at, talk, False, reply, left_out)
    _close(wire, talk)


def _status(code: Any) -> str:
    number = code if isinstance(code, int) and 100 <= code <= 999 else 200
    return f"HTTP/1.1 {number} {_REASONS.get(number, '')}".rstrip()


def _path(url: Any) -> str:
    parts = urlsplit(str(url or ""))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return "".join(c if "!" <= c <= "~" else "%3F" for c in path)


def _head(first: str, data: dict[str, Any], fixed: list[tuple[str, str]], length: int | None) -> bytes:
    """Start line and header fields; Content-Length is that of the octets at hand where ``length`` is given."""
    listed = data.get("headers")
    pairs = [(str(p[0]), str(p[1])) for p in listed if isinstance(p, list) and len(p) == 2] if isinstance(listed, list) else []
    names = {name.lower() for name, _ in pairs}
    skipped = {"content-length", "transfer-encoding"} if length is not None else set()
    lines = [first, *(f"{n}: {v}" for n, v in fixed if n.lower() not in names)]
    lines += [f"{name}: {value}" for name, value in pairs if name.lower() not in skipped]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(visible(line, "\t") for line in lines) + "\r\n\r\n").encode("latin-1", "replace")


# -- TCP and UDP -----------------------------------------------------------------------------------------------------


def _frame(sender: str, receiver: str) -> Packet:
    one, two = (HOSTS.get(party, 9) for party in (sender, receiver))
    return Ether(src=f"02:00:00:00:00:{one:02x}", dst=f"02:00:00:00:00:{two:02x}") / IP(
        src=f"192.0.2.{one}", dst=f"192.0.2.{two}"
    )


def _open(wire: _Wire, at: float, client: str, server: str) -> _Talk:
    talk = _Talk(client, server, wire.next_port())
    _segment(wire, at, talk, True, "S")
    talk.sent += 1
    _segment(wire, at, talk, False, "SA")
    talk.received += 1
    _segment(wire, at, talk, True, "A")
    return talk


def _say(wire: _Wire, at: float, talk: _Talk, forth: bool, octets: bytes, comment: str) -> None:
    for piece in _pieces(octets):
        _segment(wire, at, talk, forth, "PA", piece, comment)
        comment = ""
        if forth:
            talk.sent += len(piece)
        else:
            talk.received += len(piece)
    _segment(wire, at, talk, not forth, "A")


def _pieces(octets: bytes) -> Iterator[bytes]:
    yield from (octets[place : place + _SEGMENT] for place in range(0, len(octets), _SEGMENT))


def _close(wire: _Wire, talk: _Talk) -> None:
    if talk.open:
        talk.open = False
        _segment(wire, 0, talk, True, "FA")
        talk.sent += 1
        _segment(wire, 0, talk, False, "FA")
        talk.received += 1
        _segment(wire, 0, talk, True, "A")


def _segment(
    wire: _Wire, at: float, talk: _Talk, forth: bool, flags: str, data: bytes = b"", comment: str = ""
) -> None:
    sides = (talk.client, talk.server) if forth else (talk.server, talk.client)
    ports = (talk.port, HTTP_PORT) if forth else (HTTP_PORT, talk.port)
    numbers = (talk.sent, talk.received) if forth else (talk.received, talk.sent)
    acknowledged = numbers[1] if "A" in flags else 0
    packet = _frame(*sides) / TCP(sport=ports[0], dport=ports[1], seq=numbers[0], ack=acknowledged, flags=flags, window=65535)
    wire.put(at, packet / Raw(data) if data else packet, comment)


def _trigger(wire: _Wire, event: Event, told: str) -> None:
    try:
        octets = bytes.fromhex(str(event.data.get("octets", "")).replace("*", "0"))
    except ValueError:
        octets = b""
    packet = _frame(event.sender, event.receiver) / UDP(sport=wire.next_port(), dport=PUSH_PORT) / Raw(octets)
    wire.put(event.at, packet, told)
