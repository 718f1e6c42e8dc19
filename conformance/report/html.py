"""``report.html``: everything about a run in one file that needs nothing else, neither network nor server.

The page is a template with style and script beside it; the data are JSON inside of it, most of it compressed. The
script puts every text into the page as text, never as markup.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from conformance.judge.finding import FAIL, PASS, WARN, Requirement
from conformance.report.blocks import Blocks, Texts, deflate
from conformance.report.ladder import Ladders
from conformance.report.record import (
    NOT_EXERCISED,
    Line,
    Record,
    Roll,
    counts,
    exit_status,
    failures,
    known_faults,
    latest,
    rollup,
    trouble,
)
from conformance.report.resemblance import Known, nearest
from conformance.report.text import plural, shorten, visible

TEXTS = 2_600_000
"""Octets of the page that messages may take. Those of cases that did not simply pass come first."""
_TEMPLATE = Path(__file__).parent / "template"
_FINDINGS, _VALUE = 300, 2000
_WORDS = {0: "Pass", 1: "Fail", 3: "No verdict"}


def html_report(
    record: Record, catalogue: Mapping[str, Requirement], run_dir: Path, deviations: Sequence[Known] = ()
) -> str:
    """The page. Nothing but the run folder and the catalogue goes in: the same run gives the same page.

    ``deviations`` are those that failures are compared with.
    """
    results = latest(record.results)
    rolls = rollup(record, catalogue)
    texts, details = Texts(TEXTS), Blocks()
    ladders = Ladders(texts)
    numbers: dict[int, int] = {}
    for place in sorted(range(len(results)), key=lambda place: (_simple(results[place]), place)):
        numbers[place] = details.add(_detail(results[place], ladders, run_dir, deviations))
    known = {roll.requirement.id: number for number, roll in enumerate(rolls)}
    main = {
        "results": [_entry(line, numbers[place], known) for place, line in enumerate(results)],
        "requirements": [_requirement(roll, record) for roll in rolls],
        "readings": _readings(results),
    }
    data = {
        "head": _head(record, results), "main": deflate(main), "details": details.data(), "texts": texts.blocks.data(),
        "leftOut": texts.left_out,
    }
    return _page(data, record)


def write_html(
    path: Path, record: Record, catalogue: Mapping[str, Requirement], run_dir: Path, deviations: Sequence[Known] = ()
) -> None:
    """Writes ``report.html``."""
    path.write_text(html_report(record, catalogue, run_dir, deviations), encoding="utf-8", newline="\n")


def _page(data: dict[str, Any], record: Record) -> str:
    style, script = (_part(name) for name in ("report.css", "report.js"))
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; "
        "form-action 'none'"
    )
    # A < cannot end the element that holds the data, and neither can a separator of lines end a string in it.
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    head = data["head"]
    names = ", ".join(str(iut["name"]) for iut in record.iuts)
    fields = {
        "policy": policy, "style": style, "script": script, "data": text,
        "title": html.escape(visible(f"{head['word']}: {names}")), "word": html.escape(head["word"]),
        "why": html.escape(visible(head["why"])),
    }
    return Template(_part("report.html")).substitute(fields)


def _part(name: str) -> str:
    return (_TEMPLATE / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _simple(line: Line) -> bool:
    """Whether a case simply passed, so that its messages may be left out of a very large report."""
    return line["verdict"] == PASS and all(finding["outcome"] == PASS for finding in line["findings"])


def _head(record: Record, results: list[Line]) -> dict[str, Any]:
    header, footer = record.header, record.footer or {}
    status = exit_status(record)
    return {
        "status": status, "word": _WORDS[status], "why": _why(record, results), "counts": counts(results),
        "iuts": [{key: _fact(value) for key, value in iut.items()} for iut in record.iuts],
        "run": {
            "suite": _fact(header.get("suite")), "test cases": _fact(header.get("testcases")),
            "started": header["started"], "ended": footer.get("ended", ""), "mode": _fact(header.get("mode")),
            "strict": _fact(header["strict"]), "permutations": _fact(header.get("permutations")),
            "seed": _fact(header.get("seed")), "planned": _fact(header.get("planned")),
            "selected": _fact(header.get("select") or "all cases"),
            **{key: _fact(value) for key, value in _mapping(header.get("environment")).items()},
        },
    }


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _fact(value: Any) -> str:
    """A value of the header as one short text."""
    if isinstance(value, dict):
        return shorten(", ".join(f"{key}: {_fact(inner)}" for key, inner in value.items()), _VALUE)
    if isinstance(value, list):
        return shorten(", ".join(_fact(inner) for inner in value), _VALUE)
    if value is None or isinstance(value, bool):
        return {True: "yes", False: "no", None: ""}[value]
    return shorten(str(value), _VALUE)


def _why(record: Record, results: list[Line]) -> str:
    """The verdict in a sentence."""
    if problem := trouble(record):
        return problem[0].upper() + problem[1:] + "."
    total = counts(results)
    judged = total[PASS] + total[FAIL]
    wrong = known_faults(record)
    expected = failures(results, known=True)
    told = f" {plural(len(expected), 'failure')} known, with the reason at the case." if expected else ""
    if wrong:
        told += f" {plural(len(wrong), 'known failure')} not true any more: {'; '.join(shorten(fault, _VALUE) for fault in wrong[:5])}."
    if failed := failures(results):
        broken = {f["requirement"] for line in failed for f in line["findings"] if f["outcome"] == FAIL}
        return f"{len(failed)} of {judged} judged cases failed: {plural(len(broken), 'requirement')} broken.{told}"
    warned = sum(any(f["outcome"] == WARN for f in line["findings"]) for line in results)
    every = f"{total[PASS]} of {judged} judged cases passed" if expected else f"All {judged} judged cases passed"
    return every + (f", {warned} of them with warnings." if warned else ".") + told


def _reason(line: Line) -> str:
    return f"Known: {line['known']} ({line['reason']})" if line.get("known") else str(line["reason"])


def _entry(line: Line, detail: int, known: Mapping[str, int]) -> dict[str, Any]:
    """A result for the list, with what it is filtered by."""
    named = dict.fromkeys([*line["requirements"], *(finding["requirement"] for finding in line["findings"])])
    entry = {
        "id": line["id"], "title": line["title"], "theme": line["theme"], "role": line["role"],
        "verdict": line["verdict"], "cause": line.get("cause") or "", "reason": shorten(_reason(line), _VALUE),
        "seconds": line["seconds"], "warnings": sum(finding["outcome"] == WARN for finding in line["findings"]),
        "requirements": [known[name] for name in named if name in known], "detail": detail,
        "attempts": line.get("attempts", []), "unstable": bool(line.get("unstable")), "iut": str(line.get("iut", "")),
        "known": bool(line.get("known")),
        "kind": str(line.get("kind", "")), "level": str(line.get("level", "")),
    }
    # Nought, no and nothing are left out; the script takes what is not there for that.
    return {key: value for key, value in entry.items() if value not in ("", [], False)}


def _detail(line: Line, ladders: Ladders, run_dir: Path, deviations: Sequence[Known]) -> dict[str, Any]:
    """What is shown when a case is opened. Findings that passed are counted, the others stand one by one."""
    passed: dict[tuple[str, str], int] = {}
    others = []
    for finding in line["findings"]:
        if finding["outcome"] == PASS:
            key = (finding["requirement"], shorten(finding["expected"], 200))
            passed[key] = passed.get(key, 0) + 1
        else:
            kept = {key: finding[key] for key in ("requirement", "outcome", "cause", "event")}
            others.append(kept | {key: shorten(finding[key], _VALUE) for key in ("expected", "actual", "message")})
    others.sort(key=lambda finding: (finding["outcome"] != FAIL, finding["event"] or 0))
    like = nearest(deviations, line["role"], line["case"], {f["requirement"] for f in others if f["outcome"] == FAIL})
    return {
        **ladders.read(run_dir, line["evidence"], octets=bool(others)), "like": [like.id, like.says] if like else [],
        "evidence": line["evidence"],
        "findings": others[:_FINDINGS], "more": max(len(others) - _FINDINGS, 0),
        "passed": [[name, expected, count] for (name, expected), count in list(passed.items())[:_FINDINGS]],
        "readings": [[reading["ambiguity"], shorten(reading["reading"], 200)] for reading in line["readings"]],
    }


def _requirement(roll: Roll, record: Record) -> dict[str, Any]:
    requirement = roll.requirement
    roles = {iut.get("role") for iut in record.iuts}
    entry = {
        "id": requirement.id, "section": requirement.section, "text": requirement.text, "level": requirement.level,
        "outcome": roll.outcome, "counts": list(roll.counts.values()), "cases": len(roll.cases),
        # A requirement on the side that is not under test stands in the catalogue, not in this report.
        "aside": roll.outcome == NOT_EXERCISED and requirement.role != "both" and requirement.role not in roles,
        "uncovered": "" if requirement.cover in ("rule", "case", "both") else requirement.cover,
    }
    return {key: value for key, value in entry.items() if value not in ("", False)}


def _readings(results: list[Line]) -> list[list[Any]]:
    """Which readings of unclear clauses were seen, and how often."""
    found: dict[tuple[str, str], int] = {}
    for line in results:
        for reading in line["readings"]:
            key = (reading["ambiguity"], shorten(reading["reading"], 200))
            found[key] = found.get(key, 0) + 1
    return [[*key, count] for key, count in sorted(found.items())]
