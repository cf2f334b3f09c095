from __future__ import annotations

from typing import Any

import pytest

from services.demo.counts import count_messages
from services.launch.probes import Samples

Row = tuple[str, dict[str, str], float]


def metrics(
    *, articles: int, ended: dict[str, int], signals: int, cached: dict[str, int]
) -> dict[str, Samples]:
    def rows(name: str, counts: dict[str, int]) -> tuple[Row, ...]:
        return tuple((name, {"outcome": outcome}, float(count)) for outcome, count in counts.items())

    return {
        "news_poller": Samples((("cryptoboy_articles_published_total", {"source": "a"}, float(articles)),)),
        "market_streamer": Samples((("cryptoboy_candles_published_total", {"pair": "BTC/USDT"}, 3.0),)),
        "sentiment_processor": Samples(
            (
                *rows("cryptoboy_articles_scored_total", ended),
                ("cryptoboy_signals_published_total", {"pair": "BTC/USDT"}, float(signals)),
            )
        ),
        "signal_cacher": Samples(rows("cryptoboy_signals_cached_total", cached)),
    }


FINE: dict[str, Any] = {
    "articles": 10, "ended": {"scored": 7, "abstained": 3}, "signals": 9, "cached": {"newest": 4, "kept": 5},
}  # fmt: skip


def test_when_everything_arrived_nothing_is_lost() -> None:
    counts = count_messages(metrics(**FINE), waiting=0, dead_lettered=0)
    assert (counts.messages_lost, counts.signals_cached, counts.candles_published) == (0, 9, 3)


@pytest.mark.parametrize(("change", "lost"), [({"articles": 12}, 2), ({"signals": 10}, 1)])
def test_what_was_published_and_is_nowhere_is_lost(change: dict[str, int], lost: int) -> None:
    assert count_messages(metrics(**{**FINE, **change}), waiting=0, dead_lettered=0).messages_lost == lost


def test_what_waits_or_was_dead_lettered_is_not_lost() -> None:
    assert count_messages(metrics(**{**FINE, "articles": 12}), waiting=1, dead_lettered=1).messages_lost == 0


def test_a_repeated_signal_is_neither_lost_nor_counted_as_cached() -> None:
    counts = count_messages(
        metrics(**{**FINE, "cached": {"newest": 8, "duplicate": 1}}), waiting=0, dead_lettered=0
    )
    assert (counts.messages_lost, counts.signals_cached, counts.signals_repeated) == (0, 8, 1)
