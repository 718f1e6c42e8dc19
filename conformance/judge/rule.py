"""Standing rules: what every message of an implementation must obey in every case.

A rule is a generator over a :class:`View`; it yields a :class:`Hit` for every time that it was obeyed or broken. Rules
know nothing of the catalogue; :func:`standing` turns hits into findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from conformance.judge.answer import Book
from conformance.judge.finding import FAIL, PASS, WARN, Catalogue, Finding, broken
from conformance.judge.operation import Activity
from conformance.judge.package import Turn, turns
from conformance.judge.session import Said, Session, interruptions, outages, sessions
from conformance.judge.stream import Stream, streams
from conformance.transcript import Event, Transcript

MOST = 5
"""Breaches of one requirement that are listed; of the others only the number is said."""
_LONGEST = 160


class JudgeError(Exception):
    """A rule crashed: a fault of the suite. Names the rule and, where it is known, the event."""


@dataclass(slots=True)
class Hit:
    """One application of a rule: obeyed, or broken with what was expected and what came.

    ``requirement`` is "" for the first of the rule's own. ``tolerated``: a known other reading, which warns only.
    """

    obeyed: bool
    event: int | None
    expected: str = ""
    actual: str = ""
    message: str = ""
    requirement: str = ""
    tolerated: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``requirements``: the ids it may cite, ``sides``: the roles that it can judge."""

    requirements: tuple[str, ...]
    sides: tuple[str, ...]
    title: str
    check: Callable[[View], Iterator[Hit]]

    @property
    def name(self) -> str:
        """Name of the function, for error messages."""
        return f"{self.check.__module__.rpartition('.')[2]}.{self.check.__name__}"


RULES: list[Rule] = []


def rule(
    *requirements: str, sides: tuple[str, ...] = ("client", "server"), title: str
) -> Callable[[Callable[[View], Iterator[Hit]]], Callable[[View], Iterator[Hit]]]:
    """Registers a rule. ``title`` says in a few words what holds."""

    def register(check: Callable[[View], Iterator[Hit]]) -> Callable[[View], Iterator[Hit]]:
        RULES.append(Rule(requirements, sides, title, check))
        return check

    return register


def shown(value: str | bytes | None, limit: int = _LONGEST) -> str:
    """A value that came from outside as one bounded line for a reader; "nothing" where there is none."""
    if value is None:
        return "nothing"
    if isinstance(value, bytes):
        return f"{len(value)} octets"
    if value == "":
        return "an empty value"
    line = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in value[: limit + 1])
    return line if len(value) <= limit else line[:limit] + "..."


class View:
    """A transcript as one side's rules see it. ``side`` is the role under judgement: client or server.

    ``objects`` are the roots of the firmware update objects; where none are given they are inferred from what was
    executed. ``version`` is the one of DM that the client of the case was to speak, "" where that is not known.
    Everything is computed once.
    """

    def __init__(
        self, transcript: Transcript, side: str, objects: tuple[str, ...] = (), strict: bool = False,
        version: str = "1.2",
    ) -> None:
        self.transcript, self.side, self.given_objects, self.strict = transcript, side, objects, strict
        self.version = version
        self.other = "server" if side == "client" else "client"
        self.sessions: list[Session] = sessions(transcript)
        self.at: int | None = None

    @cached_property
    def mine(self) -> list[Said]:
        """The messages to be judged, in order: those of the side that are neither made wrong nor mere repetitions."""
        return [s for session in self.sessions for s in session.said if self.judged(s)]

    def judged(self, said: Said) -> bool:
        """Whether a message is one to be judged."""
        return said.side == self.side and not said.made and not said.copy

    @cached_property
    def recorded(self) -> bool:
        """Whether the transcript was recorded between strangers, so that what was done before it is unknown."""
        return any(event.data.get("recorded") for event in self.transcript.of("message"))

    @cached_property
    def books(self) -> list[Book]:
        """For each session what was asked of the side and what it answered."""
        return [Book(session, self.side) for session in self.sessions]

    @cached_property
    def their_books(self) -> list[Book]:
        """The same for the other side."""
        return [Book(session, self.other) for session in self.sessions]

    @cached_property
    def later_chunks(self) -> set[int]:
        """The identity of each command that brings a chunk of a large object of the side, but for the first ones."""
        return {id(chunk.command) for stream in self.streams for chunk in stream.chunks[1:]}

    @cached_property
    def turns(self) -> list[Turn]:
        """The messages of all sessions with the state of the packages before each."""
        return [turn for session in self.sessions for turn in turns(session)]

    @cached_property
    def streams(self) -> list[Stream]:
        """Large objects that the side sent."""
        return [stream for session in self.sessions for stream in streams(session, self.side)]

    @cached_property
    def their_streams(self) -> list[Stream]:
        """Large objects that the other side sent."""
        return [stream for session in self.sessions for stream in streams(session, self.other)]

    @cached_property
    def activity(self) -> Activity:
        """Firmware operations and their reports."""
        return Activity(self.transcript, self.sessions, self.given_objects)

    @cached_property
    def spoke(self) -> list[int]:
        """Numbers of the events in which the side sent a message, ascending."""
        return sorted(said.event.n for session in self.sessions for said in session.by(self.side))

    @cached_property
    def begun(self) -> list[int]:
        """Numbers of the events with which sessions began, ascending."""
        return sorted(said[0].event.n for session in self.sessions if (said := session.by(self.side)))

    @cached_property
    def gone(self) -> list[tuple[int, int]]:
        """Spans of events in which the implementation was not there."""
        return list(outages(self.transcript))

    @cached_property
    def breaks(self) -> list[int]:
        """Numbers of events that cut the implementation off."""
        return interruptions(self.transcript)

    def cut(self, first: int, last: int | None = None) -> bool:
        """Whether the implementation was cut off between two events, or ever after the first."""
        return any(first <= n and (last is None or n <= last) for n in self.breaks)

    def ok(self, place: Said | Event | None = None, requirement: str = "") -> Hit:
        """The rule was exercised there and obeyed."""
        return Hit(True, self._where(place), requirement=requirement)

    def broken(
        self, place: Said | Event | None, expected: str, actual: str | bytes | None, message: str,
        requirement: str = "", tolerated: bool = False,
    ) -> Hit:
        """The rule was broken there. ``actual`` is what came; it is bounded and made printable."""
        return Hit(False, self._where(place), expected, shown(actual), shown(message), requirement, tolerated)

    def check(
        self, good: bool, place: Said | Event | None, expected: str, actual: str | bytes | None, message: str,
        requirement: str = "", tolerated: bool = False,
    ) -> Hit:
        """Obeyed or broken, by the first argument."""
        if good:
            return self.ok(place, requirement)
        return self.broken(place, expected, actual, message, requirement, tolerated)

    def _where(self, place: Said | Event | None) -> int | None:
        event = place.event if isinstance(place, Said) else place
        self.at = event.n if event is not None else None
        return self.at


