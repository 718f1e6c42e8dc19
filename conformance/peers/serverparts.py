"""The classes that a reference server is built of, and what may stand in their place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from conformance.fumo.campaign import Campaign
from conformance.peers.planner import Planner
from conformance.peers.talk import Session, Talk

T = TypeVar("T", bound=type)


@dataclass(frozen=True, slots=True)
class Parts:
    """A deviation puts other classes in their place."""

    session: type[Session] = Session
    talk: type[Talk] = Talk
    planner: type[Planner] = Planner
    campaign: type[Campaign] = Campaign


KNOWN: dict[str, tuple[str, type]] = {}
"""Deviations by name: the part they replace, and the class that takes its place."""


def deviation(name: str, part: str) -> Callable[[T], T]:
    """Decorator that names a class which stands in the place of a part of :class:`Parts`."""

    def keep(wrong: T) -> T:
        assert name not in KNOWN and part in Parts.__slots__
        KNOWN[name] = (part, wrong)
        return wrong

    return keep
