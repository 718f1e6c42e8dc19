"""Hook programs, the chain of who is asked, and calls that run while the suite does something else."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from iutfiles import CLIENT, HANGS, SERVER, changed, iut

from conformance.harness.hooks import VERBS, Outcome, Steering, limit
from conformance.harness.placeholders import Placeholders
from conformance.harness.settings import Timeouts


def program(folder: Path, script: str, name: str = "hook") -> list[str]:
    """A hook program in sh; ``$1`` is the first argument."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return [f"./{name}"]


class Calls:
    """The steering of a hook program, and what was observed of it."""

    def __init__(self, folder: Path, hook: Any, base: dict[str, Any] = CLIENT, **changes: Any) -> None:
        self.seen: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.typed = ["AB"]
        more = {"attach__hook": hook} if hook else {}
        self.iut = iut(folder, base, **more, **changes)
        self.steering = Steering.of(self.iut, observe=self.seen.append, ask=self.ask)

    def ask(self, question: str) -> str | None:
        self.asked.append(question)
        return self.typed.pop(0) if self.typed else None

    def __enter__(self) -> Steering:
        return self.steering

    def __exit__(self, *_: object) -> None:
        self.steering.close()


def call(folder: Path, script: str, given: dict[str, Any] | None = None, seconds: float = 5) -> Outcome:
    with Calls(folder, program(folder, script)) as steering:
        return steering.call("firmware", given or {}, seconds)


# -- programs --------------------------------------------------------------------------------------------------------


def test_a_program_gets_the_verb_last_and_the_input_on_stdin(tmp_path: Path) -> None:
    script = 'read line; printf \'{"arguments": "%s", "in": %s, "folder": "%s"}\' "$*" "$line" "$PWD"'
    hook = [*program(tmp_path, script), "--id={device_id}", "{port:a}"]
    calls = Calls(tmp_path, hook)
    with calls as steering:
        placeholders = Placeholders(calls.iut)
        steering.places(placeholders)
        outcome = steering.call("condition", {"name": "install-fails", "on": True})
    assert outcome.kind == "done"
    assert outcome.answer == {
        "arguments": f"--id=urn:imei:490154203237518 {placeholders['port:a']} condition",
        "in": {"name": "install-fails", "on": True},
        "folder": str(tmp_path),
    }
    assert calls.seen == [
        {
            "verb": "condition", "given": {"name": "install-fails", "on": True}, "outcome": "done",
            "answer": outcome.answer, "seconds": outcome.seconds, "note": "",
        }
    ]  # fmt: skip
    assert 0 < outcome.seconds < 2


def test_no_shell_looks_at_arguments(tmp_path: Path) -> None:
    hook = [*program(tmp_path, 'printf \'{"n": %d}\' $#'), "$(touch owned); a b", "*"]
    with Calls(tmp_path, hook) as steering:
        assert steering.call("idle", {}).answer == {"n": 3}
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    ("script", "kind", "note"),
    [
        ("exit 0", "done", ""),
        ("printf ' \\n'", "done", ""),
        ("echo why >&2", "done", "why"),
        ("exit 3", "cannot", "the hook: cannot"),
        ("echo not this one >&2; exit 3", "cannot", "not this one"),
        ("echo garbage; exit 3", "cannot", "the hook: cannot"),
        ("echo broken >&2; exit 1", "error", "the hook: exit status 1; standard error: broken"),
        ("echo '{}'; exit 4", "error", "the hook: exit status 4"),
        ("kill -9 $$", "error", "the hook: signal 9"),
        ("echo garbage", "error", "the hook: the answer is no JSON object: 'garbage\\n'"),
        ("echo '[1]'", "error", "the answer is no JSON object: '[1]'"),
        ("echo 'null'", "error", "the answer is no JSON object: 'None'"),
        ("echo '{\"a\": NaN}'", "error", "no JSON object"),
        ("echo '{} {}'", "error", "no JSON object"),
        ("printf '{\"a\": \"\\377\"}'", "error", "no JSON object"),
        ("printf '{\"a\": \"\\\\ud800\"}'", "error", "the answer cannot be kept"),
        ("exec <&-; sleep 0.05; echo '{}'", "done", ""),
    ],
)
def test_what_exit_status_and_output_mean(tmp_path: Path, script: str, kind: str, note: str) -> None:
    outcome = call(tmp_path, script, given={"long": "x" * 200_000})
    assert (outcome.kind, outcome.answer) == (kind, {})
    assert note in outcome.note
    assert bool(note) == bool(outcome.note)


