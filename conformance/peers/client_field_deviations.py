"""Sloppinesses of devices as the field has them: small buffers, and texts that are compared by halves."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from conformance.dm.authentication import Authentication
from conformance.dm.clientsession import ClientSession
from conformance.dm.credentials import AUTH_TYPES, md5_data
from conformance.dm.executor import Executor
from conformance.dm.largeobject import Octets
from conformance.dm.node import Node
from conformance.dm.tree import Tree, Written
from conformance.peers.deviation import CLIENT
from conformance.syncml.codec import decode
from conformance.syncml.element import SyntaxFault
from conformance.syncml.model import Command, Item, Message, Status, b64

# -- buffers and numbers ------------------------------------------------------------------------------------------------


class _Written(Tree):
    """Base of what becomes of a text on its way into the tree."""

    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        return super().replace(uri, self._changed_text(written), server)

    def add(self, uri: str, written: Written, server: str | None = None) -> int:
        return super().add(uri, self._changed_text(written), server)

    def _changed_text(self, written: Written) -> Written:
        if written.value.size > 65536 or (written.format or "chr") != "chr":
            return written
        octets = self.keep(written.value.read(0, written.value.size))
        return Written(Octets(octets), written.format, written.type)

    def keep(self, octets: bytes) -> bytes:
        """What is kept of a text."""
        return octets


@CLIENT("values-cut-at-255", "tree")
class _CutAt255(_Written):
    """Has 255 octets for a value, and says 200 to longer ones."""

    def keep(self, octets: bytes) -> bytes:
        return octets[:255]


@CLIENT("values-in-ascii", "tree")
class _Ascii(_Written):
    """Keeps question marks for what is not ASCII."""

    def keep(self, octets: bytes) -> bytes:
        return octets.decode("utf-8", "replace").encode("ascii", "replace")


@CLIENT("empty-value-ignored", "tree")
class _EmptyIgnored(Tree):
    """Leaves a value as it is where an empty one is to replace it, and says 200."""

    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        return 200 if not written.value.size and self.find(uri) is not None else super().replace(uri, written, server)


@CLIENT("ten-before-nine", "session")
class _TenBeforeNine(ClientSession):
    """Compares the numbers of messages as texts: the tenth is older than the ninth, and so one that it had already."""

    newest = ""

    def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> bytes | None:
        try:
            number = decode(octets, media).message.header.msg_id or ""
        except SyntaxFault:
            number = ""
        if number and number < self.newest:
            return self.end("a message that came before")
        self.newest = number
        return super().receive(octets, media, headers)


@CLIENT("eight-commands-at-most", "executor")
class _EightAtMost(Executor):
    """Has room for eight answers in a message, and drops the commands behind."""

    def answer(self, command: Command, code: int, item: Item | None = None) -> Status:
        status = super().answer(command, code, item)
        if len(self._out.statuses) > 8:
            self._out.statuses.pop()
        return status


# -- who is who ---------------------------------------------------------------------------------------------------------


@CLIENT("rights-by-beginning", "tree")
class _RightsByBeginning(Tree):
    """Compares the server with as much as the list has of it."""

    def grants(self, node: Node, command: str, server: str | None) -> bool:
        if super().grants(node, command, server) or server is None:
            return super().grants(node, command, server)
        named = node.effective().get(command, ())
        return any(server.startswith(each) or each.startswith(server) for each in named)


@CLIENT("nonce-decoded-twice", "authentication")
class _DecodedTwice(Authentication):
    """Decodes a nonce again where what it decoded looks like Base64."""

    def _again(self) -> None:
        try:
            once_more = b64(self.nonce.decode("ascii"))
        except UnicodeDecodeError:
            return
        self.nonce = once_more or self.nonce

    def take(self, status: Status | None) -> bool:
        before = self.nonce
        again = super().take(status)
        if self.nonce != before:
            self._again()
        return again


@CLIENT("digest-compared-by-length-shown", "authentication")
class _ComparedByHalves(Authentication):
    """Compares a digest with as many octets as came: none are always right."""

    def check_server(self, message: Message, octets: bytes, headers: Mapping[str, str]) -> None:
        super().check_server(message, octets, headers)
        cred = message.header.cred
        if cred is None or self.code not in (401, 407) or (cred.type or "").strip() != AUTH_TYPES[self.server_kind]:
            return
        verifier = self.keys.verifier
        wanted = b64(md5_data(verifier.account, verifier.current)) or b""
        shown = b64(cred.data) or b""
        if hmac.compare_digest(shown, wanted[: len(shown)]):
            self.server_known, self.code, self.challenging = True, 212, False
