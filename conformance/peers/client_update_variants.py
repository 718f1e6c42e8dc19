"""Tolerated variants of the reference device: other trees, decisions and states that are as right.

``testcases/variants/client.yaml`` says of each in one sentence what it is, and what leaves the freedom.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from conformance.dm.node import Node
from conformance.dm.properties import Features
from conformance.dm.tree import Answer, Tree
from conformance.fumo.agent import Report, UpdateAgent
from conformance.fumo.object import ALERT_OF, UPDATE, ResultCode, State
from conformance.fumo.package import manifest_of
from conformance.peers.deviation import CLIENT_VARIANTS as VARIANT
from conformance.peers.furniture import interior, leaf
from conformance.peers.outbox import Outbox
from conformance.peers.updateobject import UpdateObject
from conformance.syncml.model import Alert

# -- the tree ------------------------------------------------------------------------------------------------------------


def _featured(identity: str, **changed: Any) -> None:
    """A tree that lacks something optional."""

    @VARIANT(identity, "tree")
    class _Featured(Tree):
        def __init__(self, limits: Any, max_nodes: int, features: Features, *more: Any) -> None:
            super().__init__(limits, max_nodes, dataclasses.replace(features, **changed), *more)


_featured("required-properties-only", properties=frozenset())
_featured("no-lists", lists=False, tnds=False)
_featured("no-documents", tnds=False)


@VARIANT("case-insensitive", "tree")
class _AnyCase(Tree):
    """Takes names in capital or small letters for the same (DM TND 5)."""

    def _named(self, node: Node, name: str) -> str:
        children = node.children or {}
        return name if name in children else next((each for each in children if each.lower() == name.lower()), name)

    def _at(self, segments: tuple[str, ...]) -> Node | None:
        node: Node | None = self.root
        for name in segments:
            node = node.children.get(self._named(node, name)) if node is not None and node.children is not None else None
        return node

    def _nearest(self, segments: tuple[str, ...]) -> tuple[Node, tuple[str, ...]]:
        node = self.root
        for place, name in enumerate(segments):
            name = self._named(node, name)
            if node.children is None or name not in node.children:
                return node, segments[place:]
            node = node.children[name]
        return node, ()


@VARIANT("more-nodes", "object")
class _MoreNodes(UpdateObject):
    """Has nodes of its own: below Ext, and an object of another kind beside."""

    def build(self, creator: str | None = None) -> None:
        super().build(creator)
        if not self.uri.startswith("./FwUpdate/Main"):
            return
        leaf(self.tree, f"{self.uri}/Ext/Severity", "3", "int")
        interior(self.tree, f"{self.uri}/Ext/Own", "com.example:mo:own:1.0")
        leaf(self.tree, "./DevDetail/Ext/Battery", "80", "int")
        interior(self.tree, "./Com.Example", "com.example:mo:other:1.0")
        leaf(self.tree, "./DevInfo/Ext/Colour", "blue")


@VARIANT("no-optional-nodes", "object")
class _FewNodes(UpdateObject):
    """Has neither PkgName nor PkgVersion nor Ext."""

    def paths(self) -> list[str]:
        return [path for path in super().paths() if path not in ("PkgName", "PkgVersion", "Ext")]


@VARIANT("no-inbox", "tree")
class _NoInbox(Tree):
    """Has no Inbox, which is optional."""

    def place(self, uri: str, **fields: object) -> Node:
        node = super().place(uri, **fields)
        if uri == "./Inbox":
            self._detach(node)
        return node


@VARIANT("root-rights", "tree")
class _RootRights(Tree):
    """Grants everybody at its root more than the default (DM TND 7.7.1)."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.root.set_acl("Add=*&Delete=*&Exec=*&Get=*&Replace=*")


@VARIANT("inherited-rights", "object")
class _Inherited(UpdateObject):
    """The object has no rights of its own: those of the root hold."""

    def build(self, creator: str | None = None) -> None:
        super().build(creator)
        if self.node.permanent:
            above = self.node.parent
            assert above is not None
            above.set_acl(self.node.acl)
            self.node.set_acl("")


@VARIANT("operation-format-chr", "object")
class _OperationFormat(UpdateObject):
    """The nodes for Exec say Format chr, as one table can be read (AMB-operation-node-format)."""

    def build(self, creator: str | None = None) -> None:
        super().build(creator)
        for operation in self.profile.operations:
            node = self.tree.find(f"{self.uri}/{operation}")
            if node is not None:
                node.format = "chr"


# -- values ----------------------------------------------------------------------------------------------------------------


@VARIANT("versions-counted-by-tens", "tree")
class _VersionsByTens(Tree):
    """VerNo goes on by more than one: only that it goes on is said."""

    def changed(self, command: str, uri: str) -> None:
        node = self.find(uri)
        if node is not None:
            node.version = (node.version + 9) % 65536
        super().changed(command, uri)


@VARIANT("unreadable-406", "tree")
class _Unreadable406(Tree):
    """Get of what cannot be read is answered 406 (AMB-unreadable-node)."""

    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        code, answer = super().get(uri, server)
        return (406 if code == 405 and uri.endswith("PkgData") else code), answer


