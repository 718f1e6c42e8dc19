"""Numbers and names of the wire: WBXML tokens, code pages, document types, media types and charsets.

Code pages 0 (SyncML RepPro 1.2), 1 (MetInf 1.2) and 2 (DM DDF 1.2, also for TNDS); global tokens of WBXML 1.1-1.3.
"""

from __future__ import annotations

from conformance.syncml.element import DMDDF, METINF, SYNCML


def _page(names: str) -> list[str]:
    """Names in order of their tokens, the first of which is 0x05; "-" is a token that is reserved."""
    return names.split()


_SYNCML = _page("""
Add Alert Archive Atomic Chal Cmd CmdID CmdRef Copy Cred Data Delete Exec Final Get Item Lang LocName LocURI Map
MapItem Meta MsgID MsgRef NoResp NoResults Put Replace RespURI Results Search Sequence SessionID SftDel Source
SourceRef Status Sync SyncBody SyncHdr SyncML Target TargetRef - VerDTD VerProto NumberOfChanges MoreData Field
Filter Record FilterType SourceParent TargetParent Move Correlator
""")
_METINF = _page("""
Anchor EMI Format FreeID FreeMem Last Mark MaxMsgSize Mem MetInf Next NextNonce SharedMem Size Type Version
MaxObjSize FieldLevel
""")
_DMDDF = _page("""
AccessType ACL Add b64 bin bool chr CaseSense CIS Copy CS date DDFName DefaultValue Delete Description DFFormat
DFProperties DFTitle DFType Dynamic Exec float Format Get int Man MgmtTree MIME Mod Name Node node NodeName null
Occurrence One OneOrMore OneOrN Path Permanent Replace RTProperties Scope Size time Title TStamp Type Value
VerDTD VerNo xml ZeroOrMore ZeroOrN ZeroOrOne
""")

FIRST = 0x05
"""The first tag token of every page; what is below are global tokens."""

PAGES = (_SYNCML, _METINF, _DMDDF)
VOCABULARIES = (SYNCML, METINF, DMDDF)
"""Vocabulary by number of the code page."""
PAGE_OF = {SYNCML: 0, METINF: 1, DMDDF: 2}

TOKENS: tuple[dict[str, int], ...] = tuple(
    {name: number for number, name in enumerate(page, FIRST) if name != "-"} for page in PAGES
)
"""Tag token by name, one table per code page."""


def _names(page: list[str]) -> tuple[str | None, ...]:
    known: list[str | None] = [None] * 256
    for number, name in enumerate(page, FIRST):
        if name != "-":
            known[number] = known[number | 0x40] = name
    return tuple(known)


NAMES = tuple(_names(page) for page in PAGES)
"""Name by tag octet (bit 0x40 set or not, bit 0x80 clear), one table per code page; ``None`` is no tag."""

SWITCH_PAGE, END, ENTITY, STR_I, LITERAL = 0x00, 0x01, 0x02, 0x03, 0x04
PI, LITERAL_C, STR_T, LITERAL_A, OPAQUE, LITERAL_AC = 0x43, 0x44, 0x83, 0x84, 0xC3, 0xC4
# The extension tokens 0x40-0x42, 0x80-0x82 and 0xC0-0xC2 mean nothing in SyncML.

CONTENT, ATTRIBUTES = 0x40, 0x80
"""Bits of a tag octet: content follows, attributes follow."""

PUBLIC_IDS = {
    0x0FD1: "-//SYNCML//DTD SyncML 1.0//EN",
    0x0FD2: "-//SYNCML//DTD DevInf 1.0//EN",
    0x0FD3: "-//SYNCML//DTD SyncML 1.1//EN",
    0x0FD4: "-//SYNCML//DTD DevInf 1.1//EN",
    0x1201: "-//SYNCML//DTD SyncML 1.2//EN",
    0x1202: "-//SYNCML//DTD MetInf 1.2//EN",
    0x1203: "-//SYNCML//DTD DevInf 1.2//EN",
}
"""Formal public identifier by registered number."""
DDF_PUBLIC_ID = "-//OMA//DTD-DM-DDF 1.2//EN"
"""Document type of DDF and TNDS; it has no number."""
UNKNOWN_PUBLIC_ID = 0x01
PUBLIC_ID_OF = {"1.0": 0x0FD1, "1.1": 0x0FD3, "1.2": 0x1201}
"""Number of the document type by version of SyncML."""
DTD_OF = {number: version for version, number in PUBLIC_ID_OF.items()}

NAMESPACES = {"1.0": "SYNCML:SYNCML1.0", "1.1": "SYNCML:SYNCML1.1", "1.2": "SYNCML:SYNCML1.2"}
"""XML namespace of the root element by version of SyncML."""
METINF_NAMESPACE = "syncml:metinf"
DDF_NAMESPACE = "syncml:dmddf1.2"

DM_XML, DM_WBXML = "application/vnd.syncml.dm+xml", "application/vnd.syncml.dm+wbxml"
"""The two media types of DM messages (DM RepPro 5.1)."""
DS_XML, DS_WBXML = "application/vnd.syncml+xml", "application/vnd.syncml+wbxml"
"""Media types of data synchronization, which some DM clients use."""

UTF_8 = 106
CHARSETS = {
    UTF_8: "utf-8", 0: "utf-8", 3: "ascii", 4: "latin-1", 1000: "utf-16-be", 1013: "utf-16-be", 1014: "utf-16-le",
    1015: "utf-16-be",
}
"""Codec by MIBenum; 0 means unknown and is read as UTF-8, 1000 is UCS-2, 1015 is UTF-16 (big-endian without mark)."""


def dtd_version(version: str) -> str:
    """The version of the DTD for a version of DM: ``1.1.2`` gives ``1.1``. Raises ``ValueError`` for unknown ones."""
    dtd = ".".join(version.split(".")[:2])
    if dtd not in NAMESPACES:
        raise ValueError(f"no version of SyncML: {version!r}")
    return dtd
