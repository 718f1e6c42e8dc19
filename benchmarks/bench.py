"""Speed as ratios within one run, so that a slow machine changes nothing. Prints; asserts nothing.

    python benchmarks/bench.py

1. Exchanges per second of a played case, over the bare HTTP round trip of the same bodies on the same kind of sockets.
2. Decoding and encoding of messages of 300 to 600 octets as WBXML, over lxml parsing the same message as XML.
3. Cost of a permutation when many were played before it.
4. A session of 20 exchanges between the engines, over decoding and encoding its messages alone; and what one exchange
   costs in a session ten and a hundred times as long, and one piece in a large object of ten times as many pieces.
5. Cost of a permutation in a whole run, reports included, over that of an empty item of pytest.
6. Where the time of a permutation goes: parts of it, over the whole.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lxml import etree

from conformance.dm import clientsession, serversession
from conformance.dm.credentials import Verifier
from conformance.dm.largeobject import Splitter
from conformance.dm.serversession import PeerKeys, ServerSession, ServerSettings
from conformance.download.source import PatternSource
from conformance.harness import clientsessions, conversation, play
from conformance.harness.cases import load_cases
from conformance.harness.embedded import embedded_iut
from conformance.harness.iut import load_iut
from conformance.harness.masking import Masker
from conformance.harness.places import testcases
from conformance.harness.recorder import Recorder
from conformance.harness.run import Options, Run
from conformance.harness.selection import Chosen
from conformance.peers.device import DM, Device
from conformance.peers.profile import DeviceProfile
from conformance.syncml.codec import decode, encode
from conformance.syncml.model import Alert, Command, Cred, Get, Header, Item, Message, Meta, Replace
from conformance.syncml.wbxml import decode_wbxml, encode_wbxml
from conformance.syncml.xmlcodec import decode_xml, encode_xml
from conformance.transcript import load
from conformance.transport.client import HttpClient
from conformance.transport.exchange import Reply, Request, Response
from conformance.transport.server import HttpServer

CASE = "client/flows/download-and-update/plain"
FIRST = {"client": "nodes/sanity/first", "server": "alerts/sanity/first"}
"""A case that is played alone to learn what the start of a run takes."""
PARTS = (
    ("decoding", clientsession, "decode"), ("decoding", clientsessions, "decode"), ("decoding", conversation, "decode"),
    ("encoding", clientsession, "encode"), ("encoding", serversession, "encode"), ("masking", Masker, "masked"),
    ("masking", Masker, "value"), ("judging", play, "judge"), ("writing the evidence", Recorder, "write"),
)
"""What :func:`shares` measures: the name of a part, and where the function is that does it."""


def best(work: Callable[[], object], times: int = 5) -> float:
    """Seconds of the fastest of several goes."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def again(work: Callable[[], object], times: int = 2000) -> float:
    """Seconds that one go takes, of many in a row."""

    def loop() -> None:
        for _ in range(times):
            work()

    return best(loop) / times


def in_process(folder: Path) -> tuple[Run, list[Chosen]]:
    """A run against the reference device in this process, and what it may play."""
    iut = embedded_iut(folder / "iut", "client", "conformance.peers.adapters:DeviceAdapter")
    run = Run([load_iut(iut)], Options(folder))
    return run, [chosen for chosen in run.selector(run.iuts[0]).choose(load_cases(testcases())) if chosen.selected]


def sessions_over_sockets(folder: Path) -> None:
    """Ratio 1: the same messages, played and judged by the suite, and as bare round trips."""
    iut_path = embedded_iut(folder / "iut", "client", "conformance.peers.adapters:DeviceAdapter")
    text = iut_path.read_text(encoding="utf-8")
    text = text.replace("adapter: conformance.peers.adapters:DeviceAdapter", "adapter: socketpeer:SocketAdapter")
    iut_path.write_text(text, encoding="utf-8")
    (iut_path.parent / "socketpeer.py").write_text(Path(__file__).read_text(encoding="utf-8"), encoding="utf-8")
    run = Run([load_iut(iut_path)], Options(folder))
    chosen = next(c for c in run.selector(run.iuts[0]).choose(load_cases(testcases())) if c.permutation.case.id == CASE)
    run.do(chosen)
    played, wire = best(lambda: run.do(chosen), 20), 1e9
    for _ in range(20):
        bodies = load(folder / run.do(chosen)["evidence"]).of("message")
        wire = min(wire, bodies[-1].at - bodies[0].at)
    run.close()
    pairs = [(a.octets, b.octets) for a, b in zip(bodies[::2], bodies[1::2], strict=False)]
    answers = iter(())

    def handle(request: Request) -> Reply:
        return Reply(200, [("Content-Type", "application/vnd.syncml.dm+xml")], next(answers))

    with HttpServer(handle) as server:
        client = HttpClient()

        def bare() -> None:
            nonlocal answers
            answers = iter([answer for _, answer in pairs])
            for body, _ in pairs:
                client.send(Request("POST", server.url, [("Content-Type", "application/vnd.syncml.dm+xml")], body))

        floor = best(bare, 20)
        client.close()
    print(f"bare HTTP: {len(pairs) / floor:.0f} exchanges/s; a played case from its first message to its last: "
          f"{len(pairs) / wire:.0f}/s, ratio {floor / wire:.2f} (goal at least 0.50; it holds a download and an installation); "
          f"with reset, judging and evidence: {len(pairs) / played:.0f}/s, ratio {floor / played:.2f}")


