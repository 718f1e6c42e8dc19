"""The conformance statement: what it says, its schema, its forms, and that the same run gives the same octets."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import lxml.etree
import pytest
import yaml
from report_run import CATALOGUE, HOSTILE, build, finding, footer, header, result, write_record

from conformance.harness.schemas import schema_of
from conformance.report.badge import badge_json, badge_svg, badge_text
from conformance.report.certificate import Certificate, as_json, as_markdown, as_yaml, certificate
from conformance.report.record import read_record
from conformance.report.write import write_reports

ONE, TWO, THREE = (f"client/flows/download/{name}[xml-md5]" for name in ("one", "two", "three"))


def made(folder: Path, *lines: object, **head: object) -> Certificate:
    write_record(folder / "results.ndjson", header(**head), *lines, footer())  # type: ignore[arg-type]
    return certificate(read_record(folder / "results.ndjson"), CATALOGUE, folder)


def test_it_obeys_its_schema(tmp_path: Path) -> None:
    schema = schema_of("conformance")
    jsonschema.Draft202012Validator.check_schema(schema)
    statement = certificate(read_record(build(tmp_path, 60) / "results.ndjson"), CATALOGUE, tmp_path)
    jsonschema.validate(statement, schema)
    assert statement["verdict"] == "fail"
    (device,) = statement["implementations"]
    assert sum(device["counts"].values()) == 60
    assert {key for key in device if key in ("name", "version", "vendor", "role", "claims")} == {
        "name", "version", "vendor", "role", "claims",
    }  # fmt: skip


def test_verdict_and_requirements(tmp_path: Path) -> None:
    broken = finding("FUMO-EXEC-002", "fail", message="200 instead of 202")
    statement = made(
        tmp_path, result(ONE), result(TWO, "fail", findings=[broken]),
        result(THREE, findings=[finding("FUMO-RC-503", "warn")]),
    )
    (device,) = statement["implementations"]
    assert statement["verdict"] == device["verdict"] == "fail"
    assert device["failed"] == [
        {"requirement": "FUMO-EXEC-002", "section": "FUMO TS 6.1", "level": "must", "cases": [TWO]}
    ]
    assert [row["requirement"] for row in device["warned"]] == ["FUMO-RC-503"]
    # SRV-AUTH-002 binds servers: it is none of this device's.
    assert sum(device["requirements"].values()) == len(CATALOGUE) - 1
    assert device["themes"] == {"flows": device["counts"]} and device["levels"] == {"must": device["counts"]}


def test_what_was_not_tried_is_told_with_its_reason(tmp_path: Path) -> None:
    statement = made(
        tmp_path, result(ONE), result(TWO, "not-applicable", cause="steering", reason="the hook cannot power_cycle"),
        result(THREE, "inconclusive", reason="no session came"), select=["client/flows/**"],
    )
    (device,) = statement["implementations"]
    assert [(row["verdict"], row["cause"], row["reason"], row["cases"]) for row in device["skipped"]] == [
        ("inconclusive", "", "no session came", [THREE]),
        ("not-applicable", "steering", "the hook cannot power_cycle", [TWO]),
    ]
    assert [reason.split()[0] for reason in statement["partial"]] == ["only", "1", "1"]


def test_a_run_that_says_nothing_is_no_pass(tmp_path: Path) -> None:
    statement = made(tmp_path, result(ONE, "error", reason="the port is in use"))
    assert (statement["verdict"], statement["implementations"][0]["verdict"]) == ("none", "none")
    assert "error" in statement["why"]
    assert badge_text(statement) == "no verdict"


def test_the_digest_changes_with_any_evidence(tmp_path: Path) -> None:
    record = read_record(build(tmp_path, 6) / "results.ndjson")
    before = certificate(record, CATALOGUE, tmp_path)["evidence"]
    victim = next(path for path in sorted((tmp_path / "evidence").rglob("*.xml")))
    victim.write_bytes(victim.read_bytes()[:-1] + b" ")
    assert certificate(record, CATALOGUE, tmp_path)["evidence"] != before


def test_made_twice_it_is_the_same(tmp_path: Path) -> None:
    build(tmp_path, 30)
    paths = write_reports(tmp_path, CATALOGUE)
    first = {path.name: path.read_bytes() for path in paths}
    assert {path.name: path.read_bytes() for path in write_reports(tmp_path, CATALOGUE)} == first
    assert set(first) == {
        "junit.xml", "report.html", "summary.md", "conformance.json", "conformance.yaml", "conformance.md", "badge.svg",
        "badge.json",
    }  # fmt: skip


def test_yaml_and_json_say_the_same(tmp_path: Path) -> None:
    statement = made(tmp_path, result(ONE, reason="no: really"), result(TWO, "fail", findings=[finding(outcome="fail")]))
    assert yaml.safe_load(as_yaml(statement)) == json.loads(as_json(statement)) == statement


def test_what_came_from_outside_is_text_everywhere(tmp_path: Path) -> None:
    head = header()
    head["iuts"][0]["name"] = HOSTILE
    bad = result(f"client/flows/x/{'y' * 9}", "fail", findings=[finding(outcome="fail")])
    write_record(tmp_path / "results.ndjson", head, bad, footer())
    statement = certificate(read_record(tmp_path / "results.ndjson"), CATALOGUE, tmp_path)
    text = as_markdown(statement)
    assert "<" not in text.replace("&lt;", "") and "\x1b" not in text and "\u202e" not in text
    assert "\x1b" not in as_yaml(statement) and "\x1b" not in as_json(statement)


@pytest.mark.parametrize(("verdict", "message"), [("pass", "1 passed"), ("fail", "1 of 1 failed")])
def test_badges(tmp_path: Path, verdict: str, message: str) -> None:
    statement = made(tmp_path, result(ONE, verdict, findings=[finding(outcome=verdict)]))
    assert json.loads(badge_json(statement)) == {
        "schemaVersion": 1, "label": "OMA DM FUMO", "message": message,
        "color": {"pass": "brightgreen", "fail": "red"}[verdict], "isError": False,
    }  # fmt: skip
    picture = lxml.etree.fromstring(badge_svg(statement).encode())
    assert picture.get("aria-label") == f"OMA DM FUMO: {message}"
    assert [node.text for node in picture.iter("{*}text")] == ["OMA DM FUMO", message]
