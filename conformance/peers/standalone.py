"""The reference peers as processes of their own, over sockets and by the real clock (``fumo-conformance device|server``)."""

from __future__ import annotations

import base64
import binascii
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from conformance.dm.credentials import Account
from conformance.fumo.package import public_key
from conformance.peers.profile import DeviceProfile
from conformance.peers.security import TlsFiles
from conformance.peers.server import ServerProfile
from conformance.peers.standalonedevice import DeviceProcess
from conformance.peers.standaloneserver import ServerProcess
from conformance.peers.windowsmobile import become

RAW_KEY = 32
"""Octets of a raw Ed25519 public key."""


@dataclass(slots=True)
class Identity:
    """Who talks to whom, with which credentials. Nonces in Base64. The defaults are those of the fixtures."""

    device_id: str = "urn:imei:490154203237518"
    server_id: str = "com.example.dm"
    client_username: str = "dev-0001"
    client_password: str = "dev-secret-1"
    client_nonce: str = "bm9uY2UtMDAwMQ=="
    server_username: str = "com.example.dm"
    server_password: str = "srv-secret-1"
    server_nonce: str = "bm9uY2UtMDAwMQ=="


@dataclass(slots=True)
class DeviceOptions:
    """How a device is started. Ports 0: any free one, ``None``: none at all. ``key``: file with a raw or PEM public key.

    ``seed`` makes its random octets repeatable, ``None`` for real ones; ``storage`` in octets.
    """

    url: str
    work_dir: Path
    identity: Identity = field(default_factory=Identity)
    host: str = "127.0.0.1"
    hook_port: int | None = 0
    notify_port: int | None = 2948
    encoding: str = "xml"
    authentication: str = "md5"
    version: str = "1.2"
    objects: tuple[str, ...] = ("./FwUpdate/Main",)
    firmware: str = "1.0"
    model: str = "Reference"
    deviations: tuple[str, ...] = ()
    key: Path | None = None
    install_seconds: float = 2.0
    patience: float = 30.0
    storage: int = 96 << 20
    seed: int | None = None
    tls: TlsFiles = field(default_factory=TlsFiles)
    profile: str = ""
    """Dialect: windows-mobile, or "" for that of the enabler."""


@dataclass(slots=True)
class ServerOptions:
    """How a server is started. ``url``: its address as devices see it, "" for the one it listens at.

    Ports as in :class:`DeviceOptions`. ``notify``: where triggers for the device of ``identity`` go ("" for nowhere).
    """

    work_dir: Path
    identity: Identity = field(default_factory=Identity)
    host: str = "127.0.0.1"
    port: int = 0
    url: str = ""
    hook_port: int | None = 0
    notify: str = ""
    authentication: str = "md5"
    root: str = "./FwUpdate/Main"
    deviations: tuple[str, ...] = ()
    seed: int | None = None
    tls: TlsFiles = field(default_factory=TlsFiles)
    profile: str = ""
    """A dialect that it knows beside that of the enabler: windows-mobile, or ""."""


class Process(Protocol):
    """What both peers are to whoever runs them."""

    def start(self) -> str:
        """Begins to work; gives a line that says where it can be reached."""
        ...

    def close(self) -> None:
        """Stops in good order."""
        ...


def run_device(options: DeviceOptions) -> int:
    """Runs a device until SIGTERM or SIGINT. The exit status: 0, or 2 where the options make no sense (said on stderr)."""
    return _run(lambda: device_process(options))


def run_server(options: ServerOptions) -> int:
    """Runs a server until SIGTERM or SIGINT. The exit status: 0, or 2 where the options make no sense (said on stderr)."""
    return _run(lambda: server_process(options))


def device_process(options: DeviceOptions) -> DeviceProcess:
    """A device, not yet started. Raises ``ValueError`` for options without sense and ``OSError`` for ports in use."""
    who = options.identity
    options.tls.check()
    profile = DeviceProfile(
        device_id=who.device_id, server_id=who.server_id, server_url=options.url,
        client=Account(who.client_username, who.client_password),
        server=Account(who.server_username, who.server_password), client_nonce=_nonce(who.client_nonce),
        server_nonce=_nonce(who.server_nonce), encoding=options.encoding, authentication=options.authentication,
        version=options.version, objects=options.objects, firmware=options.firmware, model=options.model,
        storage=options.storage, install_seconds=options.install_seconds,
        key=public_key() if options.key is None else read_key(options.key),
    )  # fmt: skip
    if options.profile:
        become(profile)
    for value, known in (
        (profile.encoding, profile.encodings), (profile.authentication, profile.authentications),
        (profile.version, profile.versions),
    ):  # fmt: skip
        if value not in known:
            raise ValueError(f"{value!r} is not one of {', '.join(known)}")
    return DeviceProcess(
        profile, options.work_dir, options.deviations, options.seed, host=options.host, hook_port=options.hook_port,
        notify_port=options.notify_port, patience=options.patience, files=options.tls,
    )  # fmt: skip


def server_process(options: ServerOptions) -> ServerProcess:
    """A server, not yet started. Raises ``ValueError`` for options without sense and ``OSError`` for ports in use."""
    who = options.identity
    options.tls.check()
    device = {
        "device_id": who.device_id, "server_id": who.server_id, "object": options.root, "notify": options.notify,
        "authentication": options.authentication,
        "client_credentials": {
            "username": who.client_username, "password": who.client_password, "nonce": who.client_nonce,
        },
        "server_credentials": {
            "username": who.server_username, "password": who.server_password, "nonce": who.server_nonce,
        },
    }  # fmt: skip
    profile = ServerProfile(
        server_id=who.server_id, url=options.url, authentication=options.authentication, root=options.root,
        devices=(device,), dialect=options.profile,
    )  # fmt: skip
    return ServerProcess(
        profile, options.work_dir, options.deviations, options.seed, host=options.host, port=options.port,
        hook_port=options.hook_port, files=options.tls,
    )  # fmt: skip


def read_key(path: Path) -> bytes:
    """A public key of 32 octets from a file that holds them raw, as Base64, or in PEM form. Raises ``ValueError``."""
    octets = path.read_bytes()[:4096]
    if len(octets) == RAW_KEY:
        return octets
    try:
        if octets.lstrip().startswith(b"-----BEGIN"):
            loaded = load_pem_public_key(octets)
            raw = loaded.public_bytes_raw() if isinstance(loaded, Ed25519PublicKey) else b""
        else:
            raw = base64.b64decode(octets.strip(), validate=True)
    except ValueError as error:
        raise ValueError(f"{path}: not a public key ({error})") from error
    if len(raw) != RAW_KEY:
        raise ValueError(f"{path}: not an Ed25519 public key")
    return raw


def _nonce(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"nonce {text!r} is no Base64") from error


def _run(make: Callable[[], Process]) -> int:
    ended = threading.Event()
    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            before[number] = signal.signal(number, lambda *_: ended.set())
    try:
        process = make()
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    try:
        print(process.start(), flush=True)
        ended.wait()
    finally:
        process.close()
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0
