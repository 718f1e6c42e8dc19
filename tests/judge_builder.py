"""Builds transcripts by hand for the tests of the judge: messages in order, numbered and addressed like real ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.harness.catalogue import load_catalogue
from conformance.judge.finding import Finding
from conformance.judge.rule import standing
from conformance.syncml.codec import encode, media_type
from conformance.syncml.model import (
    Alert,
    Block,
    Chal,
    Command,
    Cred,
    Exec,
    Get,
    Header,
    Item,
    Message,
    Meta,
    Replace,
    Results,
    Sequence,
    Status,
)
from conformance.transcript import CONTENT, DEVICE, SERVER, SUITE, Event, Transcript

CATALOGUE = load_catalogue(Path(__file__).parent.parent / "testcases")
URL, DEVICE_ID, OBJECT = "http://dm.example.test/dm", "urn:imei:490154203237518", "./FUMO/Fw1"
TYPE = "org.openmobilealliance.dm.firmwareupdate."
B64, TEXT = Meta(format="b64"), "text/plain"


@dataclass
class Step:
    """A message of one side with what the recorder says about it."""

    side: str
    message: Message
    data: dict[str, Any] = field(default_factory=dict)
    raw: bytes | None = None

    def all(self, kind: type[Command]) -> list[Any]:
        """Its commands of a kind, those inside containers too."""
        return [command for command in self.message.walk() if isinstance(command, kind)]

    def one(self, kind: type[Command], n: int = 0) -> Any:
        """One command of a kind."""
        return self.all(kind)[n]

    def status(self, name: str, n: int = 0) -> Status:
        """The Status for a command, by its name."""
        return [status for status in self.message.statuses() if status.cmd == name][n]

    def drop(self, *commands: Command) -> None:
        """Takes commands out of the body."""
        self.message.commands = [c for c in self.message.commands if not any(c is out for out in commands)]


@dataclass
class Mark:
    """An event that is no message."""

    kind: str
    sender: str
    receiver: str
    data: dict[str, Any]


class Script:
    """A transcript in the making."""

    def __init__(self, encoding: str = "xml", version: str = "1.2") -> None:
        self.encoding, self.version = encoding, version
        self.steps: list[Step | Mark] = []
        self.session = "1"
        self.label: str | None = None
        self._ids = {"client": 0, "server": 0}
        self.exchange = 0

    def open(self, session: str) -> None:
        """Begins another session."""
        self.session = session
        self._ids = {"client": 0, "server": 0}

    def say(self, side: str, *commands: Command, final: bool = True, cred: Cred | None = None, **header: Any) -> Step:
        """Adds a message; commands get their CmdIDs."""
        self._ids[side] += 1
        ends = (URL, DEVICE_ID) if side == "client" else (DEVICE_ID, URL)
        made = Header(
            self.version, f"DM/{self.version}", self.session, str(self._ids[side]), *ends, cred=cred, **header
        )
        number(list(commands))
        if side == "client":
            self.exchange += 1
        step = Step(side, Message(made, list(commands), final))
        step.data = {"exchange": self.exchange, "direction": "request" if side == "client" else "response"}
        if side == "client":
            step.data |= {"method": "POST", "url": URL}
        else:
            step.data["status"] = 200
        if self.label is not None:
            step.data["session"] = self.label
        self.steps.append(step)
        return step

    def client(self, *commands: Command, **given: Any) -> Step:
        """A message of the device."""
        return self.say("client", *commands, **given)

    def server(self, *commands: Command, **given: Any) -> Step:
        """A message of the server."""
        return self.say("server", *commands, **given)

    def mark(self, kind: str, sender: str = SUITE, receiver: str = SUITE, **data: Any) -> Mark:
        """An event that is no message."""
        mark = Mark(kind, sender, receiver, data)
        self.steps.append(mark)
        return mark

    def fetch(self, url: str, **data: Any) -> Mark:
        """A GET at the content server."""
        return self.mark("http", DEVICE, CONTENT, **{"method": "GET", "url": url, "status": 200, **data})

    def transcript(self) -> Transcript:
        """The transcript as it stands."""
        events = []
        for n, step in enumerate(self.steps, 1):
            if isinstance(step, Mark):
                events.append(Event(n, n / 10, step.kind, step.sender, step.receiver, dict(step.data)))
                continue
            octets = encode(step.message, self.encoding, self.version) if step.raw is None else step.raw
            data = {"media": media_type(self.encoding), "size": len(octets), "sha256": hashlib.sha256(octets).hexdigest()}
            ends = (DEVICE, SERVER) if step.side == "client" else (SERVER, DEVICE)
            events.append(Event(n, n / 10, "message", *ends, data | step.data, _loader(octets)))
        return Transcript(events)

    def judge(
        self, side: str, strict: bool = False, objects: tuple[str, ...] = (OBJECT,), version: str = "1.2"
    ) -> list[Finding]:
        """All findings about one side. ``version``: what the client was to speak, "" where nobody knows."""
        return standing(self.transcript(), side, CATALOGUE, strict=strict, objects=objects, version=version)


def _loader(octets: bytes) -> Callable[[], bytes]:
    return lambda: octets


def number(commands: list[Command], start: int = 0) -> int:
    """Gives commands without CmdID one, those inside containers too."""
    for command in commands:
        start += 1
        command.cmd_id = command.cmd_id or str(start)
        if isinstance(command, Block):
            start = number(command.commands, start)
    return start


def item(uri: str, data: str | bytes | None = None, *, source: bool = False, more: bool = False, **meta: Any) -> Item:
    """An Item for a node."""
    made = Item(data=data, meta=Meta(**meta) if meta else None, more=more)
    if source:
        made.source = uri
    else:
        made.target = uri
    return made


def dev_info() -> Replace:
    """The DevInfo Replace."""
    values = {"DevId": DEVICE_ID, "Man": "Acme", "Mod": "X1", "DmV": "1", "Lang": "en"}
    return Replace(items=[item(f"./DevInfo/{name}", value, source=True) for name, value in values.items()])


def header_status(step: Step, code: str = "200", chal: Chal | None = None) -> Status:
    """A Status for the SyncHdr of a message."""
    return Status(msg_ref=step.message.header.msg_id, cmd_ref="0", cmd="SyncHdr", data=code, chal=chal)


def answers(step: Step, code: str = "200", chal: Chal | None = None, **codes: str) -> list[Command]:
    """A Status for the SyncHdr and one for each command; ``codes`` by name of the command, else 200."""
    made: list[Command] = [header_status(step, code, chal)]
    for command in step.message.walk():
        if not isinstance(command, Status | Results) and getattr(command, "data", None) != "1223":
            made.append(
                Status(
                    msg_ref=step.message.header.msg_id, cmd_ref=command.cmd_id, cmd=command.name,
                    data=codes.get(command.name, "200"),
                )
            )
    return made


def results(step: Step, get: Get, *items: Item) -> Results:
    """Results for a Get."""
    return Results(msg_ref=step.message.header.msg_id, cmd_ref=get.cmd_id, items=list(items))


def md5_chal(nonce: str = "MDEyMzQ1Njc4OWFiY2RlZg==", kind: str = "syncml:auth-md5") -> Chal:
    """A challenge with a nonce of 16 octets."""
    return Chal(type=kind, format="b64", next_nonce=nonce)


def basic() -> Cred:
    """Basic credentials, masked as a transcript has them."""
    return Cred("syncml:auth-basic", "b64", "****")


def md5() -> Cred:
    """md5 credentials, masked."""
    return Cred("syncml:auth-md5", "b64", "*" * 24)


def report(kind: str, code: str = "200", correlator: str | None = "job", **meta: Any) -> Alert:
    """The Generic Alert of an operation."""
    meta = {"format": "int", "type": TYPE + kind, "mark": "critical" if code[:1] in ("4", "5") else None, **meta}
    return Alert(data="1226", correlator=correlator, items=[item(OBJECT, code, source=True, **meta)])


def update(encoding: str = "xml", operation: str = "DownloadAndUpdate", code: str = "200") -> Script:
    """A whole update: a session that starts it, the download, a session that reports it.

    Steps: 0 package 1, 1 Get and Sequence of Replace and Exec, 2 answers, 3 end, 4 fetch, 5 package 1 with the report,
    6 end, 7 the case has waited.
    """
    script = Script(encoding)
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    get = Get(items=[item(f"{OBJECT}/State")])
    node = f"{OBJECT}/{operation}"
    start = Exec(correlator="job", items=[item(node)])
    write = Replace(items=[item(f"{node}/PkgURL", "http://dl.example.test/fw.bin", format="chr")])
    two = script.server(*answers(one, "212"), get, Sequence(commands=[write, start]))
    told = results(two, get, item(f"{OBJECT}/State", "10", source=True, format="int"))
    three = script.client(*answers(two, "200", Exec="202"), told)
    script.server(*answers(three))
    script.fetch("http://dl.example.test/fw.bin")
    script.open("2")
    four = script.client(Alert(data="1201"), dev_info(), report(operation.lower(), code), cred=basic())
    script.server(*answers(four, "212"))
    script.mark("value", name="operation-awaited", value=True)
    return script


def installing(state: str) -> Script:
    """An installation, with a look at State while it goes on, and its report in a later session."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    two = script.server(*answers(one, "212"), Exec(correlator="job", items=[item(f"{OBJECT}/Update")]))
    three = script.client(*answers(two, "200", Exec="202"))
    get = Get(items=[item(f"{OBJECT}/State")])
    four = script.server(*answers(three), get)
    five = script.client(*answers(four, "200"), results(four, get, item(f"{OBJECT}/State", state, source=True, format="int")))
    script.server(*answers(five))
    script.open("2")
    script.server(*answers(script.client(Alert(data="1201"), dev_info(), report("update"), cred=basic()), "212"))
    return script


