"""Rules of firmware operations for the device: Exec, State, fetches (FUMO TS 5.1.10, 6)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from conformance.fumo.object import DOWNLOAD, DOWNLOAD_AND_UPDATE, STATES
from conformance.judge.operation import Operation, plain
from conformance.judge.rule import Hit, View, rule
from conformance.judge.session import Exchange, Said
from conformance.syncml.model import Add, Replace, text_of
from conformance.transcript import CONTENT, DEVICE, Event

CLIENT = ("client",)


def judged_operations(view: View) -> Iterator[Operation]:
    """Operations whose Exec, and the answer to it, the suite did not make wrong."""
    for operation in view.activity.operations:
        if not operation.said.made and (operation.answered is None or not operation.answered.made):
            yield operation


def awaited(view: View, after: Said, times: int = 1) -> Event | None:
    """Where the case had waited so often for the end of an operation after a message; ``None`` if it never did."""
    for event in view.transcript.events:
        if (
            event.kind == "value"
            and event.n > after.event.n
            and event.data.get("name") == "operation-awaited"
            and event.data.get("value") is True
        ):
            times -= 1
            if not times:
                return event
    return None


def _before_it(view: View, operation: Operation) -> int:
    """How many operations of the same object had not been reported yet when one was executed: it may wait for their end."""
    start = operation.said.event.n
    return sum(
        other.root == operation.root and other.said.event.n < start
        and other.report is not None and other.report.said.event.n > start
        for other in view.activity.operations
    )


@rule("FUMO-STATE-001", sides=CLIENT, title="State is one of its ten values")
def state(view: View) -> Iterator[Hit]:
    """FUMO TS 5.1.10."""
    states = {f"{root}/State" for root in view.activity.objects}
    for said in view.mine:
        for results in said.results:
            for item in results.items:
                if plain(item.source) in states and item.data is not None:
                    value = text_of(item, results.meta_of(item)).strip()
                    good = value.isascii() and value.isdigit() and len(value) < 4 and int(value) in STATES
                    yield view.check(good, said, "10, 20, 30 ... 100", value, f"value of {item.source}")


def _at_once(answered: Said, reported: Said) -> bool:
    """Whether a report shows that the operation was over when its Exec was answered: it comes with the answer, or in the
    device's next message of the session."""
    later = [each for each in answered.session.by(answered.side) if each.index > answered.index]
    return reported.event.n <= answered.event.n or reported in later[:1]


@rule("FUMO-EXEC-002", sides=CLIENT, title="an Exec for later is answered 202")
def accepted(view: View) -> Iterator[Hit]:
    """FUMO TS 6.1. 200 is right where the operation was over; a report that follows later is tolerated."""
    for operation in judged_operations(view):
        said, report = operation.answered, operation.report
        if said is None or not view.judged(said) or operation.status not in ("200", "202"):
            continue
        what = f"Status for Exec on {operation.root}/{operation.name}"
        if operation.status == "202" or (report is not None and _at_once(said, report.said)):
            yield view.ok(said)
        elif report is not None:
            yield view.broken(said, "202", "200, the report came later", what, tolerated=not view.strict)
        elif awaited(view, said) is not None:
            yield view.broken(said, "202 and a report", "200 and no report", what)


@rule("FUMO-ALERT-001", sides=CLIENT, title="every accepted operation is reported")
def reported(view: View) -> Iterator[Hit]:
    """FUMO TS 6.2. That a report is missing can only be said where the case waited for it."""
    for operation in judged_operations(view):
        said = operation.answered
        if operation.report is not None:
            if view.judged(operation.report.said):
                yield view.ok(operation.report.said)
        elif said is not None and operation.status == "202" and view.judged(said) and not operation.others:
            waited = awaited(view, said, 1 + _before_it(view, operation))
            if waited is not None and not superseded(view, operation):
                what = f"Exec on {operation.root}/{operation.name} was answered 202"
                yield view.broken(waited, f"Alert 1226 of type {operation.expected}", None, what)


def superseded(view: View, operation: Operation) -> bool:
    """Whether the same operation was executed again before the case waited for its end."""
    return any(
        other.root == operation.root and other.name == operation.name and other.said.event.n > operation.said.event.n
        for other in view.activity.operations
    )


@rule("FUMO-EXEC-015", sides=CLIENT, title="nothing is fetched before Exec")
def no_early_fetch(view: View) -> Iterator[Hit]:
    """FUMO TS 6.1.1. Another operation than that of the address may fetch it, too."""
    urls = _urls(view)
    executed = [operation.said.event.n for operation in view.activity.operations]
    for event in fetches(view):
        wanted = _address(str(event.data.get("url", "")))
        url = next((url for url, n, _ in urls if n < event.n and _address(url) == wanted), None)
        if url is not None:
            good = any(n < event.n for n in executed)
            yield view.check(good, event, "no fetch before Exec", f"GET {url}", "the address was only written")


def _urls(view: View) -> list[tuple[str, int, str]]:
    """Addresses that the server wrote: the URL, the number of the event, the operation node. The newest first."""
    nodes = {
        f"{root}/{name}/PkgURL": f"{root}/{name}"
        for root in view.activity.objects
        for name in (DOWNLOAD, DOWNLOAD_AND_UPDATE)
    }
    found = []
    for session in view.sessions:
        for said in session.by("server"):
            for placed in said.walked:
                command = placed.command
                if not isinstance(command, Replace | Add):
                    continue
                for item in command.items:
                    place = nodes.get(plain(item.target))
                    if place is not None and item.data:
                        url = text_of(item, command.meta_of(item)).strip()
                        found.append((url, said.event.n, place))
    return sorted(found, key=lambda entry: -entry[1])


def fetches(view: View) -> Iterator[Event]:
    """What the device fetched from the content server by GET, in order."""
    for event in view.transcript.events:
        ends = {event.sender, event.receiver}
        if event.kind == "http" and event.data.get("method") == "GET" and ends == {CONTENT, DEVICE}:
            yield event


def _address(url: str) -> tuple[str, str]:
    """Path and query: the name of a host may be mapped on the way."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, ""
    return unquote(parts.path), parts.query


@rule("FUMO-ALERT-014", sides=CLIENT, title="nothing is fetched after the report")
def no_retry(view: View) -> Iterator[Hit]:
    """FUMO TS 6.2. Only fetches that ended well after the report was answered, so that none had begun before it."""
    every = list(fetches(view))
    urls = _urls(view)
    for operation in judged_operations(view):
        report = operation.report
        if report is None or operation.name not in (DOWNLOAD, DOWNLOAD_AND_UPDATE) or not view.judged(report.said):
            continue
        answer = _response(report.said)
        if answer is None:
            continue
        own = {_address(url) for url, _, place in urls if place == f"{operation.root}/{operation.name}"}
        again = next((op for op in view.activity.operations if op.said.event.n > report.said.event.n), None)
        until = again.said.event.n if again is not None else None
        late = [
            event
            for event in every
            if event.n > answer.n and (until is None or event.n < until) and not event.data.get("error")
            and not event.data.get("fault") and _address(str(event.data.get("url", ""))) in own
        ]
        what = f"after the report of {operation.root}/{operation.name}"
        yield view.check(not late, late[0] if late else report.said, "no fetch without a new Exec", "GET", what)


def _response(said: Said) -> Event | None:
    exchange: Exchange | None = next((e for e in said.session.exchanges if e.request is said), None)
    return exchange.given if exchange is not None else None
