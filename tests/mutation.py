"""Valid octets made wrong by chance: what the tests of hostile input have in common.

``FUMO_LONG=1 python3 -m pytest -m long`` runs all of it, otherwise a sample with the same seed is run.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Sequence

LONG = os.environ.get("FUMO_LONG", "").lower() not in ("", "0", "false", "no")
_TELLING = (0x00, 0x01, 0x02, 0x03, 0x04, 0x43, 0x44, 0x7F, 0x80, 0x83, 0x84, 0xC0, 0xC3, 0xFF, 0x3C, 0x3E, 0x26)
_VALUES = (
    b"", b"0", b"-1", b"99999999999999999999", b"1e9", b"\xd9\xa3", b"A" * 3000, b"../../..", b"./" * 200, b"%00", b"&#0;",
    b"200", b"401", b"407", b"1222", b"1223", b"1226", b"./DevInfo/DevId", b"./FwUpdate/Main", b".", b"b64", b"bin", b"1.1",
)  # fmt: skip
_NAMES = (b"Status", b"Get", b"Replace", b"Exec", b"Alert", b"Atomic", b"Sequence", b"Item", b"Data", b"Meta", b"Results", b"Final")
_TEXT = re.compile(rb">[^<>]{1,200}</")


def rounds(all_: int, sample: int) -> int:
    """How many times: all of them in the long tier, else a sample."""
    return all_ if LONG else sample


def mutated(rng: random.Random, octets: bytes, others: Sequence[bytes]) -> bytes:
    """One to four changes of valid octets; ``others`` are what pieces may be taken from."""
    body = bytearray(octets)
    for _ in range(rng.randint(1, 4)):
        if not body:
            break
        rng.choice(_WAYS)(rng, body, others)
    return bytes(body)


def _flip(rng: random.Random, body: bytearray, others: Sequence[bytes]) -> None:
    body[rng.randrange(len(body))] = rng.choice((*_TELLING, rng.randrange(256)))


def _insert(rng: random.Random, body: bytearray, others: Sequence[bytes]) -> None:
    at = rng.randrange(len(body) + 1)
    body[at:at] = bytes(rng.choice(_TELLING) for _ in range(rng.randint(1, 6)))


def _delete(rng: random.Random, body: bytearray, others: Sequence[bytes]) -> None:
    at = rng.randrange(len(body))
    del body[at : at + rng.choice((1, 2, 3, 20))]


def _repeat(rng: random.Random, body: bytearray, others: Sequence[bytes]) -> None:
    at = rng.randrange(len(body))
    body[at:at] = body[at : at + rng.randint(1, 120)] * rng.choice((1, 2, 30))


def _cut(rng: random.Random, body: bytearray, others: Sequence[bytes]) -> None:
    del body[rng.randrange(len(body)) :]


def _splice(rng: random.Random, body: bytearray, others: Sequence[bytes]) -> None:
    other = rng.choice(others)
    at, start = rng.randrange(len(body)), rng.randrange(len(other) or 1)
    body[at : at + rng.randrange(40)] = other[start : start + rng.randint(1, 200)]


def _value(rng: random.Random, body: bytearray, others: Sequence[bytes]) -> None:
    """Another value in an element: of XML, or of WBXML with its text as an inline string."""
    if body[:1] == b"<":
        found = list(_TEXT.finditer(bytes(body)))
        if found:
            spot = rng.choice(found)
            body[spot.start() + 1 : spot.end() - 2] = rng.choice(_VALUES)
        return
    starts = [at for at in range(5, len(body)) if body[at] == 3]
    if starts:
        at = rng.choice(starts) + 1
        end = body.find(0, at)
        if end >= 0:
            body[at:end] = rng.choice(_VALUES)


def _name(rng: random.Random, body: bytearray, others: Sequence[bytes]) -> None:
    """Another element in the place of one."""
    if body[:1] == b"<":
        old, new = rng.choice(_NAMES), rng.choice(_NAMES)
        body[:] = bytes(body).replace(b"<" + old + b">", b"<" + new + b">").replace(b"</" + old + b">", b"</" + new + b">")
        return
    old, new = rng.randrange(0x45, 0x7D), rng.randrange(0x45, 0x7D)
    body[5:] = bytes(new if octet == old else octet for octet in body[5:])


_WAYS = (_flip, _flip, _insert, _delete, _repeat, _cut, _splice, _value, _value, _value, _name, _name)
