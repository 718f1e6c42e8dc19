"""The XML codec: what it tolerates and notes, what it refuses, and that characters survive."""

from __future__ import annotations

import pytest
from syncml_trees import everything, shape

from conformance.syncml.element import DMDDF, METINF, SYNCML, Element, SyntaxFault
from conformance.syncml.raw import MAX_ELEMENTS, MAX_OCTETS, Raw
from conformance.syncml.write import write_message
from conformance.syncml.xmlcodec import XmlStyle, decode_xml, encode_xml

NS = ' xmlns="SYNCML:SYNCML1.2"'


def read(text: str, encoding: str = "utf-8") -> Raw:
    """Decodes a text."""
    return decode_xml(text.encode(encoding))


def codes(text: str) -> list[str]:
    """What is noted of a text, with requirements."""
    return [f"{note.code} {note.requirement}".strip() for note in read(text).observations]


def fault(octets: bytes | str) -> SyntaxFault:
    """The fault with which octets are refused."""
    with pytest.raises(SyntaxFault) as caught:
        decode_xml(octets.encode() if isinstance(octets, str) else octets)
    return caught.value


# -- styles ------------------------------------------------------------------------------------------------------------

STYLES = {
    "default": (XmlStyle(), []),
    "1.1": (XmlStyle(dtd="1.1"), []),
    "bare": (XmlStyle(declaration=False), []),
    "utf-16": (XmlStyle(encoding="UTF-16"), ["bom", "charset"]),
    "latin-1": (XmlStyle(encoding="ISO-8859-1"), ["charset"]),
    "ascii": (XmlStyle(encoding="US-ASCII"), ["charset"]),
    "bom": (XmlStyle(bom=True), ["bom"]),
    "doctype": (XmlStyle(doctype=True), ["doctype"]),
    "no namespace": (XmlStyle(root_namespace=False), ["root-namespace-missing"]),
    "metinf on Meta": (XmlStyle(metinf="meta"), ["metinf-on-meta"]),
    "metinf as prefix": (XmlStyle(metinf="prefix"), ["namespace-prefix"]),
    "metinf missing": (XmlStyle(metinf="missing"), ["metinf-namespace-missing"]),
    "nothing but names": (XmlStyle(metinf="missing", root_namespace=False), [
        "root-namespace-missing", "metinf-namespace-missing",
    ]),
    "prefix": (XmlStyle(prefix="s"), ["namespace-prefix"]),
    "cdata": (XmlStyle(cdata=True), []),
    "indent": (XmlStyle(indent=True), []),
    "comment": (XmlStyle(comment=" hello "), ["comment"]),
    "long tags": (XmlStyle(empty_tags=False), []),
}


@pytest.mark.parametrize("name", STYLES)
def test_every_style_is_read_as_the_same_tree(name: str) -> None:
    root = write_message(everything())
    style, noted = STYLES[name]
    raw = decode_xml(encode_xml(root, style))
    assert shape(raw.root) == shape(root)
    assert [note.code for note in raw.observations] == noted
    assert raw.version == ("" if not style.root_namespace else style.dtd or "1.2")


def test_no_two_styles_write_the_same() -> None:
    root = write_message(everything())
    assert len({encode_xml(root, style) for style, _ in STYLES.values()}) == len(STYLES)


def test_the_default_form_is_compact_and_declares_metinf_on_the_children_of_meta() -> None:
    meta = Element("Meta", children=[Element("Format", METINF, text="b64")])
    root = Element("SyncML", children=[meta, Element("Final")])
    assert encode_xml(root) == (
        b'<?xml version="1.0" encoding="UTF-8"?><SyncML xmlns="SYNCML:SYNCML1.2"><Meta>'
        b'<Format xmlns="syncml:metinf">b64</Format></Meta><Final/></SyncML>'
    )
    assert b'xmlns="SYNCML:SYNCML1.1"' in encode_xml(root, None, "1.1.2")


def test_a_style_or_version_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="no such style"):
        encode_xml(Element("SyncML"), XmlStyle(metinf="somewhere"))
    with pytest.raises(ValueError, match="no version"):
        encode_xml(Element("SyncML"), None, "2.0")


@pytest.mark.parametrize("text", ["a\0b", "\x0b", "\x1f", "\ufffe", "\ud800"])
def test_characters_that_xml_does_not_allow_are_not_written(text: str) -> None:
    with pytest.raises(ValueError, match="does not allow"):
        encode_xml(Element("SyncML", text=text))


def test_raw_octets_are_not_written() -> None:
    with pytest.raises(ValueError, match="use Format b64"):
        encode_xml(Element("SyncML", children=[Element("Data", octets=b"\0")]))


