"""What the suite's own device does otherwise when a case tells it so: results by order, messages and alerts of other forms.

The device that plays against a server under test installs whatever package it gets: the packages are the server's own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.dm.answers import Encode, Number, Packer
from conformance.dm.credentials import BASIC, MD5, Account, Verifier, make_cred
from conformance.fumo.agent import Report, UpdateAgent
from conformance.fumo.object import ALERT_OF, DOWNLOAD_AND_UPDATE, State, is_success
from conformance.harness.ownalert import formed, request
from conformance.harness.ownsending import is_wrong, thing
from conformance.harness.scriptedexecutor import HEADER, Refusing
from conformance.harness.trouble import Trouble, TroubledSession
from conformance.judge.lookup import full
from conformance.peers.deviation import Deviation, deviant
from conformance.peers.device import Device
from conformance.peers.profile import DeviceProfile
from conformance.syncml.codec import encode
from conformance.syncml.codes import SESSION_ABORT
from conformance.syncml.model import Alert, Command, Cred, Exec, Header, Item, Message, Status
from conformance.syncml.wbxml import WbxmlStyle
from conformance.syncml.xmlcodec import XmlStyle

SUCCESS = 200
WRONG, NONE, STALE = "wrong", "none", "stale"
REPLAYED = "replayed"
"""Credentials that the device may have instead of its own; replayed: those of its first message for ever."""


@dataclass(slots=True)
class Script:
    """The orders of a case. ``result``: ResultCode of the next operation. ``statuses``: answers by command (or ``any``),
    without carrying it out.

    ``report``: how reports differ from the usual form (see docs/write-a-case.md). ``becomes``: firmware after an update.
    ``instant``: operations are over, and reported, together with the Status of their Exec. ``few``: commands of a message
    at most, beside the Status for SyncHdr (0: as many as fit). ``late``: Generic Alerts are not sent before package #3.
    ``credentials``: "", wrong, none or stale (a nonce that the server never gave). ``trouble``, ``session_id``, ``ver_dtd``
    and ``ver_proto``: see docs/write-a-case.md. ``piece``: octets of an alert above which it goes in pieces, ``piece_size`` what
    is added to their right Size. ``made``: alerts that are wrong on purpose. ``reports``: those of operations so far.
    ``xml`` and ``wbxml``: how messages are written. ``send``: what the next session says beside. ``devinfo``: what the device
    information says otherwise, or beside, by the path below ./DevInfo. ``lacks``: nodes that the device does not have.
    ``state``: what it shows as State instead of the truth. ``order``: "" or reversed. ``resp_uri``: "", ignored or own.
    """

    result: int | None = None
    statuses: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    becomes: str = ""
    instant: bool = False
    few: int = 0
    late: bool = False
    credentials: str = ""
    trouble: Trouble = field(default_factory=Trouble)
    session_id: str = ""
    ver_dtd: str = ""
    ver_proto: str = ""
    piece: int = 0
    piece_size: int = 0
    xml: XmlStyle | None = None
    wbxml: WbxmlStyle | None = None
    made: list[Alert] = field(default_factory=list)
    reports: list[Alert] = field(default_factory=list)
    send: list[Mapping[str, Any]] = field(default_factory=list)
    devinfo: dict[str, Any] = field(default_factory=dict)
    lacks: list[str] = field(default_factory=list)
    state: str = ""
    order: str = ""
    resp_uri: str = ""
    shown: Cred | None = None


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
        self._agreed: tuple[bytes, bytes] | None = None
        super().__init__(profile, (), seed)

    def fresh(self) -> None:
        """Factory state, scripted parts in place."""
        if not issubclass(self.parts.agent, _Obedient):
            script = {"script": self.script}
            rows = [
                Deviation("scripted", "agent", type("_Agent", (_Obedient,), dict(script))),
                Deviation("scripted", "executor", type("_Executor", (Refusing,), {**script, "device": self})),
                Deviation("scripted", "session", type("_Session", (_Slow,), dict(script))),
            ]
            self.parts = deviant(self.parts, rows)
        number = self.session_number if hasattr(self, "session_number") else None
        super().fresh()
        if number is not None:
            self.session_number = number  # what a case changes about a device does not bring old SessionIDs back
        profile, self._agreed = self.profile, None
        self.noting = NotingVerifier(profile.server, profile.server_nonce, self.random.randbytes)
        self.keys.verifier = self.noting
        if self.script.credentials == WRONG:
            self.keys.account = Account(profile.client.username, profile.client.password + "?")
        elif self.script.credentials == STALE:
            self.keys.nonce = self.random.randbytes(16)

    def lose_nonce(self) -> None:
        """Forgets the nonce of the server: its triggers and credentials do not fit any more."""
        lost = self.random.randbytes(16)
        self._agreed = (self.noting.current, lost)
        self.noting.current = lost
        self.noting.previous.clear()

    @property
    def agreed(self) -> bytes:
        """The nonce that the server may count on: the newest that it was given."""
        current = self.noting.current
        return self._agreed[0] if self._agreed is not None and self._agreed[1] == current else current

    @property
    def made(self) -> bool:
        """Whether the message that goes out now is wrong on purpose."""
        shows_wrong = self.script.credentials in (WRONG, REPLAYED, BASIC, MD5) and self.profile.authentication != NONE
        return shows_wrong or (isinstance(self.session, _Slow) and (self.session.made or self.session.crooked))

    def _report(self, alert: Alert) -> None:
        """Reports are remembered; a request of its own goes before one where the script says so."""
        self.script.reports.append(alert)
        if self.script.report.get("beside"):
            self.outbox.put(request(self.profile.objects[0]), once=True)
        super()._report(alert)

    def finish_at_once(self, command: Exec) -> int:
        """Ends an operation in the moment of its Exec: its report goes with the Status."""
        root, _, name = full(command.items[0].target).rpartition("/")
        agent = next((each.agent for each in self.objects if each.uri == root), None)
        if agent is None or name not in ALERT_OF:
            return 404
        code = SUCCESS if self.script.result is None else self.script.result
        if name != "Download" and is_success(code):
            self.firmware.version = self.script.becomes or self.firmware.version
            agent.state = State.UPDATE_SUCCESSFUL_HAVE_DATA
        holding, self.outbox.holding = self.outbox.holding, False
        self._report(agent.alert(Report(ALERT_OF[name], str(code), command.correlator)))
        self.outbox.holding = holding
        return SUCCESS


class _Slow(TroubledSession):
    """A session whose messages hold few commands, and whose Generic Alerts come late, where the script says so."""

    script: Script

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.made = False
        """Whether the message sent last is wrong on purpose."""
        self.wrong: list[Command] = []
        self._said_late = False
        if self.script.few:
            self.packer = _Few(self.settings.encoding, self.settings.large_objects, self.script.few)
        elif self.script.piece:
            self.packer = _OnePiece(self.settings.encoding, self.settings.large_objects)

    def dev_info(self) -> list[Item]:
        """The device information, with what the script says otherwise (DM StdObj 5.3.2)."""
        known = dict(self.settings.dev_info) | {f"./DevInfo/{name}": str(v) for name, v in self.script.devinfo.items()}
        return [Item(source=uri, data=value) for uri, value in known.items()]

    def header_status(self, header: Header) -> Status:
        """Status for the SyncHdr of the server, or that of the script."""
        status = super().header_status(header)
        code = self.script.statuses.get(HEADER)
        if code is not None:
            status.data = str(code)
        return status

    def credentials(self) -> Cred | None:
        """The credentials that the script wants; a replay keeps to the first that were ever shown."""
        cred = super().credentials()
        kind = self.script.credentials
        if kind in (BASIC, MD5) and cred is not None:
            return make_cred(kind, self.authentication.keys.account, self.authentication.nonce)
        if kind == REPLAYED and cred is not None:
            self.script.shown = self.script.shown or cred
            return self.script.shown
        return cred

    def package_1(self) -> list[Command]:
        """Package #1, with what the case wants to be said in it."""
        return [*super().package_1(), *self._beside(late=False)]

    def _beside(self, *, late: bool) -> list[Command]:
        wanted = [each for each in self.script.send if bool(each.get("late")) is late]
        made = [thing(each) for each in wanted]
        self.wrong += [command for each, command in zip(wanted, made, strict=True) if is_wrong(each)]
        return made

    def _offer_alerts(self) -> None:
        """What is late, Generic Alerts too, waits until package #1 is out of the way."""
        begins = any(isinstance(command, Alert) and command.data == self.alert_code for command in self.packer.commands)
        if not (self.script.late and begins):
            super()._offer_alerts()
        if not begins and not self._said_late:
            self._said_late = True
            self.packer.commands.extend(self._beside(late=True))

    def encode(self, message: Message) -> bytes:
        """The octets of a message, in the form that the script wants."""
        settings, script = self.settings, self.script
        return encode(message, settings.encoding, settings.version, xml=script.xml, wbxml=script.wbxml)

    def arrange(self, message: Message) -> None:
        """Notes whether something wrong goes out."""
        super().arrange(message)
        origins = [self._offered[id(command)][0] for command in message.commands if id(command) in self._offered]
        self.made = any(origin is wrong for origin in origins for wrong in self.script.made)
        self.made = self.made or any(command is wrong for command in message.commands for wrong in self.wrong)


