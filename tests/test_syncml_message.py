"""From trees to messages and back, the door of the codec, and the texts for people."""

from __future__ import annotations

import pytest
from syncml_trees import everything, shape

from conformance.syncml import codes
from conformance.syncml.codec import Decoded, decode, encode, encode_tree, media_type, pretty
from conformance.syncml.element import Element, SyntaxFault
from conformance.syncml.model import (
    Add,
    Alert,
    Atomic,
    Chal,
    Cred,
    Exec,
    Get,
    Header,
    Item,
    Message,
    Meta,
    Other,
    Replace,
    Results,
    Sequence,
    Status,
)
from conformance.syncml.read import read_message
from conformance.syncml.wbxml import WbxmlStyle
from conformance.syncml.write import write_message
from conformance.syncml.xmlcodec import XmlStyle

HEADER = (
    "<SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>1</SessionID><MsgID>1</MsgID>"
    "<Target><LocURI>t</LocURI></Target><Source><LocURI>s</LocURI></Source></SyncHdr>"
)
XML, WBXML = "application/vnd.syncml.dm+xml", "application/vnd.syncml.dm+wbxml"


def body(text: str) -> Decoded:
    """A message with these commands, in a form that has no departures of its own."""
    text = f'<SyncML xmlns="SYNCML:SYNCML1.2">{HEADER}<SyncBody>{text}</SyncBody></SyncML>'
    for name in ("Format", "Type", "Size", "NextNonce", "Mark", "MetInf", "Anchor"):
        text = text.replace(f"<{name}>", f'<{name} xmlns="syncml:metinf">')
    return decode(text.encode())


def noted(text: str) -> list[str]:
    """What is noted of these commands, as "code requirement: detail"."""
    return [f"{note.code} {note.requirement}: {note.detail}" for note in body(text).observations]


# -- writing -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("encoding", ["xml", "wbxml"])
def test_a_message_survives(encoding: str) -> None:
    message = everything()
    decoded = decode(encode(message, encoding), media_type(encoding))
    assert decoded.message == message
    assert decoded.observations == []
    assert (decoded.encoding, decoded.version, decoded.charset) == (encoding, "1.2", "utf-8")


def test_writing_follows_the_order_of_the_dtd_and_leaves_out_none() -> None:
    root = write_message(everything())
    _, departures = read_message(root)
    assert departures == []
    alert = root.children[1].children[3]
    assert [child.name for child in alert.children] == ["CmdID", "Data", "Correlator", "Item"]
    bare = write_message(Message(Header(), [Alert()]))
    assert shape(bare.children[1]) == shape(Element("SyncBody", children=[Element("Alert")]))
    assert [child.name for child in bare.children[0].children] == ["VerDTD", "VerProto"]


def test_version_1_1_has_no_correlator() -> None:
    message = Message(Header(), [Exec("1", correlator="c"), Alert("2", data="1226", correlator="c")])
    octets = encode(message, "xml", "1.1.2")
    assert b"Correlator" not in octets and b'"SYNCML:SYNCML1.1"' in octets
    assert encode(message, "xml").count(b"<Correlator>") == 2
    assert encode(message, "wbxml", "1.1").startswith(b"\x02\x9f\x53")


def test_empty_values_stay_apart_from_absent_ones() -> None:
    replace = Replace("1", items=[Item(data=""), Item()], meta=Meta())
    message = Message(Header(session_id=""), [replace, Status("2", data="")])
    for encoding in ("xml", "wbxml"):
        assert decode(encode(message, encoding)).message == message


def test_octets_travel_in_wbxml_and_are_refused_in_xml() -> None:
    item = Item(target="./p", meta=Meta(format="bin"), data=b"\0\xffab")
    message = Message(Header(), [Replace("1", items=[item])])
    assert decode(encode(message, "wbxml")).message == message
    with pytest.raises(ValueError, match="b64"):
        encode(message, "xml")


