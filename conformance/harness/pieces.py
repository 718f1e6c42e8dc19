"""A large object as a case wants it sent: in smaller pieces, with a wrong Size or none, broken off."""

from __future__ import annotations

from typing import Any

from conformance.dm.largeobject import Splitter
from conformance.syncml.model import Item
from conformance.transport.exchange import Source


class Pieces(Splitter):
    """``chunk``: octets of data in a piece at most, or a share of the object such as "20%". ``size``: what is added to
    the right Size, or "none" for no Size at all. ``interrupt``: the share of the object after which no more is sent, such
    as "30%"; ``True``: the first piece only.
    """

    def __init__(
        self, source: Source, format_: str = "b64", chunk: int | None = None, size: str = "",
        interrupt: bool | str = False,
    ) -> None:
        super().__init__(source, format_)
        self.chunk, self.wrong = chunk, size
        self._most = source.size * int(str(interrupt).rstrip("%")) // 100 if isinstance(interrupt, str) else 0 if interrupt else None
        self.stated: int | None = None
        """A Size that stands where the right one would, by the other reading of what it counts."""
        self.made = False
        """Whether the piece that was given out last is wrong on purpose."""

    @classmethod
    def of(cls, source: Source, format_: str, given: dict[str, Any]) -> Pieces:
        """The pieces that a ``replace`` or ``add`` step asks for."""
        chunk = given.get("chunk")
        if isinstance(chunk, str) and chunk.endswith("%"):
            chunk = max(1, source.size * int(chunk[:-1]) // 100)
        return cls(
            source, format_, None if chunk is None else int(chunk), str(given.get("size", "")),
            given.get("interrupt", False),
        )

    @property
    def ends_early(self) -> bool:
        """Whether as much went out as is to be sent, before the object came to its end."""
        return self._most is not None and self.offset >= self._most

    def fill(self, item: Item, room: int, encoding: str) -> bool:
        """See :class:`Splitter`; a Size that is wrong stands where the right one would."""
        first = not self._begun
        last = super().fill(item, room if self.chunk is None else min(room, self.chunk), encoding)
        self.made = first and bool(self.wrong) and not last
        if self.made and item.meta is not None:
            item.meta.size = None if self.wrong == "none" else str(self.size(encoding) + int(self.wrong))
        if first and self.stated is not None and not last and item.meta is not None:
            item.meta.size = str(self.stated)
        return last

    def unencoded(self, encoding: str) -> int | None:
        """The size of the object itself where it goes as Base64 and is sent as it should be; ``None`` elsewhere.

        The other reading of what Size counts (DM TND 7.7.4).
        """
        right = not self.wrong and self._most is None and self.stated is None
        return self.source.size if right and self._begun and self._as_base64(encoding) else None
