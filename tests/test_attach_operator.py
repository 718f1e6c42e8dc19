"""A person who is asked."""

from __future__ import annotations

import os
import pty
import select
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance.harness.answer import Outcome
from conformance.harness.hooks import VERBS
from conformance.harness.person import QUESTIONS, PersonLink, ask_on_terminal

NOON = datetime(2026, 1, 2, 12, 0, 0, 5, UTC)


def ask(verb: str, *typed: str | None) -> tuple[Outcome, list[str]]:
    answers, questions = ["ab", *typed], []

    def answer(question: str) -> str | None:
        questions.append(question)
        return answers.pop(0)

    link = PersonLink(answer, now=lambda: NOON)
    outcome = link.call(verb, {"kind": "client"}, 2)
    link.close(1)
    return outcome, questions


@pytest.mark.parametrize(
    ("verb", "typed", "kind", "answer"),
    [
        ("reset", "done", "done", {}),
        ("reset", " Done \n", "done", {}),
        ("reset", "cannot", "cannot", {}),
        ("reset", "failed", "error", {}),
        ("reset", "kept the firmware", "done", {"text": "kept the firmware"}),
        ("idle", "done", "done", {"idle": True}),
        ("firmware", "1.10", "done", {"version": "1.10"}),
        ("condition", "450", "done", {"code": 450}),
        ("condition", "soon", "done", {"text": "soon"}),
        ("outcome", "succeeded", "done", {"status": "succeeded"}),
        ("campaign", "42", "done", {"id": "42"}),
    ],
)
def test_what_a_typed_line_means(verb: str, typed: str, kind: str, answer: dict[str, object]) -> None:
    outcome, questions = ask(verb, typed)
    assert (outcome.kind, outcome.answer) == (kind, answer)
    assert outcome.operator == {"answer": typed.strip(), "initials": "ab", "at": "2026-01-02T12:00:00+00:00"}
    assert outcome.note == f"operator ab at 2026-01-02T12:00:00+00:00: {typed.strip()}"
    assert len(questions) == 2
    assert QUESTIONS[verb] in questions[1] and '"client"' in questions[1] and verb in questions[1]


def test_an_empty_line_is_asked_again_but_not_for_ever() -> None:
    assert ask("reset", "", "\n", "done")[0].kind == "done"
    outcome, questions = ask("reset", "", "", "")
    assert (outcome.kind, len(questions)) == ("error", 4)


def test_no_terminal_is_cannot() -> None:
    assert ask("reset", None)[0] == Outcome("cannot", {}, "there is no terminal to ask a person on")


def test_nobody_there_is_an_error_after_a_while() -> None:
    over = threading.Event()

    def wait(question: str) -> str:
        over.wait(3)
        return "late"

    link = PersonLink(wait)
    outcome = link.call("reset", {}, 0.05)
    over.set()
    assert (outcome.kind, outcome.note) == ("error", "the operator: no answer after 0.05 s")
    link.close(1)


def test_every_verb_has_a_question() -> None:
    assert set(QUESTIONS) == set(VERBS["client"]) | set(VERBS["server"])


def read_until(terminal: int, wanted: bytes) -> bytes:
    """What a terminal showed up to ``wanted``, or in ten seconds.

    A terminal hands over its echo and what was written to it in as many
    pieces as it likes, so one read is not the whole."""
    seen = b""
    while wanted not in seen and select.select([terminal], [], [], 10)[0]:
        seen += os.read(terminal, 4096)
    return seen


def test_the_terminal_is_asked_past_what_captures_the_output() -> None:
    ours, theirs = pty.openpty()
    try:
        terminal = Path(os.ttyname(theirs))
        os.write(ours, b"done\n")
        assert ask_on_terminal("Ready?", seconds=1, terminal=terminal) == "done\n"
        assert b"Ready?" in read_until(ours, b"Ready?")
        with pytest.raises(TimeoutError):
            ask_on_terminal("Ready?", seconds=0.05, terminal=terminal)
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_terminal_that_is_not_there(tmp_path: Path) -> None:
    assert ask_on_terminal("Ready?", seconds=1, terminal=tmp_path / "tty") is None
