"""TNDS documents: a sub-tree of a management tree as one value, written and read (DM TNDS 5). XML and WBXML.

What stands in a document is hostile: its octets, nodes and depth are bounded, and nothing recurses.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from conformance.dm.node import NODE
from conformance.syncml.codec import sniff
from conformance.syncml.element import DMDDF, Element, SyntaxFault
from conformance.syncml.model import b64
from conformance.syncml.wbxml import WbxmlStyle, decode_wbxml, encode_wbxml
from conformance.syncml.xmlcodec import XmlStyle, decode_xml, encode_xml

TYPES = {"xml": "application/vnd.syncml.dmtnds+xml", "wbxml": "application/vnd.syncml.dmtnds+wbxml"}
"""Media type of a document by its encoding."""
VERSION = "1.2"
"""What VerDTD says (DM TNDS 5.3.1)."""
LARGEST = 4 << 20
"""Octets of a document that is read."""
MOST_NODES, DEEPEST = 20_000, 64
"""Nodes of a document that is read, and how deep they may lie below each other."""
PROPERTIES = ("ACL", "Format", "Title", "TStamp", "Type", "VerNo", "Value")
"""What ``?list=TNDS`` may be narrowed to: the run-time properties and the value (DM TND 8.2)."""

_UNSAFE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_COMPACT = XmlStyle(declaration=False)
_EMBEDDED = WbxmlStyle(public_id="textual")


@dataclass(slots=True)
class Branch:
    """One node of a document. What a document does not say is ``None``.

    ``format`` is that of the node: Base64 is only how octets travel, so b64 becomes bin (DM TND 7.7.2). ``path`` says
    where the topmost nodes go, relative to the target of the command.
    """

    name: str = ""
    format: str | None = None
    type: str | None = None
    value: bytes | None = None
    acl: str | None = None
    title: str | None = None
    stamp: str | None = None
    version: str | None = None
    path: str = ""
    children: list[Branch] = field(default_factory=list)

    @property
    def interior(self) -> bool:
        """Whether this is an interior node."""
        return self.format == NODE or (self.format is None and bool(self.children))

    def walk(self) -> Iterator[tuple[tuple[str, ...], Branch]]:
        """This node and all below it, parents first, with the names that lead there from here."""
        stack: list[tuple[tuple[str, ...], Branch]] = [((), self)]
        while stack:
            names, branch = stack.pop()
            yield names, branch
            stack.extend(((*names, child.name), child) for child in reversed(branch.children))


class Fault(ValueError):
    """A document that is none. Its text is one clear line."""


# -- writing -------------------------------------------------------------------------------------------------------------


def write(branches: Sequence[Branch], encoding: str) -> bytes:
    """The document in ``xml`` or ``wbxml``; raises ``ValueError`` for other encodings."""
    root = tree(branches, encoding)
    return encode_xml(root, _COMPACT) if encoding == "xml" else encode_wbxml(root, _EMBEDDED)


def tree(branches: Sequence[Branch], encoding: str) -> Element:
    """The elements of a document, as they can stand in the open in a message of that encoding."""
    if encoding not in TYPES:
        raise ValueError(f"no such encoding: {encoding!r}")
    root = _element("MgmtTree", [_element("VerDTD", text=VERSION)])
    stack = [(branch, root) for branch in reversed(branches)]
    while stack:
        branch, above = stack.pop()
        node = _node(branch, encoding)
        above.children.append(node)
        stack.extend((child, node) for child in reversed(branch.children))
    return root


def _node(branch: Branch, encoding: str) -> Element:
    node = _element("Node", [_element("NodeName", text=branch.name)])
    if branch.path:
        node.children.append(_element("Path", text=branch.path))
    format_, value = branch.format, None
    if not branch.interior and branch.value is not None:
        format_, value = _value(branch, encoding)
    properties = _element("RTProperties")
    if branch.acl is not None:
        properties.children.append(_element("ACL", text=branch.acl))
    if format_ is not None:
        properties.children.append(_element("Format", [_element(format_)]))
    if branch.title is not None:
        properties.children.append(_element("Title", text=branch.title))
    if branch.stamp is not None:
        properties.children.append(_element("TStamp", text=branch.stamp))
    if branch.type is not None:
        kind = "DDFName" if branch.interior else "MIME"
        properties.children.append(_element("Type", [_element(kind, text=branch.type)]))
    if branch.version is not None:
        properties.children.append(_element("VerNo", text=branch.version))
    node.children.append(properties)
    if value is not None:
        node.children.append(value)
    return node


def _value(branch: Branch, encoding: str) -> tuple[str | None, Element]:
    """The Format that a value travels with, and the element Value."""
    octets = branch.value or b""
    if branch.format == "bin" and encoding == "wbxml":
        element = _element("Value")
        element.octets = octets
        return "bin", element
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text = "\0"
    if branch.format in ("bin", "b64") or _UNSAFE.search(text):
        return "b64", _element("Value", text=base64.b64encode(octets).decode())
    return branch.format, _element("Value", text=text)


def _element(name: str, children: list[Element] | None = None, text: str = "") -> Element:
    return Element(name, DMDDF, children or [], text)


# -- reading -------------------------------------------------------------------------------------------------------------


def read(octets: bytes) -> list[Branch]:
    """The topmost nodes of a document in either encoding, which the first octets tell.

    Raises :class:`Fault` for what is no such document, and for one that is too large.
    """
    if len(octets) > LARGEST:
        raise Fault(f"{len(octets)} octets are more than the {LARGEST} that are read")
    try:
        root = (decode_xml if sniff(octets) == "xml" else decode_wbxml)(octets).root
    except SyntaxFault as fault:
        raise Fault(str(fault)) from None
    return read_tree(root)


def read_tree(root: Element) -> list[Branch]:
    """The same from elements that stood in the open."""
    if root.name != "MgmtTree":
        raise Fault(f"the root element is {root.name[:80]}, not MgmtTree")
    version = root.child("VerDTD")
    if version is None or version.text.strip() != VERSION:
        raise Fault(f"VerDTD is not {VERSION}")
    branches: list[Branch] = []
    stack = [(node, branches, 1) for node in reversed(root.all("Node"))]
    count = 0
    while stack:
        element, siblings, depth = stack.pop()
        count += 1
        if depth > DEEPEST or count > MOST_NODES:
            raise Fault(f"more than {MOST_NODES} nodes, or more than {DEEPEST} below each other")
        branch = _branch(element)
        siblings.append(branch)
        below = element.all("Node")
        if below and branch.format not in (None, NODE):
            raise Fault(f"the node {branch.name[:80]!r} has nodes below it, but its Format is {branch.format}")
        stack.extend((each, branch.children, depth + 1) for each in reversed(below))
    if not branches:
        raise Fault("there is no Node")
    return branches


def _branch(element: Element) -> Branch:
    properties = element.child("RTProperties")
    name = element.child("NodeName")
    if properties is None or name is None:
        raise Fault("a Node without NodeName or RTProperties")
    branch = Branch(_text(name).strip(), path=_text(element.child("Path")).strip())
    for key, attribute in (("ACL", "acl"), ("Title", "title"), ("TStamp", "stamp"), ("VerNo", "version")):
        found = properties.child(key)
        if found is not None:
            setattr(branch, attribute, _text(found))
    format_ = properties.child("Format")
    said = _only(format_) if format_ is not None else None
    branch.format = "bin" if said == "b64" else said
    kind = properties.child("Type")
    if kind is not None:
        inner = kind.children[0] if kind.children else kind
        branch.type = _text(inner).strip()
    value = element.child("Value")
    if value is not None:
        branch.value = value.octets if value.octets is not None else value.text.encode()
        if said == "b64":
            branch.value = _decoded(branch.value)
    return branch


def _decoded(octets: bytes) -> bytes:
    decoded = b64(octets.decode("latin-1"))
    if decoded is None:
        raise Fault("a value of Format b64 is no Base64")
    return decoded


def _only(format_: Element) -> str:
    """The name of the empty element inside Format; text in its place is understood as well."""
    said = format_.children[0].name if format_.children else format_.text.strip()
    return said or "chr"


def _text(element: Element | None) -> str:
    if element is None:
        return ""
    return element.text if element.octets is None else element.octets.decode("utf-8", "backslashreplace")
