"""What the terminal shows: summary, progress, and nothing that a device could steer the terminal with."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from report_run import CATALOGUE, HOSTILE, finding, footer, header, result
from rich.console import Console

from conformance.report.console import Progress, failure_text, new_console, print_summary
from conformance.report.github import workflow_commands
from conformance.report.record import Record
from conformance.report.text import markdown, middle, shorten, visible


class Stream(io.StringIO):
    """A stream in an encoding of our choice."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding


def summary(record: Record, folder: Path = Path("/runs/one"), encoding: str = "utf-8") -> str:
    stream = Stream(encoding)
    print_summary(record, CATALOGUE, folder, new_console(stream))
    return stream.getvalue()


def failed(number: int = 0, **changes: Any) -> dict[str, Any]:
    broken = finding("FUMO-EXEC-002", "fail", expected="Status 202", actual="Status 200", event=6, message="answered too early")
    return result(
        f"client/flows/t/r{number}", "fail", evidence=f"evidence/client/flows/t/r{number}", findings=[broken | changes]
    )


def test_the_summary_in_a_pipe_is_plain_and_narrow() -> None:
    record = Record(header(), [result("client/flows/t/a"), result("server/" + "x" * 70 + "/t/b"), failed()], footer())
    text = summary(record)
    assert "\x1b" not in text
    table = text[: text.index("FAIL client")]
    assert max(map(len, table.splitlines())) <= 80
    assert [line.split() for line in table.splitlines() if line.startswith(" client/flows")] == [
        ["client/flows", "1", "1", "-", "-", "-"]
    ]
    assert text.splitlines()[-1] == "Run folder: /runs/one"
    for part in (
        "FUMO-EXEC-002 (FUMO TS 6.1): answered too early [event 6]",
        "expected: Status 202",
        "actual:   Status 200",
        "evidence: evidence/client/flows/t/r0",
        "FAIL: 2 pass, 1 fail",
    ):
        assert part in text


def test_a_long_run_folder_is_not_broken_over_lines() -> None:
    folder = Path("/" + "a-long-name/" * 20)
    assert summary(Record(header(), [failed()], footer()), folder).splitlines()[-1] == f"Run folder: {folder}"


def test_twenty_failures_are_shown() -> None:
    text = summary(Record(header(), [failed(number) for number in range(23)], footer()))
    assert text.count("expected: ") == 20 and "and 3 more; see report.html" in text
    assert "more; see" not in summary(Record(header(), [failed(number) for number in range(20)], footer()))


def test_warnings_are_counted_by_cause() -> None:
    lines = [
        result("client/a/t/1", findings=[finding("A", "warn"), finding("A", "warn"), finding("B", "warn", cause="tolerated")]),
        result("client/a/t/2", findings=[finding("C", "warn"), finding("D", "warn", cause="unconfirmed")]),
    ]
    text = summary(Record(header(), lines, footer()))
    assert "3 warnings (should), 2 requirements" in text
    assert "1 warning (unconfirmed), 1 requirement" in text and "1 warning (tolerated), 1 requirement" in text


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_nothing_that_was_received_steers_the_terminal(encoding: str) -> None:
    line = failed(actual=HOSTILE + "\ud800\x9b31m", message=HOSTILE) | {"title": HOSTILE, "reason": HOSTILE}
    record = Record(header(), [line, result("client/a/t/e", "error", reason=HOSTILE)], footer(complete=False, reason=HOSTILE))
    text = summary(record, encoding=encoding)
    text.encode(encoding)
    assert not {c for c in text if c in "\x1b\x07\x9b\u202e\ud800"}
    assert "[bold]:smile:" in text and "\\x1b[31m" in text
    shown = failure_text(line, "x.yaml:3")
    assert "\x1b" not in shown and "\\u202e" in shown and "actual:" in shown


def test_progress_in_a_pipe_is_a_line_for_each_case() -> None:
    stream = Stream()
    with Progress(new_console(stream)) as progress:
        progress.start(200)
        for number in range(12):
            progress.at(f"testcases/client/flows/t.yaml::r{number}")
            progress.done(result("client/flows/" + "long/" * 20 + f"r{number}[xml-md5]"))
    lines = stream.getvalue().splitlines()
    assert len(lines) == 12
    assert lines[11].split() == ["[", "12/200]", "pass", "client/flows/" + "long/" * 20 + "r11[xml-md5]", "0.03", "s"]


