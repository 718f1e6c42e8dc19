"""What the reference server can be asked to do (attach contract 2, verbs for a server under test).

Each function gets the server, what the verb gives, and the time; it raises ``ValueError`` for values it does not know.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from conformance.fumo import question
from conformance.fumo.plan import ALONE, BY_REPLACE, CONSENTS, DEFER, NO_QUESTION, WAYS, Plan
from conformance.peers.enrolment import AUTHENTICATION, Enrolment

if TYPE_CHECKING:
    from conformance.peers.server import Server

Given = Mapping[str, Any]
Answer = dict[str, Any] | None

_SPOKEN = {"encoding": ("xml", "wbxml"), "authentication": AUTHENTICATION, "version": ("1.1.2", "1.2")}
_MOST_TIMES = 20
_LONGEST = 10 * 365 * 86400.0


def prepare(server: Server, given: Given, at: float) -> Answer:
    """Takes over the identity of the device and the credentials."""
    if given.get("device_id"):
        server.planner.enrol(server.enrolment(given))
    return None


def configure(server: Server, given: Given, at: float) -> Answer:
    """How sessions are spoken. Encoding and version are those of the client, which the server follows in any case."""
    for key, known in _SPOKEN.items():
        if key in given and given[key] not in known:
            raise ValueError(f"{key} {given[key]!r} is not one of {', '.join(known)}")
    if "authentication" in given:
        server.authenticate(given["authentication"])
    return None


def idle(server: Server, given: Given, at: float) -> Answer:
    """Whether nothing is under way right now; waiting is for whoever has a clock."""
    return {"idle": server.idle(at)}


def advance(server: Server, given: Given, at: float) -> Answer:
    """Moves the clock forward."""
    seconds = _number(given.get("seconds"), "seconds")
    server.offset += seconds
    return None


def reset(server: Server, given: Given, at: float) -> Answer:
    """Forgets devices, campaigns and sessions."""
    server.reset()
    return None


def enrol(server: Server, given: Given, at: float) -> Answer:
    """Makes a device known."""
    server.planner.enrol(server.enrolment(given))
    return None


def campaign(server: Server, given: Given, at: float) -> Answer:
    """Plans an update."""
    device, root = _device(server, given)
    way = _one_of(given, "way", WAYS, None)
    consent = _one_of(given, "consent", CONSENTS, NO_QUESTION)
    host = _one_of(given, "host", ("suite", "server"), "suite")
    package = given.get("package") or {}
    if not isinstance(package, Mapping):
        raise ValueError("package is no object")
    path = _text(package, "path")
    if not path and (way == BY_REPLACE or host == "server"):
        raise ValueError("the package itself is needed, and no path is given")
    media = _text(package, "type") or "application/octet-stream"
    url = _text(package, "descriptor_url") or _text(package, "url")
    if host == "server" and not _text(package, "descriptor_url"):
        url = _publish(server, path, media, described=_flag(given, "descriptor", False))
    plan = Plan(
        device=device.device_id, root=root, way=way, url=url, path=path, size=_size(server, path),
        name=_text(package, "name"), version=_text(package, "version"), type=media, consent=consent,
        minutes=_minutes(given) if consent == DEFER else (), notify=_flag(given, "notify", True),
    )  # fmt: skip
    if way != BY_REPLACE and not url:
        raise ValueError("the package has no url")
    answer: dict[str, Any] = {"id": server.planner.plan(plan, at + server.offset).name}
    if consent == DEFER:
        answer["choices"] = {"accept": question.ACCEPT, "defer": question.DEFER, "reject": question.REJECT}
    return answer


def update(server: Server, given: Given, at: float) -> Answer:
    """Plans Exec on Update alone."""
    device, root = _device(server, given)
    plan = Plan(device=device.device_id, root=root, way=ALONE, notify=_flag(given, "notify", True))
    return {"id": server.planner.plan(plan, at + server.offset).name}


def outcome(server: Server, given: Given, at: float) -> Answer:
    """What is believed of a campaign, of the newest where none is named."""
    none = {"status": "none", "result": None, "status_code": None, "operation": None}
    device = server.planner.devices.get(_text(given, "device_id"))
    if device is None:
        return none
    named = given.get("id")
    found = [c for c in server.planner.of(device, _text(given, "object")) if named in (None, "", c.name)]
    return found[-1].outcome() if found else none


def up_to_date(server: Server, given: Given, at: float) -> Answer:
    """No newer firmware is to be had for a device."""
    server.planner.no_newer(_device(server, given)[0])
    return None


def restart(server: Server, given: Given, at: float) -> Answer:
    """Stops hard and starts again."""
    server.restart()
    return None


VERBS: dict[str, Callable[[Server, Given, float], Answer]] = {
    "prepare": prepare, "configure": configure, "idle": idle, "advance": advance, "reset": reset, "enrol": enrol,
    "campaign": campaign, "update": update, "outcome": outcome, "up_to_date": up_to_date, "restart": restart,
}  # fmt: skip


def _device(server: Server, given: Given) -> tuple[Enrolment, str]:
    device = server.planner.devices.get(_text(given, "device_id"))
    if device is None:
        raise ValueError(f"device {_text(given, 'device_id')!r} is not enrolled")
    return device, (_text(given, "object") or device.root).rstrip("/")


def _text(given: Given, key: str) -> str:
    value = given.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{key} is no text")
    return value


def _flag(given: Given, key: str, default: bool) -> bool:
    value = given.get(key, default)
    if not isinstance(value, bool):
        raise ValueError(f"{key} is neither true nor false")
    return value


def _one_of(given: Given, key: str, known: tuple[str, ...], default: str | None) -> str:
    value = given.get(key, default)
    if value not in known:
        raise ValueError(f"{key} {value!r} is not one of {', '.join(known)}")
    return str(value)


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LONGEST:
        raise ValueError(f"{what} is no number of seconds")
    return float(value)


def _minutes(given: Given) -> tuple[float, ...]:
    minutes = given.get("defer_minutes") or [1, 60]
    if not isinstance(minutes, list) or len(minutes) > _MOST_TIMES:
        raise ValueError(f"defer_minutes is no list of at most {_MOST_TIMES} numbers")
    times = tuple(_number(minute, "defer_minutes") for minute in minutes)
    if not all(minute > 0 and math.isfinite(minute) for minute in times):
        raise ValueError("defer_minutes must be more than nothing")
    return times


def _size(server: Server, path: str) -> int:
    if not path:
        return 0
    try:
        return server.sources(path).size
    except OSError as error:
        raise ValueError(f"the package cannot be read: {error}") from error


def _publish(server: Server, path: str, media: str, *, described: bool) -> str:
    _size(server, path)
    place = f"{server.planner.planned + 1}/{PurePath(path).name}"
    url = server.publisher.publish(place, path, media)
    return server.publisher.describe(place) if described else url
