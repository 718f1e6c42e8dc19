"""Rules of packages: what opens a session, who may command when, Final, the next message (DM Protocol 5, 6, 8)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judge.answer import package_one
from conformance.judge.operation import plain
from conformance.judge.package import Turn
from conformance.judge.rule import Hit, View, rule
from conformance.judge.session import NEXT_MESSAGE, NO_END_OF_DATA, SESSION_ABORT, Placed, Said, Session
from conformance.syncml.model import Alert, Block, Command, Item, Replace

DEV_INFO = ("DevId", "Man", "Mod", "DmV", "Lang")
_STEERING = (NEXT_MESSAGE, SESSION_ABORT, NO_END_OF_DATA)


def _beginnings(view: View) -> Iterator[Said]:
    """First messages of sessions that were seen from their beginning; one with Statuses goes on with something."""
    for session in view.sessions:
        first = session.first
        if first is not None and view.judged(first) and first is session.said[0] and not first.statuses:
            yield first


def package_of(first: Said) -> list[Said] | None:
    """The messages of the package that the first message of a side begins; ``None`` where its end was not seen."""
    made = []
    for said in first.session.by(first.side):
        made.append(said)
        if said.final:
            return made
    return None


def dev_info(said: Said) -> list[tuple[Item, Replace]]:
    """The Items of a message that tell device information."""
    return [
        (item, command)
        for command in said.commands
        if isinstance(command, Replace)
        for item in command.items
        if plain(item.source or item.target).split("/")[0] == "DevInfo"
    ]


@rule("DM-SES-001", sides=("client",), title="package 1 has Alert 1200 or 1201")
def session_alert(view: View) -> Iterator[Hit]:
    """DM Protocol 8.3."""
    for first in _beginnings(view):
        package = package_of(first)
        if first.has_alert(SESSION_ABORT) or (package is None and not first.opens):
            continue
        good = any(said.opens for said in package or [first])
        codes = ", ".join(alert.data or "no code" for alert in first.alerts)
        yield view.check(good, first, "Alert 1200 or 1201", codes or None, "Alerts of package 1")


@rule("DM-SES-003", "DM-SES-004", sides=("client",), title="the first message has the device information")
def device_information(view: View) -> Iterator[Hit]:
    """DM Protocol 8.3. Items name their node in Source."""
    for first in _beginnings(view):
        if first.has_alert(SESSION_ABORT):
            continue
        items = dev_info(first)
        yield view.check(bool(items), first, "Replace with DevInfo", None, "device information in the first message")
        if items:
            told = {plain(i.source) for i, _ in items if i.source and i.data is not None}
            missing = [f"./DevInfo/{name}" for name in DEV_INFO if f"DevInfo/{name}" not in told]
            what = "Items of the DevInfo Replace with Source and Data"
            yield view.check(
                not missing, first, "DevId, Man, Mod, DmV and Lang", f"without {', '.join(missing)}", what, "DM-SES-004"
            )


@rule("DM-SES-006", sides=("client",), title="the client sends no commands but its own few")
def client_commands(view: View) -> Iterator[Hit]:
    """DM Protocol 8. Elements that are no command at all are the matter of other rules."""
    for said in view.mine:
        wrong = [c for c in said.commands if not isinstance(c, Alert) and not (isinstance(c, Replace) and _tells(c))]
        if not wrong:
            yield view.ok(said)
        for command in wrong:
            yield view.broken(said, "Status, Results, Alert or the DevInfo Replace", _named(command), "a command of the client")


def _tells(command: Replace) -> bool:
    return all(plain(item.source or item.target).split("/")[0] == "DevInfo" for item in command.items)


def _named(command: Command) -> str:
    where = ", ".join(item.target or item.source or "" for item in command.items[:3])
    return f"{command.name} {where}".strip()


@rule("DM-SES-007", "DM-AUTH-015", sides=("client",), title="no message that holds only the Status for SyncHdr")
def nothing_to_say(view: View) -> Iterator[Hit]:
    """DM Protocol 8, 9. Whether a Chal in a good Status asks for an answer is not said."""
    for turn in view.turns:
        said, before = turn.said, turn.said.answers
        if not view.judged(said) or before is None or said.excused or before.made or turn.server_open:
            continue
        if before.commands or before.refuses:
            continue
        alone = not said.commands and not said.results and all(s is said.header_status for s in said.statuses)
        if not alone:
            continue
        chal = before.header_status is not None and before.header_status.chal is not None
        shown = before.header.cred is not None or chal
        if said.refuses and not shown:
            what = "the server sent no commands, no challenge and no credentials"
            yield view.broken(said, "silence", "a challenge", what, "DM-AUTH-015")
        yield view.broken(said, "silence", "only the Status for SyncHdr", "a message with nothing to say", tolerated=chal)
    yield from _silence(view)


def _silence(view: View) -> Iterator[Hit]:
    for session in view.sessions:
        if session.over and session.exchanges[-1].request is not None:
            last = session.exchanges[-1].response
            yield view.ok(last)
            if last is not None and last.header.cred is None and last.header_status and not last.header_status.chal:
                yield view.ok(last, "DM-AUTH-015")


@rule("DM-SES-015", sides=("server",), title="no new commands while the client owes Statuses")
def patience(view: View) -> Iterator[Hit]:
    """DM Protocol 6.1. The next chunk of a large object is no new command."""
    books = {id(book.session): book for book in view.their_books}
    for turn in view.turns:
        said = turn.said
        if not view.judged(said) or not turn.client_open or said.answers is None or said.answers.excused:
            continue
        new = [c for c in said.commands if not _steers(c) and id(c) not in view.later_chunks]
        owing = books[id(said.session)].owing(said)
        good = not new or not owing
        actual = ", ".join(_named(command) for command in new[:3])
        yield view.check(good, said, "no new command", actual, f"{owing} Statuses of the client are still to come")


def _steers(command: Command) -> bool:
    return isinstance(command, Alert) and command.data in _STEERING


@rule("DM-MSG-004", "DM-LOB-007", sides=("server",), title="the server asks for the rest of the client's package")
def next_message(view: View) -> Iterator[Hit]:
    """DM Protocol 6.2, 7. The abort in this place may have Final or not."""
    for turn in view.turns:
        said = turn.said
        if not turn.asks or not view.judged(said) or said.excused:
            continue
        if said.has_alert(SESSION_ABORT):
            continue
        commands = [command for command in said.commands if not _steers(command)]
        if commands:
            actual = ", ".join(_named(command) for command in commands[:3])
            yield view.broken(said, "no command", actual, "the client's package has no Final yet")
        elif said.final:
            requirement = "DM-LOB-007" if _inside_object(said) else "DM-MSG-004"
            yield view.broken(said, "no Final", "Final", "the client's package has no Final yet", requirement)
        elif not said.has_alert(NEXT_MESSAGE):
            yield view.broken(said, "Alert 1222", None, "the client's package has no Final yet", tolerated=True)
        else:
            yield view.ok(said)


def _inside_object(said: Said) -> bool:
    """Whether a message answers a piece of a large object that is taken and not the last."""
    return said.answers is not None and said.answers.more and any(status.data == "213" for status in said.statuses)


@rule("DM-MSG-005", "DM-LOB-020", sides=("server",), title="the server sets Final whenever it can")
def server_final(view: View) -> Iterator[Hit]:
    """DM Protocol 6.2: not while a large object is on its way, nor while the client's package is open."""
    for turn in view.turns:
        said = turn.said
        if turn.asks or not view.judged(said) or said.excused:
            continue
        if said.more:
            yield view.check(not said.final, said, "no Final", "Final", "a chunk that is not the last", "DM-LOB-020")
        elif not (turn.server_open and said.has_alert(NEXT_MESSAGE)):
            yield view.check(said.final, said, "Final", "no Final", "a message that ends the server's package")


