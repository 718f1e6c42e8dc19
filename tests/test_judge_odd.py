"""Implementations that are odd and conform, and what must still be seen beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from judge_builder import (
    DEVICE_ID,
    Mark,
    Script,
    answers,
    basic,
    challenged,
    commanded,
    dev_info,
    item,
    large,
    md5_chal,
    results,
    update,
    upload,
    with_mac,
)
from judge_spoils import at, data, first_meta, header, raw

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.syncml.codec import encode
from conformance.syncml.model import Add, Alert, Delete, Get, Item, Meta, Replace
from conformance.transcript import DEVICE, SERVER


def outcomes(script: Script, side: str, requirement: str = "") -> set[str]:
    """Outcomes of a requirement, or all but the passes where none is given, in a session of which nobody knows more."""
    found = script.judge(side, version="")
    if requirement:
        return {f.outcome for f in found if f.requirement == requirement}
    return {f"{f.requirement} {f.outcome}" for f in found if f.outcome != PASS}


def old() -> Script:
    """A client of DM 1.1.2 and a server that answers it so."""
    script = Script(version="1.1")
    script.server(*answers(script.client(Alert(data="1201"), dev_info(), cred=basic()), "212"))
    return script


def many_nodes() -> Script:
    """DevInfo with interior nodes, a Meta on the command, and no LocName anywhere."""
    script = Script()
    info = dev_info()
    info.items += [
        item("./DevInfo/Ext", "Acme", source=True, format="node"), item("./DevInfo/Ext/Acme/Colour", "red", source=True),
        item("./DevInfo/Bearer", None, source=True, format="node"),
    ]
    info.meta = Meta(format="chr", type="text/plain")
    script.server(*answers(script.client(Alert(data="1201"), info, cred=basic()), "212"))
    return script


def no_cmd_ref() -> Script:
    """Statuses for SyncHdr without CmdRef, as in samples of the text."""
    script = update()
    for n in (1, 2, 3):
        at(script, n).status("SyncHdr").cmd_ref = None
    return script


def spilled() -> Script:
    """Statuses over two messages: what is left comes after that for the request for more."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    first, second = Get(items=[item("./DevInfo/Man")]), Delete(items=[item("./A")])
    two = script.server(*answers(one, "212"), first, second)
    told = results(two, first, item("./DevInfo/Man", "Acme", source=True))
    head, get, delete = answers(two)
    three = script.client(head, get, told, final=False)
    four = script.server(*answers(three), Alert(data="1222"), final=False)
    five = script.client(*answers(four), delete)
    script.server(*answers(five))
    return script


def said_again() -> Script:
    """The answer to a message is lost; the client says it once more with other octets and the same MsgID."""
    script = commanded(Delete(items=[item("./A")]))
    lost, after = at(script, 2), at(script, 3)
    script.steps.pop()
    script.mark("message", SERVER, DEVICE, exchange=2, direction="response", error="closed", status=0, size=0)
    again = script.client(*lost.message.commands)
    again.message.header.msg_id = lost.message.header.msg_id
    again.message.header.source_name = "dev"
    end = script.server(*after.message.commands)
    end.message.header.msg_id = "2"
    return script


def prefixed() -> Script:
    """A message whose elements have a namespace prefix."""
    script = many_nodes()
    octets = encode(at(script, 0).message, "xml").decode()
    octets = octets.replace("<SyncML xmlns=", "<s:SyncML xmlns:s=").replace("</SyncML>", "</s:SyncML>")
    for name in ("SyncHdr", "SyncBody", "VerDTD", "Final"):
        octets = octets.replace(f"<{name}", f"<s:{name}").replace(f"</{name}", f"</s:{name}")
    for name in ("VerProto", "SessionID", "MsgID", "Target", "Source", "Cred", "Alert", "Replace", "LocURI", "Meta", "Data",
                 "CmdID", "Item"):  # fmt: skip
        octets = octets.replace(f"<{name}>", f"<s:{name}>").replace(f"</{name}>", f"</s:{name}>")
    at(script, 0).raw = octets.encode()
    return script


def padded() -> Script:
    """White space around values, as pretty printers leave it."""
    script = large(size=" 30\n")
    octets = encode(at(script, 0).message, "xml").decode()
    for value in ("1201", "1", "DM/1.2", DEVICE_ID):
        octets = octets.replace(f">{value}<", f">\n  {value}\n<")
    at(script, 0).raw = octets.encode()
    return script


