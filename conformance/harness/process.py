"""The process of an implementation that the suite starts and stops (attach contract 1)."""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.harness.iut import Iut
from conformance.harness.output import Output, Reader
from conformance.harness.placeholders import Placeholders
from conformance.harness.program import await_exit, found, kill_group

ENDS_IN_A_ROW = 5
"""After so many unexpected ends, one case after the other, the process is not started again."""
_MERCY = 5.0
"""Seconds that the system gets to end a process that was killed."""
_PATIENCE = 0.5
"""Seconds that the output of an ended process may take to arrive."""
_PAUSE = 0.02
"""Seconds between two looks at whether a port answers; no event says so."""
_LOOK = 2.0
"""Seconds that one look at an HTTP address may take."""
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})[ \r\n]")
Observe = Callable[[dict[str, Any]], None]


class NotStarted(RuntimeError):
    """The process could not be started, ended at once, or was not ready in time. The text says which."""


class Dead(NotStarted):
    """The process ended unexpectedly :data:`ENDS_IN_A_ROW` times in a row and is given up."""


class Life:
    """One life of the process: from a start to its end. ``code``: exit status, negative for a signal.

    :meth:`watch` is called right after it was made.
    """

    def __init__(self, command: list[str], folder: Path, output: Output, on_end: Callable[[Life], None]) -> None:
        mine, its = os.pipe()
        try:
            self.process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=its, stderr=its, start_new_session=True
            )
        except BaseException:
            os.close(mine)
            raise
        finally:
            os.close(its)
        self.code: int | None = None
        self.expected = False
        self.over = threading.Event()
        self._lock = threading.Lock()
        self._on_end = on_end
        self._reader = Reader(mine, output)

    def watch(self) -> None:
        """Begins to wait for the end; ``on_end`` is told of it, on another thread."""
        threading.Thread(target=self._wait, name="process-wait", daemon=True).start()

    def _wait(self) -> None:
        await_exit(self.process)
        with self._lock:
            kill_group(self.process.pid, signal.SIGKILL)
            self.code = self.process.wait()
        self._reader.finish(_PATIENCE)
        try:
            self._on_end(self)
        finally:
            self.over.set()

    def signal(self, number: int) -> bool:
        """Sends a signal to the whole process group; False where it has ended."""
        with self._lock:
            if self.code is not None:
                return False
            kill_group(self.process.pid, number)
            return True


