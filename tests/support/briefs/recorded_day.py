"""A day as a recorder writes it: news, scores, trades, blocked entries, holds and candles, with hostile headlines."""

from __future__ import annotations

from datetime import datetime

from services.common.history.port import Batch
from services.common.history.rows import ArticleRow, HoldAction, SignalRow
from tests.support.history import history_samples as some
from tests.support.history.history_samples import at

END = at(86_400)
"""The end of the day, which begins at `history_samples.NOW`."""
HOSTILE = "<b>Halt</b> & [x](tg://user) /pause @all http://evil.example 9.99"


def day() -> Batch:
    """A day with a story told by three publishers, two open trades, one closed, a blocked entry and a hold."""
    return Batch(
        articles=[
            *(
                _article(number, f"Wire {number}", 79_000 + number, "Exchange halts withdrawals")
                for number in (1, 2, 3)
            ),
            _article(4, "Blog", 40_000, HOSTILE),
            _article(5, "Quiet", -100_000, "Old"),
            *(_article(100 + number, "Quiet", -200_000 - 9_000 * number, "Older") for number in range(20)),
        ],
        scorings=[
            *(some.scoring(number, story="article-1", scored=at(79_010 + number)) for number in (1, 2, 3)),
            some.scoring(4, scored=at(40_010)),
        ],
        signals=[
            _signal(1, -0.82, 79_020, event_type="withdrawal_halt", confidence=0.9),
            _signal(2, -0.78, 79_021, event_type="withdrawal_halt", confidence=0.8),
            _signal(4, 0.74, 40_020, pair="ETH/USDT", confidence=0.6),
            _signal(5, 0.30, -3_000),
        ],
        candles=[
            some.candle(1439, close=101.5),
            some.candle(1439, symbol="ETH/USDT", close=2_970.0),
        ],
        trades=[
            some.trade(1, details={"trace_id": "article-4"}),
            some.trade(2, pair="ETH/USDT", open_rate=3_000.0, stake=25.0),
            some.trade(3, closed=at(5_000), profit_abs=-2.5, profit_ratio=-0.05),
        ],
        analysed=[some.analysed(3, values={"enter_long": 1, "enter_tag": "news blocks: hack, 2 h old"})],
        holds=[
            some.hold(4_000),
            some.hold(4_600, action=HoldAction.LIFTED, reason=""),
            some.hold(80_000, owner="risk", reason="daily loss"),
        ],
        outcomes=[
            some.outcome(4, pair="ETH/USDT", available_at=at(40_020), change=0.01),
            some.outcome(1, available_at=at(79_020), change=-0.02),
        ],
    )


def _article(number: int, source: str, fetched: float, title: str) -> ArticleRow:
    return some.article(number, source=source, title=title, fetched=at(fetched), published=at(fetched - 60))


def _signal(number: int, score: float, available: float, **more: object) -> SignalRow:
    label = "very_bearish" if score < 0 else "very_bullish" if score > 0.7 else "bullish"
    times: dict[str, datetime] = {"available_at": at(available), "published": at(available - 60)}
    return some.signal(number, sentiment_score=score, sentiment_label=label, **times, **more)
