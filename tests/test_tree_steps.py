"""Steps and claims of the tree: documents in a step, codes of an optional step, claims with a place."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from conformance.dm import tnds
from conformance.harness.document import document
from conformance.harness.places import testcases as own_cases
from conformance.harness.selection import claimed, claimed_place, load_claims
from conformance.harness.steps import step_faults
from conformance.judge.lookup import full, lacked, nodes_of
from conformance.syncml.model import Item, Meta

ROWS = [{"at": "", "format": "node", "type": "t"}, {"at": "A", "format": "node"}, {"at": "A/B", "data": "ü", "acl": "Get=*"}]


@pytest.mark.parametrize("encoding", ["xml", "wbxml"])
def test_rows_become_a_document(encoding: str) -> None:
    meta, data = document(ROWS, encoding)
    assert (meta.type, meta.format) == (tnds.TYPES[encoding], "xml" if encoding == "xml" else "bin")
    (top,) = tnds.read(data.encode() if isinstance(data, str) else data)
    (inner,) = top.children
    (leaf,) = inner.children
    assert (top.name, top.type, inner.name, leaf.name, leaf.value, leaf.acl) == ("", "t", "A", "B", "ü".encode(), "Get=*")
    shown = nodes_of([Item(source="X", data=data, meta=meta), Item(source="./Y/Z")])
    assert shown == ["./X", "./X/A", "./X/A/B", "./Y/Z"]


def test_what_is_no_document_shows_its_own_node_only() -> None:
    assert nodes_of([Item(source="./X", data="<x/>", meta=Meta(type=tnds.TYPES["xml"]))]) == ["./X"]
    assert (full("."), full("./"), full(None), full("A/B")) == (".", ".", ".", "./A/B")


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ({"add": {"node": "./X", "tnds": ROWS}}, ""), ({"add": {"node": "./X", "tnds": "${rows}"}}, ""),
        ({"add": {"node": "./X", "tnds": []}}, "expected a list of nodes"),
        ({"add": {"node": "./X", "tnds": [{"data": "x"}]}}, "each with at"),
        ({"replace": {"node": "./X", "tnds": [{"at": "", "colour": 1}]}}, "unknown key 'colour'"),
        ({"get": "./X", "optional": [406]}, ""), ({"get": "./X", "optional": "yes"}, "or a list of codes"),
        ({"get": "./X", "expect": {"nodes": {"not": "./Y"}}}, ""), ({"get": "./X", "note": 1}, "note: expected a text"),
    ],
)  # fmt: skip
def test_faults_of_steps(step: dict[str, Any], what: str) -> None:
    faults = list(step_faults(step, "client"))
    assert bool(faults) == bool(what)
    assert all(what in fault for fault in faults)


def test_an_optional_step_names_its_codes() -> None:
    assert lacked({"optional": True}, "405") and lacked({"optional": [415]}, "415")
    assert not lacked({"optional": [415]}, "405") and not lacked({}, "405") and not lacked({"optional": True}, None)


@pytest.mark.parametrize(
    ("said", "holds", "place"),
    [(True, True, ""), ("./Vendor/Test/", True, "./Vendor/Test"), (".", True, "."), (False, False, ""), ("no", False, "")],
)
def test_a_claim_may_have_a_place(said: Any, holds: bool, place: str) -> None:
    attach = SimpleNamespace(listen="", server_url="", content_listen="")
    claims, iut = load_claims(own_cases()), SimpleNamespace(claims={"dynamic-nodes": said, "http": "./x"}, attach=attach)
    assert claimed(iut, claims, "dynamic-nodes") is holds  # type: ignore[arg-type]
    assert claimed_place(iut, claims["dynamic-nodes"]) == place  # type: ignore[arg-type]
    assert claimed(iut, claims, "http") is False  # type: ignore[arg-type]
    assert claimed(iut, claims, "account") is None  # type: ignore[arg-type]
