"""Every flow between the reference peers, in each permutation of version, encoding and authentication.

All of them in one process and one virtual clock, where both sides of every message are judged by the standing rules as
well; a sample over HTTP sockets.
"""

from __future__ import annotations

import itertools
import json
import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from peertable import CONTENT_URL, DEVICE, ROOT, Table
from test_standalone import DEVICE as SOCKET_DEVICE
from test_standalone import NAMES, eventually, hook, told

from conformance.download.content import ContentServer
from conformance.download.descriptor import DESCRIPTOR_TYPE, Descriptor, write
from conformance.download.source import FileSource, PatternSource
from conformance.fumo.package import TYPE, Manifest, build
from conformance.harness.catalogue import load_catalogue
from conformance.harness.certificates import write_pair
from conformance.harness.places import testcases as own_cases
from conformance.judge.finding import FAIL
from conformance.judge.rule import standing
from conformance.peers.security import TlsFiles
from conformance.peers.standalone import DeviceOptions, ServerOptions, device_process, server_process
from conformance.syncml.codec import decode
from conformance.syncml.model import Alert, Command, Exec
from conformance.transcript import DEVICE as DEVICE_SIDE
from conformance.transcript import SERVER as SERVER_SIDE
from conformance.transcript import Event, Transcript
from conformance.transport.client import HttpClient
from conformance.transport.exchange import Request
from conformance.transport.server import HttpServer
from conformance.transport.tls import server_context

VERSIONS, ENCODINGS = ("1.2", "1.1.2"), ("xml", "wbxml")
AUTHENTICATIONS = ("none", "basic", "md5", "hmac")
SCHEMES = ("http", "https")
LONG = os.environ.get("FUMO_LONG", "") not in ("", "0")
PICK = [{"alert": 1103, "reply": "accept", "choices": [number]} for number in (1, 2, 3)]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("packages") / "good.pkg"
    build(path, Manifest("Reference", "1.0", "2.0"), PatternSource(70_000))
    return path


# -- the table, with a transcript ----------------------------------------------------------------------------------------


class Written(Table):
    """The table, and all that crosses it as a transcript."""

    def __init__(self, version: str, encoding: str, authentication: str, package: Path) -> None:
        super().__init__(encoding, authentication)
        self.device.call("configure", {"encoding": encoding, "authentication": authentication, "version": version})
        self.version, self.package = version, package
        self.events: list[Event] = []
        self.content.publish("good.pkg", FileSource(package), TYPE)

    def answer(self, request: Request) -> tuple[bytes, dict[str, str]]:
        octets, answered = super().answer(request)
        if request.method == "POST" and not request.url.startswith(CONTENT_URL):
            number = len(self.events) // 2 + 1
            for sender, body, headers in (
                (DEVICE_SIDE, request.body, request.headers),
                (SERVER_SIDE, octets, [(k, v) for k, v in answered.items() if not k.startswith(":")]),
            ):
                self._write(sender, body, headers, exchange=number, url=request.url)
        return octets, answered

    def _write(self, sender: str, body: bytes, headers: Any, **data: Any) -> None:
        asks = sender == DEVICE_SIDE
        data |= {"direction": "request" if asks else "response", "headers": headers, "size": len(body)}
        data |= {"media": next((v for k, v in headers if k.lower() == "content-type"), "")}
        data |= {"method": "POST"} if asks else {"status": 200}
        receiver = SERVER_SIDE if asks else DEVICE_SIDE
        self.events.append(Event(len(self.events) + 1, self.at, "message", sender, receiver, data, lambda: body))

    def given(self, **more: Any) -> dict[str, Any]:
        return {"url": f"{CONTENT_URL}good.pkg", "path": str(self.package), "type": TYPE, "name": "good", "version": "2.0", **more}

    def session(self, kind: str = "client", seconds: float = 200.0) -> None:
        self.device.call("start_session", {"kind": kind})
        self.run(seconds)

    def settle(self) -> None:
        """Sessions in which a device of DM 1.1.2 is asked what it has not reported."""
        self.run(200.0)
        for _ in range(3 if self.version == "1.1.2" else 0):
            self.session()

    def walked(self, side: str, *kinds: type[Command]) -> list[Command]:
        return [c for sender, each in self.exchanged if sender == side for c in each.message.walk() if isinstance(c, kinds)]

    def executed(self) -> list[str]:
        return [(c.items[0].target or "").removeprefix(ROOT) for c in self.walked("server", Exec)]

    def updated(self, *executed: str) -> None:
        assert self.outcome()["status"] == "succeeded"
        assert self.device.call("firmware", {}) == {"version": "2.0"}
        assert self.executed() == list(executed)
        assert self.server.call("idle", {"wait": 0}) == self.device.call("idle", {"wait": 0}) == {"idle": True}


