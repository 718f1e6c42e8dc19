"""The reference device: a DM client with update agents. No sockets, no clock, no threads.

Whoever drives it asks :meth:`Device.poll` what to send, sends it, and tells what came; times are seconds of any clock
that goes forward. There are two lanes, ``dm`` and ``content``; a driver that knows only one connection leaves ``lane``
out and gets one request at a time.
"""

from __future__ import annotations

import dataclasses
import random
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from conformance.dm.authentication import ClientKeys
from conformance.dm.clientsession import ClientSession, ClientSettings
from conformance.dm.credentials import Verifier
from conformance.dm.interaction import ScriptedUser
from conformance.dm.largeobject import Assembler
from conformance.dm.node import Node
from conformance.fumo.agent import Firmware, Prompt, UpdateAgent
from conformance.fumo.condition import Conditions
from conformance.fumo.object import MO_ID
from conformance.peers import deviceverbs, memory, windowsmobile
from conformance.peers.accounts import MO_ID as ACCOUNT
from conformance.peers.accounts import ROOT
from conformance.peers.client_deviations import parts_for
from conformance.peers.furniture import INBOX, furnish, interior, leaf, owned
from conformance.peers.lanes import Lane, Wish
from conformance.peers.profile import DeviceProfile
from conformance.peers.trigger import Wanted
from conformance.peers.updateobject import UpdateObject
from conformance.syncml.codec import media_type
from conformance.transport.exchange import Headers, Request, Response, Source, header

DM, CONTENT = "dm", "content"
MAX_ANSWER = 16 << 20
"""Octets of an answer of the DM server that are taken."""
MAX_WISHES = 16
"""Sessions that may wait for their turn."""
_NO_LIMIT = 1 << 30


