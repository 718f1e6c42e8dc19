"""The server's side of a session: credentials, challenges, packages of several messages, large objects.

What is expected stands in DM Protocol 5 to 9 and DM Security 5.3 and 5.4; digests are computed here by their formulas.
"""

from __future__ import annotations

import base64
import hashlib
import random
from typing import Any

import pytest

from conformance.dm.credentials import Account, Verifier
from conformance.dm.largeobject import Octets, Splitter
from conformance.dm.serversession import Outgoing, PeerKeys, Received, ServerSession, ServerSettings
from conformance.syncml.codec import decode, encode, media_type
from conformance.syncml.model import (
    Alert,
    Chal,
    Command,
    Cred,
    Exec,
    Get,
    Header,
    Item,
    Message,
    Meta,
    Replace,
    Results,
    Status,
)

DEVICE, URL, SERVER = "urn:imei:490154203237518", "http://suite/dm", "com.example.dm"
CLIENT_NONCE, SERVER_NONCE = b"client-nonce", b"server-nonce"


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def md5(octets: bytes) -> bytes:
    return hashlib.md5(octets, usedforsecurity=False).digest()


def md5_cred(nonce: bytes, user: str = "dev", password: str = "secret") -> Cred:
    """DM Security 5.3.2."""
    inner = b64(md5(f"{user}:{password}".encode()))
    return Cred("syncml:auth-md5", "b64", b64(md5(inner.encode() + b":" + nonce)))


def basic_cred(password: str = "secret") -> Cred:
    return Cred("syncml:auth-basic", "b64", b64(f"dev:{password}".encode()))


def mac(nonce: bytes, body: bytes, user: str = "dev", password: str = "secret") -> str:
    """DM Security 5.4.2 and 5.4.3."""
    inner = b64(md5(f"{user}:{password}".encode()))
    return f'algorithm=MD5, username="{user}", mac={b64(md5(f"{inner}:".encode() + nonce + b":" + b64(md5(body)).encode()))}'


class Client:
    """Speaks to a session by hand. Messages are numbered; everything else is the test's."""

    def __init__(self, kind: str = "md5", encoding: str = "xml", **settings: Any) -> None:
        verifier = Verifier(Account("dev", "secret"), CLIENT_NONCE, random.Random(7).randbytes)
        self.keys = PeerKeys(kind, verifier, Account(SERVER, "s3rver"), SERVER_NONCE)
        self.session = ServerSession(ServerSettings(SERVER, URL, **settings), self.keys)
        self.kind, self.encoding = kind, encoding
        self.number = 0
        self.octets = b""

    def send(
        self, *commands: Command, cred: Cred | None = None, final: bool = True, headers: dict[str, str] | None = None,
        meta: Meta | None = None, mac_nonce: bytes | None = None,
    ) -> Received:  # fmt: skip
        self.number += 1
        for position, command in enumerate(commands, 1):
            command.cmd_id = str(position)
        header = Header(
            session_id="A1", msg_id=str(self.number), target=URL, source=DEVICE, source_name="dev", cred=cred, meta=meta
        )
        self.octets = encode(Message(header, list(commands), final), self.encoding)
        headers = headers or ({} if mac_nonce is None else {"x-syncml-hmac": mac(mac_nonce, self.octets)})
        return self.session.receive(self.octets, media_type(self.encoding), headers)

    def first(self, **more: Any) -> Received:
        """Package #1 with Alert 1201 and device information."""
        info = [Item(source=f"./DevInfo/{name}", data="x") for name in ("DevId", "Man", "Mod", "DmV", "Lang")]
        return self.send(Alert(data="1201"), Replace(items=info), **more)

    def answer(self, *commands: Command, **more: Any) -> Message:
        return read(self.session.respond(commands, **more))


def read(out: Outgoing) -> Message:
    return decode(out.octets, out.media).message


def header_status(message: Message) -> Status:
    """The Status for the SyncHdr, which must be the first Status (MS-MDM 2.2.6.1)."""
    first = message.commands[0]
    assert isinstance(first, Status)
    assert (first.cmd_ref, first.cmd) == ("0", "SyncHdr")
    return first


