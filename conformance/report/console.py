"""What a person at a terminal sees: progress while the run goes, a summary when it has ended.

Everything that came from the wire is shown with control characters written out, and never as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from rich.table import Column, Table
from rich.text import Text

from conformance.judge.finding import (
    CAUSES,
    ERROR,
    FAIL,
    INCONCLUSIVE,
    NOT_APPLICABLE,
    PASS,
    VERDICTS,
    WARN,
    Requirement,
)
from conformance.report.record import Line, Record, counts, exit_status, failures, known_faults, latest, trouble
from conformance.report.text import middle, plural, shorten, visible

STYLES = {
    PASS: "green", FAIL: "bold red", INCONCLUSIVE: "yellow", NOT_APPLICABLE: "dim", ERROR: "bold magenta",
    WARN: "yellow",
}
MOST = 20
"""Failing cases that the summary shows; the rest stands in the report."""
_FINDINGS, _VALUE = 5, 300
_HEADS = {PASS: "pass", FAIL: "fail", INCONCLUSIVE: "inconcl.", NOT_APPLICABLE: "n/a", ERROR: "error"}


def new_console(file: IO[str] | None = None, color: bool = True) -> Console:
    """A console on a stream (default: standard output): colours on a terminal only, and none where NO_COLOR is set or
    ``color`` is false."""
    return Console(file=file, highlight=False, markup=False, emoji=False, no_color=True if not color else None)


class Progress:
    """Progress of a run: a bar with the case at hand on a terminal, a line for each case that ended anywhere else.

    A case that fails is told when it happens, with the first thing that was wrong. ``quiet``: nothing but failures.
    """

    def __init__(self, console: Console | None = None, quiet: bool = False) -> None:
        self.console = console or new_console()
        self.quiet = quiet
        self.total = self.ended = self.failed = 0
        self._bar: Bar | None = None
        self._task: Any = None

    def start(self, total: int) -> None:
        """Says how many permutations will run, and shows the bar."""
        self.total = total
        if not self.console.is_terminal or self.quiet or self._bar is not None:
            return
        columns: list[ProgressColumn] = [
            BarColumn(16), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(compact=True),
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
        ]
        self._bar = Bar(*columns, console=self.console, transient=True)
        self._task = self._bar.add_task("", total=total)
        self._bar.start()

    def at(self, name: str) -> None:
        """Names the permutation that begins."""
        if self._bar is not None:
            failed = f"{self.failed} failed  " if self.failed else ""
            case = middle(_plain(self.console, name.rpartition("::")[2]), 40)
            self._bar.update(self._task, description=failed + case)

    def done(self, line: Line) -> None:
        """Counts a result. A line in a pipe; on a terminal only what did not pass is kept above the bar."""
        self.ended += 1
        verdict, known = line["verdict"], str(line.get("known") or "")
        self.failed += verdict == FAIL and not known
        if self._bar is not None:
            self._bar.update(self._task, completed=self.ended)
        if (self.quiet or self._bar is not None) and verdict in (PASS, NOT_APPLICABLE):
            return
        if self.quiet and (verdict != FAIL or known):
            return
        width = len(str(max(self.total, self.ended)))
        count = f"[{self.ended:>{width}}/{max(self.total, self.ended)}] "
        shown = Text(count).append(f"{verdict:<14}", STYLES[verdict])
        shown.append(f" {_plain(self.console, line['id'])}  {line['seconds']:.2f} s")
        self.console.print(shown, soft_wrap=True)
        if known:
            self.console.print(Text(f"    known: {_plain(self.console, known, _VALUE)}"), soft_wrap=True)
            return
        first = next((finding for finding in line["findings"] if finding["outcome"] == FAIL), None)
        if first is not None:
            told = f"{first['requirement']}: {shorten(first['message'], _VALUE)}"
            self.console.print(Text(f"    {_plain(self.console, told)}"), soft_wrap=True)

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def print_summary(
    record: Record, catalogue: Mapping[str, Requirement], folder: Path, console: Console | None = None, brief: bool = False,
) -> None:
    """Prints the summary of a run: verdicts by theme (not where ``brief``), failures, warnings, and last the folder."""
    console = console or new_console()
    results = latest(record.results)
    if not brief:
        console.print()
        console.print(_table(console, results))
    _failures(console, results, catalogue)
    _known(console, record, results)
    _errors(console, results)
    _warnings(console, results)
    for note in (record.footer or {}).get("notes", ()):
        console.print(Text(f"NOTE {_plain(console, str(note))}"))
    _closing(console, record)
    console.print(Text(f"Run folder: {_plain(console, str(folder))}"), soft_wrap=True)


def failure_text(line: Line, place: str) -> str:
    """A result that did not pass, as text for pytest's own output. ``place`` is file and line of the case."""
    lines = [f"{visible(line['id'])}: {line['verdict']}", f"{visible(line['title'])} ({visible(place)})"]
    if line["reason"]:
        lines.append(visible(line["reason"]))
    for finding in line["findings"]:
        if finding["outcome"] == FAIL:
            lines += ["", *_finding(finding, "", 2000)]
    if line["evidence"]:
        lines += ["", f"evidence: {visible(line['evidence'])}"]
    return "\n".join(lines)


def _plain(console: Console, text: str, limit: int = 0) -> str:
    """The text, shortened to ``limit`` characters, as the console's encoding can show it."""
    shown = visible(shorten(text, limit) if limit else text)
    return shown.encode(console.encoding, "backslashreplace").decode(console.encoding)


