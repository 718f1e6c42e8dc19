"""A long run of the tests that was broken off goes on where it ended: ``pytest --resume FILE``.

The first line of the file is a digest of everything that is tested and tests; each further one is a test that passed. Those
are left out the next time, as long as the digest is the same; otherwise the file is begun anew. A test that failed or was
skipped is tried again.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("conformance", "testcases", "fixtures", "tests")
SUFFIXES = (".py", ".yaml", ".json", ".txt", ".xml", ".wbxml", ".lock", ".html", ".css", ".js")


def digest(root: Path = ROOT) -> str:
    """The SHA-256 of all sources: what passed with others has not passed."""
    summary = hashlib.sha256()
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                summary.update(f"{path.relative_to(root)}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return summary.hexdigest()


def read(path: Path, sources: str) -> list[str]:
    """The tests that have passed with these sources. The last line may be torn."""
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    if not lines or lines[0] != sources:
        return []
    found = []
    for line in lines[1:]:
        try:
            found.append(str(json.loads(line)))
        except ValueError:
            break
    return found


class Resuming:
    """The plugin. With workers, only who hands out the work reads and writes the file; the workers are told what has passed."""

    def __init__(self, path: Path | None, passed: list[str]) -> None:
        self.path, self.passed = path, passed
        self._phases: dict[str, set[str]] = {}

    @classmethod
    def begun(cls, path: Path) -> Resuming:
        """For who hands out the work: the file is there from now on, and has no torn line."""
        sources = digest()
        passed = read(path, sources)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in (sources, *map(json.dumps, passed))), encoding="utf-8")
        return cls(path, passed)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["passed"] = self.passed

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        passed = set(self.passed)
        done = [item for item in items if item.nodeid in passed]
        items[:] = [item for item in items if item.nodeid not in passed]
        config.hook.pytest_deselected(items=done)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self.path is None or not report.passed:
            return
        phases = self._phases.setdefault(report.nodeid, set())
        phases.add(report.when or "")
        if phases == {"setup", "call", "teardown"}:
            del self._phases[report.nodeid]
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(report.nodeid) + "\n")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--resume", type=Path, metavar="FILE", help="leave out what passed in an earlier run with this FILE and the same sources"
    )


def pytest_configure(config: pytest.Config) -> None:
    told: dict[str, Any] | None = getattr(config, "workerinput", None)
    path: Path | None = config.getoption("--resume")
    if told is not None and "passed" in told:
        config.pluginmanager.register(Resuming(None, told["passed"]))
    elif told is None and path is not None:
        config.pluginmanager.register(Resuming.begun(path.absolute()))
