"""Rules of firmware update for servers and of what alerts repeat, at their edges."""

from __future__ import annotations

from typing import Any

import pytest
from judge_builder import (
    OBJECT,
    TYPE,
    Script,
    alerted,
    answers,
    basic,
    commanded,
    dev_info,
    installing,
    item,
    report,
    results,
    update,
)
from judge_seen import ONCE, TWICE, said
from judge_spoils import at, both, change, code, final
from test_judge_parts import executed, run, told

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.syncml.model import Add, Alert, Exec, Get, Item, Meta, Replace, Results, Sequence

URL = f"{OBJECT}/Download/PkgURL"


def made(*parts: Any) -> Script:
    """Sessions: commands of the server with the codes of their answers, or reports of the device."""
    script = Script()
    for part in parts:
        if isinstance(part, dict):
            executed(script, *part["do"], **part.get("codes", {}))
        else:
            told(script, part)
    return script


def do(*commands: Any, **codes: str) -> dict[str, Any]:
    return {"do": commands, "codes": codes}


def write(uri: str = URL, data: str = "http://x/", kind: type[Any] = Replace) -> Any:
    return kind(items=[item(uri, data, format="chr")])


def request(code_: str, *commands: Any, final_: bool = True) -> Script:
    """A request of the user, its Status, and commands of the server beside it."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), report("userrequest", "", None, format="chr"), cred=basic())
    two = script.server(*answers(one, "212", Alert=code_), *commands, final=final_)
    if commands:
        script.server(*answers(script.client(*answers(two, "200", Exec="202"))))
    return script


def shown() -> Script:
    """The device shows its address before the Exec."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    get = Get(items=[item(URL)])
    two = script.server(*answers(one, "212"), get)
    three = script.client(*answers(two), results(two, get, item(URL, "http://x/", source=True, format="chr")))
    four = script.server(*answers(three), run("Download", "a"))
    script.server(*answers(script.client(*answers(four, "200", Exec="202"))))
    return script


def other_value(data: str | None) -> Any:
    return lambda s: setattr(at(s, 2).one(Results).items[0], "data", data)


