"""Tolerated variants: legal ways for a peer to be different, and whether the suite raises an alarm about one."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.harness.cases import Case
from conformance.harness.embedded import embedded_iut, process_iut
from conformance.harness.iut import load_iut
from conformance.harness.run import Options, Run, in_order
from conformance.harness.selection import Chosen
from conformance.harness.yamlfile import load
from conformance.judge.finding import FAIL, WARN
from conformance.peers.deviants import name_of

_HARMLESS = ("pass", "not-applicable")


@dataclass(frozen=True, slots=True)
class VariantRow:
    """One row of ``testcases/variants``: what a peer does in another way, and what leaves it the freedom.

    ``leaves`` are ids of requirements or ambiguities, ``warns`` requirements for which a warning is right. ``themes`` are
    those where it shows; ``encoding`` the one in which it is different, "" for any. ``claims`` are what its conformance
    statement says otherwise. ``process``: it shows over sockets alone, so that the peer is a process of its own.
    """

    id: str
    role: str
    says: str
    leaves: tuple[str, ...]
    warns: tuple[str, ...]
    themes: tuple[str, ...]
    encoding: str = ""
    claims: Mapping[str, bool] = field(default_factory=dict)
    process: bool = False


def load_variants(root: Path, role: str) -> list[VariantRow]:
    """The variants of a role, as the data file has them."""
    return [
        VariantRow(
            row["id"], role, row["says"], tuple(row["leaves"]), tuple(row["warns"]), tuple(row["themes"]),
            row.get("encoding", ""), row.get("claims", {}), row.get("process", False) is True,
        )
        for row in load(root / "variants" / f"{role}.yaml").value
    ]  # fmt: skip


def alarms(row: VariantRow, cases: Sequence[Case], folder: Path, chance: random.Random) -> list[str]:
    """Plays one permutation of each case, chosen by ``chance``, against a peer that is such a variant.

    Gives a line for each verdict that is no pass, and for each warning that the row does not say.
    """
    if row.process:
        path = process_iut(folder / "iut", row.role, [row.id], tls=False)
    else:
        adapter = f"conformance.peers.deviants:{name_of(row.role, row.id)}"
        path = embedded_iut(folder / "iut", row.role, adapter, claims=row.claims)
    return raised(path, cases, folder, chance, warns=row.warns, encoding=row.encoding)


def raised(
    path: Path, cases: Sequence[Case], folder: Path, chance: random.Random, *, warns: Sequence[str] = (), encoding: str = "",
    shuffled: bool = False,
) -> list[str]:
    """The alarms about the implementation of an IUT file; see :func:`alarms`. ``shuffled``: in an order of chance."""
    iut = load_iut(path)
    run = Run([iut], Options(folder))
    found: list[str] = []
    try:
        chosen = _one_of_each(run.selector(iut).choose(cases), chance, encoding)
        order = chance.sample(chosen, len(chosen)) if shuffled else in_order(chosen)
        for each in order:
            if each.selected:
                found += _alarming(run.do(each), warns)
    finally:
        run.close()
    return found


def _one_of_each(chosen: Sequence[Chosen], chance: random.Random, encoding: str) -> list[Chosen]:
    by_case: dict[str, list[Chosen]] = {}
    for each in chosen:
        by_case.setdefault(each.permutation.case.id, []).append(each)
    return [chance.choice(_fitting(every, encoding)) for every in by_case.values()]


def _fitting(every: list[Chosen], encoding: str) -> list[Chosen]:
    """Those that apply, and among them those in an encoding, where there are any."""
    selected = [each for each in every if each.selected] or every
    return [each for each in selected if encoding in ("", each.permutation.values.get("encoding"))] or selected


def _alarming(line: Mapping[str, Any], warns: Sequence[str]) -> list[str]:
    """What a line of the record holds against an implementation."""
    told = [
        f"{line['id']}: {finding['outcome']}: {finding['requirement']}: {finding['message']}: "
        f"{finding.get('expected')} expected, {finding.get('actual')} came"
        for finding in line["findings"]
        if finding["outcome"] == FAIL or (finding["outcome"] == WARN and finding["requirement"] not in warns)
    ]
    if line["verdict"] not in _HARMLESS and not told:
        told.append(f"{line['id']}: {line['verdict']}: {line['reason']}")
    return told
