"""Rules of the course of an operation for the device: what it fetches, how State moves, when and how it is reported.

What is compared stands in the transcript twice: an address that was written and one that was fetched, a State and a report.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import quote, urlsplit

from conformance.fumo.object import ALERT_PREFIX, DOWNLOAD, DOWNLOAD_AND_UPDATE, UPDATE, is_failure, is_success
from conformance.judge.answer import Owed
from conformance.judge.operation import Operation, of_another_case, plain
from conformance.judge.rule import Hit, View, rule
from conformance.judge.rules_operation import awaited, fetches, judged_operations, superseded
from conformance.judge.rules_report import TYPE_ROWS
from conformance.judge.session import Said
from conformance.syncml.model import Add, Alert, Copy, Delete, Exec, Replace, Sequence, text_of
from conformance.transcript import Event

CLIENT = ("client",)
_ADDRESS_ROWS = {DOWNLOAD: "FUMO-EXEC-004", DOWNLOAD_AND_UPDATE: "FUMO-EXEC-007"}
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ALLOWED = "%/:?#[]@!$&'()*+,;=~-._"
"""Characters that stand in an address as they are (RFC 3986 2)."""

# -- the address ---------------------------------------------------------------------------------------------------------


@rule(*_ADDRESS_ROWS.values(), sides=CLIENT, title="what is fetched first is the address of the operation")
def address(view: View) -> Iterator[Hit]:
    """FUMO TS 6.1.1, 6.1.3. Where it is certain which value the address had, and nobody else was downloading."""
    for operation in judged_operations(view):
        if operation.name not in _ADDRESS_ROWS or operation.answered is None or not operation.accepted:
            continue
        first = next(iter(_own_fetches(view, operation)), None)
        written = _written(view, operation) if first is not None and not _others_download(view, operation) else None
        if first is None or written is None or not written.lower().startswith(("http://", "https://")):
            continue
        came = str(first.data.get("url", ""))
        what = f"first GET after Exec on {operation.root}/{operation.name}"
        yield view.check(same_place(came, written), first, written, came, what, _ADDRESS_ROWS[operation.name])


def _own_fetches(view: View, operation: Operation) -> list[Event]:
    """GETs between an Exec and the next one, or the report."""
    start = operation.said.event.n
    ends = [other.said.event.n for other in view.activity.operations if other.said.event.n > start]
    ends += [operation.report.said.event.n] if operation.report is not None else []
    return [event for event in fetches(view) if start < event.n < min(ends, default=event.n + 1)]


def _others_download(view: View, operation: Operation) -> bool:
    """Whether another operation that downloads had not been reported when this one was executed."""
    start = operation.said.event.n
    return any(
        other is not operation and other.name in _ADDRESS_ROWS and other.accepted and other.said.event.n <= start
        and (other.report is None or other.report.said.event.n > start)
        for other in view.activity.operations
    )


def _written(view: View, operation: Operation) -> str | None:
    """The value that the address of an operation had at its Exec; ``None`` where the transcript does not tell for sure."""
    node = f"{operation.root}/{operation.name}/PkgURL"
    pieces = {id(chunk.item) for each in view.their_streams for chunk in each.chunks}
    every = [owed for book in view.books for owed in book.owed if owed.said.event.n <= operation.said.event.n]
    mine = next((owed for owed in every if owed.command is operation.command), None)
    if mine is None:
        return None
    value: str | None = None
    for owed in sorted(every, key=lambda each: (each.said.event.n, each.placed.order)):
        if not any(node == plain(item.target) or node.startswith(f"{plain(item.target)}/") for item in owed.command.items):
            continue
        if isinstance(owed.command, Delete | Copy):
            value = None
        elif isinstance(owed.command, Replace | Add) and _certain(owed, mine):
            item = owed.command.items[0]
            whole = isinstance(item.data, str) and not item.more and id(item) not in pieces
            refused = (owed.code or "")[:1] in ("4", "5")
            good = owed.code == "200" and whole and plain(item.target) == node
            value = value if refused else text_of(item, owed.command.meta_of(item)).strip() if good else None
        elif isinstance(owed.command, Replace | Add):
            value = None
    return value


def _certain(owed: Owed, mine: Owed) -> bool:
    """Whether a write was carried out, as its one Status says, before an Exec."""
    plainly = len(owed.command.items) == 1 and len(owed.codes) == 1
    plainly = plainly and all(isinstance(block, Sequence) for block in owed.placed.around)
    if owed.said.made or owed.said.lost or owed.said.copy or not plainly:
        return False
    if owed.said is not mine.said:
        return True
    together = bool(owed.placed.around) and owed.placed.around[:1] == mine.placed.around[:1]
    return together and owed.placed.order < mine.placed.order


def same_place(one: str, other: str) -> bool:
    """Whether two addresses have the same path and query; the name of a host may be mapped on the way."""
    return _place(one) == _place(other)


def _place(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(quote(url, safe=_ALLOWED))
    except ValueError:
        return url, ""
    return _normal(parts.path) or "/", _normal(parts.query)


def _normal(text: str) -> str:
    """Escapes of characters that need none are undone, the others are in capitals (RFC 3986 6.2.2)."""

    def undone(match: re.Match[str]) -> str:
        character = chr(int(match[1], 16))
        return character if character in _UNRESERVED else match[0].upper()

    return re.sub("%([0-9A-Fa-f]{2})", undone, text)


# -- State ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reading:
    """A value of State that was read: in which message it came, and the number of the event in which it was asked for."""

    said: Said
    asked: int
    root: str
    value: str


_BACK = {("40", "30"), ("50", "30"), ("50", "40"), ("60", "30"), ("60", "40"), ("60", "50")}
"""Steps back that no activity makes (FUMO TS 6, figure)."""
_WAITING = ("50", "70", "90")
_WITHOUT = ("80", "100")
_FAILED = ("20", "10")
_GOING = ("30", "60")
_HARMLESS = ("idle", "advance", "firmware", "start_session", "notify")
"""Verbs of the hook that change nothing in the device."""


def readings(view: View) -> list[Reading]:
    """All values of State that were read, in order."""
    nodes = {f"{root}/State": root for root in view.activity.objects}
    return [
        Reading(said, said.answers.event.n, nodes[plain(item.source)], text_of(item, results.meta_of(item)).strip())
        for said in view.mine if said.answers is not None
        for results in said.results
        for item in results.items
        if plain(item.source) in nodes and item.data is not None
    ]


class _Calm:
    """Between which events nobody told an object to do anything, and nobody touched the device."""

    def __init__(self, view: View) -> None:
        self.touched = [
            event.n for event in view.transcript.events
            if event.kind == "process" or (event.kind == "hook" and event.data.get("verb") not in _HARMLESS)
            or (event.kind == "value" and event.data.get("name") == "power")
        ]
        self.told: dict[str, list[int]] = {root: [] for root in view.activity.objects}
        for session in view.sessions:
            for said in session.by(view.other):
                for root in _objects_told(view, said):
                    self.told[root].append(said.event.n)
        for numbers in self.told.values():
            numbers.sort()

    def between(self, root: str, first: int, last: int) -> bool:
        """Whether nothing was told from one event on until before another."""
        return all(bisect_left(each, first) == bisect_left(each, last) for each in (self.told[root], self.touched))


def _objects_told(view: View, said: Said) -> set[str]:
    """The objects at which a message of the server aims something that changes them."""
    found = set()
    for placed in said.walked:
        if isinstance(placed.command, Exec | Replace | Add | Delete | Copy):
            for item in placed.command.items:
                target = plain(item.target)
                found |= {root for root in view.activity.objects if f"{target}/".startswith(f"{root}/") or root.startswith(f"{target}/")}
    return found


@rule("FUMO-STATE-014", sides=CLIENT, title="State does not go back by itself")
def forward(view: View) -> Iterator[Hit]:
    """FUMO TS 6, figure. Two readings one after the other, with no command for the object between them."""
    calm, before = _Calm(view), dict[str, Reading]()
    for now in readings(view):
        then = before.get(now.root)
        before[now.root] = now
        if then is not None and calm.between(now.root, then.asked, now.said.event.n):
            good = (then.value, now.value) not in _BACK
            what = f"State of {now.root} after {then.value}, with no command between"
            yield view.check(good, now.said, f"{then.value}, or a State that follows it", now.value, what)


@rule("FUMO-STATE-008", sides=CLIENT, title="a download that was reported as failed is over")
def failed_download(view: View) -> Iterator[Hit]:
    """FUMO TS 6, figure. 20, or 10 after clean-up."""
    for operation, after in _afterwards(view):
        report = operation.report
        if operation.name == DOWNLOAD and report is not None and report.code is not None and is_failure(report.code):
            for now in after:
                what = f"State of {now.root} after Download was reported with {report.code}"
                yield view.check(now.value in _FAILED, now.said, "20 or 10", now.value, what)


@rule("FUMO-ALERT-015", sides=CLIENT, title="what is reported is over")
def over(view: View) -> Iterator[Hit]:
    """FUMO TS 6.2. A success that is told before the first octet is fetched, or while State still moves on."""
    for operation, after in _afterwards(view):
        report = operation.report
        if report is None or report.code is None or not is_success(report.code):
            continue
        what = f"the report of {operation.root}/{operation.name} with {report.code}"
        for then, now in pairwise(after):
            if then.value in _GOING:
                good = now.value == then.value
                yield view.check(good, report.said, "the report at the end", f"State {then.value}, then {now.value}", what)
        late = _late_fetch(view, operation) if operation.name in _ADDRESS_ROWS else None
        if late is not None:
            yield view.broken(report.said, "the package first", "a report, then the first GET", what)


def _late_fetch(view: View, operation: Operation) -> Event | None:
    """The first GET of an operation, where it came after its report."""
    report, start = operation.report, operation.said.event.n
    if report is None or _others_download(view, operation) or _own_fetches(view, operation):
        return None
    written = _written(view, operation)
    ends = [other.said.event.n for other in view.activity.operations if other.said.event.n > start]
    for event in fetches(view):
        if report.said.event.n < event.n < min(ends, default=event.n + 1):
            return event if written is not None and same_place(str(event.data.get("url", "")), written) else None
    return None


def _afterwards(view: View) -> Iterator[tuple[Operation, list[Reading]]]:
    """Operations that were reported, with what State read then until something else was told."""
    calm, every = _Calm(view), readings(view)
    for operation in judged_operations(view):
        report = operation.report
        if report is None or not view.judged(report.said):
            continue
        end = report.said.event.n
        yield operation, [
            each for each in every
            if each.root == operation.root and each.asked > end and calm.between(each.root, end, each.said.event.n)
        ]


@rule("FUMO-STATE-016", sides=CLIENT, title="without a package nothing is installed")
def holds_none(view: View) -> Iterator[Hit]:
    """FUMO TS 5.1.10. State 80 and 100 say that the package is gone, 50, 70 and 90 that it is there."""
    calm, every = _Calm(view), readings(view)
    for operation in judged_operations(view):
        report = operation.report
        if operation.name != UPDATE or report is None or report.code is None or not is_success(report.code):
            continue
        start = operation.said.event.n
        then = next((each for each in reversed(every) if each.root == operation.root and each.said.event.n < start), None)
        if then is None or then.value not in (*_WAITING, *_WITHOUT) or not calm.between(then.root, then.asked, start):
            continue
        what = f"Exec on {operation.root}/Update was reported with {report.code}; State before it"
        yield view.check(then.value in _WAITING, report.said, "50, 70 or 90", then.value, what)


# -- the type of a report ------------------------------------------------------------------------------------------------


@rule(*TYPE_ROWS.values(), sides=CLIENT, title="an operation is reported with a type of the enabler")
def strange_type(view: View) -> Iterator[Hit]:
    """FUMO TS 6.2.2. Where the case waited for a report, none came, and an alert for the same Exec has another type."""
    given = {op.correlator for op in view.activity.operations if op.correlator}
    for operation in judged_operations(view):
        said = operation.answered
        if operation.report is not None or operation.others or said is None or operation.status not in ("200", "202"):
            continue
        waited = awaited(view, said)
        if waited is None or superseded(view, operation):
            continue
        for told, alert, kind in _strange(view, operation, given):
            if said.event.n <= told.event.n < waited.n:
                what = f"type of an alert {alert.data} after Exec on {operation.root}/{operation.name}"
                yield view.broken(told, operation.expected, kind, what, TYPE_ROWS[operation.name])


def _strange(view: View, operation: Operation, given: set[str]) -> Iterator[tuple[Said, Alert, str]]:
    """Generic Alerts of other types that belong to an Exec: by its Correlator, or by the last part of their type."""
    for said in view.mine:
        for alert in said.alerts:
            for item in alert.items if alert.data == "1226" and not of_another_case(alert, given) else ():
                kind = (alert.meta_of(item).type or "").strip()
                own = kind.lower().rpartition(".")[2] == operation.name.lower()
                same = bool(operation.correlator) and alert.correlator == operation.correlator
                if not kind.lower().startswith(ALERT_PREFIX) and (own or same):
                    yield said, alert, kind
