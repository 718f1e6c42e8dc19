"""The step ``notify`` of client cases: a trigger message, right or wrong in one thing, and the session after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.harness import outcome
from conformance.harness.manner import Manner
from conformance.harness.ownpush import RESYNC
from conformance.syncml.codes import CLIENT_INITIATED, SERVER_INITIATED
from conformance.syncml.model import Alert, Message

if TYPE_CHECKING:
    from conformance.harness.clientplayer import ClientPlayer

_SESSION_ALERTS = (SERVER_INITIATED, CLIENT_INITIATED)


def notify(player: ClientPlayer, given: dict[str, Any], expect: dict[str, Any]) -> str:
    """Sends the trigger and waits for a session; where one has to come and does not, as for any trigger: twice.

    A session in between gives the suite the nonce that is in force (attach contract 3.3).
    """
    player.close()
    given = given or {}
    wanted = _wanted(expect.get("comes"))
    kinds = list(RESYNC) if given.get("digest") == "resync" else [str(given.get("digest", "right"))]
    came = False
    for attempt in range(2 if wanted else 1):
        if attempt:
            if not player.bench.can("start_session client"):
                break
            player.open("client")
            player.close()
        for kind in kinds:
            came = came or _sent(player, {**given, "digest": kind}, wanted)
        if came or player.lost:
            break
    if wanted and not came and not player.lost:
        _not_deaf(player, given)
    player.manner = Manner()
    player.value("comes", came, "a session after the trigger message")
    if came and player.talk is not None and player.talk.first is not None:
        _first(player, expect)
    return ""


def _not_deaf(player: ClientPlayer, given: dict[str, Any]) -> None:
    """Sees that a plain trigger brings a session where this one did not: else nothing is known of either."""
    plain = not set(given) - {"repeat", "times"}
    if plain or not _sent(player, {"digest": "right"}, True):
        raise outcome.inconclusive("no session comes after any trigger message", setup=not player.sessions)
    player.close()


def _sent(player: ClientPlayer, given: dict[str, Any], wanted: bool | None) -> bool:
    """Sends a trigger; whether a session comes for it."""
    player.manner = Manner(healing=RESYNC.get(given["digest"]))
    since, silence = player.sessions, player.bench.silence
    ids = player.bench.push(player.recorder, given)
    if wanted is None and player.times.connect > silence:
        # Either will do: a device that says after a while that it is idle does not come any more.
        if _answered(player, since, ids, silence) or player.at_rest(0.0):
            return _asked_for(player, since, ids)
        silence = player.times.connect - silence
    return _answered(player, since, ids, player.times.connect if wanted else silence)


def _answered(player: ClientPlayer, since: int, ids: set[str], seconds: float) -> bool:
    """Whether a session comes for a trigger. One that the device opens for itself is served and does not count."""
    clock = player.recorder.clock
    deadline = clock.now() + seconds
    while not _asked_for(player, since, ids):
        left = deadline - clock.now()
        if left <= 0 or player.lost or player.bench.dead():
            return False
        if player.await_package(left) and not _asked_for(player, since, ids):
            player.close()
    if player.talk is not None and not player.talk.open and not player.lost and player.pending_hook is None:
        player.await_package(min(player.times.message, player.bench.silence))
    return True


def _asked_for(player: ClientPlayer, since: int, ids: set[str]) -> bool:
    """Whether the newest session began after the trigger and says that it answers it: by its alert or by its id."""
    first = player.talk.first if player.talk is not None and player.sessions > since else None
    return first is not None and (_alert(first) == SERVER_INITIATED or first.header.session_id in ids)


def _alert(first: Message) -> str | None:
    return next((c.data for c in first.commands if isinstance(c, Alert) and c.data in _SESSION_ALERTS), None)


def _wanted(expected: Any) -> bool | None:
    """Whether a session has to come: yes, no, or either."""
    value = expected.get("expect") if isinstance(expected, dict) else expected
    return value if isinstance(value, bool) else None if isinstance(value, list) else True


def _first(player: ClientPlayer, expect: dict[str, Any]) -> None:
    """Writes down what a step may expect of the first message of the session."""
    talk = player.talk
    assert talk is not None and talk.first is not None
    first = talk.first
    values = {
        "session_id": first.header.session_id,
        "alert": _alert(first),
        "nonce": talk.nonce_shown or None,
    }
    for key, value in values.items():
        if key in expect:
            player.value(key, value, "of the session after the trigger message")