def test_elements_inside_data() -> None:
    tree = "<MgmtTree xmlns='syncml:dmddf1.2'><VerDTD>1</VerDTD></MgmtTree>"
    decoded = body(f"<Add><CmdID>1</CmdID><Item><Data>{tree}</Data></Item></Add>")
    item = decoded.message.commands[0].items[0]
    assert item.data == "" and [element.name for element in item.data_elements] == ["MgmtTree"]
    again = decode(encode(decoded.message, "wbxml"))
    assert shape(again.message.commands[0].items[0].data_elements[0]) == shape(item.data_elements[0])


# -- reading -----------------------------------------------------------------------------------------------------------

GET = "<Get><CmdID>1</CmdID><Item><Target><LocURI>./a</LocURI></Target></Item></Get>"


@pytest.mark.parametrize(("text", "expected"), [
    (GET, []),
    (GET + "<Final/>", []),
    ("<Final/>" + GET, ["element-order DM-ENC-005: SyncBody: Get stands after Final"]),
    ("<Alert><CmdID>1</CmdID><Correlator>c</Correlator><Data>1226</Data></Alert>",
     ["correlator-before-data : SyncBody/Alert: Correlator stands before Data"]),
    ("<Alert><CmdID>1</CmdID><Item/><Data>1226</Data></Alert>",
     ["element-order DM-ENC-005: SyncBody/Alert: Data stands after Item"]),
    ("<Exec><CmdID>1</CmdID><Item/><Correlator>c</Correlator></Exec>",
     ["correlator-position : SyncBody/Exec: Correlator stands after Item"]),
    ("<Alert><Data>1201</Data><CmdID>1</CmdID></Alert>",
     ["element-order DM-ENC-005: SyncBody/Alert: CmdID stands after Data"]),
    ("<Alert><Data>1201</Data></Alert>", ["element-missing DM-ENC-005: SyncBody/Alert: CmdID is missing"]),
    ("<Get><CmdID>1</CmdID></Get>", ["element-missing DM-ENC-005: SyncBody/Get: Item is missing"]),
    ("<Get><CmdID>1</CmdID><CmdID>2</CmdID><Item/><Item/></Get>",
     ["element-repeated DM-ENC-005: SyncBody/Get: CmdID stands more than once"]),
    ("<Get><CmdID>1</CmdID><NoResp/><Item/></Get>",
     ["element-not-used DM-ENC-007: SyncBody/Get: NoResp is not used in DM"]),
    ("<Put><CmdID>1</CmdID><Item/></Put>", ["element-not-used DM-ENC-007: SyncBody: Put is not used in DM"]),
    ("<Get><CmdID>1</CmdID><Odd/><Item/></Get>", ["unknown-element : SyncBody/Get: Odd is unknown"]),
    ("<Get><CmdID>1</CmdID><Chal/><Item/></Get>",
     ["unknown-element DM-ENC-005: SyncBody/Get: Chal does not belong there"]),
    ("<Odd><CmdID>1</CmdID></Odd>", ["unknown-element : SyncBody: Odd is unknown"]),
    ("<Alert><CmdID> 1\r\n</CmdID><Data>1201</Data></Alert>",
     ["padded-value : SyncBody/Alert/CmdID: white space around '1'"]),
    ("<Get><CmdID>1</CmdID><Item><Meta><Type>t</Type><Format>f</Format></Meta></Item></Get>",
     ["meta-order : SyncBody/Get/Item/Meta: Format stands after Type"]),
    ("<Get><CmdID>1</CmdID><Meta><MetInf><Format>f</Format></MetInf></Meta><Item/></Get>",
     ["metinf-wrapper : SyncBody/Get/Meta: the children of Meta stand in MetInf"]),
    ("<Results><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>1</CmdRef><Cmd>Get</Cmd><Item/></Results>",
     ["cmd-in-results : SyncBody/Results: Cmd in Results"]),
    ("<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><Cmd>SyncHdr</Cmd><Data>212</Data></Status>",
     ["cmdref-missing : SyncBody/Status: the Status for SyncHdr has no CmdRef"]),
    ("<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><Cmd>Get</Cmd><Data>200</Data></Status>",
     ["element-missing DM-ENC-005: SyncBody/Status: CmdRef is missing"]),
    ("<Sequence><CmdID>1</CmdID><Get><Item/><CmdID>2</CmdID></Get></Sequence>",
     ["element-order DM-ENC-005: SyncBody/Sequence/Get: CmdID stands after Item"]),
])
def test_departures_from_the_dtd(text: str, expected: list[str]) -> None:
    assert noted(text) == expected


