"""Rules of reports, operations and fetches of a device, at their edges: what is held against it, and what is not."""

from __future__ import annotations

from typing import Any

import pytest
from judge_builder import (
    OBJECT,
    TYPE,
    Mark,
    Script,
    alerted,
    installing,
    report,
    update,
)
from judge_seen import ONCE, TWICE, said
from judge_spoils import at, both, code, data
from test_judge_parts import executed, run, told

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.syncml.model import Alert
from conformance.transcript import CONTENT, DEVICE

URL = "http://dl.example.test/fw.bin"
ALERT = f"{TYPE}update"


def nothing(script: Script) -> None:
    """The script as it is."""


def times(n: int) -> list[Any]:
    return [(PASS, None, f"{n} times")]


def made(*parts: Any) -> Script:
    """Execs, reports, and events between them."""
    script = Script()
    for part in parts:
        if isinstance(part, Alert):
            told(script, part)
        elif isinstance(part, tuple):
            executed(script, part[0], **part[1])
        elif isinstance(part, Mark):
            script.steps.append(part)
        else:
            executed(script, part)
    return script


def wait(value: Any = True, name: str = "operation-awaited", kind: str = "value") -> Mark:
    return Script().mark(kind, name=name, value=value)


def cut(what: str = "killed") -> Mark:
    return Script().mark("process", what=what)


def power(value: str) -> Mark:
    return Script().mark("value", name="power", value=value)


def whole(value: str | None = "200", correlator: str | None = "a", status: str = "202", sent: str | None = "a", **meta: Any) -> Script:
    """An Update and its report."""
    alert = report("update", value or "", correlator, **meta)
    if value is None:
        alert.items[0].data = None
    return made((run("Update", sent), {"Exec": status}), alert)


def fetch(place: int, **changed: Any) -> Any:
    plain = {"method": "GET", "url": URL, "status": 200}
    return lambda script: script.steps.insert(place, Mark("http", DEVICE, CONTENT, {**plain, **changed}))


def source(uri: str | None) -> Any:
    return lambda script: setattr(at(script, 4).one(Alert, 1).items[0], "source", uri)


