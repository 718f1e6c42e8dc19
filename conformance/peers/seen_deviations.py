"""Sloppinesses of both reference peers that any message or fetch shows: labels, session alerts, Accept, encodings, pushes."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.dm.clientsession import ClientSession
from conformance.dm.serversession import Received
from conformance.download.fetch import Fetch
from conformance.fumo.agent import UpdateAgent
from conformance.peers.deviation import CLIENT
from conformance.peers.enrolment import Enrolment
from conformance.peers.planner import Planner
from conformance.peers.serverparts import deviation
from conformance.peers.talk import Session
from conformance.syncml import codes

_TEXT = b"application/vnd.syncml.notification\0"
_CODE = bytes((3, 0xC4))
"""Length of the headers of a push, and the code of its content type."""


@CLIENT("label-of-data-sync", "session")
class _LabelOfDataSync(ClientSession):
    """Labels its messages as those of data synchronization."""

    def start(self, alert_code: str, session_id: str, nonce: bytes | None = None) -> bytes:
        octets = super().start(alert_code, session_id, nonce)
        self.media = self.media.replace("syncml.dm+", "syncml+")
        return octets


@CLIENT("triggered-as-1201", "session")
class _TriggeredAs1201(ClientSession):
    """Says that every session is its own idea."""

    def start(self, alert_code: str, session_id: str, nonce: bytes | None = None) -> bytes:
        return super().start(codes.CLIENT_INITIATED, session_id, nonce)


@CLIENT("accept-without-descriptor", "agent")
class _AcceptWithoutDescriptor(UpdateAgent):
    """Asks for packages only, and takes descriptors all the same."""

    def download(self, at: float) -> None:
        super().download(at)
        fetch = getattr(self.retrieval, "_fetch", None)
        if isinstance(fetch, Fetch):
            fetch._accept = "application/octet-stream"


@deviation("encoding-changes", "session")
class EncodingChanges(Session):
    """Begins in the encoding of the client, and goes on in XML."""

    def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> Received:
        received = super().receive(octets, media, headers)
        if received.message is not None and received.message.header.msg_id != "1":
            self.encoding = "xml"
        return received


@deviation("trigger-content-type-as-text", "planner")
class TriggerContentTypeAsText(Planner):
    """Writes the content type of a push out in letters."""

    def trigger(self, device: Enrolment, session_id: int) -> bytes:
        before, _, rest = super().trigger(device, session_id).partition(_CODE)
        return before + bytes((len(_TEXT) + 2,)) + _TEXT + rest
