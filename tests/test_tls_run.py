"""The suite over https: both reference peers as processes of their own, and set-ups in which TLS fails."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from strangerruns import kept, play_all

from conformance.harness.cases import load_cases
from conformance.harness.certificates import Certificates, Unusable, hosts_of, write_pair
from conformance.harness.embedded import embedded_iut, process_iut
from conformance.harness.iut import load_iut
from conformance.harness.places import testcases as own_cases
from conformance.harness.play import judge_again
from conformance.harness.run import Options, Run, in_order

FLOWS = ("client/flows/download-and-update/plain", "server/flows/download-and-update/plain", "client/sessions/messages/resp-uri")


@contextmanager
def running(path: Path, folder: Path) -> Iterator[Run]:
    """A run over one IUT file."""
    run = Run([load_iut(path)], Options(folder / "run"))
    try:
        yield run
    finally:
        run.close()


def chosen(run: Run, *names: str) -> list[Any]:
    """Those of the suite's cases that apply; names are beginnings of ids."""
    return in_order([
        each for each in run.selector(run.iuts[0]).choose(load_cases(own_cases()))
        if each.selected and each.permutation.id.startswith(names)
    ])  # fmt: skip


def changed(path: Path, **attach: Any) -> Path:
    """An IUT file with other keys in ``attach``; ``None`` takes one away."""
    content = yaml.safe_load(path.read_text())
    content["attach"] = {key: value for key, value in {**content["attach"], **attach}.items() if value is not None}
    path.write_text(yaml.safe_dump(content))
    return path


def verdicts(lines: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(line["id"], line["verdict"], line["reason"]) for line in lines]


@pytest.mark.parametrize("role", ["client", "server"])
def test_a_reference_peer_passes_over_tls_and_no_key_is_kept(role: str, tmp_path: Path) -> None:
    path = process_iut(tmp_path / "iut", role, [], tls=True)
    with running(path, tmp_path) as run:
        lines = play_all(run, chosen(run, f"{role}/transport/", *FLOWS))
        terms = run.terms
    assert verdicts(lines) == [(line["id"], "pass", "") for line in lines]
    themes = {line["id"].rpartition("/")[0] for line in lines}
    assert {f"{role}/transport/tls", f"{role}/transport/http", f"{role}/transport/sanity"} <= themes
    assert ("client/transport/content" in themes) == (role == "client")
    for line in lines:
        _, judgement = judge_again(tmp_path / "run" / line["evidence"], terms)
        assert (judgement.verdict, judgement.reason) == (line["verdict"], line["reason"])
    files = kept(tmp_path / "run")
    shown = b"urn:imei:490154203237518" if role == "client" else b"localhost"
    assert any(b'"kind":"tls"' in line and shown in line for octets in files.values() for line in octets.splitlines())
    assert [path for path, octets in files.items() if b"PRIVATE KEY" in octets or b".key" in octets] == []


def test_cases_about_tls_do_not_apply_without_sockets_or_without_https(tmp_path: Path) -> None:
    for folder, path in (
        (tmp_path / "a", embedded_iut(tmp_path / "a", "client", "conformance.peers.adapters:DeviceAdapter")),
        (tmp_path / "b", process_iut(tmp_path / "b", "server", [], tls=False)),
    ):
        with running(path, folder) as run:
            assert not chosen(run, f"{run.iuts[0].role}/transport/tls", "client/transport/content")
            lines = play_all(run, chosen(run, f"{run.iuts[0].role}/transport/http"))
        wanted = "not-applicable" if run.iuts[0].role == "client" else "pass"
        assert [line["verdict"] for line in lines] == [wanted, wanted]


QUICK = {"connect": 3, "message": 3, "operation": 5, "silence": 0.2}


def one_error(path: Path, folder: Path, name: str) -> str:
    """The reason of the one case that ends as an error of the set-up."""
    with running(path, folder) as run:
        lines = play_all(run, chosen(run, name))
    assert [line["verdict"] for line in lines] == ["error"]
    assert lines[0]["setup"] and not [f for f in lines[0]["findings"] if f["outcome"] == "fail"]
    return str(lines[0]["reason"])


def test_a_device_that_does_not_trust_the_suite_is_an_error_of_the_setup(tmp_path: Path) -> None:
    path = process_iut(tmp_path / "iut", "client", [], tls=True)
    other, *_ = write_pair(tmp_path / "other", "x")
    start = [str(other) if each == "{ca}" else each for each in load_iut(path).attach.start]
    reason = one_error(changed(path, start=start, timeouts=QUICK), tmp_path, "client/transport/sanity/first")
    assert reason.startswith("the device broke off the TLS handshake (tlsv1 alert unknown ca): let it trust ")
    assert ".device/tls/ca.pem" in reason and reason.endswith("or name in attach.tls a certificate that it trusts")


def test_prepare_tells_whom_to_trust(tmp_path: Path) -> None:
    path = process_iut(tmp_path / "iut", "client", [], tls=True)
    start = [each for each in load_iut(path).attach.start if each not in ("--ca", "{ca}")]
    with running(changed(path, start=start), tmp_path) as run:
        lines = play_all(run, chosen(run, "client/transport/sanity/first", "client/transport/content/fetched"))
    assert verdicts(lines) == [(line["id"], "pass", "") for line in lines] and len(lines) == 2


