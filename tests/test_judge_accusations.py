"""Nobody is accused of what another did: what the rules say of every transcript of their tables, against both sides.

A row of a table says which requirement is broken. Here is told what else is said of it, where, and that it is said of no
other message and of nobody else; a line that is not in ``tests/data/accusations.yaml`` is a false alarm until it was read.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from accusations import FILE, PROVING, accused, after, later, neutral, proved, scenes

WANTED: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SCENES = scenes()


def test_the_file_tells_of_every_row() -> None:
    assert list(WANTED["spoilt"]) == list(SCENES)
    assert list(WANTED["proved"]) == list(PROVING)


@pytest.mark.parametrize("name", SCENES)
def test_who_is_accused(name: str) -> None:
    """The file cannot be written so that it tells nothing of what its row is about."""
    found = accused(SCENES[name]())
    assert found == WANTED["spoilt"][name]
    requirement, side = name.split()[:2]
    assert any(line.startswith(f"{side} {requirement} ") for line in found)


@pytest.mark.parametrize("name", PROVING)
def test_what_is_proved_and_how_often(name: str) -> None:
    assert proved(PROVING[name]()) == WANTED["proved"][name]


def test_nobody_is_accused_of_a_session_in_which_everything_is_right() -> None:
    assert accused(neutral()) == []


APART = {
    "WBXML-009 client": "a body that cannot be read belongs to the session before it",
    "DM-V11-001 server": "its transcript is written in another version",
}


@pytest.mark.parametrize("name", [name for name in SCENES if name not in APART])
def test_what_came_before_changes_no_accusation(name: str) -> None:
    before = neutral()
    places = len(before.steps)
    assert accused(after(before, SCENES[name]())) == [later(line, places) for line in WANTED["spoilt"][name]]
