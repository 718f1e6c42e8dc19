"""Typed reading of a mapping of a file: what does not fit is noted with its line, and reading goes on."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.harness.yamlfile import Document, FileFault

_DECIMAL = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?\Z")
_ENVIRONMENT = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)\Z")
Key = str | int


class Reading:
    """The reading of one document: ``faults`` so far, and ``secrets``, the values that came from the environment."""

    def __init__(self, document: Document, environ: Mapping[str, str]) -> None:
        self.document, self.environ = document, environ
        self.faults: list[FileFault] = []
        self.secrets: list[str] = []

    @property
    def folder(self) -> Path:
        """The folder that relative paths are meant from."""
        return self.document.path.parent

    def fault(self, what: str, *keys: Key) -> None:
        """Notes that the value the keys lead to is wrong."""
        self.faults.append(self.document.fault(what, *keys))

    def text(self, value: Any, *keys: Key) -> str:
        """A text; integers count as what was written, ``env:NAME`` as what the environment says. "" after a fault."""
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str) or not value:
            self.fault(f"expected text, found {named(value)}", *keys)
            return ""
        variable = _ENVIRONMENT.match(value)
        if variable is None:
            return value
        found = self.environ.get(variable[1])
        if not found:
            self.fault(f"the environment variable {variable[1]} is not set", *keys)
            return ""
        self.secrets.append(found)
        return found

    def file(self, value: Any, *keys: Key) -> Path | None:
        """The absolute path of a file that is there."""
        text = self.text(value, *keys)
        if not text:
            return None
        path = (self.folder / Path(text).expanduser()).absolute()
        if not path.is_file():
            self.fault(f"there is no file {path}", *keys)
            return None
        return path


def named(value: Any) -> str:
    """A value of YAML in words, short."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int):
        return f"the number {value}"
    return f"{value[:60]!r}" if value else "an empty text"


def instead(word: Any, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` where a known word is close, else what was expected."""
    listed = list(known)
    close = difflib.get_close_matches(str(word), listed, 1, 0.6)
    return f"; did you mean {close[0]!r}?" if close else f"; expected {one_of(listed)}"


def one_of(words: Iterable[str]) -> str:
    """``a, b or c``."""
    listed = list(words)
    return " or ".join(filter(None, [", ".join(listed[:-1]), listed[-1]])) if listed else "nothing"


class Section:
    """A mapping of the file. Every method gives the default where the key is missing, and after a fault.

    ``known``: the keys it may have, each with the role that alone may have it, or "".
    """

    def __init__(
        self, reading: Reading, value: Any, keys: tuple[Key, ...], known: Mapping[str, str], role: str
    ) -> None:
        self.reading, self.keys = reading, keys
        self.value: dict[Any, Any] = value if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            reading.fault(f"expected a mapping, found {named(value)}", *keys)
        for key in self.value:
            if key not in known:
                reading.fault(f"unknown key{instead(key, known)}", *keys, key)
            elif known[key] and role and known[key] != role:
                reading.fault(f"only for the role {known[key]}; the role of this implementation is {role}", *keys, key)

    def __contains__(self, key: str) -> bool:
        return key in self.value

    def fault(self, what: str, *keys: Key) -> None:
        """Notes that a value of this section is wrong."""
        self.reading.fault(what, *self.keys, *keys)

    def need(self, *names: str) -> None:
        """Notes which of these keys are missing."""
        for name in names:
            if name not in self.value:
                self.fault("missing; it is needed", name)

    def text(self, key: str, default: str = "") -> str:
        """A text on one line."""
        if key not in self.value:
            return default
        text = self.reading.text(self.value[key], *self.keys, key)
        if any(ord(character) < 32 or ord(character) == 127 for character in text):
            self.fault("expected one line of text without control characters", key)
            return default
        return text or default

    def choice(self, key: str, words: Sequence[str], default: str = "") -> str:
        """One of some words."""
        if key not in self.value:
            return default
        word = self.text(key)
        if word and word not in words:
            self.fault(f"{word!r} is none of them{instead(word, words)}", key)
            return default
        return word or default

    def choices(self, key: str, words: Sequence[str], default: tuple[str, ...], empty: bool = False) -> tuple[str, ...]:
        """A list of some words, none of them twice."""
        if key not in self.value:
            return default
        chosen: list[str] = []
        for index, word in enumerate(self.texts(key, empty=empty)):
            if word not in words:
                self.fault(f"{word!r} is none of them{instead(word, words)}", key, index)
            elif word in chosen:
                self.fault(f"{word!r} stands twice", key, index)
            else:
                chosen.append(word)
        return tuple(chosen) if chosen or empty else default

    def texts(self, key: str, default: tuple[str, ...] = (), empty: bool = False) -> tuple[str, ...]:
        """A list of texts, in its length: items with a fault are "". ``empty``: it may have no item."""
        if key not in self.value:
            return default
        value = self.value[key]
        if not isinstance(value, list) or not (value or empty):
            found = "an empty one" if value == [] else named(value)
            self.fault(f"expected a list of texts, found {found}", key)
            return default
        return tuple(self.reading.text(item, *self.keys, key, index) for index, item in enumerate(value))

    def number(self, key: str, default: float, zero: bool = False) -> float:
        """A number greater than 0, as an integer or as decimal text. ``zero``: it may be 0 as well."""
        if key not in self.value:
            return default
        value = self.value[key]
        text = "" if isinstance(value, bool) else str(value)
        number = float(text) if isinstance(value, int | str) and _DECIMAL.match(text) else math.nan
        if math.isnan(number) or (number == 0 and not zero):
            expected = "a number" if zero else "a number greater than 0"
            self.fault(f"expected {expected}, as 30 or 0.5; found {named(value)}", key)
            return default
        return number

    def flag(self, key: str, default: bool = False) -> bool:
        """true or false."""
        value = self.value.get(key, default)
        if not isinstance(value, bool):
            self.fault(f"expected true or false, found {named(value)}", key)
            return default
        return value

    def file(self, key: str) -> Path | None:
        """The absolute path of a file that is there."""
        return self.reading.file(self.value[key], *self.keys, key) if key in self.value else None
