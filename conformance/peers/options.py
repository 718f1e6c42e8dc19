"""The commands ``device`` and ``server``: options of the stand-alone peers, told so that a stranger can use them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
F = TypeVar("F", bound=Callable[..., Any])
_IDENTITY = (
    ("--device-id", "urn:imei:490154203237518", "Identity of the device (Source of its messages, DevInfo/DevId)."),
    ("--server-id", "com.example.dm", "DM server identifier."),
    ("--client-username", "dev-0001", "User name of the device towards the server."),
    ("--client-password", "dev-secret-1", "Password of the device towards the server."),
    ("--client-nonce", "bm9uY2UtMDAwMQ==", "First nonce for the device's credentials (Base64)."),
    ("--server-username", "com.example.dm", "User name of the server towards the device."),
    ("--server-password", "srv-secret-1", "Password of the server towards the device."),
    ("--server-nonce", "bm9uY2UtMDAwMQ==", "First nonce for the server's credentials and triggers (Base64)."),
)


def _shared(command: F) -> F:
    """Options that both peers have."""
    options = [
        click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at."),
        click.option("--hook-port", type=int, default=0, show_default=True, help="Port of the hook (POST /hook/VERB); 0: any."),
        click.option("--work-dir", type=click.Path(path_type=Path), default=Path("fumo-peer"), show_default=True,
                     help="Folder for what must last: a killed peer goes on with it."),
        click.option("--authentication", type=click.Choice(["none", "basic", "md5", "hmac"]), default="md5", show_default=True,
                     help="Authentication of both sides."),
        click.option("--profile", type=click.Choice(["", "windows-mobile"]), default="", metavar="DIALECT",
                     help="Speak a dialect: windows-mobile."),
        click.option("--deviation", "deviations", multiple=True, metavar="ID", help="Do this wrong (see testcases/deviations)."),
        click.option("--variant", "variants", multiple=True, metavar="ID",
                     help="Do this in another way that is as right (see testcases/variants)."),
        click.option("--seed", type=int, help="Seed of random octets, for runs that repeat themselves."),
        click.option("--ca", type=_FILE, help="Authorities that it trusts in TLS (PEM; default: those of the system)."),
        click.option("--certificate", type=_FILE, help="Certificate that it shows in TLS (PEM, with its chain); a server needs one."),
        click.option("--certificate-key", type=_FILE, help="Private key of the certificate (PEM, without a password)."),
        *(click.option(name, default=value, show_default=True, help=says) for name, value, says in _IDENTITY),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def _identity(given: dict[str, Any]) -> Any:
    from conformance.peers.standalone import Identity

    return Identity(**{name[2:].replace("-", "_"): given.pop(name[2:].replace("-", "_")) for name, _, _ in _IDENTITY})


def _deviations(given: dict[str, Any]) -> tuple[str, ...]:
    """What the peer does wrong, and what it does in another way that is as right."""
    return (*given.pop("deviations"), *given.pop("variants"))


def _tls(given: dict[str, Any]) -> Any:
    from conformance.peers.security import TlsFiles

    return TlsFiles(given.pop("ca"), given.pop("certificate"), given.pop("certificate_key"))


@click.command()
@click.option("--url", required=True, help="Address of its DM server.")
@click.option("--notify-port", type=int, default=2948, show_default=True, help="UDP port for trigger messages; 0: any.")
@click.option("--encoding", type=click.Choice(["xml", "wbxml"]), default="xml", show_default=True, help="Its habit.")
@click.option("--dm-version", "version", type=click.Choice(["1.2", "1.1.2"]), default="1.2", show_default=True, help="DM version.")
@click.option("--object", "objects", multiple=True, default=["./FwUpdate/Main"], show_default=True, help="Firmware update objects.")
@click.option("--firmware", default="1.0", show_default=True, help="Firmware that runs in the beginning.")
@click.option("--model", default="Reference", show_default=True, help="DevInfo/Mod; packages must be for it.")
@click.option("--key", type=_FILE, help="Public key of packages (raw or PEM).")
@click.option("--install-seconds", type=float, default=0.2, show_default=True, help="How long an installation takes.")
@click.option("--storage", type=int, default=96 << 20, show_default=True, help="Octets that it has for a package.")
@click.option("--patience", type=float, default=30.0, show_default=True, help="Seconds it waits for octets of a download.")
@_shared
def device(**given: Any) -> None:
    """The reference device as a process: a DM client with a firmware update agent.

    It opens sessions when its hook is told to (start_session), when a trigger message comes, and when it has something to
    report. It prints where it can be reached and runs until it is stopped.
    """
    from conformance.peers.standalone import DeviceOptions, run_device

    identity = _identity(given)
    given["objects"], given["deviations"] = tuple(given["objects"]), _deviations(given)
    sys.exit(run_device(DeviceOptions(identity=identity, tls=_tls(given), **given)))


@click.command()
@click.option("--port", type=int, default=0, show_default=True, help="Port of the DM server; 0: any.")
@click.option("--url", default="", help="Its address as devices see it (default: the one it listens at).")
@click.option("--notify", default="", help="Where triggers for the device go: udp://HOST:PORT.")
@click.option("--object", "root", default="./FwUpdate/Main", show_default=True, help="Firmware update object of the device.")
@_shared
def server(**given: Any) -> None:
    """The reference DM server as a process: it plans firmware updates as its hook is told (campaign, update ...).

    It prints where it can be reached and runs until it is stopped.
    """
    from conformance.peers.standalone import ServerOptions, run_server

    identity = _identity(given)
    given["deviations"] = _deviations(given)
    sys.exit(run_server(ServerOptions(identity=identity, tls=_tls(given), **given)))
