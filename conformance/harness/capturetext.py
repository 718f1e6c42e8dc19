"""The judgement of recorded sessions as text that a person at an interop event understands in a minute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.harness.capturejudge import Judged
from conformance.judge.finding import FAIL, PASS, WARN, Finding, Requirement
from conformance.judge.rule import shown
from conformance.judge.story import COMPLETE, OPEN, REFUSED, Departure, Story

_BLAMED, _SHOWN, _FOREIGN = 3, 12, 5
_WIDTH = 120


def captures_text(judged: list[Judged], catalogue: Mapping[str, Requirement]) -> str:
    """All captures, one after the other, and a table of verdicts where there are several."""
    lines: list[str] = []
    for each in judged:
        lines += [*_capture(each, catalogue), ""]
    if len(judged) > 1:
        width = max(len(shown(each.capture.name, 60)) for each in judged)
        for each in judged:
            verdicts = ", ".join(f"{side} {verdict}" for side, verdict in each.verdicts.items())
            lines.append(f"{shown(each.capture.name, 60):<{width}}  {verdicts}")
    return "\n".join(lines).rstrip("\n")


def _capture(judged: Judged, catalogue: Mapping[str, Requirement]) -> Iterator[str]:
    yield f"=== {shown(judged.capture.name, 100)}"
    for story in judged.stories:
        yield from _story(story, judged.names, catalogue)
    for line in judged.operations or ["no Exec for an update object was seen"]:
        yield f"  {shown(line, _WIDTH)}"
    for side, findings in judged.findings.items():
        yield from _side(side, judged.verdicts[side], findings, judged.names, catalogue)
    if judged.trouble:
        yield f"  the suite failed: {shown(judged.trouble, _WIDTH)}"
    foreign = judged.capture.foreign
    if foreign:
        more = f" and {len(foreign) - _FOREIGN} more" if len(foreign) > _FOREIGN else ""
        yield f"  not looked at: {', '.join(shown(name, 60) for name in foreign[:_FOREIGN])}{more}"


def _story(story: Story, names: Mapping[int, str], catalogue: Mapping[str, Requirement]) -> Iterator[str]:
    times = "1 exchange" if story.exchanges == 1 else f"{story.exchanges} exchanges"
    yield f"  session {story.session_id or '?'} of {story.device or 'nobody known'}, {times}"
    if story.end == COMPLETE:
        yield f"    {story.what}"
    else:
        head = "WENT WRONG in" if story.end != OPEN else "ends with"
        yield f"    {head} {names.get(story.at or 0, '?')}: {story.what}"
    if story.by:
        yield f"    WHO DEPARTED FIRST: the {story.by}"
        for each in story.blame[:_BLAMED]:
            yield from _departure(each, names, catalogue)
    elif story.end not in (COMPLETE, OPEN):
        hint = "; --iut tells whether the credentials were right" if story.end == REFUSED else ""
        yield f"    WHO DEPARTED FIRST: nobody that a rule could tell{hint}"
    first = story.first
    if first is not None and first not in story.blame:
        lead = "first departure of all, which ended no session" if story.end != OPEN else "first departure"
        where = names.get(first.finding.event or 0, "?")
        what = "" if first.finding.message.startswith("and ") else f": {first.finding.message}"
        yield f"    {lead}: the {first.side}, in {where}, {_cited(first.finding, catalogue)}{what}"


def _departure(each: Departure, names: Mapping[int, str], catalogue: Mapping[str, Requirement]) -> Iterator[str]:
    finding = each.finding
    yield f"      in {names.get(finding.event or 0, '?')}, from {_cited(finding, catalogue)}: {finding.message}"
    yield f"      expected: {shown(finding.expected, _WIDTH)}"
    yield f"      came:     {shown(finding.actual, _WIDTH)}"


def _cited(finding: Finding, catalogue: Mapping[str, Requirement]) -> str:
    row = catalogue.get(finding.requirement)
    return f"{finding.requirement} ({row.section})" if row is not None else finding.requirement


def _side(
    side: str, verdict: str, findings: list[Finding], names: Mapping[int, str], catalogue: Mapping[str, Requirement],
) -> Iterator[str]:
    broken = [f for f in findings if f.outcome == FAIL]
    warned = [f for f in findings if f.outcome == WARN]
    obeyed = len({f.requirement for f in findings if f.outcome == PASS})
    counts = f"{len({f.requirement for f in broken})} requirements broken, {obeyed} obeyed"
    yield f"  {side}: {verdict.upper()} ({counts})"
    lines = [*_lines("FAIL", broken, names, catalogue), *_lines("warn", warned, names, catalogue)]
    yield from lines[:_SHOWN]
    if len(lines) > _SHOWN:
        yield f"    and {len(lines) - _SHOWN} more (--format json has all)"


def _lines(
    head: str, findings: list[Finding], names: Mapping[int, str], catalogue: Mapping[str, Requirement]
) -> Iterator[str]:
    """One line for each breach; the same one in several messages stands once, with the first of them."""
    places: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in sorted(findings, key=lambda f: f.event or 0):
        same = next((key for key in places if key[0] == finding.requirement), None)
        counts = not finding.expected or finding.message.startswith("and ")
        key = same if counts and same is not None else (finding.requirement, finding.expected, finding.actual)
        places.setdefault(key, []).append(finding)
    for found in places.values():
        first = found[0]
        where = names.get(first.event or 0, "the whole session")
        others = list(dict.fromkeys(names.get(each.event or 0, "?") for each in found[1:] if each.event != first.event))
        also = f" (also {', '.join(others[:6])})" if others else ""
        values = f"; expected {shown(first.expected, 80)}, came {shown(first.actual, 80)}" if first.expected else ""
        cause = f" [{first.cause}]" if first.cause else ""
        yield f"    {head} {where}: {_cited(first, catalogue)}: {first.message}{values}{cause}{also}"
