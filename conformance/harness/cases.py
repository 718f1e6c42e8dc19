"""Case files: tables of YAML become cases, cases become permutations.

A case holds no code. ``${name}`` in its steps is replaced by the value of the row (or of an axis), ``{name}`` by what is
only known when it is played (``{object}``, ``{content}``, ``{url:good}`` ...).
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from conformance.harness import vocabulary as words
from conformance.harness.steps import step_faults
from conformance.harness.yamlfile import Document, FileFault, FileFaults, load, octets_of

_ID = re.compile(r"^[a-z0-9][a-z0-9-]*$")
_ROW = re.compile(r"\$\{([a-z][a-z0-9_-]*)\}")
PLACE = re.compile(r"\{([a-z_]+[0-9]*)(?::([A-Za-z0-9/_.-]+))?\}")
_PACKAGE = re.compile(r"\{(?:url|descriptor|type):([a-z-]+)")
PURPOSES = (
    "good", "corrupted", "wrong-device", "bad-signature", "not-acceptable", "install-fails",
    "too-big-to-store", "too-big-to-install", "same-version", "older-version",
)  # fmt: skip
"""What update packages may be for (attach contract 1)."""
_RISK_OF_PURPOSE = {
    "corrupted": "bad-image",
    "wrong-device": "bad-image",
    "bad-signature": "bad-image",
    "not-acceptable": "bad-image",
    "install-fails": "bad-image",
    "too-big-to-install": "bad-image",
    "older-version": "downgrade",
    "same-version": "downgrade",
}


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be there for a case to apply: claims that hold, verbs that the hook can do, packages."""

    claims: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One row of a table, complete. ``steps`` still hold ``{...}`` and the ``${...}`` of axes."""

    id: str
    title: str
    purpose: str
    role: str
    kind: str
    level: str
    requirements: tuple[str, ...]
    needs: Needs
    axes: Mapping[str, tuple[str, ...]]
    steps: tuple[dict[str, Any], ...]
    risks: tuple[str, ...]
    file: Path
    line: int
    twin: str = ""
    differs: str = ""
    because: str = ""

    @property
    def theme(self) -> str:
        """The second part of the id: ``client/flows/...`` belongs to ``flows``."""
        return self.id.split("/")[1]

    @property
    def row(self) -> str:
        """The name of the row."""
        return self.id.rsplit("/", 1)[1]

    @property
    def suite(self) -> str:
        """The table: the id without the row."""
        return self.id.rsplit("/", 1)[0]


@dataclass(frozen=True, slots=True)
class Permutation:
    """A case with one value for each of its axes."""

    case: Case
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def suffix(self) -> str:
        """``[wbxml-md5]``, or nothing where the case has no axes."""
        return f"[{'-'.join(self.values.values())}]" if self.values else ""

    @property
    def id(self) -> str:
        """The id of the permutation: that of the case with the suffix. Never changes, never used again."""
        return self.case.id + self.suffix

    def steps(self) -> list[dict[str, Any]]:
        """The steps with the values of the axes put in."""
        return [substitute(step, self.values) for step in self.case.steps]


def substitute(value: Any, values: Mapping[str, Any]) -> Any:
    """Puts row values in place of ``${name}``; a text that is nothing but ``${name}`` becomes the value itself."""
    if isinstance(value, str):
        whole = _ROW.fullmatch(value)
        if whole and whole[1] in values:
            return values[whole[1]]
        return _ROW.sub(lambda m: str(values[m[1]]) if m[1] in values else m[0], value)
    if isinstance(value, list):
        return [substitute(item, values) for item in value]
    if isinstance(value, dict):
        return {key: substitute(item, values) for key, item in value.items()}
    return value


def place(value: Any, places: Mapping[str, str]) -> Any:
    """Puts run-time values in place of ``{name}`` and ``{name:argument}``; unknown ones stay as they are."""
    if isinstance(value, str):
        return PLACE.sub(lambda m: places.get(m[0][1:-1], m[0]), value)
    if isinstance(value, list):
        return [place(item, places) for item in value]
    if isinstance(value, dict):
        return {key: place(item, places) for key, item in value.items()}
    return value


def names_in(value: Any) -> set[str]:
    """The names of all ``${...}`` in a value."""
    if isinstance(value, str):
        return set(_ROW.findall(value))
    if isinstance(value, list):
        return set().union(*(names_in(item) for item in value)) if value else set()
    if isinstance(value, dict):
        return set().union(*(names_in(item) for item in value.values())) if value else set()
    return set()


class TableReader:
    """Reads one case file. All that is wrong with it is said at once (:class:`FileFaults`)."""

    def __init__(self, path: Path, root: Path) -> None:
        self.path, self.root = path, root
        self.document: Document = load(path)
        self.faults: list[FileFault] = []

    def fault(self, what: str, *keys: str | int) -> None:
        """Notes something wrong at the place that ``keys`` lead to; what all rows share is said once."""
        found = self.document.fault(what, *keys)
        if str(found) not in map(str, self.faults):
            self.faults.append(found)

    def read(self) -> list[Case]:
        """The cases of the file. Raises :class:`FileFaults`."""
        table = self.document.value
        if not isinstance(table, dict):
            raise FileFaults([FileFault(self.path, 1, "", "expected a table: a mapping with suite, role, cases ...")])
        for key in table:
            if key not in words.TABLE_KEYS:
                self.fault(f"unknown key; expected one of {', '.join(words.TABLE_KEYS)}", key)
        expected = self.path.relative_to(self.root).with_suffix("").as_posix()
        if table.get("suite") != expected:
            self.fault(f"expected {expected!r}: the path of the file", "suite")
        if table.get("role") not in words.ROLES:
            self.fault("expected client or server", "role")
        elif table["role"] != expected.split("/")[0]:
            self.fault(f"expected {expected.split('/')[0]!r}: the folder of the file", "role")
        for key in ("purpose", "cases"):
            if not table.get(key):
                self.fault(f"{key} is missing", key)
        self._shapes(table)
        if self.faults:
            raise FileFaults(self.faults)
        cases = [self._case(table, row, i) for i, row in enumerate(table["cases"])]
        if self.faults:
            raise FileFaults(self.faults)
        return [case for case in cases if case is not None]

    def _case(self, table: dict[str, Any], row: Any, index: int) -> Case | None:
        if not isinstance(row, dict) or not _ID.match(str(row.get("id", ""))):
            self.fault("expected a row with an id in lower-kebab", "cases", index)
            return None
        if not self._shapes(row, "cases", index):
            return None
        steps = row.get("steps", table.get("steps")) or []
        axes = self._axes(table.get("axes") or {}) | self._axes(row.get("axes") or {}, "cases", index)
        values = {**(table.get("defaults") or {}), **{k: v for k, v in row.items() if k not in words.ROW_KEYS}}
        used = names_in(steps) | names_in(list(values.values()))
        for key in row:
            if key not in words.ROW_KEYS and key not in used:
                self.fault(f"unknown key; no step uses ${{{key}}}", "cases", index, key)
        for name in sorted(used - set(values) - set(axes)):
            self.fault(f"no value for ${{{name}}}", "cases", index)
        values = {key: substitute(value, values) for key, value in values.items()}
        steps = substitute(steps, values)
        place_ = ("cases", index, "steps") if "steps" in row else ("steps",)
        return self._build(table, row, index, axes, steps) if self._check_steps(steps, table["role"], *place_) else None

    def _shapes(self, mapping: dict[str, Any], *keys: str | int) -> bool:
        """Whether the values of a table or a row are what they have to be."""
        fits = True
        for key, wanted in words.SHAPES.items():
            if mapping.get(key) is not None and not _has_shape(mapping[key], wanted):
                self.fault(f"expected {wanted}", *keys, key)
                fits = False
        for key, allowed in (("kind", words.KINDS), ("level", words.LEVELS)):
            if key in mapping and mapping[key] not in allowed:
                self.fault(f"expected one of {', '.join(allowed)}", *keys, key)
        for risk in mapping.get("risk") or () if fits else ():
            if risk not in words.RISKS:
                self.fault(f"{risk!r} is no risk; expected some of {', '.join(words.RISKS)}", *keys, "risk")
        needs = mapping.get("needs")
        for key, listed in needs.items() if isinstance(needs, dict) else ():
            if key not in words.NEED_KEYS:
                self.fault(f"unknown key; expected some of {', '.join(words.NEED_KEYS)}", *keys, "needs", key)
            elif not _has_shape(listed, "a list of texts"):
                self.fault("expected a list of texts", *keys, "needs", key)
                fits = False
        return fits

    def _build(
        self, table: dict[str, Any], row: dict[str, Any], index: int, axes: dict[str, tuple[str, ...]], steps: list[Any]
    ) -> Case:
        needs = self._needs(table.get("needs"), row.get("needs"), steps)
        risks = {*(table.get("risk") or ()), *(row.get("risk") or ())}
        risks |= {_RISK_OF_PURPOSE[p] for p in needs.packages if p in _RISK_OF_PURPOSE}
        if any(
            words.kind_of(s) == "hook" and s["hook"].get("verb") == "power_cycle"
            for s in steps
            if isinstance(s.get("hook"), dict)
        ):
            risks.add("power-cut")
        title = str(row.get("title", ""))
        if not title or len(title) > 60:
            self.fault("expected a title of 1 to 60 characters", "cases", index, "title")
        line, _ = self.document.where("cases", index)
        return Case(
            id=f"{table['suite']}/{row['id']}",
            title=title,
            purpose=str(row.get("purpose") or table["purpose"]),
            role=table["role"],
            kind=row.get("kind", table.get("kind", "valid")),
            level=row.get("level", table.get("level", "must")),
            requirements=tuple(row.get("ensures", table.get("ensures")) or ()),
            needs=needs,
            axes=axes,
            steps=tuple(steps),
            risks=tuple(sorted(risks)),
            file=self.path,
            line=line,
            twin=row.get("twin", table.get("twin", "")),
            differs=str(row.get("differs", "")),
            because=str(row.get("because", "")),
        )

    def _axes(self, raw: dict[str, Any], *keys: str | int) -> dict[str, tuple[str, ...]]:
        axes: dict[str, tuple[str, ...]] = {}
        for name, listed in raw.items():
            values = [str(value) for value in listed] if isinstance(listed, list) else [str(listed)]
            known = words.WIRE_AXES.get(name)
            for value in values:
                if known and value not in known:
                    self.fault(f"{value!r} is no {name}; expected one of {', '.join(known)}", *keys, "axes", name)
                if not re.fullmatch(r"[A-Za-z0-9.%_]+(-[A-Za-z0-9.%_]+)*", value):
                    self.fault(f"{value!r} cannot stand in an id", *keys, "axes", name)
            if not values or len(set(values)) < len(values):
                self.fault("expected one or more values, each of them once", *keys, "axes", name)
            axes[name] = tuple(values)
        return axes

    def _needs(self, table: Any, row: Any, steps: list[Any]) -> Needs:
        parts = []
        for raw in (table, row):
            parts.append({"claims": raw} if isinstance(raw, list) else raw or {})
        merged = {key: [*(parts[0].get(key) or ()), *(parts[1].get(key) or ())] for key in words.NEED_KEYS}
        text = json.dumps(steps)
        found = _PACKAGE.findall(text) + re.findall(r'"package": "([a-z-]+)"', text)
        merged["packages"] += [purpose for purpose in found if purpose not in ("refused", "unresolved")]
        return Needs(*(tuple(dict.fromkeys(merged[key])) for key in words.NEED_KEYS))

    def _check_steps(self, steps: Any, role: str, *keys: str | int) -> bool:
        """Whether the steps of a row are a list of steps; what is wrong with each is said at its place."""
        if not isinstance(steps, list) or not steps:
            self.fault("expected a list of steps", *keys)
            return False
        for number, step in enumerate(steps):
            for what in step_faults(step, role):
                self.fault(f"step {number + 1}: {what}", *keys, number)
        return all(isinstance(step, dict) for step in steps)


def _has_shape(value: Any, wanted: str) -> bool:
    if wanted == "a text":
        return isinstance(value, str)
    if wanted == "a mapping" or (wanted == "a list of claims or a mapping" and isinstance(value, dict)):
        return isinstance(value, dict)
    return isinstance(value, list) and (wanted == "a list" or all(isinstance(item, str) for item in value))


def case_files(root: Path) -> list[Path]:
    """The case files below ``testcases``, sorted."""
    return sorted(path for role in words.ROLES for path in (root / role).rglob("*.yaml"))


def is_case_file(path: Path) -> bool:
    """Whether a YAML file is one of ours: it begins (after comments) with the key ``suite``, and it lies in a folder for
    a role or its suite names one."""
    suite = _suite_of(path)
    return suite is not None and (suite.split("/")[0] in words.ROLES or any(p.name in words.ROLES for p in path.parents))


def _suite_of(path: Path) -> str | None:
    """The value of the key ``suite`` where a file begins with it, else ``None``."""
    try:
        with path.open(encoding="utf-8") as lines:
            for line in itertools.islice(lines, 40):
                if line.strip() and not line.startswith("#"):
                    key, found, value = line.partition(":")
                    return value.split(" #")[0].strip().strip("'\"") if found and key == "suite" else None
    except (OSError, UnicodeDecodeError):
        pass
    return None


def root_of(path: Path) -> Path:
    """The folder that the id of a case file is relative to: its suite says which; where that does not fit, the folder
    above the nearest one named for a role."""
    suite = tuple((_suite_of(path) or "").split("/"))
    if path.with_suffix("").parts[-len(suite) :] == suite:
        return path.parents[len(suite) - 1]
    return next((parent.parent for parent in path.parents if parent.name in words.ROLES), path.parent)


def read_cases(path: Path, root: Path | None = None) -> list[Case]:
    """The cases of one file. Raises :class:`FileFaults`."""
    return list(_cases_in(path, root or root_of(path), octets_of(path)))


@lru_cache(maxsize=1024)
def _cases_in(path: Path, root: Path, octets: bytes) -> tuple[Case, ...]:
    """The same by what stands in the file, at which a run looks twice: before it begins, and as pytest collects."""
    return tuple(TableReader(path, root).read())


def load_cases(root: Path) -> list[Case]:
    """All cases below ``root``. Raises :class:`FileFaults` with everything that is wrong."""
    cases: list[Case] = []
    faults: list[FileFault] = []
    for path in case_files(root):
        try:
            cases += read_cases(path, root)
        except FileFaults as found:
            faults += found.faults
        except FileFault as found:
            faults.append(found)
    seen: dict[str, Case] = {}
    for case in cases:
        if case.id in seen:
            faults.append(FileFault(case.file, case.line, "id", f"{case.id} stands in {seen[case.id].file} as well"))
        seen[case.id] = case
    if faults:
        raise FileFaults(faults)
    return cases


def permutations(
    case: Case, mode: str = "all", fits: Callable[[Permutation], bool] | None = None
) -> list[Permutation]:
    """The permutations of a case: ``all``, ``pairwise`` (each pair of values occurs), ``one`` (the first) or ``sample``
    (one that its id chooses, so that over many cases all values come up). Where not all are taken they are chosen among
    those that ``fits``, if there are any."""
    names = list(case.axes)
    every = [dict(zip(names, values, strict=True)) for values in itertools.product(*case.axes.values())]
    if mode != "all" and fits is not None:
        every = [values for values in every if fits(Permutation(case, values))] or every
    if mode == "one":
        every = every[:1]
    elif mode == "sample":
        every = [every[zlib.crc32(case.id.encode()) % len(every)]]
    elif mode == "pairwise":
        every = _pairwise(names, every)
    return [Permutation(case, values) for values in every]


def _pairwise(names: list[str], every: list[dict[str, str]]) -> list[dict[str, str]]:
    """Of all combinations as few as it takes that each pair of values occurs, chosen greedily in order."""
    strength = min(2, len(names))
    if not strength:
        return every[:1]

    def parts(values: dict[str, str]) -> set[tuple[tuple[str, str], ...]]:
        return {tuple((name, values[name]) for name in chosen) for chosen in itertools.combinations(names, strength)}

    wanted = set().union(*map(parts, every))
    chosen: list[dict[str, str]] = []
    while wanted:
        best = max(every, key=lambda values: len(parts(values) & wanted))
        chosen.append(best)
        wanted -= parts(best)
    return [values for values in every if values in chosen]


def digest_of(paths: Iterable[Path], root: Path) -> str:
    """One digest over names and contents of files, for the header of a record."""
    summary = hashlib.sha256()
    for path in sorted(paths):
        summary.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return summary.hexdigest()
