"""What Allure is told: labels, parameters and environment in the raw results, and a page that it makes of them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from browser import MODULES

from conformance.harness.embedded import embedded_iut
from conformance.harness.session import run_suite
from conformance.report.allure import complete

ALLURE = MODULES / ".bin" / "allure"
NODE = shutil.which("node")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The raw results of a small run in which a case fails."""
    folder = tmp_path_factory.mktemp("allure")
    iut = embedded_iut(folder / "iut", "client", "conformance.peers.deviants:client__correlator_dropped")
    assert run_suite([iut], None, ["client/exec/correlator"], folder / "run", quiet=True) == 1
    return folder / "run" / "allure"


def test_raw_results_have_what_allure_groups_by(results: Path) -> None:
    read = [json.loads(path.read_text(encoding="utf-8")) for path in results.glob("*-result.json")]
    assert {each["status"] for each in read} == {"passed", "failed"}
    for each in read:
        labels = {label["name"]: label["value"] for label in each["labels"]}
        assert (labels["epic"], labels["feature"], labels["story"] in ("correlator", "sanity")) == ("client", "exec", True)
        assert labels["severity"] in ("blocker", "critical", "normal", "minor", "trivial")
        assert all(link["type"] == "tms" for link in each["links"])
    failed = next(each for each in read if each["status"] == "failed")
    assert {parameter["name"] for parameter in failed["parameters"]} >= {"encoding"}
    assert any(step["name"].startswith("fail: FUMO-ALERT-007") and step["status"] == "failed" for step in failed["steps"])
    histories = [each["historyId"] for each in read]
    assert len(set(histories)) == len(histories), "each permutation has a history of its own"


def test_environment_and_categories(results: Path, tmp_path: Path) -> None:
    lines = (results / "environment.properties").read_text(encoding="ascii").splitlines()
    assert "client=Reference device" in "\n".join(lines) and any(line.startswith("testcases=") for line in lines)
    assert {status for row in json.loads((results / "categories.json").read_text()) for status in row["matchedStatuses"]} == {
        "failed", "broken", "skipped",
    }  # fmt: skip
    complete(tmp_path, {"iuts": [{"role": "client", "name": "a\\b\nrole=server \u202e\U0001f600", "versions": ["1.2"]}]})
    (line, _) = (tmp_path / "environment.properties").read_text(encoding="ascii").splitlines()
    assert line == "client=a\\\\b\\\\x0arole=server \\\\u202e\\ud83d\\ude00"
    complete(tmp_path / "missing", {})
    assert not (tmp_path / "missing").exists()


@pytest.mark.oracle
@pytest.mark.skipif(NODE is None or not ALLURE.exists(), reason="Allure 3 is not installed (npm install in tests/node)")
def test_allure_makes_a_page_and_the_documented_command_takes_the_tracker_out(results: Path, tmp_path: Path) -> None:
    command = [str(ALLURE), "awesome", "--single-file", "-o", str(tmp_path / "page"), str(results)]
    subprocess.run(command, check=True, capture_output=True, timeout=120, cwd=tmp_path)
    page = tmp_path / "page" / "index.html"
    assert page.stat().st_size > 1_000_000
    documented = re.search(r'^python3 -c "(import re,sys.*)" allure-report/index.html$', _docs(), re.MULTILINE)
    assert documented
    subprocess.run([sys.executable, "-c", documented[1], str(page)], check=True, timeout=60)
    text = page.read_text(encoding="utf-8")
    assert "googletagmanager" not in text and "gtag(" not in text
    summary = json.loads((tmp_path / "page" / "summary.json").read_text(encoding="utf-8"))
    assert summary["stats"]["failed"] > 0 and "broken" not in summary["stats"]


def _docs() -> str:
    return (Path(__file__).parent.parent / "docs" / "reports.md").read_text(encoding="utf-8")
