"""Reads IUT files (attach contract 1). Everything that is wrong with a file is said at once, with lines."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.harness.cases import PURPOSES
from conformance.harness.reach import read_attach
from conformance.harness.section import Key, Reading, Section, named
from conformance.harness.settings import (
    CLIENT,
    SERVER,
    AttachSettings,
    Credentials,
    DeviceIdentity,
    DmSettings,
    Iut,
    Package,
    ReadySettings,
    Timeouts,
    TlsSettings,
)
from conformance.harness.vocabulary import WIRE_AXES
from conformance.harness.yamlfile import Document, FileFault, FileFaults, load

__all__ = [
    "CLIENT",
    "KEYS",
    "SERVER",
    "AttachSettings",
    "Credentials",
    "DeviceIdentity",
    "DmSettings",
    "FileFault",
    "FileFaults",
    "Iut",
    "Package",
    "ReadySettings",
    "Timeouts",
    "TlsSettings",
    "load_iut",
]

SCHEMA = 1
OBJECTS = ("./FwUpdate/Main",)
PACKAGE_TYPE = "application/octet-stream"
KEYS: Mapping[str, Mapping[str, str]] = {
    "": dict.fromkeys(
        ("schema", "name", "version", "vendor", "role", "dm", "device", "fumo", "claims", "packages", "attach"), ""
    ),
    "dm": {
        **dict.fromkeys(("versions", "encodings", "authentication", "device_id", "server_id"), ""),
        "client_credentials": "", "server_credentials": "", "devices": SERVER,
    },
    "dm.credentials": dict.fromkeys(("username", "password", "nonce"), ""),
    "dm.devices": dict.fromkeys(("device_id", "client_credentials", "server_credentials"), ""),
    "device": dict.fromkeys(("manufacturer", "model", "firmware", "hardware", "language"), ""),
    "fumo": {"objects": ""},
    "packages": dict.fromkeys(PURPOSES, ""),
    "package": dict.fromkeys(("path", "from", "to", "type"), ""),
}  # fmt: skip
"""The keys of every section but ``attach``, with the role that alone has them, or ""."""

_OBJECT = re.compile(r"\.(?:/[^/\s{}]+)+\Z")
_MEDIA = re.compile(r"[!#$&^_.+A-Za-z0-9-]+/[!#$&^_.+A-Za-z0-9-]+\Z")


def load_iut(path: Path, environ: Mapping[str, str] | None = None) -> Iut:
    """Reads an IUT file, and the file of its claims.

    ``environ`` is where ``env:NAME`` is looked up, default that of the process. Raises :class:`FileFaults`.
    """
    path = path.absolute()
    try:
        document = load(path)
    except FileFault as fault:
        raise FileFaults([fault]) from fault
    reader = _IutReader(document, os.environ if environ is None else environ)
    iut = reader.read()
    if reader.reading.faults or iut is None:
        faults = reader.reading.faults
        raise FileFaults(sorted(faults, key=lambda fault: (str(fault.path), fault.line)))
    return iut


class _IutReader:
    def __init__(self, document: Document, environ: Mapping[str, str]) -> None:
        self.document = document
        self.reading = Reading(document, environ)
        self.role = ""
        self.claims_document = document
        self.claims_keys: tuple[str, ...] = ("claims",)

    def section(self, value: Any, keys: tuple[Key, ...], known: str) -> Section:
        return Section(self.reading, value, keys, KEYS[known], self.role)

    def read(self) -> Iut | None:
        """The IUT; of no use where faults were noted."""
        raw = self.document.value
        if not isinstance(raw, dict):
            self.reading.fault(f"expected a mapping with schema, name, version, role, dm, attach; found {named(raw)}")
            return None
        top = self.section(raw, (), "")
        top.need("schema", "name", "version", "role", "dm", "attach")
        if "schema" in top and (raw["schema"] != SCHEMA or isinstance(raw["schema"], bool)):
            top.fault(f"expected {SCHEMA}: this suite knows no other schema", "schema")
        self.role = top.choice("role", (CLIENT, SERVER))
        attach, timeouts = read_attach(self.reading, raw.get("attach", {}), self.role)
        return Iut(
            name=top.text("name"), version=top.text("version"), vendor=top.text("vendor"), role=self.role,
            dm=self.dm(raw.get("dm", {})), attach=attach, timeouts=timeouts, path=self.document.path,
            digest=self.document.digest, device=self.device(raw.get("device", {})),
            objects=self.objects(raw.get("fumo", {})), claims=self.claims(raw.get("claims", {})),
            packages=self.packages(raw.get("packages", {})), claims_document=self.claims_document,
            claims_keys=self.claims_keys, from_environment=tuple(self.reading.secrets),
        )  # fmt: skip

    def dm(self, raw: Any) -> DmSettings:
        dm = self.section(raw, ("dm",), "dm")
        versions = dm.choices("versions", WIRE_AXES["version"], ("1.2",))
        encodings = dm.choices("encodings", WIRE_AXES["encoding"], ("xml",))
        authentication = dm.choices("authentication", WIRE_AXES["authentication"], ("md5",))
        if "dm" in self.document.value:
            dm.need("device_id", "server_id")
            if authentication != ("none",):
                dm.need("client_credentials", "server_credentials")
        digest = any(kind in ("md5", "hmac") for kind in authentication)
        owners = [self.credentials(dm, side, digest) for side in ("client_credentials", "server_credentials")]
        return DmSettings(
            device_id=dm.text("device_id"), server_id=dm.text("server_id"), versions=versions, encodings=encodings,
            authentication=authentication, client_credentials=owners[0], server_credentials=owners[1],
            devices=self.devices(dm, digest, owners[0], owners[1]),
        )  # fmt: skip

    def credentials(self, parent: Section, key: str, digest: bool) -> Credentials:
        """``digest``: md5 or hmac may be spoken, so that a nonce is needed."""
        if key not in parent:
            return Credentials()
        owner = self.section(parent.value[key], (*parent.keys, key), "dm.credentials")
        if isinstance(parent.value[key], dict):
            owner.need("username", "password", *(("nonce",) if digest else ()))
        nonce = b""
        text = owner.text("nonce")
        if text:
            try:
                nonce = base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                owner.fault("expected Base64", "nonce")
        return Credentials(owner.text("username"), owner.text("password"), nonce)

    def devices(
        self, dm: Section, digest: bool, client: Credentials, server: Credentials
    ) -> tuple[DeviceIdentity, ...]:
        listed = dm.value.get("devices", [])
        if not isinstance(listed, list):
            dm.fault(f"expected a list of devices, found {named(listed)}", "devices")
            return ()
        found = []
        seen = {dm.value.get("device_id")}
        for index, raw in enumerate(listed):
            device = self.section(raw, ("dm", "devices", index), "dm.devices")
            if isinstance(raw, dict):
                device.need("device_id")
            device_id = device.text("device_id")
            if device_id and device_id in seen:
                device.fault("this device stands here already", "device_id")
            seen.add(device_id)
            found.append(
                DeviceIdentity(
                    device_id,
                    self.credentials(device, "client_credentials", digest) or client,
                    self.credentials(device, "server_credentials", digest) or server,
                )
            )
        return tuple(found)

    def device(self, raw: Any) -> dict[str, str]:
        section = self.section(raw, ("device",), "device")
        return {key: section.text(key) for key in KEYS["device"] if key in section}

    def objects(self, raw: Any) -> tuple[str, ...]:
        section = self.section(raw, ("fumo",), "fumo")
        objects = section.texts("objects", OBJECTS)
        for index, uri in enumerate(objects):
            if uri and not _OBJECT.match(uri):
                section.fault(f"{uri[:60]!r}: expected a node as ./FwUpdate/Main", "objects", index)
            elif uri and uri in objects[:index]:
                section.fault(f"{uri!r} stands twice", "objects", index)
        return objects

    def claims(self, raw: Any) -> dict[str, Any]:
        if isinstance(raw, dict):
            return raw
        path = self.reading.file(raw, "claims")
        if path is None:
            return {}
        try:
            self.claims_document, self.claims_keys = load(path), ()
        except FileFault as fault:
            self.reading.faults.append(fault)
            return {}
        claims = self.claims_document.value
        if claims is None:
            return {}
        if not isinstance(claims, dict):
            what = f"expected a mapping of claims, found {named(claims)}"
            self.reading.faults.append(self.claims_document.fault(what))
            return {}
        return claims

    def packages(self, raw: Any) -> dict[str, tuple[Package, ...]]:
        section = self.section(raw, ("packages",), "packages")
        packages = {}
        for purpose in PURPOSES:
            if purpose not in section:
                continue
            value = section.value[purpose]
            items = value if isinstance(value, list) else [value]
            if not items:
                section.fault("expected a path, a mapping with path, from, to and type, or a list of them", purpose)
            read = [
                self.package(item, ("packages", purpose, index) if isinstance(value, list) else ("packages", purpose))
                for index, item in enumerate(items)
            ]
            packages[purpose] = tuple(package for package in read if package)
        return packages

    def package(self, raw: Any, keys: tuple[Key, ...]) -> Package | None:
        if not isinstance(raw, dict):
            path = self.reading.file(raw, *keys)
            return Package(path) if path else None
        section = self.section(raw, keys, "package")
        section.need("path")
        media = section.text("type", PACKAGE_TYPE)
        if not _MEDIA.match(media):
            section.fault(f"{media[:60]!r}: expected a media type as application/octet-stream", "type")
        path = section.file("path")
        return Package(path, section.text("from"), section.text("to"), media) if path else None
