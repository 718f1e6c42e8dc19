"""A device that says what it does not have is tried on that: operations, a display, large objects, several objects."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from conformance.harness.cases import Case, load_cases
from conformance.harness.embedded import embedded_iut
from conformance.harness.iut import load_iut
from conformance.harness.places import testcases as data
from conformance.harness.run import Options, Run, in_order
from conformance.peers.deviants import name_of

CASES = {case.id: case for case in load_cases(data())}


def played(folder: Path, wanted: str, claims: dict[str, bool], *deviations: str, objects: int = 1) -> list[tuple[str, list[str]]]:
    """Outcome and broken requirements of each permutation of a case, for a device that makes these claims."""
    adapter = f"conformance.peers.deviants:{name_of('client', *deviations)}" if deviations else None
    path = embedded_iut(folder / "iut", "client", adapter or "conformance.peers.adapters:DeviceAdapter")
    described = yaml.safe_load(path.read_text(encoding="utf-8"))
    described["claims"] |= claims
    described["fumo"]["objects"] = [f"./FwUpdate/Main{n or ''}" for n in range(objects)]
    path.write_text(yaml.safe_dump(described), encoding="utf-8")
    iut = load_iut(path)
    run = Run([iut], Options(folder))
    case: Case = CASES[wanted]
    found = []
    try:
        for chosen in in_order(run.selector(iut).choose([case])):
            if chosen.selected:
                line = run.do(chosen)
                broken = [f["requirement"] for f in line["findings"] if f["outcome"] in ("fail", "warn")]
                found.append((line["verdict"], broken))
    finally:
        run.close()
    return found


@pytest.mark.parametrize(
    ("wanted", "claims"),
    [
        ("client/interaction/form/no-display", {"ui": False}),
        ("client/interaction/form/nobody-to-confirm", {"ui": False}),
        ("client/interaction/form/known-or-refused", {"ui": False}),
        ("client/interaction/form/question-or-refused", {"ui": False}),
        ("client/interaction/form/choice-or-refused", {"ui": False}),
        ("client/exec/decisions/lacks-download", {"download": False}),
        ("client/exec/decisions/lacks-download-and-update", {"download-and-update": False}),
        ("client/exec/decisions/lacks-update", {"update": False, "pkgdata": False}),
        ("client/alerts/reports/short-messages", {"large-objects": False}),
    ],
)
def test_what_is_not_there_is_refused(tmp_path: Path, wanted: str, claims: dict[str, bool]) -> None:
    """DM-UI-001, FUMO-UI-002, FUMO-RC-408, FUMO-NODE-023, FUMO-ALERT-017."""
    found = played(tmp_path, wanted, claims)
    assert found
    assert all(line == ("pass", []) for line in found), found
    assert played(tmp_path / "with", wanted, dict.fromkeys(claims, True)) == [] or wanted.endswith("-or-refused")


def test_one_object_leaves_the_other_alone(tmp_path: Path) -> None:
    """FUMO-MULTI-001."""
    found = played(tmp_path, "client/nodes/operations/other-object", {"several-objects": True}, objects=2)
    assert found
    assert all(line == ("pass", []) for line in found), found


def test_a_claim_that_is_not_mentioned_is_not_denied(tmp_path: Path) -> None:
    """Silence of a conformance statement does not say that something is not there."""
    path = embedded_iut(tmp_path / "iut", "client", "conformance.peers.adapters:DeviceAdapter")
    described = yaml.safe_load(path.read_text(encoding="utf-8"))
    del described["claims"]["ui"]
    path.write_text(yaml.safe_dump(described), encoding="utf-8")
    run = Run([load_iut(path)], Options(tmp_path))
    chosen = run.selector(run.iuts[0]).choose([CASES["client/interaction/form/no-display"]])
    run.close()
    assert [each.cause for each in chosen] == ["claims", "claims"]
    assert not any(each.selected for each in chosen)