def _terminal(monkeypatch: pytest.MonkeyPatch, no_color: bool) -> tuple[Stream, Console]:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    stream = Stream()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    return stream, new_console(stream)


@pytest.mark.parametrize("no_color", [False, True])
def test_colours_on_a_terminal_unless_unwanted(monkeypatch: pytest.MonkeyPatch, no_color: bool) -> None:
    stream, console = _terminal(monkeypatch, no_color)
    print_summary(Record(header(), [failed()], footer()), CATALOGUE, Path("/r"), console)
    assert ("31m" in stream.getvalue()) is not no_color


def test_a_bar_on_a_terminal_keeps_what_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, console = _terminal(monkeypatch, False)
    with Progress(console) as progress:
        progress.start(2)
        progress.at("client/flows/t.yaml::first[\x1b[31m]")
        progress.done(result("client/flows/t/first"))
        progress.done(failed(7))
    text = stream.getvalue()
    assert "client/flows/t/r7" in text and "client/flows/t/first" not in text
    assert "2/2" in text and "[\x1b[31m]" not in text


def test_progress_without_a_start_does_not_fail() -> None:
    stream = Stream()
    with Progress(new_console(stream)) as progress:
        progress.at("x")
        progress.done(result("client/flows/t/a", "error"))
    assert stream.getvalue().startswith("[1/1] error ")


def test_texts() -> None:
    assert visible("a\tb\x00\u2028é漢\U000e0001") == "a\\x09b\\x00\\u2028é漢\\U000e0001"
    assert visible("a\nb", keep="\n") == "a\nb"
    assert shorten("abcdefgh", 6) == "abc..." and shorten("abc", 3) == "abc" and middle("abcdefghij", 7) == "ab...ij"
    assert markdown("a|b*<i>[x](http://e.x)\n") == "a\\|b\\*&lt;i\\>\\[x\\](http&#8203;://e.x)\\\\x0a"


def test_a_failure_is_told_when_it_happens() -> None:
    stream = Stream()
    with Progress(new_console(stream)) as progress:
        progress.start(2)
        progress.done(failed())
    first, second = stream.getvalue().splitlines()
    assert first.startswith("[1/2] fail") and second == "    FUMO-EXEC-002: answered too early"


def test_quiet_shows_failures_and_the_verdict_only() -> None:
    stream = Stream()
    console = new_console(stream)
    with Progress(console, quiet=True) as progress:
        progress.start(3)
        for line in (result("client/flows/t/a"), result("client/flows/t/b", "inconclusive"), failed()):
            progress.done(line)
    assert [line.split()[0] for line in stream.getvalue().splitlines()] == ["[3/3]", "FUMO-EXEC-002:"]
    print_summary(Record(header(), [failed()], footer()), CATALOGUE, Path("/runs/one"), console, brief=True)
    text = stream.getvalue()
    assert "theme" not in text and "FAIL: 1 fail" in text


@pytest.mark.parametrize("colors", [True, False])
def test_colours_can_be_turned_off(monkeypatch: pytest.MonkeyPatch, colors: bool) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Stream()
    print_summary(Record(header(), [failed()], footer()), CATALOGUE, Path("/r"), new_console(stream, colors))
    assert ("\x1b[1;31m" in stream.getvalue()) is colors


# ---- GitHub --------------------------------------------------------------------------------------------------------


def test_annotations_name_case_requirement_and_section() -> None:
    record = Record(header(), [result("client/flows/t/a"), failed(), result("client/flows/t/e", "error", reason="no port")], footer())
    lines = list(workflow_commands(record, CATALOGUE))
    assert lines[0] == (
        "::error title=client/flows/t/r0%3A title of r0::FUMO-EXEC-002 (FUMO TS 6.1): answered too early; "
        "expected Status 202; got Status 200"
    )
    assert lines[1] == "::warning title=client/flows/t/e was not judged::no port"
    assert lines[2].startswith("::notice title=Conformance::1 case ended in an error")


def test_annotations_are_bounded_and_hold_no_command() -> None:
    hostile = "x\r\n::error::owned %0A,:\x1b[31m"
    record = Record(header(), [failed(number, message=hostile) for number in range(40)], footer())
    lines = list(workflow_commands(record, CATALOGUE))
    assert len(lines) == 11
    assert all("\n" not in line and "\r" not in line and "\x1b" not in line for line in lines)
    assert "%250A" in lines[0]
