"""Client sessions: packages, credentials both ways, commands, several messages, large objects, silence."""

from __future__ import annotations

import random

import pytest
from devicebench import ROOT, Bench, Exchange, Octets, add, ask, atomic, delete, get, run, sequence, set_

from conformance.dm.answers import Packer
from conformance.dm.credentials import Account, make_cred
from conformance.dm.executor import LargeItem
from conformance.dm.largeobject import Splitter
from conformance.dm.serversession import ServerSession
from conformance.dm.tree import Answer
from conformance.syncml.codec import decode, encode
from conformance.syncml.model import (
    Add,
    Alert,
    Chal,
    Command,
    Copy,
    Delete,
    Exec,
    Get,
    Header,
    Item,
    Message,
    Meta,
    Other,
    Replace,
    Results,
    Status,
)
from conformance.transport.exchange import Request, Response

URL = f"{ROOT}/Download/PkgURL"


def names(exchange: Exchange) -> list[str]:
    return [c.name for c in exchange.message.commands if not isinstance(c, Status)]


def header_codes(exchanges: list[Exchange]) -> list[str | None]:
    statuses = [e.message.header_status() for e in exchanges]
    return [s.data if s else None for s in statuses]


def answered(bench: Bench, *commands: Command) -> list[str]:
    """Codes for commands that are sent in one package."""
    return bench.codes(bench.play(list(commands))[1])


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
        "./DevInfo/DevId", "./DevInfo/Man", "./DevInfo/Mod", "./DevInfo/DmV", "./DevInfo/Lang",
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


# -- commands ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["xml", "wbxml"])
def test_commands_of_one_package(encoding: str) -> None:
    bench = Bench(encoding=encoding)
    (_, second) = bench.play(
        [get("./DevInfo/Man"), add("./T", format_="node"), add("./T/a", "<&>"), get("./T/a"), get("./T"), delete("./T/a"),
         get("./T/a"), get("./DevDetail/LrgObj"), Copy(items=[Item(target="./T", source="./T")])],
    )
    assert bench.codes(second) == ["200", "200", "200", "200", "200", "200", "404", "200", "405"]
    assert bench.found([second]) == {
        "./DevInfo/Man": "fumo-conformance", "./T/a": "<&>", "./T": "a", "./DevDetail/LrgObj": "true",
    }
    results = [c for c in second.message.commands if isinstance(c, Results)]
    assert [r.items[0].meta.format for r in results if r.items[0].meta] == ["chr", "chr", "node", "bool"]
    first_results = second.message.commands.index(results[0])
    assert all(isinstance(c, Status) for c in second.message.commands[:first_results])


def test_binary_values_come_back() -> None:
    for encoding in ("xml", "wbxml"):
        bench = Bench(encoding=encoding)
        octets = bytes(range(256))
        data = octets if encoding == "wbxml" else "AAEC"
        format_ = "bin" if encoding == "wbxml" else "b64"
        node = Item(target="./B", data=data, meta=Meta(format=format_))
        (_, second) = bench.play([Add(items=[node]), get("./B"), get("./B?prop=Format")])
        assert bench.found([second])["./B"] == data
        assert bench.found([second])["./B?prop=Format"] == "bin"


def test_items_of_one_command() -> None:
    bench = Bench()
    both = Get(items=[Item(target="./DevInfo/Man"), Item(target="./DevInfo/Mod")])
    mixed = Get(items=[Item(target="./DevInfo/Man"), Item(target="./Nothing")])
    none = Delete(items=[Item(target="./X"), Item(target="./Y")])
    (_, second) = bench.play([both, mixed, none])
    shown = [(s.cmd_ref, s.data, s.target_refs) for s in second.message.statuses()[1:]]
    refs = [s.cmd_ref for s in second.message.statuses()[1:]]
    assert shown == [
        (refs[0], "200", []), (refs[1], "200", ["./DevInfo/Man"]), (refs[1], "404", ["./Nothing"]), (refs[3], "404", []),
    ]
    assert bench.found([second]).keys() == {"./DevInfo/Man", "./DevInfo/Mod"}


