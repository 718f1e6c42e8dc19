"""Accounts of DM servers in the tree of the reference device, in the layouts of DM 1.2 and 1.1.2 (DM StdObj 5.3.1).

What a server changes in its own account holds from the next session on. Secrets can be written and not read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.dm import properties
from conformance.dm.authentication import ClientKeys
from conformance.dm.credentials import Account
from conformance.dm.node import Node
from conformance.dm.tree import Tree
from conformance.peers.profile import DeviceProfile

MO_ID = "urn:oma:mo:oma-dm-dmacc:1.0"
ROOT, OLD_ROOT = "./DMAcc", "./SyncML/DMAcc"
"""Where accounts are: DM 1.2 leaves the place free and this is the usual one; that of 1.1.2 is fixed."""
_GET, _BOTH, _SECRET = frozenset(("Get",)), frozenset(("Get", "Replace")), frozenset(("Replace",))
_TYPES = {"basic": "BASIC", "md5": "DIGEST", "hmac": "HMAC", "none": "TRANSPORT"}
_KINDS = {name: kind for kind, name in _TYPES.items() if kind != "none"}
_NEW = {
    "AppAddr/1/Addr": "url", "AAuthPref": "preference", "AppAuth/1/AAuthName": "user", "AppAuth/1/AAuthSecret": "password",
    "AppAuth/1/AAuthData": "nonce", "AppAuth/2/AAuthName": "server-user", "AppAuth/2/AAuthSecret": "server-password",
    "AppAuth/2/AAuthData": "server-nonce",
}  # fmt: skip
_OLD = {
    "Addr": "url", "AuthPref": "preference", "UserName": "user", "ClientPW": "password", "ClientNonce": "nonce",
    "ServerPW": "server-password", "ServerNonce": "server-nonce",
}  # fmt: skip
"""Leaves that can be written, and what of the account they are."""
_MOST = 64
"""Accounts of other servers that are kept in mind."""
_SECRETS = ("password", "nonce", "server-password", "server-nonce")


class Accounts:
    """The accounts of one device. ``own`` is that of the profile; servers may add and delete others.

    ``changes`` is what the server wrote into its own account, as hexadecimal octets, by the words of the tables above.
    """

    def __init__(self, tree: Tree, profile: DeviceProfile, keys: ClientKeys) -> None:
        self.tree, self.profile, self.keys = tree, profile, keys
        self.changes: dict[str, str] = {}
        self._pending: dict[str, str] = {}
        self._strangers: dict[str, str] = {}

    # -- what holds --------------------------------------------------------------------------------------------------

    def text(self, word: str) -> str:
        """The value of a word in force."""
        profile = self.profile
        if word in self.changes:
            return bytes.fromhex(self.changes[word]).decode("utf-8", "replace")
        return {
            "url": profile.server_url, "preference": _TYPES[profile.authentication], "user": profile.client.username,
            "password": profile.client.password, "server-user": profile.server.username,
            "server-password": profile.server.password,
        }.get(word, "")

    @property
    def url(self) -> str:
        """Where the next session goes."""
        return self.text("url")

    @property
    def authentication(self) -> str:
        """The type of credentials that the next session begins with (AAuthPref)."""
        kind = _KINDS.get(self.text("preference"), "")
        return kind if "preference" in self.changes and kind in self.profile.authentications else self.profile.authentication

    def settle(self) -> None:
        """A session is over: what was written to the account in it holds from now on."""
        pending, self._pending = self._pending, {}
        self.changes |= pending
        self._take_over(pending)

    def _take_over(self, changed: Mapping[str, str]) -> None:
        keys = self.keys
        if {"user", "password"} & set(changed):
            keys.account = Account(self.text("user"), self.text("password"))
        if {"server-user", "server-password"} & set(changed):
            keys.verifier.account = Account(self.text("server-user"), self.text("server-password"))
        if "nonce" in changed:
            keys.nonce = bytes.fromhex(changed["nonce"])
        if "server-nonce" in changed:
            keys.verifier.current = bytes.fromhex(changed["server-nonce"])

    def load(self, changes: Mapping[str, Any]) -> None:
        """Takes up what an earlier life had in :attr:`changes`; nonces went on since and are kept elsewhere."""
        self.changes = {str(word): str(value) for word, value in changes.items()}
        self._take_over({word: value for word, value in self.changes.items() if not word.endswith("nonce")})

    # -- the tree ----------------------------------------------------------------------------------------------------

    def furnish(self, leaf: Callable[..., Node], interior: Callable[..., Node], acl: str) -> None:
        """Puts the device's own account into the tree, as both versions have it."""
        tree, root, old = self.tree, f"{ROOT}/Server", f"{OLD_ROOT}/Server"
        access = _GET | {"Add"}
        interior(tree, ROOT, access=access)
        interior(tree, root, MO_ID, acl_=acl)
        for name, text in (
            ("AppID", "w7"), ("ServerID", self.profile.server_id), ("Name", "Device management"),
            ("AppAddr/1/AddrType", "URI"), ("AppAuth/1/AAuthLevel", "CLCRED"), ("AppAuth/2/AAuthLevel", "SRVCRED"),
        ):
            leaf(tree, f"{root}/{name}", text)
        for number in ("1", "2"):
            leaf(tree, f"{root}/AppAuth/{number}/AAuthType", lambda: _TYPES[self.authentication])
        interior(tree, "./SyncML/DMAcc", access=access)
        interior(tree, old, acl_=acl)
        for name, text in (
            ("AddrType", "1"), ("PortNbr", ""), ("ConRef", ""), ("ServerId", self.profile.server_id),
            ("Name", "Device management"),
        ):
            leaf(tree, f"{old}/{name}", text)
        for place, words in ((root, _NEW), (old, _OLD)):
            for path, word in words.items():
                self._leaf(leaf, f"{place}/{path}", word)

    def _leaf(self, leaf: Callable[..., Node], uri: str, word: str) -> None:
        if word not in _SECRETS:
            leaf(self.tree, uri, lambda: self.text(word), access=_BOTH)
        elif word.endswith("nonce"):
            self.tree.place(uri, format="bin", access=self.secret())
        else:
            self.tree.place(uri, format="chr", type="text/plain", access=self.secret())

    def secret(self) -> frozenset[str]:
        """The AccessType of passwords and nonces."""
        return _SECRET

    def changed(self, command: str, uri: str) -> None:
        """Something changed in the tree."""
        if not uri.startswith((f"{ROOT}/", f"{OLD_ROOT}/")):
            return
        own = next((r for r in (f"{ROOT}/Server/", f"{OLD_ROOT}/Server/") if uri.startswith(r)), None)
        if own is not None:
            word = (_NEW if own.startswith(ROOT) else _OLD).get(uri.removeprefix(own))
            node = self.tree.find(uri)
            if command == "Replace" and word is not None and node is not None:
                self._pending[word] = node.value.read(0, node.value.size).hex()
            return
        if command == "Name":
            self._renamed()
            return
        account = uri.removeprefix(f"{ROOT}/").removeprefix(f"{OLD_ROOT}/").partition("/")[0]
        place = f"{ROOT if uri.startswith(f'{ROOT}/') else OLD_ROOT}/{account}"
        self._stranger(command, place)

    def _stranger(self, command: str, place: str) -> None:
        """An account that a server added: who it belongs to is known by its ServerID."""
        named = next((n for name in ("ServerID", "ServerId") if (n := self.tree.find(f"{place}/{name}")) is not None), None)
        if named is not None and command in ("Add", "Replace"):
            self._own(place, named.text())
        elif named is None and place in self._strangers:
            self._own(place, "")

    def _renamed(self) -> None:
        """An account, or something in one, has another name: all places are looked at again."""
        before, self._strangers = self._strangers, {}
        for root in (ROOT, OLD_ROOT):
            for name in list((node.children or {}) if (node := self.tree.find(root)) is not None else ()):
                if name != "Server":
                    self._stranger("Add", f"{root}/{name}")
        for server in set(before.values()) - {self.profile.server_id, *self._strangers.values()}:
            self.forget(server)

    def _own(self, place: str, server: str) -> None:
        before = self._strangers.pop(place, "")
        if server and len(self._strangers) < _MOST:
            self._strangers[place] = server
        others = {self.profile.server_id, *self._strangers.values()}
        if before and before != server and before not in others:
            self.forget(before)

    def forget(self, server: str) -> None:
        """A server has no account any more."""
        properties.forget(self.tree, server)
