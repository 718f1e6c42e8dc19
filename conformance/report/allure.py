"""What Allure is told of a permutation, live: the one output that is not made from the record afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import allure

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
