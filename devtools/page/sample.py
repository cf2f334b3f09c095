"""A made-up history: prices, news, signals, trades and candles that a bot analysed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from devtools.page.sample_news import PAIRS, STORIES, Story, earlier_stories
from services.common.history.batch import Batch
from services.common.history.from_messages import signal_row
from services.common.history.rows import AnalysedRow, ArticleRow, CandleRow, ScoringRow, TradeRow
from services.common.messages import SentimentSignal
from services.common.values import label_of
from services.sentiment_analyzer.scorers.model.prompt import PROMPT_VERSION

TIMEFRAME = "15m"
BOT = "freqtrade@2026-11-01T10:00:00+00:00"
MODEL = "ollama:llama3.2"
DAYS = 24
_STEP = timedelta(minutes=15)
_PRICES = {"BTC/USDT": 91_000.0, "ETH/USDT": 3_100.0}
_RULES = ("sentiment", "trend", "rsi", "macd_cross", "volume", "below_band")


def sample_batch(now: datetime) -> Batch:
    """The rows of the history, as a recorder would have written them until `now`."""
    stories = [*STORIES, *earlier_stories()]
    return Batch(
        articles=[row for story in stories for row in _articles(story, now)],
        scorings=[row for story in stories for row in _scorings(story, now)],
        signals=[signal_row(signal, now) for signal in sample_signals(now)],
        candles=[row for pair in PAIRS for row in _candles(pair, now)],
        trades=_trades(now),
        analysed=[row for pair in PAIRS for row in _analysed(pair, now)],
    )


def sample_signals(now: datetime) -> list[SentimentSignal]:
    """The signals of the history, oldest first."""
    found = [signal for story in [*STORIES, *earlier_stories()] for signal in _signals(story, now)]
    return sorted(found, key=lambda signal: signal.published)


def price(pair: str, at: datetime) -> float:
    """The made-up price at an instant."""
    hours = at.timestamp() / 3600
    wave = 0.012 * math.sin(hours / 5) + 0.006 * math.sin(hours * 1.3) + 0.002 * math.sin(hours * 9)
    return _PRICES[pair] * (1 + wave)


def closed_before(now: datetime) -> datetime:
    """The opening of the last candle that has closed at `now`."""
    whole = int(now.timestamp()) // 900 * 900
    return datetime.fromtimestamp(whole, now.tzinfo) - _STEP


def _articles(story: Story, now: datetime) -> Iterator[ArticleRow]:
    published = now - timedelta(minutes=story.ago)
    for place, (source, lag) in enumerate(story.told):
        fetched = published + timedelta(minutes=lag)
        yield ArticleRow(
            article_id=story.id if not place else f"{story.id}-{place + 1}",
            source=source,
            title=story.headline,
            link="javascript:alert(1)" if story.suspicions else f"https://{source}.example/{story.id}",
            published=published + timedelta(minutes=0 if not place else lag / 2),
            fetched=fetched,
            recorded=fetched,
            summary=story.headline,
        )


def _scorings(story: Story, now: datetime) -> Iterator[ScoringRow]:
    for place, row in enumerate(_articles(story, now)):
        scored = row.fetched + timedelta(seconds=4)
        is_scored = not place and bool(story.scores)
        yield ScoringRow(
            article_id=row.article_id,
            outcome=story.outcome if not place else "retold",
            scored=scored,
            recorded=scored,
            reason="" if not place else "the same story was told before",
            story=story.id,
            suspicions=story.suspicions,
            model=MODEL if is_scored else "",
            digest="sha256:0f1e2d3c" if is_scored else "",
            prompt_version=PROMPT_VERSION if is_scored else None,
            answer=_answer(story) if is_scored else "",
            tokens=512 if is_scored else None,
            latency=1.84 if is_scored else None,
        )


def _answer(story: Story) -> str:
    """What a language model would have answered about a story."""
    return json.dumps(
        {
            pair.partition("/")[0]: {
                "reason": story.why,
                "event_type": story.kind,
                "score": round(10 * score),
                "confidence": 8,
            }
            for pair, score in story.scores
        }
    )


def _signals(story: Story, now: datetime) -> Iterator[SentimentSignal]:
    published = now - timedelta(minutes=story.ago)
    known = published + timedelta(minutes=story.told[0][1], seconds=5)
    for pair, score in story.scores:
        yield SentimentSignal(
            article_id=story.id,
            pair=pair,
            source=story.told[0][0],
            headline=story.headline,
            sentiment_score=score,
            sentiment_label=label_of(score),
            published=published,
            analyzed_at=known,
            available_at=known,
            model=MODEL,
            confidence=0.8,
            rationale=story.why,
            event_type=story.kind,
            corroboration=len(story.told) - 1,
            suspected=bool(story.suspicions),
        )


def _candles(pair: str, now: datetime) -> Iterator[CandleRow]:
    last = closed_before(now)
    for back in range(DAYS * 96, -1, -1):
        opened = last - back * _STEP
        first, end = price(pair, opened), price(pair, opened + _STEP)
        yield CandleRow(
            symbol=pair,
            timeframe=TIMEFRAME,
            opened=opened,
            open=first,
            high=max(first, end) * 1.001,
            low=min(first, end) * 0.999,
            close=end,
            volume=12.0 + back % 7,
            collected=opened + _STEP,
            recorded=opened + _STEP,
        )


def _trades(now: datetime) -> list[TradeRow]:
    last = closed_before(now)
    return [
        _trade(3, "ETH/USDT", last, None, "sample-fund", now),
        _trade(2, "BTC/USDT", last - 44 * _STEP, last - 36 * _STEP, "sample-miners", now),
        _trade(1, "BTC/USDT", last - 290 * _STEP, last - 284 * _STEP, "sample-24", now),
    ]


def _trade(
    number: int, pair: str, opened: datetime, closed: datetime | None, article: str, now: datetime
) -> TradeRow:
    entered, left = price(pair, opened), price(pair, closed or now)
    return TradeRow(
        bot=BOT,
        trade_id=number,
        pair=pair,
        opened=opened + timedelta(seconds=4),
        closed=closed,
        updated=now,
        open_rate=round(entered, 2),
        close_rate=round(left, 2) if closed else None,
        stake=100.0,
        profit_ratio=left / entered - 1,
        profit_abs=100.0 * (left / entered - 1),
        enter_tag="sentiment",
        exit_reason="roi" if closed else "",
        details={"trace_id": article},
    )


def _analysed(pair: str, now: datetime) -> Iterator[AnalysedRow]:
    """The candles of the last day as the bot saw them: in one of seven all rules were true but one."""
    last = closed_before(now)
    entries = {trade.opened.replace(second=0) - _STEP for trade in _trades(now) if trade.pair == pair}
    for back in range(300):
        opened = last - back * _STEP
        entered = opened in entries
        missing = set() if entered else {"macd_cross"} if back % 7 == 0 else {"macd_cross", "volume"}
        close = price(pair, opened + _STEP)
        yield AnalysedRow(
            pair=pair,
            timeframe=TIMEFRAME,
            opened=opened,
            values={
                "close": close,
                "ema_short": close * 1.002,
                "ema_long": close,
                "rsi": 55.0,
                "macd": 4.2,
                "macd_signal": 3.1,
                "volume": 14.0,
                "volume_mean": 12.5,
                "bollinger_upper": close * 1.01,
                "enter_long": 1 if entered else 0,
                "enter_tag": "sentiment" if entered else "",
                "entry_rules": " ".join(f"{'-' if rule in missing else '+'}{rule}" for rule in _RULES),
                "sentiment": 0.84,
                "sentiment_for_entry": 0.84,
                "sentiment_aggregate": 0.62,
                "sentiment_status": "fresh",
                "sentiment_article_id": "sample-fund" if pair == "ETH/USDT" else "sample-miners",
                "sentiment_age_hours": 0.3,
            },
            seen=opened + _STEP + timedelta(seconds=2),
        )
