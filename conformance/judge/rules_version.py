"""The rules of versions: a server answers a client in the version that it speaks, with nothing newer (DM 1.1.2)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judge.rule import Hit, View, rule
from conformance.judge.session import Said
from conformance.syncml.model import Item

OLD = ("1.1", "DM/1.1")
"""VerDTD and VerProto of DM 1.1.2."""
MISMATCH = ("505", "513")
"""Codes of a SyncHdr Status that refuse a version."""
_TNDS = "dmtnds"
"""Part of both media types of a serialised tree."""


def is_old(said: Said) -> bool:
    """Whether the client of the session speaks DM 1.1, which its server may answer in kind."""
    first = said.session.first
    return first is not None and (first.header.ver_dtd or "").startswith("1.1")


@rule("DM-V11-001", sides=("server",), title="a client of DM 1.1.2 is answered in DM 1.1.2 or refused")
def version(view: View) -> Iterator[Hit]:
    """DM 1.1.2; how a refusal is written is not said."""
    for said in view.mine:
        asked = said.answers
        if asked is None or asked.header.ver_proto != OLD[1]:
            continue
        came = (said.header.ver_dtd, said.header.ver_proto)
        good = came == OLD or said.code in MISMATCH
        shown = " and ".join(value or "nothing" for value in came)
        yield view.check(good, said, " and ".join(OLD), shown, "VerDTD and VerProto of the answer")


@rule("DM-V11-002", sides=("server",), title="no serialised tree goes to a DM 1.1 client")
def no_tnds(view: View) -> Iterator[Hit]:
    """TNDS came with DM 1.2, as a type of data and as a way to read the tree."""
    for said in view.mine:
        if not is_old(said):
            continue
        found = [
            item.target or placed.command.name
            for placed in said.walked
            for item in placed.command.items
            if _serialised(item, placed.command.meta_of(item).type)
        ]
        yield view.check(not found, said, "no TNDS", ", ".join(found), "what DM 1.1 does not have")


def _serialised(item: Item, type_: str | None) -> bool:
    return _TNDS in (type_ or "").lower() or "?list=tnds" in (item.target or "").lower()
