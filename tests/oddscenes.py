"""Scenes in which small deviations of the device show: one odd request after the other, by what they are about."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from deviationscenes import push
from devicebench import ROOT, Bench, Octets, add, ask, get, run, sequence, set_

from conformance.dm.interaction import Reaction
from conformance.fumo.package import Manifest, build
from conformance.peers import (
    client_detail_deviations,
    client_port_deviations,
    client_question_deviations,
    client_refusal_deviations,
    client_waiting_deviations,
)
from conformance.peers.deviation import CLIENT
from conformance.syncml.model import Copy, Exec, Get, Item, Meta, Replace

Scene = Callable[[Bench, Path], None]
URL, OTHER = f"{ROOT}/Download/PkgURL", f"{ROOT}/DownloadAndUpdate/PkgURL"
DATA = f"{ROOT}/Update/PkgData"
PUSHES: tuple[dict[str, Any], ...] = (
    {"octets": 16}, {}, {"octets": 23}, {}, {"octets": 26}, {}, {"sms": [1]}, {"vendor": 150, "sms": [1, 2]}, {"vendor": 150, "sms": [1]},
    {"ui_mode": 3}, {"headers_length": -2}, {}, {"headers_length": 100}, {}, {"version": 12}, {},
)  # fmt: skip


def details(bench: Bench, tmp: Path) -> None:
    """Everything that the device says of itself, and what is not there."""
    leaves = ("DevTyp", "SwV", "HwV", "FwV", "LrgObj", "URI/MaxTotLen", "URI/MaxSegLen")
    bench.play([get(f"./DevDetail/{name}") for name in leaves])
    bench.play([get("./DMAcc/Server"), get("./DMAcc/Server/ServerID"), get("./Inbox/Some"), get("./DevInfo/DevId/Below")])
    bench.play([get(f"{ROOT}/None"), get("./DevDetail?prop=Type"), get("./DevInfo/DevId?prop=Title")])
    bench.play([set_(f"{OTHER}?prop=Format", "bin"), get(f"{OTHER}?prop=Format")])
    bench.play([get(f"{ROOT}/None?list=Struct"), get("./DevInfo?list=All")])


def refused(bench: Bench, tmp: Path) -> None:
    """What cannot be done."""
    bench.play([set_(URL, "x"), Copy(items=[Item(target=f"{ROOT}/State", source=URL)]), set_(f"{ROOT}/None", "x")])
    bench.play([get(f"{ROOT}/None"), Exec(items=[Item(target=f"{ROOT}/A"), Item(target=f"{ROOT}/B")])])
    bench.play([Get(items=[Item()]), Get(items=[]), get("./" + "a" * 300), get("." + "/a" * 40), set_("./DevInfo/DevId", "x")])
    bench.play([Copy(items=[Item(target=OTHER, source=URL)]), get(OTHER)])
    command = Replace(meta=Meta(format="chr"), items=[Item(target=URL, data="y", meta=Meta(type="text/plain"))])
    bench.play([command, sequence(set_(URL, "one")), sequence(set_(URL, "two")), get(URL)])
    bench.play([Get(items=[Item(target="./DevInfo/Man"), Item(target="./None"), Item(target="./DevInfo/Mod")])])


def questions(bench: Bench, tmp: Path) -> None:
    """Questions with options, twice, and such that nobody answers."""
    for code, options, reaction in (
        ("1100", "MINDT=1&FOO=1", Reaction("accept")), ("1101", "DR=0", Reaction("accept")), ("1101", "", Reaction("reject")),
        ("1103", "IT=N", Reaction("accept", (3,))), ("1103", "", Reaction("accept", (3,))), ("1103", "", Reaction("timeout")),
    ):  # fmt: skip
        bench.device.user.queue(code, reaction)
        bench.play([ask(code, options, "?", *(("Now", "Later", "Never") if code == "1103" else ()))])


def pushes(bench: Bench, tmp: Path) -> None:
    """Triggers that are none, each with a right one behind it; in the end a flood."""
    for number, given in enumerate(PUSHES, 1):
        push(bench, given, number)
    for number in range(60):
        push(bench, {}, 100 + number)
    bench.play([get("./DevInfo/Man")])


def waiting(bench: Bench, tmp: Path) -> None:
    """Exec without a package, addresses that are none, a package that waits, and ways to read it."""
    bench.play([run(f"{ROOT}/Update", "none")], [get(f"{ROOT}/State")])
    bench.play([set_(URL, "http:///::no"), run(f"{ROOT}/Download", "bad")], seconds=5)
    bench.state()
    build(tmp / "p", Manifest("Reference", "1.0", "2.0"), Octets(b"x" * 900))
    data = base64.b64encode((tmp / "p").read_bytes()).decode()
    bench.play([Replace(items=[Item(target=DATA, data=data[:40], more=True)], meta=Meta(format="b64"))])
    bench.play([Replace(items=[Item(target=DATA, data=data, meta=Meta(format="b64"))])])
    bench.play([get(f"{DATA}?list=StructData"), Copy(items=[Item(target="./Copied", source=DATA)]), get("./Copied")])
    bench.play([get("./DMAcc/Server/AppAuth/1/AAuthSecret"), get("./DMAcc/Server/AppAuth/1/AAuthData"), get("./DevInfo/Man")])
    own = bench.profile.server_id
    bench.play([add("./Mine", format_="node"), set_("./Mine?prop=ACL", f"Get=*&Replace={own}+b.example"), get("./Mine?prop=ACL")])
    bench.play([set_(OTHER, "http://content.example/p"), run(f"{ROOT}/Update", "job")], seconds=10)
    bench.play([set_(URL, "http://content.example/p"), run(f"{ROOT}/Update", "job")], seconds=10)


def _named() -> Iterator[tuple[str, Scene]]:
    scenes: dict[str, Scene] = {
        client_detail_deviations.__name__: details, client_refusal_deviations.__name__: refused,
        client_question_deviations.__name__: questions, client_port_deviations.__name__: pushes,
        client_waiting_deviations.__name__: waiting,
    }  # fmt: skip
    for name in CLIENT.ids:
        module = CLIENT.rows([name])[0].mixin.__module__
        if module in scenes and name not in ELSEWHERE:
            yield name, scenes[module]


ELSEWHERE = (
    "raw-octets-taken-for-base64", "atomic-refused-with-500", "base64-unknown-in-xml", "mobile-root-not-found",
    "missing-download-as-done", "missing-update-as-done", "obeys-nobody-after-empty-answer", "update-fetches-by-itself",
)  # fmt: skip
"""Those that need another encoding, dialect or profile, or trouble: tests/test_proof_client.py shows them."""
SCENES: dict[str, Scene] = dict(_named())
"""The session in which each of these deviations shows, but for those of the tree, which have a scene of their own."""
