"""Steering an implementation by verbs: hook program, web address, adapter class, person (attach contract 2)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Protocol

from conformance.harness.adapter import AdapterLink, NotSupported, Places
from conformance.harness.answer import CANNOT, DONE, ERROR, Outcome
from conformance.harness.iut import CLIENT, Iut, Timeouts
from conformance.harness.lane import Lane
from conformance.harness.person import Ask, PersonLink
from conformance.harness.placeholders import Placeholders
from conformance.harness.program import ProgramLink
from conformance.harness.webhook import WebLink

__all__ = ["CANNOT", "DONE", "ERROR", "VERBS", "NotSupported", "Outcome", "Pending", "Steering", "limit"]

Observe = Callable[[dict[str, Any]], None]
VERBS = {
    "client": (
        "prepare", "configure", "idle", "advance", "reset", "start_session", "notify", "answer", "consent", "condition",
        "power_cycle", "firmware", "clean_up",
    ),
    "server": (
        "prepare", "configure", "idle", "advance", "reset", "enrol", "campaign", "update", "outcome", "up_to_date",
        "restart",
    ),
}  # fmt: skip
"""The verbs of each role (attach contract 2)."""
NONSENSE = "x-nonsense"
"""A word that no verb has and no value is."""


class Link(Protocol):
    """One way to get a verb done."""

    name: str

    def call(self, verb: str, given: dict[str, Any], seconds: float) -> Outcome:
        """Does a verb in at most ``seconds``; never raises."""
        ...

    def cancel(self) -> None:
        """Breaks off the call that runs, where that can be done. Called from another thread."""
        ...

    def close(self, seconds: float) -> str:
        """Lets go of everything in at most ``seconds``; gives what went wrong."""
        ...


class Pending:
    """A call that was taken and may still run."""

    def __init__(self, verb: str, future: Future[Outcome]) -> None:
        self.verb, self._future = verb, future

    def done(self) -> bool:
        """Whether the outcome is there."""
        return self._future.done()

    def outcome(self, seconds: float | None = None) -> Outcome:
        """Waits for the outcome; ``TimeoutError`` where it is not there after ``seconds`` (``None``: no limit)."""
        try:
            return self._future.result(seconds)
        except TimeoutError:
            raise TimeoutError(f"{self.verb} has not returned after {seconds} s") from None

    def when_done(self, wake: Callable[[], object]) -> None:
        """Calls ``wake`` once, on whatever thread, as soon as the outcome is there (at once where it is)."""
        self._future.add_done_callback(lambda _: wake())


def limit(verb: str, given: Mapping[str, Any], timeouts: Timeouts) -> float:
    """Seconds that a call may take. Verbs that wait for something get the time of that beside ``timeouts.hook``."""
    if verb == "idle":
        wait = given.get("wait", 0)
        return timeouts.hook + (float(wait) if isinstance(wait, int | float) else 0.0)
    if verb == "reset":
        return max(timeouts.hook, timeouts.reset)
    if verb in ("prepare", "configure", "power_cycle", "restart"):
        return max(timeouts.hook, timeouts.restart)
    if verb in ("start_session", "notify"):
        return timeouts.hook + timeouts.connect + timeouts.operation
    return timeouts.hook


class Steering:
    """Calls verbs, one at a time, by what the IUT file names; what that cannot do goes to the person, if there is one.

    ``observe`` is told of every call when it is over: verb, given, outcome, answer, seconds, note, and ``operator``
    where a person was asked. It may be called from another thread than the one that asked.
    """

    def __init__(self, iut: Iut, *, observe: Observe | None = None, ask: Ask | None = None) -> None:
        """``ask``: how a person is asked, default on the terminal. ``FileFault`` for an adapter that is none."""
        self.iut = iut
        self._observe = observe or (lambda data: None)
        self._view = Places()
        self._placeholders = Placeholders(iut)
        self.places(self._placeholders)
        self._first = self._hook()
        self._in_process = isinstance(self._first, AdapterLink) and self._first.in_process
        self._links: list[Link] = [self._first] if self._first else []
        if iut.attach.operator:
            self._links.append(PersonLink(ask, iut.timeouts.operator))
        self._lane = None if self._in_process else Lane("hook")
        self._closed = False

    @classmethod
    def of(cls, iut: Iut, *, observe: Observe | None = None, ask: Ask | None = None) -> Steering:
        """The steering that an IUT file asks for."""
        return cls(iut, observe=observe, ask=ask)

    def _hook(self) -> Link | None:
        attach = self.iut.attach
        if attach.adapter:
            return AdapterLink(self.iut, self._view)
        if isinstance(attach.hook, str):
            address = attach.hook
            return WebLink(lambda: self._placeholders.expand(address))
        if attach.hook:
            arguments = attach.hook
            return ProgramLink(lambda: self._placeholders.expand_all(arguments), self.iut.folder)
        return None

    @property
    def adapter(self) -> Any:
        """The adapter that runs in the suite's own process and clock (it has ``exchange``), else ``None``.

        Made when asked for first; raises ``FileFault`` where that fails.
        """
        first = self._first
        return first.instance() if isinstance(first, AdapterLink) and first.in_process else None

    @property
    def present(self) -> bool:
        """Whether there is anything that could do a verb."""
        return bool(self._links)

    def places(self, placeholders: Placeholders) -> None:
        """From now on the hook, and the adapter's ``places``, get these values."""
        self._placeholders = self._view.shown = placeholders

    def call(self, verb: str, given: dict[str, Any], seconds: float | None = None) -> Outcome:
        """Does a verb and waits for it, and for those before it. ``seconds`` for the hook instead of :func:`limit`."""
        return self.call_async(verb, given, seconds).outcome()

    def call_async(self, verb: str, given: dict[str, Any], seconds: float | None = None) -> Pending:
        """Takes a verb, to be done after those taken before; an adapter in the suite's own process does it at once."""
        json.dumps(given)
        if self._closed:
            raise RuntimeError("the steering is closed")
        return self._take(self._links, verb, given, seconds)

    def _take(self, links: list[Link], verb: str, given: dict[str, Any], seconds: float | None) -> Pending:
        if self._lane is not None:
            return Pending(verb, self._lane.submit(lambda: self._run(links, verb, given, seconds)))
        future: Future[Outcome] = Future()
        future.set_result(self._run(links, verb, given, seconds))
        return Pending(verb, future)

    def _run(self, links: list[Link], verb: str, given: dict[str, Any], seconds: float | None) -> Outcome:
        began = time.monotonic()
        outcome = Outcome(CANNOT, {}, "there is neither hook nor adapter")
        notes: list[str] = [] if links else [outcome.note]
        for link in links:
            if self._closed:
                outcome = Outcome(ERROR, {}, "the suite ended before this call")
            elif isinstance(link, PersonLink):
                outcome = link.call(verb, given, self.iut.timeouts.operator)
            else:
                bound = limit(verb, given, self.iut.timeouts) if seconds is None else seconds
                outcome = link.call(verb, given, bound)
            notes.append(outcome.note or (f"the {link.name}: cannot" if outcome.kind == CANNOT else ""))
            if outcome.kind != CANNOT:
                break
        note, took = "; ".join(filter(None, notes)), round(time.monotonic() - began, 4)
        outcome = replace(outcome, note=note, seconds=took)
        self._tell(verb, given, outcome)
        return outcome

    def _tell(self, verb: str, given: dict[str, Any], outcome: Outcome) -> None:
        data: dict[str, Any] = {
            "verb": verb, "given": given, "outcome": outcome.kind, "answer": outcome.answer,
            "seconds": outcome.seconds, "note": outcome.note,
        }  # fmt: skip
        if outcome.operator:
            data["operator"] = outcome.operator
        self._observe(data)

    def probe(self, role: str) -> list[str]:
        """Tries one nonsense verb and nonsense values; gives what was taken: "verb", "condition", "answer", "campaign".

        What a verb of that list arms cannot be trusted (attach contract 2). Persons are not asked.
        """
        if self._first is None:
            return []
        dm, uri = self.iut.dm, self.iut.object
        tries: dict[str, tuple[str, dict[str, Any]]] = {"verb": (NONSENSE, {})}
        if role == CLIENT:
            tries["condition"] = ("condition", {"name": NONSENSE, "on": True})
            tries["answer"] = ("answer", {"alert": 1101, "reply": NONSENSE})
        else:
            package = {"url": "http://127.0.0.1:9/", "name": NONSENSE, "version": "0", "type": "text/plain"}
            tries["campaign"] = ("campaign", {
                "device_id": dm.device_id, "object": uri, "way": NONSENSE, "package": package, "host": "suite",
                "notify": False, "consent": "none",
            })  # fmt: skip
        first = [self._first]
        return [
            name
            for name, (verb, given) in tries.items()
            if self._take(first, verb, given, None).outcome().kind == DONE
        ]

    def close(self, seconds: float = 5.0) -> None:
        """Breaks off what runs and closes the adapter, in at most about ``seconds``. Calling it again does nothing."""
        if self._closed:
            return
        self._closed = True
        for link in self._links:
            link.cancel()
        if self._lane is not None:
            self._lane.close(seconds)
        for link in self._links:
            trouble = link.close(seconds)
            if trouble:
                self._tell("close", {}, Outcome(ERROR, {}, trouble))
