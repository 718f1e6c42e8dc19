"""Status reports of OMA Download that a device still has to send (OMA Download 1.0). No sockets, no clock.

A report that is not acknowledged is repeated a few times, and then given up: the Generic Alert tells the server anyhow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from conformance.transport.exchange import Request

TRIES = 3
"""How often a report is sent at most."""
PAUSE = 1.0
"""Seconds before it is sent again."""


class Notices:
    """The reports of one update agent, in their order. Times are seconds on the caller's clock."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Request, int, float]] = deque()
        self._sent: tuple[Request, int] | None = None

    def __len__(self) -> int:
        return len(self._waiting) + (self._sent is not None)

    @property
    def wake_at(self) -> float | None:
        """When the next report is to be sent; ``None`` where there is none."""
        return self._waiting[0][2] if self._waiting else None

    def put(self, requests: Iterable[Request], at: float) -> None:
        """Takes reports that are to be sent."""
        self._waiting.extend((request, TRIES, at) for request in requests)

    def next(self, at: float) -> Request | None:
        """The report to be sent now, or ``None``. What becomes of it is told by :meth:`ended`."""
        if self._sent is not None or not self._waiting or self._waiting[0][2] > at:
            return None
        request, left, _ = self._waiting.popleft()
        self._sent = request, left - 1
        return request

    def ended(self, status: int, error: str, at: float) -> None:
        """The report was answered, or not."""
        sent, self._sent = self._sent, None
        if sent is not None and sent[1] > 0 and self.fails(status, error):
            self._waiting.appendleft((*sent, at + PAUSE))

    def fails(self, status: int, error: str) -> bool:
        """Whether a report counts as not acknowledged."""
        return bool(error) or not 200 <= status < 300

    def clear(self) -> None:
        """Forgets everything."""
        self._waiting.clear()
        self._sent = None
