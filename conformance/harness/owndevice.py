"""The device that the suite plays against a server under test, with a transcript of all it says and hears."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.dm.clientsession import ClientSession
from conformance.dm.credentials import Account
from conformance.dm.interaction import Reaction
from conformance.dm.trigger import RESYNC_NONCES, TriggerError, parse, parse_push
from conformance.fumo.object import State
from conformance.harness.clock import VirtualClock
from conformance.harness.link import response_of
from conformance.harness.ownalert import OPERATIONS, alone, is_wrong
from conformance.harness.recorder import Recorder
from conformance.harness.scripted import NONE, Script, ScriptedDevice
from conformance.harness.settings import DeviceIdentity
from conformance.peers.device import CONTENT, DM
from conformance.peers.profile import DeviceProfile
from conformance.syncml.codec import Decoded, decode
from conformance.syncml.element import SyntaxFault
from conformance.transcript import DEVICE, SERVER
from conformance.transport.exchange import Request, Response, header

if TYPE_CHECKING:
    from conformance.harness.serverbench import ServerBench

TURNS = 2000
"""Exchanges of one step after which a server counts as endless."""
_SCRIPTED = {"instant": "instant", "commands_per_message": "few", "late_alerts": "late", "send": "send"}
"""Keys of the step ``device`` and what of the script they set."""


class OwnDevice:
    """Drives the scripted device: sends what it wants to send, writes down what crosses, moves its time."""

    def __init__(self, bench: ServerBench, recorder: Recorder, identity: DeviceIdentity, spoken: dict[str, str]) -> None:
        self.bench, self.recorder = bench, recorder
        self.script = Script(becomes=_becomes(bench))
        self.device = ScriptedDevice(self._profile(identity, spoken), self.script, seed=bench.cases)
        self.own_time = bench.clock if isinstance(bench.clock, VirtualClock) else VirtualClock()
        self._label, self._sessions = "", 0
        self._session: ClientSession | None = None

    def _profile(self, identity: DeviceIdentity, spoken: dict[str, str]) -> DeviceProfile:
        iut = self.bench.iut
        facts = iut.device
        client, server = identity.client_credentials, identity.server_credentials
        return DeviceProfile(
            device_id=identity.device_id, server_id=iut.dm.server_id, server_url=self.bench.url,
            client=Account(client.username, client.password), server=Account(server.username, server.password),
            client_nonce=client.nonce, server_nonce=server.nonce, encoding=spoken["encoding"],
            authentication=spoken["authentication"], version=spoken["version"], objects=iut.objects,
            manufacturer=facts.get("manufacturer", "fumo-conformance"), model=facts.get("model", "Reference"),
            firmware=facts.get("firmware", "1.0"), hardware=facts.get("hardware", "A"), language=facts.get("language", "en"),
        )  # fmt: skip

    def facts(self) -> dict[str, str]:
        """What the device says of itself, as the verb ``enrol`` wants it."""
        profile = self.device.profile
        names = ("manufacturer", "model", "firmware", "hardware", "language")
        return {name: getattr(profile, name) for name in names}

    def now(self) -> float:
        """The device's own time: it runs ahead of the world while operations take place."""
        return self.own_time.now() if self.own_time is self.bench.clock else self.own_time.now() + self.bench.clock.now()

    # -- what a case wants -------------------------------------------------------------------------------------------

    def start(self, kind: str) -> None:
        """Wishes a session of that kind."""
        self.device.verb("start_session", {"kind": kind}, self.now())

    def trigger(self, datagram: bytes) -> None:
        """Takes a trigger message."""
        self.device.trigger(datagram, self.now())

    def change(self, given: dict[str, Any]) -> None:
        """Becomes another kind of device: keys of the step ``device``."""
        profile, fresh = self.device.profile, False
        for key, value in given.items():
            if key == "operations":
                profile.operations = tuple(OPERATIONS[name] for name in value)
                profile.package_by_dm = "update" in value
                fresh = True
            elif key in ("large_objects", "ui", "max_msg_size", "max_obj_size", "firmware", "version"):
                setattr(profile, key, value)
                fresh = True
            elif key == "credentials":
                self.script.credentials = value
                if value == NONE:
                    profile.authentication, profile.authentications = NONE, ()
                fresh = True
            elif key in _SCRIPTED:
                setattr(self.script, _SCRIPTED[key], value)
        if fresh:
            self.device.fresh()
        if "statuses" in given:
            self.script.exec_status = given["statuses"].get("Exec")
        if "result" in given:
            self.script.result = int(given["result"])
        if "answer" in given:
            answer = given["answer"]
            reaction = Reaction(answer["reply"], tuple(answer.get("choices", ())), str(answer.get("text", "")))
            self.device.user.queue(str(answer["alert"]), reaction)
        if "package" in given:
            agent = self.device.objects[0].agent
            agent.keep(self.bench.shelf.source(given["package"]))
            agent.state = State.READY_TO_UPDATE
        if "report" in given:
            self._report_so(given["report"])

    def _report_so(self, wanted: dict[str, Any]) -> None:
        if not (wanted.get("alone") or "again" in wanted):
            self.script.report = wanted
            return
        alert = alone(wanted, self.device.profile.objects[0], self.script.reports)
        if alert is not None:
            if is_wrong(wanted):
                self.script.made.append(alert)
            self.device.outbox.put(alert, once=True)

    # -- sessions ----------------------------------------------------------------------------------------------------

    def run_session(self) -> None:
        """Plays the session that is wished, to its end; operations that were accepted wait."""
        for _ in range(TURNS):
            request = self.device.poll(self.now(), DM)
            if request is None:
                break
            self._exchange(request)
        self.script.send = []

    def operate(self, result: Any = None) -> None:
        """Does what was accepted: downloads, installs, and reports in sessions of its own, until nothing is left."""
        if result is not None:
            self.script.result = int(result)
        for _ in range(TURNS):
            request = self.device.poll(self.now(), CONTENT)
            if request is not None:
                self._fetch(request)
                continue
            request = self.device.poll(self.now(), DM)
            if request is not None:
                self._exchange(request)
                continue
            wake = self.device.wake_at
            if wake is None or wake > self.now() + 7200:
                return
            self.own_time.move_to(self.own_time.now() + max(0.001, wake - self.now()))

    def _exchange(self, request: Request) -> None:
        """One DM message of the device and the answer of the server."""
        self._name_session()
        number = self.recorder.next_exchange()
        media = header(request.headers, "content-type") or ""
        common: dict[str, Any] = {"exchange": number, "session": self._label, "url": request.url}
        made = {"made": True} if self.device.made else {}
        self.recorder.message(
            DEVICE, SERVER, request.body, _decoded(request.body, media), request.headers, direction="request",
            media=media, method=request.method, **common, **made,
        )  # fmt: skip
        response = self.bench.exchange(request)
        self.device.noting.facts = {}
        self.device.receive(response, self.now(), DM)
        media = header(response.headers, "content-type") or ""
        data: dict[str, Any] = {"direction": "response", "media": media, "status": response.status, **common}
        if response.error:
            data["error"] = response.error
        decoded = None
        try:
            decoded = decode(response.body, media)
        except SyntaxFault as fault:
            data["fault"] = {"reason": fault.reason, "offset": fault.offset}
        facts = dict(self.device.noting.facts)
        self.recorder.message(SERVER, DEVICE, response.body, decoded, response.headers, facts=facts, **data)

    def _name_session(self) -> None:
        if self.device.session is not self._session:
            self._session = self.device.session
            self._sessions += 1
            self._label = f"s{self._sessions}"

    def _fetch(self, request: Request) -> None:
        """One request to a content server: the suite's own, or one that the server under test names."""
        reply = self.bench.content(request)
        if reply is not None:
            octets, headers = response_of(reply)
            status = int(headers.pop(":status"))
            error = headers.pop(":error", "")
            self.device.receive(Response(status, list(headers.items()), octets, error), self.now(), CONTENT)
            return
        response = self.bench.exchange(request)
        self.recorder.observer("http", DEVICE, SERVER)({
            "method": request.method, "url": request.url, "headers": request.headers, "status": response.status,
            "reply_headers": response.headers, "sent": len(response.body), "length": len(response.body), "fault": "",
            "error": response.error, "digest": "", "body": "",
        })  # fmt: skip
        self.device.receive(response, self.now(), CONTENT)

    # -- triggers ----------------------------------------------------------------------------------------------------

    def trigger_event(self, datagram: bytes) -> dict[str, Any]:
        """A trigger message for the transcript: octets with the digest masked, fields, and whether the digest is right."""
        try:
            package = parse(parse_push(datagram).payload)
        except TriggerError as fault:
            return {"octets": datagram.hex(), "fields": {}, "fault": str(fault)}
        password = self.device.profile.server.password
        right = package.verifies(password, self.device.noting.current)
        healing = any(package.verifies(password, nonce) for nonce in RESYNC_NONCES)
        masked = datagram.hex().replace(package.digest.hex(), "*" * len(package.digest.hex()))
        facts = {"digest": "right" if right else "healing" if healing else "wrong"}
        return {"octets": masked, "fields": self.read_trigger(datagram), "facts": facts}

    def read_trigger(self, datagram: bytes | None) -> dict[str, Any]:
        """The fields of a trigger message by the names of the step ``trigger``; nothing where it cannot be read."""
        try:
            push = parse_push(datagram or b"")
            notice = parse(push.payload).notification
        except TriggerError:
            return {}
        return {
            "version": notice.version, "future": notice.future, "ui_mode": notice.ui_mode, "initiator": notice.initiator,
            "session_id": notice.session_id, "server_id": notice.server_id, "content_type": push.media_type,
            "application": push.application,
        }  # fmt: skip


def _becomes(bench: ServerBench) -> str:
    listed = bench.iut.packages.get("good", ())
    return listed[0].to if listed else ""


def _decoded(octets: bytes, media: str) -> Decoded | None:
    try:
        return decode(octets, media)
    except SyntaxFault:
        return None
