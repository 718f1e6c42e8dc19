"""Devices of strangers, written from the attach contract alone: a one-shot client, a daemon, one that crashes."""

from __future__ import annotations

import base64
import hashlib
import itertools
from pathlib import Path

import pytest
from strangerruns import NONCE, PASSWORD, SERVER_PASSWORD, chosen, daemon, kept, oneshot, play_all, running, shown

from conformance.harness.play import judge_again
from conformance.report.capture import write_capture

FLOWS = "client/flows/download-and-update"
CODES = "client/result-codes/download-and-update"
HANDFUL = (
    "client/flows/sanity/first", f"{FLOWS}/plain", f"{CODES}/not-found", f"{CODES}/wrong-device",
    "client/nodes/access/exec-on-state", "client/exec/correlator/special[xml]",
)  # fmt: skip


@pytest.mark.parametrize("make", [oneshot, daemon])
def test_a_stranger_passes_a_handful_of_cases_and_judging_again_agrees(tmp_path: Path, make: object) -> None:
    with running(make(tmp_path), tmp_path / "run") as run:  # type: ignore[operator]
        lines = play_all(run, chosen(run, *HANDFUL))
        terms = run.terms
    assert [(line["id"], line["verdict"], line["reason"]) for line in lines] == [
        (line["id"], "pass", "") for line in lines
    ]
    assert all(line["findings"] for line in lines)
    for line in lines:
        case, judgement = judge_again(tmp_path / "run" / line["evidence"], terms)
        assert case["id"] == line["id"]
        assert (judgement.verdict, judgement.reason) == (line["verdict"], line["reason"])
        assert shown([finding.as_dict() for finding in judgement.findings]) == shown(line["findings"])


def test_nothing_that_is_kept_of_a_run_holds_a_secret(tmp_path: Path) -> None:
    """The process prints its password, its credentials go over the wire, the hook is handed both."""
    path = daemon(tmp_path)
    text = path.read_text().replace('"-S",', '"-S", "-c", "import sys, runpy; print(sys.argv[-1]); del sys.argv[-1]; '
                                    'sys.argv.pop(0); sys.path.insert(0, sys.argv[0].rpartition(\'/\')[0]); '
                                    'runpy.run_path(sys.argv[0])",')  # fmt: skip
    text = text.replace('"{work_dir}",\n   "0"', '"{work_dir}",\n   "0",\n   "says {client_password} twice: {client_password}"')
    path.write_text(text)
    with running(path, tmp_path / "run") as run:
        lines = play_all(run, chosen(run, "client/flows/sanity/first", f"{FLOWS}/plain"))
    assert [line["verdict"] for line in lines] == ["pass", "pass"]
    inner = base64.b64encode(hashlib.md5(f"dev-0001:{PASSWORD}".encode()).digest())
    digest = base64.b64encode(hashlib.md5(inner + b":" + base64.b64decode(NONCE)).digest())
    basic = base64.b64encode(f"dev-0001:{PASSWORD}".encode())
    for number, line in enumerate(lines):
        assert write_capture(tmp_path / "run", line, tmp_path / "run" / f"{number}.pcapng")
    files = kept(tmp_path / "run")
    assert sum(path.suffix == ".pcapng" for path in files) == len(lines)
    logs = [octets for path, octets in files.items() if path.name == "process.log"]
    assert any(b"says ************* twice: *************" in octets for octets in logs)
    for path, octets in files.items():
        for secret in (PASSWORD.encode(), SERVER_PASSWORD.encode(), inner, digest, basic):
            assert secret not in octets, path


def test_a_device_that_crashes_fails_those_cases_alone(tmp_path: Path) -> None:
    with running(daemon(tmp_path, 3), tmp_path / "run") as run:
        lines = play_all(run, chosen(run, *HANDFUL))
    verdicts = [line["verdict"] for line in lines]
    assert verdicts == ["pass", "pass", "fail", "pass", "pass", "fail"]
    for line in lines:
        failed = [finding for finding in line["findings"] if finding["outcome"] == "fail"]
        assert [finding["requirement"] for finding in failed] == (["SUITE-ALIVE"] if line["verdict"] == "fail" else [])
    assert "exit status 86" in next(f["actual"] for f in lines[2]["findings"] if f["outcome"] == "fail")


def test_a_device_that_ends_at_every_start_is_given_up(tmp_path: Path) -> None:
    path = daemon(tmp_path)
    path.write_text(path.read_text().replace("daemon.py", "no-such.py"))
    with running(path, tmp_path / "run") as run:
        lines = play_all(run, chosen(run, *HANDFUL[:2]))
    assert [line["verdict"] for line in lines] == ["error", "error"]
    assert all(line["reason"].startswith("the implementation did not start") for line in lines)
    assert all(line["setup"] for line in lines)
    assert all("\n" not in line["reason"] for line in lines)


ORDERED = ("client/flows/sanity/first", f"{FLOWS}/plain", f"{CODES}/wrong-device", f"{CODES}/not-found")


def test_every_ordered_pair_gives_the_verdicts_that_its_cases_give_alone(tmp_path: Path) -> None:
    """One device, each case after each: what a case left behind changes no verdict and no finding of the next."""
    alone = {}
    for name in ORDERED:
        folder = tmp_path / name.replace("/", "-")
        folder.mkdir()
        with running(daemon(folder), folder / "run") as run:
            line = play_all(run, chosen(run, name))[0]
            alone[name] = (line["verdict"], [(f["requirement"], f["outcome"]) for f in line["findings"]])
    together = tmp_path / "together"
    together.mkdir()
    with running(daemon(together), together / "run") as run:
        order = [name for pair in itertools.permutations(ORDERED, 2) for name in pair]
        lines = play_all(run, chosen(run, *order))
    for name, line in zip(order, lines, strict=True):
        found = [(f["requirement"], f["outcome"]) for f in line["findings"]]
        assert (line["verdict"], found) == alone[name], (name, line["reason"])
    assert len({line["evidence"] for line in lines}) == len(lines)


def test_each_case_after_one_that_was_killed_gives_the_verdict_it_gives_alone(tmp_path: Path) -> None:
    """Every second case ends in the middle; the others pass as they do with a device that never ends."""
    order = [name for other in ORDERED for name in (other, ORDERED[1])]
    with running(daemon(tmp_path, 2), tmp_path / "run") as run:
        lines = play_all(run, chosen(run, *order))
    assert [line["verdict"] for line in lines] == ["pass", "fail"] * len(ORDERED)


def test_what_a_stranger_cannot_do_is_not_applicable(tmp_path: Path) -> None:
    with running(oneshot(tmp_path), tmp_path / "run") as run:
        names = [f"{FLOWS}/server-initiated[xml-md5]", f"{CODES}/user-refuses[xml-md5]", f"{FLOWS}/plain[wbxml-md5]"]
        lines = play_all(run, chosen(run, *names))
    assert [(line["verdict"], line["cause"]) for line in lines] == [
        ("not-applicable", "claims"), ("not-applicable", "steering"), ("not-applicable", "claims"),
    ]  # fmt: skip
    assert lines[1]["reason"] == "the hook cannot consent phase download, reply reject"
