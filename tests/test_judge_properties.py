"""What is proved is proved by something that came; what carries no meaning changes nothing.

Transcripts of the reference peers, as a run leaves them, are taken apart: whatever the judge then still says is proved must rest
on an event that is still there.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pytest

from conformance.harness.cases import load_cases
from conformance.harness.catalogue import load_catalogue
from conformance.harness.embedded import write_embedded
from conformance.harness.iut import load_iut
from conformance.harness.places import testcases as data
from conformance.harness.run import Options, Run
from conformance.judge.finding import PASS, WARN, Finding
from conformance.judge.rule import Hit, View, registered
from conformance.judge.verdict import judge
from conformance.transcript import SUITE, Event, Transcript, load

CATALOGUE = load_catalogue(data())
PLAYED = (
    "client/flows/download-and-update/plain", "client/exec/correlator/mixed-case", "client/large-objects/chunks/in-pieces",
    "client/result-codes/download-and-update/server-refuses", "client/nodes/access/two-urls",
    "server/flows/alternate-download/plain", "server/flows/download-and-update/plain", "server/triggers/message/form",
)  # fmt: skip
INNER = ("step", "note")
"""Kinds of events in which nobody but the suite says anything."""


@dataclass
class Played:
    """A case as it was played, with everything to judge it again."""

    case: dict[str, Any]
    transcript: Transcript

    def findings(self, events: Iterable[Event]) -> list[Finding]:
        """What judging says of some events."""
        return judge(self.case, Transcript(copies(events)), CATALOGUE).findings

    def proofs(self, events: Iterable[Event]) -> dict[str, list[Hit]]:
        """For each requirement that standing rules hold for obeyed: where it was."""
        view = View(Transcript(copies(events)), self.case["role"], tuple(self.case["objects"]), version=self.case["version"])
        hits: dict[str, list[Hit]] = {}
        for rule in registered():
            for hit in rule.check(view) if self.case["role"] in rule.sides else ():
                hits.setdefault(hit.requirement or rule.requirements[0], []).append(hit)
        return {name: found for name, found in hits.items() if all(hit.obeyed for hit in found)}

    @cached_property
    def exchanges(self) -> list[set[int]]:
        """The numbers of the events of each exchange: of messages request and response, else the event alone."""
        groups: dict[Any, set[int]] = {}
        for event in self.transcript:
            if event.kind not in INNER:
                groups.setdefault(event.data.get("exchange", f"n{event.n}"), set()).add(event.n)
        return list(groups.values())


def copies(events: Iterable[Event]) -> list[Event]:
    """The same events, nothing of which remembers what was read of it before."""
    return [replace(event, data=dict(event.data), _decoded=None) for event in events]


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """One permutation of each of the cases."""
    folder = tmp_path_factory.mktemp("played")
    run = Run([load_iut(path) for path in write_embedded(folder / "iut")], Options(folder / "run"))
    made: dict[str, Played] = {}
    cases = [case for case in load_cases(data()) if case.id in PLAYED]
    try:
        for iut in run.iuts:
            for chosen in run.selector(iut).choose(cases):
                name = chosen.permutation.case.id
                if chosen.selected and name not in made:
                    line = run.do(chosen)
                    assert line["verdict"] == PASS, line["reason"]
                    evidence = folder / "run" / line["evidence"]
                    made[name] = Played(json.loads((evidence / "case.json").read_text(encoding="utf-8")), load(evidence))
    finally:
        run.close()
    assert set(made) == set(PLAYED)
    return made


@pytest.mark.parametrize("name", PLAYED)
def test_nothing_is_proved_by_nothing(plays: dict[str, Played], name: str) -> None:
    """Of what crossed a boundary nothing is left: no requirement passes, and the case does not but with warnings."""
    played = plays[name]
    left = [event for event in played.transcript if event.kind in INNER]
    assert left
    assert [(f.requirement, f.message) for f in played.findings(left) if f.outcome == PASS] == []
    judged = judge(played.case, Transcript(copies(left)), CATALOGUE)
    assert judged.verdict != PASS or {f.outcome for f in judged.findings} == {WARN}, "what rests on no text never fails"


@pytest.mark.parametrize("name", PLAYED)
def test_without_an_exchange_what_it_proved_is_proved_elsewhere_or_not_at_all(plays: dict[str, Played], name: str) -> None:
    """Each exchange is taken out once. What a check of the case or a rule holds for proved names an event that is left."""
    played = plays[name]
    for gone in played.exchanges:
        left = [event for event in played.transcript if event.n not in gone]
        numbers = {event.n for event in left}
        for finding in played.findings(left):
            assert finding.event is None or finding.event in numbers, f"{finding.requirement} rests on what is gone"
        for requirement, hits in played.proofs(left).items():
            assert {hit.event for hit in hits} <= numbers, f"{requirement}: {gone}"


@pytest.mark.parametrize("name", PLAYED)
def test_without_what_proves_it_no_requirement_is_proved(plays: dict[str, Played], name: str) -> None:
    """Exchange after exchange that proves a requirement is taken out: in the end it is proved no more."""
    played = plays[name]
    proved = played.proofs(played.transcript)
    assert len(proved) > 5
    for requirement in proved:
        left = list(played.transcript)
        while hits := played.proofs(left).get(requirement):
            cited = {hit.event for hit in hits}
            gone = set().union(*(group for group in played.exchanges if group & cited))
            assert gone, f"{requirement} is held for obeyed where nothing came"
            left = [event for event in left if event.n not in gone]


@pytest.mark.parametrize("name", PLAYED)
def test_a_check_that_passed_does_not_pass_without_its_event(plays: dict[str, Played], name: str) -> None:
    """The exchange to which a finding of the case points goes: the same finding does not stay."""
    played = plays[name]
    exchange = {n: group for group in played.exchanges for n in group}
    before = [f for f in played.findings(played.transcript) if f.outcome == PASS and f.event in exchange]
    assert before or name == "client/large-objects/chunks/in-pieces"
    for finding in before:
        left = [event for event in played.transcript if event.n not in exchange[finding.event or 0]]
        assert finding not in played.findings(left), finding


# -- what carries no meaning -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLAYED)
def test_what_carries_no_meaning_changes_nothing(plays: dict[str, Played], name: str) -> None:
    """Remarks of the suite, the order of keys, the hour at which the case began, and gaps between the numbers of events."""
    played = plays[name]
    before = played.findings(played.transcript)
    chance = random.Random(name)
    without_notes = [event for event in played.transcript if event.kind != "note"]
    later = [replace(event, at=event.at + 100_000.0) for event in played.transcript]
    shuffled = []
    for event in played.transcript:
        keys = list(event.data)
        chance.shuffle(keys)
        shuffled.append(replace(event, data={key: event.data[key] for key in keys}))
    for events in (without_notes, later, shuffled):
        assert played.findings(events) == before


@pytest.mark.parametrize("name", PLAYED)
def test_remarks_anywhere_change_no_finding_of_a_case(plays: dict[str, Played], name: str) -> None:
    """Notes between the events move their numbers, and nothing else."""
    played = plays[name]
    before = played.findings(played.transcript)
    chance = random.Random(name)
    events = copies(played.transcript)
    for _ in range(6):
        events.insert(chance.randint(0, len(events)), Event(0, 0.0, "note", SUITE, SUITE, {"text": "x"}))
    numbers: dict[int, int] = {}
    for place, event in enumerate(events, 1):
        if event.kind != "note":
            numbers[event.n] = place
        event.n = place
    for event in events:
        if event.kind == "step" and event.data.get("sent"):
            event.data["sent"] = [{**each, "event": numbers[each["event"]]} for each in event.data["sent"]]
    after = played.findings(events)
    assert after == [f if f.event is None else replace(f, event=numbers[f.event]) for f in before]
