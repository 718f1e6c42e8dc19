"""The reference peers as processes: over sockets, steered by their hooks, stopped in every way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conformance.download.content import ContentServer
from conformance.download.source import FileSource, PatternSource
from conformance.fumo.package import TYPE, Manifest, build, public_key
from conformance.peers.standalone import (
    DeviceOptions,
    ServerOptions,
    device_process,
    read_key,
    run_device,
    run_server,
    server_process,
)
from conformance.peers.statefile import StateFile
from conformance.transport.client import HttpClient
from conformance.transport.exchange import Reply, Request, Response
from conformance.transport.server import HttpServer

DEVICE, ROOT = "urn:imei:490154203237518", "./FwUpdate/Main"
NAMES = {"device_id": DEVICE, "object": ROOT}


@pytest.fixture
def client() -> Iterator[HttpClient]:
    client = HttpClient(connect=5, read=30)
    yield client
    client.close()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "good.pkg"
    build(path, Manifest("Reference", "1.0", "2.0"), PatternSource(300_000))
    return path


@contextmanager
def content(path: Path) -> Iterator[str]:
    with HttpServer(lambda request: server.handle(request)) as http:
        server = ContentServer(http.url, lambda event: None)
        yield server.publish("good.pkg", FileSource(path), TYPE)


def hook(client: HttpClient, url: str, verb: str, given: Any = None) -> Response:
    return client.send(Request("POST", f"{url}/{verb}", [], json.dumps(given or {}).encode()))


def told(client: HttpClient, url: str, verb: str, given: Any = None) -> dict[str, Any]:
    response = hook(client, url, verb, given)
    assert response.status == 200, (verb, response)
    answer: dict[str, Any] = json.loads(response.body)
    return answer


def eventually(ask: Any, wanted: Any, seconds: float = 20.0) -> Any:
    """Asks until the answer holds what is wanted."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        answer = ask()
        if all(answer.get(key) == value for key, value in wanted.items()):
            return answer
        assert time.monotonic() < deadline, answer
        pause.wait(0.02)


@contextmanager
def pair(folder: Path, **options: Any) -> Iterator[tuple[str, str]]:
    """Device and server in this process, but over sockets; gives the addresses of their hooks."""
    server = server_process(ServerOptions(folder / "server", seed=1))
    device = device_process(
        DeviceOptions(server.profile.url, folder / "device", notify_port=0, install_seconds=0.05, seed=2, **options)
    )
    try:
        server.start()
        device.start()
        assert server.hook is not None and device.hook is not None
        given = json.loads(json.dumps(server.profile.devices[0]))
        server.call("enrol", {**given, "notify": f"udp://127.0.0.1:{device.notify_port}"})
        yield device.hook.url, server.hook.url
    finally:
        device.close()
        server.close()


@pytest.mark.parametrize(("way", "encoding"), [("download", "xml"), ("replace", "wbxml"), ("download-and-update", "xml")])
def test_update_over_sockets(way: str, encoding: str, tmp_path: Path, package: Path, client: HttpClient) -> None:
    with content(package) as url, pair(tmp_path, encoding=encoding) as (device, server):
        given = {**NAMES, "way": way, "package": {"url": url, "type": TYPE}, "notify": True}
        told(client, server, "campaign", given)
        eventually(lambda: told(client, server, "outcome", NAMES), {"status": "succeeded", "result": 200})
        assert told(client, device, "firmware") == {"version": "2.0"}
        assert told(client, device, "idle", {"wait": 10}) == {"idle": True}
        assert told(client, server, "idle", {"wait": 10}) == {"idle": True}


def test_package_published_by_the_server(tmp_path: Path, package: Path, client: HttpClient) -> None:
    with pair(tmp_path) as (device, server):
        given = {"url": "http://127.0.0.1:9/nowhere", "path": str(package), "type": TYPE}
        told(client, server, "campaign", {**NAMES, "way": "download-and-update", "package": given, "host": "server"})
        eventually(lambda: told(client, server, "outcome", NAMES), {"status": "succeeded"})
        assert told(client, device, "firmware") == {"version": "2.0"}


