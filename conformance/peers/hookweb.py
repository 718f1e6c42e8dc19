"""The hook of a stand-alone peer as a web address: one POST for each verb (attach contract 2)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from conformance.attach import NotSupported
from conformance.transport.exchange import Reply, Request
from conformance.transport.server import HttpServer

PATH = "/hook/"
MAX_BODY = 1 << 20

Call = Callable[[str, dict[str, Any]], dict[str, Any] | None]
"""Does a verb. Raises ``NotSupported`` for "cannot"."""


def hook_server(call: Call, host: str, port: int) -> HttpServer:
    """A server, not yet started, that hands verbs to ``call`` (from threads of its own). ``port`` 0: any free one."""
    return HttpServer(
        lambda request: answer(call, request), host, port, max_body=MAX_BODY, idle=600.0, advertise_path=PATH.rstrip("/")
    )


def answer(call: Call, request: Request) -> Reply:
    """The reply to one request: 200 with the answer as JSON, 501 for "cannot", 4xx or 500 with one line for anything else."""
    path = urlsplit(request.url).path
    if not path.startswith(PATH):
        return _line(404, f"verbs are at {PATH}<verb>")
    if request.method != "POST":
        return Reply(405, [("Allow", "POST")])
    try:
        given = json.loads(request.body or b"{}")
    except (ValueError, RecursionError) as error:
        return _line(400, f"the body is no JSON: {error}")
    if not isinstance(given, dict):
        return _line(400, "the body is no JSON object")
    try:
        answered = call(unquote(path[len(PATH) :]), given)
    except NotSupported as cannot:
        return _line(501, str(cannot) or "cannot")
    except Exception as error:  # whatever goes wrong is told to the one who asked; the peer goes on
        return _line(500, f"{type(error).__name__}: {error}")
    return Reply(200, [("Content-Type", "application/json")], json.dumps(answered or {}).encode())


def _line(status: int, text: str) -> Reply:
    line = " ".join(text.split())[:500] + "\n"
    return Reply(status, [("Content-Type", "text/plain; charset=utf-8")], line.encode())
