"""Rules of what a device says of its nodes and of itself wherever it is asked (DM TND 7, DM StdObj 5.3, DM Protocol 7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

from conformance.dm.acl import parse
from conformance.fumo.object import OPERATIONS
from conformance.judge.answer import Owed, Reference
from conformance.judge.operation import plain
from conformance.judge.rule import Hit, View, rule
from conformance.judge.rules_largeobject import received
from conformance.judge.rules_package import device_information
from conformance.judge.session import SESSION_ABORT, Said
from conformance.syncml.held import is_held
from conformance.syncml.model import Add, Command, Get, Item, Replace, Results, text_of

SIDE = ("client",)
_READ_ONLY = ("Format", "Size", "TStamp", "Type", "VerNo")
"""Properties that no server may write (DM TND 7.5)."""
_STAMP = re.compile(r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])[0-5]\d([0-5]\d|60)Z")
_MOST = 0xFFFF
_OBJECTS = {"DevInfo": "urn:oma:mo:oma-dm-devinfo:", "DevDetail": "urn:oma:mo:oma-dm-devdetail:"}
_LARGE = "DevDetail/LrgObj"
_NUMBERS = ("Size", "VerNo")
"""Properties that are numbers."""
_DIGITS = 10
"""Digits of an unsigned number of 32 bits."""
_PROPERTY = "?prop="


def property_of(uri: str | None) -> str:
    """The property that a URI addresses, "" where it addresses a node."""
    _, mark, name = (uri or "").partition(_PROPERTY)
    return name if mark else ""


def told(view: View) -> Iterator[tuple[Said, str, Item, Command]]:
    """Values of properties that the side sends: the client in Results, the server in Replace."""
    for book in view.books:
        for ref in book.references:
            if isinstance(ref.answer, Results) and view.judged(ref.said):
                for item in ref.answer.items:
                    name = property_of(item.source) or _property_asked(ref)
                    if name and not item.more:
                        yield ref.said, name, item, ref.answer
    for said in view.mine if view.side == "server" else ():
        for placed in said.walked:
            for item in placed.command.items if isinstance(placed.command, Replace) else ():
                name = property_of(item.target)
                if name and not item.more:
                    yield said, name, item, placed.command


def _property_asked(ref: Reference) -> str:
    """The property that a Get of a single Item asked for, where the Results do not say."""
    command = ref.owed.command if ref.owed is not None else None
    if not isinstance(command, Get) or len(command.items) != 1 or len(ref.answer.items) != 1 or ref.answer.items[0].source:
        return ""
    return property_of(command.items[0].target)


@rule("DM-ACL-008", title="ACL values follow the grammar")
def acl(view: View) -> Iterator[Hit]:
    """DM TND 7.7.1.5. White space around the whole value is a matter of layout."""
    for said, name, item, command in told(view):
        if name == "ACL" and not is_held(item.data):
            value = text_of(item, command.meta_of(item)).strip()
            expected = "Command=server+server&Command=*, or nothing"
            yield view.check(parse(value) is not None, said, expected, value, f"ACL in {command.name}")


@rule("DM-TND-016", sides=("client",), title="values of properties are text, numbers are decimal")
def property_value(view: View) -> Iterator[Hit]:
    """DM TND 7.4."""
    for said, name, item, command in told(view):
        if item.data is None or is_held(item.data):
            continue
        what = f"value of the property {name}"
        raw = isinstance(item.data, bytes)
        yield view.check(not raw, said, "UTF-8 text", item.data, what)
        if name in _NUMBERS and not raw:
            value = text_of(item, command.meta_of(item)).strip()
            good = value.isascii() and (value == "" or (value.isdigit() and len(value) <= _DIGITS))
            yield view.check(good, said, "a decimal number", value, what)


def _values(view: View, name: str) -> Iterator[tuple[Said, str, str]]:
    """Values of one property that the device gave: the message, the node, the value."""
    for said, found, item, command in told(view):
        if found == name and item.source and not is_held(item.data) and not isinstance(item.data, bytes):
            node = plain(item.source.partition("?")[0])
            yield said, node, text_of(item, command.meta_of(item)).strip()


@rule("DM-ACL-004", sides=SIDE, title="the ACL of the root is not empty")
def root_acl(view: View) -> Iterator[Hit]:
    """DM TND 7.7.1.1."""
    for said, node, value in _values(view, "ACL"):
        if node in (".", ""):
            yield view.check(bool(value), said, "an ACL", value, "ACL of the root")


@rule("DM-TND-010", sides=SIDE, title="TStamp and VerNo have their forms")
def stamps(view: View) -> Iterator[Hit]:
    """DM TND 7.7.6, 7.7.8. A property that was never set is empty."""
    for said, node, value in _values(view, "TStamp"):
        if value:
            yield view.check(bool(_STAMP.fullmatch(value)), said, "20010711T163817Z, say", value, f"TStamp of {node}")
    for said, node, value in _values(view, "VerNo"):
        if value:
            good = value.isascii() and value.isdigit() and len(value) < 9 and int(value) <= _MOST
            yield view.check(good, said, "0 to 65535", value, f"VerNo of {node}")


@rule("DM-TND-012", sides=SIDE, title="Name is the last segment of the URI")
def names(view: View) -> Iterator[Hit]:
    """DM TND 6.2.4. Trees may take no notice of case; names may be escaped or not; the root has no segment."""
    for said, node, value in _values(view, "Name"):
        wanted = node.rpartition("/")[2]
        if wanted not in ("", "."):
            same = wanted.casefold() == value.casefold()
            loosely = unquote(wanted).casefold() == unquote(value).casefold()
            yield view.check(same, said, wanted, value, f"Name of {node}", tolerated=loosely)


@rule("DM-STD-010", sides=SIDE, title="Type of a management object is its identifier, or empty")
def object_type(view: View) -> Iterator[Hit]:
    """DM TND 7.7.7.2. Objects whose place is fixed; that of firmware updates has a requirement of its own."""
    for said, node, value in _values(view, "Type"):
        wanted = _OBJECTS.get(node)
        if wanted is not None and value and said.header.ver_dtd != "1.1":  # which has other names for its objects
            yield view.check(value.lower().startswith(wanted), said, f"{wanted}1.0", value, f"Type of {node}")


def _interior(view: View) -> set[str]:
    """Nodes that are interior in every device that has them."""
    operations = {f"{root}/{name}" for root in view.activity.objects for name in OPERATIONS}
    return {".", "", "DevInfo", "DevDetail", "DevDetail/URI", *view.activity.objects, *operations}


@rule("DM-TND-015", sides=SIDE, title="the Format of an interior node is node")
def interior_format(view: View) -> Iterator[Hit]:
    """DM TND 7.7.2. One edition of the tables prints chr for the operations of firmware update."""
    for said, node, value in _values(view, "Format"):
        if node in _interior(view):
            slip = value == "chr" and node.rpartition("/")[2] in OPERATIONS
            yield view.check(value == "node", said, "node", value, f"Format of {node}", tolerated=slip)


@rule("DM-TND-005", sides=SIDE, title="an interior node has no Size")
def interior_size(view: View) -> Iterator[Hit]:
    """DM TND 7.2."""
    for owed, item, code, said in _asked(view):
        node, mark, name = plain(item.target).partition("?prop=")
        if isinstance(owed.command, Get) and mark and name == "Size" and node in _interior(view):
            yield view.check(code[:1] != "2", said, "406", code, f"Status for Get of the Size of {node}")


@rule("DM-STD-002", sides=SIDE, title="DevInfo has its five leaves")
def device_info(view: View) -> Iterator[Hit]:
    """DM StdObj 5.3.2, as package #1 tells them."""
    for hit in device_information(view):
        if hit.requirement == "DM-SES-004":
            yield replace(hit, requirement="DM-STD-002")