def codes(message: Message) -> list[tuple[str | None, str | None, str | None]]:
    return [(s.cmd_ref, s.cmd, s.data) for s in message.statuses()]


def status_of(*codes_: tuple[str, str, str], msg_ref: str = "1", chal: Chal | None = None) -> list[Status]:
    """Statuses of a client: (cmd_ref, cmd, code)."""
    made = [Status(msg_ref=msg_ref, cmd_ref=ref, cmd=cmd, data=code) for ref, cmd, code in codes_]
    made[0].chal = chal
    return made


def get(uri: str = "./DevInfo/DevId") -> Get:
    return Get(items=[Item(target=uri)])


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


# -- packages


def test_a_package_without_final_is_asked_for_its_rest() -> None:
    """DM Protocol 6.1, 6.2: Status for the SyncHdr and the Alerts, Alert 1222, no command, no Final."""
    client = Client()
    received = client.first(cred=md5_cred(CLIENT_NONCE), final=False)
    assert not received.complete
    assert not client.session.may_command
    message = client.answer(get())
    assert codes(message) == [("0", "SyncHdr", "212"), ("1", "Alert", "200"), ("2", "Replace", "200")]
    assert isinstance(message.commands[-1], Alert)
    assert message.commands[-1].data == "1222"
    assert len(message.commands) == 4
    assert not message.final
    client.send(*status_of(("0", "SyncHdr", "212"), ("4", "Alert", "200")), Alert(data="1226"))
    assert client.session.may_command
    message = client.answer(get())
    assert codes(message) == [("0", "SyncHdr", "200"), ("3", "Alert", "200")]
    assert message.final


def test_results_get_no_status_and_alerts_inside_a_package_do() -> None:
    """DM Protocol 6.1: no Status for Results, one for every Alert, 1222 among them."""
    client = Client("none")
    client.first()
    client.answer(get())
    found = Results(msg_ref="1", cmd_ref="4", items=[Item(source="./A", data="x")])
    client.send(*status_of(("0", "SyncHdr", "200"), ("4", "Get", "200")), found, Alert(data="1222"), final=False)
    message = client.answer()
    assert codes(message) == [("0", "SyncHdr", "200"), ("4", "Alert", "200")]
    assert (message.final, message.commands[-1].name) == (False, "Alert")


def test_a_session_ends_with_statuses_and_final() -> None:
    client = Client()
    client.first(cred=md5_cred(CLIENT_NONCE))
    message = client.answer()
    assert message.final
    assert {type(command) for command in message.commands} == {Status}
    assert client.session.over


def test_an_abort_is_answered_by_statuses_alone() -> None:
    """DM Protocol 8.1.2: Status for the Alert and the SyncHdr, and no commands."""
    client = Client()
    client.first(cred=md5_cred(CLIENT_NONCE))
    client.answer(get())
    received = client.send(*status_of(("0", "SyncHdr", "212")), Alert(data="1223"))
    assert received.aborted
    assert not client.session.may_command
    message = client.answer(get())
    assert codes(message) == [("0", "SyncHdr", "200"), ("2", "Alert", "200")]
    assert {type(command) for command in message.commands} == {Status}
    assert message.final
    assert client.session.over


def test_commands_that_a_client_may_not_send_are_refused() -> None:
    """DM Protocol 8: a client sends Replace, Results, Alert and Status."""
    client = Client("none")
    client.send(Alert(data="1201"), get(), Exec(items=[]), Alert(data="9999"), Replace(items=[]))
    assert [code for _, _, code in codes(client.answer())] == ["200", "200", "406", "406", "406", "200"]


# -- messages that come twice, or are none


def test_a_repeated_message_gets_the_same_octets_again() -> None:
    client = Client()
    client.first(cred=md5_cred(CLIENT_NONCE))
    first = client.session.respond([get()])
    again = client.session.receive(client.octets, media_type("xml"), {})
    assert again.repeated
    assert not client.session.may_command
    assert client.session.respond([get("./Other")]).octets == first.octets
    client.send(*status_of(("0", "SyncHdr", "212"), ("4", "Get", "200")))
    assert client.answer().header.msg_id == "2"