def test_an_answer_that_nests_without_end_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "deep").write_text('{"a":' * 100_000 + "1" + "}" * 100_000)
    assert "no JSON object" in call(tmp_path, "cat deep").note
    (tmp_path / "deep").write_text('{"a":' * 40 + "1" + "}" * 40)
    assert "nested deeper" in call(tmp_path, "cat deep").note


def test_a_long_answer_is_taken_and_a_too_long_one_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "long").write_text(json.dumps({"a": "x" * 1_000_000}))
    assert len(call(tmp_path, "cat long").answer["a"]) == 1_000_000
    outcome = call(tmp_path, "exec head -c 10000000 /dev/zero")
    assert (outcome.kind, outcome.note) == ("error", "the hook: printed more than 1048576 octets")
    assert call(tmp_path, "exec cat /dev/zero").note == outcome.note


def test_endless_errors_are_read_and_their_end_is_kept(tmp_path: Path) -> None:
    outcome = call(tmp_path, "head -c 3000000 /dev/zero | tr '\\0' x >&2; echo the reason >&2; exit 1")
    assert outcome.note.endswith("xxxthe reason")
    assert len(outcome.note) < 2100


def test_a_hanging_program_is_killed_with_its_children(tmp_path: Path) -> None:
    began = time.monotonic()
    script = f"sh -c 'echo $$ > child; exec sleep {HANGS}' & trap '' TERM; while :; do sleep {HANGS}; done"
    outcome = call(tmp_path, script, seconds=0.3)
    assert (outcome.kind, outcome.note) == ("error", "the hook: no answer after 0.3 s; killed")
    assert time.monotonic() - began < HANGS / 2
    child = int((tmp_path / "child").read_text())
    assert _gone(child)


