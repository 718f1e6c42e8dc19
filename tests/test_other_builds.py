"""Devices that are built otherwise than the reference device, and conform: no case fails them."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any, ClassVar

import pytest

from conformance.dm.clientsession import ClientSession
from conformance.dm.executor import Executor
from conformance.dm.largeobject import Assembler
from conformance.fumo.agent import Report, UpdateAgent
from conformance.fumo.object import ResultCode, is_success
from conformance.harness.cases import load_cases
from conformance.harness.embedded import embedded_iut
from conformance.harness.iut import load_iut
from conformance.harness.places import testcases as data
from conformance.harness.run import Options, Run, in_order
from conformance.peers import device as devices
from conformance.peers.adapters import DeviceAdapter
from conformance.peers.deviation import Deviation, deviant
from conformance.peers.updateobject import UpdateObject
from conformance.syncml.model import Alert, Atomic, Command, Get, Item, Meta, Replace, text_of

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

    def refused_early(self, command: Command, target: str, meta: Meta) -> int:
        item = command.items[0]
        if isinstance(command, Replace) and target.endswith("/PkgURL") and not item.more:
            text = text_of(item, meta)
            if not text.startswith("http") or any(c in text for c in " <>\"]") or text in ("http://", "https://"):
                return 400
        return super().refused_early(command, target, meta)


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


class Careful(Other):
    parts = {"executor": _Careful}


class Undefined(Other):
    parts = {"agent": _Undefined}


class Queue(Other):
    parts = {"agent": _Queue}


class Counting(Other):
    parts = {"executor": _Counting}


class Forgetful(Other):
    parts = {"object": _Forgetful}


class Chatty(Other):
    parts = {"session": _Chatty}


class NoAtomic(Other):
    parts = {"executor": _NoAtomic}


class Backwards(Other):
    parts = {"executor": _Backwards}


def played(folder: Path, build: type[Other], wanted: str) -> list[tuple[str, list[str]]]:
    """Verdict and failed requirements of two permutations of a case at most."""
    path = embedded_iut(folder / "iut", "client", f"{__name__}:{build.__name__}")
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
