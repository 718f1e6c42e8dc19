"""What the rules say of every transcript of their tables: whom they accuse of what, at which message, and what is proved.

``tests/data/accusations.yaml`` holds it for each transcript that is spoilt in one thing, and for some that obey.
``python3 -m tests.accusations`` writes the file anew; what changed in it is to be read line by line against the requirement
before it is kept: a line that accuses somebody of what he did not do is a false alarm, and a line that is gone a breach unseen.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import yaml

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))

import judge_builder as builder
import judge_seen
import test_judge_rules_dm as dm
import test_judge_rules_fumo as fumo
import test_judge_rules_seen as seen
import test_judge_rules_sessions as sessions
import test_judge_rules_tree as tree
import test_judge_rules_trigger as trigger
from judge_builder import CATALOGUE, Script, Step

from conformance.judge.finding import CAUSES, PASS
from conformance.syncml.model import Add, Alert, Delete, Get, Item, Replace, Sequence

FILE = Path(__file__).parent / "data" / "accusations.yaml"
SIDES = ("client", "server")
Row = tuple[str, str, Callable[[], Script], Callable[[Script], Any]]


def _rows() -> Iterator[Row]:
    yield from ((row.requirement, row.side, row.base, row.spoil) for row in dm.ROWS)
    for module in (seen, fumo, sessions, tree):
        yield from (row[:4] for row in module.ROWS)
    yield from ((row[0], "server", row[1], row[2]) for row in trigger.ROWS)


def scenes() -> dict[str, Callable[[], Script]]:
    """What makes each spoilt transcript of the tables, by the requirement and the side that its row is about."""
    found: dict[str, Callable[[], Script]] = {}
    for requirement, side, base, spoil in _rows():
        names = (f"{requirement} {side}", *(f"{requirement} {side} {n}" for n in range(2, 99)))
        found[next(name for name in names if name not in found)] = partial(_spoilt, base, spoil)
    return found


def _spoilt(base: Callable[[], Script], spoil: Callable[[Script], Any]) -> Script:
    script = base()
    spoil(script)
    return script


def accused(script: Script) -> list[str]:
    """What the rules say against both sides, one line for each finding. Each says what it is about and what was expected."""
    lines = []
    for side in SIDES:
        for f in script.judge(side):
            if f.outcome != PASS:
                assert f.message not in ("", "nothing") and f.expected not in ("", None), f
                assert f.level == CATALOGUE[f.requirement].level and f.cause in (None, *CAUSES), f
                lines.append(f"{side} {f.requirement} {f.outcome} at {f.event}: {f.actual}")
    return lines


def neutral() -> Script:
    """A session in which everything is right and nothing is about firmware, credentials or large objects."""
    script = Script()
    script.open("99")
    script.label = "before"
    event = Alert(data="1224", items=[builder.item("./Some/Thing", "x", source=True, type=builder.TEXT, format="chr")])
    one = script.client(Alert(data="1201"), builder.dev_info(), event, cred=builder.basic())
    get = Get(items=[builder.item("./DevInfo/Man")])
    two = script.server(
        *builder.answers(one, "212"), Alert(data="1100", items=[Item(data=""), Item(data="Hello")]), get,
        Add(items=[builder.item("./A/B", "x", format="chr")]), Delete(items=[builder.item("./A/C")]),
        Sequence(commands=[Replace(items=[builder.item("./A/D", "QUJD", format="b64")])]),
    )  # fmt: skip
    three = script.client(*builder.answers(two), builder.results(two, get, builder.item("./DevInfo/Man", "Acme", source=True)))
    script.server(*builder.answers(three))
    return script


def after(first: Script, then: Script) -> Script:
    """One transcript after another."""
    for step in then.steps:
        if isinstance(step, Step) and "exchange" in step.data:
            step.data["exchange"] += first.exchange
    then.steps = [*first.steps, *then.steps]
    return then


def later(line: str, by: int) -> str:
    """A line of :func:`accused` with another event."""
    return re.sub(r" at (\d+):", lambda found: f" at {int(found[1]) + by}:", line, count=1)


def proved(script: Script) -> dict[str, str]:
    """For each side the requirements that a transcript proves, those of one number of times together."""
    made = {}
    for side in SIDES:
        times: dict[int, list[str]] = {}
        for f in script.judge(side):
            if f.outcome == PASS:
                often = f.message.removeprefix("obeyed ").removesuffix(" times")
                times.setdefault(1 if often == "once" else int(often), []).append(f.requirement)
        made[side] = {often: " ".join(sorted(found)) for often, found in sorted(times.items())}
    return made


PROVING: dict[str, Callable[[], Script]] = {
    "an update": builder.update,
    "an update in WBXML": judge_seen.wbxml,
    "md5 on both sides": builder.challenged,
    "a MAC on both sides": builder.with_mac,
    "a large object": builder.large,
    "large Results": builder.upload,
    "the client aborts": lambda: builder.aborted("client"),
    "the server aborts": lambda: builder.aborted("server"),
    "a download by descriptor": lambda: judge_seen.fetched("client"),
    "a descriptor of the server": lambda: judge_seen.fetched("server"),
    "a session after its trigger": judge_seen.after_trigger,
    "two operations": fumo.two_operations,
}
"""Transcripts that obey, of which it is said what they prove."""


def told() -> dict[str, Any]:
    """The contents of the file as the rules are now."""
    return {
        "proved": {name: proved(base()) for name, base in PROVING.items()},
        "spoilt": {name: accused(spoilt()) for name, spoilt in scenes().items()},
    }


if __name__ == "__main__":
    FILE.write_text(yaml.safe_dump(told(), sort_keys=False, allow_unicode=True, width=136), encoding="utf-8")
