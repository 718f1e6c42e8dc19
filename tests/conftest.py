"""What holds for all tests: repeatable examples in CI, and no second opinion left out there."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

CI = os.environ.get("CI", "").lower() not in ("", "0", "false", "no")

pytest_plugins = ["resuming"]

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if CI else "default"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test that is marked ``oracle`` fails: the program it asks must be there. Known limits of a
    program are expected failures (``pytest.xfail``), which stay what they are."""
    report = yield
    if CI and report.skipped and not hasattr(report, "wasxfail") and item.get_closest_marker("oracle"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} asks an oracle and was skipped, which CI does not allow: {reason}"
    return report
