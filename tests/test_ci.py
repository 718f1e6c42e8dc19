"""What CI rests on: no second opinion is left out, versions are exact, the script is one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SKIPPING = """\
import pytest

@pytest.mark.oracle
def test_asks(): pytest.skip("no-such-program is not installed")

@pytest.mark.oracle
@pytest.mark.skipif(True, reason="no-such-browser is not installed")
def test_asks_too(): pass

@pytest.mark.oracle
def test_knows_a_limit(): pytest.xfail("the program cannot do this")

def test_asks_nobody(): pytest.skip("another reason")
"""


def outcome(folder: Path, *more: str, **environ: str) -> tuple[int, str]:
    """Exit status and output of pytest over tests that skip, with the project's conftest."""
    for name in ("conftest.py", "resuming.py"):
        shutil.copy(ROOT / "tests" / name, folder)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    oracle: asks a program\n")
    (folder / "test_skipping.py").write_text(SKIPPING)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CI", "PYTEST", "HYPOTHESIS"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:benchmark", *more, str(folder)]
    done = subprocess.run(command, cwd=folder, env=kept | environ, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout


def test_a_skipped_oracle_fails_in_ci(tmp_path: Path) -> None:
    status, said = outcome(tmp_path, CI="true")
    assert status == 1
    assert "1 failed, 1 skipped, 1 xfailed, 1 error" in said  # one skips by itself, one before it is set up
    assert "no-such-program is not installed" in said and "no-such-browser is not installed" in said


def test_a_skipped_oracle_fails_in_ci_with_workers(tmp_path: Path) -> None:
    status, said = outcome(tmp_path, "-n", "1", CI="1")
    assert status == 1
    assert "1 failed, 1 skipped, 1 xfailed, 1 error" in said  # one skips by itself, one before it is set up


@pytest.mark.parametrize("value", ["", "false", "0"])
def test_elsewhere_an_oracle_may_be_missing(tmp_path: Path, value: str) -> None:
    status, said = outcome(tmp_path, CI=value)
    assert status == 0
    assert "3 skipped, 1 xfailed" in said


def constraints() -> dict[str, str]:
    """Name to exact version, as constraints.txt has them."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in pinned if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+]+", line)] == []
    return {plain(name): version for name, version in (line.split("==") for line in pinned)}


def plain(name: str) -> str:
    """The name of a distribution as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_has_an_exact_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    asked += [each for extra in project["project"]["optional-dependencies"].values() for each in extra]
    pinned = constraints()
    for requirement in asked:
        name, least = re.fullmatch(r"([A-Za-z0-9._-]+)(?:>=([\d.]+))?.*", requirement).groups()  # type: ignore[union-attr]
        assert plain(name) in pinned, requirement
        if least:
            assert numbers(pinned[plain(name)]) >= numbers(least), requirement


def numbers(version: str) -> list[int]:
    """A version for comparison."""
    return [int(number) for number in re.findall(r"\d+", version)]


def test_the_script_of_ci_is_bash() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n")
    bash = shutil.which("bash")
    assert bash is not None
    subprocess.run([bash, "-n", str(script)], check=True, timeout=20)
