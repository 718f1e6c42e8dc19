"""What sloppy implementers of servers do with the packages and descriptors that they publish.

``testcases/deviations/server.yaml`` says of each in one sentence what it is, and which requirements it breaks.
"""

from __future__ import annotations

from dataclasses import replace

from conformance.download.descriptor import NAMESPACE, Descriptor
from conformance.peers.publisher import Publisher
from conformance.peers.server_form_deviations import Spelt
from conformance.peers.serverparts import deviation
from conformance.syncml.element import Element
from conformance.transport.exchange import Reply, Request, header


@deviation("data-escaped-twice", "session")
class EscapedTwice(Spelt):
    """Escapes what it puts into Data, although writing the message does that."""

    def spoil(self, element: Element) -> None:
        if element.name == "Data" and isinstance(element.text, str):
            element.text = element.text.replace("&", "&amp;")


@deviation("descriptor-as-xml", "publisher")
class DescriptorAsXml(Publisher):
    """Calls its descriptors text/xml."""

    descriptor_type = "text/xml"


@deviation("descriptor-without-namespace", "publisher")
class WithoutNamespace(Publisher):
    """Leaves the namespace out of its descriptors."""

    def octets(self, described: Descriptor) -> bytes:
        return super().octets(described).replace(f' xmlns="{NAMESPACE}"'.encode(), b"")


@deviation("descriptor-size-wrong", "publisher")
class SizeWrong(Publisher):
    """Announces the size in KiB, rounded up to octets."""

    def octets(self, described: Descriptor) -> bytes:
        return super().octets(replace(described, size=-(-described.size // 1024) * 1024 + 1024))


@deviation("descriptor-type-wrong", "publisher")
class TypeWrong(Publisher):
    """Announces another media type than it sends."""

    def octets(self, described: Descriptor) -> bytes:
        return super().octets(replace(described, types=("application/zip",)))


@deviation("descriptor-without-type", "publisher")
class WithoutType(Publisher):
    """Leaves the type out of its descriptors."""

    def octets(self, described: Descriptor) -> bytes:
        return super().octets(replace(described, types=()))


@deviation("descriptor-ampersand-unescaped", "publisher")
class Unescaped(Publisher):
    """Writes an ampersand into an address as it is."""

    def octets(self, described: Descriptor) -> bytes:
        return super().octets(described).replace(b"</objectURI>", b"?device=1&version=2</objectURI>")


@deviation("one-address-for-all-reports", "publisher")
class OneReport(Publisher):
    """Has one address for the reports of all downloads."""

    def report_path(self, path: str) -> str:
        return "reports"


@deviation("report-type-refused", "publisher")
class ReportTypeRefused(Publisher):
    """Takes reports of text/plain only."""

    def handle(self, request: Request) -> Reply:
        if request.method == "POST" and (header(request.headers, "content-type") or "") != "text/plain":
            return Reply(415)
        return super().handle(request)


@deviation("report-text-compared", "publisher")
class ReportTextCompared(Publisher):
    """Takes reports whose text is the one that it knows only."""

    def handle(self, request: Request) -> Reply:
        if request.method == "POST" and request.body != b"900 Success":
            return Reply(400)
        return super().handle(request)


@deviation("content-without-length", "publisher")
class WithoutLength(Publisher):
    """Does not say how long a package is."""

    def handle(self, request: Request) -> Reply:
        reply = super().handle(request)
        reply.headers = [pair for pair in reply.headers if pair[0].lower() != "content-length"]
        reply.headers.append(("Transfer-Encoding", "chunked"))
        return reply


@deviation("content-without-ranges", "publisher")
class WithoutRanges(Publisher):
    """Sends everything whatever Range says."""

    def handle(self, request: Request) -> Reply:
        headers = [pair for pair in request.headers if pair[0].lower() != "range"]
        return super().handle(replace(request, headers=headers))


@deviation("content-range-off-by-one", "publisher")
class RangeOffByOne(Publisher):
    """Begins a part one octet too late."""

    def handle(self, request: Request) -> Reply:
        headers = []
        for name, value in request.headers:
            if name.lower() == "range" and value.startswith("bytes=") and value.endswith("-"):
                value = f"bytes={int(value[6:-1] or 0) + 1}-"
            headers.append((name, value))
        return super().handle(replace(request, headers=headers))
