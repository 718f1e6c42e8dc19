"""All reports of a run, made from its folder alone; and ``summary.md``, the short one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from conformance.judge.finding import FAIL, VERDICTS, Requirement
from conformance.report.badge import badge_json, badge_svg
from conformance.report.certificate import as_json, as_markdown, as_yaml, certificate
from conformance.report.console import warnings_by_cause
from conformance.report.html import write_html
from conformance.report.junit import write_junit
from conformance.report.record import (
    OUTCOMES,
    RECORD,
    Line,
    Record,
    counts,
    exit_status,
    failures,
    known_faults,
    latest,
    read_record,
    rollup,
    trouble,
)
from conformance.report.resemblance import Known
from conformance.report.text import markdown, plural, shorten

FORMS = ("junit", "html", "summary", "conformance", "badge")
"""What can be made from a run folder."""
_MOST, _FINDINGS, _VALUE = 50, 5, 300


def write_reports(
    run_dir: Path, catalogue: Mapping[str, Requirement], forms: Sequence[str] = FORMS, known: Sequence[Known] = ()
) -> list[Path]:
    """Writes the reports of a run into its folder; returns their paths. The same run gives the same octets.

    ``run_dir`` holds ``results.ndjson`` and the evidence that it names; ``forms`` are of :data:`FORMS`, ``known`` the
    deviations that failures are compared with. Raises ``ValueError`` for a damaged record and ``OSError`` where there is
    none or the folder cannot be written.
    """
    record = read_record(run_dir / RECORD)
    made: list[Path] = []
    if "junit" in forms:
        made.append(run_dir / "junit.xml")
        write_junit(made[-1], record, catalogue)
    if "html" in forms:
        made.append(run_dir / "report.html")
        write_html(made[-1], record, catalogue, run_dir, known)
    if "summary" in forms:
        made.append(_written(run_dir / "summary.md", summary_text(record, catalogue)))
    if "conformance" in forms or "badge" in forms:
        statement = certificate(record, catalogue, run_dir)
        if "conformance" in forms:
            made.append(_written(run_dir / "conformance.json", as_json(statement)))
            made.append(_written(run_dir / "conformance.yaml", as_yaml(statement)))
            made.append(_written(run_dir / "conformance.md", as_markdown(statement)))
        if "badge" in forms:
            made.append(_written(run_dir / "badge.svg", badge_svg(statement)))
            made.append(_written(run_dir / "badge.json", badge_json(statement)))
    return made


def certificate_markdown(run_dir: Path, catalogue: Mapping[str, Requirement]) -> str:
    """The conformance statement of a run for a pull request."""
    return as_markdown(certificate(read_record(run_dir / RECORD), catalogue, run_dir))


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def summary_text(record: Record, catalogue: Mapping[str, Requirement]) -> str:
    """``summary.md``: the verdict, what was tested, verdicts by theme, requirements, failures and warnings."""
    results = latest(record.results)
    word = {0: "PASS", 1: "FAIL"}.get(exit_status(record), "NO VERDICT")
    names = ", ".join(" ".join(str(iut[key]) for key in ("name", "version") if iut.get(key)) for iut in record.iuts)
    lines = [f"# {word}: {markdown(names)}", ""]
    if why := trouble(record):
        lines += [markdown(why[0].upper() + why[1:] + "."), ""]
    lines += [*_facts(record), "", *_themes(results), "", *_requirements(record, catalogue), ""]
    lines += _failures(results, catalogue)
    lines += _known(record, results)
    found = warnings_by_cause(results)
    if found:
        lines += ["## Warnings", ""]
        lines += [
            f"- {markdown(cause)}: {plural(number, 'finding')}, {plural(about, 'requirement')}"
            for cause, (number, about) in found.items()
        ]
        lines.append("")
    lines.append("The messages of every case are in report.html.")
    return "\n".join(lines) + "\n"


def _known(record: Record, results: list[Line]) -> list[str]:
    """Failures that were expected, and expectations that are not true any more."""
    listed, wrong = failures(results, known=True), known_faults(record)
    lines = ["## Known failures", ""] if listed else []
    for line in listed[:_MOST]:
        broken = dict.fromkeys(finding["requirement"] for finding in line["findings"] if finding["outcome"] == FAIL)
        told = f"{', '.join(broken)}: {shorten(line['known'], _VALUE)}"
        lines.append(f"- **{markdown(line['id'])}**: {markdown(told)}")
    lines += [f"- and {len(listed) - _MOST} more"] if len(listed) > _MOST else []
    lines += [""] if listed else []
    if wrong:
        lines += ["## Known failures that are not true any more", "", *(f"- {markdown(fault)}" for fault in wrong), ""]
    return lines


def _facts(record: Record) -> list[str]:
    header, footer = record.header, record.footer or {}
    rows = [
        ("suite", header.get("suite")), ("test cases", header.get("testcases")), ("started", header["started"]),
        ("ended", footer.get("ended", "not yet")), ("strict", "yes" if header["strict"] else "no"),
        ("permutations", header.get("permutations")), ("seed", header.get("seed")),
    ]
    for iut in record.iuts:
        told = " ".join(str(iut[key]) for key in ("name", "version", "vendor") if iut.get(key))
        rows.append((f"{iut['role']} under test", told))
    return [f"- {name}: {markdown(str(value))}" for name, value in rows]


def _themes(results: list[Line]) -> list[str]:
    groups: dict[str, list[Line]] = {}
    for line in results:
        groups.setdefault(f"{line['role']}/{line['theme']}", []).append(line)
    lines = [f"| theme | {' | '.join(VERDICTS)} |", f"| --- |{' ---: |' * len(VERDICTS)}"]
    for name, group in [*sorted(groups.items()), ("all", results)]:
        lines.append(f"| {markdown(name)} | {' | '.join(str(count) for count in counts(group).values())} |")
    return lines


def _requirements(record: Record, catalogue: Mapping[str, Requirement]) -> list[str]:
    tally = dict.fromkeys(OUTCOMES, 0)
    for roll in rollup(record, catalogue):
        tally[roll.outcome] += 1
    return ["Requirements: " + ", ".join(f"{count} {outcome}" for outcome, count in tally.items()) + "."]


def _failures(results: list[Line], catalogue: Mapping[str, Requirement]) -> list[str]:
    failed = failures(results)
    lines = ["## Failures", ""] if failed else []
    for line in failed[:_MOST]:
        lines.append(f"- **{markdown(line['id'])}**: {markdown(shorten(line['title'], _VALUE))}")
        broken = [finding for finding in line["findings"] if finding["outcome"] == FAIL]
        for finding in broken[:_FINDINGS]:
            requirement = catalogue.get(finding["requirement"])
            where = f" ({requirement.section})" if requirement and requirement.section else ""
            told = (f"{finding['requirement']}{where}: {finding['message']}", f"expected {finding['expected']}")
            shown = [markdown(shorten(text, _VALUE)) for text in (*told, f"got {finding['actual']}")]
            lines.append(f"  - {'; '.join(shown)}")
        if len(broken) > _FINDINGS:
            lines.append(f"  - and {len(broken) - _FINDINGS} more findings")
    if len(failed) > _MOST:
        lines.append(f"- and {len(failed) - _MOST} more")
    return [*lines, ""] if failed else []
