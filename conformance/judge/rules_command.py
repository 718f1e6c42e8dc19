"""Rules of commands and of the Statuses that answer them (DM RepPro 6.6, DM TND)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judge.answer import Book, Owed
from conformance.judge.operation import plain
from conformance.judge.rule import Hit, View, rule
from conformance.judge.session import GENERIC_ALERT, Said, number
from conformance.syncml.codes import UI_ALERTS
from conformance.syncml.model import (
    Add,
    Alert,
    Atomic,
    Command,
    Copy,
    Delete,
    Exec,
    Get,
    Item,
    Replace,
    Sequence,
    Status,
    text_of,
)

_AIMED = (Add, Copy, Delete, Exec, Get, Replace)
"""Commands of the server whose Items have a Target."""
_PASSED_OVER = ("214", "215")
"""Codes of what the user cancelled, and of what was not carried out because of that."""


def _items(said: Said) -> Iterator[tuple[Command, Item]]:
    for placed in said.walked:
        for item in placed.command.items:
            yield placed.command, item


def path_of(uri: str) -> str:
    """The node that a URI names, without ``?prop=`` or ``?list=``."""
    return uri.partition("?")[0]


@rule("DM-CMD-024", sides=("server",), title="Target is the complete URI of the node")
def complete_target(view: View) -> Iterator[Hit]:
    """DM RepPro 6.6."""
    for said in view.mine:
        for command, item in _items(said):
            if not isinstance(command, _AIMED) or item.more or _goes_on(view, command):
                continue
            good = bool(item.target) and "://" not in path_of(item.target or "")
            if isinstance(command, Copy):
                good = good and bool(item.source)
            yield view.check(good, said, "the URI of a node of the device", item.target, f"Target of {command.name}")


def _goes_on(view: View, command: Command) -> bool:
    """Whether a command is a later chunk, where the Target need not be repeated."""
    return id(command) in view.later_chunks


@rule("DM-TND-003", title="URIs have no trailing slash and no dots on the way")
def well_formed(view: View) -> Iterator[Hit]:
    """DM TND 4."""
    for said in view.mine:
        for command, item in _items(said):
            if isinstance(command, Status | Alert):
                continue
            uri = item.source if said.side == "client" else item.target
            path = path_of(uri or "")
            if not uri or path in (".", "./") or "://" in uri:
                continue
            inner = plain(path).split("/")
            good = not path.endswith("/") and ".." not in inner and "." not in inner and "" not in inner[1:]
            yield view.check(good, said, "a well-formed URI", uri, f"URI of {command.name}")


@rule("DM-CMD-023", "FUMO-EXEC-024", sides=("server",), title="no Exec in Atomic")
def no_exec_in_atomic(view: View) -> Iterator[Hit]:
    """DM RepPro 6.6.6."""
    for said in view.mine:
        for placed in said.walked:
            if not isinstance(placed.command, Exec):
                continue
            good = not any(isinstance(block, Atomic) for block in placed.around)
            yield view.check(good, said, "Exec outside Atomic", "Exec inside Atomic", "place of Exec")
            if any(view.activity.object_of(item.target) for item in placed.command.items):
                yield view.check(good, said, "Exec outside Atomic", "inside", "place of Exec", "FUMO-EXEC-024")


@rule("DM-CMD-017", sides=("server",), title="Exec that is answered later has a Correlator")
def correlator(view: View) -> Iterator[Hit]:
    """DM RepPro 6.6.6. Operations of firmware update have a rule of their own."""
    operations = {id(operation.command) for operation in view.activity.operations}
    for book in view.their_books:
        for owed in book.owed:
            command = owed.command
            if not isinstance(command, Exec) or owed.code != "202" or id(command) in operations:
                continue
            if view.judged(owed.said):
                there = bool(command.correlator)
                yield view.check(there, owed.said, "a Correlator", command.correlator, "Exec answered 202")


@rule("DM-CMD-030", sides=("server",), title="Add of an interior node says Format node")
def interior_format(view: View) -> Iterator[Hit]:
    """DM TND 6.2.4. An Add without Data is one of an interior node, unless it says Format null."""
    for said in view.mine:
        for command, item in _items(said):
            if not isinstance(command, Add) or item.data is not None:
                continue
            form = command.meta_of(item).format
            if form in (None, "node"):
                where = f"Add of {item.target} without Data"
                yield view.check(form == "node", said, "Format node", form, where)


@rule("DM-CMD-031", sides=("server",), title="Meta says what is not default")
def meta_given(view: View) -> Iterator[Hit]:
    """DM Protocol 8.4, 8.6. Known to be other than text: raw octets, and the package of a firmware update object."""
    for said in view.mine:
        for command, item in _items(said):
            if not isinstance(command, Add | Replace) or item.data in (None, "") or _goes_on(view, command):
                continue
            root = view.activity.object_of(item.target)
            if root is None or plain(item.target) != f"{root}/Update/PkgData":
                continue
            form = command.meta_of(item).format
            yield view.check(form in ("b64", "bin"), said, "Format b64 or bin", form, f"Meta of {item.target}")


@rule("DM-UI-015", sides=("server",), title="user interaction alerts have options and a text")
def interaction_items(view: View) -> Iterator[Hit]:
    """DM Protocol 10.2. Options are name=value pairs, URL-encoded, joined by an ampersand."""
    for said in view.mine:
        for placed in said.walked:
            alert = placed.command
            if not isinstance(alert, Alert) or alert.data not in UI_ALERTS:
                continue
            count = len(alert.items)
            what = f"Items of Alert {alert.data}"
            yield view.check(count >= 2, said, "at least 2 Items", f"{count}", what)
            if count:
                options = text_of(alert.items[0], alert.meta_of(alert.items[0]))
                pairs = options.split("&") if options else []
                good = all("=" in pair and " " not in pair for pair in pairs)
                yield view.check(good, said, "options as name=value&...", options, f"first Item of Alert {alert.data}")


def _answered(view: View) -> Iterator[tuple[Book, Owed, Said]]:
    """Commands of the other side with an answer, and the message of the first Status."""
    for book in view.books:
        for owed in book.owed:
            if owed.statuses and view.judged(owed.statuses[0].said) and not owed.said.made:
                yield book, owed, owed.statuses[0].said


@rule("DM-CMD-015", sides=("client",), title="Exec is answered with 200, 202 or an error")
def exec_status(view: View) -> Iterator[Hit]:
    """DM RepPro 6.6.6. In a Sequence that the user stopped it may be 214 or 215."""
    for _, owed, said in _answered(view):
        if isinstance(owed.command, Exec):
            for code in owed.codes:
                good = code in ("200", "202", "214", "215") or code[:1] in ("3", "4", "5")
                yield view.check(good, said, "200, 202 or an error", code, f"Status for {owed.what}")


@rule("DM-CMD-022", sides=("client",), title="a Sequence whose commands were carried out is answered 200")
def sequence_status(view: View) -> Iterator[Hit]:
    """DM RepPro 6.6.14."""
    for book, owed, said in _answered(view):
        if not isinstance(owed.command, Sequence):
            continue
        inside = [o for o in book.inside(owed) if o.placed.around[-1] is owed.command]
        if any((o.code or "")[:1] == "2" and o.code not in ("214", "215", "216") for o in inside):
            yield view.check(owed.code == "200", said, "200", owed.code, f"Status for {owed.what}")


@rule("DM-CMD-019", sides=("client",), title="an Atomic with a failed command is not answered 2xx")
def atomic_status(view: View) -> Iterator[Hit]:
    """DM RepPro 6.6.3. One of which nothing was begun, because the user stopped what went before or within, may be 215."""
    for book, owed, said in _answered(view):
        if not isinstance(owed.command, Atomic):
            continue
        inside = [o for o in book.inside(owed) if o.statuses]
        codes = [code for o in inside for code in o.codes]
        failed = [code for code in codes if code[:1] in ("3", "4", "5") or code in ("214", "215", "216")]
        if failed:
            passed_over = owed.code in _PASSED_OVER and all(code in _PASSED_OVER for code in codes)
            good = (owed.code or "")[:1] != "2" or passed_over
            yield view.check(good, said, "a failure", owed.code, f"Status for {owed.what} with {failed[0]} inside")
        elif codes:
            yield view.ok(said)


@rule("DM-CMD-029", sides=("client",), title="an Item in the Status of a failed Add names the node")
def failed_add(view: View) -> Iterator[Hit]:
    """DM RepPro 6.6.1. An Item with a text alone may be a remark about any Add that failed."""
    for _, owed, said in _answered(view):
        if not isinstance(owed.command, Add):
            continue
        for ref in owed.statuses:
            if not isinstance(ref.answer, Status) or (ref.answer.data or "")[:1] not in ("4", "5"):
                continue
            for item in ref.answer.items:
                what, remark = f"Item of the Status for {owed.what}", bool(item.data)
                yield view.check(bool(item.target), said, "Target", None, what, tolerated=remark)
                if item.target and len(owed.command.items) == 1:
                    wanted = plain(owed.command.items[0].target)
                    good = item.target == "." or _on_one_line(plain(item.target), wanted)
                    yield view.check(good, said, f"{wanted}, or a node above or below it", item.target, f"Target in the {what}")


def _on_one_line(one: str, other: str) -> bool:
    """Whether one node stands above another, or is it. What a document adds stands below its target."""
    return other.startswith(f"{one}/") or f"{one}/".startswith(f"{other}/")


@rule("DM-UI-008", "DM-UI-009", sides=("client",), title="answers of the user stand in Items of the Status")
def user_answers(view: View) -> Iterator[Hit]:
    """DM Protocol 10.2.3, 10.2.4. Where an alert offers nothing to choose from, no number can be right or wrong."""
    for _, owed, said in _answered(view):
        alert = owed.command
        if not isinstance(alert, Alert) or alert.data not in ("1102", "1103", "1104") or owed.code != "200":
            continue
        items = owed.statuses[0].answer.items
        what = f"answer to Alert {alert.data}"
        if alert.data == "1102":
            good = bool(items) and items[0].data is not None
            yield view.check(good, said, "an Item with the text", None, what)
            continue
        picks = [number(text_of(item).strip()) for item in items]
        most = len(alert.items) - 2
        if most < 1:
            continue
        good = all(pick is not None and 1 <= pick <= most for pick in picks)
        if alert.data == "1103":
            good = good and len(picks) == 1
        actual = ", ".join(text_of(item) for item in items[:9])
        yield view.check(good, said, f"numbers from 1 to {most}", actual, what, "DM-UI-009")


@rule("DM-ALERT-007", "FUMO-ALERT-025", sides=("server",), title="Generic Alerts are answered with the codes for them")
def generic_alert_answer(view: View) -> Iterator[Hit]:
    """DM Protocol 8.7. DM RepPro also has 406; the pieces of one that comes in several have codes of their own."""
    pieces = {id(chunk.command) for stream in view.their_streams for chunk in stream.chunks}
    fumo = {id(report.alert) for report in (*view.activity.reports, *view.activity.requests)}
    for _, owed, said in _answered(view):
        alert = owed.command
        if not isinstance(alert, Alert) or alert.data != GENERIC_ALERT:
            continue
        if id(alert) in pieces and (owed.code == "213" or (owed.code or "")[:1] in ("4", "5")):
            continue
        requirement = "FUMO-ALERT-025" if id(alert) in fumo else "DM-ALERT-007"
        for code in owed.codes:
            good = code in ("200", "202", "401", "407", "412", "415", "500")
            expected = "200 or 202; 401, 407, 412, 415 or 500"
            what = "Status for Alert 1226"
            yield view.check(good, said, expected, code, what, requirement, tolerated=code == "406")


@rule("DM-ALERT-004", sides=("server",), title="client events are answered 200 or 406")
def client_event_answer(view: View) -> Iterator[Hit]:
    """DM RepPro 6.6.2. The general list of codes for Alerts is longer."""
    for book, owed, said in _answered(view):
        if isinstance(owed.command, Alert) and owed.command.data == "1224" and not book.refused(owed.said):
            good = owed.code in ("200", "406")
            yield view.check(good, said, "200 or 406", owed.code, "Status for Alert 1224", tolerated=True)
