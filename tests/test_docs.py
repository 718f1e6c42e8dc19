"""The documents say what is so: links, commands, numbers, tables of keys and verbs, and every example works."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import pytest
from docnumbers import MARKED, ROOT, documents, numbers

from conformance.cli import main
from conformance.download.content import KINDS
from conformance.harness import iut as iutfile
from conformance.harness import reach
from conformance.harness import vocabulary as words
from conformance.harness.cases import PURPOSES, Case, load_cases, read_cases
from conformance.harness.embedded import embedded_iut
from conformance.harness.hooks import VERBS
from conformance.harness.iut import load_iut
from conformance.harness.placeholders import NAMES
from conformance.harness.run import Options, Run
from conformance.harness.settings import Timeouts
from conformance.judge.finding import CAUSES, VERDICTS
from conformance.transport.exchange import ERRORS

NAMED = {str(path.relative_to(ROOT)): path for path in documents()}
CONTRACT, WRITE = "docs/attach-contract.md", "docs/write-a-case.md"
DEVICE, RUN_IT, FAILURE = "docs/attach-your-device.md", "docs/run-it.md", "docs/read-a-failure.md"
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CASE_ID = re.compile(r"\b(?:client|server)/[a-z-]+/[a-z-]+/[a-z0-9-]+\b(?!\.)")


def text_of(name: str) -> str:
    """A document."""
    return NAMED[name].read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    """The code blocks of a document in one language."""
    return [body for found, body in _BLOCK.findall(text_of(name)) if found == language]


def prose(name: str) -> str:
    """A document without its code blocks."""
    return _BLOCK.sub("", text_of(name))


def anchors(name: str) -> set[str]:
    """The places of a document that links can lead to."""
    heads = re.findall(r"^#+ (.*)$", prose(name), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def rows(name: str) -> Iterator[list[str]]:
    """The cells of every line of every table of a document."""
    for line in prose(name).splitlines():
        if line.startswith("| ") and not line.startswith("| ---"):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def ticked(text: str) -> set[str]:
    """The words between backticks."""
    return set(re.findall(r"`([^`]+)`", text))


def commands() -> Iterator[tuple[str, str]]:
    """Every line of shell and every inline command of all documents, with the document's name."""
    for name in NAMED:
        for body in blocks(name, "sh"):
            yield from ((name, part.strip()) for line in body.splitlines() for part in re.split(r"&&|\|", line))
        yield from ((name, code) for code in ticked(prose(name)) if " " in code)


# -- links, commands, numbers ------------------------------------------------------------------------------------------


def test_the_documents_are_there() -> None:
    wanted = ("run-it", "attach-your-device", "attach-your-server", "write-a-case", "read-a-failure", "architecture",
              "attach-contract")  # fmt: skip
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", *(f"docs/{each}.md" for each in wanted)} <= set(NAMED)
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "GNU GENERAL PUBLIC LICENSE" in licence and "Version 2, June 1991" in licence


@pytest.mark.parametrize("name", NAMED)
def test_links_lead_somewhere(name: str) -> None:
    lost = []
    for link in _LINK.findall(prose(name)):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (NAMED[name].parent / path).resolve() if path else NAMED[name]
        inside = str(target.relative_to(ROOT))
        if not target.exists() or (anchor and anchor not in anchors(inside)):
            lost.append(link)
    assert lost == []


def test_every_document_is_linked_from_the_readme() -> None:
    linked = {link.partition("#")[0] for link in _LINK.findall(prose("README.md"))}
    assert set(NAMED) - {"README.md"} <= linked


def test_commands_that_are_named_exist() -> None:
    seen, wrong = set(), []
    for name, line in commands():
        found = line.split()
        if not found or found[0] != "fumo-conformance":
            continue
        tokens = shlex.split(line)[1:]
        options = {"--version", "--help"}
        if tokens and not tokens[0].startswith("-"):
            command = main.commands.get(tokens[0])
            if command is None:
                wrong.append(f"{name}: {line}")
                continue
            seen.add(tokens[0])
            options = {"--help", *(o for p in command.params if isinstance(p, click.Option) for o in p.opts)}
        wrong += [f"{name}: {line}: {t}" for t in tokens if t.startswith("-") and t.partition("=")[0] not in options]
    assert wrong == []
    assert seen == set(main.commands)


def test_options_that_are_named_exist() -> None:
    known = {o for c in main.commands.values() for p in c.params if isinstance(p, click.Option) for o in p.opts}
    known |= {"--help", "--iut", "--permutations", "--fumo-output", "--fumo-strict", "--fumo-seed", "--fumo-select"}
    named = {code.split()[0] for name in (RUN_IT, FAILURE) for code in ticked(prose(name)) if code.startswith("--")}
    assert named and named <= known


