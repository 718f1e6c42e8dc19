"""Tolerated variants of the reference device: other packages, answers to commands and HTTP that are as right.

``testcases/variants/client.yaml`` says of each in one sentence what it is, and what leaves the freedom.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from conformance.dm.clientsession import ClientSession
from conformance.dm.executor import Executor, Situation
from conformance.peers.deviation import CLIENT_VARIANTS as VARIANT
from conformance.peers.security import DeviceTransport
from conformance.syncml.codes import NEXT_MESSAGE
from conformance.syncml.model import (
    Alert,
    Block,
    Command,
    Copy,
    Item,
    Message,
    Results,
    Status,
)
from conformance.syncml.model import Sequence as SequenceCommand
from conformance.transport.exchange import Request

# -- packages of several messages ------------------------------------------------------------------------------------------


@VARIANT("answers-one-by-one", "session")
class _OneByOne(ClientSession):
    """Sends Statuses in one message and Results each in one of their own, although all would fit."""

    def _send(self, answered: Message | None) -> bytes:
        held = [c for c in self.packer.commands if isinstance(c, Results)]
        if (not self.packer.statuses and len(held) < 2) or answered is None:
            return super()._send(answered)
        keep = 0 if any(isinstance(each, Status) and each.cmd != "Alert" for each in self.packer.statuses) else 1
        waiting = held[keep:]
        for results in waiting:
            self.packer.commands.remove(results)
        octets = self._unfinished(answered) if waiting else super()._send(answered)
        self.packer.commands.extendleft(reversed(waiting))
        return octets

    def _unfinished(self, answered: Message) -> bytes:
        self._more = True
        try:
            return super()._send(answered)
        finally:
            self._more = False

    _more = False

    def encode(self, message: Message) -> bytes:
        if self._more:
            message.final = False
        return super().encode(message)


@VARIANT("next-message-only-alone", "session")
class _NextMessageAlone(ClientSession):
    """Leaves Alert 1222 out where the message holds Results or alerts (AMB-next-message-beside-content)."""

    def arrange(self, message: Message) -> None:
        super().arrange(message)
        content = any(isinstance(c, Results) or (isinstance(c, Alert) and c.data != NEXT_MESSAGE) for c in message.commands)
        if content:
            message.commands = [c for c in message.commands if not (isinstance(c, Alert) and c.data == NEXT_MESSAGE)]


@VARIANT("reports-before-results", "session")
class _ReportsFirst(ClientSession):
    """Generic Alerts stand before Statuses of commands and Results."""

    def arrange(self, message: Message) -> None:
        super().arrange(message)
        alerts = [c for c in message.commands if isinstance(c, Alert) and c.data == "1226"]
        results = [c for c in message.commands if isinstance(c, Results)]
        if alerts and results and not any(item.more for each in results for item in each.items):
            rest = [c for c in message.commands if c not in alerts and c not in results]
            message.commands = [*rest, *alerts, *results]


# -- commands ------------------------------------------------------------------------------------------------------------


@VARIANT("add-answered-201", "executor")
class _Add201(Executor):
    def answer(self, command: Command, code: int, item: Item | None = None) -> Status:
        return super().answer(command, 201 if command.name == "Add" and code == 200 else code, item)


@VARIANT("replace-answered-202", "executor")
class _Replace202(Executor):
    """Takes an address for later, and holds it at once (AMB-replace-later)."""

    def answer(self, command: Command, code: int, item: Item | None = None) -> Status:
        address = any((each.target or "").endswith("/PkgURL") for each in command.items)
        return super().answer(command, 202 if command.name == "Replace" and address and code == 200 else code, item)


@VARIANT("sequence-skips-after-error", "executor")
class _SequenceSkips(Executor):
    """After a command that failed the rest of a Sequence is answered 215 (AMB-sequence-after-error)."""

    def sequence(self, command: SequenceCommand) -> int:
        self.answer(command, 200)
        skipped = False
        for inner in command.commands:
            code = self._one(inner, Situation(skipped=skipped or self._stopped))
            skipped = skipped or not 200 <= code < 300 or code in (214, 215)
        return 200


@VARIANT("copy-unknown", "executor")
class _CopyUnknown(Executor):
    """Knows no Copy, which is optional."""

    def _one(self, command: Command, where: Situation) -> int:
        if isinstance(command, Copy) and not where.skipped:
            self._refuse([command], 406)
            return 406
        return super()._one(command, where)


@VARIANT("atomic-unknown", "executor")
class _AtomicUnknown(Executor):
    """Carries out no Atomic, which is recommended and not required: 406, and nothing inside it is done."""

    def atomic(self, command: Block) -> int:
        self._refuse([command], 406)
        return 406


@VARIANT("atomic-refused-alone", "executor")
class _AtomicAlone(Executor):
    """Answers an Atomic 406 and what is inside it 215."""

    def atomic(self, command: Block) -> int:
        self.answer(command, 406)
        self._refuse(command.commands, 215)
        return 406


def _codes(identity: str, change: Callable[[Command, int], int]) -> None:
    """Codes that are guidance: another one of the same class says as much. Those for lists and properties are firm."""

    @VARIANT(identity, "executor")
    class _Codes(Executor):
        def answer(self, command: Command, code: int, item: Item | None = None) -> Status:
            firm = any("?" in (each.target or "") for each in command.items)
            return super().answer(command, code if firm else change(command, code), item)


_FAMILY = {
    "refusals-405": (403, 406), "refusals-500": (403, 412, 420), "refusals-406": (405,), "refusals-425": (405,),
}  # fmt: skip


def _refusals() -> None:
    for identity, codes in _FAMILY.items():
        to = int(identity[-3:])
        _codes(identity, lambda command, code, codes=codes, to=to: to if code in codes and command.name != "Alert" else code)  # type: ignore[misc]


_refusals()


# -- HTTP ----------------------------------------------------------------------------------------------------------------


@VARIANT("http-more-headers", "transport")
class _MoreHeaders(DeviceTransport):
    def sent(self, request: Request) -> Request:
        more = [("X-Device", "1"), ("Accept-Language", "en"), ("Cookie", "a=b"), ("Connection", "close"), ("x-vendor-mac", "none")]
        return dataclasses.replace(super().sent(request), headers=[*request.headers, *more])


@VARIANT("http-few-headers", "transport")
class _FewHeaders(DeviceTransport):
    """Content-Type with a charset, in capital letters; nothing else but what is needed."""

    def sent(self, request: Request) -> Request:
        kept = [(n.upper(), f"{v}; charset=utf-8") for n, v in request.headers if n == "Content-Type"]
        others = [(n, v) for n, v in request.headers if n.lower() in ("x-syncml-hmac", "accept")]
        return dataclasses.replace(super().sent(request), headers=[*kept, *others])
