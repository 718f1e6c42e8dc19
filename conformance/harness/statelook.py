"""The step ``state`` of client cases: State is read, or the device is to be found in one of some States (FUMO TS 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.harness import outcome

if TYPE_CHECKING:
    from conformance.harness.clientplayer import ClientPlayer

_LOOKS = 3
"""Sessions in which a device may be found in a State: the one that is open, and others after it."""


def state(player: ClientPlayer, given: Any, expect: dict[str, Any]) -> str:
    """Plays the step: reads State of ``object``. ``found``: the case goes on in a session in which State is one of these, and
    does not apply to a device that is not found in any of them."""
    wish = given if isinstance(given, dict) else {}
    node = f"{wish.get('object') or player.iut.objects[0]}/State"
    if "found" not in wish:
        index = player.recorder.transcript.of("step")[-1].data["index"]
        player.plays(f"{index}.1", {"get": node, "expect": {"status": 200, **expect}})
        return player.lost
    wanted = [str(each) for each in wish["found"]]
    seen: list[str] = []
    for _ in range(_LOOKS):
        seen.append((player.reads(node) or "").strip())
        if seen[-1] in wanted or player.lost:
            return player.lost
        player.close()
    raise outcome.not_applicable(
        f"the device was found in State {', '.join(seen)}, not in {' or '.join(wanted)}", outcome.STEERING
    )
