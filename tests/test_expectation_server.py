"""What the judge makes of the steps in which a server is asked what it did: commands, their order, answers."""

from __future__ import annotations

from typing import Any

import pytest
from transcripts import Found, Script, answered, replace, short, status, told

from conformance.judge.lookup import answers_to, commanded, received_object
from conformance.syncml.codec import encode
from conformance.syncml.model import Add, Alert, Atomic, Exec, Get, Header, Item, Message, Meta, Replace, Sequence

EXEC = Exec(items=[Item(target="./F/X")], correlator="c9")


@pytest.mark.parametrize(
    ("expect", "commands", "found"),
    [
        ({"count": 1}, [EXEC], [("pass", "1")]),
        ({"count": 1}, [], [("fail", "0")]),
        ({"count": 0}, [Exec(items=[Item(target="./F/Y")])], [("pass", "0")]),
        ({"count": 2}, [EXEC, EXEC], [("pass", "2")]),
        ({"correlator": "c9"}, [EXEC], [("pass", "c9")]),
        ({"correlator": {"not": "absent"}}, [EXEC], [("pass", "c9")]),
        ({"correlator": {"not": "absent"}}, [Exec(items=[Item(target="./F/X")])], [("fail", "nothing")]),
        ({"correlator": "absent"}, [], [("fail", "nothing")]),
        ({"data": "x"}, [], [("fail", "nothing")]),
        ({"inside": "sequence"}, [Sequence(commands=[EXEC])], [("pass", "sequence")]),
        ({"inside": "absent"}, [Atomic(commands=[EXEC])], [("fail", "atomic")]),
        ({"inside": "absent"}, [EXEC], [("pass", "nothing")]),
        ({"inside": "absent"}, [], [("fail", "nothing")]),
    ],
)
def test_what_a_server_commanded(expect: dict[str, Any], commands: list[Any], found: Found) -> None:
    for command in commands:
        command.cmd_id = None
    assert short(told(expect, *commands), role="server") == [("R-1", *rest) for rest in found]


@pytest.mark.parametrize(
    ("commands", "found"),
    [
        ([replace("./F/U", "x"), EXEC], [("pass", "true")]),
        ([EXEC, replace("./F/U", "x")], [("fail", "false")]),
        ([EXEC], [("fail", "nothing")]),
        ([replace("./F/U", "x")], [("pass", "true")]),
    ],
)
def test_what_must_come_before_what(commands: list[Any], found: Found) -> None:
    """Order is that of the messages, whatever CmdIDs a server makes up. Another Exec follows in all of them."""
    given = {"command": "Replace", "node": "./F/U", "before": "./F/X"}
    for command, cmd_id in zip(commands, ("9", "abc"), strict=False):
        command.cmd_id = cmd_id
    assert short(told({}, *commands, given=given), role="server") == [("R-1", *rest) for rest in found]


def test_since_leaves_out_what_came_before_a_step() -> None:
    script = Script()
    script.server(replace("./F/U", "old"))
    script.step({"session": "client"}, "1")
    script.server(replace("./F/U", "new"))
    expect = {"count": {"expect": 1, "ensures": "R-1"}, "data": {"expect": "new", "ensures": "R-1"}}
    script.step({"commanded": {"command": "Replace", "node": "./F/U", "since": 1}, "expect": expect}, "2")
    assert [outcome for _, outcome, _ in short(script)] == ["pass", "pass"]


def test_the_digest_of_an_object_in_chunks() -> None:
    """Base64 is put together before it is undone; white space in it means nothing."""
    import hashlib

    b64 = Meta(format="b64")
    for chunks in (["YWJjZGVm"], ["YWJj", "ZGVm"], ["YW", "JjZGVm"], ["YWJ\r\n", "jZ\nGVm"], ["Y", "W", "J", "jZGVm"]):
        script = Script()
        for position, chunk in enumerate(chunks, 1):
            script.server(replace("./F/D", chunk, meta=b64, more=position < len(chunks)))
        assert received_object(script.transcript, "./F/D") == hashlib.sha256(b"abcdef").hexdigest()
    script = Script()
    script.server(replace("./F/D", "YWJj", meta=b64, more=True))
    assert received_object(script.transcript, "./F/D") == ""
    assert received_object(script.transcript, "./F/E") == ""


def test_base64_under_another_format_is_recognised_by_its_digest() -> None:
    import hashlib

    right = hashlib.sha256(b"abcdef").hexdigest()
    for format_, found in (("bin", right), (None, right), ("b64", "")):
        script = Script()
        script.server(replace("./F/D", "YWJj", meta=Meta(format=format_), more=True))
        script.server(replace("./F/D", "ZGVm", meta=Meta(format=format_)))
        assert received_object(script.transcript, "./F/D", mistaken=True) == found, format_


