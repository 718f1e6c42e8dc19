"""The house keeps its shape: who may import whom, what may do I/O, how long things may get (docs/architecture.md)."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "conformance"
LONGEST_MODULE, LONGEST_FUNCTION = 420, 60

MAY_IMPORT: dict[str, set[str]] = {
    "syncml": set(),
    "transport": set(),
    "dm": {"syncml", "transport.exchange"},
    "download": {"transport.exchange"},
    "fumo": {"dm", "syncml", "download", "transport.exchange"},
    "transcript": {"syncml"},
    "judge": {"syncml", "dm", "fumo", "transcript", "transport.exchange"},
    "attach": {"harness.adapter"},
    "peers": {"fumo", "download", "dm", "syncml", "transport", "attach"},
    "report": {"judge.finding", "syncml", "transcript"},
    "harness": {
        "peers", "judge", "fumo", "download", "dm", "syncml", "transport", "transcript", "report", "plugin",
    },
    "plugin": {"harness", "report"},
    "clireports": {"report", "judge.finding", "harness"},
    "cliproof": {"harness", "report", "clireports"},
    "cli": {"harness", "peers.options", "clireports", "cliproof"},
}  # fmt: skip
"""Room to the rooms, or the single modules of rooms, that it may import. Every room may import itself."""
FEW: dict[str, set[str]] = {
    "conformance.report": {
        "conformance.harness.session", "conformance.harness.rejudge", "conformance.plugin", "conformance.report",
        "conformance.clireports", "conformance.cliproof", "conformance.harness.deviations", "conformance.harness.expected",
        "conformance.harness.oracles",
    },
    "conformance.plugin": {"conformance.harness.session"},
}  # fmt: skip
"""What only few modules may import, although their room may."""
ENGINES = ("syncml", "dm", "fumo", "judge")
OUTSIDE = {
    "asyncio", "concurrent", "http", "multiprocessing", "select", "selectors", "signal", "socket", "socketserver", "ssl",
    "subprocess", "threading", "time", "urllib.request",
}  # fmt: skip
"""Modules of the standard library that an engine has no use for: engines do no I/O and read no clock."""
ONLY: dict[str, set[str]] = {
    "scapy": {"conformance.dm.scapylayers", "conformance.report.capture"},
    "lxml": {"conformance.syncml.xmlreader", "conformance.download.descriptor", "conformance.report.junit"},
    "h11": {"conformance.transport.client", "conformance.transport.connection", "conformance.transport.sender"},
    "yaml": {"conformance.harness.yamlfile", "conformance.harness.embedded", "conformance.report.certificate"},
    "allure": {"conformance.report.allure"},
    "rich": {"conformance.report.console"},
    "jinja2": {"conformance.report.page"},
    "click": {"conformance.cli", "conformance.clireports", "conformance.cliproof", "conformance.peers.options"},
    "pytest": {"conformance.plugin", "conformance.harness.session"},
}
"""Libraries and the only modules that may import them."""


def name_of(path: Path) -> str:
    """The dotted name of a module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, ast.Module]:
    """All modules of the package, parsed."""
    return {name_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


def names_imported(node: ast.AST) -> Iterator[str]:
    """The dotted names of the modules that one import statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0 and node.module, "imports are absolute"
        inner = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from ([node.module] if not any(each in modules() for each in inner) else inner)


@cache
def imports(name: str) -> set[str]:
    """Everything that a module imports, wherever the statement stands."""
    return {found for node in ast.walk(modules()[name]) for found in names_imported(node)}


def within(name: str, place: str) -> bool:
    """Whether a module is the place, or lies in it."""
    return name == place or name.startswith(place + ".")


def room_of(name: str) -> str:
    """The room that a module belongs to."""
    return name.split(".")[1] if "." in name else ""


def test_every_room_has_its_rule() -> None:
    rooms = {room_of(name) for name in modules()} - {""}
    assert rooms == set(MAY_IMPORT)


def test_rooms_import_only_what_they_may() -> None:
    wrong = []
    for name in modules():
        room = room_of(name)
        allowed = {f"conformance.{place}" for place in (room, *MAY_IMPORT.get(room, ()))}
        for found in imports(name):
            ours = within(found, "conformance") and found != "conformance"
            if ours and not any(within(found, place) for place in allowed):
                wrong.append(f"{name} imports {found}")
            for place, few in FEW.items():
                if within(found, place) and not any(within(name, each) for each in few):
                    wrong.append(f"{name} imports {found}, which only {', '.join(sorted(few))} may")
    assert wrong == []


def test_the_judge_never_asks_a_peer() -> None:
    assert "peers" not in MAY_IMPORT["judge"] and "harness" not in MAY_IMPORT["judge"]
    reached, waiting = set(), [name for name in modules() if room_of(name) == "judge"]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        waiting += [found for found in imports(name) if found in modules()]
    assert len(reached) > 20
    assert [name for name in reached if room_of(name) in ("peers", "harness", "report", "plugin", "cli")] == []


def test_engines_do_no_io_and_read_no_clock() -> None:
    wrong = []
    for name, tree in modules().items():
        if room_of(name) not in ENGINES:
            continue
        wrong += [f"{name} imports {found}" for found in imports(name) if any(within(found, each) for each in OUTSIDE)]
        wrong += [
            f"{name}:{node.lineno} asks for the time"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today", "perf_counter", "monotonic")
            and isinstance(node.value, ast.Name) and node.value.id in ("datetime", "date", "time")
        ]  # fmt: skip
    assert wrong == []


@pytest.mark.parametrize("library", ONLY)
def test_libraries_stay_in_few_modules(library: str) -> None:
    users = {name for name in modules() if any(within(found, library) for found in imports(name))}
    assert users <= ONLY[library]
    assert users, f"nothing imports {library} any more: take it out of the table"


def test_modules_that_import_each_other_do_so_late() -> None:
    """No circle of imports at the top of modules: any module can be imported first."""
    top = {name: {found for node in tree.body for found in names_imported(node)} for name, tree in modules().items()}
    state: dict[str, int] = {}
    circles = []

    def visit(name: str, trail: tuple[str, ...]) -> None:
        state[name] = 1
        for found in sorted(top[name] & set(top)):
            if state.get(found) == 1:
                circles.append(" -> ".join((*trail[trail.index(found) :], found)))
            elif found not in state:
                visit(found, (*trail, found))
        state[name] = 2

    for name in top:
        if name not in state:
            visit(name, (name,))
    assert circles == []


def test_modules_are_not_too_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    long = {str(path.relative_to(ROOT)): length for path, length in lengths.items() if length > LONGEST_MODULE}
    assert long == {}


def test_functions_are_not_too_long() -> None:
    long = [
        f"{name}.{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long == []


def test_the_plugin_is_light() -> None:
    """Whoever has the distribution installed pays for the plugin in every run of pytest, whatever they test."""
    code = "import sys, conformance.plugin; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    loaded = done.stdout.split()
    assert "conformance.plugin" in loaded
    heavy = ("lxml", "scapy", "yaml", "h11", "rich", "allure", "cryptography", "conformance.harness", "conformance.report")
    assert [name for name in loaded if any(within(name, each) for each in heavy)] == []
