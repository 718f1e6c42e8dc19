"""Deviations of the reference server in challenges, credentials and authentication codes."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from conformance.dm.credentials import AUTH_TYPES, BASIC, HMAC, MAC_HEADER, MD5, mac_header, make_cred, md5_data
from conformance.dm.serversession import Outgoing, PeerKeys, ServerSettings
from conformance.peers.serverparts import deviation
from conformance.peers.spoiltheader import SpoiltHeader
from conformance.peers.talk import Session
from conformance.syncml.codec import encode
from conformance.syncml.model import Chal, Command, Cred, Exec, Header, Message, Status
from conformance.syncml.xmlcodec import XmlStyle

# ---- credentials -----------------------------------------------------------------------------------------------------


@deviation("cred-in-exec", "session")
class CredInExec(Session):
    """Shows its credentials in commands that matter as well."""

    def _add_cred(self, command: Command) -> None:
        if isinstance(command, Exec):
            command.cred = make_cred(BASIC, self.keys.account)

    def send(self, message: Message) -> Outgoing:
        for command in message.walk():
            self._add_cred(command)
        return super().send(message)


@deviation("cred-without-format", "session")
class CredWithoutFormat(Session):
    """Does not say that its credentials are Base64."""

    def credentials(self) -> Cred | None:
        cred = super().credentials()
        if cred is not None:
            cred.format = None
        return cred


@deviation("once-is-enough", "session")
class OnceIsEnough(Session):
    """Says 200, for credentials in each message, and then takes messages that have none."""

    def __init__(self, settings: ServerSettings, keys: PeerKeys) -> None:
        super().__init__(dataclasses.replace(settings, each_message=True), keys)

    def check(self, message: Message, octets: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        before = self.authenticated
        facts = super().check(message, octets, headers)
        if before and facts["credentials"]["result"] == "absent" and self.keys.kind in (BASIC, MD5):
            self.authenticated = True
        return facts


@deviation("own-type-changes", "session")
class OwnTypeChanges(Session):
    """Shows itself in every message: by a digest in the first, by its password in those behind."""

    def credentials(self) -> Cred | None:
        self.accepted = False
        cred = super().credentials()
        return make_cred(BASIC, self.keys.account) if cred is not None and self._msg_id > 1 else cred


@deviation("nonce-undecoded", "session")
class NonceUndecoded(Session):
    """Makes its credentials with the Base64 text of a nonce."""

    @property
    def nonce(self) -> bytes:
        return base64.b64encode(super().nonce)


@deviation("nonce-of-challenge-ignored", "session")
class NonceOfChallengeIgnored(Session):
    """Keeps to the nonce that it had when the session began."""

    _agreed: bytes | None = None

    @property
    def nonce(self) -> bytes:
        if self._agreed is None:
            self._agreed = super().nonce
        return self._agreed

    def take_header_status(self, message: Message) -> bool:
        assert self.nonce is not None  # before a challenge brings another one
        return super().take_header_status(message)


# ---- challenges ------------------------------------------------------------------------------------------------------


@deviation("chal-without-format", "session")
class ChalWithoutFormat(Session):
    """Does not say that its nonces are Base64."""

    def challenge(self) -> Chal:
        chal = super().challenge()
        chal.format = None
        return chal


@deviation("challenge-type-changes", "session")
class ChallengeTypeChanges(Session):
    """Wants the password of a device that has shown itself by a digest, before it goes on."""

    _wants = False

    def check(self, message: Message, octets: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        facts = super().check(message, octets, headers)
        self._wants = self._wants or (self.keys.kind == MD5 and self.authenticated and self._msg_id == 1)
        if self._wants:
            self.authenticated = facts["credentials"].get("type") == BASIC
            self._wants = not self.authenticated
        return facts

    def challenge(self) -> Chal:
        return Chal(type=AUTH_TYPES[BASIC], format="b64") if self._wants else super().challenge()


@deviation("any-type-taken", "session")
class AnyTypeTaken(Session):
    """Asks for one type, and takes right credentials of whatever type then."""

    def check(self, message: Message, octets: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        asked = self.failures > 0
        facts = super().check(message, octets, headers)
        self.authenticated = self.authenticated or (asked and facts["credentials"].get("result") == "right")
        return facts


@deviation("mac-of-rewritten-message", "session")
class MacOfRewrittenMessage(Session):
    """Checks the authentication code of a message that a gateway has read and written anew."""

    def check(self, message: Message, octets: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        return super().check(message, encode(message, self.encoding, self.version), headers)


class _Retry(Session):
    """Base of what is wrong in the message behind a challenge of the device."""

    @property
    def retries(self) -> bool:
        """Whether the message at hand answers a challenge."""
        return self._received is not None and self._received.refused


@deviation("retry-without-header-status", "session")
class RetryWithoutHeaderStatus(_Retry):
    """Sends its commands once more with credentials, and answers nothing."""

    def statuses(self, message: Message) -> list[Status]:
        answers = super().statuses(message)
        return answers[1:] if self.retries else answers


@deviation("retry-in-session-of-its-own", "session")
class RetryInSessionOfItsOwn(_Retry):
    """Begins a session of its own where the device wants its credentials."""

    def header(self) -> Header:
        if self.retries:
            self.session_id = f"{int(self.session_id or '0', 16) % 0xFFFF + 1:X}"
        return super().header()


# ---- authentication codes --------------------------------------------------------------------------------------------


class _Coded(Session):
    """Base of what is wrong in the header with the authentication code."""

    def send(self, message: Message) -> Outgoing:
        out = super().send(message)
        out.headers = [
            (name, self.spoil(value, out) if name == MAC_HEADER else value) for name, value in out.headers
        ]  # fmt: skip
        return out

    def spoil(self, value: str, out: Outgoing) -> str:
        """The value made wrong."""
        raise NotImplementedError


@deviation("mac-without-username", "session")
class MacWithoutUsername(_Coded):
    """Leaves its name out of the header."""

    def spoil(self, value: str, out: Outgoing) -> str:
        return re.sub(r'username="[^"]*", ', "", value)


@deviation("mac-bare", "session")
class MacBare(_Coded):
    """Writes the code and nothing else."""

    def spoil(self, value: str, out: Outgoing) -> str:
        return value.rpartition("mac=")[2]


@deviation("mac-over-another-form", "session")
class MacOverAnotherForm(_Coded):
    """Makes the code of the message as it is kept, not of the octets that travel."""

    def spoil(self, value: str, out: Outgoing) -> str:
        with contextlib.suppress(ValueError):  # raw octets have no form in XML
            kept = encode(out.message, "xml", self.version, xml=XmlStyle(declaration=False))
            return mac_header(self.keys.account, self.nonce, kept)
        return value


@deviation("mac-name-of-its-own", "session")
class MacNameOfItsOwn(_Coded):
    """Names a product where its account is wanted."""

    def spoil(self, value: str, out: Outgoing) -> str:
        return re.sub(r'username="[^"]*"', 'username="DM Server"', value)


@deviation("mac-beside-another-name", "session")
class MacBesideAnotherName(SpoiltHeader, Session):
    """Shows a name for readers as LocName beside its authentication code."""

    def spoil(self, header: Header) -> None:
        if self.own_kind == HMAC:
            header.source_name = "Device management of Example"


@deviation("mac-until-the-last", "session")
class MacUntilTheLast(Session):
    """Leaves the authentication code out of the message that ends the session."""

    def send(self, message: Message) -> Outgoing:
        out = super().send(message)
        if message.final and not self.expects_answer(message):
            out.headers = [(name, value) for name, value in out.headers if name != MAC_HEADER]
        return out


@deviation("mac-in-cred", "session")
class MacInCred(Session):
    """Shows credentials beside its authentication code, and calls them one."""

    def credentials(self) -> Cred | None:
        if self.own_kind == HMAC and self.authenticated:
            return Cred(AUTH_TYPES[HMAC], "b64", md5_data(self.keys.account, self.nonce))
        return super().credentials()
