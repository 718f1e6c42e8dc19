"""The management tree: addresses, commands, properties, rights, undoing."""

import time

import pytest

from conformance.dm import acl, treestate
from conformance.dm.address import Address, Limits, is_name, parse
from conformance.dm.largeobject import Octets
from conformance.dm.tree import Tree, Written

ME, OTHER = "com.example.dm", "com.other"


@pytest.fixture
def tree() -> Tree:
    """A few permanent nodes below ./Dev, and ./Free where servers may add."""
    tree = Tree()
    tree.place("./Dev/Name", type="text/plain", access=frozenset(("Get",)), value=Octets(b"acme"))
    tree.place("./Dev/Url", type="text/plain", access=frozenset(("Get", "Replace")))
    tree.place("./Dev/Data", format="bin", access=frozenset(("Replace",)), limit=10)
    tree.place("./Dev/Run", format="node", access=frozenset(("Get", "Exec")), children={})
    tree.find("./Dev").set_acl(acl.write({"Exec": ME, "Get": "*", "Replace": ME}))  # type: ignore[union-attr]
    return tree


def text(tree: Tree, uri: str, server: str | None = ME) -> str | int:
    code, answer = tree.get(uri, server)
    return code if answer is None else answer.value.read(0, 1000).decode()


def put(octets: str, format_: str | None = None, type_: str | None = None) -> Written:
    return Written(Octets(octets.encode()), format_, type_)


def add(tree: Tree, uri: str, data: str = "", format_: str | None = "chr", server: str | None = ME) -> int:
    return tree.add(uri, put(data, format_), server)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (".", Address(())), ("./A/B", Address(("A", "B"))), ("A/B", Address(("A", "B"))),
        ("./A?prop=ACL", Address(("A",), prop="ACL")), ("./A?list=Struct", Address(("A",), listed="Struct")),
        ("./", 404), ("", 404), ("/A", 404), ("./A/", 404), ("../A", 404), ("./A/../B", 404), ("./A/./B", 404),
        ("./A B", 404), ("./A?prop=", 404), ("./A?foo=1", 404), ("./" + "a" * 65, 414), ("./A?prop=" + "b" * 60, 414),
        ("/".join("a" * 17), 414), ("./" + "/".join(["a" * 60] * 5), 414),
    ],
)
def test_addresses(written: str, read: Address | int) -> None:
    assert parse(written, Limits()) == read


def test_addresses_are_bounded_where_the_device_announces_nothing() -> None:
    assert parse("/".join("a" * 65), Limits(0, 0, 0)) == 414
    assert parse("a" * 5000, Limits(0, 0, 0)) == 414
    assert parse("/".join("a" * 60), Limits(0, 0, 0)) == Address(tuple("a" * 60))
    assert Address(("A", "B")).uri == "./A/B"
    assert Address(()).uri == "."
    assert not is_name("a/b")
    assert not is_name("..")


def test_get(tree: Tree) -> None:
    assert text(tree, "./Dev/Name") == text(tree, "Dev/Name") == "acme"
    assert text(tree, "./Dev") == "Name/Url/Data/Run"
    assert text(tree, "./Dev/Run") == ""
    assert text(tree, ".") == "Dev"
    assert text(tree, "./Dev/Nothing") == 404
    assert text(tree, "./Dev/Name/Below") == 404
    assert text(tree, "./Dev/Data") == 405
    assert text(tree, "./Dev?list=TNDS") == 406
    code, answer = tree.get("./Dev", ME)
    assert (code, answer and answer.format) == (200, "node")


def test_properties(tree: Tree) -> None:
    assert text(tree, "./Dev/Name?prop=Format") == "chr"
    assert text(tree, "./Dev?prop=Format") == "node"
    assert text(tree, "./Dev/Name?prop=Name") == "Name"
    assert text(tree, "./Dev/Name?prop=Type") == "text/plain"
    assert text(tree, "./Dev/Name?prop=Size") == "4"
    assert text(tree, "./Dev?prop=Size") == 406
    assert text(tree, "./Dev/Name?prop=Title") == ""
    assert text(tree, ".?prop=ACL") == "Add=*&Get=*"
    assert text(tree, "./Dev/Name?prop=ACL") == ""
    assert tree.replace("./Dev/Url?prop=Type", put("x"), ME) == 405
    assert tree.replace("./Dev/Url?prop=Foo", put("x"), ME) == 406
    assert tree.replace("./Dev?prop=Name", put("x"), ME) == 405
    assert add(tree, "./Dev?prop=Type") == 405
    assert add(tree, "./Dev?prop=Foo") == 406
    assert tree.delete("./Dev?prop=ACL", ME) == 405


