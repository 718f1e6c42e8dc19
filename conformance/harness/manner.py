"""How the suite's DM server behaves in one session: the keys of ``with`` beside the kind of a ``session`` step."""

from __future__ import annotations

import base64
import dataclasses
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.dm.credentials import Account, Verifier
from conformance.dm.serversession import PeerKeys, ServerSettings
from conformance.harness.forms import styles
from conformance.syncml.wbxml import WbxmlStyle
from conformance.syncml.xmlcodec import XmlStyle

_STRANGE = "no-such-password"
"""Password of a server that the device does not know."""


def _text(count: int) -> bytes:
    """Octets of a nonce that are Base64 text."""
    return base64.b64encode(secrets.token_bytes(count))[:count]


_LOST: Mapping[str, Callable[[int], bytes]] = {"nonce": secrets.token_bytes, "text-nonce": _text}
"""Challenges of a server that lost the nonce of the device, and what the next ones are made of."""


@dataclass(frozen=True, slots=True)
class Manner:
    """``max_msg_size``, ``max_obj_size``: octets that the server announces to take in a message, of an object. ``inside``:
    what an unfinished package of the device is answered with: "" for a request for the rest, else abort. ``repeat``:
    the server takes credentials for one message only. ``resp_uri``: it gives another address for the rest.

    ``credentials``: right; wrong, or none at all (a stranger, which gives up when it is refused); stale, with a nonce
    that the device has never given; plain, of type basic whatever the device asks for; empty, of the right type and
    without a digest. ``tries``: refusals after which it gives up. ``challenge``: "" for a challenge where one is due;
    nonce, as a server does that has lost the nonce of the device; text-nonce, the same with nonces that look like
    Base64 text themselves; or the type that it asks for before anything else. ``session_id``: the one of the trigger,
    in hexadecimal. Of the way to the server: ``certificate`` right, untrusted, expired or misnamed; ``tls`` none where
    it does no TLS; ``redirect`` plain where it sends on to an address without; ``chunked`` coding of its answers.
    ``wbxml`` and ``xml``: how messages are written where that is not the plain form. ``generic_alerts``: Status for
    every Generic Alert.
    """

    max_msg_size: int | None = None
    resp_uri: bool = False
    max_obj_size: int | None = None
    inside: str = ""
    repeat: bool = False
    credentials: str = "right"
    challenge: str = ""
    session_id: str = ""
    certificate: str = "right"
    tls: str = ""
    redirect: str = ""
    chunked: bool = False
    wbxml: Mapping[str, Any] | None = None
    xml: Mapping[str, Any] | None = None
    healing: bytes | None = None
    """The default nonce with which a trigger asked for new ones: it counts in the session that answers it."""
    generic_alerts: str = "200"
    tries: int = 0

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Manner:
        """The manner that a step asks for."""
        wanted = dict(given)
        if "generic_alerts" in wanted:
            wanted["generic_alerts"] = str(wanted["generic_alerts"])
        if "tries" in wanted:
            wanted["tries"] = int(wanted["tries"])
        return cls(**wanted)

    @property
    def shows(self) -> str:
        """What the server shows in TLS: a flaw, none for no TLS at all, "" for the right certificate."""
        return self.tls or ("" if self.certificate == "right" else self.certificate)

    @property
    def of_the_way(self) -> bool:
        """Whether it concerns the way to the server, and not what it says."""
        return bool(self.shows or self.redirect or self.chunked)

    @property
    def odd(self) -> bool:
        """Whether messages are written in another form than the plain one."""
        return bool(self.wbxml or self.xml)

    def styles(self) -> tuple[XmlStyle | None, WbxmlStyle | None]:
        """The forms in which messages are written."""
        return styles({"xml": self.xml, "wbxml": self.wbxml})

    @property
    def stranger(self) -> bool:
        """Whether the server does not show who it is: its messages are wrong on purpose."""
        return self.credentials in ("wrong", "none", "empty")

    @property
    def unknown(self) -> bool:
        """Whether the device never gets to know who the server is."""
        return self.stranger or self.plain

    @property
    def plain(self) -> bool:
        """Whether the server shows name and password in the open, whatever it is asked for."""
        return self.credentials == "plain"

    def settings(self, server_id: str, url: str, session: int) -> ServerSettings:
        """The settings of the session; ``session`` is its number in the case."""
        settings = ServerSettings(server_id, url, send_credentials=self.credentials != "none")
        settings.generic_alerts = self.generic_alerts
        if self.max_msg_size is not None:
            settings.max_msg_size = self.max_msg_size
        if self.max_obj_size is not None:
            settings.max_obj_size = self.max_obj_size
        settings.each_message = self.repeat
        if self.resp_uri:
            settings.resp_uri = f"{url}{'&' if '?' in url else '?'}session={session}"
        if self.tries or self.unknown:
            settings.tries = self.tries or 1 + self.plain
        return settings

    def keys(self, keys: PeerKeys) -> PeerKeys:
        """The keys of the session. A stranger has its own, so that its nonces are no concern of the server."""
        if self.challenge in _LOST:
            keys.verifier = Verifier(keys.verifier.account, secrets.token_bytes(16), _LOST[self.challenge])
        keys.verifier.allowed = {"current"} if self.healing is None else {"current", "default"}
        made = dataclasses.replace(keys)
        if self.stranger:
            made.verifier = Verifier(keys.verifier.account, keys.verifier.current)
            made.account = Account(keys.account.username, _STRANGE)
        elif self.credentials == "stale":
            made.nonce = secrets.token_bytes(16)
        if self.healing is not None:
            made.nonce = self.healing
        if self.challenge and self.challenge not in _LOST:
            made.kind = self.challenge
        return made
