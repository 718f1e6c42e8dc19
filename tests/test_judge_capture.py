"""``judge --capture``: recorded sessions between strangers, each side apart, and who departed first."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conformance.cli import main
from conformance.harness import capture as bounds
from conformance.harness import capturejudge
from conformance.harness.capture import CaptureFault, read_captures
from conformance.judge.rule import JudgeError
from conformance.syncml.codec import encode
from conformance.syncml.model import Alert, Chal, Command, Exec, Get, Header, Item, Message, Replace, Status

CAPTURES = Path(__file__).parent.parent / "fixtures" / "captures"
DEVICE, SERVER = "urn:imei:490154203237518", "http://dm.example/dm"
PASSWORDS = ("funambol-x", "srvpwd")
INFO = Replace(
    cmd_id="2",
    items=[Item(source=f"./DevInfo/{name}", data=DEVICE) for name in ("DevId", "Man", "Mod", "DmV")]
    + [Item(source="./DevInfo/Lang", data="en")],
)


def judge(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["judge", "--capture", *map(str, arguments)])


def found(*arguments: str | Path) -> list[dict[str, Any]]:
    result = judge(*arguments, "--format", "json")
    assert result.exit_code in (0, 1, 3), result.output
    return json.loads(result.output)  # type: ignore[no-any-return]


def broken(capture: dict[str, Any], side: str, outcome: str = "fail") -> set[tuple[str, str]]:
    return {(f["requirement"], f["file"]) for f in capture["findings"][side] if f["outcome"] == outcome}


def message(side: str, number: int, commands: list[Command], final: bool = True, session: str = "7") -> bytes:
    """A message of one side; ``number`` is its MsgID."""
    ends = (SERVER, DEVICE) if side == "client" else (DEVICE, SERVER)
    header = Header(session_id=session, msg_id=str(number), target=ends[0], source=ends[1])
    return encode(Message(header, commands, final))


def status(number: int, reference: int, cmd: str, cmd_ref: int, code: str) -> Status:
    return Status(cmd_id=str(number), msg_ref=str(reference), cmd_ref=str(cmd_ref), cmd=cmd, data=code)


PACKAGE_1 = [Alert(cmd_id="1", data="1201"), INFO]
ANSWERED: list[Command] = [status(1, 1, "SyncHdr", 0, "200"), status(2, 1, "Alert", 1, "200"), status(3, 1, "Replace", 2, "200")]
GET = Get(cmd_id="4", items=[Item(target="./DevInfo/Man")])
NO_SUCH = [status(1, 1, "SyncHdr", 0, "200"), status(2, 1, "Get", 4, "404")]


def write(folder: Path, **files: bytes) -> Path:
    """Bodies by name, as ``q1`` and ``r1``: request and response 1."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, octets in files.items():
        side = {"q": "request", "r": "response"}[name[0]]
        (folder / f"{int(name[1:]):02d}-{side}.xml").write_bytes(octets)
    return folder


def short(folder: Path, **other: bytes) -> Path:
    """A session that ends as it should after two exchanges, with other bodies in places."""
    good = {
        "q1": message("client", 1, PACKAGE_1), "r1": message("server", 1, [*ANSWERED, GET]),
        "q2": message("client", 2, NO_SUCH), "r2": message("server", 2, [status(1, 2, "SyncHdr", 0, "200")]),
    }
    return write(folder, **(good | other))


# -- what was recorded from strangers ------------------------------------------------------------------------------------


def test_the_empty_nonce_that_loses_the_update_is_named() -> None:
    (capture,) = found(CAPTURES / "empty-nonce")
    assert capture["verdicts"] == {"client": "fail", "server": "fail"}
    (session,) = capture["sessions"]
    assert (session["end"], session["file"], session["departed_first"]) == ("broken", "02-response", "client")
    assert [(b["requirement"], b["file"]) for b in session["because"]] == [("DM-AUTH-022", "02-request")]
    assert session["first_departure"]["requirement"] == "DM-ENC-004"
    assert session["first_departure"]["side"] == "server"
    assert broken(capture, "client") == {("DM-AUTH-022", "02-request")}
    assert broken(capture, "server") >= {
        ("DM-HTTP-004", "02-response"), ("DM-STA-004", "03-response"), ("DM-HDR-011", "03-response"),
    }
    assert capture["operations"] == []


def test_a_person_reads_it_in_a_minute() -> None:
    result = judge(CAPTURES / "empty-nonce")
    lines = [line.strip() for line in result.output.splitlines()]
    assert result.exit_code == 1
    at = lines.index("WHO DEPARTED FIRST: the client")
    assert lines[at - 1].startswith("WENT WRONG in 02-response: the server answered with what is no message (HTTP 500")
    assert lines[at + 1].startswith("in 02-request, from DM-AUTH-022 (DM Security 5.3.3): NextNonce")
    assert lines[at + 3] == "came:     an empty value"
    assert len(lines) < 30 and max(map(len, lines)) < 400


