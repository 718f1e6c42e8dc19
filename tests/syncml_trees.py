"""What the tests of the codecs share: trees as plain tuples, the vectors, and a message that has everything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.syncml.element import Element
from conformance.syncml.model import (
    Add,
    Alert,
    Atomic,
    Chal,
    Copy,
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
from conformance.syncml.wbxml import decode_wbxml

VECTORS = Path(__file__).parent.parent / "fixtures" / "wire" / "wbxml"
MANIFEST: dict[str, dict[str, Any]] = json.loads((VECTORS / "manifest.json").read_text(encoding="utf-8"))
VALID = [name for name, entry in MANIFEST.items() if entry["valid"]]
MALFORMED = [name for name, entry in MANIFEST.items() if not entry["valid"]]


def vector(name: str) -> bytes:
    """Octets of a vector."""
    return bytes.fromhex((VECTORS / f"{name}.hex").read_text(encoding="ascii"))


def shape(element: Element) -> tuple[Any, ...]:
    """A tree without offsets, to compare with another one."""
    return (
        element.name, element.vocabulary, element.text, element.octets,
        tuple(shape(child) for child in element.children),
    )


def opened(element: Element) -> Element:
    """A copy in the notation of the expected XML: octets as ``@OPAQUE:``, WBXML inside OPAQUE as its tree."""
    copy = Element(element.name, element.vocabulary, [opened(child) for child in element.children], element.text)
    if element.octets is not None and element.octets[0] in (1, 2, 3):
        copy.children = [decode_wbxml(element.octets).root]
    elif element.octets is not None:
        copy.text = f"@OPAQUE:{element.octets.hex()}"
    return copy


def everything() -> Message:
    """A message with every command and field of the model, all of it text."""
    meta = Meta(format="chr", type="text/plain", size="5")
    header = Header(
        session_id="7", msg_id="3", target="http://127.0.0.1/dm", source="IMEI:1", target_name="Server",
        source_name="user", resp_uri="http://127.0.0.1/dm?s=1&t=2",
        cred=Cred("syncml:auth-md5", "b64", "GNfRcCkyyZuGRMqsWqdCNA=="),
        meta=Meta(max_msg_size="16384", max_obj_size="1048576"),
    )
    item = Item(target="./a/b", data="x<&>]]>\n ü€😀", meta=meta)
    found = Item(source="./DevInfo/Man", data="", source_name="n")
    return Message(header, [
        Status("1", msg_ref="2", cmd_ref="0", cmd="SyncHdr", target_refs=["IMEI:1"], source_refs=["http://127.0.0.1/dm"],
               chal=Chal("syncml:auth-md5", "b64", "bm9uY2U="), data="212"),
        Status("2", msg_ref="2", cmd_ref="4", cmd="Get", target_refs=["./a", "./b"], data="200",
               items=[Item(data="1")]),
        Results("3", msg_ref="2", cmd_ref="4", meta=meta, source_refs=["./c"], items=[found]),
        Alert("4", data="1226", correlator="corr 1", items=[
            Item(source="./FwUpdate", meta=Meta("int", "org.openmobilealliance.dm.firmwareupdate.download", "critical"),
                 data="200"),
        ]),
        Sequence("5", commands=[
            Get("6", items=[Item(target="./DevDetail/FwV")]), Delete("7", items=[Item(target="./x")]),
        ]),
        Atomic("8", meta=meta, commands=[Add("9", items=[item]), Sequence("10", commands=[Copy("11", items=[
            Item(target="./t", source="./s")])])]),
        Replace("12", meta=meta, items=[item, Item(target="./c", data="more\r\n", more=True)]),
        Exec("13", correlator="c", items=[Item(target="./FwUpdate/Update")]),
    ], final=True)
