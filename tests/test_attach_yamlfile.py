"""YAML files: what plain text means, where values stand, and what is refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from conformance.harness import yamlfile
from conformance.harness.yamlfile import FileFault, FileFaults, load, parse

PATH = Path("x.yaml")


def value(text: str) -> object:
    return parse(text.encode(), PATH).value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.2", "1.2"), ("1.10", "1.10"), ("no", "no"), ("on", "on"), ("yes", "yes"), ("True", "True"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"), ("007", "007"), ("1_000", "1_000"), ("+5", "+5"), ("1e3", "1e3"), (".inf", ".inf"),
        ("2020-01-01", "2020-01-01"), ("12:30:45", "12:30:45"), ("<<", "<<"), ("=", "="), ("None", "None"),
        ("true", True), ("false", False), ("0", 0), ("12", 12), ("-7", -7), ("null", None), ("~", None),
        ("'12'", "12"), ('"true"', "true"), ("!!str 12", "12"), ("!!int 12", 12),
    ],
)  # fmt: skip
def test_plain_text_means_little(text: str, expected: object) -> None:
    found = value(f"a: {text}")
    assert found == {"a": expected}
    assert type(found["a"]) is type(expected)  # type: ignore[index]


def test_keys_keep_their_text_and_numbers_may_be_keys() -> None:
    assert value("on: 1\n1100: a\n1.2: b\n") == {"on": 1, 1100: "a", "1.2": "b"}


def test_empty_files_have_no_value() -> None:
    document = parse(b"# nothing\n", PATH)
    assert document.value is None
    assert document.where("a", 1) == (1, 1)


def test_values_have_places() -> None:
    document = parse(b"a: 1\nb:\n  - x\n  - {c: 2,\n     d: 3}\n", PATH)
    assert document.where() == (1, 1)
    assert document.where("a") == (1, 1)
    assert document.where("b") == (2, 1)
    assert document.where("b", 0) == (3, 5)
    assert document.where("b", 1) == (4, 5)
    assert document.where("b", 1, "d") == (5, 6)


def test_what_is_missing_has_the_place_of_what_it_is_missing_from() -> None:
    document = parse(b"x: 0\na:\n  b: 1\n", PATH)
    assert document.where("a", "c") == (2, 1)
    assert document.where("a", "b", "c", 4) == (3, 3)
    assert document.where("a", 7) == (2, 1)


def test_aliases_are_copies() -> None:
    found = value("a: &a [1]\nb: *a\n")
    assert found == {"a": [1], "b": [1]}
    assert found["a"] is not found["b"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: 1\nb: [1, 2\n", 3, "not YAML"),
        ("a: b: c", 1, "not YAML"),
        ("a: 1\nb: 2\na: 3\n", 3, "stands twice"),
        ("a:\n  - {b: 1, b: 2}\n", 2, "stands twice"),
        ("a: 1\nb: !!python/object/apply:os.system [x]\n", 2, "tag"),
        ("a: !!set {b}", 1, "tag"),
        ("a: !!map [1]", 1, "tag"),
        ("a: !!int x", 1, "does not fit"),
        ("a: !own x", 1, "tag"),
        ("a: 1\n---\nb: 1", 2, "second document"),
        ("a: 1\nb: *c", 2, "no anchor &c"),
        ("a: 1\nb: &b [*b]", 2, "alias stands inside"),
        ("true: 1", 1, "a key must be"),
        ("~: 1", 1, "a key must be"),
        ("? [1]\n: 2", 1, "a key must be"),
        ("a: 1\nb: \x01", 2, "character"),
        ("a: " + "1" * 101, 1, "digits"),
        ("[" * 100_000, 1, "nested deeper"),
        ("- " * 100_000, 1, "nested deeper"),
        ("{a: " * 100_000, 1, "nested deeper"),
        ("? " * 100_000, 1, "nested deeper"),
    ],
)
def test_what_is_no_yaml_of_ours_is_refused_with_its_line(text: str, line: int, what: str) -> None:
    with pytest.raises(FileFault, match=what) as caught:
        value(text)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"x.yaml:{line}: ")


def test_octets_that_are_no_text_are_refused_with_their_line() -> None:
    with pytest.raises(FileFault, match="UTF-8") as caught:
        parse(b"a: 1\nb: 2\nc: \xff\n", PATH)
    assert caught.value.line == 3


def test_aliases_do_not_explode() -> None:
    lines = ["k0: &k0 [1,1,1,1,1,1,1,1,1,1]"]
    lines += [f"k{i}: &k{i} [{','.join([f'*k{i - 1}'] * 10)}]" for i in range(1, 12)]
    with pytest.raises(FileFault, match="200000 values"):
        value("\n".join(lines))


def test_aliases_do_not_nest_deeper_than_anything_else() -> None:
    lines = ["k0: &k0 [1]"] + [f"k{i}: &k{i} [*k{i - 1}]" for i in range(1, 100)]
    with pytest.raises(FileFault, match="nested deeper"):
        value("\n".join(lines))


def test_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yamlfile, "MAX_OCTETS", 100)
    path = tmp_path / "long.yaml"
    path.write_text("a: 1\n" * 30)
    with pytest.raises(FileFault, match="longer than 100 octets"):
        load(path)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    path = tmp_path / "no.yaml"
    with pytest.raises(FileFault) as caught:
        load(path)
    assert str(caught.value) == f"{path}: cannot be read: No such file or directory"


def test_faults_read_as_file_line_key_and_what() -> None:
    one = parse(b"a: 1\nb: [x, y]\n", PATH).fault("wrong", "b", 1)
    assert (one.path, one.line, one.key, one.what) == (PATH, 2, "b[1]", "wrong")
    assert str(one) == "x.yaml:2: b[1]: wrong"
    both = FileFaults([one, FileFault(PATH, 0, "", "odd")])
    assert str(both) == "x.yaml:2: b[1]: wrong\nx.yaml: odd"
    assert isinstance(one, ValueError) and isinstance(both, ValueError)
    assert str(pickle.loads(pickle.dumps(both))) == str(both)


def test_the_digest_is_that_of_the_octets(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"abc")
    assert load(path).digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
