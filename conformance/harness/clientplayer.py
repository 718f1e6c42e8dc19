"""Plays a case against a device under test: the suite is its DM server, its content server and its operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.fumo.object import ALERT_NAMED
from conformance.harness import clientdownload, clienttrigger, outcome
from conformance.harness.choices import CONTENT_CERTIFICATES
from conformance.harness.clientsessions import MOST_SESSIONS
from conformance.harness.commands import Prepared, prepare
from conformance.harness.conversation import Conversation
from conformance.harness.interruption import interrupt, next_update, settled
from conformance.harness.manner import Manner
from conformance.harness.mischief import reply
from conformance.harness.statelook import state
from conformance.harness.vocabulary import COMMANDS, kind_of
from conformance.harness.waysessions import WaySessions
from conformance.judge.finding import INCONCLUSIVE
from conformance.judge.lookup import answers_of, lacked, refuses
from conformance.judge.operation import correlators, of_another_case
from conformance.judge.wanted import POLLED, generic_alerts, type_of
from conformance.syncml.model import Message, Results, text_of
from conformance.transcript import DEVICE, OPERATOR, SUITE

_IDLE, _UNDER_WAY, _BETWEEN = "10", {"30", "60"}, {"40", "50"}
"""Values of State: before an operation, while one goes on, and between the halves of DownloadAndUpdate."""
_POLLS, _LATE = 200, 2
"""How often State is read at most, and how often it may show that nothing has begun yet."""
_AFTERWARDS = 1.0
"""Seconds that the content server's own thread gets to see that a reply is out, before what was fetched is looked at."""


