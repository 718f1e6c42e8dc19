"""The tree of elements that both codecs read and write, and what they noticed on the way.

A message exists in three forms: octets, :class:`Element` (what stood there, in the order in which it stood) and the
typed :class:`conformance.syncml.model.Message` (what it means). Rules about form look at elements, rules about meaning
look at messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

SYNCML = "syncml"
"""Vocabulary of RepPro: code page 0, namespace ``SYNCML:SYNCML1.1`` or ``SYNCML:SYNCML1.2``."""
METINF = "metinf"
"""Vocabulary of meta information: code page 1, namespace ``syncml:metinf``."""
DMDDF = "dmddf"
"""Vocabulary of DDF and TNDS: code page 2, namespace ``syncml:dmddf1.2``."""


@dataclass(slots=True)
class Element:
    """One element as it stood in a message.

    ``text`` is the character data, concatenated. ``octets`` is set where the value came as raw octets (WBXML OPAQUE) that
    are not valid UTF-8 text, or where it shall be written so; then ``text`` is empty. ``offset`` is the position of the
    start tag in the octets read, where the codec knows it (WBXML always, XML: line number times nothing; ``None``).
    """

    name: str
    vocabulary: str = SYNCML
    children: list[Element] = field(default_factory=list)
    text: str = ""
    octets: bytes | None = None
    offset: int | None = None

    def child(self, name: str) -> Element | None:
        """The first child of that name, or ``None``."""
        for child in self.children:
            if child.name == name:
                return child
        return None

    def all(self, name: str) -> list[Element]:
        """All children of that name, in order."""
        return [child for child in self.children if child.name == name]

    def walk(self) -> Iterator[Element]:
        """This element and all below it, in document order."""
        stack = [self]
        while stack:
            element = stack.pop()
            yield element
            stack.extend(reversed(element.children))


@dataclass(frozen=True, slots=True)
class Observation:
    """A departure from the rules of form that reading tolerated.

    ``code`` is a short lower-kebab name ("root-namespace-missing"), ``requirement`` the id of the catalogue it concerns
    ("" where there is none), ``offset`` the octet at which it was seen (``None`` where the codec does not know),
    ``detail`` one English sentence fragment for a reader.
    """

    code: str
    detail: str
    offset: int | None = None
    requirement: str = ""


class SyntaxFault(ValueError):
    """Octets that are no message at all. ``offset`` counts octets from 0; ``reason`` is one clear line."""

    def __init__(self, reason: str, offset: int | None = None) -> None:
        self.reason = reason
        self.offset = offset
        super().__init__(reason if offset is None else f"at octet {offset}: {reason}")
