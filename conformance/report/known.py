"""Known failures: what is expected to fail, and said so before the run (``run --known FILE``).

A failure is known where every requirement that it breaks is expected to be broken there. The expectations stand in the
header of the record under ``known``; the line of a result has ``expected``, the numbers of those whose pattern selects its
permutation, and ``known``, the reasons, where it fails as expected. So all of it can be told again from the record.

An expectation must go on being true. One that is not met, selects nothing or is out of date is a fault of the file, and the
run fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from conformance.judge.finding import FAIL, NOT_APPLICABLE, PASS

Line = dict[str, Any]


def settled(line: Line, entries: Sequence[Mapping[str, Any]], day: str) -> Line:
    """The line of a result with ``known`` where each of its failures is expected, without it where one is not.

    ``entries``: the expectations of the header. ``day``: that of the run, ISO 8601; who is out of date by then explains
    nothing.
    """
    line = {key: value for key, value in line.items() if key != "known"}
    mine = [entries[number] for number in line.get("expected", ()) if not outdated(entries[number], day)]
    broken = [finding for finding in line["findings"] if finding["outcome"] == FAIL]
    if line["verdict"] != FAIL or not broken or not mine:
        return line
    reasons: dict[str, None] = {}
    for finding in broken:
        entry = next((entry for entry in mine if meant(entry, finding)), None)
        if entry is None:
            return line
        reasons[entry["reason"]] = None
    return line | {"known": "; ".join(reasons)}


def meant(entry: Mapping[str, Any], finding: Mapping[str, Any]) -> bool:
    """Whether an expectation is about a finding: its requirement, and its message where it names a part of one."""
    return bool(finding["requirement"] == entry["requirement"] and entry.get("message", "") in finding["message"])


def outdated(entry: Mapping[str, Any], day: str) -> bool:
    """Whether the last day of an expectation lies before ``day``."""
    return bool(entry.get("until")) and date.fromisoformat(day[:10]) > date.fromisoformat(entry["until"])


def faults(header: Mapping[str, Any], results: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is wrong with the expectations of a run, one sentence each; nothing where all of them are still true.

    ``results`` are those that count (:func:`conformance.report.record.latest`).
    """
    known = header.get("known") or {}
    entries = known.get("entries") or []
    selected: dict[int, list[Mapping[str, Any]]] = {}
    for line in results:
        for number in line.get("expected", ()):
            selected.setdefault(number, []).append(line)
    found = []
    for number, entry in enumerate(entries):
        where = f"{known.get('file', '')}:{entry.get('line', 0)}: {entry['case']}: {entry['requirement']}"
        found += [f"{where}: {what}" for what in _wrong(entry, selected.get(number, []), header["started"])]
    return found


def _wrong(entry: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], started: str) -> list[str]:
    if outdated(entry, started):
        return [f"the known failure expired on {entry['until']}: mend what fails, or give it another day"]
    if not entry["selects"]:
        return ["the pattern of this known failure matches no case of the suite"]
    if lines and all(line["verdict"] == NOT_APPLICABLE for line in lines):
        return ["the pattern of this known failure matches only cases that do not apply to the implementation"]
    judged = [line for line in lines if line["verdict"] in (PASS, FAIL)]
    right = [line for line in judged if _fails(line, entry)]
    # Who names a case or a permutation means each; a pattern or a table that some cases of fail goes on being true.
    wrong = [line for line in judged if line not in right and (not right or entry["case"] in (line["id"], line["case"]))]
    if not wrong:
        return []
    told = "passed unexpectedly" if wrong[0]["verdict"] == PASS else "fails, but not for this"
    more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return [f"{wrong[0]['id']}{more} {told}: take the known failure out of the file, or make it say what fails now"]


def _fails(line: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    return any(finding["outcome"] == FAIL and meant(entry, finding) for finding in line["findings"])


def check(header: Mapping[str, Any]) -> None:
    """Raises ``ValueError`` for a header whose expectations are none."""
    known = header.get("known")
    if known is None:
        return
    entries = known.get("entries") if isinstance(known, dict) else None
    if not isinstance(entries, list):
        raise ValueError("known: expected an object with entries")
    for number, entry in enumerate(entries):
        optional = {"message": "", "until": "2000-01-01"}
        texts = {**optional, **entry} if isinstance(entry, dict) else {}
        if not all(isinstance(texts.get(key), str) for key in ("case", "requirement", "reason", *optional)):
            raise ValueError(f"known: entry {number}: expected texts for case, requirement and reason")
        if not isinstance(entry.get("selects"), int):
            raise ValueError(f"known: entry {number}: selects is missing")
        date.fromisoformat(texts["until"])


def check_line(line: Mapping[str, Any], header: Mapping[str, Any]) -> None:
    """Raises ``ValueError`` for a result that points to expectations which there are not."""
    count = len((header.get("known") or {}).get("entries", ()))
    listed = line.get("expected", [])
    if not isinstance(listed, list) or not all(isinstance(number, int) and 0 <= number < count for number in listed):
        raise ValueError("expected: no numbers of known failures in the header")
    if not isinstance(line.get("known", ""), str):
        raise ValueError("known: expected a text")


def entries_from(results: Iterable[Mapping[str, Any]], reason: str, until: str = "") -> list[Line]:
    """Expectations that make all failures of a run known: one for each permutation and requirement that it breaks."""
    made: dict[tuple[str, str], Line] = {}
    for line in results:
        for finding in line["findings"] if line["verdict"] == FAIL else ():
            if finding["outcome"] == FAIL:
                entry = {"case": line["id"], "requirement": finding["requirement"], "reason": reason}
                made[line["id"], finding["requirement"]] = entry | ({"until": until} if until else {})
    return list(made.values())
