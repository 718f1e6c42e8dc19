"""The account of an IUT file as a document for a device: what it holds, in which form, and who may read it."""

from __future__ import annotations

import base64
import stat
from pathlib import Path
from xml.etree import ElementTree

import iutfiles
import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.dm.account import Bootstrap, tnds, w7
from conformance.dm.credentials import Account
from conformance.harness.account import AccountError, bootstrap_of

SPACE = "{syncml:dmddf1.2}"
ODD = 'p<&>"\' ß'


def bootstrap(**changes: object) -> Bootstrap:
    given = {
        "server_id": "com.example.dm", "url": "http://192.0.2.7:8080/dm?a=1&b=2", "client": Account("dev-1", ODD),
        "server": Account("com.example.dm", "s3rver"), "client_nonce": b"\x00\x01nonce", "server_nonce": b"other",
        "kinds": ("md5", "basic"),
    }  # fmt: skip
    return Bootstrap(**{**given, **changes})  # type: ignore[arg-type]


def leaves(text: str) -> dict[str, str]:
    """Values by path below the address that the document names."""
    found: dict[str, str] = {}

    def walk(node: ElementTree.Element, above: str) -> None:
        path = f"{above}/{node.findtext(f'{SPACE}NodeName')}"
        assert len(node.findall(f"{SPACE}RTProperties")) == 1
        format_ = node.find(f"{SPACE}RTProperties/{SPACE}Format")
        assert format_ is not None and len(format_) == 1
        inner = node.findall(f"{SPACE}Node")
        value = node.find(f"{SPACE}Value")
        assert (format_[0].tag == f"{SPACE}node") == (value is None) == bool(inner)
        if value is not None:
            found[path] = value.text or ""
        for each in inner:
            walk(each, path)

    root = ElementTree.fromstring(text.encode())
    assert root.tag == f"{SPACE}MgmtTree" and root.findtext(f"{SPACE}VerDTD") == "1.2"
    for node in root.findall(f"{SPACE}Node"):
        walk(node, node.findtext(f"{SPACE}Path") or "")
    return found


def test_dm_account_has_the_nodes_of_the_standard_object() -> None:
    """DM StdObj 5.3.1: AppID, ServerID, an address, and credentials of both directions for each way."""
    found = leaves(tnds(bootstrap()))
    root = "./DMAcc/Server"
    assert found[f"{root}/AppID"] == "w7"
    assert found[f"{root}/ServerID"] == "com.example.dm"
    assert found[f"{root}/AppAddr/1/Addr"] == "http://192.0.2.7:8080/dm?a=1&b=2"
    assert (found[f"{root}/AppAddr/1/AddrType"], found[f"{root}/AppAddr/1/Port/1/PortNbr"]) == ("URI", "8080")
    assert found[f"{root}/AAuthPref"] == "DIGEST"
    sets = [
        tuple(found.get(f"{root}/AppAuth/{n}/AAuth{key}") for key in ("Level", "Type", "Name", "Secret", "Data"))
        for n in (1, 2, 3, 4)
    ]
    nonce = base64.b64encode(b"\x00\x01nonce").decode()
    assert sets == [
        ("CLCRED", "DIGEST", "dev-1", ODD, nonce),
        ("SRVCRED", "DIGEST", "com.example.dm", "s3rver", base64.b64encode(b"other").decode()),
        ("CLCRED", "BASIC", "dev-1", ODD, None),
        ("SRVCRED", "BASIC", "com.example.dm", "s3rver", None),
    ]
    assert "<ACL>Get=com.example.dm&amp;Replace=com.example.dm&amp;Delete=com.example.dm</ACL>" in tnds(bootstrap())


