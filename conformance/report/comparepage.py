"""Comparisons for a reader: console text, Markdown, and a page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from conformance.judge.finding import FAIL, PASS, Requirement
from conformance.report.compare import (
    KINDS,
    SAYS,
    Change,
    Column,
    Difference,
    columns,
    differing,
    name_of,
    rate,
    reason,
    summary,
    told_trend,
    trend,
)
from conformance.report.page import render
from conformance.report.record import Record
from conformance.report.text import markdown, shorten, visible

_MOST = 500
"""Rows of a table; the JSON form has all."""

Catalogue = Mapping[str, Requirement]


# -- two runs --------------------------------------------------------------------------------------------------------


def _heading(found: Difference) -> str:
    return visible(f"{name_of(found.before)} \u2192 {name_of(found.after)}")


def diff_text(found: Difference, catalogue: Catalogue) -> str:
    """For a terminal: what broke, was fixed or changed, and a last line that sums up."""
    lines = [_heading(found)]
    lines += [f"Mind: {note}." for note in found.notes]
    for kind in KINDS:
        rows = found.of(kind)
        lines += ["", f"{kind} ({SAYS[kind]}): {len(rows)}"] if rows else []
        for change in rows[:_MOST]:
            lines.append(f"  {visible(change.id)}  {change.before or '-'} -> {change.after or '-'}")
            if why := reason(change, catalogue):
                lines.append(f"      {visible(why)}")
        if len(rows) > _MOST:
            lines.append(f"  and {len(rows) - _MOST} more")
    return "\n".join([*lines, "", summary(found)])


def diff_markdown(found: Difference, catalogue: Catalogue) -> str:
    """For a pull request."""
    lines = [f"### {'Worse' if found.worse else 'Not worse'}: {markdown(_heading(found))}", "", f"{summary(found)}.", ""]
    lines += [f"- Mind: {markdown(note)}." for note in found.notes]
    for kind in KINDS:
        rows = found.of(kind)
        if not rows:
            continue
        lines += ["", f"**{kind}** ({SAYS[kind]})", "", "| case | before | after | requirements |", "| --- | --- | --- | --- |"]
        for change in rows[:_MOST]:
            cells = (change.id, change.before or "-", change.after or "-", reason(change, catalogue))
            lines.append(f"| {' | '.join(markdown(cell) for cell in cells)} |")
        if len(rows) > _MOST:
            lines.append(f"| and {len(rows) - _MOST} more | | | |")
    return "\n".join(lines) + "\n"


def diff_html(found: Difference, catalogue: Catalogue) -> str:
    """The page."""
    groups = [(kind, [_row(change, catalogue) for change in found.of(kind)[:_MOST]]) for kind in KINDS if found.of(kind)]
    return render(
        "diff.html.j2", title=f"Compared: {_heading(found)}", eyebrow="Two runs compared", heading=_heading(found),
        worse=found.worse, changes=found.changes, summary=summary(found), notes=found.notes, groups=groups, says=SAYS,
    )


def _row(change: Change, catalogue: Catalogue) -> dict[str, str]:
    return {
        "id": visible(change.id), "title": visible(shorten(change.title, 160)), "before": change.before,
        "after": change.after, "why": visible(reason(change, catalogue)),
    }


def diff_data(found: Difference) -> dict[str, Any]:
    """As JSON."""
    return {
        "worse": found.worse, "same": found.same, "notes": found.notes,
        "counts": {kind: len(found.of(kind)) for kind in KINDS}, "changes": [asdict(change) for change in found.changes],
    }


# -- many runs -------------------------------------------------------------------------------------------------------


def _word(tally: Mapping[str, int]) -> str:
    return FAIL if tally.get(FAIL) else PASS if tally.get(PASS) else "not-applicable"


def _themes(made: Sequence[Column]) -> list[tuple[str, list[dict[str, int]]]]:
    names = sorted({theme for column in made for theme in column.themes})
    rows = [(name, [column.themes.get(name, {}) for column in made]) for name in names]
    return [*rows, ("all", [column.total for column in made])]


def matrix_markdown(records: Sequence[Record]) -> str:
    """Implementations beside each other by theme, then the cases in which they differ."""
    made = columns(records)
    names = [markdown(column.name) for column in made]
    rule = "| --- |" + " ---: |" * len(made)
    lines = [f"| theme | {' | '.join(names)} |", rule]
    lines += [f"| {markdown(name)} | {' | '.join(rate(cell) for cell in cells)} |" for name, cells in _themes(made)]
    ids = differing(made)
    if ids:
        lines += ["", f"| case | {' | '.join(names)} |", "| --- |" + " --- |" * len(made)]
        lines += [f"| {markdown(name)} | {' | '.join(_verdicts(name, made))} |" for name in ids[:_MOST]]
    return "\n".join(lines) + "\n"


def _verdicts(name: str, made: Sequence[Column]) -> list[str]:
    return [column.results[name]["verdict"] if name in column.results else "" for column in made]


def matrix_html(records: Sequence[Record]) -> str:
    """The same as a page."""
    made = columns(records)
    themes = [
        (visible(name), [{"word": _word(cell), "rate": rate(cell)} for cell in cells]) for name, cells in _themes(made)
    ]
    ids = differing(made)
    titles = {name: line["title"] for column in made for name, line in column.results.items()}
    rows = [(visible(name), visible(shorten(titles[name], 160)), _verdicts(name, made)) for name in ids[:_MOST]]
    heading = f"{len(made)} implementations, side by side" if len(made) != 1 else "One implementation"
    return render(
        "matrix.html.j2", title=heading, eyebrow="Matrix", heading=heading, names=[visible(c.name) for c in made],
        themes=themes, rows=rows, more=max(0, len(ids) - _MOST),
    )


def matrix_data(records: Sequence[Record]) -> dict[str, Any]:
    """The same as JSON: all cases."""
    made = columns(records)
    ids = sorted({name for column in made for name in column.results})
    return {
        "implementations": [{"name": c.name, "started": c.started, "counts": c.total, "themes": c.themes} for c in made],
        "cases": {name: _verdicts(name, made) for name in ids},
        "differing": differing(made),
    }


def trend_markdown(records: Sequence[Record]) -> str:
    """Many runs of one implementation in the order of time."""
    lines = ["| started | implementation | pass | fail | inconclusive | not applicable | error | since the run before |",
             "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |"]  # fmt: skip
    for row in trend(records):
        tally = " | ".join(str(count) for count in row["counts"].values())
        lines.append(f"| {row['started']} | {markdown(row['name'])} | {tally} | {told_trend(row)} |")
    return "\n".join(lines) + "\n"
