"""Makes a run folder as a run would leave it, for the tests of the reports.

``python3 tests/report_run.py FOLDER [COUNT]`` makes one to look at, with its reports.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from conformance.judge.finding import Finding, Requirement
from conformance.report.record import RecordWriter
from conformance.syncml.codec import encode, media_type
from conformance.syncml.model import Alert, Exec, Get, Header, Item, Message, Replace, Results, Status
from conformance.transcript import CASE, MESSAGES, TRANSCRIPT

HOSTILE = "</script><img src=x onerror=alert(1)>]]>\x1b[31m\x07 \u202e[bold]:smile:"
"""What a device may call itself, or send anywhere else."""

CATALOGUE = {
    row.id: row
    for row in (
        Requirement("FUMO-EXEC-002", "client", "FUMO TS 6.1", "An Exec that goes on is answered 202.", "must", "text", "fail"),
        Requirement(
            "FUMO-RC-503", "client", "FUMO TS 6.3", "A server that cannot be reached is 503.", "should", "text", "warn"
        ),
        Requirement(
            "FUMO-ALERT-001", "client", "FUMO TS 6.2", "The outcome is reported by one Generic Alert.", "must", "text", "fail"
        ),
        Requirement("DM-MSG-004", "both", "DM Protocol 9.1", "MsgID begins with 1 and grows by 1.", "must", "text", "fail"),
        Requirement(
            "DM-STAT-001", "both", "DM Protocol 9.1.2", "Each command gets one Status, in order.", "must", "text", "fail"
        ),
        Requirement("SRV-AUTH-002", "server", "DM Security 5.3", "A nonce is used once.", "must", "text", "fail"),
        Requirement(
            "FUMO-NODE-004",
            "client",
            "FUMO TS 5.1.1",
            "A root may be created when it is needed.",
            "may",
            "text",
            "note",
            cover="untestable black-box",
        ),
    )
}
OBJECT = "./FwUpdate/Main"
_SERVER = "https://dm.example.test/session"


def header(**changes: Any) -> dict[str, Any]:
    """A header line."""
    line = {
        "type": "header",
        "schema": 1,
        "suite": "0.1.0",
        "testcases": "3f9a0c51d2",
        "iuts": [
            {
                "name": "Acme X1",
                "version": "4.2.0",
                "vendor": "Acme Devices",
                "role": "client",
                "digest": "9b1d" * 16,
                "versions": ["1.2"],
                "encodings": ["xml", "wbxml"],
                "authentication": ["md5", "hmac"],
                "device_id": "IMEI:493005100592800",
                "server_id": "dm.example.test",
                "objects": [OBJECT],
                "claims": {"download": True, "large-objects": False},
                "file": "acme-x1.yaml",
            }
        ],
        "started": "2026-01-31T12:00:00+00:00",
        "seed": 7,
        "permutations": "all",
        "strict": False,
        "select": [],
        "mode": "regression",
        "planned": 6,
        "environment": {"python": "3.11.2", "system": "Linux", "machine": "x86_64"},
    }
    return line | changes


def finding(requirement: str = "DM-STAT-001", outcome: str = "pass", **changes: Any) -> dict[str, Any]:
    """A finding of the record."""
    cause = "should" if outcome == "warn" else None
    return Finding(requirement, outcome, cause=cause).as_dict() | changes


def result(identity: str, verdict: str = "pass", **changes: Any) -> dict[str, Any]:
    """A result line; one finding where it passed."""
    case, _, suffix = identity.partition("[")
    values = suffix.rstrip("]").split("-") if suffix else []
    line = {
        "type": "result",
        "case": case,
        "permutation": {f"axis{n}": value for n, value in enumerate(values)},
        "id": identity,
        "role": case.split("/")[0],
        "verdict": verdict,
        "seconds": 0.031,
        "reason": "",
        "cause": "claims" if verdict == "not-applicable" else None,
        "findings": [finding()] if verdict == "pass" else [],
        "title": f"title of {case.rsplit('/', 1)[1]}",
        "theme": case.split("/")[1],
        "kind": "valid",
        "level": "must",
        "requirements": ["FUMO-EXEC-002"],
        "evidence": "",
        "attempt": 1,
        "iut": "Acme X1",
        "at": "2026-01-31T12:00:01+00:00",
        "readings": [],
    }
    return line | changes


def footer(**changes: Any) -> dict[str, Any]:
    """A footer line."""
    return {"type": "footer", "ended": "2026-01-31T12:04:11+00:00", "counts": {}, "complete": True, "reason": ""} | changes


def write_record(path: Path, *lines: dict[str, Any]) -> Path:
    """Writes a record of these lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with RecordWriter(path) as writer:
        for line in lines:
            writer.write(line)
    return path


