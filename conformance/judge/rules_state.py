"""Rules of State for the device: what it reads while an operation goes on (FUMO TS 6, figure)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.fumo.object import UPDATE
from conformance.judge.operation import Operation, plain
from conformance.judge.rule import Hit, View, rule
from conformance.judge.rules_operation import judged_operations
from conformance.judge.session import Said
from conformance.syncml.model import text_of

CLIENT = ("client",)
INSTALLING = "60"
_ASTRAY = ("10", "20", "30")
"""What no installation passes through before it is reported: nothing begun, a download that failed, one that goes on."""


@rule("FUMO-STATE-009", sides=CLIENT, title="State reads 60 while the installation runs")
def installing(view: View) -> Iterator[Hit]:
    """FUMO TS 6, figure. Between the Status of Exec on Update and its report; 40 and 50 (not begun yet) and 70 to 100
    (just over) say nothing against it."""
    for operation in judged_operations(view):
        if operation.name != UPDATE or operation.status != "202" or operation.report is None:
            continue
        for said, value in _read(view, operation):
            what = f"State of {operation.root} between the Status of Exec on Update and its report"
            if value in (INSTALLING, *_ASTRAY):
                yield view.check(value == INSTALLING, said, INSTALLING, value, what)


def _read(view: View, operation: Operation) -> Iterator[tuple[Said, str]]:
    """The values of State that were read while an operation was under way."""
    assert operation.report is not None and operation.answered is not None
    first, last = operation.answered.event.n, operation.report.said.event.n
    for said in view.mine:
        if first < said.event.n < last:
            for results in said.results:
                for item in results.items:
                    if plain(item.source) == f"{operation.root}/State":
                        yield said, text_of(item, results.meta_of(item)).strip()
