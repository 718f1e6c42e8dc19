"""Trigger messages: package #0 (DM Notification 6) and the WSP push that carries it (DM Notification 7.1).

Reading is strict about lengths and about nothing else: what the fields mean is for rules and engines to judge.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

DIGEST_SIZE = 16
HEADER_SIZE = 8
VERSION = 11
"""Value of the version field for DM 1.2: ten times 1.1."""

NOT_SPECIFIED, BACKGROUND, INFORMATIVE, USER_INTERACTION = range(4)
"""Values of the ui-mode."""
CLIENT_INITIATED, SERVER_INITIATED = 0, 1
"""Values of the initiator."""

RESYNC_NONCES = (b"\0\0\0\0", b"0x00000000")
"""The nonce with which a lost nonce is healed (DM Notification 5.1), in the two forms that implementations know."""

PUSH = 0x06
"""PDU type of a WSP push."""
PORT = 2948
"""Port for connectionless push without security, UDP and SMS alike."""
NOTIFICATION_TYPE = "application/vnd.syncml.notification"
BOOTSTRAP_TYPE = "application/vnd.syncml.dm+wbxml"
DM_APPLICATION = "x-wap-application:syncml.dm"
APPLICATION_ID_FIELD = 0x2F
"""Header field X-Wap-Application-ID."""

MEDIA_TYPES = {
    0x36: "application/vnd.wap.connectivity-wbxml",
    0x42: BOOTSTRAP_TYPE,
    0x43: "application/vnd.syncml.dm+xml",
    0x44: NOTIFICATION_TYPE,
    0x47: "application/vnd.oma.dd+xml",
    0x4E: "application/vnd.syncml.ds.notification",
    0x51: "application/vnd.oma.dd2+xml",
}
APPLICATIONS = {
    0x00: "x-wap-application:*",
    0x02: "x-wap-application:wml.ua",
    0x04: "x-wap-application:mms.ua",
    0x05: "x-wap-application:push.syncml",
    0x07: DM_APPLICATION,
    0x08: "x-wap-application:drm.ua",
    0x1A: "x-wap-application:lwm2m.dm",
}

_SEC, _MAC = 0x11, 0x12
_MAX_HEADERS = 64


class TriggerError(ValueError):
    """Octets that are no trigger or no push. ``offset`` counts octets from 0, ``reason`` is one clear line."""

    def __init__(self, reason: str, offset: int) -> None:
        self.reason = reason
        self.offset = offset
        super().__init__(f"at octet {offset}: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """The fields of a trigger. ``server_id`` is text (octets that are no UTF-8 are shown as escapes)."""

    session_id: int
    server_id: str
    version: int = VERSION
    ui_mode: int = NOT_SPECIFIED
    initiator: int = SERVER_INITIATED
    future: int = 0
    vendor: bytes = b""


@dataclass(frozen=True, slots=True)
class Package0:
    """A trigger message as received. ``trigger`` is all that the digest covers, ``server_id`` its octets."""

    notification: Notification
    digest: bytes
    trigger: bytes
    server_id: bytes

    def verifies(self, password: str, nonce: bytes) -> bool:
        """Whether the digest was made with that password and nonce."""
        return hmac.compare_digest(self.digest, digest(self.trigger, self.server_id, password, nonce))


def digest(trigger: bytes, server_id: str | bytes, password: str, nonce: bytes) -> bytes:
    """The 16 octets that prove who sent a trigger (DM Notification 6.2.1); ``nonce`` is raw, not Base64."""
    name = server_id.encode() if isinstance(server_id, str) else server_id
    secret = _b64(_md5(name + b":" + password.encode()))
    return _md5(secret + b":" + nonce + b":" + _b64(_md5(trigger)))


def trigger_octets(notification: Notification) -> bytes:
    """The trigger without digest. Raises ``ValueError`` for a field that does not fit its bits."""
    name = notification.server_id.encode()
    fields = (
        ("version", notification.version, 10),
        ("ui-mode", notification.ui_mode, 2),
        ("initiator", notification.initiator, 1),
        ("future use", notification.future, 27),
        ("session id", notification.session_id, 16),
        ("length of the server identifier", len(name), 8),
    )
    word = 0
    for field, value, bits in fields:
        if not 0 <= value < 1 << bits:
            raise ValueError(f"{field} {value} does not fit {bits} bits")
        word = word << bits | value
    return word.to_bytes(HEADER_SIZE, "big") + name + notification.vendor


def sign(trigger: bytes, server_id: str | bytes, password: str, nonce: bytes) -> bytes:
    """The trigger message for a trigger, which may be made wrong on purpose."""
    return digest(trigger, server_id, password, nonce) + trigger


def build(notification: Notification, password: str, nonce: bytes) -> bytes:
    """Package #0. Raises ``ValueError`` for a field that does not fit."""
    return sign(trigger_octets(notification), notification.server_id, password, nonce)


