"""Which permutations apply to an implementation, and what is said of the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from casetables import GOOD, cases_of
from iutfiles import CLIENT, SERVER, iut

from conformance.harness.places import testcases as own_cases
from conformance.harness.run import in_order
from conformance.harness.selection import Chosen, Selector, claimed, load_claims, nearest, read_patterns
from conformance.harness.yamlfile import FileFault

ROOT = Path(__file__).resolve().parent.parent
CLAIMS = load_claims(own_cases())
TABLE = GOOD.replace("ensures: [DM-CMD-001]", "ensures: [DM-CMD-001]\naxes: {encoding: [xml, wbxml]}")


def chosen(folder: Path, text: str = TABLE, *patterns: str, base: dict[str, Any] = CLIENT, **changes: Any) -> list[Chosen]:
    """What is decided of the table for an implementation."""
    return Selector(iut(folder, base, **changes), CLAIMS, patterns).choose(cases_of(folder, text))


def test_what_is_not_offered_does_not_run(tmp_path: Path) -> None:
    found = chosen(tmp_path, dm__encodings=["xml"])
    assert [(c.permutation.suffix, c.selected, c.cause) for c in found] == [
        ("[xml]", True, ""), ("[wbxml]", False, "claims"), ("[xml]", True, ""), ("[wbxml]", False, "claims"),
    ]  # fmt: skip
    assert found[1].reason == "encoding wbxml is not offered (dm.encodings)"


def test_authentication_and_version_are_offers_too(tmp_path: Path) -> None:
    text = GOOD.replace("steps:", "axes: {authentication: [md5, hmac], version: ['1.2', '1.1.2']}\nsteps:", 1)
    found = chosen(tmp_path, text)
    assert [c.selected for c in found[:4]] == [True, False, False, False]
    assert found[1].reason == "version 1.1.2 is not offered (dm.versions)"
    assert found[2].reason == "authentication hmac is not offered (dm.authentication)"


def test_the_other_role_is_left_out_altogether(tmp_path: Path) -> None:
    assert chosen(tmp_path, base=SERVER) == []


@pytest.mark.parametrize(("says", "runs"), [({"http": False}, False), ({"http": True}, True), ({}, True)])
def test_a_claim_that_is_denied_excludes(tmp_path: Path, says: dict[str, bool], runs: bool) -> None:
    """What a statement does not mention is found out when the case is played."""
    text = GOOD.replace("role: client", "role: client\nneeds: [http]")
    found = chosen(tmp_path, text, claims=says)
    assert [c.selected for c in found] == [runs, runs]
    if not runs:
        assert (found[0].cause, found[0].reason) == ("claims", "needs the claim http: download of a package by plain HTTP")


@pytest.mark.parametrize("spelling", ["download-and-update", "PICS-F-C08"])
@pytest.mark.parametrize(("value", "meant"), [(True, True), (False, False), ("yes", True), ("no", False)])
def test_a_claim_may_be_named_by_either_id(tmp_path: Path, spelling: str, value: object, meant: bool) -> None:
    made = iut(tmp_path, claims={spelling: value})
    assert claimed(made, CLAIMS, "download-and-update") is meant
    assert claimed(made, CLAIMS, "ui") is None


def test_a_risk_that_is_not_granted_excludes(tmp_path: Path) -> None:
    text = GOOD.replace("role: client", "role: client\nrisk: [downgrade]")
    assert [(c.cause, c.reason) for c in chosen(tmp_path, text)[:1]] == [("risk", "attach.allow does not grant downgrade")]
    assert all(c.selected for c in chosen(tmp_path, text, attach__allow=["downgrade"]))


def test_a_missing_package_excludes_and_a_corrupted_one_is_made_from_a_good_one(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"a")
    text = GOOD.replace("./DevInfo/Man", "'{url:corrupted}'")
    allowed = {"attach__allow": ["bad-image"]}
    assert [c.cause for c in chosen(tmp_path, text, **allowed)] == ["", "package"]
    assert chosen(tmp_path, text, **allowed)[1].reason == "the IUT file gives no package corrupted"
    assert all(c.selected for c in chosen(tmp_path, text, packages={"good": "a.bin"}, **allowed))


# -- patterns ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "rows"),
    [
        ("client/demo/table/first[xml]", ["first[xml]"]),
        ("client/demo/table/first", ["first[xml]", "first[wbxml]"]),
        ("client/demo/table", ["first[xml]", "first[wbxml]", "second[xml]", "second[wbxml]"]),
        ("client/demo/", ["first[xml]", "first[wbxml]", "second[xml]", "second[wbxml]"]),
        ("client/demo/tab", []),
        ("client/*/table/second*", ["second[xml]", "second[wbxml]"]),
        ("**[xml]", ["first[xml]", "second[xml]"]),
        ("**/second", ["second[xml]", "second[wbxml]"]),
        ("client/*", []),
        ("client/**", ["first[xml]", "first[wbxml]", "second[xml]", "second[wbxml]"]),
        ("client/demo/table/f?rst", ["first[xml]", "first[wbxml]"]),
        ("nothing", []),
    ],
)
def test_patterns(tmp_path: Path, pattern: str, rows: list[str]) -> None:
    found = chosen(tmp_path, TABLE, pattern)
    assert [c.permutation.id.rsplit("/", 1)[1] for c in found] == rows


def test_patterns_add_up_and_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "wanted").write_text("# a comment\n\nclient/demo/table/first[xml]\n  **second[wbxml]\n")
    assert read_patterns([f"@{tmp_path / 'wanted'}", "more"]) == ["client/demo/table/first[xml]", "**second[wbxml]", "more"]
    assert len(chosen(tmp_path, TABLE, f"@{tmp_path / 'wanted'}")) == 2


@pytest.mark.parametrize("mode", ["one", "sample", "pairwise"])
def test_some_permutations_are_chosen_among_those_that_apply(tmp_path: Path, mode: str) -> None:
    ensures = "ensures: [DM-CMD-001]"
    text = GOOD.replace(ensures, f"{ensures}\naxes: {{authentication: [none, basic, md5], encoding: [wbxml, xml]}}")
    selector = Selector(iut(tmp_path, dm__encodings=["xml"], dm__authentication=["md5"]), CLAIMS, mode=mode)
    found = selector.choose(cases_of(tmp_path, text))
    assert {(c.permutation.suffix, c.selected) for c in found} == {("[md5-xml]", True)}
    nothing = Selector(iut(tmp_path, dm__encodings=["xml"], dm__authentication=["hmac"]), CLAIMS, mode=mode)
    assert not any(c.selected for c in nothing.choose(cases_of(tmp_path, text))) and nothing.choose(cases_of(tmp_path, text))


def test_a_pattern_that_selects_nothing_has_a_neighbour(tmp_path: Path) -> None:
    cases = cases_of(tmp_path)
    assert nearest("client/demo/table/frist", cases) == "client/demo/table/first"
    assert nearest("second", cases) == "client/demo/table/second"
    assert nearest("zzzzzz", cases) == ""


def test_sanity_cases_stand_around_their_theme(tmp_path: Path) -> None:
    sanity = GOOD.replace("demo/table", "demo/sanity").replace("id: second", "id: last")
    cases = [*cases_of(tmp_path), *cases_of(tmp_path, sanity, "client/demo/sanity")]
    selector = Selector(iut(tmp_path), CLAIMS)
    rows = [(c.permutation.case.suite.rsplit("/", 1)[1], c.permutation.case.row) for c in in_order(selector.choose(cases))]
    assert rows == [("sanity", "first"), ("table", "first"), ("table", "second"), ("sanity", "last")]


def test_the_guide_for_servers_names_every_claim_and_what_holds_without_it() -> None:
    guide = (ROOT / "docs" / "attach-your-server.md").read_text("utf-8")
    held, rest = guide[guide.index("- `claims` says") : guide.index("- `notify` is where")].split("these do\n", 1)
    mine = {claim.id: claim.default for claim in CLAIMS.values() if claim.role == "server"}
    assert {name for name, default in mine.items() if f"`{name}`" in held} == {n for n, d in mine.items() if d == "yes"}
    assert {name for name in mine if f"`{name}`" in rest} == {name for name, default in mine.items() if default != "yes"}


def test_a_claims_file_with_a_wrong_key_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "claims.yaml").write_text("claims:\n  - {id: a, pics: P, role: client, title: t}\n  - {id: b, pix: P}\n")
    with pytest.raises(FileFault, match=r"claims\.yaml:3: claims\[1\]: "):
        load_claims(tmp_path)
