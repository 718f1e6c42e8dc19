"""The wrong servers: code and data name the same ones, and each is wrong where a device can see it."""

from __future__ import annotations

import binascii
import contextlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from scripteddevice import DEVICE, ROOT, ScriptedDevice, enrolment, report, tree

from conformance.fumo.object import DOWNLOAD, UPDATE, USER_REQUEST
from conformance.harness.catalogue import load_catalogue
from conformance.peers.server import Server, ServerProfile
from conformance.peers.server_deviations import DEVIATIONS
from conformance.syncml.element import SyntaxFault
from conformance.syncml.model import Alert, Get, Item, Other, Results, Status
from conformance.transport.exchange import Request

TESTCASES = Path(__file__).parent.parent / "testcases"
ROWS = yaml.safe_load((TESTCASES / "deviations" / "server.yaml").read_text(encoding="utf-8"))
PACKAGE = random.Random(7).randbytes(9000)


class Memory:
    """A package that is in memory."""

    size = len(PACKAGE)

    def read(self, offset: int, count: int) -> bytes:
        return PACKAGE[offset : offset + count]


def server(*deviations: str, **given: object) -> Server:
    made = Server(ServerProfile(), deviations, seed=3, sources=lambda path: Memory())
    made.verb("enrol", enrolment(**given), 0)
    return made


def plan(made: Server, way: str = "download", **more: object) -> None:
    package = {"url": "http://c.example/p.bin", "path": "p.bin"}
    made.verb("campaign", {"device_id": DEVICE, "object": ROOT, "way": way, "package": package, **more}, 0)


class Trace:
    """Everything a server sent: replies, triggers."""

    def __init__(self) -> None:
        self.sent: list[object] = []

    def device(self, made: Server, **more: object) -> ScriptedDevice:
        device = ScriptedDevice(made, **more)  # type: ignore[arg-type]
        self.devices = [*getattr(self, "devices", []), device]
        return device

    def close(self) -> list[object]:
        for device in self.devices:
            self.sent += [(reply.status, tuple(reply.headers), reply.body) for reply in device.replies]
        return self.sent


Scenario = Callable[[Trace, str], None]


def _made(*names: str, **given: object) -> Server:
    return server(*[name for name in names if name], **given)


def _update(trace: Trace, name: str, kind: str, encoding: str, result: int = 200, **more: object) -> None:
    """Download, report, installation, report, a report once more."""
    made = _made(name, authentication=kind)
    plan(made)
    trace.sent += made.outgoing(0)
    device = trace.device(made, kind=kind, encoding=encoding, **more)
    device.session()
    correlator = device.execs[0].correlator if device.execs else None
    for alert in [report(DOWNLOAD, result, correlator, source=f"{ROOT}/Download")] * 2:
        device.session(alert)
    device.session(report(UPDATE, 200, device.execs[-1].correlator if device.execs else None))
    plan(made)
    trace.sent += made.outgoing(0)


def _large(trace: Trace, name: str, **more: object) -> None:
    made = _made(name)
    plan(made, "replace")
    trace.device(made, max_msg=4000, **more).session(most=60)


def _consent(trace: Trace, name: str) -> None:
    made = _made(name)
    plan(made, consent="defer", defer_minutes=[1, 5])
    device = trace.device(made, ui=[("200", "2"), ("200", "2")])
    device.session()
    made.outgoing(0)
    made.verb("restart", {}, 10)
    trace.sent += made.outgoing(301)
    device.ui = [("200", "3")]
    device.at = 302
    device.session()


def _refused(trace: Trace, name: str) -> None:
    made = _made(name)
    plan(made)
    target = f"{ROOT}/Download"
    trace.device(made, statuses={f"Exec {target}": "405"}).session()


def _lacking(trace: Trace, name: str) -> None:
    made = _made(name)
    plan(made)
    trace.device(made, nodes={**tree(), ROOT: "DownloadAndUpdate/State"}).session()


def _requests(trace: Trace, name: str) -> None:
    made = _made(name)
    device = trace.device(made)
    prefixed = report(UPDATE, type="Reversed-Domain-Name:org.openmobilealliance.dm.firmwareupdate.update")
    device.session(Alert(data="1226", items=report(USER_REQUEST, "", format="chr").items), prefixed)
    device.session(report("org.example.nobody-knows-this"))