def test_user_request_over_the_hook(tmp_path: Path, client: HttpClient) -> None:
    with pair(tmp_path) as (device, server):
        told(client, device, "start_session", {"kind": "user-request"})
        assert told(client, device, "idle", {"wait": 10}) == {"idle": True}
        assert told(client, server, "outcome", NAMES)["status"] == "none"


def test_reset_breaks_a_hanging_request_off(tmp_path: Path, client: HttpClient) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def hang(request: Request) -> Any:
        asked.set()
        go_on.wait(20)
        raise ConnectionError("nobody waits any more")

    with HttpServer(hang) as deaf:
        device = device_process(DeviceOptions(deaf.url, tmp_path, notify_port=None, seed=1))
        device.start()
        try:
            device.call("start_session", {"kind": "client"})
            assert asked.wait(10)
            assert device.call("idle", {"wait": 0}) == {"idle": False}
            device.call("reset", {})
            assert device.call("idle", {"wait": 10}) == {"idle": True}
        finally:
            device.close()
            go_on.set()


# ---- the hook ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "given", "status"),
    [
        ("no-such-verb", {}, 501), ("campaign", {**NAMES, "way": "by-pigeon"}, 501), ("campaign", {**NAMES}, 501),
        ("advance", {"seconds": -1}, 501), ("advance", {"seconds": "soon"}, 501), ("configure", {"encoding": "json"}, 501),
        ("campaign", {**NAMES, "device_id": "nobody", "way": "download", "package": {"url": "http://x/"}}, 501),
        ("outcome", NAMES, 200), ("advance", {"seconds": 5, "unknown": True}, 200), ("outcome", [], 400),
    ],
)  # fmt: skip
def test_hook_of_the_server(verb: str, given: Any, status: int, tmp_path: Path, client: HttpClient) -> None:
    server = server_process(ServerOptions(tmp_path, seed=1))
    server.start()
    try:
        assert server.hook is not None
        response = client.send(Request("POST", f"{server.hook.url}/{verb}", [], json.dumps(given).encode()))
        assert response.status == status
        assert status == 200 or response.body.count(b"\n") == 1
        assert client.send(Request("POST", f"{server.hook.url}/{verb}", [], b"{")).status == 400
        assert client.send(Request("GET", f"{server.hook.url}/{verb}", [])).status == 405
    finally:
        server.close()


def test_hook_of_the_device_says_what_it_cannot(tmp_path: Path, client: HttpClient) -> None:
    device = device_process(DeviceOptions("http://127.0.0.1:9/dm", tmp_path, notify_port=None))
    device.start()
    try:
        assert device.hook is not None
        assert hook(client, device.hook.url, "no-such-verb").status == 501
        assert hook(client, device.hook.url, "condition", {"name": "nonsense", "on": True}).status == 501
        assert told(client, device.hook.url, "firmware") == {"version": "1.0"}
    finally:
        device.close()


# ---- memory --------------------------------------------------------------------------------------------------------


def test_state_file_survives_and_keeps_packages(tmp_path: Path) -> None:
    memory = StateFile(tmp_path)
    assert memory.read() is None
    source = PatternSource(1000, 4)
    memory.keep({"one": source, "two": PatternSource(10)})
    memory.write('{"a": 1}')
    again = StateFile(tmp_path)
    assert again.read() == {"a": 1}
    assert again.packages()["one"].read(0, 2000) == source.read(0, 2000)
    again.drop({"one": source})
    assert set(again.packages()) == {"one"}
    (tmp_path / "state.json").write_text("[1", encoding="utf-8")
    with pytest.raises(ValueError, match="Expecting"):
        StateFile(tmp_path).read()


def test_options_without_sense_are_said_and_end_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_device(DeviceOptions("http://127.0.0.1:9/dm", tmp_path, encoding="json", notify_port=None)) == 2
    assert "json" in capsys.readouterr().err
    assert run_server(ServerOptions(tmp_path, deviations=("no-such-thing",))) == 2
    assert "no-such-thing" in capsys.readouterr().err


def test_keys_are_read_raw_as_base64_and_pem(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from conformance.fumo.package import private_key

    raw = public_key()
    pem = private_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    import base64

    for octets in (raw, base64.b64encode(raw) + b"\n", pem):
        path = tmp_path / "key"
        path.write_bytes(octets)
        assert read_key(path) == raw
    (tmp_path / "key").write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match="not a"):
        read_key(tmp_path / "key")


