"""The process that the suite starts, watches and stops."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from iutfiles import HANGS, iut

from conformance.harness import output, process
from conformance.harness.output import Output
from conformance.harness.placeholders import Placeholders
from conformance.harness.process import Dead, Implementation, NotStarted

LISTENER = """
import socket, sys, time
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    with connection:
        if len(sys.argv) > 2:
            connection.recv(4096)
            connection.sendall(sys.argv[2].encode())
"""


class Bench:
    """Makes processes of scripts in sh and keeps what was observed of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: list[dict[str, Any]] = []
        self.made: list[Implementation] = []
        self.places: Placeholders | None = None

    def make(self, *command: str, ready: dict[str, Any] | None = None, stop_seconds: float = 2.0) -> Implementation:
        more = {"attach__ready": ready} if ready else {}
        read = iut(self.folder, attach__start=list(command), attach__hook=["x"], **more)
        self.places = Placeholders(read, work_dir=self.folder)
        made = Implementation(
            read, self.places, log=self.folder / "process.log", observe=self.seen.append, stop_seconds=stop_seconds
        )
        self.made.append(made)
        return made

    def sh(self, script: str, **more: Any) -> Implementation:
        return self.make("sh", "-c", script, **more)

    def listener(self, *answer: str, **more: Any) -> Implementation:
        (self.folder / "listener.py").write_text(LISTENER)
        return self.make(sys.executable, "-S", "-E", "listener.py", "{port:dm}", *answer, **more)

    @property
    def told(self) -> list[tuple[str, int | None, bool]]:
        return [(event["what"], event["code"], event["expected"]) for event in self.seen]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    for made in bench.made:
        made.stop()
        assert not made.alive()


def until(what: Callable[[], bool], seconds: float = 2.0) -> bool:
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet counts as ended."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


# -- start and stop --------------------------------------------------------------------------------------------------


def test_a_process_is_started_in_the_folder_of_the_file_and_stopped(bench: Bench) -> None:
    one = bench.sh('echo "in $PWD as {device_id}"; exec sleep 60', ready={"line": "^in .*{device_id}$"})
    assert (one.alive(), one.ended()) == (False, None)
    one.mark()
    one.start()
    assert one.alive() and one.ended() is None
    assert one.since_mark() == f"in {bench.folder} as urn:imei:490154203237518\n"
    with pytest.raises(RuntimeError, match="runs already"):
        one.start()
    one.stop()
    assert (one.alive(), one.ended(), one.ends) == (False, -15, 0)
    assert bench.told == [("started", None, True), ("ready", None, True), ("ended", -15, True)]
    assert (bench.folder / "process.log").read_text() == one.since_mark()
    one.stop()


def test_no_shell_looks_at_arguments(bench: Bench) -> None:
    one = bench.make("printf", "%s|", "$(touch owned)", "*", "a b", ready=None)
    one.start()
    assert until(lambda: one.ended() == 0)
    assert one.since_mark() == "$(touch owned)|*|a b|"
    assert not (bench.folder / "owned").exists()


def test_what_ignores_sigterm_is_killed(bench: Bench) -> None:
    one = bench.sh("trap '' TERM; echo up; while :; do sleep 60; done", ready={"line": "up"}, stop_seconds=0.2)
    one.start()
    began = time.monotonic()
    one.stop()
    assert 0.2 <= time.monotonic() - began < HANGS / 2
    assert bench.told[2:] == [("killed", None, True), ("ended", -9, True)]


def test_children_do_not_survive(bench: Bench) -> None:
    child_of = "(trap '' TERM; sh -c 'echo $$ > child; exec sleep 60') &"
    one = bench.sh(f"{child_of} while [ ! -s child ]; do sleep 0.01; done; echo up; wait", ready={"line": "up"})
    one.start()
    child = int((bench.folder / "child").read_text())
    assert not gone(child)
    one.stop()
    assert until(lambda: gone(child))


def test_children_do_not_survive_the_end_of_their_parent(bench: Bench) -> None:
    one = bench.sh("sleep 60 & echo $! > child")
    one.start()
    assert until(lambda: one.ended() == 0)
    assert until(lambda: gone(int((bench.folder / "child").read_text())))
    assert bench.told[-1] == ("ended", 0, False)


def test_one_that_left_the_group_does_not_hold_up_the_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_PATIENCE", 0.1)
    script = f"import os, time\nif os.fork() == 0:\n os.setsid(); time.sleep({HANGS})\nelse:\n print('up', flush=True)"
    one = bench.make(sys.executable, "-S", "-E", "-c", script)
    one.start()
    began = time.monotonic()
    assert until(lambda: one.ended() == 0)
    assert time.monotonic() - began < HANGS / 2
    assert one.since_mark() == "up\n"


