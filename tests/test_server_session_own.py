"""A server session: the credentials of the server itself (DM Protocol 9, DM Security 5.3)."""

from __future__ import annotations

import pytest
from sessionscene import CLIENT_NONCE, SERVER, SERVER_NONCE, Client, b64, basic_cred, get, header_status, md5_cred, status_of

from conformance.syncml.model import (
    Alert,
    Chal,
    Command,
    Exec,
    Get,
    Item,
    Replace,
)

# -- credentials of the server


def refusal(code: str, nonce: bytes = b"fresh", kind: str = "syncml:auth-md5") -> list[Command]:
    """What a client says that refuses the server's credentials: 401 or 407 with a Chal, also for the command."""
    chal = Chal(kind, "b64", b64(nonce))
    return [*status_of(("0", "SyncHdr", code), ("4", "Exec", code), chal=chal)]


@pytest.mark.parametrize("code", ["401", "407"])
def test_commands_are_repeated_with_the_credentials_that_the_client_wants(code: str) -> None:
    client = Client()
    client.first(cred=md5_cred(CLIENT_NONCE))
    before = client.answer(Exec(items=[Item(target="./F/X")], correlator="c1"))
    received = client.send(*refusal(code))
    assert received.refused
    assert not client.session.may_command
    after = client.answer()
    assert after.header.cred == md5_cred(b"fresh", SERVER, "s3rver")
    assert after.header.msg_id == "2"
    assert after.commands[-1].items == before.commands[-1].items
    assert after.commands[-1].correlator == "c1"  # type: ignore[union-attr]
    client.send(*status_of(("0", "SyncHdr", "212"), ("2", "Exec", "202"), msg_ref="2"))
    assert client.session.may_command


def test_the_server_answers_a_challenge_with_the_type_that_is_asked_for() -> None:
    """DM Protocol 9.1: whoever repeats does so with credentials of the requested type."""
    client = Client("basic")
    client.first(cred=basic_cred())
    client.answer(Exec(items=[Item(target="./F/X")]))
    client.send(*refusal("401"))
    header = client.answer().header
    assert header.cred == md5_cred(b"fresh", SERVER, "s3rver")
    assert header.source_name == SERVER


def test_a_refusal_before_any_command_does_not_swallow_the_commands() -> None:
    client = Client()
    client.first()
    nonce = header_status(client.answer()).chal.nonce()  # type: ignore[union-attr]
    chal = Chal("syncml:auth-md5", "b64", b64(b"fresh"))
    first = status_of(("0", "SyncHdr", "401"), chal=chal)
    client.send(*first, Alert(data="1201"), Replace(items=[]), cred=md5_cred(nonce or b""))
    assert client.session.may_command
    message = client.answer(get())
    assert isinstance(message.commands[-1], Get)
    assert message.header.cred == md5_cred(b"fresh", SERVER, "s3rver")


def test_a_nonce_of_a_client_that_has_not_shown_itself_is_used_and_not_kept() -> None:
    """DM Security 5.3.4."""
    client = Client()
    chal = Chal("syncml:auth-md5", "b64", b64(b"evil"))
    client.send(*status_of(("0", "SyncHdr", "401"), chal=chal), Alert(data="1201"))
    assert client.session.nonce == b"evil"
    assert client.keys.nonce == SERVER_NONCE
    client.send(*status_of(("0", "SyncHdr", "401"), chal=chal), Alert(data="1201"), cred=md5_cred(CLIENT_NONCE))
    assert client.keys.nonce == b"evil"


def test_the_server_gives_up_after_three_refusals() -> None:
    client = Client()
    client.first(cred=md5_cred(CLIENT_NONCE))
    client.answer(Exec(items=[Item(target="./F/X")]))
    refused = []
    for _ in range(4):
        refused.append(client.send(*refusal("401")).refused)
        client.answer()
    assert refused == [True, True, False, False]


def test_a_refusal_without_a_challenge_is_an_answer() -> None:
    client = Client()
    client.first(cred=md5_cred(CLIENT_NONCE))
    client.answer(Exec(items=[Item(target="./F/X")]))
    assert not client.send(*status_of(("0", "SyncHdr", "200"), ("4", "Exec", "401"))).refused
    assert client.session.may_command


@pytest.mark.parametrize("nonce", ["not Base64!", ""])
def test_a_challenge_with_a_nonce_that_is_none(nonce: str) -> None:
    client = Client()
    client.first(cred=md5_cred(CLIENT_NONCE))
    client.answer(Exec(items=[Item(target="./F/X")]))
    client.send(*status_of(("0", "SyncHdr", "401"), chal=Chal("syncml:auth-md5", "b64", nonce)))
    assert client.answer().header.cred == md5_cred(b"" if nonce == "" else SERVER_NONCE, SERVER, "s3rver")
