"""What came before does not hide a breach: each is seen behind sessions in which nothing is wrong, or nothing can be."""

from __future__ import annotations

import pytest
from judge_builder import Script, Step, alerted, commanded, item, large, report
from judge_seen import listed, property_got
from test_judge_expected import ROWS
from test_judge_parts import executed, run, told

from conformance.judge.finding import PASS
from conformance.syncml.model import Add, Alert, Atomic, Delete, Exec, Get, Replace, Sequence

EXCUSED = ("FUMO-EXEC-015",)
"""Where an Exec that came before changes the matter: another operation may have been told to fetch the same."""


def before() -> list[Step]:
    """Sessions that conform, of many kinds."""
    script = Script()
    executed(script, run("Update", "early"), Exec="406")
    executed(script, run("Update", "first"))
    told(script, report("update", "200", "first"))
    block = Sequence(commands=[Replace(items=[item("./V/B", "1", format="chr")])])
    many = commanded(
        Get(items=[item("./V/Nope")]), Delete(items=[item("./V/Nope")]), Exec(items=[item("./V/Go")], correlator="v"), block,
        Add(items=[item("./V/A", "x", format="chr")]), Atomic(commands=[Replace(items=[item("./V/C", "1", format="chr")])]),
        Get="404", Delete="404",
    )  # fmt: skip
    event = Alert(data="1224", items=[item("./V/E", "x", source=True, type="text/plain", format="chr")])
    found: list[Step] = []
    for place, each in enumerate((script, alerted(event), many, property_got("Format", "chr"), listed(), large())):
        for step in each.steps:
            assert isinstance(step, Step)
            step.message.header.session_id = f"9{place}{step.message.header.session_id}"
            step.data["exchange"] = f"before {place} {step.data['exchange']}"
            found.append(step)
    return found


@pytest.mark.parametrize("requirement", sorted(ROWS.keys() - set(EXCUSED)))
def test_a_breach_is_seen_behind_other_sessions(requirement: str) -> None:
    """One row of each table that breaks the requirement."""
    for _, side, base, spoil in ROWS[requirement]:
        script = base()
        spoil(script)
        alone = {(f.outcome, f.event, f.actual) for f in script.judge(side) if f.requirement == requirement and f.outcome != PASS}
        if not alone:
            continue
        first = before()
        script.steps[:0] = first
        behind = {(f.outcome, (f.event or 0) - len(first), f.actual) for f in script.judge(side) if f.requirement == requirement}
        assert alone <= behind, side
        break


def test_nothing_is_wrong_in_the_sessions_before() -> None:
    script = Script()
    script.steps = list(before())
    for side in ("client", "server"):
        assert [(f.requirement, f.outcome, f.actual, f.message) for f in script.judge(side) if f.outcome != PASS] == []