def test_incomplete_and_unknown_commands() -> None:
    bench = Bench()
    commands: list[Command] = [
        Get(), Get(items=[Item()]), Other(element_name="Put"), Other(element_name="Foo"), Alert(data="1199"), Alert(),
        Exec(items=[Item(target=f"{ROOT}/Download"), Item(target=f"{ROOT}/Update")]), Alert(data="1226"),
    ]
    assert answered(bench, *commands) == ["412", "412", "406", "400", "406", "406", "406", "406"]


def test_sequences_go_on_after_an_error() -> None:
    bench = Bench()
    assert answered(bench, sequence(set_("./Nothing", "x"), set_(URL, "http://a"), sequence(get("./Nothing")))) == [
        "200", "404", "200", "200", "404",
    ]
    assert bench.value(URL) == "http://a"


def test_atomics_are_all_or_nothing() -> None:
    bench = Bench()
    assert answered(bench, atomic(add("./T/A", "1"), set_(URL, "u"), set_("./Nothing", "x"), delete("./T/A"))) == [
        "507", "216", "216", "404", "215",
    ]
    assert (bench.value("./T/A"), bench.value(URL)) == (None, "")
    assert answered(bench, atomic(add("./T/A", "1"), set_(URL, "u"))) == ["200", "200", "200"]
    assert (bench.value("./T/A"), bench.value(URL)) == ("1", "u")
    for inner in (get("."), run(f"{ROOT}/Download"), atomic(delete("./T/A"))):
        codes = answered(bench, atomic(delete("./T/A"), inner))
        assert codes[:3] == ["507", "216", "500"]
    assert bench.value("./T/A") == "1"
    assert bench.fetches == []


def test_rights_are_those_of_the_server() -> None:
    bench = Bench()
    download = f"{ROOT}/Download"
    no_exec = "Get=*&Replace=com.example.dm"
    assert answered(bench, set_(f"{download}?prop=ACL", no_exec), set_(URL, "http://a"), run(download)) == [
        "200", "200", "425",
    ]
    assert bench.fetches == []


# -- questions to the user -----------------------------------------------------------------------------------------------


def test_questions() -> None:
    bench = Bench()

    def reply(alert: int, answer: str, *data: str, **more: object) -> tuple[list[str], list[object]]:
        bench.device.verb("answer", {"alert": alert, "reply": answer, **more}, bench.at)
        second = bench.play([ask(str(alert), *data)])[1]
        return bench.codes(second), [item.data for item in second.message.statuses()[1].items]

    assert reply(1101, "accept", "MINDT=1&FOO=1", "Sure?") == (["200"], [])
    assert reply(1101, "reject", "", "Sure?") == (["304"], [])
    assert reply(1101, "cancel", "", "Sure?") == (["214"], [])
    assert reply(1101, "timeout", "MAXDT=1", "Sure?") == (["408"], [])
    assert reply(1102, "accept", "MAXLEN=3", "Name?", text="Bruce") == (["200"], ["Bru"])
    assert reply(1103, "accept", "", "Pick", "a", "b", choices=[2]) == (["200"], ["2"])
    assert reply(1104, "accept", "DR=1-3", "Pick", "a", "b", "c", choices=[3, 1, 9]) == (["200"], ["3", "1"])
    assert reply(1103, "accept", "", "Pick", "a", choices=[7]) == (["408"], [])
    assert answered(bench, ask("1100", "", "Hello")) == ["200"]
    assert answered(bench, ask("1101", "", "Sure?")) == ["408"]
    assert answered(bench, ask("1101", "only one"), ask("1103", "", "title")) == ["412", "412"]
    assert answered(bench, ask("1103", "", "title", *["x"] * 40)) == ["416"]


