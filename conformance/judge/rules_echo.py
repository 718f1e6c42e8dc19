"""Rules of what an alert repeats: the Correlator of its Exec, and the object that it is about (DM RepPro 6.6.2)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judge.operation import Operation, Report, plain
from conformance.judge.rule import Hit, View, rule
from conformance.judge.rules_operation import judged_operations
from conformance.judge.session import GENERIC_ALERT
from conformance.syncml.model import Exec


def _pairs(view: View) -> Iterator[tuple[Operation, Report]]:
    for operation in judged_operations(view):
        if operation.report is not None and view.judged(operation.report.said):
            yield operation, operation.report


@rule("DM-CMD-016", sides=("client",), title="the alert of an asynchronous Exec repeats its Correlator")
def correlator_repeated(view: View) -> Iterator[Hit]:
    """DM RepPro 6.6.2. Which alert belongs to which Exec is known for operations of firmware update."""
    for operation, report in _pairs(view):
        if operation.correlator is not None and operation.status == "202":
            came = report.alert.correlator
            what = f"Correlator of the alert after Exec on {operation.name}"
            yield view.check(came == operation.correlator, report.said, operation.correlator, came, what)


@rule("DM-ALERT-012", sides=("client",), title="a Correlator in a Generic Alert is the echo of an Exec")
def correlator_known(view: View) -> Iterator[Hit]:
    """DM Protocol 8.7.1.10. An Exec from before the transcript cannot be known: without any Exec nothing is said."""
    given: dict[str, int] = {}
    for session in view.sessions:
        for said in session.by("server"):
            for placed in said.walked:
                if isinstance(placed.command, Exec):
                    given.setdefault(placed.command.correlator or "", said.event.n)
    for said in view.mine if given else ():
        for alert in said.alerts:
            came = alert.correlator
            if alert.data == GENERIC_ALERT and came:
                good = given.get(came, said.event.n) < said.event.n
                yield view.check(good, said, "the Correlator of an Exec", came, f"Alert 1226 with CmdID {alert.cmd_id}")


@rule("DM-ALERT-010", sides=("client",), title="the Source of a Generic Alert points to its object")
def alert_source(view: View) -> Iterator[Hit]:
    """DM Protocol 8.7. The executed node instead of the root lies in the object as well."""
    for operation, report in _pairs(view):
        good = view.activity.object_of(report.item.source) is not None
        expected = f"{operation.root}, or a node below"
        what = f"Source of the alert after Exec on {operation.name}"
        yield view.check(good, report.said, expected, plain(report.item.source) or None, what)