def parse(octets: bytes) -> Package0:
    """Reads package #0. Raises :class:`TriggerError`."""
    start = DIGEST_SIZE + HEADER_SIZE
    if len(octets) < start:
        raise TriggerError(f"{len(octets)} octets are too few for digest and header, which need {start}", len(octets))
    word = int.from_bytes(octets[DIGEST_SIZE:start], "big")
    length = word & 0xFF
    if length == 0:
        raise TriggerError("the server identifier is empty", start - 1)
    if start + length > len(octets):
        raise TriggerError(
            f"a server identifier of {length} octets is announced, {len(octets) - start} are there", start - 1
        )
    name = octets[start : start + length]
    notification = Notification(
        version=word >> 54,
        ui_mode=word >> 52 & 0b11,
        initiator=word >> 51 & 1,
        future=word >> 24 & (1 << 27) - 1,
        session_id=word >> 8 & 0xFFFF,
        server_id=name.decode("utf-8", "backslashreplace"),
        vendor=octets[start + length :],
    )
    return Package0(notification, octets[:DIGEST_SIZE], octets[DIGEST_SIZE:], name)


def session_text(session_id: int) -> str:
    """The SessionID of the session that a trigger asks for: upper-case hex without leading zeros."""
    return f"{session_id:X}"


@dataclass(frozen=True, slots=True)
class PushHeader:
    """One WSP header: a well-known field by its code or any by its name; ``value`` is encoded."""

    name: int | str
    value: bytes


@dataclass(frozen=True, slots=True)
class Push:
    """A WSP push PDU. ``content_type`` is a code or a text as it stood.

    ``general`` tells the long form of the content type, which alone can have ``parameters`` (encoded).
    """

    payload: bytes
    content_type: int | str = 0x44
    headers: tuple[PushHeader, ...] = (PushHeader(APPLICATION_ID_FIELD, b"\x87"),)
    transaction_id: int = 1
    general: bool = False
    parameters: bytes = b""
    headers_length: int = 0
    """Octets of content type and headers as received; not used in building."""

    @property
    def media_type(self) -> str:
        """The content type as text; ``0x..`` for a code that is not known."""
        return _named(self.content_type, MEDIA_TYPES)

    @property
    def application_id(self) -> int | str | None:
        """The application id as it stood, ``None`` without one."""
        for field in self.headers:
            by_name = isinstance(field.name, str) and field.name.lower() == "x-wap-application-id"
            if field.name == APPLICATION_ID_FIELD or by_name:
                return _plain(field.value)
        return None

    @property
    def application(self) -> str:
        """The application id as text, "" without one."""
        found = self.application_id
        return "" if found is None else _named(found, APPLICATIONS)

    @property
    def sec(self) -> int | None:
        """Parameter SEC of a bootstrap message: how it is secured."""
        found = self._parameter(_SEC)
        return found[0] & 0x7F if found and found[0] & 0x80 else None

    @property
    def mac(self) -> str | None:
        """Parameter MAC of a bootstrap message, hex text."""
        found = self._parameter(_MAC)
        return None if found is None else found.rstrip(b"\0").decode("latin-1")

    def _parameter(self, code: int) -> bytes | None:
        offset = 0
        try:
            while offset < len(self.parameters):
                name, offset = _name(self.parameters, offset)
                value, offset = _value(self.parameters, offset)
                if name == code:
                    return value
        except TriggerError:
            return None
        return None


def build_push(push: Push) -> bytes:
    """The octets of a push. Raises ``ValueError`` for what does not fit."""
    if not 0 <= push.transaction_id <= 0xFF:
        raise ValueError(f"transaction id {push.transaction_id} does not fit 8 bits")
    head = _coded(push.content_type)
    if push.general or push.parameters:
        head += push.parameters
        head = (bytes([len(head)]) if len(head) <= 30 else b"\x1f" + uintvar(len(head))) + head
    for field in push.headers:
        head += _coded(field.name) + field.value
    return bytes([push.transaction_id, PUSH]) + uintvar(len(head)) + head + push.payload


