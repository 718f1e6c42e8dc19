"""Other programs that read what the suite writes, for ``fumo-conformance selftest``: libwbxml and Wireshark.

Both are asked only what they are known to do well. They are no authority: agreeing with them proves little, disagreeing
means that somebody has to look.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from conformance.harness.places import fixtures
from conformance.report.capture import write_capture
from conformance.syncml.element import Element
from conformance.syncml.wbxml import decode_wbxml
from conformance.syncml.xmlcodec import decode_xml

Ask = Callable[..., CompletedProcess[bytes]]
"""Runs the program with arguments."""
Trial = Callable[[Ask, Path], str]
"""Asks the program, with a folder for its files; gives what is wrong, "" where nothing is."""
CAPTURES = 6


@dataclass(frozen=True, slots=True)
class Oracle:
    """A program, what it is asked, and the trials: from the run folder and the lines of what was just played."""

    program: str
    what: str
    trials: Callable[[Path, list[dict[str, Any]]], Iterator[tuple[str, Trial]]]


def _shape(element: Element) -> tuple[Any, ...]:
    return element.name, element.vocabulary, element.text, element.octets, tuple(_shape(child) for child in element.children)


def _vectors(folder: Path, lines: list[dict[str, Any]]) -> Iterator[tuple[str, Trial]]:
    """The WBXML documents of the fixtures that libwbxml can read: it must see the same tree."""
    vectors = fixtures() / "wire" / "wbxml"
    manifest = json.loads((vectors / "manifest.json").read_text(encoding="utf-8"))
    for name, entry in manifest.items():
        if entry["valid"] and entry["oracles"].get("wbxml2xml") == "match":
            octets = bytes.fromhex((vectors / f"{name}.hex").read_text(encoding="ascii"))
            yield name, partial(_same_tree, octets)


def _same_tree(octets: bytes, ask: Ask, folder: Path) -> str:
    source, target = folder / "in.wbxml", folder / "out.xml"
    source.write_bytes(octets)
    done = ask("-m", "0", "-o", str(target), str(source))
    if done.returncode:
        return f"it ended with {done.returncode}"
    return "" if _shape(decode_xml(target.read_bytes()).root) == _shape(decode_wbxml(octets).root) else "another tree"


def _captures(folder: Path, lines: list[dict[str, Any]]) -> Iterator[tuple[str, Trial]]:
    """Captures of what was just played, in WBXML where there is some: tshark must read every packet and find none damaged."""
    played = [line for line in lines if line["evidence"] and (folder / line["evidence"]).is_dir()]
    played.sort(key=lambda line: line["permutation"].get("encoding") != "wbxml")
    for line in played[:: max(1, len(played) // CAPTURES)][:CAPTURES]:
        yield line["id"], partial(_read_whole, folder, line)


def _read_whole(run_dir: Path, line: dict[str, Any], ask: Ask, folder: Path) -> str:
    path = folder / "x.pcapng"
    count = write_capture(run_dir, line, path)
    checks = ("-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE")
    done = ask("-r", str(path))
    if done.returncode or len(done.stdout.splitlines()) != count:
        return f"{len(done.stdout.splitlines())} of {count} packets, exit status {done.returncode}"
    bad = ask("-r", str(path), *checks, "-Y", "ip.checksum.status==0 || tcp.checksum.status==0 || tcp.analysis.flags")
    return f"damaged: {bad.stdout.decode(errors='replace').splitlines()[0]}" if bad.stdout.strip() else ""


ORACLES = (
    Oracle("wbxml2xml", "documents have the tree that the suite reads", _vectors),
    Oracle("tshark", "captures are read whole", _captures),
)
"""All of them."""
