"""What a server changed in a management tree, as JSON, so that it lasts over a restart."""

from __future__ import annotations

import base64
from typing import Any

from conformance.dm.largeobject import Octets
from conformance.dm.node import Node
from conformance.dm.tree import Tree, Written

_LARGEST = 65536


def dump(tree: Tree) -> list[dict[str, Any]]:
    """Rows of all nodes that a server made, and of the lists and values of the permanent ones, parents first."""
    rows = []
    stack = [tree.root]
    while stack:
        node = stack.pop()
        rows.append(_row(node))
        stack.extend(reversed((node.children or {}).values()))
    return rows


def _row(node: Node) -> dict[str, Any]:
    row: dict[str, Any] = {
        "uri": node.uri, "acl": node.acl, "title": node.title, "stamp": node.stamp, "version": node.version,
    }
    if not node.permanent:
        row |= {"format": node.format, "type": node.type}
    if not node.interior and node.provider is None and node.value.size <= _LARGEST:
        row["value"] = base64.b64encode(node.value.read(0, node.value.size)).decode()
    return row


def load(tree: Tree, rows: list[dict[str, Any]]) -> None:
    """Brings a tree that is as the factory made it to the state of the rows. Rows that no longer fit are left out."""
    for row in rows:
        value = Octets(base64.b64decode(row.get("value", "")))
        if "format" in row and tree.find(row["uri"]) is None:
            tree.add(row["uri"], Written(value, row["format"], row["type"]))
        node = tree.find(row["uri"])
        if node is None:
            continue
        node.set_acl(row["acl"])
        node.title, node.stamp = str(row.get("title", "")), str(row.get("stamp", ""))
        node.version = int(row.get("version", 0))
        if "value" in row and not node.interior and node.provider is None:
            node.value = value
