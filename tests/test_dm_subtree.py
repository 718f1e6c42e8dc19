"""Sub-trees of a management tree: lists, documents put into it, undoing, and what all that costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.dm import acl, listing, properties, tnds, transplant, treestate
from conformance.dm.address import Limits
from conformance.dm.executor import Executor
from conformance.dm.largeobject import Assembler, Octets
from conformance.dm.node import NODE, Node
from conformance.dm.properties import Features
from conformance.dm.tnds import Branch
from conformance.dm.tree import Tree, Written
from conformance.syncml.model import Command, Item, Replace
from conformance.syncml.model import Sequence as SequenceCommand

ME, OTHER = "com.example.dm", "com.other"
MINE = f"Add={ME}&Delete={ME}&Get={ME}&Replace={ME}"


def put(text: str, format_: str | None = None, type_: str | None = None) -> Written:
    return Written(Octets(text.encode()), format_, type_)


def get(tree: Tree, uri: str, server: str | None = ME) -> str | int:
    code, answer = tree.get(uri, server)
    return code if answer is None else answer.value.read(0, 1 << 20).decode()


@pytest.fixture
def tree() -> Tree:
    """./A with a leaf, an inner node and a leaf in that, all of this server's making."""
    tree = Tree(Limits(0, 0, 0))
    tree.time = 1_000_000_000.0
    tree.place("./DevInfo/Lang", type="text/plain", access=frozenset(("Get",)), value=Octets(b"en"))
    assert tree.add("./A", put("", NODE, "urn:a"), ME) == 200
    assert tree.replace("./A?prop=ACL", put(MINE), ME) == 200
    for uri, text, format_ in (("./A/One", "1", "int"), ("./A/In", "", NODE), ("./A/In/Two", "zwei", "chr")):
        assert tree.add(uri, put(text, format_), ME) == 200
    return tree


def leaf(name: str, value: str = "v", **more: Any) -> Branch:
    return Branch(name, more.pop("format", "chr"), "text/plain", value.encode(), **more)


def node(name: str, *below: Branch, **more: Any) -> Branch:
    return Branch(name, NODE, more.pop("type", ""), children=list(below), **more)


def document(*branches: Branch, encoding: str = "xml") -> Octets:
    return Octets(tnds.write(branches, encoding))


def rows(tree: Tree) -> list[tuple[Any, ...]]:
    """All that a tree holds, whatever the order of siblings."""
    return sorted(tuple(sorted((key, str(value)) for key, value in row.items())) for row in treestate.dump(tree))


# -- properties ----------------------------------------------------------------------------------------------------------


def test_version_and_stamp_follow_each_change(tree: Tree) -> None:
    """DM-TND-010: the form of TStamp, VerNo counted on from FFFF to 0000."""
    assert get(tree, "./A/One?prop=TStamp") == "20010909T014640Z"
    assert get(tree, "./A/One?prop=VerNo") == "0"
    tree.time += 1
    tree.replace("./A/One", put("2", "int"), ME)
    assert (get(tree, "./A/One?prop=TStamp"), get(tree, "./A/One?prop=VerNo")) == ("20010909T014641Z", "1")
    tree.replace("./A/One?prop=ACL", put("Get=*"), ME)
    assert get(tree, "./A/One?prop=VerNo") == "2"
    one = tree.find("./A/One")
    assert one is not None
    one.version = 0xFFFF
    tree.replace("./A/One?prop=ACL", put(""), ME)
    assert get(tree, "./A/One?prop=VerNo") == "0"


def test_title_is_kept_within_its_bound(tree: Tree) -> None:
    """DM TND 7.7.5."""
    assert tree.replace("./A?prop=Title", put("Ä" * 127), ME) == 200
    assert get(tree, "./A?prop=Title") == "Ä" * 127
    assert tree.replace("./A?prop=Title", put("Ä" * 128), ME) == 413
    assert tree.replace("./A?prop=Title", put("x"), OTHER) == 425