class SocketAdapter:
    """The reference device in a thread of this process, speaking HTTP over sockets."""

    def __init__(self, iut: object, places: dict[str, str]) -> None:
        from conformance.peers.standalonedevice import DeviceProcess

        class Forgetful(DeviceProcess):
            """Without flash memory: what is measured is the suite, not how fast this disk is."""

            def _save(self) -> None:
                pass

        self.folder = tempfile.TemporaryDirectory()
        profile = DeviceProfile(install_seconds=0.0)
        self.process = Forgetful(profile, Path(self.folder.name), hook_port=None, notify_port=None)
        self.process.start()

    def call(self, verb: str, given: dict[str, object]) -> dict[str, object] | None:
        return self.process.call(verb, given)

    def close(self) -> None:
        self.process.close()
        self.folder.cleanup()


def codecs() -> None:
    """Ratio 2. Each tree is dropped before the next is read, as in a session: thousands that are kept are rather a
    measure of the garbage collector."""
    device = Device(DeviceProfile(authentication="md5"))
    device.verb("start_session", {"kind": "user-request"}, 0.0)
    request = device.poll(0.0, DM)
    assert request is not None
    device.receive(Response(0, [], b"", "closed"), 0.0, DM)
    report = Message(
        Header(session_id="2", msg_id="1", target="http://127.0.0.1:8080/dm", source="urn:imei:490154203237518",
               cred=Cred("syncml:auth-md5", "b64", "RnVtb0NvbmZvcm1hbmNlIQ==")),
        [Alert("1", data="1226", correlator="corr-0001", items=[Item(
            source="./FwUpdate/Main", data="200",
            meta=Meta(type="org.openmobilealliance.dm.firmwareupdate.download", format="int", mark="informational"),
        )]), Alert("2", data="1201"), Alert("3", data="1222")], True,
    )  # fmt: skip
    for message in (report, decode(request.body, "").message):
        compare(message)


def compare(message: Message) -> None:
    """Prints ratio 2 for one message."""
    xml, wbxml = encode(message, "xml"), encode(message, "wbxml")
    root = decode_wbxml(wbxml).root
    floor = again(lambda: etree.fromstring(xml))
    figures = ", ".join(f"{name} {again(work) / floor:.1f}" for name, work in {
        "decode": lambda: decode_wbxml(wbxml), "encode": lambda: encode_wbxml(root),
        "decode XML": lambda: decode_xml(xml), "encode XML": lambda: encode_xml(root),
    }.items())  # fmt: skip
    print(f"WBXML of {len(wbxml)} octets ({len(xml)} as XML), times lxml's {floor * 1e6:.1f} us: {figures} "
          f"(goal at most 3 for WBXML)")


