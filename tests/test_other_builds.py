"""Devices and servers that are built otherwise than the reference peers, and conform: no case fails them."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from conformance.dm.clientsession import ClientSession
from conformance.dm.executor import Executor
from conformance.dm.largeobject import Assembler, Value
from conformance.fumo.agent import Report, UpdateAgent
from conformance.fumo.object import ResultCode, is_success
from conformance.harness.cases import load_cases
from conformance.harness.embedded import embedded_iut
from conformance.harness.iut import load_iut
from conformance.harness.places import testcases as data
from conformance.harness.run import Options, Run, in_order
from conformance.peers import device as devices
from conformance.peers.adapters import DeviceAdapter, ServerAdapter
from conformance.peers.deviation import Deviation, deviant
from conformance.peers.updateobject import UpdateObject
from conformance.syncml.model import Alert, Atomic, Command, Get, Item, Meta, Replace

CASES = {case.id: case for case in load_cases(data())}


class Other(DeviceAdapter):
    """The reference device with other parts."""

    parts: ClassVar[dict[str, type]] = {}

    def __init__(self, iut: Any, places: Any) -> None:
        plain = devices.parts_for
        rows = [Deviation("other-build", part, mixin) for part, mixin in self.parts.items()]
        devices.parts_for = lambda names, base=None: deviant(plain(names, base), rows)
        try:
            super().__init__(iut, places)
        finally:
            devices.parts_for = plain


class _Careful(Executor):
    """Looks at an address when it is written."""

    def store(self, command: Command, target: str, value: Value) -> int:
        octets = value.octets() if target.endswith("/PkgURL") else None
        if octets is not None:
            text = octets.decode()
            if not text.startswith("http") or any(c in text for c in " <>\"]") or text in ("http://", "https://"):
                return 400
        return super().store(command, target, value)


class _Undefined(UpdateAgent):
    """Knows one reason for all failures."""

    def deliver(self, report: Report) -> None:
        failed = report.code.isdigit() and not is_success(int(report.code))
        super().deliver(Report(report.type, str(int(ResultCode.UNDEFINED)), report.correlator) if failed else report)


class _Queue(UpdateAgent):
    """Takes an Exec while it is busy, and carries it out afterwards."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.waiting: deque[tuple[str, str | None, str]] = deque()

    def exec(self, operation: str, correlator: str | None, url: str, at: float) -> int:
        if self.job is not None:
            self.waiting.append((operation, correlator, url))
            return 202
        return super().exec(operation, correlator, url, at)

    @property
    def wake_at(self) -> float | None:
        return 0.0 if self.job is None and self.waiting else super().wake_at

    def tick(self, at: float) -> None:
        super().tick(at)
        if self.job is None and self.waiting:
            super().exec(*self.waiting.popleft(), at)


class _Unencoded(Assembler):
    """Counts an object without Base64 when it looks at its Size."""

    def _store(self, raw: bytes, more: bool) -> int:
        if self._meta.format != "b64":
            return super()._store(raw, more)
        assert self._spool is not None
        self.received += len(raw)
        self._spool.append(raw)
        if more:
            return 213
        padding = self._spool.read(self.received - 2, 2).count(b"=")
        return 200 if self.received // 4 * 3 - padding == self.expected else 424


class _Counting(Executor):
    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.assembler = _Unencoded(self.assembler.limit, self.assembler.supported)


class _Forgetful(UpdateObject):
    """Empties an address once it was used."""

    def exec(self, path: str, correlator: str | None, at: float) -> int:
        code = super().exec(path, correlator, at)
        node = self.tree.find(f"{self.uri}/{path}/PkgURL")
        if code == 202 and node is not None:
            node.value = type(node.value)() if node.value is not None else node.value
        return code


class _Chatty(ClientSession):
    """Tells the server of other things in each session, and of an operation of long ago."""

    def package_1(self) -> list[Command]:
        kind = "org.openmobilealliance.dm.firmwareupdate.downloadandupdate"
        late = Item(source="./FwUpdate/Main", meta=Meta(format="int", type=kind), data="410")
        other = Item(source="./Battery", meta=Meta(format="chr", type="com.example.battery"), data="low")
        return [
            *super().package_1(), Alert(data="1226", correlator="corr-90001", items=[late]), Alert(data="1226", items=[other])
        ]


class _NoAtomic(Executor):
    """Has no Atomic, and says so once for the whole of it."""

    def atomic(self, command: Atomic) -> int:
        self.answer(command, 406)
        return 406


class _Backwards(Executor):
    """Answers the Items of a Get from the last to the first."""

    def items(self, command: Command, where: Any) -> int:
        if isinstance(command, Get):
            command.items.reverse()
        return super().items(command, where)


class _Codes(Executor):
    """Has other codes for what it refuses, where those of the text are guidance."""

    others: ClassVar[dict[int, int]] = {405: 403, 406: 400, 418: 409, 425: 401, 507: 500, 404: 410, 412: 400, 420: 500}

    def answer(self, command: Command, code: int, item: Item | None = None) -> Any:
        firm = isinstance(command, Replace) and (code == 404 or any("?prop=ACL" in (i.target or "") for i in command.items))
        listed = any("?list=" in (i.target or "") for i in command.items)
        return super().answer(command, code if firm or listed else self.others.get(code, code), item)


class Codes(Other):
    parts: ClassVar[dict[str, type]] = {"executor": _Codes}


