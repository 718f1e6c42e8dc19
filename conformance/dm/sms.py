"""Trigger messages in short messages: user data headers with ports and concatenation (3GPP TS 23.040 9.2.3.24)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.dm.trigger import PORT, TriggerError

ORIGIN = 9200
"""Port that the sender gives; any will do."""
USER_DATA = 140
"""Octets of user data in one short message, header included."""

_CONCAT8, _PORTS16, _CONCAT16 = 0x00, 0x05, 0x08


@dataclass(frozen=True, slots=True)
class Part:
    """User data of one short message. Without concatenation ``total`` and ``sequence`` are 1, ``reference`` 0."""

    data: bytes
    destination: int | None = PORT
    origin: int = ORIGIN
    reference: int = 0
    total: int = 1
    sequence: int = 1
    wide: bool = False
    """Whether the reference has 16 bits."""


def build_part(part: Part) -> bytes:
    """User data of one part. Raises ``ValueError`` for numbers that do not fit, and for too many octets."""
    elements = b""
    if part.destination is not None:
        elements += bytes([_PORTS16, 4]) + part.destination.to_bytes(2, "big") + part.origin.to_bytes(2, "big")
    if part.total > 1:
        reference = part.reference.to_bytes(2 if part.wide else 1, "big")
        numbers = reference + bytes([part.total, part.sequence])
        elements += bytes([_CONCAT16 if part.wide else _CONCAT8, len(numbers)]) + numbers
    octets = bytes([len(elements)]) + elements + part.data
    if len(octets) > USER_DATA:
        raise ValueError(f"{len(octets)} octets do not fit one short message")
    return octets


def build_parts(push: bytes, reference: int = 1, *, origin: int = ORIGIN, wide: bool = False) -> list[bytes]:
    """User data for a push: one short message where it fits, else several (DM Notification 7.1).

    Raises ``ValueError`` where 255 are not enough.
    """
    if len(build_part(Part(b"", origin=origin))) + len(push) <= USER_DATA:
        return [build_part(Part(push, origin=origin))]
    room = USER_DATA - len(build_part(Part(b"", origin=origin, total=2, wide=wide)))
    pieces = [push[start : start + room] for start in range(0, len(push), room)]
    return [
        build_part(Part(piece, PORT, origin, reference, len(pieces), number, wide))
        for number, piece in enumerate(pieces, 1)
    ]


def parse_part(octets: bytes) -> Part:
    """Reads user data. Unknown elements are skipped. Raises :class:`TriggerError`."""
    if not octets or 1 + octets[0] > len(octets):
        raise TriggerError("the header runs past the user data", 0)
    end = 1 + octets[0]
    destination, origin, reference, total, sequence, wide = None, 0, 0, 1, 1, False
    offset = 1
    while offset < end:
        if offset + 2 > end or offset + 2 + octets[offset + 1] > end:
            raise TriggerError("an element runs past the header", offset)
        kind, value = octets[offset], octets[offset + 2 : offset + 2 + octets[offset + 1]]
        if (kind, len(value)) == (_PORTS16, 4):
            destination, origin = int.from_bytes(value[:2], "big"), int.from_bytes(value[2:], "big")
        elif (kind, len(value)) in ((_CONCAT8, 3), (_CONCAT16, 4)):
            wide = kind == _CONCAT16
            reference, total, sequence = int.from_bytes(value[:-2], "big"), value[-2], value[-1]
            if not 1 <= sequence <= total:
                raise TriggerError(f"part {sequence} of {total}", offset)
        offset += 2 + len(value)
    return Part(octets[end:], destination, origin, reference, total, sequence, wide)


def assemble(parts: Iterable[Part]) -> bytes | None:
    """The push out of its parts, in any order and with duplicates; ``None`` while one is missing.

    Parts that belong to another message than the first one are left aside.
    """
    found: dict[int, bytes] = {}
    first: Part | None = None
    for part in parts:
        first = first or part
        key = (part.reference, part.total, part.wide, part.destination)
        if key == (first.reference, first.total, first.wide, first.destination):
            found.setdefault(part.sequence, part.data)
    if first is None or len(found) < first.total:
        return None
    return b"".join(found[number] for number in range(1, first.total + 1))


MAX_SETS = 8
"""Incomplete messages that are kept at a time; the one that waits for longest goes first."""
LIFETIME = 600.0
"""Seconds for which an incomplete message waits for its other parts."""


class Assembler:
    """Puts push PDUs together from short messages as they arrive. Bounded in number, size and time."""

    def __init__(self) -> None:
        self._sets: dict[tuple[int, int, bool, int | None], tuple[float, dict[int, bytes]]] = {}

    def take(self, octets: bytes, at: float, port: int) -> bytes | None:
        """Takes one short message (user data with its header) that came ``at`` seconds.

        Gives the PDU that it completes; ``None`` where parts are missing, or it is damaged or for another port.
        """
        try:
            part = parse_part(octets[:USER_DATA])
        except TriggerError:
            return None
        if part.destination != port:
            return None
        if part.total == 1:
            return part.data
        self._sets = {key: kept for key, kept in self._sets.items() if at - kept[0] <= LIFETIME}
        key = (part.reference, part.total, part.wide, part.destination)
        _, found = self._sets.pop(key, (at, {}))
        self.keep(found, part)
        if len(found) == part.total:
            return b"".join(found[number] for number in range(1, part.total + 1))
        self._sets[key] = (at, found)
        while len(self._sets) > MAX_SETS:
            del self._sets[next(iter(self._sets))]
        return None

    def keep(self, found: dict[int, bytes], part: Part) -> None:
        """Keeps a part; one that came before counts, so that a duplicate changes nothing."""
        found.setdefault(part.sequence, part.data)