# ---- real processes ------------------------------------------------------------------------------------------------

PROGRAM = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from conformance.peers.standalone import DeviceOptions, ServerOptions, run_device, run_server

    kind, folder, *rest = sys.argv[1:]
    if kind == "server":
        sys.exit(run_server(ServerOptions(Path(folder), port=int(rest[0]), hook_port=int(rest[1]))))
    sys.exit(run_device(DeviceOptions(rest[0], Path(folder), notify_port=0, install_seconds=0.05)))
    """
)


class Peer:
    """One of the peers as a process."""

    def __init__(self, *arguments: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments], stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        words = self.line.replace(",", " ").split()
        self.hook = words[words.index("hook") + 1]
        self.url = words[2]
        self.notify = f"udp://127.0.0.1:{words[-1]}"

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        try:
            return self.process.wait(15)
        finally:
            assert self.process.stdout is not None
            self.process.stdout.close()


def test_two_processes_update_and_survive_being_killed(tmp_path: Path, package: Path, client: HttpClient) -> None:
    server = Peer("server", str(tmp_path / "server"), "0", "0")
    device = Peer("device", str(tmp_path / "device"), server.url)
    peers = [server, device]
    try:
        with content(package) as url:
            told(client, server.hook, "campaign", {**NAMES, "way": "download", "package": {"url": url}, "notify": False})
            told(client, device.hook, "start_session", {"kind": "client"})
            assert told(client, device.hook, "idle", {"wait": 15}) == {"idle": True}
        eventually(lambda: told(client, server.hook, "outcome", NAMES), {"status": "succeeded", "operation": "update"})
        assert told(client, device.hook, "firmware") == {"version": "2.0"}
        device.stop(signal.SIGKILL)
        port = server.url.rsplit(":", 1)[1].split("/")[0]
        server.stop(signal.SIGKILL)
        server = Peer("server", str(tmp_path / "server"), port, "0")
        device = Peer("device", str(tmp_path / "device"), server.url)
        peers += [server, device]
        assert told(client, device.hook, "firmware") == {"version": "2.0"}
        assert told(client, server.hook, "outcome", NAMES)["status"] == "succeeded"
        told(client, device.hook, "start_session", {"kind": "client"})
        assert told(client, device.hook, "idle", {"wait": 15}) == {"idle": True}
        assert [peer.stop() for peer in (device, server)] == [0, 0]
    finally:
        for peer in peers:
            if peer.process.poll() is None:
                peer.stop(signal.SIGKILL)


def test_a_report_outlives_both_processes(tmp_path: Path, package: Path, client: HttpClient) -> None:
    """The server is gone while the device installs; then the device is killed with the report still in its memory."""
    asked, go_on = threading.Event(), threading.Event()

    def slow(request: Request) -> Reply:
        asked.set()
        go_on.wait(30)
        return Reply(200, [("Content-Type", TYPE)], package.read_bytes())

    server = Peer("server", str(tmp_path / "server"), "0", "0")
    device = Peer("device", str(tmp_path / "device"), server.url)
    peers = [server, device]
    try:
        with HttpServer(slow) as http:
            given = {**NAMES, "way": "download-and-update", "package": {"url": f"{http.url}p"}, "notify": False}
            name = told(client, server.hook, "campaign", given)["id"]
            told(client, device.hook, "start_session", {"kind": "client"})
            assert asked.wait(15)
            eventually(lambda: told(client, server.hook, "outcome", NAMES), {"status": "running"})
            server.stop(signal.SIGKILL)
            go_on.set()
            eventually(lambda: told(client, device.hook, "firmware"), {"version": "2.0"})
        device.stop(signal.SIGKILL)
        server = Peer("server", str(tmp_path / "server"), server.url.rsplit(":", 1)[1].split("/")[0], "0")
        peers.append(server)
        assert told(client, server.hook, "outcome", NAMES)["status"] == "running"
        device = Peer("device", str(tmp_path / "device"), server.url)
        peers.append(device)
        wish = {**NAMES, "id": name}
        eventually(lambda: told(client, server.hook, "outcome", wish), {"status": "succeeded", "result": 200})
    finally:
        go_on.set()
        for peer in peers:
            if peer.process.poll() is None:
                peer.stop(signal.SIGKILL)
