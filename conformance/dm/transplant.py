"""Puts the sub-tree of a TNDS document into a tree: all of it or nothing (DM RepPro 6.6.1, 6.6.11; DM TNDS 5)."""

from __future__ import annotations

from conformance.dm import acl, tnds
from conformance.dm.address import parse
from conformance.dm.largeobject import Octets
from conformance.dm.node import NODE, Node
from conformance.dm.tnds import Branch
from conformance.dm.tree import Tree, Written
from conformance.transport.exchange import Source


def add(tree: Tree, uri: str, document: Source, server: str | None) -> int:
    """Add of a document: the status of the node that failed, or 200. ``tree.failed_at`` names that node."""
    return _put(tree, uri, document, server, replace=False)


def replace(tree: Tree, uri: str, document: Source, server: str | None) -> int:
    """Replace of a sub-tree by a document: what is not in it is deleted, what is new is made."""
    return _put(tree, uri, document, server, replace=True)


def _put(tree: Tree, uri: str, document: Source, server: str | None, *, replace: bool) -> int:
    tree.failed_at = ""
    address = parse(uri, tree.limits)
    if isinstance(address, int):
        return address
    if not address.plain:
        return 405
    if not tree.features.tnds:
        return 415
    if document.size > tnds.LARGEST:
        return 413
    try:
        branches = tnds.read(document.read(0, document.size))
    except tnds.Fault:
        return 400
    target = address.uri
    return tree.together(lambda: _all(_Planter(tree, server), branches, target, replace))


def _all(planter: _Planter, branches: list[Branch], target: str, replace: bool) -> int:
    for branch in branches:
        # An empty name is that of the target itself (DM TNDS 5.3.4); paths are relative to the target.
        parts = [target, *([branch.path.strip("/")] if branch.path.strip("/") else []), *([branch.name] if branch.name else [])]
        code = planter.replace("/".join(parts), branch) if replace else planter.add("/".join(parts), branch)
        if code >= 300:
            return code
    return 200


class _Planter:
    """Carries out one document for one server."""

    def __init__(self, tree: Tree, server: str | None) -> None:
        self.tree, self.server = tree, server

    def add(self, root: str, branch: Branch) -> int:
        """Adds a branch with all below it."""
        made: Node | None = None
        for names, each in branch.walk():
            uri = "/".join((root, *names))
            if made is not None and (there := self.tree.find(uri)) is not None and there.permanent:
                code = self.fill(there, uri, each)
            else:
                code = self.plant(uri, each)
            if code >= 300:
                self.tree.failed_at = uri
                return code
            made = made or self.tree.find(uri)
        return 200

    def fill(self, node: Node, uri: str, branch: Branch) -> int:
        """A node that the device itself made with the branch, such as those of a firmware update object."""
        if node.interior or "Replace" not in node.access or branch.value is None:
            return 200 if node.interior == branch.interior else 405
        return self.tree.replace(uri, _written(branch), self.server)

    def plant(self, uri: str, branch: Branch) -> int:
        """Adds one node with the properties that the document gives it."""
        if branch.children and not branch.interior:
            return 405
        code = self.tree.add(uri, _written(branch), self.server)
        node = self.tree.find(uri)
        if code >= 300 or node is None:
            return code
        return self.dress(node, branch)

    def dress(self, node: Node, branch: Branch) -> int:
        """Gives a node the list and the title of the document."""
        if branch.acl:
            if acl.parse(branch.acl) is None or len(branch.acl) > acl.LONGEST:
                return 400
            self.tree.set_acl(node, branch.acl)
        if branch.title is not None and "Title" in self.tree.features.known:
            return self.tree.replace(f"{node.uri}?prop=Title", Written(Octets(branch.title.encode())))
        return 200

    def replace(self, root: str, branch: Branch) -> int:
        """Brings a sub-tree to what a branch says."""
        node = self.tree.find(root)
        if node is None:
            return 404
        if "Replace" not in node.access or (node.permanent and node.interior):
            return 405
        if not self.tree.grants(node, "Replace", self.server):
            return 425
        for names, each in branch.walk():
            uri = "/".join((root, *names))
            code = self.renew(uri, each)
            if code >= 300:
                self.tree.failed_at = uri
                return code
        return 200

    def renew(self, uri: str, branch: Branch) -> int:
        """Brings one node to what the document says of it, and removes what the document does not have below it."""
        node = self.tree.find(uri)
        if len({child.name for child in branch.children}) < len(branch.children):
            return 418
        if node is not None and node.interior != branch.interior:
            code = self.tree.delete(uri, self.server)
            if code >= 300:
                return code
            node = None
        if node is None:
            return self.plant(uri, branch)
        if not node.interior:
            code = self.tree.replace(uri, _written(branch), self.server)
            return code if code >= 300 else self.dress(node, branch)
        if branch.type is not None and branch.type != node.type:
            if node.permanent:
                return 405
            self.tree.set_type(node, branch.type)
        kept = {child.name for child in branch.children}
        for name in [name for name in node.children or {} if name not in kept]:
            code = self.tree.delete(f"{uri}/{name}", self.server)
            if code >= 300:
                return code
        return self.dress(node, branch)


def _written(branch: Branch) -> Written:
    format_ = branch.format or (NODE if branch.interior else "chr")
    return Written(Octets(b"" if format_ == NODE else branch.value or b""), format_, branch.type or None)
