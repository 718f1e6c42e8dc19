"""The published examples in ``reports/``: one per role, made by ``python3 -m tests.publish``, kept current by a test.

Each is a run of a reference peer that does one thing wrong, over a few tables; what is published is what a reader opens.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from conformance.harness.embedded import embedded_iut
from conformance.harness.session import run_suite
from conformance.peers.deviants import name_of
from tests.browser import CHROMIUM

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "reports"
PICTURE = ROOT / "docs" / "images" / "report.png"
EXAMPLES = {
    "client": ("correlator-dropped", ("client/exec/correlator", "client/flows/download-and-update", "client/sessions/messages")),
    "server": ("unanswered-report", ("server/flows/download-and-update", "server/reports/place", "server/sessions/credentials")),
}
"""For each role the deviation, and the tables that are played."""
PUBLISHED = (
    "report.html", "summary.md", "conformance.json", "conformance.yaml", "conformance.md", "badge.svg", "badge.json",
    "results.ndjson",
)  # fmt: skip


def make(role: str, folder: Path) -> Path:
    """Plays an example; gives its run folder."""
    deviation, tables = EXAMPLES[role]
    iut = embedded_iut(folder / "iut", role, f"conformance.peers.deviants:{name_of(role, deviation)}")
    named = "Example device" if role == "client" else "Example server"
    text = iut.read_text(encoding="utf-8").replace(f"Reference {named.split()[1]}", named).replace(
        "vendor: fumo-conformance", "vendor: Example Ltd"
    )  # fmt: skip
    iut.write_text(text, encoding="utf-8")
    run_suite([iut], None, tables, folder / "run", quiet=True, no_color=True)
    return folder / "run"


def publish() -> None:
    """Makes the examples and the picture anew."""
    for role in EXAMPLES:
        with tempfile.TemporaryDirectory() as place:
            run = make(role, Path(place))
            target = REPORTS / f"example-{'device' if role == 'client' else 'server'}"
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(parents=True)
            for name in PUBLISHED:
                text = (run / name).read_text(encoding="utf-8")
                (target / name).write_text(text.replace(place, "."), encoding="utf-8")
    picture(REPORTS / "example-device" / "report.html", PICTURE)


def picture(page: Path, target: Path) -> None:
    """A picture of the top of a page."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        command = [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}",
            "--window-size=1200,1350", "--virtual-time-budget=8000", f"--screenshot={target}", page.as_uri(),
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=120)


if __name__ == "__main__":
    publish()
    print("published", *(path.name for path in sorted(REPORTS.glob("example-*"))), file=sys.stderr)
