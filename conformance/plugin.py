"""The pytest plugin: case files are test files, permutations are test items. Thin; the work is in the harness.

It claims only YAML files of ours (those that begin with the key ``suite``) and, without ``--iut``, runs nothing of them
but in ``fumo-conformance run``: it disturbs no other project.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conformance.harness.cases import Case
    from conformance.harness.run import Run
    from conformance.harness.selection import Chosen

RUN: pytest.StashKey[Any] = pytest.StashKey()
LINES: pytest.StashKey[Any] = pytest.StashKey()
THRESHOLDS: pytest.StashKey[tuple[int, int, int]] = pytest.StashKey()
"""Those of the garbage collector, as they were."""
_THRESHOLDS = (50_000, 10, 10)
"""New objects at which it begins while cases run: what one permutation made is rubbish all at once."""
_PROPERTY = "fumo-conformance"


class CaseUndecided(Exception):
    """A permutation that neither passed nor failed; carries its line of the record. Tools show it as broken."""

    def __init__(self, line: dict[str, Any]) -> None:
        self.line = line
        super().__init__(line["reason"])


class CaseFailed(CaseUndecided, AssertionError):
    """A permutation that failed. Tools show it as failed, which they do for assertions only."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fumo-conformance", "conformance of OMA DM firmware update")
    group.addoption(
        "--iut", action="append", default=[], metavar="FILE", help="IUT file: the implementation under test"
    )
    group.addoption("--fumo-output", default="", metavar="DIR", help="run folder (default: a new one below reports/)")
    group.addoption("--fumo-strict", action="store_true", help="a broken SHOULD fails")
    group.addoption("--fumo-seed", type=int, default=0, metavar="N", help="seed of everything that is chosen by chance")
    modes = ("all", "pairwise", "one", "sample")
    group.addoption("--permutations", choices=modes, default="", help="how axes are multiplied")
    group.addoption("--fumo-select", action="append", default=[], metavar="PATTERN", help="only cases that match")


def pytest_configure(config: pytest.Config) -> None:
    for name in ("client", "server", "must", "should", "may", "valid", "invalid", "inopportune"):
        config.addinivalue_line("markers", f"{name}: a conformance case of that role, level or kind")
    config.addinivalue_line("markers", "theme(name): the theme of a conformance case")
    if config.getoption("--iut", default=None) and RUN not in config.stash:
        config.stash[RUN] = _new_run(config)
    if not hasattr(config, "workerinput"):
        config.stash[LINES] = []


def _new_run(config: pytest.Config) -> Run:
    from conformance.harness.adapter import in_process
    from conformance.harness.iut import load_iut
    from conformance.harness.run import Options, Run
    from conformance.harness.runfolder import new_folder
    from conformance.harness.yamlfile import FileFault, FileFaults

    try:
        iuts = [load_iut(Path(name)) for name in config.getoption("--iut")]
    except (FileFault, FileFaults, OSError) as fault:
        raise pytest.UsageError(str(fault)) from fault
    workers = getattr(config.option, "numprocesses", None) or 0
    for iut in iuts:
        because = iut.exclusive_because(in_process(iut)) if isinstance(workers, int) and workers > 1 else ""
        if because:
            raise pytest.UsageError(f"{iut.name} is exclusive ({because}): run it with one worker, without -n")
    given = getattr(config, "workerinput", {}).get(_PROPERTY) or config.getoption("--fumo-output")
    folder = Path(given) if given else new_folder()
    mode = config.getoption("--permutations") or "all"
    options = Options(
        folder,
        config.getoption("--fumo-strict"),
        config.getoption("--fumo-seed"),
        mode,
        tuple(config.getoption("--fumo-select")),
    )
    return Run(iuts, options)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells each worker of pytest-xdist the run folder."""
    run = node.config.stash.get(RUN, None)
    if run is not None:
        node.workerinput[_PROPERTY] = str(run.options.folder)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CaseFile | None:
    if file_path.suffix == ".yaml" and RUN in parent.config.stash:
        from conformance.harness.cases import is_case_file

        if is_case_file(file_path):
            return CaseFile.from_parent(parent, path=file_path)
    return None


class CaseFile(pytest.Module):
    """A case file. A module without a Python object, so that fixtures of every scope find their place."""

    obj = None

    def _getobj(self) -> None:
        return None

    def collect(self) -> Iterable[CaseItem]:
        """One item for each permutation that is selected for the implementation of the file's role."""
        from conformance.harness.cases import read_cases
        from conformance.harness.yamlfile import FileFault, FileFaults

        run: Run = self.config.stash[RUN]
        try:
            cases = read_cases(self.path)
        except (FileFault, FileFaults) as fault:
            raise self.CollectError(str(fault)) from fault
        return [item for case in cases for item in self._items(run, case)]

    def _items(self, run: Run, case: Case) -> Iterable[CaseItem]:
        iut = run.iut_for(case.role)
        if iut is None:
            return
        for chosen in run.selector(iut).choose([case]):
            yield CaseItem.make(self, chosen)


