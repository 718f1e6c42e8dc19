"""The command ``run`` and what goes with it, used as a user uses them: by its command line, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conformance.harness.embedded import embedded_iut, write_example
from conformance.harness.schemas import schema_of

ROOT = Path(__file__).resolve().parent.parent


def fumo(*arguments: object, seconds: float = 120) -> subprocess.CompletedProcess[str]:
    """Runs the command line."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "conformance.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, env=environment, check=False)


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "results.ndjson").read_text(encoding="utf-8").splitlines()]


def verdicts(folder: Path) -> dict[str, str]:
    return {line["id"]: line["verdict"] for line in lines(folder) if line["type"] == "result"}


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run of a few cases of both roles against the embedded default."""
    folder = tmp_path_factory.mktemp("run") / "out"
    chosen = ("client/exec/preconditions/**", "client/exec/correlator/**", "server/flows/download-and-update")
    done = fumo("run", "--output", folder, *(word for pattern in chosen for word in ("--select", pattern)))
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout


def test_the_default_passes_and_names_its_folder_last(small_run: tuple[Path, str]) -> None:
    folder, printed = small_run
    assert printed.rstrip().splitlines()[-1] == f"Run folder: {folder}"
    assert set(verdicts(folder).values()) == {"pass"}


def test_every_line_of_the_record_fits_its_schema(small_run: tuple[Path, str]) -> None:
    validator = jsonschema.Draft202012Validator(schema_of("record"))
    record = lines(small_run[0])
    assert [line["type"] for line in record[:1] + record[-1:]] == ["header", "footer"]
    for line in record:
        validator.validate(line)


def test_reports_are_there(small_run: tuple[Path, str]) -> None:
    folder = small_run[0]
    assert (folder / "report.html").stat().st_size > 10_000
    assert (folder / "junit.xml").read_text(encoding="utf-8").startswith("<?xml")
    assert any((folder / "allure").glob("*-result.json"))


def test_judging_again_gives_the_same_findings(small_run: tuple[Path, str]) -> None:
    done = fumo("judge", small_run[0], "--format", "json")
    found = json.loads(done.stdout)
    assert done.returncode == 0 and not found["changed"]
    assert all(result["same"] for result in found["results"])


def test_a_deviant_device_fails_for_the_right_reason(tmp_path: Path) -> None:
    iut = embedded_iut(tmp_path / "iut", "client", "conformance.peers.deviants:client__correlator_dropped")
    done = fumo("run", "--iut", iut, "--output", tmp_path / "out", "--select", "client/exec/correlator/long")
    assert done.returncode == 1
    failed = [f for line in lines(tmp_path / "out") if line["type"] == "result" for f in line["findings"] if f["outcome"] == "fail"]
    assert {finding["requirement"] for finding in failed} <= {"FUMO-ALERT-007", "DM-CMD-016"}
    assert "FUMO-ALERT-007" in done.stdout and "evidence" in done.stdout


def test_strict_fails_a_broken_should(tmp_path: Path) -> None:
    iut = embedded_iut(tmp_path / "iut", "client", "conformance.peers.deviants:client__mark_informational")
    chosen = ("--select", "client/exec/correlator/long")
    assert fumo("run", "--iut", iut, "--output", tmp_path / "a", *chosen).returncode == 0
    assert fumo("run", "--iut", iut, "--output", tmp_path / "b", *chosen, "--strict").returncode == 1


def test_nothing_asserted_is_no_pass(tmp_path: Path) -> None:
    iut = embedded_iut(tmp_path / "iut", "client", "conformance.peers.adapters:DeviceAdapter")
    text = iut.read_text(encoding="utf-8").replace("xml\n  - wbxml", "xml").replace("download: true", "download: false")
    iut.write_text(text, encoding="utf-8")
    done = fumo("run", "--iut", iut, "--output", tmp_path / "out", "--select", "client/result-codes/download/*")
    assert done.returncode == 3, done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--select", "client/flows/no-such-table"], "selects nothing"),
        (["run", "--iut", "pyproject.toml"], "pyproject.toml"),
        (["run", "--no-such-option"], "No such option"),
        (["explain", "client/flows/download-and-update/plian"], "did you mean client/flows/download-and-update/plain"),
    ],
)
def test_wrong_use_is_told_with_status_2(arguments: list[str], said: str) -> None:
    done = fumo(*arguments)
    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr


def test_list_says_what_and_why(tmp_path: Path) -> None:
    done = fumo("list", "--role", "client", "--format", "json", "--select", "client/exec/correlator/**")
    rows = json.loads(done.stdout)
    wanted = {"case", "permutation", "id", "role", "title", "requirements", "kind", "level", "needs", "selected", "reason"}
    assert rows and all(wanted <= set(row) for row in rows)
    assert {row["role"] for row in rows} == {"client"}


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "conformance.cli", "run", "--role", "client", "--output", str(folder), "--select", "client/nodes/**"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment, start_new_session=True)
    record = folder / "results.ndjson"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (record.exists() and record.read_bytes().count(b"\n") > 10):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    begun = verdicts(folder)
    assert fumo("judge", folder).returncode == 3  # no footer: the run is not complete
    done = fumo("run", "--resume", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    results = [line["id"] for line in lines(folder) if line["type"] == "result"]
    assert len(results) == len(set(results)) > len(begun) >= 10
    assert [line["type"] for line in lines(folder)].count("header") == 1


def test_processes_give_the_verdicts_of_the_own_process(tmp_path: Path) -> None:
    chosen = [
        argument
        for pattern in (
            "client/flows/download-and-update/**", "client/exec/preconditions/**", "client/exec/correlator/**",
            "client/exec/decisions/while-busy", "client/interaction/answers/choice*", "client/commands/atomics/**",
            "server/flows/alternate-download/**", "server/alerts/items/**",
        )
        for argument in ("--select", pattern)
    ]
    inside = fumo("run", "--output", tmp_path / "inside", *chosen)
    device, server = write_example(tmp_path / "peers", 65536)
    outside = fumo("run", "--iut", device, "--iut", server, "--output", tmp_path / "outside", *chosen, seconds=300)
    assert (inside.returncode, outside.returncode) == (0, 0), outside.stdout + outside.stderr
    assert verdicts(tmp_path / "inside") == verdicts(tmp_path / "outside")


def test_eight_mebibytes_cross_the_wire_by_each_way(tmp_path: Path) -> None:
    device, _ = write_example(tmp_path / "peers", 8 << 20)
    ways = ("dm-download", "alternate-download", "download-and-update")
    chosen = [argument for way in ways for argument in ("--select", f"client/flows/{way}/plain")]
    done = fumo("run", "--iut", device, "--output", tmp_path / "out", "--permutations", "one", *chosen)
    assert done.returncode == 0, done.stdout
    assert len(verdicts(tmp_path / "out")) == 3


@pytest.mark.long
def test_a_package_of_64_mebibytes_does_not_stay_in_memory(tmp_path: Path) -> None:
    device, _ = write_example(tmp_path / "peers", 64 << 20)
    script = (
        "import resource, sys\nfrom conformance.cli import main\ntry:\n    main()\nexcept SystemExit as ended:\n"
        "    print('status', ended.code, 'peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
    )

    def peak(name: str, case: str) -> int:
        command = [sys.executable, "-c", script, "run", "--iut", str(device), "--output", str(tmp_path / name),
                   "--permutations", "one", "--select", case]  # fmt: skip
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment, check=False)
        words = done.stderr.split()
        assert words[words.index("status") + 1] == "0", done.stdout
        return int(words[words.index("peak") + 1]) // 1024

    idle = peak("idle", "client/flows/sanity/first")
    assert peak("dm", "client/flows/dm-download/plain") - idle <= 48
    assert peak("http", "client/flows/alternate-download/plain") - idle <= 48


def test_pytest_itself_runs_the_cases_on_two_workers(tmp_path: Path) -> None:
    iut = embedded_iut(tmp_path / "iut", "client", "conformance.peers.adapters:DeviceAdapter")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [
        sys.executable, "-m", "pytest", "-p", "conformance.plugin", "-p", "xdist.plugin", "-p", "no:cacheprovider", "-n", "2",
        "-k", "wbxml", "--iut", str(iut), "--fumo-output", str(tmp_path / "out"), str(ROOT / "testcases" / "client" / "exec"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = verdicts(tmp_path / "out")
    assert found and all("wbxml" in identity for identity in found)
    assert lines(tmp_path / "out")[-1]["counts"] == Counter(found.values())
    assert set(found.values()) <= {"pass", "not-applicable"}


def test_other_yaml_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {a: {image: b}}\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text("def test_it():\n    pass\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "conformance.plugin", "-p", "no:cacheprovider", "-q", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, cwd=tmp_path, check=False)
    assert "1 passed" in done.stdout, done.stdout
