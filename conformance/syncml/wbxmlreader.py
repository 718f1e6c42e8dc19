"""Reading WBXML 1.0-1.3: strict about lengths, tokens and limits, lenient about everything that has one meaning.

Nothing is allocated for a length before the octets are known to be there, and no text is looked at octet by octet.
"""

from __future__ import annotations

import base64
import re
from typing import cast

from conformance.syncml.element import METINF, SYNCML, Element, SyntaxFault
from conformance.syncml.model import b64
from conformance.syncml.raw import MAX_DEPTH, MAX_ELEMENTS, MAX_OCTETS, Raw
from conformance.syncml.tokens import (
    ATTRIBUTES,
    CONTENT,
    END,
    ENTITY,
    LITERAL,
    LITERAL_A,
    LITERAL_AC,
    LITERAL_C,
    NAMES,
    OPAQUE,
    PI,
    STR_I,
    STR_T,
    SWITCH_PAGE,
    UNKNOWN_PUBLIC_ID,
    VOCABULARIES,
)
from conformance.syncml.wbxmlprologue import Prologue

_TEXT = frozenset((STR_I, STR_T, ENTITY, OPAQUE))
_LITERALS = frozenset((LITERAL, LITERAL_C, LITERAL_A, LITERAL_AC))
_XML_NAME = re.compile(r"[A-Za-z_][\w.-]{0,127}")
_SETTLED = frozenset(("Data", "NextNonce"))
"""Elements whose OPAQUE content is judged when all of the document is known."""
_MAX_TOKENS = 3 * MAX_ELEMENTS

_Run = list[str | bytes]


def decode_wbxml(octets: bytes) -> Raw:
    """The tree of a WBXML document: a DM message, or a TNDS or DDF document.

    OPAQUE content is text where it is text in the charset of the document; it stays octets in a ``Data`` whose Format
    in force is ``bin``, and where it is not text or holds NUL. An OPAQUE NextNonce that is no Base64 is given as
    Base64.
    Raises :class:`SyntaxFault` with the offset for octets that are no such document, or one beyond the limits.
    """
    if not isinstance(octets, bytes):
        octets = bytes(octets)
    if len(octets) > MAX_OCTETS:
        raise SyntaxFault(f"{len(octets)} octets are more than the {MAX_OCTETS} that are read", MAX_OCTETS)
    if not octets:
        raise SyntaxFault("the body is empty", 0)
    reader = _Reader(octets)
    try:
        root, pos = reader.body(reader.header())
        reader.epilogue(pos)
    except IndexError:
        raise SyntaxFault("the document ends before its root element is closed", len(octets)) from None
    reader.settle(root)
    return reader.raw(root)


