"""A server session: packages of several messages, rubbish, versions, large objects (DM Protocol 6, 7)."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from sessionscene import CLIENT_NONCE, DEVICE, SERVER, URL, Client, b64, codes, get, md5_cred, read, status_of

from conformance.dm.largeobject import Octets, Splitter
from conformance.syncml.codec import decode, encode, media_type
from conformance.syncml.model import (
    Alert,
    Chal,
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
