"""IUT files for the tests of the attach contract."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from conformance.harness.iut import Iut, load_iut

HANGS = 40.0
"""Seconds that something takes which must be cut off: it was where less than half of them went by, on any machine."""
CREDENTIALS = {"username": "dev-0001", "password": "secret-1", "nonce": "bm9uY2UtMDAwMQ=="}
CLIENT: dict[str, Any] = {
    "schema": 1,
    "name": "Acme X1",
    "version": "1.7.2",
    "role": "client",
    "dm": {
        "device_id": "urn:imei:490154203237518",
        "server_id": "com.example.dm",
        "client_credentials": CREDENTIALS,
        "server_credentials": {"username": "com.example.dm", "password": "s3rver", "nonce": "bm9uY2UtMDAwMg=="},
    },
    "attach": {"listen": "http://127.0.0.1:8080/dm"},
}
SERVER: dict[str, Any] = {**CLIENT, "role": "server", "attach": {"server_url": "http://127.0.0.1:8081/dm"}}


def changed(base: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy with some values changed: ``dm__device_id=...``; ``None`` takes a key away."""
    made = copy.deepcopy(base)
    for key, value in changes.items():
        *outer, last = key.split("__")
        place = made
        for name in outer:
            place = place.setdefault(name, {})
        if value is None:
            del place[last]
        else:
            place[last] = value
    return made


def write(folder: Path, content: Any, name: str = "acme.yaml") -> Path:
    """Writes a file: text as it stands, anything else as JSON on several lines, which is YAML too."""
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8")
    return path


def iut(folder: Path, base: dict[str, Any] = CLIENT, **changes: Any) -> Iut:
    """The IUT of such a file."""
    return load_iut(write(folder, changed(base, **changes)))
