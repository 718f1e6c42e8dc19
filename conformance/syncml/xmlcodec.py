"""Writing XML in every form that a peer has to bear, valid or not quite; reading is :func:`decode_xml`."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.syncml.element import DMDDF, METINF, SYNCML, Element
from conformance.syncml.tokens import (
    DDF_NAMESPACE,
    METINF_NAMESPACE,
    NAMESPACES,
    PUBLIC_ID_OF,
    PUBLIC_IDS,
    dtd_version,
)
from conformance.syncml.xmlreader import decode_xml

__all__ = ["XmlStyle", "decode_xml", "encode_xml"]

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL = re.compile("[^\t\n\x20-%'-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Whatever cannot stand in character data as it is: ``&``, ``<``, ``>``, CR and what is forbidden."""


@dataclass(frozen=True, slots=True)
class XmlStyle:
    """How a document is written; the defaults are the most common form.

    ``dtd``: version of SyncML that the namespace names; "" for that of the message. ``root_namespace`` false leaves it
    out. ``metinf``: the namespace of meta information stands on each ``child`` of Meta, on ``meta`` itself, as a
    ``prefix`` or is ``missing``. ``prefix`` for the elements of SyncML. ``encoding`` is a charset by the name that XML
    declarations use. ``cdata`` writes the text of a Data that would need escapes as a CDATA section, ``cdata_all`` of every
    Data. ``doctype`` adds a
    DOCTYPE with the public id. ``indent`` puts every element on a line of its own. ``comment`` stands behind the start
    tag of the root, ``instruction`` (a processing instruction) before the root. ``empty_tags`` writes ``<Final/>`` and not
    ``<Final></Final>``. ``meta_reversed``: the children of Meta in the other order.
    """

    dtd: str = ""
    declaration: bool = True
    encoding: str = "UTF-8"
    bom: bool = False
    doctype: bool = False
    root_namespace: bool = True
    metinf: str = "child"
    prefix: str = ""
    cdata: bool = False
    cdata_all: bool = False
    indent: bool = False
    comment: str = ""
    empty_tags: bool = True
    instruction: str = ""
    meta_reversed: bool = False


_DEFAULT = XmlStyle()


def encode_xml(root: Element, style: XmlStyle | None = None, version: str = "1.2") -> bytes:
    """The XML octets of a tree. ``version`` is that of SyncML, for the namespace of the root.

    Raises ``ValueError`` where the tree cannot stand in XML: raw octets (they need Format b64 there), and characters
    that XML does not allow.
    """
    style = style or _DEFAULT
    if style.metinf not in ("child", "meta", "prefix", "missing"):
        raise ValueError(f"no such style of XML: {style.metinf!r}")
    writer = _Writer(style, dtd_version(style.dtd or version))
    text = writer.prolog(root) + writer.body(root)
    raw = text.encode(style.encoding, "xmlcharrefreplace")
    if style.bom and style.encoding.lower() == "utf-8":
        raw = codecs.BOM_UTF8 + raw
    return raw


class _Writer:
    """One document being written."""

    def __init__(self, style: XmlStyle, dtd: str) -> None:
        self.style = style
        self.dtd = dtd
        self.namespaces = {SYNCML: NAMESPACES[dtd], METINF: METINF_NAMESPACE, DMDDF: DDF_NAMESPACE}

    def prolog(self, root: Element) -> str:
        """What stands before the root element."""
        text = f'<?xml version="1.0" encoding="{self.style.encoding}"?>' if self.style.declaration else ""
        if self.style.doctype:
            public_id = PUBLIC_IDS[PUBLIC_ID_OF[self.dtd]]
            text += f'<!DOCTYPE {root.name} PUBLIC "{public_id}" "http://www.openmobilealliance.org/tech/DTD/SyncML.dtd">'
        return f"{text}<?{self.style.instruction}?>" if self.style.instruction else text

    def body(self, root: Element) -> str:
        """The element with all below it, without recursion."""
        parts: list[str] = []
        out, style = parts.append, self.style
        simple = not style.prefix and style.metinf == "child"
        siblings: Iterator[Element] = iter((root,))
        stack: list[tuple[Iterator[Element], str, str]] = []
        outer, closing, line = "", "", "\n" if style.indent else ""
        while True:
            for element in siblings:
                if line:
                    out(line + "  " * len(stack))
                name = element.name
                if element.vocabulary == outer and simple:
                    start = name
                else:
                    name, start = self.start(element, outer)
                if element.children:
                    out(f"<{start}>{self.text(element) if element.text else ''}")
                    if style.comment and not stack:
                        out(f"<!--{style.comment}-->")
                    stack.append((siblings, outer, closing))
                    below = reversed(element.children) if style.meta_reversed and element.name == "Meta" else element.children
                    siblings, outer, closing = iter(below), element.vocabulary, f"</{name}>"
                    break
                if element.text or element.octets is not None:
                    out(f"<{start}>{self.text(element)}</{name}>")
                elif style.empty_tags:
                    out(f"<{start}/>")
                else:
                    out(f"<{start}></{name}>")
            else:
                if not stack:
                    return "".join(parts)
                if line:
                    out(line + "  " * (len(stack) - 1))
                out(closing)
                siblings, outer, closing = stack.pop()

    def start(self, element: Element, outer: str) -> tuple[str, str]:
        """Name with prefix, and the inside of the start tag with the namespaces it declares."""
        name, vocabulary, style = element.name, element.vocabulary, self.style
        uri = self.namespaces[vocabulary]
        if not outer:
            if vocabulary != SYNCML:
                return name, f'{name} xmlns="{uri}"'
            full = f"{style.prefix}:{name}" if style.prefix else name
            mark = f"xmlns:{style.prefix}" if style.prefix else "xmlns"
            start = f'{full} {mark}="{uri}"' if style.root_namespace or style.prefix else full
            if style.metinf == "prefix":
                start += f' xmlns:metinf="{METINF_NAMESPACE}"'
            return full, start
        if vocabulary == METINF and style.metinf == "prefix":
            return f"metinf:{name}", f"metinf:{name}"
        if vocabulary == SYNCML and style.prefix:
            return f"{style.prefix}:{name}", f"{style.prefix}:{name}"
        if vocabulary == SYNCML and name == "Meta" and style.metinf == "meta":
            return name, f'{name} xmlns="{METINF_NAMESPACE}"'
        if vocabulary == outer or (vocabulary == METINF and style.metinf != "child"):
            return name, name
        if vocabulary == SYNCML and not style.root_namespace:
            return name, f'{name} xmlns=""'
        return name, f'{name} xmlns="{uri}"'

    def text(self, element: Element) -> str:
        """Character data, escaped."""
        if element.octets is not None:
            raise ValueError(f"{element.name} holds raw octets, which XML cannot carry: use Format b64")
        text = element.text
        if not _SPECIAL.search(text) and not (self.style.cdata_all and element.name == "Data"):
            return text
        bad = _FORBIDDEN.search(text)
        if bad:
            raise ValueError(f"{element.name} holds the character U+{ord(bad[0]):04X}, which XML does not allow")
        wanted = element.name == "Data" and (self.style.cdata or self.style.cdata_all)
        if wanted and "\r" not in text and _encodable(text, self.style.encoding):
            return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return text.replace("\r", "&#13;")


def _encodable(text: str, encoding: str) -> bool:
    """Whether a text needs no character references in a charset; a CDATA section cannot have any."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
