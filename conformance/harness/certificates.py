"""What the suite shows and trusts in TLS: the files of ``attach.tls``, or an authority of its own kept in ``state``.

Private keys stay in files that the owner alone can read; nothing of them goes into evidence or output.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import trustme

from conformance.transport.tls import EXPIRED, MISNAMED, UNTRUSTED, client_context, server_context

if TYPE_CHECKING:
    from conformance.harness.settings import Iut

FLAWS = (UNTRUSTED, EXPIRED, MISNAMED)
"""Certificates with one thing wrong that the suite can show."""
RIGHT, NONE, STRANGER = "right", "none", "stranger"
"""What the suite's device shows: the certificate of that device, none, one of a device with another name."""
KEYS = trustme.KeyType.RSA
"""What devices of the time of DM 1.2 can check."""
_ELSEWHERE = "elsewhere.invalid"
"""The name in a misnamed certificate."""
_ANOTHER_DEVICE = "urn:imei:000000000000000"
_LASTS = timedelta(days=2)


class Unusable(ValueError):
    """A file of ``attach.tls`` cannot be used, or a certificate cannot be made without one. Says which and why."""


class Certificates:
    """The suite's side of TLS for one implementation. Files are made when they are asked for first."""

    def __init__(self, iut: Iut) -> None:
        self._iut, self._given = iut, iut.attach.tls
        self._folder = iut.attach.state / "tls"
        self._authority: trustme.CA | None = None
        self._stranger: trustme.CA | None = None
        self._servers: dict[tuple[str, tuple[str, ...]], ssl.SSLContext] = {}
        self._clients: dict[str, ssl.SSLContext] = {}

    @property
    def ca(self) -> Path:
        """The certificate of the authority that the suite's own are from, for whoever has to trust it."""
        if self._given.ca_certificate is not None:
            return self._given.ca_certificate
        path = self._folder / "ca.pem"
        octets = self.authority.cert_pem.bytes()
        if not path.exists() or path.read_bytes() != octets:
            _replace(path, octets)
            path.chmod(0o644)  # no secret: whoever has to trust it may run as somebody else
        return path

    @property
    def authority(self) -> trustme.CA:
        """The authority. Raises :class:`Unusable`."""
        if self._authority is None:
            given = self._given
            try:
                if given.ca_certificate is not None and given.ca_key is not None:
                    self._authority = trustme.CA.from_pem(given.ca_certificate.read_bytes(), given.ca_key.read_bytes())
                else:
                    self._authority = self._kept()
            except (OSError, ValueError, TypeError) as error:
                where = "attach.tls.ca_certificate and ca_key" if given.ca_key else str(self._folder)
                raise Unusable(f"{where}: no authority can be had: {type(error).__name__}") from error
        return self._authority

    def _kept(self) -> trustme.CA:
        """The authority in ``state``; made anew where there is none. Several workers get the same one."""
        path = self._folder / "authority.pem"
        if not path.exists():
            made = trustme.CA(organization_name="fumo-conformance", key_type=KEYS)
            self._folder.mkdir(parents=True, exist_ok=True)
            beside = _written(self._folder, made.private_key_pem.bytes() + made.cert_pem.bytes())
            try:
                os.link(beside, path)
            except FileExistsError:
                pass
            except OSError:
                beside.replace(path)  # a file system without links
            finally:
                beside.unlink(missing_ok=True)
        octets = path.read_bytes()
        return trustme.CA.from_pem(octets[octets.index(b"-----BEGIN CERTIFICATE") :], octets)

    def can_show(self, flaw: str) -> str:
        """Why a certificate with that flaw cannot be shown; "" where it can."""
        if flaw in (EXPIRED, MISNAMED) and self._given.certificate is not None and self._given.ca_key is None:
            return "attach.tls has a certificate but no ca_certificate and ca_key: none can be made that is trusted but for its flaw"
        return ""

    def server(self, hosts: tuple[str, ...], flaw: str = "") -> ssl.SSLContext:
        """For a server of the suite that is called by these names. Each flaw has a context of its own, so that no client
        resumes a session that it began with another one. Raises :class:`Unusable`."""
        key = (flaw, hosts)
        if key not in self._servers:
            shown, secret = self._given.certificate, self._given.key
            if not flaw and shown is not None and secret is not None:
                self._servers[key] = self._checked(lambda: server_context(shown, secret, self._trust()))
            else:
                names = (_ELSEWHERE,) if flaw == MISNAMED else hosts
                self._servers[key] = self._made(names, names[0], flaw)
        return self._servers[key]

    def _made(self, names: tuple[str, ...], common: str, flaw: str) -> ssl.SSLContext:
        leaf = self._leaf(names, common, flaw)
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = _files(Path(folder), leaf)
            return self._checked(lambda: server_context(certificate, key, self._trust()))

    def _leaf(self, names: tuple[str, ...], common: str, flaw: str = "") -> trustme.LeafCert:
        if flaw == UNTRUSTED:
            self._stranger = self._stranger or trustme.CA(organization_name="Known to nobody", key_type=KEYS)
        issuer = self._stranger if flaw == UNTRUSTED and self._stranger is not None else self.authority
        now = datetime.now(UTC)
        begin, end = (now - 3 * _LASTS, now - _LASTS) if flaw == EXPIRED else (None, None)
        try:
            return issuer.issue_cert(*names, common_name=common[:64], key_type=KEYS, not_before=begin, not_after=end)
        except ValueError as error:
            raise Unusable(f"no certificate can be made for {', '.join(names)}: {error}") from error

    def client(self, shows: str = RIGHT) -> ssl.SSLContext:
        """For the suite's device, which shows :data:`RIGHT`, :data:`NONE` or :data:`STRANGER`. Raises :class:`Unusable`."""
        if shows not in self._clients:
            given, trust = self._given, self._trust()
            if shows == NONE:
                self._clients[shows] = self._checked(lambda: client_context(trust))
            elif shows == RIGHT and given.certificate is not None:
                self._clients[shows] = self._checked(lambda: client_context(trust, given.certificate, given.key))
            else:
                who = self._iut.dm.device_id if shows == RIGHT else _ANOTHER_DEVICE
                with tempfile.TemporaryDirectory() as folder:
                    certificate, key = _files(Path(folder), self._leaf(("device.invalid",), who))
                    self._clients[shows] = self._checked(lambda: client_context(trust, certificate, key))
        return self._clients[shows]

    def _trust(self) -> Path:
        """What is accepted from the implementation: ``attach.tls.trust``, else what the suite's authority signed."""
        return self._given.trust or self.ca

    @staticmethod
    def _checked(make: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        try:
            return make()
        except OSError as error:
            what = getattr(error, "reason", None) or error.strerror or str(error)
            raise Unusable(f"attach.tls: the files cannot be used: {what}") from error


def _files(folder: Path, leaf: trustme.LeafCert) -> tuple[Path, Path]:
    """Certificate with its chain, and key, as files: :mod:`ssl` takes nothing else."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
    _replace(key, leaf.private_key_pem.bytes())
    return certificate, key


def _written(folder: Path, octets: bytes) -> Path:
    """A new file that the owner alone can read."""
    number, name = tempfile.mkstemp(dir=folder)
    with os.fdopen(number, "wb") as file:
        file.write(octets)
    return Path(name)


def _replace(path: Path, octets: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _written(path.parent, octets).replace(path)


def hosts_of(*addresses: str) -> tuple[str, ...]:
    """The names by which the suite's servers are called: those of the addresses, and this machine's own."""
    from urllib.parse import urlsplit

    hosts = [urlsplit(address).hostname or "" for address in addresses if address]
    return tuple(dict.fromkeys(host for host in (*hosts, "localhost", "127.0.0.1", "::1") if host and host not in ("0.0.0.0", "::")))


def write_pair(folder: Path, *names: str) -> tuple[Path, Path, Path]:
    """An authority and a certificate, as files for a peer: ``ca.pem``, ``certificate.pem``, ``key.pem``.

    The first name is the common one; those that are no names of hosts stand there alone.
    """
    authority = trustme.CA(organization_name="fumo-conformance example", key_type=KEYS)
    folder.mkdir(parents=True, exist_ok=True)
    hosts = [name for name in names if not name.startswith("urn:")]
    certificate, key = _files(folder, authority.issue_cert(*hosts, common_name=names[0], key_type=KEYS))
    ca = folder / "ca.pem"
    ca.write_bytes(authority.cert_pem.bytes())
    return ca, certificate, key