def test_no_in_a_sequence_skips_the_rest() -> None:
    bench = Bench()
    for answer, codes in (("reject", ["200", "304", "215", "215", "200"]), ("cancel", ["200", "214", "215", "215", "215"])):
        bench.device.verb("answer", {"alert": 1101, "reply": answer}, bench.at)
        inner = sequence(ask("1101", "", "Sure?"), set_(URL, answer), sequence())
        assert answered(bench, inner, set_(f"{ROOT}/DownloadAndUpdate/PkgURL", "x")) == codes
        assert bench.value(URL) == ""
    bench.device.verb("answer", {"alert": 1101, "reply": "reject"}, bench.at)
    assert answered(bench, ask("1101", "", "Sure?"), set_(URL, "y")) == ["304", "200"]


def test_no_in_an_atomic_rolls_back() -> None:
    bench = Bench()
    for answer, code in (("reject", "304"), ("cancel", "214")):
        bench.device.verb("answer", {"alert": 1101, "reply": answer}, bench.at)
        block = atomic(set_(URL, "z"), ask("1101", "", "Sure?"), set_(URL, "zz"))
        assert answered(bench, block) == ["507", "216", code, "215"]
        assert bench.value(URL) == ""


def test_a_device_without_display_says_so() -> None:
    assert answered(Bench(ui=False), ask("1101", "", "Sure?"), ask("1100", "", "Hi")) == ["406", "406"]


# -- several messages ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["xml", "wbxml"])
@pytest.mark.parametrize("limit", [1500, 2500])
def test_long_answers_are_split(encoding: str, limit: int) -> None:
    bench = Bench(encoding=encoding)
    bench.settings.max_msg_size = limit
    wanted = [get(f"./DevInfo/{name}") for name in ("Man", "Mod", "DevId", "DmV", "Lang")] * 8
    exchanges = bench.play(wanted)
    sizes = [len(e.request.body) for e in exchanges[1:]]
    assert max(sizes) <= limit
    assert len(sizes) > 2
    assert [e.message.final for e in exchanges[1:]] == [False] * (len(sizes) - 1) + [True]
    codes = [code for e in exchanges[1:] for code in bench.codes(e)]
    assert codes == ["200"] * (40 + len(sizes) - 1)
    assert sum(names(e).count("Results") for e in exchanges) == 40
    assert all(e.message.commands[0].cmd_ref == "0" for e in exchanges[1:] if isinstance(e.message.commands[0], Status))


@pytest.mark.parametrize("encoding", ["xml", "wbxml"])
def test_long_values_go_in_chunks(encoding: str) -> None:
    bench = Bench(encoding=encoding)
    value = "".join(random.Random(3).choice("abc<&ü€ ") for _ in range(6000))
    add_it = [add("./Big", value)]
    bench.play(add_it)
    bench.settings.max_msg_size = 2000
    exchanges = bench.play([get("./Big"), get("./DevInfo/Man")])
    parts = [i for e in exchanges for c in e.message.commands if isinstance(c, Results) for i in c.items]
    big = [i for i in parts if i.source == "./Big"]
    assert "".join(str(i.data) for i in big) == value
    assert [i.more for i in big] == [True] * (len(big) - 1) + [False]
    assert [i.meta.size for i in big if i.meta] == [str(len(value.encode()))] + [None] * (len(big) - 1)
    assert max(len(e.request.body) for e in exchanges[1:]) <= 2000
    assert bench.found(exchanges)["./DevInfo/Man"] == "fumo-conformance"
    assert exchanges[-1].message.final


def test_values_larger_than_the_server_takes_are_not_sent() -> None:
    bench = Bench()
    bench.play([add("./Big", "x" * 500)])
    bench.settings.max_obj_size = 499
    (_, second) = bench.play([get("./Big")])
    assert bench.codes(second) == ["413"]
    assert names(second) == []


