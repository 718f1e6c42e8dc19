"""What sloppy implementers of devices do with questions to their user (DM Protocol 10).

``testcases/deviations/client.yaml`` says of each in one sentence what it is, and which requirements it breaks.
"""

from __future__ import annotations

from conformance.dm.executor import Executor
from conformance.dm.interaction import Question, read_question
from conformance.peers.deviation import CLIENT
from conformance.syncml.codes import CONFIRM, DISPLAY, MULTIPLE_CHOICE, SINGLE_CHOICE
from conformance.syncml.model import Alert, Item, text_of

_CHOICES = (SINGLE_CHOICE, MULTIPLE_CHOICE)


class _Answering(Executor):
    """Base of what is wrong in the answer to a question: ``instead`` changes its code and the data that goes with it."""

    def ask(self, command: Alert) -> int:
        code = super().ask(command)
        texts = [text_of(item, command.meta_of(item)) for item in command.items]
        question = read_question(command.data or "", texts)
        if isinstance(question, Question):
            status = self._out.statuses[-1]
            said, replies = self.instead(question, code, [text_of(item) for item in status.items])
            status.data, status.items = str(said), [Item(data=text) for text in replies]
            return said
        return code

    def instead(self, question: Question, code: int, replies: list[str]) -> tuple[int, list[str]]:
        """The code and the data that are sent."""
        raise NotImplementedError


@CLIENT("display-unanswered", "executor")
class _DisplayUnanswered(Executor):
    """Shows a text and gives the alert no Status."""

    def ask(self, command: Alert) -> int:
        code = super().ask(command)
        if command.data == DISPLAY:
            self._out.statuses.pop()
        return code


@CLIENT("display-options-checked", "executor")
class _DisplayOptions(_Answering):
    """Refuses a text with any option but those about time."""

    def instead(self, question: Question, code: int, replies: list[str]) -> tuple[int, list[str]]:
        strange = {name for name, _ in question.options} - {"MINDT", "MAXDT"}
        return (412, []) if question.code == DISPLAY and strange else (code, replies)


@CLIENT("yes-and-no-swapped", "executor")
class _Swapped(_Answering):
    """Says 304 for yes and 200 for no."""

    def instead(self, question: Question, code: int, replies: list[str]) -> tuple[int, list[str]]:
        return ({200: 304, 304: 200}.get(code, code), replies) if question.code == CONFIRM else (code, replies)


@CLIENT("default-before-answer", "executor")
class _DefaultFirst(_Answering):
    """Takes the default of a confirmation for what the user said."""

    def instead(self, question: Question, code: int, replies: list[str]) -> tuple[int, list[str]]:
        default = {"0": 304, "1": 200}.get(question.option("DR") or "")
        return (default, replies) if question.code == CONFIRM and default and code in (200, 304) else (code, replies)


@CLIENT("choice-in-words", "executor")
class _ChoiceInWords(_Answering):
    """Answers a choice by its text where there are options of text input."""

    def instead(self, question: Question, code: int, replies: list[str]) -> tuple[int, list[str]]:
        if question.code not in _CHOICES or question.option("IT") is None:
            return code, replies
        return code, [question.choices[int(reply) - 1] for reply in replies]


@CLIENT("time-out-answered-500", "executor")
class _TimeOut500(_Answering):
    """Says 500 where nobody answered."""

    def instead(self, question: Question, code: int, replies: list[str]) -> tuple[int, list[str]]:
        return (500, []) if code == 408 else (code, replies)


@CLIENT("last-choice-taken-for-cancel", "executor")
class _LastCancels(_Answering):
    """Takes the last of several choices for the way out."""

    def instead(self, question: Question, code: int, replies: list[str]) -> tuple[int, list[str]]:
        last = question.code == SINGLE_CHOICE and len(question.choices) > 1 and replies == [str(len(question.choices))]
        return (214, []) if last else (code, replies)


@CLIENT("choice-offered-once", "executor")
class _OfferedOnce(_Answering):
    """Does not show the same choice a second time, and refuses it."""

    def instead(self, question: Question, code: int, replies: list[str]) -> tuple[int, list[str]]:
        shown: set[str] = self.tree.__dict__.setdefault("_choices_shown", set())
        if question.code not in _CHOICES or question.text not in shown:
            shown.add(question.text)
            return code, replies
        return 406, []
