"""Rules of Status and Results (DM RepPro 6.5, 6.6.12; MS-MDM 2.2.6.1)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judge.answer import Book, Owed, package_one, refers, successful
from conformance.judge.operation import plain
from conformance.judge.rule import Hit, View, rule
from conformance.judge.session import GENERIC_ALERT, NEXT_MESSAGE, SESSION_ABORT, Said
from conformance.syncml.model import Alert, Get, Replace, Results, Status


@rule("DM-STA-001", title="the Status for SyncHdr is the first")
def header_first(view: View) -> Iterator[Hit]:
    """MS-MDM 2.2.6.1."""
    for said in view.mine:
        if said.statuses and said.header_status is not None:
            first = said.statuses[0]
            good = first.cmd == "SyncHdr" or first.cmd_ref == "0"
            yield view.check(good, said, "SyncHdr", first.cmd, "the command that the first Status answers")


@rule("DM-STA-002", title="Statuses stand in the order of the commands")
def in_order(view: View) -> Iterator[Hit]:
    """MS-MDM 2.2.6.1. Where the Status of a container stands beside those of its commands is left open.

    So is, by way of tolerance, where Statuses that spill over from an earlier message stand beside those of the newest.
    """
    for book in view.books:
        last: dict[int, tuple[int, int, Owed]] = {}
        broken: set[int] = set()
        for ref in book.references:
            owed = ref.owed
            if owed is None or not isinstance(ref.answer, Status) or not view.judged(ref.said):
                continue
            if owed.container or isinstance(owed.command, Status | Results):
                continue
            here = (owed.said.index, owed.placed.order, owed)
            before = last.get(ref.said.index)
            if before is not None and before[:2] > here[:2] and ref.said.index not in broken:
                broken.add(ref.said.index)
                expected = f"the Status for {owed.what} before that for {before[2].what}"
                spilled = before[0] != here[0]
                yield view.broken(ref.said, expected, "after it", "order of Statuses", tolerated=spilled)
            last[ref.said.index] = max(here, before or here, key=lambda entry: entry[:2])
        for index in last:
            if index not in broken:
                yield view.ok(book.session.said[index])


def _row(view: View, book: Book, owed: Owed) -> str:
    """The requirement that demands the Status for a command."""
    if book.refused(owed.said):
        return "DM-AUTH-004"
    command = owed.command
    if isinstance(command, Alert) and command.data == NEXT_MESSAGE:
        return "DM-MSG-006"
    if owed.inner or owed.container:
        return "DM-STA-003"
    if view.side == "client":
        return "DM-SES-010"
    if isinstance(command, Alert):
        return "DM-SES-009" if package_one(owed.said) else "DM-SES-012"
    return "DM-SES-018" if isinstance(command, Replace) else "DM-STA-003"


@rule(
    "DM-STA-003", "DM-SES-009", "DM-SES-012", "DM-SES-018", "DM-MSG-006", "DM-AUTH-004",
    sides=("server",), title="the server gives every command its Status",
)
def server_completeness(view: View) -> Iterator[Hit]:
    """DM Protocol 8.4, 8.6."""
    yield from _completeness(view)


@rule(
    "DM-STA-003", "DM-SES-010", "DM-MSG-006", "DM-AUTH-004",
    sides=("client",), title="the client gives every command its Status",
)
def client_completeness(view: View) -> Iterator[Hit]:
    """DM Protocol 8.5, DM RepPro 6.6.14."""
    yield from _completeness(view)


def _completeness(view: View) -> Iterator[Hit]:
    for book in view.books:
        silent = _silent_containers(book)
        for owed in book.owed:
            requirement = _row(view, book, owed)
            if owed.statuses:
                if view.judged(owed.statuses[0].said):
                    yield view.ok(owed.statuses[0].said, requirement)
            elif book.judged(owed) and not any(id(block) in silent for block in owed.placed.around):
                yield view.broken(owed.closing, "a Status", None, f"no Status for {owed.what}", requirement)


def _silent_containers(book: Book) -> set[int]:
    """Containers that were refused as a whole: that those inside have a Status as well is not demanded."""
    found = set()
    for owed in book.owed:
        refused = (owed.code or "")[:1] in ("4", "5")
        if refused and not any(inner.statuses for inner in book.inside(owed)):
            found.add(id(owed.command))
    return found


@rule("DM-SES-010", sides=("client",), title="the client gives every message a Status for SyncHdr")
def client_header_status(view: View) -> Iterator[Hit]:
    """DM Protocol 8.5. A message that aborts the session needs none."""
    return _header_status(view)


@rule("DM-SES-009", "DM-STA-003", sides=("server",), title="the server gives every message a Status for SyncHdr")
def server_header_status(view: View) -> Iterator[Hit]:
    """DM Protocol 8.4, 8.6. A message that aborts the session needs none."""
    return _header_status(view)


def _header_status(view: View) -> Iterator[Hit]:
    for book in view.books:
        for said in book.session.by(view.side):
            if not view.judged(said) or said.answers is None or said.excused or said.answers.made:
                continue
            if said.has_alert(SESSION_ABORT):
                continue
            requirement = "DM-SES-010" if view.side == "client" else "DM-STA-003"
            if view.side == "server" and package_one(said.answers):
                requirement = "DM-SES-009"
            good = any(ref.said is said for ref in book.headings.get(said.answers.index, ()))
            if not good and said.header_status is not None:
                continue  # its MsgRef is wrong, which is the matter of another rule
            what = f"Status for SyncHdr of message {said.answers.header.msg_id}"
            yield view.check(good, said, "a Status for SyncHdr", None, what, requirement)


@rule("DM-STA-004", "DM-STA-009", title="no Status for Results that were taken, nor for a Status")
def needless(view: View) -> Iterator[Hit]:
    """DM RepPro 6.5.1. A Status for a Status is left to extreme cases of negotiation."""
    for book in view.books:
        for ref in book.references:
            owed = ref.owed
            if owed is None or not isinstance(ref.answer, Status) or not view.judged(ref.said):
                continue
            if isinstance(owed.command, Results):
                what = f"a Status for {owed.what}"
                yield view.check(ref.answer.data != "200", ref.said, "no Status for Results", ref.answer.data, what)
            elif isinstance(owed.command, Status) and ref.answer.cmd == "Status":
                yield view.broken(
                    ref.said, "no Status for a Status", ref.answer.data, f"a Status for {owed.what}", "DM-STA-009", True
                )
        for said in book.session.by(view.side):
            if view.judged(said) and said.answers is not None and said.answers.results and said.statuses:
                yield from _quiet(view, book, said)


def _quiet(view: View, book: Book, said: Said) -> Iterator[Hit]:
    if said.index not in book.rejecting:
        yield view.ok(said)


@rule("DM-STA-009", "DM-STA-005", "DM-STA-006", title="one Status for each command, or one for each of its Items")
def once(view: View) -> Iterator[Hit]:
    """MS-MDM 2.2.6.1."""
    for book in view.books:
        for owed in book.owed:
            first = [ref for ref in owed.statuses if ref.said is owed.statuses[0].said]
            refs = [ref for ref in owed.statuses if not ref.said.repeated] or first
            if not refs or not all(view.judged(ref.said) for ref in refs):
                continue
            statuses = [ref.answer for ref in refs if isinstance(ref.answer, Status)]
            count, items, last = len(statuses), len(owed.command.items), refs[-1].said
            named = [refers(status) for status in statuses]
            if count == 1:
                yield view.ok(last)
                if items > 1 and book.judged(owed):
                    what = f"the one Status for the {items} Items of {owed.what}"
                    expected, every = "no TargetRef and no SourceRef", named[0] >= items
                    yield view.check(not named[0], last, expected, f"{named[0]}", what, "DM-STA-006", tolerated=every)
            elif items < 2 or count > items or _said_again(statuses):
                yield view.broken(last, f"{min(1, items) or 1} Status", f"{count}", f"Statuses for {owed.what}")
            else:
                yield from _per_item(view, book, owed, named, last)


def _said_again(statuses: list[Status]) -> bool:
    """Whether Statuses say the same of a command several times: none names an Item, and nothing tells them apart."""
    return not any(refers(status) for status in statuses) and len({status.data for status in statuses}) == 1


def _per_item(view: View, book: Book, owed: Owed, named: list[int], last: Said) -> Iterator[Hit]:
    what = f"Statuses for the Items of {owed.what}"
    if 0 in named:
        yield view.broken(last, "TargetRef or SourceRef in each Status", "a Status without", what, "DM-STA-005")
        return
    items = len(owed.command.items)
    if book.judged(owed):
        yield view.check(sum(named) >= items, last, f"{items} Items named", f"{sum(named)}", what, "DM-STA-005")
    else:
        yield view.ok(last, "DM-STA-005")


@rule("DM-ALERT-014", sides=("server",), title="the answer to a Generic Alert tells how all of its Items were handled")
def every_item(view: View) -> Iterator[Hit]:
    """DM Protocol 8.7: one Status for all of them that names none, or one that names each."""
    for book in view.books:
        for owed in book.owed:
            generic = isinstance(owed.command, Alert) and owed.command.data == GENERIC_ALERT
            items, refs = len(owed.command.items), owed.statuses
            if not generic or items < 2 or not refs or not book.judged(owed) or not all(view.judged(r.said) for r in refs):
                continue
            named = [refers(ref.answer) for ref in refs if isinstance(ref.answer, Status)]
            good = 0 in named or sum(named) >= items
            what = f"the Statuses for the Items of {owed.what}"
            yield view.check(good, refs[-1].said, f"{items} Items answered", f"{sum(named)}", what)


@rule("DM-STA-007", sides=("client",), title="Results come after the Status of their command")
def results_after(view: View) -> Iterator[Hit]:
    """DM RepPro 6.6.12."""
    for book in view.books:
        for owed in book.owed:
            if not owed.results or not owed.statuses or not view.judged(owed.results[0].said):
                continue
            status, result = owed.statuses[0], owed.results[0]
            good = (status.said.index, status.position) < (result.said.index, result.position)
            yield view.check(good, result.said, "the Status first", "the Results first", f"answers to {owed.what}")


@rule("DM-SES-011", sides=("client",), title="each successful Get has its Results, with Source")
def results_for_get(view: View) -> Iterator[Hit]:
    """DM Protocol 8.5."""
    for book in view.books:
        for owed in book.owed:
            if isinstance(owed.command, Get):
                yield from _results(view, book, owed)


def _results(view: View, book: Book, owed: Owed) -> Iterator[Hit]:
    items = [(ref, item) for ref in owed.results for item in ref.answer.items]
    for ref, item in items:
        if view.judged(ref.said) and not _continued(ref.said):
            yield view.check(bool(item.source), ref.said, "Source in the Item", None, f"Results for {owed.what}")
    wanted = successful(owed)
    if wanted and book.judged(owed) and owed.closing is not None and view.judged(owed.closing):
        good = len(items) >= wanted
        yield view.check(
            good, owed.closing, f"Results with {wanted} Item{'s' * (wanted > 1)}", f"{len(items)}", f"Results for {owed.what}"
        )
    for ref, item in items:
        root = view.activity.object_of(item.source)
        if root is not None and plain(item.source) == f"{root}/State" and item.data and view.judged(ref.said):
            form = ref.answer.meta_of(item).format
            yield view.check(form is not None, ref.said, "Meta Format int", form, "Meta of State, which is no text")


def _continued(said: Said) -> bool:
    """Whether Items of a message may go on with a large object, where the Source need not be repeated."""
    return said.answers is not None and said.answers.answers is not None and said.answers.answers.more
