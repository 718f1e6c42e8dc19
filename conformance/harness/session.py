"""``fumo-conformance run``: pytest underneath, our own progress and summary on top."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conformance.harness.adapter import in_process
from conformance.harness.cases import load_cases
from conformance.harness.catalogue import load_catalogue
from conformance.harness.deviations import known as deviations
from conformance.harness.embedded import write_embedded
from conformance.harness.expected import load_known
from conformance.harness.iut import Iut, load_iut
from conformance.harness.places import testcases
from conformance.harness.run import Options, Run
from conformance.harness.runfolder import new_folder
from conformance.harness.selection import nearest, read_patterns
from conformance.harness.yamlfile import FileFault
from conformance.plugin import RUN
from conformance.report.allure import complete
from conformance.report.console import Progress, new_console, print_summary
from conformance.report.github import workflow_commands
from conformance.report.record import Record, exit_status, read_record
from conformance.report.write import write_reports

RECORD = "results.ndjson"
_ALLOCATIONS = 20_000
"""Objects made and kept before cycles are looked for: some megabytes."""


class Live:
    """The pytest plugin of one ``run``: hands over the run, keeps what is already done, shows progress."""

    def __init__(self, run: Run, done: set[str], again: dict[str, int], progress: Progress) -> None:
        self.run, self.done, self.again, self.progress = run, done, again, progress

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Hands the run to the plugin."""
        config.stash[RUN] = self.run

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leaves out what an interrupted run has done already."""
        from conformance.plugin import CaseItem

        kept: list[pytest.Item] = []
        for item in items:
            identity = item.chosen.permutation.id if isinstance(item, CaseItem) else ""
            if identity in self.again and isinstance(item, CaseItem):
                item.attempt = self.again[identity]
                kept.append(item)
            elif identity not in self.done and not self.again:
                kept.append(item)
        items[:] = kept
        gc.freeze()  # what was collected stays for the whole run: not to be looked through again and again
        self.progress.start(len(items))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Names the case at hand."""
        self.progress.at(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Counts what is done."""
        import json

        for name, value in report.user_properties if report.when == "call" else ():
            if name == "fumo-conformance":
                self.progress.done(self.run.settled(json.loads(str(value))))


_WORKERS = 4
"""Processes of a run that nobody told anything: what most machines have."""


def run_suite(
    iuts: Sequence[Path] = (),
    role: str | None = None,
    select: Sequence[str] = (),
    output: Path | None = None,
    strict: bool = False,
    seed: int = 0,
    permutations: str | None = None,
    resume: Path | None = None,
    rerun_failed: bool = False,
    workers: int = 0,
    quiet: bool = False,
    no_color: bool = False,
    github: bool = False,
    known: Path | None = None,
) -> int:
    """Runs the suite; returns the exit status: 3, 1 or 0 as documented. Raises ``FileFault`` for what is used wrongly."""
    console = new_console(color=not no_color)
    folder = (resume or output or new_folder()).resolve()
    if resume is None and (folder / RECORD).exists():
        raise FileFault(folder / RECORD, 0, "--output", "holds a run already; use --resume to go on with it")
    earlier = read_record(folder / RECORD) if resume is not None and (folder / RECORD).exists() else None
    if resume is not None and earlier is None:
        raise FileFault(folder / RECORD, 0, "--resume", "there is no record of an interrupted run")
    if earlier is not None:
        header = earlier.header
        strict, seed = header["strict"], header["seed"]
        permutations, select = header["permutations"], tuple(header["select"])
    folder.mkdir(parents=True, exist_ok=True)
    paths = list(iuts) or (_earlier_files(earlier) if earlier else write_embedded(folder / "iut"))
    loaded = [load_iut(path) for path in paths]
    _same(earlier, loaded, folder)
    if role is not None:
        loaded = [iut for iut in loaded if iut.role == role]
    if not (iuts or role or select or permutations or earlier or workers):
        permutations, workers = "sample", min(_WORKERS, os.cpu_count() or 1)
    options = Options(folder, strict, seed, permutations or "all", tuple(select), *_known(known, earlier))
    _check(loaded, options, workers)
    results = list(earlier.results) if earlier else []
    _once(Run(loaded, options), {line["id"] for line in results}, {}, workers, Progress(console, quiet))
    if rerun_failed:
        record = read_record(folder / RECORD)
        again = {
            line["id"]: line["attempt"] + 1
            for line in record.results
            if line["verdict"] in ("fail", "error", "inconclusive") and not line.get("known")
        }
        if again:
            _once(Run(loaded, options), set(), again, workers, Progress(console, quiet))
    record = read_record(folder / RECORD)
    complete(folder / "allure", record.header)
    write_reports(folder, load_catalogue(testcases()), known=deviations(testcases()))
    print_summary(record, load_catalogue(testcases()), folder, console, brief=quiet)
    if github:
        _tell_github(record, folder)
    return exit_status(record)


def _tell_github(record: Record, folder: Path) -> None:
    """Annotations to standard output, and the summary into the file that GitHub names for it."""
    for line in workflow_commands(record, load_catalogue(testcases())):
        print(line)
    named = os.environ.get("GITHUB_STEP_SUMMARY")
    if named:
        with Path(named).open("a", encoding="utf-8") as file:
            file.write((folder / "summary.md").read_text(encoding="utf-8"))


def _once(run: Run, done: set[str], again: dict[str, int], workers: int, progress: Progress) -> None:
    folder = run.options.folder
    ini = folder / "setup" / "pytest.ini"
    ini.parent.mkdir(parents=True, exist_ok=True)
    ini.write_text("[pytest]\n", encoding="utf-8")
    roles = sorted({iut.role for iut in run.iuts})
    arguments = [
        "-c",
        str(ini),
        "--rootdir",
        str(testcases().parent),
        "-p",
        "no:cacheprovider",
        "-p",
        "no:terminal",
        "-p",
        "allure_pytest.plugin",
        "--alluredir",
        str(folder / "allure"),
        *(str(testcases() / role) for role in roles),
    ]
    if workers > 1:
        arguments += _for_workers(run, workers)
    with _plain_pytest(), _rare_collections(), progress:
        pytest.main(arguments, plugins=[*_named(), Live(run, done, again, progress)])


def _for_workers(run: Run, workers: int) -> list[str]:
    options = run.options
    shared = [f"--iut={iut.path}" for iut in run.iuts] + [f"--fumo-select={pattern}" for pattern in options.select]
    if options.strict:
        shared.append("--fumo-strict")
    return [
        "-p",
        "xdist.plugin",
        "-n",
        str(workers),
        f"--fumo-output={options.folder}",
        f"--fumo-seed={options.seed}",
        f"--permutations={options.mode}",
        *shared,
    ]


def _named() -> list[Any]:
    import conformance.plugin

    return [conformance.plugin]


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Reference cycles are looked for less often: messages are trees of many small objects, which are in none."""
    before = gc.get_threshold()
    gc.set_threshold(_ALLOCATIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextmanager
def _plain_pytest() -> Iterator[None]:
    """pytest without the plugins that happen to be installed."""
    before = {
        name: os.environ.get(name) for name in ("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_ADDOPTS", "PYTEST_PLUGINS")
    }
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    os.environ["PYTEST_PLUGINS"] = "conformance.plugin"
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _known(path: Path | None, earlier: Record | None) -> tuple[Any, ...]:
    """Known failures, and when the run began: as it was begun, where it is gone on with."""
    given = load_known(path, load_catalogue(testcases()), load_cases(testcases())) if path is not None else None
    if earlier is None:
        return (given,)
    before = earlier.header.get("known")
    if path is not None and given is not None and given["digest"] != (before or {}).get("digest"):
        raise FileFault(path, 0, "--known", "the run was begun with other known failures, or with none")
    return before, earlier.header["started"]


def _earlier_files(earlier: Any) -> list[Path]:
    return [Path(iut["file"]) for iut in earlier.header["iuts"]]


def _same(earlier: Any, loaded: list[Iut], folder: Path) -> None:
    if earlier is None:
        return
    before = {iut["role"]: iut["digest"] for iut in earlier.header["iuts"]}
    for iut in loaded:
        if before.get(iut.role) != iut.digest:
            raise FileFault(iut.path, 0, "--resume", f"the IUT file is not the one that {folder} was begun with")


def _check(iuts: list[Iut], options: Options, workers: int) -> None:
    """What would make the run pointless, said before it begins."""
    if not iuts:
        raise FileFault(options.folder, 0, "--role", "none of the IUT files describes an implementation of that role")
    for iut in iuts:
        because = iut.exclusive_because(in_process(iut)) if workers > 1 else ""
        if because:
            raise FileFault(iut.path, 0, "--workers", f"this implementation is exclusive ({because}): one worker only")
    cases = load_cases(testcases())
    for pattern in read_patterns(options.select):
        single = Options(options.folder, select=(pattern,))
        if not any(Run(iuts, single).selector(iut).choose(cases) for iut in iuts):
            hint = nearest(pattern, cases)
            raise FileFault(
                options.folder,
                0,
                "--select",
                f"{pattern!r} selects nothing" + (f"; did you mean {hint}?" if hint else ""),
            )
