"""Annotations for GitHub Actions: what failed, as commands that the log turns into marks on the build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.judge.finding import ERROR, FAIL, Requirement
from conformance.report.record import Record, exit_status, failures, known_faults, latest, trouble
from conformance.report.text import plural, shorten, visible

MOST = 10
"""Annotations of one kind: what GitHub shows of a step."""
_LONGEST = 800


def workflow_commands(record: Record, catalogue: Mapping[str, Requirement]) -> Iterator[str]:
    """One line for each case that failed or ended in an error, at most :data:`MOST` of each; a notice sums up."""
    results = latest(record.results)
    failed = failures(results)
    for line in failed[:MOST]:
        broken = [finding for finding in line["findings"] if finding["outcome"] == FAIL]
        told = []
        for finding in broken[:3]:
            requirement = catalogue.get(finding["requirement"])
            where = f" ({requirement.section})" if requirement and requirement.section else ""
            told.append(
                f"{finding['requirement']}{where}: {finding['message']}; expected {finding['expected']}; got {finding['actual']}"
            )
        yield _command("error", f"{line['id']}: {line['title']}", "\n".join(told) or line["reason"])
    wrong = [line for line in results if line["verdict"] == ERROR]
    for line in wrong[:MOST]:
        yield _command("warning", f"{line['id']} was not judged", line["reason"])
    for fault in known_faults(record)[:MOST]:
        yield _command("error", "A known failure is not true any more", fault)
    word = {0: "PASS", 1: "FAIL"}.get(exit_status(record), "NO VERDICT")
    yield _command("notice", "Conformance", trouble(record) or f"{word}: {len(failed)} of {plural(len(results), 'case')} failed")


def _command(kind: str, title: str, text: str) -> str:
    return f"::{kind} title={_escape(visible(shorten(title, 200)), ':,')}::{_escape(visible(shorten(text, _LONGEST), chr(10)))}"


def _escape(text: str, more: str = "") -> str:
    """The text as a workflow command carries it: nothing in it ends the command or begins another."""
    shown = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    for character in more:
        shown = shown.replace(character, f"%{ord(character):02X}")
    return shown