NEVER = [(FAIL, 4, "it was never set")]
SERVERS: list[tuple[str, Script, list[Any]]] = [
    # -- Target of Exec
    ("FUMO-EXEC-022", made(do(run("Download", "a"))), ONCE),
    ("FUMO-EXEC-022", made(do(run("Ext/Own", "a"))), []),
    ("FUMO-EXEC-022", made(do(run("Extra", "a"))), [(FAIL, 2, f"{OBJECT}/Extra")]),
    ("FUMO-EXEC-022", made(do(run("Download/PkgURL", "a"))), [(FAIL, 2, f"{OBJECT}/Download/PkgURL")]),
    ("FUMO-EXEC-022", made(do(run("Update", "a", "./Vendor"))), []),
    # -- Correlator
    ("FUMO-EXEC-023", made(do(run("Update", ""))), [(WARN, 2, "an empty value")]),
    ("FUMO-EXEC-023", made(do(run("Update", "x")), do(run("Update", "y"))), TWICE),
    # -- the address
    ("FUMO-EXEC-021", made(do(write(), run("Download", "a"))), ONCE),
    ("FUMO-EXEC-021", made(do(write(kind=Add), run("Download", "a"))), ONCE),
    ("FUMO-EXEC-021", made(do(write()), do(run("Download", "a"))), [(PASS, None, "once")]),
    ("FUMO-EXEC-021", made(do(write(f"{OBJECT}/DownloadAndUpdate/PkgURL"), run("Download", "a"))),
     [(FAIL, 2, f"it was never set; {OBJECT.removeprefix('./')}/DownloadAndUpdate/PkgURL was")]),
    ("FUMO-EXEC-021", made(do(run("Download", "a")), do(write())), [(FAIL, 2, "it was never set")]),
    ("FUMO-EXEC-021", made(do(write(), Replace="500"), do(run("Download", "a"))), [(FAIL, 6, "it was never set")]),
    ("FUMO-EXEC-021", made(do(write(), Replace="418"), do(run("Download", "a"))), [(FAIL, 6, "it was never set")]),
    ("FUMO-EXEC-021", made(do(write(), run("Download", "a"), Replace="500")), ONCE),
    ("FUMO-EXEC-021", made(do(run("Update", "a"))), []),
    ("FUMO-EXEC-021", shown(), ONCE),
    # -- a good download before
    ("FUMO-DL-016", made(do(run("Download", "a")), report("download", "402", "a"), do(run("Update", "b"))),
     [(FAIL, 8, "the download was reported with 402")]),
    ("FUMO-DL-016", made(do(run("Download", "a")), report("download", "200", "a"), do(run("Update", "b"))), ONCE),
    ("FUMO-DL-016", made(do(run("Download", "a")), report("download", "x", "a"), do(run("Update", "b"))), []),
    ("FUMO-DL-016", made(do(run("Download", "a")), report("download", "402", "a"), do(run("DownloadAndUpdate", "b"))), []),
    ("FUMO-DL-016", made(do(run("Download", "a")), do(run("Update", "b")), report("download", "402", "a")), []),
    ("FUMO-DL-016", made(do(run("DownloadAndUpdate", "a")), report("downloadandupdate", "402", "a"), do(run("Update", "b"))), []),
    ("FUMO-DL-016", made(report("download", "402", "a"), do(run("Update", "b"))), []),
    ("FUMO-DL-016", made(do(run("Download", "a")), report("download", "402", "a"), do(write(f"{OBJECT}/Update/PkgData")),
                         do(run("Update", "b"))), ONCE),
    ("FUMO-DL-016", made(do(run("Download", "a")), report("download", "402", "a"),
                         do(write(f"{OBJECT}/Update/PkgData"), run("Update", "b"))), ONCE),
    ("FUMO-DL-016", made(do(write(f"{OBJECT}/Update/PkgData"), run("Download", "a")), report("download", "402", "a"),
                         do(run("Update", "b"))), [(FAIL, 8, "the download was reported with 402")]),
    ("FUMO-DL-016", made(do(run("Download", "a")), report("download", "402", "a"), do(run("Download", "c")),
                         report("download", "200", "c"), do(run("Update", "b"))), ONCE),
    # -- one way of delivery
    ("FUMO-DL-014", made(do(write(), write(f"{OBJECT}/Update/PkgData"), run("Download", "a"))),
     [(WARN, 2, "Download/PkgURL and Update/PkgData")]),
    ("FUMO-DL-014", made(do(write(), write(), run("Download", "a"))), ONCE),
    ("FUMO-DL-014", made(do(write(), run("Download", "a")), do(write(f"{OBJECT}/Update/PkgData"), run("Update", "a"))), TWICE),
    ("FUMO-DL-014", made(do(write(), write(f"{OBJECT}/Update/PkgData", ""), run("Download", "a"))), ONCE),
    ("FUMO-DL-014", made(do(write(), write(f"{OBJECT}/PkgName"), run("Download", "a"))), ONCE),
    ("FUMO-DL-014", made(do(write(), Get(items=[item(f"{OBJECT}/Update/PkgData")]), run("Download", "a"))), ONCE),
    ("FUMO-DL-014", made(do(write(kind=Add), write(f"{OBJECT}/DownloadAndUpdate/PkgURL", kind=Add), run("Download", "a"))),
     [(WARN, 2, "Download/PkgURL and DownloadAndUpdate/PkgURL")]),
    # -- answers to reports
    ("FUMO-ALERT-024", made(do(run("Update", "a")), report("update", "200", "a")), ONCE),
    ("FUMO-ALERT-024", made(do(run("Update", "a")), report("update", "299", "a")), ONCE),
    ("FUMO-ALERT-024", made(do(run("Update", "a")), report("update", "201", "a")), []),
    ("FUMO-ALERT-024", made(do(run("Update", "a")), report("update", "x", "a")), []),
    ("FUMO-ALERT-024", made(do(run("Update", "a")), report("update", "200", "a", format="chr")), []),
    ("FUMO-ALERT-024", made(report("update", "200", "a")), []),
    ("FUMO-ALERT-024", made(do(run("Update", "a")), report("update", "200", "a", type=f" Reversed-Domain-Name: {TYPE}update")), []),
    # -- answers to requests
    ("FUMO-CI-013", request("202"), ONCE),
    ("FUMO-CI-013", request("200"), [(WARN, 2, "200 and no commands")]),
    ("FUMO-CI-013", request("500"), []),
    ("FUMO-CI-013", request("200", run("Update", "a")), ONCE),
    ("FUMO-CI-013", request("202", run("Update", "a")), ONCE),
    ("FUMO-CI-013", request("200", Sequence(commands=[write(kind=Add)])), ONCE),
    ("FUMO-CI-013", request("200", write("./Other")), [(WARN, 2, "200 and no commands")]),
    ("FUMO-CI-013", request("200", Get(items=[item(f"{OBJECT}/State")])), [(WARN, 2, "200 and no commands")]),
    ("FUMO-CI-013", request("200", final_=False), []),
]  # fmt: skip


