"""What an IUT file says, as frozen data (attach contract 1). :mod:`conformance.harness.iut` reads the files."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.harness.yamlfile import Document

CLIENT, SERVER = "client", "server"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who somebody is and how it proves that. False where none were given. ``nonce`` as octets, before Base64."""

    username: str = ""
    password: str = field(default="", repr=False)
    nonce: bytes = field(default=b"", repr=False)

    def __bool__(self) -> bool:
        return bool(self.username)

    def as_dict(self) -> dict[str, str]:
        """As hooks get them: username, password, nonce (Base64). Empty where none were given."""
        if not self:
            return {}
        nonce = base64.b64encode(self.nonce).decode("ascii")
        return {"username": self.username, "password": self.password, "nonce": nonce}


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """A further device that a server under test knows already. Credentials not given are those of ``dm``."""

    device_id: str
    client_credentials: Credentials
    server_credentials: Credentials


@dataclass(frozen=True, slots=True)
class DmSettings:
    """How the sessions are spoken, and by whom. The first of each list is the habit of the implementation."""

    device_id: str
    server_id: str
    versions: tuple[str, ...] = ("1.2",)
    encodings: tuple[str, ...] = ("xml",)
    authentication: tuple[str, ...] = ("md5",)
    client_credentials: Credentials = Credentials()
    server_credentials: Credentials = Credentials()
    devices: tuple[DeviceIdentity, ...] = ()


@dataclass(frozen=True, slots=True)
class Package:
    """An update package. ``from_`` and ``to``: versions as DevDetail/FwV shows them, "" where the file does not say."""

    path: Path
    from_: str = ""
    to: str = ""
    type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class ReadySettings:
    """When a started process counts as started. ``kind``: tcp (host:port), http (address) or line (pattern)."""

    kind: str
    value: str
    seconds: float


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Files in PEM form; ``None`` where the suite makes its own."""

    certificate: Path | None = None
    key: Path | None = None
    trust: Path | None = None
    ca_certificate: Path | None = None
    ca_key: Path | None = None


@dataclass(frozen=True, slots=True)
class AttachSettings:
    """How the implementation is reached, triggered and steered. Texts may hold placeholders where the contract says.

    ``listen`` and ``advertise`` are of the role client ("" for a server), ``server_url`` of the role server. An address
    to advertise is "" where it is the one to listen at. ``hook`` is the arguments of a program (a tuple, empty where
    there is none) or a web address (a text).
    """

    state: Path
    listen: str = ""
    advertise: str = ""
    content_listen: str = "http://127.0.0.1:0/"
    content_advertise: str = ""
    server_url: str = ""
    notify: str = ""
    start: tuple[str, ...] = field(default=(), repr=False)
    ready: ReadySettings | None = None
    hook: tuple[str, ...] | str = field(default=(), repr=False)
    adapter: str = ""
    operator: bool = False
    power: str = ""
    allow: frozenset[str] = frozenset()
    tls: TlsSettings = TlsSettings()


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds, with ``scale`` applied already (attach contract 1)."""

    connect: float = 30.0
    message: float = 30.0
    operation: float = 120.0
    restart: float = 60.0
    hook: float = 30.0
    reset: float = 60.0
    timer: float = 5.0
    operator: float = 600.0
    silence: float = 2.0
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Iut:
    """One implementation under test.

    ``role``: what it is, client (a device) or server. ``digest``: SHA-256 of the file. ``device``: what a device says
    of itself (manufacturer, model, firmware, hardware, language), as far as the file says.
    """

    name: str
    version: str
    role: str
    dm: DmSettings
    attach: AttachSettings
    path: Path
    digest: str
    vendor: str = ""
    device: Mapping[str, str] = field(default_factory=dict)
    objects: tuple[str, ...] = ("./FwUpdate/Main",)
    claims: Mapping[str, Any] = field(default_factory=dict)
    packages: Mapping[str, tuple[Package, ...]] = field(default_factory=dict)
    timeouts: Timeouts = Timeouts()
    claims_document: Document | None = field(default=None, repr=False, compare=False)
    claims_keys: tuple[str, ...] = ()
    from_environment: tuple[str, ...] = field(default=(), repr=False)

    @property
    def folder(self) -> Path:
        """The folder of the file: relative paths start there, ``start`` and ``hook`` work there."""
        return self.path.parent

    @property
    def object(self) -> str:
        """The firmware update object that is used by default."""
        return self.objects[0]

    def secrets(self) -> list[str]:
        """All passwords and everything that was given as ``env:NAME``; the longest first, for masking."""
        dm = self.dm
        owners = [dm.client_credentials, dm.server_credentials]
        for device in dm.devices:
            owners += [device.client_credentials, device.server_credentials]
        found = {*(owner.password for owner in owners), *self.from_environment} - {""}
        return sorted(found, key=lambda secret: (-len(secret), secret))

    def claims_place(self, *keys: str | int) -> tuple[Path, int]:
        """File and line of a claim, for messages about it."""
        if self.claims_document is None:
            return self.path, 1
        return self.claims_document.path, self.claims_document.where(*self.claims_keys, *keys)[0]

    @property
    def exclusive(self) -> bool:
        """Whether only one worker may use the implementation at a time (attach contract 1)."""
        return bool(self.exclusive_because())

    def exclusive_because(self, in_process: bool = False) -> str:
        """The reason, in words, why one worker only may use the implementation; "" where several may.

        ``in_process``: the adapter runs in the suite's own process; then every worker has one of its own, and neither
        ``start`` nor ports matter.
        """
        attach = self.attach
        if attach.operator:
            return "a person is asked (attach.operator)"
        if in_process:
            return ""
        if not attach.start:
            return "the suite does not start it (no attach.start)"
        for key, address in self._addresses():
            port = fixed_port(address)
            if port:
                return f"port {port} is fixed in attach.{key}"
        return ""

    def _addresses(self) -> list[tuple[str, str]]:
        attach = self.attach
        found = [
            ("listen", attach.listen),
            ("advertise", attach.advertise),
            ("content.listen", attach.content_listen),
            ("content.advertise", attach.content_advertise),
            ("server_url", attach.server_url),
            ("notify", attach.notify),
            ("hook", attach.hook if isinstance(attach.hook, str) else ""),
        ]
        if attach.ready and attach.ready.kind == "tcp":
            found.append(("ready", f"tcp://{attach.ready.value}"))
        elif attach.ready and attach.ready.kind == "http":
            found.append(("ready", attach.ready.value))
        return found


_USUAL = {"http": 80, "https": 443}
_PLACEHOLDER_PORT = re.compile(r":\{[^{}]*\}")


def fixed_port(address: str) -> int:
    """The port that an address names itself; 0 where it leaves the choice open (port 0, a placeholder, no address)."""
    if not address or _PLACEHOLDER_PORT.search(address) or address.startswith("{"):
        return 0
    parts = urlsplit(address)
    return _USUAL.get(parts.scheme, 0) if parts.port is None else parts.port
