"""What sloppy implementers of servers do about trigger messages.

``testcases/deviations/server.yaml`` says of each in one sentence what it is, and which requirements it breaks.
"""

from __future__ import annotations

from conformance.dm.trigger import (
    APPLICATION_ID_FIELD,
    DIGEST_SIZE,
    DM_APPLICATION,
    HEADER_SIZE,
    NOTIFICATION_TYPE,
    Notification,
    Push,
    PushHeader,
    build,
    build_push,
    digest,
    parse_push,
    trigger_octets,
)
from conformance.peers.enrolment import Enrolment
from conformance.peers.planner import Planner
from conformance.peers.serverparts import deviation


class _Pushed(Planner):
    """Base of what is wrong in the push around a right trigger."""

    def trigger(self, device: Enrolment, session_id: int) -> bytes:
        return build_push(self.push(parse_push(super().trigger(device, session_id)).payload))

    def push(self, package: bytes) -> Push:
        return Push(package)


@deviation("trigger-type-as-text", "planner")
class TypeAsText(_Pushed):
    """Writes the content type out."""

    def push(self, package: bytes) -> Push:
        return Push(package, NOTIFICATION_TYPE)


@deviation("trigger-application-as-text", "planner")
class ApplicationAsText(_Pushed):
    """Writes the application id out."""

    def push(self, package: bytes) -> Push:
        return Push(package, headers=(PushHeader(APPLICATION_ID_FIELD, DM_APPLICATION.encode() + b"\0"),))


@deviation("trigger-application-later", "planner")
class ApplicationLater(_Pushed):
    """Puts another header before the application id."""

    def push(self, package: bytes) -> Push:
        return Push(package, headers=(PushHeader(0x34, b"\x83"), PushHeader(APPLICATION_ID_FIELD, b"\x87")))


@deviation("trigger-many-headers", "planner")
class ManyHeaders(_Pushed):
    """Sends headers that nobody needs."""

    def push(self, package: bytes) -> Push:
        strange = PushHeader("X-Server", b"a server that likes to talk about itself at length\0")
        return Push(package, headers=(PushHeader(APPLICATION_ID_FIELD, b"\x87"), strange))


@deviation("trigger-for-synchronisation", "planner")
class ForSynchronisation(_Pushed):
    """Calls its triggers those of data synchronisation."""

    def push(self, package: bytes) -> Push:
        return Push(package, 0x4E)


class _Made(Planner):
    """Base of what is wrong in package #0."""

    def trigger(self, device: Enrolment, session_id: int) -> bytes:
        return build_push(Push(self.package(device, session_id)))

    def package(self, device: Enrolment, session_id: int) -> bytes:
        notice = Notification(session_id=session_id, server_id=device.server_id)
        return build(notice, device.keys.account.password, device.keys.nonce)


@deviation("trigger-digest-of-header", "planner")
class DigestOfHeader(_Made):
    """Makes the digest over the header only, without the server identifier."""

    def package(self, device: Enrolment, session_id: int) -> bytes:
        trigger = trigger_octets(Notification(session_id=session_id, server_id=device.server_id))
        proof = digest(trigger[:HEADER_SIZE], device.server_id, device.keys.account.password, device.keys.nonce)
        return proof + trigger


@deviation("trigger-little-endian", "planner")
class LittleEndian(_Made):
    """Writes the header with the lowest octet first."""

    def package(self, device: Enrolment, session_id: int) -> bytes:
        trigger = trigger_octets(Notification(session_id=session_id, server_id=device.server_id))
        turned = trigger[:HEADER_SIZE][::-1] + trigger[HEADER_SIZE:]
        return digest(turned, device.server_id, device.keys.account.password, device.keys.nonce) + turned


@deviation("trigger-length-wrong", "planner")
class LengthWrong(_Made):
    """Counts one octet more than the server identifier has."""

    def package(self, device: Enrolment, session_id: int) -> bytes:
        package = bytearray(super().package(device, session_id))
        package[DIGEST_SIZE + HEADER_SIZE - 1] += 1
        trigger = bytes(package[DIGEST_SIZE:])
        return digest(trigger, device.server_id, device.keys.account.password, device.keys.nonce) + trigger


@deviation("trigger-of-another-server", "planner")
class AnotherServer(_Made):
    """Names itself otherwise than it was enrolled."""

    def package(self, device: Enrolment, session_id: int) -> bytes:
        notice = Notification(session_id=session_id, server_id=f"{device.server_id}.example")
        return build(notice, device.keys.account.password, device.keys.nonce)


@deviation("trigger-newer-version", "planner")
class NewerVersion(_Made):
    """Writes the version that triggers of data synchronisation have."""

    def package(self, device: Enrolment, session_id: int) -> bytes:
        notice = Notification(session_id=session_id, server_id=device.server_id, version=12)
        return build(notice, device.keys.account.password, device.keys.nonce)


@deviation("trigger-last-bit-set", "planner")
class LastBitSet(_Made):
    """Has a use of its own for the last of the bits that are kept for the future."""

    def package(self, device: Enrolment, session_id: int) -> bytes:
        notice = Notification(session_id=session_id, server_id=device.server_id, future=1)
        return build(notice, device.keys.account.password, device.keys.nonce)


@deviation("trigger-session-id-zero", "planner")
class SessionIdZero(Planner):
    """Asks for a session without id."""

    def session_id(self) -> int:
        return 0


@deviation("trigger-repeated-with-other-id", "planner")
class RepeatedWithOtherId(Planner):
    """Counts the session id on when it repeats a trigger."""

    def trigger(self, device: Enrolment, session_id: int) -> bytes:
        return super().trigger(device, self.session_id())


@deviation("trigger-nonce-of-the-beginning", "planner")
class FirstNonce(_Made):
    """Makes the digest with the nonce of the enrolment for ever."""

    def package(self, device: Enrolment, session_id: int) -> bytes:
        fresh = Enrolment.of(device.given, self.octets)
        notice = Notification(session_id=session_id, server_id=device.server_id)
        return build(notice, device.keys.account.password, fresh.keys.nonce)


@deviation("resync-not-answered", "planner")
class ResyncNotAnswered(Planner):
    """Sends a trigger with the nonce 0x00000000, and then refuses what is made with it."""

    def heal(self, device: Enrolment) -> None:
        super().heal(device)
        device.keys.verifier.allowed.discard("default")
