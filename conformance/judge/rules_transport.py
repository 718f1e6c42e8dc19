"""Rules of the HTTP binding: requests, responses, addresses, sizes."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from conformance.dm.credentials import parse_mac_header
from conformance.judge.rule import Hit, View, rule
from conformance.judge.session import SESSION_ABORT, Exchange, Said, number
from conformance.transcript import DEVICE, Event
from conformance.transport.exchange import header

_DM_TYPES = ("application/vnd.syncml.dm+xml", "application/vnd.syncml.dm+wbxml", "*/*", "application/*")
_NOTHING_CAME = ("closed", "reset", "timeout", "malformed")
"""Ways in which a server that took the request leaves it without an answer."""


@rule("DM-HTTP-001", sides=("client",), title="messages are sent by POST")
def post(view: View) -> Iterator[Hit]:
    """HTTP binding."""
    for said in view.mine:
        method = said.event.data.get("method")
        if method:
            yield view.check(method == "POST", said, "POST", str(method), "the method of the request")


@rule("DM-ENC-005", sides=("client",), title="the body of a request is a well-formed message")
def message_there(view: View) -> Iterator[Hit]:
    """MS-MDM 2.2.2: a message is well-formed. What is none has no elements whose order could be looked at."""
    for event in view.transcript.of("message"):
        fault = event.data.get("fault")
        if event.sender == DEVICE and fault and not event.data.get("made"):
            at = "" if fault.get("offset") is None else f" at octet {fault['offset']}"
            yield view.broken(event, "a SyncML message", f"{fault['reason']}{at}", "the body of the request is no message")


@rule("DM-HTTP-003", sides=("client",), title="Accept lists the DM media types")
def accept(view: View) -> Iterator[Hit]:
    """Field practice. Judged only where the headers of the request are known."""
    for said in view.mine:
        headers = said.event.data.get("headers")
        if not headers:
            continue
        value = ", ".join(v for name, v in headers if name.lower() == "accept")
        good = any(kind in value.lower() for kind in _DM_TYPES)
        yield view.check(good, said, "a DM media type in Accept", value or None, "the Accept header")


@rule("DM-HTTP-004", sides=("server",), title="every request gets a SyncML message")
def answered(view: View) -> Iterator[Hit]:
    """DM Protocol 8."""
    for exchange in _judged(view):
        given = exchange.given
        if given is None or given.data.get("error"):
            continue
        if exchange.response is not None:
            yield view.ok(given)
            continue
        if _aborted(exchange):
            continue
        where = " at the address that RespURI gave" if exchange.request is not None and goes_to(exchange.request) else ""
        yield view.broken(given, "a SyncML message in the response", _came(given), f"the response{where} has no message in it")


@rule("DM-SES-008", sides=("server",), title="every package is answered")
def never_silent(view: View) -> Iterator[Hit]:
    """DM Protocol 8. Where the connection could not be made the server never had the request."""
    for exchange in _judged(view):
        given = exchange.given
        if given is None or _aborted(exchange):
            continue
        error = given.data.get("error")
        if exchange.response is not None and not error:
            yield view.ok(given)
        elif error in _NOTHING_CAME and not given.data.get("size"):
            asked = exchange.asked
            if asked is not None and not view.cut(asked.n, given.n):
                yield view.broken(given, "a response", f"none ({error})", "the message of the client was not answered")


@rule("DM-ABT-003", sides=("server",), title="Alert 1223 is answered")
def abort_answered(view: View) -> Iterator[Hit]:
    """DM Protocol 8.1.2."""
    for exchange in _judged(view):
        if _aborted(exchange) and exchange.given is not None:
            good = exchange.response is not None
            yield view.check(good, exchange.given, "a message", _came(exchange.given), "the answer to Alert 1223")


@rule("DM-HTTP-006", sides=("server",), title="HTTP status is 200")
def http_status(view: View) -> Iterator[Hit]:
    """Memory of the HTTP binding."""
    for exchange in _judged(view):
        given = exchange.given
        status = given.data.get("status") if given is not None else None
        if given is not None and isinstance(status, int) and status:
            yield view.check(200 <= status < 300, given, "HTTP 200", f"HTTP {status}", "status of the response")


def _judged(view: View) -> Iterator[Exchange]:
    """Exchanges whose request was a proper message and whose response was not made wrong on purpose. A form that nobody has to
    read may be refused as a body that is no message (WBXML-024)."""
    for session in view.sessions:
        for exchange in session.exchanges:
            if exchange.request is None or exchange.request.made or _unread(exchange):
                continue
            if exchange.given is not None and not exchange.given.data.get("made"):
                yield exchange


def _unread(exchange: Exchange) -> bool:
    """Whether an HTTP status 4xx answers a message of a form that a server may leave unread."""
    asked, given = exchange.asked, exchange.given
    if asked is None or given is None or not asked.data.get("refusable") or exchange.response is not None:
        return False
    return 400 <= int(given.data.get("status") or 0) < 500


def _aborted(exchange: Exchange) -> bool:
    return exchange.request is not None and exchange.request.has_alert(SESSION_ABORT)


def _came(given: Event) -> str:
    data = given.data
    what = data.get("media") or "no Content-Type"
    fault = data.get("fault") if data.get("size") and "syncml" in what else None
    at = "" if not fault or fault.get("offset") is None else f" (octet {fault['offset']})"
    unread = f", which is no message: {fault['reason']}{at}" if fault else ""
    return f"HTTP {data.get('status', '?')}, {what}, {data.get('size', 0)} octets{unread}"


@rule("DM-HTTP-005", sides=("client",), title="RespURI is obeyed")
def resp_uri(view: View) -> Iterator[Hit]:
    """DM Protocol 9.1. Host names may be mapped on the way, so that path and query are compared."""
    for said in view.mine:
        good = goes_to(said)
        if good is not None and said.answers is not None:
            url, wanted = str(said.event.data.get("url")), said.answers.header.resp_uri or ""
            yield view.check(good, said, wanted, url, "address of the request after a RespURI")


def goes_to(said: Said) -> bool | None:
    """Whether a message of the client goes to the RespURI of the one that it answers; ``None`` where there is none."""
    url, before = said.event.data.get("url"), said.answers
    wanted = before.header.resp_uri if before is not None else None
    if not url or not wanted or said.repeated or before is None or before.made:
        return None
    return _path(str(url)) == _path(wanted)


def _path(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, ""
    return unquote(parts.path) or "/", unquote(parts.query)


@rule("DM-MSG-008", title="MaxMsgSize of the peer is respected")
def message_size(view: View) -> Iterator[Hit]:
    """MetInf."""
    for session in view.sessions:
        limit: int | None = None
        for said in session.said:
            if said.side != view.side:
                limit = announced(said, limit)
            elif limit and view.judged(said):
                message = f"{said.size} octets where the peer takes {limit}"
                yield view.check(said.size <= limit, said, f"at most {limit} octets", str(said.size), message)


def announced(said: Said, before: int | None) -> int | None:
    """The MaxMsgSize in force after a message of the peer; ``before`` it, ``None`` where none was said."""
    meta = said.header.meta
    stated = number(meta.max_msg_size.strip()) if meta is not None and meta.max_msg_size else None
    return stated if stated else before


@rule("DM-HMAC-001", "DM-HMAC-007", title="x-syncml-hmac gives username and mac")
def mac_header(view: View) -> Iterator[Hit]:
    """DM Security 5.4.3."""
    for said in view.mine:
        value = header(said.event.data.get("headers") or [], "x-syncml-hmac")
        if value is None:
            continue
        parts = parse_mac_header(value)
        actual = "neither of them, or one" if parts is None else "both"
        yield view.check(parts is not None, said, "username and mac", actual, "parts of x-syncml-hmac")
        name, loc_name = parts.username if parts is not None else None, said.header.source_name
        if name is not None and "*" not in name and loc_name is not None and "*" not in loc_name:
            good = name == loc_name
            yield view.check(good, said, loc_name, name, "username of x-syncml-hmac", "DM-HMAC-007")
