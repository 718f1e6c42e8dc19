"""Reading XML as nearly every peer writes it: a small part of the language, for which no parser and no second tree is needed.

What is not of that part is left to the parser (:mod:`conformance.syncml.xmlreader`), which alone refuses and observes. So
nothing is read here that it would read otherwise: ``tests/test_syncml_xml.py`` compares the two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from conformance.syncml.element import DMDDF, METINF, SYNCML, Element
from conformance.syncml.raw import MAX_DEPTH, Notes, Raw
from conformance.syncml.tokens import DDF_NAMESPACE, METINF_NAMESPACE, NAMESPACES, PAGES

_LONGEST = 1 << 16
"""Octets of the longest document that is read here."""
_DECLARATION = re.compile(rb"""(?:<\?xml version="1\.0"(?: encoding="(?:UTF-8|utf-8)")?\?>[ \t\n]*)?<(?=SyncML[ >])""")
_PLAIN = bytes({0x09, 0x0A, *range(0x20, 0x7F)} - {0x26})
_ELSE = re.compile("[^\t\n\x20-%'-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters with a meaning of their own (references, CR), and those that XML does not have."""


@dataclass(frozen=True, slots=True)
class _Tag:
    """A start tag as it may stand at some place: what it begins, its end tag, and the start tags that may stand inside."""

    name: str
    vocabulary: str
    end: str
    inside: _Tags
    empty: bool


_Tags = dict[str, _Tag]
"""Start tags by what stands between their angle brackets."""


def _tags() -> _Tags:
    """The start tags of root elements; from them all others are reached."""
    below: dict[str, _Tags] = {}
    declared: _Tags = {}
    rooms = [(namespace, 0, SYNCML) for namespace in NAMESPACES.values()]
    for namespace, page, vocabulary in (*rooms, (METINF_NAMESPACE, 1, METINF), (DDF_NAMESPACE, 2, DMDDF)):
        inside = below[namespace] = {}
        for name in PAGES[page]:
            if name != "-":
                for empty, slash in ((False, ""), (True, "/")):
                    tag = _Tag(name, vocabulary, f"/{name}>", inside, empty)
                    inside[name + slash] = declared[f'{name} xmlns="{namespace}"{slash}'] = tag
    for namespace, inside in below.items():
        own = namespace == DDF_NAMESPACE
        inside |= {text: tag for text, tag in declared.items() if not own or tag.vocabulary == DMDDF}
    return {text: tag for text, tag in declared.items() if tag.name == "SyncML" and not tag.empty}


_ROOTS = _tags()
_VERSIONS = {f'SyncML xmlns="{namespace}"': version for version, namespace in NAMESPACES.items()}


def decode_plain(octets: bytes) -> Raw | None:
    """The tree of a message that is plain in every way; ``None`` for any other document, well-formed or not.

    Plain is: UTF-8 without BOM; no references, comments, instructions, CDATA or DOCTYPE; no attribute but ``xmlns``; every
    element in the namespace of its vocabulary; nothing but white space between elements.
    """
    declared = _DECLARATION.match(octets) if len(octets) <= _LONGEST else None
    if declared is None:
        return None
    body = octets[declared.end() :]
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    if "]]>" in text or (body.translate(None, _PLAIN) and _ELSE.search(text)):
        return None
    pieces = text.split("<")
    root = _tree(pieces)
    return None if root is None else Raw(root, Notes(), _VERSIONS[pieces[0].partition(">")[0]], "", "", "utf-8")


def _tree(pieces: list[str]) -> Element | None:
    """The root element of a document that was cut at each "<"; ``None`` where it is not plain."""
    outer = top = Element("")
    children, closing, tags = top.children, "\0", _ROOTS
    stack: list[tuple[Element, str, _Tags]] = []
    last = ""
    following = iter(pieces)
    piece: str | None = next(following)
    while piece is not None:
        text, mark, behind = piece.partition(">")
        piece = next(following, None)
        if text == closing and mark:
            if not children:
                outer.text = last
            elif last and not last.isspace():
                return None
            outer, closing, tags = stack.pop()
            children = outer.children
        else:
            tag = tags.get(text)
            if tag is None or not mark or (last and not last.isspace()):
                return None
            if piece == tag.end and not tag.empty:
                children.append(Element(tag.name, tag.vocabulary, [], behind, None, None))
                piece, last = next(following, None), ""
                continue
            element = Element(tag.name, tag.vocabulary, [], "", None, None)
            children.append(element)
            if not tag.empty:
                if len(stack) >= MAX_DEPTH:
                    return None
                stack.append((outer, closing, tags))
                outer, children, closing, tags = element, element.children, tag.end[:-1], tag.inside
        last = behind
    return top.children[0] if not stack and len(top.children) == 1 and not last.strip(" \t\n") else None
