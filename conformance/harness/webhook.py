"""A hook at a web address: one POST for each verb (attach contract 2)."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote, urlsplit

from conformance.harness.answer import CANNOT, ERROR, MAX_ANSWER, Outcome, parsed


class WebLink:
    """Calls a hook at ``address()``, which is asked for when a call begins. Redirections are not followed."""

    name = "hook"

    def __init__(self, address: Callable[[], str]) -> None:
        self._address = address
        self._socket: socket.socket | None = None
        self._cancelled = False

    def call(self, verb: str, given: dict[str, Any], seconds: float) -> Outcome:
        """POSTs the verb. The whole exchange gets ``seconds``, however slowly the answer drips."""
        deadline = time.monotonic() + seconds
        parts = urlsplit(self._address())
        connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=seconds)
        watch: threading.Timer | None = None
        try:
            connection.connect()
            self._socket = connection.sock
            watch = threading.Timer(0.0 if self._cancelled else max(0.0, deadline - time.monotonic()), self._cut)
            watch.daemon = True
            watch.start()
            body = json.dumps(given).encode("utf-8")
            headers = {"Content-Type": "application/json", "Accept": "application/json", "Connection": "close"}
            connection.request("POST", f"{parts.path.rstrip('/')}/{quote(verb, safe='')}", body, headers)
            response = connection.getresponse()
            with response:
                octets = response.read(MAX_ANSWER + 1)
                missing = response.length if len(octets) <= MAX_ANSWER else 0
            outcome = self._outcome(response.status, octets)
            if missing:
                outcome = Outcome(ERROR, {}, f"the hook: {missing} octets of the answer are missing")
        except (OSError, HTTPException, ValueError) as error:
            outcome = Outcome(ERROR, {}, f"the hook at {parts.netloc}: {type(error).__name__}: {error}"[:300])
        finally:
            self._socket = None
            if watch is not None:
                watch.cancel()
                watch.join()
            connection.close()
        if time.monotonic() >= deadline:
            return Outcome(ERROR, {}, f"the hook at {parts.netloc}: no complete answer after {seconds:g} s")
        return outcome

    @staticmethod
    def _outcome(status: int, octets: bytes) -> Outcome:
        if len(octets) > MAX_ANSWER:
            return Outcome(ERROR, {}, f"the hook: the answer is longer than {MAX_ANSWER} octets")
        said = octets[:300].decode("utf-8", "replace").strip()
        if status == 200:
            return parsed(octets, "the hook")
        if status == 501:
            return Outcome(CANNOT, {}, said)
        return Outcome(ERROR, {}, ": ".join(filter(None, (f"the hook answered with HTTP status {status}", said))))

    def cancel(self) -> None:
        """Breaks off the exchange that runs, and those to come."""
        self._cancelled = True
        self._cut()

    def _cut(self) -> None:
        running = self._socket
        if running is not None:
            with contextlib.suppress(OSError):
                running.shutdown(socket.SHUT_RDWR)

    def close(self, seconds: float) -> str:
        """Nothing to do: every exchange has a connection of its own."""
        return ""
