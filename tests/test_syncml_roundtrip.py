"""Any tree and any message survive both codecs; no octets make them fail in another way than with a SyntaxFault."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from syncml_trees import VALID, everything, shape, vector

from conformance.syncml.codec import decode, encode, pretty
from conformance.syncml.element import DMDDF, METINF, SYNCML, Element, SyntaxFault
from conformance.syncml.model import (
    Add,
    Alert,
    Atomic,
    Chal,
    Command,
    Cred,
    Delete,
    Exec,
    Get,
    Header,
    Item,
    Message,
    Meta,
    Replace,
    Results,
    Sequence,
    Status,
)
from conformance.syncml.tokens import TOKENS
from conformance.syncml.wbxml import WbxmlStyle, decode_wbxml, encode_wbxml
from conformance.syncml.xmlcodec import XmlStyle, decode_xml, encode_xml

FAST = settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))

TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"))
CONTENT = st.text(st.one_of(st.sampled_from("\t\n\r <&>]'\""), st.characters(
    blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff",
)))
TOKEN = st.text("abcdefghijklmnopqrstuvwxyz0123456789./:-", min_size=1, max_size=12)
URI = st.none() | TOKEN
WBXML_STYLES = st.builds(
    WbxmlStyle, version=st.sampled_from(["1.0", "1.1", "1.2", "1.3"]),
    public_id=st.sampled_from(["numeric", "textual", "textual-bare", "unknown"]),
    text=st.sampled_from(["inline", "opaque", "table", "mixed"]), pages=st.sampled_from(["lazy", "eager", "redundant"]),
    empty=st.sampled_from(["tag", "end", "string"]), padding=st.integers(0, 3), xmlns=st.booleans(),
)
XML_STYLES = st.builds(
    XmlStyle, declaration=st.just(True), encoding=st.sampled_from(["UTF-8", "UTF-16", "ISO-8859-1", "US-ASCII"]),
    bom=st.booleans(), doctype=st.booleans(), root_namespace=st.booleans(),
    metinf=st.sampled_from(["child", "meta", "prefix", "missing"]), prefix=st.sampled_from(["", "s"]),
    cdata=st.booleans(), indent=st.booleans(), comment=st.sampled_from(["", "c"]), empty_tags=st.booleans(),
)
META = st.builds(
    Meta, format=st.none() | st.sampled_from(["chr", "b64", "int"]), type=URI, mark=st.none() | TEXT,
    size=st.none() | TEXT, next_nonce=st.none() | st.sampled_from(["", "eA==", "bm9uY2U="]),
    max_msg_size=st.none() | TEXT,
)
ITEM = st.builds(
    Item, target=URI, source=URI, data=st.none() | CONTENT, meta=st.none() | META, more=st.booleans(),
)
ITEMS = st.lists(ITEM, max_size=3)
ID = st.none() | TOKEN


def commands(kinds: dict[type[Command], dict[str, Any]]) -> st.SearchStrategy[Command]:
    """Commands of these kinds with these fields beyond CmdID."""
    return st.one_of([st.builds(kind, cmd_id=ID, **fields) for kind, fields in kinds.items()])


PLAIN = commands({
    Add: {"meta": st.none() | META, "items": ITEMS}, Replace: {"meta": st.none() | META, "items": ITEMS},
    Get: {"items": ITEMS}, Delete: {"items": ITEMS},
    Exec: {"items": ITEMS, "correlator": st.none() | TEXT},
    Alert: {"items": ITEMS, "data": ID, "correlator": st.none() | TEXT},
    Status: {
        "msg_ref": ID, "cmd_ref": ID, "cmd": ID, "target_refs": st.lists(TOKEN, max_size=2), "data": ID, "items": ITEMS,
        "chal": st.none() | st.builds(Chal, type=ID, format=ID, next_nonce=st.none() | st.just("eA==")),
    },
    Results: {"msg_ref": ID, "cmd_ref": ID, "source_refs": st.lists(TOKEN, max_size=2), "items": ITEMS},
})
COMMAND = st.recursive(
    PLAIN, lambda inner: commands({
        Sequence: {"commands": st.lists(inner, max_size=3)}, Atomic: {"commands": st.lists(inner, max_size=3)},
    }), max_leaves=6,
)
MESSAGE = st.builds(
    Message, final=st.booleans(), commands=st.lists(COMMAND, max_size=5), header=st.builds(
        Header, session_id=ID, msg_id=ID, target=URI, source=URI, source_name=st.none() | TEXT, resp_uri=URI,
        cred=st.none() | st.builds(Cred, type=ID, format=ID, data=TEXT), meta=st.none() | META,
    ),
)
LEAF = st.one_of([
    st.builds(Element, name=st.sampled_from(sorted(TOKENS[page])), vocabulary=st.just(vocabulary), text=CONTENT)
    for page, vocabulary in enumerate((SYNCML, METINF, DMDDF))
])
TREE = st.recursive(LEAF, lambda inner: st.builds(
    Element, name=st.sampled_from(sorted(TOKENS[0])), children=st.lists(inner, min_size=1, max_size=4),
), max_leaves=25)


@FAST
@given(MESSAGE, st.sampled_from(["xml", "wbxml"]))
def test_messages_survive(message: Message, encoding: str) -> None:
    assert decode(encode(message, encoding)).message == message


@FAST
@given(st.lists(TREE, max_size=5), WBXML_STYLES)
def test_trees_survive_wbxml_in_every_style(children: list[Element], style: WbxmlStyle) -> None:
    # OPAQUE nonces that are no Base64 change on purpose, so there are none here
    children = [child for child in children if all(each.name != "NextNonce" for each in child.walk())]
    root = Element("SyncML", children=children)
    assert shape(decode_wbxml(encode_wbxml(root, style)).root) == shape(root)


@FAST
@given(MESSAGE, XML_STYLES)
def test_messages_survive_xml_in_every_style(message: Message, style: XmlStyle) -> None:
    assert decode(encode(message, "xml", xml=style)).message == message


@FAST
@given(st.lists(TREE, max_size=5))
def test_trees_survive_xml(children: list[Element]) -> None:
    root = Element("SyncML", children=[child for child in children if child.vocabulary != DMDDF])
    assert shape(decode_xml(encode_xml(root)).root) == shape(root)


@FAST
@given(st.binary(max_size=80), st.sampled_from([
    b"", b"\x02\xa4\x01\x6a\x00\x6d", b"\x03\xa4\x01\x6a\x03a\0b\x6d", b"<SyncML>", b"\xff\xfe",
]))
def test_any_octets_are_a_message_or_a_fault(octets: bytes, head: bytes) -> None:
    for reader in (decode, decode_wbxml, decode_xml):
        try:
            reader(head + octets)
        except SyntaxFault as fault:
            assert fault.reason and (fault.offset is None or 0 <= fault.offset <= len(head + octets))
    assert pretty(head + octets)


def test_vectors_with_octets_changed_are_a_message_or_a_fault() -> None:
    rng = random.Random(20240611)
    bodies = [vector(name) for name in VALID] + [encode(everything(), "xml")]
    outcomes = set()
    for _ in range(4000):
        octets = bytearray(rng.choice(bodies))
        for _ in range(rng.randint(1, 4)):
            octets[rng.randrange(len(octets))] = rng.choice((0, 1, 3, 0x44, 0x80, 0x83, 0xC3, 0xFF, rng.randrange(256)))
        try:
            decode(bytes(octets))
            outcomes.add("message")
        except SyntaxFault:
            outcomes.add("fault")
    assert outcomes == {"message", "fault"}