class ClientPlayer(WaySessions):
    """Plays the steps of one permutation in order. :meth:`play` raises :class:`outcome.Stop` where it ends early."""

    # -- the steps ---------------------------------------------------------------------------------------------------

    def play(self, steps: list[dict[str, Any]]) -> None:
        """Plays all steps, then ends the session that is open."""
        for number, step in enumerate(steps, 1):
            self.plays(str(number), step)
            if self.lost:
                break
        self.close()

    def plays(self, index: str, step: dict[str, Any]) -> None:
        """Plays one step; its number has a dot where it is part of another one."""
        kind = kind_of(step)
        if kind == "fetched":
            self.bench.shelf.calm(_AFTERWARDS)
        self.recorder.add("step", SUITE, SUITE, index=index, phase="begin", step=step)
        sent: list[dict[str, Any]] = []
        why = ""
        try:
            if kind in COMMANDS or kind == "together":
                sent = self._command(index, step)
                why = self.lost
            else:
                why = _STEPS[kind](self, step[kind], step.get("expect") or {}) or ""
        finally:
            self.recorder.add("step", SUITE, SUITE, index=index, phase="end", sent=sent, why=why)

    # -- sessions ----------------------------------------------------------------------------------------------------

    def _session(self, given: Any, expect: dict[str, Any]) -> str:
        kind = given["kind"] if isinstance(given, dict) else given
        self.close()
        self.manner = Manner.of(given.get("with") or {}) if isinstance(given, dict) else Manner()
        self.needs_way(self.manner, expect)
        if self.manner.shows or self.manner.redirect:
            came = self.open_unwelcome(kind)
        elif "tls" in expect:
            came = self.open_about_tls(kind)
        else:
            came = self._opened(kind, expect)
        self.value("comes", came, "a session")
        if came and self.talk and self.talk.first:
            self._first_message(self.talk, self.talk.first, kind, expect)
        return ""

    def _opened(self, kind: str, expect: dict[str, Any]) -> bool:
        """Opens a session. Where the step asks whether it comes, one that the device began and gave up is one that did not."""
        before = self.sessions
        try:
            return self.open(kind, wanted=expect.get("comes", True) is not False)
        except outcome.Stop as stop:
            if "comes" not in expect or self.sessions == before or stop.verdict != INCONCLUSIVE:
                raise
            return False

    def _first_message(self, talk: Conversation, first: Message, kind: str, expect: dict[str, Any]) -> None:
        """Writes down what a step may expect of the message that began a session."""
        if kind in ("user-request", "device-request"):
            types = [type_of(alert) for alert in generic_alerts(first)]
            wanted = ALERT_NAMED[kind]
            self.value(
                "type", wanted if wanted in types else (types[0] if types else None), "of the client initiated alert"
            )
        if "session_id" in expect:
            self.value("session_id", first.header.session_id, "of the session")
        if "credentials" in expect:
            shown = None if talk.shown == "absent" else talk.shown
            self.value("credentials", shown, "of the first message of the session")

    def _malformed(self, given: Any, expect: Any) -> str:
        """Answers with octets that are no message; the session is over by that, whatever the device does then."""
        given = given if isinstance(given, dict) else {"form": given}
        if self.talk is None or not self.talk.may_command:
            self.open()
        assert self.talk is not None
        wanted: dict[str, Any] = {"get": "./DevInfo/DevId"}
        if "node" in given:
            wanted = {"replace": {"node": given["node"], "data": given.get("data", "")}}
        self.talk.spoil(prepare(wanted, self.bench.shelf, self.talk.session).commands, given["form"])
        self.drain(self.bench.silence)
        return self.lost

    def _form(self, given: dict[str, Any], expect: Any) -> str:
        """Changes the form of messages in the middle of a session; a form without keys is the plain one again."""
        self.manner = replace(self.manner, xml=given.get("xml"), wbxml=given.get("wbxml"))
        if self.talk is not None:
            self.talk.write_as(self.manner)
        return ""

    # -- commands ----------------------------------------------------------------------------------------------------

    def _command(self, index: str, step: dict[str, Any]) -> list[dict[str, Any]]:
        """Sends the command of a step, waits for its answers; returns what was sent, for the judge."""
        if self.talk is None or not self.talk.may_command:
            self.open()
        talk = self.talk
        assert talk is not None
        prepared: Prepared = prepare(step, self.bench.shelf, talk.session)
        out, event = talk.answer(prepared.commands, large=prepared.large)
        sent = self._sent(index, prepared, out.message, event.n, talk.label)
        self._await_answer(talk)
        if prepared.large is not None and prepared.commands:
            sent[-1] |= self._last_chunk(talk.label, prepared.commands[-1].name, event.n)
            sent = self._by_other_size(index, step, prepared, sent)
        elif talk.session.refusals:
            sent = self._again(sent, prepared, talk.label)
        self._look_whether_lacked(step, sent)
        return sent

    def _by_other_size(
        self, index: str, step: dict[str, Any], prepared: Prepared, sent: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Sends an object again for a device that counts Size without Base64, and so found the right one wrong.

        A sender may do so after 424 (DM Protocol 7); the first answer is judged by the rule about sizes, as a warning.
        """
        large, talk = prepared.large, self.talk
        if large is None or talk is None or not talk.may_command or self.lost:
            return sent
        other = large.unencoded(talk.session.encoding)
        if other is None or answers_of(self.recorder.transcript, sent[-1]).code != "424":
            return sent
        again: Prepared = prepare(step, self.bench.shelf, talk.session)
        assert again.large is not None
        again.large.stated = other
        out, event = talk.answer(again.commands, large=again.large)
        sent = self._sent(index, again, out.message, event.n, talk.label)
        self._await_answer(talk)
        sent[-1] |= self._last_chunk(talk.label, again.commands[-1].name, event.n)
        return sent

    def _look_whether_lacked(self, step: dict[str, Any], sent: list[dict[str, Any]]) -> None:
        """A case ends where the device refuses an optional step as something that it does not have."""
        code = answers_of(self.recorder.transcript, sent[0]).code if sent and step.get("optional") else None
        if lacked(step, code):
            what = f"{sent[0]['command']} {sent[0]['node'] or ''}".strip()
            raise outcome.not_applicable(f"the device answers {what} with {code}: it does not have that", outcome.CLAIMS)

    def _await_answer(self, talk: Conversation) -> None:
        """Serves until the device has answered completely, or it is clear that it never will."""
        may_end = talk.manner.odd or talk.manner.tries
        if (self.await_package_or_rest if may_end else self.await_package)(self.times.message) and self.talk is talk:
            return
        if may_end and not self.lost and not self.bench.dead():
            return  # it took the form for no message, or gave the server up: the case goes on in another session
        if not self.lost:
            dead = self.bench.dead()
            another = self.talk is not talk
            if not dead and not another and (trouble := self.tls_trouble()) is not None:
                raise trouble
            self.lost = dead or (
                "the device began another session instead of answering"
                if another
                else f"the device did not answer within {self.times.message:g} s"
            )

    def _sent(self, index: str, prepared: Prepared, message: Message, event: int, label: str) -> list[dict[str, Any]]:
        wanted = {id(command) for command in prepared.flat}
        flat = [c for c in message.walk() if id(c) in wanted]
        return [
            {
                "step": part,
                "command": command.name,
                "cmd_id": command.cmd_id,
                "msg_id": message.header.msg_id,
                "event": event,
                "session": label,
                "node": command.items[0].target if command.items else "",
            }
            for part, command in zip(prepared.steps, flat, strict=False)
        ]

    def _again(self, sent: list[dict[str, Any]], prepared: Prepared, label: str) -> list[dict[str, Any]]:
        """Where the client wanted other credentials first, the commands went out again: those count."""
        for event in reversed(self.recorder.transcript.of("message")):
            decoded = event.decoded() if event.sender != DEVICE and event.data.get("session") == label else None
            if decoded is None:
                continue
            commands = [c for c in decoded.message.walk() if c.name == sent[0]["command"]] if sent else []
            if commands:
                flat = [c for c in decoded.message.walk() if c.name in {s["command"] for s in sent}]
                return [
                    {**entry, "cmd_id": command.cmd_id, "msg_id": decoded.message.header.msg_id, "event": event.n}
                    for entry, command in zip(sent, flat, strict=False)
                ]
        return sent

    def _last_chunk(self, label: str, name: str, since: int) -> dict[str, Any]:
        """The last piece of a large object that was sent: its Status is the command's."""
        for event in reversed(self.recorder.transcript.of("message")):
            if event.n < since or event.sender == DEVICE or event.data.get("session") != label:
                continue
            decoded = event.decoded()
            commands = [c for c in decoded.message.commands if c.name == name] if decoded else []
            if commands and decoded:
                return {"cmd_id": commands[-1].cmd_id, "msg_id": decoded.message.header.msg_id, "event": event.n}
        return {}

    # -- other steps -------------------------------------------------------------------------------------------------

    def _content(self, given: dict[str, Any], expect: Any) -> str:
        if given["fault"] in CONTENT_CERTIFICATES:
            self.show_content(given["fault"].removesuffix("-certificate"))
        else:
            self.bench.shelf.fault(given)
        return ""

    def _await(self, given: dict[str, Any], expect: Any) -> str:
        """Waits for the report of an operation, nudging a device that only speaks when asked."""
        if given.get("due") == "if-accepted" and self.exec_refused():
            return "refused"
        if self.talk is not None and self.talk.session.version == "1.1":
            return self._poll(given)
        wanted = ALERT_NAMED[given.get("alert", "download-and-update")]
        self.close()
        clock, within = self.recorder.clock, self._seconds(given.get("within", "operation"))
        deadline = clock.now() + within
        nudge = clock.now() + self.bench.silence
        pause = self.bench.silence
        since, most = self._last_exec(), self.sessions + MOST_SESSIONS
        due = 1 + self._awaited_since(since, wanted)
        while not self._reported(wanted, since, due):
            left = deadline - clock.now()
            if left <= 0 or self.bench.dead() or self.sessions > most:
                return self._unreported(wanted)
            fetched = len(self.recorder.transcript.events)
            if self.await_package(min(left, max(0.05, nudge - clock.now())), lambda: False):
                if not self._reported(wanted, since, due):
                    self.close()
                nudge = clock.now() + pause
                continue
            if len(self.recorder.transcript.events) == fetched and clock.now() >= nudge:
                pause = min(pause * 2, 30.0)
                nudge = clock.now() + pause
                self._nudge()
        self.value("operation-awaited", True, wanted)
        return ""

    def _poll(self, given: dict[str, Any]) -> str:
        """Reads State, in one session after the other, until the operation is over: how DM 1.1.2 learns a result."""
        root, pause = given.get("object", self.iut.objects[0]), self.bench.silence
        passing = _UNDER_WAY | (_BETWEEN if given.get("alert", "download-and-update") == "download-and-update" else set())
        deadline = self.recorder.clock.now() + self._seconds(given.get("within", "operation"))
        for turn in range(_POLLS):
            self.close()
            self.drain(pause)
            try:
                state = (self.reads(f"{root}/State") or "").strip()
            except outcome.Stop as stop:
                if stop.verdict != INCONCLUSIVE or self.recorder.clock.now() >= deadline:
                    raise
                continue  # it may be restarting
            begun = turn >= _LATE or state != _IDLE
            if self.lost or (begun and state not in passing) or self.recorder.clock.now() >= deadline:
                break
            pause = min(pause * 2, 30.0)
        return POLLED

    def _unreported(self, wanted: str) -> str:
        if self.bench.shelf.busy():
            return "unfinished"
        self.value("operation-awaited", True, wanted)
        return self.bench.dead() or "none came within the time for an operation"

    def _nudge(self) -> None:
        """Opens a plain session for a device that does not open one by itself to report (FUMO usage: either's making)."""
        self._look_at_hook()
        if not self.recorder.clock.virtual and self.pending_hook is None and self.bench.can("start_session client"):
            self._call_session("client", nudge=True)

    def _last_exec(self) -> int:
        ends = [e for e in self.recorder.transcript.of("step") if e.data["phase"] == "end"]
        events = [sent["event"] for e in ends for sent in e.data.get("sent", ()) if sent["command"] == "Exec"]
        return max(events, default=0)

    def exec_refused(self) -> bool:
        """Whether the last Exec was answered with an error."""
        ends = [e for e in self.recorder.transcript.of("step") if e.data["phase"] == "end"]
        execs = [sent for e in ends for sent in e.data.get("sent", ()) if sent["command"] == "Exec"]
        return bool(execs) and refuses(answers_of(self.recorder.transcript, execs[-1]).code)

    def _awaited_since(self, since: int, wanted: str) -> int:
        """How many reports of a type were waited for after the last Exec: a second is that of an operation that was queued."""
        values = (e.data for e in self.recorder.transcript.of("value") if e.n > since)
        return sum(data["name"] == "operation-awaited" and data["says"] == wanted for data in values)

    def _reported(self, wanted: str, since: int, due: int = 1) -> bool:
        """Whether so many reports of that type came since an event, without those of what an earlier case began."""
        transcript = self.recorder.transcript
        came, given = 0, correlators(transcript)
        for event in reversed(transcript.of("message")):
            if event.n <= since or came >= due:
                break
            decoded = event.decoded() if event.sender == DEVICE else None
            for alert in generic_alerts(decoded.message) if decoded else ():
                came += type_of(alert) == wanted and not of_another_case(alert, given)
        return came >= due and (not self.talk or self.talk.may_command or not self.talk.open)

    def _quiet(self, given: Any, expect: Any) -> str:
        """Sees that nothing more comes: a fence where the hook has one, else the silence time of the IUT file."""
        self.close()
        asked = given.get("for") if isinstance(given, dict) else given
        self.drain(self._seconds(asked or "silence"))
        return ""

    def _firmware(self, given: Any, expect: Any) -> str:
        """The firmware that runs: the hook says it, else DevDetail/FwV."""
        result = self.bench.call("firmware", {})
        if result is not None and isinstance(result.get("version"), str):
            self.value("version", result["version"], "of the firmware that runs (hook)")
            return ""
        index = self.recorder.transcript.of("step")[-1].data["index"]
        self.plays(f"{index}.1", {"get": "./DevDetail/FwV"})
        self.value("version", self._read_back("./DevDetail/FwV"), "of the firmware that runs (DevDetail/FwV)")
        return self.lost

    def present(self, nodes: list[str]) -> set[str]:
        """Those of the nodes that are in the device's tree, found by its child lists."""
        parents = dict.fromkeys(node.rpartition("/")[0] for node in nodes)
        found: set[str] = set()
        for parent in parents:
            if self.reads(parent) is not None:
                found |= {f"{parent}/{name}" for name in (self.reads(parent, again=False) or "").split("/")}
        return {node for node in nodes if node in found}

    def reads(self, node: str, *, again: bool = True) -> str | None:
        """The value of a node; ``None`` where the device gives none. ``again`` asks the device."""
        if again:
            self.plays("0", {"get": node})
        return self._read_back(node)

    def replaces(self, node: str, value: str) -> None:
        """Writes a value, whatever the device says to it."""
        self.plays("0", {"replace": {"node": node, "data": value}})

    def _read_back(self, node: str) -> str | None:
        for event in reversed(self.recorder.transcript.of("message")):
            decoded = event.decoded() if event.sender == DEVICE else None
            for command in decoded.message.commands if decoded else ():
                if isinstance(command, Results):
                    for item in command.items:
                        if item.source == node:
                            return text_of(item, command.meta_of(item))
        return None

    def _fetched(self, given: Any, expect: Any) -> str:
        return ""

    def _hook(self, given: dict[str, Any], expect: Any) -> str:
        self.bench.must(given["verb"], given.get("given") or {})
        return ""

    def _seconds(self, name: Any) -> float:
        if isinstance(name, str) and hasattr(self.times, name):
            return float(getattr(self.times, name))
        return float(name) * self.times.scale

    def value(self, name: str, value: Any, says: str) -> None:
        """Writes down something the suite measured."""
        self.recorder.add("value", OPERATOR, SUITE, name=name, value=value, says=says)


_STEPS: dict[str, Callable[[ClientPlayer, Any, dict[str, Any]], str]] = {
    "session": ClientPlayer._session,
    "malformed": ClientPlayer._malformed,
    "form": ClientPlayer._form,
    "close": ClientPlayer.close,
    "reply": reply,
    "interrupt": interrupt,
    "settled": settled,
    "next-update": next_update,
    "content": ClientPlayer._content,
    "await": ClientPlayer._await,
    "quiet": ClientPlayer._quiet,
    "state": state,
    "firmware": ClientPlayer._firmware,
    "fetched": ClientPlayer._fetched,
    "hook": ClientPlayer._hook,
    "notify": clienttrigger.notify,
    "descriptor": clientdownload.descriptor,
    "reported": clientdownload.reported,
}