def standing(
    transcript: Transcript, side: str, catalogue: Catalogue, strict: bool = False, objects: tuple[str, ...] = (),
    version: str = "1.2",
) -> list[Finding]:
    """Judges one side of a transcript by all standing rules.

    ``side`` is client or server, ``objects`` the roots of the firmware update objects, ``version`` what the client was to
    speak ("1.2", "1.1.2"). For each requirement: one finding
    that it was obeyed and how often, or what broke it, at most :data:`MOST` of them. Raises :class:`JudgeError` where a
    rule crashes or cites a requirement that is not in the catalogue.
    """
    view = View(transcript, side, objects, strict, version)
    hits: dict[str, list[Hit]] = {}
    for each in registered():
        if side in each.sides:
            _apply(each, view, hits)
    findings: list[Finding] = []
    for identity, found in hits.items():
        if identity not in catalogue:
            raise JudgeError(f"the catalogue has no requirement {identity}, which a standing rule cites")
        findings.extend(_findings(identity, found, catalogue, strict))
    return findings


def registered() -> list[Rule]:
    """All rules, in the order of their modules."""
    # The modules of rules register themselves with this one, so that they cannot be imported before it is complete.
    from conformance.judge import rules

    return rules.ALL


def _apply(each: Rule, view: View, hits: dict[str, list[Hit]]) -> None:
    view.at = None
    try:
        for hit in each.check(view):
            hits.setdefault(hit.requirement or each.requirements[0], []).append(hit)
    except Exception as error:
        near = f" near event {view.at}" if view.at is not None else ""
        raise JudgeError(f"rule {each.name} crashed{near}: {type(error).__name__}: {error}") from error


def _findings(identity: str, hits: list[Hit], catalogue: Catalogue, strict: bool) -> Iterator[Finding]:
    requirement = catalogue[identity]
    breaches = [hit for hit in hits if not hit.obeyed]
    if not breaches:
        times = len(hits)
        message = "obeyed once" if times == 1 else f"obeyed {times} times"
        yield Finding(identity, PASS, "", "", None, message, None, requirement.level)
        return
    made = [
        finding
        for hit in breaches
        if (
            finding := broken(
                requirement, hit.expected, hit.actual, hit.event, hit.message, strict=strict, tolerated=hit.tolerated
            )
        )
    ]
    made.sort(key=lambda finding: finding.event or 0)
    yield from made[:MOST]
    rest = made[MOST:]
    if rest:
        worst = next((finding for finding in rest if finding.outcome == FAIL), rest[0])
        cause = worst.cause if worst.outcome == WARN else None
        message = f"and {len(rest)} more"
        yield Finding(identity, worst.outcome, worst.expected, "", worst.event, message, cause, requirement.level)
