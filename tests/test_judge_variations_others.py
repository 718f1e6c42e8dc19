"""Edges of further rules, and of what they look at: two of a kind, what has no number, what came in part."""

from __future__ import annotations

from typing import Any

import pytest
from judge_builder import CATALOGUE, Script, commanded, item, large, report, update, with_mac
from judge_seen import ONCE, TWICE, Row, after_trigger, each_row, fetched, long_alert, said_of
from judge_spoils import at, both, change, code, data, extra, header, last_first
from test_judge_parts import activity, executed, matched, run, told
from test_judge_rules_tree import shown, story, write
from test_judge_variations_course import do, start, state
from test_judge_variations_course import story as course
from test_judge_variations_package import nothing
from test_judge_variations_tree import pieces
from transcripts import Script as Hand
from transcripts import awaited, findings, status

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.judge.lookup import sent_back
from conformance.judge.rule import Hit, _findings
from conformance.syncml.model import Add, Alert, Get, Item, Meta, Replace, Results, Status


def two_added(target: str) -> Script:
    """An Add of two nodes fails, and the Status names one of them."""
    script = commanded(Add(items=[item("./A", "1", format="chr"), item("./B", "1", format="chr")]), Add="404")
    at(script, 2).status("Add").items = [Item(target=target)]
    return script


def parts_of_reports(value: str) -> Script:
    """Two reports begin in one message, and neither goes on; then comes one in one piece."""
    script = Script()
    executed(script, run("Update", "a"))
    begun = [report("update", "2", "a"), report("download", "2", "a")]
    for alert in begun:
        alert.items[0].more = True
    told(script, *begun)
    told(script, report("update", value, "a"))
    return script


def told_with_state() -> Script:
    """State is read in the message that holds the report: the installation is over."""
    script = course(do(start("Update")), state("10"))
    extra(6, report("update", "200", "job"))(script)
    return script


def told_twice(lost: bool) -> Script:
    """A report comes again; the answer to the first may never have arrived."""
    script = Script()
    executed(script, run("Update", "a"))
    told(script, report("update", "200", "a"))
    if lost:
        data(5, error="reset")(script)
    told(script, report("update", "200", "a"))
    return script


def swap(one: str, other: str) -> Any:
    """The Statuses of two commands change places."""

    def spoil(script: Script) -> None:
        commands = at(script, 2).message.commands
        first, second = (next(n for n, c in enumerate(commands) if c is at(script, 2).status(name)) for name in (one, other))
        commands[first], commands[second] = commands[second], commands[first]

    return spoil


def block_last(script: Script) -> None:
    """The Status of a Sequence stands behind those of its commands."""
    step = at(script, 2)
    block = step.status("Sequence")
    step.drop(block)
    step.message.commands.append(block)


def one_sided(*spoils: Any) -> Any:
    """The device sends no MAC where the server does."""
    return both(data(2, headers=[]), data(4, headers=[]), *spoils)


ROWS: list[tuple[str, str, Any, Any, list[Any]]] = [
    ("DM-ALERT-007", "server", long_alert, nothing, TWICE),
    *(("DM-ALERT-007", "server", long_alert, code(3, "Alert", value), ONCE) for value in ("213", "404", "506")),
    ("DM-ALERT-007", "server", long_alert, code(3, "Alert", "304"), [(FAIL, 4, "304")]),
    ("DM-CMD-029", "client", lambda: two_added("./B"), nothing, ONCE),
    ("DM-CMD-029", "client", lambda: two_added("./C"), nothing, ONCE),
    ("DM-HTTP-005", "client", update, both(header(1, resp_uri="http://[x"), data(2, url="http://[y")), [(FAIL, 3, "http://[y")]),
    ("DM-HTTP-005", "client", update, both(header(1, resp_uri="http://[x"), data(2, url="http://[x")), ONCE),
    ("FUMO-ALERT-009", "client", lambda: parts_of_reports("x"), nothing, [(FAIL, 7, "x")]),
    ("FUMO-ALERT-009", "client", lambda: parts_of_reports("200"), nothing, ONCE),
    ("DM-CMD-012", "client", lambda: shown("./A?prop=Title", "One/", format="node"), nothing, []),
    ("DM-CMD-012", "client", lambda: shown("./A", "One/", format="node"), nothing, [(FAIL, 3, "One/")]),
    ("DM-HMAC-004", "client", with_mac, one_sided(), [(WARN, 5, "nothing")]),
    ("DM-HMAC-004", "client", with_mac, one_sided(code(4, "SyncHdr", "407")), []),
    ("DM-HMAC-004", "client", with_mac, one_sided(data(4, headless=True)), []),
    ("DM-TND-010", "client", lambda: story(write("a"), "1", write("b"), "1"), nothing, [(FAIL, 9, "1")]),
    ("DM-SES-011", "client", update, change(2, Results, msg_ref=None), [(PASS, None, "3 times")]),
    ("DM-SES-011", "client", update, change(2, Results, msg_ref="7"), [(FAIL, 3, "0")]),
    ("DM-TND-010", "client", lambda: shown("./DevInfo/Man?prop=TStamp", " 20010711T163817Z \n"), nothing, ONCE),
    ("DM-SES-002", "client", after_trigger, change(1, Alert, data="1201"), [(WARN, 2, "Alert 1201")]),
    ("DM-SES-002", "client", after_trigger, both(change(1, Alert, data="1201"), data(1, made=True)), []),
    ("FUMO-STATE-009", "client", told_with_state, nothing, []),
    ("DM-STA-007", "client", update, last_first(2), [(FAIL, 3, "the Results first")]),
    ("DM-STA-007", "client", update, both(last_first(2), data(2, made=True)), []),
    ("DM-HTTP-006", "server", update, data(1, status="?"), TWICE),
    ("DM-HTTP-006", "server", update, data(1, status=0), TWICE),
    ("DM-STA-002", "client", update, nothing, ONCE),
    ("DM-STA-002", "client", update, block_last, ONCE),
    ("DM-STA-002", "client", update, swap("Sequence", "Exec"), [(FAIL, 3, "after it")]),
    ("DM-STA-002", "client", update, swap("Get", "Exec"), [(FAIL, 3, "after it")]),
    ("DM-TND-003", "server", lambda: commanded(Get(items=[item("http://x/../y")])), nothing, []),
    ("DM-TND-003", "server", lambda: commanded(Get(items=[item("./x/../y")])), nothing, [(FAIL, 2, "./x/../y")]),
    ("FUMO-ALERT-016", "client", lambda: told_twice(False), nothing, [(FAIL, 7, "it was answered and came again")]),
    ("FUMO-ALERT-016", "client", lambda: told_twice(True), nothing, TWICE),
    ("DM-HDR-008", "server", update, both(header(0, source=None), header(2, source=None), header(5, source=None)),
     [(PASS, None, "3 times")]),
    ("DM-TND-010", "client", lambda: shown("./DevInfo/Man?prop=TStamp", "x" * 40000), nothing, []),
    ("FUMO-ALERT-023", "client", update, nothing, ONCE),
    ("FUMO-ALERT-023", "client", update, data(5, made=True), []),
    ("DM-STA-007", "client", update, change(2, Results, msg_ref="7"), []),
]  # fmt: skip


