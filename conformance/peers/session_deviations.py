"""Deviations of the reference server in what its messages look like and whom it trusts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.dm.serversession import Outgoing, Received
from conformance.fumo.plan import FIRMWARE
from conformance.peers.serverparts import deviation
from conformance.peers.spoiltheader import SpoiltHeader
from conformance.peers.talk import Session, Talk
from conformance.syncml.codes import GENERIC_ALERT, NEXT_MESSAGE
from conformance.syncml.model import Alert, Chal, Command, Cred, Get, Header, Item, Message, Meta, Results, Status
from conformance.transport.exchange import Reply, Request

# ---- Statuses --------------------------------------------------------------------------------------------------------


@deviation("wrong-msg-ref", "session")
class WrongMsgRef(Session):
    """Refers to the message before."""

    def statuses(self, message: Message) -> list[Status]:
        answers = super().statuses(message)
        for status in answers:
            status.msg_ref = str(int(message.header.msg_id or 1) - 1)
        return answers


@deviation("header-status-last", "session")
class HeaderStatusLast(Session):
    """Answers the commands first and the SyncHdr at the end."""

    def statuses(self, message: Message) -> list[Status]:
        answers = super().statuses(message)
        answers = answers[1:] + answers[:1]
        for number, status in enumerate(answers, 1):
            status.cmd_id = str(number)
        return answers


@deviation("no-status-for-replace", "session")
class NoStatusForReplace(Session):
    """Takes the device information without a word."""

    def statuses(self, message: Message) -> list[Status]:
        return [status for status in super().statuses(message) if status.cmd != "Replace"]


@deviation("no-status-for-session-alert", "session")
class NoStatusForSessionAlert(Session):
    """Does not answer Alert 1200 and 1201."""

    def statuses(self, message: Message) -> list[Status]:
        silent = {c.cmd_id for c in message.commands if isinstance(c, Alert) and c.data in ("1200", "1201")}
        return [status for status in super().statuses(message) if status.cmd != "Alert" or status.cmd_ref not in silent]


@deviation("unanswered-report", "session")
class UnansweredReport(Session):
    """Takes Generic Alerts without a word."""

    def statuses(self, message: Message) -> list[Status]:
        silent = {c.cmd_id for c in message.commands if isinstance(c, Alert) and c.data == GENERIC_ALERT}
        return [status for status in super().statuses(message) if status.cmd != "Alert" or status.cmd_ref not in silent]


@deviation("report-404", "session")
class Report404(Session):
    """Has taken the report and says that it found nothing."""

    def alert_code(self, alert: Alert) -> str:
        return "404" if alert.data == GENERIC_ALERT else super().alert_code(alert)


@deviation("status-for-results", "session")
class StatusForResults(Session):
    """Answers Results like a command."""

    def statuses(self, message: Message) -> list[Status]:
        answers = super().statuses(message)
        for command in message.commands:
            if isinstance(command, Results):
                answers.append(self.numbered(self.status(message, command, "200")))
        return answers


# ---- numbers and addresses -------------------------------------------------------------------------------------------


@deviation("cmd-id-zero", "session")
class CmdIdZero(Session):
    """Counts commands from 0."""

    def numbered(self, command: Any) -> Any:
        command = super().numbered(command)
        command.cmd_id = str(int(command.cmd_id) - 1)
        return command


@deviation("cmd-id-repeated", "session")
class CmdIdRepeated(Session):
    """Gives all Statuses of a message the same CmdID."""

    def statuses(self, message: Message) -> list[Status]:
        answers = super().statuses(message)
        for status in answers:
            status.cmd_id = "1"
        return answers


@deviation("frozen-msg-id", "session")
class FrozenMsgId(SpoiltHeader, Session):
    """Gives every message the number 1."""

    def spoil(self, header: Header) -> None:
        header.msg_id = "1"


@deviation("session-id-of-its-own", "session")
class SessionIdOfItsOwn(SpoiltHeader, Session):
    """Uses a SessionID of its own."""

    def spoil(self, header: Header) -> None:
        header.session_id = "FFFF"


@deviation("swapped-addresses", "session")
class SwappedAddresses(SpoiltHeader, Session):
    """Copies Target and Source of the request as they stood."""

    def spoil(self, header: Header) -> None:
        header.target, header.source = header.source, header.target


@deviation("resp-uri-nowhere", "session")
class RespUriNowhere(SpoiltHeader, Session):
    """Gives a RespURI at which nobody answers."""

    def spoil(self, header: Header) -> None:
        header.resp_uri = (header.resp_uri or self.settings.url).partition("?")[0] + "/session"


# ---- packages --------------------------------------------------------------------------------------------------------


@deviation("no-final", "session")
class NoFinal(Session):
    """Never says that its package ends."""

    def ends(self, message: Message, ends: bool) -> bool:
        return False


@deviation("final-with-next-message", "session")
class FinalWithNextMessage(Session):
    """Ends its package while it asks for the rest of the client's."""

    def ends(self, message: Message, ends: bool) -> bool:
        return ends or any(isinstance(c, Alert) and c.data == NEXT_MESSAGE for c in message.commands)


