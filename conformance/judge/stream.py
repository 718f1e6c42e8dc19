"""Large objects: the chunks of one object, message by message (DM Protocol 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from conformance.judge.session import NO_END_OF_DATA, SESSION_ABORT, Placed, Said, Session, number
from conformance.syncml.held import is_held, size_of, unencoded_size
from conformance.syncml.model import Command, Item, Results, b64

CARRIERS = ("Add", "Replace", "Results", "Alert")
"""Commands whose Items may carry a large object."""


@dataclass(slots=True, eq=False)
class Chunk:
    """One piece: the message, the command and the Item that carried it."""

    said: Said
    placed: Placed
    item: Item

    @property
    def command(self) -> Command:
        """The command of the piece."""
        return self.placed.command

    @property
    def size(self) -> int:
        """Octets of the piece as transferred; text counts as UTF-8."""
        return size_of(self.item.data)

    @property
    def stated(self) -> str | None:
        """Meta Size of the piece, from the Item or its command."""
        return self.command.meta_of(self.item).size


@dataclass(slots=True, eq=False)
class Stream:
    """One object sent with MoreData.

    ``ended``: a piece without MoreData came. ``follower`` is the next message of the sender where that does not go on
    with the object, ``None`` where it does or none came.
    """

    session: Session
    chunks: list[Chunk] = field(default_factory=list)
    ended: bool = False
    follower: Said | None = None

    @property
    def first(self) -> Chunk:
        """The first piece."""
        return self.chunks[0]

    @property
    def last(self) -> Chunk:
        """The newest piece."""
        return self.chunks[-1]

    @property
    def total(self) -> int:
        """Octets of all pieces as transferred."""
        return sum(chunk.size for chunk in self.chunks)

    @property
    def decoded(self) -> int:
        """Octets of the object with Base64 undone, where its Format is b64."""
        if (self.first.command.meta_of(self.first.item).format or "") != "b64":
            return self.total
        if any(is_held(chunk.item.data) for chunk in self.chunks):
            sizes = [unencoded_size(chunk.item.data) for chunk in self.chunks]
            # Pieces that are cut elsewhere than between groups of four are counted as if they were not: the sum is the same.
            known = [size for size in sizes if size is not None]
            return sum(known) if len(known) == len(sizes) else self.total * 3 // 4
        text = "".join(c.item.data if isinstance(c.item.data, str) else "" for c in self.chunks)
        octets = b64(text)
        return self.total if octets is None else len(octets)

    @property
    def size(self) -> int | None:
        """The announced size, ``None`` where there is none that is a number."""
        return number((self.first.stated or "").strip())

    @property
    def node(self) -> str:
        """The URI that the object is for."""
        return place(self.first.item)

    @property
    def made(self) -> bool:
        """Whether the suite built one of the messages wrong on purpose."""
        return any(chunk.said.made for chunk in self.chunks)


def place(item: Item) -> str:
    """What an Item is about: its Target, else its Source."""
    return item.target or item.source or ""


def streams(session: Session, side: str) -> Iterator[Stream]:
    """The large objects that one side sent in a session, in order."""
    current: Stream | None = None
    made: list[Stream] = []
    for said in session.by(side):
        if said.copy:
            continue
        carried = _carried(said)
        if current is not None:
            following = next((c for c in carried if _goes_on(current, c)), None)
            if following is None:
                current.follower = said
                current = None
            else:
                current.chunks.append(following)
                carried.remove(following)
                if not following.item.more:
                    current.ended = True
                    current = None
        for chunk in carried:
            if chunk.item.more and current is None:
                current = Stream(session, [chunk])
                made.append(current)
    yield from made


def _carried(said: Said) -> list[Chunk]:
    return [
        Chunk(said, placed, item)
        for placed in said.walked
        if placed.command.name in CARRIERS
        for item in placed.command.items
    ]


def _goes_on(stream: Stream, chunk: Chunk) -> bool:
    """Whether an Item is the next piece: the same command for the same node; a node may be left out (a SHOULD)."""
    before = stream.last
    if chunk.command.name != before.command.name:
        return False
    if isinstance(chunk.command, Results) and isinstance(before.command, Results):
        same = chunk.command.cmd_ref == before.command.cmd_ref
    else:
        same = True
    return same and place(chunk.item) in (stream.node, "") and not refused(before, chunk.said)


def refused(chunk: Chunk, then: Said) -> bool:
    """Whether the receiver broke the object off before the message ``then``: an error for the piece, Alert 1225 or 1223.

    A good Status other than 213 is a fault of the receiver and breaks nothing off.
    """
    answer = then.answers
    if answer is None or then.excused:
        return then.excused
    if answer.has_alert(NO_END_OF_DATA, SESSION_ABORT) or answer.refuses:
        return True
    codes = [s.data or "" for s in answer.statuses if s.cmd_ref == chunk.command.cmd_id and s.cmd != "SyncHdr"]
    return any(code[:1] in ("3", "4", "5") or code in ("214", "215", "216") for code in codes)