# -- the flows -----------------------------------------------------------------------------------------------------------


def f1(made: Written) -> None:
    made.campaign("replace", package=made.given())
    made.settle()
    made.updated("/Update")
    assert made.fetched == []


def f2(made: Written) -> None:
    made.campaign("download", package=made.given())
    made.settle()
    made.updated("/Download", "/Update")
    assert made.fetched == [f"{CONTENT_URL}good.pkg"]


def f2_descriptor(made: Written) -> None:
    octets = write(Descriptor("good.pkg", made.package.stat().st_size, (TYPE,)))
    url = made.content.publish("good.dd", octets, DESCRIPTOR_TYPE)
    made.campaign("download", package=made.given(descriptor_url=url))
    made.settle()
    made.updated("/Download", "/Update")
    assert made.fetched == [url, f"{CONTENT_URL}good.pkg"]


def f3(made: Written) -> None:
    """The package is there already: the device was given it before any session."""
    agent = made.device.device.objects[0].agent
    agent.keep(FileSource(made.package))
    from conformance.fumo.object import State

    agent.state = State.READY_TO_UPDATE
    made.server.call("update", {"device_id": DEVICE, "object": ROOT, "notify": True})
    made.settle()
    assert made.executed() == ["/Update"]
    assert made.device.call("firmware", {}) == {"version": "2.0"}
    assert made.outcome()["status"] == "succeeded"


def f4(made: Written) -> None:
    made.campaign("download-and-update", package=made.given())
    made.settle()
    made.updated("/DownloadAndUpdate")


def f5(way: str, kind: str, *executed: str) -> Callable[[Written], None]:
    def flow(made: Written) -> None:
        made.campaign(way, package=made.given(), notify=False)
        made.run(10.0)
        assert made.exchanged == []
        made.session(kind)
        made.updated(*executed)

    return flow


def f6(made: Written) -> None:
    """The user puts the update off, is asked again when the time has come, and accepts."""
    made.campaign("download-and-update", package=made.given(), consent="defer", defer_minutes=[1, 60])
    for answer in (PICK[1], PICK[0], PICK[0]):
        made.device.call("answer", answer)
    made.run(30.0)
    assert made.outcome()["status"] == "planned" and made.executed() == []
    made.run(200.0)
    made.settle()
    made.updated("/DownloadAndUpdate")
    assert made.triggers == 2


def f7(made: Written) -> None:
    made.server.call("up_to_date", {"device_id": DEVICE})
    made.session("user-request")
    assert made.executed() == [] and made.outcome()["status"] == "none"
    shown = [c.items[1].data for c in made.walked("server", Alert) if isinstance(c, Alert) and c.data == "1100"]
    assert shown == ["Your firmware is up to date."]


FLOWS: dict[str, Callable[[Written], None]] = {
    "f1": f1, "f2": f2, "f2-dl": f2_descriptor, "f3": f3, "f4": f4, "f6": f6,
    "f5-combined": f5("download-and-update", "device-request", "/DownloadAndUpdate"),
    "f5-download": f5("download", "user-request", "/Download", "/Update"),
    "f5-pkgdata": f5("replace", "user-request", "/Update"),
    "f7": f7,
}  # fmt: skip
WITHOUT_1_1 = ("f5-combined", "f5-download", "f5-pkgdata", "f7")
"""Flows that begin with a Generic Alert, which DM 1.1.2 does not have."""
GRID = [
    pytest.param(*each, id="-".join(each))
    for each in itertools.product(FLOWS, VERSIONS, ENCODINGS, AUTHENTICATIONS)
    if each[1] == "1.2" or each[0] not in WITHOUT_1_1
]


@pytest.mark.parametrize(("flow", "version", "encoding", "authentication"), GRID)
def test_every_flow_in_every_permutation(
    flow: str, version: str, encoding: str, authentication: str, package: Path
) -> None:
    made = Written(version, encoding, authentication, package)
    FLOWS[flow](made)
    assert set(made.statuses) == {200}
    spoken = {(each.encoding, each.message.header.ver_proto) for _, each in made.exchanged}
    assert spoken == {(encoding, "DM/1.2" if version == "1.2" else "DM/1.1")}
    kinds = {each.message.header.cred.type for _, each in made.exchanged if each.message.header.cred}
    assert kinds == ({f"syncml:auth-{authentication}"} if authentication in ("basic", "md5") else set())
    coded = [any(name.lower() == "x-syncml-hmac" for name, _ in event.data["headers"]) for event in made.events]
    assert set(coded[2:]) <= {authentication == "hmac"}
    _judged(made)


