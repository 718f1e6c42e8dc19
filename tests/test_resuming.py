"""A run of the tests that was broken off goes on where it ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from resuming import ROOT, Resuming, digest, pytest_configure, read

TESTS = '''
import os, pathlib, pytest

@pytest.mark.parametrize("n", range(4))
def test_some(n):
    with pathlib.Path(os.environ["PLAYED"]).open("a") as file:
        file.write(f"{n}\\n")
    assert n != int(os.environ["WRONG"])
'''


def played(folder: Path, wrong: int) -> tuple[int, list[str]]:
    """Runs the tests in a process of its own; its exit status, and the tests that were played."""
    (folder / "test_it.py").write_text(TESTS)
    (folder / "played").unlink(missing_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CI", "PYTEST", "HYPOTHESIS"))}
    environ = {**kept, "PLAYED": str(folder / "played"), "WRONG": str(wrong), "PYTHONPATH": str(ROOT / "tests")}
    plain = ["-p", "no:cacheprovider", "-p", "no:xdist"]
    command = [sys.executable, "-m", "pytest", "-p", "resuming", *plain, "--resume", "file", "test_it.py"]
    ended = subprocess.run(command, cwd=folder, env=environ, capture_output=True, timeout=120, check=False)
    return ended.returncode, sorted((folder / "played").read_text().split()) if (folder / "played").exists() else []


def test_what_passed_is_left_out_and_what_failed_is_tried_again(tmp_path: Path) -> None:
    assert played(tmp_path, 2) == (1, ["0", "1", "2", "3"])
    assert len(read(tmp_path / "file", digest())) == 3
    with (tmp_path / "file").open("a") as file:
        file.write('"test_it.py::test_s')  # a run that was killed
    assert played(tmp_path, 9) == (0, ["2"])
    assert played(tmp_path, 9) == (5, [])
    assert len(read(tmp_path / "file", digest())) == 4


def test_workers_are_told_what_has_passed_and_write_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(f'{digest()}\n"a::b"\n')
    node = SimpleNamespace(workerinput={})
    Resuming.begun(path).pytest_configure_node(node)
    assert node.workerinput == {"passed": ["a::b"]}
    registered: list[Resuming] = []
    manager = SimpleNamespace(register=registered.append)
    config: Any = SimpleNamespace(workerinput=node.workerinput, getoption=lambda name: path, pluginmanager=manager)
    pytest_configure(config)
    assert [(each.path, each.passed) for each in registered] == [(None, ["a::b"])]


def test_other_sources_begin_anew(tmp_path: Path) -> None:
    (tmp_path / "file").write_text('abc\n"a"\n"b"\n')
    assert read(tmp_path / "file", "abc") == ["a", "b"]
    assert read(tmp_path / "file", "abd") == []
    assert read(tmp_path / "none", "abc") == []
    for name, text in (("tests/a.py", "x"), ("testcases/b.yaml", "y")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    before = digest(tmp_path)
    (tmp_path / "tests" / "a.pyc").write_text("x")
    assert digest(tmp_path) == before
    (tmp_path / "testcases" / "b.yaml").write_text("z")
    assert digest(tmp_path) != before
