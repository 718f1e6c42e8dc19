"""``junit.xml``: the record in the form that build servers read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lxml import etree

from conformance.judge.finding import ERROR, FAIL, INCONCLUSIVE, NOT_APPLICABLE, Requirement
from conformance.report.record import Line, Record, failures, known_faults, latest

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot carry, not even as a reference (XML 1.0, 2.2)."""


def junit(record: Record, catalogue: Mapping[str, Requirement]) -> bytes:
    """The octets of ``junit.xml``: a suite for each role and theme, a case for each permutation.

    Inconclusive and not applicable cases are skipped ones, and so are known failures; a known failure that is not true any
    more is a failed case of a suite of its own. The same record gives the same octets.
    """
    results = latest(record.results)
    root = etree.Element("testsuites", name="fumo-conformance")
    wrong = known_faults(record)
    _totals(root, results, len(wrong))
    suites: dict[str, list[Line]] = {}
    for line in results:
        suites.setdefault(f"{line['role']}/{line['theme']}", []).append(line)
    for name, lines in sorted(suites.items()):
        suite = etree.SubElement(root, "testsuite", name=legal(name), timestamp=legal(record.header["started"]))
        _totals(suite, lines)
        properties = etree.SubElement(suite, "properties")
        for key, value in _facts(record):
            etree.SubElement(properties, "property", name=legal(key), value=legal(value))
        for line in lines:
            _case(suite, line, catalogue)
    if wrong:
        _known(root, wrong, record)
    octets: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return octets


def write_junit(path: Path, record: Record, catalogue: Mapping[str, Requirement]) -> None:
    """Writes ``junit.xml``."""
    path.write_bytes(junit(record, catalogue))


def legal(text: str) -> str:
    """The text with U+FFFD in place of what XML cannot carry."""
    return _ILLEGAL.sub("�", text)


def _facts(record: Record) -> list[tuple[str, str]]:
    known = ("name", "version", "vendor", "role", "digest")
    facts = [(f"iut.{key}", str(iut[key])) for iut in record.iuts for key in known if key in iut]
    how = ("suite", "testcases", "seed", "permutations", "strict")
    return facts + [(key, str(record.header.get(key, ""))) for key in how]


def _known(root: Any, wrong: list[str], record: Record) -> None:
    """What is not true any more of the known failures."""
    suite = etree.SubElement(root, "testsuite", name="known-failures", timestamp=legal(record.header["started"]))
    _totals(suite, [], len(wrong))
    for fault in wrong:
        case = etree.SubElement(suite, "testcase", classname="known-failures", name=legal(fault), time="0.000")
        etree.SubElement(case, "failure", type="known", message=legal(fault))


def _totals(element: Any, lines: Iterable[Line], wrong: int = 0) -> None:
    listed = list(lines)
    skipped = sum(line["verdict"] in (INCONCLUSIVE, NOT_APPLICABLE) for line in listed) + len(failures(listed, known=True))
    values = {
        "tests": len(listed) + wrong, "failures": len(failures(listed)) + wrong,
        "errors": sum(line["verdict"] == ERROR for line in listed), "skipped": skipped,
    }
    for key, value in values.items():
        element.set(key, str(value))
    element.set("time", f"{sum(line['seconds'] for line in listed):.3f}")


def _case(suite: Any, line: Line, catalogue: Mapping[str, Requirement]) -> None:
    table, _, row = line["id"].partition("[")[0].rpartition("/")
    case = etree.SubElement(
        suite, "testcase", classname=legal(table.replace("/", ".")), name=legal(line["id"][len(table) + 1 :] or row),
        time=f"{line['seconds']:.3f}",
    )
    if line["verdict"] == FAIL and line.get("known"):
        etree.SubElement(case, "skipped", message=legal(f"known failure: {line['known']}"))
        etree.SubElement(case, "system-out").text = legal(_failures(line, catalogue))
    elif line["verdict"] == FAIL:
        failure = etree.SubElement(case, "failure", type="fail", message=legal(line["reason"] or line["title"]))
        failure.text = legal(_failures(line, catalogue))
    elif line["verdict"] == ERROR:
        etree.SubElement(case, "error", type="error", message=legal(line["reason"])).text = legal(_evidence(line))
    elif line["verdict"] in (INCONCLUSIVE, NOT_APPLICABLE):
        cause = f" ({line['cause']})" if line.get("cause") else ""
        etree.SubElement(case, "skipped", message=legal(f"{line['verdict']}{cause}: {line['reason']}"))
    if line.get("attempts"):
        etree.SubElement(case, "system-out").text = legal(f"attempts: {', '.join(line['attempts'])}")


def _failures(line: Line, catalogue: Mapping[str, Requirement]) -> str:
    blocks = []
    for finding in line["findings"]:
        if finding["outcome"] != FAIL:
            continue
        requirement = catalogue.get(finding["requirement"])
        where = f" ({requirement.section})" if requirement and requirement.section else ""
        event = f"\nevent:    {finding['event']}" if finding["event"] is not None else ""
        blocks.append(
            f"{finding['requirement']}{where}: {finding['message']}\n"
            f"expected: {finding['expected']}\nactual:   {finding['actual']}{event}\n"
        )
    return "\n".join(["", *blocks, _evidence(line)])


def _evidence(line: Line) -> str:
    return f"evidence: {line['evidence']}\n" if line["evidence"] else ""
