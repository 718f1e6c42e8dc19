"""The tables for a server under test have no hole: result code x alert type x place, Status x command, kind of loss x way."""

from __future__ import annotations

import pytest

from conformance.harness.cases import load_cases, permutations
from conformance.harness.places import testcases as data
from conformance.harness.trouble import ABORT, LOST, REPEAT, VANISH

CASES = [case for case in load_cases(data()) if case.role == "server"]
CODES = (
    200, 250, 299, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 450, 499, 500, 501, 502, 503, 550, 599,
)  # fmt: skip
"""The eighteen ResultCodes of FUMO TS 6.2.4, and the edges of the ranges of vendors."""
OPERATIONS = {"replace": "update", "download": "download", "download-and-update": "download-and-update"}
EXEC = (403, 404, 405, 406, 414, 420, 425, 500, 510)
"""Statuses that Exec may get (DM RepPro 6.6.6), beside those of credentials."""
WRITE = (403, 404, 405, 413, 414, 415, 418, 420, 425, 500, 516)
"""Statuses that Replace may get (DM RepPro), beside those of credentials and of large objects."""



def _reported() -> set[tuple[str, str, str, int]]:
    """Operation, place, encoding and code of every report that a case makes and asks the outcome of."""
    found = set()
    for case in CASES:
        for each in permutations(case):
            device = [step["device"] for step in each.steps() if "device" in step]
            instant = any(given.get("instant") for given in device)
            codes = [given.get("result") for given in device] if instant else []
            codes += [step["operate"]["result"] for step in each.steps() if isinstance(step.get("operate"), dict)]
            ways = [OPERATIONS[step["campaign"].get("way", "download-and-update")] for step in each.steps() if "campaign" in step]
            ways += ["update" for step in each.steps() if "plan-update" in step]
            if any("outcome" in step for step in each.steps()) and ways:
                place = "package 3" if instant else "package 1"
                spoken = dict(each.values).get("encoding", "xml")
                found |= {(ways[0], place, spoken, int(code)) for code in codes if code is not None}
    return found


@pytest.mark.parametrize("place", ["package 1", "package 3"])
@pytest.mark.parametrize("operation", ["download", "update", "download-and-update"])
def test_every_result_code_comes_from_every_operation_in_every_place(operation: str, place: str) -> None:
    told = {(operation, place, code) for made, where, _, code in _reported() if (made, where) == (operation, place)}
    assert [code for code in CODES if (operation, place, code) not in told] == []


@pytest.mark.parametrize("encoding", ["xml", "wbxml"])
def test_every_result_code_comes_in_both_languages(encoding: str) -> None:
    told = {code for _, _, spoken, code in _reported() if spoken == encoding}
    assert [code for code in CODES if code not in told] == []


@pytest.mark.parametrize(("command", "wanted"), [("Exec", EXEC), ("Replace", WRITE), ("Get", (404, 405, 406, 425, 500))])
@pytest.mark.parametrize("way", ["replace", "download-and-update"])
def test_every_status_answers_every_command(command: str, wanted: tuple[int, ...], way: str) -> None:
    told = set()
    for case in CASES:
        for each in permutations(case):
            given = [step["device"]["statuses"] for step in each.steps() if "device" in step and "statuses" in step["device"]]
            planned = any(step.get("campaign", {}).get("way") == way for step in each.steps() if "campaign" in step)
            told |= {int(statuses[command]) for statuses in given if planned and command in statuses}
    assert [code for code in wanted if code not in told] == []


@pytest.mark.parametrize("does", [ABORT, VANISH, REPEAT, LOST])
@pytest.mark.parametrize("way", sorted(OPERATIONS))
def test_a_session_is_lost_at_every_message_of_every_way(way: str, does: str) -> None:
    found = set()
    for case in CASES:
        for each in permutations(case):
            troubles = [step["device"]["trouble"] for step in each.steps() if isinstance(step.get("device", {}).get("trouble"), dict)]
            if any(step["campaign"].get("way") == way for step in each.steps() if "campaign" in step):
                found |= {int(t["at"]) for t in troubles if t["does"] == does and t["when"] == "message"}
    assert set(range(2, 7)) <= found
