"""The judge under test: each of many small wrong changes of ``conformance/judge`` must be noticed by a test.

    python3 -m tests.mutants -n 2                       all of them: hours; writes the figures into docs/prove.md
    python3 -m tests.mutants -n 2 --per-module 40       a seeded sample of each module, and the figures
    python3 -m tests.mutants rules_alert verdict        some modules only; the survivors are told, nothing is written

The tests are collected once; each mutant is tried in a forked process, in which the code of one function is replaced, and
meets tests that run its line until one fails. Survivors that nothing can notice stand with a reason in
``tests/data/mutants.yaml``.
"""

from __future__ import annotations

import argparse
import functools
import gc
import hashlib
import json
import os
import random
import re
import resource
import signal
import sys
import time
import traceback
import types
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml
from _pytest.runner import runtestprotocol

sys.path.insert(0, str(Path(__file__).parent))

from mutantmaking import Mutant, mutants

from conformance.judge import rules  # all of the judge must be there before processes are forked

ROOT = Path(__file__).resolve().parent.parent
JUDGE = ROOT / "conformance" / "judge"
TESTS = ("test_judge_*.py", "test_expectation*.py", "test_matcher.py", "test_download_judging.py")
LEFT_OUT = ("test_judge_linear.py", "test_judge_properties.py")
"""Tests that take seconds: what time judging takes, and what whole cases prove. They would notice some more."""
SLOW = 0.4
"""Seconds of a test above which it is asked last."""
PAGE = ROOT / "docs" / "prove.md"
MARKED = re.compile(r"(<!-- mutants -->)(.*)(<!-- /mutants -->)", re.DOTALL)
_MEMORY = 3 << 30
_KILLED, _SURVIVED, _WRONG = 0, 1, 3


@dataclass(slots=True)
class Tried:
    """What became of a mutant: ``by`` is the test that noticed it, "" where none did; ``tests`` how many run its line."""

    name: str
    way: str
    module: str
    by: str
    tests: int


