"""Rules of packages, Statuses, Results and large objects, at their edges: what is held against a side, and what is not."""

from __future__ import annotations

from typing import Any

from judge_builder import (
    Script,
    aborted,
    commanded,
    item,
    large,
    update,
    upload,
)
from judge_scripts import _encoded, _open_server, atomic, choice, late_alert, quiet_end, sequence, texts, two_gets, typed
from judge_seen import ONCE, TWICE, Row, each_row, said_of
from judge_spoils import (
    at,
    both,
    change,
    code,
    data,
    drop,
    extra,
    final,
    first_item,
    first_meta,
    header,
    only_status_after_end,
)

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.syncml.model import Add, Alert, Atomic, Copy, Delete, Exec, Get, Item, Meta, Replace, Results, Sequence, Status


def times(n: int) -> list[Any]:
    return [(PASS, None, f"{n} times")]


def nothing(script: Script) -> None:
    """The script as it is."""


def take(n: int, kind: type[Any]) -> Any:
    """Takes the first command of a kind out of a message."""
    return lambda script: at(script, n).drop(at(script, n).one(kind))


def meta_of(n: int, **values: Any) -> Any:
    return header(n, meta=Meta(**values))


def blocks(made: Any, **codes: str) -> Any:
    return lambda: commanded(made, **codes)


def inner(*codes: str) -> Any:
    """A block of two commands with the codes of their Statuses, that of the block first."""

    def made() -> Script:
        adds = [Add(items=[item(f"./A/{n}", "x", format="chr")]) for n in (1, 2)]
        script = commanded(Atomic(commands=adds), Atomic=codes[0])
        for n in (0, 1):
            at(script, 2).status("Add", n).data = codes[n + 1]
        return script

    return made


def one_status(refs: list[str], items: int = 3) -> Any:
    """A Delete of several Items that is answered by one Status."""

    def made() -> Script:
        script = commanded(Delete(items=[item(f"./{n}") for n in range(items)]))
        at(script, 2).status("Delete").target_refs = refs
        return script

    return made


def several(*refs: list[str]) -> Any:
    """A Delete of three Items that is answered by several Statuses."""

    def made() -> Script:
        script = one_status(refs[0])()
        first = at(script, 2).status("Delete")
        for n, names in enumerate(refs[1:]):
            more = Status(cmd_id=str(70 + n), msg_ref=first.msg_ref, cmd_ref=first.cmd_ref, cmd="Delete", data="200", target_refs=names)
            at(script, 2).message.commands.append(more)
        return script

    return made


