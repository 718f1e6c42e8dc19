"""Hostile input by the thousand: every outcome is an answer of the protocol or a clean refusal, in bounded time and memory."""

from __future__ import annotations

import gc
import random
import tracemalloc
from pathlib import Path

import pytest
from devicebench import ROOT, Bench, atomic, get, run, sequence, set_
from mutation import mutated, rounds
from peertable import DEVICE, DM_URL, Table
from syncml_trees import VALID, everything, vector

from conformance.dm.trigger import Notification, TriggerError, build, parse, parse_push
from conformance.harness.cases import load_cases
from conformance.harness.embedded import embedded_iut
from conformance.harness.iut import load_iut
from conformance.harness.places import testcases as own_cases
from conformance.harness.play import judge_again
from conformance.harness.run import Options, Run
from conformance.judge.finding import ERROR
from conformance.peers.adapters import ServerAdapter
from conformance.peers.device import Device
from conformance.peers.server import MAX_TALKS
from conformance.syncml.codec import decode, encode, pretty
from conformance.syncml.element import SyntaxFault
from conformance.syncml.model import Alert, Chal, Cred, Header, Item, Message, Status
from conformance.syncml.wbxml import decode_wbxml
from conformance.syncml.xmlcodec import decode_xml
from conformance.transport.exchange import Request, Response

pytestmark = pytest.mark.long

WBXML = [vector(name) for name in VALID] + [encode(everything(), "wbxml")]


def _xml_seeds() -> list[bytes]:
    seeds = [encode(everything(), "xml")]
    for octets in WBXML:
        try:
            seeds.append(encode(decode(octets).message, "xml"))
        except (SyntaxFault, ValueError):
            continue  # a TNDS document, or octets that XML cannot carry
    return seeds