@pytest.mark.parametrize("text", ["<&>\"'", "]]>", "\r\n \t x ", "\r", "ü€😀", " ", "&amp;lt;", "<![CDATA[x]]>"])
@pytest.mark.parametrize("cdata", [False, True])
def test_character_data_survives_exactly(text: str, cdata: bool) -> None:
    root = Element("SyncML", children=[Element("Data", text=text)])
    assert decode_xml(encode_xml(root, XmlStyle(cdata=cdata))).root.children[0].text == text


def test_a_tree_may_be_deeper_than_the_stack_of_python() -> None:
    root = top = Element("SyncML")
    for _ in range(3000):
        top.children.append(Element("Item"))
        top = top.children[0]
    octets = encode_xml(root)
    assert octets.count(b"<Item>") == 2999
    assert "depth" in fault(octets).reason.lower()


# -- reading -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("text", "noted"), [
    (f"<SyncML{NS}/>", []),
    ("<SyncML/>", ["root-namespace-missing DM-ENC-004"]),
    ('<SyncML xmlns="syncml:SYNCML1.2"/>', ["root-namespace DM-ENC-004"]),
    ('<SyncML xmlns="urn:x"/>', ["root-namespace DM-ENC-004"]),
    (f"<SyncML{NS}><Meta><Type>t</Type><Format>f</Format></Meta></SyncML>", ["metinf-namespace-missing"]),
    (f'<SyncML{NS}><Meta><Type xmlns="syncml:metinf">t</Type></Meta></SyncML>', []),
    (f'<SyncML{NS}><Meta xmlns="syncml:metinf"><Type>t</Type></Meta></SyncML>', ["metinf-on-meta"]),
    (f'<SyncML{NS}><Data><MgmtTree xmlns="syncml:dmddf1.2"><VerDTD>1.2</VerDTD></MgmtTree></Data></SyncML>', []),
    (f"<SyncML{NS}><Data><MgmtTree><VerDTD>1.2</VerDTD></MgmtTree></Data></SyncML>", ["dmddf-namespace-missing"]),
    (f'<SyncML{NS}><Final xmlns=""/></SyncML>', ["namespace-missing"]),
    (f'<SyncML{NS}><Ext xmlns="urn:vendor"/></SyncML>', ["unknown-namespace"]),
    (f'<SyncML{NS}><Final a="1"/><Final b="2"/></SyncML>', ["attribute"]),
    (f"<SyncML{NS}><?go now?><!--x--><Final/><!--y--></SyncML>", ["processing-instruction", "comment"]),
    (f"<SyncML{NS}>loose<Final/>text</SyncML>", ["mixed-content"]),
    (f"\n <SyncML{NS}/>", ["leading-space"]),
    (f'<!DOCTYPE SyncML PUBLIC "-//SYNCML//DTD SyncML 1.2//EN" "http://h/x.dtd"><SyncML{NS}/>', ["doctype"]),
])
def test_what_is_noted(text: str, noted: list[str]) -> None:
    assert codes(text) == noted


def test_vocabularies_do_not_depend_on_namespaces_that_are_wrong() -> None:
    root = read(
        "<SyncML><Meta><Type>t</Type><Odd/></Meta><Data><MgmtTree><Add/><Type/></MgmtTree></Data><Add/><Odd/></SyncML>"
    ).root
    assert [(e.name, e.vocabulary) for e in root.walk()] == [
        ("SyncML", SYNCML), ("Meta", SYNCML), ("Type", METINF), ("Odd", METINF), ("Data", SYNCML), ("MgmtTree", DMDDF),
        ("Add", DMDDF), ("Type", DMDDF), ("Add", SYNCML), ("Odd", SYNCML),
    ]


def test_versions_and_public_id() -> None:
    assert read('<SyncML xmlns="SYNCML:SYNCML1.1"/>').version == "1.1"
    assert read('<SyncML xmlns="syncml:syncml1.1"/>').version == "1.1"
    raw = read('<!DOCTYPE SyncML PUBLIC "-//SYNCML//DTD SyncML 1.2//EN" "x"><SyncML/>')
    assert (raw.version, raw.public_id) == ("", "-//SYNCML//DTD SyncML 1.2//EN")


def test_white_space_between_elements_is_layout_and_inside_a_leaf_it_is_not() -> None:
    root = read(f"<SyncML{NS}>\n  <Data>\n a\r\n<!-- -->b </Data>\n</SyncML>").root
    assert root.text == "" and root.children[0].text == "\n a\nb "


