"""``fumo-conformance prove --cases``: does each case earn its place, by a deviation that it catches for what it asks for?

A standing rule catches much in any case; that proves the rule, not the case. Here a catch counts where the finding names a
requirement that the deviation breaks *and* the case asks for. Only deviations that break such a requirement are tried: no
other could count.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from conformance.harness.cases import Case, load_cases
from conformance.harness.cover import required_by
from conformance.harness.deviations import DeviationRow, load_deviations
from conformance.harness.places import testcases
from conformance.harness.proof import Kill, attached, catches, over_tls
from conformance.harness.run import Run, in_order
from conformance.harness.selection import Chosen

SHARE = 200
"""Cases in a share of the work."""
_ENOUGH = 4
"""Permutations of a case that a deviation meets."""


@dataclass(slots=True)
class Earned:
    """A case and the deviation that it caught first; ``kill`` is ``None`` for an idle one. ``tried``: how many it met.

    ``hopeless``: no deviation breaks what it asks for. ``trouble``: what went wrong in playing it.
    """

    case: Case
    kill: Kill | None = None
    deviation: str = ""
    tried: int = 0
    hopeless: bool = False
    trouble: str = ""

    def line(self) -> dict[str, Any]:
        """As plain data."""
        kill = [self.kill.permutation, self.kill.requirement, self.kill.outcome] if self.kill else []
        return {
            "id": self.case.id, "title": self.case.title, "because": self.case.because, "deviation": self.deviation,
            "kill": kill, "tried": self.tried, "hopeless": self.hopeless, "trouble": self.trouble,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Share:
    """Some cases of a role, to be done by one worker."""

    role: str
    cases: tuple[str, ...]


@dataclass(slots=True)
class _Hunt:
    rows: Sequence[DeviationRow]
    idle: dict[str, Earned] = field(default_factory=dict)

    def asking(self, row: DeviationRow) -> list[Case]:
        """The cases, idle so far, that a deviation concerns."""
        return [each.case for each in self.idle.values() if concerns(row, each.case)]

    def play(self, run: Run, chosen: Chosen, row: DeviationRow) -> None:
        """Plays a permutation of a case that is idle so far."""
        case = chosen.permutation.case
        earned, line = self.idle[case.id], run.do(chosen)
        if line["verdict"] == "error":
            earned.trouble = line["reason"][:300]
            return
        asked = set(required_by(case))
        earned.kill = next((kill for kill in catches(line, row)[0] if kill.requirement in asked), None)
        if earned.kill is not None:
            earned.deviation = row.id


def concerns(row: DeviationRow, case: Case) -> bool:
    """Whether a deviation breaks something that a case asks for."""
    return row.role == case.role and not set(row.breaks).isdisjoint(required_by(case))


def shares(cases: Sequence[Case]) -> list[Share]:
    """The work, cut into shares of one role each."""
    made = []
    for role in ("client", "server"):
        mine = [case.id for case in cases if case.role == role]
        made += [Share(role, tuple(mine[at : at + SHARE])) for at in range(0, len(mine), SHARE)]
    return made


def earn(share: Share) -> list[dict[str, Any]]:
    """Does a share: every deviation meets the cases it concerns which have caught none so far."""
    cases = [case for case in load_cases(testcases()) if case.id in set(share.cases)]
    rows = sorted(load_deviations(testcases(), share.role), key=lambda row: row.area == "transport")
    hunt = _Hunt(rows, {case.id: Earned(case) for case in cases})
    done = [each for each in hunt.idle.values() if not any(concerns(row, each.case) for row in rows)]
    for each in done:
        each.hopeless = True
        del hunt.idle[each.case.id]
    for row in rows:
        asking = hunt.asking(row)
        if asking:
            _meet(hunt, row, asking)
            done += [hunt.idle.pop(case.id) for case in asking if hunt.idle[case.id].kill is not None]
    return [each.line() for each in (*done, *hunt.idle.values())]


def _meet(hunt: _Hunt, row: DeviationRow, asking: list[Case]) -> None:
    with tempfile.TemporaryDirectory(prefix="fumo-prove-") as folder, attached(row, Path(folder), tls=over_tls(asking)) as (run, iut):
        met: dict[str, int] = {}
        for chosen in in_order(run.selector(iut).choose(asking)):
            name = chosen.permutation.case.id
            if not chosen.selected or hunt.idle[name].kill is not None or met.get(name, 0) >= _ENOUGH:
                continue
            hunt.idle[name].tried += not met.get(name)
            met[name] = met.get(name, 0) + 1
            hunt.play(run, chosen, row)


def earnings(cases: Sequence[Case], workers: int) -> Iterator[list[dict[str, Any]]]:
    """What came of all shares, each as soon as it is there."""
    todo = shares(cases)
    if workers <= 1 or len(todo) == 1:
        yield from map(earn, todo)
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        for done in as_completed([pool.submit(earn, share) for share in todo]):
            yield done.result()
    finally:
        pool.shutdown(cancel_futures=True)
