"""The requirement catalogue and the ambiguity ledger are complete, consistent, and refuse what is wrong in them."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections import Counter
from pathlib import Path

import jsonschema
import pytest

from conformance.harness.catalogue import COVERED, UNCOVERED, VALUES, Ambiguity, load_ambiguities, load_catalogue
from conformance.harness.yamlfile import FileFaults, load
from conformance.judge.finding import FAIL, UNCONFIRMED, WARN, Requirement, broken

ROOT = Path(__file__).parent.parent
CASES = ROOT / "testcases"
SCHEMAS = ROOT / "conformance" / "harness" / "schema"
FILES = [*sorted((CASES / "requirements").glob("*.yaml")), CASES / "ambiguities.yaml"]

# Numbered rows of the specifications: prefix and the last number, from 001 without a gap.
NUMBERED = {
    "FUMO-NODE": 25, "FUMO-STATE": 16, "FUMO-EXEC": 26, "FUMO-ALERT": 35, "FUMO-DL": 17, "FUMO-CI": 19, "FUMO-MULTI": 3,
    "FUMO-CLEAN": 3, "FUMO-SEC": 6, "FUMO-AD": 4, "FUMO-UI": 2, "FUMO-WM": 13,
    "DM-ENC": 12, "DM-HTTP": 6, "DM-TLS": 4, "DM-HDR": 14, "DM-SES": 18, "DM-ABT": 6, "DM-MSG": 9, "DM-LOB": 22,
    "DM-STA": 9, "DM-AUTH": 23, "DM-HMAC": 7, "DM-CMD": 31, "DM-ALERT": 14, "DM-UI": 16, "DM-TND": 17, "DM-LIST": 4,
    "DM-TNDS": 3, "DM-ACL": 10, "DM-STD": 10, "DM-NOTI": 15, "DM-BOOT": 4, "DM-V11": 3,
    "WBXML": 38, "DL": 36, "NOTI": 18, "PUSH": 10, "SMS": 5,
}  # fmt: skip
RESULT_CODES = "200 401D 401U 402 403 404 405 406 407 408 410 411 412 500 501 502 503 VEN BAD"
FLOWS = """
    a1 a2 a3 a4 a5 b c d F1 F1-alt1 F1-alt2 F2 F2-alt1 F2-dl F2-wrong-download F2-wrong-update F3 F3-alt1 F4 F4-alt1
    F5 F5-alt1 F5-alt2 F6 F6-accept F6-reject F6-cancel F6-timeout F6-no-ui F6-device-off F6-twice F6-restart F7
    U1 U2 U3 U4 U5