def test_a_device_without_large_objects_does_not_cut() -> None:
    bench = Bench(large_objects=False)
    bench.play([add("./Big", "x" * 5000)])
    bench.settings.max_msg_size = 3000
    (_, second) = bench.play([get("./Big"), get("./DevDetail/LrgObj")])
    assert bench.codes(second) == ["413", "200"]
    assert bench.found([second]) == {"./DevDetail/LrgObj": "false"}


# -- large objects of the server -----------------------------------------------------------------------------------------


def large(uri: str, octets: bytes, format_: str, size: int | None = None) -> tuple[list[Command], Splitter]:
    class Lying(Splitter):
        def size(self, encoding: str) -> int:
            return super().size(encoding) if size is None else size

    return [Replace(items=[Item(target=uri)], meta=Meta(format=format_))], Lying(Octets(octets), format_)


@pytest.mark.parametrize("encoding", ["xml", "wbxml"])
def test_a_package_comes_in_chunks(encoding: str) -> None:
    bench = Bench(encoding=encoding, max_msg_size=2000)
    bench.settings.max_msg_size = 2000
    octets = random.Random(1).randbytes(9000)
    exchanges = bench.play(large(f"{ROOT}/Update/PkgData", octets, "bin" if encoding == "wbxml" else "b64"))
    codes = [bench.codes(e)[0] for e in exchanges[1:]]
    assert codes == ["213"] * (len(codes) - 1) + ["200"]
    assert len(codes) > 4
    assert [names(e) for e in exchanges[1:-1]] == [["Alert"]] * (len(codes) - 1)
    assert [e.message.final for e in exchanges[1:]] == [False] * (len(codes) - 1) + [True]
    package = bench.device.objects[0].agent.package
    assert package is not None
    assert package.read(0, 10_000) == octets
    assert bench.state() == "50"


@pytest.mark.parametrize("wrong", [-1, 1])
def test_a_size_that_is_not_met_commits_nothing(wrong: int) -> None:
    bench = Bench(max_msg_size=2000)
    bench.settings.max_msg_size = 2000
    text = b"http://example/" + b"u" * 5000
    exchanges = bench.play(large(URL, text, "chr", len(text) + wrong))
    assert bench.codes(exchanges[-1])[0] == "424"
    assert bench.codes(exchanges[1])[0] == "213"
    assert bench.value(URL) == ""


def test_large_objects_that_cannot_be_taken() -> None:
    bench = Bench(max_msg_size=2000, storage=6000)
    bench.settings.max_msg_size = 2000
    assert answered_large(bench, f"{ROOT}/Update/PkgData", b"x" * 6001) == "413"
    assert answered_large(bench, "./Nothing", b"x" * 6000) == "404"
    assert answered_large(bench, f"{ROOT}/State", b"x" * 6000) == "405"
    bench.device.verb("condition", {"name": "storage-full"}, bench.at)
    assert answered_large(bench, f"{ROOT}/Update/PkgData", b"x" * 6000) == "420"
    assert answered_large(Bench(max_obj_size=3000), f"{ROOT}/Update/PkgData", b"x" * 200_000) == "413"
    none = Bench(large_objects=False, max_msg_size=2000)
    assert answered_large(none, f"{ROOT}/Update/PkgData", b"x" * 6000) == "406"


def answered_large(bench: Bench, uri: str, octets: bytes) -> str:
    return bench.codes(bench.play(large(uri, octets, "b64"))[1])[0]


def chunk(data: str, size: str | None = None, more: bool = True, uri: str = URL) -> Replace:
    return Replace(items=[Item(target=uri, data=data, meta=Meta(format="chr", size=size), more=more)])


