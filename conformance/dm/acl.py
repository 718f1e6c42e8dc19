"""Access control lists of nodes (DM TND 7.7.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping

COMMANDS = ("Add", "Delete", "Exec", "Get", "Replace")
"""Rights that a list may grant. Copy has none of its own."""
LONGEST = 32768
"""Octets of a list that a device keeps: some hundred servers."""

_SERVER = re.compile(r"\*|[^\s=&*+\x00-\x1f\x7f]+")

Acl = Mapping[str, frozenset[str]]


def parse(text: str) -> Acl | None:
    """The rights that a list grants, by command; ``None`` where the text is no list. An empty text grants nothing.

    Several entries for one command add up. The wildcard ``*`` stays among the servers as it is.
    """
    rights: dict[str, set[str]] = {}
    for entry in text.split("&") if text else ():
        command, equals, servers = entry.partition("=")
        listed = servers.split("+")
        if not equals or command not in COMMANDS or not all(_SERVER.fullmatch(server) for server in listed):
            return None
        rights.setdefault(command, set()).update(listed)
    return {command: frozenset(servers) for command, servers in rights.items()}


def grants(acl: Acl, command: str, server: str) -> bool:
    """Whether a list gives a server the right to a command. The wildcard wins over other names beside it."""
    servers = acl.get(command, frozenset())
    return "*" in servers or server in servers


def write(rights: Mapping[str, str]) -> str:
    """The text of a list from command to server identifier, in the order of :data:`COMMANDS`."""
    return "&".join(f"{command}={rights[command]}" for command in COMMANDS if command in rights)


def without(text: str, server: str) -> str:
    """The list without one server. Commands that nobody is left for go, too (DM TND 7.7.1.4)."""
    left: dict[str, dict[str, None]] = {}
    for entry in text.split("&") if text else ():
        command, _, servers = entry.partition("=")
        left.setdefault(command, {}).update(dict.fromkeys(each for each in servers.split("+") if each != server))
    return "&".join(f"{command}={'+'.join(servers)}" for command, servers in left.items() if servers)


def names(text: str, server: str) -> bool:
    """Whether a server stands in a list by its name."""
    return any(server in servers for servers in (parse(text) or {}).values())


def of_root(text: str, before: str) -> str:
    """A list for the root: a right that nobody is left for goes to everybody (DM TND 7.7.1.4). ``before``: with them."""
    kept = parse(text) or {}
    lost = [f"{command}=*" for command in COMMANDS if command in (parse(before) or {}) and command not in kept]
    return "&".join([*([text] if text else []), *lost])
