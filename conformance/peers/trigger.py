"""What the reference device does about a trigger message (DM Notification 5, 6, 7).

Small methods are there to be overridden by a deviation.
"""

from __future__ import annotations

from dataclasses import dataclass

from conformance.dm.credentials import DEFAULT_NONCES, Verifier
from conformance.dm.sms import Assembler
from conformance.dm.trigger import (
    NOTIFICATION_TYPE,
    PORT,
    USER_INTERACTION,
    Package0,
    Push,
    TriggerError,
    parse,
    parse_push,
    session_text,
)
from conformance.syncml.codes import SERVER_INITIATED

APPLICATION = "x-wap-application:syncml.dm"
"""Application id of the DM client."""
VERSION = 11
"""Value of the version field that the device understands: 1.1."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A session that an authentic trigger asks for. ``nonce``: the default one where the stored one is lost.

    ``asks``: the user is to be asked before (DM Notification 6.2.7). ``alert``: code of the session alert.
    """

    session_id: str
    nonce: bytes | None = None
    asks: bool = False
    alert: str = SERVER_INITIATED


class TriggerReader:
    """Takes what reaches the push port of a device, or its short messages."""

    def __init__(self) -> None:
        self.parts = Assembler()

    def short_message(self, octets: bytes, at: float) -> bytes | None:
        """The push that a short message completes; ``None`` where there is none, or it is for another port."""
        return self.parts.take(octets, at, PORT)

    def unpack(self, datagram: bytes) -> bytes | None:
        """The trigger inside a WSP push; ``None`` where the push is for somebody else or is none."""
        try:
            push = parse_push(datagram)
        except TriggerError:
            return None
        return push.payload if self.meant(push) else None

    def meant(self, push: Push) -> bool:
        """Whether a push is for the DM client (DM Notification 7.1.1)."""
        return push.media_type.lower() == NOTIFICATION_TYPE and push.application == APPLICATION

    def understand(self, octets: bytes, server_id: str, verifier: Verifier) -> Wanted | None:
        """The session that a trigger asks for; ``None`` where it is ignored: damaged, of a stranger, of another version.

        Where the digest fits none but a default nonce, the nonces of both sides are to be made anew (DM Notification 5.1).
        """
        try:
            package = self.parse(octets)
        except TriggerError:
            return None
        fields = package.notification
        if fields.version != VERSION or not self.known(fields.server_id, server_id) or not fields.session_id:
            return None
        password = verifier.account.password
        if package.verifies(password, verifier.current):
            return self.wanted(package)
        return next(
            (self.wanted(package, nonce) for nonce in self.healing() if package.verifies(password, nonce)), None
        )

    def parse(self, octets: bytes) -> Package0:
        """Reads package #0. Raises :class:`TriggerError`."""
        return parse(octets)

    def known(self, named: str, own: str) -> bool:
        """Whether the device has an account for the server that a trigger names."""
        return named == own

    def healing(self) -> tuple[bytes, ...]:
        """The nonces that are tried where the stored one does not fit."""
        return DEFAULT_NONCES

    def wanted(self, package: Package0, nonce: bytes | None = None) -> Wanted:
        """The session that an authentic trigger asks for."""
        fields = package.notification
        return Wanted(session_text(fields.session_id), nonce, fields.ui_mode == USER_INTERACTION)
