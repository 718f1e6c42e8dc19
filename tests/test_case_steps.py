"""Steps of commands and of what the suite's device sends beside: what is wrong is said, and what is right becomes a command."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.harness.commands import ill_formed, prepare
from conformance.harness.ownsending import is_wrong, thing
from conformance.harness.steps import step_faults
from conformance.judge.lookup import told_by
from conformance.syncml.model import Alert, Copy, Get, Item, Other, Replace, Results, Status


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"get": {"items": ["./A", {"node": "./B"}]}}, []),
        ({"get": {"items": "./A"}}, ["get: items: expected a list"]),
        ({"get": {"items": [{"nod": "./A"}]}}, ["get: items: unknown key 'nod'; expected one of node, data, format, type, from"]),
        ({"atomic": [{"replace": {"items": "${x}"}}]}, []),
        ({"element": "Foo"}, []),
        ({"alert": {"code": "1199", "items": ["a"]}}, []),
    ],
)
def test_what_is_wrong_with_a_command(step: dict[str, Any], expected: list[str]) -> None:
    assert list(step_faults(step, "client")) == expected


@pytest.mark.parametrize(
    ("send", "expected"),
    [
        ([{"alert": "1224", "items": [], "late": True}], 0), ([{"status": 200}, {"results": "./A", "data": "1"}], 0),
        ([{"element": "Foo"}], 0), ("1224", 1), ([{"late": True}], 1), ([{"alert": "1", "status": 2}], 1),
        ([{"alert": "1224", "when": "now"}], 1),
    ],
)  # fmt: skip
def test_what_is_wrong_with_what_is_sent(send: Any, expected: int) -> None:
    found = list(step_faults({"device": {"send": send}}, "server"))
    assert len(found) == expected
    assert all(what.startswith("device: send: ") for what in found)


class _Session:
    encoding, peer_max_obj, peer_max_msg = "xml", None, None


def made(step: dict[str, Any]) -> Any:
    (command,) = prepare(step, None, _Session()).commands  # type: ignore[arg-type]
    return command


def test_items_of_commands() -> None:
    """Each Item has the Meta that it names; what is none is not sent."""
    command = made({"replace": {"items": [{"node": "./A", "data": 1, "format": "int"}, {"node": "none", "data": "x"}]}})
    assert isinstance(command, Replace)
    assert command.meta is None
    first, second = command.items
    assert (first.target, first.data, first.meta and first.meta.format) == ("./A", "1", "int")
    assert (second.target, second.data, second.meta) == (None, "x", None)
    copied = made({"copy": {"items": [{"node": "./B", "from": "./A"}]}})
    assert isinstance(copied, Copy)
    assert (copied.items[0].target, copied.items[0].source) == ("./B", "./A")
    assert made({"replace": {"node": "./A", "data": "x", "format": "none"}}).meta is None
    assert made({"add": {"node": "./A", "format": "node", "data": "none"}}).items[0].data is None
    assert [item.data for item in made({"alert": {"code": 1101, "items": ["a"]}}).items] == ["a"]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (Get(items=[Item(target="./A")]), False), (Get(), True), (Get(items=[Item()]), True), (Other(element_name="Foo"), True),
        (Alert(data="1100"), False),
    ],
)  # fmt: skip
def test_what_no_server_may_send(command: Any, expected: bool) -> None:
    """A device is not held to an answer to what is ill_formed on purpose."""
    assert ill_formed([command]) is expected


def test_things_of_the_suite_s_own_device() -> None:
    """Complete events and Generic Alerts are right; everything else is wrong on purpose (DM RepPro 6.6.2)."""
    whole = {"type": "text/plain", "format": "chr", "data": ""}
    event = thing({"alert": "1224", "items": [whole]})
    assert isinstance(event, Alert)
    assert (event.data, event.items[0].data) == ("1224", "")
    assert not is_wrong({"alert": "1224", "items": [whole]})
    for wrong in ({"alert": "1224"}, {"alert": "1226", "items": [{"data": "x"}]}, {"alert": "1100", "items": [whole]}, {"status": 200}):
        assert is_wrong(wrong)
    assert isinstance(thing({"status": 200}), Status)
    assert isinstance(thing({"results": "./A"}), Results)
    assert isinstance(thing({"element": "Foo"}), Other)
    with pytest.raises(ValueError, match="late"):
        thing({"late": True})


def test_what_a_status_tells() -> None:
    """The order in which several choices come is free (DM Protocol 10.2.4)."""
    chosen = Status(items=[Item(data="10"), Item(data=" 2")])
    assert told_by([chosen]) == {"reply": "2,10", "failing": None}
    assert told_by([Status(items=[Item(target="./A/B")])]) == {"reply": None, "failing": "./A/B"}
    assert told_by([]) == {"reply": None, "failing": None}
