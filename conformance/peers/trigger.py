"""What the reference device does about a trigger message (DM Notification 5, 6, 7)."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.dm.credentials import DEFAULT_NONCES, Verifier
from conformance.dm.trigger import NOTIFICATION_TYPE, Package0, TriggerError, parse, parse_push, session_text

APPLICATION = "x-wap-application:syncml.dm"
"""Application id of the DM client."""
VERSION = 11
"""Value of the version field that the device understands: 1.1."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A session that an authentic trigger asks for. ``nonce``: the default one where the stored one is lost."""

    session_id: str
    nonce: bytes | None = None


def unpack(datagram: bytes) -> bytes | None:
    """The trigger inside a WSP push; ``None`` where the push is for somebody else or is none."""
    try:
        push = parse_push(datagram)
    except TriggerError:
        return None
    meant = push.media_type.lower() == NOTIFICATION_TYPE and push.application == APPLICATION
    return push.payload if meant else None


def understand(octets: bytes, server_id: str, verifier: Verifier) -> Wanted | None:
    """The session that a trigger asks for; ``None`` where it is ignored: damaged, of a stranger, of another version.

    Where the digest fits none but a default nonce, the nonces of both sides are to be made anew (DM Notification 5.1).
    """
    try:
        package = parse(octets)
    except TriggerError:
        return None
    fields = package.notification
    if fields.version != VERSION or fields.server_id != server_id or not fields.session_id:
        return None
    password = verifier.account.password
    if package.verifies(password, verifier.current):
        return Wanted(session_text(fields.session_id))
    return _resynchronised(package, password)


def _resynchronised(package: Package0, password: str) -> Wanted | None:
    for nonce in DEFAULT_NONCES:
        if package.verifies(password, nonce):
            return Wanted(session_text(package.notification.session_id), nonce)
    return None
