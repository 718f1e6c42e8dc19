"""What a proof of the suite said, as README and docs/prove.md show it: kept in ``reports/proof/figures.json``.

``fumo-conformance prove --output DIR && fumo-conformance prove --cases --output DIR && python3 -m tests.proofnumbers DIR`` makes
it and writes the documents; test_proof_numbers.py fails where it is older than the cases or the deviations.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

from conformance.harness.cases import case_files, load_cases

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "reports" / "proof" / "figures.json"
PAGES = {"README.md": "short", "docs/prove.md": "long"}
MARKED = re.compile(r"<!-- proof -->.*?<!-- /proof -->", re.DOTALL)


REASON = re.compile(rb"(?m)^ +because: [^\n]*\n")
"""Why an idle case stands, on a line of its own: it is no part of what is played."""


def digest() -> str:
    """Of everything that a proof is made from: cases (but for reasons), requirements, deviations."""
    root = ROOT / "testcases"
    found = hashlib.sha256()
    for path in sorted([*case_files(root), *(root / "requirements").glob("*.yaml"), *(root / "deviations").glob("*.yaml")]):
        found.update(path.relative_to(root).as_posix().encode() + b"\0" + REASON.sub(b"", path.read_bytes()) + b"\0")
    return found.hexdigest()


def figures(folder: Path) -> dict[str, Any]:
    """The figures of the proofs in a folder. Raises ``ValueError`` where they are not of all cases and deviations."""
    proof = json.loads((folder / "proof.json").read_text(encoding="utf-8"))
    cases = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    if proof["chosen"] or not proof["complete"] or proof["testcases"] != cases["testcases"]:
        raise ValueError(f"{folder}: not a proof of all deviations and cases of one state of the suite")
    told = {case.id for case in load_cases(ROOT / "testcases") if case.because}
    idle = [row for row in cases["cases"] if not row["kill"]]
    return {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "digest": digest(),
        "deviations": len(proof["deviations"]),
        **{name: proof["counts"][name] for name in ("caught", "warned", "otherwise", "survived", "error")},
        "explained": sum(bool(row["explained"]) for row in proof["deviations"]),
        "weak": sum(bool(row["weak"]) for row in proof["deviations"]),
        "cases": len(cases["cases"]),
        "earning": len(cases["cases"]) - len(idle),
        "reasoned": sum(row["id"] in told for row in idle),
        "idle": sum(row["id"] not in told for row in idle),
    }  # fmt: skip


def text(found: dict[str, Any], form: str) -> str:
    """What a document says of the figures."""
    of = f"{found['date']}, cases and deviations {found['digest'][:12]}"
    missed = found["survived"] + found["otherwise"]
    caught = (
        f"Of {found['deviations']} deviations {found['caught']} are caught by a failure that names a requirement they break and "
        f"{found['warned']} by a warning (a SHOULD, or no firm text); "
        + (f"{missed} are not, {found['explained']} of these explained" if missed else "none is missed")
    )
    if form == "short":
        return f"{caught} ({of})."
    idle = found["reasoned"] + found["idle"]
    return (
        f"{caught}; {found['weak']} of those that are only warned of break something that can fail.\n\n"
        f"Of {found['cases']} cases {found['earning']} catch a deviation for a requirement that they ask for themselves, and "
        f"{found['reasoned']} of the {idle} idle ones say why they stand.\n\nMade on {of}."
    )


def page(name: str) -> str:
    """A document with the figures of today in it."""
    found = json.loads(FIGURES.read_text(encoding="utf-8"))
    before = (ROOT / name).read_text(encoding="utf-8")
    return MARKED.sub(lambda _: f"<!-- proof -->\n{text(found, PAGES[name])}\n<!-- /proof -->", before)


def write(folder: Path) -> None:
    """Keeps the figures of a proof and writes them into the documents."""
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(json.dumps(figures(folder), indent=1) + "\n", encoding="utf-8")
    show()


def show() -> None:
    """Writes the figures into the documents."""
    for name in PAGES:
        (ROOT / name).write_text(page(name), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
