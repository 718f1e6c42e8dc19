"""A proof for a reader: JSON, Markdown, a page that needs nothing else, and the last lines on the console."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.report.page import render
from conformance.report.proof import CAUGHT, ERROR, OTHERWISE, OUTCOMES, SAYS, SURVIVED, UNTRIED, WARNED, Proof, Tried
from conformance.report.text import markdown, plural, shorten, visible

_MOST, _VALUE = 500, 300
"""Rows of a table and characters of a text; the JSON form has all."""


def write_proof(proof: Proof, folder: Path) -> list[Path]:
    """Writes ``proof.json``, ``proof.md`` and ``proof.html``; returns their paths."""
    made = {"proof.json": as_json(proof), "proof.md": as_markdown(proof), "proof.html": as_html(proof)}
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return [folder / name for name in made]


def counts(proof: Proof) -> dict[str, int]:
    """How many deviations have each outcome."""
    return {outcome: len(proof.of(outcome)) for outcome in OUTCOMES}


def summary(proof: Proof) -> str:
    """One line that says what came out."""
    tally = counts(proof)
    parts = [f"{tally[CAUGHT]} caught by a failure", f"{tally[WARNED]} by a warning only"]
    weak = sum(bool(each.weak) for each in proof.tried)
    parts[-1] += f" ({weak} of these break what can fail)" if weak else ""
    explained = sum(bool(each.explained) for each in proof.tried)
    parts += [f"{tally[SURVIVED]} survived"] if tally[SURVIVED] else []
    parts += [f"{tally[OTHERWISE]} caught for another reason only"] if tally[OTHERWISE] else []
    parts += [f"{explained} of these explained"] if explained else []
    parts += [f"{tally[ERROR]} could not be tried"] if tally[ERROR] else []
    parts += [f"{tally[UNTRIED]} not tried to the end"] if tally[UNTRIED] else []
    return f"{plural(len(proof.tried), 'deviation')}: {', '.join(parts)}"


def as_data(proof: Proof) -> dict[str, Any]:
    """All of it as plain data."""
    return {
        "schema": 1, "exit": proof.exit, "full": proof.full, "complete": proof.complete, "chosen": proof.header["chosen"],
        "suite": proof.header["suite"], "testcases": proof.header["testcases"], "seconds": round(proof.seconds, 1),
        "workers": proof.header["workers"], "counts": counts(proof),
        "deviations": [
            {
                "id": each.row["id"], "role": each.row["role"], "says": each.row["says"], "breaks": each.row["breaks"],
                "area": each.row["area"], "outcome": each.outcome, "explained": each.explained, "kills": each.kills,
                "others": each.others, "weak": each.weak, "played": each.played, "trouble": each.trouble,
            }
            for each in proof.tried
        ],
        "idle": [{"id": c.id, "title": c.title, "tried": c.tried, "because": c.because} for c in proof.idle],
        "never": proof.never,
    }  # fmt: skip


def as_json(proof: Proof) -> str:
    """As JSON."""
    return json.dumps(as_data(proof), indent=1, ensure_ascii=True) + "\n"


def _why(each: Tried) -> str:
    """What a reader has to know of a deviation, in a line."""
    if each.best:
        weak = f" (a warning; {', '.join(each.weak)} could fail)" if each.weak else ""
        return f"{each.best[0]}: {each.best[1]}{weak}"
    return each.explained or each.trouble or "; ".join(each.others[:2]) or f"{plural(each.played, 'permutation')} played"


def _facts(proof: Proof) -> list[str]:
    facts = [f"Suite {proof.header['suite']}, test cases {proof.header['testcases'][:12]}",
             "the whole matrix" if proof.full else "likely killers, to the first that catches"]  # fmt: skip
    if proof.seconds:
        facts.append(f"{proof.seconds:.0f} seconds with {plural(proof.header['workers'], 'worker')}")
    if proof.header["chosen"]:
        facts.append("some deviations only")
    return facts


def _about_idle(proof: Proof) -> str:
    whole = proof.full and proof.complete and not proof.header["chosen"]
    basis = "" if whole else " so far: not every case met every deviation"
    explained = sum(bool(case.because) for case in proof.idle)
    return (
        f"{plural(len(proof.idle), 'case')} of those that were played caught nothing{basis}. {explained} of them say why they "
        f"stand. {plural(len(proof.never), 'case')} met no deviation."
    )


def as_markdown(proof: Proof) -> str:
    """For a pull request."""
    word = {0: "PROVED", 1: "NOT PROVED", 3: "NO VERDICT"}[proof.exit]
    lines = [f"# {word}: {markdown(summary(proof))}", "", f"{markdown('; '.join(_facts(proof)))}.", ""]
    for outcome in OUTCOMES:
        listed = proof.of(outcome)
        if not listed:
            continue
        lines += [f"## {outcome.capitalize()} ({len(listed)})", "", f"{SAYS[outcome].capitalize()}.", ""]
        lines += ["| deviation | breaks | by |", "| --- | --- | --- |"]
        for each in listed[:_MOST]:
            name = f"{each.row['role']}/{each.row['id']}"
            cells = (name, ", ".join(each.row["breaks"]), shorten(_why(each), _VALUE))
            lines.append(f"| {' | '.join(markdown(cell) for cell in cells)} |")
        lines += [f"| and {len(listed) - _MOST} more | | |"] if len(listed) > _MOST else []
        lines.append("")
    lines += [f"## Idle cases ({len(proof.idle)})", "", _about_idle(proof), ""]
    lines += [
        f"- {markdown(case.id)} ({plural(case.tried, 'deviation')})" + (f": {markdown(case.because)}" if case.because else "")
        for case in proof.idle[:_MOST]
    ]
    return "\n".join(lines) + "\n"


def as_html(proof: Proof) -> str:
    """The page."""
    groups = [
        (outcome, SAYS[outcome], [_row(each) for each in proof.of(outcome)]) for outcome in OUTCOMES if proof.of(outcome)
    ]
    word = {0: "Proved", 1: "Not proved", 3: "No verdict"}[proof.exit]
    idle = [{"id": visible(c.id), "title": visible(c.title), "because": visible(c.because), "tried": c.tried} for c in proof.idle]
    return render(
        "proof.html.j2", title="Proof of the suite", eyebrow="Proof", heading="Does the suite catch what is wrong?", word=word,
        css={0: "is-pass", 1: "is-fail", 3: "is-error"}[proof.exit], summary=visible(summary(proof)), facts=_facts(proof),
        groups=groups, idle=idle[:_MOST], idles=len(idle), about_idle=_about_idle(proof), pills=_PILLS,
    )  # fmt: skip


_PILLS = {CAUGHT: "pass", WARNED: "warn", OTHERWISE: "fail", SURVIVED: "fail", ERROR: "error", UNTRIED: "inconclusive"}


def _row(each: Tried) -> dict[str, Any]:
    others = [visible(shorten(text, _VALUE)) for text in each.others[:3]]
    return {
        "name": visible(f"{each.row['role']}/{each.row['id']}"), "says": visible(each.row["says"]),
        "breaks": visible(", ".join(each.row["breaks"])), "why": visible(shorten(_why(each), _VALUE)),
        "others": others if each.best else [],
    }


def console_lines(proof: Proof) -> list[str]:
    """What the command says last."""
    lines = []
    for each in proof.tried:
        name = visible(f"{each.row['role']}/{each.row['id']}")
        if each.outcome in (SURVIVED, OTHERWISE, ERROR):
            word = "EXPLAINED" if each.explained else each.outcome.upper()
            lines.append(f"{word}  {name}  {visible(shorten(_why(each), _VALUE))}")
    lines += [f"IDLE  {visible(case.id)}" for case in proof.unexplained]
    if proof.full or not proof.header["chosen"]:
        lines.append(_about_idle(proof))
    took = f" ({proof.seconds:.0f} seconds, {plural(proof.header['workers'], 'worker')})" if proof.seconds else ""
    return [*lines, f"{ {0: 'PROVED', 1: 'NOT PROVED', 3: 'NO VERDICT'}[proof.exit] }: {summary(proof)}{took}"]
