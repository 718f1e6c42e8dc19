"""``conformance.json`` and ``conformance.yaml``: what a run says of an implementation, in one page for a machine.

Who was tested, as what, by which suite and test cases, in which way; what came out, by level and theme; which claims were
made; what failed, what was not tried and why; which readings of unclear clauses were seen; and the digest of the evidence
that all of it rests on. Made from the run folder alone, the same run giving the same octets.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from conformance.judge.finding import ERROR, FAIL, INCONCLUSIVE, NOT_APPLICABLE, PASS, WARN, Requirement
from conformance.report.record import (
    OUTCOMES,
    Line,
    Record,
    counts,
    exit_status,
    failures,
    known_faults,
    latest,
    rollup,
    trouble,
)
from conformance.report.runfiles import digest_of_evidence
from conformance.report.text import markdown, plural, shorten

SCHEMA = 1
WORDS = {0: "pass", 1: "fail", 3: "none"}
LEVELS = ("must", "should", "may")
_IUT = ("name", "version", "vendor", "role", "digest", "device_id", "server_id", "versions", "encodings", "authentication")
_LONGEST, _CASES, _SHOWN = 300, 20, 60

Certificate = dict[str, Any]


def certificate(record: Record, catalogue: Mapping[str, Requirement], run_dir: Path) -> Certificate:
    """The conformance statement of a run as plain data (``schema/conformance.schema.json``).

    ``run_dir`` holds the evidence that the record names. Raises ``OSError`` where it cannot be read.
    """
    results = latest(record.results)
    header, footer = record.header, record.footer or {}
    known = {key: header.get(key) for key in ("mode", "profile") if header.get(key)}
    return {
        "schema": SCHEMA,
        # A failure that was expected fails no run, and is a failure of the implementation all the same.
        "verdict": "fail" if not exit_status(record) and counts(results)[FAIL] else WORDS[exit_status(record)],
        "why": trouble(record),
        "partial": _partial(record, results),
        "suite": {"name": "fumo-conformance", "version": header.get("suite"), "testcases": header.get("testcases")},
        "run": {
            "started": header["started"], "ended": footer.get("ended"), "strict": header["strict"], **known,
            "permutations": header.get("permutations"), "seed": header.get("seed"), "select": header.get("select") or [],
            "environment": header.get("environment") or {},
        },
        "evidence": {"sha256": digest_of_evidence(run_dir)},
        **({"known": _known(record, results)} if header.get("known") else {}),
        "implementations": [_implementation(iut, record, results, catalogue) for iut in record.iuts],
    }


def _partial(record: Record, results: list[Line]) -> list[str]:
    """Why the run does not say all that it could, one reason a line; empty where it does."""
    reasons = []
    if record.header.get("select"):
        reasons.append("only some cases were selected")
    if record.header.get("permutations") not in (None, "all"):
        reasons.append(f"permutations were chosen: {record.header['permutations']}")
    for cause, what in (("steering", "could not be steered to"), ("risk", "was not allowed"), ("package", "had no package for")):
        lost = sum(line["verdict"] == NOT_APPLICABLE and line.get("cause") == cause for line in results)
        if lost:
            reasons.append(f"{plural(lost, 'permutation')} that the implementation {what}")
    open_ = sum(line["verdict"] == INCONCLUSIVE for line in results)
    if open_:
        reasons.append(f"{plural(open_, 'permutation')} ended without a verdict")
    return reasons


def _known(record: Record, results: list[Line]) -> dict[str, Any]:
    """The failures that were expected, with the reason of each; and what is not true any more of the expectations."""
    listed = [
        {
            "case": line["id"], "reason": shorten(line["known"], _LONGEST),
            "requirements": sorted({finding["requirement"] for finding in line["findings"] if finding["outcome"] == FAIL}),
        }
        for line in failures(results, known=True)
    ]
    return {"digest": str(record.header["known"].get("digest", "")), "failures": listed, "faults": known_faults(record)}


def _implementation(
    iut: Line, record: Record, results: list[Line], catalogue: Mapping[str, Requirement]
) -> dict[str, Any]:
    mine = [line for line in results if line["role"] == iut["role"]]
    rolls = [
        roll for roll in rollup(Record(record.header, mine, record.footer), catalogue)
        if roll.requirement.role in (iut["role"], "both") or roll.cases
    ]
    return {
        **{key: iut[key] for key in _IUT if iut.get(key) not in (None, "", [])},
        "verdict": _verdict(mine),
        "counts": counts(mine),
        "themes": {theme: counts(group) for theme, group in _groups(mine, "theme").items()},
        "levels": {level: counts(group) for level, group in _groups(mine, "level").items() if level in LEVELS},
        "requirements": {outcome: sum(roll.outcome == outcome for roll in rolls) for outcome in OUTCOMES},
        "claims": dict(sorted((iut.get("claims") or {}).items())),
        "failed": [_broken(roll.requirement, roll.cases) for roll in rolls if roll.outcome == FAIL],
        "warned": [_broken(roll.requirement, roll.cases) for roll in rolls if roll.outcome == WARN],
        "skipped": _skipped(mine),
        "readings": _readings(mine),
    }


def _verdict(results: list[Line]) -> str:
    tally = counts(results)
    if tally[FAIL]:
        return "fail"
    return "none" if tally[ERROR] or not tally[PASS] else "pass"


def _groups(results: Iterable[Line], key: str) -> dict[str, list[Line]]:
    groups: dict[str, list[Line]] = {}
    for line in results:
        groups.setdefault(str(line.get(key) or ""), []).append(line)
    return dict(sorted(groups.items()))


def _broken(requirement: Requirement, cases: list[str]) -> dict[str, Any]:
    return {
        "requirement": requirement.id, "section": requirement.section, "level": requirement.level,
        "cases": cases[:_CASES], **({"more": len(cases) - _CASES} if len(cases) > _CASES else {}),
    }


def _skipped(results: list[Line]) -> list[dict[str, Any]]:
    """What was not judged, by verdict and reason."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for line in results:
        if line["verdict"] in (NOT_APPLICABLE, INCONCLUSIVE, ERROR):
            key = (line["verdict"], str(line.get("cause") or ""), shorten(line["reason"], _LONGEST))
            found.setdefault(key, []).append(line["id"])
    return [
        {"verdict": verdict, "cause": cause, "reason": reason, "count": len(ids), "cases": ids[:_CASES]}
        for (verdict, cause, reason), ids in sorted(found.items())
    ]


