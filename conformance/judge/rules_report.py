"""Rules of the Generic Alerts of firmware update: reports of operations and requests (FUMO TS 6.2, 7)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from conformance.fumo.object import is_defined, is_failure
from conformance.judge.operation import REQUESTS, Operation, Report, plain
from conformance.judge.rule import Hit, View, rule
from conformance.judge.rules_alert import mark_hit
from conformance.judge.rules_operation import judged_operations
from conformance.judge.rules_transport import announced

CLIENT = ("client",)
TYPE_ROWS = {"Download": "FUMO-ALERT-004", "Update": "FUMO-ALERT-005", "DownloadAndUpdate": "FUMO-ALERT-006"}
"""The requirement of its type by operation (FUMO TS 6.2.2)."""


def _reports(view: View) -> Iterator[Report]:
    """Reports to be judged, each once however often it was sent."""
    for report in view.activity.reports:
        if view.judged(report.said) and report.again is None:
            yield report


def _pairs(view: View) -> Iterator[tuple[Operation, Report]]:
    """Operations with their reports."""
    for operation in judged_operations(view):
        if operation.report is not None and view.judged(operation.report.said):
            yield operation, operation.report


def _what(report: Report) -> str:
    return f"report of type {report.type}"


@rule("FUMO-ALERT-002", "FUMO-CI-002", sides=CLIENT, title="alerts of firmware update have the code 1226")
def alert_code(view: View) -> Iterator[Hit]:
    """DM Protocol 8.7.1.2."""
    for report in (*view.activity.reports, *view.activity.requests):
        if view.judged(report.said):
            yield view.ok(report.said, "FUMO-CI-002" if report.request else "FUMO-ALERT-002")
    for said, alert, kind in view.activity.misfits:
        if view.judged(said):
            requirement = "FUMO-CI-002" if kind.lower() in REQUESTS else "FUMO-ALERT-002"
            yield view.broken(said, "1226", alert.data, f"code of an alert of type {kind}", requirement)


@rule("FUMO-ALERT-009", "FUMO-ALERT-010", "FUMO-RC-BAD", sides=CLIENT, title="the ResultCode is a defined number")
def result_code(view: View) -> Iterator[Hit]:
    """FUMO TS 6.2.4. Leading zeros and white space are not mentioned."""
    for report in _reports(view):
        if report.item.more:
            continue
        value, code = report.value, report.code
        if code is None:
            yield view.broken(report.said, "a decimal integer", value, f"Data of the {_what(report)}")
            continue
        plainly = value == str(code)
        yield view.check(
            plainly, report.said, "a decimal integer", value, f"Data of the {_what(report)}", tolerated=True
        )
        expected = "a code of the table or of a vendor range"
        what = f"ResultCode of the {_what(report)}"
        for requirement in ("FUMO-ALERT-010", "FUMO-RC-BAD"):
            yield view.check(is_defined(code), report.said, expected, str(code), what, requirement)


@rule("FUMO-ALERT-011", "FUMO-ALERT-013", sides=CLIENT, title="Mark is one of its words, and tells a failure")
def mark(view: View) -> Iterator[Hit]:
    """FUMO TS 6.2, DM Protocol 8.7.1.8. No Mark means informational."""
    for report in _reports(view):
        value = report.meta.mark
        if value is not None:
            yield mark_hit(view, report.said, value, "FUMO-ALERT-013")
        if report.code is not None and is_failure(report.code):
            good = value is not None and value.strip().lower() != "informational"
            what = f"Mark of the {_what(report)} with ResultCode {report.code}"
            yield view.check(good, report.said, "a Mark other than informational", value, what)


@rule("FUMO-ALERT-012", "DM-ALERT-005", sides=CLIENT, title="the Format of a report is int")
def meta_format(view: View) -> Iterator[Hit]:
    """DM Protocol 8.7.1.5 to 8.7.1.7. That the Format is int follows from the value; others are seen."""
    for report in _reports(view):
        value = report.meta.format
        tolerated = not (view.strict and value is None)
        what = f"Format of the {_what(report)}"
        yield view.check(value == "int", report.said, "int", value, what, tolerated=tolerated)
        if value != "":
            yield view.check(value is not None, report.said, "a Format", value, what, "DM-ALERT-005", tolerated)


@rule("FUMO-ALERT-003", "FUMO-MULTI-002", sides=CLIENT, title="Source names the object")
def source(view: View) -> Iterator[Hit]:
    """FUMO TS 6.2.1. The executed node instead of the root is a known reading."""
    for operation, report in _pairs(view):
        uri = plain(report.item.source)
        child = f"{operation.root}/{operation.name}"
        what = f"Source of the {_what(report)}"
        other = view.activity.object_of(uri)
        if uri in (operation.root, child):
            yield view.check(uri == operation.root, report.said, operation.root, uri, what, tolerated=True)
        elif other is not None and other != operation.root:
            yield view.broken(report.said, operation.root, uri, what, "FUMO-MULTI-002")
        else:
            yield view.broken(report.said, operation.root, report.item.source, what)
    if len(view.activity.objects) > 1:
        for operation, report in _pairs(view):
            if view.activity.object_of(report.item.source) == operation.root:
                yield view.ok(report.said, "FUMO-MULTI-002")


@rule(*TYPE_ROWS.values(), sides=CLIENT, title="the type belongs to what was executed")
def report_type(view: View) -> Iterator[Hit]:
    """FUMO TS 6.2.2."""
    for operation, report in _pairs(view):
        requirement = TYPE_ROWS[operation.name]
        what = f"type of the report of Exec on {operation.name}"
        good = report.type == operation.expected
        yield view.check(good, report.said, operation.expected, report.type, what, requirement)


@rule("FUMO-ALERT-007", "FUMO-ALERT-008", "FUMO-ALERT-019", sides=CLIENT, title="the Correlator comes back")
def correlator(view: View) -> Iterator[Hit]:
    """FUMO TS 6.2.3."""
    for operation, report in _pairs(view):
        wanted, came = operation.correlator, report.alert.correlator
        what = f"Correlator of the {_what(report)}"
        if wanted is None:
            tolerated = came == ""
            yield view.check(came is None, report.said, "no Correlator", came, what, "FUMO-ALERT-008", tolerated)
            continue
        yield view.check(came == wanted, report.said, wanted, came, what)
        others = {
            op.correlator for op in view.activity.operations if op is not operation and op.accepted and op.correlator
        } - {wanted}
        if others:
            yield view.check(came not in others, report.said, wanted, came, what, "FUMO-ALERT-019")


@rule("FUMO-ALERT-015", sides=CLIENT, title="the report comes after the Status of the Exec")
def after_status(view: View) -> Iterator[Hit]:
    """FUMO TS 6.2."""
    for operation, report in _pairs(view):
        if operation.answered is not None:
            good = report.said.event.n >= operation.answered.event.n
            what = f"the {_what(report)} and the Status of its Exec"
            yield view.check(good, report.said, "the Status first", "the report first", what)


_LOOKED_AT = 8
"""Earlier reports of the same operation that one is held against, so that a thousand of them cost no more than they must."""


@rule("FUMO-ALERT-016", sides=CLIENT, title="each operation is reported once")
def once(view: View) -> Iterator[Hit]:
    """FUMO TS 6.2. A report whose Status never came may be sent again as it was."""
    for operation, report in _pairs(view):
        yield view.ok(operation.report.said if operation.report else report.said)
    told: dict[int, list[Report]] = {}
    for report in view.activity.reports:
        group = told.setdefault(id(report.again or report), [])
        before = [r for r in group[-_LOOKED_AT:] if r.said.event.n < report.said.event.n]
        group.append(report)
        if not view.judged(report.said):
            continue
        if report.again is not None:
            answered = any(r.answered and not _unseen(view, r, report) for r in before)
            what = f"a second {_what(report)}"
            # Whether the answer was written down when the power failed right after it nobody can know; nor whether it
            # arrived at all where it asked for more and the device never said anything more in that session.
            lost = bool(before) and (
                view.cut(before[-1].said.event.n, _begun_after(view, before[-1])) or _left_behind(before[-1])
            )
            yield view.check(not answered, report.said, "one report", "it was answered and came again", what, tolerated=lost)
        elif report.operation is None and _all_reported(view, report):
            yield view.broken(report.said, "one report", "another one", f"the {_what(report)} of nothing that was executed")


def _begun_after(view: View, report: Report) -> int | None:
    """Number of the event that begins the next session after the one of a report, None where there is none."""
    place = bisect_right(view.begun, report.said.event.n)
    return view.begun[place] if place < len(view.begun) else None


def _unseen(view: View, earlier: Report, later: Report) -> bool:
    """Whether the device was cut off before it said anything after a report, so that it may not have got the answer."""
    place = bisect_right(view.spoke, earlier.said.event.n)
    next_ = view.spoke[place] if place < len(view.spoke) else later.said.event.n
    return view.cut(earlier.said.event.n, min(next_, later.said.event.n)) or any(
        first < earlier.said.event.n < last for first, last in view.gone
    )


def _left_behind(report: Report) -> bool:
    """Whether the session of a report broke off with its answer: something was due, and the device said nothing more in it."""
    session = report.said.session
    return session.by(report.said.side)[-1] is report.said and not session.over


def _all_reported(view: View, report: Report) -> bool:
    """Whether the operation that a report would fit was reported before in other words."""
    return any(
        op.report is not None and op.expected == report.type.lower() and op.report.answered
        and op.report.said.event.n < report.said.event.n
        for op in judged_operations(view)
    )


@rule("FUMO-ALERT-023", sides=CLIENT, title="DownloadAndUpdate sends no report on the way")
def no_half_report(view: View) -> Iterator[Hit]:
    """FUMO TS 6.2.2."""
    for operation in judged_operations(view):
        if operation.name != "DownloadAndUpdate" or operation.report is None or not view.judged(operation.report.said):
            continue
        half = next((report for report in operation.others if view.judged(report.said)), None)
        place = half.said if half is not None else operation.report.said
        actual = half.type if half is not None else None
        yield view.check(half is None, place, "one report of the whole", actual, "reports of DownloadAndUpdate")


@rule("FUMO-EXEC-012", sides=CLIENT, title="a refused Exec is not reported")
def refused(view: View) -> Iterator[Hit]:
    """FUMO TS 6.1."""
    for operation in judged_operations(view):
        if not operation.refused or operation.status in ("401", "407"):
            continue
        follow = next(
            (
                report
                for report in view.activity.reports
                if report.operation is None and report.again is None and view.judged(report.said)
                and report.said.event.n > operation.said.event.n and report.type.lower() == operation.expected
                and (report.alert.correlator or None) == operation.correlator
            ),
            None,
        )
        where = follow.said if follow is not None else operation.answered
        what = f"Exec on {operation.root}/{operation.name} was answered {operation.status}"
        yield view.check(follow is None, where, "no report", "a report", what)


@rule("FUMO-CI-005", "FUMO-CI-006", "FUMO-CI-009", "FUMO-CI-010", sides=CLIENT, title="requests have their form")
def requests(view: View) -> Iterator[Hit]:
    """FUMO TS 7.1."""
    for report in view.activity.requests:
        said, uri = report.said, report.item.source
        if not view.judged(said):
            continue
        what = f"of the request of type {report.type}"
        there = report.item.data is not None
        yield view.check(there, said, "a Data element", None, f"Data {what}", "FUMO-CI-006")
        came = report.alert.correlator
        yield view.check(came is None, said, "no Correlator", came, f"Correlator {what}", "FUMO-CI-009")
        form = report.meta.format
        yield view.check(bool(form), said, "a Format", form, f"Format {what}", "FUMO-CI-010")
        if uri and view.activity.known:
            root = view.activity.object_of(uri)
            good, expected = root == plain(uri), "the root of an update object"
            yield view.check(good, said, expected, uri, f"Source {what}", "FUMO-CI-005", root is not None)


@rule("FUMO-ALERT-017", sides=CLIENT, title="a report is in a message that the server takes")
def size(view: View) -> Iterator[Hit]:
    """DM Protocol 8.7. What the server takes is what it said in the session so far."""
    reports = {id(report.said): report for report in _reports(view)}
    for session in view.sessions:
        limit: int | None = None
        for said in session.said:
            limit = announced(said, limit) if said.side != view.side else limit
            if limit and id(said) in reports:
                what = f"octets of the message with the {_what(reports[id(said)])}"
                yield view.check(said.size <= limit, said, f"at most {limit}", str(said.size), what)
