"""What devices send in several pieces, Results and Alerts, put together for the server (DM Protocol 7). No I/O, no clock."""

from __future__ import annotations

from conformance.dm.largeobject import Assembler, Value
from conformance.syncml.model import Alert, Command, Item, Message, Results, Status

LARGEST = 1 << 20
"""Octets of an object of a device that are taken at most."""


class Pieces:
    """The pieces of one session. :meth:`take` each message once; what is complete then stands in it as if it came whole."""

    def __init__(self) -> None:
        self.assembler = Assembler(LARGEST)
        self.codes: dict[int, str] = {}
        """Statuses of the commands of the message at hand that hold a piece, by identity: 213, or why it is refused."""
        self.broken: list[str] = []
        """Addresses of objects whose rest did not come."""

    def take(self, message: Message) -> None:
        """Takes the pieces out of a message, and puts an object that is complete into the command with its last piece."""
        self.codes, self.broken = {}, []
        for command in message.commands:
            if isinstance(command, Alert | Results):
                for item in command.items:
                    self._item(command, item)
            elif not isinstance(command, Status) and self.assembler.open:
                self._break_off()

    def _break_off(self) -> None:
        self.broken.append(self.assembler.target)
        self.assembler.drop()

    def _item(self, command: Command, item: Item) -> None:
        if self.assembler.open and not self.assembler.continues(command.name, item.target or item.source):
            self._break_off()
        if not (item.more or self.assembler.open):
            return
        code, value = self.assembler.accept(command.name, item, command.meta_of(item))
        if value is None:
            self.codes[id(command)] = str(code)
        else:
            self._complete(item, value)

    @staticmethod
    def _complete(item: Item, value: Value) -> None:
        raw = value.raw.read(0, value.raw.size)
        item.meta, item.more = value.meta, False
        item.data = raw if isinstance(item.data, bytes) else raw.decode("utf-8", "replace")