def test_what_cannot_be_run_says_why(bench: Bench) -> None:
    one = bench.make("./no-such-program")
    with pytest.raises(NotStarted, match="there is no program"):
        one.start()
    with pytest.raises(NotStarted, match="on the PATH"):
        bench.make("no-such-program-here").start()
    (bench.folder / "text").write_text("not a program")
    (bench.folder / "text").chmod(0o755)
    with pytest.raises(NotStarted, match=r"cannot be run: .*[Ee]xec format"):
        bench.make("./text").start()
    assert one.ends == 1
    assert not one.alive()


# -- ready -----------------------------------------------------------------------------------------------------------


def test_ready_by_a_port(bench: Bench) -> None:
    one = bench.listener(ready={"tcp": "127.0.0.1:{port:dm}"})
    one.start()
    assert bench.places is not None
    socket.create_connection(("127.0.0.1", int(bench.places["port:dm"])), 1).close()
    assert bench.told[1] == ("ready", None, True)


def test_ready_by_an_answer(bench: Bench) -> None:
    one = bench.listener("HTTP/1.1 405 No\r\n\r\n", ready={"http": "http://127.0.0.1:{port:dm}/dm"})
    one.start()
    assert bench.told[1] == ("ready", None, True)


@pytest.mark.parametrize("answer", ["HTTP/1.1 503 Wait\r\n\r\n", "garbage\r\n", "H"])
def test_an_answer_that_is_none_is_not_ready(bench: Bench, answer: str) -> None:
    one = bench.listener(answer, ready={"http": "http://127.0.0.1:{port:dm}/dm", "seconds": "0.4"})
    with pytest.raises(NotStarted, match=r"not ready \(http\) after 0.4 s"):
        one.start()


def test_ready_by_a_line_even_without_its_end(bench: Bench) -> None:
    script = "printf 'noise\\nup on '; sleep 0.05; printf {version}; exec sleep 60"
    one = bench.sh(script, ready={"line": "up on {version}"})
    one.start()
    assert one.since_mark() == "noise\nup on 1.2"


@pytest.mark.parametrize("ready", [{"line": "never"}, {"tcp": "127.0.0.1:{port:x}"}])
def test_what_is_not_ready_in_time_is_stopped(bench: Bench, ready: dict[str, Any]) -> None:
    one = bench.sh("echo $$ > pid; exec sleep 60", ready={**ready, "seconds": "0.2"})
    began = time.monotonic()
    with pytest.raises(NotStarted, match="not ready"):
        one.start()
    assert time.monotonic() - began < HANGS / 2
    assert gone(int((bench.folder / "pid").read_text()))
    assert (one.ends, one.alive()) == (1, False)


@pytest.mark.parametrize(
    "ready", [{"line": "never"}, {"tcp": "127.0.0.1:{port:x}"}, {"http": "http://127.0.0.1:{port:x}/"}]
)
def test_what_ends_at_once_is_noticed_at_once(bench: Bench, ready: dict[str, Any]) -> None:
    one = bench.sh("exit 7", ready={**ready, "seconds": HANGS})
    began = time.monotonic()
    with pytest.raises(NotStarted, match="ended with exit status 7 before it was ready"):
        one.start()
    assert time.monotonic() - began < HANGS / 2
    assert bench.told == [("started", None, True), ("ended", 7, False)]
    assert one.ends == 1


# -- ends ------------------------------------------------------------------------------------------------------------


def test_an_unexpected_end_is_told_and_the_process_started_again(bench: Bench) -> None:
    one = bench.sh("echo up; read line < fifo; exit 5", ready={"line": "up"})
    os.mkfifo(bench.folder / "fifo")
    one.start()
    assert one.restart_if_dead() is False
    (bench.folder / "fifo").write_text("go\n")
    assert until(lambda: not one.alive())
    assert (one.ended(), one.ends) == (5, 1)
    assert bench.told[-1] == ("ended", 5, False)
    assert one.restart_if_dead() is True
    assert one.alive()


def test_an_end_may_be_expected(bench: Bench) -> None:
    one = bench.sh("echo up; read line < fifo", ready={"line": "up"})
    os.mkfifo(bench.folder / "fifo")
    one.start()
    assert not one.expecting
    with one.expecting_end():
        assert one.expecting
        (bench.folder / "fifo").write_text("go\n")
        assert until(lambda: not one.alive())
    assert not one.expecting
    assert bench.told[-1] == ("ended", 0, True)
    assert one.ends == 0


def test_an_end_where_a_power_cut_was_armed_is_that_cut_once(bench: Bench) -> None:
    one = bench.sh("echo up; read line < fifo; exit 5", ready={"line": "up"})
    os.mkfifo(bench.folder / "fifo")
    one.start()
    one.cut_ahead()
    (bench.folder / "fifo").write_text("go\n")
    assert until(lambda: not one.alive())
    assert (one.cut_short, one.ends, bench.told[-1]) == (True, 0, ("ended", 5, True))
    one.start()
    assert not one.cut_short
    (bench.folder / "fifo").write_text("go\n")
    assert until(lambda: not one.alive())
    assert (one.cut_short, one.ends, bench.told[-1]) == (False, 1, ("ended", 5, False))