def test_a_device_that_does_not_trust_the_content_server_is_an_error_of_the_setup(tmp_path: Path) -> None:
    """It reports a failure, as it should; that says nothing about the device."""
    path = process_iut(tmp_path / "iut", "client", [], tls=True)
    other, *_ = write_pair(tmp_path / "other", "x")
    start = [str(other) if each == "{ca}" else each for each in load_iut(path).attach.start]
    changed(path, start=start, listen="http://127.0.0.1:0/dm", timeouts=QUICK)
    with running(path, tmp_path) as run:
        lines = play_all(run, chosen(run, "client/flows/download-and-update/plain[xml-md5]"))
    assert [line["verdict"] for line in lines] == ["error"]
    assert lines[0]["reason"].startswith("content server: the device broke off the TLS handshake (tlsv1 alert unknown ca): ")


def test_a_device_whose_certificate_the_suite_does_not_trust_is_an_error_of_the_setup(tmp_path: Path) -> None:
    path = changed(process_iut(tmp_path / "iut", "client", [], tls=True), tls=None, timeouts=QUICK)
    reason = one_error(path, tmp_path, "client/transport/sanity/first")
    assert "the certificate that the device shows is untrusted" in reason
    assert reason.endswith("name its authority in attach.tls.trust")


def test_a_server_that_the_suite_does_not_trust_is_an_error_of_the_setup(tmp_path: Path) -> None:
    path = changed(process_iut(tmp_path / "iut", "server", [], tls=True), tls=None)
    reason = one_error(path, tmp_path, "server/transport/sanity/first")
    assert reason.startswith("the certificate of the server is untrusted (")
    assert reason.endswith("): name its authority in attach.tls.trust")


def test_a_server_without_tls_fails_the_case_about_it_and_is_an_error_elsewhere(tmp_path: Path) -> None:
    path = process_iut(tmp_path / "iut", "server", ["tls-not-offered"], tls=True)
    with running(path, tmp_path) as run:
        lines = play_all(run, chosen(run, "server/transport/tls/offered", "server/transport/sanity/first"))
    by_id = {line["id"]: line for line in lines}
    assert by_id["server/transport/tls/offered"]["verdict"] == "fail"
    assert by_id["server/transport/tls/offered"]["reason"].startswith("DM-TLS-001: tls of the connection")
    assert by_id["server/transport/sanity/first"]["verdict"] == "error"
    assert "does not speak TLS at its https address" in by_id["server/transport/sanity/first"]["reason"]


def test_a_server_with_a_bad_certificate_warns_in_its_own_case(tmp_path: Path) -> None:
    path = changed(process_iut(tmp_path / "iut", "server", [], tls=True), tls=None)
    with running(path, tmp_path) as run:
        lines = play_all(run, chosen(run, "server/transport/tls/certificate"))
    assert [(f["requirement"], f["outcome"]) for f in lines[0]["findings"]] == [("DM-TLS-001", "warn")]
    assert lines[0]["readings"] == [{"ambiguity": "AMB-certificate-trust", "reading": "untrusted"}]


# ---- certificates ----------------------------------------------------------------------------------------------------


def certificates(folder: Path, **tls: Path) -> Certificates:
    path = process_iut(folder / "iut", "client", [], tls=True)
    return Certificates(load_iut(changed(path, tls={key: str(value) for key, value in tls.items()})))


def test_the_authority_is_made_once_kept_and_its_key_is_nobody_elses(tmp_path: Path) -> None:
    first, second = certificates(tmp_path), certificates(tmp_path)
    octets = first.ca.read_bytes()
    assert second.ca.read_bytes() == octets and b"PRIVATE" not in octets
    folder = first.ca.parent
    assert sorted(path.name for path in folder.iterdir()) == ["authority.pem", "ca.pem"]
    assert (folder / "authority.pem").stat().st_mode & 0o077 == 0
    context = ssl.create_default_context(cafile=str(first.ca))
    assert context.get_ca_certs()
    assert second.server(("127.0.0.1",)) is second.server(("127.0.0.1",)) is not second.server(("127.0.0.1",), "expired")


def test_files_of_the_iut_file_are_used(tmp_path: Path) -> None:
    ca, certificate, key = write_pair(tmp_path / "own", "127.0.0.1")
    own = certificates(tmp_path, certificate=certificate, key=key, trust=ca)
    assert own.server(("127.0.0.1",)) and own.client() and own.client("none") and own.client("stranger")
    assert "no ca_certificate and ca_key" in own.can_show("expired")
    assert own.can_show("untrusted") == ""


def test_files_that_cannot_be_used_are_told_without_their_content(tmp_path: Path) -> None:
    ca, certificate, key = write_pair(tmp_path / "own", "127.0.0.1")
    _, other, _ = write_pair(tmp_path / "other", "127.0.0.1")
    with pytest.raises(Unusable, match=r"attach\.tls: the files cannot be used: KEY_VALUES_MISMATCH"):
        certificates(tmp_path, certificate=other, key=key).server(("127.0.0.1",))
    with pytest.raises(Unusable, match=r"attach\.tls\.ca_certificate and ca_key: no authority can be had: ValueError"):
        certificates(tmp_path, ca_certificate=ca, ca_key=ca).authority  # noqa: B018
    path = process_iut(tmp_path / "iut", "client", [], tls=True)
    changed(path, tls={"certificate": str(other), "key": str(key)})
    assert "KEY_VALUES_MISMATCH" in one_error(path, tmp_path, "client/transport/sanity/first")
    assert certificate


def test_a_name_that_no_certificate_can_have_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"no certificate can be made for bench one\.example"):
        certificates(tmp_path).server(("bench one.example",))


def test_certificates_are_for_the_names_that_the_suite_is_called_by() -> None:
    assert hosts_of("https://bench.example:8080/dm", "https://0.0.0.0:8080/dm") == ("bench.example", "localhost", "127.0.0.1", "::1")
