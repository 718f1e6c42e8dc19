"""What a server plans for one update object of one device, and what it knows of the device in a session."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.fumo.object import DOWNLOAD, DOWNLOAD_AND_UPDATE, UPDATE
from conformance.syncml.model import Command

BY_REPLACE, BY_DOWNLOAD, AT_ONCE, ALONE = "replace", "download", "download-and-update", "update"
WAYS = (BY_REPLACE, BY_DOWNLOAD, AT_ONCE)
"""Ways in which a package gets to the device (FUMO TS 6.1, 6.3); :data:`ALONE` installs the one that is there already."""
OPERATIONS_OF = {
    BY_REPLACE: (UPDATE,), BY_DOWNLOAD: (DOWNLOAD, UPDATE), AT_ONCE: (DOWNLOAD_AND_UPDATE,), ALONE: (UPDATE,),
}  # fmt: skip
"""Operations that a device needs for each way."""

NO_QUESTION, CONFIRM, DEFER = "none", "confirm", "defer"
CONSENTS = (NO_QUESTION, CONFIRM, DEFER)
"""Whether the user is asked first, and whether he may put the update off (Alert 1101, 1103)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One update. ``root`` is the LocURI of the update object, ``url`` what PkgURL gets ("" where there is none).

    ``path`` names the package for the caller where the server holds it, with ``size`` octets. ``minutes``: the times to
    which the user may put it off.
    """

    device: str
    root: str
    way: str
    url: str = ""
    path: str = ""
    size: int = 0
    name: str = ""
    version: str = ""
    type: str = "application/octet-stream"
    consent: str = NO_QUESTION
    minutes: tuple[float, ...] = ()
    notify: bool = True


@dataclass(slots=True)
class Facts:
    """What a session says of the device. ``small``: messages must be so small that commands go one by one.

    Sizes in octets: ``max_obj_size`` as announced (``None``: no bound), ``room`` what one message leaves for a package.
    """

    version: str = "1.2"
    small: bool = False
    max_obj_size: int | None = None
    room: int = 16384

    @property
    def reports(self) -> bool:
        """Whether results come by Generic Alert, and Exec has a Correlator: not before DM 1.2."""
        return not self.version.startswith("1.1")


@dataclass(slots=True)
class Tree:
    """What the device's tree was found to hold; ``None`` where that is not known."""

    operations: frozenset[str] | None = None
    pkgdata: bool | None = None
    large_objects: bool | None = None
    state: int | None = None
    firmware: str = ""

    def read(self, root: str, node: str, value: str) -> None:
        """Takes the value of a node; the value of an interior node is the list of its children."""
        if node == root:
            self.operations = frozenset(value.split("/"))
        elif node == f"{root}/{UPDATE}":
            self.pkgdata = "PkgData" in value.split("/")
        elif node == f"{root}/State":
            text = value.strip()
            self.state = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
        elif node == LARGE_OBJECTS:
            self.large_objects = value.strip().lower() == "true"
        elif node == FIRMWARE:
            self.firmware = value


FIRMWARE, LARGE_OBJECTS = "./DevDetail/FwV", "./DevDetail/LrgObj"


@dataclass(slots=True)
class Batch:
    """Commands that go out together. ``large`` names the package that the last of them carries ("" where none does)."""

    commands: list[Command] = field(default_factory=list)
    large: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came to one command: the code of its Status (0: none came), the Data of the Status' Items, and the value of
    its Results (``None``: there were none)."""

    command: Command
    code: int = 0
    data: tuple[str, ...] = ()
    value: str | None = None

    @property
    def node(self) -> str:
        """LocURI that the command was for, "" where it has none."""
        return (self.command.items[0].target or "") if self.command.items else ""

    @property
    def good(self) -> bool:
        """Whether the command was carried out or taken (2xx, apart from 214 and 215: cancelled, not executed)."""
        return 200 <= self.code < 300 and self.code not in (214, 215, 216)
