"""Questions that a server asks the user by DM alerts, and how their answers are read (DM Protocol 10)."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.syncml.codes import CONFIRM, DISPLAY, SINGLE_CHOICE
from conformance.syncml.model import Alert, Item

WAIT = 120
"""Seconds that a question waits for the user (option MAXDT)."""
SHOWN = 10
"""Seconds that a text stays on the display at least (option MINDT)."""

ACCEPT, DEFER, REJECT = 1, 2, 3
"""Numbers of the choices of :func:`offer`."""


def display(text: str) -> Alert:
    """Shows a text (1100)."""
    return _alert(DISPLAY, f"MINDT={SHOWN}", text)


def confirm(text: str) -> Alert:
    """Asks yes or no (1101)."""
    return _alert(CONFIRM, f"MAXDT={WAIT}", text)


def offer(text: str) -> Alert:
    """Asks what to do about an update (1103): now, later or not at all."""
    return _alert(SINGLE_CHOICE, f"MAXDT={WAIT}", text, "Install now", "Install later", "Do not install")


def times(minutes: Sequence[float]) -> Alert:
    """Asks when (1103); the choices are the minutes in the given order."""
    return _alert(SINGLE_CHOICE, f"MAXDT={WAIT}", "When shall it be installed?", *map(_spoken, minutes))


def choice(data: Sequence[str], choices: int) -> int:
    """The number that the Items of a Status to 1103 hold, from 1; 0 where they hold no number of a choice."""
    text = data[0].strip() if len(data) == 1 else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    return number if number <= choices else 0


def _alert(code: str, options: str, *texts: str) -> Alert:
    return Alert(data=code, items=[Item(data=text) for text in (options, *texts)])


def _spoken(minutes: float) -> str:
    return f"In {minutes:g} minute{'' if minutes == 1 else 's'}"
