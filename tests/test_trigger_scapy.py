"""The scapy layers agree with the suite's own reading and writing of triggers, and stay out of its way otherwise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scapy.layers.inet import IP, UDP
from scapy.packet import Raw

from conformance.dm import sms, trigger
from conformance.dm.scapylayers import (
    DmNotification,
    SmsDeliver,
    SmsUserData,
    UdhConcat,
    UdhElement,
    UdhPorts,
    WspContentType,
    WspHeader,
    WspParameter,
    WspPush,
    assembled,
)

VECTORS = Path(__file__).parent.parent / "fixtures" / "wire" / "trigger"


def vector(name: str) -> bytes:
    (path,) = VECTORS.glob(f"{name}_*.hex")
    return bytes.fromhex(path.read_text())


def rebuilt(packet: Any) -> bytes:
    """The octets built from the fields, not those that were kept from reading."""
    copy = packet.copy()
    copy.clear_cache()
    return bytes(copy)


@pytest.mark.parametrize("name", ["n01", "n02", "n03", "n05"])
def test_notification_fields_agree(name: str) -> None:
    octets = vector(name)
    packet, own = DmNotification(octets), trigger.parse(octets)
    fields = own.notification
    assert packet.digest == own.digest
    assert (packet.version, packet.ui_mode, packet.initiator, packet.future, packet.session_id) == (
        fields.version,
        fields.ui_mode,
        fields.initiator,
        fields.future,
        fields.session_id,
    )
    assert (packet.server_id, packet.vendor) == (fields.server_id.encode(), fields.vendor)
    assert rebuilt(packet) == octets


@pytest.mark.parametrize("name", ["w01", "w02", "w04", "s03"])
def test_push_fields_agree(name: str) -> None:
    octets = vector(name)
    packet, own = WspPush(octets), trigger.parse_push(octets)
    assert packet.transaction_id == own.transaction_id
    assert packet.headers_len == own.headers_length
    assert packet.content_type.media_type == own.content_type
    assert [(header.token, header.value) for header in packet.headers] == [(h.name, h.value) for h in own.headers]
    assert bytes(packet.payload) == own.payload
    assert rebuilt(packet) == octets
    assert isinstance(packet.payload, Raw if name == "w04" else DmNotification)


def test_building_agrees() -> None:
    notification = DmNotification(ui_mode=1, session_id=1, server_id="com.example.dm").signed("srvpwd", b"nonce-0001")
    assert bytes(notification) == vector("n01")
    assert bytes(WspPush() / notification) == vector("w01")
    mac = WspParameter(token=0x12, value=b"0123456789ABCDEF0123456789ABCDEF01234567\0")
    content_type = WspContentType(media_type=0x42, parameters=[WspParameter(token=0x11, value=b"\x80"), mac])
    payload = trigger.parse_push(vector("w04")).payload
    assert bytes(WspPush(content_type=content_type, headers=[WspHeader()]) / Raw(payload)) == vector("w04")


def test_datagram_to_the_push_port_is_a_push() -> None:
    packet = IP(bytes(IP(dst="127.0.0.1") / UDP(sport=9200) / WspPush() / DmNotification(server_id="s")))
    assert packet[UDP].dport == 2948
    assert packet[DmNotification].server_id == b"s"


def test_short_message_is_dissected_to_the_bottom() -> None:
    packet = SmsDeliver(vector("s01"))
    assert packet[SmsUserData].elements[0].destination == 2948
    assert packet[DmNotification].server_id == b"com.example.dm"
    assert packet.user_data_len == 51 == len(bytes(packet[SmsUserData]))
    assert rebuilt(packet) == vector("s01")


@pytest.mark.parametrize("wide", [False, True])
def test_concatenated_short_messages(wide: bool) -> None:
    parts = [SmsUserData(part) for part in sms.build_parts(vector("s03"), 7, wide=wide)]
    assert [(part.elements[1].reference, part.elements[1].sequence) for part in parts] == [(7, 1), (7, 2)]
    assert [rebuilt(part) for part in parts] == sms.build_parts(vector("s03"), 7, wide=wide)
    push = assembled(reversed(parts))
    assert push is not None and bytes(push) == vector("s03")
    assert assembled(parts[:1]) is None
    built = SmsUserData(elements=[UdhPorts(), UdhConcat(reference=1, total=2, sequence=2)]) / Raw(b"rest")
    assert sms.parse_part(bytes(built)) == sms.Part(b"rest", reference=1, total=2, sequence=2)
    assert bytes(UdhElement(iei=0x70, data=b"abc")) == b"\x70\x03abc"


def test_show_names_every_field() -> None:
    text = SmsDeliver(vector("s01")).show(dump=True)
    for name in ("ui_mode", "session_id", "server_id", "digest", "vendor", "headers_len", "destination", "background"):
        assert name in text
    assert "X-Wap-Application-ID" in text and "application/vnd.syncml.notification" in text
    assert "SEC" in WspPush(vector("w04")).show(dump=True)


def test_damaged_octets_do_not_raise() -> None:
    for name in ("n07", "n08"):
        octets = trigger.build_push(trigger.Push(vector(name)))
        assert bytes(WspPush(octets)) == octets
    for octets in (b"\x01\x06", b"\x01\x06\xff\xff\xff\xff\xff", b"\x01\x06\x03\x1f", b"\x01\x06\x02\xc4\x61"):
        WspPush(octets).show(dump=True)


def test_the_rest_of_the_suite_does_not_import_scapy() -> None:
    program = (
        "import sys, conformance.dm.trigger, conformance.dm.sms, conformance.transport.server, "
        "conformance.transport.client, conformance.download.content, conformance.download.fetch; "
        "sys.exit(any(name.startswith('scapy') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=VECTORS.parents[2], timeout=30).returncode == 0
