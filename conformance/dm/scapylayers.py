"""Scapy layers for trigger messages: package #0, WSP push, and short messages that carry them.

This is the only module that imports scapy, and nothing imports this module when the suite starts. It reads and writes
the octets on its own, so that it is a second opinion on :mod:`conformance.dm.trigger` and :mod:`conformance.dm.sms`.
"""

# mypy: allow-subclassing-any

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scapy.config import conf
from scapy.fields import (
    BitEnumField,
    BitField,
    ByteEnumField,
    ByteField,
    Field,
    FieldLenField,
    PacketField,
    PacketListField,
    ShortField,
    StrField,
    StrFixedLenField,
    StrLenField,
    XByteField,
    XShortField,
    XStrField,
    XStrFixedLenField,
)
from scapy.layers.inet import UDP
from scapy.packet import Packet, Raw, bind_bottom_up, bind_layers

from conformance.dm import trigger

_UI_MODES = {0: "not specified", 1: "background", 2: "informative", 3: "user interaction"}
_INITIATORS = {0: "client", 1: "server"}
_PARAMETERS = {0x11: "SEC", 0x12: "MAC"}
_FIELDS = {0x2F: "X-Wap-Application-ID", 0x34: "Push-Flag"}


class DmNotification(Packet):
    """Package #0: digest and trigger (DM Notification 6.2)."""

    name = "DM notification (package #0)"
    fields_desc = (
        XStrFixedLenField("digest", b"\0" * 16, 16),
        BitField("version", trigger.VERSION, 10),
        BitEnumField("ui_mode", 0, 2, _UI_MODES),
        BitEnumField("initiator", 1, 1, _INITIATORS),
        BitField("future", 0, 27),
        XShortField("session_id", 1),
        FieldLenField("server_id_len", None, fmt="B", length_of="server_id"),
        StrLenField("server_id", b"", length_from=lambda packet: packet.server_id_len),
        XStrField("vendor", b""),
    )

    def signed(self, password: str, nonce: bytes) -> DmNotification:
        """A copy with the digest for that password and nonce."""
        octets = bytes(self)[trigger.DIGEST_SIZE :]
        server_id = self.server_id if isinstance(self.server_id, bytes) else str(self.server_id).encode()
        copy: DmNotification = self.copy()
        copy.digest = trigger.digest(octets, server_id, password, nonce)
        return copy


class TokenField(Field):
    """A WSP name: a number stands for a code of one octet, a text ends with NUL."""

    __slots__ = ("names",)

    def __init__(self, name: str, default: int | str, names: dict[int, str]) -> None:
        super().__init__(name, default, "B")
        self.names = names

    def addfield(self, pkt: Any, s: bytes, val: Any) -> bytes:
        """Appends the octets."""
        return s + (bytes([val & 0x7F | 0x80]) if isinstance(val, int) else _octets(val) + b"\0")

    def getfield(self, pkt: Any, s: bytes) -> tuple[bytes, Any]:
        """Takes the octets of one name."""
        if s[:1] >= b"\x80":
            return s[1:], s[0] & 0x7F
        text, _, rest = s.partition(b"\0")
        return rest, text.decode("latin-1")

    def i2repr(self, pkt: Any, x: Any) -> str:
        """The code with what it means, or the text."""
        return f"0x{x:02X} {self.names.get(x, '')}".strip() if isinstance(x, int) else repr(x)


class ValueField(StrField):
    """A WSP value as it is encoded: one octet, a text with NUL, or a length and octets."""

    def getfield(self, pkt: Any, s: bytes) -> tuple[bytes, bytes]:
        """Takes the octets of one value."""
        end = len(s)
        if s[:1] >= b"\x80":
            end = 1
        elif s[:1] > b"\x1f":
            end = s.find(b"\0") + 1 or end
        elif s:
            length, start = _length(s)
            end = start + length
        return s[end:], s[:end]


