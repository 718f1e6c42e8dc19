"""Negative cases and their twins: in what the suite sends, a case differs from its twin in one place.

What is compared are the *acting* steps: those by which the suite sends or arranges something. Steps that only look (Get, State,
reports, fetches ...) follow from what is expected and may differ. One place is a step in the place of another, or steps in a row
that only one of the two has. What does not count: sessions for looking, a fault of the content server that is none, and the end of
a case in which it takes back what it did and sees that things go on.

``python3 -m tests.twins`` writes the pairs that differ in more, and those whose twin needs claims that the case does not, into
``tests/twins_apart.txt``; each line there needs a reason in ``tests/twins_reasons.yaml``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any, TypeVar

from conformance.harness.cases import Case, load_cases
from conformance.harness.vocabulary import STEPS, kind_of
from conformance.harness.yamlfile import load

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
LIST = Path(__file__).with_name("twins_apart.txt")
REASONS = Path(__file__).with_name("twins_reasons.yaml")
LOOKING = frozenset(
    ("get", "state", "firmware", "await", "quiet", "fetched", "reported", "commanded", "answered", "outcome", "trigger", "operate",
     "close", "settled", "next-update")
)  # fmt: skip
"""Steps that look at what came of others, let it come to its end, or see that things go on afterwards."""
_SAID = ("expect", "ensures", "note", "optional")
"""What a step says of its answer: it sends nothing."""


def _without_said(value: Any) -> Any:
    """A step, or what stands in one, without what is expected of the answers: commands stand inside of others, too. Numbers as texts."""
    if isinstance(value, dict):
        return {key: _without_said(each) for key, each in value.items() if key not in _SAID}
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return [_without_said(each) for each in value] if isinstance(value, list) else value


def sent(case: Case) -> list[dict[str, Any]]:
    """The steps of a case without what is expected of them. The form of messages is a step of its own, wherever it is said."""
    return [each for step in case.steps for each in _form_apart(_without_default(_without_said(step)))]


def _without_default(step: dict[str, Any]) -> dict[str, Any]:
    """A campaign has no descriptor, whether that is said or not."""
    told = step.get("campaign")
    return {"campaign": {key: value for key, value in told.items() if (key, value) != ("descriptor", False)}} if told else step


def _form_apart(step: dict[str, Any]) -> list[dict[str, Any]]:
    told = step.get("session")
    options = told.get("with", {}) if isinstance(told, dict) else {}
    form = {key: value for key, value in options.items() if key in ("xml", "wbxml")} if isinstance(options, dict) else {}
    if not form:
        return [step]
    rest = {key: value for key, value in options.items() if key not in form}
    return [{"session": told | {"with": rest} if rest else told["kind"]}, {"form": form}]


def _plain_session(step: dict[str, Any]) -> bool:
    """Whether it is a session in which the suite does nothing special."""
    return kind_of(step) == "session" and not (isinstance(step["session"], dict) and "with" in step["session"])


def _looks(step: dict[str, Any]) -> bool:
    """Whether a step acts not. What a device of the suite says of an operation is of its doing."""
    return kind_of(step) in LOOKING and not (kind_of(step) == "operate" and step["operate"])


def looked_in(steps: Sequence[dict[str, Any]]) -> set[int]:
    """Where later sessions stand that are there for looking: plain ones in which nothing acts, up to the next session.

    The first session of a case, or its trigger, is none of them: in it the case begins. What breaks off counts for itself.
    """
    found = set()
    sessions = [at for at, step in enumerate(steps) if kind_of(step) in ("session", "notify")]
    for at, end in pairwise([*sessions[1:], len(steps)]):
        if _plain_session(steps[at]) and all(_looks(step) or kind_of(step) == "interrupt" for step in steps[at + 1 : end]):
            found.add(at)
    return found


def _taken_back(step: dict[str, Any]) -> bool:
    """Whether a step makes things as they are by themselves."""
    values = step.get("device", {}).values() if kind_of(step) == "device" else [step.get("content", {}).get("fault")]
    return kind_of(step) in ("device", "content") and all(value in ("none", "right", "", {}) for value in values)


def aftermath(steps: Sequence[dict[str, Any]]) -> int:
    """Where that begins by which a case sees in the end that things go on: it takes back what it did, or lets others come.

    From there on nothing acts but plain sessions and further devices. The number of steps where there is no such end.
    """
    begins = len(steps)
    for at in range(len(steps) - 1, -1, -1):
        ends = _taken_back(steps[at]) or kind_of(steps[at]) == "crowd"
        if not (ends or _plain_session(steps[at]) or _looks(steps[at])):
            break
        begins = at if ends else begins
    return begins


def acting(case: Case, *, looking: bool = False) -> list[str]:
    """The acting steps, each as a text to compare; with ``looking`` the sessions too that are there for looking."""
    steps = sent(case)
    steps = steps[: aftermath(steps)]
    passed = idle(steps) | (set() if looking else looked_in(steps))
    made: list[dict[str, Any]] = []
    for at, step in enumerate(steps):
        if at in passed or _looks(step) or _never(step):
            continue
        if made and (_certain(step) or _unfinished(steps[at - 1])):
            made[-1] = {**made[-1], "note": step}
        else:
            made.append(step)
    return [json.dumps(step, sort_keys=True) for step in made]


def _certain(step: dict[str, Any]) -> bool:
    """Whether the case breaks off here in any case: then this is how the step before it ends."""
    told = step.get("interrupt", {})
    return bool(told) and told["at"] == told["here"]


def _unfinished(step: dict[str, Any]) -> bool:
    """Whether only some pieces of an object went out: what comes in the place of the rest belongs to it."""
    told = step.get(kind_of(step))
    return isinstance(told, dict) and "interrupt" in told


def idle(steps: Sequence[dict[str, Any]]) -> set[int]:
    """Where the content server is told to do at an address what it does there anyway: a row's place for a fault, left empty."""
    faulty, found = set(), set()
    for at, step in enumerate(steps):
        if kind_of(step) == "content":
            where = step["content"]["at"]
            if not _taken_back(step):
                faulty.add(where)
            elif where not in faulty:
                found.add(at)
    return found


