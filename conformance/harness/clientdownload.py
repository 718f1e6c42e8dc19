"""Steps of client cases about OMA Download: descriptors, and the status reports that devices send."""

from __future__ import annotations

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
    clock = player.recorder.clock
    if _awaited(expect):
        deadline = clock.now() + player.times.operation

        def there() -> bool:
            return bool(shelf.server.reports(path))

        while not there() and clock.now() < deadline and not player.bench.dead() and not player.lost:
            if player.await_package(deadline - clock.now(), there):
                player.close()
    came = shelf.server.reports(path)
    again = bool(came) and not 200 <= came[-1].status < 300
    player.drain(player.times.message if again else player.bench.silence)
    shelf.calm(1.0)
    return ""


def _awaited(expect: dict[str, Any]) -> bool:
    """Whether a report has to come at all."""
    count = expect.get("count")
    value = count.get("expect") if isinstance(count, dict) else count
    return value != 0
