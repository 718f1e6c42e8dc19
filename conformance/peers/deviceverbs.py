"""The verbs of the attach contract, as the reference device does them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from conformance.attach import NotSupported
from conformance.dm.credentials import Account
from conformance.dm.interaction import REPLIES, Reaction
from conformance.fumo.object import DEVICE_REQUEST, USER_REQUEST
from conformance.syncml.codes import GENERIC_ALERT, UI_ALERTS
from conformance.syncml.model import Alert, Item, Meta

if TYPE_CHECKING:
    from conformance.peers.device import Device

_REQUESTS = {"user-request": USER_REQUEST, "device-request": DEVICE_REQUEST}
_HABITS = {"encoding": "encodings", "authentication": "authentications", "version": "versions"}


def call(device: Device, name: str, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Does what a verb asks for and gives its answer. Raises :class:`NotSupported` for what cannot be done."""
    verb = VERBS.get(name)
    if verb is None:
        raise NotSupported(f"no such verb: {name}")
    try:
        return verb(device, given)
    except (KeyError, TypeError, ValueError) as error:
        raise NotSupported(f"{name}: {type(error).__name__}: {error}") from error


def _prepare(device: Device, given: Mapping[str, Any]) -> None:
    profile = device.profile
    profile.server_url = str(given.get("server_url") or profile.server_url)
    profile.device_id = str(given.get("device_id") or profile.device_id)
    profile.server_id = str(given.get("server_id") or profile.server_id)
    for side in ("client", "server"):
        account = given.get(f"{side}_credentials")
        if account:
            setattr(profile, side, Account(str(account["username"]), str(account["password"])))
            if account.get("nonce") is not None:
                setattr(profile, f"{side}_nonce", base64.b64decode(str(account["nonce"]), validate=True))
    device.fresh()


def _configure(device: Device, given: Mapping[str, Any]) -> None:
    wanted = {key: str(given[key]) for key in _HABITS if given.get(key) is not None}
    for key, value in wanted.items():
        if value not in getattr(device.profile, _HABITS[key]):
            raise NotSupported(f"this device does not speak {key} {value}")
    for key, value in wanted.items():
        setattr(device.profile, key, value)


def _idle(device: Device, given: Mapping[str, Any]) -> dict[str, Any]:
    return {"idle": device.idle}


def _advance(device: Device, given: Mapping[str, Any]) -> None:
    seconds = float(given["seconds"])
    if not 0 <= seconds < 1e9:
        raise NotSupported(f"a clock cannot be moved by {seconds} seconds")
    before = device.now - device.skew
    device.skew += seconds
    device.tick(before)


def _reset(device: Device, given: Mapping[str, Any]) -> None:
    device.fresh()


def _start_session(device: Device, given: Mapping[str, Any]) -> None:
    from conformance.peers.lanes import Wish

    kind, request = given.get("kind", "client"), None
    if kind in _REQUESTS:
        if device.profile.version.startswith("1.1"):
            raise NotSupported("DM 1.1.2 has no Generic Alert")
        request = _request(device, _REQUESTS[str(kind)])
    elif kind != "client":
        raise NotSupported(f"no such kind of session: {kind}")
    device.wish(Wish(request=request))


def _request(device: Device, type_: str) -> Alert:
    """The Generic Alert of a client initiated update (FUMO TS 7.1); the object it is about is the first one."""
    source = next((each.uri for each in device.objects if each.present), None)
    return Alert(data=GENERIC_ALERT, items=[Item(source=source, meta=Meta(format="chr", type=type_), data="")])


def _notify(device: Device, given: Mapping[str, Any]) -> None:
    if not device.profile.notification:
        raise NotSupported("this device takes no trigger messages")
    at = device.now - device.skew
    if given.get("push"):
        device.trigger(bytes.fromhex(str(given["push"])), at)
    elif given.get("sms"):
        for part in given["sms"]:
            device.short_message(bytes.fromhex(str(part)), at)
    else:
        device.triggered(bytes.fromhex(str(given["trigger"])), at)


def _answer(device: Device, given: Mapping[str, Any]) -> None:
    if not device.profile.ui:
        raise NotSupported("this device has no display")
    code, reply = str(given["alert"]), str(given["reply"])
    if code not in UI_ALERTS or reply not in REPLIES:
        raise NotSupported(f"no such question or reply: {code} {reply}")
    if given.get("clear"):
        device.user.queued.pop(code, None)
    choices = tuple(int(choice) for choice in given.get("choices") or ())
    device.user.queue(code, Reaction(reply, choices, str(given.get("text") or "")))


def _consent(device: Device, given: Mapping[str, Any]) -> None:
    phase, reply = given.get("phase"), given.get("reply")
    if phase not in ("download", "update", "session") or reply not in ("accept", "reject"):
        raise NotSupported(f"no such consent: {phase} {reply}")
    device.prompt.queue(str(phase), str(reply))


def _condition(device: Device, given: Mapping[str, Any]) -> dict[str, Any]:
    wanted = given.get("code")
    code = device.conditions.arm(str(given["name"]), bool(given.get("on", True)), None if wanted is None else int(wanted))
    if code is None:
        raise NotSupported(f"no such situation: {given['name']} {wanted}")
    return {"code": code}


def _power_cycle(device: Device, given: Mapping[str, Any]) -> None:
    moment = given.get("at", "now")
    if moment == "now":
        device.power_cut()
    elif moment in ("download", "update"):
        device.cut = str(moment)
    else:
        raise NotSupported(f"no such moment: {moment}")


def _firmware(device: Device, given: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": device.firmware.version}


def _clean_up(device: Device, given: Mapping[str, Any]) -> None:
    for each in device.objects:
        each.agent.clean_up()


VERBS: dict[str, Callable[[Device, Mapping[str, Any]], dict[str, Any] | None]] = {
    "prepare": _prepare,
    "configure": _configure,
    "idle": _idle,
    "advance": _advance,
    "reset": _reset,
    "start_session": _start_session,
    "notify": _notify,
    "answer": _answer,
    "consent": _consent,
    "condition": _condition,
    "power_cycle": _power_cycle,
    "firmware": _firmware,
    "clean_up": _clean_up,
}
"""All verbs for a client under test."""
