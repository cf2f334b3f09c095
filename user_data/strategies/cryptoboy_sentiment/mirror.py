"""A pair's signals in memory, and how a look at the store brings them in line with it. Pure."""

import hashlib
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cryptoboy_sentiment.signals import Signal


class Member(NamedTuple):
    """A member of a pair's sorted set: its score in epoch ms and its signal, None when that is not valid."""

    score: float
    signal: Signal | None


class Page(NamedTuple):
    """What the store holds for a pair. All but `before` and `read` are scores, in epoch ms."""

    horizon: float  # nothing older is wanted
    cursor: float  # where reading began
    oldest: float  # of the whole set
    before: int  # how many lie from horizon to before cursor
    read: list[tuple[bytes, float]]  # members from cursor on
    signature: str  # of those read that have the highest score; empty where none was read


class Mirror(NamedTuple):
    """The members of a pair by name, and by what the store can tell that they are still the same."""

    members: dict[bytes, Member]
    oldest: float  # the lowest score
    newest: float  # the highest
    before_newest: int  # how many have a lower one than that
    signature: str  # of those that have the highest; empty where it is not known


EMPTY = Mirror({}, math.inf, -math.inf, 0, "")


def signature_of(flat: Sequence[bytes]) -> str:
    """The SHA-1 of members and scores as the store returns them: member, score, member, score."""
    return hashlib.sha1(b"".join(flat), usedforsecurity=False).hexdigest()


def in_line(known: Mirror, page: Page, decode: Callable[[bytes], Signal | None]) -> Mirror | None:
    """The mirror that agrees with the page; None when they contradict.

    After None all must be read anew, with the horizon as cursor: such a page never contradicts.
    """
    members = known.members
    read = {
        name: Member(score, members[name].signal if name in members else decode(name))
        for name, score in page.read
    }
    held = {name for name, (score, _) in members.items() if score >= max(page.horizon, page.oldest)}
    before = {name for name in held if members[name].score < page.cursor}
    is_whole = page.cursor == page.horizon
    if not is_whole and (len(before) != page.before or not held - before <= read.keys()):
        return None
    return _mirror_of({name: members[name] for name in before} | read, page.signature)


def _mirror_of(members: dict[bytes, Member], signature: str) -> Mirror:
    if not members:
        return EMPTY
    scores = [member.score for member in members.values()]
    newest = max(scores)
    return Mirror(members, min(scores), newest, len(scores) - scores.count(newest), signature)