def raw_session(bench: Bench, *bodies: tuple[list[Command], bool]) -> list[Exchange]:
    """A session in which each message of the server holds just these commands, with Final or without."""
    original = ServerSession.respond
    script = list(bodies)

    def respond(self: ServerSession, commands: object = (), **more: object) -> object:
        if not script:
            return original(self)
        self._msg_id += 1
        self._cmd_id = 0
        commands, final = script.pop(0)
        message = Message(self.header(), [self.header_status(self._received.message)])  # type: ignore[union-attr,arg-type]
        message.commands += [self.numbered(c) for c in commands]
        message.final = final
        self._answer = self.send(message)
        return self._answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ServerSession, "respond", respond)
        return bench.play()


def test_a_large_object_that_is_broken_off() -> None:
    bench = Bench()
    exchanges = raw_session(bench, ([chunk("abc", "6")], False), ([get("./DevInfo/Man")], True))
    assert bench.codes(exchanges[2]) == ["200"]
    alerts = [c for c in exchanges[2].message.commands if isinstance(c, Alert)]
    assert [(a.data, [i.target for i in a.items]) for a in alerts] == [("1225", [URL])]
    assert bench.value(URL) == ""


def test_chunks_that_break_the_rules() -> None:
    bench = Bench()
    assert bench.codes(raw_session(bench, ([chunk("abc")], True))[1]) == ["411"]
    exchanges = raw_session(bench, ([chunk("abc", "6")], False), ([chunk("def", "6", more=False)], True))
    assert bench.codes(exchanges[2]) == ["400"]
    assert bench.value(URL) == ""
    exchanges = raw_session(bench, ([chunk("abc", "6")], False), ([chunk("def", more=False)], True))
    assert bench.codes(exchanges[2]) == ["200"]
    assert bench.value(URL) == "abcdef"


def test_the_rest_of_a_package_is_asked_for() -> None:
    bench = Bench()
    exchanges = raw_session(bench, ([get("./DevInfo/Man")], False), ([get("./DevInfo/Mod")], True))
    assert names(exchanges[1]) == ["Results", "Alert"]
    assert [e.message.final for e in exchanges] == [True, False, True]


# -- the end, and what may come instead ----------------------------------------------------------------------------------


def test_an_abort_is_not_answered() -> None:
    bench = Bench()
    assert len(raw_session(bench, ([Alert(data="1223"), get(".")], True))) == 1
    assert bench.device.idle


def test_the_next_message_goes_where_the_server_wants_it() -> None:
    bench = Bench()
    bench.settings.resp_uri = f"{bench.profile.server_url}?s=1"
    _, second = bench.play([get(".")])
    assert second.request.url.endswith("/dm?s=1")
    for odd in ("ftp://x/", "http://", "http://x:99999/", "http://[::1"):
        bench.settings.resp_uri = odd
        assert bench.play([get(".")])[1].request.url == bench.profile.server_url
    bench.settings.resp_uri = None
    assert bench.play()[0].request.url == bench.profile.server_url


def test_versions_that_nobody_speaks() -> None:
    for field, value, code in (("ver_dtd", "1.9", "505"), ("ver_proto", "DM/9.9", "513")):
        bench = Bench()
        original = ServerSession.header

        def header(
            self: ServerSession, original: object = original, field: str = field, value: str = value
        ) -> Header:
            made: Header = original(self)  # type: ignore[operator]
            setattr(made, field, value)
            return made

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ServerSession, "header", header)
            exchanges = bench.play([set_(URL, "x")])
        assert header_codes(exchanges)[1] == code
        assert bench.codes(exchanges[1]) == [code]
        assert bench.value(URL) == ""


@pytest.mark.parametrize(
    "response",
    [
        Response(200, [], b"<html>"), Response(200, [], b""), Response(500, [], b"x"), Response(error="reset"),
        Response(200, [], b"\x02\xa4\x01\x6a\x00\x6d" * 50), Response(200, [("Content-Type", "text/plain")], b"<SyncML/>"),
        Response(200, [], b"<SyncML><SyncHdr/><SyncBody><Get/><Status/><Results/><Final/></SyncBody></SyncML>"),
    ],
)
def test_rubbish_ends_the_session(response: Response) -> None:
    bench = Bench()
    bench.respond = lambda request: response
    bench.device.verb("start_session", {"kind": "client"}, 0.0)
    bench.settle(10)
    assert bench.device.idle