def test_what_a_profile_leaves_out_is_refused_as_the_text_says() -> None:
    """DM-TND-006, DM-LIST-001, DM-LIST-004, DM-TNDS-001: 406 for properties, lists and Copy, 415 for documents."""
    tree = Tree(features=Features(frozenset(), lists=False, tnds=False, copy=False))
    tree.add("./A", put("x"), None)
    for name in ("Size", "Title", "TStamp", "VerNo"):
        assert (get(tree, f"./A?prop={name}"), tree.replace(f"./A?prop={name}", put("x"))) == (406, 406)
    for name in ("ACL", "Format", "Name", "Type"):
        assert isinstance(get(tree, f"./A?prop={name}"), str)
    for what in ("Struct", "StructData", "TNDS", "TNDS+ACL"):
        assert listing.get(tree, "./A", what, None, "xml") == (406, [])
    assert transplant.add(tree, "./B", document(leaf("")), None) == transplant.replace(tree, "./A", document(leaf("")), None) == 415
    assert tree.copy("./A", "./A", None) == 406


def test_a_server_that_is_no_more_is_in_no_list(tree: Tree) -> None:
    """DM-ACL-007, DM-ACL-009."""
    tree.root.set_acl(f"Add=*&Get=*&Delete={OTHER}&Replace={ME}+{OTHER}")
    tree.replace("./A/One?prop=ACL", put(f"Get={OTHER}"), ME)
    tree.replace("./A/In?prop=ACL", put(f"Get={OTHER}+{ME}&Replace={OTHER}&Delete=*"), ME)
    properties.forget(tree, OTHER)
    assert get(tree, "./A/One?prop=ACL", None) == ""
    assert get(tree, "./A/In?prop=ACL", None) == f"Get={ME}&Delete=*"
    assert get(tree, ".?prop=ACL", None) == f"Add=*&Get=*&Replace={ME}&Delete=*"
    assert get(tree, "./A?prop=ACL", None) == MINE


# -- lists ---------------------------------------------------------------------------------------------------------------


def listed(tree: Tree, uri: str, what: str, server: str | None = ME) -> list[tuple[str, str | None]]:
    code, found = listing.get(tree, uri, what, server, "xml")
    assert code == 200
    return [(each.uri, each.answer.value.read(0, 9).decode() if each.data else None) for each in found]


def test_struct_and_struct_data(tree: Tree) -> None:
    """DM-LIST-002."""
    assert listed(tree, "./A", "Struct") == [("./A", None), ("./A/One", None), ("./A/In", None), ("./A/In/Two", None)]
    assert listed(tree, "A", "StructData") == [("./A", None), ("./A/One", "1"), ("./A/In", None), ("./A/In/Two", "zwei")]


def test_only_readable_nodes_are_listed(tree: Tree) -> None:
    """DM-LIST-003."""
    tree.replace("./A/In?prop=ACL", put(f"Get={OTHER}&Replace={ME}"), ME)
    assert [uri for uri, _ in listed(tree, "./A", "Struct")] == ["./A", "./A/One"]
    (found,) = listing.get(tree, "./A", "TNDS", ME, "xml")[1]
    (top,) = tnds.read(found.answer.value.read(0, 9999))
    assert [child.name for child in top.children] == ["One"]
    assert listing.get(tree, "./A", "Struct", OTHER, "xml")[0] == 425
    assert listing.get(tree, "./No", "Struct", ME, "xml")[0] == 404


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("TNDS", {"acl", "format", "title", "stamp", "type", "version", "value"}), ("TNDS+Value+ACL", {"acl", "value"}),
        ("TNDS-Value-ACL", {"format", "title", "stamp", "type", "version"}), ("TNDS+Format", {"format"}),
    ],
)  # fmt: skip
def test_filters_of_documents(tree: Tree, what: str, said: set[str]) -> None:
    """DM-LIST-004 and DM TND 8.2."""
    tree.replace("./A/One?prop=ACL", put(f"Get={ME}"), ME)
    (found,) = listing.get(tree, "./A/One", what, ME, "wbxml")[1]
    assert (found.answer.format, found.answer.type) == ("bin", "application/vnd.syncml.dmtnds+wbxml")
    (top,) = tnds.read(found.answer.value.read(0, 9999))
    assert {name for name in ("acl", "format", "title", "stamp", "type", "version", "value") if getattr(top, name) is not None} == said


