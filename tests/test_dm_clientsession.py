"""Client sessions: package 1 and the end, versions, credentials both ways."""

from __future__ import annotations

import pytest
from clientscene import URL, header_codes, names
from devicebench import ROOT, Bench, get, run, set_

from conformance.dm.credentials import Account, make_cred
from conformance.dm.serversession import ServerSession
from conformance.syncml.codec import decode, encode
from conformance.syncml.model import (
    Alert,
    Chal,
    Header,
    Message,
    Replace,
    Status,
)
from conformance.transport.exchange import Request, Response

# -- package 1 and the end -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["xml", "wbxml"])
def test_package_1(encoding: str) -> None:
    bench = Bench(encoding=encoding)
    (first,) = bench.play()
    header, (alert, info) = first.message.header, first.message.commands
    assert (header.ver_dtd, header.ver_proto, header.msg_id) == ("1.2", "DM/1.2", "1")
    assert (header.target, header.source) == (bench.profile.server_url, bench.profile.device_id)
    assert header.source_name == "dev-0001"
    assert header.meta is not None
    assert header.meta.max_msg_size == "65536"
    assert isinstance(alert, Alert)
    assert alert.data == "1201"
    assert isinstance(info, Replace)
    assert [item.source for item in info.items] == [
        "./DevInfo/DevId",
        "./DevInfo/Man",
        "./DevInfo/Mod",
        "./DevInfo/DmV",
        "./DevInfo/Lang",
    ]
    assert first.message.final
    assert first.request.method == "POST"
    assert dict(first.request.headers)["Content-Type"] == f"application/vnd.syncml.dm+{encoding}"


def test_nothing_is_said_where_nothing_is_to_be_said() -> None:
    bench = Bench()
    assert len(bench.play()) == 1
    assert len(bench.play([get(".")])) == 2
    assert bench.device.idle


def test_sessions_have_numbers_of_their_own() -> None:
    bench = Bench()
    numbers = {bench.play()[0].message.header.session_id for _ in range(5)}
    assert len(numbers) == 5
    assert all(number and len(number) <= 4 for number in numbers)


@pytest.mark.parametrize(("version", "dtd"), [("1.2", "1.2"), ("1.1.2", "1.1")])
def test_versions(version: str, dtd: str) -> None:
    bench = Bench(version=version)
    bench.settings.max_obj_size = None
    (first, second) = bench.play([get("./DevInfo/Man")])
    assert first.message.header.ver_proto == f"DM/{dtd}"
    assert bench.codes(second) == ["200"]
    bench.device.objects[0].agent.finished(Alert(data="1226"))
    bench.settle()
    assert len(bench.reports()) == (1 if version == "1.2" else 0)
    assert bench.device.idle


# -- the device's own credentials ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["basic", "md5", "hmac"])
def test_credentials_are_taken_at_once(kind: str) -> None:
    bench = Bench(authentication=kind)
    for _ in range(3):
        first, second = bench.play([get(".")])
        facts = first.facts["integrity" if kind == "hmac" else "credentials"]
        assert (facts["type"], facts["result"]) == (kind, "right")
        assert first.facts["credentials"]["type"] == (kind if kind != "hmac" else "none")
        assert second.message.header.cred is None
        assert header_codes([second]) == ["200" if kind == "hmac" else "212"]


@pytest.mark.parametrize("kind", ["md5", "hmac"])
def test_a_stale_nonce_is_healed(kind: str) -> None:
    bench = Bench(authentication=kind)
    bench.keys.verifier.issue()
    first, second, third = bench.play([get(".")])
    key = "integrity" if kind == "hmac" else "credentials"
    assert (first.facts[key]["result"], second.facts[key]["result"]) == ("stale", "right")
    assert names(second) == ["Alert", "Replace"]
    assert second.message.header.session_id == first.message.header.session_id
    assert second.message.header.msg_id == "2"
    assert bench.codes(third) == ["200"]
    again = bench.play([get(".")])
    assert again[0].facts[key]["result"] == "right"


def test_a_device_without_habit_answers_a_challenge() -> None:
    bench = Bench(authentication="none")
    bench.keys.kind = "md5"
    first, second, *_ = bench.play()
    assert first.facts["credentials"]["result"] == "absent"
    assert second.facts["credentials"]["result"] == "right"


