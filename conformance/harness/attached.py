"""What both benches share: the implementation's process or adapter, its hook, and the start of a case."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from conformance.harness import outcome
from conformance.harness.cases import Permutation
from conformance.harness.certificates import Certificates, Unusable
from conformance.harness.clock import Clock, VirtualClock
from conformance.harness.hooks import Outcome, Pending, Steering
from conformance.harness.iut import Iut
from conformance.harness.masking import Masker, secrets_of
from conformance.harness.placeholders import Placeholders
from conformance.harness.process import Implementation
from conformance.harness.recorder import Recorder
from conformance.transcript import OPERATOR, SUITE
from conformance.transport.tls import Handshake

ENDS_IN_A_ROW = 5
_WITHOUT_VALUES = ("prepare", "reset", "idle", "firmware", "clean_up")
"""Verbs that are not asked for again once the hook answered cannot: the others may be able to do another value."""


class Attached:
    """An implementation as its IUT file describes it."""

    def __init__(self, iut: Iut, folder: Path, ask: Callable[[str], str] | None = None) -> None:
        self.iut, self.folder = iut, folder
        self.masker = Masker(secrets_of(iut))
        self.clock: Clock = Clock()
        self.cannot: set[str] = set()
        self.cases = 0
        self.triggers = secrets.randbelow(0x7000)
        self.firmware_kept = False
        self.process: Implementation | None = None
        self.recorder = Recorder(folder / "setup", self.clock, self.masker)
        self.untrusted: frozenset[str] = frozenset()
        self.digest = ""
        """Hex of the digest of the last trigger message."""
        self._spoken: dict[str, str] = {}
        self._unsure = False
        """Whether a reset may have undone what configure had changed."""
        self._ask = ask
        self._end_noted = False

    # -- start and stop ----------------------------------------------------------------------------------------------

    def see(self, kind: str, sender: str, receiver: str) -> Callable[[dict[str, Any]], None]:
        """A function that writes events into whatever permutation is being played."""

        def observe(data: dict[str, Any]) -> None:
            if kind == "hook" and data.get("verb") == "notify":
                data = {**data, "given": {key: self.without_digest(text) for key, text in data["given"].items()}}
            self.recorder.observer(kind, sender, receiver)(data)
            self.news()

        return observe

    def without_digest(self, text: Any) -> Any:
        """The hex of a trigger message with its digest masked: it proves the password as well as credentials do."""
        if isinstance(text, str) and self.digest:
            return text.replace(self.digest, "*" * len(self.digest))
        return [self.without_digest(part) for part in text] if isinstance(text, list) else text

    def news(self) -> None:
        """Something happened that whoever waits may wait for."""

    def in_process_adapter(self) -> Any:
        """The adapter, where it runs in the suite's own process and clock; else ``None``."""
        self.steering = Steering.of(self.iut, observe=self.see("hook", SUITE, OPERATOR), ask=self._ask)
        adapter = self.steering.adapter
        return adapter if adapter is not None and hasattr(adapter, "exchange") else None

    def certificates(self) -> Certificates | None:
        """The suite's side of TLS, where an address of the IUT file is an https one or something asks for ``{ca}``."""
        attach = self.iut.attach
        hook = attach.hook if isinstance(attach.hook, tuple) else ()
        told = any("{ca}" in text for text in (*attach.start, *hook))
        urls = (attach.listen, attach.content_listen, attach.server_url)
        if not told and not any(url.startswith("https:") for url in urls):
            return None
        made = Certificates(self.iut)
        try:
            made.ca  # noqa: B018  (it may not be there)
        except Unusable as trouble:
            raise outcome.error(str(trouble), setup=True) from trouble
        return made

    def shook(self, sender: str, receiver: str, handshake: Handshake) -> None:
        """Writes a TLS handshake into whatever permutation is being played."""
        self.recorder.add("tls", sender, receiver, **handshake.as_dict())

    def virtual_clock(self) -> VirtualClock:
        """Makes the clock of this bench a virtual one."""
        clock = VirtualClock()
        self.clock = self.recorder.clock = clock
        return clock

    def start(self, places: dict[str, str]) -> None:
        """Starts the process where there is one, waits until it is ready, hands it its settings by ``prepare``."""
        work = self.folder / "work"
        work.mkdir(parents=True, exist_ok=True)
        self.placeholders = Placeholders(self.iut, work_dir=work, places=places)
        if self.iut.attach.start:
            self.process = Implementation(
                self.iut,
                self.placeholders,
                log=self.folder / "process.log",
                observe=self.see("process", SUITE, SUITE),
                mask=lambda octets: self.masker.octets(octets)[0],
            )
            try:
                self.process.start()
            except (OSError, RuntimeError, TimeoutError) as trouble:
                raise outcome.error(f"the implementation did not start: {trouble}", setup=True) from trouble
        self.steering.places(self.placeholders)
        given = {
            **places,
            "server_url": self.expand("{server_url}"),
            "device_id": self.iut.dm.device_id,
            "server_id": self.iut.dm.server_id,
            "client_credentials": self.iut.dm.client_credentials.as_dict(),
            "server_credentials": self.iut.dm.server_credentials.as_dict(),
            "ca": places.get("ca", ""),
        }
        self.call("prepare", given)
        self.untrusted = self._probe()

    def _probe(self) -> frozenset[str]:
        """The verbs of a hook that takes nonsense for granted: what they arm is not trusted (attach contract 2)."""
        taken = self.steering.probe(self.iut.role) if self.steering.present else []
        if "verb" in taken:
            taken += ["condition", "answer", "consent", "power_cycle", "campaign", "update"]
        return frozenset(taken)

    def expand(self, text: str) -> str:
        """A text of the IUT file with its placeholders filled."""
        return self.placeholders.expand(text)

    def close(self) -> None:
        """Stops the implementation."""
        if hasattr(self, "steering"):
            self.steering.close()
        if self.process is not None:
            self.process.stop()

    # -- a case ------------------------------------------------------------------------------------------------------

    def begin(self, folder: Path, permutation: Permutation) -> Recorder:
        """Takes up a permutation: what comes from now on is written into its evidence."""
        self.cases += 1
        self._end_noted = False
        self.recorder = Recorder(folder, self.clock, self.masker)
        if self.process is not None:
            self.process.mark()
        return self.recorder

    def end(self) -> None:
        """Keeps what the process printed meanwhile."""
        if self.process is not None:
            printed = self.process.since_mark()
            if printed:
                self.recorder.folder.mkdir(parents=True, exist_ok=True)
                (self.recorder.folder / "process.log").write_text(self.masker.text(printed), encoding="utf-8")

    def revive(self) -> None:
        """Starts the process again where it has ended; gives up after five ends in a row (attach contract 1)."""
        if self.process is None or self.process.alive():
            return
        if self.process.ends >= ENDS_IN_A_ROW:
            raise outcome.error(f"the implementation ended {self.process.ends} times in a row", setup=True)
        try:
            self.process.restart_if_dead()
        except (OSError, RuntimeError, TimeoutError) as trouble:
            raise outcome.error(f"the implementation did not start again: {trouble}", setup=True) from trouble

    def dead(self) -> str:
        """Why nothing can come any more: the process has ended by itself. "" while it runs. What ended in the power cut
        that it was asked for is started again."""
        if self.process is None or self.process.alive() or self.process.expecting:
            return ""
        if self.process.cut_short:
            self.revive()
            return ""
        return f"its process ended (exit status {self.process.ended()})"

    def note_end(self, *, working: bool) -> None:
        """Writes down that the process ended unexpectedly, once for each case."""
        if not self._end_noted and self.process is not None and not self.process.alive():
            self._end_noted = True
            self.recorder.add(
                "process", SUITE, SUITE, what="ended", code=self.process.ended(), expected=False, working=working
            )

    # -- verbs -------------------------------------------------------------------------------------------------------

    @property
    def silence(self) -> float:
        """Seconds that "nothing more comes" takes."""
        return float(self.iut.timeouts.silence)

    def can(self, verb: str) -> bool:
        """Whether the hook has not said yet that it cannot do a verb."""
        return verb not in self.cannot and self.steering.present

    def call(self, verb: str, given: dict[str, Any]) -> dict[str, Any] | None:
        """Calls a verb; ``None`` where it cannot be done. A failing hook ends the case as error."""
        if not self.can(verb):
            return None
        if self.process is not None and self.process.cut_short:
            self.revive()
        if verb == "power_cycle" and given.get("at") == "now" and self.iut.attach.power == "restart":
            return self._cut_power()
        with self._end_is_expected(verb):
            result = self.finish(self.steering.call_async(verb, given))
        if result.kind == "cannot":
            if verb in _WITHOUT_VALUES:
                self.cannot.add(verb)
            return None
        if result.kind == "error":
            raise outcome.error(f"the hook failed at {verb}: {result.note}", setup=verb in ("prepare", "reset", "idle"))
        if self.process is not None and verb == "power_cycle" and given.get("at") != "now":
            self.process.cut_ahead()
        return result.answer

    def _end_is_expected(self, verb: str) -> AbstractContextManager[object]:
        """The process may end while it is reset, configured or power-cycled (attach contract 1)."""
        if self.process is not None and verb in ("reset", "configure", "power_cycle", "restart"):
            return self.process.expecting_end()
        return nullcontext()

    def _cut_power(self) -> dict[str, Any] | None:
        """Kills the process group and starts it again: the suite does power_cycle itself (attach.power)."""
        if self.process is None:
            return None
        self.process.power_cycle()
        return {}

    def finish(self, pending: Pending) -> Outcome:
        """Waits for a call of the hook; a bench that serves meanwhile overrides this."""
        return pending.outcome()

    def must(self, verb: str, given: dict[str, Any]) -> dict[str, Any]:
        """Calls a verb that the case cannot do without: "cannot" makes the case not applicable."""
        result = self.call(verb, given)
        if result is None:
            raise outcome.not_applicable(f"the hook cannot {verb} {_brief(given)}".rstrip(), outcome.STEERING)
        return result

    def idle(self, seconds: float) -> bool:
        """Whether the implementation says that nothing is under way; False where it cannot say."""
        answer = self.call("idle", {"wait": seconds})
        return bool(answer and answer.get("idle") is True)

    def reset(self) -> bool:
        """Factory state; False where that cannot be had."""
        answer = self.call("reset", {})
        if answer is None:
            return False
        self.firmware_kept = answer.get("firmware") == "kept"
        self._unsure = bool(self._spoken)
        self._spoken = {}
        return True

    def configure(self, values: dict[str, str]) -> None:
        """How the next sessions are spoken: by the verb, by a new start, or not at all (attach contract 2)."""
        dm = self.iut.dm
        habit = {"encoding": dm.encodings[0], "authentication": dm.authentication[0], "version": dm.versions[0]}
        wanted = {key: values.get(key, habit[key]) for key in habit}
        now = {**habit, **self._spoken}
        changed = {key: value for key, value in wanted.items() if now[key] != value}
        if not changed and not self._unsure:
            return
        answer = self.call("configure", wanted if self._unsure else changed)
        self._unsure = False
        if answer is None and changed and not self._start_anew(changed):
            axis, value = next(iter(changed.items()))
            raise outcome.not_applicable(f"{axis} {value} cannot be steered", outcome.STEERING)
        self._spoken = wanted

    def _start_anew(self, changed: dict[str, str]) -> bool:
        if self.process is None or not all(f"{{{key}}}" in " ".join(self.iut.attach.start or ()) for key in changed):
            return False
        self.placeholders.set(**changed)
        self.process.stop()
        self.process.start()
        return True


def _brief(given: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in given.items() if isinstance(value, str | int))[:120]
