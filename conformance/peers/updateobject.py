"""A firmware update object in the tree of the reference device, and the agent behind it (FUMO TS 5)."""

from __future__ import annotations

from conformance.dm.largeobject import Octets
from conformance.dm.node import Node
from conformance.dm.tree import Tree
from conformance.fumo import condition
from conformance.fumo.agent import UpdateAgent
from conformance.fumo.object import DOWNLOAD, DOWNLOAD_AND_UPDATE, MO_ID, NODES, OPERATIONS, UPDATE
from conformance.peers.furniture import owned
from conformance.peers.profile import DeviceProfile
from conformance.transport.exchange import Source


class UpdateObject:
    """One object: its root node, its agent, and what happens where the two touch."""

    mo_id = MO_ID

    def __init__(self, tree: Tree, node: Node, agent: UpdateAgent, profile: DeviceProfile) -> None:
        self.tree, self.node, self.agent, self.profile = tree, node, agent, profile
        self.package_serial = 0
        self._package: Source | None = None

    @property
    def uri(self) -> str:
        """The address of the object."""
        return self.node.uri

    @property
    def present(self) -> bool:
        """Whether the object is still in the tree."""
        return self.tree.find(self.uri) is self.node

    # -- building ----------------------------------------------------------------------------------------------------

    def build(self, creator: str | None = None) -> None:
        """Puts the nodes below the root, as many as the device has (FUMO TS 5.1). They belong to who made the root."""
        self.node.type = self.mo_id
        self.node.access = NODES[""].access | ({"Delete"} if not self.node.permanent else set())
        self.node.guard = lambda command: 403 if self.agent.busy else 0
        self.node.set_acl(owned(creator or self.profile.server_id))
        for path in self.paths():
            self.place(path)

    def paths(self) -> list[str]:
        """Paths of the nodes that this device has."""
        lacking = [operation for operation in OPERATIONS if operation not in self.profile.operations]
        if not self.profile.package_by_dm:
            lacking.append(f"{UPDATE}/PkgData")
        return [p for p in NODES if p and not any(p == gone or p.startswith(f"{gone}/") for gone in lacking)]

    def place(self, path: str) -> None:
        """Puts one node into the tree."""
        rule, uri = NODES[path], f"{self.uri}/{path}"
        if rule.interior:
            self.tree.place(uri, format="node", access=self.access(path), children={})
        elif path == "Update/PkgData":
            self.tree.place(
                uri, format="bin", type="application/octet-stream", access=self.access(path), guard=self.may_store,
                limit=self.profile.storage,
            )
        else:
            giver = {"State": self.state, "PkgName": lambda: self.agent.name, "PkgVersion": lambda: self.agent.version}
            self.tree.place(
                uri, format=rule.format, type="text/plain", access=self.access(path), provider=giver.get(path), limit=8192
            )

    def access(self, path: str) -> frozenset[str]:
        """The AccessType of a node."""
        return NODES[path].access

    def state(self) -> str:
        """The value of State."""
        return str(int(self.agent.state))

    def may_store(self, command: str) -> int:
        """Whether a package can be taken now: 0, 403 while an operation is under way, 420 without room."""
        if self.agent.busy:
            return 403
        return 420 if self.agent.conditions.strike(condition.DOWNLOADING) else 0

    # -- what a server does ------------------------------------------------------------------------------------------

    def path_of(self, uri: str) -> str | None:
        """The path of an address below this object, ``None`` where it lies elsewhere."""
        return uri.removeprefix(f"{self.uri}/") if uri.startswith(f"{self.uri}/") else None

    def url(self, operation: str) -> str:
        """The value of the PkgURL of an operation; "" for Update, which has none."""
        node = self.tree.find(f"{self.uri}/{operation}/PkgURL")
        return "" if node is None else node.text()

    def exec(self, path: str, correlator: str | None, at: float) -> int:
        """Exec of a node of this object: the DM status."""
        if path not in self.profile.operations:
            return 405
        return self.agent.exec(path, correlator, self.url(path), at)

    def replaced(self, path: str, at: float) -> None:
        """A value of this object was replaced."""
        if path in (f"{DOWNLOAD}/PkgURL", f"{DOWNLOAD_AND_UPDATE}/PkgURL"):
            self.agent.url_replaced()
        elif path == f"{UPDATE}/PkgData":
            node = self.tree.find(f"{self.uri}/{path}")
            if node is not None:
                value, node.value = node.value, Octets()
                self.agent.data_replaced(value)

    # -- restart -----------------------------------------------------------------------------------------------------

    @property
    def package_name(self) -> str:
        """A name for the package that is held, another one for each; "" where none is held."""
        if self.agent.package is None:
            return ""
        if self.agent.package is not self._package:
            self._package = self.agent.package
            self.package_serial += 1
        return f"{self.node.name}-{self.package_serial}"

    def restore(self, serial: int, package: Source | None) -> None:
        """The package of an earlier life is held again, under its name."""
        self.package_serial, self._package = serial, package