class UintvarField(Field):
    """An unsigned number in groups of seven bits; ``None`` is worked out from the fields that it measures."""

    __slots__ = ("measured",)

    def __init__(self, name: str, measured: tuple[str, ...]) -> None:
        super().__init__(name, None, "B")
        self.measured = measured

    def addfield(self, pkt: Any, s: bytes, val: Any) -> bytes:
        """Appends the octets."""
        if val is None:
            val = sum(len(pkt.get_field(name).addfield(pkt, b"", pkt.getfieldval(name))) for name in self.measured)
        return s + trigger.uintvar(val)

    def getfield(self, pkt: Any, s: bytes) -> tuple[bytes, int]:
        """Takes the octets of one number."""
        value, end = _uintvar(s, 0)
        return s[end:], value


class ValueLengthField(UintvarField):
    """The length in front of the long form of a content type; absent (``None``) in the short form."""

    def addfield(self, pkt: Any, s: bytes, val: Any) -> bytes:
        """Appends the octets, if there is a length or something that needs one."""
        if val is None and not pkt.parameters:
            return s
        octets: bytes = super().addfield(pkt, b"", val)
        return s + (octets if octets[0] <= 30 else b"\x1f" + octets)

    def getfield(self, pkt: Any, s: bytes) -> tuple[bytes, Any]:
        """Takes the octets of the length, where there is one."""
        if s[:1] > b"\x1f":
            return s, None
        length, start = _length(s)
        return s[start:], length


class _Part(Packet):
    """A packet inside a field: what follows is not its payload."""

    def extract_padding(self, s: bytes) -> tuple[bytes, bytes]:
        """Leaves the rest to the field."""
        return b"", s


class WspParameter(_Part):
    """A parameter of a content type."""

    name = "WSP parameter"
    fields_desc = (TokenField("token", 0x11, _PARAMETERS), ValueField("value", b""))


class WspHeader(_Part):
    """A header of a push."""

    name = "WSP header"
    fields_desc = (TokenField("token", trigger.APPLICATION_ID_FIELD, _FIELDS), ValueField("value", b"\x87"))


class WspContentType(_Part):
    """The content type of a push, in its short or long form."""

    name = "WSP content type"
    fields_desc = (
        ValueLengthField("length", ("media_type", "parameters")),
        TokenField("media_type", 0x44, trigger.MEDIA_TYPES),
        PacketListField("parameters", [], WspParameter, length_from=lambda packet: packet.room()),
    )

    def room(self) -> int:
        """Octets that the length leaves for parameters."""
        media = self.get_field("media_type").addfield(self, b"", self.media_type)
        return max(0, (self.length or 0) - len(media))


class WspPush(Packet):
    """WSP push PDU, connectionless (DM Notification 7.1)."""

    name = "WSP push"
    fields_desc = (
        XByteField("transaction_id", 1),
        ByteEnumField("pdu_type", trigger.PUSH, {trigger.PUSH: "Push"}),
        UintvarField("headers_len", ("content_type", "headers")),
        PacketField("content_type", WspContentType(), WspContentType),
        PacketListField("headers", [WspHeader()], WspHeader, length_from=lambda packet: packet.room()),
    )

    def room(self) -> int:
        """Octets that the length of all headers leaves behind the content type."""
        return max(0, (self.headers_len or 0) - len(bytes(self.content_type)))

    def guess_payload_class(self, payload: bytes) -> Any:
        """Package #0 where the content type says so."""
        media = self.content_type.media_type
        return DmNotification if media in (0x44, trigger.NOTIFICATION_TYPE) else Raw


class UdhPorts(_Part):
    """Information element: ports of 16 bits."""

    name = "UDH ports"
    fields_desc = (
        XByteField("iei", 0x05),
        ByteField("length", 4),
        ShortField("destination", trigger.PORT),
        ShortField("origin", 9200),
    )


class UdhConcat(_Part):
    """Information element: part of a message, reference of 8 bits."""

    name = "UDH concatenation"
    fields_desc = (
        XByteField("iei", 0x00),
        ByteField("length", 3),
        XByteField("reference", 0),
        ByteField("total", 1),
        ByteField("sequence", 1),
    )


class UdhConcatWide(_Part):
    """Information element: part of a message, reference of 16 bits."""

    name = "UDH concatenation (16 bit)"
    fields_desc = (
        XByteField("iei", 0x08),
        ByteField("length", 4),
        XShortField("reference", 0),
        ByteField("total", 1),
        ByteField("sequence", 1),
    )


