"""Negative cases and their twins: in what the suite sends, a case differs from its twin in one place.

What is compared are the *acting* steps: those by which the suite sends or arranges something. Steps that only look (Get, State,
reports, fetches ...) follow from what is expected and may differ. Two rows that fill the same steps of their table differ in
values of the row alone. For any other pair the acting steps must be the same but for one run of them.

``python3 -m tests.twins`` writes the pairs that differ in more, and those whose twin needs claims that the case does not, into
``tests/twins_apart.txt``; each new line there is a decision.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from conformance.harness.cases import Case, load_cases
from conformance.harness.vocabulary import STEPS, kind_of
from conformance.harness.yamlfile import load

ROOT = Path(__file__).resolve().parent.parent
LIST = Path(__file__).with_name("twins_apart.txt")
LOOKING = frozenset(
    ("get", "state", "firmware", "await", "quiet", "fetched", "reported", "commanded", "answered", "outcome", "trigger", "operate",
     "close", "settled", "next-update")
)  # fmt: skip
"""Steps that look at what came of others, let it come to its end, or see that things go on afterwards."""
_SAID = ("expect", "ensures", "note", "optional")
"""What a step says of its answer: it sends nothing."""


def sent(case: Case) -> list[dict[str, Any]]:
    """The steps of a case without what is expected of them."""
    return [{key: value for key, value in step.items() if key not in _SAID} for step in case.steps]


def acting(case: Case) -> list[str]:
    """The acting steps, each as a text to compare."""
    return [json.dumps(step, sort_keys=True) for step in sent(case) if kind_of(step) not in LOOKING]


def interruptions(case: Case) -> list[str]:
    """The steps at which the case may break off. It does so at one of them: together they are one thing."""
    return [json.dumps(step, sort_keys=True) for step in sent(case) if kind_of(step) == "interrupt"]


@cache
def _with_steps(path: Path) -> frozenset[str]:
    """The rows of a table that have steps of their own."""
    return frozenset(row["id"] for row in load(path).value["cases"] if "steps" in row)


def rows_of_one_table(case: Case, twin: Case) -> bool:
    """Whether both fill the same steps: they differ in values of the row, and in nothing else."""
    return case.file == twin.file and not {case.row, twin.row} & _with_steps(case.file)


def places(case: Case, twin: Case) -> list[list[str]]:
    """The places in which the acting steps differ: for each the kinds of the steps there, in both of them."""
    mine, its = ([text for text in acting(each) if text not in interruptions(each)] for each in (case, twin))
    found = [["interrupt"]] if interruptions(case) != interruptions(twin) else []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, its, mine, autojunk=False).get_opcodes():
        if tag != "equal":
            kinds = [kind_of(json.loads(text)) for text in its[i1:i2] + mine[j1:j2]]
            found.append(sorted({str(kind) for kind in kinds}))
    return found


def pairs(cases: Iterable[Case]) -> list[tuple[Case, Case]]:
    """Every case that is wrong or inopportune, with its twin."""
    by_id = {case.id: case for case in cases}
    return [(case, by_id[case.twin]) for case in by_id.values() if case.kind != "valid"]


def apart(case: Case, twin: Case) -> str:
    """In which places a pair differs, where there is more than one: ``content; exec, hook``. "" where it is as it should be."""
    found = [] if rows_of_one_table(case, twin) else places(case, twin)
    return "; ".join(", ".join(kinds) for kinds in found) if len(found) > 1 else ""


def more_needed(case: Case, twin: Case) -> str:
    """Claims that the twin needs and the case does not: where they do not hold, the case stands without its twin."""
    return ", ".join(sorted(set(twin.needs.claims) - set(case.needs.claims)))


def lines(cases: Iterable[Case]) -> list[str]:
    """What the list must hold."""
    made = []
    for case, twin in pairs(cases):
        made += [f"places {case.id} {twin.id}: {why}"] if (why := apart(case, twin)) else []
        made += [f"claims {case.id} {twin.id}: {why}"] if (why := more_needed(case, twin)) else []
    return sorted(made)


HEAD = "# Pairs of a negative case and its twin that differ in more than one place, or whose twin needs more (tests/twins.py).\n"

if __name__ == "__main__":
    assert set(STEPS) >= LOOKING
    told = lines(load_cases(ROOT / "testcases"))
    LIST.write_text(HEAD + "\n".join(told) + "\n", encoding="utf-8")
    print(len(told), "lines")
