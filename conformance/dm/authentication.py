"""How device and server show themselves to each other in one session, seen from the device (DM Protocol 9).

No I/O, no clock. Small methods are there to be overridden by a deviation.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conformance.dm.credentials import (
    AUTH_TYPES,
    HMAC,
    MAC_HEADER,
    MD5,
    NONE,
    Account,
    Verifier,
    mac_header,
    make_cred,
)
from conformance.syncml.codes import status_name
from conformance.syncml.model import Chal, Cred, Message, Status

MAX_CHALLENGES = 8
"""Challenges of one session after which the device gives up, whatever they are for."""


@dataclass(slots=True)
class ClientKeys:
    """What a device keeps of the account of its server. Lasts longer than a session.

    ``nonce`` is the last one that an authenticated server gave for the device's own credentials.
    """

    account: Account
    verifier: Verifier
    nonce: bytes = b""


class Authentication:
    """Both directions of one session. ``kind`` is the habit of the account, ``known`` what else may be asked for.

    After :meth:`check_server`, ``code`` is the Status for the SyncHdr of the server, ``challenging`` whether a
    challenge or a next nonce goes with it. ``failed`` says why the device gives up, "" where it does not.
    """

    def __init__(self, keys: ClientKeys, kind: str, known: Sequence[str], tries: int) -> None:
        self.keys, self.habit, self.known, self.tries = keys, kind, known, tries
        self.kind = kind
        """Authentication type of the device's own credentials now."""
        self.nonce = keys.nonce
        self.accepted = False
        """Whether the server took the credentials for the whole session."""
        self.server_known = kind == NONE
        """Whether the server is authenticated."""
        self.code = 200
        self.challenging = False
        self.failed = ""
        self._proven = False
        self._shown = False
        self._refusals = 0
        self._challenges = 0

    # -- the device's own credentials --------------------------------------------------------------------------------

    def credentials(self) -> Cred | None:
        """The Cred of the next message, or ``None`` where none is due."""
        self._shown = self.kind == HMAC or (self.kind != NONE and not self.accepted)
        if self.kind in (NONE, HMAC) or self.accepted:
            return None
        return make_cred(self.kind, self.keys.account, self.nonce)

    def headers(self, octets: bytes) -> list[tuple[str, str]]:
        """HTTP headers that go with a message: its authentication code where the session uses one."""
        return [(MAC_HEADER, mac_header(self.keys.account, self.nonce, octets))] if self.kind == HMAC else []

    @property
    def name(self) -> str | None:
        """LocName of the next message: the user name where the type wants it (DM Security 5.3.1)."""
        return self.keys.account.username if self.kind in (MD5, HMAC) else None

    def take(self, status: Status | None) -> bool:
        """Reads what the server says to the device's message. True where package #1 is to be sent again."""
        if status is None:
            return False
        code = status.data or ""
        if code in ("401", "407"):
            return self._take_refusal(status.chal)
        if code[:1] in ("4", "5"):
            self.failed = f"the server answered {status_name(code)} to the message"
        if code == "212" and self.kind != HMAC:
            self.accepted = True
        self._proven = self._proven or self._shown
        if status.chal is not None:
            self.nonce = status.chal.nonce() or self.nonce
        return False

    def _take_refusal(self, chal: Chal | None) -> bool:
        kind = next((k for k, name in AUTH_TYPES.items() if chal and name == (chal.type or "").strip()), "")
        self._refusals += self._shown
        self._challenges += 1
        if chal is None or kind not in self.known:
            self.failed = "the server asks for credentials that the device does not have"
        elif self._refusals >= self.tries or self._challenges > MAX_CHALLENGES:
            self.failed = "the server refused the credentials of the device"
        elif self._proven and kind != self.kind:
            self.failed = "the server changed the authentication type within the session"
        else:
            self.kind, self.accepted, self.nonce = kind, False, chal.nonce() or b""
        return not self.failed

    def remember(self) -> None:
        """Stores the nonce for the device's own credentials, if it came from a server that showed itself."""
        if self.server_known and self.kind in (MD5, HMAC):
            self.keys.nonce = self.nonce

    # -- the server's credentials ------------------------------------------------------------------------------------

    @property
    def server_kind(self) -> str:
        """Authentication type that the server has to use."""
        return HMAC if self.kind == HMAC else self.habit

    def check_server(self, message: Message, octets: bytes, headers: Mapping[str, str]) -> None:
        """Decides whether the server is authenticated. ``headers`` of the response, names in lower case."""
        self.challenging, self.code = False, 200
        if self.habit == NONE:
            return
        header, mac = message.header, headers.get(MAC_HEADER)
        if mac is not None or self.server_kind == HMAC:
            facts = self.keys.verifier.check_mac(mac, octets, header.source_name)
        else:
            facts = self.keys.verifier.check(header.cred, header.source_name)
        if facts["result"] == "right" and facts["type"] in (self.server_kind, self.kind):
            self.server_known, self.code = True, 200 if facts["type"] == HMAC else 212
            self.challenging = facts["type"] in (MD5, HMAC)
        elif facts["result"] != "absent" or not self.server_known or self.server_kind == HMAC:
            self.server_known, self.challenging = False, True
            self.code = 407 if facts["result"] == "absent" else 401

    def spare(self, challenged: bool) -> None:
        """Takes a challenge back: nobody challenges a server that wants nothing (DM Protocol 9).

        Where it ``challenged`` the device itself and showed wrong credentials, it is told so.
        """
        if not self.server_known and not (challenged and self.code == 401):
            self.challenging, self.code = False, 200

    def challenge(self) -> Chal:
        """A challenge for the server, or the nonce for its next credentials."""
        kind = self.server_kind
        chal = Chal(type=AUTH_TYPES[kind], format="b64")
        if kind in (MD5, HMAC):
            chal.next_nonce = base64.b64encode(self.keys.verifier.issue()).decode()
        return chal
