"""What sloppy implementers of devices do about trigger messages and the pushes and short messages around them.

``testcases/deviations/client.yaml`` says of each in one sentence what it is, and which requirements it breaks.
"""

from __future__ import annotations

import dataclasses

from conformance.dm.clientsession import ClientSession
from conformance.dm.credentials import Verifier
from conformance.dm.sms import Assembler, Part
from conformance.dm.trigger import (
    APPLICATION_ID_FIELD,
    DIGEST_SIZE,
    HEADER_SIZE,
    NOTIFICATION_TYPE,
    Package0,
    Push,
    TriggerError,
    parse,
)
from conformance.peers.deviation import CLIENT
from conformance.peers.trigger import APPLICATION, TriggerReader, Wanted
from conformance.syncml.codes import CLIENT_INITIATED
from conformance.syncml.model import Header, Status


@CLIENT("trigger-digest-unchecked", "triggers")
class _DigestUnchecked(TriggerReader):
    def understand(self, octets: bytes, server_id: str, verifier: Verifier) -> Wanted | None:
        try:
            package = self.parse(octets)
        except TriggerError:
            return None
        return self.wanted(package) if package.notification.server_id == server_id else None


@CLIENT("trigger-digest-without-vendor", "triggers")
class _WithoutVendor(TriggerReader):
    def parse(self, octets: bytes) -> Package0:
        package = super().parse(octets)
        vendor = package.notification.vendor
        covered = package.trigger[: len(package.trigger) - len(vendor)]
        return dataclasses.replace(package, trigger=covered)


@CLIENT("trigger-length-unchecked", "triggers")
class _LengthUnchecked(TriggerReader):
    def parse(self, octets: bytes) -> Package0:
        start = DIGEST_SIZE + HEADER_SIZE
        try:
            return super().parse(octets)
        except TriggerError:
            if len(octets) <= start:
                raise
        rest = octets[start:]
        package = parse(octets[: start - 1] + bytes([len(rest)]) + rest)
        return dataclasses.replace(package, trigger=octets[DIGEST_SIZE:])


@CLIENT("trigger-of-any-server", "triggers")
class _AnyServer(TriggerReader):
    def known(self, named: str, own: str) -> bool:
        return True


@CLIENT("trigger-future-bits-refused", "triggers")
class _FutureBitsRefused(TriggerReader):
    def parse(self, octets: bytes) -> Package0:
        package = super().parse(octets)
        if package.notification.future:
            raise TriggerError("bits that are kept for the future", DIGEST_SIZE)
        return package


@CLIENT("trigger-ui-mode-ignored", "triggers")
class _ModeIgnored(TriggerReader):
    def wanted(self, package: Package0, nonce: bytes | None = None) -> Wanted:
        return dataclasses.replace(super().wanted(package, nonce), asks=False)


@CLIENT("trigger-answered-1201", "triggers")
class _Answered1201(TriggerReader):
    def wanted(self, package: Package0, nonce: bytes | None = None) -> Wanted:
        return dataclasses.replace(super().wanted(package, nonce), alert=CLIENT_INITIATED)


@CLIENT("trigger-session-id-swapped", "triggers")
class _Swapped(TriggerReader):
    def wanted(self, package: Package0, nonce: bytes | None = None) -> Wanted:
        number = package.notification.session_id
        return dataclasses.replace(super().wanted(package, nonce), session_id=f"{number & 0xFF:02X}{number >> 8:02X}")


# -- re-sync -------------------------------------------------------------------------------------------------------------


@CLIENT("resync-ignored", "triggers")
class _ResyncIgnored(TriggerReader):
    def healing(self) -> tuple[bytes, ...]:
        return ()


@CLIENT("resync-with-old-nonce", "triggers")
class _OldNonce(TriggerReader):
    def wanted(self, package: Package0, nonce: bytes | None = None) -> Wanted:
        return super().wanted(package, None)


@CLIENT("resync-without-new-nonce", "session")
class _NoNewNonce(ClientSession):
    healing = False

    def start(self, alert_code: str, session_id: str, nonce: bytes | None = None) -> bytes:
        self.healing = nonce is not None
        return super().start(alert_code, session_id, nonce)

    def header_status(self, header: Header) -> Status:
        status = super().header_status(header)
        if self.healing and status.data == "212":
            status.chal = None
        return status


# -- pushes --------------------------------------------------------------------------------------------------------------


@CLIENT("push-type-unchecked", "triggers")
class _TypeUnchecked(TriggerReader):
    def meant(self, push: Push) -> bool:
        return push.application == APPLICATION


@CLIENT("push-application-unchecked", "triggers")
class _ApplicationUnchecked(TriggerReader):
    def meant(self, push: Push) -> bool:
        return push.media_type.lower() == NOTIFICATION_TYPE


@CLIENT("push-further-headers-refused", "triggers")
class _HeadersRefused(TriggerReader):
    def meant(self, push: Push) -> bool:
        return super().meant(push) and all(field.name == APPLICATION_ID_FIELD for field in push.headers)


@CLIENT("push-general-form-refused", "triggers")
class _GeneralRefused(TriggerReader):
    def meant(self, push: Push) -> bool:
        return super().meant(push) and not push.general


# -- short messages ------------------------------------------------------------------------------------------------------


class _Arrival(Assembler):
    """Puts parts together as they come."""

    def keep(self, found: dict[int, bytes], part: Part) -> None:
        found[len(found) + 1] = part.data


class _Anew(Assembler):
    """Takes a duplicate for the next part."""

    def keep(self, found: dict[int, bytes], part: Part) -> None:
        place = part.sequence
        while place in found and place < part.total:
            place += 1
        found[place] = part.data


class _Narrow(Assembler):
    """Knows references of 8 bits only."""

    def take(self, octets: bytes, at: float, port: int) -> bytes | None:
        return None if b"\x08\x04" in octets[:13] else super().take(octets, at, port)


@CLIENT("sms-order-of-arrival", "triggers")
class _SmsArrival(TriggerReader):
    def __init__(self) -> None:
        super().__init__()
        self.parts = _Arrival()


@CLIENT("sms-duplicate-kept", "triggers")
class _SmsDuplicate(TriggerReader):
    def __init__(self) -> None:
        super().__init__()
        self.parts = _Anew()


@CLIENT("sms-wide-reference-refused", "triggers")
class _SmsNarrow(TriggerReader):
    def __init__(self) -> None:
        super().__init__()
        self.parts = _Narrow()
