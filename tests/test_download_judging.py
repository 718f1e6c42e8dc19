"""What cases look up about downloads: status reports and fetches, over transcripts that obey and that do not."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.judge.download import facts, fetched
from conformance.transcript import CONTENT, DEVICE, Event, Transcript

REPORT, OBJECT = "http://c.example/c1/report", "http://c.example/c1/good.bin"


def get(sent: int, length: int, status: int = 200, *, wanted: str = "", span: str = "", accept: str = "*/*") -> dict[str, Any]:
    headers = [["Accept", accept], *([["Range", wanted]] if wanted else [])]
    reply = [["Content-Range", span]] if span else []
    return {"url": OBJECT, "method": "GET", "status": status, "sent": sent, "length": length, "headers": headers,
            "reply_headers": reply, "digest": "d", "body": ""}  # fmt: skip


def post(body: str, status: int = 200, method: str = "POST") -> dict[str, Any]:
    return {"url": REPORT, "method": method, "status": status, "sent": 0, "length": 0, "headers": [], "body": body}


def transcript(*data: dict[str, Any]) -> Transcript:
    return Transcript(Event(n, 0.0, "http", DEVICE, CONTENT, each) for n, each in enumerate(data, 1))


def told(*data: dict[str, Any]) -> dict[str, Any]:
    return dict(facts(transcript(*data), REPORT, OBJECT, 100))


def test_dl_010_success_is_told_after_the_object() -> None:
    whole = get(10, 10)
    assert told(whole, post("900 Success"))["after"] is True
    assert told(post("900 Success"), whole)["after"] is False
    assert told(get(5, 10), post("900 Success"))["after"] is False
    assert told(get(5, 10), get(5, 5, 206, span="bytes 5-9/10"), post("900 Success"))["after"] is True
    assert told(get(5, 5, 206, span="bytes 0-4/10"), post("900 Success"))["after"] is False
    assert told(whole, post("954 Loader Error"))["after"] is None


def test_dl_025_repetitions_of_a_refused_report_are_one_report() -> None:
    assert told(post("900 Success", 500), post("900 Success", 0), post("900 Success"))["count"] == 1
    assert told(post("900 Success"), post("900 Success"))["count"] == 2
    assert told(post("903 Loss", 500), post("900 Success"))["count"] == 2
    values = told(post("903 Loss", 500), post("900 Success"))
    assert (values["first"], values["code"], values["codes"], values["tries"]) == ("903", "900", 2, 2)
    assert told() == {**dict.fromkeys(values), "count": 0, "tries": 0}


@pytest.mark.parametrize(
    ("body", "code", "form"),
    [
        ("900 Success", "900", True), ("900 Success \n\r", "900", True), ("901 insufficient memory", "901", True),
        ("900 Success\0", "900", True), ("900 4321", "900", True), ("  954   Loader Error", "954", True),
        ("900", "900", False), ("Success", None, False), ("", None, False), ("9000 x", None, False), ("200 OK", "200", False),
    ],
)  # fmt: skip
def test_dl_008_form_of_a_report(body: str, code: str | None, form: bool) -> None:
    values = told(post(body))
    assert (values["code"], values["form"], values["method"]) == (code, form, "POST")
    assert told(post(body, method="PUT"))["method"] == "PUT"


def test_dl_019_a_later_part_is_a_resumption() -> None:
    def resumed(*gets: dict[str, Any]) -> object:
        return fetched(transcript(*gets), OBJECT, 100)[0]["resumed"]

    assert resumed(get(5, 10), get(5, 5, 206, wanted="bytes=5-")) is True
    assert resumed(get(5, 10), get(10, 10)) is False
    assert resumed(get(5, 10), get(10, 10, wanted="bytes=0-")) is False
    assert resumed(get(10, 10, wanted="bytes=5-")) is False


def test_dl_004_accept_names_descriptors() -> None:
    def accepts(value: str) -> object:
        return fetched(transcript(get(1, 1, accept=value)), OBJECT, 100)[0]["descriptors"]

    assert accepts("application/vnd.oma.dd+xml") is True and accepts("text/html, */*;q=0.1") is True
    assert accepts("application/octet-stream") is False
    assert fetched(transcript(), OBJECT, 100)[0]["descriptors"] is None
