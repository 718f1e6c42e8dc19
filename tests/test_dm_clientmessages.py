"""Client sessions: answers of several messages, large objects, aborts, rubbish, silence."""

from __future__ import annotations

import random

import pytest
from clientscene import URL, header_codes, names
from devicebench import ROOT, Bench, Exchange, Octets, add, atomic, delete, get, run, sequence, set_

from conformance.dm.largeobject import Splitter
from conformance.dm.serversession import ServerSession
from conformance.syncml.model import (
    Alert,
    Command,
    Header,
    Item,
    Message,
    Meta,
    Replace,
    Results,
    Status,
)
from conformance.transport.exchange import Request, Response


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

        def header(self: ServerSession, original: object = original, field: str = field, value: str = value) -> Header:
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
        Response(200, [], b"<html>"),
        Response(200, [], b""),
        Response(500, [], b"x"),
        Response(error="reset"),
        Response(200, [], b"\x02\xa4\x01\x6a\x00\x6d" * 50),
        Response(200, [("Content-Type", "text/plain")], b"<SyncML/>"),
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
