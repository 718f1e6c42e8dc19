"""The requirement catalogue and the ambiguity ledger: data of ``testcases/``, checked while it is read.

A row of the catalogue says only what differs from the ``defaults`` of its file, so that the eye finds what is special
about it. The rules of :func:`_consistent` keep verdicts honest: what is only remembered cannot fail anybody, and what
is not written in so many words says why it counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.harness.yamlfile import Document, FileFault, FileFaults, load
from conformance.judge.finding import FAIL, PASS, WARN, Requirement

REQUIREMENTS = "requirements"
"""Folder of the catalogue inside of ``testcases/``."""
AMBIGUITIES = "ambiguities.yaml"

IMPLICIT, UNTESTABLE = "implicit", "untestable black-box"
OUT_OF_SCOPE, UNCLAIMED = "out of scope", "optional and not claimed by anything"
COVERED = ("rule", "case", "both")
"""What covers a requirement: a standing rule, cases, or both."""
UNCOVERED = (IMPLICIT, UNTESTABLE, OUT_OF_SCOPE, UNCLAIMED)
"""Reasons why nothing covers a requirement: others that cover it say it all; nothing of it can be seen from outside; it
binds no implementation; it belongs to an option that no claim speaks of."""

VALUES: dict[str, tuple[str, ...]] = {
    "role": ("client", "server", "both", "suite"),
    "level": ("must", "should", "may"),
    "basis": ("text", "derived", "dialect", "memory"),
    "verdict": ("fail", "warn", "note"),
}
"""What the words of a row may be."""

_VERDICTS = {"must": ("fail", "warn"), "should": ("warn",), "may": ("note",)}
_NEEDED = ("id", "section", "text")
_KEYS = (*_NEEDED, *VALUES, "because", "cover")
_ID = re.compile(r"[A-Z][A-Z0-9]*(?:-[A-Za-z0-9]+)+\Z")
_AMBIGUITY_ID = re.compile(r"AMB(?:-[a-z0-9]+)+\Z")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_AMBIGUITY_KEYS = ("id", "question", "readings", "accepted", "because", "requirements")
_READING_KEYS = ("id", "says", "source")


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read an unclear place. ``source`` is who reads it so, "none" where nobody is known to."""

    id: str
    says: str
    source: str


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """One unclear place of the specifications. ``accepted`` maps ids of readings to pass or warn."""

    id: str
    question: str
    readings: tuple[Reading, ...]
    accepted: Mapping[str, str]
    because: str
    requirements: tuple[str, ...]

    def outcome(self, reading: str) -> str:
        """What an implementation gets that follows the reading with this id: pass, warn or fail."""
        return self.accepted.get(reading, FAIL)


def load_catalogue(folder: Path) -> dict[str, Requirement]:
    """All requirements by id, in the order of the files.

    ``folder`` is the one with the test cases; the catalogue is ``requirements/*.yaml`` in it. Raises
    :class:`FileFaults` with everything that is wrong, each with file, line and key.
    """
    paths = sorted((folder / REQUIREMENTS).glob("*.yaml"))
    if not paths:
        raise FileFaults([FileFault(folder / REQUIREMENTS, 0, "", "no requirement catalogue: there is no .yaml file")])
    faults: list[FileFault] = []
    made: dict[str, Requirement] = {}
    homes: dict[str, Path] = {}
    for path in paths:
        document = _document(path, faults)
        if document is None:
            continue
        for index, row in _rows(document, REQUIREMENTS, ("defaults", REQUIREMENTS), faults):
            found = list(_row_faults(document, index, row))
            if not found and row["id"] in made:
                what = f"{row['id']} stands in {homes[row['id']].name} already"
                found = [document.fault(what, REQUIREMENTS, index, "id")]
            if not found:
                made[row["id"]] = _requirement(document.value["defaults"], row)
                homes[row["id"]] = path
            faults += found
    if faults:
        raise FileFaults(faults)
    return made


