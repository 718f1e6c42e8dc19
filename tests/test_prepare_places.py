"""What ``prepare`` is told of places: the suite's own address for a client, the server's own for a server."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from iutfiles import CLIENT, SERVER, iut

from conformance.harness.attached import Attached


@pytest.mark.parametrize(
    ("base", "offered", "told"),
    [(CLIENT, "http://127.0.0.1:9/suite", "http://127.0.0.1:9/suite"), (SERVER, "", "http://127.0.0.1:8081/dm")],
)
def test_prepare_names_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: dict[str, Any], offered: str, told: str
) -> None:
    given: dict[str, dict[str, Any]] = {}
    monkeypatch.setattr(Attached, "call", lambda self, verb, more: given.setdefault(verb, more))
    monkeypatch.setattr(Attached, "_probe", lambda self: frozenset())
    one = Attached(iut(tmp_path, base), tmp_path)
    monkeypatch.setattr(one, "steering", SimpleNamespace(places=lambda places: None), raising=False)
    one.start({"server_url": offered})
    assert given["prepare"]["server_url"] == told
