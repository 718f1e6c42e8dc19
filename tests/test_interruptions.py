"""The grid of interruptions: no boundary of any flow is missing, each is really interrupted, and nothing else is."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from casetables import faults_of

from conformance.harness import choices, interruption
from conformance.harness import vocabulary as words
from conformance.harness.cases import Case, load_cases, substitute
from conformance.harness.embedded import embedded_iut
from conformance.harness.iut import load_iut
from conformance.harness.places import testcases as own_cases
from conformance.harness.run import Options, Run
from conformance.harness.vocabulary import kind_of
from conformance.transcript import DEVICE, Transcript, load

CASES = {case.id: case for case in load_cases(own_cases())}
FLOWS = {
    "AD-F1": "dm-download", "AD-F2": "download", "AD-F2-dl": "descriptor", "AD-F3": "package-on-device",
    "AD-F4": "download-and-update", "AD-F5": "user-request", "AD-F5 by the device": "device-request",
}  # fmt: skip
"""The flows of an update, and the tables that break them off."""
TENTHS = {f"{number}0%" for number in range(10)} - {"00%"} | {"0%"}
ADAPTER = "conformance.peers.adapters:DeviceAdapter"


def grid(table: str, row: str) -> Case:
    return CASES[f"client/interruptions/{table}/{row}"]


def played(folder: Path, cases: list[Case]) -> list[tuple[dict[str, Any], Transcript]]:
    """The lines of the record and the transcripts of all permutations of cases, with the reference device."""
    run = Run([load_iut(embedded_iut(folder / "iut", "client", ADAPTER))], Options(folder))
    found = []
    try:
        for chosen in run.selector(run.iuts[0]).choose(cases):
            assert chosen.selected
            line = run.do(chosen)
            found.append((line, load(folder / line["evidence"])))
    finally:
        run.close()
    return found


def boundaries(case: Case) -> list[str]:
    """The names of the boundaries in the steps of a case, in order."""
    return [step["interrupt"]["here"] for step in case.steps if kind_of(step) == "interrupt"]


@pytest.mark.parametrize("table", FLOWS.values())
def test_every_step_after_which_the_device_has_spoken_is_a_boundary(table: str) -> None:
    case = grid(table, "session")
    kinds = [kind_of(step) for step in case.steps]
    begun = kinds.index("interrupt") - 1
    flow = kinds[begun : kinds.index("settled")]
    speaking = [place for place, kind in enumerate(flow) if kind in ("session", "await", *words.COMMANDS)]
    assert speaking and all(flow[place + 1] == "interrupt" for place in speaking)
    assert len(boundaries(case)) == len(speaking) == len(set(boundaries(case)))


@pytest.mark.parametrize("table", FLOWS.values())
def test_each_boundary_is_interrupted_in_each_way(table: str) -> None:
    session, power = grid(table, "session"), grid(table, "power")
    assert list(session.axes["at"]) == list(power.axes["at"]) == boundaries(session)
    ways = {*session.axes["how"], *(step["interrupt"]["how"] for step in power.steps if kind_of(step) == "interrupt")}
    assert ways == set(choices.INTERRUPTIONS)
    assert "power-cut" in power.risks and "power-cut" not in session.risks
    assert kind_of(session.steps[-1]) == kind_of(power.steps[-1]) == "next-update"


def test_each_tenth_of_each_download_is_cut_and_loses_its_power() -> None:
    for table in ("download", "descriptor", "download-and-update"):
        for row in ("download", "download-power"):
            assert set(grid(table, row).axes["part"]) == TENTHS
    for row in ("pieces", "pieces-power"):
        assert set(grid("dm-download", row).axes["part"]) == TENTHS - {"0%"}


def test_there_are_at_least_two_hundred_points() -> None:
    rows = [case for case in CASES.values() if case.theme == "interruptions" and case.row not in ("first", "last")]
    points = 0
    for case in rows:
        product = 1
        for values in case.axes.values():
            product *= len(values)
        points += product
    assert points >= 200


@pytest.mark.parametrize("table", FLOWS.values())
def test_a_flow_that_is_left_alone_has_no_message_without_a_boundary(table: str, tmp_path: Path) -> None:
    case = grid(table, "session")
    alone = dataclasses.replace(case, axes={}, steps=tuple(substitute(list(case.steps), {"at": "never", "how": "cut"})))
    ((line, transcript),) = played(tmp_path, [alone])
    assert line["verdict"] == "pass", line["findings"]
    steps = {event.data["index"]: event.n for event in transcript.of("step") if event.data["phase"] == "begin"}
    numbered = [str(number) for number, _ in enumerate(case.steps, 1)]
    kinds = dict(zip(numbered, map(kind_of, case.steps), strict=True))
    first = steps[next(index for index in numbered if kinds[str(int(index) + 1)] == "interrupt")]
    last = steps[next(index for index in numbered if kinds[index] == "settled")]
    spoken = [e for e in transcript.of("message") if e.sender == DEVICE and first < e.n < last]
    pieces = sum(1 for e in spoken if (read := e.decoded()) and any(s.data == "213" for s in read.message.statuses()))
    # A session in which the suite has nothing more to say ends with its Statuses: the device says nothing to that.
    assert len(spoken) - pieces == len(boundaries(case))


@pytest.mark.parametrize("table", FLOWS.values())
def test_each_point_breaks_off_where_it_says(table: str, tmp_path: Path) -> None:
    case = grid(table, "power")
    for line, transcript in played(tmp_path, [case]):
        at = line["id"].partition("[")[2].rstrip("]").partition("-")[2]  # what stands before it is the encoding
        done = [event.data["value"] for event in transcript.of("value") if event.data["name"] == "interrupted"]
        cuts = [event for event in transcript.of("hook") if event.data.get("verb") == "power_cycle"]
        assert done == [f"{at} power"] and cuts, line["id"]
        assert line["verdict"] == "pass", line["findings"]


def test_the_power_is_cut_where_a_transfer_breaks_off(tmp_path: Path) -> None:
    case = dataclasses.replace(grid("download", "download-power"), axes={"part": ("30%",)})
    ((line, transcript),) = played(tmp_path, [case])
    broken = next(event for event in transcript.of("http") if event.data.get("fault") == "cut")
    cut = next(event for event in transcript.of("hook") if event.data.get("verb") == "power_cycle")
    after = [event for event in transcript.of("http") if event.n > cut.n and event.data.get("method") == "GET"]
    assert line["verdict"] == "pass" and broken.data["sent"] == int(broken.data["length"] * 0.3)
    assert broken.n < cut.n and after


def test_the_words_of_case_files_are_those_that_are_understood() -> None:
    assert tuple(interruption.HOW) == choices.INTERRUPTIONS
    assert set(interruption._INSTALLS) == set(choices.WAYS)


TABLE = "suite: {suite}\npurpose: P.\nrole: client\nensures: [DM-ABT-006]\nsteps:\n  - {step}\ncases:\n  - {{id: a, title: t}}\n"


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ("interrupt: {here: a, at: a, how: softly}", "'softly' is none of"),
        ("interrupt: {here: a, how: cut}", "at is missing"),
        ("next-update: by-post", "'by-post' is none of"),
        ("settled: {expect: {}}", "unknown key 'expect'"),
    ],
)
def test_a_step_that_says_nothing_is_refused(step: str, what: str, tmp_path: Path) -> None:
    faults = faults_of(tmp_path, TABLE.format(suite="client/demo/table", step=step))
    assert len(faults) == 1 and what in faults[0]
