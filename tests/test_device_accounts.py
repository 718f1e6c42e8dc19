"""Accounts and the Inbox of the reference device, as a server sees them."""

from __future__ import annotations

import pytest
from devicebench import ROOT, Bench, Octets, add, delete, get, set_
from treescene import plant

from conformance.dm import tnds
from conformance.dm.credentials import Account
from conformance.dm.largeobject import Splitter
from conformance.dm.node import NODE
from conformance.peers.device import Device
from conformance.syncml.model import Add, Command, Item, Meta, Replace, Results, Status

SERVER, OLD = "./DMAcc/Server", "./SyncML/DMAcc/Server"
SECRETS = [
    f"{SERVER}/AppAuth/1/AAuthSecret", f"{SERVER}/AppAuth/1/AAuthData", f"{SERVER}/AppAuth/2/AAuthSecret",
    f"{SERVER}/AppAuth/2/AAuthData", f"{OLD}/ClientPW", f"{OLD}/ServerPW", f"{OLD}/ClientNonce", f"{OLD}/ServerNonce",
]  # fmt: skip


def asked(bench: Bench, *commands: Command) -> tuple[list[str], dict[str, str]]:
    """The codes of the Statuses, and what Results showed, of one session with these commands."""
    codes, values = [], {}
    for exchange in bench.play(list(commands)):
        for each in exchange.message.commands:
            if isinstance(each, Status) and each.cmd not in ("SyncHdr", "Alert"):
                codes.append(each.data or "")
            for item in each.items if isinstance(each, Results) else ():
                values[item.source or ""] = str(item.data)
    return codes, values


def test_both_layouts_show_the_same_account() -> None:
    """DM-STD-001: the layouts of DM 1.2 and 1.1.2."""
    wanted = [get(f"{SERVER}/{name}") for name in ("ServerID", "AppAddr/1/Addr", "AppAuth/1/AAuthName", "AAuthPref")]
    wanted += [get(f"{OLD}/{name}") for name in ("ServerId", "Addr", "UserName", "AuthPref")]
    codes, values = asked(Bench(), *wanted)
    shown = list(values.values())
    assert codes == ["200"] * 8
    assert shown[:4] == shown[4:] == ["com.example.dm", "http://server.example/dm", "dev-0001", "DIGEST"]


@pytest.mark.parametrize("uri", SECRETS)
def test_secrets_are_written_and_never_read(uri: str) -> None:
    """DM-STD-006."""
    codes, values = asked(Bench(), get(uri), get(f"{uri.rpartition('/')[0]}?list=StructData"))
    assert codes == ["405", "200"]
    assert uri not in values


def test_a_new_password_holds_from_the_next_session_on() -> None:
    bench = Bench()
    codes, _ = asked(bench, set_(f"{SERVER}/AppAuth/1/AAuthName", "renamed"), set_(f"{SERVER}/AppAuth/1/AAuthSecret", "new"))
    assert codes == ["200", "200"]
    assert bench.device.keys.account == Account("renamed", "new")
    bench.keys.verifier.account = Account("renamed", "new")
    assert bench.play([get("./DevInfo/Man")])[-1].facts["credentials"]["result"] in ("right", "absent")
    assert asked(bench, get(f"{OLD}/UserName"))[1] == {f"{OLD}/UserName": "renamed"}


def test_a_new_address_is_where_the_next_session_goes() -> None:
    bench = Bench()
    before = bench.play([set_(f"{OLD}/Addr", "http://other.example/dm"), get("./DevInfo/Man")])
    assert {exchange.request.url for exchange in before} == {"http://server.example/dm"}
    bench.device.verb("start_session", {"kind": "client"}, bench.at)
    request = bench.device.poll(bench.at)
    assert request is not None and request.url == "http://other.example/dm"
    device = Device(bench.profile, kept=bench.device.kept, packages={})
    assert device.accounts.url == "http://other.example/dm"
    device.fresh()
    assert device.accounts.url == "http://server.example/dm"


def test_the_preference_decides_the_first_credentials() -> None:
    """DM-STD-008."""
    bench = Bench()
    asked(bench, set_(f"{SERVER}/AAuthPref", "BASIC"))
    assert bench.play()[0].message.header.cred.type == "syncml:auth-basic"  # type: ignore[union-attr]
    asked(bench, set_(f"{SERVER}/AAuthPref", "NONSENSE"))
    assert bench.play()[0].message.header.cred.type == "syncml:auth-md5"  # type: ignore[union-attr]


def test_a_deleted_account_takes_its_server_out_of_the_lists() -> None:
    """DM-ACL-007."""
    bench = Bench()
    mine = "Get=*&Replace=com.example.dm&Exec=com.example.dm+second.example"
    asked(bench, add("./DMAcc/Two", format_=NODE), add("./DMAcc/Two/ServerID", "second.example"), set_(f"{ROOT}?prop=ACL", mine))
    assert asked(bench, get(f"{ROOT}?prop=ACL"))[1] == {f"{ROOT}?prop=ACL": mine}
    assert asked(bench, delete("./DMAcc/Two"), get(f"{ROOT}?prop=ACL")) == (
        ["200", "200"], {f"{ROOT}?prop=ACL": "Get=*&Replace=com.example.dm&Exec=com.example.dm"}
    )  # fmt: skip


