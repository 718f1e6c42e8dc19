"""What one side owed in a session and what it answered: Statuses and Results, matched to the commands they speak of."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property

from conformance.judge.session import CLIENT, REFUSALS, SESSION_ABORT, Placed, Said, Session
from conformance.syncml.model import Block, Command, Other, Results, Status


@dataclass(slots=True, eq=False)
class Reference:
    """A Status or Results of the side with what it speaks of.

    ``target`` is the message that MsgRef names, ``None`` where there is no such one; ``owed`` the command that CmdRef
    names in it; ``heading``: it is a Status for SyncHdr.
    """

    said: Said
    answer: Status | Results
    position: int
    target: Said | None = None
    owed: Owed | None = None
    heading: bool = False


@dataclass(slots=True, eq=False)
class Owed:
    """A command of the other side and what came for it.

    ``closing`` is the message with which the answering side ended its package: by then all must be there; ``None`` where
    it never came so far, so that nothing can be said about what is missing.
    """

    said: Said
    placed: Placed
    closing: Said | None = None
    statuses: list[Reference] = field(default_factory=list)
    results: list[Reference] = field(default_factory=list)

    @property
    def command(self) -> Command:
        """The command."""
        return self.placed.command

    @property
    def inner(self) -> bool:
        """Whether it stands inside a Sequence or Atomic."""
        return bool(self.placed.around)

    @property
    def container(self) -> bool:
        """Whether it is a Sequence or Atomic."""
        return isinstance(self.command, Block)

    @property
    def codes(self) -> list[str]:
        """The codes that came for it, in order."""
        return [ref.answer.data or "" for ref in self.statuses if isinstance(ref.answer, Status)]

    @property
    def code(self) -> str | None:
        """The first code that came for it."""
        return self.codes[0] if self.statuses else None

    @property
    def what(self) -> str:
        """The command for a reader."""
        return f"{self.command.name} with CmdID {self.command.cmd_id} of message {self.said.header.msg_id}"


class Book:
    """All that a side owed and answered in one session.

    ``owed`` holds the commands of the other side that want a Status, ``references`` every Status and Results of the side,
    ``headings`` for each message of the other side the Statuses for its SyncHdr.
    """

    def __init__(self, session: Session, side: str) -> None:
        self.session, self.side = session, side
        self.owed: list[Owed] = []
        self.references: list[Reference] = []
        self.headings: dict[int, list[Reference]] = {}
        self._by_id: dict[tuple[int, str], Owed] = {}
        self._theirs: dict[str, list[Said]] = {}
        self._finals = [said for said in session.by(side) if said.final]
        for said in session.said:
            if said.side == side:
                self._take(said)
            else:
                self._owe(said)

    @cached_property
    def contents(self) -> dict[int, list[Owed]]:
        """What stands inside each Sequence and Atomic, however deep, by the identity of the block: two may look alike."""
        found: dict[int, list[Owed]] = {}
        for owed in self.owed:
            for block in owed.placed.around:
                found.setdefault(id(block), []).append(owed)
        return found

    def inside(self, owed: Owed) -> list[Owed]:
        """The commands inside a Sequence or Atomic."""
        return self.contents.get(id(owed.command), [])

    def closing(self, said: Said) -> Said | None:
        """The message with which the side ended the package that answers a message of the other side."""
        place = bisect_right(self._finals, said.index, key=lambda mine: mine.index)
        return self._finals[place] if place < len(self._finals) else None

    def superseded(self, said: Said) -> bool:
        """Whether what a message of the other side asked was asked again, or may never have arrived."""
        if said.lost or said.made or said.has_alert(SESSION_ABORT):
            return True
        same = self._theirs.get(said.header.msg_id or "")
        return same is not None and same[-1].index > said.index

    def refused(self, said: Said) -> bool:
        """Whether the side said that the other one was not authenticated when it sent this message."""
        return any(
            isinstance(ref.answer, Status) and ref.answer.data in REFUSALS for ref in self.headings.get(said.index, ())
        )

    def failed(self, said: Said) -> bool:
        """Whether the side could not take this message at all: an error other than 401 and 407 for its SyncHdr."""
        codes = [ref.answer.data or "" for ref in self.headings.get(said.index, ()) if isinstance(ref.answer, Status)]
        return any(code[:1] in ("3", "4", "5") and code not in REFUSALS for code in codes)

    def judged(self, owed: Owed) -> bool:
        """Whether it can be said that an answer to this command is missing."""
        closing = owed.closing
        return not (
            closing is None or closing.made or closing.has_alert(SESSION_ABORT) or closing.excused
            or self.superseded(owed.said) or self.failed(owed.said) or self.misreferred(owed)
        )

    def misreferred(self, owed: Owed) -> bool:
        """Whether a Status came that was meant for this command but names it wrongly, which is a breach of its own."""
        name = owed.command.name
        places = (self._strays.get((name, sign), -1) for sign in (owed.command.cmd_id, owed.said.index))
        return max(places) > owed.said.index

    @cached_property
    def _strays(self) -> dict[tuple[str | None, str | int | None], int]:
        """Statuses for no command that was owed: command and CmdRef, or index of the message that they name, to the place
        of the last."""
        found: dict[tuple[str | None, str | int | None], int] = {}
        for ref in self.references:
            if ref.owed is None and not ref.heading and isinstance(ref.answer, Status):
                found[(ref.answer.cmd, ref.answer.cmd_ref)] = ref.said.index
                if ref.target is not None:
                    found[(ref.answer.cmd, ref.target.index)] = ref.said.index
        return found

    @cached_property
    def rejecting(self) -> set[int]:
        """Places of the messages with a Status for Results."""
        return {
            ref.said.index for ref in self.references if ref.owed is not None and isinstance(ref.owed.command, Results)
        }

    @cached_property
    def _wanted(self) -> tuple[list[int], list[int]]:
        arrived = [owed for owed in self.owed if not owed.said.lost]
        first = (min((ref.said.index for ref in owed.statuses), default=-1) for owed in arrived)
        return sorted(owed.said.index for owed in arrived), sorted(place for place in first if place >= 0)

    def owing(self, said: Said) -> int:
        """How many commands of messages before this one had no Status in messages before this one."""
        asked, answered = self._wanted
        return bisect_left(asked, said.index) - bisect_left(answered, said.index)

    def _owe(self, said: Said) -> None:
        self._theirs.setdefault(said.header.msg_id or "", []).append(said)
        closing = self.closing(said)
        seen: set[str] = set()
        twice: set[str] = set()
        wanted: list[Owed] = []
        for placed in said.walked:
            command = placed.command
            identity = command.cmd_id
            if identity in (None, "", "0") or isinstance(command, Other):
                continue
            owed = Owed(said, placed, closing)
            if identity in seen:
                # Two commands with one CmdID cannot be told apart by their answers.
                twice.add(identity)
                continue
            seen.add(identity)
            self._by_id[(said.index, identity)] = owed
            if not isinstance(command, Status | Results) and not command.no_resp and not _abort(command):
                wanted.append(owed)
        self.owed += [owed for owed in wanted if owed.command.cmd_id not in twice]

    def _take(self, said: Said) -> None:
        for position, command in enumerate(said.message.commands):
            if not isinstance(command, Status | Results):
                continue
            ref = Reference(said, command, position)
            self.references.append(ref)
            ref.target = self._target(ref)
            ref.heading = isinstance(command, Status) and (command.cmd == "SyncHdr" or command.cmd_ref == "0")
            if ref.target is None:
                continue
            if ref.heading:
                self.headings.setdefault(ref.target.index, []).append(ref)
                continue
            ref.owed = self._by_id.get((ref.target.index, command.cmd_ref or ""))
            if ref.owed is not None:
                taken = ref.owed.statuses if isinstance(command, Status) else ref.owed.results
                taken += [ref] if not (said.copy and any(_same(each, ref) for each in taken)) else []

    def _target(self, ref: Reference) -> Said | None:
        command = ref.answer
        if command.msg_ref is None:
            return ref.said.answers if isinstance(command, Results) else None
        known = self._theirs.get(command.msg_ref)
        return known[-1] if known else None  # they are taken in order: all of these came before


def _same(one: Reference, other: Reference) -> bool:
    """Whether two answers are one and the same, in a message that was sent once more: it says nothing new."""
    return (one.said.header.msg_id, one.position) == (other.said.header.msg_id, other.position)


def _abort(command: Command) -> bool:
    return getattr(command, "data", None) == SESSION_ABORT


def successful(owed: Owed) -> int:
    """How many Items of a Get were answered 200."""
    good = [ref for ref in owed.statuses if isinstance(ref.answer, Status) and ref.answer.data == "200"]
    if len(owed.statuses) == 1 and good:
        return len(owed.command.items)
    return len(good)


def refers(status: Status) -> int:
    """How many Items a Status names by TargetRef or SourceRef."""
    return max(len(status.target_refs), len(status.source_refs))


def package_one(said: Said) -> bool:
    """Whether a message of the client belongs to package #1, first or sent again after a challenge."""
    now, passed = said, []
    while now.package_one is None:
        passed.append(now)
        found = _begins_package_one(now)
        if isinstance(found, bool):
            now.package_one = found
        else:
            now = found
    for each in passed:
        each.package_one = now.package_one
    return now.package_one


def _begins_package_one(said: Said) -> bool | Said:
    """The answer where the message itself gives it, else the message before it that decides."""
    if said.opens:
        return True
    if said.side != CLIENT or said.answers is None:
        return said.answers is None and said.index == 0
    before = said.answers.answers
    return False if said.answers.refuses or before is None or before.final else before