def test_a_message_repeated_before_it_was_answered_is_answered_itself() -> None:
    """A client that asks again while the server thinks must not get the answer to the message before."""
    client = Client()
    client.first(cred=md5_cred(CLIENT_NONCE))
    client.answer(get())
    client.send(*status_of(("0", "SyncHdr", "212"), ("4", "Get", "200")))
    again = client.session.receive(client.octets, media_type("xml"), {})
    assert not again.repeated
    assert client.session.may_command
    message = client.answer(get("./Second"))
    assert message.commands[-1].items[0].target == "./Second"
    assert {status.msg_ref for status in message.statuses()} == {"2"}


@pytest.mark.parametrize("octets", [b"", b"<html>no</html>", b"\x03\x01\x6a", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_octets_that_are_no_message_leave_the_session_as_it_was(octets: bytes) -> None:
    client = Client()
    client.first(cred=md5_cred(CLIENT_NONCE))
    client.answer(get())
    received = client.session.receive(octets, "application/vnd.syncml.dm+xml", {})
    assert received.message is None
    assert received.fault is not None
    assert "\n" not in str(received.fault)
    assert not client.session.may_command
    with pytest.raises(ValueError, match="nothing was received"):
        client.session.respond()
    client.send(*status_of(("0", "SyncHdr", "212"), ("4", "Get", "200")))
    assert client.answer(get()).header.msg_id == "2"


@pytest.mark.parametrize("size", ["\u00b2", "x", "", "-1", "9" * 5000, " 5000 ", "0"])
def test_a_size_that_is_no_number_harms_nothing(size: str) -> None:
    client = Client("none")
    client.first(meta=Meta(max_msg_size=size, max_obj_size=size))
    message = client.answer(get())
    assert isinstance(message.commands[-1], Get)
    assert client.session.peer_max_msg == (5000 if size == " 5000 " else None)


def test_a_message_without_a_header_or_with_an_empty_one() -> None:
    client = Client("none")
    for octets in (b"<SyncML/>", b"<SyncML><SyncHdr/><SyncBody><Alert/><Status/><Final/></SyncBody></SyncML>"):
        received = client.session.receive(octets, "", {})
        if received.message is not None:
            assert read(client.session.respond([get()])).statuses()


# -- encodings and versions


@pytest.mark.parametrize("encoding", ["xml", "wbxml"])
def test_the_server_speaks_as_it_is_spoken_to(encoding: str) -> None:
    client = Client(encoding=encoding)
    client.first(cred=md5_cred(CLIENT_NONCE))
    out = client.session.respond([get()])
    assert (decode(out.octets, out.media).encoding, out.media) == (encoding, media_type(encoding))
    assert not decode(out.octets, out.media).observations


def test_a_client_of_dm_1_1_2_is_answered_in_its_version() -> None:
    """DM 1.1.2: VerDTD 1.1 and VerProto DM/1.1, the namespace of 1.1."""
    client = Client("none")
    header = Header("1.1", "DM/1.1", "A1", "1", URL, DEVICE)
    octets = encode(Message(header, [Alert(cmd_id="1", data="1201")], True), "xml", "1.1.2")
    client.session.receive(octets, media_type("xml"), {})
    out = client.session.respond([get()])
    assert decode(out.octets, out.media).version == "1.1"
    assert (read(out).header.ver_dtd, read(out).header.ver_proto) == ("1.1", "DM/1.1")


# -- large objects


def chunks_of(client: Client, size: int, form: str, codes_: list[str] | None = None) -> list[Message]:
    """Sends an object; the client answers each piece with 213 and Alert 1222, and no Final."""
    octets = bytes(range(256)) * (size // 256 + 1)
    client.first(cred=md5_cred(CLIENT_NONCE), meta=Meta(max_msg_size="2000"))
    command = Replace(meta=Meta(format=form), items=[Item(target="./F/D")])
    sent = [client.answer(command, large=Splitter(Octets(octets[:size]), form))]
    while client.session.sending_large:
        reference = sent[-1].header.msg_id or ""
        cmd_id = sent[-1].commands[-1].cmd_id or ""
        code = codes_.pop(0) if codes_ else "213"
        statuses = status_of(("0", "SyncHdr", "212"), (cmd_id, "Replace", code), msg_ref=reference)
        client.send(*statuses, Alert(data="1222"), final=False)
        assert not client.session.may_command or code != "213"
        sent.append(client.answer())
    return sent


@pytest.mark.parametrize(("encoding", "form", "transferred"), [("xml", "b64", 13336), ("wbxml", "bin", 10000)])
def test_a_large_object_goes_in_contiguous_messages(encoding: str, form: str, transferred: int) -> None:
    """DM Protocol 7: MoreData on all but the last, Size on the first alone, Target and Format on each, Final with the
    last, never larger than the client's MaxMsgSize."""
    client = Client(encoding=encoding)
    sent = chunks_of(client, 10000, form)
    pieces = [message.commands[-1] for message in sent]
    items = [piece.items[0] for piece in pieces]
    metas = [piece.meta_of(piece.items[0]) for piece in pieces]
    assert len(sent) > 5
    assert [item.more for item in items] == [True] * (len(sent) - 1) + [False]
    assert [message.final for message in sent] == [False] * (len(sent) - 1) + [True]
    assert [meta.size for meta in metas] == [str(transferred)] + [None] * (len(sent) - 1)
    assert {(item.target, meta.format) for item, meta in zip(items, metas, strict=True)} == {("./F/D", form)}
    whole: Any = b"" if encoding == "wbxml" else ""
    for item in items:
        whole += item.data
    assert len(whole) == transferred
    assert (whole if encoding == "wbxml" else base64.b64decode(whole)) == (bytes(range(256)) * 40)[:10000]
    for message in sent:
        assert len(encode(message, encoding)) <= 2000
        commands = [c for c in message.commands if not isinstance(c, Status)]
        assert len(commands) == 1
    assert len({message.header.msg_id for message in sent}) == len(sent)


def test_alert_1222_between_the_pieces_is_answered() -> None:
    client = Client()
    second = chunks_of(client, 5000, "b64")[1]
    assert codes(second)[1] == ("3", "Alert", "200")


def test_an_object_that_fits_has_neither_more_data_nor_size() -> None:
    client = Client()
    message = chunks_of(client, 100, "b64")[0]
    item = message.commands[-1].items[0]
    assert (item.more, message.final) == (False, True)
    assert message.commands[-1].meta_of(item).size is None


@pytest.mark.parametrize("code", ["424", "413", "500", "200"])
def test_any_other_status_than_213_ends_the_object(code: str) -> None:
    client = Client()
    sent = chunks_of(client, 10000, "b64", ["213", code])
    assert len(sent) == 3
    assert not [c for c in sent[-1].commands if isinstance(c, Replace)]


def test_alert_1225_ends_the_object() -> None:
    client = Client()
    client.first(cred=md5_cred(CLIENT_NONCE), meta=Meta(max_msg_size="2000"))
    command = Replace(meta=Meta(format="b64"), items=[Item(target="./F/D")])
    client.answer(command, large=Splitter(Octets(bytes(9000)), "b64"))
    client.send(*status_of(("0", "SyncHdr", "212")), Alert(data="1225"))
    assert not client.session.sending_large
    assert client.session.may_command


def test_an_object_whose_first_piece_meets_refused_credentials_begins_again() -> None:
    client = Client()
    client.first(cred=md5_cred(CLIENT_NONCE), meta=Meta(max_msg_size="2000"))
    command = Replace(meta=Meta(format="b64"), items=[Item(target="./F/D")])
    first = client.answer(command, large=Splitter(Octets(bytes(9000)), "b64"))
    chal = Chal("syncml:auth-md5", "b64", b64(b"fresh"))
    refused = status_of(("0", "SyncHdr", "401"), (first.commands[-1].cmd_id or "", "Replace", "401"), chal=chal)
    client.send(*refused)
    again = client.answer()
    before, after = first.commands[-1].items[0], again.commands[-1].items[0]
    assert (after.more, again.commands[-1].meta_of(after).size) == (True, "12000")
    assert str(after.data)[:100] == str(before.data)[:100]
    assert again.header.cred == md5_cred(b"fresh", SERVER, "s3rver")
