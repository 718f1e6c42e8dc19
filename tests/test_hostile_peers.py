"""Devices that do everything wrong: each costs its own case, in bounded time, with one clear line; the next case passes."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from puppet import Behaviour, Puppet, healthy
from strangerruns import chosen, iut_file, iut_of, play_all, running

from conformance.harness.play import judge_again
from conformance.harness.run import Run

SANITY = "client/flows/sanity/first"
TIMES = {"connect": 1.0, "message": 1.0, "operation": 1, "silence": 0.05, "hook": 3, "reset": 0.5}
ENDLESS = 20_000
"""Messages that a device sends which never stops by itself: the case ends long before."""


@pytest.fixture
def puppet() -> Iterator[Puppet]:
    made = Puppet()
    yield made
    made.close()


@pytest.fixture
def run(tmp_path: Path, puppet: Puppet) -> Iterator[Run]:
    path = iut_file(tmp_path, hook=puppet.hook, timeouts=TIMES)
    with running(path, tmp_path / "run") as made:
        yield made


def two_cases(run: Run, puppet: Puppet, behave: Behaviour) -> dict[str, Any]:
    """Plays a case with a hostile device, then the same with a healthy one, which must pass; gives the first line."""
    item = chosen(run, SANITY)[0]
    puppet.behave = behave
    began = time.monotonic()
    first = run.do(item, 1)
    took = time.monotonic() - began
    puppet.behave = healthy
    began = time.monotonic()
    second = run.do(item, 2)
    floor = time.monotonic() - began
    assert (second["verdict"], second["reason"]) == ("pass", "")
    assert took < 2 * sum(TIMES.values()) + 10 * floor, "the waits that the file allows, and what a healthy device costs here"
    assert first["reason"]
    assert "\n" not in first["reason"]
    assert len(first["reason"]) < 300
    _, again = judge_again(run.options.folder / first["evidence"], run.terms)
    assert (again.verdict, again.reason) == (first["verdict"], first["reason"])
    assert [finding.as_dict() for finding in again.findings] == first["findings"]
    return first


# -- it does not come, or not whole


def test_a_device_that_never_connects(run: Run, puppet: Puppet) -> None:
    line = two_cases(run, puppet, lambda puppet: None)
    assert (line["verdict"], line["reason"]) == (
        "inconclusive", "no session came within 1 s after start_session (client)",
    )  # fmt: skip
    assert line["findings"] == []


def partly(octets: bytes) -> Behaviour:
    """Sends some octets and closes the connection."""
    return lambda puppet: puppet.raw(octets) and None


HEAD = b"POST /dm HTTP/1.1\r\nHost: x\r\nContent-Type: application/vnd.syncml.dm+xml\r\n"


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"", id="closes-at-once"),
        pytest.param(HEAD + b"Content-Length: 1000\r\n\r\n<SyncML>", id="dies-in-the-middle"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF\r\n<Syn", id="endless-chunk"),
        pytest.param(HEAD + b"Content-Length: 999999999999\r\n\r\n<SyncML>", id="huge-length"),
        pytest.param(HEAD + b"Content-Length: -5\r\n\r\n", id="negative-length"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), id="tls"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100_000, id="endless-header"),
        pytest.param(b"\0" * 100_000, id="zeros"),
    ],
)
def test_a_device_that_sends_no_whole_request(run: Run, puppet: Puppet, octets: bytes) -> None:
    line = two_cases(run, puppet, partly(octets))
    assert line["verdict"] == "inconclusive"
    assert line["reason"].startswith("no session came within 1 s after start_session (client)")


def test_a_device_that_sends_an_octet_now_and_then(run: Run, puppet: Puppet) -> None:
    def drip(puppet: Puppet) -> None:
        with socket.create_connection(puppet.address, timeout=5) as connection:
            for octet in HEAD * 10:
                connection.send(bytes([octet]))
                if puppet.over.wait(0.02):
                    return

    assert two_cases(run, puppet, drip)["verdict"] == "inconclusive"
    puppet.over.set()


def test_a_device_that_connects_a_hundred_times(run: Run, puppet: Puppet) -> None:
    def crowd(puppet: Puppet) -> None:
        with contextlib.ExitStack() as open_:
            for _ in range(100):
                open_.enter_context(socket.create_connection(puppet.address, timeout=5))
            puppet.over.wait(1.2)

    assert two_cases(run, puppet, crowd)["verdict"] == "inconclusive"


# -- what it sends is no message

BOMB = (
    b"<?xml version='1.0'?><!DOCTYPE SyncML [<!ENTITY a 'aaaaaaaaaa'>"
    + b"".join(b"<!ENTITY %c '%s'>" % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(12))
    + b"]><SyncML>&m;</SyncML>"
)
HUGE_OPAQUE = bytes.fromhex("02a4016a00") + b"\x6d\x6c\x71\xc3\x8f\xff\xff\xff\x7f" + b"x" * 100
HUGE_TABLE = bytes.fromhex("02a4016a") + b"\x8f\xff\xff\xff\x7f" + b"x" * 100


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        pytest.param(b"<html><body>It works!</body></html>", "", id="html"),
        pytest.param(b"<!DOCTYPE html><p>It works!<br>", "", id="html-5"),
        pytest.param(BOMB, "", id="entity-bomb"),
        pytest.param(b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a>&b;</a>", "", id="external-entity"),
        pytest.param(b"<a>" * 100_000, "", id="deep"),
        pytest.param(HUGE_OPAQUE, "octets", id="opaque-of-4-gib"),
        pytest.param(HUGE_TABLE, "octets", id="string-table-of-4-gib"),
        pytest.param(b"\x02\xa4\x01\x6a\x00" + b"\x6d" * 100_000, "", id="deep-wbxml"),
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(struct.pack(">I", 0xFFFFFFFF) * 64, "", id="ones"),
    ],
)
def test_a_body_that_is_no_message(run: Run, puppet: Puppet, octets: bytes, says: str) -> None:
    statuses: list[int] = []
    media = "application/vnd.syncml.dm+wbxml" if octets[:1] == b"\x02" else "application/vnd.syncml.dm+xml"
    line = two_cases(run, puppet, lambda puppet: statuses.append(puppet.post(octets, media)[0]))
    assert statuses == [400]
    assert line["verdict"] in ("fail", "inconclusive")
    if line["verdict"] == "inconclusive":
        assert "; what came is no SyncML message: " in line["reason"]
    transcript = (run.options.folder / line["evidence"] / "transcript.ndjson").read_text()
    faults = [json.loads(row)["fault"] for row in transcript.splitlines() if '"fault"' in row]
    assert len(faults) == 1
    assert says in faults[0]["reason"]


def test_a_device_that_sends_garbage_for_ever(run: Run, puppet: Puppet) -> None:
    sent: list[int] = []

    def flood(puppet: Puppet) -> None:
        while not puppet.over.is_set() and len(sent) < ENDLESS:
            sent.append(puppet.post(b"garbage")[0])

    puppet.behave = flood
    line = run.do(chosen(run, SANITY)[0])
    assert 0 < len(sent) < ENDLESS
    assert line["verdict"] in ("fail", "inconclusive")
    puppet.over.set()


# -- messages that lead nowhere


def test_a_thousand_messages_without_final(run: Run, puppet: Puppet) -> None:
    answers: list[int] = []

    def endless(puppet: Puppet) -> None:
        for number in range(1, 1001):
            answers.append(puppet.post(puppet.message(number, final=False))[0])
            if puppet.over.is_set() or answers[-1] != 200:
                return

    line = two_cases(run, puppet, endless)
    assert line["verdict"] in ("inconclusive", "fail")
    assert "64 messages without coming to an end" in line["reason"] or line["verdict"] == "fail"
    assert 64 <= len(answers) < 70
    assert answers[-1] == 400


def test_messages_without_final_for_ever_whatever_the_answer_is(run: Run, puppet: Puppet) -> None:
    sent: list[int] = []

    def flood(puppet: Puppet) -> None:
        while not puppet.over.is_set() and len(sent) < ENDLESS:
            sent.append(puppet.post(puppet.message(len(sent) + 1, final=False))[0])

    puppet.behave = flood
    line = run.do(chosen(run, SANITY)[0])
    assert 0 < len(sent) < ENDLESS
    assert line["verdict"] in ("inconclusive", "fail")
    puppet.over.set()


def test_wrong_credentials_for_ever(run: Run, puppet: Puppet) -> None:
    sent: list[int] = []

    def stubborn(puppet: Puppet) -> None:
        for number in range(1, 1001):
            sent.append(puppet.post(puppet.message(number, Data="QUFBQQ=="))[0])
            if puppet.over.is_set() or sent[-1] != 200:
                return

    line = two_cases(run, puppet, stubborn)
    assert line["verdict"] in ("inconclusive", "fail")
    assert len(sent) < 70


def test_the_source_of_another_device_is_an_error_of_the_set_up(run: Run, puppet: Puppet) -> None:
    """Attach contract 3.4."""

    def stranger(puppet: Puppet) -> None:
        puppet.post(puppet.message().replace(b"urn:imei:490154203237518", b"urn:imei:000000000000000"))

    line = two_cases(run, puppet, stranger)
    assert (line["verdict"], line["reason"]) == (
        "error",
        "the session came from 'urn:imei:000000000000000', the IUT file says device_id 'urn:imei:490154203237518'",
    )
    assert line["setup"] is True


def test_a_device_that_dies_after_its_first_message(run: Run, puppet: Puppet) -> None:
    line = two_cases(run, puppet, lambda puppet: puppet.post(puppet.message()) and None)
    assert line["verdict"] == "fail"
    assert any("none came" in finding["message"] for finding in line["findings"])


def test_a_device_that_dies_while_it_reads_the_answer(run: Run, puppet: Puppet) -> None:
    def reset(puppet: Puppet) -> None:
        body = puppet.message()
        with socket.create_connection(puppet.address, timeout=5) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    assert two_cases(run, puppet, reset)["verdict"] in ("fail", "inconclusive")


def test_a_device_that_opens_two_sessions_at_once(run: Run, puppet: Puppet) -> None:
    def twins(puppet: Puppet) -> None:
        first = threading.Thread(target=lambda: contextlib.suppress(OSError) and healthy_twin(puppet, "51"))
        second = threading.Thread(target=lambda: contextlib.suppress(OSError) and healthy_twin(puppet, "52"))
        for thread in (first, second):
            thread.start()
        for thread in (first, second):
            thread.join()

    line = two_cases(run, puppet, twins)
    assert line["verdict"] in ("fail", "inconclusive")


def healthy_twin(puppet: Puppet, session: str) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        puppet.post(puppet.message(SessionID=session))


def test_a_client_that_sends_a_request_to_another_address(run: Run, puppet: Puppet) -> None:
    def elsewhere(puppet: Puppet) -> None:
        connection = http.client.HTTPConnection(*puppet.address, timeout=5)
        with contextlib.closing(connection):
            connection.request("POST", "/other", puppet.message())
            assert connection.getresponse().status == 404

    assert two_cases(run, puppet, elsewhere)["verdict"] == "inconclusive"


# -- the set-up


def test_a_port_in_use_is_said_with_its_address(tmp_path: Path, puppet: Puppet) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/dm"
        path = iut_file(tmp_path, hook=puppet.hook, timeouts=TIMES, listen=address)
        with running(path, tmp_path / "run") as run:
            lines = play_all(run, chosen(run, SANITY, SANITY))
    assert [line["verdict"] for line in lines] == ["error", "error"]
    for line in lines:
        assert line["reason"].startswith(f"the suite cannot listen at {address} and ")
        assert "in use" in line["reason"]
        assert line["setup"] is True


def test_the_run_stops_after_ten_set_up_errors_in_a_row(tmp_path: Path) -> None:
    path = iut_file(tmp_path, hook="http://127.0.0.1:9/hook", timeouts={**TIMES, "hook": 0.2})
    with running(path, tmp_path / "run") as run:
        item = chosen(run, SANITY)[0]
        lines = [run.do(item, attempt) for attempt in range(1, 11)]
        assert run.stop.startswith("10 set-up errors in a row; the last: the hook failed at prepare: ")
    assert {line["verdict"] for line in lines} == {"error"}


def test_a_hook_that_fails_ends_the_case_as_error_and_no_secret_is_told(tmp_path: Path, puppet: Puppet) -> None:
    script = "import sys, json; given = json.load(sys.stdin); sys.exit(str(given))"
    path = iut_file(tmp_path, hook=[sys.executable, "-S", "-c", script], timeouts=TIMES)
    with running(path, tmp_path / "run") as run:
        line = run.do(chosen(run, SANITY)[0])
        password = iut_of(run).dm.client_credentials.password
    assert line["verdict"] == "error"
    assert line["reason"].startswith("the hook failed at prepare: ")
    assert password not in json.dumps(line)
    assert "*" * len(password) in line["reason"]


def test_a_hook_that_answers_what_cannot_be_kept(run: Run, puppet: Puppet) -> None:
    """JSON may hold half of a character, which no file of text can."""
    before = puppet.obey

    def obey(verb: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        code, answer = before(verb, given)
        return code, {**answer, "note": "\ud800"}

    puppet.obey = obey  # type: ignore[method-assign]
    item = chosen(run, SANITY)[0]
    line = run.do(item, 1)
    assert line["verdict"] == "error"
    assert "the answer cannot be kept" in line["reason"]
