"""The update packages of the suite's own device: signed, checked in pieces, never in memory as a whole.

FUMO leaves the format of packages open (FUMO TS 1). Layout of this one, numbers big endian::

    8 octets   b"FUMOPKG1"
    4 octets   length of the header
    4 octets   CRC-32 of the header
    header     JSON object, UTF-8
    64 octets  Ed25519 signature of everything before it
    body       as many octets as the header says; its SHA-256 is in the header
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from conformance.fumo.object import ResultCode
from conformance.transport.exchange import Source

MAGIC = b"FUMOPKG1"
TYPE = "application/vnd.fumo-conformance.package"
"""Media type of these packages."""
TEST_SEED = b"fumo conformance: a TEST key only"[:32]
"""Seed of the key with which the packages of the fixtures are signed. It is public, so it protects nothing."""
STRANGER_SEED = b"fumo conformance: another key..."[:32]
"""Seed of a key that no device trusts."""

_HEAD = struct.Struct(">8sII")
_SIGNATURE = 64
_LONGEST_HEADER = 1 << 16
_PIECE = 1 << 18


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the header of a package says. ``from_`` is the version it updates; sizes in octets.

    ``downgrade`` allows ``to`` to be older than what runs. ``fails`` makes the installation fail at its end.
    """

    model: str
    from_: str
    to: str
    size: int = 0
    sha256: str = ""
    install_size: int = 0
    name: str = ""
    downgrade: bool = False
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """The device that shall install a package. ``memory``: octets it has for that. ``key``: raw Ed25519 public key."""

    model: str
    firmware: str
    memory: int
    key: bytes


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found out about a package: 200 or why it is not installed, and its manifest where that can be read."""

    code: ResultCode
    manifest: Manifest | None = None


def private_key(seed: bytes = TEST_SEED) -> Ed25519PrivateKey:
    """The key that belongs to a seed of 32 octets."""
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_key(seed: bytes = TEST_SEED) -> bytes:
    """The raw public key that belongs to a seed: what a device is given to check signatures."""
    return private_key(seed).public_key().public_bytes_raw()


def build(path: Path, manifest: Manifest, body: Source, seed: bytes = TEST_SEED) -> Manifest:
    """Writes a package, reading the body twice and in pieces. Gives the manifest with size and digest filled in.

    The install size is that of the body where the manifest says 0. Raises ``OSError`` where the file cannot be written.
    """
    digest = hashlib.sha256()
    for piece in _pieces(body, 0, body.size):
        digest.update(piece)
    values = asdict(manifest) | {"size": body.size, "sha256": digest.hexdigest()}
    values["install_size"] = manifest.install_size or body.size
    filled = Manifest(**values)
    text = json.dumps({name.rstrip("_"): value for name, value in asdict(filled).items()}, sort_keys=True).encode()
    head = _HEAD.pack(MAGIC, len(text), zlib.crc32(text)) + text
    with path.open("wb") as file:
        file.write(head + private_key(seed).sign(head))
        for piece in _pieces(body, 0, body.size):
            file.write(piece)
    return filled


def manifest_of(source: Source) -> Manifest | None:
    """The manifest of a package, not checked any further; ``None`` where there is none to be read."""
    found = _read_head(source)
    return found[0] if isinstance(found, tuple) else None


def inspect(source: Source, target: Target) -> Inspection:
    """Finds out whether a device shall install a package. Reads it once, in pieces.

    405 no package of this format, 402 damaged, 404 signature not by the trusted key, 403 for another model or another
    version, 405 same version or an older one without permission, 502 too big to install, 200 else.
    """
    found = _read_head(source)
    if isinstance(found, ResultCode):
        return Inspection(found)
    manifest, head, signature = found
    start = len(head) + _SIGNATURE
    if source.size != start + manifest.size or _digest(source, start, manifest.size) != manifest.sha256:
        return Inspection(ResultCode.CORRUPTED_PACKAGE, manifest)
    try:
        Ed25519PublicKey.from_public_bytes(target.key).verify(signature, head)
    except (InvalidSignature, ValueError):
        return Inspection(ResultCode.VALIDATION_FAILED, manifest)
    return Inspection(_fitness(manifest, target), manifest)


def _fitness(manifest: Manifest, target: Target) -> ResultCode:
    if manifest.model != target.model or manifest.from_ not in (target.firmware, "*"):
        return ResultCode.DEVICE_MISMATCH
    older = version_key(manifest.to) < version_key(target.firmware)
    if manifest.to == target.firmware or (older and not manifest.downgrade):
        return ResultCode.NOT_ACCEPTABLE
    if manifest.install_size > target.memory:
        return ResultCode.UPDATE_OUT_OF_MEMORY
    return ResultCode.SUCCESS


def version_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which versions such as "1.10" and "1.9" sort as people mean it."""
    parts = version.replace("-", ".").split(".")[:16]
    return tuple((1, int(p), "") if p.isascii() and p.isdigit() and len(p) < 10 else (0, 0, p) for p in parts)


def _read_head(source: Source) -> tuple[Manifest, bytes, bytes] | ResultCode:
    """Manifest, signed octets and signature; or the ResultCode that tells why they cannot be read."""
    start = source.read(0, _HEAD.size)
    if len(start) < _HEAD.size or not start.startswith(MAGIC):
        return ResultCode.NOT_ACCEPTABLE
    _, length, crc = _HEAD.unpack(start)
    if length > _LONGEST_HEADER:
        return ResultCode.CORRUPTED_PACKAGE
    text = source.read(_HEAD.size, length)
    signature = source.read(_HEAD.size + length, _SIGNATURE)
    if len(text) < length or len(signature) < _SIGNATURE or zlib.crc32(text) != crc:
        return ResultCode.CORRUPTED_PACKAGE
    manifest = _read_manifest(text)
    return ResultCode.NOT_ACCEPTABLE if manifest is None else (manifest, start + text, signature)


def _read_manifest(text: bytes) -> Manifest | None:
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict):
        return None
    values: dict[str, Any] = {}
    for each in fields(Manifest):
        value = raw.get(each.name.rstrip("_"))
        if type(value).__name__ != each.type or (isinstance(value, int) and not 0 <= value < 1 << 62):
            return None
        values[each.name] = value
    return Manifest(**values)


def _digest(source: Source, offset: int, size: int) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(source, offset, size):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(source: Source, offset: int, size: int) -> Iterator[bytes]:
    end = offset + size
    while offset < end:
        piece = source.read(offset, min(_PIECE, end - offset))
        if not piece:
            return
        offset += len(piece)
        yield piece
