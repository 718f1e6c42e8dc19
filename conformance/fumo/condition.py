"""Situations that can be brought about for the next operation of a device (attach contract 2, ``condition``)."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.fumo.object import VENDOR_CLIENT_ERROR, VENDOR_SERVER_ERROR, VENDOR_SUCCESS, ResultCode

DOWNLOADING, RECEIVED, INSTALLING, INSTALLED, ENDING = "downloading", "received", "installing", "installed", "ending"
"""Moments of an operation: before the download, after it, before and after the installation, at any successful end."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One situation: at which moments it strikes, the ResultCode it leads to, and the range it may be chosen from."""

    moments: tuple[str, ...]
    code: int
    codes: range = range(0)

    def takes(self, code: int) -> bool:
        """Whether the situation can lead to that ResultCode."""
        return code == self.code or code in self.codes


CONDITIONS = {
    "storage-full": Condition((DOWNLOADING,), ResultCode.DOWNLOAD_OUT_OF_MEMORY),
    "storage-corrupts": Condition((RECEIVED, INSTALLING), ResultCode.CORRUPTED_PACKAGE),
    "install-memory-full": Condition((INSTALLING,), ResultCode.UPDATE_OUT_OF_MEMORY),
    "install-fails": Condition((INSTALLED,), ResultCode.UPDATE_FAILED),
    "client-error": Condition((DOWNLOADING, INSTALLING), ResultCode.CLIENT_ERROR),
    "undefined-error": Condition((DOWNLOADING, INSTALLING), ResultCode.UNDEFINED),
    "vendor-failure": Condition((DOWNLOADING, INSTALLING), VENDOR_CLIENT_ERROR.start, VENDOR_CLIENT_ERROR),
    "vendor-server-error": Condition((DOWNLOADING,), VENDOR_SERVER_ERROR.start, VENDOR_SERVER_ERROR),
    "vendor-success": Condition((ENDING,), VENDOR_SUCCESS.start, VENDOR_SUCCESS),
}
"""All situations by name."""


class Conditions:
    """The situations that are armed. Each strikes once."""

    def __init__(self) -> None:
        self.armed: dict[str, int] = {}

    def arm(self, name: str, on: bool = True, code: int | None = None) -> int | None:
        """Arms or disarms a situation; the ResultCode that will come, ``None`` where it cannot be brought about."""
        condition = CONDITIONS.get(name)
        if condition is None or (code is not None and not condition.takes(code)):
            return None
        chosen = condition.code if code is None else code
        self.armed.pop(name, None)
        if on:
            self.armed[name] = int(chosen)
        return int(chosen)

    def strike(self, moment: str) -> int:
        """The ResultCode of a situation that strikes at this moment, and disarms it; 0 where none does."""
        for name in self.armed:
            if moment in CONDITIONS[name].moments:
                return self.armed.pop(name)
        return 0
