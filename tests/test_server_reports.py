"""What the reference server makes of reports and requests."""

from __future__ import annotations

from typing import Any

import pytest
from scripteddevice import ROOT, ScriptedDevice, enrolment, report
from serverscene import OTHER, began, codes, outcome, plan, server, targets

from conformance.fumo.object import DEVICE_REQUEST, DOWNLOAD, DOWNLOAD_AND_UPDATE, UPDATE, USER_REQUEST
from conformance.syncml.model import Alert, Item, Meta

# ---- reports ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        {}, {"source": f"{ROOT}/DownloadAndUpdate"}, {"correlator": None}, {"source": None}, {"format": "chr"},
        {"type": " org.openmobilealliance.dm.firmwareupdate.downloadandupdate "}, {"format": None},
        {"type": "Reversed-Domain-Name:org.openmobilealliance.dm.firmwareupdate.downloadandupdate"},
        {"correlator": None, "source": None}, {"correlator": "", "source": f"{ROOT}/"}, {"result": " 200 "},
    ],
)  # fmt: skip
def test_reports_are_understood_in_every_permitted_form(form: dict[str, Any]) -> None:
    made = server()
    device, command = began(made)
    more = {key: value for key, value in form.items() if key not in ("correlator", "result")}
    alert = report(DOWNLOAD_AND_UPDATE, form.get("result", 200), form.get("correlator", command.correlator), **more)
    answer = device.session(alert)[0]
    assert codes(answer) == ["200", "200"]
    assert outcome(made) == {
        "status": "succeeded", "result": 200, "status_code": None, "operation": "downloadandupdate",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("alert", "code"),
    [
        (report("org.example.nobody-knows-this"), "415"), (report(UPDATE, format="xml"), "415"),
        (report(UPDATE.lower()), "415"), (report(UPDATE, None), "412"), (report(UPDATE, "soon"), "412"),
        (report(UPDATE, ""), "412"), (report(UPDATE, "²"), "412"), (Alert(data="1226"), "412"),
        (Alert(data="1226", items=[Item(source=ROOT, data="200")]), "412"), (report(UPDATE, type=""), "412"),
        (Alert(data="1100", items=[Item(data="")]), "406"), (Alert(data="1224", items=[Item(data="x")]), "406"),
        (Alert(data="1224", items=[Item(data="x", meta=Meta(format="chr", type="text/plain"))]), "200"),
        (Alert(data="1224", items=[Item(data="x", meta=Meta(format="bin", type="image/gif"))]), "406"),
        (report(UPDATE, 200, "nobody's"), "200"), (report(UPDATE, source="./Elsewhere"), "200"),
        (report(USER_REQUEST, None, format="chr"), "412"), (report(DEVICE_REQUEST, "x", format="b64"), "202"),
        (report(DEVICE_REQUEST, "", format="thing"), "415"),
    ],
)  # fmt: skip
def test_status_of_other_alerts_and_no_campaign_is_moved_by_them(alert: Alert, code: str) -> None:
    made = server()
    device, _ = began(made)
    answer = device.session(alert)[0]
    assert codes(answer) == ["200", code]
    assert outcome(made)["status"] == "running"


@pytest.mark.parametrize("result", [200, 250, 299])
def test_success(result: int) -> None:
    made = server()
    device, command = began(made)
    device.session(report(DOWNLOAD_AND_UPDATE, result, command.correlator))
    assert outcome(made)["status"] == "succeeded" and outcome(made)["result"] == result


@pytest.mark.parametrize("result", [401, 412, 450, 499, 500, 550, 599, 600, 220, 0])
def test_failure(result: int) -> None:
    made = server()
    device, command = began(made, "download")
    device.session(report(DOWNLOAD, result, command.correlator))
    assert outcome(made) == {
        "status": "failed", "result": result, "status_code": None, "operation": "download",
    }  # fmt: skip
    assert len(device.execs) == 1


def test_report_and_installation_in_the_session_of_the_exec() -> None:
    made = server()
    plan(made)
    device = ScriptedDevice(made)
    device.begin()
    answer = device.send([Alert(data="1201"), device.devinfo()])
    assert answer is not None
    answer = device.send(device.perform(answer))
    assert answer is not None
    answers = device.perform(answer)
    answer = device.send([*answers, report(DOWNLOAD, 200, device.execs[0].correlator)])
    assert answer is not None and codes(answer) == ["200"] and targets(answer) == ["/Update"]


def test_duplicates_are_harmless() -> None:
    made = server()
    device, command = began(made, "download")
    for _ in range(3):
        device.session(report(DOWNLOAD, 200, command.correlator))
    assert len(device.execs) == 2
    device.session(report(UPDATE, 200, device.execs[1].correlator))
    device.session(report(UPDATE, 410, device.execs[1].correlator))
    assert outcome(made)["status"] == "succeeded" and outcome(made)["result"] == 200


def test_objects_are_told_apart() -> None:
    made = server()
    plan(made, "download")
    second = plan(made, "download", object=OTHER)
    device = ScriptedDevice(made)
    device.nodes |= {OTHER: device.nodes[ROOT]}
    device.session()
    assert len({e.correlator for e in device.execs}) == 2
    device.session(report(DOWNLOAD, 503, source=OTHER))
    assert outcome(made, id=second)["status"] == "failed"
    assert outcome(made, object=ROOT)["status"] == "running"
    both = report(DOWNLOAD, 200)
    both.items.insert(0, Item(source="./Nobody", meta=Meta(type=both.items[0].meta.type, format="int"), data="200"))  # type: ignore[union-attr]
    device.session(both)
    assert (device.execs[-1].items[0].target or "") == f"{ROOT}/Update"


def test_correlators_are_never_used_twice() -> None:
    made = server()
    seen = set()
    for _ in range(3):
        device, command = began(made)
        device.session(report(DOWNLOAD_AND_UPDATE, 200, command.correlator))
        seen.add(command.correlator)
        made.verb("reset", {}, 0)
        made.verb("enrol", enrolment(), 0)
    assert len(seen) == 3 and None not in seen


# ---- requests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [USER_REQUEST, DEVICE_REQUEST])
@pytest.mark.parametrize(("source", "code"), [(ROOT, "200"), (None, "200"), (f"{ROOT}/Update", "200"), (OTHER, "202")])
def test_request_is_answered_by_what_follows(kind: str, source: str | None, code: str) -> None:
    made = server()
    plan(made)
    device = ScriptedDevice(made)
    answer = device.session(report(kind, "", format="chr", source=source))[0]
    assert codes(answer) == ["200", code]
    assert len(device.execs) == 1


def test_request_while_the_update_is_under_way_is_202_and_shows_nothing() -> None:
    made = server()
    device, _ = began(made)
    answers = device.session(report(USER_REQUEST, "", format="chr"))
    assert codes(answers[0]) == ["200", "202"] and device.shown == []


def test_device_without_display_is_shown_nothing_twice() -> None:
    made = server()
    device = ScriptedDevice(made)
    device.ui = [("406", None)]
    device.session(report(USER_REQUEST, "", format="chr"))
    device.session(report(USER_REQUEST, "", format="chr"))
    assert len(device.shown) == 1