class Careful(Other):
    parts: ClassVar[dict[str, type]] = {"executor": _Careful}


class Undefined(Other):
    parts: ClassVar[dict[str, type]] = {"agent": _Undefined}


class Queue(Other):
    parts: ClassVar[dict[str, type]] = {"agent": _Queue}


class Counting(Other):
    parts: ClassVar[dict[str, type]] = {"executor": _Counting}


class Forgetful(Other):
    parts: ClassVar[dict[str, type]] = {"object": _Forgetful}


class Chatty(Other):
    parts: ClassVar[dict[str, type]] = {"session": _Chatty}


class NoAtomic(Other):
    parts: ClassVar[dict[str, type]] = {"executor": _NoAtomic}


class Backwards(Other):
    parts: ClassVar[dict[str, type]] = {"executor": _Backwards}


def played(folder: Path, build: type[Any], wanted: str, *, untold: bool = False, role: str = "client") -> list[tuple[str, list[str]]]:
    """Verdict and failed requirements of two permutations of a case at most. ``untold``: no package tells its versions."""
    path = embedded_iut(folder / "iut", role, f"{__name__}:{build.__name__}")
    if untold:
        described = yaml.safe_load(path.read_text(encoding="utf-8"))
        for packages in described["packages"].values():
            for package in packages if isinstance(packages, list) else [packages]:
                if isinstance(package, dict):
                    package.pop("from", None)
                    package.pop("to", None)
        described["device"].pop("firmware", None)
        path.write_text(yaml.safe_dump(described), encoding="utf-8")
    iut = load_iut(path)
    run = Run([iut], Options(folder))
    found = []
    try:
        for chosen in in_order(run.selector(iut).choose([CASES[wanted]])):
            if chosen.selected and len(found) < 2:
                line = run.do(chosen)
                found.append((line["verdict"], [f"{f['requirement']}: {f['message']}" for f in line["findings"] if f["outcome"] == "fail"]))
    finally:
        run.close()
    return found


@pytest.mark.parametrize(
    ("build", "wanted", "verdict"),
    [
        (Codes, "client/nodes/properties/object-size", "pass"),
        (Codes, "client/tree/properties/unknown-property", "pass"),
        (Codes, "client/tree/dynamic/size-of-interior", "pass"),
        (Codes, "client/tree/rights/get-not-granted", "pass"),
        (Codes, "client/commands/atomics/middle-fails", "pass"),
        (Codes, "client/commands/single/get-several-one-missing", "pass"),
        (Codes, "client/security/rights/exec-not-granted", "pass"),
        (Careful, "client/exec/decisions/download-empty-url", "not-applicable"),
        (Careful, "client/exec/decisions/download-malformed-url", "not-applicable"),
        (Careful, "client/exec/preconditions/empty-url", "not-applicable"),
        (Careful, "client/result-codes/download-and-update/malformed-url", "not-applicable"),
        (Careful, "client/commands/items/markup", "not-applicable"),
        (Undefined, "client/result-codes/download-and-update/server-refuses", "pass"),
        (Undefined, "client/result-codes/download-and-update/corrupted", "pass"),
        (Undefined, "client/result-codes/download/unauthorised", "pass"),
        (Undefined, "client/result-codes/room/too-big-to-store", "pass"),
        (Queue, "client/exec/decisions/while-busy", "pass"),
        (Counting, "client/large-objects/chunks/in-pieces", "pass"),
        (Forgetful, "client/exec/correlator/none-after-one", "pass"),
        (Chatty, "client/flows/download-and-update/plain", "pass"),
        (Chatty, "client/result-codes/download-and-update/no-retry", "pass"),
        (Chatty, "client/flows/alternate-download/url-alone", "pass"),
        (NoAtomic, "client/commands/atomics/supported", "pass"),
        (Backwards, "client/commands/single/get-several-one-missing", "pass"),
    ],
)
def test_a_device_that_is_built_otherwise_is_not_failed(tmp_path: Path, build: type[Other], wanted: str, verdict: str) -> None:
    found = played(tmp_path, build, wanted)
    assert found
    assert found == [(verdict, [])] * len(found)


@pytest.mark.parametrize("wanted", ["client/flows/download-and-update/plain", "client/nodes/shape/firmware-version"])
def test_a_device_whose_packages_tell_no_versions_is_not_failed(tmp_path: Path, wanted: str) -> None:
    found = played(tmp_path, Other, wanted, untold=True)
    assert found
    assert found == [("pass", [])] * len(found)


class Reticent(ServerAdapter):
    """Tells its operator success or failure, and nothing more."""

    def call(self, verb: str, given: dict[str, Any]) -> dict[str, Any] | None:
        answer = super().call(verb, given)
        return {"status": answer["status"]} if verb == "outcome" and answer else answer


@pytest.mark.parametrize(
    "wanted",
    [
        "server/flows/download-and-update/plain", "server/flows/download-and-update/exec-refused", "server/reports/result-codes/network",
        "server/alerts/at-once/bad-url", "server/flows/package-on-device/plain",
    ],
)  # fmt: skip
def test_a_server_that_tells_little_is_not_failed(tmp_path: Path, wanted: str) -> None:
    """The attach contract lets ``result``, ``status_code`` and ``operation`` be null."""
    found = played(tmp_path, Reticent, wanted, role="server")
    assert found
    assert found == [("pass", [])] * len(found)