def test_a_server_with_two_accounts_loses_one_only() -> None:
    bench = Bench()
    for name in ("Two", "Three"):
        asked(bench, add(f"./DMAcc/{name}", format_=NODE), add(f"./DMAcc/{name}/ServerID", "second.example"))
    asked(bench, set_(f"{ROOT}?prop=ACL", "Get=*&Replace=com.example.dm+second.example"), delete("./DMAcc/Two"))
    assert "second.example" in asked(bench, get(f"{ROOT}?prop=ACL"))[1][f"{ROOT}?prop=ACL"]
    asked(bench, set_("./DMAcc/Three/ServerID", "third.example"))
    assert "second.example" not in asked(bench, get(f"{ROOT}?prop=ACL"))[1][f"{ROOT}?prop=ACL"]


def test_an_account_with_another_name_is_still_one() -> None:
    bench = Bench()
    asked(bench, add("./DMAcc/Two", format_=NODE), add("./DMAcc/Two/ServerID", "second.example"))
    asked(bench, set_(f"{ROOT}?prop=ACL", "Get=*&Replace=com.example.dm+second.example"), set_("./DMAcc/Two?prop=Name", "Three"))
    assert "second.example" in asked(bench, get(f"{ROOT}?prop=ACL"))[1][f"{ROOT}?prop=ACL"]
    asked(bench, delete("./DMAcc/Three"))
    assert "second.example" not in asked(bench, get(f"{ROOT}?prop=ACL"))[1][f"{ROOT}?prop=ACL"]


def test_the_inbox_shows_nothing() -> None:
    """DM-STD-007."""
    assert asked(Bench(), get("./Inbox"), get("./Inbox/x"), get("./Inbox?list=Struct"))[0] == ["405", "405", "405"]
    assert asked(Bench(inbox=False), get("./Inbox"))[0] == ["404"]


def test_what_comes_to_the_inbox_goes_where_its_kind_is() -> None:
    """DM StdObj 5.3.4: the device chooses the place."""
    bench = Bench()
    account = [
        {"at": "", "format": NODE, "type": "urn:oma:mo:oma-dm-dmacc:1.0"}, {"at": "ServerID", "data": "second.example"},
    ]
    update = [{"at": "", "format": NODE, "type": "urn:oma:mo:oma-fumo:1.0"}]
    strange = [{"at": "", "format": NODE, "type": "urn:oma:mo:strange:1.0"}, {"at": "L", "data": "x"}]
    nodes = bench.device.tree.nodes
    codes, _ = asked(bench, *(plant(Add, f"./Inbox/{n}", rows) for n, rows in (("a", account), ("u", update), ("s", strange))))
    assert codes == ["200", "200", "200"]
    assert asked(bench, get("./DMAcc/a/ServerID"))[1] == {"./DMAcc/a/ServerID": "second.example"}
    assert asked(bench, get("./FwUpdate/u/State"))[1] == {"./FwUpdate/u/State": "10"}
    assert bench.device.tree.find("./Inbox").children == {}  # type: ignore[union-attr]
    assert bench.device.tree.nodes == bench.device.tree.root.count() > nodes
    asked(bench, plant(Add, "./Inbox/u", update))
    assert asked(bench, get("./FwUpdate"))[1] == {"./FwUpdate": "Main/u/u-2"}


def test_a_document_on_code_page_two_is_taken() -> None:
    """WBXML-030: a document in the open, in both encodings."""
    for encoding in ("xml", "wbxml"):
        bench = Bench(encoding=encoding)
        root = tnds.tree([tnds.Branch("", NODE, "t", children=[tnds.Branch("L", "chr", "text/plain", b"v")])], encoding)
        open_ = Add(items=[Item(target="./T", meta=Meta(format="xml", type=tnds.TYPES[encoding]), data_elements=(root,))])
        assert asked(bench, open_, get("./T/L")) == (["200", "200"], {"./T/L": "v"})


def test_a_document_may_be_a_large_object() -> None:
    bench = Bench(max_msg_size=4096)
    leaves = [tnds.Branch(f"L{n}", "chr", "text/plain", b"v" * 20) for n in range(200)]
    octets = tnds.write([tnds.Branch("", NODE, "t", children=leaves)], "xml")
    plain = Replace(items=[Item(target="./T", meta=Meta(format="xml", type=tnds.TYPES["xml"]))])
    bench.play([add("./T", format_=NODE)], ([plain], Splitter(Octets(octets), "xml")))
    assert len(asked(bench, get("./T"))[1]["./T"].split("/")) == 200
