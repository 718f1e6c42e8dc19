"""What sloppy implementers of devices do with the standard objects and with the properties of a node (DM StdObj 5.3, DM TND 7).

``testcases/deviations/client.yaml`` says of each in one sentence what it is, and which requirements it breaks.
"""

from __future__ import annotations

from typing import Any

from conformance.dm.address import parse
from conformance.dm.executor import Executor
from conformance.dm.largeobject import Octets
from conformance.dm.node import Node
from conformance.dm.tree import Answer, Tree, Written
from conformance.peers.deviation import CLIENT
from conformance.peers.furniture import INBOX
from conformance.syncml.model import Item

DETAIL = "./DevDetail"


class _Lacking(Tree):
    """Base of devices that leave one node out: ``at``."""

    at = ""

    def place(self, uri: str, **fields: Any) -> Node:
        made = super().place(uri, **fields)
        if uri == self.at:
            self._detach(made)
        return made


@CLIENT("device-type-missing", "tree")
class _DeviceTypeMissing(_Lacking):
    at = f"{DETAIL}/DevTyp"


@CLIENT("software-version-missing", "tree")
class _SoftwareMissing(_Lacking):
    at = f"{DETAIL}/SwV"


@CLIENT("hardware-version-missing", "tree")
class _HardwareMissing(_Lacking):
    at = f"{DETAIL}/HwV"


class _Saying(Tree):
    """Base of devices whose leaf ``at`` says ``text``, whatever is true."""

    at = text = ""

    def place(self, uri: str, **fields: Any) -> Node:
        if uri == self.at:
            fields |= {"value": Octets(self.text.encode()), "provider": None}
        return super().place(uri, **fields)


@CLIENT("total-length-negative", "tree")
class _TotalLengthNegative(_Saying):
    at, text = f"{DETAIL}/URI/MaxTotLen", "-1"


@CLIENT("segment-length-empty", "tree")
class _SegmentLengthEmpty(_Saying):
    at, text = f"{DETAIL}/URI/MaxSegLen", ""


@CLIENT("large-object-flag-in-words", "tree")
class _FlagInWords(_Saying):
    at, text = f"{DETAIL}/LrgObj", "supported"


@CLIENT("firmware-version-constant", "tree")
class _FirmwareConstant(_Saying):
    at, text = f"{DETAIL}/FwV", "unknown"


@CLIENT("account-of-another-server", "tree")
class _AccountOfAnother(_Saying):
    at, text = "./DMAcc/Server/ServerID", "server"


class _Refusing(Tree):
    """Base of devices that answer Get of some addresses with another code: ``code_of`` gives it, 0 for all others."""

    def code_of(self, uri: str) -> int:
        raise NotImplementedError

    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        code = self.code_of(uri)
        return (code, None) if code else super().get(uri, server)


@CLIENT("account-not-found", "tree")
class _AccountNotFound(_Refusing):
    """Shows the leaves of an account and not the account."""

    def code_of(self, uri: str) -> int:
        return 404 if uri.endswith("DMAcc/Server") else 0


@CLIENT("anything-found-in-inbox", "tree")
class _FoundInInbox(Tree):
    """Says 200, and shows nothing, for whatever is looked for in the Inbox."""

    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        return (200, Answer(Octets(), "chr")) if uri.startswith(f"{INBOX}/") else super().get(uri, server)


class _Missing(Tree):
    """Base of devices that find something where there is nothing."""

    def found(self, uri: str) -> bool:
        """Whether an address without a node is taken for that of an empty leaf."""
        raise NotImplementedError

    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        code, answer = super().get(uri, server)
        return (200, Answer(Octets(), "chr")) if code == 404 and self.found(uri) else (code, answer)


@CLIENT("leaf-found-below-leaf", "tree")
class _BelowLeaf(_Missing):
    """Finds an empty leaf below every leaf."""

    def found(self, uri: str) -> bool:
        above = self.find(uri.rpartition("/")[0])
        return above is not None and not above.interior


@CLIENT("missing-node-in-object-empty", "tree")
class _EmptyInObject(_Missing):
    """Shows nodes that its update object does not have as empty ones."""

    def found(self, uri: str) -> bool:
        above = self.find(uri.rpartition("/")[0])
        return above is not None and "State" in (above.children or {})


