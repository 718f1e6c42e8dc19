"""Rules of authentication codes, syncml:auth-MAC (DM Security 5.4). Whether one was right is read from the facts."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judge.rule import Hit, View, rule
from conformance.judge.rules_authentication import (
    MAC,
    chal_of,
    deaf,
    facts_of,
    good,
    in_doubt,
    kind_of,
    mac_unseen,
    nonce_print,
    shown_type,
    was_challenged,
)
from conformance.syncml.model import Chal


@rule("DM-HMAC-002", "DM-HMAC-005", title="the MAC is right and made with the newest nonce")
def mac_right(view: View) -> Iterator[Hit]:
    """DM Security 5.4.2, 5.4.4."""
    for said in view.mine:
        shown = facts_of(said).get("integrity")
        if not isinstance(shown, dict):
            continue
        result, challenged = shown.get("result"), was_challenged(said)
        if result == "right":
            yield view.ok(said)
            yield view.ok(said, "DM-HMAC-005")
        elif result == "stale" and not in_doubt(view, said, nonce := shown.get("nonce") or "unknown"):
            what = "nonce of the MAC"
            yield view.broken(said, "the newest nonce", f"the {nonce} one", what, "DM-HMAC-005", not challenged or deaf(said))
        elif result == "wrong" and challenged:
            yield view.broken(said, "B64(MD5(B64(MD5(name:password)):nonce:B64(MD5(body))))", "another value", "the MAC")


@rule("DM-HMAC-003", "DM-HMAC-005", title="a message with a MAC is answered 200 with a new nonce")
def mac_answered(view: View) -> Iterator[Hit]:
    """DM Security 5.4.3."""
    for session in view.sessions:
        before = ""
        for said in session.by(view.side):
            if said.refuses and kind_of((chal_of(said) or Chal()).type) == MAC:
                before = nonce_print(said)
            if not view.judged(said) or said.answers is None or shown_type(said.answers) != MAC or not good(said.code):
                continue
            chal = chal_of(said) or Chal()
            there = kind_of(chal.type) == MAC and bool(chal.next_nonce)
            actual = f"{said.code}, {'a' if there else 'no'} NextNonce"
            yield view.check(said.code == "200" and there, said, "200 and a NextNonce", actual, "the answer to a MAC")
            mark = nonce_print(said)
            if mark and before:
                yield view.check(mark != before, said, "a new nonce", "the one before", "nonce for the MAC", "DM-HMAC-005")
            before = mark or before


@rule("DM-HMAC-004", title="a MAC that was used once is used to the end")
def mac_kept(view: View) -> Iterator[Hit]:
    """DM Security 5.4.3. Its use in one direction only is not provided for."""
    for session in view.sessions:
        used = False
        for said in session.by(view.side):
            has = shown_type(said) == MAC
            if used and view.judged(said) and not mac_unseen(said):
                yield view.check(has, said, "x-syncml-hmac", None, "a message after one with a MAC")
            used = used or has
        theirs = [said for said in session.by(view.other) if shown_type(said) == MAC]
        if theirs and not used:
            late = next((s for s in session.by(view.side) if view.judged(s) and s.index > theirs[0].index), None)
            if late is not None and not late.refuses and not mac_unseen(late):
                yield view.broken(late, "x-syncml-hmac", None, "the other side uses a MAC", tolerated=True)
