"""/news: the stories of the news, and everything about one."""

from __future__ import annotations

from services.common.text.telegram_html import bold, fitted, link, plain
from services.notifier.telegram.answers import Parts
from services.notifier.telegram.asked import Asked
from services.notifier.telegram.buttons import in_rows, why_article
from services.notifier.telegram.reply import Reply
from services.operations.news.grouping import PairScore
from services.operations.news.stories import StoryFilter, StoryRow, list_stories
from services.operations.news.story import Story, open_story
from services.operations.pairs import pair_or_asset
from services.operations.words import age_text, percent, plain_name, price, score

SHOWN = 8
MOST_SCORES = 6
MOST_LINES = 12


def news(parts: Parts, _asked: Asked, words: list[str]) -> Reply:
    """The newest stories, of a pair or an asset if one is named."""
    pair = pair_or_asset(words[0], parts.settings) if words else None
    stories = list_stories(parts.history, StoryFilter(pair=pair), limit=SHOWN).stories
    if not stories:
        return Reply(f"No news{f' of {plain(pair)}' if pair else ''} is recorded yet.")
    lines = [line for number, story in enumerate(stories, 1) for line in _row(parts, number, story)]
    return Reply(
        fitted(lines), in_rows([why_article(row.article_id, str(n)) for n, row in enumerate(stories, 1)])
    )


def story_reply(parts: Parts, given: str) -> Reply | None:
    """Everything about the story of an article, which is named by the beginning of its id; None if there is none.

    Raises:
        StopProgram: the ids of several articles begin so.
    """
    found = open_story(parts.history, given, parts.now())
    if found is None:
        return None
    return Reply(
        fitted(
            [*_head(parts, found.row), *_tellings(found), *_scores(found), *_receipts(found), *_moves(found)]
        )
    )


def story_lines(row: StoryRow) -> list[str]:
    """A story in two lines: its scores, and its headline with a link and its sources."""
    scores = ", ".join(f"{plain(each.pair)} {score(each.score)}" for each in row.scores[:MOST_SCORES])
    ended = scores or plain(plain_name(row.outcome or "waits to be scored"))
    kind = f" · {plain(plain_name(row.kind))}" if row.kind else ""
    return [f"{bold(ended)}{kind}", f"{link(plain(row.headline), row.link)} ({_sources(row)})"]


def _row(parts: Parts, number: int, row: StoryRow) -> list[str]:
    first, second = story_lines(row)
    return [f"{number}. {first} · {age_text(row.first_seen, parts.now())}", second]


def _sources(row: StoryRow) -> str:
    first, *others = row.sources
    return f"{plain(first)} and {len(others)} more" if others else plain(first)


def _head(parts: Parts, row: StoryRow) -> list[str]:
    first, second = story_lines(row)
    doubts = [f"Suspicious: {plain(', '.join(map(plain_name, row.suspicions)))}."] if row.suspicions else []
    return [second, f"{first} · first seen {age_text(row.first_seen, parts.now())}", *doubts]


def _tellings(story: Story) -> list[str]:
    """Who told it and when, from the second source on."""
    return [
        f"Also {plain(each.source)} at {each.fetched:%H:%M} UTC: {link(plain(each.title), each.link)}"
        for each in story.tellings[1:MOST_LINES]
    ]


def _scores(story: Story) -> list[str]:
    return [_said(each) for each in story.signals[-MOST_LINES:]]


def _said(signal: PairScore) -> str:
    doubt = f"{', degraded' if signal.degraded else ''}{', suspected' if signal.suspected else ''}"
    reason = f": {plain(signal.rationale)}" if signal.rationale else ""
    figures = f"{score(signal.score)}, confidence {signal.confidence:.2f}{doubt}"
    return (
        f"{plain(signal.pair)} {figures}, by {plain(signal.model)} at {signal.available_at:%H:%M} UTC{reason}"
    )


def _receipts(story: Story) -> list[str]:
    lines = []
    for each in story.receipts[:MOST_LINES]:
        took = "" if each.latency_seconds is None else f" in {each.latency_seconds:.1f} s"
        prompt = "" if each.prompt_version is None else f", prompt {each.prompt_version}"
        lines.append(f"Receipt: {plain(each.model)}{prompt}{took} answered {plain(each.answer)}")
    return lines


def _moves(story: Story) -> list[str]:
    lines = []
    for move in story.moves:
        changes = ", ".join(
            f"{percent(change)} {'now' if name == 'now' else f'after {name}'}"
            for name, change in move.returns.items()
            if change is not None
        )
        lines.append(f"{plain(move.pair)} was at {price(move.price)}{f'; {changes}' if changes else ''}")
    return lines
