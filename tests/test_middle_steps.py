"""Steps in the middle of something: another form of messages in one session, and a device that is to be found in a State."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from conformance.harness.cases import Case, load_cases
from conformance.harness.embedded import embedded_iut
from conformance.harness.iut import load_iut
from conformance.harness.places import testcases as own_cases
from conformance.harness.run import Options, Run
from conformance.harness.steps import step_faults
from conformance.judge.lookup import refuses
from conformance.transcript import DEVICE, Transcript, load

CASES = {case.id: case for case in load_cases(own_cases())}
ADAPTER = "conformance.peers.adapters:DeviceAdapter"


def played(folder: Path, case: Case) -> tuple[dict[str, Any], Transcript]:
    """The line of the record and the transcript of a case without axes, with the reference device."""
    run = Run([load_iut(embedded_iut(folder / "iut", "client", ADAPTER))], Options(folder))
    try:
        (chosen,) = run.selector(run.iuts[0]).choose([case])
        line = run.do(chosen)
        return line, load(folder / line["evidence"])
    finally:
        run.close()


def with_steps(name: str, *steps: dict[str, Any], **axes: tuple[str, ...]) -> Case:
    return dataclasses.replace(CASES[name], steps=steps, axes=axes)


def test_a_form_holds_from_its_step_on_and_in_one_session(tmp_path: Path) -> None:
    look = {"get": "./DevInfo/Man", "expect": {"status": 200}}
    old = {"form": {"wbxml": {"version": "1.1"}}}
    name = "client/encoding/changing-forms/version-1-1"
    line, transcript = played(tmp_path, with_steps(name, {"session": "any"}, look, old, look, {"form": {}}, look, encoding=("wbxml",)))
    sent = [event for event in transcript.of("message") if event.sender != DEVICE and event.octets]
    assert line["verdict"] == "pass", line["findings"]
    assert [event.octets[0] for event in sent][:3] == [2, 1, 2]
    assert len({event.data["session"] for event in sent[:3]}) == 1


def test_a_device_that_is_not_found_in_a_state_is_no_matter_of_the_case(tmp_path: Path) -> None:
    name = "client/exec/states/idle-after-refusals"
    line, transcript = played(tmp_path, with_steps(name, {"session": "any"}, {"state": {"found": [60]}}, {"get": "./NoSuch"}))
    assert line["verdict"] == "not-applicable"
    assert "found in State 10, 10, 10, not in 60" in line["reason"]
    assert len({event.data["session"] for event in transcript.of("message")}) == 3


def test_a_device_that_is_found_is_held_in_that_session(tmp_path: Path) -> None:
    name = "client/exec/states/idle-after-refusals"
    line, transcript = played(tmp_path, with_steps(name, {"session": "any"}, {"state": {"found": ["10"]}}, {"get": "./DevInfo/Man"}))
    assert line["verdict"] != "not-applicable"
    assert len({event.data["session"] for event in transcript.of("message")}) == 1


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ({"form": {"wbxml": {"version": "7"}}}, "form: wbxml"),
        ({"form": {"session": "any"}}, "unknown key 'session'"),
        ({"state": {"found": 30}}, "state: found: expected a list"),
    ],
)
def test_a_step_that_says_nothing_is_refused(step: dict[str, Any], what: str) -> None:
    (fault,) = step_faults(step, "client")
    assert what in fault


def test_forms_and_states_that_are_there_are_no_fault() -> None:
    for step in ({"form": {}}, {"form": {"xml": {"cdata": True}}}, {"state": {"found": [30, 60]}}, {"state": None}):
        assert list(step_faults(step, "client")) == []


def test_what_was_passed_over_is_refused_and_what_waits_is_not() -> None:
    assert [code for code in ("200", "202", "213", "214", "215", "304", "405", "500") if refuses(code)] == ["215", "304", "405", "500"]
    assert not refuses(None)