def _never(step: dict[str, Any]) -> bool:
    """Whether it is a place to break off at which the case never does."""
    told = step.get("interrupt", {})
    return bool(told) and told["at"] != told["here"] and "$" not in told["at"]


def places(case: Case, twin: Case) -> list[list[str]]:
    """The places in which the acting steps differ: for each the kinds of the steps there, in both of them.

    Steps at which a case may break off are one place together, for it does so at one of them. Sessions that are there for looking
    may be laid beside others, or left out. An axis stands for rows: one of its values is compared. What gives least counts.
    """
    ways = product((False, True), _filled(case), _filled(twin))
    return min((_places(mine, its, looking) for looking, mine, its in ways), key=len)


STANDARD = frozenset(("encoding", "authentication", "version"))
"""Axes that the steps do not see."""


def _filled(case: Case) -> Iterator[Case]:
    """The case with each combination of the values of its own axes that its acting steps use."""
    texts = json.dumps(sent(case))
    own = {name: values for name, values in case.axes.items() if name not in STANDARD and f"${{{name}}}" in texts}
    if any(kind_of(step) == "interrupt" for step in case.steps):
        own = {}
    for values in product(*own.values()):
        filled = texts
        for name, value in zip(own, values, strict=True):
            filled = filled.replace(f'"${{{name}}}"', json.dumps(value)).replace(f"${{{name}}}", str(value))
        yield replace(case, steps=tuple(json.loads(filled)))


def _places(case: Case, twin: Case, looking: bool) -> list[list[str]]:
    mine, its = ([(text, str(kind_of(json.loads(text)))) for text in acting(each, looking=looking)] for each in (case, twin))
    breaks = [[pair for pair in each if pair[1] == "interrupt"] for each in (mine, its)]
    found = [["interrupt"]] if breaks[0] != breaks[1] else []
    mine, its = ([pair for pair in each if pair[1] != "interrupt"] for each in (mine, its))
    for before, after in differing(its, mine):
        found += _apart([kind for _, kind in before], [kind for _, kind in after])
    return found


