"""What a download descriptor says, as plain data for a transcript: the judge reads no descriptors itself."""

from __future__ import annotations

import html
import re
from typing import Any

from conformance.download.descriptor import DESCRIPTOR_TYPE, NAMESPACE, DescriptorError, bare, parse

SUMMARIZED = 1 << 16
"""Octets above which a descriptor is not summarized."""

_ROOT = re.compile(r"<(?:[\w.-]{1,64}:)?media[\s/>]")
_VALUE = r"<(?:[\w.-]{1,64}:)?%s(?:\s[^<>]{0,256})?>([^<]{1,4096})<"
_URI = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")


def looks_like(octets: bytes, media_type: str) -> bool:
    """Whether a reply is a descriptor: by its label, or by its root element."""
    return bare(media_type) == DESCRIPTOR_TYPE or bool(_ROOT.search(octets[:1024].decode("utf-8", "replace")))


def summary(octets: bytes, base: str) -> dict[str, Any]:
    """``object`` and ``notify`` (addresses, "" where there is none), ``size`` (0 where unknown), ``types``, ``version``.

    ``code`` is what a status report would say of it (906, 951; 0 for a good one) and ``fault`` why; ``namespace``: it is
    the one of descriptors; ``escaped``: all addresses are written with characters of URIs only. ``base`` is the address of
    the descriptor itself.
    """
    text = octets[:SUMMARIZED].decode("utf-16" if octets[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
    uris = {name: _first(text, name) for name in ("objectURI", "installNotifyURI", "nextURL", "infoURL", "iconURI")}
    told: dict[str, Any] = {
        "object": uris["objectURI"], "notify": "", "size": 0, "types": [], "version": "", "code": 0, "fault": "",
        "namespace": NAMESPACE in text, "escaped": all(_URI.fullmatch(uri) for uri in uris.values()),
    }
    try:
        found = parse(octets)
    except DescriptorError as error:
        return told | {"notify": error.install_notify_uri or "", "code": error.code, "fault": error.reason}
    return told | {
        "object": found.object_url(base), "notify": found.notify_url(base) or "", "size": found.size,
        "types": list(found.types), "version": found.version,
    }


def _first(text: str, name: str) -> str:
    match = re.search(_VALUE % name, text)
    return html.unescape(match[1].strip()) if match else ""
