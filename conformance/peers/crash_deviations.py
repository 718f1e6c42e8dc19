"""What ends the process of a device. They show where the device is a process of its own, and only there."""

from __future__ import annotations

import os

from conformance.peers.deviation import CLIENT
from conformance.peers.updateobject import UpdateObject

_BUFFER = 64
_KILLED = 139
"""Exit status of a process that wrote where nothing of its own is."""


@CLIENT("dies-of-long-correlator", "object")
class _Dies(UpdateObject):
    """Has room for so many octets of a Correlator."""

    def exec(self, path: str, correlator: str | None, at: float) -> int:
        if len((correlator or "").encode()) > _BUFFER:
            os._exit(_KILLED)
        return super().exec(path, correlator, at)
