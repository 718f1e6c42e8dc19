"""What tests of client sessions ask of an exchange."""

from __future__ import annotations

from devicebench import ROOT, Bench, Exchange

from conformance.syncml.model import (
    Command,
    Status,
)

URL = f"{ROOT}/Download/PkgURL"


def names(exchange: Exchange) -> list[str]:
    return [c.name for c in exchange.message.commands if not isinstance(c, Status)]


def header_codes(exchanges: list[Exchange]) -> list[str | None]:
    statuses = [e.message.header_status() for e in exchanges]
    return [s.data if s else None for s in statuses]


def answered(bench: Bench, *commands: Command) -> list[str]:
    """Codes for commands that are sent in one package."""
    return bench.codes(bench.play(list(commands))[1])