def test_mangled_messages_do_no_harm() -> None:
    chance = random.Random(9)
    for encoding in ("xml", "wbxml"):
        bench = Bench(encoding=encoding, authentication="none")

        def mangled(request: Request, bench: Bench = bench) -> Response:
            answer = bench._dm(request)
            body = bytearray(answer.body)
            for _ in range(chance.randrange(3)):
                body[chance.randrange(len(body))] = chance.randrange(256)
            answer.body = bytes(body)
            return answer

        bench.respond = mangled
        for _ in range(60):
            try:
                bench.play([sequence(get("."), set_(URL, "a")), atomic(add("./Q", "1"), delete("./Q")), run(f"{ROOT}/Update")])
            except ValueError:  # the server's side of the test may stumble over a device that answers rubbish
                bench.session = None
                bench.device.verb("power_cycle", {"at": "now"}, bench.at)
        assert bench.value("./DevInfo/Man") is None or isinstance(bench.value("./DevInfo/Man"), str)


def test_an_endless_server_comes_to_an_end() -> None:
    bench = Bench(authentication="none")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conformance.dm.clientsession.MAX_MESSAGES", 20)
        exchanges = bench.play(*[[get("./DevInfo/Man")]] * 100)
    assert len(exchanges) == 20
    assert names(exchanges[-1])[-1] == "Alert"


# -- packing -------------------------------------------------------------------------------------------------------------


def _waiting(chance: random.Random) -> tuple[list[Command], list[Command]]:
    """Statuses and other commands that a session might have to send."""
    refs = [Status(msg_ref="1", cmd_ref=str(n), cmd="Get", data="200") for n in range(chance.randrange(1, 30))]
    found: list[Command] = []
    for n in range(chance.randrange(8)):
        octets = chance.randbytes(chance.choice((0, 5, 40, 900)))
        value = Answer(Octets(octets.hex().encode()), "chr") if n % 2 else Answer(Octets(octets), "bin")
        item = LargeItem(source=f"./A/Node{n}", meta=Meta(format=value.format), value=value)
        found.append(Results(msg_ref="1", cmd_ref=str(n), items=[item]))
        if chance.random() < 0.3:
            found.append(Alert(data="1226", items=[Item(source="./A", data="<&>" * chance.randrange(30))]))
    return refs, found


def _packed(seed: int, limit: int, encoding: str) -> list[Message]:
    """The messages in which everything goes that waits."""
    refs, found = _waiting(random.Random(seed))
    packer = Packer(encoding, True)
    packer.statuses.extend(refs)
    packer.commands.extend(found)
    sent = []
    while packer.waiting and len(sent) < 500:
        message = Message(Header(session_id="1", msg_id=str(len(sent) + 1), target="http://server/dm", source="urn:imei:1"))

        def number(command: Command, message: Message = message) -> Command:
            command.cmd_id = str(len(message.commands) + 1)
            return command

        packer.fill(message, limit, lambda each: encode(each, encoding), number, Alert(data="1222") if seed % 3 else None)
        sent.append(message)
    assert not packer.waiting
    return sent


@pytest.mark.parametrize("encoding", ["xml", "wbxml"])
@pytest.mark.parametrize("limit", [600, 1500, 4000, 9000, 40000])
def test_what_is_packed_by_one_look_is_what_is_packed_command_by_command(limit: int, encoding: str) -> None:
    quick = [_packed(seed, limit, encoding) for seed in range(12)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Packer, "_fits", lambda *given: False)
        slow = [_packed(seed, limit, encoding) for seed in range(12)]
    assert [[encode(each, encoding) for each in messages] for messages in quick] == [
        [encode(each, encoding) for each in messages] for messages in slow
    ]
