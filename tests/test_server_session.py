"""A server session: the credentials of the client (DM Protocol 9, DM Security 5.3 and 5.4)."""

from __future__ import annotations

import pytest
from sessionscene import (
    CLIENT_NONCE,
    DEVICE,
    SERVER,
    SERVER_NONCE,
    Client,
    b64,
    basic_cred,
    codes,
    get,
    header_status,
    mac,
    md5_cred,
    read,
    status_of,
)

from conformance.syncml.model import (
    Alert,
    Chal,
    Cred,
    Get,
    Replace,
    Status,
)

# -- credentials of the client


def test_a_client_with_right_md5_credentials_is_in_at_once() -> None:
    client = Client()
    received = client.first(cred=md5_cred(CLIENT_NONCE))
    assert received.facts["credentials"] == {"type": "md5", "result": "right", "nonce": "current", "user": "right"}
    assert client.session.may_command
    message = client.answer(get())
    assert codes(message) == [("0", "SyncHdr", "212"), ("1", "Alert", "200"), ("2", "Replace", "200")]
    chal = header_status(message).chal
    assert chal is not None
    assert (chal.type, chal.format) == ("syncml:auth-md5", "b64")
    assert chal.nonce() not in (CLIENT_NONCE, None, b"")
    assert len(chal.nonce() or b"") >= 16
    assert message.final
    assert isinstance(message.commands[-1], Get)


def test_the_header_of_the_servers_message() -> None:
    """DM Protocol 8.4: versions, SessionID of the client, own MsgID from 1, addresses the other way round."""
    client = Client()
    client.first(cred=md5_cred(CLIENT_NONCE))
    header = client.answer(get()).header
    assert (header.ver_dtd, header.ver_proto, header.session_id, header.msg_id) == ("1.2", "DM/1.2", "A1", "1")
    assert (header.target, header.source, header.source_name) == (DEVICE, SERVER, SERVER)
    assert header.cred == md5_cred(SERVER_NONCE, SERVER, "s3rver")
    client.send(*status_of(("0", "SyncHdr", "212"), ("4", "Get", "404")))
    header = client.answer().header
    assert (header.msg_id, header.cred) == ("2", None)


def test_statuses_name_the_message_they_answer_and_command_ids_are_unique() -> None:
    client = Client()
    client.first(cred=md5_cred(CLIENT_NONCE))
    message = client.answer(get(), get("./DevDetail/FwV"))
    assert {status.msg_ref for status in message.statuses()} == {"1"}
    ids = [command.cmd_id for command in message.walk()]
    assert len(set(ids)) == len(ids)
    assert "0" not in ids
    client.send(*status_of(("0", "SyncHdr", "200")), Alert(data="1226"))
    assert {status.msg_ref for status in client.answer().statuses()} == {"2"}


@pytest.mark.parametrize("kind", ["basic", "md5", "hmac"])
def test_a_client_without_credentials_is_challenged_with_407_and_statuses_alone(kind: str) -> None:
    """DM Protocol 9.1: a Status for every command, a Chal of the type that is wanted, no command."""
    client = Client(kind)
    assert not client.first().authenticated
    assert not client.session.may_command
    message = client.answer(get())
    assert codes(message) == [("0", "SyncHdr", "407"), ("1", "Alert", "407"), ("2", "Replace", "407")]
    assert {type(command) for command in message.commands} == {Status}
    chal = header_status(message).chal
    assert chal is not None
    assert chal.type == {"basic": "syncml:auth-basic", "md5": "syncml:auth-md5", "hmac": "syncml:auth-MAC"}[kind]
    assert chal.format == "b64"
    assert (chal.next_nonce is None) == (kind == "basic")
    assert message.final
    assert not client.session.over


def test_a_client_need_not_show_itself_where_no_authentication_is_agreed() -> None:
    client = Client("none")
    assert client.first().authenticated
    message = client.answer(get())
    assert codes(message)[0] == ("0", "SyncHdr", "200")
    assert header_status(message).chal is None
    assert message.header.cred is None


def test_basic_credentials() -> None:
    client = Client("basic")
    client.first(cred=basic_cred())
    message = client.answer(get())
    assert codes(message)[0] == ("0", "SyncHdr", "212")
    assert header_status(message).chal is None
    assert message.header.cred == Cred("syncml:auth-basic", "b64", b64(b"com.example.dm:s3rver"))


