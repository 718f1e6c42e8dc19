"""The WBXML codec: every style, every kind of damage, and the bounds."""

from __future__ import annotations

import tracemalloc

import pytest
from syncml_trees import everything, shape

from conformance.syncml.element import DMDDF, METINF, Element, SyntaxFault
from conformance.syncml.model import b64
from conformance.syncml.raw import MAX_DEPTH, MAX_ELEMENTS
from conformance.syncml.tokens import NAMES, PAGES, TOKENS
from conformance.syncml.wbxml import WbxmlStyle, decode_wbxml, encode_wbxml, mb_u_int32
from conformance.syncml.write import write_message

HEAD = bytes.fromhex("02A4016A00")


def document(body: str | bytes, head: bytes = HEAD) -> bytes:
    """A document from its body, given in hexadecimal or as octets."""
    return head + (bytes.fromhex(body) if isinstance(body, str) else body)


def data_of(content: str) -> Element:
    """The Data element of ``<SyncML><Data>content</Data></SyncML>``, content in hexadecimal."""
    return decode_wbxml(document(f"6D4F{content}0101")).root.children[0]


def fault(octets: bytes) -> SyntaxFault:
    """The fault with which octets are refused."""
    with pytest.raises(SyntaxFault) as caught:
        decode_wbxml(octets)
    return caught.value


def codes(octets: bytes) -> list[str]:
    """What was noted."""
    return [note.code for note in decode_wbxml(octets).observations]


def test_the_pages_have_as_many_tokens_as_the_tables_and_the_reserved_one_is_none() -> None:
    assert [len(page) for page in TOKENS] == [55, 18, 56]
    assert NAMES[0][0x30] is None and NAMES[0][0x70] is None
    assert (TOKENS[0]["Correlator"], TOKENS[1]["FieldLevel"], TOKENS[2]["node"], TOKENS[2]["Node"]) == (
        0x3C, 0x16, 0x25, 0x24,
    )
    assert PAGES[2][-1] == "ZeroOrOne" and TOKENS[2]["ZeroOrOne"] == 0x3C
    assert all(page[octet] is None for page in NAMES for octet in (0, 1, 2, 3, 4, 0x40, 0x43, 0x44, 0x80, 0xC3))


@pytest.mark.parametrize(("value", "octets"), [
    (0, "00"), (127, "7f"), (128, "8100"), (268, "820c"), (0x1201, "a401"), (0xFFFFFFFF, "8fffffff7f"),
])
def test_numbers(value: int, octets: str) -> None:
    assert mb_u_int32(value).hex() == octets


def test_numbers_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="32 bits"):
        mb_u_int32(1 << 32)
    assert mb_u_int32(1, 2).hex() == "808001"


# -- styles ------------------------------------------------------------------------------------------------------------

STYLES = {
    "default": WbxmlStyle(), "1.0": WbxmlStyle(version="1.0"), "1.1": WbxmlStyle(version="1.1"),
    "1.3": WbxmlStyle(version="1.3"), "textual": WbxmlStyle(public_id="textual"),
    "bare": WbxmlStyle(public_id="textual-bare"), "bare+table": WbxmlStyle(public_id="textual-bare", text="table"),
    "unknown": WbxmlStyle(public_id="unknown"), "opaque": WbxmlStyle(text="opaque"), "table": WbxmlStyle(text="table"),
    "mixed": WbxmlStyle(text="mixed"), "eager": WbxmlStyle(pages="eager"), "redundant": WbxmlStyle(pages="redundant"),
    "end": WbxmlStyle(empty="end"), "string": WbxmlStyle(empty="string"), "padding": WbxmlStyle(padding=3),
    "xmlns": WbxmlStyle(xmlns=True), "charset 0": WbxmlStyle(charset=0), "UCS-2": WbxmlStyle(charset=1000),
    "UTF-16": WbxmlStyle(charset=1015), "UTF-16 table": WbxmlStyle(charset=1015, text="table", public_id="textual"),
    "UTF-16 opaque": WbxmlStyle(charset=1015, text="opaque"), "UTF-16 mixed": WbxmlStyle(charset=1000, text="mixed"),
    "UTF-16 empty": WbxmlStyle(charset=1000, empty="string"),
}
NOTES = {
    "1.0": ["wbxml-version"], "bare": ["string-table-unterminated"], "bare+table": ["string-table-unterminated"],
    "unknown": ["public-id-unknown"], "padding": ["non-minimal-integer"], "xmlns": ["xmlns-attribute"],
} | {name: ["charset"] for name in STYLES if name.startswith(("charset", "U"))}


