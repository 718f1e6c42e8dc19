"""TLS below HTTP: what handshakes come to, hostile peers, what ``openssl`` says of both roles."""

from __future__ import annotations

import queue
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance.harness.certificates import write_pair
from conformance.transport.client import HttpClient
from conformance.transport.exchange import Reply, Request
from conformance.transport.server import HttpServer
from conformance.transport.tls import GARBAGE, MISNAMED, PLAIN, UNTRUSTED, Handshake, answers_ssl2, client_context, server_context

HELLO = bytes.fromhex("1603010200010001fc0303")


class Peers:
    """Files of an authority, and a server that shows them and hears of handshakes."""

    def __init__(self, folder: Path) -> None:
        self.ca, self.certificate, self.key = write_pair(folder, "127.0.0.1", "localhost")
        self.heard: queue.Queue[Handshake] = queue.Queue()
        self.came: queue.Queue[Request] = queue.Queue()

    def handle(self, request: Request) -> Reply:
        self.came.put(request)
        return Reply(200, [], b"welcome")

    @contextmanager
    def server(self, **more: object) -> Iterator[HttpServer]:
        """A server that trusts its own authority."""
        context = server_context(self.certificate, self.key, self.ca)
        with HttpServer(self.handle, tls=context, on_handshake=self.heard.put, **more) as server:  # type: ignore[arg-type]
            yield server

    def handshake(self) -> Handshake:
        """The next one that the server heard of."""
        return self.heard.get(timeout=10)


@pytest.fixture
def peers(tmp_path: Path) -> Peers:
    return Peers(tmp_path / "peers")


def test_a_certificate_of_the_client_is_asked_for_and_its_names_are_known(peers: Peers) -> None:
    seen: list[Handshake] = []
    with peers.server() as server:
        shows = HttpClient(tls=client_context(peers.ca, peers.certificate, peers.key), on_handshake=seen.append)
        assert shows.send(Request("GET", server.url)).body == b"welcome"
        hides = HttpClient(tls=client_context(peers.ca), on_handshake=seen.append)
        assert hides.send(Request("GET", server.url)).body == b"welcome"
        assert [peers.came.get(timeout=5).certificate for _ in range(2)] == [("127.0.0.1", "localhost"), ()]
        assert [each.asked for each in seen] == [True, True]
        assert all(each.good and each.version in ("TLSv1.2", "TLSv1.3") and each.cipher for each in seen)
        shows.close()
        hides.close()


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("asks", [True, False])
def test_whether_the_server_asks_is_seen_in_every_version(peers: Peers, newest: ssl.TLSVersion, asks: bool) -> None:
    context = server_context(peers.certificate, peers.key, peers.ca, ask=asks)
    context.maximum_version = newest
    seen: list[Handshake] = []
    with HttpServer(peers.handle, tls=context) as server:
        client = HttpClient(tls=client_context(peers.ca), on_handshake=seen.append)
        assert client.send(Request("GET", server.url)).status == 200
        client.close()
    assert [each.asked for each in seen] == [asks]


def test_a_client_certificate_from_elsewhere_ends_the_handshake(peers: Peers, tmp_path: Path) -> None:
    _, certificate, key = write_pair(tmp_path / "elsewhere", "device.invalid")
    with peers.server() as server:
        client = HttpClient(tls=client_context(peers.ca, certificate, key), read=5.0)
        assert client.send(Request("GET", server.url)).error in ("tls", "closed", "reset")
        assert peers.handshake().flaw == UNTRUSTED
        client.close()


def test_what_is_wrong_with_a_certificate_is_told(peers: Peers, tmp_path: Path) -> None:
    other, *_ = write_pair(tmp_path / "other", "127.0.0.1")
    with peers.server() as server:
        for trust, host, flaw in ((other, "127.0.0.1", UNTRUSTED), (peers.ca, "127.0.0.2", MISNAMED)):
            seen: list[Handshake] = []
            with HttpServer(peers.handle, host, tls=server_context(peers.certificate, peers.key)) as there:
                assert HttpClient(tls=client_context(trust), on_handshake=seen.append).send(Request("GET", there.url)).error == "tls"
            assert [(each.flaw, each.good) for each in seen] == [(flaw, False)]
        assert server.url


@pytest.mark.parametrize(
    ("octets", "flaw"),
    [(b"POST /dm HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", PLAIN), (b"\x00\x01\x02" * 20, GARBAGE), (b"\xff" * 300, GARBAGE),
     (HELLO + b"\x00" * 512, ""), (b"\x80\x2e\x01\x00\x02" + b"\x00" * 60, "")],
    ids=["plain", "garbage", "high-garbage", "broken-hello", "ssl2"],
)  # fmt: skip
def test_what_is_no_handshake_ends_at_once_and_the_next_client_is_served(peers: Peers, octets: bytes, flaw: str) -> None:
    with peers.server() as server:
        with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
            sock.settimeout(10)
            sock.sendall(octets)
            try:
                while sock.recv(4096):
                    pass
            except ConnectionResetError:
                pass
        told = peers.handshake()
        assert (told.good, told.flaw) == (False, flaw)
        assert told.fault and "\n" not in told.fault and len(told.fault) <= 200
        client = HttpClient(tls=client_context(peers.ca))
        assert client.send(Request("GET", server.url)).status == 200
        client.close()
    assert peers.came.qsize() == 1