def load_ambiguities(folder: Path, catalogue: Mapping[str, Requirement] | None = None) -> dict[str, Ambiguity]:
    """All ambiguities by id, from ``ambiguities.yaml`` in the folder with the test cases.

    With ``catalogue`` each requirement that an ambiguity names must be in it. Raises :class:`FileFaults` with
    everything that is wrong, each with file, line and key.
    """
    faults: list[FileFault] = []
    made: dict[str, Ambiguity] = {}
    document = _document(folder / AMBIGUITIES, faults)
    if document is not None:
        for index, row in _rows(document, "ambiguities", ("ambiguities",), faults):
            found = list(_ambiguity_faults(document, index, row, catalogue))
            if not found and row["id"] in made:
                found = [document.fault(f"{row['id']} stands here twice", "ambiguities", index, "id")]
            if not found:
                made[row["id"]] = _ambiguity(row)
            faults += found
    if faults:
        raise FileFaults(faults)
    return made


def _document(path: Path, faults: list[FileFault]) -> Document | None:
    try:
        return load(path)
    except FileFault as fault:
        faults.append(fault)
        return None


def _rows(
    document: Document, name: str, keys: tuple[str, ...], faults: list[FileFault]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of the list ``name`` that are mappings; what is wrong around them goes to ``faults``."""
    value = document.value
    if not isinstance(value, dict):
        faults.append(document.fault(f"expected a mapping with {' and '.join(keys)}"))
        return
    faults += [document.fault(f"unknown key; expected {' or '.join(keys)}", key) for key in value if key not in keys]
    if "defaults" in keys:
        found = list(_defaults_faults(document, value.get("defaults")))
        if found:
            faults += found
            return
    rows = value.get(name)
    if not isinstance(rows, list) or not rows:
        faults.append(document.fault("expected a list of rows", name))
        return
    for index, row in enumerate(rows):
        if isinstance(row, dict):
            yield index, row
        else:
            faults.append(document.fault("expected a mapping", name, index))


def _defaults_faults(document: Document, defaults: Any) -> Iterator[FileFault]:
    if not isinstance(defaults, dict):
        yield document.fault(f"expected a mapping with {', '.join(VALUES)}", "defaults")
        return
    for key, value in defaults.items():
        if key in VALUES:
            if value not in VALUES[key]:
                yield document.fault(f"expected {' or '.join(VALUES[key])}, found {value!r}", "defaults", key)
        elif key != "because":
            yield document.fault("this key has no default", "defaults", key)
        elif not _is_text(value):
            yield document.fault("expected a sentence", "defaults", key)
    for key in VALUES:
        if key not in defaults:
            yield document.fault(f"{key} is missing", "defaults")


def _row_faults(document: Document, index: int, row: dict[str, Any]) -> Iterator[FileFault]:
    """What is wrong with one row of the catalogue."""
    where = (REQUIREMENTS, index)
    clean = True
    for key, value in row.items():
        what = ""
        if key not in _KEYS:
            what = f"unknown key; expected one of {', '.join(_KEYS)}"
        elif key in VALUES:
            what = "" if value in VALUES[key] else f"expected {' or '.join(VALUES[key])}, found {value!r}"
        elif not _is_text(value):
            what = "expected text"
        elif key == "id" and not _ID.match(value):
            what = f"{value!r} is no id of a requirement, such as FUMO-EXEC-002"
        elif key == "cover" and value not in (*COVERED, *UNCOVERED):
            what = f"expected one of {', '.join((*COVERED, *UNCOVERED))}"
        if what:
            clean = False
            yield document.fault(what, *where, key)
    for key in _NEEDED:
        if key not in row:
            clean = False
            yield document.fault(f"{key} is missing", *where)
    if clean:
        key, what = _consistent(_requirement(document.value["defaults"], row))
        if what:
            yield document.fault(what, *where, key)


def _consistent(made: Requirement) -> tuple[str, str]:
    """The key that does not fit the others and why, or two empty strings.

    The verdict follows from the level; only a must can be softened to warn. What rests on memory never fails. A derived
    row, and a must of the text that only warns, give their reason; nothing else has one.
    """
    if made.verdict not in _VERDICTS[made.level]:
        return "verdict", f"{made.level} leads to {' or '.join(_VERDICTS[made.level])}, not to {made.verdict}"
    if made.basis == "memory" and made.verdict == "fail":
        return "verdict", "what rests on memory never fails"
    softened = made.basis == "text" and made.level == "must" and made.verdict == "warn"
    if (made.basis == "derived" or softened) and not made.because:
        return "because", "a reason is missing: this row is derived, or a must of the text that only warns"
    if made.because and not (made.basis == "derived" or softened):
        return "because", "only a derived row, or a must of the text that only warns, gives a reason"
    return "", ""


def _requirement(defaults: Mapping[str, str], row: Mapping[str, str]) -> Requirement:
    basis = row.get("basis", defaults["basis"])
    return Requirement(
        row["id"],
        row.get("role", defaults["role"]),
        row["section"],
        row["text"],
        row.get("level", defaults["level"]),
        basis,
        row.get("verdict", defaults["verdict"]),
        row.get("cover", ""),
        row.get("because", defaults.get("because", "") if basis == "derived" else ""),
    )


def _ambiguity_faults(
    document: Document, index: int, row: dict[str, Any], catalogue: Mapping[str, Requirement] | None
) -> Iterator[FileFault]:
    """What is wrong with one row of the ledger."""
    where = ("ambiguities", index)
    for key in row:
        if key not in _AMBIGUITY_KEYS:
            yield document.fault(f"unknown key; expected one of {', '.join(_AMBIGUITY_KEYS)}", *where, key)
    for key in ("id", "question", "because"):
        if not _is_text(row.get(key)):
            yield document.fault(f"{key} must be text", *where, key)
    if _is_text(row.get("id")) and not _AMBIGUITY_ID.match(row["id"]):
        yield document.fault(f"{row['id']!r} is no id of an ambiguity, such as AMB-cause-to-code", *where, "id")
    yield from _readings_faults(document, where, row)
    ids = row.get("requirements")
    if not isinstance(ids, list) or not ids:
        yield document.fault("expected a list of ids", *where, "requirements")
        return
    for place, item in enumerate(ids):
        if not isinstance(item, str) or not _ID.match(item) or (catalogue is not None and item not in catalogue):
            yield document.fault(f"{item!r} is not in the catalogue", *where, "requirements", place)


def _readings_faults(document: Document, where: tuple[str, int], row: Mapping[str, Any]) -> Iterator[FileFault]:
    readings, accepted = row.get("readings"), row.get("accepted")
    if not isinstance(readings, list) or len(readings) < 2:
        yield document.fault("expected a list of two readings or more", *where, "readings")
        return
    names: set[str] = set()
    for place, item in enumerate(readings):
        if not isinstance(item, dict) or set(item) != set(_READING_KEYS) or not all(map(_is_text, item.values())):
            yield document.fault(f"expected the texts {', '.join(_READING_KEYS)}", *where, "readings", place)
        elif not _NAME.match(item["id"]) or item["id"] in names:
            yield document.fault(f"{item['id']!r} is no name, or stands here twice", *where, "readings", place)
        else:
            names.add(item["id"])
    if not isinstance(accepted, dict) or not accepted:
        yield document.fault("expected a mapping of readings to pass or warn", *where, "accepted")
        return
    for name, outcome in accepted.items():
        if name not in names:
            yield document.fault("there is no such reading", *where, "accepted", name)
        elif outcome not in (PASS, WARN):
            yield document.fault(f"expected pass or warn, found {outcome!r}", *where, "accepted", name)


def _ambiguity(row: Mapping[str, Any]) -> Ambiguity:
    return Ambiguity(
        row["id"],
        row["question"],
        tuple(Reading(item["id"], item["says"], item["source"]) for item in row["readings"]),
        dict(row["accepted"]),
        row["because"],
        tuple(row["requirements"]),
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