@pytest.mark.parametrize(("requirement", "script", "found"), SERVERS, ids=[f"{row[0]}-{n}" for n, row in enumerate(SERVERS)])
def test_what_is_said_of_a_server(requirement: str, script: Script, found: list[Any]) -> None:
    assert said(script, requirement, "server") == found


@pytest.mark.parametrize("data", [None, ""])
def test_fumo_exec_021_a_node_that_was_read_empty_has_no_address(data: str | None) -> None:
    script = shown()
    other_value(data)(script)
    assert said(script, "FUMO-EXEC-021", "server") == NEVER


def test_fumo_exec_021_what_was_shown_of_another_node_is_no_address() -> None:
    script = shown()
    at(script, 2).one(Results).items[0].source = f"{OBJECT}/DownloadAndUpdate/PkgURL"
    assert said(script, "FUMO-EXEC-021", "server") == NEVER


def test_fumo_exec_021_in_a_recording_the_address_may_be_from_before() -> None:
    script = made(do(run("Download", "a")))
    at(script, 0).data["recorded"] = True
    assert said(script, "FUMO-EXEC-021", "server") == [(WARN, 2, "it was never set")]


def test_fumo_alert_024_two_items_and_a_challenge_are_passed_over() -> None:
    two = report("update", "200", "a")
    two.items.append(Item(source=OBJECT, data="200", meta=Meta(format="int", type=TYPE + "update")))
    assert said(made(do(run("Update", "a")), two), "FUMO-ALERT-024", "server") == []
    script = made(do(run("Update", "a")), report("update", "200", "a"))
    code(5, "SyncHdr", "407")(script)
    assert said(script, "FUMO-ALERT-024", "server") == []


def loop(name: str, *codes: str, sessions: bool = False) -> Script:
    script = Script()
    last = script.client(Alert(data="1201"), dev_info(), cred=basic())
    for n, code_ in enumerate(codes):
        if sessions and n:
            script.server(*answers(last))
            script.open(str(n + 1))
            last = script.client(Alert(data="1201"), dev_info(), cred=basic())
        sent = script.server(*answers(last, "212"), run(name, str(n)))
        last = script.client(*answers(sent, "200", Exec=code_))
    script.server(*answers(last))
    return script


@pytest.mark.parametrize(
    ("script", "found"),
    [
        (loop("Update", *["406"] * 5), [(PASS, None, "5 times")]), (loop("Update", *["406"] * 6), [(WARN, 12, "6 refusals")]),
        (loop("Update", *["406"] * 6, sessions=True), [(PASS, None, "6 times")]), (loop("Update", *["202"] * 6), []),
        (loop("Update", *["401"] * 6), []), (loop("Update", *["407"] * 6), []), (loop("Update", "500"), ONCE),
    ],
)  # fmt: skip
def test_fumo_exec_026_refusals_without_end(script: Script, found: list[Any]) -> None:
    assert said(script, "FUMO-EXEC-026", "server") == found


# -- what alerts repeat ---------------------------------------------------------------------------------


def correlated(sent: str | None, came: str | None, status: str = "202", **fields: Any) -> Script:
    alert = report("update", "200", came)
    for name, value in fields.items():
        setattr(alert.items[0], name, value)
    return made(do(run("Update", sent), Exec=status), alert)


