"""YAML files with positions: one parse gives the value and the place of every key.

Only ``true`` and ``false``, plain decimal integers and ``null`` mean something else than the text that stands there:
``1.10``, ``no``, ``on``, ``0x1F`` and dates stay text. Keys that stand twice, foreign tags, and aliases that unfold to
more than :data:`MAX_NODES` values are refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MAX_OCTETS = 4 << 20
"""Octets that a file may have."""
MAX_NODES = 200_000
"""Values that a file may have, each use of an alias counted in full."""
MAX_DEPTH = 64
"""Lists and mappings that may stand inside each other."""
_MAX_DIGITS = 100

_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)\Z")
_PLAIN = (
    ("bool", re.compile(r"(?:true|false)\Z")),
    ("int", _INTEGER),
    ("null", re.compile(r"(?:null|~|)\Z")),
)
"""What plain text may mean beside itself; there is no other resolver."""


class FileFault(ValueError):
    """One thing that is wrong in a file. ``line`` counts from 1, 0 where there is none; ``key`` is dotted or ""."""

    def __init__(self, path: Path, line: int, key: str, what: str) -> None:
        self.path, self.line, self.key, self.what = path, line, key, what
        place = f"{path}:{line}" if line else str(path)
        super().__init__(f"{place}: {key}: {what}" if key else f"{place}: {what}")

    def __reduce__(self) -> tuple[Any, ...]:
        return FileFault, (self.path, self.line, self.key, self.what)


class FileFaults(ValueError):
    """Everything that is wrong in one or several files, one line each."""

    def __init__(self, faults: Iterable[FileFault]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[Any, ...]:
        return FileFaults, (self.faults,)


class Document:
    """A parsed file: ``value`` (dict, list, str, int, bool, None), ``path`` and ``digest`` (SHA-256, hex)."""

    def __init__(self, path: Path, root: _Node | None, digest: str) -> None:
        self.path, self.digest = path, digest
        self._root = root
        self.value: Any = None if root is None else _Builder(path).build(root, ())

    def where(self, *keys: str | int) -> tuple[int, int]:
        """Line and column, from 1, of the value that the keys lead to (of its key, where it stands in a mapping).

        Where the way ends early, because a key is missing, the place of the last one found.
        """
        node = self._root
        if node is None:
            return 1, 1
        place = node
        for key in keys:
            found = _child(node, key)
            if found is None:
                break
            place, node = found
        return place.line, place.column

    def fault(self, what: str, *keys: str | int) -> FileFault:
        """A fault at the place that ``keys`` lead to."""
        return FileFault(self.path, self.where(*keys)[0], _dotted(keys), what)


def load(path: Path) -> Document:
    """Reads and parses a file. Raises :class:`FileFault` with the first thing that makes it no YAML of ours."""
    return parse(octets_of(path), path)


def octets_of(path: Path) -> bytes:
    """The octets of a file, one more than are parsed at most. Raises :class:`FileFault` where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_OCTETS + 1)
    except OSError as error:
        raise FileFault(path, 0, "", f"cannot be read: {error.strerror or error}") from error


def parse(octets: bytes, path: Path) -> Document:
    """Parses the octets of a file; ``path`` is for messages. Raises :class:`FileFault`."""
    if len(octets) > MAX_OCTETS:
        raise FileFault(path, 0, "", f"longer than {MAX_OCTETS} octets")
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileFault(path, octets.count(b"\n", 0, error.start) + 1, "", "not UTF-8") from error
    try:
        root = _Composer(path).compose(yaml.parse(text, Loader=_Parser))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise FileFault(path, mark.line + 1 if mark else 0, "", _problem(error)) from error
    except yaml.YAMLError as error:
        line = octets.count(b"\n", 0, getattr(error, "position", 0)) + 1
        raise FileFault(path, line, "", "a character that YAML does not allow") from error
    return Document(path, root, hashlib.sha256(octets).hexdigest())


def _problem(error: yaml.MarkedYAMLError) -> str:
    parts = [part for part in (error.context, error.problem) if part]
    return f"not YAML: {', '.join(parts)}"