@VARIANT("package-readable-empty", "object")
class _Extended(UpdateObject):
    """PkgData can be read, and is empty (AMB-extended-access)."""

    def access(self, path: str) -> frozenset[str]:
        return super().access(path) | ({"Get"} if path == f"{UPDATE}/PkgData" else set())


# -- Exec ----------------------------------------------------------------------------------------------------------------


class _Precondition(UpdateObject):
    """An Exec that cannot be carried out is refused with another code (AMB-exec-precondition)."""

    code = 405

    def exec(self, path: str, correlator: str | None, at: float) -> int:
        code = super().exec(path, correlator, at)
        return self.code if code in (403, 405) else code


def _preconditions() -> None:
    for code in (404, 405, 406, 412, 500):
        VARIANT(f"exec-refused-{code}", "object")(type("_Refused", (_Precondition,), {"code": code}))


_preconditions()


@VARIANT("exec-reported-not-refused", "object")
class _Reported(UpdateObject):
    """Takes an Exec that cannot be carried out, and reports that it failed (AMB-exec-precondition)."""

    def exec(self, path: str, correlator: str | None, at: float) -> int:
        code = super().exec(path, correlator, at)
        if code != 403 or self.agent.busy:
            return code
        result = ResultCode.BAD_URL if path != UPDATE else ResultCode.CORRUPTED_PACKAGE
        self.agent.deliver(Report(ALERT_OF[path], str(int(result)), correlator))
        return 202


@VARIANT("exec-done-at-once", "object")
class _DoneAtOnce(UpdateObject):
    """Installs so fast that the Exec is answered 200 and reported in the same session (AMB-exec-finished-status)."""

    def exec(self, path: str, correlator: str | None, at: float) -> int:
        code = super().exec(path, correlator, at)
        if code == 202 and self.agent.job is not None and self.agent.job.until is not None:
            self.agent.job.until = at
            self.agent.tick(at)
        return 200 if code == 202 and self.agent.job is None else code


@VARIANT("exec-done-in-same-message", "outbox")
class _SameMessage(Outbox):
    """A report that is there already goes with the Status of its Exec (AMB-same-session-alert)."""

    def put(self, alert: Alert, once: bool = False) -> None:
        super().put(alert, once)
        self.letters[-1].held = False


@VARIANT("slow-installation", "agent")
class _Slow(UpdateAgent):
    """Takes twenty seconds to install."""

    def install(self, at: float) -> None:
        super().install(at)
        if self.job is not None and self.job.until is not None:
            self.job.until = at + 20.0


@VARIANT("reinstalls-same-version", "agent")
class _Reinstalls(UpdateAgent):
    """Installs the version that runs once more (AMB-downgrade)."""

    def inspect(self) -> int:
        code = super().inspect()
        manifest = manifest_of(self.package) if self.package is not None else None
        again = code == ResultCode.NOT_ACCEPTABLE and manifest is not None and manifest.to == self.firmware.version
        return int(ResultCode.SUCCESS) if again else code


# -- states ----------------------------------------------------------------------------------------------------------------


def _stateful(identity: str, shown: dict[int, int]) -> None:
    """A State that is passed through so fast, or kept so long, that another one is seen."""

    @VARIANT(identity, "object")
    class _Shown(UpdateObject):
        def state(self) -> str:
            return str(int(shown.get(self.agent.state, self.agent.state)))


_stateful("state-40-after-transfer", {State.READY_TO_UPDATE: State.DOWNLOAD_COMPLETE})
_stateful(
    "state-idle-after-all",
    dict.fromkeys((State.UPDATE_SUCCESSFUL_HAVE_DATA, State.UPDATE_FAILED_HAVE_DATA, State.DOWNLOAD_FAILED), State.IDLE),
)  # fmt: skip


class _NothingLeft(UpdateAgent):
    """Removes the package when its installation is over."""

    ends: tuple[State, State]

    def report(self, code: int) -> None:
        held, gone = self.ends
        if self.state == held:
            self.package, self.state = None, gone
        super().report(code)


@VARIANT("state-100-after-update", "agent")
class _NothingAfterUpdate(_NothingLeft):
    ends = (State.UPDATE_SUCCESSFUL_HAVE_DATA, State.UPDATE_SUCCESSFUL_NO_DATA)


@VARIANT("state-80-after-failure", "agent")
class _NothingAfterFailure(_NothingLeft):
    ends = (State.UPDATE_FAILED_HAVE_DATA, State.UPDATE_FAILED_NO_DATA)


@VARIANT("cleans-up-at-once", "agent")
class _CleansUp(UpdateAgent):
    """Removes what an operation left behind as soon as it is reported."""

    def report(self, code: int) -> None:
        super().report(code)
        if self.job is None and self.state not in (State.READY_TO_UPDATE, State.DOWNLOAD_COMPLETE):
            self.clean_up()


@VARIANT("forgets-package-after-failure", "agent")
class _Forgets(UpdateAgent):
    """A package whose installation failed is thrown away (FUMO TS 6, figure: 80)."""

    def install_failed(self, code: int) -> None:
        super().install_failed(code)
        self.package = None
        self.state = State.UPDATE_FAILED_NO_DATA


@VARIANT("state-with-white-space", "object")
class _WhiteState(UpdateObject):
    """The number of State stands between white space."""

    def state(self) -> str:
        return f" {super().state()}\n"
