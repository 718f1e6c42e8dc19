"""Fetching one object over HTTP as a device does it: redirects, resuming after a break, verification of the total.

No sockets and no clock: the caller sends what :meth:`Fetch.next_request` gives and tells what came. With the suite's
own client that is::

    while (request := fetch.next_request()) is not None:
        fetch.end(client.fetch(request, fetch.data, fetch.begin).error)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from conformance.download.authentication import answer
from conformance.download.descriptor import DESCRIPTOR_TYPE, bare
from conformance.download.spool import MemorySpool, Spool
from conformance.transport.exchange import Headers, Request, header

ACCEPT = f"{DESCRIPTOR_TYPE}, application/octet-stream, */*"
"""What a device says that it takes, where the caller says nothing else."""
MAX_REDIRECTS = 5

CAUSES = (
    "url",
    "refused",
    "unresolved",
    "auth",
    "not-found",
    "client-error",
    "server-error",
    "timeout",
    "network",
    "too-big",
    "redirects",
    "length",
)
"""Why a fetch failed: address of no use, connection refused, name unknown, credentials demanded (401, 407), 404 or 410,
other 4xx, 5xx, nothing came in time, connection broke, more than the limit, too many redirects or one to nowhere,
octets that do not add up to what was announced."""

_CONTENT_RANGE = re.compile(r"\s*bytes\s+(?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18}|\*)\s*", re.IGNORECASE)
_BROKEN = ("reset", "closed", "timeout", "malformed", "tls", "refused", "unresolved")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a fetch ended.

    ``kind`` is complete or failed, ``cause`` one of :data:`CAUSES` ("" where complete), ``http_status`` the last one
    that was seen (0: none).
    """

    kind: str
    cause: str = ""
    http_status: int = 0


