"""One run: implementations, options, benches, and the lines it writes into the record."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conformance import __version__
from conformance.harness import outcome
from conformance.harness.cases import Case, Permutation, case_files, digest_of
from conformance.harness.catalogue import load_catalogue
from conformance.harness.clientbench import ClientBench
from conformance.harness.dialect import spoken_version
from conformance.harness.iut import Iut
from conformance.harness.places import testcases
from conformance.harness.play import Bench, Terms, not_played, play
from conformance.harness.selection import Chosen, Claim, Selector, load_claims
from conformance.harness.serverbench import ServerBench

SETUP_ERRORS = 10
"""Set-up errors in a row after which a run stops."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a run was asked for; goes into the header of the record so that ``--resume`` can go on."""

    folder: Path
    strict: bool = False
    seed: int = 0
    mode: str = "all"
    select: tuple[str, ...] = ()
    known: Mapping[str, Any] | None = None
    """Known failures, as the header of the record holds them."""
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    """When the run began, ISO 8601: the day by which known failures expire, also where it is gone on with later."""

    @property
    def day(self) -> str:
        """The day on which the run began."""
        return self.started[:10]


@dataclass(slots=True)
class Run:
    """A run in one process (with pytest-xdist: in one worker)."""

    iuts: list[Iut]
    options: Options
    cases: list[Case] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a reader of the record has to know beside the results."""
    stop: str = ""
    """Why the run must stop, where it must."""
    _benches: dict[str, Any] = field(default_factory=dict)
    _failed: dict[str, outcome.Stop] = field(default_factory=dict)
    _terms: Terms | None = None
    _claims: dict[str, Claim] | None = None
    _in_a_row: int = 0

    def iut_for(self, role: str) -> Iut | None:
        """The implementation of that role."""
        return next((iut for iut in self.iuts if iut.role == role), None)

    def selector(self, iut: Iut) -> Selector:
        """Decides what applies to an implementation."""
        if self._claims is None:
            self._claims = load_claims(testcases())
        return Selector(iut, self._claims, self.options.select, self.options.mode)

    @property
    def terms(self) -> Terms:
        """What holds for all judging in this run."""
        if self._terms is None:
            catalogue = load_catalogue(testcases())
            self._terms = Terms(self.options.folder, catalogue, self.options.strict, self.options.seed)
        return self._terms

    def do(self, chosen: Chosen, attempt: int = 1) -> dict[str, Any]:
        """Plays a permutation that was chosen, or says why not; returns its line of the record."""
        permutation = chosen.permutation
        iut = self.iut_for(permutation.case.role)
        assert iut is not None
        if not chosen.selected:
            return not_played(permutation, chosen.reason, chosen.cause, iut.name)
        try:
            bench = self._bench(iut)
        except outcome.Stop as stop:
            line = not_played(permutation, stop.reason, "", iut.name) | {
                "verdict": stop.verdict,
                "cause": stop.cause,
                "setup": True,
            }
        else:
            line = play(permutation, bench, self.terms, iut.name, iut.objects, attempt, spoken_version(permutation, iut))
        self._count(line)
        return line

    def _count(self, line: dict[str, Any]) -> None:
        self._in_a_row = self._in_a_row + 1 if line.get("setup") else 0
        if self._in_a_row >= SETUP_ERRORS:
            self.stop = f"{SETUP_ERRORS} set-up errors in a row; the last: {line['reason']}"

    def _bench(self, iut: Iut) -> Bench:
        if iut.role in self._failed:
            raise self._failed[iut.role]
        if iut.role not in self._benches:
            work = self.options.folder / "setup" / f"{iut.role}{os.environ.get('PYTEST_XDIST_WORKER', '')}"
            bench: Any = ClientBench(iut, work) if iut.role == "client" else ServerBench(iut, work)
            self._benches[iut.role] = bench
            try:
                bench.open()
            except outcome.Stop as stop:
                stop.reason = bench.masker.text(stop.reason)
                self._failed[iut.role] = stop
                raise
            if bench.untrusted:
                listed = ", ".join(sorted(bench.untrusted))
                self.notes.append(f"the hook of {iut.name} takes nonsense for granted; not trusted: {listed}")
        return self._benches[iut.role]  # type: ignore[no-any-return]

    def settled(self, line: dict[str, Any]) -> dict[str, Any]:
        """The line as it goes into the record: a failure that is known says so."""
        from conformance.harness.expected import settle

        return settle(line, self.options.known, self.options.day)

    def close(self) -> None:
        """Stops all implementations."""
        for bench in self._benches.values():
            bench.close()
        self._benches.clear()


def header_line(iuts: Iterable[Iut], options: Options, planned: int) -> dict[str, Any]:
    """The first line of the record."""
    root = testcases()
    return {
        "type": "header",
        "schema": 1,
        "suite": __version__,
        "testcases": digest_of(case_files(root), root),
        "iuts": [
            {
                "name": iut.name,
                "version": iut.version,
                "vendor": iut.vendor,
                "role": iut.role,
                "digest": iut.digest,
                "versions": list(iut.dm.versions),
                "encodings": list(iut.dm.encodings),
                "authentication": list(iut.dm.authentication),
                "device_id": iut.dm.device_id,
                "server_id": iut.dm.server_id,
                "objects": list(iut.objects),
                "claims": dict(iut.claims),
                "file": str(iut.path),
            }
            for iut in iuts
        ],
        "started": options.started,
        "seed": options.seed,
        "permutations": options.mode,
        "strict": options.strict,
        "select": list(options.select),
        "mode": "regression",
        "planned": planned,
        **({"known": dict(options.known)} if options.known else {}),
        "environment": {
            "python": platform.python_version(),
            "system": platform.system(),
            "machine": platform.machine(),
        },
    }


def footer_line(results: Iterable[dict[str, Any]], reason: str = "", notes: Iterable[str] = ()) -> dict[str, Any]:
    """The last line of the record."""
    counts: dict[str, int] = {}
    for result in results:
        counts[result["verdict"]] = counts.get(result["verdict"], 0) + 1
    return {
        "type": "footer",
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "counts": counts,
        "complete": not reason,
        "reason": reason,
        "notes": list(notes),
    }


def in_order(chosen: list[Chosen]) -> list[Chosen]:
    """Theme by theme; in each the sanity case ``first`` first and ``last`` last."""

    def place(item: Chosen) -> tuple[str, str, int]:
        case = item.permutation.case
        sanity = case.suite.endswith("/sanity")
        return case.role, case.theme, {"first": 0, "last": 2}.get(case.row, 1) if sanity else 1

    return sorted(chosen, key=place)


__all__ = ["Options", "Permutation", "Run", "footer_line", "header_line", "in_order"]