@rule("DM-MSG-002", sides=("client",), title="no Final of the client before that of the server")
def client_waits(view: View) -> Iterator[Hit]:
    """DM Protocol 6.2."""
    for turn in view.turns:
        said = turn.said
        if not turn.server_open or not view.judged(said) or said.excused or said.answers is None or said.answers.made:
            continue
        if not said.has_alert(SESSION_ABORT) and not said.opens:
            yield view.check(not said.final, said, "no Final", "Final", "the server's package has no Final yet")


@rule("DM-MSG-001", "DM-SES-005", sides=("client",), title="the last message of a package has Final, the others have none")
def client_final(view: View) -> Iterator[Hit]:
    """DM Protocol 6.2, 8.3. A message without Final is wrong where the client had nothing more to say."""
    for turn in view.turns:
        said = turn.said
        if not view.judged(said) or turn.server_open or said.has_alert(SESSION_ABORT):
            continue
        requirement = "DM-SES-005" if package_one(said) else "DM-MSG-001"
        if said.final:
            yield view.check(not said.more, said, "no Final", "Final", "a chunk that is not the last", requirement)
        elif _idle(turn):
            yield view.broken(said, "Final", "no Final", "a message that adds nothing to its package", requirement)
        elif _left_open(view, said):
            yield view.broken(said, "Final", "no Final", "the rest of the package never came when asked for", requirement)


