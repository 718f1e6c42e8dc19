"""The flows F1 to F7 between the reference peers, in one process and one virtual clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from peertable import CONTENT_URL, DEVICE, ROOT, Table

from conformance.download.descriptor import DESCRIPTOR_TYPE, Descriptor, write
from conformance.download.source import FileSource, PatternSource
from conformance.fumo.package import TYPE, Manifest, build
from conformance.peers.adapters import ServerAdapter, deviant
from conformance.syncml.model import Alert, Exec, Get, Replace

ENCODINGS = pytest.mark.parametrize("encoding", ["xml", "wbxml"])
TYPES = pytest.mark.parametrize("authentication", ["none", "basic", "md5", "hmac"])


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("packages") / "good.pkg"
    build(path, Manifest("Reference", "1.0", "2.0"), PatternSource(200_000))
    return path


def table(package: Path, encoding: str = "xml", authentication: str = "md5", **kinds: Any) -> Table:
    made = Table(encoding, authentication, **kinds)
    made.content.publish("good.pkg", FileSource(package), TYPE)
    return made


def given(package: Path) -> dict[str, Any]:
    return {"url": f"{CONTENT_URL}good.pkg", "path": str(package), "type": TYPE, "name": "good", "version": "2.0"}


def commands(made: Table, *kinds: type) -> list[tuple[str, str]]:
    """Names and targets of the server's commands of these kinds, in order."""
    return [
        (command.name, (command.items[0].target or "").removeprefix(ROOT))
        for sender, decoded in made.exchanged if sender == "server"
        for command in decoded.message.walk() if isinstance(command, kinds)
    ]  # fmt: skip


def succeeded(made: Table, operation: str) -> None:
    assert made.outcome() == {"status": "succeeded", "result": 200, "status_code": None, "operation": operation}
    assert made.device.call("firmware", {}) == {"version": "2.0"}
    assert set(made.statuses) == {200}
    assert made.server.call("idle", {"wait": 0}) == {"idle": True}
    assert made.device.call("idle", {"wait": 0}) == {"idle": True}


@ENCODINGS
@TYPES
def test_f1_package_over_dm(encoding: str, authentication: str, package: Path) -> None:
    made = table(package, encoding, authentication)
    made.campaign("replace", package=given(package))
    made.run()
    succeeded(made, "update")
    assert made.fetched == [] and made.triggers == 1
    sent = commands(made, Replace, Exec)
    assert len(sent) > 2 and sent[-1] == ("Exec", "/Update") and set(sent[:-1]) == {("Replace", "/Update/PkgData")}
    assert {decoded.encoding for _, decoded in made.exchanged} == {encoding}


@ENCODINGS
@TYPES
def test_f2_alternate_download_then_update(encoding: str, authentication: str, package: Path) -> None:
    made = table(package, encoding, authentication)
    made.campaign("download", package=given(package))
    made.run()
    succeeded(made, "update")
    assert made.fetched == [f"{CONTENT_URL}good.pkg"]
    assert commands(made, Replace, Exec) == [
        ("Replace", "/Download/PkgURL"), ("Exec", "/Download"), ("Exec", "/Update"),
    ]  # fmt: skip


def test_f2_with_a_descriptor(package: Path) -> None:
    made = table(package)
    octets = write(Descriptor("good.pkg", package.stat().st_size, (TYPE,)))
    url = made.content.publish("good.dd", octets, DESCRIPTOR_TYPE)
    made.campaign("download", package={**given(package), "descriptor_url": url})
    made.run()
    succeeded(made, "update")
    assert made.fetched == [url, f"{CONTENT_URL}good.pkg"]


def test_f2_failed_download_ends_the_attempt(package: Path) -> None:
    made = table(package)
    made.campaign("download", package={**given(package), "url": f"{CONTENT_URL}missing.pkg"})
    made.run()
    outcome = made.outcome()
    assert outcome["status"] == "failed" and outcome["operation"] == "download" and outcome["result"] >= 400
    assert ("Exec", "/Update") not in commands(made, Exec)


@ENCODINGS
@TYPES
def test_f3_package_on_the_device(encoding: str, authentication: str, package: Path) -> None:
    made = table(package, encoding, authentication, server=deviant(ServerAdapter, ["source-root-only"]))
    made.campaign("download", package={**given(package), "path": ""}, notify=False)
    made.device.call("start_session", {"kind": "client"})
    made.run(1.0)  # the server that takes no report leaves the package where it is
    answer = made.server.call("update", {"device_id": DEVICE, "object": ROOT, "notify": True})
    made.run()
    assert commands(made, Exec)[-1] == ("Exec", "/Update")
    assert made.device.call("firmware", {}) == {"version": "2.0"}
    assert made.outcome(id=answer["id"])["operation"] == "update"


@ENCODINGS
@TYPES
def test_f4_download_and_update(encoding: str, authentication: str, package: Path) -> None:
    made = table(package, encoding, authentication)
    made.campaign("download-and-update", package=given(package))
    made.run()
    succeeded(made, "downloadandupdate")
    assert commands(made, Replace, Exec) == [
        ("Replace", "/DownloadAndUpdate/PkgURL"), ("Exec", "/DownloadAndUpdate"),
    ]  # fmt: skip


