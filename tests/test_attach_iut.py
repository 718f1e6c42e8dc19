"""IUT files: what they give, and that everything wrong is said with its line, at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from iutfiles import CLIENT, CREDENTIALS, SERVER, changed, iut, write

from conformance.harness import iut as iutfile
from conformance.harness.iut import Credentials, FileFaults, Package, load_iut
from conformance.harness.settings import Timeouts

SCHEMA = json.loads((Path(iutfile.__file__).parent / "schema" / "iut.schema.json").read_text(encoding="utf-8"))
EXAMPLE = """\
schema: 1
name: Acme X1
version: 1.10
vendor: Acme Ltd
role: client
dm:
  versions: [1.2, "1.1.2"]
  encodings: [wbxml, xml]
  authentication: [md5, basic]
  device_id: urn:imei:490154203237518
  server_id: com.example.dm
  client_credentials: {username: dev-0001, password: "env:CLIENT_SECRET", nonce: "bm9uY2UtMDAwMQ=="}
  server_credentials: {username: com.example.dm, password: 12345, nonce: "bm9uY2UtMDAwMg=="}
device: {manufacturer: Acme, firmware: 1.0, language: no}
fumo:
  objects: ["./FwUpdate/Main", ./FwUpdate/Modem]
claims: claims.yaml
packages:
  good: [{path: a.bin, from: 1.0, to: 2.0, type: application/x-acme}, {path: b.bin, from: 2.0, to: 1.0}]
  wrong-device: sub/other.bin
attach:
  listen: http://127.0.0.1:0/dm
  advertise: http://10.0.2.2:8080/dm
  content: {listen: "http://127.0.0.1:0/", advertise: "http://10.0.2.2:8082/"}
  notify: udp://127.0.0.1:{port:push}
  start: [python3, device.py, --url, "{server_url}", '{"json": 1}']
  ready: {tcp: "127.0.0.1:{port:control}", seconds: 20}
  hook: [./device-hook, "{work_dir}"]
  power: restart
  allow: [power-cut]
  timeouts: {connect: 10, silence: 0.5, timer: 0, scale: 2}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    for name in ("a.bin", "b.bin", "sub/other.bin"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "claims.yaml").write_text("# claims\ndownload: true\nwbxml: false\n")
    return tmp_path


def faults(path: Path, **environ: str) -> list[tuple[int, str, str]]:
    with pytest.raises(FileFaults) as caught:
        load_iut(path, environ)
    assert all(fault.path.is_absolute() for fault in caught.value.faults)
    return [(fault.line, fault.key, fault.what) for fault in caught.value.faults]


def only(folder: Path, base: dict[str, Any], **changes: Any) -> tuple[str, str]:
    """The one fault of a file: key and what."""
    found = faults(write(folder, changed(base, **changes)))
    assert len(found) == 1, found
    assert found[0][0] > 0
    return found[0][1:]


# -- what it gives ---------------------------------------------------------------------------------------------------


def test_everything_that_stands_in_a_file(folder: Path) -> None:
    read = load_iut(write(folder, EXAMPLE), {"CLIENT_SECRET": "hidden one"})
    assert (read.name, read.version, read.vendor, read.role) == ("Acme X1", "1.10", "Acme Ltd", "client")
    assert read.dm.versions == ("1.2", "1.1.2")
    assert read.dm.encodings == ("wbxml", "xml")
    assert read.dm.authentication == ("md5", "basic")
    assert read.dm.client_credentials == Credentials("dev-0001", "hidden one", b"nonce-0001")
    assert read.dm.server_credentials == Credentials("com.example.dm", "12345", b"nonce-0002")
    assert read.device == {"manufacturer": "Acme", "firmware": "1.0", "language": "no"}
    assert read.objects == ("./FwUpdate/Main", "./FwUpdate/Modem")
    assert read.object == "./FwUpdate/Main"
    assert read.claims == {"download": True, "wbxml": False}
    assert read.packages == {
        "good": (
            Package(folder / "a.bin", "1.0", "2.0", "application/x-acme"),
            Package(folder / "b.bin", "2.0", "1.0", "application/octet-stream"),
        ),
        "wrong-device": (Package(folder / "sub/other.bin"),),
    }
    assert read.path == folder / "acme.yaml"
    assert read.folder == folder
    assert len(read.digest) == 64