@deviation("no-next-message", "session")
class NoNextMessage(Session):
    """Does not ask for the rest of a package."""

    def ask_on(self, message: Message) -> None:
        """Keeps silent."""


@deviation("early-commands", "session")
class EarlyCommands(Session):
    """Commands before the client has said all."""

    @property
    def complete(self) -> bool:
        return True


@deviation("empty-last-answer", "talk")
class EmptyLastAnswer(Talk):
    """Ends the session by an empty body."""

    def answer(self, request: Request, at: float) -> Reply:
        reply = super().answer(request, at)
        return Reply(reply.status, [], b"") if self.session.over else reply


@deviation("ignores-max-msg-size", "session")
class IgnoresMaxMsgSize(Session):
    """Fills messages as it likes."""

    def room(self, message: Message) -> int:
        return 48 * 1024


@deviation("answers-in-xml", "session")
class AnswersInXml(Session):
    """Speaks XML to everybody."""

    def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> Received:
        received = super().receive(octets, media, headers)
        self.encoding = "xml"
        return received


@deviation("wrong-media-type", "session")
class WrongMediaType(Session):
    """Labels its messages as any XML."""

    def send(self, message: Message) -> Outgoing:
        out = super().send(message)
        out.media = "text/xml"
        return out


@deviation("answers-in-newer-version", "session")
class AnswersIn12(Session):
    """Speaks DM 1.2 to everybody."""

    def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> Received:
        received = super().receive(octets, media, headers)
        self.version = "1.2"
        return received


# ---- large objects ---------------------------------------------------------------------------------------------------


@deviation("size-in-every-chunk", "session")
class SizeInEveryChunk(Session):
    """Repeats Size with each piece."""

    def next_chunk(self, before: Command) -> Command:
        command = super().next_chunk(before)
        item, earlier = command.items[0], before.items[0].meta
        item.meta = item.meta or Meta()
        item.meta.size = earlier.size if earlier else None
        return command


@deviation("no-more-data", "session")
class NoMoreData(Session):
    """Does not say that more pieces follow."""

    def fill_chunk(self, message: Message, command: Command) -> bool:
        last = super().fill_chunk(message, command)
        command.items[0].more = False
        return last


@deviation("command-between-chunks", "session")
class CommandBetweenChunks(Session):
    """Uses the messages with pieces for other commands as well."""

    def add_chunk(self, message: Message) -> bool:
        message.commands.append(self.numbered(Get(items=[Item(target=FIRMWARE)])))
        return super().add_chunk(message)


@deviation("final-with-chunk", "session")
class FinalWithChunk(Session):
    """Says Final with each piece."""

    def ends(self, message: Message, ends: bool) -> bool:
        return ends or any(item.more for command in message.commands for item in command.items)


# ---- credentials -----------------------------------------------------------------------------------------------------


@deviation("takes-anyone", "session")
class TakesAnyone(Session):
    """Looks at credentials and does not mind."""

    def check(self, message: Message, octets: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        facts = super().check(message, octets, headers)
        self.authenticated = True
        return facts


@deviation("commands-with-challenge", "session")
class CommandsWithChallenge(TakesAnyone):
    """Challenges the client and commands in the same breath."""

    def header_code(self, message: Message) -> tuple[str, Chal | None]:
        code, chal = super().header_code(message)
        return (self.refusal(), self.challenge()) if code == "200" and self.keys.kind != "none" else (code, chal)


@deviation("no-next-nonce", "session")
class NoNextNonce(Session):
    """Challenges without a nonce."""

    def challenge(self) -> Chal:
        chal = super().challenge()
        chal.next_nonce = None
        self.keys.verifier.current = self.keys.verifier.initial
        return chal


@deviation("nonce-for-ever", "session")
class NonceForEver(Session):
    """Gives the nonce that was agreed on at first again and again."""

    def challenge(self) -> Chal:
        verifier, before = self.keys.verifier, self.keys.verifier.current
        issue = verifier.issue
        verifier.issue = lambda: before  # type: ignore[method-assign]
        try:
            return super().challenge()
        finally:
            verifier.issue = issue  # type: ignore[method-assign]


@deviation("212-without-credentials", "session")
class AuthenticatedWithoutCredentials(Session):
    """Says 212 to every message it takes."""

    def header_code(self, message: Message) -> tuple[str, Chal | None]:
        code, chal = super().header_code(message)
        return ("212" if code == "200" and self.keys.kind != "hmac" else code), chal


@deviation("212-for-mac", "session")
class AuthenticatedByMac(Session):
    """Takes one authentication code for the whole session."""

    def header_code(self, message: Message) -> tuple[str, Chal | None]:
        code, chal = super().header_code(message)
        return ("212" if code == "200" and self.keys.kind == "hmac" else code), chal


@deviation("shows-nothing", "session")
class ShowsNothing(Session):
    """Has no credentials of its own."""

    def credentials(self) -> Cred | None:
        return None
