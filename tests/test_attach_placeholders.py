"""Placeholders of the IUT file and the ports they name."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest
from iutfiles import SERVER, iut

from conformance.harness.placeholders import NAMES, Placeholders, Ports, is_free, names_in, unknown_in, without


def test_every_placeholder_of_the_contract_has_a_value(tmp_path: Path) -> None:
    places = {"server_url": "http://s/dm", "download_url": "http://c/", "ca": "/ca.pem"}
    found = Placeholders(iut(tmp_path, dm__encodings=["wbxml", "xml"]), work_dir=tmp_path, places=places)
    assert dict(found) == {
        "server_url": "http://s/dm", "download_url": "http://c/", "device_id": "urn:imei:490154203237518",
        "server_id": "com.example.dm", "client_username": "dev-0001", "client_password": "secret-1",
        "client_nonce": "bm9uY2UtMDAwMQ==", "server_username": "com.example.dm", "server_password": "s3rver",
        "server_nonce": "bm9uY2UtMDAwMg==", "object": "./FwUpdate/Main", "encoding": "wbxml", "authentication": "md5",
        "version": "1.2", "ca": "/ca.pem", "work_dir": str(tmp_path),
    }  # fmt: skip
    assert set(found) == set(NAMES)
    assert len(found) == len(NAMES)


def test_values_are_put_in_once_and_never_looked_into(tmp_path: Path) -> None:
    found = Placeholders(iut(tmp_path, dm__device_id="{server_id}; rm -rf $HOME"))
    assert found.expand("--id={device_id} {nix} {\"a\": 1} {} {object:x}") == (
        "--id={server_id}; rm -rf $HOME {nix} {\"a\": 1} {} {object:x}"
    )
    assert found.expand_all(["{device_id}", "b c"]) == ["{server_id}; rm -rf $HOME", "b c"]
    assert found.expand("^{version}$", re.escape) == "^1\\.2$"


def test_values_may_be_set_later(tmp_path: Path) -> None:
    found = Placeholders(iut(tmp_path))
    assert found.expand("{server_url}|{encoding}") == "|xml"
    port = found["port:a"]
    found.set(server_url="http://s/", encoding="wbxml")
    assert found.expand("{server_url}|{encoding}") == "http://s/|wbxml"
    assert found["port:a"] == port
    with pytest.raises(KeyError):
        found.set(colour="blue")


def test_the_address_of_a_server_under_test_is_that_of_its_file(tmp_path: Path) -> None:
    found = Placeholders(iut(tmp_path, SERVER, attach__server_url="http://127.0.0.1:{port:dm}/dm"))
    assert found["server_url"] == f"http://127.0.0.1:{found['port:dm']}/dm"
    assert found.expand("{port:dm} {server_url}") == f"{found['port:dm']} {found['server_url']}"


def test_ports_have_names_and_are_free_for_tcp_and_udp(tmp_path: Path) -> None:
    found = Placeholders(iut(tmp_path))
    one, two = found["port:one"], found["port:two"]
    assert one != two
    assert found.expand("{port:one}-{port:one}") == f"{one}-{one}"
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as taken:
            taken.bind(("127.0.0.1", int(one)))


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_that_is_taken_is_not_free(kind: int) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        assert not is_free(taken.getsockname()[1])


def test_no_free_port_at_all_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.harness.placeholders.is_free", lambda port: False)
    with pytest.raises(OSError, match="no free port"):
        Ports().port("a")


def test_what_is_no_placeholder_is_found() -> None:
    assert unknown_in("{server_url} {port:a-1} {'a': {}} {2,3}") == []
    wrong = ["{nix}", "{port}", "{port:}", "{port:a b}", "{ca:1}"]
    assert unknown_in(" ".join(wrong)) == wrong
    assert names_in(["{port:a}", "x{encoding}y{encoding}"]) == {"port:a", "encoding"}
    assert without("udp://h:{port:a}") == "udp://h:9"