def _readings(results: list[Line]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], int] = {}
    for line in results:
        for reading in line["readings"]:
            key = (reading["ambiguity"], shorten(reading["reading"], _LONGEST))
            found[key] = found.get(key, 0) + 1
    return [{"ambiguity": name, "reading": reading, "count": count} for (name, reading), count in sorted(found.items())]


# -- forms -----------------------------------------------------------------------------------------------------------


def as_json(made: Certificate) -> str:
    """The certificate as JSON."""
    return json.dumps(made, indent=2, ensure_ascii=True) + "\n"


def as_yaml(made: Certificate) -> str:
    """The certificate as YAML for a reader."""
    plain = json.loads(as_json(made))  # values of their own, so that none is written as a reference to another
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=False, width=100)


def as_markdown(made: Certificate) -> str:
    """A short form for a pull request or an issue."""
    word = {"pass": "PASS", "fail": "FAIL", "none": "NO VERDICT"}[made["verdict"]]
    lines = [f"### {word}: OMA DM firmware update conformance", ""]
    if made["why"]:
        lines += [markdown(made["why"][0].upper() + made["why"][1:] + "."), ""]
    lines += ["| implementation | role | verdict | pass | fail | inconclusive | not applicable | error |",
              "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |"]  # fmt: skip
    for each in made["implementations"]:
        name = " ".join(str(each[key]) for key in ("name", "version") if each.get(key))
        tally = " | ".join(str(count) for count in each["counts"].values())
        lines.append(f"| {markdown(shorten(name, 80))} | {each['role']} | {each['verdict']} | {tally} |")
    broken = [row for each in made["implementations"] for row in each["failed"]]
    lines += [""] if broken else []
    for row in broken[:_SHOWN]:
        count = len(row["cases"]) + row.get("more", 0)
        told = f"**{markdown(row['requirement'])}** ({markdown(row['section'])})"
        lines.append(f"- {told}: {plural(count, 'permutation')}, such as {markdown(row['cases'][0])}")
    if len(broken) > _SHOWN:
        lines.append(f"- and {plural(len(broken) - _SHOWN, 'requirement')} more")
    lines += ["", f"Suite {markdown(str(made['suite']['version']))}, test cases `{str(made['suite']['testcases'])[:12]}`, "
              f"evidence `{made['evidence']['sha256'][:12]}`."]  # fmt: skip
    if known := made.get("known"):
        lines += ["", f"{plural(len(known['failures']), 'permutation')} failed as it was known before."]
        lines += [f"- Not true any more: {markdown(fault)}" for fault in known["faults"][:_SHOWN]]
    if made["partial"]:
        lines += ["", f"Partial: {markdown('; '.join(made['partial']))}."]
    return "\n".join(lines) + "\n"
