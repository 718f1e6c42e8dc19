"""Reference peers whose messages are spoilt by chance on their way to the suite."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from mutation import mutated

from conformance.peers.adapters import DeviceAdapter, ServerAdapter

SHARE = 0.5
"""Of the messages, those that are spoilt."""


class _Spoiling:
    """Spoils octets that hold a message. Each adapter begins with the same seed."""

    def __init__(self, iut: Any, places: Mapping[str, str]) -> None:
        super().__init__(iut, places)  # type: ignore[call-arg]
        self.rng, self.before = random.Random(20261121), [b"<SyncML/>"]

    def spoilt(self, octets: bytes | None) -> bytes | None:
        if not octets:
            return octets
        self.before = [*self.before[-20:], octets]
        return mutated(self.rng, octets, self.before) if self.rng.random() < SHARE else octets


class FuzzingDevice(_Spoiling, DeviceAdapter):
    def exchange(self, octets: bytes | None, headers: Mapping[str, str], at: float) -> Any:
        out, sent, wake = super().exchange(octets, headers, at)
        return self.spoilt(out), sent, wake


class FuzzingServer(_Spoiling, ServerAdapter):
    def exchange(self, octets: bytes | None, headers: Mapping[str, str], at: float) -> Any:
        out, sent, wake = super().exchange(octets, headers, at)
        return self.spoilt(out), sent, wake
