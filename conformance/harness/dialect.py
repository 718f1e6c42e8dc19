"""Which cases do not apply to an implementation because of the version of DM or the dialect that it speaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from conformance.fumo.object import is_success

if TYPE_CHECKING:
    from conformance.harness.cases import Permutation
    from conformance.harness.settings import Iut

WINDOWS_MOBILE = "windows-mobile"
"""The claim of a device whose update objects are added by the server."""
_REQUESTS = ("user-request", "device-request")
_OF_REPORTS = ("report", "late_alerts", "instant")
"""Keys of the step ``device`` that are about Generic Alerts."""


def spoken_version(permutation: Permutation, iut: Iut) -> str:
    """The version of DM in which the sessions of a permutation are spoken: that of its axis, else the habit."""
    return str(permutation.values.get("version", iut.dm.versions[0]))


def against(permutation: Permutation, iut: Iut, windows_mobile: bool) -> str:
    """Why a permutation cannot be played in that version or dialect; "" where it can.

    A table with the axis ``version`` is written for both versions. ``windows_mobile``: the claim of that name is made.
    """
    case = permutation.case
    old = spoken_version(permutation, iut).startswith("1.1")
    if old and "version" not in permutation.values and any(_needs_alerts(step) for step in case.steps):
        return "needs Generic Alerts, which DM 1.1.2 does not have"
    if windows_mobile and case.role == "client" and WINDOWS_MOBILE not in case.needs.claims and _names_object(case.steps):
        return "needs an update object from the beginning, and in the dialect of Windows Mobile the server adds them"
    return ""


def _needs_alerts(step: dict[str, Any]) -> bool:
    """Whether a step makes sense only where the device sends Generic Alerts."""
    if "await" in step or "operate" in step:
        return True
    if "crowd" in step and "result" in step["crowd"]:
        results = step["crowd"]["result"]
        return any(not is_success(int(each)) for each in (results if isinstance(results, list) else [results]))
    session, device, answered = (step.get(key) for key in ("session", "device", "answered"))
    kind = session.get("kind") if isinstance(session, dict) else session
    if kind in _REQUESTS or (isinstance(device, dict) and any(key in device for key in _OF_REPORTS)):
        return True
    return isinstance(answered, dict) and "firmwareupdate." in str(answered.get("alert", ""))


def _names_object(value: Any) -> bool:
    return any("{object" in text for text in _texts(value)) or (isinstance(value, list | tuple) and any(_reads(s) for s in value))


def _reads(step: Any) -> bool:
    return isinstance(step, dict) and any(key in step for key in ("state", "settled", "next-update"))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(key)
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
