"""What a device packs into messages by one look is what it packs command by command."""

from __future__ import annotations

import random

import pytest
from devicebench import Octets

from conformance.dm.answers import Packer
from conformance.dm.executor import LargeItem
from conformance.dm.tree import Answer
from conformance.syncml.codec import encode
from conformance.syncml.model import Alert, Command, Header, Item, Message, Meta, Results, Status


def _waiting(chance: random.Random) -> tuple[list[Command], list[Command]]:
    """Statuses and other commands that a session might have to send."""
    refs = [Status(msg_ref="1", cmd_ref=str(n), cmd="Get", data="200") for n in range(chance.randrange(1, 30))]
    found: list[Command] = []
    for n in range(chance.randrange(8)):
        octets = chance.randbytes(chance.choice((0, 5, 40, 900)))
        value = Answer(Octets(octets.hex().encode()), "chr") if n % 2 else Answer(Octets(octets), "bin")
        item = LargeItem(source=f"./A/Node{n}", meta=Meta(format=value.format), value=value)
        found.append(Results(msg_ref="1", cmd_ref=str(n), items=[item]))
        if chance.random() < 0.3:
            found.append(Alert(data="1226", items=[Item(source="./A", data="<&>" * chance.randrange(30))]))
    return refs, found


def _packed(seed: int, limit: int, encoding: str) -> list[Message]:
    """The messages in which everything goes that waits."""
    refs, found = _waiting(random.Random(seed))
    packer = Packer(encoding, True)
    packer.statuses.extend(refs)
    packer.commands.extend(found)
    sent = []
    while packer.waiting and len(sent) < 500:
        message = Message(Header(session_id="1", msg_id=str(len(sent) + 1), target="http://server/dm", source="urn:imei:1"))

        def number(command: Command, message: Message = message) -> Command:
            command.cmd_id = str(len(message.commands) + 1)
            return command

        packer.fill(message, limit, lambda each: encode(each, encoding), number, Alert(data="1222") if seed % 3 else None)
        sent.append(message)
    assert not packer.waiting
    return sent


@pytest.mark.parametrize("encoding", ["xml", "wbxml"])
@pytest.mark.parametrize("limit", [600, 1500, 4000, 9000, 40000])
def test_what_is_packed_by_one_look_is_what_is_packed_command_by_command(limit: int, encoding: str) -> None:
    quick = [_packed(seed, limit, encoding) for seed in range(12)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Packer, "_fits", lambda *given: False)
        slow = [_packed(seed, limit, encoding) for seed in range(12)]
    assert [[encode(each, encoding) for each in messages] for messages in quick] == [
        [encode(each, encoding) for each in messages] for messages in slow
    ]
