"""Tolerated variants of how either reference peer shows and asks for credentials: legal forms that both sides may choose."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from conformance.peers.deviation import CLIENT_VARIANTS
from conformance.peers.serverparts import VARIANTS as SERVER_VARIANTS
from conformance.syncml.model import Chal, Cred

_BASIC = "syncml:auth-basic"


class _Credentials:
    """What a variant here changes: the credentials that a side shows, and its challenge."""

    keys: Any
    accepted: bool

    if TYPE_CHECKING:

        def credentials(self) -> Cred | None:
            """Of the next message."""

        def challenge(self) -> Chal:
            """For the other side."""


def _both(identity: str) -> Callable[[type[_Credentials]], type[_Credentials]]:
    """Registers a variant for the part of each peer that has to do with credentials."""

    def register(mixin: type[_Credentials]) -> type[_Credentials]:
        return SERVER_VARIANTS(identity, "session")(CLIENT_VARIANTS(identity, "authentication")(mixin))

    return register


def _folded(text: str) -> str:
    """Base64 in lines, as MIME writes it."""
    return "\n".join(text[at : at + 12] for at in range(0, len(text), 12))


@_both("credentials-in-each-message")
class _InEachMessage(_Credentials):
    """Shows its credentials in every message, also after 212."""

    def credentials(self) -> Cred | None:
        self.accepted = False
        return super().credentials()


@_both("base64-in-lines")
class _Base64InLines(_Credentials):
    """Writes Base64 of credentials and nonces in lines (AMB-size-counting)."""

    def credentials(self) -> Cred | None:
        cred = super().credentials()
        return None if cred is None else dataclasses.replace(cred, data=_folded(cred.data))

    def challenge(self) -> Chal:
        chal = super().challenge()
        return dataclasses.replace(chal, next_nonce=chal.next_nonce and _folded(chal.next_nonce))


@_both("basic-without-format")
class _BasicWithoutFormat(_Credentials):
    """Says no Format in a challenge for Basic, which is Base64 anyway."""

    def challenge(self) -> Chal:
        chal = super().challenge()
        if chal.type == _BASIC:
            chal.format = None
        return chal


@_both("long-nonce")
class _LongNonce(_Credentials):
    """Issues nonces that are Base64 text themselves (AMB-double-base64-nonce)."""

    def challenge(self) -> Chal:
        chal = super().challenge()
        if chal.next_nonce:
            nonce = base64.b64encode(self.keys.verifier._octets(21))
            self.keys.verifier.current = nonce
            chal.next_nonce = base64.b64encode(nonce).decode()
        return chal
