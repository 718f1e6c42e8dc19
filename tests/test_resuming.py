"""A run of the tests that was broken off goes on where it ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from resuming import ROOT, digest, read

TESTS = '''
import os, pathlib, pytest

@pytest.mark.parametrize("n", range(4))
def test_some(n):
    with pathlib.Path(os.environ["PLAYED"]).open("a") as file:
        file.write(f"{n}\\n")
    assert n != int(os.environ["WRONG"])
'''


def played(folder: Path, wrong: int, *words: str) -> tuple[int, list[str]]:
    """Runs the tests in a process of its own; its exit status, and the tests that were played."""
    (folder / "test_it.py").write_text(TESTS)
    (folder / "played").unlink(missing_ok=True)
    environ = {**os.environ, "PLAYED": str(folder / "played"), "WRONG": str(wrong), "PYTHONPATH": str(ROOT / "tests")}
    command = [sys.executable, "-m", "pytest", "-p", "resuming", "-p", "no:cacheprovider", "--resume", "file", *words, "test_it.py"]
    ended = subprocess.run(command, cwd=folder, env=environ, capture_output=True, timeout=120, check=False)
    return ended.returncode, sorted((folder / "played").read_text().split()) if (folder / "played").exists() else []


@pytest.mark.long
@pytest.mark.parametrize("words", [("-p", "no:xdist"), ("-n", "2")], ids=["alone", "workers"])
def test_what_passed_is_left_out_and_what_failed_is_tried_again(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert played(tmp_path, 2, *words) == (1, ["0", "1", "2", "3"])
    assert len(read(tmp_path / "file", digest())) == 3
    with (tmp_path / "file").open("a") as file:
        file.write('"test_it.py::test_s')  # a run that was killed
    assert played(tmp_path, 9, *words) == (0, ["2"])
    assert played(tmp_path, 9, *words) == (5, [])
    assert len(read(tmp_path / "file", digest())) == 4


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
