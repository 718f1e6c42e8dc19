"""Status reports are repeated a bounded number of times (DL-026), and what comes of a download is told by its code."""

from __future__ import annotations

import pytest

from conformance.download.descriptor import Descriptor, write
from conformance.fumo.notice import PAUSE, TRIES, Notices
from conformance.fumo.retrieval import Retrieval
from conformance.transport.exchange import Request

FIRST, SECOND = Request("POST", "http://c/1"), Request("POST", "http://c/2")


def test_dl_025_acknowledged_report_is_sent_once() -> None:
    notices = Notices()
    notices.put([FIRST], 1.0)
    assert notices.wake_at == 1.0 and notices.next(0.5) is None and notices.next(1.0) is FIRST
    assert notices.next(1.0) is None and len(notices) == 1 and notices.wake_at is None
    notices.ended(204, "", 2.0)
    assert len(notices) == 0 and notices.next(100.0) is None


@pytest.mark.parametrize(("status", "error"), [(500, ""), (404, ""), (302, ""), (0, "closed"), (200, "timeout")])
def test_dl_026_refused_report_is_repeated_a_few_times(status: int, error: str) -> None:
    notices, at, tries = Notices(), 0.0, 0
    notices.put([FIRST, SECOND], at)
    while notices.next(at) is FIRST:
        tries += 1
        notices.ended(status, error, at)
        assert notices.next(at + PAUSE / 2) is None or tries == TRIES
        at += PAUSE
    assert tries == TRIES and len(notices) == 1
    notices.clear()
    assert len(notices) == 0


def descriptor(**more: object) -> bytes:
    given = {"object_uri": "http://c/p", "size": 3, "types": ("a/b",), "install_notify_uri": "http://c/n", **more}
    return write(Descriptor(**given))  # type: ignore[arg-type]


def retrieved(octets: bytes, *ends: tuple[int, bytes, str], types: tuple[str, ...] = ("a/b",)) -> tuple[str, list[str]]:
    """The report, and the addresses that were asked for."""
    retrieval = Retrieval("http://c/d", 1000, 0, types)
    asked = []
    for status, body, error in ((200, octets, ""), *ends):
        request = retrieval.next_request()
        if request is None:
            break
        asked.append(request.url)
        kind = "application/vnd.oma.dd+xml" if len(asked) == 1 else "a/b"
        if status and retrieval.begin(status, [("Content-Type", kind), ("Content-Length", str(len(body)))]):
            retrieval.data(body[: len(body) // 2] if error else body)
        retrieval.end(error)
    assert retrieval.outcome is not None
    (report,) = retrieval.reports(retrieval.outcome.kind == "complete")
    return report.body.decode()[:3], asked


@pytest.mark.parametrize(
    ("more", "end", "code", "asked"),
    [
        ({}, (200, b"abc", ""), "900", 2), ({"size": 2000}, (200, b"", ""), "901", 1), ({}, (200, b"abc", "reset"), "903", 2),
        ({}, (200, b"abc", "timeout"), "903", 2), ({"size": 4}, (200, b"abc", ""), "905", 2),
        ({"types": ("x/y",)}, (200, b"", ""), "953", 1), ({}, (404, b"", ""), "954", 2), ({}, (500, b"", ""), "954", 2),
        ({}, (401, b"", ""), "954", 2), ({}, (0, b"", "refused"), "954", 2), ({}, (0, b"", "unresolved"), "954", 2),
        ({"version": "2.0"}, (200, b"", ""), "951", 1), ({"object_uri": "ftp://c/p"}, (200, b"", ""), "954", 1),
        ({"types": ("x/y", "a/b")}, (200, b"abc", ""), "900", 2),
    ],
)  # fmt: skip
def test_dl_010_to_018_code_of_the_report(
    more: dict[str, object], end: tuple[int, bytes, str], code: str, asked: int
) -> None:
    found, addresses = retrieved(descriptor(**more), end)
    assert (found, len(addresses)) == (code, asked)
