"""The management tree of the reference device as it leaves the factory (DM StdObj 5.3)."""

from __future__ import annotations

from collections.abc import Callable

from conformance.dm import acl
from conformance.dm.largeobject import Octets
from conformance.dm.node import Node
from conformance.dm.tree import Tree
from conformance.peers.profile import DeviceProfile

_GET = frozenset(("Get",))
INBOX = "./Inbox"
"""Where a server puts a management object for which the device chooses the place."""


def leaf(
    tree: Tree, uri: str, value: str | Callable[[], str], format_: str = "chr", access: frozenset[str] = _GET
) -> Node:
    """Puts a permanent leaf into the tree, with a value or with what gives it."""
    if callable(value):
        return tree.place(uri, format=format_, type="text/plain", access=access, provider=value)
    return tree.place(uri, format=format_, type="text/plain", access=access, value=Octets(value.encode()))


def interior(tree: Tree, uri: str, type_: str = "", access: frozenset[str] = _GET, acl_: str = "") -> Node:
    """Puts a permanent interior node into the tree."""
    return tree.place(uri, format="node", type=type_, access=access, acl=acl_, children={})


def owned(server: str) -> str:
    """The list that gives one server all rights and everybody the right to read."""
    rights = dict.fromkeys(acl.COMMANDS, server)
    return acl.write(rights | {"Get": "*"})


def furnish(tree: Tree, profile: DeviceProfile, firmware: Callable[[], str]) -> None:
    """Puts DevInfo, DevDetail and the Inbox into the tree. ``firmware`` gives the version that runs."""
    interior(tree, "./DevInfo", "urn:oma:mo:oma-dm-devinfo:1.0")
    for uri, value in profile.dev_info():
        leaf(tree, uri, value)
    interior(tree, "./DevDetail", "urn:oma:mo:oma-dm-devdetail:1.0")
    limits = profile.limits
    for name, number in (("MaxDepth", limits.depth), ("MaxTotLen", limits.length), ("MaxSegLen", limits.segment)):
        leaf(tree, f"./DevDetail/URI/{name}", str(number))
    for name, text in (
        ("DevTyp", profile.device_type), ("OEM", profile.oem), ("SwV", profile.software), ("HwV", profile.hardware),
    ):
        leaf(tree, f"./DevDetail/{name}", text)
    leaf(tree, "./DevDetail/FwV", firmware)
    leaf(tree, "./DevDetail/LrgObj", "true" if profile.large_objects else "false", "bool")
    if profile.inbox:
        # Whatever lies there shows nothing of itself (DM StdObj 5.3.4).
        interior(tree, INBOX, "urn:oma:mo:oma-dm-inbox:1.0", frozenset(("Add",)))