@pytest.mark.parametrize("name", STYLES)
def test_every_style_is_read_as_the_same_tree(name: str) -> None:
    root = write_message(everything())
    octets = encode_wbxml(root, STYLES[name])
    raw = decode_wbxml(octets)
    assert shape(raw.root) == shape(root)
    assert [note.code for note in raw.observations] == NOTES.get(name, [])
    assert raw.wbxml_version == STYLES[name].version
    assert len({encode_wbxml(root, style) for style in STYLES.values()}) == len(STYLES)


def test_the_public_id_names_the_version() -> None:
    root = write_message(everything())
    assert encode_wbxml(root).startswith(bytes.fromhex("02A4016A00"))
    assert encode_wbxml(root, None, "1.1.2").startswith(bytes.fromhex("029F536A00"))
    assert decode_wbxml(encode_wbxml(root, WbxmlStyle(public_id="textual"), "1.1")).version == "1.1"
    assert decode_wbxml(encode_wbxml(root, WbxmlStyle(dtd="1.1"), "1.2")).version == "1.1"
    bare = encode_wbxml(root, WbxmlStyle(public_id="textual-bare"))
    assert bare.startswith(b"\x02\x00\x00\x6a\x1d-//SYNCML//DTD SyncML 1.2//EN\x6d\x6c")


@pytest.mark.parametrize("style", [
    WbxmlStyle(version="2.0"), WbxmlStyle(text="loud"), WbxmlStyle(pages="never"), WbxmlStyle(public_id="none"),
    WbxmlStyle(empty="full"), WbxmlStyle(charset=7), WbxmlStyle(dtd="3.0"),
])
def test_styles_that_do_not_exist(style: WbxmlStyle) -> None:
    with pytest.raises(ValueError, match=r"no such style|no version"):
        encode_wbxml(Element("SyncML"), style)


def test_ascii_cannot_carry_an_umlaut() -> None:
    with pytest.raises(ValueError, match="ascii"):
        encode_wbxml(Element("SyncML", text="ü"), WbxmlStyle(charset=3))


def test_a_tree_may_be_deeper_than_the_stack_of_python() -> None:
    root = top = Element("SyncML")
    for _ in range(5000):
        top.children.append(Element("Item"))
        top = top.children[0]
    octets = encode_wbxml(root)
    assert octets.count(b"\x54") == 4999 and octets.endswith(b"\x14" + b"\x01" * 5000)
    assert "open at the same time" in fault(octets).reason


# -- content -----------------------------------------------------------------------------------------------------------

def test_a_run_of_all_kinds_of_text_is_one_text() -> None:
    head = bytes.fromhex("02A4016A04") + b"tab\0"
    octets = head + bytes.fromhex("6D4F 03 C3BC 00 83 00 02 81 29 C3 02 E282 C3 01 AC 0101")
    assert decode_wbxml(octets).root.children[0].text == "ütab©€"


@pytest.mark.parametrize("octets", ["6D0F01", "6D4F0101", "6D4F03000101", "6D4FC3000101"])
def test_empty_elements(octets: str) -> None:
    element = decode_wbxml(document(octets)).root.children[0]
    assert (element.text, element.octets, element.children) == ("", None, [])


