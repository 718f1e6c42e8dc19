"""Known failures: a run that fails as it was said before does not fail; one in which that is not true any more does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from report_run import CATALOGUE, header
from test_run_command import fumo, lines

from conformance.cli import main
from conformance.harness.cases import load_cases
from conformance.harness.catalogue import load_catalogue
from conformance.harness.embedded import embedded_iut
from conformance.harness.expected import KEYS, known_text, load_known, settle
from conformance.harness.places import testcases as data
from conformance.harness.schemas import schema_of
from conformance.harness.yamlfile import FileFault, FileFaults, load
from conformance.judge.finding import Finding
from conformance.report.known import faults
from conformance.report.record import Record, exit_status, latest, read_record
from conformance.report.write import summary_text, write_reports

CASE = "client/exec/correlator/mixed-case"
BROKEN = "FUMO-ALERT-007"


def written(folder: Path, *entries: Mapping[str, str], head: str = "schema: 1") -> Path:
    """A file of known failures."""
    path = folder / "known.yaml"
    path.write_text(f"{head}\nknown:\n" + "".join(f"  - {json.dumps(entry)}\n" for entry in entries), encoding="utf-8")
    return path


def entry(case: str = CASE, requirement: str = BROKEN, **more: str) -> dict[str, str]:
    """One known failure."""
    return {"case": case, "requirement": requirement, "reason": "Ticket 77.", **more}


# -- the file ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cases() -> list[Any]:
    return load_cases(data())


def test_a_file_is_read_with_what_its_patterns_select(tmp_path: Path, cases: list[Any]) -> None:
    path = written(tmp_path, entry(), entry("client/no/such/case", until="2027-01-31", message="part"))
    known = load_known(path, load_catalogue(data()), cases)
    first, second = known["entries"]
    axes = next(case for case in cases if case.id == CASE).axes
    assert first["selects"] == max(1, len(axes.get("encoding", ())) * len(axes.get("authentication", ("",)))) and first["line"] == 3
    assert second == entry("client/no/such/case", until="2027-01-31", message="part") | {"line": 4, "selects": 0}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"requirement": "FUMO-ALERT-7"}, "known.yaml:3: known[0].requirement: FUMO-ALERT-7 is not in the catalogue; did you mean "),
        ({"until": "2027-02-30"}, "known.yaml:3: known[0].until: 2027-02-30 is no day; expected YYYY-MM-DD"),
        ({"until": "31.1.2027"}, "known.yaml:3: known[0].until: 31.1.2027 is no day"),
        ({"reason": " "}, "known.yaml:3: known[0].reason: expected a text"),
        ({"reazon": "x"}, "known.yaml:3: known[0].reazon: unknown key; expected one of case, requirement"),
    ],
)
def test_what_is_wrong_in_a_file_has_its_line(tmp_path: Path, cases: list[Any], wrong: dict[str, str], told: str) -> None:
    with pytest.raises(FileFaults) as found:
        load_known(written(tmp_path, entry(**wrong)), load_catalogue(data()), cases)
    assert told in str(found.value)


@pytest.mark.parametrize("text", ["", "[]", "schema: 2\nknown: []", "schema: 1", "schema: 1\nknown: {}", "schema: 1\nknown:\n  - x\n",
                                  "schema: 1\nknown:\n  - {case: a}\n", "schema: 1\nknown: []\nmore: 1\n"])  # fmt: skip
def test_what_is_no_file_of_known_failures_is_refused(tmp_path: Path, cases: list[Any], text: str) -> None:
    path = tmp_path / "known.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((FileFault, FileFaults)):
        load_known(path, load_catalogue(data()), cases)


def test_the_schema_knows_the_keys() -> None:
    assert set(schema_of("known")["properties"]["known"]["items"]["properties"]) == set(KEYS)


# -- what a record says of them ----------------------------------------------------------------------------------------


def result(name: str = f"{CASE}[xml]", *broken: str, verdict: str = "", message: str = "It came back otherwise.") -> dict[str, Any]:
    """A result that breaks some requirements."""
    made = [Finding(each, "fail", "e", "a", None, message) for each in broken] or [Finding("DM-MSG-004", "pass")]
    findings = [finding.as_dict() for finding in made]
    return {
        "type": "result", "case": name.partition("[")[0], "id": name, "permutation": {}, "role": "client", "theme": "exec",
        "verdict": verdict or ("fail" if broken else "pass"), "reason": "r" if broken else "", "cause": None, "seconds": 0.1,
        "findings": findings, "title": "a title", "kind": "valid", "level": "must", "requirements": [BROKEN], "readings": [],
        "evidence": "", "attempt": 1, "iut": "Acme X1",
    }  # fmt: skip


def record(entries: list[dict[str, str]], *results: dict[str, Any], selects: int = 4) -> Record:
    """A record of a run that had known failures."""
    listed = [{**each, "line": 3 + n, "selects": selects} for n, each in enumerate(entries)]
    known = {"file": "known.yaml", "digest": "0", "entries": listed}
    head = header(known=known)
    footer = {"type": "footer", "ended": head["started"], "complete": True, "counts": {}, "reason": "", "notes": []}
    return Record(head, [settle(line, known, head["started"]) for line in results], footer)


def test_a_failure_is_known_where_all_that_it_breaks_is() -> None:
    made = record([entry()], result(f"{CASE}[xml]", BROKEN))
    assert made.results[0]["verdict"] == "fail" and made.results[0]["known"] == "Ticket 77."
    assert exit_status(made) == 0 and faults(made.header, made.results) == []
    two = record([entry()], result(f"{CASE}[xml]", BROKEN, "DM-MSG-004"))
    assert "known" not in two.results[0] and exit_status(two) == 1
    both = record([entry(), entry(requirement="DM-MSG-004", reason="Ticket 78.")], result(f"{CASE}[xml]", BROKEN, "DM-MSG-004"))
    assert both.results[0]["known"] == "Ticket 77.; Ticket 78." and exit_status(both) == 0
    other = record([entry("client/exec/preconditions/*")], result(f"{CASE}[xml]", BROKEN))
    assert "known" not in other.results[0] and exit_status(other) == 1


def test_a_part_of_the_message_narrows_it() -> None:
    assert exit_status(record([entry(message="otherwise")], result(f"{CASE}[xml]", BROKEN))) == 0
    made = record([entry(message="never came")], result(f"{CASE}[xml]", BROKEN))
    assert "known" not in made.results[0] and exit_status(made) == 1


@pytest.mark.parametrize(
    ("entries", "results", "told"),
    [
        ([entry()], [result()], f"known.yaml:3: {CASE}: {BROKEN}: {CASE}[xml] passed unexpectedly"),
        ([entry()], [result(f"{CASE}[xml]", BROKEN), result(f"{CASE}[wbxml]")], f"{CASE}[wbxml] passed unexpectedly"),
        ([entry()], [result(f"{CASE}[xml]", "DM-MSG-004")], "fails, but not for this"),
        ([entry("client/exec/**")], [result(), result(f"{CASE}[wbxml]")], f"{CASE}[xml] and 1 more passed unexpectedly"),
        ([entry()], [result(verdict="not-applicable")], "matches only cases that do not apply"),
        ([entry(until="2026-01-30")], [result(f"{CASE}[xml]", BROKEN)], "expired on 2026-01-30"),
    ],
)
def test_what_is_not_true_any_more_fails_the_run(entries: list[dict[str, str]], results: list[dict[str, Any]], told: str) -> None:
    made = record(entries, result("client/a/b/c[xml]"), *results)
    found = faults(made.header, latest(made.results))
    assert len(found) == 1 and told in found[0]
    assert exit_status(made) == 1


def test_a_pattern_that_matches_nothing_fails_the_run() -> None:
    made = record([entry("client/no/such/*")], result("client/a/b/c"), selects=0)
    (told,) = faults(made.header, made.results)
    assert told == f"known.yaml:3: client/no/such/*: {BROKEN}: the pattern of this known failure matches no case of the suite"
    assert exit_status(made) == 1


def test_what_is_true_still_or_was_not_tried_does_not() -> None:
    some = record([entry("client/**")], result(f"{CASE}[xml]", BROKEN), result(f"{CASE}[wbxml]"))
    assert exit_status(some) == 0, "a pattern with a wildcard need not fail everywhere"
    assert exit_status(record([entry()], result("client/a/b/c"))) == 0, "the case was not selected"
    last_day = record([entry(until="2026-01-31")], result(f"{CASE}[xml]", BROKEN))
    assert exit_status(last_day) == 0
    assert exit_status(record([entry()], result("client/a/b/c"), result(verdict="inconclusive"))) == 0


def test_an_unknown_failure_of_one_attempt_is_not_covered_by_a_known_one() -> None:
    made = record([entry()], result(f"{CASE}[xml]", "DM-MSG-004"), result(f"{CASE}[xml]", BROKEN) | {"attempt": 2})
    assert "known" not in latest(made.results)[0] and exit_status(made) == 1


def test_every_report_tells_known_failures_apart(tmp_path: Path) -> None:
    made = record([entry(), entry("client/no/such")], result(f"{CASE}[xml]", BROKEN), result("client/a/b/c"))
    made.header["known"]["entries"][1]["selects"] = 0
    for line in (made.header, *made.results):
        jsonschema.Draft202012Validator(schema_of("record")).validate(line)
    everything = [made.header, *made.results, made.footer]
    (tmp_path / "results.ndjson").write_text("".join(json.dumps(line) + "\n" for line in everything), encoding="utf-8")
    write_reports(tmp_path, CATALOGUE)
    text = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert "## Known failures\n" in text["summary.md"] and "Ticket 77." in text["summary.md"]
    assert "## Failures" not in text["summary.md"] and "not true any more" in text["summary.md"]
    assert 'skipped message="known failure: Ticket 77."' in text["junit.xml"]
    assert 'tests="3" failures="1" errors="0" skipped="1"' in text["junit.xml"] and "matches no case" in text["junit.xml"]
    statement = json.loads(text["conformance.json"])
    jsonschema.Draft202012Validator(schema_of("conformance")).validate(statement)
    assert statement["known"]["failures"] == [{"case": f"{CASE}[xml]", "reason": "Ticket 77.", "requirements": [BROKEN]}]
    assert len(statement["known"]["faults"]) == 1 and statement["implementations"][0]["verdict"] == "fail"
    assert "1 failure known" in text["report.html"] and "1 known failure not true any more" in text["report.html"]


def test_an_implementation_with_known_failures_passes_the_run_and_does_not_conform(tmp_path: Path) -> None:
    made = record([entry()], result(f"{CASE}[xml]", BROKEN))
    everything = [made.header, *made.results, made.footer]
    (tmp_path / "results.ndjson").write_text("".join(json.dumps(line) + "\n" for line in everything), encoding="utf-8")
    write_reports(tmp_path, CATALOGUE)
    assert summary_text(made, CATALOGUE).startswith("# PASS") and exit_status(made) == 0
    assert json.loads((tmp_path / "conformance.json").read_text(encoding="utf-8"))["verdict"] == "fail"


@pytest.mark.parametrize(
    "known",
    [[], {"entries": 1}, {"entries": ["x"]}, {"entries": [{"case": "a"}]}, {"entries": [{**entry(until="x"), "selects": 1}]}],
)
def test_a_record_with_damaged_expectations_is_refused(tmp_path: Path, known: Any) -> None:
    (tmp_path / "results.ndjson").write_text(json.dumps(header(known=known)) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"results\.ndjson:1: "):
        read_record(tmp_path / "results.ndjson")


def test_a_result_that_points_nowhere_is_refused(tmp_path: Path) -> None:
    text = json.dumps(header()) + "\n" + json.dumps(result() | {"expected": [0]}) + "\n"
    (tmp_path / "results.ndjson").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"results\.ndjson:2: expected"):
        read_record(tmp_path / "results.ndjson")


def test_failures_become_a_file_that_makes_them_known(tmp_path: Path, cases: list[Any]) -> None:
    names = [f"{CASE}[{each}]" for each in ("xml-basic", "wbxml-basic")]
    made = record([], result(names[0], BROKEN), result(names[1], BROKEN), result("client/exec/correlator/long[xml]", BROKEN),
                  result("client/exec/correlator/long[wbxml]"))  # fmt: skip
    path = tmp_path / "known.yaml"
    path.write_text(known_text(made, 'Ticket "77": see\nthere.', "2030-12-31"), encoding="utf-8")
    listed = load(path).value["known"]
    assert [each["case"] for each in listed] == [CASE, "client/exec/correlator/long[xml]"]
    jsonschema.Draft202012Validator(schema_of("known")).validate(load(path).value)
    known = load_known(path, load_catalogue(data()), cases)
    again = [settle(line, known, "2026-01-31") for line in made.results]
    assert [bool(line.get("known")) for line in again] == [True, True, True, False]
    assert faults({"known": known, "started": "2026-01-31"}, again) == []


# -- a run -------------------------------------------------------------------------------------------------------------


def test_a_run_with_known_failures(tmp_path: Path) -> None:
    """Run, `known --from`, run again with the file, judge again, resume: all of one mind."""
    iut = embedded_iut(tmp_path / "iut", "client", "conformance.peers.deviants:client__correlator_dropped")
    chosen = ("--select", CASE, "--select", "client/exec/correlator/none", "--iut", iut, "--quiet")
    first = fumo("run", *chosen, "--output", tmp_path / "first")
    assert first.returncode == 1
    file = tmp_path / "known.yaml"
    done = CliRunner().invoke(main, ["known", "--from", str(tmp_path / "first"), "--reason", "Ticket 77.", "--output", str(file)])
    assert done.exit_code == 0, done.output
    second = fumo("run", *chosen, "--output", tmp_path / "second", "--known", file)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "Ticket 77." in second.stdout and " known)" in second.stdout
    assert {line["verdict"] for line in lines(tmp_path / "second")[1:] if line.get("known")} == {"fail"}
    judged = CliRunner().invoke(main, ["judge", str(tmp_path / "second")])
    assert judged.exit_code == 0 and "known: failures that the run expected" in judged.output
    record_path = tmp_path / "second" / "results.ndjson"
    before = record_path.read_text(encoding="utf-8").splitlines()
    record_path.write_text("\n".join(before[:2]) + "\n", encoding="utf-8")
    resumed = fumo("run", "--resume", tmp_path / "second", "--quiet")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    known_before = {json.loads(line).get("id"): json.loads(line).get("known") for line in before[1:-1]}
    assert {line["id"]: line.get("known") for line in lines(tmp_path / "second")[1:-1]} == known_before
    other = written(tmp_path, entry())
    assert fumo("run", "--resume", tmp_path / "second", "--known", other).returncode == 2


def test_a_run_that_passes_unexpectedly_fails(tmp_path: Path) -> None:
    file = written(tmp_path, entry())
    done = fumo("run", "--role", "client", "--select", CASE, "--output", tmp_path / "out", "--known", file, "--quiet")
    assert done.returncode == 1 and "passed unexpectedly" in done.stdout
    assert CliRunner().invoke(main, ["judge", str(tmp_path / "out")]).exit_code == 1
