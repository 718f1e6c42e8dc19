"""Each application of a rule names an event of the transcript: what is proved rests on something that came."""

from __future__ import annotations

import pytest
from judge_builder import OBJECT, Script
from test_judge_expected import ROWS

from conformance.judge.rule import View, registered

NOWHERE = ("DM-AUTH-019",)
"""What the whole of a session keeps, and no message of it."""


def places(script: Script, side: str, requirement: str) -> list[int | None]:
    """The events that the rules of a requirement name, obeyed or not."""
    view = View(script.transcript(), side, (OBJECT,))
    rules = [rule for rule in registered() if requirement in rule.requirements and side in rule.sides]
    return [hit.event for rule in rules for hit in rule.check(view) if (hit.requirement or rule.requirements[0]) == requirement]


@pytest.mark.parametrize("requirement", sorted(ROWS))
def test_an_application_names_its_event(requirement: str) -> None:
    applied = 0
    for _, side, base, spoil in ROWS[requirement]:
        for change in (lambda script: None, spoil):
            script = base()
            change(script)
            found = places(script, side, requirement)
            applied += len(found)
            assert all(1 <= (place or 0) <= len(script.steps) for place in found) or requirement in NOWHERE
    assert applied, "some row applies it"
