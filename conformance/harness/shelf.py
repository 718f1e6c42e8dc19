"""The suite's update packages and their addresses on the content server, per case."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from conformance.download.content import ContentFault, ContentServer, FileSource, Guard
from conformance.download.descriptor import Descriptor, write
from conformance.download.source import LateSource
from conformance.harness import outcome
from conformance.harness.owndescriptor import combined, document, places
from conformance.harness.recorder import Recorder
from conformance.transcript import CONTENT, DEVICE
from conformance.transport.exchange import Reply, Request, Source

if TYPE_CHECKING:
    from conformance.harness.iut import Iut, Package

DESCRIPTOR_TYPE = "application/vnd.oma.dd+xml"


class Shelf:
    """Publishes packages under an address of their own for each case, so that late requests are told apart."""

    def __init__(self, iut: Iut, recorder: Callable[[], Recorder]) -> None:
        """``recorder`` gives the one of the permutation that is being played."""
        self.iut = iut
        self._recorder = recorder
        self._now = threading.local()
        self._calm = threading.Condition()
        self._server: ContentServer | None = None
        self._case = 0
        self._open = 0
        self._sources: dict[Path, Source] = {}
        self._digests: dict[str, str] = {}
        self.struck = False
        """Whether a transfer broke off at which the power of the device is to be cut."""
        self._strikes: set[str] = set()
        self.firmware = iut.device.get("firmware", "")
        """The firmware that runs now, as far as the suite knows; picks the package."""

    def serve_at(self, root: str) -> None:
        """Tells the address at which the content server is reached."""
        self._server = ContentServer(root, self._seen)

    @property
    def server(self) -> ContentServer:
        """The content server."""
        if self._server is None:
            raise RuntimeError("the content server has no address yet")
        return self._server

    @property
    def root(self) -> str:
        """The address below which everything of the case stands."""
        return f"{self.server.root_url}c{self._case}"

    def handle(self, request: Request) -> Reply:
        """Serves one request."""
        recorder = self._recorder()
        with self._calm:
            self._open += 1
            case = self._case
        # The event stands where the request came, and is completed when the reply is out: what a device does after it has
        # the last octet may overtake the thread that sent it.
        event = recorder.add("http", DEVICE, CONTENT, method=request.method, url=request.url)
        reply = self.server.handle(request)
        before, path = reply.done, urlsplit(request.url).path

        def done(sent: int, error: str) -> None:
            self._now.place = recorder, event
            if before is not None:
                before(sent, error)
            if reply.fault is not None and path in self._strikes:
                self._strikes.discard(path)
                self.struck = True
            with self._calm:
                self._open -= self._case == case
                self._calm.notify_all()

        reply.done = done
        return reply

    def _seen(self, data: dict[str, Any]) -> None:
        recorder, event = self._now.place
        recorder.fill(event, data)

    def busy(self) -> bool:
        """Whether something is being fetched right now."""
        return self._open > 0

    def calm(self, seconds: float) -> bool:
        """Waits until nothing is being fetched; False where something still is after ``seconds``."""
        with self._calm:
            return self._calm.wait_for(lambda: self._open <= 0, seconds)

    def begin(self) -> dict[str, str]:
        """Starts a new case: publishes all packages anew; returns their places for the steps."""
        with self._calm:
            self._case += 1
            self._strikes.clear()
            self.struck = False
            self._open = 0  # what an earlier case left open is none of the next one's business
        server = self.server
        server.clear()
        places = {"content": self.root}
        for purpose in {*self.iut.packages, *(["corrupted"] if "good" in self.iut.packages else [])}:
            source = self.source(purpose)
            package = self.package(purpose)
            kind = package.type or "application/octet-stream"
            url = server.publish(f"c{self._case}/{purpose}.bin", source, kind)
            places |= {
                f"url:{purpose}": url,
                f"digest:{purpose}": self.digest(purpose),
                f"size:{purpose}": str(source.size),
                f"type:{purpose}": kind,
            }
            # What the IUT file does not tell stays a placeholder, of which nothing is expected.
            versions = {f"from:{purpose}": package.from_ or self.firmware, f"to:{purpose}": package.to}
            places |= {name: version for name, version in versions.items() if version}
            descriptor = Descriptor(types=(kind,), size=source.size, object_uri=url)
            places[f"descriptor:{purpose}"] = server.publish(
                f"c{self._case}/{purpose}.dd", LateSource(partial(write, descriptor)), DESCRIPTOR_TYPE
            )
        return places

    def describe(self, given: dict[str, Any], root: str) -> None:
        """Publishes a descriptor, and the address for its status reports: keys of the step ``descriptor``.

        ``root`` is the address of the case.
        """
        server = self.server
        purpose = str(given.get("package", "good"))
        package, source = self.package(purpose), self.source(purpose)
        media = package.type or "application/octet-stream"
        at, report = places(given, root)
        if report.startswith(server.root_url):
            server.expect_report(report.removeprefix(server.root_url))
        hidden = server.publish(f"{root.removeprefix(server.root_url)}/hidden.txt", b"hidden", "text/plain")
        url = f"{root}/{purpose}.bin"
        octets = document(given, url, source.size, media, report, hidden)
        kind = str(given.get("media_type", DESCRIPTOR_TYPE))
        if given.get("form") == "multipart":
            octets, kind = combined(octets, source.read(0, source.size), media)
        server.publish(at.removeprefix(server.root_url), octets, kind)

    def offer(self, firmware: str) -> tuple[str, str] | None:
        """Publishes the good package for the firmware that runs under a new address, and uses it from now on.

        Gives the address, and the version that it leads to; ``None`` where there is none for that firmware.
        """
        fits = next((each for each in self.iut.packages.get("good", ()) if firmware and each.from_ == firmware), None)
        if fits is None or fits.to is None:
            return None
        self.firmware = firmware
        kind = fits.type or "application/octet-stream"
        return self.server.publish(f"c{self._case}/next.bin", self.source("good"), kind), fits.to

    def package(self, purpose: str) -> Package:
        """The package for a purpose: the first whose ``from`` runs now, else the first."""
        listed = self.iut.packages.get(purpose) or (self.iut.packages.get("good", ()) if purpose == "corrupted" else ())
        if not listed:
            raise outcome.not_applicable(f"the IUT file gives no package {purpose}", outcome.PACKAGE)
        return next((p for p in listed if p.from_ == self.firmware), listed[0])

    def source(self, purpose: str) -> Source:
        """The octets of the package for a purpose; a corrupted one is made from a good one where none is given."""
        path = self.package(purpose).path
        if path not in self._sources:
            self._sources[path] = FileSource(path)
        if purpose == "corrupted" and "corrupted" not in self.iut.packages:
            return Corrupted(self._sources[path])
        return self._sources[path]

    def digest(self, purpose: str) -> str:
        """sha256 of the package for a purpose."""
        key = f"{purpose}:{self.package(purpose).path}"
        if key not in self._digests:
            source, summary, at = self.source(purpose), hashlib.sha256(), 0
            while piece := source.read(at, 1 << 20):
                summary.update(piece)
                at += len(piece)
            self._digests[key] = summary.hexdigest()
        return self._digests[key]

    def fault(self, given: dict[str, Any]) -> None:
        """Makes the content server misbehave at an address: keys of the step ``content``."""
        path = str(given["at"]).removeprefix(self.server.root_url)
        if given["fault"] == "none":
            self.server.mend(path)
            return
        keys = {key: value for key, value in given.items() if key not in ("at", "fault", "times", "challenge", "power")}
        if given.get("power"):
            self._strikes.add(urlsplit(str(given["at"])).path)
        if given.get("challenge") == "digest":
            keys["headers"] = (Guard("", "", "digest").challenge(),)
        if isinstance(keys.get("fraction"), str):
            keys["fraction"] = float(keys["fraction"].rstrip("%")) / 100
        if "seconds" in keys:
            keys["seconds"] = float(keys["seconds"])  # a number with a point is text in a case file
        if not self.server.knows(path):
            self.server.publish(path, b"", "application/octet-stream")  # an address that only misbehaves
        self.server.fault(path, ContentFault(str(given["fault"]), **keys), given.get("times"))


class Corrupted:
    """A package of which some octets in the middle and at the end are not what they should be."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.size = source.size
        middle = self.size // 2
        self._wrong = {at for at in (middle, middle + 1, self.size - 9) if 0 <= at < self.size}

    def read(self, offset: int, count: int) -> bytes:
        """Up to ``count`` octets from ``offset``."""
        octets = self._source.read(offset, count)
        wrong = [at - offset for at in self._wrong if offset <= at < offset + len(octets)]
        if not wrong:
            return octets
        changed = bytearray(octets)
        for at in wrong:
            changed[at] ^= 0xFF
        return bytes(changed)
