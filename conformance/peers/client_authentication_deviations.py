"""What sloppy implementers of devices do when they show themselves, and when others do (DM Protocol 9, DM Security 5.3, 5.4)."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from collections.abc import Mapping, Sequence

from conformance.dm.authentication import Authentication
from conformance.dm.clientsession import ClientSession
from conformance.dm.credentials import AUTH_TYPES, BASIC, HMAC, MAC_HEADER, MD5, account_digest, make_cred
from conformance.dm.executor import Executed
from conformance.peers.deviation import CLIENT
from conformance.syncml.model import Alert, Chal, Command, Cred, Message, Status

# -- the device's own credentials ----------------------------------------------------------------------------------------


class _Shown(Authentication):
    """Base of what is wrong in the credentials of the device."""

    def credentials(self) -> Cred | None:
        cred = super().credentials()
        return cred if cred is None else self.spoil(cred)

    def spoil(self, cred: Cred) -> Cred:
        """Makes credentials wrong."""
        raise NotImplementedError


def _md5_cred(octets: bytes) -> Cred:
    return Cred(AUTH_TYPES[MD5], "b64", base64.b64encode(octets).decode())


def _md5(octets: bytes) -> hashlib._Hash:
    return hashlib.md5(octets, usedforsecurity=False)


@CLIENT("nonce-as-it-stands", "authentication")
class _NonceAsText(_Shown):
    """Puts NextNonce into the digest as it stands in the message, still Base64."""

    def spoil(self, cred: Cred) -> Cred:
        return cred if self.kind != MD5 else make_cred(MD5, self.keys.account, base64.b64encode(self.nonce))


@CLIENT("digest-in-one-step", "authentication")
class _OneStep(_Shown):
    """Digests name, password and nonce at once."""

    def spoil(self, cred: Cred) -> Cred:
        account = self.keys.account
        text = f"{account.username}:{account.password}:".encode() + self.nonce
        return cred if self.kind != MD5 else _md5_cred(_md5(text).digest())


@CLIENT("digest-in-hexadecimal", "authentication")
class _HexDigest(_Shown):
    """Writes the digest in hexadecimal before it makes it Base64."""

    def spoil(self, cred: Cred) -> Cred:
        text = account_digest(self.keys.account).encode() + b":" + self.nonce
        return cred if self.kind != MD5 else _md5_cred(_md5(text).hexdigest().encode())


@CLIENT("credentials-without-format", "authentication")
class _CredWithoutFormat(_Shown):
    def spoil(self, cred: Cred) -> Cred:
        return dataclasses.replace(cred, format=None)


@CLIENT("basic-after-digest", "authentication")
class _BasicAfterDigest(_Shown):
    """Shows a digest first, and name and password in the messages behind it."""

    def spoil(self, cred: Cred) -> Cred:
        return make_cred(BASIC, self.keys.account) if self._proven else cred


@CLIENT("credentials-with-session-alert", "session")
class _CredInAlert(ClientSession):
    """Shows itself in the SyncHdr and in the command that opens the session."""

    def package_1(self) -> list[Command]:
        commands = super().package_1()
        commands[0].cred = self.authentication.credentials()
        return commands


@CLIENT("digest-unknown", "authentication")
class _DigestUnknown(Authentication):
    """Has name and password in the open, and codes, but no digests."""

    def _take_refusal(self, chal: Chal | None) -> bool:
        self.known = [kind for kind in self.known if kind != MD5]
        return super()._take_refusal(chal)


# -- the retry after a challenge -----------------------------------------------------------------------------------------


class _Retry(ClientSession):
    """Base of what is wrong with the message after a challenge."""

    challenged = False

    def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> bytes | None:
        before = self.authentication._challenges
        try:
            return super().receive(octets, media, headers)
        finally:
            self.challenged = self.authentication._challenges > before

    def _add_package_1(self) -> None:
        self.challenged = bool(self.msg_id)
        super()._add_package_1()


@CLIENT("retry-in-new-session", "session")
class _RetryNewId(_Retry):
    """Takes another SessionID when it shows itself again."""

    def _add_package_1(self) -> None:
        super()._add_package_1()
        if self.challenged:
            self.session_id = f"{int(self.session_id, 16) % 0xFFFF + 1:X}"


@CLIENT("retry-without-header-status", "session")
class _RetryWithoutStatus(_Retry):
    """Sends its first message again as it was, with other credentials."""

    def arrange(self, message: Message) -> None:
        if self.challenged:
            message.commands = [c for c in message.commands if not isinstance(c, Status)]


@CLIENT("retry-to-first-address", "session")
class _RetryFirstAddress(_Retry):
    """Begins again at the address of its account, where it is challenged."""

    def _add_package_1(self) -> None:
        super()._add_package_1()
        if self.challenged:
            self.url = self.settings.url


# -- the server's credentials --------------------------------------------------------------------------------------------


@CLIENT("refusal-of-header-alone", "session")
class _RefusalAlone(ClientSession):
    """Refuses the message of a server as a whole, and says nothing to its commands."""

    def arrange(self, message: Message) -> None:
        if any(status.cmd_ref == "0" and status.data in ("401", "407") for status in message.statuses()):
            message.commands = [c for c in message.commands if not isinstance(c, Status) or c.cmd_ref == "0"]


@CLIENT("device-information-beside-refusal", "session")
class _InformationBesideRefusal(ClientSession):
    """Tells a server that it refuses who it is, once more."""

    def arrange(self, message: Message) -> None:
        header = message.header_status()
        if header is not None and header.data in ("401", "407"):
            message.commands += [self.numbered(c) for c in self.package_1() if not isinstance(c, Alert)]


@CLIENT("challenge-without-format", "authentication")
class _ChalWithoutFormat(Authentication):
    def challenge(self) -> Chal:
        return dataclasses.replace(super().challenge(), format=None)


@CLIENT("challenge-without-nonce", "authentication")
class _ChalWithoutNonce(Authentication):
    """Challenges, and thinks that the server has its nonce."""

    def challenge(self) -> Chal:
        if self.server_known:
            return super().challenge()
        return Chal(type=AUTH_TYPES[self.server_kind], format="b64")


@CLIENT("challenge-with-old-nonce", "authentication")
class _OldNonce(Authentication):
    """Challenges with the nonce that the server should have had."""

    def challenge(self) -> Chal:
        if self.server_known:
            return super().challenge()
        nonce = base64.b64encode(self.keys.verifier.current).decode()
        return Chal(type=AUTH_TYPES[self.server_kind], format="b64", next_nonce=nonce)


@CLIENT("ends-at-stale-nonce", "session")
class _EndsAtStale(ClientSession):
    """Has no patience with credentials that are not right."""

    def _execute(self, message: Message, wanted: Sequence[Command]) -> Executed:
        executed = super()._execute(message, wanted)
        if self.authentication.code == 401:
            self.refused = self.settings.tries
        return executed


@CLIENT("silent-server-challenged", "authentication")
class _SilentChallenged(Authentication):
    """Challenges every server that does not show itself, also one that wants nothing."""

    def spare(self, challenged: bool) -> None:
        """Takes nothing back."""


@CLIENT("any-type-of-credentials", "authentication")
class _AnyType(Authentication):
    """Takes name and password where it asked for a digest."""

    def check_server(self, message: Message, octets: bytes, headers: Mapping[str, str]) -> None:
        super().check_server(message, octets, headers)
        header = message.header
        if self.code in (401, 407) and self.keys.verifier.check(header.cred, header.source_name)["result"] == "right":
            self.server_known, self.code, self.challenging = True, 212, False


@CLIENT("silent-server-challenged", "session")
class _SilentAnswered(ClientSession):
    def silent(self) -> bool:
        return super().silent() and not (self.authentication.challenging and not self.authentication.server_known)


# -- authentication codes ------------------------------------------------------------------------------------------------


@CLIENT("mac-header-without-name", "authentication")
class _MacWithoutName(Authentication):
    """Leaves the user name out of the header: it stands in the message."""

    def headers(self, octets: bytes) -> list[tuple[str, str]]:
        found = super().headers(octets)
        return [(name, f"algorithm=MD5, {value[value.index('mac='):]}") for name, value in found]


@CLIENT("mac-answered-212", "authentication")
class _Mac212(Authentication):
    """Takes one right code for the whole session, and says so."""

    def check_server(self, message: Message, octets: bytes, headers: Mapping[str, str]) -> None:
        super().check_server(message, octets, headers)
        if self.server_kind == HMAC and self.code == 200:
            self.code = 212


@CLIENT("next-nonce-once", "authentication")
class _NextNonceOnce(Authentication):
    """Gives a nonce for the next code with its first answer only."""

    given = False

    def check_server(self, message: Message, octets: bytes, headers: Mapping[str, str]) -> None:
        super().check_server(message, octets, headers)
        if self.server_kind == HMAC and self.code == 200:
            self.challenging, self.given = not self.given, True


@CLIENT("mac-in-credentials", "session")
class _MacInCred(ClientSession):
    """Shows the code of its last message in Cred as well."""

    def credentials(self) -> Cred | None:
        mac = next((value for name, value in self.headers if name == MAC_HEADER), "")
        if not mac:
            return super().credentials()
        return Cred(AUTH_TYPES[HMAC], "b64", mac.partition("mac=")[2])
