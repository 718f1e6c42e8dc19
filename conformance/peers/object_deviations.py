"""What sloppy implementers of devices do with the nodes of an update object: addresses, child lists, State, abilities.

``testcases/deviations/client.yaml`` says of each in one sentence what it is, and which requirements it breaks.
"""

from __future__ import annotations

from urllib.parse import unquote

from conformance.dm.largeobject import Octets
from conformance.dm.node import Node
from conformance.dm.tree import Answer, Tree, Written
from conformance.fumo.object import DOWNLOAD, DOWNLOAD_AND_UPDATE, MO_ID, OPERATIONS, UPDATE, State
from conformance.peers.deviation import CLIENT
from conformance.peers.updateobject import UpdateObject
from conformance.transport.exchange import Source

_ADDRESSES = {operation: f"{operation}/PkgURL" for operation in (DOWNLOAD, DOWNLOAD_AND_UPDATE)}

# -- the root ------------------------------------------------------------------------------------------------------------


@CLIENT("object-root-unreadable", "object")
class _RootUnreadable(UpdateObject):
    def build(self, creator: str | None = None) -> None:
        super().build(creator)
        self.node.access -= {"Get"}


class _ShownRoot(Tree):
    """The root of an object is shown in another way."""

    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        code, answer = super().get(uri, server)
        node = self.find(uri) if answer is not None and "?" not in uri else None
        if answer is not None and node is not None and node.type == MO_ID:
            answer = self.told(answer.value.read(0, answer.value.size).decode(), answer.format)
        return code, answer

    def told(self, children: str, format_: str) -> Answer:
        raise NotImplementedError


@CLIENT("object-children-by-comma", "tree")
class _ByComma(_ShownRoot):
    def told(self, children: str, format_: str) -> Answer:
        return Answer(Octets(children.replace("/", ",").encode()), format_)


@CLIENT("object-children-missing", "tree")
class _NoChildren(_ShownRoot):
    def told(self, children: str, format_: str) -> Answer:
        return Answer(Octets(), format_)


@CLIENT("object-root-as-leaf", "tree")
class _RootAsLeaf(_ShownRoot):
    def told(self, children: str, format_: str) -> Answer:
        return Answer(Octets(children.encode()), "chr", "text/plain")


# -- addresses -----------------------------------------------------------------------------------------------------------


@CLIENT("address-below-the-object", "object")
class _OneAddress(UpdateObject):
    """The address is that of the package, whatever is done with it."""

    def paths(self) -> list[str]:
        return [path for path in super().paths() if path not in _ADDRESSES.values()]

    def build(self, creator: str | None = None) -> None:
        super().build(creator)
        access = frozenset(("Get", "Replace"))
        self.tree.place(f"{self.uri}/PkgURL", format="chr", type="text/plain", access=access, limit=8192)

    def url(self, operation: str) -> str:
        node = self.tree.find(f"{self.uri}/PkgURL")
        return "" if node is None else node.text()


class _Lacking(UpdateObject):
    without: str

    def paths(self) -> list[str]:
        return [path for path in super().paths() if path != self.without]


class _Listed(Tree):
    """The child list of an operation names its address twice."""

    operation: str

    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        code, answer = super().get(uri, server)
        if answer is not None and uri.endswith(f"/{self.operation}"):
            answer = Answer(Octets(b"PkgURL/PkgURL"), answer.format, answer.type)
        return code, answer


class _NoRight(UpdateObject):
    """A node grants less than the enabler says."""

    path: str
    right: str

    def access(self, path: str) -> frozenset[str]:
        return super().access(path) - ({self.right} if path == self.path else set())


for _operation, _word in ((DOWNLOAD, "download"), (DOWNLOAD_AND_UPDATE, "combined")):
    _path = _ADDRESSES[_operation]
    CLIENT(f"{_word}-without-address", "object")(type("_WithoutAddress", (_Lacking,), {"without": _path}))
    CLIENT(f"{_word}-address-listed-twice", "tree")(type("_ListedTwice", (_Listed,), {"operation": _operation}))
    CLIENT(f"{_word}-address-unreadable", "object")(type("_Unreadable", (_NoRight,), {"path": _path, "right": "Get"}))
    CLIENT(f"{_word}-address-fixed", "object")(type("_Fixed", (_NoRight,), {"path": _path, "right": "Replace"}))


class _KeptOtherwise(UpdateObject):
    """An address is not kept as it was written."""

    def replaced(self, path: str, at: float) -> None:
        node = self.tree.find(f"{self.uri}/{path}") if path in _ADDRESSES.values() else None
        if node is not None:
            node.value = Octets(self.kept(node.text()).encode())
        super().replaced(path, at)

    def kept(self, url: str) -> str:
        raise NotImplementedError


