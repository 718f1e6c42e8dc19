"""Triggers of the reference server, and what it remembers over a restart."""

from __future__ import annotations

import pytest
from scripteddevice import DEVICE, ROOT, ScriptedDevice, enrolment, report
from serverscene import Memory, began, codes, outcome, plan, server

from conformance.dm.trigger import parse, parse_push, session_text
from conformance.fumo.object import DOWNLOAD
from conformance.peers.server import Server, ServerProfile

# ---- triggers and memory ---------------------------------------------------------------------------------------------


def test_trigger_is_right_and_repeated_until_a_session_comes() -> None:
    made = server()
    plan(made, notify=True)
    assert made.wake_at() == 0 and made.verb("idle", {}, 0) == {"idle": False}
    ((url, datagram),) = made.outgoing(0)
    push = parse_push(datagram)
    package = parse(push.payload)
    assert url == "udp://127.0.0.1:9" and push.content_type == 0x44
    assert package.verifies("s3rver", b"server-nonce-0001") and package.notification.server_id == "com.example.dm"
    assert made.outgoing(1) == [] and made.wake_at() == 60 and made.verb("idle", {}, 1) == {"idle": True}
    ((_, again),) = made.outgoing(60)
    assert again == datagram
    device = ScriptedDevice(made)
    device.sessions = int(session_text(package.notification.session_id), 16) - 1
    device.session(code="1200")
    assert made.wake_at() is None and made.outgoing(1000) == []


def test_triggers_of_different_sessions_differ() -> None:
    made = server()
    ids = set()
    for _ in range(5):
        plan(made, notify=True)
        ids |= {parse(parse_push(octets).payload).notification.session_id for _, octets in made.outgoing(0)}
    assert len(ids) == 5 and all(0 < number < 65536 for number in ids)


def test_nothing_is_sent_to_a_device_without_address() -> None:
    made = server(notify="")
    plan(made, notify=True)
    assert made.wake_at() is None and made.outgoing(10) == []


def test_plan_that_was_not_begun_is_given_up_when_nothing_newer_is_to_be_had() -> None:
    made = server()
    plan(made)
    made.verb("up_to_date", {"device_id": DEVICE}, 0)
    device = ScriptedDevice(made)
    device.session()
    assert device.execs == [] and outcome(made)["status"] == "none"


def test_newer_plan_takes_the_place_of_the_one_before() -> None:
    made = server()
    plan(made, "download")
    plan(made, "download-and-update")
    device = ScriptedDevice(made)
    device.session()
    assert [(e.items[0].target or "").removeprefix(ROOT) for e in device.execs] == ["/DownloadAndUpdate"]


def test_memory_carries_over_to_another_server() -> None:
    import json

    made = server()
    device, command = began(made, "download")
    again = Server(ServerProfile(), seed=99, sources=lambda path: Memory(), kept=json.loads(made.kept))
    device.server = again
    answers = device.session(report(DOWNLOAD, 200, command.correlator))
    assert codes(answers[0], "SyncHdr") == ["212"], "the nonces are kept"
    assert len(device.execs) == 2 and outcome(again)["operation"] == "update"


def test_another_authentication_at_the_next_start_counts() -> None:
    import json

    made = server()
    plan(made)
    again = Server(ServerProfile(authentication="basic"), kept=json.loads(made.kept), sources=lambda path: Memory())
    device = ScriptedDevice(again, kind="basic")
    device.session()
    assert len(device.execs) == 1


def test_configure_changes_nothing_where_it_cannot_be_done() -> None:
    from conformance.attach import NotSupported

    made = server()
    made.verb("enrol", {"device_id": "urn:bare", "authentication": "none"}, 0)
    with pytest.raises(NotSupported, match="urn:bare"):
        made.verb("configure", {"authentication": "basic"}, 0)
    assert {device.keys.kind for device in made.planner.devices.values()} == {"md5", "none"}


def test_reset_forgets_but_does_not_repeat_itself() -> None:
    made = server()
    name = plan(made)
    made.verb("reset", {}, 0)
    assert outcome(made)["status"] == "none" and made.planner.devices == {}
    made.verb("enrol", enrolment(), 0)
    assert plan(made) != name


def test_package_that_is_gone_ends_the_campaign() -> None:
    def sources(path: str) -> Memory:
        if opened:
            raise FileNotFoundError(path)
        opened.append(path)
        return Memory()

    opened: list[str] = []
    made = Server(ServerProfile(), sources=sources)
    made.verb("enrol", enrolment(), 0)
    plan(made, "replace")
    device = ScriptedDevice(made)
    device.session()
    assert outcome(made)["status"] == "failed" and device.execs == []
