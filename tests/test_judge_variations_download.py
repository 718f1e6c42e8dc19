"""Rules of downloads by descriptor, at their edges: what is held against a device or a publisher, and what is not."""

from __future__ import annotations

from typing import Any

import pytest
from judge_builder import Mark, Script, update
from judge_seen import DD, ONCE, TWICE, again, bad_descriptor, by_client, by_server, fetched, gone, marked, said, told

from conformance.judge.finding import FAIL, WARN
from conformance.transcript import CONTENT, DEVICE, SERVER

FW, NOTE, WHERE = "http://dl.example.test/fw.bin?a=1", "http://dl.example.test/n/1", "http://dl.example.test/fw.dd"


def http(script: Script, place: int, side: str = "client", **data: Any) -> None:
    """One more request of the device."""
    plain = {"method": "GET", "url": FW, "status": 200, "headers": [], "reply_headers": [], "fault": "", "error": "", "body": "",
             "sent": 10, "length": 10}  # fmt: skip
    script.steps.insert(place, Mark("http", DEVICE, CONTENT if side == "client" else SERVER, plain | data))


def more(place: int, side: str = "client", **data: Any) -> Any:
    return lambda script: http(script, place, side, **data)


CLIENT: list[tuple[str, Any, Any, list[Any]]] = [
    # -- Accept
    ("DL-004", by_client(), marked(4, headers=[["Accept", "Application/VND.OMA.DD+xml"]]), ONCE),
    ("DL-004", by_client(), marked(4, headers=[["accept", "application/*;q=0.5"]]), ONCE),
    ("DL-004", by_client(), marked(4, headers=None), [(WARN, 5, "nothing")]),
    ("DL-004", by_client(), marked(4, error="cut"), []),
    ("DL-004", by_client(), marked(4, descriptor=None), []),
    # -- objects of bad descriptors
    ("DL-005", bad_descriptor(906, "size is missing"), lambda s: None, ONCE),
    ("DL-005", bad_descriptor(906, "size is missing"), more(5), [(WARN, 6, FW)]),
    ("DL-005", bad_descriptor(906, "size is missing"), more(5, url="https://other.host/fw.bin?a=1"),
     [(WARN, 6, "https://other.host/fw.bin?a=1")]),
    ("DL-005", bad_descriptor(906, "size is missing"), more(5, url="http://dl.example.test/fw.bin?a=2"), ONCE),
    ("DL-005", bad_descriptor(906, "size is missing"), more(4), ONCE),
    ("DL-005", bad_descriptor(906, "x"), told(4, object=""), []),
    ("DL-005", by_client(), lambda s: None, []),
    # -- whether a report is due
    ("DL-006", by_client(), lambda s: None, ONCE),
    ("DL-006", by_client(), told(4, notify=""), []),
    ("DL-006", by_client(), gone(6), [(WARN, 5, "nothing")]),
    ("DL-006", by_client(), marked(6, method="GET"), [(WARN, 5, "nothing")]),
    ("DL-006", by_client(), told(4, notify="http://elsewhere.test/n/1"), []),
    ("DL-006", by_client(), lambda s: (told(4, notify="HTTP://DL.EXAMPLE.TEST/n/1")(s), gone(6)(s)), [(WARN, 5, "nothing")]),
    ("DL-006", by_client(), lambda s: (gone(6)(s), s.steps.insert(5, s.mark("process", what="killed")), s.steps.pop()), []),
    ("DL-006", by_client(), lambda s: s.steps.__delitem__(slice(7, None)), []),
    ("DL-006", by_client(), more(6, url=WHERE, descriptor={"notify": NOTE, "object": FW, "size": 1000, "version": "1.0"}), TWICE),
    # -- reports where none are asked for
    ("DL-007", by_client(notify=""), gone(6), ONCE),
    ("DL-007", by_client(notify=""), lambda s: None, [(WARN, 7, f"POST {NOTE}")]),
    ("DL-007", by_client(notify=""), marked(6, method="PUT"), ONCE),
    ("DL-007", by_client(notify=""), marked(6, body="200 OK"), ONCE),
    ("DL-007", by_client(notify=""), marked(6, body=None), ONCE),
    ("DL-007", by_client(notify=""), lambda s: (gone(6)(s), http(s, 4, method="POST", url=NOTE, body="900 x")), ONCE),
    ("DL-007", by_client(), lambda s: None, []),
    # -- form
    ("DL-008", by_client(), lambda s: None, TWICE),
    ("DL-008", by_client(), marked(6, body="900"), TWICE),
    ("DL-008", by_client(), marked(6, body=" 954   Loader Error \0\r\n"), TWICE),
    ("DL-008", by_client(), marked(6, body="800 x"), [(WARN, 7, "800 x")]),
    ("DL-008", by_client(), marked(6, body="9000"), [(WARN, 7, "9000")]),
    ("DL-008", by_client(), marked(6, body="900x"), [(WARN, 7, "900x")]),
    ("DL-008", by_client(), marked(6, body=None), [(WARN, 7, "an empty value")]),
    ("DL-008", by_client(), marked(6, method="PUT", body="x"), [(WARN, 7, "PUT")]),
    # -- success
    ("DL-010", by_client(), lambda s: None, ONCE),
    ("DL-010", by_client(), marked(5, error="cut", sent=500), ONCE),
    ("DL-010", by_client(), marked(5, sent=0), [(WARN, 7, "900")]),
    ("DL-010", by_client(), marked(5, status=300), [(WARN, 7, "900")]),
    ("DL-010", by_client(), marked(5, status=299), ONCE),
    ("DL-010", by_client(), marked(5, status=199), [(WARN, 7, "900")]),
    ("DL-010", by_client(), marked(5, status=None), [(WARN, 7, "900")]),
    ("DL-010", by_client(), marked(6, body="901 memory"), []),
    ("DL-010", by_client(), lambda s: s.steps.insert(5, s.steps.pop(6)), [(WARN, 6, "900")]),
    # -- bad descriptors
    ("DL-011", bad_descriptor(951, "DDVersion '2.0'"), lambda s: None, ONCE),
    ("DL-012", bad_descriptor(951, "DDVersion '2.0'"), lambda s: None, []),
    ("DL-012", bad_descriptor(906, "size is missing"), lambda s: None, ONCE),
    ("DL-011", bad_descriptor(906, "size is missing"), lambda s: None, []),
    ("DL-011", by_client(), told(4, version="2.0"), []),
    ("DL-011", by_client(), told(4, version=None), ONCE),
    ("DL-011", by_client(), lambda s: (told(4, version="1.9")(s), marked(6, body="951 x")(s)), [(WARN, 7, "951")]),
    ("DL-011", by_client(), lambda s: (told(4, version="2.0")(s), marked(6, body="951 x")(s)), []),
    ("DL-012", bad_descriptor(906, "size is missing"), again(5, body="999 x"), ONCE),
    # -- one report
    ("DL-025", by_client(), lambda s: None, ONCE),
    ("DL-025", by_client(), again(6), [(WARN, 8, "900")]),
    ("DL-025", by_client(), again(6, method="PUT"), ONCE),
    ("DL-025", by_client(), lambda s: (marked(6, status=404)(s), again(6, status=200)(s)), ONCE),
    ("DL-025", by_client(), lambda s: (marked(6, error="reset")(s), again(6, error="")(s)), ONCE),
    ("DL-025", by_client(), lambda s: (marked(6, status=404)(s), again(6, status=200, body="901 x")(s)), [(WARN, 8, "901")]),
    ("DL-025", by_client(), gone(6), []),
    # -- after the report
    ("DL-029", update, lambda s: s.steps.append(s.steps[4]), [(FAIL, 9, "GET")]),
    ("DL-029", update, lambda s: None, ONCE),
]  # fmt: skip
SERVERS: list[tuple[str, Any, Any, list[Any]]] = [
    ("DL-001", by_server(), lambda s: None, TWICE),
    ("DL-001", by_server(), marked(4, reply_headers=[["content-type", DD.upper() + " ; charset=utf-8"]]), TWICE),
    ("DL-001", by_server(), marked(4, reply_headers=[]), [(WARN, 5, "nothing")]),
    ("DL-001", by_server(), marked(4, reply_headers=None), [(WARN, 5, "nothing")]),
    ("DL-002", by_server(), lambda s: None, TWICE),
    ("DL-002", by_server(), told(4, size=0), ONCE),
    ("DL-002", by_server(), marked(5, status=206, length=500, reply_headers=[["Content-Range", "bytes 0-499/1000"]]), TWICE),
    ("DL-002", by_server(), marked(5, status=206, length=1000, reply_headers=[["Content-Range", "bytes 0-499/900"]]), [(WARN, 6, "900")]),
    ("DL-002", by_server(), marked(5, status=206, reply_headers=[["Content-Range", "bytes 0-499/*"]]), ONCE),
    ("DL-002", by_server(), marked(5, status=206, reply_headers=[]), ONCE),
    ("DL-002", by_server(), marked(5, method="HEAD", length=1), ONCE),
    ("DL-002", by_server(), marked(5, error="cut", length=1), ONCE),
    ("DL-002", by_server(), marked(5, fault="cut", length=1), ONCE),
    ("DL-002", by_server(), marked(5, status=201, length=1), ONCE),
    ("DL-002", by_server(), marked(5, length="1"), ONCE),
    ("DL-002", by_server(), marked(5, url="http://dl.example.test/else", length=1), ONCE),
    ("DL-009", by_server(), lambda s: None, ONCE),
    ("DL-009", by_server(), marked(6, status=299), ONCE),
    ("DL-009", by_server(), marked(6, status=300), [(WARN, 7, "HTTP 300")]),
    ("DL-009", by_server(), marked(6, status=199), [(WARN, 7, "HTTP 199")]),
    ("DL-009", by_server(), marked(6, status=None), [(WARN, 7, "HTTP None")]),
    ("DL-009", by_server(), marked(6, status=500, error="reset"), []),
    ("DL-009", by_server(), marked(6, status=500, method="GET"), []),
    ("DL-033", by_server(), lambda s: None, ONCE),
    ("DL-033", by_server(), again(4), TWICE),
    ("DL-033", by_server(), again(4, url="http://dl.example.test/2.dd"), [(WARN, 6, NOTE)]),
    ("DL-033", by_server(notify=""), again(4, url="http://dl.example.test/2.dd"), []),
    ("DL-034", by_server(), lambda s: None, ONCE),
    ("DL-034", by_server(), told(4, fault="not well-formed: &"), [(WARN, 5, "nothing")]),
    ("DL-034", by_server(), told(4, fault="size is missing"), ONCE),
    ("DL-035", by_server(), lambda s: None, ONCE),
    ("DL-035", by_server(), marked(5, status=206, headers=[["Range", "bytes=5-"]]), TWICE),
    ("DL-035", by_server(), marked(5, status=404, reply_headers=[]), []),
    ("DL-035", by_server(), marked(5, method="HEAD", reply_headers=[]), []),
    ("DL-035", by_server(), marked(5, error="cut", reply_headers=[]), []),
    ("DL-035", by_server(), marked(5, reply_headers=None), [(WARN, 6, "nothing")]),
]  # fmt: skip
ROWS = [(*row, "client") for row in CLIENT] + [(*row, "server") for row in SERVERS]


@pytest.mark.parametrize(
    ("requirement", "base", "spoil", "found", "side"), ROWS, ids=[f"{row[0]}-{row[4]}-{n}" for n, row in enumerate(ROWS)]
)
def test_what_is_said_of_a_download(requirement: str, base: Any, spoil: Any, found: list[Any], side: str) -> None:
    script = base()
    spoil(script)
    assert said(script, requirement, side) == found


def test_fetches_at_the_other_content_server_are_not_judged() -> None:
    """Where a client is judged the suite's server of content counts, where a server is judged the stranger's."""
    for made, side in (("client", "server"), ("server", "client")):
        for finding in fetched(made).judge(side):
            assert finding.requirement == "DL-029" or not finding.requirement.startswith("DL-")
