"""The rows of the history. All instants are in UTC; `recorded` is when the recorder wrote the row.

Texts of feeds are stored as received, so whoever shows them has to escape them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The kinds of changes in the change feed."""

    ARTICLE = "article"
    RESULT = "result"
    SIGNAL = "signal"
    TRADE = "trade"
    CANDLE = "candle"
    HOLD = "hold"
    HEALTH = "health"


DELETED = "deleted"
"""The exit reason of a trade that was deleted in Freqtrade. `closed` is then when this was noticed."""


class HoldAction(StrEnum):
    """What happened to a hold."""

    SET = "set"
    LIFTED = "lifted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRow:
    """An article as the poller published it. The first version is kept."""

    article_id: str
    source: str
    title: str
    link: str
    published: datetime
    fetched: datetime
    recorded: datetime
    owner: str = ""
    summary: str = ""
    content: str = ""
    weight: float = 1.0
    hidden_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringRow:
    """How the processing of an article ended. Another attempt at the same article is a row of its own.

    Attributes:
        outcome: an outcome of the processor, or `dead_lettered`.
        story: the id of the first article of the story; empty if it is unknown.
        model, digest, prompt_version, answer, tokens, latency: the receipt of the scorer, as in `ScoringReceipt`; empty
            or None without one.
    """

    article_id: str
    outcome: str
    scored: datetime
    recorded: datetime
    reason: str = ""
    story: str = ""
    suspicions: tuple[str, ...] = ()
    model: str = ""
    digest: str = ""
    prompt_version: int | None = None
    answer: str = ""
    tokens: int | None = None
    latency: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRow:
    """A signal or a revision of one, with the fields of `sentiment_signal`.

    `available_at` is the instant at which the strategy could first act on it, as the store has it.
    """

    article_id: str
    pair: str
    model: str
    revision: int
    source: str
    headline: str
    sentiment_score: float
    sentiment_label: str
    published: datetime
    analyzed_at: datetime
    available_at: datetime
    recorded: datetime
    confidence: float = 0.5
    rationale: str = ""
    scope: str = "asset"
    degraded: bool = False
    event_type: str = "other"
    corroboration: int = 0
    weight: float = 1.0
    owner: str = ""
    suspected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleRow:
    """A closed candle as the streamer published it at `collected`. A correction is a row of its own."""

    symbol: str
    timeframe: str
    opened: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float
    collected: datetime
    recorded: datetime


ARTICLE_OF_TRADE = "trace_id"
"""The name of the article that was known at an entry, in the details of a trade: `cryptoboy_sentiment.trace`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """A trade of a bot in its last known state.

    Attributes:
        stake: the amount of the stake currency.
        profit_ratio, profit_abs: of an open trade, as at `updated`; None if unknown.
        details: the orders and everything else that Freqtrade says about the trade, as JSON values, and the id of the
            article that the strategy stored with it (ARTICLE_OF_TRADE).
        updated: when this state was read from Freqtrade.
        exit_reason: that of Freqtrade, or `DELETED`.
    """

    bot: str
    trade_id: int
    pair: str
    opened: datetime
    updated: datetime
    is_short: bool = False
    closed: datetime | None = None
    open_rate: float | None = None
    close_rate: float | None = None
    stake: float | None = None
    profit_ratio: float | None = None
    profit_abs: float | None = None
    enter_tag: str = ""
    exit_reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysedRow:
    """A row of the strategy's dataframe, as JSON values by column, as the bot saw it first (at `seen`)."""

    pair: str
    timeframe: str
    opened: datetime
    values: Mapping[str, Any]
    seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRow:
    """A hold that was set, changed or lifted, noticed at `seen`.

    `seen` increases with each change, also while the clock is set back.
    """

    owner: str
    action: HoldAction
    seen: datetime
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow:
    """How the price changed after a signal.

    Attributes:
        horizon: hours after the entry.
        available_at: that of the signal.
        entered, entry_price: the opening of the first candle that begins at or after `available_at`; None if there is
            no such candle and none will come.
        exit_price: the price after `horizon` hours.
        change: exit price / entry price - 1; None if it cannot be known.
        symbol, timeframe: the candles with which it was measured; empty without any.
        control: the mean change of the same symbol and horizon at the same time of day on days before; None if unknown.
        controls: the number of those days.
    """

    article_id: str
    pair: str
    model: str
    revision: int
    horizon: int
    available_at: datetime
    entered: datetime | None = None
    entry_price: float | None = None
    exit_price: float | None = None
    change: float | None = None
    symbol: str = ""
    timeframe: str = ""
    control: float | None = None
    controls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An entry of the change feed: `seq` increases in commit order, and numbers may be missing.

    Attributes:
        key: article_id of articles, results and signals; trade_id, symbol, owner of the others.
        row: the number of the row that the change is about, for `HistoryReader.changes`.
        at: when it was recorded.
    """

    seq: int
    kind: Kind
    key: str
    pair: str
    source: str
    at: datetime
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRow:
    """Figures that were computed beforehand, as JSON values."""

    name: str
    computed: datetime
    body: Mapping[str, Any]


Row = ArticleRow | ScoringRow | SignalRow | CandleRow | TradeRow | HoldRow
"""A row that the change feed names."""