class Device:
    """One device. ``seed`` makes its random octets repeatable, ``deviations`` are ids of what it does wrong.

    ``kept`` and ``packages`` are those of an earlier life, if it had one. Raises ``ValueError`` for a deviation that
    there is not.
    """

    def __init__(
        self, profile: DeviceProfile, deviations: Sequence[str] = (), seed: int = 0,
        kept: Mapping[str, Any] | None = None, packages: Mapping[str, Source] | None = None,
    ) -> None:
        self.profile = dataclasses.replace(profile)
        self.deviations = tuple(deviations)
        self.parts = parts_for(self.deviations, windowsmobile.PARTS if self.profile.dialect else None)
        self.seed, self.boots = seed, 0
        self.skew = 0.0
        self.now = 0.0
        self.cut = ""
        """At which moment the power will be cut: download, update, or "" for never."""
        self.fresh()
        if kept is not None:
            memory.load(self, kept, packages or {})

    def fresh(self) -> None:
        """Factory state: nothing queued, nothing held, the nonces and the firmware of the profile."""
        profile = self.profile
        self.random = random.Random(f"{self.seed} {self.boots}")
        self.firmware = Firmware(
            profile.firmware, profile.model, profile.key, profile.storage, profile.memory, profile.install_seconds,
            profile.resume_tries, profile.types,
        )
        self.conditions, self.prompt, self.user = Conditions(), Prompt(), ScriptedUser()
        self.keys = ClientKeys(
            profile.client, Verifier(profile.server, profile.server_nonce, self.random.randbytes), profile.client_nonce
        )
        self.outbox = self.parts.outbox()
        self.objects: list[UpdateObject] = []
        self.session: ClientSession | None = None
        self.wishes: deque[Wish] = deque()
        self.cut = ""
        self.session_number = self.random.randrange(0x1000, 0x8000)
        self._message: bytes | None = None
        self._lanes = {DM: Lane(), CONTENT: Lane()}
        self.reader = self.parts.triggers()
        self._seen: deque[bytes] = deque(maxlen=MAX_WISHES)
        """Triggers that were followed: each is one session, however often it comes."""
        self._furnish()

    def _furnish(self) -> None:
        self.tree = self.parts.tree(self.profile.limits, self.profile.max_nodes, self.profile.features)
        self.tree.time = self.profile.epoch + self.now
        furnish(self.tree, self.profile, lambda: self.firmware.version)
        self.accounts = self.parts.accounts(self.tree, self.profile, self.keys)
        self.accounts.furnish(leaf, interior, owned(self.profile.server_id))
        for uri in windowsmobile.first_objects(self.tree, self.profile):
            node = interior(self.tree, uri)
            if self.profile.dynamic_objects and node.parent is not None:
                node.parent.access |= {"Add"}
            self._adopt(node)
        if self.profile.dynamic_objects:
            self.tree.templates[MO_ID] = self._adopt
        self.tree.observer = self._changed

    def become(self, dialect: str) -> None:
        """Factory state as a device of a dialect."""
        if dialect != windowsmobile.WINDOWS_MOBILE:
            raise ValueError(f"no such dialect: {dialect!r}")
        windowsmobile.become(self.profile)
        self.parts = parts_for(self.deviations, windowsmobile.PARTS)
        self.fresh()

    def _adopt(self, node: Node, creator: str | None = None) -> None:
        """Puts an update agent behind an interior node."""
        agent = self.parts.agent(lambda: node.uri, self.firmware, self.conditions, self.prompt, self._report)
        made = self.parts.object(self.tree, node, agent, self.profile)
        self.objects.append(made)
        made.build(creator)

    # -- what a driver does ------------------------------------------------------------------------------------------

    def poll(self, at: float, lane: str = "") -> Request | None:
        """The next request to send, or ``None``. Its answer is to be told by ``receive`` or ``receive_end``."""
        self.tick(at)
        if lane:
            return None if self._lanes[lane].busy else self._request(lane)
        if any(each.busy for each in self._lanes.values()):
            return None
        return self._request(DM) or self._request(CONTENT)

    def receive(self, response: Response, at: float, lane: str = "") -> None:
        """Takes a complete response, or what came of one and how it broke off."""
        wanted = not response.status or self.receive_begin(response.status, response.headers, lane)
        half = (len(response.body) + 1) // 2
        for piece in (response.body[:half], response.body[half:]) if wanted else ():
            if piece and not self.receive_data(piece, lane):
                break
        self.receive_end(response.error, at, lane)

    def receive_begin(self, status: int, headers: Headers, lane: str = "") -> bool:
        """Takes status and headers of a response. False: the body is not wanted."""
        name = lane or self._busy_lane()
        under_way = self._lanes[name]
        under_way.status, under_way.headers = status, headers
        if name == DM or not under_way.busy:
            return under_way.busy
        retrieval = under_way.agent.retrieval if under_way.agent is not None else None
        return retrieval is not None and retrieval.begin(status, headers)

    def receive_data(self, chunk: bytes, lane: str = "") -> bool:
        """Takes a piece of the body. False: no more is wanted."""
        name = lane or self._busy_lane()
        under_way = self._lanes[name]
        if not under_way.busy:
            return False
        if name == DM:
            under_way.body += chunk
            return len(under_way.body) <= MAX_ANSWER
        retrieval = under_way.agent.retrieval if under_way.agent is not None else None
        wanted = retrieval is not None and retrieval.data(chunk)
        if retrieval is not None and self.cut == "download" and retrieval.received * 2 >= (retrieval.total or 0):
            self.power_cut()
            return False
        return wanted

    def receive_end(self, error: str, at: float, lane: str = "") -> None:
        """The response is over: "" or how it broke off, a word of ``transport.exchange.ERRORS``."""
        self.tick(at)
        name = lane or self._busy_lane()
        under_way = self._lanes[name]
        if not under_way.busy:
            return
        self._lanes[name] = Lane()
        if name == DM:
            self._answered(under_way, error)
        elif under_way.agent is not None and under_way.agent.retrieval is not None:
            under_way.agent.retrieval.end(error)
            under_way.agent.follow(self.now)
        elif under_way.notices is not None:
            under_way.notices.ended(under_way.status, error, self.now)

    def trigger(self, datagram: bytes, at: float) -> None:
        """Takes a datagram that came to the push port (DM Notification 7.1)."""
        octets = self.reader.unpack(datagram)
        if octets is not None:
            self.triggered(octets, at)

    def short_message(self, octets: bytes, at: float) -> None:
        """Takes the user data of a short message (DM Notification 7.1)."""
        datagram = self.reader.short_message(octets, at)
        if datagram is not None:
            self.trigger(datagram, at)

    def triggered(self, octets: bytes, at: float) -> None:
        """Takes package #0. One session for it, however often it comes (DM Notification 6.2.10)."""
        self.tick(at)
        if not self.profile.notification or octets in self._seen:
            return
        wanted = self.reader.understand(octets, self.profile.server_id, self.keys.verifier)
        if wanted is not None and not (wanted.asks and not self.prompt.accepts("session")):
            self._seen.append(octets)
            self._want(wanted)

    def _want(self, wanted: Wanted) -> None:
        waiting = [wish.session_id for wish in self.wishes]
        if self.session is not None:
            waiting.append(self.session.session_id)
        if wanted.session_id not in waiting:
            self.wish(Wish(wanted.alert, wanted.session_id, wanted.nonce))

    def verb(self, name: str, given: Mapping[str, Any], at: float) -> dict[str, Any] | None:
        """Does what a verb of the attach contract asks for. Raises ``NotSupported`` for "cannot"."""
        self.tick(at)
        return deviceverbs.call(self, name, given)

    @property
    def wake_at(self) -> float | None:
        """When :meth:`poll` is to be called although nothing came; ``None``: no need to."""
        times = [when for each in self.objects if (when := self._agent_time(each.agent)) is not None]
        times += [when for each in self.objects if (when := each.agent.notices.wake_at) is not None]
        if self.session is None and self.outbox.wants_session:
            times.append(self.outbox.retry_at)
        return min(times) - self.skew if times else None

    @property
    def idle(self) -> bool:
        """Whether no session, download, installation, retry or unsent report is under way."""
        quiet = self.session is None and not self.wishes and not self.outbox.wants_session
        return quiet and not any(lane.busy for lane in self._lanes.values()) and not any(
            each.agent.busy or each.agent.notices for each in self.objects
        )

    # -- time --------------------------------------------------------------------------------------------------------

    def tick(self, at: float) -> None:
        """Lets happen what is due. Time never goes back."""
        self.now = max(self.now, at + self.skew)
        self.tree.time = self.profile.epoch + self.now
        self.objects = [each for each in self.objects if each.present]
        for each in self.objects:
            when = self._agent_time(each.agent)
            if when is not None and self.cut == "update" and when <= self.now:
                self.power_cut()
            each.agent.tick(self.now)

    def _agent_time(self, agent: UpdateAgent) -> float | None:
        until = agent.wake_at
        if until is not None and self.cut == "update":
            return until - self.firmware.install_seconds / 2
        return until

    def power_cut(self) -> None:
        """The power is cut and comes back: what is not kept is lost, the agents go on from what they kept."""
        self.cut = ""
        self.session, self._message = None, None
        self.keys.verifier.allowed.discard("default")
        self.wishes.clear()
        self._lanes = {DM: Lane(), CONTENT: Lane()}
        self.outbox.restarted(self.now)
        for each in self.objects:
            each.agent.resume(self.now)

    # -- sessions ----------------------------------------------------------------------------------------------------

    def wish(self, wish: Wish) -> None:
        """A session is to be opened as soon as there is none."""
        if len(self.wishes) < MAX_WISHES:
            self.wishes.append(wish)

    def _report(self, alert: Any) -> None:
        if not self.profile.version.startswith("1.1"):
            self.outbox.put(alert)

    def _request(self, lane: str) -> Request | None:
        request = self._dm_request() if lane == DM else self._content_request()
        if request is not None:
            self._lanes[lane].busy = True
        return request

    def _dm_request(self) -> Request | None:
        if self.session is None:
            self._open()
        session, message = self.session, self._message
        if session is None or message is None:
            return None
        self._message = None
        accept = ", ".join(media_type(encoding) for encoding in self.profile.encodings)
        headers = [
            ("Content-Type", session.media), ("Accept", accept), ("Accept-Charset", "utf-8"),
            ("Cache-Control", "no-store"), ("User-Agent", self.profile.client_version), *session.headers,
        ]
        return self.parts.transport().sent(Request("POST", session.url, headers, message))

    def _open(self) -> None:
        """Opens the next session that is wanted, if one is."""
        if self.wishes:
            wish = self.wishes.popleft()
        elif self.outbox.wants_session and self.outbox.retry_at <= self.now:
            wish = Wish()
        else:
            return
        if wish.nonce is not None:
            self.keys.verifier.allowed.add("default")
        if wish.request is not None:
            self.outbox.put(wish.request, once=True)
        self.session_number = self.session_number % 0xFFFE + 1
        self.session = self._new_session()
        number = wish.session_id or f"{self.session_number:X}"
        self._message = self.session.start(wish.alert_code, number, wish.nonce)

    def _new_session(self) -> ClientSession:
        profile = self.profile
        settings = ClientSettings(
            profile.device_id, profile.server_id, self.accounts.url, profile.dev_info(), profile.encoding,
            profile.version, self.accounts.authentication, profile.known, profile.max_msg_size, profile.max_obj_size,
            profile.large_objects, whole_atomics=profile.whole_atomics,
        )
        limit = profile.max_obj_size or _NO_LIMIT
        user = self.user if profile.ui else None
        executor = self.parts.executor(
            self.tree, Assembler(limit, profile.large_objects), self._exec, user, profile.encoding
        )
        authentication = self.parts.authentication(self.keys, self.accounts.authentication, profile.known, settings.tries)
        return self.parts.session(settings, authentication, executor, self.outbox.alerts)

    def _answered(self, lane: Lane, error: str) -> None:
        """The server answered, or did not."""
        session = self.session
        if session is None:
            return
        if error or lane.status != 200 or not lane.body or len(lane.body) > MAX_ANSWER:
            session.end(error or f"HTTP {lane.status} with {len(lane.body)} octets")
            self._session_over(session)
            return
        headers = {name.lower(): value for name, value in lane.headers}
        self.outbox.holding = True
        self._message = session.receive(bytes(lane.body), header(lane.headers, "content-type") or "", headers)
        self.outbox.release()
        for delivery in session.deliveries:
            self.outbox.take(delivery)
        session.deliveries.clear()
        if self._message is None:
            self._session_over(session)

    def _session_over(self, session: ClientSession) -> None:
        self.session = None
        self.keys.verifier.allowed.discard("default")
        self.accounts.settle()
        self.outbox.session_ended(bool(session.failed) or session.unanswered, self.now)

    # -- operations --------------------------------------------------------------------------------------------------

    def _content_request(self) -> Request | None:
        for each in self.objects:
            fetching = each.agent.retrieval is not None
            request = each.agent.request(self.now)
            if request is not None:
                lane = self._lanes[CONTENT]
                lane.agent, lane.notices = (each.agent, None) if fetching else (None, each.agent.notices)
                return request
        return None

    def _exec(self, uri: str, correlator: str | None, data: str) -> int:
        """Exec of a node: the DM status."""
        node = self.tree.find(uri)
        for each in self.objects:
            path = each.path_of(node.uri) if node is not None else None
            if path is not None:
                return each.exec(path, correlator, self.now)
        return 405

    def _changed(self, command: str, uri: str) -> None:
        self.accounts.changed(command, uri)
        if command == "Add" and uri.startswith(f"{INBOX}/"):
            self._deliver(uri)
        if command != "Replace":
            return
        for each in self.objects:
            path = each.path_of(uri)
            if path is not None:
                each.replaced(path, self.now)

    def _deliver(self, uri: str) -> None:
        """A management object came to the Inbox: it goes where objects of its kind are, or away (DM StdObj 5.3.4)."""
        node = self.tree.find(uri)
        if node is None or node.parent is None or node.parent.uri != INBOX:
            return
        wanted = {ACCOUNT: ROOT, MO_ID: self.profile.objects[0].rpartition("/")[0]}.get(node.type)
        if self.tree.move(node, wanted):
            self.accounts.changed("Add", node.uri)

    def _busy_lane(self) -> str:
        return next((name for name, lane in self._lanes.items() if lane.busy), DM)

    # -- over restarts -----------------------------------------------------------------------------------------------

    @property
    def kept(self) -> dict[str, Any]:
        """What a device must remember when its power is cut, as JSON. Packages are apart, in :attr:`packages`."""
        return memory.dump(self)

    @property
    def packages(self) -> dict[str, Source]:
        """The packages that :attr:`kept` names. One name never stands for two packages."""
        return {each.package_name: each.agent.package for each in self.objects if each.agent.package is not None}
