"""Alerts of the reference device that wait for a server to take them (FUMO TS 6.2, DM Protocol 8.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conformance.dm.clientsession import Delivery
from conformance.syncml.model import Alert, Item, Meta

BACKOFF = (5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 3600.0, 3600.0)
"""Seconds until a report is tried again that no server answered; after the last one it is given up."""


@dataclass(slots=True)
class Letter:
    """An alert that waits. ``held``: not before the message that answers its Exec has gone. ``once``: no second try."""

    alert: Alert
    held: bool = False
    once: bool = False


class Outbox:
    """The alerts that wait, and when the next session for them is due."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.retry_at = 0.0
        self.holding = False
        """Whether new alerts are held back for now."""
        self._tries = 0

    def put(self, alert: Alert, once: bool = False) -> None:
        """An alert is to be sent."""
        self.letters.append(Letter(alert, self.holding, once))

    def release(self) -> None:
        """What was held back may go with the next message."""
        self.holding = False
        for letter in self.letters:
            letter.held = False

    def alerts(self) -> Sequence[Alert]:
        """What may be sent now."""
        return [letter.alert for letter in self.letters if not letter.held]

    def take(self, delivery: Delivery) -> None:
        """A server gave an alert its Status: it is never sent again."""
        before = len(self.letters)
        self.letters = [letter for letter in self.letters if letter.alert is not delivery.alert]
        if len(self.letters) < before:
            self._tries, self.retry_at = 0, 0.0

    def session_ended(self, tried: bool, at: float) -> None:
        """A session is over. ``tried``: it was there for these alerts, or failed; then the next one comes later."""
        self.letters = [letter for letter in self.letters if not letter.once]
        if not self.letters or not tried:
            return
        if self._tries >= len(BACKOFF):
            self.letters.clear()
            self._tries = 0
            return
        self.retry_at = at + BACKOFF[self._tries]
        self._tries += 1

    @property
    def wants_session(self) -> bool:
        """Whether a session should be opened for what waits."""
        return bool(self.letters)

    def dump(self) -> list[dict[str, Any]]:
        """What must last over a restart, as JSON."""
        return [
            {
                "correlator": letter.alert.correlator, "source": item.source, "data": item.data,
                "type": item.meta.type if item.meta else None, "mark": item.meta.mark if item.meta else None,
                "format": item.meta.format if item.meta else None,
            }
            for letter in self.letters if not letter.once
            for item in letter.alert.items[:1]
        ]

    def load(self, dumped: Sequence[dict[str, Any]]) -> None:
        """Takes over what :meth:`dump` gave."""
        for raw in dumped:
            meta = Meta(format=raw["format"], type=raw["type"], mark=raw["mark"])
            item = Item(source=raw["source"], data=raw["data"], meta=meta)
            self.put(Alert(data="1226", correlator=raw["correlator"], items=[item]))

    def restarted(self, at: float) -> None:
        """The power was cut: what waited is sent as soon as the device is up again."""
        self.letters = [letter for letter in self.letters if not letter.once]
        self.release()
        self.retry_at, self._tries = at, 0
