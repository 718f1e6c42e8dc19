"""``decode``: any body or datagram from the field, for a reader; what is none is one clear line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.dm.trigger import Notification, Push, build, build_push
from conformance.download.descriptor import Descriptor, write
from conformance.harness.decoding import Undecodable, decode_text
from conformance.syncml.codec import encode
from conformance.syncml.model import Alert, Header, Item, Message, Replace
from conformance.syncml.wbxml import WbxmlStyle
from conformance.syncml.xmlcodec import XmlStyle

VECTORS = Path(__file__).parent.parent / "fixtures" / "wire" / "wbxml"
MANIFEST = json.loads((VECTORS / "manifest.json").read_text(encoding="utf-8"))
NOTICE = Notification(ui_mode=2, initiator=1, session_id=0x1234, server_id="com.mgmtsrv.manage")
TRIGGER = build(NOTICE, "srvpwd", b"Nonce")
PUSH = build_push(Push(TRIGGER))
DESCRIPTOR = write(Descriptor(types=("application/octet-stream",), size=5, object_uri="http://x/a.bin"))


def message(encoding: str = "xml", **style: object) -> bytes:
    info = Replace(cmd_id="2", items=[Item(source="./DevInfo/Man", data="Acme & Co")])
    header = Header(session_id="1", msg_id="1", target="http://x/dm", source="urn:x:1")
    return encode(Message(header, [Alert(cmd_id="1", data="1201"), info], True), encoding, **style)  # type: ignore[arg-type]


MESSAGES = {
    "xml": (message(), "XML; SyncML 1.2", 0),
    "utf-16": (message(xml=XmlStyle(encoding="UTF-16")), "XML; SyncML 1.2", None),
    "byte-order-mark": (message(xml=XmlStyle(bom=True)), "XML; SyncML 1.2", None),
    "white-space": (b" \r\n" + message(xml=XmlStyle(declaration=False)), "XML; SyncML 1.2", None),
    "wbxml": (message("wbxml"), "WBXML 1.2, public id ", 0),
    "wbxml-1.3": (message("wbxml", wbxml=WbxmlStyle(version="1.3", text="opaque")), "WBXML 1.3, public id ", None),
    "string-table": (message("wbxml", wbxml=WbxmlStyle(public_id="textual", text="table")), "WBXML 1.2, public", None),
}


@pytest.mark.parametrize("kind", [None, "message"])
@pytest.mark.parametrize("name", MESSAGES)
def test_a_message(name: str, kind: str | None) -> None:
    octets, what, departures = MESSAGES[name]
    text = decode_text(octets, kind)
    assert text.startswith(what)
    assert "<Data>Acme &amp; Co</Data>" in text
    assert f"{len(octets)} octets" in text.splitlines()[0]
    if departures == 0:
        assert text.splitlines()[-1] == "No departure from the rules of form."


PLAIN = decode_text(message("wbxml"), "message").splitlines()[1:-1]
ODD = {
    "version-1-1": (WbxmlStyle(version="1.1"), "WBXML 1.1, public id 0x1201", ()),
    "textual-id": (WbxmlStyle(public_id="textual"), "public id -//SYNCML//DTD SyncML 1.2//EN", ()),
    "bare-id": (WbxmlStyle(public_id="textual-bare"), "public id -//SYNCML", ("string-table-unterminated",)),
    "unknown-id": (WbxmlStyle(public_id="unknown"), "public id 0x0001", ("public-id-unknown",)),
    "opaque": (WbxmlStyle(text="opaque"), "WBXML 1.2", ()),
    "table": (WbxmlStyle(text="table-all"), "WBXML 1.2", ()),
    "mixed": (WbxmlStyle(text="mixed"), "WBXML 1.2", ()),
    "redundant": (WbxmlStyle(pages="redundant"), "WBXML 1.2", ()),
    "eager": (WbxmlStyle(pages="eager"), "WBXML 1.2", ()),
    "empty-end": (WbxmlStyle(empty="end"), "WBXML 1.2", ()),
    "empty-string": (WbxmlStyle(empty="string"), "WBXML 1.2", ()),
    "padding": (WbxmlStyle(padding=2), "WBXML 1.2", ("non-minimal-integer",)),
    "xmlns": (WbxmlStyle(xmlns=True), "WBXML 1.2", ("xmlns-attribute",)),
    "ascii": (WbxmlStyle(charset=3), "charset ascii", ("charset",)),
}


@pytest.mark.parametrize("name", ODD)
def test_every_odd_form_of_wbxml_is_shown_as_the_message_it_is(name: str) -> None:
    style, head, departures = ODD[name]
    lines = decode_text(message("wbxml", wbxml=style)).splitlines()
    assert head in lines[0]
    assert lines[1 : 1 + len(PLAIN)] == PLAIN
    assert [line.split()[0] for line in lines[2 + len(PLAIN) :]] == [f"{each}" for each in _at(lines, departures)]


def _at(lines: list[str], departures: tuple[str, ...]) -> list[str]:
    """Names as they stand in the list of departures: with their colon where no offset follows."""
    listed = [line.split()[0] for line in lines if line.startswith("  ") and not line.lstrip().startswith("<")]
    assert [each.rstrip(":") for each in listed] == list(departures)
    return listed


XML_FORMS = [
    XmlStyle(cdata=True), XmlStyle(metinf="missing"), XmlStyle(metinf="prefix"), XmlStyle(prefix="s"), XmlStyle(doctype=True),
    XmlStyle(comment=" hello "), XmlStyle(instruction="dm hello"), XmlStyle(indent=True), XmlStyle(empty_tags=False),
    XmlStyle(meta_reversed=True), XmlStyle(cdata_all=True),
]  # fmt: skip


@pytest.mark.parametrize("style", XML_FORMS, ids=str)
def test_every_odd_form_of_xml_is_shown_as_the_message_it_is(style: XmlStyle) -> None:
    lines = decode_text(message(xml=style)).splitlines()
    assert lines[1 : 1 + len(PLAIN)] == PLAIN


def test_departures_are_named_with_their_place() -> None:
    text = decode_text(message().replace(b"SYNCML:SYNCML1.2", b"SYNCML:SYNCML1.1"))
    assert "Departures from the rules:\n  namespace-version: the namespace is that of SyncML 1.1" in text
    text = decode_text(message("wbxml", wbxml=WbxmlStyle(dtd="1.1")))
    assert "public-id-version at octet 1: " in text


def rows(text: str) -> dict[str, str]:
    """Name and value of each line of a field list."""
    return {line[:18].strip(): line[19:].strip() for line in text.splitlines()}


@pytest.mark.parametrize("way", ["octets", "hex", "hex-in-groups"])
@pytest.mark.parametrize("kind", [None, "trigger"])
def test_a_trigger_as_octets_and_as_hex(way: str, kind: str | None) -> None:
    octets = {"octets": TRIGGER, "hex": TRIGGER.hex().encode(), "hex-in-groups": TRIGGER.hex(" ").upper().encode() + b"\n"}
    assert rows(decode_text(octets[way], kind)) == {
        "digest": TRIGGER[:16].hex(), "version": "11 (1.1)", "ui-mode": "2", "initiator": "server", "future use": "0",
        "session id": "1234", "server identifier": "com.mgmtsrv.manage", "vendor": "",
    }  # fmt: skip


@pytest.mark.parametrize("start", ["01", "02", "03", "3c", "0a3c", "fffe", "0006", "efbbbf3c"])
def test_a_trigger_is_told_whatever_its_digest_begins_with(start: str) -> None:
    octets = bytes.fromhex(start) + TRIGGER[len(start) // 2 :]
    assert rows(decode_text(octets))["server identifier"] == "com.mgmtsrv.manage"


@pytest.mark.parametrize("kind", [None, "push"])
def test_a_push_with_the_trigger_in_it(kind: str | None) -> None:
    text = decode_text(PUSH, kind)
    assert "application/vnd.syncml.notification" in text
    assert "com.mgmtsrv.manage" in text


def test_a_push_with_something_else_in_it() -> None:
    text = decode_text(build_push(Push(b"\1\2\3")), "push")
    assert text.splitlines()[-1].split() == ["payload", "010203"]


@pytest.mark.parametrize("kind", [None, "descriptor"])
def test_a_descriptor(kind: str | None) -> None:
    text = decode_text(DESCRIPTOR, kind)
    assert "http://x/a.bin" in text
    assert any(line.split() == ["size", "5"] for line in text.splitlines())


@pytest.mark.parametrize("kind", [None, "message", "trigger", "push", "descriptor"])
@pytest.mark.parametrize(
    "octets",
    [
        b"", b"\0", b"<", b"<a>", b"\x03\x01\x6a", b"\xff" * 10, b"GIF89a", b"<html>x</html>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    ],
)  # fmt: skip
def test_malformed_input_is_one_clear_line(octets: bytes, kind: str | None) -> None:
    with pytest.raises(Undecodable, match=r"^no (SyncML message|trigger message|WSP push|download descriptor): .+") as caught:
        decode_text(octets, kind)
    assert "\n" not in str(caught.value)


BAD = [name for name, entry in MANIFEST.items() if not entry["valid"] and "xml_instead" not in name]


@pytest.mark.parametrize("name", BAD)
def test_malformed_vectors_are_refused(name: str) -> None:
    with pytest.raises(Undecodable, match="no SyncML message: "):
        decode_text(bytes.fromhex((VECTORS / f"{name}.hex").read_text()), "message")


@pytest.mark.parametrize("cut", range(1, 60, 3))
def test_cut_datagrams_are_refused_or_shown_and_never_crash(cut: int) -> None:
    for octets in (PUSH, TRIGGER, message("wbxml"), message(), DESCRIPTOR):
        for kind in (None, "message", "trigger", "push", "descriptor"):
            try:
                assert decode_text(octets[:-cut], kind)
            except Undecodable as fault:
                assert "\n" not in str(fault)


# -- on the command line


def test_the_command_shows_and_exits_with_0_or_1(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.bin", tmp_path / "bad.bin"
    good.write_bytes(message("wbxml"))
    bad.write_bytes(b"\x03\x01\x6a")
    runner = CliRunner()
    shown = runner.invoke(main, ["decode", str(good)])
    assert (shown.exit_code, "<Data>1201</Data>" in shown.output) == (0, True)
    refused = runner.invoke(main, ["decode", "--as", "message", str(bad)])
    assert refused.exit_code == 1
    assert len(refused.output.strip().splitlines()) == 1
    assert "no SyncML message" in refused.output
    assert runner.invoke(main, ["decode", str(tmp_path / "none")]).exit_code == 2
    assert runner.invoke(main, ["decode", "--as", "picture", str(good)]).exit_code == 2
