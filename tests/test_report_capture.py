"""Captures made from evidence: right checksums, comments, and what tshark reads out of them down to SyncML."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from report_run import HOSTILE, finding, footer, header, result, write_evidence, write_record
from scapy.layers.inet import IP, TCP, UDP
from scapy.packet import Raw

from conformance.cli import main
from conformance.report.capture import capture, write_capture

TSHARK = shutil.which("tshark")
ONE = "client/flows/download/one"
FAILED = finding("FUMO-EXEC-002", "fail", event=6, message=f"200 {HOSTILE}", expected="202", actual="200")


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run with one case in XML and the same in WBXML."""
    lines = []
    for encoding in ("xml", "wbxml"):
        name = f"{ONE}[{encoding}]"
        write_evidence(tmp_path / "evidence" / name, 0x2A, encoding)
        lines.append(result(name, "fail", evidence=f"evidence/{name}", findings=[FAILED]))
    write_record(tmp_path / "results.ndjson", header(), *lines, footer())
    return tmp_path


def line(run_dir: Path, encoding: str) -> dict[str, object]:
    rows = [json.loads(text) for text in (run_dir / "results.ndjson").read_text().splitlines()]
    return next(row for row in rows if row.get("id") == f"{ONE}[{encoding}]")


def test_octets_come_back_from_the_streams(run_dir: Path) -> None:
    packets = capture(run_dir, line(run_dir, "wbxml"))
    sent = b"".join(bytes(p[Raw].load) for p in packets if TCP in p and Raw in p)
    folder = run_dir / "evidence" / f"{ONE}[wbxml]" / "messages"
    for path in sorted(folder.iterdir()):
        assert path.read_bytes() in sent
    assert [bytes(p[Raw].load) for p in packets if UDP in p] == [bytes.fromhex("2a" * 40)]
    assert all(p[IP].src.startswith("192.0.2.") and p[IP].dst.startswith("192.0.2.") for p in packets)
    times = [float(p.time) for p in packets]
    assert times == sorted(times) and times[0] > 1_700_000_000


def test_sequence_numbers_have_no_gap(run_dir: Path) -> None:
    ends: dict[tuple[object, ...], int] = {}
    for packet in capture(run_dir, line(run_dir, "xml")):
        if TCP not in packet:
            continue
        segment, data = packet[TCP], bytes(packet[Raw].load) if Raw in packet else b""
        flow = (packet[IP].src, packet[IP].dst, segment.sport, segment.dport)
        assert segment.seq == ends.get(flow, segment.seq)
        ends[flow] = segment.seq + len(data) + ("S" in segment.flags) + ("F" in segment.flags)


def test_comments_name_event_step_and_finding(run_dir: Path) -> None:
    told = [p.comment.decode() for p in capture(run_dir, line(run_dir, "xml")) if getattr(p, "comment", None)]
    failed = next(text for text in told if "FAIL" in text)
    assert "event 6" in failed and "step 1" in failed and "FUMO-EXEC-002" in failed and "expected 202" in failed
    assert "\x1b" not in failed and "\u202e" not in failed
    assert any("2048 octets of content are not kept" in text for text in told)


def test_what_was_not_played_is_refused(run_dir: Path) -> None:
    for place in ("", "../elsewhere"):
        with pytest.raises(ValueError, match="nothing was played"):
            capture(run_dir, result(f"{ONE}[xml]", evidence=place))


def test_command(run_dir: Path) -> None:
    def call(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["pcap", str(run_dir), *arguments])
        return done.exit_code, done.output

    status, said = call(ONE)
    assert status == 0 and said.count(".pcapng: ") == 2
    assert call(f"{ONE}[xml]", "--output", str(run_dir / "x.pcapng"))[0] == 0
    status, said = call("client/none/such")
    assert status == 2 and "no such permutation" in said


@pytest.mark.oracle
@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
@pytest.mark.parametrize("encoding", ["xml", "wbxml"])
def test_tshark_decodes_it_down_to_syncml(run_dir: Path, encoding: str) -> None:
    path = run_dir / "x.pcapng"
    count = write_capture(run_dir, line(run_dir, encoding), path)

    def ask(*arguments: str) -> list[str]:
        checks = ("-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE")
        command = [str(TSHARK), "-r", str(path), *checks, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return done.stdout.splitlines()

    assert len(ask()) == count
    assert ask("-Y", "ip.checksum.status==0 || tcp.checksum.status==0 || udp.checksum.status==0") == []
    assert ask("-Y", "tcp.analysis.flags") == []
    assert ask("-Y", "http.request", "-T", "fields", "-e", "http.request.method") == ["POST", "POST", "GET"]
    if encoding == "wbxml":
        assert len(ask("-Y", "wbxml.public_id.known == 0x1201")) == 4
    else:
        as_xml = ("-d", "media_type==application/vnd.syncml.dm+xml,xml")  # a type that tshark does not know by itself
        assert len(ask(*as_xml, "-Y", 'xml.tag contains "<SyncML"')) == 4
    assert any("FUMO-EXEC-002" in text for text in ask("-Y", "frame.comment", "-T", "fields", "-e", "frame.comment"))
