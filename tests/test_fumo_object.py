"""The tables of the firmware update object."""

import pytest

from conformance.fumo.object import (
    ALERT_OF,
    ALERT_TYPES,
    NODES,
    STATES,
    TRANSITIONS,
    ResultCode,
    is_defined,
    is_failure,
    is_success,
    is_vendor,
)


def test_the_object_has_eleven_nodes() -> None:
    assert len(NODES) == 11
    executable = {path for path, rule in NODES.items() if "Exec" in rule.access}
    assert executable == {"Download", "Update", "DownloadAndUpdate"}
    assert [path for path, rule in NODES.items() if "Get" not in rule.access] == ["Update/PkgData"]
    assert {path for path, rule in NODES.items() if not rule.optional} == {
        "Download/PkgURL", "DownloadAndUpdate/PkgURL", "State",
    }
    assert {path for path, rule in NODES.items() if rule.interior} == {
        "", "Download", "Update", "DownloadAndUpdate", "Ext",
    }


def test_transitions_join_states() -> None:
    assert {10, 20, 30, 40, 50, 60, 70, 80, 90, 100} == STATES
    assert len(TRANSITIONS) == 15
    assert {state for pair in TRANSITIONS for state in pair} == STATES
    assert (70, 10) not in TRANSITIONS


@pytest.mark.parametrize("code", [200, 250, 299, 400, 412, 450, 499, 500, 503, 550, 599])
def test_codes_of_the_table_are_defined(code: int) -> None:
    assert is_defined(code)
    assert is_success(code) is (code < 300)
    assert is_failure(code) is (code >= 400)


@pytest.mark.parametrize("code", [-1, 0, 10, 199, 201, 202, 249, 300, 399, 413, 449, 504, 549, 600])
def test_other_codes_are_not(code: int) -> None:
    assert not is_defined(code)
    assert not is_success(code)
    assert not is_failure(code)
    assert not is_vendor(code)


def test_alert_types() -> None:
    assert ALERT_OF["DownloadAndUpdate"] == "org.openmobilealliance.dm.firmwareupdate.downloadandupdate"
    assert len(set(ALERT_TYPES)) == 5
    assert ResultCode.SERVER_UNAVAILABLE == 412
    assert ResultCode.SERVER_ERROR == 500