ODD: dict[str, tuple[Callable[[], Script], str]] = {
    "interior nodes in DevInfo": (many_nodes, "client"),
    "no CmdRef of SyncHdr, client": (no_cmd_ref, "client"),
    "no CmdRef of SyncHdr, server": (no_cmd_ref, "server"),
    "a message said again": (said_again, "client"),
    "namespace prefixes": (prefixed, "client"),
    "white space, client": (padded, "client"),
    "white space, server": (padded, "server"),
    "Results in pieces": (upload, "client"),
    "an older client's server": (old, "server"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_and_conforms_passes(name: str) -> None:
    made, side = ODD[name]
    assert outcomes(made(), side) == set()


def test_an_older_client_is_tolerated_and_half_of_one_is_not() -> None:
    assert outcomes(old(), "client") == {"DM-HDR-001 warn", "DM-HDR-002 warn"}
    half = old()
    at(half, 0).message.header.ver_proto = "DM/1.2"
    assert outcomes(half, "client", "DM-HDR-001") == {FAIL}


def test_statuses_that_spill_over_are_tolerated_in_either_place() -> None:
    assert outcomes(spilled(), "client") == {"DM-STA-002 warn"}
    script = spilled()
    commands = at(script, 4).message.commands
    commands.insert(1, commands.pop())
    assert outcomes(script, "client") == set()


def test_commas_and_quotes_in_a_user_name_are_part_of_it() -> None:
    script = with_mac()
    at(script, 2).message.header.source_name = 'a,b"c'
    value = 'Username="a,b\\"c" , MAC=' + "*" * 24
    data(2, headers=[["X-SyncML-HMAC", value]])(script)
    assert outcomes(script, "client", "DM-HMAC-001") == outcomes(script, "client", "DM-HMAC-007") == {PASS}


def test_without_headers_nobody_can_miss_a_mac() -> None:
    script = with_mac()
    for n in (2, 3, 4, 5):
        data(n, headers=[], headless=True)(script)
    for side in ("client", "server"):
        assert not [line for line in outcomes(script, side) if line.startswith(("DM-HMAC", "DM-AUTH"))]


@pytest.mark.parametrize(("refs", "outcome"), [([], PASS), (["./A", "./B"], WARN), (["./A"], FAIL)])
def test_one_status_for_several_items(refs: list[str], outcome: str) -> None:
    script = commanded(Delete(items=[item("./A"), item("./B")]))
    at(script, 2).status("Delete").target_refs = refs
    assert outcomes(script, "client", "DM-STA-006") == {outcome}


def test_a_remark_in_the_status_of_an_add_is_tolerated() -> None:
    script = commanded(Add(items=[item("./A", "x")]), Add="418")
    at(script, 2).status("Add").items = [Item(data="it is there already")]
    assert outcomes(script, "client", "DM-CMD-029") == {WARN}
    at(script, 2).status("Add").items = [Item()]
    assert outcomes(script, "client", "DM-CMD-029") == {FAIL}


@pytest.mark.parametrize(("octets", "outcome"), [
    ("010603c4af87", PASS), ("01060402c4af87"[:6] + "01c4af87", WARN), ("010605c4b481af87", WARN), ("010603c2af87", FAIL),
])  # fmt: skip
def test_longer_forms_of_the_head_of_a_push_are_tolerated(octets: str, outcome: str) -> None:
    script = Script()
    fields = {"version": 11, "future": 0, "session_id": 1, "server_id": "x"}
    script.steps.append(Mark("trigger", SERVER, DEVICE, {"octets": octets + "*" * 32, "fields": fields}))
    script.server(*answers(script.client(Alert(data="1200"), dev_info(), cred=basic()), "212"))
    assert outcomes(script, "server", "DM-NOTI-010") == {outcome}


@pytest.mark.parametrize("uri", ["http://dm.example.test/dm?s=2", "https://other.example.test/dm?s=2", "/dm?s=2"])
def test_an_address_to_answer_may_change_with_every_message(uri: str) -> None:
    script = challenged()
    header(3, resp_uri=uri)(script)
    data(4, url="http://10.0.0.1/dm?s=2")(script)
    assert outcomes(script, "client", "DM-HTTP-005") == {PASS}


@pytest.mark.parametrize("nonce", ["QUFBQQ", "!!!", "TURFeU16UTFOamM0T1dGaVkyUmxaZz09", "MDEy MzQ1Njc4OWFi\r\nY2RlZg=="])
def test_a_nonce_of_strange_form_is_no_crash_and_no_failure(nonce: str) -> None:
    script = challenged()
    at(script, 3).status("SyncHdr").chal = md5_chal(nonce)
    assert FAIL not in {line.rpartition(" ")[2] for line in outcomes(script, "server")}


def test_size_of_the_first_chunk_may_stand_on_the_command() -> None:
    script = large()
    first_meta(1, Replace, size=None)(script)
    at(script, 1).one(Replace).meta = Meta(size="30")
    assert outcomes(script, "server", "DM-LOB-005") == {PASS}


def test_two_sessions_with_one_id_are_two(tmp_path: Any) -> None:
    script = update()
    for step in script.steps[5:7]:
        step.message.header.session_id = "1"  # type: ignore[union-attr]
    assert outcomes(script, "client") == {"DM-HDR-005 warn"}
    assert outcomes(script, "server") == set()


def test_octets_that_no_encoding_has_are_a_finding_not_a_crash() -> None:
    script = many_nodes()
    raw(0, b"<VerDTD>", b"<VerDTD\x00>")(script)
    data(0, fault={"reason": "not well-formed", "offset": 3})(script)
    assert outcomes(script, "client", "DM-ENC-005") == {FAIL}


