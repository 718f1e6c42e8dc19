"""The reference server uses what the device has, and an error ends the attempt."""

from __future__ import annotations

import pytest
from scripteddevice import ROOT, ScriptedDevice, enrolment, tree
from serverscene import Memory, outcome, plan, server, targets

from conformance.peers.server import Server, ServerProfile
from conformance.syncml.model import Alert, Get, Replace

# ---- what the device has ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("has", "way", "executed"),
    [
        ("Download/Update/State", "download-and-update", "/Download"),
        ("DownloadAndUpdate/State", "download", "/DownloadAndUpdate"),
        ("Update/State", "download", "/Update"),
        ("Download/State", "download", None),
        ("State", "replace", None),
    ],
)
def test_only_what_the_device_has_is_used(has: str, way: str, executed: str | None) -> None:
    made = server()
    plan(made, way)
    device = ScriptedDevice(made, nodes={**tree(), ROOT: has})
    device.session()
    assert [(e.items[0].target or "").removeprefix(ROOT) for e in device.execs] == ([executed] if executed else [])
    assert outcome(made)["status"] == ("running" if executed else "failed")
    assert bool(device.packages) == (executed == "/Update")


@pytest.mark.parametrize("case", ["no-large-objects", "max-obj-size", "no-pkgdata"])
def test_no_large_object_where_it_cannot_go(case: str) -> None:
    made = server()
    nodes = tree()
    if case == "no-large-objects":
        nodes["./DevDetail/LrgObj"] = "false"
    elif case == "no-pkgdata":
        nodes[f"{ROOT}/Update"] = ""
    plan(made, "replace")
    device = ScriptedDevice(made, nodes=nodes, max_msg=8000, max_obj=20_000 if case == "max-obj-size" else None)
    device.session()
    assert device.packages == [] and (device.execs[0].items[0].target or "").endswith("/DownloadAndUpdate")


def test_small_package_goes_whole_to_a_device_without_large_objects() -> None:
    made = Server(ServerProfile(), seed=3, sources=lambda path: Memory(b"small"))
    made.verb("enrol", enrolment(), 0)
    plan(made, "replace")
    device = ScriptedDevice(made, nodes={**tree(), "./DevDetail/LrgObj": "false"}, max_msg=8000)
    device.session()
    assert device.packages == [b"small"]


def test_unreadable_tree_and_missing_operation_lead_to_another_way() -> None:
    made = server()
    plan(made, "download")
    refused = {f"Get {ROOT}": "405", f"Replace {ROOT}/Download/PkgURL": "404", f"Exec {ROOT}/Download": "404"}
    device = ScriptedDevice(made, statuses=refused)
    device.session()
    assert [(e.items[0].target or "").removeprefix(ROOT) for e in device.execs] == ["/Download", "/DownloadAndUpdate"]
    assert outcome(made) == {
        "status": "running", "result": None, "status_code": None, "operation": "downloadandupdate",
    }  # fmt: skip


@pytest.mark.parametrize("code", ["401", "403", "404", "405", "406", "425", "500"])
def test_error_status_ends_the_attempt(code: str) -> None:
    made = server()
    plan(made)
    device = ScriptedDevice(made, statuses={f"Exec {ROOT}/Download": code})
    device.session()
    device.session()
    assert len(device.execs) == 1
    assert outcome(made) == {
        "status": "failed", "result": None, "status_code": int(code), "operation": "download",
    }  # fmt: skip


@pytest.mark.parametrize(("code", "sent"), [("413", 1), ("424", 2), ("500", 1)])
def test_error_for_the_package_ends_the_attempt(code: str, sent: int) -> None:
    made = server()
    plan(made, "replace")
    device = ScriptedDevice(made, max_msg=4000, statuses={f"Replace {ROOT}/Update/PkgData": code})
    answers = device.session()
    assert len([m for m in answers if targets(m, Replace)]) == sent
    assert device.execs == [] and outcome(made)["status"] == "failed" and outcome(made)["status_code"] == int(code)
    assert answers[-1].final


def test_sequence_that_the_device_lacks_is_done_without() -> None:
    made = server()
    plan(made)
    device = ScriptedDevice(made, statuses={"Sequence": "406", f"Exec {ROOT}/Download": "406"})
    device.begin()
    answer = device.send([Alert(data="1201"), device.devinfo()])
    assert answer is not None
    answer = device.send(device.perform(answer))
    assert answer is not None
    answer = device.send(device.perform(answer))
    device.statuses.clear()
    assert answer is not None and targets(answer, Replace) == ["/Download/PkgURL"] and not targets(answer)
    answer = device.send(device.perform(answer))
    assert answer is not None and targets(answer) == ["/Download"]


@pytest.mark.parametrize(
    ("state", "next_"),
    [("10", "/Download"), ("30", None), ("40", "/Update"), ("50", "/Update"), ("20", None)],
)
def test_lost_status_of_exec_is_found_out_by_state(state: str, next_: str | None) -> None:
    made = server()
    plan(made)
    device = ScriptedDevice(made)
    device.begin()
    answer = device.send([Alert(data="1201"), device.devinfo()])
    assert answer is not None
    answer = device.send(device.perform(answer))
    assert answer is not None and targets(answer) == ["/Download"]
    device.nodes[f"{ROOT}/State"] = state
    made.verb("restart", {}, 0)
    device.session()
    assert [(e.items[0].target or "").removeprefix(ROOT) for e in device.execs] == ([next_] if next_ else [])
    assert outcome(made)["status"] == "running"


def test_exec_whose_status_never_comes_is_not_sent_for_ever() -> None:
    made = server()
    plan(made)
    device = ScriptedDevice(made)
    for _ in range(6):
        device.begin()
        answer = device.send([Alert(data="1201"), device.devinfo()])
        assert answer is not None
        if targets(answer, Get):
            device.send(device.perform(answer))
    assert outcome(made)["status"] == "failed"
