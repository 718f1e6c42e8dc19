"""Rules of the nodes of an update object: child lists say what is there, once each (FUMO TS 5.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.judge.answer import Book
from conformance.judge.operation import plain
from conformance.judge.rule import Hit, View, rule
from conformance.judge.session import Said
from conformance.syncml.model import Add, Copy, Delete, Get, text_of

CLIENT = ("client",)
_ONCE = {"": ("State", "FUMO-NODE-017"), "/Download": ("PkgURL", "FUMO-NODE-010"), "/DownloadAndUpdate": ("PkgURL", "FUMO-NODE-016")}
"""The child of which there is exactly one, by the path of its parent (FUMO TS 5.1.5, 5.1.9, 5.1.10)."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a Get found: the address without "./", the Format and the value as text."""

    said: Said
    node: str
    format: str
    text: str


@rule("FUMO-NODE-006", *(requirement for _, requirement in _ONCE.values()), sides=CLIENT, title="child lists are right")
def child_lists(view: View) -> Iterator[Hit]:
    """FUMO TS 5.1.1, DM RepPro 6.6.7. What a Get of the same session found is among the children of the object."""
    pieces = {id(chunk.item) for each in view.streams for chunk in each.chunks}
    for book in view.books:
        every = list(_found(view, book, pieces))
        for found in every:
            root = view.activity.object_of(found.node)
            if root is None or found.format != "node":
                continue
            names = found.text.split("/")
            once = _ONCE.get(found.node.removeprefix(root))
            if once is not None and once[0] in names:
                good = names.count(once[0]) == 1
                yield view.check(good, found.said, f"{once[0]} once", found.text, f"children of {found.node}", once[1])
            if found.node == root and not _remade(book):
                there = {each.node[len(root) + 1 :].partition("/")[0] for each in every if each.node.startswith(f"{root}/")}
                known = {name.lower() for name in names}  # a device may take capital and small letters for the same
                lacking = sorted(name for name in there if name.lower() not in known)
                expected = f"{', '.join(lacking)} among them"
                yield view.check(not lacking, found.said, expected, found.text, f"children of {root}", "FUMO-NODE-006")


def _found(view: View, book: Book, pieces: set[int]) -> Iterator[_Found]:
    """What plain Gets found, each in one piece."""
    for owed in book.owed:
        if not isinstance(owed.command, Get) or owed.said.made:
            continue
        targets = {plain(item.target) for item in owed.command.items}
        for ref in owed.results:
            for item in ref.answer.items if view.judged(ref.said) else ():
                node, meta = plain(item.source), ref.answer.meta_of(item)
                if node in targets and "?" not in node and not item.more and id(item) not in pieces and owed.code == "200":
                    yield _Found(ref.said, node, (meta.format or "").strip(), text_of(item, meta).strip())


def _remade(book: Book) -> bool:
    """Whether nodes came, went or got another name in a session."""
    for owed in book.owed:
        named = not isinstance(owed.command, Get) and any("?" in plain(item.target) for item in owed.command.items)
        if named or isinstance(owed.command, Add | Delete | Copy):
            return True
    return False