def _idle(turn: Turn) -> bool:
    """Whether a message without Final holds nothing but the answer to the server's request for more.

    Statuses that answer an earlier message of the server are the rest of the package, and more of them may be to come.
    """
    said = turn.said
    before = said.answers
    if not turn.client_open or before is None or said.excused or before.made or not before.has_alert(NEXT_MESSAGE):
        return False
    if any(status.msg_ref != before.message.header.msg_id for status in said.statuses):
        return False
    return all(_steers(command) for command in said.commands) and not said.results and bool(said.statuses)


def _left_open(view: View, said: Said) -> bool:
    """Whether the client was asked for the rest of a package, went on with other things and never sent it."""
    session: Session = said.session
    response = session.exchanges[-1].response
    if session.exchanges[-1].request is not said or response is None or response.lost or response.made:
        return False
    if not response.has_alert(NEXT_MESSAGE) or response.refuses:
        return False
    later = view.sessions[view.sessions.index(session) + 1 :]
    return bool(later) and not view.cut(said.event.n, later[0].said[0].event.n if later[0].said else None)


@rule("DM-MSG-003", "DM-LOB-007", sides=("client",), title="the rest of a package is asked for with Alert 1222")
def asks_for_more(view: View) -> Iterator[Hit]:
    """DM Protocol 6.2, 7. Left out beside other content is right; in a message of Statuses only it is tolerated."""
    for turn in view.turns:
        said, before = turn.said, turn.said.answers
        if not turn.server_open or before is None or not view.judged(said) or said.excused or before.made:
            continue
        if said.refuses or said.has_alert(SESSION_ABORT, NO_END_OF_DATA) or said.opens:
            continue
        if before.more and not any(status.data == "213" for status in said.statuses):
            continue
        good = said.has_alert(NEXT_MESSAGE) or bool(said.commands or said.results)
        requirement = "DM-LOB-007" if before.more else "DM-MSG-003"
        yield view.check(good, said, "Alert 1222", "Statuses only", "the server's package goes on", requirement, True)


@rule("DM-ABT-002", title="a message with Alert 1223 has Final")
def abort_final(view: View) -> Iterator[Hit]:
    """DM Protocol 8.1.2. A server that aborts inside the client's package may do either."""
    for turn in view.turns:
        said = turn.said
        if not view.judged(said) or not said.has_alert(SESSION_ABORT):
            continue
        if said.side == "client" or not turn.client_open:
            yield view.check(said.final, said, "Final", "no Final", "a message with Alert 1223")


@rule("DM-ABT-004", sides=("server",), title="the answer to Alert 1223 has its Statuses and no commands")
def abort_answer(view: View) -> Iterator[Hit]:
    """DM Protocol 8.1.2."""
    for said in view.mine:
        before = said.answers
        if before is None or not before.has_alert(SESSION_ABORT) or before.made:
            continue
        commands = [command for command in said.commands if not _steers(command)]
        if commands:
            actual = ", ".join(_named(command) for command in commands[:3])
            yield view.broken(said, "no command", actual, "the answer to Alert 1223")
            continue
        alerts = {alert.cmd_id for alert in before.alerts if alert.data == SESSION_ABORT}
        answered = {status.cmd_ref for status in said.statuses if status.msg_ref == before.header.msg_id}
        good = bool(alerts & answered) and said.header_status is not None
        yield view.check(good, said, "Statuses for SyncHdr and the Alert", None, "the answer to Alert 1223")


@rule("DM-ABT-005", sides=("client",), title="the client does not answer Alert 1223")
def abort_silence(view: View) -> Iterator[Hit]:
    """DM Protocol 8.1.2."""
    for session in view.sessions:
        for said in session.by("client"):
            before = said.answers
            if before is not None and before.has_alert(SESSION_ABORT) and not before.made and view.judged(said):
                yield view.broken(said, "silence", "a message", "the server ended the session with Alert 1223")
        last = session.exchanges[-1].response if session.exchanges else None
        if last is not None and last.has_alert(SESSION_ABORT):
            yield view.ok(last)


@rule("DM-MSG-007", title="a Sequence or Atomic stays within one message")
def within_one_message(view: View) -> Iterator[Hit]:
    """DM Protocol 6.1. With a piece of a large object a Sequence or Atomic spreads over messages; whether one does that
    holds nothing else is not said."""
    for said in view.mine:
        for placed in said.walked:
            if isinstance(placed.command, Block) and not placed.around:
                torn = [p for p in said.walked if placed.command in p.around and _torn(p)]
                actual = torn[0].command.name if torn else None
                what = f"{placed.command.name} with CmdID {placed.command.cmd_id}"
                alone = len(placed.command.commands) == 1
                yield view.check(not torn, said, "no chunk inside", actual, what, tolerated=alone)


def _torn(placed: Placed) -> bool:
    return any(item.more for item in placed.command.items)