@pytest.mark.parametrize("what", ["", "struct", "Struct+ACL", "TNDS+", "TNDS+Foo", "TNDS+Value-ACL", "TNDS*Value", "TNDSValue", "All"])
def test_lists_that_there_are_not(tree: Tree, what: str) -> None:
    """DM-LIST-004: 406."""
    assert listing.get(tree, "./A", what, ME, "xml") == (406, [])


# -- documents -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["xml", "wbxml"])
def test_a_document_is_added(tree: Tree, encoding: str) -> None:
    """DM-TNDS-002: an empty name is that of the target, paths are relative to it."""
    told: list[tuple[str, str]] = []
    tree.observer = lambda command, uri: told.append((command, uri))
    octets = document(node("", leaf("L", "ü<"), leaf("M", acl="Get=*", title="t"), type="urn:b"), encoding=encoding)
    assert transplant.add(tree, "./A/New", octets, ME) == 200
    assert (get(tree, "./A/New"), get(tree, "./A/New/L"), get(tree, "./A/New?prop=Type")) == ("L/M", "ü<", "urn:b")
    assert (get(tree, "./A/New/M?prop=ACL"), get(tree, "./A/New/M?prop=Title")) == ("Get=*", "t")
    assert told == [("Add", "./A/New"), ("Add", "./A/New/L"), ("Add", "./A/New/M")]
    assert transplant.add(tree, "./A", document(Branch("Below", "chr", "", b"x", path="In")), ME) == 200
    assert get(tree, "./A/In/Below") == "x"


@pytest.mark.parametrize(
    ("branch", "code", "at"),
    [
        (node("", leaf("L"), leaf("L")), 418, "./A/New/L"), (node("", leaf("L", format="odd")), 415, "./A/New/L"),
        (node("", leaf("L", acl="Get")), 400, "./A/New/L"), (node("", leaf("L", "x" * 70_000)), 413, "./A/New/L"),
        (node("", leaf("a b")), 404, "./A/New/a b"),
    ],
)  # fmt: skip
def test_a_failing_node_undoes_the_document(tree: Tree, branch: Branch, code: int, at: str) -> None:
    """DM-TNDS-002: the code of the node that failed, and nothing of the document stays."""
    before, nodes = rows(tree), tree.nodes
    told: list[str] = []
    tree.observer = lambda command, uri: told.append(uri)
    assert transplant.add(tree, "./A/New", document(branch), ME) == code
    assert (rows(tree), tree.nodes, tree.failed_at, told) == (before, nodes, at, [])


def test_replace_swaps_the_sub_tree(tree: Tree) -> None:
    """DM-TNDS-003: new nodes appear, old ones go, values change."""
    tree.add("./A/In/Three", put("3"), ME)
    assert transplant.replace(tree, "./A", document(node("", leaf("One", "9", format="int"), node("New", leaf("L")))), ME) == 200
    assert [uri for uri, _ in listed(tree, "./A", "Struct")] == ["./A", "./A/One", "./A/New", "./A/New/L"]
    assert get(tree, "./A/One") == "9"
    assert transplant.replace(tree, "./A/One", document(leaf("", "10", format="int")), ME) == 200
    assert get(tree, "./A/One") == "10"


def test_replace_is_refused_as_a_whole(tree: Tree) -> None:
    """DM-TNDS-002, DM-TNDS-003: nothing is replaced where a node fails."""
    before = rows(tree)
    for branch, code in (
        (node("", leaf("One", "9", format="int"), leaf("Bad", format="odd")), 415),
        (node("", leaf("One", "9", format="int"), leaf("Two"), leaf("Two")), 418),
    ):
        assert transplant.replace(tree, "./A", document(branch), ME) == code
        assert rows(tree) == before
    assert transplant.replace(tree, "./No", document(node("")), ME) == 404
    assert transplant.replace(tree, "./DevInfo", document(node("")), ME) == 405
    assert transplant.replace(tree, "./A", document(node("")), OTHER) == 425
    assert transplant.replace(tree, "./A", Octets(b"<x/>"), ME) == transplant.add(tree, "./B", Octets(b""), ME) == 400
    assert transplant.add(tree, "./A?prop=ACL", document(node("")), ME) == 405
    assert rows(tree) == before


