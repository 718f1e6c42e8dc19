"""Rules of challenges and credentials (DM Protocol 9; DM Security 5.3).

Secrets are masked in a transcript: whether credentials were right is read from its facts, which strangers' sessions lack.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.judge.rule import Hit, View, rule
from conformance.judge.rules_package import dev_info
from conformance.judge.rules_transport import goes_to
from conformance.judge.session import NEXT_MESSAGE, NO_END_OF_DATA, SESSION_ABORT, Said, Session
from conformance.syncml.model import Alert, Chal, Command, Status
from conformance.transport.exchange import header

MAC = "syncml:auth-mac"
WITH_NONCE = ("syncml:auth-md5", MAC)
_TRIES = 5


def kind_of(value: str | None) -> str:
    """An authentication type as it compares."""
    return (value or "").strip().lower()


def shown_type(said: Said) -> str:
    """The type of the credentials of a message, "" where it has none; a MAC stands in the HTTP header."""
    shown = facts_of(said).get("integrity")
    found = isinstance(shown, dict) and shown.get("result") != "absent"
    if found or header(said.event.data.get("headers") or [], "x-syncml-hmac") is not None:
        return MAC
    kind = kind_of(said.header.cred.type) if said.header.cred is not None else ""
    return "a MAC in Cred" if kind == MAC else kind


def mac_unseen(said: Said) -> bool:
    """Whether nobody can know if a message had a MAC: its HTTP headers were not recorded."""
    return bool(said.event.data.get("headless")) and shown_type(said) != MAC


def chal_of(said: Said) -> Chal | None:
    """The challenge for the other side in a message."""
    return said.header_status.chal if said.header_status is not None else None


def facts_of(said: Said) -> dict[str, Any]:
    """What the recorder found out about a message: credentials, integrity."""
    facts = said.event.data.get("facts")
    return facts if isinstance(facts, dict) else {}


def nonce_print(said: Said) -> str:
    """Something that tells the nonces of two messages apart, "" where a message issues none or it is masked."""
    told = facts_of(said).get("next_nonce")
    if isinstance(told, dict):
        return str(told.get("print", ""))
    chal = chal_of(said)
    text = chal.next_nonce if chal is not None else None
    return text if text and "*" not in text else ""


def good(code: str | None) -> bool:
    """Whether a SyncHdr Status says that all is well."""
    return code is not None and code[:1] == "2"


@rule("DM-STA-008", title="401 and 407 for SyncHdr carry a Chal")
def challenge_there(view: View) -> Iterator[Hit]:
    """DM Protocol 9.1. On the Statuses of single commands none is demanded."""
    for said in view.mine:
        if said.refuses:
            yield view.check(chal_of(said) is not None, said, "a Chal", None, f"Status {said.code} for SyncHdr")


def _chals(said: Said) -> Iterator[tuple[Status, Chal]]:
    for status in said.statuses:
        if status.chal is not None:
            yield status, status.chal


@rule("DM-AUTH-006", title="md5 and MAC state Format b64")
def base64_stated(view: View) -> Iterator[Hit]:
    """DM RepPro 6.1.2, 6.1.6. Basic may leave it out."""
    for said in view.mine:
        for _, chal in _chals(said):
            if kind_of(chal.type) in WITH_NONCE:
                yield view.check(chal.format == "b64", said, "Format b64", chal.format, f"Chal of type {chal.type}")
        cred = said.header.cred
        if cred is not None and kind_of(cred.type) == "syncml:auth-md5":
            yield view.check(cred.format == "b64", said, "Format b64", cred.format, "Cred of type md5")


@rule("DM-AUTH-022", title="challenges of type md5 and MAC carry a NextNonce")
def nonce_there(view: View) -> Iterator[Hit]:
    """DM Security 5.3.3. Whether a Chal in a good Status is a challenge is not said, so that it may leave the nonce out.

    Not so where 200 asks for the same credentials with the next message and an empty nonce is all that comes for them.
    """
    for said in view.mine:
        for status, chal in _chals(said):
            if kind_of(chal.type) in WITH_NONCE and (status.cmd == "SyncHdr" or status.cmd_ref == "0"):
                there = bool((chal.next_nonce or "").strip())
                what = f"NextNonce of the Chal with Status {status.data}"
                open_ = good(status.data) and not (chal.next_nonce is not None and _asks_again(said, status, chal))
                yield view.check(there, said, "a nonce", chal.next_nonce, what, tolerated=open_)


def _asks_again(said: Said, status: Status, chal: Chal) -> bool:
    """Whether a Status of 200 asks for credentials of the type of its Chal with the next message (DM Protocol 9.1)."""
    return status.data == "200" and said.answers is not None and shown_type(said.answers) == kind_of(chal.type)


@rule("DM-AUTH-013", title="a challenge to wrong credentials has a new nonce")
def new_nonce(view: View) -> Iterator[Hit]:
    """DM Security 5.3.3: one more challenge, because the nonce may be stale. Further ones are not asked for."""
    given: set[str] = set()
    for session in view.sessions:
        before, enough = "", False
        for said in session.by(view.side):
            mark = nonce_print(said) if said.refuses else ""
            if mark and not before and view.judged(said) and not said.repeated and _showed_nonce(said.answers):
                what = "nonce of the challenge to credentials that may be stale"
                yield view.check(mark not in given, said, "a new nonce", "one that was given before", what)
            given.add(nonce_print(said) if not said.repeated else "")
            if mark and before and view.judged(said):
                what = "nonce of the second challenge"
                yield view.check(mark != before, said, "another nonce", "the same", what, tolerated=enough)
            if mark:
                enough = enough or bool(before) or (said.answers is not None and bool(shown_type(said.answers)))
            before = mark or before


def _showed_nonce(said: Said | None) -> bool:
    """Whether a message shows credentials that a nonce goes into."""
    return said is not None and shown_type(said) in WITH_NONCE


@rule("DM-AUTH-005", "DM-HMAC-006", title="Cred stands in SyncHdr only, and holds no MAC")
def cred_place(view: View) -> Iterator[Hit]:
    """DM RepPro 6.1.6, DM Security 5.4.1."""
    for said in view.mine:
        wrong = [placed.command.name for placed in said.walked if placed.command.cred is not None]
        yield view.check(not wrong, said, "Cred in SyncHdr only", ", ".join(wrong), "Cred of a command")
        cred = said.header.cred
        if cred is not None:
            yield view.check(
                kind_of(cred.type) != MAC, said, "the MAC in the HTTP header", cred.type, "type of Cred", "DM-HMAC-006"
            )


@rule("DM-AUTH-020", title="212 answers credentials")
def session_code(view: View) -> Iterator[Hit]:
    """RepPro 10. Once credentials came in a session, 212 to a later message without them is seen in the samples."""
    for session in view.sessions:
        given = False
        for said in session.said:
            if said.side != view.side:
                given = given or bool(shown_type(said))
            elif view.judged(said) and said.code == "212" and said.answers is not None:
                yield view.check(given, said, "200", "212", "Status for SyncHdr of a message without credentials")


@rule("DM-AUTH-010", title="credentials are repeated after 200")
def repeated(view: View) -> Iterator[Hit]:
    """DM Protocol 9.1. Integrity by MAC has a rule of its own."""
    for said, before, answer in _followups(view):
        shown = shown_type(before)
        if shown in ("", MAC) or answer.code != "200" or said.has_alert(SESSION_ABORT):
            continue
        if _session_accepted(said):
            continue
        yield view.check(bool(shown_type(said)), said, "credentials", None, "the message after Status 200 to credentials")


def _followups(view: View) -> Iterator[tuple[Said, Said, Said]]:
    """Messages of the side with its message before and the answer to that one in between."""
    for said in view.mine:
        answer = said.answers
        if answer is None or said.repeated:
            continue
        if said.before is not None and answer.answers is said.before and not answer.made:
            yield said, said.before, answer


def _session_accepted(said: Said) -> bool:
    """Whether the other side said 212 before in the session."""
    return any(place < said.index for side, place in said.session.kept(_accepting).items() if side != said.side)


def _accepting(session: Session) -> dict[str, int]:
    """Side to the place of its first message that says 212."""
    return {said.side: said.index for said in reversed(session.said) if said.code == "212"}


def in_doubt(view: View, said: Said, nonce: str) -> bool:
    """Whether the nonce to begin with is open: the session before ended by a refusal, or its newest nonce came in a message
    that the side refused, and a nonce of somebody who had not shown himself is not kept (DM Security 5.3.4); or triggers went
    unanswered (DM Notification 5.1); or the power failed; or it answers what it cannot read."""
    at = view.sessions.index(said.session)
    unread = said.code in ("505", "513")
    if was_challenged(said):
        return unread
    if view.side == "server" and nonce == "default" and any(e.n < said.event.n for e in view.transcript.of("trigger")):
        return True
    return unread if at == 0 else _unsettled(view, view.sessions[at - 1], said)


def _unsettled(view: View, before: Session, said: Said) -> bool:
    """Whether a session ended by a refusal or the power failed after it, or a side refused the message with the newest nonce."""
    mine, others = before.by(view.side), before.by(view.other)
    newest = next((each for each in reversed(others) if (chal := chal_of(each)) and chal.next_nonce), None)
    ended = any(end.refuses or view.cut(end.event.n, said.event.n) for end in (*mine[-1:], *others[-1:]))
    return ended or any((each.code or "")[:1] in ("4", "5") for each in mine if newest is not None and each.answers is newest)


@rule("DM-AUTH-010", "DM-AUTH-007", title="credentials are made with the newest nonce by the formula")
def facts_right(view: View) -> Iterator[Hit]:
    """DM Security 5.3.2, DM Protocol 9.1. Without a challenge in the session, which nonce counts is open."""
    for said in view.mine:
        shown = facts_of(said).get("credentials")
        if not isinstance(shown, dict) or shown.get("type") != "md5":
            continue
        result, nonce = shown.get("result"), shown.get("nonce") or "unknown"
        challenged = was_challenged(said)
        if result == "right":
            yield view.ok(said, "DM-AUTH-010")
            yield view.ok(said, "DM-AUTH-007")
        elif result == "stale" and not in_doubt(view, said, nonce):
            what = "nonce of the md5 credentials"
            open_ = not challenged or deaf(said)
            yield view.broken(said, "the newest nonce", f"the {nonce} one", what, "DM-AUTH-010", tolerated=open_)
        elif result == "wrong" and challenged:
            expected = "B64(MD5(B64(MD5(name:password)):nonce))"
            yield view.broken(said, expected, "another value", "md5 credentials after a challenge", "DM-AUTH-007")


def was_challenged(said: Said) -> bool:
    """Whether the other side gave a nonce in this session before."""
    return any(place < said.index for side, place in said.session.kept(_challenging).items() if side != said.side)


def deaf(said: Said) -> bool:
    """Whether a server that refuses a device has refused every message in which that device gave it a nonce. To take a nonce
    from somebody who has not shown himself is a SHOULD (DM Security 5.3.4), and a refusal commands nothing."""
    if said.side != "server" or not said.refuses:
        return False
    for each in said.session.by(said.side):
        chal = chal_of(each.answers) if each.answers is not None else None
        if each.index <= said.index and not each.refuses and chal is not None and chal.next_nonce:
            return False
    return True


def _challenging(session: Session) -> dict[str, int]:
    """Side to the place of its first message that challenges with a nonce."""
    found: dict[str, int] = {}
    for said in reversed(session.said):
        chal = chal_of(said)
        if chal is not None and chal.next_nonce and said.code != "212":
            found[said.side] = said.index
    return found


@rule("DM-AUTH-011", title="the type of authentication is constant")
def constant_type(view: View) -> Iterator[Hit]:
    """DM Protocol 9.1: once authentication has happened. A side that is asked for another type is not to blame; who has
    taken credentials asks for no other type."""
    for session in view.sessions:
        settled = taken = ""
        for said in session.said:
            if said.side == view.side:
                asked = kind_of((chal_of(said) or Chal()).type) if said.refuses else ""
                if asked and taken and view.judged(said):
                    yield view.check(asked == taken, said, taken, asked, "type of the challenge")
                if said.answers is not None and good(said.code):
                    taken = shown_type(said.answers) or taken
                shown = shown_type(said)
                chal = chal_of(said.answers) if said.answers is not None else None
                if chal is not None and kind_of(chal.type) == shown:
                    settled = shown
                if shown and settled and view.judged(said):
                    yield view.check(shown == settled, said, settled, shown, "type of the credentials")
            elif not settled and said.answers is not None and good(said.code):
                settled = shown_type(said.answers)


def _challenges(view: View) -> Iterator[tuple[Said, Said, Chal]]:
    """Messages of the side that go on after a challenge: the message, the challenge and its Chal."""
    for said in view.mine:
        answer = said.answers
        if answer is None or said.excused or said.repeated or not answer.refuses or said.has_alert(SESSION_ABORT):
            continue
        chal = chal_of(answer)
        if chal is None or answer.made or (kind_of(chal.type) == MAC and mac_unseen(said)):
            continue
        yield said, answer, chal


@rule("DM-AUTH-001", "DM-AUTH-002", "DM-AUTH-003", sides=("client",), title="a challenged client begins again")
def client_retries(view: View) -> Iterator[Hit]:
    """DM Protocol 9, 9.1. To give up is no breach."""
    for said, answer, chal in _challenges(view):
        wanted, shown = kind_of(chal.type), shown_type(said)
        what = "the message after a challenge"
        yield view.check(said.header_status is not None, said, "a Status for SyncHdr", None, what, "DM-AUTH-003")
        there = goes_to(said)
        if there is not None:
            yield view.check(there, said, answer.header.resp_uri or "", "another address", what, "DM-AUTH-003")
        challenged = answer.answers
        if challenged is None or not challenged.opens:
            continue
        if wanted:
            yield view.check(shown == wanted, said, f"credentials of type {chal.type}", shown or None, what)
        alone = bool(dev_info(said)) and said.opens
        yield view.check(alone, said, "the session alert and DevInfo again", "a message without", what, "DM-AUTH-002")


@rule("DM-AUTH-021", "DM-AUTH-003", sides=("server",), title="a challenged server that repeats gives credentials")
def server_retries(view: View) -> Iterator[Hit]:
    """DM Protocol 9.1, 9.2. To give up is no breach."""
    for said, _, chal in _challenges(view):
        if not said.commands or said.refuses:
            continue
        wanted, shown = kind_of(chal.type), shown_type(said)
        what = "commands after a challenge of the client"
        yield view.check(said.header_status is not None, said, "a Status for SyncHdr", None, what, "DM-AUTH-003")
        if wanted:
            yield view.check(shown == wanted, said, f"credentials of type {chal.type}", shown or None, what)


@rule("DM-AUTH-018", title="credentials of another type than asked for are not accepted")
def wrong_type(view: View) -> Iterator[Hit]:
    """DM Security 5.4.1."""
    for said in view.mine:
        answered = said.answers
        if answered is None or answered.answers is None or answered.answers.side != said.side:
            continue
        challenge = answered.answers
        chal = chal_of(challenge)
        shown = shown_type(answered)
        if chal is None or not challenge.refuses or not shown or not kind_of(chal.type):
            continue
        if shown == kind_of(chal.type):
            yield view.ok(said)
        elif said.code is not None:
            what = f"credentials of type {shown}"
            yield view.check(not good(said.code), said, "401, or the end of the session", said.code, what)


@rule("DM-AUTH-004", title="an answer to failed authentication is nothing but Statuses")
def statuses_only(view: View) -> Iterator[Hit]:
    """DM Protocol 9.1. A client that is challenged itself begins again in the same message."""
    for said in view.mine:
        if not said.refuses or said.answers is None or said.answers.made:
            continue
        if said.side == "client" and (said.answers.refuses or said.opens):
            continue
        if said.has_alert(SESSION_ABORT):
            continue
        extra = [c.name for c in (*said.commands, *said.results) if said.side == "server" or not _asks_on(c)]
        yield view.check(not extra, said, "Statuses only", ", ".join(extra), f"a message with Status {said.code} for SyncHdr")


def _asks_on(command: Command) -> bool:
    """Whether a client asks for the rest of a package, or says that a large object did not end: that has no other place."""
    return isinstance(command, Alert) and command.data in (NEXT_MESSAGE, NO_END_OF_DATA)


@rule("DM-AUTH-016", sides=("client",), title="commands of a server that is not authenticated are not executed")
def not_executed(view: View) -> Iterator[Hit]:
    """DM Protocol 9."""
    for book in view.books:
        for owed in book.owed:
            if owed.statuses and book.refused(owed.said) and view.judged(owed.statuses[0].said):
                code = owed.code
                yield view.check(not good(code), owed.statuses[0].said, "401 or 407", code, f"Status for {owed.what}")


@rule("DM-AUTH-019", title="authentication is given up after a few tries")
def few_tries(view: View) -> Iterator[Hit]:
    """Field practice."""
    for session in view.sessions:
        tries = 0
        for said in session.by(view.side):
            if said.answers is not None and said.answers.refuses and not said.copy:
                tries += 1
                if tries > _TRIES and view.judged(said):
                    yield view.broken(said, f"at most {_TRIES} tries", f"{tries}", "tries to authenticate in one session")
                    break
        if 0 < tries <= _TRIES:
            yield view.ok()
