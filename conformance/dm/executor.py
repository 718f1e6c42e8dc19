"""A device carries out the commands of a server (DM RepPro 6.6): one Status for each, Results for what was asked.

No I/O, no clock. Small methods are there to be overridden by a deviation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from conformance.dm import listing, transplant
from conformance.dm.address import parse
from conformance.dm.interaction import User, read_question, status_of
from conformance.dm.largeobject import Assembler, Octets, Value
from conformance.dm.node import NODE, TEXT_PLAIN
from conformance.dm.tree import TNDS, Answer, Tree, Written
from conformance.syncml import codes
from conformance.syncml.model import (
    Add,
    Alert,
    Atomic,
    Block,
    Command,
    Copy,
    Delete,
    Exec,
    Get,
    Item,
    Meta,
    Other,
    Replace,
    Results,
    Status,
    text_of,
)
from conformance.syncml.model import Sequence as SequenceCommand
from conformance.syncml.wbxml import WbxmlStyle, encode_wbxml

_UNSAFE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
STATUS_ROOM = 192
"""Octets that one Status takes at most in a message, addresses aside."""
STOPPING = (214, 408)
"""Statuses of a user interaction after which nothing more of the message is carried out (DM Protocol 10.2)."""


@dataclass(slots=True)
class Executed:
    """What a message asked for led to: answers in order, and the address of a large object that was broken off."""

    statuses: list[Status] = field(default_factory=list)
    results: list[Results] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    receiving: bool = False
    """Whether a large object is half received."""


@dataclass(slots=True)
class Situation:
    """Where a command stands: inside an Atomic, and whether it is still to be carried out."""

    atomic: bool = False
    skipped: bool = False


class Executor:
    """Carries out commands on a tree.

    ``run`` is called for Exec with the address of the node, the Correlator and the data, and gives a DM status.
    ``user`` is ``None`` where there is no display. ``max_obj_size`` is what the server takes at most (``None``: all).
    """

    in_atomic: tuple[type[Command], ...] = (Add, Alert, Copy, Delete, Replace)
    """Commands that may stand in an Atomic (DM RepPro 6.6.3)."""

    def __init__(
        self, tree: Tree, assembler: Assembler, run: Callable[[str, str | None, str], int], user: User | None,
        encoding: str,
    ) -> None:
        self.tree, self.assembler, self.run, self.user, self.encoding = tree, assembler, run, user, encoding
        self.server: str | None = None
        self.max_obj_size: int | None = None
        self.room: int | None = None
        """Octets that the answers to an Atomic may take; ``None`` where they may be split over messages."""
        self._msg_ref = ""
        self._stopped = False
        self._out = Executed()

    def execute(self, commands: Sequence[Command], msg_id: str | None, server: str) -> Executed:
        """Carries out the commands of one message of an authenticated server."""
        self._begin(msg_id)
        self.server = self.right_of(server)
        for command in commands:
            if not isinstance(command, Status | Results):
                self._look_for_break(command)
                self._one(command, Situation(skipped=self._stopped))
        self._out.receiving = self.assembler.open
        return self._out

    def right_of(self, server: str) -> str | None:
        """In whose name the commands of a server are carried out."""
        return server

    def refuse(self, commands: Sequence[Command], msg_id: str | None, code: int) -> Executed:
        """Answers every command with the same code and carries out none (DM Protocol 9.1)."""
        self._begin(msg_id)
        self._refuse(commands, code)
        return self._out

    def _begin(self, msg_id: str | None) -> None:
        self._msg_ref, self._stopped, self._out = clean(msg_id or "1"), False, Executed()

    def _refuse(self, commands: Sequence[Command], code: int) -> None:
        for command in commands:
            if not isinstance(command, Status | Results):
                self.answer(command, code)
                if isinstance(command, Block):
                    self._refuse(command.commands, code)

    # -- one command -------------------------------------------------------------------------------------------------

    def _one(self, command: Command, where: Situation) -> int:
        """Carries out one command and what is inside it; gives its code."""
        if where.skipped:
            self._refuse([command], 215)
            return 215
        if command.cmd_id in (None, ""):
            self._refuse([command], 400)
            return 400
        if where.atomic and not isinstance(command, self.in_atomic):
            self._refuse([command], 500)
            return 500
        if isinstance(command, Atomic):
            return self.atomic(command)
        if isinstance(command, SequenceCommand):
            return self.sequence(command)
        if isinstance(command, Alert):
            return self.alert(command)
        if isinstance(command, Other):
            known = command.name in ("Map", "Put", "Search", "Sync")
            self.answer(command, 406 if known else 400)
            return 406 if known else 400
        if not command.items:
            self.answer(command, 412)
            return 412
        if isinstance(command, Exec):
            code = self.exec(command)
            self.answer(command, code)
            return code
        return self.items(command, where)

    def items(self, command: Command, where: Situation) -> int:
        """Carries out a command Item by Item; one Status where all went alike, else one for each (MS-MDM 2.2.6.1)."""
        found: list[Item] = []
        outcomes = [self._item(command, item, where, found) for item in command.items]
        if len(outcomes) == 1 or len(set(outcomes)) > 1:
            for item, code in zip(command.items, outcomes, strict=True):
                self.answer(command, code, item)
        else:
            self.answer(command, outcomes[0])
        if found:
            self._out.results.append(self.results(command, found))
        failed = [code for code in outcomes if not _fine(code)]
        return failed[0] if failed else outcomes[0]

    def _item(self, command: Command, item: Item, where: Situation, found: list[Item]) -> int:
        if not item.target:
            return 412
        if isinstance(command, Get):
            return self.get(item, found)
        if isinstance(command, Delete):
            return self.tree.delete(item.target, self.server)
        if isinstance(command, Copy):
            return self.tree.copy(item.source, item.target, self.server) if item.source else 412
        if where.atomic and item.more:
            return 406
        return self.write(command, item)

    def get(self, item: Item, found: list[Item]) -> int:
        """Get of one address; what was found is appended as an Item of the Results (DM RepPro 6.6.7)."""
        address = parse(item.target or "", self.tree.limits)
        if not isinstance(address, int) and address.listed is not None:
            return self.listed(address.uri, address.listed, found)
        code, answer = self.tree.get(item.target or "", self.server)
        if answer is None:
            return code
        shown = self.shown(answer, clean(item.target or ""))
        size = transferred(answer, self.encoding)
        if self.max_obj_size is not None and size > self.max_obj_size:
            return 413
        found.append(shown)
        return 200

    def listed(self, uri: str, wanted: str, found: list[Item]) -> int:
        """Get with ``?list=``: one Item for each node, or one with the document (DM TND 8)."""
        code, rows = listing.get(self.tree, uri, wanted, self.server, self.encoding)
        if self.max_obj_size is not None and any(transferred(row.answer, self.encoding) > self.max_obj_size for row in rows):
            return 413
        for row in rows:
            shown = self.shown(row.answer, clean(row.uri))
            found.append(shown if row.data else Item(source=shown.source, meta=shown.meta))
        return code

    def shown(self, answer: Answer, uri: str) -> Item:
        """The Item of Results for what a Get found, without Data where the value is not text.

        Values that are octets, and long ones, travel as :class:`LargeItem` until the message is made.
        """
        meta = None
        if answer.format:
            type_ = answer.type if answer.type and answer.type != TEXT_PLAIN else None
            meta = Meta(format=answer.format, type=type_)
        return LargeItem(source=uri, meta=meta, value=answer)

    def write(self, command: Command, item: Item) -> int:
        """Add or Replace of one Item, whole or as a chunk (DM Protocol 7)."""
        meta = command.meta_of(item)
        target = item.target or ""
        if item.data_elements and (meta.type or "").strip() in TNDS:
            # A document in the open, on code page 2 or as elements of its own, is taken like one in a value.
            item = Item(target=item.target, data=in_a_value(item), more=item.more)
        if not self.assembler.open and item.more and self.assembler.supported:
            refused = self.refused_early(command, target, meta)
            if refused:
                return refused
        code, value = self.assembler.accept(command.name, item, meta)
        return code if value is None else self.store(command, target, value)

    def refused_early(self, command: Command, target: str, meta: Meta) -> int:
        """0, or the status of a large object that needs no more chunks to be refused."""
        if (meta.type or "").strip() in TNDS:
            return 0 if self.tree.features.tnds else 415
        text = (meta.size or "").strip()
        size = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0
        if (meta.format or "").strip() == "b64":
            size = size // 4 * 3 - 2
        if isinstance(command, Replace):
            code = self.tree.may_replace(target, max(0, size), self.server)
            return 0 if code == 200 else code
        return 418 if self.tree.find(target) is not None else 0

    def store(self, command: Command, target: str, value: Value) -> int:
        """Puts a complete value into the tree."""
        octets = value.decoded()
        if octets is None:
            return 400
        if value.format not in ("bin", NODE) and (value.meta.type or "").strip() not in TNDS and not _is_text(octets.read(0, 65537)):
            return 400
        said = (value.meta.format or "").strip() or None
        type_ = (value.meta.type or "").strip() or None
        content = octets if octets.size > 65536 else Octets(octets.read(0, octets.size))
        if type_ in TNDS:
            put = transplant.add if isinstance(command, Add) else transplant.replace
            return put(self.tree, target, content, self.server)
        written = Written(content, said, type_)
        if isinstance(command, Add):
            return self.tree.add(target, written, self.server)
        return self.tree.replace(target, written, self.server)

    def exec(self, command: Exec) -> int:
        """Exec: checks the right, then hands over to what runs operations (DM RepPro 6.6.6)."""
        if len(command.items) != 1:
            return 406
        item = command.items[0]
        if not item.target:
            return 412
        code = self.tree.executable(item.target, self.server)
        if code != 200:
            return code
        return self.run(item.target, command.correlator, text_of(item, command.meta_of(item)))

    # -- several commands --------------------------------------------------------------------------------------------

    def sequence(self, command: SequenceCommand) -> int:
        """Sequence: in order; what the user refuses skips the rest (DM RepPro 6.6.14, DM Protocol 10.2.2)."""
        self.answer(command, 200)
        skipped = False
        for inner in command.commands:
            code = self._one(inner, Situation(skipped=skipped or self._stopped))
            if isinstance(inner, Alert) and code in (304, *STOPPING):
                skipped = True
        return 200

    def atomic(self, command: Atomic) -> int:
        """Atomic: all or nothing (DM RepPro 6.6.3)."""
        own = self.answer(command, 200)
        first = len(self._out.statuses)
        self.tree.begin()
        failed = False
        for inner in command.commands:
            before = len(self._out.statuses)
            code = self._one(inner, Situation(atomic=True, skipped=failed))
            if not failed and not _fine(code):
                failed = True
                first_failed = before
        if not failed and self.fits(self._out.statuses[first:]):
            self.tree.commit()
            return 200
        code = 507 if failed else 517
        self.tree.rollback()
        for status in self._out.statuses[first : first_failed if failed else None]:
            status.data = "216"
        own.data = str(code)
        return code

    def fits(self, statuses: Sequence[Status]) -> bool:
        """Whether the answers to the commands of an Atomic are sure to fit one message, where they must."""
        if self.room is None:
            return True
        named = (len(ref) for status in statuses for ref in (*status.target_refs, *status.source_refs))
        return (len(statuses) + 1) * STATUS_ROOM + sum(named) <= self.room

    def alert(self, command: Alert) -> int:
        """Alert of a server: questions to the user, or a request to go on (DM RepPro 7)."""
        if command.data in codes.UI_ALERTS:
            return self.ask(command)
        code = 200 if command.data in (codes.NEXT_MESSAGE, codes.SESSION_ABORT, codes.NO_END_OF_DATA) else 406
        self.answer(command, code)
        return code

    def ask(self, command: Alert) -> int:
        """A question to the user (DM Protocol 10)."""
        if self.user is None:
            self.answer(command, 406)
            return 406
        question = read_question(command.data or "", [text_of(item, command.meta_of(item)) for item in command.items])
        if isinstance(question, int):
            self.answer(command, question)
            return question
        code, data = status_of(question, self.user.ask(question))
        status = self.answer(command, code)
        status.items = [Item(data=text) for text in data]
        if code in STOPPING:
            self._stopped = True
        return code

    # -- answers -----------------------------------------------------------------------------------------------------

    def answer(self, command: Command, code: int, item: Item | None = None) -> Status:
        """Adds the Status of a command, or of one Item of it."""
        status = Status(msg_ref=self._msg_ref, cmd_ref=clean(command.cmd_id or ""), cmd=command.name, data=str(code))
        if item is not None:
            status.target_refs = [clean(item.target)] if item.target else []
            status.source_refs = [clean(item.source)] if item.source else []
        if isinstance(command, Add) and code >= 300 and self.tree.failed_at:
            status.items, self.tree.failed_at = [Item(target=self.tree.failed_at)], ""
        self._out.statuses.append(status)
        return status

    def results(self, command: Command, found: list[Item]) -> Results:
        """The Results of a Get (DM RepPro 6.6.12)."""
        return Results(msg_ref=self._msg_ref, cmd_ref=clean(command.cmd_id or ""), items=found)

    def _look_for_break(self, command: Command) -> None:
        """A large object is broken off where anything but its next chunk comes (DM Protocol 7)."""
        if not self.assembler.open or (isinstance(command, Alert) and command.data not in codes.UI_ALERTS):
            return
        if any(self.assembler.continues(command.name, item.target) for item in command.items):
            return
        self._out.broken.append(self.assembler.target)
        self.assembler.drop()


@dataclass(slots=True)
class LargeItem(Item):
    """An Item of Results whose value is filled in when the message is made."""

    value: Answer = field(default_factory=lambda: Answer(Octets()))


def transferred(answer: Answer, encoding: str) -> int:
    """Octets that a value takes in a message of that encoding (DM TND 7.7.4)."""
    if answer.format in ("bin", "b64") and encoding == "xml":
        return (answer.value.size + 2) // 3 * 4
    return answer.value.size


def in_a_value(item: Item) -> bytes:
    """The elements inside Data as a document of its own."""
    return encode_wbxml(item.data_elements[0], WbxmlStyle(public_id="textual"))


def clean(text: str) -> str:
    """A text of the server as it can stand in an answer of any encoding, at most 2048 characters."""
    return _UNSAFE.sub("?", text[:2048])


def _fine(code: int) -> bool:
    return 200 <= code < 300 and code not in (214, 215)


def _is_text(octets: bytes) -> bool:
    try:
        text = octets[:65536].decode("utf-8", "strict" if len(octets) <= 65536 else "ignore")
    except UnicodeDecodeError:
        return False
    return not _UNSAFE.search(text)
