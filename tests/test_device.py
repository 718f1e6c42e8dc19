"""The reference device: update flows over the wire, verbs, restarts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from devicebench import ROOT, Bench, Octets, add, delete, get, run, sequence, set_

from conformance.attach import NotSupported
from conformance.dm.largeobject import Splitter
from conformance.fumo.object import MO_ID, NODES
from conformance.fumo.package import Manifest, build
from conformance.peers.device import Device
from conformance.syncml.model import Alert, Item, Meta, Replace
from conformance.transport.exchange import Request, Response

GOOD = "http://content.example/good.bin"
DLU = f"{ROOT}/DownloadAndUpdate"
DOWNLOAD = f"{ROOT}/Download"
DOWNLOAD_TYPE = "org.openmobilealliance.dm.firmwareupdate.download"


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., bytes]:
    def make(**changes: Any) -> bytes:
        path = tmp_path / "p.bin"
        build(path, Manifest(**{"model": "Reference", "from_": "1.0", "to": "2.0"} | changes), Octets(b"x" * 4000))
        return path.read_bytes()

    return make


@pytest.fixture
def bench(package: Callable[..., bytes]) -> Bench:
    bench = Bench()
    bench.contents[GOOD] = package()
    return bench


def start(node: str, url: str = GOOD, correlator: str | None = "job-1") -> list[Any]:
    return [sequence(set_(f"{node}/PkgURL", url), run(node, correlator))]


# -- flows ---------------------------------------------------------------------------------------------------------------


def test_download_and_update(bench: Bench) -> None:
    first, second = bench.play(start(DLU))[:2]
    assert bench.codes(second) == ["200", "200", "202"]
    assert bench.state() == "60"
    assert bench.reports() == []
    bench.settle(5)
    (report,) = bench.reports()
    assert (report.correlator, report.items[0].source, report.items[0].data) == ("job-1", ROOT, "200")
    assert bench.log[-1].message.header.session_id != first.message.header.session_id
    assert bench.value("./DevDetail/FwV") == "2.0"
    assert [request.url for request in bench.fetches] == [GOOD]
    bench.settle(100)
    assert len(bench.reports()) == 1
    assert bench.device.idle


def test_two_steps(bench: Bench) -> None:
    bench.play(start(DOWNLOAD))
    assert bench.reports()[0].items[0].meta.type == DOWNLOAD_TYPE  # type: ignore[union-attr]
    assert bench.state() == "50"
    bench.play([run(f"{ROOT}/Update")], seconds=5)
    assert bench.reports()[1].correlator is None
    assert (bench.state(), bench.device.firmware.version) == ("90", "2.0")
    bench.device.verb("clean_up", {}, bench.at)
    assert bench.state() == "10"


def test_package_by_dm(bench: Bench) -> None:
    octets = bench.contents[GOOD]
    assert isinstance(octets, bytes)
    command = Replace(items=[Item(target=f"{ROOT}/Update/PkgData")], meta=Meta(format="b64"))
    bench.settings.max_msg_size = 2000
    bench.device.profile.max_msg_size = 2000
    bench.play(([command], Splitter(Octets(octets), "b64")), [run(f"{ROOT}/Update", "j")], seconds=5)
    assert bench.reports()[0].items[0].data == "200"
    assert bench.device.firmware.version == "2.0"
    assert bench.fetches == []


def test_a_report_of_a_running_session_goes_with_it(bench: Bench) -> None:
    exchanges = bench.play(start(DLU, "nonsense"), [get(f"{ROOT}/State")], [get("./DevInfo/Man")])
    held, told = exchanges[1:3]
    assert [c.name for c in held.message.commands] == ["Status"] * 4
    assert [c.name for c in told.message.commands] == ["Status", "Status", "Results", "Alert"]
    assert len(bench.reports()) == 1
    assert len(bench.log) == len(exchanges)


def test_the_tree_is_that_of_the_enabler(bench: Bench) -> None:
    found = bench.found(bench.play([get(f"{ROOT}/{path}".rstrip("/")) for path in NODES]))
    assert found[ROOT] == "PkgName/PkgVersion/Download/Update/DownloadAndUpdate/State/Ext"
    assert found[f"{ROOT}/State"] == "10"
    assert f"{ROOT}/Update/PkgData" not in found
    formats = bench.found(bench.play([get(f"{ROOT}/{path}".rstrip("/") + "?prop=Format") for path in NODES]))
    assert list(formats.values()) == [rule.format for rule in NODES.values()]
    assert bench.value(f"{ROOT}?prop=Type") == MO_ID
    (_, second) = bench.play(
        [set_(f"{ROOT}/State", "50"), set_(f"{ROOT}/PkgName", "x"), delete(ROOT), run(ROOT), run(f"{ROOT}/State"),
         add(f"{ROOT}/Mine"), set_(f"{ROOT}?prop=Name", "Other"), get("./DMAcc/Server/AppAuth/1/AAuthSecret")],
    )
    assert bench.codes(second) == ["405"] * 8


def test_a_device_with_fewer_operations(package: Callable[..., bytes]) -> None:
    bench = Bench(operations=("DownloadAndUpdate",))
    assert bench.value(ROOT) == "PkgName/PkgVersion/DownloadAndUpdate/State/Ext"
    (_, second) = bench.play([run(DOWNLOAD), set_(f"{ROOT}/Update/PkgData", "x")])
    assert bench.codes(second) == ["404", "404"]


def test_several_objects_do_not_disturb_each_other(package: Callable[..., bytes]) -> None:
    bench = Bench(objects=(ROOT, "./FwUpdate/Radio"))
    bench.contents[GOOD] = package()
    bench.play(start("./FwUpdate/Radio/Download", correlator="r"))
    assert bench.value("./FwUpdate/Radio/State") == "50"
    assert (bench.state(), bench.value(f"{DOWNLOAD}/PkgURL")) == ("10", "")
    assert bench.reports()[0].items[0].source == "./FwUpdate/Radio"


def test_objects_that_a_server_makes(bench: Bench) -> None:
    new = "./FwUpdate/New"
    make = add(new, format_="node", type_=MO_ID)
    exchanges = bench.play([sequence(make, set_(f"{new}/Download/PkgURL", GOOD), run(f"{new}/Download", "n"))])
    assert bench.codes(exchanges[1]) == ["200"] * 3 + ["202"]
    assert bench.reports()[0].items[0].source == new
    assert bench.value(f"{new}/State") == "50"
    bench.play([set_(f"{new}?prop=Name", "Newer")])
    assert bench.value("./FwUpdate/Newer/State") == "50"
    bench.play([delete("./FwUpdate/Newer")])
    assert bench.value("./FwUpdate") == "Main"
    assert len(bench.device.objects) == 1


def test_a_busy_object_is_left_alone(bench: Bench) -> None:
    bench.play(start(DLU))
    (_, second) = bench.play(
        [run(DLU, "second"), set_(f"{ROOT}/Update/PkgData", "eA==", "b64"), set_(f"{DLU}/PkgURL", "http://other")]
    )
    assert bench.codes(second) == ["403", "403", "200"]
    bench.settle(5)
    (report,) = bench.reports()
    assert (report.correlator, report.items[0].data) == ("job-1", "200")


def test_both_connections_at_once(bench: Bench) -> None:
    bench.script = [start(DOWNLOAD)]
    bench.device.verb("start_session", {"kind": "client"}, 0.0)
    content: Request | None = None
    for _ in range(10):
        request = bench.device.poll(0.0, "dm")
        if request is not None:
            bench.device.receive(bench.answer(request), 0.0, "dm")
        content = content or bench.device.poll(0.0, "content")
    assert content is not None
    assert bench.device.poll(0.0) is None
    assert bench.device.receive_begin(200, [("Content-Length", "4000")], "content")
    assert bench.device.receive_data(b"x" * 1000, "content")
    bench.script = [[get(f"{ROOT}/State")]]
    bench.device.verb("start_session", {"kind": "client"}, 0.0)
    for _ in range(2):
        request = bench.device.poll(0.0, "dm")
        assert request is not None
        bench.device.receive(bench.answer(request), 0.0, "dm")
    assert bench.found(bench.log)[f"{ROOT}/State"] == "30"
    bench.device.receive_end("reset", 0.0, "content")
    assert bench.device.poll(0.0, "content") is not None


# -- reports that do not arrive ------------------------------------------------------------------------------------------


def test_a_report_is_repeated_until_it_is_answered(bench: Bench) -> None:
    bench.play(start(DLU, "nonsense"))
    bench.log.clear()
    bench.device.outbox.put(bench.device.objects[0].agent.alert(_report()))
    bench.respond = lambda request: Response(error="refused")
    bench.settle(30)
    assert not bench.device.idle
    assert bench.log == []
    bench.respond = lambda request: None
    bench.settle(100)
    assert [alert.correlator for alert in bench.reports()] == ["again"]
    assert bench.device.idle


def _report() -> Any:
    from conformance.fumo.agent import Report

    return Report(DOWNLOAD_TYPE, "411", "again")


def test_a_report_that_nobody_ever_answers_is_given_up(bench: Bench) -> None:
    bench.respond = lambda request: Response(error="refused")
    bench.device.outbox.put(bench.device.objects[0].agent.alert(_report()))
    bench.settle(20_000)
    assert bench.device.idle


def test_an_error_status_is_an_answer(bench: Bench) -> None:
    from conformance.dm.serversession import ServerSession

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ServerSession, "alert_code", lambda self, alert: "415" if alert.data == "1226" else "200")
        bench.device.outbox.put(bench.device.objects[0].agent.alert(_report()))
        bench.settle(1000)
    assert len(bench.reports()) == 1
    assert bench.device.idle


# -- verbs ---------------------------------------------------------------------------------------------------------------


def test_requests_of_the_device(bench: Bench) -> None:
    for kind in ("user-request", "device-request"):
        bench.play(kind=kind)
    types = [alert.items[0].meta.type.rpartition(".")[2] for alert in bench.reports()]  # type: ignore[union-attr]
    assert types == ["userrequest", "devicerequest"]
    request = bench.reports()[0]
    assert (request.correlator, request.items[0].source, request.items[0].data) == (None, ROOT, "")
    bench.respond = lambda request: Response(error="refused")
    bench.play(kind="user-request", seconds=100)
    assert bench.device.idle


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        ("nonsense", {}), ("condition", {"name": "nonsense"}), ("condition", {"name": "vendor-failure", "code": 600}),
        ("condition", {}), ("answer", {"alert": 1100, "reply": "nonsense"}), ("answer", {"alert": 99, "reply": "accept"}),
        ("answer", {}), ("consent", {"phase": "nonsense", "reply": "accept"}), ("power_cycle", {"at": "noon"}),
        ("start_session", {"kind": "nonsense"}), ("configure", {"encoding": "json"}), ("notify", {"trigger": "xyz"}),
        ("configure", {"version": "1.3"}), ("advance", {"seconds": -1}), ("advance", {"seconds": "soon"}),
        ("prepare", {"client_credentials": {"username": "x"}}),
        ("answer", {"alert": 1103, "reply": "accept", "choices": ["a"]}),
    ],
)
def test_what_cannot_be_done_is_refused(bench: Bench, verb: str, given: dict[str, Any]) -> None:
    with pytest.raises(NotSupported):
        bench.device.verb(verb, given, 0.0)


def test_configure_and_prepare(bench: Bench) -> None:
    device = bench.device
    device.verb("configure", {"encoding": "wbxml", "authentication": "basic", "version": "1.1.2"}, 0.0)
    request = _first(device)
    assert request.body[0] == 2
    with pytest.raises(NotSupported):
        device.verb("start_session", {"kind": "user-request"}, 0.0)
    device.verb(
        "prepare",
        {"server_url": "http://other/dm", "device_id": "urn:x:1", "server_id": "s", "unknown": 1,
         "client_credentials": {"username": "u", "password": "p", "nonce": "AAAA"},
         "server_credentials": {"username": "s", "password": "q"}},
        0.0,
    )
    assert _first(device).url == "http://other/dm"
    assert (device.keys.nonce, device.keys.account.username) == (b"\0\0\0", "u")
    assert device.tree.find("./DevInfo/DevId").text() == "urn:x:1"  # type: ignore[union-attr]


def test_a_request_made_while_a_session_ends_goes_in_the_next_one(bench: Bench) -> None:
    """The operator may ask before the device has seen the last answer of the server."""
    device = bench.device
    device.verb("start_session", {"kind": "client"}, 0.0)
    request = device.poll(0.0)
    assert request is not None
    answer = bench.answer(request)
    device.verb("start_session", {"kind": "user-request"}, 0.0)
    device.receive(answer, 0.0)
    bench.settle()
    asked = [[c.data for c in each.message.commands if isinstance(c, Alert)] for each in bench.log if each.message.header.msg_id == "1"]
    assert asked == [["1201"], ["1201", "1226"]]


def _first(device: Device) -> Request:
    device.verb("reset", {}, 0.0)
    device.verb("start_session", {}, 0.0)
    request = device.poll(0.0)
    assert request is not None
    return request


def test_reset_brings_the_factory_state_back(bench: Bench) -> None:
    bench.play(start(DLU), seconds=5)
    bench.device.verb("condition", {"name": "install-fails"}, bench.at)
    bench.device.verb("power_cycle", {"at": "update"}, bench.at)
    bench.device.verb("reset", {}, bench.at)
    assert bench.device.verb("firmware", {}, bench.at) == {"version": "1.0"}
    assert bench.device.verb("idle", {"wait": 1}, bench.at) == {"idle": True}
    fresh = Bench()
    again = bench.device
    assert again.kept == fresh.device.kept
    assert (again.conditions.armed, again.cut) == ({}, "")


def test_the_clock_can_be_moved(bench: Bench) -> None:
    bench.play(start(DLU))
    assert bench.state() == "60"
    bench.device.verb("advance", {"seconds": 3600}, bench.at)
    bench.settle()
    assert bench.reports()[0].items[0].data == "200"


# -- power cuts and restarts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["download", "update"])
def test_a_power_cut_in_the_middle(bench: Bench, moment: str) -> None:
    bench.device.verb("power_cycle", {"at": moment}, bench.at)
    bench.play(start(DLU))
    assert bench.device.cut == ("" if moment == "download" else "update")
    assert len(bench.fetches) == (2 if moment == "download" else 1)
    bench.settle(1.5)
    assert bench.device.cut == ""
    bench.settle(5)
    (report,) = bench.reports()
    assert (report.correlator, report.items[0].data, bench.device.firmware.version) == ("job-1", "200", "2.0")


def test_a_power_cut_in_a_session(bench: Bench) -> None:
    bench.device.verb("start_session", {"kind": "client"}, 0.0)
    assert bench.device.poll(0.0) is not None
    bench.device.verb("power_cycle", {"at": "now"}, 0.0)
    bench.device.receive(Response(200, [], b"late"), 0.0)
    assert bench.device.idle
    assert bench.value("./DevInfo/Man") == "fumo-conformance"


def revived(bench: Bench) -> Device:
    """Another device with what the first one kept, as after a restart of its process."""
    kept = json.loads(json.dumps(bench.device.kept))
    packages = {name: Octets(source.read(0, source.size)) for name, source in bench.device.packages.items()}
    return Device(bench.profile, kept=kept, packages=packages)


def test_what_is_kept_survives_the_process(bench: Bench) -> None:
    bench.play(start(DOWNLOAD), [add("./Mine", "v"), set_(f"{ROOT}?prop=ACL", "Exec=com.example.dm&Get=*")])
    nonces = (bench.device.keys.nonce, bench.device.keys.verifier.current)
    bench.device = revived(bench)
    assert (bench.device.keys.nonce, bench.device.keys.verifier.current) == nonces
    assert (bench.state(), bench.value("./Mine"), bench.value(f"{DOWNLOAD}/PkgURL")) == ("50", "v", GOOD)
    assert bench.codes(bench.play([set_(f"{DOWNLOAD}/PkgURL", "x")])[1]) == ["425"]
    bench.play([run(f"{ROOT}/Update", "u")])
    name = next(iter(bench.device.packages))
    bench.device = revived(bench)
    assert list(bench.device.packages) == [name]
    bench.settle(5)
    assert bench.reports()[-1].correlator == "u"
    assert bench.device.verb("firmware", {}, bench.at) == {"version": "2.0"}


def test_unsent_reports_survive_the_process(bench: Bench) -> None:
    bench.respond = lambda request: Response(error="refused") if bench.reports_due else None  # type: ignore[attr-defined]
    bench.reports_due = False  # type: ignore[attr-defined]
    bench.play(start(DLU))
    bench.reports_due = True  # type: ignore[attr-defined]
    bench.settle(4)
    assert bench.reports() == []
    bench.reports_due = False  # type: ignore[attr-defined]
    bench.device = revived(bench)
    bench.settle(1)
    (report,) = bench.reports()
    assert (report.correlator, report.items[0].data) == ("job-1", "200")
