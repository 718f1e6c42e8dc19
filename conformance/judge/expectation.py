"""Expectations of a case: what each step says must come, looked up in the transcript. Pure, live and years later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from conformance.fumo.object import ALERT_NAMED, ALERT_PREFIX
from conformance.judge.download import facts, fetched
from conformance.judge.finding import PASS, Catalogue, Finding, Requirement, broken
from conformance.judge.lookup import (
    Commanded,
    answers_of,
    answers_to,
    commanded,
    dotted,
    full,
    lacked,
    nodes_of,
    received_object,
    refuses,
    said_once,
    sent_back,
    status_wanted,
    told_by,
)
from conformance.judge.matcher import Match, match
from conformance.judge.observed import place_of
from conformance.judge.operation import correlators, of_another_case
from conformance.judge.step import Played, begin_of, played_steps
from conformance.judge.wanted import (
    POLLED,
    address_of,
    as_text,
    began,
    codes_of,
    ensured,
    generic_alerts,
    in_full,
    meta_of_item,
    type_of,
    untold,
    value_of,
)
from conformance.syncml.model import Alert, Item, Status, text_of
from conformance.transcript import DEVICE, SERVER, Event, Transcript

_OF_OBJECT = ("digest", "mistaken")
_OPERATION_ALERT = {"download": "FUMO-ALERT-001", "update": "FUMO-ALERT-001", "download-and-update": "FUMO-ALERT-001"}


class Expectations:
    """Judges the expectations of one case over its transcript."""

    def __init__(self, case: Mapping[str, Any], transcript: Transcript, catalogue: Catalogue, strict: bool = False) -> None:
        self.case, self.transcript, self.catalogue, self.strict = case, transcript, catalogue, strict
        self.readings: list[dict[str, str]] = []
        self._default = str((case.get("requirements") or [""])[0])
        self._messages = [e for e in transcript.events if e.kind == "message"]
        self._given = correlators(transcript)
        self._died = any(e.data.get("what") == "ended" and e.data.get("working") for e in transcript.of("process"))
        """Whether the process ended: then SUITE-ALIVE says so, and nothing is said of answers that never came."""

    def findings(self) -> list[Finding]:
        """The findings of all steps in order."""
        found: list[Finding] = []
        for step in played_steps(self.transcript):
            found.extend(self._step(step))
        return found

    def _step(self, played: Played) -> Iterator[Finding]:
        kind = next(key for key in played.step if key not in ("expect", "ensures", "note", "optional"))
        if played.sent:
            for sent in played.sent:
                yield from self._answer(played, sent)
            return
        check: Callable[[Played, dict[str, Any]], Iterator[Finding]] | None = _CHECKS.get(kind)
        if check is not None:
            yield from check(self, played, played.step.get("expect") or {})  # type: ignore[call-arg,arg-type]

    # -- what all checks share ---------------------------------------------------------------------------------------

    def requirement(self, *ids: str) -> Requirement:
        """The first of the ids that is not empty, else the first the case ensures."""
        wanted = next((i for i in ids if i), self._default)
        return self.catalogue[wanted]

    def compare(
        self, wanted: Any, came: str | None, requirement: Requirement, event: int | None, message: str
    ) -> Finding | None:
        """A finding from a comparison; notes which reading of an ambiguity was taken. None where nobody knows what is right."""
        if untold(wanted):
            return None
        result: Match = match(wanted, came)
        if result.requirement:
            requirement = self.requirement(result.requirement)
        actual = "nothing" if came is None else came
        if result.ambiguity and result.outcome != "broken":
            self.readings.append({"ambiguity": result.ambiguity, "reading": actual})
        if result.outcome == "pass":
            return Finding(requirement.id, PASS, result.expected, actual, event, message, None, requirement.level)
        return broken(
            requirement,
            result.expected,
            actual,
            event,
            message,
            strict=self.strict,
            tolerated=result.outcome == "tolerated",
        )

    # -- commands ----------------------------------------------------------------------------------------------------

    def _answer(self, played: Played, sent: dict[str, Any]) -> Iterator[Finding]:
        """Status and Results of one command against what its step expects."""
        step = sent["step"]
        expect = step.get("expect")
        if not expect:
            return
        answers = answers_of(self.transcript, sent)
        statuses, results, at, code = answers.statuses, answers.items, answers.event, answers.code
        kind, node = sent["command"], sent.get("node", "")
        if lacked(step, code) or (code is None and self._died):
            return
        what = f"Status of {kind} on {node}" if node else f"Status of {kind}"
        base = str(step.get("ensures", ""))
        for came in dict.fromkeys(s.data for s in statuses) or [None] if "status" in expect else ():
            wanted = status_wanted(expect["status"], self.transcript, sent, at)
            finding = self.compare(wanted, came, self.requirement(base), at, what if statuses else f"{what}: none came")
            if finding:
                yield finding
        first = results[0] if results else None
        item = next((each for each in results if node and full(each.source) == full(node)), first)
        for key, value in (("data", value_of(item)), ("format", meta_of_item(item, "format")), ("type", meta_of_item(item, "type"))):
            if key in expect:
                finding = self.compare(
                    expect[key], value, self.requirement(base), at, f"{key} of {node} in the Results"
                )
                if finding:
                    yield finding
        for key, value in told_by(statuses).items() if statuses else ():
            if key in expect:
                finding = self.compare(expect[key], value, self.requirement(base), at, f"{key} in the {what}")
                if finding:
                    yield finding
        if "final" in expect and answers.final is not None:
            says = f"Final in the message with the last of the answer to {kind}"
            finding = self.compare(expect["final"], as_text(answers.final), self.requirement(base), at, says)
            if finding:
                yield finding
        if "children" in expect:
            listed = value_of(item) or ""
            names = listed.split("/") if listed else []
            yield from self._among(expect["children"], names, listed, self.requirement(base), at, f"the children of {node}")
        if "nodes" in expect:
            shown = nodes_of(answers_of(self.transcript, sent, whole=True).items)
            listed = ", ".join(shown)[:200]
            yield from self._among(in_full(expect["nodes"]), shown, listed, self.requirement(base), at, f"the nodes of {node}")

    def _among(
        self, wanted: Any, names: list[str], came: str, requirement: Requirement, at: int | None, what: str
    ) -> Iterator[Finding]:
        matcher = wanted if isinstance(wanted, dict) else {"expect": wanted}
        for key in ("expect", "not"):
            listed = matcher.get(key, [])
            for name in map(str, listed if isinstance(listed, list) else [listed]):
                shown = name if name in names else (came or None)
                rest = {k: v for k, v in matcher.items() if k not in ("expect", "not")}
                finding = self.compare({**rest, key: name}, shown, requirement, at, f"{name} among {what}")
                if finding:
                    yield finding

    # -- other steps -------------------------------------------------------------------------------------------------

    def _await(self, played: Played, expect: dict[str, Any]) -> Iterator[Finding]:
        given = played.step["await"]
        name = given.get("alert", "download-and-update")
        if played.why == POLLED or (given.get("due") == "if-accepted" and self._last_refused(played)):
            return
        event, alert = self.report(played, ALERT_NAMED[name])
        requirement = self.requirement(str(played.step.get("ensures", "")), _OPERATION_ALERT.get(name, "FUMO-CI-002"))
        if alert is None or event is None:
            if played.why != "unfinished" and not self._died:
                finding = self.compare(
                    {"expect": "a report"},
                    None,
                    requirement,
                    None,
                    f"Generic Alert of type {name}: {played.why or 'none came'}",
                )
                if finding:
                    yield finding
            return
        yield Finding(
            requirement.id,
            PASS,
            "a report",
            "a report",
            event.n,
            f"Generic Alert of type {name}",
            None,
            requirement.level,
        )
        item = alert.items[0] if alert.items else Item()
        meta = alert.meta_of(item)
        values = {
            "result": text_of(item, meta).strip() if item.data is not None else None,
            "correlator": alert.correlator,
            "source": dotted(item.source),
            "format": meta.format,
            "mark": meta.mark,
            "type": meta.type,
            "count": str(self.reports(played, ALERT_NAMED[name])),
            "items": str(len(alert.items)),
            "place": place_of(event, self._sent_before(played)),
        }
        for key, value in values.items():
            if key in expect:
                finding = self.compare(
                    expect[key],
                    value,
                    self.requirement(ensured(played, expect[key], self._default)),
                    event.n,
                    f"{key} of the report",
                )
                if finding:
                    yield finding

    def _last_refused(self, played: Played) -> bool:
        """Whether the last Exec before a step was answered with an error, so that no report is due."""
        execs = [each for each in self._sent_before(played) if each["command"] == "Exec"]
        return bool(execs) and refuses(answers_of(self.transcript, execs[-1]).code)

    def _sent_before(self, played: Played) -> list[dict[str, Any]]:
        return [sent for step in played_steps(self.transcript) if step.begin < played.begin for sent in step.sent]

    def report(self, played: Played, alert_type: str) -> tuple[Event | None, Alert | None]:
        """The first Generic Alert of that type since the last Exec before the step, or since the case began."""
        return next(self._reports(played, alert_type), (None, None))

    def reports(self, played: Played, alert_type: str) -> int:
        """How many of them came until the step ended."""
        return sum(1 for _ in self._reports(played, alert_type))

    def _reports(self, played: Played, alert_type: str) -> Iterator[tuple[Event, Alert]]:
        before = [s for s in played_steps(self.transcript) if s.begin < played.begin]
        since = max((sent["event"] for s in before for sent in s.sent if sent["command"] == "Exec"), default=0)
        until = played.end or len(self.transcript) + 1
        for event in self._messages:
            if since < event.n < until and event.sender == DEVICE and not sent_back(self.transcript, event, until):
                for alert in self._fumo_alerts(event):
                    if type_of(alert) == alert_type:
                        yield event, alert

    def _fumo_alerts(self, event: Event) -> Iterator[Alert]:
        """Generic Alerts of firmware update in a message, without reports of what an earlier case began."""
        decoded = event.decoded()
        for alert in generic_alerts(decoded.message) if decoded else ():
            if type_of(alert).lower().startswith(ALERT_PREFIX) and not of_another_case(alert, self._given):
                yield alert

    def _quiet(self, played: Played, expect: dict[str, Any]) -> Iterator[Finding]:
        until = played.end or len(self.transcript) + 1
        between = [e for e in self.transcript.events if played.begin < e.n < until]
        counts = {
            "alerts": sum(
                len(list(self._fumo_alerts(e))) for e in between if e.kind == "message" and e.sender == DEVICE
            ),
            "fetches": sum(1 for e in between if e.kind == "http" and e.data.get("method") == "GET"),
            "sessions": len(began(self._messages, between)),
            "commands": sum(
                1
                for e in between
                if e.kind == "message"
                and e.sender != DEVICE
                and (d := e.decoded())
                and any(not isinstance(c, Status) for c in d.message.commands)
            ),
        }
        for key, wanted in expect.items():
            finding = self.compare(
                wanted,
                str(counts[key]),
                self.requirement(ensured(played, wanted, "")),
                played.end,
                f"{key} while nothing more was due",
            )
            if finding:
                yield finding

    def _values(self, played: Played, expect: dict[str, Any]) -> Iterator[Finding]:
        """Values that the suite measured while the step was played; one that it did not get is nothing."""
        until = played.end or len(self.transcript) + 1
        found = {e.data["name"]: e for e in self.transcript.of("value") if played.begin < e.n < until}
        for key in expect:
            event = found.get(key)
            if event is not None:
                yield from self._keyed(played, expect, {key: event.data["value"]}, event.n, event.data.get("says", ""))
            elif played.end is not None and not played.why and not self._died:
                # Where the step saw nothing at all, nothing is proved by that a value is not there.
                seen = self._keyed(played, expect, {key: None}, played.end, "was not seen")
                yield from (finding for finding in seen if found or finding.outcome != PASS)

    def _settled(self, played: Played, expect: dict[str, Any]) -> Iterator[Finding]:
        """What an interrupted update left behind; State is judged by a step of its own."""
        yield from self._values(played, {key: wanted for key, wanted in expect.items() if key != "state"})

    def _keyed(
        self, played: Played, expect: dict[str, Any], values: Mapping[str, Any], at: int | None, says: str
    ) -> Iterator[Finding]:
        """Findings for each expected key of which a value is at hand."""
        for key, value in values.items():
            if key in expect:
                shown = None if value is None else as_text(value)
                requirement = self.requirement(ensured(played, expect[key], ""))
                finding = self.compare(expect[key], shown, requirement, at, f"{key} {says}".strip())
                if finding:
                    yield finding

    def _fetched(self, played: Played, expect: dict[str, Any]) -> Iterator[Finding]:
        """What was fetched from one address of the content server, or from any, since the case began."""
        address = address_of(played.step["fetched"])
        values, at = fetched(self.transcript, address, played.begin)
        yield from self._keyed(played, expect, values, at, f"of what was fetched from {address}")

    def _reported(self, played: Played, expect: dict[str, Any]) -> Iterator[Finding]:
        """The status reports of a download since the case began."""
        given = played.step["reported"]
        given = given if isinstance(given, dict) else {"at": given}
        until = played.end or len(self.transcript) + 1
        values = facts(self.transcript, str(given.get("at")), str(given.get("object", "")), until)
        yield from self._keyed(played, expect, values, played.end, "of the status reports")

    def _commanded(self, played: Played, expect: dict[str, Any]) -> Iterator[Finding]:
        """What a server commanded before this step, since the case or the step named by ``since`` began."""
        given = played.step["commanded"]
        node, alerts = given.get("node", ""), codes_of(given.get("alert"))
        since = begin_of(self.transcript, str(given.get("since", "")))
        found = [
            c
            for c in said_once(self.transcript)
            if since < c.event.n < played.begin and c.command.name == given["command"] and (not node or c.node == node)
            and (not alerts or (isinstance(c.command, Alert) and c.command.data in alerts))
        ]
        last = found[-1] if found else None
        values: dict[str, Any] = {"count": len(found)}
        says = f"of {given['command']} on {node}" if node else f"of {given['command']} {', '.join(alerts)}".strip()
        if last is not None:
            values |= {"data": last.data, "correlator": last.correlator, "inside": last.inside or None}
        else:
            yield from self._never(played, [key for key in expect if key not in values and key not in _OF_OBJECT], says)
        for key in (key for key in _OF_OBJECT if key in expect):
            values[key] = received_object(self.transcript, node, mistaken=key == "mistaken") or None
        # A server that said nothing in all of the case did not show that it commands something not.
        heard = any(event.sender == SERVER for event in self.transcript.of("message"))
        told = self._keyed(played, expect, values, last.event.n if last else None, says)
        yield from (finding for finding in told if heard or finding.outcome != PASS)
        if "before" in given and found:
            yield from self._order(played, found[0], given["before"])
        elif "before" in given and not expect:
            yield from self._never(played, [""], says)

    def _never(self, played: Played, keys: list[str], says: str) -> Iterator[Finding]:
        """Findings about a command that never came, of which more was expected than its number."""
        for key in keys:
            requirement = self.requirement(ensured(played, (played.step.get("expect") or {}).get(key), ""))
            finding = self.compare({"expect": "the command"}, None, requirement, None, f"{key} {says}: none came".strip())
            if finding:
                yield finding

    def _order(self, played: Played, first: Commanded, later: str) -> Iterator[Finding]:
        """Findings about what must come before what; ``later`` is a node."""
        every = [c for c in commanded(self.transcript) if c.command is first.command or c.command.name == "Exec"]
        after = next((c for c in every if c.node == later and c.command is not first.command), None)
        if after is not None:
            ordered = next(c for c in every if c.command in (first.command, after.command)).command is first.command
            requirement = self.requirement(str(played.step.get("ensures", "")))
            finding = self.compare(
                True, as_text(ordered), requirement, after.event.n, f"{first.node} is set before Exec on {later}"
            )
            if finding:
                yield finding

    def _answered(self, played: Played, expect: dict[str, Any]) -> Iterator[Finding]:
        """How a server answered what the device sent before this step."""
        given = played.step["answered"]
        since = begin_of(self.transcript, str(given.get("since", "")))
        found = [
            a
            for a in answers_to(self.transcript, given["command"], str(given.get("alert", "")))
            if since < a[0].n < played.begin
        ]
        place = int(given["nth"]) - 1 if "nth" in given else 0 if given.get("first") else len(found) - 1
        event, codes = found[place] if 0 <= place < len(found) else (None, [])
        values = {"status": codes[0] if codes else None, "codes": ",".join(sorted(set(codes))) or None}
        answer = event.decoded() if event is not None else None
        values["final"] = None if answer is None else as_text(answer.message.final)
        says = f"of the answer to {given['command']} {given.get('alert', '')}".strip()
        yield from self._keyed(played, expect, values, event.n if event else None, says)


_CHECKS: dict[str, Any] = {
    "await": Expectations._await,
    "quiet": Expectations._quiet,
    "firmware": Expectations._values,
    "fetched": Expectations._fetched,
    "reported": Expectations._reported,
    "notify": Expectations._values,
    "fetch": Expectations._values,
    "session": Expectations._values,
    "reply": Expectations._values,
    "settled": Expectations._settled,
    "malformed": Expectations._values,
    "trigger": Expectations._values,
    "commanded": Expectations._commanded,
    "answered": Expectations._answered,
    "outcome": Expectations._values,
    "crowd": Expectations._values,
}