@pytest.mark.parametrize(("encoding", "declared", "charset"), [
    ("utf-8", "", "utf-8"), ("utf-8", "utf-8", "utf-8"), ("utf-8-sig", "", "utf-8"), ("utf-16", "UTF-16", "utf-16-le"),
    ("utf-16-le", "", "utf-16-le"), ("utf-16-be", "UTF-16", "utf-16-be"), ("latin-1", "ISO-8859-1", "iso-8859-1"),
])
def test_charsets(encoding: str, declared: str, charset: str) -> None:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    raw = read(f"{declaration}<SyncML{NS}><Data>üé</Data></SyncML>", encoding)
    assert (raw.root.children[0].text, raw.charset) == ("üé", charset)


# -- refusal -----------------------------------------------------------------------------------------------------------

BOMB = '<!DOCTYPE S [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><SyncML>&b;</SyncML>'


@pytest.mark.parametrize(("text", "offset", "reason"), [
    ("", 0, "empty"),
    (" \n", 0, "empty"),
    ("<?xml version='1.0'?><!-- only -->", 0, "empty"),
    ("hello", 0, "does not begin with '<'"),
    ("<!DOCTYPE html><html><body>x", 0, "page of HTML"),
    ("<!-- proxy --><HTML><p>gone", 14, "page of HTML"),
    ("<SyncML><a></b></SyncML>", 14, "not well-formed"),
    ("<SyncML>\n<Final/>", 17, "not well-formed"),
    ("<SyncML>&nbsp;</SyncML>", 14, "not well-formed"),
    ("<SyncML>\0</SyncML>", 8, "not well-formed"),
    (BOMB, 0, "internal DTD subset"),
    (f"<?xml version='1.0'?>\n<!-- x -->{BOMB}", 32, "internal DTD subset"),
    ('<!DOCTYPE S SYSTEM "a>b" [<!ENTITY x "y">]><SyncML>&x;</SyncML>', 0, "internal DTD subset"),
    ('<!DOCTYPE S [<!ENTITY x SYSTEM "file:///etc/passwd">]><SyncML>&x;</SyncML>', 0, "internal DTD subset"),
    ('<!DOCTYPE S [<!ENTITY % p SYSTEM "http://127.0.0.1/">%p;]><SyncML/>', 0, "internal DTD subset"),
    ('<!DOCTYPE S [<!ATTLIST SyncML a CDATA "x">]><SyncML/>', 0, "internal DTD subset"),
    ('<!DOCTYPE S SYSTEM "file:///etc/passwd"><SyncML>&x;</SyncML>', None, "an entity"),
    ('<?xml version="1.0" encoding="UTF-7"?><SyncML/>', 30, "UTF-7"),
    ('<?xml version="1.0" encoding="UTF-16"?><SyncML/>', 30, "UTF-16"),
])
def test_refusals_name_offset_and_reason(text: str, offset: int | None, reason: str) -> None:
    caught = fault(text)
    assert reason in caught.reason
    if "well-formed" not in reason:
        assert caught.offset == offset
    else:
        assert caught.offset is not None and offset is not None and abs(caught.offset - offset) <= 3


def test_octets_that_are_no_text() -> None:
    assert "not well-formed" in fault(b"<SyncML>\xff\xfe</SyncML>").reason
    assert fault(b'<?xml version="1.0" encoding="US-ASCII"?><SyncML>\xc3\xbc</SyncML>').offset == 49
    assert "utf-16" in fault(b"\xfe\xff\0<\0S\0").reason
    assert "utf-16" in fault(b"\xfe\xff\0<\xd8\0\0S").reason


def test_a_bomb_in_utf_16_is_seen_too() -> None:
    assert "internal DTD subset" in fault(BOMB.encode("utf-16")).reason
    assert "internal DTD subset" in fault(BOMB.encode("utf-16-be")).reason


def test_a_doctype_inside_data_is_only_text() -> None:
    text = "<!DOCTYPE x [<!ENTITY y 'z'>]>"
    assert read(f"<SyncML{NS}><Data><![CDATA[{text}]]></Data></SyncML>").root.children[0].text == text


def test_texts_beyond_the_bound_of_the_usual_parser() -> None:
    text = "A" * 11_000_000
    assert read(f"<SyncML{NS}><Data>{text}</Data></SyncML>").root.children[0].text == text


def test_the_bounds() -> None:
    assert "are read" in fault(b" " * (MAX_OCTETS + 1)).reason
    assert "elements" in fault("<SyncML>" + "<a/>" * MAX_ELEMENTS + "</SyncML>").reason
    assert len(read("<SyncML>" + "<a/>" * (MAX_ELEMENTS - 1) + "</SyncML>").root.children) == MAX_ELEMENTS - 1
    assert "elements" in fault("<SyncML>" + "<a/>" * 5 * MAX_ELEMENTS + "</SyncML>").reason
    deep = "<SyncML>" + "<a>" * 300 + "x" * 9_100_000 + "</a>" * 300 + "</SyncML>"
    assert "256 elements are open" in fault(deep).reason
