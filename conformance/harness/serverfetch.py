"""The step ``fetch`` of server cases: what the addresses of a server deliver to the suite's device."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.download.descriptor import DESCRIPTOR_TYPE, DescriptorError, bare, outline
from conformance.harness.approach import Approach
from conformance.harness.link import response_of
from conformance.judge.lookup import commanded
from conformance.transcript import DEVICE, SERVER
from conformance.transport.exchange import Request, Response, header

if TYPE_CHECKING:
    from conformance.harness.serverplayer import ServerPlayer

REQUIRED = ("type", "size", "objectURI")
_URI = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_TEXT = 512


@dataclass(slots=True)
class Fetched:
    """What earlier steps got. ``outline``: elements of the newest descriptor; ``whole``: the newest whole object."""

    outline: dict[str, list[str]] = field(default_factory=dict)
    reports: list[str] = field(default_factory=list)
    whole: bytes = b""


def fetch(player: ServerPlayer, given: dict[str, Any], expect: dict[str, Any]) -> str:
    """Sends one request to an address that the server gave, and measures the response."""
    url = _address(player, given["what"])
    if not url:
        for key in expect:
            player.value(key, None, f"of what the server delivers: it gave no address ({given['what']})")
        return ""
    body = str(given.get("body", "")).encode()
    headers = [("Accept", f"{DESCRIPTOR_TYPE}, application/octet-stream, */*")]
    span = _span(str(given.get("range", "")), len(player.fetched.whole))
    if span:
        headers.append(("Range", f"bytes={span}"))
    if body and given.get("media_type") != "none":
        headers.append(("Content-Type", str(given.get("media_type", "text/plain"))))
    method = str(given.get("method", "POST" if given["what"] == "report" else "GET"))
    response = _send(player, Request(method, url, headers, body))
    for key, value in _measured(player.fetched, given["what"], method, span, response).items():
        if key in expect:
            player.value(key, value, f"of what {method} {given['what']} gets")
    return ""


def _address(player: ServerPlayer, what: str) -> str:
    """The address that a word stands for: the newest PkgURL, or what its descriptor names."""
    if what == "url":
        every = commanded(player.recorder.transcript)
        found = [c for c in every if c.node.endswith("/PkgURL") and c.command.name in ("Replace", "Add")]
        return found[-1].data.strip() if found else ""
    name = "objectURI" if what == "object" else "installNotifyURI"
    return (player.fetched.outline.get(name) or [""])[0]


def _span(wanted: str, size: int) -> str:
    """The value of Range: as it stands, or ``half`` for the second half of the newest whole object."""
    if wanted == "half":
        return f"{size // 2}-"
    return f"{size + 10}-" if wanted == "beyond" else wanted


def _send(player: ServerPlayer, request: Request) -> Response:
    reply = player.bench.content(request)
    if reply is not None:
        octets, headers = response_of(reply)
        return Response(int(headers.pop(":status")), list(headers.items()), octets, headers.pop(":error", ""))
    response = player.bench.exchange(request, Approach())
    player.recorder.observer("http", DEVICE, SERVER)({
        "method": request.method, "url": request.url, "headers": request.headers, "status": response.status,
        "reply_headers": response.headers, "sent": len(response.body), "length": len(response.body), "fault": "",
        "error": response.error, "digest": "", "body": request.body[:_TEXT].decode("utf-8", "backslashreplace"),
    })  # fmt: skip
    return response


def _measured(kept: Fetched, what: str, method: str, span: str, response: Response) -> dict[str, Any]:
    """Values by the keys of the step."""
    stated = (header(response.headers, "content-length") or "").strip()
    media = bare(header(response.headers, "content-type") or "")
    values: dict[str, Any] = {
        "status": response.status or response.error,
        "media_type": media or None,
        "length": stated or None,
        "whole": not response.error and (method == "HEAD" or not stated or stated == str(len(response.body))),
    }
    if span:
        values |= _part(kept, span, response)
    elif response.status == 200 and method == "GET":
        if media == DESCRIPTOR_TYPE or (what == "url" and response.body.lstrip()[:1] == b"<"):
            values |= _described(kept, response.body)
        else:
            kept.whole = response.body
            values |= _announced(kept, media, len(response.body))
    return values


def _part(kept: Fetched, span: str, response: Response) -> dict[str, Any]:
    first = int(span.partition("-")[0] or 0)
    right = f"bytes {first}-{len(kept.whole) - 1}/{len(kept.whole)}"
    given = header(response.headers, "content-range")
    return {"range": given == right, "resumes": response.status == 206 and response.body == kept.whole[first:]}


def _described(kept: Fetched, octets: bytes) -> dict[str, Any]:
    """What a descriptor says, and whether its address for reports is one that no other has."""
    kept.outline = {}
    try:
        root, children = outline(octets)
    except DescriptorError:
        return {"root": None, "elements": None, "escaped": False, "own": None}
    for name, text in children:
        kept.outline.setdefault(name, []).append(text)
    report = (kept.outline.get("installNotifyURI") or [""])[0]
    addresses = [text for name, text in children if name in ("objectURI", "installNotifyURI", "nextURL", "infoURL")]
    own = report not in kept.reports if report else None
    kept.reports.append(report)
    return {
        "root": root,
        "elements": " ".join(name for name in REQUIRED if any(kept.outline.get(name, ()))),
        "escaped": all(_URI.fullmatch(address) for address in addresses),
        "own": own,
    }


def _announced(kept: Fetched, media: str, size: int) -> dict[str, Any]:
    """Whether the object is the one of the newest descriptor; nothing is said where there is none."""
    if not kept.outline:
        return {}
    types = [bare(text) for text in kept.outline.get("type", ())]
    return {"size": (kept.outline.get("size") or [""])[0] == str(size), "type": media in types}
