"""Rules of what credentials are worth later: nonces that come again, and messages that lack what was asked for."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judge.rule import Hit, View, rule
from conformance.judge.rules_authentication import MAC, WITH_NONCE, chal_of, facts_of, kind_of, nonce_print, shown_type
from conformance.judge.session import Said
from conformance.syncml.model import b64


@rule("DM-AUTH-012", title="nonces are long and new")
def nonce_quality(view: View) -> Iterator[Hit]:
    """DM Security 5.3.3: at least 16 octets, another one for each session."""
    seen: dict[str, Said] = {}
    for said in view.mine:
        chal = chal_of(said)
        if chal is None or kind_of(chal.type) not in WITH_NONCE or not chal.next_nonce:
            continue
        told = facts_of(said).get("next_nonce")
        length = told.get("length") if isinstance(told, dict) else None
        if length is None and "*" not in chal.next_nonce:
            octets = b64(chal.next_nonce)
            length = None if octets is None else len(octets)
        if isinstance(length, int):
            yield view.check(length >= 16, said, "at least 16 octets", f"{length}", "length of the nonce")
        mark = nonce_print(said)
        if mark:
            first = seen.setdefault(mark, said)
            known = first.session is said.session or _resent(first, said)
            yield view.check(known, said, "a new nonce", "one of an earlier session", "nonce of the challenge")


def _resent(first: Said, said: Said) -> bool:
    """Whether the same octets answer the same octets: who looks for messages that come twice knows no new session by them."""
    pairs = [(each.event, each.answers.event) for each in (first, said) if each.answers is not None]
    told = [tuple(event.data.get("sha256") for event in pair) for pair in pairs]
    return len(told) == 2 and told[0] == told[1] and all(told[0])


@rule("DM-AUTH-023", sides=("server",), title="what 200 asks for again is missed where it does not come")
def missed(view: View) -> Iterator[Hit]:
    """DM Security 5.3, DM Protocol 9.1: a server that says 200 to credentials, and never 212, takes them for one message; the
    next one without them is not authenticated. The text binds who has to send them, and that they are to be missed only
    follows from it: a warning. Authentication codes have cases of their own."""
    for session in view.sessions:
        for_all = False
        for said in session.by(view.side):
            asked = said.answers
            before = asked.answers if asked is not None else None
            for_all = for_all or said.code == "212"
            if for_all or asked is None or before is None or not view.judged(said) or said.repeated:
                continue
            shown = shown_type(before.answers) if before.answers is not None else ""
            if before.code != "200" or shown in ("", MAC) or shown_type(asked):
                continue
            what = "Status for SyncHdr of a message without the credentials that 200 asked for"
            yield view.check(said.refuses, said, "401 or 407", said.code, what, tolerated=True)
