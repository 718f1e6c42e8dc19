"""Rules of triggers on the wire and of the sessions that follow them (wire facts 3; DM Notification 6, 7.1; DM Protocol 8.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from conformance.dm.trigger import session_text
from conformance.judge import rules_trigger
from conformance.judge.rule import Hit, View, rule
from conformance.judge.rules_trigger import CODES, SIDE
from conformance.judge.session import Said, Session
from conformance.transcript import SERVER, Event


def _as(requirement: str, check: Callable[[View], Iterator[Hit]], view: View, only: str = "") -> Iterator[Hit]:
    """The hits of another rule for a requirement that says the same of it."""
    for hit in check(view):
        if hit.requirement == only:
            yield replace(hit, requirement=requirement)


@rule("NOTI-001", sides=SIDE, title="the fields of a trigger have their places")
def fields(view: View) -> Iterator[Hit]:
    """DM Notification 6.1."""
    return _as("NOTI-001", rules_trigger.layout, view)


@rule("NOTI-002", sides=SIDE, title="the version field is 0000001011")
def version(view: View) -> Iterator[Hit]:
    """DM Notification 6.2.6."""
    return _as("NOTI-002", rules_trigger.version, view)


@rule("NOTI-003", sides=SIDE, title="the 27 bits for future use are zero")
def future(view: View) -> Iterator[Hit]:
    """DM Notification 6.2.9."""
    return _as("NOTI-003", rules_trigger.future, view)


@rule("NOTI-004", sides=SIDE, title="the digest covers the whole trigger")
def digest(view: View) -> Iterator[Hit]:
    """DM Notification 6.2.2."""
    return _as("NOTI-004", rules_trigger.digest, view)


@rule("NOTI-008", sides=SIDE, title="different sessions have different ids")
def session_ids(view: View) -> Iterator[Hit]:
    """DM Notification 6.2.10."""
    return _as("NOTI-008", rules_trigger.session_ids, view)


@rule("PUSH-001", "PUSH-002", sides=SIDE, title="content type and application stand as codes in their order")
def codes(view: View) -> Iterator[Hit]:
    """DM Notification 7.1. A content type in the general form (01 C4) has the code as well."""
    for head, event in rules_trigger.headers_of(view):
        kind = head[:1] == CODES[:1] or head[:2] == bytes((1, CODES[0]))
        rest = head[1:] if head[:1] == CODES[:1] else head[2:]
        yield view.check(kind, event, "C4", head[:8].hex(" "), "content type of the push")
        if kind:
            there = CODES[1:] in rest
            yield view.check(there, event, "AF 87 after it", rest[:16].hex(" "), "application id of the push", "PUSH-002")


@rule("PUSH-003", sides=SIDE, title="the headers of a push take at most 48 octets")
def size(view: View) -> Iterator[Hit]:
    """DM Notification 7.1."""
    return _as("PUSH-003", rules_trigger.push, view, "DM-NOTI-011")


def _answered(view: View) -> Iterator[tuple[Said, Event, bool]]:
    """First messages of sessions after triggers of the other side: the message, the trigger, whether it names its session.

    Only the first session after a trigger is looked at. Several triggers may wait for it, and it may be that of any.
    """
    triggers = [e for e in view.transcript.of("trigger") if e.sender == SERVER and not e.data.get("made")]
    after = 0
    for session in view.sessions:
        first = _opening(view, session)
        if first is None:
            continue
        waiting = [e for e in triggers if after < e.n < first.event.n]
        after = first.event.n
        if waiting:
            named = next((e for e in reversed(waiting) if _id(e) == first.header.session_id), None)
            yield first, named or waiting[-1], named is not None


def _opening(view: View, session: Session) -> Said | None:
    first = session.first
    return first if first is not None and view.judged(first) and first.opens and not first.statuses else None


def _id(event: Event) -> str:
    told = event.data.get("fields")
    number = told.get("session_id") if isinstance(told, dict) else None
    return session_text(number) if isinstance(number, int) and 0 < number <= 0xFFFF else ""


@rule(
    "NOTI-011", "NOTI-007", "DM-NOTI-007", "DM-HDR-004", sides=("client",),
    title="a session with Alert 1200 has the session id of its trigger",
)
def triggered_session(view: View) -> Iterator[Hit]:
    """DM Protocol 8.3, DM Notification 6.2.10: in upper-case hexadecimal without leading zeros."""
    for first, trigger, named in _answered(view):
        if first.has_alert("1200") and _id(trigger):
            what = "SessionID of the session with Alert 1200"
            for requirement in ("NOTI-011", "NOTI-007", "DM-NOTI-007", "DM-HDR-004"):
                yield view.check(named, first, _id(trigger), first.header.session_id, what, requirement)


@rule("DM-SES-002", sides=("client",), title="Alert 1200 begins a session after a trigger, 1201 any other")
def session_alert(view: View) -> Iterator[Hit]:
    """DM Protocol 8.3, in its sense. 1201 is right as well after a trigger that says that the client began.

    Whether a session was triggered is known where the suite played, or where the trigger was recorded.
    """
    named = {id(first): trigger for first, trigger, fits in _answered(view) if fits}
    triggers = [event.n for event in view.transcript.of("trigger") if _id(event)]
    played = bool(view.version)  # which a recording does not tell
    for first in filter(None, (_opening(view, session) for session in view.sessions)):
        code = next((alert.data for alert in first.alerts if alert.data in ("1200", "1201")), None)
        if id(first) in named:
            told = named[id(first)].data.get("fields")
            good = code == "1200" or (isinstance(told, dict) and told.get("initiator") == 0)
            yield view.check(good, first, "Alert 1200", f"Alert {code}", "session alert after a trigger")
        elif played and not any(n < first.event.n for n in triggers):
            yield view.check(code != "1200", first, "Alert 1201", "Alert 1200", "session alert without a trigger")