CLIENTS: list[tuple[str, Script, list[Any]]] = [
    ("DM-CMD-016", correlated("a", "a"), ONCE),
    ("DM-CMD-016", correlated("a", "b"), [(FAIL, 5, "b")]),
    ("DM-CMD-016", correlated("a", None), [(FAIL, 5, "nothing")]),
    ("DM-CMD-016", correlated(None, "b"), []),
    ("DM-CMD-016", correlated("", "b"), []),
    ("DM-CMD-016", correlated("a", "b", "200"), []),
    ("DM-ALERT-012", correlated("a", "a"), ONCE),
    ("DM-ALERT-012", correlated("a", "b"), [(WARN, 5, "b")]),
    ("DM-ALERT-012", correlated("a", None), []),
    ("DM-ALERT-012", made(report("update", "200", "a"), do(run("Update", "a"))), [(WARN, 1, "a")]),
    ("DM-ALERT-012", made(report("update", "200", "a")), []),
    ("DM-ALERT-012", made(do(run("Update", "a")), do(run("Update", "a")), report("update", "200", "a")), ONCE),
    ("DM-ALERT-012", made(do(run("Update", "a")), Alert(data="1224", correlator="b", items=report("update").items)), []),
    ("DM-ALERT-010", correlated("a", "a"), ONCE),
    ("DM-ALERT-010", correlated("a", "a", source=f"{OBJECT}/Update"), ONCE),
    ("DM-ALERT-010", correlated("a", "a", source="FUMO/Fw1"), ONCE),
    ("DM-ALERT-010", correlated("a", "a", source="./FUMO"), [(FAIL, 5, "FUMO")]),
    ("DM-ALERT-010", correlated("a", "a", source=None), [(FAIL, 5, "nothing")]),
    # -- alerts
    ("DM-ALERT-001", alerted(Alert(data="1222")), TWICE),
    ("DM-ALERT-001", alerted(Alert(data="1199")), [(FAIL, 1, "1199")]),
    ("DM-ALERT-006", alerted(Alert(data="1226", items=[item("./A", "1", source=True, type="x", format="chr")])), ONCE),
    ("FUMO-ALERT-018", alerted(report("update")), ONCE),
    ("DM-ALERT-006", alerted(report("update")), []),
    ("DM-ALERT-003", alerted(Alert(data="1224", items=[item("./A", "1", source=True, type="x", format="chr")])), ONCE),
    ("DM-ALERT-003", alerted(Alert(data="1224", items=[item("./A", "1", source=True, format="chr")])), [(FAIL, 1, "no Type")]),
    ("DM-ALERT-003", alerted(Alert(data="1224", items=[item("./A", source=True)])), [(FAIL, 1, "no Type, Format, Data")]),
    ("DM-ALERT-003", alerted(Alert(data="1224", items=[])), [(FAIL, 1, "nothing")]),
    ("DM-ALERT-003", alerted(Alert(data="1224", items=[item("./A", source=True, type="x", format="chr")])), [(FAIL, 1, "no Data")]),
    ("DM-ALERT-005", alerted(Alert(data="1226", items=[item("./A", "1", source=True, type="x")])), [(FAIL, 1, "no Format")]),
    ("DM-ALERT-005", alerted(report("update", format=None)), [(WARN, 1, "nothing")]),
    ("DM-ALERT-003", alerted(Alert(data="1222")), []),
    ("DM-ALERT-009", alerted(Alert(data="1226", items=[item("./A", "1", source=True, type="x", format="chr", mark="fatal")])), ONCE),
    ("DM-ALERT-009", alerted(Alert(data="1226", items=[item("./A", "1", source=True, type="x", format="chr", mark=" FATAL")])),
     [(WARN, 1, " FATAL")]),
    ("DM-ALERT-009", alerted(Alert(data="1226", items=[item("./A", "1", source=True, type="x", format="chr")])), []),
    ("DM-ALERT-009", alerted(Alert(data="1224", items=[item("./A", "1", source=True, type="x", format="chr", mark="so")])), []),
    # -- State while it is installed
    ("FUMO-STATE-009", installing("60"), ONCE),
    *(("FUMO-STATE-009", installing(value), [(WARN, 5, value)]) for value in ("10", "20", "30")),
    *(("FUMO-STATE-009", installing(value), []) for value in ("40", "50", "70", "80", "90", "100", "x")),
    ("FUMO-STATE-009", installing(" 60 "), ONCE),
]  # fmt: skip


@pytest.mark.parametrize(("requirement", "script", "found"), CLIENTS, ids=[f"{row[0]}-{n}" for n, row in enumerate(CLIENTS)])
def test_what_is_said_of_a_client(requirement: str, script: Script, found: list[Any]) -> None:
    assert said(script, requirement, "client") == found


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda s: setattr(at(s, 4).one(Results).items[0], "source", f"{OBJECT}/PkgName"), []),
        (lambda s: setattr(at(s, 4).one(Results).items[0], "source", "FUMO/Fw1/State"), ONCE),
        (lambda s: setattr(at(s, 4).one(Results).items[0], "data", None), []),
        (code(2, "Exec", "200"), []), (change(1, Exec, items=[item(f"{OBJECT}/Download")]), []),
        (both(lambda s: at(s, 6).message.commands.pop(2), final(6, True)), []),
    ],
)  # fmt: skip
def test_fumo_state_009_only_what_is_read_while_it_is_installed_counts(spoil: Any, found: list[Any]) -> None:
    script = installing("60")
    spoil(script)
    assert said(script, "FUMO-STATE-009", "client") == found


@pytest.mark.parametrize(("alert", "found"), [(report("update"), FAIL), (Alert(data="1224"), PASS)])
def test_dm_alert_006_a_server_sends_none(alert: Alert, found: str) -> None:
    script = commanded(Get(items=[item("./A")]), alert)
    for requirement in ("DM-ALERT-006", "FUMO-ALERT-035"):
        assert [(outcome, event) for outcome, event, _ in said(script, requirement, "server") if outcome != PASS] == (
            [(FAIL, 2)] if found == FAIL else []
        )
    assert [each[2] for each in said(update(), "DM-ALERT-006", "server")] == ["3 times"]
