"""No secret is kept: not in messages, whatever their form, nor in headers, calls of the hook, output or reasons."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from iutfiles import iut

from conformance.dm.credentials import Account, account_digest, mac_header, make_cred
from conformance.harness.clock import VirtualClock
from conformance.harness.masking import Masker, secrets_of
from conformance.harness.output import Output
from conformance.harness.recorder import Recorder
from conformance.syncml.codec import decode, encode, media_type
from conformance.syncml.model import Alert, Cred, Header, Item, Message, Meta, Replace, Status
from conformance.syncml.wbxml import WbxmlStyle
from conformance.syncml.xmlcodec import XmlStyle
from conformance.transcript import load

CANARY = "Canary-7f3b2e"
OWNER = Account("dev-0001", CANARY)
BASIC = base64.b64encode(f"dev-0001:{CANARY}".encode()).decode()
NONCE = b"nonce-1"


def spellings(more: tuple[str, ...] = ()) -> list[bytes]:
    """What must be found nowhere."""
    plain = [CANARY, BASIC, account_digest(OWNER), base64.b64encode(CANARY.encode()).decode(), *more]
    return [text.encode(charset) for text in plain for charset in ("utf-8", "utf-16-be", "utf-16-le")]


def message(cred: Cred | None, *commands: Any) -> Message:
    header = Header(session_id="1", msg_id="1", target="http://suite/dm", source="urn:x:1", cred=cred)
    return Message(header, [Alert(cmd_id="1", data="1201"), *commands], True)


def masker(folder: Path) -> Masker:
    credentials = {"username": "dev-0001", "password": CANARY, "nonce": "bm9uY2UtMQ=="}
    return Masker(secrets_of(iut(folder, dm__client_credentials=credentials)))


def kept_of(folder: Path, octets: bytes) -> tuple[bytes, Any]:
    """What the evidence keeps of a message, and the message that it decodes to."""
    recorder = Recorder(folder / "evidence", VirtualClock(), masker(folder))
    recorder.message("device", "server", octets, decode(octets), [], direction="request")
    recorder.write({"id": "x"})
    for path in (folder / "evidence").rglob("*"):
        text = path.read_bytes() if path.is_file() else b""
        assert not [word for word in spellings() if word in text], path
    event = load(folder / "evidence").events[0]
    decoded = event.decoded()
    assert decoded is not None
    assert event.data["size"] == len(octets)
    return event.octets, decoded


FORMS: list[Any] = [
    pytest.param("xml", XmlStyle(), id="xml"),
    pytest.param("xml", XmlStyle(prefix="S", doctype=True, indent=True), id="xml-prefix"),
    pytest.param("xml", XmlStyle(encoding="UTF-16"), id="xml-utf-16"),
    pytest.param("xml", XmlStyle(encoding="UTF-16LE", bom=True), id="xml-utf-16-le"),
    pytest.param("xml", XmlStyle(encoding="ISO-8859-1"), id="xml-latin-1"),
    pytest.param("wbxml", WbxmlStyle(), id="wbxml"),
    pytest.param("wbxml", WbxmlStyle(text="opaque"), id="wbxml-opaque"),
    pytest.param("wbxml", WbxmlStyle(text="table", public_id="textual"), id="wbxml-string-table"),
    pytest.param("wbxml", WbxmlStyle(charset=1015), id="wbxml-utf-16"),
]


@pytest.mark.parametrize(("encoding", "style"), FORMS)
@pytest.mark.parametrize("kind", ["basic", "md5"])
def test_credentials_become_stars_and_nothing_else_changes(tmp_path: Path, encoding: str, style: Any, kind: str) -> None:
    cred = make_cred(kind, OWNER, NONCE)
    sent = message(cred, Replace(cmd_id="2", items=[Item(source="./DevInfo/Man", data=f"says {cred.data} twice")]))
    octets = encode(sent, encoding, **{encoding: style})
    kept, decoded = kept_of(tmp_path, octets)
    assert len(kept) == len(octets)
    assert decoded.message.header.cred == Cred(cred.type, cred.format, "*" * len(cred.data))
    assert decoded.message.commands[1].items[0].data == f"says {'*' * len(cred.data)} twice"
    assert (decoded.message.header.source, decoded.message.final) == ("urn:x:1", True)


@pytest.mark.parametrize(("encoding", "style"), FORMS)
@pytest.mark.parametrize("beside", [[], [Replace(cmd_id="2", items=[Item(data=f"says {BASIC} twice")])]], ids=["once", "twice"])
def test_masking_in_place_keeps_what_reading_again_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, style: Any, beside: list[Any]
) -> None:
    octets = encode(message(make_cred("basic", OWNER), *beside), encoding, **{encoding: style})
    quick = masker(tmp_path).masked(octets, decode(octets))
    monkeypatch.setattr(Masker, "_at_its_place", lambda *given: None)
    assert masker(tmp_path).masked(octets, decode(octets)) == quick


@pytest.mark.parametrize("encoding", ["xml", "wbxml"])
def test_the_usual_credentials_are_masked_without_reading_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    octets = encode(message(make_cred("md5", OWNER, NONCE)), encoding)
    found, known = decode(octets), masker(tmp_path)
    monkeypatch.setattr("conformance.harness.masking.decode", None)
    after = known.masked(octets, found)[2]
    assert after is not None
    assert set(after.message.header.cred.data) == {"*"}  # type: ignore[union-attr]
    assert set(found.message.header.cred.data) != {"*"}  # type: ignore[union-attr]


def test_octets_that_only_look_like_the_credentials_do_not_hide_them(tmp_path: Path) -> None:
    """WBXML: the credentials come as entities, and their octets stand in a value that is no text."""
    plain = encode(message(make_cred("basic", OWNER), Replace(cmd_id="2", items=[Item(data=b"\3" + BASIC.encode() + b"\0\1")])), "wbxml")
    text = b"\3" + BASIC.encode() + b"\0\1"
    entities = b"".join(b"\2" + bytes((ord(c),)) for c in BASIC) + b"\1"
    octets = plain.replace(text, entities, 1)
    assert octets.count(text) == 1
    assert decode(octets).message.header.cred.data == BASIC  # type: ignore[union-attr]
    _, decoded = kept_of(tmp_path, octets)
    assert set(decoded.message.header.cred.data) == {"*"}


@pytest.mark.parametrize("way", ["references", "cdata", "split", "wbxml-mixed"])
def test_credentials_that_do_not_stand_there_as_they_are_read(tmp_path: Path, way: str) -> None:
    """Character references, CDATA sections and runs of ENTITY: written anew, or masked where they stand."""
    if way == "wbxml-mixed":
        octets = encode(message(make_cred("basic", OWNER)), "wbxml", wbxml=WbxmlStyle(text="mixed"))
    else:
        written = {
            "references": "".join(f"&#{ord(c)};" for c in BASIC),
            "cdata": f"<![CDATA[{BASIC}]]>",
            "split": f"{BASIC[:4]}<!-- -->{BASIC[4:]}",
        }[way]
        octets = encode(message(make_cred("basic", OWNER))).replace(BASIC.encode(), written.encode())
    assert decode(octets).message.header.cred.data == BASIC  # type: ignore[union-attr]
    _, decoded = kept_of(tmp_path, octets)
    assert set(decoded.message.header.cred.data) == {"*"}
    assert decoded.message.commands == decode(octets).message.commands


def test_what_is_written_anew_keeps_its_version(tmp_path: Path) -> None:
    sent = message(make_cred("basic", OWNER))
    sent.header.ver_dtd, sent.header.ver_proto = "1.1", "DM/1.1"
    octets = encode(sent, version="1.1.2").replace(BASIC.encode(), "".join(f"&#{ord(c)};" for c in BASIC).encode())
    _, decoded = kept_of(tmp_path, octets)
    assert decoded.version == "1.1"
    assert not [seen for seen in decoded.observations if seen.code == "namespace-version"]


@pytest.mark.parametrize("encoding", ["xml", "wbxml"])
@pytest.mark.parametrize("data", ["1", "Data", "SyncML", "212", "=", " ", "*", "urn:x:1"])
def test_credentials_that_look_like_the_rest_of_the_message_leave_it_whole(
    tmp_path: Path, encoding: str, data: str
) -> None:
    """A device cannot blot out its own message by what it sends as Cred."""
    sent = message(Cred("syncml:auth-basic", "b64", data), Status(cmd_id="2", msg_ref="1", cmd_ref="0", data="212"))
    octets = encode(sent, encoding)
    _, decoded = kept_of(tmp_path, octets)
    assert decoded.message.commands == decode(octets).message.commands
    assert (decoded.message.header.msg_id, decoded.message.header.source) == ("1", "urn:x:1")
    assert set(decoded.message.header.cred.data.strip()) <= {"*"}


def test_empty_credentials_and_an_opaque_blob_as_credentials(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    empty = encode(message(Cred("syncml:auth-md5", "b64", "")))
    assert kept_of(tmp_path / "a", empty)[0] == empty
    blob = encode(message(Cred("syncml:auth-md5", "b64", "BLOB")), "wbxml", wbxml=WbxmlStyle(text="opaque"))
    octets = blob.replace(b"BLOB", b"\xff\xfe\xfd\xfc")
    kept, _ = kept_of(tmp_path / "b", octets)
    assert b"\xff\xfe\xfd\xfc" not in kept


def test_a_password_in_a_value_is_masked_in_every_message(tmp_path: Path) -> None:
    octets = encode(message(None, Replace(cmd_id="2", items=[Item(target="./A/Secret", data=CANARY)])))
    kept, decoded = kept_of(tmp_path, octets)
    assert len(kept) == len(octets)
    assert decoded.message.commands[1].items[0].data == "*" * len(CANARY)


def test_a_password_beside_credentials_that_are_written_anew(tmp_path: Path) -> None:
    octets = encode(message(make_cred("basic", OWNER), Replace(cmd_id="2", items=[Item(target="./A", data=CANARY)])))
    octets = octets.replace(BASIC.encode(), "".join(f"&#{ord(c)};" for c in BASIC).encode())
    _, decoded = kept_of(tmp_path, octets)
    assert decoded.message.commands[1].items[0].data == "*" * len(CANARY)


def test_a_body_that_is_no_message_keeps_no_secret(tmp_path: Path) -> None:
    octets = f"<html>{CANARY} <Cred>{BASIC}</Cred>".encode()
    recorder = Recorder(tmp_path / "evidence", VirtualClock(), masker(tmp_path))
    event = recorder.message("device", "server", octets, None, [])
    assert event.octets == b"<html>" + b"*" * len(CANARY) + b" <Cred>" + b"*" * len(BASIC) + b"</Cred>"
    assert event.data["masked"] == [[6, len(CANARY)], [26, len(BASIC)]]


def test_a_message_without_secrets_is_kept_as_it_is(tmp_path: Path) -> None:
    octets = encode(message(None), "wbxml")
    assert masker(tmp_path).message(octets, decode(octets)) == (octets, [])


# -- everything else --------------------------------------------------------------------------------------------------------


def test_headers(tmp_path: Path) -> None:
    mac = mac_header(OWNER, NONCE, b"body")
    digest = mac.rpartition("mac=")[2]
    shown = masker(tmp_path).headers(
        [
            ("Authorization", f"Basic {BASIC}"),
            ("COOKIE", "session=abcdef"),
            ("x-syncml-hmac", mac),
            ("X-SyncML-HMAC", f'mac = "{digest}", username="dev-0001"'),
            ("X-Debug", f"password={CANARY};"),
            ("Content-Type", media_type("xml")),
        ]
    )
    assert shown == [
        ["Authorization", f"Basic {'*' * len(BASIC)}"],
        ["COOKIE", "*" * 14],
        ["x-syncml-hmac", f'algorithm=MD5, username="dev-0001", mac={"*" * len(digest)}'],
        ["X-SyncML-HMAC", f'mac = {"*" * (len(digest) + 2)}, username="dev-0001"'],
        ["X-Debug", f"password={'*' * len(CANARY)};"],
        ["Content-Type", media_type("xml")],
    ]


def test_values_of_events_in_depth(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "evidence", VirtualClock(), masker(tmp_path))
    observe = recorder.observer("hook", "suite", "operator")
    observe({"verb": "prepare", "given": {"client_credentials": {"password": CANARY}}, "note": f"said {BASIC}"})
    observe({"verb": "x", "answer": {CANARY: [CANARY, {"n": 5}]}, "headers": [("Authorization", "Digest abc")]})
    recorder.write({"outcome": {"reason": f"the hook printed {CANARY}"}})
    text = (tmp_path / "evidence" / "transcript.ndjson").read_text() + (tmp_path / "evidence" / "case.json").read_text()
    assert not [word for word in spellings(("Digest abc",)) if word.decode("latin-1") in text]
    assert text.count("*" * len(CANARY)) >= 4
    assert json.loads(text.splitlines()[0])["given"] == {"client_credentials": {"password": "*" * len(CANARY)}}


@pytest.mark.parametrize("secret", ['with "quotes" \\', "a&b<c>d", "p\u00e4ss w\u00f6rd/+", "tab\tand\nline"])
def test_spellings_in_which_secrets_travel(secret: str) -> None:
    from urllib.parse import quote, quote_plus
    from xml.sax.saxutils import escape

    mask = Masker([secret])
    ways = [
        secret, quote(secret, safe=""), quote_plus(secret), escape(secret), json.dumps(secret),
        json.dumps(secret, ensure_ascii=False), base64.b64encode(secret.encode()).decode(),
    ]  # fmt: skip
    for way in ways:
        shown = mask.text(f"<{way}>")
        assert set(shown) <= set('<>"*'), shown
        assert len(shown) == len(way) + 2
    assert mask.octets(secret.encode())[0] == b"*" * len(secret.encode())


def test_secrets_too_short_to_be_told_from_words_are_left_alone() -> None:
    assert Masker(["abc", ""]).text("abc abcabc") == "abc abcabc"
    assert Masker([]).octets(b"abc") == (b"abc", [])


def test_the_longer_secret_goes_first() -> None:
    assert Masker(["secret", "secret-1"]).text("secret-1 secret") == "******** ******"


@pytest.mark.parametrize("piece", [1, 7, 4096, 1 << 20])
def test_output_of_the_process_is_masked_wherever_it_is_cut(tmp_path: Path, piece: int) -> None:
    mask = masker(tmp_path)
    output = Output(tmp_path / "process.log", lambda octets: mask.octets(octets)[0])
    printed = (b"x" * 100 + CANARY.encode()) * 150 + b"\n" + f"line {BASIC}\nlast {CANARY}".encode()
    for at in range(0, len(printed), piece):
        output.add(printed[at : at + piece])
    output.flush()
    kept = (tmp_path / "process.log").read_bytes()
    assert len(kept) == len(printed)
    assert not [word for word in spellings() if word in kept]
    assert kept.startswith(b"x" * 100 + b"*" * len(CANARY))
    assert output.since(0) == printed


def test_meta_is_untouched_by_masking(tmp_path: Path) -> None:
    cred = make_cred("md5", OWNER, NONCE)
    octets = encode(message(cred, Replace(cmd_id="2", meta=Meta(type="text/plain"), items=[Item(data="x")])), "wbxml")
    assert kept_of(tmp_path, octets)[1].message.commands[1].meta == Meta(type="text/plain")