def test_older_layout_lies_below_syncml() -> None:
    found = leaves(tnds(bootstrap(), "1.1.2"))
    root = "./SyncML/DMAcc/Server"
    assert {path.removeprefix(f"{root}/") for path in found} == {
        "Addr", "AddrType", "PortNbr", "ConRef", "ServerId", "ServerPW", "ServerNonce", "UserName", "ClientPW",
        "ClientNonce", "AuthPref", "Name",
    }  # fmt: skip
    assert found[f"{root}/AuthPref"] == "syncml:auth-md5"
    assert found[f"{root}/ClientPW"] == ODD
    with pytest.raises(ValueError, match="no layout"):
        tnds(bootstrap(), "1.0")


def test_client_provisioning_maps_levels_the_other_way_round() -> None:
    """DM StdObj: APPSRV is what the client shows (CLCRED), CLIENT what the server shows (SRVCRED)."""
    root = ElementTree.fromstring(w7(bootstrap(kinds=("hmac",))).encode())
    assert root.tag == "wap-provisioningdoc"
    (application,) = root
    values = {parm.get("name"): parm.get("value") for parm in application.findall("parm")}
    assert (values["APPID"], values["PROVIDER-ID"]) == ("w7", "com.example.dm")
    groups = {group.get("type") for group in application.findall("characteristic")}
    assert groups == {"APPADDR", "APPAUTH"}
    auths = [
        {parm.get("name"): parm.get("value") for parm in group.findall("parm")}
        for group in application.findall("characteristic[@type='APPAUTH']")
    ]
    assert [(a["AAUTHLEVEL"], a["AAUTHTYPE"], a["AAUTHNAME"], a["AAUTHSECRET"]) for a in auths] == [
        ("APPSRV", "HMAC", "dev-1", ODD), ("CLIENT", "HMAC", "com.example.dm", "s3rver"),
    ]  # fmt: skip


def test_no_authentication_gives_no_credentials() -> None:
    assert "AppAuth" not in tnds(bootstrap(kinds=("none",))) and "APPAUTH" not in w7(bootstrap(kinds=("none",)))


@pytest.mark.parametrize(
    ("listen", "why"),
    [
        ("http://127.0.0.1:0/dm", "port 0"),
        ("http://127.0.0.1:{port:dm}/dm", "placeholder"),
    ],
)
def test_an_address_that_does_not_last_is_refused(tmp_path: Path, listen: str, why: str) -> None:
    iut = iutfiles.iut(tmp_path, attach__listen="http://127.0.0.1:8080/dm")
    assert bootstrap_of(iut).url == "http://127.0.0.1:8080/dm"
    with pytest.raises(AccountError, match=why):
        bootstrap_of(iut, listen)
    with pytest.raises(AccountError, match="no address"):
        bootstrap_of(iut, "gopher://x/")


def test_the_file_is_for_its_owner_alone_and_the_terminal_is_silent(tmp_path: Path) -> None:
    path = iutfiles.write(tmp_path, iutfiles.CLIENT)
    target = tmp_path / "account.xml"
    target.write_text("old")
    target.chmod(0o644)
    result = CliRunner().invoke(main, ["account", "--iut", str(path), "--format", "w7", "--output", str(target)])
    assert (result.exit_code, result.output) == (0, "")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert 'value="secret-1"' in target.read_text()


def test_the_command_says_in_a_sentence_what_is_missing(tmp_path: Path) -> None:
    path = iutfiles.write(tmp_path, iutfiles.changed(iutfiles.CLIENT, attach__listen=None, attach__operator=True))
    result = CliRunner().invoke(main, ["account", "--iut", str(path)])
    assert result.exit_code == 2 and "--server-url" in result.output
    url = ["--server-url", "http://192.0.2.1/dm"]
    result = CliRunner().invoke(main, ["account", "--iut", str(path), *url, "--format", "w7", "--layout", "1.1.2"])
    assert result.exit_code == 2 and "layout" in result.output
    result = CliRunner().invoke(main, ["account", "--iut", str(path), *url])
    assert result.exit_code == 0 and "<Value>80</Value>" in result.output
