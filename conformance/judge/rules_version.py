"""The rule of versions: a server answers a client in the version that it speaks (DM 1.1.2)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judge.rule import Hit, View, rule

OLD = ("1.1", "DM/1.1")
"""VerDTD and VerProto of DM 1.1.2."""
MISMATCH = ("505", "513")
"""Codes of a SyncHdr Status that refuse a version."""


@rule("DM-V11-001", sides=("server",), title="a client of DM 1.1.2 is answered in DM 1.1.2 or refused")
def version(view: View) -> Iterator[Hit]:
    """DM 1.1.2; how a refusal is written is not said."""
    for said in view.mine:
        asked = said.answers
        if asked is None or (asked.header.ver_proto or "").strip() != OLD[1]:
            continue
        came = ((said.header.ver_dtd or "").strip(), (said.header.ver_proto or "").strip())
        good = came == OLD or said.code in MISMATCH
        yield view.check(good, said, " and ".join(OLD), " and ".join(came), "VerDTD and VerProto of the answer")
