"""A run that nobody can change unseen: digests of every file in a manifest, signed with an Ed25519 key.

``manifest.json`` lists the files of the result with size and SHA-256; ``manifest.sig`` holds the signature over its octets
and the public key. The key proves nothing by lying there: :func:`verify` takes only keys that it is given.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from conformance.report.runfiles import digest, result_files

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
_LARGEST = 256 << 20
_MOST = 1000


class KeyFault(ValueError):
    """A key file that cannot be used. The text says why."""


@dataclass(slots=True)
class Verified:
    """What :func:`verify` found: ``faults`` in words, empty where all is as it was signed; the key that signed."""

    faults: list[str] = field(default_factory=list)
    fingerprint: str = ""
    trusted: bool = False
    files: int = 0

    @property
    def good(self) -> bool:
        """Whether every file is as it was signed, by a key that is trusted."""
        return self.trusted and not self.faults


# -- keys ------------------------------------------------------------------------------------------------------------


def new_key(path: Path) -> str:
    """Makes a private key (PEM, PKCS #8, readable by its owner alone) and ``path`` + ``.pub``; returns the fingerprint.

    Raises ``FileExistsError`` rather than replace a key.
    """
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    public = key.public_key()
    path.with_name(path.name + ".pub").write_bytes(
        public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return fingerprint(public)


def read_private(path: Path) -> Ed25519PrivateKey:
    """A private key from a PEM file. Raises :class:`KeyFault`, or ``OSError``."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFault(f"{path}: no private key in PEM that can be read without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFault(f"{path}: expected an Ed25519 key")
    return key


def read_public(path: Path) -> list[Ed25519PublicKey]:
    """The public keys of a PEM file, one or many. Raises :class:`KeyFault`, or ``OSError``."""
    end = b"-----END PUBLIC KEY-----"
    blocks = [block + end for block in path.read_bytes().split(end) if b"BEGIN PUBLIC KEY" in block]
    keys = []
    for block in blocks:
        try:
            key = serialization.load_pem_public_key(block.lstrip())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise KeyFault(f"{path}: a public key in it cannot be read") from error
        if not isinstance(key, Ed25519PublicKey):
            raise KeyFault(f"{path}: expected Ed25519 keys only")
        keys.append(key)
    if not keys:
        raise KeyFault(f"{path}: there is no public key in it (PEM)")
    return keys


def fingerprint(key: Ed25519PublicKey) -> str:
    """``SHA256:`` and the digest of the raw public key in Base64, by which people compare keys."""
    made = hashlib.sha256(_raw(key)).digest()
    return "SHA256:" + base64.b64encode(made).decode().rstrip("=")


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


# -- signing ---------------------------------------------------------------------------------------------------------


def manifest(run_dir: Path) -> dict[str, Any]:
    """Every file of the result with its size and SHA-256."""
    files = {}
    for name in result_files(run_dir):
        made, size = digest(run_dir / name)
        files[name] = {"size": size, "sha256": made}
    return {"schema": 1, "files": files}


def sign_run(run_dir: Path, key: Ed25519PrivateKey) -> int:
    """Writes ``manifest.json`` and ``manifest.sig`` into a run folder; returns how many files are covered."""
    made = manifest(run_dir)
    octets = (json.dumps(made, indent=1, ensure_ascii=True) + "\n").encode()
    (run_dir / MANIFEST).write_bytes(octets)
    (run_dir / SIGNATURE).write_bytes(_signature(octets, key))
    return len(made["files"])


def sign_file(path: Path, key: Ed25519PrivateKey) -> Path:
    """Writes a detached signature over one file (an archive) beside it, its name + ``.sig``; returns its path."""
    made, size = digest(path)
    signature = path.with_name(path.name + ".sig")
    signature.write_bytes(_signature(_statement(made, size), key))
    return signature


def _statement(made: str, size: int) -> bytes:
    return f"fumo-conformance archive sha256 {made} size {size}\n".encode()


def _signature(octets: bytes, key: Ed25519PrivateKey) -> bytes:
    return _written(_raw(key.public_key()), key.sign(octets))


def _written(public: bytes, signature: bytes) -> bytes:
    data = {
        "algorithm": "Ed25519",
        "public_key": base64.b64encode(public).decode(),
        "signature": base64.b64encode(signature).decode(),
    }
    return (json.dumps(data, indent=1) + "\n").encode()


# -- verifying -------------------------------------------------------------------------------------------------------


def verify_run(run_dir: Path, trusted: Iterable[Ed25519PublicKey]) -> Verified:
    """Compares a run folder with its manifest, and the manifest with its signature. Never raises for what lies there."""
    found = Verified()
    octets = _read(run_dir / MANIFEST, found)
    if octets is None or not _check(octets, run_dir / SIGNATURE, trusted, found):
        return found
    listed = _listed(octets)
    if listed is None:
        found.faults.append(f"{MANIFEST}: not a manifest")
        return found
    found.files = len(listed)
    present = set(result_files(run_dir))
    for name, (size, made) in listed.items():
        if name not in present:
            found.faults.append(f"{name}: is missing")
        elif digest(run_dir / name) != (made, size):
            found.faults.append(f"{name}: was changed")
        if len(found.faults) >= _MOST:
            break
    found.faults += [f"{name}: was added" for name in sorted(present - set(listed))[:_MOST]]
    return found


def verify_file(path: Path, trusted: Iterable[Ed25519PublicKey]) -> Verified:
    """Compares a file with its detached signature beside it."""
    found = Verified(files=1)
    _check(_statement(*digest(path)), path.with_name(path.name + ".sig"), trusted, found)
    return found


def _read(path: Path, found: Verified) -> bytes | None:
    try:
        if path.stat().st_size <= _LARGEST:
            return path.read_bytes()
        found.faults.append(f"{path.name}: is too large to be one")
    except OSError as error:
        found.faults.append(f"{path.name}: cannot be read ({error.strerror or 'is missing'})")
    return None


def _check(octets: bytes, path: Path, trusted: Iterable[Ed25519PublicKey], found: Verified) -> bool:
    """Whether the signature in a file is one over the octets; notes the key and whether it is trusted."""
    raw = _read(path, found)
    if raw is None:
        return False
    try:
        data = json.loads(raw)
        if set(data) != {"algorithm", "public_key", "signature"} or data["algorithm"] != "Ed25519":
            raise ValueError("other keys than those of a signature")
        public, signature = (base64.b64decode(data[name], validate=True) for name in ("public_key", "signature"))
        key = Ed25519PublicKey.from_public_bytes(public)
        if raw != _written(public, signature):
            raise ValueError("not as it was written")  # spare bits of Base64 and blanks could be changed unseen
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, binascii.Error):
        found.faults.append(f"{path.name}: not a signature")
        return False
    found.fingerprint = fingerprint(key)
    found.trusted = any(_raw(each) == _raw(key) for each in trusted)
    try:
        key.verify(signature, octets)
    except InvalidSignature:
        found.faults.append(f"{path.name}: the signature does not fit")
        return False
    return True


def _listed(octets: bytes) -> dict[str, tuple[int, str]] | None:
    try:
        files = json.loads(octets)["files"]
        return {str(name): (int(row["size"]), str(row["sha256"])) for name, row in files.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
