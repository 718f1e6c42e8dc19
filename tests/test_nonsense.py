"""A hook that takes nonsense for granted is reported, and what it arms is not trusted (attach contract 2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.harness.cases import load_cases
from conformance.harness.embedded import embedded_iut
from conformance.harness.iut import load_iut
from conformance.harness.places import testcases as cases_folder
from conformance.harness.run import Options, Run

CASE = "client/result-codes/download-and-update/user-refuses"
ADAPTER = '''
from conformance.attach import NotSupported
from conformance.peers.adapters import DeviceAdapter


class Sloppy(DeviceAdapter):
    def call(self, verb, given):
        if verb == "consent":
            return {}  # says done, and arms nothing
        try:
            return super().call(verb, given)
        except NotSupported:
            if TAKES_NONSENSE:
                return {}
            raise
'''


def _play(folder: Path, takes_nonsense: bool) -> tuple[dict[str, Any], list[str]]:
    name = f"sloppy{int(takes_nonsense)}_{folder.name}".replace("-", "_")
    path = embedded_iut(folder, "client", f"{name}:Sloppy")
    (path.parent / f"{name}.py").write_text(f"TAKES_NONSENSE = {takes_nonsense}\n{ADAPTER}", encoding="utf-8")
    run = Run([load_iut(path)], Options(folder / "out", select=(CASE,), mode="one"))
    try:
        (chosen,) = run.selector(run.iuts[0]).choose(load_cases(cases_folder()))
        return run.do(chosen), run.notes
    finally:
        run.close()


@pytest.mark.parametrize(("takes_nonsense", "verdict"), [(False, "fail"), (True, "inconclusive")])
def test_what_an_untrusted_hook_arms_decides_nothing(tmp_path: Path, takes_nonsense: bool, verdict: str) -> None:
    line, notes = _play(tmp_path, takes_nonsense)
    assert line["verdict"] == verdict, line["reason"]
    assert bool(notes) == takes_nonsense
    if takes_nonsense:
        assert "nonsense" in line["reason"] and "consent" in line["untrusted"]
