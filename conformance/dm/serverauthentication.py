"""How server and device show themselves to each other in one session, seen from the server (DM Protocol 9).

No I/O, no clock. Small methods are there to be overridden by a deviation.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.dm.credentials import Account, Verifier, make_cred
from conformance.syncml.model import Chal, Cred, Message

AUTH_TYPES = {"basic": "syncml:auth-basic", "md5": "syncml:auth-md5", "hmac": "syncml:auth-MAC"}


@dataclass(slots=True)
class PeerKeys:
    """What a server keeps per device: how the device shows itself, and how the server shows itself to the device.

    ``kind`` is the authentication type (none, basic, md5, hmac). ``nonce`` is the one for the server's own credentials; it
    came from the device (its NextNonce) or from the account.
    """

    kind: str
    verifier: Verifier
    account: Account
    nonce: bytes = b""


@dataclass(slots=True)
class ServerSettings:
    """Facts of a server. Sizes in octets; ``None`` announces nothing. ``each_message``: credentials
    count for the message that they came with, and are wanted again with the next (Status 200 instead of 212).
    """

    server_id: str
    url: str
    max_msg_size: int | None = 65536
    max_obj_size: int | None = 96 * 1024 * 1024
    resp_uri: str | None = None
    send_credentials: bool = True
    tries: int = 3
    each_message: bool = False
    generic_alerts: str = "200"
    """Status for Generic Alerts of the client."""


class ServerAuthentication:
    """Both directions of one session: what the client shows, and with what the server answers it."""

    def __init__(self, settings: ServerSettings, keys: PeerKeys) -> None:
        self.settings, self.keys = settings, keys
        self.own_kind = keys.kind
        """Authentication type of the server's own credentials: the client may ask for another."""
        self.authenticated = False
        """Whether the client has shown itself; commands are only sent then."""
        self.accepted = False
        """Whether the client said 212 to the server's credentials: none are due any more in this session."""
        self.facts: dict[str, Any] = {}
        """What was found out about the credentials of the message at hand."""
        self.failures = 0
        self.refusals = 0
        self._nonce: bytes | None = None

    # -- the client's credentials ------------------------------------------------------------------------------------

    def check(self, message: Message, octets: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        """Credential facts of a message, and whether the client counts as authenticated from now on."""
        verifier, kind = self.keys.verifier, self.keys.kind
        header = message.header
        facts: dict[str, Any] = {"credentials": verifier.check(header.cred, header.source_name)}
        mac = headers.get("x-syncml-hmac")
        if mac is not None:
            facts["integrity"] = verifier.check_mac(mac, octets, header.source_name)
        shown = facts["integrity"] if kind == "hmac" and mac is not None else facts["credentials"]
        if kind == "none":
            self.authenticated = True
        elif kind == "hmac":
            self.authenticated = mac is not None and shown["result"] == "right"
        elif shown["result"] == "right":
            self.authenticated = shown["type"] == kind
        elif shown["result"] in ("wrong", "stale") or self.settings.each_message:
            self.authenticated = False
        if not self.authenticated:
            self.failures += 1
        return facts

    def header_code(self, message: Message) -> tuple[str, Chal | None]:
        """Code and challenge of the SyncHdr Status: 200, 212, 401 or 407 (DM Protocol 9.1, DM Security 5.4.3)."""
        kind, shown = self.keys.kind, self._shown()
        if not self.authenticated:
            return self.refusal(), self.challenge()
        if kind == "hmac":
            return "200", self.challenge()
        if kind == "none" or shown != "right":
            return "200", None
        return "200" if self.settings.each_message else "212", self.challenge() if kind == "md5" else None

    def refusal(self) -> str:
        """Status of everything an unauthenticated client sends: 407 without credentials, 401 with wrong ones."""
        return "407" if self._shown() == "absent" else "401"

    def _shown(self) -> str:
        """What the credentials of the message at hand are: right, wrong, stale or absent."""
        # Where a MAC is wanted a Cred instead of it is a wrong answer, not a missing one.
        shown = self.facts.get("integrity") if self.keys.kind == "hmac" else None
        return str((shown or self.facts.get("credentials", {})).get("result", "absent"))

    def challenge(self) -> Chal:
        """A challenge for the authentication type of the account, with a new nonce where the type uses one."""
        kind = self.keys.kind
        chal = Chal(type=AUTH_TYPES[kind], format="b64")
        if kind in ("md5", "hmac"):
            chal.next_nonce = base64.b64encode(self.keys.verifier.issue()).decode()
        return chal

    # -- the server's own credentials --------------------------------------------------------------------------------

    def take_header_status(self, message: Message) -> bool:
        """Reads what the client says to the server's credentials; true where the last commands must be sent again."""
        status = message.header_status()
        if status is None:
            return False
        if status.chal is not None:
            nonce = status.chal.nonce()
            if nonce is not None:
                self._nonce = nonce
                # What an unauthenticated peer gives is used, and not kept (DM Security 5.3.4).
                self.keys.nonce = nonce if self.authenticated else self.keys.nonce
        if status.data == "212":
            self.accepted = True
        if status.data in ("401", "407") and status.chal is not None:
            asked = next((k for k, name in AUTH_TYPES.items() if name == (status.chal.type or "").strip()), "")
            self.own_kind = asked or self.own_kind
            self.accepted = False
            self.refusals += 1
            return self.refusals < self.settings.tries
        return False

    @property
    def nonce(self) -> bytes:
        """The nonce for the server's next credentials."""
        return self.keys.nonce if self._nonce is None else self._nonce

    def credentials(self) -> Cred | None:
        """The server's own credentials for this message, or ``None`` where none are due."""
        if self.own_kind in ("none", "hmac") or self.accepted or not self.settings.send_credentials:
            return None
        return make_cred(self.own_kind, self.keys.account, self.nonce)
