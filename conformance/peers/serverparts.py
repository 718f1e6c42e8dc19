"""The classes that a reference server is built of, and what may stand in their place."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.fumo.campaign import Campaign
from conformance.peers.deviation import Register
from conformance.peers.planner import Planner
from conformance.peers.publisher import Publisher
from conformance.peers.security import ServerTransport
from conformance.peers.talk import Session, Talk


@dataclass(frozen=True, slots=True)
class Parts:
    """A deviation puts other classes in their place."""

    session: type[Session] = Session
    talk: type[Talk] = Talk
    planner: type[Planner] = Planner
    campaign: type[Campaign] = Campaign
    transport: type[ServerTransport] = ServerTransport
    publisher: type[Publisher] = Publisher


VARIANTS = Register()
"""Legal ways for the reference server to be different: nothing of them may be held against it."""

deviation = Register(VARIANTS)
"""Deviations of the server by name; each replaces one part."""
