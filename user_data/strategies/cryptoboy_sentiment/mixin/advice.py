"""Decides from the news whether a position may be entered, shall be closed, and how large its stake is. Pure.

For a short position all scores are mirrored first: good news counts against it as bad news counts against a long one.
"""

from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from cryptoboy_sentiment.aggregate import HALF_LIFE
from cryptoboy_sentiment.columns import sentiment_columns
from cryptoboy_sentiment.merging import WITHDRAWN, Arrivals, arrivals
from cryptoboy_sentiment.news_events import stand_aside
from cryptoboy_sentiment.settings import Settings
from cryptoboy_sentiment.trust import CONFIDENCE_ABOVE, trusted

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]

COLUMNS = (
    "sentiment",
    "sentiment_aggregate",
    "sentiment_status",
    "sentiment_age_hours",
    "news_event",
    "news_count",
)
"""The columns that a strategy gets."""


def unknown(candles: "pd.DataFrame | pd.Series[Any]") -> pd.DataFrame:
    """The `COLUMNS` of candles whose news cannot be read."""
    values: dict[str, Any] = dict.fromkeys(COLUMNS, np.nan)
    values |= {"sentiment_status": "unreadable", "news_event": "", "news_count": 0}
    return pd.DataFrame(values, index=candles.index)


class News(NamedTuple):
    """One pair's signals as the settings want them, prepared once for many questions."""

    signals: pd.DataFrame
    arrived: Arrivals
    kinds: frozenset[str]
    """The kinds of the news about the asset."""
    has_doubtful: bool
    """Whether any signal is not trusted. This and `kinds` save work, of which a bot has much at each new candle."""

    def seen(
        self,
        opens: "pd.Series[Any]",
        candle: timedelta,
        staleness: timedelta,
        *,
        is_short: bool = False,
        last_unreadable: bool = False,
    ) -> pd.DataFrame:
        """The columns of `sentiment_columns` at the close of each candle, mirrored for a short position."""
        return sentiment_columns(
            _mirrored(self.signals) if is_short else self.signals,
            opens,
            candle,
            staleness=staleness,
            half_life=HALF_LIFE,
            last_unreadable=last_unreadable,
            confidence_above=CONFIDENCE_ABOVE,
            arrived=self.arrived,
        )


def prepared(signals: pd.DataFrame, scope: str) -> News:
    """The signals of a source, without those about the whole market if `scope` is 'asset'."""
    kept = signals if scope == "all" else _about_the_asset(signals)
    kinds = frozenset(kept["event_type"].to_numpy()[(kept["scope"] == "asset").to_numpy()])
    return News(kept, arrivals(kept), kinds, not trusted(kept).all())


def _about_the_asset(signals: pd.DataFrame) -> pd.DataFrame:
    """The signals about the asset; one that a revision finds to be about the market counts until that revision."""
    stories = pd.MultiIndex.from_frame(signals[["article_id", "model"]])
    is_asset = (signals["scope"] == "asset").to_numpy(dtype=bool)
    kept = signals[is_asset | stories.isin(stories[is_asset])]
    return kept.assign(published=kept["published"].where(kept["scope"] == "asset", WITHDRAWN))


def _mirrored(signals: pd.DataFrame) -> pd.DataFrame:
    return signals.assign(score=-signals["score"])


class Advice(NamedTuple):
    """What the news says at each candle for one side. Texts are empty where there is nothing to say."""

    block: Texts  # why no position may be entered
    leave: Texts  # why an open position shall be closed at the candle's close


