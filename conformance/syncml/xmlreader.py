"""Reading the XML form: well-formed XML without validation, nothing resolved, nothing fetched."""

from __future__ import annotations

import codecs
import re
from typing import Any

from lxml import etree

from conformance.syncml.element import DMDDF, METINF, SYNCML, Element, SyntaxFault
from conformance.syncml.raw import MAX_DEPTH, MAX_ELEMENTS, MAX_OCTETS, Notes, Raw
from conformance.syncml.tokens import (
    DDF_NAMESPACE,
    METINF_NAMESPACE,
    NAMESPACES,
    PAGES,
    TOKENS,
)

_HUGE = 9_000_000
"""Octets from which on the parser for huge texts is used: the other one refuses texts of 10,000,000 octets."""
_ENCODINGS = {
    "utf-8": "utf-8", "us-ascii": "ascii", "ascii": "ascii", "iso-8859-1": "iso-8859-1", "latin1": "iso-8859-1",
    "windows-1252": "cp1252", "utf-16": "utf-16", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be",
}
_PROLOG = re.compile(rb"(?:[ \t\r\n]+|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_DECLARED = re.compile(rb"""<\?xml[ \t\r\n][^>]{0,200}?encoding[ \t\r\n]*=[ \t\r\n]*["']([A-Za-z0-9._-]{1,40})["']""")
_HTML = re.compile(rb"<(?:!doctype[ \t\r\n]+html|html|head|body)[ \t\r\n>]", re.IGNORECASE)
_SUBSET = re.compile(rb"""<!DOCTYPE(?:[^>\["']|"[^"]*"|'[^']*')*+\[""")


def _known() -> dict[str, tuple[str, str]]:
    known = {}
    for namespaces, page, vocabulary in (
        (NAMESPACES.values(), 0, SYNCML), ((METINF_NAMESPACE,), 1, METINF), ((DDF_NAMESPACE,), 2, DMDDF),
    ):
        for namespace in namespaces:
            known.update({f"{{{namespace}}}{name}": (name, vocabulary) for name in PAGES[page] if name != "-"})
    return known


_KNOWN = _known()
_VERSION_OF = {namespace: version for version, namespace in NAMESPACES.items()}


def decode_xml(octets: bytes) -> Raw:
    """The tree of an XML document. Namespaces that are missing or wrong are observed, not refused.

    Character data is kept as it stands; white space between elements is layout and is dropped. Raises
    :class:`SyntaxFault` for octets that are no well-formed XML, for any internal DTD subset or entity, and beyond the
    limits of :mod:`conformance.syncml.raw`.
    """
    if len(octets) > MAX_OCTETS:
        raise SyntaxFault(f"{len(octets)} octets are more than the {MAX_OCTETS} that are read", MAX_OCTETS)
    notes = Notes()
    document, charset, shift = _to_utf8(octets, notes)
    if document.count(b"<") > 4 * MAX_ELEMENTS:
        raise SyntaxFault(f"more than {MAX_ELEMENTS} elements")
    _check_prolog(document, shift)
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=len(document) > _HUGE,
    )
    try:
        node = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise _fault(error, document, shift) from None
    public_id = _doctype(node, notes)
    walker = _Walker(notes, b"xmlns:" in document)
    root = walker.walk(node)
    return Raw(root, notes, walker.version, "", public_id, charset)


def _doctype(node: etree._Element, notes: Notes) -> str:
    """The public id of the DOCTYPE, "" where there is none. Its subset was refused before parsing; this looks again."""
    info: Any = node.getroottree().docinfo
    if not info.doctype:
        return ""
    subset = info.internalDTD
    if subset is not None and (subset.entities() or subset.elements()):
        raise SyntaxFault("the document has an internal DTD subset")
    notes.add("doctype", f"the document has a DOCTYPE ({info.public_id or info.system_url or 'no id'})")
    return info.public_id or ""


def _to_utf8(octets: bytes, notes: Notes) -> tuple[bytes, str, int | None]:
    """The document as UTF-8 without BOM, the name of its charset, and the octets cut off in front.

    The last is ``None`` where offsets in the document are no offsets in the octets, because it was converted.
    """
    bom, charset, start = "", "", 0
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if octets.startswith(mark):
            bom, start = name, len(mark)
            notes.add("bom", f"the document begins with a byte order mark ({name})", "", 0)
            break
    else:
        if octets[:2] == b"<\0":
            bom = "utf-16-le"
        elif octets[:2] == b"\0<":
            bom = "utf-16-be"
    declared = _DECLARED.match(octets, start)
    if bom:
        charset = bom
    elif declared:
        charset = _ENCODINGS.get(declared[1].decode().lower(), "")
        if not charset or charset.startswith("utf-16"):
            raise SyntaxFault(f"encoding {declared[1].decode()} is declared but cannot be", declared.start(1))
    if charset in ("", "utf-8"):
        blank = len(octets) - len(octets[start:].lstrip(b" \t\r\n")) - start if octets[start : start + 1] <= b" " else 0
        if blank:
            notes.add("leading-space", "white space stands before the document", "", start)
            start += blank
        return octets[start:] if start else octets, "utf-8", start
    notes.add("charset", f"the document is in {charset}, not UTF-8", "", 0)
    try:
        return octets[start:].decode(charset).encode(), charset, None
    except UnicodeDecodeError as error:
        raise SyntaxFault(f"octets that are no {charset}: {error.reason}", start + error.start) from None
    except UnicodeEncodeError as error:
        raise SyntaxFault("half of a pair of surrogates", start + 2 * error.start) from None


def _check_prolog(document: bytes, shift: int | None) -> None:
    """Refuses what the parser shall not even see: empty bodies, HTML, and a DOCTYPE with an internal subset."""
    match = _PROLOG.match(document)
    at = match.end() if match else 0
    if at >= len(document):
        raise SyntaxFault("the body is empty", 0)
    if document.startswith(b"<!", at) or _HTML.match(document, at):
        if _HTML.match(document, at):
            raise SyntaxFault("the body is a page of HTML", _offset(at, shift))
        if _SUBSET.match(document, at):
            raise SyntaxFault("the document has an internal DTD subset, which may declare entities", _offset(at, shift))
    elif not document.startswith(b"<", at):
        raise SyntaxFault("the body does not begin with '<'", _offset(at, shift))


def _fault(error: etree.XMLSyntaxError, document: bytes, shift: int | None) -> SyntaxFault:
    line, column = error.position if error.position else (1, 1)
    at = 0
    for _ in range(max(line or 1, 1) - 1):
        found = document.find(b"\n", at)
        if found < 0:
            break
        at = found + 1
    reason = re.sub(r", line \d+, column \d+.*", "", error.msg or "no reason given", flags=re.DOTALL).strip()
    at = min(at + max((column or 1) - 1, 0), len(document))
    return SyntaxFault(f"not well-formed XML: {reason[:200]}", _offset(at, shift))


def _offset(at: int, shift: int | None) -> int | None:
    return None if shift is None else at + shift


_ATTRIBUTES = etree.XPath("boolean(/*//@*)")
"""Whether there are attributes at all: one look at the document is cheaper than one at each element."""


class _Walker:
    """Turns the parser's tree into ours."""

    def __init__(self, notes: Notes, prefixes: bool) -> None:
        self.notes = notes
        self.prefixes = prefixes
        self.version = ""

    def walk(self, node: etree._Element) -> Element:
        """The tree below a node, without recursion."""
        known, strict, count = _KNOWN, self.prefixes, 1
        root, attributes = self.root(node), _ATTRIBUTES(node)
        stack = [(node, root, 1)]
        while stack:
            node, element, depth = stack.pop()
            vocabulary, siblings = element.vocabulary, element.children
            texts = [node.text] if node.text else []
            for child in node:
                tag = child.tag
                if child.tail:
                    texts.append(child.tail)
                if type(tag) is not str:
                    self.other(child)
                    continue
                entry = known.get(tag)
                if entry is None or strict or (vocabulary == DMDDF and entry[1] != DMDDF):
                    below = self.element(child, element)
                else:
                    below = Element(entry[0], entry[1], [], "", None, None)
                siblings.append(below)
                count += 1
                if attributes and child.attrib:
                    self.attributes(below)
                if len(child):
                    if depth >= MAX_DEPTH:
                        raise SyntaxFault(f"more than {MAX_DEPTH} elements are open at the same time")
                    stack.append((child, below, depth + 1))
                elif child.text:
                    below.text = child.text
            if texts:
                self.text(element, "".join(texts))
            if count > MAX_ELEMENTS:
                raise SyntaxFault(f"more than {MAX_ELEMENTS} elements")
        return root

    def root(self, node: etree._Element) -> Element:
        """The root element, with its namespace noted."""
        name = etree.QName(node)
        namespace = name.namespace or ""
        if node.attrib:
            self.notes.add("attribute", f"the root element {name.localname} has attributes")
        if namespace in _VERSION_OF or (namespace == DDF_NAMESPACE and name.localname == "MgmtTree"):
            self.version = _VERSION_OF.get(namespace, "")
        elif not namespace:
            self.notes.add("root-namespace-missing", f"root element {name.localname} has no namespace", "DM-ENC-004")
        else:
            known = {each.lower(): version for each, version in _VERSION_OF.items()}
            self.version = known.get(namespace.strip().lower(), "")
            self.notes.add("root-namespace", f"root element in namespace {namespace[:80]!r}", "DM-ENC-004")
        return self.element(node, None)

    def element(self, node: etree._Element, parent: Element | None) -> Element:
        """An element whose namespace is not simply the one of its vocabulary."""
        qualified = etree.QName(node)
        name, namespace = qualified.localname, qualified.namespace or ""
        if node.prefix:
            self.notes.once("namespace-prefix", f"namespace prefix {node.prefix!r} is used")
        said = SYNCML if namespace.startswith("SYNCML:") else _SAID.get(namespace)
        if said == DMDDF or name == "MgmtTree" or (parent is not None and parent.vocabulary == DMDDF):
            vocabulary = DMDDF
        elif name in TOKENS[0]:
            vocabulary = SYNCML
        elif name in TOKENS[1]:
            vocabulary = METINF
        else:
            vocabulary = said or (METINF if parent is not None and parent.name == "Meta" else SYNCML)
        if said != vocabulary and parent is not None:
            self.misplaced(name, namespace, said, vocabulary)
        return Element(name, vocabulary)

    def misplaced(self, name: str, namespace: str, said: str | None, vocabulary: str) -> None:
        """Notes an element in another namespace than its own."""
        if namespace and said is None:
            self.notes.add("unknown-namespace", f"{name} in namespace {namespace[:80]!r}")
        elif name == "Meta" and said == METINF:
            self.notes.once("metinf-on-meta", "Meta itself is in the namespace of its children")
        elif vocabulary == METINF:
            self.notes.once("metinf-namespace-missing", f"{name} without namespace {METINF_NAMESPACE}")
        elif vocabulary == DMDDF:
            self.notes.once("dmddf-namespace-missing", f"{name} without namespace {DDF_NAMESPACE}")
        elif self.version:
            self.notes.once("namespace-missing", f"{name} in namespace {namespace!r}")

    def attributes(self, element: Element) -> None:
        """Notes attributes, of which SyncML has none."""
        self.notes.once("attribute", f"element {element.name} has attributes")

    def other(self, node: etree._Element) -> None:
        """Notes comments and processing instructions; refuses entities."""
        kind: object = node.tag
        if kind is etree.Comment:
            self.notes.once("comment", "the document has comments")
        elif kind is etree.ProcessingInstruction:
            self.notes.once("processing-instruction", "the document has processing instructions")
        else:
            raise SyntaxFault(f"an entity that XML does not define: {node.text!s:.40}")

    def text(self, element: Element, text: str) -> None:
        """Gives an element its characters; white space between child elements is layout."""
        if not element.children:
            element.text = text
        elif not text.isspace():
            element.text = text
            self.notes.add("mixed-content", f"characters between the elements of {element.name}")


_SAID = {METINF_NAMESPACE: METINF, DDF_NAMESPACE: DMDDF}
