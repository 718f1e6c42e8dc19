"""Second opinions on trigger messages: openssl for digests, Wireshark for pushes and short messages, pcap files for both."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import rdpcap, wrpcap

from conformance.dm import sms
from conformance.dm.scapylayers import (
    DLT_SMS,
    DmNotification,
    SmsDeliver,
    SmsUserData,
    UdhConcat,
    UdhConcatWide,
    UdhPorts,
    WspPush,
    assembled,
    at_port,
)
from conformance.dm.trigger import RESYNC_NONCES, parse, parse_push
from conformance.harness.ownpush import DIGESTS, RESYNC, Made, Secret, make

SECONDS = 30.0
SERVER, PASSWORD, NONCE = "com.example.dm", "srvpwd", b"nonce-0001"
SECRET = Secret(SERVER, PASSWORD, NONCE)
SMS_TYPE = f'uat:user_dlts:"User 0 (DLT={DLT_SMS})","gsm_sms","0","","0",""'


def program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def run(*arguments: str, octets: bytes = b"") -> bytes:
    done = subprocess.run([program(arguments[0]), *arguments[1:]], input=octets, capture_output=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout


def openssl_md5(octets: bytes) -> bytes:
    return run("openssl", "dgst", "-md5", "-binary", octets=octets)


def openssl_b64(octets: bytes) -> bytes:
    return run("openssl", "base64", "-A", octets=octets)


def openssl_digest(trigger: bytes, nonce: bytes, server: str = SERVER) -> bytes:
    secret = openssl_b64(openssl_md5(f"{server}:{PASSWORD}".encode()))
    return openssl_md5(secret + b":" + nonce + b":" + openssl_b64(openssl_md5(trigger)))


def shark(capture: Path, *more: str) -> list[list[str]]:
    """The fields that Wireshark finds, by frame."""
    asked = [part for name in more[1:] for part in ("-e", name)]
    text = run("tshark", "-r", str(capture), "-o", SMS_TYPE, "-T", "fields", "-E", "separator=|", "-Y", more[0], *asked)
    return [line.split("|") for line in text.decode().splitlines()]


# -- digests -------------------------------------------------------------------------------------------------------------


@pytest.mark.oracle
@pytest.mark.parametrize("given", [{}, {"vendor": "010203"}, {"future": 5, "ui_mode": 3}, {"session_id": "BEEF"},
                                   {"digest": "resync"}, {"digest": "resync-text"}, {"version": 12}, {"length": 3}])  # fmt: skip
def test_noti_004_digest_is_the_one_that_openssl_makes(given: dict[str, object]) -> None:
    package = make(given, SECRET, 7).package
    nonce = RESYNC.get(str(given.get("digest")), NONCE)
    assert package[:16] == openssl_digest(package[16:], nonce)


@pytest.mark.oracle
def test_noti_005_wrong_digests_are_wrong_in_what_they_say() -> None:
    made = {kind: make({"digest": kind, "vendor": "aabb"}, SECRET, 7).package for kind in DIGESTS if kind not in RESYNC}
    trigger = made["right"][16:]
    right = openssl_digest(trigger, NONCE)
    assert made["right"][:16] == right
    assert sum((a ^ b).bit_count() for a, b in zip(made["wrong"][:16], right, strict=True)) == 1
    assert made["without-nonce"][:16] == openssl_digest(trigger, b"")
    assert made["without-vendor"][:16] == openssl_digest(trigger[:-2], NONCE)
    assert {package[16:] for package in made.values()} == {trigger}


def test_noti_006_the_two_forms_of_the_default_nonce_differ() -> None:
    zero, text = (make({"digest": kind}, SECRET, 7).package for kind in RESYNC)
    assert parse(zero).verifies(PASSWORD, RESYNC_NONCES[0]) and not parse(zero).verifies(PASSWORD, RESYNC_NONCES[1])
    assert parse(text).verifies(PASSWORD, RESYNC_NONCES[1]) and not parse(text).verifies(PASSWORD, NONCE)


# -- what a step asks for --------------------------------------------------------------------------------------------------


def test_noti_001_fields_stand_where_they_belong() -> None:
    package = make({"version": 12, "ui_mode": 2, "initiator": 0, "future": 0x155, "session_id": "ABCD"}, SECRET, 7).package
    word = int.from_bytes(package[16:24], "big")
    assert f"{word:064b}" == f"{12:010b}" + "10" + "0" + f"{0x155:027b}" + f"{0xABCD:016b}" + f"{len(SERVER):08b}"
    assert package[24:] == SERVER.encode()


@pytest.mark.parametrize(
    ("given", "head"),
    [
        ({}, "010603c4af87"), ({"content_type": "0x4E"}, "010603ceaf87"), ({"application": "0x02"}, "010603c4af82"),
        ({"application": "none"}, "010601c4"), ({"general": True}, "01060401c4af87"),
        ({"headers": ["b483"]}, "010605c4af87b483"), ({"headers_length": 100}, "010667c4af87"),
        ({"headers_length": -2}, "010601c4af87"), ({"content_type": "text/plain"}, "01060d746578742f706c61696e00af87"),
        ({"application": "a:b"}, "010606c4af613a6200"),
    ],
)  # fmt: skip
def test_push_005_push_is_wrong_in_one_thing(given: dict[str, object], head: str) -> None:
    trigger = make(given, SECRET, 7)
    assert trigger.datagram.hex().startswith(head)
    assert trigger.datagram.endswith(trigger.package)
    assert trigger.package == make({}, SECRET, 7).package
    assert trigger.made is bool(given)


def test_noti_013_lengths_and_octets() -> None:
    whole = make({}, SECRET, 7).package
    assert make({"octets": 20}, SECRET, 7).package == whole[:20]
    assert make({"length": "none"}, SECRET, 7).package[23] == 0
    assert make({"length": 9}, SECRET, 7).package[23] == len(SERVER) + 9
    with pytest.raises(ValueError, match="does not fit"):
        make({"headers_length": 200}, SECRET, 7)
    with pytest.raises(ValueError, match="does not fit"):
        make({"version": 1024}, SECRET, 7)


def test_sms_003_parts_stand_in_the_order_that_is_asked_for() -> None:
    made = make({"vendor": 280, "sms": [3, 1, 2]}, SECRET, 7, 9)
    parts = [sms.parse_part(octets) for octets in made.sms]
    assert [part.sequence for part in parts] == [3, 1, 2]
    assert {(part.total, part.reference, part.wide, part.destination) for part in parts} == {(3, 9, False, 2948)}
    assert sms.assemble(parts) == made.datagram


# -- putting parts together ------------------------------------------------------------------------------------------------


def parts_of(wide: bool = False, reference: int = 5) -> tuple[Made, list[bytes]]:
    made = make({"vendor": 280}, SECRET, 7)
    return made, sms.build_parts(made.datagram, reference, wide=wide)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 0, 1, 1, 2)])
@pytest.mark.parametrize("wide", [False, True])
def test_sms_003_004_005_parts_in_any_order_and_twice(order: tuple[int, ...], wide: bool) -> None:
    made, parts = parts_of(wide)
    assembler = sms.Assembler()
    came = [assembler.take(parts[place], 0.0, 2948) for place in order]
    assert came == [None] * (len(order) - 1) + [made.datagram]


def test_sms_003_incomplete_sets_are_dropped() -> None:
    made, parts = parts_of()
    assembler = sms.Assembler()
    assert assembler.take(parts[0], 0.0, 2948) is None
    assert [assembler.take(part, sms.LIFETIME + 1, 2948) for part in parts[1:]] == [None, None]
    many = [parts_of(reference=number)[1][0] for number in range(20, 20 + 3 * sms.MAX_SETS)]
    assert all(assembler.take(part, 1.0, 2948) is None for part in many)
    assert len(assembler._sets) == sms.MAX_SETS
    assert [assembler.take(part, 2.0, 2948) for part in parts] == [None, None, made.datagram]


def test_sms_001_short_messages_for_other_ports_are_none() -> None:
    assembler = sms.Assembler()
    assert assembler.take(sms.build_part(sms.Part(b"x", 2949)), 0.0, 2948) is None
    assert assembler.take(sms.build_part(sms.Part(b"x", None)), 0.0, 2948) is None
    assert assembler.take(b"\x05\x00", 0.0, 2948) is None
    assert assembler.take(sms.build_part(sms.Part(b"x", 2948)), 0.0, 2948) == b"x"


# -- captures --------------------------------------------------------------------------------------------------------------

NAMES = ("transaction_id", "pdu_type", "headers_len", "media_type", "digest", "version", "ui_mode", "initiator", "future",
         "session_id", "server_id_len", "server_id", "vendor")  # fmt: skip


def built() -> WspPush:
    notice = DmNotification(ui_mode=1, session_id=0xBEEF, server_id=SERVER, vendor=b"\x01\x02").signed(PASSWORD, NONCE)
    return WspPush() / notice


def test_capture_written_by_scapy_names_every_field(tmp_path: Path) -> None:
    wrpcap(str(tmp_path / "a.pcap"), [Ether() / IP(dst="127.0.0.1") / UDP(sport=9200) / built()])
    (packet,) = rdpcap(str(tmp_path / "a.pcap"))
    shown = packet.show(dump=True)
    assert [name for name in NAMES if name not in shown] == []
    assert packet[DmNotification].session_id == 0xBEEF and packet[DmNotification].vendor == b"\x01\x02"


@pytest.mark.oracle
def test_capture_written_by_text2pcap_names_every_field(tmp_path: Path) -> None:
    octets = bytes(built())
    dump = tmp_path / "push.txt"
    dump.write_text("000000 " + octets.hex(" ") + "\n")
    run("text2pcap", "-q", "-u", "9200,2948", str(dump), str(tmp_path / "b.pcap"))
    (packet,) = rdpcap(str(tmp_path / "b.pcap"))
    assert [name for name in NAMES if name not in packet.show(dump=True)] == []
    assert bytes(packet[WspPush]) == octets


@pytest.mark.oracle
@pytest.mark.parametrize("given", [{}, {"general": True}, {"headers": ["b483"]}, {"vendor": "aa"}, {"content_type": "0x47"}])
def test_wireshark_reads_our_pushes_as_we_do(given: dict[str, object], tmp_path: Path) -> None:
    trigger = make(given, SECRET, 7)
    capture = tmp_path / "c.pcap"
    wrpcap(str(capture), [Ether() / IP(dst="127.0.0.1") / UDP(sport=9200, dport=2948) / Raw(trigger.datagram)])
    fields = ("wsp.TID", "wsp.pdu_type", "wsp.headers_length", "wsp.header.content_type", "wsp.header.x_wap_application_id")
    ((tid, kind, length, media, application),) = shark(capture, "wsp", *fields)
    own = parse_push(trigger.datagram)
    assert (int(tid, 0), int(kind, 0), int(length, 0)) == (own.transaction_id, 6, own.headers_length)
    assert media.startswith(own.media_type) and own.application in application


@pytest.mark.oracle
@pytest.mark.parametrize("wide", [False, True])
def test_wireshark_puts_our_short_messages_together(wide: bool, tmp_path: Path) -> None:
    kind = UdhConcatWide if wide else UdhConcat
    made, parts = parts_of(wide, 0x1234 if wide else 0x34)
    pushes = [sms.parse_part(part).data for part in parts]
    packets = [
        SmsDeliver() / SmsUserData(elements=[UdhPorts(), kind(reference=0x1234 if wide else 0x34, total=3, sequence=n)])
        / Raw(data)
        for n, data in enumerate(pushes, 1)
    ]  # fmt: skip
    assert [bytes(packet[SmsUserData]) for packet in packets] == parts
    capture = tmp_path / "d.pcap"
    wrpcap(str(capture), packets, linktype=DLT_SMS)
    names = [f"gsm_sms.{each}" for each in ("udh.mm.msg_id", "udh.mm.msg_parts", "udh.mm.msg_part", "destination_port")]
    found = [[int(each.partition(",")[0], 0) for each in line] for line in shark(capture, "gsm_sms", *names)]
    assert found == [[0x1234 if wide else 0x34, 3, number, 2948] for number in (1, 2, 3)]
    read = rdpcap(str(capture))
    again = assembled([packet[SmsUserData] for packet in reversed(read)])
    assert again is not None and bytes(again) == made.datagram
    assert "reference" in read[0].show(dump=True) and "destination" in read[0].show(dump=True)


# -- over UDP --------------------------------------------------------------------------------------------------------------


def test_layers_cross_a_socket_and_another_port_can_be_bound() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        port = receiver.getsockname()[1]
        sender.sendto(bytes(built()), ("127.0.0.1", port))
        octets = receiver.recv(65535)
    assert parse(parse_push(octets).payload).verifies(PASSWORD, NONCE)
    datagram = bytes(IP(dst="127.0.0.1") / UDP(sport=9200, dport=port) / Raw(octets))
    assert Raw in IP(datagram)
    at_port(port)
    assert IP(datagram)[DmNotification].server_id == SERVER.encode()