@CLIENT("address-truncated", "object")
class _Truncated(_KeptOtherwise):
    def kept(self, url: str) -> str:
        return url[:255]


@CLIENT("address-unescaped", "object")
class _Unescaped(_KeptOtherwise):
    def kept(self, url: str) -> str:
        return unquote(url)


class _OddAddress(Tree):
    """Looks at an address when it is written, and does not mean what it says."""

    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        node = self.find(uri)
        before: Source = node.value if node is not None else Octets()
        code = super().replace(uri, written, server)
        odd = written.value.read(0, 4) != b"http"
        if code != 200 or node is None or not odd or not uri.endswith("/PkgURL"):
            return code
        return self.odd(node, before)

    def odd(self, node: Node, before: Source) -> int:
        raise NotImplementedError


@CLIENT("odd-address-refused-and-kept", "tree")
class _RefusedAndKept(_OddAddress):
    def odd(self, node: Node, before: Source) -> int:
        return 406


@CLIENT("odd-address-accepted-and-dropped", "tree")
class _AcceptedAndDropped(_OddAddress):
    def odd(self, node: Node, before: Source) -> int:
        node.value = before
        return 200


# -- State ---------------------------------------------------------------------------------------------------------------


@CLIENT("state-idle-always", "object")
class _IdleAlways(UpdateObject):
    def state(self) -> str:
        return str(int(State.IDLE))


@CLIENT("state-one-behind", "object")
class _OneBehind(UpdateObject):
    """Writes State down when the next operation begins."""

    written = str(int(State.IDLE))

    def exec(self, path: str, correlator: str | None, at: float) -> int:
        self.written = super().state()
        return super().exec(path, correlator, at)

    def state(self) -> str:
        return self.written


@CLIENT("state-falls-back", "object")
class _FallsBack(UpdateObject):
    """Shows the installation as a download again from the second look on."""

    seen = False

    def state(self) -> str:
        installing = self.agent.state == State.UPDATE_PROGRESSING
        again, self.seen = self.seen and installing, installing
        return str(int(State.DOWNLOAD_PROGRESSING)) if again else super().state()


@CLIENT("state-format-chr", "tree")
class _StateFormat(Tree):
    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        code, answer = super().get(uri, server)
        if answer is not None and uri.endswith("/State"):
            answer = Answer(answer.value, "chr", answer.type)
        return code, answer


# -- several objects -----------------------------------------------------------------------------------------------------


class _WithSiblings(UpdateObject):
    """An object that knows the others beside it."""

    def siblings(self) -> list[str]:
        above = self.node.parent
        beside = above.children.values() if above is not None and above.children is not None else ()
        return [node.uri for node in beside if node is not self.node and node.type == self.mo_id]


@CLIENT("address-shared-by-objects", "object")
class _SharedAddress(_WithSiblings):
    def replaced(self, path: str, at: float) -> None:
        super().replaced(path, at)
        written = self.tree.find(f"{self.uri}/{path}")
        for uri in self.siblings() if path in _ADDRESSES.values() else ():
            node = self.tree.find(f"{uri}/{path}")
            if node is not None and written is not None:
                node.value = written.value


@CLIENT("state-shared-by-objects", "object")
class _SharedState(_WithSiblings):
    """State is that of the object that was executed last."""

    def exec(self, path: str, correlator: str | None, at: float) -> int:
        for uri in (self.uri, *self.siblings()):
            node = self.tree.find(f"{uri}/State")
            if node is not None:
                node.provider = self.state
        return super().exec(path, correlator, at)


# -- abilities -----------------------------------------------------------------------------------------------------------


class Abilities(UpdateObject):
    """Has some nodes only."""

    nodes: tuple[str, ...]

    def paths(self) -> list[str]:
        return [path for path in super().paths() if path.partition("/")[0] not in OPERATIONS or path in self.nodes]


@CLIENT("no-way-to-download", "object")
class _NoDownload(Abilities):
    nodes = (UPDATE,)


@CLIENT("no-way-to-install", "object")
class _NoInstallation(Abilities):
    nodes = (DOWNLOAD, _ADDRESSES[DOWNLOAD])


class _Flag(Tree):
    """Another answer to whether there are large objects."""

    said: bytes

    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        code, answer = super().get(uri, server)
        if answer is not None and uri == "./DevDetail/LrgObj":
            answer = Answer(Octets(self.said), answer.format, answer.type)
        return code, answer


@CLIENT("large-object-flag-as-number", "tree")
class _FlagAsNumber(_Flag):
    said = b"1"


@CLIENT("large-object-flag-empty", "tree")
class _FlagEmpty(_Flag):
    said = b""