def _apart(before: list[str], after: list[str]) -> list[list[str]]:
    """How many things a run is, by the kinds of its steps: what is added or left out is one, and so is each step in place of another."""
    both = min(len(before), len(after))
    found = [sorted({one, other}) for one, other in zip(before[:both], after[:both], strict=True)]
    rest = before[both:] + after[both:]
    return [*found, sorted(set(rest))] if rest else found


def differing(before: Sequence[T], after: Sequence[T]) -> list[tuple[list[T], list[T]]]:
    """The runs in which two lists differ: what stands there in the one and in the other.

    Of the ways to lay them beside each other, that in which most is the same, and of those that with the fewest runs.
    """
    best: dict[tuple[int, int, bool], tuple[int, int]] = {}
    """By where one is in both, and whether in a run: how many are the same from there on, and how many runs begin (less than 0)."""
    for i in range(len(before), -1, -1):
        for j in range(len(after), -1, -1):
            for inside in (False, True):
                best[i, j, inside] = max((score for score, _ in _ways(before, after, best, (i, j, inside))), default=(0, 0))
    runs: list[tuple[list[T], list[T]]] = []
    at = (0, 0, False)
    while at[:2] != (len(before), len(after)):
        step = next(step for score, step in _ways(before, after, best, at) if score == best[at])
        if step[2]:
            runs += [] if at[2] else [([], [])]
            runs[-1][0].extend(before[at[0] : step[0]])
            runs[-1][1].extend(after[at[1] : step[1]])
        at = step
    return runs


def _ways(
    before: Sequence[T], after: Sequence[T], best: dict[tuple[int, int, bool], tuple[int, int]], at: tuple[int, int, bool]
) -> Iterator[tuple[tuple[int, int], tuple[int, int, bool]]]:
    """How one can go on from a place, and what comes of it."""
    i, j, inside = at
    if i < len(before) and j < len(after) and before[i] == after[j]:
        same, runs = best[i + 1, j + 1, False]
        yield (same + 1, runs), (i + 1, j + 1, False)
    for step in ((i + 1, j, True), (i, j + 1, True)):
        if step[0] <= len(before) and step[1] <= len(after):
            same, runs = best[step]
            yield (same, runs - (not inside)), step


def pairs(cases: Iterable[Case]) -> list[tuple[Case, Case]]:
    """Every case that is wrong or inopportune, with its twin."""
    by_id = {case.id: case for case in cases}
    return [(case, by_id[case.twin]) for case in by_id.values() if case.kind != "valid"]


def apart(case: Case, twin: Case) -> str:
    """In which places a pair differs, where there is more than one: ``content; exec, hook``. "" where it is as it should be."""
    found = places(case, twin)
    return "; ".join(", ".join(kinds) for kinds in found) if len(found) > 1 else ""


def more_needed(case: Case, twin: Case) -> str:
    """Claims and verbs that the twin needs and the case does not: where they do not hold, the case stands without its twin.

    So it does where the two are never played alike: an axis of the suite in which they have no value in common.
    """
    needed = {*twin.needs.claims, *twin.needs.verbs} - {*case.needs.claims, *case.needs.verbs}
    both = STANDARD & set(case.axes) & set(twin.axes)
    return ", ".join(sorted(needed | {axis for axis in both if set(case.axes[axis]).isdisjoint(twin.axes[axis])}))


def lines(cases: Iterable[Case]) -> list[str]:
    """What the list must hold."""
    made = []
    for case, twin in pairs(cases):
        made += [f"places {case.id} {twin.id}: {why}"] if (why := apart(case, twin)) else []
        made += [f"claims {case.id} {twin.id}: {why}"] if (why := more_needed(case, twin)) else []
    return sorted(made)


def reasons() -> list[tuple[str, str]]:
    """What is explained: ``places`` or ``claims``, and the case, once for each time it stands in the file."""
    rows = load(REASONS).value["reasons"]
    return [(kind, case) for row in rows for kind in row if kind != "because" for case in row[kind]]


HEAD = "# Pairs of a negative case and its twin that differ in more than one place, or whose twin needs more (tests/twins.py).\n"

if __name__ == "__main__":
    assert set(STEPS) >= LOOKING
    told = lines(load_cases(ROOT / "testcases"))
    LIST.write_text(HEAD + "\n".join(told) + "\n", encoding="utf-8")
    print(len(told), "lines")