# -- codecs --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["wbxml", "xml"])
def test_spoilt_messages_are_read_or_refused_and_leave_nothing_behind(encoding: str) -> None:
    seeds = WBXML if encoding == "wbxml" else _xml_seeds()
    rng, outcomes = random.Random(f"codec {encoding}"), {"read": 0, "refused": 0}
    left = []
    tracemalloc.start()
    try:
        for _half in range(2):
            for _ in range(rounds(20_000, 3_000) // 2):
                octets = mutated(rng, rng.choice(seeds), seeds)
                try:
                    (decode_wbxml if encoding == "wbxml" else decode_xml)(octets)
                    outcomes["read"] += 1
                except SyntaxFault as fault:
                    assert fault.reason and (fault.offset is None or 0 <= fault.offset <= len(octets)), octets.hex()
                    outcomes["refused"] += 1
            gc.collect()
            left.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert min(outcomes.values()) > 0.05 * sum(outcomes.values())
    assert left[1] - left[0] < 256 * 1024


def test_whatever_is_read_can_be_shown_and_written_again() -> None:
    rng, seeds = random.Random("shown"), WBXML + _xml_seeds()
    for _ in range(rounds(6_000, 800)):
        octets = mutated(rng, rng.choice(seeds), seeds)
        assert pretty(octets)
        try:
            message = decode(octets).message
        except SyntaxFault:
            continue
        assert decode(encode(message, "wbxml")).message.header.msg_id == message.header.msg_id


# -- the device ----------------------------------------------------------------------------------------------------------


class _Hostile(Bench):
    """A server of which every other answer is spoilt."""

    def __init__(self, rng: random.Random, encoding: str, authentication: str) -> None:
        super().__init__(encoding=encoding, authentication=authentication, install_seconds=0.0)
        self.rng, self.seen, self.spoils = rng, [b"<SyncML/>"], True

    def answer(self, request: Request) -> Response:
        try:
            response = super().answer(request)
        except SyntaxFault:
            return Response(400)
        if not self.spoils or not response.body:
            return response
        self.seen = [*self.seen[-20:], response.body]
        if self.rng.random() < 0.3:
            return response
        if self.rng.random() < 0.1:
            return Response(200, response.headers, self.rng.choice(self.seen))  # an earlier one once more
        return Response(200, response.headers, mutated(self.rng, response.body, self.seen))


@pytest.mark.parametrize(("encoding", "authentication"), [("xml", "none"), ("wbxml", "none"), ("wbxml", "md5")])
def test_a_device_outlives_a_server_that_talks_nonsense(encoding: str, authentication: str) -> None:
    bench = _Hostile(random.Random(f"device {encoding} {authentication}"), encoding, authentication)
    url = f"{ROOT}/DownloadAndUpdate/PkgURL"
    for _ in range(rounds(1_500, 60)):
        bench.play(
            [get("./DevInfo/DevId?list=StructData"), set_(url, "http://content.example/x")],
            [sequence(set_(url, "a"), get(url)), atomic(set_(url, "b"), get("./DevDetail"))],
            [run(f"{ROOT}/DownloadAndUpdate", "c")], seconds=5,
        )  # fmt: skip
        assert len(bench.log) < 400, "the session does not end"
        bench.log.clear()
        bench.fetches.clear()
    bench.spoils = False
    bench.settle(4 * 24 * 3600.0)
    bench.device.verb("reset", {}, bench.at)
    fresh = Bench(encoding=encoding, authentication=authentication)
    fresh.device = bench.device
    fresh.at = bench.at
    assert fresh.value("./DevInfo/DevId") == fresh.profile.device_id


def test_a_device_that_is_challenged_without_end_gives_up() -> None:
    bench = Bench(authentication="md5")

    def challenge(request: Request) -> Response:
        header = decode(request.body).message.header
        status = Status("1", msg_ref=header.msg_id, cmd_ref="0", cmd="SyncHdr", data="401",
                        chal=Chal("syncml:auth-md5", "b64", "bm9uY2U="))  # fmt: skip
        answer = Message(Header(session_id=header.session_id, msg_id=header.msg_id, target=header.source), [status], True)
        asked.append(header.msg_id)
        return Response(200, [("Content-Type", "application/vnd.syncml.dm+xml")], encode(answer, "xml"))

    asked: list[str | None] = []
    bench.respond = challenge
    bench.play()
    assert 2 <= len(asked) <= 20


@pytest.mark.parametrize("reference", ["0", "7", "-1", "", "A" * 5000, None])
def test_a_device_does_not_care_for_references_to_nothing(reference: str | None) -> None:
    bench = Bench(authentication="none")

    def answer(request: Request) -> Response:
        header = decode(request.body).message.header
        commands = [
            Status("1", msg_ref=header.msg_id, cmd_ref="0", cmd="SyncHdr", data="200"),
            Status("2", msg_ref=reference, cmd_ref=reference, cmd="Alert", data="200"),
            Status(reference, msg_ref=reference, cmd_ref=reference, cmd=reference, data=reference),
        ]
        message = Message(Header(session_id=header.session_id, msg_id=reference, target=header.source), list(commands), True)
        return Response(200, [("Content-Type", "application/vnd.syncml.dm+xml")], encode(message, "xml"))

    bench.respond = answer
    bench.play()
    bench.respond = lambda request: None
    assert bench.value("./DevInfo/DevId") == bench.profile.device_id


def test_datagrams_of_every_length_do_nothing() -> None:
    rng, device = random.Random("datagrams"), Device(Bench().profile)
    good = build(Notification(session_id=7, server_id="com.example.dm"), "s3rver", b"nonce")
    for length in range(301):
        for octets in (bytes(length), rng.randbytes(length), (good * 12)[:length], mutated(rng, good, [good])[:length]):
            device.trigger(octets, 0.0)
            for reader in (parse, parse_push):
                try:
                    reader(octets)
                except TriggerError as fault:
                    assert str(fault)
    assert device.poll(0.0) is None
    device.verb("start_session", {"kind": "client"}, 0.0)
    assert device.poll(0.0) is not None


# -- the server ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["xml", "wbxml"])
@pytest.mark.parametrize("authentication", ["none", "md5"])
def test_a_server_outlives_devices_that_talk_nonsense(encoding: str, authentication: str) -> None:
    rng, bodies = random.Random(f"server {encoding} {authentication}"), [b"<SyncML/>"]
    table = Table(encoding, authentication)
    server: ServerAdapter = table.server
    table.campaign("download-and-update", package={"url": "http://content.example/x"})
    reply = server.exchange

    def talk(body: bytes, at: float) -> tuple[bytes, dict[str, str]]:
        kind = f"application/vnd.syncml.dm+{encoding}"
        answered, headers, _ = reply(body, {":method": "POST", ":url": DM_URL, "content-type": kind}, at)
        return answered or b"", dict(headers)

    codes = set()
    for number in range(rounds(5_000, 300)):
        if number % 5 == 0:
            table.device.call("start_session", {"kind": "client"})
        octets, headers, _ = table.device.exchange(None, {}, float(number))
        if octets and headers.get(":url", "").startswith(DM_URL):
            bodies = [*bodies[-20:], octets]
        answered, headers = talk(mutated(rng, rng.choice(bodies), bodies), float(number))
        codes.add(headers[":status"])
        assert headers[":status"] in ("200", "400", "413")
        if headers[":status"] == "200" and answered:
            message = decode(answered).message
            assert message.header_status() is not None
            body, told = talk(bodies[-1], float(number))
            table.device.exchange(body, told, float(number))
    assert codes == {"200", "400"}
    assert len(server.server._talks) <= MAX_TALKS


def test_a_server_does_not_go_on_with_a_device_that_never_shows_the_right_credentials() -> None:
    table = Table("xml", "md5")
    for number in range(1, 40):
        header = Header(session_id="5", msg_id=str(number), target=DM_URL, source=DEVICE, source_name="dev-0001",
                        cred=Cred("syncml:auth-md5", "b64", "AAAAAAAAAAAAAAAAAAAAAA=="))  # fmt: skip
        info = [Item(source="./DevInfo/DevId", data=DEVICE)]
        message = Message(header, [Alert("1", data="1201", items=info)], True)
        kind = {":method": "POST", ":url": DM_URL, "content-type": "application/vnd.syncml.dm+xml"}
        body, headers, _ = table.server.exchange(encode(message, "xml"), kind, 0.0)
        assert headers[":status"] in ("200", "400")
        if headers[":status"] == "200" and body:
            answer = decode(body).message
            assert (answer.header_status() or Status()).data in ("401", "407")
            assert all(isinstance(command, Status) for command in answer.commands)


# -- the suite itself ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "adapter"), [("client", "FuzzingDevice"), ("server", "FuzzingServer")])
def test_a_peer_that_talks_nonsense_costs_its_case_only(role: str, adapter: str, tmp_path: Path) -> None:
    iut = embedded_iut(tmp_path / "iut", role, f"fuzzpeers:{adapter}")
    bench = Run([load_iut(iut)], Options(tmp_path))
    chosen = [each for each in bench.selector(bench.iuts[0]).choose(load_cases(own_cases())) if each.selected]
    step = max(1, len(chosen) // rounds(400, 60))
    verdicts = set()
    try:
        for each in chosen[::step]:
            line = bench.do(each)
            verdicts.add(line["verdict"])
            assert "the suite failed" not in line["reason"] and "judging failed" not in line["reason"], line
            assert line["verdict"] != ERROR or "came from" in line["reason"], line["reason"]
            again = judge_again(tmp_path / line["evidence"], bench.terms)[1]
            assert [finding.as_dict() for finding in again.findings] == line["findings"]
    finally:
        bench.close()
    assert "fail" in verdicts
