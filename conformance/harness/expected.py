"""Files of known failures: what an implementation is expected to fail, by case and requirement, why, and until when.

:mod:`conformance.report.known` says what that does to a run.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from conformance.harness.cases import Case, permutations
from conformance.harness.selection import pattern_of
from conformance.harness.yamlfile import Document, FileFault, FileFaults, load
from conformance.judge.finding import Catalogue
from conformance.report.known import entries_from, settled
from conformance.report.record import Line, Record, latest

KEYS = {
    "case": "ids of cases or permutations, a pattern as for --select",
    "requirement": "the requirement that is broken there",
    "message": "a part of the finding's message; without it any finding of the requirement is meant",
    "reason": "why that is so: a sentence, a ticket",
    "until": "the last day on which the failure is known, YYYY-MM-DD",
}
"""The keys of an entry."""
_NEEDED = ("case", "requirement", "reason")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
MOST = 5_000
"""Entries that a file may have."""


def load_known(path: Path, catalogue: Catalogue, cases: Iterable[Case]) -> dict[str, Any]:
    """What a file of known failures says, as the header of a record holds it: file, digest and entries; each with its
    line, and with how many permutations of the suite it selects.

    Raises :class:`FileFault` or :class:`FileFaults` with everything that is wrong in the file.
    """
    document = load(path)
    value = document.value
    if not isinstance(value, dict) or value.get("schema") != 1 or not isinstance(value.get("known"), list):
        raise document.fault("expected schema: 1 and known: a list of known failures")
    faults = [document.fault("unknown key; expected schema and known", key) for key in value if key not in ("schema", "known")]
    if len(value["known"]) > MOST:
        faults.append(document.fault(f"more than {MOST} known failures", "known"))
    entries = []
    for index, raw in enumerate(value["known"][:MOST]):
        wrong = _entry_faults(document, raw, index, catalogue)
        faults += wrong
        if not wrong:
            entries.append({**raw, "line": document.where("known", index)[0]})
    if faults:
        raise FileFaults(faults)
    names = [(each.id, case.id, case.suite) for case in cases for each in permutations(case)]
    for pattern in {entry["case"] for entry in entries}:
        compiled = pattern_of(pattern)
        count = sum(any(compiled.fullmatch(name) for name in three) for three in names)
        for entry in entries:
            if entry["case"] == pattern:
                entry["selects"] = count
    return {"file": str(path), "digest": document.digest, "entries": entries}


def _entry_faults(document: Document, raw: Any, index: int, catalogue: Catalogue) -> list[FileFault]:
    if not isinstance(raw, dict):
        return [document.fault(f"expected a mapping with {', '.join(_NEEDED)}", "known", index)]
    found = []
    for key, value in raw.items():
        if key not in KEYS:
            found.append(document.fault(f"unknown key; expected one of {', '.join(KEYS)}", "known", index, key))
        elif not isinstance(value, str) or not value.strip():
            found.append(document.fault("expected a text", "known", index, key))
    found += [document.fault(f"{key} is missing", "known", index) for key in _NEEDED if key not in raw]
    name = raw.get("requirement")
    if isinstance(name, str) and name.strip() and name not in catalogue:
        near = difflib.get_close_matches(name, list(catalogue), 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        found.append(document.fault(f"{name} is not in the catalogue{hint}", "known", index, "requirement"))
    until = raw.get("until")
    if isinstance(until, str) and until.strip() and not _is_day(until):
        found.append(document.fault(f"{until} is no day; expected YYYY-MM-DD", "known", index, "until"))
    return found


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.match(text) and date.fromisoformat(text))
    except ValueError:
        return False


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return pattern_of(text)


def settle(line: Line, known: Mapping[str, Any] | None, day: str) -> Line:
    """The line of a result as the record gets it: with the numbers of the expectations that select its permutation, and
    with ``known`` where it fails as expected. ``known``: from the header, ``None`` where nothing is expected."""
    if not known:
        return line
    names = (line["id"], line["case"], line["case"].rsplit("/", 1)[0])
    entries = known["entries"]
    mine = [n for n, entry in enumerate(entries) if any(_pattern(entry["case"]).fullmatch(name) for name in names)]
    return settled(line | {"expected": mine}, entries, day) if mine else line


def known_text(record: Record, reason: str, until: str = "") -> str:
    """A file that makes every failure of a run known. A case of which all permutations fail for the same requirement gets
    one entry, else each permutation has its own. Raises ``ValueError`` for an ``until`` that is no day."""
    if until and not _is_day(until):
        raise ValueError(f"{until} is no day; expected YYYY-MM-DD")
    results = latest(record.results)
    names = ", ".join(" ".join(str(iut[key]) for key in ("name", "version") if iut.get(key)) for iut in record.iuts)
    lines = [f"# Known failures of {json.dumps(names)}, from the run of {record.header['started']}.", "schema: 1"]
    entries = _together(results, entries_from(results, reason, until))
    lines.append("known:" if entries else "known: []")
    for entry in entries:
        text = "\n    ".join(f"{key}: {json.dumps(value)}" for key, value in entry.items())
        lines.append(f"  - {text}")
    return "\n".join(lines) + "\n"


def _together(results: Sequence[Line], entries: Sequence[Line]) -> list[Line]:
    case_of = {line["id"]: line["case"] for line in results}
    judged: dict[str, int] = {}
    for line in results:
        if line["verdict"] in ("pass", "fail"):
            judged[line["case"]] = judged.get(line["case"], 0) + 1
    groups: dict[tuple[str, str], list[Line]] = {}
    for entry in entries:
        groups.setdefault((case_of[entry["case"]], entry["requirement"]), []).append(entry)
    made: list[Line] = []
    for (case, _), group in groups.items():
        made += [group[0] | {"case": case}] if len(group) == judged[case] else group
    return made