MISSED = [(FAIL, 5, "nothing")]
ROWS: list[tuple[str, Any, list[Any]]] = [
    # -- Status of Exec
    ("FUMO-EXEC-002", whole(), ONCE),
    ("FUMO-EXEC-002", whole(status="200"), [(WARN, 3, "200, the report came later")]),
    ("FUMO-EXEC-002", whole(status="406"), []),
    ("FUMO-EXEC-002", made((run("Update", "a"), {"Exec": "200"}), wait()), [(FAIL, 3, "200 and no report")]),
    ("FUMO-EXEC-002", made((run("Update", "a"), {"Exec": "200"}), wait(False)), []),
    ("FUMO-EXEC-002", made((run("Update", "a"), {"Exec": "200"}), wait(name="other")), []),
    ("FUMO-EXEC-002", made((run("Update", "a"), {"Exec": "200"}), wait(kind="note")), []),
    ("FUMO-EXEC-002", made(wait(), (run("Update", "a"), {"Exec": "200"})), []),
    # -- whether a report is due
    ("FUMO-ALERT-001", whole(), ONCE),
    ("FUMO-ALERT-001", made(run("Update", "a"), wait()), MISSED),
    ("FUMO-ALERT-001", made(run("Update", "a")), []),
    ("FUMO-ALERT-001", made((run("Update", "a"), {"Exec": "406"}), wait()), []),
    ("FUMO-ALERT-001", made(run("Update", "a"), run("Update", "b"), wait()), [(FAIL, 9, "nothing")]),
    ("FUMO-ALERT-001", made(run("Update", "a"), run("Download", "b"), wait()), [(FAIL, 9, "nothing"), (FAIL, 9, "nothing")]),
    # -- State
    ("FUMO-STATE-001", installing("100"), ONCE),
    *(("FUMO-STATE-001", installing(value), [(FAIL, 5, value)]) for value in ("0", "15", "110", "+60", "6O", "0060")),
    # -- codes
    ("FUMO-ALERT-009", whole("200"), ONCE),
    ("FUMO-ALERT-009", whole("0200"), [(WARN, 5, "0200")]),
    ("FUMO-ALERT-009", whole("200 "), [(WARN, 5, "200 ")]),
    ("FUMO-ALERT-009", whole("2OO"), [(FAIL, 5, "2OO")]),
    ("FUMO-ALERT-010", whole("2OO"), []),
    *((name, whole("250"), ONCE) for name in ("FUMO-ALERT-010", "FUMO-RC-BAD")),
    *((name, whole("199"), [(FAIL, 5, "199")]) for name in ("FUMO-ALERT-010", "FUMO-RC-BAD")),
    # -- Mark
    ("FUMO-ALERT-011", whole("410"), ONCE),
    ("FUMO-ALERT-011", whole("410", mark=None), [(WARN, 5, "nothing")]),
    ("FUMO-ALERT-011", whole("410", mark=" Informational "), [(WARN, 5, " Informational ")]),
    ("FUMO-ALERT-011", whole("200"), []),
    ("FUMO-ALERT-013", whole("200"), []),
    ("FUMO-ALERT-013", whole("200", mark="harmless"), ONCE),
    ("FUMO-ALERT-013", whole("200", mark="Harmless"), [(WARN, 5, "Harmless")]),
    # -- Format
    ("FUMO-ALERT-012", whole(format="chr"), [(WARN, 5, "chr")]),
    ("DM-ALERT-005", whole(format="chr"), ONCE),
    ("DM-ALERT-005", whole(format=None), [(WARN, 5, "nothing")]),
    # -- Source
    ("FUMO-ALERT-003", whole(), ONCE),
    # -- type
    ("FUMO-ALERT-005", whole(), ONCE),
    ("FUMO-ALERT-005", whole(type=f"{TYPE}Update"), [(FAIL, 5, f"{TYPE}Update")]),
    ("FUMO-ALERT-004", whole(), []),
    # -- Correlator
    ("FUMO-ALERT-007", whole(), ONCE),
    ("FUMO-ALERT-007", whole(correlator="A"), [(FAIL, 5, "A")]),
    ("FUMO-ALERT-007", whole(sent=None, correlator=None), []),
    ("FUMO-ALERT-008", whole(sent=None, correlator=None), ONCE),
    ("FUMO-ALERT-008", whole(sent="", correlator=""), [(WARN, 5, "an empty value")]),
    ("FUMO-ALERT-008", whole(sent=None, correlator="x"), [(FAIL, 5, "x")]),
    ("FUMO-ALERT-019", whole(), []),
    ("FUMO-ALERT-019", made(run("Update", "a"), run("Download", "b"), report("update", "200", "a")), ONCE),
    ("FUMO-ALERT-019", made(run("Update", "a"), run("Download", "a"), report("update", "200", "a")), []),
    ("FUMO-ALERT-019", made(run("Update", "a"), (run("Download", "b"), {"Exec": "406"}), report("update", "200", "b")), []),
    # -- once
    ("FUMO-ALERT-016", whole(), ONCE),
    ("FUMO-ALERT-016", made(run("Update", "a"), report("update", "200", "a"), report("update", "200", "a")),
     [(FAIL, 7, "it was answered and came again")]),
    ("FUMO-ALERT-016", made(run("Update", "a"), report("update", "200", "a"), report("update", "400", "a")), [(FAIL, 7, "another one")]),
    ("FUMO-ALERT-016", made(run("Update", "a"), report("update", "200", "a"), report("download", "400", "a")), ONCE),
    ("FUMO-ALERT-016", made(run("Update", "a"), report("update", "200", "a"), cut(), report("update", "200", "a")), TWICE),
    ("FUMO-ALERT-016", made(run("Update", "a"), power("off"), report("update", "200", "a"), power("on"),
                            report("update", "200", "a")), TWICE),
    ("FUMO-ALERT-016", made(report("update", "200", "a")), []),
    # -- a refused Exec
    ("FUMO-EXEC-012", made((run("Update", "a"), {"Exec": "406"})), ONCE),
    ("FUMO-EXEC-012", made((run("Update", "a"), {"Exec": "406"}), report("update", "400", "a")), [(WARN, 5, "a report")]),
    ("FUMO-EXEC-012", made((run("Update", "a"), {"Exec": "406"}), report("update", "400", "b")), ONCE),
    ("FUMO-EXEC-012", made((run("Update", "a"), {"Exec": "406"}), report("download", "400", "a")), ONCE),
    ("FUMO-EXEC-012", made(report("update", "400", "a"), (run("Update", "a"), {"Exec": "406"})), ONCE),
    ("FUMO-EXEC-012", made((run("Update", None), {"Exec": "406"}), report("update", "400", "")), [(WARN, 5, "a report")]),
    *(("FUMO-EXEC-012", made((run("Update", "a"), {"Exec": value}), report("update", "400", "a")), []) for value in ("401", "407", "202")),
    # -- on the way
    ("FUMO-ALERT-023", made(run("DownloadAndUpdate", "a"), report("downloadandupdate", "200", "a")), ONCE),
    ("FUMO-ALERT-023", made(run("DownloadAndUpdate", "a"), report("download", "200", "a"), report("downloadandupdate", "200", "a")),
     [(FAIL, 5, f"{TYPE}download")]),
    ("FUMO-ALERT-023", whole(), []),
    ("FUMO-ALERT-015", whole(), ONCE),
    # -- codes of alerts
    ("FUMO-ALERT-002", whole(), ONCE),
    ("FUMO-CI-002", whole(), []),
    ("FUMO-CI-002", alerted(report("userrequest", "", None, format="chr")), ONCE),
    # -- requests
    *((name, alerted(report("devicerequest", "", None, format="chr")), ONCE)
      for name in ("FUMO-CI-005", "FUMO-CI-006", "FUMO-CI-009", "FUMO-CI-010")),
    ("FUMO-CI-010", alerted(report("devicerequest", "", None, format="")), [(FAIL, 1, "an empty value")]),
    ("FUMO-CI-009", alerted(report("devicerequest", "", "", format="chr")), [(WARN, 1, "an empty value")]),
]  # fmt: skip


