"""Comparing what came with what is expected of it."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.judge.matcher import describe, match


@pytest.mark.parametrize(
    ("wanted", "came", "outcome"),
    [
        (200, "200", "pass"),
        (200, "0200", "broken"),
        (200, "201", "broken"),
        (200, None, "broken"),
        ("200", "200", "pass"),
        ("", "", "pass"),
        ("", None, "broken"),
        ("absent", None, "pass"),
        ("absent", "", "broken"),
        ("absent", "absent", "broken"),
        (True, "true", "pass"),
        (True, "True", "broken"),
        (False, "false", "pass"),
        (True, "1", "broken"),
        ([40, 50], "50", "pass"),
        ([40, 50], "45", "broken"),
        ("250..299", "250", "pass"),
        ("250..299", "299", "pass"),
        ("250..299", "300", "broken"),
        ("250..299", "249", "broken"),
        ("250..299", "x", "broken"),
        ("250..299", None, "broken"),
        ("250..299", "", "broken"),
        ("250..299", "\u00b2", "broken"),
        ("250..299", "2" * 5000, "broken"),
        ({"class": "error"}, "4\u00b2\u00b2", "broken"),
        ("250..299", "\u0662\u0665\u0660", "broken"),
        (["200", "250..299"], "260", "pass"),
        ([200, "absent"], None, "pass"),
        ({"class": "success"}, "202", "pass"),
        ({"class": "success"}, "404", "broken"),
        ({"class": "success"}, "20", "broken"),
        ({"class": "success"}, "2000", "broken"),
        ({"class": "success"}, None, "broken"),
        ({"class": "error"}, "404", "pass"),
        ({"class": "error"}, "500", "pass"),
        ({"class": "error"}, "200", "broken"),
        ({"class": "error"}, "302", "broken"),
        ({"matches": "[0-9]+"}, "123", "pass"),
        ({"matches": "[0-9]+"}, "123a", "broken"),
        ({"matches": ".*"}, None, "broken"),
        ({"not": 200}, "404", "pass"),
        ({"not": 200}, "200", "broken"),
        ({"not": [200, 202]}, "202", "broken"),
        ({"not": 200}, None, "pass"),
        ({"not": ["200", "absent"]}, None, "broken"),
        ({"class": "error", "not": 404}, "404", "broken"),
        ({"class": "error", "not": 404}, "405", "pass"),
        ({"expect": 200, "matches": "2.."}, "200", "pass"),
        ({"expect": [200, 404], "matches": "2.."}, "404", "broken"),
        ({"expect": 200, "accept": [202], "because": "AMB-x"}, "200", "pass"),
        ({"expect": 200, "accept": [202], "because": "AMB-x"}, "202", "tolerated"),
        ({"expect": 200, "accept": 202, "because": "AMB-x"}, "202", "tolerated"),
        ({"expect": 200, "accept": ["250..299"], "because": "AMB-x"}, "260", "tolerated"),
        ({"expect": 200, "accept": [202], "because": "AMB-x"}, "404", "broken"),
        ({"expect": 200, "accept": ["absent"], "because": "AMB-x"}, None, "tolerated"),
        ({"class": "error", "accept": [200], "because": "AMB-x"}, "200", "tolerated"),
        ({}, "anything", "pass"),
        ({}, None, "broken"),
        ({"ensures": "A-1"}, "x", "pass"),
    ],
)
def test_matching(wanted: Any, came: str | None, outcome: str) -> None:
    assert match(wanted, came).outcome == outcome


def test_a_match_names_ambiguity_and_requirement() -> None:
    wanted = {"expect": 200, "accept": [202], "because": "AMB-x", "ensures": "A-1"}
    passed, tolerated, broken = (match(wanted, code) for code in ("200", "202", "404"))
    assert (passed.ambiguity, tolerated.ambiguity, broken.ambiguity) == ("", "AMB-x", "AMB-x")
    assert {passed.requirement, tolerated.requirement, broken.requirement} == {"A-1"}
    assert match(200, "200").requirement == ""


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"expect": 200}, "200"),
        ({"expect": [200, "absent", ""]}, "200 or nothing or an empty value"),
        ({"expect": True}, "true"),
        ({"class": "error", "not": [404, 405]}, "an error (4xx or 5xx), not 404 nor 405"),
        ({"class": "success"}, "a success (2xx)"),
        ({"matches": "[a-z]+"}, "text that matches [a-z]+"),
        ({}, "anything"),
    ],
)
def test_an_expectation_in_words(wanted: dict[str, Any], words: str) -> None:
    assert describe(wanted) == words


@pytest.mark.parametrize(("came", "outcome"), [("1", "pass"), ("2", "tolerated"), ("3", "broken"), (None, "broken")])
def test_what_was_expected_is_told_whatever_came(came: str | None, outcome: str) -> None:
    found = match({"expect": 1, "accept": 2, "because": "AMB-x", "ensures": "R-1"}, came)
    assert (found.outcome, found.expected, found.requirement) == (outcome, "1", "R-1")