class Fetch:
    """One object, from its address to the last octet in ``spool``.

    ``limit``: octets there is room for (``None``: no bound). ``resume_tries``: how often a broken transfer is taken up
    again. ``accept``: value of the Accept header.
    A user in the address answers a challenge, Basic or Digest, once. After the end ``outcome`` is set; ``content_type`` tells a descriptor
    from a package, ``url`` is the address after redirects, ``received`` and ``total`` count octets.
    """

    def __init__(
        self, url: str, *, limit: int | None, resume_tries: int = 3, accept: str = ACCEPT, spool: Spool | None = None
    ) -> None:
        self.url = url
        self.spool: Spool = MemorySpool() if spool is None else spool
        self.outcome: Outcome | None = None
        self.content_type = ""
        self.headers: Headers = []
        self.received = 0
        self.total: int | None = None
        self.requests = 0
        self._limit = limit
        self._tries = resume_tries
        self._accept = accept
        self._redirects = 0
        self._validator = ""
        self._whole = False
        self._status = 0
        self._offset = 0
        self._expected: int | None = None
        self._counts = False
        self._restart = False
        self._challenge = ""
        if not _usable(url):
            self._fail("url")
            return
        self.url, self._user = _without_user(url)

    @property
    def is_descriptor(self) -> bool:
        """Whether the answer called itself a download descriptor."""
        return bare(self.content_type) == DESCRIPTOR_TYPE

    def next_request(self) -> Request | None:
        """What is to be sent now; ``None`` once ``outcome`` is there."""
        if self.outcome is not None:
            return None
        headers = [("Accept", self._accept), ("Accept-Encoding", "identity")]
        self._offset = 0 if self._whole else self.received
        if self._offset:
            headers.append(("Range", f"bytes={self._offset}-"))
            if self._validator:
                headers.append(("If-Range", self._validator))
        self._status, self._expected, self._counts, self._restart = 0, None, False, False
        self.requests += 1
        request = Request("GET", self.url, headers)
        value = answer(self._challenge, request, *self._user) if self._user and self._challenge else None
        if value is not None:
            headers.append(("Authorization", value))
        return request

    def begin(self, status: int, headers: Headers) -> bool:
        """Takes status and headers of the response. False: its body is not wanted, go on with :meth:`end`."""
        self._status = status
        if self.outcome is not None:
            return False
        if status == 200:
            return self._begin_whole(headers)
        if status == 206:
            return self._begin_part(headers)
        if status in (301, 302, 303, 307, 308):
            self._redirect(headers)
        elif status == 416 and self._offset:
            self._past_the_end(headers)
        elif status == 401 and self._user and not self._challenge:
            self._challenge = header(headers, "www-authenticate") or "none"
        elif status in (401, 407):
            self._fail("auth")
        elif status in (404, 410):
            self._fail("not-found")
        elif status == 408:
            self._fail("timeout")
        else:
            self._fail("server-error" if status >= 500 else "client-error")
        return False

    def data(self, chunk: bytes) -> bool:
        """Takes a piece of the body. False: no more is wanted."""
        if self.outcome is not None or not self._counts:
            return False
        self.received += len(chunk)
        if self._limit is not None and self.received > self._limit:
            return self._fail("too-big")
        announced = self.total if self._expected is None else self._expected
        if announced is not None and self.received > announced:
            return self._fail("length")
        self.spool.write(chunk)
        return True

    def end(self, error: str = "") -> None:
        """The response is over: "" or how it broke off, a word of ``transport.exchange.ERRORS``."""
        if self.outcome is not None:
            return
        if error == "too-big":
            self._fail("too-big")
        elif error:
            self._broken(error)
        elif not self._status:
            self._broken("closed")
        elif self._counts:
            self._complete()
        elif self._restart and not self._try_again():
            self._fail("length")

    def _begin_whole(self, headers: Headers) -> bool:
        self._reset()
        self.headers = headers
        self.content_type = header(headers, "content-type") or ""
        tag = (header(headers, "etag") or "").strip()
        self._validator = "" if tag.startswith("W/") else tag
        self._whole = (header(headers, "accept-ranges") or "").strip().lower() == "none"
        length = (header(headers, "content-length") or "").strip()
        self.total = int(length) if re.fullmatch(r"[0-9]{1,18}", length) else None
        return self._room()

    def _begin_part(self, headers: Headers) -> bool:
        if not self._offset:
            self._reset()
        match = _CONTENT_RANGE.fullmatch(header(headers, "content-range") or "")
        if match is None or match[1] is None or not self._continues(match, headers):
            self._restart = self._whole = True  # what comes would not fit what is there
            return False
        if not self._offset:
            self.headers, self.content_type = headers, header(headers, "content-type") or ""
        if match[3] != "*":
            self.total = int(match[3])
        self._expected = int(match[2]) + 1
        return self._room()

    def _continues(self, match: re.Match[str], headers: Headers) -> bool:
        """Whether a part begins where the last one ended, and is one of the same object (RFC 9110 14.4, 15.3.7)."""
        first, last = int(match[1]), int(match[2])
        if first != self._offset or last < first:
            return False
        if match[3] != "*" and (last >= int(match[3]) or self.total not in (None, int(match[3]))):
            return False
        tag = (header(headers, "etag") or "").strip()
        return not (self._validator and tag and tag != self._validator)

    def _room(self) -> bool:
        self._counts = True
        if self._limit is not None and self.total is not None and self.total > self._limit:
            return self._fail("too-big")
        return True

    def _redirect(self, headers: Headers) -> None:
        self._redirects += 1
        location = header(headers, "location")
        if self._redirects > MAX_REDIRECTS or not location:
            self._fail("redirects")
            return
        before = self.url
        try:
            self.url = urljoin(self.url, location.strip())
        except ValueError:
            self._fail("url")
            return
        if not _usable(self.url):
            self._fail("url")
        elif urlsplit(before).netloc != urlsplit(self.url).netloc:
            self._user = None  # what one server may know is none of another one's business

    def _past_the_end(self, headers: Headers) -> None:
        match = _CONTENT_RANGE.fullmatch(header(headers, "content-range") or "")
        if match is not None and match[3] == str(self.received) and self.total in (None, self.received):
            self.total = self.received
            self.outcome = Outcome("complete", http_status=416)
        else:
            self._restart = self._whole = True

    def _complete(self) -> None:
        if self.total is None and self._expected is None:
            self.total = self.received
        if self.received == self.total:
            self.outcome = Outcome("complete", http_status=self._status)
        elif not self._try_again():
            self._fail("length")

    def _broken(self, error: str) -> None:
        started = self.received > 0 or self._status != 0
        if started and error in _BROKEN and self._try_again():
            return
        if not started and error in ("refused", "unresolved"):
            self._fail(error)
        else:
            self._fail("timeout" if error == "timeout" else "network")

    def _try_again(self) -> bool:
        self._tries -= 1
        return self._tries >= 0

    def _reset(self) -> None:
        self.received = 0
        self.total = None
        self.spool.reset(0)

    def _fail(self, cause: str) -> bool:
        if self.outcome is None:
            self.outcome = Outcome("failed", cause, self._status)
        return False


def _without_user(url: str) -> tuple[str, tuple[str, str] | None]:
    """An address without the user that stands in it, and name and password of that user."""
    parts = urlsplit(url)
    if parts.username is None:
        return url, None
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return plain, (unquote(parts.username), unquote(parts.password or ""))


def _usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