"""

REMEMBERED = (
    "DM-HTTP-001", "DM-HTTP-002", "DM-HDR-013", "DM-AUTH-016", "DM-AUTH-020", "DM-CMD-026", "DM-NOTI-014",
    "DM-V11-002", "DM-V11-003",
)  # fmt: skip
"""Written as MUST, but known from implementations only."""


def expected_ids() -> set[str]:
    ids = {f"{prefix}-{n:03d}" for prefix, last in NUMBERED.items() for n in range(1, last + 1)}
    ids |= {f"FUMO-RC-{code}" for code in RESULT_CODES.split()} | {f"AD-{flow}" for flow in FLOWS.split()}
    return ids | {"SUITE-ALIVE", "SUITE-REACHABLE", "SUITE-PLANNED", "SUITE-ENDS"}


@pytest.fixture(scope="module")
def catalogue() -> dict[str, Requirement]:
    return load_catalogue(CASES)


@pytest.fixture(scope="module")
def ambiguities(catalogue: dict[str, Requirement]) -> dict[str, Ambiguity]:
    return load_ambiguities(CASES, catalogue)


# ---- the data ------------------------------------------------------------------------------------------------------


def test_every_requirement_of_the_specifications_is_there(catalogue: dict[str, Requirement]) -> None:
    assert set(catalogue) == expected_ids()
    assert sum(name.startswith("DM-") for name in catalogue) == 257
    assert sum(name.startswith("FUMO-") for name in catalogue) == 188
    assert len(catalogue) == 257 + 188 + 107 + 38 + 4


def test_ids_are_unique_over_all_files() -> None:
    ids = [row["id"] for path in FILES[:-1] for row in load(path).value["requirements"]]
    assert [name for name, count in Counter(ids).items() if count > 1] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_file_obeys_its_schema_and_points_editors_to_it(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    match = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert match, first
    schema = (path.parent / match[1]).resolve()
    assert schema.parent == SCHEMAS
    rules = json.loads(schema.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(rules)
    assert [error.message for error in jsonschema.Draft202012Validator(rules).iter_errors(load(path).value)] == []


def test_schema_knows_the_words_of_the_loader() -> None:
    rules = json.loads((SCHEMAS / "requirements.schema.json").read_text(encoding="utf-8"))["$defs"]
    assert {key: tuple(rules[key]["enum"]) for key in VALUES} == VALUES
    assert tuple(rules["requirement"]["properties"]["cover"]["enum"]) == COVERED + UNCOVERED


def test_level_and_verdict_agree(catalogue: dict[str, Requirement]) -> None:
    for row in catalogue.values():
        assert row.verdict in {"must": ("fail", "warn"), "should": ("warn",), "may": ("note",)}[row.level], row
        assert row.basis != "memory" or row.verdict != "fail", row
        assert bool(row.because) == (row.basis == "derived" or (row.basis, row.level, row.verdict) == (
            "text", "must", "warn")), row  # fmt: skip


def test_what_is_only_remembered_never_fails_even_when_strict(catalogue: dict[str, Requirement]) -> None:
    for name in REMEMBERED:
        row = catalogue[name]
        assert (row.level, row.basis, row.verdict) == ("must", "memory", "warn")
        finding = broken(row, "this", "that", None, "", strict=True)
        assert finding is not None
        assert (finding.outcome, finding.cause) == (WARN, UNCONFIRMED)
    others = [row.id for row in catalogue.values() if row.id.startswith("DM-") and row.basis == "memory"]
    assert all(catalogue[name].level == "should" for name in others if name not in REMEMBERED)


@pytest.mark.parametrize(
    ("name", "role", "level", "basis", "verdict"),
    [
        ("FUMO-EXEC-002", "client", "must", "text", "fail"),
        ("FUMO-ALERT-008", "client", "must", "text", "fail"),
        ("FUMO-ALERT-011", "client", "should", "text", "warn"),
        ("FUMO-ALERT-026", "server", "must", "text", "fail"),
        ("FUMO-CI-008", "client", "should", "text", "warn"),
        ("FUMO-CI-001", "both", "may", "text", "note"),
        ("FUMO-NODE-014", "client", "must", "derived", "warn"),
        ("FUMO-NODE-018", "client", "must", "derived", "warn"),
        ("FUMO-SEC-004", "client", "must", "derived", "warn"),
        ("FUMO-RC-503", "client", "must", "derived", "fail"),
        ("FUMO-RC-BAD", "client", "must", "text", "fail"),
        ("FUMO-WM-005", "client", "must", "dialect", "fail"),
        ("DM-STA-002", "both", "must", "text", "fail"),
        ("DM-CMD-006", "client", "must", "text", "fail"),
        ("DM-ABT-005", "client", "should", "text", "warn"),
        ("DM-SES-017", "both", "may", "text", "note"),
        ("DM-STD-003", "client", "must", "text", "warn"),
        ("WBXML-003", "both", "must", "text", "fail"),
        ("DL-010", "client", "must", "memory", "warn"),
        ("DL-029", "client", "must", "text", "fail"),
        ("WBXML-037", "suite", "must", "derived", "fail"),
        ("AD-F6-restart", "server", "may", "derived", "note"),
        ("SUITE-ALIVE", "both", "must", "derived", "fail"),
    ],
)
def test_decided_rows(
    catalogue: dict[str, Requirement], name: str, role: str, level: str, basis: str, verdict: str
) -> None:
    row = catalogue[name]
    assert (row.role, row.level, row.basis, row.verdict) == (role, level, basis, verdict)


@pytest.mark.parametrize(
    "names",
    [
        "FUMO-EXEC 004 008 010 011 014 015 016 017 019", "FUMO-STATE 003 014", "FUMO-ALERT 015 016 019 022 023",
        "FUMO-SEC 001 002 003 005 006", "FUMO-MULTI 001 002 003", "FUMO-UI 001 002",
    ],
)  # fmt: skip
def test_what_follows_from_a_must_fails(catalogue: dict[str, Requirement], names: str) -> None:
    prefix, *numbers = names.split()
    for number in numbers:
        finding = broken(catalogue[f"{prefix}-{number}"], "this", "that", None, "")
        assert finding is not None
        assert finding.outcome == FAIL


def test_texts_read_well_and_stand_alone(catalogue: dict[str, Requirement]) -> None:
    texts = Counter(row.text for row in catalogue.values())
    assert [text for text, count in texts.items() if count > 1] == []
    abbreviated = re.compile(r"\b(?:DMPRO|DMREP|DMSEC|DMNOTI|DMTNDS?|DMSTD|DMBOOT|HTTPB|DLU|MEM)\b")
    for row in catalogue.values():
        assert row.text[0].isupper() or row.text[0] in '"', row
        assert row.text.endswith(".") and "  " not in row.text and "\n" not in row.text, row
        assert 20 <= len(row.text) <= 220, row
        assert not abbreviated.search(f"{row.section} {row.text} {row.because}"), row


def test_every_ambiguity_named_in_a_reason_exists(
    catalogue: dict[str, Requirement], ambiguities: dict[str, Ambiguity]
) -> None:
    named = {(row.id, name) for row in catalogue.values() for name in re.findall(r"AMB-[a-z0-9-]+", row.because)}
    assert named
    for row, name in named:
        assert row in ambiguities[name].requirements


def test_ambiguities_are_decided(catalogue: dict[str, Requirement], ambiguities: dict[str, Ambiguity]) -> None:
    assert len(ambiguities) >= 85
    for entry in ambiguities.values():
        assert set(entry.requirements) <= set(catalogue), entry
        assert len(entry.readings) >= 2 and set(entry.accepted) <= {reading.id for reading in entry.readings}, entry
        assert "pass" in entry.accepted.values(), entry
        assert entry.question.endswith("?") and entry.because.endswith("."), entry


def test_outcome_of_a_reading(ambiguities: dict[str, Ambiguity]) -> None:
    entry = ambiguities["AMB-cause-to-code"]
    assert [entry.outcome(name) for name in ("expected", "neighbour", "other-failure", "success", "undefined")] == [
        "pass", "pass", "warn", "fail", "fail",
    ]  # fmt: skip
    assert ambiguities["AMB-alert-source"].outcome("node") == "warn"
    assert {name for name in expected_ids() if re.fullmatch(r"FUMO-RC-[45]\d\d[DU]?", name)} == set(entry.requirements)


def test_loading_is_fast() -> None:
    def seconds() -> float:
        before = time.process_time()
        load_ambiguities(CASES, load_catalogue(CASES))
        return time.process_time() - before

    # About 45 ms on a desk machine; the limit leaves room for a slow one.
    assert min(seconds() for _ in range(3)) < 0.4


# ---- the loader ----------------------------------------------------------------------------------------------------

GOOD = """\
defaults: {role: client, level: must, basis: text, verdict: fail}
requirements:
- id: TEST-001
  section: Somewhere 1
  text: The first thing is so.
