"""Shows for a deviation that the suite catches it, and for the right reason: a finding names a requirement it breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.harness.cases import Case
from conformance.harness.deviations import DeviationRow
from conformance.harness.embedded import embedded_iut, process_iut
from conformance.harness.iut import Iut, load_iut
from conformance.harness.run import Options, Run, in_order
from conformance.judge.finding import FAIL, WARN
from conformance.peers.deviants import name_of

TRANSPORT = "transport"
"""The area of deviations that show over sockets alone: their peer is a process of its own."""


@dataclass(frozen=True, slots=True)
class Kill:
    """A permutation that caught a deviation for the right reason. ``outcome``: fail or warn."""

    permutation: str
    requirement: str
    outcome: str


@contextmanager
def attached(row: DeviationRow, folder: Path, *, tls: bool = False) -> Iterator[tuple[Run, Iut]]:
    """A run against a peer with the deviation, which ends with the block. ``tls``: where it is a process, over https."""
    if row.area == TRANSPORT:
        path = process_iut(folder / "iut", row.role, [row.id], tls=tls)
    else:
        adapter = f"conformance.peers.deviants:{name_of(row.role, row.id)}"
        path = embedded_iut(folder / "iut", row.role, adapter, row.profile, claims=row.claims)
    iut = load_iut(path)
    run = Run([iut], Options(folder))
    try:
        yield run, iut
    finally:
        run.close()


def kills(row: DeviationRow, cases: Sequence[Case], folder: Path, *, enough: int = 1) -> tuple[list[Kill], list[str]]:
    """Plays cases against a peer with the deviation until it was caught ``enough`` times.

    Returns the catches for the right reason, and one line for each catch for another reason.
    """
    caught: list[Kill] = []
    others: list[str] = []
    with attached(row, folder, tls=over_tls(cases)) as (run, iut):
        for chosen in in_order(run.selector(iut).choose(cases)):
            if chosen.selected and len(caught) < enough:
                line = run.do(chosen)
                right, wrong = catches(line, row)
                caught += right[:1]
                others += wrong
    return caught, others


def over_tls(cases: Sequence[Case]) -> bool:
    """Whether some of the cases are about TLS."""
    return any("tls" in claim for case in cases for claim in case.needs.claims)


def catches(line: dict[str, Any], row: DeviationRow) -> tuple[list[Kill], list[str]]:
    """What a line of the record says against a deviation: catches for the right reason, failures before warnings, and
    one line for each failure for another reason."""
    right, wrong = [], []
    for finding in line["findings"]:
        if finding["outcome"] in (FAIL, WARN) and finding["requirement"] in row.breaks:
            right.append(Kill(line["id"], finding["requirement"], finding["outcome"]))
        elif finding["outcome"] == FAIL:
            wrong.append(f"{line['id']}: {finding['requirement']}: {finding['message']}")
    right.sort(key=lambda kill: kill.outcome != FAIL)
    return right, wrong
