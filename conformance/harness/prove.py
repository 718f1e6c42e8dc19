"""``fumo-conformance prove``: every deviation of the reference peers against the suite.

The work is cut into pieces. A piece is one deviation: with the likely killers first, until it is caught; or, in the whole
matrix, some permutations against one deviation. Each piece that ends is a line of ``results.ndjson``.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from conformance.harness.cases import Case, load_cases
from conformance.harness.catalogue import load_catalogue
from conformance.harness.cover import required_by
from conformance.harness.deviations import DeviationRow, load_deviations
from conformance.harness.places import testcases
from conformance.harness.proof import TRANSPORT, Kill, attached, catches, over_tls
from conformance.harness.run import Run, in_order
from conformance.harness.selection import Chosen
from conformance.judge.finding import FAIL, Catalogue

PIECE = 200
"""Permutations in a piece of the whole matrix."""
_OTHERS, _LONGEST = 5, 300
"""Catches for another reason that a line keeps, and characters of each."""
Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the work: ``number`` of ``of`` of a deviation. ``full``: of the whole matrix."""

    role: str
    deviation: str
    number: int = 0
    of: int = 1
    full: bool = False

    @property
    def id(self) -> str:
        """``client/no-final#3``: names the piece in the results."""
        return f"{self.role}/{self.deviation}#{self.number}"


def rows_of(roles: Sequence[str]) -> list[DeviationRow]:
    """The deviations of some roles, in the order of the data files, each id once."""
    return list({(role, row.id): row for role in roles for row in load_deviations(testcases(), role)}.values())


def pieces(rows: Iterable[DeviationRow], full: bool) -> list[Piece]:
    """The pieces that prove some deviations. ``full``: each permutation of the role against each deviation; a deviation
    whose peer is a process meets its likely killers only, for such a peer costs seconds, not milliseconds."""
    made = []
    for row in sorted(rows, key=lambda row: row.area != TRANSPORT):  # what takes longest begins first
        whole = full and row.area != TRANSPORT
        of = max(1, -(-_permutations(row.role) // PIECE)) if whole else 1
        made += [Piece(row.role, row.id, number, of, full) for number in range(of)]
    return made


@cache
def _cases() -> tuple[Case, ...]:
    return tuple(load_cases(testcases()))


@cache
def _permutations(role: str) -> int:
    from conformance.harness.cases import permutations

    return sum(len(permutations(case)) for case in _cases() if case.role == role)


@cache
def _row(role: str, identity: str) -> DeviationRow:
    return next(row for row in load_deviations(testcases(), role) if row.id == identity)


def likely(row: DeviationRow, cases: Sequence[Case]) -> list[list[Case]]:
    """The cases that may catch a deviation, the likeliest first: the one that its row names; those that ask for a
    requirement it breaks; those of its area."""
    mine = [case for case in cases if case.role == row.role]
    named = [case for case in mine if case.id == row.seen_by]
    themes = {row.area, *(case.theme for case in named)}
    asking = [case for case in mine if case not in named and set(required_by(case)) & set(row.breaks)]
    area = [case for case in mine if case.theme in themes and case not in named and case not in asking]
    return [group for group in (named, asking, area) if group]


class _Hunt:
    """What came of a piece so far."""

    def __init__(self, row: DeviationRow) -> None:
        self.row = row
        self.kills: list[Kill] = []
        self.others: list[str] = []
        self.wrong: set[str] = set()
        self.played: dict[str, int] = {}
        self.errors: dict[str, int] = {}

    def play(self, run: Run, chosen: Chosen) -> None:
        """Plays a permutation and sorts what it says."""
        line = run.do(chosen)
        case = chosen.permutation.case.id
        if line["verdict"] == "error":
            self.errors[line["reason"][:_LONGEST]] = self.errors.get(line["reason"][:_LONGEST], 0) + 1
            return
        self.played[case] = self.played.get(case, 0) + 1
        right, wrong = catches(line, self.row)
        self.kills += right[:1]
        if wrong and not right:
            self.wrong.add(line["id"])
        self.others += [text[:_LONGEST] for text in wrong[: max(0, _OTHERS - len(self.others))]]

    @property
    def failed(self) -> bool:
        """Whether a failure caught the deviation: nothing more has to be known."""
        return any(kill.outcome == FAIL for kill in self.kills)

    def line(self, piece: Piece, seconds: float) -> Line:
        """The line of the results."""
        return {
            "type": "piece", "id": piece.id, "role": piece.role, "deviation": piece.deviation, "piece": piece.number,
            "of": piece.of, "kills": [[kill.permutation, kill.requirement, kill.outcome] for kill in self.kills],
            "others": self.others, "wrong": sorted(self.wrong), "played": self.played, "errors": self.errors,
            "seconds": round(seconds, 3),
        }  # fmt: skip


def prove_piece(piece: Piece) -> Line:
    """Does a piece; returns its line. What goes wrong with it stands in the line, under ``trouble``."""
    started = time.monotonic()
    hunt = _Hunt(_row(piece.role, piece.deviation))
    trouble = ""
    try:
        with tempfile.TemporaryDirectory(prefix="fumo-prove-") as folder:
            if piece.full and hunt.row.area != TRANSPORT:
                _matrix(hunt, piece, Path(folder))
            else:
                _hunt(hunt, Path(folder), stop=not piece.full)
    except Exception as bug:
        trouble = f"{type(bug).__name__}: {bug}"[:_LONGEST]
    line = hunt.line(piece, time.monotonic() - started)
    return line | {"trouble": trouble} if trouble else line


def _hunt(hunt: _Hunt, folder: Path, *, stop: bool) -> None:
    """Group after group of likely killers. A failure ends the hunt. A warning lets the group come to its end, and one more
    where something that the deviation breaks can fail."""
    for number, group in enumerate(likely(hunt.row, _cases())):
        with attached(hunt.row, folder / str(number), tls=over_tls(group)) as (run, iut):
            for chosen in in_order(run.selector(iut).choose(group)):
                if chosen.selected:
                    hunt.play(run, chosen)
                if stop and hunt.failed:
                    return
        if stop and hunt.kills and (number or not _firm(hunt.row)):
            return


def _firm(row: DeviationRow) -> bool:
    """Whether a requirement that a deviation breaks can fail."""
    return any(_catalogue()[name].verdict == FAIL for name in row.breaks)


@cache
def _catalogue() -> Catalogue:
    return load_catalogue(testcases())


def _matrix(hunt: _Hunt, piece: Piece, folder: Path) -> None:
    """One piece of the row that a deviation has in the whole matrix."""
    with attached(hunt.row, folder) as (run, iut):
        every = in_order(run.selector(iut).choose(_cases()))
        for chosen in every[piece.number * PIECE : (piece.number + 1) * PIECE]:
            if chosen.selected:
                hunt.play(run, chosen)


def prove(todo: Sequence[Piece], workers: int) -> Iterator[Line]:
    """Does all pieces, several at once; gives each line as soon as it is there."""
    if workers <= 1 or len(todo) == 1:
        yield from map(prove_piece, todo)
        return
    # Begun anew, not forked: a peer has threads, and what they hold does not come through a fork.
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        for done in as_completed([pool.submit(prove_piece, piece) for piece in todo]):
            yield done.result()
    finally:
        pool.shutdown(cancel_futures=True)
