"""User interaction alerts as a device answers them (DM Protocol 10). No I/O, no clock: the user is a script."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qsl

from conformance.syncml.codes import CONFIRM, DISPLAY, MULTIPLE_CHOICE, SINGLE_CHOICE, TEXT_INPUT

MAX_CHOICES = 32
"""Choices that a display has room for; more are answered 416 (DM RepPro 6.6.2)."""
REPLIES = ("accept", "reject", "cancel", "timeout")
_CHOICE = (SINGLE_CHOICE, MULTIPLE_CHOICE)


@dataclass(frozen=True, slots=True)
class Question:
    """An alert to the user. ``options`` holds the parameters of the first Item, by name, unknown ones included."""

    code: str
    text: str
    choices: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()

    def option(self, name: str) -> str | None:
        """The value of the first option of that name, or ``None``."""
        return next((value for key, value in self.options if key == name), None)


@dataclass(frozen=True, slots=True)
class Reaction:
    """What the user did: one of :data:`REPLIES`; ``choices`` count from 1."""

    reply: str = "timeout"
    choices: tuple[int, ...] = ()
    text: str = ""


class User(Protocol):
    """Whoever looks at the display."""

    def ask(self, question: Question) -> Reaction:
        """What the user does about a question."""
        ...


class ScriptedUser:
    """A user who does what was queued for each kind of alert, and leaves everything else alone until it times out."""

    def __init__(self) -> None:
        self.queued: dict[str, deque[Reaction]] = {}

    def queue(self, code: str, reaction: Reaction) -> None:
        """The next question of that kind is answered so, after those queued before."""
        self.queued.setdefault(code, deque()).append(reaction)

    def ask(self, question: Question) -> Reaction:
        """Takes the next reaction for this kind of question."""
        waiting = self.queued.get(question.code)
        return waiting.popleft() if waiting else Reaction()


def read_question(code: str, items: Sequence[str]) -> Question | int:
    """The question that the Items of an alert ask, from their Data; 412 or 416 where they ask none."""
    least = 3 if code in _CHOICE else 2
    if len(items) < least:
        return 412
    choices = tuple(items[2:]) if code in _CHOICE else ()
    if len(choices) > MAX_CHOICES:
        return 416
    try:
        options = tuple(parse_qsl(items[0].strip(), keep_blank_values=True, max_num_fields=32))
    except ValueError:
        options = ()
    return Question(code, items[1], choices, options)


def status_of(question: Question, reaction: Reaction) -> tuple[int, list[str]]:
    """Status of an alert and the Data of its Items, for what the user did (DM Protocol 10.2)."""
    if question.code == DISPLAY:
        return 200, []
    if reaction.reply == "cancel":
        return 214, []
    if reaction.reply == "timeout":
        return 408, []
    if reaction.reply == "reject":
        return (304, []) if question.code == CONFIRM else (214, [])
    if question.code == TEXT_INPUT:
        return 200, [reaction.text[: _longest(question)]]
    if question.code in _CHOICE:
        picked = [n for n in dict.fromkeys(reaction.choices) if 1 <= n <= len(question.choices)]
        if not picked:
            return 408, []
        return 200, [str(n) for n in (picked[:1] if question.code == SINGLE_CHOICE else picked)]
    return 200, []


def _longest(question: Question) -> int:
    text = question.option("MAXLEN") or ""
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 5 and int(text) else 1024
