"""What the suite's device does to a DM server in a session: the key ``trouble`` of the step ``device``. No I/O, no clock."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conformance.dm.clientsession import ClientSession
from conformance.dm.credentials import MAC_HEADER, mac_header
from conformance.dm.executor import Executed
from conformance.syncml.codes import CLIENT_EVENT, NEXT_MESSAGE, SESSION_ABORT
from conformance.syncml.model import Alert, Command, Header, Item, Message, Meta, Replace, Results, Status

BEGIN, COMMANDS, CHUNK, LAST_CHUNK, INSIDE = "begin", "commands", "chunk", "last-chunk", "inside"
MESSAGE, LATER, ALWAYS = "message", "later", "always"
WHEN = {
    BEGIN: "in package #1",
    COMMANDS: "where commands of the server are answered",
    CHUNK: "where a piece of a large object is answered that is not the last",
    LAST_CHUNK: "where the last piece of a large object is answered",
    INSIDE: "where the rest of a package of the device is asked for",
    MESSAGE: "in the message with the number `at`, counted from 1",
    LATER: "in each message but the first",
    ALWAYS: "in each message",
}
"""Moments of a session."""
ABORT, VANISH, REPEAT, NO_END, LOST = "abort", "vanish", "repeat", "no-end", "lost"
NO_FINAL, ASK_ON, INTERJECT, INTERRUPT = "no-final", "ask-on", "interject", "interrupt"
NO_MAC, WRONG_MAC, OLD_MAC, NO_CRED = "no-mac", "wrong-mac", "old-mac", "no-cred"
DOES = {
    ABORT: "sends Alert 1223 and the Statuses (DM Protocol 8.1)",
    VANISH: "sends nothing any more",
    REPEAT: "sends its message twice, as after an answer that was lost",
    LOST: "gives its session up because the answer to its message never came",
    NO_END: "says by Alert 1225 that the rest of the object never came",
    NO_FINAL: "leaves Final out of a message that ends its package, and sends it when it is asked for more",
    ASK_ON: "leaves Final out and asks by Alert 1222 for more, whatever came",
    INTERJECT: "sends a client event in the place of what it still had to send",
    INTERRUPT: "sends its device information in the place of what it still had to send",
    NO_MAC: "leaves the authentication code out, and ends the session when it is told so",
    WRONG_MAC: "sends an authentication code for other octets, and ends the session when it is told so",
    OLD_MAC: "makes the authentication code with the nonce before, and ends the session when it is told so",
    NO_CRED: "leaves its credentials out; behind package #1 the session ends with the answer to that",
}
"""What may happen then; a number is the Status of each Add and Replace of the message."""
_MACS = (NO_MAC, WRONG_MAC, OLD_MAC)
IGNORED, OWN = "ignored", "own"
RESP_URI = {
    IGNORED: "goes on at the old address where the server gives another one",
    OWN: "gives an address of its own, at which nobody listens",
}
"""What a device may make of RespURI."""
NOWHERE = "http://device.example/answers"
"""The address that a device gives for answers; over HTTP they come with the response."""


@dataclass(slots=True)
class Trouble:
    """An order: at that moment, that; ``times`` in all, 0 for always. ``at``: number of the message where ``when`` is that."""

    when: str = ""
    does: str = ""
    times: int = 1
    at: int = 0
    fired: bool = False
    """Whether it happened at all."""

    @classmethod
    def of(cls, given: Any) -> Trouble:
        """The order of a step; none where the step takes it back."""
        if not isinstance(given, dict):
            return cls()
        return cls(given["when"], str(given["does"]), int(given.get("times", 1)), int(given.get("at", 0)))

    def due(self, moment: str, number: int) -> str:
        """What is to happen at this moment, where message ``number`` is to go out; it is counted. "" for nothing."""
        fits = {MESSAGE: number == self.at, LATER: number > 1, ALWAYS: True}
        moment = self.when if fits.get(self.when) else moment
        if not moment or moment != self.when:
            return ""
        self.fired = True
        if self.times:
            self.times -= 1
            self.when = self.when if self.times else ""
        return self.does


class TroubledSession(ClientSession):
    """A session that does what the script of its device says."""

    script: Any

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.does = ""
        self.crooked = False
        """Whether the message that goes out breaks a rule on purpose."""
        self.twice = False
        """Whether the message that goes out is to be sent once more."""
        self.deaf = False
        """Whether the answer to the message that goes out is lost, and the session with it."""
        self._used = self.authentication.nonce
        self._leaving = False
        self._owes_final = False
        self._astray = False
        """Whether the device goes on at an address that it was sent away from."""

    def start(self, alert_code: str, session_id: str, nonce: bytes | None = None) -> bytes:
        """See :meth:`ClientSession.start`."""
        self.does = self.script.trouble.due(BEGIN, 1)
        return super().start(alert_code, self.script.session_id or session_id, nonce)

    def _answer(self, message: Message, challenged: bool) -> bytes | None:
        if self._leaving:
            return self.end("")
        self.does = self.script.trouble.due(self.moment(message), self.msg_id + 1)
        if self.does == VANISH:
            return self.end("the device is gone")
        if self.does in (INTERJECT, INTERRUPT):
            self._interject()
        elif self.does == ASK_ON:
            self._fruitless = 0
        return super()._answer(message, challenged)

    def silent(self) -> bool:
        """Whether there is nothing to say; a device that asks on has its Alert to say."""
        return self.does != ASK_ON and super().silent()

    def _interject(self) -> None:
        """Puts another command in the place of what waits; where that were pieces, DM Protocol 7 forbids it."""
        event = Item(meta=Meta(format="chr", type="text/plain"), data="something else")
        told = Alert(data=CLIENT_EVENT, items=[event]) if self.does == INTERJECT else Replace(items=self.dev_info())
        self.packer.commands = deque([told])

    def moment(self, message: Message) -> str:
        """What the answer to a message of the server is about."""
        wanted = [command for command in message.commands if not isinstance(command, Status | Results)]
        alerts = [command.data for command in wanted if isinstance(command, Alert)]
        if any(item.more for command in wanted for item in command.items):
            return CHUNK
        if self.executor.assembler.open:
            return LAST_CHUNK
        status = message.header_status()
        taken = status is not None and status.data not in ("401", "407")
        if self.packer.waiting and taken and (NEXT_MESSAGE in alerts or not wanted):
            return INSIDE
        return COMMANDS if len(alerts) < len(wanted) else ""

    def _execute(self, message: Message, wanted: Sequence[Command]) -> Executed:
        target = self.executor.assembler.target
        executed = super()._execute(message, wanted)
        if self.does.isdigit():
            for status in executed.statuses:
                if status.cmd in ("Add", "Replace"):
                    status.data = self.does
            self.executor.assembler.drop()
        elif self.does == NO_END:
            executed.broken.append(target or self.executor.assembler.target)
            self.executor.assembler.drop()
        return executed

    def _send(self, answered: Message | None) -> bytes:
        if self.does == ABORT and answered is None:
            self.packer.commands.append(Alert(data=SESSION_ABORT))
            self._aborting = True
        elif self.does == ABORT:
            self._abort()
        if self.does == ASK_ON:
            self.server_open = True
        elif self._owes_final:
            self.server_open = self._owes_final = False
        octets = super()._send(answered)
        if self.does in _MACS:
            self._spoil(octets)
        self._leaving = self._leaving or (self.does == NO_CRED and answered is not None)
        self.crooked = self.does in (*_MACS, NO_CRED) or bool(self.script.ver_dtd or self.script.ver_proto) or self._astray
        self.twice, self.deaf = self.does == REPEAT, self.does == LOST
        self._used = self.authentication.nonce
        return octets

    def arrange(self, message: Message) -> None:
        """Takes Final away where the script says so; it comes with the next message."""
        if self.does == NO_FINAL and message.final:
            message.final, self._owes_final = False, True

    def _take_header(self, message: Message) -> None:
        before = self.url
        super()._take_header(message)
        if self.script.resp_uri == IGNORED and self.url != before:
            self.url, self._astray = before, True

    def _spoil(self, octets: bytes) -> None:
        """Makes the authentication code of a message wrong."""
        self._leaving = True
        account, nonce = self.authentication.keys.account, self.authentication.nonce
        self.headers = [header for header in self.headers if header[0] != MAC_HEADER]
        if self.does == WRONG_MAC:
            self.headers.append((MAC_HEADER, mac_header(account, nonce, octets + b" ")))
        elif self.does == OLD_MAC:
            self.headers.append((MAC_HEADER, mac_header(account, self._used, octets)))

    # -- alerts in pieces --------------------------------------------------------------------------------------------

    def _offer_alerts(self) -> None:
        super()._offer_alerts()
        if not self.script.piece:
            return
        waiting, self.packer.commands = self.packer.commands, deque()
        for command in waiting:
            offer = self._offered.pop(id(command), None)
            parts = [command] if offer is None else self._parts(command)
            if offer is not None:
                self._offered[id(parts[-1])] = offer
            self.packer.commands.extend(parts)

    def _parts(self, command: Command) -> list[Command]:
        """An Alert in the pieces that the script wants; each is a command of its own (DM Protocol 7)."""
        whole = command.items[0].data or ""
        step = self.script.piece
        if isinstance(whole, bytes) or len(whole) <= step:
            return [command]
        made: list[Command] = []
        for at in range(0, len(whole), step):
            part = copy.deepcopy(command)
            item = part.items[0]
            item.data, item.more = whole[at : at + step], at + step < len(whole)
            if not at and item.meta is not None:
                item.meta.size = str(len(whole) + self.script.piece_size)
            made.append(part)
        return made

    def _take_statuses(self, message: Message) -> None:
        """What is refused at one piece is not sent any further."""
        super()._take_statuses(message)
        if any(status.cmd == "Alert" and (status.data or "")[:1] in ("4", "5") for status in message.statuses()):
            rest = [c for c in self.packer.commands if isinstance(c, Alert) and c.items and c.items[0].meta]
            self.packer.commands = deque(c for c in self.packer.commands if c not in rest)

    def header(self) -> Header:
        """SyncHdr, with the versions and the address that the script wants."""
        header = super().header()
        header.ver_dtd = self.script.ver_dtd or header.ver_dtd
        header.ver_proto = self.script.ver_proto or header.ver_proto
        if self.does == NO_CRED:
            header.cred = None
        if self.script.resp_uri == OWN:
            header.resp_uri = NOWHERE
        return header
