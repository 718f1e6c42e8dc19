"""The device that the suite plays against a server under test, with a transcript of all it says and hears."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from conformance.dm.clientsession import ClientSession
from conformance.dm.credentials import Account
from conformance.dm.interaction import Reaction
from conformance.dm.trigger import (
    APPLICATION_ID_FIELD,
    RESYNC_NONCES,
    Package0,
    Push,
    PushHeader,
    TriggerError,
    parse,
    parse_push,
)
from conformance.download.summary import SUMMARIZED, looks_like, summary
from conformance.fumo.object import State
from conformance.harness import outcome
from conformance.harness.approach import Approach
from conformance.harness.clock import VirtualClock
from conformance.harness.forms import malformed, refusable, styles
from conformance.harness.link import response_of
from conformance.harness.ownalert import OPERATIONS, alone, is_wrong
from conformance.harness.recorder import Recorder
from conformance.harness.scripted import NONE, Script, ScriptedDevice
from conformance.harness.settings import DeviceIdentity
from conformance.harness.trouble import Trouble, TroubledSession
from conformance.peers.device import CONTENT, DM
from conformance.peers.profile import DeviceProfile
from conformance.syncml.codec import Decoded, decode
from conformance.syncml.element import SyntaxFault
from conformance.transcript import DEVICE, SERVER, Event
from conformance.transport.exchange import Request, Response, header

if TYPE_CHECKING:
    from conformance.harness.serverbench import ServerBench

_REPORT = 4096
"""Octets of a status report that are written down."""
TURNS, SOME = 2000, 150
"""Exchanges of one step after which a server counts as endless; of a session that carries no package."""
_SCRIPTED = {
    "instant": "instant", "commands_per_message": "few", "late_alerts": "late", "session_id": "session_id",
    "ver_dtd": "ver_dtd", "ver_proto": "ver_proto", "send": "send",
    "statuses": "statuses", "devinfo": "devinfo", "lacks": "lacks", "order": "order", "resp_uri": "resp_uri",
}  # fmt: skip
NOTIFICATION_CODE, DM_CODE = 0x44, 0x07
"""Codes of the content type of trigger messages and of the application that takes them."""
"""Keys of the step ``device`` and what of the script they set."""
_APPROACH = ("certificate", "tls", "chunked")
"""Keys of the step ``device`` that say how it comes to the server."""


class OwnDevice:
    """Drives the scripted device: sends what it wants to send, writes down what crosses, moves its time."""

    def __init__(
        self, bench: ServerBench, recorder: Recorder, identity: DeviceIdentity, spoken: dict[str, str], name: str = "s"
    ) -> None:
        self.bench, self.recorder, self.name = bench, recorder, name
        self.script = Script(becomes=_becomes(bench))
        self.device = ScriptedDevice(self._profile(identity, spoken), self.script, seed=bench.cases)
        self.own_time = bench.clock if isinstance(bench.clock, VirtualClock) else VirtualClock()
        self.approach, self.about_tls = Approach(), False
        self._label, self._sessions = "", 0
        self._session: ClientSession | None = None
        self.moved = False
        """Whether a case has put the update objects elsewhere."""

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
            types=(),
        )  # fmt: skip

    def facts(self) -> dict[str, str]:
        """What the device says of itself, as the verb ``enrol`` wants it."""
        profile = self.device.profile
        names = ("manufacturer", "model", "firmware", "hardware", "language")
        return {name: getattr(profile, name) for name in names}

    def now(self) -> float:
        """The device's own time: it runs ahead of the world while operations take place."""
        return self.own_time.now() if self.own_time is self.bench.clock else self.own_time.now() + self.bench.clock.now()

    @property
    def root(self) -> str:
        """The update object that a case speaks of where it names none."""
        objects = self.bench.iut.objects
        return self.device.profile.objects[0] if self.moved else objects[0]

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
                setattr(profile, key, int(value) if key.startswith("max_") else value)
                fresh = True
            elif key == "object":
                profile.objects = tuple(value) if isinstance(value, list) else (str(value),)
                fresh = self.moved = True
            elif key == "dialect":
                self.device.become(value)
            elif key == "nonce":
                self.device.lose_nonce()
            elif key == "credentials":
                self.script.credentials = "" if value == "right" else value
                if value == NONE:
                    profile.authentication, profile.authentications = NONE, ()
                fresh = True
            elif key in ("xml", "wbxml"):
                self.script.xml, self.script.wbxml = styles(given)
            elif key in _SCRIPTED:
                setattr(self.script, _SCRIPTED[key], int(value) if key == "commands_per_message" else value)
            elif key in _APPROACH:
                self._come(key, value)
        if "trouble" in given:
            self.script.trouble = Trouble.of(given["trouble"])
        if fresh:
            self.device.fresh()
        if "result" in given:
            self.script.result = int(given["result"])
        if "state" in given:
            self.script.state = "" if given["state"] == "right" else str(given["state"])
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

    def _come(self, key: str, value: Any) -> None:
        if self.bench.way is None:
            raise outcome.not_applicable("there is no HTTP on the way to the server", outcome.STEERING)
        setattr(self.approach, key, value)

    def _report_so(self, wanted: dict[str, Any]) -> None:
        if not (wanted.get("alone") or "again" in wanted):
            self.script.report = wanted
            self._in_pieces(wanted)
            return
        alert = alone(wanted, self.device.profile.objects[0], self.script.reports)
        if alert is not None:
            self._in_pieces(wanted)
            if is_wrong(wanted):
                self.script.made.append(alert)
            self.device.outbox.put(alert, once=True)

    def _in_pieces(self, wanted: dict[str, Any]) -> None:
        self.script.piece, self.script.piece_size = int(wanted.get("piece", 0)), int(wanted.get("size", 0))

    # -- sessions ----------------------------------------------------------------------------------------------------

    def run_session(self) -> bool:
        """Plays the session that is wished, to its end; operations that were accepted wait. False: it had no end."""
        for _ in self.conversing():
            pass
        self.script.send = []
        return self.device.session is None

    def patience(self) -> int:
        """Messages of a session after which the server counts as endless: enough for the largest package three times."""
        room = max(500, (self.device.profile.max_msg_size or 65536) - 1500)
        sizes = [int(value) for name, value in self.bench.places().items() if name.startswith("size:")]
        return min(TURNS, SOME + 4 * max(sizes, default=0) // room)

    def conversing(self) -> Iterator[None]:
        """The same, one message and its answer at a time."""
        for _ in range(self.patience()):
            request = self.device.poll(self.now(), DM)
            if request is None:
                return
            self._exchange(request)
            yield

    def operate(self, result: Any = None) -> None:
        """Does what was accepted: downloads, installs, and reports in sessions of its own, until nothing is left."""
        for _ in self.operating(result):
            pass

    def operating(self, result: Any = None) -> Iterator[None]:
        """The same, one request and its answer at a time."""
        if result is not None:
            self.script.result = int(result)
        for _ in range(TURNS):
            request = self.device.poll(self.now(), CONTENT)
            if request is not None:
                self._fetch(request)
                yield
                continue
            request = self.device.poll(self.now(), DM)
            if request is not None:
                self._exchange(request)
                yield
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
        made = {"made": True} if self.device.made or self.approach.wrong else {}
        if refusable(self.script.xml, self.script.wbxml):
            made["refusable"] = True
        self.recorder.message(
            DEVICE, SERVER, request.body, _decoded(request.body, media), request.headers, direction="request",
            media=media, method=request.method, **common, **made,
        )  # fmt: skip
        response = self.bench.exchange(request, self.approach)
        if response.error == "tls" and self.bench.way is not None and not self.about_tls:
            raise outcome.error(self.bench.way.trouble(), setup=True)
        session = self.device.session
        if isinstance(session, TroubledSession) and session.twice:
            session.twice = False
            self._lost(response, common)
            self._exchange(request)
            return
        if isinstance(session, TroubledSession) and session.deaf:
            self._lost(response, common)
            self.device.receive(Response(0, [], b"", "closed"), self.now(), DM)
            return
        self.device.noting.facts = {}
        self.device.receive(_heard(response), self.now(), DM)
        media = header(response.headers, "content-type") or ""
        data: dict[str, Any] = {"direction": "response", "media": media, "status": response.status, **common}
        if response.error:
            data["error"] = response.error
        decoded = None
        try:
            read = session.read if session is not None else None
            decoded = read[1] if read is not None and read[0] == response.body else decode(response.body, media)
        except SyntaxFault as fault:
            data["fault"] = {"reason": fault.reason, "offset": fault.offset}
        facts = dict(self.device.noting.facts)
        self.recorder.message(SERVER, DEVICE, response.body, decoded, response.headers, facts=facts, **data)

    def _lost(self, response: Response, common: dict[str, Any]) -> None:
        """Writes down an answer of which the device says that it never came."""
        media = header(response.headers, "content-type") or ""
        self.recorder.message(
            SERVER, DEVICE, response.body, _decoded(response.body, media), response.headers, direction="response",
            media=media, status=response.status, error=response.error or "closed", **common,
        )  # fmt: skip

    def malformed(self, form: str) -> dict[str, bool]:
        """Begins a session with a message that is malformed. Whether the server refused it (HTTP 4xx or a Status 4xx), and
        whether it took it for a message (a Status 2xx for the SyncHdr)."""
        self.start("client")
        request = self.device.poll(self.now(), DM)
        if request is None:
            return {}
        self._name_session()
        profile, media = self.device.profile, header(request.headers, "content-type") or ""
        body = malformed(request.body, profile.encoding, form)
        headers = [(name, value) for name, value in request.headers if name.lower() != "content-length"]
        common: dict[str, Any] = {
            "exchange": self.recorder.next_exchange(), "session": self._label, "url": request.url, "made": True,
        }  # fmt: skip
        self.recorder.message(
            DEVICE, SERVER, body, None, headers, direction="request", media=media, method=request.method, **common
        )
        response = self.bench.exchange(Request(request.method, request.url, headers, body), self.approach)
        self.device.receive(Response(0, [], b"", "closed"), self.now(), DM)
        media = header(response.headers, "content-type") or ""
        decoded = _decoded(response.body, media)
        data: dict[str, Any] = {"direction": "response", "media": media, "status": response.status, **common}
        if response.error:
            data["error"] = response.error
        self.recorder.message(SERVER, DEVICE, response.body, decoded, response.headers, **data)
        status = decoded.message.header_status() if decoded else None
        code = (status.data or "")[:1] if status else ""
        return {"refused": 400 <= response.status < 500 or code == "4", "accepted": code == "2"}

    def said(self, event: Event) -> bool:
        """Whether a message belongs to a session of this device, and not to one of another device of the case."""
        return str(event.data.get("session", "")).removeprefix(self.name).isdigit()

    def _name_session(self) -> None:
        if self.device.session is not self._session:
            self._session = self.device.session
            self._sessions += 1
            self._label = f"{self.name}{self._sessions}"

    def _fetch(self, request: Request) -> None:
        """One request to a content server: the suite's own, or one that the server under test names."""
        reply = self.bench.content(request)
        if reply is not None:
            octets, headers = response_of(reply)
            status = int(headers.pop(":status"))
            error = headers.pop(":error", "")
            self.device.receive(Response(status, list(headers.items()), octets, error), self.now(), CONTENT)
            return
        response = self.bench.exchange(request, Approach())
        self.recorder.observer("http", DEVICE, SERVER)({
            "method": request.method, "url": request.url, "headers": request.headers, "status": response.status,
            "reply_headers": response.headers, "sent": len(response.body), "length": len(response.body), "fault": "",
            "error": response.error, "digest": "", "body": request.body[:_REPORT].decode("utf-8", "backslashreplace"),
            **_descriptor(request, response),
        })  # fmt: skip
        self.device.receive(response, self.now(), CONTENT)

    # -- triggers ----------------------------------------------------------------------------------------------------

    def trigger_event(self, datagram: bytes) -> dict[str, Any]:
        """A trigger message for the transcript: octets with the digest masked, fields, and whether the digest is right."""
        try:
            package = parse(parse_push(datagram).payload)
        except TriggerError as fault:
            return {"octets": datagram.hex(), "fields": {}, "fault": str(fault)}
        masked = datagram.hex().replace(package.digest.hex(), "*" * len(package.digest.hex()))
        fields = self.read_trigger(datagram)
        return {"octets": masked, "fields": fields, "facts": {"digest": fields.get("digest", "wrong")}}

    def read_trigger(self, datagram: bytes | None) -> dict[str, Any]:
        """The fields of a trigger message by the names of the step ``trigger``; nothing where it cannot be read."""
        try:
            push = parse_push(datagram or b"")
            package = parse(push.payload)
            notice = package.notification
        except TriggerError:
            return {}
        return {
            "version": notice.version, "future": notice.future, "ui_mode": notice.ui_mode, "initiator": notice.initiator,
            "session_id": notice.session_id, "server_id": notice.server_id, "content_type": push.media_type,
            "application": push.application, "coded": push.content_type == NOTIFICATION_CODE and _dm_code(push),
            "headers": push.headers_length, "digest": self._digest_of(package),
        }  # fmt: skip

    def _digest_of(self, package: Package0) -> str:
        """Whether the digest of a trigger is right, heals a lost nonce, or is wrong."""
        password = self.device.profile.server.password
        if package.verifies(password, self.device.agreed):
            return "right"
        return "healing" if any(package.verifies(password, nonce) for nonce in RESYNC_NONCES) else "wrong"


def _dm_code(push: Push) -> bool:
    """Whether the first header behind the content type is the application id of DM, both as codes."""
    return bool(push.headers) and push.headers[0] == PushHeader(APPLICATION_ID_FIELD, bytes([DM_CODE | 0x80]))


def _descriptor(request: Request, response: Response) -> dict[str, Any]:
    """What a descriptor that was fetched says, for the transcript; {} where none was."""
    media = header(response.headers, "content-type") or ""
    if request.method != "GET" or response.status != 200 or response.error or len(response.body) > SUMMARIZED:
        return {}
    return {"descriptor": summary(response.body, request.url)} if looks_like(response.body, media) else {}


def _becomes(bench: ServerBench) -> str:
    listed = bench.iut.packages.get("good", ())
    return listed[0].to if listed else ""


def _heard(response: Response) -> Response:
    """A response as the device takes it: a message is read whatever HTTP status came with it (DM-HTTP-006 is a SHOULD)."""
    if response.status < 400 or response.error or _decoded(response.body, header(response.headers, "content-type") or "") is None:
        return response
    return Response(200, response.headers, response.body)


def _decoded(octets: bytes, media: str) -> Decoded | None:
    try:
        return decode(octets, media)
    except SyntaxFault:
        return None
