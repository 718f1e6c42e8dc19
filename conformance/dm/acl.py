"""Access control lists of nodes (DM TND 7.7.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping

COMMANDS = ("Add", "Delete", "Exec", "Get", "Replace")
"""Rights that a list may grant. Copy has none of its own."""
LONGEST = 4096
"""Characters of a list that a device keeps."""

_SERVER = re.compile(r"\*|[^\s=&*+\x00-\x1f\x7f]+")

Acl = Mapping[str, frozenset[str]]


def parse(text: str) -> Acl | None:
    """The rights that a list grants, by command; ``None`` where the text is no list. An empty text grants nothing.

    Several entries for one command add up. The wildcard ``*`` stays among the servers as it is.
    """
    rights: dict[str, frozenset[str]] = {}
    if not text:
        return rights
    for entry in text.split("&"):
        command, equals, servers = entry.partition("=")
        listed = servers.split("+")
        if not equals or command not in COMMANDS or not all(_SERVER.fullmatch(server) for server in listed):
            return None
        rights[command] = rights.get(command, frozenset()) | frozenset(listed)
    return rights


def grants(acl: Acl, command: str, server: str) -> bool:
    """Whether a list gives a server the right to a command. The wildcard wins over other names beside it."""
    servers = acl.get(command, frozenset())
    return "*" in servers or server in servers


def write(rights: Mapping[str, str]) -> str:
    """The text of a list from command to server identifier, in the order of :data:`COMMANDS`."""
    return "&".join(f"{command}={rights[command]}" for command in COMMANDS if command in rights)