def test_a_complete_update_of_strangers_passes() -> None:
    (capture,) = found(CAPTURES / "complete-wbxml")
    assert capture["verdicts"] == {"client": "pass", "server": "pass"}
    assert [s["end"] for s in capture["sessions"]] == ["complete", "complete"]
    assert [s["session_id"] for s in capture["sessions"]] == ["1", "2"]
    assert capture["operations"] == ["Exec FwUpdate/Pkg1/DownloadAndUpdate: Status 202, reported 200"]
    assert ("FUMO-ALERT-018", "05-request") in broken(capture, "client", "warn")


def test_integrity_is_judged_without_passwords_as_far_as_it_is_seen() -> None:
    (capture,) = found(CAPTURES / "integrity-wbxml")
    assert [s["end"] for s in capture["sessions"]] == ["complete", "complete"]
    assert broken(capture, "client") == {
        ("DM-STA-006", "02-request"), *(("DM-HMAC-005", f"0{n}-request") for n in (3, 4, 5)),
    }
    assert broken(capture, "server") == {("DM-HMAC-005", "02-response")}
    assert not {f["requirement"] for side in capture["findings"].values() for f in side} & {"DM-HMAC-002", "DM-AUTH-007"}


def iut(folder: Path, client: str = "funambol", server: str = "srvpwd") -> Path:
    path = folder / "strangers.yaml"
    path.write_text(
        "schema: 1\nname: strangers\nversion: '1'\nrole: client\n"
        "dm:\n  device_id: 'IMEI:004999010640000'\n  server_id: funambol\n"
        f"  client_credentials: {{username: funambol, password: {client}, nonce: QUFBQQ==}}\n"
        f"  server_credentials: {{username: funambol, password: {server}, nonce: QUFBQQ==}}\n"
        "attach: {state: state, listen: 'http://127.0.0.1:8095/dm'}\n",
        encoding="utf-8",
    )
    return path


def test_passwords_verify_credentials(tmp_path: Path) -> None:
    (capture,) = found(CAPTURES / "integrity-wbxml", "--iut", iut(tmp_path))
    for side in ("client", "server"):
        assert any(f["requirement"] == "DM-HMAC-002" and f["outcome"] == "pass" for f in capture["findings"][side])
    (capture,) = found(CAPTURES / "integrity-wbxml", "--iut", iut(tmp_path, server="another"))
    assert ("DM-HMAC-002", "02-response") in broken(capture, "server")
    assert not any(requirement == "DM-HMAC-002" for requirement, _ in broken(capture, "client"))


def test_no_secret_is_shown_or_kept(tmp_path: Path) -> None:
    for name in ("empty-nonce", "complete-wbxml", "integrity-wbxml"):
        kept = tmp_path / "kept"
        result = judge(CAPTURES / name, "--iut", iut(tmp_path, client=PASSWORDS[0]), "--output", kept, "--format", "json")
        octets = result.output.encode() + b"".join(p.read_bytes() for p in kept.rglob("*") if p.is_file())
        assert len(octets) > 1000
        for secret in (*PASSWORDS, "hCYC0/A/ecptbtSXn8MS0Q==", "ZnVuYW1ib2w6ZnVuYW1ib2w="):
            assert secret.encode() not in octets
    assert (tmp_path / "kept" / "integrity-wbxml" / "judgement.json").is_file()
    assert (tmp_path / "kept" / "integrity-wbxml" / "transcript.ndjson").is_file()


def test_several_captures_below_one_folder() -> None:
    names = ["complete-wbxml", "empty-nonce", "integrity-wbxml"]
    captures = found(CAPTURES)
    assert [capture["capture"] for capture in captures] == names
    lines = judge(CAPTURES).output.splitlines()
    assert [line.split()[0] for line in lines[-3:]] == names
    assert lines[-3].endswith("client pass, server pass")


def test_one_side_alone() -> None:
    (capture,) = found(CAPTURES / "empty-nonce", "--role", "client")
    assert capture["verdicts"] == {"client": "fail"} and list(capture["findings"]) == ["client"]
    assert capture["sessions"][0]["departed_first"] == "client"


# -- what may stand in a folder ------------------------------------------------------------------------------------------


def test_a_session_that_ends_as_it_should(tmp_path: Path) -> None:
    (capture,) = found(short(tmp_path))
    assert capture["verdicts"] == {"client": "pass", "server": "pass"}
    assert [(s["end"], s["departed_first"], s["first_departure"]) for s in capture["sessions"]] == [("complete", "", None)]
    assert judge(tmp_path).exit_code == 0


