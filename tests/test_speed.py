"""Speed, as ratios within one run: what a slow machine does to one side it does to the other. The bounds are far above what
``benchmarks/bench.py`` prints, so that only a loss of speed that is a fault breaks them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from conformance.syncml.codec import decode, encode
from conformance.syncml.model import Get, Header, Item, Message, Status
from conformance.syncml.wbxml import decode_wbxml

ROOT = Path(__file__).resolve().parent.parent
OVER_AN_EMPTY_ITEM = 100
"""Empty items of pytest that a permutation may cost: sessions, evidence, judging, record and reports."""
OVER_THE_PARSER = 6
"""How many times what lxml takes for the same message in XML."""


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench", ROOT / "benchmarks/bench.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("role", "select"), [("client", "client/nodes"), ("server", "server/alerts")])
def test_a_permutation_costs_so_many_empty_items_of_pytest(bench: ModuleType, tmp_path: Path, role: str, select: str) -> None:
    floor = bench.empty_item(tmp_path)
    cost, played = bench.permutation(tmp_path, role, select)
    assert played > 50
    assert floor > 0
    assert cost / floor < OVER_AN_EMPTY_ITEM


def test_wbxml_is_read_nearly_as_fast_as_a_parser_reads_xml(bench: ModuleType) -> None:
    status = Status(cmd_id="1", msg_ref="1", cmd_ref="0", cmd="SyncHdr", target_refs=["http://server/dm"], data="212")
    gets = [Get(cmd_id=str(n), items=[Item(target=f"./FwUpdate/Main/Node{n}")]) for n in range(2, 8)]
    message = Message(Header(session_id="1", msg_id="2", target="urn:imei:1", source="http://server/dm"), [status, *gets], True)
    xml, wbxml = encode(message, "xml"), encode(message, "wbxml")
    assert decode(xml).message == decode(wbxml).message
    ratios = [bench.again(lambda: decode_wbxml(wbxml), 200) / bench.again(lambda: bench.etree.fromstring(xml), 200) for _ in range(3)]
    assert min(ratios) < OVER_THE_PARSER
