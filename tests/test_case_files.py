"""Case files: what is read from them, and what is said of a wrong one: file, line, key, what."""

from __future__ import annotations

from pathlib import Path

import pytest
from casetables import GOOD, cases_of, faults_of, write_table

from conformance.harness.cases import is_case_file, load_cases, permutations, place, read_cases, root_of, substitute
from conformance.harness.places import testcases as own_cases
from conformance.harness.yamlfile import FileFault, FileFaults


def test_a_table_becomes_cases(tmp_path: Path) -> None:
    first, second = cases_of(tmp_path)
    assert (first.id, first.row, first.suite, first.theme) == (
        "client/demo/table/first", "first", "client/demo/table", "demo",
    )
    assert (first.kind, first.level, first.requirements) == ("valid", "must", ("DM-CMD-001",))
    assert first.steps[1]["get"] == "./DevInfo/DevId"
    assert second.steps[1]["get"] == "./DevInfo/Man"
    assert (first.line, second.line) == (11, 13)


def test_the_suites_own_cases_are_all_good_and_have_ids_of_their_own() -> None:
    cases = load_cases(own_cases())
    ids = [permutation.id for case in cases for permutation in permutations(case)]
    assert len(ids) == len(set(ids)) > 200
    assert len(cases) >= 60


# -- what is wrong with a table -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("purpose:", "porpose:", ["2: porpose: unknown key; expected one of suite", "1: purpose: purpose is missing"]),
        ("suite: client/demo/table", "suite: client/demo/tabel", ["1: suite: expected 'client/demo/table': the path"]),
        ("role: client", "role: server", ["3: role: expected 'client': the folder of the file"]),
        ("role: client", "role: device", ["3: role: expected client or server"]),
        ("role: client\n", "", ["1: role: expected client or server"]),
        ("purpose: What a table looks like.", "purpose: [a]", ["2: purpose: expected a text"]),
        ("ensures: [DM-CMD-001]", "ensures: DM-CMD-001", ["4: ensures: expected a list of texts"]),
        ("ensures: [DM-CMD-001]", "ensures: [1]", ["4: ensures: expected a list of texts"]),
        ("ensures: [DM-CMD-001]", "axes: [xml]", ["4: axes: expected a mapping"]),
        ("ensures: [DM-CMD-001]", "needs: http", ["4: needs: expected a list of claims or a mapping"]),
        ("ensures: [DM-CMD-001]", "needs: {claim: [http]}", ["4: needs.claim: unknown key; expected some of claims"]),
        ("ensures: [DM-CMD-001]", "needs: {claims: http}", ["4: needs.claims: expected a list of texts"]),
        ("ensures: [DM-CMD-001]", "risk: [powercut]", ["4: risk: 'powercut' is no risk; expected some of power-cut"]),
        ("ensures: [DM-CMD-001]", "kind: nice", ["4: kind: expected one of valid, invalid, inopportune"]),
        ("ensures: [DM-CMD-001]", "level: always", ["4: level: expected one of must, should, may"]),
        ("ensures: [DM-CMD-001]", "twin: [x]", ["4: twin: expected a text"]),
        ("defaults: {node: ./DevInfo/DevId}", "defaults: text", ["9: defaults: expected a mapping"]),
        ("defaults: {node: ./DevInfo/DevId}\n", "", ["10: cases[0]: no value for ${node}"]),
        ("  - id: first\n", "  - id: First\n", ["11: cases[0]: expected a row with an id in lower-kebab"]),
        ("  - id: first\n", "  - name: first\n", ["11: cases[0]: expected a row with an id in lower-kebab"]),
        ("title: the device answers\n", f"title: {'x' * 61}\n", ["12: cases[0].title: expected a title of 1 to 60"]),
        ("    title: the device answers\n", "", ["11: cases[0].title: expected a title of 1 to 60 characters"]),
        ("    node: ./DevInfo/Man", "    nod: ./DevInfo/Man", ["15: cases[1].nod: unknown key; no step uses ${nod}"]),
        ("    node: ./DevInfo/Man", "    kind: bad", ["15: cases[1].kind: expected one of valid, invalid"]),
        ("    node: ./DevInfo/Man", "    steps: get", ["15: cases[1].steps: expected a list"]),
        ("    node: ./DevInfo/Man", "    steps: []", ["15: cases[1].steps: expected a list of steps"]),
        ("    node: ./DevInfo/Man", "    axes: {encoding: [jsn]}", ["15: cases[1].axes.encoding: 'jsn' is no encoding"]),
        ("ensures: [DM-CMD-001]", "axes: {encoding: [xml, xml]}", ["4: axes.encoding: expected one or more values"]),
        ("ensures: [DM-CMD-001]", "axes: {encoding: []}", ["4: axes.encoding: expected one or more values"]),
        ("ensures: [DM-CMD-001]", "axes: {way: [a b]}", ["4: axes.way: 'a b' cannot stand in an id"]),
    ],
)
def test_a_wrong_key_or_value_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, expected: list[str]
) -> None:
    assert old in GOOD
    found = faults_of(tmp_path, GOOD.replace(old, new, 1))
    assert len(found) == len(expected), found
    for line, start in zip(found, expected, strict=True):
        assert line.startswith(start)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("get: {nod: ./X}", ["get: unknown key 'nod'; expected one of node, nodes, items", "get: node or nodes or items is missing"]),
        ("get:", ["get: node or nodes or items is missing"]),
        ("get: [./A, ./B]", ["get: expected a mapping"]),
        ("gett: ./X", ["expected exactly one of session, get"]),
        ("{get: ./X, exec: ./Y}", ["expected exactly one of session, get"]),
        ("text", ["expected a mapping"]),
        ("session: sometimes", ["session: 'sometimes' is none of any, server-initiated"]),
        ("session:", ["session: kind is missing"]),
        ("replace: ./X", ["replace: expected a mapping"]),
        ("replace: {data: x}", ["replace: node or items is missing"]),
        ("copy: {node: ./X}", ["copy: from or items is missing"]),
        ("alert: {text: hello}", ["alert: code is missing"]),
        ("content: {at: x, fault: explode}", ["content: fault: 'explode' is none of none, status"]),
        ("content: {at: x}", ["content: fault is missing"]),
        ("await: {alert: upgrade}", ["await: alert: 'upgrade' is none of download, update"]),
        ("hook: {given: {}}", ["hook: verb is missing"]),
        ("campaign: {way: download}", ["campaign is no step of a client case"]),
        ("sequence: {get: ./X}", ["sequence: expected a list of commands"]),
        ("sequence: [session: any]", ["sequence holds commands only"]),
        ("sequence: [replace: {}]", ["replace: node or items is missing"]),
        ("{get: ./X, expect: 200}", ["get: expect: expected a mapping"]),
        ("{get: ./X, expect: {statu: 200}}", ["get: expect: unknown key 'statu'; expected one of status"]),
        ("{get: ./X, expect: {status: {expects: 200}}}", ["get: expect.status: unknown key 'expects'"]),
        ("{get: ./X, expect: {status: {expect: 200, accept: [202]}}}", ["get: expect.status: accept needs because"]),
        ("{get: ./X, expect: {status: {class: good}}}", ["get: expect.status: class is success or error"]),
        ("{get: ./X, expect: {status: {matches: '('}}}", ["get: expect.status: matches is no regular expression"]),
        ("{get: ./X, expect: {status: {expect: 200, ensures: [A]}}}", ["get: expect.status: ensures: expected the id"]),
        ("{get: ./X, ensures: [A, B]}", ["get: ensures: expected a text"]),
        ("{get: ./X, optional: maybe}", ["get: optional: expected true or false"]),
    ],
)  # fmt: skip
def test_a_wrong_step_is_named_at_its_own_line(tmp_path: Path, step: str, expected: list[str]) -> None:
    found = faults_of(tmp_path, GOOD.replace("  - session: any", f"  - session: any\n  - {step}"))
    assert len(found) == len(expected), found
    for line, what in zip(found, expected, strict=True):
        assert line.startswith(f"7: steps[1]: step 2: {what}")


