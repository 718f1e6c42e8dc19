"""Update packages: what is built is accepted, what is wrong is told apart."""

import dataclasses
import random
import tracemalloc
from pathlib import Path

import pytest
from devicebench import Octets

from conformance.fumo.object import ResultCode
from conformance.fumo.package import (
    STRANGER_SEED,
    Manifest,
    Target,
    build,
    inspect,
    manifest_of,
    public_key,
    version_key,
)

TARGET = Target("Reference", "1.0", 1 << 20, public_key())
GOOD = Manifest("Reference", "1.0", "2.0", name="Firmware")


def package(tmp_path: Path, manifest: Manifest = GOOD, body: bytes = b"body" * 300, **more: bytes) -> bytes:
    path = tmp_path / "p.bin"
    build(path, manifest, Octets(body), **more)
    return path.read_bytes()


def code(octets: bytes, target: Target = TARGET) -> ResultCode:
    return inspect(Octets(octets), target).code


def test_a_good_package_is_accepted(tmp_path: Path) -> None:
    octets = package(tmp_path)
    found = inspect(Octets(octets), TARGET)
    assert found.code == 200
    assert found.manifest is not None
    assert (found.manifest.to, found.manifest.size, found.manifest.install_size) == ("2.0", 1200, 1200)
    assert manifest_of(Octets(octets)) == found.manifest
    assert package(tmp_path) == octets


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"model": "Other"}, 403), ({"from_": "0.9"}, 403), ({"from_": "*"}, 200), ({"to": "1.0"}, 405),
        ({"to": "0.9"}, 405), ({"to": "0.9", "downgrade": True}, 200), ({"install_size": 1 << 30}, 502),
        ({"fails": True}, 200),
    ],
)
def test_what_the_manifest_says_decides(tmp_path: Path, change: dict[str, object], expected: int) -> None:
    assert code(package(tmp_path, dataclasses.replace(GOOD, **change))) == expected  # type: ignore[arg-type]


def test_damage_is_seen_wherever_it_is(tmp_path: Path) -> None:
    octets = package(tmp_path)
    signature = len(octets) - 1200 - 64
    for at in (30, len(octets) - 1, len(octets) - 1200, len(octets) // 2 + 100):
        damaged = bytearray(octets)
        damaged[at] ^= 0x10
        assert code(bytes(damaged)) == 402, at
    forged = bytearray(octets)
    forged[signature + 5] ^= 1
    assert code(bytes(forged)) == 404
    assert code(octets[:-1]) == code(octets + b"x") == code(octets[:100]) == 402
    assert code(b"GIF89a") == code(b"") == code(octets[1:]) == 405
    assert manifest_of(Octets(b"GIF89a")) is None


def test_only_the_trusted_key_signs(tmp_path: Path) -> None:
    assert code(package(tmp_path, seed=STRANGER_SEED)) == 404
    assert code(package(tmp_path, seed=STRANGER_SEED), dataclasses.replace(TARGET, key=public_key(STRANGER_SEED))) == 200
    assert code(package(tmp_path), dataclasses.replace(TARGET, key=b"short")) == 404


def test_rubbish_never_gets_through(tmp_path: Path) -> None:
    octets, chance = package(tmp_path), random.Random(5)
    for _ in range(300):
        rubbish = bytearray(octets)
        for _ in range(chance.randrange(1, 4)):
            rubbish[chance.randrange(len(rubbish))] ^= chance.randrange(1, 256)
        assert code(bytes(rubbish)) != 200


def test_versions_sort_as_people_mean_it() -> None:
    assert version_key("1.10") > version_key("1.9") > version_key("1.a")
    assert version_key("2") > version_key("1.9.9")


def test_big_packages_are_built_and_checked_in_pieces(tmp_path: Path) -> None:
    class Big:
        size = 32 << 20

        def read(self, offset: int, count: int) -> bytes:
            return b"\x5a" * min(count, self.size - offset)

    class OnDisk:
        def __init__(self, path: Path) -> None:
            self.path, self.size = path, path.stat().st_size

        def read(self, offset: int, count: int) -> bytes:
            with self.path.open("rb") as file:
                file.seek(offset)
                return file.read(count)

    tracemalloc.start()
    build(tmp_path / "big.bin", GOOD, Big())
    found = inspect(OnDisk(tmp_path / "big.bin"), dataclasses.replace(TARGET, memory=1 << 30))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.code == 200
    assert peak < 4 << 20
