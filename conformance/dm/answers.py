"""What a client still has to send, dealt out to messages that the server can take (DM Protocol 6, 7). No I/O."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable

from conformance.dm.executor import LargeItem, clean, transferred
from conformance.dm.largeobject import Splitter
from conformance.syncml.model import Alert, Command, Header, Item, Message, Results, Status

UNLIMITED = 1 << 20
"""Octets of a message where the server announced no MaxMsgSize."""
_MARGIN = 24
"""Octets kept free for Final and for what a number grows by."""
_LEAST = 96
"""Octets of room below which no chunk is begun."""
_NUMBER = 32
"""Octets that the CmdID of a command takes, at most."""

Encode = Callable[[Message], bytes]
Number = Callable[[Command], Command]


class Packer:
    """The queue of one session: Statuses first, then Results and Alerts. ``large_objects``: whether values are cut."""

    def __init__(self, encoding: str, large_objects: bool) -> None:
        self.encoding, self.large_objects = encoding, large_objects
        self.statuses: deque[Command] = deque()
        self.commands: deque[Command] = deque()
        self._large: tuple[Results, Splitter] | None = None
        self._bare = 0
        """Octets of a message without the command whose cost is sought."""

    @property
    def waiting(self) -> bool:
        """Whether something is still to be sent."""
        return bool(self.statuses or self.commands or self._large)

    def clear(self) -> None:
        """Forgets everything that waits."""
        self.statuses.clear()
        self.commands.clear()
        self._large = None

    def drop_large(self) -> None:
        """Stops sending the large object that is under way."""
        self._large = None

    def fill(self, message: Message, limit: int | None, encode: Encode, number: Number, more: Alert | None) -> None:
        """Moves as much as fits from the queue into the message; ``more`` goes last, where it is given.

        At least one command is moved, however small the limit is: a session must come to its end.
        """
        if self._fits(message, limit or UNLIMITED, encode, more):
            for command in (*self.statuses, *self.commands, *([] if more is None else [more])):
                message.commands.append(number(command))
            self.statuses.clear()
            self.commands.clear()
            return
        room = (limit or UNLIMITED) - len(encode(message)) - _MARGIN
        if more is not None:
            room -= self._cost(more, encode)
        held = len(message.commands)
        room = self._fill_statuses(message, room, encode, number)
        if not self.statuses:
            self._fill_commands(message, room, encode, number, held)
        if more is not None:
            message.commands.append(number(more))

    def _fits(self, message: Message, limit: int, encode: Encode, more: Alert | None) -> bool:
        """Whether everything that waits takes less than half of a message, by one look at all of it; then its values are in.

        Most messages are so. In others each command is measured, which is dear; so much below the limit it comes to the
        same.
        """
        found = [command for command in self.commands if isinstance(command, Results)]
        large = [item.value for results in found for item in results.items if isinstance(item, LargeItem)]
        if self._large is not None or sum(transferred(value, self.encoding) for value in large) * 2 > limit:
            return False
        held = [results.items for results in found]
        for results in found:
            results.items = [self._shown(item) for item in results.items]
        commands = [*message.commands, *self.statuses, *self.commands, *([] if more is None else [more])]
        size = len(encode(Message(message.header, commands))) + _NUMBER * len(commands) + _MARGIN
        if size * 2 <= limit:
            return True
        for results, items in zip(found, held, strict=True):
            results.items = items
        return False

    def _shown(self, item: Item) -> Item:
        return _with_value(item, self.encoding) if isinstance(item, LargeItem) else item

    def _fill_statuses(self, message: Message, room: int, encode: Encode, number: Number) -> int:
        placed = 0
        while self.statuses:
            cost = self._cost(self.statuses[0], encode)
            if cost > room and placed:
                break
            message.commands.append(number(self.statuses.popleft()))
            placed += 1
            room -= cost
        return room

    def _fill_commands(self, message: Message, room: int, encode: Encode, number: Number, held: int) -> None:
        first = True
        if self._large is not None:
            left = self._next_chunk(message, room, encode, number)
            if left is None:
                return
            room, first = left, False
        while self.commands:
            command = self.commands[0]
            if isinstance(command, Results) and not self._whole(command, room, encode):
                if first and (room >= _LEAST or len(message.commands) <= held):
                    self._cut(message, room, encode, number, held)
                return
            cost = self._cost(command, encode)
            alone = first and len(message.commands) <= held
            if cost > room and not alone:
                return
            self.commands.popleft()
            message.commands.append(number(command))
            room -= cost
            first = False

    def _whole(self, results: Results, room: int, encode: Encode) -> bool:
        """Puts the values into Results where they fit; False where they do not."""
        items = [item for item in results.items if isinstance(item, LargeItem)]
        if not items:
            return self._cost(results, encode) <= room or not self.large_objects
        size = sum(transferred(item.value, self.encoding) for item in items)
        if size > room and self.large_objects:
            return False
        whole = copy.copy(results)
        whole.items = [self._shown(item) for item in results.items]
        if self._cost(whole, encode) > room and self.large_objects:
            return False
        results.items = whole.items
        return True

    def _cut(self, message: Message, room: int, encode: Encode, number: Number, held: int) -> None:
        """Results that are too long: each Item gets Results of its own, and a long Item goes in chunks."""
        results = self.commands.popleft()
        assert isinstance(results, Results)
        if len(results.items) > 1:
            parts = [copy.copy(results) for _ in results.items]
            for part, item in zip(parts, results.items, strict=True):
                part.items = [item]
            self.commands.extendleft(reversed(parts))
            self._fill_commands(message, room, encode, number, held)
            return
        item = results.items[0]
        if len(message.commands) > held and not self._begins(results, room, encode):
            self.commands.appendleft(results)  # Answers stand before it: the next message has more room.
            return
        if not isinstance(item, LargeItem):
            message.commands.append(number(results))
            return
        octets = item.value.format in ("bin", "b64")
        self._large = results, Splitter(item.value.value, "bin" if octets else "chr")
        self._next_chunk(message, room, encode, number)

    def _begins(self, results: Results, room: int, encode: Encode) -> bool:
        """Whether a first chunk of the only Item of Results fits."""
        item = results.items[0]
        empty = copy.copy(results)
        empty.items = [Item(source=item.source, meta=copy.copy(item.meta))]
        return isinstance(item, LargeItem) and self._cost(empty, encode) + _MARGIN * 4 + _LEAST // 2 <= room

    def _next_chunk(self, message: Message, room: int, encode: Encode, number: Number) -> int | None:
        """The next chunk; the room that is left where it was the last, else ``None``."""
        assert self._large is not None
        origin, splitter = self._large
        results = copy.copy(origin)
        shown = origin.items[0]
        results.items = [Item(source=shown.source, meta=copy.copy(shown.meta))]
        cost = self._cost(results, encode) + _MARGIN * 4
        last = splitter.fill(results.items[0], max(_LEAST // 2, room - cost), self.encoding)
        message.commands.append(number(results))
        if not last:
            return None
        self._large = None
        return room - self._cost(results, encode)

    def _cost(self, command: Command, encode: Encode) -> int:
        """Octets that a command adds to a message."""
        header, first = Header(session_id="1", msg_id="1"), Status(cmd_id="1")
        if not self._bare:
            self._bare = len(encode(Message(header=header, commands=[first])))
        return len(encode(Message(header=header, commands=[first, _numbered_copy(command)]))) - self._bare


def _with_value(item: LargeItem, encoding: str) -> Item:
    """The Item with its value, as it goes over the wire in that encoding (DM TND 7.7.2)."""
    shown = Item(source=item.source, meta=copy.copy(item.meta))
    source = item.value.value
    if item.value.format in ("bin", "b64"):
        Splitter(source, "bin").fill(shown, transferred(item.value, encoding) + 4, encoding)
    else:
        shown.data = clean_text(source.read(0, source.size))
    return shown


def clean_text(octets: bytes) -> str:
    """Octets of a text value as text that every encoding can carry."""
    text = octets.decode("utf-8", "replace")
    return "".join(clean(text[at : at + 2048]) for at in range(0, len(text), 2048))


def _numbered_copy(command: Command) -> Command:
    shown = copy.copy(command)
    shown.cmd_id = "99999"
    return shown
