"""Large objects: cutting and joining, size checks, errors."""

import base64
import tracemalloc

import pytest

from conformance.dm.largeobject import Assembler, Splitter, Spool, Value
from conformance.syncml.model import Item, Meta


class Octets:
    def __init__(self, octets: bytes) -> None:
        self.octets, self.size = octets, len(octets)

    def read(self, offset: int, count: int) -> bytes:
        return self.octets[offset : offset + count]


class Endless:
    """Content out of nothing, so that memory is seen to stay small."""

    size = 24 << 20

    def read(self, offset: int, count: int) -> bytes:
        return b"\xa5" * min(count, self.size - offset)


def chunks(splitter: Splitter, room: int, encoding: str) -> list[Item]:
    items = []
    while not items or items[-1].more:
        item = Item(target="./x")
        last = splitter.fill(item, room, encoding)
        assert last is not item.more
        items.append(item)
        assert len(items) < 5000
    return items


@pytest.mark.parametrize("size", [0, 1, 2, 3, 29, 30, 31, 1000])
@pytest.mark.parametrize(("encoding", "format_"), [("xml", "b64"), ("xml", "bin"), ("wbxml", "bin"), ("wbxml", "b64")])
def test_what_is_cut_can_be_joined(size: int, encoding: str, format_: str) -> None:
    octets = bytes(i * 7 % 256 for i in range(size))
    items = chunks(Splitter(Octets(octets), format_), 41, encoding)
    joined = b"".join(i.data if isinstance(i.data, bytes) else (i.data or "").encode() for i in items)
    raw = format_ == "bin" and encoding == "wbxml"
    assert joined == (octets if raw else base64.b64encode(octets))
    sizes = [i.meta.size if i.meta else None for i in items]
    assert sizes[1:] == [None] * (len(items) - 1)
    assert sizes[0] == (str(len(joined)) if len(items) > 1 else None)
    assert all(len(i.data or "") <= 41 for i in items)
    receiver = Assembler(10_000)
    codes = []
    for item in items:
        code, value = receiver.accept("Replace", item, item.meta or Meta(format="bin"))
        codes.append(code)
    assert codes == [213] * (len(items) - 1) + [200]
    assert value is not None
    assert value.octets() == octets
    assert value.format == "bin"


def test_text_is_cut_between_characters_and_by_its_escaped_length() -> None:
    text = "grün & <schön> €" * 20
    items = chunks(Splitter(Octets(text.encode()), "chr"), 23, "xml")
    parts = [str(i.data) for i in items]
    assert "".join(parts) == text
    escaped = [p.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode() for p in parts]
    assert max(map(len, escaped)) <= 23
    assert items[0].meta is not None
    assert items[0].meta.size == str(len(text.encode()))
    assert items[0].meta.format is None


def test_a_source_that_ends_early_ends_the_object() -> None:
    source = Octets(b"abc")
    source.size = 100
    items = chunks(Splitter(source, "bin"), 10, "wbxml")
    assert items[0].meta is not None
    assert items[0].meta.size == "100"
    receiver = Assembler(1000)
    codes = [receiver.accept("Add", item, item.meta or Meta())[0] for item in items]
    assert codes[-1] == 424


def first(data: str, size: str | None, more: bool = True) -> Item:
    return Item(target="./x", data=data, meta=Meta(size=size), more=more)


def feed(receiver: Assembler, *items: Item) -> list[int]:
    return [receiver.accept("Replace", item, item.meta or Meta())[0] for item in items]


def test_size_is_checked_on_what_was_transferred() -> None:
    for size, code in (("6", 200), ("5", 424), ("7", 424)):
        receiver = Assembler(100)
        assert feed(receiver, first("abc", size), Item(target="./x", data="def")) == [213, code]
        assert not receiver.open


def test_errors_of_chunks() -> None:
    assert feed(Assembler(100), first("abc", None)) == [411]
    assert feed(Assembler(100), first("abc", "many")) == [400]
    assert feed(Assembler(100), first("abc", "9" * 40)) == [400]
    assert feed(Assembler(100), first("abc", "101")) == [413]
    assert feed(Assembler(100), first("abc", "6"), first("def", "6", more=False)) == [213, 400]
    assert feed(Assembler(100, supported=False), first("abc", "6")) == [406]
    assert feed(Assembler(2), Item(target="./x", data="abc")) == [413]
    assert feed(Assembler(8), first("abc", "4"), first("abc", None), first("abc", None)) == [213, 213, 413]


def test_an_object_is_known_by_its_command_and_target() -> None:
    receiver = Assembler(100)
    feed(receiver, first("abc", "6"))
    assert receiver.open
    assert receiver.target == "./x"
    assert receiver.continues("Replace", "./x")
    assert not receiver.continues("Add", "./x")
    assert not receiver.continues("Replace", "./y")
    receiver.drop()
    assert not receiver.open


@pytest.mark.parametrize("text", ["QQ", "QUJD=", "QQ==QQ==", "%%%%", "QUJ"])
def test_base64_that_is_none_gives_no_octets(text: str) -> None:
    assert Value.of(text.encode(), Meta(format="b64")).octets() is None


def test_white_space_in_base64_is_skipped() -> None:
    assert Value.of(b"QU\r\nJD\n", Meta(format="b64")).octets() == b"ABC"


def test_big_objects_stay_out_of_memory() -> None:
    receiver, splitter = Assembler(1 << 30), Splitter(Endless(), "bin")
    tracemalloc.start()
    code = 0
    while code in (0, 213):
        item = Item(target="./x", meta=Meta(format="bin"))
        splitter.fill(item, 1 << 18, "wbxml")
        code, value = receiver.accept("Replace", item, item.meta or Meta())
    assert code == 200
    assert value is not None
    decoded = value.decoded()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert decoded is not None
    assert decoded.size == Endless.size
    assert peak < 8 << 20
    assert decoded.read(Endless.size - 2, 10) == b"\xa5\xa5"
    decoded.close()
    assert isinstance(value.raw, Spool)
    value.raw.close()
