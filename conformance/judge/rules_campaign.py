"""Rules of firmware update for the server: what it sets, starts and answers (FUMO TS 6, 7)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.fumo.object import (
    DOWNLOAD,
    DOWNLOAD_AND_UPDATE,
    OPERATIONS,
    UPDATE,
    is_defined,
    is_failure,
    is_success,
)
from conformance.judge.operation import Operation, Report, plain
from conformance.judge.rule import Hit, View, rule
from conformance.judge.rules_version import is_old
from conformance.judge.session import Said
from conformance.syncml.model import Add, Exec, Replace

SERVER = ("server",)
_WAYS = ("Download/PkgURL", "DownloadAndUpdate/PkgURL", "Update/PkgData")
_PATIENCE = 5
"""Refusals of the same Exec in one session after which the server repeats it without end."""


def _operations(view: View) -> Iterator[Operation]:
    return (operation for operation in view.activity.operations if view.judged(operation.said))


@rule("FUMO-EXEC-022", sides=SERVER, title="Exec aims at an operation node")
def exec_target(view: View) -> Iterator[Hit]:
    """DM RepPro 6.6. Nodes of a vendor lie below Ext."""
    for said in view.mine:
        for placed in said.walked:
            for item in placed.command.items if isinstance(placed.command, Exec) else ():
                root = view.activity.object_of(item.target)
                if root is None or plain(item.target).startswith(f"{root}/Ext/"):
                    continue
                below = plain(item.target)[len(root) + 1 :]
                expected = "Download, Update or DownloadAndUpdate of the object"
                yield view.check(below in OPERATIONS, said, expected, item.target, "Target of Exec")


@rule("FUMO-EXEC-023", sides=SERVER, title="Exec has a Correlator")
def correlator(view: View) -> Iterator[Hit]:
    """DM RepPro 6.6.6. DM 1.1.2 has no such element."""
    for operation in _operations(view):
        if is_old(operation.said):
            continue
        value = operation.command.correlator
        yield view.check(bool(value), operation.said, "a Correlator", value, f"Exec on {operation.name}")


@rule("FUMO-EXEC-021", sides=SERVER, title="the address is set before Exec")
def address_first(view: View) -> Iterator[Hit]:
    """FUMO TS 6.1.1, 6.1.3. For Update the package may be on the device already.

    Of sessions that were recorded the one that set the address may be missing.
    """
    for operation in _operations(view):
        if operation.name not in (DOWNLOAD, DOWNLOAD_AND_UPDATE):
            continue
        node = f"{operation.root}/{operation.name}/PkgURL"
        good = _written(view, node, operation.said) or _read(view, node, operation.said)
        what = f"Exec on {operation.root}/{operation.name}"
        unknown = view.recorded
        other = f"{operation.root}/{DOWNLOAD if operation.name == DOWNLOAD_AND_UPDATE else DOWNLOAD_AND_UPDATE}/PkgURL"
        actual = "it was never set" if good or not _written(view, other, operation.said) else f"it was never set; {other} was"
        yield view.check(good, operation.said, f"{node} set before", actual, what, tolerated=unknown)


def _written(view: View, node: str, until: Said) -> bool:
    """Whether the server wrote a node, up to and with a message, and was not refused before that went out."""
    for book in view.their_books:
        refused = {id(owed.command) for owed in book.owed if (owed.code or "")[:1] in ("4", "5")}
        for said in book.session.by("server"):
            if said.event.n > until.event.n:
                break
            for placed in said.walked:
                command = placed.command
                if not isinstance(command, Replace | Add) or (said is not until and id(command) in refused and len(command.items) == 1):
                    continue
                if any(plain(item.target) == node for item in command.items):
                    return True
    return False


def _read(view: View, node: str, until: Said) -> bool:
    """Whether the device showed that a node has a value."""
    return any(
        plain(item.source) == node and item.data
        for session in view.sessions
        for said in session.by("client")
        if said.event.n < until.event.n
        for results in said.results
        for item in results.items
    )


@rule("FUMO-DL-016", sides=SERVER, title="Update follows only a good download")
def good_download_first(view: View) -> Iterator[Hit]:
    """FUMO TS, usage."""
    for operation in _operations(view):
        if operation.name != UPDATE:
            continue
        reports = [
            report
            for report in view.activity.reports
            if report.name == DOWNLOAD and report.operation is not None and report.operation.root == operation.root
            and report.said.event.n < operation.said.event.n and report.code is not None
        ]
        if not reports:
            continue
        newest = reports[-1]
        failed = newest.code is not None and is_failure(newest.code)
        delivered = failed and _delivered(view, f"{operation.root}/Update/PkgData", newest.said, operation.said)
        what = f"Exec on {operation.root}/Update"
        actual = f"the download was reported with {newest.code}"
        yield view.check(not failed or delivered, operation.said, "a good download before", actual, what)


def _delivered(view: View, node: str, after: Said, until: Said) -> bool:
    return any(
        plain(item.target) == node
        for session in view.sessions
        for said in session.by("server")
        if after.event.n < said.event.n <= until.event.n
        for placed in said.walked
        for item in placed.command.items
    )


@rule("FUMO-DL-014", sides=SERVER, title="one way of delivery is set for an operation")
def one_way(view: View) -> Iterator[Hit]:
    """FUMO TS, appendix: a package and an address exclude each other. What the device refused was not set."""
    refused = {id(owed.command) for book in view.their_books for owed in book.owed if (owed.code or "")[:1] in ("4", "5")}
    written: dict[str, set[str]] = {root: set() for root in view.activity.objects}
    starts = {id(operation.command): operation for operation in _operations(view)}
    for said in view.mine:
        for placed in said.walked:
            command = placed.command
            operation = starts.get(id(command))
            if operation is not None:
                ways = sorted(written[operation.root])
                what = f"what was set before Exec on {operation.root}/{operation.name}"
                yield view.check(len(ways) < 2, said, "one of them", " and ".join(ways), what)
                written[operation.root] = set()
            for item in command.items if isinstance(command, Replace | Add) and id(command) not in refused else ():
                root = view.activity.object_of(item.target)
                below = plain(item.target)[len(root) + 1 :] if root is not None else ""
                if root is not None and below in _WAYS and (item.data or item.data_elements):
                    written[root].add(below)


@rule("FUMO-EXEC-026", sides=SERVER, title="a refused Exec is not repeated without end")
def no_loop(view: View) -> Iterator[Hit]:
    """FUMO TS 6.1."""
    counts: dict[tuple[int, str, str], int] = {}
    for operation in _operations(view):
        if operation.refused and operation.status not in ("401", "407"):
            key = (id(operation.said.session), operation.root, operation.name)
            counts[key] = counts.get(key, 0) + 1
            what = f"Exec on {operation.root}/{operation.name} in one session"
            most = f"at most {_PATIENCE} tries"
            yield view.check(counts[key] <= _PATIENCE, operation.said, most, f"{counts[key]} refusals", what)


def _answers(view: View, reports: list[Report]) -> Iterator[tuple[Report, str, Said]]:
    """Reports with the code and the message that answer them."""
    books = {id(book.session): book for book in view.books}
    for report in reports:
        for owed in books[id(report.said.session)].owed:
            if owed.command is report.alert and owed.statuses and not report.said.made:
                said = owed.statuses[0].said
                if view.judged(said) and not books[id(report.said.session)].refused(report.said):
                    yield report, owed.code or "", said


@rule("FUMO-ALERT-024", sides=SERVER, title="a good report is answered 200 or 202")
def report_answer(view: View) -> Iterator[Hit]:
    """DM Protocol 8.7. Good is a report with a defined code of an operation that the server itself started."""
    for report, code, said in _answers(view, view.activity.reports):
        if report.operation is None or report.code is None or not is_defined(report.code):
            continue
        if report.meta.format != "int" or len(report.alert.items) > 1:
            continue
        if (report.meta.type or "").strip().startswith("Reversed-Domain-Name"):
            continue  # whether that form has to be understood is FUMO-ALERT-033's question (AMB-type-prefix)
        kind = "a success" if is_success(report.code) else "a failure"
        yield view.check(code in ("200", "202"), said, "200 or 202", code, f"Status for the report of {kind}")


@rule("FUMO-CI-013", sides=SERVER, title="a request is answered 202 where no commands follow")
def request_answer(view: View) -> Iterator[Hit]:
    """FUMO TS 7.1. 200 says that update commands follow in the same session."""
    for report, code, said in _answers(view, view.activity.requests):
        session = said.session
        if code not in ("200", "202") or not session.over:
            continue
        follows = any(
            isinstance(placed.command, Exec | Replace | Add) and _updates(view, report, item.target)
            for later in session.by("server")
            if later.index >= said.index
            for placed in later.walked
            for item in placed.command.items
        )
        actual = "200 and no commands"
        yield view.check(code == "202" or follows, said, "202", actual, f"Status for the request of type {report.type}")


def _updates(view: View, report: Report, target: str | None) -> bool:
    """Whether a target is in an update object: one that is known, or the one that the request names itself."""
    named = plain(report.item.source)
    return view.activity.object_of(target) is not None or (bool(named) and plain(target).startswith(f"{named}/"))
