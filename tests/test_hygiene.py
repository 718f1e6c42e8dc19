"""A case gives the verdict that it gives alone, whatever was played before it (what must stay true, 12)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from conformance.harness.cases import load_cases
from conformance.harness.embedded import embedded_iut
from conformance.harness.iut import load_iut
from conformance.harness.places import testcases as cases_folder
from conformance.harness.run import Options, Run
from conformance.harness.selection import Chosen
from conformance.peers.deviants import name_of

CASES = 30
DEVIATIONS = ("correlator-upper-cased", "draft-object-type", "corrupt-package-installed")
"""A device that does some things wrong: verdicts differ, so that one that leaks would be seen."""


def _run(folder: Path) -> Run:
    iut = embedded_iut(folder / "iut", "client", f"conformance.peers.deviants:{name_of('client', *DEVIATIONS)}")
    return Run([load_iut(iut)], Options(folder, mode="one"))


def _chosen(run: Run) -> list[Chosen]:
    """Thirty permutations of all themes, always the same."""
    every = [c for c in run.selector(run.iuts[0]).choose(load_cases(cases_folder())) if c.selected]
    wanted = random.Random(7).sample(every, CASES - 3)
    must = ("client/exec/correlator/mixed-case", "client/nodes/shape/object-type", "client/result-codes/download-and-update/corrupted")
    return wanted + [c for c in every if c.permutation.case.id in must and c not in wanted]


def _every_pair(count: int) -> Iterator[int]:
    """A walk over ``count`` places that takes each ordered pair of different ones (and few others) one after the other."""
    for first in range(count):
        for second in range(count):
            if first != second:
                yield first
                yield second


def test_every_ordered_pair_of_thirty_cases(tmp_path: Path) -> None:
    run = _run(tmp_path / "all")
    try:
        chosen = _chosen(run)
        alone = {}
        for each in chosen:
            single = _run(tmp_path / "alone")
            try:
                alone[each.permutation.id] = single.do(each)["verdict"]
            finally:
                single.close()
        assert {"pass", "fail"} <= set(alone.values())
        wrong = []
        for place in _every_pair(len(chosen)):
            line = run.do(chosen[place])
            if line["verdict"] != alone[line["id"]]:
                wrong.append((line["id"], line["verdict"], line["reason"]))
        assert wrong == []
    finally:
        run.close()
