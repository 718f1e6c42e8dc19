"""DM 1.1.2 and the dialect of Windows Mobile: both peers, what the judge makes of them, and which cases apply."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from judge_builder import CATALOGUE, Script
from judge_scripts import old
from peertable import ROOT, SERVER

from conformance.dm.largeobject import Octets
from conformance.dm.tree import Written
from conformance.fumo.plan import Answer, Facts, Plan
from conformance.fumo.windowsmobile import MobileCampaign
from conformance.harness.cases import load_cases
from conformance.harness.embedded import embedded_iut, write_embedded
from conformance.harness.iut import load_iut
from conformance.harness.places import testcases as own_cases
from conformance.harness.run import Options, Run, in_order
from conformance.judge.finding import FAIL, PASS
from conformance.judge.observed import media_of, place_of
from conformance.judge.rule import standing
from conformance.peers.device import Device
from conformance.peers.profile import DeviceProfile
from conformance.peers.windowsmobile import RangedFetch, become, known
from conformance.syncml.model import Add, Exec, Get, Item, Meta

CASES = load_cases(own_cases())


def outcomes(path: Path, folder: Path) -> list[dict[str, Any]]:
    """The lines of a run of one permutation of each case."""
    iut = load_iut(path)
    run = Run([iut], Options(folder, mode="one"))
    try:
        return [run.do(chosen) for chosen in in_order(run.selector(iut).choose(CASES)) if chosen.selected]
    finally:
        run.close()


def bad(lines: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(line["id"], line["verdict"], line["reason"]) for line in lines if line["verdict"] not in ("pass", "not-applicable")]


def warned(lines: list[dict[str, Any]]) -> set[str]:
    return {f["requirement"] for line in lines for f in line["findings"] if f["outcome"] == "warn"}


# -- no false alarms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1], ids=["device", "server"])
def test_a_peer_of_dm_112_alone_gives_no_false_alarm(tmp_path: Path, number: int) -> None:
    path = write_embedded(tmp_path)[number]
    values = yaml.safe_load(path.read_text())
    values["dm"]["versions"] = ["1.1.2"]
    path.write_text(yaml.safe_dump(values))
    lines = outcomes(path, tmp_path / "run")
    assert bad(lines) == []
    assert sum(line["verdict"] == "pass" for line in lines) > 25
    assert not warned(lines) & {"DM-V11-001", "DM-V11-002", "DM-V11-003", "DM-HDR-001", "DM-HDR-002"}


@pytest.mark.parametrize(
    ("role", "adapter", "known_warnings"),
    [
        # The dialect names the executed node and has no Mark: the enabler's own text warns of both.
        ("client", "DeviceAdapter", {"FUMO-ALERT-003", "FUMO-ALERT-011"}),
        # Cases in which the suite's device loses or spoils a nonce: what helps then is another reading of the text.
        ("server", "ServerAdapter", {"DM-HMAC-005", "DM-NOTI-004", "NOTI-004"}),
    ],
)
def test_a_peer_of_windows_mobile_gives_no_false_alarm(
    tmp_path: Path, role: str, adapter: str, known_warnings: set[str]
) -> None:
    path = embedded_iut(tmp_path, role, f"conformance.peers.adapters:{adapter}", "windows-mobile")
    lines = outcomes(path, tmp_path / "run")
    assert bad(lines) == []
    assert {line["verdict"] for line in lines if "windows-mobile" in line["id"]} == {"pass"}
    assert warned(lines) <= known_warnings


# -- which cases apply -------------------------------------------------------------------------------------------------


def why_not(path: Path, tmp_path: Path, case: str) -> set[str]:
    iut = load_iut(path)
    run = Run([iut], Options(tmp_path / "run"))
    try:
        return {each.reason for each in run.selector(iut).choose(CASES) if each.permutation.case.id == case}
    finally:
        run.close()


def test_cases_of_the_dialect_need_its_claim_and_others_an_object(tmp_path: Path) -> None:
    usual = write_embedded(tmp_path / "usual")
    mobile = embedded_iut(tmp_path / "mobile", "client", "conformance.peers.adapters:DeviceAdapter", "windows-mobile")
    assert any("not made" in why for why in why_not(usual[1], tmp_path, "server/windows-mobile/update/plain"))
    assert any("adds them" in why for why in why_not(mobile, tmp_path, "client/nodes/access/state-not-writable"))
    assert why_not(mobile, tmp_path, "client/windows-mobile/update/plain") == {""}


# -- the rules ---------------------------------------------------------------------------------------------------------


def found(script: Script, side: str, version: str) -> dict[str, str]:
    return {f.requirement: f.outcome for f in standing(script.transcript(), side, CATALOGUE, version=version)}


def test_a_device_is_held_to_the_version_it_was_to_speak() -> None:
    """DM-HDR-001, DM-HDR-002: a 1.1 header is right in DM 1.1.2, and wrong in DM 1.2."""
    for requirement in ("DM-HDR-001", "DM-HDR-002"):
        assert found(old("client")(), "client", "1.1.2")[requirement] == PASS
        assert found(old("client")(), "client", "1.2")[requirement] == FAIL


@pytest.mark.parametrize(
    "command",
    [
        Get(items=[Item(target="./DMAcc?list=TNDS")]),
        Add(items=[Item(target="./X", meta=Meta(format="xml", type="application/vnd.syncml.dmtnds+xml"))]),
    ],
    ids=["list", "type"],
)
def test_dm_v11_002_no_serialised_tree(command: Any) -> None:
    script = old("server")()
    step = next(step for step in script.steps if step.side == "server")
    command.cmd_id = "77"
    step.message.commands.append(command)
    assert found(script, "server", "1.1.2")["DM-V11-002"] != PASS
    assert found(old("server")(), "server", "1.1.2")["DM-V11-002"] == PASS


# -- the device of the dialect -----------------------------------------------------------------------------------------


def mobile(**changes: Any) -> Device:
    profile = DeviceProfile(**changes)
    become(profile)
    return Device(profile)


def add(device: Device, uri: str, text: str = "", format_: str = "chr") -> int:
    return device.tree.add(uri, Written(Octets(text.encode()), format_, "text/plain"), SERVER)


def test_fumo_wm_001_002_the_server_adds_and_deletes_objects_below_a_permanent_root() -> None:
    device = mobile()
    assert device.objects == [] and device.tree.find("./FwUpdate") is not None
    assert add(device, f"{ROOT}/DownloadAndUpdate/PkgURL", "http://x.example/p") == 200
    assert add(device, f"{ROOT}/PkgName", "Firmware") == 200
    assert add(device, f"{ROOT}/PkgName", "again") == 418
    assert [each.uri for each in device.objects] == [ROOT]
    assert device.tree.delete(ROOT, SERVER) == 200
    assert device.tree.delete("./FwUpdate", SERVER) == 405
    assert add(device, ROOT, format_="node") == 200


def test_fumo_wm_003_nothing_but_download_and_update_can_be_executed() -> None:
    device = mobile()
    add(device, f"{ROOT}/DownloadAndUpdate/PkgURL", "http://x.example/p")
    assert device.tree.executable(f"{ROOT}/DownloadAndUpdate", SERVER) == 200
    assert device.tree.executable(f"{ROOT}/Update", SERVER) == 404
    assert device.tree.executable(f"{ROOT}/Download", SERVER) == 404


@pytest.mark.parametrize(("version", "code"), [("1.2", 403), ("1.1.2", 202)])
def test_fumo_wm_004_without_a_correlator_nothing_is_updated_in_dm_12(version: str, code: int) -> None:
    device = mobile(version=version)
    add(device, f"{ROOT}/DownloadAndUpdate/PkgURL", "http://x.example/p")
    assert device.objects[0].exec("DownloadAndUpdate", None, 0.0) == code


def test_fumo_wm_009_codes_that_are_not_used_become_others() -> None:
    unused = {406, 407, 409, 410, 412, 450, 451, *range(250, 300)}
    assert not {known(code) for code in (*unused, *range(400, 413), 200, *range(500, 504), 499, 550)} & unused
    assert {code: known(code) for code in (200, 401, 404, 503)} == {200: 200, 401: 401, 404: 404, 503: 503}


def test_fumo_wm_011_head_comes_before_a_get_with_a_range() -> None:
    fetch = RangedFetch("http://x.example/p", limit=1000)
    request = fetch.next_request()
    assert request is not None and request.method == "HEAD"
    fetch.begin(200, [("Content-Length", "4"), ("Content-Type", "application/octet-stream")])
    assert not fetch.data(b"what a wrong server sends")
    fetch.end()
    request = fetch.next_request()
    assert request is not None and (request.method, dict(request.headers)["Range"]) == ("GET", "bytes=0-3")
    assert fetch.begin(206, [("Content-Range", "bytes 0-3/4"), ("Content-Type", "application/octet-stream")])
    fetch.data(b"abcd")
    fetch.end()
    assert fetch.outcome is not None and (fetch.outcome.kind, fetch.received) == ("complete", 4)


def test_a_head_that_fails_is_a_download_that_fails_and_a_server_without_head_is_none() -> None:
    fetch = RangedFetch("http://x.example/p", limit=1000)
    fetch.next_request()
    fetch.begin(404, [])
    fetch.end()
    assert fetch.outcome is not None and fetch.outcome.cause == "not-found"
    fetch = RangedFetch("http://x.example/p", limit=1000)
    fetch.next_request()
    fetch.begin(405, [])
    fetch.end()
    request = fetch.next_request()
    assert request is not None and request.method == "GET"


# -- the server of the dialect -----------------------------------------------------------------------------------------


def looked(root_is_there: bool, facts: Facts) -> list[Any]:
    """The commands after the campaign has looked at a device."""
    plan = Plan(device="d", root=ROOT, way="download-and-update", url="http://x.example/p", name="Fw")
    campaign = MobileCampaign("fw-1", plan)
    campaign.open(facts)
    while (batch := campaign.next(0.0)) is not None and all(isinstance(c, Get) for c in batch.commands):
        children = "Download/Update/DownloadAndUpdate/State"
        campaign.take(
            [
                Answer(c, 200, (), children if c.items[0].target == ROOT else "10")
                if root_is_there or not (c.items[0].target or "").startswith(ROOT) else Answer(c, 404)
                for c in batch.commands
            ],
            0.0,
        )
    assert batch is not None
    return [inner for command in batch.commands for inner in getattr(command, "commands", [command])]


def test_fumo_wm_002_004_the_object_is_added_where_it_is_not_there_and_exec_has_a_correlator() -> None:
    added, executed = looked(False, Facts())
    assert isinstance(added, Add) and [item.target for item in added.items] == [
        f"{ROOT}/DownloadAndUpdate/PkgURL", f"{ROOT}/PkgName",
    ]  # fmt: skip
    assert isinstance(executed, Exec) and executed.correlator
    replaced, _ = looked(True, Facts())
    assert replaced.name == "Replace"


def test_dm_v11_002_fumo_wm_008_no_correlator_goes_to_dm_112() -> None:
    _, executed = looked(False, Facts(version="1.1"))
    assert executed.correlator is None


# -- facts of one event ------------------------------------------------------------------------------------------------


def test_fumo_wm_006_the_place_of_a_report() -> None:
    script = old("client")()
    events = [e for e in script.transcript().of("message") if e.sender == "device"]
    first = events[0]
    first.data["session"] = "s1"
    here = {"command": "Exec", "session": "s1"}
    assert place_of(first, []) == "package 1"
    assert place_of(first, [here]) == "same session"
    assert place_of(first, [{**here, "command": "Get"}]) == "package 1"
    assert place_of(events[-1], []) == ("later" if len(events) > 1 else "package 1")


def test_the_media_type_of_a_response_has_no_parameters() -> None:
    event = old("client")().transcript().of("message")[0]
    event.data["reply_headers"] = [["Content-Type", "Application/Octet-Stream; x=1"]]
    assert media_of(event) == "application/octet-stream"
    event.data["reply_headers"] = []
    assert media_of(event) is None


def test_a_device_that_opens_sessions_for_ever_ends_the_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has something to report, never does, and begins again at once: no clock moves meanwhile."""
    monkeypatch.setattr("conformance.peers.windowsmobile.MobileSession._offer_alerts", lambda self: None)
    path = embedded_iut(tmp_path, "client", "conformance.peers.adapters:DeviceAdapter", "windows-mobile")
    run = Run([load_iut(path)], Options(tmp_path / "run", mode="one"))
    wanted = [case for case in CASES if case.id == "client/windows-mobile/update/plain"]
    try:
        (line,) = [run.do(chosen) for chosen in run.selector(load_iut(path)).choose(wanted)]
    finally:
        run.close()
    assert line["verdict"] == "fail"
    assert {f["requirement"] for f in line["findings"] if f["outcome"] == "fail"} == {"FUMO-ALERT-001", "FUMO-WM-005"}
