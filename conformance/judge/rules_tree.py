"""Rules of the management tree: properties, lists and control lists as they come in Results (DM TND 7, 8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.judge.answer import Owed
from conformance.judge.lookup import full, item_document
from conformance.judge.operation import plain
from conformance.judge.rule import Hit, View, rule
from conformance.judge.session import Said
from conformance.syncml.held import is_held
from conformance.syncml.model import Add, Copy, Delete, Get, Item, Replace, Results, text_of

CLIENT = ("client",)
_STAMP = re.compile(r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])[0-5]\d([0-5]\d|60)Z")
_OBJECTS = {
    "./DevInfo": re.compile(r"urn:oma:mo:oma-dm-devinfo:\d+\.\d+"),
    "./DevDetail": re.compile(r"urn:oma:mo:oma-dm-devdetail:\d+\.\d+"),
}
"""Identifier by address, of the management objects that stand at the same place everywhere."""
_SECRETS = ("AAuthSecret", "AAuthData", "ClientPW", "ServerPW", "ClientNonce", "ServerNonce")
_VERSIONS = 1 << 16
_LINES = re.compile("[\\x00-\\x1f\\x7f]")
"""What no name of a node has: control characters, line ends among them."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One Item of Results that answers a Get: the node and the query of the address that was asked for."""

    said: Said
    owed: Owed
    node: str
    query: str
    item: Item

    @property
    def text(self) -> str:
        """The value as text."""
        return text_of(self.item)

    @property
    def what(self) -> str:
        """The address for a reader."""
        return f"{self.node}?{self.query}" if self.query else self.node


def shown(view: View) -> Iterator[Shown]:
    """Every Item of Results that the side sent and whose Get is known without doubt, and that is whole."""
    for book in view.books:
        for owed in book.owed:
            if not isinstance(owed.command, Get) or owed.said.made:
                continue
            targets = {item.target or "" for item in owed.command.items}
            for ref in owed.results:
                if isinstance(ref.answer, Results) and view.judged(ref.said):
                    yield from _items(ref.said, owed, ref.answer, targets)


def _items(said: Said, owed: Owed, results: Results, targets: set[str]) -> Iterator[Shown]:
    for item in results.items:
        wanted = next(iter(targets)) if len(targets) == 1 else (item.source or "")
        if not wanted or wanted not in targets or item.more or is_held(item.data):
            continue
        node, _, query = wanted.partition("?")
        whole = Item(source=item.source, data=item.data, meta=results.meta_of(item), data_elements=item.data_elements)
        yield Shown(said, owed, full(node), query, whole)


def _properties(view: View, name: str = "") -> Iterator[tuple[Shown, str]]:
    for each in shown(view):
        mark, _, value = each.query.partition("=")
        if mark == "prop" and (not name or value == name):
            yield each, value


@rule("DM-CMD-012", sides=CLIENT, title="the names of children are joined by slashes")
def child_names(view: View) -> Iterator[Hit]:
    """DM TND 6.2.2. White space around the whole list is how some write their XML."""
    for each in shown(view):
        said_so = each.item.meta.format if each.item.meta is not None else None
        if not each.query and each.item.source and _interior(view, each):
            yield view.check(said_so == "node", each.said, "Format node", said_so, f"children of {each.what}")
        if not each.query and said_so == "node" and each.text.strip():
            names = each.text.strip().split("/")
            good = all(name and not _LINES.search(name) for name in names)
            yield view.check(good, each.said, "names with a slash between two", each.text, f"children of {each.what}")


def _interior(view: View, each: Shown) -> bool:
    """Whether a node is one that every device has as an interior one: the root, a standard object, an update object."""
    return each.node in (".", *_OBJECTS) or view.activity.object_of(each.node) == plain(each.node)


