"""Programs that the suite runs: where they are found, and a hook program called once for each verb."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from conformance.harness.answer import CANNOT, ERROR, MAX_ANSWER, Outcome, parsed

_CANNOT_STATUS = 3
_NOTE = 2000
"""Octets of standard error that are kept: the last ones, where the reason usually stands."""
_CHUNK = 65536
_MERCY = 5.0
"""Seconds that the system gets to end a process that was killed."""


def found(arguments: Sequence[str], folder: Path) -> list[str]:
    """The arguments with the program as an absolute path.

    A name without a slash is looked up on the PATH, any other path is meant from ``folder``. Raises
    ``FileNotFoundError`` with a clear line.
    """
    name = arguments[0]
    if "/" not in name:
        path = shutil.which(name)
        if path is None:
            raise FileNotFoundError(f"no program {name!r} on the PATH (one in the folder of the file is ./{name})")
        return [path, *arguments[1:]]
    whole = folder / name
    if not whole.is_file():
        raise FileNotFoundError(f"there is no program {whole}")
    if not os.access(whole, os.X_OK):
        raise FileNotFoundError(f"{whole} is not executable")
    return [str(whole), *arguments[1:]]


def await_exit(process: subprocess.Popen[bytes]) -> None:
    """Waits until a process has ended, without letting go of its number where the system can do that.

    As long as nobody has asked for its status, its number, which is that of its group, is given to nobody else: what is
    left of the group can be killed safely.
    """
    if hasattr(os, "waitid"):
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    else:
        process.wait()


def kill_group(leader: int, number: int) -> None:
    """Sends a signal to the process group of a leader that has not been waited for; nothing where the group is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


class ProgramLink:
    """Calls a hook program: verb as last argument, one object in JSON on standard input (attach contract 2).

    ``arguments`` gives the program and its arguments, with placeholders filled, when a call begins.
    """

    name = "hook"

    def __init__(self, arguments: Callable[[], list[str]], folder: Path) -> None:
        self._arguments, self._folder = arguments, folder
        self._cancelled = False
        self._running: _Call | None = None

    def call(self, verb: str, given: dict[str, Any], seconds: float) -> Outcome:
        """Runs the program once. Its process group is killed where it takes longer or prints more than it may."""
        try:
            command = [*found(self._arguments(), self._folder), verb]
            call = self._running = _Call(command, self._folder)
        except (OSError, ValueError) as error:
            return Outcome(ERROR, {}, f"the hook cannot be run: {error}")
        try:
            if self._cancelled:
                call.kill("cancelled")
            call.converse(json.dumps(given).encode("utf-8"), time.monotonic() + seconds)
        finally:
            self._running = None
            call.close()
        return call.outcome(seconds)

    def cancel(self) -> None:
        """Kills the call that runs, and those to come."""
        self._cancelled = True
        call = self._running
        if call is not None:
            call.kill("cancelled")

    def close(self, seconds: float) -> str:
        """Nothing to do: every call cleans up after itself."""
        return ""


class _Call:
    """One run of the program: reads and writes with bounds until it has ended, whoever else holds its pipes."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
            start_new_session=True,
        )  # fmt: skip
        self._lock = threading.Lock()
        self._ended = False
        self._killed = ""
        self._answer, self._errors = bytearray(), bytearray()
        self._wake, wake = socket.socketpair()
        self._waiter = threading.Thread(target=self._wait, args=(wake,), name="hook-wait", daemon=True)
        self._waiter.start()

    def _wait(self, wake: socket.socket) -> None:
        with wake:
            await_exit(self._process)
            with self._lock:
                self._ended = True
                self._process.wait()

    def kill(self, why: str) -> None:
        """Kills the whole process group."""
        with self._lock:
            if not self._ended:
                self._killed = self._killed or why
                kill_group(self._process.pid, signal.SIGKILL)

    def converse(self, octets: bytes, deadline: float) -> None:
        """Writes ``octets`` to the program and takes what it prints, until it ends or ``deadline`` passes."""
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        assert stdin is not None and stdout is not None and stderr is not None
        left = memoryview(octets)
        with selectors.DefaultSelector() as selector:
            for pipe in (stdin, stdout, stderr):
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, selectors.EVENT_WRITE if pipe is stdin else selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            ready: list[Any] = []
            while self._wake not in ready and not self._killed:
                ready = [key.fileobj for key, _ in selector.select(max(0.0, deadline - time.monotonic()))]
                if time.monotonic() >= deadline and self._wake not in ready:
                    self.kill("late")
                if stdin in ready:
                    left = self._write(stdin, left)
                    if not left:
                        selector.unregister(stdin)
                        stdin.close()
                for pipe in (stdout, stderr):
                    if pipe in ready and self._read(pipe) == 0:
                        selector.unregister(pipe)
        if not self._killed:
            for pipe in (stdout, stderr):
                self._drain(pipe)

    def _drain(self, pipe: Any) -> None:
        """Takes what the program printed before it ended; does not wait for others that hold the pipe."""
        for _ in range(MAX_ANSWER // 4096):
            if not self._read(pipe):
                break

    @staticmethod
    def _write(pipe: Any, left: memoryview) -> memoryview:
        try:
            return left[pipe.write(left[:_CHUNK]) or 0 :]
        except OSError:
            return left[:0]

    def _read(self, pipe: Any) -> int | None:
        """Reads once: how many octets came, 0 at the end of the pipe, ``None`` where there are none now."""
        piece: bytes | None = pipe.read(_CHUNK)
        if piece is None:
            return None
        if pipe is self._process.stderr:
            self._errors += piece
            del self._errors[:-_NOTE]
        elif len(self._answer) <= MAX_ANSWER:
            self._answer += piece
            if len(self._answer) > MAX_ANSWER:
                self.kill("talkative")
        return len(piece)

    def close(self) -> None:
        """Lets go of pipes and thread. The program has ended or been killed."""
        self.kill("cancelled")
        self._waiter.join(_MERCY)
        self._wake.close()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def outcome(self, seconds: float) -> Outcome:
        """What the run means."""
        said = self._errors.decode("utf-8", "replace").strip()
        status = self._process.returncode
        if self._killed == "late":
            outcome = Outcome(ERROR, {}, f"the hook: no answer after {seconds:g} s; killed")
        elif len(self._answer) > MAX_ANSWER:
            outcome = Outcome(ERROR, {}, f"the hook: printed more than {MAX_ANSWER} octets")
        elif self._killed or status is None:
            outcome = Outcome(ERROR, {}, "the hook: the suite ended the call")
        elif status == _CANNOT_STATUS:
            outcome = Outcome(CANNOT)
        elif status:
            how = f"signal {-status}" if status < 0 else f"exit status {status}"
            outcome = Outcome(ERROR, {}, f"the hook: {how}")
        else:
            outcome = parsed(bytes(self._answer), "the hook")
        note = "; standard error: ".join(part for part in (outcome.note, said) if part)
        return Outcome(outcome.kind, outcome.answer, note if outcome.note else said)