def test_modules_and_programs_that_are_named_exist() -> None:
    for name, line in commands():
        module = re.match(r"python3 -m ((?:conformance|tests)[\w.]*)", line)
        assert module is None or importlib.util.find_spec(module[1]), f"{name}: {line}"
    made_up = f"testcases/{example()[0]}.yaml"
    for name in NAMED:
        for code in ticked(prose(name)) - {made_up}:
            if re.fullmatch(r"(?:conformance|tests|testcases|fixtures|\.ci)/[\w./-]*", code):
                assert (ROOT / code).exists(), f"{name}: {code}"


def test_the_first_commands_are_those_that_ci_runs() -> None:
    first, second = blocks("README.md", "sh")[:2]
    assert first == "python3 -m pip install . && fumo-conformance run\n"
    assert second == "python3 -m pip install '.[dev]' && python3 -m pytest -n 2\n"
    assert second in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_numbers_are_those_of_today() -> None:
    counted = numbers()
    named = [(name, key, value) for name in NAMED for key, value in MARKED.findall(text_of(name))]
    wrong = [f"{name}: {key} is {counted[key]}, not {value}" for name, key, value in named if int(value) != counted[key]]
    assert wrong == [], "python3 -m tests.docnumbers puts the numbers of today into the documents"
    assert {key for _, key, _ in named} == set(counted)


def test_cases_that_are_named_exist() -> None:
    suite, body = example()
    known = {case.id for case in load_cases(ROOT / "testcases")}
    known |= {f"{suite}/{row}" for row in re.findall(r"^  - id: (\S+)$", body, re.MULTILINE)}
    named = {(name, found) for name in NAMED for found in _CASE_ID.findall(text_of(name))}
    assert len(named) > 3
    assert [each for each in named if each[1] not in known] == []


# -- tables ------------------------------------------------------------------------------------------------------------


def test_the_contract_names_every_verb() -> None:
    listed = {verb for cells in rows(CONTRACT) for verb in ticked(cells[0])}
    assert {verb for verbs in VERBS.values() for verb in verbs} <= listed
    assert set(PURPOSES) <= listed


def test_the_contract_names_every_key_placeholder_and_timeout() -> None:
    listed = ticked(prose(CONTRACT))
    sections = [*iutfile.KEYS.values(), *reach.KEYS.values()]
    assert {key for section in sections for key in section} - listed == set()
    assert {f"{{{name}}}" for name in NAMES} - listed == set()
    assert set(ERRORS) - listed == set()
    told = {cells[0].strip("`"): float(cells[1]) for cells in rows(CONTRACT) if len(cells) == 3 and cells[1].isdigit()}
    assert told == {name: getattr(Timeouts(), name) for name in Timeouts.__dataclass_fields__}


def test_the_keys_of_case_files_are_told() -> None:
    listed = {key for cells in rows(WRITE) for key in ticked(cells[0])}
    assert {*words.TABLE_KEYS, *words.ROW_KEYS, *words.MATCHER_KEYS} - listed == set()
    places = {f"{{{name}}}" for name in words.PLACES} | {f"{{{name}:PURPOSE}}" for name in words.PACKAGE_PLACES}
    assert places - listed == set()
    assert {*KINDS, "none"} - ticked(prose(WRITE)) == set()


@pytest.mark.parametrize("name", words.STEPS)
def test_every_step_is_told(name: str) -> None:
    kind = words.STEPS[name]
    cells = next(cells for cells in rows(WRITE) if cells[0] == f"`{name}`" and len(cells) == 5)
    assert cells[1] == ("both" if len(kind.roles) == 2 else kind.roles[0])
    assert ticked(cells[2]) == set(kind.inside)
    assert ticked(cells[3]) == set(kind.expects)


def test_verdicts_causes_and_kinds_of_events_are_told() -> None:
    listed = {key for cells in rows(FAILURE) for key in ticked(cells[0])}
    kinds = re.findall(r"^``(\w+)``", sys.modules["conformance.transcript"].__doc__ or "", re.MULTILINE)
    assert len(kinds) == 9
    assert {*VERDICTS, *CAUSES, *kinds} - listed == set()


# -- examples ----------------------------------------------------------------------------------------------------------


def python_blocks() -> Iterator[tuple[str, str]]:
    """Every block of Python with the document's name."""
    return ((name, body) for name in NAMED for body in blocks(name, "python"))


def test_python_in_the_documents_is_python() -> None:
    found = list(python_blocks())
    assert len(found) >= 3
    for _, body in found:
        ast.parse(body)


def test_the_adapter_of_the_contract_is_one() -> None:
    from conformance.attach import Adapter, NotSupported

    names: dict[str, type[Adapter]] = {}
    body = next(body for body in blocks(CONTRACT, "python") if "class " in body)
    exec(compile(body, CONTRACT, "exec"), names)
    adapter = names["Console"](None, {})  # type: ignore[arg-type]
    assert adapter.call("prepare", {"server_url": "http://suite/dm"}) is None
    assert adapter.call("firmware", {}) == {"version": "1.0"}
    with pytest.raises(NotSupported):
        adapter.call("condition", {"name": "storage-full"})
    adapter.close()