class UdhElement(_Part):
    """Any other information element."""

    name = "UDH element"
    fields_desc = (
        XByteField("iei", 0xFF),
        FieldLenField("length", None, fmt="B", length_of="data"),
        StrLenField("data", b"", length_from=lambda packet: packet.length),
    )


_ELEMENTS = {(0x05, 4): UdhPorts, (0x00, 3): UdhConcat, (0x08, 4): UdhConcatWide}


def _element(octets: bytes, *rest: Any) -> Packet:
    return _ELEMENTS.get((octets[0], octets[1] if len(octets) > 1 else -1), UdhElement)(octets)


class SmsUserData(Packet):
    """User data of a short message with its header (3GPP TS 23.040 9.2.3.24)."""

    name = "SMS user data"
    fields_desc = (
        FieldLenField("udh_len", None, fmt="B", length_of="elements"),
        PacketListField("elements", [UdhPorts()], _element, length_from=lambda packet: packet.udh_len),
    )

    def guess_payload_class(self, payload: bytes) -> Any:
        """A push where the port says so and the message is whole."""
        to_push = any(isinstance(part, UdhPorts) and part.destination == trigger.PORT for part in self.elements)
        whole = not any(isinstance(part, UdhConcat | UdhConcatWide) and part.total > 1 for part in self.elements)
        return WspPush if to_push and whole else Raw


class SmsDeliver(Packet):
    """SMS-DELIVER as a device gets it, without the address of the service centre (3GPP TS 23.040 9.2.2.1)."""

    name = "SMS-DELIVER"
    fields_desc = (
        BitField("reply_path", 0, 1),
        BitField("has_header", 1, 1),
        BitField("status_report", 0, 1),
        BitField("spare", 0, 1),
        BitField("loop_prevention", 0, 1),
        BitField("no_more_messages", 1, 1),
        BitEnumField("message_type", 0, 2, {0: "SMS-DELIVER"}),
        ByteField("originator_digits", 5),
        XByteField("originator_type", 0x91),
        StrLenField("originator", b"\x21\x43\xf5", length_from=lambda packet: (packet.originator_digits + 1) // 2),
        XByteField("protocol_id", 0),
        XByteField("data_coding", 0xF5),
        StrFixedLenField("timestamp", b"\0" * 7, 7),
        ByteField("user_data_len", None),
    )

    def post_build(self, pkt: bytes, pay: bytes) -> bytes:
        """Works out the length of the user data, which counts octets for 8-bit data."""
        if self.user_data_len is None:
            pkt = pkt[:-1] + bytes([len(pay)])
        octets: bytes = pkt + pay
        return octets

    def guess_payload_class(self, payload: bytes) -> Any:
        """User data with a header, where there is one."""
        return SmsUserData if self.has_header else Raw


def assembled(parts: Iterable[SmsUserData]) -> WspPush | None:
    """The push out of the short messages that carry it, in any order; ``None`` while one is missing."""
    found: dict[int, bytes] = {}
    total = 1
    for part in parts:
        sequence = 1
        for element in part.elements:
            if isinstance(element, UdhConcat | UdhConcatWide):
                total, sequence = element.total, element.sequence
        found.setdefault(sequence, bytes(part.payload))
    if set(found) != set(range(1, total + 1)):
        return None
    return WspPush(b"".join(found[number] for number in sorted(found)))


def _octets(text: Any) -> bytes:
    return text if isinstance(text, bytes) else str(text).encode("latin-1")


def _uintvar(octets: bytes, start: int) -> tuple[int, int]:
    value, end = 0, start
    for octet in octets[start : start + 5]:
        end += 1
        value = value * 128 + octet % 128
        if octet < 128:
            break
    return value, end


def _length(octets: bytes) -> tuple[int, int]:
    return _uintvar(octets, 1) if octets[:1] == b"\x1f" else (octets[0], 1)


DLT_SMS = 147
"""Link type of captures that hold short messages and nothing around them: the first one that is free for users."""


def at_port(port: int) -> None:
    """Has datagrams to another port taken for pushes as well: the one of an IUT file."""
    bind_bottom_up(UDP, WspPush, dport=port)


bind_layers(UDP, WspPush, dport=trigger.PORT)
conf.l2types.register(DLT_SMS, SmsDeliver)