def _several(trace: Trace, name: str) -> None:
    """Two objects; the report of the first comes last, in one Alert with another, and in the midst of a session."""
    made = _made(name)
    plan(made)
    device = trace.device(made)
    device.session()
    plan(made, object="./FwUpdate/Other")
    device.nodes["./FwUpdate/Other"] = device.nodes[ROOT]
    device.session()
    both = report(DOWNLOAD, 200, None, source="./FwUpdate/Nobody")
    both.items += report(DOWNLOAD, 200, None).items
    device.session(both)
    plan(made, object="./FwUpdate/Third")
    device.begin()
    answer = device.send([Alert(data="1201"), device.devinfo()])
    assert answer is not None
    device.send([*device.perform(answer), report(UPDATE, 200, None)])


def _pieces(trace: Trace, name: str) -> None:
    """A package of the client in two messages."""
    made = _made(name)
    plan(made)
    device = trace.device(made)
    device.begin()
    answer = device.send([Alert(data="1201"), device.devinfo()], final=False)
    assert answer is not None
    device.send([*device.perform(answer), Results(msg_ref="1", cmd_ref="9", items=[Item(data="x")])])


def _stranger(trace: Trace, name: str) -> None:
    made = _made(name)
    plan(made)
    device = trace.device(made)
    device.begin()
    device.send([Alert(data="1201"), device.devinfo()], cred=None)


def _old(trace: Trace, name: str) -> None:
    made = _made(name)
    plan(made)
    trace.device(made, version="1.1").session()


def _many_sessions(trace: Trace, name: str) -> None:
    """A device whose ids have letters by now."""
    made = _made(name)
    device = trace.device(made)
    device.sessions = 9
    device.session()


def _beside(trace: Trace, name: str) -> None:
    """What a device says beside: events, alerts and elements that nobody knows, answers to nothing."""
    made = _made(name)
    plan(made)
    device = trace.device(made)
    unknown = report("org.example.nobody-knows-this", "x", format="chr")
    mixed = report(USER_REQUEST, "vendor", format="chr")
    device.session(Alert(data="7777"), Alert(data="1224", items=[Item(data="x")]), mixed, unknown)
    mixed.items += unknown.items
    device.session(mixed)
    for strange in (Other(element_name="Foo"), Status(msg_ref="9", cmd_ref="9", cmd="Exec", data="200")):
        device.session(strange)  # type: ignore[arg-type]
    device.session(Results(msg_ref="9", cmd_ref="9", items=[Item(source=f"{ROOT}/State", data="100")]))  # type: ignore[arg-type]
    device.session()
    trace.sent.append(made.verb("outcome", {"device_id": DEVICE, "object": ROOT}, 0))


def _failing(trace: Trace, name: str, result: int) -> None:
    """An installation alone, with its report."""
    made = _made(name)
    plan(made, "replace")
    device = trace.device(made)
    device.session()
    device.session(report(UPDATE, result, device.execs[-1].correlator if device.execs else None))
    trace.sent.append(made.verb("outcome", {"device_id": DEVICE, "object": ROOT}, 0))


SCENARIOS: dict[str, Scenario] = {
    "beside": _beside,
    "failed update": lambda trace, name: _failing(trace, name, 410),
    "undefined": lambda trace, name: _failing(trace, name, 600),
    "md5": lambda trace, name: _update(trace, name, "md5", "xml"),
    "md5 again": lambda trace, name: _update(trace, name, "md5", "wbxml", accept="200"),
    "hmac": lambda trace, name: _update(trace, name, "hmac", "wbxml"),
    "none": lambda trace, name: _update(trace, name, "none", "xml"),
    "failed": lambda trace, name: _update(trace, name, "basic", "xml", 503),
    "vendor success": lambda trace, name: _update(trace, name, "basic", "xml", 250),
    "vendor failure": lambda trace, name: _update(trace, name, "basic", "xml", 550),
    "large": _large,
    "large in wbxml": lambda trace, name: _large(trace, name, encoding="wbxml"),
    "too large": lambda trace, name: _large(trace, name, max_obj=5000),
    "consent": _consent, "refused": _refused, "lacking": _lacking, "requests": _requests, "several": _several,
    "pieces": _pieces, "stranger": _stranger, "old": _old, "many sessions": _many_sessions,
}  # fmt: skip


