"""Large objects: values that go in several messages, both directions (DM Protocol 7). No clock.

Sizes count the data as it stands in the messages: characters of Base64, octets of the OPAQUE, octets of UTF-8 text
(DM TND 7.7.4). Objects beyond 1 MiB are kept in a temporary file that is gone with the object.
"""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import Iterator
from typing import IO

from conformance.syncml.model import Item, Meta
from conformance.transport.exchange import Source

SPOOL = 1 << 20
"""Octets up to which an object is kept in memory."""
_PIECE = 3 << 16
"""Octets read at once; a multiple of three, so that pieces of Base64 join without padding."""
_ESCAPED = {0x26: 5, 0x3C: 4, 0x3E: 4, 0x0D: 5}
"""Octets that characters take in XML where they must be escaped."""
_LONGEST_SIZE = 12
"""Digits of a Meta Size that are still read as a number."""


class Splitter:
    """Sender of one large object. ``format`` is the Format of the data: b64 and bin are octets, all else is text.

    In XML octets go as Base64 (Format b64). In WBXML Format bin goes raw and Format b64 as Base64 text.
    """

    def __init__(self, source: Source, format_: str = "b64") -> None:
        self.source, self.format = source, format_
        self.offset = 0
        self._base64 = False
        self._begun = False
        self._pending = ""

    @property
    def finished(self) -> bool:
        """Whether all of the object was given out."""
        return self._begun and self.offset >= self.source.size and not self._pending

    def size(self, encoding: str) -> int:
        """Size of the whole object as it goes over the wire in that encoding ("xml" or "wbxml")."""
        if self._as_base64(encoding):
            return (self.source.size + 2) // 3 * 4
        return self.source.size

    def fill(self, item: Item, room: int, encoding: str) -> bool:
        """Puts the next chunk of at most ``room`` octets into the item; True where it was the last (DM Protocol 7).

        The first chunk gets Meta Size where the object needs several; every chunk but the last gets MoreData. The
        item says how octets go: Format b64 or bin. At least one character or octet is given, however little the room.
        """
        first = not self._begun
        if first:
            self._begun = True
            self._base64 = self._as_base64(encoding)
        if self._base64 or self.format == "bin":
            item.meta = item.meta or Meta()
            item.meta.format = "b64" if self._base64 else "bin"
        if self._base64:
            item.data = self._characters(max(4, room))
        elif self.format == "bin":
            item.data = self._octets(max(1, room))
        else:
            item.data = self._text(max(6, room), encoding == "xml")
        item.more = not self.finished
        if first and item.more:
            item.meta = item.meta or Meta()
            item.meta.size = str(self.size(encoding))
        return not item.more

    def _as_base64(self, encoding: str) -> bool:
        return self.format == "b64" or (self.format == "bin" and encoding == "xml")

    def _octets(self, count: int) -> bytes:
        octets = self.source.read(self.offset, min(count, self.source.size - self.offset))
        # A source that ends early ends the object too: the receiver sees the missing octets by the Size.
        self.offset = self.offset + len(octets) if octets else self.source.size
        return octets

    def _characters(self, room: int) -> str:
        pieces = []
        left = room // 4 * 3
        while left and self.offset < self.source.size:
            octets = self._octets(min(left, _PIECE))
            pieces.append(base64.b64encode(octets).decode())
            left -= len(octets)
            if len(octets) % 3:
                break
        return "".join(pieces)

    def _text(self, room: int, xml: bool) -> str:
        """Text that takes up to ``room`` octets in the message, never cut inside a character."""
        octets = self._octets(room)
        begin = self.offset - len(octets) if octets else self.offset
        end = _cut(octets, room if xml else None)
        if octets:
            self.offset = begin + end
        return octets[:end].decode("utf-8", "replace")


def _cut(octets: bytes, room: int | None) -> int:
    """Where to cut text so that no character is torn and, in XML, what is escaped stays within ``room``."""
    if room is not None:
        spent = 0
        for at, octet in enumerate(octets):
            spent += _ESCAPED.get(octet, 1)
            if spent > room:
                octets = octets[:at]
                break
    for back in range(min(4, len(octets))):
        end = len(octets) - back
        try:
            octets[:end].decode()
        except UnicodeDecodeError:
            continue
        return end
    return len(octets)


class Octets:
    """Octets in memory. A Source."""

    def __init__(self, octets: bytes = b"") -> None:
        self._octets = octets
        self.size = len(octets)

    def read(self, offset: int, count: int) -> bytes:
        """Up to ``count`` octets from ``offset``; b"" at the end."""
        return self._octets[offset : offset + max(0, count)]


