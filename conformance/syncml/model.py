"""Typed SyncML messages as far as OMA DM uses them (RepPro 6, DM RepPro 6).

Values are text exactly as on the wire (a ``MsgID`` of ``"01"`` stays ``"01"``): reading is lenient, and whether a number
is a number is for rules to say. ``None`` means that the element was absent, ``""`` that it was there and empty.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field

from conformance.syncml.element import Element


@dataclass(slots=True)
class Meta:
    """Meta information (MetInf). Sizes are decimal text, ``next_nonce`` is Base64 text."""

    format: str | None = None
    type: str | None = None
    mark: str | None = None
    size: str | None = None
    next_nonce: str | None = None
    max_msg_size: str | None = None
    max_obj_size: str | None = None
    extra: tuple[str, ...] = ()
    """Names of further children that DM does not use."""


@dataclass(slots=True)
class Item:
    """One Item. ``data`` is text, or octets where WBXML carried them raw; ``more`` is MoreData."""

    target: str | None = None
    source: str | None = None
    data: str | bytes | None = None
    meta: Meta | None = None
    more: bool = False
    target_name: str | None = None
    source_name: str | None = None
    data_elements: tuple[Element, ...] = ()
    """Elements that stood inside Data (a TNDS tree in the open)."""


@dataclass(slots=True)
class Cred:
    """Credentials of a SyncHdr: ``data`` is the Base64 text."""

    type: str | None = None
    format: str | None = None
    data: str = ""


@dataclass(slots=True)
class Chal:
    """A challenge inside a Status."""

    type: str | None = None
    format: str | None = None
    next_nonce: str | None = None

    def nonce(self) -> bytes | None:
        """The nonce as octets; ``None`` where there is none or it is not Base64. Never decoded twice (dm.md 21.5)."""
        return None if self.next_nonce is None else b64(self.next_nonce)


@dataclass(slots=True)
class Command:
    """What all commands share. ``cmd_id`` is ``None`` where CmdID was absent."""

    cmd_id: str | None = None
    meta: Meta | None = None
    items: list[Item] = field(default_factory=list)
    cred: Cred | None = None
    no_resp: bool = False

    @property
    def name(self) -> str:
        """The name of the element: ``Get``, ``Alert`` ..."""
        return type(self).__name__

    def meta_of(self, item: Item) -> Meta:
        """The Meta in force for an item: each child of the item's own Meta overrides the command's (MS-MDM 2.2.5.3)."""
        outer, inner = self.meta or Meta(), item.meta or Meta()
        return Meta(
            format=outer.format if inner.format is None else inner.format,
            type=outer.type if inner.type is None else inner.type,
            mark=outer.mark if inner.mark is None else inner.mark,
            size=outer.size if inner.size is None else inner.size,
            next_nonce=outer.next_nonce if inner.next_nonce is None else inner.next_nonce,
            max_msg_size=outer.max_msg_size if inner.max_msg_size is None else inner.max_msg_size,
            max_obj_size=outer.max_obj_size if inner.max_obj_size is None else inner.max_obj_size,
        )


@dataclass(slots=True)
class Add(Command):
    """Add: create a node."""


@dataclass(slots=True)
class Replace(Command):
    """Replace: overwrite a value or a property; from a client, its device information."""


@dataclass(slots=True)
class Delete(Command):
    """Delete: remove a node and what is below it."""


@dataclass(slots=True)
class Copy(Command):
    """Copy: from a leaf to a leaf."""


@dataclass(slots=True)
class Get(Command):
    """Get: read a value, a child list or a property."""


@dataclass(slots=True)
class Exec(Command):
    """Exec: start what the node stands for."""

    correlator: str | None = None


@dataclass(slots=True)
class Alert(Command):
    """Alert: ``data`` is the alert code as text."""

    data: str | None = None
    correlator: str | None = None


@dataclass(slots=True)
class Block(Command):
    """Base of Sequence and Atomic."""

    commands: list[Command] = field(default_factory=list)


@dataclass(slots=True)
class Sequence(Block):
    """Sequence: the commands inside are processed in order."""


@dataclass(slots=True)
class Atomic(Block):
    """Atomic: all of the commands inside, or none."""


@dataclass(slots=True)
class Results(Command):
    """Results: what a Get found."""

    msg_ref: str | None = None
    cmd_ref: str | None = None
    target_refs: list[str] = field(default_factory=list)
    source_refs: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Status(Command):
    """Status: how a command, or the SyncHdr (``cmd_ref`` "0"), was taken. ``data`` is the code as text."""

    msg_ref: str | None = None
    cmd_ref: str | None = None
    cmd: str | None = None
    target_refs: list[str] = field(default_factory=list)
    source_refs: list[str] = field(default_factory=list)
    chal: Chal | None = None
    data: str | None = None


@dataclass(slots=True)
class Other(Command):
    """A command that DM does not use, or an element nobody knows. ``element_name`` is its name."""

    element_name: str = ""

    @property
    def name(self) -> str:
        """The name of the element."""
        return self.element_name


@dataclass(slots=True)
class Header:
    """SyncHdr. ``target`` and ``source`` are the LocURIs, ``..._name`` the LocNames."""

    ver_dtd: str | None = "1.2"
    ver_proto: str | None = "DM/1.2"
    session_id: str | None = None
    msg_id: str | None = None
    target: str | None = None
    source: str | None = None
    target_name: str | None = None
    source_name: str | None = None
    resp_uri: str | None = None
    cred: Cred | None = None
    meta: Meta | None = None
    no_resp: bool = False


@dataclass(slots=True)
class Message:
    """One message: header, the commands of its body in order, and whether it ends its package."""

    header: Header = field(default_factory=Header)
    commands: list[Command] = field(default_factory=list)
    final: bool = False

    def walk(self) -> Iterator[Command]:
        """All commands in document order, a Sequence or Atomic before what it holds."""
        yield from _walk(self.commands)

    def statuses(self) -> list[Status]:
        """The Statuses of the body in order."""
        return [c for c in self.commands if isinstance(c, Status)]

    def header_status(self) -> Status | None:
        """The Status for the SyncHdr of the peer's message, if there is one."""
        for status in self.statuses():
            if status.cmd == "SyncHdr" or status.cmd_ref == "0":
                return status
        return None


def _walk(commands: list[Command]) -> Iterator[Command]:
    for command in commands:
        yield command
        if isinstance(command, Block):
            yield from _walk(command.commands)


def b64(text: str) -> bytes | None:
    """Octets of a Base64 text, white space ignored; ``None`` where it is not Base64."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def payload(item: Item, meta: Meta) -> bytes:
    """The octets that an item carries for its node, transport encoding undone (DM TND 7.7.2).

    Format b64 is Base64 on the wire; anything else stands for itself. Base64 that does not decode counts as the text.
    """
    if item.data is None:
        return b""
    raw = item.data if isinstance(item.data, bytes) else item.data.encode()
    if (meta.format or "").strip() == "b64":
        decoded = b64(raw.decode("latin-1"))
        return raw if decoded is None else decoded
    return raw


def text_of(item: Item, meta: Meta | None = None) -> str:
    """The value of an item as text, transport encoding undone; octets that are no UTF-8 are shown as escapes."""
    return payload(item, meta or item.meta or Meta()).decode("utf-8", "backslashreplace")