@ENCODINGS
@TYPES
@pytest.mark.parametrize("way", ["download-and-update", "download", "replace"])
def test_f5_the_device_asks(way: str, encoding: str, authentication: str, package: Path) -> None:
    made = table(package, encoding, authentication)
    made.campaign(way, package=given(package), notify=False)
    made.run(10.0)
    assert made.exchanged == []
    made.device.call("start_session", {"kind": "user-request" if way == "download" else "device-request"})
    made.run()
    succeeded(made, "downloadandupdate" if way == "download-and-update" else "update")
    assert ("1226", "200") in answered(made)


def answered(made: Table) -> list[tuple[str, str]]:
    """Alert code and Status of each alert of the device that was answered."""
    found, sent = [], {}
    for sender, decoded in made.exchanged:
        message = decoded.message
        if sender == "device":
            sent = {c.cmd_id: c.data or "" for c in message.commands if isinstance(c, Alert)}
        else:
            found += [(sent[s.cmd_ref], s.data or "") for s in message.statuses() if s.cmd_ref in sent]
    return found


# ---- F6 deferred -----------------------------------------------------------------------------------------------------


def deferred(package: Path, *answers: dict[str, Any], **more: Any) -> Table:
    """An update that the user may put off, with the user's answers queued."""
    made = table(package)
    made.campaign("download-and-update", package=given(package), consent="defer", defer_minutes=[1, 60], **more)
    for answer in answers:
        made.device.call("answer", {"alert": 1103, **answer})
    return made


PICK = [{"reply": "accept", "choices": [number]} for number in (1, 2, 3)]


def test_f6_accepted_at_once(package: Path) -> None:
    made = deferred(package, PICK[0])
    made.run()
    succeeded(made, "downloadandupdate")


def test_f6_deferred_then_triggered_and_accepted(package: Path) -> None:
    made = deferred(package, PICK[1], PICK[1])
    made.run(3599.0)
    assert made.outcome()["status"] == "planned" and made.triggers == 1
    assert commands(made, Exec) == []
    made.device.call("answer", {"alert": 1103, **PICK[0]})
    made.run()
    assert made.triggers == 2
    succeeded(made, "downloadandupdate")


def test_f6_deferred_twice(package: Path) -> None:
    made = deferred(package, PICK[1], PICK[0], PICK[1], PICK[0], PICK[0])
    made.run(100.0)
    assert made.outcome()["status"] == "planned" and made.triggers == 2
    made.run()
    assert made.triggers == 3
    succeeded(made, "downloadandupdate")


def test_f6_chosen_time_survives_a_restart(package: Path) -> None:
    made = deferred(package, PICK[1], PICK[0], PICK[0])
    made.run(10.0)
    made.server.call("restart", {})
    made.run(10.0)
    assert made.triggers == 1 and made.outcome()["status"] == "planned"
    made.run()
    assert made.triggers == 2
    succeeded(made, "downloadandupdate")


def test_f6_clock_moved_instead_of_waiting(package: Path) -> None:
    made = deferred(package, PICK[1], PICK[1], PICK[0])
    made.run(10.0)
    made.server.call("advance", {"seconds": 3600})
    made.run(10.0)
    succeeded(made, "downloadandupdate")


def test_f6_device_off_when_the_time_has_come(package: Path) -> None:
    """The trigger is lost; the update goes on as soon as the device comes by itself."""
    made = deferred(package, PICK[1], PICK[0])
    made.run(10.0)
    made.server.call("advance", {"seconds": 60})
    assert made.server.exchange(None, {}, made.at)[1] != {}  # nobody hears it
    made.device.call("answer", {"alert": 1103, **PICK[0]})
    made.device.call("start_session", {"kind": "client"})
    made.run(20.0)
    succeeded(made, "downloadandupdate")


@pytest.mark.parametrize(
    ("answer", "code"),
    [(PICK[2], None), ({"reply": "cancel"}, 214), ({"reply": "timeout"}, 408)],
    ids=["rejected", "cancelled", "timed-out"],
)
def test_f6_no_consent_no_update(answer: dict[str, Any], code: int | None, package: Path) -> None:
    made = deferred(package, answer)
    made.run(4000.0)
    assert made.outcome() == {"status": "failed", "result": None, "status_code": code, "operation": None}
    assert made.triggers == 1 and commands(made, Exec) == []


@pytest.mark.parametrize("reply", ["cancel", "timeout"])
def test_f6_no_time_chosen_is_asked_again(reply: str, package: Path) -> None:
    made = deferred(package, PICK[1], {"reply": reply})
    made.run(4000.0)
    assert made.outcome()["status"] == "planned" and made.triggers == 1
    made.device.call("answer", {"alert": 1103, **PICK[0]})
    made.device.call("start_session", {"kind": "client"})
    made.run()
    succeeded(made, "downloadandupdate")


def test_f6_device_without_display(package: Path) -> None:
    made = deferred(package)
    made.device.device.profile.ui = False
    made.run()
    assert made.outcome() == {"status": "failed", "result": None, "status_code": 406, "operation": None}


