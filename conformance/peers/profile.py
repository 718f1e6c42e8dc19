"""What the reference device is like: identity, accounts, abilities, limits."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.dm.address import Limits
from conformance.dm.credentials import Account
from conformance.dm.properties import Features
from conformance.fumo.object import OPERATIONS
from conformance.fumo.package import TYPE, public_key

NONCE = b"nonce-0001"


@dataclass(slots=True)
class DeviceProfile:
    """A device. Sizes in octets, times in seconds.

    ``client`` is the account with which the device shows itself, ``server`` the one with which its server does; the
    nonces are those both sides begin with. ``encoding``, ``authentication`` and ``version`` are the habits, the plural
    forms what it can do at all. ``key`` is the raw public key that packages are checked with.
    """

    device_id: str = "urn:imei:490154203237518"
    server_id: str = "com.example.dm"
    server_url: str = "http://server.example/dm"
    client: Account = field(default_factory=lambda: Account("dev-0001", "dev-secret-1"))
    server: Account = field(default_factory=lambda: Account("com.example.dm", "srv-secret-1"))
    client_nonce: bytes = NONCE
    server_nonce: bytes = NONCE

    encodings: tuple[str, ...] = ("xml", "wbxml")
    authentications: tuple[str, ...] = ("md5", "basic", "none", "hmac")
    versions: tuple[str, ...] = ("1.2", "1.1.2")
    encoding: str = "xml"
    authentication: str = "md5"
    version: str = "1.2"

    objects: tuple[str, ...] = ("./FwUpdate/Main",)
    operations: tuple[str, ...] = OPERATIONS
    package_by_dm: bool = True
    dynamic_objects: bool = True

    manufacturer: str = "fumo-conformance"
    model: str = "Reference"
    firmware: str = "1.0"
    hardware: str = "A"
    software: str = "1"
    language: str = "en"
    client_version: str = "fumo-conformance-device"
    oem: str = "fumo-conformance"
    device_type: str = "phone"

    max_msg_size: int | None = 65536
    max_obj_size: int | None = 96 << 20
    large_objects: bool = True
    ui: bool = True
    whole_atomics: bool = False
    notification: bool = True
    limits: Limits = field(default_factory=Limits)
    features: Features = field(default_factory=Features)
    inbox: bool = True
    max_nodes: int = 16384
    epoch: float = 1_200_000_000.0
    """Time of day, in seconds since 1970, when the device's own clock shows 0."""
    storage: int = 24 << 20
    memory: int = 64 << 20
    install_seconds: float = 2.0
    resume_tries: int = 2
    types: tuple[str, ...] = (TYPE, "application/octet-stream")
    """Media types of packages that it takes from a descriptor; none: any."""
    key: bytes = field(default_factory=public_key)
    dialect: str = ""
    """A way of its own to do firmware update: windows-mobile, or "" for that of the enabler."""

    @property
    def known(self) -> tuple[str, ...]:
        """Authentication types that the device can answer a challenge with."""
        return tuple(kind for kind in self.authentications if kind != "none")

    def dev_info(self) -> list[tuple[str, str]]:
        """The device information as it stands in package #1 (DM StdObj 5.3.2)."""
        values = (
            ("DevId", self.device_id), ("Man", self.manufacturer), ("Mod", self.model), ("DmV", self.client_version),
            ("Lang", self.language),
        )
        return [(f"./DevInfo/{name}", value) for name, value in values]
