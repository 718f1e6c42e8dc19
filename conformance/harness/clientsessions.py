"""The sessions of a device under test while a case is played: opened, served, told apart, closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from conformance.harness import outcome
from conformance.harness.conversation import ENDLESS, Conversation
from conformance.harness.hooks import Outcome, Pending
from conformance.harness.link import Incoming
from conformance.harness.manner import Manner
from conformance.harness.recorder import Recorder
from conformance.judge.session import POWER
from conformance.syncml.codec import Decoded, decode
from conformance.syncml.element import SyntaxFault
from conformance.syncml.model import Message
from conformance.transcript import OPERATOR, SUITE
from conformance.transport.exchange import header

if TYPE_CHECKING:
    from conformance.harness.clientbench import ClientBench

_PATIENCE = 0.25
"""Seconds for which a session stays open while the hook works; a hook that takes longer may be waiting for its end."""


MOST_SESSIONS = 200
"""Sessions that a device may open one after the other before nobody waits for its silence any longer."""


class ClientSessions:
    """The sessions of one permutation, one after another. :attr:`talk` is the newest."""

    def __init__(self, bench: ClientBench, recorder: Recorder) -> None:
        self.bench, self.recorder = bench, recorder
        self.iut, self.times = bench.iut, bench.iut.timeouts
        self.talk: Conversation | None = None
        self.sessions = 0
        self.lost = ""
        """Why the session broke down, where it did: what comes after is not judged."""
        self.strange = ""
        """Why the newest request is no SyncML message, where that is all that came."""
        self.pending_hook: Pending | None = None
        self.manner = Manner()
        """How the suite's server behaves in the session that is opened next."""
        self._hook_call, self._nudging = "", False

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
            self.bench.trigger(self.recorder, int(self.manner.session_id or "0", 16))
            return
        self._call_session(kind)
        self._look_at_hook()

    def _call_session(self, kind: str, *, nudge: bool = False) -> None:
        """Calls start_session; the call may return at once or after the whole session."""
        self.expect_hook(self.bench.steering.call_async("start_session", {"kind": kind}), f"start_session {kind}", nudge=nudge)

    def expect_hook(self, pending: Pending, call: str, *, nudge: bool = False) -> None:
        """Has a call of the hook that leads to a session go on while the suite serves; ``call`` names it."""
        self.pending_hook, self._hook_call, self._nudging = pending, call, nudge
        pending.when_done(self.bench.link.touch)

    def _look_at_hook(self) -> None:
        """What start_session or notify came to, as soon as it is known. That a nudge fails means nothing."""
        pending = self.pending_hook
        if pending is None or not pending.done():
            return
        self.pending_hook = None
        result = pending.outcome()
        if self._nudging or result.kind == "done":
            return
        if result.kind == "cannot":
            self.bench.cannot.add(self._hook_call)
            raise outcome.not_applicable(f"the hook cannot {self._hook_call}", outcome.STEERING)
        if self.talk is None:
            raise outcome.error(f"{self._hook_call.partition(' ')[0]} failed: {result.note}")

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
            self._strike()
            incoming = self.bench.link.next(max(0.0, deadline - clock.now()), self._watch(until))
            if incoming is None:
                self._look_at_hook()
                if self._strikes():
                    continue
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
            return bool(ended or self._strikes() or self.bench.dead() or (until is not None and until()))

        return look

    def _strikes(self) -> bool:
        """Whether the power is to be cut now: not while the device still owes the answer to a command."""
        owes = self.talk is not None and not self.talk.open and not self.talk.session.over
        return self.bench.shelf.struck and not owes

    def _strike(self) -> None:
        """Cuts the power where a transfer has just broken off for that (key ``power`` of the step ``content``)."""
        if self._strikes():
            self.bench.shelf.struck = False
            self.cut_power()

    def cut_power(self) -> None:
        """Has the power of the device cut and come back. What it sent before is lost with it."""
        self.recorder.add("value", OPERATOR, SUITE, name=POWER, value="off", says="the power of the device is about to be cut")
        self.bench.must("power_cycle", {"at": "now"})
        self.bench.link.forget()
        self.recorder.add("value", OPERATOR, SUITE, name=POWER, value="on", says="the power of the device is back")

    def take(self, incoming: Incoming) -> bool:
        """Takes one request; answers it alone where the protocol leaves no choice. True where the player may command."""
        read = _decoded(incoming)
        talk = self._talk_of(read.message if isinstance(read, Decoded) else None, incoming.request.body)
        received = talk.take(incoming, read)
        if talk.spoilt:
            talk.refuse()  # whatever it makes of octets that were no message, it is not gone on with
            self._endless(talk)
            return False
        if received.message is None:
            talk.refuse()
            self.strange = str(received.fault)
            self._endless(talk)
            return False
        found = (talk.first or received.message).header.source
        if found not in (self.iut.dm.device_id, None) and talk.answered_alone == 0:
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
        if received.aborted and not talk.manner.unknown:  # who is treated so may well give up
            self.lost = self.lost or "the device aborted the session (Alert 1223)"
        return False

    def _endless(self, talk: Conversation) -> bool:
        """Counts a message that the suite answers by itself; true where there were too many of them."""
        # A large object comes to its end by itself, however many messages it takes.
        talk.answered_alone += not talk.session.sending_large
        if talk.answered_alone > ENDLESS:
            self.lost = f"the session went on for {ENDLESS} messages without coming to an end"
        return talk.answered_alone > ENDLESS

    def _talk_of(self, message: Message | None, octets: bytes) -> Conversation:
        if self.talk is not None and (message is None or self.talk.belongs(message, octets)):
            return self.talk
        self.release()  # the old session may be half open for good, but its request shall not hang
        self.sessions += 1
        manner, self.manner = self.manner, Manner()
        settings = manner.settings(self.iut.dm.server_id, self.bench.link.dm_url, self.sessions)
        self.talk = Conversation(f"s{self.sessions}", settings, self.bench.keys, self.recorder, manner)
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

    def at_rest(self, seconds: float) -> bool:
        """Whether the device says within ``seconds`` that it is idle. Where time is virtual it is not asked: waiting costs nothing."""
        return not self.recorder.clock.virtual and self.bench.idle(seconds)

    def await_package_or_rest(self, seconds: float) -> bool:
        """As :meth:`await_package`, for what need not come: a device that says that it is idle is not waited for."""
        first = min(seconds, self.bench.silence)
        if self.await_package(first):
            return True
        asked = self.pending_hook is None  # else the question would wait behind start_session
        return not self.lost and not (asked and self.at_rest(0.0)) and self.await_package(seconds - first)

    def drain(self, seconds: float) -> None:
        """Serves what still comes until the device says that it is idle, or nothing came for ``seconds``."""
        clock = self.recorder.clock
        if self.at_rest(seconds):
            seconds = 0.0
        deadline, most = clock.now() + seconds, self.sessions + MOST_SESSIONS
        while self.sessions <= most and self.await_package(max(0.0, deadline - clock.now())):
            self.close()
            deadline = clock.now() + seconds


def _decoded(incoming: Incoming) -> Decoded | SyntaxFault:
    request = incoming.request
    try:
        return decode(request.body, header(request.headers, "content-type") or "")
    except SyntaxFault as fault:
        return fault
