"""Steps of client cases about OMA Download: descriptors, and the status reports that devices send."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.harness.clientplayer import ClientPlayer


def descriptor(player: ClientPlayer, given: dict[str, Any], expect: Any) -> str:
    """Publishes a descriptor, and an address for status reports beside it."""
    player.bench.shelf.describe(given, player.bench.places()["content"])
    return ""


def reported(player: ClientPlayer, given: dict[str, Any], expect: dict[str, Any]) -> str:
    """Waits for the status report, and then whether another one follows."""
    player.close()
    shelf = player.bench.shelf
    path = str(given["at"]).removeprefix(shelf.server.root_url)
    if _awaited(expect):
        _wait(player, lambda: bool(shelf.server.reports(path)), dispensable=_dispensable(expect))
    came = shelf.server.reports(path)
    again = bool(came) and not 200 <= came[-1].status < 300
    player.drain(player.times.message if again else player.bench.silence)
    shelf.calm(1.0)
    return ""


def _wait(player: ClientPlayer, there: Callable[[], bool], *, dispensable: bool) -> None:
    """Serves until the report is there; where it need not come, only until the device says that it is idle."""
    clock, longest = player.recorder.clock, player.times.operation
    deadline, pause = clock.now() + longest, player.bench.silence if dispensable else longest
    while not there() and clock.now() < deadline and not player.bench.dead() and not player.lost:
        if player.await_package(min(pause, deadline - clock.now()), there):
            player.close()
        elif dispensable and not there() and player.at_rest(pause):
            break


def _dispensable(expect: dict[str, Any]) -> bool:
    """Whether it is right that no report comes, too."""
    told = [expect[key] for key in ("code", "codes") if key in expect]
    wanted = [each.get("expect") if isinstance(each, dict) else each for each in told]
    return any(isinstance(each, list) and "absent" in each for each in wanted)


def _awaited(expect: dict[str, Any]) -> bool:
    """Whether a report has to come at all."""
    count = expect.get("count")
    value = count.get("expect") if isinstance(count, dict) else count
    return value != 0
