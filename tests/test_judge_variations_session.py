"""Rules of packages and of their ends, branch by branch: who must speak, who may, and who is silent (DM Protocol 5, 6, 8)."""

from __future__ import annotations

from typing import Any

from judge_builder import (
    Script,
    aborted,
    answers,
    basic,
    dev_info,
    header_status,
    item,
    large,
    md5,
    md5_chal,
    number,
    results,
    update,
    upload,
)
from judge_scripts import _open_server, _silent_server, quiet_end
from judge_seen import ONCE, TWICE, Row, each_row, long_alert, said_of
from judge_spoils import (
    at,
    both,
    change,
    code,
    cut_off,
    data,
    drop,
    extra,
    final,
    first_item,
    header,
    only_refusal_after_end,
    only_status_after_end,
)
from test_judge_variations_package import nothing, take

from conformance.judge.finding import FAIL, WARN
from conformance.syncml.element import Element
from conformance.syncml.model import Alert, Command, Delete, Get, Replace, Results, Sequence, Status

Turn = tuple[list[Command], bool]


def rest() -> Alert:
    """The request for the rest of a package."""
    return Alert(data="1222")


def gets(n: int) -> Any:
    """Four commands of the server more in a message."""

    def spoil(script: Script) -> None:
        made: list[Command] = [Get(items=[item(f"./{name}")]) for name in "ABCD"]
        number(made, 80)
        at(script, n).message.commands += made

    return spoil


def talk(*turns: Turn) -> Script:
    """One session, the client first: of each message the commands behind its Statuses, and whether it has Final."""
    script = Script()
    last = None
    for place, (commands, ends) in enumerate(turns):
        own = answers(last) if last is not None else []
        last = script.say("server" if place % 2 else "client", *own, *commands, final=ends, cred=None if place else basic())
    return script


def spread(*first: Command) -> Any:
    """Package 1 in two messages, the alert for the session in the second; ``first`` stands in the first."""
    return lambda: talk((list(first), False), ([rest()], False), ([Alert(data="1201"), dev_info()], True), ([], True))


def split(ends: bool = True, *more: Command) -> Any:
    """The client's package 3 in two messages: 0 package 1, 1 Get, 2 part one, 3 next message, 4 part two, 5 end."""
    return lambda: talk(
        ([Alert(data="1201"), dev_info()], True), ([Get(items=[item("./A")])], True), ([], False), ([rest()], False),
        (list(more), ends), ([] if ends else [rest()], ends),
    )  # fmt: skip


def then(script: Script, session: str) -> None:
    """Another session afterwards."""
    script.open(session)
    script.server(*answers(script.client(Alert(data="1201"), dev_info(), cred=basic()), "212"))


def unfinished(*after: str) -> Script:
    """Package 1 never ends: asked for the rest the client goes on with another session. ``after``: "cut", or a session each."""
    script = talk(([Alert(data="1201"), dev_info()], False), ([rest()], False), ([rest(), Alert(data="1224")], False), ([rest()], False))
    for place, what in enumerate(after, 2):
        if what == "cut":
            script.mark("hook", verb="power_cycle")
        else:
            then(script, str(place))
    return script


def labelled(script: Script) -> None:
    """The recorder knows which messages are of one session."""
    for step in script.steps:
        step.data["session"] = "s1"


def unread(n: int) -> Any:
    """A message of a labelled session that nobody can read."""
    return both(labelled, lambda s: setattr(at(s, n), "raw", b"?"))


def unasked(n: int) -> Any:
    """A response whose request is not in the transcript."""
    return both(labelled, lambda s: s.steps.pop(n - 1))


def chal(n: int) -> Any:
    """A challenge in the Status for the SyncHdr."""
    return lambda s: setattr(at(s, n).status("SyncHdr"), "chal", md5_chal())


def late_results(script: Script) -> None:
    """What a Get found comes in a message of its own."""
    get = Get(items=[item("./A")])
    get.cmd_id = "9"
    said_ = script.client(header_status(at(script, 1)), results(at(script, 1), get, item("./A", "1", source=True)))
    script.server(header_status(said_))


def block(*commands: Command) -> Any:
    return lambda: talk(([Alert(data="1201"), dev_info()], True), ([Sequence(commands=list(commands))], True), ([], True), ([], True))


def piece(node: str) -> Replace:
    return Replace(items=[item(node, "x", more=True, format="chr", size="9")])


def first_message_lost(script: Script) -> None:
    """The answer to package 1 never arrives; it is said once more, with another number."""
    data(1, error="reset")(script)


