"""The update agent: operations, states, ResultCodes, reports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from devicebench import Octets

from conformance.download.descriptor import Descriptor, write
from conformance.fumo.agent import Firmware, Prompt, UpdateAgent
from conformance.fumo.condition import CONDITIONS, Conditions
from conformance.fumo.object import TRANSITIONS, State, is_defined
from conformance.fumo.package import STRANGER_SEED, Manifest, build, public_key
from conformance.syncml.model import Alert

URL = "http://content.example/good.bin"
ROOT = "./FwUpdate/Main"


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., bytes]:
    def make(seed: bytes | None = None, **changes: Any) -> bytes:
        path = tmp_path / "p.bin"
        manifest = Manifest(**{"model": "M", "from_": "1", "to": "2", "name": "N"} | changes)
        build(path, manifest, Octets(b"x" * 3000), *([seed] if seed else []))
        return path.read_bytes()

    return make


class Bench:
    """An agent with a content server that answers one thing."""

    def __init__(self, **firmware: Any) -> None:
        self.firmware = Firmware("1", "M", public_key(), resume_tries=0, **firmware)
        self.conditions, self.prompt = Conditions(), Prompt()
        self.alerts: list[Alert] = []
        self.agent = UpdateAgent(lambda: ROOT, self.firmware, self.conditions, self.prompt, self.alerts.append)
        self.states: list[int] = []

    def run(self, operation: str, content: bytes | tuple[int, str] = b"", kind: str = "", url: str = URL) -> int:
        """Exec and all that follows; gives the DM status."""
        self.states = [self.agent.state]
        code = self.agent.exec(operation, "c-1", url, 0.0)
        self.see()
        while (request := self.agent.request()) is not None:
            if request.method == "GET":
                self.fetch(content, kind)
                self.agent.follow(0.0)
            self.see()
        while self.agent.wake_at is not None:
            self.agent.tick(self.agent.wake_at)
            self.see()
        return code

    def fetch(self, content: bytes | tuple[int, str], kind: str) -> None:
        retrieval = self.agent.retrieval
        assert retrieval is not None
        if isinstance(content, tuple):
            status, error = content
            if status and retrieval.begin(status, [("Content-Length", "10")]):
                retrieval.data(b"abc")
            retrieval.end(error)
            return
        if retrieval.begin(200, [("Content-Length", str(len(content))), ("Content-Type", kind)]):
            retrieval.data(content)
        retrieval.end()

    def see(self) -> None:
        if self.agent.state != self.states[-1]:
            self.states.append(self.agent.state)

    @property
    def result(self) -> str:
        """Data of the one report."""
        (alert,) = self.alerts
        return str(alert.items[0].data)


def test_download_then_update(package: Callable[..., bytes]) -> None:
    bench = Bench()
    assert bench.run("Download", package()) == 202
    assert bench.states == [10, 30, 50]
    assert (bench.agent.name, bench.agent.version) == ("N", "2")
    assert bench.firmware.version == "1"
    assert bench.run("Update") == 202
    assert bench.states == [50, 60, 90]
    assert bench.firmware.version == "2"
    first, second = bench.alerts
    assert first.items[0].meta is not None
    assert second.items[0].meta is not None
    assert first.items[0].meta.type == "org.openmobilealliance.dm.firmwareupdate.download"
    assert second.items[0].meta.type == "org.openmobilealliance.dm.firmwareupdate.update"
    assert (second.data, second.correlator, second.items[0].source) == ("1226", "c-1", ROOT)
    assert (second.items[0].meta.format, second.items[0].meta.mark, second.items[0].data) == ("int", None, "200")


def test_both_in_one(package: Callable[..., bytes]) -> None:
    bench = Bench()
    assert bench.run("DownloadAndUpdate", package()) == 202
    assert bench.states == [10, 30, 60, 90]
    assert bench.result == "200"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ((401, ""), "406"), ((403, ""), "406"), ((404, ""), "411"), ((410, ""), "411"), ((400, ""), "411"),
        ((500, ""), "500"), ((503, ""), "500"), ((0, "refused"), "412"), ((0, "unresolved"), "412"),
        ((0, "timeout"), "407"), ((200, "timeout"), "407"), ((200, "reset"), "503"), ((0, "reset"), "503"),
        ((200, "closed"), "503"), ((200, ""), "503"), ((302, ""), "411"),
    ],
)
def test_failed_downloads(content: tuple[int, str], code: str) -> None:
    bench = Bench()
    assert bench.run("DownloadAndUpdate", content) == 202
    assert (bench.result, bench.agent.state) == (code, 20)
    assert bench.states == [10, 30, 20]
    meta = bench.alerts[0].items[0].meta
    assert meta is not None
    assert (meta.mark, meta.type) == ("critical", "org.openmobilealliance.dm.firmwareupdate.downloadandupdate")


@pytest.mark.parametrize("url", ["nonsense", "http://", "ftp://x/y", "http://[::1"])
def test_addresses_of_no_use(url: str) -> None:
    bench = Bench()
    assert bench.run("Download", url=url) == 202
    assert bench.result == "411"


def test_a_package_without_room(package: Callable[..., bytes]) -> None:
    bench = Bench(storage=100)
    bench.run("Download", package())
    assert bench.result == "501"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"model": "Other"}, "403"), ({"from_": "7"}, "403"), ({"to": "1"}, "405"), ({"install_size": 1 << 40}, "502"),
        ({"fails": True}, "410"), ({"seed": STRANGER_SEED}, "404"),
    ],
)
def test_failed_installations(package: Callable[..., bytes], changes: dict[str, Any], code: str) -> None:
    bench = Bench()
    bench.run("DownloadAndUpdate", package(**changes))
    assert (bench.result, bench.agent.state, bench.firmware.version) == (code, 70, "1")
    assert bench.agent.package is not None
    bench.agent.clean_up()
    assert (bench.agent.state, bench.agent.package) == (10, None)


def test_damaged_and_foreign_content(package: Callable[..., bytes]) -> None:
    damaged = bytearray(package())
    damaged[-1] ^= 1
    for content, code in ((bytes(damaged), "402"), (b"GIF89a", "405"), (b"", "405")):
        bench = Bench()
        bench.run("DownloadAndUpdate", content)
        assert bench.result == code


def test_operations_that_cannot_begin(package: Callable[..., bytes]) -> None:
    bench = Bench()
    assert bench.run("Update") == 403
    assert bench.run("Download", url=" ") == 403
    assert (bench.alerts, bench.agent.state) == ([], 10)
    bench.agent.exec("Download", None, URL, 0.0)
    assert bench.agent.exec("Download", "second", URL, 0.0) == 403
    bench.agent.url_replaced()
    assert bench.agent.state == 30
    bench.fetch(package(), "")
    bench.agent.follow(0.0)
    assert [alert.correlator for alert in bench.alerts] == [None]


def test_a_new_address_discards_what_waits(package: Callable[..., bytes]) -> None:
    bench = Bench()
    bench.run("Download", package())
    bench.agent.clean_up()
    assert bench.agent.state == 50
    bench.agent.url_replaced()
    assert (bench.agent.state, bench.agent.package) == (10, None)
    assert bench.run("Update") == 403


def test_a_package_by_dm(package: Callable[..., bytes]) -> None:
    bench = Bench()
    bench.agent.data_replaced(Octets(package()))
    assert bench.agent.state == 50
    bench.run("Update")
    assert bench.result == "200"
    bench.agent.data_replaced(Octets(b""))
    assert (bench.agent.state, bench.agent.package) == (10, None)


@pytest.mark.parametrize("phase", ["download", "update"])
def test_the_user_refuses(package: Callable[..., bytes], phase: str) -> None:
    bench = Bench()
    bench.prompt.queue(phase, "reject")
    bench.run("DownloadAndUpdate", package())
    assert (bench.result, bench.agent.state) == ("401", 20 if phase == "download" else 70)
    assert bench.firmware.version == "1"
    bench.run("DownloadAndUpdate", package())
    assert bench.firmware.version == "2"


@pytest.mark.parametrize("name", CONDITIONS)
def test_situations(package: Callable[..., bytes], name: str) -> None:
    bench = Bench()
    code = bench.conditions.arm(name)
    assert code is not None
    assert is_defined(code)
    bench.run("DownloadAndUpdate", package())
    assert bench.result == str(code)
    assert bench.conditions.armed == {}
    assert (bench.firmware.version == "2") is (name == "vendor-success")


def test_situations_are_chosen_within_their_range() -> None:
    conditions = Conditions()
    assert conditions.arm("vendor-failure", code=499) == 499
    assert conditions.arm("vendor-failure", code=500) is None
    assert conditions.arm("nonsense") is None
    assert conditions.arm("install-fails", code=410) == 410
    conditions.arm("install-fails", on=False)
    assert conditions.armed == {"vendor-failure": 499}


def test_situations_wait_for_their_operation(package: Callable[..., bytes]) -> None:
    bench = Bench()
    bench.conditions.arm("install-fails")
    bench.run("Download", package())
    assert bench.result == "200"
    bench.alerts.clear()
    bench.run("Update")
    assert bench.result == "410"


def descriptor(size: int, **more: Any) -> bytes:
    return write(Descriptor(object_uri="http://content.example/p", size=size, **more))


@pytest.mark.parametrize(
    ("size", "types", "code", "report"),
    [
        (0, ("application/x",), "200", b"900"), (1, ("application/x",), "405", b"905"),
        (0, ("application/y",), "405", b"905"), (1 << 40, ("application/x",), "501", b"901"),
    ],
)
def test_descriptors(package: Callable[..., bytes], size: int, types: tuple[str, ...], code: str, report: bytes) -> None:
    bench, octets = Bench(), package()
    size = len(octets) + size
    bench.agent.exec("Download", None, "http://content.example/d", 0.0)
    bench.agent.request()
    dd = descriptor(size, types=types, install_notify_uri="http://content.example/note")
    bench.fetch(dd, "application/vnd.oma.dd+xml")
    bench.agent.follow(0.0)
    if bench.agent.retrieval is not None:
        request = bench.agent.request()
        assert request is not None
        assert request.url == "http://content.example/p"
        bench.fetch(octets, "application/x")
        bench.agent.follow(0.0)
    assert bench.result == code
    note = bench.agent.request()
    assert note is not None
    assert (note.method, note.url, note.body[:3]) == ("POST", "http://content.example/note", report)
    assert bench.agent.request() is None


def test_a_descriptor_that_is_none() -> None:
    bench = Bench()
    bench.run("Download", b"<media/>", "application/vnd.oma.dd+xml")
    assert bench.result == "405"


def test_a_restart_in_the_middle(package: Callable[..., bytes]) -> None:
    for moment in ("download", "install", "waiting"):
        bench, after = Bench(), Bench()
        if moment == "download":
            bench.agent.exec("DownloadAndUpdate", "c", URL, 0.0)
        else:
            bench.agent.data_replaced(Octets(package()))
            if moment == "install":
                bench.agent.exec("Update", "c", "", 0.0)
        after.agent.load(bench.agent.dump(), bench.agent.package)
        after.agent.resume(100.0)
        if moment == "waiting":
            assert (after.agent.state, after.alerts) == (50, [])
            continue
        if moment == "download":
            assert after.agent.request() is not None
            after.fetch(package(), "")
            after.agent.follow(100.0)
        assert after.agent.wake_at == 102.0
        after.agent.tick(102.0)
        assert (after.result, after.firmware.version, after.alerts[0].correlator) == ("200", "2", "c")


def test_a_package_that_is_lost_over_a_restart(package: Callable[..., bytes]) -> None:
    bench, after = Bench(), Bench()
    bench.agent.data_replaced(Octets(package()))
    bench.agent.exec("Update", None, "", 0.0)
    after.agent.load(bench.agent.dump(), None)
    after.agent.resume(0.0)
    assert after.result == "402"


def test_only_drawn_arrows_are_walked(package: Callable[..., bytes]) -> None:
    """Every pair of states that follow each other is an arrow, or several of which those between were not seen."""
    reach = {(a, b) for a, b in TRANSITIONS} | {(30, 50), (30, 60), (30, 70), (20, 30), (70, 30), (90, 30)}
    for content in (package(), (404, ""), package(fails=True)):
        bench = Bench()
        for operation in ("Download", "Update", "DownloadAndUpdate"):
            bench.run(operation, content)
            assert set(zip(bench.states, bench.states[1:], strict=False)) <= reach
        assert State(bench.agent.state)
