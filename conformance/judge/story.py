"""What became of a session between strangers, and who departed first before it went wrong.

A session goes wrong where a message is answered with something that is none, where a side refuses a whole message, aborts,
or where authentication ends it. To blame is the side whose message stood right before that and broke a requirement which
it had not broken before without harm; where there was nothing of that kind, the side with which it went wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.judge.finding import FAIL, Finding
from conformance.judge.rule import shown
from conformance.judge.session import CLIENT, REFUSALS, SESSION_ABORT, Exchange, Said, Session
from conformance.transcript import Event

SERVER = "server"
COMPLETE, BROKEN, REFUSED, OPEN = "complete", "broken", "refused", "open"
"""How a session ends: as it should; broken off; with a challenge that nobody answered; in the middle of the recording."""
_CREDENTIALS = ("DM-AUTH-", "DM-HMAC-", "DM-STA-008")
"""Requirements of challenges and of the answers to them."""


@dataclass(frozen=True, slots=True)
class Departure:
    """A breach with the side that is to blame for it."""

    side: str
    finding: Finding

    def as_dict(self, names: Mapping[int, str]) -> dict[str, Any]:
        """As JSON data; ``names`` tells events by the names of what was recorded."""
        return {"side": self.side, "file": names.get(self.finding.event or 0)} | self.finding.as_dict()


@dataclass(slots=True)
class Story:
    """One session. ``what`` says how it ended, ``at`` is the event at which it went wrong (``None``: it did not).

    ``blame`` are the departures that came first as far as the end is concerned, ``by`` the side whose they are ("" where
    it did not go wrong or nobody can tell); ``first`` is the first breach of all, which need not have done harm.
    """

    session_id: str
    device: str
    exchanges: int
    end: str = COMPLETE
    what: str = ""
    at: int | None = None
    by: str = ""
    blame: list[Departure] = field(default_factory=list)
    first: Departure | None = None

    def as_dict(self, names: Mapping[int, str]) -> dict[str, Any]:
        """The story as JSON data."""
        return {
            "session_id": self.session_id, "device": self.device, "exchanges": self.exchanges, "end": self.end,
            "what": self.what, "file": names.get(self.at or 0), "departed_first": self.by,
            "because": [each.as_dict(names) for each in self.blame],
            "first_departure": self.first.as_dict(names) if self.first else None,
        }


@dataclass(slots=True)
class _Trouble:
    """A place where a session went wrong; where it broke, also by which side, and the message of the other one before it."""

    event: Event
    what: str
    end: str = BROKEN
    side: str = ""
    before: Said | None = None


def stories(sessions: Iterable[Session], findings: Mapping[str, list[Finding]]) -> list[Story]:
    """The story of each session; ``findings`` are those of each side that was judged."""
    return [_story(session, findings) for session in sessions]


def _story(session: Session, findings: Mapping[str, list[Finding]]) -> Story:
    first = session.first or (session.said[0] if session.said else None)
    story = Story(
        shown(first.header.session_id, 16) if first is not None else "",
        shown((first.header.source if first.side == CLIENT else first.header.target), 80) if first is not None else "",
        len(session.exchanges),
    )
    events = {event.n for exchange in session.exchanges for event in (exchange.asked, exchange.given) if event is not None}
    failed = [
        Departure(side, finding)
        for side, found in findings.items()
        for finding in found
        if finding.outcome == FAIL and finding.event in events
    ]
    story.first = min(failed, key=_when, default=None)
    trouble = next(_troubles(session), None) or _end(session)
    if trouble is None:
        story.what = "the session came to its end"
        return story
    story.end, story.what, story.at = trouble.end, trouble.what, trouble.event.n
    if trouble.end != OPEN:
        _blame(story, trouble, failed)
    return story


def _when(departure: Departure) -> int:
    """Its event: what has none is in no session."""
    return departure.finding.event or 0


def _blame(story: Story, trouble: _Trouble, failed: list[Departure]) -> None:
    """Finds who departed first: what was new in the message right before, else what went wrong itself."""
    new: dict[tuple[str, str], Departure] = {}
    for each in sorted(failed, key=_when):
        new.setdefault((each.side, each.finding.requirement), each)
    if trouble.end == REFUSED:
        # One bad challenge or answer to it spoils all that follow: the first is to blame, wherever it stands.
        own = [each for each in new.values() if each.finding.requirement.startswith(_CREDENTIALS)]
        first = own[0].finding.event if own else None
        story.blame = [each for each in own if each.finding.event == first]
    elif trouble.before is not None:
        there = trouble.before.event.n
        story.blame = [e for e in new.values() if e.side == trouble.before.side and e.finding.event == there]
    if not story.blame and trouble.end != REFUSED:
        story.blame = [e for e in failed if e.side == trouble.side and e.finding.event == trouble.event.n]
    story.by = story.blame[0].side if story.blame else ""


def _troubles(session: Session) -> Iterator[_Trouble]:
    before: Exchange | None = None
    for exchange in session.exchanges:
        previous = before.response if before is not None else None
        if exchange.asked is not None:
            yield from _asked(exchange.asked, exchange.request, previous)
        if exchange.given is not None:
            yield from _given(exchange.given, exchange.response, exchange.request)
        before = exchange


def _asked(event: Event, said: Said | None, before: Said | None) -> Iterator[_Trouble]:
    if said is None:
        yield _Trouble(event, f"the client sent what is no message ({_body(event)})", BROKEN, CLIENT, before)
    elif _refused(said):
        yield _Trouble(event, f"the client refused the message before: Status {shown(said.code, 8)}", BROKEN, CLIENT, before)
    elif said.has_alert(SESSION_ABORT):
        yield _Trouble(event, "the client aborted the session (Alert 1223)", BROKEN, CLIENT, before)


def _given(event: Event, said: Said | None, request: Said | None) -> Iterator[_Trouble]:
    if said is None:
        yield _Trouble(event, f"the server answered with what is no message ({_body(event)})", BROKEN, SERVER, request)
    elif _refused(said):
        code = shown(said.code, 8)
        if request is not None and request.refuses:
            what = f"the client had refused the credentials of the server (Status {request.code}); it gave up (Status {code})"
            yield _Trouble(request.event, what, REFUSED)
        else:
            yield _Trouble(event, f"the server refused the message before: Status {code}", BROKEN, SERVER, request)
    elif said.has_alert(SESSION_ABORT):
        yield _Trouble(event, "the server aborted the session (Alert 1223)", BROKEN, SERVER, request)


def _refused(said: Said) -> bool:
    """Whether a message says that the one before could not be taken at all."""
    return (said.code or "")[:1] in ("3", "4", "5") and said.code not in REFUSALS


def _body(event: Event) -> str:
    status = event.data.get("status")
    media = str(event.data.get("media") or "")
    parts = [f"HTTP {status}" if status else "", shown(media.partition(";")[0], 60) if media else ""]
    parts.append(f"{event.data.get('size', 0)} octets")
    return ", ".join(part for part in parts if part)


def _end(session: Session) -> _Trouble | None:
    """What stands at the end of a session in which no single message went wrong; ``None`` where that is the end."""
    last = session.exchanges[-1]
    event = last.given or last.asked
    if event is None or session.over:
        return None
    if last.response is None:
        return _Trouble(event, "the recording ends with a request whose response is not there", OPEN)
    if last.response.refuses:
        what = f"the server refused the credentials (Status {last.response.code}), and the client gave up"
        return _Trouble(event, what, REFUSED)
    if last.request is not None and last.request.refuses:
        what = f"the client refused the credentials of the server (Status {last.request.code}), and no good ones came"
        return _Trouble(last.request.event, what, REFUSED)
    return _Trouble(event, "the recording ends where an answer of the client was due", OPEN)
