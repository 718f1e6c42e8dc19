"""Which case catches which deviation for what it asks for, for a reader: JSON, Markdown, and the last lines on the console."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.report.text import markdown, plural, visible

NAMES = ("cases.json", "cases.md")


@dataclass(frozen=True, slots=True)
class Earnings:
    """What came of the cases. ``rows``: a row for each, as :meth:`conformance.harness.earning.Earned.line` gives it."""

    testcases: str
    rows: Sequence[dict[str, Any]]

    @property
    def idle(self) -> list[dict[str, Any]]:
        """The cases that caught nothing for what they ask for."""
        return [row for row in self.rows if not row["kill"]]

    @property
    def open(self) -> list[dict[str, Any]]:
        """Those of them that do not say why they stand."""
        return [row for row in self.idle if not row["because"]]

    @property
    def exit(self) -> int:
        """1 where an idle case does not say why it stands."""
        return 1 if self.open else 0

    @property
    def summary(self) -> str:
        """One line that says what came out."""
        explained = len(self.idle) - len(self.open)
        return (
            f"{len(self.rows) - len(self.idle)} of {plural(len(self.rows), 'case')} catch a deviation for what they ask for, "
            f"{explained} idle {'one says' if explained == 1 else 'ones say'} why, {len(self.open)} do not"
        )


def why(row: dict[str, Any]) -> str:
    """What a reader has to know of an idle case, in a few words."""
    if row["because"]:
        return str(row["because"])
    if row["trouble"]:
        return f"went wrong: {row['trouble']}"
    if row["hopeless"]:
        return "no deviation breaks what it asks for"
    return f"met {plural(row['tried'], 'deviation')} in vain" if row["tried"] else "is not played against these peers"


def as_markdown(earnings: Earnings) -> str:
    """For a pull request."""
    lines = [f"# {'IDLE CASES' if earnings.open else 'NO IDLE CASE WITHOUT A REASON'}: {earnings.summary}", ""]
    lines += [f"Test cases {earnings.testcases[:12]}.", "", "## Idle", "", "| case | why |", "| --- | --- |"]
    lines += [f"| {markdown(row['id'])} | {markdown(why(row))} |" for row in earnings.idle]
    lines += ["", "## Others", "", "| case | catches | with |", "| --- | --- | --- |"]
    for row in earnings.rows:
        if row["kill"]:
            permutation, requirement, outcome = row["kill"]
            cells = (row["id"], row["deviation"], f"{requirement} ({outcome}) in {permutation}")
            lines.append(f"| {' | '.join(map(markdown, cells))} |")
    return "\n".join(lines) + "\n"


def write_earnings(earnings: Earnings, folder: Path) -> list[Path]:
    """Writes ``cases.json`` and ``cases.md``; returns their paths."""
    data = {"schema": 1, "exit": earnings.exit, "testcases": earnings.testcases, "cases": list(earnings.rows)}
    texts = (json.dumps(data, indent=1, ensure_ascii=True) + "\n", as_markdown(earnings))
    for name, text in zip(NAMES, texts, strict=True):
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return [folder / name for name in NAMES]


def console_lines(earnings: Earnings) -> list[str]:
    """What the command says last."""
    lines = [f"IDLE  {visible(row['id'])}  {visible(why(row))}" for row in earnings.open]
    return [*lines, f"{'NOT PROVED' if earnings.open else 'PROVED'}: {earnings.summary}"]
