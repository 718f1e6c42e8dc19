"""``fumo-conformance explain``: a case in words."""

from __future__ import annotations

import json
from typing import Any

from conformance.harness.cases import Case, load_cases
from conformance.harness.catalogue import load_catalogue
from conformance.harness.places import testcases
from conformance.harness.selection import nearest
from conformance.harness.vocabulary import MODIFIERS, STEPS, kind_of
from conformance.harness.yamlfile import FileFault
from conformance.judge.matcher import describe


def explain(name: str) -> str:
    """Purpose, requirements with section and level, and steps of a case, as text. Raises ``FileFault`` where it is unknown."""
    cases = load_cases(testcases())
    wanted = name.split("[", 1)[0]
    case = next((case for case in cases if case.id == wanted), None)
    if case is None:
        hint = nearest(wanted, cases)
        raise FileFault(testcases(), 0, name, "there is no such case" + (f"; did you mean {hint}?" if hint else ""))
    return "\n".join([*_head(case), "", *_requirements(case), "", "Steps:", *_steps(list(case.steps), "")])


def _head(case: Case) -> list[str]:
    lines = [
        case.id,
        "=" * len(case.id),
        case.title,
        "",
        f"Purpose: {case.purpose}",
        f"Implementation under test: {case.role}",
        f"Kind: {case.kind}; level: {case.level}",
    ]
    if case.twin:
        lines.append(f"Twin: {case.twin}" + (f" (differs in: {case.differs})" if case.differs else ""))
    for name, values in case.axes.items():
        lines.append(f"Multiplied by {name}: {', '.join(values)}")
    for what, values in (
        ("claims", case.needs.claims),
        ("verbs", case.needs.verbs),
        ("packages", case.needs.packages),
        ("risks", case.risks),
    ):
        if values:
            lines.append(f"Needs {what}: {', '.join(values)}" if what != "risks" else f"Risks: {', '.join(values)}")
    return [*lines, f"File: {case.file}:{case.line}"]


def _requirements(case: Case) -> list[str]:
    catalogue = load_catalogue(testcases())
    lines = ["Requirements:"]
    for identity in case.requirements:
        row = catalogue[identity]
        lines += [f"  {row.id} ({row.level.upper()}, {row.section})", f"      {row.text}"]
    return lines


def _steps(steps: list[dict[str, Any]], prefix: str) -> list[str]:
    lines = []
    for number, step in enumerate(steps, 1):
        kind = kind_of(step)
        given = step[kind]
        nested = STEPS[kind].nested
        shown = "" if nested or given is None else f": {_brief(given)}"
        lines.append(f"  {prefix}{number}. {STEPS[kind].says}{shown}")
        if nested:
            lines += _steps(given, f"{prefix}{number}.")
        for key, wanted in (step.get("expect") or {}).items():
            words = describe(wanted if isinstance(wanted, dict) else {"expect": wanted})
            because = (
                f" (tolerated: {wanted['accept']}, {wanted['because']})"
                if isinstance(wanted, dict) and "accept" in wanted
                else ""
            )
            lines.append(f"       expected: {key} is {words}{because}")
        note = step.get("note")
        if note:
            lines.append(f"       {note}")
    return lines


def _brief(given: Any) -> str:
    if isinstance(given, dict):
        return ", ".join(f"{key} {_brief(value)}" for key, value in given.items() if key not in MODIFIERS)
    return given if isinstance(given, str) else json.dumps(given)
