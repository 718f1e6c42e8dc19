"""Judging a long session costs as much per message as judging a short one: executed lines are counted, not seconds."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

import pytest
from judge_builder import OBJECT, Script, answers, basic, dev_info, item, md5_chal, report, results

from conformance.judge.rule import registered
from conformance.judge.session import sessions
from conformance.syncml.model import Alert, Get, Replace
from conformance.transcript import Transcript

SHORT, TIMES = 30, 4
"""Rounds of the short script, and how often longer the long one is."""
MARGIN = 1.5
"""What a part may cost more than in proportion: quadratic work costs ``TIMES`` as much more."""
FEW = 2000
"""Lines below which a part does not matter."""


def talk(rounds: int) -> Script:
    """Gets and their Results, then a download and a report at the end."""
    script = Script()
    last = script.client(Alert(data="1201"), dev_info(), cred=basic())
    for count in range(rounds):
        get = Get(items=[item(f"./Some/N{count}")])
        asked = script.server(*answers(last, "212" if count == 0 else "200"), get)
        last = script.client(*answers(asked), results(asked, get, item(f"./Some/N{count}", "1", source=True, format="chr")))
    script.server(*answers(last))
    return script


def download(rounds: int) -> Script:
    """A large object to the device."""
    script = Script()
    last = script.client(Alert(data="1201"), dev_info(), cred=basic())
    for count in range(rounds):
        more = count < rounds - 1
        meta = {"format": "chr", "type": "text/plain", **({"size": str(10 * rounds)} if not count else {})}
        chunk = Replace(items=[item("./Some/Node", f"{count:010}", more=more, **meta)])
        sent = script.server(*answers(last, "200" if count else "212"), chunk, final=not more)
        asks = [Alert(data="1222")] if more else []
        last = script.client(*answers(sent, "200", Replace="213" if more else "200"), *asks, final=not more)
    script.server(*answers(last))
    return script


def upload(rounds: int) -> Script:
    """Large Results of the device."""
    script = Script()
    first = script.client(Alert(data="1201"), dev_info(), cred=basic())
    get = Get(items=[item("./Some/Node")])
    asked = sent = script.server(*answers(first, "212"), get)
    for count in range(rounds):
        more = count < rounds - 1
        size = {"size": str(10 * rounds)} if not count else {}
        piece = item("./Some/Node", f"{count:010}", source=True, more=more, format="chr", type="text/plain", **size)
        said = script.client(*answers(sent), results(asked, get, piece), final=not more)
        asks = [Alert(data="1222")] if more else []
        sent = script.server(*answers(said), *asks, final=not more)
    return script


def stubborn(rounds: int) -> Script:
    """Challenges without end."""
    script = Script()
    for _ in range(rounds):
        said = script.client(Alert(data="1201"), dev_info(), cred=basic())
        script.server(*answers(said, "401", md5_chal(), Alert="401", Replace="401"))
    return script


def nightly(rounds: int) -> Script:
    """Many short sessions, each with a report."""
    script = Script()
    for count in range(rounds):
        script.open(str(count + 1))
        said = script.client(Alert(data="1201"), dev_info(), report("update"), cred=basic())
        get = Get(items=[item(f"{OBJECT}/State")])
        asked = script.server(*answers(said, "212"), get)
        told = results(asked, get, item(f"{OBJECT}/State", "10", source=True, format="int"))
        script.server(*answers(script.client(*answers(asked), told)))
    return script


def lines(transcript: Transcript, side: str) -> Counter[CodeType]:
    """How often lines of each function of ours run while one side of the transcript is judged."""
    from judge_builder import CATALOGUE

    from conformance.judge.rule import standing

    counted: Counter[CodeType] = Counter()

    def trace(frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        if "/conformance/judge/" not in frame.f_code.co_filename.replace("\\", "/"):
            return None
        counted[frame.f_code] += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        standing(transcript, side, CATALOGUE, objects=(OBJECT,))
    finally:
        sys.settrace(before)
    return counted


def dear(short: Counter[CodeType], long: Counter[CodeType]) -> dict[str, float]:
    """The functions that cost more than in proportion, and by how much."""
    return {
        f"{code.co_filename.rpartition('/')[2]}:{code.co_firstlineno} {code.co_name}": round(count / short[code] / TIMES, 2)
        for code, count in long.items()
        if count > FEW and count > short[code] * TIMES * MARGIN
    }


@pytest.mark.parametrize("side", ["client", "server"])
@pytest.mark.parametrize("made", [talk, download, upload, stubborn, nightly])
def test_judging_is_linear(made: Callable[[int], Script], side: str) -> None:
    short, long = made(SHORT).transcript(), made(SHORT * TIMES).transcript()
    for event in [*short, *long]:
        event.decoded()
    assert registered() and sessions(short)
    found = dear(lines(short, side), lines(long, side))
    assert not found, found


def test_quadratic_work_is_seen() -> None:
    def counted(rounds: int) -> Counter[CodeType]:
        return Counter({test_quadratic_work_is_seen.__code__: rounds * rounds})

    assert dear(counted(SHORT), counted(SHORT * TIMES))
