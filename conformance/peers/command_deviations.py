"""What sloppy implementers of devices do with commands, with questions to the user, and with Exec.

``testcases/deviations/client.yaml`` says of each in one sentence what it is, and which requirements it breaks.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Sequence_
from dataclasses import replace
from urllib.parse import unquote

from conformance.dm.executor import Executed, Executor, Situation
from conformance.dm.interaction import Question, Reaction, User
from conformance.dm.largeobject import Octets
from conformance.dm.tree import Tree, Written
from conformance.fumo.agent import UpdateAgent
from conformance.fumo.object import UPDATE
from conformance.peers.deviation import CLIENT
from conformance.peers.updateobject import UpdateObject
from conformance.syncml.codes import CONFIRM, DISPLAY, MULTIPLE_CHOICE, SINGLE_CHOICE, TEXT_INPUT, UI_ALERTS
from conformance.syncml.model import (
    Add,
    Alert,
    Atomic,
    Command,
    Copy,
    Delete,
    Exec,
    Get,
    Item,
    Other,
    Replace,
    Sequence,
    Status,
    text_of,
)

# -- several Items, Meta, values -----------------------------------------------------------------------------------------


@CLIENT("first-item-only", "executor")
class _FirstItemOnly(Executor):
    def items(self, command: Command, where: Situation) -> int:
        return super().items(replace(command, items=command.items[:1]), where)


@CLIENT("mixed-items-as-one", "executor")
class _MixedAsOne(Executor):
    def items(self, command: Command, where: Situation) -> int:
        first = len(self._out.statuses)
        code = super().items(command, where)
        if len(self._out.statuses) > first + 1:
            del self._out.statuses[first:]
            self.answer(command, 200)
        return code


@CLIENT("meta-required", "executor")
class _MetaRequired(Executor):
    def write(self, command: Command, item: Item) -> int:
        return 415 if command.meta_of(item).format is None else super().write(command, item)


@CLIENT("item-meta-ignored", "executor")
class _ItemMetaIgnored(Executor):
    def write(self, command: Command, item: Item) -> int:
        if command.meta is None and item.meta is not None:
            return 415
        return super().write(command, item)


@CLIENT("markup-kept-escaped", "tree")
class _MarkupEscaped(Tree):
    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        size = written.value.size
        if size < 4096:
            text = written.value.read(0, size).replace(b"&", b"&amp;").replace(b"<", b"&lt;")
            written = replace(written, value=Octets(text))
        return super().replace(uri, written, server)


# -- what cannot be done -------------------------------------------------------------------------------------------------


@CLIENT("unknown-element-200", "executor")
class _UnknownElement200(Executor):
    def answer(self, command: Command, code: int, item: Item | None = None) -> Status:
        return super().answer(command, 200 if isinstance(command, Other) else code, item)


@CLIENT("unknown-alert-200", "executor")
class _UnknownAlert200(Executor):
    def alert(self, command: Alert) -> int:
        if command.data in UI_ALERTS:
            return super().alert(command)
        self.answer(command, 200)
        return 200


@CLIENT("permanent-node-renamed", "tree")
class _PermanentRenamed(Tree):
    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        code = super().replace(uri, written, server)
        return 200 if code == 405 and uri.endswith("?prop=Name") else code


@CLIENT("failed-add-names-target", "executor")
class _FailedAddNamesTarget(Executor):
    def answer(self, command: Command, code: int, item: Item | None = None) -> Status:
        status = super().answer(command, code, item)
        if isinstance(command, Add) and status.items:
            status.items = [Item(target=command.items[0].target)]
        return status


@CLIENT("exec-of-anything", "executor")
class _ExecOfAnything(Executor):
    def exec(self, command: Exec) -> int:
        code = super().exec(command)
        return 202 if code in (404, 405) else code


@CLIENT("copy-tied-to-source", "tree")
class _CopyTied(Tree):
    def copy(self, source: str, target: str, server: str | None = None) -> int:
        code = super().copy(source, target, server)
        origin, made = self.find(source), self.find(target)
        if code == 200 and origin is not None and made is not None:
            made.provider = origin.text
        return code


@CLIENT("copy-of-nothing-200", "tree")
class _CopyOfNothing(Tree):
    def copy(self, source: str, target: str, server: str | None = None) -> int:
        code = super().copy(source, target, server)
        return 200 if code == 404 else code


# -- Atomic and Sequence -------------------------------------------------------------------------------------------------


@CLIENT("long-atomic-kept", "executor")
class _LongAtomicKept(Executor):
    def atomic(self, command: Atomic) -> int:
        first = len(self._out.statuses)
        code = super().atomic(command)
        if code == 200 and len(command.commands) > 9:
            for status in self._out.statuses[first:]:
                status.data = "216"
            self._out.statuses[first].data = "517"
        return code


@CLIENT("nested-atomic-run", "executor")
class _NestedAtomic(Executor):
    in_atomic = (Add, Alert, Atomic, Copy, Delete, Replace)


@CLIENT("get-in-atomic-run", "executor")
class _GetInAtomic(Executor):
    in_atomic = (Add, Alert, Copy, Delete, Get, Replace)


@CLIENT("sequence-reversed", "executor")
class _SequenceReversed(Executor):
    def sequence(self, command: Sequence) -> int:
        first = len(self._out.statuses) + 1
        code = super().sequence(replace(command, commands=command.commands[::-1]))
        self._out.statuses[first:] = self._out.statuses[first:][::-1]
        return code


@CLIENT("sequence-fails-with-command", "executor")
class _SequenceFails(Executor):
    def sequence(self, command: Sequence) -> int:
        first = len(self._out.statuses)
        code = super().sequence(command)
        if any((status.data or "")[:1] in ("4", "5") for status in self._out.statuses[first:]):
            self._out.statuses[first].data = "500"
        return code


@CLIENT("last-of-atomic-lost", "executor")
class _LastOfAtomicLost(Executor):
    def atomic(self, command: Atomic) -> int:
        lost, command.commands = command.commands[1:][-1:], command.commands[:1] + command.commands[1:-1]
        code = super().atomic(command)
        for each in lost:
            self.answer(each, code if code == 200 else 215)
        command.commands += lost
        return code


# -- questions to the user -----------------------------------------------------------------------------------------------


class _Asked(Executor):
    """Base of what is wrong in an answer: ``told`` may change it."""

    def ask(self, command: Alert) -> int:
        code = super().ask(command)
        return self.told(command, self._out.statuses[-1], code)

    def told(self, command: Alert, status: Status, code: int) -> int:
        """Changes the Status of an alert; gives the code that the rest goes by."""
        return code


@CLIENT("cancel-as-no", "executor")
class _CancelAsNo(_Asked):
    def told(self, command: Alert, status: Status, code: int) -> int:
        status.data = "304" if code == 214 else status.data
        return code


@CLIENT("no-as-cancel", "executor")
class _NoAsCancel(_Asked):
    def told(self, command: Alert, status: Status, code: int) -> int:
        status.data = "214" if code == 304 else status.data
        return code


@CLIENT("cancel-overheard", "executor")
class _CancelOverheard(_Asked):
    def told(self, command: Alert, status: Status, code: int) -> int:
        self._stopped = False
        return 200 if code == 214 else code


@CLIENT("no-in-atomic-overheard", "executor")
class _NoInAtomic(Executor):
    def _one(self, command: Command, where: Situation) -> int:
        code = super()._one(command, where)
        return 200 if where.atomic and code == 304 else code


@CLIENT("no-ends-everything", "executor")
class _NoEndsEverything(_Asked):
    denied = False

    def told(self, command: Alert, status: Status, code: int) -> int:
        self.denied = self.denied or code == 304
        return code

    def execute(self, commands: Sequence_[Command], msg_id: str | None, server: str) -> Executed:
        return self.refuse(commands, msg_id, 215) if self.denied else super().execute(commands, msg_id, server)


@CLIENT("no-stops-the-message", "executor")
class _NoStopsMessage(_Asked):
    def told(self, command: Alert, status: Status, code: int) -> int:
        self._stopped = self._stopped or code == 304
        return code


@CLIENT("typed-text-dropped", "executor")
class _TextDropped(_Asked):
    def told(self, command: Alert, status: Status, code: int) -> int:
        if command.data == TEXT_INPUT:
            status.items = []
        return code


@CLIENT("choices-from-zero", "executor")
class _ChoicesFromZero(_Asked):
    def told(self, command: Alert, status: Status, code: int) -> int:
        if command.data in (SINGLE_CHOICE, MULTIPLE_CHOICE):
            status.items = [Item(data=str(int(text_of(item)) - 1)) for item in status.items]
        return code


@CLIENT("choices-in-one-item", "executor")
class _ChoicesInOneItem(_Asked):
    def told(self, command: Alert, status: Status, code: int) -> int:
        if command.data == MULTIPLE_CHOICE and status.items:
            status.items = [Item(data="-".join(text_of(item) for item in status.items))]
        return code


@CLIENT("choices-sorted", "executor")
class _ChoicesSorted(_Asked):
    def told(self, command: Alert, status: Status, code: int) -> int:
        listed = [text_of(item) for item in command.items[2:]]
        for item in status.items if command.data == SINGLE_CHOICE else ():
            item.data = str(sorted(listed).index(listed[int(text_of(item)) - 1]) + 1)
        return code


@CLIENT("date-with-hyphens", "executor")
class _DateWithHyphens(_Asked):
    def told(self, command: Alert, status: Status, code: int) -> int:
        for item in status.items if text_of(command.items[0]) == "IT=D" else ():
            text = text_of(item)
            item.data = f"{text[4:]}-{text[2:4]}-{text[:2]}"
        return code


class _Picky:
    """Base of a user who gives up questions with certain options."""

    def __init__(self, user: User, names: tuple[str, ...], known: bool) -> None:
        self.user, self.names, self.known = user, names, known

    def ask(self, question: Question) -> Reaction:
        """Cancels where an option is one of the names, or, with ``known``, none of them."""
        bad = any((name in self.names) is not self.known for name, _ in question.options)
        return Reaction("cancel") if bad and question.code != DISPLAY else self.user.ask(question)


@CLIENT("unknown-option-cancels", "executor")
class _UnknownOption(Executor):
    def ask(self, command: Alert) -> int:
        if self.user is not None and not isinstance(self.user, _Picky):
            self.user = _Picky(self.user, ("MINDT", "MAXDT", "DR", "MAXLEN", "IT", "ET"), known=True)
        return super().ask(command)


@CLIENT("input-options-everywhere", "executor")
class _InputOptions(Executor):
    def ask(self, command: Alert) -> int:
        if command.data == CONFIRM and "MAXLEN" in text_of(command.items[0]):
            self.answer(command, 416)
            return 416
        return super().ask(command)


# -- Exec ----------------------------------------------------------------------------------------------------------------


@CLIENT("busy-exec-taken-over", "object")
class _BusyExec(UpdateObject):
    def exec(self, path: str, correlator: str | None, at: float) -> int:
        job = self.agent.job
        if job is not None and job.operation == path:
            job.correlator = correlator
            return 202
        return super().exec(path, correlator, at)


@CLIENT("busy-after-second-exec", "object")
class _BusyAfterSecond(UpdateObject):
    refused = False

    def exec(self, path: str, correlator: str | None, at: float) -> int:
        code = 403 if self.refused else super().exec(path, correlator, at)
        self.refused = self.refused or (code >= 400 and self.agent.busy)
        return code


def _address(identity: str, change: Callable[[str], str]) -> None:
    """An agent that fetches something else than the address that it was given."""

    @CLIENT(identity, "agent")
    class _Address(UpdateAgent):
        def exec(self, operation: str, correlator: str | None, url: str, at: float) -> int:
            return super().exec(operation, correlator, change(url), at)


_address("query-dropped", lambda url: url.partition("?")[0])
_address("address-cut", lambda url: url[:127])
_address("query-decoded", lambda url: url if "?" not in url else unquote(url))


@CLIENT("update-without-package-accepted", "object")
class _UpdateWithoutPackage(UpdateObject):
    def exec(self, path: str, correlator: str | None, at: float) -> int:
        code = super().exec(path, correlator, at)
        return 202 if path == UPDATE and code == 403 and not self.agent.busy else code


@CLIENT("first-package-installed", "object")
class _FirstPackage(UpdateObject):
    def replaced(self, path: str, at: float) -> None:
        if path != f"{UPDATE}/PkgData" or self.agent.package is None:
            super().replaced(path, at)


