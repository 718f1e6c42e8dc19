"""Transcripts written by hand, for tests of what the judge makes of them."""

from __future__ import annotations

import hashlib
from typing import Any

from conformance.judge.expectation import Expectations
from conformance.judge.finding import Catalogue, Finding, Requirement
from conformance.syncml.codec import encode, media_type
from conformance.syncml.model import Alert, Command, Exec, Get, Header, Item, Message, Meta, Replace, Results, Status
from conformance.transcript import DEVICE, SERVER, Event, Transcript

PREFIX = "org.openmobilealliance.dm.firmwareupdate."
Found = list[tuple[str, str, str]]


class EveryRequirement(dict[str, Requirement]):
    """A catalogue that has a MUST for every id; what begins with SHOULD or MEM is less."""

    def __missing__(self, identity: str) -> Requirement:
        level = "should" if identity.startswith("SHOULD") else "must"
        basis = "memory" if identity.startswith("MEM") else "text"
        return Requirement(identity, "both", "1", "Text.", level, basis, "warn" if level == "should" else "fail")


CATALOGUE: Catalogue = EveryRequirement()


class Script:
    """Builds a transcript event by event; every method returns the event."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.numbers = {DEVICE: 0, SERVER: 0}
        self.exchange = 0

    @property
    def transcript(self) -> Transcript:
        return Transcript(self.events)

    def add(self, kind: str, sender: str = "suite", **data: Any) -> Event:
        event = Event(len(self.events) + 1, float(len(self.events)), kind, sender, "suite", data)
        self.events.append(event)
        return event

    def begin(self, step: dict[str, Any], index: str = "1") -> Event:
        return self.add("step", index=index, phase="begin", step=step)

    def end(self, index: str = "1", why: str = "", sent: list[dict[str, Any]] | None = None) -> Event:
        return self.add("step", index=index, phase="end", why=why, sent=sent or [])

    def step(self, step: dict[str, Any], index: str = "1", **end: Any) -> None:
        self.begin(step, index)
        self.end(index, **end)

    def value(self, name: str, value: Any, says: str = "") -> Event:
        return self.add("value", "operator", name=name, value=value, says=says)

    def fetch(self, url: str, sent: int = 10, length: int = 10, method: str = "GET", digest: str = "d1") -> Event:
        return self.add("http", DEVICE, method=method, url=url, sent=sent, length=length, digest=digest, status=200)

    def ended(self, working: bool = True) -> Event:
        return self.add("process", what="ended", code=1, expected=False, working=working)

    def device(self, *commands: Command, session: str = "s1", msg_id: str = "") -> Event:
        """A message of the device, which begins an exchange."""
        self.exchange += 1
        return self._message(DEVICE, commands, session, msg_id)

    def server(self, *commands: Command, session: str = "s1", msg_id: str = "", final: bool = True) -> Event:
        """A message of the server, which ends the exchange."""
        return self._message(SERVER, commands, session, msg_id, final)

    def _message(self, sender: str, commands: tuple[Command, ...], session: str, msg_id: str, final: bool = True) -> Event:
        self.numbers[sender] += 1
        number = msg_id or str(self.numbers[sender])
        for position, command in enumerate(commands, 1):
            command.cmd_id = command.cmd_id or str(position)
        octets = encode(Message(Header(session_id="1", msg_id=number, target="a", source="b"), list(commands), final))
        event = self.add(
            "message", sender, session=session, exchange=self.exchange, media=media_type("xml"),
            direction="request" if sender == DEVICE else "response", sha256=hashlib.sha256(octets).hexdigest(),
        )  # fmt: skip
        event.load = lambda: octets
        return event

    def command(
        self, step: dict[str, Any], sent: Command, *answers: Command, index: str = "1", session: str = "s1"
    ) -> None:
        """A step that sends one command, and the message of the device that answers it."""
        self.begin(step, index)
        event = self.server(sent, session=session)
        if answers:
            self.device(*answers, session=session)
        node = sent.items[0].target if sent.items else ""
        entry = {
            "step": step, "command": sent.name, "cmd_id": sent.cmd_id, "msg_id": str(self.numbers[SERVER]),
            "event": event.n, "session": session, "node": node,
        }  # fmt: skip
        self.end(index, sent=[entry])

    def without(self, n: int) -> Transcript:
        """The transcript without one event."""
        return Transcript([event for event in self.events if event.n != n])


def status(code: int | str, cmd: str = "Get", cmd_ref: str = "1", msg_ref: str = "1", **more: Any) -> Status:
    return Status(msg_ref=msg_ref, cmd_ref=cmd_ref, cmd=cmd, data=str(code), **more)


def results(
    data: str | None, source: str = "./A", form: str | None = "chr", kind: str | None = "text/plain", **refs: str
) -> Results:
    item = Item(source=source, data=data, meta=Meta(format=form, type=kind))
    return Results(msg_ref=refs.get("msg_ref", "1"), cmd_ref=refs.get("cmd_ref", "1"), items=[item])


def report(
    result: str | None = "200", operation: str = "downloadandupdate", correlator: str | None = "c1", **more: Any
) -> Alert:
    meta = Meta(format=more.get("form", "int"), type=more.get("type", PREFIX + operation), mark=more.get("mark"))
    return Alert(
        data="1226", correlator=correlator, items=[Item(source=more.get("source", "./F"), meta=meta, data=result)]
    )


def case(*requirements: str, steps: int = 1, outcome: dict[str, Any] | None = None, role: str = "client") -> dict[str, Any]:
    """A resolved case as the judge gets it."""
    return {
        "id": "client/a/b/c", "role": role, "requirements": list(requirements or ("CASE-1",)), "objects": ["./F"],
        "steps": [{}] * steps, "outcome": outcome,
    }  # fmt: skip


def findings(script: Script | Transcript, *requirements: str, strict: bool = False, role: str = "client") -> list[Finding]:
    transcript = script.transcript if isinstance(script, Script) else script
    return Expectations(case(*requirements, role=role), transcript, CATALOGUE, strict).findings()


def short(script: Script | Transcript, *requirements: str, **more: Any) -> Found:
    return [(finding.requirement, finding.outcome, finding.actual) for finding in findings(script, *requirements, **more)]


def get(expect: dict[str, Any], *answers: Any, **step: Any) -> Script:
    """A Get on ./A, and what the device answers."""
    script = Script()
    script.command({"get": "./A", "expect": expect, **step}, Get(items=[Item(target="./A")]), *answers)
    return script


def awaited(expect: dict[str, Any], *alerts: Alert, why: str = "", **step: Any) -> Script:
    """Exec, then a session in which the device reports."""
    script = Script()
    script.command({"exec": "./F/X"}, Exec(items=[Item(target="./F/X")]), status(202, "Exec"))
    script.begin({"await": {"alert": "download-and-update"}, "expect": expect, **step}, "2")
    if alerts:
        script.device(Alert(data="1201"), *alerts, session="s2")
    script.end("2", why=why)
    return script


def replace(node: str, data: str, **more: Any) -> Replace:
    return Replace(meta=more.get("meta"), items=[Item(target=node, data=data, more=more.get("more", False))])


def told(expect: dict[str, Any], *commands: Any, given: dict[str, Any] | None = None) -> Script:
    """A server that sent commands, and a step that looks at Exec on ./F/X."""
    script = Script()
    script.device(Alert(data="1201"))
    script.server(status(212, "SyncHdr", "0"), *commands)
    step = {"commanded": given or {"command": "Exec", "node": "./F/X"}, "ensures": "R-1", "expect": expect}
    script.step(step)
    script.device(status(200, "Exec"))
    script.server(Exec(items=[Item(target="./F/X")], correlator="late"))
    return script


def answered(expect: Any, command: str, *statuses: Any, alert: str = "") -> Script:
    script = Script()
    script.device(Alert(cmd_id="1", data="1201"), report(), Replace(cmd_id="3"))
    script.server(*statuses)
    given = {"command": command, **({"alert": alert} if alert else {})}
    script.step({"answered": given, "expect": {"status": expect}, "ensures": "R-1"})
    return script
