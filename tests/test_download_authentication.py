"""HTTP authentication from the device's side: challenges are answered with the user that stands in the address."""

from __future__ import annotations

import pytest

from conformance.download.authentication import Guard, answer
from conformance.download.content import ContentServer
from conformance.download.fetch import Fetch
from conformance.transport.exchange import Request

ROOT = "http://content.example/"


def test_rfc_2617_example_of_digest() -> None:
    challenge = (
        'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    request = Request("GET", "http://www.nowhere.org/dir/index.html")
    value = answer(challenge, request, "Mufasa", "Circle Of Life", "0a4f113b") or ""
    assert 'response="6629fae49393a05397450978507c4ef1"' in value and 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in value


def test_rfc_7617_example_of_basic() -> None:
    request = Request("GET", "http://h/")
    assert answer('Basic realm="WallyWorld"', request, "Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


@pytest.mark.parametrize("challenge", ["", "Negotiate", 'Digest realm="x"', 'Digest nonce="1", algorithm=SHA-256',
                                       'Digest nonce="1", qop="auth-int"'])  # fmt: skip
def test_other_challenges_are_not_answered(challenge: str) -> None:
    assert answer(challenge, Request("GET", "http://h/"), "u", "p") is None


def fetched(url: str, scheme: str) -> tuple[str, list[int], list[str]]:
    server = ContentServer(ROOT, lambda event: None)
    server.publish("p.bin", b"package", "a/b")
    server.require("p.bin", Guard("user", "pass word", scheme))
    fetch, statuses, urls = Fetch(url, limit=100), [], []
    for _ in range(10):
        request = fetch.next_request()
        if request is None:
            break
        urls.append(request.url)
        reply = server.handle(request)
        statuses.append(reply.status)
        if fetch.begin(reply.status, reply.headers):
            body = reply.body if isinstance(reply.body, bytes) else reply.body.read(0, reply.body.size)
            fetch.data(body)
        fetch.end()
    assert fetch.outcome is not None
    return fetch.outcome.cause or fetch.outcome.kind, statuses, urls


@pytest.mark.parametrize("scheme", ["basic", "digest"])
def test_user_in_the_address_answers_once(scheme: str) -> None:
    right = "http://user:pass%20word@content.example/p.bin"
    assert fetched(right, scheme) == ("complete", [401, 200], [f"{ROOT}p.bin"] * 2)
    assert fetched(right.replace("%20", ""), scheme) == ("auth", [401, 401], [f"{ROOT}p.bin"] * 2)
    assert fetched(f"{ROOT}p.bin", scheme) == ("auth", [401], [f"{ROOT}p.bin"])


def test_user_is_not_shown_to_another_server() -> None:
    fetch = Fetch("http://user:secret@content.example/p.bin", limit=100)
    fetch.next_request()
    fetch.begin(302, [("Location", "http://other.example/p.bin")])
    fetch.end()
    fetch.next_request()
    fetch.begin(401, [("WWW-Authenticate", "Basic")])
    fetch.end()
    assert fetch.outcome is not None and fetch.outcome.cause == "auth"
