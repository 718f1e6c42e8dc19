"""Getting a package from its address: directly, or by way of a download descriptor (FUMO TS 5.1.5, OMA Download 1.0).

No sockets, no clock: requests are given out, and what came is told, as with :class:`conformance.download.fetch.Fetch`.
"""

from __future__ import annotations

import tempfile
from typing import IO

from conformance.download import descriptor as dd
from conformance.download.fetch import Fetch, Outcome
from conformance.transport.exchange import Headers, Request, Source

_IN_MEMORY = 1 << 20

CODE_OF = {
    "network": dd.LOSS_OF_SERVICE,
    "timeout": dd.LOSS_OF_SERVICE,
    "too-big": dd.NO_MEMORY,
    "length": dd.MISMATCH,
}
"""Code of the status report by cause of a failed fetch; everything else is the loader's (954)."""


class PackageStore:
    """Octets that were fetched: in memory up to 1 MiB, then in a temporary file. Spool of a Fetch, and a Source."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  lives as long as the package
        self.size = 0

    def write(self, octets: bytes) -> None:
        """Appends octets."""
        self._file.seek(self.size)
        self._file.write(octets)
        self.size += len(octets)

    def reset(self, offset: int) -> None:
        """Forgets everything from ``offset`` on."""
        self._file.truncate(offset)
        self.size = min(self.size, offset)

    def read(self, offset: int, count: int) -> bytes:
        """Up to ``count`` octets from ``offset``; b"" at the end."""
        self._file.seek(offset)
        return self._file.read(max(0, count))

    def __del__(self) -> None:
        file = getattr(self, "_file", None)
        if file is not None and not file.closed:
            file.close()


class Retrieval:
    """One package on its way. ``limit``: octets there is room for, ``types``: media types that can be used (none:
    any). After the end :attr:`outcome` is set.

    Causes are those of a Fetch, and ``descriptor`` for a descriptor that is wrong or does not fit its object.
    """

    def __init__(self, url: str, limit: int, resume_tries: int, types: tuple[str, ...] = ()) -> None:
        self._limit, self._tries, self._types = limit, resume_tries, types
        self._store = PackageStore()
        self._fetch = self._begin(url)
        self._descriptor: dd.Descriptor | None = None
        self._base = ""
        self._notify: str | None = None
        self._code = dd.LOSS_OF_SERVICE
        self.outcome: Outcome | None = None
        self._look()

    def _begin(self, url: str) -> Fetch:
        self._store.reset(0)
        return Fetch(url, limit=self._limit, resume_tries=self._tries, spool=self._store)

    @property
    def received(self) -> int:
        """Octets of the object under way that came so far."""
        return self._fetch.received

    @property
    def total(self) -> int | None:
        """Octets that it has, where that is known."""
        return self._fetch.total

    def source(self) -> Source:
        """The octets of the package, once it is complete."""
        return self._store

    def next_request(self) -> Request | None:
        """What is to be sent now; ``None`` once there is an outcome."""
        return None if self.outcome is not None else self._fetch.next_request()

    def begin(self, status: int, headers: Headers) -> bool:
        """Takes status and headers of the response. False: its body is not wanted."""
        return self._fetch.begin(status, headers)

    def data(self, chunk: bytes) -> bool:
        """Takes a piece of the body. False: no more is wanted."""
        return self._fetch.data(chunk)

    def end(self, error: str = "") -> None:
        """The response is over, or broke off."""
        self._fetch.end(error)
        self._look()

    def reports(self, good: bool) -> list[Request]:
        """The status report for whoever published the descriptor, where it wants one (OMA Download 1.0 5.4)."""
        if self._notify is None:
            return []
        body = dd.format_report(dd.SUCCESS if good else self._code)
        return [Request("POST", self._notify, [("Content-Type", "text/plain")], body)]

    def _look(self) -> None:
        outcome = self._fetch.outcome
        if outcome is None or self.outcome is not None:
            return
        if outcome.kind != "complete":
            self._code = CODE_OF.get(outcome.cause, dd.LOADER_ERROR)
            self.outcome = outcome
        elif self._descriptor is not None:
            self._match(outcome)
        elif self._fetch.is_descriptor:
            self._read_descriptor()
        else:
            self.outcome = outcome

    def _read_descriptor(self) -> None:
        if self._store.size > dd.MAX_OCTETS:
            self.outcome = Outcome("failed", "descriptor")
            return
        try:
            found = dd.parse(self._store.read(0, self._store.size))
        except dd.DescriptorError as error:
            self._notify, self._code = error.install_notify_uri, error.code
            self.outcome = Outcome("failed", "descriptor")
            return
        self._descriptor, self._base = found, self._fetch.url
        self._notify = found.notify_url(self._base)
        wrong = self.check(found)
        if wrong:
            self._code = wrong
            self.outcome = Outcome("failed", "too-big" if wrong == dd.NO_MEMORY else "descriptor")
            return
        self._fetch = self._begin(found.object_url(self._base))
        self._look()

    def check(self, found: dd.Descriptor) -> int:
        """Whether the object of a descriptor can be used at all: 0, or what the status report says instead."""
        if found.size > self._limit:
            return dd.NO_MEMORY
        usable = not self._types or any(dd.bare(media) in self._types for media in found.types)
        return 0 if usable else dd.NOT_ACCEPTABLE

    def _match(self, outcome: Outcome) -> None:
        """Compares an object with what its descriptor announced."""
        found = self._descriptor
        assert found is not None
        if self._store.size == found.size and found.allows(self._fetch.content_type):
            self.outcome = outcome
            return
        self._code = dd.MISMATCH
        self.outcome = Outcome("failed", "descriptor", outcome.http_status)