@each_row(ROWS)
def test_what_is_said_of_these(row: Row) -> None:
    assert said_of(*row[:4]) == row[4]


def test_a_report_takes_its_format_from_the_alert_where_its_item_has_none() -> None:
    script = Script()
    executed(script, run("Update", "a"))
    alert = report("update", "NDAw", "a")
    alert.meta, alert.items[0].meta = Meta(format="b64", type=alert.items[0].meta.type if alert.items[0].meta else None), None
    told(script, alert)
    assert matched(activity(script)) == [("Update", "a", "400")]


def test_a_challenge_that_comes_after_a_step_does_not_take_back_what_was_said() -> None:
    script = Hand()
    event = script.device(Alert(data="1201"))
    answer = script.server(status("401", "SyncHdr", "0"))
    assert sent_back(script.transcript, event) and sent_back(script.transcript, event, answer.n + 1)
    assert not sent_back(script.transcript, event, answer.n) and not sent_back(script.transcript, answer)


def test_a_report_that_never_came_was_expected_in_words() -> None:
    (found,) = [f for f in findings(awaited({"result": "200"})) if f.outcome == FAIL]
    assert (found.expected, found.actual, found.message) == ("a report", "nothing", "Generic Alert of type download-and-update: none came")


@pytest.mark.parametrize("side", ["client", "server"])
def test_a_descriptor_of_which_nothing_is_told_is_judged(side: str) -> None:
    for told_ in ("fault", "object", "notify", "size", "types", "version", "code", "namespace", "escaped"):
        assert fetched(side, **{told_: None}).judge(side)


@pytest.mark.parametrize("first", [True, False])
def test_of_the_breaches_that_are_not_listed_the_worst_is_told(first: bool) -> None:
    hits = [Hit(False, n, "a", "b", "c") for n in range(1, 6)]
    rest = [Hit(False, 6, "a", "b", "c", tolerated=first), Hit(False, 7, "a", "b", "c", tolerated=not first)]
    found = list(_findings("DM-HDR-001", [*hits, *rest], CATALOGUE, False))
    assert (found[-1].outcome, found[-1].event, found[-1].message) == (FAIL, 7 if first else 6, "and 2 more")
    soft = [Hit(False, n, "a", "b", "c", tolerated=True) for n in range(1, 8)]
    found = list(_findings("DM-HDR-001", soft, CATALOGUE, False))
    assert (found[-1].outcome, found[-1].cause, len(found)) == (WARN, found[0].cause, 6)


def test_dm_lob_003_of_two_objects_that_begin_in_one_message_the_first_is_looked_at() -> None:
    script = large()
    at(script, 1).one(Replace).items.append(item("./Other", "x", more=True, format="chr", size="9"))
    assert [each[:2] for each in pieces(script)] == [("./Some/Node", 3)]


def test_dm_sta_003_a_status_without_msg_ref_answers_nothing() -> None:
    script = update()
    extra(2, Status(cmd_ref="4", cmd="Get", data="500"))(script)
    at(script, 2).status("Get").msg_ref = None
    assert [f.outcome for f in script.judge("client") if f.requirement == "DM-STA-007"] == []
