"""Trigger messages of the suite's own server, right or wrong in what a step ``notify`` says (DM Notification 6, 7.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.dm.sms import build_parts
from conformance.dm.trigger import (
    APPLICATION_ID_FIELD,
    BACKGROUND,
    HEADER_SIZE,
    RESYNC_NONCES,
    VERSION,
    Notification,
    Push,
    PushHeader,
    build_push,
    digest,
    trigger_octets,
)

KEYS = {
    "version": "value of the version field, ten times the version",
    "ui_mode": "0 to 3: not specified, background, informative, user interaction",
    "initiator": "0 for the client, 1 for the server",
    "future": "value of the 27 bits for future use",
    "session_id": "the session id, in hexadecimal",
    "server_id": "the server identifier",
    "vendor": "octets of the vendor at the end: hexadecimal, or how many",
    "digest": "right, wrong, without-nonce, without-vendor, or resync: made with the nonce 0x00000000",
    "length": "what is added to the length of the server identifier; none makes it 0",
    "octets": "how many octets of package 0 are sent; the rest is cut off",
    "content_type": "content type of the push: 0x and a code, or a text",
    "application": "application id of the push: 0x and a code, a text, or none",
    "headers": "list of further headers of the push, each encoded, in hexadecimal",
    "general": "true: the content type in its general form",
    "headers_length": "what is added to the length of the headers of the push",
    "repeat": "how often the same trigger is sent",
    "replay": "true: the trigger that was sent last comes once more, whatever happened since",
    "times": "how many triggers are sent, each with an id of its own",
    "sms": "numbers of the short messages of a trigger, in the order in which they are delivered",
    "wide": "true: short messages have references of 16 bits",
}
"""Keys of the step ``notify``."""
RESYNC = {"resync": RESYNC_NONCES[0], "resync-text": RESYNC_NONCES[1]}
"""The nonce 0x00000000 as four octets, and as ten characters: what is tried where the octets bring no session."""
DIGESTS = ("right", "wrong", "without-nonce", "without-vendor", "resync")
FORM_KEYS = ("content_type", "application", "headers", "general", "headers_length")
"""Keys that change the push and not the trigger: they mean something where the device itself reads the push."""
MOST = 200
"""Triggers that one step sends at most."""
_RIGHT = {
    "digest": "right", "length": 0, "octets": 0, "content_type": "0x44", "application": "0x07", "headers": [],
    "headers_length": 0, "version": VERSION, "future": 0, "server_id": None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Secret:
    """What the digest is made with: identifier and password of the server, and the nonce that the device gave."""

    server_id: str
    password: str
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Made:
    """One trigger message: package #0, the push around it, short messages where a step asks for them, its fields."""

    package: bytes
    datagram: bytes
    sms: tuple[bytes, ...]
    fields: Mapping[str, Any]
    made: bool
    """Whether it is wrong, or not what every device has to take."""


def make(given: Mapping[str, Any], secret: Secret, session_id: int, reference: int = 1) -> Made:
    """The trigger that a step asks for; ``session_id`` counts where the step names none.

    Raises ``ValueError`` for values that cannot be sent.
    """
    notice = Notification(
        session_id=int(str(given["session_id"]), 16) if "session_id" in given else session_id,
        server_id=str(given.get("server_id") or secret.server_id), version=given.get("version", VERSION),
        ui_mode=given.get("ui_mode", BACKGROUND), initiator=given.get("initiator", 1), future=given.get("future", 0),
        vendor=_vendor(given.get("vendor", "")),
    )  # fmt: skip
    package = _package(notice, given, secret)
    datagram = _lengthened(build_push(_push(package, given)), int(given.get("headers_length", 0)))
    parts: list[bytes] = []
    if "sms" in given:
        every = build_parts(datagram, reference, wide=bool(given.get("wide")))
        parts = [every[number - 1] for number in given["sms"]]
    fields = {
        "version": notice.version, "ui_mode": notice.ui_mode, "initiator": notice.initiator, "future": notice.future,
        "session_id": notice.session_id, "server_id": notice.server_id, "digest": given.get("digest", "right"),
    }  # fmt: skip
    wrong = any(given[key] != usual for key, usual in _RIGHT.items() if key in given) or bool(given.get("general"))
    return Made(package, datagram, tuple(parts), fields, wrong)


def _vendor(given: Any) -> bytes:
    return b"\x2a" * given if isinstance(given, int) else bytes.fromhex(str(given))


def _package(notice: Notification, given: Mapping[str, Any], secret: Secret) -> bytes:
    """Package #0. What is wrong beside the digest is covered by it, so that nothing else gives it away."""
    trigger = bytearray(trigger_octets(notice))
    more = given.get("length", 0)
    trigger[HEADER_SIZE - 1] = 0 if more == "none" else (trigger[HEADER_SIZE - 1] + int(more)) & 0xFF
    kind = given.get("digest", "right")
    nonce = b"" if kind == "without-nonce" else RESYNC.get(kind, secret.nonce)
    covered = bytes(trigger[: len(trigger) - len(notice.vendor)]) if kind == "without-vendor" else bytes(trigger)
    proof = digest(covered, notice.server_id, secret.password, nonce)
    if kind == "wrong":
        proof = bytes([proof[0] ^ 0x01]) + proof[1:]
    octets = proof + bytes(trigger)
    return octets[: int(given.get("octets") or len(octets))]


def _push(package: bytes, given: Mapping[str, Any]) -> Push:
    application = given.get("application", "0x07")
    headers = []
    if application != "none":
        code = _code(application)
        value = bytes([code | 0x80]) if isinstance(code, int) else code.encode() + b"\0"
        headers.append(PushHeader(APPLICATION_ID_FIELD, value))
    content_type = _code(given.get("content_type", "0x44"))
    push = Push(package, content_type, tuple(headers), general=bool(given.get("general")))
    return _with_headers(push, given.get("headers") or ())


def _with_headers(push: Push, encoded: Sequence[str]) -> Push:
    """The push with headers that are given as octets: the first is the coded name."""
    more = []
    for text in encoded:
        octets = bytes.fromhex(text)
        more.append(PushHeader(octets[0] & 0x7F, octets[1:]))
    return Push(push.payload, push.content_type, (*push.headers, *more), push.transaction_id, push.general)


def _lengthened(datagram: bytes, more: int) -> bytes:
    """The push with another length of its headers; lengths up to 127 take one octet."""
    if not more:
        return datagram
    length = datagram[2] + more
    if datagram[2] > 0x7F or not 0 <= length <= 0x7F:
        raise ValueError(f"a length of {length} does not fit one octet")
    return datagram[:2] + bytes([length]) + datagram[3:]


def _code(text: Any) -> int | str:
    shown = str(text)
    return int(shown, 16) & 0x7F if shown.lower().startswith("0x") else shown


__all__ = ["DIGESTS", "FORM_KEYS", "KEYS", "MOST", "RESYNC", "Made", "Secret", "make"]