ROWS: list[tuple[str, str, Any, Any, list[Any]]] = [
    # -- package 1
    ("DM-SES-001", "client", spread(dev_info()), nothing, ONCE),
    ("DM-SES-001", "client", spread(Alert(data="1224"), Alert(data="1226")), change(2, Alert, data="1224"), [(FAIL, 1, "1224, 1226")]),
    ("DM-SES-001", "client", spread(dev_info()), cut_off(2), []),
    ("DM-SES-001", "client", spread(Alert(data="1201")), cut_off(2), ONCE),
    ("DM-SES-001", "client", update, both(take(0, Alert), data(0, made=True)), ONCE),
    ("DM-SES-001", "client", quiet_end, both(take(0, Alert), extra(0, Status(msg_ref="1", cmd_ref="0", cmd="SyncHdr", data="200"), 0)), []),
    ("DM-SES-001", "client", split(), both(unasked(1), take(1, Status)), []),
    ("DM-SES-003", "client", quiet_end, take(0, Replace), [(FAIL, 1, "nothing")]),
    ("DM-SES-003", "client", quiet_end, both(take(0, Replace), data(0, made=True)), []),
    ("DM-SES-003", "client", quiet_end, both(take(0, Replace), change(0, Alert, data="1223")), []),
    ("DM-SES-004", "client", quiet_end, first_item(0, Replace, data=None, data_elements=[Element("Data")]), ONCE),
    ("DM-SES-004", "client", quiet_end, lambda s: [setattr(i, "data", None) for i in at(s, 0).one(Replace).items[1:3]],
     [(FAIL, 1, "without ./DevInfo/Man, ./DevInfo/Mod")]),
    ("DM-SES-004", "client", quiet_end, lambda s: [i.__setattr__("target", i.source) or i.__setattr__("source", None)
                                                  for i in at(s, 0).one(Replace).items[3:]],
     [(FAIL, 1, "without ./DevInfo/DmV, ./DevInfo/Lang")]),
    ("DM-SES-004", "client", quiet_end, take(0, Replace), []),
    # -- commands of the client
    ("DM-SES-006", "client", quiet_end, extra(0, Replace(items=[item("./DevInfo/Man", "1", source=True), item("./Other", "1")])),
     [(FAIL, 1, "Replace ./DevInfo/Man, ./Other")]),
    ("DM-SES-006", "client", quiet_end, extra(0, Replace(items=[item("./DevInfo/Man", "1")])), ONCE),
    ("DM-SES-006", "client", quiet_end, both(extra(0, Delete(items=[item("./A")])), extra(0, Get(items=[item("./B", source=True)]))),
     [(FAIL, 1, "Delete ./A"), (FAIL, 1, "Get ./B")]),
    ("DM-SES-006", "client", quiet_end, both(extra(0, Delete(items=[item("./A")])), data(0, made=True)), []),
    # -- nothing to say
    ("DM-SES-007", "client", quiet_end, both(only_status_after_end, chal(1)), [(WARN, 3, "only the Status for SyncHdr")]),
    ("DM-AUTH-015", "client", quiet_end, both(only_status_after_end, chal(1)), ONCE),
    ("DM-AUTH-015", "client", quiet_end, only_refusal_after_end, [(FAIL, 3, "a challenge")]),
    ("DM-AUTH-015", "client", quiet_end, both(only_refusal_after_end, chal(1)), ONCE),
    ("DM-AUTH-015", "client", quiet_end, both(only_refusal_after_end, header(1, cred=md5())), ONCE),
    ("DM-AUTH-015", "client", lambda: _silent_server(True), nothing, []),
    ("DM-AUTH-015", "client", quiet_end, nothing, ONCE),
    ("DM-AUTH-015", "client", quiet_end, chal(1), []),
    ("DM-AUTH-015", "client", quiet_end, drop(1, "SyncHdr"), []),
    ("DM-SES-007", "client", quiet_end,
     both(only_status_after_end, extra(2, Status(msg_ref="1", cmd_ref="2", cmd="Alert", data="200"))), ONCE),
    ("DM-SES-007", "client", quiet_end, late_results, ONCE),
    ("DM-SES-007", "client", quiet_end, both(only_status_after_end, first_message_lost), ONCE),
    ("DM-SES-007", "client", quiet_end, both(only_status_after_end, data(2, made=True)), ONCE),
    ("DM-SES-007", "client", quiet_end, extra(1, Get(items=[item("./A")])), []),
    ("DM-SES-007", "client", quiet_end, unread(0), []),
    ("DM-SES-007", "client", quiet_end, cut_off(1), []),
    # -- patience
    ("DM-SES-015", "server", upload, both(drop(2, "Get"), gets(3)), [(FAIL, 4, "Get ./A, Get ./B, Get ./C")]),
    ("DM-SES-015", "server", upload, both(drop(2, "Get"), extra(3, Delete(items=[item("./B")])), data(3, made=True)), []),
    ("DM-SES-015", "server", upload, both(drop(2, "Get"), extra(3, Get(items=[item("./B")])), data(1, error="reset")), []),
    ("DM-SES-015", "server", large, both(drop(2, "Replace"), drop(4, "Replace")), TWICE),
    ("DM-SES-015", "server", large, both(drop(2, "Replace"), extra(3, Get(items=[item("./B")]))), [(FAIL, 4, "Get ./B")]),
    ("DM-SES-015", "server", split(), both(drop(2, "Get"), extra(3, Alert(data="1224"))), [(FAIL, 4, "Alert")]),
    ("DM-SES-015", "server", split(), both(drop(2, "Get"), extra(3, Alert(data="1223"))), ONCE),
    ("DM-SES-015", "server", split(), both(drop(2, "Get"), final(2, True), extra(3, Get(items=[item("./B")]))), []),
    # -- the rest of the client's package
    ("DM-MSG-004", "server", upload, gets(3), [(FAIL, 4, "Get ./A, Get ./B, Get ./C")]),
    ("DM-MSG-004", "server", upload, both(final(3, True), data(3, made=True)), []),
    ("DM-MSG-004", "server", upload, both(final(3, True), extra(3, Alert(data="1223"))), []),
    ("DM-MSG-004", "server", split(), both(final(3, True), unasked(3)), []),
    ("DM-MSG-004", "server", split(), final(3, True), [(FAIL, 4, "Final")]),
    ("DM-MSG-004", "server", split(), nothing, ONCE),
    ("DM-LOB-007", "server", long_alert, both(final(3, True), code(3, "Alert", "213")), [(FAIL, 4, "Final")]),
    ("DM-MSG-004", "server", long_alert, both(final(3, True), code(3, "Alert", "213")), []),
    ("DM-MSG-004", "server", long_alert, final(3, True), [(FAIL, 4, "Final")]),
    ("DM-MSG-004", "server", split(), both(final(3, True), code(3, "SyncHdr", "213")), [(FAIL, 4, "Final")]),
    # -- Final of the server
    ("DM-MSG-005", "server", quiet_end, nothing, ONCE),
    ("DM-MSG-005", "server", quiet_end, final(1, False), [(FAIL, 2, "no Final")]),
    ("DM-MSG-005", "server", quiet_end, both(final(1, False), data(1, made=True)), []),
    ("DM-MSG-005", "server", quiet_end, both(final(1, False), unread(0)), []),
    ("DM-MSG-005", "server", split(), nothing, TWICE),
    ("DM-MSG-005", "server", lambda: _open_server(True), both(final(1, True), final(2, True), final(3, False)), [(FAIL, 4, "no Final")]),
    ("DM-MSG-005", "server", quiet_end, both(final(1, False), extra(1, rest())), [(FAIL, 2, "no Final")]),
    ("DM-MSG-005", "server", lambda: _open_server(True), final(3, False), [(FAIL, 2, "no Final"), (FAIL, 4, "no Final")]),
    # -- Final of the client
    ("DM-MSG-002", "client", large, both(final(2, True), first_message_lost), ONCE),
    ("DM-MSG-002", "client", large, both(final(2, True), data(2, made=True)), ONCE),
    ("DM-MSG-002", "client", lambda: _open_server(True), final(2, True), [(FAIL, 3, "Final")]),
    ("DM-MSG-002", "client", lambda: _open_server(True), both(final(2, True), extra(2, Alert(data="1201"))), []),
    ("DM-MSG-001", "client", split(), nothing, ONCE),
    ("DM-MSG-001", "client", split(False), nothing, [(FAIL, 5, "no Final")]),
    ("DM-MSG-001", "client", split(False, rest()), nothing, [(FAIL, 5, "no Final")]),
    ("DM-MSG-001", "client", split(False, Alert(data="1224")), nothing, []),
    ("DM-MSG-001", "client", split(False), data(4, made=True), []),
    ("DM-MSG-001", "client", split(False), data(3, made=True), []),
    ("DM-MSG-001", "client", split(False), data(3, error="reset"), []),
    ("DM-MSG-001", "client", split(False), take(3, Alert), []),
    ("DM-MSG-001", "client", split(False), extra(4, Status(msg_ref="1", cmd_ref="4", cmd="Get", data="200")), []),
    ("DM-MSG-001", "client", split(False), extra(4, Status(msg_ref="2", cmd_ref="4", cmd="Get", data="200")), [(FAIL, 5, "no Final")]),
    ("DM-MSG-001", "client", split(False), extra(4, Results(msg_ref="1", cmd_ref="4", items=[item("./A", "1", source=True)])), []),
    ("DM-MSG-001", "client", split(False, rest()), both(drop(4, "SyncHdr"), drop(4, "Alert")), []),
    ("DM-MSG-001", "client", split(False), both(final(2, True), final(3, True)), ONCE),
    ("DM-MSG-001", "client", split(False), extra(4, Alert(data="1223")), []),
    # -- the rest never comes
    ("DM-SES-005", "client", lambda: unfinished(), nothing, []),
    ("DM-SES-005", "client", lambda: unfinished("session"), nothing, [(FAIL, 3, "no Final")]),
    ("DM-SES-005", "client", lambda: unfinished("cut", "session"), nothing, ONCE),
    ("DM-SES-005", "client", lambda: unfinished("session", "cut", "session"), nothing, [(FAIL, 3, "no Final")]),
    ("DM-SES-005", "client", lambda: unfinished("session"), data(3, error="reset"), ONCE),
    ("DM-SES-005", "client", lambda: unfinished("session"), data(3, made=True), ONCE),
    ("DM-SES-005", "client", lambda: unfinished("session"), take(3, Alert), ONCE),
    ("DM-SES-005", "client", lambda: unfinished("session"), code(3, "SyncHdr", "401"), ONCE),
    ("DM-SES-005", "client", lambda: unfinished("session"), lambda s: s.steps.pop(3), ONCE),
    ("DM-SES-005", "client", lambda: unfinished("session"), cut_off(4), []),
    # -- what the server's package still holds
    ("DM-MSG-003", "client", lambda: _open_server(False), nothing, [(WARN, 3, "Statuses only")]),
    ("DM-MSG-003", "client", lambda: _open_server(False), data(2, made=True), []),
    ("DM-MSG-003", "client", lambda: _open_server(False), data(1, error="reset"), []),
    ("DM-MSG-003", "client", lambda: _open_server(False), extra(2, Alert(data="1223")), []),
    ("DM-MSG-003", "client", lambda: _open_server(False), extra(2, Alert(data="1201")), []),
    ("DM-MSG-003", "client", lambda: _open_server(False), extra(2, Alert(data="1224")), ONCE),
    ("DM-MSG-003", "client", lambda: _open_server(False), extra(2, Results(msg_ref="1", cmd_ref="5")), ONCE),
    ("DM-MSG-003", "client", lambda: _open_server(False), code(2, "SyncHdr", "407"), []),
    ("DM-LOB-007", "client", large, take(2, Alert), [(WARN, 3, "Statuses only")]),
    ("DM-LOB-007", "client", large, both(take(2, Alert), code(2, "Replace", "200")), ONCE),
    # -- aborts
    ("DM-ABT-002", "client", lambda: aborted("client"), both(final(2, False), data(2, made=True)), []),
    ("DM-ABT-002", "client", quiet_end, nothing, []),
    ("DM-ABT-002", "server", lambda: aborted("server"), both(final(1, False), final(0, False)), []),
    ("DM-ABT-002", "client", lambda: _open_server(True), both(extra(2, Alert(data="1223"))), [(FAIL, 3, "no Final")]),
    ("DM-ABT-004", "server", lambda: aborted("client"), nothing, ONCE),
    ("DM-ABT-004", "server", lambda: aborted("client"), gets(3), [(FAIL, 4, "Get ./A, Get ./B, Get ./C")]),
    ("DM-ABT-004", "server", lambda: aborted("client"), both(extra(3, Get(items=[item("./A")])), data(3, made=True)), []),
    ("DM-ABT-004", "server", lambda: aborted("client"), both(extra(2, Alert(data="1224")),
                                                          lambda s: setattr(at(s, 3).status("Alert"), "cmd_ref", "81")),
     [(FAIL, 4, "nothing")]),
    ("DM-ABT-005", "client", lambda: aborted("server"), only_status_after_end, [(WARN, 3, "a message")]),
    ("DM-ABT-005", "client", lambda: aborted("server"), both(only_status_after_end, data(2, made=True)), []),
    ("DM-ABT-005", "client", lambda: aborted("client"), nothing, []),
    ("DM-ABT-005", "client", quiet_end, only_status_after_end, []),
    # -- within one message
    ("DM-MSG-007", "server", block(Get(items=[item("./A")]), piece("./B")), nothing, [(FAIL, 2, "Replace")]),
    ("DM-MSG-007", "server", block(piece("./B")), nothing, [(WARN, 2, "Replace")]),
    ("DM-MSG-007", "server", block(Sequence(commands=[piece("./B")]), Get(items=[item("./A")])), nothing, [(FAIL, 2, "Replace")]),
    ("DM-MSG-007", "server", lambda: upload(), nothing, []),
    ("DM-MSG-007", "server",
     lambda: talk(([Alert(data="1201")], True), ([Sequence(commands=[Get(items=[item("./A")])]), piece("./B")], False)),
     nothing, ONCE),
]  # fmt: skip


@each_row(ROWS)
def test_who_must_speak_and_who_may(row: Row) -> None:
    assert said_of(*row[:4]) == row[4]
