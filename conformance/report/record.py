"""The record of a run, ``results.ndjson``: one JSON object per line, written while the run goes.

A header, one line for each permutation that ended, a footer. Whoever reads it needs nothing else; every report is made
from it. The lines are described by ``schema/record.schema.json``; keys that it does not name are kept and ignored.
"""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from conformance.judge.finding import ERROR, FAIL, PASS, VERDICTS, WARN, Requirement
from conformance.report.known import check, check_line, faults

RECORD = "results.ndjson"
HEADER, RESULT, FOOTER = "header", "result", "footer"
NOT_EXERCISED = "not exercised"
OUTCOMES = (FAIL, WARN, PASS, NOT_EXERCISED)
"""What a requirement may come to, the worst first."""

Line = dict[str, Any]
"""One line of the record, decoded."""

_TYPES: dict[str, Mapping[str, type | tuple[type, ...]]] = {
    HEADER: {"schema": int, "started": str, "strict": bool},
    RESULT: {
        "case": str, "id": str, "role": str, "verdict": str, "seconds": (int, float), "reason": str, "findings": list,
        "title": str, "theme": str, "requirements": list, "evidence": str, "attempt": int,
    },
    FOOTER: {"ended": str, "complete": bool},
}
"""The keys without which no report can be made. The schema asks for more."""

_FINDING = {
    "requirement": str, "outcome": str, "expected": str, "actual": str, "message": str, "event": (int, type(None)),
    "cause": (str, type(None)),
}
_IUT = {"name": str, "role": str}
_READING = {"ambiguity": str, "reading": str}


