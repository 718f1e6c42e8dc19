"""Each standing rule of firmware update: an obeying transcript passes, one that differs in one thing breaks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from judge_builder import (
    OBJECT,
    TYPE,
    Script,
    Step,
    alerted,
    answers,
    basic,
    commanded,
    dev_info,
    installing,
    item,
    report,
    update,
)

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.syncml.model import Alert, Atomic, Exec, Get, Replace, Results, Sequence

OTHER = "./FUMO/Fw2"
Spoil = Callable[[Script], Any]


def at(script: Script, n: int) -> Step:
    """A message of the script."""
    step = script.steps[n]
    assert isinstance(step, Step)
    return step


def alert_of(script: Script) -> Alert:
    """The report of an update."""
    found: Alert = at(script, 5).one(Alert, 1)
    return found


def reported(**fields: Any) -> Spoil:
    """Changes fields of the report."""

    def spoil(script: Script) -> None:
        for name, value in fields.items():
            setattr(alert_of(script), name, value)

    return spoil


def told(**fields: Any) -> Spoil:
    """Changes fields of the Item of the report."""

    def spoil(script: Script) -> None:
        for name, value in fields.items():
            setattr(alert_of(script).items[0], name, value)

    return spoil


def meta(**fields: Any) -> Spoil:
    """Changes fields of the Meta of the report."""

    def spoil(script: Script) -> None:
        for name, value in fields.items():
            setattr(alert_of(script).items[0].meta, name, value)

    return spoil


def failed() -> Script:
    return update(code="410")


def download() -> Script:
    return update(operation="Download")


def only_update() -> Script:
    """Exec on Update of a package that is on the device."""
    script = update(operation="Update")
    sequence = at(script, 1).one(Sequence)
    sequence.commands = [c for c in sequence.commands if isinstance(c, Exec)]
    at(script, 2).drop(at(script, 2).status("Replace"))
    del script.steps[4]
    script.steps.insert(4, script.mark("note", text="nothing is fetched"))
    script.steps.pop()
    return script


def without_correlator() -> Script:
    script = update()
    at(script, 1).one(Exec).correlator = None
    alert_of(script).correlator = None
    return script


def again(script: Script, change: Spoil | None = None) -> None:
    """The report comes once more in a third session."""
    script.open("3")
    alert = report("downloadandupdate")
    if change is not None:
        change(script)
    more = script.client(Alert(data="1201"), dev_info(), alert, cred=basic())
    script.server(*answers(more, "212"))


def half(script: Script) -> None:
    """A report of the download on the way of DownloadAndUpdate."""
    one = at(script, 5)
    extra = report("download")
    extra.cmd_id = "90"
    one.message.commands.insert(2, extra)


def early(script: Script) -> None:
    """The report session comes between Exec and the message with its Status."""
    session, answer = script.steps[5:7], script.steps[2:4]
    script.steps[2:7] = [*session, *answer, script.steps[4]]
    for step in script.steps:
        if isinstance(step, Step):
            step.data["session"] = "a" if step.message.header.session_id == "1" else "b"


def early_base() -> Script:
    """The script that :func:`early` disturbs, with labels."""
    script = update()
    for step in script.steps:
        if isinstance(step, Step):
            step.data["session"] = "a" if step.message.header.session_id == "1" else "b"
    return script


def two_operations(second: str = "two") -> Script:
    """Both operations with an address run one after the other, with Correlators of their own."""
    script = update(operation="Download")
    alert_of(script).correlator = "job"
    script.open("3")
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    node = f"{OBJECT}/DownloadAndUpdate"
    write = Replace(items=[item(f"{node}/PkgURL", "http://dl.example.test/two.bin", format="chr")])
    start = Exec(correlator="two", items=[item(node)])
    two = script.server(*answers(one, "212"), Sequence(commands=[write, start]))
    three = script.client(*answers(two, "200", Exec="202"))
    script.server(*answers(three))
    script.open("4")
    four = script.client(Alert(data="1201"), dev_info(), report("downloadandupdate", "200", second), cred=basic())
    script.server(*answers(four, "212"))
    return script


def refused(follows: bool) -> Script:
    """An Exec that is refused, and a report of it."""
    script = commanded(Exec(correlator="job", items=[item(f"{OBJECT}/Update")]), Exec="406")
    script.open("2")
    alerts = [report("update", "400")] if follows else []
    four = script.client(Alert(data="1201"), dev_info(), *alerts, cred=basic())
    script.server(*answers(four, "212"))
    return script


def request() -> Script:
    return alerted(report("userrequest", "", None, format="chr"), code="202")


def asks(**fields: Any) -> Spoil:
    """Changes the Item of a request."""

    def spoil(script: Script) -> None:
        for name, value in fields.items():
            setattr(at(script, 0).one(Alert, 1).items[0], name, value)

    return spoil


def exec_status(script: Script) -> None:
    at(script, 2).status("Exec").data = "200"


def never_reported(script: Script) -> None:
    at(script, 5).drop(alert_of(script))
    status = at(script, 6).status("Alert", 1)
    at(script, 6).drop(status)


def early_fetch(script: Script) -> None:
    """The address is written in one message and the device fetches before the Exec in the next."""
    script.steps = _written_then(True).steps


def _written_then(fetches: bool) -> Script:
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    node = f"{OBJECT}/Download"
    write = Replace(items=[item(f"{node}/PkgURL", "http://dl.example.test/fw.bin", format="chr")])
    two = script.server(*answers(one, "212"), write)
    if fetches:
        script.fetch("http://127.0.0.1:8080/fw.bin")
    three = script.client(*answers(two))
    four = script.server(*answers(three), Exec(correlator="job", items=[item(node)]))
    if not fetches:
        script.fetch("http://127.0.0.1:8080/fw.bin")
    five = script.client(*answers(four, "200", Exec="202"))
    script.server(*answers(five))
    return script


def late_fetch(script: Script) -> None:
    script.fetch("http://dl.example.test/fw.bin")


def failed_download(exec_update: bool) -> Script:
    """A download that failed, and Exec on Update after it."""
    script = update(operation="Download", code="402" if exec_update else "200")
    script.open("3")
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    two = script.server(*answers(one, "212"), Exec(correlator="b", items=[item(f"{OBJECT}/Update")]))
    three = script.client(*answers(two, "200", Exec="202"))
    script.server(*answers(three))
    return script


def loop(tries: int) -> Script:
    """Exec again and again after a refusal."""
    script = Script()
    last = script.client(Alert(data="1201"), dev_info(), cred=basic())
    for n in range(tries):
        sent = script.server(*answers(last, "212"), Exec(correlator=str(n), items=[item(f"{OBJECT}/Update")]))
        last = script.client(*answers(sent, "200", Exec="406"))
    script.server(*answers(last))
    return script


def become(made: Callable[[], Script]) -> Spoil:
    """Takes another script instead."""
    return lambda script: setattr(script, "steps", made().steps)


ROWS: list[tuple[str, str, Callable[[], Script], Spoil, str]] = [
    ("FUMO-STATE-001", "client", update, lambda s: setattr(at(s, 2).one(Results).items[0], "data", "35"), FAIL),
    ("FUMO-STATE-001", "client", update, lambda s: setattr(at(s, 2).one(Results).items[0], "data", "idle"), FAIL),
    ("FUMO-EXEC-002", "client", update, exec_status, WARN),
    ("FUMO-EXEC-002", "client", update, lambda s: (exec_status(s), never_reported(s)), FAIL),
    ("FUMO-EXEC-012", "client", lambda: refused(False), become(lambda: refused(True)), WARN),
    ("FUMO-EXEC-015", "client", lambda: _written_then(False), early_fetch, FAIL),
    ("FUMO-EXEC-021", "server", update, lambda s: setattr(at(s, 1).one(Replace).items[0], "target", "./A"), FAIL),
    ("FUMO-EXEC-022", "server", update, lambda s: setattr(at(s, 1).one(Exec).items[0], "target", OBJECT), FAIL),
    ("FUMO-EXEC-023", "server", update, lambda s: setattr(at(s, 1).one(Exec), "correlator", None), WARN),
    ("FUMO-EXEC-024", "server", update, become(lambda: commanded(
        Atomic(commands=[Exec(correlator="x", items=[item(f"{OBJECT}/Update")])]), Atomic="500", Exec="500")), FAIL),
    ("FUMO-EXEC-026", "server", lambda: loop(2), become(lambda: loop(7)), WARN),
    ("FUMO-ALERT-001", "client", update, never_reported, FAIL),
    ("FUMO-ALERT-002", "client", update, reported(data="1224"), FAIL),
    ("FUMO-ALERT-003", "client", update, told(source=None), FAIL),
    ("FUMO-ALERT-003", "client", update, told(source="./Other/Fw"), FAIL),
    ("FUMO-ALERT-003", "client", update, told(source=f"{OBJECT}/DownloadAndUpdate"), WARN),
    ("FUMO-ALERT-004", "client", download, meta(type=TYPE + "downloadandupdate"), FAIL),
    ("FUMO-ALERT-005", "client", only_update, meta(type=TYPE + "downloadandupdate"), FAIL),
    ("FUMO-ALERT-006", "client", update, meta(type=TYPE + "update"), FAIL),
    ("FUMO-ALERT-007", "client", update, reported(correlator="JOB"), FAIL),
    ("FUMO-ALERT-007", "client", update, reported(correlator=None), FAIL),
    ("FUMO-ALERT-008", "client", without_correlator, reported(correlator="job"), FAIL),
    ("FUMO-ALERT-008", "client", without_correlator, reported(correlator=""), WARN),
    ("FUMO-ALERT-009", "client", update, told(data="ok"), FAIL),
    ("FUMO-ALERT-009", "client", update, told(data=None), FAIL),
    ("FUMO-ALERT-009", "client", update, told(data=" 200"), WARN),
    ("FUMO-ALERT-010", "client", update, told(data="201"), FAIL),
    ("FUMO-RC-BAD", "client", failed, told(data="600"), FAIL),
    ("DM-ALERT-005", "client", update, meta(format=None), WARN),
    ("FUMO-ALERT-011", "client", failed, meta(mark=None), WARN),
    ("FUMO-ALERT-011", "client", failed, meta(mark="informational"), WARN),
    ("FUMO-ALERT-012", "client", update, meta(format=None), WARN),
    ("FUMO-ALERT-012", "client", update, meta(format="chr"), WARN),
    ("FUMO-ALERT-013", "client", failed, meta(mark="urgent"), FAIL),
    ("FUMO-ALERT-014", "client", update, late_fetch, FAIL),
    ("FUMO-ALERT-015", "client", early_base, early, FAIL),
    ("FUMO-ALERT-016", "client", update, again, FAIL),
    ("FUMO-STATE-009", "client", lambda: installing("60"), become(lambda: installing("10")), WARN),
    ("FUMO-ALERT-018", "client", update,
     lambda s: at(s, 5).message.commands.insert(0, at(s, 5).message.commands.pop()), WARN),
    ("FUMO-ALERT-019", "client", two_operations, become(lambda: two_operations("job")), FAIL),
    ("FUMO-ALERT-023", "client", update, half, FAIL),
    ("FUMO-ALERT-024", "server", update, lambda s: setattr(at(s, 6).status("Alert", 1), "data", "415"), FAIL),
    ("FUMO-ALERT-025", "server", update, lambda s: setattr(at(s, 6).status("Alert", 1), "data", "404"), FAIL),
    ("FUMO-ALERT-025", "server", update, lambda s: setattr(at(s, 6).status("Alert", 1), "data", "406"), WARN),
    ("FUMO-ALERT-035", "server", update, lambda s: at(s, 3).message.commands.append(report("update")), FAIL),
    ("FUMO-DL-016", "server", lambda: failed_download(False), become(lambda: failed_download(True)), FAIL),
    ("FUMO-DL-014", "server", update, lambda s: at(s, 1).one(Sequence).commands.insert(
        0, Replace(cmd_id="70", items=[item(f"{OBJECT}/Update/PkgData", "QUJD", format="b64")])), WARN),
    ("FUMO-CI-002", "client", request, lambda s: setattr(at(s, 0).one(Alert, 1), "data", "1224"), FAIL),
    ("FUMO-CI-005", "client", request, asks(source="./Vendor"), FAIL),
    ("FUMO-CI-005", "client", request, asks(source=f"{OBJECT}/DownloadAndUpdate"), WARN),
    ("FUMO-CI-006", "client", request, asks(data=None), FAIL),
    ("FUMO-CI-009", "client", request, lambda s: setattr(at(s, 0).one(Alert, 1), "correlator", "x"), WARN),
    ("FUMO-CI-010", "client", request, lambda s: setattr(at(s, 0).one(Alert, 1).items[0].meta, "format", None), FAIL),
    ("FUMO-CI-013", "server", request, lambda s: setattr(at(s, 1).status("Alert", 1), "data", "200"), WARN),
]  # fmt: skip


@pytest.mark.parametrize(
    ("requirement", "side", "base", "spoil", "outcome"), ROWS, ids=[f"{row[0]}-{n}" for n, row in enumerate(ROWS)]
)
def test_rule(requirement: str, side: str, base: Callable[[], Script], spoil: Spoil, outcome: str) -> None:
    script = base()
    found = [f for f in script.judge(side) if f.requirement == requirement]
    assert [f.outcome for f in found] == [PASS], "the obeying transcript"
    spoil(script)
    found = [f for f in script.judge(side) if f.requirement == requirement]
    assert {f.outcome for f in found} == {outcome}, "the transcript that differs in one thing"
    assert all(f.expected and f.message for f in found)


def test_report_of_another_object() -> None:
    objects = (OBJECT, OTHER)
    script = update()
    assert [f.outcome for f in script.judge("client", objects=objects) if f.requirement == "FUMO-MULTI-002"] == [PASS]
    told(source=OTHER)(script)
    assert [f.outcome for f in script.judge("client", objects=objects) if f.requirement == "FUMO-MULTI-002"] == [FAIL]


def test_strict_makes_the_early_200_fail() -> None:
    script = update()
    exec_status(script)
    found = [f for f in script.judge("client", strict=True) if f.requirement == "FUMO-EXEC-002"]
    assert [f.outcome for f in found] == [FAIL]


def test_200_is_right_when_the_operation_is_over() -> None:
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    two = script.server(*answers(one, "212"), Exec(correlator="job", items=[item(f"{OBJECT}/Update")]))
    three = script.client(*answers(two), report("update"))
    script.server(*answers(three))
    found = {f.requirement: f.outcome for f in script.judge("client")}
    assert found["FUMO-EXEC-002"] == PASS
    assert found["FUMO-ALERT-007"] == PASS


def test_missing_report_is_silent_unless_the_case_waited() -> None:
    script = update()
    never_reported(script)
    script.steps.pop()
    assert not [f for f in script.judge("client") if f.requirement in ("FUMO-ALERT-001", "FUMO-EXEC-002") and f.outcome == FAIL]


def test_report_may_come_again_until_it_was_answered() -> None:
    script = update()
    del script.steps[6:]
    script.steps[5].data["exchange"] = 90  # type: ignore[union-attr]
    again(script)
    assert [f.outcome for f in script.judge("client") if f.requirement == "FUMO-ALERT-016"] == [PASS]


def test_report_whose_session_was_left_at_its_answer_may_come_again() -> None:
    script = update()
    del script.steps[7:]
    at(script, 6).message.commands.append(Get(cmd_id="77", items=[item(f"{OBJECT}/State")]))
    again(script)
    found = {f.outcome for f in script.judge("client") if f.requirement == "FUMO-ALERT-016"}
    assert FAIL not in found and found != {PASS}


def test_report_of_an_operation_from_before_is_judged_by_its_form_only() -> None:
    script = alerted(report("downloadandupdate", correlator="unknown"))
    found = {f.requirement: f.outcome for f in script.judge("client")}
    assert found["FUMO-ALERT-010"] == PASS
    assert "FUMO-ALERT-007" not in found and "FUMO-ALERT-016" not in found


def test_prefix_of_the_type_is_no_breach() -> None:
    script = update()
    meta(type=f"Reversed-Domain-Name: {TYPE}downloadandupdate")(script)
    assert not [f for f in script.judge("client") if f.outcome != PASS]


def test_uri_with_and_without_the_root_name_one_node() -> None:
    script = update()
    told(source=OBJECT[2:])(script)
    assert not [f for f in script.judge("client") if f.outcome != PASS]


def test_objects_are_inferred_for_strangers() -> None:
    script = update()
    found = {f.requirement: f.outcome for f in script.judge("client", objects=())}
    assert found["FUMO-ALERT-003"] == PASS and found["FUMO-STATE-001"] == PASS


def test_late_fetch_after_another_exec_is_no_retry() -> None:
    script = two_operations()
    script.fetch("http://dl.example.test/two.bin")
    late = [f for f in script.judge("client") if f.requirement == "FUMO-ALERT-014"]
    assert [f.outcome for f in late] == [FAIL]
    script.steps.insert(len(script.steps) - 3, script.steps.pop())
    assert [f.outcome for f in script.judge("client") if f.requirement == "FUMO-ALERT-014"] == [PASS]


def test_fetch_that_was_stalled_before_the_report_is_no_retry() -> None:
    script = failed()
    script.fetch("http://dl.example.test/fw.bin", fault="stall", error="timeout")
    assert [f.outcome for f in script.judge("client") if f.requirement == "FUMO-ALERT-014"] == [PASS]
