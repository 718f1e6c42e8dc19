"""TNDS documents of the steps of a case: from rows to what stands in a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.dm.node import NODE
from conformance.dm.tnds import TYPES, Branch, write
from conformance.syncml.model import Meta


def document(rows: Sequence[Mapping[str, Any]], encoding: str) -> tuple[Meta, str | bytes]:
    """Meta and Data of an Add or Replace with the nodes of ``rows``, each below the last one whose path it goes on.

    In a WBXML message it is a WBXML document as octets, else one in XML as text (DM TNDS 5).
    """
    tops: list[Branch] = []
    placed: dict[str, Branch] = {}
    for row in rows:
        path = str(row["at"])
        branch = _branch(row, path.rpartition("/")[2])
        above = placed.get(path.rpartition("/")[0]) if path else None
        (above.children if above is not None else tops).append(branch)
        placed[path] = branch
    octets = write(tops, encoding)
    if encoding == "wbxml":
        return Meta(format="bin", type=TYPES[encoding]), octets
    return Meta(format="xml", type=TYPES[encoding]), octets.decode()


def _branch(row: Mapping[str, Any], name: str) -> Branch:
    format_ = str(row.get("format", "chr"))
    interior = format_ == NODE
    value = None if interior else str(row.get("data", "")).encode()
    acl = str(row["acl"]) if "acl" in row else None
    return Branch(name, format_, str(row.get("type", "" if interior else "text/plain")), value, acl)
