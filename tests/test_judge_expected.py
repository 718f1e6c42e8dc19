"""What a finding tells a reader: the word of the protocol that was expected, and where; for every requirement with one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import test_judge_rules_course as course
import test_judge_rules_dm as dm
import test_judge_rules_fumo as fumo
import test_judge_rules_further as further
import test_judge_rules_seen as seen
import test_judge_rules_sessions as sessions
import test_judge_variations_credentials as credentials
import test_judge_variations_message as message
import test_judge_variations_objects as objects
import test_judge_variations_package as package
import test_judge_variations_session as session
import test_judge_variations_trigger as trigger
from judge_builder import Script

from conformance.judge.finding import PASS, Finding

Broken = tuple[str, str, Callable[[], Script], Callable[[Script], Any]]
ALL = (course, dm, fumo, further, seen, sessions, credentials, message, objects, package, session, trigger)
WORDS: dict[str, tuple[str, ...]] = {
    "DL-004": ("application/vnd.oma.dd+xml",), "DL-008": ("POST",), "DL-011": ("951",), "DL-012": ("906",),
    "DM-ABT-002": ("Final",), "DM-ABT-005": ("silence",), "DM-AUTH-010": ("credentials",), "DM-AUTH-015": ("silence",),
    "DM-AUTH-007": ("B64(MD5(B64(MD5(name:password)):nonce))",), "DM-AUTH-011": ("syncml:auth-basic",), "DM-AUTH-020": ("200",),
    "DM-CMD-016": ("job",), "DM-CMD-022": ("200",), "DM-CMD-029": ("Target",), "DM-ENC-008": ("xml",), "DM-HDR-001": ("1.2",),
    "DM-HDR-002": ("DM/1.2",), "DM-HDR-003": ("1",), "DM-HDR-004": ("1A",), "DM-HDR-007": ("1",), "DM-HDR-011": ("Exec", "Get"),
    "DM-HMAC-002": ("B64(MD5(B64(MD5(name:password)):nonce:B64(MD5(body))))",), "DM-HMAC-004": ("x-syncml-hmac",),
    "DM-HTTP-001": ("POST",), "DM-LIST-002": ("Source",), "DM-LOB-002": ("true",), "DM-LOB-003": ("MoreData",), "DM-LOB-006": ("213",),
    "DM-LOB-009": ("424",), "DM-LOB-018": ("true",), "DM-LOB-021": ("213",), "DM-MSG-001": ("Final",), "DM-MSG-005": ("Final",),
    "DM-NOTI-003": ("0",), "DM-NOTI-007": ("1A",), "DM-SES-005": ("Final",), "DM-SES-007": ("silence",), "DM-STA-001": ("SyncHdr",),
    "DM-STD-005": ("true",), "DM-STD-007": ("405",), "DM-TND-005": ("406",), "DM-TND-007": ("405",), "DM-TND-012": ("Node",),
    "DM-TND-015": ("node",), "FUMO-ALERT-002": ("1226",), "FUMO-ALERT-003": ("FUMO/Fw1",), "FUMO-ALERT-007": ("job",),
    "FUMO-ALERT-012": ("int",), "FUMO-ALERT-019": ("two",), "FUMO-CI-002": ("1226",), "FUMO-CI-013": ("202",), "FUMO-EXEC-002": ("202",),
    "FUMO-STATE-009": ("60",), "NOTI-002": ("11",), "NOTI-003": ("0",), "NOTI-007": ("1A",), "PUSH-001": ("C4",),
    "WBXML-001": ("application/vnd.syncml.dm+xml", "application/vnd.syncml.dm+wbxml"), "WBXML-008": ("UTF-8",),
    "WBXML-031": ("wbxml",), "WBXML-032": ("B64(MD5(B64(MD5(name:password)):nonce:B64(MD5(body))))",),
}  # fmt: skip


def rows() -> dict[str, list[Broken]]:
    """The rows of all tables by requirement."""
    found: dict[str, list[Broken]] = {}
    for each in ALL:
        for row in each.ROWS:
            made = (row.requirement, row.side, row.base, row.spoil) if isinstance(row, dm.Row) else tuple(row[:4])
            found.setdefault(made[0], []).append(made)
    return found


ROWS = rows()


def told(requirement: str) -> list[Finding]:
    """What is said where the rows about a requirement break it."""
    found = []
    for _, side, base, spoil in ROWS[requirement]:
        script = base()
        spoil(script)
        found += [f for f in script.judge(side) if f.requirement == requirement and f.outcome != PASS]
    return found


@pytest.mark.parametrize("requirement", sorted(ROWS))
def test_a_breach_says_what_was_expected_and_of_what(requirement: str) -> None:
    found = told(requirement)
    for each in found:
        assert each.expected and each.expected != "nothing" and each.message not in ("", "nothing")
        assert "None" not in each.expected + each.message
    words = {each.expected for each in found if " " not in each.expected}
    if requirement in WORDS:
        assert words == set(WORDS[requirement])


def test_each_word_belongs_to_a_row() -> None:
    assert set(WORDS) <= set(ROWS)