def _asked(view: View) -> Iterator[tuple[Owed, Item, str, Said]]:
    """Commands of one Item with the code of their only Status."""
    for book in view.books:
        for owed in book.owed:
            if len(owed.command.items) == 1 and len(owed.codes) == 1 and not owed.said.made and not book.refused(owed.said):
                said = owed.statuses[0].said
                if view.judged(said):
                    yield owed, owed.command.items[0], owed.codes[0], said


@rule("DM-TND-017", "DM-TND-007", sides=SIDE, title="properties are not created, and those of the device not written")
def property_commands(view: View) -> Iterator[Hit]:
    """DM TND 7.1, 7.5. Another code than 405 is an error all the same."""
    for owed, item, code, said in _asked(view):
        name = property_of(item.target)
        if isinstance(owed.command, Add) and name:
            yield view.check(code[:1] != "2", said, "an error", code, f"Status for {owed.what} of a property")
        elif isinstance(owed.command, Replace) and name in _READ_ONLY:
            what = f"Status for {owed.what} of the property {name}"
            yield view.check(code[:1] != "2", said, "405", code, what, "DM-TND-007")


@rule("DM-STD-007", sides=SIDE, title="Inbox cannot be read")
def inbox(view: View) -> Iterator[Hit]:
    """DM StdObj 5.3.4. A device without Inbox may say 404; other errors are tolerated."""
    for owed, item, code, said in _asked(view):
        uri = plain(item.target)
        if isinstance(owed.command, Get) and uri.split("/")[0] == "Inbox" and "?" not in uri:
            refused = code[:1] in ("4", "5")
            yield view.check(code in ("405", "404"), said, "405", code, f"Status for {owed.what}", tolerated=refused)


