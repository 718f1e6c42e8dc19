"""What sloppy implementers of devices do when something came before that was refused, went away, or was like it.

Each does right what it is asked alone. ``testcases/deviations/client.yaml`` says of each in one sentence what it is, and
which requirements it breaks.
"""

from __future__ import annotations

import re

from conformance.dm.executor import Executor
from conformance.dm.interaction import Question, Reaction, User
from conformance.dm.largeobject import Octets
from conformance.dm.node import NODE, Node
from conformance.dm.properties import call_it
from conformance.dm.tree import Answer, Tree, Written
from conformance.peers.deviation import CLIENT
from conformance.syncml.codes import MULTIPLE_CHOICE, SINGLE_CHOICE
from conformance.syncml.model import Alert, Command, Item, text_of

_SHORT = 4096
"""Octets of a value that is looked at."""

# -- nodes that went, or were refused ------------------------------------------------------------------------------------


@CLIENT("gone-child-listed", "tree")
class _GoneListed(Tree):
    gone: tuple[tuple[str, str], ...] = ()

    def delete(self, uri: str, server: str | None = None) -> int:
        code = super().delete(uri, server)
        above, _, name = uri.rpartition("/")
        self.gone += ((above, name),) if code == 200 else ()
        return code

    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        code, answer = super().get(uri, server)
        names = [name for above, name in self.gone if above == uri]
        if answer is None or answer.format != NODE or not names:
            return code, answer
        before = answer.value.read(0, _SHORT).decode()
        return code, Answer(Octets("/".join([before, *names]).strip("/").encode()), NODE)


@CLIENT("empty-interior-not-found", "tree")
class _EmptyNotFound(Tree):
    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        code, answer = super().get(uri, server)
        empty = answer is not None and answer.format == NODE and not answer.value.size
        return (404, None) if empty else (code, answer)


class _Refusing(Tree):
    """Base of what a refused Add leaves behind all the same: ``spoil`` does it to the node that is there."""

    def add(self, uri: str, written: Written, server: str | None = None) -> int:
        code, node = super().add(uri, written, server), self.find(uri)
        return self.spoil(node, written, code) if code == 418 and node is not None else code

    def spoil(self, node: Node, written: Written, code: int) -> int:
        """Gives the Status of the Add."""
        return code


@CLIENT("size-of-refused-value", "tree")
class _SizeOfRefused(_Refusing):
    told: tuple[str, int] = ("", 0)

    def spoil(self, node: Node, written: Written, code: int) -> int:
        self.told = node.uri, written.value.size
        return code

    def property_of(self, node: Node, name: str) -> str | None:
        right = super().property_of(node, name)
        return str(self.told[1]) if name == "Size" and node.uri == self.told[0] else right


@CLIENT("meta-of-refused-add", "tree")
class _MetaOfRefused(_Refusing):
    def spoil(self, node: Node, written: Written, code: int) -> int:
        if not node.interior:
            node.format, node.type = written.format or node.format, written.type or node.type
        return code


@CLIENT("refused-add-kept", "tree")
class _RefusedKept(_Refusing):
    def spoil(self, node: Node, written: Written, code: int) -> int:
        if not node.interior:
            node.provider, node.value = None, written.value
        return code


@CLIENT("object-turned-leaf", "tree")
class _ObjectTurnedLeaf(_Refusing):
    def spoil(self, node: Node, written: Written, code: int) -> int:
        if node.interior and node.parent is not None and written.format == "chr":
            node.format = "chr"
        return code


@CLIENT("root-lost-by-add", "tree")
class _RootLost(_Refusing):
    lost = False

    def spoil(self, node: Node, written: Written, code: int) -> int:
        self.lost = self.lost or node is self.root
        return code

    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        return (404, None) if self.lost and uri == "." else super().get(uri, server)


@CLIENT("second-node-without-dot", "tree")
class _SecondNode(Tree):
    def add(self, uri: str, written: Written, server: str | None = None) -> int:
        code = super().add(uri, written, server)
        return 200 if code == 418 and not uri.startswith(".") else code


@CLIENT("name-in-small-taken-over", "tree")
class _NameTakenOver(Tree):
    def add(self, uri: str, written: Written, server: str | None = None) -> int:
        above, _, name = uri.rpartition("/")
        parent = self.find(above)
        for child in list((parent.children or {}).values()) if parent is not None else ():
            if child.name != name and child.name.lower() == name.lower():
                call_it(child, name)
                return 200
        return super().add(uri, written, server)