def test_a_document_inside_something_larger(tree: Tree) -> None:
    """A document that fails undoes itself only; what is around it undoes it all."""
    before = rows(tree)
    tree.begin()
    assert tree.replace("./A/One", put("5", "int"), ME) == 200
    assert transplant.add(tree, "./A/New", document(node("", leaf("L"), leaf("L"))), ME) == 418
    assert get(tree, "./A/One") == "5"
    assert transplant.add(tree, "./A/New", document(node("", leaf("L"))), ME) == 200
    tree.rollback()
    assert rows(tree) == before


names = st.sampled_from(["a", "b", "c", "d"])
values = st.text("xyzü&<", max_size=4)
subtrees = st.recursive(
    st.builds(leaf, names, values),
    lambda inner: st.lists(inner, max_size=3, unique_by=lambda each: each.name).flatmap(
        lambda below: names.map(lambda name: node(name, *below))
    ),
    max_leaves=8,
)


@given(subtrees, st.sampled_from(["xml", "wbxml"]))
@settings(deadline=None)
def test_what_is_listed_can_be_added_elsewhere(branch: Branch, encoding: str) -> None:
    """Get ?list=TNDS, then Add below another node, gives the same sub-tree."""
    tree = Tree(Limits(0, 0, 0))
    branch.name = "from"
    for target in ("./x", "./y"):
        tree.add(target, put("", NODE), None)
    assert transplant.add(tree, "./x", document(branch, encoding=encoding), None) == 200
    (found,) = listing.get(tree, "./x/from", "TNDS", None, encoding)[1]
    assert transplant.add(tree, "./y", found.answer.value, None) == 200  # type: ignore[arg-type]
    assert [(uri.replace("./x", "./y"), text) for uri, text in listed(tree, "./x", "StructData", None)] == listed(
        tree, "./y", "StructData", None
    )


Operation = tuple[str, str, str]
uris = st.lists(names, min_size=1, max_size=3).map(lambda parts: "./" + "/".join(parts))
operations = st.lists(
    st.one_of(
        st.tuples(st.just("add"), uris, values), st.tuples(st.just("interior"), uris, values),
        st.tuples(st.just("replace"), uris, values), st.tuples(st.just("delete"), uris, values),
        st.tuples(st.just("name"), uris, names), st.tuples(st.just("title"), uris, values),
        st.tuples(st.just("acl"), uris, st.sampled_from(["", "Get=*", "Get"])), st.tuples(st.just("copy"), uris, uris),
        st.tuples(st.just("document"), uris, names),
    ), max_size=12,
)  # fmt: skip
DO: dict[str, Callable[[Tree, str, str], int]] = {
    "add": lambda tree, uri, text: tree.add(uri, put(text, "chr")),
    "interior": lambda tree, uri, text: tree.add(uri, put("", NODE)),
    "replace": lambda tree, uri, text: tree.replace(uri, put(text)),
    "delete": lambda tree, uri, text: tree.delete(uri),
    "name": lambda tree, uri, text: tree.replace(f"{uri}?prop=Name", put(text)),
    "title": lambda tree, uri, text: tree.replace(f"{uri}?prop=Title", put(text)),
    "acl": lambda tree, uri, text: tree.replace(f"{uri}?prop=ACL", put(text)),
    "copy": lambda tree, uri, text: tree.copy(uri, text),
    "document": lambda tree, uri, text: transplant.replace(tree, uri, document(node("", leaf(text), node("d", leaf("a")))), None),
}


@given(operations, operations, st.booleans())
@settings(deadline=None)
def test_whatever_was_done_can_be_undone(first: list[Operation], then: list[Operation], whole: bool) -> None:
    """DM-CMD-019, DM-TNDS-002: any operations, then undone: the tree is as it was, down to VerNo."""
    tree = Tree(Limits(0, 0, 0))
    for name, uri, text in first:
        DO[name](tree, uri, text)
    before, nodes = rows(tree), tree.nodes

    def work() -> int:
        for name, uri, text in then:
            DO[name](tree, uri, text)
        return 500

    if whole:
        assert tree.together(work) == 500
    else:
        tree.begin()
        work()
        tree.rollback()
    assert (rows(tree), tree.nodes) == (before, nodes)
    assert tree.nodes == tree.root.count()