@pytest.mark.parametrize(("requirement", "script", "found"), ROWS, ids=[f"{row[0]}-{n}" for n, row in enumerate(ROWS)])
def test_what_is_said_of_a_report(requirement: str, script: Script, found: list[Any]) -> None:
    assert said(script, requirement, "client") == found


SPOILT: list[tuple[str, Any, Any, list[Any]]] = [
    ("FUMO-ALERT-003", whole, source("FUMO/Fw1"), ONCE),
    ("FUMO-ALERT-003", whole, source("FUMO/Fw1/Update"), [(WARN, 5, "FUMO/Fw1/Update")]),
    ("FUMO-ALERT-003", whole, source("./FUMO/Fw1/Download"), [(FAIL, 5, "./FUMO/Fw1/Download")]),
    ("FUMO-ALERT-003", whole, source(None), [(FAIL, 5, "nothing")]),
    ("FUMO-EXEC-002", whole, both(code(2, "Exec", "200"), lambda s: at(s, 2).message.commands.append(report("update", "200", "a"))), ONCE),
    ("FUMO-EXEC-002", whole, data(2, made=True), []),
    ("FUMO-ALERT-007", whole, data(1, made=True), []),
    ("FUMO-ALERT-007", whole, data(4, made=True), []),
    # -- fetches
    ("FUMO-EXEC-015", update, nothing, ONCE),
    ("FUMO-EXEC-015", update, fetch(0), ONCE),
    ("FUMO-EXEC-015", update, fetch(2), TWICE),
    ("FUMO-EXEC-015", update, fetch(0, method="HEAD"), ONCE),
    ("FUMO-EXEC-015", update, fetch(5, url="http://other.host/fw.bin"), TWICE),
    ("FUMO-EXEC-015", update, fetch(5, url="http://dl.example.test/other"), ONCE),
    ("FUMO-ALERT-014", update, nothing, ONCE),
    ("FUMO-ALERT-014", update, fetch(7), [(FAIL, 8, "GET")]),
    ("FUMO-ALERT-014", update, fetch(7, error="cut"), ONCE),
    ("FUMO-ALERT-014", update, fetch(7, fault="cut"), ONCE),
    ("FUMO-ALERT-014", update, fetch(7, url="http://dl.example.test/fw.bin?x"), ONCE),
    ("FUMO-ALERT-014", update, fetch(7, method="HEAD"), ONCE),
    ("FUMO-ALERT-014", update, fetch(6), ONCE),
    ("FUMO-ALERT-014", update, both(fetch(7), lambda s: executed(s, run("Update", "x"))), [(FAIL, 8, "GET")]),
    ("FUMO-ALERT-014", update, lambda s: (executed(s, run("Update", "x")), fetch(len(s.steps))(s)), ONCE),
    ("FUMO-ALERT-014", whole, fetch(6), []),
]  # fmt: skip


@pytest.mark.parametrize(("requirement", "base", "spoil", "found"), SPOILT, ids=[f"{row[0]}-{n}" for n, row in enumerate(SPOILT)])
def test_what_is_said_of_an_operation(requirement: str, base: Any, spoil: Any, found: list[Any]) -> None:
    script = base()
    spoil(script)
    assert said(script, requirement, "client") == found


def test_fumo_multi_002_a_report_of_another_object() -> None:
    script = whole()
    source("./FUMO/Fw2")(script)
    found = script.judge("client", objects=(OBJECT, "./FUMO/Fw2"))
    assert [(f.outcome, f.event, f.actual) for f in found if f.requirement == "FUMO-MULTI-002"] == [(FAIL, 5, "FUMO/Fw2")]
    assert not [f for f in found if f.requirement == "FUMO-ALERT-003"]
    good = whole().judge("client", objects=(OBJECT, "./FUMO/Fw2"))
    assert [(f.outcome, f.message) for f in good if f.requirement == "FUMO-MULTI-002"] == [(PASS, "obeyed once")]


@pytest.mark.parametrize(("strict", "requirement", "outcome"), [
    (True, "FUMO-ALERT-012", FAIL), (False, "FUMO-ALERT-012", WARN), (True, "DM-ALERT-005", FAIL), (False, "DM-ALERT-005", WARN),
])  # fmt: skip
def test_a_report_without_a_format_is_tolerated_but_in_strict_mode(strict: bool, requirement: str, outcome: str) -> None:
    found = [f.outcome for f in whole(format=None).judge("client", strict=strict) if f.requirement == requirement]
    assert found == [outcome]


def test_fumo_ci_005_the_source_of_a_request_is_only_judged_where_objects_are_known() -> None:
    script = alerted(report("userrequest", "", None, format="chr"))
    at(script, 0).one(Alert, 1).items[0].source = "./Vendor"
    for objects, outcomes in (((OBJECT,), [FAIL]), ((), [])):
        assert [f.outcome for f in script.judge("client", objects=objects) if f.requirement == "FUMO-CI-005"] == outcomes
