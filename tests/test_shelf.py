"""Packages on the content server, the link to a device in the suite's own process, and commands made of steps."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from strangerruns import iut_file

from conformance.dm.credentials import Account, Verifier
from conformance.dm.serversession import PeerKeys, ServerSession, ServerSettings
from conformance.harness import outcome
from conformance.harness.clock import Clock, VirtualClock
from conformance.harness.commands import prepare
from conformance.harness.iut import load_iut
from conformance.harness.link import InProcessDevice, Spinning
from conformance.harness.masking import Masker
from conformance.harness.recorder import Recorder
from conformance.harness.shelf import Corrupted, Shelf
from conformance.syncml.model import Atomic, Exec, Get, Replace
from conformance.transport.exchange import Fault, Reply, Request


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    made = Shelf(load_iut(iut_file(tmp_path, hook=["none"])), lambda: Recorder(tmp_path / "evidence", Clock(), Masker()))
    made.serve_at("http://content/")
    return made


def body(reply: Reply) -> bytes:
    return reply.body if isinstance(reply.body, bytes) else reply.body.read(0, reply.body.size)


def test_each_case_has_addresses_of_its_own(shelf: Shelf, tmp_path: Path) -> None:
    first, second = shelf.begin(), shelf.begin()
    assert first["url:good"] != second["url:good"]
    assert shelf.handle(Request("GET", first["url:good"])).status == 404
    octets = (tmp_path / "a.bin").read_bytes()
    assert body(shelf.handle(Request("GET", second["url:good"]))) == octets
    assert (second["size:good"], second["digest:good"]) == (str(len(octets)), hashlib.sha256(octets).hexdigest())
    assert (second["from:good"], second["to:good"]) == ("1.0", "2.0")
    assert second["url:good"].encode() in body(shelf.handle(Request("GET", second["descriptor:good"])))


def test_the_package_is_the_one_for_the_firmware_that_runs(shelf: Shelf) -> None:
    shelf.firmware = "2.0"
    assert (shelf.package("good").from_, shelf.begin()["to:good"]) == ("2.0", "1.0")
    shelf.firmware = "9"
    assert shelf.package("good").from_ == "1.0"
    with pytest.raises(outcome.Stop) as stop:
        shelf.package("bad-signature")
    assert (stop.value.verdict, stop.value.cause) == ("not-applicable", "package")


def test_a_corrupted_package_differs_in_a_few_octets_however_it_is_read(shelf: Shelf) -> None:
    good, bad = shelf.source("good"), shelf.source("corrupted")
    assert isinstance(bad, Corrupted)
    before, after = good.read(0, good.size), bad.read(0, bad.size)
    assert len(before) == len(after)
    assert 1 <= sum(a != b for a, b in zip(before, after, strict=True)) <= 3
    assert b"".join(bad.read(at, 7) for at in range(0, bad.size, 7)) == after
    places = shelf.begin()
    assert places["digest:corrupted"] == hashlib.sha256(after).hexdigest() != places["digest:good"]


def test_a_fault_of_the_content_server_and_its_end(shelf: Shelf) -> None:
    url = shelf.begin()["url:good"]
    shelf.fault({"at": url, "fault": "status", "status": 503, "times": 1})
    assert [shelf.handle(Request("GET", url)).status for _ in range(2)] == [503, 200]
    shelf.fault({"at": url, "fault": "cut", "fraction": "50%"})
    fault = shelf.handle(Request("GET", url)).fault
    assert fault is not None
    assert (fault.kind, fault.after) == ("cut", int(shelf.source("good").size / 2))
    shelf.fault({"at": url, "fault": "none"})
    assert shelf.handle(Request("GET", url)).fault is None


def test_the_shelf_knows_what_is_still_being_fetched(shelf: Shelf) -> None:
    reply = shelf.handle(Request("GET", shelf.begin()["url:good"]))
    assert shelf.busy()
    assert reply.done is not None
    reply.done(5, "reset")
    assert not shelf.busy()


# -- a device in the suite's own process


class Adapter:
    """Says what it was told to say."""

    def __init__(self, *says: tuple[bytes | None, dict[str, str], float | None]) -> None:
        self.says = list(says)
        self.heard: list[dict[str, str]] = []

    def exchange(self, octets: bytes | None, headers: dict[str, str], at: float) -> Any:
        self.heard.append({**headers, "at": str(at), "body": (octets or b"").decode()})
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]


QUIET: tuple[bytes | None, dict[str, str], float | None] = (None, {}, None)


def link(*says: Any, content: Any = None) -> tuple[InProcessDevice, Adapter, VirtualClock]:
    adapter, clock = Adapter(*says), VirtualClock()
    return InProcessDevice(adapter, clock, content or (lambda request: Reply(200, [], b"body"))), adapter, clock


def test_time_passes_at_once_and_no_further_than_asked() -> None:
    device, _, clock = link(QUIET)
    assert device.next(30.0) is None
    assert clock.now() == 30.0
    device, _, clock = link((None, {}, 5.0), (b"hello", {":url": "http://suite.example/dm"}, None))
    incoming = device.next(30.0)
    assert incoming is not None
    assert (incoming.request.method, incoming.request.body, clock.now()) == ("POST", b"hello", 5.0)


def test_a_device_that_never_lets_time_pass_is_spinning() -> None:
    device, _, _ = link((None, {}, 0.0))
    with pytest.raises(Spinning, match="10,000 times without time passing"):
        device.next(1.0)
    device, _, _ = link((b"", {":url": "http://content.example/x", ":method": "GET"}, None))
    with pytest.raises(Spinning):
        device.next(1.0)


@pytest.mark.parametrize(
    ("url", "fault", "heard"),
    [
        ("http://content.example/x", None, {":status": "200", "body": "body"}),
        ("http://content.example/x", Fault("cut", after=2), {":error": "closed", "body": "bo"}),
        ("http://content.example/x", Fault("silent"), {":error": "timeout", "body": ""}),
        ("http://content.example/x", Fault("surplus"), {":status": "200", "body": "body" + "\0" * 16}),
        ("http://refused.example/x", None, {":error": "refused"}),
        ("http://elsewhere.example/x", None, {":error": "unresolved"}),
    ],
)
def test_how_content_reaches_a_device_in_process(url: str, fault: Fault | None, heard: dict[str, str]) -> None:
    device, adapter, _ = link(
        (b"", {":url": url, ":method": "GET"}, None), QUIET, content=lambda request: Reply(200, [], b"body", fault)
    )
    assert device.next(1.0) is None
    assert heard.items() <= adapter.heard[1].items()


def test_a_reply_is_given_once() -> None:
    device, adapter, _ = link((b"hi", {":url": "http://suite.example/dm"}, None), QUIET)
    incoming = device.next(1.0)
    assert incoming is not None
    incoming.reply(Reply(200, [], b"one"))
    incoming.reply(Reply(200, [], b"two"))
    assert [call["body"] for call in adapter.heard] == ["", "one"]


# -- commands


def session(max_obj: int | None = None, max_msg: int | None = None, encoding: str = "xml") -> ServerSession:
    keys = PeerKeys("none", Verifier(Account("a", "b")), Account("c", "d"))
    made = ServerSession(ServerSettings("s", "http://x/dm"), keys)
    made.peer_max_obj, made.peer_max_msg, made.encoding = max_obj, max_msg, encoding
    return made


def test_steps_become_commands(shelf: Shelf) -> None:
    made = prepare({"get": {"nodes": ["./A", "./B"]}}, shelf, session()).commands[0]
    assert isinstance(made, Get)
    assert [item.target for item in made.items] == ["./A", "./B"]
    made = prepare({"exec": {"node": "./F/X", "correlator": "c1", "data": 5}}, shelf, session()).commands[0]
    assert isinstance(made, Exec)
    assert (made.items[0].target, made.correlator, made.items[0].data) == ("./F/X", "c1", "5")
    step = {"atomic": [{"exec": "./F/X"}, {"replace": {"node": "./A", "data": "x", "format": "int"}}]}
    prepared = prepare(step, shelf, session())
    assert [type(command) for command in prepared.flat] == [Atomic, Exec, Replace]
    assert prepared.steps == [step, *step["atomic"]]
    together = prepare({"together": [{"get": "./A"}, {"delete": "./B"}]}, shelf, session())
    assert [command.name for command in together.commands] == ["Get", "Delete"]


@pytest.mark.parametrize(("encoding", "form"), [("xml", "b64"), ("wbxml", "bin")])
def test_a_package_goes_in_one_message_or_in_chunks(shelf: Shelf, encoding: str, form: str) -> None:
    step = {"replace": {"node": "./F/D", "package": "good"}}
    octets = shelf.source("good").read(0, 1 << 20)
    size = len(octets) if encoding == "wbxml" else (len(octets) + 2) // 3 * 4
    whole = prepare(step, shelf, session(encoding=encoding))
    assert whole.large is None
    assert whole.commands[0].meta is not None
    assert whole.commands[0].meta.format == form
    assert len(whole.commands[0].items[0].data or "") == size
    assert prepare(step, shelf, session(max_msg=3000, encoding=encoding)).large is not None
    assert prepare(step, shelf, session(max_obj=size, encoding=encoding)).commands
    with pytest.raises(outcome.Stop) as stop:
        prepare(step, shelf, session(max_obj=size - 1, encoding=encoding))
    assert (stop.value.verdict, stop.value.cause) == ("not-applicable", "package")
    assert "(MaxObjSize)" in stop.value.reason
