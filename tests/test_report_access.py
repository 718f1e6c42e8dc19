"""The pages can be used by everybody: WCAG A and AA as axe-core sees them, in light and dark, wide and narrow."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from browser import AXE, CHROMIUM, accessibility
from report_run import CATALOGUE, build

from conformance.report.compare import diff
from conformance.report.comparepage import diff_html, matrix_html
from conformance.report.record import read_record
from conformance.report.write import write_reports

FIRST = "client/flows/download/row-0[xml-md5]"
pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed (npm install in tests/node)"),
]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 500], ids=["wide", "narrow"])
def test_report(tmp_path: Path, dark: bool, width: int) -> None:
    write_reports(build(tmp_path, 60), CATALOGUE)
    found = accessibility(tmp_path / "report.html", f"#{quote(FIRST, safe='')}", dark, width)
    assert found["violations"] == [] and found["passes"] > 15


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_comparisons(tmp_path: Path, dark: bool) -> None:
    one, two = (read_record(build(tmp_path / name, count) / "results.ndjson") for name, count in (("a", 60), ("b", 30)))
    for name, page in (("diff.html", diff_html(diff(one, two), CATALOGUE)), ("matrix.html", matrix_html([one, two]))):
        (tmp_path / name).write_text(page, encoding="utf-8")
        found = accessibility(tmp_path / name, "", dark)
        assert found["violations"] == [] and found["passes"] > 10


def test_the_test_can_fail(tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_text("<!DOCTYPE html><html><body><img src='x'><p>no title, no language</p></body></html>")
    assert {rule for rule, _ in accessibility(tmp_path / "bad.html")["violations"]} >= {"document-title", "html-has-lang", "image-alt"}
