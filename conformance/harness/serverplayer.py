"""Plays a case against a server under test: the suite is its device, its content server and its operator."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from conformance.harness import outcome, serverfetch
from conformance.harness.crowd import crowd
from conformance.harness.owndevice import OwnDevice
from conformance.harness.recorder import Recorder
from conformance.harness.settings import DeviceIdentity
from conformance.harness.vocabulary import kind_of
from conformance.judge.lookup import commanded
from conformance.judge.matcher import match
from conformance.syncml.codes import NEXT_MESSAGE, NO_END_OF_DATA, SESSION_ABORT
from conformance.syncml.model import Alert
from conformance.transcript import DEVICE, OPERATOR, SERVER, SUITE

if TYPE_CHECKING:
    from conformance.harness.serverbench import ServerBench

_CHOICES = {"accept": 1, "defer": 2, "reject": 3}
"""Numbers of the choices about an update where the server does not tell its own (attach contract 2, verb campaign)."""
_OF_THE_WAY = {"tls", "certificate", "requests_certificate"}
"""What a ``session`` may expect of the connection to the server."""
_STEERING = (NEXT_MESSAGE, SESSION_ABORT, NO_END_OF_DATA)
"""Alerts of a server that command nothing."""
_PAUSE = threading.Event()
"""Never set: waiting for it is a pause between two questions to the hook."""


class ServerPlayer:
    """Plays the steps of one permutation in order."""

    def __init__(
        self, bench: ServerBench, recorder: Recorder, identity: DeviceIdentity, spoken: dict[str, str]
    ) -> None:
        self.bench, self.recorder, self.identity = bench, recorder, identity
        dm = bench.iut.dm
        self.spoken = {
            "encoding": spoken.get("encoding", dm.encodings[0]),
            "authentication": spoken.get("authentication", dm.authentication[0]),
            "version": spoken.get("version", dm.versions[0]),
        }
        self.device = OwnDevice(bench, recorder, identity, self.spoken)
        self.campaign: dict[str, Any] = {}
        """The answer to the last plan, and to the last plan for each object."""
        self.campaigns: dict[str, dict[str, Any]] = {}
        self._planned = 0
        """Place in the transcript of the newest plan, 0 where there was none."""
        self.datagram: bytes | None = None
        self.fetched = serverfetch.Fetched()

    def enrol(self) -> None:
        """Makes the device known to the server; a server that cannot enrol must know it already."""
        self.enrol_as(self.identity, self.device)

    def enrol_as(self, identity: DeviceIdentity, device: OwnDevice) -> dict[str, Any] | None:
        """Makes a device known under an identity; ``None`` where the server cannot enrol."""
        iut = self.bench.iut
        return self.bench.call(
            "enrol",
            {
                "device_id": identity.device_id,
                "server_id": iut.dm.server_id,
                "client_credentials": identity.client_credentials.as_dict(),
                "server_credentials": identity.server_credentials.as_dict(),
                "object": iut.objects[0],
                "notify": self.bench.notify_url,
                "device": device.facts(),
                **self.spoken,
            },
        )

    def play(self, steps: list[dict[str, Any]]) -> None:
        """Plays all steps; stops where the server has ended."""
        for number, step in enumerate(steps, 1):
            kind = kind_of(step)
            index = str(number)
            self.recorder.add("step", SUITE, SUITE, index=index, phase="begin", step=step)
            why = ""
            try:
                why = _STEPS[kind](self, step[kind], step.get("expect") or {}) or ""
            finally:
                self.recorder.add("step", SUITE, SUITE, index=index, phase="end", sent=[], why=why)
            if self.bench.dead():
                break

    # -- what the operator asks ----------------------------------------------------------------------------------------

    def _campaign(self, given: dict[str, Any], expect: Any) -> str:
        wish = self.wish(given, self.identity)
        self._plan("campaign", wish)
        return ""

    def _plan(self, verb: str, wish: dict[str, Any]) -> None:
        self.campaign = self.campaigns[wish["object"]] = self.bench.must(verb, wish)
        self._planned = len(self.recorder.transcript) + 1

    def wish(self, given: dict[str, Any], identity: DeviceIdentity) -> dict[str, Any]:
        """What the verb ``campaign`` gets for a device."""
        purpose = given.get("package", "good")
        package = self.bench.shelf.package(purpose)
        places = self.bench.places()
        shown = {
            "url": places[f"url:{purpose}"] + (f"?{given['query']}" if "query" in given else ""),
            "name": package.path.stem,
            "version": package.to or "",
            "type": package.type,
        }
        own = given.get("host") == "server"
        if given.get("descriptor") and not own:
            shown["descriptor_url"] = places[f"descriptor:{purpose}"]
        if self.bench.process is not None or self.bench.adapter is not None:
            shown["path"] = str(package.path)
        wish = {
            "device_id": identity.device_id,
            "object": given.get("object", self.device.root),
            "way": given.get("way", "download-and-update"),
            "package": shown,
            "host": given.get("host", "suite"),
            "notify": given.get("notify", False),
            "consent": given.get("consent", "none"),
        }
        if given.get("descriptor") and own:
            wish["descriptor"] = True
        if "defer_minutes" in given:
            wish["defer_minutes"] = given["defer_minutes"]
        return wish

    def _plan_update(self, given: Any, expect: Any) -> str:
        given = given if isinstance(given, dict) else {}
        wish = {
            "device_id": self.identity.device_id,
            "object": given.get("object", self.device.root),
            "notify": given.get("notify", False),
        }
        self._plan("update", wish)
        return ""

    def _up_to_date(self, given: Any, expect: Any) -> str:
        self.bench.must("up_to_date", {"device_id": self.identity.device_id})
        return ""

    def _outcome(self, given: Any, expect: dict[str, Any]) -> str:
        """Asks what the server believes, again until it fits or the time for an operation has passed."""
        given = given if isinstance(given, dict) else {}
        wish = {"device_id": self.identity.device_id, "object": given.get("object", self.device.root)}
        answer = self.believed(wish, self.campaigns.get(wish["object"], {}), expect)
        for key in expect:
            self.value(key, answer.get(key), "of the campaign, as the server tells its operator")
        return ""

    def believed(self, wish: dict[str, Any], campaign: dict[str, Any], expect: dict[str, Any]) -> dict[str, Any]:
        """What the server says of a campaign: ``wish`` names device and object, ``campaign`` is the answer to its plan."""
        wish = {key: wish[key] for key in ("device_id", "object")}
        if "id" in campaign:
            wish["id"] = campaign["id"]
        clock = self.bench.clock
        deadline = clock.now() + self.bench.iut.timeouts.operation
        pause = 0.02
        while True:
            answer = self.bench.must("outcome", wish)
            fits = all(match(wanted, _shown(answer.get(key))).outcome != "broken" for key, wanted in expect.items())
            if fits or clock.virtual or clock.now() >= deadline:
                return answer
            _PAUSE.wait(pause)
            pause = min(pause * 2, 1.0)

    # -- what the device does ------------------------------------------------------------------------------------------

    def _session(self, given: Any, expect: dict[str, Any]) -> str:
        """The device opens a session and plays it to its end."""
        if _OF_THE_WAY & set(expect) and self.bench.way is None:
            raise outcome.not_applicable("there is no TLS on the way to the server", outcome.STEERING)
        asked = bool(_OF_THE_WAY & set(expect))
        self.device.about_tls = asked or self.device.approach.wrong
        kind = given["kind"] if isinstance(given, dict) else given
        if kind == "server-initiated":
            datagram = self.datagram or self._next_trigger(self.bench.iut.timeouts.connect)
            if datagram is None:
                return "no trigger message came"
            self.datagram = None
            self.device.trigger(datagram)
        else:
            self.device.start("client" if kind == "any" else kind)
        ended = self.device.run_session()
        if ended and self._only_looked():
            self.device.start("client")
            ended = self.device.run_session()
        if "ends" in expect:
            self.value("ends", ended, "the session, within what a session may take")
        if asked and self.bench.way is not None:
            for key, value in self.bench.way.facts(expect).items():
                self.value(key, value, "of the connection to the server")
        return ""

    def _only_looked(self) -> bool:
        """Whether a server with a new plan has read something and commanded nothing: one that looks in a session of its own
        gets another one."""
        if not self._planned or self.device.script.trouble.fired:
            return False
        names = {
            each.command.name for each in commanded(self.recorder.transcript)
            if each.event.n >= self._planned and self.device.said(each.event)
            and not (isinstance(each.command, Alert) and each.command.data in _STEERING)
        }  # fmt: skip
        if names - {"Get", "Sequence"}:
            self._planned = 0
        return names in ({"Get"}, {"Get", "Sequence"})

    def _malformed(self, given: Any, expect: Any) -> str:
        """The device sends octets that are no message, and gives its session up."""
        found = self.device.malformed(given["form"] if isinstance(given, dict) else given)
        for key, value in found.items():
            self.value(key, value, "the malformed message")
        return "" if found else "the device had no message to send"

    def _trigger(self, given: Any, expect: dict[str, Any]) -> str:
        within = self.bench.iut.timeouts.connect
        wanted = expect.get("comes", True)
        wanted = wanted.get("expect") if isinstance(wanted, dict) else wanted
        optional = wanted is False or isinstance(wanted, list)
        if optional:
            within = self.bench.silence
        came = self._next_trigger(within)
        self.value("comes", came is not None, "a trigger message")
        if came is None:  # one that came before, and was not answered, is still good for a session
            return "" if optional else "no trigger message came"
        self.datagram = came
        for key, value in self.device.read_trigger(self.datagram).items():
            self.value(key, value, "of the trigger message")
        return ""

    def _next_trigger(self, seconds: float) -> bytes | None:
        datagram = self.bench.next_trigger(seconds)
        if datagram is not None:
            self.recorder.add("trigger", SERVER, DEVICE, **self.device.trigger_event(datagram))
        return datagram

    def _device(self, given: dict[str, Any], expect: Any) -> str:
        answer = given.get("answer") or {}
        if "choose" in answer:
            choices = {**_CHOICES, **(self.campaign.get("choices") or {})}
            given = {**given, "answer": {**answer, "choices": [choices[answer["choose"]]]}}
        self.device.change(given)
        return ""

    def _operate(self, given: Any, expect: Any) -> str:
        """The device does what it accepted, and reports it in a session of its own."""
        self.device.operate(given.get("result") if isinstance(given, dict) else given)
        return ""

    def _quiet(self, given: Any, expect: Any) -> str:
        """Nothing more comes from a server by itself but trigger messages."""
        datagram = self._next_trigger(self.bench.silence)
        if datagram is not None:
            self.datagram = datagram
        return ""

    def _content(self, given: dict[str, Any], expect: Any) -> str:
        self.bench.shelf.fault(given)
        return ""

    def _hook(self, given: dict[str, Any], expect: Any) -> str:
        self.bench.must(given["verb"], given.get("given") or {})
        return ""

    def _nothing(self, given: Any, expect: Any) -> str:
        return ""

    def value(self, name: str, value: Any, says: str) -> None:
        """Writes down something the suite measured."""
        self.recorder.add("value", OPERATOR, SUITE, name=name, value=value, says=says)


def _shown(value: Any) -> str | None:
    return None if value is None else str(value)


_STEPS: dict[str, Callable[[ServerPlayer, Any, dict[str, Any]], str]] = {
    "session": ServerPlayer._session,
    "malformed": ServerPlayer._malformed,
    "close": ServerPlayer._nothing,
    "content": ServerPlayer._content,
    "quiet": ServerPlayer._quiet,
    "fetch": serverfetch.fetch,
    "hook": ServerPlayer._hook,
    "campaign": ServerPlayer._campaign,
    "plan-update": ServerPlayer._plan_update,
    "up-to-date": ServerPlayer._up_to_date,
    "device": ServerPlayer._device,
    "trigger": ServerPlayer._trigger,
    "operate": ServerPlayer._operate,
    "commanded": ServerPlayer._nothing,
    "fetched": ServerPlayer._nothing,
    "answered": ServerPlayer._nothing,
    "outcome": ServerPlayer._outcome,
    "crowd": crowd,
}

__all__ = ["ServerPlayer", "outcome"]
