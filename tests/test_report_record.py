"""The record: its schema, writing and resuming, reading what is damaged, exit status and roll-up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from report_run import CATALOGUE, HOSTILE, finding, footer, header, result, write_record

from conformance.report import record as module
from conformance.report.record import Record, RecordWriter, exit_status, latest, read_record, rollup, trouble

SCHEMA = json.loads((Path(module.__file__).parent / "schema" / "record.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
ONE = "client/flows/download/plain[xml-md5]"


def test_the_schema_is_one_and_describes_every_key() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for name in ("header", "iut", "result", "finding", "footer"):
        for key, described in SCHEMA["$defs"][name]["properties"].items():
            assert "description" in described or "const" in described or "$ref" in described, (name, key)


@pytest.mark.parametrize(
    "line",
    [
        header(),
        header() | {"iut": header()["iuts"][0]},
        header(later="a key of tomorrow"),
        footer(),
        footer(counts={"pass": 3}),
        result(ONE),
        result(ONE, "not-applicable"),
        result(ONE, "fail", findings=[finding(outcome="fail", new=1)], unstable=True),
        result(ONE, findings=[finding(outcome="warn", event=3)], readings=[{"ambiguity": "AMB-1", "reading": "202"}]),
    ],
)
def test_lines_as_they_are_written_are_valid(line: dict[str, Any]) -> None:
    VALIDATOR.validate(line)


@pytest.mark.parametrize(
    "line",
    [
        {"type": "note"},
        {},
        {key: value for key, value in header().items() if key != "iuts"},
        header(strict="no"),
        header(permutations="some"),
        header(schema=2),
        result(ONE, verdict="warn"),
        result(ONE, seconds="0.1"),
        result(ONE, attempt=0),
        result(ONE, cause="weather"),
        result(ONE, "not-applicable", cause=None),
        result(ONE, findings=[finding(outcome="warn", cause=None)]),
        result(ONE, findings=[finding(cause="should")]),
        result(ONE, findings=[finding(event="6")]),
        result(ONE, permutation={"encoding": 1}),
        footer(complete="yes"),
        footer(counts={"passed": 1}),
        footer(counts={"pass": 1.5}),
    ],
)
def test_lines_that_are_wrong_are_not(line: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(line)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    first, second = result(ONE, reason=HOSTILE + "\ud800 \u2028"), result(ONE + "x", "fail")
    path = write_record(tmp_path / "results.ndjson", header(), first, second, footer())
    record = read_record(path)
    assert (record.header, record.results, record.footer, record.torn) == (header(), [first, second], footer(), False)
    assert len(path.read_bytes().splitlines()) == 4


def test_each_line_is_there_before_the_next(tmp_path: Path) -> None:
    path = tmp_path / "results.ndjson"
    with RecordWriter(path) as writer:
        assert not writer.resumed
        for count, line in enumerate((header(), result(ONE), footer()), 1):
            writer.write(line)
            assert path.read_bytes().count(b"\n") == count


@pytest.mark.parametrize("line", [{"type": "other"}, {}, result(ONE, seconds=float("nan"))])
def test_a_line_that_no_reader_could_read_is_not_written(tmp_path: Path, line: dict[str, Any]) -> None:
    with RecordWriter(tmp_path / "results.ndjson") as writer, pytest.raises(ValueError):
        writer.write(line)
    assert (tmp_path / "results.ndjson").read_bytes() == b""


def test_a_torn_line_is_left_out_wherever_it_was_torn_and_cut_off_on_resuming(tmp_path: Path) -> None:
    whole = write_record(tmp_path / "whole.ndjson", header(), result(ONE), result("client/flows/ümlaut/b")).read_bytes()
    start = whole.rfind(b"\n", 0, -1) + 1
    for end in range(start + 1, len(whole) - 1, 7):
        path = tmp_path / "results.ndjson"
        path.write_bytes(whole[:end])
        record = read_record(path)
        assert record.torn and [line["id"] for line in record.results] == [ONE]
        with RecordWriter(path) as writer:
            assert writer.resumed
            writer.write(result("client/flows/c/d"))
            writer.write(footer())
        record = read_record(path)
        assert not record.torn and [line["id"] for line in record.results] == [ONE, "client/flows/c/d"]
        path.unlink()


def test_a_whole_last_line_without_line_feed_is_kept(tmp_path: Path) -> None:
    path = write_record(tmp_path / "results.ndjson", header(), result(ONE))
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert not read_record(path).torn
    with RecordWriter(path) as writer:
        writer.write(footer())
    record = read_record(path)
    assert len(record.results) == 1 and record.footer is not None


def test_a_header_torn_off_is_no_record_to_resume(tmp_path: Path) -> None:
    path = tmp_path / "results.ndjson"
    path.write_bytes(b'{"type":"header","sch')
    with pytest.raises(ValueError, match="no header"):
        read_record(path)
    with RecordWriter(path) as writer:
        assert not writer.resumed
    assert path.read_bytes() == b""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "not a line of JSON"),
        (b"[]", "expected an object"),
        (b'{"type":"x"}', "expected an object of type"),
        (b'{"type":["x"]}', "expected an object of type"),
        (b"\xff\xfe", "not a line of JSON"),
        (b"[" * 100_000, "not a line of JSON"),
        (b'{"type":"result"}', "case is missing"),
        (json.dumps(result(ONE, verdict="passed")).encode(), "no verdict"),
        (json.dumps(result(ONE, seconds=float("inf"))).encode(), "not a line of JSON"),
        (json.dumps(result(ONE)).replace("0.031", "1e999").encode(), "no number of seconds"),
        (json.dumps(result(ONE, attempt=True)).encode(), "attempt is missing or of the wrong type"),
        (json.dumps(result(ONE, requirements=[1])).encode(), "requirements"),
        (json.dumps(result(ONE, findings=["x"])).encode(), "finding 0: expected an object"),
        (json.dumps(result(ONE, findings=[finding(), finding(event="6")])).encode(), "finding 1: event"),
        (json.dumps(result(ONE, findings=[finding(outcome="bad")])).encode(), "no outcome"),
        (json.dumps(result(ONE, readings=[{"reading": 1}])).encode(), "reading 0: ambiguity"),
        (json.dumps(footer(complete=None)).encode(), "complete is missing"),
    ],
)
def test_anything_else_that_is_damaged_is_named_by_file_and_line(tmp_path: Path, line: bytes, said: str) -> None:
    path = write_record(tmp_path / "results.ndjson", header(), result(ONE))
    path.write_bytes(path.read_bytes() + line + b"\n" + json.dumps(footer()).encode() + b"\n")
    with pytest.raises(ValueError) as caught:
        read_record(path)
    assert str(caught.value).startswith(f"{path}:3: ") and said in str(caught.value)


def test_a_record_begins_with_its_header(tmp_path: Path) -> None:
    path = write_record(tmp_path / "results.ndjson", result(ONE))
    with pytest.raises(ValueError, match=":1: a record begins with its header"):
        read_record(path)
    path.write_text(json.dumps(header(iuts=[{"name": "x"}])) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=":1: iuts: role"):
        read_record(path)


def test_a_footer_counts_only_while_no_result_follows(tmp_path: Path) -> None:
    path = write_record(tmp_path / "results.ndjson", header(), footer(reason="first"), result(ONE))
    assert read_record(path).footer is None
    write_record(path, footer(reason="second"))
    assert (read_record(path).footer or {})["reason"] == "second"


def _record(*verdicts: str, end: dict[str, Any] | None = None, same: bool = False) -> Record:
    lines = [
        result(ONE if same else f"client/flows/t/r{n}", verdict, attempt=n + 1 if same else 1)
        for n, verdict in enumerate(verdicts)
    ]
    for line in lines:
        if line["verdict"] == "fail":
            line["findings"] = [finding(outcome="fail")]
    return Record(header(), lines, footer() if end is None else end)


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        (["pass"], 0),
        (["pass", "inconclusive", "not-applicable"], 0),
        (["pass", "fail"], 1),
        (["fail"], 1),
        (["pass", "error"], 3),
        (["fail", "error"], 3),
        (["error"], 3),
        ([], 3),
        (["inconclusive"], 3),
        (["not-applicable", "not-applicable"], 3),
    ],
)
def test_exit_status(verdicts: list[str], status: int) -> None:
    record = _record(*verdicts)
    assert exit_status(record) == status
    assert (trouble(record) == "") == (status != 3)
    record.footer = None
    assert exit_status(record) == 3


def test_a_run_that_stopped_early_or_asserted_nothing_says_nothing() -> None:
    stopped = _record("pass", end=footer(complete=False, reason="five ends in a row"))
    assert exit_status(stopped) == 3 and "five ends in a row" in trouble(stopped)
    empty = _record("pass", "pass")
    for line in empty.results:
        line["findings"] = []
    assert exit_status(empty) == 3 and trouble(empty) == "nothing was asserted"


def test_exit_status_of_other_verdicts() -> None:
    record = _record("pass", "fail")
    assert exit_status(record, ["pass", "pass"]) == 0
    assert exit_status(record, ["fail", "pass"]) == 1
    assert [line["verdict"] for line in record.results] == ["pass", "fail"]
    with pytest.raises(ValueError):
        exit_status(record, ["pass"])


@pytest.mark.parametrize(
    ("verdicts", "chosen", "unstable", "status"),
    [
        (["error", "pass"], "pass", True, 0),
        (["fail", "pass"], "fail", True, 1),
        (["pass", "fail"], "fail", True, 1),
        (["fail", "fail"], "fail", False, 1),
        (["inconclusive", "error", "pass"], "pass", True, 0),
        (["pass", "error"], "error", True, 3),
    ],
)
def test_several_attempts(verdicts: list[str], chosen: str, unstable: bool, status: int) -> None:
    record = _record(*verdicts, same=True)
    only = latest(record.results)
    assert len(only) == 1 and only[0]["verdict"] == chosen and only[0]["attempts"] == verdicts
    assert only[0].get("unstable", False) is unstable and exit_status(record) == status
    assert all("attempts" not in line for line in record.results)


def test_the_same_id_of_two_implementations_is_two_results() -> None:
    assert len(latest([result(ONE, iut="a"), result(ONE, iut="b")])) == 2


def test_rollup() -> None:
    lines = [
        result("client/a/t/1", findings=[finding("DM-MSG-004"), finding("DM-MSG-004"), finding("FUMO-RC-503", "warn")]),
        result("client/a/t/2", "fail", findings=[finding("DM-MSG-004", "fail"), finding("OLD-001")]),
        result("client/a/t/3", "error", findings=[finding("FUMO-EXEC-002", "fail")]),
        result("client/a/t/4", "inconclusive", findings=[finding("FUMO-ALERT-001")]),
    ]
    rolls = {roll.requirement.id: roll for roll in rollup(Record(header(), lines, footer()), CATALOGUE)}
    assert list(rolls) == [*CATALOGUE, "OLD-001"]
    assert rolls["DM-MSG-004"].outcome == "fail" and rolls["DM-MSG-004"].counts == {"pass": 2, "warn": 0, "fail": 1}
    assert rolls["DM-MSG-004"].cases == ["client/a/t/2", "client/a/t/1"]
    assert rolls["FUMO-RC-503"].outcome == "warn" and rolls["OLD-001"].outcome == "pass"
    assert {name for name, roll in rolls.items() if roll.outcome == "not exercised"} == {
        "FUMO-EXEC-002",
        "FUMO-ALERT-001",
        "DM-STAT-001",
        "SRV-AUTH-002",
        "FUMO-NODE-004",
    }
