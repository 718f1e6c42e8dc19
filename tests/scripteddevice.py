"""A device for tests of the server: does what it is told in one table, and remembers everything that crossed."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from conformance.dm.credentials import Account, Verifier, mac_header, make_cred
from conformance.fumo.object import ALERT_OF
from conformance.peers.server import Server
from conformance.syncml.codec import Decoded, decode, encode, media_type
from conformance.syncml.model import (
    Alert,
    Block,
    Chal,
    Command,
    Exec,
    Get,
    Header,
    Item,
    Message,
    Meta,
    Replace,
    Results,
    Status,
    payload,
)
from conformance.transport.exchange import Reply, Request, header

ROOT = "./FwUpdate/Main"
DEVICE = "urn:imei:490154203237518"
SERVER = "com.example.dm"
CLIENT_NONCE, SERVER_NONCE = b"client-nonce-0001", b"server-nonce-0001"
CHAL = {"basic": "syncml:auth-basic", "md5": "syncml:auth-md5", "hmac": "syncml:auth-MAC"}


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def enrolment(**more: Any) -> dict[str, Any]:
    """What the verb enrol gets for the device below."""
    return {
        "device_id": DEVICE, "server_id": SERVER, "object": ROOT, "notify": "udp://127.0.0.1:9", "authentication": "md5",
        "client_credentials": {"username": "dev-0001", "password": "cl1ent", "nonce": b64(CLIENT_NONCE)},
        "server_credentials": {"username": SERVER, "password": "s3rver", "nonce": b64(SERVER_NONCE)}, **more,
    }  # fmt: skip


def tree(**more: str) -> dict[str, str]:
    """The nodes of a device that can do everything."""
    nodes = {
        ROOT: "Download/Update/DownloadAndUpdate/State", f"{ROOT}/Update": "PkgData", f"{ROOT}/State": "10",
        "./DevDetail/FwV": "1.0", "./DevDetail/LrgObj": "true",
    }  # fmt: skip
    return {**nodes, **{f"{ROOT}/{name}": value for name, value in more.items()}}


def report(operation: str, result: int | str | None = 200, correlator: str | None = None, **more: Any) -> Alert:
    """A Generic Alert about an operation, or of the type given."""
    meta = Meta(type=more.get("type", ALERT_OF.get(operation, operation)), format=more.get("format", "int"))
    data = None if result is None else str(result)
    return Alert(
        data="1226", correlator=correlator, items=[Item(source=more.get("source", ROOT), meta=meta, data=data)]
    )


@dataclass
class ScriptedDevice:
    """``statuses`` overrides the Status by "Command target"; ``ui`` queues (code, data) for alerts that ask."""

    server: Server
    kind: str = "md5"
    encoding: str = "xml"
    version: str = "1.2"
    max_msg: int | None = None
    max_obj: int | None = None
    nodes: dict[str, str] = field(default_factory=tree)
    statuses: dict[str, str] = field(default_factory=dict)
    ui: list[tuple[str, str | None]] = field(default_factory=list)
    at: float = 0.0
    device_id: str = DEVICE
    follow_resp_uri: bool = True
    accept: str = "212"

    def __post_init__(self) -> None:
        self.account, self.nonce = Account("dev-0001", "cl1ent"), CLIENT_NONCE
        self.verifier = Verifier(Account(SERVER, "s3rver"), SERVER_NONCE, random.Random(5).randbytes)
        self.sessions = 0
        self.sent: list[Message] = []
        self.received: list[Decoded] = []
        self.replies: list[Reply] = []
        self.execs: list[Exec] = []
        self.packages: list[bytes] = []
        self.shown: list[list[str]] = []
        self.url = self.server.profile.url
        self._credentials = True
        self._trusted = False
        self._chunks = b""

    # -- whole sessions ----------------------------------------------------------------------------------------------

    def session(self, *alerts: Alert, code: str = "1201", most: int = 400) -> list[Message]:
        """Plays a session to its end; gives the server's messages."""
        self.begin()
        first = len(self.received)
        answer = self.send([Alert(data=code), self.devinfo(), *alerts])
        for _ in range(most):
            if answer is None:
                break
            status = answer.header_status()
            if status is not None and status.data in ("401", "407"):
                answer = self.send([self.header_status(answer), Alert(data=code), self.devinfo(), *alerts])
                continue
            work = [c for c in answer.commands if not isinstance(c, Status)]
            if not work:
                break
            answer = self.send(self.perform(answer), final=answer.final)
        else:
            raise AssertionError("the session does not end")
        return [decoded.message for decoded in self.received[first:]]

    def begin(self) -> None:
        self.sessions += 1
        self.msg_id = 0
        self.url = self.server.profile.url
        self._credentials, self._trusted = True, False

    def devinfo(self) -> Replace:
        values = {"DevId": self.device_id, "Man": "Acme", "Mod": "X1", "DmV": "1.2", "Lang": "en"}
        return Replace(items=[Item(source=f"./DevInfo/{name}", data=value) for name, value in values.items()])

    # -- messages ----------------------------------------------------------------------------------------------------

    def send(self, commands: list[Command], final: bool = True, **more: Any) -> Message | None:
        """Sends a message and reads the answer; ``None`` where there is no message in it."""
        self.msg_id += 1
        meta = None
        if self.max_msg or self.max_obj:
            meta = Meta(
                max_msg_size=str(self.max_msg) if self.max_msg else None,
                max_obj_size=str(self.max_obj) if self.max_obj else None,
            )
        head = Header(
            ver_dtd=self.version, ver_proto=f"DM/{self.version}", session_id=f"{self.sessions:X}", msg_id=str(self.msg_id),
            target=self.url, source=self.device_id, source_name=self.account.username, meta=meta,
        )
        if self._credentials and self.kind in ("basic", "md5"):
            head.cred = make_cred(self.kind, self.account, self.nonce)
        for name, value in more.items():
            setattr(head, name, value)
        message = Message(head, commands, final)
        for number, command in enumerate(message.walk(), 1):
            command.cmd_id = str(number)
        self.sent.append(message)
        octets = encode(message, self.encoding, self.version)
        headers = [("Content-Type", media_type(self.encoding))]
        if self.kind == "hmac":
            headers.append(("x-syncml-hmac", mac_header(self.account, self.nonce, octets)))
        return self.post(octets, headers)

    def post(self, octets: bytes, headers: list[tuple[str, str]]) -> Message | None:
        reply = self.server.handle(Request("POST", self.url, headers, octets), self.at)
        self.replies.append(reply)
        assert isinstance(reply.body, bytes)
        if reply.status != 200 or not reply.body:
            return None
        decoded = decode(reply.body, header(reply.headers, "content-type") or "")
        self.received.append(decoded)
        self._learn(decoded.message, reply)
        return decoded.message

    def _learn(self, message: Message, reply: Reply) -> None:
        status = message.header_status()
        if status is not None:
            if status.chal is not None and status.chal.nonce() is not None:
                self.nonce = status.chal.nonce() or b""
            self._credentials = status.data != "212"
        if self.follow_resp_uri and message.header.resp_uri:
            self.url = message.header.resp_uri
        if self.kind == "hmac":
            assert isinstance(reply.body, bytes)
            facts = self.verifier.check_mac(
                header(reply.headers, "x-syncml-hmac"), reply.body, message.header.source_name
            )
            self._trusted = facts["result"] == "right"
        elif self.kind == "none":
            self._trusted = True
        else:
            facts = self.verifier.check(message.header.cred, message.header.source_name)
            self._trusted = self._trusted or facts["result"] == "right"
        self.facts = facts if self.kind != "none" else {}

    def header_status(self, message: Message) -> Status:
        """Status for the server's SyncHdr, with a new nonce."""
        code = "200" if self.kind in ("none", "hmac") else self.accept if self._trusted else "407"
        chal = None
        if self.kind in ("md5", "hmac"):
            chal = Chal(type=CHAL[self.kind], format="b64", next_nonce=b64(self.verifier.issue()))
        return Status(msg_ref=message.header.msg_id, cmd_ref="0", cmd="SyncHdr", data=code, chal=chal)

    # -- doing what was commanded ------------------------------------------------------------------------------------

    def perform(self, message: Message) -> list[Command]:
        """Does the commands of a message; gives what answers them."""
        answers: list[Command] = [self.header_status(message)]
        more = False
        for command in message.walk():
            if isinstance(command, Status):
                continue
            more = more or any(item.more for item in command.items)
            answers += self._one(message, command)
        if more:
            answers.append(Alert(data="1222"))
        return answers

    def _one(self, message: Message, command: Command) -> list[Command]:
        target = (command.items[0].target or "") if command.items else ""
        code: str | None = self.statuses.get(f"{command.name} {target}".strip())
        status = Status(msg_ref=message.header.msg_id, cmd_ref=command.cmd_id, cmd=command.name)
        answers: list[Command] = [status]
        if not self._trusted:
            status.data = "407"
            return answers
        does: dict[type[Command], Callable[[Any, str | None], str]] = {
            Get: self._get, Replace: self._replace, Exec: self._exec, Alert: self._alert,
        }  # fmt: skip
        if isinstance(command, Block):
            status.data = code or "200"
        else:
            # What this device does not know it does not support (DM RepPro 10).
            status.data = does[type(command)](command, code) if type(command) in does else "406"
        if isinstance(command, Get) and status.data == "200":
            item = Item(source=target, data=self.nodes[target])
            answers.append(Results(msg_ref=message.header.msg_id, cmd_ref=command.cmd_id, items=[item]))
        if isinstance(command, Alert) and self._picked is not None:
            status.items = [Item(data=self._picked)]
        return answers

    _picked: str | None = None

    def _get(self, command: Get, code: str | None) -> str:
        return code or ("200" if command.items[0].target in self.nodes else "404")

    def _replace(self, command: Replace, code: str | None) -> str:
        item = command.items[0]
        if code is not None:
            return code
        if not (item.target or "").endswith("/PkgData"):
            self.nodes[item.target or ""] = str(item.data)
            return "200"
        self._chunks += payload(item, Meta())
        if item.more:
            return "213"
        octets, self._chunks = self._chunks, b""
        is_b64 = command.meta_of(item).format == "b64"
        self.packages.append(base64.b64decode(octets) if is_b64 else octets)
        return "200"

    def _exec(self, command: Exec, code: str | None) -> str:
        self.execs.append(command)
        return code or "202"

    def _alert(self, command: Alert, code: str | None) -> str:
        self.shown.append([command.data or "", *(str(item.data) for item in command.items)])
        if code is None and self.ui:
            code, self._picked = self.ui.pop(0)
        else:
            self._picked = None
        return code or ("200" if command.data in ("1100", "1222") else "408")
