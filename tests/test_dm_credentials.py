"""Credential formulas against known vectors, and the facts that checking gives."""

import random

import pytest

from conformance.dm.credentials import (
    Account,
    Verifier,
    account_digest,
    basic_data,
    mac_data,
    mac_header,
    make_cred,
    md5_data,
    parse_mac_header,
    trigger_digest,
)
from conformance.syncml.model import Cred, b64

BRUCE = Account("Bruce2", "OhBehave")
BODY = b"<SyncML xmlns='SYNCML:SYNCML1.2'></SyncML>"
SERVER = Account("com.mgmtsrv.manage", "srvpwd")
TRIGGER = bytes.fromhex("02d80000001234") + b"\x12com.mgmtsrv.manage"


def test_formulas_give_the_known_values() -> None:
    assert basic_data(BRUCE) == "QnJ1Y2UyOk9oQmVoYXZl"
    assert account_digest(BRUCE) == "PtEdr8lBQ45IbT1bZIkrOQ=="
    assert md5_data(BRUCE, b"Nonce") == "Zz6EivR3yeaaENcRN6lpAQ=="
    assert md5_data(BRUCE, b64("LG3iZQhhdmKNHg==") or b"") == "LAK2i25Fh0nxxGGaAzRRpg=="
    assert md5_data(BRUCE, bytes(4)) == "cnPI6nO9RgujiHU0y58kNA=="
    assert mac_data(BRUCE, b"Nonce", BODY) == "6AZk96DG6F0jSIaEpbK4Ng=="


@pytest.mark.parametrize(
    ("nonce", "digest"),
    [
        (b"Nonce", "bc135af33d8bda335e2e634142e0b087"),
        (bytes(4), "7e68d6fc8b1b07b89be249c01490e969"),
        (b"0x00000000", "968e7ce67bb4d624dcdc7ed3cabe1f53"),
    ],
)
def test_trigger_digest_gives_the_known_values(nonce: bytes, digest: str) -> None:
    assert trigger_digest(SERVER, nonce, TRIGGER).hex() == digest


def test_only_basic_and_md5_have_a_cred() -> None:
    assert make_cred("md5", BRUCE, b"Nonce") == Cred("syncml:auth-md5", "b64", "Zz6EivR3yeaaENcRN6lpAQ==")
    assert make_cred("basic", BRUCE).type == "syncml:auth-basic"
    with pytest.raises(ValueError, match="hmac"):
        make_cred("hmac", BRUCE)


def test_md5_facts_name_the_nonce_that_was_used() -> None:
    verifier = Verifier(BRUCE, b"first", random.Random(1).randbytes)
    assert _md5(verifier, b"first") == ("right", "current")
    issued = [verifier.issue(), verifier.issue(), verifier.issue()]
    assert len(set(issued)) == 3
    assert all(len(nonce) == 16 for nonce in issued)
    assert _md5(verifier, issued[2]) == ("right", "current")
    assert _md5(verifier, issued[0]) == ("stale", "previous")
    assert _md5(verifier, b"first") == ("stale", "initial")
    assert _md5(verifier, bytes(4)) == ("stale", "default")
    assert _md5(verifier, b"0x00000000") == ("stale", "default")
    assert _md5(verifier, b"") == ("stale", "empty")
    assert _md5(verifier, b"anything") == ("wrong", "")
    verifier.allowed.add("default")
    assert _md5(verifier, bytes(4)) == ("right", "default")
    assert _md5(verifier, issued[1]) == ("stale", "previous")


def _md5(verifier: Verifier, nonce: bytes) -> tuple[str, str]:
    facts = verifier.check(make_cred("md5", BRUCE, nonce), "Bruce2")
    assert facts["type"] == "md5"
    return facts["result"], facts["nonce"]


def test_facts_tell_name_and_password_apart_and_hold_no_secret() -> None:
    verifier = Verifier(BRUCE, b"n")
    wrong = Account("Bruce2", "other")
    assert verifier.check(None) == {"type": "none", "result": "absent", "nonce": "", "user": ""}
    assert verifier.check(make_cred("basic", BRUCE))["result"] == "right"
    assert verifier.check(make_cred("basic", wrong)) == {
        "type": "basic", "result": "wrong", "nonce": "", "user": "right",
    }
    assert verifier.check(make_cred("basic", Account("eve", "OhBehave")))["user"] == "wrong"
    assert verifier.check(Cred("syncml:auth-basic", "b64", "%%%"))["result"] == "wrong"
    assert verifier.check(Cred("syncml:auth-md5", "b64", "not base64"), None) == {
        "type": "md5", "result": "wrong", "nonce": "", "user": "absent",
    }
    assert verifier.check(Cred("syncml:auth-MAC", "b64", "x"), "Bruce2")["result"] == "wrong"
    assert verifier.check(Cred("X509", None, "x"))["type"] == "other"
    assert "OhBehave" not in repr(BRUCE)
    for cred in (make_cred("basic", BRUCE), make_cred("md5", BRUCE, b"n")):
        assert cred.data not in str(verifier.check(cred, "Bruce2"))


def test_mac_header_is_written_and_read() -> None:
    value = mac_header(BRUCE, b"Nonce", BODY)
    assert value == 'algorithm=MD5, username="Bruce2", mac=6AZk96DG6F0jSIaEpbK4Ng=='
    parsed = parse_mac_header(value)
    assert parsed is not None
    assert (parsed.username, parsed.mac, parsed.algorithm) == ("Bruce2", "6AZk96DG6F0jSIaEpbK4Ng==", "MD5")
    odd = Account('a"b\\c', "pw")
    again = parse_mac_header(mac_header(odd, b"", b""))
    assert again is not None
    assert again.username == 'a"b\\c'
    assert parse_mac_header('mac = abc ,username=plain') is not None
    for bad in ("", "mac=x", 'username="a', "nonsense", "username=a; ,", "=,", 'username="a" mac=b'):
        assert parse_mac_header(bad) is None


def test_mac_facts() -> None:
    verifier = Verifier(BRUCE, b"Nonce")
    value = mac_header(BRUCE, b"Nonce", BODY)
    right = {"type": "hmac", "result": "right", "nonce": "current", "user": "right"}
    assert verifier.check_mac(value, BODY, "Bruce2") == right
    assert verifier.check_mac(value, BODY + b" ", "Bruce2")["result"] == "wrong"
    assert verifier.check_mac(value, BODY, "somebody")["result"] == "wrong"
    assert verifier.check_mac(value.replace("MD5", "SHA1"), BODY)["result"] == "wrong"
    assert verifier.check_mac(None, BODY)["result"] == "absent"
    verifier.issue()
    assert verifier.check_mac(value, BODY, "Bruce2")["result"] == "stale"


def test_remembered_nonces_are_bounded() -> None:
    verifier = Verifier(BRUCE, b"n", random.Random(2).randbytes)
    oldest = verifier.issue()
    for _ in range(50):
        verifier.issue()
    assert len(verifier.previous) == 8
    assert _md5(verifier, oldest) == ("wrong", "")
