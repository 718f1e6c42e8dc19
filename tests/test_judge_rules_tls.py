"""The rule about the age of TLS connections."""

from __future__ import annotations

import pytest

from conformance.harness.catalogue import load_catalogue
from conformance.harness.places import testcases as own_cases
from conformance.judge.rule import standing
from conformance.transcript import DEVICE, SERVER, Event, Transcript


@pytest.mark.parametrize("side", ["client", "server"])
@pytest.mark.parametrize(
    ("version", "outcomes"), [("TLSv1.2", ["pass"]), ("SSLv3", ["pass"]), ("SSLv2", ["fail"]), ("", [])]
)
def test_a_connection_older_than_ssl3_fails(side: str, version: str, outcomes: list[str]) -> None:
    event = Event(1, 0.0, "tls", DEVICE, SERVER, {"version": version, "cipher": "", "names": [], "fault": "", "flaw": ""})
    found = standing(Transcript([event]), side, load_catalogue(own_cases()))
    assert [finding.outcome for finding in found if finding.requirement == "DM-TLS-003"] == outcomes
