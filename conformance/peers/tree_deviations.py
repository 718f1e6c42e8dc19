"""What sloppy implementers of devices do with the management tree (DM TND, DM TNDS)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from conformance.dm import listing, properties
from conformance.dm.executor import Executor
from conformance.dm.largeobject import Octets
from conformance.dm.node import NODE, Node
from conformance.dm.tree import Answer, Tree, Written
from conformance.fumo.agent import UpdateAgent
from conformance.peers.deviation import CLIENT
from conformance.peers.updateobject import UpdateObject
from conformance.syncml.model import Add, Command, Item, Replace
from conformance.transport.exchange import Source

# -- addresses and properties --------------------------------------------------------------------------------------------


@CLIENT("root-not-found", "tree")
class _RootNotFound(Tree):
    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        return (404, None) if uri == "." else super().get(uri, server)


@CLIENT("devinfo-not-in-root", "tree")
class _DevInfoHidden(Tree):
    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        code, answer = super().get(uri, server)
        if uri == "." and answer is not None:
            names = "/".join(name for name in self.root.children or {} if name != "DevInfo")
            answer = Answer(Octets(names.encode()), NODE)
        return code, answer


@CLIENT("firmware-version-stale", "tree")
class _VersionStale(Tree):
    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        code, answer = super().get(uri, server)
        stale = uri == "./DevDetail/FwV" and answer is not None
        return code, Answer(Octets(b"1.0"), answer.format, answer.type) if stale and answer else answer


@CLIENT("root-before-address-needed", "tree")
class _DotNeeded(Tree):
    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        return super().get(uri, server) if uri.startswith(".") else (404, None)


class _Property(Tree):
    """One property is told wrongly. ``tell`` gets the right value, which may be ``None``."""

    name = ""

    def property_of(self, node: Node, name: str) -> str | None:
        right = super().property_of(node, name)
        return self.tell(node, right) if name == self.name else right

    def tell(self, node: Node, right: str | None) -> str | None:
        return right


@CLIENT("name-with-address", "tree")
class _NameWithAddress(_Property):
    name = "Name"

    def tell(self, node: Node, right: str | None) -> str | None:
        return node.uri


@CLIENT("interior-format-chr", "tree")
class _InteriorChr(_Property):
    name = "Format"

    def tell(self, node: Node, right: str | None) -> str | None:
        return "chr" if node.interior else right


@CLIENT("interior-has-size", "tree")
class _InteriorSize(_Property):
    name = "Size"

    def tell(self, node: Node, right: str | None) -> str | None:
        return str(node.read().size)


@CLIENT("size-in-characters", "tree")
class _SizeInCharacters(_Property):
    name = "Size"

    def tell(self, node: Node, right: str | None) -> str | None:
        return str(len(node.text())) if right is not None and node.format == "chr" else right


@CLIENT("stamp-with-dashes", "tree")
class _StampWithDashes(_Property):
    name = "TStamp"

    def tell(self, node: Node, right: str | None) -> str | None:
        return f"{right[:4]}-{right[4:6]}-{right[6:]}" if right else right


@CLIENT("version-stuck", "tree")
class _VersionStuck(_Property):
    name = "VerNo"

    def tell(self, node: Node, right: str | None) -> str | None:
        return "1"


@CLIENT("version-in-hexadecimal", "tree")
class _VersionHexadecimal(_Property):
    name = "VerNo"

    def tell(self, node: Node, right: str | None) -> str | None:
        return f"0x{node.version:04X}"


@CLIENT("devinfo-type-of-draft", "tree")
class _DevInfoDraft(_Property):
    name = "Type"

    def tell(self, node: Node, right: str | None) -> str | None:
        return "org.openmobilealliance/1.0/DevInfo" if node.uri == "./DevInfo" else right


@CLIENT("inherited-list-shown", "tree")
class _InheritedShown(_Property):
    name = "ACL"

    def tell(self, node: Node, right: str | None) -> str | None:
        above: Node | None = node
        while above is not None and not above.acl:
            above = above.parent
        return above.acl if above is not None else right


@CLIENT("root-without-list", "tree")
class _RootWithoutList(_Property):
    name = "ACL"

    def tell(self, node: Node, right: str | None) -> str | None:
        return "" if node.parent is None else right


@CLIENT("factory-list-narrow", "tree")
class _FactoryNarrow(_Property):
    name = "ACL"

    def tell(self, node: Node, right: str | None) -> str | None:
        return "Get=*" if node.parent is None else right


@CLIENT("unknown-property-empty", "tree")
class _UnknownEmpty(Tree):
    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        code, answer = super().get(uri, server)
        return (200, Answer(Octets())) if code == 406 and "?prop=" in uri else (code, answer)


@CLIENT("type-replaceable", "tree")
class _TypeReplaceable(Tree):
    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        node = self.find(uri.removesuffix("?prop=Type"))
        if uri.endswith("?prop=Type") and node is not None:
            self.set_type(node, written.value.read(0, 255).decode())
            return 200
        return super().replace(uri, written, server)


@CLIENT("permanent-renamed", "tree")
class _PermanentRenamed(Tree):
    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        code = super().replace(uri, written, server)
        node = self.find(uri.removesuffix("?prop=Name"))
        if code == 405 and uri.endswith("?prop=Name") and node is not None:
            return properties.replace(self, node, "Name", written.value)
        return code


@CLIENT("rename-over-sibling", "tree")
class _RenameOver(Tree):
    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        code = super().replace(uri, written, server)
        node = self.find(uri.removesuffix("?prop=Name"))
        if code == 418 and node is not None:
            properties.call_it(node, written.value.read(0, 255).decode())
            return 200
        return code


@CLIENT("property-added", "tree")
class _PropertyAdded(Tree):
    def add(self, uri: str, written: Written, server: str | None = None) -> int:
        return 200 if "?prop=" in uri else super().add(uri, written, server)


@CLIENT("meta-of-add-ignored", "tree")
class _MetaIgnored(Tree):
    def add(self, uri: str, written: Written, server: str | None = None) -> int:
        if written.format != NODE:
            written = Written(written.value, "chr", "text/plain")
        return super().add(uri, written, server)


@CLIENT("names-in-lower-case", "tree")
class _LowerCase(Tree):
    def _grow(self, parent: Node, node: Node, server: str | None) -> Node:
        node.name = node.name.lower() if not node.interior else node.name
        return super()._grow(parent, node, server)


@CLIENT("protected-node-deleted", "tree")
class _ProtectedDeleted(Tree):
    def delete(self, uri: str, server: str | None = None) -> int:
        node = self.find(uri)
        if node is not None and node.name == "State":
            self._detach(node)
            return 200
        return super().delete(uri, server)


# -- firmware update objects ---------------------------------------------------------------------------------------------


@CLIENT("absent-address-empty", "tree")
class _AbsentEmpty(Tree):
    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        code, answer = super().get(uri, server)
        return (200, Answer(Octets(), "chr")) if code == 404 and uri.endswith("/PkgURL") else (code, answer)


@CLIENT("first-package-kept", "agent")
class _FirstPackage(UpdateAgent):
    def data_replaced(self, package: Source) -> None:
        if self.package is None or not package.size:
            super().data_replaced(package)


@CLIENT("created-object-empty", "object")
class _CreatedEmpty(UpdateObject):
    def paths(self) -> list[str]:
        return super().paths() if self.node.permanent else []


# -- lists ---------------------------------------------------------------------------------------------------------------


class _Lister(Executor):
    """A list is told wrongly. ``tell`` changes what was found."""

    def listed(self, uri: str, wanted: str, found: list[Item]) -> int:
        before = len(found)
        code = super().listed(uri, wanted, found)
        found[before:] = self.tell(wanted, found[before:])
        return code

    def tell(self, wanted: str, items: list[Item]) -> list[Item]:
        return items


@CLIENT("list-without-data", "executor")
class _ListWithoutData(_Lister):
    def tell(self, wanted: str, items: list[Item]) -> list[Item]:
        return [Item(source=item.source, meta=item.meta) for item in items] if wanted == listing.STRUCT_DATA else items


@CLIENT("list-without-start", "executor")
class _ListWithoutStart(_Lister):
    def tell(self, wanted: str, items: list[Item]) -> list[Item]:
        return items[1:]


@CLIENT("list-refused-with-500", "executor")
class _ListRefused(Executor):
    def listed(self, uri: str, wanted: str, found: list[Item]) -> int:
        return 500 if wanted == listing.STRUCT else super().listed(uri, wanted, found)


@CLIENT("list-shows-all", "tree")
class _ListShowsAll(Tree):
    def readable(self, node: Node, server: str | None) -> Iterator[tuple[str, Node]]:
        return super().readable(node, None)


@CLIENT("filter-unchecked", "executor")
class _FilterUnchecked(Executor):
    def listed(self, uri: str, wanted: str, found: list[Item]) -> int:
        return super().listed(uri, listing.TNDS if wanted.startswith(listing.TNDS) else wanted, found)


# -- documents -----------------------------------------------------------------------------------------------------------


@CLIENT("document-half-added", "tree")
class _HalfAdded(Tree):
    def together(self, work: Callable[[], int]) -> int:
        return work()


@CLIENT("document-refused-with-500", "executor")
class _DocumentRefused(Executor):
    def store(self, command: Command, target: str, value: Any) -> int:
        return 500 if "dmtnds" in (value.meta.type or "") else super().store(command, target, value)


@CLIENT("document-added-to", "executor")
class _DocumentAddedTo(Executor):
    """Replace leaves what the document does not have: the first node of the old tree stays."""

    def store(self, command: Command, target: str, value: Any) -> int:
        node = self.tree.find(target)
        kept = dict(node.children or {}) if node is not None else {}
        code = super().store(command, target, value)
        if code == 200 and node is not None and isinstance(command, Replace) and node.children is not None:
            node.children |= {name: child for name, child in kept.items() if name not in node.children}
        return code


@CLIENT("document-kept-as-value", "executor")
class _DocumentAsValue(Executor):
    def store(self, command: Command, target: str, value: Any) -> int:
        if isinstance(command, Add) and "dmtnds" in (value.meta.type or ""):
            return self.tree.add(target, Written(value.raw, "xml", "text/xml"), self.server)
        return super().store(command, target, value)