@rule("DM-TND-010", sides=CLIENT, title="VerNo grows with each change")
def version_number(view: View) -> Iterator[Hit]:
    """DM TND 7.7.8. Only changes are counted that are known to be some: a value in place of another one. By how much it
    grows is not said.
    """
    last: dict[str, int] = {}
    held: dict[str, str] = {}
    changes: dict[str, int] = {}
    for each in _story(view):
        node = each.node
        if isinstance(each, Change):
            known = each.value is not None and node in held
            if not known:
                for place in [place for place in last if place == node or place.startswith(f"{node}/")]:
                    del last[place]
            elif held[node] != each.value:
                changes[node] = changes.get(node, 0) + 1
            held.pop(node, None)
            if each.value is not None:
                held[node] = each.value
            continue
        text = each.text
        if not text:
            continue  # a property that was never set is empty (DM TND 7.1)
        value = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else _VERSIONS
        if value >= _VERSIONS:
            yield view.broken(each.said, "0 to 65535", text, f"value of {each.what}")
            continue
        wanted = changes.pop(node, 0)
        if node in last and wanted:
            step = (value - last[node]) % _VERSIONS
            expected = str((last[node] + wanted) % _VERSIONS)
            what = f"value of {each.what} after {wanted} changes"
            yield view.check(wanted <= step < _VERSIONS // 2, each.said, f"{expected} or more", text, what)
        last[node] = value


@dataclass(frozen=True, slots=True)
class Change:
    """A command on a node. ``value`` is the one that it surely has now, ``None`` where that is not known."""

    node: str
    value: str | None


def _story(view: View) -> Iterator[Shown | Change]:
    """What was done to nodes and which VerNo came, in order; nothing where none came."""
    numbers = {id(each.owed): each for each, _ in _properties(view, "VerNo")}
    for book in view.books if numbers else ():
        for owed in book.owed:
            command = owed.command
            if id(owed) in numbers:
                yield numbers[id(owed)]
            elif isinstance(command, Add | Replace | Delete | Copy):
                alone = isinstance(command, Replace) and len(command.items) == 1 and owed.code == "200" and not owed.inner
                for item in command.items:
                    node, _, query = full(item.target or "").partition("?")
                    sure = alone and not query and not item.more and not is_held(item.data)
                    yield Change(node, text_of(item, command.meta_of(item)) if sure else None)


@rule("DM-LIST-002", sides=CLIENT, title="a list answer says of each node where it is and what it holds")
def list_items(view: View) -> Iterator[Hit]:
    """DM TND 8.2. Data are known to be missing where package #1 gave the value."""
    listed = [(each, kind) for each in shown(view) for mark, _, kind in (each.query.partition("="),) if mark == "list"]
    told = _told(view) if listed else {}
    for each, kind in listed:
        what = f"Item of {each.what}"
        if kind.startswith("TNDS"):
            good = item_document(each.item) is not None
            yield view.check(good, each.said, "a TNDS document with its Type", each.item.data, what)
            continue
        yield view.check(bool(each.item.source), each.said, "Source", None, what)
        value = told.get(full(each.item.source))
        if kind == "StructData" and value:
            yield view.check(each.text == value, each.said, value, each.item.data, f"Data of {each.item.source} in {each.what}")


def _told(view: View) -> dict[str, str]:
    """What the device said of itself in package #1, by address."""
    return {
        full(item.source): text_of(item, placed.command.meta_of(item))
        for said in view.mine for placed in said.walked if isinstance(placed.command, Replace) and said.side == "client"
        for item in placed.command.items
        if full(item.source).startswith("./DevInfo/")
    }  # fmt: skip


@rule("DM-STD-006", sides=CLIENT, title="secrets are not shown")
def secrets(view: View) -> Iterator[Hit]:
    """DM StdObj 5.3.1. An extended access is not excluded."""
    for each in shown(view):
        address = full(each.item.source) if each.query.startswith("list=") else each.node
        if address.rpartition("/")[2] in _SECRETS and "/DMAcc/" in address and not each.query.startswith("prop="):
            yield view.check(not each.item.data, each.said, "no value", "a value", f"value of {address}")


@rule("DM-TND-005", "DM-TND-006", sides=CLIENT, title="what a node has no property for is not answered")
def no_such_property(view: View) -> Iterator[Hit]:
    """DM TND 7.2, 7.3. A Status of success for a property that cannot be there."""
    known = ("ACL", "Format", "Name", "Size", "Title", "TStamp", "Type", "VerNo")
    interior = {".", "./DevInfo", "./DevDetail", *map(full, view.activity.objects)}
    for book in view.books:
        for owed in book.owed:
            for item in owed.command.items if isinstance(owed.command, Get) and len(owed.command.items) == 1 else ():
                node, mark, name = (item.target or "").partition("?prop=")
                if not mark or not owed.statuses or not view.judged(owed.statuses[0].said):
                    continue
                code = owed.code or ""
                good = not code.startswith("2")
                if name == "Size" and full(node) in interior:
                    yield view.check(good, owed.statuses[0].said, "an error", code, f"Status of Get on {item.target}")
                elif name not in known:
                    yield view.check(
                        good, owed.statuses[0].said, "an error", code, f"Status of Get on {item.target}", "DM-TND-006"
                    )
