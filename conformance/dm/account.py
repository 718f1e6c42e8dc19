"""The account of a DM server as documents that a device can be given: DM Account 1.2 or 1.1.2 as TNDS, or Client Provisioning.

Pure: what goes in is an :class:`Bootstrap`, what comes out is text in XML. It holds the secrets of both sides: that is its
purpose. Sources: DM StdObj 5.3.1 (DMAcc), DM TNDS 5, DM Bootstrap 5.3 and the registration of ``w7`` (Client Provisioning).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

from conformance.dm.credentials import AUTH_TYPES, Account

TYPES = {"basic": "BASIC", "md5": "DIGEST", "hmac": "HMAC"}
"""AAuthType by kind of authentication (DM StdObj 5.3.1)."""
_PORTS = {"http": "80", "https": "443"}
_MO_ID = "urn:oma:mo:oma-dm-dmacc:1.0"


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """What a device must know of a server. ``kinds``: ways of authentication, the preferred one first (none is no way).

    ``client``: what the device shows to the server, with ``client_nonce``; ``server``: what the server shows to it.
    """

    server_id: str
    url: str
    client: Account
    server: Account
    client_nonce: bytes = b""
    server_nonce: bytes = b""
    kinds: tuple[str, ...] = ("md5",)
    name: str = "fumo-conformance"

    @property
    def port(self) -> str:
        """The port of the address."""
        parts = urlsplit(self.url)
        return str(parts.port or _PORTS.get(parts.scheme, ""))

    def credentials(self) -> Iterator[tuple[str, str, Account, bytes]]:
        """Level, kind, account and nonce of all credentials, by way of authentication."""
        for kind in self.kinds:
            if kind in TYPES:
                yield "CLCRED", kind, self.client, self.client_nonce
                yield "SRVCRED", kind, self.server, self.server_nonce


@dataclass(slots=True)
class Entry:
    """A node of a document: with children, or with a value of a Format."""

    name: str
    value: str = ""
    format: str = "chr"
    children: list[Entry] = field(default_factory=list)
    mo: str = ""
    acl: str = ""


# -- DM Account as TNDS --------------------------------------------------------------------------------------------------


def tnds(bootstrap: Bootstrap, layout: str = "1.2", root: str = "Server") -> str:
    """A TNDS document with the account, in the layout of DM 1.2 (./DMAcc) or 1.1.2 (./SyncML/DMAcc).

    ``root`` names its node. Raises ``ValueError`` for another layout.
    """
    if layout not in ("1.2", "1.1.2"):
        raise ValueError(f"no layout of a DM account: {layout!r}")
    path, entry = ("./DMAcc", _account(bootstrap, root)) if layout == "1.2" else ("./SyncML/DMAcc", _old(bootstrap, root))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>', '<MgmtTree xmlns="syncml:dmddf1.2">', "  <VerDTD>1.2</VerDTD>",
        *_node(entry, 1, path), "</MgmtTree>",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _account(bootstrap: Bootstrap, root: str) -> Entry:
    address = Entry("1", children=[Entry("Addr", bootstrap.url), Entry("AddrType", "URI")])
    if bootstrap.port:
        address.children.append(Entry("Port", children=[Entry("1", children=[Entry("PortNbr", bootstrap.port)])]))
    children = [
        Entry("AppID", "w7"), Entry("ServerID", bootstrap.server_id), Entry("Name", bootstrap.name),
        Entry("AppAddr", children=[address]),
    ]  # fmt: skip
    shown = [_auth(str(number), *each) for number, each in enumerate(bootstrap.credentials(), 1)]
    if shown:
        preferred = next(kind for kind in bootstrap.kinds if kind in TYPES)
        children += [Entry("AAuthPref", TYPES[preferred]), Entry("AppAuth", children=shown)]
    rights = f"Get={bootstrap.server_id}&Replace={bootstrap.server_id}&Delete={bootstrap.server_id}"
    return Entry(root, children=children, mo=_MO_ID, acl=rights)


def _auth(name: str, level: str, kind: str, account: Account, nonce: bytes) -> Entry:
    children = [
        Entry("AAuthLevel", level), Entry("AAuthType", TYPES[kind]), Entry("AAuthName", account.username),
        Entry("AAuthSecret", account.password),
    ]  # fmt: skip
    if kind != "basic" and nonce:
        children.append(Entry("AAuthData", _base64(nonce), "b64"))
    return Entry(name, children=children)


def _old(bootstrap: Bootstrap, root: str) -> Entry:
    """The account as DM 1.1.2 has it: one set of credentials for each direction (names from implementations)."""
    kind = next((kind for kind in bootstrap.kinds if kind in TYPES), "none")
    values = [
        ("Addr", bootstrap.url, "chr"), ("AddrType", "1", "int"), ("PortNbr", bootstrap.port, "int"), ("ConRef", "", "chr"),
        ("ServerId", bootstrap.server_id, "chr"), ("ServerPW", bootstrap.server.password, "chr"),
        ("ServerNonce", _base64(bootstrap.server_nonce), "b64"), ("UserName", bootstrap.client.username, "chr"),
        ("ClientPW", bootstrap.client.password, "chr"), ("ClientNonce", _base64(bootstrap.client_nonce), "b64"),
        ("AuthPref", AUTH_TYPES.get(kind, ""), "chr"), ("Name", bootstrap.name, "chr"),
    ]  # fmt: skip
    return Entry(root, children=[Entry(name, value, form) for name, value, form in values])


def _node(entry: Entry, depth: int, path: str = "") -> list[str]:
    space = "  " * depth
    lines = [f"{space}<Node>", f"{space}  <NodeName>{escape(entry.name)}</NodeName>"]
    if path:
        lines.append(f"{space}  <Path>{escape(path)}</Path>")
    lines.append(f"{space}  <RTProperties>{_properties(entry)}</RTProperties>")
    for child in entry.children:
        lines += _node(child, depth + 1)
    if not entry.children:
        lines.append(f"{space}  <Value>{escape(entry.value)}</Value>")
    return [*lines, f"{space}</Node>"]


def _properties(entry: Entry) -> str:
    acl = f"<ACL>{escape(entry.acl)}</ACL>" if entry.acl else ""
    if entry.children:
        kind = f"<Type><DDFName>{escape(entry.mo)}</DDFName></Type>" if entry.mo else "<Type><DDFName/></Type>"
        return f"{acl}<Format><node/></Format>{kind}"
    return f"{acl}<Format><{entry.format}/></Format><Type><MIME>text/plain</MIME></Type>"


# -- Client Provisioning -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Group:
    type: str
    parms: Sequence[tuple[str, str]]
    groups: Sequence[_Group] = ()


def w7(bootstrap: Bootstrap) -> str:
    """A Client Provisioning document with the APPLICATION ``w7`` (PROVIDER-ID is the ServerID)."""
    port = [_Group("PORT", [("PORTNBR", bootstrap.port)])] if bootstrap.port else []
    groups = [_Group("APPADDR", [("ADDR", bootstrap.url)], port)]
    for level, kind, account, nonce in bootstrap.credentials():
        parms = [
            ("AAUTHLEVEL", "APPSRV" if level == "CLCRED" else "CLIENT"), ("AAUTHTYPE", TYPES[kind]),
            ("AAUTHNAME", account.username), ("AAUTHSECRET", account.password),
        ]  # fmt: skip
        if kind != "basic" and nonce:
            parms.append(("AAUTHDATA", _base64(nonce)))
        groups.append(_Group("APPAUTH", parms))
    named = [("APPID", "w7"), ("PROVIDER-ID", bootstrap.server_id), ("NAME", bootstrap.name)]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>', '<wap-provisioningdoc version="1.1">',
        *_characteristic(_Group("APPLICATION", named, groups), 1), "</wap-provisioningdoc>",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _characteristic(group: _Group, depth: int) -> list[str]:
    space = "  " * depth
    lines = [f"{space}<characteristic type={quoteattr(group.type)}>"]
    lines += [f"{space}  <parm name={quoteattr(name)} value={quoteattr(value)}/>" for name, value in group.parms]
    for inner in group.groups:
        lines += _characteristic(inner, depth + 1)
    return [*lines, f"{space}</characteristic>"]


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
