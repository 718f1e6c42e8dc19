"""What sloppy implementers of devices do with the size of their reports, with requests, and with questions to nobody.

``testcases/deviations/client.yaml`` says of each in one sentence what it is, and which requirements it breaks.
"""

from __future__ import annotations

from conformance.dm.answers import Encode, Number, Packer
from conformance.dm.clientsession import ClientSession
from conformance.dm.executor import Executor
from conformance.fumo.agent import Report, UpdateAgent
from conformance.fumo.object import ALERT_OF, DEVICE_REQUEST, DOWNLOAD_AND_UPDATE, USER_REQUEST
from conformance.peers.deviation import CLIENT
from conformance.peers.outbox import Outbox
from conformance.syncml.model import Alert, Item, Message, Meta

# -- size ----------------------------------------------------------------------------------------------------------------


class _AlertsWhole(Packer):
    """Puts alerts into a message however long it grows."""

    def fill(self, message: Message, limit: int | None, encode: Encode, number: Number, more: Alert | None) -> None:
        waiting = [each for each in self.commands if isinstance(each, Alert) and each.data == "1226"]
        for each in waiting:
            self.commands.remove(each)
        super().fill(message, limit, encode, number, None if waiting else more)
        message.commands.extend(number(each) for each in waiting)
        if waiting and more is not None:
            message.commands.append(number(more))


@CLIENT("report-with-log", "session")
class _ReportBeyond(ClientSession):
    """Does not count its reports when it fills a message."""

    def start(self, alert_code: str, session_id: str, nonce: bytes | None = None) -> bytes:
        self.packer = _AlertsWhole(self.settings.encoding, self.settings.large_objects)
        return super().start(alert_code, session_id, nonce)


@CLIENT("report-with-log", "agent")
class _WithLog(UpdateAgent):
    """Sends the log of the operation with its result."""

    def alert(self, report: Report) -> Alert:
        alert = super().alert(report)
        log = "".join(f"{number:06} download agent: piece {number} ok\n" for number in range(400))
        alert.items.append(Item(source=self.root(), meta=Meta(format="chr", type="com.example.log"), data=log))
        return alert


# -- requests ------------------------------------------------------------------------------------------------------------


class _Requests(Outbox):
    """Requests of the device in another form."""

    def put(self, alert: Alert, once: bool = False) -> None:
        if once:
            self.spoil(alert, alert.items[0])
        super().put(alert, once)

    def spoil(self, alert: Alert, item: Item) -> None:
        raise NotImplementedError


@CLIENT("request-as-event", "outbox")
class _AsEvent(_Requests):
    def spoil(self, alert: Alert, item: Item) -> None:
        alert.data = "1224"


@CLIENT("request-type-in-data", "outbox")
class _TypeInData(_Requests):
    def spoil(self, alert: Alert, item: Item) -> None:
        item.data, item.meta = item.meta.type if item.meta else None, None


@CLIENT("request-without-format", "outbox")
class _WithoutFormat(_Requests):
    def spoil(self, alert: Alert, item: Item) -> None:
        if item.meta is not None:
            item.meta.format = None


@CLIENT("request-about-the-device", "outbox")
class _AboutDevice(_Requests):
    def spoil(self, alert: Alert, item: Item) -> None:
        item.source = "./DevInfo"


@CLIENT("request-from-identity", "outbox")
class _FromIdentity(_Requests):
    def spoil(self, alert: Alert, item: Item) -> None:
        item.source = "IMEI:490154203237518"


class _RequestType(_Requests):
    type: str

    def spoil(self, alert: Alert, item: Item) -> None:
        if item.meta is not None:
            item.meta.type = self.type


@CLIENT("requests-of-user-only", "outbox")
class _UserOnly(_RequestType):
    type = USER_REQUEST


@CLIENT("requests-of-device-only", "outbox")
class _DeviceOnly(_RequestType):
    type = DEVICE_REQUEST


@CLIENT("requests-as-operation", "outbox")
class _AsOperation(_RequestType):
    type = ALERT_OF[DOWNLOAD_AND_UPDATE]


# -- questions -----------------------------------------------------------------------------------------------------------


class _NobodyAsked(Executor):
    """Answers a question that it cannot put to anybody."""

    code: int

    def ask(self, command: Alert) -> int:
        if self.user is not None:
            return super().ask(command)
        self.answer(command, self.code)
        return self.code


@CLIENT("questions-agreed-to-without-display", "executor")
class _Agreed(_NobodyAsked):
    code = 200


@CLIENT("questions-without-display-404", "executor")
class _NotFound(_NobodyAsked):
    code = 404
