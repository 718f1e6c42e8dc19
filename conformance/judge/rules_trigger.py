"""Rules of trigger messages that a server sends: package #0 and the push around it (DM Notification 6, 7.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.dm.trigger import VERSION, session_text
from conformance.judge.rule import Hit, View, rule
from conformance.transcript import SERVER, Event

SIDE = ("server",)
CODES = bytes((0xC4, 0xAF, 0x87))
"""Content type 0x44 and application id 0x07 as they stand in the head of a push."""
MOST_HEADERS = 48
"""Octets that the headers below and in the push may take together."""
_WISHES = ("campaign", "update", "enrol", "reset", "up_to_date")
"""Verbs after which a trigger may be one for another session."""
_START = 2
"""Octets of a push before the length of its headers: transaction id and type."""


def _triggers(view: View) -> Iterator[Event]:
    for event in view.transcript.of("trigger"):
        if event.sender == SERVER and not event.data.get("made"):
            yield event


def read(view: View) -> Iterator[tuple[Event, dict[str, Any]]]:
    """Triggers that could be read, with their fields."""
    for event in _triggers(view):
        fields = event.data.get("fields")
        if isinstance(fields, dict) and fields:
            yield event, fields


def _head(event: Event) -> bytes:
    """The octets before the digest, which is masked."""
    text = str(event.data.get("octets") or "").partition("*")[0]
    try:
        return bytes.fromhex(text[: len(text) // 2 * 2])
    except ValueError:
        return b""


def _headers(head: bytes) -> tuple[int, int]:
    """Where the headers of a push begin, and how many octets they take; (0, 0) where that cannot be read."""
    length = 0
    for place, octet in enumerate(head[_START : _START + 5], _START + 1):
        length = length << 7 | octet & 0x7F
        if not octet & 0x80:
            return place, length
    return 0, 0


def headers_of(view: View) -> Iterator[tuple[bytes, Event]]:
    """The headers of each push, as far as they can be read, content type first."""
    for event in _triggers(view):
        head = _head(event)
        start, length = _headers(head)
        if start:
            yield head[start : start + length], event


@rule("DM-NOTI-001", sides=SIDE, title="a trigger message has the layout of package 0")
def layout(view: View) -> Iterator[Hit]:
    """DM Notification 6.1."""
    for event in _triggers(view):
        fault = event.data.get("fault")
        yield view.check(not fault, event, "digest, header and server identifier", str(fault), "a trigger message")


@rule("DM-NOTI-002", sides=SIDE, title="the version of a trigger is 1.1")
def version(view: View) -> Iterator[Hit]:
    """DM Notification 6.2.6: ten times the version, in ten bits."""
    for event, fields in read(view):
        came = fields.get("version")
        yield view.check(came == VERSION, event, str(VERSION), str(came), "version bits of the trigger")


@rule("DM-NOTI-003", sides=SIDE, title="the bits for future use are zero")
def future(view: View) -> Iterator[Hit]:
    """DM Notification 6.2.9."""
    for event, fields in read(view):
        came = fields.get("future")
        yield view.check(came == 0, event, "0", str(came), "bits of the trigger that are kept for the future")


@rule("DM-NOTI-004", sides=SIDE, title="the digest of a trigger is right")
def digest(view: View) -> Iterator[Hit]:
    """DM Notification 6.2.2. With the nonce that heals a lost one it is right where a trigger before had no answer."""
    ignored = False
    for event in _triggers(view):
        facts = event.data.get("facts")
        found = facts.get("digest") if isinstance(facts, dict) else None
        if found is not None:
            expected = "the digest of server identifier, password, nonce and trigger"
            what = "digest of the trigger"
            healing = found == "healing"
            if healing and ignored:
                yield view.ok(event)
                continue
            ignored = ignored or found == "right"
            actual = "one with the nonce 0x00000000" if healing else "another value"
            yield view.check(found == "right", event, expected, actual, what, tolerated=healing)


@rule("DM-NOTI-010", "DM-NOTI-011", sides=SIDE, title="the push names content type and application by their codes")
def push(view: View) -> Iterator[Hit]:
    """DM Notification 7.1. To which port it goes is a matter of the set-up.

    The long form of the content type, and headers between the two, are no codes but those: they are tolerated.
    """
    for event in _triggers(view):
        head = _head(event)
        start, length = _headers(head)
        if not start:
            continue
        came = head[start : start + length]
        general = came[:2] == bytes((1, CODES[0]))
        inside = came.startswith(CODES)
        what = "content type and application id of the push"
        other = (general or came[:1] == CODES[:1]) and CODES[1:] in came[1:]
        yield view.check(inside, event, CODES.hex(" "), came[:16].hex(" "), what, tolerated=other)
        expected, what = f"at most {MOST_HEADERS} octets", "headers of the push"
        yield view.check(length <= MOST_HEADERS, event, expected, f"{length}", what, "DM-NOTI-011")


@rule("DM-NOTI-013", sides=SIDE, title="triggers for different sessions have different session ids")
def session_ids(view: View) -> Iterator[Hit]:
    """DM Notification 6.2.10. The same id before its session is over is the same trigger once more."""
    before: dict[int, Event] = {}
    for event, fields in read(view):
        came = fields.get("session_id")
        if not isinstance(came, int):
            continue
        what = "session id of the trigger"
        if not came:
            yield view.broken(event, "1 to FFFF", "0", what)
            continue
        earlier = before.setdefault(came, event)
        used = earlier is not event and _took_place(view, session_text(came), earlier.n, event.n)
        yield view.check(not used, event, "an id that no session had yet", session_text(came), what)


@rule("DM-NOTI-015", sides=SIDE, title="a repeated trigger has the session id of the first")
def repeated(view: View) -> Iterator[Hit]:
    """DM Notification 6.2.10. With neither a session nor a new wish of the operator in between it is a repetition."""
    before: Any = None
    if len({s.first.header.source for s in view.sessions if s.first is not None}) > 1:
        return  # for which of the devices a trigger was nobody says
    for event in view.transcript.events:
        if event.kind == "message" or (event.kind == "hook" and event.data.get("verb") in _WISHES):
            before = None
        elif event.kind == "trigger" and event.sender == SERVER and not event.data.get("made"):
            came = (event.data.get("fields") or {}).get("session_id")
            if isinstance(came, int):
                if before is not None:
                    what = "session id of a repeated trigger"
                    yield view.check(came == before, event, session_text(before), session_text(came), what)
                before = came


@rule("NOTI-018", sides=("client",), title="after a re-sync the device gives a new nonce")
def nonce_renewed(view: View) -> Iterator[Hit]:
    """DM Notification 5.1: by Chal in package #3, where there is one."""
    healed = {
        session_text(fields["session_id"])
        for event in view.transcript.of("trigger")
        if str((fields := event.data.get("fields") or {}).get("digest", "")).startswith("resync")
    }
    for session in view.sessions:
        first = session.first
        if first is None or first.header.session_id not in healed:
            continue
        later = [said for said in session.by(view.side) if said is not first and view.judged(said)]
        answers = [said for said in later if (status := said.header_status) and status.data in ("200", "212")]
        if answers:
            given = any(s.header_status and s.header_status.chal and s.header_status.chal.next_nonce for s in answers)
            what = "nonce for the server in package 3 after a re-sync"
            yield view.check(given, answers[-1], "Chal with NextNonce", None, what)


def _took_place(view: View, session_id: str, after: int, before: int) -> bool:
    """Whether a session with that id began after one event and ended before another."""
    return any(
        session.first is not None
        and session.first.header.session_id == session_id
        and after < session.first.event.n
        and session.over
        and session.said[-1].event.n < before
        for session in view.sessions
    )
