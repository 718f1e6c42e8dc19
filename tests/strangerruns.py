"""What it takes to let the suite play cases against the devices of ``tests/strangers``."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from iutfiles import write

from conformance.harness.cases import load_cases
from conformance.harness.iut import Iut, load_iut
from conformance.harness.places import testcases as own_cases
from conformance.harness.run import Options, Run
from conformance.harness.selection import Chosen

STRANGERS = Path(__file__).parent / "strangers"
PASSWORD = "canary-dev-77"
SERVER_PASSWORD = "canary-srv-88"
NONCE = "bm9uY2UtMDAwMQ=="
QUICK = {"connect": 5, "message": 5, "operation": 10, "silence": 0.1, "hook": 5, "reset": 1}
"""Waits of a healthy device: long enough for a busy machine, and never waited out."""


def package(frm: str, to: str, size: int = 2000) -> bytes:
    """An update package of the strangers: it begins with its digest and the versions it leads from and to."""
    body = bytes(i % 251 for i in range(size))
    return f"ONESHOT {hashlib.sha256(body).hexdigest()} {frm} {to}\n".encode() + body


def iut_file(folder: Path, **attach: Any) -> Path:
    """An IUT file for a stranger, with its packages beside it."""
    for name, octets in {
        "a.bin": package("1.0", "2.0"), "b.bin": package("2.0", "1.0"), "other.bin": package("7.0", "8.0"),
        "gif.bin": b"GIF89a" + bytes(99),
    }.items():  # fmt: skip
        (folder / name).write_bytes(octets)
    credentials = {"username": "dev-0001", "password": PASSWORD, "nonce": NONCE}
    server = {"username": "com.example.dm", "password": SERVER_PASSWORD, "nonce": NONCE}
    return write(
        folder,
        {
            "schema": 1, "name": "Stranger", "version": "1", "role": "client",
            "dm": {
                "device_id": "urn:imei:490154203237518", "server_id": "com.example.dm",
                "client_credentials": credentials, "server_credentials": server,
            },
            "device": {"firmware": "1.0"},
            "claims": {"download": False, "update": False, "pkgdata": False, "notification": False},
            "packages": {
                "good": [{"path": "a.bin", "from": "1.0", "to": "2.0"}, {"path": "b.bin", "from": "2.0", "to": "1.0"}],
                "wrong-device": "other.bin", "not-acceptable": "gif.bin",
            },
            "attach": {"allow": ["bad-image", "downgrade"], "timeouts": QUICK, **attach},
        },
    )  # fmt: skip


def oneshot(folder: Path, **attach: Any) -> Path:
    """The device that runs inside the calls of its hook alone."""
    return iut_file(folder, hook=[sys.executable, "-S", str(STRANGERS / "oneshot.py")], **attach)


def daemon(folder: Path, crash_every: int = 0, **attach: Any) -> Path:
    """The device that runs all the time; with ``crash_every`` it ends in the middle of the session of each such case."""
    start = [sys.executable, "-S", str(STRANGERS / "daemon.py"), "{port:hook}", "{work_dir}", str(crash_every)]
    ready = {"tcp": "127.0.0.1:{port:hook}", "seconds": 10}
    return iut_file(folder, start=start, ready=ready, hook="http://127.0.0.1:{port:hook}/hook", **attach)


@contextmanager
def running(path: Path, output: Path) -> Iterator[Run]:
    """A run over one IUT file, closed at the end."""
    run = Run([load_iut(path)], Options(output))
    try:
        yield run
    finally:
        run.close()


def chosen(run: Run, *names: str) -> list[Chosen]:
    """Permutations of the suite's own cases in the given order; a name without suffix means the first that applies."""
    by_id: dict[str, Chosen] = {}
    for item in run.selector(iut_of(run)).choose(load_cases(own_cases())):
        by_id[item.permutation.id] = item
        if item.selected:
            by_id.setdefault(item.permutation.case.id, item)
    return [by_id[name] for name in names]


def iut_of(run: Run) -> Iut:
    """The one implementation of a run."""
    return run.iuts[0]


def play_all(run: Run, items: Sequence[Chosen]) -> list[dict[str, Any]]:
    """The lines of the record for these permutations, each in the next attempt where it came before."""
    seen: dict[str, int] = {}
    lines = []
    for item in items:
        identity = item.permutation.id
        seen[identity] = seen.get(identity, 0) + 1
        lines.append(run.do(item, seen[identity]))
    return lines


def kept(folder: Path) -> dict[Path, bytes]:
    """All files of a run but those that belong to the device itself."""
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "work" not in path.relative_to(folder).parts
    }


def shown(findings: Any) -> str:
    """Findings for comparison."""
    return json.dumps(findings, sort_keys=True)
