"""Rules of large objects and of form, branch by branch (DM Protocol 7, DM RepPro 5, 6)."""

from __future__ import annotations

from typing import Any

from judge_builder import URL, Script, answers, basic, commanded, dev_info, header_status, item, large, results, update, upload
from judge_scripts import _encoded, interrupted
from judge_seen import ONCE, TWICE, Row, each_row, in_wbxml, in_xml, long_alert, said, said_of, spoilt, wbxml
from judge_spoils import _padded, at, both, change, code, cut_off, data, drop, extra, final, first_item, first_meta, raw
from test_judge_variations_package import meta_of, nothing, take, times

from conformance.judge.finding import FAIL, WARN
from conformance.syncml.element import Element
from conformance.syncml.model import Add, Alert, Atomic, Command, Copy, Delete, Exec, Get, Item, Meta, Replace, Results, Sequence

NODE = "./Some/Node"
Sent = tuple[str | None, tuple[str, ...], str]


def objects(*many: Sent, kind: type[Any] = Replace, **meta: Any) -> Any:
    """Large objects to the device one after the other: of each its Size, its pieces and the last code. The pieces stand in
    steps 1, 3, 5 ..., each with its answer behind it."""

    def made() -> Script:
        script = Script()
        last = script.client(Alert(data="1201"), dev_info(), cred=basic())
        for number, (size, pieces, code_) in enumerate(many):
            for place, piece in enumerate(pieces):
                more = place < len(pieces) - 1
                stated = {"size": size} if place == 0 and size else {}
                chunk = kind(items=[item(f"./Some/N{number}", piece, more=more, **{"format": "chr", **meta, **stated})])
                sent = script.server(*answers(last, "212" if len(script.steps) == 1 else "200"), chunk, final=not more)
                asks = [Alert(data="1222")] if more else []
                last = script.client(*answers(sent, "200", **{kind.__name__: "213" if more else code_}), *asks, final=not more)
        script.server(*answers(last))
        return script

    return made


def broken_off(*commands: Command, also: tuple[Command, ...] = (), **codes: str) -> Any:
    """The first piece of an object, then other commands instead of the next one (step 3) and the answer (step 4)."""

    def made() -> Script:
        script = large()
        del script.steps[3:]
        script.exchange, script._ids = 2, {"client": 2, "server": 1}
        new = script.server(*answers(at(script, 2)), *commands)
        new.data["made"] = True
        script.client(*answers(new, "200", **codes), *also)
        return script

    return made


def put() -> Replace:
    return Replace(items=[item("./Other", "1", format="chr")])


def no_end(source: str | None = NODE, target: str | None = None) -> Alert:
    return Alert(data="1225", items=[Item(source=source, target=target)])


def piece(n: int, **values: Any) -> Any:
    return first_item(n, Replace, **values)


def results_of(value: str | None, form: str | None = None) -> Any:
    """Results with a value."""
    return first_item(2, Results, data=value, meta=Meta(format=form) if form else None)


def replaced(value: str | bytes | None, form: str, encoding: str = "xml", **more: Any) -> Any:
    def made() -> Script:
        script = commanded(Replace(items=[item("./A", value, format=form, **more)]))
        script.encoding = encoding
        return script

    return made


def listed_by(asked: Command, refs: bool = False) -> Any:
    """Results without Data for another command of the session than the Get that they answer in ``update``."""

    def spoil(script: Script) -> None:
        first_item(2, Results, data=None)(script)
        extra(1, asked)(script)
        if refs:
            at(script, 2).one(Results).cmd_ref = asked.cmd_id

    return spoil


