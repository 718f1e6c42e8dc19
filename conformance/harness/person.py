"""A person as the last who is asked to do what a verb says (attach contract 2)."""

from __future__ import annotations

import json
import os
import select
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from conformance.harness.answer import CANNOT, DONE, ERROR, Outcome
from conformance.harness.lane import Lane

Ask = Callable[[str], str | None]
"""Puts a question on one or more lines; gives the line that was typed, or ``None`` where there is no terminal."""

QUESTIONS = {
    "prepare": "Set the implementation up with these addresses, names and credentials.",
    "configure": "Make the next sessions be spoken like this.",
    "idle": "Wait until no session, download, installation or report is under way.",
    "advance": "Move the clock of the implementation forward by so many seconds.",
    "reset": "Bring it back to its factory state, with the account and nonces of the IUT file.",
    "start_session": "Make the device open a session of this kind.",
    "notify": "Deliver this trigger message to the device.",
    "answer": "When the device asks the user next, answer like this. Type done when you are ready for it.",
    "consent": "When the device itself asks for consent next, answer like this. Type done when you are ready for it.",
    "condition": "Bring about this situation for the next operation. If you know the code that will come, type it.",
    "power_cycle": "Cut the power at this moment, and start the device again.",
    "firmware": "Which firmware runs now? Type its version.",
    "clean_up": "Let the device remove what it needs no more.",
    "enrol": "Make this device known to the server.",
    "campaign": "Plan this update on the server. If it has an id there, type it.",
    "update": "Plan the installation alone on the server. If it has an id there, type it.",
    "outcome": "What does the server say of this campaign: none, planned, running, succeeded or failed? Type it.",
    "up_to_date": "Let no newer firmware be there for this device from now on.",
    "restart": "Stop the server hard, and start it again with what it had stored.",
}
"""What a person is asked for each verb."""

_MEANING = {"firmware": "version", "outcome": "status", "campaign": "id", "update": "id"}
"""The key of the answer that a typed text stands for; else ``text``."""
_TRIES = 3
_LONGEST = 1000


class PersonLink:
    """Asks a person. Initials are asked for once, before the first question."""

    name = "operator"

    def __init__(
        self, ask: Ask | None = None, seconds: float = 600.0, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """``ask``: how questions reach the person; default the terminal of the process, which waits for ``seconds``.

        ``now``: the time for the record.
        """
        self._ask = ask or partial(ask_on_terminal, seconds=seconds)
        self._now = now
        self._initials = ""
        self._lane = Lane("operator")

    def call(self, verb: str, given: dict[str, Any], seconds: float) -> Outcome:
        """Asks for a verb. No terminal: cannot. No answer in ``seconds``: error."""
        future = self._lane.submit(lambda: self._question(verb, given))
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            return Outcome(ERROR, {}, f"the operator: no answer after {seconds:g} s")
        except (OSError, EOFError) as error:
            return Outcome(CANNOT, {}, f"the operator cannot be asked: {error}")

    def _question(self, verb: str, given: dict[str, Any]) -> Outcome:
        if not self._initials:
            typed = self._ask("A person is asked to help with this run. Your initials?")
            if typed is None:
                return Outcome(CANNOT, {}, "there is no terminal to ask a person on")
            self._initials = typed.strip()[:20] or "?"
        shown = "".join(f"\n  {key}: {json.dumps(value)}" for key, value in given.items())
        question = f"{QUESTIONS.get(verb, verb)}{shown}\n[{verb}] done, cannot, failed, or a text?"
        for _ in range(_TRIES):
            typed = self._ask(question)
            if typed is None:
                return Outcome(CANNOT, {}, "there is no terminal to ask a person on")
            if typed.strip():
                return self._outcome(verb, typed.strip()[:_LONGEST])
        return Outcome(ERROR, {}, "the operator: an empty answer, three times")

    def _outcome(self, verb: str, typed: str) -> Outcome:
        """What a typed line means."""
        at = self._now().isoformat(timespec="seconds")
        said = {"answer": typed, "initials": self._initials, "at": at}
        word = typed.lower()
        note = f"operator {self._initials} at {at}: {typed}"
        if word == "cannot":
            return Outcome(CANNOT, {}, note, operator=said)
        if word == "failed":
            return Outcome(ERROR, {}, note, operator=said)
        answer: dict[str, Any] = {}
        if word == "done":
            answer = {"idle": True} if verb == "idle" else {}
        elif verb == "condition" and typed.isascii() and typed.isdigit() and len(typed) < 6:
            answer = {"code": int(typed)}
        else:
            answer = {_MEANING.get(verb, "text"): typed}
        return Outcome(DONE, answer, note, operator=said)

    def cancel(self) -> None:
        """Nothing can be done about a question that was put; its thread ends with the process."""

    def close(self, seconds: float) -> str:
        """Puts no more questions."""
        self._lane.close(0.0)
        return ""


def ask_on_terminal(question: str, *, seconds: float, terminal: Path = Path("/dev/tty")) -> str | None:
    """Asks on the terminal of the process itself, past whatever captures its output; ``None`` without a terminal.

    Raises ``TimeoutError`` where nobody answers in ``seconds``.
    """
    try:
        handle = os.open(terminal, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return None
    try:
        os.write(handle, f"\n{question} ".encode())
        readable, _, _ = select.select([handle], [], [], seconds)
        line = os.read(handle, 4096) if readable else None
    except OSError:
        return None
    finally:
        os.close(handle)
    if line is None:
        raise TimeoutError("nobody answers")
    return line.decode("utf-8", "replace") if line else None
