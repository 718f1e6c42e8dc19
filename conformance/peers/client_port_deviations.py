"""What sloppy implementers of devices do with what comes to their push port and is no trigger message (DM Notification 6, 7).

``testcases/deviations/client.yaml`` says of each in one sentence what it is, and which requirements it breaks.
"""

from __future__ import annotations

from conformance.dm.credentials import Account, Verifier
from conformance.dm.sms import Assembler, Part, parse_part
from conformance.dm.trigger import DIGEST_SIZE, HEADER_SIZE, NOTIFICATION_TYPE, TriggerError, parse_push
from conformance.peers.deviation import CLIENT
from conformance.peers.trigger import VERSION, TriggerReader, Wanted

# -- triggers that end too early -----------------------------------------------------------------------------------------


class _CutObeyed(TriggerReader):
    """Base of devices that open a session for a trigger that ends too early: ``least`` to ``most`` octets of it came."""

    least = most = 0

    def understand(self, octets: bytes, server_id: str, verifier: Verifier) -> Wanted | None:
        if self.least <= len(octets) <= self.most:
            return Wanted("1")
        return super().understand(octets, server_id, verifier)


@CLIENT("digest-alone-obeyed", "triggers")
class _DigestAlone(_CutObeyed):
    least = most = DIGEST_SIZE


@CLIENT("cut-header-obeyed", "triggers")
class _CutHeader(_CutObeyed):
    least, most = DIGEST_SIZE + 1, DIGEST_SIZE + HEADER_SIZE - 1


@CLIENT("cut-identifier-obeyed", "triggers")
class _CutIdentifier(TriggerReader):
    """Takes an identifier that is cut short for that of its server where it begins alike."""

    def understand(self, octets: bytes, server_id: str, verifier: Verifier) -> Wanted | None:
        start = DIGEST_SIZE + HEADER_SIZE
        named = octets[start:]
        if named and len(named) < octets[start - 1] and server_id.encode().startswith(named):
            return Wanted("1")
        return super().understand(octets, server_id, verifier)


# -- what closes the port ------------------------------------------------------------------------------------------------


class _Closing(TriggerReader):
    """Base of devices that listen to no trigger any more once something odd came."""

    closed = False

    def unpack(self, datagram: bytes) -> bytes | None:
        octets = super().unpack(datagram)
        self.closed = self.closed or self.odd(datagram, octets)
        return None if self.closed else octets

    def odd(self, datagram: bytes, octets: bytes | None) -> bool:
        """Whether a push, and the trigger in it, are too odd for the device."""
        raise NotImplementedError


@CLIENT("deaf-after-bad-push", "triggers")
class _DeafAfterPush(_Closing):
    def odd(self, datagram: bytes, octets: bytes | None) -> bool:
        try:
            parse_push(datagram)
        except TriggerError:
            return True
        return False


@CLIENT("deaf-after-cut-headers", "triggers")
class _DeafAfterCutHeaders(_Closing):
    """Takes no trigger any more once the headers of a push ended before its application."""

    def odd(self, datagram: bytes, octets: bytes | None) -> bool:
        try:
            push = parse_push(datagram)
        except TriggerError:
            return False
        return push.media_type.lower() == NOTIFICATION_TYPE and not push.application


@CLIENT("deaf-after-other-version", "triggers")
class _DeafAfterVersion(_Closing):
    def odd(self, datagram: bytes, octets: bytes | None) -> bool:
        try:
            return octets is not None and self.parse(octets).notification.version != VERSION
        except TriggerError:
            return False


@CLIENT("account-lost-in-flood", "triggers")
class _AccountLost(TriggerReader):
    """Has room for fifty triggers; those behind are written over the password of its server."""

    count = 0

    def understand(self, octets: bytes, server_id: str, verifier: Verifier) -> Wanted | None:
        self.count += 1
        wanted = super().understand(octets, server_id, verifier)
        if self.count > 50:
            verifier.account = Account(verifier.account.username, octets[:8].hex())
        return wanted


# -- the user, and short messages ----------------------------------------------------------------------------------------


@CLIENT("asked-session-never-opened", "triggers")
class _NeverOpened(TriggerReader):
    """Does nothing about a trigger for which it would have to ask its user."""

    def understand(self, octets: bytes, server_id: str, verifier: Verifier) -> Wanted | None:
        wanted = super().understand(octets, server_id, verifier)
        return None if wanted is not None and wanted.asks else wanted


class _Assembling(TriggerReader):
    """Base of what is wrong with how short messages are put together."""

    assembler: type[Assembler] = Assembler

    def __init__(self) -> None:
        super().__init__()
        self.parts = self.assembler()


class _SeveralOnly(Assembler):
    """Knows messages of several parts only."""

    def take(self, octets: bytes, at: float, port: int) -> bytes | None:
        return super().take(octets, at, port) if parse_part(octets).total > 1 else None


class _Backwards(Assembler):
    """Counts the parts from the end."""

    def keep(self, found: dict[int, bytes], part: Part) -> None:
        found[part.total + 1 - part.sequence] = part.data


class _FirstPart(Assembler):
    """Waits for no other part: what came first is all."""

    def take(self, octets: bytes, at: float, port: int) -> bytes | None:
        part = parse_part(octets)
        return part.data if part.sequence == 1 and part.destination == port else None


@CLIENT("sms-alone-ignored", "triggers")
class _AloneIgnored(_Assembling):
    assembler = _SeveralOnly


@CLIENT("sms-counted-from-the-end", "triggers")
class _FromTheEnd(_Assembling):
    assembler = _Backwards


@CLIENT("sms-first-part-obeyed", "triggers")
class _FirstObeyed(_Assembling):
    """Opens a session for the first part of a trigger: its digest cannot fit, and is not looked at."""

    assembler = _FirstPart

    def understand(self, octets: bytes, server_id: str, verifier: Verifier) -> Wanted | None:
        return Wanted("1") if server_id.encode() in octets else super().understand(octets, server_id, verifier)
