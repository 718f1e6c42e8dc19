"""Time, handed in: real for devices and servers out there, virtual for peers that run in the suite's own process."""

from __future__ import annotations

import time


class Clock:
    """Seconds since the clock was made. ``virtual`` tells whether time can be moved at will."""

    virtual = False

    def __init__(self) -> None:
        self._start = time.monotonic()

    def now(self) -> float:
        """Seconds since the clock was made."""
        return time.monotonic() - self._start


class VirtualClock(Clock):
    """A clock that stands still until it is moved: thirty days of protocol time pass in no time."""

    virtual = True

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def now(self) -> float:
        """Virtual seconds since the clock was made."""
        return self._now

    def move_to(self, at: float) -> None:
        """Moves the clock forward; never back."""
        self._now = max(self._now, at)