def _table(console: Console, results: list[Line]) -> Table:
    table = Table(box=box.ASCII if console.options.ascii_only else box.SIMPLE, show_footer=True, pad_edge=False)
    total = counts(results)
    table.add_column("theme", footer="all", overflow="ellipsis", no_wrap=True, max_width=36)
    for verdict in VERDICTS:
        table.add_column(_HEADS[verdict], footer=str(total[verdict]), justify="right", no_wrap=True, min_width=5)
    groups: dict[str, list[Line]] = {}
    for line in results:
        groups.setdefault(f"{line['role']}/{line['theme']}", []).append(line)
    for name, lines in sorted(groups.items()):
        cells = [
            Text(str(count) if count else "-", STYLES[verdict] if count else "dim")
            for verdict, count in counts(lines).items()
        ]
        table.add_row(Text(_plain(console, name)), *cells)
    return table


def _failures(console: Console, results: list[Line], catalogue: Mapping[str, Requirement]) -> None:
    failed = failures(results)
    for line in failed[:MOST]:
        console.print(Text("FAIL ", STYLES[FAIL]).append(_plain(console, line["id"]), "bold"), soft_wrap=True)
        broken = [finding for finding in line["findings"] if finding["outcome"] == FAIL]
        for finding in broken[:_FINDINGS]:
            requirement = catalogue.get(finding["requirement"])
            for text in _finding(finding, requirement.section if requirement else "", _VALUE):
                console.print(Text("  " + _plain(console, text)), soft_wrap=True)
        if len(broken) > _FINDINGS:
            console.print(Text(f"  and {len(broken) - _FINDINGS} more findings"))
        if line["evidence"]:
            console.print(Text(f"  evidence: {_plain(console, line['evidence'])}"), soft_wrap=True)
        console.print()
    if len(failed) > MOST:
        console.print(Text(f"and {len(failed) - MOST} more; see report.html\n"))


def _known(console: Console, record: Record, results: list[Line]) -> None:
    """Failures that were expected, and expectations that are not true any more."""
    listed = failures(results, known=True)
    for line in listed[:MOST]:
        text = Text("KNOWN ", STYLES[WARN]).append(f"{_plain(console, line['id'])}: {_plain(console, line['known'], _VALUE)}", "default")
        console.print(text, soft_wrap=True)
    if len(listed) > MOST:
        console.print(Text(f"and {len(listed) - MOST} more known failures; see report.html"))
    for fault in known_faults(record):
        console.print(Text("KNOWN FAILURE ", STYLES[FAIL]).append(_plain(console, fault), "default"), soft_wrap=True)
    if listed:
        console.print()


def _finding(finding: Mapping[str, Any], section: str, limit: int) -> list[str]:
    where = f" ({section})" if section else ""
    event = f" [event {finding['event']}]" if finding["event"] is not None else ""
    lines = [f"{finding['requirement']}{where}: {shorten(finding['message'], limit)}{event}"]
    lines += [f"{key + ':':<9} {shorten(finding[key], limit)}" for key in ("expected", "actual") if finding[key]]
    return [visible(line) for line in lines]


def _errors(console: Console, results: Iterable[Line]) -> None:
    """Errors are few or all the same: each reason once, with its first case."""
    reasons: dict[str, list[str]] = {}
    for line in results:
        if line["verdict"] == ERROR:
            reasons.setdefault(line["reason"], []).append(line["id"])
    for reason, names in list(reasons.items())[:_FINDINGS]:
        text = Text("ERROR ", STYLES[ERROR]).append(_plain(console, shorten(reason, _VALUE)))
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        console.print(text.append(f"\n  {_plain(console, names[0])}{more}\n"), soft_wrap=True)
    if len(reasons) > _FINDINGS:
        console.print(Text(f"and errors for {len(reasons) - _FINDINGS} more reasons; see report.html\n"))


def warnings_by_cause(results: Iterable[Line]) -> dict[str, tuple[int, int]]:
    """For each cause of warnings that occurs: the number of findings and the number of requirements they are about."""
    found: dict[str, list[str]] = {}
    for line in results:
        for finding in line["findings"]:
            if finding["outcome"] == WARN:
                found.setdefault(str(finding["cause"]), []).append(finding["requirement"])
    order = [*CAUSES, *sorted(set(found) - set(CAUSES))]
    return {cause: (len(found[cause]), len(set(found[cause]))) for cause in order if cause in found}


def _warnings(console: Console, results: Iterable[Line]) -> None:
    found = warnings_by_cause(results)
    for cause, (number, requirements) in found.items():
        text = f"{plural(number, 'warning')} ({_plain(console, cause)}), {plural(requirements, 'requirement')}"
        console.print(Text(text, STYLES[WARN]))
    if found:
        console.print()


def _closing(console: Console, record: Record) -> None:
    results = latest(record.results)
    total = counts(results)
    expected = len(failures(results, known=True))
    more = {FAIL: f" ({expected} known)" if expected else ""}
    shown = [f"{total[v]} {v}{more.get(v, '')}" for v in VERDICTS if total[v]] or ["no case"]
    status = exit_status(record)
    word, style = {0: ("PASS", "bold green"), 1: ("FAIL", STYLES[FAIL])}.get(status, ("NO VERDICT", STYLES[ERROR]))
    console.print(Text(word, style).append(f": {', '.join(shown)}", "default"), soft_wrap=True)
    if why := trouble(record):
        console.print(Text(_plain(console, why)), soft_wrap=True)
    if record.header["permutations"] == "sample":
        console.print(Text("One permutation of each case was played; --permutations all plays every one."), soft_wrap=True)
    unstable = sum(bool(line.get("unstable")) for line in results)
    if unstable:
        console.print(Text(f"{plural(unstable, 'case')} with different verdicts in several attempts"), soft_wrap=True)
