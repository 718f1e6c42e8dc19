"""report.html: nothing in it is markup of a device, it is always the same, and a browser shows and filters it."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from report_run import CATALOGUE, HOSTILE, build, finding, footer, header, result, write_evidence, write_record

from conformance.report import html as module
from conformance.report.blocks import Blocks, Texts
from conformance.report.ladder import SHOWN, Ladders
from conformance.report.resemblance import Known, nearest
from conformance.report.write import write_reports
from conformance.transcript import MESSAGES, TRANSCRIPT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FIRST = "client/flows/download/row-0[xml-md5]"


def _data(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def _open(block: str) -> Any:
    return json.loads(zlib.decompress(base64.b64decode(block)))


def _details(page: str) -> list[dict[str, Any]]:
    return [detail for block in _data(page)["details"]["blocks"] for detail in _open(block)]


def _texts(page: str) -> list[str]:
    return [text for block in _data(page)["texts"]["blocks"] for text in _open(block)]


class Tags(HTMLParser):
    """Collects the tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = build(tmp_path_factory.mktemp("run"), 60)
    write_reports(folder, CATALOGUE)
    return (folder / "report.html").read_text(encoding="utf-8")


def test_all_reports_are_written_from_the_folder_and_are_the_same_each_time(tmp_path: Path) -> None:
    paths = write_reports(build(tmp_path, 12), CATALOGUE)
    assert [path.name for path in paths][:3] == ["junit.xml", "report.html", "summary.md"]
    before = [path.read_bytes() for path in paths]
    moved = tmp_path.rename(tmp_path.with_name("elsewhere"))
    assert [path.read_bytes() for path in write_reports(moved, CATALOGUE)] == before


def test_a_hostile_device_adds_no_markup(tmp_path: Path, page: str) -> None:
    write_reports(build(tmp_path, 6, name=HOSTILE, model=HOSTILE), CATALOGUE)
    hostile = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert Tags(hostile).tags == Tags(page).tags
    assert "<img" not in hostile and hostile.count("</script") == 2
    assert _data(hostile)["head"]["iuts"][0]["name"] == HOSTILE
    assert any("&lt;img src=x" in text for text in _texts(hostile))
    assert "<img" not in (tmp_path / "summary.md").read_text(encoding="utf-8").replace("&lt;img", "")


