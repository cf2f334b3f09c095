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
RULE = "digest"


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
    unsure = [each for each in left if each.state is NoticeState.UNSURE]
    dropped = [each for each in left if each.state is NoticeState.DROPPED]
    grouped = [each for each in left if each.state is NoticeState.DIGESTED]
    lines = [
        *_part("May have arrived or not, so it is not sent again", unsure),
        *_part("Could not be told within an hour", dropped),
        *_part("Not told one by one", grouped),
    ]
    first, last = min(each.at for each in left), max(each.at for each in left)
    return Notice(
        event_key=f"digest:{channel}:{last.isoformat()}",
        channel=channel,
        rule=RULE,
        kind=Kind.DIGEST,
        importance=max(each.notice.importance for each in left),
        made=now,
        happened=last,
        message=Message(f"{_count(len(left))} from {minute(first)} to {minute(last)}", tuple(lines)),
    )


def is_urgent(left: Sequence[Left]) -> bool:
    """Whether a digest of these has something that passes quiet hours."""
    return any(each.notice.importance is Importance.URGENT for each in left)


def _part(title: str, left: Sequence[Left]) -> list[str]:
    if not left:
        return []
    ordered = sorted(left, key=lambda each: (-each.notice.importance, each.notice.happened))
    listed = [f"- {each.notice.message.title}" for each in ordered[:MOST_LISTED]]
    rest = Counter(each.notice.kind for each in ordered[MOST_LISTED:])
    more = ", ".join(f"{count} {plain_name(kind)}" for kind, count in sorted(rest.items()))
    return [f"{title} ({len(left)}):", *listed, *([f"- and more: {more}"] if more else [])]


def _count(number: int) -> str:
    return "1 notice" if number == 1 else f"{number} notices"