def _gone(pid: int, seconds: float = 1.0) -> bool:
    """Whether a process has ended, or ends soon; one that nobody has waited for yet counts as ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.01)
    return False


def test_a_child_that_stays_does_not_keep_the_call_open(tmp_path: Path) -> None:
    began = time.monotonic()
    outcome = call(tmp_path, f"sleep {HANGS} & echo '{{\"id\": 7}}'")
    assert (outcome.kind, outcome.answer) == ("done", {"id": 7})
    assert time.monotonic() - began < HANGS / 2


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    for hook, what in (
        (["./nix"], "there is no program"), (["no-such-program-here"], "on the PATH"),
    ):  # fmt: skip
        with Calls(tmp_path, hook) as steering:
            outcome = steering.call("idle", {})
        assert outcome.kind == "error"
        assert what in outcome.note
    (tmp_path / "plain").write_text("#!/bin/sh\n")
    with Calls(tmp_path, ["./plain"]) as steering:
        assert "is not executable" in steering.call("idle", {}).note


def test_a_name_without_a_slash_is_looked_up_on_the_path(tmp_path: Path) -> None:
    with Calls(tmp_path, ["sh", "-c", 'printf \'{"verb": "%s"}\' $0']) as steering:
        assert steering.call("idle", {}).answer == {"verb": "idle"}


# -- time ------------------------------------------------------------------------------------------------------------


def test_verbs_that_wait_get_more_time() -> None:
    timeouts = Timeouts(connect=1, operation=2, restart=40, hook=30, reset=50)
    assert limit("condition", {}, timeouts) == 30
    assert limit("idle", {"wait": 7}, timeouts) == 37
    assert limit("reset", {}, timeouts) == 50
    assert limit("power_cycle", {"at": "now"}, timeouts) == limit("restart", {}, timeouts) == 40
    assert limit("start_session", {}, timeouts) == 33


def test_the_time_of_the_iut_file_holds(tmp_path: Path) -> None:
    hook = program(tmp_path, "exec sleep 60")
    with Calls(tmp_path, hook, attach__timeouts={"hook": "0.2"}) as steering:
        assert steering.call("firmware", {}).note == "the hook: no answer after 0.2 s; killed"


def test_the_suite_goes_on_while_a_call_runs(tmp_path: Path) -> None:
    script = 'if [ $1 = start_session ]; then while [ ! -e served ]; do sleep 0.01; done; fi; echo $1 >> order'
    calls = Calls(tmp_path, program(tmp_path, script))
    woken = threading.Event()
    with calls as steering:
        pending = steering.call_async("start_session", {"kind": "client"})
        pending.when_done(woken.set)
        assert not pending.done()
        with pytest.raises(TimeoutError, match="start_session has not returned"):
            pending.outcome(0.05)
        later = steering.call_async("answer", {"alert": 1101, "reply": "accept"})
        assert not later.done()
        (tmp_path / "served").touch()
        assert pending.outcome(2).kind == "done"
        assert later.outcome(2).kind == "done"
        assert woken.wait(1)
    assert (tmp_path / "order").read_text().split() == ["start_session", "answer"]
    assert [event["verb"] for event in calls.seen] == ["start_session", "answer"]


def test_closing_ends_the_call_that_runs_and_those_that_wait(tmp_path: Path) -> None:
    calls = Calls(tmp_path, program(tmp_path, "echo $$ > pid.$1; mv pid.$1 running; exec sleep 60"))
    began = time.monotonic()
    with calls as steering:
        running, waiting = steering.call_async("reset", {}), steering.call_async("idle", {})
        while not (tmp_path / "running").exists():
            time.sleep(0.005)
    assert time.monotonic() - began < HANGS / 2
    assert running.outcome(1).note == "the hook: the suite ended the call"
    assert waiting.outcome(1).note == "the suite ended before this call"
    assert _gone(int((tmp_path / "running").read_text()))
    steering.close()
    with pytest.raises(RuntimeError, match="closed"):
        steering.call("idle", {})


def test_a_bug_of_the_suite_is_not_hidden(tmp_path: Path) -> None:
    with Calls(tmp_path, program(tmp_path, "")) as steering, pytest.raises(TypeError):
        steering.call("idle", {"wait": object()})


# -- who is asked ----------------------------------------------------------------------------------------------------


def test_nobody_to_ask_is_cannot(tmp_path: Path) -> None:
    calls = Calls(tmp_path, None)
    with calls as steering:
        assert not steering.present
        assert steering.adapter is None
        assert steering.call("reset", {}).kind == "cannot"
    assert calls.seen[0]["note"] == "there is neither hook nor adapter"


def test_what_the_hook_cannot_is_asked_of_the_person(tmp_path: Path) -> None:
    calls = Calls(tmp_path, program(tmp_path, "[ $1 = reset ] || exit 3"), attach__operator=True)
    calls.typed = ["AB", "1.0", "cannot"]
    with calls as steering:
        assert steering.present
        assert steering.call("reset", {}).operator == {}
        assert calls.asked == []
        outcome = steering.call("firmware", {})
        assert steering.call("clean_up", {}).kind == "cannot"
    assert (outcome.kind, outcome.answer) == ("done", {"version": "1.0"})
    assert outcome.operator["answer"] == "1.0"
    assert outcome.operator["initials"] == "AB"
    assert outcome.note.startswith("the hook: cannot; operator AB at 2")
    assert calls.seen[1]["operator"] == outcome.operator
    assert len(calls.asked) == 3


def test_an_error_of_the_hook_is_not_asked_of_the_person(tmp_path: Path) -> None:
    calls = Calls(tmp_path, program(tmp_path, "exit 1"), attach__operator=True)
    with calls as steering:
        assert steering.call("reset", {}).kind == "error"
    assert calls.asked == []


# -- nonsense --------------------------------------------------------------------------------------------------------


def test_a_hook_that_takes_everything_is_found_out(tmp_path: Path) -> None:
    for base, expected in ((CLIENT, ["verb", "condition", "answer"]), (SERVER, ["verb", "campaign"])):
        calls = Calls(tmp_path, program(tmp_path, "cat >> input; echo >> input"), base)
        with calls as steering:
            assert steering.probe(base["role"]) == expected
        assert all("x-nonsense" in json.dumps([event["verb"], event["given"]]) for event in calls.seen)


def test_a_hook_that_looks_at_what_it_takes_is_trusted(tmp_path: Path) -> None:
    script = 'input=$(cat); case "$1$input" in *x-nonsense*) exit 3;; esac'
    calls = Calls(tmp_path, program(tmp_path, script), attach__operator=True)
    with calls as steering:
        assert steering.probe("client") == []
        assert steering.call("condition", {"name": "install-fails", "on": True}).kind == "done"
    assert calls.asked == []
    with Calls(tmp_path, None) as steering:
        assert steering.probe("client") == []


def test_the_verbs_are_those_of_the_contract() -> None:
    both = {"prepare", "configure", "idle", "advance", "reset"}
    assert set(VERBS["client"]) & set(VERBS["server"]) == both
    assert len(VERBS["client"]) == 13
    assert len(VERBS["server"]) == 11


def test_many_calls_leave_no_files_open(tmp_path: Path) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("counts open files in /proc")
    hook = program(tmp_path, "exit 0")
    with Calls(tmp_path, hook) as steering:
        steering.call("idle", {})
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(5):
            steering.call("idle", {})
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_same_file_may_be_attached_again(tmp_path: Path) -> None:
    content = changed(CLIENT, attach__hook=program(tmp_path, "exit 0"))
    for _ in range(2):
        with Calls(tmp_path, None, content) as steering:
            assert steering.call("reset", {}).kind == "done"
