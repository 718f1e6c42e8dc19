"""The reference peers in the suite's own process and clock, attached as any implementation is (attach contract 2).

An IUT file names them as ``conformance.peers.adapters:DeviceAdapter`` and ``...:ServerAdapter``. Wrong ones are classes
made by :func:`deviant`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar
from urllib.parse import urljoin

from conformance.attach import Adapter
from conformance.dm.credentials import Account
from conformance.fumo.object import DOWNLOAD, DOWNLOAD_AND_UPDATE, UPDATE
from conformance.peers import windowsmobile
from conformance.peers.device import Device
from conformance.peers.profile import DeviceProfile
from conformance.peers.server import Server, ServerProfile
from conformance.transport.exchange import Reply, Request, Response

DM_URL = "http://server.example/dm"
"""Address of the reference server where the IUT file gives none."""
CONTENT_PATH = "/content/"
CLAIMED = {"download": DOWNLOAD, "update": UPDATE, "download-and-update": DOWNLOAD_AND_UPDATE}
"""Operations of the device by the claim that says it has them."""

Headers = dict[str, str]
Answer = tuple[bytes | None, Headers, float | None]
A = TypeVar("A", bound="PeerAdapter")


class Secret(Protocol):
    """Credentials as an IUT file gives them."""

    @property
    def username(self) -> str: ...
    @property
    def password(self) -> str: ...
    @property
    def nonce(self) -> bytes: ...


class Spoken(Protocol):
    """Section ``dm`` of an IUT file."""

    @property
    def device_id(self) -> str: ...
    @property
    def server_id(self) -> str: ...
    @property
    def versions(self) -> Sequence[str]: ...
    @property
    def encodings(self) -> Sequence[str]: ...
    @property
    def authentication(self) -> Sequence[str]: ...
    @property
    def client_credentials(self) -> Secret: ...
    @property
    def server_credentials(self) -> Secret: ...


class Reach(Protocol):
    """Section ``attach`` of an IUT file, as far as an adapter needs it."""

    @property
    def server_url(self) -> str: ...


class Described(Protocol):
    """What an IUT file says, as far as the reference peers are made by it."""

    @property
    def dm(self) -> Spoken: ...
    @property
    def device(self) -> Mapping[str, str]: ...
    @property
    def objects(self) -> Sequence[str]: ...
    @property
    def claims(self) -> Mapping[str, Any]: ...
    @property
    def attach(self) -> Reach: ...


class PeerAdapter(Adapter):
    """What both adapters share. ``deviations`` are the ids of what the peer does wrong."""

    deviations: tuple[str, ...] = ()


def deviant(kind: type[A], names: Sequence[str]) -> type[A]:
    """An adapter class whose peer has these deviations. They are looked at when an adapter is made (``ValueError``)."""
    return type(f"{kind.__name__}With{len(names)}", (kind,), {"deviations": tuple(names)})


class DeviceAdapter(PeerAdapter):
    """The reference device. A request of it waits until the suite passes what came of it."""

    def __init__(self, iut: Any, places: Mapping[str, str]) -> None:
        super().__init__(iut, places)
        self.device = Device(device_profile(iut), self.deviations)
        self._at = 0.0

    def call(self, verb: str, given: dict[str, Any]) -> dict[str, Any] | None:
        """Does what a verb asks for. Raises ``NotSupported`` for "cannot"."""
        return self.device.verb(verb, given, self._at)

    def exchange(self, octets: bytes | None, headers: Mapping[str, str], at: float) -> Answer:
        """Takes a trigger (``:trigger``), or what came of the last request (``:status``, ``:error``), or nothing.

        Gives the next request (``:method``, ``:url``) or nothing, and when to be asked again.
        """
        self._at = at
        if ":trigger" in headers:
            self.device.trigger(octets or b"", at)
        elif ":status" in headers or ":error" in headers:
            status = headers.get(":status", "0")
            code = int(status) if status.isascii() and status.isdigit() else 0
            self.device.receive(Response(code, _plain(headers), octets or b"", headers.get(":error", "")), at)
        request = self.device.poll(at)
        if request is None:
            return None, {}, self.device.wake_at
        sent = {name.lower(): value for name, value in request.headers}
        return request.body, {**sent, ":method": request.method, ":url": request.url}, self.device.wake_at


class ServerAdapter(PeerAdapter):
    """The reference server."""

    def __init__(self, iut: Any, places: Mapping[str, str]) -> None:
        super().__init__(iut, places)
        self.server = Server(server_profile(iut), self.deviations)
        self._triggers: deque[tuple[str, bytes]] = deque()
        self._at = 0.0

    def call(self, verb: str, given: dict[str, Any]) -> dict[str, Any] | None:
        """Does what a verb asks for. Raises ``NotSupported`` for "cannot"."""
        answer = self.server.verb(verb, given, self._at)
        if verb in ("reset", "restart"):
            self._triggers.clear()
        return answer

    def exchange(self, octets: bytes | None, headers: Mapping[str, str], at: float) -> Answer:
        """Takes a request (``:method``, ``:url``) and gives the response (``:status``); without one, a trigger or nothing.

        A trigger has ``:method`` and ``:url``, the address that the device was enrolled with.
        """
        self._at = at
        if ":url" in headers:
            method = headers.get(":method", "POST")
            reply = self.server.handle(Request(method, headers[":url"], _plain(headers), octets or b""), at)
            body, answered = _answered(reply)
            return body, answered, self.wake_at(at)
        self._triggers.extend(self.server.outgoing(at))
        if not self._triggers:
            return None, {}, self.wake_at(at)
        url, datagram = self._triggers.popleft()
        return datagram, {":method": "POST", ":url": url}, self.wake_at(at)

    def wake_at(self, at: float) -> float | None:
        """When there is a trigger to be asked for."""
        return at if self._triggers else self.server.wake_at()


def device_profile(iut: Described) -> DeviceProfile:
    """The device that an IUT file describes: identity, accounts, habits, objects, and abilities by its claims."""
    dm, claims = iut.dm, iut.claims
    has = {claim: claims.get(claim) is not False for claim in (*CLAIMED, *_ABILITIES)}
    profile = DeviceProfile(
        device_id=dm.device_id, server_id=dm.server_id, encodings=tuple(dm.encodings),
        authentications=tuple(dm.authentication), versions=tuple(dm.versions), encoding=dm.encodings[0],
        authentication=dm.authentication[0], version=dm.versions[0], objects=tuple(iut.objects),
        operations=tuple(operation for claim, operation in CLAIMED.items() if has[claim]),
    )  # fmt: skip
    for claim, name in _ABILITIES.items():
        setattr(profile, name, has[claim])
    if _claims(claims, windowsmobile.WINDOWS_MOBILE):
        windowsmobile.become(profile)
    if dm.client_credentials.username:
        profile.client, profile.client_nonce = _account(dm.client_credentials), dm.client_credentials.nonce
    if dm.server_credentials.username:
        profile.server, profile.server_nonce = _account(dm.server_credentials), dm.server_credentials.nonce
    for name in ("manufacturer", "model", "firmware", "hardware", "language"):
        setattr(profile, name, iut.device.get(name) or getattr(profile, name))
    return profile


_ABILITIES = {
    "pkgdata": "package_by_dm", "dynamic-object": "dynamic_objects", "large-objects": "large_objects", "ui": "ui",
    "notification": "notification",
}  # fmt: skip
"""Switches of the device by the claim that says it has them."""


def server_profile(iut: Described) -> ServerProfile:
    """The server that an IUT file describes."""
    url = iut.attach.server_url or DM_URL
    return ServerProfile(
        server_id=iut.dm.server_id, url=url, content_url=urljoin(url, CONTENT_PATH),
        authentication=iut.dm.authentication[0], root=iut.objects[0],
        dialect=windowsmobile.WINDOWS_MOBILE if _claims(iut.claims, "server-windows-mobile") else "",
    )  # fmt: skip


def _claims(claims: Mapping[str, Any], name: str) -> bool:
    """Whether a claim that is not taken for granted is made."""
    return claims.get(name) in (True, "true", "yes", "on")


def _account(secret: Secret) -> Account:
    return Account(secret.username, secret.password)


def _plain(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers.items() if not name.startswith(":")]


def _answered(reply: Reply) -> tuple[bytes, Headers]:
    """A reply as octets and headers."""
    body = reply.body if isinstance(reply.body, bytes) else reply.body.read(0, reply.body.size)
    headers = {name.lower(): value for name, value in reply.headers}
    headers[":status"] = str(reply.status)
    if "transfer-encoding" not in headers:
        headers["content-length"] = str(len(body))
    if reply.done is not None:
        reply.done(len(body), "")
    return body, headers
