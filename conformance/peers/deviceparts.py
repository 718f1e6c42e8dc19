"""The classes that the reference device is built of."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.dm.authentication import Authentication
from conformance.dm.clientsession import ClientSession
from conformance.dm.executor import Executor
from conformance.dm.tree import Tree
from conformance.fumo.agent import UpdateAgent
from conformance.peers.accounts import Accounts
from conformance.peers.outbox import Outbox
from conformance.peers.security import DeviceTransport
from conformance.peers.trigger import TriggerReader
from conformance.peers.updateobject import UpdateObject


@dataclass(frozen=True, slots=True)
class DeviceParts:
    """A deviation puts other classes in their place."""

    session: type[ClientSession] = ClientSession
    authentication: type[Authentication] = Authentication
    executor: type[Executor] = Executor
    tree: type[Tree] = Tree
    agent: type[UpdateAgent] = UpdateAgent
    object: type[UpdateObject] = UpdateObject
    outbox: type[Outbox] = Outbox
    transport: type[DeviceTransport] = DeviceTransport
    accounts: type[Accounts] = Accounts
    triggers: type[TriggerReader] = TriggerReader