"""


def write(folder: Path, **files: str) -> Path:
    (folder / "requirements").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "requirements" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(FileFaults) as caught:
        load_catalogue(folder)
    return [str(fault).removeprefix(f"{folder / 'requirements'}/") for fault in caught.value.faults]


def test_row_takes_what_it_does_not_say_from_the_defaults(tmp_path: Path) -> None:
    row = "- id: TEST-002\n  section: Somewhere 2\n  text: The second may be so.\n  level: may\n  verdict: note\n"
    made = load_catalogue(write(tmp_path, a=GOOD + row))
    assert made["TEST-001"] == Requirement(
        "TEST-001", "client", "Somewhere 1", "The first thing is so.", "must", "text", "fail"
    )
    assert (made["TEST-002"].level, made["TEST-002"].verdict, made["TEST-002"].role) == ("may", "note", "client")


def test_reason_of_the_defaults_is_for_derived_rows_only(tmp_path: Path) -> None:
    text = GOOD.replace("verdict: fail}", "verdict: fail, because: It follows from all the others.}")
    text += "- id: TEST-002\n  section: Somewhere 2\n  text: The second thing is so.\n  basis: derived\n"
    made = load_catalogue(write(tmp_path, a=text))
    assert (made["TEST-001"].because, made["TEST-002"].because) == ("", "It follows from all the others.")


def test_same_id_in_two_files_is_refused(tmp_path: Path) -> None:
    assert faults_of(write(tmp_path, a=GOOD, b="\n" + GOOD)) == [
        "b.yaml:4: requirements[0].id: TEST-001 stands in a.yaml already"
    ]


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("  level: shall\n", "a.yaml:6: requirements[0].level: expected must or should or may, found 'shall'"),
        ("  level: should\n", "a.yaml:3: requirements[0].verdict: should leads to warn, not to fail"),
        ("  verdict: note\n", "a.yaml:6: requirements[0].verdict: must leads to fail or warn, not to note"),
        ("  basis: memory\n", "a.yaml:3: requirements[0].verdict: what rests on memory never fails"),
        ("  basis: derived\n", "requirements[0].because: a reason is missing"),
        ("  verdict: warn\n", "requirements[0].because: a reason is missing"),
        ("  because: It is so.\n", "a.yaml:6: requirements[0].because: only a derived row"),
        ("  cover: lazy\n", "a.yaml:6: requirements[0].cover: expected one of rule, case, both, implicit"),
        ("  colour: red\n", "a.yaml:6: requirements[0].colour: unknown key; expected one of id"),
        ("  role: [client]\n", "a.yaml:6: requirements[0].role: expected client or server"),
        ("  because: 7\n", "a.yaml:6: requirements[0].because: expected text"),
        ("- 7\n", "a.yaml:6: requirements[1]: expected a mapping"),
        ("- id: test-2\n  section: Somewhere\n  text: So.\n", "a.yaml:6: requirements[1].id: 'test-2' is no id"),
        ("- id: TEST-2\n  text: So.\n", "a.yaml:6: requirements[1]: section is missing"),
        ("colour: red\n", "a.yaml:6: colour: unknown key; expected defaults or requirements"),
    ],
)
def test_faulty_row_is_refused_with_its_place(tmp_path: Path, extra: str, expected: str) -> None:
    (found,) = faults_of(write(tmp_path, a=GOOD + extra))
    assert expected in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7\n", "a.yaml:1: expected a mapping with defaults and requirements"),
        ("", "a.yaml:1: expected a mapping with defaults and requirements"),
        ("requirements: []\n", "a.yaml:1: defaults: expected a mapping with role, level, basis, verdict"),
        (GOOD.replace("role: client, ", ""), "a.yaml:1: defaults: role is missing"),
        (GOOD.replace("role: client, ", "role: client, id: A-1, "), "a.yaml:1: defaults.id: this key has no default"),
        (GOOD.replace("basis: text", "basis: hearsay"), "a.yaml:1: defaults.basis: expected text or derived"),
        (GOOD.partition("requirements")[0] + "requirements: []\n", "a.yaml:2: requirements: expected a list of rows"),
        (GOOD.replace("- id", "- 'id"), "a.yaml:"),
    ],
)
def test_faulty_file_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    (found,) = faults_of(write(tmp_path, a=text))
    assert found.startswith(expected)


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder = write(tmp_path, a=GOOD + "  level: shall\n  basis: rumour\n", b=GOOD.replace("TEST-001", "seven"))
    assert [found.split(": ")[0] for found in faults_of(folder)] == ["a.yaml:6", "a.yaml:7", "b.yaml:3"]


def test_missing_catalogue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileFaults, match="no requirement catalogue"):
        load_catalogue(tmp_path)


AMBIGUITY = """\
ambiguities:
- id: AMB-test
  question: Which one?
  readings:
  - {id: one, says: the first, source: Somewhere 1}
  - {id: two, says: the second, source: none}
  accepted: {one: pass, two: warn}
  because: Both are printed.
  requirements: [SUITE-ALIVE]