def test_values_are_found_in_any_order() -> None:
    commands = body(
        "<Alert><Item><Data>200</Data><Meta><Type>x</Type><Format>int</Format></Meta><Source><LocName>n</LocName>"
        "<LocURI>./u</LocURI></Source></Item><Correlator>c</Correlator><Data>1226</Data><CmdID>1</CmdID></Alert>"
        "<Exec><Correlator> d </Correlator><Item/><CmdID>2</CmdID></Exec>"
    ).message.commands
    assert commands == [
        Alert("1", data="1226", correlator="c", items=[
            Item(source="./u", source_name="n", meta=Meta("int", "x"), data="200"),
        ]),
        Exec("2", correlator=" d ", items=[Item()]),
    ]


def test_what_is_stripped_and_what_is_not() -> None:
    command = body(
        "<Add><CmdID>\t1 </CmdID><Meta><Format> chr\n</Format><Type> t </Type><Size> 5 </Size><Mark> m </Mark></Meta>"
        "<Item><Target><LocURI>\n./a b\n</LocURI><LocName> n </LocName></Target><Data> d </Data></Item></Add>"
    ).message.commands[0]
    assert command == Add("1", meta=Meta("chr", "t", " m ", " 5 "), items=[
        Item(target="./a b", target_name=" n ", data=" d "),
    ])


def test_commands_that_dm_does_not_have() -> None:
    put = "<Put><CmdID>1</CmdID><Item><Data>x</Data></Item></Put>"
    commands = body(f"{put}<X><CmdID>2</CmdID></X><Y>z</Y>").message.commands
    assert commands == [
        Other("1", element_name="Put", items=[Item(data="x")]), Other("2", element_name="X"), Other(element_name="Y"),
    ]
    assert [command.name for command in commands] == ["Put", "X", "Y"]


def test_blocks_status_results_and_challenge() -> None:
    message = body(
        "<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><TargetRef>a</TargetRef>"
        "<TargetRef>b</TargetRef><SourceRef>c</SourceRef><Chal><Meta><Format>b64</Format><Type>syncml:auth-md5</Type>"
        "<NextNonce>eA==</NextNonce></Meta></Chal><Data>401</Data></Status>"
        "<Results><CmdID>2</CmdID><CmdRef>3</CmdRef><SourceRef>./x</SourceRef><Item><Data/><MoreData/></Item></Results>"
        f"<Atomic><CmdID>3</CmdID><Meta><Type>t</Type></Meta><Sequence><CmdID>4</CmdID>{GET}</Sequence></Atomic><Final/>"
    ).message
    assert message.commands == [
        Status("1", msg_ref="1", cmd_ref="0", cmd="SyncHdr", target_refs=["a", "b"], source_refs=["c"],
               chal=Chal("syncml:auth-md5", "b64", "eA=="), data="401"),
        Results("2", cmd_ref="3", source_refs=["./x"], items=[Item(data="", more=True)]),
        Atomic("3", meta=Meta(type="t"), commands=[Sequence("4", commands=[Get("1", items=[Item(target="./a")])])]),
    ]
    assert message.final and message.statuses()[0].chal is not None
    assert message.statuses()[0].chal.nonce() == b"x"


