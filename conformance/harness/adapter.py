"""A Python class that steers an implementation: what it keeps to, and how it is called (attach contract 2)."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from conformance.harness.answer import CANNOT, ERROR, Outcome, checked
from conformance.harness.iut import Iut
from conformance.harness.lane import Lane
from conformance.harness.yamlfile import FileFault


class NotSupported(Exception):
    """Raised by an adapter for "cannot": this verb with these values cannot be done here. The text is kept."""


class Adapter:
    """Base of adapters: derive from it, or write one of its shape. The IUT file names it as module:Class.

    The module is looked for in the folder of the IUT file too. Each process of the suite makes one object, and all its
    methods are called from one thread, one after the other.

    A device or server that runs in the suite's own process and clock has one method more::

        def exchange(self, octets, headers, at):
            return octets, headers, wake_at

    Then everything is called from the thread that plays the cases, and no time limit can help against a call that does
    not return. A class without it must not have an attribute of that name.
    """

    def __init__(self, iut: Iut, places: Mapping[str, str]) -> None:
        """``iut``: what the IUT file says. ``places``: values of the placeholders (``server_url``, ``work_dir`` ...).

        ``places`` is a view: addresses that are not known yet are "" now and right from ``prepare`` on.
        """
        self.iut, self.places = iut, places

    def call(self, verb: str, given: dict[str, Any]) -> dict[str, Any] | None:
        """Does what a verb asks for, and gives its answer, if it has one (attach contract 2).

        Raises :class:`NotSupported` for "cannot"; also for every verb and every value it does not know. Unknown keys of
        ``given`` are ignored. Any other exception ends the case as error.
        """
        raise NotSupported(verb)

    def close(self) -> None:
        """Lets go of everything. Called once, when nothing more comes."""


class Places(Mapping[str, str]):
    """The view of the placeholders that an adapter gets: what it shows may be set later."""

    def __init__(self) -> None:
        self.shown: Mapping[str, str] = {}

    def __getitem__(self, name: str) -> str:
        return self.shown[name]

    def __iter__(self) -> Any:
        return iter(self.shown)

    def __len__(self) -> int:
        return len(self.shown)


class AdapterLink:
    """Calls an adapter. ``in_process``: it has ``exchange``, so that it is called in the caller's thread."""

    name = "adapter"

    def __init__(self, iut: Iut, places: Mapping[str, str]) -> None:
        """Imports the class. Raises :class:`FileFault` where that fails."""
        self.iut, self.places = iut, places
        self._kind = load_adapter(iut)
        self.in_process = callable(getattr(self._kind, "exchange", None))
        self._object: Any = None
        self._lane = None if self.in_process else Lane("adapter")

    def instance(self) -> Any:
        """The adapter object; made when asked for first. Raises :class:`FileFault` where that fails."""
        if self._object is None:
            try:
                self._object = self._kind(self.iut, self.places)
            except (Exception, SystemExit) as error:
                what = f"{self.iut.attach.adapter}(iut, places) raised {type(error).__name__}: {error}"
                raise FileFault(self.iut.path, 0, "attach.adapter", what) from error
        return self._object

    def call(self, verb: str, given: dict[str, Any], seconds: float) -> Outcome:
        """Calls a verb; an adapter on a thread of its own gets ``seconds`` for it."""
        if self._lane is None:
            return self._call(verb, given)
        future = self._lane.submit(lambda: self._call(verb, given))
        try:
            return future.result(seconds)
        except TimeoutError:
            what = "still busy with an earlier call" if future.cancel() else "no answer"
            return Outcome(ERROR, {}, f"the adapter: {what} after {seconds:g} s")

    def _call(self, verb: str, given: dict[str, Any]) -> Outcome:
        try:
            answer = self.instance().call(verb, given)
        except FileFault as fault:
            return Outcome(ERROR, {}, fault.what[:2000])
        except NotSupported as cannot:
            return Outcome(CANNOT, {}, str(cannot)[:2000])
        except (Exception, SystemExit) as error:
            return Outcome(ERROR, {}, f"the adapter raised {type(error).__name__}: {error}"[:2000])
        return checked({} if answer is None else answer, "the adapter")

    def cancel(self) -> None:
        """Nothing can be done about a call that runs; its thread ends with the process."""

    def close(self, seconds: float) -> str:
        """Calls ``close`` of the adapter, if there is an adapter; gives what went wrong with that, or ""."""
        if self._lane is None:
            return self._close()
        future: Future[str] = self._lane.submit(self._close)
        try:
            return future.result(seconds)
        except TimeoutError:
            return f"the adapter: close() has not returned after {seconds:g} s"
        finally:
            self._lane.close(seconds)

    def _close(self) -> str:
        adapter, self._object = self._object, None
        try:
            if adapter is not None and hasattr(adapter, "close"):
                adapter.close()
        except (Exception, SystemExit) as error:
            return f"close() of the adapter raised {type(error).__name__}: {error}"[:2000]
        return ""


def load_adapter(iut: Iut) -> type[Any]:
    """The class that ``attach.adapter`` names. Raises :class:`FileFault`.

    The folder of the IUT file is added to the end of ``sys.path``, so that nothing in it hides a module that is
    installed. Where it holds a module of that name and another one was loaded, that is refused: it is the wrong one.
    """
    module_name, _, class_name = iut.attach.adapter.partition(":")
    folder = str(iut.folder)
    if folder not in sys.path:
        sys.path.append(folder)
        importlib.invalidate_caches()
    try:
        module = importlib.import_module(module_name)
        kind = getattr(module, class_name)
    except (Exception, SystemExit) as error:
        what = f"{module_name}:{class_name} cannot be imported: {type(error).__name__}: {error}"
        raise FileFault(iut.path, 0, "attach.adapter", what) from error
    if not isinstance(kind, type) or not callable(getattr(kind, "call", None)):
        raise FileFault(iut.path, 0, "attach.adapter", f"{iut.attach.adapter} is no class with a method call")
    _same_place(iut, module_name, module)
    return kind


def _same_place(iut: Iut, name: str, module: Any) -> None:
    """Refuses a module that is another one than that of the same name in the folder of the IUT file."""
    stem = iut.folder.joinpath(*name.split("."))
    beside = next((path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()), None)
    loaded = getattr(module, "__file__", None)
    if beside is not None and loaded is not None and Path(loaded).resolve() != beside.resolve():
        what = f"the module {name} of {iut.folder} is hidden by {loaded}; give it another name"
        raise FileFault(iut.path, 0, "attach.adapter", what)


def in_process(iut: Iut) -> bool:
    """Whether the implementation runs in the suite's own process and clock: its adapter has ``exchange``."""
    return bool(iut.attach.adapter) and hasattr(load_adapter(iut), "exchange")
