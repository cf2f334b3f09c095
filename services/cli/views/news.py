"""The tables of `cryptoboy news`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.table import Column
from rich.text import Text

from services.cli.support.answers import answer_console, plain_table
from services.operations.news.prices import PriceMove
from services.operations.news.stories import StoryRow
from services.operations.news.story import Story

_ID = 10  # characters, enough to open a story by


def show_stories(stories: Sequence[StoryRow], *, newest_first: bool = True) -> None:
    """Print a row for each story, with the score of each pair. Times are in UTC."""
    if not stories:
        print("No story matches." if newest_first else "")
        return
    table = plain_table(
        Column("UTC", no_wrap=True), "id", "scores", "kind", "sources", Column("headline", ratio=1)
    )
    for story in stories:
        scores = ", ".join(f"{score.pair} {score.score:+.2f}" for score in story.scores) or _ended(story)
        table.add_row(
            _short(story.first_seen),
            Text(story.article_id[:_ID]),
            Text(scores),
            story.kind,
            Text(_sources(story)),
            Text(story.headline + (" (suspicious)" if story.suspicions else "")),
        )
    answer_console().print(table)


def show_story(story: Story) -> None:
    """Print a story: how it was told, what it was scored, the receipts, and what prices did since."""
    console = answer_console()
    row = story.row
    console.print(Text(row.headline, style="bold"))
    console.print(Text(f"story {row.story}, {row.kind or 'no kind'}, first told by {row.source}: {row.link}"))
    if row.suspicions:
        console.print(Text(f"Suspicious: {', '.join(row.suspicions)}"))
    told = plain_table("published, UTC", "fetched, UTC", "source", "outcome", "title")
    for telling in story.tellings:
        ended = telling.outcome + (f": {telling.reason}" if telling.reason else "")
        told.add_row(
            _short(telling.published),
            _short(telling.fetched),
            Text(telling.source),
            Text(ended),
            Text(telling.title),
        )
    console.print(told)
    if story.signals:
        scores = plain_table(
            "available, UTC", "for", "score", "label", "confidence", "kind", "revision", "why"
        )
        for score in story.signals:
            doubt = " degraded" if score.degraded else ""
            scores.add_row(
                _short(score.available_at),
                score.pair,
                f"{score.score:+.2f}",
                f"{score.label}{doubt}",
                f"{score.confidence:.2f}",
                score.kind,
                str(score.revision),
                Text(score.rationale),
            )
        console.print(scores)
    for receipt in story.receipts:
        tokens = "" if receipt.tokens is None else f", {receipt.tokens} tokens"
        seconds = "" if receipt.latency_seconds is None else f", {receipt.latency_seconds:.1f} s"
        prompt = "" if receipt.prompt_version is None else f", prompt {receipt.prompt_version}"
        console.print(
            Text(
                f"Scored {_short(receipt.scored_at)} UTC by {receipt.model}{prompt}{tokens}{seconds}: {receipt.answer}"
            )
        )
    show_moves(story.moves)


def show_moves(moves: Sequence[PriceMove]) -> None:
    """Print what prices did, in percent; a blank is not known yet."""
    if not moves:
        return
    names = list(moves[0].returns)
    table = plain_table(
        "price of", "entered, UTC", "at", *(f"after {name}" if name != "now" else name for name in names)
    )
    for move in moves:
        changes = (move.returns.get(name) for name in names)
        table.add_row(
            move.pair,
            _short(move.entered),
            f"{move.price:g}",
            *("" if change is None else f"{change:+.2f}%" for change in changes),
        )
    answer_console().print(table)


def _sources(story: StoryRow) -> str:
    first, *others = story.sources
    return f"{first} +{len(others)}" if others else first


def _ended(story: StoryRow) -> str:
    return story.outcome or "waits"


def _short(moment: datetime) -> str:
    return f"{moment:%m-%d %H:%M}"