def challenged() -> Script:
    """Both sides use md5. Steps: 0 package 1 without Cred, 1 challenge, 2 package 1 again, 3 Get, 4 answers, 5 end."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info())
    two = script.server(*answers(one, "407", md5_chal(), Alert="407", Replace="407"), resp_uri=URL + "?s=1")
    three = script.client(header_status(two), Alert(data="1201"), dev_info(), cred=md5(), source_name="dev")
    three.data["url"] = URL + "?s=1"
    get = Get(items=[item("./DevInfo/Man")])
    next_ = md5_chal("ZmVkY2JhOTg3NjU0MzIxMA==")
    four = script.server(*answers(three, "212", next_), get, cred=md5(), source_name="srv")
    own = md5_chal("c2VydmVybm9uY2UwMDAwMA==")
    told = results(four, get, item("./DevInfo/Man", "Acme", source=True))
    five = script.client(*answers(four, "212", own), told)
    script.server(*answers(five))
    return script


def with_mac() -> Script:
    """Both sides use a MAC. Steps as in :func:`challenged`."""
    script = challenged()
    kind = "syncml:auth-MAC"
    nonces = ["", "MDAwMDAwMDAwMDAwMDAwMQ==", "MDAwMDAwMDAwMDAwMDAwMg==", "MDAwMDAwMDAwMDAwMDAwMw==",
              "MDAwMDAwMDAwMDAwMDAwNA==", "MDAwMDAwMDAwMDAwMDAwNQ=="]  # fmt: skip
    for place, step in enumerate(script.steps):
        assert isinstance(step, Step)
        header = step.message.header
        if place > 1:
            name = "dev" if step.side == "client" else "srv"
            header.source_name = name
            header.cred = None
            step.data["headers"] = [["x-syncml-hmac", f'algorithm=MD5, username="{name}", mac={"*" * 24}']]
            step.status("SyncHdr").data = "200"
        if place:
            step.status("SyncHdr").chal = md5_chal(nonces[place], kind)
    return script


def large(size: str | None = "30", chunks: tuple[str, ...] = ("a" * 10, "b" * 10, "c" * 10), final: str = "200") -> Script:
    """A large object to the device. Steps: 0 package 1, then pairs of a chunk (1, 3, 5) and its answer (2, 4, 6), 7 end."""
    script = Script()
    last = script.client(Alert(data="1201"), dev_info(), cred=basic())
    for place, data in enumerate(chunks):
        more = place < len(chunks) - 1
        meta = {"format": "chr", "type": TEXT, **({"size": size} if place == 0 and size else {})}
        chunk = Replace(items=[item("./Some/Node", data, more=more, **meta)])
        sent = script.server(*answers(last, "212" if place == 0 else "200"), chunk, final=not more)
        asks = [Alert(data="1222")] if more else []
        last = script.client(*answers(sent, "200", Replace="213" if more else final), *asks, final=not more)
    script.server(*answers(last))
    return script


def upload() -> Script:
    """Large Results. Steps: 0 package 1, 1 Get, 2 first piece, 3 next message, 4 last piece, 5 end."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    get = Get(items=[item("./Some/Node")])
    two = script.server(*answers(one, "212"), get)
    first = item("./Some/Node", "x" * 10, source=True, more=True, format="chr", type=TEXT, size="20")
    three = script.client(*answers(two), results(two, get, first), final=False)
    four = script.server(*answers(three), Alert(data="1222"), final=False)
    second = item("./Some/Node", "y" * 10, source=True, format="chr", type=TEXT)
    five = script.client(*answers(four), results(two, get, second))
    script.server(*answers(five))
    return script


def aborted(side: str) -> Script:
    """A session that one side breaks off. Steps: 0 package 1, 1 Get or Alert 1223, 2 Alert 1223, 3 its answer."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    if side == "server":
        script.server(*answers(one, "212"), Alert(data="1223"))
        return script
    two = script.server(*answers(one, "212"), Get(items=[item("./DevInfo/Man")]))
    stop = Alert(data="1223")
    three = script.client(header_status(two), stop)
    script.server(
        header_status(three), Status(msg_ref="2", cmd_ref=stop.cmd_id, cmd="Alert", data="200")
    )
    return script


def commanded(*commands: Command, **codes: str) -> Script:
    """One exchange of commands. Steps: 0 package 1, 1 the commands, 2 their answers, 3 end."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), cred=basic())
    two = script.server(*answers(one, "212"), *commands)
    three = script.client(*answers(two, "200", **codes))
    script.server(*answers(three))
    return script


def alerted(*alerts: Alert, code: str = "200") -> Script:
    """Package 1 with further alerts. Steps: 0 package 1, 1 end."""
    script = Script()
    one = script.client(Alert(data="1201"), dev_info(), *alerts, cred=basic())
    script.server(*answers(one, "212", Alert=code))
    return script
