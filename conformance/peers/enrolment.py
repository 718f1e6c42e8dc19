"""A device as a DM server knows it: identity, credentials and nonces of both directions, where its triggers go."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.dm.credentials import Account, Verifier
from conformance.dm.serversession import PeerKeys

AUTHENTICATION = ("none", "basic", "md5", "hmac")
Octets = Callable[[int], bytes]


@dataclass(slots=True)
class Trigger:
    """A trigger message that was sent and not yet answered by a session.

    ``times``: when it is sent (again). A trigger can be lost on the way, so it is repeated with the same session id.
    """

    session_id: int
    times: list[float]
    sent: bool = False
    """Whether it went out already."""


@dataclass(slots=True)
class Enrolment:
    """One device. ``root`` is its default update object, ``notify`` an address (udp: or http:), "" for none."""

    device_id: str
    server_id: str
    keys: PeerKeys
    root: str
    notify: str = ""
    up_to_date: bool = False
    trigger: Trigger | None = None
    lacks_display: bool = False
    """Whether the device said that it can ask and show nothing (406)."""
    given: dict[str, Any] = field(default_factory=dict)
    """What the enrolment said, kept for restarts."""

    @classmethod
    def of(cls, given: Mapping[str, Any], octets: Octets) -> Enrolment:
        """Reads what the verb ``enrol`` gives, nonces as agreed there. Raises ``ValueError`` for what makes no sense."""
        kind = given.get("authentication") or "md5"
        if kind not in AUTHENTICATION:
            raise ValueError(f"authentication {kind!r} is not one of {', '.join(AUTHENTICATION)}")
        client, nonce = _credentials(given.get("client_credentials"), kind)
        server, server_nonce = _credentials(given.get("server_credentials"), kind)
        kept = {key: given.get(key) for key in _GIVEN}
        return cls(
            _text(given, "device_id"), _text(given, "server_id"),
            PeerKeys(kind, Verifier(client, nonce, octets), server, server_nonce), _text(given, "object"),
            str(given.get("notify") or ""), given=kept,
        )  # fmt: skip

    def dump(self) -> dict[str, Any]:
        """Everything that must survive a restart, as JSON can carry it."""
        verifier = self.keys.verifier
        return {
            "given": self.given, "kind": self.keys.kind, "up_to_date": self.up_to_date,
            "lacks_display": self.lacks_display, "client_nonce": verifier.current.hex(), "server_nonce": self.keys.nonce.hex(),
            "trigger": None if self.trigger is None else [self.trigger.session_id, self.trigger.times],
        }  # fmt: skip

    @classmethod
    def load(cls, kept: Mapping[str, Any], octets: Octets) -> Enrolment:
        """The device of which :meth:`dump` was made."""
        device = cls.of(kept["given"], octets)
        device.keys.kind, device.keys.nonce = kept["kind"], bytes.fromhex(kept["server_nonce"])
        device.keys.verifier.current = bytes.fromhex(kept["client_nonce"])
        device.up_to_date, device.lacks_display = kept["up_to_date"], kept["lacks_display"]
        if kept["trigger"]:
            device.trigger = Trigger(kept["trigger"][0], list(kept["trigger"][1]))
        return device


_GIVEN = ("device_id", "server_id", "client_credentials", "server_credentials", "object", "notify", "authentication")


def _credentials(given: Any, kind: str) -> tuple[Account, bytes]:
    if not isinstance(given, Mapping) or not given:
        if kind == "none":
            return Account("", ""), b""
        raise ValueError(f"credentials are missing, authentication is {kind}")
    try:
        nonce = base64.b64decode(str(given.get("nonce") or ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("the nonce is no Base64") from error
    return Account(_text(given, "username"), _text(given, "password")), nonce


def _text(given: Mapping[str, Any], key: str) -> str:
    value = given.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} is missing")
    return value
