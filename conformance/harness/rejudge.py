"""``fumo-conformance judge``: judges the evidence of an earlier run again; no peer is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.harness.catalogue import load_catalogue
from conformance.harness.places import testcases
from conformance.harness.play import Terms, judge_again
from conformance.report.known import settled
from conformance.report.record import Record, exit_status, known_faults, read_record


def rejudge(run_dir: Path, strict: bool | None = None) -> dict[str, Any]:
    """Judges every permutation of a run again.

    Returns {"results": [{id, verdict, reason, before, findings}], "changed": [ids], "counts", "known", "exit"}; ``known``
    tells which known failures are not true any more. ``strict`` ``None``
    judges as the run did.
    """
    record = read_record(run_dir / "results.ndjson")
    terms = Terms(run_dir, load_catalogue(testcases()), record.header["strict"] if strict is None else strict)
    results = []
    for line in record.results:
        verdict, reason, findings = line["verdict"], line["reason"], line["findings"]
        if line["evidence"]:
            _, judgement = judge_again(run_dir / line["evidence"], terms)
            verdict, reason = judgement.verdict, judgement.reason
            findings = [finding.as_dict() for finding in judgement.findings]
        results.append(
            {
                "id": line["id"],
                "attempt": line["attempt"],
                "verdict": verdict,
                "reason": reason,
                "before": line["verdict"],
                "findings": findings,
                "same": findings == line["findings"] and verdict == line["verdict"],
            }
        )
    known = (record.header.get("known") or {}).get("entries", [])
    again = [
        settled(line | {key: result[key] for key in ("verdict", "reason", "findings")}, known, record.header["started"])
        for line, result in zip(record.results, results, strict=True)
    ]
    for line, result in zip(again, results, strict=True):
        result |= {"known": line["known"]} if line.get("known") else {}
    counts: dict[str, int] = {}
    for result in results:
        counts[result["verdict"]] = counts.get(result["verdict"], 0) + 1
    judged = Record(record.header, again, record.footer, record.torn)
    changed = [result["id"] for result in results if result["verdict"] != result["before"]]
    return {
        "results": results,
        "changed": changed,
        "counts": counts,
        "known": known_faults(judged),
        "exit": exit_status(judged),
    }


def rejudge_text(found: dict[str, Any]) -> str:
    """The outcome for a reader."""
    lines = [
        f"{result['before']} -> {result['verdict']}  {result['id']}  {result['reason']}"
        for result in found["results"]
        if result["verdict"] != result["before"]
    ]
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(found["counts"].items()))
    same = f"{len(found['results']) - len(found['changed'])} of {len(found['results'])} verdicts are as they were"
    known = sum(bool(result.get("known")) for result in found["results"])
    lines += [f"{known} known: failures that the run expected"] if known else []
    lines += [f"KNOWN FAILURE  {fault}" for fault in found["known"]]
    return "\n".join([*lines, f"Judged again: {counts}.", f"{same}."])