def test_all_that_is_wrong_is_said_at_once_and_what_rows_share_only_once(tmp_path: Path) -> None:
    text = GOOD.replace("get: ${node}", "gett: ${node}").replace("    title: the device answers again\n", "")
    found = faults_of(tmp_path, text)
    assert [line.split(":")[0] for line in found] == ["7", "13"]


def test_a_row_key_that_only_another_value_uses_is_known(tmp_path: Path) -> None:
    text = GOOD.replace("    node: ./DevInfo/Man", "    node: ./DevInfo/${leaf}\n    leaf: Mod")
    assert cases_of(tmp_path, text)[1].steps[1]["get"] == "./DevInfo/Mod"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1: expected a table"),
        ("- suite\n", "1: expected a table"),
        ("suite: client/demo/table\npurpose: x\nrole: client\ncases: 5\n", "4: cases: expected a list"),
        ("suite: client/demo/table\npurpose: x\nrole: client\ncases: {a: b}\n", "4: cases: expected a list"),
        ("suite: client/demo/table\npurpose: x\nrole: client\ncases: [5]\n", "4: cases[0]: expected a row with an id"),
        ("suite: client/demo/table\npurpose: x\nrole: client\ncases: [{id: a, title: b}]\n", "1: steps: expected a list"),
    ],
)
def test_a_table_that_is_none(tmp_path: Path, text: str, expected: str) -> None:
    found = faults_of(tmp_path, text)
    assert len(found) == 1
    assert found[0].startswith(expected)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("suite: [\n", 2, "not YAML"),
        ("suite: a\nsuite: b\n", 2, "suite: this key stands twice"),
        ("suite: !!python/object:os.system x\n", 1, "is not supported"),
    ],
)
def test_a_file_that_is_no_yaml_of_ours(tmp_path: Path, text: str, line: int, what: str) -> None:
    path = write_table(tmp_path, text)
    with pytest.raises(FileFault) as caught:
        read_cases(path, tmp_path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert what in str(caught.value)


def test_faults_of_all_files_are_said_together(tmp_path: Path) -> None:
    one = write_table(tmp_path, GOOD.replace("role: client", "role: nobody"))
    two = write_table(tmp_path, "suite: [\n", "server/demo/other")
    with pytest.raises(FileFaults) as caught:
        load_cases(tmp_path)
    assert {fault.path for fault in caught.value.faults} == {one, two}


def test_an_id_stands_once(tmp_path: Path) -> None:
    write_table(tmp_path, GOOD.replace("id: second", "id: first"))
    with pytest.raises(FileFaults, match=r"table.yaml:13: id: client/demo/table/first stands in .*table.yaml as well"):
        load_cases(tmp_path)


# -- needs and risks -------------------------------------------------------------------------------------------------------


def test_needs_of_table_and_row_are_added_and_packages_found_in_the_steps(tmp_path: Path) -> None:
    text = (
        GOOD.replace("ensures: [DM-CMD-001]", "ensures: [DM-CMD-001]\nneeds: [http]")
        .replace("    node: ./DevInfo/Man", "    node: '{url:corrupted}'\n    needs: {verbs: [consent], claims: [ui]}")
    )
    first, second = cases_of(tmp_path, text)
    assert (first.needs.claims, first.needs.verbs, first.needs.packages, first.risks) == (("http",), (), (), ())
    assert (second.needs.claims, second.needs.verbs) == (("http", "ui"), ("consent",))
    assert (second.needs.packages, second.risks) == (("corrupted",), ("bad-image",))


def test_an_address_that_refuses_is_no_package_and_power_cycle_is_a_risk(tmp_path: Path) -> None:
    text = GOOD.replace("  - session: any", "  - hook: {verb: power_cycle, given: {at: now}}").replace(
        "./DevInfo/Man", "'{url:refused}'"
    )
    assert [(case.needs.packages, case.risks) for case in cases_of(tmp_path, text)] == [((), ("power-cut",))] * 2


# -- permutations ----------------------------------------------------------------------------------------------------------

AXES = "axes: {encoding: [xml, wbxml], authentication: [basic, md5, hmac], way: [a, b]}\nsteps:"


def test_permutations_multiply_the_axes(tmp_path: Path) -> None:
    case = cases_of(tmp_path, GOOD.replace("steps:", AXES, 1))[0]
    every = permutations(case)
    assert len({permutation.id for permutation in every}) == 12
    assert every[0].id == "client/demo/table/first[xml-basic-a]"
    assert dict(every[-1].values) == {"encoding": "wbxml", "authentication": "hmac", "way": "b"}
    assert [permutation.id for permutation in permutations(case, "one")] == [every[0].id]


def test_pairwise_has_every_pair_with_fewer_permutations(tmp_path: Path) -> None:
    case = cases_of(tmp_path, GOOD.replace("steps:", AXES, 1))[0]
    chosen = permutations(case, "pairwise")
    assert 6 <= len(chosen) < 12

    def pairs(mode: str) -> set[tuple[tuple[str, str], ...]]:
        values = [sorted(permutation.values.items()) for permutation in permutations(case, mode)]
        return {(v[i], v[j]) for v in values for i in range(3) for j in range(i)}

    assert pairs("pairwise") == pairs("all")


def test_a_case_without_axes_has_one_permutation_with_its_own_id(tmp_path: Path) -> None:
    case = cases_of(tmp_path)[0]
    for mode in ("all", "pairwise", "one"):
        assert [permutation.id for permutation in permutations(case, mode)] == [case.id]


def test_an_axis_of_a_row_multiplies_that_row_and_fills_its_steps(tmp_path: Path) -> None:
    text = GOOD.replace("    node: ./DevInfo/Man", "    axes: {leaf: [Man, Mod]}\n    node: ./DevInfo/${leaf}")
    first, second = cases_of(tmp_path, text)
    assert len(permutations(first)) == 1
    assert [p.steps()[1]["get"] for p in permutations(second)] == ["./DevInfo/Man", "./DevInfo/Mod"]


# -- putting values in -------------------------------------------------------------------------------------------------------


def test_substitute_keeps_the_type_of_a_value_that_stands_alone() -> None:
    values = {"codes": [40, 50], "name": "x", "flag": True}
    assert substitute({"a": "${codes}", "b": ["${name}/y"], "c": "${flag}", "d": "${other}", "e": 5}, values) == {
        "a": [40, 50], "b": ["x/y"], "c": True, "d": "${other}", "e": 5,
    }  # fmt: skip


def test_place_fills_what_it_knows_and_leaves_the_rest() -> None:
    places = {"object": "./F", "url:good": "http://h/{object}"}
    assert place({"a": ["{object}/State", "{url:good}", "{url:other}", 7]}, places) == {
        "a": ["./F/State", "http://h/{object}", "{url:other}", 7]
    }


# -- whose files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "ours"),
    [
        ("client/x/t.yaml", "# comment\n\nsuite: client/x/t\n", True),
        ("elsewhere/t.yaml", "suite: client/x/t\n", True),
        ("client/x/t.yaml", "suite: misspelt\n", True),
        ("charts/t.yaml", "suite: test deployment\ntemplates: [a.yaml]\n", False),
        ("client/x/t.yaml", "suites: client\n", False),
        ("client/x/t.yaml", "name: x\nsuite: client/x/t\n", False),
        ("client/x/t.yaml", "", False),
        ("client/x/t.yaml", "\ufeffkey: value\n", False),
    ],
)
def test_a_foreign_yaml_file_is_not_ours(tmp_path: Path, name: str, text: str, ours: bool) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    assert is_case_file(path) is ours


def test_octets_that_are_no_text_and_missing_files_are_not_ours(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"suite: \xff\xfe")
    assert not is_case_file(tmp_path / "a.yaml")
    assert not is_case_file(tmp_path / "b.yaml")


@pytest.mark.parametrize("above", ["project", "client/project", "server", "client/server"])
def test_a_case_file_is_found_its_root_wherever_it_lies(tmp_path: Path, above: str) -> None:
    root = tmp_path / above / "testcases"
    path = write_table(root)
    assert root_of(path) == root
    assert len(read_cases(path)) == 2


def test_the_root_of_a_file_with_a_wrong_suite_is_above_the_nearest_role(tmp_path: Path) -> None:
    path = write_table(tmp_path / "client" / "mine", GOOD.replace("suite: client/demo/table", "suite: wrong"))
    assert root_of(path) == tmp_path / "client" / "mine"
