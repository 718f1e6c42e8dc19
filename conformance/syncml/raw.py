"""What a codec hands over: the tree, what the document said about itself, and what was noticed on the way."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.syncml.element import Element, Observation

MAX_OCTETS = 96 * 1024 * 1024
"""Octets of the longest body that is looked at."""
MAX_ELEMENTS = 200_000
"""Elements of the largest message that is read."""
MAX_DEPTH = 256
"""Elements that may be open at the same time."""
MAX_NOTES = 200
"""Observations that are kept of one message."""


class Notes(list[Observation]):
    """Observations of one message, bounded: after :data:`MAX_NOTES` the rest is dropped and that is noted."""

    def add(self, code: str, detail: str, requirement: str = "", offset: int | None = None) -> None:
        """Keeps one observation."""
        if len(self) < MAX_NOTES:
            self.append(Observation(code, detail, offset, requirement))
        elif len(self) == MAX_NOTES:
            self.append(Observation("more", f"more than {MAX_NOTES} departures; the rest is not listed", offset))

    def once(self, code: str, detail: str, requirement: str = "", offset: int | None = None) -> None:
        """Keeps one observation unless one with the same code is there."""
        if not any(note.code == code for note in self):
            self.add(code, detail, requirement, offset)


@dataclass(slots=True)
class Raw:
    """A document as read. Texts are "" where the document did not say, or where they do not apply.

    ``version`` is that of the DTD by namespace or public id ("1.1", "1.2"), ``wbxml_version`` that of WBXML,
    ``public_id`` the public id as a number ("0x1201") or as text, ``charset`` its name.
    """

    root: Element
    observations: Notes = field(default_factory=Notes)
    version: str = ""
    wbxml_version: str = ""
    public_id: str = ""
    charset: str = ""
