"""Deviations of the reference server in sessions that go wrong, in credentials and in large objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary, ref

from conformance.dm.credentials import BASIC, make_cred
from conformance.dm.largeobject import Splitter
from conformance.dm.serversession import SESSION_ABORT, Received
from conformance.fumo.plan import FIRMWARE, Answer
from conformance.peers.serverparts import deviation
from conformance.peers.talk import Session, Talk
from conformance.syncml.codes import NEXT_MESSAGE
from conformance.syncml.model import Alert, Chal, Command, Cred, Get, Item, Message, Replace, Status
from conformance.transport.exchange import Reply, Request

# ---- sessions --------------------------------------------------------------------------------------------------------


@deviation("commands-after-abort", "session")
class CommandsAfterAbort(Session):
    """Goes on with its commands after the device has ended the session."""

    def _add_commands(self, message: Message, got: Received, commands: list[Command], large: Splitter | None) -> bool:
        if got.aborted and self.authenticated:
            message.commands.append(self.numbered(Get(items=[Item(target=FIRMWARE)])))
            return True
        return super()._add_commands(message, got, commands, large)


@deviation("abort-unanswered", "talk")
class AbortUnanswered(Talk):
    """Does not answer a message that ends the session."""

    def answer(self, request: Request, at: float) -> Reply:
        reply = super().answer(request, at)
        got = self.session._received
        return Reply(200, [], b"") if got is not None and got.aborted else reply


def _without_alert(session: Session, message: Message, answers: list[Status], code: str) -> list[Status]:
    """Statuses without that for an Alert of a code."""
    silent = {c.cmd_id for c in message.commands if isinstance(c, Alert) and c.data == code}
    return [status for status in answers if status.cmd != "Alert" or status.cmd_ref not in silent]


@deviation("abort-without-status", "session")
class AbortWithoutStatus(Session):
    """Answers the end of a session, but not its Alert."""

    def statuses(self, message: Message) -> list[Status]:
        return _without_alert(self, message, super().statuses(message), SESSION_ABORT)


@deviation("next-message-unanswered", "session")
class NextMessageUnanswered(Session):
    """Gives Alert 1222 no Status."""

    def statuses(self, message: Message) -> list[Status]:
        return _without_alert(self, message, super().statuses(message), NEXT_MESSAGE)


_NEWEST: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
"""The first session of each device that was not ended."""


@deviation("one-session-per-device", "talk")
class OneSession(Talk):
    """Sends a device away that has a session already."""

    def answer(self, request: Request, at: float) -> Reply:
        found = _NEWEST.get(self.planner)
        older = found() if found is not None else None
        if older is not None and older is not self and not older.session.over:
            return Reply(503, [("Content-Type", "text/plain")], b"One session at a time.\n")
        _NEWEST[self.planner] = ref(self)
        return super().answer(request, at)


@deviation("unknown-version-served", "talk")
class UnknownVersionServed(Talk):
    """Serves devices of a version that there is not."""

    def answer(self, request: Request, at: float) -> Reply:
        known = request.body.replace(b"9.9", b"1.2")
        return super().answer(Request(request.method, request.url, request.headers, known), at)


# ---- credentials -----------------------------------------------------------------------------------------------------


class _Believing(Session):
    """Base of those that take authentication codes that they should not."""

    result = ""
    """What the code may be although it should not."""

    def check(self, message: Message, octets: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        before = self.authenticated
        facts = super().check(message, octets, headers)
        shown = facts.get("integrity") or {"result": "absent"}
        if self.keys.kind == "hmac" and before and shown["result"] == self.result:
            self.authenticated = True
        return facts


@deviation("mac-unchecked", "session")
class MacUnchecked(_Believing):
    """Does not look at authentication codes."""

    result = "wrong"


@deviation("mac-not-missed", "session")
class MacNotMissed(_Believing):
    """Takes messages without the authentication code of the session."""

    result = "absent"


@deviation("mac-nonce-again", "session")
class MacNonceAgain(_Believing):
    """Takes authentication codes with a nonce that was used."""

    result = "stale"


@deviation("no-second-chance", "session")
class NoSecondChance(Session):
    """Does not want to see a device again in a session that began with wrong credentials."""

    def check(self, message: Message, octets: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        facts = super().check(message, octets, headers)
        self.authenticated = self.authenticated and not self.failures
        return facts


@deviation("challenge-without-chal", "session")
class ChallengeWithoutChal(Session):
    """Refuses a device without saying what it wants."""

    def header_code(self, message: Message) -> tuple[str, Chal | None]:
        code, chal = super().header_code(message)
        return code, None if code in ("401", "407") else chal


@deviation("basic-for-md5", "session")
class BasicForMd5(Session):
    """Shows itself by name and password whatever it is asked for."""

    def credentials(self) -> Cred | None:
        return None if super().credentials() is None else make_cred(BASIC, self.keys.account)


@deviation("forgets-nonce", "session")
class ForgetsNonce(Session):
    """Keeps the nonce of a device until the end of the session only."""

    def take_header_status(self, message: Message) -> bool:
        before = self.keys.nonce
        again = super().take_header_status(message)
        self.keys.nonce = before
        return again


# ---- large objects ---------------------------------------------------------------------------------------------------


class _SpoiledChunks(Session):
    """Base of what is wrong with the first piece of a large object."""

    def spoil(self, item: Item) -> None:
        """Makes a piece wrong."""
        raise NotImplementedError

    def fill_chunk(self, message: Message, command: Command) -> bool:
        last = super().fill_chunk(message, command)
        if command.items[0].more:
            self.spoil(command.items[0])
        return last


@deviation("size-missing", "session")
class SizeMissing(_SpoiledChunks):
    """Leaves Size out of the first piece."""

    def spoil(self, item: Item) -> None:
        if item.meta is not None:
            item.meta.size = None


@deviation("size-one-off", "session")
class SizeOneOff(_SpoiledChunks):
    """States a Size that is one octet short."""

    def spoil(self, item: Item) -> None:
        if item.meta is not None and item.meta.size:
            item.meta.size = str(int(item.meta.size) - 1)


@deviation("format-not-repeated", "session")
class FormatNotRepeated(Session):
    """Says Format and Type with the first piece only."""

    def add_chunk(self, message: Message) -> bool:
        last = super().add_chunk(message)
        assert self._large is None or self._large.items
        for command in message.commands:
            if isinstance(command, Replace):
                command.meta = None
                for item in command.items:
                    item.meta = None
        return last


@deviation("pieces-as-wholes", "talk")
class PiecesAsWholes(Talk):
    """Takes each piece of what a device sends for all of it."""

    def take(self, received: Received, message: Message, at: float) -> None:
        for command in message.commands:
            for item in command.items if isinstance(command, Alert) else ():
                if item.meta is not None:
                    item.meta.size = None
                item.more = False
        super().take(received, message, at)


@deviation("size-of-pieces-unchecked", "talk")
class SizeUnchecked(Talk):
    """Does not compare what came in pieces with its Size."""

    def take(self, received: Received, message: Message, at: float) -> None:
        assembler = self.pieces.assembler
        for command in message.commands:
            for item in command.items if isinstance(command, Alert) else ():
                if assembler.open and not item.more:
                    assembler.expected = assembler.received + len(item.data or "")
        super().take(received, message, at)


@deviation("last-piece-answered-213", "session")
class LastPiece213(Session):
    """Answers the last piece like those before."""

    _was = False

    def alert_code(self, alert: Alert) -> str:
        code = super().alert_code(alert)
        mine = bool(alert.items) and alert.data == "1226"
        again, self._was = self._was and mine, (code == "213") if mine else self._was
        return "213" if again else code


@deviation("starts-refused-package", "talk")
class StartsRefusedPackage(Talk):
    """Starts the installation of a package that the device refused."""

    def _answer(self, command: Command) -> Answer:
        answer = super()._answer(command)
        return Answer(command, 200) if isinstance(command, Replace) else answer