"""


def test_good_ambiguity(tmp_path: Path, catalogue: dict[str, Requirement]) -> None:
    (tmp_path / "ambiguities.yaml").write_text(AMBIGUITY, encoding="utf-8")
    entry = load_ambiguities(tmp_path, catalogue)["AMB-test"]
    assert [entry.outcome(name) for name in ("one", "two", "three")] == ["pass", "warn", "fail"]
    assert [(reading.id, reading.source) for reading in entry.readings] == [("one", "Somewhere 1"), ("two", "none")]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("SUITE-ALIVE", "SUITE-DEAD", ":9: ambiguities[0].requirements[0]: 'SUITE-DEAD' is not in the catalogue"),
        ("[SUITE-ALIVE]", "[]", ":9: ambiguities[0].requirements: expected a list of ids"),
        ("two: warn", "three: warn", ":7: ambiguities[0].accepted.three: there is no such reading"),
        ("two: warn", "two: fail", ":7: ambiguities[0].accepted.two: expected pass or warn, found 'fail'"),
        ("{one: pass, two: warn}", "[one]", ":7: ambiguities[0].accepted: expected a mapping"),
        ("id: two", "id: one", ":6: ambiguities[0].readings[1]: 'one' is no name, or stands here twice"),
        (", source: none", "", ":6: ambiguities[0].readings[1]: expected the texts id, says, source"),
        ("AMB-test", "test", ":2: ambiguities[0].id: 'test' is no id"),
        ("  question: Which one?\n", "", ":2: ambiguities[0].question: question must be text"),
        ("because", "why", ":8: ambiguities[0].why: unknown key"),
    ],
)
def test_faulty_ambiguity_is_refused_with_its_place(
    tmp_path: Path, catalogue: dict[str, Requirement], old: str, new: str, expected: str
) -> None:
    assert old in AMBIGUITY
    (tmp_path / "ambiguities.yaml").write_text(AMBIGUITY.replace(old, new), encoding="utf-8")
    with pytest.raises(FileFaults) as caught:
        load_ambiguities(tmp_path, catalogue)
    assert expected in str(caught.value)


def test_same_ambiguity_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ambiguities.yaml").write_text(AMBIGUITY + AMBIGUITY.partition("\n")[2], encoding="utf-8")
    with pytest.raises(FileFaults, match=r":10: ambiguities\[1\]\.id: AMB-test stands here twice"):
        load_ambiguities(tmp_path)


def test_names_of_readings_are_unique_within_an_ambiguity(ambiguities: dict[str, Ambiguity]) -> None:
    for entry in ambiguities.values():
        assert all(one.id != two.id for one, two in itertools.combinations(entry.readings, 2)), entry
