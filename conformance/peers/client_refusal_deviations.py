"""What sloppy implementers of devices do with commands that cannot be done, and with several of them at once (DM RepPro 6.6).

``testcases/deviations/client.yaml`` says of each in one sentence what it is, and which requirements it breaks.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from conformance.dm.executor import Executed, Executor, Situation
from conformance.dm.largeobject import Octets, Value
from conformance.dm.node import Node
from conformance.dm.tree import Answer, Tree, Written
from conformance.peers.deviation import CLIENT
from conformance.syncml.model import Atomic, Command, Exec, Get, Item, Results
from conformance.syncml.model import Sequence as SequenceCommand
from conformance.transport.exchange import Source

# -- nodes that are not there --------------------------------------------------------------------------------------------


@CLIENT("replace-kept-without-node", "tree")
class _KeptWithoutNode(Tree):
    """Says 200 to the Replace of a node that it does not have, and remembers the value."""

    _loose: dict[str, Source] | None = None

    def may_replace(self, uri: str, size: int, server: str | None = None) -> int:
        code = super().may_replace(uri, size, server)
        return 200 if code == 404 else code

    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        code = super().replace(uri, written, server)
        if code != 404:
            return code
        self._loose = {**(self._loose or {}), uri: written.value}
        return 200

    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        code, answer = super().get(uri, server)
        kept = (self._loose or {}).get(uri)
        return (200, Answer(kept, "chr")) if code == 404 and kept is not None else (code, answer)


@CLIENT("exec-of-several-answered-200", "executor")
class _SeveralExec(Executor):
    """Says 200 to an Exec with several Items, and runs nothing."""

    def exec(self, command: Exec) -> int:
        return 200 if len(command.items) > 1 else super().exec(command)


@CLIENT("get-without-target-answered-200", "executor")
class _WithoutTarget(Executor):
    """Finds nothing wrong with a Get that does not say of what."""

    def _item(self, command: Command, item: Item, where: Situation, found: list[Item]) -> int:
        return 200 if isinstance(command, Get) and not item.target else super()._item(command, item, where, found)


@CLIENT("get-without-items-answered-200", "executor")
class _WithoutItems(Executor):
    """Finds nothing wrong with a Get without Items."""

    def _one(self, command: Command, where: Situation) -> int:
        if isinstance(command, Get) and not command.items:
            self.answer(command, 200)
            return 200
        return super()._one(command, where)


class _LongAddress(Tree):
    """Base of devices that answer 500 where an address is beyond what they can hold."""

    def beyond(self, uri: str) -> bool:
        """Whether an address is too much."""
        raise NotImplementedError

    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        return (500, None) if self.beyond(uri) else super().get(uri, server)


@CLIENT("long-name-answered-500", "tree")
class _LongName(_LongAddress):
    def beyond(self, uri: str) -> bool:
        return any(len(name) > 255 for name in uri.split("/"))


@CLIENT("deep-address-answered-500", "tree")
class _DeepAddress(_LongAddress):
    def beyond(self, uri: str) -> bool:
        return uri.count("/") > 32


# -- values --------------------------------------------------------------------------------------------------------------


@CLIENT("fixed-leaf-answered-500", "tree")
class _FixedLeaf(Tree):
    """Says 500 to the Replace of a value that only the device gives."""

    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        code = super().replace(uri, written, server)
        return 500 if code == 405 and "?" not in uri else code


@CLIENT("copy-over-fixed-answered-200", "tree")
class _CopyOverFixed(Tree):
    """Says 200 to a Copy over a value that only the device gives, and leaves it."""

    def copy(self, source: str, target: str, server: str | None = None) -> int:
        code = super().copy(source, target, server)
        return 200 if code == 403 else code


@CLIENT("copy-of-nothing", "tree")
class _CopyOfNothing(Tree):
    """Empties the target of a Copy."""

    def _store(self, node: Node, written: Written) -> int:
        return super()._store(node, Written(Octets(), written.format, written.type) if self._copying else written)

    _copying = False

    def copy(self, source: str, target: str, server: str | None = None) -> int:
        self._copying = True
        try:
            return super().copy(source, target, server)
        finally:
            self._copying = False


@CLIENT("meta-of-command-forgotten", "executor")
class _MetaForgotten(Executor):
    """Looks for the Format of a value in the Meta of its Item only, where that has one."""

    def write(self, command: Command, item: Item) -> int:
        lost = item.meta is not None and item.meta.format is None and command.meta is not None
        return 415 if lost else super().write(command, item)


class _Binary(Executor):
    """Base of what is wrong with how a binary value travels: ``unread`` says which values are not understood."""

    def unread(self, value: Value) -> bool:
        raise NotImplementedError

    def store(self, command: Command, target: str, value: Value) -> int:
        return 400 if self.unread(value) else super().store(command, target, value)


@CLIENT("raw-octets-taken-for-base64", "executor")
class _RawAsBase64(_Binary):
    """Wants Base64 under the Format bin, in WBXML as well."""

    def unread(self, value: Value) -> bool:
        octets = value.decoded()
        if self.encoding != "wbxml" or value.format != "bin" or (value.meta.format or "").strip() == "b64" or octets is None:
            return False
        try:
            base64.b64decode(octets.read(0, 400), validate=True)
        except binascii.Error:
            return True
        return False


@CLIENT("base64-unknown-in-xml", "executor")
class _Base64InXml(_Binary):
    """Knows Base64 in XML under the Format bin only."""

    def unread(self, value: Value) -> bool:
        return self.encoding == "xml" and (value.meta.format or "").strip() == "b64"


# -- several at once -----------------------------------------------------------------------------------------------------


@CLIENT("atomic-refused-with-500", "executor")
class _Atomic500(Executor):
    """Does not have Atomic, and says 500 to it."""

    def atomic(self, command: Atomic) -> int:
        self._refuse([command], 500)
        return 500


@CLIENT("second-sequence-skipped", "executor")
class _SecondSequence(Executor):
    """Carries out the first Sequence of a message, and skips the others."""

    _sequences = 0

    def execute(self, commands: Sequence[Command], msg_id: str | None, server: str) -> Executed:
        self._sequences = 0
        return super().execute(commands, msg_id, server)

    def sequence(self, command: SequenceCommand) -> int:
        self._sequences += 1
        if self._sequences == 1:
            return super().sequence(command)
        self.answer(command, 200)
        self._refuse(command.commands, 215)
        return 200


@CLIENT("get-of-several-refused", "executor")
class _SeveralRefused(Executor):
    """Reads one node at a time, and says 406 to a Get of several."""

    def items(self, command: Command, where: Situation) -> int:
        if not isinstance(command, Get) or len(command.items) < 2:
            return super().items(command, where)
        self.answer(command, 406)
        return 406


@CLIENT("no-results-beside-missing", "executor")
class _NoneBesideMissing(Executor):
    """Sends nothing of several nodes where one of them does not exist."""

    def results(self, command: Command, found: list[Item]) -> Results:
        return super().results(command, found if len(found) == len(command.items) else [])

    def items(self, command: Command, where: Situation) -> int:
        code = super().items(command, where)
        self._out.results = [each for each in self._out.results if each.items]
        return code
