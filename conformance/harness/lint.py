"""``fumo-conformance lint``: everything that can be wrong in files under ``testcases/``, as file:line: key: what."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from conformance.harness import cover
from conformance.harness.cases import PLACE, PURPOSES, Case, case_files, permutations, read_cases
from conformance.harness.catalogue import REQUIREMENTS, load_ambiguities, load_catalogue
from conformance.harness.cover import required_by
from conformance.harness.hooks import VERBS
from conformance.harness.places import testcases
from conformance.harness.selection import bare, load_claims
from conformance.harness.vocabulary import PACKAGE_PLACES, PLACES, kind_of
from conformance.harness.yamlfile import Document, FileFault, FileFaults, load
from conformance.judge.finding import Catalogue

LOCK = "ids.lock"
_TITLE = re.compile(r"(?i)\b(test that|should|shall|must)\b")
_UNFILLED = re.compile(r"\$\{[^}]*\}")


def lint(root: Path) -> list[str]:
    """Checks case files, catalogue, ambiguities, claims, deviations and the lock of ids. Returns the faults as lines."""
    faults: list[FileFault] = []
    cases: list[Case] = []
    for path in case_files(root):
        try:
            cases += read_cases(path, root)
        except FileFaults as found:
            faults += found.faults
        except FileFault as found:
            faults.append(found)
    try:
        catalogue = load_catalogue(root)
        ambiguities = load_ambiguities(root, catalogue)
        claims = load_claims(root)
    except FileFaults as found:
        return [str(fault) for fault in [*faults, *found.faults]]
    except FileFault as found:
        return [str(fault) for fault in [*faults, found]]
    by_id = {case.id: case for case in cases}
    for case in cases:
        for key, what in _case_faults(case, by_id, catalogue, set(ambiguities), set(claims)):
            faults.append(FileFault(case.file, case.line, key, what))
    faults += _twice(cases)
    faults += _lock_faults(root, cases)
    faults += _deviation_faults(root, catalogue)
    if root.resolve() == testcases().resolve():  # another folder of cases need not cover the catalogue
        faults += [FileFault(root / REQUIREMENTS, 0, name, what) for name, what in cover.faults(catalogue, cases)]
    return [str(fault) for fault in faults]


def _case_faults(
    case: Case, by_id: dict[str, Case], catalogue: Catalogue, ambiguities: set[str], claims: set[str]
) -> Iterator[tuple[str, str]]:
    if not case.requirements:
        yield "ensures", f"{case.row}: expected at least one requirement"
    for identity in required_by(case):
        if identity not in catalogue:
            yield "ensures", f"{case.row}: {identity} is not in the catalogue"
        elif catalogue[identity].role not in (case.role, "both", "suite") and not identity.startswith("AD-"):
            yield (
                "ensures",
                f"{case.row}: {identity} binds the {catalogue[identity].role}, the case tries a {case.role}",
            )
    for name in _ambiguities(case.steps):
        if name not in ambiguities:
            yield "because", f"{case.row}: {name} is not in ambiguities.yaml"
    for claim in case.needs.claims:
        if bare(claim) not in claims:
            yield "needs", f"{case.row}: {claim!r} is no claim of claims.yaml"
    for verb in (*case.needs.verbs, *(s["hook"]["verb"] for s in case.steps if kind_of(s) == "hook")):
        if verb not in VERBS[case.role]:
            yield "needs", f"{case.row}: {verb!r} is no verb for a {case.role}"
    for purpose in case.needs.packages:
        if purpose not in PURPOSES:
            yield "needs", f"{case.row}: {purpose!r} is no purpose of a package"
    yield from _text_faults(case)
    yield from _twin_faults(case, by_id)


def _text_faults(case: Case) -> Iterator[tuple[str, str]]:
    if _TITLE.search(case.title) or case.title.endswith("."):
        yield "title", f"{case.row}: say what happens; no 'should', no 'test that', no full stop"
    if not case.purpose.endswith("."):
        yield "purpose", f"{case.row}: expected a sentence"
    unfilled = set(_UNFILLED.findall(json.dumps(case.steps))) - {f"${{{axis}}}" for axis in case.axes}
    if unfilled:
        yield "steps", f"{case.row}: no value for {', '.join(sorted(unfilled))}"
    for name, argument in sorted(set(PLACE.findall(json.dumps(case.steps)))):
        if f"${{{name}}}" not in unfilled and name not in case.axes and not _is_place(name, argument):
            yield "steps", f"{case.row}: {{{name}{':' * bool(argument)}{argument}}} stands for nothing"


def _is_place(name: str, argument: str) -> bool:
    if not argument:
        return name in PLACES
    more = ("refused", "unresolved") if name == "url" else ()
    return name in PACKAGE_PLACES and argument in (*PURPOSES, *more)


def _twin_faults(case: Case, by_id: dict[str, Case]) -> Iterator[tuple[str, str]]:
    if case.kind != "valid" and not case.twin:
        yield "twin", f"{case.row}: a case that is {case.kind} needs a valid twin"
    if case.twin:
        twin = by_id.get(case.twin)
        if twin is None or twin.kind != "valid" or twin.role != case.role:
            yield "twin", f"{case.row}: {case.twin} is no valid case for a {case.role}"
        if not case.differs and case.kind != "valid":
            yield "differs", f"{case.row}: say in which one thing the case and its twin differ"


def _ambiguities(steps: Iterable[dict[str, Any]]) -> list[str]:
    found: list[str] = []
    _collect(list(steps), "because", found)
    return found


def _collect(value: Any, key: str, found: list[str]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key and isinstance(inner, str):
                found.append(inner)
            else:
                _collect(inner, key, found)
    elif isinstance(value, list | tuple):
        for inner in value:
            _collect(inner, key, found)


def _twice(cases: list[Case]) -> Iterator[FileFault]:
    seen: dict[str, Case] = {}
    for case in cases:
        if case.id in seen:
            yield FileFault(case.file, case.line, "id", f"{case.id} stands twice")
        seen[case.id] = case


def locked_ids(cases: Iterable[Case]) -> list[str]:
    """All ids of permutations, sorted: what the lock file holds."""
    return sorted(permutation.id for case in cases for permutation in permutations(case))


def _lock_faults(root: Path, cases: list[Case]) -> Iterator[FileFault]:
    path = root / LOCK
    if not path.is_file():
        yield FileFault(path, 0, "", "the lock of ids is missing")
        return
    locked = {
        line: number
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if line and line[0] != "#"
    }
    now = set(locked_ids(cases))
    for identity in sorted(set(locked) - now):
        if not identity.startswith("retired "):
            yield FileFault(
                path, locked[identity], identity, "is gone; an id is never dropped: write 'retired' before it"
            )
    for identity in sorted(now - set(locked)):
        retired = f"retired {identity}" in locked
        yield FileFault(
            path,
            0,
            identity,
            "was retired and is never used again"
            if retired
            else "is new; add it (python -m conformance.harness.lint --lock)",
        )


def _deviation_faults(root: Path, catalogue: Catalogue) -> Iterator[FileFault]:
    for role in ("client", "server"):
        path = root / "deviations" / f"{role}.yaml"
        if not path.is_file():
            yield FileFault(path, 0, "", "is missing")
            continue
        try:
            document = load(path)
        except FileFault as fault:
            yield fault
            continue
        if not isinstance(document.value, list):
            yield document.fault("expected a list of deviations")
            continue
        for index, row in enumerate(document.value):
            yield from _row_faults(document, row, index, catalogue)


def _row_faults(document: Document, row: Any, index: int, catalogue: Catalogue) -> Iterator[FileFault]:
    breaks = row.get("breaks") if isinstance(row, dict) else None
    if not isinstance(breaks, list) or not 1 <= len(breaks) <= 3:
        name = row.get("id") if isinstance(row, dict) else row
        yield document.fault(f"{name}: expected one to three requirements", index, "breaks")
        return
    for identity in breaks:
        if identity not in catalogue:
            yield document.fault(f"{row.get('id')}: {identity} is not in the catalogue", index, "breaks")


def write_lock(root: Path) -> int:
    """Adds new ids to the lock file; keeps all that are there. Returns how many were added."""
    path = root / LOCK
    cases = [case for file in case_files(root) for case in read_cases(file, root)]
    head = "# Every id of a permutation that was ever given. Ids never change and are never used again.\n"
    before = (
        [line for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
        if path.is_file()
        else []
    )
    now = sorted({*before, *locked_ids(cases)})
    path.write_text(head + "\n".join(now) + "\n", encoding="utf-8")
    return len(now) - len(before)


if __name__ == "__main__":
    root = testcases()
    print(f"{write_lock(root)} ids added")
    every = [case for file in case_files(root) for case in read_cases(file, root)]
    print(f"{cover.write_cover(root, every)} files of the catalogue told what covers their rows")
