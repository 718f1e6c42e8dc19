"""junit.xml is well-formed and the same whatever a device sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from report_run import CATALOGUE, HOSTILE, finding, footer, header, result

from conformance.report.junit import junit
from conformance.report.record import Record


def _read(*lines: dict[str, Any]) -> Any:
    octets = junit(Record(header(), list(lines), footer()), CATALOGUE)
    return etree.fromstring(octets, etree.XMLParser(resolve_entities=False))


def test_each_verdict_has_its_element() -> None:
    root = _read(
        result("client/flows/t/a[xml]"),
        result(
            "client/flows/t/b",
            "fail",
            findings=[finding("FUMO-EXEC-002", "fail", expected="202", actual="200", event=6, message="early")],
            reason="FUMO-EXEC-002: early",
            evidence="evidence/client/flows/t/b",
        ),
        result("client/tree/t/c", "error", reason="port in use"),
        result("client/tree/t/d", "inconclusive", reason="nobody there"),
        result("server/tree/t/e", "not-applicable", cause="risk", reason="no power cuts"),
    )
    assert [suite.get("name") for suite in root] == ["client/flows", "client/tree", "server/tree"]
    assert {key: root.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5",
        "failures": "1",
        "errors": "1",
        "skipped": "2",
    }
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert cases["a[xml]"].get("classname") == "client.flows.t" and len(cases["a[xml]"]) == 0
    text = cases["b"].findtext("failure")
    for part in (
        "FUMO-EXEC-002 (FUMO TS 6.1): early",
        "expected: 202",
        "actual:   200",
        "event:    6",
        "evidence/client/flows/t/b",
    ):
        assert part in text
    assert cases["b"].find("failure").get("message") == "FUMO-EXEC-002: early"
    assert cases["c"].find("error").get("message") == "port in use"
    assert cases["d"].find("skipped").get("message") == "inconclusive: nobody there"
    assert cases["e"].find("skipped").get("message") == "not-applicable (risk): no power cuts"


@pytest.mark.parametrize(
    "text", [HOSTILE, "".join(map(chr, range(0x120))), "\ud800\udfff\ufffe\uffff", "]]>&amp;<!--", "<!DOCTYPE x>"]
)
def test_hostile_texts_stay_texts(text: str) -> None:
    broken = finding("FUMO-EXEC-002", "fail", expected=text, actual=text, message=text)
    record = Record(
        header(iuts=[{"name": text, "role": "client"}]),
        [
            result(f"client/{text}/t/{text}", "fail", findings=[broken], reason=text, title=text),
            result("client/flows/t/x", "error", reason=text),
            result("client/flows/t/y", "inconclusive", reason=text),
        ],
        footer(),
    )
    root = etree.fromstring(junit(record, CATALOGUE))
    assert {element.tag for element in root.iter()} == {
        "testsuites",
        "testsuite",
        "properties",
        "property",
        "testcase",
        "failure",
        "error",
        "skipped",
    }
    assert root.get("tests") == "3"


def test_what_xml_cannot_carry_is_replaced_and_the_rest_kept() -> None:
    root = _read(result("client/flows/t/x", "error", reason="a\x00b\x1b[c\ufffed é漢"))
    assert root.find(".//error").get("message") == "a�b�[c�d é漢"


def test_several_attempts_are_one_case() -> None:
    root = _read(result("client/flows/t/x", "fail", reason="once"), result("client/flows/t/x", attempt=2))
    assert root.get("tests") == "1" and root.get("failures") == "1"
    assert root.findtext(".//system-out") == "attempts: fail, pass"


def test_the_same_record_gives_the_same_octets() -> None:
    record = Record(header(), [result("client/flows/t/x"), result("client/flows/t/y", "fail")], footer())
    assert junit(record, CATALOGUE) == junit(record, CATALOGUE)


@pytest.mark.parametrize("text", ["plain", HOSTILE])
def test_build_servers_find_what_they_look_for(text: str) -> None:
    schema = etree.XMLSchema(etree.parse(Path(__file__).parent / "data" / "junit.xsd"))
    root = _read(
        result("client/flows/t/a[xml]", title=text),
        result("client/flows/t/b", "fail", findings=[finding("FUMO-EXEC-002", "fail", actual=text)], reason=text),
        result("client/flows/t/c", "fail", findings=[finding("FUMO-EXEC-002", "fail")], reason=text, known=text),
        result("client/tree/t/d", "error", reason=text, attempts=["error", "error"]),
        result("client/tree/t/e", "inconclusive", reason=text),
        result("server/tree/t/f", "not-applicable", cause="risk", reason=text),
    )
    schema.assertValid(root)
    root[0].remove(root[0][0])
    root[0].set("tests", "many")
    assert not schema.validate(root)
