"""The suite's own peers as implementations under test: IUT files and update packages, made anew where they are needed.

They are attached by the same contract as a stranger's device; what differs between the embedded default and the example
for users is only the way: an adapter in the suite's own process, or a process behind a web address.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from conformance.download.source import PatternSource
from conformance.fumo.package import STRANGER_SEED, TEST_SEED, TYPE, Manifest, build
from conformance.harness.certificates import write_pair

MODEL = "Reference"
DEVICE_ID = "urn:imei:490154203237518"
STORAGE = 24 << 20
"""Octets that the reference device has for a package."""
_NONCE = "bm9uY2UtMDAwMQ=="


def write_embedded(folder: Path) -> list[Path]:
    """IUT files of both peers, attached in the suite's own process. Returns their paths: device, server."""
    device = _iut("client", {"adapter": "conformance.peers.adapters:DeviceAdapter"})
    server = _iut("server", {"adapter": "conformance.peers.adapters:ServerAdapter"})
    return _write(folder, {"device": device, "server": server}, 8192)


def embedded_iut(
    folder: Path, role: str, adapter: str, profile: str = "", *, claims: Mapping[str, bool] | None = None
) -> Path:
    """An IUT file for one peer in the suite's own process, by another adapter: a wrong peer, say.

    ``profile``: a dialect that it speaks, windows-mobile. ``claims``: what it says of itself otherwise; a device with
    several objects has two.
    """
    values = _iut(role, {"adapter": adapter}) | (_DIALECTS[role] if profile else {})
    values["claims"] = {**values["claims"], **(claims or {})}
    if (claims or {}).get("several-objects"):
        values["fumo"] = {"objects": [*values["fumo"]["objects"], "./FwUpdate/Second"]}
    return _write(folder, {role: values}, 8192)[0]


def write_example(
    folder: Path, size: int = 65536, *, tls: bool = False, deviations: Mapping[str, Sequence[str]] | None = None
) -> list[Path]:
    """IUT files of both peers, attached as processes, for users to try and to start from.

    ``tls``: over https, with a certificate for the server. ``deviations``: what they do wrong, by role.
    """
    wrong = {role: [each for name in names for each in ("--deviation", name)] for role, names in (deviations or {}).items()}
    program = [sys.executable, "-m", "conformance.cli"]
    common = [
        "--hook-port", "{port:hook}", "--device-id", "{device_id}", "--server-id", "{server_id}", "--work-dir", "{work_dir}",
    ]  # fmt: skip
    ready = {"tcp": "127.0.0.1:{port:hook}", "seconds": 20}
    hook = "http://127.0.0.1:{port:hook}/hook"
    room = ["--storage", str(STORAGE)] if size < STORAGE else []
    device: dict[str, object] = {
        "notify": "udp://127.0.0.1:{port:notify}", "ready": ready, "hook": hook,
        "start": [*program, "device", "--url", "{server_url}", "--notify-port", "{port:notify}", "--patience", "3", *room, *common,
                  *wrong.get("client", [])],
    }  # fmt: skip
    server: dict[str, object] = {
        "server_url": "http://127.0.0.1:{port:dm}/dm", "ready": ready, "hook": hook,
        "start": [*program, "server", "--port", "{port:dm}", *common, *wrong.get("server", [])],
    }  # fmt: skip
    iuts = {"device": _iut("client", device), "server": _iut("server", server)}
    return _write(folder, _over_tls(folder, iuts) if tls else iuts, size)


def _over_tls(folder: Path, iuts: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The same peers over https, each with a certificate: they trust the suite's authority, the suite trusts theirs."""
    device, server = iuts["device"]["attach"], iuts["server"]["attach"]
    content = {"listen": "https://127.0.0.1:0/"}
    device |= {"listen": "https://127.0.0.1:0/dm", "content": content}
    server |= {"server_url": server["server_url"].replace("http:", "https:"), "content": content}
    for role, attach, names in (("device", device, (DEVICE_ID, "device.example")), ("server", server, ("127.0.0.1", "localhost"))):
        pair = write_pair(folder / "tls" / role, *names)
        trust, shown, secret = (str(path.relative_to(folder)) for path in pair)
        attach["tls"] = {"trust": trust}
        attach["start"] = [*attach["start"], "--ca", "{ca}", "--certificate", shown, "--certificate-key", secret]
    for role, claim in (("device", "tls-authentication"), ("server", "server-tls-authentication")):
        iuts[role]["claims"][claim] = True
    return iuts


def process_iut(folder: Path, role: str, deviations: Sequence[str], *, tls: bool) -> Path:
    """An IUT file for one peer as a process of its own with these deviations."""
    device, server = write_example(folder, 8192, tls=tls, deviations={role: deviations})
    return device if role == "client" else server


def _write(folder: Path, files: Mapping[str, Mapping[str, object]], size: int) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    write_packages(folder / "packages", size)
    paths = []
    for name, values in files.items():
        path = folder / f"{name}.yaml"
        text = yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True, width=120)
        path.write_text(f"# The reference {name} of fumo-conformance, attached as any other implementation.\n{text}", encoding="utf-8")
        paths.append(path)
    return paths


