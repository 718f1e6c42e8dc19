"""Signed runs: every edit of any file is found, and only a key that was given is trusted."""

from __future__ import annotations

import random
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from report_run import build

from conformance.cli import main
from conformance.report import signing
from conformance.report.archive import pack
from conformance.report.runfiles import result_files
from conformance.report.signing import MANIFEST, SIGNATURE, KeyFault, read_private, read_public, verify_file, verify_run


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A signed run; the key lies beside it."""
    folder = build(tmp_path / "run", 8)
    signing.new_key(tmp_path / "key")
    signing.sign_run(folder, read_private(tmp_path / "key"))
    return folder


def keys(run_dir: Path) -> list[signing.Ed25519PublicKey]:
    return read_public(run_dir.parent / "key.pub")


def edit(path: Path, place: int, bit: int) -> bytes:
    """Changes one octet; gives the octets from before."""
    before = path.read_bytes()
    path.write_bytes(before[:place] + bytes((before[place] ^ bit,)) + before[place + 1 :])
    return before


def test_as_signed(run_dir: Path) -> None:
    found = verify_run(run_dir, keys(run_dir))
    assert found.good and found.faults == [] and found.files == len(result_files(run_dir)) > 20
    assert found.fingerprint.startswith("SHA256:")


def test_a_thousand_edits_are_found(run_dir: Path) -> None:
    chance = random.Random(20260131)
    names = [*result_files(run_dir), MANIFEST, SIGNATURE]
    trusted = keys(run_dir)
    for _ in range(1000):
        path = run_dir / chance.choice(names)
        before = edit(path, chance.randrange(path.stat().st_size), chance.randrange(1, 256))
        assert not verify_run(run_dir, trusted).good, path
        path.write_bytes(before)
    assert verify_run(run_dir, trusted).good


def test_a_thousand_edits_of_an_archive_are_found(run_dir: Path, tmp_path: Path) -> None:
    chance, archive = random.Random(7), tmp_path / "run.tar.gz"
    pack(run_dir, archive)
    signature = signing.sign_file(archive, read_private(tmp_path / "key"))
    trusted = keys(run_dir)
    assert verify_file(archive, trusted).good
    for number in range(1000):
        path = signature if number % 10 == 0 else archive
        before = edit(path, chance.randrange(path.stat().st_size), chance.randrange(1, 256))
        assert not verify_file(archive, trusted).good
        path.write_bytes(before)
    assert verify_file(archive, trusted).good


def test_spare_bits_of_base64_count_too(run_dir: Path) -> None:
    path = run_dir / SIGNATURE
    text = path.read_text()
    place = text.rindex("==")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = alphabet[alphabet.index(text[place - 1]) ^ 1]
    path.write_text(text[: place - 1] + other + text[place:])
    assert not verify_run(run_dir, keys(run_dir)).good


def test_files_that_came_or_went_are_named(run_dir: Path) -> None:
    gone = next(name for name in result_files(run_dir) if name.endswith(".xml"))
    (run_dir / gone).unlink()
    (run_dir / "evidence" / "more.txt").write_text("x")
    assert verify_run(run_dir, keys(run_dir)).faults == [f"{gone}: is missing", "evidence/more.txt: was added"]


def test_only_keys_that_were_given_are_trusted(run_dir: Path, tmp_path: Path) -> None:
    found = verify_run(run_dir, [])
    assert not found.good and not found.trusted and found.faults == []
    signing.new_key(tmp_path / "other")
    assert not verify_run(run_dir, read_public(tmp_path / "other.pub")).good
    both = tmp_path / "trusted.pem"
    both.write_bytes((tmp_path / "other.pub").read_bytes() + (tmp_path / "key.pub").read_bytes())
    assert verify_run(run_dir, read_public(both)).good


@pytest.mark.parametrize("octets", [b"", b"[]", b"{}", b"\xff", b'{"algorithm":"Ed25519","public_key":7,"signature":""}', b"[" * 99999])
def test_a_hostile_signature_is_a_fault(run_dir: Path, octets: bytes) -> None:
    (run_dir / SIGNATURE).write_bytes(octets)
    assert verify_run(run_dir, keys(run_dir)).faults == [f"{SIGNATURE}: not a signature"]


def test_missing_manifest(run_dir: Path) -> None:
    (run_dir / MANIFEST).unlink()
    (fault,) = verify_run(run_dir, keys(run_dir)).faults
    assert fault.startswith(f"{MANIFEST}: cannot be read")


def test_keys(tmp_path: Path) -> None:
    signing.new_key(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        signing.new_key(tmp_path / "key")
    (tmp_path / "bad").write_text("no key")
    other = generate_private_key(SECP256R1())
    (tmp_path / "ec").write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "ec.pub").write_bytes(other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    for name, reader in (("bad", read_private), ("ec", read_private), ("bad", read_public), ("ec.pub", read_public)):
        with pytest.raises(KeyFault, match=name):
            reader(tmp_path / name)


def test_the_archive_is_the_same_each_time_and_holds_no_iut_file(run_dir: Path, tmp_path: Path) -> None:
    (run_dir / "iut").mkdir()
    (run_dir / "iut" / "device.yaml").write_text("password: hidden")
    one, two = tmp_path / "one.tar.gz", tmp_path / "two.tar.gz"
    assert pack(run_dir, one) == pack(run_dir, two) == len(result_files(run_dir)) + 2
    assert one.read_bytes() == two.read_bytes()
    with tarfile.open(one) as archive:
        names = archive.getnames()
        archive.extractall(tmp_path / "out", filter="data")
    assert not [name for name in names if "iut" in name.split("/")]
    assert verify_run(tmp_path / "out" / "run", keys(run_dir)).good
    with pytest.raises(FileExistsError):
        pack(run_dir, one)


def test_commands(tmp_path: Path) -> None:
    folder, key = build(tmp_path / "run", 8), tmp_path / "key"

    def call(status: int, *arguments: object) -> str:
        done = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert done.exit_code == status, done.output
        return done.output

    call(2, "sign", folder)
    assert "SHA256:" in call(0, "sign", folder, "--new-key", key)
    assert "key that is not trusted" in call(1, "verify", folder)
    assert "as they were signed" in call(0, "verify", folder, "--key", f"{key}.pub")
    edit(folder / "results.ndjson", 40, 1)
    assert "NOT AS SIGNED  results.ndjson: was changed" in call(1, "verify", folder, "--key", f"{key}.pub")
    edit(folder / "results.ndjson", 40, 1)
    call(0, "evidence", folder, "--output", tmp_path / "a.tar.gz", "--key", key)
    assert "as it was signed" in call(0, "verify", tmp_path / "a.tar.gz", "--key", f"{key}.pub")
    call(2, "verify", folder, "--key", key)  # a private key is none to verify with
