"""What a device has under way: sessions that wait for their turn, and requests."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.fumo.agent import UpdateAgent
from conformance.fumo.notice import Notices
from conformance.syncml.codes import CLIENT_INITIATED
from conformance.syncml.model import Alert
from conformance.transport.exchange import Headers


@dataclass(slots=True)
class Wish:
    """A session that is to be opened. ``request``: an alert that it is for, and that goes in no other."""

    alert_code: str = CLIENT_INITIATED
    session_id: str = ""
    nonce: bytes | None = None
    request: Alert | None = None


@dataclass(slots=True)
class Lane:
    """One request that is under way, and what came of its answer."""

    busy: bool = False
    status: int = 0
    headers: Headers = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    agent: UpdateAgent | None = None
    """Whose download this is; ``None`` for a status report."""
    notices: Notices | None = None
    """Whose status report this is."""
