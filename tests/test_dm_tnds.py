"""TNDS documents: written and read in both encodings, bounded against hostile ones, and what others say of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from test_syncml_oracle import program, run

from conformance.dm import tnds
from conformance.dm.tnds import Branch, Fault
from conformance.syncml.element import DMDDF, Element
from conformance.syncml.wbxml import WbxmlStyle, decode_wbxml, encode_wbxml
from conformance.syncml.xmlcodec import decode_xml, encode_xml

VECTORS = Path(__file__).parent.parent / "fixtures/wire/wbxml"
NAMESPACE = "{syncml:dmddf1.2}"

names = st.text("abcXYZ019-_.~é", min_size=1, max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
formats = st.sampled_from(["chr", "int", "bool", "xml", "date", "time", "float"])
leaves = st.one_of(
    st.builds(Branch, names, formats, texts.map(str.strip), texts.map(str.encode)),
    st.builds(Branch, names, st.just("bin"), st.just(""), st.binary(max_size=20)),
)
branches = st.recursive(
    leaves, lambda inner: st.builds(
        Branch, names, st.just("node"), texts.map(str.strip), st.none(), st.none() | st.just("Get=*&Replace=a+b"), st.none() | texts,
        st.none() | st.just("20110711T163817Z"), st.none() | st.just("65535"), st.just(""), st.lists(inner, max_size=4),
    ), max_leaves=12,
)  # fmt: skip


@given(st.lists(branches, min_size=1, max_size=3), st.sampled_from(["xml", "wbxml"]))
@settings(deadline=None)
def test_what_is_written_is_read_again(document: list[Branch], encoding: str) -> None:
    assert tnds.read(tnds.write(document, encoding)) == document


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: f"<MgmtTree>{text}</MgmtTree>".encode()))
@settings(deadline=None)
def test_any_octets_are_a_document_or_a_fault(octets: bytes) -> None:
    try:
        tnds.read(octets)
    except Fault as fault:
        assert str(fault) and "\n" not in str(fault)


@pytest.mark.parametrize("name", ["wb18_tnds_standalone"])
def test_the_vectors_are_read(name: str) -> None:
    (top,) = tnds.read(bytes.fromhex((VECTORS / f"{name}.hex").read_text()))
    assert (top.name, top.format, top.type) == ("FwUpdate", "node", "urn:oma:mo:oma-fumo:1.0")
    assert [(child.name, child.format, child.value) for child in top.children] == [("State", "int", b"10")]


def test_the_form_is_that_of_the_text() -> None:
    """DM TNDS 5: MgmtTree with VerDTD and Nodes; NodeName, RTProperties, then Nodes or Value. Seen by another parser."""
    inner = Branch("L", "int", "text/plain", b"5", acl="Get=*", version="7")
    root = etree.fromstring(tnds.write([Branch("A", "node", "urn:x", children=[inner])], "xml"))
    assert root.tag == f"{NAMESPACE}MgmtTree"
    assert (root[0].tag, root[0].text) == (f"{NAMESPACE}VerDTD", "1.2")
    node = root[1]
    assert [child.tag.removeprefix(NAMESPACE) for child in node] == ["NodeName", "RTProperties", "Node"]
    assert node[1][1].tag == f"{NAMESPACE}Type" and node[1][1][0].tag == f"{NAMESPACE}DDFName"
    leaf = node[2]
    assert [child.tag.removeprefix(NAMESPACE) for child in leaf[1]] == ["ACL", "Format", "Type", "VerNo"]
    assert (leaf[1][1][0].tag, leaf[1][2][0].tag) == (f"{NAMESPACE}int", f"{NAMESPACE}MIME")
    assert leaf[2].text == "5"


def test_octets_are_base64_in_xml_and_raw_in_wbxml() -> None:
    """DM TND 7.7.2: Base64 is only how octets travel."""
    document = [Branch("B", "bin", "", b"\0\xff<")]
    assert b"<b64/>" in tnds.write(document, "xml") and b"AP88" in tnds.write(document, "xml")
    assert b"\0\xff<" in tnds.write(document, "wbxml")
    assert tnds.read(tnds.write(document, "xml")) == tnds.read(tnds.write(document, "wbxml")) == document


@pytest.mark.oracle
def test_wbxml2xml_reads_what_is_written(tmp_path: Path) -> None:
    """libwbxml reads a document with the textual public id, by itself; values in text only."""
    inner = [Branch("L", "chr", "text/plain", b"some text"), Branch("N", "int", "text/plain", b"5")]
    document = [Branch("A", "node", "urn:x", children=inner)]
    (tmp_path / "in").write_bytes(tnds.write(document, "wbxml"))
    done = run([program("wbxml2xml"), "-m", "0", "-o", str(tmp_path / "out"), str(tmp_path / "in")])
    assert done.returncode == 0, done.stderr.decode()
    assert tnds.read((tmp_path / "out").read_bytes()) == document


@pytest.mark.oracle
def test_what_xml2wbxml_writes_is_read(tmp_path: Path) -> None:
    document = [Branch("A", "node", "urn:x", children=[Branch("L", "chr", "text/plain", b"some text")])]
    text = tnds.write(document, "xml").decode()
    doctype = '<?xml version="1.0"?><!DOCTYPE MgmtTree PUBLIC "-//OMA//DTD-DM-DDF 1.2//EN" "http://example/dm.dtd">'
    (tmp_path / "in").write_text(doctype + text, encoding="utf-8")
    done = run([program("xml2wbxml"), "-v", "1.2", "-o", str(tmp_path / "out"), str(tmp_path / "in")])
    assert done.returncode == 0, done.stderr.decode()
    assert tnds.read((tmp_path / "out").read_bytes()) == document


def _wrapped(*nodes: Element, version: str = "1.2") -> Element:
    return Element("MgmtTree", DMDDF, [Element("VerDTD", DMDDF, text=version), *nodes])


def _node(*below: Element) -> Element:
    return Element("Node", DMDDF, [Element("NodeName", DMDDF, text="n"), Element("RTProperties", DMDDF), *below])


def test_depth_nodes_and_octets_are_bounded() -> None:
    deep = _node()
    for _ in range(tnds.DEEPEST):
        deep = _node(deep)
    with pytest.raises(Fault, match="below each other"):
        tnds.read_tree(_wrapped(deep))
    with pytest.raises(Fault, match="nodes"):
        tnds.read_tree(_wrapped(*[_node() for _ in range(tnds.MOST_NODES + 1)]))
    with pytest.raises(Fault, match="octets"):
        tnds.read(b" " * (tnds.LARGEST + 1))
    assert len(tnds.read_tree(_wrapped(*[_node() for _ in range(100)]))) == 100


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "empty"), (b"<MgmtTree>", "well-formed"), (b"<SyncML/>", "MgmtTree"), (b"<MgmtTree/>", "VerDTD"),
        (b"<MgmtTree><VerDTD>1.3</VerDTD></MgmtTree>", "VerDTD"), (b"<MgmtTree><VerDTD>1.2</VerDTD></MgmtTree>", "no Node"),
        (b"<MgmtTree><VerDTD>1.2</VerDTD><Node><NodeName>a</NodeName></Node></MgmtTree>", "RTProperties"),
        (b"<MgmtTree><VerDTD>1.2</VerDTD><Node><NodeName>a</NodeName><RTProperties><Format><b64/></Format></RTProperties>"
         b"<Value>=</Value></Node></MgmtTree>", "Base64"),
        (b"<MgmtTree><VerDTD>1.2</VerDTD><Node><NodeName>a</NodeName><RTProperties><Format><int/></Format></RTProperties>"
         b"<Node><NodeName>b</NodeName><RTProperties/></Node></Node></MgmtTree>", "below it"),
        (b"<!DOCTYPE x [<!ENTITY e 'x'>]><MgmtTree>&e;</MgmtTree>", "subset"),
    ],
)  # fmt: skip
def test_what_is_no_document(document: bytes, reason: str) -> None:
    with pytest.raises(Fault, match=reason):
        tnds.read(document)


@pytest.mark.parametrize("style", [WbxmlStyle(), WbxmlStyle(public_id="textual", text="opaque"), WbxmlStyle(text="table")])
def test_every_form_of_wbxml_is_read(style: WbxmlStyle) -> None:
    document = [Branch("A", "node", "t", children=[Branch("L", "chr", "text/plain", b"v")])]
    assert tnds.read(encode_wbxml(tnds.tree(document, "wbxml"), style)) == document
    again = encode_xml(decode_wbxml(tnds.write(document, "wbxml")).root)
    assert tnds.read_tree(decode_xml(again).root) == document


def test_other_encodings_are_refused() -> None:
    with pytest.raises(ValueError, match="no such encoding"):
        tnds.write([Branch("A")], "json")
