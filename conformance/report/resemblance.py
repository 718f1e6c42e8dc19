"""Which known deviation a failing case looks like: a hint for whoever looks for the cause, never a judgement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_SAME_CASE = 0.5
"""What it counts that the case is the one by which the deviation is known to be seen."""
_LEAST = 0.2


@dataclass(frozen=True, slots=True)
class Known:
    """A deviation that the suite is tested with: what a sloppy implementer does, which requirements that breaks, and a
    case that sees it."""

    id: str
    role: str
    says: str
    breaks: tuple[str, ...]
    seen_by: str = ""


def nearest(known: Sequence[Known], role: str, case: str, broken: Iterable[str]) -> Known | None:
    """The deviation that breaks most nearly the same requirements; ``None`` where none comes near.

    ``case`` is the id of the failing case without its permutation, ``broken`` the requirements that it found broken.
    """
    found, best, score = set(broken), None, 0.0
    for each in known:
        shared = found & set(each.breaks)
        if each.role != role or not shared:
            continue
        near = len(shared) / len(found | set(each.breaks)) + (_SAME_CASE if each.seen_by == case else 0)
        if near > score:
            best, score = each, near
    return best if score >= _LEAST else None