@CLIENT("list-shown-after-removal", "tree")
class _ListShown(Tree):
    before: tuple[str, str] = ("", "")

    def set_acl(self, node: Node, text: str) -> None:
        if not text and node.acl:
            self.before = node.uri, node.acl
        super().set_acl(node, text)

    def property_of(self, node: Node, name: str) -> str | None:
        right = super().property_of(node, name)
        return self.before[1] if name == "ACL" and not right and node.uri == self.before[0] else right


# -- properties ----------------------------------------------------------------------------------------------------------


@CLIENT("property-taken-for-node", "tree")
class _PropertyIsNode(Tree):
    """Does with a node what is asked for one of its properties."""

    def delete(self, uri: str, server: str | None = None) -> int:
        at, asked, _ = uri.partition("?prop=")
        node = self.find(at)
        if not asked or node is None:
            return super().delete(uri, server)
        self._detach(node)
        return 200

    def executable(self, uri: str, server: str | None = None) -> int:
        return 200 if "?prop=" in uri else super().executable(uri, server)


@CLIENT("counts-written", "tree")
class _CountsWritten(Tree):
    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        counted = uri.endswith(("?prop=Size", "?prop=TStamp", "?prop=VerNo"))
        return 200 if counted else super().replace(uri, written, server)


# -- what the device says of itself --------------------------------------------------------------------------------------


@CLIENT("details-deleted", "tree")
class _DetailsDeleted(Tree):
    def delete(self, uri: str, server: str | None = None) -> int:
        node = self.find(uri)
        if uri.startswith("./DevDetail") and node is not None:
            self._detach(node)
            return 200
        return super().delete(uri, server)


class _Overwritten(Tree):
    """Takes a Replace of one node that tells a fact."""

    at = ""

    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        node = self.find(uri)
        if uri != self.at or node is None:
            return super().replace(uri, written, server)
        node.provider, node.value = None, written.value
        return 200


@CLIENT("firmware-version-written", "tree")
class _FirmwareWritten(_Overwritten):
    at = "./DevDetail/FwV"


@CLIENT("large-object-flag-written", "tree")
class _FlagWritten(_Overwritten):
    at = "./DevDetail/LrgObj"


@CLIENT("format-of-last-data", "executor")
class _FormatOfLast(Executor):
    def write(self, command: Command, item: Item) -> int:
        code, node, meta = super().write(command, item), self.tree.find(item.target or ""), command.meta_of(item)
        if code >= 400 and node is not None and node.format == "bin" and meta.format:
            node.format = meta.format
        return code


# -- questions to the user -----------------------------------------------------------------------------------------------


@CLIENT("same-choices-once", "executor")
class _SameChoicesOnce(Executor):
    """Shows choices with the same text once, and counts what it shows."""

    def ask(self, command: Alert) -> int:
        code = super().ask(command)
        if command.data in (SINGLE_CHOICE, MULTIPLE_CHOICE):
            texts = [text_of(item) for item in command.items[2:]]
            shown = list(dict.fromkeys(texts))
            for item in self._out.statuses[-1].items:
                item.data = str(shown.index(texts[int(text_of(item)) - 1]) + 1)
        return code


class _Strict:
    """A display that gives a question up where an option is not as it expects."""

    def __init__(self, user: User, bad: str) -> None:
        self.user, self.bad = user, bad

    def ask(self, question: Question) -> Reaction:
        """Cancels where an option is bad."""
        wrong = [f"{name}={value}" for name, value in question.options if re.fullmatch(self.bad, f"{name}={value}")]
        return Reaction("cancel") if wrong else self.user.ask(question)


def _strict(identity: str, bad: str) -> None:
    @CLIENT(identity, "executor")
    class _StrictDisplay(Executor):
        def ask(self, command: Alert) -> int:
            if self.user is not None and not isinstance(self.user, _Strict):
                self.user = _Strict(self.user, bad)
            return super().ask(command)


_strict("option-without-value-cancels", "[A-Z]+=")
_strict("input-options-checked-everywhere", "MAXLEN=[^0-9].*|IT=[^ANDTPI]|ET=[^TP]")