def test_a_message_without_header_or_body() -> None:
    decoded = decode(b'<SyncML xmlns="SYNCML:SYNCML1.2"/>')
    assert decoded.message == Message(Header(ver_dtd=None, ver_proto=None))
    assert [note.detail for note in decoded.observations] == [
        "SyncML: SyncHdr is missing", "SyncML: SyncBody is missing",
    ]


def test_raw_credentials_are_given_as_base64() -> None:
    cred = Element("Cred", children=[Element("Data", octets=b"\xff\0")])
    root = Element("SyncML", children=[Element("SyncHdr", children=[cred]), Element("SyncBody")])
    assert decode(encode_tree(root, "wbxml")).message.header.cred == Cred(data="/wA=")


def test_meta_keeps_the_names_of_what_dm_does_not_use() -> None:
    command = body("<Get><CmdID>1</CmdID><Meta><Format>f</Format><Anchor/></Meta><Item/></Get>").message.commands[0]
    assert command.meta == Meta("f", extra=("Anchor",))


def test_blocks_within_blocks_are_bounded() -> None:
    with pytest.raises(SyntaxFault, match="blocks within blocks"):
        body("<Atomic>" * 40 + "</Atomic>" * 40)


def test_another_root_is_no_message() -> None:
    with pytest.raises(SyntaxFault, match="the root element is MgmtTree, not SyncML"):
        decode(b'<MgmtTree xmlns="syncml:dmddf1.2"/>')


def test_a_thousand_departures_are_not_all_listed() -> None:
    decoded = body("<Odd/>" * 5000)
    assert len(decoded.message.commands) == 5000
    assert len(decoded.observations) == 201 and decoded.observations[-1].code == "more"


# -- the door ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("media", "encoding", "expected"), [
    ("", "xml", []), ("", "wbxml", []), (XML, "xml", []), (WBXML, "wbxml", []),
    (f"{XML}; charset=utf-8", "xml", []), (WBXML.upper(), "wbxml", []),
    (XML, "wbxml", ["mislabelled"]), (WBXML, "xml", ["mislabelled"]),
    ("application/vnd.syncml+xml", "xml", ["media-type"]), ("application/vnd.syncml+wbxml", "wbxml", ["media-type"]),
    ("application/vnd.syncml+wbxml", "xml", ["mislabelled", "media-type"]), ("text/xml", "xml", ["media-type"]),
])
def test_labels(media: str, encoding: str, expected: list[str]) -> None:
    decoded = decode(encode(everything(), encoding), media)
    assert decoded.encoding == encoding
    assert [note.code for note in decoded.observations] == expected
    assert {note.requirement for note in decoded.observations} <= {"DM-ENC-001"}


def test_the_document_type_is_compared_with_verdtd() -> None:
    octets = encode(everything(), "wbxml", wbxml=WbxmlStyle(dtd="1.1"))
    assert [(n.code, n.requirement) for n in decode(octets).observations] == [("public-id-version", "WBXML-007")]
    octets = encode(everything(), "xml", xml=XmlStyle(dtd="1.1"))
    assert [(n.code, n.requirement) for n in decode(octets).observations] == [("namespace-version", "DM-ENC-004")]
    old = Message(Header(ver_dtd="1.1", ver_proto="DM/1.1", session_id="1", msg_id="1", target="t", source="s"))
    for encoding in ("xml", "wbxml"):
        decoded = decode(encode(old, encoding, "1.1.2"))
        assert (decoded.version, decoded.observations) == ("1.1", [])


@pytest.mark.parametrize(("octets", "reason"), [
    (b"", "empty"), (b"\r\n", "empty"), (b"<html><body>Error 500", "HTML"), (b"<!DOCTYPE HTML PUBLIC 'x'>", "HTML"),
    (b"Not Found", "WBXML 5.14"), (b"\x1f\x8b\x08", "WBXML 2.15"), (b"{}", "WBXML 8.11"),
])
def test_bodies_that_are_no_message(octets: bytes, reason: str) -> None:
    with pytest.raises(SyntaxFault) as caught:
        decode(octets, XML)
    assert reason in caught.value.reason


