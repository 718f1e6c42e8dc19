"""Case files for the tests: a table as text, written where its suite says."""

from __future__ import annotations

from pathlib import Path

from conformance.harness.cases import Case, read_cases
from conformance.harness.yamlfile import FileFaults

SUITE = "client/demo/table"
GOOD = """\
suite: client/demo/table
purpose: What a table looks like.
role: client
ensures: [DM-CMD-001]
steps:
  - session: any
  - get: ${node}
    expect: {status: 200}
defaults: {node: ./DevInfo/DevId}
cases:
  - id: first
    title: the device answers
  - id: second
    title: the device answers again
    node: ./DevInfo/Man
"""


def write_table(root: Path, text: str = GOOD, suite: str = SUITE) -> Path:
    """Writes a table below ``root`` where ids of that suite belong."""
    path = root / f"{suite}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def cases_of(root: Path, text: str = GOOD, suite: str = SUITE) -> list[Case]:
    """The cases of a table."""
    return read_cases(write_table(root, text, suite), root)


def faults_of(root: Path, text: str, suite: str = SUITE) -> list[str]:
    """What is wrong with a table, as ``line: key: what``."""
    path = write_table(root, text, suite)
    try:
        read_cases(path, root)
    except FileFaults as found:
        lines = str(found).splitlines()
        assert all(line.startswith(f"{path}:") for line in lines)
        return [line.removeprefix(f"{path}:") for line in lines]
    return []


def case_of(root: Path, steps: str, row: str = "", table: str = "") -> Case:
    """One case with these steps (YAML in flow form, one step a line)."""
    listed = "\n".join(f"  - {line.strip()}" for line in steps.strip().splitlines())
    text = (
        f"suite: {SUITE}\npurpose: A case made for a test.\nrole: client\nensures: [DM-CMD-001]\n{table}"
        f"steps:\n{listed}\ncases:\n  - {{id: only, title: what happens{', ' + row if row else ''}}}\n"
    )
    return cases_of(root, text)[0]
