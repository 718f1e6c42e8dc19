"""Wrong peers by name, for IUT files: ``adapter: conformance.peers.deviants:client__no_alert_after_failure``.

``client__`` or ``server__``, then the id of a deviation with ``_`` for ``-``; several are joined by ``__``.
"""

from __future__ import annotations

from typing import Any

from conformance.peers.adapters import DeviceAdapter, PeerAdapter, ServerAdapter, deviant

_KINDS: dict[str, type[PeerAdapter]] = {"client": DeviceAdapter, "server": ServerAdapter}


def name_of(role: str, *deviations: str) -> str:
    """The name under which this module has an adapter with these deviations."""
    return "__".join((role, *(identity.replace("-", "_") for identity in deviations)))


def __getattr__(name: str) -> Any:
    role, *names = name.split("__")
    if role not in _KINDS or not names:
        raise AttributeError(f"{name}: expected client__ID or server__ID")
    return deviant(_KINDS[role], [each.replace("_", "-") for each in names])