@given(operations)
@settings(deadline=None)
def test_a_kept_tree_comes_back(done: list[Operation]) -> None:
    tree, again = Tree(Limits(0, 0, 0)), Tree(Limits(0, 0, 0))
    for name, uri, text in done:
        DO[name](tree, uri, text)
    treestate.load(again, treestate.dump(tree))
    assert rows(again) == rows(tree)


# -- what it costs -------------------------------------------------------------------------------------------------------


class Counting(Tree):
    """Counts the lists that are looked at and the nodes that are passed."""

    passed = 0

    def _at(self, segments: tuple[str, ...]) -> Node | None:
        self.passed += len(segments)
        return super()._at(segments)

    def grants(self, node: Node, command: str, server: str | None) -> bool:
        self.passed += 1
        return super().grants(node, command, server)


def grown(count: int) -> Counting:
    tree = Counting(max_nodes=20_000)
    tree.add("./A", put("", NODE), ME)
    for number in range(count):
        assert tree.add(f"./A/N{number}", put("v", "chr"), ME) == 200
    return tree


def test_ten_thousand_nodes_cost_ten_times_a_thousand() -> None:
    small, large = grown(1000), grown(10_000)
    assert large.passed <= 10.1 * small.passed
    for tree in (small, large):
        tree.passed = 0
        assert len(listing.get(tree, "./A", "StructData", ME, "xml")[1]) == tree.nodes - 1
        assert listing.get(tree, "./A", "TNDS", ME, "wbxml")[0] == 200
    assert large.passed <= small.passed + 10


def test_a_sequence_of_a_thousand_replaces_costs_ten_times_a_hundred() -> None:
    def passed(count: int) -> int:
        tree = grown(10)
        tree.passed = 0
        executor = Executor(tree, Assembler(1 << 20), lambda uri, correlator, data: 200, None, "xml")
        inner: list[Command] = [
            Replace(cmd_id=str(n), items=[Item(target=f"./A/N{n % 10}", data=f"{n}")]) for n in range(2, count + 2)
        ]
        tree.find("./A").set_acl(MINE)  # type: ignore[union-attr]
        done = executor.execute([SequenceCommand(cmd_id="1", commands=inner)], "1", ME)
        assert [status.data for status in done.statuses] == ["200"] * (count + 1)
        return tree.passed

    assert passed(1000) <= 10.1 * passed(100)


def test_rights_in_force_are_carried_along_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list over a deep tree looks for the list in force once, not once for each node and level."""
    tree = Tree(Limits(0, 0, 0))
    tree.add("./" + "/".join(["d"] * 60), put("v", "chr"), None)
    looked = 0
    effective = Node.effective

    def counted(self: Node) -> acl.Acl:
        nonlocal looked
        looked += 1
        return effective(self)

    monkeypatch.setattr(Node, "effective", counted)
    assert len(list(tree.root.readable(ME))) == 61
    assert looked == 1


def test_a_list_of_two_hundred_servers() -> None:
    """The list is read once, however often rights are asked for."""
    servers = [f"com.example.server-{number:03}" for number in range(200)]
    text = "&".join(f"{command}={'+'.join(servers)}" for command in acl.COMMANDS)
    tree = Tree()
    tree.add("./A", put("", NODE), ME)
    assert tree.replace("./A?prop=ACL", put(text), ME) == 200
    rights = tree.find("./A").rights  # type: ignore[union-attr]
    assert all(tree.add(f"./A/N{number}", put("x", "chr"), server) == 200 for number, server in enumerate(servers))
    assert tree.find("./A").rights is rights  # type: ignore[union-attr]
    assert tree.add("./A/Other", put("x", "chr"), "com.example.server-200") == 425
    one = "&".join(f"Get={server}" for server in servers)
    assert acl.parse(one) == {"Get": frozenset(servers)}
