"""The HTTP client: keep-alive, retry of stale connections, bounds, hostile servers, TLS."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest
import trustme

from conformance.transport.client import HttpClient
from conformance.transport.exchange import Reply, Request, Response
from conformance.transport.server import HttpServer


class Script:
    """A server that answers each accepted connection with the next list of octets, one item per request."""

    def __init__(self, *connections: list[bytes]) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(5)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        self.seen: list[bytes] = []
        self.thread = threading.Thread(target=self._run, args=(connections,))
        self.thread.start()

    def _run(self, connections: tuple[list[bytes], ...]) -> None:
        for answers in connections:
            sock, _ = self.listener.accept()
            with sock:
                sock.settimeout(5)
                for answer in answers:
                    self.seen.append(sock.recv(65536))
                    with contextlib.suppress(OSError):
                        sock.sendall(answer)
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_WR)
                    sock.recv(65536)

    def __enter__(self) -> Script:
        return self

    def __exit__(self, *rest: object) -> None:
        self.thread.join(10)
        self.listener.close()


@pytest.fixture
def client() -> Iterator[HttpClient]:
    client = HttpClient(connect=2.0, read=2.0, max_body=1000)
    yield client
    client.close()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_octets_of_a_request(client: HttpClient) -> None:
    with Script([OK]) as script:
        request = Request("POST", script.url + "a b?q=ü#part", [("x-syncml-HMAC", "v")], b"body")
        assert client.send(request) == Response(200, [("Content-Length", "2")], b"ok")
        client.close()
    host = script.url[7:-1].encode()
    head = b"POST /a%20b?q=%C3%BC HTTP/1.1\r\nHost: " + host + b"\r\nx-syncml-HMAC: v\r\nContent-Length: 4"
    assert script.seen == [head + b"\r\n\r\nbody"]


def test_received_spelling_of_headers(client: HttpClient) -> None:
    with Script([b"HTTP/1.0 401 No\r\nwWw-X: 1\r\nWWW-x: 2\r\n\r\nuntil the end"]) as script:
        response = client.send(Request("GET", script.url))
    assert response == Response(401, [("wWw-X", "1"), ("WWW-x", "2")], b"until the end")


def test_keep_alive_uses_one_connection(client: HttpClient) -> None:
    with Script([OK, b"HTTP/1.1 100 Continue\r\n\r\n" + OK, OK]) as script:
        for _ in range(3):
            assert client.send(Request("GET", script.url)).body == b"ok"
        client.close()
    assert len(script.seen) == 3


def test_a_kept_connection_that_was_closed_is_replaced(client: HttpClient) -> None:
    with Script([OK], [OK]) as script:
        assert client.send(Request("GET", script.url)).body == b"ok"
        assert client.send(Request("GET", script.url)).body == b"ok"
        client.close()


def test_a_kept_connection_that_fails_before_the_response_is_retried_once(client: HttpClient) -> None:
    with Script([OK, b""], [OK], [b""]) as script:
        assert client.send(Request("POST", script.url, [], b"1")).body == b"ok"
        assert client.send(Request("POST", script.url, [], b"2")).body == b"ok"
        client.close()
        fresh = HttpClient(read=2.0)
        assert fresh.send(Request("POST", script.url, [], b"3")) == Response(error="closed")
        fresh.close()
    assert [octets[-1:] for octets in script.seen] == [b"1", b"2", b"2", b"3"]


def test_no_retry_once_something_came(client: HttpClient) -> None:
    with Script([OK, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"]) as script:
        client.send(Request("GET", script.url))
        assert client.send(Request("GET", script.url)) == Response(200, [("Content-Length", "5")], b"ab", "closed")


@pytest.mark.parametrize(
    ("octets", "error"),
    [
        (b"", "closed"),
        (b"HTT", "closed"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "closed"),
        (b"nonsense", "malformed"),
        (b"HTTP/1.1 wat\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200000, "too-big"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"a" * 1001, "too-big"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + OK, "malformed"),
    ],
    ids=[
        "nothing",
        "part-of-a-version",
        "part-of-a-head",
        "no-http",
        "bad-status",
        "bad-length",
        "bad-chunk",
        "long-head",
        "long-body",
        "many-100",
    ],
)
def test_hostile_responses(client: HttpClient, octets: bytes, error: str) -> None:
    with Script([octets]) as script:
        assert client.send(Request("GET", script.url)).error == error


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def test_addresses_that_lead_nowhere(client: HttpClient) -> None:
    assert client.send(Request("GET", f"http://127.0.0.1:{free_port()}/")) == Response(error="refused")
    long_label = "http://" + "a" * 70 + "ü/"
    for url in ("ftp://x/", "http:///x", "xyz", "http://[/", "http://h:0/", "http://h:99999/", long_label):
        assert client.send(Request("GET", url)) == Response(error="unresolved"), url
    assert client.send(Request("GET", "http://127.0.0.1/", [("X", "a\nb")])) == Response(error="malformed")


def test_name_that_does_not_resolve(client: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    assert client.send(Request("GET", "http://name.invalid/")) == Response(error="unresolved")


def test_early_answer_to_a_large_request(client: HttpClient) -> None:
    with HttpServer(lambda request: Reply(), max_body=1000) as server:
        response = client.send(Request("POST", server.url, [], b"x" * (3 << 20)))
    assert (response.status, response.error) == (413, "")


def test_fetch_streams_and_can_be_stopped(client: HttpClient) -> None:
    with HttpServer(lambda request: Reply(200, [("X", "1")], b"a" * 900)) as server:
        got: list[bytes] = []
        heads: list[tuple[int, str]] = []
        request = Request("GET", server.url)
        response = client.fetch(request, got.append, lambda status, headers: heads.append((status, headers[0][0])))
        assert (b"".join(got), heads, response.body) == (b"a" * 900, [(200, "X")], b"")
        assert client.fetch(request, got.append, lambda status, headers: False).error == ""
        assert len(b"".join(got)) == 900
        assert client.fetch(request, lambda octets: False).error == ""
        with pytest.raises(ZeroDivisionError):
            client.fetch(request, lambda octets: bool(1 // 0))
        assert client.send(request).body == b"a" * 900


def test_close_breaks_off_what_is_under_way() -> None:
    client = HttpClient(read=30.0)
    held = threading.Event()
    release = threading.Event()

    def handler(request: Request) -> Reply:
        held.set()
        release.wait(5)
        return Reply()

    with HttpServer(handler) as server:
        results: list[Response] = []
        thread = threading.Thread(target=lambda: results.append(client.send(Request("GET", server.url))))
        thread.start()
        assert held.wait(5)
        client.close()
        thread.join(5)
        release.set()
        assert results == [Response(error="closed")]
        assert client.send(Request("GET", server.url)).error


Certificates = Callable[..., ssl.SSLContext]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(authority: trustme.CA, name: str, **kwargs: datetime.datetime) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **kwargs).configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_tls_keeps_connections_and_streams(authority: trustme.CA) -> None:
    peers: set[str] = set()

    def handler(request: Request) -> Reply:
        peers.add(request.peer)
        return Reply(200, [], b"z" * 200000 + request.url.encode())

    client = HttpClient(tls=trusting(authority), read=5.0)
    with HttpServer(handler, tls=server_context(authority, "127.0.0.1")) as server:
        assert server.url.startswith("https://")
        for _ in range(3):
            assert client.send(Request("GET", server.url)).body == b"z" * 200000 + server.url.encode()
        assert len(peers) == 1
        client.close()


@pytest.mark.parametrize("flaw", ["name", "expired", "untrusted"])
def test_bad_certificates_are_a_tls_error_on_both_sides(authority: trustme.CA, flaw: str) -> None:
    past = datetime.datetime(2020, 1, 1)
    context = {
        "name": lambda: server_context(authority, "other.example"),
        "expired": lambda: server_context(authority, "127.0.0.1", not_before=past, not_after=past.replace(year=2021)),
        "untrusted": lambda: server_context(trustme.CA(), "127.0.0.1"),
    }[flaw]()
    faults: list[str] = []
    told = threading.Event()

    def on_fault(peer: str, what: str) -> None:
        faults.append(what)
        told.set()

    client = HttpClient(tls=trusting(authority), read=5.0)
    with HttpServer(lambda request: Reply(), tls=context, on_fault=on_fault) as server:
        assert client.send(Request("GET", server.url)) == Response(error="tls")
        assert told.wait(5)
        # TLS to a server that speaks plain HTTP, and the other way round
        plain_url = server.url.replace("https", "http")
        assert client.send(Request("GET", plain_url)).error in ("closed", "reset", "malformed")
    with HttpServer(lambda request: Reply()) as plain:
        assert client.send(Request("GET", plain.url.replace("http", "https"))).error == "tls"
    client.close()
    assert "TLS handshake failed" in faults[0] or "connection tls" in faults[0]
