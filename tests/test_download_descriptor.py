"""Download descriptors: the vectors, tolerance, firmness, security; status reports."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import pytest

from conformance.download.descriptor import (
    DESCRIPTOR_TYPE,
    MAX_OCTETS,
    REPORTS,
    Descriptor,
    DescriptorError,
    Report,
    format_report,
    parse,
    parse_report,
    write,
)

VECTORS = Path(__file__).parent.parent / "fixtures" / "wire" / "descriptors"
NOTIFY = "http://127.0.0.1:8081/notify?id=1&s=2"
OBJECT = "http://127.0.0.1:8081/fw/pkg1.bin"
MINIMAL = Descriptor(OBJECT, 4096, install_notify_uri=NOTIFY)
FULL = Descriptor(
    OBJECT,
    4096,
    install_notify_uri=NOTIFY,
    name="Pkg1",
    vendor="Example Co",
    description="Test firmware",
    next_url="http://127.0.0.1:8081/next",
    info_url="http://127.0.0.1:8081/info",
    icon_uri="http://127.0.0.1:8081/i.png",
    install_param="alpha=1;beta=2",
)

USABLE = {
    "dd01_minimal": MINIMAL,
    "dd02_full": FULL,
    "dd04_unknown_elements": dataclasses.replace(
        MINIMAL, extra=(("crc", "1A2B"), ("rVersion", "7"), ("x-ext", "y"))
    ),
    "dd05_two_types": dataclasses.replace(MINIMAL, types=("application/octet-stream", "application/vnd.example.fw")),
    "dd08_no_ddversion": MINIMAL,
    "dd16_size_too_small": dataclasses.replace(MINIMAL, size=100),
    "dd17_size_too_big": dataclasses.replace(MINIMAL, size=8192),
    "dd19_object_404": dataclasses.replace(MINIMAL, object_uri="http://127.0.0.1:8081/fw/missing.bin"),
    "dd20_object_refused": dataclasses.replace(MINIMAL, object_uri="http://127.0.0.1:9/x"),
    "dd22_relative_uri": dataclasses.replace(MINIMAL, object_uri="pkg1.bin"),
    "dd26_no_namespace": MINIMAL,
    "dd28_prefixed": dataclasses.replace(MINIMAL, install_notify_uri="http://127.0.0.1:8081/notify"),
    "dd34_utf8_bom": FULL,
}
REFUSED: dict[str, tuple[int, str | None]] = {
    "dd07_ddversion_2_0": (951, NOTIFY),
    "dd10_no_size": (906, NOTIFY),
    "dd11_no_type": (906, NOTIFY),
    "dd13_size_not_number": (906, NOTIFY),
    "dd14_size_comma": (906, NOTIFY),
    "dd23_not_wellformed": (906, NOTIFY),
    "dd25_bad_name": (906, NOTIFY),
    "dd29_wrong_root": (906, NOTIFY),
    "dd31_nested": (906, NOTIFY),
    "dd32_duplicate_uri": (906, NOTIFY),
    "dd35_xxe": (906, NOTIFY),
    "dd37_empty": (906, None),
    "dd38_html": (906, None),
}


def vector(name: str) -> bytes:
    return (VECTORS / f"{name}.dd").read_bytes()


def test_every_vector_has_its_expectation() -> None:
    names = {path.stem for path in VECTORS.glob("*.dd")}
    assert names == {*USABLE, *REFUSED, "dd40_installparam_long"}


@pytest.mark.parametrize("name", USABLE)
def test_usable_vectors(name: str) -> None:
    assert parse(vector(name)) == USABLE[name]


@pytest.mark.parametrize("name", REFUSED)
def test_refused_vectors(name: str) -> None:
    with pytest.raises(DescriptorError) as caught:
        parse(vector(name))
    assert (caught.value.code, caught.value.install_notify_uri) == REFUSED[name]
    assert str(caught.value).startswith(f"{REFUSED[name][0]} {REPORTS[REFUSED[name][0]]}: ")


def test_long_install_parameter_is_kept_whole() -> None:
    param = parse(vector("dd40_installparam_long")).install_param
    assert param is not None and len(param) > 8000 and set(param[2:]) == {"v"}


def test_writing_is_read_back() -> None:
    tricky = dataclasses.replace(
        FULL,
        object_uri="http://h/a b?x=1&y=<ü>",
        types=("a/b", "c/d"),
        name="<&>\"'ü",
        version="1.1",
        extra=(("crc", "1"),),
    )
    octets = write(tricky)
    assert octets.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<media xmlns=\"http://www.openmobile")
    assert parse(octets) == dataclasses.replace(tricky, object_uri="http://h/a%20b?x=1&y=%3C%C3%BC%3E")
    assert parse(write(MINIMAL)) == MINIMAL
    assert b"installNotifyURI" not in write(dataclasses.replace(MINIMAL, install_notify_uri=None))
    with pytest.raises(ValueError):
        write(dataclasses.replace(MINIMAL, name="\0"))


def altered(old: str, new: str) -> bytes:
    octets = vector("dd02_full")
    assert octets.count(old.encode()) == 1
    return octets.replace(old.encode(), new.encode())


@pytest.mark.parametrize(
    ("octets", "field", "value"),
    [
        (altered("<size>4096</size>", "<size>\n 4096\t</size>"), "size", 4096),
        (altered("<size>4096</size>", "<size>40<!-- x -->96</size>"), "size", 4096),
        (altered("<DDVersion>1.0", "<DDVersion>1.7"), "version", "1.7"),
        (altered("<DDVersion>1.0", "<DDVersion>1"), "version", "1"),
        (altered("<name>Pkg1</name>", "<name>a</name><name>b</name>"), "name", "a"),
        (altered("<name>Pkg1</name>", "<x><y><size>1</size></y></x>"), "size", 4096),
        (altered("<name>Pkg1</name>", '<size xmlns="urn:other">1</size>'), "size", 4096),
        (altered(NOTIFY.replace("&", "&amp;"), ""), "install_notify_uri", None),
        (altered('<?xml version="1.0" encoding="UTF-8"?>', "<!DOCTYPE media>"), "name", "Pkg1"),
        (vector("dd02_full").decode().replace("UTF-8", "UTF-16").encode("utf-16"), "name", "Pkg1"),
    ],
    ids=[
        "padding",
        "comment",
        "minor-version",
        "major-only",
        "second-name",
        "nested-unknown",
        "foreign-namespace",
        "empty-notify",
        "plain-doctype",
        "utf-16",
    ],
)
def test_tolerance(octets: bytes, field: str, value: object) -> None:
    assert getattr(parse(octets), field) == value


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (altered("<DDVersion>1.0", "<DDVersion>10.0"), 951),
        (altered("<DDVersion>1.0", "<DDVersion>new"), 951),
        (altered("<size>4096", "<size>0"), 906),
        (altered("<size>4096", "<size>-1"), 906),
        (altered("<size>4096", "<size>٣"), 906),
        (altered("<size>4096", "<size>" + "9" * 30), 906),
        (altered("<size>4096</size>", "<size/>"), 906),
        (altered("<size>4096</size>", "<Size>4096</Size>"), 906),
        (altered(f"<objectURI>{OBJECT}", "<objectURI>"), 906),
        (altered(f"<objectURI>{OBJECT}", "<objectURI>http://a b/"), 906),
        (altered(f"<objectURI>{OBJECT}", "<objectURI>http://[/"), 906),
        (altered(f"<objectURI>{OBJECT}", "<objectURI>http:///x"), 906),
        (altered("xmlns/dd", "xmlns/dd2"), 906),
    ],
    ids=[
        "version-10",
        "version-text",
        "size-0",
        "size-negative",
        "size-other-digits",
        "size-huge",
        "size-empty",
        "size-case",
        "uri-empty",
        "uri-blank",
        "uri-bracket",
        "uri-no-host",
        "namespace",
    ],
)
def test_firmness(octets: bytes, code: int) -> None:
    with pytest.raises(DescriptorError) as caught:
        parse(octets)
    assert (caught.value.code, caught.value.install_notify_uri) == (code, NOTIFY)


def test_a_later_version_without_our_elements_is_951() -> None:
    with pytest.raises(DescriptorError) as caught:
        parse(b"<media><DDVersion>2.0</DDVersion><product><mediaObject/></product></media>")
    assert caught.value.code == 951


BOMB = b'<!DOCTYPE media [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY a%d "%s">' % (n, (b"&a%d;" % (n - 1) if n else b"&a;") * 10) for n in range(12)
)


@pytest.mark.parametrize(
    "octets",
    [
        BOMB + b"]><media><name>&a11;</name></media>",
        b'<!DOCTYPE media [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd">%p;]><media/>',
        b'<!DOCTYPE media SYSTEM "file:///etc/passwd"><media><name>&x;</name></media>',
        b"<media>" + b"<a>" * 100000,
        b"<media>" + b"<installNotifyURI" * 50000,
        b"<" * MAX_OCTETS + b"x",
        b"\xff\xfe\x00",
        bytes(range(256)),
    ],
    ids=["bomb", "parameter-entity", "external-subset", "deep", "half-tags", "less-than", "utf-16", "all-octets"],
)
def test_hostile_octets_are_refused_in_no_time(octets: bytes) -> None:
    begun = time.monotonic()
    with pytest.raises(DescriptorError):
        parse(octets)
    assert time.monotonic() - begun < 2


def test_a_report_goes_to_the_web_only() -> None:
    with pytest.raises(DescriptorError) as caught:
        parse(b"<media><installNotifyURI>file:///etc/passwd</installNotifyURI>")
    assert caught.value.install_notify_uri is None


def test_addresses_and_types() -> None:
    relative = dataclasses.replace(MINIMAL, object_uri="../p.bin", install_notify_uri="?n=1")
    assert relative.object_url("http://h/a/b/c.dd") == "http://h/a/p.bin"
    assert relative.notify_url("http://h/a/b/c.dd") == "http://h/a/b/c.dd?n=1"
    assert dataclasses.replace(MINIMAL, install_notify_uri=None).notify_url("http://h/") is None
    assert MINIMAL.allows("Application/Octet-Stream; x=1")
    assert not MINIMAL.allows("text/html")
    assert DESCRIPTOR_TYPE == "application/vnd.oma.dd+xml"


@pytest.mark.parametrize(
    ("body", "report"),
    [
        (b"900 Success", Report(900, "Success", True)),
        (b"900 Success \n\r", Report(900, "Success", True)),
        (b"901 insufficient memory", Report(901, "insufficient memory", True)),
        (b"900 Success\0", Report(900, "Success", True)),
        (b"900 153.2", Report(900, "153.2", True)),
        (b" \t954\t Loader Error\r\n", Report(954, "Loader Error", True)),
        (b"902", Report(902, "", True)),
        (b"\r\n902", Report(902, "", False)),
        (b"900Success", Report(900, "Success", False)),
        (b"200 OK", Report(200, "OK", False)),
        (b"900 a\nb", Report(900, "a", False)),
        (b"900 \xff", Report(900, "\\xff", True)),
        (b"9000", None),
        (b"status=900", None),
        (b"", None),
    ],
)
def test_reports_are_read(body: bytes, report: Report | None) -> None:
    assert parse_report(body) == report


def test_reports_are_written() -> None:
    assert format_report(900) == b"900 Success"
    for code in REPORTS:
        read = parse_report(format_report(code))
        assert read == Report(code, REPORTS[code], True)
    with pytest.raises(KeyError):
        format_report(904)
    assert len(REPORTS) == 10
