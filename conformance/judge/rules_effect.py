"""Rules of what commands bring about: what a Get reads back fits what the Statuses said (DM RepPro 6.6.3, 6.6.4, 6.6.11).

Only what nobody can doubt is compared: text of a leaf that was written and read in one session, with nothing in between
that may have touched it. Commands of one package outside Sequence and Atomic may be carried out in any order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from conformance.judge.answer import Book, Owed
from conformance.judge.operation import plain
from conformance.judge.rule import Hit, View, rule
from conformance.judge.session import Said
from conformance.syncml.model import Alert, Atomic, Block, Copy, Get, Item, Meta, Replace, text_of

_TEXT = (None, "", "chr")
_UNDONE = ("3", "4", "5")
_SKIPPED = ("215", "216")
_ADDRESSES = ("/Download/PkgURL", "/DownloadAndUpdate/PkgURL")
_MOST = 64
"""Leaves that are kept in mind at a time, so that a session of any length costs what its length is."""


@dataclass(slots=True)
class _Value:
    """What a leaf must hold, since which message, and which requirement says so. ``inside``: the block of the writer."""

    text: str
    owed: Owed
    requirement: str

    @property
    def inside(self) -> Block | None:
        """The outermost block around the command that set it."""
        return self.owed.placed.around[0] if self.owed.placed.around else None


@rule(
    "DM-CMD-019", "DM-CMD-021", "DM-CMD-018", "DM-CMD-001", "FUMO-NODE-021",
    sides=("client",), title="what is read back fits the Statuses",
)
def read_back(view: View) -> Iterator[Hit]:
    """DM RepPro 6.6.3, 6.6.4, 6.6.11; of an address also FUMO TS 5.1.5, 5.1.9."""
    for book in view.books:
        yield from _Tree(view, book).hits()


class _Tree:
    """What must be in the leaves of a device, command by command."""

    def __init__(self, view: View, book: Book) -> None:
        self.view, self.book = view, book
        self.known: dict[str, _Value] = {}
        self.codes = {id(owed.command): owed.code for owed in book.owed}
        self.pieces = {id(chunk.item) for each in (*view.streams, *view.their_streams) for chunk in each.chunks}
        """Items that hold a piece of a large object, of which the last says nothing of it."""

    def hits(self) -> Iterator[Hit]:
        """Walks through the commands of the session."""
        for owed in self.book.owed:
            command = owed.command
            if owed.said.made or owed.said.lost or owed.said.copy:
                self.known.clear()
            elif isinstance(command, Get):
                yield from self._read(owed)
            elif isinstance(command, Replace | Copy):
                self._write(owed)
            elif isinstance(command, Atomic):
                self._undo(owed)
            elif not isinstance(command, Block | Alert):
                self.known.clear()

    def _write(self, owed: Owed) -> None:
        """Replace and Copy: the target holds the value where the Status says so, and what it held where it does not."""
        code = self._code_of(owed)
        for item in owed.command.items:
            node, value = plain(item.target), self._given(owed, item)
            before = self.known.get(node)
            if code is not None and (code[:1] in _UNDONE or code in _SKIPPED):
                continue
            twice = before is not None and not owed.inner and before.owed.said is owed.said
            self._forget(node)
            if code == "200" and value is not None and not twice and len(owed.command.items) == 1:
                if len(self.known) >= _MOST:
                    self.known.clear()
                self.known[node] = _Value(value, owed, self._requirement(owed))

    def _code_of(self, owed: Owed) -> str | None:
        """The Status of a command; in an Atomic that was undone it is that of the Atomic."""
        for block in owed.placed.around:
            if isinstance(block, Atomic):
                whole = self.codes.get(id(block))
                if whole is None or whole[:1] != "2":
                    return whole
        return owed.code if len(set(owed.codes)) == 1 else None

    def _undo(self, owed: Owed) -> None:
        """After an Atomic that failed the values from before must be there: from now on that is what they prove."""
        if owed.code is None or owed.code[:1] not in _UNDONE:
            return
        requirement = "DM-CMD-021" if owed.code == "517" else "DM-CMD-019"
        for inner in owed.command.commands if isinstance(owed.command, Block) else ():
            for item in inner.items:
                before = self.known.get(plain(item.target))
                if before is not None and isinstance(inner, Replace):
                    self.known[plain(item.target)] = _Value(before.text, owed, requirement)

    def _requirement(self, owed: Owed) -> str:
        if any(isinstance(block, Atomic) for block in owed.placed.around):
            return "DM-CMD-019"
        return "DM-CMD-018" if isinstance(owed.command, Copy) else "DM-CMD-001"

    def _given(self, owed: Owed, item: Item) -> str | None:
        """The value that a leaf gets; ``None`` where that is no plain text, or not known."""
        if isinstance(owed.command, Copy):
            source = self.known.get(plain(item.source))
            return source.text if source is not None else None
        meta = owed.command.meta_of(item)
        usual = (meta.format or "").strip() in _TEXT and (meta.type or "").strip() in ("", "text/plain")
        if id(item) in self.pieces or "?" in (item.target or ""):
            return None
        if not usual or item.more or not isinstance(item.data, str) or item.data_elements:
            return None
        return text_of(item, meta)

    def _forget(self, node: str) -> None:
        """A write may touch what stands below, and the other nodes of the same update object."""
        root = self.view.activity.object_of(node)
        for other in list(self.known):
            kin = self.view.activity.object_of(other) == root and (root is not None or not self.view.given_objects)
            if kin or node in (".", "", other) or other.startswith(f"{node}/") or "?" in node:
                del self.known[other]

    def _read(self, owed: Owed) -> Iterator[Hit]:
        for ref in owed.results:
            for item in ref.answer.items:
                value = self.known.get(plain(item.source))
                if value is None or id(item) in self.pieces or not self._later(owed, value) or not self.view.judged(ref.said):
                    continue
                came = _text(item, ref.answer.meta_of(item))
                if came is not None and not item.more:
                    hit = self._compared(value, came, item, ref.said)
                    yield hit
                    if self._is_address(item.source):
                        yield replace(hit, requirement="FUMO-NODE-021")

    def _is_address(self, uri: str | None) -> bool:
        """Whether a leaf is the address of an operation (FUMO TS 5.1.5, 5.1.9)."""
        root = self.view.activity.object_of(uri)
        return root is not None and plain(uri).removeprefix(root) in _ADDRESSES

    def _later(self, owed: Owed, value: _Value) -> bool:
        """Whether a Get was surely carried out after what set a value."""
        around = owed.placed.around
        return owed.said.index > value.owed.said.index or bool(around and around[0] is value.inside)

    def _compared(self, value: _Value, came: str, item: Item, said: Said) -> Hit:
        what = f"{item.source} after {value.owed.what} was answered {value.owed.code}"
        return self.view.check(came == value.text, said, value.text, came, what, value.requirement)


def _text(item: Item, meta: Meta) -> str | None:
    if (meta.format or "").strip() not in _TEXT or item.data_elements:
        return None
    return text_of(item, meta) if item.data is not None else ""
