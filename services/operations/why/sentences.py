"""The sentences in which decisions are explained to people. Times are in UTC and say so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from services.common.history.rows import DELETED
from services.common.store.keys import KEPT
from services.operations.holds import Hold
from services.operations.news.stories import StoryRow
from services.operations.why.candles import Candle

_EXITS = {
    "roi": "the profit reached what minimal_roi asks for after this time",
    "stop_loss": "the price fell to the stop loss",
    "stoploss_on_exchange": "the price fell to the stop loss on the exchange",
    "trailing_stop_loss": "the price fell to the trailing stop",
    "liquidation": "the position was about to be liquidated",
    "force_exit": "it was closed by hand (force exit)",
    "emergency_exit": "the stop loss could not be placed, so Freqtrade closed it",
    DELETED: "it was deleted in Freqtrade, and what became of it is not recorded",
    "exit_signal": "the strategy asked for an exit",
}

_OF_RULES = re.compile(
    r"(?P<rules>[a-z]\w*(\+[a-z]\w*)*) (?P<of>aggregate )?(?P<score>[+-]?\d\.\d\d)( other)?"
)
"""The reason of LLMSentimentStrategy: `sentiment+macd_cross_down -0.95`, `sentiment aggregate -0.31`."""
_OF_NEWS = re.compile(r"news (\w+ )?(?P<score>-?\d\.\d\d)")
"""The reason of an exit by urgent news: `news hack -0.82`."""


def time_of(moment: datetime) -> str:
    """An instant for people: in UTC, to the minute."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def about_rules(candle: Candle) -> list[str]:
    """Which rules are true and which are not, with the values that they compare."""
    sentences = []
    for held, begin in ((True, "Rules that were true"), (False, "Rules that were not true")):
        rules = [rule for rule in candle.rules if rule.held is held]
        if rules:
            told = "; ".join(f"{rule.name} ({rule.values})" if rule.values else rule.name for rule in rules)
            sentences.append(f"{begin}: {told}.")
    return sentences


def about_sentiment(candle: Candle, news: Sequence[StoryRow]) -> list[str]:
    """The sentiment that the candle saw, and the newest story behind it."""
    if not candle.status:
        return []
    if candle.sentiment is None:
        said = f"The candle saw no sentiment ({candle.status})"
    else:
        age = "" if candle.age_hours is None else f", {candle.age_hours:.1f} h old"
        said = f"The candle saw a sentiment of {candle.sentiment:+.2f} ({candle.status}{age})"
    if candle.aggregate is not None:
        said += f", aggregate {candle.aggregate:+.2f}"
    story = next((each for each in news if _has(each, candle.article_id)), None)
    return [f"{said}{_of(story)}."]


def about_holds(holds: Sequence[Hold]) -> list[str]:
    """Who held entries, and why."""
    return [
        f"Entries were held by {holder(hold)}{f' ({hold.reason})' if hold.reason else ''}"
        f"{f' since {hold.since[:16]}' if hold.since else ''}{f' until {hold.until[:16]}' if hold.until else ''}."
        for hold in holds
    ]


def holder(hold: Hold) -> str:
    """Who held entries: the owner, or the store itself while its record of holds was lost."""
    return "the store, which had lost its holds," if hold.owner == KEPT else hold.owner


def about_exit(reason: str, story: StoryRow | None = None) -> str:
    """Why a trade was closed, from Freqtrade's reason and the story that ended it."""
    if reason.startswith("news"):
        return f"the news closed it ({reason}){_of(story)}"
    if of_rules := _OF_RULES.fullmatch(reason):
        rules, kind = of_rules["rules"].replace("+", " and "), of_rules["of"] or ""
        score = f"{kind}sentiment of {float(of_rules['score']):+.2f}"
        return f"the strategy's exit rules that were true: {rules}, at {'an' if kind else 'a'} {score}{_of(story)}"
    return _EXITS.get(reason, reason)


def score_that_ended(reason: str) -> float | None:
    """The score of the one signal that ended a trade, to two decimal places, from Freqtrade's reason.

    None if not the news ended it, or if it was the aggregate of several signals.
    """
    if of_news := _OF_NEWS.fullmatch(reason):
        return None if of_news[1] == "aggregate " else float(of_news["score"])
    of_rules = _OF_RULES.fullmatch(reason)
    if of_rules is None or of_rules["of"] or "sentiment" not in of_rules["rules"].split("+"):
        return None
    return float(of_rules["score"])


def _has(story: StoryRow, article_id: str) -> bool:
    return bool(article_id) and article_id in {story.article_id, *(each.article_id for each in story.scores)}


def _of(story: StoryRow | None) -> str:
    if story is None:
        return ""
    others = f" and {len(story.sources) - 1} more" if len(story.sources) > 1 else ""
    return f', from "{story.headline}" ({story.source}{others})'
