"""What sloppy implementers of devices do, as far as it concerns device management (DM Protocol, DM RepPro, DM TND)."""

from __future__ import annotations

from conformance.dm.authentication import Authentication
from conformance.dm.clientsession import ClientSession
from conformance.dm.executor import Executor
from conformance.dm.tree import Tree, Written
from conformance.peers.deviation import CLIENT
from conformance.syncml import codes
from conformance.syncml.model import (
    Add,
    Alert,
    Atomic,
    Command,
    Copy,
    Delete,
    Exec,
    Header,
    Item,
    Message,
    Replace,
    Results,
    Status,
)

# -- messages ------------------------------------------------------------------------------------------------------------


@CLIENT("header-status-last", "session")
class _HeaderStatusLast(ClientSession):
    def arrange(self, message: Message) -> None:
        statuses = message.statuses()
        if len(statuses) > 1:
            message.commands.remove(statuses[0])
            message.commands.insert(message.commands.index(statuses[-1]) + 1, statuses[0])


@CLIENT("status-order-reversed", "session")
class _StatusReversed(ClientSession):
    def arrange(self, message: Message) -> None:
        statuses = message.statuses()
        rest = [command for command in message.commands if not isinstance(command, Status)]
        message.commands = [*statuses[:1], *reversed(statuses[1:]), *rest]


@CLIENT("status-missing", "session")
class _StatusMissing(ClientSession):
    def arrange(self, message: Message) -> None:
        statuses = message.statuses()
        if len(statuses) > 2:
            message.commands.remove(statuses[-1])


@CLIENT("msgref-wrong", "executor")
class _MsgRefWrong(Executor):
    def answer(self, command: Command, code: int, item: Item | None = None) -> Status:
        status = super().answer(command, code, item)
        status.msg_ref = f"{status.msg_ref}0"
        return status


@CLIENT("cmdid-repeated", "session")
class _CmdIdRepeated(ClientSession):
    def arrange(self, message: Message) -> None:
        for command in message.commands[1:]:
            command.cmd_id = "2"


@CLIENT("msgid-stuck", "session")
class _MsgIdStuck(ClientSession):
    def header(self) -> Header:
        header = super().header()
        header.msg_id = str(min(self.msg_id, 2))
        return header


@CLIENT("final-missing", "session")
class _FinalMissing(ClientSession):
    def arrange(self, message: Message) -> None:
        if any(isinstance(command, Results) for command in message.commands):
            message.final = False


@CLIENT("devinfo-incomplete", "session")
class _DevInfoIncomplete(ClientSession):
    def dev_info(self) -> list[Item]:
        return super().dev_info()[:-1]


@CLIENT("devinfo-in-target", "session")
class _DevInfoTarget(ClientSession):
    def dev_info(self) -> list[Item]:
        return [Item(target=item.source, data=item.data) for item in super().dev_info()]


@CLIENT("results-without-source", "executor")
class _ResultsWithoutSource(Executor):
    def results(self, command: Command, found: list[Item]) -> Results:
        results = super().results(command, found)
        for item in results.items:
            item.source = None
        return results


@CLIENT("empty-message-sent", "session")
class _EmptyMessage(ClientSession):
    talked = False

    def silent(self) -> bool:
        quiet, talked = super().silent(), self.talked
        self.talked = quiet
        return quiet and talked


@CLIENT("max-message-size-ignored", "session")
class _MaxMsgSizeIgnored(ClientSession):
    def _take_header(self, message: Message) -> None:
        super()._take_header(message)
        self.max_msg_size = None


@CLIENT("resp-uri-ignored", "session")
class _RespUriIgnored(ClientSession):
    def _take_header(self, message: Message) -> None:
        super()._take_header(message)
        self.url = self.settings.url


@CLIENT("session-id-padded", "session")
class _SessionIdPadded(ClientSession):
    def start(self, alert_code: str, session_id: str, nonce: bytes | None = None) -> bytes:
        if alert_code == codes.SERVER_INITIATED:
            session_id = session_id.lower().zfill(4)
        return super().start(alert_code, session_id, nonce)


# -- authentication ------------------------------------------------------------------------------------------------------


@CLIENT("stranger-obeyed", "session")
class _StrangerObeyed(ClientSession):
    def trusts_server(self) -> bool:
        return True


@CLIENT("package-1-cut-short", "session")
class _Package1Short(ClientSession):
    def package_1(self) -> list[Command]:
        commands = super().package_1()
        return commands if not self.msg_id else commands[:1]


@CLIENT("user-name-missing", "authentication")
class _UserNameMissing(Authentication):
    @property
    def name(self) -> str | None:
        return None


@CLIENT("nonce-from-anybody", "authentication")
class _NonceFromAnybody(Authentication):
    def remember(self) -> None:
        self.keys.nonce = self.nonce


# -- large objects -------------------------------------------------------------------------------------------------------


@CLIENT("chunk-answered-200", "executor")
class _ChunkAnswered200(Executor):
    def answer(self, command: Command, code: int, item: Item | None = None) -> Status:
        return super().answer(command, 200 if code == 213 else code, item)


@CLIENT("next-message-unasked", "session")
class _NextMessageUnasked(ClientSession):
    def arrange(self, message: Message) -> None:
        message.commands = [
            c for c in message.commands if not (isinstance(c, Alert) and c.data == codes.NEXT_MESSAGE)
        ]


@CLIENT("size-mismatch-committed", "executor")
class _SizeMismatch(Executor):
    def write(self, command: Command, item: Item) -> int:
        if self.assembler.open and not item.more:
            self.assembler.expected = self.assembler.received + len(item.data or "")
        return super().write(command, item)


# -- commands and tree ---------------------------------------------------------------------------------------------------


@CLIENT("exec-in-atomic-run", "executor")
class _ExecInAtomic(Executor):
    in_atomic = (Add, Alert, Copy, Delete, Exec, Replace)


@CLIENT("atomic-not-rolled-back", "tree")
class _AtomicKept(Tree):
    def rollback(self) -> None:
        self.commit()


@CLIENT("atomic-answered-200", "executor")
class _AtomicAnswered200(Executor):
    def atomic(self, command: Atomic) -> int:
        first = len(self._out.statuses)
        code = super().atomic(command)
        self._out.statuses[first].data = "200"
        return code


@CLIENT("rights-ignored", "executor")
class _RightsIgnored(Executor):
    def right_of(self, server: str) -> str | None:
        return None


@CLIENT("replace-creates", "tree")
class _ReplaceCreates(Tree):
    def replace(self, uri: str, written: Written, server: str | None = None) -> int:
        code = super().replace(uri, written, server)
        return self.add(uri, written) if code == 404 else code


@CLIENT("refusal-overheard", "executor")
class _RefusalOverheard(Executor):
    def ask(self, command: Alert) -> int:
        code = super().ask(command)
        return 200 if code == 304 else code


@CLIENT("delete-of-permanent", "tree")
class _DeletePermanent(Tree):
    def delete(self, uri: str, server: str | None = None) -> int:
        code = super().delete(uri, server)
        return 200 if code == 405 else code
