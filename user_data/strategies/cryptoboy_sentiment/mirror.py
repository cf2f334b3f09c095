"""Keeps a copy of a pair's signals in memory, and updates it with a page read from the store. Pure."""

import math
from collections.abc import Callable
from typing import NamedTuple

from cryptoboy_sentiment.signals import Signal


class Member(NamedTuple):
    """A member of a pair's sorted set: its score in epoch ms, and its signal (None if the member is not valid)."""

    score: float
    signal: Signal | None


class Page(NamedTuple):
    """The store's data for a pair. All fields except `before` and `read` are scores in epoch ms."""

    horizon: float  # members older than this are not asked for
    cursor: float  # where reading began
    oldest: float  # the oldest member of the whole set
    before: int  # how many lie from horizon to before cursor
    read: list[tuple[bytes, float]]  # members from cursor on


class Mirror(NamedTuple):
    """The members of a pair by name, and their lowest and highest scores."""

    members: dict[bytes, Member]
    oldest: float
    newest: float


EMPTY = Mirror({}, math.inf, -math.inf)


def in_line(known: Mirror, page: Page, decode: Callable[[bytes], Signal | None]) -> Mirror | None:
    """The mirror after the page was applied; None if the page contradicts the mirror.

    If the result is None, the whole pair must be read again with the horizon as cursor; such a page never contradicts
    the mirror.
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
    return _mirror_of({name: members[name] for name in before} | read)


def _mirror_of(members: dict[bytes, Member]) -> Mirror:
    scores = [member.score for member in members.values()]
    return Mirror(members, min(scores, default=math.inf), max(scores, default=-math.inf))
