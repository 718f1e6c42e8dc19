"""Several operations as one: what was done can be undone, and is told when it is certain (DM RepPro 6.6.3)."""

from __future__ import annotations

from collections.abc import Callable


class Journal:
    """How to undo what was done, the last thing first. ``observer`` is told a command and an address for each change.

    Inside :meth:`begin` and :meth:`commit` it is told at the end only, and :meth:`rollback` undoes everything.
    """

    def __init__(self) -> None:
        self.observer: Callable[[str, str], None] | None = None
        self._undo: list[Callable[[], None]] | None = None
        self._told: list[tuple[str, str]] = []

    def begin(self) -> None:
        """From now on everything can be undone (DM RepPro 6.6.3)."""
        self._undo = []

    def commit(self) -> None:
        """Makes what was done since :meth:`begin` permanent."""
        self._undo = None
        told, self._told = self._told, []
        for command, uri in told:
            self._tell(command, uri)

    def rollback(self) -> None:
        """Undoes everything since :meth:`begin`, the last thing first."""
        undo, self._undo = self._undo or [], None
        self._told = []
        for step in reversed(undo):
            step()

    def together(self, work: Callable[[], int]) -> int:
        """Does several steps as one: where ``work`` gives an error everything that it did is undone (DM RepPro 6.6.1)."""
        outer, told = self._undo, len(self._told)
        self._undo = []
        code = work()
        inner, self._undo = self._undo, None
        if code >= 300:
            for step in reversed(inner):
                step()
            del self._told[told:]
        self._undo = outer
        if outer is None:
            self.commit()
        elif code < 300:
            outer.extend(inner)
        return code

    def note(self, step: Callable[[], None]) -> None:
        """Keeps how to undo something, where it may have to be."""
        if self._undo is not None:
            self._undo.append(step)

    def changed(self, command: str, uri: str) -> None:
        """Tells the observer, at once or when all of it is certain."""
        if self._undo is not None:
            self._told.append((command, uri))
        else:
            self._tell(command, uri)

    def _tell(self, command: str, uri: str) -> None:
        if self.observer is not None:
            self.observer(command, uri)
