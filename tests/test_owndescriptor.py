"""Descriptors that the suite makes wrong: wrong in what they say, and in nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from conformance.download.descriptor import DescriptorError, outline, parse
from conformance.harness.owndescriptor import FORMS, combined, document, places

URL, REPORT, HIDDEN = "http://c.example/c1/good.bin?a=1&b=2", "http://c.example/c1/report", "http://c.example/c1/hidden"
ILL_FORMED = {"not-well-formed", "raw-ampersand", "empty", "html", "entity-bomb"}
"""Forms that a careful reader refuses; the bomb is well-formed, but libxml sees it coming."""
READ = {"plain", "any-order", "prefixed", "no-namespace", "utf-16", "mark", "padded", "relative", "multipart"}


def made(**given: Any) -> bytes:
    return document(given, URL, 4096, "application/x-package", REPORT, HIDDEN)


@pytest.mark.parametrize("form", FORMS)
def test_only_some_forms_cannot_be_read(form: str) -> None:
    try:
        etree.fromstring(made(form=form), etree.XMLParser(resolve_entities=False, huge_tree=True))
        good = True
    except etree.XMLSyntaxError:
        good = False
    assert good is (form not in ILL_FORMED)


@pytest.mark.parametrize("form", sorted(READ))
def test_dl_021_032_right_forms_say_the_same(form: str) -> None:
    found = parse(made(form=form))
    assert (found.size, found.types, found.notify_url(URL)) == (4096, ("application/x-package",), REPORT)
    assert found.object_url("http://c.example/c1/package.dd").startswith("http://c.example/c1/good.bin")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"without": ["size"]}, 906), ({"without": ["type"]}, 906), ({"without": ["objectURI"]}, 906), ({"size": 0}, 906),
        ({"size": "large"}, 906), ({"version": "2.0"}, 951), ({"form": "nested"}, 906), ({"form": "twice"}, 906),
        ({"form": "wrong-root"}, 906), ({"form": "not-well-formed"}, 906), ({"form": "raw-ampersand"}, 906),
        ({"form": "entity-bomb"}, 906), ({"form": "external-entity"}, 906), ({"form": "huge"}, 906),
    ],
)  # fmt: skip
def test_dl_011_012_013_wrong_ones_are_reported(given: dict[str, Any], code: int) -> None:
    with pytest.raises(DescriptorError) as caught:
        parse(made(**given))
    assert (caught.value.code, caught.value.install_notify_uri) == (code, REPORT)


def test_one_thing_is_wrong_at_a_time() -> None:
    plain = outline(made())[1]
    assert [name for name, _ in plain] == ["DDVersion", "name", "type", "size", "objectURI", "installNotifyURI"]
    for name, _ in plain:
        assert outline(made(without=[name]))[1] == [each for each in plain if each[0] != name]
    assert dict(outline(made(size="+7"))[1])["size"] == "4103" and dict(outline(made(size="-7"))[1])["size"] == "4089"
    assert len(dict(outline(made(param=8192))[1])["installParam"]) == 8192
    assert dict(plain)["objectURI"] == URL
    assert outline(made(form="no-namespace"))[0] == "{}media" and outline(made())[0] == "media"
    assert outline(made(types=["a/b", "c/d"]))[1][2:4] == [("type", "a/b"), ("type", "c/d")]


def test_dl_024_bomb_is_small_and_names_itself() -> None:
    octets = made(form="entity-bomb")
    assert len(octets) < 2000 and b"&e12;" in octets
    assert HIDDEN.encode() in made(form="external-entity")


def test_dl_007_places_of_descriptor_and_reports() -> None:
    assert places({}, "http://c/c1") == ("http://c/c1/package.dd", "http://c/c1/report")
    assert places({"notify": False}, "http://c/c1")[1] == ""
    assert places({"notify": "http://x/y", "at": "http://c/d"}, "http://c/c1") == ("http://c/d", "http://x/y")
    assert b"installNotifyURI" not in document({}, URL, 1, "a/b", "", HIDDEN)


def test_dl_036_both_in_one() -> None:
    body, media = combined(made(), b"PACKAGE", "application/x-package")
    assert media.startswith("multipart/related") and body.index(b"<media") < body.index(b"PACKAGE")
    assert body.count(b"--part-of-a-descriptor") == 3