def test_everything_that_stands_in_attach(folder: Path) -> None:
    read = load_iut(write(folder, EXAMPLE), {"CLIENT_SECRET": "hidden one"})
    attach = read.attach
    assert (attach.listen, attach.advertise) == ("http://127.0.0.1:0/dm", "http://10.0.2.2:8080/dm")
    assert (attach.content_listen, attach.content_advertise) == ("http://127.0.0.1:0/", "http://10.0.2.2:8082/")
    assert attach.notify == "udp://127.0.0.1:{port:push}"
    assert attach.start == ("python3", "device.py", "--url", "{server_url}", '{"json": 1}')
    assert attach.ready is not None
    assert (attach.ready.kind, attach.ready.value, attach.ready.seconds) == ("tcp", "127.0.0.1:{port:control}", 40.0)
    assert attach.hook == ("./device-hook", "{work_dir}")
    assert (attach.power, attach.operator, attach.adapter) == ("restart", False, "")
    assert attach.allow == {"power-cut"}
    assert attach.state == folder / ".acme"
    assert attach.tls.certificate is None
    assert read.timeouts == Timeouts(20, 60, 240, 120, 60, 120, 0, 1200, 1, 2)


def test_what_a_file_need_not_say(tmp_path: Path) -> None:
    read = iut(tmp_path)
    assert (read.dm.versions, read.dm.encodings, read.dm.authentication) == (("1.2",), ("xml",), ("md5",))
    assert read.objects == ("./FwUpdate/Main",)
    assert (read.claims, read.packages, read.device, read.vendor) == ({}, {}, {}, "")
    assert read.attach.content_listen == "http://127.0.0.1:0/"
    assert read.attach.allow == frozenset()
    assert read.timeouts == Timeouts()
    assert iut(tmp_path, attach__start=["x"], attach__listen=None).attach.listen == "http://127.0.0.1:0/dm"
    assert iut(tmp_path, SERVER).attach.listen == ""


def test_what_is_started_may_be_treated_badly_unless_said_otherwise(tmp_path: Path) -> None:
    assert iut(tmp_path, attach__start=["x"]).attach.allow == {"power-cut", "bad-image", "downgrade"}
    assert iut(tmp_path, attach__start=["x"], attach__allow=[]).attach.allow == frozenset()


def test_no_credentials_are_needed_where_nobody_proves_anything(tmp_path: Path) -> None:
    read = iut(tmp_path, dm__authentication=["none"], dm__client_credentials=None, dm__server_credentials=None)
    assert not read.dm.client_credentials
    assert read.dm.client_credentials.as_dict() == {}


def test_a_nonce_is_needed_for_digests_only(tmp_path: Path) -> None:
    plain = {"username": "dev-0001", "password": "secret-1"}
    read = iut(tmp_path, dm__authentication=["basic"], dm__client_credentials=plain)
    assert read.dm.client_credentials.nonce == b""
    key, what = only(tmp_path, CLIENT, dm__authentication=["basic", "hmac"], dm__client_credentials=plain)
    assert (key, what) == ("dm.client_credentials.nonce", "missing; it is needed")


def test_further_devices_have_the_credentials_of_dm_unless_they_have_their_own(tmp_path: Path) -> None:
    own = {"username": "dev-2", "password": "secret-2", "nonce": "AAAA"}
    devices = [{"device_id": "IMEI:1"}, {"device_id": "IMEI:2", "client_credentials": own}]
    read = iut(tmp_path, SERVER, dm__devices=devices)
    one, two = read.dm.devices
    assert one.client_credentials == read.dm.client_credentials
    assert two.client_credentials == Credentials("dev-2", "secret-2", b"\0\0\0")
    assert two.server_credentials == read.dm.server_credentials
    assert "secret-2" in read.secrets()


def test_secrets_are_passwords_and_what_came_from_the_environment(tmp_path: Path) -> None:
    path = write(tmp_path, changed(CLIENT, attach__start=["device", "env:TOKEN"], dm__server_id="env:ID"))
    read = load_iut(path, {"TOKEN": "t0ken-t0ken", "ID": "id"})
    assert read.secrets() == ["t0ken-t0ken", "secret-1", "s3rver", "id"]
    assert read.attach.start == ("device", "t0ken-t0ken")
    assert "secret-1" not in repr(read) and "t0ken" not in repr(read)


