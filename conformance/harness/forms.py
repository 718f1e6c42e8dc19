"""Odd forms of messages that the suite sends on purpose: valid ones as styles of the codecs, and malformed octets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from conformance.syncml.element import Element
from conformance.syncml.wbxml import WbxmlStyle, encode_wbxml
from conformance.syncml.xmlcodec import XmlStyle, encode_xml

_FINAL = b"\x12\x01\x01"
"""How a WBXML message of the suite ends: Final, and the ends of SyncBody and SyncML."""
_DEEP = 300
"""Elements within elements that no message needs."""
_Spoil = Callable[[bytes], bytes]


def styles(given: Mapping[str, Any]) -> tuple[XmlStyle | None, WbxmlStyle | None]:
    """The styles that the keys ``xml`` and ``wbxml`` of a step ask for; ``None`` for the plain form.

    Raises ``TypeError`` or ``ValueError`` for a style that does not exist.
    """
    xml, wbxml = given.get("xml"), given.get("wbxml")
    return (XmlStyle(**xml) if xml else None), (WbxmlStyle(**_numbers(wbxml)) if wbxml else None)


def refusable(xml: XmlStyle | None, wbxml: WbxmlStyle | None) -> bool:
    """Whether a receiver may say that it cannot read messages of this form: no rule makes it take them (DM-ENC-009, WBXML-006,
    -012, -014, -019, -021, -022). ``None`` is the plain form."""
    if wbxml is not None and (wbxml.public_id in ("textual-bare", "unknown") or wbxml.text == "mixed" or wbxml.pages == "redundant"):
        return True
    if wbxml is not None and (wbxml.padding > 0 or wbxml.xmlns):
        return True
    return xml is not None and (xml.metinf in ("missing", "meta") or not xml.root_namespace or xml.meta_reversed)


def _numbers(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: int(value) if key in ("charset", "padding") else value for key, value in given.items()}


def style_faults(given: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the keys ``xml`` and ``wbxml`` of a step; ``${...}`` is filled in later."""
    for key in ("xml", "wbxml"):
        wanted = given.get(key)
        if wanted is None or "${" in str(wanted):
            continue
        if not isinstance(wanted, dict):
            yield f"{key}: expected a mapping"
            continue
        try:
            xml, wbxml = styles({key: wanted})
            encode_xml(Element("SyncML"), xml)
            encode_wbxml(Element("SyncML"), wbxml)
        except (TypeError, ValueError, LookupError) as fault:
            yield f"{key}: {fault}"


def malformed(octets: bytes, encoding: str, form: str) -> bytes:
    """A valid message of the suite made malformed. ``encoding``: xml or wbxml. Raises ``KeyError`` for unknown forms."""
    return (_XML if encoding == "xml" else _WBXML)[form](octets)


def _before_final(more: bytes) -> _Spoil:
    """Puts octets before Final, so that everything before them is complete."""
    return lambda octets: octets.removesuffix(_FINAL) + more + _FINAL


def _cut_in_text(octets: bytes) -> bytes:
    """Ends in the middle of a string: no NUL comes any more."""
    return octets[: octets.rfind(b"\x00\x01")]


def _bad_text(octets: bytes) -> bytes:
    """Puts an octet that no UTF-8 has before the end of the last string."""
    at = octets.rfind(b"\x00\x01")
    return octets[:at] + b"\xff" + octets[at:]


def _in_xml(name: bytes, more: bytes) -> _Spoil:
    """Puts octets before the last end tag of that name."""

    def spoil(octets: bytes) -> bytes:
        at = octets.rfind(b"</" + name)
        return octets[:at] + more + octets[at:]

    return spoil


def _bomb(octets: bytes) -> bytes:
    """Entities that stand for a thousand million characters."""
    names = [b"a%d" % number for number in range(10)]
    rows = [b'<!ENTITY a0 "0123456789">']
    rows += [b'<!ENTITY %s "%s">' % (name, b"&%s;" % before * 10) for before, name in pairwise(names)]
    head = b'<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE SyncML [' + b"".join(rows) + b"]>"
    body = re.sub(rb"^<\?xml[^>]*\?>", b"", octets)
    return head + _in_xml(b"SyncBody>", b"<Alert><CmdID>9</CmdID><Data>&a9;</Data></Alert>")(body)


_WBXML: dict[str, _Spoil] = {
    "empty": lambda octets: b"",
    "header-only": lambda octets: octets[:5],
    "truncated": lambda octets: octets[:-2],
    "unterminated": _cut_in_text,
    "extra-end": lambda octets: octets + b"\x01",
    "overrun": lambda octets: octets.removesuffix(_FINAL) + b"\x46\x4f\xc3\x7fabc",
    "huge-length": lambda octets: octets.removesuffix(_FINAL) + b"\x46\x4f\xc3\x8f\xff\xff\xff\x7fabc",
    "long-number": lambda octets: octets[:1] + b"\x80" * 6 + octets[1:],
    "unknown-tag": _before_final(b"\x30"),
    "unknown-page": _before_final(b"\x00\x07\x45\x01\x00\x00"),
    "table-offset": _before_final(b"\x46\x4f\x83\x7f\x01\x01"),
    "table-overrun": lambda octets: octets[:4] + b"\xff\x7f" + octets[5:],
    "major-version": lambda octets: b"\x12" + octets[1:],
    "bad-text": _bad_text,
    "deep": _before_final(b"\x46" + b"\x4f" * _DEEP + b"\x01" * _DEEP + b"\x01"),
    "other-encoding": lambda octets: b'<?xml version="1.0"?><SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr>',
}
_XML: dict[str, _Spoil] = {
    "empty": lambda octets: b"",
    "truncated": lambda octets: octets[: octets.rfind(b"</SyncBody")],
    "mismatched": lambda octets: octets.replace(b"</SyncBody>", b"</SyncBodi>"),
    "bad-text": _in_xml(b"SyncBody>", b"<Alert><CmdID>9</CmdID><Data>\xff\xfe</Data></Alert>"),
    "raw-markup": lambda octets: re.sub(rb"(<Data>[^<]*)(</Data></Item>)", rb"\1 a < b & c\2", octets, count=1),
    "unknown-entity": _in_xml(b"SyncBody>", b"<Alert><CmdID>9</CmdID><Data>&nobody;</Data></Alert>"),
    "bomb": _bomb,
    "deep": _in_xml(b"SyncBody>", b"<Alert>" + b"<Data>" * _DEEP + b"</Data>" * _DEEP + b"</Alert>"),
    "html": lambda octets: b"<!DOCTYPE html><html><body><p>Service unavailable<br></body></html>",
    "other-encoding": lambda octets: b"\x02\xa4\x01\x6a\x00\x6d\x6c\x71\x03",
}
MALFORMED = tuple(sorted({*_WBXML, *_XML}))
"""The forms of the step ``malformed``; some exist in one encoding only."""
