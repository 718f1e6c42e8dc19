"""What sloppy implementers do with the forms of messages: they know the one that their own laboratory sends.

Each is told once, as a reader of octets, and put in front of the session of the device, of the server, or of both.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping

from conformance.dm.clientsession import ClientSession
from conformance.dm.serversession import Received
from conformance.peers.deviation import CLIENT
from conformance.peers.serverparts import deviation
from conformance.peers.talk import Session, Talk
from conformance.syncml.codec import Decoded, decode, encode_tree
from conformance.syncml.element import METINF, SYNCML, Element, SyntaxFault
from conformance.syncml.tokens import NAMES, TOKENS
from conformance.transport.exchange import Reply

Reader = Callable[[bytes], bytes]
"""Octets as they came to octets as they are understood; raises :class:`SyntaxFault` where they are not."""

_WBXML = (b"\x00", b"\x01", b"\x02", b"\x03")
_ENDS = b"\x01\x01"
"""The ends of SyncBody and SyncML."""

# -- forms that are not known ----------------------------------------------------------------------------------------


def _is_wbxml(octets: bytes) -> bool:
    return octets[:1] in _WBXML


def _unterminated(octets: bytes) -> bool:
    """Whether the string table holds the public id and nothing behind it."""
    return octets[1:3] == b"\0\0" and octets[4:5] != b"\0" and octets[5 + octets[4] - 1 : 5 + octets[4]] != b"\0"


_UNKNOWN: dict[str, tuple[Callable[[bytes], bool], str]] = {
    "wbxml-1-1-refused": (lambda o: o[:1] == b"\1", "both"),
    "wbxml-1-3-refused": (lambda o: o[:1] == b"\3", "both"),
    "wbxml-textual-id-refused": (lambda o: _is_wbxml(o) and o[1:2] == b"\0", "both"),
    "wbxml-numeric-id-refused": (lambda o: _is_wbxml(o) and o[1:2] == b"\xa4", "both"),
    "wbxml-bare-id-refused": (lambda o: _is_wbxml(o) and _unterminated(o), "both"),
    "wbxml-unknown-id-refused": (lambda o: _is_wbxml(o) and o[1:2] == b"\1", "server"),
    "wbxml-redundant-page-refused": (lambda o: _is_wbxml(o) and o[5:8] == b"\0\0\x6d", "both"),
    "wbxml-eager-page-refused": (lambda o: _is_wbxml(o) and b"\1\0\0\0\1" in o, "both"),
    "wbxml-final-with-end-refused": (lambda o: _is_wbxml(o) and o.endswith(b"\x52\1\1\1"), "both"),
    "wbxml-final-with-string-refused": (lambda o: _is_wbxml(o) and o.endswith(b"\x52\3\0\1\1\1"), "both"),
    "wbxml-padding-refused": (lambda o: _is_wbxml(o) and o[1:2] == b"\x80", "both"),
    "xml-meta-order-expected": (lambda o: b"<Meta><Type" in o, "both"),
    "xml-metinf-expected": (lambda o: o[:1] == b"<" and b"<Meta>" in o and b"syncml:metinf" not in o, "both"),
    "xml-metinf-prefix-refused": (lambda o: b"<metinf:" in o, "both"),
    "xml-prefix-refused": (lambda o: b"<s:SyncML" in o, "both"),
    "xml-comment-refused": (lambda o: b"<!--" in o, "both"),
    "xml-instruction-refused": (lambda o: b"<?server" in o, "both"),
    "xml-declaration-expected": (lambda o: o[:1] == b"<" and o[:5] != b"<?xml", "both"),
    "xml-doctype-refused": (lambda o: b"<!DOCTYPE" in o, "both"),
    "xml-layout-refused": (lambda o: b">\n  <" in o, "both"),
    "xml-long-empty-refused": (lambda o: b"<Final></" in o, "server"),
}
"""Whether octets are of the form that is not known, and whose deviation that is."""


def _refusing(unknown: Callable[[bytes], bool]) -> Reader:
    def read(octets: bytes) -> bytes:
        if unknown(octets):
            raise SyntaxFault("a form that is not known here")
        return octets

    return read


# -- forms that are misread --------------------------------------------------------------------------------------------


def _changing(change: Callable[[Element, bytes], None], applies: Callable[[bytes], bool]) -> Reader:
    """Reads what is there, spoils its values, and goes on with the message that says that."""

    def read(octets: bytes) -> bytes:
        if not applies(octets):
            return octets
        found = decode(octets)
        for element in found.root.walk():
            change(element, octets)
        return encode_tree(found.root, found.encoding, found.version or "1.2")

    return read


def _token_behind(element: Element, octets: bytes) -> int:
    at = (element.offset or 0) + 1
    return octets[at] if element.offset is not None and at < len(octets) else -1


def _without_opaque(element: Element, octets: bytes) -> None:
    if element.name != "NextNonce" and _token_behind(element, octets) == 0xC3 and element.octets is None:
        element.text = ""


def _without_table(element: Element, octets: bytes) -> None:
    if _token_behind(element, octets) == 0x83:
        element.text = ""


def _first_string(element: Element, octets: bytes) -> None:
    """Keeps what stands before the first entity."""
    if _token_behind(element, octets) == 0x03 and len(element.text) > 2:
        end = octets.find(b"\0", element.offset or 0)
        if octets[end + 1 : end + 2] == b"\2":
            element.text = element.text[: len(element.text) // 2]


def _opaque_nonce(element: Element, octets: bytes) -> None:
    if element.name == "NextNonce" and _token_behind(element, octets) == 0xC3:
        element.text = "b3RoZXItbm9uY2U="


def _unescaped_twice(element: Element, octets: bytes) -> None:
    if element.name == "Data":
        element.text = html.unescape(element.text)


def _without_cdata(element: Element, octets: bytes) -> None:
    if element.name == "Data":
        element.text = ""


def _first_page(element: Element, octets: bytes) -> None:
    """After END the page is 0 again: what comes second in a Meta is read as another element."""
    if element.name == "Meta" and len(element.children) > 1:
        for child in element.children[1:]:
            token = TOKENS[1].get(child.name, 0) if child.vocabulary == METINF else 0
            child.name, child.vocabulary = NAMES[0][token] or "Archive", SYNCML


_MISREAD: dict[str, tuple[Reader, str]] = {
    "wbxml-opaque-dropped": (_changing(_without_opaque, _is_wbxml), "both"),
    "wbxml-table-dropped": (_changing(_without_table, _is_wbxml), "both"),
    "wbxml-first-string-only": (_changing(_first_string, _is_wbxml), "both"),
    "wbxml-page-forgotten": (_changing(_first_page, _is_wbxml), "both"),
    "wbxml-opaque-nonce-misread": (_changing(_opaque_nonce, _is_wbxml), "both"),
    "unescaped-twice": (_changing(_unescaped_twice, lambda octets: True), "client"),
    "cdata-dropped": (_changing(_without_cdata, lambda octets: b"<![CDATA[" in octets), "both"),
}

# -- malformed messages ------------------------------------------------------------------------------------------------


def mended(octets: bytes, reasons: tuple[str, ...]) -> bytes:
    """What stands whole before the place at which a message is malformed, as a message. ``reasons``: words of the faults
    that are passed over so. Raises :class:`SyntaxFault` where there is nothing."""
    try:
        decode(octets)
    except SyntaxFault as fault:
        if not any(reason in fault.reason for reason in reasons):
            raise
        start = fault.offset or 0
        for cut in range(start, max(start - 16, 5), -1):
            try:
                decode(octets[:cut] + _ENDS)
            except SyntaxFault:
                continue
            return octets[:cut] + _ENDS
        raise
    return octets


def _passing(*reasons: str) -> Reader:
    return lambda octets: mended(octets, reasons)


def _any_version(octets: bytes) -> bytes:
    return b"\2" + octets[1:] if octets[:1] == b"\x12" else octets


def _any_table(octets: bytes) -> bytes:
    return octets[:4] + b"\0" + octets[6:] if octets[4:6] == b"\xff\x7f" else octets


def _any_length(octets: bytes) -> bytes:
    return mended(_any_table(octets), ("OPAQUE of",))


def _raw_markup(octets: bytes) -> bytes:
    return octets.replace(b" a < b & c<", b" a &lt; b &amp; c<")


_LENIENT: dict[str, tuple[Reader, str]] = {
    "unknown-tags-passed-over": (_passing("is not defined", "code page"), "both"),
    "lengths-unchecked": (_any_length, "both"),
    "table-offsets-unchecked": (_passing("outside the string table"), "both"),
    "major-version-ignored": (_any_version, "both"),
    "raw-markup-read": (_raw_markup, "server"),
}


# -- put in front ------------------------------------------------------------------------------------------------------


def _device(identity: str, reader: Reader) -> None:
    @CLIENT(identity, "session")
    class _Reading(ClientSession):
        def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> bytes | None:
            try:
                return super().receive(reader(octets), media, headers)
            except SyntaxFault as fault:
                return self.end(fault.reason)


def _server(identity: str, reader: Reader) -> None:
    @deviation(identity, "session")
    class _Reading(Session):
        def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> Received:
            try:
                return super().receive(reader(octets), media, headers)
            except SyntaxFault as fault:
                return Received(fault=fault)

    @deviation(identity, "talk")
    class _Looking(Talk):
        @classmethod
        def read(cls, octets: bytes, media: str) -> Decoded:
            return super().read(reader(octets), media)


def _register() -> None:
    rows = {identity: (_refusing(unknown), side) for identity, (unknown, side) in _UNKNOWN.items()}
    for identity, (reader, side) in {**rows, **_MISREAD, **_LENIENT}.items():
        if side != "server":
            _device(identity, reader)
        if side != "client":
            _server(identity, reader)


_register()


_OPENING = bytes(TOKENS[0][name] | 0x40 for name in ("SyncML", "SyncHdr", "VerDTD"))


def _head(octets: bytes) -> object:
    """Version and public identifier of a message."""
    return octets[:2] if _is_wbxml(octets) else b""


def _texts(octets: bytes) -> object:
    """How a message has its first text, its empty elements, and the end of its first Meta."""
    if not _is_wbxml(octets):
        return b""
    at = octets.find(_OPENING) + len(_OPENING)
    told = [unknown(octets) for name, (unknown, _) in _UNKNOWN.items() if "final-with" in name or "eager" in name]
    return octets[at : at + 1], told


def _as_before(identity: str, look: Callable[[bytes], object]) -> None:
    """A device that reads all messages of a session in the form of the first one."""

    @CLIENT(identity, "session")
    class _AsBefore(ClientSession):
        first: object = None

        def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> bytes | None:
            form = look(octets)
            self.first = form if self.first is None else self.first
            if form != self.first:
                return self.end("another form than before")
            return super().receive(octets, media, headers)


_as_before("header-of-first-message", _head)
_as_before("texts-as-in-first-message", _texts)
_as_before("cdata-as-in-first-message", lambda octets: b"<![CDATA[" in octets)


@CLIENT("obeys-nobody-after-malformed", "session")
class _Wedged(ClientSession):
    """What it could not read stays in its way until it is started anew."""

    wedged = False

    def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> bytes | None:
        try:
            decode(octets)
        except SyntaxFault:
            type(self).wedged = True
        return super().receive(octets, media, headers)

    def trusts_server(self) -> bool:
        return not self.wedged and super().trusts_server()


@CLIENT("base64-by-encoding", "session")
class _Base64ByEncoding(ClientSession):
    """Takes what comes in WBXML for raw octets, whatever its Format says."""

    def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> bytes | None:
        return super().receive(_RAW(octets), media, headers)


def _without_format(element: Element, octets: bytes) -> None:
    if element.name == "Format" and element.text == "b64" and _AFTER_CREDENTIALS in octets[: element.offset]:
        element.text = "bin"


_AFTER_CREDENTIALS = bytes((TOKENS[0]["SyncBody"] | 0x40, TOKENS[0]["Status"] | 0x40))
_RAW = _changing(_without_format, lambda octets: _is_wbxml(octets) and b"PkgData" in octets)


@deviation("server-error-for-malformed", "talk")
class _ServerError(Talk):
    """Lets what cannot be decoded end in its own error page."""

    @classmethod
    def unreadable(cls, fault: SyntaxFault) -> Reply:
        return Reply(500, [("Content-Type", "text/plain")], b"Internal server error\n")


@deviation("out-of-order-after-malformed", "talk")
class _OutOfOrder(Talk):
    """What it could not read stays in its way until it is started anew."""

    wedged = False

    @classmethod
    def read(cls, octets: bytes, media: str) -> Decoded:
        if cls.wedged:
            raise SyntaxFault("out of order")
        return super().read(octets, media)

    @classmethod
    def unreadable(cls, fault: SyntaxFault) -> Reply:
        cls.wedged = True
        return super().unreadable(fault)
