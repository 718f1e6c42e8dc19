"""Lint: what is wrong in files below ``testcases/`` is said as file, line, key, what."""

from __future__ import annotations

from pathlib import Path

import pytest
from casetables import write_table

from conformance.harness.cases import load_cases
from conformance.harness.catalogue import load_catalogue
from conformance.harness.explain import explain
from conformance.harness.lint import lint, locked_ids, write_lock
from conformance.harness.places import testcases as own_cases
from conformance.harness.schemas import schema_of
from conformance.harness.yamlfile import FileFault

TABLE = """\
suite: client/demo/table
purpose: A table for the tests of lint.
role: client
ensures: [DM-CMD-001]
steps:
  - session: any
  - get: "{object}/State"
    expect: {status: 200}
cases:
  - id: first
    title: the device answers Get
  - id: second
    title: a node that is not there is refused
    kind: invalid
    twin: client/demo/table/first
    differs: the node
    steps:
      - session: any
      - get: "{object}/Nothing"
        expect: {status: {expect: 404, accept: [405], because: AMB-unreadable}}
"""


REQUIREMENTS = """\
defaults: {role: client, level: must, basis: text, verdict: fail}
requirements:
- {id: DM-CMD-001, section: DM Protocol 1, text: A device answers.}
- {id: FUMO-EXEC-021, role: server, section: FUMO TS 1, text: A server commands.}
"""
AMBIGUITIES = """\
ambiguities:
- id: AMB-unreadable
  question: What answers a Get that is not allowed?
  readings:
  - {id: missing, says: "404", source: text}
  - {id: refused, says: "405", source: devices}
  accepted: {missing: pass, refused: warn}
  because: Both are seen.
  requirements: [DM-CMD-001]
"""
DEVIATION = "- {id: mute, says: Says nothing., breaks: [DM-CMD-001], level: must, area: nodes}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small folder of test cases without faults."""
    for name, text in {
        "requirements/dm.yaml": REQUIREMENTS, "ambiguities.yaml": AMBIGUITIES, "deviations/client.yaml": DEVIATION,
        "deviations/server.yaml": DEVIATION, "claims.yaml": "claims:\n- {id: http, pics: P-1, role: client, title: t}\n",
    }.items():  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    write_table(tmp_path, TABLE)
    write_lock(tmp_path)
    return tmp_path


def ours(root: Path) -> list[str]:
    """What lint says, without the path of the table."""
    return [line.removeprefix(f"{root}/client/demo/table.yaml:") for line in lint(root)]


def test_a_good_table_has_no_faults(root: Path) -> None:
    assert ours(root) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[DM-CMD-001]", "[DM-CMD-999]", "10: ensures: first: DM-CMD-999 is not in the catalogue"),
        ("[DM-CMD-001]", "[FUMO-EXEC-021]", "10: ensures: first: FUMO-EXEC-021 binds the server"),
        ("[DM-CMD-001]", "[]", "10: ensures: first: expected at least one requirement"),
        ("because: AMB", "because: XYZ", "12: because: second: XYZ"),
        ("twin: client/demo/table/first", "twin: client/demo/table/none", "12: twin: second: client/demo/table/none is no"),
        ("    twin: client/demo/table/first\n", "", "12: twin: second: a case that is invalid needs a valid twin"),
        ("    differs: the node\n", "", "12: differs: second: say in which one thing"),
        ("the device answers Get", "the device should answer", "10: title: first: say what happens"),
        ("the device answers Get", "the device answers Get.", "10: title: first: say what happens"),
        ("A table for the tests of lint.", "A table", "10: purpose: first: expected a sentence"),
        ("role: client", "role: client\nneeds: [flying]", "11: needs: first: 'flying' is no claim of claims.yaml"),
        ("role: client", "role: client\nneeds: {verbs: [fly]}", "11: needs: first: 'fly' is no verb for a client"),
        ("role: client", "role: client\nneeds: {packages: [nice]}", "11: needs: first: 'nice' is no purpose"),
        ("{object}/State", "{objet}/State", "10: steps: first: {objet} stands for nothing"),
        ("{object}/State", "{url:goods}", "10: needs: first: 'goods' is no purpose of a package"),
        ("{object}/State", "{weight:good}", "10: steps: first: {weight:good} stands for nothing"),
        ("  - session: any\n", "  - session: any\n  - hook: {verb: fly}\n", "11: needs: first: 'fly' is no verb"),
        ("  - session: any\n", "  - sesion: any\n", "6: steps[0]: step 1: expected exactly one of session, get"),
    ],
)
def test_faults(root: Path, old: str, new: str, expected: str) -> None:
    assert old in TABLE
    write_table(root, TABLE.replace(old, new, 1))
    found = ours(root)
    assert any(line.startswith(expected) for line in found), found