def described(name: str, folder: Path) -> Path:
    """The complete IUT file of a document, written with the files that it names."""
    body = next(body for body in blocks(name, "yaml") if body.startswith("schema: 1"))
    path = folder / "iut.yaml"
    path.write_text(body, encoding="utf-8")
    for found in re.findall(r"packages/[\w.-]+", body):
        (folder / "packages").mkdir(exist_ok=True)
        (folder / found).write_bytes(b"package")
    return path


@pytest.mark.parametrize("name", [DEVICE, "docs/attach-your-server.md"])
def test_iut_files_of_the_documents_are_right(name: str, tmp_path: Path) -> None:
    environ = {"ACME_PASSWORD": "secret", "ACME_DM_PASSWORD": "secret"}
    iut = load_iut(described(name, tmp_path), environ)
    assert iut.packages["good"][0].to == "2.0"
    claims = {row["id"] for row in _claims()}
    assert set(iut.claims) <= claims
    head = next(body for body in blocks(name, "yaml") if body.startswith("schema: 1")).partition("attach:")[0]
    others = [body for body in blocks(name, "yaml") if body.startswith("attach:")]
    assert others
    for body in others:
        (tmp_path / "other.yaml").write_text(head + body, encoding="utf-8")
        load_iut(tmp_path / "other.yaml", environ)


def _claims() -> Iterable[dict[str, str]]:
    from conformance.harness.yamlfile import load

    found: list[dict[str, str]] = load(ROOT / "testcases" / "claims.yaml").value["claims"]
    return found


def played(run: Run, cases: Iterable[Case], role: str = "client") -> dict[str, tuple[str, str]]:
    """Verdict and reason of every permutation that applies."""
    iut = run.iut_for(role)
    assert iut is not None
    try:
        lines = [run.do(chosen) for chosen in run.selector(iut).choose(cases) if chosen.selected]
    finally:
        run.close()
    return {line["id"]: (line["verdict"], line["reason"]) for line in lines}


def test_the_hook_of_the_documents_steers_a_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """IUT file and hook as they stand in the document, and a device with a console that knows nothing of the suite."""
    hook = next(body for body in blocks(DEVICE, "python") if body.startswith("#!"))
    assert len(hook.splitlines()) < 50
    _program(tmp_path / "acme-hook", hook)
    console = Path(__file__).parent / "strangers" / "console.py"
    _program(tmp_path / "acme-x1", f'#!/bin/sh\nexec "{sys.executable}" "{console}" "$@"\n')
    monkeypatch.setenv("ACME_PASSWORD", "dev-secret-1")
    path = described(DEVICE, tmp_path)
    content = b"new firmware" * 300
    head = f"ONESHOT {hashlib.sha256(content).hexdigest()} 1.0 2.0\n".encode()
    (tmp_path / "packages" / "x1-2.0.bin").write_bytes(head + content)
    run = Run([load_iut(path)], Options(tmp_path / "run"))
    wanted = ("client/flows/sanity/first", "client/flows/download-and-update/plain", "client/nodes/access/exec-on-state")
    cases = [case for case in load_cases(ROOT / "testcases") if case.id in wanted]
    assert played(run, cases) == {
        "client/flows/sanity/first": ("pass", ""),
        "client/flows/download-and-update/plain[xml-md5]": ("pass", ""),
        "client/nodes/access/exec-on-state[xml-md5]": ("pass", ""),
    }
    stored = [path for path in (tmp_path / "run" / "evidence").rglob("*") if path.is_file()]
    assert any("messages" in path.parts for path in stored)
    assert [path for path in stored if b"dev-secret-1" in path.read_bytes()] == []


def _program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def example() -> tuple[str, str]:
    """The worked example of write-a-case.md: its suite, and the table."""
    body = next(body for body in blocks(WRITE, "yaml") if "suite:" in body)
    suite = re.search(r"^suite: (\S+)$", body, re.MULTILINE)
    assert suite is not None
    return suite[1], body


def test_the_worked_example_is_a_table_that_plays(tmp_path: Path) -> None:
    suite, body = example()
    path = tmp_path / "testcases" / f"{suite}.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(body, encoding="utf-8")
    cases = read_cases(path, tmp_path / "testcases")
    assert [case.row for case in cases] == ["language", "missing-leaf"]
    adapter = "conformance.peers.adapters:DeviceAdapter"
    run = Run([load_iut(embedded_iut(tmp_path / "iut", "client", adapter))], Options(tmp_path / "run"))
    verdicts = played(run, cases)
    assert len(verdicts) == 4
    assert set(verdicts.values()) == {("pass", "")}
