"""docs/coverage.md: made here from the tables of coveragetables.py, written by ``python3 tests/coveragedoc.py``.

test_coverage.py fails where the page is older than the cases.
"""

from __future__ import annotations

from collections import Counter

from coveragetables import CASES, ROLES, ROOT, Must, Table, must_reasons, musts, reason, reasons, tables

from conformance.harness.cases import Case, load_cases
from conformance.harness.catalogue import COVERED, UNCOVERED, load_catalogue
from conformance.harness.cover import required_by

PAGE = ROOT / "docs" / "coverage.md"
NAMES = {"client": "Devices", "server": "Servers"}
_HEAD = """# What is covered

Written by `python3 tests/coveragedoc.py` from the cases, the catalogue and `tests/coverage_reasons.yaml`; do not edit.
A number counts cases; a letter is a reason (below) why there is none. A standing rule judges in every case, and is not
counted in the tables of cases. State, properties and options of UI alerts are tables for devices only: a server has no
State and no nodes of its own, and which options it gives is its choice.

A negative case and its twin differ in one declared thing, and in nothing else. So the twin is the positive test of the
requirement that the negative case is about, and the two together try both halves of it; the strict figure, beside it,
wants the requirement named in the row of the twin, too.
"""


def letter(number: int) -> str:
    """How a reason is named in a cell."""
    return f"{chr(ord('a') + number % 26)}{number // 26 or ''}"


def grid(head: list[str], rows: list[list[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell or " " for cell in line) + " |" for line in lines) + "\n"


def _sparse(table: Table) -> list[list[str]]:
    rows = []
    for row in table.rows:
        counts = [(column, len(table.cells.get((row, column), ()))) for column in table.columns]
        rows.append([row, ", ".join(f"{column}: {count}" for column, count in counts if count)])
    return rows


def shown(table: Table, given: list[dict[str, str]]) -> str:
    """One table with its heading. Empty cells show the letter of their reason, or ``?``."""
    title = f"### {NAMES[table.role]}: {table.title}\n\n"
    if table.sparse:
        return title + grid(["", "cases"], _sparse(table))
    rows = []
    for row in table.rows:
        cells = []
        for column in table.columns:
            count = len(table.cells.get((row, column), ()))
            why = None if count else reason(table, row, column, given)
            cells.append(str(count) if count else "?" if why is None else letter(why))
        rows.append([row, *cells])
    return title + grid(["", *table.columns], rows)


def _group(identity: str) -> str:
    head, _, tail = identity.rpartition("-")
    return head if tail[:1].isdigit() else identity.split("-")[0] if identity.startswith("AD-") else head


def requirement_table(cases: list[Case]) -> str:
    """Groups of requirements: how many, what covers them, and how many cases cite them."""
    cited = {role: Counter(i for case in cases if case.role == role for i in required_by(case)) for role in ROLES}
    groups: dict[str, list[str]] = {}
    catalogue = load_catalogue(CASES)
    for identity in catalogue:
        groups.setdefault(_group(identity), []).append(identity)
    rows = []
    for name, ids in groups.items():
        by = Counter(catalogue[identity].cover for identity in ids)
        counts = [*(by[each] for each in COVERED), len(ids) - sum(by[each] for each in COVERED)]
        sums = [sum(cited[role][identity] for identity in ids) for role in ROLES]
        rows.append([name, str(len(ids)), *map(str, counts), *map(str, sums)])
    head = ["group", "requirements", "by a rule", "by cases", "by both", "not", "citations, devices", "citations, servers"]
    return "## Requirements\n\n" + grid(head, rows)


def flow_table(cases: list[Case]) -> str:
    """Rows of the flows (AD-*) by the cases that play them."""
    rows = []
    for identity in (i for i in load_catalogue(CASES) if i.startswith("AD-")):
        found = {role: sum(identity in required_by(c) for c in cases if c.role == role) for role in ROLES}
        rows.append([identity, *(str(found[role] or "-") for role in ROLES)])
    return "## Flows\n\n`-`: the flow has no case for that role.\n\n" + grid(["row", "devices", "servers"], rows)


def _not_covered(made: list[Table], given: list[dict[str, str]], figures: dict[str, Must]) -> list[str]:
    lines = ["## What is not covered", ""]
    for role, must in figures.items():
        lines.append(
            f"- {NAMES[role]}: of {len(must.testable)} testable MUSTs, {len(must.twinned)} ({must.share:.1f} %) have a standing "
            f"rule, or a valid case and an invalid or inopportune one; {len(must.both)} ({must.strict:.1f} %) where the twin of a "
            f"negative case does not count; {len(must.seen)} have a rule or any case."
        )
        lacking = [row.id for row in must.testable if row not in must.seen]
        lines.append(f"  No rule and no case for that role: {', '.join(lacking) or 'none'}.")
        half = [row.id for row in must.lacking if row in must.seen]
        lines.append(f"  Only the valid half: {', '.join(half) or 'none'}.")
        lines += [f"  - {row['id']}: {row['why']}." for row in must_reasons() if row["role"] == role]
    for why in ("", *UNCOVERED):
        ids = [row.id for row in load_catalogue(CASES).values() if row.cover == why]
        if ids:
            lines.append(f"- Requirements without cover ({why or 'no reason is said'}): {', '.join(ids)}.")
    for table in made:
        numbers = {place: reason(table, *place, given) for place in table.empty()}
        waiting = [f"{row} {at}".strip() for (row, at), n in numbers.items() if n is None or given[n].get("waits") == "true"]
        if waiting:
            lines.append(f"- {NAMES[table.role]}, {table.title}, no case yet: {', '.join(waiting)}.")
    return lines


def page() -> str:
    """The whole page."""
    cases = load_cases(CASES)
    made, given = tables(cases), reasons()
    figures = {role: musts(role, cases) for role in ROLES}
    parts = [_HEAD, "\n".join(_not_covered(made, given, figures)) + "\n"]
    parts.append("## Reasons for empty cells\n\n" + "\n".join(f"- {letter(n)}: {row['why']}" for n, row in enumerate(given)) + "\n")
    parts += ["## Tables of cases\n", *(shown(table, given) for table in made)]
    parts += [flow_table(cases), requirement_table(cases)]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
