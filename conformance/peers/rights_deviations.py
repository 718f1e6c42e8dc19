"""What sloppy implementers of devices do with control lists and standard objects (DM TND 7.7.1, DM StdObj)."""

from __future__ import annotations

from typing import Any

from conformance.dm import acl, properties
from conformance.dm.executor import Executor
from conformance.dm.largeobject import Octets
from conformance.dm.node import Node
from conformance.dm.tree import Tree, Written
from conformance.peers.accounts import Accounts
from conformance.peers.deviation import CLIENT
from conformance.syncml.model import Command, Item

# -- control lists -------------------------------------------------------------------------------------------------------


@CLIENT("lists-merged", "tree")
class _Merged(Tree):
    def grants(self, node: Node, command: str, server: str | None) -> bool:
        above: Node | None = node
        while above is not None:
            if super().grants(above, command, server):
                return True
            above = above.parent
        return False


@CLIENT("leaf-changes-own-list", "tree")
class _LeafOwnList(Tree):
    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        node = self.find(uri.removesuffix("?prop=ACL"))
        if uri.endswith("?prop=ACL") and node is not None and self.grants(node, "Replace", server):
            return properties.replace(self, node, "ACL", written.value)
        return super().replace(uri, written, server)


@CLIENT("creator-without-rights", "tree")
class _CreatorWithout(Tree):
    def _grow(self, parent: Node, node: Node, server: str | None) -> Node:
        return super()._grow(parent, node, None)


@CLIENT("list-unchecked", "tree")
class _ListUnchecked(Tree):
    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        code = super().replace(uri, written, server)
        node = self.find(uri.removesuffix("?prop=ACL"))
        if code == 400 and uri.endswith("?prop=ACL") and node is not None:
            node.acl = written.value.read(0, 255).decode()
            return 200
        return code


@CLIENT("wildcard-only-alone", "tree")
class _WildcardAlone(Tree):
    def grants(self, node: Node, command: str, server: str | None) -> bool:
        servers = node.effective().get(command, frozenset())
        crowded = "*" in servers and len(servers) > 1 and server not in servers
        return super().grants(node, command, server) and not (crowded and server is not None)


@CLIENT("implicit-node-with-list", "tree")
class _ImplicitWithList(Tree):
    def _grow(self, parent: Node, node: Node, server: str | None) -> Node:
        made = super()._grow(parent, node, server)
        if made.interior and made.name == "Made" and server is not None:
            made.set_acl(acl.write(dict.fromkeys(acl.COMMANDS, server)))
        return made


@CLIENT("root-closed-by-server", "tree")
class _RootClosed(Tree):
    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        return 200 if uri == ".?prop=ACL" else super().replace(uri, written, server)


@CLIENT("gone-server-stays", "accounts")
class _GoneStays(Accounts):
    def forget(self, server: str) -> None:
        pass


@CLIENT("gone-server-empties-root", "accounts")
class _GoneEmpties(Accounts):
    def forget(self, server: str) -> None:
        super().forget(server)
        self.tree.root.set_acl("Get=*")


# -- standard objects ----------------------------------------------------------------------------------------------------


@CLIENT("secret-readable", "accounts")
class _SecretReadable(Accounts):
    def secret(self) -> frozenset[str]:
        return super().secret() | {"Get"}


@CLIENT("preference-untrue", "accounts")
class _PreferenceUntrue(Accounts):
    def text(self, word: str) -> str:
        return "BASIC" if word == "preference" else super().text(word)


class _Placed(Tree):
    """One node of the factory is made otherwise."""

    at = ""

    def place(self, uri: str, **fields: Any) -> Node:
        if uri == self.at:
            self.change(fields)
        return super().place(uri, **fields)

    def change(self, fields: dict[str, Any]) -> None:
        pass


@CLIENT("inbox-readable", "tree")
class _InboxReadable(_Placed):
    at = "./Inbox"

    def change(self, fields: dict[str, Any]) -> None:
        fields["access"] = frozenset(("Add", "Get"))


@CLIENT("limits-in-words", "tree")
class _LimitsInWords(_Placed):
    at = "./DevDetail/URI/MaxDepth"

    def change(self, fields: dict[str, Any]) -> None:
        fields["value"] = Octets(b"unlimited")


@CLIENT("devdetail-incomplete", "tree")
class _DevDetailIncomplete(Tree):
    def place(self, uri: str, **fields: Any) -> Node:
        return super().place("./DevDetail/DevTyp" if uri == "./DevDetail/OEM" else uri, **fields)


@CLIENT("large-object-flag-untrue", "executor")
class _FlagUntrue(Executor):
    def write(self, command: Command, item: Item) -> int:
        return 406 if item.more else super().write(command, item)
