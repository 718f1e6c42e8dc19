"""The rows of ``testcases/deviations``: named ways in which a peer can be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.harness.yamlfile import load
from conformance.report.resemblance import Known


@dataclass(frozen=True, slots=True)
class DeviationRow:
    """One row of ``testcases/deviations``: what a sloppy implementer does, and which requirements that breaks.

    ``seen_by`` is the id of a case that catches it; where there is none for now ``pending`` says why. ``profile``: the
    dialect in which it is wrong, "" for that of the enabler. ``claims`` are what its conformance statement says otherwise:
    some devices are wrong in how they do without something.
    """

    id: str
    role: str
    says: str
    breaks: tuple[str, ...]
    level: str
    area: str
    seen_by: str = ""
    pending: str = ""
    profile: str = ""
    claims: Mapping[str, bool] = field(default_factory=dict)


def load_deviations(root: Path, role: str) -> list[DeviationRow]:
    """The deviations of a role, as the data files have them."""
    raw = load(root / "deviations" / f"{role}.yaml").value
    rows = raw["deviations"] if isinstance(raw, dict) else raw
    return [
        DeviationRow(
            row["id"], role, row["says"], tuple(row["breaks"]), row.get("level", ""), row.get("area", ""),
            row.get("seen_by", ""), row.get("pending", ""), row.get("profile", ""), row.get("claims", {}),
        )
        for row in rows
    ]


def known(root: Path) -> list[Known]:
    """The deviations of both roles, as reports compare failures with them."""
    return [
        Known(row.id, row.role, row.says, row.breaks, row.seen_by)
        for role in ("client", "server")
        for row in load_deviations(root, role)
    ]
