"""What a process prints: kept in a file and, the last of it, in memory; never in its way, however much it prints."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

KEPT = 1 << 20
"""Octets kept in memory: the last ones."""
IN_FILE = 64 << 20
"""Octets written to the file of one process; what comes later is counted only."""
_CHUNK = 65536
_LINE = 4096
"""Octets of a line that a pattern is looked for in."""


class Output:
    """The output of an implementation over all its starts. Thread-safe.

    ``mask`` takes the secrets out of what goes to the file; lines go there when they are complete.
    """

    def __init__(self, file: Path | None = None, mask: Callable[[bytes], bytes] = bytes) -> None:
        self._file, self._mask = file, mask
        self._line = b""
        self._room = threading.Condition()
        self._kept = bytearray()
        self._written = 0
        self.total = 0
        """Octets printed so far."""

    def add(self, octets: bytes) -> None:
        """Takes what was printed."""
        with self._room:
            self.total += len(octets)
            self._kept += octets
            del self._kept[:-KEPT]
            self._room.notify_all()
            if self._file is None or self._written >= IN_FILE:
                return
            self._line += octets
            end = self._line.rfind(b"\n") + 1 or max(0, len(self._line) - _LINE if len(self._line) > 2 * _LINE else 0)
            self._write(end)

    def flush(self) -> None:
        """Writes the last line too, whether it is complete or not."""
        with self._room:
            self._write(len(self._line))

    def _write(self, count: int) -> None:
        if not count:
            return
        masked = self._mask(self._line)  # as a whole: a secret may stand where it is cut
        octets, self._line = masked[:count], masked[count:]
        if self._file is not None and octets:
            with contextlib.suppress(OSError), self._file.open("ab") as file:
                file.write(octets[: IN_FILE - self._written])
            self._written += len(octets)

    def wake(self) -> None:
        """Makes those who wait look again."""
        with self._room:
            self._room.notify_all()

    def since(self, mark: int) -> bytes:
        """What was printed after the first ``mark`` octets, as far as it is kept."""
        with self._room:
            return self._since(mark)

    def _since(self, mark: int) -> bytes:
        return bytes(self._kept[max(0, mark - (self.total - len(self._kept))) :])

    def wait_for(self, pattern: str, mark: int, deadline: float, over: Callable[[], bool]) -> bool:
        """Waits until a line after ``mark`` fits the regular expression, its end printed or not.

        False where ``deadline`` (monotonic) passes or ``over()`` comes true without it.
        """
        wanted = re.compile(pattern)
        with self._room:
            while True:
                ended = over()
                printed = self._since(mark)
                mark = max(self.total - len(printed) + printed.rfind(b"\n") + 1, self.total - _LINE)
                if any(wanted.search(line[:_LINE].decode("utf-8", "replace")) for line in printed.splitlines()):
                    return True
                left = deadline - time.monotonic()
                if ended or left <= 0:
                    return False
                self._room.wait(left)


class Reader:
    """Reads a pipe on a thread of its own until its end, or until told to stop although somebody else holds it open."""

    def __init__(self, pipe: int, output: Output) -> None:
        """``pipe``: a file descriptor, closed here when all is read."""
        self._pipe, self._output = pipe, output
        os.set_blocking(pipe, False)
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)
        self._thread.start()

    def finish(self, patience: float) -> None:
        """Waits for the end of the pipe for ``patience`` seconds, then takes what is there and lets go."""
        self._thread.join(patience)
        self._stop.close()
        self._thread.join()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector, self._stopped:
            selector.register(self._pipe, selectors.EVENT_READ)
            selector.register(self._stopped, selectors.EVENT_READ)
            try:
                while True:
                    ready = [key.fileobj for key, _ in selector.select()]
                    if self._pipe in ready and not self._read():
                        break
                    if self._stopped in ready:
                        break
            finally:
                os.close(self._pipe)
        self._output.flush()
        self._output.wake()

    def _read(self) -> bool:
        try:
            octets = os.read(self._pipe, _CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if octets:
            self._output.add(octets)
        return bool(octets)