@pytest.mark.parametrize(
    ("kind", "cred"),
    [
        ("md5", md5_cred(CLIENT_NONCE, password="wrong")),
        ("md5", md5_cred(b"never issued")),
        ("md5", basic_cred()),
        ("md5", Cred("syncml:auth-md5", "b64", "not Base64 !")),
        ("md5", Cred("syncml:auth-md5", "b64", "")),
        ("md5", Cred(None, None, "AAAA")),
        ("md5", Cred("syncml:auth-MAC", "b64", "AAAA")),
        ("basic", basic_cred("wrong")),
        ("basic", md5_cred(CLIENT_NONCE)),
        ("hmac", md5_cred(CLIENT_NONCE)),
    ],
)
def test_wrong_credentials_and_those_of_another_type_are_refused_with_401(kind: str, cred: Cred) -> None:
    """DM Security 5.4.1: credentials of another type than was asked for are not accepted."""
    client = Client(kind)
    assert not client.first(cred=cred).authenticated
    message = client.answer(get())
    assert codes(message) == [("0", "SyncHdr", "401"), ("1", "Alert", "401"), ("2", "Replace", "401")]
    assert {type(command) for command in message.commands} == {Status}
    assert header_status(message).chal is not None


def test_a_stale_nonce_is_healed_by_one_challenge() -> None:
    """DM Security 5.3.3: one more challenge with a new nonce; what is made with that one is accepted."""
    client = Client()
    client.keys.verifier.issue()
    received = client.first(cred=md5_cred(CLIENT_NONCE))
    assert received.facts["credentials"]["result"] == "stale"
    message = client.answer(get())
    nonce = header_status(message).chal.nonce()  # type: ignore[union-attr]
    assert (header_status(message).data, nonce not in (None, CLIENT_NONCE)) == ("401", True)
    header = status_of(("0", "SyncHdr", "200"))
    again = client.send(*header, Alert(data="1201"), Replace(items=[]), cred=md5_cred(nonce or b""))
    assert again.authenticated
    assert codes(client.answer(get()))[0] == ("0", "SyncHdr", "212")


def test_after_212_no_credentials_are_due_and_wrong_ones_still_are_wrong() -> None:
    """DM Protocol 9.1; 212 only answers credentials that were shown."""
    client = Client()
    client.first(cred=md5_cred(CLIENT_NONCE))
    client.answer(get())
    client.send(*status_of(("0", "SyncHdr", "212"), ("4", "Get", "200")))
    message = client.answer(get())
    assert codes(message)[0] == ("0", "SyncHdr", "200")
    assert header_status(message).chal is None
    client.send(*status_of(("0", "SyncHdr", "212"), msg_ref="2"), cred=md5_cred(b"wrong"))
    assert codes(client.answer(get()))[0] == ("0", "SyncHdr", "401")


def test_each_challenge_has_another_nonce() -> None:
    client = Client()
    nonces = set()
    for _ in range(5):
        client.first(cred=md5_cred(b"wrong"))
        nonces.add(header_status(client.answer()).chal.next_nonce)  # type: ignore[union-attr]
    assert len(nonces) == 5
    assert client.session.failures == 5


# -- message authentication code


def test_every_message_with_a_mac_is_answered_200_with_a_new_nonce() -> None:
    """DM Security 5.4.3: 200 and not 212, a nonce in each, the server's own code over its exact octets."""
    client = Client("hmac")
    received = client.first(mac_nonce=CLIENT_NONCE)
    assert received.facts["integrity"]["result"] == "right"
    out = client.session.respond([get()])
    message = read(out)
    nonce = header_status(message).chal.nonce()  # type: ignore[union-attr]
    assert codes(message)[0] == ("0", "SyncHdr", "200")
    assert message.header.cred is None
    assert dict(out.headers)["x-syncml-hmac"] == mac(SERVER_NONCE, out.octets, SERVER, "s3rver")
    chal = Chal("syncml:auth-MAC", "b64", b64(b"next-server"))
    statuses = status_of(("0", "SyncHdr", "200"), ("4", "Get", "200"), chal=chal)
    assert client.send(*statuses, mac_nonce=nonce).authenticated
    out = client.session.respond()
    assert dict(out.headers)["x-syncml-hmac"] == mac(b"next-server", out.octets, SERVER, "s3rver")
    assert header_status(read(out)).chal.nonce() not in (nonce, None)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "407"),
        ({"x-syncml-hmac": 'username="dev", mac=AAAAAAAAAAAAAAAAAAAAAA=='}, "401"),
        ({"x-syncml-hmac": "nonsense"}, "401"),
        ({"x-syncml-hmac": ""}, "401"),
    ],
)
def test_a_message_without_its_mac_or_with_a_wrong_one_is_refused(headers: dict[str, str], code: str) -> None:
    client = Client("hmac")
    client.first(mac_nonce=CLIENT_NONCE)
    nonce = header_status(client.answer(get())).chal.nonce()  # type: ignore[union-attr]
    assert nonce
    client.send(*status_of(("0", "SyncHdr", "200"), ("4", "Get", "200")), headers=headers or {"x-other": "1"})
    assert not client.session.may_command
    assert codes(client.answer(get()))[0] == ("0", "SyncHdr", code)
