"""Python adapters."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from iutfiles import HANGS, iut

from conformance.attach import Adapter, NotSupported
from conformance.harness.hooks import Steering
from conformance.harness.placeholders import Placeholders
from conformance.harness.yamlfile import FileFault

CODE = """
import threading, time
from conformance.attach import Adapter, NotSupported

class Device(Adapter):
    def __init__(self, iut, places):
        super().__init__(iut, places)
        self.threads = {threading.get_ident()}

    def call(self, verb, given):
        self.threads.add(threading.get_ident())
        if verb == "prepare":
            return {"url": self.places["server_url"], "name": self.iut.name, "threads": len(self.threads),
                    "mine": threading.get_ident() in given["threads"]}
        if verb == "idle":
            time.sleep(given["wait"])
            return {"idle": True}
        if verb == "reset":
            return None
        if verb == "firmware":
            return given["answer"] if given["answer"] != "set" else {1, 2}
        if verb == "advance":
            raise SystemExit("bye")
        if verb == "clean_up":
            raise ValueError("broken")
        raise NotSupported(f"{verb}: not here")

    def close(self):
        with open(self.iut.folder / "closed", "a") as file:
            file.write("x")

class InProcess(Device):
    def exchange(self, octets, headers, at):
        return octets, headers, at + 1

class Bad(Device):
    def __init__(self, iut, places):
        raise OSError("no device")

class BadInProcess(Bad):
    exchange = InProcess.exchange

NotAClass = 3
"""


@pytest.fixture
def name(tmp_path: Path) -> Iterator[str]:
    """A module beside the IUT file, under a name of its own."""
    name = f"acme_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(CODE)
    path = list(sys.path)
    yield name
    sys.path[:] = path
    sys.modules.pop(name, None)


def steering(folder: Path, adapter: str, seen: list[dict[str, Any]] | None = None, **changes: Any) -> Steering:
    observe = None if seen is None else seen.append
    return Steering.of(iut(folder, attach__adapter=adapter, **changes), observe=observe)


def test_an_adapter_is_called_from_one_thread_of_its_own(tmp_path: Path, name: str) -> None:
    one = steering(tmp_path, f"{name}:Device")
    one.places(Placeholders(one.iut, places={"server_url": "http://s/dm"}))
    mine = [threading.get_ident()]
    expected = {"url": "http://s/dm", "name": "Acme X1", "threads": 1, "mine": False}
    assert one.call("prepare", {"threads": mine}).answer == expected
    assert one.call_async("prepare", {"threads": mine}).outcome(2).answer == expected
    assert one.adapter is None
    one.close()
    assert (tmp_path / "closed").read_text() == "x"


def test_an_adapter_with_exchange_runs_where_the_cases_run(tmp_path: Path, name: str) -> None:
    one = steering(tmp_path, f"{name}:InProcess")
    assert one.adapter.exchange(b"x", {":status": "200"}, 1.0) == (b"x", {":status": "200"}, 2.0)
    assert one.adapter is one.adapter
    one.places(Placeholders(one.iut, places={"server_url": "http://later/"}))
    pending = one.call_async("prepare", {"threads": [threading.get_ident()]})
    assert pending.done()
    assert pending.outcome().answer == {"url": "http://later/", "name": "Acme X1", "threads": 1, "mine": True}
    assert one.probe("client") == []
    one.close()
    assert (tmp_path / "closed").read_text() == "x"


@pytest.mark.parametrize("kind", ["Device", "InProcess"])
def test_what_comes_back_is_done_cannot_or_error(tmp_path: Path, name: str, kind: str) -> None:
    seen: list[dict[str, Any]] = []
    one = steering(tmp_path, f"{name}:{kind}", seen)
    for verb, given, expected, note in (
        ("reset", {}, "done", ""),
        ("firmware", {"answer": {"version": "1"}}, "done", ""),
        ("notify", {}, "cannot", "notify: not here"),
        ("clean_up", {}, "error", "the adapter raised ValueError: broken"),
        ("advance", {}, "error", "the adapter raised SystemExit: bye"),
        ("firmware", {"answer": "text"}, "error", "the adapter: the answer is no JSON object: 'text'"),
        ("firmware", {"answer": "set"}, "error", "the adapter: the answer is no JSON object"),
    ):
        outcome = one.call(verb, given)  # type: ignore[arg-type]
        assert (outcome.kind, note in outcome.note) == (expected, True), outcome
    one.close()
    assert [event["outcome"] for event in seen] == ["done", "done", "cannot", "error", "error", "error", "error"]


def test_a_hanging_adapter_costs_its_time_only(tmp_path: Path, name: str) -> None:
    one = steering(tmp_path, f"{name}:Device")
    assert one.call("idle", {"wait": 0.5}, 0.1).note == "the adapter: no answer after 0.1 s"
    assert one.call("reset", {}, 0.1).note == "the adapter: still busy with an earlier call after 0.1 s"
    assert one.call("reset", {}, 20).kind == "done"
    one.close()


def test_a_hanging_adapter_does_not_hold_up_closing(tmp_path: Path, name: str) -> None:
    seen: list[dict[str, Any]] = []
    one = steering(tmp_path, f"{name}:Device", seen)
    one.call("idle", {"wait": HANGS}, 0.05)
    began = time.monotonic()
    one.close(0.1)
    assert time.monotonic() - began < HANGS / 2
    assert seen[-1]["verb"] == "close"
    assert "close() has not returned" in seen[-1]["note"]


@pytest.mark.parametrize(
    ("adapter", "what"),
    [
        ("no_such_module_here:Device", "cannot be imported: ModuleNotFoundError"),
        ("{name}:Nix", "cannot be imported: AttributeError"),
        ("{name}:NotAClass", "is no class with a method call"),
    ],
)
def test_an_adapter_that_is_none_is_refused(tmp_path: Path, name: str, adapter: str, what: str) -> None:
    with pytest.raises(FileFault, match=r"acme\.yaml: attach\.adapter: ") as caught:
        steering(tmp_path, adapter.format(name=name))
    assert what in caught.value.what


def test_an_adapter_that_cannot_be_made_says_why(tmp_path: Path, name: str) -> None:
    one = steering(tmp_path, f"{name}:Bad")
    assert one.call("reset", {}).note == f"{name}:Bad(iut, places) raised OSError: no device"
    one.close()
    two = steering(tmp_path, f"{name}:BadInProcess")
    with pytest.raises(FileFault, match="no device"):
        _ = two.adapter
    two.close()


def test_the_folder_of_the_file_hides_no_module(tmp_path: Path, name: str) -> None:
    (tmp_path / "json.py").write_text("class Device:\n    def call(self, verb, given): ...\n")
    with pytest.raises(FileFault, match="json:Device cannot be imported"):
        steering(tmp_path, "json:Device")
    assert sys.modules["json"].__file__ != str(tmp_path / "json.py")


def test_a_module_that_was_loaded_from_elsewhere_is_not_taken_for_the_one_beside_the_file(
    tmp_path: Path, name: str
) -> None:
    steering(tmp_path, f"{name}:Device").close()
    other = tmp_path / "other"
    other.mkdir()
    (other / f"{name}.py").write_text(CODE)
    with pytest.raises(FileFault, match=f"the module {name} of {other} is hidden by"):
        steering(other, f"{name}:Device")


def test_the_base_class_can_nothing(tmp_path: Path) -> None:
    one = Adapter(iut(tmp_path), {"server_url": "x"})
    assert one.places["server_url"] == "x"
    with pytest.raises(NotSupported, match="reset"):
        one.call("reset", {})
    one.close()
    assert not hasattr(Adapter, "exchange")
