"""Client sessions: commands, containers, questions to the user."""

from __future__ import annotations

import pytest
from clientscene import URL, answered
from devicebench import ROOT, Bench, add, ask, atomic, delete, get, run, sequence, set_

from conformance.syncml.model import (
    Add,
    Alert,
    Command,
    Copy,
    Delete,
    Exec,
    Get,
    Item,
    Meta,
    Other,
    Results,
    Status,
)

# -- commands ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["xml", "wbxml"])
def test_commands_of_one_package(encoding: str) -> None:
    bench = Bench(encoding=encoding)
    (_, second) = bench.play(
        [
            get("./DevInfo/Man"),
            add("./T", format_="node"),
            add("./T/a", "<&>"),
            get("./T/a"),
            get("./T"),
            delete("./T/a"),
            get("./T/a"),
            get("./DevDetail/LrgObj"),
            Copy(items=[Item(target="./T", source="./T")]),
        ],
    )
    assert bench.codes(second) == ["200", "200", "200", "200", "200", "200", "404", "200", "405"]
    assert bench.found([second]) == {
        "./DevInfo/Man": "fumo-conformance",
        "./T/a": "<&>",
        "./T": "a",
        "./DevDetail/LrgObj": "true",
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
        (refs[0], "200", []),
        (refs[1], "200", ["./DevInfo/Man"]),
        (refs[1], "404", ["./Nothing"]),
        (refs[3], "404", []),
    ]
    assert bench.found([second]).keys() == {"./DevInfo/Man", "./DevInfo/Mod"}


def test_incomplete_and_unknown_commands() -> None:
    bench = Bench()
    commands: list[Command] = [
        Get(),
        Get(items=[Item()]),
        Other(element_name="Put"),
        Other(element_name="Foo"),
        Alert(data="1199"),
        Alert(),
        Exec(items=[Item(target=f"{ROOT}/Download"), Item(target=f"{ROOT}/Update")]),
        Alert(data="1226"),
    ]
    assert answered(bench, *commands) == ["412", "412", "406", "400", "406", "406", "406", "406"]


def test_sequences_go_on_after_an_error() -> None:
    bench = Bench()
    assert answered(bench, sequence(set_("./Nothing", "x"), set_(URL, "http://a"), sequence(get("./Nothing")))) == [
        "200",
        "404",
        "200",
        "200",
        "404",
    ]
    assert bench.value(URL) == "http://a"


def test_atomics_are_all_or_nothing() -> None:
    bench = Bench()
    assert answered(bench, atomic(add("./T/A", "1"), set_(URL, "u"), set_("./Nothing", "x"), delete("./T/A"))) == [
        "507",
        "216",
        "216",
        "404",
        "215",
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
        "200",
        "200",
        "425",
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
