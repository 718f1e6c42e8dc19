"""What sloppy implementers of devices do around a package that waits, or that is not there (FUMO TS 5.1, 6).

``testcases/deviations/client.yaml`` says of each in one sentence what it is, and which requirements it breaks.
"""

from __future__ import annotations

from collections.abc import Callable

from conformance.dm import acl
from conformance.dm.authentication import Authentication
from conformance.dm.clientsession import ClientSession
from conformance.dm.executor import Executor
from conformance.dm.largeobject import Octets
from conformance.dm.node import Node
from conformance.dm.tree import Answer, Tree, Written
from conformance.fumo.agent import UpdateAgent
from conformance.fumo.object import DOWNLOAD, DOWNLOAD_AND_UPDATE, UPDATE, ResultCode, State
from conformance.peers.accounts import Accounts
from conformance.peers.deviation import CLIENT
from conformance.peers.object_deviations import Abilities
from conformance.peers.result_deviations import MissingOperation
from conformance.peers.updateobject import UpdateObject
from conformance.syncml.model import Command, Item

_PKG_DATA = "/Update/PkgData"
_SEEN = 400
"""Octets of a package that can be read back."""

# -- ways to read a package ----------------------------------------------------------------------------------------------


class _Kept(Tree):
    """A device that has the package that came last at hand."""

    package: Octets | None = None

    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        code = super().replace(uri, written, server)
        if code == 200 and uri.endswith(_PKG_DATA):
            self.package = Octets(written.value.read(0, _SEEN))
        return code


CLIENT("package-shown-in-list", "tree")(_Kept)


@CLIENT("package-shown-in-list", "executor")
class _ShownInList(Executor):
    """Refuses Get of a package, and lists it with its value."""

    def listed(self, uri: str, wanted: str, found: list[Item]) -> int:
        code = super().listed(uri, wanted, found)
        kept = getattr(self.tree, "package", None)
        if code != 405 or kept is None or not uri.endswith(_PKG_DATA):
            return code
        found.append(self.shown(Answer(kept, "bin"), uri))
        return 200


@CLIENT("package-copied", "tree")
class _PackageCopied(_Kept):
    """Copies a package to wherever the server wants it."""

    def copy(self, source: str, target: str, server: str | None = None) -> int:
        code = super().copy(source, target, server)
        if code == 200 or self.package is None or not source.endswith(_PKG_DATA):
            return code
        return self.add(target, Written(self.package, "bin"), server)


@CLIENT("secrets-shown", "accounts")
class _SecretsShown(Accounts):
    """Lets the server read passwords and nonces."""

    def _leaf(self, leaf: Callable[..., Node], uri: str, word: str) -> None:
        if word.endswith("nonce"):
            leaf(self.tree, uri, lambda: self.keys.nonce.hex(), access=frozenset(("Get", "Replace")))
        else:
            leaf(self.tree, uri, lambda: self.text(word), access=frozenset(("Get", "Replace")))


# -- Exec without a package ----------------------------------------------------------------------------------------------


@CLIENT("update-fetches-by-itself", "object")
class _FetchesByItself(UpdateObject):
    """Fetches from the address of the other operation where Exec on Update finds no package."""

    def exec(self, path: str, correlator: str | None, at: float) -> int:
        if path == UPDATE and self.agent.package is None and self.url(DOWNLOAD_AND_UPDATE):
            return super().exec(DOWNLOAD_AND_UPDATE, correlator, at)
        return super().exec(path, correlator, at)


@CLIENT("refused-update-shown-as-done", "object")
class _RefusedAsDone(UpdateObject):
    """Refuses Exec on Update without a package, and shows an update that succeeded."""

    def exec(self, path: str, correlator: str | None, at: float) -> int:
        code = super().exec(path, correlator, at)
        if path == UPDATE and code == 403 and not self.agent.busy:
            self.agent.state = State.UPDATE_SUCCESSFUL_NO_DATA
        return code


@CLIENT("update-goes-by-address", "object")
class _UpdateByAddress(UpdateObject):
    """Fetches anew at Exec on Update where Download has an address, whatever came over DM since."""

    def exec(self, path: str, correlator: str | None, at: float) -> int:
        url = self.url(DOWNLOAD)
        if path == UPDATE and url:
            return self.agent.exec(DOWNLOAD_AND_UPDATE, correlator, url, at)
        return super().exec(path, correlator, at)


@CLIENT("bad-address-state-30", "agent")
class _BadAddress30(UpdateAgent):
    """Stays in State 30 where an address cannot be used."""

    def download_failed(self, code: int) -> None:
        super().download_failed(code)
        if code == ResultCode.BAD_URL:
            self.state = State.DOWNLOAD_PROGRESSING


# -- lists and addresses -------------------------------------------------------------------------------------------------


@CLIENT("other-servers-dropped-from-lists", "tree")
class _OwnServerOnly(Tree):
    """Keeps of a list what concerns the server that writes it."""

    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        if uri.endswith("?prop=ACL"):
            rights = acl.parse(written.value.read(0, acl.LONGEST).decode("utf-8", "replace")) or {}
            kept = {right: names for right, all_ in rights.items() if (names := "+".join(sorted(all_ & {"*", server or ""})))}
            written = Written(Octets(acl.write(kept).encode()), written.format, written.type)
        return super().replace(uri, written, server)


@CLIENT("identity-without-root-only", "tree")
class _WithoutRoot(Tree):
    """Finds what the device is only by addresses that leave the root out."""

    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        return (404, None) if uri.startswith("./DevInfo/") else super().get(uri, server)


@CLIENT("mobile-root-not-found", "tree")
class _MobileRoot(Tree):
    """Does not find the root of all objects, only what lies below it."""

    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        return (404, None) if uri == "./FwUpdate" else super().get(uri, server)


# -- pieces, credentials -------------------------------------------------------------------------------------------------


@CLIENT("piece-without-size-answered-213", "executor")
class _WithoutSize(Executor):
    """Says 213 to the first piece of an object whose size it was not told."""

    def write(self, command: Command, item: Item) -> int:
        begins = item.more and not self.assembler.open and command.meta_of(item).size is None
        return 213 if begins else super().write(command, item)


@CLIENT("nonce-of-session-forgotten", "authentication")
class _NonceForgotten(Authentication):
    """Begins each session with the nonce of its factory."""

    def remember(self) -> None:
        pass


# -- an answer without octets --------------------------------------------------------------------------------------------


@CLIENT("obeys-nobody-after-empty-answer", "session")
class _AfterEmpty(ClientSession):
    """An answer without a body stays in its way until it is started anew."""

    _choked = False

    def end(self, why: str) -> bytes | None:
        if why.endswith(" 0 octets"):
            type(self)._choked = True
        return super().end(why)

    def trusts_server(self) -> bool:
        return not self._choked and super().trusts_server()


# -- operations that the device does not have ----------------------------------------------------------------------------


@CLIENT("missing-download-as-done", "object")
class _DownloadAsDone(MissingOperation):
    """Has no Download, and reports success of it."""


@CLIENT("missing-update-as-done", "object")
class _UpdateAsDone(MissingOperation):
    """Has no Update, and reports success of it."""


@CLIENT("no-operation-at-all", "object")
class _NoOperation(Abilities):
    """Has an object that only shows its State."""

    nodes = ()
