"""Rules of sessions as a whole: how they are begun and given up (DM Protocol 8)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judge.rule import Hit, View, rule
from conformance.judge.session import SESSION_ABORT, Said
from conformance.syncml.model import Alert

SERVER_INITIATED, CLIENT_INITIATED = "1200", "1201"


@rule("DM-SES-002", sides=("client",), title="the session alert says who began the session")
def who_began(view: View) -> Iterator[Hit]:
    """DM Protocol 8.3. After a trigger whose initiator is the client either code is right."""
    triggers = [event for event in view.transcript.events if event.kind == "trigger"]
    for session in view.sessions:
        first = session.first
        if first is None or not view.judged(first) or not first.opens:
            continue
        code = SERVER_INITIATED if first.has_alert(SERVER_INITIATED) else CLIENT_INITIATED
        told = [event.data.get("fields") or {} for event in triggers if event.n < first.event.n]
        before = [fields for fields in told if isinstance(fields.get("session_id"), int)]
        mine = [fields for fields in before if _names(fields["session_id"], first.header.session_id)]
        if mine and str(mine[-1].get("initiator", 1)) != "0":
            yield view.check(code == SERVER_INITIATED, first, SERVER_INITIATED, code, "the alert after a trigger")
        elif not before:
            yield view.check(code == CLIENT_INITIATED, first, CLIENT_INITIATED, code, "the alert without a trigger")


def _names(asked: int, shown: str | None) -> bool:
    """Whether a SyncHdr has the session id of a trigger, however that is written."""
    if not shown or len(shown) > 8:
        return False
    try:
        return int(shown, 16) == asked
    except ValueError:
        return False


@rule("DM-ABT-001", sides=("client",), title="who gives up a session says so")
def said_so(view: View) -> Iterator[Hit]:
    """DM Protocol 8.1.1. To give up after a challenge, or where the connection failed, is something else."""
    for place, session in enumerate(view.sessions):
        if any(view.judged(said) and said.has_alert(SESSION_ABORT) for said in session.by("client")):
            yield view.ok(session.by("client")[-1])
            continue
        last = session.exchanges[-1] if session.exchanges else None
        then = next((later.first for later in view.sessions[place + 1 :] if later.first is not None), None)
        if last is None or last.response is None or then is None or not _owes(last.response):
            continue
        if last.complete and not last.response.made and not view.cut(last.response.event.n, then.event.n):
            yield view.broken(then, "Alert 1223", "a new session", "the commands of the session before were not answered")


def _owes(said: Said) -> bool:
    """Whether a message of the server is one that a client must answer."""
    alerts_only = all(isinstance(command, Alert) for command in said.commands)
    return bool(said.commands) and not alerts_only and not said.refuses and not said.has_alert(SESSION_ABORT)


@rule("DM-LOB-018", sides=("client",), title="an Alert of a client without large objects is in one piece")
def whole_alerts(view: View) -> Iterator[Hit]:
    """DM Protocol 8.7. That there are none is known where the client said so in DevDetail/LrgObj."""
    none = [
        item.data
        for said in view.mine
        for results in said.results
        for item in results.items
        if (item.source or "").endswith("DevDetail/LrgObj") and item.data == "false"
    ]
    for said in view.mine if none else ():
        for alert in said.alerts:
            cut = any(item.more for item in alert.items)
            yield view.check(not cut, said, "no MoreData", "MoreData", "an Alert of a client without large objects")