def _dotted(keys: tuple[str | int, ...]) -> str:
    """``("attach", "start", 2)`` as people write it: ``attach.start[2]``."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def _child(node: _Node, key: str | int) -> tuple[_Node, _Node] | None:
    if node.kind == "mapping":
        for name, value in zip(node.children[::2], node.children[1::2], strict=True):
            if name.text == str(key):
                return name, value
    elif node.kind == "sequence" and isinstance(key, int) and 0 <= key < len(node.children):
        return node.children[key], node.children[key]
    return None


@dataclass(slots=True)
class _Node:
    """A value and where it stands. ``children`` of a mapping are key, value, key, value ..."""

    kind: str
    tag: str
    line: int
    column: int
    text: str = ""
    children: list[_Node] = field(default_factory=list)


class _Composer:
    """Nodes from events. Not PyYAML's own composer: that one recurses without bound in C and can be crashed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.anchors: dict[str, _Node] = {}
        self.open: list[_Node] = []

    def compose(self, events: Iterable[Any]) -> _Node | None:
        root: _Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise self.fault(event, "a second document begins here; a file holds one")
            if isinstance(event, yaml.CollectionEndEvent):
                self.open.pop()
            elif isinstance(event, yaml.NodeEvent):
                node = self.node(event)
                if self.open:
                    self.open[-1].children.append(node)
                root = root or node
                if isinstance(event, yaml.CollectionStartEvent):
                    if len(self.open) >= MAX_DEPTH:
                        raise self.fault(event, f"nested deeper than {MAX_DEPTH}")
                    self.open.append(node)
        return root

    def node(self, event: Any) -> _Node:
        if isinstance(event, yaml.AliasEvent):
            found = self.anchors.get(str(event.anchor))
            if found is None:
                raise self.fault(event, f"no anchor &{event.anchor} stands before this alias")
            if any(found is outer for outer in self.open):
                raise self.fault(event, "an alias stands inside of what it is an alias of")
            return found
        mark = event.start_mark
        if isinstance(event, yaml.ScalarEvent):
            node = _Node("scalar", _scalar_tag(event), mark.line + 1, mark.column + 1, str(event.value))
        elif isinstance(event, yaml.SequenceStartEvent):
            node = _Node("sequence", event.tag or f"{_TAG}seq", mark.line + 1, mark.column + 1)
        else:
            node = _Node("mapping", event.tag or f"{_TAG}map", mark.line + 1, mark.column + 1)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def fault(self, event: Any, what: str) -> FileFault:
        return FileFault(self.path, event.start_mark.line + 1, "", what)


def _scalar_tag(event: Any) -> str:
    if event.tag is not None and event.tag != "!":
        return str(event.tag)
    if event.implicit[0]:
        for name, pattern in _PLAIN:
            if pattern.match(event.value):
                return _TAG + name
    return f"{_TAG}str"


class _Builder:
    """Makes values of nodes. Every use of an alias becomes a copy of its own, so that nobody changes two at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0

    def fault(self, node: _Node, keys: tuple[str | int, ...], what: str) -> FileFault:
        return FileFault(self.path, node.line, _dotted(keys), what)

    def build(self, node: _Node, keys: tuple[str | int, ...]) -> Any:
        self.count += 1
        if self.count > MAX_NODES:
            raise self.fault(node, keys, f"more than {MAX_NODES} values, aliases counted in full")
        if node.kind == "scalar":
            return self.scalar(node, keys)
        if len(keys) >= MAX_DEPTH:
            raise self.fault(node, keys, f"nested deeper than {MAX_DEPTH} through aliases")
        if node.tag == f"{_TAG}map" and node.kind == "mapping":
            return self.mapping(node, keys)
        if node.tag == f"{_TAG}seq" and node.kind == "sequence":
            return [self.build(item, (*keys, index)) for index, item in enumerate(node.children)]
        raise self.fault(node, keys, f"the tag {node.tag} is not supported")

    def mapping(self, node: _Node, keys: tuple[str | int, ...]) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for name, value in zip(node.children[::2], node.children[1::2], strict=True):
            key = self.scalar(name, keys) if name.kind == "scalar" else None
            if not isinstance(key, str | int) or isinstance(key, bool):
                raise self.fault(name, keys, "a key must be text or a number; write it in quotes")
            if key in made:
                raise self.fault(name, (*keys, key), "this key stands twice")
            made[key] = self.build(value, (*keys, key))
        return made

    def scalar(self, node: _Node, keys: tuple[str | int, ...]) -> Any:
        kind = node.tag.removeprefix(_TAG)
        if kind == "str":
            return node.text
        if kind not in ("bool", "int", "null") or kind == node.tag:
            raise self.fault(node, keys, f"the tag {node.tag} is not supported")
        if not dict(_PLAIN)[kind].match(node.text):
            raise self.fault(node, keys, f"{node.text[:40]!r} does not fit the tag {node.tag}")
        if kind == "bool":
            return node.text == "true"
        if kind == "null":
            return None
        if len(node.text) > _MAX_DIGITS:
            raise self.fault(node, keys, f"a number of more than {_MAX_DIGITS} digits; write it in quotes")
        return int(node.text)