def parse_push(octets: bytes) -> Push:
    """Reads a WSP push. Raises :class:`TriggerError`."""
    if len(octets) < 3:
        raise TriggerError(f"{len(octets)} octets are too few for a push", len(octets))
    if octets[1] != PUSH:
        raise TriggerError(f"PDU type 0x{octets[1]:02X} is no push", 1)
    length, start = _uintvar(octets, 2)
    end = start + length
    if end > len(octets):
        raise TriggerError(f"headers of {length} octets are announced, {len(octets) - start} are there", 2)
    if length == 0:
        raise TriggerError("there is no content type", start)
    head = octets[:end]
    content_type, general, parameters, offset = _content_type(head, start)
    headers: list[PushHeader] = []
    while offset < end:
        if len(headers) >= _MAX_HEADERS:
            raise TriggerError(f"more than {_MAX_HEADERS} headers", offset)
        name, offset = _name(head, offset)
        value, offset = _value(head, offset)
        headers.append(PushHeader(name, value))
    return Push(octets[end:], content_type, tuple(headers), octets[0], general, parameters, length)


def uintvar(value: int) -> bytes:
    """An unsigned number in groups of seven bits, the highest first (WSP 8.1.2)."""
    octets = bytes([value & 0x7F])
    while value := value >> 7:
        octets = bytes([value & 0x7F | 0x80]) + octets
    return octets


def _uintvar(octets: bytes, offset: int) -> tuple[int, int]:
    value = 0
    for index in range(5):
        if offset + index >= len(octets):
            raise TriggerError("a number ends too early", offset)
        octet = octets[offset + index]
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            return value, offset + index + 1
    raise TriggerError("a number has more than five octets", offset)


def _text(octets: bytes, offset: int) -> tuple[bytes, int]:
    end = octets.find(b"\0", offset)
    if end < 0:
        raise TriggerError("a text has no end", offset)
    return octets[offset:end], end + 1


def _content_type(octets: bytes, offset: int) -> tuple[int | str, bool, bytes, int]:
    if octets[offset] > 31:
        media, offset = _name(octets, offset)
        return media, False, b"", offset
    length, start = _uintvar(octets, offset + 1) if octets[offset] == 31 else (octets[offset], offset + 1)
    end = start + length
    if end > len(octets):
        raise TriggerError("the content type runs past the headers", offset)
    if length == 0:
        raise TriggerError("the content type is empty", offset)
    media, after = _name(octets[:end], start)
    return media, True, octets[after:end], end


def _name(octets: bytes, offset: int) -> tuple[int | str, int]:
    """A well-known code (high bit set) or a text."""
    octet = octets[offset]
    if octet & 0x80:
        return octet & 0x7F, offset + 1
    if octet < 32 or octet == 127:
        raise TriggerError(f"0x{octet:02X} begins neither a code nor a text", offset)
    text, after = _text(octets, offset)
    return text.decode("latin-1"), after


def _value(octets: bytes, offset: int) -> tuple[bytes, int]:
    """The encoded value of a header or parameter, its length octets and end included (WSP 8.4.1.2)."""
    if offset >= len(octets):
        raise TriggerError("a value is missing", offset)
    octet = octets[offset]
    if octet & 0x80:
        return octets[offset : offset + 1], offset + 1
    if octet > 31:
        end = _text(octets, offset)[1]
    else:
        length, start = _uintvar(octets, offset + 1) if octet == 31 else (octet, offset + 1)
        end = start + length
        if end > len(octets):
            raise TriggerError("a value runs past the headers", offset)
    return octets[offset:end], end


def _plain(value: bytes) -> int | str:
    """A value as a number or a text."""
    if value[:1] and value[0] & 0x80:
        return value[0] & 0x7F
    if value[:1] and value[0] <= 30:
        return int.from_bytes(value[1:9], "big")
    return value.rstrip(b"\0").decode("latin-1")


def _coded(name: int | str) -> bytes:
    if isinstance(name, str):
        return name.encode("latin-1") + b"\0"
    if not 0 <= name <= 0x7F:
        raise ValueError(f"code 0x{name:X} does not fit 7 bits")
    return bytes([name | 0x80])


def _named(value: int | str, names: dict[int, str]) -> str:
    return value if isinstance(value, str) else names.get(value, f"0x{value:02X}")


def _md5(octets: bytes) -> bytes:
    return hashlib.md5(octets, usedforsecurity=False).digest()


def _b64(octets: bytes) -> bytes:
    return base64.b64encode(octets)
