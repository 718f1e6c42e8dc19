"""Brings the reference device and the reference server together in one process and one virtual clock."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from conformance.download.content import ContentServer
from conformance.peers.adapters import DeviceAdapter, ServerAdapter
from conformance.syncml.codec import Decoded, decode
from conformance.transport.exchange import Request

DM_URL, CONTENT_URL = "http://server.example/dm", "http://content.example/"
DEVICE, SERVER, ROOT = "urn:imei:490154203237518", "com.example.dm", "./FwUpdate/Main"
NOTIFY = "http://device.example/notify"


def iut(**dm: Any) -> Any:
    """What both adapters take: the described parts of an IUT file."""
    client = SimpleNamespace(username="dev-0001", password="cl1ent", nonce=b"client-nonce-0001")
    server = SimpleNamespace(username=SERVER, password="s3rver", nonce=b"server-nonce-0001")
    spoken = {
        "device_id": DEVICE, "server_id": SERVER, "versions": ("1.2", "1.1.2"), "encodings": ("xml", "wbxml"),
        "authentication": ("md5", "basic", "none", "hmac"), "client_credentials": client, "server_credentials": server,
    }  # fmt: skip
    return SimpleNamespace(
        dm=SimpleNamespace(**{**spoken, **dm}), device={"model": "Reference", "firmware": "1.0"}, objects=(ROOT,),
        claims={}, attach=SimpleNamespace(server_url=""),
    )  # fmt: skip


class Table:
    """``device`` and ``server`` are adapters; ``exchanged`` holds every DM message in order, with its sender."""

    def __init__(self, encoding: str = "xml", authentication: str = "md5", **kinds: Any) -> None:
        self.iut = iut()
        self.device = kinds.get("device", DeviceAdapter)(self.iut, {})
        self.server = kinds.get("server", ServerAdapter)(self.iut, {})
        self.at = 0.0
        self.exchanged: list[tuple[str, Decoded]] = []
        self.statuses: list[int] = []
        self.fetched: list[str] = []
        self.triggers = 0
        self.content = ContentServer(CONTENT_URL, lambda event: None)
        spoken = {"encoding": encoding, "authentication": authentication}
        self.device.call("prepare", {"server_url": DM_URL, "device_id": DEVICE, "server_id": SERVER, **self.accounts()})
        self.device.call("configure", spoken)
        self.server.call("enrol", {"device_id": DEVICE, "server_id": SERVER, "object": ROOT, "notify": NOTIFY,
                                   **self.accounts(), **spoken})  # fmt: skip

    @staticmethod
    def accounts() -> dict[str, Any]:
        return {
            "client_credentials": {"username": "dev-0001", "password": "cl1ent", "nonce": "Y2xpZW50LW5vbmNlLTAwMDE="},
            "server_credentials": {"username": SERVER, "password": "s3rver", "nonce": "c2VydmVyLW5vbmNlLTAwMDE="},
        }

    def campaign(self, way: str, **more: Any) -> str:
        given = {"device_id": DEVICE, "object": ROOT, "way": way, **more}
        answer: dict[str, Any] = self.server.call("campaign", given)
        return str(answer["id"])

    def outcome(self, **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.server.call("outcome", {"device_id": DEVICE, **more})
        return answer

    def run(self, until: float = 600.0, most: int = 5000) -> None:
        """Lets both work until neither has anything to do before ``until``."""
        end = self.at + until
        waiting: tuple[bytes | None, dict[str, str]] | None = None
        for _ in range(most):
            octets, headers, wake = self.device.exchange(None, {}, self.at) if waiting is None else (*waiting, self.at)
            waiting = None
            if ":url" in headers:
                answer, answered = self.answer(Request(headers[":method"], headers[":url"], plain(headers), octets or b""))
                octets, headers, wake = self.device.exchange(answer, answered, self.at)
                waiting = (octets, headers) if ":url" in headers else None
                continue
            datagram, trigger, server_wake = self.server.exchange(None, {}, self.at)
            if ":url" in trigger:
                assert trigger[":url"] == NOTIFY
                self.triggers += 1
                octets, headers, wake = self.device.exchange(datagram, {":trigger": "udp"}, self.at)
                waiting = (octets, headers) if ":url" in headers else None
                continue
            times = [time for time in (wake, server_wake) if time is not None and time <= end]
            if not times:
                self.at = end
                return
            self.at = max(self.at, min(times))
        raise AssertionError("the peers do not come to rest")

    def answer(self, request: Request) -> tuple[bytes, dict[str, str]]:
        """What the device's request is answered with."""
        if request.url.startswith(CONTENT_URL):
            self.fetched.append(request.url)
            reply = self.content.handle(request)
            body = reply.body if isinstance(reply.body, bytes) else reply.body.read(0, reply.body.size)
            return body, {**dict(reply.headers), ":status": str(reply.status)}
        headers = {name.lower(): value for name, value in request.headers}
        octets, answered, _ = self.server.exchange(
            request.body, {**headers, ":method": request.method, ":url": request.url}, self.at
        )
        self.statuses.append(int(answered[":status"]))
        if request.method == "POST":
            self.exchanged.append(("device", decode(request.body)))
            if octets:
                self.exchanged.append(("server", decode(octets)))
        else:
            self.fetched.append(request.url)
        return octets or b"", answered


def plain(headers: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers.items() if not name.startswith(":")]
