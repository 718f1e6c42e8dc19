"""How each requirement of the catalogue is covered: by a standing rule, by cases, by both, or why not.

The catalogue says it (``cover``), so that a reader sees it and a gap needs a reason; this module finds it out, so that what
the catalogue says is true.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance.harness.cases import Case
from conformance.harness.catalogue import COVERED, REQUIREMENTS, UNCOVERED
from conformance.judge.finding import Catalogue
from conformance.judge.rule import registered

_RULE, _CASE, _BOTH = COVERED
_PLAYED = frozenset(("SUITE-ALIVE",))
"""What the verdict looks at whenever a case is played, as standing rules are."""
_ROW = re.compile(r"(?m)^- id: (\S+)\n(?:  .*\n?)*")
_LINE = re.compile(r"(?m)^  (?:cover|uncovered): .*\n?")


def required_by(case: Case) -> list[str]:
    """The requirements that a case names, as a whole or at a step, each once."""
    found = list(case.requirements)
    _collect(case.steps, found)
    return [identity for identity in dict.fromkeys(found) if identity]


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == "ensures" and isinstance(inner, str):
                found.append(inner)
            else:
                _collect(inner, found)
    elif isinstance(value, list | tuple):
        for inner in value:
            _collect(inner, found)


def coverage(cases: Iterable[Case]) -> dict[str, str]:
    """Requirement to ``rule``, ``case`` or ``both``; what nothing covers is not in it."""
    by_rule = {identity for rule in registered() for identity in rule.requirements} | _PLAYED
    by_case = {identity for case in cases for identity in required_by(case)}
    return {
        identity: _BOTH if identity in by_rule & by_case else _RULE if identity in by_rule else _CASE
        for identity in by_rule | by_case
    }


def faults(catalogue: Catalogue, cases: Iterable[Case]) -> Iterator[tuple[str, str]]:
    """Id and what is wrong, for each requirement whose ``cover`` is missing or not true."""
    real = coverage(cases)
    for row in catalogue.values():
        found = real.get(row.id, "")
        if not row.cover:
            yield row.id, f"cover is missing: {found or 'nothing covers it, so write a case, a rule, or why not'}"
        elif found and row.cover in UNCOVERED:
            yield row.id, f"says {row.cover!r}, but is covered by {found}"
        elif not found and row.cover in COVERED:
            yield row.id, f"says {row.cover!r}, but nothing covers it"
        elif found and row.cover != found:
            yield row.id, f"says {row.cover!r}, but is covered by {found}"


def write_cover(root: Path, cases: Iterable[Case]) -> int:
    """Puts into the files of the catalogue what covers each row; reasons why nothing does stay. Returns changed files."""
    real, changed = coverage(cases), 0
    for path in sorted((root / REQUIREMENTS).glob("*.yaml")):
        before = path.read_text(encoding="utf-8")
        after = _ROW.sub(lambda match: _row(match, real), before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed += 1
    return changed


def _row(match: re.Match[str], real: Mapping[str, str]) -> str:
    text, found = match[0], real.get(match[1], "")
    said = _LINE.search(text)
    if not found and said and said[0].split(": ", 1)[1].strip() in UNCOVERED:
        found = said[0].split(": ", 1)[1].strip()
    bare = _LINE.sub("", text)
    return f"{bare}  cover: {found}\n" if found else bare