# -- properties ----------------------------------------------------------------------------------------------------------


class _Property(Tree):
    """Base of what is wrong with a property: ``tell`` changes what is said of it."""

    def property_of(self, node: Node, name: str) -> str | None:
        right = super().property_of(node, name)
        return right if right is None else self.tell(node, name, right)

    def tell(self, node: Node, name: str, right: str) -> str | None:
        raise NotImplementedError


@CLIENT("leaf-format-as-media-type", "tree")
class _FormatAsMediaType(_Property):
    """Says the media type of a leaf where its Format is asked for."""

    def tell(self, node: Node, name: str, right: str) -> str | None:
        return node.type if name == "Format" and not node.interior else right


@CLIENT("leaf-type-as-format", "tree")
class _TypeAsFormat(_Property):
    """Says the Format of a leaf where its Type is asked for."""

    def tell(self, node: Node, name: str, right: str) -> str | None:
        return node.format if name == "Type" and not node.interior else right


@CLIENT("devdetail-type-as-words", "tree")
class _DetailType(_Property):
    """Describes DevDetail in words where its identifier belongs."""

    def tell(self, node: Node, name: str, right: str) -> str | None:
        return "device details" if name == "Type" and node.uri == DETAIL else right


@CLIENT("no-list-as-word", "tree")
class _NoListAsWord(_Property):
    """Says "none" of a node without a list of its own."""

    def tell(self, node: Node, name: str, right: str) -> str | None:
        return "none" if name == "ACL" and not right else right


@CLIENT("size-with-end", "tree")
class _SizeWithEnd(_Property):
    """Counts the zero octet behind a value for its Size."""

    def tell(self, node: Node, name: str, right: str) -> str | None:
        return str(int(right) + 1) if name == "Size" else right


class _CannotTell(_Refusing):
    """Base of devices that answer Get of one property with 500."""

    prop = ""

    def code_of(self, uri: str) -> int:
        address = parse(uri, self.limits)
        return 500 if not isinstance(address, int) and address.prop == self.prop else 0


@CLIENT("size-answered-500", "tree")
class _Size500(_CannotTell):
    prop = "Size"


@CLIENT("title-answered-500", "tree")
class _Title500(_CannotTell):
    prop = "Title"


@CLIENT("stamp-answered-500", "tree")
class _Stamp500(_CannotTell):
    prop = "TStamp"


@CLIENT("format-written", "tree")
class _FormatWritten(Tree):
    """Takes a Replace of the property Format."""

    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        code = super().replace(uri, written, server)
        node = self.find(uri.removesuffix("?prop=Format"))
        if uri.endswith("?prop=Format") and code == 405 and node is not None:
            node.format = written.value.read(0, 16).decode("utf-8", "replace")
            return 200
        return code


# -- lists ---------------------------------------------------------------------------------------------------------------


class _Listing(Executor):
    """Base of what is wrong with ``?list=``."""

    def listed(self, uri: str, wanted: str, found: list[Item]) -> int:
        code = super().listed(uri, wanted, found)
        return self.instead(code, uri, wanted, found)

    def instead(self, code: int, uri: str, wanted: str, found: list[Item]) -> int:
        """The code that is answered."""
        raise NotImplementedError


@CLIENT("document-list-answered-500", "executor")
class _DocumentList500(_Listing):
    def instead(self, code: int, uri: str, wanted: str, found: list[Item]) -> int:
        if wanted.startswith("TNDS"):
            found.clear()
            return 500
        return code


@CLIENT("unknown-list-as-get", "executor")
class _UnknownListAsGet(_Listing):
    """Answers a list that it does not know as if there were no query."""

    def instead(self, code: int, uri: str, wanted: str, found: list[Item]) -> int:
        return self.get(Item(target=uri), found) if code == 406 else code


@CLIENT("list-of-nothing", "executor")
class _ListOfNothing(_Listing):
    """Answers a list of a node that it does not have with 200."""

    def instead(self, code: int, uri: str, wanted: str, found: list[Item]) -> int:
        return 200 if code == 404 else code
