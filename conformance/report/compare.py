"""Runs side by side: what became better or worse from one to the next, and several implementations in one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.judge.finding import FAIL, NOT_APPLICABLE, PASS, VERDICTS, Requirement
from conformance.report.record import Line, Record, counts, latest
from conformance.report.text import plural, shorten

FIXED, BROKEN, NEW, GONE, CHANGED, OTHER = "fixed", "broken", "new", "gone", "changed reason", "other"
KINDS = (BROKEN, FIXED, CHANGED, OTHER, NEW, GONE)
"""What can become of a permutation, the most urgent first."""
SAYS = {
    BROKEN: "passed before, fails now",
    FIXED: "failed before, passes now",
    CHANGED: "fails as before, for another reason",
    OTHER: "another verdict",
    NEW: "not in the first run",
    GONE: "not in the second run",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One permutation that is not as it was. ``before`` and ``after`` are verdicts, "" where there was none."""

    id: str
    kind: str
    before: str
    after: str
    title: str
    was: tuple[str, ...]
    now: tuple[str, ...]
    """Requirements that were and are broken."""


@dataclass(slots=True)
class Difference:
    """Two runs compared."""

    before: Record
    after: Record
    changes: list[Change] = field(default_factory=list)
    same: int = 0

    @property
    def worse(self) -> bool:
        """Whether a build must fail: something broke, or something new fails."""
        return any(c.kind == BROKEN or (c.kind in (NEW, OTHER) and c.after == FAIL) for c in self.changes)

    def of(self, kind: str) -> list[Change]:
        """The changes of one kind, in the order of their ids."""
        return [change for change in self.changes if change.kind == kind]

    @property
    def notes(self) -> list[str]:
        """What a reader has to know before they draw conclusions."""
        found = []
        one, two = self.before.header, self.after.header
        if one.get("testcases") != two.get("testcases"):
            found.append("the test cases are not the same")
        if one.get("suite") != two.get("suite"):
            found.append(f"the suite was {one.get('suite')}, then {two.get('suite')}")
        if bool(one["strict"]) != bool(two["strict"]):
            found.append("one run was strict, the other was not")
        if self.before.footer is None or self.after.footer is None:
            found.append("one of the runs has not come to its end")
        return found


def diff(before: Record, after: Record) -> Difference:
    """What became of each permutation from one run to the next."""
    found = Difference(before, after)
    one, two = ({line["id"]: line for line in latest(record.results)} for record in (before, after))
    for name in sorted({*one, *two}):
        change = _change(name, one.get(name), two.get(name))
        if change is None:
            found.same += 1
        else:
            found.changes.append(change)
    found.changes.sort(key=lambda change: (KINDS.index(change.kind), change.id))
    return found


def _change(name: str, one: Line | None, two: Line | None) -> Change | None:
    before, after = (line["verdict"] if line else "" for line in (one, two))
    was, now = (broken(line) if line else () for line in (one, two))
    if before == after and was == now:
        return None
    if one is None or two is None:
        kind = NEW if one is None else GONE
    elif before == after == FAIL:
        kind = CHANGED
    elif before == after:
        return None
    else:
        kind = {(PASS, FAIL): BROKEN, (FAIL, PASS): FIXED}.get((before, after), OTHER)
    title = (two or one or {})["title"]
    return Change(name, kind, before, after, title, was, now)


def broken(line: Line) -> tuple[str, ...]:
    """The requirements that a result says were broken, each once."""
    return tuple(dict.fromkeys(f["requirement"] for f in line["findings"] if f["outcome"] == FAIL))


def summary(found: Difference) -> str:
    """``2 broken, 1 fixed, 631 as before``."""
    told = [f"{len(found.of(kind))} {kind}" for kind in KINDS if found.of(kind)]
    return ", ".join([*told, f"{found.same} as before"])


def reason(change: Change, catalogue: Mapping[str, Requirement]) -> str:
    """Why a permutation fails, or failed, in words: requirements with their sections."""
    def told(names: tuple[str, ...]) -> str:
        shown = []
        for name in names[:3]:
            requirement = catalogue.get(name)
            shown.append(f"{name} ({requirement.section})" if requirement and requirement.section else name)
        return ", ".join(shown) + (f" and {len(names) - 3} more" if len(names) > 3 else "")

    if change.kind == CHANGED:
        return f"{told(change.was) or 'nothing named'} -> {told(change.now) or 'nothing named'}"
    return told(change.now or change.was)


def name_of(record: Record, role: str = "") -> str:
    """Who was tested, in a few words."""
    iuts = [iut for iut in record.iuts if role in ("", iut.get("role"))]
    return shorten(", ".join(" ".join(str(i[k]) for k in ("name", "version") if i.get(k)) for i in iuts), 80)


# -- several runs ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Column:
    """One run in a matrix: what it is called, its results by id, and its verdicts by theme."""

    name: str
    started: str
    results: dict[str, Line]
    themes: dict[str, dict[str, int]]
    total: dict[str, int]


def columns(records: Sequence[Record]) -> list[Column]:
    """One column for each run and role; runs of the same implementation stand one beside the other."""
    made = []
    for record in records:
        results = latest(record.results)
        for iut in record.iuts:
            mine = [line for line in results if line["role"] == iut["role"]]
            if not mine:
                continue
            themes: dict[str, list[Line]] = {}
            for line in mine:
                themes.setdefault(f"{line['role']}/{line['theme']}", []).append(line)
            tallies = {theme: counts(group) for theme, group in sorted(themes.items())}
            made.append(
                Column(
                    name_of(record, iut["role"]), record.header["started"], {line["id"]: line for line in mine},
                    tallies, counts(mine),
                )
            )
    return made


def rate(tally: Mapping[str, int]) -> str:
    """``12/14``: passed of judged, "-" where nothing was judged."""
    judged = tally.get(PASS, 0) + tally.get(FAIL, 0)
    return f"{tally.get(PASS, 0)}/{judged}" if judged else "-"


def differing(made: Sequence[Column]) -> list[str]:
    """The ids whose verdicts are not the same in all columns that have them, and those that fail somewhere."""
    found = []
    for name in sorted({name for column in made for name in column.results}):
        verdicts = {column.results[name]["verdict"] for column in made if name in column.results}
        if FAIL in verdicts or len(verdicts - {NOT_APPLICABLE}) > 1:
            found.append(name)
    return found


def trend(records: Iterable[Record]) -> list[dict[str, Any]]:
    """One row for each run, the oldest first: who, when, verdict counts, and what it broke and fixed against the last
    run of the same implementations before it."""
    rows: list[dict[str, Any]] = []
    before: dict[str, Record] = {}
    for record in sorted(records, key=lambda record: str(record.header["started"])):
        key = ", ".join(f"{iut['name']} {iut['role']}" for iut in record.iuts)
        found = diff(before[key], record) if key in before else None
        rows.append(
            {
                "name": name_of(record), "started": record.header["started"],
                "counts": {verdict: counts(latest(record.results))[verdict] for verdict in VERDICTS},
                "broken": len(found.of(BROKEN)) if found else None, "fixed": len(found.of(FIXED)) if found else None,
            }
        )
        before[key] = record
    return rows


def told_trend(row: Mapping[str, Any]) -> str:
    """What changed, in words."""
    if row["broken"] is None:
        return "the first run"
    return f"{plural(row['broken'], 'case')} broken, {row['fixed']} fixed"