class Implementation:
    """The process of an implementation. Its starts have the same ports, and the same ``work_dir``.

    ``observe`` is told ``what`` happens (started, ready, ended, killed) with ``code`` and ``expected``, on any thread.
    Methods are called from one thread; nothing of the process group is left after :meth:`stop`.
    """

    def __init__(
        self, iut: Iut, placeholders: Placeholders, *, log: Path | None = None, observe: Observe | None = None,
        stop_seconds: float = 5.0, mask: Callable[[bytes], bytes] = bytes,
    ) -> None:  # fmt: skip
        """``log``: file that all output is added to, secrets taken out by ``mask``. ``stop_seconds``: from SIGTERM to
        SIGKILL."""
        self._iut, self._placeholders = iut, placeholders
        self._observe = observe or (lambda data: None)
        self._stop_seconds = stop_seconds
        self._output = Output(log, mask)
        self._life: Life | None = None
        self._lock = threading.Lock()
        self._mark = 0
        self._expecting = 0
        self._ended_since_mark = False
        self._cut_ahead = False
        self.cut_short = False
        """Whether it ended where a power cut was to come, and was not started again yet."""
        self.ends = 0
        """Unexpected ends, and starts that came to nothing, one case after the other."""

    # -- start and stop ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts the process and waits until it is ready. Raises :class:`NotStarted`; then nothing of it runs."""
        if self.alive():
            raise RuntimeError("the process runs already")
        mark = self._output.total
        try:
            command = found(self._placeholders.expand_all(self._iut.attach.start), self._iut.folder)
            life = self._life = Life(command, self._iut.folder, self._output, self._ended)
        except (OSError, ValueError) as error:
            self._count()
            raise NotStarted(f"it cannot be run: {error}") from error
        self.cut_short = False
        try:
            self._tell("started")
        finally:
            life.watch()
        atexit.register(self.stop)
        what = self._not_ready(life, mark)
        if what:
            if life.signal(0):
                self._count()
            self.stop()
            raise NotStarted(what)
        if life.code is None:
            self._tell("ready")

    def stop(self) -> None:
        """Ends the whole process group: SIGTERM, then SIGKILL where that does not help. May be called again."""
        atexit.unregister(self.stop)
        life = self._life
        if life is None or life.over.is_set():
            return
        life.expected = True
        life.signal(signal.SIGTERM)
        if not life.over.wait(self._stop_seconds):
            self._kill(life)

    def power_cycle(self) -> None:
        """Cuts the power: SIGKILL of the process group; then starts it again. Raises :class:`NotStarted`."""
        life = self._life
        if life is not None and not life.over.is_set():
            life.expected = True
            if not self._kill(life):
                raise NotStarted(f"the process {life.process.pid} does not end, even by SIGKILL")
        self.start()

    def restart_if_dead(self) -> bool:
        """Starts the process again where it has ended; True where that was so. :class:`Dead` after five in a row."""
        if self.alive():
            return False
        if self.ends >= ENDS_IN_A_ROW:
            raise Dead(f"it ended {self.ends} times in a row")
        self.start()
        return True

    def _kill(self, life: Life) -> bool:
        if life.signal(signal.SIGKILL):
            self._tell("killed")
        return life.over.wait(_MERCY)

    # -- how it fares ------------------------------------------------------------------------------------------------

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._life is not None and not self._life.over.is_set()

    def ended(self) -> int | None:
        """Exit status of the last life (negative: a signal); ``None`` while it runs and before the first start."""
        life = self._life
        return life.code if life is not None and life.over.is_set() else None

    @property
    def expecting(self) -> bool:
        """Whether an end would be expected now."""
        return self._expecting > 0

    @contextlib.contextmanager
    def expecting_end(self) -> Iterator[None]:
        """An end of the process within the block is expected: for ``power_cycle``, ``reset`` and ``configure``."""
        with self._lock:
            self._expecting += 1
        try:
            yield
        finally:
            with self._lock:
                self._expecting -= 1

    def cut_ahead(self) -> None:
        """A power cut is to come later in the case: the next end of the process is it."""
        self._cut_ahead = True

    def mark(self) -> None:
        """A case begins: :meth:`since_mark` counts from here, and a case without an unexpected end breaks their row."""
        self._mark = self._output.total
        self._cut_ahead = self.cut_short = False
        with self._lock:
            if not self._ended_since_mark:
                self.ends = 0
            self._ended_since_mark = False

    def since_mark(self) -> str:
        """What was printed since :meth:`mark`; of very much the last (:data:`conformance.harness.output.KEPT`)."""
        return self._output.since(self._mark).decode("utf-8", "replace")

    def _count(self) -> None:
        with self._lock:
            self.ends += 1
            self._ended_since_mark = True

    def _ended(self, life: Life) -> None:
        expected = life.expected or self.expecting
        if self._cut_ahead and not expected:
            expected = self.cut_short = True
            self._cut_ahead = False
        if not expected:
            self._count()
        self._tell("ended", life.code, expected)
        self._output.wake()

    def _tell(self, what: str, code: int | None = None, expected: bool = True) -> None:
        self._observe({"what": what, "code": code, "expected": expected})

    # -- ready -------------------------------------------------------------------------------------------------------

    def _not_ready(self, life: Life, mark: int) -> str:
        """Waits until the process is ready; gives why it is not."""
        ready = self._iut.attach.ready
        if ready is None:
            return ""
        deadline = time.monotonic() + ready.seconds
        expand = self._placeholders.expand
        if ready.kind == "line":
            pattern = expand(ready.value, re.escape)
            good = self._output.wait_for(pattern, mark, deadline, lambda: life.code is not None)
        elif ready.kind == "tcp":
            good = _until(lambda left: _accepts(expand(ready.value), left), life, deadline)
        else:
            good = _until(lambda left: _answers(expand(ready.value), left), life, deadline)
        if life.code is not None:
            life.over.wait(_MERCY)
            return f"it ended with exit status {life.code} before it was ready"
        return "" if good else f"it was not ready ({ready.kind}) after {ready.seconds:g} s"


def _until(look: Callable[[float], bool], life: Life, deadline: float) -> bool:
    """Looks again and again until it is so, the process has ended, or ``deadline`` passes."""
    while (left := deadline - time.monotonic()) > 0:
        if look(left):
            return True
        if life.over.wait(min(_PAUSE, left)):
            break
    return False


def _accepts(address: str, seconds: float) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), seconds).close()
    except (OSError, ValueError):
        return False
    return True


def _answers(address: str, seconds: float) -> bool:
    """Whether a GET is answered with anything but an error of the server (status 5xx)."""
    parts = urlsplit(address)
    deadline = time.monotonic() + min(seconds, _LOOK)
    request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    line = b""
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 80), min(seconds, _LOOK)) as connection:
            connection.sendall(request.encode("ascii", "replace"))
            while b"\n" not in line and len(line) < 256 and (left := deadline - time.monotonic()) > 0:
                connection.settimeout(left)
                octets = connection.recv(256)
                if not octets:
                    break
                line += octets
    except (OSError, ValueError):
        return False
    status = _STATUS.match(line)
    return status is not None and int(status[1]) < 500