class RecordWriter:
    """Appends lines to a record. Thread-safe. Each line is handed to the system at once, so that a killed run keeps it;
    header and footer are also forced to the disk.

    A record that is there already is gone on with (``resumed``); what a killed run left of its last line is cut off.
    """

    types: tuple[str, ...] = (HEADER, RESULT, FOOTER)
    """What lines may be."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._file = path.open("a+b")
        self._mend()
        self.resumed = self._file.tell() > 0
        """Whether the record has lines from before."""

    def _mend(self) -> None:
        """Cuts off a last line that was not written to its end; a whole one that only lacks its line feed gets it."""
        self._file.seek(0)
        octets = self._file.read()
        start = octets.rfind(b"\n") + 1
        last = octets[start:]
        if not last:
            return
        if _whole(last):
            self._file.write(b"\n")
        else:
            self._file.truncate(start)
        self._file.seek(0, os.SEEK_END)

    def write(self, line: Mapping[str, Any]) -> None:
        """Appends a line. Raises ``ValueError`` for a line of no known type or with values that JSON cannot carry."""
        if line.get("type") not in self.types:
            raise ValueError(f"no line of a record: its type is {line.get('type')!r}")
        text = json.dumps(line, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        # Half of a surrogate pair is no UTF-8, but its \u escape is JSON: what a peer sent is kept as it came.
        octets = text.encode("utf-8", "backslashreplace") + b"\n"
        with self._lock:
            self._file.write(octets)
            self._file.flush()
            if line["type"] != RESULT:
                os.fsync(self._file.fileno())

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(slots=True)
class Record:
    """A record as read. ``footer`` is ``None`` where the run has not ended since its last result; ``torn`` says that
    the last line was not written to its end. ``results`` hold every attempt, in the order in which they ended."""

    header: Line
    results: list[Line] = field(default_factory=list)
    footer: Line | None = None
    torn: bool = False

    @property
    def iuts(self) -> list[Line]:
        """What the header says of the implementations under test, one entry or one for each role."""
        listed = self.header.get("iuts") or [self.header.get("iut")]
        return [iut for iut in listed if iut]


def read_record(path: Path) -> Record:
    """Reads a record. A torn last line is left out; for anything else that is wrong ``ValueError`` names file and line.

    A run that was resumed may have several footers: only one that no result follows counts. ``OSError`` where there is
    no such file.
    """
    record: Record | None = None
    lines = path.read_bytes().split(b"\n")
    for number, octets in enumerate(lines, 1):
        if not octets.strip():
            continue
        if number == len(lines) and not _whole(octets):
            if record is not None:
                record.torn = True
            break
        line = _line(octets, f"{path}:{number}")
        if record is None:
            if line["type"] != HEADER:
                raise ValueError(f"{path}:{number}: a record begins with its header, this is a {line['type']}")
            _fits(f"{path}:{number}", check, line)
            record = Record(line)
        elif line["type"] == RESULT:
            _fits(f"{path}:{number}", check_line, line, record.header)
            record.results.append(line)
            record.footer = None
        elif line["type"] == FOOTER:
            record.footer = line
    if record is None:
        raise ValueError(f"{path}:1: the record has no header")
    return record


def _fits(where: str, checked: Callable[..., None], *given: Line) -> None:
    try:
        checked(*given)
    except ValueError as fault:
        raise ValueError(f"{where}: {fault}") from fault


def _whole(octets: bytes) -> bool:
    try:
        return isinstance(json.loads(octets, parse_constant=_no_number), dict)
    except (ValueError, RecursionError):
        return False


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _line(octets: bytes, where: str) -> Line:
    try:
        line: Any = json.loads(octets, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where}: not a line of JSON ({error})") from error
    kind = line.get("type") if isinstance(line, dict) else None
    if not isinstance(kind, str) or kind not in _TYPES:
        raise ValueError(f"{where}: expected an object of type header, result or footer")
    _check(line, _TYPES[kind], where)
    if kind == RESULT:
        _check_result(line, where)
    for name in ("iut", "iuts") if kind == HEADER else ():
        for iut in line.get(name, []) if name == "iuts" else [line.get(name)]:
            if name in line:
                _check(iut, _IUT, f"{where}: {name}")
    return dict(line)


def _check_result(line: Line, where: str) -> None:
    if not 0 <= line["seconds"] < math.inf:
        raise ValueError(f"{where}: {line['seconds']} is no number of seconds")
    if line["verdict"] not in VERDICTS:
        raise ValueError(f"{where}: {line['verdict']!r} is no verdict")
    if not all(isinstance(name, str) for name in line["requirements"]):
        raise ValueError(f"{where}: requirements: expected a list of ids")
    for number, finding in enumerate(line["findings"]):
        _check(finding, _FINDING, f"{where}: finding {number}")
        if finding["outcome"] not in (PASS, FAIL, WARN):
            raise ValueError(f"{where}: finding {number}: {finding['outcome']!r} is no outcome")
    readings = line.setdefault("readings", [])
    if not isinstance(readings, list):
        raise ValueError(f"{where}: readings: expected a list")
    for number, reading in enumerate(readings):
        _check(reading, _READING, f"{where}: reading {number}")


def _check(line: Any, types: Mapping[str, Any], where: str) -> None:
    if not isinstance(line, dict):
        raise ValueError(f"{where}: expected an object")
    for key, expected in types.items():
        value = line.get(key, _MISSING)
        # JSON has booleans of their own; in Python they pass for integers.
        if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
            raise ValueError(f"{where}: {key} is missing or of the wrong type")


_MISSING = object()


def latest(results: Iterable[Line]) -> list[Line]:
    """One result for each id, in the order in which the ids first came: the last attempt, or the last failed one where
    any failed, since a failure is not undone by trying again; one that is not known before one that is.

    A result that was tried several times gets ``attempts``, the verdicts of all attempts in order, and ``unstable``
    where they differ. The lines given are not changed.
    """
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in results:
        groups.setdefault((str(line.get("iut", "")), line["id"]), []).append(line)
    chosen = []
    for attempts in groups.values():
        failed = [attempt for attempt in attempts if attempt["verdict"] == FAIL]
        unknown_ = [attempt for attempt in failed if not attempt.get("known")]
        line = dict((unknown_ or failed or attempts)[-1])
        if len(attempts) > 1:
            line["attempts"] = [attempt["verdict"] for attempt in attempts]
            if len(set(line["attempts"])) > 1:
                line["unstable"] = True
        chosen.append(line)
    return chosen


def counts(results: Iterable[Line]) -> dict[str, int]:
    """How many results have each of the five verdicts, in their usual order."""
    found = dict.fromkeys(VERDICTS, 0)
    for line in results:
        found[line["verdict"]] += 1
    return found


def failures(results: Iterable[Line], *, known: bool = False) -> list[Line]:
    """The results that failed: those that nobody expected, or with ``known`` those that were expected to."""
    return [line for line in results if line["verdict"] == FAIL and bool(line.get("known")) == known]


def known_faults(record: Record) -> list[str]:
    """What is not true any more of the known failures that the run was given, one sentence each."""
    return faults(record.header, latest(record.results))


def trouble(record: Record) -> str:
    """Why a run says nothing about conformance, in one line; "" where it does."""
    results = latest(record.results)
    errors = counts(results)[ERROR]
    if record.footer is None:
        return "the run has not ended: its record has no footer"
    if not record.footer["complete"]:
        return f"the run is not complete: {record.footer.get('reason') or 'it was stopped'}"
    if errors:
        return f"{errors} case{'s' if errors > 1 else ''} ended in an error of the suite or its set-up"
    judged = [line for line in results if line["verdict"] in (PASS, FAIL)]
    if not any(line["findings"] for line in judged):
        return "nothing was asserted"
    return ""


def exit_status(record: Record, verdicts: Sequence[str] | None = None) -> int:
    """3 where the run says nothing (an error, no footer or an early end, nothing asserted), else 1 where a case failed
    and was not known to, or where a known failure is not true any more, else 0.

    ``verdicts`` takes the place of the verdicts of ``record.results``, one for each (judging again).
    """
    if verdicts is not None:
        changed = [line | {"verdict": new} for line, new in zip(record.results, verdicts, strict=True)]
        record = Record(record.header, changed, record.footer, record.torn)
    if trouble(record):
        return 3
    return 1 if failures(latest(record.results)) or known_faults(record) else 0


@dataclass(slots=True)
class Roll:
    """What a run says of one requirement. ``counts`` are findings by outcome, ``cases`` the ids of the permutations
    that have such a finding, each once, those of the worst outcome first."""

    requirement: Requirement
    outcome: str
    counts: dict[str, int]
    cases: list[str]


def rollup(record: Record, catalogue: Mapping[str, Requirement]) -> list[Roll]:
    """Every requirement of the catalogue, in its order, with what came of it; ids that it does not know come last.

    Only cases that passed or failed count: what others saw before they ended says nothing of the implementation.
    """
    tallies: dict[str, dict[str, int]] = {}
    cases: dict[str, dict[str, dict[str, None]]] = {}
    for line in latest(record.results):
        if line["verdict"] not in (PASS, FAIL):
            continue
        for finding in line["findings"]:
            name, outcome = finding["requirement"], finding["outcome"]
            tally = tallies.setdefault(name, {})
            tally[outcome] = tally.get(outcome, 0) + 1
            cases.setdefault(name, {}).setdefault(outcome, {})[line["id"]] = None
    known = [*catalogue.values(), *(unknown(name) for name in sorted(set(tallies) - set(catalogue)))]
    rolls = []
    for requirement in known:
        tally = tallies.get(requirement.id, {})
        outcome = next((outcome for outcome in OUTCOMES if outcome in tally), NOT_EXERCISED)
        listed = cases.get(requirement.id, {})
        ordered = list(dict.fromkeys(case for outcome in OUTCOMES for case in listed.get(outcome, ())))
        rolls.append(Roll(requirement, outcome, {key: tally.get(key, 0) for key in (PASS, WARN, FAIL)}, ordered))
    return rolls


def unknown(name: str) -> Requirement:
    """A stand-in for a requirement that the catalogue at hand does not have (the record is of another version)."""
    return Requirement(name, "both", "", "This catalogue has no such requirement.", "must", "text", "fail")
