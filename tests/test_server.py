"""The reference server against a device that does what a table says: sessions, credentials, HTTP, hostile input."""

from __future__ import annotations

import random

import pytest
from scripteddevice import DEVICE, ScriptedDevice, enrolment, report
from serverscene import PACKAGE, URL, codes, outcome, plan, server, targets

from conformance.fumo.object import UPDATE, USER_REQUEST
from conformance.peers.server import MAX_BODY, MAX_TALKS, Server, ServerProfile
from conformance.syncml.codec import decode, encode
from conformance.syncml.model import Alert, Get, Sequence
from conformance.transport.exchange import Request

# ---- packages and sessions -------------------------------------------------------------------------------------------


def test_first_commands_read_the_device_then_sequence_sets_url_and_starts() -> None:
    made = server()
    plan(made)
    device = ScriptedDevice(made)
    first, second, last = device.session()
    assert codes(first, "SyncHdr") == ["212"] and codes(first) == ["200"] and codes(first, "Replace") == ["200"]
    assert targets(first, Get) == ["", "/State", "./DevDetail/FwV", "/Update", "./DevDetail/LrgObj"]
    block = next(c for c in second.commands if isinstance(c, Sequence))
    assert [c.name for c in block.commands] == ["Replace", "Exec"]
    assert block.commands[0].items[0].data == URL
    assert [c.name for c in last.commands] == ["Status"] and last.final
    assert [m.header.msg_id for m in (first, second, last)] == ["1", "2", "3"]
    assert all(m.final for m in (first, second, last))


@pytest.mark.parametrize("kind", ["basic", "md5", "hmac"])
@pytest.mark.parametrize("encoding", ["xml", "wbxml"])
@pytest.mark.parametrize("limit", [1500, 2000, 4096])
@pytest.mark.parametrize("way", ["download", "replace", "download-and-update"])
def test_no_message_is_longer_than_the_device_takes(kind: str, encoding: str, limit: int, way: str) -> None:
    made = server(authentication=kind)
    plan(made, way)
    device = ScriptedDevice(made, kind=kind, encoding=encoding, max_msg=limit)
    device.session(most=1000)
    assert max(len(reply.body) for reply in device.replies) <= limit  # type: ignore[arg-type]
    assert device.execs and device.packages == ([PACKAGE] if way == "replace" else [])


def test_client_package_in_pieces_is_asked_for_and_not_commanded() -> None:
    made = server()
    plan(made)
    device = ScriptedDevice(made)
    device.begin()
    answer = device.send([Alert(data="1201"), device.devinfo()], final=False)
    assert answer is not None and not answer.final
    assert [c.name for c in answer.commands] == ["Status"] * 3 + ["Alert"] and answer.commands[-1].data == "1222"  # type: ignore[attr-defined]
    answer = device.send([device.header_status(answer), Alert(data="1222")])
    assert answer is not None and answer.final and targets(answer, Get)


def test_without_session_alert_nothing_is_commanded() -> None:
    made = server()
    plan(made)
    device = ScriptedDevice(made)
    device.begin()
    answer = device.send([device.devinfo()])
    assert answer is not None and [c.name for c in answer.commands] == ["Status"] * 2


@pytest.mark.parametrize("shown", ["absent", "wrong", "stale"])
def test_credentials_are_wanted_before_anything_else(shown: str) -> None:
    made = server()
    plan(made)
    device = ScriptedDevice(made)
    if shown == "stale":
        device.session()
        made.verb("reset", {}, 0)
        made.verb("enrol", enrolment(), 0)
        plan(made)
        device.execs.clear()
    device.begin()
    if shown == "wrong":
        device.account = type(device.account)("dev-0001", "wrong")
    more = {"cred": None} if shown == "absent" else {}
    answer = device.send([Alert(data="1201"), device.devinfo(), report(UPDATE)], **more)
    assert answer is not None and {c.name for c in answer.commands} == {"Status"} and answer.header.cred is None
    status = answer.header_status()
    assert status is not None and status.chal is not None and status.chal.nonce()
    assert {s.data for s in answer.statuses()} == {"407" if shown == "absent" else "401"}
    if shown != "wrong":
        assert len(device.session()) >= 3 and len(device.execs) == 1


def test_stranger_is_challenged_and_learns_nothing() -> None:
    device = ScriptedDevice(server(), device_id="urn:nobody")
    device.begin()
    answer = device.send([Alert(data="1201"), device.devinfo()])
    assert answer is not None and codes(answer, "SyncHdr") == ["401"] and answer.header.cred is None


def test_stranger_without_authentication_gets_statuses_only() -> None:
    made = Server(ServerProfile(authentication="none"))
    device = ScriptedDevice(made, kind="none", device_id="urn:nobody")
    assert [[c.name for c in m.commands] for m in device.session()] == [["Status"] * 3]


def test_refused_credentials_of_the_server_are_shown_again_with_the_commands() -> None:
    made = server(server_credentials={"username": "com.example.dm", "password": "s3rver", "nonce": "b2xk"})
    plan(made, "replace")
    device = ScriptedDevice(made, max_msg=4000)
    device.session()
    assert device.packages == [PACKAGE]
    assert outcome(made)["status"] == "running"


def test_server_that_never_convinces_the_device_gives_up() -> None:
    credentials = {"username": "com.example.dm", "password": "another", "nonce": "b2xk"}
    made = server(server_credentials=credentials)
    plan(made)
    device = ScriptedDevice(made)
    assert len(device.session(most=20)) < 8
    assert device.execs == []