def messages(session: int, model: str = "X1") -> list[Message]:
    """Package #1 to #4 of a session that starts a download."""

    def head(number: int, target: str, source: str) -> Header:
        return Header(session_id=f"{session:x}", msg_id=str(number), target=target, source=source)

    device = "IMEI:493005100592800"
    carried = "".join(character for character in model if character >= " ")  # XML carries no control characters
    info = [
        Item(source=f"./DevInfo/{name}", data=value) for name, value in (("DevId", device), ("Man", "Acme"), ("Mod", carried))
    ]
    ok = [Status("1", msg_ref="1", cmd_ref="0", cmd="SyncHdr", data="212", target_refs=[device])]
    one = Message(head(1, _SERVER, device), [Alert("1", data="1201"), Replace("2", items=info)], final=True)
    two = Message(
        head(1, device, _SERVER),
        [
            *ok,
            Status("2", msg_ref="1", cmd_ref="1", cmd="Alert", data="200"),
            Status("3", msg_ref="1", cmd_ref="2", cmd="Replace", data="200"),
            Get("4", items=[Item(target=f"{OBJECT}/State")]),
            Exec("5", items=[Item(target=f"{OBJECT}/Download")], correlator=f"c{session}"),
        ],
        final=True,
    )
    three = Message(
        head(2, _SERVER, device),
        [
            Status("1", msg_ref="1", cmd_ref="0", cmd="SyncHdr", data="200"),
            Status("2", msg_ref="1", cmd_ref="4", cmd="Get", data="200"),
            Results("3", msg_ref="1", cmd_ref="4", items=[Item(source=f"{OBJECT}/State", data="10")]),
            Status("4", msg_ref="1", cmd_ref="5", cmd="Exec", data="200"),
        ],
        final=True,
    )
    four = Message(head(2, device, _SERVER), [Status("1", msg_ref="2", cmd_ref="0", cmd="SyncHdr", data="200")], final=True)
    return [one, two, three, four]


