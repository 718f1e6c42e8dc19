"""Runs side by side: what broke, what was fixed, and the tables and pages about it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from report_run import CATALOGUE, HOSTILE, finding, footer, header, result, write_record

from conformance.cli import main
from conformance.report.compare import BROKEN, CHANGED, FIXED, GONE, NEW, OTHER, columns, diff, differing, rate, trend
from conformance.report.comparepage import (
    diff_data,
    diff_html,
    diff_markdown,
    diff_text,
    matrix_html,
    matrix_markdown,
    trend_markdown,
)
from conformance.report.record import Record, read_record


def case(name: str, verdict: str = "pass", *broken: str, **changes: object) -> dict[str, object]:
    findings = [finding(requirement, "fail") for requirement in broken] or [finding()]
    return result(f"client/flows/download/{name}[xml-md5]", verdict, findings=findings, **changes)


def run(folder: Path, *lines: dict[str, object], name: str = "Acme X1", **head: object) -> Record:
    first = header(**head)
    first["iuts"][0]["name"] = name
    return read_record(write_record(folder / "results.ndjson", first, *lines, footer()))


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Record, Record]:
    before = run(
        tmp_path / "a", case("same"), case("breaks"), case("mends", "fail", "FUMO-EXEC-002"),
        case("other", "fail", "FUMO-EXEC-002"), case("unsure"), case("goes"),
    )
    after = run(
        tmp_path / "b", case("same"), case("breaks", "fail", "FUMO-ALERT-001"), case("mends"),
        case("other", "fail", "DM-MSG-004"), case("unsure", "inconclusive"), case("comes", "fail", "DM-MSG-004"),
    )
    return before, after


def kinds(before: Record, after: Record) -> dict[str, str]:
    return {change.id.split("/")[-1].partition("[")[0]: change.kind for change in diff(before, after).changes}


def test_every_change_has_its_kind(pair: tuple[Record, Record]) -> None:
    assert kinds(*pair) == {
        "breaks": BROKEN, "mends": FIXED, "other": CHANGED, "unsure": OTHER, "comes": NEW, "goes": GONE,
    }  # fmt: skip
    found = diff(*pair)
    assert found.same == 1 and found.worse
    assert [change.kind for change in found.changes][:2] == [BROKEN, FIXED]


def test_a_run_is_as_itself(pair: tuple[Record, Record]) -> None:
    found = diff(pair[0], pair[0])
    assert (found.changes, found.same, found.worse) == ([], 6, False)


@pytest.mark.parametrize(
    ("before", "after", "worse"),
    [
        (case("a"), case("a", "fail", "DM-MSG-004"), True),
        (case("a", "inconclusive"), case("a", "fail", "DM-MSG-004"), True),
        (case("b"), case("a", "fail", "DM-MSG-004"), True),
        (case("a", "fail", "DM-MSG-004"), case("a"), False),
        (case("a", "fail", "DM-MSG-004"), case("a", "fail", "FUMO-EXEC-002"), False),
        (case("a"), case("a", "inconclusive"), False),
    ],
)
def test_what_fails_a_build(tmp_path: Path, before: dict[str, object], after: dict[str, object], worse: bool) -> None:
    assert diff(run(tmp_path / "a", before), run(tmp_path / "b", after)).worse is worse


def test_runs_that_cannot_be_compared_say_so(tmp_path: Path) -> None:
    before, after = run(tmp_path / "a", case("a")), run(tmp_path / "b", case("a"), testcases="other", strict=True)
    assert diff(before, after).notes == ["the test cases are not the same", "one run was strict, the other was not"]


def test_texts_name_requirements_with_their_sections(pair: tuple[Record, Record]) -> None:
    found = diff(*pair)
    for text in (diff_text(found, CATALOGUE), diff_markdown(found, CATALOGUE), diff_html(found, CATALOGUE)):
        assert "FUMO TS 6.2" in text and "client/flows/download/breaks" in text
    assert diff_text(found, CATALOGUE).endswith("1 broken, 1 fixed, 1 changed reason, 1 other, 1 new, 1 gone, 1 as before")
    assert diff_data(found)["counts"] == {BROKEN: 1, FIXED: 1, CHANGED: 1, OTHER: 1, NEW: 1, GONE: 1}


def test_what_came_from_outside_is_text(tmp_path: Path) -> None:
    before = run(tmp_path / "a", case("a", title=HOSTILE), name=HOSTILE)
    after = run(tmp_path / "b", case("a", "fail", HOSTILE, title=HOSTILE), name=HOSTILE)
    found = diff(before, after)
    for page in (diff_html(found, CATALOGUE), matrix_html([before, after])):
        assert "<img" not in page and "<script" not in page and "\x1b" not in page and "\u202e" not in page
        assert not re.search(r"<[^>]*(?:src|href)=", page)
    for text in (diff_markdown(found, CATALOGUE), matrix_markdown([before, after]), trend_markdown([before])):
        assert "<" not in text.replace("&lt;", "") and "\x1b" not in text


def test_matrix(pair: tuple[Record, Record], tmp_path: Path) -> None:
    server = run(tmp_path / "s", result("server/reports/form/plain[xml]"), name="Srv")
    server.header["iuts"][0]["role"] = "server"
    made = columns([*pair, server])
    assert [column.name for column in made] == ["Acme X1 4.2.0", "Acme X1 4.2.0", "Srv 4.2.0"]
    assert rate(made[0].total) == "4/6" and rate({}) == "-"
    assert [name.split("/")[-1] for name in differing(made)] == [
        "breaks[xml-md5]", "comes[xml-md5]", "mends[xml-md5]", "other[xml-md5]", "unsure[xml-md5]",
    ]  # fmt: skip
    assert "| client/flows | 4/6 | 2/5 | - |" in matrix_markdown([*pair, server])
    page = matrix_html([*pair, server])
    assert page.count('<th scope="row">') == 3 + 5


def test_trend(tmp_path: Path) -> None:
    runs = [
        run(tmp_path / str(day), case("a", *(("fail", "DM-MSG-004") if day == 2 else ("pass",))),
            started=f"2026-01-0{day}T12:00:00+00:00")
        for day in (3, 1, 2)
    ]  # fmt: skip
    rows = trend(runs)
    assert [(row["started"][:10], row["broken"], row["fixed"]) for row in rows] == [
        ("2026-01-01", None, None), ("2026-01-02", 1, 0), ("2026-01-03", 0, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_commands(pair: tuple[Record, Record], tmp_path: Path, form: str) -> None:
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    target = tmp_path / "out"
    done = CliRunner().invoke(main, ["diff", a, b, "--format", form, "--output", str(target)])
    assert done.exit_code == 1 and target.stat().st_size
    assert CliRunner().invoke(main, ["diff", a, a]).exit_code == 0
    if form != "text":
        done = CliRunner().invoke(main, ["matrix", a, b, "--format", form])
        assert done.exit_code == 0 and (form != "json" or json.loads(done.output)["cases"])
    assert CliRunner().invoke(main, ["diff", a, str(tmp_path)]).exit_code == 2
