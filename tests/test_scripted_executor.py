"""What the suite's own device does to commands where a case tells it so: its order, nodes that it lacks, a State of its own."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.dm.executor import Executed
from conformance.harness.scripted import Script
from conformance.harness.scriptedexecutor import Refusing
from conformance.syncml.model import Command, Exec, Get, Item, Meta, Replace, Status
from conformance.syncml.model import Sequence as Ordered

ROOT = "./FwUpdate/Main"


class _Plain:
    """An executor that notes what it carries out, finds every node, and shows 10 everywhere."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def execute(self, commands: Sequence[Command], msg_id: str | None, server: str) -> Executed:
        executed = Executed()
        for command in commands:
            for each in (command, *(command.commands if isinstance(command, Ordered) else ())):
                self.done.append(each.cmd_id or "")
                executed.statuses.append(Status(msg_ref=msg_id, cmd_ref=each.cmd_id, data="200"))
        return executed

    def _item(self, command: Command, item: Item, where: Any, found: list[Item]) -> int:
        return 200

    def get(self, item: Item, found: list[Item]) -> int:
        found.append(Item(source=item.target, meta=Meta(format="int"), data="10"))
        return 200

    def exec(self, command: Exec) -> int:
        return 202


class _Scripted(Refusing, _Plain):
    """It behind a script."""


def scripted(**script: Any) -> _Scripted:
    made = _Scripted()
    made.script = Script(**script)
    made.device = SimpleNamespace(profile=SimpleNamespace(objects=(ROOT,)))  # type: ignore[assignment]
    return made


@pytest.mark.parametrize(("order", "done"), [("", "1234"), ("reversed", "4231")])
def test_a_device_may_begin_with_the_last_command_but_not_inside_of_a_sequence(order: str, done: str) -> None:
    executor = scripted(order=order)
    inside = [Replace(cmd_id="3")]
    executed = executor.execute([Get(cmd_id="1"), Ordered(cmd_id="2", commands=inside), Exec(cmd_id="4")], "1", "me")
    assert "".join(executor.done) == done
    assert [status.cmd_ref for status in executed.statuses] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("target", "code"),
    [("./DevDetail/FwV", 404), ("DevDetail/FwV", 404), ("./DevDetail/FwV?prop=Type", 404), ("./DevDetail/FwV2", 200), ("./DevDetail", 200)],
)
def test_a_node_that_is_lacking_is_not_found(target: str, code: int) -> None:
    assert scripted(lacks=["./DevDetail/FwV"])._item(Get(), Item(target=target), None, []) == code


def test_an_operation_that_is_lacking_is_not_executed() -> None:
    command = Exec(items=[Item(target=f"{ROOT}/Update")])
    assert [scripted(lacks=lacks).exec(command) for lacks in ([], [ROOT], [f"{ROOT}/Download"])] == [202, 404, 202]


@pytest.mark.parametrize(("target", "shown"), [(f"{ROOT}/State", "60"), (f"{ROOT}/PkgName", "10"), ("./Other/State", "10")])
def test_state_is_what_the_script_says(target: str, shown: str) -> None:
    found: list[Item] = []
    assert scripted(state="60").get(Item(target=target), found) == 200
    assert [item.data for item in found] == [shown]
