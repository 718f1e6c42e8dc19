"""Rules of what a server lets pass of a device that shows itself no more."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judge.rule import Hit, View, rule
from conformance.judge.rules_authentication import MAC, shown_type


@rule("DM-AUTH-023", sides=("server",), title="what 200 asks for again is missed where it does not come")
def missed(view: View) -> Iterator[Hit]:
    """DM Security 5.3, DM Protocol 9.1: a server that says 200 to credentials, and never 212, takes them for one message; the
    next one without them is not authenticated. Authentication codes have cases of their own."""
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
            yield view.check(said.refuses, said, "401 or 407", said.code, what)