def test_an_encoding_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="no such encoding"):
        encode(Message(), "json")
    with pytest.raises(ValueError, match="no such encoding"):
        media_type("json")
    assert (media_type("xml"), media_type("wbxml")) == (XML, WBXML)


# -- sessions of strangers ---------------------------------------------------------------------------------------------

def test_a_server_without_namespace_that_lays_out_its_xml() -> None:
    octets = encode(everything(), xml=XmlStyle(root_namespace=False, indent=True))
    decoded = decode(octets, XML)
    assert decoded.message == everything()
    assert [note.code for note in decoded.observations] == ["root-namespace-missing"]


def test_a_client_with_opaque_values_ds_label_and_correlator_before_data() -> None:
    root = write_message(everything())
    alert = root.children[1].children[3]
    alert.children[1:3] = reversed(alert.children[1:3])
    octets = encode_tree(root, "wbxml", wbxml=WbxmlStyle(public_id="textual-bare", text="opaque"))
    decoded = decode(octets, "application/vnd.syncml+wbxml")
    assert decoded.message == everything()
    assert [note.code for note in decoded.observations] == [
        "string-table-unterminated", "media-type", "correlator-before-data",
    ]


def test_a_challenge_with_an_empty_nonce() -> None:
    status = Status("1", msg_ref="1", cmd_ref="0", cmd="SyncHdr", chal=Chal("syncml:auth-md5", "b64", ""), data="200")
    for encoding in ("xml", "wbxml"):
        decoded = decode(encode(Message(Header(), [status]), encoding))
        assert decoded.message.commands == [status]


# -- for people --------------------------------------------------------------------------------------------------------

def test_pretty_shows_both_encodings_alike() -> None:
    message = everything()
    text = pretty(encode(message, "wbxml"))
    assert text == pretty(encode(message, "xml"))
    assert "\n    <Alert>\n      <CmdID>4</CmdID>\n      <Data>1226</Data>" in text


def test_pretty_shows_octets_and_documents_inside() -> None:
    tree = encode_tree(Element("MgmtTree", "dmddf", [Element("VerDTD", "dmddf", text="1.2")]), "wbxml")
    items = [Item(data=bytes(range(256)) * 4, meta=Meta("bin")), Item(data=tree), Item(data="\x01")]
    text = pretty(encode(Message(Header(), [Add("1", items=items)]), "wbxml"))
    assert "[1024 octets: 000102" in text and "..." in text
    assert f"[a WBXML document of {len(tree)} octets]" in text and "<VerDTD>1.2</VerDTD>" in text
    assert "<Data>\\x01</Data>" in text


@pytest.mark.parametrize(("octets", "shown"), [
    (b"", "empty"), (b"<html>hello", "<html>hello"), (b"\x02\xa4\x01\x6a\x00", "02 a4 01 6a 00"),
    (b"\xff" * 9000, "808 more"),
])
def test_pretty_shows_what_is_no_message(octets: bytes, shown: str) -> None:
    text = pretty(octets, "text/html")
    assert text.startswith("[not a message: ") and shown in text and "labelled text/html" in text


def test_names_of_codes() -> None:
    assert codes.status_name("404") == "404 (not found)" and codes.status_name("999") == "999"
    assert codes.alert_name("1226") == "1226 (generic alert)"
    assert codes.alert_name(None) == codes.status_name(None) == "none"
    assert {"1100", "1104", "1200", "1201", "1222", "1226"} < codes.DM_ALERTS and "1221" not in codes.DM_ALERTS
    assert len(codes.DM_ALERTS) == 12 and codes.UI_ALERTS < codes.DM_ALERTS
    assert {"212", "213", "215", "216", "401", "407", "425", "507", "513", "517"} < set(codes.STATUSES)
