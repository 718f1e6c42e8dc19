"""No false alarms in any order: all cases against the reference peers, one permutation of each, in an order of chance.

The long tier has fifty orders for each role, ten in the dialect, and a peer that is a process behind a web address; CI runs
a seeded sample.
"""

from __future__ import annotations

import os
import random
import zlib
from functools import cache
from pathlib import Path

import pytest

from conformance.harness.cases import Case, load_cases
from conformance.harness.embedded import embedded_iut, process_iut, write_embedded
from conformance.harness.places import testcases as own_cases
from conformance.harness.tolerance import raised

pytestmark = pytest.mark.long
SEED = int(os.environ.get("FUMO_SEED", "20261121"))
LONG = os.environ.get("FUMO_LONG", "") not in ("", "0")
FEW = 12
"""Cases that CI plays against a peer that is a process of its own."""
DIALECT = {"client": ("FUMO-ALERT-003", "FUMO-ALERT-011"), "server": ()}
"""What it costs to speak Windows Mobile: the node is named in the Source, and there is no Mark. The text warns of both."""


@cache
def cases(role: str) -> tuple[Case, ...]:
    return tuple(case for case in load_cases(own_cases()) if case.role == role)


def drawn(role: str, name: str, few: int) -> tuple[list[Case], random.Random]:
    """The cases that are played, all of them in the long tier, and the chance that orders them."""
    chance = random.Random(SEED ^ zlib.crc32(f"{name} {role}".encode()))
    return list(cases(role)) if LONG else chance.sample(cases(role), few), chance


@pytest.mark.parametrize("seed", range(50 if LONG else 1))
@pytest.mark.parametrize("role", ["client", "server"])
def test_no_case_raises_an_alarm_about_a_reference_peer(role: str, seed: int, tmp_path: Path) -> None:
    device, server = write_embedded(tmp_path / "iut")
    played, chance = drawn(role, str(seed), len(cases(role)) // 5)
    assert raised(device if role == "client" else server, played, tmp_path, chance, shuffled=True) == []


@pytest.mark.parametrize("seed", range(10 if LONG else 1))
@pytest.mark.parametrize("role", ["client", "server"])
def test_no_case_raises_an_alarm_about_a_peer_that_speaks_windows_mobile(role: str, seed: int, tmp_path: Path) -> None:
    adapter = f"conformance.peers.adapters:{'DeviceAdapter' if role == 'client' else 'ServerAdapter'}"
    path = embedded_iut(tmp_path / "iut", role, adapter, "windows-mobile")
    played, chance = drawn(role, f"dialect {seed}", len(cases(role)) // 5)
    assert raised(path, played, tmp_path, chance, warns=DIALECT[role], shuffled=True) == []


@pytest.mark.parametrize("role", ["client", "server"])
def test_no_case_raises_an_alarm_about_a_process_behind_a_web_address(role: str, tmp_path: Path) -> None:
    """Sockets, a real clock, and what an earlier case left behind."""
    played, chance = drawn(role, "process", FEW)
    assert raised(process_iut(tmp_path / "iut", role, [], tls=False), played, tmp_path, chance, shuffled=True) == []