@pytest.mark.parametrize(("reply", "status", "code"), [("accept", "succeeded", None), ("reject", "failed", 304)])
def test_plain_question(reply: str, status: str, code: int | None, package: Path) -> None:
    made = table(package)
    made.campaign("download-and-update", package=given(package), consent="confirm")
    made.device.call("answer", {"alert": 1101, "reply": reply})
    made.run()
    assert (made.outcome()["status"], made.outcome()["status_code"]) == (status, code)


# ---- F7 and others ---------------------------------------------------------------------------------------------------


@ENCODINGS
@TYPES
def test_f7_firmware_is_up_to_date(encoding: str, authentication: str, package: Path) -> None:
    made = table(package, encoding, authentication)
    made.server.call("up_to_date", {"device_id": DEVICE})
    made.device.call("start_session", {"kind": "user-request"})
    made.run()
    assert ("1226", "202") in answered(made)
    assert commands(made, Get, Exec) == [("Get", "./DevDetail/FwV")]
    shown = [
        command.items[1].data
        for sender, decoded in made.exchanged if sender == "server"
        for command in decoded.message.commands if isinstance(command, Alert) and command.data == "1100"
    ]  # fmt: skip
    assert shown == ["Your firmware is up to date."]
    assert made.outcome()["status"] == "none"


def test_device_request_without_an_update_shows_nothing(package: Path) -> None:
    made = table(package)
    made.device.call("start_session", {"kind": "device-request"})
    made.run()
    assert ("1226", "202") in answered(made) and len(made.exchanged) == 2


def test_package_published_by_the_server(package: Path) -> None:
    made = table(package)
    made.campaign("download", package=given(package), host="server")
    made.server.call("restart", {})
    made.run()
    succeeded(made, "update")
    assert len(made.fetched) == 1 and made.fetched[0].startswith("http://server.example/content/")


def test_dm_1_1_has_no_correlator_and_no_report(package: Path) -> None:
    made = table(package)
    made.device.call("configure", {"version": "1.1.2"})
    made.campaign("download", package=given(package))
    made.run(100.0)
    for _ in range(2):
        made.device.call("start_session", {"kind": "client"})
        made.run(100.0)
    assert made.outcome() == {"status": "succeeded", "result": None, "status_code": None, "operation": "update"}
    assert made.device.call("firmware", {}) == {"version": "2.0"}
    assert {decoded.message.header.ver_proto for _, decoded in made.exchanged} == {"DM/1.1"}
    execs = [c for _, decoded in made.exchanged for c in decoded.message.walk() if isinstance(c, Exec)]
    assert [command.correlator for command in execs] == [None, None]


def test_thirty_days_go_by_quickly(package: Path) -> None:
    made = table(package)
    made.campaign("download", package=given(package), consent="defer", defer_minutes=[30 * 24 * 60])
    for answer in (PICK[1], PICK[0]):
        made.device.call("answer", {"alert": 1103, **answer})
    made.run(29 * 86400.0)
    assert made.outcome()["status"] == "planned"
    made.device.call("answer", {"alert": 1103, **PICK[0]})
    made.run(2 * 86400.0)
    succeeded(made, "update")


@pytest.mark.parametrize(
    ("verb", "wrong"),
    [
        ("no-such-verb", {}), ("campaign", {"way": "by-pigeon"}), ("campaign", {"consent": "perhaps"}),
        ("campaign", {"host": "nobody"}), ("campaign", {"device_id": "urn:nobody"}), ("campaign", {"notify": "yes"}),
        ("campaign", {"package": []}), ("campaign", {"package": {"url": 7}}), ("campaign", {"package": {}}),
        ("campaign", {"consent": "defer", "defer_minutes": "soon"}),
        ("campaign", {"consent": "defer", "defer_minutes": [0]}),
        ("campaign", {"way": "replace", "package": {"url": "x"}}),
        ("campaign", {"way": "replace", "package": {"path": "/no/x"}}),
        ("update", {"device_id": "urn:nobody"}), ("up_to_date", {}), ("enrol", {}), ("enrol", {"device_id": 5}),
        ("enrol", {"device_id": "d", "authentication": "secret handshake"}), ("advance", {"seconds": float("nan")}),
        ("enrol", {"device_id": "d", "client_credentials": {"username": "u", "password": "p", "nonce": "?"}}),
        ("configure", {"authentication": "psychic"}), ("advance", {"seconds": True}), ("advance", {}),
        ("start_session", {"kind": "client"}),
    ],
)  # fmt: skip
def test_nonsense_is_refused_and_changes_nothing(verb: str, wrong: dict[str, Any], package: Path) -> None:
    from conformance.attach import NotSupported

    made = table(package)
    before = made.server.server.kept
    plain = {"device_id": DEVICE, "object": ROOT, "way": "download", "package": given(package)}
    base = plain if verb == "campaign" else {}
    with pytest.raises(NotSupported):
        made.server.call(verb, {**base, **wrong})
    assert made.outcome()["status"] == "none"
    assert made.server.server.kept == before