def test_the_type_of_the_challenge_is_used() -> None:
    bench = Bench(authentication="md5")
    bench.keys.kind = "basic"
    _, second, *_ = bench.play()
    assert second.message.header.cred is not None
    assert second.message.header.cred.type == "syncml:auth-basic"


def test_a_type_that_the_device_does_not_have_ends_the_session() -> None:
    bench = Bench(authentication="basic", authentications=("basic",))
    bench.keys.kind = "md5"
    assert len(bench.play()) == 1
    assert bench.device.idle


def test_wrong_credentials_are_tried_three_times() -> None:
    bench = Bench()
    bench.keys.verifier.account = Account("dev-0001", "another")
    assert len(bench.play()) == 3
    assert bench.device.idle


def test_reports_are_in_the_second_package_1_too() -> None:
    bench = Bench()
    bench.keys.verifier.issue()
    first, second = bench.play(kind="user-request")
    assert names(first) == names(second) == ["Alert", "Replace", "Alert"]
    assert bench.device.idle


def test_a_nonce_of_a_stranger_is_used_but_not_kept() -> None:
    bench = Bench()
    before = bench.device.keys.nonce
    seen: list[Message] = []

    def stranger(request: Request) -> Response:
        seen.append(decode(request.body, "").message)
        chal = Chal("syncml:auth-md5", "b64", "c3RyYW5nZXI=")
        status = Status(cmd_id="1", msg_ref=str(len(seen)), cmd_ref="0", cmd="SyncHdr", data="401", chal=chal)
        message = Message(Header(session_id="1", msg_id=str(len(seen)), source="x", target="y"), [status], True)
        return Response(200, [], encode(message))

    bench.respond = stranger
    bench.play()
    assert seen[1].header.cred == make_cred("md5", bench.profile.client, b"stranger")
    assert bench.device.keys.nonce == before


# -- the server's credentials --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["basic", "md5", "hmac"])
def test_a_server_that_does_not_show_itself_is_not_obeyed(kind: str) -> None:
    bench = Bench(authentication=kind)
    bench.keys.account = Account("com.example.dm", "wrong")
    exchanges = bench.play(*[[set_(URL, "http://evil"), run(f"{ROOT}/Download")]] * 9)
    assert bench.codes(exchanges[1]) == ["401", "401"]
    status = exchanges[1].message.header_status()
    assert status is not None
    assert status.data == "401"
    assert status.chal is not None
    assert names(exchanges[-1]) == ["Alert"]
    assert [c.data for c in exchanges[-1].message.commands if isinstance(c, Alert)] == ["1223"]
    assert exchanges[-1].message.final
    assert bench.device.tree.find(URL).text() == ""  # type: ignore[union-attr]
    assert bench.fetches == []


@pytest.mark.parametrize("kind", ["basic", "md5"])
def test_a_server_shows_itself_when_asked(kind: str) -> None:
    bench = Bench(authentication=kind)
    bench.settings.send_credentials = False
    original = ServerSession.credentials

    def late(self: ServerSession) -> object:
        self.settings.send_credentials = self._msg_id > 1
        return original(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ServerSession, "credentials", late)
        exchanges = bench.play([set_(URL, "http://a")])
    assert header_codes(exchanges) == [None, "407", "212"]
    assert [bench.codes(e) for e in exchanges[1:]] == [["407"], ["200"]]


def test_a_server_that_wants_nothing_is_not_challenged() -> None:
    bench = Bench()
    bench.settings.send_credentials = False
    assert len(bench.play()) == 1


def test_a_stale_nonce_of_the_server_is_healed() -> None:
    bench = Bench()
    bench.keys.nonce = b"old"
    exchanges = bench.play([get(".")])
    assert header_codes(exchanges) == [None, "401", "212"]
    assert bench.codes(exchanges[2]) == ["200"]
    assert header_codes(bench.play([get(".")])) == [None, "212"]


def test_an_altered_message_is_refused() -> None:
    bench = Bench(authentication="hmac")

    def altered(request: Request) -> Response:
        answer = bench._dm(request)
        answer.body = answer.body.replace(b"http://good", b"http://evil")
        return answer

    bench.respond = altered
    exchanges = bench.play([set_(URL, "http://good")])
    assert bench.codes(exchanges[1]) == ["401"]
    assert bench.device.tree.find(URL).text() == ""  # type: ignore[union-attr]
