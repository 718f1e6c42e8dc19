"""Second opinions: libwbxml and Wireshark (WBXML-037), as programs of their own with a bound on their time (WBXML-038).

A match with them is not all there is to it: both accept much that is malformed (see ``accepts`` in the manifest).
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from syncml_trees import MALFORMED, MANIFEST, VALID, everything, shape, vector

from conformance.syncml.element import Element
from conformance.syncml.model import Header, Item, Message, Meta, Replace
from conformance.syncml.wbxml import WbxmlStyle, decode_wbxml, encode_wbxml
from conformance.syncml.write import write_message
from conformance.syncml.xmlcodec import decode_xml, encode_xml

pytestmark = pytest.mark.oracle

SECONDS = 20.0
DEFAULT = WbxmlStyle()
LIBWBXML_LIMITS = {
    "wb10_pkg1_pubid_unknown": "libwbxml refuses public id 1 unless it is told the language",
    "wb15_largeobj_bin_opaque": "libwbxml writes raw octets into its XML, which then is none",
    "wb17_tnds_inline_page2": "libwbxml does not know page 2 inside a message",
    "wb18_tnds_standalone": "libwbxml refuses public id 1 unless it is told the language",
    "wb19_tnds_opaque_embedded": "libwbxml writes an embedded document with public id 1 raw into its XML",
    "wb21_tnds_opaque_fpi": "libwbxml opens an embedded document; ours keeps its octets",
    "wb34_charset_latin1": "libwbxml of Debian is built without iconv",
}
TSHARK_LIMITS = {
    "wb10_pkg1_pubid_unknown": "tshark names tags by the public id only",
    "wb12_nextnonce_opaque_raw": "tshark shows the raw nonce; ours is its Base64",
    "wb15_largeobj_bin_opaque": "raw octets are no text to compare",
    "wb17_tnds_inline_page2": "tshark does not know page 2",
    "wb18_tnds_standalone": "tshark names tags by the public id only",
    "wb19_tnds_opaque_embedded": "tshark does not show what is inside OPAQUE",
    "wb21_tnds_opaque_fpi": "tshark does not show what is inside OPAQUE",
    "wb26_literal_tag": "tshark lists literal tags apart from the others",
    "wb32_charset0": "tshark misreads charset 0",
    "wb34_charset_latin1": "tshark shows octets beyond ASCII as UTF-8",
}


def program(name: str) -> str:
    """Path of a program; skips the test where it is missing."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def run(arguments: list[str]) -> subprocess.CompletedProcess[bytes]:
    """Runs an oracle. One that crashes (128 and more, or a signal) or takes too long has said nothing."""
    try:
        done = subprocess.run(arguments, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"the oracle failed: {arguments[0]} took more than {SECONDS:g} s")
    if done.returncode < 0 or done.returncode >= 128:
        pytest.skip(f"the oracle failed: {arguments[0]} ended with {done.returncode}")
    return done


def plain(style: WbxmlStyle = DEFAULT) -> Element:
    """The tree of a message with everything but what libwbxml changes.

    It does not escape ``]]>`` and CR, makes CR LF of LF in Data, and encodes a nonce in OPAQUE although it is Base64.
    For the Data of Add and Replace it writes a run of several pieces as XML that is none.
    """
    root = write_message(everything())
    body = root.children[1]
    if style.text == "mixed":
        body.children = [each for each in body.children if each.name not in ("Atomic", "Replace")]
    for element in root.walk():
        element.text = element.text.replace("]]>", "").replace("\r", "").replace("\n", "")
        if element.name == "NextNonce" and style.text in ("opaque", "mixed"):
            element.text = ""
    return root


def libwbxml(octets: bytes, folder: Path) -> Element:
    """The tree that wbxml2xml makes of a WBXML document."""
    source, target = folder / "in.wbxml", folder / "out.xml"
    source.write_bytes(octets)
    done = run([program("wbxml2xml"), "-m", "0", "-o", str(target), str(source)])
    assert done.returncode == 0, done.stderr.decode()
    return decode_xml(target.read_bytes()).root


@pytest.mark.parametrize("name", VALID)
def test_wbxml2xml_reads_the_vectors_as_ours(name: str, tmp_path: Path) -> None:
    program("wbxml2xml")
    if name in LIBWBXML_LIMITS:
        pytest.xfail(LIBWBXML_LIMITS[name])
    assert MANIFEST[name]["oracles"]["wbxml2xml"] == "match"
    assert shape(libwbxml(vector(name), tmp_path)) == shape(decode_wbxml(vector(name)).root)


@pytest.mark.parametrize("name", [each for each in MALFORMED if MANIFEST[each]["oracles"]["wbxml2xml"] == "refuses"])
def test_wbxml2xml_refuses_what_is_broken_beyond_doubt(name: str, tmp_path: Path) -> None:
    (tmp_path / "in.wbxml").write_bytes(vector(name))
    arguments = [program("wbxml2xml"), "-m", "0", "-o", str(tmp_path / "out.xml"), str(tmp_path / "in.wbxml")]
    assert run(arguments).returncode != 0


