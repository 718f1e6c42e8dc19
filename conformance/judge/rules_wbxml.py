"""Rules of WBXML as it is seen on any message: label, version, code pages, binary data, sizes (wire facts 1; DM RepPro 5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.judge.rule import Hit, View, rule
from conformance.judge.rules_form import WBXML_VERSIONS, binary_in_wbxml, unknown_versions, unread
from conformance.judge.rules_integrity import mac_right
from conformance.judge.rules_transport import message_size
from conformance.judge.session import CLIENT, Said
from conformance.syncml.element import METINF, SYNCML, Element
from conformance.syncml.tokens import DM_WBXML, DM_XML, TOKENS
from conformance.transcript import Event
from conformance.transport.exchange import header

_LABELS = {"xml": DM_XML, "wbxml": DM_WBXML}
_VERSIONS = ("1.1", "1.2", "1.3")
_ANYTHING = ("*/*", "application/*")
_UNDEFINED = "is not defined on the page of"
"""What the reader says of a tag that the table does not have."""
_OPAQUE = "OPAQUE of "
_SHORT = 128
"""Octets from which on a length takes two octets."""


def _wbxml(view: View) -> Iterator[Said]:
    return (said for said in view.mine if said.decoded.encoding == "wbxml")


def _spoilt(view: View) -> Iterator[tuple[Event, str]]:
    """Bodies of the side that begin as WBXML and cannot be read, with the reason."""
    return ((event, reason) for event, reason in unread(view) if event.octets and event.octets[0] in WBXML_VERSIONS)


@rule("WBXML-001", title="the label of a message is that of its encoding")
def label(view: View) -> Iterator[Hit]:
    """DM RepPro 5.1. Parameters, upper and lower case are free."""
    for said in view.mine:
        if said.media:
            wanted = _LABELS[said.decoded.encoding]
            came = said.media.partition(";")[0].strip().lower()
            yield view.check(came == wanted, said, wanted, said.media, f"label of a body in {said.decoded.encoding}")


@rule("WBXML-002", title="the first octet is that of WBXML 1.1, 1.2 or 1.3")
def version(view: View) -> Iterator[Hit]:
    """DM RepPro 5.2."""
    for said in _wbxml(view):
        came = said.decoded.wbxml_version
        yield view.check(came in _VERSIONS, said, "WBXML 1.1, 1.2 or 1.3", came, "version of the document")
    yield from unknown_versions(view)


@rule("WBXML-009", "WBXML-010", title="elements are coded on the page of their own")
def pages(view: View) -> Iterator[Hit]:
    """Token tables of SyncML 1.2. WBXML as such allows a literal for any name, so that one is tolerated."""
    for said in _wbxml(view):
        strangers: list[str] = []
        metas: list[str] = []
        for parent in said.decoded.root.walk():
            _misplaced(parent, strangers, metas)
        what = "an element of another page"
        yield view.check(not strangers, said, "elements of page 0", ", ".join(strangers[:5]), what)
        if any(element.name == "Meta" and element.children for element in said.decoded.root.walk()):
            expected = "the children of Meta on page 1"
            yield view.check(not metas, said, expected, ", ".join(metas[:5]), "children of Meta", "WBXML-010")
        for note in said.decoded.observations:
            name = note.detail.removeprefix("element ").partition(" ")[0]
            if note.code == "literal-tag" and name in TOKENS[0]:
                yield view.broken(said, "the token of the table", f"a literal {name}", "coding of a tag", tolerated=True)
    for event, reason in _spoilt(view):
        if _UNDEFINED in reason:
            yield view.broken(event, "tokens of the tables", reason, "a tag that no table has")


def _misplaced(parent: Element, strangers: list[str], metas: list[str]) -> None:
    """Notes children that stand on page 1 where page 0 is due, and the other way round."""
    for child in parent.children:
        if parent.vocabulary == SYNCML and parent.name == "Meta":
            if child.vocabulary == SYNCML and child.name in TOKENS[0]:
                metas.append(child.name)
        elif parent.vocabulary == SYNCML and child.vocabulary == METINF and parent.name != "Data":
            strangers.append(child.name)


@rule("WBXML-016", title="Format agrees with what binary data is")
def binary(view: View) -> Iterator[Hit]:
    """DM TND 7.7.2."""
    for hit in binary_in_wbxml(view):
        yield replace(hit, requirement="WBXML-016")


@rule("WBXML-018", title="long opaque data has its length in several octets")
def long_opaque(view: View) -> Iterator[Hit]:
    """WBXML: a length of one octet ends at 127, so that a longer one runs into what follows."""
    for said in _wbxml(view):
        if any(e.octets is not None and len(e.octets) >= _SHORT for e in said.decoded.root.walk()):
            yield view.ok(said)
    for event, reason in _spoilt(view):
        if reason.startswith(_OPAQUE):
            yield view.broken(event, "the length of the data", reason, "length of OPAQUE")


@rule("WBXML-031", sides=("server",), title="the server keeps to an encoding that the client offered")
def encoding_kept(view: View) -> Iterator[Hit]:
    """Suite policy. Offered is what the client used in the session, and what it lists in Accept."""
    for session in view.sessions:
        offered: set[str] = set()
        before = ""
        for said in session.said:
            if said.side == CLIENT:
                offered |= {said.decoded.encoding} | _accepted(said)
            elif view.judged(said):
                now = said.decoded.encoding
                if before:
                    good = now == before or now in offered
                    yield view.check(good, said, before, now, "encoding within the session")
                before = now


def _accepted(said: Said) -> set[str]:
    value = (header(said.event.data.get("headers") or [], "accept") or "").lower()
    if any(kind in value for kind in _ANYTHING):
        return set(_LABELS)
    return {encoding for encoding, kind in _LABELS.items() if kind in value}


@rule("WBXML-032", title="the MAC covers the octets of WBXML as they travel")
def mac_over_wbxml(view: View) -> Iterator[Hit]:
    """DM Security 5.4.2."""
    wbxml = {said.event.n for said in _wbxml(view)}
    for hit in mac_right(view):
        if hit.event in wbxml and hit.requirement in ("", "DM-HMAC-002"):
            yield replace(hit, requirement="WBXML-032")


@rule("WBXML-033", title="a nonce is the same in whatever form it travels")
def nonce_forms(view: View) -> Iterator[Hit]:
    """A sender writes Base64 text; a receiver makes its next credentials of the octets that this stands for."""
    for said in _wbxml(view):
        raw = [note for note in said.decoded.observations if note.code == "raw-nonce"]
        if raw:
            yield view.broken(said, "Base64 text", "raw octets", "NextNonce in WBXML", tolerated=True)
        given = said.answers.header_status if said.answers is not None else None
        nonce = given.chal.next_nonce if given is not None and given.chal is not None else None
        facts = said.event.data.get("facts")
        shown = facts.get("credentials") if isinstance(facts, dict) else None
        if nonce and isinstance(shown, dict) and shown.get("type") == "md5" and shown.get("result") in ("right", "wrong"):
            good = shown["result"] == "right"
            yield view.check(good, said, "credentials with that nonce", "another value", "md5 after a nonce in WBXML")


@rule("WBXML-034", sides=("server",), title="a message in WBXML is no larger than the client takes")
def wbxml_size(view: View) -> Iterator[Hit]:
    """MetInf: the octets of the body as they travel count."""
    wbxml = {said.event.n for said in _wbxml(view)}
    for hit in message_size(view):
        if hit.event in wbxml:
            yield replace(hit, requirement="WBXML-034")
