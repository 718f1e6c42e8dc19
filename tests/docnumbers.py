"""The numbers that the documents name: counted here, compared by test_docs.py, written by ``python3 -m tests.docnumbers``.

A number stands between markers: ``<!-- number:cases -->132<!-- /number -->``.
"""

from __future__ import annotations

import re
from pathlib import Path

from conformance.harness.cases import load_cases, permutations
from conformance.harness.catalogue import load_ambiguities, load_catalogue
from conformance.harness.deviations import load_deviations
from conformance.judge.rules import ALL

ROOT = Path(__file__).resolve().parent.parent
MARKED = re.compile(r"<!-- number:([a-z-]+) -->(\d*)<!-- /number -->")


def documents() -> list[Path]:
    """All documents of the project."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def numbers() -> dict[str, int]:
    """Every number that a document may name, by its name."""
    root = ROOT / "testcases"
    cases = load_cases(root)
    catalogue = load_catalogue(root)
    counted = {
        "cases": len(cases),
        "permutations": sum(len(permutations(case)) for case in cases),
        "requirements": len(catalogue),
        "rules": len(ALL),
        "ambiguities": len(load_ambiguities(root, catalogue)),
        "deviations": sum(len(load_deviations(root, role)) for role in ("client", "server")),
    }
    for role in ("client", "server"):
        counted[f"{role}-cases"] = sum(case.role == role for case in cases)
    return counted


def write() -> list[str]:
    """Puts the numbers of today into all documents; gives the names of those that changed."""
    counted = numbers()
    changed = []
    for path in documents():
        before = path.read_text(encoding="utf-8")
        after = MARKED.sub(lambda m: f"<!-- number:{m[1]} -->{counted[m[1]]}<!-- /number -->", before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed.append(path.name)
    return changed


if __name__ == "__main__":
    print("changed:", ", ".join(write()) or "nothing")
