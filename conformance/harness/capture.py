"""Recorded sessions between strangers: a folder of numbered bodies, read within bounds (docs/run-it.md).

``NN-request.xml`` is what a client sent, ``NN-response.xml`` what came back; ``.wbxml``, ``.html``, ``.txt`` and ``.bin`` do
as well. ``NN-request.headers`` and ``NN-response.headers`` may stand beside them: a first line, then HTTP headers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MOST_CAPTURES, MOST_FILES = 200, 4000
"""Captures in one folder, and files in one capture, that are read."""
MOST_OCTETS, MOST_HEADERS = 16 << 20, 1 << 16
"""Octets of one body and of one file of headers that are read."""
MOST_TOGETHER = 256 << 20
"""Octets of all bodies of one capture."""
_DEPTH = 4
_NAME = re.compile(r"(\d{1,6})-(request|response)\.(xml|wbxml|html|txt|bin|headers)\Z", re.IGNORECASE)
_FOLDERS = 5000


class CaptureFault(ValueError):
    """A folder that cannot be used. One line names the file or folder and what is wrong with it."""


@dataclass(slots=True)
class Half:
    """A request or a response. ``octets`` are ``None`` where only headers were recorded; ``status`` is 0 where unknown."""

    name: str
    octets: bytes | None = None
    method: str = ""
    url: str = ""
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def media(self) -> str:
        """Content-Type, "" where none is known."""
        return next((value for name, value in self.headers if name.lower() == "content-type"), "")


@dataclass(slots=True)
class Pair:
    """One number: a request, a response, or both."""

    number: int
    request: Half | None = None
    response: Half | None = None


@dataclass(slots=True)
class Capture:
    """One folder with recorded bodies. ``foreign`` are names of files that are none."""

    name: str
    folder: Path
    pairs: list[Pair]
    foreign: list[str] = field(default_factory=list)


def read_captures(folder: Path) -> list[Capture]:
    """The captures in a folder: itself, and each folder below it that holds recorded bodies, by name.

    Raises :class:`CaptureFault` for a folder without any, and beyond the limits.
    """
    found = []
    for place in _folders(folder):
        capture = _read(place, folder)
        if capture is not None:
            found.append(capture)
        if len(found) > MOST_CAPTURES:
            raise CaptureFault(f"{folder}: more than {MOST_CAPTURES} captures")
    if not found:
        raise CaptureFault(
            f"{folder}: no recorded bodies; expected files as 01-request.xml and 01-response.wbxml, here or in folders below"
        )
    return found


def _folders(top: Path) -> Iterator[Path]:
    waiting, seen = [(top, 0)], 0
    while waiting:
        place, depth = waiting.pop()
        yield place
        below = sorted((each for each in place.iterdir() if each.is_dir() and not each.is_symlink()), reverse=True)
        seen += len(below)
        if seen > _FOLDERS:
            raise CaptureFault(f"{top}: more than {_FOLDERS} folders")
        if depth < _DEPTH:
            waiting.extend((each, depth + 1) for each in below)


def _read(place: Path, top: Path) -> Capture | None:
    pairs: dict[int, Pair] = {}
    foreign: list[str] = []
    together = 0
    files = sorted(each for each in place.iterdir() if each.is_file())
    if len(files) > MOST_FILES:
        raise CaptureFault(f"{place}: more than {MOST_FILES} files")
    for file in files:
        match = _NAME.fullmatch(file.name)
        if match is None:
            if not file.name.endswith(".decoded.xml"):
                foreign.append(file.name)
            continue
        number, side, kind = int(match[1]), match[2].lower(), match[3].lower()
        pair = pairs.setdefault(number, Pair(number))
        half = getattr(pair, side) or Half(f"{match[1]}-{side}")
        setattr(pair, side, half)
        if half.name != f"{match[1]}-{side}":
            raise CaptureFault(f"{file}: {half.name} has the same number")
        if kind == "headers":
            _headers(half, _limited(file, MOST_HEADERS))
        elif half.octets is not None:
            raise CaptureFault(f"{file}: there is another body of {half.name}")
        else:
            half.octets = _limited(file, MOST_OCTETS)
            together += len(half.octets)
        if together > MOST_TOGETHER:
            raise CaptureFault(f"{place}: bodies of more than {MOST_TOGETHER} octets")
    if not pairs:
        return None
    for pair in pairs.values():
        for half in (pair.request, pair.response):
            if half is not None and half.octets is None and _empty(half):
                half.octets = b""
    name = str(place.relative_to(top)) if place != top else place.resolve().name
    return Capture(name, place, [pairs[number] for number in sorted(pairs)], foreign)


def _empty(half: Half) -> bool:
    """Whether headers without a recorded body say that there was none: an error, 204, or a Content-Length of 0."""
    length = next((value for name, value in half.headers if name.lower() == "content-length"), "")
    return length == "0" or half.status == 204 or half.status >= 400


def _limited(file: Path, most: int) -> bytes:
    with file.open("rb") as stream:
        octets = stream.read(most + 1)
    if len(octets) > most:
        raise CaptureFault(f"{file}: more than {most} octets")
    return octets


def _headers(half: Half, octets: bytes) -> None:
    """Reads ``POST /dm HTTP/1.1`` or ``HTTP/1.1 200 OK`` (or only ``200``), then headers; other lines are passed over."""
    lines = octets.decode("utf-8", "replace").splitlines()
    for line in lines[1:] if lines and ":" not in lines[0].partition(" ")[0] else lines:
        name, colon, value = line.partition(":")
        if colon and name.strip():
            half.headers.append((name.strip(), value.strip()))
    words = lines[0].split() if lines else []
    status = next((word for word in words[:2] if re.fullmatch(r"[1-5]\d\d", word)), "")
    if half.name.endswith("response"):
        half.status = int(status or 0)
    elif len(words) > 1 and words[0].isalpha():
        half.method, half.url = words[0], words[1]
        host = next((value for name, value in half.headers if name.lower() == "host"), "")
        if half.url.startswith("/") and host:
            half.url = f"http://{host}{half.url}"
