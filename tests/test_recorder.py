"""The transcript: what the recorder writes is what is read again, and nothing outside of the folder is."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path

import pytest

from conformance.harness.clock import VirtualClock
from conformance.harness.masking import Masker
from conformance.harness.recorder import IN_MEMORY, Recorder
from conformance.syncml.codec import decode, encode
from conformance.syncml.model import Alert, Header, Item, Message, Replace
from conformance.transcript import Event, Transcript, load


def octets(data: str = "x", encoding: str = "xml") -> bytes:
    commands = [Alert(cmd_id="1", data="1201"), Replace(cmd_id="2", items=[Item(source="./DevInfo/Man", data=data)])]
    return encode(Message(Header(session_id="1", msg_id="1", target="a", source="b"), commands, True), encoding)


def recorder(folder: Path) -> tuple[Recorder, VirtualClock]:
    clock = VirtualClock()
    clock.move_to(100.0)
    return Recorder(folder / "evidence", clock, Masker()), clock


def test_a_transcript_comes_back_as_it_was(tmp_path: Path) -> None:
    made, clock = recorder(tmp_path)
    made.add("step", "suite", "suite", index="1", phase="begin", step={"get": "./DevInfo/DevId"})
    clock.move_to(101.5)
    xml, wbxml, large = octets("\u00fcml"), octets("x", "wbxml"), octets("y" * (IN_MEMORY + 1))
    for number, (sender, body) in enumerate([("device", xml), ("server", wbxml), ("device", large)], 1):
        media = "application/vnd.syncml.dm+xml"
        made.message(
            sender, "x", body, decode(body, media), [("Content-Type", "text/xml")], direction="request",
            exchange=number, session="s1", media=media, facts={"credentials": {"result": "right"}},
        )  # fmt: skip
    made.message("device", "server", b"no message", None, [], fault={"reason": "not XML", "offset": 3})
    made.add("value", "operator", "suite", name="version", value=None, says="")
    made.write({"id": "client/x/y/z", "steps": []})

    read = load(tmp_path / "evidence")
    assert [event.line() for event in read] == [event.line() for event in made.transcript]
    assert [event.n for event in read] == [1, 2, 3, 4, 5, 6]
    assert [event.at for event in read] == [0.0, 1.5, 1.5, 1.5, 1.5, 1.5]
    assert [event.file for event in read][1:5] == [
        "messages/0002-device.xml", "messages/0003-server.wbxml", "messages/0004-device.xml", "messages/0005-device.wbxml",
    ]  # fmt: skip
    for live, again in zip(made.transcript, read, strict=True):
        assert live.octets == again.octets
        here, there = live.decoded(), again.decoded()
        assert (here and here.message) == (there and there.message)
        assert (here and here.observations) == (there and there.observations)
    message = read.events[1]
    assert message.octets == xml
    assert message.data["sha256"] == hashlib.sha256(xml).hexdigest()
    assert message.data["size"] == len(xml)
    assert message.data["headers"] == [["Content-Type", "text/xml"]]
    assert message.data["facts"] == {"credentials": {"result": "right"}}
    assert read.events[4].decoded() is None
    assert json.loads((tmp_path / "evidence" / "case.json").read_text())["id"] == "client/x/y/z"


def test_events_are_found_by_kind_and_number(tmp_path: Path) -> None:
    made, _ = recorder(tmp_path)
    for kind in ("note", "value", "note"):
        made.add(kind, "suite", "suite", text=kind)
    transcript = made.transcript
    assert [event.n for event in transcript.of("note")] == [1, 3]
    assert transcript.event(2) is transcript.events[1]
    assert transcript.event(0) is None
    assert transcript.event(4) is None
    assert Transcript(transcript.events[1:]).event(3) is transcript.events[2]
    assert len(transcript) == 3


def test_many_threads_write_one_order_without_gaps(tmp_path: Path) -> None:
    made, _ = recorder(tmp_path)

    def write() -> None:
        for _ in range(50):
            made.add("note", "suite", "suite", text="x", exchange=made.next_exchange())

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = made.transcript.events
    assert [event.n for event in events] == list(range(1, 401))
    assert sorted(event.data["exchange"] for event in events) == list(range(1, 401))


def test_names_of_the_event_itself_are_not_overwritten_by_its_data() -> None:
    event = Event(1, 0.0, "hook", "suite", "operator", {"n": 99, "kind": "message", "verb": "reset"})
    assert json.loads(event.line()) == {
        "n": 1, "at": 0.0, "kind": "hook", "from": "suite", "to": "operator", "verb": "reset",
    }  # fmt: skip


GOOD = '{"n":1,"at":0,"kind":"note","from":"suite","to":"suite","text":"x"}'


@pytest.mark.parametrize(
    "line",
    ["", "{", "[]", "5", '"text"', "null", '{"n":1}', GOOD.replace('"kind":"note",', ""), "\u0000", GOOD[:-1]],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "transcript.ndjson").write_text(f"{GOOD}\n{line}\n{GOOD}\n")
    with pytest.raises(ValueError, match=r"transcript\.ndjson:2: not an event of a transcript"):
        load(tmp_path)


def test_octets_that_are_no_text_are_named_too(tmp_path: Path) -> None:
    (tmp_path / "transcript.ndjson").write_bytes(GOOD.encode() + b"\n\xff\xfe\n")
    with pytest.raises(ValueError, match=r"transcript\.ndjson:2: not an event"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "messages/../../secret", "messages/link", "."])
def test_evidence_outside_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "evidence"
    (folder / "messages").mkdir(parents=True)
    (tmp_path / "secret").write_text("x")
    (folder / "messages" / "link").symlink_to(tmp_path / "secret")
    (folder / "transcript.ndjson").write_text(GOOD.replace('"to"', f'"file":"{name}","to"') + "\n")
    with pytest.raises(ValueError, match=r"lies outside the evidence folder"):
        load(folder)


def test_a_message_file_that_is_gone_is_an_error_when_it_is_read(tmp_path: Path) -> None:
    made, _ = recorder(tmp_path)
    made.message("device", "server", octets(), None, [])
    made.write({})
    (tmp_path / "evidence" / "messages" / "0001-device.xml").unlink()
    event = load(tmp_path / "evidence").events[0]
    with pytest.raises(FileNotFoundError):
        event.decoded()


def test_a_line_separator_inside_a_value_does_not_break_the_line(tmp_path: Path) -> None:
    made, _ = recorder(tmp_path)
    made.add("note", "suite", "suite", text="a\u2028b\u0085c\nd\x0be")
    made.write({})
    assert load(tmp_path / "evidence").events[0].data["text"] == "a\u2028b\u0085c\nd\x0be"


def test_text_that_cannot_be_encoded_does_not_lose_the_evidence(tmp_path: Path) -> None:
    made, _ = recorder(tmp_path)
    made.add("http", "device", "content", url="http://x/\udcff", method="GET")
    made.write({"outcome": {"reason": "lone \ud800"}})
    assert len(load(tmp_path / "evidence")) == 1
