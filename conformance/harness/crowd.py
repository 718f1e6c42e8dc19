"""The step ``crowd``: several devices come to the server under test at the same time, message by message in turn.

Each is a device of its own, with an identity, credentials and a campaign of its own, and is written down in sessions of
its own. What the server believes of each is compared with what became of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from conformance.fumo.object import is_success
from conformance.harness import outcome
from conformance.harness.owndevice import OwnDevice
from conformance.harness.settings import Credentials, DeviceIdentity

if TYPE_CHECKING:
    from conformance.harness.serverplayer import ServerPlayer

MOST = 256
"""Devices of one step at most."""
ROUNDS = 2
"""Sessions of each device at least: where a download is ordered first, the installation needs the second."""
_MESSAGES = 4000
"""Messages of one device in a round after which it is not asked any more."""


def crowd(player: ServerPlayer, given: Any, expect: dict[str, Any]) -> str:
    """Plays the step. ``devices``: how many; ``way`` and ``package``: of their campaigns; ``result``: one or a list of
    ResultCodes, dealt out in turn; ``session_id``: that all of them choose, with the number of the round behind. Raises
    :class:`outcome.Stop` where the server cannot know so many devices."""
    results = given.get("result", 200)
    results = results if isinstance(results, list) else [results]
    members = []
    for number, identity in enumerate(identities(player, int(given["devices"]))):
        member = OwnDevice(player.bench, player.recorder, identity, player.spoken, f"{chr(97 + number % 26)}{number // 26 or ''}-")
        answer = player.enrol_as(identity, member)
        if answer is None and identity not in player.bench.iut.dm.devices:
            raise outcome.not_applicable("the server knows too few devices (dm.devices)", outcome.STEERING)
        wish = player.wish({key: given[key] for key in ("way", "package") if key in given}, identity)
        members.append((member, int(results[number % len(results)]), wish, player.bench.must("campaign", wish)))
    for turn in range(ROUNDS):
        for member, _, _, _ in members:
            member.script.session_id = f"{given['session_id']}{turn}" if "session_id" in given else ""
            member.start("client")
        _in_turn([member.conversing() for member, _, _, _ in members])
        _in_turn([member.operating(result) for member, result, _, _ in members])
    right = 0
    for _, result, wish, planned in members:
        wanted = "succeeded" if is_success(result) else "failed"
        right += player.believed(wish, planned, {"status": wanted}).get("status") == wanted
    player.value("right", right, "devices of which the server believes what became of them")
    player.value("wrong", len(members) - right, "devices of which the server believes something else than became of them")
    return ""


def identities(player: ServerPlayer, count: int) -> list[DeviceIdentity]:
    """Identities for that many devices: those that the IUT file has first, then made ones, which need the verb enrol."""
    known = [each for each in player.bench.iut.dm.devices if each.device_id != player.identity.device_id]
    listed = known[: min(count, MOST)]
    for number in range(len(listed), min(count, MOST)):
        listed.append(_made(player.identity, number + 1))
    return listed


def _made(like: DeviceIdentity, number: int) -> DeviceIdentity:
    """A device like another, with an identifier as long, and credentials that are nobody's secret."""
    tail = f"{number:03}"
    own, servers = like.client_credentials, like.server_credentials
    return DeviceIdentity(
        like.device_id[: -len(tail)] + tail,
        Credentials(f"crowd-{tail}", f"crowd-password-{tail}", own.nonce) if own else own,
        Credentials(servers.username, f"server-password-{tail}", servers.nonce) if servers else servers,
    )


def _in_turn(under_way: list[Iterator[None]]) -> None:
    """Lets each do one thing at a time, round and round, until all are through."""
    for _ in range(_MESSAGES):
        under_way = [each for each in under_way if next(each, _OVER) is not _OVER]
        if not under_way:
            return


_OVER = object()
