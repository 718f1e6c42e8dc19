"""The steps of a case as they were played, read from the transcript."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from conformance.transcript import Transcript


@dataclass(slots=True)
class Played:
    """One step as it was played: its data, the events between its begin and its end, and what it sent."""

    index: str
    step: dict[str, Any]
    begin: int
    end: int | None = None
    why: str = ""
    sent: list[dict[str, Any]] = field(default_factory=list)


def played_steps(transcript: Transcript) -> list[Played]:
    """The steps that were begun, in order."""
    steps: list[Played] = []
    for event in transcript.of("step"):
        if event.data["phase"] == "begin":
            steps.append(Played(event.data["index"], event.data["step"], event.n))
        for step in reversed(steps) if event.data["phase"] == "end" else ():
            if step.index == event.data["index"]:
                step.end, step.why, step.sent = event.n, event.data.get("why", ""), event.data.get("sent", [])
                break
    return steps


def begin_of(transcript: Transcript, index: str) -> int:
    """Number of the event with which a step began; 0 where there is no such step."""
    return max((step.begin for step in played_steps(transcript) if step.index == index), default=0)