def test_the_page_needs_and_allows_nothing_from_outside(page: str) -> None:
    tags = Tags(page)
    assert not {name for name, _ in tags.attributes} & {"src", "srcset", "action", "data", "poster", "background"}
    assert {value for name, value in tags.attributes if name == "href"} == {"#cases"}
    assert not {"link", "img", "iframe", "object", "embed", "base", "form"} & set(tags.tags)
    style, script = re.search(r"<style>(.*?)</style>", page, re.DOTALL), re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert style and script
    assert not re.search(r"url\(|@import", style[1])
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|fetch\(|XMLHttp|import\(", script[1])
    policy = next(html.unescape(value) for _, value in tags.attributes if value.startswith("default-src"))
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for rule, text in (("script-src", script[1]), ("style-src", style[1])):
        assert rules[rule] == "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def test_what_the_page_holds(page: str) -> None:
    data = _data(page)
    main = _open(data["main"])
    assert data["head"]["word"] == "Fail" and data["head"]["status"] == 1
    assert data["head"]["counts"] == {"pass": 50, "fail": 2, "inconclusive": 2, "not-applicable": 6, "error": 0}
    assert len(main["results"]) == 60 and main["results"][0]["id"] == FIRST
    rows = {row["id"]: row for row in main["requirements"]}
    assert rows["FUMO-EXEC-002"]["outcome"] == "fail" and rows["FUMO-EXEC-002"]["counts"] == [0, 0, 2]
    assert rows["SRV-AUTH-002"]["aside"] and "aside" not in rows["FUMO-NODE-004"]
    assert main["readings"] == [["AMB-cause-to-code", "402", 7]]
    detail = _details(page)[main["results"][0].get("detail", 0)]
    assert detail["findings"][0]["event"] == 6 and detail["purpose"].startswith("An Exec")
    assert {name: count for name, _, count in detail["passed"]} == {"DM-STAT-001": 1, "DM-MSG-004": 1}
    sixth = next(row for row in detail["rows"] if row["n"] == 6)
    assert sixth["f"] == "device" and sixth["l"] == "MsgID 2: Status 200 \u00d72, Results, Status 200, Final"
    assert "<Data>10</Data>" in _texts(page)[sixth["x"]] and "POST https://dm.example.test/session" in _texts(page)[sixth["h"]]


def test_both_encodings_are_shown_as_xml_and_equal_texts_once(page: str) -> None:
    texts = _texts(page)
    assert len(texts) == len(set(texts))
    for number in (0, 1):
        detail = next(d for d in _details(page) if f"row-{number}[" in d["evidence"])
        first = next(row for row in detail["rows"] if row["k"] == "message")
        assert texts[first["x"]].startswith("<SyncML") and "\n  <SyncHdr>" in texts[first["x"]]


def test_evidence_that_is_missing_or_damaged_is_said_and_hurts_nothing(tmp_path: Path) -> None:
    ids = [f"client/flows/t/{name}" for name in ("gone", "outside", "bad", "type", "time", "escape", "lost", "none")]
    places = [f"evidence/{identity}" for identity in ids]
    places[1], places[7] = "../elsewhere", ""
    for place in (places[2], places[3], places[4], places[5], places[6]):
        write_evidence(tmp_path / place, 1)
    good = '{"n":1,"at":0,"kind":"note","from":"a","to":"b"}\n'
    (tmp_path / places[2] / TRANSCRIPT).write_text("{", encoding="utf-8")
    (tmp_path / places[3] / TRANSCRIPT).write_text(good.replace('"n":1', '"n":{}'), encoding="utf-8")
    (tmp_path / places[4] / TRANSCRIPT).write_text(good.replace('"at":0', '"at":1e999'), encoding="utf-8")
    (tmp_path / places[5] / TRANSCRIPT).write_text(good.replace("}", ',"file":"../../../../etc/passwd"}'), encoding="utf-8")
    for path in (tmp_path / places[6] / MESSAGES).iterdir():
        path.unlink()
    lines = [result(identity, evidence=place) for identity, place in zip(ids, places, strict=True)]
    write_record(tmp_path / "results.ndjson", header(), *lines, footer())
    write_reports(tmp_path, CATALOGUE)
    details = _details((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert details[1]["note"] == "The evidence lies outside the run folder." and details[7]["note"] == "Nothing was played."
    assert all("cannot be read" in details[number]["note"] for number in (0, 2, 3, 4, 5))
    assert [row["l"] for row in details[6]["rows"] if row["k"] == "message"] == [
        "a message whose octets are not in the evidence folder"
    ] * 4


def test_octets_that_are_no_message_are_shown_as_they_are(tmp_path: Path) -> None:
    write_evidence(tmp_path / "evidence/x", 1)
    files = sorted((tmp_path / "evidence/x" / MESSAGES).iterdir())
    for path, octets in zip(
        files, (b"", b"<SyncML>", b"\x00\xff" * 9, b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), strict=True
    ):
        path.write_bytes(octets)
    texts = Texts(10**6)
    rows = [row for row in Ladders(texts).read(tmp_path, "evidence/x")["rows"] if row["k"] == "message"]
    assert [row["l"] for row in rows] == ["no body", "no message", "no message", "no message"]
    shown = _open(texts.blocks.data()["blocks"][0])
    assert "not a message" in shown[rows[2]["x"]] and "00 ff" in shown[rows[2]["x"]]


def test_a_long_body_is_shortened_with_a_note(tmp_path: Path) -> None:
    write_evidence(tmp_path / "evidence/x", 1, model="long " * SHOWN)
    texts = Texts(10**6)
    Ladders(texts).read(tmp_path, "evidence/x")
    longest = max((text for block in texts.blocks.data()["blocks"] for text in _open(block)), key=len)
    assert SHOWN < len(longest) < SHOWN + 100 and longest.rstrip().endswith("all of it is in the evidence folder]")


def test_blocks_and_their_budget() -> None:
    blocks = Blocks()
    values = [f"{number} " * 4000 for number in range(90)]
    assert [blocks.add(value) for value in values] == list(range(90))
    packed = blocks.data()
    assert len(packed["blocks"]) > 2 and packed["starts"][0] == 0
    assert [value for block in packed["blocks"] for value in _open(block)] == values
    assert packed["starts"] == [int(_open(block)[0].split()[0]) for block in packed["blocks"]]
    texts = Texts(5000)
    numbers = [texts.add(hashlib.sha512(str(n).encode()).hexdigest() * 40) for n in range(200)]
    assert numbers[-1] == -1 and texts.left_out == numbers.count(-1) and texts.add(hashlib.sha512(b"0").hexdigest() * 40) == 0


def test_messages_of_failures_come_first_where_not_all_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TEXTS", 1)
    monkeypatch.setattr("conformance.report.blocks._BLOCK", 3000)
    build(tmp_path, 41)
    write_reports(tmp_path, CATALOGUE)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    main = _open(_data(text)["main"])["results"]
    details = _details(text)
    assert details[main[0].get("detail", 0)]["rows"][3]["x"] >= 0
    assert details[main[2]["detail"]]["rows"][3]["x"] == -1
    assert _data(text)["leftOut"] > 100


@pytest.mark.parametrize("count", [0, 1])
def test_a_run_that_says_nothing_says_so(tmp_path: Path, count: int) -> None:
    write_record(
        tmp_path / "results.ndjson", header(), *[result("client/a/t/x", "error", reason="x", findings=[finding()])] * count
    )
    write_reports(tmp_path, CATALOGUE)
    head = _data((tmp_path / "report.html").read_text(encoding="utf-8"))["head"]
    assert head["word"] == "No verdict" and head["status"] == 3 and head["why"].startswith("The run has not ended")
    assert (tmp_path / "summary.md").read_text(encoding="utf-8").startswith("# NO VERDICT: Acme X1 4.2.0\n")


def _dom(folder: Path, address: str = "") -> str:
    command = [
        str(CHROMIUM),
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        f"--user-data-dir={folder / 'profile'}",
        "--virtual-time-budget=10000",
        "--dump-dom",
        f"{(folder / 'report.html').as_uri()}{address}",
    ]
    return subprocess.run(command, capture_output=True, check=True, timeout=60, text=True, encoding="utf-8").stdout


@pytest.mark.oracle
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_browser_shows_and_filters(tmp_path: Path) -> None:
    write_reports(build(tmp_path, 60, name=HOSTILE, model=HOSTILE), CATALOGUE)
    dom = _dom(tmp_path)
    assert 'data-ready="yes"' in dom and 'id="problem" class="problem" role="alert" hidden' in dom
    shown = re.findall(r'class="case" data-id="([^"]+)"', dom)
    assert len(shown) == 60 and shown[0] == FIRST and ">60 cases of 60.<" in dom
    assert "<img" not in dom and "&lt;img src=x onerror=alert(1)&gt;" in dom and "\u202e" not in dom.split("<script")[0]
    filtered = _dom(tmp_path, f"#verdict=fail&theme=flows&text=row-0&requirement=FUMO-EXEC-002&case={quote(FIRST, safe='')}")
    assert re.findall(r'class="case" data-id="([^"]+)"', filtered) == [FIRST] and ">1 case of 60.<" in filtered
    assert "<svg" in filtered and 'class="event broken"' in filtered and "✗ FUMO-EXEC-002" in filtered
    assert '<span class="tag">&lt;SyncHdr&gt;</span>' in filtered and "one Status for each command" in filtered


@pytest.mark.oracle
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_browser_shows_three_thousand_results_of_a_small_file(tmp_path: Path) -> None:
    write_reports(build(tmp_path, 3000, evidence=False), CATALOGUE)
    assert (tmp_path / "report.html").stat().st_size < 400_000
    dom = _dom(tmp_path, "#verdict=not-applicable&text=nowhere")
    assert len(re.findall(r'class="case" data-id=', dom)) == 0 and ">0 cases of 3,000.<" in dom
    dom = _dom(tmp_path, "#verdict=not-applicable&verdict=fail")
    assert len(re.findall(r'class="case" data-id=', dom)) == 100 and "the first 100 shown" in dom


@pytest.mark.oracle
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_failing_case_says_why_and_shows_where(tmp_path: Path) -> None:
    known = [
        Known("answers-early", "client", "Answers too early.", ("FUMO-EXEC-002",)),
        Known("other-role", "server", "Is a server.", ("FUMO-EXEC-002",)),
    ]
    write_reports(build(tmp_path, 12), CATALOGUE, known=known)
    shown = _dom(tmp_path, f"#{quote(FIRST, safe='')}")
    assert re.search(r'<details class="case" data-id="[^"]*row-0[^"]*" open=""', shown)
    why = shown[shown.index('class="why-box"') :]
    assert "First wrong: " in why and "An Exec that goes on is answered 202." in why and "FUMO TS 6.1" in why
    assert "Answers too early." in why and "Is a server." not in why
    assert '<mark>200</mark>' in shown, "the value that the finding quotes is marked in the message"
    assert re.search(r"As octets \(\d+, secrets masked\)", shown) and "3c 53 79 6e 63 4d 4c" in shown  # <SyncML
    heat = re.findall(r'class="heat-(\w+)" title="([^"]+)"', shown)
    assert ("fail", "FUMO TS 6.1: fail, 1 requirement") in heat
    assert ("none", "FUMO TS 6.2: not exercised, 1 requirement") in heat


def test_octets_are_there_for_what_went_wrong_only(tmp_path: Path) -> None:
    write_reports(build(tmp_path, 12), CATALOGUE)
    details = _details((tmp_path / "report.html").read_text(encoding="utf-8"))
    with_octets = [detail for detail in details if any("b" in row for row in detail["rows"])]
    assert with_octets and all(detail["findings"] for detail in with_octets)


@pytest.mark.parametrize(
    ("case", "broken", "expected"),
    [
        ("c/one", ["A-1"], "a"),
        ("c/one", ["A-1", "A-2"], "b"),
        ("c/seen", ["A-1", "A-2"], "b"),
        ("c/seen", ["A-1"], "c"),
        ("c/one", ["B-1"], None),
        ("c/one", [f"A-{n}" for n in range(20)], None),
    ],
)
def test_what_a_failure_looks_like(case: str, broken: list[str], expected: str | None) -> None:
    known = [
        Known("a", "client", "One.", ("A-1",)), Known("b", "client", "Two.", ("A-1", "A-2")),
        Known("c", "client", "Three.", ("A-1",), "c/seen"), Known("s", "server", "Four.", ("B-1",)),
    ]
    found = nearest(known, "client", case, broken)
    assert (found.id if found else None) == expected


@pytest.mark.long
def test_three_thousand_results_take_four_megabytes_at_most(tmp_path: Path) -> None:
    folder = build(tmp_path, 3000)
    write_reports(folder, CATALOGUE)
    assert (folder / "report.html").stat().st_size <= 4 * 2**20
