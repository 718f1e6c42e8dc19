"""The table of the firmware update object: each node, each command, each property. It has no hole."""

from __future__ import annotations

import pytest

from conformance.fumo.object import NODES
from conformance.harness.cases import Case, load_cases
from conformance.harness.places import testcases as own_cases
from conformance.harness.vocabulary import kind_of

COMMANDS = {"get": "Get", "replace": "Replace", "add": "Add", "delete": "Delete", "copy": "Copy", "exec": "Exec"}
PROPERTIES = ("ACL", "Format", "Name", "Size", "Title", "TStamp", "Type", "VerNo")
CASES = [case for case in load_cases(own_cases()) if case.id.startswith("client/nodes/")]


def sent(case: Case, command: str, node: str) -> bool:
    """Whether a case sends a command to exactly that address."""
    for step in case.steps:
        if kind_of(step) == command:
            given = step[command]
            if (given if isinstance(given, str) else given.get("node")) == node:
                return True
    return False


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("path", NODES)
def test_each_command_is_tried_on_each_node(path: str, command: str) -> None:
    node = "{object}" + (f"/{path}" if path else "")
    cases = [case for case in CASES if case.id.startswith("client/nodes/commands/") and sent(case, command, node)]
    # What the access types grant is tried as something that works, the rest as something that is refused.
    granted = COMMANDS[command] in NODES[path].access or (command == "copy" and path.endswith("PkgURL"))
    assert [case.kind for case in cases if case.id.rpartition("/")[2].startswith(f"{command}-")] == [
        "valid" if granted else "invalid"
    ]


@pytest.mark.parametrize("name", PROPERTIES)
@pytest.mark.parametrize("path", NODES)
def test_each_property_of_each_node_is_read(path: str, name: str) -> None:
    node = "{object}" + (f"/{path}" if path else "") + f"?prop={name}"
    assert any(case.id.startswith("client/nodes/properties/") and sent(case, "get", node) for case in CASES)


@pytest.mark.parametrize("name", ["Format", "Name", "Type"])
@pytest.mark.parametrize("path", NODES)
def test_what_names_and_describes_a_node_is_kept(path: str, name: str) -> None:
    node = "{object}" + (f"/{path}" if path else "") + f"?prop={name}"
    assert any(case.kind == "invalid" and sent(case, "replace", node) for case in CASES)
