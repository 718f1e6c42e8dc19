"""``fumo-conformance prove``: deviations are caught for the right reason, survivors are told, and work can be taken up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conformance.cli import main
from conformance.harness.cases import load_cases
from conformance.harness.cover import required_by
from conformance.harness.deviations import DeviationRow, load_deviations
from conformance.harness.earning import Share, concerns, earn, shares
from conformance.harness.places import testcases as data
from conformance.harness.proof import catches
from conformance.harness.prove import PIECE, likely, pieces
from conformance.report.earnings import Earnings, write_earnings
from conformance.report.earnings import as_markdown as as_page
from conformance.report.earnings import console_lines as told
from conformance.report.proof import read_proof
from conformance.report.proofpage import as_data, as_html, as_markdown

HOSTILE = "</code><script>alert(1)</script>\x1b[31m"


def prove(*arguments: str) -> Result:
    """The command in this process."""
    return CliRunner().invoke(main, ["prove", "-n", "1", *arguments])


def test_a_deviation_is_caught_and_the_reports_say_so(tmp_path: Path) -> None:
    done = prove("--deviation", "no-alert-after-failure", "--output", str(tmp_path))
    assert done.exit_code == 0, done.output
    assert "PROVED: 1 deviation: 1 caught by a failure, 0 by a warning only" in done.output
    data = json.loads((tmp_path / "proof.json").read_text(encoding="utf-8"))
    (row,) = data["deviations"]
    assert row["outcome"] == "caught" and row["kills"][0][1] in row["breaks"]
    assert "no-alert-after-failure" in (tmp_path / "proof.html").read_text(encoding="utf-8")
    assert prove("--output", str(tmp_path)).exit_code == 2, "a proof is not written over"


def test_a_proof_that_was_broken_off_goes_on(tmp_path: Path) -> None:
    names = ["--deviation", "no-alert-after-failure", "--deviation", "correlator-dropped"]
    assert prove(*names, "--output", str(tmp_path)).exit_code == 0
    record = tmp_path / "results.ndjson"
    head, first, second, _ = record.read_text(encoding="utf-8").splitlines()
    record.write_text(f"{head}\n{first}\n{second[:40]}", encoding="utf-8")
    assert read_proof(tmp_path).exit == 3
    done = prove("--resume", "--output", str(tmp_path))
    assert done.exit_code == 0 and "[1/1]" in done.output
    lines = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    assert [line["type"] for line in lines] == ["header", "piece", "piece", "footer"]
    assert {line["deviation"] for line in lines[1:3]} == {"no-alert-after-failure", "correlator-dropped"}


def test_a_proof_of_other_cases_is_not_gone_on_with(tmp_path: Path) -> None:
    prove("--deviation", "no-alert-after-failure", "--output", str(tmp_path))
    record = tmp_path / "results.ndjson"
    head, *rest = record.read_text(encoding="utf-8").splitlines()
    record.write_text("\n".join([json.dumps(json.loads(head) | {"testcases": "0"}), *rest, ""]), encoding="utf-8")
    done = prove("--resume", "--output", str(tmp_path))
    assert done.exit_code == 2 and "begin another" in done.output


def test_what_is_used_wrongly_is_told(tmp_path: Path) -> None:
    assert "did you mean no-alert-after-failure?" in prove("--deviation", "no-alert-after-failur", "--output", str(tmp_path)).output
    assert prove("--resume", "--output", str(tmp_path)).exit_code == 2
    (tmp_path / "results.ndjson").write_text("{}\n", encoding="utf-8")
    assert prove("--resume", "--output", str(tmp_path)).exit_code == 2


def test_the_likely_killers_come_first() -> None:
    cases = load_cases(data())
    for role in ("client", "server"):
        for row in load_deviations(data(), role)[::12]:
            groups = likely(row, cases)
            assert [case.id for case in groups[0]] == [row.seen_by] if row.seen_by else groups
            flat = [case.id for group in groups for case in group]
            assert len(flat) == len(set(flat))
            wanted = {case.id for case in cases if case.role == role and set(required_by(case)) & set(row.breaks)}
            assert wanted <= set(flat)


def test_the_whole_matrix_has_every_permutation_once_for_each_deviation() -> None:
    row = next(row for row in load_deviations(data(), "server") if row.area != "transport")
    made = pieces([row], full=True)
    assert [piece.number for piece in made] == list(range(len(made))) and {piece.of for piece in made} == {len(made)}
    locked = [line for line in (data() / "ids.lock").read_text(encoding="utf-8").splitlines() if line.startswith("server/")]
    assert (len(made) - 1) * PIECE < len(locked) <= len(made) * PIECE


def line_with(*findings: tuple[str, str]) -> dict[str, Any]:
    """A line of a record with findings (requirement, outcome)."""
    return {"id": "client/a/b/c", "findings": [{"requirement": name, "outcome": outcome, "message": "m"} for name, outcome in findings]}


def test_a_catch_for_another_reason_is_no_catch() -> None:
    row = DeviationRow("x", "client", "Says.", ("DM-A", "DM-B"), "must", "exec")
    right, wrong = catches(line_with(("DM-C", "fail"), ("DM-A", "warn"), ("DM-B", "fail"), ("DM-A", "pass")), row)
    assert [(kill.requirement, kill.outcome) for kill in right] == [("DM-B", "fail"), ("DM-A", "warn")]
    assert wrong == ["client/a/b/c: DM-C: m"]
    assert catches(line_with(("DM-C", "warn"), ("DM-A", "pass")), row) == ([], [])


# -- what is made of the record ----------------------------------------------------------------------------------------


def record(folder: Path, *done: dict[str, Any], full: bool = False, pending: str = "", because: str = "") -> Path:
    """A record of a proof of three deviations over three cases."""
    rows = [
        {"id": name, "role": "client", "says": HOSTILE, "breaks": ["DM-A"], "area": "exec", "seen_by": "", "pending": pending}
        for name in ("one", "two", "three")
    ]
    head = {
        "type": "header", "schema": 1, "suite": "1", "testcases": "0", "full": full, "workers": 2, "chosen": [],
        "pieces": {f"client/{row['id']}": 1 for row in rows}, "deviations": rows,
        "cases": [{"id": f"client/a/b/{name}", "role": "client", "title": HOSTILE, "because": because} for name in "xyz"],
    }  # fmt: skip
    lines = [head, *done, {"type": "footer", "seconds": 1.0, "workers": 2, "pieces": len(done)}]
    (folder / "results.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder


def piece(name: str, *kills: tuple[str, str], others: tuple[str, ...] = (), played: str = "xy", **more: Any) -> dict[str, Any]:
    """A piece that ended: what caught it, as (case, outcome)."""
    return {
        "type": "piece", "id": f"client/{name}#0", "role": "client", "deviation": name, "piece": 0, "of": 1,
        "kills": [[f"client/a/b/{case}[xml]", "DM-A", outcome] for case, outcome in kills], "others": list(others),
        "wrong": [], "played": {f"client/a/b/{case}": 2 for case in played}, "errors": {}, "seconds": 0.1, **more,
    }  # fmt: skip


CAUGHT = (piece("one", ("x", "fail")), piece("two", ("x", "warn"), ("x", "fail")))


def outcomes(folder: Path) -> list[str]:
    """What became of the three deviations."""
    return [each.outcome for each in read_proof(folder).tried]


@pytest.mark.parametrize(
    ("third", "outcome", "status"),
    [
        (piece("three", ("y", "fail")), "caught", 0),
        (piece("three", ("y", "warn")), "warned", 0),
        (piece("three", others=("client/a/b/x: DM-Z: m",)), "otherwise", 1),
        (piece("three"), "survived", 1),
        (piece("three", trouble="it broke"), "error", 3),
        (piece("three", played="", errors={"no port": 3}), "error", 3),
    ],
)
def test_what_becomes_of_a_deviation(tmp_path: Path, third: dict[str, Any], outcome: str, status: int) -> None:
    proof = read_proof(record(tmp_path, *CAUGHT, third))
    assert [each.outcome for each in proof.tried] == ["caught", "caught", outcome]
    assert proof.exit == status


def test_a_survivor_that_is_explained_does_not_fail(tmp_path: Path) -> None:
    proof = read_proof(record(tmp_path, *CAUGHT, piece("three"), pending="It shows after a year only."))
    assert proof.exit == 0 and proof.tried[2].explained == "It shows after a year only."
    assert "It shows after a year only." in as_markdown(proof)


def test_a_piece_that_is_missing_is_no_survivor(tmp_path: Path) -> None:
    proof = read_proof(record(tmp_path, *CAUGHT))
    assert proof.tried[2].outcome == "untried" and proof.exit == 3


@pytest.mark.parametrize(("full", "because", "status"), [(True, "", 1), (True, "A sanity case.", 0), (False, "", 0)])
def test_a_case_that_catches_nothing_is_idle(tmp_path: Path, full: bool, because: str, status: int) -> None:
    proof = read_proof(record(tmp_path, *CAUGHT, piece("three", ("x", "fail")), full=full, because=because))
    assert [(case.id, case.tried, case.because) for case in proof.idle] == [("client/a/b/y", 3, because)]
    assert proof.never == ["client/a/b/z"] and proof.exit == status
    assert as_data(proof)["idle"][0]["tried"] == 3


def test_the_page_holds_no_markup_from_outside(tmp_path: Path) -> None:
    proof = read_proof(record(tmp_path, *CAUGHT, piece("three", others=(HOSTILE,))))
    page = as_html(proof)
    assert "<script" not in page and "&lt;script&gt;" in page and "\x1b" not in page + as_markdown(proof)
    assert "<script" not in as_markdown(proof)


def test_a_warning_where_a_failure_would_be_possible_is_told(tmp_path: Path) -> None:
    proof = read_proof(record(tmp_path, *CAUGHT, piece("three", ("y", "warn"))))
    assert [each.weak for each in proof.tried] == [[], [], []]
    proof.tried[2].row["firm"] = ["DM-A"]
    assert proof.exit == 0 and "1 by a warning only (1 of these break what can fail)" in as_markdown(proof)
    assert as_data(proof)["deviations"][2]["weak"] == ["DM-A"] and "a warning; DM-A could fail" in as_html(proof)


def earned(name: str, **more: Any) -> dict[str, Any]:
    """A row of what came of the cases."""
    kill = ["client/a/b/x[xml]", "DM-A", "fail"]
    return {"id": name, "title": "t", "because": "", "deviation": "d", "kill": kill, "tried": 1, "hopeless": False, "trouble": ""} | more


def test_cases_earn_their_place_by_what_they_ask_for(tmp_path: Path) -> None:
    cases = {case.id: case for case in load_cases(data())}
    case = cases["server/reports/form/type-prefix"]
    row = next(row for row in load_deviations(data(), "server") if row.id == "prefix-refused")
    other = DeviationRow("x", "server", "Says.", ("DM-CMD-024",), "must", "exec")
    assert concerns(row, case) and not concerns(other, case)
    (line,) = earn(Share("server", (case.id,)))
    assert line["kill"][1] in required_by(case) and line["deviation"] and not line["hopeless"]


def test_work_on_cases_has_every_case_once() -> None:
    cases = load_cases(data())
    assert sorted(name for share in shares(cases) for name in share.cases) == sorted(case.id for case in cases)


@pytest.mark.parametrize(
    ("row", "status", "says"),
    [
        (earned("client/a/b/x"), 0, "1 of 1 case catch a deviation"),
        (earned("client/a/b/x", kill=[], because="A sanity case."), 0, "A sanity case."),
        (earned("client/a/b/x", kill=[], tried=3), 1, "met 3 deviations in vain"),
        (earned("client/a/b/x", kill=[], hopeless=True), 1, "no deviation breaks what it asks for"),
        (earned("client/a/b/x", kill=[], trouble=HOSTILE), 1, "went wrong"),
        (earned("client/a/b/x", kill=[], tried=0), 1, "is not played against these peers"),
    ],
)
def test_idle_cases_must_say_why(tmp_path: Path, row: dict[str, Any], status: int, says: str) -> None:
    made = Earnings("0123456789abcdef", [row])
    text = as_page(made)
    assert made.exit == status and says in text and "<script" not in text
    assert json.loads(write_earnings(made, tmp_path)[0].read_text(encoding="utf-8"))["exit"] == status
    assert ("IDLE" in "".join(told(made))) == bool(status)


def test_the_command_tries_cases_only_without_what_is_for_deviations(tmp_path: Path) -> None:
    done = prove("--cases", "--full", "--output", str(tmp_path))
    assert done.exit_code == 2 and "--cases goes with" in done.output