def growth(folder: Path) -> None:
    """Ratio 3."""
    run, chosen = in_process(folder)
    few = chosen[:: max(1, len(chosen) // 30)][:30]
    for each in few:
        run.do(each)
    rounds = []
    for _ in range(12):
        start = time.process_time()
        for each in few:
            run.do(each)
        rounds.append((time.process_time() - start) / len(few))
    small, large = min(rounds[:4]), min(rounds[-4:])
    run.close()
    print(f"a permutation costs {small * 1e3:.1f} ms at first, {large * 1e3:.1f} ms after {8 * len(few)} others: "
          f"ratio {large / small:.2f} (goal within 10 %)")


def exchanged(encoding: str, commands: int, octets: int = 0, limit: int = 65536) -> list[bytes]:
    """A session of the engines of both sides in this process: its messages.

    The server sends ``commands`` packages of three Gets, or one object of ``octets`` to a device that takes ``limit``.
    """
    profile = DeviceProfile(authentication="md5", encoding=encoding, max_msg_size=limit)
    keys = PeerKeys("md5", Verifier(profile.client, profile.client_nonce), profile.server, profile.server_nonce)
    device, server = Device(profile), ServerSession(ServerSettings(profile.server_id, profile.server_url), keys)
    device.verb("start_session", {"kind": "client"}, 0.0)
    crossed: list[bytes] = []
    while (request := device.poll(0.0, DM)) is not None:
        headers = {name.lower(): value for name, value in request.headers}
        server.receive(request.body, headers["content-type"], headers)
        wanted: list[Command] = []
        large = None
        if server.may_command and octets:
            node = Item(target="./FwUpdate/Main/Update/PkgData")
            wanted, large, octets = [Replace(items=[node], meta=Meta(format="bin"))], Splitter(PatternSource(octets), "bin"), 0
        elif server.may_command and commands:
            commands -= 1
            wanted = [Get(items=[Item(target=f"./DevInfo/{name}")]) for name in ("DevId", "Man", "Mod")]
        out = server.respond(wanted, large=large)
        crossed += [request.body, out.octets]
        device.receive(Response(200, [("Content-Type", out.media), *out.headers], out.octets), 0.0, DM)
    return crossed


def engines() -> None:
    """Ratio 4."""
    for encoding in ("xml", "wbxml"):
        crossed = exchanged(encoding, 19)
        floor = best(lambda crossed=crossed, encoding=encoding: [encode(decode(each, "").message, encoding) for each in crossed])
        whole = best(lambda encoding=encoding: exchanged(encoding, 19))
        times = {many: best(lambda encoding=encoding, many=many: exchanged(encoding, many), 2) / many for many in (200, 2000)}
        print(f"a session of {len(crossed) // 2} exchanges in {encoding}: {whole / floor:.1f} times the decoding and encoding of its "
              f"messages (goal at most 10); an exchange among 2000 over one among 200: {times[2000] / times[200]:.2f}")
        pieces = {}
        for size in (200_000, 2_000_000):
            count = len(exchanged(encoding, 0, size, 4096)) // 2
            pieces[size] = best(lambda encoding=encoding, size=size: exchanged(encoding, 0, size, 4096), 2) / count
        print(f"a piece of a large object in {encoding}: {pieces[2_000_000] / pieces[200_000]:.2f} times as dear among ten times as many")


def empty_item(folder: Path, several: int = 400) -> float:
    """Seconds of the processor that an empty item of pytest takes; its start is taken off by a run of one."""
    tests = folder / "empty"
    tests.mkdir()
    pytest_ = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tests)]
    for name, number in (("test_one.py", 1), ("test_many.py", several)):
        body = f"import pytest\n@pytest.mark.parametrize('n', range({number}))\ndef test_empty(n): pass\n"
        (tests / name).write_text(body, encoding="utf-8")
    one, many = (spent([*pytest_, str(tests / name)]) for name in ("test_one.py", "test_many.py"))
    return (many - one) / (several - 1)


def permutation(folder: Path, role: str, *select: str) -> tuple[float, int]:
    """Seconds of the processor that a permutation takes in a whole run, its evidence and all reports included, and how
    many there were. The start is taken off in the same way. ``select``: of which cases; all where there are none."""
    suite = [sys.executable, "-m", "conformance.cli", "run", "--role", role]
    chosen = [word for pattern in select for word in ("--select", pattern)]
    one = spent([*suite, "--select", f"{role}/{FIRST[role]}", "--output", str(folder / f"{role}-one")])
    all_ = spent([*suite, *chosen, "--output", str(folder / f"{role}-all")])
    record = (folder / f"{role}-all/results.ndjson").read_bytes()
    played = sum(b'"type":"result"' in line and b'"evidence":""' not in line for line in record.splitlines())
    return (all_ - one) / (played - 1), played


def whole_run(folder: Path) -> None:
    """Ratio 5. Both in processes of their own."""
    floor = empty_item(folder)
    for role in ("client", "server"):
        cost, played = permutation(folder, role)
        print(f"each of {played} {role} permutations in a whole run takes {cost * 1e3:.1f} ms of one core, {1 / cost:.0f} a second "
              f"(goal 100); an empty item of pytest {floor * 1e3:.2f} ms: ratio {cost / floor:.0f}")


def shares(folder: Path) -> None:
    """Ratio 6. Parts are inside of one another: decoding is part of playing, for example."""
    run, chosen = in_process(folder)
    some = chosen[:: max(1, len(chosen) // 100)]
    run.do(some[0])
    spent_in = dict.fromkeys(("decoding", "encoding", "masking", "judging", "writing the evidence"), 0.0)
    inside: set[str] = set()

    def timed(name: str, work: Callable[..., object]) -> Callable[..., object]:
        def measured(*given: object, **named: object) -> object:
            if name in inside:
                return work(*given, **named)
            inside.add(name)
            start = time.perf_counter()
            try:
                return work(*given, **named)
            finally:
                spent_in[name] += time.perf_counter() - start
                inside.remove(name)

        return measured

    for name, owner, attribute in PARTS:
        setattr(owner, attribute, timed(name, getattr(owner, attribute)))
    start = time.perf_counter()
    for each in some:
        run.do(each)
    whole = time.perf_counter() - start
    run.close()
    print("of playing a permutation: " + ", ".join(f"{name} {part / whole:.0%}" for name, part in spent_in.items())
          + "; the rest are the sessions, the device and the steps")


def spent(command: list[str]) -> float:
    """Seconds of the processor that a command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment, cwd=tempfile.gettempdir())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Runs all six."""
    codecs()
    engines()
    with tempfile.TemporaryDirectory() as folder:
        whole_run(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        growth(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        sessions_over_sockets(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        shares(Path(folder))


if __name__ == "__main__":
    main()
