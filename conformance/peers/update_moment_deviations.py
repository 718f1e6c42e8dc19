"""What sloppy implementers of devices do about an update when something came before it, or comes in its middle.

Each does right what it is asked alone. ``testcases/deviations/client.yaml`` says of each in one sentence what it is, and
which requirements it breaks; those that concern nodes and questions are in :mod:`conformance.peers.moment_deviations`.
"""

from __future__ import annotations

import dataclasses
import re

from conformance.dm.executor import Executor
from conformance.dm.largeobject import Octets
from conformance.dm.tree import Tree, Written
from conformance.download import descriptor as dd
from conformance.download.fetch import Outcome
from conformance.fumo.agent import Report, UpdateAgent
from conformance.fumo.object import DOWNLOAD, DOWNLOAD_AND_UPDATE, ResultCode, State
from conformance.fumo.package import manifest_of
from conformance.fumo.retrieval import Retrieval
from conformance.peers.deviation import CLIENT
from conformance.peers.outbox import Outbox
from conformance.peers.updateobject import UpdateObject
from conformance.syncml.model import Alert, Exec

_SHORT = 4096
"""Octets of a value that is looked at."""

# -- State, addresses, reports -------------------------------------------------------------------------------------------


@CLIENT("refused-exec-shows-in-state", "executor")
class _RefusedExecShows(Executor):
    def exec(self, command: Exec) -> int:
        code = super().exec(command)
        target = command.items[0].target or ""
        for root in (target, target.rpartition("/")[0], target.rsplit("/", 2)[0]):
            node = self.tree.find(f"{root}/State")
            if code in (404, 405) and node is not None:
                node.provider = lambda: "30"
        return code


@CLIENT("failure-outlives-success", "agent")
class _FailureOutlives(UpdateAgent):
    failed = False

    def install_failed(self, code: int) -> None:
        self.failed = True
        super().install_failed(code)

    def report(self, code: int) -> None:
        if self.failed and self.state == State.UPDATE_SUCCESSFUL_HAVE_DATA:
            self.state = State.UPDATE_FAILED_HAVE_DATA
        super().report(code)


@CLIENT("odd-address-trimmed", "tree")
class _OddTrimmed(Tree):
    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        if uri.endswith("/PkgURL"):
            text = written.value.read(0, _SHORT).decode("utf-8", "replace")
            kept = re.split(r"[ \[]|%(?![0-9A-Fa-f]{2})|[^\x00-\x7f]", text)[0]
            written = dataclasses.replace(written, value=Octets(kept.encode()))
        return super().replace(uri, written, server)


@CLIENT("other-address-used-up", "object")
class _OtherUsedUp(UpdateObject):
    def exec(self, path: str, correlator: str | None, at: float) -> int:
        code = super().exec(path, correlator, at)
        node = self.tree.find(f"{self.uri}/{DOWNLOAD_AND_UPDATE}/PkgURL")
        if code == 202 and path == DOWNLOAD and node is not None:
            node.value = Octets()
        return code


@CLIENT("second-request-as-user", "outbox")
class _SecondAsUser(Outbox):
    asked = False

    def put(self, alert: Alert, once: bool = False) -> None:
        meta = alert.items[0].meta
        if once and self.asked and meta is not None:
            meta.type = (meta.type or "").replace("devicerequest", "userrequest")
        self.asked = self.asked or once
        super().put(alert, once)


@CLIENT("success-for-no-package", "agent")
class _SuccessForNothing(UpdateAgent):
    """Reports success for what it cannot read as a package."""

    def install_failed(self, code: int) -> None:
        unread = self.package is not None and manifest_of(self.package) is None
        super().install_failed(int(ResultCode.SUCCESS) if unread else code)


# -- Exec in the middle of something, or after it ------------------------------------------------------------------------


@CLIENT("busy-exec-breaks-off", "object")
class _BusyBreaksOff(UpdateObject):
    def exec(self, path: str, correlator: str | None, at: float) -> int:
        if self.agent.job is not None:
            self.agent.job = self.agent.retrieval = None
        return super().exec(path, correlator, at)


@CLIENT("busy-exec-unreported", "object")
class _BusyUnreported(UpdateObject):
    def exec(self, path: str, correlator: str | None, at: float) -> int:
        busy = self.agent.busy
        code = super().exec(path, correlator, at)
        return 202 if busy and code == 403 else code


@CLIENT("second-operation-unreported", "agent")
class _SecondUnreported(UpdateAgent):
    told = False

    def deliver(self, report: Report) -> None:
        if not self.told:
            super().deliver(report)
        self.told = True


@CLIENT("looked-at-and-not-installed", "object")
class _LookedAt(UpdateObject):
    def state(self) -> str:
        if self.agent.state == State.DOWNLOAD_PROGRESSING and isinstance(self.agent, _Seen):
            self.agent.seen = True
        return super().state()


@CLIENT("looked-at-and-not-installed", "agent")
class _Seen(UpdateAgent):
    seen = False

    def install(self, at: float) -> None:
        if not self.seen:
            super().install(at)


# -- descriptors ---------------------------------------------------------------------------------------------------------


def _retrieving(identity: str, kind: type[Retrieval]) -> None:
    """Registers an agent that fetches in another way."""
    CLIENT(identity, "agent")(type(f"_{kind.__name__}Agent", (UpdateAgent,), {"retrieval_kind": kind}))


class _ByContent(Retrieval):
    """Takes for a descriptor whatever looks like one."""

    def _look(self) -> None:
        done = self._fetch.outcome
        if self._descriptor is None and done is not None and done.kind == "complete" and b"<media" in self._store.read(0, _SHORT):
            self._read_descriptor()
        else:
            super()._look()


class _Similar(Retrieval):
    """Takes an element whose name begins like that of a known one for it."""

    def _read_descriptor(self) -> None:
        octets = re.sub(rb"<(/?)size\w+>", rb"<\1size>", self._store.read(0, self._store.size))
        self._store.reset(0)
        self._store.write(octets)
        super()._read_descriptor()


class _SeveralUnread(Retrieval):
    """Looks at the type of a descriptor only where there is one."""

    def _read_descriptor(self) -> None:
        octets = self._store.read(0, self._store.size)
        self._several = octets.count(b"<type>") > 1
        super()._read_descriptor()

    def check(self, found: dd.Descriptor) -> int:
        return 0 if self._several else super().check(found)

    def _match(self, outcome: Outcome) -> None:
        super()._match(outcome)
        if self._several:
            self.outcome = outcome


_retrieving("descriptor-by-content", _ByContent)
_retrieving("descriptor-similar-names", _Similar)
_retrieving("descriptor-several-types-unread", _SeveralUnread)
