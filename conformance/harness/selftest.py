"""``fumo-conformance selftest``: can the suite be trusted on this machine? A sample of everything that shows it.

The reference peers must pass; wrong peers must be caught for the right reason; peers that are right in another way must not
be; judging again must say the same; and other programs, where they are installed, must read what the suite writes.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.harness.cases import Case, load_cases, permutations
from conformance.harness.deviations import DeviationRow
from conformance.harness.embedded import write_embedded
from conformance.harness.iut import load_iut
from conformance.harness.oracles import ORACLES
from conformance.harness.places import testcases
from conformance.harness.play import judge_again
from conformance.harness.proof import TRANSPORT, attached
from conformance.harness.prove import Piece, prove, rows_of
from conformance.harness.run import Options, Run, in_order
from conformance.harness.yamlfile import load
from conformance.judge.finding import FAIL, NOT_APPLICABLE, PASS

ROLES = ("client", "server")
EACH_TABLE, EVERY_DEVIATION, PROCESSES, EVERY_VARIANT, OF_A_VARIANT = 2, 6, 2, 6, 12
"""Cases of a table; one deviation of so many; peers as processes for each role; one variant of so many, and its cases."""
_SECONDS = 30.0
_TOLD = 5
Line = dict[str, Any]


@dataclass(slots=True)
class Check:
    """One thing that was looked at: how many of what, and a line for each that is not as it must be.

    ``skipped``: why nothing was tried.
    """

    name: str
    tried: int = 0
    what: str = ""
    wrong: list[str] = field(default_factory=list)
    skipped: str = ""
    seconds: float = 0.0

    def told(self) -> list[str]:
        """For a terminal: one line, and what is wrong below it."""
        if self.skipped:
            return [f"skipped  {self.name}: {self.skipped}"]
        word = "WRONG   " if self.wrong else "good    "
        lines = [f"{word} {self.name}: {self.tried - len(self.wrong)} of {self.tried} {self.what}  {self.seconds:.1f} s"]
        lines += [f"    {text}" for text in self.wrong[:_TOLD]]
        return [*lines, f"    and {len(self.wrong) - _TOLD} more"] if len(self.wrong) > _TOLD else lines


def selftest(workers: int) -> Iterator[Check]:
    """Looks at one thing after the other; gives each as soon as it is known. Needs a place for temporary files."""
    with tempfile.TemporaryDirectory(prefix="fumo-selftest-") as name:
        folder = Path(name)
        cases = load_cases(testcases())
        run = Run([load_iut(path) for path in write_embedded(folder / "iut")], Options(folder / "run"))
        lines: list[Line] = []
        yield _timed(_peers, run, sample(cases), lines)
        yield _timed(_again, run, lines)
        yield _timed(_deviations, workers)
        yield _timed(_variants, cases, folder / "variants")
        for oracle in ORACLES:
            yield _timed(_oracle, oracle, folder, lines)


def _timed(work: Any, *given: Any) -> Check:
    started = time.monotonic()
    check: Check = work(*given)
    check.seconds = time.monotonic() - started
    return check


def sample(cases: list[Case]) -> list[Case]:
    """The first cases of every table."""
    seen: dict[str, int] = {}
    chosen = []
    for case in cases:
        seen[case.suite] = seen.get(case.suite, 0) + 1
        if seen[case.suite] <= EACH_TABLE:
            chosen.append(case)
    return chosen


def _peers(run: Run, cases: list[Case], lines: list[Line]) -> Check:
    """The reference peers pass; what was played is added to ``lines``."""
    check = Check("reference peers", what="permutations pass")
    try:
        for iut in run.iuts:
            mine = [case for case in cases if case.role == iut.role]
            last = {permutations(case)[-1].id for case in mine}
            for chosen in in_order(run.selector(iut).choose(mine)):
                if chosen.selected and chosen.permutation.id in last:
                    line = run.do(chosen)
                    lines += [line] if line["verdict"] != NOT_APPLICABLE else []
    finally:
        run.close()
    check.tried = len(lines)
    check.wrong = [f"{line['id']}: {line['verdict']}: {line['reason']}" for line in lines if line["verdict"] != PASS]
    return check


def _again(run: Run, lines: list[Line]) -> Check:
    """Judging what was just played again gives the same findings."""
    check = Check("judging again", len(lines), "permutations get the same findings")
    for line in lines:
        _, judged = judge_again(run.options.folder / line["evidence"], run.terms)
        if [finding.as_dict() for finding in judged.findings] != line["findings"] or judged.verdict != line["verdict"]:
            check.wrong.append(f"{line['id']}: {line['verdict']} before, {judged.verdict} now")
    return check


def some_deviations() -> list[Piece]:
    """A sample of the deviations that the data say are caught: in this process, and some as processes of their own."""
    made = []
    for role in ROLES:
        rows = [row for row in rows_of([role]) if row.seen_by]
        near = [row for row in rows if row.area != TRANSPORT][::EVERY_DEVIATION]
        far = [row for row in rows if row.area == TRANSPORT][:PROCESSES]
        made += [Piece(role, row.id) for row in near + far]
    return made


def _deviations(workers: int) -> Check:
    todo = some_deviations()
    check = Check("wrong peers", len(todo), "are caught for the right reason")
    for line in prove(todo, workers):
        if not line["kills"]:
            why = line.get("trouble") or next(iter(line["errors"]), "") or "; ".join(line["others"]) or "nothing was held against it"
            check.wrong.append(f"{line['role']}/{line['deviation']}: {why}")
    return check


def _variants(cases: list[Case], folder: Path) -> Check:
    """Peers that are right in another way pass: the rows of ``testcases/variants``, over cases of their themes."""
    check = Check("other right peers", what="pass")
    rows = [row for role in ROLES for row in _variant_rows(role)[::EVERY_VARIANT]]
    if not rows:
        check.skipped = "there are no variants to try"
    for row, themes in rows:
        mine = [case for case in cases if case.role == row.role and case.theme in themes and not case.risks]
        some = mine[:: max(1, len(mine) // OF_A_VARIANT)]
        wrong = ""
        with attached(row, folder / row.role / row.id) as (run, iut):
            for chosen in in_order(run.selector(iut).choose(some)):
                if chosen.selected and not wrong:
                    line = run.do(chosen)
                    wrong = f"{line['id']}: {line['reason']}" if line["verdict"] == FAIL else ""
        check.tried += 1
        check.wrong += [f"{row.role}/{row.id}: {wrong}"] if wrong else []
    return check


def _variant_rows(role: str) -> list[tuple[DeviationRow, list[str]]]:
    path = testcases() / "variants" / f"{role}.yaml"
    raw = load(path).value if path.is_file() else []
    return [
        (DeviationRow(row["id"], role, row.get("says", ""), (), "", "", profile=row.get("profile", "")), row.get("themes", []))
        for row in raw
    ]


def _oracle(oracle: Any, folder: Path, lines: list[Line]) -> Check:
    """Another program says the same."""
    check = Check(f"another opinion: {oracle.program}", what=oracle.what)
    path = shutil.which(oracle.program)
    if path is None:
        check.skipped = f"{oracle.program} is not installed"
        return check
    target = folder / oracle.program
    target.mkdir(exist_ok=True)

    def ask(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([path, *arguments], capture_output=True, timeout=_SECONDS, check=False)

    for name, trial in oracle.trials(folder / "run", lines):
        check.tried += 1
        try:
            said = trial(ask, target)
        except (OSError, ValueError, subprocess.TimeoutExpired) as trouble:
            said = f"{type(trouble).__name__}: {trouble}"
        check.wrong += [f"{name}: {said}"] if said else []
    return check
