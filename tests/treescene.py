"""A session in which a server tries all that a management tree can do."""

from __future__ import annotations

import base64
from pathlib import Path

from devicebench import ROOT, Bench, Octets, add, atomic, delete, get, run, set_

from conformance.dm.largeobject import Splitter
from conformance.dm.node import NODE
from conformance.fumo.package import TEST_SEED, Manifest, build
from conformance.harness.document import document
from conformance.syncml.model import Add, Command, Copy, Item, Meta, Replace

ME, N, URL = "com.example.dm", "./FumoConf", f"{ROOT}/DownloadAndUpdate/PkgURL"
MINE = f"Add={ME}&Delete={ME}&Get={ME}&Replace={ME}"
TREE = [{"at": "", "format": NODE, "type": "t"}, {"at": "One", "format": "int", "data": "1"}]
TWICE = [*TREE, {"at": "One", "data": "2"}]


def plant(cls: type[Command], uri: str, rows: list[dict[str, str]]) -> Command:
    """Add or Replace with a document in XML."""
    meta, data = document(rows, "xml")
    return cls(items=[Item(target=uri, data=data, meta=meta)])


def commands() -> list[Command]:
    """Everything in one package."""
    properties = [get(f"./DevInfo?prop={name}") for name in ("ACL", "Format", "Name", "Size", "Type", "Foo")]
    properties += [get("./DevInfo/DevId?prop=Type")]
    nodes = [
        get("."), get("DevInfo/DevId"), get(".?prop=ACL"), set_(".?prop=ACL", f"Add={ME}&Get=*"),
        set_("./DevInfo?prop=Name", "Other"), add(f"{ROOT}?prop=Title"), get("./Inbox"), get("./DevDetail"),
        get("./DevDetail/URI/MaxDepth"), get("./DMAcc/Server/AppAuth/1/AAuthSecret"), get("./DMAcc/Server/AAuthPref"),
        set_(URL, "x"), set_(URL, "ü"), *(get(f"{URL}?prop={name}") for name in ("Size", "TStamp", "VerNo")), set_(f"{URL}?prop=Type", "x"),
    ]  # fmt: skip
    added = [
        add(N, format_=NODE), get(f"{N}?prop=ACL"), set_(f"{N}?prop=ACL", MINE), set_(f"{N}?prop=ACL", "Get"),
        add(f"{N}/One", "1", "int"), get(f"{N}/One?prop=Format"), add(f"{N}/Two", "2"), get(f"{N}/Two?prop=ACL"),
        set_(f"{N}/One?prop=Name", "Two"), add(f"{N}/MiXeD", "x"), get(N),
        add(f"{N}/Empty", format_=NODE), get(f"{N}/Empty"), add(f"{N}/Made/Leaf", "x"),
        get(f"{N}/Made?prop=ACL"), set_(f"{N}/MiXeD?prop=ACL", "Get=a+*"),
        get(f"{N}/MiXeD"), set_(f"{N}/Made?prop=ACL", f"Replace={ME}"), get(f"{N}/Made/Leaf"),
        set_(f"{N}/Made/Leaf?prop=ACL", f"Get=*&Replace={ME}"), set_(f"{N}/Made?prop=ACL", "Get=*&Replace=another"),
        set_(f"{N}/Made/Leaf?prop=ACL", ""), set_(f"{N}/Two?prop=ACL", "Get=another"),
        add(f"{N}/Namesake", "x"), set_(f"{N}/Namesake?prop=ACL", f"Get={ME}x"), get(f"{N}/Namesake"),
    ]  # fmt: skip
    lists = [get(f"{where}?list={what}") for where in (N, "./DevInfo") for what in ("Struct", "StructData", "TNDS", "TNDS+Foo")]
    documents = [
        plant(Add, f"{N}/Tree", TREE), get(f"{N}/Tree/One"), add(f"{N}/Tree/Old", "x"), plant(Replace, f"{N}/Tree", TREE),
        get(f"{N}/Tree"), plant(Add, f"{N}/Bad", TWICE), get(f"{N}"), atomic(plant(Add, f"{N}/Bad", TREE), delete(f"{N}/None")),
    ]
    more = [
        add("./FwUpdate/More", format_=NODE, type_="urn:oma:mo:oma-fumo:1.0"), delete("./FwUpdate/More/State"),
        get("./FwUpdate/More/State"), Copy(items=[Item(source="./DevInfo/DevId", target=URL)]), get(URL),
        add("./DMAcc/More", format_=NODE), add("./DMAcc/More/ServerID", "another"),
        set_(f"{ROOT}?prop=ACL", f"Get=*&Replace={ME}&Exec={ME}+another"), delete("./DMAcc/More"), get(f"{ROOT}?prop=ACL"),
        get(".?prop=ACL"), delete(N), get(N),
    ]  # fmt: skip
    return [*properties, *nodes, *added, *lists, *documents, *more]


def tree(bench: Bench, tmp: Path) -> None:
    """Plays it, and sends a package in pieces, and another one after it that is none."""
    node = f"{ROOT}/Update/PkgData"
    piece = Replace(items=[Item(target=node, meta=Meta(type="application/octet-stream"))])
    bench.play(commands(), ([piece], Splitter(Octets(b"x" * 200_000), "b64")), [get(f"{ROOT}/Other/PkgURL")])
    for name in ("first", "second"):
        package = Manifest("Reference" if name == "second" else "Other", "1.0", "2.0")
        build(tmp / name, package, Octets(b"x" * 100), TEST_SEED)
        data = base64.b64encode((tmp / name).read_bytes()).decode()
        bench.play([Replace(items=[Item(target=node, data=data, meta=Meta(format="b64"))])])
    bench.play([run(f"{ROOT}/Update", "job")], seconds=10)
