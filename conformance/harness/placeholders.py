"""Placeholders of the IUT file: ``{server_url}``, ``{port:NAME}`` and the others (attach contract 1).

Values are put into single arguments and addresses; nothing here ever passes a shell.
"""

from __future__ import annotations

import base64
import re
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from random import SystemRandom

from conformance.harness.settings import SERVER, Iut

NAMES = (
    "server_url", "download_url", "device_id", "server_id", "client_username", "client_password", "client_nonce",
    "server_username", "server_password", "server_nonce", "object", "encoding", "authentication", "version", "ca",
    "work_dir",
)  # fmt: skip
"""All placeholders beside ``{port:NAME}``."""
SPOKEN = ("encoding", "authentication", "version")
"""Those that say how the sessions are spoken."""

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?::([^{}]*))?\}")
_PORT_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}\Z")
_LOWEST, _HIGHEST = 15000, 32000
"""Ports below those that systems give to outgoing connections: none is lost before its use."""
_TRIES = 200


def unknown_in(text: str) -> list[str]:
    """The placeholders of a text that do not exist, as they stand there. Braces around anything else are plain text."""
    return [
        match[0]
        for match in _PLACEHOLDER.finditer(text)
        if not ((match[1] in NAMES and match[2] is None) or (match[1] == "port" and _PORT_NAME.match(match[2] or "")))
    ]


def names_in(texts: Iterable[str]) -> set[str]:
    """The names of the placeholders of some texts: ``{"server_url", "port:dm"}``."""
    return {match[0][1:-1] for text in texts for match in _PLACEHOLDER.finditer(text)}


def without(text: str) -> str:
    """The text with ``9`` in place of every placeholder, so that the rest of it can be checked."""
    return _PLACEHOLDER.sub("9", text)


class Ports:
    """Free ports with names: the same name gives the same port."""

    def __init__(self) -> None:
        self._chosen: dict[str, int] = {}
        self._random = SystemRandom()

    def port(self, name: str) -> int:
        """The port of that name, free for TCP and UDP when first asked for. ``OSError`` where none is free."""
        if name not in self._chosen:
            self._chosen[name] = self._free()
        return self._chosen[name]

    def _free(self) -> int:
        for _ in range(_TRIES):
            port = self._random.randrange(_LOWEST, _HIGHEST)
            if port not in self._chosen.values() and is_free(port):
                return port
        raise OSError(f"no free port between {_LOWEST} and {_HIGHEST} after {_TRIES} tries")


def is_free(port: int) -> bool:
    """Whether nobody on this machine has the port, for TCP and UDP."""
    with ExitStack() as stack:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            probe = stack.enter_context(socket.socket(socket.AF_INET, kind))
            try:
                probe.bind(("", port))
            except OSError:
                return False
    return True


class Placeholders(Mapping[str, str]):
    """The value of every placeholder for one process of an implementation. ``placeholders["port:dm"]`` chooses a port.

    ``places`` and :meth:`set` give what the suite knows when it runs ("" until then): server_url, download_url, ca, and
    how sessions are spoken. For the role server ``server_url`` is that of the IUT file where none is given.
    """

    def __init__(self, iut: Iut, *, work_dir: Path | str = "", places: Mapping[str, str] | None = None) -> None:
        dm = iut.dm
        self._ports = Ports()
        self._server_url = iut.attach.server_url if iut.role == SERVER else ""
        self._values = dict.fromkeys(NAMES, "") | {
            "device_id": dm.device_id, "server_id": dm.server_id, "object": iut.object, "work_dir": str(work_dir),
            "encoding": dm.encodings[0], "authentication": dm.authentication[0], "version": dm.versions[0],
        }  # fmt: skip
        for side, owner in (("client", dm.client_credentials), ("server", dm.server_credentials)):
            self._values[f"{side}_username"], self._values[f"{side}_password"] = owner.username, owner.password
            self._values[f"{side}_nonce"] = base64.b64encode(owner.nonce).decode("ascii")
        self.set(**(places or {}))

    def __getitem__(self, name: str) -> str:
        if name.startswith("port:"):
            return str(self._ports.port(name.removeprefix("port:")))
        if name == "server_url" and not self._values[name]:
            return self.expand(self._server_url)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def set(self, **values: str) -> None:
        """Changes values: what is started or called next sees them. ``KeyError`` for a name that is none."""
        for name, value in values.items():
            if name not in self._values:
                raise KeyError(name)
            self._values[name] = str(value)

    def expand(self, text: str, quote: Callable[[str], str] = str) -> str:
        """The text with its placeholders replaced, each value passed through ``quote`` and not looked into."""

        def value(match: re.Match[str]) -> str:
            return match[0] if unknown_in(match[0]) else quote(self[match[0][1:-1]])

        return _PLACEHOLDER.sub(value, text)

    def expand_all(self, texts: Iterable[str]) -> list[str]:
        """A list of arguments with their placeholders replaced."""
        return [self.expand(text) for text in texts]