class _Reader(Prologue):
    """One document being read. ``pos`` is always the offset of the next octet."""

    def __init__(self, octets: bytes) -> None:
        super().__init__(octets)
        self.page = NAMES[0], VOCABULARIES[0]
        self.runs: dict[int, _Run] = {}
        self.opaque: list[tuple[Element, _Run, list[Element]]] = []
        self.metas: dict[int, Element | None] = {}

    # -- body --------------------------------------------------------------------------------------------------------

    def body(self, pos: int) -> tuple[Element, int]:
        """The root element and the offset behind it. One turn reads one token, or an element that holds only text."""
        root, content, pos = self.root(pos)
        if not content:
            return root, pos
        octets, find, stack, siblings = self.octets, self.octets.index, [root], root.children
        names, vocabulary = self.page
        inline = STR_I if self.codec == "utf-8" else -1
        for _ in range(_MAX_TOKENS):
            octet = octets[pos]
            name = names[octet]
            if name is not None:
                at, pos = pos, pos + 1
                following = octets[pos] if octet >= CONTENT else END
                if following == inline:
                    try:
                        end = find(0, pos)
                        if octets[end + 1] == END:
                            siblings.append(Element(name, vocabulary, [], octets[pos + 1 : end].decode(), None, at))
                            pos = end + 2
                            continue
                    except ValueError as error:
                        raise _inline_fault(error, pos) from None
                element = Element(name, vocabulary, [], "", None, at)
                siblings.append(element)
                if octet < CONTENT:
                    continue
                if following == OPAQUE and (end := self.opaque_leaf(element, pos, stack)):
                    pos = end
                    continue
                stack.append(element)
                siblings = element.children
                if len(stack) > MAX_DEPTH:
                    raise SyntaxFault(f"more than {MAX_DEPTH} elements are open at the same time", pos)
            elif octet == END:
                element = stack.pop()
                pos += 1
                if self.runs:
                    self.close(element, stack)
                if not stack:
                    return root, pos
                siblings = stack[-1].children
            elif octet == SWITCH_PAGE:
                names, vocabulary = self.switch(pos)
                pos += 2
            else:
                pos = self.rare(octet, pos, stack)
                siblings = stack[-1].children
        raise SyntaxFault(f"more than {_MAX_TOKENS} tokens", pos)

    def root(self, pos: int) -> tuple[Element, bool, int]:
        """The start tag of the root element, whether content follows, and the offset behind it."""
        for _ in range(_MAX_TOKENS):
            octet = self.octets[pos]
            name = self.page[0][octet]
            if name is not None:
                return Element(name, self.page[1], [], "", None, pos), octet >= CONTENT, pos + 1
            if octet == END:
                raise SyntaxFault("END where no element is open", pos)
            if octet in _TEXT:
                raise SyntaxFault("characters before the root element", pos)
            if octet == SWITCH_PAGE:
                self.switch(pos)
                pos += 2
            else:
                root, content, pos = self.odd(octet, pos, True)
                if root is not None:
                    return root, content, pos
        raise SyntaxFault(f"more than {_MAX_TOKENS} tokens before the root element", pos)

    def rare(self, octet: int, pos: int, stack: list[Element]) -> int:
        """What is neither a plain tag nor END nor a switch of the page; gives the offset behind it."""
        if octet in _TEXT:
            piece, pos = self.piece(octet, pos)
            self.runs.setdefault(len(stack), []).append(piece)
            return pos
        element, content, pos = self.odd(octet, pos, False)
        if element is not None:
            stack[-1].children.append(element)
            if content:
                stack.append(element)
                if len(stack) > MAX_DEPTH:
                    raise SyntaxFault(f"more than {MAX_DEPTH} elements are open at the same time", pos)
        return pos

    def switch(self, pos: int) -> tuple[tuple[str | None, ...], str]:
        """Selects the page that SWITCH_PAGE at ``pos`` names; gives its tags and their vocabulary."""
        number = self.octets[pos + 1]
        if number >= len(NAMES):
            raise SyntaxFault(f"code page {number} does not exist", pos)
        self.page = NAMES[number], VOCABULARIES[number]
        return self.page

    def opaque_leaf(self, element: Element, pos: int, stack: list[Element]) -> int:
        """Reads an element that holds one OPAQUE and nothing else, as some peers write all of their values.

        Gives the offset behind its END, or 0 where it is not so simple.
        """
        octets, length = self.octets, self.octets[pos + 1]
        end = pos + 2 + length
        if length >= 0x80 or end >= len(octets) or octets[end] != END:
            return 0
        raw = octets[pos + 2 : end]
        if element.name not in _SETTLED and (text := self.opaque_text(raw)) is not None:
            element.text = text
        else:
            self.opaque.append((element, [raw], stack[-2:]))
        return end + 1

    def piece(self, token: int, pos: int) -> tuple[str | bytes, int]:
        """Character data (text) or OPAQUE content (octets) at ``pos``, and the offset behind it."""
        octets, at = self.octets, pos
        if token == STR_I:
            return self.inline(pos + 1)
        number, pos = self.integer(pos + 1)
        if token == OPAQUE:
            if number > len(octets) - pos:
                raise SyntaxFault(f"OPAQUE of {number} octets, only {len(octets) - pos} are left", at)
            return octets[pos : pos + number], pos + number
        if token == STR_T:
            return self.string(number, at), pos
        if not 0 < number < 0x110000 or 0xD800 <= number < 0xE000:
            raise SyntaxFault(f"ENTITY {number} is not a character", at)
        return chr(number), pos

    def odd(self, octet: int, pos: int, root: bool) -> tuple[Element | None, bool, int]:
        """What the tables do not have: literal tags, attributes, processing instructions; all else is refused.

        Gives the element (``None``: there is none), whether content follows, and the offset behind it.
        """
        at = pos
        if octet == PI:
            self.notes.once("processing-instruction", "a processing instruction", "", at)
            return None, False, self.attributes(pos + 1, at)
        names, vocabulary = self.page
        if octet in _LITERALS:
            offset, pos = self.integer(pos + 1)
            name: str | None = self.string(offset, at)
            if not _XML_NAME.fullmatch(name or ""):
                raise SyntaxFault("a literal tag that is no name", at)
            self.notes.add("literal-tag", f"element {name} is written as a literal", "", at)
        else:
            name = names[octet & ~ATTRIBUTES]
            pos += 1
        if name is None:
            raise SyntaxFault(f"token 0x{octet:02X} is not defined on the page of {vocabulary}", at)
        if octet & ATTRIBUTES:
            if root and self.xmlns(pos):
                self.notes.add("xmlns-attribute", "the root element has an attribute xmlns", "WBXML-020", at)
            else:
                self.notes.add("attribute", f"element {name} has attributes", "WBXML-020", at)
            pos = self.attributes(pos, at)
        return Element(name, vocabulary, [], "", None, at), bool(octet & CONTENT), pos

    def xmlns(self, pos: int) -> bool:
        """Whether the attribute at ``pos`` is the known form of xmlns: literal 0 though there is no string table."""
        return self.octets[pos : pos + 3] == b"\x04\x00\x03" and not self.table

    def attributes(self, pos: int, at: int) -> int:
        """Skips the attributes of a tag or the content of a processing instruction, up to and including END."""
        while (octet := self.octets[pos]) != END:
            if octet == LITERAL:
                offset, pos = self.integer(pos + 1)
                if offset >= len(self.table) and offset:
                    raise SyntaxFault(f"offset {offset} lies outside the string table", pos)
            elif octet == SWITCH_PAGE:
                pos += 2
            elif octet in _TEXT:
                pos = self.piece(octet, pos)[1]
            else:
                raise SyntaxFault(f"attribute token 0x{octet:02X} does not exist in SyncML", pos)
            if pos > len(self.octets):
                raise SyntaxFault("the document ends in the middle of attributes", at)
        return pos + 1

    # -- after the root ----------------------------------------------------------------------------------------------

    def epilogue(self, pos: int) -> None:
        """Nothing but processing instructions may follow the root element."""
        octets = self.octets
        while pos < len(octets):
            if octets[pos] != PI:
                what = "END where no element is open" if octets[pos] == END else "octets after the root element"
                raise SyntaxFault(f"{what} ({len(octets) - pos} octets are left)", pos)
            self.notes.add("processing-instruction", "a processing instruction", "", pos)
            pos = self.attributes(pos + 1, pos)

    def close(self, element: Element, stack: list[Element]) -> None:
        """Gives an element its text; what is OPAQUE waits until the Format in force is known."""
        run = self.runs.pop(len(stack) + 1, None)
        if run is None:
            return
        if any(isinstance(piece, bytes) for piece in run):
            self.opaque.append((element, run, stack[-2:]))
            return
        text = "".join(cast(list[str], run))
        if not element.children:
            element.text = text
        elif text.strip():
            element.text = text
            self.notes.add("mixed-content", f"characters between the elements of {element.name}", "", element.offset)

    def settle(self, root: Element) -> None:
        """Decides which OPAQUE content is text; checks the number of elements."""
        if len(self.octets) > MAX_ELEMENTS:  # each element takes an octet at least
            for count, _ in enumerate(root.walk(), 1):
                if count > MAX_ELEMENTS:
                    raise SyntaxFault(f"more than {MAX_ELEMENTS} elements", len(self.octets))
        for element, run, parents in self.opaque:
            raw = b"".join([piece if isinstance(piece, bytes) else piece.encode(self.codec) for piece in run])
            metas = self.in_force(parents) if element.name == "Data" and element.vocabulary == SYNCML else []
            text = None if _value(metas, "Format") == "bin" else self.opaque_text(raw)
            if element.name == "NextNonce" and element.vocabulary == METINF and (not text or b64(text) is None):
                self.notes.add("raw-nonce", "NextNonce as raw octets", "", element.offset)
                text = base64.b64encode(raw).decode()
            if text is None:
                element.octets = raw
                self._note_binary(element, metas)
            elif not element.children or text.strip():
                element.text = text

    def in_force(self, parents: list[Element]) -> list[Element]:
        """The Meta elements in force for a Data, the nearest first."""
        known = self.metas
        for parent in parents:
            if id(parent) not in known:
                known[id(parent)] = parent.child("Meta")
        return [meta for parent in reversed(parents) if (meta := known[id(parent)]) is not None]

    def opaque_text(self, raw: bytes) -> str | None:
        """The text that OPAQUE content is; ``None`` where it is none."""
        if 0 in raw and not self.wide:
            return None
        try:
            text = self.decode(raw)
        except UnicodeDecodeError:
            return None
        return None if "\0" in text else text

    def _note_binary(self, element: Element, metas: list[Element]) -> None:
        if element.name != "Data":
            self.notes.add("binary-text", f"{element.name} holds octets that are no text", "WBXML-008", element.offset)
        elif _value(metas, "Format") != "bin" and not _value(metas, "Type").endswith("+wbxml"):
            self.notes.add("binary-format", "raw octets in Data without Format bin", "DM-ENC-011", element.offset)

    def raw(self, root: Element) -> Raw:
        """The result."""
        if root.name == "SyncML" and not self.dtd and self.public_id == f"0x{UNKNOWN_PUBLIC_ID:04X}":
            self.notes.add("public-id-unknown", "the public id says that the document type is unknown", "DM-ENC-004", 1)
        return Raw(root, self.notes, self.dtd, self.version, self.public_id, self.codec if self.charset else "unknown")


def _inline_fault(error: ValueError, pos: int) -> SyntaxFault:
    if isinstance(error, UnicodeDecodeError):
        return SyntaxFault(f"octets that are no utf-8: {error.reason}", pos + 1 + error.start)
    return SyntaxFault("STR_I without terminating NUL", pos)


def _value(metas: list[Element], name: str) -> str:
    for meta in metas:
        found = meta.child(name)
        if found is not None:
            return found.text.strip()
    return ""
