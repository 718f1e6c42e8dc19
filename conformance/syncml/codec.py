"""One door to both encodings: octets to messages and back."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from conformance.syncml.element import Element, Observation, SyntaxFault
from conformance.syncml.model import Message
from conformance.syncml.raw import Raw
from conformance.syncml.read import read_message
from conformance.syncml.tokens import DM_WBXML, DM_XML, DS_WBXML, DS_XML
from conformance.syncml.wbxml import WbxmlStyle, decode_wbxml, encode_wbxml
from conformance.syncml.write import write_message
from conformance.syncml.xmlcodec import XmlStyle, decode_xml, encode_xml

__all__ = ["Decoded", "decode", "encode", "encode_tree", "media_type", "pretty"]

_XML_STARTS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
_ENCODING_OF = {DM_XML: "xml", DS_XML: "xml", DM_WBXML: "wbxml", DS_WBXML: "wbxml"}
_SHOWN = 256
"""Octets of a binary value that :func:`pretty` shows."""
_PLAIN = 8192
"""Octets of a body that is no message that :func:`pretty` shows."""
_LEVELS = 3
"""Documents within documents that :func:`pretty` opens."""
_UNSHOWABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(slots=True)
class Decoded:
    """A message as read from octets.

    ``encoding`` is ``xml`` or ``wbxml``; ``version`` that of the DTD by namespace or public id ("1.1", "1.2", "" where
    unknown); ``wbxml_version``, ``public_id`` and ``charset`` as in :class:`conformance.syncml.raw.Raw`.
    """

    message: Message
    root: Element
    encoding: str
    observations: list[Observation] = field(default_factory=list)
    version: str = ""
    wbxml_version: str = ""
    public_id: str = ""
    charset: str = ""


def decode(octets: bytes, media: str = "") -> Decoded:
    """Reads the body of a message. ``media`` is its Content-Type ("" where there is none), parameters included.

    The first octets decide which encoding it is; a label that says something else is observed. Raises
    :class:`SyntaxFault` for octets that are no message.
    """
    encoding = sniff(octets)
    raw = decode_xml(octets) if encoding == "xml" else decode_wbxml(octets)
    message, departures = read_message(raw.root)
    observations: list[Observation] = raw.observations
    if media:
        _label(observations, media, encoding)
    observations.extend(departures)
    _versions(observations, raw, message)
    return Decoded(
        message, raw.root, encoding, observations, raw.version, raw.wbxml_version, raw.public_id, raw.charset,
    )


def sniff(octets: bytes) -> str:
    """``xml`` or ``wbxml`` by the first octets. Raises :class:`SyntaxFault` for an empty body."""
    start = octets[:64].lstrip(b" \t\r\n")
    if not start:
        raise SyntaxFault("the body is empty", 0)
    return "xml" if start[0] == 0x3C or octets.startswith(_XML_STARTS) else "wbxml"


def _label(observations: list[Observation], media: str, encoding: str) -> None:
    """Notes a media type that is not the one for DM messages, or not that of the body."""
    label = media.partition(";")[0].strip().lower()
    said = _ENCODING_OF.get(label)
    if said is not None and said != encoding:
        detail = f"the label says {label}, the body is {encoding}"
        observations.append(Observation("mislabelled", detail, None, "DM-ENC-001"))
    if label not in (DM_XML, DM_WBXML):
        observations.append(Observation("media-type", f"media type {label[:80]}", None, "DM-ENC-001"))


def _versions(observations: list[Observation], raw: Raw, message: Message) -> None:
    """Notes a document type that does not fit VerDTD."""
    said = message.header.ver_dtd
    if not raw.version or said is None or said == raw.version:
        return
    if raw.wbxml_version:
        detail = f"the public id names SyncML {raw.version}, VerDTD says {said[:20]}"
        observations.append(Observation("public-id-version", detail, 1, "WBXML-007"))
    else:
        detail = f"the namespace is that of SyncML {raw.version}, VerDTD says {said[:20]}"
        observations.append(Observation("namespace-version", detail, None, "DM-ENC-004"))


def encode(
    message: Message, encoding: str = "xml", version: str = "1.2", *, xml: XmlStyle | None = None,
    wbxml: WbxmlStyle | None = None,
) -> bytes:
    """The octets of a message. ``encoding`` is ``xml`` or ``wbxml``; ``version`` of DM ("1.2", "1.1.2") selects
    namespace and public id. Raises ``ValueError`` for what the encoding cannot carry (raw octets in XML).
    """
    return encode_tree(write_message(message, version), encoding, version, xml=xml, wbxml=wbxml)


def encode_tree(
    root: Element, encoding: str = "xml", version: str = "1.2", *, xml: XmlStyle | None = None,
    wbxml: WbxmlStyle | None = None,
) -> bytes:
    """The octets of a tree, which need not be a message that makes sense. Raises ``ValueError`` as :func:`encode`."""
    if encoding == "xml":
        return encode_xml(root, xml, version)
    if encoding == "wbxml":
        return encode_wbxml(root, wbxml, version)
    raise ValueError(f"no such encoding: {encoding!r}")


def media_type(encoding: str) -> str:
    """The media type of DM messages in that encoding (``xml`` or ``wbxml``). Raises ``ValueError`` for others."""
    if encoding not in ("xml", "wbxml"):
        raise ValueError(f"no such encoding: {encoding!r}")
    return DM_XML if encoding == "xml" else DM_WBXML


def pretty(octets: bytes, media: str = "", decoded: Decoded | None = None) -> str:
    """Any body as text for a reader: indented XML, binary values as their length and first octets in hexadecimal.

    ``media`` is used for nothing but a body that is no message; ``decoded`` is the same message where the caller has it
    already. Never raises.
    """
    try:
        root = decoded.root if decoded else (decode_xml if sniff(octets) == "xml" else decode_wbxml)(octets).root
    except SyntaxFault as fault:
        return _plain(octets, fault, media)
    return encode_xml(_shown(root), XmlStyle(indent=True, declaration=False)).decode().strip("\n") + "\n"


def _shown(root: Element, level: int = 0) -> Element:
    """A copy that XML can carry: octets and forbidden characters are written out, WBXML inside WBXML is opened."""
    top = Element("")
    stack = [(root, top)]
    while stack:
        element, parent = stack.pop()
        copy = Element(element.name, element.vocabulary, [], _UNSHOWABLE.sub(_escape, element.text))
        parent.children.append(copy)
        if element.octets is not None:
            first = element.octets[:_SHOWN].hex()
            copy.text = f"[{len(element.octets)} octets: {first}{'...' if len(element.octets) > _SHOWN else ''}]"
            if level < _LEVELS and element.octets[:1] in (b"\1", b"\2", b"\3"):
                _open(copy, element.octets, level + 1)
        stack.extend((child, copy) for child in reversed(element.children))
    return top.children[0]


def _open(copy: Element, octets: bytes, level: int) -> None:
    try:
        inner = decode_wbxml(octets).root
    except SyntaxFault:
        return
    copy.text = f"[a WBXML document of {len(octets)} octets]"
    copy.children.append(_shown(inner, level))


def _escape(match: re.Match[str]) -> str:
    return f"\\x{ord(match[0]):02x}"


def _plain(octets: bytes, fault: SyntaxFault, media: str) -> str:
    """A body that is no message, with the reason why not."""
    head = f"[not a message: {fault}; {len(octets)} octets{', labelled ' + media if media else ''}]\n"
    start = octets[:_PLAIN]
    more = f"\n[{len(octets) - len(start)} more octets]\n" if len(octets) > len(start) else "\n"
    try:
        text = start.decode()
    except UnicodeDecodeError:
        text = "\0"
    if not _UNSHOWABLE.search(text):
        return head + text + more
    lines = [f"{at:06x}  {start[at : at + 16].hex(' ')}" for at in range(0, len(start), 16)]
    return head + "\n".join(lines) + more
