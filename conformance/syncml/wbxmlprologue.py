"""The beginning of a WBXML document - version, public id, charset, string table - and what is read by their means."""

from __future__ import annotations

import codecs

from conformance.syncml.element import SyntaxFault
from conformance.syncml.raw import MAX_OCTETS, Notes
from conformance.syncml.tokens import (
    CHARSETS,
    DDF_PUBLIC_ID,
    DTD_OF,
    PUBLIC_IDS,
    UNKNOWN_PUBLIC_ID,
    UTF_8,
)

_MARKS = (codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)
_KNOWN_IDS = {PUBLIC_IDS[number]: version for number, version in DTD_OF.items()}
_USUAL = {
    bytes((version,)) + mark: (f"1.{version}", f"0x{number:04X}", DTD_OF[number])
    for number, mark in ((0x0FD3, b"\x9f\x53\x6a\0"), (0x1201, b"\xa4\x01\x6a\0"))
    for version in (1, 2, 3)
}
"""Version, public id and DTD of nearly all documents by their first octets: UTF-8, no string table."""


class Prologue:
    """Reads numbers and strings of one document. ``pos`` is always the offset of the next octet.

    All methods raise :class:`SyntaxFault` for what is malformed and ``IndexError`` at the end of the octets.
    """

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.notes = Notes()
        self.version = ""
        self.public_id = ""
        self.dtd = ""
        self.charset = UTF_8
        self.codec = "utf-8"
        self.wide = False
        self.table = b""
        self.table_at = 0
        self.expanded = 0

    def header(self) -> int:
        """Reads version, public id, charset and string table."""
        usual = _USUAL.get(self.octets[:5])
        if usual is not None:
            self.version, self.public_id, self.dtd = usual
            return 5
        version = self.octets[0]
        if version >> 4:
            raise SyntaxFault(f"version octet 0x{version:02X} is WBXML {(version >> 4) + 1}.{version & 15}, not 1.x", 0)
        if version > 3:
            raise SyntaxFault(f"version octet 0x{version:02X} is WBXML 1.{version}; versions up to 1.3 exist", 0)
        self.version = f"1.{version}"
        if not version:
            self.notes.add("wbxml-version", "WBXML 1.0 where 1.1, 1.2 or 1.3 is to be sent", "DM-ENC-003", 0)
        number, pos = self.integer(1)
        id_at, text_at = 1, None
        if number == 0:
            text_at, pos = self.integer(pos)
        if version:
            charset_at = pos
            self.charset, pos = self.integer(pos)
            if self.charset not in CHARSETS:
                raise SyntaxFault(f"charset {self.charset} is not one that DM messages use", charset_at)
            if self.charset != UTF_8:
                self.notes.add("charset", f"charset {self.charset}, not 106 (UTF-8)", "WBXML-008", charset_at)
        self.codec = CHARSETS[self.charset]
        self.wide = self.codec.startswith("utf-16")
        length, pos = self.integer(pos)
        if length > len(self.octets) - pos:
            raise SyntaxFault(f"string table of {length} octets, only {len(self.octets) - pos} are left", pos)
        self.table, self.table_at = self.octets[pos : pos + length], pos
        self.document_type(number, text_at, id_at)
        return pos + length

    def document_type(self, number: int, text_at: int | None, at: int) -> None:
        """Takes note of the public id; refuses documents of other languages, whose tokens mean something else."""
        if text_at is None:
            self.public_id, text = f"0x{number:04X}", PUBLIC_IDS.get(number, "")
            self.dtd = DTD_OF.get(number, "")
            if not self.dtd and number != UNKNOWN_PUBLIC_ID:
                raise SyntaxFault(f"public id {self.public_id} ({text or 'foreign'}) is not that of SyncML", at)
            return
        self.public_id = text = self.string(text_at, at)
        self.dtd = _KNOWN_IDS.get(text, "")
        if self.table and self.table[-1]:
            self.notes.add("string-table-unterminated", "the string table ends without NUL", "", self.table_at)
        if self.dtd or text == DDF_PUBLIC_ID:
            return
        if "SYNCML" not in text.upper():
            raise SyntaxFault(f"public id {text[:80]!r} is not that of SyncML", at)
        self.notes.add("public-id", f"public id {text[:80]!r}", "DM-ENC-004", at)

    def integer(self, pos: int) -> tuple[int, int]:
        """An mb_u_int32 and the offset behind it."""
        octets = self.octets
        octet = octets[pos]
        if octet < 0x80:
            return octet, pos + 1
        start, value = pos, 0
        while octet & 0x80:
            value = value << 7 | octet & 0x7F
            pos += 1
            if pos - start == 5:
                raise SyntaxFault("a number of more than 5 octets", start)
            octet = octets[pos]
        value = value << 7 | octet
        if value > 0xFFFFFFFF:
            raise SyntaxFault("a number of more than 32 bits", start)
        if octets[start] == 0x80:
            self.notes.once("non-minimal-integer", "a number is written with superfluous leading octets", "", start)
        return value, pos + 1

    def string(self, offset: int, at: int) -> str:
        """The string at an offset of the string table, up to NUL or the end of the table."""
        if offset >= len(self.table):
            raise SyntaxFault(f"offset {offset} lies outside the string table of {len(self.table)} octets", at)
        end = _wide_end(self.table, offset) if self.wide else self.table.find(0, offset)
        raw = self.table[offset : end if end >= 0 else None]
        self.expanded += len(raw)
        if self.expanded > MAX_OCTETS:
            raise SyntaxFault(f"references to the string table stand for more than {MAX_OCTETS} octets", at)
        return self.text(raw, self.table_at + offset)

    def decode(self, raw: bytes) -> str:
        """Characters of octets in the charset of the document; raises ``UnicodeDecodeError``."""
        return raw.decode("utf-16" if self.wide and raw.startswith(_MARKS) else self.codec)

    def text(self, raw: bytes, at: int) -> str:
        """Characters of octets in the charset of the document."""
        try:
            return self.decode(raw)
        except UnicodeDecodeError as error:
            raise SyntaxFault(f"octets that are no {self.codec}: {error.reason}", at + error.start) from None

    def inline(self, pos: int) -> tuple[str, int]:
        """The string after STR_I."""
        octets = self.octets
        end, width = (_wide_end(octets, pos), 2) if self.wide else (octets.find(0, pos), 1)
        if end < 0:
            raise SyntaxFault("STR_I without terminating NUL", pos - 1)
        return self.text(octets[pos:end], pos), end + width


def _wide_end(octets: bytes, pos: int) -> int:
    """Offset of the next two NUL octets that stand where a character of two octets may stand; -1 for none."""
    end = octets.find(b"\0\0", pos)
    while end >= 0 and (end - pos) & 1:
        end = octets.find(b"\0\0", end + 1)
    return end
