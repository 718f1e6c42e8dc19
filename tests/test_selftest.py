"""``fumo-conformance selftest``: says good only where it is, and names what is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conformance.cli import main
from conformance.harness import selftest
from conformance.harness.deviations import load_deviations
from conformance.harness.oracles import Oracle
from conformance.harness.places import testcases as data
from conformance.harness.prove import Piece
from conformance.judge.verdict import Judgement

CASES = ("client/exec/correlator/mixed-case", "server/flows/download-and-update/plain")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cases, one deviation, no variants and no programs."""
    monkeypatch.setattr(selftest, "sample", lambda cases: [case for case in cases if case.id in CASES])
    monkeypatch.setattr(selftest, "some_deviations", lambda: [Piece("client", "no-alert-after-failure")])
    monkeypatch.setattr(selftest, "_variant_rows", lambda role: [])
    monkeypatch.setattr(selftest, "ORACLES", ())


def run() -> Result:
    """The command in this process."""
    return CliRunner().invoke(main, ["selftest", "-n", "1"])


def test_what_works_is_good() -> None:
    done = run()
    assert done.exit_code == 0, done.output
    assert "reference peers: 2 of 2 permutations pass" in done.output
    assert "judging again: 2 of 2" in done.output and "wrong peers: 1 of 1" in done.output
    assert "skipped  other right peers" in done.output
    assert done.output.splitlines()[-1].startswith("GOOD: 5 trials, 0 not as it must be, 1 check skipped")


def test_judging_otherwise_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "judge_again", lambda folder, terms: ({}, Judgement("pass")))
    done = run()
    assert done.exit_code == 1 and "judging again: 0 of 2" in done.output


def test_a_deviation_that_nobody_catches_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(todo: list[Piece], workers: int) -> Iterator[dict[str, Any]]:
        yield {"role": "client", "deviation": "no-alert-after-failure", "kills": [], "errors": {}, "others": []}

    monkeypatch.setattr(selftest, "prove", blind)
    done = run()
    assert done.exit_code == 1 and "client/no-alert-after-failure: nothing was held against it" in done.output


def test_a_variant_that_fails_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong peer in the place of one that is right in another way."""
    row = next(row for row in load_deviations(data(), "client") if row.id == "correlator-dropped")
    monkeypatch.setattr(selftest, "_variant_rows", lambda role: [(row, ["exec"])] if role == "client" else [])
    monkeypatch.setattr(selftest, "OF_A_VARIANT", 10_000)
    done = run()
    assert done.exit_code == 1 and "other right peers: 0 of 1 pass" in done.output and "FUMO-ALERT-007" in done.output


def test_a_program_that_is_missing_is_skipped_and_one_that_differs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def trials(folder: Any, lines: Any) -> Iterator[Any]:
        yield "one", lambda ask, target: "another tree"

    missing, other = Oracle("no-such-program-anywhere", "x", trials), Oracle("sh", "documents agree", trials)
    monkeypatch.setattr(selftest, "ORACLES", (missing, other))
    done = run()
    assert done.exit_code == 1
    assert "skipped  another opinion: no-such-program-anywhere: no-such-program-anywhere is not installed" in done.output
    assert "WRONG    another opinion: sh: 0 of 1 documents agree" in done.output


def test_the_sample_reaches_every_table_and_both_kinds_of_peers() -> None:
    from conformance.harness.cases import load_cases

    cases = load_cases(data())
    real = {case.suite for case in cases}
    chosen = ORIGINAL_SAMPLE(cases)
    assert {case.suite for case in chosen} == real and len(chosen) < len(cases)
    pieces = ORIGINAL_DEVIATIONS()
    assert {piece.role for piece in pieces} == {"client", "server"}
    areas = {row.id: row.area for role in ("client", "server") for row in load_deviations(data(), role)}
    assert "transport" in {areas[piece.deviation] for piece in pieces} and len(pieces) > 20


ORIGINAL_SAMPLE, ORIGINAL_DEVIATIONS = selftest.sample, selftest.some_deviations
