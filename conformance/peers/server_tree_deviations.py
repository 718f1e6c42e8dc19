"""Servers that are wrong in one thing each about the management tree (DM TND, DM StdObj)."""

from __future__ import annotations

from conformance.fumo.campaign import Campaign
from conformance.fumo.plan import Batch
from conformance.peers.serverparts import deviation
from conformance.peers.talk import Session
from conformance.syncml.model import Add, Command, Exec, Item, Message, Meta, Replace


@deviation("device-information-refused", "session")
class DeviceInformationRefused(Session):
    """Does not know DevInfo."""

    def code(self, command: Command) -> str:
        return "406" if isinstance(command, Replace) else super().code(command)


@deviation("way-up-in-target", "campaign")
class WayUpInTarget(Campaign):
    """Goes up and down again in its addresses."""

    def execute(self, operation: str) -> Exec:
        command = super().execute(operation)
        command.items[0].target = f"{self.plan.root}/Ext/../{operation}"
        return command


class _Before(Campaign):
    """Commands something before the operation."""

    def before(self) -> Command:
        raise NotImplementedError

    def start(self, operation: str) -> Batch:
        batch = super().start(operation)
        batch.commands.insert(0, self.before())
        return batch


@deviation("list-misspelt", "campaign")
class ListMisspelt(_Before):
    """Writes a control list that is none."""

    def before(self) -> Command:
        return Replace(items=[Item(target=f"{self.plan.root}?prop=ACL", meta=Meta(format="chr"), data="Get:*;Exec:*")])


@deviation("interior-node-without-format", "campaign")
class InteriorWithoutFormat(_Before):
    """Adds an interior node as if it were text."""

    def before(self) -> Command:
        return Add(items=[Item(target=f"{self.plan.root}/Ext/Notes")])


@deviation("package-without-format", "session")
class PackageWithoutFormat(Session):
    """Does not say that a package is no text."""

    def fill_chunk(self, message: Message, command: Command) -> bool:
        last = super().fill_chunk(message, command)
        for each in (command, *message.commands):
            for meta in (each.meta, *(item.meta for item in each.items)) if isinstance(each, Replace) else ():
                if meta is not None:
                    meta.format = None
        return last
