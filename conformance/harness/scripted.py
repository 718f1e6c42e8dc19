"""What the suite's own device does otherwise when a case tells it so: results by order, other forms of reports.

The device that plays against a server under test installs whatever package it gets: the packages are the server's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from conformance.dm.credentials import Verifier
from conformance.fumo.agent import Report, UpdateAgent
from conformance.fumo.object import DOWNLOAD_AND_UPDATE, State, is_success
from conformance.peers.deviation import Deviation, deviant
from conformance.peers.device import Device
from conformance.peers.profile import DeviceProfile
from conformance.syncml.model import Alert, Cred, Exec

SUCCESS = 200


@dataclass(slots=True)
class Script:
    """The orders of a case. ``result``: ResultCode of the next operation. ``exec_status``: answer to every Exec.

    ``report``: how reports differ from the usual form (see docs/write-a-case.md). ``becomes``: firmware after an update.
    """

    result: int | None = None
    exec_status: int | None = None
    report: dict[str, Any] = field(default_factory=dict)
    becomes: str = ""


class NotingVerifier(Verifier):
    """Checks the server's credentials for the device and keeps the facts for the transcript."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.facts: dict[str, dict[str, str]] = {}

    def check(self, cred: Cred | None, loc_name: str | None = None) -> dict[str, str]:
        """See :meth:`Verifier.check`."""
        found = super().check(cred, loc_name)
        self.facts["credentials"] = found
        return found

    def check_mac(self, value: str | None, body: bytes, loc_name: str | None = None) -> dict[str, str]:
        """See :meth:`Verifier.check_mac`."""
        found = super().check_mac(value, body, loc_name)
        self.facts["integrity"] = found
        return found


class ScriptedDevice(Device):
    """The reference device with a script."""

    def __init__(self, profile: DeviceProfile, script: Script, seed: int = 0) -> None:
        self.script = script
        super().__init__(profile, (), seed)

    def fresh(self) -> None:
        """Factory state, scripted parts in place."""
        if not issubclass(self.parts.agent, _Obedient):
            script = {"script": self.script}
            rows = [
                Deviation("scripted", "agent", type("_Agent", (_Obedient,), dict(script))),
                Deviation("scripted", "executor", type("_Executor", (_Refusing,), dict(script))),
            ]
            self.parts = deviant(self.parts, rows)
        super().fresh()
        profile = self.profile
        self.noting = NotingVerifier(profile.server, profile.server_nonce, self.random.randbytes)
        self.keys.verifier = self.noting


class _Refusing:
    """An executor that answers Exec as the script says."""

    script: Script

    def exec(self, command: Exec) -> int:
        """Exec."""
        if self.script.exec_status is not None:
            return self.script.exec_status
        return super().exec(command)  # type: ignore[misc,no-any-return]


class _Obedient(UpdateAgent):
    """An agent whose operations end as the script says, whatever the package is."""

    script: Script

    def download(self, at: float) -> None:
        """A failing result fails the download, where the operation has one."""
        result = self.script.result
        assert self.job is not None
        if result is not None and not is_success(result) and self.job.operation != DOWNLOAD_AND_UPDATE:
            self.state = State.DOWNLOAD_PROGRESSING
            self.download_failed(result)
            return
        super().download(at)

    def inspect(self) -> int:
        """Every package is good, unless the script says otherwise."""
        result = self.script.result
        return SUCCESS if result is None or is_success(result) else result

    def tick(self, at: float) -> None:
        """The installation ends: the firmware is the one the case speaks of."""
        if self.job is None or self.job.until is None or at < self.job.until:
            return
        self.job.until = None
        self.firmware.version = self.script.becomes or self.firmware.version
        self.state = State.UPDATE_SUCCESSFUL_HAVE_DATA
        self.report(self.success())

    def success(self) -> int:
        """The ResultCode of an operation that succeeded."""
        return SUCCESS if self.script.result is None else self.script.result

    def report(self, code: int) -> None:
        """The script's result is used once."""
        super().report(code)
        self.script.result = None

    def alert(self, report: Report) -> Alert:
        """The report, in the form that the script wants."""
        alert = super().alert(report)
        return formed(alert, self.script.report)


def formed(alert: Alert, wanted: dict[str, Any]) -> Alert:
    """A Generic Alert in another form: ``source`` (node), ``prefix``, ``mark``, ``type``, ``data`` and ``format``."""
    item = alert.items[0]
    meta = item.meta
    assert meta is not None
    if wanted.get("source") == "node":
        child = (meta.type or "").rsplit(".", 1)[1]
        names = {"download": "Download", "update": "Update", "downloadandupdate": "DownloadAndUpdate"}
        item.source = f"{item.source}/{names.get(child, child)}"
    if "type" in wanted:
        meta.type = str(wanted["type"])
    if wanted.get("prefix"):
        meta.type = f"Reversed-Domain-Name:{meta.type}"
    if wanted.get("mark") is False:
        meta.mark = None
    elif isinstance(wanted.get("mark"), str):
        meta.mark = wanted["mark"]
    if "format" in wanted:
        meta.format = wanted["format"] or None
    if wanted.get("data") is False:
        item.data = None
    return alert
