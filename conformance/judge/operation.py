"""Firmware operations in a transcript: what was executed, how it was answered, and which alert reports it (FUMO TS 6)."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field, replace
from itertools import islice

from conformance.fumo.object import ALERT_OF, ALERT_PREFIX, DEVICE_REQUEST, OPERATION_OF, OPERATIONS, USER_REQUEST
from conformance.judge.session import CLIENT, SESSION_ABORT, Said, Session
from conformance.judge.stream import streams
from conformance.syncml.model import Alert, Exec, Item, Meta, text_of
from conformance.transcript import SERVER, Transcript

REQUESTS = (DEVICE_REQUEST, USER_REQUEST)
_NAMESPACE = "reversed-domain-name:"
_OWN = re.compile(r"corr-\d{5}(-\w+)?")
"""Correlators that the suite makes up, one for each case."""


@dataclass(slots=True, eq=False)
class Operation:
    """An Exec on an operation node. ``status`` is its code, ``None`` where no Status came; ``answered`` the message."""

    said: Said
    command: Exec
    root: str
    name: str
    status: str | None = None
    answered: Said | None = None
    report: Report | None = None
    others: list[Report] = field(default_factory=list)
    """Alerts of other types that came before its report."""

    @property
    def accepted(self) -> bool:
        """Whether it may have been taken: 200, 202 or no Status at all."""
        return self.status in ("200", "202", None)

    @property
    def refused(self) -> bool:
        """Whether it was answered with an error."""
        return self.status is not None and self.status[:1] in ("3", "4", "5")

    @property
    def expected(self) -> str:
        """The alert type that reports it."""
        return ALERT_OF[self.name]

    @property
    def correlator(self) -> str | None:
        """The Correlator that must come back; an empty one counts as none."""
        return self.command.correlator or None


@dataclass(slots=True, eq=False)
class Report:
    """One Item of an Alert with a type of the enabler. ``type`` has no namespace prefix; ``answered``: a Status came."""

    said: Said
    alert: Alert
    item: Item
    meta: Meta
    type: str
    answered: bool = False
    operation: Operation | None = None
    again: Report | None = None
    """The earlier report that it repeats."""

    @property
    def value(self) -> str | None:
        """What its Data says, ``None`` where there is none."""
        return None if self.item.data is None else text_of(self.item, self.meta)

    @property
    def code(self) -> int | None:
        """The ResultCode as a number, ``None`` where it is none."""
        text = (self.value or "").strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None

    @property
    def request(self) -> bool:
        """Whether it asks for an update rather than reports one."""
        return self.type.lower() in REQUESTS

    @property
    def name(self) -> str:
        """The operation that its type names, "" where it is none."""
        return OPERATION_OF.get(self.type.lower(), "")

    @property
    def saying(self) -> tuple[str | None, ...]:
        """What it says, as a whole: another one with the same repeats it."""
        return self.type, self.alert.correlator, self.value, plain(self.item.source)


class Activity:
    """Operations and reports of a transcript, matched. ``objects`` are roots without "./"; ``known``: they were given."""

    def __init__(self, transcript: Transcript, sessions: list[Session], objects: tuple[str, ...]) -> None:
        self.known = bool(objects)
        said = sorted((s for session in sessions for s in session.said), key=lambda s: s.event.n)
        self.objects = [plain(root) for root in objects] or _inferred(said)
        self.operations: list[Operation] = []
        self.reports: list[Report] = []
        self.requests: list[Report] = []
        self.misfits: list[tuple[Said, Alert, str]] = []
        """Alerts with a type of the enabler and another alert code than 1226."""
        given = correlators(transcript)
        self._pieces = _pieces(sessions)
        for each in said:
            if each.copy:
                continue
            if each.side != CLIENT:
                self._executed(each)
            else:
                self._told(each, given)
        self._match()

    def object_of(self, uri: str | None) -> str | None:
        """The root that a URI is, or lies below; ``None`` where it is in no object."""
        path = plain(uri)
        return next((root for root in self.objects if path == root or path.startswith(root + "/")), None)

    def _executed(self, said: Said) -> None:
        for placed in said.walked:
            command = placed.command
            if not isinstance(command, Exec):
                continue
            for item in command.items:
                root, _, name = plain(item.target).rpartition("/")
                if root in self.objects and name in OPERATIONS:
                    operation = Operation(said, command, root, name)
                    _answer(operation)
                    self.operations.append(operation)

    def _told(self, said: Said, given: set[str]) -> None:
        for alert in said.alerts:
            if of_another_case(alert, given):
                continue
            for piece in alert.items:
                item = self._pieces.get(id(piece), piece)
                if item is None:
                    continue
                meta = alert.meta_of(item)
                kind = (meta.type or "").strip()
                if kind.lower().startswith(_NAMESPACE):
                    kind = kind[len(_NAMESPACE) :].strip()
                if not kind.lower().startswith(ALERT_PREFIX):
                    continue
                if alert.data != "1226":
                    self.misfits.append((said, alert, kind))
                    continue
                report = Report(said, alert, item, meta, kind, _answered(said, alert))
                (self.requests if report.request else self.reports).append(report)

    def _match(self) -> None:
        told: dict[tuple[str | None, ...], Report] = {}
        open_: list[Operation] = []
        ahead = deque(op for op in self.operations if op.accepted)
        for position, report in enumerate(self.reports):
            while ahead and ahead[0].said.event.n < report.said.event.n:
                open_.append(ahead.popleft())
            if self._resent(report, told.get(report.saying), open_):
                continue
            told[report.saying] = report
            best = max(open_, key=lambda op: _likeness(op, report), default=None)
            if best is None:
                continue
            report.operation = best
            if report.type.lower() != best.expected and self._comes_later(best, position):
                best.others.append(report)
            else:
                best.report = report
                open_.remove(best)

    def _resent(self, report: Report, earlier: Report | None, open_: list[Operation]) -> bool:
        """Whether it repeats an earlier report; only the case of the same words, and no operation that fits better."""
        if earlier is None:
            return False
        if any(op.expected == report.type.lower() and earlier.said.event.n < op.said.event.n for op in open_):
            return False
        report.again, report.operation = earlier, earlier.operation
        return True

    def _comes_later(self, operation: Operation, position: int) -> bool:
        """Whether a report of the right type is still to come before the operation is executed again."""
        for later in self.reports[position + 1 :]:
            if later.type.lower() != operation.expected:
                continue
            return not any(
                op is not operation and op.expected == operation.expected
                and operation.said.event.n < op.said.event.n < later.said.event.n
                for op in self.operations
            )
        return False


def correlators(transcript: Transcript) -> set[str]:
    """The Correlators of all Execs that the server sent."""
    found = set()
    for event in transcript.of("message"):
        decoded = event.decoded() if event.sender == SERVER else None
        for command in decoded.message.walk() if decoded else ():
            if isinstance(command, Exec) and command.correlator:
                found.add(command.correlator)
    return found


def of_another_case(alert: Alert, given: set[str]) -> bool:
    """Whether an alert reports what an earlier case began (attach contract 3.2): it has one of the suite's Correlators, but
    none of those that were given now."""
    return bool(alert.correlator and _OWN.fullmatch(alert.correlator) and alert.correlator not in given)


def plain(uri: str | None) -> str:
    """A URI of the tree without "./" in front: "./X" and "X" name one node (DM TND 4)."""
    uri = uri or ""
    return uri[2:] if uri.startswith("./") else uri


def _inferred(said: list[Said]) -> list[str]:
    """Roots of objects where none are given: the parents of operation nodes that were executed."""
    found: list[str] = []
    for each in said:
        for placed in each.walked:
            for item in placed.command.items if isinstance(placed.command, Exec) else ():
                root, _, name = plain(item.target).rpartition("/")
                if root and name in OPERATIONS and root not in found:
                    found.append(root)
    return found


def _answer(operation: Operation) -> None:
    said, identity = operation.said, operation.command.cmd_id
    for later in islice(said.session.said, said.index + 1, None):
        if later.side == said.side:
            continue
        for status in later.statuses:
            if status.cmd_ref == identity and status.msg_ref == said.header.msg_id and identity is not None:
                operation.status, operation.answered = status.data, later
                return


def _answered(said: Said, alert: Alert) -> bool:
    for later in islice(said.session.said, said.index + 1, None):
        # What comes along with the end of a session by Alert 1223 may well be passed over.
        if later.side != said.side and not later.lost and not later.has_alert(SESSION_ABORT):
            for status in later.statuses:
                if status.cmd_ref == alert.cmd_id and status.msg_ref == said.header.msg_id:
                    return status.data not in ("401", "407")
    return False


def _likeness(operation: Operation, report: Report) -> tuple[int, int]:
    """How well a report fits an operation; among equals the earlier one."""
    score = 4 * (report.type.lower() == operation.expected)
    score += 2 * ((report.alert.correlator or None) == operation.correlator)
    score += plain(report.item.source) in (operation.root, f"{operation.root}/{operation.name}")
    score += operation.status is not None
    return score, -operation.said.event.n


def _pieces(sessions: list[Session]) -> dict[int, Item | None]:
    """Items that hold a piece of an object of a device, by identity: the whole object for the last piece of one that has
    its size, ``None`` for all others, which tell nothing yet."""
    found: dict[int, Item | None] = {}
    for session in sessions:
        for stream in streams(session, CLIENT):
            found |= dict.fromkeys(id(chunk.item) for chunk in stream.chunks)
            if stream.ended and stream.size in (stream.total, stream.decoded):
                parts = [chunk.item.data for chunk in stream.chunks]
                data = "".join(part if isinstance(part, str) else (part or b"").decode("latin-1") for part in parts)
                found[id(stream.last.item)] = replace(stream.last.item, data=data)
    return found
