"""Deviations of the reference device: data and code agree, and each is seen from outside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import commandscenes
import oddscenes
import pytest
import yaml
from deviationscenes import downloads, pushes
from devicebench import ROOT, Bench, Octets, add, ask, atomic, delete, get, run, sequence, set_
from treescene import tree

from conformance.dm.credentials import Account
from conformance.dm.largeobject import Splitter
from conformance.dm.trigger import Notification, Push, build, build_push
from conformance.fumo.package import STRANGER_SEED, Manifest
from conformance.fumo.package import build as build_package
from conformance.peers.client_deviations import parts_for
from conformance.peers.deviation import CLIENT, Register, deviant
from conformance.peers.deviceparts import DeviceParts
from conformance.syncml.model import Item, Meta, Replace
from conformance.transport.exchange import Response

DATA = Path(__file__).parent.parent / "testcases"
ROWS: list[dict[str, Any]] = yaml.safe_load((DATA / "deviations/client.yaml").read_text(encoding="utf-8"))
URL = "http://content.example/p"


def catalogue() -> dict[str, dict[str, Any]]:
    rows = {}
    for path in (DATA / "requirements").glob("*.yaml"):
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        rows.update({row["id"]: raw.get("defaults", {}) | row for row in raw["requirements"]})
    return rows


def test_data_and_code_agree() -> None:
    assert [row["id"] for row in ROWS] == list(dict.fromkeys(row["id"] for row in ROWS))
    assert {row["id"] for row in ROWS} == set(CLIENT.ids)
    known = catalogue()
    for row in ROWS:
        assert set(row) - {"seen_by", "pending", "profile", "claims"} == {"id", "says", "breaks", "level", "area"}
        assert 1 <= len(row["breaks"]) <= 3
        assert all(known[name]["role"] in ("client", "both") for name in row["breaks"]), row["id"]
        assert row["level"] == known[row["breaks"][0]]["level"], row["id"]
        assert row["says"].endswith(".")
        assert row["says"].endswith(".") and ". " not in row["says"]


def make(tmp_path: Path, seed: bytes | None = None, **changes: Any) -> bytes:
    manifest = Manifest(**{"model": "Reference", "from_": "1.0", "to": "2.0"} | changes)
    build_package(tmp_path / "p.bin", manifest, Octets(b"x" * 900), *([seed] if seed else []))
    return (tmp_path / "p.bin").read_bytes()


def operate(bench: Bench, content: bytes | Response, *operations: str, correlators: bool = True) -> None:
    """Sets the address and runs each operation, and lets it end."""
    bench.contents[URL] = content
    for number, name in enumerate(operations):
        node = f"{ROOT}/{name}"
        commands = [] if name == "Update" else [set_(f"{node}/PkgURL", URL)]
        correlator = f"job-{number}" if correlators else None
        bench.play([sequence(*commands, run(node, correlator))], [get(f"{ROOT}/State")], seconds=20)
        bench.state()


def good(bench: Bench, tmp: Path) -> None:
    operate(bench, make(tmp), "Download", "Update")


def together(bench: Bench, tmp: Path) -> None:
    operate(bench, make(tmp), "DownloadAndUpdate")


def failing(bench: Bench, tmp: Path) -> None:
    operate(bench, Response(404), "DownloadAndUpdate")


def nameless(bench: Bench, tmp: Path) -> None:
    operate(bench, Response(404), "Download")
    operate(bench, Response(404), "Download", correlators=False)


def package(**changes: Any) -> Callable[[Bench, Path], None]:
    def play(bench: Bench, tmp: Path) -> None:
        octets = bytearray(make(tmp, **changes))
        octets[-1] ^= not changes
        operate(bench, bytes(octets), "DownloadAndUpdate")

    return play


def commands(bench: Bench, tmp: Path) -> None:
    bench.play(
        [get("./DevInfo/Man"), get("./DevInfo/Mod"), set_(f"{ROOT}/State", "50"), get(f"{ROOT}/Update/PkgData"),
         set_("./New", "x"), delete("./DevInfo"), get(f"{ROOT}?prop=Type"), get(f"{ROOT}/State")],
    )
    bench.play([run(f"{ROOT}/Download")], seconds=5)


def urls(bench: Bench, tmp: Path) -> None:
    bench.contents[URL] = make(tmp)
    bench.play([set_(f"{ROOT}/Download/PkgURL", URL)], seconds=5)
    bench.value(f"{ROOT}/DownloadAndUpdate/PkgURL")


def atomics(bench: Bench, tmp: Path) -> None:
    bench.contents[URL] = make(tmp)
    node = f"{ROOT}/Download"
    bench.play([atomic(set_(f"{node}/PkgURL", URL), run(node)), get(f"{node}/PkgURL")], seconds=5)


def rights(bench: Bench, tmp: Path) -> None:
    bench.play([set_(f"{ROOT}/Download?prop=ACL", "Get=*"), set_(f"{ROOT}/Download/PkgURL", URL)])


def question(bench: Bench, tmp: Path) -> None:
    bench.device.verb("answer", {"alert": 1101, "reply": "reject"}, bench.at)
    bench.play([sequence(ask("1101", "", "Sure?"), set_(f"{ROOT}/Download/PkgURL", URL))])


def large(bench: Bench, tmp: Path) -> None:
    class Lying(Splitter):
        def size(self, encoding: str) -> int:
            return super().size(encoding) + 4

    bench.settings.max_msg_size = bench.device.profile.max_msg_size = 2000
    replace = Replace(items=[Item(target=f"{ROOT}/Update/PkgData")], meta=Meta(format="b64"))
    bench.play(([replace], Lying(Octets(make(tmp) * 4), "b64")))
    bench.state()


def long_answer(bench: Bench, tmp: Path) -> None:
    bench.settings.max_msg_size = 1500
    bench.play([get("./DevInfo/Man")] * 20)


def moving(bench: Bench, tmp: Path) -> None:
    bench.settings.resp_uri = f"{bench.profile.server_url}?next"
    bench.play([get("./DevInfo/Man")])


def stranger(bench: Bench, tmp: Path) -> None:
    bench.keys.account = Account("com.example.dm", "wrong")
    bench.play([add("./X", "x")])


def thief(bench: Bench, tmp: Path) -> None:
    bench.keys.account = Account("com.example.dm", "wrong")
    bench.keys.verifier.issue()
    bench.play()
    bench.play()


def challenge(bench: Bench, tmp: Path) -> None:
    bench.keys.verifier.issue()
    bench.play([get("./DevInfo/Man")])


def triggered(bench: Bench, tmp: Path) -> None:
    trigger = build(Notification(session_id=0xAB, server_id=bench.profile.server_id), "srv-secret-1", b"nonce-0001")
    bench.device.trigger(build_push(Push(trigger)), 0.0)
    bench.settle()


def restarted(bench: Bench, tmp: Path) -> None:
    bench.contents[URL] = make(tmp)
    node = f"{ROOT}/DownloadAndUpdate"
    bench.play([sequence(set_(f"{node}/PkgURL", URL), run(node, "j"))])
    bench.device.verb("power_cycle", {"at": "now"}, bench.at)
    bench.settle(10)


def request(bench: Bench, tmp: Path) -> None:
    bench.play(kind="user-request", seconds=10)


MOMENTS = ("moment_deviations",)
"""Modules with what is wrong after something else only: cases bring it about."""


def module_of(name: str) -> str:
    """The module in which a deviation is."""
    return CLIENT.rows([name])[0].mixin.__module__.rpartition(".")[2]


SCENES: dict[str, Callable[[Bench, Path], None]] = {
    "exec-without-url-accepted": commands, "download-at-replace": urls, "one-url-for-both": urls,
    "draft-object-type": commands, "package-readable": commands, "state-writable": commands,
    "state-as-text": commands, "no-alert-after-failure": failing, "update-type-after-combined": together,
    "extra-download-alert": together, "correlator-stale": nameless, "correlator-empty": nameless,
    "http-status-as-result": failing, "result-600": failing, "mark-informational": failing, "retry-after-report": failing,
    "alert-lost-over-restart": restarted, "corrupt-package-installed": package(),
    "signature-unchecked": package(seed=STRANGER_SEED), "foreign-package-installed": package(model="Other"),
    "request-without-data": request, "request-with-correlator": request, "request-repeated": request,
    "max-message-size-ignored": long_answer, "resp-uri-ignored": moving, "session-id-padded": triggered,
    "triggered-as-1201": triggered,
    "stranger-obeyed": stranger, "package-1-cut-short": challenge, "nonce-from-anybody": thief,
    "chunk-answered-200": large, "next-message-unasked": large, "size-mismatch-committed": large,
    "exec-in-atomic-run": atomics, "atomic-not-rolled-back": atomics, "atomic-answered-200": atomics,
    "rights-ignored": rights, "replace-creates": commands, "delete-of-permanent": commands, "refusal-overheard": question,
    "header-status-last": commands, "status-order-reversed": commands, "status-missing": commands,
    "msgref-wrong": commands, "cmdid-repeated": commands, "final-missing": commands, "results-without-source": commands,
}
"""The session in which a deviation shows; ``good`` for those that are not named."""
SCENES |= {
    row["id"]: tree for row in ROWS
    if row["area"] == "tree" and row["id"] not in SCENES and module_of(row["id"]) not in MOMENTS
}  # fmt: skip


BY_MODULE = {"trigger_deviations": pushes, "download_deviations": downloads}


def scene_of(name: str) -> Callable[[Bench, Path], None]:
    """The scene for all deviations of a module; ``good`` where there is none."""
    (module,) = {row.mixin.__module__.rpartition(".")[2] for row in CLIENT.rows([name])}
    return BY_MODULE.get(module, good)


def wire(tmp_path: Path, deviations: list[str], scene: Callable[[Bench, Path], None]) -> list[tuple[str, bytes]]:
    """Address, labels and octets of everything that a device sends in a scene."""
    bench = Bench(deviations=deviations)
    sent: list[tuple[str, bytes]] = []
    answer = bench.answer

    def watch(request: Any) -> Response:
        sent.append((f"{request.method} {request.url} {request.headers}", request.body))
        return answer(request)

    bench.answer = watch  # type: ignore[method-assign]
    scene(bench, tmp_path)
    bench.settle(60)
    return sent


EVERY = {**commandscenes.SCENES, **oddscenes.SCENES, **SCENES}
PLAIN = ("client_deviations", "client_session_deviations", *BY_MODULE)
"""Modules with deviations that show while the other side behaves, over a plain way; what needs trouble, a dialect or TLS is
shown by the cases that tests/test_proof_client.py plays."""
HERE = [
    name for name in CLIENT.ids
    if name in EVERY or module_of(name) in PLAIN
]  # fmt: skip


@pytest.mark.parametrize("name", HERE)
def test_each_deviation_is_seen_on_the_wire(tmp_path: Path, name: str) -> None:
    scene = EVERY.get(name) or scene_of(name)
    right = wire(tmp_path, [], scene)
    assert wire(tmp_path, [], scene) == right
    assert wire(tmp_path, [name], scene) != right


def test_deviations_are_mixed_into_their_parts() -> None:
    parts = parts_for(["state-stuck", "no-alert-after-failure", "rights-ignored"])
    assert parts.agent is not DeviceParts().agent
    assert issubclass(parts.agent, DeviceParts().agent)
    assert parts.tree is DeviceParts().tree
    assert parts_for([]) == DeviceParts()
    with pytest.raises(ValueError, match="no such deviation: 'nonsense'"):
        parts_for(["nonsense"])
    register = Register()
    register("x", "nowhere")(type("Mixin", (), {}))
    with pytest.raises(ValueError, match="nowhere"):
        deviant(DeviceParts(), register.rows(["x"]))
