"""The reference server against a device that does what a table says: protocol, reports, memory, hostile input."""

from __future__ import annotations

import random
from typing import Any

import pytest
from scripteddevice import DEVICE, ROOT, ScriptedDevice, enrolment, report, tree

from conformance.dm.trigger import parse, parse_push, session_text
from conformance.fumo.object import DEVICE_REQUEST, DOWNLOAD, DOWNLOAD_AND_UPDATE, UPDATE, USER_REQUEST
from conformance.peers.server import MAX_BODY, MAX_TALKS, Server, ServerProfile
from conformance.syncml.codec import decode, encode
from conformance.syncml.model import Alert, Exec, Get, Item, Message, Meta, Replace, Sequence
from conformance.transport.exchange import Request

PACKAGE = random.Random(1).randbytes(20_000)
OTHER = "./FwUpdate/Other"
URL = "http://c.example/p.bin?a=1&b=<2>"


class Memory:
    """A package that is in memory."""

    def __init__(self, octets: bytes = PACKAGE) -> None:
        self.octets, self.size = octets, len(octets)

    def read(self, offset: int, count: int) -> bytes:
        return self.octets[offset : offset + count]


def server(profile: ServerProfile | None = None, **given: Any) -> Server:
    made = Server(profile or ServerProfile(), seed=3, sources=lambda path: Memory())
    made.verb("enrol", enrolment(**given), 0)
    return made


def plan(made: Server, way: str = "download", **more: Any) -> str:
    given = {"device_id": DEVICE, "object": ROOT, "way": way, "package": {"url": URL, "path": "p.bin"}, "notify": False}
    answer = made.verb("campaign", {**given, **more}, 0)
    assert answer is not None
    return str(answer["id"])


def outcome(made: Server, **more: Any) -> dict[str, Any]:
    answer = made.verb("outcome", {"device_id": DEVICE, **more}, 0)
    assert answer is not None
    return answer


def began(made: Server, way: str = "download-and-update", **more: Any) -> tuple[ScriptedDevice, Exec]:
    """A campaign whose Exec was accepted."""
    plan(made, way)
    device = ScriptedDevice(made, **more)
    device.session()
    return device, device.execs[-1]


def codes(message: Message, name: str = "Alert") -> list[str | None]:
    return [status.data for status in message.statuses() if status.cmd == name]


def targets(message: Message, kind: type = Exec) -> list[str]:
    return [(c.items[0].target or "").removeprefix(ROOT) for c in message.walk() if isinstance(c, kind)]


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


# ---- triggers and memory ---------------------------------------------------------------------------------------------


def test_trigger_is_right_and_repeated_until_a_session_comes() -> None:
    made = server()
    plan(made, notify=True)
    assert made.wake_at() == 0 and made.verb("idle", {}, 0) == {"idle": False}
    (url, datagram), = made.outgoing(0)
    push = parse_push(datagram)
    package = parse(push.payload)
    assert url == "udp://127.0.0.1:9" and push.content_type == 0x44
    assert package.verifies("s3rver", b"server-nonce-0001") and package.notification.server_id == "com.example.dm"
    assert made.outgoing(1) == [] and made.wake_at() == 60 and made.verb("idle", {}, 1) == {"idle": True}
    (_, again), = made.outgoing(60)
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
