"""Standing rules of what a device shows of its tree that no other module of tests has: secrets, unknown properties."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from judge_builder import Script, Step, answers, basic, dev_info, item, results

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.syncml.model import Alert, Get, Results, Status

Base = Callable[[], Script]
Spoil = Callable[[Script], object]


def got(uri: str, code: str) -> Script:
    """A Get that is answered with a code, and with Results where that is 200. Step 2 is the answer."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    get = Get(items=[item(uri)])
    two = script.server(*answers(one, "212"), get)
    told = [results(two, get, item(uri, "", source=True))] if code == "200" else []
    statuses = answers(two)
    statuses[1].data = code
    script.server(*answers(script.client(*statuses, *told)))
    return script


def shows(script: Script) -> None:
    step = script.steps[2]
    assert isinstance(step, Step)
    step.one(Results).items[0].data = "s3cret"


def succeeds(script: Script) -> None:
    step = script.steps[2]
    assert isinstance(step, Step)
    [command for command in step.message.commands if isinstance(command, Status)][1].data = "200"


ROWS: list[tuple[str, str, Base, Spoil, str]] = [
    ("DM-STD-006", "client", lambda: got("./DMAcc/Server/AppAuth/1/AAuthSecret", "200"), shows, WARN),
    ("DM-TND-006", "client", lambda: got("./DevInfo/DevId?prop=Colour", "406"), succeeds, FAIL),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[0]))
def test_rule(row: tuple[str, str, Base, Spoil, str]) -> None:
    requirement, side, base, spoil, outcome = row
    script = base()
    assert {f.outcome for f in script.judge(side) if f.requirement == requirement} == {PASS}
    spoil(script)
    assert {f.outcome for f in script.judge(side) if f.requirement == requirement} == {outcome}