class _Few(Packer):
    """Deals out ``few`` commands at a time, whatever the server takes."""

    def __init__(self, encoding: str, large_objects: bool, few: int) -> None:
        super().__init__(encoding, large_objects)
        self.few = few

    def fill(self, message: Message, limit: int | None, encode: Encode, number: Number, more: Alert | None) -> None:
        """See :meth:`Packer.fill`. The end of a session goes with all Statuses, for no message comes behind it."""
        if any(isinstance(each, Alert) and each.data == SESSION_ABORT for each in self.commands):
            super().fill(message, limit, encode, number, more)
            return
        rest = _behind(self.statuses, self.few)
        later = _behind(self.commands, 0 if rest else self.few - len(self.statuses))
        super().fill(message, limit, encode, number, more)
        self.statuses.extend(rest)
        self.commands.extend(later)


class _OnePiece(Packer):
    """Deals out nothing behind a piece of an Alert that is not the last, nor two pieces at a time."""

    def fill(self, message: Message, limit: int | None, encode: Encode, number: Number, more: Alert | None) -> None:
        """See :meth:`Packer.fill`."""
        cut = next((n for n, each in enumerate(self.commands, 1) if any(item.more for item in each.items)), 0)
        rest = _behind(self.commands, cut) if cut else []
        super().fill(message, limit, encode, number, more)
        self.commands.extend(rest)


def _behind(queue: deque[Command], count: int) -> list[Command]:
    """Takes what stands behind the first ``count`` out of a queue."""
    rest = list(queue)[count:]
    for _ in rest:
        queue.pop()
    return rest


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