@rule("DM-STD-005", "DM-LOB-002", "DM-LOB-018", sides=SIDE, title="LrgObj tells what is done with large objects")
def large_objects(view: View) -> Iterator[Hit]:
    """DM StdObj 5.3.3, DM Protocol 7, 8.7."""
    said_so = [
        text_of(item, results.meta_of(item)).strip().lower()
        for said in view.mine for results in said.results for item in results.items if plain(item.source) == _LARGE
    ]
    if not said_so or len(set(said_so)) > 1 or said_so[0] not in ("true", "false"):
        return
    able = said_so[0] == "true"
    for stream, chunk, owed, _ in received(view):
        if not chunk.item.more:
            continue
        code, said = owed.code or "", owed.statuses[0].said
        what = f"LrgObj, with Status {code} for a chunk of {stream.node}"
        if code == "213":
            for requirement in ("DM-STD-005", "DM-LOB-002"):
                yield view.check(able, said, "true", said_so[0], what, requirement)
        elif code == "406":
            yield view.check(not able, said, "false", said_so[0], what)
    for said in view.mine if not able else ():
        if any(all(not item.more for item in alert.items) for alert in said.alerts):
            yield view.ok(said, "DM-LOB-018")
    for stream in view.streams:
        requirement = "DM-LOB-018" if stream.first.command.name == "Alert" else "DM-STD-005"
        what = f"LrgObj, with {stream.node} in several messages"
        yield view.check(able, stream.first.said, "true", said_so[0], what, requirement)


@rule("DM-LOB-021", sides=SIDE, title="large objects are taken")
def takes_chunks(view: View) -> Iterator[Hit]:
    """DM Protocol 7."""
    for stream, chunk, owed, _ in received(view):
        if chunk is stream.first and chunk.item.more and owed.code in ("213", "406"):
            what = f"Status for the first chunk of {stream.node}"
            yield view.check(owed.code == "213", owed.statuses[0].said, "213", owed.code, what)


@rule("DM-ABT-001", sides=SIDE, title="a session that is given up ends with Alert 1223")
def abort_said(view: View) -> Iterator[Hit]:
    """DM Protocol 8.1. Given up is one whose commands stay without an answer while another session begins.

    To give up after a challenge needs no word, nor does one who was cut off.
    """
    for place, session in enumerate(view.sessions[:-1]):
        last, later = session.exchanges[-1].response, view.sessions[place + 1].first
        if last is None or later is None or last.made or last.lost or session.over or last.refuses:
            continue
        if session.first is None or session.first.header.source != later.header.source or not last.commands:
            continue
        if view.judged(later) and not last.has_alert(SESSION_ABORT) and not view.cut(last.event.n, later.event.n):
            yield view.broken(later, "an answer, or Alert 1223", "another session", "the commands before have no answer")
    for said in view.mine:
        if said.has_alert(SESSION_ABORT):
            yield view.ok(said)