def test_ids_are_locked(root: Path) -> None:
    """An id is never dropped and never used again; a new one must be added."""
    lock = root / "ids.lock"
    write_table(root, TABLE.replace("id: second", "id: third"))
    found = ours(root)
    assert any(line.endswith("client/demo/table/third: is new; add it (python -m conformance.harness.lint --lock)")
               for line in found)  # fmt: skip
    assert any("client/demo/table/second: is gone; an id is never dropped" in line for line in found)
    assert write_lock(root) == 1
    lock.write_text(lock.read_text().replace("client/demo/table/second", "retired client/demo/table/second"))
    assert ours(root) == []
    write_table(root, TABLE)
    assert any("client/demo/table/second: was retired and is never used again" in line for line in ours(root))
    lock.unlink()
    assert any(line.endswith("ids.lock: the lock of ids is missing") for line in ours(root))


def test_the_suites_own_lock_has_every_id_once() -> None:
    ids = locked_ids(load_cases(own_cases()))
    assert len(set(ids)) == len(ids)


def test_a_broken_catalogue_and_claims_are_named(root: Path) -> None:
    (root / "claims.yaml").write_text("claims:\n  - {id: a, pics: P, role: client}\n")
    assert any("claims.yaml:2: claims[0]: " in line for line in lint(root))
    (root / "claims.yaml").write_text("claims: [\n")
    assert any("claims.yaml:" in line and "not YAML" in line for line in lint(root))


@pytest.mark.parametrize("text", ["", "[]", "claims: 5\n", "claims: [5]\n", "other: []\n"])
def test_a_claims_file_that_is_none(root: Path, text: str) -> None:
    (root / "claims.yaml").write_text(text)
    assert any("claims.yaml:" in line for line in lint(root))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DEVIATION.replace("DM-CMD-001", "DM-CMD-9"), "1: [0].breaks: mute: DM-CMD-9 is not in the catalogue"),
        (DEVIATION.replace("[DM-CMD-001]", "[]"), "1: [0].breaks: mute: expected one to three requirements"),
        (DEVIATION.replace("[DM-CMD-001]", "DM-CMD-001"), "1: [0].breaks: mute: expected one to three requirements"),
        ("- mute\n", "1: [0].breaks: mute: expected one to three requirements"),
        ("mute: 5\n", "1: expected a list of deviations"),
        ("[", "2: not YAML"),
    ],
)
def test_deviations(root: Path, text: str, expected: str) -> None:
    (root / "deviations" / "client.yaml").write_text(text)
    found = [line.removeprefix(f"{root}/deviations/client.yaml:") for line in lint(root)]
    assert len(found) == 1
    assert found[0].startswith(expected)


def test_missing_deviations(root: Path) -> None:
    (root / "deviations" / "server.yaml").unlink()
    assert lint(root) == [f"{root}/deviations/server.yaml: is missing"]


# -- explain and schema


def test_a_case_in_words() -> None:
    text = explain("client/flows/download-and-update/plain[xml-md5]")
    assert text.startswith("client/flows/download-and-update/plain\n======")
    for words in ("Purpose: ", "Implementation under test: client", "Multiplied by encoding: xml, wbxml", "(MUST, ",
                  "1. opens a session", "expected: status is 202", "(tolerated: "):  # fmt: skip
        assert words in text


def test_every_case_can_be_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    cases, catalogue = load_cases(own_cases()), load_catalogue(own_cases())
    monkeypatch.setattr("conformance.harness.explain.load_cases", lambda root: cases)
    monkeypatch.setattr("conformance.harness.explain.load_catalogue", lambda root: catalogue)
    for case in cases:
        text = explain(case.id)
        assert text.startswith(case.id)
        assert text.count("\n  1. ") == 1
        assert case.purpose in text


def test_an_unknown_case_has_a_neighbour() -> None:
    with pytest.raises(FileFault, match=r"there is no such case; did you mean client/flows/download-and-update/plain\?"):
        explain("client/flows/download-and-update/plian")


def test_the_published_schema_takes_every_case_file_and_no_misspelt_one() -> None:
    import jsonschema

    from conformance.harness.cases import case_files
    from conformance.harness.yamlfile import load

    validator = jsonschema.Draft202012Validator(schema_of("testcase"))
    for path in case_files(own_cases()):
        value = load(path).value
        assert not list(validator.iter_errors(value)), path
        assert list(validator.iter_errors({**value, "porpose": "x"}))