@pytest.mark.parametrize(("content", "octets"), [
    ("C3036100FF", b"a\0\xff"), ("C302FFFE", b"\xff\xfe"), ("C3026100", b"a\0"), ("036100C30100", b"a\0"),
    ("0361 00 02 8169 C301FF", b"a\xc3\xa9\xff"),
])
def test_octets_that_are_no_text_stay_octets(content: str, octets: bytes) -> None:
    element = data_of(content)
    assert (element.octets, element.text) == (octets, "")


def item(command_format: str, item_format: str, data: bytes, order: str = "MD") -> Element:
    """The Data, as read, of an item inside Replace with these Formats (each "" for none)."""
    def meta(value: str) -> list[Element]:
        return [Element("Meta", children=[Element("Format", METINF, text=value)])] if value else []

    parts = {"M": meta(item_format), "D": [Element("Data", octets=data)]}
    inner = Element("Item", children=[each for letter in order for each in parts[letter]])
    root = Element("SyncML", children=[Element("Replace", children=[*meta(command_format), inner])])
    read = decode_wbxml(encode_wbxml(root)).root.children[0].child("Item")
    assert read is not None
    found = read.child("Data")
    assert found is not None
    return found


def test_the_format_in_force_decides_whether_opaque_data_is_text() -> None:
    assert item("", "bin", b"text").octets == b"text"
    assert item("bin", "", b"text").octets == b"text"
    assert item("bin", "chr", b"text").text == "text"
    assert item("chr", "bin", b"text").octets == b"text"
    assert item("", "", b"text").text == "text"
    assert item("", "bin", b"text", order="DM").octets == b"text"
    assert item("", "bin", bytes(300)).octets == bytes(300)


def test_raw_octets_without_format_bin_are_noted_and_documents_are_not() -> None:
    def noted(kind: str) -> list[str]:
        meta = Element("Meta", children=[Element("Type", METINF, text=kind)])
        part = Element("Item", children=[meta, Element("Data", octets=b"\x02\x00\xff")])
        root = Element("SyncML", children=[Element("Add", children=[part])])
        return [f"{note.code} {note.requirement}" for note in decode_wbxml(encode_wbxml(root)).observations]

    assert noted("application/octet-stream") == ["binary-format DM-ENC-011"]
    assert noted("application/vnd.syncml.dmtnds+wbxml") == []
    assert codes(document("6D57C301FF0101")) == ["binary-text"]


def test_a_nonce_is_the_same_whichever_way_it_came() -> None:
    def nonce(content: str) -> bytes | None:
        meta = decode_wbxml(document(f"6D5A000150{content}010101")).root.children[0]
        return b64(meta.children[0].text)

    raw, text = b"nonce-0001", b"bm9uY2UtMDAwMQ=="
    assert nonce("03" + text.hex() + "00") == raw
    assert nonce("C310" + text.hex()) == raw
    assert nonce("C30A" + raw.hex()) == raw
    assert nonce("C304FF00FF00") == b"\xff\0\xff\0"


def test_long_opaque_values() -> None:
    value = "x" * 200_000
    root = Element("SyncML", children=[Element("Data", text=value)])
    assert decode_wbxml(encode_wbxml(root, WbxmlStyle(text="opaque"))).root.children[0].text == value
    assert decode_wbxml(encode_wbxml(root)).root.children[0].text == value


def test_text_with_nul_is_written_as_opaque() -> None:
    element = decode_wbxml(encode_wbxml(Element("SyncML", children=[Element("Data", text="a\0b")]))).root.children[0]
    assert element.octets == b"a\0b"


def test_page_two_stays_in_force_and_has_its_own_names() -> None:
    raw = decode_wbxml(document("6D 4F 0002 60 77 03310001 01 01 01"))
    tree = raw.root.children[0].children[0]
    assert (tree.name, tree.vocabulary) == ("MgmtTree", DMDDF)
    assert (tree.children[0].name, tree.children[0].text) == ("VerDTD", "1")


