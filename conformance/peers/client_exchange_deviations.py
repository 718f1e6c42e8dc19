"""What sloppy implementers of devices do with sessions, credentials and large objects (DM Protocol 6 to 9, DM Security)."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from conformance.dm.authentication import Authentication
from conformance.dm.clientsession import ClientSession
from conformance.dm.credentials import HMAC, MAC_HEADER
from conformance.dm.executor import Executor
from conformance.dm.largeobject import Octets, Value
from conformance.dm.tree import Answer, Tree
from conformance.peers.deviation import CLIENT
from conformance.syncml import codes
from conformance.syncml.codec import decode
from conformance.syncml.model import Alert, Chal, Command, Cred, Header, Item, Message, Meta, Replace, Results, Status
from conformance.syncml.model import Sequence as SequenceCommand

# -- sessions and packages -----------------------------------------------------------------------------------------------


@CLIENT("abort-answered", "session")
class _AbortAnswered(ClientSession):
    def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> bytes | None:
        reply = super().receive(octets, media, headers)
        if reply is not None or self.failed != "the server aborted the session":
            return reply
        self.over, self._aborting = False, True
        return self._send(decode(octets, media).message)


@CLIENT("final-too-early", "session")
class _FinalTooEarly(ClientSession):
    def arrange(self, message: Message) -> None:
        message.final = True


@CLIENT("one-session-id", "session")
class _OneSessionId(ClientSession):
    def start(self, alert_code: str, session_id: str, nonce: bytes | None = None) -> bytes:
        return super().start(alert_code, "1" if alert_code == codes.CLIENT_INITIATED else session_id, nonce)


@CLIENT("unknown-version-taken", "session")
class _UnknownVersionTaken(ClientSession):
    def version_code(self, header: Header) -> int:
        return 200


@CLIENT("sequence-reordered", "executor")
class _SequenceReordered(Executor):
    def sequence(self, command: SequenceCommand) -> int:
        command.commands.sort(key=lambda inner: not isinstance(inner, Replace))
        return super().sequence(command)


@CLIENT("next-message-unanswered", "executor")
class _NextMessageUnanswered(Executor):
    def alert(self, command: Alert) -> int:
        code = super().alert(command)
        if command.data == codes.NEXT_MESSAGE:
            self._out.statuses.pop()
        return code


# -- authentication ------------------------------------------------------------------------------------------------------


class _Believing(Authentication):
    """Base of those that take authentication codes that they should not."""

    def believes(self, facts: dict[str, str]) -> bool:
        """Whether the facts about a code are good enough."""
        raise NotImplementedError

    def check_server(self, message: Message, octets: bytes, headers: Mapping[str, str]) -> None:
        super().check_server(message, octets, headers)
        facts = self.keys.verifier.check_mac(headers.get(MAC_HEADER), octets, message.header.source_name)
        if self.kind == HMAC and self._proven and self.believes(facts):
            self.server_known, self.code, self.challenging = True, 200, True


@CLIENT("mac-unchecked", "authentication")
class _MacUnchecked(_Believing):
    def believes(self, facts: dict[str, str]) -> bool:
        return facts["result"] == "wrong"


@CLIENT("mac-not-missed", "authentication")
class _MacNotMissed(_Believing):
    def believes(self, facts: dict[str, str]) -> bool:
        return facts["result"] == "absent"


@CLIENT("mac-nonce-again", "authentication")
class _MacNonceAgain(_Believing):
    def believes(self, facts: dict[str, str]) -> bool:
        return facts["result"] == "stale"


@CLIENT("mac-at-first-only", "authentication")
class _MacAtFirst(Authentication):
    def headers(self, octets: bytes) -> list[tuple[str, str]]:
        return [] if self._proven else super().headers(octets)


@CLIENT("same-nonce-for-codes", "authentication")
class _SameNonce(Authentication):
    def challenge(self) -> Chal:
        verifier = self.keys.verifier
        before = verifier.current
        chal = super().challenge()
        if before != verifier.initial and chal.next_nonce:
            verifier.current = before
            chal.next_nonce = base64.b64encode(before).decode()
        return chal


@CLIENT("tries-for-ever", "authentication")
class _TriesForEver(Authentication):
    def _take_refusal(self, chal: Chal | None) -> bool:
        self._refusals = self._challenges = 0
        return super()._take_refusal(chal)


@CLIENT("challenge-without-chal", "session")
class _WithoutChal(ClientSession):
    def header_status(self, header: Header) -> Status:
        status = super().header_status(header)
        if status.data in ("401", "407"):
            status.chal = None
        return status


@CLIENT("credentials-once", "authentication")
class _CredentialsOnce(Authentication):
    def credentials(self) -> Cred | None:
        cred = super().credentials()
        return None if self._proven else cred


# -- large objects -------------------------------------------------------------------------------------------------------


@CLIENT("object-limit-ignored", "executor")
class _ObjectLimitIgnored(Executor):
    def get(self, item: Item, found: list[Item]) -> int:
        self.max_obj_size = None
        return super().get(item, found)


@CLIENT("half-object-kept", "session")
class _HalfObjectKept(ClientSession):
    def end(self, why: str) -> bytes | None:
        assembler = self.executor.assembler
        if assembler.open and assembler._spool is not None:
            value = Value(Octets(assembler._spool.read(0, 4096)), assembler._meta)
            self.executor.store(Replace(cmd_id="1"), assembler.target, value)
        return super().end(why)


@CLIENT("break-unnoticed", "executor")
class _BreakUnnoticed(Executor):
    def _look_for_break(self, command: Command) -> None:
        super()._look_for_break(command)
        self._out.broken.clear()


class _SpoiledResults(ClientSession):
    """Base of what is wrong with Results that come in pieces."""

    def spoil(self, item: Item) -> None:
        """Makes a piece wrong."""
        raise NotImplementedError

    def arrange(self, message: Message) -> None:
        for command in message.commands:
            for item in command.items if isinstance(command, Results) else ():
                if item.more:
                    self.spoil(item)


@CLIENT("results-without-size", "session")
class _ResultsWithoutSize(_SpoiledResults):
    def spoil(self, item: Item) -> None:
        if item.meta is not None:
            item.meta.size = None


@CLIENT("results-without-more-data", "session")
class _ResultsWithoutMoreData(_SpoiledResults):
    def spoil(self, item: Item) -> None:
        item.more = False


@CLIENT("results-with-wrong-size", "session")
class _ResultsWithWrongSize(_SpoiledResults):
    def spoil(self, item: Item) -> None:
        if item.meta is not None and item.meta.size:
            item.meta.size = str(int(item.meta.size) + 7)


@CLIENT("large-objects-denied", "tree")
class _LargeObjectsDenied(Tree):
    def get(self, uri: str, server: str | None = None) -> tuple[int, Answer | None]:
        code, answer = super().get(uri, server)
        if answer is not None and uri == "./DevDetail/LrgObj":
            answer = Answer(Octets(b"false"), answer.format, answer.type)
        return code, answer


@CLIENT("any-size-begun", "executor")
class _AnySizeBegun(Executor):
    def refused_early(self, command: Command, target: str, meta: Meta) -> int:
        self.assembler.limit = 1 << 60
        return 0