class Spool:
    """Octets that are kept until they are complete: in memory up to 1 MiB, then in a temporary file. A Source."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(SPOOL)  # noqa: SIM115  closed by close()
        self.size = 0

    def append(self, octets: bytes) -> None:
        """Adds octets at the end."""
        self._file.seek(0, 2)
        self._file.write(octets)
        self.size += len(octets)

    def read(self, offset: int, count: int) -> bytes:
        """Up to ``count`` octets from ``offset``; b"" at the end."""
        self._file.seek(offset)
        return self._file.read(max(0, count))

    def close(self) -> None:
        """Gives the memory or the file back. A closed spool reads as empty."""
        if not self._file.closed:
            self._file.close()

    def __del__(self) -> None:
        file = getattr(self, "_file", None)
        if file is not None and not file.closed:
            file.close()


class Assembler:
    """Receiver of large objects of one session. Feed it every Item that carries a value.

    :attr:`open` says whether an object is half received; then only its next chunk may come (DM Protocol 7).
    """

    def __init__(self, limit: int, supported: bool = True) -> None:
        self.limit = limit
        """Octets of data as transferred that are taken at most."""
        self.supported = supported
        self.expected = 0
        """What Meta Size said of the object that is half received."""
        self.received = 0
        """Octets of it that came so far."""
        self._spool: Spool | None = None
        self._key: tuple[str, str] = ("", "")
        self._meta = Meta()

    @property
    def open(self) -> bool:
        """Whether chunks are still to come."""
        return self._spool is not None

    @property
    def target(self) -> str:
        """LocURI of the object that is half received."""
        return self._key[1]

    def continues(self, command: str, target: str | None) -> bool:
        """Whether an Item of that command for that target belongs to the object that is half received."""
        return self._spool is not None and self._key == (command, target or "")

    def drop(self) -> None:
        """Forgets what was received of an object."""
        if self._spool is not None:
            self._spool.close()
        self._spool = None

    def accept(self, command: str, item: Item, meta: Meta) -> tuple[int, Value | None]:
        """Takes one Item. Returns a DM status and, with status 200, the complete value; its octets are decoded.

        213: chunk taken. 406: no large objects here. 411: first chunk without Size. 413: larger than :attr:`limit`.
        424: the total is not what Size said (checked at the end, on the data as transferred). 400: Size on a later
        chunk, or no number. Any error ends the object; nothing of it is given out.
        """
        raw = item.data if isinstance(item.data, bytes) else (item.data or "").encode()
        if not self.open and not item.more:
            return (413, None) if len(raw) > self.limit else (200, Value.of(raw, meta))
        if not self.open:
            status = self._begin(command, item, meta)
        else:
            status = 0 if meta.size is None else 400
        if not status:
            status = self._store(raw, item.more)
        if status == 213:
            return 213, None
        spool, self._spool = self._spool, None
        if status == 200 and spool is not None:
            return 200, Value(spool, self._meta)
        if spool is not None:
            spool.close()
        return status, None

    def _begin(self, command: str, item: Item, meta: Meta) -> int:
        if not self.supported:
            return 406
        if meta.size is None:
            return 411
        size = _number(meta.size)
        if size is None:
            return 400
        if size > self.limit:
            return 413
        self._spool, self.expected, self.received, self._meta = Spool(), size, 0, meta
        self._key = (command, item.target or item.source or "")
        return 0

    def _store(self, raw: bytes, more: bool) -> int:
        assert self._spool is not None
        self.received += len(raw)
        if self.received > self.limit:
            return 413
        # What goes beyond the announced size is counted and thrown away: it can only end in 424.
        if self.received <= self.expected:
            self._spool.append(raw)
        if more:
            return 213
        return 200 if self.received == self.expected else 424


class Value:
    """A complete value: what came, and its octets once the transport encoding is undone (DM TND 7.7.2)."""

    def __init__(self, raw: Source, meta: Meta) -> None:
        self.raw, self.meta = raw, meta

    @classmethod
    def of(cls, raw: bytes, meta: Meta) -> Value:
        """A value that came in one piece."""
        return cls(Octets(raw), meta)

    @property
    def format(self) -> str:
        """Format of the node that takes this value: Base64 is only transport, so b64 becomes bin."""
        format_ = (self.meta.format or "chr").strip() or "chr"
        return "bin" if format_ == "b64" else format_

    def decoded(self) -> Spool | None:
        """The octets of the value as a Source; ``None`` where Format says b64 and it is no Base64."""
        out = Spool()
        try:
            for piece in self._pieces():
                out.append(piece)
        except (binascii.Error, ValueError):
            out.close()
            return None
        return out

    def octets(self) -> bytes | None:
        """As :meth:`decoded`, all in memory. For values whose size is bounded."""
        spool = self.decoded()
        if spool is None:
            return None
        octets = spool.read(0, spool.size)
        spool.close()
        return octets

    def _pieces(self) -> Iterator[bytes]:
        base64_ = (self.meta.format or "").strip() == "b64"
        rest, offset, padded = b"", 0, False
        while offset < self.raw.size:
            piece = self.raw.read(offset, 1 << 18)
            if not piece:
                break
            offset += len(piece)
            if not base64_:
                yield piece
                continue
            piece = rest + b"".join(piece.split())
            if padded and piece:
                raise ValueError("octets after the padding of Base64")
            cut = len(piece) // 4 * 4
            rest = piece[cut:]
            padded = piece[:cut].endswith(b"=")
            yield base64.b64decode(piece[:cut], validate=True)
        if rest:
            raise ValueError("Base64 ends inside a group of four")


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= _LONGEST_SIZE else None