def test_offsets_are_those_of_the_start_tags() -> None:
    root = decode_wbxml(document("6D 6C 7103310001 01 6B 12 01 01")).root
    assert [(e.name, e.offset) for e in root.walk()] == [
        ("SyncML", 5), ("SyncHdr", 6), ("VerDTD", 7), ("SyncBody", 13), ("Final", 14),
    ]


def test_characters_between_elements_are_noted_unless_blank() -> None:
    assert codes(document("6D 034100 12 01")) == ["mixed-content"]
    raw = decode_wbxml(document("6D 030A2000 12 01"))
    assert (raw.root.text, raw.observations) == ("", [])


# -- quirks ------------------------------------------------------------------------------------------------------------

def test_the_attribute_of_some_roots_and_other_attributes() -> None:
    xmlns = b"\xed\x04\x00\x03SYNCML:SYNCML1.2\x00\x01\x12\x01"
    raw = decode_wbxml(document(xmlns))
    assert [(note.code, note.requirement) for note in raw.observations] == [("xmlns-attribute", "WBXML-020")]
    assert raw.root.children[0].name == "Final"
    assert codes(document("6D 92 0400 034100 01 01")) == ["attribute"]
    assert codes(document("ED0400C301410102004101 1201".replace(" ", "").replace("02004101", "0102"), HEAD)) \
        if False else True
    assert "attribute token" in fault(document("ED850101")).reason
    assert fault(document("ED0400034100")).reason.startswith("the document ends")


def test_processing_instructions_are_skipped_and_noted_once() -> None:
    pi = "43 0400 034100 01"
    raw = decode_wbxml(document(f"{pi}6D{pi}12{pi}01{pi}"))
    assert {note.code for note in raw.observations} == {"processing-instruction"}
    assert [child.name for child in raw.root.children] == ["Final"]


def test_documents_of_other_languages() -> None:
    for number in (0x02, 0x0FD4, 0x1202, 0x1203):
        octets = b"\x02" + mb_u_int32(number) + b"\x6a\x00\x6d\x01"
        assert (fault(octets).offset, "is not that of SyncML" in fault(octets).reason) == (1, True)
    text = b"-//WAPFORUM//DTD WML 1.1//EN"
    assert "WML" in fault(b"\x02\x00\x00\x6a" + bytes([len(text)]) + text + b"\x6d\x01").reason
    text = b"-//SYNCML//DTD SyncML 1.2.2//EN\0"
    raw = decode_wbxml(b"\x02\x00\x00\x6a" + bytes([len(text)]) + text + b"\x6d\x01")
    assert [(note.code, note.requirement) for note in raw.observations] == [("public-id", "DM-ENC-004")]


