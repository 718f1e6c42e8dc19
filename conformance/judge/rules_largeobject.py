"""Rules of large objects: chunks, sizes, what the receiver says (DM Protocol 7)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judge.answer import Book, Owed
from conformance.judge.rule import Hit, View, rule
from conformance.judge.session import NEXT_MESSAGE, NO_END_OF_DATA, SESSION_ABORT, Placed, Said, number
from conformance.judge.stream import CARRIERS, Chunk, Stream, place, refused
from conformance.syncml.model import Add, Alert, Block, Command, Copy, Delete, Item, Replace

_NEW = (Add, Replace, Delete, Copy, Block)
"""Commands that must not stand between the chunks of an object."""
_STEERING = (NEXT_MESSAGE, SESSION_ABORT, NO_END_OF_DATA)


def _mine(view: View) -> Iterator[Stream]:
    """Objects that the side sent without interference of the suite."""
    return (stream for stream in view.streams if not stream.made)


@rule("DM-LOB-003", title="every chunk but the last has MoreData")
def more_data(view: View) -> Iterator[Hit]:
    """DM Protocol 7: an object that ends too early and then goes on lacked MoreData in between."""
    for stream in _mine(view):
        last = stream.last
        size = stream.size
        if not stream.ended or size is None or stream.total >= size:
            if stream.ended:
                yield view.ok(last.said)
            continue
        later = next((s for s in stream.session.by(view.side) if s.index > last.said.index and not s.copy), None)
        again = later is not None and any(
            placed.command.name == last.command.name and item.target == last.item.target and item.data is not None
            and placed.command.meta_of(item).size is None
            for placed in later.walked for item in placed.command.items
        ) and not refused(last, later)
        if again:
            what = f"a chunk of {stream.node} after {stream.total} of {size} octets"
            yield view.broken(last.said, "MoreData", None, what)
    chunks = {id(chunk.item) for stream in view.streams for chunk in stream.chunks}
    for said in view.mine:
        for placed in said.walked if not said.final else ():
            for item in placed.command.items if placed.command.name in CARRIERS else ():
                if id(item) not in chunks and _torn(said, placed, item):
                    yield view.broken(said, "MoreData", None, f"{place(item)} has less data than its Size, and no Final")


def _torn(said: Said, placed: Placed, item: Item) -> bool:
    """Whether an Item announces more octets than it holds."""
    alone = Stream(said.session, [Chunk(said, placed, item)])
    size = alone.size
    return size is not None and size > max(alone.total, alone.decoded) and not _lines(alone)


@rule("DM-LOB-004", title="an object that fits into one message has no MoreData")
def needless_chunks(view: View) -> Iterator[Hit]:
    """DM Protocol 7. What fits is read from the largest message that the side sent, with room for a cautious sender; an
    object of which all stood in its first message did fit."""
    for stream in _mine(view):
        if not stream.ended:
            continue
        first = stream.first
        sizes = [said.size for said in stream.session.by(view.side)]
        limit = max(sizes)
        stated = [
            size
            for said in stream.session.by(view.other)
            if said.header.meta is not None and (size := number((said.header.meta.max_msg_size or "").strip())) is not None
        ]
        limit = min([limit, *stated])
        whole = first.said.size - first.size + stream.total
        message = f"{stream.node}: {stream.total} octets in {len(stream.chunks)} messages"
        good = whole * 2 > limit and not 0 < stream.total == first.size
        yield view.check(good, first.said, "one message", f"{len(stream.chunks)} messages", message)


@rule("DM-LOB-005", title="Size stands in the first chunk, only there")
def size_once(view: View) -> Iterator[Hit]:
    """DM Protocol 7. A Size that fits neither way of counting is no size of the object."""
    for stream in _mine(view):
        first = stream.first
        what = f"Meta Size of {stream.node}"
        yield view.check(stream.size is not None, first.said, "a Size in the first chunk", first.stated, what)
        for chunk in stream.chunks[1:]:
            yield view.check(chunk.stated is None, chunk.said, "no Size in a later chunk", chunk.stated, what)
        if stream.ended and stream.size is not None:
            fits = stream.size in (stream.total, stream.decoded)
            expected = f"{stream.total} octets as transferred"
            if not fits and _lines(stream):
                continue
            yield view.check(fits, stream.last.said, expected, f"{stream.size}", what)


def _lines(stream: Stream) -> bool:
    """Whether an object has white space or markup that a sender may have counted in another way."""
    for chunk in stream.chunks:
        data = chunk.item.data
        if isinstance(data, str) and any(c in data for c in "\r\n<>&\"'"):
            return True
    return False


@rule("DM-LOB-022", title="Size counts the data as it is in the message")
def size_counts(view: View) -> Iterator[Hit]:
    """DM TND 7.7.4, a note without a keyword; the other reading is the size of the unencoded object."""
    for stream in _mine(view):
        if stream.ended and stream.size is not None and stream.size in (stream.total, stream.decoded):
            good = stream.size == stream.total
            what = f"Meta Size of {stream.node}"
            yield view.check(good, stream.first.said, f"{stream.total}", f"{stream.size}", what, tolerated=True)


@rule("DM-LOB-008", title="chunks follow each other without anything between")
def contiguous(view: View) -> Iterator[Hit]:
    """DM Protocol 7. An object that the receiver broke off need not go on."""
    for stream in _mine(view):
        for chunk in stream.chunks:
            extra = _between(chunk, chunk is not stream.first)
            what = f"commands beside a chunk of {stream.node}"
            yield view.check(not extra, chunk.said, "nothing but the chunk", ", ".join(extra), what)
        then = stream.follower
        if then is None or refused(stream.last, then) or then.has_alert(SESSION_ABORT) or then.made:
            continue
        names = [c.name for c in (*then.commands, *then.results) if not _steers(c)]
        if names:
            what = f"the message after a chunk of {stream.node}"
            yield view.broken(then, "the next chunk", ", ".join(names[:3]), what)


def _steers(command: Command) -> bool:
    return isinstance(command, Alert) and command.data in _STEERING


def _between(chunk: Chunk, goes_on: bool) -> list[str]:
    """Names of commands that stand where only the object may: before a chunk that goes on, after one with MoreData."""
    found = []
    for placed in chunk.said.walked:
        command = placed.command
        if not isinstance(command, (*_NEW, type(chunk.command))) or command is chunk.command:
            continue
        if isinstance(command, Block) and any(block is command for block in chunk.placed.around):
            continue
        if (placed.order < chunk.placed.order and goes_on) or (placed.order > chunk.placed.order and chunk.item.more):
            found.append(command.name)
    items = chunk.command.items
    nth = next(index for index, item in enumerate(items) if item is chunk.item)
    if (nth > 0 and goes_on) or (nth < len(items) - 1 and chunk.item.more):
        found.append("another Item")
    return found


@rule("DM-LOB-013", title="MaxObjSize of the peer is respected")
def object_size(view: View) -> Iterator[Hit]:
    """DM Protocol 7. The newest value holds until another one comes."""
    for stream in _mine(view):
        limit: int | None = None
        for said in stream.session.by(view.other):
            meta = said.header.meta
            if said.index < stream.first.said.index and meta is not None and meta.max_obj_size:
                limit = number(meta.max_obj_size.strip())
        if limit:
            size = min(stream.decoded, stream.total) if stream.ended else stream.total
            what = f"size of {stream.node}"
            yield view.check(size <= limit, stream.last.said, f"at most {limit} octets", f"{size}", what)


@rule("DM-LOB-014", title="Target, Type and Format are repeated with every chunk")
def repeated_meta(view: View) -> Iterator[Hit]:
    """DM Protocol 7."""
    for stream in _mine(view):
        wanted = stream.first.command.meta_of(stream.first.item)
        for chunk in stream.chunks[1:]:
            meta = chunk.command.meta_of(chunk.item)
            missing = [
                name
                for name, before, now in (
                    ("Target", stream.first.item.target, chunk.item.target),
                    ("Format", wanted.format, meta.format),
                    ("Type", wanted.type, meta.type),
                )
                if before is not None and now is None
            ]
            what = f"a later chunk of {stream.node}"
            yield view.check(not missing, chunk.said, "Target, Type and Format", f"no {', '.join(missing)}", what)


def received(view: View) -> Iterator[tuple[Stream, Chunk, Owed, Book]]:
    """Chunks of Adds and Replaces that the side received and answered."""
    books = {id(book.session): book for book in view.books}
    found = {id(owed.command): owed for book in view.books for owed in book.owed}
    for stream in view.their_streams:
        book = books[id(stream.session)]
        for chunk in stream.chunks:
            if chunk.command.name not in ("Add", "Replace"):
                continue
            owed = found.get(id(chunk.command))
            if owed is not None and owed.statuses and view.judged(owed.statuses[0].said):
                yield stream, chunk, owed, book


@rule("DM-LOB-006", "DM-LOB-019", sides=("client",), title="chunks get 213, the last one the Status of the command")
def chunk_status(view: View) -> Iterator[Hit]:
    """DM Protocol 7. A receiver may refuse the object at any chunk."""
    for stream, chunk, owed, _ in received(view):
        code, said = owed.code or "", owed.statuses[0].said
        what = f"Status for a chunk of {stream.node}"
        if chunk.item.more:
            good = code == "213" or code[:1] in ("4", "5") or code in ("214", "215", "216")
            yield view.check(good, said, "213", code, what)
        elif stream.ended and len(stream.chunks) > 1:
            what = f"Status for the last chunk of {stream.node}"
            yield view.check(code != "213", said, "the Status of the command", code, what, "DM-LOB-019")


@rule("DM-LOB-009", sides=("client",), title="the size of what came is compared with Size")
def size_checked(view: View) -> Iterator[Hit]:
    """DM Protocol 7, DM TND 7.7.4. A receiver that counts the unencoded object is tolerated."""
    for stream, chunk, owed, _ in received(view):
        size, code, said = stream.size, owed.code or "", owed.statuses[0].said
        if chunk is not stream.last or not stream.ended or size is None:
            continue
        what = f"Status for {stream.node}, {stream.total} octets of {size}"
        if size not in (stream.total, stream.decoded):
            yield view.check(code[:1] != "2", said, "424", code, what)
        elif code == "424" and size == stream.total:
            other = stream.total != stream.decoded or _lines(stream)
            yield view.broken(said, "a Status other than 424", code, what, tolerated=other)
        elif code == "424":
            continue
        else:
            yield view.ok(said)


@rule("DM-LOB-011", "DM-LOB-012", title="an object that does not end is answered with Alert 1225")
def interrupted(view: View) -> Iterator[Hit]:
    """DM Protocol 7."""
    for stream in view.their_streams:
        then = stream.follower
        if then is None or refused(stream.last, then) or then.has_alert(SESSION_ABORT) or then.refuses:
            continue
        if not any(isinstance(command, _NEW) for command in then.commands):
            continue
        answer = next((s for s in stream.session.said if s.answers is then and view.judged(s)), None)
        if answer is None or answer.excused or answer.refuses:
            continue
        alerts = [alert for alert in answer.alerts if alert.data == NO_END_OF_DATA]
        what = f"the answer to a new command before the end of {stream.node}"
        yield view.check(bool(alerts) or answer.has_alert(SESSION_ABORT), answer, "Alert 1225", None, what)
        if alerts:
            named = any(item.source or item.target for alert in alerts for item in alert.items)
            yield view.check(named, answer, "Source or Target of the object", None, "Item of Alert 1225", "DM-LOB-012")