HTML = b"<!doctype html><html><body><h1>HTTP Status 500</h1></body></html>"
ODD: dict[str, tuple[dict[str, bytes], str, str, str]] = {
    "html for a response": ({"r2": HTML}, "broken", "server", "DM-HTTP-004"),
    "an empty response": ({"r2": b""}, "broken", "server", "DM-HTTP-004"),
    "html for a request": ({"q2": HTML}, "broken", "client", "DM-ENC-005"),
    "half a request": ({"q2": message("client", 2, NO_SUCH)[:300]}, "broken", "client", "DM-ENC-005"),
    "random octets": ({"q2": bytes(range(1, 200))}, "broken", "client", "DM-ENC-005"),
    "no Status for the Get": ({
        "q2": message("client", 2, NO_SUCH[:1]), "r2": message("server", 2, [status(1, 2, "SyncHdr", 0, "400")]),
    }, "broken", "client", "DM-SES-010"),
    "a refusal for nothing": ({"r2": message("server", 2, [status(1, 2, "SyncHdr", 0, "513")])}, "broken", "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_a_session_that_goes_wrong(tmp_path: Path, name: str) -> None:
    files, end, side, requirement = ODD[name]
    (capture,) = found(short(tmp_path, **files))
    (session,) = capture["sessions"]
    assert (session["end"], session["departed_first"]) == (end, side)
    assert {b["requirement"] for b in session["because"]} == ({requirement} if requirement else set())


def test_missing_counterparts(tmp_path: Path) -> None:
    folder = short(tmp_path)
    (folder / "02-response.xml").unlink()
    (capture,) = found(folder)
    assert capture["sessions"][0]["end"] == "open" and "not there" in capture["sessions"][0]["what"]
    assert capture["verdicts"] == {"client": "pass", "server": "pass"}
    (folder / "02-request.xml").unlink()
    assert "answer of the client was due" in found(folder)[0]["sessions"][0]["what"]
    (folder / "01-request.xml").unlink()
    (capture,) = found(folder)
    assert capture["verdicts"] == {"client": "inconclusive", "server": "pass"}


def test_a_challenge_that_nobody_answers_blames_nobody(tmp_path: Path) -> None:
    refused = [status(1, 1, "SyncHdr", 0, "401"), *(status(n, 1, c, n - 1, "401") for n, c in ((2, "Alert"), (3, "Replace")))]
    refused[0].chal = Chal("syncml:auth-md5", "b64", "MDEyMzQ1Njc4OWFiY2RlZg==")
    (capture,) = found(write(tmp_path, q1=message("client", 1, PACKAGE_1), r1=message("server", 1, list(refused))))
    assert [(s["end"], s["departed_first"]) for s in capture["sessions"]] == [("refused", "")]
    assert capture["verdicts"]["client"] == "pass"
    assert "--iut tells whether the credentials were right" in judge(tmp_path).output


def test_a_challenge_without_an_answer_blames_who_left_it_out(tmp_path: Path) -> None:
    files = {}
    for n in (1, 2, 3):
        head = [status(9, n - 1, "SyncHdr", 0, "200")] if n > 1 else []
        files[f"q{n}"] = message("client", n, [*head, *PACKAGE_1])
        refused = [status(1, n, "SyncHdr", 0, "401"), status(2, n, "Alert", 1, "401"), status(3, n, "Replace", 2, "401")]
        refused[0].chal = Chal("syncml:auth-md5", "b64", f"MDEyMzQ1Njc4OWFiY2R{'ABC'[n - 1]}Zg==")
        files[f"r{n}"] = message("server", n, list(refused))
    (capture,) = found(write(tmp_path, **files))
    (session,) = capture["sessions"]
    assert (session["end"], session["departed_first"], session["file"]) == ("refused", "client", "03-response")
    assert [(b["requirement"], b["file"]) for b in session["because"]] == [("DM-AUTH-001", "02-request")]


def test_an_address_from_before_the_recording_may_have_been_set(tmp_path: Path) -> None:
    start = Exec(cmd_id="4", correlator="job", items=[Item(target="./FwUpdate/Pkg1/DownloadAndUpdate")])
    done: list[Command] = [status(1, 1, "SyncHdr", 0, "200"), status(2, 1, "Exec", 4, "202")]
    folder = short(tmp_path, r1=message("server", 1, [*ANSWERED, start]), q2=message("client", 2, done))
    (capture,) = found(folder)
    assert capture["verdicts"] == {"client": "pass", "server": "pass"}
    assert broken(capture, "server", "warn") == {("FUMO-EXEC-021", "01-response")}
    assert capture["operations"] == ["Exec FwUpdate/Pkg1/DownloadAndUpdate: Status 202, no report seen"]


def test_headers_without_a_body_say_what_they_say(tmp_path: Path) -> None:
    folder = short(tmp_path)
    (folder / "02-response.xml").unlink()
    (folder / "02-response.headers").write_text("HTTP/1.1 200 OK\nContent-Type: application/vnd.syncml.dm+xml\n")
    assert found(folder)[0]["verdicts"]["server"] == "pass"
    (folder / "02-response.headers").write_text("HTTP/1.1 503 Busy\nContent-Type: text/html\n")
    (capture,) = found(folder)
    assert ("DM-HTTP-004", "02-response") in broken(capture, "server")
    assert capture["sessions"][0]["departed_first"] == "server"


def test_a_wrong_label_is_judged(tmp_path: Path) -> None:
    folder = short(tmp_path)
    (folder / "01-request.headers").write_text("POST /dm HTTP/1.1\nHost: dm.example\nContent-Type: text/xml\nAccept: */*\n")
    (folder / "01-response.headers").write_text("HTTP/1.1 200 OK\r\nContent-Type: application/vnd.syncml.dm+wbxml\r\n")
    (capture,) = found(folder)
    assert broken(capture, "client") == {("DM-ENC-001", "01-request"), ("WBXML-001", "01-request")}
    assert broken(capture, "server") == {("DM-ENC-001", "01-response"), ("WBXML-001", "01-response")}


def test_a_message_said_again_is_judged_once(tmp_path: Path) -> None:
    again = message("client", 2, NO_SUCH)
    folder = short(tmp_path, r2=HTML, q3=again, r3=message("server", 3, [status(1, 2, "SyncHdr", 0, "200")]))
    (capture,) = found(folder)
    assert capture["verdicts"]["client"] == "pass"
    assert capture["sessions"][0]["exchanges"] == 3


def test_a_rule_that_crashes_is_a_fault_of_the_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise JudgeError("rule crashed near event 1")

    monkeypatch.setattr(capturejudge, "standing", crash)
    result = judge(short(tmp_path))
    assert result.exit_code == 3 and "the suite failed: rule crashed near event 1" in result.output
    assert "client: ERROR" in result.output


def test_foreign_files_are_named_and_passed_over(tmp_path: Path) -> None:
    folder = short(tmp_path)
    (folder / "notes.txt").write_text("seen at the event")
    (folder / "01-request.decoded.xml").write_text("<SyncML>what another tool made of it")
    (folder / "02-response.pcap").write_bytes(b"\0")
    assert found(folder)[0]["foreign"] == ["02-response.pcap", "notes.txt"]
    assert "not looked at: 02-response.pcap, notes.txt" in judge(folder).output


def test_what_came_never_becomes_control_characters(tmp_path: Path) -> None:
    evil = message("client", 2, [status(1, 1, "SyncHdr", 0, "200"), Exec(cmd_id="2", items=[Item(target="./\u009b[2J")])])
    text = judge(short(tmp_path, q2=evil)).output
    assert "\u009b" not in text and "\x1b" not in text and "DM-SES-006" in text


def _two_bodies(folder: Path) -> None:
    shutil.copy(folder / "02-request.xml", folder / "02-request.wbxml")


def _two_names(folder: Path) -> None:
    shutil.copy(folder / "02-request.xml", folder / "002-request.xml")


UNUSABLE: dict[str, tuple[Callable[[Path], None], str]] = {
    "nothing in it": (lambda folder: [f.unlink() for f in folder.iterdir()] and None, "no recorded bodies; expected files as"),
    "two bodies": (_two_bodies, "there is another body of 02-request"),
    "one number twice": (_two_names, "has the same number"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_folder_that_cannot_be_used(tmp_path: Path, name: str) -> None:
    spoil, what = UNUSABLE[name]
    folder = short(tmp_path / "capture")
    spoil(folder)
    result = judge(folder)
    assert result.exit_code == 2 and what in result.output and str(folder) in result.output


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = short(tmp_path)
    monkeypatch.setattr(bounds, "MOST_OCTETS", 100)
    with pytest.raises(CaptureFault, match=r"01-request\.xml: more than 100 octets"):
        read_captures(folder)
    monkeypatch.undo()
    monkeypatch.setattr(bounds, "MOST_TOGETHER", 1000)
    with pytest.raises(CaptureFault, match="more than 1000 octets"):
        read_captures(folder)
    monkeypatch.undo()
    monkeypatch.setattr(bounds, "MOST_FILES", 3)
    with pytest.raises(CaptureFault, match="more than 3 files"):
        read_captures(folder)


@pytest.mark.parametrize("arguments", [
    [], ["--capture", str(CAPTURES), str(CAPTURES)], [str(CAPTURES), "--role", "client"], ["--capture", "/no/such/folder"],
])  # fmt: skip
def test_used_wrongly(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, ["judge", *arguments]).exit_code == 2
