"""What is said about the system itself: holds, services, sources, dead letters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.common.history.rows import HoldRow
from services.common.store.keys import KEPT
from services.common.text.harmless import harmless
from services.notifier.message import Message
from services.operations.words import describe_seconds, minute

MOST_NAMED = 10


def about_hold_set(row: HoldRow) -> Message:
    """A hold that was set or changed."""
    if row.owner == KEPT:
        return Message(
            "Entries are refused: the store has lost the holds",
            ("Open trades are still closed. ./cryptoboy resume starts the record anew.",),
        )
    until = f"Until {minute(row.until)}." if row.until else "Until it is lifted."
    reason = f"Reason: {harmless(row.reason)}. " if row.reason else "No reason was given. "
    return Message(
        f"Entries are paused by {harmless(row.owner, 60)}",
        (f"{reason}{until} Open trades are still closed.",),
    )


def about_hold_lifted(row: HoldRow) -> Message:
    """A hold that was lifted."""
    if row.owner == KEPT:
        return Message("The store keeps the holds again", ("Entries follow the holds that are set.",))
    return Message(
        f"The hold of {harmless(row.owner, 60)} is lifted",
        ("Entries are allowed again unless another hold is in force: ./cryptoboy sentiment shows it.",),
    )


def about_service_down(service: str, detail: str, seconds: float) -> Message:
    """A service that has not worked for some seconds."""
    return Message(
        f"{service} does not work",
        (
            f"For {describe_seconds(seconds)}: {harmless(detail)}",
            "./cryptoboy doctor says what to do.",
        ),
    )


def about_service_up(service: str, seconds: float) -> Message:
    """A service that works again."""
    return Message(f"{service} works again", (f"It was away for {describe_seconds(seconds)}.",))


def about_source_silent(source: str, last_seen: datetime, now: datetime) -> Message:
    """A source that has had nothing new for long."""
    silent = describe_seconds((now - last_seen).total_seconds())
    return Message(
        f"{harmless(source, 60)} is silent",
        (
            f"Its last article was fetched {silent} ago, at {minute(last_seen)}.",
            "Receipt: ./cryptoboy sources",
        ),
    )


def about_source_back(source: str, seen: datetime) -> Message:
    """A source that has news again."""
    return Message(f"{harmless(source, 60)} has news again", (f"An article was fetched at {minute(seen)}.",))


def about_sources(sources: Sequence[str], *, is_silent: bool) -> Message:
    """Many sources that fell silent, or have news again, at the same time."""
    named = ", ".join(harmless(each, 60) for each in sources[:MOST_NAMED])
    more = f" and {len(sources) - MOST_NAMED} more" if len(sources) > MOST_NAMED else ""
    return Message(
        f"{len(sources)} sources {'are silent' if is_silent else 'have news again'}",
        (f"{named}{more}.", "Receipt: ./cryptoboy sources"),
    )


def about_dead_letter(article_id: str, title: str, reason: str) -> Message:
    """An article that could not be processed."""
    return Message(
        "An article is a dead letter",
        (
            f"{harmless(title) or 'Its title is not recorded'}: {harmless(reason)}",
            f"Receipt: article {harmless(article_id[:12])}; ./cryptoboy queues shows the dead letters.",
        ),
    )
