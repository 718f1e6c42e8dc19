"""Deviations: what a sloppy implementer does, as small classes that are mixed into the parts of a reference peer."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
M = TypeVar("M", bound=type)


@dataclass(frozen=True, slots=True)
class Deviation:
    """One deviation: its id, the part it changes, and the class that is put in front of that part's own."""

    id: str
    part: str
    mixin: type


class Register:
    """The deviations of one kind of peer, by id. ``variants``: its tolerated variants, which are found by name as well."""

    def __init__(self, variants: Register | None = None) -> None:
        self._rows: dict[str, list[Deviation]] = {}
        self.variants = variants

    def __call__(self, identity: str, part: str) -> Callable[[M], M]:
        """Decorator that registers a mixin. A deviation may change several parts: one mixin for each."""

        def register(mixin: M) -> M:
            self._rows.setdefault(identity, []).append(Deviation(identity, part, mixin))
            return mixin

        return register

    @property
    def ids(self) -> list[str]:
        """All ids, in the order in which they were registered."""
        load_modules()
        return list(self._rows)

    def rows(self, names: Iterable[str]) -> list[Deviation]:
        """The deviations, or tolerated variants, of those names. Raises ``ValueError`` for a name that is none."""
        found = []
        for name in names:
            if name not in self._rows:
                load_modules()
            rows = self._rows.get(name) or (self.variants._rows.get(name) if self.variants is not None else None)
            if rows is None:
                raise ValueError(f"no such deviation: {name!r}")
            found += rows
        return found


def deviant(parts: T, rows: Iterable[Deviation]) -> T:
    """Parts with the mixins in front of their classes; the first row is asked first.

    ``parts`` is a dataclass whose fields are classes. Raises ``ValueError`` for a part that it does not have.
    """
    classes: dict[str, type] = {field.name: getattr(parts, field.name) for field in fields(parts)}  # type: ignore[arg-type]
    mixins: dict[str, list[type]] = {}
    for row in rows:
        if row.part not in classes:
            raise ValueError(f"deviation {row.id!r} changes a part {row.part!r} that there is not")
        mixins.setdefault(row.part, []).append(row.mixin)
    made = {part: _mixed(classes[part], extra) for part, extra in mixins.items()}
    return type(parts)(**_all(classes, made))


def _mixed(base: type, mixins: list[type]) -> type:
    names = "".join(mixin.__name__ for mixin in mixins)
    return type(f"{names}{base.__name__}", (*mixins, base), {})


def _all(classes: Mapping[str, type], made: Mapping[str, type]) -> dict[str, type]:
    return {**classes, **made}


CLIENT_VARIANTS = Register()
"""Legal ways for the reference device to be different: nothing of them may be held against it."""

CLIENT = Register(CLIENT_VARIANTS)
"""Deviations of the reference device."""


def load_modules() -> None:
    """Imports every module of this package that holds deviations or variants, by which they are registered."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.endswith(("_deviations", "_variants")):
            importlib.import_module(f"{__package__}.{module.name}")