def test_replace(tree: Tree) -> None:
    told: list[tuple[str, str]] = []
    tree.observer = lambda command, uri: told.append((command, uri))
    assert tree.replace("./Dev/Url", put("http://a"), ME) == 200
    assert told == [("Replace", "./Dev/Url")]
    assert text(tree, "./Dev/Url") == "http://a"
    assert tree.replace("./Dev/Url", put("x", "int"), ME) == 415
    assert tree.replace("./Dev/Url", put("x"), OTHER) == 425
    assert tree.replace("./Dev/Name", put("x"), ME) == 405
    assert tree.replace("./Dev", put("x"), ME) == 405
    assert tree.replace("./Dev/New", put("x"), ME) == 404
    assert tree.replace("./Dev/Data", put("x" * 11, "bin"), ME) == 413
    assert tree.replace("./Dev/Data", put("x" * 10, "b64"), ME) == 200
    assert tree.may_replace("./Dev/Data", 11, ME) == 413
    assert tree.may_replace("./Dev/Data", 10, ME) == 200
    assert text(tree, "./Dev/Url") == "http://a"


def test_a_guard_refuses_for_the_moment(tree: Tree) -> None:
    node = tree.find("./Dev/Url")
    assert node is not None
    node.guard = lambda command: 403 if command == "Replace" else 0
    assert tree.replace("./Dev/Url", put("x"), ME) == 403
    assert text(tree, "./Dev/Url") == ""


def test_add_and_delete(tree: Tree) -> None:
    nodes = tree.nodes
    assert add(tree, "./Free", format_="node") == 200
    assert add(tree, "./Free") == 418
    assert add(tree, "./Free/Leaf", "5", "int") == 200
    assert text(tree, "./Free/Leaf") == "5"
    assert text(tree, "./Free/Leaf?prop=Format") == "int"
    assert text(tree, "./Free/Leaf?prop=Name") == "Leaf"
    assert add(tree, "./Free/Leaf/Below") == 405
    assert add(tree, "./Dev/New") == 405
    assert add(tree, "./Free/Odd", format_="odd") == 415
    assert tree.add("./Free/T", put("", "node", "application/vnd.syncml.dmtnds+xml"), ME) == 415
    assert tree.nodes == nodes + 2
    assert tree.delete("./Free", OTHER) == 425
    assert tree.delete("./Free", ME) == 200
    assert text(tree, "./Free/Leaf") == 404
    assert tree.nodes == nodes
    assert [tree.delete(uri, ME) for uri in (".", "./Dev", "./Dev/Name", "./Nothing")] == [405, 405, 405, 404]


def test_missing_parents_are_made_and_inherit(tree: Tree) -> None:
    assert add(tree, "./A/B/C", "v") == 200
    assert text(tree, "./A") == "B"
    assert text(tree, "./A?prop=ACL") == f"Add={ME}&Delete={ME}&Get=*&Replace={ME}"
    assert text(tree, "./A/B?prop=ACL") == ""
    assert add(tree, "./Dev/X/Y") == 405
    assert tree.failed_at == "./Dev/X"
    assert add(tree, "./A/B/D", server=OTHER) == 425
    assert tree.failed_at == ""


def test_nodes_are_bounded() -> None:
    tree = Tree(max_nodes=3)
    assert add(tree, "./A/B") == 200
    assert add(tree, "./C") == 420
    assert add(tree, "./A/B2", "x" * 70_000, server=None) == 420
    assert tree.delete("./A", ME) == 200
    assert add(tree, "./C", "x" * 70_000) == 413


def test_rename(tree: Tree) -> None:
    add(tree, "./Free", format_="node")
    add(tree, "./Free/One", "1")
    add(tree, "./Free/Two", "2")
    assert tree.replace("./Free/One?prop=Name", put("Two"), ME) == 418
    assert tree.replace("./Free/One?prop=Name", put("a/b"), ME) == 400
    assert tree.replace("./Free/One?prop=Name", put("n" * 65), ME) == 414
    assert tree.replace("./Free/One?prop=Name", put("Uno"), ME) == 200
    assert text(tree, "./Free/Uno") == "1"
    assert text(tree, "./Free/One") == 404


def test_copy(tree: Tree) -> None:
    add(tree, "./Free", format_="node")
    add(tree, "./Free/One", "1")
    add(tree, "./Free/Two", "2")
    assert tree.copy("./Free/One", "./Free/Two", ME) == 200
    tree.replace("./Free/One", put("x"), ME)
    assert text(tree, "./Free/Two") == "1"
    assert tree.copy("./Free/One", "./Dev/Name", ME) == 403
    assert tree.copy("./Free/One", "./Dev/Data", ME) == 403
    assert tree.copy("./Dev", "./Free/Two", ME) == 405
    assert tree.copy("./Nothing", "./Free/Two", ME) == 404
    assert tree.copy("./Free/One", "./Free/Three", ME) == 404
    assert tree.copy("./Free/One", "./Free/Two", OTHER) == 425


def test_exec_needs_the_node_and_the_right(tree: Tree) -> None:
    codes = [tree.executable(f"./Dev/{name}", ME) for name in ("Run", "Name", "Nothing")]
    assert codes == [200, 405, 404]
    assert tree.executable("./Dev/Run", OTHER) == 425
    assert tree.executable("./Dev/Run", None) == 200


