"""What Allure is told of a permutation, live: the one output that is not made from the record afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import allure

from conformance.report.text import visible
from conformance.transcript import MESSAGES, TRANSCRIPT

REQUIREMENT = "urn:fumo-conformance:requirement:"
"""Prefix of the links to requirements; Allure can be told where they lead."""


def tell(line: Mapping[str, Any], purpose: str, folder: Path) -> None:
    """Title, purpose, parameters, requirements, findings as steps (those of rules obeyed in one), evidence attached."""
    allure.dynamic.title(line["title"])
    allure.dynamic.description(purpose)
    for axis, value in line["permutation"].items():
        allure.dynamic.parameter(axis, value)
    for identity in line["requirements"]:
        allure.dynamic.link(REQUIREMENT + identity, link_type="tms", name=identity)
    obeyed = [finding["requirement"] for finding in line["findings"] if _was_obeyed(finding)]
    if obeyed:
        with allure.step(f"pass: obeyed all along: {', '.join(obeyed)}"):
            pass
    for finding in line["findings"]:
        if not _was_obeyed(finding):
            _step(finding)
    if line["evidence"]:
        _attach(folder / line["evidence"], everything=line["verdict"] not in ("pass", "not-applicable"))


def _was_obeyed(finding: Mapping[str, Any]) -> bool:
    """Whether nothing can be said but that a standing rule was obeyed: fifty steps of that kind would hide the others."""
    return finding["outcome"] == "pass" and finding["event"] is None


def _step(finding: Mapping[str, Any]) -> None:
    title = f"{finding['outcome']}: {finding['requirement']}: {finding['message']}"
    with suppress(AssertionError), allure.step(title):
        if finding["outcome"] == "fail":
            raise AssertionError(f"expected {finding['expected']}, came {finding['actual']}")


def _attach(evidence: Path, *, everything: bool) -> None:
    transcript = evidence / TRANSCRIPT
    if transcript.is_file():
        allure.attach.file(str(transcript), name="transcript", attachment_type=allure.attachment_type.TEXT)
    messages = evidence / MESSAGES
    if everything and messages.is_dir():
        for path in sorted(messages.iterdir()):
            allure.attach.file(str(path), name=path.name, extension=path.suffix[1:])


CATEGORIES = (
    {"name": "The implementation broke a requirement", "matchedStatuses": ["failed"]},
    {"name": "The suite or its set-up had an error", "matchedStatuses": ["broken"]},
    {"name": "Not applicable, or no verdict", "matchedStatuses": ["skipped"]},
)
"""Groups of results, as Allure 2 reads them from ``categories.json``; Allure 3 takes the same by its configuration."""


def complete(results: Path, header: Mapping[str, Any]) -> None:
    """Adds to a folder of results what Allure shows of the whole run: environment, categories, executor.

    ``header`` is that of the record. Nothing is written where the folder is not there.
    """
    if not results.is_dir():
        return
    facts = {"suite": header.get("suite"), "testcases": header.get("testcases"), "started": header.get("started")}
    for iut in header.get("iuts") or []:
        told = " ".join(str(iut[key]) for key in ("name", "version", "vendor") if iut.get(key))
        facts[str(iut["role"])] = told
        facts[f"{iut['role']}.dm"] = ", ".join(map(str, iut.get("versions") or []))
    lines = [f"{key}={_property(str(value))}" for key, value in facts.items() if value]
    (results / "environment.properties").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (results / "categories.json").write_text(json.dumps(CATEGORIES, indent=1) + "\n", encoding="utf-8")
    executor = {"name": "fumo-conformance", "type": "fumo-conformance", "reportName": "OMA DM firmware update conformance"}
    (results / "executor.json").write_text(json.dumps(executor, indent=1) + "\n", encoding="utf-8")


def _property(value: str) -> str:
    """A value of a properties file on one line; characters beyond ASCII as escapes."""
    shown = visible(value).replace("\\", "\\\\")
    return "".join(c if " " <= c <= "~" else "".join(f"\\u{n:04x}" for n in _units(c)) for c in shown)


def _units(character: str) -> list[int]:
    octets = character.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(octets[place : place + 2], "big") for place in range(0, len(octets), 2)]