class Question(NamedTuple):
    """What is asked of the news: may a position be entered, and shall one be closed, at the close of each candle?

    Only news that was available before the close counts.
    """

    news: News
    opens: "pd.Series[Any]"  # in the order of time
    candle: timedelta
    staleness: timedelta
    is_short: bool
    settings: Settings

    def seen(self) -> pd.DataFrame:
        """The news as the side sees it; see `News.seen`."""
        return self.news.seen(self.opens, self.candle, self.staleness, is_short=self.is_short)

    def answer(self, seen: pd.DataFrame | None = None) -> Advice:
        """What the settings make of the news; `seen` is the result of the method of that name, if it is known."""
        settings, sign = self.settings, -1 if self.is_short else 1
        seen = self.seen() if seen is None else seen
        block = np.full(len(self.opens), "", dtype=object)
        leave = block.copy()
        if "veto" in settings.use:
            self._say_events(block)
            worst = self._worst(seen)
            _say(block, worst < settings.veto_below, "news blocks: score", sign * worst)
        if "exit" in settings.use and settings.sentiment_from == "aggregate":
            mean = seen["sentiment_aggregate"].to_numpy(dtype=np.float64)
            _say(leave, mean < settings.exit_below, "news aggregate", sign * mean)
            _say(block, mean < settings.exit_below, "news blocks: score", sign * mean)
        if "confirm" in settings.use:
            score = self.for_entry(seen)
            _say(block, np.isnan(score), "news blocks: no sentiment to enter on")
            _say(block, ~(score > settings.confirm_above), "news blocks: score only", sign * score)
        return Advice(block, leave)

    def for_entry(self, seen: pd.DataFrame) -> Floats:
        """The score (-1..+1 as seen by the side) that confirms entries and sizes stakes; NaN where there is none."""
        if self.settings.sentiment_from == "aggregate":
            kind = "confident" if self.settings.allow_degraded else "reliable"
            return seen[f"sentiment_aggregate_{kind}"].to_numpy(dtype=np.float64)
        usable = seen["sentiment_confidence"].to_numpy() > CONFIDENCE_ABOVE
        if not self.settings.allow_degraded:
            usable &= ~seen["sentiment_degraded"].to_numpy(dtype=bool)
        return np.where(usable, seen["sentiment_for_entry"].to_numpy(), np.nan)

    def _worst(self, seen: pd.DataFrame) -> Floats:
        """The lowest reading of the news; signals that may not open a trade count, as a refusal adds no risk."""
        name, variants = "sentiment", ("_for_entry", "_for_exit")
        if self.settings.sentiment_from == "aggregate":
            name, variants = "sentiment_aggregate", ("_reliable", "_confident")
        worst: Floats = seen[name].to_numpy(dtype=np.float64, copy=True)
        for variant in variants:
            np.fmin(worst, seen[f"{name}{variant}"].to_numpy(dtype=np.float64), out=worst)
        if not self.news.has_doubtful:
            return worst
        doubtful = (seen[f"{name}_status"] == "doubtful").to_numpy(dtype=bool)
        if doubtful.any():
            believed = self.news._replace(signals=self.news.signals.assign(suspected=False, weight=1.0))
            opens = self.opens[doubtful]
            found = believed.seen(opens, self.candle, self.staleness, is_short=self.is_short)
            worst[doubtful] = found[name].to_numpy()
        return worst

    def _say_events(self, texts: Texts) -> None:
        news = self.news
        hours = {kind: hours for kind, hours in self.settings.stand_aside.items() if kind in news.kinds}
        if not hours:
            return
        found = stand_aside(news.signals, self.opens, self.candle, hours, arrived=news.arrived)
        kinds = found["news_stand_aside"]
        for kind in kinds[kinds != ""].unique():
            _say(texts, (kinds == kind).to_numpy(dtype=bool), f"news blocks: {kind}")


def _say(texts: Texts, where: Booleans, what: str, values: Floats | None = None) -> None:
    """Write a text into the places that have none yet."""
    for place in np.flatnonzero(where & (texts == "")):
        texts[place] = what if values is None else f"{what} {values[place]:.2f}"


def stake_share(score: float, settings: Settings) -> float:
    """The share of the proposed stake for a score (-1..+1 as seen by the side, or NaN: the smallest share).

    It rises from `smallest_stake` at 0 to 1 at `full_stake_above`, and never falls as the score rises.
    """
    if not score > 0:  # NaN too
        return settings.smallest_stake
    full = settings.full_stake_above
    return 1.0 if score >= full else settings.smallest_stake + (1 - settings.smallest_stake) * score / full