def play(scenario: Scenario, name: str) -> list[object]:
    trace = Trace()
    # The device gave up, or could not read what came: what was sent until then counts.
    with contextlib.suppress(AssertionError, SyntaxFault, binascii.Error):
        scenario(trace, name)
    return trace.close()


@pytest.fixture(scope="module")
def plain() -> dict[str, list[object]]:
    return {name: play(scenario, "") for name, scenario in SCENARIOS.items()}


def test_code_and_data_name_the_same_deviations() -> None:
    assert [row["id"] for row in ROWS] and len({row["id"] for row in ROWS}) == len(ROWS)
    assert {row["id"] for row in ROWS} == set(DEVIATIONS.ids)


def test_every_row_names_requirements_of_a_server() -> None:
    catalogue = load_catalogue(TESTCASES)
    for row in ROWS:
        assert set(row) - {"seen_by", "pending", "profile"} == {"id", "says", "breaks", "level", "area"}, row
        assert 1 <= len(row["breaks"]) <= 3, row
        assert {catalogue[name].role for name in row["breaks"]} <= {"server", "both"}, row
        assert row["level"] == catalogue[row["breaks"][0]].level, row


def test_the_plain_server_repeats_itself(plain: dict[str, list[object]]) -> None:
    assert {name: play(scenario, "") for name, scenario in SCENARIOS.items()} == plain


PLAIN = ("server_deviations", "session_deviations", "server_form_deviations")
"""Modules with deviations that show while the other side behaves, over a plain way; what needs trouble, a dialect or TLS is
shown by the cases that tests/test_proof_server.py plays."""
HERE = [name for name in DEVIATIONS.ids if DEVIATIONS.rows([name])[0].mixin.__module__.rpartition(".")[2] in PLAIN]


@pytest.mark.parametrize("name", HERE)
def test_deviation_changes_what_crosses_the_wire(name: str, plain: dict[str, list[object]]) -> None:
    assert any(play(scenario, name) != plain[title] for title, scenario in SCENARIOS.items())


def test_two_deviations_of_one_part_go_together() -> None:
    made = server("wrong-msg-ref", "no-status-for-replace")
    answer = ScriptedDevice(made).session()[0]
    assert {status.cmd for status in answer.statuses()} == {"SyncHdr", "Alert"}
    assert {status.msg_ref for status in answer.statuses()} == {"0"}


def test_unknown_deviation_is_refused() -> None:
    with pytest.raises(ValueError, match="no-such-thing"):
        Server(ServerProfile(), ["no-such-thing"])


def test_a_deviant_server_does_not_spoil_the_next_one() -> None:
    server("takes-anyone")
    device = ScriptedDevice(server())
    device.begin()
    answer = device.send([Alert(data="1201"), device.devinfo()], cred=None)
    assert answer is not None and answer.header_status().data == "407"  # type: ignore[union-attr]


def test_endless_exec_goes_on_after_405() -> None:
    made = server("endless-exec")
    plan(made)
    device = ScriptedDevice(made, statuses={f"Exec {ROOT}/Download": "405"})
    device.session()
    assert len(device.execs) > 10


def test_command_between_chunks() -> None:
    made = server("command-between-chunks")
    plan(made, "replace")
    device = ScriptedDevice(made, max_msg=4000)
    answers = device.session()
    pieces = [m for m in answers if any(item.more for c in m.commands for item in c.items)]
    assert len(pieces) > 1
    assert all(any(isinstance(c, Get) for c in message.commands) for message in pieces[1:])


def test_resp_uri_nowhere_is_not_found() -> None:
    made = server("resp-uri-nowhere")
    reply = made.handle(Request("POST", "http://server.example/dm/session", [], b"<SyncML/>"), 0)
    assert reply.status == 404