@dataclass(slots=True, eq=False)
class Trial:
    """The plugin that takes the place of the loop over the tests.

    ``chosen`` are the mutants; ``seconds`` is how long the tests of one may take in all, of which those are asked that are
    quick; each result goes to ``said`` as soon as it is there.
    """

    chosen: list[Mutant]
    workers: int = 1
    seconds: float = 1e9
    said: Callable[[Tried], None] = lambda tried: None
    broken: list[str] = field(default_factory=list)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Traces all tests once, and then tries every mutant."""
        items = {item.nodeid: item for item in session.items}
        seen = json.loads(b"".join(_started(lambda: iter([json.dumps(_traced(list(items.values())))]))))
        self.broken = seen["broken"]
        print(f"{len(items)} tests, {len(self.chosen)} mutants", file=sys.stderr, flush=True)
        gc.disable()
        shares = [self.chosen[place :: self.workers] for place in range(self.workers)]
        lines = [_started(functools.partial(self._work, items, seen, share)) for share in shares]
        for line in _together(lines):
            self.said(Tried(*json.loads(line)))
        return True

    def _work(self, items: dict[str, pytest.Item], seen: dict[str, Any], share: list[Mutant]) -> Iterator[str]:
        times = seen["times"]
        good: dict[str, Counter[str]] = {"": Counter()}
        for mutant in share:
            here, anywhere = good.setdefault(mutant.outer, Counter()), good[""]
            covering = _covering(mutant, seen)
            about = {name for name in covering if any(each in name.upper().replace("_", "-") for each in mutant.about)}
            near = {name for name in covering if mutant.path.stem in _imported(name.partition("::")[0])}
            # What noticed much here, what is about the same requirement or module, and what is quick or noticed much comes first.
            covering.sort(
                key=lambda name: (
                    times[name] > SLOW, -here[name], name not in about, name not in near, times[name] / (1 + anywhere[name])
                )
            )
            by = _tried(mutant, [items[name] for name in _affordable(covering, times, self.seconds)], times)
            here[by] += 1
            anywhere[by] += 1
            yield json.dumps([mutant.name, mutant.way, mutant.path.stem, by, len(covering)])


@functools.cache
def _imported(file: str) -> frozenset[str]:
    """The modules of the judge that a file of tests imports itself."""
    return frozenset(re.findall(r"conformance\.judge\.(\w+)", (ROOT / file).read_text(encoding="utf-8")))


def _affordable(names: list[str], times: dict[str, float], seconds: float) -> list[str]:
    """As many tests as can be run in a time, the first at least."""
    chosen: list[str] = []
    for name in names:
        seconds -= times[name]
        if chosen and seconds < 0:
            break
        chosen.append(name)
    return chosen


def _covering(mutant: Mutant, seen: dict[str, Any]) -> list[str]:
    lines = seen["lines"].get(mutant.path.name, {})
    return list(dict.fromkeys(name for line in mutant.lines for name in lines.get(str(line), ())))


# -- processes ---------------------------------------------------------------------------------------------------------------


def _started(work: Callable[[], Iterator[str]]) -> Iterator[bytes]:
    """What a process of its own says, line by line; raises where it came to no end."""
    reads, writes = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if not child:
        os.close(reads)
        _say(work, writes)
    os.close(writes)
    return _said(child, reads)


def _say(work: Callable[[], Iterator[str]], writes: int) -> NoReturn:
    status = 1
    try:
        with os.fdopen(writes, "w", buffering=1) as pipe:
            for line in work():
                pipe.write(line + "\n")
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _said(child: int, reads: int) -> Iterator[bytes]:
    with os.fdopen(reads, "rb") as pipe:
        yield from pipe
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError(f"a worker ended with status {status}")


def _together(lines: list[Iterator[bytes]]) -> Iterator[bytes]:
    """The lines of several processes, in turn while each has some."""
    while lines:
        for each in list(lines):
            line = next(each, None)
            if line is None:
                lines.remove(each)
            else:
                yield line


def _traced(items: list[pytest.Item]) -> dict[str, Any]:
    """Which tests run which lines of the judge, and how long each takes."""
    lines: dict[str, dict[int, list[str]]] = {}
    times: dict[str, float] = {}
    broken = []
    folder = str(JUDGE) + "/"
    hits: set[tuple[str, int]] = set()

    def local(frame: types.FrameType, event: str, arg: object) -> Any:
        if event == "line":
            hits.add((frame.f_code.co_filename, frame.f_lineno))
        return local

    def outer(frame: types.FrameType, event: str, arg: object) -> Any:
        return local if frame.f_code.co_filename.startswith(folder) else None

    _silent()
    for item, then in zip(items, [*items[1:], None], strict=True):
        hits.clear()
        begun = time.process_time()
        sys.settrace(outer)
        reports = runtestprotocol(item, log=False, nextitem=then)
        sys.settrace(None)
        times[item.nodeid] = time.process_time() - begun
        if any(each.failed for each in reports):
            broken.append(item.nodeid)
            continue
        for name, line in hits:
            lines.setdefault(Path(name).name, {}).setdefault(line, []).append(item.nodeid)
    return {"lines": lines, "times": times, "broken": broken}


def _tried(mutant: Mutant, items: list[pytest.Item], times: dict[str, float]) -> str:
    """The test that notices a mutant, "" where none does."""
    if not items:
        return ""
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        os.close(reads)
        try:
            _child(mutant, items, times, writes)
        finally:
            os._exit(_KILLED)
    os.close(writes)
    with os.fdopen(reads, "rb") as pipe:
        names = pipe.read().decode().split("\n")
    _, status = os.waitpid(child, 0)
    ended = os.WEXITSTATUS(status) if os.WIFEXITED(status) else _KILLED
    if ended == _WRONG or not names[-1]:
        raise RuntimeError(f"{mutant.name} could not be made")
    return "" if ended == _SURVIVED else names[-1]


def _child(mutant: Mutant, items: list[pytest.Item], times: dict[str, float], writes: int) -> None:
    _silent()
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    _patch(mutant)
    for item, then in zip(items, [*items[1:], None], strict=True):
        os.write(writes, b"\n" + item.nodeid.encode())
        signal.setitimer(signal.ITIMER_PROF, 2 + 10 * times[item.nodeid])
        if any(each.failed for each in runtestprotocol(item, log=False, nextitem=then)):
            os._exit(_KILLED)
    os._exit(_SURVIVED)


def _silent() -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)


# -- the change --------------------------------------------------------------------------------------------------------------


def _patch(mutant: Mutant) -> None:
    """Puts the changed code into the function wherever it is in use."""
    code = compile(mutant.tree_with_it(), str(mutant.path), "exec")
    changed = next(each for each in _codes(code) if each.co_qualname == mutant.outer)
    living = _living(mutant)
    for each in living:
        each.__code__ = changed
    if not living:
        os._exit(_WRONG)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield each
            yield from _codes(each)


def _living(mutant: Mutant) -> list[types.FunctionType]:
    assert rules.ALL
    return [
        each
        for each in gc.get_objects()
        if isinstance(each, types.FunctionType)
        and each.__code__.co_qualname == mutant.outer
        and each.__code__.co_filename == str(mutant.path)
    ]


# -- the command -------------------------------------------------------------------------------------------------------------


def chosen(modules: Sequence[str] = (), per_module: int = 0, seed: int = 1) -> list[Mutant]:
    """The mutants of some modules, or of all, in turn from each and in an order drawn by a seed; ``per_module`` is how many
    of each: fewer are the first of more."""
    found: list[tuple[int, Mutant]] = []
    for path in sorted(JUDGE.glob("*.py")):
        made = mutants(path) if not modules or path.stem in modules else []
        random.Random(f"{seed} {path.stem}").shuffle(made)
        found.extend(enumerate(made[: per_module or len(made)]))
    return [each for _, each in sorted(found, key=lambda pair: pair[0])]


def trial(asked: Trial, names: Sequence[str] = ()) -> int:
    """Tries the mutants that are asked for, with some files of tests or all; the exit status of pytest."""
    os.environ["HYPOTHESIS_PROFILE"] = "ci"
    found = [path for pattern in names or TESTS for path in sorted((ROOT / "tests").glob(pattern)) if path.name not in LEFT_OUT]
    # Where the package is installed, pytest warns that it cannot rewrite what is imported already; nothing of it is a test.
    plain = ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return int(pytest.main([*plain, *map(str, found)], plugins=[asked]))


def main(words: Sequence[str] | None = None) -> int:
    """The command."""
    given = _parser().parse_args(words)
    if given.figures:
        write(list({each.name: each for path in given.figures for each in read(path)}.values()))
        return 0
    which = chosen(given.modules, given.per_module, given.seed)
    if given.again:
        survivors = {each.name for each in read(given.again) if not each.by}
        which = [each for each in which if each.name in survivors]
    with given.output.open("w", encoding="utf-8") as file:

        def said(tried: Tried) -> None:
            print(json.dumps([getattr(tried, name) for name in Tried.__slots__]), file=file, flush=True)

        status = trial(Trial(which, given.n, given.seconds, said), given.tests)
    found = read(given.output)
    for each in found:
        if not each.by:
            print(f"{each.tests:4d} {each.way:10s} {each.name}{' (explained)' if each.name in explained() else ''}")
    print(table(found))
    if not given.modules and not given.again and status == 0:
        write(found)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m tests.mutants")
    parser.add_argument("modules", nargs="*", help="names of modules of the judge")
    parser.add_argument("--per-module", type=int, default=0, help="how many mutants of each module, drawn by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9, help="of tests, as they take while they are traced, for each mutant")
    parser.add_argument("--tests", nargs="*", default=(), help="patterns of test files")
    parser.add_argument("--again", type=Path, help="only those that survive in a file of results")
    parser.add_argument("--figures", nargs="+", type=Path, help="only write the figures of files of results, later ones win")
    parser.add_argument("-n", type=int, default=1, help="worker processes")
    parser.add_argument("--output", type=Path, default=Path("reports/run-mutants.ndjson"))
    return parser


# -- the figures -------------------------------------------------------------------------------------------------------------


def read(path: Path) -> list[Tried]:
    """The results in a file."""
    return [Tried(*json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


@functools.cache
def explained() -> dict[str, str]:
    """The mutants that nothing can notice, each with the reason."""
    rows = yaml.safe_load((ROOT / "tests" / "data" / "mutants.yaml").read_text(encoding="utf-8"))
    return {row["mutant"]: row["because"] for row in rows or ()}


def table(tried: Sequence[Tried]) -> str:
    """How many mutants of each module were tried, noticed, and left with an explanation, as a table of Markdown."""
    lines = ["| module | tried | noticed | explained | share |", "| --- | ---: | ---: | ---: | ---: |"]
    for name in [*sorted({each.module for each in tried}), "all"]:
        here = [each for each in tried if name in (each.module, "all")]
        noticed = sum(bool(each.by) for each in here)
        told = sum(not each.by and each.name in explained() for each in here)
        lines.append(f"| {name} | {len(here)} | {noticed} | {told} | {100 * noticed / max(len(here) - told, 1):.1f} % |")
    return "\n".join(lines)


def digest() -> str:
    """The beginning of the SHA-256 of the judge as it was tried."""
    summary = hashlib.sha256()
    for path in sorted(JUDGE.glob("*.py")):
        summary.update(path.read_bytes())
    return summary.hexdigest()[:12]


def write(tried: Sequence[Tried]) -> None:
    """Puts the figures into docs/prove.md."""
    said = f"{len(tried)} mutants, {datetime.now(UTC):%Y-%m-%d}, judge {digest()}:"
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(MARKED.sub(lambda found: f"{found[1]}\n{said}\n\n{table(tried)}\n{found[3]}", text), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
