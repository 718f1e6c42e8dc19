"""How the suite's own device carries out commands where a case tells it so: refused, in another order, without some nodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from conformance.dm.executor import Executed
from conformance.fumo.object import NODES
from conformance.judge.lookup import full
from conformance.syncml.model import Block, Command, Exec, Item, Meta, Results, Status

if TYPE_CHECKING:
    from conformance.harness.scripted import Script, ScriptedDevice

ANY, HEADER = "any", "SyncHdr"
"""What may stand in ``statuses`` beside the names of commands."""
REVERSED = "reversed"
"""The order of a device that begins with the last command; inside of a Sequence it keeps to that of the server."""
_ABSENT = 404
_STATE = "/State"


class Refusing:
    """An executor that does as the script says: statuses without deeds, nodes that are not there, its own order."""

    script: Script
    device: ScriptedDevice

    def execute(self, commands: Sequence[Command], msg_id: str | None, server: str) -> Executed:
        """Carries out the commands of a message, in the order of the device; Statuses keep that of the server."""
        if self.script.order != REVERSED:
            return super().execute(commands, msg_id, server)  # type: ignore[misc,no-any-return]
        executed: Executed = super().execute(list(reversed(commands)), msg_id, server)  # type: ignore[misc]
        place = {number: at for at, number in enumerate(_numbers(commands))}
        executed.statuses.sort(key=lambda status: place.get(status.cmd_ref, 0))
        executed.results.sort(key=lambda results: place.get(results.cmd_ref, 0))
        return executed

    def _one(self, command: Command, where: Any) -> int:
        """One command: a status that the script has for it is its only answer."""
        statuses = self.script.statuses
        code = statuses.get(command.name, statuses.get(ANY))
        if code is None:
            return super()._one(command, where)  # type: ignore[misc,no-any-return]
        self._refuse([command], int(code))  # type: ignore[attr-defined]
        return int(code)

    def _item(self, command: Command, item: Item, where: Any, found: list[Item]) -> int:
        """One Item: a node that the script takes away is not found."""
        if self._lacks(item):
            return _ABSENT
        return super()._item(command, item, where, found)  # type: ignore[misc,no-any-return]

    def _lacks(self, item: Item) -> bool:
        target = (item.target or "").partition("?")[0].removeprefix("./")
        gone = (each.removeprefix("./") for each in self.script.lacks)
        return any(target == each or target.startswith(f"{each}/") for each in gone)

    def get(self, item: Item, found: list[Item]) -> int:
        """Get of one address; State is what the script says."""
        code: int = super().get(item, found)  # type: ignore[misc]
        roots = self.device.profile.objects
        if code == 200 and self.script.state and full(item.target) in [root + _STATE for root in roots]:
            found[-1] = Item(source=item.target, meta=Meta(format=NODES["State"].format), data=self.script.state)
        return code

    def exec(self, command: Exec) -> int:
        """Exec."""
        if any(self._lacks(item) for item in command.items):
            return _ABSENT
        if self.script.instant:
            return self.device.finish_at_once(command)
        return super().exec(command)  # type: ignore[misc,no-any-return]


def _numbers(commands: Iterable[Command]) -> Iterable[str | None]:
    """The CmdIDs of commands as they stand, those inside of others behind them."""
    for command in commands:
        if not isinstance(command, Status | Results):
            yield command.cmd_id
        if isinstance(command, Block):
            yield from _numbers(command.commands)
