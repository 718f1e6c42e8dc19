"""The content server of the reference server: packages, their descriptors, and the addresses for status reports.

Small methods are there to be overridden by a deviation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from conformance.download.content import ContentServer
from conformance.download.descriptor import DESCRIPTOR_TYPE, Descriptor, write
from conformance.transport.exchange import Reply, Request, Source

Sources = Callable[[str], Source]


class Publisher:
    """Content below ``root_url``; ``sources`` opens packages by their path."""

    def __init__(self, root_url: str, sources: Sources) -> None:
        self.root_url, self.sources = root_url, sources
        self.content = ContentServer(root_url, lambda event: None)
        self.published: dict[str, list[str]] = {}
        """What is kept over restarts: file and media type by path, and whether there is a descriptor."""

    def publish(self, path: str, file: str, media: str) -> str:
        """Puts a package at a path; gives its address. A file that is gone is left out."""
        try:
            url = self.content.publish(path, self.sources(file), media)
        except OSError:
            return self.content.url(path)
        self.published[path] = [file, media, ""]
        return url

    def describe(self, path: str) -> str:
        """Puts a descriptor beside a package that is published, and an address for its reports; gives its address."""
        file, media, _ = self.published[path]
        self.published[path] = [file, media, "described"]
        report = self.content.expect_report(self.report_path(path))
        size = self.sources(file).size
        described = Descriptor(self.content.url(path), size, (media,), report, name=path.rpartition("/")[2])
        return self.content.publish(f"{path}.dd", self.octets(described), self.descriptor_type)

    descriptor_type = DESCRIPTOR_TYPE

    def report_path(self, path: str) -> str:
        """Where the reports about a package go: an address of its own for each."""
        return f"{path}.report"

    def octets(self, described: Descriptor) -> bytes:
        """The octets of a descriptor."""
        return write(described)

    def serves(self, request: Request) -> bool:
        """Whether a request is for the content server."""
        return urlsplit(request.url).path.startswith(urlsplit(self.root_url).path)

    def handle(self, request: Request) -> Reply:
        """Answers a request for content."""
        return self.content.handle(request)

    def load(self, kept: Mapping[str, Any]) -> None:
        """Takes up what :attr:`published` was."""
        for path, (file, media, described) in kept.items():
            self.publish(path, file, media)
            if described and path in self.published:
                self.describe(path)
