"""Sessions in which the deviations of commands, questions and Exec show."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

from devicebench import ROOT, Bench, Octets, add, ask, atomic, get, run, sequence, set_

from conformance.dm.interaction import Reaction
from conformance.fumo.package import Manifest, build
from conformance.peers import command_deviations
from conformance.peers.deviation import CLIENT
from conformance.syncml.model import Alert, Copy, Get, Item, Meta, Other, Replace

Scene = Callable[[Bench, Path], None]
URL, OTHER = f"{ROOT}/Download/PkgURL", f"{ROOT}/DownloadAndUpdate/PkgURL"


def commands(bench: Bench, tmp: Path) -> None:
    """Several Items, Meta, what cannot be done, copies."""
    plain = Item(target=OTHER, data="x", meta=Meta(format="chr"))
    bench.play([Get(items=[Item(target="./DevInfo/Man"), Item(target="./No"), Item(target="./DevInfo/Mod")])])
    bench.play([set_(URL, "a&b<c"), Replace(items=[plain]), get(URL), Alert(data="1199"), Other(element_name="Foo")])
    bench.play([set_("./DevInfo?prop=Name", "x"), add("./DevInfo/One/Two", "x"), run("./DevInfo/Man")])
    bench.play([Copy(items=[Item(target=OTHER, source=URL)])], [set_(URL, "second")], [get(OTHER)])
    bench.play([Copy(items=[Item(target=OTHER, source="./No")])])


def blocks(bench: Bench, tmp: Path) -> None:
    """Atomics and Sequences of every kind."""
    bench.play([atomic(*(set_(URL, str(n)) for n in range(12)))], [atomic(set_(URL, "a"), atomic(set_(URL, "b")))])
    bench.play([atomic(set_(URL, "a"), get(URL))], [sequence(set_(URL, "a"), get(URL), get("./No"))], [get(URL)])
    bench.play([atomic(set_(URL, "c"), set_(URL, "d"))], [get(URL)])


def questions(bench: Bench, tmp: Path) -> None:
    """Each kind of question, with each reaction."""
    for reply in ("accept", "cancel", "reject"):
        for code, reaction in (
            ("1101", Reaction(reply)), ("1102", Reaction(reply, text="24122026")), ("1103", Reaction(reply, (1,))),
            ("1104", Reaction(reply, (1, 3))),
        ):
            bench.device.user.queue(code, reaction)
            choices = ("Zebra", "Apple", "Mango") if code in ("1103", "1104") else ()
            bench.play([ask(code, "IT=D" if code == "1102" else "", "?", *choices)])
        for block in (atomic, sequence):
            bench.device.user.queue("1101", Reaction(reply))
            bench.play([block(set_(URL, reply), ask("1101", "", "?"), set_(URL, "after"))], [get(URL)])
        bench.device.user.queue("1101", Reaction(reply))
        bench.play([ask("1101", "", "?"), get(URL)])
    for options in ("FOO=1", "MAXLEN=1"):
        bench.device.user.queue("1101", Reaction("accept"))
        bench.play([ask("1101", options, "?")])


def executed(bench: Bench, tmp: Path) -> None:
    """Exec while there is nothing to do, and while something is done; one package after another."""
    bench.play([run(f"{ROOT}/Update", "none")], seconds=20)
    packages = []
    for version in ("2.0", "3.0"):
        build(tmp / version, Manifest("Reference", "1.0", version), Octets(b"x" * 900))
        packages.append((tmp / version).read_bytes())
    bench.contents["http://content.example/p"] = packages[0]
    first = [set_(OTHER, "http://content.example/p"), run(f"{ROOT}/DownloadAndUpdate", "one")]
    bench.play([*first, run(f"{ROOT}/DownloadAndUpdate", "two")], seconds=20)
    bench.play([set_(OTHER, f"http://content.example/p?sig=a%2Bb{'x' * 120}"), run(f"{ROOT}/DownloadAndUpdate", "three")], seconds=20)
    bench.device.verb("reset", {}, bench.at)
    for octets in packages:
        value = Item(target=f"{ROOT}/Update/PkgData", data=base64.b64encode(octets).decode(), meta=Meta(format="b64"))
        bench.play([Replace(items=[value])])
        bench.value(f"{ROOT}/PkgVersion")
        bench.state()


def everything(bench: Bench, tmp: Path) -> None:
    """All of it."""
    for scene in (commands, blocks, questions, executed):
        scene(bench, tmp)


SCENES: dict[str, Scene] = {
    name: everything
    for name in CLIENT.ids
    if any(row.mixin.__module__ == command_deviations.__name__ for row in CLIENT.rows([name]))
}
"""The session in which each deviation of :mod:`conformance.peers.command_deviations` shows."""
