"""The judge under test: small wrong changes are made as they are told, and tests notice them (see tests/mutants.py)."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mutantmaking import mutants
from mutation import LONG

from tests.mutants import JUDGE, MARKED, PAGE, ROOT, Tried, _imported, chosen, explained, read, table

SOURCE = '''
"""A module."""
LIMIT = 5


@rule("A-1", title="x")
def judged(values: list[int], word: str = "a") -> bool:
    """A docstring."""
    found = [v for v in values if v > 0]
    if not found or word.startswith("b"):
        return False
    for v in found:
        print("two words", v, flush=True)
        break
    return len(found) < LIMIT
'''
CHANGES = {
    "[v for v in values if v > 0] -> None", "v > 0 -> v >= 0", "v > 0 -> nothing", "0 -> 1", "not found -> found",
    "not found or word.startswith('b') -> not found and word.startswith('b')", "'b' -> 'XXbXX'", "True -> False",
    "not found or word.startswith('b') -> not found", "not found or word.startswith('b') -> word.startswith('b')",
    "startswith -> endswith", "print('two words', v, flush=True) -> if False: print('two words', v, flush=True)", "v -> None",
    "flush=True -> nothing", "break -> continue", "len(found) < LIMIT -> None", "len(found) < LIMIT -> len(found) <= LIMIT",
    "found -> None", "False -> True",
}  # fmt: skip


def test_the_ways_in_which_a_function_is_made_wrong(tmp_path: Path) -> None:
    path = tmp_path / "some.py"
    path.write_text(SOURCE, encoding="utf-8")
    made = mutants(path)
    assert {each.name.removeprefix("some.judged: ") for each in made} == CHANGES
    assert {each.about for each in made} == {frozenset({"A-1"})}
    sources = set()
    for n in range(len(made)):
        sources.add(ast.unparse(mutants(path)[n].tree_with_it()))
    assert len(sources) == len(made) and ast.unparse(ast.parse(SOURCE)) not in sources, "each differs from all others"


def test_every_mutant_of_the_judge_has_a_name_of_its_own_and_can_be_compiled() -> None:
    names = [each.name for each in chosen()]
    assert len(names) > 10_000 and len(set(names)) == len(names)
    assert set(explained()) <= set(names), "what is explained is a mutant of today"
    assert all(len(reason.split()) > 3 for reason in explained().values())
    for each in chosen(per_module=1, seed=7):
        compile(each.tree_with_it(), str(each.path), "exec")


def test_the_figures_of_the_page_are_those_of_all_modules() -> None:
    found = MARKED.search(PAGE.read_text(encoding="utf-8"))
    assert found is not None
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in found[2].splitlines() if line.startswith("| ")][2:]
    numbers = {row[0]: [int(cell) for cell in row[1:4]] for row in rows}
    total = numbers.pop("all")
    assert [sum(row[place] for row in numbers.values()) for place in range(3)] == total
    assert set(numbers) == {path.stem for path in JUDGE.glob("*.py") if mutants(path)}
    tried, noticed, told = total
    assert tried >= 1000 and noticed >= 0.9 * (tried - told)


def test_a_file_of_tests_is_about_the_modules_that_it_imports() -> None:
    assert {"package", "operation", "session"} <= _imported("tests/test_judge_parts.py")
    assert "package" not in _imported("tests/test_matcher.py")


def test_the_table_counts_what_was_noticed() -> None:
    rows = [Tried("a", "x", "one", "test", 1), Tried("b", "x", "one", "", 1), Tried("c", "x", "two", "test", 1)]
    assert table(rows).splitlines()[2:] == [
        "| one | 2 | 1 | 0 | 50.0 % |", "| two | 1 | 1 | 0 | 100.0 % |", "| all | 3 | 2 | 0 | 66.7 % |",
    ]  # fmt: skip


@pytest.mark.long
def test_a_sample_of_wrong_verdicts_is_noticed(tmp_path: Path) -> None:
    """All of the verdict in the long tier, else a sample that is the same every time."""
    output = tmp_path / "mutants.ndjson"
    words = ["verdict", "finding", "matcher", "step", "--per-module", "0" if LONG else "8", "--output", str(output)]
    files = ["test_judge_verdict.py", "test_matcher.py"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.mutants", *words, "--tests", *files], cwd=ROOT, timeout=1800, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    tried = read(output)
    assert done.returncode == 0 and len(tried) >= 32, done.stderr
    survivors = [each.name for each in tried if not each.by and each.name not in explained()]
    assert len(survivors) <= 0.1 * len(tried), survivors
