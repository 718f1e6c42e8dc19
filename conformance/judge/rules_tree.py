"""Rules of values that have a form of their own wherever they stand: ACLs, properties, Correlators, Sources (DM TND 7)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.dm.acl import parse
from conformance.judge.answer import Reference
from conformance.judge.operation import Operation, Report, plain
from conformance.judge.rule import Hit, View, rule
from conformance.judge.rules_operation import judged_operations
from conformance.judge.session import GENERIC_ALERT, Placed, Said
from conformance.syncml.held import is_held
from conformance.syncml.model import Block, Command, Exec, Get, Item, Replace, Results, text_of

_NUMBERS = ("Size", "VerNo")
"""Properties that are numbers."""
_DIGITS = 10
"""Digits of an unsigned number of 32 bits."""
_PROPERTY = "?prop="


def property_of(uri: str | None) -> str:
    """The property that a URI addresses, "" where it addresses a node."""
    _, mark, name = (uri or "").partition(_PROPERTY)
    return name if mark else ""


def told(view: View) -> Iterator[tuple[Said, str, Item, Command]]:
    """Values of properties that the side sends: the client in Results, the server in Replace."""
    for book in view.books:
        for ref in book.references:
            if isinstance(ref.answer, Results) and view.judged(ref.said):
                for item in ref.answer.items:
                    name = property_of(item.source) or _asked(ref)
                    if name and not item.more:
                        yield ref.said, name, item, ref.answer
    for said in view.mine if view.side == "server" else ():
        for placed in said.walked:
            for item in placed.command.items if isinstance(placed.command, Replace) else ():
                name = property_of(item.target)
                if name and not item.more:
                    yield said, name, item, placed.command


def _asked(ref: Reference) -> str:
    """The property that a Get of a single Item asked for, where the Results do not say."""
    command = ref.owed.command if ref.owed is not None else None
    if not isinstance(command, Get) or len(command.items) != 1 or len(ref.answer.items) != 1 or ref.answer.items[0].source:
        return ""
    return property_of(command.items[0].target)


@rule("DM-ACL-008", title="ACL values follow the grammar")
def acl(view: View) -> Iterator[Hit]:
    """DM TND 7.7.1.5. White space around the whole value is a matter of layout."""
    for said, name, item, command in told(view):
        if name == "ACL" and not is_held(item.data):
            value = text_of(item, command.meta_of(item)).strip()
            expected = "Command=server+server&Command=*, or nothing"
            yield view.check(parse(value) is not None, said, expected, value, f"ACL in {command.name}")


@rule("DM-TND-016", sides=("client",), title="values of properties are text, numbers are decimal")
def property_value(view: View) -> Iterator[Hit]:
    """DM TND 7.4."""
    for said, name, item, command in told(view):
        if item.data is None or is_held(item.data):
            continue
        what = f"value of the property {name}"
        raw = isinstance(item.data, bytes)
        yield view.check(not raw, said, "UTF-8 text", item.data, what)
        if name in _NUMBERS and not raw:
            value = text_of(item, command.meta_of(item)).strip()
            good = value.isascii() and (value == "" or (value.isdigit() and len(value) <= _DIGITS))
            yield view.check(good, said, "a decimal number", value, what)


@rule("DM-MSG-007", title="a Sequence or Atomic stays within one message")
def within_one_message(view: View) -> Iterator[Hit]:
    """DM Protocol 6.1. A large object inside would spread over messages; the text says so in passing only."""
    for said in view.mine:
        for placed in said.walked:
            if isinstance(placed.command, Block) and not placed.around:
                torn = [p for p in said.walked if placed.command in p.around and _torn(p)]
                actual = torn[0].command.name if torn else None
                what = f"{placed.command.name} with CmdID {placed.command.cmd_id}"
                yield view.check(not torn, said, "no chunk inside", actual, what, tolerated=True)


def _torn(placed: Placed) -> bool:
    return any(item.more for item in placed.command.items)


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