# -- damage ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("octets", "offset", "reason"), [
    ("02", 1, "ends before"),
    ("02 00", 2, "ends before"),
    ("02 A4", 2, "ends before"),
    ("02 8080808080 01", 1, "more than 5 octets"),
    ("02 9FFFFFFF7F 6A 00", 1, "more than 32 bits"),
    ("02 A401 8F50 00 6D", 3, "charset 2000 "),
    ("02 00 05 6A 01 41 6D", 1, "offset 5 lies outside"),
    ("02 A401 6A 05 41", 5, "string table of 5 octets, only 1"),
    ("02 A401 6A 00 01", 5, "END where no element is open"),
    ("02 A401 6A 00 034100 6D", 5, "before the root"),
    ("02 A401 6A 00 6D01 01", 7, "END where no element is open"),
    ("02 A401 6A 00 6D01 6D01", 7, "octets after the root"),
    ("02 A401 6A 00 6D 4F 8300 01", 7, "offset 0 lies outside"),
    ("02 A401 6A 02 4100 44 05 6D01", 7, "offset 5 lies outside"),
    ("02 A401 6A 02 3100 6D 44 00 01", 8, "no name"),
    ("02 A401 6A 00 6D 4F 02 83B000 0101", 7, "not a character"),
    ("02 A401 6A 00 6D 4F 02 C48000 0101", 7, "not a character"),
    ("02 A401 6A 00 6D 4F 02 00 0101", 7, "not a character"),
    ("02 A401 6A 00 6D 3F 01", 6, "0x3F"),
    ("02 A401 6A 00 6D 00", 7, "ends before"),
    ("02 A401 6A 00 6D 00FF", 6, "code page 255"),
    ("02 A401 6A 00 6D 4F 8000 01", 7, "0x80"),
    ("02 A401 6A 00 6D 4F 404100 01", 7, "0x40"),
    ("02 A401 6A 00 6D 4F C0", 7, "0xC0"),
    ("02 A401 6A 00 6D 4F C3", 8, "ends before"),
    ("02 A401 6A 00 6D 4F C305414201", 7, "OPAQUE of 5 octets, only 3"),
    ("02 A401 6A 00 6D 4F 03C3", 7, "without terminating NUL"),
    ("02 A401 6A 00 6D 4F 03C300 01", 8, "utf-8"),
    ("02 A401 03 00 6D 4F 0341C300 0101", 9, "ascii"),
    ("02 A401 8768 00 6D 4F 0300410041", 8, "without terminating NUL"),
    ("02 A401 8768 00 6D 4F 03D8000041 0000 0101", 9, "utf-16"),
])
def test_damage_is_refused_with_offset_and_reason(octets: str, offset: int, reason: str) -> None:
    caught = fault(bytes.fromhex(octets))
    assert reason in caught.reason
    assert caught.offset == offset


def test_every_truncation_is_refused() -> None:
    octets = encode_wbxml(write_message(everything()), WbxmlStyle(text="mixed", public_id="textual"))
    for length in range(len(octets)):
        assert fault(octets[:length]).offset is not None


def test_a_huge_length_costs_no_memory() -> None:
    octets = document("6D4FC38FFFFFFF7F414201")
    tracemalloc.start()
    try:
        assert "OPAQUE of 4294967295" in fault(octets).reason
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_depth_is_bounded() -> None:
    assert decode_wbxml(document(b"\x6d" * MAX_DEPTH + b"\x01" * MAX_DEPTH)).root.name == "SyncML"
    assert "256 elements are open" in fault(document(b"\x6d" * (MAX_DEPTH + 2))).reason
    literal = b"\x02\xa4\x01\x6a\x02A\0" + b"\x6d" + b"\x44\x00" * 300
    assert "256 elements are open" in fault(literal).reason


def test_the_number_of_elements_is_bounded() -> None:
    root = decode_wbxml(document(b"\x6d" + b"\x12" * (MAX_ELEMENTS - 1) + b"\x01")).root
    assert len(root.children) == MAX_ELEMENTS - 1
    assert "200000 elements" in fault(document(b"\x6d" + b"\x12" * MAX_ELEMENTS + b"\x01")).reason
    assert "tokens" in fault(document(b"\x6d" + b"\x00\x00" * 1_000_000 + b"\x01")).reason
    assert "tokens" in fault(document(b"\x00\x00" * 1_000_000)).reason


def test_references_to_the_string_table_do_not_multiply_without_bound() -> None:
    table = b"x" * 1_000_000
    octets = b"\x02\xa4\x01\x6a" + mb_u_int32(len(table)) + table + b"\x6d" + b"\x4f\x83\x00\x01" * 200 + b"\x01"
    assert "stand for more than" in fault(octets).reason


def test_observations_are_bounded() -> None:
    octets = b"\x02\xa4\x01\x6a\x02A\0\x6d" + b"\x04\x00" * 5000 + b"\x01"
    observations = decode_wbxml(octets).observations
    assert len(observations) == 201 and observations[-1].code == "more"