class CaseItem(pytest.Function):
    """One permutation."""

    chosen: Chosen
    attempt = 1

    @classmethod
    def make(cls, parent: CaseFile, chosen: Chosen) -> CaseItem:
        """The item of a permutation, with markers for role, theme, level and kind."""
        case = chosen.permutation.case

        def body() -> None:
            item.play()

        item: CaseItem = cls.from_parent(parent, name=case.row + chosen.permutation.suffix, callobj=body)
        item.chosen = chosen
        item.originalname = case.row
        for name in (case.role, case.level, case.kind):
            item.add_marker(getattr(pytest.mark, name))
        item.add_marker(pytest.mark.theme(case.theme))
        labels = {
            "epic": case.role,
            "feature": case.theme,
            "story": case.suite.rsplit("/", 1)[1],
            "severity": _SEVERITY[case.level],
        }
        if any(item.config.pluginmanager.has_plugin(name) for name in ("allure_pytest", "allure_pytest.plugin")):
            for kind, value in labels.items():
                item.add_marker(pytest.mark.allure_label(value, label_type=kind))
        return item

    def play(self) -> None:
        """Plays the permutation; raises :class:`CaseUndecided` or skips."""
        run: Run = self.config.stash[RUN]
        if run.stop:
            pytest.skip(run.stop)
        line = run.do(self.chosen, self.attempt)
        self.user_properties.append((_PROPERTY, json.dumps(line)))
        if self.config.pluginmanager.has_plugin("allure_listener"):
            from conformance.report.allure import tell

            tell(line, self.chosen.permutation.case.purpose, run.options.folder)
        if run.stop:
            self.session.shouldstop = run.stop
        if line["verdict"] == "not-applicable":
            pytest.skip(f"not applicable ({line['cause']}): {line['reason']}")
        if line["verdict"] != "pass":
            raise (CaseFailed if line["verdict"] == "fail" else CaseUndecided)(line)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.chosen.permutation.case.file, self.chosen.permutation.case.line - 1, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, CaseUndecided):
            from conformance.report.console import failure_text

            case = self.chosen.permutation.case
            return failure_text(excinfo.value.line, f"{case.file}:{case.line}")
        return super().repr_failure(excinfo)


_SEVERITY = {"must": "critical", "should": "normal", "may": "minor"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Themes together, their sanity cases around them; everything else stays where it is."""
    places = [i for i, item in enumerate(items) if isinstance(item, CaseItem)]
    if not places:
        return
    from conformance.harness.run import in_order

    ours = [item for item in items if isinstance(item, CaseItem)]
    by_id = {id(item.chosen): item for item in ours}
    ordered = [by_id[id(chosen)] for chosen in in_order([item.chosen for item in ours])]
    for i, item in zip(places, ordered, strict=True):
        items[i] = item


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Cases and items stay until the end: the garbage collector need not walk through them again and again."""
    if RUN in session.config.stash and not session.config.option.collectonly:
        session.config.stash[THRESHOLDS] = gc.get_threshold()
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_THRESHOLDS)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Registers who writes the record: once, in the process that sees all reports."""
    config = session.config
    if hasattr(config, "workerinput") or RUN not in config.stash or config.option.collectonly:
        return
    config.pluginmanager.register(Controller(config), "fumo-conformance-controller")


class Controller:
    """Collects the lines of all workers and writes them into the record as they come."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.run: Run = config.stash[RUN]
        self.writer: Any = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Writes the header of the record as soon as it is known what will run."""
        self._begin(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        """The same where the workers of pytest-xdist have collected."""
        self._begin(len(ids))

    def _begin(self, planned: int) -> None:
        from conformance.harness.run import header_line
        from conformance.report.record import RecordWriter

        if self.writer is not None:
            return
        self.run.options.folder.mkdir(parents=True, exist_ok=True)
        self.writer = RecordWriter(self.run.options.folder / "results.ndjson")
        if not self.writer.resumed:
            self.writer.write(header_line(self.run.iuts, self.run.options, planned))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call":
            return
        for name, value in report.user_properties:
            if name == _PROPERTY:
                line = self.run.settled(json.loads(str(value)))
                self.writer.write(line)
                self.config.stash[LINES].append(line)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        from conformance.harness.run import footer_line

        reason = str(session.shouldstop or "")
        if self.writer is None:
            return
        if exitstatus == pytest.ExitCode.INTERRUPTED and not reason:
            self.writer.close()
            return
        self.writer.write(footer_line(self.config.stash[LINES], reason, self.run.notes))
        self.writer.close()


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    result = yield
    run = session.config.stash.get(RUN, None)
    if run is not None:
        run.close()
    if THRESHOLDS in session.config.stash:
        gc.set_threshold(*session.config.stash[THRESHOLDS])
        gc.unfreeze()
    return result


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    run = config.stash.get(RUN, None)
    if run is not None and config.stash.get(LINES, None):
        terminalreporter.write_line(f"Run folder: {run.options.folder}")
