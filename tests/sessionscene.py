"""A client by hand against a server session: credentials by their formulas, messages, what is read of the answers."""

from __future__ import annotations

import base64
import hashlib
import random
from typing import Any

from conformance.dm.credentials import Account, Verifier
from conformance.dm.serversession import Outgoing, PeerKeys, Received, ServerSession, ServerSettings
from conformance.syncml.codec import decode, encode, media_type
from conformance.syncml.model import (
    Alert,
    Chal,
    Command,
    Cred,
    Get,
    Header,
    Item,
    Message,
    Meta,
    Replace,
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
        header = Header(session_id="A1", msg_id=str(self.number), target=URL, source=DEVICE, source_name="dev", cred=cred, meta=meta)
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