def test_server_nonce_of_an_unauthenticated_client_is_not_kept() -> None:
    made = server()
    before = made.planner.devices[DEVICE].keys.nonce
    device = ScriptedDevice(made)
    device.begin()
    answer = device.send([Alert(data="1201"), device.devinfo()], cred=None)
    assert answer is not None
    device.send([device.header_status(answer), Alert(data="1201"), device.devinfo()], cred=None)
    assert made.planner.devices[DEVICE].keys.nonce == before


def test_same_octets_again_get_the_same_answer() -> None:
    made = server()
    name = plan(made, "download-and-update")
    device = ScriptedDevice(made)
    device.begin()
    device.send([Alert(data="1201"), device.devinfo(), report(UPDATE, 200, f"{name}.1")])
    octets = encode(device.sent[-1], "xml", "1.2")
    url, body = device.sent[-1].header.target or "", device.replies[-1].body
    again = made.handle(Request("POST", url, [("Content-Type", "application/vnd.syncml.dm+xml")], octets), 0)
    assert again.body == body


def test_same_octets_after_the_end_begin_anew() -> None:
    made = server(authentication="basic")
    device = ScriptedDevice(made, kind="basic")
    device.session()
    plan(made)
    device.sessions = 0
    device.session()
    assert encode(device.sent[0], "xml") == encode(device.sent[1], "xml") and len(device.execs) == 1


def test_new_session_while_an_old_one_is_open() -> None:
    made = server()
    plan(made)
    first = ScriptedDevice(made)
    first.begin()
    answer = first.send([Alert(data="1201"), first.devinfo()])
    assert answer is not None and targets(answer, Get)
    second = ScriptedDevice(made)
    second.nonce, second.verifier = first.nonce, first.verifier
    second.sessions = 5
    second.session()
    assert len(second.execs) == 1
    late = first.send(first.perform(answer))
    assert late is not None and [c.name for c in late.commands] == ["Status"]


def test_session_ids_may_come_back() -> None:
    made = server()
    device = ScriptedDevice(made)
    device.session()
    device.sessions = 0
    answer = device.session()[0]
    assert answer.header.msg_id == "1" and answer.header.session_id == "1"


def test_sessions_are_found_without_resp_uri() -> None:
    made = server(ServerProfile(resp_uri=False))
    plan(made)
    device = ScriptedDevice(made)
    answers = device.session()
    assert len(answers) == 3 and answers[0].header.resp_uri is None and len(device.execs) == 1


def test_number_of_sessions_is_bounded() -> None:
    made = server()
    for number in range(MAX_TALKS * 2):
        device = ScriptedDevice(made, device_id=f"urn:{number}")
        device.begin()
        device.send([Alert(data="1201"), device.devinfo()])
    assert len(made._talks) == MAX_TALKS


def test_abort_is_answered_by_statuses() -> None:
    made = server()
    plan(made)
    device = ScriptedDevice(made)
    device.begin()
    answer = device.send([Alert(data="1201"), device.devinfo()])
    assert answer is not None
    last = device.send([device.header_status(answer), Alert(data="1223")])
    assert last is not None and [c.name for c in last.commands] == ["Status"] * 2 and last.final
    device.session()
    assert len(device.execs) == 1


@pytest.mark.parametrize(
    ("more", "code"), [({"ver_dtd": "1.9"}, "505"), ({"ver_proto": "DM/9.9"}, "513"), ({"ver_proto": "DS/1.2"}, "513")]
)
def test_unknown_versions(more: dict[str, str], code: str) -> None:
    made = server()
    plan(made)
    device = ScriptedDevice(made)
    device.begin()
    answer = device.send([Alert(data="1201"), device.devinfo()], **more)
    assert answer is not None and codes(answer, "SyncHdr") == [code] and not targets(answer, Get)


# ---- HTTP ------------------------------------------------------------------------------------------------------------


def test_http_answers_to_what_is_no_message() -> None:
    made = server()
    url = made.profile.url
    assert made.handle(Request("POST", url, [], b""), 0).status == 400
    assert made.handle(Request("POST", url, [], b"<SyncML"), 0).status == 400
    assert made.handle(Request("POST", url, [], b"\x02\x9f\x53\x6a\x00\x6d"), 0).status == 400
    assert made.handle(Request("GET", url), 0).status == 405
    assert made.handle(Request("POST", "http://server.example/other", [], b"<SyncML/>"), 0).status == 404
    assert made.handle(Request("GET", "http://server.example/content/none"), 0).status == 404
    assert made.handle(Request("POST", url, [], b"<" * (MAX_BODY + 1)), 0).status == 413


def test_hostile_octets_never_raise() -> None:
    made = server()
    plan(made)
    device = ScriptedDevice(made)
    device.session(report(UPDATE), report(USER_REQUEST, "x"))
    dice = random.Random(11)
    for encoding in ("xml", "wbxml"):
        for message in device.sent:
            octets = encode(message, encoding, "1.2")
            for _ in range(60):
                wrong = bytearray(octets)
                for _ in range(dice.randint(1, 6)):
                    wrong[dice.randrange(len(wrong))] = dice.randrange(256)
                reply = made.handle(Request("POST", device.url, [], bytes(wrong[: dice.randint(1, len(wrong))])), 0)
                assert reply.status in (200, 400)
                reply = made.handle(Request("POST", made.profile.url, [], bytes(wrong)), 0)
                assert reply.status in (200, 400)
                if reply.status == 200:
                    assert isinstance(reply.body, bytes)
                    decode(reply.body)
