"""What README and docs say of the proof is of the cases and deviations of today, and says what the proof said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.proofnumbers import FIGURES, MARKED, PAGES, ROOT, digest, figures, page

HINT = "prove --output DIR && prove --cases --output DIR && python3 -m tests.proofnumbers DIR"


def test_the_figures_are_of_today() -> None:
    assert json.loads(FIGURES.read_text(encoding="utf-8"))["digest"] == digest(), HINT


@pytest.mark.parametrize("name", PAGES)
def test_the_documents_show_the_figures(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert len(MARKED.findall(text)) == 1 and text == page(name), HINT


def test_no_deviation_survives_and_no_case_is_idle_without_a_reason() -> None:
    found = json.loads(FIGURES.read_text(encoding="utf-8"))
    assert found["survived"] + found["otherwise"] == found["explained"]
    assert (found["idle"], found["error"]) == (0, 0)
    assert found["caught"] + found["warned"] + found["survived"] + found["otherwise"] == found["deviations"]


def deviation(**more: Any) -> dict[str, Any]:
    """A row of a proof."""
    return {"explained": "", "weak": []} | more


def proof(folder: Path, **more: Any) -> Path:
    """A folder with proofs of two deviations and three cases."""
    counts = {"caught": 1, "warned": 0, "otherwise": 0, "survived": 1, "error": 0, "untried": 0}
    values = {"chosen": [], "complete": True, "testcases": "t", "counts": counts, "seconds": 1.6, "workers": 2,
              "deviations": [deviation(), deviation(explained="It is alike.")]} | more  # fmt: skip
    (folder / "proof.json").write_text(json.dumps(values), encoding="utf-8")
    names = ("client/flows/download-and-update/plain", "client/flows/sanity/first", "client/x/y/z")
    rows = [{"id": name, "kill": [] if number else ["a"]} for number, name in enumerate(names)]
    (folder / "cases.json").write_text(json.dumps({"testcases": "t", "cases": rows}), encoding="utf-8")
    return folder


def test_figures_are_those_of_the_proof(tmp_path: Path) -> None:
    found = figures(proof(tmp_path))
    assert (found["deviations"], found["caught"], found["survived"], found["explained"]) == (2, 1, 1, 1)
    assert (found["cases"], found["earning"], found["reasoned"], found["idle"]) == (3, 1, 1, 1)


@pytest.mark.parametrize("wrong", [{"chosen": ["one"]}, {"complete": False}, {"testcases": "others"}])
def test_a_proof_of_a_part_is_not_shown(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a proof of all"):
        figures(proof(tmp_path, **wrong))
