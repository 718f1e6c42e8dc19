"""Writes the account of an IUT file for a device: the address is looked at, the file is for its owner alone."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

from conformance.dm.account import Bootstrap, tnds, w7
from conformance.dm.credentials import Account
from conformance.harness.iut import load_iut
from conformance.harness.settings import Iut

FORMATS = ("tnds", "w7")
LAYOUTS = ("1.2", "1.1.2")
_WARNING = "This account holds the secrets of both sides, and it was written to a terminal."
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class AccountError(ValueError):
    """No account can be made of the IUT file; the text says why and what to do."""


def bootstrap_of(iut: Iut, server_url: str = "") -> Bootstrap:
    """The account that an IUT file describes. ``server_url`` takes the place of the address in the file.

    Raises :class:`AccountError` where no device could use the address, or a value cannot be written in XML.
    """
    dm, attach = iut.dm, iut.attach
    url = server_url or (attach.advertise or attach.listen if iut.role == "client" else attach.server_url)
    client, server = dm.client_credentials, dm.server_credentials
    made = Bootstrap(
        dm.server_id, _usable(url), Account(client.username, client.password), Account(server.username, server.password),
        client.nonce, server.nonce, dm.authentication,
    )  # fmt: skip
    for text in (made.server_id, made.url, client.username, client.password, server.username, server.password):
        if _NOT_XML.search(text):
            raise AccountError("a name or a secret of the IUT file holds a control character, which XML cannot carry")
    return made


def _usable(url: str) -> str:
    if not url:
        raise AccountError("the IUT file gives no address of the DM server; give it by --server-url")
    if "{" in url:
        raise AccountError(f"the address {url} holds a placeholder, which is filled in a run only; give it by --server-url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AccountError(f"{url} is no address: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AccountError(f"{url} is no address of a DM server: expected http://HOST:PORT/PATH or https://")
    if port == 0:
        raise AccountError(f"the address {url} has port 0, so that each run has another one; give it by --server-url")
    return url


def document(bootstrap: Bootstrap, form: str, layout: str) -> str:
    """The document in one of :data:`FORMATS`; ``layout`` is that of a TNDS document."""
    return w7(bootstrap) if form == "w7" else tnds(bootstrap, layout)


def write_account(path: Path, form: str, layout: str, server_url: str, output: str) -> str:
    """Reads an IUT file and writes its account to a file, or for ``-`` to standard output.

    A file can be read and written by its owner only. Returns a warning for the user, "" where there is none. Raises
    :class:`AccountError`, ``FileFault`` and ``OSError``.
    """
    if form == "w7" and layout != LAYOUTS[0]:
        raise AccountError("only a TNDS document has a layout; a w7 document is the same for both versions of DM")
    text = document(bootstrap_of(load_iut(path), server_url), form, layout)
    if output == "-":
        sys.stdout.write(text)
        return _WARNING if sys.stdout.isatty() else ""
    target = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(target, "w", encoding="utf-8") as file:
        if hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), 0o600)
        file.write(text)
    return ""
