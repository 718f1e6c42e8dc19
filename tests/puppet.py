"""A device in the hand of a test, which does on the wire whatever the test wants: badly, or as the one-shot client does."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from strangerruns import STRANGERS

sys.path.insert(0, str(STRANGERS))
import oneshot

Behaviour = Callable[["Puppet"], None]


class Puppet:
    """A device in this process: its hook is a web address, and what a session is like is a function."""

    def __init__(self) -> None:
        puppet = self

        class Hook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                given = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
                code, answer = puppet.obey(self.path.rpartition("/")[2], given)
                body = json.dumps(answer).encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *values: object) -> None:
                pass

        self.behave: Behaviour = healthy
        self.account: dict[str, Any] = {}
        self.state: dict[str, Any] = {}
        self.over = threading.Event()
        self.threads: list[threading.Thread] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.hook = f"http://127.0.0.1:{self.server.server_port}/hook"

    def obey(self, verb: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if verb == "prepare":
            self.account = given
        elif verb == "start_session":
            thread = threading.Thread(target=self._session, args=(self.behave,), daemon=True)
            self.threads.append(thread)
            thread.start()
        elif verb == "idle":
            return 200, {"idle": not any(thread.is_alive() for thread in self.threads)}
        elif verb != "reset":
            return 501, {}
        if verb in ("prepare", "reset"):
            self.state = oneshot.factory(self.account)
        return 200, {}

    def _session(self, behave: Behaviour) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            behave(self)

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.account["server_url"])
        return parts.hostname or "", parts.port or 0

    def post(self, body: bytes, media: str = "application/vnd.syncml.dm+xml", **headers: str) -> tuple[int, bytes]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(*self.address, timeout=5)
        with contextlib.closing(connection):
            connection.request("POST", "/dm", body, {"Content-Type": media, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def raw(self, octets: bytes) -> bytes:
        """Octets on a connection of its own; gives what comes back until it is closed."""
        with socket.create_connection(self.address, timeout=5) as connection:
            connection.sendall(octets)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def message(self, number: int = 1, final: bool = True, **changes: str) -> bytes:
        """Package #1 as a healthy client writes it, with some of it changed."""
        body: list[bytes] = []

        class Once(oneshot.Session):
            def post(self, inner: str, with_cred: bool) -> None:
                self.msg = number
                body.append(written(self, inner))
                raise StopIteration

        session = Once({**self.state, "session": 41})
        with contextlib.suppress(StopIteration):
            session.run()
        text = body[0].decode()
        if not final:
            text = text.replace("<Final/>", "")
        for old, new in changes.items():
            text = re.sub(f"<{old}>[^<]*</{old}>", f"<{old}>{new}</{old}>", text, count=1)
        return text.encode()

    def close(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(5)
            assert not thread.is_alive()
        self.server.shutdown()
        self.server.server_close()


def written(session: Any, inner: str) -> bytes:
    """A message of the one-shot client."""
    return (
        "<?xml version='1.0'?><SyncML xmlns='SYNCML:SYNCML1.2'><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>"
        f"<SessionID>{session.id}</SessionID><MsgID>{session.msg}</MsgID><Target><LocURI>{session.url}</LocURI></Target>"
        f"<Source><LocURI>{session.account['device_id']}</LocURI><LocName>dev-0001</LocName></Source>{session.cred()}"
        f"</SyncHdr><SyncBody>{inner}<Final/></SyncBody></SyncML>"
    ).encode()


def healthy(puppet: Puppet) -> None:
    oneshot.Session(puppet.state).run()
