"""Speed as ratios within one run, so that a slow machine changes nothing. Prints; asserts nothing.

    python benchmarks/bench.py

1. Exchanges per second of a played case, over the bare HTTP round trip of the same bodies on the same kind of sockets.
2. WBXML decoding and encoding of a typical message, over lxml parsing the same message as XML.
3. Cost of a permutation when ten times as many are played.
4. A session of 20 exchanges between the engines, over decoding and encoding its messages alone; and what one exchange
   costs in a session ten and a hundred times as long, and one piece in a large object of ten times as many pieces.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lxml import etree

from conformance.dm.credentials import Verifier
from conformance.dm.largeobject import Splitter
from conformance.dm.serversession import PeerKeys, ServerSession, ServerSettings
from conformance.download.source import PatternSource
from conformance.harness.cases import load_cases
from conformance.harness.embedded import embedded_iut
from conformance.harness.iut import load_iut
from conformance.harness.places import testcases
from conformance.harness.run import Options, Run
from conformance.harness.selection import Chosen
from conformance.peers.device import DM, Device
from conformance.peers.profile import DeviceProfile
from conformance.syncml.codec import decode, encode
from conformance.syncml.model import Command, Get, Item, Meta, Replace
from conformance.syncml.wbxml import decode_wbxml, encode_wbxml
from conformance.transcript import load
from conformance.transport.client import HttpClient
from conformance.transport.exchange import Reply, Request, Response
from conformance.transport.server import HttpServer

CASE = "client/flows/download-and-update/plain"


def best(work: Callable[[], object], times: int = 5) -> float:
    """Seconds of the fastest of several goes."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


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
    played = best(lambda: run.do(chosen))
    line = run.do(chosen)
    bodies = load(folder / line["evidence"]).of("message")
    wire = bodies[-1].at - bodies[0].at
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

        self.folder = tempfile.TemporaryDirectory()
        profile = DeviceProfile(install_seconds=0.0)
        self.process = DeviceProcess(profile, Path(self.folder.name), hook_port=None, notify_port=None)
        self.process.start()

    def call(self, verb: str, given: dict[str, object]) -> dict[str, object] | None:
        return self.process.call(verb, given)

    def close(self) -> None:
        self.process.close()
        self.folder.cleanup()


def codecs() -> None:
    """Ratio 2."""
    device = Device(DeviceProfile(authentication="md5"))
    device.verb("start_session", {"kind": "user-request"}, 0.0)
    request = device.poll(0.0, DM)
    assert request is not None
    device.receive(Response(0, [], b"", "closed"), 0.0, DM)
    message = decode(request.body, "").message
    xml, wbxml = encode(message, "xml"), encode(message, "wbxml")
    root = decode_wbxml(wbxml).root
    many = 2000
    floor = best(lambda: [etree.fromstring(xml) for _ in range(many)])
    read = best(lambda: [decode_wbxml(wbxml) for _ in range(many)])
    written = best(lambda: [encode_wbxml(root) for _ in range(many)])
    print(f"WBXML of {len(wbxml)} octets ({len(xml)} as XML): decode {read / floor:.1f} times, encode {written / floor:.1f} times "
          f"lxml's {floor / many * 1e6:.1f} us (goal at most 3)")


def growth(folder: Path) -> None:
    """Ratio 3."""
    run, chosen = in_process(folder)
    few = chosen[:: max(1, len(chosen) // 30)][:30]
    for each in few:
        run.do(each)
    small = best(lambda: [run.do(each) for each in few], 3) / len(few)
    start = time.perf_counter()
    for _ in range(10):
        for each in few:
            run.do(each)
    large = (time.perf_counter() - start) / (10 * len(few))
    run.close()
    print(f"a permutation costs {small * 1e3:.1f} ms among {len(few)}, {large * 1e3:.1f} ms among {10 * len(few)}: "
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


def main() -> None:
    """Runs all four."""
    codecs()
    engines()
    with tempfile.TemporaryDirectory() as folder:
        growth(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        sessions_over_sockets(Path(folder))


if __name__ == "__main__":
    main()
