"""The published examples are those of today: what was found, and how the page shows it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from conformance.report.record import read_record
from tests.publish import EXAMPLES, PICTURE, PUBLISHED, REPORTS, make

HINT = "the published examples are older than the suite: python3 -m tests.publish"


def findings(folder: Path) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """What a record says of each permutation, without what differs from run to run."""
    return [
        (line["id"], line["verdict"], [(f["requirement"], f["outcome"], re.sub(r"\d+", "#", f["message"])) for f in line["findings"]])
        for line in read_record(folder / "results.ndjson").results
    ]


@pytest.mark.parametrize("role", EXAMPLES)
def test_example_is_current(role: str, tmp_path: Path) -> None:
    published, made = REPORTS / f"example-{'device' if role == 'client' else 'server'}", make(role, tmp_path)
    assert {path.name for path in published.iterdir()} == set(PUBLISHED)
    assert findings(published) == findings(made), HINT
    parts = [re.findall(r"sha256-[A-Za-z0-9+/=]+", (place / "report.html").read_text(encoding="utf-8"))[:2] for place in (published, made)]
    assert parts[0] == parts[1], HINT
    verdicts = {line["verdict"] for line in read_record(published / "results.ndjson").results}
    assert {"pass", "fail"} <= verdicts, "an example shows both"


@pytest.mark.parametrize("role", EXAMPLES)
def test_example_names_its_one_deviation(role: str) -> None:
    published = REPORTS / f"example-{'device' if role == 'client' else 'server'}"
    statement = json.loads((published / "conformance.json").read_text(encoding="utf-8"))
    (implementation,) = statement["implementations"]
    assert statement["verdict"] == "fail" and implementation["failed"]
    text = "".join((published / name).read_text(encoding="utf-8") for name in PUBLISHED)
    assert "/tmp/" not in text and "/home/" not in text and "secret-1" not in text


def test_picture_of_the_readme_is_there() -> None:
    assert PICTURE.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    readme = (REPORTS.parent / "README.md").read_text(encoding="utf-8")
    assert "docs/images/report.png" in readme and "reports/example-device" in readme