SHORT = ("30", ("a" * 10, "b" * 10), "200")
PAIR: Any = objects(("20", ("a" * 10, "b" * 10), "200"), ("20", ("c" * 10, "d" * 10), "200"))
LISTED = "./FUMO?list=Struct"
ROWS: list[tuple[str, str, Any, Any, list[Any]]] = [
    # -- MoreData
    ("DM-LOB-003", "server", large, piece(3, more=False), [(FAIL, 4, "nothing")]),
    ("DM-LOB-003", "server", large, both(piece(3, more=False), piece(5, target="./Other")), []),
    ("DM-LOB-003", "server", large, both(piece(3, more=False), piece(5, data=None)), []),
    ("DM-LOB-003", "server", large, both(piece(3, more=False), first_meta(5, Replace, size="10")), []),
    ("DM-LOB-003", "server", large, both(piece(3, more=False), code(4, "Replace", "424")), []),
    ("DM-LOB-003", "server", large, both(piece(3, more=False), cut_off(5)), []),
    ("DM-LOB-003", "server", large, both(piece(3, more=False), take(5, Replace), extra(5, Add(items=[item(NODE, "c")]))), []),
    ("DM-LOB-003", "server", large, both(piece(3, more=False), data(3, made=True)), []),
    ("DM-LOB-003", "server", objects(("20", ("a", "b"), "200"), ("2", ("c", "d"), "200")), nothing, ONCE),
    ("DM-LOB-003", "server", large, first_meta(1, Replace, size="29"), ONCE),
    ("DM-LOB-003", "server", large, first_meta(1, Replace, size=None), ONCE),
    ("DM-LOB-003", "server", large, cut_off(3), []),
    ("DM-LOB-003", "server", replaced("x" * 5, "chr", size="9"), final(1, False), [(FAIL, 2, "nothing")]),
    ("DM-LOB-003", "server", replaced("x" * 5, "chr", size="9"), nothing, []),
    ("DM-LOB-003", "server", replaced("x" * 5, "chr", size="5"), final(1, False), []),
    ("DM-LOB-003", "server", replaced("x\n" * 2, "chr", size="9"), final(1, False), []),
    ("DM-LOB-003", "server", replaced("QUJD", "b64", size="4"), final(1, False), []),
    ("DM-LOB-003", "server", replaced("QUJD", "b64", size="3"), final(1, False), []),
    ("DM-LOB-003", "server", replaced("x" * 5, "chr", size="9"), both(final(1, False), data(1, made=True)), []),
    ("DM-LOB-003", "server", lambda: commanded(Get(items=[item("./A", "x", size="9")])), final(1, False), []),
    # -- what fits
    ("DM-LOB-004", "server", large, _padded, [(FAIL, 2, "3 messages")]),
    ("DM-LOB-004", "server", large, both(_padded, meta_of(0, max_msg_size="x")), [(FAIL, 2, "3 messages")]),
    ("DM-LOB-004", "server", large, both(_padded, meta_of(0, max_msg_size=" 9000 ")), [(FAIL, 2, "3 messages")]),
    ("DM-LOB-004", "server", large, both(_padded, meta_of(0, max_msg_size=" 1000 ")), ONCE),
    ("DM-LOB-004", "server", large, both(_padded, meta_of(1, max_msg_size="1000")), [(FAIL, 2, "3 messages")]),
    ("DM-LOB-004", "server", large, both(_padded, data(3, made=True)), []),
    ("DM-LOB-004", "server", large, cut_off(5), []),
    ("DM-LOB-004", "server", objects(("2000", ("a" * 1000, "b" * 1000), "200")), nothing, ONCE),
    ("DM-LOB-004", "server", objects(("2000", ("a" * 2000, ""), "200")), nothing, [(FAIL, 2, "2 messages")]),
    # -- Size
    ("DM-LOB-005", "server", large, first_meta(3, Replace, size="30"), [(FAIL, 4, "30")]),
    ("DM-LOB-005", "server", large, first_meta(1, Replace, size=None), [(FAIL, 2, "nothing")]),
    ("DM-LOB-005", "server", large, first_meta(1, Replace, size="31"), [(FAIL, 6, "31")]),
    *(("DM-LOB-005", "server", objects(("31", (f"a{c}" + "a" * 8, "b" * 20), "200")), nothing, TWICE) for c in "\n<>&\"'"),
    ("DM-LOB-005", "server", objects(("31", ("a" * 10, "b\n"), "200"), ("9", ("a", "b"), "200")), nothing, [(FAIL, 8, "9")]),
    ("DM-LOB-005", "server", objects(("31", ("aX" * 5, "b" * 20), "200")), nothing, [(FAIL, 4, "31")]),
    ("DM-LOB-005", "server", objects(("4", ("a\n", "bc"), "200")), nothing, times(3)),
    ("DM-LOB-022", "server", lambda: _encoded("30"), nothing, [(WARN, 2, "30")]),
    ("DM-LOB-022", "server", large, nothing, ONCE),
    ("DM-LOB-022", "server", large, cut_off(5), []),
    ("DM-LOB-022", "server", PAIR, nothing, TWICE),
    # -- one after the other
    ("DM-LOB-008", "server", broken_off(put()), data(3, made=False), [(FAIL, 4, "Replace")]),
    ("DM-LOB-008", "server", broken_off(put()), nothing, ONCE),
    ("DM-LOB-008", "server", broken_off(put(), Alert(data="1223")), data(3, made=False), ONCE),
    ("DM-LOB-008", "server", broken_off(put()), both(data(3, made=False), code(2, "Replace", "500")), ONCE),
    ("DM-LOB-008", "server", broken_off(Alert(data="1222")), data(3, made=False), ONCE),
    ("DM-LOB-008", "server", broken_off(Alert(data="1100", items=[Item(data="a"), Item(data="b")])), data(3, made=False),
     [(FAIL, 4, "Alert")]),
    ("DM-LOB-008", "server", broken_off(*(Get(items=[item(f"./{n}")]) for n in "ABCD")), data(3, made=False),
     [(FAIL, 4, "Get, Get, Get")]),
    ("DM-LOB-008", "server", large, extra(3, Sequence(commands=[put()]), 0), [(FAIL, 4, "Sequence, Replace")]),
    ("DM-LOB-008", "server", large, extra(1, Delete(items=[item("./A")])), [(FAIL, 2, "Delete")]),
    ("DM-LOB-008", "server", large, extra(3, put()), [(FAIL, 4, "Replace")]),
    ("DM-LOB-008", "server", large, extra(5, put(), 0), [(FAIL, 6, "Replace")]),
    ("DM-LOB-008", "server", large, extra(3, Exec(items=[item("./V")])), times(3)),
    ("DM-LOB-008", "server", large, lambda s: at(s, 5).one(Replace).items.append(item("./B", "x")), times(3)),
    ("DM-LOB-008", "server", large, lambda s: at(s, 3).one(Replace).items.append(item("./B", "x")), [(FAIL, 4, "another Item")]),
    ("DM-LOB-008", "client", upload, extra(4, Alert(data="1224")), TWICE),
    # -- the greatest size
    ("DM-LOB-013", "server", large, both(meta_of(0, max_obj_size="10"), meta_of(2, max_obj_size="50")), [(FAIL, 6, "30")]),
    ("DM-LOB-013", "server", large, meta_of(0, max_obj_size=" 29 "), [(FAIL, 6, "30")]),
    ("DM-LOB-013", "server", large, meta_of(0, max_obj_size="many"), []),
    ("DM-LOB-013", "server", large, meta_of(1, max_obj_size="9"), []),
    ("DM-LOB-013", "server", PAIR, both(meta_of(0, max_obj_size="9"), meta_of(2, max_obj_size="90")), [(FAIL, 4, "20")]),
    ("DM-LOB-013", "server", large, both(meta_of(0, max_obj_size="19"), cut_off(5)), [(FAIL, 4, "20")]),
    ("DM-LOB-013", "server", lambda: _encoded("40"), meta_of(0, max_obj_size="29"), [(FAIL, 4, "30")]),
    ("DM-LOB-014", "server", large, both(first_item(5, Replace, target=None), first_meta(5, Replace, format=None, type=None)),
     [(WARN, 6, "no Target, Format, Type")]),
    ("DM-LOB-014", "server", large, nothing, TWICE),
    # -- what is said to a piece
    ("DM-LOB-006", "client", objects(SHORT, kind=Add), code(2, "Add", "200"), [(FAIL, 3, "200")]),
    ("DM-LOB-006", "client", large, both(code(2, "Replace", "200"), data(2, made=True)), ONCE),
    ("DM-LOB-006", "client", large, drop(2, "Replace"), ONCE),
    ("DM-LOB-006", "client", large, code(2, "Replace", ""), [(FAIL, 3, "an empty value")]),
    ("DM-LOB-006", "client", large, code(4, "Replace", "200"), [(FAIL, 5, "200")]),
    ("DM-LOB-019", "client", large, code(6, "Replace", "213"), [(FAIL, 7, "213")]),
    ("DM-LOB-019", "client", large, code(6, "Replace", "500"), ONCE),
    ("DM-LOB-019", "client", large, cut_off(5), []),
    ("DM-LOB-009", "client", objects(SHORT), nothing, [(FAIL, 5, "200")]),
    ("DM-LOB-009", "client", objects(SHORT), code(4, "Replace", "424"), ONCE),
    ("DM-LOB-009", "client", objects(SHORT), code(4, "Replace", "500"), ONCE),
    ("DM-LOB-009", "client", objects(("4", ("a\n", "bc"), "424")), nothing, [(WARN, 5, "424")]),
    ("DM-LOB-009", "client", objects(("4", ("ab", "cd"), "424"), ("4", ("ab", "cd"), "424")), nothing,
     [(FAIL, 5, "424"), (FAIL, 9, "424")]),
    ("DM-LOB-009", "client", objects(("3", ("QU", "JD"), "424"), ("4", ("QU", "JD"), "200"), format="b64"), nothing, ONCE),
    ("DM-LOB-009", "client", objects((None, ("ab", "cd"), "424"), ("4", ("ab", "cd"), "200")), nothing, ONCE),
    # -- an object that does not end
    ("DM-LOB-011", "client", interrupted(True), nothing, ONCE),
    ("DM-LOB-012", "client", interrupted(True), nothing, ONCE),
    ("DM-LOB-011", "client", interrupted(False), nothing, [(FAIL, 5, "nothing")]),
    ("DM-LOB-012", "client", interrupted(False), nothing, []),
    ("DM-LOB-012", "client", broken_off(put(), also=(no_end(None),)), nothing, [(WARN, 5, "nothing")]),
    ("DM-LOB-012", "client", broken_off(put(), also=(no_end(None, NODE),)), nothing, ONCE),
    ("DM-LOB-012", "client", broken_off(put(), also=(no_end(None), no_end())), nothing, ONCE),
    ("DM-LOB-011", "client", broken_off(put(), also=(Alert(data="1223"),)), nothing, ONCE),
    ("DM-LOB-011", "client", broken_off(put(), also=(Alert(data="1224"),)), nothing, [(FAIL, 5, "nothing")]),
    ("DM-LOB-011", "client", broken_off(Get(items=[item("./A")])), nothing, []),
    ("DM-LOB-011", "client", broken_off(put(), Alert(data="1223")), nothing, []),
    ("DM-LOB-011", "client", broken_off(put()), code(2, "Replace", "500"), []),
    ("DM-LOB-011", "client", broken_off(put()), code(3, "SyncHdr", "401"), []),
    ("DM-LOB-011", "client", broken_off(put()), code(4, "SyncHdr", "407"), []),
    ("DM-LOB-011", "client", broken_off(put()), data(4, made=True), []),
    ("DM-LOB-011", "client", broken_off(put()), lambda s: s.steps.pop(), []),
    ("DM-LOB-011", "client", broken_off(put()), data(3, error="reset"), []),
    *(("DM-LOB-011", "client", broken_off(each), nothing, [(FAIL, 5, "nothing")])
      for each in (Add(items=[item("./B", "1")]), Delete(items=[item("./B")]), Copy(items=[Item(target="./B", source="./C")]),
                   Atomic(commands=[put()]))),
    # -- media types and what cannot be read
    ("DM-ENC-001", "client", update, both(data(0, media=""), data(2, media="text/xml")), [(FAIL, 3, "text/xml")]),
    ("DM-ENC-003", "server", wbxml, spoilt(1, b"\x04\xa4", "no such version"), [(FAIL, 2, "no such version")]),
    ("DM-ENC-003", "server", wbxml, both(spoilt(1, b"\x04\xa4", "odd"), data(1, media=" Application/VND.syncml.dm+wbxml ; x=y")),
     [(FAIL, 2, "odd")]),
    ("DM-ENC-003", "server", wbxml, both(spoilt(1, b"\x04\xa4", "odd"), data(1, media=None)), TWICE),
    ("DM-ENC-003", "server", wbxml, both(spoilt(1, b"\x04\xa4", "odd"), data(1, made=True)), TWICE),
    ("DM-ENC-003", "server", wbxml, spoilt(1, b"\x03\xa4", "odd"), TWICE),
    ("DM-ENC-003", "server", wbxml, spoilt(1, b"", "odd"), TWICE),
    ("DM-ENC-003", "client", wbxml, spoilt(1, b"\x04\xa4", "odd"), times(3)),
    ("DM-ENC-003", "server", update, nothing, []),
    # -- what other rules ask for
    ("DM-ENC-005", "client", update, raw(0, b"<MsgID>1</MsgID>", b""), times(3)),
    ("DM-ENC-005", "client", update, raw(0, f"<LocURI>{URL}</LocURI>".encode(), b""), times(3)),
    ("DM-ENC-005", "client", update, raw(0, b"<Source><LocURI>./DevInfo/Man</LocURI></Source>", b"<Source></Source>"),
     [(FAIL, 1, "SyncBody/Replace/Item/Source: LocURI is missing")]),
    ("DM-ENC-005", "server", update, raw(1, b"<Final", b"<Map><CmdID>77</CmdID></Map><Final"),
     [(FAIL, 2, f"SyncBody/Map: {name} is missing") for name in ("Target", "Source", "MapItem")]),
    ("DM-ENC-005", "server", update, raw(1, b"<Source><LocURI>http://dm.example.test/dm</LocURI></Source>", b""), times(3)),
    ("DM-ENC-005", "server", update, raw(1, b"<CmdRef>1</CmdRef>", b""), times(3)),
    # -- binary data
    ("DM-ENC-010", "server", replaced("", "bin"), nothing, []),
    ("DM-ENC-010", "server", replaced("QUJD", "b64"), nothing, ONCE),
    ("DM-ENC-010", "server", replaced("*", "b64"), nothing, ONCE),
    ("DM-ENC-010", "client", update, results_of("Q?", "b64"), [(FAIL, 3, "Q?")]),
    ("DM-ENC-010", "client", update, results_of("x", "bin"), [(FAIL, 3, "Format bin")]),
    ("DM-ENC-010", "server", objects(("6", ("QU", "JDREVG"), "200"), format="b64"), nothing, []),
    ("DM-ENC-011", "server", replaced("Q?", "b64", "wbxml"), nothing, [(FAIL, 2, "Q?")]),
    ("DM-ENC-011", "server", replaced("****", "b64", "wbxml"), nothing, times(3)),
    ("DM-ENC-011", "server", replaced("QUJD", "b64", "wbxml"), nothing, times(3)),
    ("DM-ENC-011", "server", replaced("", "b64", "wbxml"), nothing, TWICE),
    ("DM-ENC-011", "server", replaced("Q?", "chr", "wbxml"), nothing, TWICE),
    ("DM-ENC-011", "server", replaced("QUJD", "b64"), nothing, []),
    ("DM-ENC-010", "server", in_wbxml(lambda: commanded(Get(items=[item("./A")]))),
     both(extra(3, Replace(items=[item("./A", "Q?", format="b64")])), in_xml(3)), [(FAIL, 4, "Q?")]),
    # -- Data
    ("DM-ENC-012", "server", lambda: commanded(Replace(items=[Item(target="./A", data_elements=(Element("Meta"),))])), nothing, ONCE),
    ("DM-ENC-012", "client", update, results_of(None, "node"), []),
    ("DM-ENC-012", "client", update, results_of(None, "null"), []),
    ("DM-ENC-012", "client", update, results_of(None), [(FAIL, 3, "none")]),
    ("DM-ENC-012", "client", update, both(results_of(None), change(2, Results, target_refs=[LISTED])), []),
    ("DM-ENC-012", "client", update, both(results_of(None), change(2, Results, source_refs=["./FUMO", LISTED])), []),
    ("DM-ENC-012", "client", update, listed_by(Get(items=[item("./A"), item(LISTED)]), True), []),
    ("DM-ENC-012", "client", update, listed_by(Get(items=[item(LISTED)])), [(FAIL, 3, "none")]),
    ("DM-ENC-012", "client", update, listed_by(Exec(items=[item(LISTED)]), True), [(FAIL, 3, "none")]),
    ("DM-ENC-012", "server", lambda: commanded(Add(items=[item("./A", format="node"), item("./A/B", format="chr")])), nothing,
     [(FAIL, 2, "none")]),
    ("DM-ENC-012", "server", lambda: commanded(Add(items=[item("./A"), item("./A/B", format="chr")])), nothing, [(FAIL, 2, "none")]),
    ("DM-ENC-012", "client", lambda: long_alert(), nothing, ONCE),
]  # fmt: skip


@each_row(ROWS)
def test_objects_and_their_form(row: Row) -> None:
    assert said_of(*row[:4]) == row[4]


def test_dm_enc_012_the_list_of_one_get_says_nothing_of_another() -> None:
    """Results without Data after those of a list, in the same message."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    lists, leaf = Get(items=[item(LISTED)]), Get(items=[item("./A")])
    two = script.server(*answers(one, "212"), lists, leaf)
    three = script.client(*answers(two), results(two, lists, item("./FUMO/X", source=True)), results(two, leaf, item("./A", source=True)))
    script.server(header_status(three))
    assert said(script, "DM-ENC-012", "client") == [(FAIL, 3, "none")]
