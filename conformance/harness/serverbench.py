"""What lasts while cases run against one server: its process or adapter, the way to it, the suite's devices and content."""

from __future__ import annotations

import socket
import threading
from collections import deque
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.harness import outcome
from conformance.harness.approach import Approach, Way
from conformance.harness.attached import Attached
from conformance.harness.cases import Permutation
from conformance.harness.certificates import Unusable
from conformance.harness.link import listen
from conformance.harness.recorder import Recorder
from conformance.harness.serverplayer import ServerPlayer
from conformance.harness.settings import DeviceIdentity
from conformance.harness.shelf import Shelf
from conformance.transcript import CONTENT, DEVICE, SERVER, SUITE
from conformance.transport.exchange import Reply, Request, Response
from conformance.transport.tls import Handshake

BIGGEST_DATAGRAM = 65535
IN_PROCESS_NOTIFY = "http://device.example/notify"


class Mailbox:
    """Where the trigger messages of a server arrive: datagrams on a port of the suite's device."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        self.url = f"udp://{host}:{self._socket.getsockname()[1]}"
        self._news = threading.Condition()
        self._came: deque[bytes] = deque()
        self._thread = threading.Thread(target=self._read, daemon=True, name="triggers")
        self._thread.start()

    def _read(self) -> None:
        while True:
            try:
                octets, _ = self._socket.recvfrom(BIGGEST_DATAGRAM)
            except OSError:
                return
            with self._news:
                if octets == b"" or len(self._came) > 1000:
                    if octets == b"":
                        return
                    continue
                self._came.append(octets)
                self._news.notify_all()

    def next(self, seconds: float) -> bytes | None:
        """The next datagram; ``None`` where none came in time."""
        with self._news:
            self._news.wait_for(lambda: bool(self._came), seconds)
            return self._came.popleft() if self._came else None

    def clear(self) -> None:
        """Forgets what came."""
        with self._news:
            self._came.clear()

    def close(self) -> None:
        """Closes the port."""
        host, port = self._socket.getsockname()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", (host, port))
        self._thread.join(2)
        self._socket.close()


class ServerBench(Attached):
    """The bench for the server role."""

    shelf: Shelf
    url: str

    def open(self) -> None:
        """Starts the suite's content server and the implementation. Raises :class:`outcome.Stop` with an error."""
        self.shelf = Shelf(self.iut, lambda: self.recorder)
        self.adapter = self.in_process_adapter()
        self.tls = self.certificates()
        self.mailbox: Mailbox | None = None
        self.way: Way | None = None
        self._content: Any = None
        if self.adapter is not None:
            self.virtual_clock()
            root = "http://content.example/"
        else:
            root = self._open_sockets()
        self.shelf.serve_at(root)
        self.start({"server_url": "", "download_url": root, **({} if self.tls is None else {"ca": str(self.tls.ca)})})
        self.url = self.expand(self.iut.attach.server_url) if self.iut.attach.server_url else "http://server.example/dm"

    def _open_sockets(self) -> str:
        attach, times = self.iut.attach, self.iut.timeouts
        try:
            notify = urlsplit(attach.notify or "udp://127.0.0.1:0")
            self.mailbox = Mailbox(notify.hostname or "127.0.0.1", notify.port or 0)
            places = (attach.content_listen, attach.content_advertise)
            self._content, root = listen(places, self.shelf.handle, self.tls, self._fetched)
        except Unusable as trouble:
            raise outcome.error(str(trouble), setup=True) from trouble
        except OSError as trouble:
            raise outcome.error(f"the suite cannot listen: {trouble}", setup=True) from trouble
        self.way = Way(times, self.tls, lambda handshake: self.shook(SERVER, DEVICE, handshake))
        return root

    def _fetched(self, handshake: Handshake) -> None:
        self.shook(SERVER, CONTENT, handshake)

    # -- a case ------------------------------------------------------------------------------------------------------

    def begin(self, folder: Path, permutation: Permutation) -> Recorder:
        """Takes up a permutation."""
        recorder = super().begin(folder, permutation)
        if self.way is not None:
            self.way.renew()
        self._places = {
            **self.shelf.begin(),
            "object": self.iut.objects[0],
            "object2": (self.iut.objects * 2)[1],
            "parent": self.iut.objects[0].rpartition("/")[0],
            "device_id": self.iut.dm.device_id,
            "server_id": self.iut.dm.server_id,
            "server": self.url,
            "correlator": f"corr-{self.cases:05d}",
            "firmware": self.iut.device.get("firmware", "1.0"),
        }
        return recorder

    def places(self) -> dict[str, str]:
        """Values of ``{name}`` in the steps."""
        return self._places

    def ready(self, permutation: Permutation) -> None:
        """The known start: idle, reset; the player enrols its device."""
        self.revive()
        # Where a reset follows, there is no need to wait out what an earlier case left open.
        self.idle(self.silence if self.can("reset") else self.iut.timeouts.reset)
        self.reset()
        if self.mailbox is not None:
            self.mailbox.clear()
        self.permutation = permutation
        for verb in permutation.case.needs.verbs:
            if not self.can(verb):
                raise outcome.not_applicable(f"the hook cannot {verb}", outcome.STEERING)

    def play(self, steps: list[dict[str, Any]], recorder: Recorder) -> None:
        """Enrols the device of the permutation and plays the steps."""
        player = ServerPlayer(self, recorder, self.identity(), dict(self.permutation.values))
        player.enrol()
        player.play(steps)
        if self.dead():
            self.note_end(working=True)

    def identity(self) -> DeviceIdentity:
        """The device that the suite plays."""
        dm = self.iut.dm
        return DeviceIdentity(dm.device_id, dm.client_credentials, dm.server_credentials)

    # -- the way to the server ---------------------------------------------------------------------------------------

    def exchange(self, request: Request, approach: Approach) -> Response:
        """Sends a DM request to the server under test."""
        if self.way is not None:
            return self.way.send(request, approach)
        headers = {name.lower(): value for name, value in request.headers} | {
            ":method": request.method,
            ":url": request.url,
        }
        octets, answered, _ = self.adapter.exchange(request.body, headers, self.clock.now())
        plain = [(name, value) for name, value in answered.items() if not name.startswith(":")]
        return Response(int(answered.get(":status", "0")), plain, octets or b"", answered.get(":error", ""))

    def content(self, request: Request) -> Reply | None:
        """What the suite's own content server answers; ``None`` where the address is not its own."""
        return self.shelf.handle(request) if request.url.startswith(self.shelf.server.root_url) else None

    @property
    def notify_url(self) -> str:
        """Where the server's trigger messages go."""
        return self.mailbox.url if self.mailbox is not None else IN_PROCESS_NOTIFY

    def next_trigger(self, seconds: float) -> bytes | None:
        """The next trigger message of the server; ``None`` where none came in time."""
        if self.mailbox is not None:
            return self.mailbox.next(seconds)
        octets, headers, _ = self.adapter.exchange(None, {}, self.clock.now())
        return octets if headers.get(":url") == self.notify_url else None

    def close(self) -> None:
        """Stops the implementation and lets go of all sockets."""
        super().close()
        for part in (self.mailbox, self.way, self._content):
            if part is not None:
                part.close()


__all__ = ["SUITE", "Mailbox", "ServerBench"]
