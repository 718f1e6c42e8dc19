"""Writing WBXML in every valid form a peer may use, and reading it (:func:`decode_wbxml`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.syncml.element import DMDDF, Element
from conformance.syncml.tokens import (
    ATTRIBUTES,
    CHARSETS,
    CONTENT,
    DDF_PUBLIC_ID,
    LITERAL,
    NAMESPACES,
    PAGE_OF,
    PUBLIC_ID_OF,
    PUBLIC_IDS,
    STR_I,
    SWITCH_PAGE,
    TOKENS,
    UNKNOWN_PUBLIC_ID,
    dtd_version,
)
from conformance.syncml.wbxmlreader import decode_wbxml

__all__ = ["WbxmlStyle", "decode_wbxml", "encode_wbxml", "mb_u_int32"]

_Form = tuple[bytes, bytes, bytes]
"""A start tag without content, with content, and with content that begins with STR_I."""
_VERSIONS = {"1.0": b"\0", "1.1": b"\1", "1.2": b"\2", "1.3": b"\3"}


@dataclass(frozen=True, slots=True)
class WbxmlStyle:
    """How a document is written; every choice is a valid one, the defaults are the most common.

    ``version`` of WBXML: 1.0 to 1.3. ``public_id``: ``numeric``, ``textual`` (in the string table, ended by NUL),
    ``textual-bare`` (the same without NUL) or ``unknown`` (0x01). ``dtd``: version of SyncML that the public id names;
    "" for that of the message. ``charset``: MIBenum (106, 3, 4, 0, 1000, 1015). ``text``: ``inline`` (STR_I),
    ``opaque``, ``table`` (STR_T for texts that occur more than once), ``table-all`` (for every text) or ``mixed`` (STR_I,
    ENTITY and OPAQUE in one run). ``pages``: switch ``lazy`` (before the next tag of another page), ``eager`` (back to page 0 after every
    element of another page) or ``redundant`` (before every tag). ``empty`` elements: ``tag`` (no content), ``end``
    (content that ends at once) or ``string`` (an empty STR_I). ``padding``: superfluous leading octets of public id and
    charset. ``xmlns``: root with the attribute that some products write.
    """

    version: str = "1.2"
    public_id: str = "numeric"
    dtd: str = ""
    charset: int = 106
    text: str = "inline"
    pages: str = "lazy"
    empty: str = "tag"
    padding: int = 0
    xmlns: bool = False


_DEFAULT = WbxmlStyle()


def mb_u_int32(value: int, padding: int = 0) -> bytes:
    """A number of up to 32 bits in groups of 7 bits, with ``padding`` superfluous octets in front (5 in all)."""
    if not 0 <= value <= 0xFFFFFFFF:
        raise ValueError(f"{value} does not fit in 32 bits")
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    groups.extend([0x80] * min(padding, 5 - len(groups)))
    return bytes(reversed(groups))


def encode_wbxml(root: Element, style: WbxmlStyle | None = None, version: str = "1.2") -> bytes:
    """The WBXML octets of a tree. ``version`` is that of SyncML, for the public id.

    ``octets`` of an element are written as OPAQUE, so are texts that hold NUL; elements without a token become literal
    tags. Raises ``ValueError`` for a style that does not exist and for text that the charset cannot carry.
    """
    writer = _Writer(style or _DEFAULT, root, version)
    body = writer.body(root)
    return writer.header() + body


class _Writer:
    """One document being written: the string table grows while the body is made."""

    def __init__(self, style: WbxmlStyle, root: Element, version: str) -> None:
        if style is not _DEFAULT:
            _check(style)
        self.style = style
        self.dtd = dtd_version(style.dtd or version)
        self.ddf = root.vocabulary == DMDDF
        self.codec = CHARSETS[style.charset]
        self.nul = b"\0\0" if self.codec.startswith("utf-16") else b"\0"
        self.table = bytearray()
        self.offsets: dict[str, int] = {}
        if style.public_id == "textual":
            self.offset(self.document_type())
        self.repeated: frozenset[str] = frozenset()
        if style.text in ("table", "table-all"):
            often = 1 if style.text == "table" else 0
            counts = Counter(element.text for element in root.walk() if len(element.text) > 3)
            self.repeated = frozenset(text for text, count in counts.items() if count > often and "\0" not in text)

    def document_type(self) -> str:
        """The textual public id."""
        return DDF_PUBLIC_ID if self.ddf else PUBLIC_IDS[PUBLIC_ID_OF[self.dtd]]

    def header(self) -> bytes:
        """Version, public id, charset and string table; to be called after :meth:`body`."""
        style, padding = self.style, self.style.padding
        if style.public_id == "textual-bare":
            offset = len(self.table)
            self.table += self.document_type().encode(self.codec)
            public_id = b"\0" + mb_u_int32(offset)
        elif style.public_id == "textual":
            public_id = b"\0\0"
        else:
            number = UNKNOWN_PUBLIC_ID if style.public_id == "unknown" or self.ddf else PUBLIC_ID_OF[self.dtd]
            public_id = mb_u_int32(number, padding)
        charset = b"" if style.version == "1.0" else mb_u_int32(style.charset, padding)
        return b"".join((_VERSIONS[style.version], public_id, charset, mb_u_int32(len(self.table)), self.table))

    def offset(self, text: str) -> int:
        """Offset of a string in the table, put there at its first use."""
        if text not in self.offsets:
            self.offsets[text] = len(self.table)
            self.table += text.encode(self.codec) + self.nul
        return self.offsets[text]

    def body(self, root: Element) -> bytes:
        """The element with all below it; without recursion, so that depth is bounded by memory only."""
        parts: list[bytes] = []
        out, style = parts.append, self.style
        plain = style.text == "inline" and self.codec == "utf-8"
        redundant, eager = style.pages == "redundant", style.pages == "eager"
        page, forms = 0, _FORMS[0]
        siblings: Iterator[Element] = iter((root,))
        stack: list[tuple[Iterator[Element], int]] = []
        while True:
            for element in siblings:
                own = PAGE_OF[element.vocabulary]
                if own != page or redundant:
                    page, forms = own, _FORMS[own]
                    out(_SWITCH[own])
                form = forms.get(element.name) or self.literal(element.name)
                if style.xmlns and element is root:
                    form = self.with_xmlns(form[1])
                text = element.text
                if element.children:
                    out(form[1] + self.run(text) if text else form[1])
                    stack.append((siblings, own))
                    siblings = iter(element.children)
                    break
                if plain and text and element.octets is None and "\0" not in text:
                    out(form[2])
                    out(text.encode())
                    out(b"\0\1")
                else:
                    out(self.leaf(element, form))
                if eager and page:
                    out(_SWITCH[0])
                    page, forms = 0, _FORMS[0]
            else:
                if not stack:
                    return b"".join(parts)
                out(b"\1")
                siblings, own = stack.pop()
                if eager and own and page:
                    out(_SWITCH[0])
                    page, forms = 0, _FORMS[0]

    def leaf(self, element: Element, form: _Form) -> bytes:
        """An element without children."""
        if element.octets is not None:
            return form[1] + _opaque(element.octets) + b"\1"
        if element.text:
            return form[1] + self.run(element.text) + b"\1"
        return form[0] if self.style.empty == "tag" else self.empty(form[1])

    def literal(self, name: str) -> _Form:
        """A tag that has no token."""
        offset = mb_u_int32(self.offset(name))
        content = bytes((LITERAL | CONTENT,)) + offset
        return bytes((LITERAL,)) + offset, content, content + b"\3"

    def with_xmlns(self, content: bytes) -> _Form:
        """The start tag of the root with xmlns written as literal 0 although no string table explains it."""
        namespace = NAMESPACES[self.dtd].encode(self.codec)
        start = bytes((content[0] | ATTRIBUTES,)) + content[1:] + b"\x04\0\3" + namespace + self.nul + b"\1"
        return start + b"\1", start, start + b"\3"

    def empty(self, content: bytes) -> bytes:
        """An empty element that says that content follows."""
        return content + (b"\3" + self.nul + b"\1" if self.style.empty == "string" else b"\1")

    def run(self, text: str) -> bytes:
        """Character data in the style of the document."""
        raw = text.encode(self.codec)
        style = self.style.text
        if style == "opaque" or "\0" in text:
            return _opaque(raw)
        if text in self.repeated:
            return b"\x83" + mb_u_int32(self.offset(text))
        if style == "mixed" and len(text) > 2:
            middle = len(text) // 2
            head, tail = text[:middle].encode(self.codec), text[middle + 1 :].encode(self.codec)
            return b"\3" + head + self.nul + b"\2" + mb_u_int32(ord(text[middle])) + _opaque(tail)
        return b"\3" + raw + self.nul


def _check(style: WbxmlStyle) -> None:
    for value, known in (
        (style.version, _VERSIONS), (style.charset, CHARSETS), (style.text, ("inline", "opaque", "table", "table-all", "mixed")),
        (style.public_id, ("numeric", "textual", "textual-bare", "unknown")),
        (style.pages, ("lazy", "eager", "redundant")), (style.empty, ("tag", "end", "string")),
    ):
        if value not in known:
            raise ValueError(f"no such style of WBXML: {value!r}")


def _opaque(raw: bytes) -> bytes:
    return b"\xC3" + mb_u_int32(len(raw)) + raw


def _forms(tokens: dict[str, int]) -> dict[str, _Form]:
    return {
        name: (bytes((token,)), bytes((token | CONTENT,)), bytes((token | CONTENT, STR_I)))
        for name, token in tokens.items()
    }


_FORMS = tuple(_forms(page) for page in TOKENS)
_SWITCH = tuple(bytes((SWITCH_PAGE, page)) for page in range(len(TOKENS)))