def test_who_may_change_a_list(tree: Tree) -> None:
    mine = put(f"Get=*&Replace={ME}")
    assert tree.replace("./Dev/Name?prop=ACL", mine, OTHER) == 425
    assert tree.replace("./Dev/Name?prop=ACL", mine, ME) == 200
    assert text(tree, "./Dev/Name?prop=ACL") == f"Get=*&Replace={ME}"
    assert tree.replace("./Dev/Run?prop=ACL", put(f"Replace={OTHER}"), ME) == 200
    # inherited rights are not merged: only Replace is left here, and only for the other server
    assert tree.executable("./Dev/Run", ME) == 425
    assert text(tree, "./Dev/Run") == 425
    assert tree.replace("./Dev/Run?prop=ACL", put("Get=*"), OTHER) == 200
    assert tree.replace(".?prop=ACL", put("Add=*&Get=*&Replace=*"), ME) == 425
    assert tree.replace(".?prop=ACL", put("Get=*"), None) == 405
    assert tree.replace(".?prop=ACL", put(""), None) == 405
    assert tree.replace("./Dev?prop=ACL", put("Get"), ME) == 400
    assert tree.replace("./Dev?prop=ACL", put("Get=" + "a" * acl.LONGEST), ME) == 420


def test_the_leaf_owner_has_no_say_without_the_parent(tree: Tree) -> None:
    tree.replace("./Dev/Url?prop=ACL", put(f"Get=*&Replace={OTHER}"), ME)
    assert tree.replace("./Dev/Url", put("theirs"), OTHER) == 200
    assert tree.replace("./Dev/Url", put("mine"), ME) == 425
    assert tree.replace("./Dev/Url?prop=ACL", put(""), OTHER) == 425
    assert tree.replace("./Dev/Url?prop=ACL", put(""), ME) == 200


@pytest.mark.parametrize("bad", ["Get", "Get=", "Copy=*", "Get=a&", "Get=a b", "&", "Get=a++b", "get=*"])
def test_lists_that_are_none(bad: str) -> None:
    assert acl.parse(bad) is None


def test_lists() -> None:
    rights = acl.parse("Get=*+a&Replace=a+b&Replace=c")
    assert rights is not None
    assert acl.grants(rights, "Get", "anybody")
    assert all(acl.grants(rights, "Replace", server) for server in "abc")
    assert not acl.grants(rights, "Exec", "a")
    assert acl.parse("") == {}


def test_everything_can_be_undone(tree: Tree) -> None:
    add(tree, "./Free", format_="node")
    add(tree, "./Free/Old", "old")
    before, nodes = treestate.dump(tree), tree.nodes
    told: list[str] = []
    tree.observer = lambda command, uri: told.append(uri)
    tree.begin()
    assert add(tree, "./Free/Deep/New", "n") == 200
    assert tree.replace("./Free/Old", put("new"), ME) == 200
    assert tree.replace("./Free/Old?prop=Name", put("Young"), ME) == 200
    assert tree.replace("./Dev?prop=ACL", put("Get=*"), ME) == 200
    assert tree.delete("./Free", ME) == 200
    tree.rollback()
    assert treestate.dump(tree) == before
    assert tree.nodes == nodes
    assert told == []
    tree.begin()
    add(tree, "./Free/X")
    tree.commit()
    assert told == ["./Free/X"]


def test_a_tree_is_brought_back_from_what_was_kept(tree: Tree) -> None:
    add(tree, "./Free", format_="node")
    add(tree, "./Free/Leaf", "5", "int")
    tree.replace("./Dev/Url", put("http://a"), ME)
    tree.replace("./Dev/Run?prop=ACL", put("Get=*"), ME)
    again = Tree()
    again.place("./Dev/Url", type="text/plain", access=frozenset(("Get", "Replace")))
    again.place("./Dev/Run", format="node", access=frozenset(("Get", "Exec")), children={})
    treestate.load(again, treestate.dump(tree))
    assert text(again, "./Dev/Url") == "http://a"
    assert text(again, "./Free/Leaf?prop=Format") == "int"
    assert text(again, "./Dev/Run?prop=ACL") == "Get=*"
    assert tree.find("./Dev/Name") is not None
    assert text(again, "./Free/Leaf") == "5"


def test_building_wants_addresses() -> None:
    tree = Tree()
    for bad in (".", "./A?prop=ACL", "A//B"):
        with pytest.raises(ValueError, match="address"):
            tree.place(bad)
    tree.place("./Leaf")
    with pytest.raises(ValueError, match="leaf"):
        tree.place("./Leaf/Below")


def test_many_siblings_cost_no_more_than_few() -> None:
    def seconds(count: int) -> float:
        tree = Tree(max_nodes=count + 10)
        begin = time.perf_counter()
        for number in range(count):
            assert add(tree, f"./N{number}", "v") == 200
        for number in range(count):
            tree.delete(f"./N{number}")
        return time.perf_counter() - begin

    seconds(200)
    assert seconds(8000) < 30 * max(seconds(1000), 0.01)