def test_a_power_cut_that_was_armed_ends_with_its_case(bench: Bench) -> None:
    one = bench.sh("echo up; read line < fifo; exit 5", ready={"line": "up"})
    os.mkfifo(bench.folder / "fifo")
    one.start()
    one.cut_ahead()
    one.mark()
    (bench.folder / "fifo").write_text("go\n")
    assert until(lambda: not one.alive())
    assert (one.cut_short, one.ends) == (False, 1)


def test_five_ends_in_a_row_are_enough(bench: Bench) -> None:
    one = bench.sh("echo up; exit 1")
    one.start()
    for n in range(1, 6):
        assert until(lambda: not one.alive())
        assert one.ends == n
        if n < 5:
            one.mark()
            assert one.restart_if_dead()
    one.mark()
    with pytest.raises(Dead, match="5 times in a row"):
        one.restart_if_dead()
    with pytest.raises(Dead):
        one.restart_if_dead()


def test_a_case_without_an_end_breaks_the_row(bench: Bench) -> None:
    one = bench.sh("exit 1")
    one.start()
    assert until(lambda: not one.alive())
    one.mark()
    assert one.ends == 1
    one.mark()
    assert one.ends == 0


def test_starts_that_come_to_nothing_count(bench: Bench) -> None:
    one = bench.sh("exit 1", ready={"line": "up"})
    for _ in range(5):
        one.mark()
        with pytest.raises(NotStarted):
            one.restart_if_dead()
    with pytest.raises(Dead):
        one.restart_if_dead()


def test_a_power_cycle_kills_and_starts_with_the_same_ports(bench: Bench) -> None:
    one = bench.listener(ready={"tcp": "127.0.0.1:{port:dm}"})
    one.start()
    assert bench.places is not None
    port = bench.places["port:dm"]
    one.power_cycle()
    assert one.alive()
    assert bench.places["port:dm"] == port
    assert bench.told[2:] == [
        ("killed", None, True), ("ended", -9, True), ("started", None, True), ("ready", None, True)
    ]  # fmt: skip
    assert one.ends == 0


def test_a_power_cycle_of_what_has_ended_starts_it(bench: Bench) -> None:
    one = bench.sh("if [ -e once ]; then exec sleep 60; fi; touch once")
    one.start()
    assert until(lambda: not one.alive())
    one.power_cycle()
    assert one.alive()


def test_a_new_start_sees_new_values(bench: Bench) -> None:
    one = bench.sh("echo as {encoding}; exec sleep 60", ready={"line": "as {encoding}"})
    one.start()
    one.stop()
    assert bench.places is not None
    bench.places.set(encoding="wbxml")
    one.start()
    assert one.since_mark() == "as xml\nas wbxml\n"


# -- output ----------------------------------------------------------------------------------------------------------


def test_output_of_each_case_apart(bench: Bench) -> None:
    one = bench.sh("echo one; read line < fifo; echo two >&2; exec sleep 60", ready={"line": "one"})
    os.mkfifo(bench.folder / "fifo")
    one.start()
    one.mark()
    assert one.since_mark() == ""
    (bench.folder / "fifo").write_text("go\n")
    assert until(lambda: one.since_mark() == "two\n")


def test_endless_output_is_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "KEPT", 5000)
    monkeypatch.setattr(output, "IN_FILE", 100_000)
    one = bench.sh("head -c 3000000 /dev/zero; echo end")
    one.start()
    assert until(lambda: one.ended() == 0)
    assert one.since_mark().endswith("\0end\n")
    assert len(one.since_mark()) == 5000
    assert (bench.folder / "process.log").stat().st_size == 100_000


def test_a_line_is_waited_for_from_a_mark_on() -> None:
    kept = Output()
    kept.add(b"ready\nrea")
    soon = time.monotonic() + 0.05
    assert kept.wait_for("^ready$", 0, soon, lambda: False)
    assert not kept.wait_for("^ready$", 6, soon, lambda: False)
    thread = threading.Thread(target=lambda: kept.add(b"dy\n"))
    thread.start()
    assert kept.wait_for("^ready$", 6, time.monotonic() + 2, lambda: False)
    thread.join()
    began = time.monotonic()
    assert not kept.wait_for("^other$", 0, began + HANGS, lambda: True)
    assert time.monotonic() - began < HANGS / 2


def test_a_log_that_cannot_be_written_is_no_reason_to_stop(bench: Bench, tmp_path: Path) -> None:
    kept = Output(tmp_path / "no" / "such" / "folder.log")
    kept.add(b"x")
    assert kept.since(0) == b"x"


def test_many_lives_leave_no_files_open(bench: Bench) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("counts open files in /proc")

    def once() -> int:
        one.start()
        assert until(lambda: one.ended() == 0)
        return len(list(Path("/proc/self/fd").iterdir()))

    one = bench.sh("exit 0")
    before = once()
    assert [once() for _ in range(4)] == [before] * 4
