"""The digest of a channel: what it was not told one by one, and why. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.common.history.notifying.rows import NoticeState
from services.notifier.happening import Importance, Kind
from services.notifier.message import Message
from services.notifier.notice import Notice
from services.operations.words import minute, plain_name

MOST_LISTED = 12
"""How many titles that are not urgent a digest lists of those left for one reason. Urgent ones it lists all."""
ROOM = 1500
"""How many characters the urgent titles of one digest have, so that no channel cuts one off."""
_MOST_WITHIN = 24
_PARTS = {
    NoticeState.UNSURE: "May have arrived or not, so it is not sent again",
    NoticeState.DROPPED: "Could not be told",
    NoticeState.DIGESTED: "Not told one by one",
}
RULE, AGAIN = "digest", "digest again"
"""The rules that a digest names. AGAIN: it tells of nothing but digests that failed."""


@dataclass(frozen=True, slots=True)
class Left:
    """A notice that was not told on its own.

    Attributes:
        state: DIGESTED, DROPPED or UNSURE.
        at: when it got this state.
    """

    notice: Notice
    state: NoticeState
    reason: str
    at: datetime


def digest(channel: str, left: Sequence[Left], now: datetime) -> Notice:
    """The notice that tells a channel what was left, which is not empty."""
    urgent = [each for each in left if _is_urgent(each)]
    others = [each for each in left if not _is_urgent(each)]
    lines = [*_listed(urgent, len(urgent)), *_listed(others, MOST_LISTED)]
    first, last = min(each.at for each in left), max(each.at for each in left)
    return Notice(
        event_key=f"digest:{channel}:{last.isoformat()}",
        channel=channel,
        rule=AGAIN if all(each.notice.kind is Kind.DIGEST for each in left) else RULE,
        kind=Kind.DIGEST,
        importance=max(each.notice.importance for each in left),
        made=now,
        happened=last,
        message=Message(f"{_count(len(left))} from {minute(first)} to {minute(last)}", tuple(lines)),
    )


def is_urgent(left: Sequence[Left]) -> bool:
    """Whether a digest of these has something that passes quiet hours."""
    return any(_is_urgent(each) for each in left)


def that_fit(left: Sequence[Left]) -> Sequence[Left]:
    """As many of these, from the first on, as one digest can tell without leaving out an urgent title."""
    room = ROOM
    for count, each in enumerate(left):
        if _is_urgent(each):
            room -= sum(map(len, _lines_of(each)))
            if room < 0 and count:
                return left[:count]
    return left


def _is_urgent(each: Left) -> bool:
    return each.notice.importance is Importance.URGENT


def _listed(left: Sequence[Left], most: int) -> list[str]:
    ordered = sorted(left, key=lambda each: (-each.notice.importance, each.notice.happened))
    return [
        line
        for state, title in _PARTS.items()
        for line in _part(title, [each for each in ordered if each.state is state], most)
    ]


def _part(title: str, left: Sequence[Left], most: int) -> list[str]:
    if not left:
        return []
    listed = [line for each in left[:most] for line in _lines_of(each)]
    rest = Counter(each.notice.kind for each in left[most:])
    more = ", ".join(f"{count} {plain_name(kind)}" for kind, count in sorted(rest.items()))
    return [f"{title} ({len(left)}):", *listed, *([f"- and more: {more}"] if more else [])]


def _lines_of(each: Left) -> list[str]:
    """The title of a notice; of a digest also what it would have told."""
    message = each.notice.message
    within = message.lines if each.notice.kind is Kind.DIGEST else ()
    return [f"- {message.title}", *(f"  {line}" for line in within[:_MOST_WITHIN])]


def _count(number: int) -> str:
    return "1 notice" if number == 1 else f"{number} notices"