def _iut(role: str, attach: dict[str, object]) -> dict[str, Any]:
    from conformance import __version__

    dm: dict[str, object] = {
        "versions": ["1.2", "1.1.2"], "encodings": ["xml", "wbxml"], "authentication": ["md5", "basic", "none", "hmac"],
        "device_id": DEVICE_ID, "server_id": "com.example.dm",
        "client_credentials": {"username": "dev-0001", "password": "dev-secret-1", "nonce": _NONCE},
        "server_credentials": {"username": "com.example.dm", "password": "srv-secret-1", "nonce": _NONCE},
    }  # fmt: skip
    return {
        "schema": 1, "name": "Reference device" if role == "client" else "Reference server", "version": __version__,
        "vendor": "fumo-conformance", "role": role, "dm": dm,
        "device": {"manufacturer": "fumo-conformance", "model": MODEL, "firmware": "1.0", "hardware": "A", "language": "en"},
        "fumo": {"objects": ["./FwUpdate/Main"]}, "claims": dict.fromkeys(CLAIMS[role], True), "packages": _packages(),
        "attach": {**attach, "allow": ["power-cut", "bad-image", "downgrade"], "timeouts": {"silence": 1}},
    }  # fmt: skip


CLAIMS = {
    "client": (
        "pkgname", "pkgversion", "download", "update", "pkgdata", "download-and-update", "ext", "large-objects", "http",
        "descriptor", "device-request", "user-request", "ui", "notification", "dynamic-object", "dynamic-nodes", "account",
        "credentials", "more-accounts", "short-messages",
    ),
    "server": (
        "server-pkgurl", "server-pkgdata", "server-requests", "server-ui", "server-correlator", "server-notification",
        "server-descriptor",
    ),
}  # fmt: skip
"""What the reference peers claim to have."""


_DIALECTS: dict[str, dict[str, object]] = {
    "client": {
        "fumo": {"objects": ["./FwUpdate/Package1"]},
        "claims": {
            **dict.fromkeys(CLAIMS["client"], True),
            **dict.fromkeys(("download", "update", "pkgdata", "ext", "device-request", "user-request"), False),
            "windows-mobile": True,
        },
    },
    "server": {"claims": {**dict.fromkeys(CLAIMS["server"], True), "server-windows-mobile": True}},
}  # fmt: skip
"""What an IUT file of a peer that speaks the dialect of Windows Mobile says otherwise."""


def _packages() -> dict[str, object]:
    def package(name: str, frm: str, to: str) -> dict[str, str]:
        return {"path": f"packages/{name}.bin", "from": frm, "to": to, "type": TYPE}

    return {
        "good": [package("good-1-2", "1.0", "2.0"), package("good-2-1", "2.0", "1.0")],
        **{name: [package(name, "1.0", to)] for name, to in _BAD.items()},
    }


_BAD = {
    "wrong-device": "2.0", "bad-signature": "2.0", "not-acceptable": "2.0", "install-fails": "2.0", "too-big-to-store": "2.0",
    "too-big-to-install": "2.0", "same-version": "1.0", "older-version": "0.9",
}  # fmt: skip


def write_packages(folder: Path, size: int) -> None:
    """Update packages for the reference device, one for each purpose; good ones with a body of ``size`` octets."""
    folder.mkdir(parents=True, exist_ok=True)
    body = PatternSource(size, seed=1)
    small = PatternSource(1024, seed=2)

    def make(name: str, *, model: str = MODEL, frm: str = "1.0", to: str = "2.0", seed: bytes = TEST_SEED, **more: object) -> None:
        manifest = Manifest(model, frm, to, name=name, **more)  # type: ignore[arg-type]
        build(folder / f"{name}.bin", manifest, body if name.startswith("good") else small, seed)

    make("good-1-2")
    make("good-2-1", frm="2.0", to="1.0", downgrade=True)
    make("wrong-device", model="Another")
    make("bad-signature", seed=STRANGER_SEED)
    make("install-fails", fails=True)
    make("too-big-to-install", install_size=1 << 40)
    make("same-version", to="1.0")
    make("older-version", to="0.9")
    (folder / "not-acceptable.bin").write_bytes(b"GIF89a" + small.read(0, 512))
    with (folder / "too-big-to-store.bin").open("wb") as file:
        file.truncate(STORAGE + 1)  # a sparse file: it takes no room on the disk
