"""The reference DM server: an engine that turns requests into replies, and wishes into campaigns. No I/O, no clock.

Times are given by the caller in seconds of any clock that goes forward and lasts over restarts.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from conformance.attach import NotSupported
from conformance.dm.credentials import Account, Verifier
from conformance.dm.serversession import PeerKeys, ServerSettings
from conformance.download.content import FileSource
from conformance.fumo.windowsmobile import MobileCampaign
from conformance.peers.enrolment import Enrolment
from conformance.peers.server_deviations import parts_for
from conformance.peers.serverparts import Parts
from conformance.peers.serververbs import VERBS
from conformance.peers.talk import Sources, Talk, opens
from conformance.syncml.element import SyntaxFault
from conformance.syncml.model import Message
from conformance.transport.exchange import Reply, Request, header

MAX_TALKS = 256
"""Sessions that are remembered; the one that was quiet for longest is forgotten first."""
MAX_BODY = 4 << 20
"""Octets of a request that are looked at."""
QUIET = 60.0
"""Seconds after which a session that did not end counts as broken off."""


@dataclass(frozen=True, slots=True)
class ServerProfile:
    """What a server is like. ``url`` and ``content_url`` are its own addresses as devices see them.

    ``devices`` are enrolled from the beginning: mappings as the verb ``enrol`` gets them. ``resp_uri``: sessions go on at
    an address of their own. Sizes in octets.
    """

    server_id: str = "com.example.dm"
    url: str = "http://server.example/dm"
    content_url: str = "http://server.example/content/"
    authentication: str = "md5"
    root: str = "./FwUpdate/Main"
    max_msg_size: int = 65536
    max_obj_size: int = 96 << 20
    resp_uri: bool = True
    devices: tuple[Mapping[str, Any], ...] = ()
    dialect: str = ""
    """A dialect that it knows beside that of the enabler: windows-mobile, or ""."""


class Server:
    """A DM server. ``seed`` makes its random octets repeatable; ``sources`` opens packages by their path.

    ``kept`` is the :attr:`kept` of an earlier life. Raises ``ValueError`` for a deviation or a device that makes no sense.
    """

    def __init__(
        self, profile: ServerProfile, deviations: Iterable[str] = (), seed: int = 0, *, sources: Sources = FileSource,
        kept: Mapping[str, Any] | None = None,
    ) -> None:
        self.profile, self.sources = profile, sources
        self.parts = parts_for(deviations, Parts(campaign=MobileCampaign) if profile.dialect else None)
        self.authentication = profile.authentication
        self.offset = 0.0
        self._octets = random.Random(seed).randbytes
        self._start()
        if kept is not None:
            self._load(kept)
        else:
            self.reset()

    def _start(self) -> None:
        self.planner = self.parts.planner(self.parts.campaign, self._octets)
        self.publisher = self.parts.publisher(self.profile.content_url, self.sources)
        self._talks: dict[str, Talk] = {}
        self._saved = ""

    def reset(self) -> None:
        """Forgets devices, campaigns and sessions, apart from the devices of the profile."""
        planned, triggered, token = self.planner.planned, self.planner.triggered, self.planner.token
        self._start()
        self.planner.planned, self.planner.triggered, self.planner.token = planned, triggered, token
        self.authentication = self.profile.authentication
        for given in self.profile.devices:
            self.planner.enrol(self.enrolment(given))
        self._save()

    def enrolment(self, given: Mapping[str, Any]) -> Enrolment:
        """A device as the verb ``enrol`` describes it. Raises ``ValueError``."""
        own = {
            "server_id": self.profile.server_id, "object": self.profile.root, "authentication": self.authentication,
        }  # fmt: skip
        return Enrolment.of({**own, **{key: value for key, value in given.items() if value}}, self._octets)

    def authenticate(self, kind: str) -> None:
        """From now on sessions are authenticated that way. Raises ``ValueError`` where a device has no credentials."""
        for device in self.planner.devices.values():
            if kind != "none" and not device.keys.account.username:
                raise ValueError(f"{device.device_id} was enrolled without credentials")
        self.authentication = kind
        for device in self.planner.devices.values():
            device.keys.kind = kind

    # -- kept over restarts ------------------------------------------------------------------------------------------

    @property
    def kept(self) -> str:
        """What has to be stored to survive the end of the process, as JSON; as of the last call that changed anything."""
        return self._saved

    def _save(self) -> None:
        kept = {
            "planner": self.planner.dump(), "authentication": self.authentication, "offset": self.offset,
            "published": self.publisher.published, "habit": self.profile.authentication,
        }  # fmt: skip
        self._saved = json.dumps(kept)

    def _load(self, kept: Mapping[str, Any]) -> None:
        self.authentication, self.offset = kept["authentication"], kept["offset"]
        self.planner.load(kept["planner"])
        if kept["habit"] != self.profile.authentication:
            self.authenticate(self.profile.authentication)  # it was started in another way this time
        self.publisher.load(kept["published"])
        self._save()

    def restart(self) -> None:
        """Stops hard and starts again with what was stored: sessions are gone, plans and nonces are not."""
        kept = json.loads(self._saved)
        self._start()
        self._load(kept)

    # -- the wire ----------------------------------------------------------------------------------------------------

    def handle(self, request: Request, at: float) -> Reply:
        """Answers one HTTP request: messages of devices, and requests for packages."""
        path = urlsplit(request.url).path
        if self.publisher.serves(request):
            return self.publisher.handle(request)
        if path.rstrip("/") != urlsplit(self.profile.url).path.rstrip("/"):
            return Reply(404, [("Content-Type", "text/plain")], b"There is nothing here.\n")
        if request.method != "POST":
            return Reply(405, [("Allow", "POST")])
        transport = self.parts.transport()
        if len(request.body) > MAX_BODY:
            return Reply(413)
        if not transport.understands(request):
            return Reply(411)
        try:
            read = self.parts.talk.read(request.body, header(request.headers, "content-type") or "")
        except SyntaxFault as fault:
            return self.parts.talk.unreadable(fault)
        talk = self._talk(request, read.message)
        talk.session.read = request.body, read
        reply = talk.answer(request, at + self.offset)
        self._save()
        return transport.answered(reply, talk.session.authenticated)

    def _talk(self, request: Request, message: Message) -> Talk:
        """The session that a message belongs to; a new one where it belongs to none."""
        token = parse_qs(urlsplit(request.url).query).get("session", [""])[0]
        source, session_id = message.header.source or "", message.header.session_id
        found = [self._talks.get(token), *reversed(self._talks.values())]
        for talk in found:
            if talk is not None and (talk.session.device, talk.session.session_id) == (source, session_id):
                if (talk.open and talk.session.repeats(request.body)) or not _begins(talk, message):
                    return talk
                break
        return self._begin(request, source)

    def _begin(self, request: Request, source: str) -> Talk:
        for talk in self._talks.values():
            talk.left = talk.left or talk.session.device == source
        token = self._octets(8).hex()
        device = self.planner.devices.get(source)
        kind = device.keys.kind if device else self.authentication
        known = self.parts.transport().knows(request, source, kind)
        device = device if known else None
        settings = ServerSettings(
            server_id=device.server_id if device else self.profile.server_id, url=self.profile.url,
            max_msg_size=self.profile.max_msg_size, max_obj_size=self.profile.max_obj_size,
            resp_uri=f"{request.url.partition('?')[0]}?session={token}" if self.profile.resp_uri else None,
            send_credentials=device is not None,
        )  # fmt: skip
        session = self.parts.session(settings, device.keys if device else self._stranger(known))
        self._talks[token] = talk = self.parts.talk(session, device, self.planner, self.sources)
        while len(self._talks) > MAX_TALKS:
            self._talks.pop(min(self._talks, key=lambda name: self._talks[name].at if name != token else float("inf")))
        return talk

    def _stranger(self, known: bool) -> PeerKeys:
        """Keys of nobody: no credentials are ever right. Whom the transport should have authenticated is asked for some."""
        nobody = Account(self._octets(16).hex(), self._octets(16).hex())
        return PeerKeys(self.authentication if known else "md5", Verifier(nobody, b"", self._octets), Account("", ""))

    def outgoing(self, at: float) -> list[tuple[str, bytes]]:
        """The triggers to be sent now: address (udp: or http:) and octets of the WSP push."""
        sent = self.planner.due(at + self.offset)
        if sent:
            self._save()
        return sent

    def wake_at(self) -> float | None:
        """When :meth:`outgoing` has something next, ``None`` where nothing is planned."""
        at = self.planner.wake_at()
        return None if at is None else at - self.offset

    # -- steering ----------------------------------------------------------------------------------------------------

    def idle(self, at: float) -> bool:
        """Whether no session is under way and no trigger is due."""
        now = at + self.offset
        wake = self.planner.wake_at()
        quiet = all(not talk.open or now - talk.at > QUIET for talk in self._talks.values())
        return quiet and (wake is None or wake > now)

    def verb(self, name: str, given: Mapping[str, Any], at: float) -> dict[str, Any] | None:
        """Does what a verb of the attach contract asks for. Raises ``NotSupported`` for what cannot be done."""
        if name not in VERBS:
            raise NotSupported(f"a server does not know the verb {name[:40]!r}")
        try:
            answer = VERBS[name](self, given, at)
        except (ValueError, TypeError, OverflowError) as error:
            raise NotSupported(f"{name}: {error}") from error
        self._save()
        return answer


def _begins(talk: Talk, message: Message) -> bool:
    """Whether a message with the ids of a session begins a new one all the same: ids of sessions may come back."""
    if not opens(message):
        return False
    again = message.header.msg_id == talk.first_id and talk.session.authenticated
    return talk.session.over or again
