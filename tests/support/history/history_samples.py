"""Rows of a history, with few fields to name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from services.common.history.notifying.rows import (
    AlertSide,
    BriefKind,
    BriefRow,
    ControlRow,
    MuteKind,
    MuteRow,
    NoticeRow,
    NoticeState,
    PriceAlertRow,
)
from services.common.history.rows import (
    AnalysedRow,
    ArticleRow,
    CandleRow,
    HoldAction,
    HoldRow,
    OutcomeRow,
    ScoringRow,
    SignalRow,
    TradeRow,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAIR = "BTC/USDT"


def at(seconds: float) -> datetime:
    """An instant so many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def article(number: int = 1, **more: Any) -> ArticleRow:
    """An article that was fetched `number` seconds after NOW."""
    fields = {
        "article_id": f"article-{number}",
        "source": "Wire",
        "title": f"Title {number}",
        "link": f"https://news.example/{number}",
        "published": at(number - 60),
        "fetched": at(number),
        "recorded": at(number),
    }
    return ArticleRow(**{**fields, **more})


def scoring(number: int = 1, **more: Any) -> ScoringRow:
    """The scoring of `article(number)`, a second after it was fetched."""
    fields = {
        "article_id": f"article-{number}",
        "outcome": "scored",
        "scored": at(number + 1),
        "recorded": at(number + 1),
    }
    return ScoringRow(**{**fields, **more})


def signal(number: int = 1, **more: Any) -> SignalRow:
    """A signal of `article(number)`, available two seconds after it was fetched."""
    fields = {
        "article_id": f"article-{number}",
        "pair": PAIR,
        "model": "lexicon",
        "revision": 0,
        "source": "Wire",
        "headline": f"Title {number}",
        "sentiment_score": 0.5,
        "sentiment_label": "bullish",
        "published": at(number - 60),
        "analyzed_at": at(number + 1),
        "available_at": at(number + 2),
        "recorded": at(number + 2),
    }
    return SignalRow(**{**fields, **more})


def candle(number: int = 1, **more: Any) -> CandleRow:
    """The candle of one minute that opened `number` minutes after NOW, collected a second after its close."""
    fields = {
        "symbol": PAIR,
        "timeframe": "1m",
        "opened": at(60 * number),
        "open": 100.0,
        "high": 110.0,
        "low": 90.0,
        "close": 105.0,
        "volume": 7.0,
        "collected": at(60 * number + 61),
        "recorded": at(60 * number + 61),
    }
    return CandleRow(**{**fields, **more})


def trade(number: int = 1, **more: Any) -> TradeRow:
    """An open trade of the bot `bot`, opened `number` minutes after NOW."""
    fields = {
        "bot": "bot",
        "trade_id": number,
        "pair": PAIR,
        "opened": at(60 * number),
        "updated": at(60 * number + 1),
        "open_rate": 100.0,
        "stake": 50.0,
        "details": {"orders": []},
    }
    return TradeRow(**{**fields, **more})


def analysed(number: int = 1, **more: Any) -> AnalysedRow:
    """The row of the 15-minute candle that opened `number` times 15 minutes after NOW."""
    fields = {
        "pair": PAIR,
        "timeframe": "15m",
        "opened": at(900 * number),
        "values": {"close": 100.0 + number, "sentiment": None},
        "seen": at(900 * (number + 1) + 3),
    }
    return AnalysedRow(**{**fields, **more})


def hold(number: int = 1, **more: Any) -> HoldRow:
    """A hold of the operator that was seen `number` seconds after NOW."""
    fields = {"owner": "operator", "action": HoldAction.SET, "seen": at(number), "reason": "maintenance"}
    return HoldRow(**{**fields, **more})


def outcome(number: int = 1, **more: Any) -> OutcomeRow:
    """The outcome of `signal(number)` after an hour."""
    fields = {
        "article_id": f"article-{number}",
        "pair": PAIR,
        "model": "lexicon",
        "revision": 0,
        "horizon": 1,
        "available_at": at(number + 2),
        "entered": at(60),
        "entry_price": 100.0,
        "exit_price": 102.0,
        "change": 0.02,
    }
    return OutcomeRow(**{**fields, **more})


def notice(number: int = 1, **more: Any) -> NoticeRow:
    """A notice for a chat that waits since `number` seconds after NOW."""
    fields = {
        "event_key": f"story:{number}",
        "channel": "telegram",
        "rule": "bad-news",
        "state": NoticeState.WAITING,
        "title": f"Title {number}",
        "text": f'{{"title": "Title {number}"}}',
        "made": at(number),
        "at": at(number),
        "kind": "news",
        "pair": PAIR,
        "source": "Wire",
    }
    return NoticeRow(**{**fields, **more})


def brief(number: int = 1, **more: Any) -> BriefRow:
    """The daily brief of the day that is `number` days after NOW."""
    fields = {
        "kind": BriefKind.DAILY,
        "day": at(86_400 * number).date(),
        "body": {"pairs": []},
        "text": "Nothing was recorded.",
        "html": "<p>Nothing was recorded.</p>",
        "at": at(86_400 * number),
    }
    return BriefRow(**{**fields, **more})


def price_alert(number: int = 1, **more: Any) -> PriceAlertRow:
    """An open price alert that was set `number` seconds after NOW."""
    fields = {
        "alert_id": f"{number:08x}",
        "pair": PAIR,
        "side": AlertSide.ABOVE,
        "price": 120_000.0,
        "by": "Ada",
        "set_at": at(number),
    }
    return PriceAlertRow(**{**fields, **more})


def mute(number: int = 1, **more: Any) -> MuteRow:
    """A mute of a source for an hour, from `number` seconds after NOW."""
    fields = {
        "what": MuteKind.SOURCE,
        "value": f"Wire {number}",
        "until": at(number + 3600),
        "by": "Ada",
        "at": at(number),
    }
    return MuteRow(**{**fields, **more})


def control(number: int = 1, **more: Any) -> ControlRow:
    """A pause that was asked for `number` seconds after NOW."""
    fields = {"who": "Ada", "command": "pause 30", "outcome": "set", "at": at(number), "chat": "17"}
    return ControlRow(**{**fields, **more})