def test_what_an_object_would_be_as_base64_is_expected_by_a_key_of_its_own() -> None:
    import hashlib

    right, wrong = hashlib.sha256(b"abcdef").hexdigest(), hashlib.sha256(b"YWJjZGVm").hexdigest()
    given = {"command": "Replace", "node": "./F/D"}
    for key, digest in (("digest", wrong), ("mistaken", right)):
        for format_ in ("chr", None):
            script = told({key: digest}, replace("./F/D", "YWJjZGVm", meta=Meta(format=format_)), given=given)
            assert short(script, role="server") == [("R-1", "pass", digest)]
    script = Script()
    command = Replace(cmd_id="1", items=[Item("./F/D", data=b"YWJjZGVm", meta=Meta(format="bin"))])
    octets = encode(Message(Header(session_id="1", msg_id="1"), [command], True), "wbxml")
    event = script.server(replace("./F/D", "x"))
    event.load = lambda: octets
    assert received_object(script.transcript, "./F/D", mistaken=True) == right


def test_commands_are_found_inside_blocks_and_statuses_are_none() -> None:
    script = Script()
    inner = Sequence(commands=[replace("./A", "1"), Atomic(commands=[Add(items=[Item(target="./B")])])])
    script.server(status(200), inner, Get(items=[Item(target="./C"), Item(target="./D")]))
    found = [(c.command.name, c.node, c.inside) for c in commanded(script.transcript)]
    assert found == [
        ("Sequence", "", ""), ("Replace", "./A", "sequence"), ("Atomic", "", "sequence"), ("Add", "./B", "atomic"),
        ("Get", "./C", ""), ("Get", "./D", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "alert", "statuses", "outcome", "actual"),
    [
        ("Alert", "1201", [status(200, "Alert", "1")], "pass", "200"),
        ("Alert", "1226", [status(200, "Alert", "2")], "pass", "200"),
        ("Alert", "downloadandupdate", [status(200, "Alert", "2")], "pass", "200"),
        ("Alert", "1226", [status(200, "Alert", "1")], "fail", "nothing"),
        ("Alert", "1226", [status(200, "Alert", "2", "7")], "fail", "nothing"),
        ("Alert", "1226", [status(415, "Alert", "2")], "fail", "415"),
        ("Alert", "1223", [status(200, "Alert", "1")], "fail", "nothing"),
        ("Replace", "", [status(200, "Replace", "3")], "pass", "200"),
        ("SyncHdr", "", [status(200, "SyncHdr", "0")], "pass", "200"),
        ("SyncHdr", "", [], "fail", "nothing"),
    ],
)  # fmt: skip
def test_how_a_server_answered(command: str, alert: str, statuses: list[Any], outcome: str, actual: str) -> None:
    assert short(answered(200, command, *statuses, alert=alert), role="server") == [("R-1", outcome, actual)]


@pytest.mark.parametrize(
    ("given", "expect", "found"),
    [
        ({"nth": 1}, {"status": 212}, [("pass", "212")]),
        ({"nth": 2}, {"status": 200, "final": "false"}, [("pass", "200"), ("pass", "false")]),
        ({"nth": 3}, {"final": "true"}, [("fail", "nothing")]),
        ({"first": True}, {"final": "true"}, [("pass", "true")]),
        ({}, {"final": "true"}, [("fail", "false")]),
    ],
)
def test_one_of_several_answers_is_looked_at(given: dict[str, Any], expect: dict[str, Any], found: Found) -> None:
    script = Script()
    for number, code, final in (("1", 212, True), ("2", 200, False)):
        script.device(Alert(cmd_id="1", data="1201"))
        script.server(status(code, "SyncHdr", "0", msg_ref=number), final=final)
    script.step({"answered": {"command": "SyncHdr", **given}, "expect": expect, "ensures": "R-1"})
    assert sorted(short(script, role="server")) == sorted(("R-1", *rest) for rest in found)


@pytest.mark.parametrize(("alert", "count"), [("1222", "1"), ("1225", "2"), (["1225", "1222"], "3"), ("1223", "0")])
def test_alerts_of_a_server_are_counted_by_their_codes(alert: Any, count: str) -> None:
    commands = [Alert(data=code) for code in ("1222", "1225", "1225")]
    script = told({"count": int(count)}, *commands, given={"command": "Alert", "alert": alert})
    assert short(script, role="server") == [("R-1", "pass", count)]


def test_a_status_for_the_header_without_cmd_ref_is_one() -> None:
    """Samples of DM Protocol 11 leave it out; a receiver bears that."""
    script = Script()
    script.device(Alert(data="1201"))
    bare = status(212, "SyncHdr")
    bare.cmd_ref = None
    script.server(bare)
    assert [codes for _, codes in answers_to(script.transcript, "SyncHdr")] == [["212"]]