def write_evidence(folder: Path, session: int, encoding: str = "xml", model: str = "X1", purpose: str = "") -> None:
    """Writes the evidence of a permutation: a trigger, a session of four messages, a download, a step and a hook."""
    (folder / MESSAGES).mkdir(parents=True)
    case = {"purpose": purpose or "An Exec whose operation goes on is answered 202, and its end is reported.", "twin": ""}
    (folder / CASE).write_text(json.dumps(case), encoding="utf-8")
    events: list[dict[str, Any]] = [
        {
            "kind": "hook",
            "from": "suite",
            "to": "operator",
            "verb": "start_session",
            "given": {},
            "outcome": "done",
            "seconds": 0.01,
        },
        {"kind": "trigger", "from": "server", "to": "device", "octets": "2a" * 40, "fields": {"session": session}},
        {
            "kind": "step",
            "from": "suite",
            "to": "suite",
            "index": "1",
            "phase": "begin",
            "step": {"exec": f"{OBJECT}/Download"},
        },
    ]
    for number, message in enumerate(messages(session, model)):
        name = f"{MESSAGES}/{len(events) + 1:04d}-{'server' if number % 2 else 'device'}.{encoding}"
        octets = encode(message, encoding)
        (folder / name).write_bytes(octets)
        sides = ("server", "device") if number % 2 else ("device", "server")
        events.append(
            {
                "kind": "message",
                "from": sides[0],
                "to": sides[1],
                "file": name,
                "direction": "response" if number % 2 else "request",
                "url": _SERVER,
                "status": 200,
                "media": media_type(encoding),
                "size": len(octets),
                "headers": [["Content-Type", media_type(encoding)], ["Content-Length", str(len(octets))]],
            }
        )
    events.append(
        {
            "kind": "http",
            "from": "device",
            "to": "content",
            "method": "GET",
            "url": "http://content.example.test/c1/good.bin",
            "headers": [["Range", "bytes=0-"]],
            "status": 200,
            "reply_headers": [["Content-Length", "4096"]],
            "sent": 2048,
            "length": 4096,
            "fault": "cut",
            "error": "closed",
        }
    )
    lines = [{"n": n, "at": round(n * 0.004, 6)} | event for n, event in enumerate(events, 1)]
    (folder / TRANSCRIPT).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def build(folder: Path, count: int = 6, name: str = "Acme X1", model: str = "X1", evidence: bool = True) -> Path:
    """Makes a run folder with ``count`` results of all verdicts; gives the folder. The first result fails."""
    head = header(planned=count)
    head["iuts"][0]["name"] = name
    lines = [_nth(number, folder, model, evidence) for number in range(count)]
    write_record(folder / "results.ndjson", head, *lines, footer())
    return folder


def _nth(number: int, folder: Path, model: str, evidence: bool) -> dict[str, Any]:
    themes = ("flows", "result-codes", "large-objects", "authentication", "tree")
    encoding = ("xml", "wbxml")[number % 2]
    identity = f"client/{themes[number % 5]}/download/row-{number}[{encoding}-md5]"
    place = f"evidence/{identity}"
    verdict = (
        "fail"
        if number % 40 == 0
        else ("not-applicable" if number % 9 == 4 else "inconclusive" if number % 31 == 5 else "pass")
    )
    if verdict == "not-applicable":
        return result(
            identity, verdict, reason="the conformance statement says no to large-objects", title="a package in several parts"
        )
    if evidence:
        write_evidence(folder / place, 1000 + number, encoding, model)
    findings = [
        finding("DM-STAT-001", expected="one Status for each command"),
        finding("DM-MSG-004", expected="MsgID 2", event=6),
    ]
    reason, readings = "", []
    if verdict == "fail":
        reason = "FUMO-EXEC-002: the Exec was answered before its operation was over"
        findings.insert(
            0,
            finding(
                "FUMO-EXEC-002",
                "fail",
                expected="Status 202",
                actual=f"Status 200 ({model})",
                event=6,
                message="the Exec was answered before its operation was over",
            ),
        )
    elif verdict == "inconclusive":
        reason = "the operator was not there"
    elif number % 7 == 1:
        findings.append(
            finding("FUMO-RC-503", "warn", expected="503", actual="402", event=8, message="another result code", level="should")
        )
        readings = [{"ambiguity": "AMB-cause-to-code", "reading": "402"}]
    title = ("the download goes on after the connection was cut", "Exec answered while the download runs")[number % 2]
    return result(
        identity,
        verdict,
        reason=reason,
        findings=findings,
        evidence=place,
        title=title,
        readings=readings,
        seconds=round(0.02 + number % 13 / 50, 4),
        requirements=["FUMO-EXEC-002", "FUMO-ALERT-001"],
    )


if __name__ == "__main__":
    from conformance.report.write import write_reports

    made = build(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 60)
    for path in write_reports(made, CATALOGUE):
        print(path, path.stat().st_size)