def test_claims_may_stand_in_the_file_and_have_places(folder: Path) -> None:
    inside = iut(folder, claims={"download": True})
    assert inside.claims == {"download": True}
    assert inside.claims_place("download") == (folder / "acme.yaml", _line(folder / "acme.yaml", '"download"'))
    outside = iut(folder, claims="claims.yaml")
    assert outside.claims_place("wbxml") == (folder / "claims.yaml", 3)


def _line(path: Path, text: str) -> int:
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if text in line)


# -- who may use it --------------------------------------------------------------------------------------------------


def test_several_workers_may_start_what_has_no_fixed_port(tmp_path: Path) -> None:
    start = {"attach__start": ["x"], "attach__listen": "http://127.0.0.1:0/dm"}
    assert not iut(tmp_path, **start).exclusive
    named = {"attach__notify": "udp://127.0.0.1:{port:a}", "attach__hook": "http://[::1]:{port:b}/"}
    assert not iut(tmp_path, **start, **named).exclusive
    assert not iut(tmp_path, SERVER, attach__start=["x"], attach__server_url="http://127.0.0.1:{port:dm}/").exclusive


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"attach__listen": "http://127.0.0.1:8080/dm"}, "port 8080 is fixed in attach.listen"),
        ({"attach__advertise": "http://10.0.2.2/dm"}, "port 80 is fixed in attach.advertise"),
        ({"attach__content": {"listen": "https://127.0.0.1/"}}, "port 443 is fixed in attach.content.listen"),
        ({"attach__notify": "udp://127.0.0.1:2948"}, "port 2948 is fixed in attach.notify"),
        ({"attach__hook": "http://127.0.0.1:9000/hook"}, "port 9000 is fixed in attach.hook"),
        ({"attach__ready": {"tcp": "127.0.0.1:9000"}}, "port 9000 is fixed in attach.ready"),
        ({"attach__operator": True}, "a person is asked"),
        ({"attach__start": None, "attach__adapter": "a:B"}, "does not start it"),
    ],
)
def test_one_worker_alone_may_use_the_others(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    base = changed(CLIENT, attach__start=["x"], attach__listen="http://127.0.0.1:0/dm")
    read = iut(tmp_path, base, **changes)
    assert read.exclusive
    assert reason in read.exclusive_because()


def test_an_adapter_in_the_suites_own_process_has_no_ports(tmp_path: Path) -> None:
    read = iut(tmp_path, attach__adapter="a:B")
    assert read.exclusive_because(in_process=True) == ""
    assert "person" in iut(tmp_path, attach__adapter="a:B", attach__operator=True).exclusive_because(in_process=True)


# -- what is refused -------------------------------------------------------------------------------------------------


def test_everything_wrong_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    text = EXAMPLE.replace("vendor: Acme Ltd", "vendr: Acme Ltd").replace("[md5, basic]", "[md6]")
    text = text.replace("seconds: 20", "seconds: soon").replace("  power: restart", "  power: off")
    found = faults(write(tmp_path, text))
    assert [(line, key) for line, key, _ in found] == [
        (4, "vendr"), (9, "dm.authentication[0]"), (12, "dm.client_credentials.password"), (17, "claims"),
        (19, "packages.good[0].path"), (19, "packages.good[1].path"), (20, "packages.wrong-device"),
        (27, "attach.ready.seconds"), (29, "attach.power"),
    ]  # fmt: skip
    assert found[0][2] == "unknown key; did you mean 'vendor'?"
    assert found[1][2] == "'md6' is none of them; did you mean 'md5'?"
    assert found[2][2] == "the environment variable CLIENT_SECRET is not set"
    assert found[7][2] == "expected a number greater than 0, as 30 or 0.5; found 'soon'"
    assert found[8][2] == "'off' is none of them; expected restart"


def test_a_fault_reads_as_file_line_key_and_what(tmp_path: Path) -> None:
    path = write(tmp_path, "schema: 1\n")
    with pytest.raises(FileFaults) as caught:
        load_iut(path)
    assert str(caught.value).splitlines()[0] == f"{path}:1: name: missing; it is needed"


def test_a_file_that_is_no_yaml_or_not_there_is_one_fault(tmp_path: Path) -> None:
    assert "not YAML" in faults(write(tmp_path, "a: [\n"))[0][2]
    assert "expected a mapping" in faults(write(tmp_path, "- a\n"))[0][2]
    with pytest.raises(FileFaults, match=r"none\.yaml: cannot be read"):
        load_iut(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("changes", "key", "what"),
    [
        ({"schema": 2}, "schema", "expected 1"),
        ({"schema": True}, "schema", "expected 1"),
        ({"name": ["x"]}, "name", "expected text, found a list"),
        ({"name": ""}, "name", "expected text, found an empty text"),
        ({"name": "a\nb"}, "name", "one line"),
        ({"version": True}, "version", "expected text, found true"),
        ({"colour": 1}, "colour", "unknown key; expected schema, name"),
        ({"dm__versions": []}, "dm.versions", "an empty one"),
        ({"dm__versions": ["1.3"]}, "dm.versions[0]", "'1.3' is none of them"),
        ({"dm__encodings": "xml"}, "dm.encodings", "expected a list of texts, found 'xml'"),
        ({"dm__encodings": ["xml", "xml"]}, "dm.encodings[1]", "stands twice"),
        ({"dm__device_id": None}, "dm.device_id", "missing"),
        ({"dm__server_id": None}, "dm.server_id", "missing"),
        ({"dm__client_credentials": None}, "dm.client_credentials", "missing"),
        ({"dm__server_credentials": None}, "dm.server_credentials", "missing"),
        ({"dm__client_credentials__password": None}, "dm.client_credentials.password", "missing"),
        ({"dm__client_credentials__nonce": "no base64!"}, "dm.client_credentials.nonce", "expected Base64"),
        ({"dm__client_credentials__nonce": "YQ"}, "dm.client_credentials.nonce", "expected Base64"),
        ({"dm__client_credentials__user": "x"}, "dm.client_credentials.user", "did you mean 'username'?"),
        ({"dm__client_credentials": "x"}, "dm.client_credentials", "expected a mapping"),
        ({"dm__devices": []}, "dm.devices", "only for the role server; the role of this implementation is client"),
        ({"device": ["x"]}, "device", "expected a mapping"),
        ({"device__fw": "1"}, "device.fw", "unknown key"),
        ({"fumo__objects": ["FwUpdate"]}, "fumo.objects[0]", "expected a node as ./FwUpdate/Main"),
        ({"fumo__objects": ["./A/"]}, "fumo.objects[0]", "expected a node"),
        ({"fumo__objects": ["./A", "./A"]}, "fumo.objects[1]", "stands twice"),
        ({"claims": ["x"]}, "claims", "expected text, found a list"),
        ({"claims": "no.yaml"}, "claims", "there is no file"),
        ({"packages__goood": "x"}, "packages.goood", "did you mean 'good'?"),
        ({"packages__good": "x.bin"}, "packages.good", "there is no file"),
        ({"packages__good": []}, "packages.good", "expected a path"),
        ({"packages__good": [{"from": "1"}]}, "packages.good[0].path", "missing"),
        ({"packages__good": {"path": "acme.yaml", "type": "octets"}}, "packages.good.type", "expected a media type"),
        ({"packages__good": {"path": "acme.yaml", "form": "1"}}, "packages.good.form", "did you mean 'from'?"),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_are_refused(tmp_path: Path, changes: dict[str, Any], key: str, what: str) -> None:
    found = only(tmp_path, CLIENT, **changes)
    assert found[0] == key
    assert what in found[1]


START = {"attach__start": ["x"]}


@pytest.mark.parametrize(
    ("changes", "key", "what"),
    [
        ({"attach": "x"}, "attach", "expected a mapping"),
        ({"attach__server_url": "http://x/"}, "attach.server_url", "only for the role server"),
        ({"attach__listn": "x"}, "attach.listn", "did you mean 'listen'?"),
        ({"attach__listen": "127.0.0.1:8080"}, "attach.listen", "expected an address as http://host:port or https://"),
        ({"attach__listen": "ftp://127.0.0.1/"}, "attach.listen", "expected an address"),
        ({"attach__listen": "http://127.0.0.1:99999/"}, "attach.listen", "expected an address"),
        ({"attach__listen": "http://127.0.0.1:{port:a}/"}, "attach.listen", "expected an address"),
        ({"attach__listen": "http://a@127.0.0.1:1/"}, "attach.listen", "expected an address"),
        ({"attach__listen": "http://127.0.0.1:1/a b"}, "attach.listen", "expected an address"),
        ({"attach__listen": "http://127.0.0.1:0/dm"}, "attach.listen", "port 0 means any free one"),
        ({"attach__listen": None}, "attach.listen", "port 0 means any free one"),
        ({"attach__advertise": "http://10.0.2.2:0/dm"}, "attach.advertise", "nothing can be reached at port 0"),
        ({"attach__content": {"lisen": "x"}}, "attach.content.lisen", "did you mean 'listen'?"),
        ({"attach__content": {"listen": "x"}}, "attach.content.listen", "expected an address"),
        ({"attach__notify": "http://127.0.0.1:1/"}, "attach.notify", "expected an address as udp://host:port"),
        ({"attach__notify": "udp://127.0.0.1"}, "attach.notify", "expected an address as udp://host:port"),
        ({"attach__notify": "udp://127.0.0.1:{prot:a}"}, "attach.notify", "unknown placeholder {prot:a}"),
        ({"attach__start": "device.py"}, "attach.start", "expected a list of texts"),
        ({"attach__start": []}, "attach.start", "an empty one"),
        ({"attach__start": ["x", 1, None]}, "attach.start[2]", "expected text, found nothing"),
        ({"attach__start": ["x", "{server_uri}"]}, "attach.start[1]", "{server_uri}; did you mean 'server_url'?"),
        ({"attach__start": ["x", "{port}"]}, "attach.start[1]", "placeholder {port}; did you mean 'port:NAME'?"),
        ({"attach__start": ["x", "{port:}"]}, "attach.start[1]", "unknown placeholder {port:}"),
        ({"attach__start": ["x", "{object:a}"]}, "attach.start[1]", "unknown placeholder {object:a}"),
        ({"attach__ready": {"tcp": "127.0.0.1:1"}}, "attach.ready", "needs attach.start"),
        ({**START, "attach__ready": {"seconds": 1}}, "attach.ready", "expected one of tcp, http and line"),
        ({**START, "attach__ready": {"tcp": "x:1", "line": "y"}}, "attach.ready", "expected one of tcp, http and line"),
        ({**START, "attach__ready": {"tcp": "9000"}}, "attach.ready.tcp", "expected host:port"),
        ({**START, "attach__ready": {"tcp": "h:0"}}, "attach.ready.tcp", "expected host:port"),
        ({**START, "attach__ready": {"http": "x"}}, "attach.ready.http", "expected an address"),
        ({**START, "attach__ready": {"line": "("}}, "attach.ready.line", "is no regular expression"),
        ({**START, "attach__ready": {"line": "{nix}"}}, "attach.ready.line", "unknown placeholder"),
        ({"attach__hook": "./hook"}, "attach.hook", "expected a list (a program and its arguments) or a web address"),
        ({"attach__hook": "https://x/"}, "attach.hook", "expected an address as http://host:port"),
        ({"attach__hook": ["x", "{nix}"]}, "attach.hook[1]", "unknown placeholder {nix}"),
        ({"attach__adapter": "acme.Adapter"}, "attach.adapter", "expected module:Class"),
        ({"attach__adapter": "a:B", "attach__hook": ["x"]}, "attach.adapter", "expected one of them"),
        ({"attach__operator": "yes"}, "attach.operator", "expected true or false, found 'yes'"),
        ({"attach__power": "restart"}, "attach.power", "needs attach.start"),
        ({**START, "attach__power": "off"}, "attach.power", "expected restart"),
        ({"attach__allow": ["power-off"]}, "attach.allow[0]", "did you mean 'power-cut'?"),
        ({"attach__state": ["x"]}, "attach.state", "expected text, found a list"),
        ({"attach__tls": {"certificate": "acme.yaml"}}, "attach.tls.key", "missing; it is needed with certificate"),
        ({"attach__tls": {"trust": "no.pem"}}, "attach.tls.trust", "there is no file"),
        ({"attach__timeouts": {"conect": 1}}, "attach.timeouts.conect", "did you mean 'connect'?"),
        ({"attach__timeouts": {"connect": 0}}, "attach.timeouts.connect", "a number greater than 0"),
        ({"attach__timeouts": {"connect": -1}}, "attach.timeouts.connect", "a number greater than 0"),
        ({"attach__timeouts": {"hook": "1e9"}}, "attach.timeouts.hook", "found '1e9'"),
        ({"attach__timeouts": {"hook": True}}, "attach.timeouts.hook", "found true"),
        ({"attach__timeouts": {"scale": "0.0"}}, "attach.timeouts.scale", "a number greater than 0"),
    ],
)  # fmt: skip
def test_attach_that_does_not_fit_is_refused(tmp_path: Path, changes: dict[str, Any], key: str, what: str) -> None:
    found = only(tmp_path, CLIENT, **changes)
    assert found[0] == key
    assert what in found[1]


@pytest.mark.parametrize(
    ("changes", "key", "what"),
    [
        ({"attach__listen": "http://127.0.0.1:1/"}, "attach.listen", "only for the role client; the role"),
        ({"attach__advertise": "http://127.0.0.1:1/"}, "attach.advertise", "only for the role client"),
        ({**START, "attach__power": "restart"}, "attach.power", "only for the role client"),
        ({"attach__server_url": None}, "attach.server_url", "needed for the role server"),
        ({"attach__server_url": "http://x:0/"}, "attach.server_url", "nothing can be reached at port 0"),
        ({"attach__server_url": "http://x:{port:a}/{nix}"}, "attach.server_url", "unknown placeholder {nix}"),
        ({"attach__server_url": "{server_url}"}, "attach.server_url", "cannot stand for itself"),
        ({"attach__notify": "https://x/"}, "attach.notify", "expected an address as udp://host:port or http://host:port"),
        ({"dm__devices": "x"}, "dm.devices", "expected a list of devices"),
        ({"dm__devices": [{}]}, "dm.devices[0].device_id", "missing"),
        ({"dm__devices": [{"device_id": "a", "notify": 1}]}, "dm.devices[0].notify", "unknown key"),
        ({"dm__devices": [{"device_id": "a"}, {"device_id": "a"}]}, "dm.devices[1].device_id", "stands here already"),
    ],
)  # fmt: skip
def test_a_server_has_keys_of_its_own(tmp_path: Path, changes: dict[str, Any], key: str, what: str) -> None:
    found = only(tmp_path, SERVER, **changes)
    assert found[0] == key
    assert what in found[1]


@pytest.mark.parametrize("key", ["schema", "name", "version", "role", "dm", "attach"])
def test_what_is_needed_is_asked_for(tmp_path: Path, key: str) -> None:
    assert faults(write(tmp_path, changed(CLIENT, **{key: None}))) == [(1, key, "missing; it is needed")]


def test_claims_that_are_no_claims_are_refused_in_their_own_file(folder: Path) -> None:
    (folder / "claims.yaml").write_text("- download\n")
    path = write(folder, changed(CLIENT, claims="claims.yaml"))
    with pytest.raises(FileFaults, match=r"claims\.yaml:1: expected a mapping of claims"):
        load_iut(path)
    (folder / "claims.yaml").write_text("a: [\n")
    with pytest.raises(FileFaults, match=r"claims\.yaml:2: not YAML"):
        load_iut(path)


@pytest.mark.parametrize(
    "steering", [{"attach__hook": ["h"]}, {"attach__adapter": "a:B"}, {"attach__operator": True}, START]
)
def test_port_0_is_for_who_can_be_told(tmp_path: Path, steering: dict[str, Any]) -> None:
    assert iut(tmp_path, attach__listen="http://127.0.0.1:0/dm", **steering).attach.listen == "http://127.0.0.1:0/dm"


def test_the_example_fits_the_schema(folder: Path) -> None:
    content = load_iut(write(folder, EXAMPLE), {"CLIENT_SECRET": "x"}).claims_document
    assert content is not None
    jsonschema.validate(iutfile.load(folder / "acme.yaml").value, SCHEMA)


def test_credentials_are_shown_with_their_nonce_in_base64() -> None:
    assert Credentials("dev-0001", "secret-1", b"nonce-0001").as_dict() == CREDENTIALS
    assert "secret-1" not in repr(Credentials("dev-0001", "secret-1"))
