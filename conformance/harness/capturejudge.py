"""``fumo-conformance judge --capture``: judges recorded sessions between strangers, each side apart.

Nothing is played. The bodies become a transcript as a run would have written it; the standing rules judge both sides; then
it is told where each session ended, and who departed first before it went wrong.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.dm.credentials import BASIC, MAC_HEADER, NONE, Account, Verifier
from conformance.harness.capture import Capture, Half, read_captures
from conformance.harness.catalogue import load_catalogue
from conformance.harness.clock import VirtualClock
from conformance.harness.iut import OBJECTS, load_iut
from conformance.harness.masking import Masker, secrets_of
from conformance.harness.places import testcases
from conformance.harness.recorder import Recorder
from conformance.harness.settings import Credentials, Iut
from conformance.judge.finding import ERROR, FAIL, INCONCLUSIVE, PASS, Finding, verdict_of
from conformance.judge.rule import JudgeError, View, standing
from conformance.judge.story import Story, stories
from conformance.syncml.codec import Decoded, decode
from conformance.syncml.element import SyntaxFault
from conformance.transcript import DEVICE, SERVER, Transcript
from conformance.transport.exchange import header

SIDES = ("client", "server")
JUDGEMENT = "judgement.json"


@dataclass(slots=True)
class Judged:
    """One capture and what was found. ``names`` gives for each event the recorded body, as ``02-request``."""

    capture: Capture
    names: dict[int, str]
    verdicts: dict[str, str] = field(default_factory=dict)
    findings: dict[str, list[Finding]] = field(default_factory=dict)
    stories: list[Story] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    trouble: str = ""
    """What the suite itself did wrong, where a verdict is ``error``."""


def judge_captures(
    folder: Path, *, iut: Path | None = None, strict: bool = False, role: str | None = None, output: Path | None = None,
) -> list[Judged]:
    """Judges every capture in a folder.

    ``iut`` is an IUT file whose accounts and objects are used, whatever its role; ``role`` judges that side only;
    ``output`` keeps for each capture what a run keeps as evidence, and the judgement. Raises
    :class:`conformance.harness.capture.CaptureFault` where there is nothing to judge, and what :func:`load_iut` raises.
    """
    captures = read_captures(folder)
    known = load_iut(iut) if iut is not None else None
    catalogue = load_catalogue(testcases())
    made = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, capture in enumerate(captures):
            place = (output / capture.name) if output is not None else Path(scratch) / str(number)
            place.mkdir(parents=True, exist_ok=True)
            recorder, names = _transcript(capture, known, place)
            judged = _judge(capture, recorder.transcript, names, catalogue, strict, role, known)
            if output is not None:
                recorder.write({"capture": capture.name, "files": {str(n): name for n, name in names.items()}})
                text = json.dumps(as_dict(judged), indent=1, ensure_ascii=False)
                (place / JUDGEMENT).write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
            made.append(judged)
    return made


def _judge(
    capture: Capture, transcript: Transcript, names: dict[int, str], catalogue: Mapping[str, Any], strict: bool,
    role: str | None, known: Iut | None,
) -> Judged:
    judged = Judged(capture, names)
    objects = known.objects if known is not None and known.objects != OBJECTS else ()
    for side in SIDES:
        if role in (None, side):
            try:
                judged.findings[side] = standing(transcript, side, catalogue, strict, objects, version="")
            except JudgeError as fault:
                judged.findings[side], judged.verdicts[side], judged.trouble = [], ERROR, str(fault)
                continue
            verdict = verdict_of(judged.findings[side])
            judged.verdicts[side] = verdict if verdict in (PASS, FAIL) else INCONCLUSIVE
    view = View(transcript, "client", objects)
    judged.stories = stories(view.sessions, judged.findings)
    judged.operations = [_operation(each) for each in view.activity.operations]
    return judged


def _operation(operation: Any) -> str:
    report = operation.report
    told = f"reported {report.value}" if report is not None else "no report seen"
    return f"Exec {operation.root}/{operation.name}: Status {operation.status or 'not seen'}, {told}"


def outcome(judged: list[Judged]) -> int:
    """Exit status: 3 where the suite failed or nothing at all could be judged, 1 where a side failed, else 0."""
    verdicts = {verdict for each in judged for verdict in each.verdicts.values()}
    if ERROR in verdicts:
        return 3
    if FAIL in verdicts:
        return 1
    return 0 if PASS in verdicts else 3


def as_dict(judged: Judged) -> dict[str, Any]:
    """The judgement of one capture as JSON data."""
    return {
        "capture": judged.capture.name,
        "verdicts": judged.verdicts,
        "sessions": [story.as_dict(judged.names) for story in judged.stories],
        "operations": judged.operations,
        "findings": {
            side: [finding.as_dict() | {"file": judged.names.get(finding.event or 0)} for finding in findings]
            for side, findings in judged.findings.items()
        },
        "foreign": judged.capture.foreign,
        "trouble": judged.trouble,
    }


# -- the transcript ------------------------------------------------------------------------------------------------------


class Accounts:
    """What is known of the accounts of one device: a verifier for each direction, ``None`` where no password is known."""

    def __init__(self, client: Credentials, server: Credentials) -> None:
        self.of = {"client": _verifier(client), "server": _verifier(server)}
        self.nonce_known = {"client": bool(client.nonce), "server": bool(server.nonce)}

    def facts(self, side: str, half: Half, decoded: Decoded) -> dict[str, Any]:
        """Facts about the credentials of a message, {} where nothing is known."""
        verifier, head = self.of[side], decoded.message.header
        if verifier is None:
            return {}
        facts: dict[str, Any] = {"credentials": self._sure(side, verifier.check(head.cred, head.source_name))}
        mac = header(half.headers, MAC_HEADER)
        if mac is not None and half.octets is not None:
            facts["integrity"] = self._sure(side, verifier.check_mac(mac, half.octets, head.source_name))
        return facts

    def _sure(self, side: str, found: dict[str, str]) -> dict[str, str]:
        """With a nonce that was agreed on before the recording nobody can say that credentials are wrong."""
        unsure = found["type"] not in (BASIC, NONE) and found["result"] == "wrong" and not self.nonce_known[side]
        return found | {"result": "unknown"} if unsure and found["user"] != "wrong" else found

    def heard(self, side: str, decoded: Decoded) -> None:
        """Takes the nonce that a message issues for the other side."""
        other = "server" if side == "client" else "client"
        status, verifier = decoded.message.header_status(), self.of[other]
        chal = status.chal if status is not None else None
        if chal is None or verifier is None or not chal.next_nonce:
            return
        nonce = chal.nonce()
        verifier.previous = [verifier.current, *verifier.previous][:8]
        verifier.current = nonce if nonce is not None else chal.next_nonce.encode()
        self.nonce_known[other] = True


def _verifier(owner: Credentials) -> Verifier | None:
    return Verifier(Account(owner.username, owner.password), owner.nonce) if owner.password else None


def _transcript(capture: Capture, known: Iut | None, place: Path) -> tuple[Recorder, dict[int, str]]:
    recorder = Recorder(place, VirtualClock(), Masker(secrets_of(known) if known is not None else ()))
    accounts: dict[str, Accounts] = {}
    names: dict[int, str] = {}
    device = ""
    for pair in capture.pairs:
        exchange = recorder.next_exchange()
        for side, half in (("client", pair.request), ("server", pair.response)):
            if half is None or half.octets is None:
                continue
            decoded, fault = _decoded(half.octets, half.media)
            data = _data(side, half, exchange, fault)
            if decoded is not None:
                device = (decoded.message.header.source if side == "client" else device) or device
                account = accounts.setdefault(device, _accounts(known, device))
                data["facts"] = account.facts(side, half, decoded)
                account.heard(side, decoded)
            sender, receiver = (DEVICE, SERVER) if side == "client" else (SERVER, DEVICE)
            event = recorder.message(sender, receiver, half.octets, decoded, half.headers, **data)
            names[event.n] = half.name
    return recorder, names


def _accounts(known: Iut | None, device: str) -> Accounts:
    if known is None:
        return Accounts(Credentials(), Credentials())
    for each in known.dm.devices:
        if each.device_id == device:
            return Accounts(each.client_credentials, each.server_credentials)
    return Accounts(known.dm.client_credentials, known.dm.server_credentials)


def _decoded(octets: bytes, media: str) -> tuple[Decoded | None, SyntaxFault | None]:
    try:
        return decode(octets, media), None
    except SyntaxFault as fault:
        return None, fault


def _data(side: str, half: Half, exchange: int, fault: SyntaxFault | None) -> dict[str, Any]:
    data: dict[str, Any] = {"exchange": exchange, "media": half.media, "recorded": True}
    if side == "client":
        data |= {"direction": "request", "method": half.method, "url": half.url}
    else:
        data |= {"direction": "response", "status": half.status}
    if not half.headers:
        data["headless"] = True
    if fault is not None:
        data["fault"] = {"reason": fault.reason, "offset": fault.offset}
    return data