CHUNK = "./Some/Node"
ROWS: list[tuple[str, str, Any, Any, list[Any]]] = [
    # -- package 1
    ("DM-SES-001", "client", update, change(0, Alert, data="1222"), [(FAIL, 1, "1222")]),
    ("DM-SES-001", "client", update, change(0, Alert, data=None), [(FAIL, 1, "no code")]),
    ("DM-SES-001", "client", update, change(0, Alert, data="1223"), ONCE),
    ("DM-SES-003", "client", update, change(0, Alert, data="1223"), ONCE),
    ("DM-SES-003", "client", update, lambda s: [setattr(i, "source", "./Other/X") for i in at(s, 0).one(Replace).items],
     [(FAIL, 1, "nothing")]),
    ("DM-SES-004", "client", update, first_item(0, Replace, source="DevInfo/DevId"), TWICE),
    ("DM-SES-004", "client", update, first_item(0, Replace, data=None), [(FAIL, 1, "without ./DevInfo/DevId")]),
    ("DM-SES-006", "client", update, extra(2, Replace(items=[item("./Other", "1", source=True)])), [(FAIL, 3, "Replace ./Other")]),
    ("DM-SES-006", "client", update, extra(2, Replace(items=[item("DevInfo/Ext", "1", source=True)])), times(3)),
    ("DM-SES-006", "client", update, extra(2, Alert(data="1222")), times(3)),
    ("DM-SES-006", "client", update, extra(2, Get(items=[item("./A"), item("./B"), item("./C"), item("./D")])),
     [(FAIL, 3, "Get ./A, ./B, ./C")]),
    ("DM-SES-005", "client", update, final(0, False), TWICE),
    # -- silence
    ("DM-SES-007", "client", quiet_end, nothing, ONCE),
    ("DM-SES-007", "client", update, nothing, TWICE),
    ("DM-SES-007", "client", quiet_end, both(only_status_after_end, lambda s: setattr(at(s, 1).status("SyncHdr"), "chal", None)),
     [(FAIL, 3, "only the Status for SyncHdr")]),
    ("DM-SES-007", "client", quiet_end, both(only_status_after_end, data(1, made=True)), ONCE),
    ("DM-SES-007", "client", quiet_end, both(only_status_after_end, extra(2, Alert(data="1222"))), ONCE),
    ("DM-SES-007", "client", quiet_end, both(only_status_after_end, extra(1, Get(items=[item("./A")]))), ONCE),
    ("DM-SES-007", "client", quiet_end, both(only_status_after_end, code(1, "SyncHdr", "401")), ONCE),
    ("DM-SES-007", "client", quiet_end, both(only_status_after_end, final(1, False)), ONCE),
    # -- who commands when
    ("DM-SES-015", "server", upload, extra(3, Get(items=[item("./A")])), ONCE),
    ("DM-SES-015", "server", upload, both(drop(2, "Get"), extra(3, Get(items=[item("./A")]))), [(FAIL, 4, "Get ./A")]),
    ("DM-SES-015", "server", upload, drop(2, "Get"), ONCE),
    ("DM-SES-015", "server", update, nothing, []),
    ("DM-SES-015", "server", large, nothing, TWICE),
    ("DM-MSG-004", "server", upload, nothing, ONCE),
    ("DM-MSG-004", "server", upload, both(take(3, Alert), extra(3, Alert(data="1223"))), []),
    ("DM-MSG-004", "server", upload, both(take(3, Alert), extra(3, Alert(data="1225"))), [(WARN, 4, "nothing")]),
    ("DM-MSG-004", "server", upload, extra(3, Alert(data="1225")), ONCE),
    ("DM-MSG-004", "server", large, nothing, []),
    ("DM-MSG-005", "server", lambda: _open_server(True), nothing, [(FAIL, 2, "no Final")]),
    ("DM-MSG-005", "server", lambda: _open_server(True), both(final(3, False), extra(3, Alert(data="1222"))), [(FAIL, 2, "no Final")]),
    ("DM-LOB-020", "server", large, nothing, TWICE),
    ("DM-LOB-020", "server", large, final(1, True), [(FAIL, 2, "Final")]),
    ("DM-MSG-002", "client", large, nothing, TWICE),
    ("DM-MSG-002", "client", large, both(final(2, True), extra(2, Alert(data="1223"))), ONCE),
    ("DM-MSG-002", "client", large, both(final(2, True), data(1, made=True)), ONCE),
    ("DM-MSG-001", "client", upload, nothing, ONCE),
    ("DM-MSG-001", "client", upload, final(4, False), []),
    # -- Alert 1222
    ("DM-LOB-007", "client", large, nothing, TWICE),
    ("DM-LOB-007", "client", large, both(take(2, Alert), extra(2, Alert(data="1225"))), ONCE),
    ("DM-LOB-007", "client", large, both(take(2, Alert), extra(2, Alert(data="1224"))), TWICE),
    ("DM-LOB-007", "client", large, both(take(2, Alert), code(2, "Replace", "500")), ONCE),
    ("DM-LOB-007", "client", large, both(take(2, Alert), data(1, made=True)), ONCE),
    ("DM-MSG-003", "client", lambda: _open_server(True), nothing, ONCE),
    # -- aborts
    ("DM-ABT-002", "client", lambda: aborted("client"), nothing, ONCE),
    ("DM-ABT-002", "server", upload, both(extra(3, Alert(data="1223"))), []),
    ("DM-ABT-004", "server", lambda: aborted("client"), drop(3, "SyncHdr"), [(FAIL, 4, "nothing")]),
    ("DM-ABT-004", "server", lambda: aborted("client"), lambda s: setattr(at(s, 3).status("Alert"), "msg_ref", "1"),
     [(FAIL, 4, "nothing")]),
    ("DM-ABT-004", "server", lambda: aborted("client"), extra(3, Alert(data="1223")), ONCE),
    ("DM-ABT-004", "server", lambda: aborted("client"), data(2, made=True), []),
    ("DM-ABT-004", "server", update, nothing, []),
    ("DM-ABT-005", "client", lambda: aborted("server"), nothing, ONCE),
    ("DM-ABT-005", "client", lambda: aborted("server"), both(only_status_after_end, data(1, made=True)), []),
    ("DM-MSG-007", "server", sequence, nothing, ONCE),
    ("DM-MSG-007", "server", blocks(Sequence(commands=[Atomic(commands=[Get(items=[item("./A")])])])), nothing, ONCE),
    # -- Statuses
    ("DM-STA-001", "client", update, lambda s: setattr(at(s, 2).status("SyncHdr"), "cmd", None), ONCE),
    ("DM-STA-003", "client", inner("500", "500", "500"), both(drop(2, "Add"), drop(2, "Add")), ONCE),
    ("DM-STA-003", "client", inner("500", "500", "500"), drop(2, "Add"), [(FAIL, 3, "nothing")]),
    ("DM-STA-003", "client", inner("200", "200", "200"), both(drop(2, "Add"), drop(2, "Add")),
     [(FAIL, 3, "nothing"), (FAIL, 3, "nothing")]),
    ("DM-STA-006", "client", one_status([]), nothing, ONCE),
    ("DM-STA-006", "client", one_status(["./0"]), nothing, [(FAIL, 3, "1")]),
    ("DM-STA-006", "client", one_status(["./0", "./1", "./2"]), nothing, [(WARN, 3, "3")]),
    ("DM-STA-006", "client", one_status(["./0"], items=1), nothing, []),
    ("DM-STA-005", "client", several(["./0"], ["./1"], ["./2"]), nothing, ONCE),
    ("DM-STA-005", "client", several(["./0"], ["./1", "./2"]), nothing, ONCE),
    ("DM-STA-005", "client", several(["./0"], ["./1"]), nothing, [(FAIL, 3, "2")]),
    ("DM-STA-005", "client", several(["./0"], []), nothing, [(FAIL, 3, "a Status without")]),
    ("DM-STA-009", "client", several(["./0"], ["./1"], ["./2"], ["./2"]), nothing, [(FAIL, 3, "4")]),
    ("DM-STA-004", "server", update, nothing, ONCE),
    ("DM-STA-004", "server", two_gets, nothing, ONCE),
    ("DM-SES-012", "server", late_alert, nothing, ONCE),
    # -- Results
    ("DM-SES-011", "client", two_gets, nothing, TWICE),
    ("DM-SES-011", "client", update, code(2, "Get", "404"), TWICE),
    ("DM-SES-011", "client", update, both(first_item(2, Results, source="./Vendor/State"), first_item(2, Results, meta=None)), TWICE),
    ("DM-SES-011", "client", update, both(first_item(2, Results, data=""), first_item(2, Results, meta=None)), TWICE),
    ("DM-STA-007", "client", update, nothing, ONCE),
    ("DM-STA-007", "client", update, drop(2, "Get"), []),
    # -- commands and what is said to them
    ("DM-CMD-015", "client", lambda: commanded(Exec(items=[item("./V")])), code(2, "Exec", "214"), ONCE),
    ("DM-CMD-015", "client", lambda: commanded(Exec(items=[item("./V")])), code(2, "Exec", "215"), ONCE),
    ("DM-CMD-015", "client", lambda: commanded(Exec(items=[item("./V")])), code(2, "Exec", "304"), ONCE),
    ("DM-CMD-015", "client", lambda: commanded(Exec(items=[item("./V")])), code(2, "Exec", "212"), [(FAIL, 3, "212")]),
    ("DM-CMD-022", "client", sequence, code(2, "Replace", "404"), []),
    ("DM-CMD-022", "client", sequence, both(code(2, "Sequence", "500"), code(2, "Replace", "214")), []),
    ("DM-CMD-022", "client", sequence, both(code(2, "Sequence", "500"), code(2, "Replace", "216")), []),
    ("DM-CMD-022", "client", sequence, both(code(2, "Sequence", "500"), drop(2, "Replace")), []),
    ("DM-CMD-022", "client", sequence, code(2, "Sequence", "500"), [(FAIL, 3, "500")]),
    ("DM-CMD-019", "client", inner("507", "200", "404"), nothing, ONCE),
    ("DM-CMD-019", "client", inner("200", "200", "404"), nothing, [(FAIL, 3, "200")]),
    ("DM-CMD-019", "client", inner("200", "200", "200"), nothing, ONCE),
    ("DM-CMD-019", "client", inner("215", "215", "215"), nothing, ONCE),
    ("DM-CMD-019", "client", inner("215", "215", "404"), nothing, [(FAIL, 3, "215")]),
    ("DM-CMD-019", "client", inner("200", "216", "200"), nothing, [(FAIL, 3, "200")]),
    ("DM-CMD-019", "client", atomic("507", "405"), both(drop(2, "Add")), []),
    ("DM-UI-008", "client", typed, nothing, ONCE),
    ("DM-UI-008", "client", typed, lambda s: setattr(at(s, 2).status("Alert").items[0], "data", ""), ONCE),
    ("DM-UI-008", "client", typed, lambda s: setattr(at(s, 2).status("Alert").items[0], "data", None), [(FAIL, 3, "nothing")]),
    ("DM-UI-008", "client", typed, both(code(2, "Alert", "214"), lambda s: at(s, 2).status("Alert").items.clear()), []),
    ("DM-UI-009", "client", choice, lambda s: setattr(at(s, 2).status("Alert").items[0], "data", "0"), [(FAIL, 3, "0")]),
    ("DM-UI-009", "client", choice, lambda s: setattr(at(s, 2).status("Alert").items[0], "data", " 1 "), ONCE),
    ("DM-UI-009", "client", choice, lambda s: setattr(at(s, 2).status("Alert").items[0], "data", "one"), [(FAIL, 3, "one")]),
    ("DM-UI-009", "client", choice, lambda s: at(s, 2).status("Alert").items.append(Item(data="1")), [(FAIL, 3, "2, 1")]),
    ("DM-UI-009", "client", choice,
     both(change(1, Alert, data="1104"), lambda s: at(s, 2).status("Alert").items.append(Item(data="1"))), ONCE),
    ("DM-UI-009", "client", choice, both(change(1, Alert, data="1104"), lambda s: at(s, 2).status("Alert").items.clear()), ONCE),
    ("DM-UI-009", "client", choice, lambda s: at(s, 2).status("Alert").items.clear(), [(FAIL, 3, "an empty value")]),
    ("DM-UI-009", "client", choice, change(1, Alert, items=texts(2)), []),
    ("DM-UI-009", "client", choice, change(1, Alert, items=texts(3)), [(FAIL, 3, "2")]),
    ("DM-CMD-029", "client", lambda: commanded(Add(items=[item("./A", "x", format="chr")]), Add="405"), nothing, []),
    # -- large objects
    ("DM-LOB-003", "server", large, nothing, ONCE),
    ("DM-LOB-004", "server", large, meta_of(0, max_msg_size="100"), ONCE),
    ("DM-LOB-005", "server", large, nothing, times(4)),
    ("DM-LOB-005", "server", large, first_meta(1, Replace, size="x"), [(FAIL, 2, "x")]),
    ("DM-LOB-005", "server", large, first_meta(1, Replace, size=" 30 "), times(4)),
    ("DM-LOB-005", "server", lambda: _encoded("40"), nothing, times(3)),
    ("DM-LOB-005", "server", lambda: _encoded("30"), nothing, times(3)),
    ("DM-LOB-005", "server", lambda: _encoded("35"), nothing, [(FAIL, 4, "35")]),
    ("DM-LOB-022", "server", lambda: _encoded("40"), nothing, ONCE),
    ("DM-LOB-022", "server", lambda: _encoded("35"), nothing, []),
    ("DM-LOB-008", "server", large, nothing, times(3)),
    ("DM-LOB-008", "server", large, extra(3, Delete(items=[item("./A")]), 0), [(FAIL, 4, "Delete")]),
    ("DM-LOB-008", "server", large, extra(1, Delete(items=[item("./A")]), 0), times(3)),
    ("DM-LOB-008", "server", large, extra(5, Delete(items=[item("./A")])), times(3)),
    ("DM-LOB-008", "server", large, extra(3, Get(items=[item("./A")])), times(3)),
    ("DM-LOB-008", "server", large, extra(3, Copy(items=[Item(target="./A", source="./B")])), [(FAIL, 4, "Copy")]),
    ("DM-LOB-008", "server", large, lambda s: at(s, 1).one(Replace).items.append(item("./B", "x")), [(FAIL, 2, "another Item")]),
    ("DM-LOB-008", "server", large, lambda s: at(s, 1).one(Replace).items.insert(0, item("./B", "x")), times(3)),
    ("DM-LOB-008", "server", large, lambda s: at(s, 3).one(Replace).items.insert(0, item("./B", "x")), [(FAIL, 4, "another Item")]),
    ("DM-LOB-013", "server", large, meta_of(0, max_obj_size="30"), ONCE),
    ("DM-LOB-013", "server", large, meta_of(0, max_obj_size="29"), [(FAIL, 6, "30")]),
    ("DM-LOB-013", "server", large, meta_of(2, max_obj_size="29"), []),
    ("DM-LOB-013", "server", large, nothing, []),
    ("DM-LOB-013", "server", lambda: _encoded("40"), meta_of(0, max_obj_size="30"), ONCE),
    ("DM-LOB-014", "server", large, first_meta(3, Replace, format=None), [(WARN, 4, "no Format")]),
    ("DM-LOB-014", "server", large, first_item(3, Replace, target=None), [(WARN, 4, "no Target")]),
    ("DM-LOB-014", "server", large, both(first_meta(1, Replace, type=None), first_meta(3, Replace, type=None)), TWICE),
    ("DM-LOB-006", "client", large, nothing, TWICE),
    *(("DM-LOB-006", "client", large, code(2, "Replace", value), TWICE) for value in ("404", "500", "214", "215", "216")),
    ("DM-LOB-006", "client", large, code(2, "Replace", "202"), [(FAIL, 3, "202")]),
    ("DM-LOB-019", "client", large, nothing, ONCE),
    ("DM-LOB-009", "client", large, nothing, ONCE),
    ("DM-LOB-009", "client", large, code(6, "Replace", "424"), [(FAIL, 7, "424")]),
    ("DM-LOB-009", "client", large, both(first_meta(1, Replace, size="31"), code(6, "Replace", "424")), ONCE),
    ("DM-LOB-009", "client", lambda: _encoded("40"), code(4, "Replace", "424"), [(WARN, 5, "424")]),
    ("DM-LOB-009", "client", lambda: _encoded("30"), code(4, "Replace", "424"), []),
    ("DM-LOB-009", "client", large, first_meta(1, Replace, size=None), []),
]  # fmt: skip


@each_row(ROWS)
def test_what_is_said_of_a_package(row: Row) -> None:
    assert said_of(*row[:4]) == row[4]
