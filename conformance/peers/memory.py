"""What the reference device remembers over a restart, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from conformance.dm import treestate
from conformance.transport.exchange import Source

if TYPE_CHECKING:
    from conformance.peers.device import Device


def dump(device: Device) -> dict[str, Any]:
    """Everything but the packages, which it names."""
    verifier = device.keys.verifier
    return {
        "firmware": device.firmware.version, "boots": device.boots + 1, "session": device.session_number,
        "nonces": [device.keys.nonce.hex(), verifier.current.hex()],
        "tree": treestate.dump(device.tree), "outbox": device.outbox.dump(),
        "account": dict(device.accounts.changes),
        "objects": [
            {"uri": each.uri, "package": each.package_name, "serial": each.package_serial, "agent": each.agent.dump()}
            for each in device.objects
        ],
    }


def load(device: Device, kept: Mapping[str, Any], packages: Mapping[str, Source]) -> None:
    """Brings a new device to where an earlier one was when its power was cut. Operations go on."""
    device.boots = int(kept["boots"])
    device.fresh()
    device.session_number = int(kept["session"])
    device.firmware.version = str(kept["firmware"])
    device.keys.nonce, device.keys.verifier.current = (bytes.fromhex(nonce) for nonce in kept["nonces"])
    device.accounts.load(kept.get("account", {}))
    treestate.load(device.tree, kept["tree"])
    device.outbox.load(kept["outbox"])
    for row in kept["objects"]:
        each = next((known for known in device.objects if known.uri == row["uri"]), None)
        if each is not None:
            package = packages.get(row["package"])
            each.restore(int(row["serial"]), package)
            each.agent.load(row["agent"], package)
    device.power_cut()
