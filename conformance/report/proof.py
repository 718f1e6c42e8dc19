"""What trying the deviations of the reference peers said of the suite: made from the record of the trial alone.

``results.ndjson`` of a proof holds a header (the suite, the deviations and the cases as they were), a line for each piece
of the work that ended, and a footer for each time the work was taken up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.judge.finding import FAIL
from conformance.report.record import FOOTER, HEADER, RECORD, RecordWriter

PIECE = "piece"
CAUGHT, WARNED, OTHERWISE, SURVIVED, UNTRIED, ERROR = "caught", "warned", "otherwise", "survived", "untried", "error"
OUTCOMES = (SURVIVED, OTHERWISE, ERROR, UNTRIED, WARNED, CAUGHT)
"""What may become of a deviation, the most urgent first."""
SAYS = {
    CAUGHT: "a failure names a requirement that it breaks",
    WARNED: "only warnings name a requirement that it breaks",
    OTHERWISE: "cases fail, but none names a requirement that it breaks",
    SURVIVED: "no case says anything against it",
    UNTRIED: "not all of its pieces were done",
    ERROR: "the trial itself went wrong",
}

Line = dict[str, Any]


class ProofWriter(RecordWriter):
    """Writes the record of a proof, as :class:`RecordWriter` writes that of a run."""

    types = (HEADER, PIECE, FOOTER)


@dataclass(slots=True)
class Tried:
    """A deviation and what became of it. ``row`` is that of the header; kills are [permutation, requirement, outcome]."""

    row: Line
    outcome: str
    kills: list[list[str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    played: int = 0
    trouble: str = ""

    @property
    def explained(self) -> str:
        """Why it survives, where the data say so; else ""."""
        return self.row["pending"] if self.outcome in (SURVIVED, OTHERWISE) else ""

    @property
    def weak(self) -> list[str]:
        """Requirements that it breaks and that could fail, where only warnings caught it."""
        return list(self.row.get("firm", ())) if self.outcome == WARNED else []

    @property
    def open(self) -> bool:
        """Whether somebody has to do something about it."""
        return self.outcome in (SURVIVED, OTHERWISE, ERROR) and not self.explained

    @property
    def best(self) -> list[str]:
        """The catch that says the most: the first failure, else the first warning; empty where there is none."""
        return next((kill for kill in self.kills if kill[2] == FAIL), self.kills[0] if self.kills else [])


@dataclass(slots=True)
class Idle:
    """A case that caught nothing. ``tried``: deviations that it was played against; ``because``: why it stands."""

    id: str
    title: str
    because: str
    tried: int


@dataclass(slots=True)
class Proof:
    """A proof as read."""

    header: Line
    tried: list[Tried]
    idle: list[Idle]
    never: list[str]
    """Cases that were played against no deviation."""
    seconds: float
    """Seconds that the work took, by the clock, over all times it was taken up."""
    pieces: int

    @property
    def full(self) -> bool:
        """Whether the whole matrix was asked for."""
        return bool(self.header["full"])

    @property
    def complete(self) -> bool:
        """Whether every piece was done."""
        return not any(each.outcome == UNTRIED for each in self.tried)

    def of(self, *outcomes: str) -> list[Tried]:
        """The deviations with one of these outcomes."""
        return [each for each in self.tried if each.outcome in outcomes]

    @property
    def unexplained(self) -> list[Idle]:
        """Cases that catch nothing although they were tried against everything, and do not say why they stand."""
        whole = self.full and self.complete and not self.header["chosen"]
        return [case for case in self.idle if not case.because] if whole else []

    @property
    def exit(self) -> int:
        """3 where pieces are missing or went wrong, else 1 where something has to be done, else 0."""
        if self.of(UNTRIED, ERROR):
            return 3
        return 1 if any(each.open for each in self.tried) or self.unexplained else 0


def read_lines(path: Path) -> list[Line]:
    """The lines of a record of a proof; a torn last one is left out. Raises ``ValueError`` for what is none."""
    lines: list[Line] = []
    texts = path.read_text(encoding="utf-8").split("\n")
    for number, text in enumerate(texts, 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except ValueError as fault:
            if number == len(texts):
                break
            raise ValueError(f"{path}:{number}: not a line of JSON ({fault})") from fault
        if not isinstance(line, dict) or line.get("type") not in ProofWriter.types or (line["type"] == HEADER) != (not lines):
            raise ValueError(f"{path}:{number}: expected the record of a proof: a header, then pieces")
        lines.append(line)
    if not lines or not {"full", "chosen", "deviations", "cases", "pieces"} <= set(lines[0]):
        raise ValueError(f"{path}:1: expected the header of a proof")
    return lines


def read_proof(folder: Path) -> Proof:
    """The proof in a folder. Raises ``OSError`` and ``ValueError``."""
    header, *rest = read_lines(folder / RECORD)
    done = {line["id"]: line for line in rest if line["type"] == PIECE}
    tried = [_tried(row, header["pieces"], list(done.values())) for row in header["deviations"]]
    played: dict[str, set[str]] = {}
    for line in done.values():
        for case in line["played"]:
            played.setdefault(case, set()).add(f"{line['role']}/{line['deviation']}")
    killers = {kill[0].partition("[")[0] for each in tried for kill in each.kills}
    idle = [
        Idle(case["id"], case["title"], case["because"], len(played[case["id"]]))
        for case in header["cases"]
        if case["id"] in played and case["id"] not in killers
    ]
    never = [case["id"] for case in header["cases"] if case["id"] not in played]
    seconds = sum(line["seconds"] for line in rest if line["type"] == FOOTER)
    return Proof(header, tried, idle, never, seconds, len(done))


def _tried(row: Line, pieces: Mapping[str, int], done: list[Line]) -> Tried:
    name = f"{row['role']}/{row['id']}"
    mine = [line for line in done if f"{line['role']}/{line['deviation']}" == name]
    kills = [kill for line in mine for kill in line["kills"]]
    others = [text for line in mine for text in line["others"]]
    played = sum(sum(line["played"].values()) for line in mine)
    errors = sum(sum(line["errors"].values()) for line in mine)
    trouble = next((line["trouble"] for line in mine if line.get("trouble")), "")
    if any(kill[2] == FAIL for kill in kills):
        outcome = CAUGHT
    elif kills:
        outcome = WARNED
    elif len(mine) < pieces[name]:
        outcome = UNTRIED
    elif trouble or (errors and not played):
        trouble = trouble or next(reason for line in mine for reason in line["errors"])
        outcome = ERROR
    else:
        outcome = OTHERWISE if others else SURVIVED
    return Tried(row, outcome, kills, others, played, trouble)
