"""A pair's signals in memory, and how a look at the store brings them in line with it. Pure."""

from collections.abc import Callable
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


class Mirror(NamedTuple):
    """The members of a pair by name, with their lowest and highest score and the names that have the highest."""

    members: dict[bytes, Member]
    oldest: float
    newest: float
    last: frozenset[bytes]


EMPTY = Mirror({}, float("inf"), float("-inf"), frozenset())


def in_line(known: Mirror, page: Page, decode: Callable[[bytes], Signal | None]) -> Mirror | None:
    """The mirror that agrees with the page; `known` itself when nothing changed, None when they contradict.

    After None all must be read anew, with the horizon as cursor: such a page never contradicts.
    """
    if _is_unchanged(known, page):
        return known
    members = known.members
    read = {
        name: Member(score, members[name].signal if name in members else decode(name))
        for name, score in page.read
    }
    corrected = {(s.article_id, s.model): s.revision for _, s in read.values() if s}
    held = {
        name
        for name, (score, s) in members.items()
        if score >= max(page.horizon, page.oldest)
        and not (s and corrected.get((s.article_id, s.model), -1) > s.revision)
    }
    before = {name for name in held if members[name].score < page.cursor}
    is_whole = page.cursor == page.horizon
    if not is_whole and (len(before) != page.before or not held - before <= read.keys()):
        return None
    return _mirror_of({name: members[name] for name in before} | read)


def _is_unchanged(known: Mirror, page: Page) -> bool:
    """What nearly every look finds; told without going through the members."""
    return (
        page.cursor == known.newest > page.horizon
        and known.oldest >= max(page.horizon, page.oldest)
        and page.before == len(known.members) - len(known.last)
        and len(page.read) == len(known.last)
        and all(name in known.last and score == known.newest for name, score in page.read)
    )


def _mirror_of(members: dict[bytes, Member]) -> Mirror:
    if not members:
        return EMPTY
    scores = [member.score for member in members.values()]
    newest = max(scores)
    last = frozenset(name for name, member in members.items() if member.score == newest)
    return Mirror(members, min(scores), newest, last)
