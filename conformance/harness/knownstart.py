"""The start of a case where the device cannot be reset (attach contract 3): what it holds is looked at, nonces are kept."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING

from conformance.dm.serversession import PeerKeys
from conformance.harness import outcome
from conformance.harness.settings import Iut

if TYPE_CHECKING:
    from conformance.harness.clientbench import ClientBench

_RESTING = (None, "10", "20", "70", "80", "90", "100")
"""States in which a device waits for nothing: the next operation may begin (FUMO TS 6)."""
_FILE = "nonces.json"


def settle(bench: ClientBench) -> None:
    """Serves what still comes, lets the device clean up, and sees that nothing is under way.

    Raises :class:`outcome.Stop` (inconclusive) where an earlier package or operation cannot be got rid of.
    """
    player, root = bench.player, bench.iut.objects[0]
    player.drain(bench.silence)
    bench.call("clean_up", {})
    state = player.reads(f"{root}/State")
    if state not in (None, "10"):
        for operation in ("DownloadAndUpdate", "Download"):
            player.replaces(f"{root}/{operation}/PkgURL", f"{bench.link.content_url}nothing")
        state = player.reads(f"{root}/State")
    if state not in _RESTING:  # a device that takes packages by DM alone has no address to write
        player.plays("0", {"replace": {"node": f"{root}/Update/PkgData", "data": "", "format": "b64"}})
        state = player.reads(f"{root}/State")
    if state not in _RESTING:
        player.close()
        raise outcome.inconclusive(f"the start cannot be reached: State is {state}, and the device cannot be reset", setup=True)


def firmware_now(bench: ClientBench) -> str:
    """The firmware that runs: as the hook says, else as DevDetail/FwV shows it; "" where neither tells."""
    answer = bench.call("firmware", {})
    if answer is not None and isinstance(answer.get("version"), str):
        return str(answer["version"])
    return bench.player.reads("./DevDetail/FwV") or ""


def recall(iut: Iut, keys: PeerKeys) -> None:
    """Takes over the nonces that an earlier run left in ``attach.state``; damaged ones count as none."""
    try:
        kept = json.loads((iut.attach.state / _FILE).read_text(encoding="utf-8"))[iut.dm.device_id]
        keys.verifier.current, keys.nonce = (base64.b64decode(kept[side], validate=True) for side in ("client", "server"))
    except (OSError, ValueError, KeyError, TypeError, binascii.Error):
        return


def remember(iut: Iut, keys: PeerKeys) -> None:
    """Keeps the nonces in force for later runs."""
    shown = {"client": keys.verifier.current, "server": keys.nonce}
    values = {side: base64.b64encode(nonce).decode() for side, nonce in shown.items()}
    iut.attach.state.mkdir(parents=True, exist_ok=True)
    text = json.dumps({iut.dm.device_id: values}, indent=1) + "\n"
    (iut.attach.state / _FILE).write_text(text, encoding="utf-8")