@pytest.mark.parametrize("octets", [b"", HELLO], ids=["silent", "half-a-hello"])
def test_a_handshake_that_stalls_has_an_end_on_the_side_of_the_server(peers: Peers, octets: bytes) -> None:
    with peers.server(idle=0.3) as server, socket.create_connection(("127.0.0.1", server.port), 5) as sock:
        sock.settimeout(10)
        sock.sendall(octets)
        assert peers.handshake().fault == "it was not over in time"
        assert sock.recv(10) == b""


def test_a_handshake_that_stalls_has_an_end_on_the_side_of_the_client(peers: Peers) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        seen: list[Handshake] = []
        client = HttpClient(connect=0.3, tls=client_context(peers.ca), on_handshake=seen.append)
        assert client.send(Request("GET", f"https://127.0.0.1:{mute.getsockname()[1]}/")).error == "timeout"
        assert [each.fault for each in seen] == ["it was not over in time"]


def test_closing_does_not_wait_for_a_handshake(peers: Peers) -> None:
    with peers.server(idle=60.0) as server:
        stalled = socket.create_connection(("127.0.0.1", server.port), 5)
        other = threading.Thread(target=server.close)
        other.start()
        other.join(10)
        assert not other.is_alive()
        stalled.close()


def test_a_client_that_looks_at_the_certificate_after_the_handshake_is_seen(peers: Peers) -> None:
    with peers.server() as server:
        context = client_context(peers.ca)
        with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
            context.wrap_socket(sock, server_hostname="127.0.0.1").close()
        assert peers.handshake().good
        assert peers.handshake().fault == "the connection was closed without a request"


def test_a_server_can_stop_doing_tls(peers: Peers) -> None:
    shown: list[ssl.SSLContext | None] = [server_context(peers.certificate, peers.key)]
    with HttpServer(peers.handle, tls=lambda: shown[0]) as server:
        client = HttpClient(tls=client_context(peers.ca), read=5.0)
        assert client.send(Request("GET", server.url)).status == 200
        shown[0] = None
        server.hang_up()
        assert client.send(Request("GET", server.url)).error == "tls"
        assert client.send(Request("GET", server.url.replace("https", "http"))).status == 200
        client.close()


def test_a_key_with_a_password_is_refused_without_a_question(peers: Peers) -> None:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(peers.key.read_bytes(), None)
    peers.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
        )
    )
    with pytest.raises(OSError, match="password"):
        server_context(peers.certificate, peers.key)


def ssl2_server(answer: bytes) -> Iterator[int]:
    """A server that answers whatever comes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            sock, _ = listener.accept()
            with sock:
                assert sock.recv(100)[2:5] == b"\x01\x00\x02"
                sock.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


@pytest.mark.parametrize(
    ("answer", "old"),
    [(b"\x80\x30\x04\x00\x01\x00\x02", True), (b"\x15\x03\x01\x00\x02\x02\x46", False), (b"", False), (b"HTTP/1.1 400 Bad\r\n", False)],
)
def test_a_server_of_ssl2_is_told_from_others(answer: bytes, old: bool) -> None:
    for port in ssl2_server(answer):
        assert answers_ssl2("127.0.0.1", port, 5) is old


def test_our_own_server_has_no_ssl2(peers: Peers) -> None:
    with peers.server() as server:
        assert answers_ssl2("127.0.0.1", server.port, 5) is False


# ---- a second opinion ------------------------------------------------------------------------------------------------


def openssl(*arguments: str, given: bytes = b"") -> str:
    """What ``openssl`` prints."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    done = subprocess.run([program, *arguments], input=given, capture_output=True, timeout=30, check=False)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


@pytest.mark.oracle
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl_sees_certificate_and_request_of_our_server(peers: Peers, version: str) -> None:
    with peers.server() as server:
        said = openssl(
            "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile", str(peers.ca), version, "-ign_eof",
            given=b"GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
        )  # fmt: skip
    assert "Verify return code: 0 (ok)" in said
    assert "Requested Signature Algorithms" in said  # of a CertificateRequest
    assert "welcome" in said


@pytest.mark.oracle
def test_openssl_cannot_renegotiate_with_our_server(peers: Peers) -> None:
    with peers.server() as server:
        said = openssl("s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile", str(peers.ca), "-tls1_2", given=b"R\n")
    assert "RENEGOTIATING" in said
    assert "no renegotiation" in said


@pytest.mark.oracle
@pytest.mark.parametrize("asks", [False, True])
def test_our_client_sees_what_openssl_does(peers: Peers, asks: bool) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    arguments = ["s_server", "-accept", f"127.0.0.1:{port}", "-cert", str(peers.certificate), "-key", str(peers.key), "-www"]
    more = ["-verify", "1", "-CAfile", str(peers.ca)] if asks else []
    server = subprocess.Popen([program, *arguments, *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        assert server.stdout is not None
        while b"ACCEPT" not in (line := server.stdout.readline()) and line:
            pass
        seen: list[Handshake] = []
        client = HttpClient(tls=client_context(peers.ca, peers.certificate, peers.key), on_handshake=seen.append, read=10.0)
        response = client.send(Request("GET", f"https://127.0.0.1:{port}/"))
        client.close()
    finally:
        server.kill()
        server.communicate()
    assert response.status == 200
    assert [each.asked for each in seen] == [asks]
    assert seen[0].version.encode() in response.body


