"""Plays a case against a device under test: the suite is its DM server, its content server and its operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from conformance.dm.serversession import ServerSettings
from conformance.harness import outcome
from conformance.harness.commands import Prepared, prepare
from conformance.harness.conversation import ENDLESS, Conversation
from conformance.harness.hooks import Outcome, Pending
from conformance.harness.link import Incoming
from conformance.harness.recorder import Recorder
from conformance.harness.vocabulary import COMMANDS, kind_of
from conformance.judge.expectation import ALERT_TYPES, generic_alerts, type_of
from conformance.syncml.codec import decode
from conformance.syncml.element import SyntaxFault
from conformance.syncml.model import Message, Results, text_of
from conformance.transcript import DEVICE, OPERATOR, SUITE
from conformance.transport.exchange import header

if TYPE_CHECKING:
    from conformance.harness.clientbench import ClientBench

_PATIENCE = 0.25
"""Seconds for which a session stays open while the hook works; a hook that takes longer may be waiting for its end."""
SESSION_KINDS = ("server-initiated", "client", "user-request", "device-request", "any")


class ClientPlayer:
    """Plays the steps of one permutation in order. :meth:`play` raises :class:`outcome.Stop` where it ends early."""

    def __init__(self, bench: ClientBench, recorder: Recorder) -> None:
        self.bench, self.recorder = bench, recorder
        self.iut, self.times = bench.iut, bench.iut.timeouts
        self.talk: Conversation | None = None
        self.sessions = 0
        self.lost = ""
        """Why the session broke down, where it did: what comes after is not judged."""
        self.strange = ""
        """Why what came last is no message, where anything of the kind came."""
        self.pending_hook: Pending | None = None
        self._hook_kind, self._nudging = "", False

    # -- the steps ---------------------------------------------------------------------------------------------------

    def play(self, steps: list[dict[str, Any]]) -> None:
        """Plays all steps, then ends the session that is open."""
        for number, step in enumerate(steps, 1):
            self._step(str(number), step)
            if self.lost:
                break
        self.close()

    def _step(self, index: str, step: dict[str, Any]) -> None:
        kind = kind_of(step)
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
        came = self.open(kind, wanted=expect.get("comes", True) is not False)
        self.value("comes", came, "a session")
        if came and self.talk and self.talk.first and kind in ("user-request", "device-request"):
            types = [type_of(alert) for alert in generic_alerts(self.talk.first)]
            wanted = ALERT_TYPES[kind]
            self.value(
                "type", wanted if wanted in types else (types[0] if types else None), "of the client initiated alert"
            )
        return ""

    def open(self, kind: str = "any", *, wanted: bool = True) -> bool:
        """Opens a session of that kind; True when the device waits for commands.

        A session that does not come although it is wanted ends the case as inconclusive (attach contract 3).
        """
        if kind == "any":
            kind = "client" if self.bench.can("start_session client") else "server-initiated"
        tries = [
            "client" if kind == "server-initiated" and i == 1 else kind
            for i in range(3 if kind == "server-initiated" else 1)
        ]
        for attempt in tries:
            self._ask(attempt)
            if self.await_package(self.times.connect if wanted else self.bench.silence):
                if attempt == kind:
                    return True
                self.close()
            if not wanted:
                return False
            if attempt == "server-initiated" and not self.bench.can("start_session client"):
                break
        dead = self.bench.dead()
        if dead:
            raise outcome.error(f"no session came after {self._asked(kind)}: {dead}")
        strange = f"; what came is no SyncML message: {self.strange}" if self.strange else ""
        raise outcome.inconclusive(
            self.lost or f"no session came within {self.times.connect:g} s after {self._asked(kind)}{strange}",
            setup=not self.sessions,
        )

    def _asked(self, kind: str) -> str:
        return "a trigger message" if kind == "server-initiated" else f"start_session ({kind})"

    def _ask(self, kind: str) -> None:
        """Sends a trigger or calls start_session; what the hook says of it is looked at while the suite serves."""
        if kind == "server-initiated":
            self.bench.trigger(self.recorder)
            return
        self._call_session(kind)
        self._look_at_hook()

    def _call_session(self, kind: str, *, nudge: bool = False) -> None:
        """Calls start_session; the call may return at once or after the whole session."""
        self.pending_hook = self.bench.steering.call_async("start_session", {"kind": kind})
        self._hook_kind, self._nudging = kind, nudge
        self.pending_hook.when_done(self.bench.link.touch)

    def _look_at_hook(self) -> None:
        """What start_session came to, as soon as it is known. That a nudge fails means nothing."""
        pending = self.pending_hook
        if pending is None or not pending.done():
            return
        self.pending_hook = None
        result = pending.outcome()
        if self._nudging or result.kind == "done":
            return
        if result.kind == "cannot":
            self.bench.cannot.add(f"start_session {self._hook_kind}")
            raise outcome.not_applicable(f"the hook cannot start_session ({self._hook_kind})", outcome.STEERING)
        if self.talk is None:
            raise outcome.error(f"start_session failed: {result.note}")

    def serve(self, pending: Pending) -> Outcome:
        """Waits for a call of the hook, serving what comes meanwhile.

        A call waits behind start_session, which may wait for our answer: then the open session is ended first.
        """
        clock = self.recorder.clock
        pending.when_done(self.bench.link.touch)
        patience = clock.now() + (0.0 if self.pending_hook is not None else _PATIENCE)
        while not pending.done():
            if self.talk is not None and self.talk.open and clock.now() >= patience:
                self.close()
            if self.await_package(max(_PATIENCE, patience - clock.now()), pending.done):
                self.close()
        return pending.outcome()

    def await_package(self, seconds: float, until: Callable[[], bool] | None = None) -> bool:
        """Serves until a complete package of the client waits for the player; False where none came in time."""
        clock = self.recorder.clock
        deadline = clock.now() + seconds
        while True:
            incoming = self.bench.link.next(max(0.0, deadline - clock.now()), self._watch(until))
            if incoming is None:
                self._look_at_hook()
                if until is not None and until():
                    return False
                if clock.now() >= deadline or self.bench.dead():
                    return False
                continue
            if self.take(incoming):
                return True
            if self.lost:
                return False
            deadline = max(deadline, clock.now() + self.times.message)

    def _watch(self, until: Callable[[], bool] | None) -> Callable[[], bool]:
        def look() -> bool:
            hook = self.pending_hook
            ended = hook is not None and hook.done() and hook.outcome().kind != "done"
            return bool(ended or self.bench.dead() or (until is not None and until()))

        return look

    def take(self, incoming: Incoming) -> bool:
        """Takes one request; answers it alone where the protocol leaves no choice. True where the player may command."""
        talk = self._talk_of(incoming)
        received = talk.take(incoming)
        if received.message is None:
            talk.refuse()
            self.strange = str(received.fault)
            self._endless(talk)
            return False
        if received.message.header.source not in (self.iut.dm.device_id, None) and talk.answered_alone == 0:
            found = received.message.header.source
            talk.answer()
            raise outcome.error(
                f"the session came from {found!r}, the IUT file says device_id {self.iut.dm.device_id!r}",
                setup=True,
            )
        if talk.may_command:
            return True
        if not talk.session.sending_large and self._endless(talk):
            talk.refuse()
            return False
        talk.answer()
        if received.aborted:
            self.lost = self.lost or "the device aborted the session (Alert 1223)"
        return False

    def _endless(self, talk: Conversation) -> bool:
        """Counts a message that the suite answers by itself; true where there were too many of them."""
        talk.answered_alone += 1
        if talk.answered_alone > ENDLESS:
            self.lost = f"the session went on for {ENDLESS} messages without coming to an end"
        return talk.answered_alone > ENDLESS

    def _talk_of(self, incoming: Incoming) -> Conversation:
        request = incoming.request
        try:
            message: Message | None = decode(request.body, header(request.headers, "content-type") or "").message
        except SyntaxFault:
            message = None
        if self.talk is not None and (message is None or self.talk.belongs(message)):
            return self.talk
        self.release()  # the old session may be half open for good, but its request shall not hang
        self.sessions += 1
        settings = ServerSettings(self.iut.dm.server_id, self.bench.link.dm_url)
        self.talk = Conversation(f"s{self.sessions}", settings, self.bench.keys, self.recorder)
        return self.talk

    def close(self, given: Any = None, expect: Any = None) -> str:
        """Ends the open session with a package that holds Statuses only, and sees that the device keeps silent."""
        if self.talk is not None and self.talk.open:
            self.talk.answer()
        return ""

    def release(self) -> None:
        """Lets go of a request that still waits, whatever happened."""
        if self.talk is not None and self.talk.open:
            self.talk.answer()

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
        elif talk.session.refusals:
            sent = self._again(sent, prepared, talk.label)
        return sent

    def _await_answer(self, talk: Conversation) -> None:
        """Serves until the device has answered completely, or it is clear that it never will."""
        if self.await_package(self.times.message) and self.talk is talk:
            return
        if not self.lost:
            dead = self.bench.dead()
            another = self.talk is not talk
            self.lost = dead or (
                "the device began another session instead of answering"
                if another
                else f"the device did not answer within {self.times.message:g} s"
            )

    def _sent(self, index: str, prepared: Prepared, message: Message, event: int, label: str) -> list[dict[str, Any]]:
        flat = [c for c in message.walk() if any(c is p for p in prepared.flat)]
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
        self.bench.shelf.fault(given)
        return ""

    def _await(self, given: dict[str, Any], expect: Any) -> str:
        """Waits for the report of an operation, nudging a device that only speaks when asked."""
        wanted = ALERT_TYPES[given.get("alert", "download-and-update")]
        self.close()
        clock, within = self.recorder.clock, self._seconds(given.get("within", "operation"))
        deadline = clock.now() + within
        nudge = clock.now() + self.bench.silence
        pause = self.bench.silence
        since = self._last_exec()
        while not self._reported(wanted, since):
            left = deadline - clock.now()
            if left <= 0 or self.bench.dead():
                return self._unreported(since)
            fetched = len(self.recorder.transcript.events)
            if self.await_package(min(left, max(0.05, nudge - clock.now())), lambda: False):
                if not self._reported(wanted, since):
                    self.close()
                nudge = clock.now() + pause
                continue
            if len(self.recorder.transcript.events) == fetched and clock.now() >= nudge:
                pause = min(pause * 2, 30.0)
                nudge = clock.now() + pause
                self._nudge()
        self.value("operation-awaited", True, "")
        return ""

    def _unreported(self, since: int) -> str:
        if self.bench.shelf.busy():
            return "unfinished"
        self.value("operation-awaited", True, "")
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

    def _reported(self, wanted: str, since: int) -> bool:
        for event in reversed(self.recorder.transcript.events):
            if event.n <= since:
                return False
            if event.kind == "message" and event.sender == DEVICE:
                decoded = event.decoded()
                if decoded and any(type_of(alert) == wanted for alert in generic_alerts(decoded.message)):
                    return not self.talk or self.talk.may_command or not self.talk.open
        return False

    def _quiet(self, given: Any, expect: Any) -> str:
        """Sees that nothing more comes: a fence where the hook has one, else the silence time of the IUT file."""
        self.close()
        asked = given.get("for") if isinstance(given, dict) else given
        self.drain(self._seconds(asked or "silence"))
        return ""

    def drain(self, seconds: float) -> None:
        """Serves what still comes until the device says that it is idle, or nothing came for ``seconds``."""
        clock = self.recorder.clock
        if not clock.virtual and self.bench.idle(seconds):
            seconds = 0.0
        deadline = clock.now() + seconds
        while self.await_package(max(0.0, deadline - clock.now())):
            self.close()
            deadline = clock.now() + seconds

    def _state(self, given: Any, expect: dict[str, Any]) -> str:
        node = f"{given['object'] if isinstance(given, dict) else self.iut.objects[0]}/State"
        index = self.recorder.transcript.of("step")[-1].data["index"]
        self._step(f"{index}.1", {"get": node, "expect": {"status": 200, **expect}})
        return self.lost

    def _firmware(self, given: Any, expect: Any) -> str:
        """The firmware that runs: the hook says it, else DevDetail/FwV."""
        result = self.bench.call("firmware", {})
        if result is not None and isinstance(result.get("version"), str):
            self.value("version", result["version"], "of the firmware that runs (hook)")
            return ""
        index = self.recorder.transcript.of("step")[-1].data["index"]
        self._step(f"{index}.1", {"get": "./DevDetail/FwV"})
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
            self._step("0", {"get": node})
        return self._read_back(node)

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
    "close": ClientPlayer.close,
    "content": ClientPlayer._content,
    "await": ClientPlayer._await,
    "quiet": ClientPlayer._quiet,
    "state": ClientPlayer._state,
    "firmware": ClientPlayer._firmware,
    "fetched": ClientPlayer._fetched,
    "hook": ClientPlayer._hook,
}
