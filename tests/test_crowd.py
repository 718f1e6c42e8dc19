"""Hundreds of devices in the same minute: the reference server keeps them apart, and the rules judge each of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from casetables import cases_of

from conformance.harness.embedded import embedded_iut
from conformance.harness.iut import load_iut
from conformance.harness.run import Options, Run
from conformance.peers.deviants import name_of

SUITE = "server/crowd/many"
TABLE = """
suite: server/crowd/many
purpose: A case made for a test.
role: server
ensures: [FUMO-ALERT-029]
needs: {packages: [good]}
axes: {encoding: [wbxml], authentication: [md5]}
steps:
  - crowd: {devices: %d, way: download-and-update, result: [200, 410, 299]}
    expect: {right: {expect: %d, ensures: FUMO-ALERT-029}, wrong: {expect: 0, ensures: FUMO-ALERT-029}}
cases:
  - {id: only, title: many devices come at the same time}
"""


def _played(folder: Path, devices: int, deviation: str = "") -> dict[str, Any]:
    adapter = f"conformance.peers.deviants:{name_of('server', deviation)}" if deviation else "conformance.peers.adapters:ServerAdapter"
    iut = load_iut(embedded_iut(folder / "iut", "server", adapter, ""))
    cases = cases_of(folder / "cases", TABLE % (devices, devices), SUITE)
    run = Run([iut], Options(folder))
    try:
        chosen = next(each for each in run.selector(iut).choose(cases) if each.selected)
        return run.do(chosen)
    finally:
        run.close()


def test_more_than_a_hundred_devices_at_the_same_time_are_kept_apart(tmp_path: Path) -> None:
    line = _played(tmp_path, 110)
    wrong = [finding for finding in line["findings"] if finding["outcome"] not in ("pass", "note")]
    assert (line["verdict"], wrong[:3]) == ("pass", [])
    assert json.dumps(line).count("crowd-password") == 0


@pytest.mark.parametrize("deviation", ["report-for-anybody", "one-device-at-a-time"])
def test_who_mixes_devices_up_is_seen_in_a_small_crowd(deviation: str, tmp_path: Path) -> None:
    line = _played(tmp_path, 4, deviation)
    assert line["verdict"] == "fail"
    assert "FUMO-ALERT-029" in {f["requirement"] for f in line["findings"] if f["outcome"] == "fail"}