@pytest.mark.parametrize("style", [
    WbxmlStyle(), WbxmlStyle(version="1.1"), WbxmlStyle(version="1.3"), WbxmlStyle(public_id="textual"),
    WbxmlStyle(public_id="textual-bare"), WbxmlStyle(text="table"), WbxmlStyle(text="opaque"), WbxmlStyle(text="mixed"),
    WbxmlStyle(pages="eager"), WbxmlStyle(pages="redundant"), WbxmlStyle(empty="end"), WbxmlStyle(empty="string"),
    WbxmlStyle(padding=2), WbxmlStyle(public_id="textual", text="table", pages="redundant"),
])
def test_wbxml2xml_reads_every_style_of_ours(style: WbxmlStyle, tmp_path: Path) -> None:
    root = plain(style)
    assert shape(libwbxml(encode_wbxml(root, style), tmp_path)) == shape(root)


@pytest.mark.parametrize("version", ["1.1", "1.2", "1.3"])
def test_what_xml2wbxml_writes_is_read_as_ours(version: str, tmp_path: Path) -> None:
    root = plain()
    (tmp_path / "in.xml").write_bytes(encode_xml(root))
    files = ["-o", str(tmp_path / "out.wbxml"), str(tmp_path / "in.xml")]
    done = run([program("xml2wbxml"), "-k", "-v", version, *files])
    assert done.returncode == 0, done.stderr.decode()
    raw = decode_wbxml((tmp_path / "out.wbxml").read_bytes())
    assert shape(raw.root) == shape(root)
    assert (raw.version, raw.wbxml_version) == ("1.2", version)


def test_xml2wbxml_writes_the_octets_that_ours_writes(tmp_path: Path) -> None:
    octets = vector("wb14_alert1226_fumo")
    (tmp_path / "in.xml").write_bytes(encode_xml(decode_wbxml(octets).root))
    arguments = [program("xml2wbxml"), "-n", "-v", "1.2", "-o", str(tmp_path / "out"), str(tmp_path / "in.xml")]
    assert run(arguments).returncode == 0
    assert (tmp_path / "out").read_bytes() == octets == encode_wbxml(decode_wbxml(octets).root)


# -- tshark ------------------------------------------------------------------------------------------------------------

def hexdump(body: bytes) -> str:
    """One packet for text2pcap: a POST with this body."""
    head = f"POST / HTTP/1.1\r\nContent-Type: application/vnd.syncml.dm+wbxml\r\nContent-Length: {len(body)}\r\n\r\n"
    octets = head.encode() + body
    return "".join(f"{at:06x} {octets[at : at + 16].hex(' ')}\n" for at in range(0, len(octets), 16)) + "\n"


def numbered(octets: bytes) -> bytes:
    """The same document with the numeric public id, the only one by which tshark names tags; drops a bare id."""
    raw = decode_wbxml(octets)
    if raw.public_id.startswith("0x"):
        return octets
    return octets[:1] + b"\xa4\x01\x6a\x00" + octets[5 + octets[4] :]


def tshark(bodies: list[bytes], folder: Path) -> list[tuple[list[str], list[str]]]:
    """Tags and texts (inline, from the table, OPAQUE decoded as UTF-8) that tshark finds in each body."""
    (folder / "http.txt").write_text("".join(hexdump(body) for body in bodies), encoding="ascii")
    pcap = str(folder / "http.pcap")
    done = run([program("text2pcap"), "-q", "-T", "40000,8080", str(folder / "http.txt"), pcap])
    assert done.returncode == 0, done.stderr.decode()
    fields = [part for name in ("known_tag", "str_i", "str_t", "opaque_data") for part in ("-e", f"wbxml.{name}")]
    done = run([program("tshark"), "-r", pcap, "-T", "fields", "-E", "aggregator=|", *fields])
    assert done.returncode == 0, done.stderr.decode()
    found = []
    for line in done.stdout.decode().splitlines():
        tags, inline, table, opaque = ([part for part in field.split("|") if part] for field in line.split("\t"))
        found.append((tags, sorted([*inline, *table, *(bytes.fromhex(each)[2:].decode() for each in opaque)])))
    return found


def listed(octets: bytes) -> tuple[list[str], list[str]]:
    """Tags and texts that ours finds."""
    elements = list(decode_wbxml(octets).root.walk())
    return [element.name for element in elements], sorted(element.text for element in elements if element.text)


def test_tshark_finds_the_tags_and_texts_that_ours_finds(tmp_path: Path) -> None:
    program("tshark")
    names = [name for name in VALID if name not in TSHARK_LIMITS]
    assert all(MANIFEST[name]["oracles"]["tshark"].startswith("match") for name in names)
    message = Message(Header(session_id="1", msg_id="1", target="t", source="s"), [
        Replace("1", items=[Item(target="./a", meta=Meta("chr", "text/plain"), data="value")]),
    ], final=True)
    styles = [WbxmlStyle(), WbxmlStyle(pages="eager"), WbxmlStyle(pages="redundant"), WbxmlStyle(text="opaque"),
              WbxmlStyle(version="1.3", empty="end"), WbxmlStyle(padding=1)]
    bodies = [vector(name) for name in names] + [encode_wbxml(write_message(message), style) for style in styles]
    labels = names + [repr(style) for style in styles]
    found = tshark([numbered(body) for body in bodies], tmp_path)
    assert len(found) == len(bodies)
    for label, body, seen in zip(labels, bodies, found, strict=True):
        assert seen == listed(body), label


@pytest.mark.parametrize("name", TSHARK_LIMITS)
def test_the_limits_of_tshark_are_listed(name: str) -> None:
    pytest.xfail(TSHARK_LIMITS[name])
