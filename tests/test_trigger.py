"""Package #0, WSP push and short messages against the vectors, and hostile octets."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from conformance.dm import sms
from conformance.dm.trigger import (
    APPLICATION_ID_FIELD,
    BACKGROUND,
    BOOTSTRAP_TYPE,
    CLIENT_INITIATED,
    DM_APPLICATION,
    NOTIFICATION_TYPE,
    RESYNC_NONCES,
    SERVER_INITIATED,
    USER_INTERACTION,
    Notification,
    Push,
    PushHeader,
    TriggerError,
    build,
    build_push,
    digest,
    parse,
    parse_push,
    session_text,
    sign,
    trigger_octets,
    uintvar,
)

VECTORS = Path(__file__).parent.parent / "fixtures" / "wire" / "trigger"


def vector(name: str) -> bytes:
    (path,) = VECTORS.glob(f"{name}_*.hex")
    return bytes.fromhex(path.read_text())


PLAIN = Notification(session_id=1, server_id="com.example.dm", ui_mode=BACKGROUND, initiator=SERVER_INITIATED)
RICH = Notification(
    session_id=0xBEEF,
    server_id="com.example.dm",
    version=12,
    ui_mode=USER_INTERACTION,
    initiator=CLIENT_INITIATED,
    vendor=b"\x01\x02",
)


@pytest.mark.parametrize(
    ("name", "notification", "nonce"),
    [("n01", PLAIN, b"nonce-0001"), ("n02", RICH, b"nonce-0001"), ("n03", PLAIN, RESYNC_NONCES[0])],
)
def test_vectors_build_parse_and_verify(name: str, notification: Notification, nonce: bytes) -> None:
    octets = vector(name)
    assert build(notification, "srvpwd", nonce) == octets
    package = parse(octets)
    assert package.notification == notification
    assert package.verifies("srvpwd", nonce)
    assert not package.verifies("srvpwd", nonce + b"x")
    assert not package.verifies("srvpwe", nonce)


def test_wrong_digest_parses_and_does_not_verify() -> None:
    package = parse(vector("n05"))
    assert package.notification == PLAIN
    assert not any(package.verifies("srvpwd", nonce) for nonce in (b"nonce-0001", *RESYNC_NONCES))


@pytest.mark.parametrize(("name", "offset", "reason"), [("n07", 23, "too few"), ("n08", 23, "255 octets")])
def test_inconsistent_lengths_are_refused(name: str, offset: int, reason: str) -> None:
    with pytest.raises(TriggerError, match=reason) as caught:
        parse(vector(name))
    assert caught.value.offset == offset


def test_empty_server_identifier_is_refused() -> None:
    with pytest.raises(TriggerError, match="empty"):
        parse(build(Notification(session_id=1, server_id=""), "p", b"n"))


@pytest.mark.parametrize(
    ("nonce", "expected"),
    [
        (b"Nonce", "bc135af33d8bda335e2e634142e0b087"),
        (RESYNC_NONCES[0], "7e68d6fc8b1b07b89be249c01490e969"),
        (RESYNC_NONCES[1], "968e7ce67bb4d624dcdc7ed3cabe1f53"),
    ],
)
def test_digests_of_a_second_server(nonce: bytes, expected: str) -> None:
    notification = Notification(session_id=0x1234, server_id="com.mgmtsrv.manage", ui_mode=BACKGROUND)
    trigger = trigger_octets(notification)
    assert trigger.hex() == "02d8000000123412636f6d2e6d676d747372762e6d616e616765"
    assert digest(trigger, "com.mgmtsrv.manage", "srvpwd", nonce).hex() == expected


def test_future_bits_and_vendor_octets_travel_and_are_covered() -> None:
    odd = Notification(session_id=0, server_id="s", version=1023, future=(1 << 27) - 1, vendor=b"\0\xff")
    octets = build(odd, "p", b"n")
    assert parse(octets).notification == odd
    assert not parse(octets[:-1] + b"\xfe").verifies("p", b"n")


@pytest.mark.parametrize(
    "fields", [{"session_id": 65536}, {"version": 1024}, {"ui_mode": 4}, {"server_id": "x" * 256}, {"future": -1}]
)
def test_fields_that_do_not_fit(fields: dict[str, int | str]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        build(Notification(**{"session_id": 1, "server_id": "s", **fields}), "p", b"n")  # type: ignore[arg-type]


def test_server_identifier_that_is_no_text() -> None:
    trigger = trigger_octets(Notification(session_id=1, server_id="ab")).replace(b"ab", b"\xff\x80")
    package = parse(sign(trigger, b"\xff\x80", "p", b"n"))
    assert package.notification.server_id == "\\xff\\x80"
    assert package.verifies("p", b"n")


def test_session_text() -> None:
    assert [session_text(number) for number in (1, 0xAB, 0x1234, 0xBEEF)] == ["1", "AB", "1234", "BEEF"]


def test_push_with_codes() -> None:
    octets = vector("w01")
    push = parse_push(octets)
    assert push == Push(vector("n01"), headers_length=3)
    assert (push.media_type, push.application_id, push.application) == (NOTIFICATION_TYPE, 7, DM_APPLICATION)
    assert build_push(Push(vector("n01"))) == octets
    assert parse_push(vector("s03")).headers_length == 3


def test_push_with_texts() -> None:
    octets = vector("w02")
    push = parse_push(octets)
    assert push.content_type == NOTIFICATION_TYPE == push.media_type
    assert push.application_id == DM_APPLICATION == push.application
    assert push.payload == vector("n01")
    assert build_push(push) == octets


def test_push_of_a_bootstrap_message() -> None:
    octets = vector("w04")
    push = parse_push(octets)
    assert (push.media_type, push.general, push.sec) == (BOOTSTRAP_TYPE, True, 0)
    assert push.mac == "0123456789ABCDEF0123456789ABCDEF01234567"
    assert push.payload.startswith(b"\x02\xa4\x01\x6a")
    assert build_push(push) == octets


def test_push_with_the_long_form_and_more_headers() -> None:
    headers = (
        PushHeader(APPLICATION_ID_FIELD, b"\x02\x01\x07"),
        PushHeader(0x34, b"\x81"),
        PushHeader("X-Own", b"text\0"),
        PushHeader(0x10, b"\x1f\x02ab"),
    )
    push = Push(b"payload", 0x44, headers, transaction_id=255, general=True)
    octets = build_push(push)
    assert octets[:2] == b"\xff\x06" and octets[3:5] == b"\x01\xc4"
    parsed = parse_push(octets)
    assert parsed.headers == headers and parsed.general and parsed.payload == b"payload"
    assert parsed.application_id == 0x107
    assert Push(b"", headers=()).application == "" and Push(b"", content_type=0x7E).media_type == "0x7E"


def test_uintvar() -> None:
    assert [uintvar(value).hex() for value in (0, 127, 128, 268, 0x1201)] == ["00", "7f", "8100", "820c", "a401"]


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        ("", "too few"),
        ("0107c4", "no push"),
        ("010600ff", "no content type"),
        ("010604c4af87", "headers of 4 octets"),
        ("0106ffffffffff7f", "more than five"),
        ("0106ff", "ends too early"),
        ("01060161", "has no end"),
        ("0106021fc4", "ends too early"),
        ("01060203c4", "runs past"),
        ("01060100", "empty"),
        ("0106017f", "neither a code nor a text"),
        ("010602c4af", "value is missing"),
        ("010603c4af05", "runs past"),
        ("010602c401", "neither a code nor a text"),
    ],
)
def test_damaged_pushes(octets: str, reason: str) -> None:
    with pytest.raises(TriggerError, match=reason):
        parse_push(bytes.fromhex(octets))


def test_many_headers_are_refused() -> None:
    with pytest.raises(TriggerError, match="more than 64 headers"):
        parse_push(b"\x01\x06\x81\x7f\xc4" + b"\xaf\x87" * 127)


def test_random_damage_gives_a_result_or_a_trigger_error() -> None:
    source = random.Random(1)
    originals = [vector(name) for name in ("n02", "w01", "w02", "w04", "s01")]
    for _ in range(3000):
        octets = bytearray(source.choice(originals)[: source.randrange(1, 120)])
        for _ in range(source.randrange(1, 4)):
            octets[source.randrange(len(octets))] = source.randrange(256)
        for read in (parse, parse_push, sms.parse_part):
            try:
                result = read(bytes(octets))
            except TriggerError as error:
                assert 0 <= error.offset <= len(octets)
            else:
                if isinstance(result, Push):
                    assert result.sec is None or result.sec >= 0
                    assert isinstance(result.mac, str | None) and isinstance(result.application, str)


def test_short_message_of_one_part() -> None:
    tpdu = vector("s01")
    (user_data,) = sms.build_parts(vector("w01"))
    assert user_data == tpdu[-len(user_data) :] and tpdu[-len(user_data) - 1] == len(user_data)
    part = sms.parse_part(user_data)
    assert (part.destination, part.origin, part.total, part.data) == (2948, 9200, 1, vector("w01"))
    assert sms.assemble([part]) == vector("w01")


@pytest.mark.parametrize("wide", [False, True])
def test_short_messages_of_several_parts(wide: bool) -> None:
    push = vector("s03")
    parts = sms.build_parts(push, 0x42, wide=wide)
    assert [len(part) for part in parts] == [140, 130 if wide else 128]
    assert parts[0][:12].hex() == ("0c05040b8423f008040042" + "02" if wide else "0b05040b8423f0000342" + "0201")
    first, second = (sms.parse_part(part) for part in parts)
    assert sms.assemble([second, first]) == push
    assert sms.assemble([first, first, second, second]) == push
    assert sms.assemble([first, first]) is None
    stranger = sms.parse_part(sms.build_parts(push, 0x43, wide=wide)[1])
    assert sms.assemble([first, stranger]) is None
    assert sms.assemble([]) is None


def test_what_fits_one_short_message() -> None:
    assert len(sms.build_parts(b"x" * 133)) == 1
    assert len(sms.build_parts(b"x" * 134)) == 2
    with pytest.raises((ValueError, OverflowError)):
        sms.build_parts(b"x" * 128 * 256)


@pytest.mark.parametrize("octets", ["", "05", "0300", "03000203", "0600030102000000", "05000301020300"])
def test_damaged_user_data(octets: str) -> None:
    with pytest.raises(TriggerError):
        sms.parse_part(bytes.fromhex(octets))