def _judged(made: Written) -> None:
    """Nobody breaks a rule. Those that ask for DM 1.2, and for Generic Alerts, do not bind a device of DM 1.1.2."""
    catalogue = load_catalogue(own_cases())
    excused = () if made.version == "1.2" else ("DM-HDR-001", "DM-HDR-002", "DM-ENC-004", "FUMO-ALERT-001")
    for side in ("client", "server"):
        found = standing(Transcript(made.events), side, catalogue, objects=(ROOT,))
        wrong = [f for f in found if f.outcome == FAIL and f.requirement not in excused]
        assert wrong == [], side
        assert len(found) > 10


# -- over sockets --------------------------------------------------------------------------------------------------------

WAYS = ("replace", "download", "download-and-update")
SAMPLE = {
    ("replace", "1.2", "wbxml", "hmac"), ("download", "1.2", "xml", "hmac"), ("download-and-update", "1.2", "wbxml", "basic"),
    ("replace", "1.2", "xml", "none"), ("download", "1.1.2", "wbxml", "md5"), ("download-and-update", "1.1.2", "xml", "md5"),
}  # fmt: skip
"""What is played of the grid over sockets where FUMO_LONG is not set."""
OVER_SOCKETS = [
    pytest.param(*each, id="-".join(each))
    for each in itertools.product(WAYS, VERSIONS, ENCODINGS, AUTHENTICATIONS, SCHEMES)
    if LONG or each[:-1] in SAMPLE
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """An authority, and a certificate with its key for servers on this machine and for the device."""
    return write_pair(tmp_path_factory.mktemp("tls"), SOCKET_DEVICE, "127.0.0.1", "localhost")


@pytest.mark.parametrize(("way", "version", "encoding", "authentication", "scheme"), OVER_SOCKETS)
def test_every_flow_over_sockets(
    way: str, version: str, encoding: str, authentication: str, scheme: str, tmp_path: Path, package: Path,
    files: tuple[Path, Path, Path],
) -> None:
    ca, certificate, key = files
    secure = scheme == "https"
    shown = TlsFiles(ca, certificate, key) if secure else TlsFiles()
    server = server_process(ServerOptions(tmp_path / "server", authentication=authentication, seed=1, tls=shown))
    options = DeviceOptions(
        server.profile.url, tmp_path / "device", notify_port=0, install_seconds=0.05, seed=2, encoding=encoding,
        authentication=authentication, version=version, tls=shown if authentication == "none" else TlsFiles(ca) if secure else TlsFiles(),
    )  # fmt: skip
    device = device_process(options)
    client = HttpClient(connect=5, read=30)
    assert server.profile.url.startswith(f"{scheme}://")
    try:
        server.start()
        device.start()
        assert server.hook is not None and device.hook is not None
        given = json.loads(json.dumps(server.profile.devices[0]))
        notify = f"udp://127.0.0.1:{device.notify_port}"
        server.call("enrol", {**given, "notify": notify, "authentication": authentication, "version": version})
        with served(package, server_context(certificate, key, ca) if secure else None) as url:
            assert url.startswith(f"{scheme}://")
            wish = {**NAMES, "way": way, "package": {"url": url, "path": str(package), "type": TYPE}, "notify": True}
            assert hook(client, server.hook.url, "campaign", wish).status == 200
            eventually(lambda: _known(client, server.hook.url, device.hook.url, version), {"firmware": "2.0", "status": "succeeded"})
        assert NAMES["device_id"] == SOCKET_DEVICE
    finally:
        client.close()
        device.close()
        server.close()


def _known(client: HttpClient, server: str, device: str, version: str) -> dict[str, Any]:
    """What the device runs and what the server believes. It learns the end of an update in DM 1.1.2 by reading State."""
    firmware = told(client, device, "firmware")["version"]
    if version == "1.1.2":
        hook(client, device, "start_session", {"kind": "client"})
    return {"firmware": firmware, **told(client, server, "outcome", NAMES)}


@contextmanager
def served(path: Path, tls: ssl.SSLContext | None) -> Iterator[str]:
    """A content server that has the package; its address."""
    with HttpServer(lambda request: server.handle(request), tls=tls) as http:
        server = ContentServer(http.url, lambda event: None)
        yield server.publish("good.pkg", FileSource(path), TYPE)


def test_a_message_of_the_grid_is_one(package: Path) -> None:
    """The transcript holds what was sent, so that the rules have something to look at."""
    made = Written("1.2", "wbxml", "md5", package)
    f4(made)
    assert all(decode(event.octets, "").encoding == "wbxml" for event in made.events)
    assert len(made.events) == len(made.exchanged)
