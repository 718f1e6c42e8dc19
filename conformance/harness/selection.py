"""Which permutations run for an implementation, and why not: claims, packages, risks, patterns."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.harness import outcome
from conformance.harness.cases import Case, Permutation, permutations
from conformance.harness.dialect import WINDOWS_MOBILE, against
from conformance.harness.yamlfile import load

if TYPE_CHECKING:
    from conformance.harness.iut import Iut


@dataclass(frozen=True, slots=True)
class Claim:
    """One optional feature of the conformance statement. ``node`` shows it in the tree, below the object ("" for none)."""

    id: str
    pics: str
    role: str
    title: str
    node: str = ""
    default: str = "yes"
    """What holds where a statement does not mention it: yes, no, what the tree of the device shows (tree), or whether its
    https addresses are in use: of the DM server (https), of the content server (https-content)."""
    place: str = ""
    """Address that is meant where a statement says ``true`` and gives none of its own; "" for claims without a place."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whether a permutation is played, and why not. ``cause`` as in the record."""

    permutation: Permutation
    selected: bool
    reason: str = ""
    cause: str = ""


def load_claims(root: Path) -> dict[str, Claim]:
    """The claims that case files may need, by id and by PICS id."""
    path = root / "claims.yaml"
    document = load(path)
    claims: dict[str, Claim] = {}
    rows = document.value.get("claims") if isinstance(document.value, dict) else None
    if not isinstance(rows, list):
        raise document.fault("expected a list of claims", "claims")
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise document.fault("expected a mapping with id, pics, role and title", "claims", index)
        try:
            claim = Claim(**{"default": "tree" if row.get("node") else "yes", **row})
        except TypeError as fault:
            raise document.fault(str(fault), "claims", index) from fault
        claims[claim.id] = claims[claim.pics] = claim
    return claims


NOT = "no-"
"""Before a claim: the case is for implementations whose statement says that they do not have it."""


def bare(name: str) -> str:
    """The claim in a need, without :data:`NOT`."""
    return name.removeprefix(NOT)


def claimed(iut: Iut, claims: Mapping[str, Claim], name: str) -> bool | None:
    """What the IUT file says of a claim: true, false, or ``None`` where it says nothing. With :data:`NOT` the contrary;
    silence does not say that something is not there."""
    if name.startswith(NOT):
        return claimed(iut, claims, bare(name)) is False
    claim = claims[name]
    for spelling in (claim.id, claim.pics, claim.id.replace("-", "_")):
        if spelling in iut.claims:
            return iut.claims[spelling] in (True, "true", "yes", "on") or bool(claim.place and claimed_place(iut, claim))
    attach = iut.attach
    if claim.default == "https":
        return (attach.listen or attach.server_url).startswith("https:")
    if claim.default == "https-content":
        return attach.content_listen.startswith("https:")
    return None


def claimed_place(iut: Iut, claim: Claim) -> str:
    """The address that a statement gives for a claim that has a place; "" where it gives none."""
    for spelling in (claim.id, claim.pics, claim.id.replace("-", "_")):
        value = iut.claims.get(spelling)
        if isinstance(value, str) and (value == "." or value.startswith("./")):
            return value.rstrip("/")
    return ""


class Selector:
    """Decides for one implementation."""

    def __init__(self, iut: Iut, claims: Mapping[str, Claim], patterns: Sequence[str] = (), mode: str = "all") -> None:
        self.iut, self.claims, self.mode = iut, claims, mode
        self._patterns = [pattern_of(pattern) for pattern in read_patterns(patterns)]

    def choose(self, cases: Iterable[Case]) -> list[Chosen]:
        """All permutations of the implementation's role that the patterns select, each with the decision. Where the mode
        takes some of a case it takes such as apply."""
        return [
            self.decide(permutation)
            for case in cases
            if case.role == self.iut.role
            for permutation in permutations(case, self.mode, self._fits)
            if self.matches(permutation)
        ]

    def _fits(self, permutation: Permutation) -> bool:
        return self.decide(permutation).selected

    def matches(self, permutation: Permutation) -> bool:
        """Whether one of the patterns selects the permutation; sanity cases go with their theme."""
        if not self._patterns:
            return True
        case = permutation.case
        names = [permutation.id, case.id, case.suite]
        return any(pattern.fullmatch(name) for pattern in self._patterns for name in names)

    def decide(self, permutation: Permutation) -> Chosen:
        """Whether a permutation applies to the implementation, as far as that can be told before playing it."""
        reason, cause = self._against(permutation)
        return Chosen(permutation, not reason, reason, cause)

    def _against(self, permutation: Permutation) -> tuple[str, str]:
        case, iut = permutation.case, self.iut
        offered = {"encoding": iut.dm.encodings, "authentication": iut.dm.authentication, "version": iut.dm.versions}
        for axis, values in offered.items():
            if axis in permutation.values and permutation.values[axis] not in values:
                return (
                    f"{axis} {permutation.values[axis]} is not offered (dm.{axis}{'s' if axis != 'authentication' else ''})",
                    outcome.CLAIMS,
                )
        for name in case.needs.claims:
            claim = self.claims.get(bare(name))
            made = claimed(iut, self.claims, name) if claim is not None else None
            if claim is not None and made is False:
                return f"needs the claim {name}: {claim.title}", outcome.CLAIMS
            if claim is not None and made is None and iut.role == "server" and claim.default == "no":
                return f"the claim {name} is not made ({claim.title})", outcome.CLAIMS
        dialect = WINDOWS_MOBILE in self.claims and claimed(iut, self.claims, WINDOWS_MOBILE) is True
        reason = against(permutation, iut, dialect)
        if reason:
            return reason, outcome.CLAIMS
        for risk in case.risks:
            if risk not in iut.attach.allow:
                return f"attach.allow does not grant {risk}", outcome.RISK
        for purpose in case.needs.packages:
            if purpose not in iut.packages and not (purpose == "corrupted" and "good" in iut.packages):
                return f"the IUT file gives no package {purpose}", outcome.PACKAGE
        return "", ""


def read_patterns(patterns: Iterable[str]) -> list[str]:
    """Patterns of the command line; ``@file`` stands for the lines of a file."""
    read: list[str] = []
    for pattern in patterns:
        if pattern.startswith("@"):
            lines = Path(pattern[1:]).read_text(encoding="utf-8").splitlines()
            read += [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        else:
            read.append(pattern)
    return read


def pattern_of(pattern: str) -> re.Pattern[str]:
    """What a pattern of the command line matches, as a regular expression for a whole id.

    ``*`` stays within one part of an id, ``**`` does not; a pattern without either selects what lies below it
    too.
    """
    if not any(mark in pattern for mark in "*?"):
        return re.compile(re.escape(pattern.rstrip("/")) + r"(/.*|\[.*)?")
    parts = re.split(r"(\*\*|\*|\?)", pattern)
    rules = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(rules.get(part, re.escape(part)) for part in parts))


def nearest(pattern: str, cases: Iterable[Case]) -> str:
    """An id that looks like a pattern that selects nothing, "" where none does."""
    import difflib

    names = [name for case in cases for name in (case.id, case.suite)]
    close = difflib.get_close_matches(pattern, names, 1) or fnmatch.filter(names, f"*{pattern}*")[:1]
    return close[0] if close else ""
