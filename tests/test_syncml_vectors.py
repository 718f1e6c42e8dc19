"""The vectors: messages of real products and of their like, and octets that are no message."""

from __future__ import annotations

import hashlib

import pytest
from syncml_trees import MALFORMED, MANIFEST, VALID, VECTORS, opened, shape, vector

from conformance.syncml.codec import decode, pretty
from conformance.syncml.element import SyntaxFault
from conformance.syncml.wbxml import WbxmlStyle, decode_wbxml, encode_wbxml
from conformance.syncml.xmlcodec import decode_xml

NOTED = {
    "wb06_pkg1_opaque": ["string-table-unterminated"],
    "wb08_pkg1_charset_padded": ["non-minimal-integer"],
    "wb10_pkg1_pubid_unknown": ["public-id-unknown"],
    "wb12_nextnonce_opaque_raw": ["raw-nonce"],
    "wb26_literal_tag": ["literal-tag"],
    "wb31_ver10_nocharset": ["wbxml-version"],
    "wb32_charset0": ["charset"],
    "wb33_charset_ascii": ["charset"],
    "wb34_charset_latin1": ["charset"],
}
"""What the codec notes of a valid vector; of all others nothing."""
READ = {"wb14_alert1226_fumo": ["meta-order"], "wb26_literal_tag": ["unknown-element"]}
"""What reading the message notes beyond that."""
STYLES = {
    "wb01_pkg1_num_stri": WbxmlStyle(),
    "wb02_pkg1_ver11": WbxmlStyle(version="1.1"),
    "wb03_pkg1_ver13": WbxmlStyle(version="1.3"),
    "wb04_pkg1_fpi_nul": WbxmlStyle(public_id="textual"),
    "wb06_pkg1_opaque": WbxmlStyle(public_id="textual-bare", text="opaque"),
    "wb10_pkg1_pubid_unknown": WbxmlStyle(public_id="unknown"),
    "wb11_pkg2_exec_download": WbxmlStyle(),
    "wb14_alert1226_fumo": WbxmlStyle(),
    "wb15_largeobj_bin_opaque": WbxmlStyle(),
    "wb17_tnds_inline_page2": WbxmlStyle(),
    "wb18_tnds_standalone": WbxmlStyle(),
    "wb23_eager_switch": WbxmlStyle(pages="eager"),
    "wb24_redundant_switch": WbxmlStyle(pages="redundant"),
    "wb26_literal_tag": WbxmlStyle(),
    "wb28_empty_data_tag": WbxmlStyle(),
    "wb31_ver10_nocharset": WbxmlStyle(version="1.0"),
    "wb32_charset0": WbxmlStyle(charset=0),
    "wb33_charset_ascii": WbxmlStyle(charset=3),
    "wb34_charset_latin1": WbxmlStyle(charset=4),
}
"""Styles in which our tree of a vector becomes the octets of the vector again."""


@pytest.mark.parametrize("name", MANIFEST)
def test_the_files_are_what_the_manifest_says(name: str) -> None:
    octets = vector(name)
    assert len(octets) == MANIFEST[name]["octets"]
    assert hashlib.sha256(octets).hexdigest() == MANIFEST[name]["sha256"]


@pytest.mark.parametrize("name", VALID)
def test_a_valid_vector_is_read_as_its_xml_says(name: str) -> None:
    raw = decode_wbxml(vector(name))
    expected = decode_xml((VECTORS / f"{name}.xml").read_bytes())
    assert shape(opened(raw.root)) == shape(expected.root)
    assert [note.code for note in raw.observations] == NOTED.get(name, [])
    assert expected.observations == []


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_vector_is_refused_with_offset_and_reason(name: str) -> None:
    with pytest.raises(SyntaxFault) as caught:
        decode_wbxml(vector(name))
    assert caught.value.offset == MANIFEST[name]["offset"]
    assert MANIFEST[name]["reason"] in caught.value.reason
    assert pretty(vector(name))


@pytest.mark.parametrize("name", STYLES)
def test_writing_a_vector_in_its_style_gives_its_octets(name: str) -> None:
    octets = vector(name)
    assert encode_wbxml(decode_wbxml(octets).root, STYLES[name]) == octets


@pytest.mark.parametrize("name", [name for name in VALID if "standalone" not in name])
def test_a_valid_vector_is_a_message_without_departures_from_the_dtd(name: str) -> None:
    decoded = decode(vector(name), "application/vnd.syncml.dm+wbxml")
    assert decoded.message.header.session_id and decoded.message.final
    codes = [note.code for note in decoded.observations]
    assert codes == NOTED.get(name, []) + READ.get(name, [])


def test_xml_under_a_wbxml_label_is_a_mislabelled_message() -> None:
    decoded = decode(vector("bad17_xml_instead"), "application/vnd.syncml.dm+wbxml")
    assert decoded.encoding == "xml"
    assert [(note.code, note.requirement) for note in decoded.observations] == [("mislabelled", "DM-ENC-001")]
