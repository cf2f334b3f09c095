"""/why: why a trade was made, why none was made, and what is behind a story."""

from __future__ import annotations

from collections.abc import Iterable

from services.common.errors import StopProgram
from services.common.text.telegram_html import bold, fitted, plain
from services.common.times.moments import read_moment
from services.notifier.telegram.answers import Parts
from services.notifier.telegram.asked import Asked
from services.notifier.telegram.buttons import in_rows, why_article
from services.notifier.telegram.commands.stories import story_lines, story_reply
from services.notifier.telegram.reply import Reply
from services.operations.news.stories import StoryRow
from services.operations.pairs import named_pair
from services.operations.why.not_entered import WhyNot, waiting_for, why_not
from services.operations.why.sentences import time_of
from services.operations.why.trade import TradeWhy, why_last, why_trade

SHORTEST_ID = 6
MOST_DIGITS = 12
_LONGEST_SENTENCE = 900


def why(parts: Parts, _asked: Asked, words: list[str]) -> Reply:
    """Explain the last trade; a trade by its number, or BOT/NUMBER; a pair, now or at a time; or an article's story."""
    first, *rest = words or [""]
    bot, _, number = first.rpartition("/")
    if not first or (number.isascii() and number.isdecimal() and len(number) <= MOST_DIGITS and not rest):
        return _of_trade(parts, number, bot)
    try:
        pair = named_pair(first, parts.settings)
    except StopProgram:
        story = None if rest or len(first) < SHORTEST_ID else story_reply(parts, first)
        if story is None:
            raise
        return story
    return _of_pair(parts, pair, " ".join(rest))


def _of_trade(parts: Parts, number: str, bot: str) -> Reply:
    now = parts.now()
    found = (
        why_trade(parts.history, int(number), bot or None, now=now)
        if number
        else why_last(parts.history, now=now)
    )
    if found is None:
        raise StopProgram(f"no trade{f' {number}' if number else ''} is recorded; /status says what runs")
    return _reply(_trade_lines(found), found.news_while_open, "News while it was open:")


def _trade_lines(found: TradeWhy) -> list[str]:
    lines = _sentences(found.sentences)
    return [*lines, "Known at the entry:", *story_lines(found.story)] if found.story else lines


def _of_pair(parts: Parts, pair: str, at: str) -> Reply:
    now = parts.now()
    found = (
        why_not(parts.history, pair, read_moment(at, now), now=now, staleness=parts.staleness)
        if at
        else waiting_for(parts.history, pair, now=now, staleness=parts.staleness)
    )
    return _reply([_title(found), *_sentences(found.sentences)], found.news, "News that still counted:")


def _title(found: WhyNot) -> str:
    closed = f"; the last candle closed {time_of(found.candle.closes)}" if found.candle else ""
    return bold(f"{plain(found.pair)} at {time_of(found.at)}{closed}")


def _sentences(sentences: Iterable[str]) -> list[str]:
    return [plain(sentence, _LONGEST_SENTENCE) for sentence in sentences]


def _reply(lines: list[str], news: tuple[StoryRow, ...], title: str) -> Reply:
    if news:
        lines += [title]
        lines += [
            f"{number}. {line}" if line_number == 0 else line
            for number, story in enumerate(news, 1)
            for line_number, line in enumerate(story_lines(story))
        ]
    return Reply(
        fitted(lines), in_rows([why_article(row.article_id, str(n)) for n, row in enumerate(news, 1)])
    )
